/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System instructions (SDM vol. 2; vol. 3, 2.8). All but the trivial ones run in
 * system helpers; lift.c has already checked CPL and mode where the row says so.
 */
#include "dbt/lift/lift.h"

#include "kernel/lib/bits.h"

/* The operand that names a port. */
static val port(struct lift *t, const struct ir1_op *o)
{
	return o->kind == IR1_IMM ? lift_const(t, o->imm & 0xff) : lift_zx(t, lift_get(t, EDX), 2);
}

/* Need the TSS not be asked? (SDM vol. 1, 19.5) */
static bool ports_free(const struct lift *t)
{
	return (t->key & (KEY_IO_OK | KEY_VM)) == KEY_IO_OK;
}

/* Behind a device's access: on to the next instruction, by the run loop if that is wanted. */
static void after_port(struct lift *t, val wanted, val none)
{
	lift_leave_if(t, IC_NE, wanted, none, t->next);
	lift_exit(t, t->next);
}

void lift_in(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->ops[0].size;
	val v, p = port(t, &i->ops[1]);

	if (!ports_free(t)) {
		lift_sys(t, HELPER_in, p, lift_const(t, size));
		return;
	}
	v = lift_helper(t, HELPER_port_in, T_I64, p, lift_const(t, size), 0);
	lift_put_sized(t, EAX, lift_trunc(t, v), size);
	after_port(t, lift_op2k(t, IR_SHR, v, 32), lift_const64(t, 0));
}

void lift_out(struct lift *t, const struct ir1 *i)
{
	val p = port(t, &i->ops[0]), size = lift_const(t, i->ops[1].size);

	if (!ports_free(t)) {
		lift_sys(t, HELPER_out, p, size);
		return;
	}
	after_port(t, lift_helper(t, HELPER_port_out, T_I32, p, size, lift_get(t, EAX)),
		   lift_const(t, 0));
}

void lift_cli(struct lift *t, const struct ir1 *i)
{
	(void)i;
	if (!(t->key & KEY_IO_OK)) {
		lift_raise_code(t, EXC_GP, 0);
		return;
	}
	STSTATE32(t, eflags, lift_op2k(t, IR_AND, LDSTATE32(t, eflags), ~(s64)FL_IF));
}

/*
 * With IF already set, nothing. With nothing pending, only the bit: an interrupt that comes
 * after this kicks; the block is marked, so that the run loop knows about the shadow if it gets
 * to see this exit. Otherwise the run loop delivers after the next instruction.
 */
void lift_sti(struct lift *t, const struct ir1 *i)
{
	val f, busy;

	(void)i;
	if (!(t->key & KEY_IO_OK)) {
		lift_raise_code(t, EXC_GP, 0);
		return;
	}
	t->sti = true;
	f = LDSTATE32(t, eflags);
	busy = lift_select(t, lift_op2k(t, IR_AND, f, FL_IF), lift_const(t, 0),
			   LDSTATE32(t, pending));
	STSTATE32(t, eflags, lift_op2k(t, IR_OR, f, FL_IF));
	lift_exit_if(t, IC_EQ, busy, lift_const(t, 0), t->next);
	lift_sys(t, HELPER_sti, 0, 0);
}

/* CPL > 0 and V86 mode are #UD (SDM vol. 2). SMAP's view of memory goes with the flag. */
void lift_stac(struct lift *t, const struct ir1 *i)
{
	if (t->key & (KEY_CPL | KEY_VM)) {
		lift_raise(t, EXC_UD);
		return;
	}
	lift_helper(t, HELPER_set_ac, T_I32, lift_const(t, i->op == X86_STAC ? FL_AC : 0), 0, 0);
}

void lift_hlt(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_hlt, 0, 0); }
void lift_clts(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_clts, 0, 0); }

void lift_lmsw(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_sys(t, HELPER_lmsw, lift_trunc(t, lift_zx(t, lift_ld_op(t, 0), 2)), 0);
}

void lift_smsw(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_st_op(t, 0, LDSTATE32(t, cr0));
}

/* A register for CRn and DRn: I64, with zeros above 32 bits outside 64-bit code. */
static val whole(struct lift *t, unsigned reg)
{
	return lift_long(t) ? lift_get64(t, reg) : lift_zx64(t, lift_get(t, reg));
}

/* A supervisor's, not one step only, and flat: the instruction need not leave translated code. */
static bool may_stay(const struct lift *t)
{
	return !(t->key & KEY_CPL) && key_relocatable(t->key);
}

/* MOV CR3 goes on in another context: what comes next is looked up there. */
void lift_mov_to_cr(struct lift *t, const struct ir1 *i)
{
	val v = whole(t, i->ops[1].reg);

	if (i->ops[0].reg != 3 || !may_stay(t)) {
		lift_sys(t, HELPER_mov_to_cr, v, lift_const(t, i->ops[0].reg));
		return;
	}
	lift_helper_fault(t, HELPER_load_cr3, v, 0, 0);
	lift_exit_ind(t, lift_eip(t, t->next), JUMP_PLAIN, 0);
}

void lift_mov_to_dr(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_mov_to_dr, whole(t, i->ops[1].reg), lift_const(t, i->ops[0].reg));
}

void lift_mov_from_cr(struct lift *t, const struct ir1 *i)
{
	static const u16 field[] = {
		[0] = offsetof(struct vcpu, cr0), [2] = offsetof(struct vcpu, cr2),
		[3] = offsetof(struct vcpu, cr3), [4] = offsetof(struct vcpu, cr4),
	};
	unsigned n = i->ops[1].reg;

	if (!(t->key & KEY_CPL) && n < ARRAY_LEN(field) && field[n])
		lift_put(t, i->ops[0].reg,
			 lift_long(t) ? lift_ldstate(t, field[n], M_64, T_I64)
				      : lift_ldstate(t, field[n], M_32, T_I32));
	else
		lift_sys(t, HELPER_mov_from_cr, lift_const(t, i->ops[0].reg), lift_const(t, n));
}

void lift_mov_from_dr(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_mov_from_dr, lift_const(t, i->ops[0].reg), lift_const(t, i->ops[1].reg));
}

void lift_invlpg(struct lift *t, const struct ir1 *i)
{
	unsigned seg = i->ops[0].seg;
	size_t base = offsetof(struct vcpu, seg[seg].base);
	val off = lift_offset(t, &i->ops[0]);

	if (!lift_long(t))
		off = lift_op2(t, IR_ADD, off, lift_ldstate(t, base, M_32, T_I32));
	else if (!lift_flat(t, seg, false))
		off = lift_op2(t, IR_ADD, off, lift_ldstate(t, base, M_64, T_I64));
	off = lift_zx64(t, off);
	if (!may_stay(t)) {
		lift_sys(t, HELPER_invlpg, off, lift_const(t, lift_long(t)));
		return;
	}
	off = lift_helper(t, HELPER_forget_page, T_I32, off, lift_const(t, lift_long(t)), 0);
	lift_leave_if(t, IC_NE, off, lift_const(t, 0), t->next);
}

void lift_invd(struct lift *t, const struct ir1 *i) { (void)t; (void)i; }
void lift_wbinvd(struct lift *t, const struct ir1 *i) { (void)t; (void)i; }
void lift_rdmsr(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_rdmsr, 0, 0); }
void lift_wrmsr(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_wrmsr, 0, 0); }
void lift_rdpmc(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_rdpmc, 0, 0); }

void lift_cpuid(struct lift *t, const struct ir1 *i)
{
	static const u8 reg[] = { EAX, EBX, ECX, EDX };

	(void)i;
	lift_helper(t, HELPER_cpuid, T_I32, lift_get(t, EAX), lift_get(t, ECX), 0);
	for (unsigned n = 0; n < ARRAY_LEN(reg); n++)
		lift_put(t, reg[n], LDSTATE32(t, help[n]));
}

/* Of a core that was held up in this block the others may have stopped the clock. */
static val ticks_still(struct lift *t)
{
	val ticks = lift_ticks(t), stop;

	if (!t->ir->ordered)
		return ticks;
	stop = lift_op2k(t, IR_XOR, lift_ldstate(t, offsetof(struct vcpu, not_clock_stop), M_64,
						 T_I64), ~0ull);
	return lift_select(t, lift_setcond(t, IC_LTU, ticks, stop), ticks, stop);
}

/* At CPL 0 CR4.TSD does not matter (SDM vol. 2, RDTSC). */
void lift_rdtsc(struct lift *t, const struct ir1 *i)
{
	val tsc;

	(void)i;
	if (t->key & KEY_CPL)
		lift_raise_if(t, IC_NE, lift_op2k(t, IR_AND, LDSTATE32(t, cr4), CR4_TSD),
			      lift_const(t, 0), EXC_GP, 0);
	tsc = ticks_still(t);
	tsc = lift_op2(t, IR_MUL, tsc,
		       lift_ldstate(t, offsetof(struct vcpu, tsc_mul), M_U32, T_I64));
	tsc = lift_op2(t, IR_ADD, tsc,
		       lift_ldstate(t, offsetof(struct vcpu, tsc_offset), M_64, T_I64));
	lift_put(t, EAX, lift_trunc(t, tsc));
	lift_put(t, EDX, lift_trunc(t, lift_op2k(t, IR_SHR, tsc, 32)));
}

void lift_rdtscp(struct lift *t, const struct ir1 *i)
{
	lift_rdtsc(t, i);
	lift_put(t, ECX, LDSTATE32(t, tsc_aux));
}

void lift_sysenter(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_sys(t, HELPER_sysenter, 0, 0);
}

void lift_sysexit(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_sysexit, lift_const(t, i->opsize), 0);
}

/* Of 64-bit code, and neither one step only nor with DF. False: it is the general way's. */
static bool is_plain_call(struct lift *t, enum helper general, unsigned opsize)
{
	if (lift_long(t) && !(t->key & (KEY_SINGLE | KEY_DF)))
		return true;
	lift_sys(t, general, lift_const(t, opsize), 0);
	return false;
}

/* Flags are computed behind the helper, which changes RFLAGS' other bits. */
void lift_syscall(struct lift *t, const struct ir1 *i)
{
	val old, f, kept;

	if (!is_plain_call(t, HELPER_syscall, i->opsize))
		return;
	old = lift_helper(t, HELPER_syscall_long, T_I32, 0, 0, 0);
	lift_raise_if(t, IC_EQ, old, lift_const(t, 0), EXC_UD, -1);
	f = lift_op2(t, IR_OR, lift_getf(t), old);
	kept = lift_op2(t, IR_AND, f, LDSTATE32(t, call_keep));
	lift_put(t, ECX, lift_eip(t, t->next));
	lift_put(t, 11, f);
	lift_setf(t, CC_EFLAGS, 4, lift_op2k(t, IR_AND, kept, FL_ARITH), 0, 0);
	lift_exit_ind(t, lift_ldstate(t, offsetof(struct vcpu, lstar), M_64, T_I64), JUMP_PLAIN, 0);
}

void lift_sysret(struct lift *t, const struct ir1 *i)
{
	val rip, flags;

	if (i->opsize != 8 || (t->key & KEY_CPL)) {
		lift_sys(t, HELPER_sysret, lift_const(t, i->opsize), 0);
		return;
	}
	if (!is_plain_call(t, HELPER_sysret, i->opsize))
		return;
	rip = lift_get64(t, ECX);
	flags = lift_get(t, 11);
	lift_helper_fault(t, HELPER_sysret_long, flags, rip, 0);
	lift_setf(t, CC_EFLAGS, 4, lift_op2k(t, IR_AND, flags, FL_ARITH), 0, 0);
	lift_exit_ind(t, rip, JUMP_PLAIN, 0);
}

static val not_canonical(struct lift *t, val a)
{
	return lift_op2(t, IR_XOR, a,
			lift_op2k(t, IR_SAR, lift_op2k(t, IR_SHL, a, 16), 16));
}

/* -- Bases of FS and GS: what blocks depend on in 64-bit code does not change with them -- */

static size_t base_of(unsigned seg) { return offsetof(struct vcpu, seg[seg].base); }

void lift_swapgs(struct lift *t, const struct ir1 *i)
{
	const size_t other = offsetof(struct vcpu, kernel_gs_base);
	val a, b;

	(void)i;
	if (!lift_long(t)) {
		lift_raise(t, EXC_UD);
		return;
	}
	a = lift_ldstate(t, base_of(GS), M_64, T_I64);
	b = lift_ldstate(t, other, M_64, T_I64);
	lift_ststate(t, base_of(GS), M_64, b);
	lift_ststate(t, other, M_64, a);
}

/* #UD without CR4.FSGSBASE. False: the block has ended. */
static bool may_access_base(struct lift *t)
{
	if (!lift_long(t)) {
		lift_raise(t, EXC_UD);
		return false;
	}
	lift_raise_if(t, IC_EQ, lift_op2k(t, IR_AND, LDSTATE32(t, cr4), CR4_FSGSBASE),
		      lift_const(t, 0), EXC_UD, -1);
	return true;
}

void lift_rdfsbase(struct lift *t, const struct ir1 *i)
{
	unsigned seg = i->op == X86_RDFSBASE ? FS : GS;

	if (may_access_base(t))
		lift_put_sized(t, i->ops[0].reg, lift_ldstate(t, base_of(seg), M_64, T_I64),
			       i->ops[0].size);
}

void lift_wrfsbase(struct lift *t, const struct ir1 *i)
{
	unsigned seg = i->op == X86_WRFSBASE ? FS : GS;
	val v;

	if (!may_access_base(t))
		return;
	v = lift_zx64(t, lift_get_sized(t, i->ops[0].reg, i->ops[0].size));
	lift_raise_if(t, IC_NE, not_canonical(t, v), lift_const64(t, 0), EXC_GP, 0);
	lift_ststate(t, base_of(seg), M_64, v);
}
