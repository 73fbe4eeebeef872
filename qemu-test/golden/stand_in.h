/* SPDX-License-Identifier: BSD-2-Clause */
/* What stand_in.S holds: room for one block's code, and behind it the monitor's entry points. */
#ifndef GOLDEN_STAND_IN_H
#define GOLDEN_STAND_IN_H

#include "kernel/lib/types.h"

#define GOLDEN_WORDS 4096		/* at most in one block */
extern u32 golden_code[];

#define GOLDEN_GLUE(X) \
	X(glue_exit_link) X(glue_jump_far) X(glue_jump_ind) X(glue_exit_kick) \
	X(glue_exit_stale) X(glue_sys) X(glue_call) X(glue_entry_cf) X(glue_entry_flags) \
	X(glue64_entry_flags) \
	X(glue64_exit_link) X(glue64_jump_far) X(glue64_jump_ind) X(glue64_exit_kick) \
	X(glue64_exit_stale) X(glue64_sys) X(glue64_call) X(glue64_leaf) \
	X(glue_int) X(glue_iret) X(glue_sysenter) X(glue_sysexit) \
	X(glue64_syscall) X(glue64_sysret) X(glue64_int) X(glue64_iret)
#define X(name) extern u8 name[];
#define LEAF(name) X(leaf_##name)
GOLDEN_GLUE(X)
#include "dbt/ir/leaves.def"
#undef LEAF
#undef X

#endif
