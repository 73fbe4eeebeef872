/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end on the machine it makes code for: blocks of one operation each are emitted, run and
 * compared with the evaluator, over edge and random operands. Not a test of guest memory, faults or
 * helpers, which want a guest. Before there is one: the core's struct vcpu is used and left zero.
 */
#include "kernel/machine/emit_test.h"

#include "dbt/backend/glue.h"
#include "dbt/ir/vec.h"
#include "dbt/x86/cc.h"
#include "kernel/machine/emit_block.h"

#include <stdio.h>
#include <string.h>

/* -- Integer operations -- */

static bool divides(unsigned op, unsigned type, s64 a, s64 b)
{
	if (op != IR_DIVU && op != IR_DIVS && op != IR_REMU && op != IR_REMS)
		return true;
	return type == T_I32 ? (s32)b && !((s32)a == INT32_MIN && (s32)b == -1)
			     : b && !(a == INT64_MIN && b == -1);
}

static bool test_binary(unsigned op, unsigned type, unsigned i, unsigned j)
{
	s64 a = operand(i), b = operand(j);

	for (unsigned form = 0; form < 3; form++) {	/* registers; one of them constant */
		val va, vb;

		if (!divides(op, type, a, b))
			return true;
		block_begin();
		va = form == 1 ? constant(type, a) : input(type, 0);
		vb = form == 2 ? constant(type, b) : input(type, 1);
		output(put((struct ir_insn){ .op = op, .type = type, .a = va, .b = vb }));
		block_end(0, NEXT);
		operands_set(a, b);
		if (!check(ir_info[op].text, form, a, b))
			return false;
	}
	return true;
}

static bool test_binaries(void)
{
	for (unsigned op = IR_ADD; op <= IR_ROTR; op++)
		for (unsigned i = 0; i < EDGES + 2; i++)
			for (unsigned j = t.wide & i; j < EDGES + 2; j += 1 + t.wide)
				if (!test_binary(op, T_I32, i, j) || !test_binary(op, T_I64, i, j))
					return false;
	return true;
}

static bool test_conversion(struct ir_insn in, unsigned from, s64 a)
{
	block_begin();
	in.a = input(from, 0);
	output(put(in));
	block_end(0, NEXT);
	operands_set(a, 0);
	return check(ir_info[in.op].text, in.k ? (unsigned)in.k : in.x, a, in.y);
}

static bool test_unary(unsigned type, s64 a)
{
	static const u8 width[] = { 8, 16, 32 };
	unsigned other = type == T_I32 ? T_I64 : T_I32, full = type == T_I32 ? 32 : 64;

	for (unsigned op = IR_CLZ; op <= IR_BSWAP; op++)
		if (!test_conversion((struct ir_insn){ .op = op, .type = type }, type, a))
			return false;
	for (unsigned n = 0; n < 3; n++)
		for (unsigned op = IR_SEXT; op <= IR_ZEXT; op++) {
			struct ir_insn in = { .op = op, .type = type, .k = width[n] };

			if (!test_conversion(in, type, a))
				return false;
			/* 32 of 64 to 32 bits is TRUNC's */
			if ((type == T_I64 || in.k < 32) && !test_conversion(in, other, a))
				return false;
		}
	for (unsigned x = 0; x < full; x += 7)
		for (unsigned y = 1; x + y <= full; y += y < 3 ? 1 : 5) {
			struct ir_insn in = { .op = IR_EXTRACT, .type = type, .x = x, .y = y };

			if (!test_conversion(in, type, a))
				return false;
		}
	return type == T_I64 ||
	       test_conversion((struct ir_insn){ .op = IR_TRUNC, .type = T_I32 }, T_I64, a);
}

static bool test_unaries(void)
{
	for (unsigned i = 0; i < EDGES + 4; i++) {
		s64 a = operand(i);

		if (!test_unary(T_I32, a) || !test_unary(T_I64, a))
			return false;
	}
	return true;
}

/* DEPOSIT, SETCOND, SELECT, CRC, and ADD of a value shifted. */
static bool test_mixed(unsigned type, s64 a, s64 b)
{
	val va, vb, s;

	for (unsigned cond = IC_EQ; cond <= IC_GEU; cond++)
		for (unsigned form = 0; form < 2; form++) {
			block_begin();
			va = input(type, 0);
			vb = form ? constant(type, b) : input(type, 1);
			s = put((struct ir_insn){ .op = IR_SETCOND, .type = T_I32, .x = cond,
						  .a = va, .b = vb });
			output(s);
			output(put((struct ir_insn){ .op = IR_SELECT, .type = type, .a = s,
						     .b = va, .c = vb }));
			block_end(0, NEXT);
			operands_set(a, b);
			if (!check("setcond, select", cond, a, b))
				return false;
		}
	for (unsigned x = 0; x < 32; x += 8) {
		block_begin();
		va = input(type, 0);
		vb = input(type, 1);
		output(put((struct ir_insn){ .op = IR_DEPOSIT, .type = type, .x = x,
					     .y = x ? 8 : 16, .a = va, .b = vb }));
		block_end(0, NEXT);
		operands_set(a, b);
		if (!check("deposit", x, a, b))
			return false;
	}
	for (unsigned bytes = 1; bytes <= 4 && type == T_I32; bytes *= 2) {
		block_begin();
		output(put((struct ir_insn){ .op = IR_CRC, .type = T_I32, .y = bytes,
					     .a = input(type, 0), .b = input(type, 1) }));
		block_end(0, NEXT);
		operands_set(a, b);
		if (!check("crc", bytes, a, b))
			return false;
	}
	block_begin();
	s = put((struct ir_insn){ .op = IR_SHL, .type = type, .a = input(type, 0),
				  .b = constant(type, 3) });
	output(put((struct ir_insn){ .op = IR_ADD, .type = type, .a = input(type, 1), .b = s }));
	block_end(0, NEXT);
	operands_set(a, b);
	return check("shift and add", 3, a, b);
}

static bool test_mixes(void)
{
	for (unsigned i = 0; i < EDGES; i++)
		for (unsigned j = 0; j < EDGES; j++)
			if (!test_mixed(T_I32, edges[i], edges[j]) ||
			    !test_mixed(T_I64, edges[i], edges[j]))
				return false;
	return true;
}

/* More values than there are temporaries, and vectors by way of the state. */
static bool test_pressure(void)
{
	static const u8 width[] = { M_128, M_64, M_32 };
	val v[24], r;

	for (unsigned n = 0; n < ARRAY_LEN(width); n++) {
		block_begin();
		for (unsigned k = 0; k < ARRAY_LEN(v); k++)
			v[k] = put((struct ir_insn){ .op = IR_ADD, .type = T_I64,
						     .a = input(T_I64, k & 1),
						     .b = constant(T_I64, edges[k % EDGES]) });
		r = put((struct ir_insn){ .op = IR_LDSTATE, .type = T_V128, .x = M_128,
					  .k = help_field(0) });
		put((struct ir_insn){ .op = IR_STSTATE, .x = width[n], .k = help_field(5),
				      .a = r });
		r = v[0];
		for (unsigned k = ARRAY_LEN(v); k-- > 1;)
			r = put((struct ir_insn){ .op = k & 1 ? IR_XOR : IR_SUB, .type = T_I64,
						  .a = r, .b = v[k] });
		output(r);
		block_end(0, NEXT);
		operands_set(0x123456789abcdef0, (s64)next_random());
		if (!check("pressure", n, 0, 0))
			return false;
	}
	return true;
}

/* -- Exits and flags -- */

static bool test_exit_if(unsigned cond, s64 a, s64 b)
{
	val va, vb;

	block_begin();
	va = input(T_I32, 0);
	vb = input(T_I32, 1);
	put((struct ir_insn){ .op = IR_EXIT_IF, .x = cond, .a = va, .b = vb, .k = NEXT + 4 });
	output(put((struct ir_insn){ .op = IR_ADD, .type = T_I32, .a = va, .b = vb }));
	block_end(0, NEXT);
	operands_set(a, b);
	if (!check("exit_if", cond, a, b))
		return false;
	block_begin();					/* backward, with zero, from far */
	va = input(T_I32, 0);
	put((struct ir_insn){ .op = IR_EXIT_IF, .x = cond, .a = va, .b = constant(T_I32, 0),
			      .k = EIP });
	put((struct ir_insn){ .op = IR_EXIT_IF, .x = cond, .a = constant(T_I32, 0), .b = va,
			      .k = FAR });
	block_end(0, FAR + 8);
	operands_set(a, b);
	return check("exit_if zero", cond, a, b);
}

/*
 * The flags that the word op says at the entry: the carry, all, and all with another carry, so many
 * of these ways.
 */
static bool test_entry(unsigned op, s64 a, s64 b, unsigned ways)
{
	static const struct { const char *name; u8 op, kind; } way[] = {
		{ "entrycf", IR_ENTRYCF, 0 }, { "entryf", IR_ENTRYF, 0 },
		{ "carry", IR_SETF, CC_CARRY },
	};

	for (unsigned n = 0; n < ways; n++) {
		struct ir_insn in = { .op = way[n].op, .x = way[n].kind };
		val v;

		block_begin();
		in.type = in.op == IR_SETF ? T_NONE : T_I32;
		in.a = in.op == IR_SETF ? input(T_I32, 0) : 0;
		in.y = in.op == IR_SETF ? 2 : 0;
		v = put(in);
		if (in.type)
			output(v);
		block_end(in.type ? 0 : v, NEXT);
		operands_set(a, b);
		cpu()->cc_op = op;
		cpu()->cc_a = CC_OP_SIZE(op) == 3 ? (u64)a : (u64)(s32)a;
		cpu()->cc_b = CC_OP_SIZE(op) == 3 ? (u64)b : (u64)(s32)b;
		cpu()->cc_r = (u64)b;
		if (!check(way[n].name, op, a, b))
			return false;
	}
	return true;
}

/* Flags of a setter at the exit, and the carry at an entry; of each seventh the rest, too. */
static bool test_flags(unsigned kind, unsigned size, s64 a, s64 b)
{
	static const unsigned over[] = {
		0, CC_CARRIED, CC_CARRIED | 1u << CC_CARRIED_CF, CC_OVER(CC_INC_KEEP, 2),
		CC_OVER(CC_DEC_KEEP, 0) | CC_CARRIED | 1u << CC_CARRIED_CF,
	};
	unsigned type = size == 3 ? T_I64 : T_I32, turn = (unsigned)(a - b) + kind;
	bool more = turn % 7 == 0;
	val va, vb, s;

	if (kind >= CC_SHL && kind <= CC_SAR)
		b = 1 + (b & 30);
	for (unsigned carry = 0; carry < 1u + more; carry++) {
		block_begin();
		va = input(type, 0);
		vb = input(type, 1);
		s = put((struct ir_insn){ .op = IR_SETF, .x = kind, .y = size, .a = va, .b = vb });
		if (carry)
			s = put((struct ir_insn){ .op = IR_SETF, .x = CC_CARRY, .y = 2,
						  .a = input(T_I32, 1), .k = s });
		block_end(s, NEXT);
		operands_set(a, b);
		if (!check(carry ? "carry over setf" : "setf", kind, a, b))
			return false;
	}
	return test_entry(CC_OP(kind, size) | over[more ? turn / 7 % 5 : 0], a, b, more ? 3 : 1);
}

static bool test_exits(void)
{
	for (unsigned i = 0; i < EDGES; i++)
		for (unsigned j = t.wide & i; j < EDGES; j += 1 + t.wide) {
			for (unsigned cond = IC_EQ; cond <= IC_GEU; cond++)
				if (!test_exit_if(cond, edges[i], edges[j]))
					return false;
			for (unsigned kind = CC_EFLAGS; kind <= CC_LAST_FULL; kind++)
				if (!test_flags(kind, 2, edges[i], edges[j]) ||
				    !test_flags(kind, t.wide ? 3 : 0, edges[i], edges[j]))
					return false;
		}
	return true;
}

/* -- Chains -- */

#define ELSEWHERE 0xfffe7000u

static bool goes_to(const char *when, u32 reason, u32 eip)
{
	u32 why;

	do {
		operands_set(1, 2);
		why = enter();
	} while (why == EXIT_KICK);
	if (why == reason && cpu()->eip == eip)
		return true;
	snprintf(t.why, sizeof(t.why), "chain: %s: %u to %x", when, why, (unsigned)cpu()->eip);
	return false;
}

/* Block 1, which a chained exit of block 0 leads to. */
static bool second_block(void)
{
	block_begin();
	block_end(0, NEXT + 8);
	return !emit(1);
}

/* It ends at NEXT + 8, on the page that the chain led to. */
static bool test_direct_chain(u32 eip)
{
	u32 page = eip & ~0xfffu;

	block_begin();
	output(put((struct ir_insn){ .op = IR_ADD, .type = T_I32, .a = input(T_I32, 0),
				     .b = input(T_I32, 1) }));
	block_end(0, eip);
	if (emit(0) || !second_block() || !goes_to("before", 0, eip))
		return false;
	backend_link(&t.link[0], t.start[1], (struct block_head){ 0 });
	if (!goes_to("chained", 0, page + (NEXT + 8) % 4096))
		return false;
	backend_unlink(&t.link[0]);
	return goes_to("after", 0, eip);
}

/* The far exit of block 0 looks only from its second time on, if not in its door. */
static bool first_time(void)
{
	if (t.link[0].probe && !goes_to("first", 0, ELSEWHERE))
		return false;
	backend_open(&t.link[0]);
	return true;
}

/*
 * Block 0: flags of its operands, and an exit that looks in the jump cache. moved: it knows nothing
 * of RSP, so its target's look comes first, and wants the flags.
 */
static void first_block(unsigned op, bool moved)
{
	val a, b, s;

	block_begin();
	if (moved)
		put((struct ir_insn){ .op = IR_PUTREG, .k = ESP, .a = input(T_I64, 1) });
	a = input(T_I32, 0);
	b = input(T_I32, 1);
	s = put((struct ir_insn){ .op = IR_SETF, .x = CC_LOGIC, .y = 2, .a = a, .b = b });
	if (op == IR_EXIT_IND)
		put((struct ir_insn){ .op = IR_EXIT_IND, .x = JUMP_PLAIN, .c = s,
				      .a = constant(t.wide ? T_I64 : T_I32, ELSEWHERE) });
	else
		block_end(s, ELSEWHERE);
}

/* Were block 0's flags put? */
static bool flags_there(void)
{
	const struct vcpu *c = cpu();

	return c->cc_op == CC_OP(CC_LOGIC, 2) && (u32)c->cc_a == 1;
}

/* It is found by the name that says whether it wants flags; a miss always has them. */
static bool test_names(struct jump_entry *e, unsigned op, bool moved)
{
	unsigned miss = op == IR_EXIT_IND ? EXIT_INDIRECT : 0;
	u64 key = jump_cache_key(ELSEWHERE, t.wide);

	for (unsigned k = 0; k <= HOST_PROBES_FIRST; k++) {
		*e = (struct jump_entry){ k ? jump_cache_tagged(key) : key, emit_entry_of(1) };
		if (!goes_to("hit", 0, ELSEWHERE + (NEXT + 8) % 4096))
			return false;
		if (flags_there() == (!k && op == IR_EXIT_IND && HOST_PROBES_FIRST && !moved))
			return verdict("flags of the hit", "chain", k, 0, 0);
		e->name ^= 0x1000;
		if (!goes_to("other eip", miss, ELSEWHERE))
			return false;
		if (!flags_there())
			return verdict("flags of the miss", "chain", k, 0, 0);
	}
	return true;
}

/* Through the jump cache, to block 1 on another page; then that is closed. */
static bool test_indirect(unsigned op, bool moved)
{
	struct jump_entry *e = &t.jump.entry[jump_cache_first(ELSEWHERE)];
	unsigned miss = op == IR_EXIT_IND ? EXIT_INDIRECT : 0;

	first_block(op, moved);
	if (emit(0) || !second_block() || !goes_to("miss", miss, ELSEWHERE))
		return false;
	*e = (struct jump_entry){ jump_cache_key(ELSEWHERE, t.wide), emit_entry_of(1) };
	if ((op == IR_EXIT && !first_time()) || !test_names(e, op, moved))
		return false;
	e->name ^= 0x1000;
	backend_close(&t.block[1]);
	return goes_to("closed", miss, ELSEWHERE) &&
	       (flags_there() || verdict("flags of the closed", "chain", op, 0, 0)) &&
	       !jump_cache_probe(&t.jump, jump_cache_key(ELSEWHERE, t.wide));
}

/*
 * Links name places as offsets in the cache's pool, which is not there yet. many: patched as it is
 * done with several cores.
 */
static bool test_chains(bool many)
{
	u8 *pool = cache_pool;
	bool ok;

	cache_pool = (u8 *)&t;
	backend_many_cores = many;
	ok = test_direct_chain(NEXT) && test_direct_chain(FAR) && test_indirect(IR_EXIT, false) &&
	     test_indirect(IR_EXIT, t.wide) && test_indirect(IR_EXIT_IND, false) &&
	     test_indirect(IR_EXIT_IND, t.wide);
	cache_pool = pool;
	backend_many_cores = false;
	return ok;
}

/* -- Vectors -- */

/* Numbers that no row finds invalid: floats and doubles between 1 and 2^16. */
static void ordinary(union xmm *v, bool doubles)
{
	for (unsigned n = 0; n < 2; n++) {
		u64 r = next_random();

		v->q[n] = doubles ? (0x3ffull + (r >> 60)) << 52 | (r & 0xfffffffffffff) :
			  ((r >> 28 & 15) + 127) << 23 | (r & 0x7fffff) |
			  (((r >> 60) + 127) << 23 | (r >> 32 & 0x7fffff)) << 32;
	}
}

/* By the row's name: of conversions the first type, of others the last. */
static bool of_doubles(unsigned row)
{
	const char *name = vec_info[row].text, *type = strrchr(name, '_') + 1;

	if (!strncmp(name, "CVT", 3))
		type = strchr(name, '_') + 1;
	return !strncmp(type, "PD", 2) || !strncmp(type, "SD", 2);
}

/* Scalar rows define lane 0 only: it is put into another register's value, as the lifter does. */
static val whole(val v, unsigned row)
{
	const char *name = vec_info[row].text;
	size_t n = strlen(name);
	bool ss = !strcmp(name + n - 2, "SS"), sd = !strcmp(name + n - 2, "SD");

	if (t.ir->v[v].type != T_V128 || (!ss && !sd))
		return v;
	return put((struct ir_insn){ .op = IR_VEC, .type = T_V128, .b = v, .a = input(T_V128, 2),
				     .k = ss ? VEC_MERGE_W : VEC_MERGE_D });
}

static bool test_row(unsigned row, unsigned y)
{
	static const u8 lanes[] = { 0x00, 0xff, 0x80, 0x7f };
	unsigned shape = vec_info[row].shape;
	struct ir_insn in = { .op = IR_VEC, .k = row, .y = y };
	u64 r = next_random();

	block_begin();
	in.type = shape == VSH_TOI || shape == VSH_TOI2 ? T_I32 : shape == VSH_TOL ? T_I64 : T_V128;
	in.a = input(shape == VSH_FROMI ? T_I32 : shape == VSH_FROML ? T_I64 : T_V128, 0);
	if (shape == VSH_BIN || shape == VSH_TOI2 || shape == VSH_TER)
		in.b = input(T_V128, 1);
	else if (shape == VSH_INS || shape == VSH_INSL)
		in.b = input(shape == VSH_INS ? T_I32 : T_I64, 1);
	if (shape == VSH_TER)
		in.c = input(T_V128, 2);
	output(whole(put(in), row));
	block_end(0, NEXT);
	operands_set((s64)r, (s64)next_random());
	for (unsigned n = 0; n < 2; n++) {
		union xmm *v = &cpu()->xmm[xmm_of(n)];

		if (!vec_info[row].pure)
			ordinary(v, of_doubles(row));
		for (unsigned k = 0; vec_info[row].pure && k < 16; k++)
			v->b[k] = r >> (k + 8) & 1 ? (u8)next_random() : lanes[next_random() & 3];
		if (n && r >> 40 & 1)		/* a count within the width */
			v->q[0] &= 31;
	}
	return check(vec_info[row].text, y, (s64)cpu()->xmm[xmm_of(0)].q[0],
		     (s64)cpu()->xmm[xmm_of(1)].q[0]);
}

/* What y may be. */
static unsigned immediates(unsigned row)
{
	switch (row) {
	case VEC_CMP_PS: case VEC_CMP_PD: case VEC_CMP_SS: case VEC_CMP_SD: return 8;
	case VEC_SHUF_W: case VEC_SHUFL_H: case VEC_SHUFH_H: case VEC_SHUF2_W: return 256;
	case VEC_LANE_W: case VEC_SHUF2_D: return 4;
	case VEC_LANE_H: case VEC_SETLANE_H: return 8;
	case VEC_LANE_B: case VEC_SETLANE_B: return 16;
	case VEC_SETLANE_W: return 4;
	case VEC_LANE_D: case VEC_SETLANE_D: return 2;
	case VEC_BLEND_H: case VEC_COPY_W: return 256;
	case VEC_BLEND_W: case VEC_ROUND_PS: case VEC_ROUND_PD: case VEC_ROUND_SS:
	case VEC_ROUND_SD: return 16;
	case VEC_SLLI_H: case VEC_SLLI_W: case VEC_SLLI_D: case VEC_SRLI_H: case VEC_SRLI_W:
	case VEC_SRLI_D: case VEC_SRAI_H: case VEC_SRAI_W: case VEC_SLLI_Q: case VEC_SRLI_Q:
		return 66;
	}
	return 1;
}

static bool test_vectors(void)
{
	for (unsigned row = 0; row < VEC_OP_COUNT; row++) {
		if (vec_by_helper(row))
			continue;
		for (unsigned y = 0; y < immediates(row); y++)
			for (unsigned n = 0; n < (immediates(row) > 1 ? 4u : 40u) >> t.wide; n++)
				if (!test_row(row, row == VEC_PERM_B ? 15 : y))
					return false;
	}
	return true;
}

const char *emit_test(void)
{
	bool ok = true;

	t.random = 0x853c49e6748fea9b;
	for (unsigned wide = 0; ok && wide <= HOST_CODE64; wide++) {
		t.wide = wide;
		ok = test_binaries() && test_unaries() && test_mixes() && test_pressure() &&
		     test_exits() && test_chains(false) && test_chains(HOST_MANY_CPUS) &&
		     test_vectors() && emit_test_x87() && emit_test_mix();
	}
	t.wide = false;
	memset(cpu(), 0, sizeof(struct vcpu));
	return ok ? NULL : t.why;
}
