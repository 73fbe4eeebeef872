/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts: numbers for mappings, a jump cache for each context. */
#include "dbt/cache/context.h"

#include "dbt/cache/owner.h"

void contexts_init(struct contexts *x)
{
	for (unsigned n = 0; n < CONTEXTS; n++)
		jump_cache_clear(&x->jump[n]);
}

static void start_again(struct contexts *x)
{
	for (unsigned n = 0; n < CONTEXTS; n++)
		x->context[n].mapping = 0;
	owner_forget_all();
	x->last_mapping = 0;
}

void contexts_mappings(struct contexts *x, u32 generation, u32 global_generation)
{
	bool global = !x->mapping[1] || x->generation[1] != global_generation;

	if (!global && x->generation[0] == generation)
		return;
	x->generation[0] = generation;
	x->generation[1] = global_generation;
	if (x->last_mapping + 2 > MAPPING_MAX) {
		start_again(x);
		global = true;
	}
	x->mapping[0] = ++x->last_mapping;
	if (global)
		x->mapping[1] = ++x->last_mapping;
}

/* A dead mapping's context, or the one not used for longest. */
static unsigned room(const struct contexts *x)
{
	unsigned best = 0;

	for (unsigned n = 0; n < CONTEXTS; n++) {
		const struct context *c = &x->context[n];

		if (c->mapping != x->mapping[0] && c->mapping != x->mapping[1])
			return n;
		if (c->used < x->context[best].used)
			best = n;
	}
	return best;
}

struct jump_cache *contexts_find(struct contexts *x, const struct context *like)
{
	unsigned n = 0;

	while (n < CONTEXTS && !context_same(&x->context[n], like))
		n++;
	if (n == CONTEXTS) {
		n = room(x);
		x->context[n] = *like;
		x->context[n].epoch = x->epoch;
		jump_cache_empty(&x->jump[n]);
	}
	if (x->context[n].epoch != x->epoch) {
		x->context[n].epoch = x->epoch;
		jump_cache_empty(&x->jump[n]);
	}
	x->context[n].used = ++x->uses;
	return &x->jump[n];
}
