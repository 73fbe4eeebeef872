/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frame table. See frame.h for what it is. The reverse map is lazy: dropping a leaf leaves
 * its reference behind, and whoever follows one compares the leaf with the frame first. So a
 * CR3 switch costs nothing here, and a page used at the same address again finds its reference.
 */
#include "mm/frame.h"

#include <string.h>

#include "kernel/panic.h"
#include "kernel/printk.h"

struct frame *frame_table;
u32 frame_count;
u32 frame_code_counts[FRAME_CODE_COUNTS];
struct frame_counters frame_counters;

/*
 * More references of one frame: a page that two processes write to, each in both views, and the
 * kernel at its own address. Few frames need one; if they run out, the oldest goes from its frame.
 */
#define CHUNK_REFS 6
#define CHUNKS 1024
#define CHAIN_MAX 8		/* of one frame: 50 writers */

struct chunk {
	u32 owner;		/* frame + 1; 0: free */
	u32 next;		/* chunk of the same frame; 0: none */
	u32 ref[CHUNK_REFS];
};
static struct chunk chunks[CHUNKS + 1];		/* there is no chunk 0 */
static u32 hand;				/* the chunk that was taken last */

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
	memset(&frame_counters, 0, sizeof(frame_counters));
	on_code = no_code;
	on_ptable = no_ptable;
	mapper = &no_mapper;
	memset(chunks, 0, sizeof(chunks));
	hand = 0;
}

/* -- the reverse map ----------------------------------------------------- */

static bool is_ref(u32 v) { return v >> 31; }

static u32 first_chunk(const struct frame *f)
{
	u32 last = f->writers[FRAME_WRITERS - 1];

	return is_ref(last) ? 0 : last;
}

static void protect_refs(u32 *ref, unsigned count, u32 n)
{
	for (unsigned k = 0; k < count; k++) {
		if (!is_ref(ref[k]))
			continue;
		frame_counters.protects++;
		mapper->protect(ref[k], n);
		ref[k] = 0;
	}
}

/* Make all writable leaves of the frame read-only, and forget them. */
static void protect_all(u32 n)
{
	struct frame *f = frame_at(n);
	u32 next, c = first_chunk(f);

	protect_refs(f->writers, FRAME_WRITERS, n);
	f->writers[FRAME_WRITERS - 1] = 0;
	for (; c; c = next) {
		next = chunks[c].next;
		protect_refs(chunks[c].ref, CHUNK_REFS, n);
		chunks[c].owner = 0;
	}
}

/* Take a chunk away from its frame, whose leaves that it lists become read-only. */
static void chunk_evict(u32 c)
{
	u32 n = chunks[c].owner - 1, *at = &frame_at(n)->writers[FRAME_WRITERS - 1];

	frame_counters.evictions++;
	protect_refs(chunks[c].ref, CHUNK_REFS, n);
	while (*at != c)
		at = &chunks[*at].next;
	*at = chunks[c].next;
	chunks[c].owner = 0;
}

/* The next one in turn, for frame n: first in its chain, with the reference that was there. */
static struct chunk *chunk_take(u32 n)
{
	u32 *last = &frame_at(n)->writers[FRAME_WRITERS - 1], c;
	bool ref;

	c = hand = hand % CHUNKS + 1;
	if (chunks[c].owner)
		chunk_evict(c);
	ref = is_ref(*last);		/* it may have been n's own that went */
	frame_counters.chunks++;
	chunks[c] = (struct chunk){ .owner = n + 1, .next = ref ? 0 : *last };
	chunks[c].ref[0] = ref ? *last : 0;
	*last = c;
	return &chunks[c];
}

void frame_watch(u32 n, enum frame_watch reason)
{
	struct frame *f = frame_at(n);
	u8 before = f->watch;

	must(n < frame_count);
	f->watch |= reason;
	if (before)
		return;		/* so no leaf is writable */
	frame_counters.watches++;
	trace(FRAME, "frame %x watched for %x\n", n, reason);
	protect_all(n);
}

void frame_unwatch(u32 n, enum frame_watch reason) { frame_at(n)->watch &= ~reason; }

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

	if (!(f->watch & WATCH_CODE))
		return;
	count_code(n);		/* then the lines: either this sees new ones, or they this */
	if (!(__atomic_load_n(&f->lines, __ATOMIC_SEQ_CST) & frame_lines(off, size))) {
		frame_counters.code_misses++;
		return;
	}
	frame_counters.code_hits++;
	if (f->hits != 0xffff)
		f->hits++;
	on_code(n, off, size);
}

/* The first write since the watch was set ends it. */
static void once_written(u32 n)
{
	struct frame *f = frame_at(n);
	u8 reasons = f->watch & WATCH_ONCE;

	f->dirty |= reasons;
	f->watch &= ~reasons;
	if (reasons & WATCH_PTABLE)
		on_ptable(n);
}

void frame_written_slow(u32 n, u32 off, u32 size)
{
	once_written(n);
	code_written(n, off, size);
}

void frame_written_by_walk(u32 n, u32 off, u32 size)
{
	struct frame *f = frame_at(n);

	if (f->watch & WATCH_DISPLAY) {
		f->dirty |= WATCH_DISPLAY;
		f->watch &= ~WATCH_DISPLAY;
	}
	code_written(n, off, size);
}

bool frame_open(u32 n)
{
	once_written(n);
	return !frame_at(n)->watch;
}

bool frame_take_dirty(u32 n, enum frame_watch reason)
{
	struct frame *f = frame_at(n);
	bool was = (f->dirty & reason) || !(f->watch & reason);

	f->dirty &= ~reason;
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

static u32 *find_ref(u32 n, u32 ref, u32 **room)
{
	struct frame *f = frame_at(n);
	u32 *at = look(f->writers, FRAME_WRITERS, n, ref, room);

	for (u32 c = first_chunk(f); c && !at; c = chunks[c].next)
		at = look(chunks[c].ref, CHUNK_REFS, n, ref, room);
	return at;
}

static unsigned chain_length(u32 n)
{
	unsigned length = 0;

	for (u32 c = first_chunk(frame_at(n)); c; c = chunks[c].next)
		length++;
	return length;
}

bool frame_has_writer(u32 n, u32 ref) { return find_ref(n, ref, NULL); }

void frame_add_writer(u32 n, u32 ref)
{
	u32 *room = NULL;

	must(!frame_at(n)->watch);
	if (find_ref(n, ref, &room))
		return;
	if (!room && chain_length(n) == CHAIN_MAX)
		chunk_evict(first_chunk(frame_at(n)));
	if (!room)
		room = &chunk_take(n)->ref[1];
	*room = ref;
}
