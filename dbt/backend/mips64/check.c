/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry of a self-checking block: dbt/backend/selfcheck.c says what is compared. T0 and T1
 * have the addresses of the guest's words and of the literals, T5 collects the differences. The
 * literals' address is one that LUI and ORI make: the code cache is in kseg0.
 */
#include "dbt/backend/mips64/prims.h"

#include "kernel/lib/bits.h"

#define R_DIFF R_T5

void host_check_begin(struct emit *e) { mi_or(&e->c, R_DIFF, R_ZERO, R_ZERO); }

u32 *host_check_open(struct emit *e, u64 base)
{
	u32 *at;

	mi_li(&e->c, R_T0, (s64)base);
	at = code_here(&e->c);
	mi_lui(&e->c, R_T1, 0);
	mi_ori(&e->c, R_T1, R_T1, 0);
	return at;
}

void host_check_word(struct emit *e, u32 off, u32 lit, bool masked)
{
	struct code *c = &e->c;

	mi_ld(c, R_T2, off, R_T0);
	mi_ld(c, R_T3, lit, R_T1);
	if (masked) {
		mi_ld(c, R_AT, lit + 8, R_T1);
		mi_and(c, R_T2, R_T2, R_AT);
	}
	mi_xor(c, R_T2, R_T2, R_T3);
	mi_or(c, R_DIFF, R_DIFF, R_T2);
}

int host_check_result(void) { return R_DIFF; }

void host_check_literals(struct emit *e, u32 *at)
{
	s64 address = (s64)(uintptr_t)code_here(&e->c);

	if (!fits_signed(address, 32))
		e->failed = true;
	at[0] = (at[0] & ~0xffffu) | (address >> 16 & 0xffff);
	at[1] = (at[1] & ~0xffffu) | (address & 0xffff);
}
