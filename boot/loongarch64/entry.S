/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First instructions of the kernel image: take the machine over from whatever ran before (nothing,
 * under QEMU's direct -kernel; firmware, from the EFI loader), and go on in the cached window.
 * Not a place for devices or memory. Invariant: only windows 0x9 (cached) and 0xA (uncached)
 * are open from here on; 0x8 and 0xB never are (they guard, design 1.2).
 */
#include "boot/image.h"
#include "kernel/arch/loongarch64/cpu.h"
#include "kernel/arch/loongarch64/csr.h"
#include "kernel/cpu.h"

	.section .head, "ax"
	.globl	_start
_start:
	b	elf_entry
	.balign	8
	.dword	IMAGE_MAGIC
	.dword	image_load
	.dword	image_memory_size
	.dword	image_file_size
	.dword	image_load_entry

/*
 * Works with paging on or off, at the physical address or at a firmware's identity map:
 * all code up to the jump is relative to the PC, and the jump's high bits do not count
 * while addressing is direct.
 */
	.macro	OPEN_WINDOWS
	ori	$t0, $zero, CRMD_IE
	csrxchg	$zero, $t0, CSR_CRMD
	li.d	$t0, DMW_UNCACHED
	csrwr	$t0, CSR_DMW0
	li.d	$t0, DMW_CACHED
	csrwr	$t0, CSR_DMW1
	csrwr	$zero, CSR_DMW2
	csrwr	$zero, CSR_DMW3
	la.pcrel $t0, 9f
	bstrpick.d $t0, $t0, 47, 0
	lu52i.d	$t0, $t0, WINDOW_TOP12_CACHED
	jr	$t0
9:	ori	$t0, $zero, CRMD_WINDOWS
	csrwr	$t0, CSR_CRMD
	invtlb	0x0, $zero, $zero
	ori	$t0, $zero, EUEN_FP_LSX
	csrwr	$t0, CSR_EUEN
	.endm

	.macro	TAKEOVER
	OPEN_WINDOWS
	la.pcrel $tp, cpu_boot_area
	la.pcrel $sp, cpu_boot_stack + CPU_STACK_SIZE
	move	$r21, $zero
	la.pcrel $t0, image_bss_start
	la.pcrel $t1, image_bss_end
8:	st.d	$zero, $t0, 0
	addi.d	$t0, $t0, 8
	bltu	$t0, $t1, 8b
	move	$ra, $zero
	.endm

/* Direct: a0 … a3 as they came; a1 = host physical address of QEMU's -append text. */
elf_entry:
	TAKEOVER
	bl	elf_main

/* From a loader: a0 = host physical address of a filled struct boot_info. */
	.globl	image_entry
image_entry:
	TAKEOVER
	lu52i.d	$a0, $a0, WINDOW_TOP12_CACHED
	bl	kernel_main

/*
 * Another core, as firmware parked it, at the physical address (kernel/arch/loongarch64/smp.c).
 * Nothing is read before the cached window is open; code may have been written since this core last
 * fetched, its area just now. Each has an entry of its own.
 */
	.globl	core_entry
core_entry:
	.set	n, 0
	.rept	CORE_ENTRIES
	ori	$a0, $zero, n
	b	1f
	.set	n, n + 1
	.endr
1:	OPEN_WINDOWS
	dbar	0
	ibar	0
	la.pcrel $t0, core_areas
	alsl.d	$t0, $a0, $t0, 3
	ld.d	$tp, $t0, 0
	ld.d	$sp, $tp, CPU_STACK_TOP
	move	$r21, $zero
	move	$ra, $zero
	bl	core_main
