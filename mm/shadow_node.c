/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Roots, nodes, tables: found, made, given up; and hooked, where there are two levels (four:
 * shadow_tree.c). See shadow_node.h. Not what is in a node.
 * Invariant: bit r of a node's `roots` is set if and only if a slot of root r names it; a node
 * that no root has is idle, and has no page that is fetched from.
 */
#include <string.h>

#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "mm/gpa.h"
#include "mm/shadow_node.h"
#include "mm/x86_entry.h"

#define PATIENCE 1		/* of a table that nothing is known of */

static unsigned hash(const struct shadow *s, u64 v)
{
	return (unsigned)((v ^ v >> 29) * 0x9e3779b97f4a7c15ull >> 40) & (s->pool.buckets - 1);
}

/* -- tables -------------------------------------------------------------- */

struct shadow_table *table_find(struct shadow *s, u32 frame)
{
	struct shadow_pool *p = &s->pool;

	for (unsigned k = p->table_bucket[hash(s, frame)]; k; k = p->table[k].next)
		if (p->table[k].frame == frame)
			return &p->table[k];
	return NULL;
}

/* The pool has one for each node and for each directory that there can be. */
static struct shadow_table *table_get(struct shadow *s, u32 frame)
{
	struct shadow_table *t = table_find(s, frame);
	struct shadow_pool *p = &s->pool;
	u16 *bucket = &p->table_bucket[hash(s, frame)];
	unsigned k = p->free_table;

	if (t)
		return t;
	must(k);
	p->free_table = p->table[k].next;
	p->table[k] = (struct shadow_table){
		.frame = frame, .next = *bucket, .open = true, .patience = PATIENCE,
	};
	*bucket = (u16)k;
	return &p->table[k];
}

/* The frame stays watched, if it is: its first store ends that. */
static void table_put(struct shadow *s, struct shadow_table *t)
{
	struct shadow_pool *p = &s->pool;
	u16 number = (u16)(t - p->table), *at = &p->table_bucket[hash(s, t->frame)];

	if (t->node || t->dir_of)
		return;
	while (*at != number)
		at = &p->table[*at].next;
	*at = t->next;
	t->next = p->free_table;
	p->free_table = number;
}

/* -- idle nodes ---------------------------------------------------------- */

static void idle_remove(struct shadow *s, struct shadow_node *n)
{
	struct shadow_pool *p = &s->pool;

	*(n->older ? &p->node[n->older].newer : &p->idle_first) = n->newer;
	*(n->newer ? &p->node[n->newer].older : &p->idle_last) = n->older;
	n->older = n->newer = 0;
}

static void idle_add(struct shadow *s, struct shadow_node *n)
{
	struct shadow_pool *p = &s->pool;
	u16 number = (u16)node_number(s, n);

	n->older = p->idle_last;
	n->newer = 0;
	*(n->older ? &p->node[n->older].newer : &p->idle_first) = number;
	p->idle_last = number;
}

/* -- nodes --------------------------------------------------------------- */

/* Of four levels, the slot goes with the key. */
static u16 *bucket_of(const struct shadow *s, u64 key, unsigned slot)
{
	u64 place = key_form(key) == FORM_LONG ? (u64)slot << 14 : 0;

	return &s->pool.node_bucket[hash(s, key ^ place)];
}

static struct shadow_node *node_find(const struct shadow *s, u64 key, unsigned slot)
{
	const struct shadow_pool *p = &s->pool;

	for (unsigned k = *bucket_of(s, key, slot); k; k = p->node[k].next)
		if (p->node[k].key == key &&
		    (p->node[k].slot == slot || key_form(key) != FORM_LONG))
			return &p->node[k];
	return NULL;
}

void node_enter_table(struct shadow *s, struct shadow_node *n)
{
	u32 frame = form_table_frame(n->key);
	struct shadow_table *t;

	if (frame == FRAME_NONE)
		return;
	t = table_get(s, frame);
	n->table = (u32)(t - s->pool.table);
	n->sibling = t->node;
	t->node = (u16)node_number(s, n);
}

void node_leave_table(struct shadow *s, struct shadow_node *n)
{
	struct shadow_pool *p = &s->pool;
	struct shadow_table *t = &p->table[n->table];
	u16 *at = &t->node;

	if (!n->table)
		return;
	while (*at != node_number(s, n))
		at = &p->node[*at].sibling;
	*at = n->sibling;
	table_put(s, t);
}

/* An idle one. */
static void node_free(struct shadow *s, struct shadow_node *n)
{
	struct shadow_pool *p = &s->pool;
	u16 *at = bucket_of(s, n->key, n->slot);
	unsigned level = node_level(n);

	while (*at != node_number(s, n))
		at = &p->node[*at].next;
	*at = n->next;
	idle_remove(s, n);
	node_leave_table(s, n);
	if (!level)
		leaf_clear_all(s, n);
	n->key = 0;
	n->next = p->free_node[level];
	p->free_node[level] = (u16)node_number(s, n);
}

/* Is one free that was of some level last? The level, or TOP_LEVEL. */
static unsigned free_level(const struct shadow_pool *p)
{
	unsigned level = 0;

	while (level < TOP_LEVEL && !p->free_node[level])
		level++;
	return level;
}

/* A free node, empty as a node of this level is. There is one. */
static struct shadow_node *take_free(struct shadow *s, unsigned level)
{
	struct shadow_pool *p = &s->pool;
	unsigned from = p->free_node[level] ? level : free_level(p);
	struct shadow_node *n = &p->node[p->free_node[from]];

	p->free_node[from] = n->next;
	if (from == level)
		return n;
	if (level)
		paging_dir_init(node_leaves(s, n), level);
	else
		memset(node_leaves(s, n), 0, FRAME_SIZE);
	return n;
}

static void root_free(struct shadow *s, unsigned r);

/* The root that was loaded longest ago, not the one that is; SHADOW_ROOTS: there is none. */
static unsigned oldest_root(const struct shadow *s)
{
	unsigned oldest = SHADOW_ROOTS;

	for (unsigned r = 0; r < SHADOW_ROOTS; r++)
		if (r != s->loaded && s->pool.root[r].mode &&
		    (oldest == SHADOW_ROOTS ||
		     s->pool.root[r].used < s->pool.root[oldest].used))
			oldest = r;
	return oldest;
}

static void unhook_all(struct shadow *s, unsigned r)
{
	for (unsigned v = 0; v < SHADOW_VIEWS; v++) {
		if (top_node(s, r, v)->key) {
			tree_unhook_all(s, top_node(s, r, v));
			continue;
		}
		for (unsigned w = 0; w < SLOT_WORDS; w++)
			for (u64 *map = &half_of(s, r, v)->hooked[w]; *map;)
				node_unhook(s, r, v, w * 64 + (unsigned)__builtin_ctzll(*map));
	}
}

/* Nodes have run out: give up what was not used for longest. */
void node_reserve(struct shadow *s, unsigned count)
{
	unsigned r;

	while (s->pool.spare < count) {
		r = oldest_root(s);
		s->count.recycles++;
		trace(SHADOW, "shadow: out of nodes, root %u goes\n", r);
		if (r == SHADOW_ROOTS)
			unhook_all(s, s->loaded);
		else
			root_free(s, r);
	}
}

static struct shadow_node *node_make(struct shadow *s, u64 key, unsigned slot)
{
	struct shadow_pool *p = &s->pool;
	struct shadow_node *n;
	u16 *bucket;

	node_reserve(s, 1);
	if (free_level(p) == TOP_LEVEL)
		node_free(s, &p->node[p->idle_first]);
	n = take_free(s, key >> KEY_LEVEL_SHIFT & 3);
	bucket = bucket_of(s, key, slot);
	*n = (struct shadow_node){
		.key = key, .slot = slot, .next = *bucket, .whole = form_is_whole(key),
	};
	*bucket = (u16)node_number(s, n);
	n->dirty = !n->whole;
	node_enter_table(s, n);
	idle_add(s, n);
	return n;
}

struct shadow_node *node_get(struct shadow *s, u64 key, unsigned slot)
{
	struct shadow_node *n = node_find(s, key, slot);

	return n ? n : node_make(s, key, slot);
}

void node_wake(struct shadow *s, struct shadow_node *n)
{
	idle_remove(s, n);
	s->pool.spare--;
}

/* What is kept for its leaves is a node whose table can be watched, or whose key says all. */
void node_sleep(struct shadow *s, struct shadow_node *n)
{
	code_idle(s, n);
	n->multi = false;
	idle_add(s, n);
	s->pool.spare++;
	if (node_level(n) || (!n->table && !n->whole))
		node_free(s, n);
}

/* -- hooking ------------------------------------------------------------- */

/*
 * A table that belonged to an address space that is gone may be at another place in the next one:
 * directories that do not name it any more lose it, so that few nodes are at several slots.
 */
static void leave_old_slot(struct shadow *s, struct shadow_node *n)
{
	for (u64 roots = n->roots; roots; roots &= roots - 1) {
		unsigned r = (unsigned)__builtin_ctzll(roots);

		if (!form_gives(s, r, node_view(n), n->slot, n->key))
			node_unhook(s, r, node_view(n), n->slot);
	}
}

static void hook(struct shadow *s, unsigned view, unsigned slot, struct shadow_node *n)
{
	struct shadow_half *h = half_of(s, s->loaded, view);

	s->count.hooks++;
	sync_read_log(s);
	if (n->dirty && n->table)
		sync_node(s, n);
	if (n->roots && n->slot != slot && !n->multi && n->table)
		leave_old_slot(s, n);
	if (n->roots) {
		n->multi |= n->slot != slot;
	} else {
		node_wake(s, n);
		n->slot = slot;
	}
	n->roots |= 1ull << s->loaded;
	h->node[slot] = (u16)node_number(s, n);
	bit_set(h->hooked, slot);
	paging_root_set(h->entries, slot, ptr_to_phys(node_leaves(s, n)));
	if (n->dirty)
		sync_mark(s, s->loaded, n);
	if (s->debug_pages)
		shadow_apply_debug(s);
}

static bool still_hooked(const struct shadow *s, unsigned root, const struct shadow_node *n)
{
	const struct shadow_half *h = half_of(s, root, node_view(n));

	for (unsigned slot = 0; n->multi && slot < SHADOW_SLOTS; slot++)
		if (h->node[slot] == node_number(s, n))
			return true;
	return false;
}

void node_unhook(struct shadow *s, unsigned root, unsigned view, unsigned slot)
{
	struct shadow_half *h = half_of(s, root, view);
	struct shadow_node *n = &s->pool.node[h->node[slot]];

	s->count.unhooks++;
	near_forget(s);
	h->node[slot] = 0;
	bit_clear(h->hooked, slot);
	bit_clear(h->open, slot);
	paging_root_set(h->entries, slot, hpa(0));
	tlb_forget_node(s, root, n, slot);
	code_unhooked(s, root, n, slot);
	if (still_hooked(s, root, n))
		return;
	n->roots &= ~(1ull << root);
	if (!n->roots)
		node_sleep(s, n);
}

struct shadow_node *node_at(const struct shadow *s, unsigned view, gva_t va)
{
	unsigned slot = slot_of(s, va);

	return s->four ? tree_find(s, s->loaded, view, slot, 0) : node_in_slot(s, view, slot);
}

/* Of two levels, the directory's entry is the first. */
struct shadow_node *node_for(struct shadow *s, unsigned view, gva_t va, const struct x86_walk *w)
{
	unsigned slot = (u32)va.a >> SLOT_SHIFT;
	u64 entry = w->steps ? w->step[0].entry : 0, key;
	struct shadow_node *n;

	if (s->four)
		return tree_for(s, view, va, w);
	n = node_in_slot(s, view, slot);
	if (n && n->entry == entry)	/* with this slot's part it gave n's key */
		return n;
	key = form_key(s, view, slot, entry);
	if (!n || n->key != key) {
		if (n)
			node_unhook(s, s->loaded, view, slot);
		n = node_get(s, key, slot);
		hook(s, view, slot, n);
	}
	n->entry = entry;
	return n;
}

/* -- roots --------------------------------------------------------------- */

static void leave_dirs(struct shadow *s, unsigned r)
{
	struct shadow_root *root = &s->pool.root[r];

	for (unsigned k = 0; k < DIRS; k++) {
		struct shadow_table *t = NULL;

		if (root->dir[k] != FRAME_NONE)
			t = table_find(s, root->dir[k]);
		root->dir[k] = FRAME_NONE;
		if (!t)
			continue;		/* named twice */
		t->dir_of &= ~(1ull << r);
		table_put(s, t);
	}
}

static void root_free(struct shadow *s, unsigned r)
{
	struct shadow_root *root = &s->pool.root[r];

	code_all_gone(s, r);
	root->mode = 0;
	for (unsigned v = 0; v < SHADOW_VIEWS; v++)
		tlb_forget_half(s, r, v);
	unhook_all(s, r);
	for (unsigned v = 0; v < SHADOW_VIEWS; v++)
		if (top_node(s, r, v)->key)
			tree_fell(s, r, v);
	leave_dirs(s, r);
}

static void root_make(struct shadow *s, unsigned r, const u64 key[DIRS])
{
	struct shadow_root *root = &s->pool.root[r];

	if (root->mode)
		root_free(s, r);
	root->mode = s->mode;
	memcpy(root->key, key, sizeof(root->key));
	form_dirs(s, root);
	for (unsigned k = 0; k < DIRS; k++)
		if (root->dir[k] != FRAME_NONE)
			table_get(s, root->dir[k])->dir_of |= 1ull << r;
	root->attention = true;
	root->dirs_open = key_form(s->mode) == FORM_32 || key_form(s->mode) == FORM_PAE;
	for (unsigned v = 0; v < SHADOW_VIEWS; v++)
		root->half[v].open_words = 0;
	for (unsigned v = 0; s->four && v < s->views; v++)
		tree_plant(s, r, v);
}

static bool is_root(const struct shadow *s, const struct shadow_root *r, const u64 key[DIRS])
{
	return r->mode == s->mode && r->key[0] == key[0] && r->key[1] == key[1] &&
	       r->key[2] == key[2] && r->key[3] == key[3];
}

static struct shadow_root *root_search(struct shadow *s, const u64 key[DIRS], bool *new)
{
	unsigned r, free = SHADOW_ROOTS;

	for (r = 0; r < SHADOW_ROOTS && !is_root(s, &s->pool.root[r], key); r++)
		if (!s->pool.root[r].mode)
			free = r;
	if (r == SHADOW_ROOTS) {
		*new = true;
		r = free < SHADOW_ROOTS ? free : oldest_root(s);
		root_make(s, r, key);
	}
	return &s->pool.root[r];
}

struct shadow_root *root_find(struct shadow *s, bool *new)
{
	const struct x86_paging *p = &s->paging;
	u64 key[DIRS] = { p->cr3 & s->cr3_mask };
	struct shadow_root **guess;

	if (key_form(s->mode) == FORM_PAE)
		for (unsigned k = 0; k < DIRS; k++)
			key[k] = p->pdpte[k] & E_P ? p->pdpte[k] & (E_ADDR | E_P) : 0;
	guess = root_guess(s, key[0] ^ key[3]);
	*new = false;
	if (!is_root(s, *guess, key))
		*guess = root_search(s, key, new);
	return *guess;
}

/* -- all ----------------------------------------------------------------- */

void node_drop_all(struct shadow *s)
{
	code_all_gone(s, SHADOW_ALL_ROOTS);
	near_forget(s);
	for (unsigned r = 0; r < SHADOW_ROOTS; r++)
		if (s->pool.root[r].mode)
			root_free(s, r);
	while (s->pool.idle_first)
		node_free(s, &s->pool.node[s->pool.idle_first]);
}

static u64 pages_for(u64 bytes) { return align_up(bytes, FRAME_SIZE); }

static u32 buckets_for(u32 nodes)
{
	u32 n = 64;

	while (n < nodes)
		n *= 2;
	return n;
}

/* One for each node, and for each directory of a root: four of PAE's are more than one top's. */
static u64 tables_for(u32 nodes) { return (u64)nodes + DIRS * SHADOW_ROOTS + 1; }

u64 node_pool_size(u32 nodes)
{
	return SHADOW_ROOTS * SHADOW_VIEWS * ROOT_SIZE + (nodes + (u64)TOPS) * FRAME_SIZE +
	       pages_for(SHADOW_ROOTS * sizeof(struct shadow_root)) +
	       pages_for((nodes + 1ull + TOPS) * sizeof(struct shadow_node)) +
	       pages_for(tables_for(nodes) * sizeof(struct shadow_table)) +
	       pages_for(2 * buckets_for(nodes) * sizeof(u16));
}

static void root_init(struct shadow *s, unsigned n, u8 *mem)
{
	struct shadow_root *r = &s->pool.root[n];

	r->number = (u8)n;
	for (unsigned k = 0; k < DIRS; k++)
		r->dir[k] = FRAME_NONE;
	for (unsigned v = 0; v < SHADOW_VIEWS; v++, mem += ROOT_SIZE) {
		struct shadow_node *node = &s->pool.node[s->pool.nodes + 1 + n * SHADOW_VIEWS + v];
		u64 *top = node_leaves(s, node);

		r->top[v] = node;
		r->half[v].entries = (u64 *)mem;
		paging_root_init((u64 *)mem);
		paging_dir_init(top, TOP_LEVEL);
		r->view[PAGING_NARROW][v].root = ptr_to_phys(mem);
		r->view[PAGING_WIDE][v].root = ptr_to_phys(top);
	}
}

void node_pool_init(struct shadow *s, u8 *mem, u32 nodes)
{
	struct shadow_pool *p = &s->pool;
	u8 *at = mem + SHADOW_ROOTS * SHADOW_VIEWS * ROOT_SIZE;

	memset(mem, 0, node_pool_size(nodes));
	p->leaves = (pte_t *)at - PAGING_LEAF_ENTRIES;		/* there is no node 0 */
	at += (nodes + (u64)TOPS) * FRAME_SIZE;
	p->root = (struct shadow_root *)at;
	at += pages_for(SHADOW_ROOTS * sizeof(struct shadow_root));
	p->node = (struct shadow_node *)at;
	at += pages_for((nodes + 1ull + TOPS) * sizeof(struct shadow_node));
	p->table = (struct shadow_table *)at;
	at += pages_for(tables_for(nodes) * sizeof(struct shadow_table));
	p->nodes = nodes;
	p->tables = (u32)tables_for(nodes) - 1;
	p->buckets = buckets_for(nodes);
	p->node_bucket = (u16 *)at;
	p->table_bucket = p->node_bucket + p->buckets;
	p->spare = nodes;
	for (u32 k = nodes; k; k--) {
		p->node[k].next = p->free_node[0];
		p->free_node[0] = (u16)k;
	}
	for (u32 k = p->tables; k; k--) {
		p->table[k].next = p->free_table;
		p->free_table = (u16)k;
	}
	for (unsigned r = 0; r < SHADOW_ROOTS; r++)
		root_init(s, r, mem + (u64)r * SHADOW_VIEWS * ROOT_SIZE);
	for (unsigned k = 0; k < SHADOW_GUESSES; k++)
		p->guess[k] = p->root;
}
