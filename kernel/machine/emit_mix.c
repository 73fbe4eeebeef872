/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random blocks: dozens of integer operations on each other's results, of both types, with parts of
 * the state in between. What one operation alone cannot show: which extension a register holds,
 * values that stand for others, spills. Each also after the passes, beside the evaluator's state.
 */
#include "kernel/machine/emit_test.h"

#include "dbt/opt/opt.h"
#include "dbt/x86/cc.h"
#include "kernel/machine/emit_block.h"

#include <string.h>

#define BLOCKS 1500		/* of each mode */
#define OPERATIONS 40
#define VALUES 128

static struct {
	val v[VALUES];
	unsigned n;
	val setf;		/* the flags in force */
	unsigned exits;
} pool;

static unsigned below(unsigned n) { return (unsigned)(next_random() >> 33) % n; }
static unsigned some_type(void) { return below(2) ? T_I32 : T_I64; }

static val keep(val v)
{
	if (pool.n < VALUES)
		pool.v[pool.n++] = v;
	return v;
}

/* Edges, masks of every width, fields of ones. */
static s64 some_number(void)
{
	u64 r = next_random();

	switch (below(4)) {
	case 0: return edges[r % EDGES];
	case 1: return (s64)(~0ull >> (r & 63));
	case 2: return (s64)(~0ull >> (r & 63) << (r >> 6 & 63));
	}
	return (s64)(r >> (r & 63));
}

/* A value of the type, rather a late one. */
static val some(unsigned type)
{
	for (unsigned tries = 0; tries < 12 && pool.n; tries++) {
		unsigned back = below(tries < 6 && pool.n > 8 ? 8 : pool.n);
		val v = pool.v[pool.n - 1 - back];

		if (t.ir->v[v].type == type)
			return v;
	}
	return constant(type, some_number());
}

/* -- Operations -- */

/*
 * Without ROTR: QEMU 10.0 as the host gives 2^31 for ROTRI.W of 0 or 1 by 1, EXT.W.B, BSTRPICK.D
 * one after the other, where 0 is right.
 */
static struct ir_insn binary(unsigned type)
{
	static const u8 ops[] = { IR_ADD, IR_SUB, IR_MUL, IR_MULHU, IR_MULHS, IR_AND, IR_OR,
		IR_XOR, IR_AND, IR_SHL, IR_SHR, IR_SAR };

	return (struct ir_insn){ .op = ops[below(ARRAY_LEN(ops))], .type = type, .a = some(type),
		.b = below(2) ? some(type) : constant(type, some_number()) };
}

static struct ir_insn extension(unsigned type)
{
	static const u8 widths[] = { 8, 16, 32 };
	unsigned from = some_type();
	bool sign = below(2);
	unsigned k = sign ? widths[below(3)] : 1 + below(32);

	if (k == 32 && type == T_I32)
		return (struct ir_insn){ .op = IR_TRUNC, .type = type, .a = some(T_I64) };
	return (struct ir_insn){ .op = sign ? IR_SEXT : IR_ZEXT, .type = type, .a = some(from),
				 .k = k };
}

static struct ir_insn part(unsigned type)
{
	unsigned width = type == T_I32 ? 32 : 64, y = 1 + below(width - 1);
	static const u8 fields[][2] = { { 0, 8 }, { 8, 8 }, { 0, 16 } };
	const u8 *field = fields[below(3)];

	if (below(2))
		return (struct ir_insn){ .op = IR_EXTRACT, .type = type, .a = some(type),
			.x = (u8)below(width - y + 1), .y = (u8)y };
	return (struct ir_insn){ .op = IR_DEPOSIT, .type = type, .a = some(type), .b = some(type),
				 .x = field[0], .y = field[1] };
}

static struct ir_insn comparison(void)
{
	unsigned type = some_type();

	return (struct ir_insn){ .op = IR_SETCOND, .type = T_I32, .x = (u8)(IC_EQ + below(6)),
		.a = some(type), .b = below(2) ? some(type) : constant(type, some_number()) };
}

static struct ir_insn from_state(unsigned type)
{
	static const u8 narrow[] = { M_U8, M_S8, M_U16, M_S16, M_32 };

	return (struct ir_insn){ .op = IR_LDSTATE, .type = type, .k = help_field(below(7)),
		.x = type == T_I32 || below(2) ? narrow[below(5)] : below(2) ? M_U32 : M_64 };
}

static struct ir_insn operation(void)
{
	unsigned type = some_type();

	switch (below(12)) {
	case 0: case 1: case 2: case 3: return binary(type);
	case 4: case 5: case 6: return extension(type);
	case 7: return part(type);
	case 8: return comparison();
	case 9: return (struct ir_insn){ .op = IR_SELECT, .type = type, .a = some(T_I32),
					 .b = some(type), .c = some(type) };
	case 10: return from_state(type);
	}
	return (struct ir_insn){ .op = IR_CLZ + below(IR_BSWAP - IR_CLZ + 1), .type = type,
				 .a = some(type) };
}

/* -- Effects -- */

static void put_register(void)
{
	static const u8 wide[] = { EAX, EBX, ESI, 9, 13 };
	val v = some(t.wide && below(2) ? T_I64 : T_I32);

	if (t.wide && t.ir->v[v].type == T_I32)
		v = put((struct ir_insn){ .op = IR_ZEXT, .type = T_I64, .a = v, .k = 32 });
	put((struct ir_insn){ .op = IR_PUTREG, .a = v,
			      .k = t.wide ? wide[below(5)] : EBX + (below(5) + 1) % 5 });
}

static void put_state(void)
{
	static const u8 modes[] = { M_U8, M_U16, M_32, M_64 };
	unsigned type = some_type();

	put((struct ir_insn){ .op = IR_STSTATE, .k = help_field(3 + below(4)), .a = some(type),
			      .x = modes[below(type == T_I32 ? 3 : 4)] });
}

static void set_flags(void)
{
	static const u8 kinds[] = { CC_ADD, CC_SUB, CC_CMP, CC_LOGIC };
	unsigned size = below(t.wide ? 4 : 3), type = size == 3 ? T_I64 : T_I32;
	u8 kind = kinds[below(4)];

	pool.setf = put((struct ir_insn){ .op = IR_SETF, .x = kind, .y = (u8)size,
		.a = some(type), .b = kind == CC_LOGIC ? 0 : some(type) });
}

static void exit_if(void)
{
	struct ir_insn in = comparison();

	if (++pool.exits >= LINKS / 2)
		return;
	if (below(2))
		set_flags();
	put((struct ir_insn){ .op = IR_EXIT_IF, .x = in.x, .a = in.a, .b = in.b, .k = NEXT + 4,
			      .c = pool.setf });
}

static void effect(void)
{
	switch (below(8)) {
	case 0: case 1: put_state(); return;
	case 2: exit_if(); return;
	}
	put_register();
}

static void random_block(void)
{
	block_begin();
	pool.n = 0;
	pool.setf = 0;
	pool.exits = 0;
	for (unsigned n = 0; n < 2; n++) {
		keep(input(T_I32, n));
		keep(input(T_I64, n));
	}
	for (unsigned n = 4 + below(OPERATIONS); n--;) {
		keep(put(operation()));
		if (!below(5))
			effect();
	}
	for (unsigned n = 0; n < 4; n++)
		put_register();
	put_state();
	set_flags();
	block_end(pool.setf, NEXT);
}

/*
 * Block `number` as it is and, made once more, after the passes, which must not change what the
 * evaluator makes of it.
 */
static bool test_block(unsigned number, s64 a, s64 b)
{
	u64 random = t.random;
	struct vcpu plain;
	struct opt *o;

	random_block();
	operands_set(a, b);
	if (!check("mix", number, a, b))
		return false;
	plain = t.want;
	t.random = random;
	random_block();
	o = arena_get(&t.arena, sizeof(*o));
	o->ir = t.ir;
	opt_run(o, 0, NULL);
	operands_set(a, b);
	if (!check("mix after the passes", number, a, b))
		return false;
	t.want = plain;
	return verdict(differs(cpu()), "mix by the passes", number, a, b);
}

bool emit_test_mix(void)
{
	for (unsigned n = 0; n < BLOCKS; n++)
		if (!test_block(n, some_number(), some_number()))
			return false;
	return true;
}
