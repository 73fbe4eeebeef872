/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operands: registers in parts, effective addresses, segments, stack. The one
 * place that knows how an x86 address becomes a linear one. Flat segments cost
 * nothing; others add the base and check the limit (SDM vol. 3, 5.3).
 */
#include "dbt/lift/lift.h"

#include "kernel/lib/bits.h"
#include "kernel/panic.h"

enum ir_mem lift_mem_of(unsigned size)
{
	switch (size) {
	case 1: return M_U8;
	case 2: return M_U16;
	case 4: return M_32;
	case 8: return M_64;
	case 16: return M_128;
	}
	panic("lift: access of %u bytes", size);
}

static void deposit(struct lift *t, unsigned reg, val v, unsigned pos, unsigned len)
{
	if (lift_long(t))
		lift_put(t, reg, lift_deposit(t, lift_get64(t, reg), lift_zx64(t, v), pos, len));
	else
		lift_put(t, reg, lift_deposit(t, lift_get(t, reg), v, pos, len));
}

void lift_put_sized(struct lift *t, unsigned reg, val v, unsigned size)
{
	if (size < 4)
		deposit(t, reg, v, 0, size * 8);
	else
		lift_put(t, reg, size == 4 ? lift_trunc(t, v) : v);
}

void lift_put_high(struct lift *t, unsigned reg, val v) { deposit(t, reg, v, 8, 8); }

static val get_part(struct lift *t, const struct ir1_op *o)
{
	val v = lift_get_sized(t, o->reg, o->size);

	return o->high ? lift_extract(t, v, 8, 8) : v;
}

static void put_part(struct lift *t, const struct ir1_op *o, val v)
{
	if (o->high)
		lift_put_high(t, o->reg, v);
	else
		lift_put_sized(t, o->reg, v, o->size);
}

/* A register of an address, at the address size. */
static val address_register(struct lift *t, unsigned reg)
{
	if (reg == IR1_RIP)			/* of 32 bits: rip_relative() has the others */
		return lift_trunc(t, lift_eip(t, t->i->eip + t->i->len));
	return lift_get_sized(t, reg, t->i->addrsize);
}

/* base + index * scale, or 0 if there is neither. */
static val registers_of(struct lift *t, const struct ir1_op *o)
{
	val a = 0, base;

	if (o->index == o->base && o->scale == 1 && o->base != IR1_NOREG)
		return lift_op2k(t, IR_SHL, address_register(t, o->base), 1);
	if (o->index != IR1_NOREG) {
		unsigned shift = o->scale == 8 ? 3 : o->scale >> 1;

		a = address_register(t, o->index);
		if (shift)
			a = lift_op2k(t, IR_SHL, a, shift);
	}
	if (o->base == IR1_NOREG)
		return a;
	base = address_register(t, o->base);
	return a ? lift_op2(t, IR_ADD, a, base) : base;
}

static bool flat(const struct lift *t, unsigned seg, bool write)
{
	return (t->key >> (KEY_FLAT_SHIFT + seg) & 1) && !(write && seg == CS);
}

/* Of FS or GS, which is always canonical (dbt/opt/fold.c counts on it). */
static val base64(struct lift *t, unsigned seg)
{
	return lift_ldstate(t, offsetof(struct vcpu, seg[seg].base), M_64, T_I64);
}

/* RIP plus a displacement is where it is on some page near: always a good address. */
static val rip_relative(struct lift *t, const struct ir1_op *o)
{
	return lift_eip(t, t->i->eip + t->i->len + (u64)o->disp);
}


/*
 * All of the address, 32 bits, not wrapped; *disp is what a load can add by itself. The other
 * bits of a displacement are added apart: accesses close together share them.
 */
static val effective(struct lift *t, const struct ir1_op *o, s32 *disp)
{
	val a = registers_of(t, o);
	s32 low = (s32)sign_extend((u64)o->disp, 12);

	*disp = low;
	if (!a)
		return lift_const(t, (s32)(o->disp - (u32)low));
	return (s32)o->disp == low ? a : lift_op2k(t, IR_ADD, a, (s32)(o->disp - (u32)low));
}

static val add(struct lift *t, val a, val b) { return a ? lift_op2(t, IR_ADD, a, b) : b; }

/* The same in 64-bit code, linear: what is checked is the sum of the registers and the base. */
static val effective64(struct lift *t, const struct ir1_op *o, s32 *disp)
{
	bool rip = o->base == IR1_RIP;
	val a = rip ? rip_relative(t, o) : registers_of(t, o);
	s64 rest = rip ? 0 : o->disp;

	if (!flat(t, o->seg, false))
		a = add(t, a, base64(t, o->seg));
	if (!a || rest != (s32)rest) {
		a = a ? lift_op2k(t, IR_ADD, a, rest) : lift_const64(t, rest);
		rest = 0;
	}
	lift_check_form(t, a);
	*disp = (s32)sign_extend((u64)rest, 12);
	return rest == *disp ? a : lift_op2k(t, IR_ADD, a, rest - *disp);
}

val lift_offset(struct lift *t, const struct ir1_op *o)
{
	unsigned size = t->i->addrsize;
	val a;

	if (o->base == IR1_RIP && size == 8)
		return rip_relative(t, o);
	a = registers_of(t, o);
	if (!a)
		a = lift_sized(t, size, o->disp);
	else if (o->disp)
		a = lift_op2k(t, IR_ADD, a, size == 8 ? o->disp : (s32)o->disp);
	return lift_long(t) ? lift_zx64(t, a) : lift_zx(t, a, size);
}

static void check_limit(struct lift *t, unsigned seg, val offset, unsigned size, bool write)
{
	val off64;

	if (t->key & KEY_EXPAND_DOWN)
		offset = lift_op2(t, IR_SUB, offset,
				  lift_ldstate(t, offsetof(struct vcpu, seg_lo[seg]), M_32, T_I32));
	off64 = lift_zx64(t, offset);
	if (size > 1)
		off64 = lift_op2k(t, IR_ADD, off64, size - 1);
	lift_raise_if(t, IC_LT,
		      lift_ldstate(t, offsetof(struct vcpu, seg_span[write][seg]), M_64, T_I64),
		      off64, seg == SS ? EXC_SS : EXC_GP, 0);
}

static val segment_base(struct lift *t, unsigned seg)
{
	return lift_ldstate(t, offsetof(struct vcpu, seg[seg].base), M_32, T_I32);
}

/*
 * A segment with a base, but all of 4 GiB, is only looked at once in a block, which no load of a
 * segment register is in the middle of: offsets need no check then. It is so now that the block is
 * made; when it is not, the evaluator does the instruction. False: its offsets are to be checked.
 */
static bool whole(struct lift *t, unsigned seg)
{
	if (lift_long(t) || !t->from.c || t->from.c->seg_partial[seg])
		return false;
	if (!(t->whole >> seg & 1))
		ir_emit(t->ir, (struct ir_insn){ .op = IR_ALONE, .x = !t->atomic,
				.a = lift_ldstate(t, offsetof(struct vcpu, seg_partial[seg]),
						  M_32, T_I32) });
	t->whole |= (u8)(1u << seg);
	return true;
}

/* In 64-bit code only FS and GS have a base, and none has a limit. */
static val linear64(struct lift *t, unsigned seg, val offset)
{
	t->via_ss = seg == SS;
	if (!flat(t, seg, false))
		offset = lift_op2(t, IR_ADD, base64(t, seg), offset);
	lift_check_form(t, offset);
	return offset;
}

val lift_linear(struct lift *t, unsigned seg, val offset, unsigned size, bool write)
{
	t->slot = false;
	if (lift_long(t))
		return linear64(t, seg, offset);
	if (flat(t, seg, write))
		return offset;
	if (!whole(t, seg))
		check_limit(t, seg, offset, size, write);
	return lift_op2(t, IR_ADD, offset, segment_base(t, seg));
}

bool lift_flat(const struct lift *t, unsigned seg, bool write) { return flat(t, seg, write); }

static val lesser(struct lift *t, val a, val b)
{
	return lift_select(t, lift_setcond(t, IC_LT, a, b), a, b);
}

/* Bytes of the segment from offset on, I64; 0 or less: none. */
static val room(struct lift *t, unsigned seg, val offset, bool write)
{
	val last = lift_ldstate(t, offsetof(struct vcpu, seg_span[write][seg]), M_64, T_I64);

	offset = lift_op2(t, IR_SUB, offset,
			  lift_ldstate(t, offsetof(struct vcpu, seg_lo[seg]), M_32, T_I32));
	return lift_op2k(t, IR_ADD, lift_op2(t, IR_SUB, last, lift_zx64(t, offset)), 1);
}

/* A leaf does no more than what is on a page: as an I32. */
static val run_count64(struct lift *t, val n)
{
	val page = lift_like(t, n, 4096);

	return lift_trunc(t, lift_select(t, lift_setcond(t, IC_LTU, n, page), n, page));
}

val lift_run(struct lift *t, unsigned seg, val offset, unsigned size, bool write, val *n)
{
	val left = 0, count;

	if (lift_long(t)) {
		*n = run_count64(t, *n);
		return linear64(t, seg, offset);
	}
	if (!flat(t, seg, write))
		left = room(t, seg, offset, write);
	if (t->i->addrsize == 2) {
		val wrap = lift_op2(t, IR_SUB, lift_const64(t, 0x10000), lift_zx64(t, offset));

		left = left ? lesser(t, left, wrap) : wrap;
	}
	if (!left)
		return offset;
	count = lesser(t, lift_op2k(t, IR_SAR, left, lift_log2(size)), lift_zx64(t, *n));
	*n = lift_trunc(t, lift_select(t, lift_setcond(t, IC_LT, count, lift_const64(t, 0)),
				       lift_const64(t, 0), count));
	return flat(t, seg, write) ? offset : lift_op2(t, IR_ADD, offset, segment_base(t, seg));
}

/*
 * [ESP + constant]. With an index it may be anywhere; and EBP, where it is no frame's pointer,
 * points to anything.
 */
static bool is_slot(const struct ir1_op *o)
{
	return o->base == ESP && o->index == IR1_NOREG && o->seg == SS;
}

val lift_mem_addr(struct lift *t, const struct ir1_op *o, unsigned size, bool write, s32 *disp)
{
	t->via_ss = o->seg == SS;
	if (t->has_addr) {
		*disp = t->disp;
		t->slot = t->addr_slot;
		return t->addr;
	}
	if (t->i->addrsize == 8) {
		t->addr = effective64(t, o, &t->disp);
	} else if (flat(t, o->seg, write) && t->i->addrsize == 4 && !lift_long(t)) {
		t->addr = effective(t, o, &t->disp);
	} else if (t->i->addrsize == 4 && whole(t, o->seg)) {
		t->addr = effective(t, o, &t->disp);
		t->addr = lift_op2(t, IR_ADD, segment_base(t, o->seg), t->addr);
	} else {
		t->addr = lift_linear(t, o->seg, lift_offset(t, o), size, write);
		t->disp = 0;
	}
	t->has_addr = true;
	*disp = t->disp;
	t->slot = t->addr_slot = is_slot(o);
	return t->addr;
}

static val ld_operand(struct lift *t, unsigned n, bool rmw)
{
	const struct ir1_op *o = &t->i->ops[n];
	s32 disp;
	val a;

	switch (o->kind) {
	case IR1_GPR: return get_part(t, o);
	case IR1_IMM: return lift_sized(t, o->size, o->imm);
	case IR1_MEM:
		a = lift_mem_addr(t, o, o->size, rmw, &disp);
		if (rmw && t->atomic)
			return lift_ld_atomic(t, a, disp, o->size);
		return lift_ld(t, a, disp, lift_mem_of(o->size), o->size == 8 ? T_I64 : T_I32,
			       rmw ? INTENT_RMW : INTENT_READ);
	}
	panic("lift: operand %u of kind %u", n, o->kind);
}

val lift_ld_op(struct lift *t, unsigned n) { return ld_operand(t, n, false); }
val lift_ld_rmw(struct lift *t, unsigned n) { return ld_operand(t, n, true); }

void lift_st_op(struct lift *t, unsigned n, val v)
{
	const struct ir1_op *o = &t->i->ops[n];
	s32 disp;
	val a;

	if (o->kind == IR1_GPR) {
		put_part(t, o, v);
		return;
	}
	must(o->kind == IR1_MEM);
	if (t->atomic) {
		lift_st_atomic(t, v, o->size);
		return;
	}
	a = lift_mem_addr(t, o, o->size, true, &disp);
	lift_st(t, a, disp, lift_mem_of(o->size), v);
}

val lift_stack(struct lift *t, s32 delta)
{
	val sp = lift_get_sized(t, ESP, lift_stack_size(t));

	if (delta)
		sp = lift_op2k(t, IR_ADD, sp, delta);
	return lift_zx(t, sp, lift_stack_size(t));
}

val lift_stack_linear(struct lift *t, val sp, unsigned size, bool write)
{
	val a = lift_linear(t, SS, sp, size, write);

	t->slot = true;
	return a;
}

void lift_put_sp(struct lift *t, val sp) { lift_put_sized(t, ESP, sp, lift_stack_size(t)); }

val lift_push_store(struct lift *t, val v, unsigned size)
{
	val sp;

	if (flat(t, SS, true) && lift_stack_size(t) >= 4) {
		sp = lift_stack(t, 0);
		t->via_ss = t->slot = true;
		lift_check_form(t, sp);
		lift_st(t, sp, -(s32)size, lift_mem_of(size), v);
		return lift_op2k(t, IR_ADD, sp, -(s32)size);
	}
	sp = lift_stack(t, -(s32)size);
	lift_st(t, lift_stack_linear(t, sp, size, true), 0, lift_mem_of(size), v);
	return sp;
}

void lift_push_value(struct lift *t, val v, unsigned size)
{
	lift_put_sp(t, lift_push_store(t, v, size));
}

val lift_pop_value(struct lift *t, unsigned size)
{
	val sp = lift_stack(t, 0);

	return lift_ld(t, lift_stack_linear(t, sp, size, false), 0, lift_mem_of(size),
		       size == 8 ? T_I64 : T_I32, INTENT_READ);
}
