/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stand-ins for the system helpers that need a whole machine (dbt/rt/sysglue.c).
 * A case that calls one is left out of the evaluator's comparison, and counted.
 */
#include "dbt/rt/helpers.h"
#include "qemu-test/insn/world.h"

const char *missing_helper;

static u64 missing(const char *name)
{
	missing_helper = name;
	return 0;
}

#define C(name)
#define SYS(name) \
	u64 helper_##name(struct vcpu *c, u64 a, u64 b, u64 d) \
	{ \
		(void)c, (void)a, (void)b, (void)d; \
		return missing(#name); \
	}
#define HELPER(name, class) class(name)
#include "dbt/rt/helpers.def"
#undef HELPER

u64 helper_rdtsc(struct vcpu *c, u64 a, u64 b, u64 d)
{
	(void)c, (void)a, (void)b, (void)d;
	return missing("rdtsc");
}
