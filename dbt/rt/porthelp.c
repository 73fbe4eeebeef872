/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * C helpers of IN and OUT where the mode alone allows every port, of CPUID and the clock:
 * translated code goes on behind them. Not the ports that the TSS must allow (sysglue.c).
 * Invariant: what a device may have changed of the CPU's surroundings, the caller is told
 * (wants_loop).
 */
#include "dbt/core/core.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/cpuid.h"
#include "dbt/sys/sysops.h"
#include "mm/bus.h"

/*
 * Has the run loop something to do before the next instruction? An interrupt that is held off by
 * IF is not: whoever sets IF looks again. A mapping that has changed since `generation` (A20, what
 * is RAM below 1 MiB) may be that of the code.
 */
static inline bool wants_loop(const struct dbt *d, u32 generation)
{
	u32 pending = d->c->pending, moved = shadow_generation(d->shadow) ^ generation;

	if (__builtin_expect(!(pending | moved), 1))
		return false;
	return moved || pending != PENDING_INTR || (d->c->eflags & FL_IF);
}

/* The value; bit 32: the run loop is wanted. */
static inline u64 port_in(struct vcpu *c, u64 port, u64 size)
{
	struct dbt *dbt = c->owner;
	u32 generation = shadow_generation(dbt->shadow);
	u64 v = bus_read(dbt->platform.bus, BUS_IO, port, (unsigned)size);

	return v | (u64)wants_loop(dbt, generation) << 32;
}

static inline u64 port_out(struct vcpu *c, u64 port, u64 size, u64 v)
{
	struct dbt *dbt = c->owner;
	u32 generation = shadow_generation(dbt->shadow);

	bus_write(dbt->platform.bus, BUS_IO, port, v, (unsigned)size);
	return wants_loop(dbt, generation);
}

/* Breakpoints on ports are rare: their test alone is on the common way. */
static void meet_breakpoints(struct vcpu *c, u64 port, u64 size)
{
	sys_note_hits(c, sys_breakpoints_io(c, (u16)port, (unsigned)size));
}

static __attribute__((noinline)) u64 watched_in(struct vcpu *c, u64 port, u64 size)
{
	meet_breakpoints(c, port, size);
	return port_in(c, port, size);
}

static __attribute__((noinline)) u64 watched_out(struct vcpu *c, u64 port, u64 size, u64 v)
{
	meet_breakpoints(c, port, size);
	return port_out(c, port, size, v);
}

/* The value; bit 32: the run loop is wanted. */
u64 helper_port_in(struct vcpu *c, u64 port, u64 size, u64 d)
{
	(void)d;
	return c->dr[7] & DR7_ENABLED ? watched_in(c, port, size) : port_in(c, port, size);
}

/* The result: the run loop is wanted. */
u64 helper_port_out(struct vcpu *c, u64 port, u64 size, u64 v)
{
	return c->dr[7] & DR7_ENABLED ? watched_out(c, port, size, v) :
	       port_out(c, port, size, v);
}

/* EAX and ECX in; EAX, EBX, ECX, EDX in vcpu.help[0 … 3]. */
u64 helper_cpuid(struct vcpu *c, u64 leaf, u64 subleaf, u64 d)
{
	u32 out[4];

	(void)d;
	cpuid_read(c, (u32)leaf, (u32)subleaf, out);
	for (unsigned n = 0; n < 4; n++)
		c->help[n] = out[n];
	return 0;
}

u64 helper_ticks(struct vcpu *c, u64 a, u64 b, u64 d)
{
	(void)a, (void)b, (void)d;
	return c->hooks->read_ticks();
}
