/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bus master of the two channels (PIIX3, 82371SB datasheet 290550, 2.5.2 and 3.x; Programming
 * Interface for Bus Master IDE Controller, rev. 1.0): registers, tables of physical regions, and
 * the drives' transfers. Not the commands: ide_disk.c.
 *
 * A transfer is cut into requests: as many whole sectors as the table's next regions hold, at most
 * GATHER_PIECES pieces, CHUNK bytes. Regions are guest RAM that the end itself
 * reads or writes. Descriptors are read once, when their turn comes.
 * What is not RAM ends in a master abort: ERROR, no longer ACTIVE, and the drive waits until it is
 * reset. A table that ends before the drive is done stops the bus master; a new table goes on. A
 * bus master that is stopped while a request is in flight cannot take it back: the drive is BSY,
 * also after a reset, until the end is done with the guest's memory.
 * Deviations: a table that ends within a sector ends before it; regions and tables may cross 64
 * KiB; a direction other than the command's moves nothing.
 * Invariant: bytes at the end and in d->gather are those of d's sectors from lba on; only the
 * selected drive's move.
 */
#include "drivers/pc/ide.h"

#include <string.h>

#include "drivers/pc/ide_drive.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/gpa.h"

enum { BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4, BM_SIZE = 8 };
enum { COMMAND_START = 0x01, COMMAND_TO_MEMORY = 0x08 };
enum { STATUS_CAPABLE = 0x60, STATUS_W1C = BM_ERROR | BM_INTERRUPT };
enum { CHUNK = 1 << 20 };
#define GO_ON_NS 10000		/* what else is due comes first */

/* -- Tables ---------------------------------------------------------------- */

/* The table's next descriptor. */
static bool next_region(struct gather_list *l)
{
	struct { u32 at; u16 bytes, flags; } prd;	/* little-endian, as the hosts are */

	if (!gpa_get(gpa(l->next), &prd, sizeof(prd)))
		return false;
	l->at = prd.at & ~1u;
	l->left = prd.bytes & 0xfffe;
	if (!l->left)
		l->left = 65536;
	l->last = prd.flags & 0x8000;
	l->next += sizeof(prd);
	return true;
}

/* -- Transfers --------------------------------------------------------------- */

static void stop(struct bus_master *m, bool error)
{
	m->status &= (u8)~BM_ACTIVE;
	m->status |= error ? BM_ERROR : 0;
}

static bool may_move(const struct bus_master *m, const struct ide_drive *d)
{
	bool to_memory = m->command & COMMAND_TO_MEMORY;

	return d->dma_waits && !d->in_flight && m->enabled && m->status & BM_ACTIVE &&
	       (m->stopped || to_memory == (d->dma_op == BLOCK_READ));
}

/* The end is done with what was collected. */
static void chunk_done(struct ide_drive *d, int rc)
{
	struct channel *c = d->channel;
	struct bus_master *m = &c->master;

	if (m->list.last && !m->list.left && !m->stopped)
		stop(m, false);
	if (!rc) {
		d->lba += d->request.count;
		d->left -= d->request.count;
		m->moved += d->request.count * IDE_SECTOR;
	}
	if (rc || !d->left) {
		d->dma_then(d, rc);
		return;
	}
	d->dma_waits = true;
	d->status |= ST_BSY;
	ide_dma_go(c);
}

/* The table gave nothing: it ends, or names what is not RAM. */
static void starve(struct channel *c, bool error)
{
	trace(IDE, "ide: bus master stops, %s\n", error ? "not RAM" : "the table ends");
	stop(&c->master, error);
	if (c->master.stopped)
		c->master.stopped(c, error);
}

/* As many of the bytes as the table's next regions hold. */
static void move_bytes(struct channel *c, struct ide_drive *d)
{
	struct bus_master *m = &c->master;
	struct gather *g = d->gather;
	bool good = gather_from(g, &m->list, d->dma_left, 2);

	if (g->size < 2) {
		starve(c, !good);
		return;
	}
	for (unsigned k = 0; k < g->pieces; k++) {
		memcpy(g->piece[k].at, d->dma_bytes, g->piece[k].size);
		d->dma_bytes += g->piece[k].size;
	}
	gather_written(g);
	d->dma_left -= (u32)g->size;
	if (m->list.last && !m->list.left)
		stop(m, false);
	if (d->dma_left)
		return;			/* a new table goes on */
	d->dma_waits = false;
	d->dma_bytes = NULL;
	d->dma_then(d, 0);
}

static void move(struct channel *c, struct ide_drive *d)
{
	u64 want = (u64)d->left * IDE_SECTOR;
	struct gather *g = d->gather;
	bool good = gather_from(g, &c->master.list, want < CHUNK ? want : CHUNK, IDE_SECTOR);

	if (g->size < IDE_SECTOR) {
		starve(c, !good);
		return;
	}
	d->dma_waits = false;
	ide_submit_gather(d, d->dma_op, d->lba, (u32)(g->size / IDE_SECTOR), chunk_done);
}

/* One request at a time: what an end does at once is gone on with later, so that no guest stays. */
void ide_dma_go(struct channel *c)
{
	struct ide_drive *d = ide_selected(c);
	struct bus_master *m = &c->master;

	if (m->going || !may_move(m, d))
		return;
	m->going = true;
	(d->dma_bytes ? move_bytes : move)(c, d);
	m->going = false;
	if (may_move(m, d))
		timer_set(&m->timer, clock_ns() + GO_ON_NS);
}

static void go_on(void *opaque)
{
	struct channel *c = opaque;

	lock_take(&c->lock);
	ide_dma_go(c);
	ide_update(c);
	lock_drop(&c->lock);
}

void ide_dma(struct ide_drive *d, enum block_op op, void (*then)(struct ide_drive *d, int rc))
{
	d->dma_op = op;
	d->dma_then = then;
	d->dma_bytes = NULL;
	d->dma_waits = true;
	d->status |= ST_BSY;
	ide_dma_go(d->channel);
}

void ide_dma_reply(struct ide_drive *d, const u8 *bytes, u32 n,
		   void (*then)(struct ide_drive *d, int rc))
{
	d->dma_op = BLOCK_READ;
	d->dma_then = then;
	d->dma_bytes = bytes;
	d->dma_left = (n + 1) & ~1u;
	d->dma_waits = true;
	d->status |= ST_BSY;
	ide_dma_go(d->channel);
}

/* -- Registers --------------------------------------------------------------- */

static void write_command(struct channel *c, u8 v)
{
	struct bus_master *m = &c->master;
	bool was = m->command & COMMAND_START;

	m->command = v & (COMMAND_START | COMMAND_TO_MEMORY);
	if (!(v & COMMAND_START)) {
		stop(m, false);
	} else if (!was) {
		m->status |= BM_ACTIVE;
		m->list = (struct gather_list){ .next = m->table, .more = next_region };
	}
}

static void write_byte(struct channel *c, u32 off, u8 v)
{
	struct bus_master *m = &c->master;
	unsigned shift = 8 * (off & 3);

	switch (off) {
	case BM_COMMAND: write_command(c, v); break;
	case BM_STATUS:
		m->status &= (u8)~(v & STATUS_W1C);
		m->status = (u8)((m->status & ~STATUS_CAPABLE) | (v & STATUS_CAPABLE));
		break;
	case BM_TABLE: case BM_TABLE + 1: case BM_TABLE + 2: case BM_TABLE + 3:
		m->table = ((m->table & ~(0xffu << shift)) | (u32)v << shift) & ~3u;
		break;
	}
}

static u8 read_byte(const struct bus_master *m, u32 off)
{
	switch (off) {
	case BM_COMMAND: return m->command;
	case BM_STATUS: return m->status;
	case BM_TABLE: case BM_TABLE + 1: case BM_TABLE + 2: case BM_TABLE + 3:
		return (u8)(m->table >> 8 * (off & 3));
	default: return 0;
	}
}

static u64 master_read(void *opaque, u32 off, unsigned size)
{
	struct ide *ide = opaque;
	struct channel *c = &ide->channel[off / BM_SIZE];
	u64 v = 0;

	lock_take(&c->lock);
	for (unsigned k = 0; k < size; k++)
		v |= (u64)read_byte(&c->master, (off + k) % BM_SIZE) << 8 * k;
	lock_drop(&c->lock);
	return v;
}

static void master_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct ide *ide = opaque;
	struct channel *c = &ide->channel[off / BM_SIZE];

	lock_take(&c->lock);
	for (unsigned k = 0; k < size; k++)
		write_byte(c, (off + k) % BM_SIZE, (u8)(v >> 8 * k));
	ide_dma_go(c);
	ide_update(c);
	lock_drop(&c->lock);
}

static const struct io_ops master_ops = {
	.read = master_read, .write = master_write, .min = 1, .max = 4,
};

/* -- Board side ---------------------------------------------------------------- */

void ide_master_enable(void *opaque, bool on)
{
	struct ide *ide = opaque;

	for (unsigned k = 0; k < 2; k++) {
		struct channel *c = &ide->channel[k];

		lock_take(&c->lock);
		c->master.enabled = on;
		ide_dma_go(c);
		ide_update(c);
		lock_drop(&c->lock);
	}
}

struct bus_region *ide_master_region(struct ide *ide) { return &ide->master_region; }

void ide_dma_reset(struct channel *c)
{
	struct bus_master *m = &c->master;

	timer_cancel(&m->timer);
	m->command = m->status = 0;
	m->table = 0;
}

void ide_channel_init(struct channel *c)
{
	c->master.timer.fn = go_on;
	c->master.timer.opaque = c;
}

void ide_dma_init(struct ide *ide)
{
	for (unsigned k = 0; k < 2; k++)
		ide_channel_init(&ide->channel[k]);
	ide->master_region = (struct bus_region){
		"ide bus master", 0, 2 * BM_SIZE, &master_ops, ide, 0, false, NULL,
	};
}
