/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's state in the registers of a trap frame that was taken in translated code. Flags are
 * the pinned ones (dbt/x86/cc.h); what a recipe says of others is the caller's affair.
 */
#ifndef DBT_BACKEND_HOST_FRAME_H
#define DBT_BACKEND_HOST_FRAME_H

#include "dbt/x86/cpu.h"
#include "kernel/trap.h"

struct host_flags {
	u32 op;			/* CC_OP */
	u64 a, b;
};

struct host_flags host_frame_flags(const struct trap_frame *f);
/* Host register n, as struct loc names them. */
u64 host_frame_reg(const struct trap_frame *f, unsigned n);
/* The same for a result; that of the zero register is lost. */
void host_frame_set_reg(struct trap_frame *f, unsigned n, u64 v);
/* R_PAGE, as vcpu.page. */
u64 host_frame_page(const struct trap_frame *f);
/* The general registers of 64-bit code (wide), or of other code, to c->gpr. */
void host_frame_save_gprs(const struct trap_frame *f, struct vcpu *c, bool wide);
/* Go on behind the faulting instruction. */
void host_frame_skip(struct trap_frame *f);
/*
 * Leave translated code for `why` (dbt/backend/glue.h): dbt_enter returns it; EXIT_FAULT may go on
 * without. The guest's state has been saved. lma: it was in long mode.
 */
void host_frame_leave(struct trap_frame *f, u32 why, bool lma);
/*
 * A #PF of 64-bit code (wide), or of code for which key_passes, at eip, in vcpu.fault, is raised
 * with everything where translated code has it; flags: the arithmetic ones of EFLAGS.
 */
void host_frame_fault(struct trap_frame *f, u64 eip, u32 flags, bool wide);
/* General register g is k more. */
void host_frame_add(struct trap_frame *f, unsigned g, s64 k, bool wide);

#endif
