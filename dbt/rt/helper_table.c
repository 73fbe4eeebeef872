/* SPDX-License-Identifier: BSD-2-Clause */
/* The helper table, generated from helpers.def. */
#include "dbt/ir/helpers.h"

const helper_func helper_fn[HELPER_COUNT] = {
#define HELPER(name, class) [HELPER_##name] = helper_##name,
#include "dbt/ir/helpers.def"
#undef HELPER
};
