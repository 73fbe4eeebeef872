/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what every encoder of dbt/backend/loongarch64/enc.h makes of a spread of
 * operands, as text for the assembler beside the word. Not the judge: rows.py assembles
 * the text and compares. The rows come from the same insns.def as the encoders, so none
 * can be added without being printed.
 *
 *	row name
 *	name word text		the encoder made this word
 *	name refused text	the encoder panicked
 */
#include "dbt/backend/loongarch64/enc.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "kernel/lib/bits.h"

#define MAX_OPERANDS 4
#define MAX_SPREAD 80

/* An operand kind as the test needs it: range and text. */
enum kind {
#define REG(K, text, lo, hi, pos) K_##K,
#define IMM(K, lo, hi, unit, base, pos, width) K_##K,
#define OFF(K, width) K_##K,
#include "dbt/backend/loongarch64/operands.def"
#undef REG
#undef IMM
#undef OFF
};

static const struct {
	const char *text;
	bool is_reg;
	s64 lo, hi, unit;
} kinds[] = {
#define REG(K, text, lo, hi, pos) { text, true, lo, hi, 1 },
#define IMM(K, lo, hi, unit, base, pos, width) { "", false, lo, hi, unit },
#define OFF(K, width) { "", false, -(2ll << (width)), (2ll << (width)) - 4, 4 },
#include "dbt/backend/loongarch64/operands.def"
#undef REG
#undef IMM
#undef OFF
};

/* One call_n for each row: the encoder with its operands taken from an array. */
#define INSN0(n, op) \
	static void call_##n(struct code *c, const s64 *v) { (void)v; la_##n(c); }
#define INSN1(n, op, A) \
	static void call_##n(struct code *c, const s64 *v) { la_##n(c, (la_##A##_t)v[0]); }
#define INSN2(n, op, A, B) \
	static void call_##n(struct code *c, const s64 *v) \
	{ la_##n(c, (la_##A##_t)v[0], (la_##B##_t)v[1]); }
#define INSN3(n, op, A, B, C) \
	static void call_##n(struct code *c, const s64 *v) \
	{ la_##n(c, (la_##A##_t)v[0], (la_##B##_t)v[1], (la_##C##_t)v[2]); }
#define INSN4(n, op, A, B, C, D) \
	static void call_##n(struct code *c, const s64 *v) \
	{ la_##n(c, (la_##A##_t)v[0], (la_##B##_t)v[1], (la_##C##_t)v[2], (la_##D##_t)v[3]); }
#define INSN3_IF(cond, n, op, A, B, C) INSN3(n, op, A, B, C)
#define INSN4_IF(cond, n, op, A, B, C, D) INSN4(n, op, A, B, C, D)
#include "dbt/backend/loongarch64/insns.def"
#undef INSN0
#undef INSN1
#undef INSN2
#undef INSN3
#undef INSN4
#undef INSN3_IF
#undef INSN4_IF

struct row {
	const char *name;
	void (*call)(struct code *c, const s64 *v);
	unsigned count;
	enum kind kind[MAX_OPERANDS];
	bool condition;		/* what one operand may be depends on another */
};

static const struct row rows[] = {
#define INSN0(n, op) { #n, call_##n, 0, { 0 }, false },
#define INSN1(n, op, A) { #n, call_##n, 1, { K_##A }, false },
#define INSN2(n, op, A, B) { #n, call_##n, 2, { K_##A, K_##B }, false },
#define INSN3(n, op, A, B, C) { #n, call_##n, 3, { K_##A, K_##B, K_##C }, false },
#define INSN4(n, op, A, B, C, D) \
	{ #n, call_##n, 4, { K_##A, K_##B, K_##C, K_##D }, false },
#define INSN3_IF(cond, n, op, A, B, C) { #n, call_##n, 3, { K_##A, K_##B, K_##C }, true },
#define INSN4_IF(cond, n, op, A, B, C, D) \
	{ #n, call_##n, 4, { K_##A, K_##B, K_##C, K_##D }, true },
#include "dbt/backend/loongarch64/insns.def"
};

static jmp_buf refused;

void panic(const char *fmt, ...)
{
	(void)fmt;
	longjmp(refused, 1);
}

/* The mnemonic: '.' for each '_', but for the one of "_db". */
static void print_text(const struct row *r, const s64 *v)
{
	for (const char *p = r->name; *p; p++)
		putchar(*p == '_' && strncmp(p, "_db", 3) ? '.' : *p);
	for (unsigned i = 0; i < r->count; i++)
		printf("%s %s%lld", i ? "," : "", kinds[r->kind[i]].text, (long long)v[i]);
	putchar('\n');
}

static void try_row(const struct row *r, const s64 *v)
{
	u32 word = 0;
	struct code c = { &word, &word + 1, false };

	if (setjmp(refused)) {
		printf("%s refused ", r->name);
	} else {
		r->call(&c, v);
		if (c.overflow || c.p != c.end)
			printf("%s miswrote ", r->name);
		else
			printf("%s %08x ", r->name, word);
	}
	print_text(r, v);
}

/*
 * Values for one kind: both ends, 0, -1 and 1 unit, an odd number in the middle, each
 * power of two of either sign, and just outside of either end; misaligned if there is a
 * unit. Returns how many.
 */
static unsigned spread(enum kind k, s64 *out)
{
	s64 lo = kinds[k].lo, hi = kinds[k].hi, unit = kinds[k].unit;
	unsigned n = 0;

	out[n++] = lo;
	out[n++] = hi;
	out[n++] = hi + unit;
	if (!kinds[k].is_reg || lo > 0)
		out[n++] = lo - unit;
	if (unit > 1)
		out[n++] = lo + unit + 1;
	for (s64 v = unit; v < hi; v *= 2)
		out[n++] = v;
	if (lo < 0) {
		out[n++] = 0;
		for (s64 v = -unit; v > lo; v *= 2)
			out[n++] = v;
	}
	return n;
}

/* A value inside the range that differs from operand to operand. */
static s64 middle(enum kind k, unsigned i)
{
	static const s64 parts[] = { 21, 10, 7, 3 };
	s64 unit = kinds[k].unit, span = (kinds[k].hi - kinds[k].lo) / unit;

	return kinds[k].lo + (span * parts[i] + 16) / 32 * unit;
}

/* Each operand runs through its spread while the others stay as in base. */
static void print_spreads(const struct row *r, const s64 *base)
{
	s64 values[MAX_SPREAD], v[MAX_OPERANDS];

	for (unsigned i = 0; i < r->count; i++) {
		unsigned n = spread(r->kind[i], values);

		memcpy(v, base, sizeof(v));
		for (unsigned j = 0; j < n; j++) {
			v[i] = values[j];
			try_row(r, v);
		}
	}
}

static void print_row(const struct row *r)
{
	s64 mid[MAX_OPERANDS] = { 0 }, lo[MAX_OPERANDS] = { 0 }, hi[MAX_OPERANDS] = { 0 };

	printf("row %s\n", r->name);
	for (unsigned i = 0; i < r->count; i++) {
		mid[i] = middle(r->kind[i], i);
		lo[i] = kinds[r->kind[i]].lo;
		hi[i] = kinds[r->kind[i]].hi;
	}
	try_row(r, mid);
	try_row(r, lo);
	try_row(r, hi);
	print_spreads(r, mid);
	if (r->condition) {
		print_spreads(r, lo);
		print_spreads(r, hi);
	}
	for (unsigned i = 0; i < r->count; i++) {	/* equal operands: some rows refuse them */
		for (unsigned j = 0; j < i; j++) {
			s64 v[MAX_OPERANDS];

			memcpy(v, mid, sizeof(v));
			v[i] = v[j];
			try_row(r, v);
		}
	}
}

int main(void)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		print_row(&rows[i]);
	return 0;
}
