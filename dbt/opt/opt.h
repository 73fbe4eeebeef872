/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The passes over a block's IR (passes.def lists them). Each works in place, keeps every effect
 * and every fault, and can be switched off by its bit. What a pass has to remember of each
 * instruction is in struct opt, which the caller provides; nothing of it outlives the pass.
 */
#ifndef DBT_OPT_OPT_H
#define DBT_OPT_OPT_H

#include "dbt/ir/ir.h"

enum opt_pass {
#define PASS(function, key) OPT_##key,
#include "dbt/opt/passes.def"
#undef PASS
	OPT_COUNT,
};

/* What the passes remember of one value; each clears or sets what it uses. */
struct opt_value {
	val alias;		/* what stands for it, from opt_operands(i) on */
	val number;		/* same.c: the first operation equal to it */
	val next;		/* same.c: chains of operations with one hash */
	u8 used;		/* lateput.c, wanted.c: so many users, at most 2 */
	u8 wanted;		/* wanted.c: so many low bits are looked at; lateput.c */
};

/* One block's passes under way. */
struct opt {
	struct ir *ir;
	bool maybe_late;	/* deadput.c for lateput.c: false, if it has nothing to do */
	struct opt_value of[IR_MAX];
};

#define PASS(function, key) void function(struct opt *o);
#include "dbt/opt/passes.def"
#undef PASS

/* Called after each pass with its key. */
typedef void opt_after(const struct ir *ir, const char *key);

/*
 * Every pass of passes.def in order on o->ir; bit n of `off` leaves out pass n (enum opt_pass).
 * after: NULL or the caller's verifier.
 */
void opt_run(struct opt *o, u32 off, opt_after *after);

/* The operands of `in`, instruction i, become what stands for them. A pass does this from 0 up. */
static inline void opt_operands(struct opt *o, struct ir_insn *in, unsigned i)
{
	o->of[i].alias = (val)i;
	if (ir_in(ir_ops_without_operands, in))
		return;
	in->a = o->of[in->a].alias;
	in->b = o->of[in->b].alias;
	in->c = o->of[in->c].alias;
}

/* Nobody looks at any value yet. */
static inline void opt_clear(struct opt *o)
{
	__builtin_memset(o->of, 0, o->ir->n * sizeof(o->of[0]));
}

/* Instruction i goes. */
static inline void opt_remove(struct opt *o, unsigned i)
{
	struct ir_insn *in = &o->ir->v[i];

	*in = (struct ir_insn){ .op = IR_NOP, .guest = in->guest };
}

/* Instruction i goes; v, an earlier value, stands for it. */
static inline void opt_replace(struct opt *o, unsigned i, val v)
{
	o->of[i].alias = v;
	opt_remove(o, i);
}

#endif
