/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IDE channels: task file, device selection, data register, INTRQ (ATA/ATAPI-6, T13 1410D).
 * Commands are ide_disk.c's and atapi.c's, the bus master is ide_dma.c's.
 * A drive is BSY from the command, or the block, that needs its end until the end is done;
 * the guest's CPU goes on meanwhile. A reset waits for the end in the same way, as a drive
 * may (§9.2: up to 31 s), since a buffer that a host device writes to cannot be taken back.
 * Deviations: an absent drive reads as 0 in all registers, alone or beside another: a floating
 * bus would show ones, for which U-Boot waits a minute, and §9.16.1 lets device 0 show its own
 * registers with status 0, which can look like a second CD-ROM. What is written to the
 * registers of a BSY drive is lost (the standard leaves it open), but the device selection.
 * Invariant: 0 <= pos <= end <= IDE_BUF for each drive, DRQ is set iff pos < end, and BSY is
 * set iff a request is in flight or the drive waits for the bus master.
 */
#include "drivers/pc/ide.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/ide_drive.h"
#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum { REG_DATA, REG_ERROR_FEATURE, REG_COUNT, REG_LBA_LOW, REG_LBA_MID, REG_LBA_HIGH,
	REG_DEVICE, REG_STATUS_COMMAND };
enum { CTL_NIEN = 0x02, CTL_SRST = 0x04, CTL_HOB = 0x80 };
enum { CMD_DEVICE_RESET = 0x08, CMD_DIAGNOSTIC = 0x90 };

/* -- Drives ---------------------------------------------------------------- */

void ide_put16(u8 *identify, unsigned word, u16 v)
{
	identify[2 * word] = (u8)v;
	identify[2 * word + 1] = (u8)(v >> 8);
}

void ide_put_string(u8 *to, const char *s, unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		to[k ^ 1] = (u8)(*s ? *s++ : ' ');
}

void ide_done(struct ide_drive *d)
{
	d->status = ST_DRDY | ST_DSC;
	d->pos = d->end = 0;
	d->intrq = true;
}

void ide_fail(struct ide_drive *d, u8 error)
{
	ide_done(d);
	d->status |= ST_ERR;
	d->error = error;
}

static void transfer(struct ide_drive *d, u32 n, void (*more)(struct ide_drive *d))
{
	must(n && n <= IDE_BUF);
	d->pos = 0;
	d->end = n;
	d->more = more;
	d->status = ST_DRDY | ST_DSC | ST_DRQ;
}

void ide_data_in(struct ide_drive *d, u32 n, void (*more)(struct ide_drive *d))
{
	transfer(d, n, more);
	d->to_device = false;
	d->intrq = true;
}

void ide_data_out(struct ide_drive *d, u32 n, bool intrq, void (*more)(struct ide_drive *d))
{
	transfer(d, n, more);
	d->to_device = true;
	d->intrq = intrq;
}

void ide_signature(struct ide_drive *d)
{
	bool cd = d->kind == IDE_CDROM;

	d->count[0] = d->lba_low[0] = 1;
	d->lba_mid[0] = cd ? 0x14 : 0;
	d->lba_high[0] = cd ? 0xeb : 0;
	d->error = 1;			/* diagnostics passed */
}

static void drive_reset(struct ide_drive *d, enum ide_reset how)
{
	if (d->kind == IDE_NONE)
		return;
	d->intrq = false;
	d->device = 0;
	if (d->in_flight) {
		d->reset_due = d->reset_due > how ? d->reset_due : how;
		return;
	}
	d->pos = d->end = 0;
	d->dma_waits = false;
	ide_signature(d);
	if (d->kind == IDE_DISK) {
		d->status = ST_DRDY | ST_DSC;
		ide_disk_reset(d, how == RESET_POWER);
	} else {
		d->status = 0;		/* packet devices show DRDY after their first command */
		atapi_reset(d, how == RESET_POWER);
	}
}

void ide_drive_reset(struct ide_drive *d) { drive_reset(d, RESET_SOFT); }
void ide_power_reset(struct ide_drive *d) { drive_reset(d, RESET_POWER); }

/* -- Requests to the end --------------------------------------------------- */

void ide_update(struct channel *c)
{
	bool level = ide_selected(c)->intrq && !(c->control & CTL_NIEN);

	if (level && !c->intrq)
		c->master.status |= BM_INTERRUPT;
	c->intrq = level;
	irq_set(&c->irq, level);
}

/* The request is over: a reset that waited for it, or the command goes on. */
static void finish(struct ide_drive *d, int rc)
{
	enum ide_reset due = d->reset_due;
	u8 device = d->device;

	d->status &= (u8)~ST_BSY;
	d->reset_due = RESET_NONE;
	if (d->request.pieces && d->request.op == BLOCK_READ)
		gather_written(d->gather);
	d->io_errors += rc != 0;
	if (due) {
		drive_reset(d, due);
		d->device = device;	/* chosen anew since */
	} else {
		d->then(d, rc);
	}
}

static void request_done(struct block_request *r, int rc)
{
	struct ide_drive *d = r->opaque;
	struct channel *c = d->channel;

	lock_take(&c->lock);
	d->in_flight = false;
	finish(d, rc);
	ide_update(c);
	lock_drop(&c->lock);
}

static void submit(struct ide_drive *d, const struct block_request *r,
		   void (*then)(struct ide_drive *d, int rc))
{
	must(!d->in_flight);
	d->request = *r;
	d->request.done = request_done;
	d->request.opaque = d;
	d->then = then;
	d->pos = d->end = 0;
	d->status = (u8)((d->status & ~ST_DRQ) | ST_BSY);
	int rc = d->b.submit(d->b.opaque, &d->request);
	if (rc == BLOCK_LATER)
		d->in_flight = true;
	else
		finish(d, rc);
}

void ide_submit(struct ide_drive *d, enum block_op op, u64 lba, u32 count,
		void (*then)(struct ide_drive *d, int rc))
{
	must(count <= IDE_BUF / IDE_SECTOR);
	submit(d, &(struct block_request){
		.op = op, .lba = lba, .count = count, .buf = d->buf,
	}, then);
}

void ide_submit_gather(struct ide_drive *d, enum block_op op, u64 lba, u32 count,
		       void (*then)(struct ide_drive *d, int rc))
{
	must(d->gather->size == (u64)count * IDE_SECTOR);
	submit(d, &(struct block_request){
		.op = op, .lba = lba, .count = count, .piece = d->gather->piece,
		.pieces = d->gather->pieces,
	}, then);
}

/* -- Channel --------------------------------------------------------------- */

void ide_command(struct channel *c, u8 cmd)
{
	struct ide_drive *d = ide_selected(c);

	trace(IDE, "ide: command %02x to %s, lba %02x%02x%02x count %02x dev %02x\n", cmd,
	      d->kind == IDE_NONE ? "nobody" : d->b.name ? d->b.name : "?", d->lba_high[0],
	      d->lba_mid[0], d->lba_low[0], d->count[0], d->device);
	if (d->in_flight) {		/* only this one may interrupt a packet command (§8.10) */
		u8 device = d->device;

		if (cmd == CMD_DEVICE_RESET && d->kind == IDE_CDROM)
			drive_reset(d, RESET_SOFT);
		d->device = device;	/* as when the drive is idle: it stays selected */
		return;
	}
	if (cmd == CMD_DIAGNOSTIC) {
		drive_reset(&c->drive[0], RESET_SOFT);
		drive_reset(&c->drive[1], RESET_SOFT);
		ide_selected(c)->intrq = ide_selected(c)->kind != IDE_NONE;
		return;
	}
	if (d->kind == IDE_NONE)
		return;
	d->intrq = d->dma_waits = false;
	if (d->status & ST_DRQ && !(cmd == CMD_DEVICE_RESET && d->kind == IDE_CDROM))
		trace(IDE, "ide: command %02x while DRQ is set\n", cmd);
	d->pos = d->end = 0;
	d->error = 0;
	d->status = ST_DRDY | ST_DSC;
	if (d->kind == IDE_DISK)
		ide_disk_command(d, cmd);
	else
		atapi_command(d, cmd);
}

/* A task file register that keeps its previous content, in both drives. */
static void write_file(struct channel *c, u32 reg, u8 v)
{
	for (unsigned k = 0; k < 2; k++) {
		struct ide_drive *d = &c->drive[k];
		u8 *r = reg == REG_COUNT ? d->count : reg == REG_LBA_LOW ? d->lba_low :
			reg == REG_LBA_MID ? d->lba_mid : d->lba_high;

		if (d->in_flight)
			continue;
		r[1] = r[0];
		r[0] = v;
	}
}

static void write_reg(struct channel *c, u32 reg, u8 v)
{
	c->control &= (u8)~CTL_HOB;	/* any write of the command block clears HOB */
	switch (reg) {
	case REG_ERROR_FEATURE: c->drive[0].feature = c->drive[1].feature = v; break;
	case REG_COUNT:
	case REG_LBA_LOW:
	case REG_LBA_MID:
	case REG_LBA_HIGH: write_file(c, reg, v); break;
	case REG_DEVICE:
		c->drive[0].device = c->drive[1].device = v;
		ide_dma_go(c);	/* only the selected drive has the bus master */
		break;
	case REG_STATUS_COMMAND:
		if (!(c->control & CTL_SRST))
			ide_command(c, v);
		break;
	}
}

static u8 status(struct channel *c)
{
	struct ide_drive *d = ide_selected(c);

	if (d->kind == IDE_NONE)
		return 0;
	return c->control & CTL_SRST ? ST_BSY : d->status;
}

static u8 read_reg(struct channel *c, u32 reg)
{
	struct ide_drive *d = ide_selected(c);
	unsigned hob = c->control & CTL_HOB ? 1 : 0;

	if (reg == REG_STATUS_COMMAND) {
		u8 v = status(c);
		d->intrq = false;
		return v;
	}
	if (d->kind == IDE_NONE)
		return 0;
	switch (reg) {
	case REG_ERROR_FEATURE: return d->error;
	case REG_COUNT: return d->count[hob];
	case REG_LBA_LOW: return d->lba_low[hob];
	case REG_LBA_MID: return d->lba_mid[hob];
	case REG_LBA_HIGH: return d->lba_high[hob];
	default: return d->device | 0xa0;
	}
}

/* -- Data register --------------------------------------------------------- */

/* Bytes [pos, end) of the transfer that the host may move now; the rest is dropped. */
static u32 window(const struct ide_drive *d, bool to_device, u64 want)
{
	u32 n = d->kind != IDE_NONE && d->status & ST_DRQ && d->to_device == to_device ?
		d->end - d->pos : 0;

	return n < want ? n : (u32)want;
}

void ide_moved(struct ide_drive *d, u32 n)
{
	d->pos += n;
	if (n && d->pos == d->end) {
		d->status &= (u8)~ST_DRQ;
		d->more(d);
	}
}

static void data_read(struct channel *c, u8 *to, u64 n)
{
	struct ide_drive *d = ide_selected(c);

	while (n) {
		u32 part = window(d, false, n);

		if (!part) {
			memset(to, 0xff, n);
			return;
		}
		memcpy(to, d->buf + d->pos, part);
		ide_moved(d, part);
		to += part;
		n -= part;
	}
}

static void data_write(struct channel *c, const u8 *from, u64 n)
{
	struct ide_drive *d = ide_selected(c);

	while (n) {
		u32 part = window(d, true, n);

		if (!part)
			return;
		memcpy(d->buf + d->pos, from, part);
		ide_moved(d, part);
		from += part;
		n -= part;
	}
}

static void ide_read_block(void *opaque, u32 off, void *buf, unsigned size, u32 count)
{
	struct channel *c = opaque;
	u8 *p = buf;

	lock_take(&c->lock);
	if (off == REG_DATA && size > 1)
		data_read(c, p, (u64)size * count);
	else
		for (u64 k = 0; k < (u64)size * count; k++)
			p[k] = read_reg(c, (off + k % size) & 7);
	ide_update(c);
	lock_drop(&c->lock);
}

static void ide_write_block(void *opaque, u32 off, const void *buf, unsigned size, u32 count)
{
	struct channel *c = opaque;
	const u8 *p = buf;

	lock_take(&c->lock);
	if (off == REG_DATA && size > 1)
		data_write(c, p, (u64)size * count);
	else
		for (u64 k = 0; k < (u64)size * count; k++)
			write_reg(c, (off + k % size) & 7, p[k]);
	ide_update(c);
	lock_drop(&c->lock);
}

/*
 * The data register is 16 bits wide (32-bit accesses are two of them), the others 8. One
 * region cannot declare both, so wide accesses to the others are taken apart above.
 */
static u64 ide_read(void *opaque, u32 off, unsigned size)
{
	u8 b[4] = { 0 };

	ide_read_block(opaque, off, b, size, 1);
	return b[0] | b[1] << 8 | b[2] << 16 | (u32)b[3] << 24;
}

static void ide_write(void *opaque, u32 off, u64 v, unsigned size)
{
	u8 b[4] = { (u8)v, (u8)(v >> 8), (u8)(v >> 16), (u8)(v >> 24) };

	ide_write_block(opaque, off, b, size, 1);
}

/* -- Control block --------------------------------------------------------- */

static u64 control_read(void *opaque, u32 off, unsigned size)
{
	struct channel *c = opaque;

	(void)off, (void)size;
	lock_take(&c->lock);
	u8 v = status(c);
	lock_drop(&c->lock);
	return v;
}

static void control_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct channel *c = opaque;

	(void)off, (void)size;
	lock_take(&c->lock);
	bool was = c->control & CTL_SRST;
	c->control = v & (CTL_NIEN | CTL_SRST | CTL_HOB);
	if (!was && v & CTL_SRST) {
		drive_reset(&c->drive[0], RESET_SOFT);
		drive_reset(&c->drive[1], RESET_SOFT);
	}
	ide_update(c);
	lock_drop(&c->lock);
}

static const struct io_ops command_ops = {
	.read = ide_read, .write = ide_write, .read_block = ide_read_block,
	.write_block = ide_write_block, .min = 1, .max = 4,
};
static const struct io_ops control_ops = {
	.read = control_read, .write = control_write, .min = 1, .max = 1,
};

/* -- Board side ------------------------------------------------------------ */

void ide_reset(struct ide *ide)
{
	for (unsigned k = 0; k < 2; k++) {
		struct channel *c = &ide->channel[k];

		lock_take(&c->lock);
		c->control = 0;
		c->drive[0].device = c->drive[1].device = 0;
		drive_reset(&c->drive[0], RESET_POWER);
		drive_reset(&c->drive[1], RESET_POWER);
		ide_dma_reset(c);
		ide_update(c);
		lock_drop(&c->lock);
	}
}

void ide_channel_attach(struct channel *c, unsigned k, enum ide_kind kind,
			const struct blockdev *b)
{
	struct ide_drive *d = &c->drive[k];

	must(d->kind == IDE_NONE);
	d->buf = calloc(1, IDE_BUF);
	d->gather = calloc(1, sizeof(*d->gather));
	must(d->buf && d->gather);
	d->kind = kind;
	d->b = *b;
	d->channel = c;
	d->slave = k;
	drive_reset(d, RESET_POWER);
}

static void attach(struct ide *ide, unsigned place, enum ide_kind kind, const struct blockdev *b)
{
	must(place < 4);
	ide_channel_attach(&ide->channel[place / 2], place % 2, kind, b);
}

/* A request in flight may still write the guest's memory. */
bool ide_busy(struct ide *ide)
{
	bool busy = false;

	for (unsigned k = 0; k < 2; k++) {
		struct channel *c = &ide->channel[k];

		lock_take(&c->lock);
		busy |= c->drive[0].in_flight || c->drive[1].in_flight;
		lock_drop(&c->lock);
	}
	return busy;
}

void ide_attach_disk(struct ide *ide, unsigned place, const struct blockdev *b)
{
	attach(ide, place, IDE_DISK, b);
}

void ide_attach_cdrom(struct ide *ide, unsigned place, const struct blockdev *b)
{
	attach(ide, place, IDE_CDROM, b);
}

struct ide *ide_create(struct bus *bus, const struct irq_line irq[2])
{
	static const u16 command_port[2] = { 0x1f0, 0x170 }, control_port[2] = { 0x3f6, 0x376 };
	struct ide *ide = calloc(1, sizeof(*ide));

	must(ide);
	for (unsigned k = 0; k < 2; k++) {
		struct channel *c = &ide->channel[k];

		c->irq = irq[k];
		c->command_region = (struct bus_region){
			"ide", command_port[k], 8, &command_ops, c, 0, true, NULL,
		};
		c->control_region = (struct bus_region){
			"ide control", control_port[k], 1, &control_ops, c, 0, true, NULL,
		};
		bus_add(bus, BUS_IO, &c->command_region);
		bus_add(bus, BUS_IO, &c->control_region);
	}
	ide_dma_init(ide);
	return ide;
}
