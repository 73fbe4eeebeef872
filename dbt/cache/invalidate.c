/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks go: because their guest bytes were written, or with their region. */
#include "dbt/cache/cache.h"
#include "dbt/cache/inside.h"
#include "dbt/cache/this.h"

#include "kernel/panic.h"
#include "mm/frame.h"

/* Which of the block's two frame lists goes through frame n. */
static pool_ref *next_on(struct block *b, u32 n)
{
	return &b->page_next[b->frame[0] == n ? 0 : 1];
}

static void remove_from_frame(struct block *b, u32 n)
{
	struct frame *f = frame_at(n);
	struct block *p = pool_at(f->blocks);

	if (p == b) {
		f->blocks = *next_on(b, n);
		if (!f->blocks)
			__atomic_store_n(&f->owner, 0, __ATOMIC_RELAXED);
		return;
	}
	while (p && block_behind(p, n) != b)
		p = block_behind(p, n);
	must(p);
	*next_on(p, n) = *next_on(b, n);
}

/* Of a block on one page: are bytes [off, off+size) of it its bytes? */
static bool touched(const struct block *b, u32 off, u32 size)
{
	for (unsigned r = 0; r < BLOCK_RANGES && b->range[r].size; r++)
		if (b->range[r].off < off + size &&
		    off < (u32)b->range[r].off + b->range[r].size)
			return true;
	return false;
}

bool cache_block_touched(const struct block *b, u32 n, u32 off, u32 size)
{
	u32 at, len;

	if (b->frame[1] == FRAME_NONE)
		return b->frame[0] == n && touched(b, off, size);
	for (unsigned k = 0; k < 2; k++)
		for (unsigned r = 0; r < BLOCK_RANGES && b->frame[k] == n; r++)
			if (block_range_on(b->range[r], k, &at, &len) && at < off + size &&
			    off < at + len)
				return true;
	return false;
}

u64 block_lines(const struct block *b, u32 n)
{
	u64 lines = 0;
	u32 off, size;

	for (unsigned k = 0; k < 2; k++)
		for (unsigned r = 0; r < BLOCK_RANGES && b->frame[k] == n; r++)
			if (block_range_on(b->range[r], k, &off, &size))
				lines |= frame_lines(off, size);
	return lines;
}

/* The lines of frame n's blocks are its lines with code; none: it is not watched any more. */
static void lines_again(u32 n)
{
	u64 lines = 0;

	for (struct block *b = pool_at(frame_at(n)->blocks); b; b = block_behind(b, n))
		lines |= block_lines(b, n);
	frame_code_set(n, lines);
}

static unsigned frames_of(const struct block *b)
{
	return b->frame[1] == FRAME_NONE || b->frame[1] == b->frame[0] ? 1 : 2;
}

/* A core that runs it goes on to its exit. */
static void drop(struct block *b)
{
	__atomic_store_n(&b->dead, true, __ATOMIC_RELAXED);	/* fault.c looks at it, too */
	while (b->in)
		link_undo(pool_at(b->in));
	for (unsigned n = 0; n < b->links; n++)
		if (block_link(b, n)->to)
			link_undo(block_link(b, n));
	block_forget(b);
	for (unsigned n = 0; n < frames_of(b); n++)
		remove_from_frame(b, b->frame[n]);
	backend_close(b);
	cache_this()->count.barriers++;
}

bool cache_drop(struct block *b)
{
	bool was;

	cache_lock();
	was = blocks_drop(&b, 1);
	cache_unlock();
	return was;
}

/* Blocks of one page are next to each other as a rule: its lines are worked out once for them. */
unsigned blocks_drop(struct block *const *b, unsigned count)
{
	u32 frame = FRAME_NONE;
	unsigned dropped = 0;

	for (unsigned k = count; k-- > 0;) {
		if (b[k]->dead)
			continue;
		drop(b[k]);
		dropped++;
		if (frame != FRAME_NONE && frame != b[k]->frame[0])
			lines_again(frame);
		frame = b[k]->frame[0];
		if (frames_of(b[k]) == 2)
			lines_again(b[k]->frame[1]);
	}
	if (frame != FRAME_NONE)
		lines_again(frame);
	return dropped;
}

void blocks_drop_on(u32 n, u32 off, u32 size)
{
	struct block *b = pool_at(frame_at(n)->blocks), *next;
	u64 drops = cache_this()->count.drops;

	for (; b; b = next) {
		next = block_behind(b, n);
		if (cache_block_touched(b, n, off, size)) {
			cache_this()->count.drops++;
			drop(b);
		}
	}
	if (drops != cache_this()->count.drops || !frame_at(n)->blocks)
		lines_again(n);
}

void cache_code_written(u32 n, u32 off, u32 size)
{
	cache_lock();
	blocks_drop_on(n, off, size);
	cache_unlock();
}
