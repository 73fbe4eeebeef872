/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two CPUs (SDM vol. 3, 9.4 and chapter 11): the second one's start by INIT and SIPI, IPIs of each
 * kind between the two, NMIs, priorities, the IOAPIC's interrupts to it, its timer, LOCK. It runs
 * what the first one gives it as a job, and takes interrupts meanwhile.
 * Invariant: only the first CPU reports; what a test waits for has a limit.
 */
#include "guestimg/tests/cpus.h"

enum { IOAPIC = 0xfec00000 };
enum { BSP, AP, BOTH = 3, V_FIRST = 0x50, V_PING = 0x90, V_PONG = 0x91, V_LOW = 0x45,
	V_HIGH = 0x65, V_IOAPIC = 0xa0, V_TIMER = 0xa1 };
enum { PINGS = 2000, LOCKS = 20000, STARTS = 20 };

typedef void (*job)(void);

static volatile u32 got[2][256];	/* by CPU: so often each vector came */
static volatile u32 alive, beats, sleeps, ap_cs, ap_edx;
static volatile job ap_job;
static volatile u32 job_high, job_low, job_value;

static u32 me_of_two(void) { return *apic(APIC_ID) >> 24 & 1; }

static u64 rdmsr(u32 n)
{
	u64 v;

	__asm__ volatile("rdmsr" : "=A"(v) : "c"(n));
	return v;
}

static void cpuid(u32 leaf, u32 *a, u32 *b)
{
	u32 c = 0, d;

	*a = leaf;
	__asm__ volatile("cpuid" : "+a"(*a), "=b"(*b), "+c"(c), "=d"(d));
}

/* Wait until *p is `want`, with interrupts on. */
static bool comes(volatile u32 *p, u32 want)
{
	u64 begin = rdtsc();

	irqs_on();
	while (*p != want && rdtsc() - begin < LIMIT)
		pause();
	irqs_off();
	return *p == want;
}

/* Wait until *p is something else. */
static bool changes(volatile u32 *p)
{
	u32 was = *p;
	u64 begin = rdtsc();

	while (*p == was && rdtsc() - begin < LIMIT)
		pause();
	return *p != was;
}

/* For what shall not come. */
static void settle(void)
{
	irqs_on();
	delay(300);
	irqs_off();
}

/* -- The second CPU -- */

static void apic_on(void)
{
	*apic(APIC_SVR) = 0x1ff;
	*apic(APIC_TPR) = 0;
	*apic(APIC_DIVIDE) = 0xb;
}

void ap_main(u32 cs, u32 edx)
{
	ap_cs = cs;
	ap_edx = edx;
	apic_on();
	irqs_on();
	alive++;
	for (;; pause()) {
		job j = ap_job;

		beats++;
		if (!j)
			continue;
		j();
		ap_job = 0;
	}
}

/* Have it do that; false if it does not come back. */
static bool ap_do(job j)
{
	ap_job = j;
	return comes((volatile u32 *)&ap_job, 0);
}

static void do_send(void) { send(job_high, job_low); }
static void do_ids(void)
{
	u32 a, b;

	cpuid(1, &a, &b);
	job_value = *apic(APIC_ID) >> 24 | (b >> 24) << 8 | ((u32)rdmsr(0x1b) & 0x900) << 8;
}
static void do_tpr(void) { *apic(APIC_TPR) = job_value; }
static void do_logical(void)
{
	*apic(APIC_DFR) = job_high;
	*apic(APIC_LDR) = job_low;
}
/* Only an NMI ends it. */
static void do_hlt(void)
{
	sleeps = 1;
	__asm__ volatile("cli; hlt; sti" ::: "memory");
	sleeps = 0;
}

static void do_timer(void)
{
	*apic(APIC_LVT_TIMER) = V_TIMER;
	*apic(APIC_INITIAL) = 10000;
}

/* -- Interrupts, of both -- */

static bool on_ipi(struct trap *t)
{
	u32 who = me_of_two();

	got[who][t->vector]++;
	*apic(APIC_EOI) = 0;
	if (t->vector == V_PING)
		send(!who, FIXED | V_PONG);
	return true;
}

static bool on_nmi(struct trap *t)
{
	got[me_of_two()][t->vector]++;
	return true;
}

static void forget(void) { memset((void *)got, 0, sizeof(got)); }

/* -- Its start -- */

/*
 * SDM vol. 3, 9.4.4.1. On a busy host QEMU's CPU may not have come to its INIT for longer than
 * that, and has no use for a SIPI until then.
 */
static void after_init(void) { delay(have_counters() ? 10000 : 60000); }

static bool start(u32 page)
{
	u32 before = alive;

	ap_job = 0;
	send(AP, INIT);
	after_init();
	send(AP, SIPI | page);
	delay(200);
	/* a second one, if need be: QEMU's CPU would keep it for its next start */
	if (have_counters() || !comes(&alive, before + 1))
		send(AP, SIPI | page);
	return comes(&alive, before + 1);
}

static void test_start(void)
{
	u32 a, b;

	test("start");
	cpuid(1, &a, &b);
	if (!expect("it is alive", start(AP_PAGES), 1))
		finish("smp");
	expect("CS", ap_cs, AP_PAGES << 8);
	expect("EDX", ap_edx, a);
	settle();
	expect("started once", alive, 1);
	test("names");
	expect("its job", ap_do(do_ids), 1);
	expect("id, initial id, enabled, no boot CPU", job_value, 0x80101);
	do_ids();
	expect("of the boot CPU", job_value, 0x90000);
}

/* -- Destinations -- */

struct row { u32 high, low, who; const char *name; };

/* Sent by the first CPU, and by the second. */
static const struct row flat[] = {
	{ 1, FIXED, 2, "physical 1" }, { 0, FIXED, 1, "physical 0" },
	{ 0xff, FIXED, 3, "physical broadcast" }, { 7, FIXED, 0, "physical 7, nobody" },
	{ 2, FIXED | LOGICAL, 2, "flat 2" }, { 1, FIXED | LOGICAL, 1, "flat 1" },
	{ 3, FIXED | LOGICAL, 3, "flat 3" }, { 4, FIXED | LOGICAL, 0, "flat 4, nobody" },
	{ 0xff, FIXED | LOGICAL, 3, "flat broadcast" }, { 2, LOWEST | LOGICAL, 2, "lowest of one" },
	{ 1, LOWEST, 2, "lowest, physical" }, { 0, FIXED | EVERYBODY, 3, "all" },
	{ 1, FIXED | 0x8000, 2, "level is an edge" },
};
static const struct row cluster[] = {
	{ 0x11, FIXED | LOGICAL, 1, "cluster 1" }, { 0x24, FIXED | LOGICAL, 2, "cluster 2" },
	{ 0x2f, FIXED | LOGICAL, 2, "cluster 2, all" }, { 0x21, FIXED | LOGICAL, 0, "of others" },
	{ 0x14, FIXED | LOGICAL, 0, "cluster 1, none" },
	{ 0xff, FIXED | LOGICAL, 3, "all clusters" },
	{ 0xf4, FIXED | LOGICAL, 2, "third of all clusters" },
};

static void try_row(const struct row *r, u32 n, u32 sender)
{
	u32 v = V_FIRST + n;

	test(r->name);
	forget();
	job_high = r->high;
	job_low = r->low | v;
	sender == BSP ? do_send() : (void)expect("its job", ap_do(do_send), 1);
	for (u32 k = 0; k < 2; k++)
		if (r->who >> k & 1)
			expect("it comes", comes(&got[k][v], 1), 1);
	settle();
	for (u32 k = 0; k < 2; k++)
		expect("so often", got[k][v], r->who >> k & 1);
}

static void logical(u32 dfr, u32 bsp, u32 ap)
{
	job_high = dfr;
	job_low = bsp << 24;
	do_logical();
	job_low = ap << 24;
	expect("its job", ap_do(do_logical), 1);
}

static void test_destinations(void)
{
	static const struct row self = { 0, FIXED | SELF, 0, "self" },
			      others = { 0, FIXED | OTHERS, 0, "all but self" };

	for (u32 sender = BSP; sender <= AP; sender++) {
		struct row mine = self, theirs = others;

		mine.who = 1u << sender;
		theirs.who = BOTH & ~mine.who;
		logical(0xffffffff, 1, 2);
		for (u32 k = 0; k < COUNT(flat); k++)
			try_row(&flat[k], k, sender);
		try_row(&mine, 30, sender);
		try_row(&theirs, 31, sender);
		logical(0x0fffffff, 0x11, 0x24);
		for (u32 k = 0; k < COUNT(cluster); k++)
			try_row(&cluster[k], k, sender);
	}
	logical(0xffffffff, 1, 2);
	test("lowest of two");
	forget();
	send(3, LOWEST | LOGICAL | V_FIRST);
	for (u32 n = 0; n < 1000 && !(got[0][V_FIRST] + got[1][V_FIRST]); n++)
		settle();
	expect("one gets it", got[0][V_FIRST] + got[1][V_FIRST], 1);
}

/* -- NMI, priority, INIT -- */

static void test_nmi(void)
{
	test("NMI to the other");
	forget();
	send(1, NMI);
	expect("it comes", comes(&got[AP][V_NMI], 1), 1);
	send(0, NMI | OTHERS);
	expect("all but self", comes(&got[AP][V_NMI], 2), 1);
	job_high = 0;
	job_low = NMI;
	expect("its job", ap_do(do_send), 1);
	expect("back", comes(&got[BSP][V_NMI], 1), 1);
	test("NMI ends HLT with IF = 0");
	ap_job = do_hlt;
	expect("it sleeps", comes(&sleeps, 1), 1);
	delay(300);
	send(1, FIXED | V_FIRST);
	delay(300);
	expect("no interrupt ends that", sleeps, 1);
	for (u32 k = 0; k < 1000 && sleeps; k++) {	/* HLT may be still to come */
		send(1, NMI);
		delay(300);
	}
	expect("NMI does", comes((volatile u32 *)&ap_job, 0), 1);
	expect("then the interrupt comes", comes(&got[AP][V_FIRST], 1), 1);
}

static void test_priority(void)
{
	test("task priority");
	forget();
	job_value = 0x50;
	expect("its job", ap_do(do_tpr), 1);
	send(1, FIXED | V_LOW);
	send(1, FIXED | V_HIGH);
	expect("the higher one comes", comes(&got[AP][V_HIGH], 1), 1);
	settle();
	expect("the lower one waits", got[AP][V_LOW], 0);
	job_value = 0;
	expect("its job", ap_do(do_tpr), 1);
	expect("until it may", comes(&got[AP][V_LOW], 1), 1);
}

/* Within a second: a busy host may not let the CPU run for a while, to where it stops. */
static bool stops(const volatile u32 *n)
{
	for (u32 k = 0; k < 50; k++) {
		u32 before = *n;

		delay(20000);
		if (*n == before)
			return true;
	}
	return false;
}

static void test_init(void)
{
	u32 n = alive, b;

	test("SIPI to a CPU that runs");
	send(1, SIPI | (AP_PAGES + 1));
	settle();
	expect("it runs on", changes(&beats), 1);
	expect("is ignored", alive, n);
	test("INIT");
	send(1, INIT);
	expect("it has stopped", stops(&beats), 1);
	b = beats;
	send(1, FIXED | V_FIRST);
	delay(20000);
	expect("no interrupt wakes it", alive == n && beats == b, 1);
	send(1, SIPI | (AP_PAGES + 1));
	expect("a SIPI does", comes(&alive, n + 1), 1);
	expect("at its page", ap_cs, (AP_PAGES + 1) << 8);
	test("many starts");
	for (u32 k = 0; k < STARTS; k++) {
		if (!expect("started", start(AP_PAGES + k % AP_PAGE_COUNT), 1))
			return;
		expect("at its page", ap_cs, (AP_PAGES + k % AP_PAGE_COUNT) << 8);
	}
	expect("once each", alive, n + 1 + STARTS);
}

/* -- Many, LOCK, devices -- */

static void test_pings(void)
{
	test("pings");
	forget();
	for (u32 k = 1; k <= PINGS; k++) {
		send(1, FIXED | V_PING);
		if (!expect("it answers", comes(&got[BSP][V_PONG], k), 1))
			return;
	}
	expect("so often", got[AP][V_PING], PINGS);
}

static volatile u32 counter_locked, counter_plain, spin;

static void do_locks(void)
{
	for (u32 k = 0; k < LOCKS; k++) {
		u32 held = 1;

		__asm__ volatile("lock incl %0" : "+m"(counter_locked));
		for (;;) {
			__asm__ volatile("xchgl %0, %1" : "+r"(held), "+m"(spin) :: "memory");
			if (!held)
				break;
			pause();
			held = 1;
		}
		counter_plain++;
		__asm__ volatile("" ::: "memory");
		spin = 0;
	}
}

static void test_locks(void)
{
	test("LOCK INC and XCHG");
	ap_job = do_locks;
	do_locks();
	expect("its job", comes((volatile u32 *)&ap_job, 0), 1);
	expect("by LOCK INC", counter_locked, 2 * LOCKS);
	expect("under a spin lock", counter_plain, 2 * LOCKS);
}

static void ioapic(u32 reg, u32 v)
{
	*(volatile u32 *)IOAPIC = reg;
	*(volatile u32 *)(IOAPIC + 0x10) = v;
}

/* The PIT at pin 2, for the second CPU alone. */
static void test_devices(void)
{
	test("IOAPIC");
	forget();
	ioapic(0x15, 1u << 24);
	ioapic(0x14, V_IOAPIC);
	timer_once(TIMER_PIT, 1000);
	outb(0x21, 0xff);
	expect("it comes", comes(&got[AP][V_IOAPIC], 1), 1);
	settle();
	expect("once", got[AP][V_IOAPIC], 1);
	expect("not to the first", got[BSP][V_IOAPIC], 0);
	ioapic(0x14, 0x10000);
	test("its timer");
	expect("its job", ap_do(do_timer), 1);
	expect("it comes", comes(&got[AP][V_TIMER], 1), 1);
	settle();
	expect("once", got[AP][V_TIMER], 1);
	expect("not to the first", got[BSP][V_TIMER], 0);
}

int main(void);
int main(void)
{
	on_trap[V_NMI] = on_nmi;
	for (u32 v = V_LOW; v <= V_TIMER; v++)
		on_trap[v] = on_ipi;
	apic_on();
	*apic(APIC_LVT_LINT0) = 0x10000;
	ap_put_code();
	test_start();
	test_destinations();
	test_nmi();
	test_priority();
	test_init();
	test_pings();
	test_locks();
	test_devices();
	send(1, INIT);
	finish("smp");
}
