/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Port and memory-mapped dispatch: address to region, width splitting, and the
 * count of what nobody answered. Knows no device and no CPU.
 * Invariant: the lookup tables are a pure function of the region lists; both are changed alone
 * (kernel/alone.h), so that a core that is in here finds them whole.
 */
#include "mm/bus.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/alone.h"
#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum {
	PORTS = 0x10000,
	MAX_IO = 256,		/* port regions; index 0 means nobody */
	MAX_SPANS = 256,	/* visible pieces of memory-mapped regions */
	MAX_NOTED = 64,		/* pages, and ports, whose unanswered accesses are logged */
};

struct span {			/* [first, last] belongs to r; sorted, disjoint */
	u64 first, last;
	struct bus_region *r;
};

struct bus {
	struct bus_region *list[2];	/* by bus_space, rising priority */
	struct bus_region *io[MAX_IO];
	u8 port[PORTS];
	struct span span[MAX_SPANS];
	unsigned spans;
	unsigned met;		/* where the last lookup of any core ended: tried first */
	void (*changed)(void);	/* bus_on_change */
	u64 unanswered;		/* atomic */
	struct lock lock;	/* of what follows */
	u8 port_noted[PORTS / 8];
	u64 page_noted[MAX_NOTED];
	unsigned noted[2];	/* by bus_space; MAX_NOTED + 1: that there are more was said */
};

static u64 ones(unsigned size)
{
	return ~0ull >> (64 - 8 * size);
}

/* -- Layout ---------------------------------------------------------------- */

static void rebuild_io(struct bus *b)
{
	unsigned n = 0;

	memset(b->port, 0, sizeof(b->port));
	for (struct bus_region *r = b->list[BUS_IO]; r; r = r->next) {
		if (!r->enabled || r->start >= PORTS)
			continue;
		must(++n < MAX_IO);
		b->io[n] = r;
		u64 room = PORTS - r->start;
		memset(b->port + r->start, (int)n, r->size < room ? r->size : room);
	}
}

/* Cut [first, last] out of the spans; a span that it splits becomes two. */
static void span_cut(struct bus *b, u64 first, u64 last)
{
	struct span old[MAX_SPANS];
	unsigned n = b->spans;

	memcpy(old, b->span, n * sizeof(old[0]));
	b->spans = 0;
	for (unsigned k = 0; k < n; k++) {
		struct span s = old[k];

		if (s.last < first || s.first > last) {
			b->span[b->spans++] = s;
			continue;
		}
		must(b->spans + 2 < MAX_SPANS);
		if (s.first < first)
			b->span[b->spans++] = (struct span){ s.first, first - 1, s.r };
		if (s.last > last)
			b->span[b->spans++] = (struct span){ last + 1, s.last, s.r };
	}
}

static void span_insert(struct bus *b, struct span s)
{
	unsigned k = b->spans++;

	must(b->spans < MAX_SPANS);
	for (; k > 0 && b->span[k - 1].first > s.first; k--)
		b->span[k] = b->span[k - 1];
	b->span[k] = s;
}

static void rebuild_mmio(struct bus *b)
{
	b->spans = 0;
	for (struct bus_region *r = b->list[BUS_MMIO]; r; r = r->next) {
		if (!r->enabled || !r->size)
			continue;
		u64 last = r->start + (r->size - 1);
		if (last < r->start)
			last = ~0ull;
		span_cut(b, r->start, last);
		span_insert(b, (struct span){ r->start, last, r });
	}
}

static void rebuild(struct bus *b, enum bus_space space)
{
	if (space == BUS_IO)
		rebuild_io(b);
	else
		rebuild_mmio(b);
}

struct bus *bus_create(void)
{
	struct bus *b = calloc(1, sizeof(*b));

	must(b);
	return b;
}

void bus_destroy(struct bus *b)
{
	free(b);
}

void bus_add(struct bus *b, enum bus_space space, struct bus_region *r)
{
	struct bus_region **p = &b->list[space];

	must(r->ops && r->ops->min && r->ops->min <= r->ops->max);
	alone_begin();
	while (*p && (*p)->priority <= r->priority)
		p = &(*p)->next;
	r->next = *p;
	*p = r;
	if (r->enabled)
		rebuild(b, space);
	alone_end();
}

void bus_move(struct bus *b, enum bus_space space, struct bus_region *r, u64 start, u64 size,
	      bool enabled)
{
	bool visible;

	if (r->start == start && r->size == size && r->enabled == enabled)
		return;
	alone_begin();
	visible = r->enabled || enabled;
	r->start = start;
	r->size = size;
	r->enabled = enabled;
	if (visible)
		rebuild(b, space);
	if (visible && space == BUS_MMIO && b->changed)
		b->changed();
	alone_end();
}

void bus_on_change(struct bus *b, void (*fn)(void)) { b->changed = fn; }

/* -- Lookup ---------------------------------------------------------------- */

/* What answers at [addr, addr+size): one region, nobody (NULL), or several (*mixed). */
static struct bus_region *io_find(struct bus *b, u64 addr, unsigned size, bool *mixed)
{
	u8 n = addr < PORTS ? b->port[addr] : 0;

	for (unsigned k = 1; k < size; k++)
		if ((addr + k < PORTS ? b->port[addr + k] : 0) != n)
			*mixed = true;
	return n && !*mixed ? b->io[n] : NULL;
}

/* Index of the first span that ends at or after addr. */
static unsigned span_at(const struct bus *b, u64 addr)
{
	unsigned lo = 0, hi = b->spans;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (b->span[mid].last < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A hint, that any core changes. */
static unsigned met(const struct bus *b) { return __atomic_load_n(&b->met, __ATOMIC_RELAXED); }

static struct bus_region *mmio_find(struct bus *b, u64 addr, unsigned size, bool *mixed)
{
	unsigned k = met(b);
	u64 last = addr + (size - 1);

	if (k < b->spans && b->span[k].first <= addr && last <= b->span[k].last)
		return b->span[k].r;
	k = span_at(b, addr);
	__atomic_store_n(&b->met, k, __ATOMIC_RELAXED);
	if (k >= b->spans || b->span[k].first > last)
		return NULL;
	if (b->span[k].first <= addr && last <= b->span[k].last)
		return b->span[k].r;
	*mixed = true;
	return NULL;
}

static struct bus_region *find(struct bus *b, enum bus_space space, u64 addr, unsigned size,
			       bool *mixed)
{
	struct bus_region *r;

	*mixed = false;
	r = space == BUS_IO ? io_find(b, addr, size, mixed) : mmio_find(b, addr, size, mixed);
	if (*mixed && size == 1)
		*mixed = false;
	return r;
}

bool bus_is_mmio(struct bus *b, u64 addr, u64 size)
{
	u64 last = addr + (size - 1);
	unsigned k;

	if (!size)
		return false;
	k = span_at(b, addr);
	return k < b->spans && b->span[k].first <= last;
}

/* -- Unanswered ------------------------------------------------------------ */

static bool note_page(struct bus *b, u64 page)
{
	unsigned n = b->noted[BUS_MMIO];

	for (unsigned k = 0; k < n; k++)
		if (b->page_noted[k] == page)
			return false;
	if (n < MAX_NOTED)
		b->page_noted[n] = page;
	return true;
}

static bool note_port(struct bus *b, u64 port)
{
	u8 bit = (u8)BIT(port % 8);

	if (port >= PORTS || b->port_noted[port / 8] & bit)
		return false;
	b->port_noted[port / 8] |= bit;
	return true;
}

static void nobody(struct bus *b, enum bus_space space, u64 addr, unsigned size, const char *what)
{
	bool first;
	unsigned n;

	__atomic_fetch_add(&b->unanswered, 1, __ATOMIC_RELAXED);
	trace(IO, "bus: %s of %u bytes at %s 0x%llx: nobody\n", what, size,
	      space == BUS_IO ? "port" : "memory", (unsigned long long)addr);
	lock_take(&b->lock);
	first = b->noted[space] <= MAX_NOTED &&
		(space == BUS_IO ? note_port(b, addr) : note_page(b, addr >> 12));
	n = b->noted[space] += first;
	lock_drop(&b->lock);
	if (first && n > MAX_NOTED)
		printk("bus: more %s that nobody answers are counted, not listed\n",
		       space == BUS_IO ? "ports" : "pages");
	else if (first)
		printk("bus: nobody answers %s of %u bytes at %s 0x%llx\n", what, size,
		       space == BUS_IO ? "port" : "memory", (unsigned long long)addr);
}

u64 bus_unanswered(const struct bus *b)
{
	return __atomic_load_n(&b->unanswered, __ATOMIC_RELAXED);
}

/* -- Access ---------------------------------------------------------------- */

/* An access narrower than the device takes, or not aligned to its narrowest: by containers. */
static u64 read_lanes(const struct bus_region *r, u32 off, unsigned size)
{
	unsigned min = r->ops->min;
	u64 v = 0;

	for (unsigned done = 0; done < size;) {
		unsigned lane = (off + done) % min, n = min - lane;

		if (n > size - done)
			n = size - done;
		u64 c = r->ops->read(r->opaque, off + done - lane, min);
		v |= (c >> 8 * lane & ones(n)) << 8 * done;
		done += n;
	}
	return v;
}

static void write_lanes(const struct bus_region *r, u32 off, u64 v, unsigned size)
{
	unsigned min = r->ops->min;

	for (unsigned done = 0; done < size;) {
		unsigned lane = (off + done) % min, n = min - lane;
		u32 at = off + done - lane;

		if (n > size - done)
			n = size - done;
		u64 mask = ones(n) << 8 * lane, c = 0;
		if (r->ops->rmw && n < min)
			c = r->ops->read(r->opaque, at, min) & ~mask;
		c |= v >> 8 * done << 8 * lane & mask;
		r->ops->write(r->opaque, at, c, min);
		done += n;
	}
}

static u64 region_read(const struct bus_region *r, u32 off, unsigned size)
{
	const struct io_ops *o = r->ops;
	u64 v = 0;

	if (size < o->min || off % o->min)
		return read_lanes(r, off, size);
	if (size <= o->max)
		return o->read(r->opaque, off, size) & ones(size);
	for (unsigned k = 0; k < size; k += o->max)
		v |= (o->read(r->opaque, off + k, o->max) & ones(o->max)) << 8 * k;
	return v;
}

static void region_write(const struct bus_region *r, u32 off, u64 v, unsigned size)
{
	const struct io_ops *o = r->ops;

	if (size < o->min || off % o->min) {
		write_lanes(r, off, v, size);
		return;
	}
	if (size <= o->max) {
		o->write(r->opaque, off, v & ones(size), size);
		return;
	}
	for (unsigned k = 0; k < size; k += o->max)
		o->write(r->opaque, off + k, v >> 8 * k & ones(o->max), o->max);
}

/*
 * The region at these addresses, if it takes the access as it is; NULL also where nobody answers:
 * the way for all accesses is the one of read_any, write_any.
 */
static inline struct bus_region *io_plain(const struct bus *b, u64 addr, unsigned size)
{
	u8 n;

	if (addr > PORTS - 4)
		return NULL;
	n = b->port[addr];
	for (unsigned k = 1; k < size; k++)
		if (b->port[addr + k] != n)
			return NULL;
	return n ? b->io[n] : NULL;
}

/* The same in memory, where the last access was. */
static inline struct bus_region *mmio_plain(const struct bus *b, u64 addr, unsigned size)
{
	unsigned k = met(b);

	return k < b->spans && b->span[k].first <= addr && addr + (size - 1) <= b->span[k].last ?
	       b->span[k].r : NULL;
}

static inline struct bus_region *plain(const struct bus *b, enum bus_space space, u64 addr,
				       unsigned size)
{
	struct bus_region *r = space == BUS_IO ? io_plain(b, addr, size)
					       : mmio_plain(b, addr, size);
	const struct io_ops *o;

	if (!r)
		return NULL;
	o = r->ops;
	return size < o->min || size > o->max || (addr - r->start) & (o->min - 1u) ? NULL : r;
}

/* The same of one port, which is most accesses. */
static inline struct bus_region *port_plain(const struct bus *b, u64 port)
{
	struct bus_region *r = port < PORTS ? b->io[b->port[port]] : NULL;

	return r && r->ops->min == 1 ? r : NULL;
}

static inline struct bus_region *simple(const struct bus *b, enum bus_space space, u64 addr,
					unsigned size)
{
	return space == BUS_IO && size == 1 ? port_plain(b, addr) : plain(b, space, addr, size);
}

static __attribute__((noinline)) u64 read_any(struct bus *b, enum bus_space space, u64 addr,
					      unsigned size)
{
	bool mixed;
	struct bus_region *r = find(b, space, addr, size, &mixed);
	unsigned half = size / 2;

	if (r)
		return region_read(r, (u32)(addr - r->start), size);
	if (mixed) {
		u64 lo = bus_read(b, space, addr, half);
		return lo | bus_read(b, space, addr + half, half) << 8 * half;
	}
	nobody(b, space, addr, size, "a read");
	return ones(size);
}

static __attribute__((noinline)) void write_any(struct bus *b, enum bus_space space, u64 addr,
						u64 value, unsigned size)
{
	bool mixed;
	struct bus_region *r = find(b, space, addr, size, &mixed);
	unsigned half = size / 2;

	if (r) {
		region_write(r, (u32)(addr - r->start), value, size);
	} else if (mixed) {
		bus_write(b, space, addr, value & ones(half), half);
		bus_write(b, space, addr + half, value >> 8 * half, half);
	} else {
		nobody(b, space, addr, size, "a write");
	}
}

u64 bus_read(struct bus *b, enum bus_space space, u64 addr, unsigned size)
{
	struct bus_region *r = simple(b, space, addr, size);

	if (!r)
		return read_any(b, space, addr, size);
	return r->ops->read(r->opaque, (u32)(addr - r->start), size);
}

void bus_write(struct bus *b, enum bus_space space, u64 addr, u64 value, unsigned size)
{
	struct bus_region *r = simple(b, space, addr, size);

	if (r)
		r->ops->write(r->opaque, (u32)(addr - r->start), value & ones(size), size);
	else
		write_any(b, space, addr, value, size);
}

/* The region that takes whole units of `size` at `port` as a block, or NULL. */
static const struct bus_region *block_region(struct bus *b, u64 port, unsigned size)
{
	bool mixed;
	const struct bus_region *r = find(b, BUS_IO, port, size, &mixed);

	if (!r || size < r->ops->min || size > r->ops->max || (port - r->start) % r->ops->min)
		return NULL;
	return r;
}

void bus_read_block(struct bus *b, u64 port, void *buf, unsigned size, u32 count)
{
	const struct bus_region *r = block_region(b, port, size);

	if (r && r->ops->read_block) {
		r->ops->read_block(r->opaque, (u32)(port - r->start), buf, size, count);
		return;
	}
	for (u8 *p = buf; count; count--, p += size) {
		u64 v = bus_read(b, BUS_IO, port, size);

		for (unsigned k = 0; k < size; k++)
			p[k] = (u8)(v >> 8 * k);
	}
}

void bus_write_block(struct bus *b, u64 port, const void *buf, unsigned size, u32 count)
{
	const struct bus_region *r = block_region(b, port, size);

	if (r && r->ops->write_block) {
		r->ops->write_block(r->opaque, (u32)(port - r->start), buf, size, count);
		return;
	}
	for (const u8 *p = buf; count; count--, p += size) {
		u64 v = 0;

		for (unsigned k = 0; k < size; k++)
			v |= (u64)p[k] << 8 * k;
		bus_write(b, BUS_IO, port, v, size);
	}
}
