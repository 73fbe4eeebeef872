/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CPU that is not the first resets the machine, in each way a PC knows, while the others work;
 * at last it powers off. What comes back is the first CPU alone: the others wait for a SIPI.
 * What is next is kept in CMOS RAM. Not a test of devices: that is reset.c.
 */
#include "guestimg/tests/cpus.h"

enum { CMOS_SHUTDOWN = 0x0f, CMOS_MAGIC = 0x70, CMOS_STEP = 0x71, MAGIC = 0xa5 };
enum { MARK_AT = FREE, MARK = 0x4c6f616d, BEATS_AT = FREE + 64 };

static volatile u32 *const beats = (volatile u32 *)BEATS_AT;	/* by CPU; lives through resets */
static u32 step;

static u8 cmos(u8 index) { outb(0x70, index); return inb(0x71); }
static void cmos_set(u8 index, u8 v) { outb(0x70, index), outb(0x71, v); }

static void by_rcr(void) { outb(0xcf9, 2), outb(0xcf9, 6); }
static void by_8042(void) { outb(0x64, 0xfe); }
static void by_port92(void) { outb(0x92, 3); }

static void by_triple_fault(void)
{
	static const struct pointer none;

	__asm__ volatile("lidt %0\n\tint3" :: "m"(none));
}

static const struct way { const char *name; void (*reset)(void); } ways[] = {
	{ "back from a triple fault", by_triple_fault }, { "back from port 0xcf9", by_rcr },
	{ "back from the 8042", by_8042 }, { "back from port 0x92", by_port92 },
};

/* The last CPU does it; the others count until then, the first one with interrupts off. */
static void part(u32 cpu)
{
	u64 begin = rdtsc();

	meet();
	if (cpu == cpus - 1) {
		for (u32 k = 0; k < cpus - 1; k++)
			while (!beats[k] && rdtsc() - begin < LIMIT)
				pause();
		ways[step].reset();
	}
	while (rdtsc() - begin < LIMIT)
		__asm__ volatile("lock incl %0" : "+m"(beats[cpu]) :: "cc");
	if (!cpu)
		stuck("no reset");
}

static void check(void)
{
	u32 was[CPUS_MAX];

	test(ways[step - 1].name);
	expect("RAM", *(volatile u32 *)MARK_AT, MARK + step - 1);
	for (u32 k = 0; k < CPUS_MAX; k++)
		was[k] = beats[k];
	delay(5000);
	for (u32 k = 1; k < CPUS_MAX; k++)
		expect("the others do not run", beats[k], was[k]);
	expect("the first one ran", was[0] != 0, 1);
	expect("the boot CPU", me(), 0);
	test("");			/* it is told now, not after the next reset */
}

static void end(u32 cpu)
{
	if (cpu == cpus - 1)
		finish("apreset");
}

int main(void);
int main(void)
{
	step = cmos(CMOS_MAGIC) == MAGIC ? cmos(CMOS_STEP) : 0;
	if (step)
		check();
	cpus_start("apreset");
	if (step == COUNT(ways)) {
		cmos_set(CMOS_MAGIC, 0);
		test("power off by the last CPU");
		together(end);
	}
	for (u32 k = 0; k < CPUS_MAX; k++)
		beats[k] = 0;
	cmos_set(CMOS_MAGIC, MAGIC);
	cmos_set(CMOS_STEP, (u8)(step + 1));
	cmos_set(CMOS_SHUTDOWN, 0);
	*(volatile u32 *)MARK_AT = MARK + step;
	together(part);
	finish("apreset");
}
