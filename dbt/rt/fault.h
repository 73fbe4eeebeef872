/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host faults: from the faulting host instruction to the guest's view of it.
 * Fills shadow leaves, performs accesses that have no leaf (MMIO, watched
 * frames), or ends in a struct fault that the run loop delivers.
 */
#ifndef DBT_RT_FAULT_H
#define DBT_RT_FAULT_H

#include "dbt/x86/cpu.h"
#include "kernel/trap.h"

/* The trap claimer for translated code and for g_ld, g_st. */
bool fault_claim(struct trap_frame *f, enum trap_kind kind);

/* The host's Invalid trap: do the operation again by x86's rules. False: not translated code's. */
bool fp_trap(struct vcpu *c, struct trap_frame *f);

/* Names the block and the guest address of a pc in the code cache, for register dumps. */
bool fault_describe(u64 pc, char *buf, size_t size);

#endif
