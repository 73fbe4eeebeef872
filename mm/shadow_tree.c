/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes of four levels: a half's top, directories, leaf nodes at the bottom, and the narrow form of
 * the low 4 GiB. See shadow_node.h. Not what is in a leaf node, nor when what is compared.
 * Invariant: bit r of a node's `roots` is set if and only if the way down from root r's top to the
 * node's level and slot ends at it; a directory whose `roots` is 0 is empty.
 */
#include "mm/shadow_node.h"

#include "kernel/phys.h"

static u64 *entries_of(const struct shadow *s, const struct shadow_node *n)
{
	return node_leaves(s, n);
}

struct shadow_node *tree_child(const struct shadow *s, const struct shadow_node *n, unsigned k)
{
	hpa_t table = paging_dir_get(entries_of(s, n), node_level(n), k);

	if (!table.a)
		return NULL;
	return &s->pool.node[((pte_t *)phys_to_ptr(table) - s->pool.leaves) / PAGING_LEAF_ENTRIES];
}

struct shadow_node *tree_find(const struct shadow *s, unsigned root, unsigned view, unsigned slot,
			      unsigned level)
{
	struct shadow_node *n = top_node(s, root, view);

	for (unsigned at = TOP_LEVEL; n && at > level; at--)
		n = tree_child(s, n, tree_index(slot, at));
	return n;
}

/* -- marks --------------------------------------------------------------- */

bool tree_is_marked(const struct shadow_node *n)
{
	u64 any = n->dirty;

	for (unsigned w = 0; node_level(n) && w < LEAF_WORDS; w++)
		any |= n->open[w];
	return any;
}

void tree_mark(struct shadow *s, unsigned root, const struct shadow_node *n)
{
	struct shadow_node *at = top_node(s, root, node_view(n));

	s->pool.root[root].attention = true;
	for (unsigned level = TOP_LEVEL; level > node_level(n); level--) {
		unsigned k = tree_index(n->slot, level);

		bit_set(at->open, k);
		at = tree_child(s, at, k);
	}
}

/* -- roots of a node ----------------------------------------------------- */

/* The narrow form's slot of a leaf node below 4 GiB. */
static void narrow_set(struct shadow *s, unsigned root, const struct shadow_node *n, bool there)
{
	struct shadow_half *h = half_of(s, root, node_view(n));

	if (n->slot >= SHADOW_SLOTS)
		return;
	h->node[n->slot] = there ? (u16)node_number(s, n) : 0;
	if (there)
		bit_set(h->hooked, n->slot);
	else
		bit_clear(h->hooked, n->slot);
	paging_root_set(h->entries, n->slot, there ? ptr_to_phys(node_leaves(s, n)) : hpa(0));
}

/* Roots get a node, and what is below it. */
static void join(struct shadow *s, struct shadow_node *n, u64 roots)
{
	if (!n->roots)
		node_wake(s, n);
	n->roots |= roots;
	if (!node_level(n)) {
		for (; roots; roots &= roots - 1)
			narrow_set(s, (unsigned)__builtin_ctzll(roots), n, true);
		return;
	}
	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 map = n->live[w]; map; map &= map - 1)
			join(s, tree_child(s, n, w * 64 + (unsigned)__builtin_ctzll(map)), roots);
}

static void leave_leaves(struct shadow *s, struct shadow_node *n, u64 roots)
{
	for (; roots; roots &= roots - 1) {
		unsigned r = (unsigned)__builtin_ctzll(roots);

		narrow_set(s, r, n, false);
		tlb_forget_node(s, r, n, n->slot);
		code_unhooked(s, r, n, n->slot);
	}
}

static struct shadow_node *take_out(struct shadow *s, struct shadow_node *n, unsigned k)
{
	struct shadow_node *c = tree_child(s, n, k);

	s->count.unhooks++;
	near_forget(s);
	paging_dir_set(entries_of(s, n), node_level(n), k, hpa(0));
	bit_clear(n->live, k);
	bit_clear(n->open, k);
	return c;
}

/* Roots lose a node, and what is below it. A directory that no root has any more is emptied. */
static void leave(struct shadow *s, struct shadow_node *n, u64 roots)
{
	n->roots &= ~roots;
	if (!node_level(n))
		leave_leaves(s, n, roots);
	for (unsigned w = 0; node_level(n) && w < LEAF_WORDS; w++)
		for (u64 map = n->live[w]; map; map &= map - 1) {
			unsigned k = w * 64 + (unsigned)__builtin_ctzll(map);

			leave(s, n->roots ? tree_child(s, n, k) : take_out(s, n, k), roots);
		}
	if (!n->roots)
		node_sleep(s, n);
}

/* -- hooking ------------------------------------------------------------- */

/* What is stale in the node or below it goes before the loaded root can see it. */
static void hook(struct shadow *s, struct shadow_node *n, unsigned k, struct shadow_node *c)
{
	s->count.hooks++;
	sync_read_log(s);
	if (node_level(c))
		sync_tree(s, c);
	else if (c->dirty && c->table)
		sync_node(s, c);
	paging_dir_set(entries_of(s, n), node_level(n), k, ptr_to_phys(node_leaves(s, c)));
	bit_set(n->live, k);
	join(s, c, n->roots);
	for (u64 roots = tree_is_marked(c) ? n->roots : 0; roots; roots &= roots - 1) {
		tree_mark(s, (unsigned)__builtin_ctzll(roots), c);
	}
	if (s->debug_pages)
		shadow_apply_debug(s);
}

void tree_unhook(struct shadow *s, struct shadow_node *n, unsigned k)
{
	leave(s, take_out(s, n, k), n->roots);
}

void tree_unhook_all(struct shadow *s, struct shadow_node *n)
{
	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 *map = &n->live[w]; *map;)
			tree_unhook(s, n, w * 64 + (unsigned)__builtin_ctzll(*map));
}

/* The node below n for a slot, whose directory entry is `entry`. */
static struct shadow_node *step_down(struct shadow *s, struct shadow_node *n, unsigned slot,
				     u64 entry)
{
	unsigned level = node_level(n), k = tree_index(slot, level);
	struct shadow_node *c = tree_child(s, n, k);
	u64 key = form_below(s, n->key, k, entry);

	if (c && c->key == key)
		return c;
	if (c)
		tree_unhook(s, n, k);
	c = node_get(s, key, slot & ~((1u << 9 * (level - 1)) - 1));
	hook(s, n, k, c);
	return c;
}

/* The entries are the walk's; of a large page's pieces, the last one's. */
struct shadow_node *tree_for(struct shadow *s, unsigned view, gva_t va, const struct x86_walk *w)
{
	struct shadow_node *n;

	node_reserve(s, TOP_LEVEL);
	n = top_node(s, s->loaded, view);
	for (unsigned k = 0; k < TOP_LEVEL; k++)
		n = step_down(s, n, slot_of(s, va), w->step[k].entry);
	return n;
}

struct shadow_node *tree_invlpg(struct shadow *s, unsigned view, gva_t va)
{
	struct shadow_node *n = top_node(s, s->loaded, view), *c;

	for (unsigned level = TOP_LEVEL; level; level--, n = c) {
		unsigned k = tree_index(slot_of(s, va), level);

		if (!bit_get(n->live, k))
			return NULL;
		c = tree_child(s, n, k);
		if (!form_gives_below(s, n, k, c->key)) {
			tree_unhook(s, n, k);
			return NULL;
		}
	}
	return n;
}

/* -- roots --------------------------------------------------------------- */

void tree_plant(struct shadow *s, unsigned root, unsigned view)
{
	struct shadow_node *n = top_node(s, root, view);

	*n = (struct shadow_node){
		.key = form_top(s, root, view), .roots = 1ull << root, .dirty = true,
	};
	node_enter_table(s, n);
}

void tree_fell(struct shadow *s, unsigned root, unsigned view)
{
	struct shadow_node *n = top_node(s, root, view);

	tree_unhook_all(s, n);
	node_leave_table(s, n);
	n->key = 0;
}
