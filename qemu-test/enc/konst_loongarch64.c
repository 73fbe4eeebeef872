/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LoongArch64's constants for konst.c: that dbt/backend/loongarch64/konst.c makes them in as few
 * words as possible is proved by a search through all shorter sequences.
 */
#include "dbt/backend/loongarch64/konst.h"

#include "kernel/lib/bits.h"
#include "qemu-test/enc/konst.h"

/* -- The simulator: Reference Manual Volume 1, 2.2.1 ------------------------------------ */

bool host_step(u64 r[32], u32 w)
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

bool host_shorter(s64 v, unsigned n) { return reach((u64)v, 64, n - 1, false); }

/* -- The rest of the interface ------------------------------------------------------------ */

void host_li(struct words *w, int rd, s64 v)
{
	struct code c = { .p = w->p, .end = w->end };

	la_li(&c, rd, v);
	w->p = c.p;
	w->overflow |= c.overflow;
}

void host_nop(struct words *w)
{
	struct code c = { .p = w->p, .end = w->end };

	la_nop(&c);
	w->p = c.p;
	w->overflow |= c.overflow;
}

const struct known host_known[] = {
	{ 0, 1 }, { -1, 1 }, { 2047, 1 }, { -2048, 1 }, { 4095, 1 }, { 0x7ffff000, 1 },
	{ INT32_MIN, 1 }, { INT64_MIN, 1 }, { 0x7ff0000000000000, 1 },
	{ -(1ll << 62), 1 },
	{ 4097, 2 }, { -2049, 2 }, { INT32_MAX, 2 }, { 0x80000000, 2 }, { 0xffffffff, 2 },
	{ 1ll << 32, 2 }, { INT64_MAX, 2 }, { INT32_MIN - 1ll, 2 },
	{ INT32_MIN - 2048ll, 2 },
	{ INT32_MIN - 2049ll, 3 }, { 0x123456789, 3 }, { 0x0008000000001000, 3 },
	{ 0x1239abcd12345678, 4 },
};

const unsigned host_known_count = ARRAY_LEN(host_known);
