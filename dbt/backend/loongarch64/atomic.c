/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Atomic accesses and barriers (Reference Manual vol. 1, 2.2.7, 2.2.8). Barriers name what they
 * order by a hint, which older cores take for all: bit 4 says so, bits 3 … 0 which accesses are
 * none of its business: loads and stores before, loads and stores behind.
 */
#include "dbt/backend/loongarch64/prims.h"
#include "dbt/backend/lower.h"

#include "kernel/panic.h"

enum { HINT = 0x10, NO_LOADS_BEFORE = 8, NO_STORES_BEFORE = 4, NO_LOADS_BEHIND = 2,
	NO_STORES_BEHIND = 1 };

void host_order(struct emit *e, unsigned before, unsigned behind)
{
	la_dbar(&e->c, HINT | (before & ORDER_LOADS ? 0 : NO_LOADS_BEFORE) |
		(before & ORDER_STORES ? 0 : NO_STORES_BEFORE) |
		(behind & ORDER_LOADS ? 0 : NO_LOADS_BEHIND) |
		(behind & ORDER_STORES ? 0 : NO_STORES_BEHIND));
}

void host_order_fetches(struct emit *e) { la_ibar(&e->c, 0); }

/* The forms with _DB are barriers for all accesses. rd is neither rj nor rk. */
void host_amo(struct emit *e, unsigned mem, unsigned kind, int d, int base, s64 k, int s)
{
	struct code *c = &e->c;
	bool wide = mem == M_64;

	if (k) {
		la_addi_d(c, R_SCRATCH, base, k);
		base = R_SCRATCH;
	}
	site_atomic(e);
	switch (kind) {
	case AMO_SWAP:
		wide ? la_amswap_db_d(c, d, s, base) : la_amswap_db_w(c, d, s, base);
		return;
	case AMO_ADD: wide ? la_amadd_db_d(c, d, s, base) : la_amadd_db_w(c, d, s, base); return;
	case AMO_AND: wide ? la_amand_db_d(c, d, s, base) : la_amand_db_w(c, d, s, base); return;
	case AMO_OR: wide ? la_amor_db_d(c, d, s, base) : la_amor_db_w(c, d, s, base); return;
	case AMO_XOR: wide ? la_amxor_db_d(c, d, s, base) : la_amxor_db_w(c, d, s, base); return;
	}
	panic("atomic: kind %u", kind);
}

/* It stores in any case, as x86 does: a page that it may not write tells it so. */
void host_cas(struct emit *e, unsigned mem, int d, int base, s64 k, int s, int c)
{
	struct code *out = &e->c;
	bool wide = mem == M_64;
	u32 *again = code_here(out);

	site_atomic(e);
	wide ? la_ll_d(out, d, base, k) : la_ll_w(out, d, base, k);
	host_move(e, R_SCRATCH, s);
	la_beq(out, d, c, 8);
	host_move(e, R_SCRATCH, d);
	site_atomic(e);
	wide ? la_sc_d(out, R_SCRATCH, base, k) : la_sc_w(out, R_SCRATCH, base, k);
	la_beqz(out, R_SCRATCH, (const char *)again - (const char *)out->p);
	host_order(e, ORDER_ALL, ORDER_ALL);
}
