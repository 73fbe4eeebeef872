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
struct frame_counters frame_counters;

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
	for (unsigned k = 0; k < FRAME_WRITERS; k++) {
		if (!f->writers[k])
			continue;
		frame_counters.protects++;
		mapper->protect(f->writers[k], n);
		f->writers[k] = 0;
	}
}

void frame_unwatch(u32 n, enum frame_watch reason) { frame_at(n)->watch &= ~reason; }

void frame_code_add(u32 n, u32 off, u32 size)
{
	must(size && off < FRAME_SIZE && size <= FRAME_SIZE - off);
	frame_watch(n, WATCH_CODE);
	frame_at(n)->lines |= frame_lines(off, size);
}

void frame_code_set(u32 n, u64 lines)
{
	frame_at(n)->lines = lines;
	if (!lines)
		frame_unwatch(n, WATCH_CODE);
}

/* Lines with code may have changed. The hook may end the watch. */
static void code_written(u32 n, u32 off, u32 size)
{
	struct frame *f = frame_at(n);

	if (!(f->watch & WATCH_CODE))
		return;
	if (!(f->lines & frame_lines(off, size))) {
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

void frame_add_writer(u32 n, u32 ref)
{
	struct frame *f = frame_at(n);
	unsigned k;

	must(!f->watch);
	for (k = 0; k < FRAME_WRITERS; k++)
		if (f->writers[k] == ref)
			return;
	for (k = 0; k < FRAME_WRITERS; k++)
		if (!f->writers[k] || !mapper->is_writer(f->writers[k], n)) {
			f->writers[k] = ref;
			return;
		}
	frame_counters.evictions++;
	mapper->protect(f->writers[0], n);
	for (k = 1; k < FRAME_WRITERS; k++)
		f->writers[k - 1] = f->writers[k];
	f->writers[FRAME_WRITERS - 1] = ref;
}
