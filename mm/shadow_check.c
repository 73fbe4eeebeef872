/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of shadow_node.h looked at one by one, right after a flush. Changes nothing. Tests look
 * at all that is under the loaded root, and at the rest in turn; Loam with `verify = on` at each
 * thing in turn, so that a guest still gets somewhere.
 */
#include "kernel/phys.h"
#include "mm/gpa.h"
#include "mm/shadow_node.h"
#include "mm/x86_entry.h"

/* Does some reference of the frame's name the leaf? A watch must find it. */
static bool has_reference(const struct shadow *s, u32 frame, const struct shadow_node *n,
			  unsigned k)
{
	return frame_has_writer(s->frames, frame, node_number(s, n) * PAGING_LEAF_ENTRIES + k);
}

static const char *check_writable(const struct shadow *s, const struct shadow_node *n, unsigned k)
{
	pte_t p = node_leaves(s, n)[k];
	u32 frame = gpa_frame_at(pte_page(p));

	if (!pte_writable(p))
		return NULL;
	if (frame == FRAME_NONE)
		return "a writable leaf maps what is no RAM";
	if (frame_watched(frame) && !s->many)	/* else it may have been asked */
		return "a writable leaf maps a watched frame";
	return has_reference(s, frame, n, k) ? NULL : "a writable leaf has no reference";
}

/* Rule 1: the leaf allows nothing that the guest's entry does not, and it is marked as accessed. */
static const char *check_entry(const struct shadow *s, const struct shadow_node *n, unsigned k)
{
	pte_t p = node_leaves(s, n)[k];
	struct form_leaf want;
	u32 frame;

	if (!form_leaf_of(s, n, form_entry(s, n, k), &want))
		return "a leaf that the guest's entry does not give";
	frame = gpa_lookup(want.page).frame;
	if (frame == FRAME_NONE || gpa_frame_hpa(frame).a != pte_page(p).a)
		return "a leaf maps another page than the guest's entry";
	if (pte_writable(p) && !want.may_write)
		return "a leaf is writable against the guest's entry";
	if (bit_get(n->fetched, k) && want.nx)
		return "a page is fetched from that has XD";
	return NULL;
}

static const char *check_leaves(const struct shadow *s, const struct shadow_node *n, bool compare)
{
	const pte_t *p = node_leaves(s, n);
	const char *e = NULL;

	for (unsigned k = 0; k < PAGING_LEAF_ENTRIES && !e; k++) {
		if (bit_get(n->live, k) != (p[k] != 0))
			return "the map of live leaves is wrong";
		if (!p[k])
			continue;
		if (!pte_valid(p[k]) && !bit_get(n->fetched, k))
			return "a hidden leaf that nothing was fetched from";
		e = check_writable(s, n, k);
		if (!e && compare && n->table)
			e = check_entry(s, n, k);
	}
	return e;
}

/* Of four levels: the roots that a node names have it, and it has a root if it is a directory. */
static const char *check_place(const struct shadow *s, const struct shadow_node *n)
{
	if (!n->roots && node_level(n))
		return "a directory without a root is kept";
	for (u64 roots = n->roots; roots; roots &= roots - 1)
		if (tree_find(s, (unsigned)__builtin_ctzll(roots), node_view(n), n->slot,
			      node_level(n)) != n)
			return "a node is not where its root says";
	return NULL;
}

/* A node that is not dirty agrees; of the loaded root, every node does. */
static const char *check_node(const struct shadow *s, const struct shadow_node *n)
{
	bool loaded = n->roots >> s->loaded & 1;
	const char *e = key_form(n->key) == FORM_LONG ? check_place(s, n) : NULL;

	if (e)
		return e;
	if (!n->roots && n->any_fetched)
		return "an idle node is fetched from";
	if (!n->whole && !n->table)
		return loaded && node_level(n) < TOP_LEVEL ?
		       "a node of no memory outlives a flush" : NULL;
	/* With several cores the log may have it since. */
	if (!n->dirty && n->table && !s->many &&
	    !(frame_reasons(s->pool.table[n->table].frame) & WATCH_PTABLE))
		return "a clean node's table is not watched";
	if (node_level(n))
		return NULL;
	return check_leaves(s, n, (!n->dirty || loaded) && (n->key & KEY_MODE) == s->mode);
}

static const char *check_slot(const struct shadow *s, unsigned root, unsigned view, unsigned slot)
{
	const struct shadow_root *r = &s->pool.root[root];
	const struct shadow_half *h = &r->half[view];
	const struct shadow_node *n = &s->pool.node[h->node[slot]];
	hpa_t table = paging_root_get(h->entries, slot);

	if (bit_get(h->hooked, slot) != (h->node[slot] != 0))
		return "the map of hooked slots is wrong";
	if (!h->node[slot])
		return table.a ? "a slot without a node has a table" : NULL;
	if (table.a != ptr_to_phys(node_leaves(s, n)).a)
		return "a slot has another table than its node's";
	if (!(n->roots >> root & 1) || (!n->multi && n->slot != slot))
		return "a node does not know where it is hooked";
	if (key_form(r->mode) == FORM_LONG)
		return tree_find(s, root, view, slot, 0) == n ? NULL :
		       "the narrow form has another node than the wide one";
	if (node_view(n) != view || (n->key & KEY_MODE) != r->mode)
		return "a node in the wrong view or mode";
	if (n->dirty && (!bit_get(h->open, slot) || !(h->open_words >> slot / 64 & 1) ||
			 !r->attention))
		return "a dirty node's slot is not marked";
	/* A walk that uses the directory as a table may have set D there: then less is allowed. */
	if (root == s->loaded && !form_gives(s, s->loaded, view, slot, n->key) &&
	    !form_gives(s, s->loaded, view, slot, n->key | E_D))
		return "a slot that the guest's directory does not give";
	return NULL;
}

/* Entry k of a directory, and what is below. */
static const char *check_below(const struct shadow *s, unsigned root, const struct shadow_node *n,
			       unsigned k)
{
	const struct shadow_node *c = tree_child(s, n, k);
	unsigned level = node_level(n);

	if (bit_get(n->live, k) != (c != NULL))
		return "the map of a directory's nodes is wrong";
	if (!c)
		return bit_get(n->open, k) ? "a mark where there is no node" : NULL;
	if (node_level(c) + 1 != level || node_view(c) != node_view(n) ||
	    (c->key & KEY_MODE) != (n->key & KEY_MODE))
		return "a node in the wrong level, view or mode";
	if (c->slot != (n->slot | k << 9 * (level - 1)) || c->multi)
		return "a node in another place than its own";
	if ((c->roots & n->roots) != n->roots)
		return "a node does not know its directory's roots";
	if (tree_is_marked(c) && !bit_get(n->open, k))
		return "a dirty node is not marked in its directory";
	if (root == s->loaded && !form_gives_below(s, n, k, c->key) &&
	    !form_gives_below(s, n, k, c->key | E_D))
		return "a node that the guest's directory does not give";
	if (level == 1 && c->slot < SHADOW_SLOTS &&
	    half_of(s, root, node_view(n))->node[c->slot] != node_number(s, c))
		return "a node is missing in the narrow form";
	return NULL;
}

static const char *check_tree(const struct shadow *s, unsigned root, const struct shadow_node *n)
{
	const char *e = NULL;

	for (unsigned k = 0; k < PAGING_DIR_ENTRIES && !e; k++) {
		e = check_below(s, root, n, k);
		if (!e && node_level(n) > 1 && bit_get(n->live, k))
			e = check_tree(s, root, tree_child(s, n, k));
	}
	return e;
}

/* Slots first, first + step … of a root; all of its directories. */
static const char *check_root(const struct shadow *s, unsigned root, unsigned first, unsigned step)
{
	const char *e = NULL;

	for (unsigned v = 0; v < SHADOW_VIEWS && !e; v++) {
		const struct shadow_node *top = top_node(s, root, v);

		if (top->key && tree_is_marked(top) && !s->pool.root[root].attention)
			e = "a marked root does not want attention";
		else if (top->key)
			e = check_tree(s, root, top);
		for (unsigned slot = first; slot < SHADOW_SLOTS && !e; slot += step)
			e = check_slot(s, root, v, slot);
	}
	return e;
}

#define TURNS 64

const char *shadow_check(const struct shadow *s, bool all)
{
	unsigned turn = s->clock % TURNS, step = all ? 1 : TURNS;
	const char *e = check_root(s, s->loaded, turn % step, step);

	if (!e)
		e = check_root(s, turn % SHADOW_ROOTS, turn % step, step);
	for (unsigned k = 1; k <= s->pool.nodes + TOPS && !e; k++)
		if (s->pool.node[k].key &&
		    (k % TURNS == turn || (all && s->pool.node[k].roots >> s->loaded & 1)))
			e = check_node(s, &s->pool.node[k]);
	return e;
}
