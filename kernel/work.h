/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work for another core: a function that it calls at the top of its run loop, or while it waits for
 * others itself. Not for interrupt handlers, neither to post nor to run.
 * Law: nobody waits for work while holding a lock that any work takes, and what work calls waits
 * for nothing that its caller could hold.
 */
#ifndef KERNEL_WORK_H
#define KERNEL_WORK_H

#include "kernel/lib/types.h"

struct work {
	void (*fn)(void *opaque);
	void *opaque;
	struct work *next;	/* the queue's */
	u32 busy;		/* posted, and not over */
};

/*
 * Have core `core` (this one, too) call w->fn(w->opaque) soon; what one core posts to another is
 * called in that order. *w is the other's until !work_busy(w), and must not be busy now.
 */
void work_post(unsigned core, struct work *w);

/* Is it still to be done? Once it is not, all that it has stored is seen. */
bool work_busy(const struct work *w);

/* Do this core's own work until w is over. */
void work_wait(const struct work *w);

/* Do what other cores have posted here, all of it, what is posted meanwhile too. */
void work_run(void);

#endif
