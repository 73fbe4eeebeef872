/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the CPU's eip and mode to a block: the fetch through the guest's tables, the table of keys,
 * at last the translator; and the chain to the exit that led here. Not the jump cache's probe,
 * which comes first (jump_cache.h).
 */
#include "dbt/exec.h"

#include "dbt/cache/cache.h"
#include "dbt/cache/jump_cache.h"
#include "dbt/debug.h"
#include "dbt/x86/mode.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/gpa.h"

static struct fault fetch(struct dbt *d, gva_t va, gpa_t *out, bool *global)
{
	struct x86_walk w;

	if (!shadow_fetch(d->shadow, va, d->c->cpl == 3, &w))
		return fault_page(va, w.error);
	*out = gpa(w.page | (va.a & 0xfff));
	*global &= w.global;
	return fault_none();
}

struct fault exec_fetch(struct dbt *d, gva_t va, gpa_t *out)
{
	bool global = false;

	return fetch(d, va, out, &global);
}

static bool same_second_page(struct dbt *d, const struct block *b, bool *global)
{
	gpa_t next;

	if (b->key.page2 == BLOCK_ONE_PAGE)
		return true;
	if (fetch(d, vcpu_linear(d->c, (b->key.cs_base + b->key.eip + 4096) & ~0xfffull), &next,
		  global).raised)
		return false;
	return gpa_lookup(next).frame == b->key.page2;
}

static struct block *translate_counted(struct dbt *d, struct block_key *k, u32 frame,
				       struct fault *f)
{
	u64 start = clock_ticks();
	struct block *b = translate(d, k, frame, f);

	d->count.translate_ticks += clock_ticks() - start;
	return b;
}

static struct block *find_block(struct dbt *d, struct fault *f)
{
	struct vcpu *c = d->c;
	struct block_key k = { .eip = c->eip, .cs_base = (u32)c->seg[CS].base,
			       .flags = c->key_flags };
	struct block *b;
	struct gpa_page page;
	bool global = true;
	gpa_t pa = gpa(0);

	if (c->eip > c->seg[CS].limit) {
		*f = fault_code(EXC_GP, 0);
		return NULL;
	}
	*f = fetch(d, vcpu_linear(c, k.cs_base + k.eip), &pa, &global);
	if (f->raised)
		return NULL;
	d->c->ctx = d->tag[global];
	k.page = (u32)(pa.a >> 12);
	for (b = cache_first(&k); b; b = cache_next(b, &k))
		if (block_eip_last(b) <= c->seg[CS].limit &&
		    same_second_page(d, b, &global)) {
			c->ctx = d->tag[global];
			return b;
		}
	page = gpa_lookup(pa);
	if (page.frame == FRAME_NONE) {
		if (printk_due(&d->count.fetch_nowhere))
			printk("exec: no memory to fetch from at %08lx (gpa %llx), %lu so far\n",
			       k.eip, (unsigned long long)pa.a, d->count.fetch_nowhere);
		*f = fault_code(EXC_GP, 0);
		return NULL;
	}
	d->cache.count.misses++;
	b = translate_counted(d, &k, page.frame, f);
	if (b && same_second_page(d, b, &global))
		c->ctx = d->tag[global];
	return b;
}

/*
 * A record of the exit that a new chain may take: one that is free, or serves a context that
 * cannot come back. NULL: all serve other contexts, or an indirect jump's first targets.
 */
static struct link *free_link(const struct contexts *x, struct link *l)
{
	for (unsigned n = l->indirect ? LINK_TARGETS : 1; n; n--, l++)
		if (!l->to || !l->guard || !context_tag_live(x, l->tag))
			return l;
	return NULL;
}

/*
 * Chain the exit that led here, if it may be. Exits of processes that take turns would be patched
 * at each switch: after a while they are left as they are, and use the jump cache.
 */
static void chain(struct dbt *d, struct link *l, struct block *b)
{
	bool two_pages = b->key.page2 != BLOCK_ONE_PAGE;

	if ((b->key.flags & KEY_SINGLE) || link_from(l)->dead || b->dead ||
	    (two_pages && !l->guard))
		return;
	if (l->guard && d->c->ctx != d->left_ctx)	/* from global pages to others, or back: */
		return;					/* the guard would never let it through */
	l = free_link(&d->cache.contexts, l);
	if (!l || (l->to && l->guard && l->retags == LINK_RETAGS_MAX))
		return;
	if (l->to)
		l->retags++;
	if (l->indirect && l->to)
		cache_unchain(l);
	d->count.relinks += l->to != 0;
	trace(LINK, "link %08x to %08x%s\n", (u32)link_from(l)->key.eip, (u32)b->key.eip,
	      l->guard ? " with a guard" : "");
	cache_chain(l, b, (u32)d->c->ctx);
}

/* The next block, chained to the exit that led here. NULL: fetching or decoding raised *f. */
const u32 *exec_find_code(struct dbt *d, struct fault *f)
{
	u64 evictions = d->cache.count.evictions;
	struct block *b = debug_break(d->c, f) ? NULL : find_block(d, f);

	if (b && d->link && evictions == d->cache.count.evictions)
		chain(d, d->link, b);
	d->link = NULL;
	if (!b)
		return NULL;
	if (!(b->key.flags & KEY_SINGLE)) {	/* the run loop comes by those */
		jump_cache_fill(b, d->c->ctx);
		d->count.jump_cache_fills++;
	}
	return block_code(b);
}
