/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk (virtio 1.2, 5.2). Data moves between the end and guest RAM itself, several requests
 * at a time, from several queues, and ends in any order.
 * A driver that has not agreed to FLUSH, or has switched the cache off, is told of the end of a
 * write only when the end's flush is over. Discards and WRITE ZEROES go to the end range by range,
 * each in steps that keep nobody waiting.
 * Invariant: whatever a header says, lba + count <= sectors before the end is asked.
 */
#include "drivers/pc/virtio_disk.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/virtio.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/gpa.h"

enum { F_SIZE_MAX = 1, F_SEG_MAX = 2, F_RO = 5, F_BLK_SIZE = 6, F_FLUSH = 9, F_CONFIG_WCE = 11,
	F_MQ = 12, F_DISCARD = 13, F_WRITE_ZEROES = 14 };	/* 5.2.3 */
enum {				/* configuration (5.2.4) */
	B_CAPACITY = 0, B_SIZE_MAX = 8, B_SEG_MAX = 12, B_BLK_SIZE = 20, B_WCE = 32,
	B_QUEUES = 34, B_DISCARD_SECTORS = 36, B_DISCARD_SEGMENTS = 40, B_DISCARD_ALIGN = 44,
	B_ZERO_SECTORS = 48, B_ZERO_SEGMENTS = 52, B_ZERO_UNMAP = 56,
};
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_ERROR = 1, S_UNSUPPORTED = 2 };
enum { SECTOR = 512, REQUESTS = 32, QUEUES = 4, ID_SIZE = 20, SIZE_MAX_BYTES = 65536,
	SEGMENTS = VIRTIO_SIZE - 2, RANGES = 16, UNMAP = 1 };
#define DISCARD_SECTORS (~0u >> 1)
#define ZERO_SECTORS 65536u	/* an end may have to write them */
/* What an end does at once is gone on with later after so many bytes, so that no guest stays. */
#define TURN_BYTES (1u << 20)
#define TURN_NS 10000

struct header { u32 type, reserved; u64 sector; };
struct range { u64 sector; u32 count, flags; };

struct request {		/* a chain on its way */
	struct block_request r;
	struct gather g;
	struct virtio_disk *d;
	struct request *next;	/* free ones */
	unsigned q;
	u16 head;
	u64 status_at;		/* guest address of the status byte */
	u32 written;		/* bytes that the device writes, with it */
	struct range range[RANGES];	/* of a discard or WRITE ZEROES: what is left of it */
	unsigned ranges;
};

struct virtio_disk {
	struct virtio v;
	struct blockdev b;
	struct request request[REQUESTS], *free;
	struct virtio_chain chain;	/* the one that is looked at */
	bool starved;		/* chains may wait for a free request */
	u64 turn;		/* bytes that the end moved at once since the run loop was here */
	struct request *paused;		/* the turn was over in the middle of them */
	struct timer timer;
};

/* -- Ends of requests ---------------------------------------------------------- */

static void finish(struct request *q, u8 status)
{
	struct virtio_disk *d = q->d;

	gpa_put(gpa(q->status_at), &status, 1);
	virtio_give(&d->v, q->q, q->head, q->written);
	q->next = d->free;
	d->free = q;
}

/* Is what was written on the medium before the driver is told? */
static bool writes_through(const struct virtio_disk *d)
{
	return !virtio_has(&d->v, F_FLUSH) ||
	       (virtio_has(&d->v, F_CONFIG_WCE) && !d->v.config[B_WCE]);
}

/* Make the next step of the ranges; false: there is none. */
static bool next_step(struct request *q, enum block_op op)
{
	u32 step = q->d->b.step;
	struct range *r;

	while (q->ranges && !q->range[q->ranges - 1].count)
		q->ranges--;
	if (!q->ranges)
		return false;
	r = &q->range[q->ranges - 1];
	step = step && step < r->count ? step : r->count;
	q->r = (struct block_request){ .op = op, .lba = r->sector, .count = step };
	r->sector += step;
	r->count -= step;
	return true;
}

/* If it is set, next_turn() comes after this core has given the lock back. */
static void wait_for_turn(struct virtio_disk *d)
{
	if (!__atomic_load_n(&d->timer.cpu, __ATOMIC_RELAXED))
		timer_set(&d->timer, clock_ns() + TURN_NS);
}

/* The end is done with q->r. Returns whether there is a next one in it, to be submitted now. */
static bool over(struct request *q, int rc)
{
	struct virtio_disk *d = q->d;
	enum block_op op = q->r.op;

	if (op == BLOCK_READ)
		gather_written(&q->g);
	if (!rc && q->ranges && next_step(q, op)) {
		if (d->turn < TURN_BYTES)
			return true;
		q->next = d->paused;
		d->paused = q;
		wait_for_turn(d);
		return false;
	}
	if (!rc && block_changes(op) && writes_through(d)) {
		q->r = (struct block_request){ .op = BLOCK_FLUSH };
		return true;
	}
	finish(q, rc ? S_ERROR : S_OK);
	return false;
}

static void submit(struct request *q);

static void kick_all(struct virtio_disk *d);

/* The end calls back: chains may have waited for this one's place. */
static void done(struct block_request *r, int rc)
{
	struct request *q = r->opaque;
	struct virtio_disk *d = q->d;

	lock_take(&d->v.lock);
	if (over(q, rc))
		submit(q);
	if (d->starved)
		kick_all(d);
	lock_drop(&d->v.lock);
}

static void submit(struct request *q)
{
	struct virtio_disk *d = q->d;
	int rc;

	do {
		q->r.done = done;
		q->r.opaque = q;
		rc = d->b.submit(d->b.opaque, &q->r);
		if (rc == BLOCK_LATER)
			return;
		d->turn += q->r.count * (u64)SECTOR + SECTOR;
	} while (over(q, rc));
}

/* -- Begins ---------------------------------------------------------------------- */

static void transfer(struct virtio_disk *d, struct request *q, enum block_op op, u64 sector)
{
	const struct virtio_chain *c = &d->chain;
	bool in = op == BLOCK_READ;
	u64 skip = in ? 0 : sizeof(struct header);
	u64 size = in ? c->in_bytes - 1 : c->out_bytes - skip, count = size / SECTOR;

	if (!count || size % SECTOR || count > (u64)SEGMENTS * SIZE_MAX_BYTES / SECTOR ||
	    sector > d->b.sectors || count > d->b.sectors - sector ||
	    (!in && d->b.readonly) || !virtio_gather(c, in, skip, size, &q->g)) {
		finish(q, S_ERROR);
		return;
	}
	q->r = (struct block_request){
		.op = op, .lba = sector, .count = (u32)count, .piece = q->g.piece,
		.pieces = q->g.pieces,
	};
	q->written = in ? (u32)size + 1 : 1;
	submit(q);
}

/* The ranges, all of them on the disk. Returns the status if the request ends so. */
static u8 get_ranges(struct virtio_disk *d, struct request *q, u32 flags)
{
	u64 at = sizeof(struct header), size = d->chain.out_bytes - at;

	if (!size || size % sizeof(struct range) || size / sizeof(struct range) > RANGES ||
	    d->b.readonly)
		return S_ERROR;
	for (q->ranges = 0; size; size -= sizeof(struct range), at += sizeof(struct range)) {
		struct range *r = &q->range[q->ranges++];

		if (virtio_get(&d->chain, at, r, sizeof(*r)) != sizeof(*r) ||
		    r->sector > d->b.sectors || r->count > d->b.sectors - r->sector)
			return S_ERROR;
		if (r->flags & ~flags)
			return S_UNSUPPORTED;
	}
	return S_OK;
}

/* Unmapping, which WRITE ZEROES may ask for, is a wish that may go unheard. */
static void change(struct virtio_disk *d, struct request *q, enum block_op op)
{
	u8 status = get_ranges(d, q, op == BLOCK_ZERO ? UNMAP : 0);

	if (!status && next_step(q, op)) {
		submit(q);
		return;
	}
	q->ranges = 0;
	finish(q, status);
}

static void identify(struct virtio_disk *d, struct request *q)
{
	char id[ID_SIZE] = { 0 };
	const char *name = d->b.name ? d->b.name : "LOAM";

	for (unsigned k = 0; k < ID_SIZE && name[k]; k++)
		id[k] = name[k];
	if (d->chain.in_bytes < ID_SIZE + 1 ||
	    virtio_put(&d->chain, 0, id, ID_SIZE) != ID_SIZE) {
		finish(q, S_ERROR);
		return;
	}
	q->written = ID_SIZE + 1;
	finish(q, S_OK);
}

static void begin(struct virtio_disk *d, struct request *q, const struct header *h)
{
	switch (h->type) {
	case T_IN: transfer(d, q, BLOCK_READ, h->sector); break;
	case T_OUT: transfer(d, q, BLOCK_WRITE, h->sector); break;
	case T_FLUSH:
		q->r = (struct block_request){ .op = BLOCK_FLUSH };
		submit(q);
		break;
	case T_ID: identify(d, q); break;
	case T_DISCARD: change(d, q, BLOCK_DISCARD); break;
	case T_WRITE_ZEROES: change(d, q, BLOCK_ZERO); break;
	default:
		trace(VIRTIO, "virtio-blk: type %u is not known\n", (unsigned)h->type);
		finish(q, S_UNSUPPORTED);
	}
}

static bool get_header(const struct virtio_chain *c, struct header *h)
{
	if (c->outs && c->seg[0].size >= sizeof(*h))	/* as drivers do */
		return gpa_get(gpa(c->seg[0].at), h, sizeof(*h));
	return virtio_get(c, 0, h, sizeof(*h)) == sizeof(*h);
}

/* A chain that has no room for header and status cannot be answered. */
static void take(struct virtio_disk *d, unsigned n)
{
	struct virtio_chain *c = &d->chain;
	struct request *q = d->free;
	struct header h;

	if (!get_header(c, &h) || !c->in_bytes) {
		virtio_broken(&d->v, "a request without header or status");
		virtio_give(&d->v, n, c->head, 0);
		return;
	}
	d->free = q->next;
	q->q = n;
	q->head = c->head;
	q->status_at = virtio_in_at(c, c->in_bytes - 1);
	q->written = 1;
	q->ranges = 0;
	begin(d, q, &h);
}

static void kick(struct virtio *v, unsigned n)
{
	struct virtio_disk *d = (struct virtio_disk *)v;	/* its first member */

	while (d->free && d->turn < TURN_BYTES && virtio_take(v, n, &d->chain))
		take(d, n);
	d->starved |= !d->free;
	if (d->turn >= TURN_BYTES)
		wait_for_turn(d);
}

static void kick_all(struct virtio_disk *d)
{
	d->starved = false;
	for (unsigned k = 0; k < QUEUES; k++)
		kick(&d->v, k);
}

static void next_turn(void *opaque)
{
	struct virtio_disk *d = opaque;

	lock_take(&d->v.lock);
	d->turn = 0;
	for (struct request *q = d->paused, *next; q; q = next) {
		next = q->next;
		d->paused = next;
		submit(q);
		if (d->turn >= TURN_BYTES)
			break;
	}
	kick_all(d);
	lock_drop(&d->v.lock);
}

/* -- Configuration ------------------------------------------------------------------ */

static void flushed(struct block_request *r, int rc)
{
	(void)rc;		/* the end has told; the driver's next write will fail, too */
	free(r);
}

/* The cache goes off: what is in it goes to the medium. */
static void configured(struct virtio *v, u32 off)
{
	struct virtio_disk *d = (struct virtio_disk *)v;
	struct block_request *r;

	v->config[off] = v->config[off] != 0;
	if (v->config[off] || !(r = calloc(1, sizeof(*r))))
		return;
	*r = (struct block_request){ .op = BLOCK_FLUSH, .done = flushed };
	if (d->b.submit(d->b.opaque, r) != BLOCK_LATER)
		free(r);
}

static void put(struct virtio *v, u32 off, u64 x, unsigned size)
{
	for (unsigned k = 0; k < size; k++)
		v->config[off + k] = (u8)(x >> 8 * k);
}

bool virtio_disk_busy(struct virtio_disk *d)
{
	lock_take(&d->v.lock);
	bool busy = d->v.in_flight;
	lock_drop(&d->v.lock);
	return busy;
}

void virtio_disk_reset(struct virtio_disk *d)
{
	virtio_reset(&d->v);
	lock_take(&d->v.lock);
	d->v.config[B_WCE] = 1;
	lock_drop(&d->v.lock);
}

struct virtio_disk *virtio_disk_create(struct pci *pci, unsigned devfn,
				       const struct irq_line *intx, const struct blockdev *b)
{
	static const struct virtio_kind kind = {
		.name = "virtio-blk", .id = 0x1042, .class_code = 0x010000, .kick = kick,
		.configured = configured,
	};
	struct virtio_disk *d = calloc(1, sizeof(*d));

	must(d);
	d->b = *b;
	d->timer.fn = next_turn;
	d->timer.opaque = d;
	for (unsigned k = 0; k < REQUESTS; k++) {
		d->request[k].d = d;
		d->request[k].next = d->free;
		d->free = &d->request[k];
	}
	put(&d->v, B_CAPACITY, b->sectors, 8);
	put(&d->v, B_SIZE_MAX, SIZE_MAX_BYTES, 4);
	put(&d->v, B_SEG_MAX, SEGMENTS, 4);
	put(&d->v, B_BLK_SIZE, SECTOR, 4);
	put(&d->v, B_WCE, 1, 1);
	put(&d->v, B_QUEUES, QUEUES, 2);
	put(&d->v, B_DISCARD_SECTORS, DISCARD_SECTORS, 4);
	put(&d->v, B_DISCARD_SEGMENTS, RANGES, 4);
	put(&d->v, B_DISCARD_ALIGN, 1, 4);
	put(&d->v, B_ZERO_SECTORS, ZERO_SECTORS, 4);
	put(&d->v, B_ZERO_SEGMENTS, RANGES, 4);
	put(&d->v, B_ZERO_UNMAP, 1, 1);
	d->v.config_writable[B_WCE] = 1;
	virtio_create(&d->v, pci, devfn, intx, &kind, QUEUES,
		      1u << F_SIZE_MAX | 1u << F_SEG_MAX | 1u << F_BLK_SIZE | 1u << F_FLUSH |
		      1u << F_CONFIG_WCE | 1u << F_MQ | (b->readonly ? 1u << F_RO :
		      1u << F_DISCARD | 1u << F_WRITE_ZEROES));
	return d;
}
