/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of the SSE families: rows that the host cannot do inline, and MXCSR. */
#include "dbt/core/core.h"
#include "dbt/ir/vec.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/sse.h"
#include "dbt/sys/sysops.h"

/* Row a, immediate b; operands in help[0..1], help[2..3], result in help[4..5]. */
u64 helper_vec(struct vcpu *c, u64 a, u64 b, u64 d)
{
	union xmm r, x = { .q = { c->help[0], c->help[1] } }, y = { .q = { c->help[2],
			c->help[3] } };
	struct fault f = vec_eval(c, (unsigned)a, (unsigned)b, &r, &x, &y, &y);

	(void)d;
	((struct dbt *)c->owner)->count.vec_helpers++;
	if (f.raised) {
		c->fault = f;
		return 1;
	}
	c->help[4] = r.q[0];
	c->help[5] = r.q[1];
	return 0;
}

u64 helper_stmxcsr(struct vcpu *c, u64 a, u64 b, u64 d)
{
	(void)a, (void)b, (void)d;
	return (u64)(s32)sse_mxcsr(c);
}

u64 helper_ldmxcsr(struct vcpu *c, u64 a, u64 b, u64 d)
{
	bool differ;

	(void)b, (void)d;
	if (!sse_mxcsr_valid((u32)a)) {
		c->fault = fault_code(EXC_GP, 0);
		return 0;
	}
	differ = sse_modes_differ(c->mxcsr, (u32)a);
	sse_set_mxcsr(c, (u32)a);
	if (differ)
		sys_mode_changed(c);
	c->eip = c->next_eip;
	return 0;
}
