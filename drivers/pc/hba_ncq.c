/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Queued commands (READ and WRITE FPDMA QUEUED; SATA 3.0, 13.6): as many in flight as there are
 * slots, each done in requests of what its PRDT holds, ending in any order. The device takes a
 * command at once (CI), and ends it by a Set Device Bits FIS (SACT). After an error nothing ends
 * until the driver has stopped the port.
 * Invariant: a slot is busy while its request is the end's, however the port was reset meanwhile.
 */
#include "drivers/pc/hba_port.h"

#include "kernel/lib/bits.h"

enum { C_WRITE_QUEUED = 0x61, FIS_AT_SDB = 0x58, FIS_INTERRUPT = 0x40, FUA = 0x80,
	CHUNK = 1 << 20, AGAIN_NS = 10000 };

bool hba_ncq_draining(const struct hba_port *p)
{
	for (unsigned n = 0; p->slot && n < HBA_SLOTS; n++)
		if (p->slot[n].busy && p->slot[n].stale)
			return true;
	return false;
}

bool hba_ncq_busy(const struct hba_port *p)
{
	for (unsigned n = 0; p->slot && n < HBA_SLOTS; n++)
		if (p->slot[n].busy)
			return true;
	return false;
}

void hba_ncq_drop(struct hba_port *p)
{
	for (unsigned n = 0; p->slot && n < HBA_SLOTS; n++)
		p->slot[n].stale = true, p->slot[n].again = false;
	p->device_has = 0;
}

/* Set Device Bits: which commands are over, and the device's status and error. */
static void device_bits(struct hba_port *p, u32 over, u8 status, u8 error)
{
	const u8 fis[8] = {
		FIS_SDB, FIS_INTERRUPT, status & 0x77, error, (u8)over, (u8)(over >> 8),
		(u8)(over >> 16), (u8)(over >> 24),
	};

	hba_port_fis(p, FIS_AT_SDB, fis, sizeof(fis));
	p->sact &= ~over;
	hba_port_event(p, error ? IS_SDB | IS_TASK : IS_SDB);
}

static void fail(struct hba_slot *s, u8 error)
{
	struct hba_port *p = s->p;
	struct ide_drive *d = &p->c.drive[0];

	d->status = ST_DRDY | ST_DSC | ST_ERR;
	d->error = error;
	p->failed.tag = (u8)s->n;
	p->failed.status = d->status;
	p->failed.error = error;
	p->failed.lba = s->lba;
	p->halted = true;
	device_bits(p, 0, d->status, error);
}

static void over(struct hba_slot *s)
{
	s->p->device_has &= ~BIT(s->n);
	device_bits(s->p, BIT(s->n), ST_DRDY | ST_DSC, 0);
}

static void go(struct hba_slot *s);

/* The end has done a part, or the flush that a write waits for. */
static void part_done(struct hba_slot *s, int rc, bool at_once)
{
	bool flush = s->r.op == BLOCK_FLUSH;

	s->busy = false;
	if (s->r.op == BLOCK_READ)
		gather_written(&s->g);
	if (s->stale || s->p->halted)
		return;
	if (rc) {
		s->p->c.drive[0].io_errors++;
		fail(s, ERR_BIT_UNC);
		return;
	}
	if (!flush) {
		s->lba += s->r.count;
		s->left -= s->r.count;
	}
	if (s->left && at_once) {
		s->again = true;
		timer_set(&s->p->timer, clock_ns() + AGAIN_NS);
	} else if (s->left || (!flush && s->op == BLOCK_WRITE &&
			       (s->fua || !s->p->c.drive[0].write_cache))) {
		go(s);
	} else {
		over(s);
	}
}

static void done(struct block_request *r, int rc)
{
	struct hba_slot *s = r->opaque;
	struct hba_port *p = s->p;

	lock_take(&p->c.lock);
	part_done(s, rc, false);
	hba_port_settle(p);
	hba_port_run(p);
	lock_drop(&p->c.lock);
}

static void submit(struct hba_slot *s)
{
	const struct blockdev *b = &s->p->c.drive[0].b;
	int rc;

	s->r.done = done;
	s->r.opaque = s;
	s->busy = true;
	rc = b->submit(b->opaque, &s->r);
	if (rc != BLOCK_LATER)
		part_done(s, rc, true);
}

/* The next part: what the PRDT holds, or the flush at the end. */
static void go(struct hba_slot *s)
{
	u64 want = (u64)s->left * IDE_SECTOR;
	bool good;

	if (!s->left) {
		s->r = (struct block_request){ .op = BLOCK_FLUSH };
		submit(s);
		return;
	}
	good = gather_from(&s->g, &s->list, want < CHUNK ? want : CHUNK, IDE_SECTOR);
	if (s->g.size < IDE_SECTOR) {
		s->p->halted = true;
		hba_port_event(s->p, good ? IS_OVERFLOW : IS_HOST);
		return;
	}
	s->r = (struct block_request){
		.op = s->op, .lba = s->lba, .count = (u32)(s->g.size / IDE_SECTOR),
		.piece = s->g.piece, .pieces = s->g.pieces,
	};
	submit(s);
}

void hba_ncq_again(void *port)
{
	struct hba_port *p = port;

	lock_take(&p->c.lock);
	for (unsigned n = 0; n < HBA_SLOTS; n++) {
		struct hba_slot *s = &p->slot[n];

		if (!s->again || s->stale || p->halted)
			continue;
		s->again = false;
		go(s);
	}
	lock_drop(&p->c.lock);
}

void hba_ncq_start(struct hba_port *p, unsigned n, const struct hba_header *h, const u8 *fis)
{
	struct hba_slot *s = &p->slot[n];
	const struct ide_drive *d = &p->c.drive[0];
	u32 count = fis[3] | fis[11] << 8;
	u64 lba = 0;

	for (unsigned k = 0; k < 6; k++)
		lba |= (u64)fis[k < 3 ? 4 + k : 5 + k] << 8 * k;
	p->ci &= ~BIT(n);
	p->device_has |= BIT(n);
	s->p = p;
	s->n = n;
	s->op = fis[2] == C_WRITE_QUEUED ? BLOCK_WRITE : BLOCK_READ;
	s->lba = lba;
	s->left = count ? count : 65536;
	s->fua = fis[7] & FUA;
	s->stale = s->again = false;
	s->list = hba_prdt(h);
	if (lba >= ide_disk_sectors(d) || s->left > ide_disk_sectors(d) - lba)
		fail(s, ERR_BIT_IDNF);
	else if (s->op == BLOCK_WRITE && d->b.readonly)
		fail(s, ERR_BIT_ABRT);
	else if ((unsigned)fis[12] >> 3 != n)
		fail(s, ERR_BIT_ABRT);
	else
		go(s);
}
