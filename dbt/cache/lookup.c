/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks by key: a hash table with chains. Not the jump cache, which is per core and by GVA. */
#include "dbt/cache/cache.h"

#include "dbt/cache/this.h"
#include "mm/frame.h"

#define BUCKETS 32768
static pool_ref bucket[BUCKETS];	/* all cores' blocks; no lock yet: one core */

static unsigned hash(const struct block_key *k)
{
	u64 h = (k->eip ^ (u64)k->page << 12 ^ (u64)k->flags << 32) * 0x9e3779b97f4a7c15ull;

	return h >> 49;			/* 15 bits */
}

static bool same_but_page2(const struct block_key *a, const struct block_key *b)
{
	return a->page == b->page && a->eip == b->eip && a->cs_base == b->cs_base &&
	       a->flags == b->flags;
}

static struct block *find(pool_ref at, const struct block_key *k)
{
	struct block *b = pool_at(at);

	while (b && !same_but_page2(&b->key, k))
		b = pool_at(b->hash_next);
	return b;
}

struct block *cache_first(const struct block_key *k)
{
	cache_this()->count.lookups++;
	return find(bucket[hash(k)], k);
}

struct block *cache_next(struct block *b, const struct block_key *k)
{
	return find(b->hash_next, k);
}

void cache_insert(struct block *b, u32 frame, u32 frame2)
{
	unsigned h = hash(&b->key);
	struct frame *f = frame_at(frame);

	b->hash_next = bucket[h];
	bucket[h] = pool_ref_of(b);
	b->page_next[0] = f->blocks;
	f->blocks = pool_ref_of(b);
	if (frame2 != FRAME_NONE && frame2 != frame) {
		f = frame_at(frame2);
		b->page_next[1] = f->blocks;
		f->blocks = pool_ref_of(b);
	}
	b->frame[0] = frame;
	b->frame[1] = frame2;
}

void cache_forget(struct block *b)
{
	pool_ref *p = &bucket[hash(&b->key)];

	while (*p != pool_ref_of(b))
		p = &((struct block *)pool_at(*p))->hash_next;
	*p = b->hash_next;
}
