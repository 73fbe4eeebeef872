/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that were fetched from: marks in nodes, and who is told when one ends. See shadow_node.h.
 * Invariant: as long as the code cache may find code by (root, page), a node that this root has
 * at the page's slot has the mark and the page's address; for a global page it is enough if the
 * one node that struct shadow_globals names has. Slots of 48 bits are folded there: it may name
 * another slot's node, which knows its own.
 */
#include <string.h>

#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "mm/gpa.h"
#include "mm/shadow_node.h"

#define MANY_NODES 0xffff	/* of a slot: more than one */
#define MANY_PAGES 16		/* more are not told one by one */

void shadow_on_code_gone(struct shadow *s, const struct shadow_code_hooks *h) { s->code = *h; }

/* -- telling ------------------------------------------------------------- */

static void page_gone(struct shadow *s, u32 root, gva_t page)
{
	s->count.code_pages++;
	s->code.page_gone(s->code.arg, root, page);
}

void code_all_gone(struct shadow *s, u32 root)
{
	s->count.code_alls++;
	s->code.all_gone(s->code.arg, root);
	if (root != SHADOW_ALL_ROOTS || !s->any_global)
		return;
	memset(s->global, 0, sizeof(s->global));
	s->any_global = s->global_1g = false;
}

/* A page that is not global is only under the roots that have its node. */
static void local_page_gone(struct shadow *s, const struct shadow_node *n, unsigned k)
{
	for (u64 map = n->roots; map; map &= map - 1) {
		u32 root = (u32)__builtin_ctzll(map);

		if (n->multi)
			code_all_gone(s, root);
		else
			page_gone(s, root, page_at(n->slot, k));
	}
}

void code_page_gone(struct shadow *s, struct shadow_node *n, unsigned k)
{
	pte_t *p = node_leaves(s, n) + k;

	bit_clear(n->fetched, k);
	if (!pte_valid(*p)) {
		*p = 0;
		bit_clear(n->live, k);
	}
	if (n->global_code && n->multi)
		code_all_gone(s, SHADOW_ALL_ROOTS);
	else if (n->global_code)
		page_gone(s, SHADOW_ALL_ROOTS, page_at(n->slot, k));
	else
		local_page_gone(s, n, k);
}

static unsigned fetched_pages(const struct shadow_node *n)
{
	unsigned count = 0;

	for (unsigned w = 0; w < LEAF_WORDS; w++)
		count += count_ones(n->fetched[w]);
	return count;
}

static void all_pages_gone(struct shadow *s, u32 root, const struct shadow_node *n, unsigned slot)
{
	if (fetched_pages(n) > MANY_PAGES) {
		code_all_gone(s, root);
		return;
	}
	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 map = n->fetched[w]; map; map &= map - 1)
			page_gone(s, root,
				  page_at(slot, w * 64 + (unsigned)__builtin_ctzll(map)));
}

/* A root that goes has been told of as a whole. */
void code_unhooked(struct shadow *s, unsigned root, struct shadow_node *n, unsigned slot)
{
	if (n->any_fetched && s->pool.root[root].mode)
		all_pages_gone(s, n->global_code ? SHADOW_ALL_ROOTS : root, n, slot);
}

/* SMAP has no say in fetches: a supervisor's are in the view that it does not bind. */
static unsigned fetch_view(const struct shadow *s, bool user)
{
	return user ? SHADOW_USER : shadow_view_of(s, X86_SUPER);
}

/* -- global pages -------------------------------------------------------- */

static inline bool is_user(const struct shadow_node *n) { return node_view(n) == SHADOW_USER; }

static unsigned folded(unsigned slot) { return slot % SHADOW_SLOTS; }

static bool is_known(const struct shadow_globals *g, unsigned slot, unsigned node)
{
	return bit_get(g->slots, slot) && (g->node[slot] == node || g->node[slot] == MANY_NODES);
}

static bool is_marked_global(const struct shadow *s, const struct shadow_node *n, unsigned slot)
{
	return n->global_code &&
	       is_known(&s->global[is_user(n)], folded(slot), node_number(s, n));
}

static void note_global(struct shadow *s, struct shadow_node *n, unsigned slot)
{
	struct shadow_globals *g = &s->global[is_user(n)];
	unsigned at = folded(slot);

	g->node[at] = bit_get(g->slots, at) ? MANY_NODES : (u16)node_number(s, n);
	bit_set(g->slots, at);
	s->any_global = true;
	s->global_1g |= (n->key & KEY_OF_1G) != 0;
}

static void forget_global(struct shadow *s, const struct shadow_node *n)
{
	struct shadow_globals *g = &s->global[is_user(n)];

	for (unsigned w = 0; w < SLOT_WORDS; w++)
		for (u64 map = g->slots[w]; map; map &= map - 1) {
			unsigned slot = w * 64 + (unsigned)__builtin_ctzll(map);

			if (g->node[slot] == node_number(s, n))
				bit_clear(g->slots, slot);
		}
}

void code_idle(struct shadow *s, struct shadow_node *n)
{
	pte_t *p = node_leaves(s, n);

	if (!n->any_fetched)
		return;
	if (n->global_code && s->any_global) {
		if (n->multi)
			code_all_gone(s, SHADOW_ALL_ROOTS);
		else
			all_pages_gone(s, SHADOW_ALL_ROOTS, n, n->slot);
		forget_global(s, n);
	}
	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 *map = &n->fetched[w]; *map; *map &= *map - 1) {
			unsigned k = w * 64 + (unsigned)__builtin_ctzll(*map);

			if (pte_valid(p[k]))
				continue;
			p[k] = 0;
			bit_clear(n->live, k);
		}
	n->any_fetched = n->global_code = false;
}

/* -- marks --------------------------------------------------------------- */

static void code_mark(struct shadow *s, struct shadow_node *n, gva_t va, const struct x86_walk *w)
{
	unsigned k = index_of(va), slot = slot_of(s, va);
	pte_t *p = node_leaves(s, n) + k, want;
	u32 frame;

	if (bit_get(n->fetched, k) && (!w->global || is_marked_global(s, n, slot)) &&
	    gpa_is_fast(gpa(w->page)) &&
	    pte_page(*p).a == ptr_to_phys(gpa_map.ram + w->page).a)
		return;
	frame = gpa_lookup(gpa(w->page)).frame;
	if (frame == FRAME_NONE)
		return;			/* no code is made from there */
	want = pte_hidden(pte_make(gpa_frame_hpa(frame), false));
	if (*p && pte_page(*p).a != pte_page(want).a) {
		if (bit_get(n->fetched, k))
			code_page_gone(s, n, k);
		leaf_drop(s, n, k);
	}
	if (!*p)
		*p = want;
	bit_set(n->live, k);
	bit_set(n->fetched, k);
	n->any_fetched = true;
	if (w->global && !is_marked_global(s, n, slot))
		note_global(s, n, slot);
	n->global_code |= w->global;
}

bool shadow_fetch(struct shadow *s, gva_t va, bool user, struct x86_walk *w)
{
	if (!x86_walk(&s->paging, va, X86_FETCH, user, w))
		return false;
	code_mark(s, node_for(s, fetch_view(s, user), va, w), va, w);
	return true;
}

/* -- what ends global ones under other roots too ------------------------- */

/* The page at va, in another node than the loaded root has there. */
static void invlpg_other(struct shadow *s, const struct shadow_globals *g, unsigned at, gva_t va)
{
	struct shadow_node *n = &s->pool.node[g->node[at]];
	unsigned slot = slot_of(s, va);

	if (g->node[at] == MANY_NODES)
		code_all_gone(s, SHADOW_ALL_ROOTS);
	else if (s->four && n->slot != slot)
		return;
	else if (n->whole)
		code_all_gone(s, SHADOW_ALL_ROOTS);
	else if (at == folded(slot) && bit_get(n->fetched, index_of(va)))
		code_page_gone(s, n, index_of(va));
}

/* The node that the loaded root has where a folded slot is va's or its neighbour's; 0: none. */
static unsigned loaded_node(const struct shadow *s, bool user, unsigned at, gva_t va)
{
	unsigned view = fetch_view(s, user);
	const struct shadow_node *n;

	if (!s->four)
		return half_of(s, s->loaded, view)->node[at];
	n = tree_find(s, s->loaded, view, slot_of(s, va), 0);
	return n ? node_number(s, n) : 0;
}

/* What the loaded root's nodes say of it has been compared. */
void code_invlpg(struct shadow *s, gva_t va)
{
	unsigned slot = folded(slot_of(s, va));
	unsigned first = s->four ? slot : slot & ~1u;	/* a large page has two of two levels */
	unsigned count = s->four ? 1 : 2;

	if (s->global_1g)
		code_all_gone(s, SHADOW_ALL_ROOTS);
	for (unsigned u = 0; u < 2 && s->any_global; u++)
		for (unsigned at = first; at < first + count; at++)
			if (bit_get(s->global[u].slots, at) &&
			    s->global[u].node[at] != loaded_node(s, u, at, va))
				invlpg_other(s, &s->global[u], at, va);
}

/* Is the node that has a slot's global code what the loaded root would have there? */
static bool still_global(struct shadow *s, bool user, unsigned at)
{
	unsigned number = s->global[user].node[at];
	struct shadow_node *n = &s->pool.node[number];
	unsigned slot;

	if (number == MANY_NODES)
		return false;
	slot = s->four ? n->slot : at;
	if (loaded_node(s, user, at, page_at(slot, 0)) == number)
		return true;
	sync_read_log(s);
	if (!form_gives(s, s->loaded, fetch_view(s, user), slot, n->key) || (n->dirty && !n->table))
		return false;
	if (n->dirty)
		sync_node(s, n);
	return true;
}

void code_flush_global(struct shadow *s)
{
	for (unsigned u = 0; u < 2; u++)
		for (unsigned w = 0; w < SLOT_WORDS; w++)
			for (u64 map = s->global[u].slots[w]; map; map &= map - 1)
				if (!still_global(s, u, w * 64 + (unsigned)__builtin_ctzll(map))) {
					code_all_gone(s, SHADOW_ALL_ROOTS);
					return;
				}
}
