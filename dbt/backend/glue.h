/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every back end's glue and the run loop agree on, for C and assembly: why translated code
 * came back, and the jump cache's shape. Not here: the doors themselves (dbt/backend/HOST/glue.S).
 */
#ifndef DBT_BACKEND_GLUE_H
#define DBT_BACKEND_GLUE_H

/*
 * The jump cache, in the per-core area: 4096 entries of { tag << 32 | eip, code }, found by
 * (eip ^ eip >> JUMP_CACHE_FOLD) & 4095: blocks of one page never meet, of two pages seldom.
 */
#define JUMP_CACHE_OFFSET 0x10000
#define JUMP_CACHE_BITS 12
#define JUMP_CACHE_FOLD 12

/* Why translated code came back: dbt_enter's result. */
#define EXIT_LINK 1		/* exit_arg: number of the link */
#define EXIT_FAR 2		/* the same, by a guard that did not fit */
#define EXIT_INDIRECT 3		/* eip is set; exit_arg: number of the link */
#define EXIT_KICK 4		/* eip is set */
#define EXIT_SYSTEM 5		/* exit_arg: helper; eip, next_eip are set */
#define EXIT_FAULT 6		/* vcpu.fault, eip are set (rt/fault.c) */
#define EXIT_STEP 7		/* eip is set: the evaluator is to run one instruction */
#define EXIT_STALE 8		/* exit_arg: an address in a block whose guest bytes have changed */

#endif
