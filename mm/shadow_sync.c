/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flushes: the log of opened tables, when tables are watched, nodes compared with their guest
 * tables. See shadow_node.h. Invariant: after shadow_settle the nodes under the loaded root agree
 * with the guest's tables; one that is not dirty still does until the log has its table.
 */
#include "kernel/panic.h"
#include "kernel/phys.h"
#include "mm/gpa.h"
#include "mm/shadow_node.h"

#define PATIENCE_MAX 64
#define LASTED 32		/* flushes that make a watch worth its trap */

struct sync_log sync_log;

/* On any core, and by whoever writes for a device. */
static void note_opened(u32 frame)
{
	u64 head;

	lock_take(&sync_log.lock);
	head = sync_log.head;
	__atomic_store_n(&sync_log.entry[head % SYNC_LOG], (head + 1) << 32 | frame,
			 __ATOMIC_RELEASE);
	__atomic_store_n(&sync_log.head, head + 1, __ATOMIC_RELEASE);
	lock_drop(&sync_log.lock);
}

void sync_log_init(struct shadow *s)
{
	s->cursor = sync_log_head();
	frame_on_ptable_write(note_opened);
}

/* -- reading the log ----------------------------------------------------- */

void sync_mark(struct shadow *s, unsigned root, const struct shadow_node *n)
{
	struct shadow_half *h = half_of(s, root, node_view(n));

	if (key_form(n->key) == FORM_LONG) {
		tree_mark(s, root, n);
		return;
	}
	s->pool.root[root].attention = true;
	if (!n->multi) {
		bit_set(h->open, n->slot);
		h->open_words |= 1u << n->slot / 64;
		return;
	}
	for (unsigned slot = 0; slot < SHADOW_SLOTS; slot++)
		if (h->node[slot] == node_number(s, n)) {
			bit_set(h->open, slot);
			h->open_words |= 1u << slot / 64;
		}
}

static void mark_node(struct shadow *s, struct shadow_node *n)
{
	n->dirty = true;
	for (u64 roots = n->roots; roots; roots &= roots - 1)
		sync_mark(s, (unsigned)__builtin_ctzll(roots), n);
}

static void table_opened(struct shadow *s, struct shadow_table *t)
{
	if (!t->open && s->clock - t->since >= LASTED)
		t->patience = t->patience > 1 ? t->patience / 2 : 1;
	else if (!t->open)
		t->patience = t->patience * 2 < PATIENCE_MAX ? t->patience * 2 : PATIENCE_MAX;
	t->open = true;
	t->quiet = 0;
	for (unsigned k = t->node; k; k = s->pool.node[k].sibling)
		mark_node(s, &s->pool.node[k]);
	for (u64 roots = t->dir_of; roots; roots &= roots - 1) {
		struct shadow_root *r = &s->pool.root[__builtin_ctzll(roots)];

		r->attention = r->dirs_open = true;
	}
}

static void all_opened(struct shadow *s)
{
	for (unsigned k = 1; k <= s->pool.tables; k++)
		if (s->pool.table[k].node || s->pool.table[k].dir_of)
			table_opened(s, &s->pool.table[k]);
}

/* Entry k of the log. False: it has been written over. */
static bool log_get(u64 k, u32 *frame)
{
	u64 e = __atomic_load_n(&sync_log.entry[k % SYNC_LOG], __ATOMIC_ACQUIRE);

	*frame = (u32)e;
	return (u32)(e >> 32) == (u32)(k + 1);
}

static __attribute__((noinline)) void read_log(struct shadow *s)
{
	u64 head = __atomic_load_n(&sync_log.head, __ATOMIC_ACQUIRE);
	struct shadow_table *t;
	u32 frame;

	for (; s->cursor != head; s->cursor++) {
		if (head - s->cursor > SYNC_LOG || !log_get(s->cursor, &frame)) {
			all_opened(s);
			s->cursor = head;
			return;
		}
		s->count.opened++;
		t = table_find(s, frame);
		if (t)
			table_opened(s, t);
	}
}

void sync_read_log(struct shadow *s)
{
	if (s->cursor != sync_log_head())
		read_log(s);
}

/* -- comparing ----------------------------------------------------------- */

/* Is the table open? One that has been quiet for long enough is watched now. */
static bool is_open(struct shadow *s, struct shadow_table *t)
{
	if (!t->open || t->seen == s->clock)
		return t->open;
	t->seen = s->clock;
	if (t->quiet < t->patience) {
		t->quiet++;
		return true;
	}
	s->count.table_watches++;
	frame_watch(t->frame, WATCH_PTABLE);
	t->open = false;
	t->since = s->clock;
	return false;
}

static hpa_t memory_at(gpa_t page)
{
	u32 frame;

	if (gpa_is_fast(page))
		return ptr_to_phys(gpa_map.ram + page.a);
	frame = gpa_lookup(page).frame;
	return frame == FRAME_NONE ? hpa(0) : gpa_frame_hpa(frame);
}

/* The leaf was used, so the page that is there now will be. The entry has A: it may be cached. */
static void replace(struct shadow *s, struct shadow_node *n, unsigned k,
		    const struct form_leaf *want)
{
	struct gpa_page place = gpa_lookup(want->page);
	bool writable = want->may_write && place.kind == GPA_RAM && !frame_watched(place.frame) &&
			frame_add_writer(s->frames, place.frame,
					 node_number(s, n) * PAGING_LEAF_ENTRIES + k);

	leaf_replace(s, n, k, pte_make(gpa_frame_hpa(place.frame), writable));
}

void sync_leaf(struct shadow *s, struct shadow_node *n, unsigned k)
{
	pte_t now = node_leaves(s, n)[k];
	struct form_leaf want;
	bool there = form_leaf_of(s, n, form_entry(s, n, k), &want);
	hpa_t page = there ? memory_at(want.page) : hpa(0);

	s->count.compared++;
	if (there && page.a == pte_page(now).a) {
		if (bit_get(n->fetched, k) && (want.nx || (n->global_code && !want.global)))
			code_page_gone(s, n, k);
		if (!want.may_write)
			leaf_protect(s, n, k);
		return;
	}
	s->pool.table[n->table].quiet = 0;
	if (bit_get(n->fetched, k))
		code_page_gone(s, n, k);
	if (page.a && pte_valid(now))
		replace(s, n, k, &want);
	else
		leaf_drop(s, n, k);
}

void sync_node(struct shadow *s, struct shadow_node *n)
{
	bool open = is_open(s, &s->pool.table[n->table]);

	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 live = n->live[w]; live; live &= live - 1)
			sync_leaf(s, n, w * 64 + (unsigned)__builtin_ctzll(live));
	n->dirty = open;
}

/* -- comparing directories of four levels --------------------------------- */

/* Entries of the guest's directory against the nodes below. */
static void sync_directory(struct shadow *s, struct shadow_node *n)
{
	bool open = is_open(s, &s->pool.table[n->table]);

	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 live = n->live[w]; live; live &= live - 1) {
			unsigned k = w * 64 + (unsigned)__builtin_ctzll(live);

			s->count.compared++;
			if (form_gives_below(s, n, k, tree_child(s, n, k)->key))
				continue;
			s->pool.table[n->table].quiet = 0;
			tree_unhook(s, n, k);
		}
	n->dirty = open;
}

static void sync_below(struct shadow *s, struct shadow_node *n, unsigned k)
{
	struct shadow_node *c = tree_child(s, n, k);

	if (c->dirty && !c->table) {	/* not RAM: it cannot be watched */
		tree_unhook(s, n, k);
		return;
	}
	if (node_level(c))
		sync_tree(s, c);
	else if (c->dirty)
		sync_node(s, c);
	if (!tree_is_marked(c))
		bit_clear(n->open, k);
}

void sync_tree(struct shadow *s, struct shadow_node *n)
{
	if (n->dirty && n->table)
		sync_directory(s, n);
	else if (n->dirty)
		tree_unhook_all(s, n);
	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 map = n->open[w]; map; map &= map - 1)
			sync_below(s, n, w * 64 + (unsigned)__builtin_ctzll(map));
}

/* -- a flush ------------------------------------------------------------- */

/* Has the root a directory k? 32-bit paging has one, whatever its address. */
static bool has_dir(const struct shadow_root *r, unsigned k)
{
	return key_form(r->mode) == FORM_PAE ? r->key[k] & 1 : k == 0;
}

/* False: a directory may have changed at the next flush without anybody saying so. */
static bool watch_dirs(struct shadow *s, struct shadow_root *r)
{
	bool all = true;

	for (unsigned k = 0; k < DIRS; k++)
		if (has_dir(r, k))
			all &= r->dir[k] != FRAME_NONE && !is_open(s, table_find(s, r->dir[k]));
	return all;
}

static void dirs_changed(struct shadow *s, const struct shadow_root *r)
{
	for (unsigned k = 0; k < DIRS; k++)
		if (r->dir[k] != FRAME_NONE)
			table_find(s, r->dir[k])->quiet = 0;
}

static void sync_dirs(struct shadow *s, struct shadow_root *r)
{
	r->dirs_open = !watch_dirs(s, r);
	for (unsigned v = 0; v < s->views; v++)
		for (unsigned w = 0; w < SLOT_WORDS; w++)
			for (u64 map = r->half[v].hooked[w]; map; map &= map - 1) {
				unsigned slot = w * 64 + (unsigned)__builtin_ctzll(map);
				const struct shadow_node *n = &s->pool.node[r->half[v].node[slot]];

				if (form_gives(s, s->loaded, v, slot, n->key))
					continue;
				dirs_changed(s, r);
				node_unhook(s, s->loaded, v, slot);
			}
}

static void sync_slot(struct shadow *s, struct shadow_half *h, unsigned slot)
{
	struct shadow_node *n = &s->pool.node[h->node[slot]];

	if (n->dirty && !n->table) {	/* not RAM: it cannot be watched */
		node_unhook(s, s->loaded, node_view(n), slot);
		return;
	}
	if (n->dirty)
		sync_node(s, n);
	if (!n->dirty)
		bit_clear(h->open, slot);
}

static void sync_half(struct shadow *s, struct shadow_half *h)
{
	for (u32 words = h->open_words; words; words &= words - 1) {
		unsigned w = (unsigned)__builtin_ctz(words);

		for (u64 map = h->open[w]; map; map &= map - 1)
			sync_slot(s, h, w * 64 + (unsigned)__builtin_ctzll(map));
		if (!h->open[w])
			h->open_words &= ~(1u << w);
	}
}

static __attribute__((noinline)) void sync_loaded(struct shadow *s)
{
	struct shadow_root *r = loaded_root(s);
	bool again;

	s->settling = true;
	if (r->dirs_open)
		sync_dirs(s, r);
	for (unsigned v = 0; v < s->views; v++) {
		if (s->four)
			sync_tree(s, top_node(s, s->loaded, v));
		else
			sync_half(s, &r->half[v]);
	}
	if (s->debug_pages)
		shadow_apply_debug(s);
	s->settling = false;
	again = r->dirs_open;
	for (unsigned v = 0; v < s->views; v++)
		again |= s->four ? tree_is_marked(top_node(s, s->loaded, v)) :
			 r->half[v].open_words != 0;
	r->attention = again;
}

void sync_verify(const struct shadow *s)
{
	const char *e = shadow_check(s, s->verify == SHADOW_VERIFY_ALL);

	if (e)
		panic("shadow: %s", e);
}

void shadow_settle(struct shadow *s)
{
	struct shadow_root *r = loaded_root(s);

	r->used = ++s->clock;
	sync_read_log(s);
	if (r->attention || s->debug_pages)
		sync_loaded(s);
	tlb_activate(s);
	if (s->verify)
		sync_verify(s);
}
