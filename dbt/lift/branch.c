/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Near transfers, loops, software interrupts (SDM vol. 2: JMP Jcc JCXZ LOOPcc CALL RET INT BOUND
 * UD). A branch that is taken to beyond CS's limit raises #GP(0) itself and changes nothing: each
 * checks before its first write. What the block key says of CS decides whether there is anything
 * to check: flat code has none, code in 64 KiB has none for 16-bit operands. In 64-bit code the
 * address must be canonical, which the exits themselves see to (IR_EXIT), but for blocks that are
 * bound to their address: those know, or may be left to the run loop without a probe.
 */
#include "dbt/lift/lift.h"

/* -- The limit of CS -- */

/* Offsets up to this one are within CS, whatever its limit is. */
static u64 sure_limit(const struct lift *t)
{
	if (lift_long(t))
		return ~0ull;
	if (t->key & 1u << (KEY_FLAT_SHIFT + CS))
		return 0xffffffff;
	return t->key & KEY_CS_64K ? 0xffff : 0;
}

static val code_limit(struct lift *t) { return LDSTATE32(t, seg[CS].limit); }

/* Is `to` known not to be canonical? Elsewhere it depends on where the block runs. */
static bool known_bad(const struct lift *t, u64 to)
{
	return lift_long(t) && !key_relocatable(t->key) && !canonical(to);
}

/* What v, 64 bits, is if it is canonical. */
static val extended(struct lift *t, val v)
{
	return lift_op2k(t, IR_SAR, lift_op2k(t, IR_SHL, v, 16), 16);
}

static void check_direct(struct lift *t, u64 to)
{
	if (known_bad(t, to))
		lift_raise_if(t, IC_EQ, lift_const(t, 0), lift_const(t, 0), EXC_GP, 0);
	if (to > sure_limit(t))
		lift_raise_if(t, IC_LTU, code_limit(t), lift_const(t, to), EXC_GP, 0);
}

/* The branch is taken if a cond b. */
static void check_direct_if(struct lift *t, enum ir_cond cond, val a, val b, u64 to)
{
	val beyond;

	if (known_bad(t, to))
		lift_raise_if(t, cond, a, b, EXC_GP, 0);
	if (to <= sure_limit(t))
		return;
	beyond = lift_setcond(t, IC_LTU, code_limit(t), lift_const(t, to));
	beyond = lift_op2(t, IR_AND, beyond, lift_setcond(t, cond, a, b));
	lift_raise_if(t, IC_NE, beyond, lift_const(t, 0), EXC_GP, 0);
}

/* `to` is zero-extended from `size` bytes. */
static void check_indirect(struct lift *t, val to, unsigned size)
{
	if (lift_long(t) && (t->key & KEY_SINGLE))
		lift_raise_if(t, IC_NE, extended(t, to), to, EXC_GP, 0);
	if (sure_limit(t) < (size == 2 ? 0xffff : 0xffffffff))
		lift_raise_if(t, IC_LTU, code_limit(t), to, EXC_GP, 0);
}

/* -- Jumps, calls -- */

/*
 * A direct branch with 16-bit operands cuts EIP (SDM vol. 2, JMP): where it goes depends on the
 * page that relocatable code runs on, so it is indirect there.
 */
static bool cuts_eip(const struct lift *t, const struct ir1 *i)
{
	return i->opsize == 2 && key_relocatable(t->key);
}

/*
 * Exits have room for distances of 31 bits from the block's first byte; what is further away (only
 * 64-bit code gets there, from somewhere behind it) is as an indirect branch.
 */
static bool out_of_reach(const struct lift *t, u64 to)
{
	s64 far = (s64)(to - t->ir->guest[0].eip);

	return lift_long(t) && far != (s32)far;
}

/* Forward, and not far: the block goes on there. */
static bool follows(const struct lift *t, u64 to) { return to >= t->next && to < t->reach; }

static void jump(struct lift *t, u64 to)
{
	if (out_of_reach(t, to))
		lift_exit_ind(t, lift_eip(t, to), JUMP_PLAIN, 0);
	else if (follows(t, to))
		t->next = to;
	else
		lift_branch(t, to, WAY_JUMP);
}

/* Behind a conditional branch. */
static void fall_through(struct lift *t)
{
	if (!t->go_on)
		lift_exit(t, t->next);
}

static void go(struct lift *t, const struct ir1 *i)
{
	u64 to = i->ops[0].imm;

	if (cuts_eip(t, i))
		lift_exit_ind(t, lift_zx(t, lift_eip(t, to), 2), JUMP_PLAIN, 0);
	else
		jump(t, to);
}

/*
 * Go to `to` if a cond b, else on. As far as it is known which way that will be the block goes on
 * there, or ends.
 */
static void branch_if(struct lift *t, enum ir_cond cond, val a, val b, u64 to)
{
	enum guess way = t->go_on ? guess_cond(&t->from, t->ir, cond, a, b) : GUESS_UNKNOWN;

	t->guessed += way != GUESS_UNKNOWN;
	if (way == GUESS_YES && follows(t, to)) {
		lift_exit_if(t, ir_cond_not(cond), a, b, t->next);
		t->next = to;
		return;
	}
	lift_branch_if(t, cond, a, b, to);
	if (way == GUESS_YES)
		lift_exit(t, t->next);
	else
		fall_through(t);
}

/* Go there if a cond b, else on. */
static void go_if(struct lift *t, const struct ir1 *i, enum ir_cond cond, val a, val b)
{
	u64 to = (u64)i->ops[0].imm;
	val target;

	if (!cuts_eip(t, i) && !out_of_reach(t, to)) {
		branch_if(t, cond, a, b, to);
		return;
	}
	target = lift_eip(t, to);
	if (cuts_eip(t, i))
		target = lift_zx(t, target, 2);
	target = lift_select(t, lift_setcond(t, cond, a, b), target, lift_eip(t, t->next));
	lift_exit_ind(t, target, JUMP_PLAIN, 0);
}

/* The target of an indirect near branch. */
static val indirect(struct lift *t, const struct ir1 *i)
{
	return lift_zx(t, lift_ld_op(t, 0), i->opsize);
}

void lift_jmp(struct lift *t, const struct ir1 *i)
{
	val target;

	if (i->ops[0].kind == IR1_REL) {
		check_direct(t, i->ops[0].imm);
		go(t, i);
		return;
	}
	target = indirect(t, i);
	check_indirect(t, target, i->opsize);
	lift_exit_ind(t, target, JUMP_PLAIN, 0);
}

void lift_jcc(struct lift *t, const struct ir1 *i)
{
	val taken = lift_cc(t, i->cond), zero = lift_const(t, 0);

	check_direct_if(t, IC_NE, taken, zero, i->ops[0].imm);
	go_if(t, i, IC_NE, taken, zero);
}

void lift_jcxz(struct lift *t, const struct ir1 *i)
{
	val count = lift_zx(t, lift_get_sized(t, ECX, i->addrsize), i->addrsize);
	val zero = lift_like(t, count, 0);

	check_direct_if(t, IC_EQ, count, zero, i->ops[0].imm);
	go_if(t, i, IC_EQ, count, zero);
}

/*
 * A loop that leaves its page must know before it counts: its exit could not undo that. (It loops
 * if `more` is not 0.)
 */
static void check_loop(struct lift *t, const struct ir1 *i, val more)
{
	u64 to = (u64)i->ops[0].imm;
	val at, bad;

	if (!lift_long(t) || !key_relocatable(t->key) || to >> 12 == i->eip >> 12)
		return;
	at = lift_eip(t, to);
	bad = lift_setcond(t, IC_NE, extended(t, at), at);
	lift_raise_if(t, IC_NE, lift_select(t, bad, more, lift_like(t, more, 0)),
		      lift_like(t, more, 0), EXC_GP, 0);
}

/* cond: 0 or 1 to go on looping, 0 = LOOP without a condition. */
static void loop(struct lift *t, const struct ir1 *i, val go)
{
	val count = lift_op2k(t, IR_ADD, lift_get_sized(t, ECX, i->addrsize), -1);
	val more = lift_zx(t, count, i->addrsize), zero = lift_like(t, count, 0);

	if (go)
		more = lift_select(t, go, more, zero);
	check_direct_if(t, IC_NE, more, zero, i->ops[0].imm);
	check_loop(t, i, more);
	lift_put_sized(t, ECX, count, i->addrsize);
	go_if(t, i, IC_NE, more, zero);
}

void lift_loop(struct lift *t, const struct ir1 *i) { loop(t, i, 0); }
void lift_loope(struct lift *t, const struct ir1 *i) { loop(t, i, lift_cc(t, COND_E)); }
void lift_loopne(struct lift *t, const struct ir1 *i) { loop(t, i, lift_cc(t, COND_NE)); }

/*
 * The target is read before the push: CALL [ESP] uses the old ESP. The limit is looked at between
 * the store and ESP, as CPUs do: a page fault of the stack comes first, and the return address of a
 * branch that faults lies below the stack.
 */
void lift_call(struct lift *t, const struct ir1 *i)
{
	bool direct = i->ops[0].kind == IR1_REL;
	val target = direct ? 0 : indirect(t, i);
	val sp = lift_push_store(t, lift_eip(t, t->next), i->opsize);

	if (direct)
		check_direct(t, i->ops[0].imm);
	else
		check_indirect(t, target, i->opsize);
	lift_put_sp(t, sp);
	if (!direct)
		lift_exit_ind(t, target, JUMP_CALL, -8);
	else if (cuts_eip(t, i))
		go(t, i);
	else if (out_of_reach(t, (u64)i->ops[0].imm))
		lift_exit_ind(t, lift_eip(t, (u64)i->ops[0].imm), JUMP_CALL, -8);
	else
		lift_branch(t, (u64)i->ops[0].imm, WAY_CALL);
}

void lift_ret(struct lift *t, const struct ir1 *i)
{
	val target = lift_zx(t, lift_pop_value(t, i->opsize), i->opsize);
	unsigned drop = i->nops ? i->ops[0].imm & 0xffff : 0;

	check_indirect(t, target, i->opsize);
	lift_put_sp(t, lift_stack(t, i->opsize + drop));
	lift_exit_ind(t, target, JUMP_RET, i->opsize + drop);
}

/* INT n, with the kind of event in the second argument (dbt/rt/sysglue.c). */
void lift_int(struct lift *t, const struct ir1 *i)
{
	if (t->flags || lift_long(t) || key_passes(t->key))	/* the frame has them */
		lift_setf(t, CC_EFLAGS, 4, lift_getf(t), 0, 0);
	lift_sys(t, HELPER_int,
		 lift_const(t, INT_KEY((u32)i->ops[0].imm & 0xff, t->key & KEY_CPL)), 0);
}

void lift_int3(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_int3, 0, 0); }
void lift_int1(struct lift *t, const struct ir1 *i) { (void)i; lift_sys(t, HELPER_int1, 0, 0); }

void lift_into(struct lift *t, const struct ir1 *i)
{
	(void)i;
	lift_exit_if(t, IC_EQ, lift_cc(t, COND_O), lift_const(t, 0), t->next);
	lift_sys(t, HELPER_into, 0, 0);
}

/* Both bounds are read; signed comparison at the operand size. */
void lift_bound(struct lift *t, const struct ir1 *i)
{
	unsigned size = i->opsize;
	enum ir_mem mem = size == 2 ? M_S16 : M_32;
	s32 disp;
	val a = lift_mem_addr(t, &i->ops[1], size * 2, false, &disp);
	val low = lift_ld(t, a, disp, mem, T_I32, INTENT_READ), high, v;

	high = lift_ld(t, lift_op2k(t, IR_ADD, a, disp + (s32)size), 0, mem, T_I32, INTENT_READ);
	v = lift_sx(t, lift_ld_op(t, 0), size);
	lift_raise_if(t, IC_LT, v, low, EXC_BR, -1);
	lift_raise_if(t, IC_LT, high, v, EXC_BR, -1);
}

void lift_ud2(struct lift *t, const struct ir1 *i) { (void)i; lift_raise(t, EXC_UD); }
