/* SPDX-License-Identifier: BSD-2-Clause */
/* Marsaglia's xorshift (Journal of Statistical Software 8, 14). */
#include "guestimg/base/rnd.h"

unsigned rnd(void)
{
	static unsigned x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
}
