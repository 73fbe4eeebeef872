/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs one instruction case on the evaluator: decode, lift, passes, eval, block
 * after block, until an exception. Not a judge (eval.c compares). Invariant:
 * nothing of a case survives into the next.
 */
#ifndef INSN_WORLD_H
#define INSN_WORLD_H

#include "dbt/ir/eval.h"
#include "dbt/x86/ir1.h"
#include "qemu-test/insn/case.h"

/* The files, mapped or read. */
struct insn_files {
	const struct cases_head *head;
	const struct insn_case *cases;
	const char *names;
	const u8 *fx;
	const struct results_head *rhead;
	const struct insn_result *results;
	const u8 *blob;
};

/* How a case is run. */
struct insn_way {
	const char *name;
	bool single;		/* one instruction for each block */
	bool passes;		/* run the optimiser */
	u32 passes_off;		/* opt_run's argument */
	/* A mistake made on purpose (mutants.c): */
	u16 nop_row;		/* this row does nothing; 0: none */
	u8 cc_from, cc_to;	/* flags of the first kind are set as the other's; equal: none */
};

struct insn_outcome {
	struct insn_result r;	/* blob, fx_mask: unused */
	u8 data[DATA_RW];
	u8 fx[FX_SIZE];
	const char *broken;	/* NULL, or what went wrong on our side (verifier, no end, …) */
	bool left_out;		/* met an instruction that is not implemented */
	u8 rows[X86_OP_COUNT];	/* rows that were executed */
};

/* judge.c: the files that judge_load() read; it exits with a message if something is wrong. */
extern struct insn_files files;
void judge_load(const char *cases, const char *results);
/* Data pages and FXSAVE image (if the case has one) that the CPU left. */
void judge_expected(u32 n, u8 *data, u8 *fx);
u32 judge_ignored_flags(u32 n);
bool judge_same(u32 n, const struct insn_outcome *o);
/* Rows that no case can show on the build machine's CPU; rows of lift/todo.def. */
bool judge_row_elsewhere(unsigned op);
bool judge_row_missing(unsigned op);

void world_init(void);
void world_run(u32 n, const struct insn_way *way, struct insn_outcome *o);

/* Print the instructions and the IR of case n as lifted for `way`. */
void world_show(u32 n, const struct insn_way *way);

/* For tables.c: guest memory with user rights. */
struct fault world_check(u32 addr, unsigned size, bool write);
extern const struct eval_mem world_mem;

/* tables.c: the supervisor's side of the world for case n. */
void tables_init(struct vcpu *c, u32 n, unsigned segs);
bool tables_unimplemented(void);
/* Has an exception been delivered? Then the user's state is put back, and *f says which one. */
bool tables_delivered(struct vcpu *c, struct fault *f);

#endif
