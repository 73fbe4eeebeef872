/* SPDX-License-Identifier: BSD-2-Clause */
/* The finished option ROM (guestimg/bios/linuxboot.S) as data of the monitor. */
	.section .rodata
	.globl	linuxboot_rom, linuxboot_rom_end
	.balign	8
linuxboot_rom:
	.incbin	"build/guest/linuxboot.rom"
linuxboot_rom_end:
