/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Division, power series and their coefficients in 128 bits. Not any one function.
 * Invariant: a series' argument and coefficients are fractions and no partial sum reaches 1.
 */
#include "dbt/fp/softfp_wide.h"

const u128 f80_inv_factorial[34] = {
	U128(0x8000000000000000, 0x0000000000000000),
	U128(0x2aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa),
	U128(0x0aaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa),
	U128(0x0222222222222222, 0x2222222222222222),
	U128(0x005b05b05b05b05b, 0x05b05b05b05b05b0),
	U128(0x000d00d00d00d00d, 0x00d00d00d00d00d0),
	U128(0x0001a01a01a01a01, 0xa01a01a01a01a01a),
	U128(0x00002e3bc74aad8e, 0x671f5583911ca002),
	U128(0x0000049f93edde27, 0xd71cbbc05b4fa999),
	U128(0x0000006b99159fd5, 0x138e3f9d1f92e0df),
	U128(0x00000008f76c77fc, 0x6c4bdaa26d4c3d67),
	U128(0x00000000b092309d, 0x43684be51c198e91),
	U128(0x000000000c9cba54, 0x603e4e905d6f8a2e),
	U128(0x0000000000d73f9f, 0x399dc0f88ec32b58),
	U128(0x00000000000d73f9, 0xf399dc0f88ec32b5),
	U128(0x000000000000ca96, 0x3b81856a53593028),
	U128(0x0000000000000b41, 0x3c31dcbecbbdd802),
	U128(0x0000000000000097, 0xa4da340a0ab92650),
	U128(0x0000000000000007, 0x950ae900808941ea),
	U128(0x0000000000000000, 0x5c6e3bdb73d5c62f),
	U128(0x0000000000000000, 0x04338e5b6dfe14a5),
	U128(0x0000000000000000, 0x002ec368262c7033),
	U128(0x0000000000000000, 0x0001f2cf01972f57),
	U128(0x0000000000000000, 0x000013f3ccdd165f),
	U128(0x0000000000000000, 0x000000c4742fe352),
	U128(0x0000000000000000, 0x0000000746ac70b7),
	U128(0x0000000000000000, 0x0000000042862898),
	U128(0x0000000000000000, 0x00000000024b3f31),
	U128(0x0000000000000000, 0x000000000013932c),
	U128(0x0000000000000000, 0x000000000000a1a6),
	U128(0x0000000000000000, 0x000000000000050d),
	U128(0x0000000000000000, 0x0000000000000027),
	U128(0x0000000000000000, 0x0000000000000001),
	U128(0x0000000000000000, 0x0000000000000000),
};

const u128 f80_inv_odd[25] = {
	U128(0x5555555555555555, 0x5555555555555555),
	U128(0x3333333333333333, 0x3333333333333333),
	U128(0x2492492492492492, 0x4924924924924924),
	U128(0x1c71c71c71c71c71, 0xc71c71c71c71c71c),
	U128(0x1745d1745d1745d1, 0x745d1745d1745d17),
	U128(0x13b13b13b13b13b1, 0x3b13b13b13b13b13),
	U128(0x1111111111111111, 0x1111111111111111),
	U128(0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f),
	U128(0x0d79435e50d79435, 0xe50d79435e50d794),
	U128(0x0c30c30c30c30c30, 0xc30c30c30c30c30c),
	U128(0x0b21642c8590b216, 0x42c8590b21642c85),
	U128(0x0a3d70a3d70a3d70, 0xa3d70a3d70a3d70a),
	U128(0x097b425ed097b425, 0xed097b425ed097b4),
	U128(0x08d3dcb08d3dcb08, 0xd3dcb08d3dcb08d3),
	U128(0x0842108421084210, 0x8421084210842108),
	U128(0x07c1f07c1f07c1f0, 0x7c1f07c1f07c1f07),
	U128(0x0750750750750750, 0x7507507507507507),
	U128(0x06eb3e45306eb3e4, 0x5306eb3e45306eb3),
	U128(0x0690690690690690, 0x6906906906906906),
	U128(0x063e7063e7063e70, 0x63e7063e7063e706),
	U128(0x05f417d05f417d05, 0xf417d05f417d05f4),
	U128(0x05b05b05b05b05b0, 0x5b05b05b05b05b05),
	U128(0x0572620ae4c415c9, 0x882b9310572620ae),
	U128(0x05397829cbc14e5e, 0x0a72f05397829cbc),
	U128(0x0505050505050505, 0x0505050505050505),
};

u128 f80_series(u128 z, const u128 *c, unsigned n)
{
	u128 acc = c[n - 1];
	for (unsigned k = n - 1; k-- > 0;)
		acc = c[k] + mulhi128(z, acc);
	return acc;
}

u128 f80_series_alt(u128 z, const u128 *c, unsigned n)
{
	u128 acc = c[n - 1];
	for (unsigned k = n - 1; k-- > 0;)
		acc = c[k] - mulhi128(z, acc);
	return acc;
}

u128 f80_series_alt2(u128 z, const u128 *c, unsigned n)
{
	u128 acc = c[2 * n - 2];
	for (unsigned k = n - 1; k-- > 0;)
		acc = c[2 * k] - mulhi128(z, acc);
	return acc;
}

/* One 64-bit quotient digit of n * 2^64 / d, n < d; the remainder replaces n. */
static u64 wide_digit(u128 *n, u128 d)
{
	u64 dh = (u64)(d >> 64), dl = (u64)d, nh = (u64)(*n >> 64), r;
	u64 q = nh < dh ? f80_div_128(nh, (u64)*n, dh, &r) : ~0ull;
	u128 rest = *n - (u128)q * dh;
	while (!(rest >> 64) && (u128)q * dl > rest << 64) {
		q--;
		rest += dh;
	}
	*n = (rest << 64) - (u128)q * dl;
	return q;
}

struct wide f80_wide_div(struct wide a, struct wide b)
{
	s32 exp = a.exp - b.exp;
	u128 n = a.m;
	if (n >= b.m)
		n >>= 1;		/* loses a bit that is far below what counts */
	else
		exp--;
	u128 q = (u128)wide_digit(&n, b.m) << 64;
	q |= wide_digit(&n, b.m);
	return wide_norm(q, exp);
}
