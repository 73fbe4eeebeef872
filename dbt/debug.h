/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints of the debug registers (SDM vol. 3, 17.2, 17.3): instruction breakpoints, and what is
 * arranged so that accesses to watched addresses are seen. Which accesses match: rt/sysops.h.
 */
#ifndef DBT_DEBUG_H
#define DBT_DEBUG_H

#include "dbt/dbt.h"

/* DR0-3 or DR7 have changed (struct sys_hooks). No translated code is running. */
void debug_changed(struct vcpu *c);

/* Must translated code stop before the instruction at offset eip? */
bool debug_break_at(const struct vcpu *c, u32 eip);

/* An instruction breakpoint at c->eip, which RF or MOV SS do not hold off: then *f is its fault. */
bool debug_break(struct vcpu *c, struct fault *f);

/* Is a #DB trap to be delivered before anything else happens? */
static inline bool debug_trap_waits(const struct vcpu *c)
{
	return (c->pending & PENDING_DEBUG) && !(c->inhibit & INHIBIT_SS);
}

#endif
