/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unit test of a host's constants (dbt/backend/HOST/konst.c) and of its code buffer. The words
 * are run by a small simulator written from the manual, and a search tries to do with fewer
 * (konst_HOST.c). Not a test of the encoders: rows.c is. Prints failures and
 * `N passed, N failed`.
 */
#include "qemu-test/enc/konst.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/lib/bits.h"

#define RANDOM_CONSTANTS 100000

static unsigned passed, failed;
static jmp_buf panicked;
static bool panic_expected;

void panic(const char *fmt, ...)
{
	va_list args;

	if (panic_expected)
		longjmp(panicked, 1);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	puts("\n0 passed, 1 failed");
	exit(1);
}

static void expect(bool ok, const char *what, s64 v)
{
	if (ok) {
		passed++;
		return;
	}
	if (failed++ < 20)
		printf("FAIL %s: 0x%016llx\n", what, (unsigned long long)v);
}

/* -- Cases ------------------------------------------------------------------------------- */

static void test_constant(s64 v)
{
	u32 words[HOST_LI_MAX];
	u64 r[32] = { 0 };
	int rd = 1 + (int)((u64)v * 0x9e3779b97f4a7c15u >> 59) % 31;
	struct words w = { words, words + HOST_LI_MAX, false };
	bool known = true;

	r[rd] = 0xdeadbeefcafef00d;
	host_li(&w, rd, v);
	for (u32 *p = words; p < w.p; p++)
		known &= host_step(r, *p);
	expect(known && !w.overflow, "not a constant's instruction", v);
	expect(r[rd] == (u64)v, "wrong value", v);
	for (int i = 0; i < 32; i++) {
		if (i != rd && r[i])
			expect(false, "another register written", v);
	}
	expect(!host_shorter(v, (unsigned)(w.p - words)), "a shorter sequence exists", v);
}

static u64 next_random(void)
{
	static u64 s = 0x853c49e6748fea9b;

	s ^= s << 13;
	s ^= s >> 7;
	return s ^= s << 17;
}

/* A random constant of which random pieces are 0 or all ones, as code addresses and masks are. */
static s64 random_constant(void)
{
	static const u64 piece[] = { 0xfff, 0xfffff000, 0xfffff00000000, 0xfff0000000000000 };
	u64 v = next_random(), how = next_random();

	for (unsigned i = 0; i < 4; i++, how >>= 2) {
		if ((how & 3) == 0)
			v &= ~piece[i];
		else if ((how & 3) == 1)
			v |= piece[i];
	}
	return (s64)v;
}

static void test_constants(void)
{
	static const u64 near[] = { 0, 2048, 4096, 1u << 31, 1ull << 32, 1ull << 51, 1ull << 52,
		1ull << 63, 0x5555555555555555, 0x123456789abcdef0, 3ull << 62, 1ull << 47 };
	static const s64 off[] = { 0, 1, 2, 2046, 2047, 2048, 2049, 4094, 4095, 4096, 4097, 6143,
		8191, 8192 };

	for (unsigned i = 0; i < ARRAY_LEN(near); i++) {
		for (unsigned j = 0; j < ARRAY_LEN(off); j++) {
			test_constant((s64)(near[i] + (u64)off[j]));
			test_constant((s64)(near[i] - (u64)off[j]));
			test_constant((s64)-(near[i] + (u64)off[j]));
			test_constant((s64)(0xabc0000000000000 + near[i] - (u64)off[j]));
		}
	}
	for (unsigned i = 0; i < 64; i++) {
		test_constant((s64)(1ull << i));
		test_constant((s64)((1ull << i) - 1));
		test_constant((s64)~(1ull << i));
		test_constant((s64)-(1ull << i));
	}
	for (unsigned i = 0; i < RANDOM_CONSTANTS; i++)
		test_constant(i % 4 ? random_constant() : (s64)next_random());
}

static void test_lengths(void)
{
	for (unsigned i = 0; i < host_known_count; i++) {
		u32 words[HOST_LI_MAX];
		struct words w = { words, words + HOST_LI_MAX, false };

		host_li(&w, 4, host_known[i].v);
		expect(w.p == words + host_known[i].n, "length", host_known[i].v);
	}
}

/* A full buffer is written no further and says so; r0 as destination is refused. */
static void test_buffer(void)
{
	u32 words[3] = { 1, 2, 3 };
	struct words w = { words, words + 2, false };

	host_li(&w, 4, 0x12345678);
	expect(w.p == words + 2 && !w.overflow, "buffer exactly full", 2);
	host_nop(&w);
	expect(w.p == words + 2 && w.overflow && words[2] == 3, "overflow", 3);
	w = (struct words){ words, words + 1, false };
	host_li(&w, 4, 0x1239abcd12345678);
	expect(w.p == words + 1 && w.overflow && words[2] == 3, "overflow within a constant", 4);
	panic_expected = true;
	if (!setjmp(panicked)) {
		host_li(&w, 0, 1);
		expect(false, "r0 accepted", 0);
	} else {
		expect(true, "r0 refused", 0);
	}
	panic_expected = false;
}

int main(void)
{
	test_buffer();
	test_lengths();
	test_constants();
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
