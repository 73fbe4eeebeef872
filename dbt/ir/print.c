/* SPDX-License-Identifier: BSD-2-Clause */
/* The IR as text, for traces and for tests that compare it. One line for each instruction. */
#include "dbt/ir/ir.h"

#include <stdio.h>

static const char *const type_text[] = { "", "i32", "i64", "v128" };
static const char *const cond_text[] = { "eq", "ne", "lt", "ge", "ltu", "geu" };
static const char *const mem_text[] = { "u8", "s8", "u16", "s16", "32", "u32", "64", "128" };

static void print_aux(const struct ir_insn *in, char *buf, size_t size)
{
	switch (in->op) {
	case IR_SETCOND: case IR_EXIT_IF: case IR_RAISE_IF:
		snprintf(buf, size, ".%s", cond_text[in->x]);
		break;
	case IR_LD: case IR_ST: case IR_LDSTATE: case IR_STSTATE:
		snprintf(buf, size, ".%s%s", mem_text[in->x], in->y ? ".rmw" : "");
		break;
	case IR_SETF: case IR_EXTRACT: case IR_DEPOSIT: case IR_HELPER: case IR_VEC:
		snprintf(buf, size, ".%u.%u", in->x, in->y);
		break;
	default:
		buf[0] = 0;
	}
}

static void print_one(const struct ir *ir, unsigned i, void (*out)(const char *))
{
	const struct ir_insn *in = &ir->v[i];
	char aux[16], line[160];
	int n;

	print_aux(in, aux, sizeof(aux));
	n = snprintf(line, sizeof(line), "%08x ", ir->guest[in->guest].eip);
	if (in->type)
		n += snprintf(line + n, sizeof(line) - n, "v%u:%s = ", i, type_text[in->type]);
	n += snprintf(line + n, sizeof(line) - n, "%s%s", ir_info[in->op].text, aux);
	if (in->a)
		n += snprintf(line + n, sizeof(line) - n, " v%u", in->a);
	if (in->b)
		n += snprintf(line + n, sizeof(line) - n, " v%u", in->b);
	if (in->c)
		n += snprintf(line + n, sizeof(line) - n, " v%u", in->c);
	if (in->k)
		snprintf(line + n, sizeof(line) - n, " #%lld", (long long)in->k);
	out(line);
}

void ir_print(const struct ir *ir, void (*out)(const char *line))
{
	for (unsigned i = 1; i < ir->n; i++)
		if (ir->v[i].op != IR_NOP)
			print_one(ir, i, out);
}
