/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two 8259A PICs, cascaded through IR2, and PIIX's ELCR (ports 0x4d0, 0x4d1). Names are
 * those of the 8259A datasheet (order 231468). Not here: who gets INT (irqchip).
 * A request is gone when its line drops before INTA. INTA then gives IR7, and if INT was up
 * for the slave, the slave's IR7 with IR2 in service: whoever raised INT answers.
 * Deviations: IR2 of the master is the slave's INT level, never latched, so no edge can be
 * lost between two acknowledges; MCS-80 mode is not there.
 * Invariant: p->out is what update() computes from the chips, whenever the lock is free.
 */
#include "drivers/pc/pic.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum { PORT_MASTER = 0x20, PORT_SLAVE = 0xa0, PORT_ELCR = 0x4d0, CASCADE = 2 };
enum { ICW1_IC4 = 0x01, ICW1_SNGL = 0x02, ICW1_INIT = 0x10 };
enum { ICW4_UPM = 0x01, ICW4_AEOI = 0x02, ICW4_SFNM = 0x10 };
enum { OCW2_EOI = 0x20 };
enum { OCW3_RIS = 0x01, OCW3_RR = 0x02, OCW3_POLL = 0x04, OCW3_SELECT = 0x08, OCW3_SMM = 0x20,
	OCW3_ESMM = 0x40 };

struct chip {
	u8 irr, isr, imr;
	u8 lines;		/* levels as driven */
	u8 elcr, elcr_ok;	/* level-triggered inputs; which may be */
	u8 base;		/* ICW2 */
	u8 top;			/* the input of highest priority */
	u8 next_icw;		/* 0: operation, else the ICW number that A0=1 takes */
	bool single, want_icw4, aeoi, rotate_aeoi, sfnm, smm, read_isr, poll;
	u64 mcs80;		/* how often it was asked for */
};

struct pic {
	struct lock lock;
	struct chip chip[2];	/* master, slave */
	struct irq_line intr;
	bool out;
	bool for_slave;		/* … and when it rose last, it rose for IR2 */
	struct bus_region master, slave, elcr;
};

/* The highest-priority bit of v as 0 (highest) … 7 from c->top, or 8 if v is 0. */
static unsigned priority(const struct chip *c, u8 v)
{
	unsigned twice = v | (unsigned)v << 8;		/* so that a shift rotates */

	return (unsigned)__builtin_ctz(twice >> (c->top & 7) | BIT(8));
}

/* Input that the chip would deliver now, or -1. */
static int request(const struct chip *c, u8 irr, bool master)
{
	u8 busy = c->isr, asks = irr & (u8)~c->imr;
	unsigned p;

	if (!asks)			/* nearly always */
		return -1;
	p = priority(c, asks);
	if (c->smm)
		busy &= (u8)~c->imr;
	if (master && c->sfnm)
		busy &= (u8)~BIT(CASCADE);
	if (p >= priority(c, busy))
		return -1;
	return (int)((c->top + p) & 7);
}

static int slave_request(const struct pic *p)
{
	return request(&p->chip[1], p->chip[1].irr, false);
}

static int master_request(const struct pic *p)
{
	u8 irr = p->chip[0].irr & (u8)~BIT(CASCADE);

	if (slave_request(p) >= 0)
		irr |= BIT(CASCADE);
	return request(&p->chip[0], irr, true);
}

static __attribute__((noinline)) void update_out(struct pic *p)
{
	int n = master_request(p);
	bool out = n >= 0;

	if (out)
		p->for_slave = n == CASCADE;
	if (out == p->out)
		return;
	__atomic_store_n(&p->out, out, __ATOMIC_RELEASE);
	irq_set(&p->intr, out);
}

static inline void update(struct pic *p)
{
	const struct chip *m = &p->chip[0], *s = &p->chip[1];

	if (p->out || (m->irr & ~m->imr) | (s->irr & ~s->imr))
		update_out(p);
}

/* -- Lines and acknowledge ------------------------------------------------- */

void pic_set(void *pic, unsigned n, int level)
{
	struct pic *p = pic;

	must(n < 16);
	struct chip *c = &p->chip[n / 8];
	u8 bit = (u8)BIT(n % 8);
	if (n == CASCADE)
		return;
	lock_take(&p->lock);
	bool was = c->lines & bit;
	c->lines = (u8)(level ? c->lines | bit : c->lines & ~bit);
	if (!level)
		c->irr &= (u8)~bit;
	else if (c->elcr & bit || !was || level == IRQ_PULSE)
		c->irr |= bit;
	update(p);
	lock_drop(&p->lock);
}

bool pic_output(const struct pic *p)
{
	return __atomic_load_n(&p->out, __ATOMIC_ACQUIRE);
}

bool pic_waiting(struct pic *p, unsigned n)
{
	const struct chip *c = &p->chip[n / 8];

	lock_take(&p->lock);
	bool r = (c->irr & ~c->imr) >> n % 8 & 1;
	lock_drop(&p->lock);
	return r;
}

/* Put input n in service as INTA does. */
static void in_service(struct chip *c, unsigned n)
{
	if (!(c->elcr >> n & 1))
		c->irr &= (u8)~BIT(n);
	if (!c->aeoi)
		c->isr |= (u8)BIT(n);
	else if (c->rotate_aeoi)
		c->top = (n + 1) & 7;
}

u8 pic_ack(struct pic *p)
{
	struct chip *m = &p->chip[0], *s = &p->chip[1];
	u8 vector;

	lock_take(&p->lock);
	int n = master_request(p);
	if (n < 0 && !p->for_slave) {
		vector = m->base + 7;
	} else if (n >= 0 && n != CASCADE) {
		in_service(m, (unsigned)n);
		vector = (u8)(m->base + n);
	} else {
		int k = slave_request(p);
		in_service(m, CASCADE);
		if (k >= 0)
			in_service(s, (unsigned)k);
		vector = (u8)(s->base + (k >= 0 ? k : 7));
	}
	update(p);
	lock_drop(&p->lock);
	return vector;
}

/* -- Commands -------------------------------------------------------------- */

static void icw1(struct chip *c, u8 v)
{
	c->irr = c->lines & c->elcr;	/* edges must come anew */
	c->isr = 0;
	c->imr = 0;
	c->top = 0;
	c->smm = c->read_isr = c->poll = c->rotate_aeoi = false;
	c->single = v & ICW1_SNGL;
	c->want_icw4 = v & ICW1_IC4;
	if (!c->want_icw4)
		c->aeoi = c->sfnm = false;
	c->next_icw = 2;
}

static void icw(struct chip *c, u8 v)
{
	switch (c->next_icw) {
	case 2:
		c->base = v & 0xf8;
		c->next_icw = c->single ? (c->want_icw4 ? 4 : 0) : 3;
		break;
	case 3:			/* the board's cascade is fixed: master IR2 */
		c->next_icw = c->want_icw4 ? 4 : 0;
		break;
	case 4:
		c->aeoi = v & ICW4_AEOI;
		c->sfnm = v & ICW4_SFNM;
		c->next_icw = 0;
		if (!(v & ICW4_UPM) && printk_due(&c->mcs80))
			printk("pic: ICW4 0x%x asks for MCS-80 mode: not modelled\n", v);
		break;
	}
}

/* Non-specific EOI: of the input of highest priority in service, if there is one. */
static void end_highest(struct chip *c, bool rotate)
{
	unsigned p = priority(c, c->isr), n = (c->top + p) & 7;

	if (p == 8)
		return;
	c->isr &= (u8)~BIT(n);
	if (rotate)
		c->top = (n + 1) & 7;
}

/* OCW2: R, SL, EOI in bits 7…5, the level in bits 2…0. */
static void ocw2(struct chip *c, u8 v)
{
	unsigned n = v & 7;

	switch (v >> 5) {
	case 0: c->rotate_aeoi = false; break;
	case 4: c->rotate_aeoi = true; break;
	case 1: end_highest(c, false); break;
	case 5: end_highest(c, true); break;
	case 3: c->isr &= (u8)~BIT(n); break;
	case 7: c->isr &= (u8)~BIT(n); c->top = (n + 1) & 7; break;
	case 6: c->top = (n + 1) & 7; break;
	case 2: break;		/* no operation */
	}
}

static void ocw3(struct chip *c, u8 v)
{
	if (v & OCW3_POLL)
		c->poll = true;
	if (v & OCW3_RR)
		c->read_isr = v & OCW3_RIS;
	if (v & OCW3_ESMM)
		c->smm = v & OCW3_SMM;
}

static void chip_write(struct pic *p, struct chip *c, u32 off, u8 v)
{
	lock_take(&p->lock);
	if (off == 0 && v == OCW2_EOI)		/* nearly always */
		end_highest(c, false);
	else if (off == 0 && v & ICW1_INIT)
		icw1(c, v);
	else if (off == 0 && v & OCW3_SELECT)
		ocw3(c, v);
	else if (off == 0)
		ocw2(c, v);
	else if (c->next_icw)
		icw(c, v);
	else
		c->imr = v;
	update(p);
	lock_drop(&p->lock);
}

/* A read in poll mode: bit 7 set and the input number, which is acknowledged; or 0. */
static u8 poll(struct pic *p, struct chip *c)
{
	int n = c == &p->chip[0] ? master_request(p) : slave_request(p);

	c->poll = false;
	if (n < 0)
		return 0;
	in_service(c, (unsigned)n);
	return (u8)(0x80 | n);
}

static u8 chip_read(struct pic *p, struct chip *c, u32 off)
{
	u8 v;

	lock_take(&p->lock);
	if (c->poll)
		v = poll(p, c);
	else if (off)
		v = c->imr;
	else if (c->read_isr)
		v = c->isr;
	else
		v = c->irr | (c == &p->chip[0] && slave_request(p) >= 0 ? BIT(CASCADE) : 0);
	update(p);
	lock_drop(&p->lock);
	return v;
}

static u64 master_read(void *opaque, u32 off, unsigned size)
{
	struct pic *p = opaque;

	(void)size;
	return chip_read(p, &p->chip[0], off);
}

static void master_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct pic *p = opaque;

	(void)size;
	chip_write(p, &p->chip[0], off, (u8)v);
}

static u64 slave_read(void *opaque, u32 off, unsigned size)
{
	struct pic *p = opaque;

	(void)size;
	return chip_read(p, &p->chip[1], off);
}

static void slave_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct pic *p = opaque;

	(void)size;
	chip_write(p, &p->chip[1], off, (u8)v);
}

static u64 elcr_read(void *opaque, u32 off, unsigned size)
{
	struct pic *p = opaque;

	(void)size;
	lock_take(&p->lock);
	u8 v = p->chip[off & 1].elcr;
	lock_drop(&p->lock);
	return v;
}

static void elcr_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct pic *p = opaque;
	struct chip *c = &p->chip[off & 1];

	(void)size;
	lock_take(&p->lock);
	c->elcr = (u8)v & c->elcr_ok;
	c->irr = (u8)((c->irr & ~c->elcr) | (c->lines & c->elcr));
	update(p);
	lock_drop(&p->lock);
}

static const struct io_ops master_ops = {
	.read = master_read, .write = master_write, .min = 1, .max = 1,
};
static const struct io_ops slave_ops = {
	.read = slave_read, .write = slave_write, .min = 1, .max = 1,
};
static const struct io_ops elcr_ops = {
	.read = elcr_read, .write = elcr_write, .min = 1, .max = 1,
};

void pic_reset(struct pic *p)
{
	lock_take(&p->lock);
	for (unsigned k = 0; k < 2; k++) {
		struct chip old = p->chip[k];

		memset(&p->chip[k], 0, sizeof(p->chip[k]));
		p->chip[k].lines = old.lines;
		p->chip[k].mcs80 = old.mcs80;
		p->chip[k].elcr_ok = k ? 0xde : 0xf8;	/* PIIX3 §2.5.6: not 0, 1, 2, 8, 13 */
	}
	update(p);
	lock_drop(&p->lock);
}

struct pic *pic_create(struct bus *bus, const struct irq_line *intr)
{
	struct pic *p = calloc(1, sizeof(*p));

	must(p);
	p->intr = *intr;
	p->master = (struct bus_region){ "pic1", PORT_MASTER, 2, &master_ops, p, 0, true, NULL };
	p->slave = (struct bus_region){ "pic2", PORT_SLAVE, 2, &slave_ops, p, 0, true, NULL };
	p->elcr = (struct bus_region){ "elcr", PORT_ELCR, 2, &elcr_ops, p, 0, true, NULL };
	bus_add(bus, BUS_IO, &p->master);
	bus_add(bus, BUS_IO, &p->slave);
	bus_add(bus, BUS_IO, &p->elcr);
	pic_reset(p);
	return p;
}
