/* SPDX-License-Identifier: BSD-2-Clause */
/* PIC, PIT, local APIC timer, and the monitor's counters, for the test programs. */
#include "guestimg/tests/lib.h"

enum { PIC0 = 0x20, PIC1 = 0xa0, PIT0 = 0x40, PIT_CTL = 0x43 };
enum { APIC_EOI = 0xb0, APIC_SVR = 0xf0, APIC_LVT_TIMER = 0x320, APIC_LVT_LINT0 = 0x350,
	APIC_COUNT = 0x380, APIC_NOW = 0x390, APIC_DIVIDE = 0x3e0 };
enum { COUNTERS_PRINT = 0x403, COUNTERS = 0x404, COUNTERS_PRESENT = 0xec };
#define MASKED 0x10000u
#define PIT_KHZ 1193u

static u32 apic_per_us;

static volatile u32 *apic(u32 reg) { return (volatile u32 *)(0xfee00000 + reg); }

static void pic_init(u16 pic, u8 vector, u8 cascade)
{
	outb(pic, 0x11);
	outb(pic + 1, vector);
	outb(pic + 1, cascade);
	outb(pic + 1, 1);
	outb(pic + 1, 0xff);
}

/* Mode 0: one interrupt at the end of the count. */
static void pit_count(u8 mode, u32 us)
{
	u32 n = us * PIT_KHZ / 1000;

	n = n < 2 ? 2 : n > 0xffff ? 0xffff : n;
	outb(PIT_CTL, 0x30 | mode << 1);
	outb(PIT0, n & 0xff);
	outb(PIT0, n >> 8);
}

bool timer_waits(void)
{
	outb(PIC0, 0x0a);		/* read the request register */
	return inb(PIC0) & 1;
}

/* How many APIC ticks are in 10 ms of the PIT. */
static void calibrate(void)
{
	pit_count(0, 10000);
	*apic(APIC_COUNT) = 0xffffffff;
	while (!timer_waits())
		;
	apic_per_us = (0xffffffff - *apic(APIC_NOW)) / 10000;
	*apic(APIC_COUNT) = 0;
	if (!apic_per_us)
		apic_per_us = 1;
}

void timer_init(void)
{
	pic_init(PIC0, VEC_PIT, 4);
	pic_init(PIC1, VEC_PIT + 8, 2);
	*apic(APIC_SVR) = 0x1ff;
	*apic(APIC_LVT_LINT0) = 0x700;	/* the PIC */
	*apic(APIC_DIVIDE) = 0xb;	/* by 1 */
	*apic(APIC_LVT_TIMER) = MASKED | VEC_LAPIC;
	calibrate();
	timer_stop();
}

/*
 * Forget a PIT interrupt that came and was not taken. Its output goes low, which ends the request
 * on silicon, and not in QEMU: ICW1 makes both wait for another edge. All lines are masked then.
 */
static void pit_forget(void)
{
	pit_count(0, 50000);
	pic_init(PIC0, VEC_PIT, 4);
}

void timer_stop(void)
{
	pit_forget();
	*apic(APIC_LVT_TIMER) = MASKED | VEC_LAPIC;
	*apic(APIC_COUNT) = 0;
}

void timer_once(enum timer t, u32 us)
{
	if (t == TIMER_PIT) {
		outb(PIC0 + 1, 0xfe);
		pit_count(0, us);
		return;
	}
	*apic(APIC_LVT_TIMER) = VEC_LAPIC;
	*apic(APIC_COUNT) = us * apic_per_us;
}

void timer_periodic(u32 us)
{
	outb(PIC0 + 1, 0xfe);
	pit_count(2, us);
}

void timer_eoi(enum timer t)
{
	if (t == TIMER_PIT)
		outb(PIC0, 0x20);
	else
		*apic(APIC_EOI) = 0;
}

bool have_counters(void) { return inb(COUNTERS_PRINT) == COUNTERS_PRESENT; }

u32 counter(u32 n)
{
	outl(COUNTERS, n);
	return inl(COUNTERS);
}
