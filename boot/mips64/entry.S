/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First instructions of the kernel image: take the machine over from whatever ran before (nothing,
 * under QEMU's direct -kernel; firmware), and go on in kseg0. Not a place for devices or memory.
 * Invariant: whatever runs from here on has 64-bit addresses and $gp = the per-core area.
 */
#include "boot/image.h"
#include "kernel/arch/mips64/cp0.h"
#include "kernel/cpu.h"

	.set	noreorder
	.section .head, "ax"
	.globl	_start
_start:
	b	elf_entry
	 nop
	.dword	IMAGE_MAGIC
	.dword	image_load
	.dword	image_memory_size
	.dword	image_file_size
	.dword	image_load_entry

/*
 * In whatever window, with KX set or not: the code up to the jump does not depend on its
 * address, and kseg0 is there in every mode of the kernel. Keeps a0 … a3.
 */
	.macro	TAKEOVER
	li	$t0, STATUS_LOAM
	mtc0	$t0, CP0_STATUS
	ehb
	lui	$t0, %hi(9f)
	daddiu	$t0, $t0, %lo(9f)
	jr	$t0
	 nop
9:	dla	$gp, cpu_boot_area
	dla	$sp, cpu_boot_stack + CPU_STACK_SIZE
	move	$k1, $zero
	dla	$t0, image_bss_start
	dla	$t1, image_bss_end
8:	sd	$zero, 0($t0)
	daddiu	$t0, $t0, 8
	bltu	$t0, $t1, 8b
	 nop
	move	$ra, $zero
	.endm

/* Direct: argc, argv, LEFI's boot parameters, whatever, in a0 … a3. */
elf_entry:
	TAKEOVER
	jal	elf_main
	 nop

/* From a loader: a0 = host physical address of a filled struct boot_info, below 512 MiB. */
	.globl	image_entry
image_entry:
	TAKEOVER
	lui	$t0, 0x8000
	jal	kernel_main
	 daddu	$a0, $a0, $t0
