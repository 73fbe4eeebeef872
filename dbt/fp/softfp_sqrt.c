/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 80-bit square root. Not rounding.
 * Invariant: the integer root is exact with its remainder (Zimmermann's Karatsuba square
 * root), so the bits below it follow from comparing the remainder with the root.
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_prim.h"

/* floor(sqrt(v)), bit by bit; v >= 2^30. */
static u32 sqrt_32(u32 v, u32 *rem)
{
	u32 root = 0;
	for (u32 bit = 1u << 30; bit; bit >>= 2) {
		u32 t = root + bit;
		u32 take = v >= t;
		v -= take ? t : 0;
		root = (root >> 1) + (take ? bit : 0);
	}
	*rem = v;
	return root;
}

/* The same for v >= 2^62. The remainder is at most twice the root: 33 bits. */
static u64 sqrt_64(u64 v, u64 *rem)
{
	u32 r32;
	u64 s = sqrt_32((u32)(v >> 32), &r32);
	u64 n = (u64)r32 << 16 | (v >> 16 & 0xffff);
	u64 q = n / (2 * s), u = n % (2 * s);
	s64 r = (s64)(u << 16 | (v & 0xffff)) - (s64)(q * q);
	s = (s << 16) + q;
	if (r < 0) {
		r += (s64)(2 * s - 1);
		s--;
	}
	*rem = (u64)r;
	return s;
}

/* floor(sqrt(v)) for v >= 2^126; *above: remainder > root, that is, the fraction is over a half. */
static u64 sqrt_128(u128 v, bool *exact, bool *above)
{
	u64 rh, s = sqrt_64((u64)(v >> 64), &rh);
	u128 n = (u128)rh << 32 | (u64)v >> 32;		/* up to 65 bits */
	u64 q = (u64)(n >> 1) / s;			/* n / (2 s) */
	u128 u = n - (u128)q * 2 * s;
	__int128 r = (__int128)(u << 32 | ((u64)v & 0xffffffff)) - (__int128)((u128)q * q);
	u128 root = ((u128)s << 32) + q;
	if (r < 0) {
		r += (__int128)(2 * root - 1);
		root--;
	}
	*exact = r == 0;
	*above = r > (__int128)root;
	return (u64)root;
}

struct f80 f80_sqrt(struct f80 a, struct fpenv *e)
{
	if (f80_is_bad(a))
		return f80_nan1(a, e);
	if (f80_is_zero(a))
		return a;
	if (f80_sign(a))
		return f80_invalid(e);
	if (f80_denormal_stop(a, a, e) || f80_is_inf(a))
		return a;
	struct num x = f80_num(a);
	s32 k = x.exp - F80_BIAS;
	bool exact, above;
	u64 root = sqrt_128((u128)x.mant << (63 + (k & 1)), &exact, &above);
	u64 lo = exact ? 0 : (u64)above << 63 | 1;
	return f80_round((struct num){ root, (k >> 1) + F80_BIAS, 0 }, lo, e);
}
