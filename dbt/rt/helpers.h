/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers called from translated code and from the evaluator, listed once in
 * helpers.def. C helpers see struct vcpu without the general registers and
 * flags (those stay in host registers); system helpers see everything, with
 * eip and next_eip set, and may change everything.
 */
#ifndef DBT_RT_HELPERS_H
#define DBT_RT_HELPERS_H

#include "dbt/x86/cpu.h"

enum helper {
#define HELPER(name, class) HELPER_##name,
#include "dbt/rt/helpers.def"
#undef HELPER
	HELPER_COUNT,
};

typedef u64 (*helper_func)(struct vcpu *c, u64 a, u64 b, u64 d);
extern const helper_func helper_fn[HELPER_COUNT];
extern const char *const helper_name[HELPER_COUNT];

#define HELPER(name, class) u64 helper_##name(struct vcpu *c, u64 a, u64 b, u64 d);
#include "dbt/rt/helpers.def"
#undef HELPER

#endif
