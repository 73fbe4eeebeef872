/* SPDX-License-Identifier: BSD-2-Clause */
/* SSE state between vCPU and host. */
#include "dbt/sys/sse.h"

#include "dbt/backend/host_fp.h"

u32 sse_mxcsr(struct vcpu *c)
{
	c->mxcsr |= host_fp_take_flags();
	return c->mxcsr;
}

void sse_save(struct vcpu *c)
{
	sse_mxcsr(c);
	host_xmm_save(c->xmm);
}

void sse_set_mxcsr(struct vcpu *c, u32 v)
{
	c->mxcsr = v;
	host_fp_set_rounding(v >> MXCSR_RC_SHIFT & 3);
}

void sse_load(const struct vcpu *c)
{
	host_fp_set_rounding(c->mxcsr >> MXCSR_RC_SHIFT & 3);
	host_xmm_load(c->xmm);
}
