/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what every encoder of a host makes of a spread of operands, as text for the assembler
 * beside the word. Not the judge: rows.py assembles the text and compares. The rows come from
 * the same insns.def as the encoders (rows_HOST.c), so none can be added without being printed.
 *
 *	row name
 *	name word text		the encoder made this word
 *	name refused text	the encoder panicked
 */
#include "qemu-test/enc/rows.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#define MAX_SPREAD 80

static jmp_buf refused;

void panic(const char *fmt, ...)
{
	(void)fmt;
	longjmp(refused, 1);
}

static void print_operand(const struct operand *k, s64 v, bool first)
{
	const char *number = strchr(k->text, '%');

	if (first)
		putchar(' ');
	else if (k->text[0] != '(' && k->text[0] != '[')
		fputs(", ", stdout);
	printf("%.*s%lld%s", (int)(number - k->text), k->text, (long long)v, number + 1);
}

static void print_text(const struct row *r, const s64 *v)
{
	host_mnemonic(r->name);
	for (unsigned i = 0; i < r->count; i++)
		print_operand(r->kind[i], v[i], i == 0);
	putchar('\n');
}

static void try_row(const struct row *r, const s64 *v)
{
	u32 words[MAX_WORDS] = { 0 };

	if (setjmp(refused)) {
		printf("%s refused ", r->name);
	} else if (r->call(words, v) != r->words || words[1]) {
		printf("%s miswrote ", r->name);
	} else {
		printf("%s %08x ", r->name, words[0]);
	}
	print_text(r, v);
}

/*
 * Values for one kind: both ends, 0, -1 and 1 unit, an odd number in the middle, each
 * power of two of either sign, and just outside of either end; misaligned if there is a
 * unit. Returns how many.
 */
static unsigned spread(const struct operand *k, s64 *out)
{
	s64 lo = k->lo, hi = k->hi, unit = k->unit;
	unsigned n = 0;

	out[n++] = lo;
	out[n++] = hi;
	out[n++] = k->past;
	if (!k->is_reg || lo > 0)
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

/* Between hi and past only we refuse: those values are not for the assembler. */
static void check_gap(const struct row *r, const s64 *base, unsigned i)
{
	const struct operand *k = r->kind[i];
	s64 v[MAX_OPERANDS];
	u32 words[MAX_WORDS];

	if (k->past == k->hi + k->unit)
		return;
	memcpy(v, base, sizeof(v));
	v[i] = k->hi + k->unit;
	if (!setjmp(refused)) {
		r->call(words, v);
		printf("%s miswrote ", r->name);
		print_text(r, v);
	}
}

/* A value inside the range that differs from operand to operand. */
static s64 middle(const struct operand *k, unsigned i)
{
	static const s64 parts[] = { 21, 10, 7, 3 };
	s64 span = (k->hi - k->lo) / k->unit;

	return k->lo + (span * parts[i] + 16) / 32 * k->unit;
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
		check_gap(r, base, i);
	}
}

static void print_row(const struct row *r)
{
	s64 mid[MAX_OPERANDS] = { 0 }, lo[MAX_OPERANDS] = { 0 }, hi[MAX_OPERANDS] = { 0 };

	printf("row %s\n", r->name);
	for (unsigned i = 0; i < r->count; i++) {
		mid[i] = middle(r->kind[i], i);
		lo[i] = r->kind[i]->lo;
		hi[i] = r->kind[i]->hi;
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
	for (unsigned i = 0; i < host_rows_count; i++)
		print_row(&host_rows[i]);
	return 0;
}
