/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unit test of dbt/backend/loongarch64/konst.c and of the code buffer. The words that
 * la_li() makes are run by a small simulator written from the manual; that they are as
 * few as possible is proved, for each constant, by a search through all shorter sequences.
 * Not a test of the encoders: rows.c is. Prints failures and `N passed, N failed`.
 */
#include "dbt/backend/loongarch64/konst.h"

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

/* -- The simulator: Reference Manual Volume 1, 2.2.1 ------------------------------------ */

/* Run one word on the registers. Returns false for anything but the five instructions. */
static bool step(u64 *r, u32 w)
{
	unsigned rd = w & 31, rj = w >> 5 & 31;
	u64 si12 = (u64)sign_extend(w >> 10, 12), ui12 = w >> 10 & 0xfff;
	u64 si20 = (u64)sign_extend(w >> 5, 20), v;

	if (w >> 22 == 0x00a)			/* addi.w */
		v = (u64)sign_extend(r[rj] + si12, 32);
	else if (w >> 22 == 0x00b)		/* addi.d */
		v = r[rj] + si12;
	else if (w >> 22 == 0x00e)		/* ori */
		v = r[rj] | ui12;
	else if (w >> 25 == 0x0a)		/* lu12i.w */
		v = si20 << 12;
	else if (w >> 25 == 0x0b)		/* lu32i.d */
		v = si20 << 32 | (u32)r[rd];
	else if (w >> 22 == 0x00c)		/* lu52i.d */
		v = si12 << 52 | bits(r[rj], 51, 0);
	else
		return false;
	if (rd)
		r[rd] = v;
	return true;
}

/* -- The search -------------------------------------------------------------------------- */

/*
 * reach(v, k, n): can some sequence of at most n of the instructions leave a register
 * whose low k bits are v's? k is 64, 52 or 32: lu52i.d and lu32i.d replace what is above.
 * Goes backwards from the last instruction. At first the register holds garbage; r0 is a
 * source of zero for each of them but lu32i.d, which reads its destination.
 */
static bool equal_low(u64 a, u64 b, unsigned k) { return !((a ^ b) << (64 - k)); }

static bool reach1(u64 v, unsigned k)
{
	return equal_low((u64)sign_extend(v, 12), v, k) || equal_low(v & 0xfff, v, k) ||
	       (!(v & 0xfff) && equal_low((u64)sign_extend(v, 32), v, k)) ||
	       !bits(v, k > 52 ? 51 : k - 1, 0);
}

static bool reach(u64 v, unsigned k, unsigned n, bool before_si12);

/* The last instruction is an addi or ori of a register that fewer instructions made. */
static bool reach_by_si12(u64 v, unsigned k, unsigned n)
{
	bool is_word = equal_low((u64)sign_extend(v, 32), v, k);

	for (unsigned i = 0; i < 4096; i++) {
		u64 before = v - (u64)sign_extend(i, 12);

		if (reach(before, k, n - 1, true))				/* addi.d */
			return true;
		if (is_word && reach(before, 32, n - 1, true))			/* addi.w */
			return true;
		if ((v & i) == i && reach(v & ~(u64)i, k, n - 1, true))		/* ori */
			return true;
	}
	return false;
}

/* Is v so close to a value of reach1() that an addi or ori may lead from one to the other? */
static bool near_reach1(u64 v)
{
	s64 low = sign_extend(v, 52);

	return (low >= -4096 && low <= 4096) ||
	       ((s64)v >= INT32_MIN - 4096ll && (s64)v <= INT32_MAX + 4096ll);
}

/*
 * before_si12: an addi or ori follows. Then another one here need be searched for only if
 * what comes before it, a single instruction, can make a value that near (saves 2^24 steps).
 */
static bool reach(u64 v, unsigned k, unsigned n, bool before_si12)
{
	if (n == 0)
		return false;
	if (reach1(v, k))
		return true;
	if (n == 1)
		return false;
	if (k > 52 && reach(v, 52, n - 1, false))				/* lu52i.d */
		return true;
	if (k > 32 && equal_low((u64)sign_extend(v, 52), v, k) &&
	    reach(v, 32, n - 1, false))						/* lu32i.d */
		return true;
	if (before_si12 && n == 2 && k == 64 && !near_reach1(v))
		return false;
	return reach_by_si12(v, k, n);
}

/* -- Cases ------------------------------------------------------------------------------- */

static void test_constant(s64 v)
{
	u32 words[5];
	u64 r[32] = { 0 };
	int rd = 1 + (int)((u64)v * 0x9e3779b97f4a7c15u >> 59) % 31;
	struct code c = { words, words + 5, false };
	bool known = true;

	r[rd] = 0xdeadbeefcafef00d;
	la_li(&c, rd, v);
	for (u32 *p = words; p < c.p; p++)
		known &= step(r, *p);
	expect(known && !c.overflow, "not a constant's instruction", v);
	expect(r[rd] == (u64)v, "wrong value", v);
	for (int i = 0; i < 32; i++) {
		if (i != rd && r[i])
			expect(false, "another register written", v);
	}
	expect(!reach((u64)v, 64, (unsigned)(c.p - words) - 1, false),
			"a shorter sequence exists", v);
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

/* Lengths read off the manual: one known constant for each shape. */
static void test_lengths(void)
{
	static const struct { s64 v; unsigned n; } known[] = {
		{ 0, 1 }, { -1, 1 }, { 2047, 1 }, { -2048, 1 }, { 4095, 1 }, { 0x7ffff000, 1 },
		{ INT32_MIN, 1 }, { INT64_MIN, 1 }, { 0x7ff0000000000000, 1 },
		{ -(1ll << 62), 1 },
		{ 4097, 2 }, { -2049, 2 }, { INT32_MAX, 2 }, { 0x80000000, 2 }, { 0xffffffff, 2 },
		{ 1ll << 32, 2 }, { INT64_MAX, 2 }, { INT32_MIN - 1ll, 2 },
		{ INT32_MIN - 2048ll, 2 },
		{ INT32_MIN - 2049ll, 3 }, { 0x123456789, 3 }, { 0x0008000000001000, 3 },
		{ 0x1239abcd12345678, 4 },
	};

	for (unsigned i = 0; i < ARRAY_LEN(known); i++) {
		u32 words[4];
		struct code c = { words, words + 4, false };

		la_li(&c, 4, known[i].v);
		expect(c.p == words + known[i].n, "length", known[i].v);
	}
}

/* A full buffer is written no further and says so; r0 as destination is refused. */
static void test_buffer(void)
{
	u32 words[3] = { 1, 2, 3 };
	struct code c = { words, words + 2, false };

	la_li(&c, 4, 0x12345678);
	expect(c.p == words + 2 && !c.overflow, "buffer exactly full", 2);
	la_nop(&c);
	expect(c.p == words + 2 && c.overflow && words[2] == 3, "overflow", 3);
	c = (struct code){ words, words + 1, false };
	la_li(&c, 4, 0x1239abcd12345678);
	expect(c.p == words + 1 && c.overflow && words[2] == 3, "overflow within a constant", 4);
	panic_expected = true;
	if (!setjmp(panicked)) {
		la_li(&c, 0, 1);
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
