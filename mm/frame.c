/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame table, and each core's reverse map. See frame.h. The reverse map is lazy: dropping a
 * leaf leaves its reference behind, and whoever follows one compares the leaf with the frame first.
 * So a CR3 switch costs nothing here, and a page used at the same address again finds its
 * reference.
 */
#include "mm/frame.h"

#include <string.h>

#include "kernel/panic.h"
#include "kernel/printk.h"

struct frame *frame_table;
u32 frame_count;
u32 frame_code_counts[FRAME_CODE_COUNTS];
const struct frame_many *frame_many;

/*
 * More references of one frame: a page that two processes write to, each in both views, and the
 * kernel at its own address. Few frames need one; if they run out, the oldest goes from its frame.
 */
#define CHUNK_REFS 6
#define CHUNKS 1024
#define CHAIN_MAX 8		/* of one frame: 50 writers */

struct frame_chunk {
	u32 owner;		/* frame + 1; 0: free */
	u32 next;		/* chunk of the same frame; 0: none */
	u32 ref[CHUNK_REFS];
};
static struct frame_chunk first_chunks[CHUNKS + 1];	/* there is no chunk 0 */
static struct frame_core cores[FRAME_CORES_MAX];

/* On a machine an exchange with order is a fence; natively ThreadSanitizer knows no others. */
void frame_fence(void)
{
	u32 here = 0;

	__atomic_exchange_n(&here, 1, __ATOMIC_SEQ_CST);
}

static void no_code(u32 n, u32 off, u32 size) { (void)n, (void)off, (void)size; }
static void no_ptable(u32 n) { (void)n; }
static bool no_writer(u32 ref, u32 n) { (void)ref, (void)n; return false; }
static void no_protect(u32 ref, u32 n) { (void)ref, (void)n; }

static const struct frame_mapper no_mapper = { no_writer, no_protect };

static frame_code_hook on_code = no_code;
static frame_ptable_hook on_ptable = no_ptable;
static const struct frame_mapper *mapper = &no_mapper;

void frame_on_code_write(frame_code_hook fn) { on_code = fn; }
void frame_on_ptable_write(frame_ptable_hook fn) { on_ptable = fn; }
void frame_set_mapper(const struct frame_mapper *m) { mapper = m; }

void frame_init(void *mem, u32 count)
{
	must(((uintptr_t)mem & 7) == 0);
	memset(mem, 0, frame_memory(count));
	frame_table = mem;
	frame_count = count;
	frame_many = NULL;
	on_code = no_code;
	on_ptable = no_ptable;
	mapper = &no_mapper;
	memset(first_chunks, 0, sizeof(first_chunks));
	for (unsigned k = 1; k < FRAME_CORES_MAX; k++)
		cores[k] = (struct frame_core){ .core = k };	/* without leaves */
	frame_core_init(0, &frame_table[0].writers, sizeof(struct frame), first_chunks);
}

void frame_core_init(unsigned core, void *first, u64 step, struct frame_chunk *chunks)
{
	must(core < FRAME_CORES_MAX);
	cores[core] = (struct frame_core){
		.first = first, .step = step, .core = core, .ref = frame_ref(core, 0),
		.chunks = chunks, .many = frame_many != NULL,
	};
	cores[0].many = frame_many != NULL;
}

u64 frame_chunks_memory(void) { return sizeof(first_chunks); }
struct frame_core *frame_core(unsigned core) { return &cores[core]; }
static struct frame_core *self(void) { return frame_many ? frame_many->self() : &cores[0]; }

/* -- the reverse map ----------------------------------------------------- */

static bool is_ref(u32 v) { return v >> 31; }

static inline u32 *writers_of(const struct frame_core *c, u32 n)
{
	return (u32 *)(void *)(c->first + n * c->step);
}

static u32 first_chunk(const u32 *writers)
{
	u32 last = writers[FRAME_WRITERS - 1];

	return is_ref(last) ? 0 : last;
}

static void protect_refs(struct frame_core *c, u32 *ref, unsigned count, u32 n)
{
	for (unsigned k = 0; k < count; k++) {
		if (!is_ref(ref[k]))
			continue;
		c->count.protects++;
		mapper->protect(ref[k], n);
		ref[k] = 0;
	}
}

/* They are forgotten, too. */
void frame_protect(struct frame_core *c, u32 n)
{
	u32 *writers = writers_of(c, n), next, k = first_chunk(writers);

	protect_refs(c, writers, FRAME_WRITERS, n);
	writers[FRAME_WRITERS - 1] = 0;
	for (; k; k = next) {
		next = c->chunks[k].next;
		protect_refs(c, c->chunks[k].ref, CHUNK_REFS, n);
		c->chunks[k].owner = 0;
	}
}

/* Take a chunk away from its frame, whose leaves that it lists become read-only. */
static void chunk_evict(struct frame_core *c, u32 k)
{
	u32 n = c->chunks[k].owner - 1, *at = &writers_of(c, n)[FRAME_WRITERS - 1];

	c->count.evictions++;
	protect_refs(c, c->chunks[k].ref, CHUNK_REFS, n);
	while (*at != k)
		at = &c->chunks[*at].next;
	*at = c->chunks[k].next;
	c->chunks[k].owner = 0;
}

/* The next one in turn, for frame n: first in its chain, with the reference that was there. */
static struct frame_chunk *chunk_take(struct frame_core *c, u32 n)
{
	u32 *last = &writers_of(c, n)[FRAME_WRITERS - 1], k;
	bool ref;

	k = c->hand = c->hand % CHUNKS + 1;
	if (c->chunks[k].owner)
		chunk_evict(c, k);
	ref = is_ref(*last);		/* it may have been n's own that went */
	c->count.chunks++;
	c->chunks[k] = (struct frame_chunk){ .owner = n + 1, .next = ref ? 0 : *last };
	c->chunks[k].ref[0] = ref ? *last : 0;
	*last = k;
	return &c->chunks[k];
}

void frame_watch(u32 n, enum frame_watch reason)
{
	struct frame *f = frame_at(n);
	u8 before;

	must(n < frame_count);
	if (frame_many) {
		frame_many->watch(n, reason);
		return;
	}
	before = f->watch;
	f->watch |= reason;
	if (before)
		return;		/* so no leaf is writable */
	cores[0].count.watches++;
	trace(FRAME, "frame %x watched for %x\n", n, reason);
	frame_protect(&cores[0], n);
}

void frame_unwatch(u32 n, enum frame_watch reason)
{
	if (frame_many)
		frame_many->unwatch(n, reason);
	else
		frame_at(n)->watch &= ~reason;
}

static void count_code(u32 n)
{
	__atomic_fetch_add(&frame_code_counts[n % FRAME_CODE_COUNTS], 1, __ATOMIC_SEQ_CST);
}

void frame_code_lines(u32 n, u64 lines)
{
	__atomic_fetch_or(&frame_at(n)->lines, lines, __ATOMIC_SEQ_CST);
}

void frame_code_add(u32 n, u32 off, u32 size)
{
	must(size && off < FRAME_SIZE && size <= FRAME_SIZE - off);
	frame_watch(n, WATCH_CODE);
	frame_code_lines(n, frame_lines(off, size));
}

/* The end of the watch first, then the count: who has read that sees the end. */
void frame_code_set(u32 n, u64 lines)
{
	__atomic_store_n(&frame_at(n)->lines, lines, __ATOMIC_RELAXED);
	if (lines)
		return;
	frame_unwatch(n, WATCH_CODE);
	count_code(n);
}

/* Lines with code may have changed. The hook may end the watch. */
static void code_written(u32 n, u32 off, u32 size)
{
	struct frame *f = frame_at(n);

	if (!(frame_reasons(n) & WATCH_CODE))
		return;
	count_code(n);		/* then the lines: either this sees new ones, or they this */
	if (!(__atomic_load_n(&f->lines, __ATOMIC_SEQ_CST) & frame_lines(off, size))) {
		self()->count.code_misses++;
		return;
	}
	self()->count.code_hits++;
	on_code(n, off, size);
}

/* The first write since the watch was set ends it. Returns what it ended. */
static u8 end_watches(u32 n, u8 which)
{
	u8 reasons = frame_reasons(n) & which;

	if (!reasons)
		return 0;
	if (frame_many)
		return frame_many->end(n, reasons);
	frame_at(n)->watch &= (u8)~reasons;
	return reasons;
}

static void once_written(u32 n)
{
	if (end_watches(n, WATCH_ONCE) & WATCH_PTABLE)
		on_ptable(n);
}

void frame_written_slow(u32 n, u32 off, u32 size)
{
	once_written(n);
	code_written(n, off, size);
}

void frame_written_by_walk(u32 n, u32 off, u32 size)
{
	end_watches(n, WATCH_DISPLAY);
	code_written(n, off, size);
}

bool frame_open(u32 n)
{
	once_written(n);
	return !frame_watched(n);
}

bool frame_take_dirty(u32 n, enum frame_watch reason)
{
	bool was = !(frame_reasons(n) & reason);

	frame_watch(n, reason);
	return was;
}

/* Where ref is among these, or NULL; *room: a place whose reference is stale, if it was NULL. */
static u32 *look(u32 *at, unsigned count, u32 n, u32 ref, u32 **room)
{
	for (unsigned k = 0; k < count; k++) {
		if (at[k] == ref)
			return &at[k];
		if (room && !*room && (!at[k] || (is_ref(at[k]) && !mapper->is_writer(at[k], n))))
			*room = &at[k];
	}
	return NULL;
}

static inline u32 *find_ref(const struct frame_core *c, u32 n, u32 ref, u32 **room)
{
	u32 *writers = writers_of(c, n), *at = look(writers, FRAME_WRITERS, n, ref, room);

	for (u32 k = first_chunk(writers); k && !at; k = c->chunks[k].next)
		at = look(c->chunks[k].ref, CHUNK_REFS, n, ref, room);
	return at;
}

static unsigned chain_length(const struct frame_core *c, u32 n)
{
	unsigned length = 0;

	for (u32 k = first_chunk(writers_of(c, n)); k; k = c->chunks[k].next)
		length++;
	return length;
}

bool frame_has_writer(struct frame_core *c, u32 n, u32 leaf)
{
	return find_ref(c, n, frame_ref(c->core, leaf), NULL);
}

static __attribute__((noinline)) bool add_writer(struct frame_core *c, u32 n, u32 ref)
{
	u32 *room = NULL;

	if (find_ref(c, n, ref, &room))
		return true;
	if (!room && chain_length(c, n) == CHAIN_MAX)
		chunk_evict(c, first_chunk(writers_of(c, n)));
	if (!room)
		room = &chunk_take(c, n)->ref[1];
	*room = ref;
	return true;
}

static __attribute__((noinline)) bool add_published(struct frame_core *c, u32 n, u32 ref)
{
	return frame_many->publish(n, c->core) && add_writer(c, n, ref);
}

bool frame_add_writer(struct frame_core *c, u32 n, u32 leaf)
{
	return c->many ? add_published(c, n, c->ref | leaf) : add_writer(c, n, c->ref | leaf);
}
