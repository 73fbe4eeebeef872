/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and selectors of the 64-bit test programs, for C and assembly. */
#ifndef GUESTIMG_TESTS64_IMAGE_H
#define GUESTIMG_TESTS64_IMAGE_H

/*
 * Physical: 1 MiB the program, 2 MiB page tables, 3 MiB pages for tests to hand out, 4 MiB up free.
 * Linear: the first 128 MiB are the physical ones, user pages of 2 MiB; the local APIC is where it
 * is; what a test maps lies from WINDOW on.
 */
#define RAM_SIZE 0x8000000
#define TABLES 0x200000
#define PAGES 0x300000
#define FREE 0x400000
#define WINDOW 0x40000000

/*
 * The order is that of SYSCALL, SYSRET, SYSENTER and SYSEXIT:
 *	SYSCALL, SYSENTER	KCODE64, KDATA
 *	SYSRET			32 bits: UCODE32, UDATA; 64 bits: UCODE64, UDATA
 *	SYSEXIT			32 bits: UCODE32, UDATA; 64 bits: UCODE64, UDATA64
 */
#define KCODE32 0x08
#define KCODE64 0x10
#define KDATA 0x18
#define UCODE32 0x23
#define UDATA 0x2b
#define UCODE64 0x33
#define UDATA64 0x3b
#define TSS 0x40		/* two entries */
#define UCODE16 0x53
#define UDATA16 0x5b		/* 64 KiB at DATA16, 16-bit stack pointer */
#define KCODE16 0x60
#define KDATA16 0x68
#define SPARE 0x70		/* from here on for tests */
#define SPARE2 0x78
#define SPARE3 0x80
#define SPARE4 0x88
#define GDT_ENTRIES 20

#define DATA16 0x390000

#define VEC_EXIT 0x30		/* INT n that ends run(); the gate is open to user mode */
#define VEC_PASS 0x31		/* the same, for handlers that go on */
#define VEC_TEST 0x50		/* gates that tests change */

#endif
