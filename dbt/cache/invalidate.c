/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks go: because their guest bytes were written, or with their region. */
#include "dbt/cache/cache.h"

#include "kernel/panic.h"
#include "mm/frame.h"

void (*cache_on_drop)(const struct block *b);

/* Which of the block's two frame lists goes through frame n. */
static struct block **next_on(struct block *b, u32 n)
{
	return &b->page_next[b->frame[0] == n ? 0 : 1];
}

static void remove_from_frame(struct block *b, u32 n)
{
	struct frame *f = frame_at(n);
	struct block *p = f->blocks;

	if (p == b) {
		f->blocks = *next_on(b, n);
		return;
	}
	while (*next_on(p, n) != b)
		p = *next_on(p, n);
	*next_on(p, n) = *next_on(b, n);
}

/* Byte range of the block on frame n. */
static void range_on(const struct block *b, u32 n, u32 *off, u32 *size)
{
	u32 start = b->key.gpa & (FRAME_SIZE - 1);
	u32 first = b->guest_len < FRAME_SIZE - start ? b->guest_len : FRAME_SIZE - start;

	if (b->frame[0] == n) {
		*off = start;
		*size = first;
	} else {
		*off = 0;
		*size = b->guest_len - first;
	}
}

bool cache_block_touched(const struct block *b, u32 n, u32 off, u32 size)
{
	u32 at, len;

	range_on(b, n, &at, &len);
	return at < off + size && off < at + len;
}

/* The lines that the frame's remaining blocks lie on. */
static void update_lines(u32 n)
{
	u64 lines = 0;
	u32 off, size;

	for (struct block *b = frame_at(n)->blocks; b; b = *next_on(b, n)) {
		range_on(b, n, &off, &size);
		lines |= frame_lines(off, size);
	}
	frame_code_set(n, lines);
}

static void drop(struct block *b)
{
	b->dead = true;
	while (b->in)
		cache_unchain(b->in);
	for (unsigned n = 0; n < b->links; n++)
		if (b->link[n].to)
			cache_unchain(&b->link[n]);
	cache_forget(b);
	for (unsigned n = 0; n < 2; n++)
		if (b->frame[n] != FRAME_NONE)
			remove_from_frame(b, b->frame[n]);
	if (cache_on_drop)
		cache_on_drop(b);
}

void cache_drop(struct block *b)
{
	must(!b->dead);
	drop(b);
	for (unsigned n = 0; n < 2; n++)
		if (b->frame[n] != FRAME_NONE)
			update_lines(b->frame[n]);
}

void cache_code_written(u32 n, u32 off, u32 size)
{
	struct block *b = frame_at(n)->blocks, *next;
	u32 at, len;

	for (; b; b = next) {
		next = *next_on(b, n);
		range_on(b, n, &at, &len);
		if (at < off + size && off < at + len) {
			cache_counters.drops++;
			drop(b);
		}
	}
	update_lines(n);
}
