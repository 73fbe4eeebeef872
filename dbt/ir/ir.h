/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The intermediate representation: typed SSA in an array, one array for each
 * block, memory from the translation's arena. ops.def defines what each
 * operation means. Host-neutral and guest-neutral but for the flag kinds and
 * the named guest state.
 */
#ifndef DBT_IR_IR_H
#define DBT_IR_IR_H

#include "kernel/lib/types.h"

enum ir_op {
#define OP(name, text, shape, effects) IR_##name,
#include "dbt/ir/ops.def"
#undef OP
	IR_OP_COUNT,
};

enum ir_type { T_NONE, T_I32, T_I64, T_V128 };

/* How a comparison compares; all on the operands' full width. */
enum ir_cond { IC_EQ, IC_NE, IC_LT, IC_GE, IC_LTU, IC_GEU };
static inline enum ir_cond ir_cond_not(enum ir_cond c) { return c ^ 1; }

/* Memory access: width, and extension where the result is wider. */
enum ir_mem { M_U8, M_S8, M_U16, M_S16, M_32, M_U32, M_64, M_128 };

/*
 * x86 reports W = 1 when a read-modify-write meets a page it may not write; an address that is not
 * canonical is #SS where it was made by SS, else #GP; a part of a LOCKed instruction that meets
 * anything but plain memory is not done by itself: the whole instruction is, alone (ALONE); and
 * where it is the word around the operand (PART), a fault has to be found anew, at the operand.
 * SLOT, of LD and ST: a word of the stack, which `memory_order = relaxed` lets pass others.
 */
enum ir_intent {			/* but READ: bits */
	INTENT_READ, INTENT_RMW, INTENT_STACK, INTENT_ATOMIC = 4, INTENT_PART = 8,
	INTENT_SLOT = 16,
};

/* AMO: what it does to memory. */
enum ir_amo { AMO_SWAP, AMO_ADD, AMO_AND, AMO_OR, AMO_XOR };
#define IR_AMO_SHIFT 4

enum ir_jump { JUMP_PLAIN, JUMP_CALL, JUMP_RET };

/* How a direct exit goes on: with the next instruction, or as a branch, or as a CALL. */
enum ir_way { WAY_ON, WAY_JUMP, WAY_CALL };

/* A value: the index of its defining instruction. 0 = none (instruction 0 is always a NOP). */
typedef u16 val;

struct ir_insn {
	u8 op, type;
	u8 x, y;
	val a, b, c;
	u16 guest;		/* index in ir.guest of the x86 instruction it belongs to */
	s64 k;
};

#define IR_MAX 2048		/* instructions of one block */
#define IR_GUEST_MAX 96		/* x86 instructions of one block */
#define IR_VALUE_SIZE 16		/* bytes of a value for the evaluator */
#define IR_GUEST_RESERVE 192	/* a new x86 instruction is begun only if so many are left */

struct ir_guest {
	u64 eip;
	u8 len;
};

struct ir {
	struct ir_insn *v;	/* IR_MAX of them */
	unsigned n;
	struct ir_guest *guest;	/* IR_GUEST_MAX of them */
	unsigned guests;
	void *values;		/* IR_MAX * IR_VALUE_SIZE bytes: the evaluator's (eval.c) */
	u32 key_flags;		/* mode the block was lifted for (dbt/x86/mode.h) */
	/* other CPUs run: accesses in x86's order, LOCK in one step (docs/memory-order.md) */
	bool ordered;
	bool relaxed;		/* ordered, but for accesses of INTENT_SLOT */
	bool full;		/* something did not fit: the block means nothing */
};

struct arena;

/* An empty block; memory belongs to the arena. */
struct ir *ir_new(struct arena *a);

/*
 * Append; returns the new value (its index). When the block is full, that is noted and the value
 * is 0: whoever lifts asks for ir->full when the block is done.
 */
static inline val ir_emit(struct ir *ir, struct ir_insn in)
{
	if (ir->n == IR_MAX) {
		ir->full = true;
		return 0;
	}
	in.guest = ir->guests ? ir->guests - 1 : 0;
	ir->v[ir->n] = in;
	return ir->n++;
}

static inline struct ir_insn *ir_at(struct ir *ir, val v) { return &ir->v[v]; }
static inline bool ir_is_const(const struct ir *ir, val v) { return ir->v[v].op == IR_CONST; }

/* Effects, as ops.def lists them. */
enum ir_effect { IR_P = 1, IR_R = 2, IR_W = 4, IR_F = 8, IR_X = 16 };
enum ir_shape { SH_NONE, SH_CONST, SH_UN, SH_BIN, SH_CMP, SH_TER, SH_CONV, SH_USE };

struct ir_op_info {
	const char *text;
	u8 shape, effects;
};
extern const struct ir_op_info ir_info[IR_OP_COUNT];

/* Sets of operations, bit n for operation n: one shift says whether one is in it. */
#define IR_SET(op) (1ull << IR_##op)
static inline bool ir_in(u64 set, const struct ir_insn *in) { return set >> in->op & 1; }

#define P IR_P
#define R IR_R
#define W IR_W
#define F IR_F
#define X IR_X
#define OP(name, text, shape, effects) | (u64)((effects) == IR_P) << IR_##name
static const u64 ir_ops_pure = 0
#include "dbt/ir/ops.def"
;
#undef OP
#define OP(name, text, shape, effects) | (u64)((effects) == IR_R) << IR_##name
static const u64 ir_ops_reading = 0
#include "dbt/ir/ops.def"
;
#undef OP
#define OP(name, text, shape, effects) | (u64)!!((effects) & IR_F) << IR_##name
static const u64 ir_ops_faulting = 0
#include "dbt/ir/ops.def"
;
#undef OP
#define OP(name, text, shape, effects) | (u64)!!((effects) & IR_X) << IR_##name
static const u64 ir_ops_leaving = 0
#include "dbt/ir/ops.def"
;
#undef OP
#define OP(name, text, shape, effects) | (u64)(SH_##shape <= SH_CONST) << IR_##name
static const u64 ir_ops_without_operands = 0
#include "dbt/ir/ops.def"
;
#undef OP
#define OP(name, text, shape, effects) | (u64)(SH_##shape == SH_BIN) << IR_##name
static const u64 ir_ops_binary = 0
#include "dbt/ir/ops.def"
;
#undef OP
#undef P
#undef R
#undef W
#undef F
#undef X
_Static_assert(IR_OP_COUNT <= 64, "a bit for each operation");

/* Bytes of an access. */
unsigned ir_mem_size(unsigned mem);

/* May the operation leave the block with a guest fault? */
static inline bool ir_may_fault(const struct ir_insn *in)
{
	return in->op == IR_HELPER ? in->x == 2 : ir_in(ir_ops_faulting, in);
}

/* Row k of vec.def: is it pure? */
bool ir_vec_pure(s64 k);

/* Is it pure: no effect but its result? */
static inline bool ir_pure(const struct ir_insn *in)
{
	return in->op == IR_VEC ? ir_vec_pure(in->k) : ir_in(ir_ops_pure, in);
}

/* May it go if nobody uses its result? It is pure, or reads guest state and cannot fault. */
static inline bool ir_removable(const struct ir_insn *in)
{
	return in->op == IR_VEC ? ir_vec_pure(in->k) :
				  ir_in(ir_ops_pure | ir_ops_reading, in);
}

/* Does it leave the block, or may it? Its operand c is then the flags that it takes along. */
static inline bool ir_leaves(const struct ir_insn *in) { return ir_in(ir_ops_leaving, in); }

/* Is v known to be less than 2^38 either way? */
bool ir_bounded(const struct ir *ir, val v);

bool ir_cond_holds(unsigned cond, s64 a, s64 b);

/* Returns NULL, or what is wrong, with the instruction's index in *where. */
const char *ir_verify(const struct ir *ir, unsigned *where);

/* Print the block as text, one line for each instruction, through `out`. */
void ir_print(const struct ir *ir, void (*out)(const char *line));

#endif
