/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Alone: a core does something while all others stand still, each at its quiet point (top of its
 * run loop, holding nothing) or idle: a change of the guest's physical map, an access that the host
 * cannot do atomically. With one core it costs a look at their number.
 *
 *	alone_begin(); change what others look at without a lock; alone_end();
 *
 * Law: who asks holds no lock, since whoever spins on that never comes to its quiet point (natively
 * built tests count, and panic); and it counts as standing still while it waits its turn, so that
 * what it holds of shared things may have been changed when alone_begin returns. So a device whose
 * registers decide about such things changes them under its lock, gives that back, and then, alone,
 * does what the registers say by then: of two that were written at once the newer one's word holds.
 * Nobody who stands still holds a lock: who is alone may take any, and waits for none.
 *
 * Who asks may hold a block: who is alone waits for no epoch, and frees nothing that one guards.
 * Who stands still does its work meanwhile, beside the core that is alone: work touches nothing but
 * its own core's state.
 */
#ifndef KERNEL_ALONE_H
#define KERNEL_ALONE_H

#include "kernel/lib/types.h"

/*
 * When it returns all other cores stand still, and what they did before is seen. Two that ask go
 * one after the other. May be called again by the core that is alone.
 */
void alone_begin(void);
/* As often as alone_begin: then the others go on, and see what was done. */
void alone_end(void);

/* Is this core alone? False with one core. */
bool alone_is(void);

/* A number that changes as long as core `id` stands still, awake, and really runs. */
u32 alone_signs(unsigned id);

/*
 * From now on a core that asks, and has to wait for others, calls fn(true) again and again, and
 * fn(false) once they stand still: one core at a time, but within itself, if its work asks, too.
 */
void alone_on_wait(void (*fn)(bool waits));

/* Stand still as long as another core is alone. For kernel/epoch.c, at each quiet point. */
void alone_stand(void);

#endif
