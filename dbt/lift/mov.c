/* SPDX-License-Identifier: BSD-2-Clause */
/* Data movement between registers, memory and flags (SDM vol. 1, 5.1.1, 5.1.10, 5.1.11). */
#include "dbt/lift/lift.h"

void lift_mov(struct lift *t, const struct ir1 *i) { (void)i; lift_st_op(t, 0, lift_ld_op(t, 1)); }

/* v, an I32 that is as long as the register or shorter, sign-extended to it. */
static val sign_extended(struct lift *t, val v, unsigned size)
{
	return size == 8 ? lift_sx64(t, v) : v;
}

void lift_movzx(struct lift *t, const struct ir1 *i)
{
	val v = lift_zx(t, lift_ld_op(t, 1), i->ops[1].size);

	lift_st_op(t, 0, i->ops[0].size == 8 ? lift_zx64(t, v) : v);
}

/* A load extends by itself; a register is extended after. */
void lift_movsx(struct lift *t, const struct ir1 *i)
{
	const struct ir1_op *src = &i->ops[1];
	unsigned size = i->ops[0].size;
	s32 disp;
	val a;

	if (src->kind != IR1_MEM) {
		a = lift_sx(t, lift_ld_op(t, 1), src->size);
		lift_st_op(t, 0, sign_extended(t, a, size));
		return;
	}
	a = lift_mem_addr(t, src, src->size, false, &disp);
	lift_st_op(t, 0, lift_ld(t, a, disp, src->size == 1 ? M_S8 : src->size == 2 ? M_S16 : M_32,
				 size == 8 ? T_I64 : T_I32, INTENT_READ));
}

/* The offset only: no segment, no access. */
void lift_lea(struct lift *t, const struct ir1 *i) { lift_st_op(t, 0, lift_offset(t, &i->ops[1])); }

void lift_xchg(struct lift *t, const struct ir1 *i)
{
	unsigned mem = i->ops[1].kind == IR1_MEM, reg = !mem;
	val a = lift_ld_rmw(t, mem), b = lift_ld_op(t, reg);

	/* Parts of one register: the second write must see the first. */
	lift_st_op(t, mem, b);
	lift_st_op(t, reg, a);
}

void lift_movbe(struct lift *t, const struct ir1 *i)
{
	val v = lift_op1(t, IR_BSWAP, lift_ld_op(t, 1));

	if (i->ops[0].size == 2)
		v = lift_op2k(t, IR_SHR, v, 16);
	lift_st_op(t, 0, v);
}

void lift_movnti(struct lift *t, const struct ir1 *i) { lift_mov(t, i); }

/* CBW, CWDE, CDQE. */
void lift_cbw(struct lift *t, const struct ir1 *i)
{
	val v = lift_sx(t, lift_get(t, EAX), i->opsize / 2);

	lift_put_sized(t, EAX, sign_extended(t, v, i->opsize), i->opsize);
}

/* CWD, CDQ, CQO. */
void lift_cwd(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->opsize;
	val a = lift_sx(t, lift_get_sized(t, EAX, size), size);

	lift_put_sized(t, EDX, lift_op2k(t, IR_SAR, a, size == 8 ? 63 : 31), size);
}

/* AL = seg:[eBX + AL]. */
void lift_xlat(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->addrsize;
	val al = lift_zx(t, lift_get_sized(t, EAX, size), 1);
	val off = lift_zx(t, lift_op2(t, IR_ADD, lift_get_sized(t, EBX, size), al), size);
	val a = lift_linear(t, i->ops[0].seg, lift_long(t) ? lift_zx64(t, off) : off, 1, false);

	lift_put_sized(t, EAX, lift_ld(t, a, 0, M_U8, T_I32, INTENT_READ), 1);
}

void lift_setcc(struct lift *t, const struct ir1 *i) { lift_st_op(t, 0, lift_cc(t, i->cond)); }

/* The source is read, and may fault, whatever the condition; a 16-bit false one writes nothing. */
void lift_cmovcc(struct lift *t, const struct ir1 *i)
{
	val src = lift_ld_op(t, 1), old = lift_ld_op(t, 0);

	lift_st_op(t, 0, lift_select(t, lift_cc(t, i->cond), src, old));
}

/* AH = SF ZF 0 AF 0 PF 1 CF. */
void lift_lahf(struct lift *t, const struct ir1 *i)
{
	val f = lift_op2k(t, IR_OR, lift_op2k(t, IR_AND, lift_getf(t), 0xd5), FL_FIXED);

	(void)i;
	lift_put_high(t, EAX, f);
}

void lift_sahf(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_flags_mask(t, lift_extract(t, lift_get(t, EAX), 8, 8), FL_ARITH & ~FL_OF);
}

/* Undocumented: AL = CF ? 0xff : 0. */
void lift_salc(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_put_sized(t, EAX, lift_op2(t, IR_SUB, lift_const(t, 0), lift_cc(t, COND_B)), 1);
}

void lift_clc(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_flags_mask(t, lift_const(t, 0), FL_CF);
}

void lift_stc(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_flags_mask(t, lift_const(t, FL_CF), FL_CF);
}

void lift_cmc(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_flags_mask(t, lift_cc(t, COND_AE), FL_CF);
}

/* The direction is in the block key: a change ends the block, none costs nothing. */
void lift_cld(struct lift *t, const struct ir1 *i)
{
	(void)i;
	if (t->key & KEY_DF)
		lift_sys(t, HELPER_cld, 0, 0);
}

void lift_std(struct lift *t, const struct ir1 *i)
{
	(void)i;
	if (!(t->key & KEY_DF))
		lift_sys(t, HELPER_std, 0, 0);
}

/* Nothing to flush: the guest cannot see the host's caches. It faults as a byte load does. */
void lift_clflush(struct lift *t, const struct ir1 *i)
{
	s32 disp;
	val a = lift_mem_addr(t, &i->ops[0], 1, false, &disp);

	lift_ld(t, a, disp, M_U8, T_I32, INTENT_READ);
}

void lift_nop(struct lift *t, const struct ir1 *i) { (void)t; (void)i; }
void lift_pause(struct lift *t, const struct ir1 *i) { (void)t; (void)i; }

/*
 * In x86's order only a store and a load behind it may pass each other: MFENCE's affair. LFENCE and
 * SFENCE find nothing to do, as loads and stores that are weakly ordered there are not here.
 */
void lift_fence(struct lift *t, const struct ir1 *i)
{
	if (t->ir->ordered && i->op == X86_MFENCE)
		ir_emit(t->ir, (struct ir_insn){ .op = IR_FENCE });
}
