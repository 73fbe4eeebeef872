/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every back end's glue and the run loop agree on, for C and assembly: why translated code
 * came back, the jump cache's shape, offsets of the state from R_STATE and numbers of flag kinds
 * (mem.c checks them at compile time). Not here: the doors themselves (dbt/backend/HOST/glue.S).
 */
#ifndef DBT_BACKEND_GLUE_H
#define DBT_BACKEND_GLUE_H

/*
 * The jump cache of a context, which R_CTX points to: 2^BITS entries of { eip, entry of its block }
 * (dbt/cache/jump_cache.h). That of eip is at (eip >> SHIFT) modulo 2^BITS, or else at
 * (eip ^ eip >> BITS) modulo 2^BITS: different ones for those that share the first.
 */
#define JUMP_CACHE_BITS 13
#define JUMP_CACHE_SHIFT 2
/*
 * Blocks that may want to know what the flags are have eip with other bits 63 … 52: so no exit that
 * has not put them yet finds these.
 */
#define JUMP_TAG 0x200

/* From an entry of 64-bit code to the look at RSP in front of it (ENTRY_UNCHECKED, block.h). */
#define ENTRY_UNCHECKED_BYTES (-4)

/* Why translated code came back: dbt_enter's result. */
#define EXIT_LINK 1		/* exit_arg: number of the link */
#define EXIT_FAR 2		/* eip is set; exit_arg: number of the link */
#define EXIT_INDIRECT 3		/* eip is set; exit_arg, of 64-bit code: where its BRANCH_WORD is */
#define EXIT_KICK 4		/* eip is set */
/* done (exec_system, exec_fault), but the run loop is wanted; exit_arg: helper that ran */
#define EXIT_SYSTEM 5
#define EXIT_FAULT 6
#define EXIT_STEP 7		/* eip is set: the evaluator is to run one instruction */
#define EXIT_STALE 8		/* exit_arg: an address in a block whose guest bytes have changed */
#define EXIT_CLOSED 9		/* eip is set: the block that C had found is dropped */

/* struct vcpu's fields from tp: CPU_VCPU_OFFSET + offsetof. */
#define ST_GPR(n) (256 + 8 * (n))
#define ST_CCOP 384
#define ST_CCA 392
#define ST_CCB 400
#define ST_EIP 408
#define ST_NEXT_EIP 416
#define ST_CTX 424
#define ST_EXIT_ARG 432
#define ST_PAGE 440
#define ST_SEG 448
#define ST_SEG_PARTIAL 544
#define ST_SEG_SPAN 576
#define ST_SEG_LO 704
#define ST_HELP 1008
#define ST_HELP7 1064
#define ST_EFLAGS 744
#define ST_LEVEL 1072		/* key_flags, cpl, place */
#define ST_PENDING 1100
#define ST_LEAF_HOLD 1104
#define ST_X87 1360
#define ST_NOTED 1776
#define ST_PASSAGE_NOT 1840
#define ST_PASSAGE(n) (1848 + 48 * (n))
#define ST_CALL_SEG(n) (1944 + 32 * (n))
#define ST_CALL_KEEP 2008
#define ST_VIEW 2016
#define ST_GATES 2024
#define ST_RETURNS 2032
#define ST_REFAULT 2040
/* beyond a load's displacement, but not LDPTR's */
#define ST_JUMP_LOOKS 2048
#define ST_SYSENTER_ESP 2072
#define ST_SYSENTER_EIP 2080
#define ST_ENTER_SEG(n) (2104 + 32 * (n))
#define ST_LOADS 7024
#define ST_MODE_SEG 2856
#define ST_MODE_SEG_KEY 2984
#define ST_DR7 1224
#define ST_NMI_BLOCKED 1339
#define ST_FAULT_ERROR 1348

/* struct passage; LEVEL is as that of struct vcpu. */
#define PASSAGE_CTX 0
#define PASSAGE_LEVEL 8
#define PASSAGE_ASID 24
#define PASSAGE_ROOT 32
#define PASSAGE_VIEW 40

/* struct seen_gate64, of 1 << SHIFT bytes. */
#define SEEN64_SHIFT 7
#define GATE_WORD(n) (16 * (n))		/* address, value */
#define GATE_CS 48
#define GATE_OFF 64
#define GATE_STACK 72
#define GATE_KEY 80
#define GATE_KEEP 88
#define GATE_SS 96
#define GATE_PF (14 << SEEN64_SHIFT)
#define GATE_PF_KEY 0x1000e01		/* from level 0, if INT n may not take it */

/* struct seen_return64, likewise; its words are at the same place. */
#define RETURN_CS 48
#define RETURN_SS 64
#define RETURN_SELS 80
#define RETURN_NOT 88

/* struct seen_load, of 1 << SHIFT bytes. */
#define LOAD_SHIFT 6
#define LOAD_WORD 0
#define LOAD_SEG 16
#define LOAD_SPAN 32
#define LOAD_LO 48
#define LOAD_SEG_KEY 52
#define LOAD_KEY 56
#define LOAD_PARTIAL 60

/* enum cc_kind (dbt/x86/cc.h), for glue_entry_cf. */
#define CC_CARRIED_BIT 0x80
#define CC_CARRIED_CF_BIT 12
#define CC_KIND_ADD 1
#define CC_KIND_SUB 2
#define CC_KIND_CMP 3
#define CC_KIND_LOGIC 4
#define CC_KIND_ADC 5
#define CC_KIND_SBB 6
#define CC_KIND_MUL 7
#define CC_KIND_SHL 8
#define CC_KIND_SHR 9
#define CC_KIND_SAR 10

#endif
