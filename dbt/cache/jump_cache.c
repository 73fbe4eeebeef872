/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling and emptying a jump cache; the probes are in jump_cache.h and glue.S. */
#include "dbt/cache/jump_cache.h"

struct jump_entry jump_nothing[JUMP_ENTRIES];

static void clear(struct jump_entry e[JUMP_ENTRIES])
{
	for (unsigned n = 0; n < JUMP_ENTRIES; n++)
		e[n].name = JUMP_EMPTY;
}

void jump_nothing_init(void) { clear(jump_nothing); }

void jump_cache_clear(struct jump_cache *j)
{
	clear(j->entry);
	j->fills = j->taken = j->lost = 0;
}

void jump_cache_empty(struct jump_cache *j)
{
	if (j->fills > JUMP_LOG) {
		jump_cache_clear(j);
		return;
	}
	while (j->fills)
		j->entry[j->filled[--j->fills]].name = JUMP_EMPTY;
	j->taken = j->lost = 0;
}

static void put(struct jump_cache *j, unsigned n, struct jump_entry e)
{
	bool more = j->entry[n].name == JUMP_EMPTY;

	j->taken += more;
	if (more && j->fills <= JUMP_LOG) {
		if (j->fills < JUMP_LOG)
			j->filled[j->fills] = (u16)n;
		j->fills++;
	}
	j->entry[n] = e;
}

static void vacate(struct jump_cache *j, struct jump_entry *e)
{
	e->name = JUMP_EMPTY;
	j->taken--;
}

/* The place of eip that is not n. */
static unsigned other_place(u64 eip, unsigned n)
{
	unsigned first = jump_cache_first(eip);

	return n == first ? jump_cache_second(eip) : first;
}

/* Whoever is in the way goes to its other place, where the same happens; the last one is lost. */
static void enter(struct jump_cache *j, struct jump_entry e)
{
	unsigned n = jump_cache_first(e.name);
	u64 name = e.name;

	for (unsigned moves = 0; moves <= JUMP_MOVES || e.name == name; moves++) {
		struct jump_entry was = j->entry[n];

		put(j, n, e);
		if (was.name == JUMP_EMPTY)
			return;
		e = was;
		n = other_place(e.name, n);
	}
	j->lost++;
}

void jump_cache_fill(struct jump_cache *j, u64 eip, const struct block *b)
{
	u64 key = jump_cache_key(eip, b->key.flags & KEY_LONG);
	u64 name = HOST_PROBES_FIRST && !block_flags_dead(b) ? jump_cache_tagged(key) : key;
	struct jump_entry e = { name, block_entry(b) };
	unsigned first = jump_cache_first(key);

	jump_cache_drop(j, key);
	if (j->taken >= JUMP_FULL || j->lost >= JUMP_LOST + j->taken / 2)
		jump_cache_clear(j);
	if (j->entry[first].name == JUMP_EMPTY)		/* as a rule */
		put(j, first, e);
	else
		enter(j, e);
}

/* Does the chain that begins at place n end without turning anyone out? */
static bool has_room(const struct jump_cache *j, unsigned n)
{
	for (unsigned moves = 0; moves <= JUMP_MOVES; moves++) {
		u64 name = j->entry[n].name;

		if (name == JUMP_EMPTY)
			return true;
		n = other_place(name, n);
	}
	return false;
}

void jump_cache_promote(struct jump_cache *j, u64 eip)
{
	struct jump_entry *second = &j->entry[jump_cache_second(eip)], e = *second;
	unsigned first = jump_cache_first(eip);

	if (jump_entry_is(&j->entry[first], eip) || !jump_entry_is(&e, eip))
		return;
	vacate(j, second);
	if (has_room(j, first))
		enter(j, e);
	else
		put(j, jump_cache_second(eip), e);
}

void jump_cache_drop(struct jump_cache *j, u64 eip)
{
	struct jump_entry *first = &j->entry[jump_cache_first(eip)];
	struct jump_entry *second = &j->entry[jump_cache_second(eip)];

	if (jump_entry_is(first, eip))
		vacate(j, first);
	if (jump_entry_is(second, eip))
		vacate(j, second);
}
