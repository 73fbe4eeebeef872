/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The code cache under several cores, which are threads: they find, make, chain, enter, drop and
 * evict blocks in a small pool, and store to what those are made from. Code is words that say which
 * key and which contents they are made from; the back end is played here, and so are frames.
 * ThreadSanitizer says whether what one core writes is ordered before another reads it.
 */
#include "dbt/cache/cache.h"

#include <stdio.h>
#include <stdlib.h>

#include "dbt/cache/owner.h"
#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/irq.h"
#include "kernel/work.h"
#include "mm/frame.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/fake_cores.h"
#include "qemu-test/unit/test_cache_cores.h"

/* -- Frames: contents, and watches as mm/frame has them -- */

static struct frame frames[FRAMES];
struct frame *frame_table = frames;
u32 frame_count = FRAMES;
u32 frame_code_counts[FRAME_CODE_COUNTS];

/* Bytes on a frame: those at each place, and the first ones. So often they were stored to … */
static u32 content[FRAMES][PLACES_ON_FRAME + 1];
static u32 done[FRAMES][PLACES_ON_FRAME + 1];	/* … and this store was over */

static void count_code(u32 n)
{
	__atomic_fetch_add(&frame_code_counts[n % FRAME_CODE_COUNTS], 1, __ATOMIC_SEQ_CST);
}

void frame_watch(u32 n, enum frame_watch reason)
{
	__atomic_fetch_or(&frames[n].watch, reason, __ATOMIC_SEQ_CST);
}

void frame_code_lines(u32 n, u64 lines)
{
	__atomic_fetch_or(&frames[n].lines, lines, __ATOMIC_SEQ_CST);
}

void frame_code_set(u32 n, u64 lines)
{
	__atomic_store_n(&frames[n].lines, lines, __ATOMIC_RELAXED);
	if (lines)
		return;
	__atomic_fetch_and(&frames[n].watch, (u8)~WATCH_CODE, __ATOMIC_SEQ_CST);
	count_code(n);
}

static void written(u32 n, u32 off)
{
	if (!(__atomic_load_n(&frames[n].watch, __ATOMIC_SEQ_CST) & WATCH_CODE))
		return;
	count_code(n);
	if (__atomic_load_n(&frames[n].lines, __ATOMIC_SEQ_CST) & frame_lines(off, 1))
		cache_code_written(n, off, 1);
}

static u32 load(const u32 *p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }

static void store(u32 n, unsigned place)
{
	u32 now = __atomic_add_fetch(&content[n][place], 1, __ATOMIC_SEQ_CST);
	u32 *d = &done[n][place], was = load(d);

	written(n, place == PLACES_ON_FRAME ? 0 : place_offset(place));
	while (was < now && !__atomic_compare_exchange_n(d, &was, now, false, __ATOMIC_SEQ_CST,
							 __ATOMIC_SEQ_CST))
		;
}

/* What a block for the key is made from; at least this, if it is found from now on. */
static u32 sum(u32 (*of)[PLACES_ON_FRAME + 1], u32 key)
{
	u32 n = key_frame(key), second = key_second(key);

	return load(&of[n][key % PLACES_ON_FRAME]) +
	       (second == FRAME_NONE ? 0 : load(&of[second][PLACES_ON_FRAME]));
}

/* -- Code -- */

enum { OPEN = 1, EXIT = 2, JUMP = 1u << 31, MADE_BY_SHIFT = 24 };
enum word { CODE_KEY, CODE_FROM, CODE_CHECKS, CODE_SLOTS, CODE_WORDS };

bool backend_many_cores;

void backend_sync(const u32 *start, const u32 *end) { (void)start, (void)end; }
void backend_forget_page(const u32 *at) { (void)at; }

static void patch(u32 *at, u32 word) { __atomic_store_n(at, word, __ATOMIC_RELEASE); }

void backend_chain(struct link *l, const struct block *to)
{
	patch(link_slot(l), JUMP | cpu_self()->id << MADE_BY_SHIFT | pool_ref_of(block_code(to)));
}

void backend_unlink(struct link *l) { patch(link_slot(l), EXIT); }
void backend_open(struct link *l) { l->probe = 0; }

void backend_close(struct block *b) { patch(block_entry(b), HOST_CLOSED); }

static u32 filler(u32 key, u32 n) { return key * 31 + n; }

static void emit(struct backend_out *o, u32 key, u32 from, bool checks, u32 words)
{
	u32 *p = o->code;

	*p++ = OPEN;
	o->start = p;
	p[CODE_KEY] = key;
	p[CODE_FROM] = from;
	p[CODE_CHECKS] = checks;
	p[CODE_SLOTS] = words;
	for (u32 n = CODE_WORDS; n < words; n++)
		p[n] = filler(key, n);
	for (unsigned k = 0; k < LINKS; k++) {
		p[words + k] = EXIT;
		o->link[k] = (struct link){ .slot = pool_ref_of(&p[words + k]), .far = k == FAR,
					    .probe = k == FAR };
	}
	o->links = LINKS;
	o->sites = o->recipes = 0;
	o->end = p + words + LINKS;
	o->head = (struct block_head){ .sets_flags = true };
	o->need = 0;
}

/* -- A core at work -- */

struct worker {
	unsigned core;
	u32 random;
	struct cache_core cache;
	struct contexts *contexts;
	u64 passages;
	struct work work;
	u64 run, made, jumped, far_jumped;
};
static struct worker workers[CORES];
static unsigned failures;
static u64 now;

static void fail(const char *what)
{
	if (__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED) < 10)
		printf("FAIL core %u: %s\n", cpu_self()->id, what);
}

#define WANT(c, what) do { if (!(c)) fail(what); } while (0)

static u32 dice(struct worker *w, u32 sides)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 17;
	w->random ^= w->random << 5;
	return w->random % sides;
}

static void quiet(void)
{
	irq_take_events();
	work_run();
	epoch_quiet();
}

static void sleep_a_little(void)
{
	cache_idle_begin();
	epoch_idle_begin();
	cpu_pause();
	epoch_idle_end();
	cache_idle_end();
}

static void await_region(void)
{
	while (!cache_next_region()) {
		cpu_pause();
		quiet();
	}
}

/* NULL: it is to be tried again, at a quiet point. */
static struct block *make(struct worker *w, u32 key)
{
	struct cache_source s = { .frame = { key_frame(key), key_second(key) }, .reach = 0x1fff };
	struct backend_out o = { 0 };
	struct block *b;
	u32 from, base;

	for (unsigned k = 0; k < 2 && s.frame[k] != FRAME_NONE; k++) {
		s.count[k] = frame_code_count(s.frame[k]);
		s.self_check[k] = cache_self_checking(s.frame[k]);
		if (!s.self_check[k])
			frame_watch(s.frame[k], WATCH_CODE);
	}
	from = sum(content, key);
	if (!dice(w, 4))
		cpu_pause();
	if (!cache_room(&o, LINKS, &base)) {
		await_region();
		return NULL;
	}
	emit(&o, key, from, s.self_check[0] || s.self_check[1], CODE_WORDS + dice(w, 600));
	WANT(o.end <= o.code_end && cache_fits(&o), "the block fits");
	b = cache_commit(&o);
	b->key = key_of(key);
	b->range[0] = key_range(key);
	w->made++;
	return cache_publish(b, &s);
}

static struct block *known(u32 key)
{
	struct block_key k = key_of(key);
	struct block *b = cache_first(&k);

	while (b && b->key.page2 != k.page2)
		b = cache_next(b, &k);
	return b;
}

static const struct context_place *place(struct worker *w)
{
	return contexts_place(w->contexts, 0, KEY_CS32, 0, ~0u);
}

static struct jump_cache *jumps(struct worker *w) { return place(w)->jump[0]; }

/* Where core w runs the key's code: a page of its own for each core. */
static u64 eip_of(const struct worker *w, u32 key)
{
	return (u64)(w->core << 8 | key_frame(key)) << 12 | place_offset(key % PLACES_ON_FRAME);
}

/* Code for the key, by the jump cache or the table, or made. NULL: not now. */
static const u32 *find(struct worker *w, u32 key, struct block **found)
{
	const u32 *code = dice(w, 2) ? jump_cache_probe(jumps(w), eip_of(w, key)) : NULL;
	struct block *b;

	*found = NULL;
	if (code)
		return code + HOST_ENTRY_WORDS;
	b = known(key);
	if (!b)
		b = make(w, key);
	if (!b)
		return NULL;
	cache_meet(&w->cache, b);
	owner_enter(w->contexts, b, place(w)->mapping[0], eip_of(w, key));
	jump_cache_fill(jumps(w), eip_of(w, key), b);
	*found = b;
	return block_code(b);
}

static void chain(struct worker *w, struct link *l, struct block *to, u32 key)
{
	bool settled = true;

	if (l->far)
		cache_open(l);
	cache_lock();
	if (!l->to && !link_from(l)->dead && !to->dead &&
	    (!l->far || owner_may_chain(w->contexts, l, eip_of(w, key), false))) {
		settled = cache_settled(to);
		if (settled)
			cache_chain(l, to);
	}
	cache_unlock();
	if (!settled && !dice(w, 4))
		epoch_hurry(epoch_begin());
}

/* Is it code for the key, made from what is there or was when `least` was read? */
static bool right(const struct worker *w, const u32 *code, u32 key, u32 least)
{
	const struct block *b = cache_block_at((u64)(uintptr_t)code);

	WANT(b && block_code(b) == code, "code is a block's");
	WANT(b && (s32)((u32)w->cache.seen - b->number) >= 0, "its code was seen here");
	WANT(code[CODE_KEY] == key, "code of another key");
	if (code[CODE_KEY] != key)
		return false;
	for (u32 n = CODE_WORDS; n < code[CODE_SLOTS]; n++)
		if (code[n] != filler(key, n)) {
			fail("code is overwritten");
			return false;
		}
	WANT(code[CODE_CHECKS] || (s32)(code[CODE_FROM] - least) >= 0, "code is outdated");
	return true;
}

/* A self-checking block's bytes have changed. */
static bool stale(const u32 *code, u32 key)
{
	if (!code[CODE_CHECKS] || code[CODE_FROM] == sum(content, key))
		return false;
	cache_drop(cache_block_at((u64)(uintptr_t)code));
	return true;
}

static const u32 *jump(struct worker *w, u32 word, bool far)
{
	w->jumped++;
	w->far_jumped += far;
	WANT(!far || (word & ~(u32)JUMP) >> MADE_BY_SHIFT == w->core,
	     "another core's chain to another page");
	return pool_at(word & ((1u << MADE_BY_SHIFT) - 1));
}

static void run(struct worker *w, u32 key)
{
	u32 least = sum(done, key);
	struct block *to;
	const u32 *code = find(w, key, &to);

	for (unsigned n = 0; n < 12 && code && right(w, code, key, least); n++) {
		struct link *l;
		unsigned k = dice(w, LINKS);
		u32 word;

		w->run++;
		if (stale(code, key))
			return;
		l = block_link(cache_block_at((u64)(uintptr_t)code), k);
		key = key_behind(key, k);
		least = sum(done, key);
		word = __atomic_load_n(&code[code[CODE_SLOTS] + k], __ATOMIC_ACQUIRE);
		if (word != EXIT) {
			code = jump(w, word, k == FAR);
			continue;
		}
		code = find(w, key, &to);
		if (to)
			chain(w, l, to, key);
	}
}

/* Mostly of frames that other cores leave alone: there are chains to other pages. */
static u32 some_key(struct worker *w)
{
	u32 key = dice(w, KEYS);

	if (!dice(w, 8))
		return key;
	return key - (key_frame(key) % CORES) * PLACES_ON_FRAME + w->core * PLACES_ON_FRAME;
}

/* -- What else happens -- */

/* At most one block of a key is known. */
static void count_known(u32 key)
{
	struct block_key k = key_of(key);
	unsigned n = 0;

	cache_lock();
	for (struct block *b = cache_first(&k); b; b = cache_next(b, &k)) {
		n += b->key.page2 == k.page2;
		WANT(!b->dead, "a dead block is known");
	}
	cache_unlock();
	WANT(n <= 1, "two blocks of one key");
}

static void make_busy(u32 n)
{
	u64 t = __atomic_load_n(&now, __ATOMIC_RELAXED);

	for (unsigned k = 0; k < 256; k++)
		if (cache_store_trapped(n, t))
			cache_page_busy(n, t);
}

static void happen(struct worker *w)
{
	u32 key = dice(w, KEYS);
	struct block *b;

	switch (dice(w, 64)) {
	case 0: case 1: case 2: case 3: case 4: case 5: case 6: case 7:
		store(key_frame(key), dice(w, PLACES_ON_FRAME + 1));
		return;
	case 8: case 9:
		b = known(key);
		if (b)
			cache_drop(b);
		return;
	case 10: case 11: case 12: count_known(key); return;
	case 13: sleep_a_little(); return;
	case 14: make_busy(key_frame(key)); return;
	case 15:
		cache_self_check_end(__atomic_add_fetch(&now, 500000000, __ATOMIC_RELAXED));
		return;
	case 16:
		if (!dice(w, 64))
			owner_forget_all(w->contexts);
		return;
	}
}

static void work(void *opaque)
{
	struct worker *w = opaque;

	cache_core_init(&w->cache, w->contexts, &w->passages);
	cache_idle_end();
	for (unsigned n = 0; n < ROUNDS && !__atomic_load_n(&failures, __ATOMIC_RELAXED); n++) {
		if (!dice(w, 4))
			quiet();
		happen(w);
		run(w, some_key(w));
	}
	cache_idle_begin();
}

/* -- When all is over -- */

static bool is_incoming(const struct link *l)
{
	const struct link *in = pool_at(link_to(l)->in);

	while (in && in != l)
		in = pool_at(in->next_in);
	return in;
}

static void check_links(const struct block *b)
{
	for (unsigned k = 0; k < b->links; k++) {
		const struct link *l = block_link(b, k);
		u32 word = load(link_slot(l));

		CHECK(!l->to || (!link_to(l)->dead && is_incoming(l)), "a chain is its target's");
		CHECK(l->to ? pool_at(word & ((1u << MADE_BY_SHIFT) - 1)) ==
		      block_code(link_to(l)) : word == EXIT, "its word says the same");
	}
	for (const struct link *l = pool_at(b->in); l; l = pool_at(l->next_in))
		CHECK(link_to(l) == b && !link_from(l)->dead, "who leads here is alive");
}

static unsigned check_frame(u32 n)
{
	unsigned blocks = 0;

	for (struct block *b = pool_at(frames[n].blocks); b; b = block_behind(b, n)) {
		CHECK(!b->dead && known(block_code(b)[CODE_KEY]) == b, "who is listed is known");
		CHECK(cache_self_checking(n) || frames[n].lines, "lines of a frame with blocks");
		check_links(b);
		blocks++;
	}
	return blocks;
}

static void report(void)
{
	struct worker all = { 0 };

	for (unsigned k = 0; k < CORES; k++) {
		const struct worker *w = &workers[k];

		all.run += w->run;
		all.made += w->made;
		all.jumped += w->jumped;
		all.far_jumped += w->far_jumped;
		all.cache.count.evictions += w->cache.count.evictions;
		all.cache.count.twice += w->cache.count.twice;
		all.cache.count.outdated += w->cache.count.outdated;
		all.cache.count.drops += w->cache.count.drops;
	}
	printf("%lu run, %lu by chains, %lu to other pages; %lu made, %lu twice, %lu outdated, "
	       "%lu drops, %lu evictions\n", all.run, all.jumped, all.far_jumped, all.made,
	       all.cache.count.twice, all.cache.count.outdated, all.cache.count.drops,
	       all.cache.count.evictions);
	CHECK(all.cache.count.evictions > 20 && all.jumped > 1000 && all.far_jumped > 100,
	      "enough has happened");
}

static void start_cores(void)
{
	struct core_start s[CORES - 1];

	for (unsigned k = 0; k < CORES - 1; k++)
		s[k] = (struct core_start){ k + 1, fake_area(), false };
	fake_cores_begin();
	cores_init();
	cores_start(s, CORES - 1, 60000000000ull);
	CHECK_EQ(cores_count(), CORES, "all cores run");
}

static void all_work(void)
{
	for (unsigned k = 0; k < CORES; k++) {
		workers[k] = (struct worker){ .core = k, .random = 12345 + k * 977,
					      .contexts = calloc(1, sizeof(struct contexts)) };
		workers[k].work = (struct work){ .fn = work, .opaque = &workers[k] };
	}
	for (unsigned k = 1; k < CORES; k++)
		work_post(k, &workers[k].work);
	work(&workers[0]);
	for (unsigned k = 1; k < CORES; k++)
		while (work_busy(&workers[k].work)) {
			cpu_pause();
			quiet();
		}
}

int main(void)
{
	static u8 pool[POOL_SIZE] __attribute__((aligned(65536)));
	unsigned blocks = 0;

	start_cores();
	cache_init(pool, sizeof(pool), CORES);
	all_work();
	CHECK_EQ(failures, 0, "no core has seen anything wrong");
	if (failures)
		return check_done();
	for (u32 n = 0; n < FRAMES; n++)
		blocks += check_frame(n);
	CHECK(blocks, "there are blocks");
	report();
	return check_done();
}
