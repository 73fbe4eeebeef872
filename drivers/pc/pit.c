/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel 82C54 (datasheet order 231244) on PC ports 0x40-0x43, and PIIX's port 0x61. All six
 * modes, computed from the clock: a channel is the tick of its last load and a count, nothing
 * ticks. Only channel 2's gate can move, so modes 1 and 5 do something there only.
 * Deviations: no sound; the refresh bit toggles every 15.085 µs whatever channel 1 does; a count
 * of 1 in modes 2 and 3, which the datasheet forbids, gives no edges; IRQ 0 shows mode 2's low
 * clock and mode 4's strobe as a fall and a rise at their end; deadlines closer than MIN_NS are
 * moved apart, so a count below 24 gives fewer interrupts than the chip.
 * A tick that the guest had no time for is gone, as on a PC: what still waits when OUT falls is
 * withdrawn, and of several rises that a late callback finds one is shown. Both are counted.
 * The clock is read under the lock: for each channel it only goes on, whichever core looks.
 * Invariant: `start` is the tick at which the counting element was loaded (mode 3: at the
 * start of the present half), once advance() has been called for the present tick.
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
enum { REFRESH_NS = 15085, MIN_NS = 20000 };
enum { RW_LOW = 1, RW_HIGH = 2, RW_BOTH = 3 };

struct chan {
	u8 mode, rw;
	bool bcd, gate;
	bool written;		/* a whole count came since the control word */
	bool fresh;		/* … and the last one waits in cr to be loaded */
	bool loaded;		/* the counting element holds n, less what was counted */
	bool stopped;		/* mode 0: between the two bytes of a count */
	bool low;		/* mode 3: in the second half; mode 1: OUT until the load */
	bool risen;		/* modes 0, 1, 4, 5: OUT's rise after this load is dealt with */
	u32 cr, n;		/* 1…65536 */
	u64 start;
	u64 held;		/* clocks counted when counting stopped */
	u32 idle;		/* what the counting element keeps while nothing is loaded */
	u8 first;		/* first byte of a RW_BOTH write */
	bool have_first, read_high;
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
	bool line;		/* irq0 as driven */
	u64 rises;		/* of channel 0's OUT, not yet shown on irq0 */
	u64 hold;		/* ns: until then the line stays up after a rise that came late */
	u64 lost;		/* read without the lock, too */
	struct bus_region pit_region, b_region;
};

/* -- Counting -------------------------------------------------------------- */

static bool counting(const struct chan *c)
{
	return c->loaded && !c->stopped && (c->gate || c->mode == 1 || c->mode == 5);
}

/* Clocks since the load, at tick t. */
static u64 elapsed(const struct chan *c, u64 t)
{
	if (!counting(c))
		return c->held;
	return t > c->start ? t - c->start : 0;
}

/* Clocks of the present half of mode 3: the first one of an odd count is the longer one. */
static u32 half(const struct chan *c)
{
	return c->low ? c->n / 2 : (c->n + 1) / 2;
}

/* The count register goes to the counting element, at the clock after t. */
static void load(struct chan *c, u64 t)
{
	c->n = c->cr;
	c->start = t + 1;
	c->held = 0;
	c->loaded = true;
	c->fresh = c->stopped = c->risen = false;
}

/* A periodic channel reloads by itself at `at`, with a new count if one waits. */
static void reload(struct chan *c, u64 at)
{
	c->start = at;
	c->n = c->fresh ? c->cr : c->n;
	c->fresh = false;
}

static u64 advance_rate(struct chan *c, u64 t)
{
	u64 rises = 0;

	if (c->fresh && t - c->start >= c->n) {
		reload(c, c->start + c->n);
		rises = 1;
	}
	u64 periods = (t - c->start) / c->n;
	c->start += periods * c->n;
	return rises + periods;
}

static u64 end_half(struct chan *c, u64 t)
{
	bool rise = c->low;

	if (t - c->start < half(c))
		return 0;
	reload(c, c->start + half(c));
	c->low = !c->low;
	return rise;
}

static u64 advance_square(struct chan *c, u64 t)
{
	u64 rises = c->fresh ? end_half(c, t) : 0;
	u64 periods = (t - c->start) / c->n;

	c->start += periods * c->n;
	return rises + periods + end_half(c, t);
}

/* How many clocks after the load OUT rises, in the modes that count once. */
static u32 rise_after(const struct chan *c)
{
	return c->n + (c->mode == 4 || c->mode == 5);
}

/* Bring the channel to tick t. Returns how often OUT rose by counting since the last call. */
static u64 advance(struct chan *c, u64 t)
{
	u64 rises;

	if (!counting(c) || t < c->start)
		return 0;
	if (c->mode == 2 || c->mode == 3) {
		rises = c->mode == 2 ? advance_rate(c, t) : advance_square(c, t);
		return c->n < 2 ? 0 : rises;
	}
	rises = !c->risen && t - c->start >= rise_after(c);
	c->risen |= rises != 0;
	return rises;
}

/* The level of OUT at tick t, to which the channel was advanced. */
static bool out(const struct chan *c, u64 t)
{
	u64 e = elapsed(c, t);

	if (!c->loaded)
		return c->mode != 0;
	switch (c->mode) {
	case 0: return !c->stopped && e >= c->n;
	case 1: return t < c->start ? !c->low : e >= c->n;
	case 2: return !c->gate || t < c->start || c->n < 2 || e != c->n - 1;
	case 3: return !c->gate || !c->low;
	default: return e != c->n;
	}
}

/* The tick of the next change of OUT that IRQ 0 shows (see above), or ~0 if there is none. */
static u64 next_change(const struct chan *c)
{
	if (!counting(c))
		return ~0ull;
	switch (c->mode) {
	case 2: return c->n < 2 ? ~0ull : c->start + c->n;
	case 3: return c->n < 2 ? ~0ull : c->start + half(c);
	default: return c->risen ? ~0ull : c->start + rise_after(c);
	}
}

static u32 modulus(const struct chan *c)
{
	return c->bcd ? 10000 : 0x10000;
}

/* The counting element's value at tick t, to which the channel was advanced. */
static u32 count(const struct chan *c, u64 t)
{
	u64 e = elapsed(c, t);

	if (!c->loaded)
		return c->idle;
	switch (c->mode) {
	case 2: return c->n - (u32)e;
	case 3: return c->n < 2 ? c->n : (c->n & ~1u) - 2 * (u32)e;	/* odd: from n - 1 */
	default: return (u32)((c->n + (u64)modulus(c) - e % modulus(c)) % modulus(c));
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

/* -- IRQ 0 ----------------------------------------------------------------- */

static bool waits(const struct pit *p)
{
	return p->waiting && p->waiting(p->irq0.opaque, p->irq0.n);
}

static void lose(struct pit *p, u64 ticks)
{
	__atomic_store_n(&p->lost, p->lost + ticks, __ATOMIC_RELAXED);
}

/*
 * A tick that waits is lost when the line falls if that withdraws it (8259A), and when it rises,
 * as the next one is merged with it (local APIC); so by one of the two edges of a pulse.
 */
static void drive(struct pit *p, bool level)
{
	bool waited = waits(p);

	irq_set(&p->irq0, level);
	lose(p, waited && (level || !waits(p)));
	p->line = level;
}

static void pulse(struct pit *p)
{
	lose(p, waits(p));
	irq_set(&p->irq0, p->line ? IRQ_PULSE : 1);
	p->line = true;
}

/*
 * Show what channel 0 did up to tick t. If its OUT rose and fell again before anybody could see
 * it, the line stays up for MIN_NS, so that a guest that takes interrupts gets this one.
 */
static void show(struct pit *p, u64 ns, u64 t)
{
	p->rises += advance(&p->chan[0], t);
	bool level = out(&p->chan[0], t);
	if (p->rises) {
		pulse(p);
		if (p->rises > 1 && waits(p))
			lose(p, p->rises - 1);
		p->hold = level ? 0 : ns + MIN_NS;
		p->rises = 0;
	} else if (level != p->line && (level || ns >= p->hold)) {
		drive(p, level);
	}
}

static void schedule(struct pit *p, u64 ns)
{
	u64 next = next_change(&p->chan[0]);

	if (p->hold > ns)
		timer_set(&p->timer, p->hold);
	else if (next == ~0ull)
		timer_cancel(&p->timer);
	else
		timer_set(&p->timer, pit_ns(next) < ns + MIN_NS ? ns + MIN_NS : pit_ns(next));
}

static void pit_timer(void *opaque)
{
	struct pit *p = opaque;

	lock_take(&p->lock);
	u64 ns = clock_ns();
	show(p, ns, pit_ticks(ns));
	schedule(p, ns);
	lock_drop(&p->lock);
}

/* -- Registers ------------------------------------------------------------- */

/* A whole count was written. */
static void new_count(struct chan *c, u32 raw, u64 t)
{
	u32 n = c->bcd ? from_bcd(raw) : raw;
	bool at_once = c->mode == 0 || c->mode == 4;

	c->cr = n ? n : modulus(c);
	if (c->mode == 2 || c->mode == 3)	/* later ones wait for the end of the period */
		at_once = !c->loaded || t < c->start;
	if (at_once)
		load(c, t);
	else
		c->fresh = true;
	c->written = true;
}

static void write_count(struct chan *c, u8 v, u64 t)
{
	advance(c, t);		/* a new count waits for the end of the present period */
	switch (c->rw) {
	case RW_LOW: new_count(c, v, t); break;
	case RW_HIGH: new_count(c, (u32)v << 8, t); break;
	case RW_BOTH:
		c->have_first = !c->have_first;
		if (!c->have_first) {
			new_count(c, c->first | (u32)v << 8, t);
			break;
		}
		c->first = v;
		if (c->mode == 0) {	/* the first byte stops counting, and OUT is low */
			c->held = elapsed(c, t);
			c->stopped = true;
		}
		break;
	}
}

static void latch_count(struct chan *c, u64 t)
{
	if (c->latch_bytes)
		return;
	advance(c, t);
	u32 v = count(c, t);
	c->latch = c->bcd ? to_bcd(v) : (u16)v;
	c->latch_bytes = c->rw == RW_BOTH ? 2 : 1;
	c->read_high = false;
}

static void latch_status(struct chan *c, u64 t)
{
	if (c->status_latched)
		return;
	advance(c, t);
	bool null = !c->written || c->fresh || t < c->start;
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
	advance(c, t);
	c->idle = count(c, t);
	c->rw = (u8)rw;
	c->mode = (v >> 1 & 7) > 5 ? v >> 1 & 3 : v >> 1 & 7;
	c->bcd = v & 1;
	c->written = c->fresh = c->loaded = c->stopped = c->low = c->risen = false;
	c->have_first = c->read_high = c->status_latched = false;
	c->latch_bytes = 0;
	c->held = 0;
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
		advance(c, t);
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
			p->rises += advance(&p->chan[0], t);
		v = read_count(&p->chan[off], t);
	}
	lock_drop(&p->lock);
	return v;
}

static bool latches(u32 off, u8 v)
{
	return off == CONTROL && (v >> 6 == CTRL_READ_BACK || (v >> 4 & 3) == CTRL_LATCH);
}

static void pit_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct pit *p = opaque;
	bool changes0 = !latches(off, (u8)v) && (off == 0 || (off == CONTROL && v >> 6 == 0));

	(void)size;
	lock_take(&p->lock);
	u64 ns = clock_ns(), t = pit_ticks(ns);
	if (changes0)
		show(p, ns, t);		/* OUT before, and after */
	else
		p->rises += advance(&p->chan[0], t);
	if (off == CONTROL)
		control(p, (u8)v, t);
	else
		write_count(&p->chan[off], (u8)v, t);
	if (changes0) {
		show(p, ns, t);
		schedule(p, ns);
	}
	lock_drop(&p->lock);
}

/* -- Port 0x61 ------------------------------------------------------------- */

/* The gate rose. Modes 0 and 4 go on where they stopped, in the others it is a trigger. */
static void gate_rises(struct chan *c, u64 t)
{
	if (c->mode == 0 || c->mode == 4) {
		c->start = c->held ? t - c->held : c->start > t ? c->start : t;
	} else if (c->mode == 1 || c->mode == 5 ? c->written : c->loaded) {
		c->low = c->mode == 1 && !out(c, t);
		load(c, t);
	}
}

static void set_gate(struct chan *c, bool gate, u64 t)
{
	if (gate == c->gate)
		return;
	advance(c, t);
	if (gate)
		gate_rises(c, t);
	else
		c->held = elapsed(c, t);
	c->gate = gate;
}

static u64 b_read(void *opaque, u32 off, unsigned size)
{
	struct pit *p = opaque;

	(void)off, (void)size;
	lock_take(&p->lock);
	u64 ns = clock_ns(), t = pit_ticks(ns);
	if (counting(&p->chan[2]))
		advance(&p->chan[2], t);
	u64 v = p->portb & B_WRITABLE;
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
	return __atomic_load_n(&p->lost, __ATOMIC_RELAXED);
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
	p->rises = p->hold = 0;
	p->line = true;
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
	timer_of_device(&p->timer);
	p->pit_region = (struct bus_region){ "pit", PORT_PIT, 4, &pit_ops, p, 0, true, NULL };
	p->b_region = (struct bus_region){ "port 0x61", PORT_B, 1, &b_ops, p, 0, true, NULL };
	bus_add(bus, BUS_IO, &p->pit_region);
	bus_add(bus, BUS_IO, &p->b_region);
	pit_reset(p);
	return p;
}
