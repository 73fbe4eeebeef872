/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 8237A DMA controllers (ports 0x00-0x0f, 0xc0-0xde) and page registers 0x81-0x8f.
 * Deviation: no device on this board asks for DMA, so nothing is ever transferred; a
 * software request is counted and logged. Addresses, counts, masks and the byte pointer
 * read back as the datasheet says, which is what firmware and Linux probe.
 * Invariant: base and current registers are equal, as no transfer changes the current.
 */
#include "drivers/pc/dma.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum {				/* register numbers from 8 on; below: address, count of channels */
	REG_STATUS_COMMAND = 8, REG_REQUEST, REG_MASK_BIT, REG_MODE,
	REG_CLEAR_POINTER, REG_TEMP_MASTER_CLEAR, REG_CLEAR_MASK, REG_MASK_ALL,
};

struct chip {
	u16 addr_count[8];
	u8 mask, mode[4], command;
	bool high;		/* the byte pointer flip-flop */
};

struct dma {
	struct lock lock;
	struct chip chip[2];
	u8 page[16];
	u64 requests;
	struct bus_region low, upper, pages;
};

static u8 chip_read(struct chip *c, unsigned reg)
{
	if (reg >= REG_STATUS_COMMAND)
		return reg == REG_MASK_ALL ? (u8)(c->mask | 0xf0) : 0;
	u8 v = (u8)(c->addr_count[reg] >> (c->high ? 8 : 0));
	c->high = !c->high;
	return v;
}

static void chip_clear(struct chip *c)
{
	c->mask = 0xf;
	c->command = 0;
	c->high = false;
}

static void chip_write(struct dma *d, struct chip *c, unsigned reg, u8 v)
{
	unsigned shift = c->high ? 8 : 0;

	switch (reg) {
	case REG_STATUS_COMMAND: c->command = v; break;
	case REG_REQUEST:
		if (v & 4 && !d->requests++)
			printk("dma: software request 0x%x: no transfer is modelled\n", v);
		break;
	case REG_MASK_BIT:
		c->mask = (u8)((c->mask & ~BIT(v & 3)) | (v >> 2 & 1) << (v & 3));
		break;
	case REG_MODE: c->mode[v & 3] = v; break;
	case REG_CLEAR_POINTER: c->high = false; break;
	case REG_TEMP_MASTER_CLEAR: chip_clear(c); break;
	case REG_CLEAR_MASK: c->mask = 0; break;
	case REG_MASK_ALL: c->mask = v & 0xf; break;
	default:
		c->addr_count[reg] = (u16)((c->addr_count[reg] & ~(0xff << shift)) | v << shift);
		c->high = !c->high;
	}
}

static u64 low_read(void *opaque, u32 off, unsigned size)
{
	struct dma *d = opaque;

	(void)size;
	lock_take(&d->lock);
	u8 v = chip_read(&d->chip[0], off & 15);
	lock_drop(&d->lock);
	return v;
}

static void low_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct dma *d = opaque;

	(void)size;
	lock_take(&d->lock);
	chip_write(d, &d->chip[0], off & 15, (u8)v);
	lock_drop(&d->lock);
}

static u64 upper_read(void *opaque, u32 off, unsigned size)
{
	struct dma *d = opaque;

	(void)size;
	lock_take(&d->lock);
	u8 v = chip_read(&d->chip[1], off >> 1 & 15);
	lock_drop(&d->lock);
	return v;
}

static void upper_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct dma *d = opaque;

	(void)size;
	lock_take(&d->lock);
	chip_write(d, &d->chip[1], off >> 1 & 15, (u8)v);
	lock_drop(&d->lock);
}

static u64 page_read(void *opaque, u32 off, unsigned size)
{
	struct dma *d = opaque;

	(void)size;
	lock_take(&d->lock);
	u8 v = d->page[off & 15];
	lock_drop(&d->lock);
	return v;
}

static void page_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct dma *d = opaque;

	(void)size;
	lock_take(&d->lock);
	d->page[off & 15] = (u8)v;
	lock_drop(&d->lock);
}

static const struct io_ops low_ops = { .read = low_read, .write = low_write, .min = 1, .max = 1 };
static const struct io_ops upper_ops = {
	.read = upper_read, .write = upper_write, .min = 1, .max = 1,
};
static const struct io_ops page_ops = {
	.read = page_read, .write = page_write, .min = 1, .max = 1,
};

void dma_reset(struct dma *d)
{
	lock_take(&d->lock);
	memset(d->chip, 0, sizeof(d->chip));
	memset(d->page, 0, sizeof(d->page));
	chip_clear(&d->chip[0]);
	chip_clear(&d->chip[1]);
	lock_drop(&d->lock);
}

struct dma *dma_create(struct bus *bus)
{
	struct dma *d = calloc(1, sizeof(*d));

	must(d);
	d->low = (struct bus_region){ "dma1", 0x00, 16, &low_ops, d, 0, true, NULL };
	d->upper = (struct bus_region){ "dma2", 0xc0, 32, &upper_ops, d, 0, true, NULL };
	d->pages = (struct bus_region){ "dma page", 0x80, 16, &page_ops, d, 0, true, NULL };
	bus_add(bus, BUS_IO, &d->low);
	bus_add(bus, BUS_IO, &d->upper);
	bus_add(bus, BUS_IO, &d->pages);
	dma_reset(d);
	return d;
}
