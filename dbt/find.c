/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the CPU's eip and mode to a block: the fetch through the guest's tables, the table of keys,
 * at last the translator; and the chain to the exit that led here. Not the jump cache's probe,
 * which comes first (jump_cache.h).
 */
#include "dbt/exec.h"

#include "dbt/cache/cache.h"
#include "dbt/cache/owner.h"
#include "dbt/debug.h"
#include "dbt/x86/mode.h"
#include "kernel/epoch.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/gpa.h"

#define FETCHED_USER (1ull << 52)
enum { FETCHED_GLOBAL = 1 };
#define HURRY_NS 200000ull

/* By the guest's tables. */
static __attribute__((noinline)) struct fault fetch_anew(struct dbt *d, gva_t va,
							 struct fetched_page *p)
{
	struct x86_walk w;

	if ((d->c->key_flags & KEY_LONG) && !canonical(va.a))
		return fault_code(EXC_GP, 0);
	if (!shadow_fetch(d->shadow, va, d->c->cpl == 3, &w))
		return fault_page(va, w.error);
	contexts_fetched(d->cache.contexts, va.a);
	*p = (struct fetched_page){
		.mapping = d->c->place->mapping[w.global],
		.page = va.a >> 12 | (d->c->cpl == 3 ? FETCHED_USER : 0),
		.at = w.page | (w.global ? FETCHED_GLOBAL : 0),
	};
	return fault_none();
}

/*
 * The same as the last time, unless shadow_fetch's answer does not hold any more. False: *f, which
 * else is none if it was.
 */
static inline bool fetch(struct dbt *d, gva_t va, gpa_t *out, bool *global, struct fault *f)
{
	u64 page = va.a >> 12 | (d->c->cpl == 3 ? FETCHED_USER : 0);
	struct fetched_page *p = contexts_page(d->cache.contexts, page);

	if (p->page != page || (p->mapping != d->c->place->mapping[0] &&
				p->mapping != d->c->place->mapping[1])) {
		*f = fetch_anew(d, va, p);
		if (f->raised)
			return false;
	}
	*out = gpa((p->at & ~0xfffull) | (va.a & 0xfff));
	*global &= p->at & FETCHED_GLOBAL;
	return true;
}

struct fault exec_fetch(struct dbt *d, gva_t va, gpa_t *out)
{
	struct fault f = fault_none();
	bool global = false;

	fetch(d, va, out, &global, &f);
	return f;
}

bool exec_on_global_page(struct dbt *d)
{
	const struct vcpu *c = d->c;
	struct fault f;
	bool global = true;
	gpa_t pa;

	return fetch(d, vcpu_linear(c, exec_key(c).cs_base + c->eip), &pa, &global, &f) && global;
}

/* Is block b, which begins at eip, the one for the page that follows now? */
static bool same_second_page(struct dbt *d, const struct block *b, u64 eip, bool *global)
{
	struct fault f;
	gpa_t next;

	if (b->key.page2 == BLOCK_ONE_PAGE)
		return true;
	return fetch(d, vcpu_linear(d->c, (b->key.cs_base + eip + 4096) & ~0xfffull), &next,
		     global, &f) && gpa_lookup(next).frame == b->key.page2;
}

static struct block *translate_counted(struct dbt *d, struct block_key *k, u32 frame,
				       struct fault *f)
{
	u64 start = clock_ticks();
	struct block *b = translate(d, k, d->c->eip, frame, f);

	d->count.translate_ticks += clock_ticks() - start;
	return b;
}

/* Where code was found. */
struct found {
	u64 linear;
	bool global_page;	/* its first page is global */
	bool global;		/* so are all that it is on */
};

static bool within_limit(const struct vcpu *c, const struct block *b)
{
	u64 limit = exec_cs_limit(c);

	return c->eip + 0x1fff <= limit || c->eip + block_last(b) <= limit;
}

static struct block *known_block(struct dbt *d, const struct block_key *k, bool *global)
{
	struct vcpu *c = d->c;
	struct block *b;

	for (b = cache_first(k); b; b = cache_next(b, k)) {
		bool both = *global;

		if (within_limit(c, b) && same_second_page(d, b, c->eip, &both)) {
			*global = both;
			return b;
		}
	}
	return NULL;
}

static struct block *new_block(struct dbt *d, struct block_key *k, gpa_t pa, bool *global,
			       struct fault *f)
{
	struct gpa_page page = gpa_lookup(pa);
	struct block *b;

	if (page.frame == FRAME_NONE) {
		if (printk_due(&d->count.fetch_nowhere))
			printk("exec: no memory to fetch from at %08lx (gpa %llx), %lu so far\n",
			       d->c->eip, (unsigned long long)pa.a, d->count.fetch_nowhere);
		*f = fault_code(EXC_GP, 0);
		return NULL;
	}
	d->cache.count.misses++;
	b = translate_counted(d, k, page.frame, f);
	if (b)
		same_second_page(d, b, d->c->eip, global);
	return b;
}

/*
 * `make`: translate it, if it is not known; else the answer is NULL. *f, none before, says why
 * there is no code.
 */
static struct block *find_block(struct dbt *d, struct found *out, struct fault *f, bool make)
{
	struct vcpu *c = d->c;
	struct block_key k = exec_key(c);
	struct block *b;
	gpa_t pa;

	if (c->eip > exec_cs_limit(c) || ((c->key_flags & KEY_LONG) && !canonical(c->eip))) {
		*f = fault_code(EXC_GP, 0);
		return NULL;
	}
	out->linear = vcpu_linear(c, k.cs_base + c->eip).a;
	out->global = true;
	if (!fetch(d, gva(out->linear), &pa, &out->global, f))
		return NULL;
	out->global_page = out->global;
	k.page = (u32)(pa.a >> 12);
	b = known_block(d, &k, &out->global);
	return b || !make ? b : new_block(d, &k, pa, &out->global, f);
}

/* May exit l be chained to b, which it has led to? With the cache's lock. */
static bool may_chain(struct dbt *d, const struct link *l, const struct block *b,
		      const struct found *at)
{
	if ((b->key.flags & KEY_SINGLE) || l->to || link_from(l)->dead || b->dead)
		return false;
	return l->far ? owner_may_chain(d->cache.contexts, l, d->c->eip, at->global) :
	       b->key.page2 == BLOCK_ONE_PAGE;
}

/*
 * Some core has not seen b's code yet, and nothing may lead there from where that core may be. They
 * come by their run loops now and then; a core that waits for one of them asks them to, not often.
 */
static __attribute__((noinline)) void hurry(struct dbt *d)
{
	u64 now = clock_ns();

	if (now - d->hurried < HURRY_NS)
		return;
	d->hurried = now;
	epoch_hurry(epoch_begin());
}

/* Chain the exit that led here, if it may be. */
static void chain(struct dbt *d, struct link *l, struct block *b, const struct found *at)
{
	bool may, settled = true;

	cache_lock();
	may = may_chain(d, l, b, at);
	if (may) {
		settled = !cache_many() || cache_settled(b);
		if (settled)
			cache_chain(l, b);
	}
	cache_unlock();
	if (!settled)
		hurry(d);
	else if (may)
		trace(LINK, "link %08lx to %08lx%s\n", link_from(l)->key.eip, d->c->eip,
		      l->far ? ", far" : "");
}

/*
 * The context to go on in. Code on global pages stays in its own, but where code of the address
 * space's other pages calls it: it would have to come back by the run loop.
 */
static struct jump_cache *context_for(struct dbt *d, bool global)
{
	u64 now = d->c->ctx;

	if (global && now == (u64)(uintptr_t)d->c->place->jump[0])
		global = false;
	d->c->ctx = (u64)(uintptr_t)d->c->place->jump[global];
	return d->c->place->jump[global];
}

/* The entry of b, which was found; whoever comes next finds it without the run loop. */
static const u32 *make_reachable(struct dbt *d, struct block *b, const struct found *at)
{
	cache_meet(&d->cache, b);
	owner_enter(d->cache.contexts, b, d->c->place->mapping[at->global_page], at->linear);
	if (d->link)
		chain(d, d->link, b, at);
	d->link = NULL;
	if (!(b->key.flags & KEY_SINGLE)) {	/* the run loop comes by those */
		jump_cache_fill(context_for(d, at->global), d->c->eip, b);
		d->count.jump_cache_fills++;
	}
	return block_entry(b);
}

const u32 *exec_find_code(struct dbt *d, struct fault *f)
{
	u64 evictions = d->cache.count.evictions;
	struct found at;
	struct block *b = debug_break(d->c, f) ? NULL : find_block(d, &at, f, true);

	if (!b || evictions != d->cache.count.evictions)
		d->link = NULL;
	return b ? make_reachable(d, b, &at) : NULL;
}

const u32 *exec_find_known(struct dbt *d)
{
	struct fault f = fault_none();
	struct found at;
	struct block *b = find_block(d, &at, &f, false);

	return b ? make_reachable(d, b, &at) : NULL;
}
