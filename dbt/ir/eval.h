/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The evaluator: runs a block's IR, before or after any pass, on a struct vcpu.
 * Natively it is the reference that tests compare with the real CPU; in Loam it
 * steps single instructions, and each use is counted by its caller. It is never
 * a fallback that nobody sees.
 */
#ifndef DBT_IR_EVAL_H
#define DBT_IR_EVAL_H

#include "dbt/ir/ir.h"
#include "dbt/x86/cpu.h"

/*
 * How the evaluator reaches guest memory: linear addresses, faults as values. One that is not
 * canonical is #GP(0): the evaluator knows which were by SS.
 */
struct eval_mem {
	struct fault (*ld)(struct vcpu *c, u64 addr, unsigned size, unsigned intent, void *out);
	struct fault (*st)(struct vcpu *c, u64 addr, unsigned size, const void *in);
};

/*
 * Run the block on c, whose gpr, cc_*, xmm … are current. Returns with c->eip set: to where the
 * block went, or, if it ended with a guest fault (c->fault.raised), to the faulting instruction.
 * Not inlined: its calls are counted (tools/bench_run.py).
 */
__attribute__((noinline)) void eval_run(struct vcpu *c, const struct ir *ir,
					const struct eval_mem *mem);

#endif
