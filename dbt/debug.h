/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints of the debug registers (SDM vol. 3, 17.2, 17.3): instruction breakpoints, and what is
 * arranged so that accesses to watched addresses are seen. Which accesses match: dbt/sys/sysops.h.
 */
#ifndef DBT_DEBUG_H
#define DBT_DEBUG_H

#include "dbt/cache/lock.h"
#include "dbt/dbt.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/mode.h"

/* DR0-3 or DR7 have changed (struct sys_hooks). No translated code is running. */
void debug_changed(struct vcpu *c);

/* Instruction breakpoints (DR6 bits) at offset eip: translated code must stop before it. */
static inline u32 debug_break_at(const struct vcpu *c, u64 eip)
{
	if (!(c->key_flags & KEY_BREAK))
		return 0;
	eip += c->key_flags & KEY_LONG ? 0 : c->seg[CS].base;
	return sys_breakpoints(c, vcpu_linear(c, eip), 1, BREAK_EXEC);
}

/* Key of no set of breakpoints, while several cores run: its blocks hold one instruction each. */
#define DEBUG_EVERYWHERE (KEY_BREAK | KEY_BREAK_SET)

/* Does a block for the CPU's mode end before the instruction there, which is not its first? */
static inline bool debug_block_ends(const struct vcpu *c, u64 eip)
{
	return debug_break_at(c, eip) ||
	       (cache_many() && (c->key_flags & DEBUG_EVERYWHERE) == DEBUG_EVERYWHERE);
}

/* One at c->eip, which neither RF nor MOV SS holds off: then *f is its fault. */
static inline bool debug_break(struct vcpu *c, struct fault *f)
{
	u32 hits = debug_break_at(c, c->eip);

	if (!hits || (c->eflags & FL_RF) || (c->inhibit & INHIBIT_SS))
		return false;
	c->dr[6] |= hits;
	*f = fault_plain(EXC_DB);
	return true;
}

/* Is a #DB trap to be delivered before anything else happens? */
static inline bool debug_trap_waits(const struct vcpu *c)
{
	return (c->pending & PENDING_DEBUG) && !(c->inhibit & INHIBIT_SS);
}

#endif
