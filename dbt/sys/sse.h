/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SSE state between struct vcpu and the host's registers. While the guest runs, XMM
 * registers and part of MXCSR's flags are in the host (dbt/backend/host_fp.h), and the
 * copies in struct vcpu are stale: whoever reads or writes those in C calls these.
 */
#ifndef DBT_SYS_SSE_H
#define DBT_SYS_SSE_H

#include "dbt/fp/softsse.h"
#include "dbt/x86/cpu.h"

/* Host to c->xmm and c->mxcsr. */
void sse_save(struct vcpu *c);
/* c->xmm and c->mxcsr to the host. The caller says sys_mode_changed as below. */
void sse_load(const struct vcpu *c);
/* c->mxcsr with the host's flags; MXCSR as the guest reads it. */
u32 sse_mxcsr(struct vcpu *c);
/* Writes it. The caller says sys_mode_changed if sse_modes_differ. */
void sse_set_mxcsr(struct vcpu *c, u32 v);
/* Are they two kinds of code (KEY_SSE_SOFT)? Then whoever goes from one to the other does. */
static inline bool sse_modes_differ(u32 a, u32 b)
{
	return (a ^ b) & (MXCSR_MASKS | MXCSR_DAZ | MXCSR_FTZ);
}

/* Bits that must be zero: LDMXCSR and FXRSTOR raise #GP(0). */
static inline bool sse_mxcsr_valid(u32 v) { return !(v & ~(u32)MXCSR_ALL); }

#endif
