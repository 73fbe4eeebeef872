/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs one instruction case of 64-bit code on the evaluator: decode, lift, passes, eval, block
 * after block, until an exception; and whether the outcome is the real CPU's. Not the report
 * (eval64.c). Invariant: nothing of a case survives into the next.
 */
#ifndef INSN64_WORLD64_H
#define INSN64_WORLD64_H

#include "dbt/ir/eval.h"
#include "dbt/x86/ir1.h"
#include "qemu-test/insn64/case64.h"

/* The files as read. */
struct files64 {
	const struct cases64_head *head;
	const struct case64 *cases;
	const u8 *fx, *code;
	const struct results64_head *rhead;
	const struct result64 *results;
	const u8 *blob;
};

/* Mistakes made on purpose in the lifted code (mutants64.c names them). */
enum mistake64 {
	MISTAKE_NONE, MISTAKE_FLAGS, MISTAKE_ZEXT, MISTAKE_SEXT, MISTAKE_SAR, MISTAKE_MULHU,
	MISTAKE_LOAD, MISTAKE_STORE, MISTAKE_REGISTER, MISTAKE_XMM, MISTAKE_RIP,
};

/* How a case is run. */
struct way64 {
	const char *name;
	bool passes;		/* run the optimiser */
	bool blocks;		/* as long as Loam makes them; else one instruction each */
	/* Mistakes made on purpose: */
	u16 nop_row;		/* this row does nothing; 0: none */
	u8 cc_from, cc_to;	/* flags of the first kind are set as the other's; equal: none */
	u8 mistake;		/* enum mistake64 */
};

struct outcome64 {
	struct result64 r;	/* blob, fx_mask, mem: unused */
	u8 data[DATA64_RW];
	u8 fx[FX64_SIZE];
	const char *broken;	/* NULL, or what went wrong on our side (verifier, no end, …) */
	bool left_out;		/* met an instruction that is not implemented */
};

extern struct files64 files64;
void files64_load(const char *cases, const char *results);

void world64_init(void);
void world64_run(u32 n, const struct way64 *way, struct outcome64 *o);

/*
 * The same in steps: the state before case n; one block, false when the case is over (*o then says
 * why); the state as outcomes have it. The data pages, DATA64_ALL bytes.
 */
void world64_begin(struct vcpu *c, u32 n);
bool world64_step(struct vcpu *c, const struct way64 *way, struct outcome64 *o);
void world64_end(struct vcpu *c, struct outcome64 *o);
u8 *world64_data(void);

/* Print case n's instructions and the IR of its first block. */
void world64_show(u32 n, const struct way64 *way);

/* NULL if the outcome is the CPU's, else what is not. */
const char *judge64(u32 n, const struct outcome64 *o);
/* Data pages and FXSAVE image (if the case has one) that the CPU left. */
void judge64_expected(u32 n, u8 *data, u8 *fx);

/* tables64.c: the supervisor's side; guest memory with user rights is world64.c's. */
struct fault world64_check(u64 addr, unsigned size, bool write);
extern const struct eval_mem world64_mem;
void tables64_init(struct vcpu *c);
bool tables64_unimplemented(void);
/* Has an exception been delivered? Then the user's state is put back, and *f says which one. */
bool tables64_delivered(struct vcpu *c, struct fault *f);

#endif
