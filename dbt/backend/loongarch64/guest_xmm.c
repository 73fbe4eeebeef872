/* SPDX-License-Identifier: BSD-2-Clause */
/* XMM registers in the LSX registers that regs.h gives them. Not for translated code. */
#include "dbt/backend/guest_xmm.h"

#include "dbt/backend/loongarch64/regs.h"
#include "dbt/backend/loongarch64/vector_regs.h"

void xmm_read(const struct vcpu *c, unsigned n, union xmm *out)
{
	(void)c;
	vector_get(V_XMM(n), out->b);
}

void xmm_write(struct vcpu *c, unsigned n, const union xmm *in)
{
	(void)c;
	vector_set(V_XMM(n), in->b);
}
