/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry of a self-checking block: dbt/backend/selfcheck.c says what is compared. T0 and T1
 * have the addresses of the guest's words and of the literals, ra the differences.
 */
#include "dbt/backend/loongarch64/prims.h"

#define R_DIFF R_RA		/* T5 is a temporary of 32-bit code only */

void host_check_begin(struct emit *e) { la_or(&e->c, R_DIFF, R_ZERO, R_ZERO); }

u32 *host_check_open(struct emit *e, u64 base)
{
	u32 *at;

	la_li(&e->c, R_T0, (s64)base);
	at = e->c.p;
	la_pcaddi(&e->c, R_T1, 0);
	return at;
}

void host_check_word(struct emit *e, u32 off, u32 lit, bool masked)
{
	struct code *c = &e->c;

	la_ld_d(c, R_T2, R_T0, off);
	la_ld_d(c, R_T3, R_T1, lit);
	if (masked) {
		la_ld_d(c, R_T4, R_T1, lit + 8);
		la_and(c, R_T2, R_T2, R_T4);
	}
	la_xor(c, R_T2, R_T2, R_T3);
	la_or(c, R_DIFF, R_DIFF, R_T2);
}

int host_check_result(void) { return R_DIFF; }

void host_check_literals(struct emit *e, u32 *at)
{
	*at = (*at & ~la_at_si20(-1)) | la_at_si20(e->c.p - at);
}
