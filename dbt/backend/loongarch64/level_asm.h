/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What level.S and level32.S share: going by a passage (struct passage), looking at what was seen.
 * Macros only; C never includes it.
 */
#ifndef DBT_BACKEND_LOONGARCH64_LEVEL_ASM_H
#define DBT_BACKEND_LOONGARCH64_LEVEL_ASM_H

#include "kernel/arch/loongarch64/paging.h"
#include "kernel/extable.h"

#ifdef __ASSEMBLER__
/* The level and context of passage n. Changes vr0 and rCTX. */
	.macro	pass_place n
	vld	$vr0, $tp, ST_PASSAGE(\n) + PASSAGE_LEVEL
	vst	$vr0, $tp, ST_LEVEL
	ld.d	$r10, $tp, ST_PASSAGE(\n) + PASSAGE_CTX
	st.d	$r10, $tp, ST_CTX
	.endm

/* Its tables. */
	.macro	pass_view n, x, y
	ld.d	\x, $tp, ST_PASSAGE(\n) + PASSAGE_ASID
	ld.d	\y, $tp, ST_PASSAGE(\n) + PASSAGE_ROOT
	activate_paging \x, \y
	ld.d	\x, $tp, ST_PASSAGE(\n) + PASSAGE_VIEW
	ld.d	\y, $tp, ST_VIEW
	st.w	\x, \y, 0
	.endm

	.macro	pass_level n, x, y
	pass_place \n
	pass_view \n, \x, \y
	.endm

/* A guest access: if it faults for the guest, the general way finds out how. */
	.macro	try insn:vararg
	MAY_FAULT 9f
	\insn
	.endm

/* To 9 if the guest's word n of `list` (seen_gate64, seen_return64) is not what it was. */
	.macro	check_word n, list, x, y
	ld.d	\x, \list, GATE_WORD(\n)
	ld.d	\y, \list, GATE_WORD(\n) + 8
	try ld.d \x, \x, 0
	bne	\x, \y, 9f
	.endm
#endif

#endif
