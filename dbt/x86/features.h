/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of the guest CPU's features as bit numbers of a 64-bit mask. Not which
 * model has them: that is struct cpu_model (dbt/sys/cpuid.h). FEAT_386 is set in
 * every mask, so that "needs nothing" is tested like any other need.
 */
#ifndef DBT_X86_FEATURES_H
#define DBT_X86_FEATURES_H

#include "kernel/lib/types.h"

enum x86_feature {
#define FEATURE(name, text, leaf, reg, bit, have) FEAT_##name,
#include "dbt/x86/features.def"
#undef FEATURE
	FEAT_COUNT,
};

_Static_assert(FEAT_COUNT <= 64, "a feature mask is one u64");

static inline bool feature_in(u64 features, enum x86_feature f) { return features >> f & 1; }

#endif
