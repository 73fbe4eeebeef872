/* SPDX-License-Identifier: BSD-2-Clause */
/* g_try_* (dbt/sys/guestmem.h) by the same test's g_ld and g_st. */
#include "dbt/sys/guestmem.h"

static struct vcpu *of;
static bool super_rights, failed;

void g_try_begin(struct vcpu *c, bool super)
{
	of = c;
	super_rights = super;
	failed = false;
}

bool g_try_end(const struct vcpu *c) { (void)c; return !failed; }

static u64 load(gva_t linear, unsigned size)
{
	u64 v;

	if (!g_ld(of, linear, size, super_rights, &v).raised)
		return v;
	failed = true;
	return linear.a;		/* any value */
}

u64 g_try_ld8(gva_t linear) { return load(linear, 8); }
u32 g_try_ld4(gva_t linear) { return (u32)load(linear, 4); }

void g_try_st4(gva_t linear, u32 v)
{
	failed |= g_st(of, linear, 4, super_rights, v).raised;
}
