/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts: numbers for mappings, a jump cache for each context. */
#include "dbt/cache/context.h"

#include "dbt/cache/owner.h"

#include <string.h>

void contexts_init(struct contexts *x, u64 *passages, unsigned core)
{
	x->passages = passages;
	x->changes = 1;
	x->owner_first = core * owner_spaces_max();
	for (unsigned n = 0; n < CONTEXTS; n++)
		jump_cache_clear(&x->jump[n]);
}

/* -- Mappings -- */

static void start_again(struct contexts *x)
{
	for (unsigned n = 0; n < CONTEXTS; n++)
		x->context[n].mapping = 0;
	owner_forget_all(x);
	memset(x->mapping, 0, sizeof(x->mapping));
	memset(x->page, 0, sizeof(x->page));
	x->last_mapping = 0;
	contexts_changed(x);
}

/*
 * The number of the space's mapping. When the numbers run out they start again: all contexts go,
 * and so does what owner.h says; ask for those of several spaces until none has changed.
 */
static u32 mapping_of(struct contexts *x, u32 space)
{
	if (x->mapping[space])
		return x->mapping[space];
	if (x->last_mapping == MAPPING_MAX)
		start_again(x);
	return x->mapping[space] = ++x->last_mapping;
}

bool contexts_live(const struct contexts *x, u32 mapping)
{
	for (unsigned n = 0; n <= SPACES; n++)
		if (x->mapping[n] == mapping)
			return mapping;
	return false;
}

void contexts_gone(struct contexts *x, u32 space)
{
	contexts_changed(x);
	if (space == SPACE_ALL) {
		memset(x->mapping, 0, sizeof(x->mapping));
		memset(x->fetched, 0, sizeof(x->fetched));
	} else {
		x->mapping[space] = 0;
	}
}

/* The bit of the page at va, as *word and a mask. */
static u64 filter_bit(u64 va, unsigned *word)
{
	u32 page = (u32)va >> 12, n = (page ^ page >> 12) % PAGE_FILTER;

	*word = n / 64;
	return 1ull << n % 64;
}

void contexts_fetched(struct contexts *x, u64 va)
{
	unsigned word;
	u64 bit = filter_bit(va, &word);

	x->fetched[word] |= bit;
}

void contexts_page_gone(struct contexts *x, u32 space, u64 va)
{
	unsigned word;
	u64 bit = filter_bit(va, &word);

	if (x->fetched[word] & bit)
		contexts_gone(x, space);
}

/* -- Contexts -- */

/* A dead mapping's context, or the one not used for longest. */
static unsigned room(const struct contexts *x)
{
	unsigned best = 0;

	for (unsigned n = 0; n < CONTEXTS; n++) {
		const struct context *c = &x->context[n];

		if (c->mapping != x->mapping[c->space] || !c->mapping)
			return n;
		if (c->used < x->context[best].used)
			best = n;
	}
	return best;
}

/* The number of the context that is like that. */
static unsigned find(struct contexts *x, const struct context *like)
{
	unsigned n = 0;

	while (n < CONTEXTS && !context_same(&x->context[n], like))
		n++;
	if (n == CONTEXTS) {
		n = room(x);
		contexts_changed(x);
		x->context[n] = *like;
		x->context[n].epoch = x->epoch;
		jump_cache_empty(&x->jump[n]);
	}
	if (x->context[n].epoch != x->epoch) {
		x->context[n].epoch = x->epoch;
		jump_cache_empty(&x->jump[n]);
	}
	x->context[n].used = ++x->uses;
	return n;
}

const struct context_place *contexts_place_slow(struct contexts *x,
						const struct context_place *like)
{
	struct context_place *p = contexts_place_guess(x, like->space, like->flags);
	u32 space[2] = { like->space, SPACE_GLOBAL };

	*x->passages = ~0ull;
	*p = *like;
	do {
		p->mapping[1] = mapping_of(x, space[1]);
		p->mapping[0] = mapping_of(x, space[0]);
	} while (p->mapping[1] != x->mapping[SPACE_GLOBAL]);
	for (unsigned k = 0; k < 2; k++) {
		unsigned n = find(x, &(struct context){
			.mapping = p->mapping[k], .space = space[k], .flags = p->flags,
			.cs_base = p->cs_base, .cs_limit = p->cs_limit,
		});

		p->jump[k] = &x->jump[n];
		p->used[k] = &x->context[n].used;
	}
	p->changes = x->changes;
	return p;
}
