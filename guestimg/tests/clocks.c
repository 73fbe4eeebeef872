/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What several CPUs see of time: time-stamp counters that agree, IA32_TSC_ADJUST, and each one's
 * local APIC timer in all its modes (SDM vol. 3, 18.17 and 11.5.4), on all CPUs at once. What is
 * checked holds on a busy machine, too: nothing comes too early, nothing twice, nothing not at all.
 */
#include "guestimg/tests/cpus.h"

enum { V_TIMER = 0x70, APIC_NOW = 0x390, MASKED = 0x10000, PERIODIC = 0x20000, DEADLINE = 0x40000,
	MSR_TSC_ADJUST = 0x3b, MSR_TSC_DEADLINE = 0x6e0 };
enum { HOST_TICK = 10 };	/* of the TSC: as near as counters of two cores are to each other */

static volatile u32 wrong[CPUS_MAX], ticks[CPUS_MAX];

static u64 rdmsr(u32 n)
{
	u64 v;

	__asm__ volatile("rdmsr" : "=A"(v) : "c"(n));
	return v;
}

static void wrmsr(u32 n, u64 v) { __asm__ volatile("wrmsr" :: "c"(n), "A"(v) : "memory"); }

struct leaf { u32 a, b, c, d; };

static struct leaf cpuid(u32 n)
{
	struct leaf l = { .a = n };

	__asm__ volatile("cpuid" : "+a"(l.a), "=b"(l.b), "+c"(l.c), "=d"(l.d));
	return l;
}

static bool have_adjust(void) { return cpuid(0).a >= 7 && cpuid(7).b & 2; }
static bool have_deadline(void) { return cpuid(1).c & 1u << 24; }

static u64 tsc_in_order(void)
{
	u64 v;

	__asm__ volatile("lfence; rdtsc; lfence" : "=A"(v) :: "memory");
	return v;
}

static void expect_none_wrong(const char *what)
{
	for (u32 k = 0; k < cpus; k++)
		expect(what, wrong[k], 0);
	memset((void *)wrong, 0, sizeof(wrong));
}

/* -- Time-stamp counters -- */

static volatile u32 turn;
static volatile u64 last;

/* From hand to hand: whoever comes later reads no less. */
static void order_part(u32 cpu)
{
	u32 first = turn;

	meet();
	for (u32 k = 0; k < ROUNDS; k++) {
		u64 now;

		if (!wait_for(&turn, first + k * cpus + cpu))
			stuck("no turn");
		now = tsc_in_order();
		wrong[cpu] += now + HOST_TICK < last;
		last = now;
		turn++;
	}
}

static void test_order(const char *what)
{
	test(what);
	last = 0;
	together(order_part);
	expect_none_wrong("counters that went back");
}

#define FAR_AHEAD 1000000000000ull

/* The last CPU's is moved, and back; the others' stay. */
static void adjust_part(u32 cpu)
{
	u64 before = tsc_in_order(), after;

	meet();
	if (cpu == cpus - 1)
		wrmsr(MSR_TSC_ADJUST, rdmsr(MSR_TSC_ADJUST) + FAR_AHEAD);
	meet();
	after = tsc_in_order();
	wrong[cpu] += (after - before >= FAR_AHEAD) != (cpu == cpus - 1);
	meet();
	if (cpu == cpus - 1)
		wrmsr(MSR_TSC_ADJUST, rdmsr(MSR_TSC_ADJUST) - FAR_AHEAD);
	wrong[cpu] += rdmsr(MSR_TSC_ADJUST) != 0;
}

static void test_adjust(void)
{
	if (!have_adjust())
		return;
	test("IA32_TSC_ADJUST moves one CPU's");
	together(adjust_part);
	expect_none_wrong("moved, or not");
	test_order("and all agree again");
}

/* -- Timers -- */

static bool on_timer(struct trap *t)
{
	(void)t;
	ticks[me()]++;
	*apic(APIC_EOI) = 0;
	return true;
}

/* Wait in HLT for `want` interrupts, or with PAUSE every other time. */
static void wait_ticks(u32 cpu, u32 want)
{
	u64 begin = rdtsc();

	while (ticks[cpu] < want && rdtsc() - begin < LIMIT) {
		irqs_off();
		if (want & 1 && ticks[cpu] < want)
			__asm__ volatile("sti; hlt" ::: "memory");
		irqs_on();
	}
	wrong[cpu] += ticks[cpu] < want;
}

static u64 ratio[CPUS_MAX];		/* of the TSC to the timer's clock, in 1/256 */

static void timer_begin(u32 cpu, u32 mode)
{
	ticks[cpu] = 0;
	*apic(APIC_DIVIDE) = 0xb;	/* by 1 */
	*apic(APIC_LVT_TIMER) = mode | V_TIMER;
}

static void timer_end(void)
{
	*apic(APIC_INITIAL) = 0;
	*apic(APIC_LVT_TIMER) = MASKED | V_TIMER;
	irqs_off();
}

/* As long as a look at the timer may take: else its CPU did not run in between. */
#define LOOK_MAX 50000

/* What the timer has counted down, and the TSC at that moment. */
static u32 counted(u64 *tsc)
{
	u64 begin;
	u32 now;

	do {
		begin = tsc_in_order();
		now = *apic(APIC_NOW);
		*tsc = tsc_in_order();
	} while (*tsc - begin > LOOK_MAX);
	return 0xffffffff - now;
}

static void measure(u32 cpu)
{
	u64 begin, end;
	u32 first, count;

	timer_begin(cpu, MASKED);
	*apic(APIC_INITIAL) = 0xffffffff;
	first = counted(&begin);
	while (tsc_in_order() - begin < 20000000)
		;
	count = counted(&end) - first;
	/* No 64-bit division without a library: times in 256 of the timer's ticks. */
	ratio[cpu] = (u32)(end - begin) / (count / 256);
	timer_end();
}

/* `count` ticks of the timer, a hundredth less, in the TSC's. */
static u64 least(u32 cpu, u32 count) { return count / 100 * 99 * ratio[cpu] >> 8; }

enum { SHOTS = 20, COUNT_MIN = 3000 };

static void once_part(u32 cpu)
{
	measure(cpu);
	meet();
	irqs_on();
	for (u32 k = 0; k < SHOTS; k++) {
		u32 count = COUNT_MIN * (1 + k * 7 % 16 + cpu);
		u64 begin = tsc_in_order();

		timer_begin(cpu, 0);
		*apic(APIC_INITIAL) = count;
		wait_ticks(cpu, 1);
		wrong[cpu] += tsc_in_order() - begin < least(cpu, count);
		wrong[cpu] += *apic(APIC_NOW) != 0;
		while (tsc_in_order() - begin < 3 * least(cpu, count))
			;
		wrong[cpu] += ticks[cpu] != 1;
	}
	timer_end();
}

static void periodic_part(u32 cpu)
{
	u32 count = COUNT_MIN * (4 + cpu);
	u64 begin = tsc_in_order();

	meet();
	irqs_on();
	timer_begin(cpu, PERIODIC);
	*apic(APIC_INITIAL) = count;
	wait_ticks(cpu, SHOTS);
	wait_ticks(cpu, 2 * SHOTS - 1);
	wrong[cpu] += tsc_in_order() - begin < least(cpu, count) * (2 * SHOTS - 2);
	timer_end();
	ticks[cpu] = 0;
	begin = tsc_in_order();
	irqs_on();
	while (tsc_in_order() - begin < 3 * least(cpu, count))
		;
	wrong[cpu] += ticks[cpu] > 1;	/* one may have been on its way */
	irqs_off();
}

static void deadline_part(u32 cpu)
{
	meet();
	irqs_on();
	for (u32 k = 0; k < SHOTS; k++) {
		u64 at;

		timer_begin(cpu, DEADLINE);
		at = tsc_in_order() + (k ? 20000ull * (k + cpu) : 0);
		wrmsr(MSR_TSC_DEADLINE, at);
		wait_ticks(cpu, 1);
		wrong[cpu] += tsc_in_order() < at;
		wrong[cpu] += rdmsr(MSR_TSC_DEADLINE) != 0;
		wrong[cpu] += ticks[cpu] != 1;
		/* One that is taken back does not come. */
		at = tsc_in_order() + 100000000;
		wrmsr(MSR_TSC_DEADLINE, at);
		wrong[cpu] += rdmsr(MSR_TSC_DEADLINE) != at && tsc_in_order() < at;
		wrmsr(MSR_TSC_DEADLINE, 0);
		wrong[cpu] += ticks[cpu] != 1 && tsc_in_order() < at;
	}
	timer_end();
}

static void test_timers(const char *what, void (*part)(u32 cpu))
{
	test(what);
	together(part);
	expect_none_wrong("too early, twice, or not at all");
}

int main(void);
int main(void)
{
	on_trap[V_TIMER] = on_timer;
	cpus_start("clocks");
	test_order("time-stamp counters from hand to hand");
	test_adjust();
	test_timers("timers, one shot", once_part);
	test_timers("timers, periodic", periodic_part);
	if (have_deadline())
		test_timers("timers, by the TSC", deadline_part);
	finish("clocks");
}
