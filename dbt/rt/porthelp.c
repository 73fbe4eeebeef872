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
static u64 wants_loop(const struct dbt *d, u32 generation)
{
	u32 pending = d->c->pending;

	if (pending == PENDING_INTR && !(d->c->eflags & FL_IF))
		pending = 0;
	return pending || shadow_generation(d->shadow) != generation;
}

/* Breakpoints on ports are rare: their test alone is on the common way. */
static __attribute__((noinline)) void meet_breakpoints(struct vcpu *c, u64 port, u64 size)
{
	sys_note_hits(c, sys_breakpoints_io(c, (u16)port, (unsigned)size));
}

/* The value; bit 32: the run loop is wanted. */
u64 helper_port_in(struct vcpu *c, u64 port, u64 size, u64 d)
{
	struct dbt *dbt = c->owner;
	u32 generation = shadow_generation(dbt->shadow);
	u64 v;

	(void)d;
	if (c->dr[7] & DR7_ENABLED)
		meet_breakpoints(c, port, size);
	v = bus_read(dbt->platform.bus, BUS_IO, port, (unsigned)size);
	return v | wants_loop(dbt, generation) << 32;
}

/* The result: the run loop is wanted. */
u64 helper_port_out(struct vcpu *c, u64 port, u64 size, u64 v)
{
	struct dbt *dbt = c->owner;
	u32 generation = shadow_generation(dbt->shadow);

	if (c->dr[7] & DR7_ENABLED)
		meet_breakpoints(c, port, size);
	bus_write(dbt->platform.bus, BUS_IO, port, v, (unsigned)size);
	return wants_loop(dbt, generation);
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
