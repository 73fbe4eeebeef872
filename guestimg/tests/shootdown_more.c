/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPIs from all to all, HLT that an IPI ends, INIT and SIPI of CPUs that run. Invariant: what was
 * sent last is seen by the one that it was for; an IPI that finds its like waiting joins it
 * (SDM vol. 3, 12.8.4), so only the last one counts.
 */
#include "guestimg/tests/shootdown.h"

static volatile u32 posted[CPUS_MAX][CPUS_MAX], seen[CPUS_MAX][CPUS_MAX];	/* [to][from] */
static volatile u32 calls[CPUS_MAX * 16], wrong[CPUS_MAX];
static u32 times;

/* -- A storm -- */

static void look(void)
{
	u32 k = me();

	for (u32 from = 0; from < CPUS_MAX; from++)
		seen[k][from] = posted[k][from];
	calls[k * 16]++;
}

static bool on_call(struct trap *t)
{
	(void)t;
	look();
	*apic(APIC_EOI) = 0;
	return true;
}

static bool on_nmi(struct trap *t)
{
	(void)t;
	look();
	return true;
}

static void clear(void)
{
	memset((void *)posted, 0, sizeof(posted));
	memset((void *)seen, 0, sizeof(seen));
	memset((void *)calls, 0, sizeof(calls));
	memset((void *)wrong, 0, sizeof(wrong));
}

/* With no pause, to each in turn, by three ways to name it; at the end all are seen. */
static void storm_part(u32 cpu)
{
	meet();
	irqs_on();
	for (u32 k = 1; k <= times; k++) {
		for (u32 to = 0; to < cpus; to++)
			posted[to][cpu] = k;
		if (k % 3 == 0) {
			send(0, FIXED | EVERYBODY | V_CALL);
			continue;
		}
		if (k % 3 == 1)
			send(0, FIXED | OTHERS | V_CALL);
		for (u32 to = 0; to < cpus; to++)
			if (to == cpu || k % 3 == 2)
				send(to, FIXED | (V_CALL + (k & 15) * 8));
	}
	for (u32 from = 0; from < cpus; from++)
		wrong[cpu] += !wait_for(&seen[cpu][from], times);
	meet();
	irqs_off();
}

/* Each calls each other one and waits for its answer, with interrupts on, all at once. */
static void calls_part(u32 cpu)
{
	meet();
	irqs_on();
	for (u32 k = 1; k <= times; k++)
		for (u32 to = 0; to < cpus; to++) {
			if (to == cpu)
				continue;
			posted[to][cpu] = k;
			send(to, FIXED | V_CALL);
			if (!wait_for(&seen[to][cpu], k))
				stuck("no answer to an IPI");
		}
	meet();
	irqs_off();
}

/* NMIs from all to CPU 0, which answers each. */
static void nmi_part(u32 cpu)
{
	meet();
	for (u32 k = 1; cpu && k <= times; k++) {
		posted[0][cpu] = k;
		send(0, NMI);
		if (!wait_for(&seen[0][cpu], k))
			stuck("no answer to an NMI");
	}
	meet();
}

static void try_storm(const char *name, void (*part)(u32), u32 n)
{
	test(name);
	clear();
	times = n;
	together(part);
	for (u32 k = 0; k < cpus; k++)
		expect("the last IPI was lost", wrong[k], 0);
}

void test_storm(void)
{
	for (u32 k = 0; k < 16; k++)
		on_trap[V_CALL + k * 8] = on_call;
	try_storm("a storm of IPIs", storm_part, ROUNDS * 4);
	try_storm("calls by IPI, all to all", calls_part, ROUNDS);
	on_trap[V_NMI] = on_nmi;
	try_storm("calls by NMI", nmi_part, ROUNDS);
}

/* -- HLT -- */

static volatile u32 work[CPUS_MAX], worked[CPUS_MAX];

static bool on_wake(struct trap *t)
{
	(void)t;
	*apic(APIC_EOI) = 0;
	return true;
}

/* As kernels idle: look for work with interrupts off, then STI and HLT, between which none comes. */
static void sleeper(u32 cpu)
{
	for (u32 k = 1; k <= times; k++) {
		irqs_off();
		while (work[cpu] != k)
			__asm__ volatile("sti; hlt; cli" ::: "memory");
		worked[cpu] = k;
	}
	irqs_off();
}

static void sleep_part(u32 cpu)
{
	meet();
	if (cpu) {
		sleeper(cpu);
		return;
	}
	for (u32 k = 1; k <= times; k++)
		for (u32 to = 1; to < cpus; to++) {
			work[to] = k;
			send(to, FIXED | V_WAKE);
			/* At times it is asleep when the next IPI comes, at times on its way. */
			if (!wait_for(&worked[to], k))
				stuck("an IPI has not ended HLT");
			if (k % 16 == 0)
				delay(50);
			for (u32 n = k * 5 & 63; n; n--)
				__asm__ volatile("");
		}
}

/* All sleep but the one that has the turn, and hand it on. */
static volatile u32 holder;

static void round_part(u32 cpu)
{
	meet();
	for (u32 k = 0; k < times; k++) {
		irqs_off();
		while (holder % cpus != cpu)
			__asm__ volatile("sti; hlt; cli" ::: "memory");
		holder++;
		send((cpu + 1) % cpus, FIXED | V_WAKE);
	}
	irqs_off();
}

void test_sleep(void)
{
	on_trap[V_WAKE] = on_wake;
	test("HLT and an IPI");
	memset((void *)work, 0, sizeof(work));
	memset((void *)worked, 0, sizeof(worked));
	times = ROUNDS;
	together(sleep_part);
	for (u32 k = 1; k < cpus; k++)
		expect("work done", worked[k], times);
	test("a turn goes round CPUs that sleep");
	holder = 0;
	times = ROUNDS;
	together(round_part);
	expect("turns", holder, times * cpus);
}

/* -- INIT and SIPI of a CPU that runs -- */

static volatile u32 locked[CPUS_MAX * 16], shared, own;
static volatile u8 lines[128] __attribute__((aligned(64)));
static volatile u32 *const over_line = (volatile u32 *)(lines + 62);

/* Until INIT: LOCK of each kind, code that changes, entries that change. */
static void busy(u32 cpu)
{
	u32 at = FREE + 0x3000 * cpu + 3;

	irqs_on();
	for (;;) {
		u32 v = 1;

		__asm__ volatile("lock incl %0" : "+m"(locked[cpu * 16]) :: "cc");
		__asm__ volatile("lock incl %0" : "+m"(*over_line) :: "cc");
		__asm__ volatile("xchgl %0, %1" : "+r"(v), "+m"(shared));
		*(volatile u8 *)at = 0xb8;
		*(volatile u32 *)(at + 1) = locked[cpu * 16];
		*(volatile u8 *)(at + 5) = 0xc3;
		if (((u32 (*)(void))at)() != locked[cpu * 16])
			wrong[cpu]++;
		send(0, FIXED | V_WAKE);
		invlpg(WINDOW);
	}
}

static void busy_part(u32 cpu)
{
	if (cpu)
		busy(cpu);
}

/* CPU 0 does what together() does, but for waiting. */
void test_restarts(void)
{
	u32 n = ROUNDS / 20 < 2000 ? ROUNDS / 20 : 2000, sum = 0;

	test("INIT and SIPI of CPUs that run");
	clear();
	for (u32 k = 0; k < n; k++) {
		u32 cpu = 1 + k % (cpus - 1), before = locked[cpu * 16];
		u64 begin = rdtsc();

		together_begin(busy_part);
		irqs_on();
		while (locked[cpu * 16] == before && rdtsc() - begin < LIMIT)
			__asm__ volatile("lock incl %0" : "+m"(own) :: "cc");
		delay(k % 7 * 3);
		irqs_off();
		if (!expect("it works", locked[cpu * 16] != before, 1))
			break;
		cpu_start(cpu);
	}
	for (u32 k = 1; k < cpus; k++) {
		cpu_start(k);
		expect("its own code", wrong[k], 0);
		sum += locked[k * 16];
	}
	/* An INIT may have come between the two. */
	expect("LOCK over a line", sum - *over_line <= n + cpus, 1);
	test("and all work together again");
	try_storm("calls by IPI, once more", calls_part, ROUNDS / 4);
}
