/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueues (virtio 1.2, 2.7), the device's side. Everything in them is the driver's: each
 * index is compared with the queue's size, each table is copied before it is looked at, a chain is
 * no longer than the queue. Whatever cannot be breaks the device until its reset.
 * Invariant: seen and done count what was taken and given.
 */
#include "drivers/pc/virtio.h"

#include "kernel/lib/bits.h"
#include "mm/gpa.h"

enum { D_NEXT = 1, D_WRITE = 2, D_INDIRECT = 4, AVAIL_NO_INTERRUPT = 1 };
struct desc { u64 at; u32 size; u16 flags, next; };	/* little-endian, as the hosts are */

static bool get16(u64 at, u16 *v) { return gpa_get(gpa(at), v, 2); }
static bool put16(u64 at, u16 v) { return gpa_put(gpa(at), &v, 2); }

/* -- Chains ------------------------------------------------------------------ */

/* Add a descriptor's memory. NULL, or what is wrong with it. */
static const char *add(struct virtio_chain *c, const struct desc *d)
{
	unsigned n = c->outs + c->ins;

	if (n == VIRTIO_SIZE)
		return "a chain is too long";
	if (d->at + d->size < d->at)
		return "memory wraps";
	c->seg[n].at = d->at;
	c->seg[n].size = d->size;
	if (d->flags & D_WRITE) {
		c->ins++;
		c->in_bytes += d->size;
		return NULL;
	}
	if (c->ins)
		return "the driver's memory after the device's";
	c->outs++;
	c->out_bytes += d->size;
	return NULL;
}

/* The chain from entry k of `table` on, which has `count` entries. */
static const char *walk_table(struct virtio_chain *c, const struct desc *table, u32 count, u16 k)
{
	for (u32 n = 0; n < count; n++) {
		const struct desc *d = &table[k];
		const char *wrong = d->flags & D_INDIRECT ? "a table in a table" : add(c, d);

		if (wrong || !(d->flags & D_NEXT))
			return wrong;
		k = d->next;
		if (k >= count)
			return "a descriptor that is not there";
	}
	return "a chain goes round";
}

static const char *walk_indirect(struct virtio_chain *c, const struct desc *d)
{
	struct desc table[VIRTIO_SIZE];

	if (d->flags & D_NEXT || !d->size || d->size % sizeof(*d) || d->size > sizeof(table))
		return "a table of an odd kind or size";
	if (gpa_read(gpa(d->at), table, d->size) != d->size)
		return "a table that is not in RAM";
	return walk_table(c, table, d->size / (u32)sizeof(*d), 0);
}

static const char *walk(const struct virtio *v, const struct virtio_queue *q,
			struct virtio_chain *c)
{
	u16 k = c->head;
	struct desc d;

	for (unsigned n = 0; n < q->size; n++) {
		const char *wrong;

		if (k >= q->size)
			return "a descriptor that is not there";
		if (!gpa_get(gpa(q->desc + k * sizeof(d)), &d, sizeof(d)))
			return "descriptors that are not in RAM";
		if (d.flags & D_INDIRECT)
			return virtio_has(v, VIRTIO_INDIRECT) ? walk_indirect(c, &d) :
			       "a table that was not agreed";
		wrong = add(c, &d);
		if (wrong || !(d.flags & D_NEXT))
			return wrong;
		k = d.next;
	}
	return "a chain goes round";
}

/* -- Rings ------------------------------------------------------------------- */

/* Where the driver's and the device's event fields are (2.7.7, 2.7.10): behind the rings. */
static u64 used_event(const struct virtio_queue *q) { return q->avail + 4 + 2 * q->size; }
static u64 avail_event(const struct virtio_queue *q) { return q->used + 4 + 8 * q->size; }

/* Is there one more? The driver is asked to tell of the next one, then looked at once more. */
static bool more(struct virtio *v, struct virtio_queue *q)
{
	u16 idx;

	if (!get16(q->avail + 2, &idx)) {
		virtio_broken(v, "a ring that is not in RAM");
		return false;
	}
	if (idx == q->seen && virtio_has(v, VIRTIO_EVENT_IDX)) {
		put16(avail_event(q), q->seen);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		get16(q->avail + 2, &idx);
	}
	if ((u16)(idx - q->seen) > q->size) {
		virtio_broken(v, "more than the ring holds");
		return false;
	}
	return idx != q->seen;
}

bool virtio_take(struct virtio *v, unsigned n, struct virtio_chain *c)
{
	struct virtio_queue *q = &v->queue[n];
	const char *wrong;

	if (!virtio_runs(v) || !q->enabled || !more(v, q))
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	c->outs = c->ins = 0;
	c->out_bytes = c->in_bytes = 0;
	if (!get16(q->avail + 4 + 2 * (q->seen % q->size), &c->head)) {
		virtio_broken(v, "a ring that is not in RAM");
		return false;
	}
	wrong = walk(v, q, c);
	if (wrong) {
		virtio_broken(v, wrong);
		return false;
	}
	q->seen++;
	v->in_flight++;
	return true;
}

/* Does the driver want to hear of the entry that was given last? */
static bool wanted(const struct virtio *v, const struct virtio_queue *q)
{
	u16 x;

	if (virtio_has(v, VIRTIO_EVENT_IDX))
		return get16(used_event(q), &x) && x == (u16)(q->done - 1);
	return get16(q->avail, &x) && !(x & AVAIL_NO_INTERRUPT);
}

void virtio_give(struct virtio *v, unsigned n, u16 head, u32 size)
{
	struct virtio_queue *q = &v->queue[n];
	u32 entry[2] = { head, size };

	v->in_flight--;
	if (!v->resetting && !v->master)	/* its end cannot be written */
		virtio_broken(v, "no bus master with requests in flight");
	if (v->resetting || !virtio_runs(v)) {
		virtio_settle(v);
		return;
	}
	if (!gpa_put(gpa(q->used + 4 + 8 * (q->done % q->size)), entry, 8)) {
		virtio_broken(v, "a ring that is not in RAM");
		return;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
	put16(q->used + 2, ++q->done);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (wanted(v, q))
		virtio_interrupt(v, q);
}

/* -- Memory ------------------------------------------------------------------ */

/* Call fn for each run of bytes from `skip` on, until it moves less than it was told. */
static u64 each(const struct virtio_chain *c, bool in, u64 skip, u64 size,
		u64 (*fn)(void *opaque, u64 at, u64 n), void *opaque)
{
	unsigned k = in ? c->outs : 0, end = in ? c->outs + c->ins : c->outs;
	u64 done = 0;

	for (; k < end && done < size; k++) {
		u64 n = c->seg[k].size, moved;

		if (skip >= n) {
			skip -= n;
			continue;
		}
		n = n - skip < size - done ? n - skip : size - done;
		moved = fn(opaque, c->seg[k].at + skip, n);
		skip = 0;
		done += moved;
		if (moved < n)
			break;
	}
	return done;
}

static u64 read_run(void *opaque, u64 at, u64 n)
{
	u8 **to = opaque;
	u64 got = gpa_read(gpa(at), *to, n);

	*to += n;
	return got;
}

static u64 write_run(void *opaque, u64 at, u64 n)
{
	const u8 **from = opaque;
	u64 got = gpa_write(gpa(at), *from, n);

	*from += n;
	return got;
}

static u64 gather_run(void *opaque, u64 at, u64 n) { return gather_add(opaque, at, n); }

static u64 first_run(void *opaque, u64 at, u64 n)
{
	u64 *to = opaque;

	*to = at;
	return n;
}

u64 virtio_get(const struct virtio_chain *c, u64 skip, void *to, u64 size)
{
	u8 *at = to;

	return each(c, false, skip, size, read_run, &at);
}

u64 virtio_put(const struct virtio_chain *c, u64 skip, const void *from, u64 size)
{
	const u8 *at = from;

	return each(c, true, skip, size, write_run, &at);
}

bool virtio_gather(const struct virtio_chain *c, bool in, u64 skip, u64 size, struct gather *g)
{
	gather_clear(g);
	return each(c, in, skip, size, gather_run, g) == size;
}

u64 virtio_in_at(const struct virtio_chain *c, u64 skip)
{
	unsigned last = c->outs + c->ins - 1;
	u64 before = c->in_bytes - c->seg[last].size, at = 0;

	if (skip >= before)
		return c->seg[last].at + (skip - before);
	each(c, true, skip, 1, first_run, &at);
	return at;
}
