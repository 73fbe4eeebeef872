/* SPDX-License-Identifier: BSD-2-Clause */
/* See parse.h. */
#include "qemu-test/opt/parse.h"

#include "dbt/ir/text.h"
#include "dbt/ir/vec.h"
#include "kernel/lib/bits.h"

#include <stdlib.h>
#include <string.h>

#define WORDS 3

/* "op.word.word" taken apart; words that are not there are "". */
struct mnemonic {
	char text[64];
	const char *word[WORDS];
};

static void split(struct mnemonic *m, const char *from, size_t size)
{
	char *at = m->text;

	size = size < sizeof(m->text) ? size : sizeof(m->text) - 1;
	memcpy(m->text, from, size);
	m->text[size] = 0;
	for (unsigned n = 0; n < WORDS; n++) {
		m->word[n] = at;
		at += strcspn(at, ".");
		if (*at)
			*at++ = 0;
	}
}

/* Index of the word in a table of `count` names, or -1. */
static int find(const char *word, const char *const *names, unsigned count)
{
	for (unsigned n = 0; n < count; n++)
		if (!strcmp(names[n], word))
			return (int)n;
	return -1;
}

#define FIND(word, names) find(word, names, ARRAY_LEN(names))

static int find_op(const char *word)
{
	for (unsigned op = 0; op < IR_OP_COUNT; op++)
		if (!strcmp(ir_info[op].text, word))
			return (int)op;
	return -1;
}

static int find_row(const char *word)
{
	for (unsigned row = 0; row < VEC_OP_COUNT; row++)
		if (!strcmp(vec_info[row].text, word))
			return (int)row;
	return -1;
}

static int number(const char *word)
{
	char *end;
	long n = strtol(word, &end, 10);

	return *word && !*end && n >= 0 && n < 256 ? (int)n : -1;
}

/* log2 of the width in bytes, from a width in bits. */
static int log2_width(const char *word)
{
	static const char *const widths[] = { "8", "16", "32", "64" };

	return FIND(word, widths);
}

/* Of a load; -1: none. */
static int intents(const char *word)
{
	if (!*word)
		return INTENT_READ;
	if (!strcmp(word, "lock"))
		return INTENT_RMW | INTENT_ATOMIC;
	return strcmp(word, "rmw") ? -1 : INTENT_RMW;
}

/* The words behind the operation into x, y, k. */
static bool take_words(struct ir_insn *in, const struct mnemonic *m)
{
	const char *first = m->word[1], *second = m->word[2];
	int x = 0, y = 0, k = 0;

	switch (in->op) {
	case IR_SETCOND: case IR_EXIT_IF: case IR_LEAVE_IF: case IR_RAISE_IF:
		x = FIND(first, ir_cond_text);
		y = FIND(second, ir_way_text);
		break;
	case IR_EXIT:
		y = FIND(first, ir_way_text);
		break;
	case IR_LD: case IR_ST: case IR_LDSTATE: case IR_STSTATE:
		x = FIND(first, ir_mem_text);
		y = intents(second);
		break;
	case IR_AMO:
		x = FIND(second, ir_mem_text);
		y = FIND(first, ir_amo_text);
		y = y < 0 ? y : y << IR_AMO_SHIFT | INTENT_RMW | INTENT_ATOMIC;
		break;
	case IR_CAS:
		x = FIND(first, ir_mem_text);
		y = INTENT_RMW | INTENT_ATOMIC;
		break;
	case IR_PUTREG:
		x = !*first ? 0 : strcmp(first, "late") ? -1 : 1;
		break;
	case IR_SETF:
		x = FIND(first, ir_cc_text);
		y = log2_width(second);
		break;
	case IR_EXTRACT: case IR_DEPOSIT:
		x = number(first);
		y = number(second);
		break;
	case IR_HELPER:
		x = number(first);
		k = FIND(second, ir_helper_text);
		break;
	case IR_SYS:
		k = FIND(first, ir_helper_text);
		break;
	case IR_VEC:
		k = find_row(first);
		y = number(second);
		break;
	case IR_EXIT_IND:
		x = number(first);
		break;
	}
	in->x = (u8)x;
	in->y = (u8)y;
	in->k = k;
	return x >= 0 && y >= 0 && k >= 0;
}

/* "vN", or "-" for none. NULL: it is neither. */
static const char *take_value(const char *at, val *v)
{
	char *end;

	if (*at == '-') {
		*v = 0;
		return at + 1;
	}
	if (*at != 'v')
		return NULL;
	*v = (val)strtoul(at + 1, &end, 10);
	return end > at + 1 ? end : NULL;
}

static const char *take_operands(struct ir_insn *in, const char *at)
{
	val *const operand[] = { &in->a, &in->b, &in->c };
	char *end;

	for (unsigned n = 0; *(at += strspn(at, " ")) && *at != '#'; n++) {
		if (n == ARRAY_LEN(operand))
			return "too many operands";
		at = take_value(at, operand[n]);
		if (!at)
			return "not a value";
	}
	if (*at == '#') {
		in->k = strtoll(at + 1, &end, 0);
		if (end == at + 1 || *end)
			return "not a number";
	}
	return NULL;
}

/* "vN = " or "vN:type = ", if the line begins so. NULL: it is wrong. */
static const char *take_name(const char *at, struct ir_insn *in, unsigned *index)
{
	const char *equals = strstr(at, " = ");
	char *end;
	int type;

	if (!equals)
		return at;
	if (*at != 'v')
		return NULL;
	*index = (unsigned)strtoul(at + 1, &end, 10);
	if (*end == ':') {
		struct mnemonic m;

		split(&m, end + 1, (size_t)(equals - end - 1));
		type = FIND(m.word[0], ir_type_text);
		if (type <= 0)
			return NULL;
		in->type = (u8)type;
	}
	return equals + 3;
}

const char *parse_line(struct ir *ir, const char *line)
{
	struct ir_insn in = { 0 };
	unsigned index = ir->n;
	const char *at = take_name(line, &in, &index), *wrong;
	struct mnemonic m;
	int op;

	if (!at)
		return "wrong before =";
	split(&m, at, strcspn(at, " "));
	op = find_op(m.word[0]);
	if (op < 0)
		return "unknown operation";
	in.op = (u8)op;
	if (!take_words(&in, &m))
		return "wrong after the operation's dot";
	wrong = take_operands(&in, at + strcspn(at, " "));
	if (wrong)
		return wrong;
	if (index < ir->n || index >= IR_MAX)
		return "index out of order";
	while (ir->n < index)
		ir_emit(ir, (struct ir_insn){ .op = IR_NOP });
	ir->ordered |= in.op == IR_AMO || in.op == IR_CAS;
	ir_emit(ir, in);
	return NULL;
}
