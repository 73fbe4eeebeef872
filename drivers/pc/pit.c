/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 8254 (datasheet order 231164) on PC ports 0x40-0x43, and PIIX's port 0x61. All
 * six modes, computed from the clock: a channel is a load time and a count, nothing ticks.
 * Only channel 2's gate can move, so modes 1 and 5 do something there only.
 * Deviations: no sound; the refresh bit toggles every 15.085 µs whatever channel 1 does;
 * IRQ 0's falling edge in mode 3 is not shown (nobody acts on it); deadlines closer than
 * MIN_NS are moved apart, so a count below 24 gives fewer interrupts than the chip.
 * Ticks are not merged: an edge whose predecessor the guest has not taken yet (it runs slower
 * here than on the machine it was written for, and cannot keep time without its ticks), or that
 * a late callback missed, is owed and given later, one each CATCH_UP_NS, at most MAX_OWED; more
 * are counted lost. A chip would merge them. While IRQ 0 is masked nothing is owed.
 * Invariant: `start` is the tick at which the channel held its full count `n`.
 */
#include "drivers/pc/pit.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/clock.h"
#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/timer.h"

enum { PORT_PIT = 0x40, PORT_B = 0x61, CONTROL = 3 };
enum { CTRL_LATCH = 0, CTRL_READ_BACK = 3 };
enum { RB_NO_STATUS = 0x10, RB_NO_COUNT = 0x20 };
enum { STATUS_OUT = 0x80, STATUS_NULL = 0x40 };
enum { B_GATE2 = 0x01, B_SPEAKER = 0x02, B_REFRESH = 0x10, B_OUT2 = 0x20, B_WRITABLE = 0x0f };
enum { REFRESH_NS = 15085, MIN_NS = 20000, CATCH_UP_NS = 100000, MAX_OWED = 64 };
enum { RW_LOW = 1, RW_HIGH = 2, RW_BOTH = 3 };

struct chan {
	u8 mode, rw;
	bool bcd, gate;
	bool armed;		/* a count is loaded */
	bool triggered;		/* modes 1 and 5: the gate rose since the load */
	u32 n, next_n;		/* 1…65536; next_n: taken at the end of the period, or 0 */
	u64 start;
	u64 held;		/* ticks counted when the gate fell (modes 0 and 4) */
	u8 low;			/* first byte of a RW_BOTH write */
	bool have_low, read_high;
	u16 latch;
	u8 latch_bytes, status;
	bool status_latched;
};

struct pit {
	struct lock lock;
	struct chan chan[3];
	u8 portb;
	struct irq_line irq0;
	bool (*waiting)(void *opaque, unsigned n);
	struct timer timer;
	u64 seen;		/* edges of channel 0 up to this tick are dealt with */
	unsigned owed;		/* edges still to be given */
	u64 lost;
	struct bus_region pit_region, b_region;
};

static bool periodic(const struct chan *c)
{
	return c->mode == 2 || c->mode == 3;
}

/* -- Counting -------------------------------------------------------------- */

/* Bring a periodic channel's start to the period that tick t is in, taking next_n at its time. */
static void sync(struct chan *c, u64 t)
{
	if (!c->armed || !periodic(c) || !c->gate || t < c->start + c->n)
		return;
	if (c->next_n) {
		c->start += c->n;
		c->n = c->next_n;
		c->next_n = 0;
	}
	if (t >= c->start)
		c->start += (t - c->start) / c->n * c->n;
}

/* Clocks since the load, at tick t; 0 while not yet loaded. */
static u64 elapsed(const struct chan *c, u64 t)
{
	if (!c->gate && (c->mode == 0 || c->mode == 4))
		return c->held;
	return t > c->start ? t - c->start : 0;
}

static bool out(const struct chan *c, u64 t)
{
	u64 e = elapsed(c, t);

	if (!c->armed)
		return c->mode != 0;
	switch (c->mode) {
	case 0: return e >= c->n;
	case 1: return !c->triggered || t < c->start || e >= c->n;
	case 2: return !c->gate || e % c->n != c->n - 1 || t < c->start;
	case 3: return !c->gate || e % c->n < (c->n + 1) / 2;
	case 4: return e != c->n;
	default: return !c->triggered || e != c->n;
	}
}

static u32 modulus(const struct chan *c)
{
	return c->bcd ? 10000 : 0x10000;
}

/* The counting element's value at tick t. */
static u32 count(const struct chan *c, u64 t)
{
	u64 e = elapsed(c, t);
	u32 half = (c->n + 1) / 2, k;

	if (!c->armed)
		return 0;
	switch (c->mode) {
	case 2: return c->gate ? c->n - (u32)(e % c->n) : c->n;
	case 3:			/* by two; odd counts start one lower, their first half is longer */
		if (!c->gate || c->n < 2)
			return c->n;
		k = (u32)(e % c->n);
		return (c->n & ~1u) - 2 * (k < half ? k : k - half);
	default:
		if ((c->mode == 1 || c->mode == 5) && !c->triggered)
			return c->n % modulus(c);
		return (u32)((c->n + (u64)modulus(c) - e % modulus(c)) % modulus(c));
	}
}

static u16 to_bcd(u32 v)
{
	return (u16)(v % 10 | v / 10 % 10 << 4 | v / 100 % 10 << 8 | v / 1000 % 10 << 12);
}

static u32 from_bcd(u32 v)
{
	return (v & 15) + (v >> 4 & 15) * 10 + (v >> 8 & 15) * 100 + (v >> 12 & 15) * 1000;
}

/* The first tick after t at which OUT rises by counting, or ~0. */
static u64 next_rise(const struct chan *c, u64 t)
{
	u64 end = c->start + c->n;

	if (!c->armed || !c->gate)
		return ~0ull;
	switch (c->mode) {
	case 0: return end > t ? end : ~0ull;
	case 4: return end + 1 > t ? end + 1 : ~0ull;
	case 2:
	case 3:
		if (t < end)
			return end;
		return c->start + ((t - c->start) / c->n + 1) * c->n;
	default: return ~0ull;
	}
}

/* -- IRQ 0 ----------------------------------------------------------------- */

/* Note the edges up to tick t. */
static void collect(struct pit *p, u64 t)
{
	struct chan *c = &p->chan[0];
	u64 edges = 0;

	for (u64 r = next_rise(c, p->seen); r <= t; r = next_rise(c, p->seen)) {
		sync(c, r);
		u64 more = periodic(c) && !c->next_n ? (t - r) / c->n : 0;
		edges += 1 + more;
		p->seen = r + more * c->n;
		if (!periodic(c))
			break;
	}
	p->seen = t;
	sync(c, t);
	u64 room = MAX_OWED - p->owed;
	p->lost += edges > room ? edges - room : 0;
	p->owed += edges < room ? edges : room;
}

/* Give one edge that is due if the guest took the last, and queue the timer for the next. */
static void deliver(struct pit *p)
{
	u64 now = clock_ns(), next;

	if (p->owed && !(p->waiting && p->waiting(p->irq0.opaque, p->irq0.n))) {
		p->owed--;
		irq_set(&p->irq0, 0);
		irq_set(&p->irq0, 1);
	}
	u64 rise = next_rise(&p->chan[0], p->seen);
	if (p->owed)
		next = now + CATCH_UP_NS;
	else if (rise != ~0ull)
		next = pit_ns(rise);
	else {
		timer_cancel(&p->timer);
		return;
	}
	timer_set(&p->timer, next < now + MIN_NS ? now + MIN_NS : next);
}

static void pit_timer(void *opaque)
{
	struct pit *p = opaque;

	lock_take(&p->lock);
	collect(p, pit_ticks(clock_ns()));
	deliver(p);
	lock_drop(&p->lock);
}

/* Around a change of channel 0 by the guest: show OUT before, and after. */
static void before_change(struct pit *p, u64 t)
{
	collect(p, t);
	irq_set(&p->irq0, out(&p->chan[0], t));
}

static void after_change(struct pit *p, u64 t)
{
	p->owed = 0;
	p->seen = t;
	irq_set(&p->irq0, out(&p->chan[0], t));
	deliver(p);
}

/* -- Registers ------------------------------------------------------------- */

static void load(struct chan *c, u32 raw, u64 t)
{
	u32 n = c->bcd ? from_bcd(raw) : raw;

	if (!n)
		n = modulus(c);
	if (c->armed && periodic(c)) {
		sync(c, t);
		c->next_n = n;
		return;
	}
	c->next_n = 0;
	c->n = n;
	c->held = 0;
	c->armed = true;
	c->start = t + 1;
	if (c->mode == 1 || c->mode == 5)
		c->triggered = false;
}

static void write_count(struct chan *c, u8 v, u64 t)
{
	switch (c->rw) {
	case RW_LOW: load(c, v, t); break;
	case RW_HIGH: load(c, (u32)v << 8, t); break;
	case RW_BOTH:
		c->have_low = !c->have_low;
		if (!c->have_low) {
			load(c, c->low | (u32)v << 8, t);
			break;
		}
		c->low = v;
		if (c->mode == 0)
			c->armed = false;	/* the first byte stops counting, OUT low */
		break;
	}
}

static void latch_count(struct chan *c, u64 t)
{
	if (c->latch_bytes)
		return;
	sync(c, t);
	u32 v = count(c, t);
	c->latch = c->bcd ? to_bcd(v) : (u16)v;
	c->latch_bytes = c->rw == RW_BOTH ? 2 : 1;
	c->read_high = false;
}

static void latch_status(struct chan *c, u64 t)
{
	if (c->status_latched)
		return;
	sync(c, t);
	bool null = !c->armed || c->next_n || t < c->start;
	c->status = (u8)((out(c, t) ? STATUS_OUT : 0) | (null ? STATUS_NULL : 0) |
			 c->rw << 4 | c->mode << 1 | c->bcd);
	c->status_latched = true;
}

static void control(struct pit *p, u8 v, u64 t)
{
	unsigned sel = v >> 6, rw = v >> 4 & 3;

	if (sel == CTRL_READ_BACK) {
		for (unsigned k = 0; k < 3; k++) {
			if (!(v >> (k + 1) & 1))
				continue;
			if (!(v & RB_NO_COUNT))
				latch_count(&p->chan[k], t);
			if (!(v & RB_NO_STATUS))
				latch_status(&p->chan[k], t);
		}
		return;
	}
	struct chan *c = &p->chan[sel];
	if (rw == CTRL_LATCH) {
		latch_count(c, t);
		return;
	}
	c->rw = (u8)rw;
	c->mode = (v >> 1 & 7) > 5 ? v >> 1 & 3 : v >> 1 & 7;
	c->bcd = v & 1;
	c->armed = c->triggered = c->have_low = c->read_high = c->status_latched = false;
	c->latch_bytes = 0;
	c->next_n = 0;
}

static u8 read_count(struct chan *c, u64 t)
{
	u16 v = c->latch;
	bool high = c->rw == RW_HIGH || (c->rw == RW_BOTH && c->read_high);

	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	if (!c->latch_bytes) {
		sync(c, t);
		v = c->bcd ? to_bcd(count(c, t)) : (u16)count(c, t);
	} else {
		c->latch_bytes--;
	}
	if (c->rw == RW_BOTH)
		c->read_high = !c->read_high;
	return (u8)(high ? v >> 8 : v);
}

static u64 pit_read(void *opaque, u32 off, unsigned size)
{
	struct pit *p = opaque;
	u8 v = 0xff;

	(void)size;
	lock_take(&p->lock);
	if (off != CONTROL) {
		u64 t = pit_ticks(clock_ns());

		if (off == 0)
			collect(p, t);	/* before sync() moves the period on */
		v = read_count(&p->chan[off], t);
	}
	lock_drop(&p->lock);
	return v;
}

static void pit_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct pit *p = opaque;

	(void)size;
	lock_take(&p->lock);
	u64 t = pit_ticks(clock_ns());
	bool latching = off == CONTROL && (v >> 6 == CTRL_READ_BACK || (v >> 4 & 3) == CTRL_LATCH);
	bool changes0 = !latching && (off == 0 || (off == CONTROL && v >> 6 == 0));
	if (changes0)
		before_change(p, t);
	else
		collect(p, t);
	if (off == CONTROL)
		control(p, (u8)v, t);
	else
		write_count(&p->chan[off], (u8)v, t);
	if (changes0)
		after_change(p, t);
	lock_drop(&p->lock);
}

/* -- Port 0x61 ------------------------------------------------------------- */

static void set_gate(struct chan *c, bool gate, u64 t)
{
	if (gate == c->gate)
		return;
	sync(c, t);
	if (!gate)
		c->held = elapsed(c, t);
	c->gate = gate;
	if (!gate || !c->armed)
		return;
	if (c->next_n) {
		c->n = c->next_n;
		c->next_n = 0;
	}
	if (c->mode == 0 || c->mode == 4)
		c->start = t - c->held;		/* goes on where it stopped */
	else
		c->start = t + 1;		/* a trigger: reload */
	c->triggered = true;
}

static u64 b_read(void *opaque, u32 off, unsigned size)
{
	struct pit *p = opaque;
	u64 ns = clock_ns(), t = pit_ticks(ns);

	(void)off, (void)size;
	lock_take(&p->lock);
	sync(&p->chan[2], t);
	u8 v = p->portb & B_WRITABLE;
	v |= ns / REFRESH_NS & 1 ? B_REFRESH : 0;
	v |= out(&p->chan[2], t) ? B_OUT2 : 0;
	lock_drop(&p->lock);
	return v;
}

static void b_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct pit *p = opaque;

	(void)off, (void)size;
	lock_take(&p->lock);
	p->portb = v & B_WRITABLE;
	set_gate(&p->chan[2], v & B_GATE2, pit_ticks(clock_ns()));
	lock_drop(&p->lock);
}

static const struct io_ops pit_ops = { .read = pit_read, .write = pit_write, .min = 1, .max = 1 };
static const struct io_ops b_ops = { .read = b_read, .write = b_write, .min = 1, .max = 1 };

u64 pit_lost(const struct pit *p)
{
	return p->lost;
}

/* The chip itself has no reset; a board comes up with every channel stopped. */
void pit_reset(struct pit *p)
{
	lock_take(&p->lock);
	timer_cancel(&p->timer);
	memset(p->chan, 0, sizeof(p->chan));
	for (unsigned k = 0; k < 3; k++) {
		p->chan[k].gate = k < 2;
		p->chan[k].rw = RW_BOTH;
		p->chan[k].mode = 3;
	}
	p->portb = 0;
	p->owed = 0;
	irq_set(&p->irq0, 1);
	lock_drop(&p->lock);
}

struct pit *pit_create(struct bus *bus, const struct irq_line *irq0,
		       bool (*waiting)(void *opaque, unsigned n))
{
	struct pit *p = calloc(1, sizeof(*p));

	must(p);
	p->irq0 = *irq0;
	p->waiting = waiting;
	p->timer.fn = pit_timer;
	p->timer.opaque = p;
	p->pit_region = (struct bus_region){ "pit", PORT_PIT, 4, &pit_ops, p, 0, true, NULL };
	p->b_region = (struct bus_region){ "port 0x61", PORT_B, 1, &b_ops, p, 0, true, NULL };
	bus_add(bus, BUS_IO, &p->pit_region);
	bus_add(bus, BUS_IO, &p->b_region);
	pit_reset(p);
	return p;
}
