/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of msr_core.def: kept, and without effect. See msr.h. Invariant: a row's registers
 * lie one after the other in vcpu.msr_kept, in the order of the list.
 */
#include "dbt/sys/cpuid.h"
#include "dbt/sys/msr.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "kernel/lib/bits.h"

#define PMC_BITS ((1ull << 40) - 1)

enum access { RW, RO, WO };

struct kept_row {
	u32 first;		/* `count` registers from here */
	u8 count, core, access;
	u64 reset, mask;
};

static const struct kept_row rows[] = {
#define KEPT(core, first, count, reset, mask, access) { first, count, core, access, reset, mask },
#include "dbt/sys/msr_core.def"
#undef KEPT
};

enum {
#define KEPT(core, first, count, reset, mask, access) + count
	KEPT_COUNT = 0
#include "dbt/sys/msr_core.def"
#undef KEPT
};
_Static_assert(KEPT_COUNT == MSR_KEPT, "vcpu.msr_kept");

/* The row of register n on c's core, and the place where it is kept; NULL: there is none. */
static const struct kept_row *find(const struct vcpu *c, u32 n, unsigned *at)
{
	unsigned base = 0;

	for (unsigned k = 0; k < ARRAY_LEN(rows); base += rows[k++].count)
		if (n - rows[k].first < rows[k].count &&
		    (rows[k].core == CORE_ANY || rows[k].core == c->model->core)) {
			*at = base + (n - rows[k].first);
			return &rows[k];
		}
	return NULL;
}

bool msr_core_read(const struct vcpu *c, u32 n, u64 *out)
{
	unsigned at;
	const struct kept_row *r = find(c, n, &at);

	if (!r || r->access == WO)
		return false;
	*out = c->msr_kept[at];
	return true;
}

/* Counters are loaded with 32 bits, their sign above (SDM vol. 3, 18.6.8). */
bool msr_core_write(struct vcpu *c, u32 n, u64 v)
{
	unsigned at;
	const struct kept_row *r = find(c, n, &at);

	if (!r || r->access == RO)
		return false;
	if (r->mask == PMC_BITS)
		v = (u64)(s64)(s32)v;
	c->msr_kept[at] = (c->msr_kept[at] & ~r->mask) | (v & r->mask);
	return true;
}

void msr_core_reset(struct vcpu *c)
{
	unsigned at = 0;

	for (unsigned k = 0; k < ARRAY_LEN(rows); k++)
		for (unsigned n = 0; n < rows[k].count; n++)
			c->msr_kept[at++] = rows[k].reset;
}

/* The two counters at their numbers; with CR4.PCE at any privilege (SDM vol. 2, RDPMC). */
struct fault sys_rdpmc(struct vcpu *c, u32 counter, u64 *out)
{
	if (c->cpl && (c->cr0 & CR0_PE) && !(c->cr4 & CR4_PCE))
		return fault_gp0();
	if (counter > 1 || !msr_core_read(c, MSR_PERFCTR0 + counter, out))
		return fault_gp0();
	return fault_none();
}
