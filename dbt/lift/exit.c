/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways out of a block. They hand the flags over in a form that the pinned registers can hold,
 * so they stand above flags.c, which stands above emit.c.
 */
#include "dbt/lift/lift.h"

void lift_sys(struct lift *t, enum helper h, val a, val b)
{
	ir_emit(t->ir, (struct ir_insn){ .op = IR_SYS, .a = a, .b = b, .c = lift_flags_full(t),
					 .k = h });
	t->ended = true;
}

void lift_branch(struct lift *t, u64 eip, enum ir_way way)
{
	ir_emit(t->ir, (struct ir_insn){ .op = IR_EXIT, .y = lift_long(t) ? way : WAY_ON,
					 .c = lift_flags_full(t), .k = eip });
	t->ended = true;
}

void lift_exit(struct lift *t, u64 eip) { lift_branch(t, eip, WAY_ON); }

static void exit_if(struct lift *t, enum ir_cond cond, val a, val b, u64 eip, enum ir_way way)
{
	ir_emit(t->ir, (struct ir_insn){ .op = IR_EXIT_IF, .x = cond, .y = way, .a = a, .b = b,
					 .c = lift_flags_full(t), .k = eip });
}

void lift_exit_if(struct lift *t, enum ir_cond cond, val a, val b, u64 eip)
{
	exit_if(t, cond, a, b, eip, WAY_ON);
}

void lift_branch_if(struct lift *t, enum ir_cond cond, val a, val b, u64 eip)
{
	exit_if(t, cond, a, b, eip, lift_long(t) ? WAY_JUMP : WAY_ON);
}

void lift_leave_if(struct lift *t, enum ir_cond cond, val a, val b, u64 eip)
{
	ir_emit(t->ir, (struct ir_insn){ .op = IR_LEAVE_IF, .x = cond, .a = a, .b = b,
					 .c = lift_flags_full(t), .k = eip });
}

void lift_exit_ind(struct lift *t, val eip, enum ir_jump kind, s64 moved)
{
	ir_emit(t->ir, (struct ir_insn){ .op = IR_EXIT_IND, .x = kind, .a = eip,
					 .c = lift_flags_full(t), .k = lift_long(t) ? moved : 0 });
	t->ended = true;
}
