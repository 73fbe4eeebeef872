/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cores as threads: IPIs from all of them to one that changes its priority meanwhile and looks at
 * its local APIC only when it is told to. Each vector that was not waiting must arrive, level
 * interrupts of the IOAPIC be ended by whoever got them, and each INIT and SIPI start the core
 * once.
 * The bus is not here, registers are reached as it reaches them: mm/bus has fences, which
 * ThreadSanitizer does not know (test_lapic_threads_tsan).
 */
#include <pthread.h>
#include <sched.h>

#include "drivers/pc/irqchip.h"
#include "kernel/lib/bits.h"
#include "mm/gpa.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/native.h"

enum { CORES = 4, SENDERS = CORES - 1, VECTORS = 12, ROUNDS = 4000, STARTS = 2000, LEVELS = 3000 };
enum { LAPIC_AT = 0xfee00000, IOAPIC_AT = 0xfec00000 };
enum { TPR = 0x80, EOI = 0xb0, SVR = 0xf0, ICR = 0x300, ICR2 = 0x310 };
enum { PATIENCE = 20000000 };		/* looks in vain until something counts as lost */

static struct irqchip *ic;
static struct lapic *lapic;
static u32 told[CORES], started[CORES], arrived[256], stop;
static __thread unsigned core_now;

/* -- What stands for the bus and the CPUs -- */

static struct bus_region *region[8];
static unsigned regions;

void bus_add(struct bus *b, enum bus_space space, struct bus_region *r)
{
	(void)b;
	if (space == BUS_MMIO)
		region[regions++] = r;
}

void bus_move(struct bus *b, enum bus_space space, struct bus_region *r, u64 start, u64 size,
	      bool enabled)
{
	(void)b, (void)space, (void)r, (void)start, (void)size, (void)enabled;
}

u64 gpa_write(gpa_t at, const void *buf, u64 size) { (void)at, (void)buf; return size; }
void *gpa_host(gpa_t at) { (void)at; return NULL; }

static const struct bus_region *at(u64 page)
{
	for (unsigned k = 0; k < regions; k++)
		if (region[k]->start == page)
			return region[k];
	return NULL;
}

static void put(u64 page, u32 off, u32 v)
{
	const struct bus_region *r = at(page);

	r->ops->write(r->opaque, off, v, 4);
}

static u32 get(u64 page, u32 off)
{
	const struct bus_region *r = at(page);

	return (u32)r->ops->read(r->opaque, off, 4);
}

static void on_raise(void *o, unsigned c)
{
	(void)o;
	__atomic_store_n(&told[c], 1, __ATOMIC_SEQ_CST);
}

static void on_nmi(void *o, unsigned c) { (void)o, (void)c; }
static void on_start(void *o, unsigned c)
{
	(void)o;
	__atomic_store_n(&started[c], 1, __ATOMIC_SEQ_CST);
}
static unsigned on_core(void *o) { (void)o; return core_now; }

static bool seen(const u32 *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static u32 take(u32 *p) { return __atomic_exchange_n(p, 0, __ATOMIC_SEQ_CST); }

/* Wait until *p is `want`; false if that does not come. */
static bool comes(const u32 *p, u32 want)
{
	for (u32 n = 0; n < PATIENCE; n++) {
		if (__atomic_load_n(p, __ATOMIC_ACQUIRE) == want)
			return true;
		if (n % 64 == 63)
			sched_yield();
	}
	return false;
}

static void begin(void)
{
	irqchip_reset(ic);
	memset(told, 0, sizeof(told));
	memset(arrived, 0, sizeof(arrived));
	stop = 0;
	for (core_now = CORES; core_now-- > 0;)
		put(LAPIC_AT, SVR, 0x1ff);
	core_now = 0;
}

/* -- Storms -- */

struct sender { pthread_t thread; unsigned core; bool lost; };

static u8 vector_of(unsigned sender, unsigned k) { return (u8)(0x20 + k * SENDERS + sender); }

/* All of its vectors at once, then all must have come: by two modes, and by messages. */
static void *storm(void *opaque)
{
	struct sender *s = opaque;

	core_now = s->core;
	for (u32 round = 1; round <= ROUNDS && !s->lost; round++) {
		for (unsigned k = 0; k < VECTORS; k++) {
			u8 v = vector_of(s->core - 1, k);

			if (k % 3 == 2) {
				irqchip_message(ic, LAPIC_AT, v);
				continue;
			}
			put(LAPIC_AT, ICR2, 0);
			put(LAPIC_AT, ICR, 0x4000u | (k % 3) << 8 | v);
		}
		for (unsigned k = 0; k < VECTORS; k++)
			s->lost |= !comes(&arrived[vector_of(s->core - 1, k)], round);
	}
	return NULL;
}

/* Interrupts are taken only when something was told, as a CPU does it. */
static void serve(void)
{
	int v;

	if (!take(&told[core_now]))
		return;
	while ((v = irqchip_ack(ic, core_now)) >= 0) {
		__atomic_add_fetch(&arrived[v], 1, __ATOMIC_RELEASE);
		put(LAPIC_AT, EOI, 0);
	}
}

static void *target(void *opaque)
{
	(void)opaque;
	core_now = 0;
	for (u32 n = 0; !seen(&stop); n++) {
		put(LAPIC_AT, TPR, n * 0x10 & 0xf0);
		serve();
		put(LAPIC_AT, TPR, 0);
		serve();
		if (n % 16 == 15)
			sched_yield();
	}
	return NULL;
}

static void test_storm(void)
{
	struct sender s[SENDERS];
	pthread_t t;
	bool lost = false;

	begin();
	pthread_create(&t, NULL, target, NULL);
	for (unsigned k = 0; k < SENDERS; k++) {
		s[k] = (struct sender){ .core = k + 1 };
		pthread_create(&s[k].thread, NULL, storm, &s[k]);
	}
	for (unsigned k = 0; k < SENDERS; k++) {
		pthread_join(s[k].thread, NULL);
		lost |= s[k].lost;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	pthread_join(t, NULL);
	CHECK(!lost, "no IPI is lost");
	for (unsigned k = 0; k < SENDERS * VECTORS; k++)
		CHECK_EQ(arrived[0x20 + k], ROUNDS, "each arrived once");
}

/* -- INIT and SIPI -- */

static u32 runs;		/* 0x100 | vector: core 1 has begun there */

static void *starter(void *opaque)
{
	bool *lost = opaque;

	core_now = 0;
	put(LAPIC_AT, ICR2, 1 << 24);
	for (u32 n = 0; n < STARTS && !*lost; n++) {
		u32 v = n & 0xff;

		__atomic_store_n(&runs, 0, __ATOMIC_RELEASE);
		put(LAPIC_AT, ICR, 0x4500);
		put(LAPIC_AT, ICR, 0x4600 | v);
		put(LAPIC_AT, ICR, 0x4600 | (v ^ 0xff));
		*lost = !comes(&runs, 0x100 | v);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void test_starts(void)
{
	pthread_t t;
	bool lost = false;
	u32 waits = 0, begun = 0;

	begin();
	started[1] = 0;
	pthread_create(&t, NULL, starter, &lost);
	for (core_now = 1; !seen(&stop);) {
		enum lapic_start what;
		u8 v;

		if (!take(&started[1])) {
			sched_yield();
			continue;
		}
		while ((what = lapic_take_start(lapic, 1, &v)) != LAPIC_START_NONE) {
			waits += what == LAPIC_START_WAIT;
			begun += what == LAPIC_START_SIPI;
			if (what == LAPIC_START_SIPI)
				__atomic_store_n(&runs, 0x100u | v, __ATOMIC_RELEASE);
		}
	}
	pthread_join(t, NULL);
	core_now = 0;
	CHECK(!lost, "INIT and the first SIPI after it start the core");
	CHECK_EQ(waits, STARTS, "each INIT was taken");
	CHECK_EQ(begun, STARTS, "and begun once");
}

/* -- Level interrupts for two cores -- */

static u32 asserted, served;

/* Whoever gets it lowers the line, as a driver makes its device do. */
static void *level_target(void *opaque)
{
	core_now = *(unsigned *)opaque;
	while (!seen(&stop)) {
		int v;

		if (!take(&told[core_now])) {
			sched_yield();
			continue;
		}
		while ((v = irqchip_ack(ic, core_now)) >= 0) {
			if (take(&asserted)) {
				irqchip_isa(ic, 11, 0);
				__atomic_add_fetch(&served, 1, __ATOMIC_RELEASE);
			}
			put(LAPIC_AT, EOI, 0);
		}
	}
	return NULL;
}

static void test_levels(void)
{
	static unsigned core[2] = { 1, 2 };
	pthread_t t[2];
	bool lost = false;

	begin();
	for (unsigned k = 0; k < 2; k++) {
		core_now = core[k];
		put(LAPIC_AT, 0xd0, 1u << (24 + core_now));
		pthread_create(&t[k], NULL, level_target, &core[k]);
	}
	core_now = 0;
	put(IOAPIC_AT, 0, 0x27), put(IOAPIC_AT, 0x10, 0x06000000);
	put(IOAPIC_AT, 0, 0x26), put(IOAPIC_AT, 0x10, 0x8000 | 0x800 | 0x91);
	for (u32 n = 1; n <= LEVELS && !lost; n++) {
		irqchip_isa(ic, 11, 1);
		__atomic_store_n(&asserted, 1, __ATOMIC_RELEASE);
		lost = !comes(&served, n);
	}
	CHECK(!lost, "each level is served");
	u32 left = 0x4000;
	for (u32 n = 0; n < PATIENCE / 64 && left; n++, sched_yield())
		left = get(IOAPIC_AT, 0x10) & 0x4000;
	CHECK_EQ(left, 0, "and ended");
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (unsigned k = 0; k < 2; k++)
		pthread_join(t[k], NULL);
}

int main(void)
{
	static const struct cpu_intr cpu = { NULL, on_raise, on_nmi, on_start, on_core };

	fake_time_reset(1000);
	ic = irqchip_create(NULL, CORES, &cpu);
	lapic = irqchip_lapic(ic);
	test_storm();
	test_starts();
	test_levels();
	return check_done();
}
