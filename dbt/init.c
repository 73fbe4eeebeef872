/* SPDX-License-Identifier: BSD-2-Clause */
/* Setting the translator up, for all, on each core; the CPU's hooks into the machine, a report. */
#include "dbt/backend/backend.h"
#include "dbt/backend/glue.h"
#include "dbt/cache/cache.h"
#include "dbt/cache/lock.h"
#include "dbt/core/this.h"
#include "dbt/debug.h"
#include "dbt/exec.h"
#include "dbt/sys/cpuid.h"
#include "dbt/rt/fault.h"
#include "dbt/rt/kick.h"
#include "dbt/sys/msr.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/decode.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/frame.h"
#include "mm/gpa.h"
#include "mm/page.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE (256u * 1024)
#define NS 1000000000ull
#define LONG_S (1ull << 32)

/* -- Hooks of the system side -- */

_Static_assert(SPACES == SHADOW_ROOTS && SPACE_ALL == SHADOW_ALL_ROOTS, "mm/shadow.h");
_Static_assert(CPU_VCPU_OFFSET + sizeof(struct vcpu) <= CPU_AREA_SIZE, "per-core area");

static struct x86_paging paging_of(const struct vcpu *c)
{
	struct x86_paging p = {
		.pg = c->cr0 & CR0_PG, .wp = c->cr0 & CR0_WP, .pse = c->cr4 & CR4_PSE,
		.pae = c->cr4 & CR4_PAE, .pge = c->cr4 & CR4_PGE, .nxe = c->efer & EFER_NXE,
		.lma = vcpu_long(c), .smep = c->cr4 & CR4_SMEP, .smap = c->cr4 & CR4_SMAP,
		.page1g = vcpu_has(c, FEAT_PDPE1GB),
		.phys_bits = c->model->phys_bits, .cr3 = c->cr3,
	};

	memcpy(p.pdpte, c->pdpte, sizeof(p.pdpte));
	return p;
}

static bool has_pdptes(const struct vcpu *c)
{
	return !vcpu_long(c) && (c->cr4 & CR4_PAE) && (c->cr0 & CR0_PG);
}

static __attribute__((noinline)) void new_paging(struct dbt *d, const struct vcpu *c)
{
	struct x86_paging p = paging_of(c);

	shadow_set_paging(d->shadow, &p);
}

static void paging_changed(struct vcpu *c, enum paging_change what)
{
	struct dbt *d = c->owner;

	if (what == PAGING_CR3)
		shadow_load_cr3(d->shadow, c->cr3, has_pdptes(c) ? c->pdpte : NULL);
	else
		new_paging(d, c);
}

static void invlpg(struct vcpu *c, gva_t linear)
{
	shadow_invlpg(((struct dbt *)c->owner)->shadow, linear);
}

static void page_gone(void *arg, u32 root, gva_t page)
{
	contexts_page_gone(((struct dbt *)arg)->cache.contexts, root, page.a);
}

static void all_gone(void *arg, u32 root)
{
	contexts_gone(((struct dbt *)arg)->cache.contexts, root);
}

static void mode_changed(struct vcpu *c) { ((struct dbt *)c->owner)->mode_dirty = true; }

static void irq_unmasked(struct vcpu *c)
{
	struct dbt *d = c->owner;

	if (d->platform.intr_pending(d->platform.opaque))
		dbt_raise(cpu_self()->id, PENDING_INTR);
}

static void apic_base_changed(struct vcpu *c)
{
	struct dbt *d = c->owner;

	if (!d->platform.set_apic_base(d->platform.opaque, c->apic_base) &&
	    printk_due(&d->count.apic_base_refused))
		printk("dbt: the APIC base %llx is refused\n", (unsigned long long)c->apic_base);
}

static bool read_x2apic(struct vcpu *c, u32 n, u64 *v)
{
	const struct dbt_platform *p = &((struct dbt *)c->owner)->platform;

	return p->x2apic_read(p->opaque, n, v);
}

static bool write_x2apic(struct vcpu *c, u32 n, u64 v)
{
	const struct dbt_platform *p = &((struct dbt *)c->owner)->platform;

	return p->x2apic_write(p->opaque, n, v);
}

static u64 read_deadline(const struct vcpu *c)
{
	const struct dbt_platform *p = &((struct dbt *)c->owner)->platform;

	return p->get_deadline(p->opaque);
}

/* In nanoseconds from now, rounded up, until the guest's TSC is v; at most LONG_S seconds. */
static u64 until_tsc(const struct vcpu *c, u64 v)
{
	u64 tsc = sys_tsc(c), hz = clock_hz();
	u64 ticks = v > tsc ? (v - tsc - 1) / c->tsc_mul + 1 : 0;

	if (ticks / hz >= LONG_S)
		return LONG_S * NS;
	return ticks / hz * NS + (ticks % hz * NS + hz - 1) / hz;
}

static void write_deadline(struct vcpu *c, u64 v)
{
	const struct dbt_platform *p = &((struct dbt *)c->owner)->platform;

	p->set_deadline(p->opaque, v, clock_ns() + until_tsc(c, v));
}

static u64 read_tpr(struct vcpu *c)
{
	struct dbt *d = c->owner;

	return d->platform.get_tpr(d->platform.opaque) >> 4;
}

static void write_tpr(struct vcpu *c, u64 v)
{
	struct dbt *d = c->owner;

	d->platform.set_tpr(d->platform.opaque, (u8)(v << 4));
}

static void read_phys(struct vcpu *c, u64 at, void *buf, u32 size)
{
	(void)c;
	gpa_read(gpa(at), buf, size);
}

static const struct sys_hooks hooks = {
	.paging_changed = paging_changed, .invlpg = invlpg, .mode_changed = mode_changed,
	.level_changed = exec_level_changed, .space_changed = exec_space_changed,
	.ac_changed = exec_ac_changed,
	.debug_changed = debug_changed, .irq_unmasked = irq_unmasked,
	.apic_base_changed = apic_base_changed, .read_x2apic = read_x2apic,
	.write_x2apic = write_x2apic, .read_deadline = read_deadline,
	.write_deadline = write_deadline, .read_tpr = read_tpr, .write_tpr = write_tpr,
	.read_ticks = clock_ticks_still, .read_phys = read_phys,
};

/* -- Set-up -- */

void dbt_init(const struct dbt_config *cfg)
{
	cache_init(cfg->code_pool, cfg->code_size, cfg->cores);
	exec_reset_clock();
	frame_on_code_write(cache_code_written);
	irq_on_kick(kick_frame);
}

/* A core's contexts; NULL: the first one's. False: there is no memory for them. */
static bool contexts_for(unsigned core, struct contexts **x)
{
	hpa_t at = hpa(0);

	*x = NULL;
	if (!core)
		return true;
	at = page_alloc_run((sizeof(**x) + PAGE_SIZE - 1) / PAGE_SIZE, PAGE_SIZE, PAGE_ANYWHERE);
	if (!at.a)
		return false;
	*x = page_ptr(at);
	memset(*x, 0, sizeof(**x));
	return true;
}

static void cpu_begin(struct dbt *d, const struct dbt_config *cfg)
{
	struct vcpu *c = d->c;

	memset(c, 0, sizeof(*c));
	c->owner = d;
	c->hooks = &hooks;
	c->model = cfg->model;
	c->view = &d->shadow->current;
	d->shadow->on_views = &c->passage_not;
	c->tsc_mul = cfg->tsc_mul;
	c->apic_id = (u8)cpu_self()->id;
}

int dbt_init_core(const struct dbt_config *cfg, struct shadow *s, const struct dbt_platform *p)
{
	struct dbt *d = calloc(1, sizeof(*d));
	void *mem = malloc(ARENA_SIZE);
	struct contexts *x;

	if (!d || !mem || decoder_init(&d->decoder) || !contexts_for(cpu_self()->id, &x))
		return -ERR_NOMEM;
	arena_init(&d->arena, mem, ARENA_SIZE);
	d->c = cpu_vcpu_area(this_cpu());
	d->shadow = s;
	d->platform = *p;
	d->passes_off = cfg->passes_off;
	d->verify = d->decoder.verify = cfg->verify;
	d->ordered = cfg->ordered;
	d->relaxed = cfg->relaxed;
	d->mode_dirty = true;
	cpu_begin(d, cfg);
	cache_core_init(&d->cache, x, &d->c->passage_not);
	shadow_on_code_gone(d->shadow, &(struct shadow_code_hooks){ d, page_gone, all_gone });
	trap_register(fault_claim);
	trap_register_describer(fault_describe);
	exec_power_up(d);
	return 0;
}

int dbt_init_writer(void)
{
	struct cache_core *c = calloc(1, sizeof(*c));

	cpu_self()->cache = c;
	return c ? 0 : -ERR_NOMEM;
}

/* What all CPUs' translators have counted. The others may go on meanwhile. */
struct totals {
	struct dbt_counters run;
	struct cache_counters cache;
	struct shadow_counters shadow;
	u64 msr_refused, stood;		/* stood: the longest of all */
};

static void add(void *sums, const void *counts, size_t size)
{
	for (size_t k = 0; k < size / sizeof(u64); k++)
		((u64 *)sums)[k] += ((const u64 *)counts)[k];
}

static void add_core(struct totals *t, const struct dbt *d)
{
	add(&t->run, &d->count, sizeof(t->run));
	add(&t->cache, &d->cache.count, sizeof(t->cache));
	add(&t->shadow, &d->shadow->count, sizeof(t->shadow));
	t->msr_refused += d->c->log.msr_unknown_total;
	t->stood = d->stood > t->stood ? d->stood : t->stood;
}

static void add_writer(struct totals *t)
{
	const struct cache_core *c = cache_cores < cores_count() ? cores_at(cache_cores)->cache :
				     NULL;

	if (c)
		add(&t->cache, &c->count, sizeof(t->cache));
}

void dbt_report(void)
{
	struct totals t = { 0 };
	const struct dbt_counters *r = &t.run;
	const struct shadow_counters *s = &t.shadow;

	for (unsigned k = 0; k < cache_cores; k++)
		add_core(&t, ((struct vcpu *)cpu_vcpu_area(cores_at(k)))->owner);
	add_writer(&t);
	printk("counters: blocks %lu insns %lu code %lu evictions %lu barriers %lu links %lu\n",
	       t.cache.blocks, t.cache.guest_insns, t.cache.code_bytes, t.cache.evictions,
	       t.cache.barriers, t.cache.links);
	printk("counters: fills %lu cr3 %lu invalidations %lu asids %lu views %lu drops %lu\n",
	       s->fills, s->cr3_loads, s->invalidations, s->asid_switches, s->view_switches,
	       s->drops);
	printk("counters: exits link %lu far %lu ind %lu kick %lu sys %lu fault %lu step %lu\n",
	       r->exits[1], r->exits[2], r->exits[3], r->exits[4], r->exits[5], r->exits[6],
	       r->exits[7]);
	printk("counters: mmio %lu watched %lu interrupts %lu unimplemented %lu msr_refused %lu "
	       "fetch_nowhere %lu\n", r->faults_mmio, r->faults_watched, r->interrupts,
	       r->unimplemented, t.msr_refused, r->fetch_nowhere);
	printk("counters: ticks %lu idle %lu translating %lu spurious %lu\n", clock_ticks(),
	       r->idle_ticks, r->translate_ticks, irq_spurious());
	if (cache_many())
		printk("counters: cpus %u alone %lu twice %lu outdated %lu stood %lu\n",
		       cache_cores, r->eval_steps_alone, t.cache.twice, t.cache.outdated, t.stood);
}
