/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest bytes to struct ir1. Not a judge of what a CPU model has: every form
 * that some model of insns.def executes is decoded, and the lifter asks
 * ir1_feature(). Never reads a byte outside bytes[0 .. avail).
 */
#ifndef DBT_X86_DECODE_H
#define DBT_X86_DECODE_H

#include "dbt/x86/ir1.h"

enum decode_status {
	DECODE_OK,
	DECODE_INVALID,		/* #UD, and no further byte could change that */
	DECODE_TOO_LONG,	/* more than 15 bytes: #GP(0) */
	DECODE_NEED_MORE,	/* the bytes are the beginning of a longer instruction */
};

/* What one core decodes with. */
struct decoder {
	size_t capstone[2];	/* its handles: code of 16 and 32 bits, 64-bit code */
	struct shape *shapes;	/* SHAPE_SLOTS of them (shape.h), by hash; the last one met */
	bool verify;		/* compare each with what Capstone says of the whole bytes */
	u64 decoded, made;	/* instructions; those whose shape was not in the table */
	/*
	 * How often Capstone and the length rules of scan.c disagreed (the instruction was
	 * refused): our bug if not 0.
	 */
	u64 disagreements;
};

/* Before the first decode() with d. 0, or -ERR_NOMEM when Capstone cannot be set up. */
int decoder_init(struct decoder *d);

/*
 * Decodes the instruction at bytes[0 .. avail), which lies at offset `eip` of its code segment.
 * mode: 2 or 4, the default operand and address size (CS.D), or 8: 64-bit code (CS.L). avail: 0 or
 * more; 15 always suffice.
 * *out is complete on DECODE_OK only; otherwise out->op is X86_INVALID.
 * Not inlined: its calls are counted (tools/bench_run.py).
 */
__attribute__((noinline)) enum decode_status decode(struct decoder *d, struct ir1 *out,
						    const u8 *bytes, unsigned avail, u64 eip,
						    unsigned mode);

#endif
