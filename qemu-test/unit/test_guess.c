/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guesses (dbt/ir/guess.h) against the evaluator: random blocks of integer operations, loads, flags
 * and state, which end with a conditional exit. What is known of it is what the evaluator does,
 * nothing is known of a block whose condition stands on memory that cannot be told, and most is
 * known of small ones. No vectors, no stores.
 */
#include "dbt/ir/guess.h"

#include "dbt/ir/eval.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/mode.h"
#include "mm/arena.h"
#include "qemu-test/unit/check.h"

#include <stddef.h>
#include <stdlib.h>

enum { ROUNDS = 20000, OPS = 12, THERE = 0x1100, ON = 0x1010, MEMORY = 0x8000, SECRET = 0x9000 };

static u8 memory[0x1000];
static unsigned peeks, secrets;

static u64 seed = 0x9e3779b97f4a7c15ull;

static u32 chance(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)(seed >> 20) % below;
}

static u64 anything(void) { return chance(3) ? (u64)(s64)(int)chance(9) - 4 : seed; }

/* The page at MEMORY can be read by both; the one at SECRET by the evaluator alone. */
static struct fault ld(struct vcpu *c, u64 addr, unsigned size, unsigned intent, void *out)
{
	(void)c, (void)intent;
	memcpy(out, memory + (addr & 0xff0), size);
	return fault_none();
}

static struct fault st(struct vcpu *c, u64 addr, unsigned size, const void *in)
{
	(void)c, (void)addr, (void)size, (void)in;
	return fault_none();
}

static bool peek(struct vcpu *c, gva_t linear, unsigned size, u64 *out)
{
	(void)c;
	peeks++;
	*out = 0;
	if (linear.a >> 12 == SECRET >> 12) {
		secrets++;
		return false;
	}
	memcpy(out, memory + (linear.a & 0xff0), size);
	return true;
}

static struct ir *ir;
static bool wide;

static val put(struct ir_insn in) { return ir_emit(ir, in); }

static val constant(unsigned type, s64 k)
{
	return put((struct ir_insn){ .op = IR_CONST, .type = (u8)type,
				     .k = type == T_I32 ? (s32)k : k });
}

static val load(unsigned type, u32 page)
{
	static const u8 narrow[] = { M_U8, M_S8, M_U16, M_S16, M_32 };
	static const u8 broad[] = { M_U8, M_S8, M_U16, M_S16, M_32, M_U32, M_64 };
	unsigned mem = type == T_I64 ? broad[chance(sizeof(broad))] :
				       narrow[chance(sizeof(narrow))];

	return put((struct ir_insn){ .op = IR_LD, .type = (u8)type, .x = (u8)mem,
				     .a = constant(wide ? T_I64 : T_I32, page + chance(64) * 16),
				     .k = chance(16) * 16 });
}

/* Something that stands on nothing before it. */
static val leaf(unsigned type)
{
	switch (chance(6)) {
	case 0: return constant(type, (s64)anything());
	case 1: return load(type, MEMORY);
	case 2: return put((struct ir_insn){ .op = IR_LDSTATE, .type = (u8)type,
					     .x = type == T_I64 ? M_64 : M_32,
					     .k = offsetof(struct vcpu, help) });
	case 3: if (type == T_I32)
			return put((struct ir_insn){ .op = chance(2) ? IR_ENTRYF : IR_ENTRYCF,
						     .type = T_I32 });
		/* fall through */
	default: return put((struct ir_insn){ .op = IR_GETREG, .type = (u8)type, .k = chance(8) });
	}
}

static val of_type(unsigned type)
{
	for (unsigned tries = 0; tries < 8; tries++) {
		val v = (val)(1 + chance(ir->n));

		if (v < ir->n && ir->v[v].type == type && ir->v[v].op != IR_SETF)
			return v;
	}
	return leaf(type);
}

static void operation(unsigned type)
{
	static const u8 binary[] = { IR_ADD, IR_SUB, IR_MUL, IR_AND, IR_OR, IR_XOR, IR_SHL, IR_SHR,
				     IR_SAR, IR_ROTR, IR_MULHU, IR_MULHS };
	struct ir_insn in = { .type = (u8)type, .a = of_type(type) };

	switch (chance(6)) {
	case 0:
		in.op = (u8)(chance(2) ? IR_CLZ : IR_BSWAP);
		break;
	case 1:
		in.op = (u8)(chance(2) ? IR_SEXT : IR_ZEXT);
		in.k = chance(2) ? 8 : 16;
		break;
	case 2:
		in.op = IR_EXTRACT;
		in.x = (u8)chance(16);
		in.y = (u8)(1 + chance(15));
		break;
	case 3:
		in = (struct ir_insn){ .op = IR_SETCOND, .type = T_I32, .x = (u8)chance(6),
				       .a = in.a, .b = of_type(type) };
		break;
	case 4:
		in = (struct ir_insn){ .op = IR_SELECT, .type = (u8)type, .a = of_type(T_I32),
				       .b = in.a, .c = of_type(type) };
		break;
	default:
		in.op = binary[chance(sizeof(binary))];
		in.b = of_type(type);
	}
	put(in);
}

static struct vcpu state, run;

static void new_state(void)
{
	memset(&state, 0, sizeof(state));
	for (unsigned n = 0; n < 8; n++)
		state.gpr[n] = wide ? anything() : (u32)anything();
	state.help[0] = anything();
	state.cc_op = CC_OP(CC_SUB, 2);
	state.cc_a = anything();
	state.cc_b = anything();
	for (unsigned n = 0; n < sizeof(memory); n++)
		memory[n] = (u8)(chance(2) ? seed >> 7 : 0);
}

/* One block; its guess, and where the evaluator goes. */
static enum guess one(unsigned ops, bool secret, bool *taken)
{
	static u8 room[1 << 18];
	const struct guess_from from = { &state, peek };
	static const struct eval_mem mem = { ld, st };
	unsigned type, cond = chance(6);
	struct arena arena;
	enum guess g;
	val a, b;

	arena_init(&arena, room, sizeof(room));
	ir = ir_new(&arena);
	wide = chance(2);
	new_state();
	ir->guest[0] = (struct ir_guest){ .eip = 0x1000, .len = 4 };
	ir->guests = 1;
	ir->key_flags = KEY_FLAT | KEY_CS32 | KEY_PE | (wide ? KEY_LONG | KEY_LMA : 0);
	type = wide && chance(2) ? T_I64 : T_I32;
	while (ops--)
		operation(wide && chance(2) ? T_I64 : T_I32);
	a = secret ? load(type, SECRET) : of_type(type);
	b = of_type(type);
	g = guess_cond(&from, ir, cond, a, b);
	put((struct ir_insn){ .op = IR_EXIT_IF, .x = (u8)cond, .a = a, .b = b, .k = THERE });
	put((struct ir_insn){ .op = IR_EXIT, .k = ON });
	run = state;
	eval_run(&run, ir, &mem);
	*taken = run.eip == THERE;
	return g;
}

/* Each value is twice the one before: as a tree it has 2^20 leaves, and is given up. */
static enum guess doubled(void)
{
	const struct guess_from from = { &state, peek };
	bool taken;
	val v;

	one(0, false, &taken);
	v = constant(T_I32, 1);
	for (unsigned n = 0; n < 20; n++)
		v = put((struct ir_insn){ .op = IR_ADD, .type = T_I32, .a = v, .b = v });
	return guess_cond(&from, ir, IC_EQ, v, constant(T_I32, 1 << 20));
}

int main(void)
{
	unsigned wrong = 0, known[2] = { 0, 0 }, told = 0;
	const struct guess_from nobody = { NULL, peek };
	bool taken;

	for (unsigned n = 0; n < ROUNDS; n++) {
		bool large = n % 2;
		enum guess g = one(large ? 20 * OPS : OPS, false, &taken);

		known[large] += g != GUESS_UNKNOWN;
		wrong += g != GUESS_UNKNOWN && taken != (g == GUESS_YES);
		told += one(OPS, true, &taken) != GUESS_UNKNOWN;
	}
	CHECK_EQ(wrong, 0, "what is known is so");
	CHECK_EQ(told, 0, "nothing is known of what cannot be told");
	CHECK(secrets > ROUNDS / 2 && peeks > secrets + 1000, "memory was looked at");
	CHECK(known[0] > ROUNDS / 2 * 95 / 100, "nearly all of small blocks is known");
	CHECK(known[1] > ROUNDS / 2 / 10, "something of large ones is");
	CHECK_EQ(doubled(), GUESS_UNKNOWN, "it takes not too long");
	CHECK_EQ(guess_cond(&nobody, ir, IC_EQ, 1, 1), GUESS_UNKNOWN, "nothing without a state");
	return check_done();
}
