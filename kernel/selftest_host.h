/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a host supplies for kernel/selftest_mmu.c and mm/selftest.c: its registers and addresses,
 * and pieces of assembly with chosen registers or instructions. For the self-tests only.
 */
#ifndef KERNEL_SELFTEST_HOST_H
#define KERNEL_SELFTEST_HOST_H

#include "kernel/trap_host.h"

#define SELFTEST_RETURN_SIZE 8		/* bytes of selftest_return */

extern const struct selftest_host {
	u32 patterned;		/* bit n: selftest_registers puts PATTERN + n into register n */
	u8 ra, core, a0;	/* register numbers: link, per-core area, first argument */
	u32 break_mask, break_7;	/* what identifies the trap instruction it uses */
	u32 high;		/* a page, first of its slot, that has another address too */
	u64 high_alias;		/* that address: the same page at every offset within 256 KiB */
	const u64 *guards;	/* addresses whose access is an address error; last: 0 */
} selftest_host;

/* Fill the registers, trap, compare. Returns 0, or not if one changed. */
u64 selftest_registers(void);
/* Change every register that a function may. */
void selftest_clobber(void);
/* One access of 8 or 4 bytes; where a trap skips it, 0 is loaded. */
u64 selftest_load(u64 va);
void selftest_store(u64 va, u64 v);
u32 selftest_load32(u64 va);
void selftest_store32(u64 va, u32 v);
/* The 8 bytes there, or -1 if the load faults and a claimer looks it up in the exception table. */
u64 selftest_try_load(u64 va);
/* To be copied to a mapped page and called there: returns 42. */
u32 selftest_return(void);
u32 selftest_call(u64 va);
/* One system call; one instruction that is none. */
void selftest_syscall(void);
void selftest_undefined(void);

/* NULL, or what is wrong with this core's registers while it has run no guest. */
const char *selftest_core(void);

/* The address space number that the host's registers hold. */
u32 selftest_asid(void);
/* Back to a root without tables. */
void selftest_no_tables(void);
/* As after a machine error; does not come back. */
void selftest_machine_error(void);

#endif
