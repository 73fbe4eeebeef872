/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The translator as the rest of Loam sees it: one guest CPU on this core, what
 * it needs of the machine around it, and how an interrupt gets its attention.
 * Never drivers: devices are reached through mm/bus and the functions here.
 */
#ifndef DBT_DBT_H
#define DBT_DBT_H

#include "dbt/core/core.h"

struct cpu_model;

/* Of all guest CPUs. */
struct dbt_config {
	void *code_pool;		/* as cache_init (dbt/cache/cache.h) */
	u64 code_size;
	unsigned cores;			/* so many may call dbt_init_core */
	const struct cpu_model *model;
	u32 tsc_mul;			/* guest TSC ticks for each host counter tick */
	u32 passes_off;			/* bit n leaves out pass n (dbt/opt/passes.def) */
	/* check each block's IR after the lifter and each pass, and each decoded shape's use */
	bool verify;
	bool ordered, relaxed;		/* as struct ir has it, from the start on */
};

/* What all cores share: once, after mm. */
void dbt_init(const struct dbt_config *cfg);
/*
 * What a core has: once on each that is a guest CPU, after dbt_init (cfg: as there), with its
 * shadow tables, which stay the caller's and must stay. Returns 0 or -ERR_NOMEM.
 */
int dbt_init_core(const struct dbt_config *cfg, struct shadow *s, const struct dbt_platform *p);

/*
 * For a core that is no guest CPU, but writes guest memory while several of them run: what it
 * counts when that drops translated code. On it, after dbt_init. Returns 0 or -ERR_NOMEM.
 */
int dbt_init_writer(void);

/* Run the guest CPU of this core from reset. Never returns: the machine powers off. */
__attribute__((noreturn)) void dbt_run(void);

/*
 * Guest CPU `core` shall look up soon, for these reasons (enum vcpu_pending; PENDING_INTR: its
 * interrupt controller). From the run loop, or a trap of that core itself. Another core takes it
 * when its run loop is told of work (dbt_quiet), for which it is interrupted.
 */
void dbt_raise(unsigned core, u32 pending);

/*
 * From the platform's host_events, which the run loop calls at its top: this core's translator
 * holds no block, link or table that it has found before (kernel/epoch.h). What other cores have
 * raised is pending from here on.
 */
void dbt_quiet(void);

/* clock_stop and clock_go_on (kernel/timer.h), for all CPUs' TSCs, too. */
void dbt_clock_stop(void);
u64 dbt_clock_go_on(u64 grace);

/* IGNNE#: the guest's handler of FERR# has begun. From the run loop. */
void dbt_ignne(void);

/* Print the counters of all CPUs, added up. */
void dbt_report(void);

/* counters.c: print "COUNTERS tag=… name=value …", all of counters.def on one line. */
void dbt_counters_print(u32 tag);
/* The n-th counter of counters.def, from 0; ~0 past the last. */
u64 dbt_counter(unsigned n);

#endif
