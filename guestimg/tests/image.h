/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and selectors of the test programs, for C and assembly. */
#ifndef GUESTIMG_TESTS_IMAGE_H
#define GUESTIMG_TESTS_IMAGE_H

/*
 * Physical: 1 MiB the program, 2 MiB page tables, 3 MiB pages for tests to hand out, 4 MiB up free.
 * Linear: the first 128 MiB are the physical ones, user pages of 4 MiB; the local APIC is where it
 * is; what a test maps lies from WINDOW on.
 */
#define RAM_SIZE 0x8000000
#define TABLES 0x200000
#define PAGES 0x300000
#define FREE 0x400000
#define WINDOW 0x40000000

#define KCODE 0x08
#define KDATA 0x10
#define UCODE 0x1b
#define UDATA 0x23		/* DS and ES always, in the kernel too */
#define TSS 0x28
#define USTACK16 0x33		/* 64 KiB at STACK16, 16-bit stack pointer */
#define UBASED 0x3b		/* a data segment with a base: segment_base() */
#define UBASED2 0x43

#define STACK16 0x380000

#define VEC_EXIT 0x30		/* INT n that ends run(); the gate is open to user mode */
#define VEC_PASS 0x31		/* the same, for handlers that go on */
#define VEC_PIT 0x20
#define VEC_LAPIC 0x40

#endif
