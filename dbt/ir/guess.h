/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a branch of a block that is being lifted will go, the block being about to run: what its
 * operands are by the state that it will be entered with. A guess, since what the block itself
 * stores is not looked at, and since it is kept for other times. So it may say how far a block
 * goes, and which way, never what it does.
 */
#ifndef DBT_IR_GUESS_H
#define DBT_IR_GUESS_H

#include "dbt/ir/ir.h"
#include "dbt/x86/cpu.h"

/* The state at the block's entry. */
struct guess_from {
	struct vcpu *c;		/* NULL: it is not known */
	/*
	 * What size bytes (1, 2, 4, 8) at a linear address are, zero-extended; without any effect
	 * that the guest could see. False: it cannot be told.
	 */
	bool (*peek)(struct vcpu *c, gva_t linear, unsigned size, u64 *out);
};

enum guess { GUESS_NO, GUESS_YES, GUESS_UNKNOWN };

/* Will a cond b hold (enum ir_cond)? Of values that ir has so far, before any pass. */
enum guess guess_cond(const struct guess_from *from, const struct ir *ir, unsigned cond, val a,
		      val b);

#endif
