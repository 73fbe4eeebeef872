/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where host and x86 differ (the default NaN, which of two NaNs, conversions that do not fit)
 * the host finds an invalid operation and traps. Here that one operation is done by x86's rules,
 * on operands that translated code has kept. Only with all exceptions masked:
 * otherwise the block calls helpers (KEY_SSE_SOFT).
 */
#include "dbt/rt/fault.h"

#include "dbt/backend/host_fp.h"
#include "dbt/core/core.h"
#include "dbt/ir/vec.h"
#include "kernel/panic.h"

bool fp_trap(struct vcpu *c, struct trap_frame *f)
{
	struct host_fp_op op;
	union xmm a, b, r = { .q = { 0, 0 } };

	if (!host_fp_decode(f, &op))
		return false;
	host_fp_operand(op.a, &a);
	host_fp_operand(op.b, &b);
	must(!vec_eval(c, op.row, op.imm, &r, &a, &b, &b).raised);
	host_fp_result(&op, &r);
	((struct dbt *)c->owner)->count.fp_traps++;
	f->pc += 4;
	return true;
}
