/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory for helpers: one host access at the guest's linear address. A
 * fault that the guest must see goes on at the fixup; the claimer has kept it.
 */
#include "kernel/extable.h"

	.text
	.macro	door name, insn, reg
	.globl	\name
	.type	\name, @function
\name:
	MAY_FAULT 1f
	\insn	\reg, $a0, 0
1:	jr	$ra
	.endm

/* u64 guest_ld_N(u64 addr) */
	door	guest_ld_1, ld.bu, $a0
	door	guest_ld_2, ld.hu, $a0
	door	guest_ld_4, ld.wu, $a0
	door	guest_ld_8, ld.d, $a0
/* void guest_st_N(u64 addr, u64 value) */
	door	guest_st_1, st.b, $a1
	door	guest_st_2, st.h, $a1
	door	guest_st_4, st.w, $a1
	door	guest_st_8, st.d, $a1
