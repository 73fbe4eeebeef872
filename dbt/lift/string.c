/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * String instructions (SDM vol. 2: MOVS CMPS STOS LODS SCAS INS OUTS, REP). One
 * element for each pass through the block; a repeated one leaves for the next
 * instruction or for itself, so interrupts and faults find exact state between
 * elements. Before that element a leaf (dbt/ir/leaves.def) does as many as it can
 * on the page, which meet nothing that a guest could see between them. The
 * direction is in the block key.
 */
#include "dbt/lift/lift.h"

static s32 step(const struct lift *t, const struct ir1 *i)
{
	return t->key & KEY_DF ? -(s32)i->opsize : (s32)i->opsize;
}

static bool repeated(const struct ir1 *i) { return i->prefix & (PFX_REP | PFX_REPNE); }

static val index_reg(struct lift *t, unsigned reg)
{
	unsigned size = t->i->addrsize;
	val v = lift_zx(t, lift_get_sized(t, reg, size), size);

	return lift_long(t) ? lift_zx64(t, v) : v;
}

static void advance(struct lift *t, const struct ir1 *i, unsigned reg)
{
	unsigned size = i->addrsize;
	val v = lift_op2k(t, IR_ADD, lift_get_sized(t, reg, size), step(t, i));

	lift_put_sized(t, reg, v, size);
}

/* -- Many elements at once (dbt/ir/leaves.def) -- */

/*
 * Not where something is to be seen after each element. Downwards only where neither a limit nor a
 * 16-bit offset can end it.
 */
static bool wide(const struct lift *t, const struct ir1 *i, bool src, bool dst, bool write)
{
	if (!repeated(i) || t->narrow || (t->key & (KEY_SINGLE | KEY_AC)))
		return false;
	return !(t->key & KEY_DF) ||
	       (i->addrsize >= 4 && (!src || lift_flat(t, i->ops[0].seg, false)) &&
		(!dst || lift_flat(t, ES, write)));
}

/* For what loads only: a leaf's loads are in no order that another CPU's stores would see. */
static bool wide_loads(const struct lift *t, const struct ir1 *i, bool src, bool dst)
{
	return !t->ir->ordered && wide(t, i, src, dst, false);
}

static enum helper leaf(const struct lift *t, const struct ir1 *i, enum helper up)
{
	return up + (t->key & KEY_DF ? 4 : 0) + lift_log2(i->opsize);
}

static void move_by(struct lift *t, const struct ir1 *i, unsigned reg, val bytes)
{
	enum ir_op op = t->key & KEY_DF ? IR_SUB : IR_ADD;
	val v = lift_get_sized(t, reg, i->addrsize);

	v = lift_op2(t, op, v, i->addrsize == 8 ? lift_zx64(t, bytes) : bytes);
	lift_put_sized(t, reg, v, i->addrsize);
}

/*
 * As many elements as the leaf `up`, or its like for size and direction, does. `value`: its second
 * argument if that is no address.
 */
static void run(struct lift *t, const struct ir1 *i, enum helper up, bool src, bool dst,
		bool write, val value)
{
	val n = index_reg(t, ECX), a = 0, b = value, done, bytes;

	if (src)
		a = lift_run(t, i->ops[0].seg, index_reg(t, ESI), i->opsize, false, &n);
	if (dst) {
		val d = lift_run(t, ES, index_reg(t, EDI), i->opsize, write, &n);

		*(src ? &b : &a) = d;
	}
	done = lift_helper(t, leaf(t, i, up), T_I32, a, b, n);
	bytes = i->opsize == 1 ? done : lift_op2k(t, IR_SHL, done, lift_log2(i->opsize));
	if (src)
		move_by(t, i, ESI, bytes);
	if (dst)
		move_by(t, i, EDI, bytes);
	if (i->addrsize == 8)
		done = lift_zx64(t, done);
	n = lift_get_sized(t, ECX, i->addrsize);
	lift_put_sized(t, ECX, lift_op2(t, IR_SUB, n, done), i->addrsize);
}

/* -- One element -- */

/*
 * Repeated with addresses of 32 bits in 64-bit code: count and pointers lose their upper halves
 * before the first element, as where run() writes them.
 */
static void cut_registers(struct lift *t, const struct ir1 *i, bool src, bool dst)
{
	if (!repeated(i) || !lift_long(t) || i->addrsize != 4)
		return;
	lift_put(t, ECX, lift_get(t, ECX));
	if (src)
		lift_put(t, ESI, lift_get(t, ESI));
	if (dst)
		lift_put(t, EDI, lift_get(t, EDI));
}

static void exit_if_zero(struct lift *t, val count, enum ir_cond cond, u64 eip)
{
	lift_exit_if(t, cond, count, lift_like(t, count, 0), eip);
}

/* Repeated: one less. Returns the count, as wide as addresses are. */
static val count_down(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->addrsize;
	val count = lift_op2k(t, IR_ADD, lift_get_sized(t, ECX, size), -1);

	lift_put_sized(t, ECX, count, size);
	return lift_zx(t, count, size);
}

/* Repeated with a count of 0: nothing but the next instruction. */
static void begin(struct lift *t, const struct ir1 *i)
{
	if (repeated(i))
		exit_if_zero(t, index_reg(t, ECX), IC_EQ, t->next);
}

/* Count down; again unless the count is 0. */
static void end(struct lift *t, const struct ir1 *i)
{
	val count;

	if (!repeated(i))
		return;
	count = count_down(t, i);
	exit_if_zero(t, count, IC_NE, i->eip);
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
	count = count_down(t, i);
	stop = lift_setcond(t, i->prefix & PFX_REP ? IC_NE : IC_EQ, lift_zx(t, a, size),
			    lift_zx(t, b, size));
	lift_exit_if(t, IC_NE, stop, lift_const(t, 0), t->next);
	exit_if_zero(t, count, IC_NE, i->eip);
	lift_exit(t, t->next);
}

/* What is at linear address a. */
static val element(struct lift *t, const struct ir1 *i, val a)
{
	unsigned size = i->opsize;

	return lift_ld(t, a, 0, lift_mem_of(size), size == 8 ? T_I64 : T_I32, INTENT_READ);
}

static val source(struct lift *t, const struct ir1 *i)
{
	return element(t, i, lift_linear(t, i->ops[0].seg, index_reg(t, ESI), i->opsize, false));
}

static val destination(struct lift *t, const struct ir1 *i, bool write)
{
	return lift_linear(t, ES, index_reg(t, EDI), i->opsize, write);
}

void lift_movs(struct lift *t, const struct ir1 *i)
{
	val v;

	if (wide(t, i, true, true, true))
		run(t, i, HELPER_movs_up1, true, true, true, 0);
	else
		cut_registers(t, i, true, true);
	begin(t, i);
	v = source(t, i);
	lift_st(t, destination(t, i, true), 0, lift_mem_of(i->opsize), v);
	advance(t, i, ESI);
	advance(t, i, EDI);
	end(t, i);
}

void lift_stos(struct lift *t, const struct ir1 *i)
{
	if (wide(t, i, false, true, true))
		run(t, i, HELPER_stos_up1, false, true, true, lift_get_sized(t, EAX, i->opsize));
	else
		cut_registers(t, i, false, true);
	begin(t, i);
	lift_st(t, destination(t, i, true), 0, lift_mem_of(i->opsize),
		lift_get_sized(t, EAX, i->opsize));
	advance(t, i, EDI);
	end(t, i);
}

void lift_lods(struct lift *t, const struct ir1 *i)
{
	val v;

	if (wide_loads(t, i, true, false))
		run(t, i, HELPER_lods_up1, true, false, false, 0);
	else
		cut_registers(t, i, true, false);
	begin(t, i);
	v = source(t, i);
	lift_put_sized(t, EAX, v, i->opsize);
	advance(t, i, ESI);
	end(t, i);
}

void lift_cmps(struct lift *t, const struct ir1 *i)
{
	val a, b;

	if (wide_loads(t, i, true, true))
		run(t, i, i->prefix & PFX_REP ? HELPER_cmpse_up1 : HELPER_cmpsne_up1, true, true,
		    false, 0);
	else
		cut_registers(t, i, true, true);
	begin(t, i);
	a = source(t, i);
	b = element(t, i, destination(t, i, false));
	advance(t, i, ESI);
	advance(t, i, EDI);
	end_compare(t, i, a, b);
}

void lift_scas(struct lift *t, const struct ir1 *i)
{
	val a, b;

	if (wide_loads(t, i, false, true))
		run(t, i, i->prefix & PFX_REP ? HELPER_scase_up1 : HELPER_scasne_up1, false, true,
		    false, lift_get_sized(t, EAX, i->opsize));
	else
		cut_registers(t, i, false, true);
	begin(t, i);
	a = lift_get_sized(t, EAX, i->opsize);
	b = element(t, i, destination(t, i, false));
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
