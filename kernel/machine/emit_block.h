/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of the back end (emit_test.c) are made with: a block is built, emitted, run on the
 * host and by the evaluator, and both compared. One at a time, on the boot core at its start.
 */
#ifndef KERNEL_MACHINE_EMIT_BLOCK_H
#define KERNEL_MACHINE_EMIT_BLOCK_H

#include "dbt/backend/backend.h"
#include "dbt/cache/jump_cache.h"
#include "dbt/ir/ir.h"
#include "dbt/x86/cpu.h"
#include "kernel/cpu.h"
#include "kernel/lib/bits.h"
#include "mm/arena.h"

#define CODE_WORDS 4096
#define SCRATCH (512 * 1024)
#define LINKS 8
#define EIP 0x1000		/* of the one x86 instruction */
#define NEXT (EIP + 0x10)	/* where an exit goes: on the same page */
#define FAR 0x7000		/* on another one */

/* Code has to be near the monitor, as the cache is. */
struct emit_block {
	u64 nothing;		/* where offset 0 of the pool is, in test_chains */
	u32 code[2][CODE_WORDS];
	u32 *start[2];		/* of each block, behind its entries */
	struct block block[2];	/* what chains and what closes it look at */
	struct link link[LINKS];
	struct fault_site site[4];
	struct recipe recipe[4];
	void *scratch;		/* the heap's, kept for the next test */
	struct vcpu want;
	struct jump_cache jump;	/* of the context that blocks run in */
	struct arena arena;
	struct ir *ir;
	u64 random;
	bool wide;		/* blocks are of 64-bit code */
	char why[160];
};
extern struct emit_block t;

static inline struct vcpu *cpu(void) { return cpu_vcpu_area(this_cpu()); }

u64 next_random(void);
/* One of the edges if n is below EDGES, else a random number. */
s64 operand(unsigned n);
extern const s64 edges[];
#define EDGES 19

/* As block_entry (dbt/backend/block.h). */
static inline u32 *emit_entry_of(unsigned n) { return t.start[n] - HOST_ENTRY_WORDS; }

/* -- Building: an x86 instruction at EIP -- */
void block_begin(void);
val put(struct ir_insn in);
val constant(unsigned type, s64 k);
/* Byte offset of vcpu.help[n]. */
s64 help_field(unsigned n);
/*
 * Operand n: I32 from a guest register, I64 from the state or, in 64-bit code, a register, V128
 * from an XMM register.
 */
val input(unsigned type, unsigned n);
/* The XMM register of operand n, 3: the result's. */
unsigned xmm_of(unsigned n);
/* The result, to a place of its type. */
void output(val v);
/* The exit to eip, with the flags of setf (0: none). */
void block_end(val setf, u32 eip);

/* -- Running -- */

/* As code[n]; 0, or an error as backend_emit's. */
int emit(unsigned n);
/* The state that blocks begin with. */
void operands_set(s64 a, s64 b);
/*
 * Run code[0]; c->eip is where its exit goes. 0, or the reason that is not a link's; EXIT_KICK may
 * come at any time.
 */
u32 enter(void);
/* Emit and run the block on the state as it is; false, with t.why, if the evaluator differs. */
bool check(const char *name, unsigned k, s64 a, s64 b);
/* The same with the block that check() has emitted, evaluated as the back end left it. */
bool check_again(const char *name, unsigned k, s64 a, s64 b);
/* In what `got` is not as t.want, or NULL. */
const char *differs(struct vcpu *got);
/* Is `what` NULL? If not, t.why says so of the test. */
bool verdict(const char *what, const char *name, unsigned k, s64 a, s64 b);

#endif
