/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of faults.rom share. The instructions, strings and fetches also run as a Linux
 * program on the build machine's CPU (faults_linux.c): so the expectations are true of a real one.
 */
#ifndef GUESTIMG_TESTS_FAULTS_H
#define GUESTIMG_TESTS_FAULTS_H

#include "guestimg/tests/lib.h"

/* A window: pages with a guard of missing ones on each side, not next to each other in RAM. */
#define WINDOW_PAGES 4
u32 window_at(u32 n);			/* its first page's linear address */
u8 *window_byte(u32 va);		/* the byte in RAM that va is mapped to */
/* Rights of a window's page from now on. */
void window_set(u32 va, u32 bits);
void windows_init(void);

/* Page of user code; what is put there is at the returned linear address. */
#define CODE_PAGES (WINDOW + 0x800000)
u32 code_put(u32 off, const void *bytes, u32 n);

/* Rights of one of these pages: it was P | U. */
void code_set(u32 va, u32 bits);

extern const bool bare_metal;		/* with a kernel mode, that is */
/*
 * In a handler: CR2, and the x87 and SSE state as FXSAVE has it (16-byte aligned). `before` is the
 * state before the instruction at eip, for VENDOR_MMX_FAULT_TOP.
 */
u32 fault_address(void);
void fpu_at_fault(u8 *image, const u8 *before, u32 eip);

/* What segs.def has. */
#define ROW(name, ...) extern char seg_##name[], seg_##name##_at[];
#include "guestimg/tests/segs.def"
#undef ROW

/* Code in faults_demand.c and faults_linux.c. */
extern char reverse[], add_up[], left_code[];
struct entry { struct regs r; u32 home; };
void enter_code(void);

void test_insns(void);			/* faults_insn.c */
void test_strings(void);		/* faults_more.c */
void test_fetches(void);
void test_segments(void);		/* faults_seg.c */
void test_demand(void);			/* faults_demand.c */

#endif
