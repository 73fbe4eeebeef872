/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks by key: a hash table with chains, read without a lock. Not the jump cache, which is per
 * core and by GVA. Law: a block is whole before it is linked in, and one that is taken out keeps
 * its hash_next until its region is used anew (region.c): a reader who stands on it gets on.
 */
#include "dbt/cache/cache.h"

#include "dbt/cache/inside.h"
#include "dbt/cache/this.h"
#include "mm/frame.h"

#define BUCKETS 32768
static pool_ref bucket[BUCKETS];	/* all cores' blocks */

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

static struct block *behind(const pool_ref *at)
{
	return pool_at(__atomic_load_n(at, __ATOMIC_ACQUIRE));
}

static void set_behind(pool_ref *at, pool_ref to) { __atomic_store_n(at, to, __ATOMIC_RELEASE); }

static struct block *find(const pool_ref *at, const struct block_key *k)
{
	struct block *b = behind(at);

	while (b && !same_but_page2(&b->key, k))
		b = behind(&b->hash_next);
	return b;
}

struct block *cache_first(const struct block_key *k)
{
	cache_this()->count.lookups++;
	return find(&bucket[hash(k)], k);
}

struct block *cache_next(struct block *b, const struct block_key *k)
{
	return find(&b->hash_next, k);
}

struct block *block_same(const struct block_key *k, u32 reach)
{
	struct block *b = find(&bucket[hash(k)], k);

	while (b && (b->key.page2 != k->page2 || block_last(b) > reach))
		b = find(&b->hash_next, k);
	return b;
}

static void on_list(struct block *b, unsigned k)
{
	struct frame *f = frame_at(b->frame[k]);

	b->page_next[k] = f->blocks;
	f->blocks = pool_ref_of(b);
}

void block_insert(struct block *b)
{
	pool_ref *first = &bucket[hash(&b->key)];

	on_list(b, 0);
	if (b->frame[1] != FRAME_NONE && b->frame[1] != b->frame[0])
		on_list(b, 1);
	b->hash_next = *first;
	set_behind(first, pool_ref_of(b));
}

void block_forget(struct block *b)
{
	pool_ref *p = &bucket[hash(&b->key)];

	while (*p != pool_ref_of(b))
		p = &((struct block *)pool_at(*p))->hash_next;
	set_behind(p, b->hash_next);
}
