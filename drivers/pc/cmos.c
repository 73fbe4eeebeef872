/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MC146818A RTC and CMOS RAM. Register and bit names are the datasheet's. The time is
 * wall-clock at start plus clock_ns(): it never runs at another pace than the PIT.
 * Deviations: time read while UIP is set is the old second, not undefined; the square
 * wave output is not there; setting the clock does not reach the host's clock; the divider
 * other than "reset" always runs at 32.768 kHz.
 * Invariant: the calendar second in force began at base_ns + 1e9 * k, for an integer k.
 */
#include "drivers/pc/cmos.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/clock.h"
#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/timer.h"

enum { PORT_CMOS = 0x70 };
enum { RTC_SEC, RTC_SEC_ALARM, RTC_MIN, RTC_MIN_ALARM, RTC_HOUR, RTC_HOUR_ALARM, RTC_WDAY,
	RTC_DAY, RTC_MONTH, RTC_YEAR, REG_A, REG_B, REG_C, REG_D, RTC_CENTURY = 0x32 };
enum { A_UIP = 0x80, A_DV = 0x70, A_DV_RESET = 0x60, A_RS = 0x0f };
enum { B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_UIE = 0x10, B_DM = 0x04, B_24H = 0x02 };
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10 };
enum { D_VRT = 0x80, HOUR_PM = 0x80, ALARM_ANY = 0xc0 };
enum { UIP_NS = 244000 + 1984000 };	/* tBUC + tUC: UIP before the new second shows */
enum { DAY_S = 86400 };

struct cmos {
	struct lock lock;
	u8 ram[128];
	u8 index;
	bool nmi_off;
	s64 base_s;		/* seconds since 1970 at base_ns */
	u64 base_ns;
	s64 seen_s;		/* alarms and updates are dealt with up to this second */
	u64 seen_period;	/* … and periodic ticks up to this one */
	struct irq_line irq8;
	struct timer timer;
	struct bus_region region;
};

/* -- Calendar -------------------------------------------------------------- */

struct date { s64 year; unsigned month, day, hour, min, sec, wday; };

/* Days since 1970-01-01 of a proleptic Gregorian date; month 1…12. Years start in March. */
static s64 days_of(s64 year, unsigned month, unsigned day)
{
	s64 y = month <= 2 ? year - 1 : year;
	s64 era = (y >= 0 ? y : y - 399) / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + (s64)(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}

static struct date date_of(s64 s)
{
	s64 days = (s >= 0 ? s : s - (DAY_S - 1)) / DAY_S;
	unsigned rest = (unsigned)(s - days * DAY_S);
	s64 z = days + 719468;
	s64 era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;
	unsigned month = mp < 10 ? mp + 3 : mp - 9;

	return (struct date){
		.year = (s64)yoe + era * 400 + (month <= 2),
		.month = month, .day = doy - (153 * mp + 2) / 5 + 1,
		.hour = rest / 3600, .min = rest / 60 % 60, .sec = rest % 60,
		.wday = (unsigned)((days % 7 + 11) % 7) + 1,	/* 1 = Sunday; day 0 a Thursday */
	};
}

static u8 encode(const struct cmos *c, unsigned v)
{
	return (u8)(c->ram[REG_B] & B_DM ? v : v % 10 | v / 10 << 4);
}

static unsigned decode(const struct cmos *c, u8 v)
{
	return c->ram[REG_B] & B_DM ? v : (v & 15u) + (v >> 4) * 10u;
}

static u8 encode_hour(const struct cmos *c, unsigned h)
{
	if (c->ram[REG_B] & B_24H)
		return encode(c, h);
	return encode(c, h % 12 ? h % 12 : 12) | (h >= 12 ? HOUR_PM : 0);
}

static unsigned decode_hour(const struct cmos *c, u8 v)
{
	if (c->ram[REG_B] & B_24H)
		return decode(c, v);
	return decode(c, v & (u8)~HOUR_PM) % 12 + (v & HOUR_PM ? 12 : 0);
}

/* -- Time ------------------------------------------------------------------ */

static bool running(const struct cmos *c)
{
	return !(c->ram[REG_B] & B_SET) && (c->ram[REG_A] & A_DV) < A_DV_RESET;
}

static s64 second_now(const struct cmos *c)
{
	return c->base_s + (s64)((clock_ns() - c->base_ns) / NS_PER_S);
}

/* Show second s in the time registers. */
static void show(struct cmos *c, s64 s)
{
	struct date d = date_of(s);

	c->ram[RTC_SEC] = encode(c, d.sec);
	c->ram[RTC_MIN] = encode(c, d.min);
	c->ram[RTC_HOUR] = encode_hour(c, d.hour);
	c->ram[RTC_WDAY] = encode(c, d.wday);
	c->ram[RTC_DAY] = encode(c, d.day);
	c->ram[RTC_MONTH] = encode(c, d.month);
	c->ram[RTC_YEAR] = encode(c, (unsigned)(d.year % 100));
	unsigned century = (unsigned)(d.year / 100);	/* RAM: BCD by convention, always */
	c->ram[RTC_CENTURY] = (u8)(century % 10 | century / 10 << 4);
}

/* Take the time from the registers as they are; the second starts now. */
static void take(struct cmos *c)
{
	u8 century = c->ram[RTC_CENTURY];
	s64 year = (s64)((century & 15) + (century >> 4) * 10) * 100 + decode(c, c->ram[RTC_YEAR]);
	unsigned month = decode(c, c->ram[RTC_MONTH]);
	s64 days = days_of(year, month >= 1 && month <= 12 ? month : 1, decode(c, c->ram[RTC_DAY]));

	c->base_s = days * DAY_S + decode_hour(c, c->ram[RTC_HOUR]) * 3600 +
		    decode(c, c->ram[RTC_MIN]) * 60 + decode(c, c->ram[RTC_SEC]);
	c->base_ns = clock_ns();
	c->seen_s = c->base_s;
}

static bool alarm_at(const struct cmos *c, s64 s)
{
	struct date d = date_of(s);
	u8 sec = c->ram[RTC_SEC_ALARM], min = c->ram[RTC_MIN_ALARM], hour = c->ram[RTC_HOUR_ALARM];

	return (sec >= ALARM_ANY || sec == encode(c, d.sec)) &&
	       (min >= ALARM_ANY || min == encode(c, d.min)) &&
	       (hour >= ALARM_ANY || hour == encode_hour(c, d.hour));
}

/* -- Interrupts ------------------------------------------------------------ */

/* Periodic rate in 1/32768 s, or 0 for none. RS 1 and 2 are the odd ones (table 5). */
static u32 period(const struct cmos *c)
{
	unsigned rs = c->ram[REG_A] & A_RS;

	if (!rs || (c->ram[REG_A] & A_DV) >= A_DV_RESET)
		return 0;
	return 1u << (rs < 3 ? rs + 6 : rs - 1);
}

/* The divider's 32.768 kHz ticks and back: 32768 / 1e9 = 512 / 15625000. */
static u64 rtc_ticks(u64 ns) { return scale(ns, 512, 15625000); }
static u64 rtc_ns(u64 ticks) { return scale_up(ticks, 15625000, 512); }

static void collect_seconds(struct cmos *c)
{
	s64 now = second_now(c);

	if (!running(c) || now <= c->seen_s)
		return;
	c->ram[REG_C] |= C_UF;
	if (now - c->seen_s > DAY_S)
		c->seen_s = now - DAY_S;
	while (c->seen_s < now && !(c->ram[REG_C] & C_AF))
		if (alarm_at(c, ++c->seen_s))
			c->ram[REG_C] |= C_AF;
	c->seen_s = now;
}

static void collect(struct cmos *c)
{
	u32 p = period(c);
	u64 k = p ? rtc_ticks(clock_ns()) / p : 0;

	if (p && k != c->seen_period)
		c->ram[REG_C] |= C_PF;
	c->seen_period = k;
	collect_seconds(c);
}

/* Drive IRQ 8 and queue the timer for the next flag that is enabled and not yet set. */
static void update(struct cmos *c)
{
	u8 b = c->ram[REG_B], *flags = &c->ram[REG_C];
	u64 now = clock_ns(), next = ~0ull;
	u32 p = period(c);

	bool irq = *flags & b & (C_PF | C_AF | C_UF);
	*flags = (u8)((*flags & ~C_IRQF) | (irq ? C_IRQF : 0));
	irq_set(&c->irq8, irq);
	if (p && b & B_PIE && !(*flags & C_PF))
		next = rtc_ns((c->seen_period + 1) * p);
	bool seconds = (b & B_UIE && !(*flags & C_UF)) || (b & B_AIE && !(*flags & C_AF));
	if (seconds && running(c)) {
		u64 s = c->base_ns + ((now - c->base_ns) / NS_PER_S + 1) * NS_PER_S;
		next = s < next ? s : next;
	}
	if (next == ~0ull)
		timer_cancel(&c->timer);
	else
		timer_set(&c->timer, next);
}

static void cmos_timer(void *opaque)
{
	struct cmos *c = opaque;

	lock_take(&c->lock);
	collect(c);
	update(c);
	lock_drop(&c->lock);
}

/* -- Registers ------------------------------------------------------------- */

static bool time_register(u8 index)
{
	return index == RTC_CENTURY || (index <= RTC_YEAR && index != RTC_SEC_ALARM &&
					index != RTC_MIN_ALARM && index != RTC_HOUR_ALARM);
}

static u8 read_a(const struct cmos *c)
{
	u64 part = (clock_ns() - c->base_ns) % NS_PER_S;
	bool uip = running(c) && part >= NS_PER_S - UIP_NS;

	return (u8)((c->ram[REG_A] & ~A_UIP) | (uip ? A_UIP : 0));
}

static u8 read_reg(struct cmos *c, u8 index)
{
	u8 v;

	switch (index) {
	case REG_A: return read_a(c);
	case REG_C:
		collect(c);
		update(c);
		v = c->ram[REG_C];
		c->ram[REG_C] = 0;
		update(c);
		return v;
	case REG_D: return D_VRT;
	}
	if (time_register(index) && running(c))
		show(c, second_now(c));
	return c->ram[index];
}

static void write_b(struct cmos *c, u8 v)
{
	bool ran = running(c);

	if (v & B_SET) {
		if (ran)
			show(c, second_now(c));
		v &= (u8)~B_UIE;	/* SET clears UIE */
	}
	if (!(v & B_SET) && !ran) {
		c->ram[REG_B] = v;
		take(c);
	}
	c->ram[REG_B] = v;
}

static void write_a(struct cmos *c, u8 v)
{
	bool ran = running(c);

	if (ran)
		show(c, second_now(c));
	c->ram[REG_A] = v & (u8)~A_UIP;
	if (!ran && running(c)) {
		take(c);	/* the divider leaves reset: the first update comes in 500 ms */
		c->base_ns -= NS_PER_S / 2 < c->base_ns ? NS_PER_S / 2 : c->base_ns;
	}
	u32 p = period(c);
	c->seen_period = p ? rtc_ticks(clock_ns()) / p : 0;
}

static void write_reg(struct cmos *c, u8 index, u8 v)
{
	collect(c);
	switch (index) {
	case REG_A: write_a(c, v); break;
	case REG_B: write_b(c, v); break;
	case REG_C:
	case REG_D: break;
	default:
		if (time_register(index) && running(c)) {
			show(c, second_now(c));
			c->ram[index] = v;
			u64 part = (clock_ns() - c->base_ns) % NS_PER_S;
			take(c);
			c->base_ns -= part;	/* seconds go on at the same instants */
		} else {
			c->ram[index] = v;
		}
	}
	update(c);
}

static u64 cmos_read(void *opaque, u32 off, unsigned size)
{
	struct cmos *c = opaque;
	u8 v = 0xff;		/* port 0x70 is write-only */

	(void)size;
	lock_take(&c->lock);
	if (off == 1)
		v = read_reg(c, c->index);
	lock_drop(&c->lock);
	return v;
}

static void cmos_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct cmos *c = opaque;

	(void)size;
	lock_take(&c->lock);
	if (off == 0) {
		c->index = v & 0x7f;
		c->nmi_off = v & 0x80;
	} else {
		write_reg(c, c->index, (u8)v);
	}
	lock_drop(&c->lock);
}

static const struct io_ops cmos_ops = {
	.read = cmos_read, .write = cmos_write, .min = 1, .max = 1,
};

/* -- Board side ------------------------------------------------------------ */

bool cmos_nmi_masked(struct cmos *c)
{
	lock_take(&c->lock);
	bool off = c->nmi_off;
	lock_drop(&c->lock);
	return off;
}

void cmos_set(struct cmos *c, u8 index, u8 value)
{
	must(index > REG_D && index < sizeof(c->ram));
	lock_take(&c->lock);
	c->ram[index] = value;
	lock_drop(&c->lock);
}

static void set16(struct cmos *c, u8 index, u64 v)
{
	u16 n = v > 0xffff ? 0xffff : (u16)v;

	cmos_set(c, index, (u8)n);
	cmos_set(c, index + 1, (u8)(n >> 8));
}

static void setup_disks(struct cmos *c, const struct cmos_setup *s)
{
	u8 translate = 0;

	/* Two bits for each disk: 1 = LBA translation, for more than 1024 cylinders of 16 x 63. */
	for (unsigned k = 0; k < 4; k++)
		if (s->disk_sectors[k] > 1024 * 16 * 63)
			translate |= (u8)(1 << 2 * k);
	cmos_set(c, 0x39, translate);
	u8 types = (u8)((s->disk_sectors[0] ? 0xf0 : 0) | (s->disk_sectors[1] ? 0x0f : 0));
	cmos_set(c, 0x12, types);
	cmos_set(c, 0x19, s->disk_sectors[0] ? 47 : 0);
	cmos_set(c, 0x1a, s->disk_sectors[1] ? 47 : 0);
}

static u8 cmos_get(struct cmos *c, u8 index)
{
	must(index > REG_D && index < sizeof(c->ram));
	return c->ram[index];
}

void cmos_setup(struct cmos *c, const struct cmos_setup *s)
{
	u64 ram = s->ram_below_4g, high = s->ram_above_4g >> 16;
	u16 sum = 0;

	cmos_set(c, 0x10, 0);				/* no floppy drives */
	cmos_set(c, 0x14, 0x06);			/* FPU, mouse; EGA or better display */
	set16(c, 0x15, 640);
	set16(c, 0x17, ram > 1 << 20 ? (ram >> 10) - 1024 : 0);
	set16(c, 0x30, ram > 1 << 20 ? (ram >> 10) - 1024 : 0);
	set16(c, 0x34, ram > 16 << 20 ? (ram >> 16) - 256 : 0);
	cmos_set(c, 0x5b, (u8)high);
	cmos_set(c, 0x5c, (u8)(high >> 8));
	cmos_set(c, 0x5d, (u8)(high >> 16));
	cmos_set(c, 0x5f, (u8)(s->cpus - 1));
	cmos_set(c, 0x3d, (u8)(s->boot[0] | s->boot[1] << 4));
	cmos_set(c, 0x38, (u8)(s->boot[2] << 4));
	setup_disks(c, s);
	for (u8 k = 0x10; k <= 0x2d; k++)
		sum += cmos_get(c, k);
	cmos_set(c, 0x2e, (u8)(sum >> 8));
	cmos_set(c, 0x2f, (u8)sum);
}

/* RESET# clears the interrupt enables and flags; time and RAM are kept by the battery. */
void cmos_reset(struct cmos *c)
{
	lock_take(&c->lock);
	c->ram[REG_B] &= (u8)~(B_PIE | B_AIE | B_UIE | 0x08);
	c->ram[REG_C] = 0;
	c->nmi_off = false;
	update(c);
	lock_drop(&c->lock);
}

struct cmos *cmos_create(struct bus *bus, const struct irq_line *irq8,
			 const struct wallclock *wall)
{
	struct cmos *c = calloc(1, sizeof(*c));

	must(c);
	c->irq8 = *irq8;
	c->timer.fn = cmos_timer;
	c->timer.opaque = c;
	timer_of_device(&c->timer);
	c->base_s = wall && wall->now ? (s64)wall->now(wall->opaque) : days_of(2000, 1, 1) * DAY_S;
	c->base_ns = clock_ns();
	c->seen_s = c->base_s;
	c->ram[REG_A] = 0x26;		/* 32.768 kHz, 1024 Hz: what every BIOS sets */
	c->ram[REG_B] = B_24H;
	c->region = (struct bus_region){ "cmos", PORT_CMOS, 2, &cmos_ops, c, 0, true, NULL };
	bus_add(bus, BUS_IO, &c->region);
	cmos_reset(c);
	return c;
}
