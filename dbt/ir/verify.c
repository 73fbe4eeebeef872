/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The verifier: structure and types of a block. Runs after the lifter and every
 * pass in native tests, and in Loam with `verify = on`. A block that fails has no meaning; the
 * caller panics.
 */
#include "dbt/ir/ir.h"

#include "dbt/ir/vec.h"
#include "dbt/x86/mode.h"

static unsigned type_of(const struct ir *ir, val v) { return ir->v[v].type; }

static const char *operands_defined(const struct ir *ir, unsigned i)
{
	const struct ir_insn *in = &ir->v[i];

	if (in->a >= i || in->b >= i || in->c >= i)
		return "operand used before its definition";
	if (in->a && type_of(ir, in->a) == T_NONE)
		return "operand a has no value";
	if (in->b && type_of(ir, in->b) == T_NONE)
		return "operand b has no value";
	if (in->c && !(ir_info[in->op].effects & IR_X) && type_of(ir, in->c) == T_NONE)
		return "operand c has no value";
	return NULL;
}

static bool same_types(const struct ir *ir, const struct ir_insn *in)
{
	return in->a && in->b && type_of(ir, in->a) == in->type && type_of(ir, in->b) == in->type;
}

static const char *shape_fits(const struct ir *ir, const struct ir_insn *in)
{
	switch (ir_info[in->op].shape) {
	case SH_NONE:
		return in->type ? "result where none belongs" : NULL;
	case SH_CONST:
		return in->a || in->b || !in->type ? "wants a result and no operand" : NULL;
	case SH_UN:
		return !in->a || in->b || type_of(ir, in->a) != in->type ? "unary types" : NULL;
	case SH_BIN:
		return !same_types(ir, in) ? "binary types" : NULL;
	case SH_CMP:
		if (in->type != T_I32 || !in->a || !in->b)
			return "comparison shape";
		return type_of(ir, in->a) != type_of(ir, in->b) ? "comparison types" : NULL;
	case SH_CONV:
		return !in->type ? "conversion without result" : NULL;
	case SH_USE:
		return in->type ? "result of an operation that has none" : NULL;
	}
	return NULL;
}

static const char *vec_fits(const struct ir *ir, const struct ir_insn *in)
{
	static const struct { u8 result, a, b, c; } types[] = {
		[VSH_UN] = { T_V128, T_V128 }, [VSH_BIN] = { T_V128, T_V128, T_V128 },
		[VSH_TOI] = { T_I32, T_V128 }, [VSH_TOI2] = { T_I32, T_V128, T_V128 },
		[VSH_FROMI] = { T_V128, T_I32 }, [VSH_INS] = { T_V128, T_V128, T_I32 },
		[VSH_TER] = { T_V128, T_V128, T_V128, T_V128 }, [VSH_TOL] = { T_I64, T_V128 },
		[VSH_FROML] = { T_V128, T_I64 }, [VSH_INSL] = { T_V128, T_V128, T_I64 },
	};
	unsigned shape;

	if (in->k < 0 || in->k >= VEC_OP_COUNT)
		return "unknown vector row";
	shape = vec_info[in->k].shape;
	if (in->type != types[shape].result || type_of(ir, in->a) != types[shape].a ||
	    type_of(ir, in->b) != types[shape].b || type_of(ir, in->c) != types[shape].c)
		return "vector row's types";
	return NULL;
}

/* Of addresses. */
static unsigned address_type(const struct ir *ir)
{
	return ir->key_flags & KEY_LONG ? T_I64 : T_I32;
}

static const char *atomic_fits(const struct ir *ir, const struct ir_insn *in)
{
	if (in->a && type_of(ir, in->a) != address_type(ir))
		return "address of the wrong type";
	if (in->k < -0x800 || in->k > 0x7ff)
		return "displacement of more than 12 bits";
	if (in->type != (in->x == M_64 ? T_I64 : T_I32) || (in->x != M_64 && in->x != M_32))
		return "atomic operation's width";
	if (type_of(ir, in->b) != in->type || (in->op == IR_CAS && type_of(ir, in->c) != in->type))
		return "atomic operation's operands";
	return ir->ordered ? NULL : "atomic operation in a block that is not ordered";
}

static const char *special(const struct ir *ir, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_SELECT:
		if (!in->a || type_of(ir, in->a) != T_I32 || type_of(ir, in->b) != in->type ||
		    type_of(ir, in->c) != in->type)
			return "select types";
		break;
	case IR_VEC:
		return vec_fits(ir, in);
	case IR_PUTXMM:
		if (!in->a || type_of(ir, in->a) != T_V128)
			return "putxmm of no vector";
		break;
	case IR_PUTREG:
		if ((ir->key_flags & KEY_LONG) && type_of(ir, in->a) != T_I64)
			return "putreg of half a register";
		if (in->x && (ir->v[in->a].op != IR_ADD || !ir_is_const(ir, ir->v[in->a].b)))
			return "late putreg of no sum";
		break;
	case IR_CONST:
	case IR_EIP:
		if (in->type == T_I32 && in->k != (s32)in->k)
			return "i32 constant not sign-extended";
		break;
	case IR_EXIT_IF:
	case IR_LEAVE_IF:
	case IR_RAISE_IF:
		if (!in->a || !in->b || type_of(ir, in->a) != type_of(ir, in->b))
			return "branch types";
		/* fall through */
	case IR_EXIT:
	case IR_EXIT_IND:
	case IR_SYS:
		if (in->c && ir->v[in->c].op != IR_SETF)
			return "operand c of an exit is no setf";
		break;
	case IR_LD:
	case IR_ST:
		if (in->a && type_of(ir, in->a) != address_type(ir))
			return "address of the wrong type";
		if (in->k < -0x800 || in->k > 0x7ff)
			return "displacement of more than 12 bits";
		break;
	case IR_AMO:
	case IR_CAS:
		return atomic_fits(ir, in);
	case IR_FORM:
		if (!in->a || type_of(ir, in->a) != T_I64)
			return "form of no i64";
		break;
	case IR_GETREG:
		if ((ir->key_flags & KEY_LONG) && in->type != T_I64)
			return "getreg of half a register";
		break;
	}
	return NULL;
}

static bool ends_block(unsigned op)
{
	return op == IR_EXIT || op == IR_EXIT_IND || op == IR_SYS || op == IR_RAISE;
}

const char *ir_verify(const struct ir *ir, unsigned *where)
{
	for (unsigned i = 1; i < ir->n; i++) {
		const struct ir_insn *in = &ir->v[i];
		const char *e = operands_defined(ir, i);

		*where = i;
		if (in->op >= IR_OP_COUNT)
			return "unknown operation";
		if (!e)
			e = shape_fits(ir, in);
		if (!e)
			e = special(ir, in);
		if (!e && ends_block(in->op) != (i == ir->n - 1))
			e = "block must end with its one final exit";
		if (e)
			return e;
	}
	return NULL;
}
