/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host core that does not run for seconds (qemu-test/boot/stopped.py stops it when asked here):
 * no CPU sees its TSC make a leap that long, or go back, also beside the other's, and the real time
 * clock agrees with it; at work, where the stopped one is halted and is to answer the other, and
 * where the other one waits to be alone.
 */
#include "guestimg/tests/cpus.h"

/* In units of 1024 ticks of the TSC, which is 1 GHz: about a microsecond. */
enum { US_SHIFT = 10, SECOND = 976563, LONG = 3 * SECOND, PAUSE_MAX = 5 * SECOND / 2 };
enum { V_WAKE = 0x40 };

static volatile u32 last[CPUS_MAX], longest[CPUS_MAX], backwards[CPUS_MAX], answers, over;

static u32 now(void) { return (u32)(rdtsc() >> US_SHIFT); }

static u32 rtc_seconds(void)
{
	u8 bcd;

	outb(0x70, 0);
	bcd = inb(0x71);
	return (bcd >> 4) * 10u + (bcd & 15);
}

/* Own pauses, and order beside the other CPU's time. */
static void look(u32 cpu)
{
	u32 others = last[!cpu], mine = last[cpu], t = now();

	if ((int)(t - others) < 0 || (int)(t - mine) < 0)
		backwards[cpu]++;
	if (t - mine > longest[cpu])
		longest[cpu] = t - mine;
	last[cpu] = t;
}

static void begin(u32 cpu)
{
	last[cpu] = now();
	longest[cpu] = backwards[cpu] = 0;
	meet();
	last[cpu] = now();
	meet();
}

static void work(u32 cpu)
{
	u32 first;

	begin(cpu);
	for (first = last[cpu]; last[cpu] - first < LONG;)
		look(cpu);
}

/* LOCK over two lines: the first one wants all others to stand still, now and then. */
static void work_locked(u32 cpu)
{
	static u8 lines[128] __attribute__((aligned(64)));
	volatile u32 *split = (volatile u32 *)(void *)(lines + 62);
	u32 first, round = 0;

	begin(cpu);
	for (first = last[cpu]; last[cpu] - first < LONG; round++) {
		if (!cpu && !(round & 0xfff))
			lock_xadd(split, 1);
		look(cpu);
	}
}

static bool woken(struct trap *t)
{
	(void)t;
	*apic(APIC_EOI) = 0;
	look(me());
	answers++;
	return true;
}

/* The first one asks again and again; the second is halted in between. */
static void ask(u32 cpu)
{
	u32 first, asked = 0;

	begin(cpu);
	if (cpu) {
		while (!over)
			__asm__ volatile("sti; hlt; cli" ::: "memory");
		return;
	}
	for (first = last[0]; last[0] - first < LONG; asked++) {
		send(1, FIXED | V_WAKE);
		while (answers == asked)
			look(0);
		delay(1000);
		look(0);
	}
	over = 1;
	send(1, FIXED | V_WAKE);
}

/* The line is what stopped.py waits for. */
static void step(const char *name, const char *line, void (*f)(u32 cpu))
{
	u32 tsc, rtc = rtc_seconds();

	test(name);
	print(line);
	tsc = now();
	together(f);
	rtc = (rtc_seconds() + 60 - rtc) % 60;
	tsc = (now() - tsc) / SECOND;
	expect("the first one's longest pause", longest[0] > PAUSE_MAX ? longest[0] : 0, 0);
	expect("the second one's longest pause", longest[1] > PAUSE_MAX ? longest[1] : 0, 0);
	expect("times that went back", backwards[0] + backwards[1], 0);
	expect("RTC and TSC, seconds apart", rtc > tsc + 2 || tsc > rtc + 2 ? rtc - tsc : 0, 0);
	test("");			/* it is told now */
}

int main(void);
int main(void)
{
	on_trap[V_WAKE] = woken;
	cpus_start("stopped");
	step("the second CPU's core stops", "stop core 1 now\n", work);
	step("the first CPU's core stops", "stop core 0 now\n", work);
	step("a halted CPU's core stops", "stop core 1 now\n", ask);
	step("a core stops that another one waits for", "stop core 1 now\n", work_locked);
	finish("stopped");
}
