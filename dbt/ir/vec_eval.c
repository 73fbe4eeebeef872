/* SPDX-License-Identifier: BSD-2-Clause */
/* Evaluation of the vector rows by x86's rules, in integer code. */
#include "dbt/ir/vec.h"

#include "kernel/panic.h"

struct fault vec_eval(struct vcpu *c, unsigned row, unsigned imm, union xmm *r, const union xmm *a,
		      const union xmm *b, const union xmm *d)
{
	(void)c, (void)imm, (void)r, (void)a, (void)b, (void)d;
	panic("vec: row %u", row);
}
