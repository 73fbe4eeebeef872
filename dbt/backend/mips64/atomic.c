/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atomic accesses and barriers. A 3A4000 has one kind of SYNC, and wants one before LL (the law of
 * insns.def).
 */
#include "dbt/backend/lower.h"
#include "dbt/backend/mips64/prims.h"

#include "kernel/panic.h"

void host_order(struct emit *e, unsigned before, unsigned behind)
{
	(void)before, (void)behind;
	mi_sync(&e->c, 0);
}

/* There is one CPU (HOST_MANY_CPUS); for several it takes a jump that clears the hazard (JR.HB). */
void host_order_fetches(struct emit *e) { mi_sync(&e->c, 0); }

static u32 *load_linked(struct emit *e, unsigned mem, int d, int base, s64 k)
{
	u32 *at;

	mi_sync(&e->c, 0);
	at = code_here(&e->c);
	site_atomic(e);
	mem == M_64 ? mi_lld(&e->c, d, k, base) : mi_ll(&e->c, d, k, base);
	return at;
}

/* R_AT goes to memory, or all is done again from `again` on. */
static void store_conditional(struct emit *e, unsigned mem, int base, s64 k, const u32 *again)
{
	struct code *c = &e->c;

	site_atomic(e);
	mem == M_64 ? mi_scd(c, R_AT, k, base) : mi_sc(c, R_AT, k, base);
	code_here(c);
	mi_beq(c, R_AT, R_ZERO, (const char *)again - (const char *)c->p);
	mi_sync(c, 0);
}

void host_amo(struct emit *e, unsigned mem, unsigned kind, int d, int base, s64 k, int s)
{
	struct code *c = &e->c;
	const u32 *again = load_linked(e, mem, d, base, k);

	switch (kind) {
	case AMO_SWAP: mi_or(c, R_AT, s, R_ZERO); break;
	case AMO_ADD: mem == M_64 ? mi_daddu(c, R_AT, d, s) : mi_addu(c, R_AT, d, s); break;
	case AMO_AND: mi_and(c, R_AT, d, s); break;
	case AMO_OR: mi_or(c, R_AT, d, s); break;
	case AMO_XOR: mi_xor(c, R_AT, d, s); break;
	default: panic("atomic: kind %u", kind);
	}
	store_conditional(e, mem, base, k, again);
}

/* It stores in any case, as x86 does: a page that it may not write tells it so. */
void host_cas(struct emit *e, unsigned mem, int d, int base, s64 k, int s, int c)
{
	const u32 *again = load_linked(e, mem, d, base, k);
	u32 *equal;

	mi_or(&e->c, R_AT, s, R_ZERO);
	code_here(&e->c);
	equal = mi_beq(&e->c, d, c, 4);
	mi_or(&e->c, R_AT, d, R_ZERO);
	host_patch(e, equal);
	store_conditional(e, mem, base, k, again);
}
