/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's XMM registers as C helpers reach them. In Loam they stay in host
 * vector registers all the time (regs.h), natively in vcpu.xmm; only these two
 * know. n: 0 … 15.
 */
#ifndef DBT_BACKEND_GUEST_XMM_H
#define DBT_BACKEND_GUEST_XMM_H

#include "dbt/x86/cpu.h"

void xmm_read(const struct vcpu *c, unsigned n, union xmm *out);
void xmm_write(struct vcpu *c, unsigned n, const union xmm *in);

#endif
