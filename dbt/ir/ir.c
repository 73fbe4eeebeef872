/* SPDX-License-Identifier: BSD-2-Clause */
/* Building the IR, and what is known of each operation. */
#include "dbt/ir/ir.h"

#include "dbt/ir/vec.h"
#include "kernel/panic.h"
#include "mm/arena.h"

#define P IR_P
#define R IR_R
#define W IR_W
#define F IR_F
#define X IR_X
const struct ir_op_info ir_info[IR_OP_COUNT] = {
#define OP(name, text, shape, effects) [IR_##name] = { text, SH_##shape, effects },
#include "dbt/ir/ops.def"
#undef OP
};
#undef P
#undef R
#undef W
#undef F
#undef X

struct ir *ir_new(struct arena *a)
{
	struct ir *ir = arena_alloc(a, sizeof(*ir));

	ir->v = arena_get(a, IR_MAX * (sizeof(ir->v[0]) + IR_VALUE_SIZE));
	ir->values = ir->v + IR_MAX;
	ir->guest = arena_get(a, IR_GUEST_MAX * sizeof(ir->guest[0]));
	ir->v[0] = (struct ir_insn){ .op = IR_NOP };
	ir->n = 1;
	ir->guests = 0;
	ir->key_flags = 0;
	ir->ordered = ir->relaxed = false;
	ir->full = false;
	return ir;
}

unsigned ir_mem_size(unsigned mem)
{
	static const u8 size[] = {
		[M_U8] = 1, [M_S8] = 1, [M_U16] = 2, [M_S16] = 2,
		[M_32] = 4, [M_U32] = 4, [M_64] = 8, [M_128] = 16,
	};

	return size[mem];
}

bool ir_vec_pure(s64 k) { return vec_info[k].pure; }

bool ir_cond_holds(unsigned cond, s64 a, s64 b)
{
	switch (cond) {
	case IC_EQ: return a == b;
	case IC_NE: return a != b;
	case IC_LT: return a < b;
	case IC_GE: return a >= b;
	case IC_LTU: return (u64)a < (u64)b;
	case IC_GEU: return (u64)a >= (u64)b;
	}
	panic("ir: condition %u", cond);
}

/* Less than 2^34, as indices are before they are scaled. */
static bool narrow(const struct ir *ir, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_ZEXT: case IR_SEXT: return in->k <= 32;
	case IR_EXTRACT: return in->y <= 32;
	case IR_LD: return in->x != M_64 && in->x != M_128;
	case IR_CONST: return in->k > -(1ll << 34) && in->k < 1ll << 34;
	case IR_AND: return ir_is_const(ir, in->b) && ir->v[in->b].k >> 34 == 0;
	}
	return false;
}

bool ir_bounded(const struct ir *ir, val v)
{
	const struct ir_insn *in = &ir->v[v];

	if (in->op == IR_SHL && ir_is_const(ir, in->b) && (u64)ir->v[in->b].k <= 4)
		in = &ir->v[in->a];
	return narrow(ir, in);
}
