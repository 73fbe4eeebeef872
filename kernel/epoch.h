/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grace periods: when has every core passed a point at which it held nothing of what was found
 * before? What is read without a lock (blocks, tables) is unlinked, an epoch is begun, and once all
 * have passed it nobody has a way to it any more: then its memory is used anew.
 *
 *	unlink(x); t = epoch_begin(); …; if (epoch_passed(t)) reuse(x);
 *
 * Law: between two of its quiet points a core may hold references, across one it holds none. Quiet
 * is the top of a run loop (not a place where work is run while one waits, nor merely outside
 * translated code), and idling. Caches of such references are emptied by the core's on_quiet
 * (kernel/cpu.h), which is called at each quiet point that a new epoch makes one, before the core
 * goes on.
 */
#ifndef KERNEL_EPOCH_H
#define KERNEL_EPOCH_H

#include "kernel/lib/types.h"

#define EPOCH_IDLE (~0ull)	/* struct cpu's epoch: it holds nothing, and is not asked */

struct cpu;

/* A new epoch, after all that this core has unlinked. */
u64 epoch_begin(void);

/*
 * Has every core been quiet since epoch_begin returned t? Then what they did with what was
 * unlinked before has happened, and each has run an instruction barrier, or will when it wakes.
 */
bool epoch_passed(u64 t);

/*
 * Those that have not passed t are to come to the top of their run loops soon: the others by an
 * interrupt, this core, which may go on to code that never ends, by a kick.
 */
void epoch_hurry(u64 t);

/*
 * Hurry, and wait until t has passed; does this core's work meanwhile. The caller holds nothing, is
 * not alone, and is not called by work for which a core waits that does (work_wait is not quiet).
 */
void epoch_wait(u64 t);

/* This core holds nothing now. It stands still here while another is alone (kernel/alone.h). */
void epoch_quiet(void);

/*
 * This core holds nothing from here on; it may again. It does nothing in between but wait. The end
 * is a quiet point, too.
 */
void epoch_idle_begin(void);
void epoch_idle_end(void);

/* A core that is to start: like one that idles. */
void epoch_begin_core(struct cpu *c);

#endif
