/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FBLD and FBSTP: 18-digit packed BCD. The ten bytes travel as struct f80: digits 0..15 in
 * mant, digits 16 and 17 and the sign (bit 15) in se.
 * Invariant: no digit is validated; a nibble above 9 counts with its value.
 */
#include "dbt/fp/softfp.h"
#include "dbt/fp/softfp_prim.h"

#define BCD_LIMIT 1000000000000000000ull	/* 10^18 */

struct f80 f80_from_bcd(struct f80 bcd)
{
	u64 v = (bcd.se >> 4 & 15) * 10u + (bcd.se & 15);
	for (int shift = 60; shift >= 0; shift -= 4)
		v = v * 10 + (bcd.mant >> shift & 15);
	struct f80 r = f80_from_s64((s64)v);
	r.se |= bcd.se & 0x8000;
	return r;
}

static const struct f80 bcd_indefinite = { 0xc000000000000000ull, 0xffff };

struct f80 f80_to_bcd(struct f80 a, struct fpenv *e)
{
	struct fpenv t = { e->cw, 0 };
	s64 n = (s64)f80_to_int(a, 64, false, &t);
	u64 v = n < 0 ? 0 - (u64)n : (u64)n;
	if ((t.exc & FP_IE) || v >= BCD_LIMIT) {
		e->exc |= FP_IE;
		return bcd_indefinite;
	}
	e->exc |= t.exc;
	struct f80 r = { 0, (u16)f80_sign(a) };
	for (unsigned shift = 0; shift < 64; shift += 4, v /= 10)
		r.mant |= v % 10 << shift;
	r.se |= (u16)(v / 10 << 4 | v % 10);
	return r;
}
