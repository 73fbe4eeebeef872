/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and selectors of the instruction test image, for C and assembly. */
#ifndef GUESTIMG_INSN_IMAGE_H
#define GUESTIMG_INSN_IMAGE_H

/*
 * Linear:    KERNEL + p  RAM, p = physical, supervisor     ROM  the ROM's last 16 MiB
 *            CODE_BASE, DATA_BASE (qemu-test/insn/case.h)  user; nothing else is present
 * Physical:  1 MiB the image, 3 MiB page tables and data pages, 4 MiB the slots of code
 */
#define KERNEL 0xc0000000
#define ROM 0xd0000000
#define RAM_MAPPED 8			/* of 4 MiB */
#define TABLES_PHYS 0x300000
#define SLOTS_PHYS 0x400000

#define SEL_KCODE 0x08
#define SEL_KDATA 0x18
#define SEL_TSS 0x40
#define SEL_LDT 0x50
/* code of CPL 0 with a limit (machine_limited_code) */
#define SEL_LIMITED_CODE 0x60
/* data with a base, for stacks of 16 bits (IRET keeps ESP's high half) */
#define SEL_ESP 0x78

#define IRQ0_VECTOR 0x20
#define NO_TRAP 0xffffffff

#endif
