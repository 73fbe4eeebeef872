/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the numbers of Intel's x87 differ from AMD's, which dbt/fp/softfp follows, beyond the last
 * place of a transcendental function: VENDOR_X87_NUMBERS of qemu-test/vendor.h. Not a second
 * model: each rule says what to make of ours before it is compared, exactly. SDM vol. 1, 8.3.10
 * promises one unit in the last place and no more (the APM the same); the rest was seen on
 * family 6, model 207. Invariant: without the rule (any other vendor) nothing is changed here.
 */
#ifndef QEMU_TEST_FUZZ_SOFTFP_VENDOR_H
#define QEMU_TEST_FUZZ_SOFTFP_VENDOR_H

#include "dbt/fp/softfp.h"
#include "qemu-test/vendor.h"

#include <stdio.h>

enum sf_rule { SF_TINY, SF_COSINE_C1, SF_NO_UNDERFLOW, SF_BORDER, SF_RULES };

static const char *const sf_rule_names[SF_RULES] = {
	"sine, cosine, tangent below 2^-68: the operand or 1, not rounded, C1 clear",
	"FSINCOS: C1 is the cosine's",
	"FPREM by an infinity, FSCALE by 0: a denormal stays, no unmasked underflow",
	"least normal number and its neighbour, so underflow differs too",
};

static bool sf_intel;
static unsigned long sf_rule_used[SF_RULES];

static inline void sf_vendor_init(void) { sf_intel = vendor_rules() & VENDOR_X87_NUMBERS; }

static inline void sf_vendor_report(void)
{
	for (unsigned k = 0; k < SF_RULES; k++)
		if (sf_rule_used[k])
			printf("%lu results by Intel's rule: %s\n", sf_rule_used[k],
			       sf_rule_names[k]);
}

/* D9 op1 = FSIN, FCOS, FSINCOS or FPTAN of a number so small that it is not computed. */
static inline bool sf_tiny(u8 op0, u8 op1, struct f80 a)
{
	unsigned exp = a.se & 0x7fffu;
	bool trig = op1 == 0xfe || op1 == 0xff || op1 == 0xfb || op1 == 0xf2;

	return sf_intel && op0 == 0xd9 && trig && exp < 0x3fff - 68 && a.mant &&
	       (!exp || a.mant >> 63);
}

/* The control word for our side: rounding to nearest gives the operand, or 1. */
static inline u16 sf_tiny_cw(u16 cw) { return cw & (u16)~FP_RC; }

/* C1 of the cosine. */
static inline u16 sf_cosine_c1(struct f80 a, u16 cw)
{
	struct fpenv e = { cw, 0 };

	f80_cos(a, &e);
	return e.exc & FP_C1;
}

/* FPREM, FPREM1 by an infinity and FSCALE by 0 of a denormal, U not masked: Intel raises none. */
static inline bool sf_no_underflow(u8 op0, u8 op1, struct f80 a, struct f80 b, u16 cw)
{
	bool denormal = !(a.se & 0x7fff) && a.mant && !(a.mant >> 63);
	bool infinity = (b.se & 0x7fff) == 0x7fff && b.mant == 1ull << 63;
	bool zero = !(b.se & 0x7fff) && !b.mant;

	if (!sf_intel || op0 != 0xd9 || !denormal || (cw & FP_UE))
		return false;
	return op1 == 0xfd ? zero : (op1 == 0xf8 || op1 == 0xf5) && infinity;
}

/* One the least normal number, the other the denormal below it (or what unmasked U makes of it)? */
static inline bool sf_border(struct f80 a, struct f80 b)
{
	struct f80 n = (a.se & 0x7fff) == 1 ? a : b, d = (a.se & 0x7fff) == 1 ? b : a;
	unsigned exp = d.se & 0x7fffu;

	if (!sf_intel || ((a.se ^ b.se) & 0x8000) || (n.se & 0x7fff) != 1 || n.mant != 1ull << 63)
		return false;
	return (exp == 0 && d.mant == ~0ull >> 1) || (exp == 0x6000 && d.mant == ~0ull);
}

#endif
