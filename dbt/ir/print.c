/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IR as text, for traces and for tests that compare it: one line for each instruction that is
 * no NOP. text.h describes the form; qemu-test/opt/parse.c reads it back.
 */
#include "dbt/ir/text.h"

#include "dbt/ir/vec.h"

#include <stdio.h>

const char *const ir_type_text[] = { "", "i32", "i64", "v128" };
const char *const ir_cond_text[] = { "eq", "ne", "lt", "ge", "ltu", "geu" };
const char *const ir_mem_text[] = { "u8", "s8", "u16", "s16", "32", "u32", "64", "128" };
const char *const ir_cc_text[] = {
	[CC_EFLAGS] = "eflags", [CC_ADD] = "add", [CC_SUB] = "sub", [CC_CMP] = "cmp",
	[CC_LOGIC] = "logic", [CC_MUL] = "mul",
	[CC_SHL] = "shl", [CC_SHR] = "shr", [CC_SAR] = "sar", [CC_FCOM] = "fcom",
	[CC_ADC] = "adc", [CC_SBB] = "sbb", [CC_INC_KEEP] = "inc_keep",
	[CC_DEC_KEEP] = "dec_keep", [CC_SHLV] = "shlv", [CC_SHRV] = "shrv",
	[CC_SARV] = "sarv", [CC_ROL] = "rol", [CC_ROR] = "ror",
	[CC_MASKED] = "masked", [CC_CARRY] = "carry",
};
const char *const ir_helper_text[] = {
#define HELPER(name, class) #name,
#include "dbt/ir/helpers.def"
#undef HELPER
};

const char *const ir_amo_text[] = { "swap", "add", "and", "or", "xor" };
const char *const ir_way_text[] = { "", "jump", "call" };

/* A line under way. */
struct line {
	char text[160];
	int n;
};

#define ADD(l, ...) \
	((l)->n += snprintf((l)->text + (l)->n, sizeof((l)->text) - (l)->n, __VA_ARGS__))

static void add_words(struct line *l, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_SETCOND: case IR_LEAVE_IF: case IR_RAISE_IF:
		ADD(l, ".%s", ir_cond_text[in->x]);
		break;
	case IR_EXIT_IF:
		ADD(l, ".%s", ir_cond_text[in->x]);
		/* fall through */
	case IR_EXIT:
		ADD(l, "%s%s", in->y ? "." : "", ir_way_text[in->y]);
		break;
	case IR_LD: case IR_ST: case IR_LDSTATE: case IR_STSTATE:
		ADD(l, ".%s%s%s%s", ir_mem_text[in->x], in->y & INTENT_ATOMIC ? ".lock" :
		    in->y & INTENT_RMW ? ".rmw" : "", in->y & INTENT_STACK ? ".ss" : "",
		    in->y & INTENT_SLOT ? ".slot" : "");
		break;
	case IR_AMO:
		ADD(l, ".%s", ir_amo_text[in->y >> IR_AMO_SHIFT]);
		/* fall through */
	case IR_CAS:
		ADD(l, ".%s%s", ir_mem_text[in->x], in->y & INTENT_STACK ? ".ss" : "");
		break;
	case IR_PUTREG:
		ADD(l, "%s", in->x ? ".late" : "");
		break;
	case IR_SETF:
		ADD(l, ".%s.%u", ir_cc_text[in->x], 8u << in->y);
		break;
	case IR_EXTRACT: case IR_DEPOSIT:
		ADD(l, ".%u.%u", in->x, in->y);
		break;
	case IR_HELPER:
		ADD(l, ".%u.%s", in->x, ir_helper_text[in->k]);
		break;
	case IR_SYS:
		ADD(l, ".%s", ir_helper_text[in->k]);
		break;
	case IR_VEC:
		ADD(l, ".%s.%u", vec_info[in->k].text, in->y);
		break;
	case IR_EXIT_IND:
		ADD(l, ".%u", in->x);
		break;
	}
}

static void add_operands(struct line *l, const struct ir_insn *in)
{
	const val v[] = { in->a, in->b, in->c };
	unsigned count = in->c ? 3 : in->b ? 2 : in->a ? 1 : 0;

	for (unsigned n = 0; n < count; n++)
		if (v[n])
			ADD(l, " v%u", v[n]);
		else
			ADD(l, " -");
}

static void add_k(struct line *l, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_HELPER: case IR_SYS: case IR_VEC:
		break;			/* a word has said it */
	case IR_EXIT: case IR_EXIT_IF: case IR_LEAVE_IF: case IR_RAISE: case IR_RAISE_IF:
	case IR_FORM:
		ADD(l, " #0x%llx", (long long)in->k);
		break;
	default:
		if (in->k)
			ADD(l, " #%lld", (long long)in->k);
	}
}

static void print_one(const struct ir *ir, unsigned i, void (*out)(const char *))
{
	const struct ir_insn *in = &ir->v[i];
	struct line l = { .n = 0 };

	ADD(&l, "%08lx ", (unsigned long)ir->guest[in->guest].eip);
	if (in->type)
		ADD(&l, "v%u:%s = ", i, ir_type_text[in->type]);
	else if (in->op == IR_SETF)
		ADD(&l, "v%u = ", i);
	ADD(&l, "%s", ir_info[in->op].text);
	add_words(&l, in);
	add_operands(&l, in);
	add_k(&l, in);
	out(l.text);
}

void ir_print(const struct ir *ir, void (*out)(const char *line))
{
	for (unsigned i = 1; i < ir->n; i++)
		if (ir->v[i].op != IR_NOP)
			print_one(ir, i, out);
}
