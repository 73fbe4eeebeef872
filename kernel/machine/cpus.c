/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's CPUs: how many, the memory that each wants, its start on its own core. CPU n runs on
 * core n. Law: all of them are set up, one at a time, before any runs.
 */
#include "kernel/machine/guest.h"

#include "boot/demand.h"
#include "dbt/backend/host_limits.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "kernel/work.h"
#include "mm/frame.h"
#include "mm/page.h"

#define TSC_HZ 1000000000u		/* guest TSC, by a whole multiple of the host counter */

unsigned guest_cpus(const struct boot_config *cfg)
{
	unsigned run = HOST_MANY_CPUS ? cores_count() : 1;

	if (cfg->cpus <= run)
		return cfg->cpus;
	printk("Loam: the guest gets %u of %u CPUs: %s\n", run, cfg->cpus, HOST_MANY_CPUS ?
	       "so many cores run" : "on this host more are not supported yet, other cores idle");
	return run;
}

void guest_cpus_memory(struct guest *g)
{
	for (unsigned k = 1; k < g->cpus; k++)
		frame_add_core(k, guest_pages(frame_core_memory(), PAGE_SIZE, PAGE_ANYWHERE,
					      "another core's frames"));
}

/* -- On the core itself -- */

struct cpu_start {
	struct work w;
	struct guest *guest;
	const struct dbt_config *config;
};

static void shadow_begin(struct guest *g, unsigned id)
{
	u32 nodes = (u32)DEMAND_SHADOW_NODES(g->cfg->memory);
	struct shadow *s = &g->cpu[id].shadow;

	shadow_init(s, id, guest_pages(shadow_memory(nodes), PAGING_ROOT_ALIGN, PAGE_ANYWHERE,
				       "shadow tables"), nodes);
	s->verify = g->cfg->verify ? SHADOW_VERIFY_SOME : SHADOW_VERIFY_NOT;
}

static void begin(void *opaque)
{
	struct cpu_start *s = opaque;
	unsigned id = this_cpu()->id;
	struct dbt_platform p = guest_join_cpu(s->guest, id);

	shadow_begin(s->guest, id);
	if (dbt_init_core(s->config, &s->guest->cpu[id].shadow, &p))
		panic("no memory for the translator of CPU %u", id);
}

static void run(void *opaque)
{
	guest_watch_begin(opaque);
	dbt_run();
}

/* -- By the boot core -- */

static u32 tsc_mul(void) { return clock_hz() < TSC_HZ ? (u32)(TSC_HZ / clock_hz()) : 1; }

void guest_cpus_init(struct guest *g)
{
	const struct boot_config *cfg = g->cfg;
	u64 size = cfg->code_cache ? cfg->code_cache : DEMAND_CODE_CACHE;
	struct dbt_config d = {
		.passes_off = cfg->passes_off, .verify = cfg->verify,
		.ordered = cfg->ordered || g->cpus > 1, .relaxed = cfg->relaxed,
		.code_pool = phys_to_code(ptr_to_phys(guest_pages(size, 65536, CODE_REACH,
								  "the code cache"))),
		.code_size = size, .cores = g->cpus,
		.model = &g->model, .tsc_mul = tsc_mul(),
	};
	char err[CPUID_ERR_SIZE];

	g->lent += size;
	if (cpuid_configure(&g->model, cfg->cpu[0] ? cfg->cpu : "loam", err))
		panic("cpu = %s: %s", cfg->cpu, err);
	dbt_init(&d);
	begin(&(struct cpu_start){ .guest = g, .config = &d });
	for (unsigned k = 1; k < g->cpus; k++) {
		struct cpu_start s = { { .fn = begin, .opaque = &s }, g, &d };

		work_post(k, &s.w);
		work_wait(&s.w);
	}
}

/* For the other cores this is work that never ends. */
void guest_cpus_run(struct guest *g)
{
	static struct work runs[CORES_MAX];

	for (unsigned k = 1; k < g->cpus; k++) {
		runs[k] = (struct work){ .fn = run, .opaque = &g->cpu[k] };
		work_post(k, &runs[k]);
	}
	if (g->cpus > 1)
		guest_watch_begin(&g->cpu[0]);
	dbt_run();
}
