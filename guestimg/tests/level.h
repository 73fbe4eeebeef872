/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of the program `level` (level.c): what changes by INT, faults, IRET and SYSENTER. */
#ifndef GUESTIMG_TESTS_LEVEL_H
#define GUESTIMG_TESTS_LEVEL_H

#include "guestimg/tests/lib.h"

/* Each way is taken so often that whoever keeps what it found there surely does. */
enum { OFTEN = 5 };
enum { V_TS = 10, V_NP = 11, IOPL = 0x3000, NT = 0x4000, ID = 0x200000 };
enum { IDT_ERROR = VEC_PASS * 8 + 2 };

/* A page of code at CODE, where its bytes are put; `code` is user's and the kernel's. */
#define CODE (WINDOW + 0x1000000)
void put_code(const void *bytes, u32 size);

/*
 * The last VEC_PASS: the trap and where it lay, SS and EFLAGS of its handler; or what a test makes
 * of it, if `inside` says so.
 */
extern struct trap passed;
extern u32 passed_at, passed_ss, passed_flags, passes;
extern void (*inside)(struct trap *t);

/* Run r to `vector`; its error code. */
void run_to(const struct regs *r, u32 vector, u32 error);

/* The word at `at`, through another mapping of its page. */
volatile u32 *aliased(u32 at);
/* Where the tables are. */
u32 idt_at(u32 vector), gdt_at(u32 selector), tss_at(u32 offset);

void test_frames(void);		/* level_frames.c */
void test_level_returns(void);	/* level_return.c */
void test_enter(void);		/* level_enter.c */
void test_loads(void);		/* level_loads.c */
void test_mix(void);		/* level_mix.c */

#endif
