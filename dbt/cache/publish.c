/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one core to all: a block is made known, and its code seen by all cores' fetches.
 *
 * Instructions that another core has written are seen by this one's fetches after an instruction
 * barrier of its own that comes after they were written. So blocks have numbers, in the order in
 * which they were published, and a core knows up to which one it has seen them: it looks where it
 * finds a block (cache_meet), never where it runs one. From there it enters it, fills jump caches,
 * which are its own, and chains. Chains are everybody's, and a core that follows one has looked at
 * nothing: so an exit is chained only to a block that all cores have seen (cache_settled), which
 * costs nothing where code runs once. The host orders the rest: the patch of a chain comes after
 * all that, and a core that fetches the exit as it was leaves by it as before.
 * Law: `seen` goes up only when the core has run a barrier after reading `published`.
 */
#include "dbt/cache/cache.h"

#include "dbt/cache/inside.h"
#include "dbt/cache/jump_cache.h"
#include "dbt/cache/lock.h"
#include "dbt/cache/region.h"
#include "dbt/cache/this.h"
#include "kernel/panic.h"
#include "mm/frame.h"

#define CACHE_CORES_MAX 16		/* kernel/cores.h: CORES_MAX */
#define SEEN_IDLE (~0ull)		/* what is published while it waits it will have seen */

unsigned cache_cores = 1;
struct lock cache_writers;
static u64 published;			/* so many blocks have been */
static struct cache_core *core[CACHE_CORES_MAX];
static unsigned cores;			/* so many of them are there */
static u32 settled;			/* all have seen up to this number, or more */
/* The first core's; a name, so that a counting plugin knows what translated code probes. */
struct contexts first_contexts;

void cache_init(void *mem, u64 size, unsigned count)
{
	must(count <= CACHE_CORES_MAX);
	cache_cores = count;
	published = settled = cores = 0;
	backend_many_cores = count > 1;
	region_init(mem, size, count);
	jump_nothing_init();
}

void cache_core_init(struct cache_core *c, struct contexts *x, u64 *passages)
{
	struct cpu *self = cpu_self();

	c->contexts = x ? x : &first_contexts;
	contexts_init(c->contexts, passages, self->id);
	self->cache = c;
	self->on_quiet = cache_quiet;
	cache_idle_begin();
	cache_lock();
	must(cores < cache_cores);
	core[cores++] = c;
	cache_unlock();
}

/* -- Publishing -- */

/* Nobody has seen what was committed last. */
static void give_back(struct cache_core *c)
{
	c->region->top = c->top;
	c->region->bottom = c->bottom;
}

/* Is it as when its bytes were about to be read? */
static bool same_still(const struct cache_source *s, unsigned k)
{
	return s->frame[k] == FRAME_NONE || (frame_code_count(s->frame[k]) == s->count[k] &&
	       cache_self_checking(s->frame[k]) == s->self_check[k]);
}

static void add_lines(const struct block *b, const struct cache_source *s)
{
	for (unsigned k = 0; k < 2; k++)
		if (s->frame[k] != FRAME_NONE && !s->self_check[k])
			frame_code_lines(s->frame[k], block_lines(b, s->frame[k]));
}

/* First the lines, then the counts: whoever stores there later finds the block. */
static bool is_current(const struct block *b, const struct cache_source *s)
{
	add_lines(b, s);
	return same_still(s, 0) && same_still(s, 1);
}

static inline void make_known(struct cache_core *c, struct block *b)
{
	struct region *r = c->region;

	r->block[r->blocks] = b;
	__atomic_store_n(&r->blocks, r->blocks + 1, __ATOMIC_RELEASE);
	block_insert(b);
	c->count.blocks++;
	c->count.code_bytes += b->code_size;
}

/* b's code was made seen when it was committed: if nobody has published since, nothing is new. */
static void made(struct cache_core *c, u32 number)
{
	if ((u32)c->seen + 1 == number)
		__atomic_store_n(&c->seen, c->seen + 1, __ATOMIC_RELEASE);
}

/* With the lock. */
static struct block *publish(struct cache_core *c, struct block *b, const struct cache_source *s)
{
	struct block *known = block_same(&b->key, s->reach);

	if (known || !is_current(b, s))
		return known;
	b->number = (u32)(published + 1);
	__atomic_store_n(&published, published + 1, __ATOMIC_SEQ_CST);
	make_known(c, b);
	return b;
}

static __attribute__((noinline)) struct block *publish_to_many(struct cache_core *c,
							       struct block *b,
							       const struct cache_source *s)
{
	struct block *known;

	cache_lock();
	known = publish(c, b, s);
	cache_unlock();
	if (known == b) {
		made(c, b->number);
		return b;
	}
	give_back(c);
	c->count.twice += !!known;
	c->count.outdated += !known;
	return known;
}

/* With one core all blocks have number 0, which it has seen. */
struct block *cache_publish(struct block *b, const struct cache_source *s)
{
	struct cache_core *c = cache_this();

	b->frame[0] = s->frame[0];
	b->frame[1] = s->frame[1];
	if (cache_many())
		return publish_to_many(c, b, s);
	add_lines(b, s);
	make_known(c, b);
	return b;
}

/* -- Fetches -- */

void cache_see_new(struct cache_core *c)
{
	u64 now = __atomic_load_n(&published, __ATOMIC_SEQ_CST);

	instruction_barrier();
	__atomic_store_n(&c->seen, now, __ATOMIC_SEQ_CST);
	c->count.barriers++;
}

void cache_quiet(void)
{
	struct cache_core *c = cache_this();

	region_forget(c);
	if (c->seen != __atomic_load_n(&published, __ATOMIC_RELAXED))
		cache_see_new(c);
}

void cache_idle_begin(void)
{
	__atomic_store_n(&cache_this()->seen, SEEN_IDLE, __ATOMIC_SEQ_CST);
}

/*
 * Says what it sees and looks again: either it finds the newer block there, or who published that
 * finds it awake (both sequentially consistent).
 */
void cache_idle_end(void)
{
	struct cache_core *c = cache_this();

	do
		cache_see_new(c);
	while (c->seen != __atomic_load_n(&published, __ATOMIC_SEQ_CST));
}

static bool seen_by(const struct cache_core *c, u32 number)
{
	u64 seen = __atomic_load_n(&c->seen, __ATOMIC_SEQ_CST);

	return seen == SEEN_IDLE || (s32)((u32)seen - number) >= 0;
}

bool cache_settled(const struct block *b)
{
	if (!cache_many() || (s32)(settled - b->number) >= 0)
		return true;
	for (unsigned k = 0; k < cores; k++)
		if (!seen_by(core[k], b->number))
			return false;
	settled = b->number;
	return true;
}
