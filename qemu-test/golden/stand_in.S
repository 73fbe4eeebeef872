/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a back end sees of the monitor, at fixed distances, so that its words are the same in each
 * build: room for one block's code, then the entries of glue.S and of leaves. It is never run.
 */
	.data
	.balign	0x10000
	.skip	64			/* a reference of 0 into the pool is nothing */
	.globl	golden_code
golden_code:
	.skip	0x10000

	.macro	stand_in name
	.globl	\name
\name:	.skip	0x100
	.endm
	stand_in glue_exit_link
	stand_in glue_jump_far
	stand_in glue_jump_ind
	stand_in glue_exit_kick
	stand_in glue_exit_stale
	stand_in glue_sys
	stand_in glue_call
	stand_in glue_entry_cf
	stand_in glue_entry_flags
	stand_in glue64_entry_flags

#define LEAF(name) stand_in leaf_##name ;
#include "dbt/ir/leaves.def"

	.irp	name, exit_link, jump_far, jump_ind, exit_kick, exit_stale, sys, \
		call, leaf
	stand_in glue64_\name
	.endr
	stand_in glue_compat_sys
	.irp	name, syscall, sysret, int, iret
	stand_in glue64_\name
	.endr
	.irp	name, int, iret, sysenter, sysexit
	stand_in glue_\name
	.endr

	.section .note.GNU-stack, "", @progbits
