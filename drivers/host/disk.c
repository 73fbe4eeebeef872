/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See disk.h. Requests are begun in the order they came in. One whose pieces are not whole blocks
 * of the device, or not aligned for it, goes by the bounce buffer with nothing else in flight, so
 * that no write of a neighbour is lost while a block is read, changed and written back. So do zeros
 * where the device has no command for them; of what is discarded parts of blocks are left alone.
 * Invariants: a slot's command is the device's from start() until disk_finished() or a reset, and
 * so is its buffer; `done` is called with no lock held, exactly once for each request.
 */
#include "drivers/host/disk.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/host/dma.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

#define MS 1000000ull
#define TICK_NS (100 * MS)
#define TICKS_MAX 100		/* 10 s for a command */
#define FLUSH_TICKS 5		/* what is written is flushed within a second by itself */
#define RESET_NS (10 * MS)
#define RESET_TICKS 500		/* 5 s for a reset */
#define BOUNCE 65536u
#define BRING_UP_NS (10000 * MS)

static const char *const op_name[BLOCK_OPS] = { "read", "write", "flush", "discard", "zero" };

/* -- Cutting requests into commands ----------------------------------------- */

static u32 sectors_of_block(const struct disk *d) { return d->block / DISK_SECTOR; }

/* What pieces there are room for in the slot's command. */
static struct block_piece *room(struct disk *d, const struct disk_slot *s)
{
	return d->piece[s - d->slot];
}

static void piece_direct(struct disk *d, struct disk_slot *s, u64 lba, u64 run)
{
	u32 per = sectors_of_block(d), most = d->most / DISK_SECTOR;
	struct block_piece *to = room(d, s);

	run = run < most ? run : most;
	s->count = (u32)(disk_pieces(d, s->r, (u64)s->at * DISK_SECTOR, run * DISK_SECTOR, to,
				     &s->command.pieces) / DISK_SECTOR);
	s->command.block = lba / per;
	s->command.blocks = s->count / per;
	s->command.piece = to;
}

/* What is written, from the request's sector s->at on, where it belongs in the bounce buffer. */
static void fill_bounce(struct disk_slot *s, u8 *at)
{
	if (s->r->op == BLOCK_ZERO)
		memset(at, 0, (u64)s->count * DISK_SECTOR);
	else
		block_get(s->r, (u64)s->at * DISK_SECTOR, at, (u64)s->count * DISK_SECTOR);
	s->command.op = BLOCK_WRITE;
}

/* The blocks that the piece touches, in the bounce buffer; a part of one is read before. */
static void piece_bounced(struct disk *d, struct disk_slot *s, u64 lba, u64 run)
{
	u32 per = sectors_of_block(d), most = BOUNCE < d->most ? BOUNCE : d->most;

	s->skip = (u32)(lba % per);
	most = most / DISK_SECTOR - s->skip;
	s->count = (u32)(run < most ? run : most);
	s->command.block = lba / per;
	s->command.blocks = (s->skip + s->count + per - 1) / per;
	s->command.piece = room(d, s);
	s->command.pieces = 1;
	room(d, s)[0] = (struct block_piece){ d->bounce, (u64)s->command.blocks * d->block };
	s->merging = s->r->op != BLOCK_READ && (s->skip || s->count % per);
	if (s->merging)
		s->command.op = BLOCK_READ;
	else if (s->r->op != BLOCK_READ)
		fill_bounce(s, d->bounce);
}

/* Whole blocks without data. Returns false if there is none in it: nothing to do. */
static bool piece_empty(struct disk *d, struct disk_slot *s, u64 lba, u64 run)
{
	u32 most = s->r->op == BLOCK_ZERO ? d->most_zero : d->most_discard;
	u32 per = sectors_of_block(d);
	u64 first = (lba + per - 1) / per, end = (lba + run) / per;

	s->count = (u32)run;
	if (end <= first)
		return false;
	if (end - first > most) {
		end = first + most;
		s->count = (u32)(end * per - lba);
	}
	s->command.block = first;
	s->command.blocks = (u32)(end - first);
	return true;
}

static void start(struct disk *d, struct disk_slot *s)
{
	s->ticks = 0;
	s->started = true;
	d->driver->start(d->opaque, (unsigned)(s - d->slot), &s->command);
}

/* The next command of the slot's request. Returns false if it needs none any more. */
static bool piece(struct disk *d, struct disk_slot *s)
{
	const struct block_request *r = s->r;

	s->command.op = r->op;
	s->command.pieces = 0;
	s->skip = 0;
	if (r->op == BLOCK_FLUSH) {
		s->count = 0;
		start(d, s);
		return true;
	}
	for (u64 run; s->at < r->count; s->at += s->count) {
		u64 lba = disk_map(r->end, r->lba + s->at, &run);

		run = run < r->count - s->at ? run : r->count - s->at;
		if (s->bounced)
			piece_bounced(d, s, lba, run);
		else if (r->op == BLOCK_READ || r->op == BLOCK_WRITE)
			piece_direct(d, s, lba, run);
		else if (!piece_empty(d, s, lba, run))
			continue;
		start(d, s);
		return true;
	}
	return false;
}

/* -- The queue --------------------------------------------------------------- */

static void append(struct block_request **first, struct block_request **last,
		   struct block_request *r)
{
	r->next = NULL;
	if (*first)
		(*last)->next = r;
	else
		*first = r;
	*last = r;
}

static struct disk_slot *free_slot(struct disk *d)
{
	for (unsigned n = 0; n < d->slots; n++)
		if (!d->slot[n].r)
			return &d->slot[n];
	return NULL;
}

static void tick(void *opaque);

static void set_timer(struct disk *d)
{
	u64 ns = d->resetting ? RESET_NS : TICK_NS;

	if (d->ticking || !(d->in_flight || d->unflushed || d->resetting || d->over))
		return;
	d->ticking = true;
	timer_set(&d->timer, clock_ns() + ns);
}

static void retire(struct disk *d, struct disk_slot *s, int rc);

/* Begin what waits, as far as there is room. */
static void pump(struct disk *d)
{
	while (d->first && !d->resetting && !d->exclusive && !d->retries &&
	       d->in_flight < d->slots) {
		struct block_request *r = d->first;
		bool bounced = disk_needs_bounce(d, r);
		bool moves = r->op == BLOCK_READ || r->op == BLOCK_WRITE;
		bool exclusive = bounced || (!moves && d->flush_alone);
		struct disk_slot *s = free_slot(d);

		if (exclusive && d->in_flight)
			break;
		d->first = r->next;
		d->in_flight++;
		d->exclusive = exclusive;
		*s = (struct disk_slot){ .r = r, .bounced = bounced, .exclusive = exclusive };
		if (!piece(d, s))
			retire(d, s, 0);
	}
	set_timer(d);
}

/*
 * A flush is over. One that failed may have lost what any view wrote, if it was the disk's own,
 * too, and a device may say so only once: every view's next flush tells.
 */
static int flush_over(struct disk *d, struct block_request *r, int rc)
{
	struct disk_view *v = r->end;

	d->flushes_lost += rc != 0;
	if (!v)				/* the disk's own */
		return rc;
	rc = v->flushes_lost != d->flushes_lost ? -ERR_IO : 0;
	v->flushes_lost = d->flushes_lost;
	return rc;
}

/* The slot's request is over. */
static void retire(struct disk *d, struct disk_slot *s, int rc)
{
	if (!rc && block_changes(s->r->op) && d->cached) {
		d->dirty_ticks = d->unflushed ? d->dirty_ticks : 0;
		d->unflushed = true;
	}
	s->r->rc = s->r->op == BLOCK_FLUSH ? flush_over(d, s->r, rc) : rc;
	append(&d->over, &d->over_last, s->r);
	d->in_flight--;
	d->retries -= s->again;
	if (s->exclusive)
		d->exclusive = false;
	*s = (struct disk_slot){ 0 };
}

static void tell_error(struct disk *d, const struct disk_slot *s, const char *what)
{
	enum block_op op = s->command.op;
	u64 *count = &d->errors_of[op];

	d->errors++;
	if (!printk_due(count))
		return;
	if (op == BLOCK_FLUSH)
		printk("%s: flush: %s (%lu so far)\n", d->name, what, (unsigned long)*count);
	else
		printk("%s: %s of %u blocks at block %lu: %s (%lu so far)\n", d->name,
		       op_name[op], (unsigned)s->command.blocks,
		       (unsigned long)s->command.block, what, (unsigned long)*count);
}

/* A command by the bounce buffer went well. Returns true if one more is to be started for it. */
static bool bounce_done(struct disk *d, struct disk_slot *s)
{
	u8 *at = (u8 *)d->bounce + (u64)s->skip * DISK_SECTOR;
	u64 from = (u64)s->at * DISK_SECTOR;

	if (s->r->op == BLOCK_READ)
		block_put(s->r, from, at, (u64)s->count * DISK_SECTOR);
	if (!s->merging)
		return false;
	s->merging = false;
	fill_bounce(s, at);
	return true;
}

/* A command went well: the request's next one, or its end. */
static void go_on(struct disk *d, struct disk_slot *s)
{
	d->retries -= s->again;
	s->again = s->command.alone = false;
	s->at += s->count;
	if (s->r->op == BLOCK_FLUSH || !piece(d, s))
		retire(d, s, 0);
}

/* Once more, with nothing else in flight: devices may put commands together, and fail them so. */
static void try_later(struct disk *d, struct disk_slot *s)
{
	d->retries += !s->again;
	s->again = true;
	s->started = false;
}

/* Start the next one of those that must be tried again one by one. */
static void try_again(struct disk *d)
{
	for (unsigned n = 0; n < DISK_SLOTS; n++)
		if (d->slot[n].started)
			return;
	for (unsigned n = 0; n < DISK_SLOTS; n++) {
		if (!d->slot[n].again)
			continue;
		d->slot[n].command.alone = true;
		start(d, &d->slot[n]);
		return;
	}
}

void disk_finished(struct disk *d, unsigned n, int rc)
{
	struct disk_slot *s = n < d->slots ? &d->slot[n] : NULL;

	if (!s || !s->started) {
		disk_stray(d, n);
		return;
	}
	s->started = false;
	if (rc && !s->command.alone) {
		try_later(d, s);
	} else if (rc) {
		tell_error(d, s, "the device reports an error");
		retire(d, s, -ERR_IO);
	} else if (s->bounced && bounce_done(d, s)) {
		start(d, s);
	} else {
		go_on(d, s);
	}
	if (d->retries)
		try_again(d);
}

void disk_stray(struct disk *d, unsigned n)
{
	if (printk_due(&d->stray))
		printk("%s: the device ends command %u, which it does not have (%lu so far)\n",
		       d->name, n, (unsigned long)d->stray);
}

/* -- Time limits and resets -------------------------------------------------- */

/* All that waits or is in flight fails, now and later. */
static void give_up(struct disk *d)
{
	printk("%s: the device does not come back: its disk is gone\n", d->name);
	d->gone = true;
	d->resetting = d->unflushed = false;
	for (unsigned n = 0; n < DISK_SLOTS; n++)
		if (d->slot[n].r)
			retire(d, &d->slot[n], -ERR_IO);
	for (struct block_request *r; (r = d->first);) {
		d->first = r->next;
		r->rc = -ERR_IO;
		append(&d->over, &d->over_last, r);
	}
}

/* The device is as new: what was in flight is tried again, alone; what was so already fails. */
static void after_reset(struct disk *d)
{
	d->resetting = false;
	for (unsigned n = 0; n < DISK_SLOTS; n++) {
		struct disk_slot *s = &d->slot[n];

		if (!s->r)
			continue;
		if (s->command.alone) {
			tell_error(d, s, "no answer after a reset");
			retire(d, s, -ERR_IO);
			continue;
		}
		try_later(d, s);
	}
	if (d->retries)
		try_again(d);
}

static void reset_step(struct disk *d, bool begin)
{
	int rc = d->driver->reset(d->opaque, begin);

	if (rc == 0)
		after_reset(d);
	else if (rc != BLOCK_LATER || ++d->reset_ticks > RESET_TICKS)
		give_up(d);
}

static void begin_reset(struct disk *d, const char *why)
{
	if (printk_due(&d->resets))
		printk("%s: %s: reset (%lu so far)\n", d->name, why, (unsigned long)d->resets);
	d->resetting = true;
	d->reset_ticks = 0;
	timer_cancel(&d->timer);
	d->ticking = false;
	reset_step(d, true);
}

void disk_lost(struct disk *d)
{
	if (!d->resetting && !d->gone)
		begin_reset(d, "the device dropped its commands");
}

static void check_limits(struct disk *d)
{
	for (unsigned n = 0; n < DISK_SLOTS; n++) {
		struct disk_slot *s = &d->slot[n];

		if (!s->started || ++s->ticks < TICKS_MAX)
			continue;
		tell_error(d, s, "no answer");
		begin_reset(d, "a command took too long");
		return;
	}
}

static void flushed(struct block_request *r, int rc)
{
	struct disk *d = r->opaque;

	(void)rc;			/* told already, and by flush_over() to who flushes next */
	d->own_flush_busy = false;
}

static void begin_own_flush(struct disk *d)
{
	d->unflushed = false;
	d->own_flush_busy = true;
	d->own_flush = (struct block_request){ .op = BLOCK_FLUSH, .done = flushed, .opaque = d };
	append(&d->first, &d->last, &d->own_flush);
}

/* What a guest wrote and did not flush is flushed for it. */
static void flush_aged(struct disk *d)
{
	if (d->unflushed && !d->own_flush_busy && ++d->dirty_ticks >= FLUSH_TICKS)
		begin_own_flush(d);
}

static void (*give)(void *opaque, struct block_request *r);
static void *give_to;

void disk_give(void (*fn)(void *opaque, struct block_request *r), void *opaque)
{
	give = fn;
	give_to = opaque;
}

/* The disk's own requests are no view's. */
static void run_over(struct disk *d)
{
	struct block_request *r = d->over;

	d->over = NULL;
	lock_drop(&d->lock);
	while (r) {
		struct block_request *next = r->next;

		if (give && r->end)
			give(give_to, r);
		else
			r->done(r, r->rc);
		r = next;
	}
}

static void tick(void *opaque)
{
	struct disk *d = opaque;

	lock_take(&d->lock);
	d->ticking = false;
	if (d->resetting) {
		reset_step(d, false);
	} else if (!d->gone) {
		d->driver->reap(d->opaque);
		if (!d->resetting)
			check_limits(d);
		flush_aged(d);
	}
	pump(d);
	run_over(d);
}

void disk_poll(struct disk *d)
{
	lock_take(&d->lock);
	if (!d->resetting && !d->gone && d->in_flight) {
		d->driver->reap(d->opaque);
		pump(d);
	}
	run_over(d);
}

bool disk_flush(struct disk *d)
{
	bool busy;

	lock_take(&d->lock);
	if (d->unflushed && !d->own_flush_busy && !d->gone) {
		begin_own_flush(d);
		pump(d);
	}
	busy = d->own_flush_busy || d->in_flight || d->first;
	lock_drop(&d->lock);
	return busy;
}

/* -- The end ----------------------------------------------------------------- */

static int check(const struct disk_view *v, const struct block_request *r)
{
	if (v->disk->gone)
		return -ERR_IO;
	if (r->op == BLOCK_FLUSH)
		return 0;
	if (!r->count || r->lba > v->sectors || r->count > v->sectors - r->lba)
		return -ERR_RANGE;
	return block_changes(r->op) && v->disk->readonly ? -ERR_INVAL : 0;
}

static int submit(void *opaque, struct block_request *r)
{
	struct disk_view *v = opaque;
	struct disk *d = v->disk;
	int rc = check(v, r);

	if (rc || (r->op == BLOCK_FLUSH && !d->cached) ||
	    (r->op == BLOCK_DISCARD && !d->most_discard))
		return rc;
	lock_take(&d->lock);
	r->end = v;
	if (r->op == BLOCK_FLUSH)
		d->unflushed = false;
	append(&d->first, &d->last, r);
	pump(d);
	lock_drop(&d->lock);
	return BLOCK_LATER;
}

static int submit_readonly(void *opaque, struct block_request *r)
{
	return block_changes(r->op) ? -ERR_INVAL : submit(opaque, r);
}

struct blockdev disk_end(struct disk_view *v, const char *name, bool readonly)
{
	v->sectors = 0;
	v->flushes_lost = v->disk->flushes_lost;
	for (unsigned k = 0; k < v->extents; k++) {
		const struct disk_extent *e = &v->extent[k];

		must(e->start <= v->disk->sectors && e->count <= v->disk->sectors - e->start);
		v->sectors += e->count;
	}
	readonly = readonly || v->disk->readonly;
	return (struct blockdev){
		.opaque = v, .sectors = v->sectors, .readonly = readonly, .name = name,
		.submit = readonly ? submit_readonly : submit,
	};
}

int disk_init(struct disk *d)
{
	u64 end = clock_ns() + BRING_UP_NS;
	int rc = d->driver->reset(d->opaque, true);

	while (rc == BLOCK_LATER && clock_ns() < end)
		rc = d->driver->reset(d->opaque, false);
	if (rc)
		return -ERR_IO;
	must(d->slots && d->slots <= DISK_SLOTS && d->block >= DISK_SECTOR &&
	     d->most >= d->block && d->most % d->block == 0 && d->pieces &&
	     d->pieces <= DISK_PIECES);
	d->timer.fn = tick;
	d->timer.opaque = d;
	timer_of_device(&d->timer);
	d->bounce = dma_alloc(BOUNCE);
	d->piece = calloc(DISK_SLOTS, sizeof(*d->piece));
	return d->bounce && d->piece ? 0 : -ERR_NOMEM;
}
