/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluation of the vector rows by x86's rules, in integer code: the door, and
 * what MXCSR makes of the exceptions that a row raised.
 */
#include "dbt/ir/vec.h"

#include "dbt/fp/softsse.h"
#include "kernel/panic.h"

struct fault vec_eval(struct vcpu *c, unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		      const union xmm *b, const union xmm *d)
{
	struct sse_env e = { c->mxcsr, 0 };
	union xmm out = { .q = { 0, 0 } };
	u32 unmasked;

	if (vec_eval_int(row, imm, r, a, b) || vec_eval_sse4(row, imm, r, a, b, d))
		return fault_none();
	if (!vec_eval_fp(row, imm, &out, a, b, &e))
		panic("vec: row %u", row);
	/* An unmasked exception of any lane's operands keeps all from rounding: no O, U, P. */
	unmasked = e.exc & ~(c->mxcsr >> MXCSR_MASK_SHIFT) & MXCSR_EXC;
	if (unmasked & MXCSR_PRE)
		e.exc &= MXCSR_PRE;
	c->mxcsr |= e.exc;
	if (unmasked)
		return fault_plain(c->cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD);
	*r = out;
	return fault_none();
}
