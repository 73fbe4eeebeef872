/* SPDX-License-Identifier: BSD-2-Clause */
/* dbt/backend/guest_xmm.h for native programs: the registers are in struct vcpu. */
#include "dbt/backend/guest_xmm.h"

void xmm_read(const struct vcpu *c, unsigned n, union xmm *out) { *out = c->xmm[n]; }
void xmm_write(struct vcpu *c, unsigned n, const union xmm *in) { c->xmm[n] = *in; }
