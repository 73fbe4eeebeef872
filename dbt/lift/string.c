/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * String instructions (SDM vol. 2: MOVS CMPS STOS LODS SCAS INS OUTS, REP). One
 * element for each pass through the block; a repeated one leaves for the next
 * instruction or for itself, so interrupts and faults find exact state between
 * elements. The direction is in the block key.
 */
#include "dbt/lift/lift.h"

static s32 step(const struct lift *t, const struct ir1 *i)
{
	return t->key & KEY_DF ? -(s32)i->opsize : (s32)i->opsize;
}

static bool repeated(const struct ir1 *i) { return i->prefix & (PFX_REP | PFX_REPNE); }

static val index_reg(struct lift *t, unsigned reg)
{
	return lift_zx(t, lift_get(t, reg), t->i->addrsize);
}

/* Repeated with a count of 0: nothing but the next instruction. */
static void begin(struct lift *t, const struct ir1 *i)
{
	if (repeated(i))
		lift_exit_if(t, IC_EQ, index_reg(t, ECX), lift_const(t, 0), t->next);
}

static void advance(struct lift *t, const struct ir1 *i, unsigned reg)
{
	lift_put_sized(t, reg, lift_op2k(t, IR_ADD, lift_get(t, reg), step(t, i)), i->addrsize);
}

/* Count down; again unless the count is 0. */
static void end(struct lift *t, const struct ir1 *i)
{
	val count;

	if (!repeated(i))
		return;
	count = lift_op2k(t, IR_ADD, lift_get(t, ECX), -1);
	lift_put_sized(t, ECX, count, i->addrsize);
	lift_exit_if(t, IC_NE, lift_zx(t, count, i->addrsize), lift_const(t, 0), i->eip);
	lift_exit(t, t->next);
}

/* The same for CMPS and SCAS, which also stop when ZF says so. */
static void end_compare(struct lift *t, const struct ir1 *i, val a, val b)
{
	unsigned size = i->opsize;
	val count, stop;

	lift_setf(t, CC_CMP, size, a, b, 0);
	if (!repeated(i))
		return;
	count = lift_op2k(t, IR_ADD, lift_get(t, ECX), -1);
	lift_put_sized(t, ECX, count, i->addrsize);
	stop = lift_setcond(t, i->prefix & PFX_REP ? IC_NE : IC_EQ, lift_zx(t, a, size),
			    lift_zx(t, b, size));
	lift_exit_if(t, IC_NE, stop, lift_const(t, 0), t->next);
	lift_exit_if(t, IC_NE, lift_zx(t, count, i->addrsize), lift_const(t, 0), i->eip);
	lift_exit(t, t->next);
}

static val source(struct lift *t, const struct ir1 *i)
{
	val a = lift_linear(t, i->ops[0].seg, index_reg(t, ESI), i->opsize, false);

	return lift_ld(t, a, 0, lift_mem_of(i->opsize), T_I32, INTENT_READ);
}

static val destination(struct lift *t, const struct ir1 *i, bool write)
{
	return lift_linear(t, ES, index_reg(t, EDI), i->opsize, write);
}

void lift_movs(struct lift *t, const struct ir1 *i)
{
	val v;

	begin(t, i);
	v = source(t, i);
	lift_st(t, destination(t, i, true), 0, lift_mem_of(i->opsize), v);
	advance(t, i, ESI);
	advance(t, i, EDI);
	end(t, i);
}

void lift_stos(struct lift *t, const struct ir1 *i)
{
	begin(t, i);
	lift_st(t, destination(t, i, true), 0, lift_mem_of(i->opsize), lift_get(t, EAX));
	advance(t, i, EDI);
	end(t, i);
}

void lift_lods(struct lift *t, const struct ir1 *i)
{
	val v;

	begin(t, i);
	v = source(t, i);
	lift_put_sized(t, EAX, v, i->opsize);
	advance(t, i, ESI);
	end(t, i);
}

void lift_cmps(struct lift *t, const struct ir1 *i)
{
	val a, b;

	begin(t, i);
	a = source(t, i);
	b = lift_ld(t, destination(t, i, false), 0, lift_mem_of(i->opsize), T_I32, INTENT_READ);
	advance(t, i, ESI);
	advance(t, i, EDI);
	end_compare(t, i, a, b);
}

void lift_scas(struct lift *t, const struct ir1 *i)
{
	val a, b;

	begin(t, i);
	a = lift_get(t, EAX);
	b = lift_ld(t, destination(t, i, false), 0, lift_mem_of(i->opsize), T_I32, INTENT_READ);
	advance(t, i, EDI);
	end_compare(t, i, a, b);
}

/*
 * Port strings go through the run loop, which moves as many elements as lie in one page. The
 * argument: element size, address size, prefix and source segment.
 */
static val port_string(struct lift *t, const struct ir1 *i)
{
	return lift_const(t, i->opsize | (u32)i->addrsize << 8 | (u32)repeated(i) << 16 |
			  (u32)i->ops[0].seg << 24);
}

void lift_ins(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_ins, port_string(t, i), 0);
}

void lift_outs(struct lift *t, const struct ir1 *i)
{
	lift_sys(t, HELPER_outs, port_string(t, i), 0);
}
