/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MIPS64's constants for konst.c. The search goes backwards from the last instruction and is no
 * proof: of an ORI's or DADDIU's immediates it tries those that leave low bits alike, and it
 * looks for three instructions at most.
 */
#include "dbt/backend/mips64/konst.h"

#include "kernel/lib/bits.h"
#include "qemu-test/enc/konst.h"

/* -- The simulator: MIPS64 Architecture for Programmers, Volume II-A --------------------- */

/* Shifts of doublewords; the functions of 32 and more have bit 2 set. */
static bool step_shift(u64 *r, u32 w)
{
	unsigned rt = w >> 16 & 31, rd = w >> 11 & 31, n = (w >> 6 & 31) + (w & 4 ? 32 : 0);

	switch (w & 0x3b) {
	case 0x38: r[rd] = r[rt] << n; return true;
	case 0x3a: r[rd] = r[rt] >> n; return true;
	case 0x3b: r[rd] = (u64)((s64)r[rt] >> n); return true;
	}
	return false;
}

/* DEXT and DEXTM of bits from 0 on. */
static bool step_extract(u64 *r, u32 w)
{
	unsigned last = (w >> 11 & 31) + ((w & 63) == 1 ? 32 : 0);

	if ((w >> 6 & 31) || ((w & 63) != 1 && (w & 63) != 3))
		return false;
	r[w >> 16 & 31] = bits(r[w >> 21 & 31], last, 0);
	return true;
}

bool host_step(u64 r[32], u32 w)
{
	unsigned rs = w >> 21 & 31, rt = w >> 16 & 31;
	u64 si16 = (u64)sign_extend(w, 16), ui16 = w & 0xffff;

	switch (w >> 26) {
	case 0: return !rs && step_shift(r, w);
	case 9: r[rt] = (u64)sign_extend(r[rs] + si16, 32); return true;
	case 13: r[rt] = r[rs] | ui16; return true;
	case 15: r[rt] = (u64)sign_extend(ui16 << 16, 32); return !rs;
	case 25: r[rt] = r[rs] + si16; return true;
	case 31: return step_extract(r, w);
	}
	return false;
}

/* -- The search -------------------------------------------------------------------------- */

static bool reach1(u64 v)
{
	return fits_signed((s64)v, 16) || !(v >> 16) || (!(v & 0xffff) && fits_signed((s64)v, 32));
}

static bool reach(u64 v, unsigned n);

static bool reach_by_shift(u64 v, unsigned n)
{
	for (unsigned s = 1; s < 64; s++) {
		u64 ones = (1ull << s) - 1;

		if (!(v & ones) && (reach(v >> s, n) || reach((u64)((s64)v >> s), n)))
			return true;					/* dsll */
		if ((v >> (64 - s) == 0 || fits_signed((s64)v, 64 - s)) &&
		    (reach(v << s, n) || reach(v << s | ones, n)))
			return true;					/* dsrl, dsra */
		if (v >> (64 - s) == 0 && reach((u64)sign_extend(v, 64 - s), n))
			return true;					/* dext */
	}
	return false;
}

static bool reach(u64 v, unsigned n)
{
	static const u64 keep[] = { 0, 0xff, 0xff00, 0x7fff, 0x8000 };
	u64 low = v & 0xffff;

	if (!n)
		return false;
	if (reach1(v))
		return true;
	if (n == 1)
		return false;
	for (unsigned i = 0; i < ARRAY_LEN(keep); i++)
		if (low & ~keep[i] && reach(v & ~(low & ~keep[i]), n - 1))
			return true;					/* ori */
	if (reach(v - (u64)sign_extend(low, 16), n - 1) || reach(v + 1, n - 1) ||
	    reach(v - 1, n - 1))
		return true;						/* daddiu */
	return reach_by_shift(v, n - 1);
}

bool host_shorter(s64 v, unsigned n) { return reach((u64)v, n - 1 < 3 ? n - 1 : 3); }

/* -- The rest of the interface ------------------------------------------------------------ */

void host_li(struct words *w, int rd, s64 v)
{
	struct code c = { .p = w->p, .end = w->end };

	mi_li(&c, rd, v);
	w->p = c.p;
	w->overflow |= c.overflow;
}

void host_nop(struct words *w)
{
	struct code c = { .p = w->p, .end = w->end };

	mi_nop(&c);
	w->p = c.p;
	w->overflow |= c.overflow;
}

const struct known host_known[] = {
	{ 0, 1 }, { -1, 1 }, { 32767, 1 }, { -32768, 1 }, { 65535, 1 }, { 0x7fff0000, 1 },
	{ INT32_MIN, 1 }, { -65536, 1 },
	{ 65537, 2 }, { -32769, 2 }, { INT32_MAX, 2 }, { 0x80000000, 2 }, { 0xffffffff, 2 },
	{ 1ll << 32, 2 }, { INT64_MAX, 2 }, { INT64_MIN, 2 }, { 0xffffffffffff, 2 },
	{ 0xfffff000, 2 }, { -(1ll << 62), 2 },
	{ 0x80000001, 3 }, { INT32_MIN - 1ll, 2 }, { 0x123456789, 4 }, { 0x90000000, 2 },
	{ (s64)0x9800000000200000, 4 }, { 0x1239abcd12345678, 6 },
};

const unsigned host_known_count = ARRAY_LEN(host_known);
