/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The functions of the libm test, one row each: name, operands, which libquadmath function is the
 * reference, and how many units in the last of 113 bits the host may be off. x87 keeps 64 bits.
 */
#ifndef LIBM_CASES_H
#define LIBM_CASES_H

/* ANY: any sign, exponents to +-60. POS: the same, positive. SMALL: any sign, exponents to +-8. */
#define LIBM_CASES(X1, X2) \
	X1(sin, ANY, 2) X1(cos, ANY, 2) X1(tan, ANY, 2) X1(atan, ANY, 2) \
	X1(log, POS, 2) X1(log2, POS, 2) X1(log1p, POS, 64) \
	X1(exp, SMALL, 2) X1(exp2, SMALL, 2) X1(expm1, SMALL, 2) \
	X1(sqrt, POS, 2) X1(rint, ANY, 0) X1(trunc, ANY, 0) \
	X2(atan2, 2) X2(fmod, 0) X2(remainder, 0)

#define LIBM_ROUNDS 300

#endif
