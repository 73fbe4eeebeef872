/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaves of nodes, and the host's TLB that holds them. See shadow_node.h. Invariant: what the TLB
 * holds under the ASIDs of the loaded root (once it is active) allows nothing that the leaves do
 * not; what it holds under others is noted as late. A fresh ASID has nothing in the TLB.
 */
#include "kernel/panic.h"
#include "kernel/phys.h"
#include "mm/shadow_node.h"

#define FEW_LEAVES 8		/* up to here forget page by page */

/* -- ASIDs --------------------------------------------------------------- */

/* Numbers have run out: all may be used again once the TLB is empty. */
static void wrap(struct shadow *s)
{
	s->count.asid_wraps++;
	paging_drop_all();
	s->next_asid = 1;
	for (unsigned r = 0; r < SHADOW_ROOTS; r++) {
		for (unsigned v = 0; v < SHADOW_VIEWS; v++)
			tlb_forget_half(s, r, v);
		s->pool.root[r].attention = true;
	}
}

static __attribute__((noinline)) void drop_wide(struct shadow *s, const struct shadow_root *r,
						unsigned v, gva_t va)
{
	s->count.invalidations++;
	if (r->view[PAGING_NARROW][v].asid && !(va.a >> 32))
		paging_drop_page(r->view[PAGING_NARROW][v].asid, va);
	paging_drop_page_wide(r->view[PAGING_WIDE][v].asid, va);
}

/* Under each form's number that there is. The narrow form has addresses below 4 GiB. */
static inline void drop_page(struct shadow *s, const struct shadow_root *r, unsigned v, gva_t va)
{
	if (r->view[PAGING_WIDE][v].asid) {
		drop_wide(s, r, v, va);
	} else if (!(va.a >> 32)) {
		s->count.invalidations++;
		paging_drop_page(r->view[PAGING_NARROW][v].asid, va);
	}
}

static void make_ready(struct shadow *s, struct shadow_root *r, unsigned v)
{
	struct shadow_view *view = &r->view[s->wide][v];
	struct shadow_half *h = &r->half[v];

	if (!view->asid) {
		if (s->next_asid > PAGING_ASID_MAX)
			wrap(s);
		view->asid = s->next_asid++;
		s->count.asid_switches++;
	}
	for (unsigned k = 0; k < h->lates; k++)
		drop_page(s, r, v, gva(h->late[k] << 12));
	h->lates = 0;
}

static bool are_ready(const struct shadow *s, const struct shadow_root *r)
{
	for (unsigned v = 0; v < s->views; v++)
		if (!r->view[s->wide][v].asid || r->half[v].lates)
			return false;
	return true;
}

/* A later one's may make numbers run out: then an earlier one has none any more. */
void tlb_activate(struct shadow *s)
{
	struct shadow_root *r = loaded_root(s);

	while (!are_ready(s, r))
		for (unsigned v = 0; v < s->views; v++)
			make_ready(s, r, v);
	must(tlb_activate_ready(s, r));
}

void tlb_forget_half(struct shadow *s, unsigned root, unsigned view)
{
	struct shadow_root *r = &s->pool.root[root];

	r->view[PAGING_NARROW][view].asid = r->view[PAGING_WIDE][view].asid = 0;
	r->half[view].lates = 0;
}

static bool has_asid(const struct shadow *s, unsigned root, unsigned view)
{
	const struct shadow_root *r = &s->pool.root[root];

	return r->view[PAGING_NARROW][view].asid | r->view[PAGING_WIDE][view].asid;
}

static bool is_active(const struct shadow *s, unsigned root)
{
	return root == s->loaded && !s->settling;
}

/* A half's ASID is not to be used any more. */
static void tlb_renew(struct shadow *s, unsigned root, unsigned view)
{
	tlb_forget_half(s, root, view);
	s->pool.root[root].attention = true;
	if (is_active(s, root))
		tlb_activate(s);
}

/* A pair of pages is forgotten at once. */
static void forget_page(struct shadow *s, unsigned root, unsigned view, gva_t va)
{
	struct shadow_half *h = half_of(s, root, view);

	if (!has_asid(s, root, view))
		return;
	if (is_active(s, root)) {
		drop_page(s, &s->pool.root[root], view, va);
		return;
	}
	for (unsigned k = 0; k < h->lates; k++)
		if (h->late[k] >> 1 == va.a >> 13)
			return;
	if (h->lates == HALF_LATE) {
		tlb_renew(s, root, view);
		return;
	}
	h->late[h->lates++] = va.a >> 12;
	s->pool.root[root].attention = true;
}

/* Leaf k of a node, under all roots. */
static void forget_leaf(struct shadow *s, const struct shadow_node *n, unsigned k)
{
	if (n->roots == 1ull << s->loaded && !n->multi && !s->settling) {
		drop_page(s, loaded_root(s), node_view(n), page_at(n->slot, k));
		return;
	}
	for (u64 roots = n->roots; roots; roots &= roots - 1) {
		unsigned r = (unsigned)__builtin_ctzll(roots);

		if (n->multi)
			tlb_renew(s, r, node_view(n));
		else
			forget_page(s, r, node_view(n), page_at(n->slot, k));
	}
}

static unsigned valid_leaves(const struct shadow *s, const struct shadow_node *n)
{
	const pte_t *p = node_leaves(s, n);
	unsigned count = 0;

	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 live = n->live[w]; live; live &= live - 1)
			count += pte_valid(p[w * 64 + (unsigned)__builtin_ctzll(live)]);
	return count;
}

void tlb_forget_node(struct shadow *s, unsigned root, const struct shadow_node *n, unsigned slot)
{
	const pte_t *p = node_leaves(s, n);
	unsigned view = node_view(n);

	if (!has_asid(s, root, view))
		return;
	if (valid_leaves(s, n) > FEW_LEAVES) {
		tlb_renew(s, root, view);
		return;
	}
	for (unsigned w = 0; w < LEAF_WORDS; w++)
		for (u64 live = n->live[w]; live; live &= live - 1) {
			unsigned k = w * 64 + (unsigned)__builtin_ctzll(live);

			if (pte_valid(p[k]))
				forget_page(s, root, view, page_at(slot, k));
		}
}

/* -- leaves -------------------------------------------------------------- */

/* Does p allow all that old did, for the same page? An invalid leaf allows nothing. */
static bool only_adds(pte_t old, pte_t p)
{
	return !pte_valid(old) ||
	       (pte_page(old).a == pte_page(p).a && (!pte_writable(old) || pte_writable(p)));
}

void leaf_set(struct shadow *s, struct shadow_node *n, gva_t va, pte_t pte, bool settled)
{
	unsigned k = index_of(va);
	pte_t *p = node_leaves(s, n) + k, old = *p;

	if (bit_get(n->fetched, k) && pte_page(old).a != pte_page(pte).a)
		code_page_gone(s, n, k);
	*p = pte;
	bit_set(n->live, k);
	if (settled && old == pte)
		return;
	if (pte_valid(old) && pte_page(old).a == pte_page(pte).a)
		s->count.upgrades++;
	else
		s->count.fills++;
	if (!only_adds(old, pte))
		forget_leaf(s, n, k);
	else if (node_view(n) == s->current && s->wide)
		paging_upgrade_wide(va, p);
	else if (node_view(n) == s->current)
		paging_upgrade(va, p);
	else
		forget_page(s, s->loaded, node_view(n), va);
}

void leaf_protect(struct shadow *s, struct shadow_node *n, unsigned k)
{
	pte_t *p = node_leaves(s, n) + k;

	if (!pte_writable(*p))
		return;
	*p = pte_make(pte_page(*p), false);
	s->count.protects++;
	forget_leaf(s, n, k);
}

void leaf_replace(struct shadow *s, struct shadow_node *n, unsigned k, pte_t pte)
{
	s->count.replaced++;
	node_leaves(s, n)[k] = pte;
	forget_leaf(s, n, k);
}

void leaf_drop(struct shadow *s, struct shadow_node *n, unsigned k)
{
	pte_t *p = node_leaves(s, n) + k, old = *p;

	if (bit_get(n->fetched, k)) {
		*p = pte_hidden(old);
	} else {
		*p = 0;
		bit_clear(n->live, k);
	}
	if (!pte_valid(old))
		return;
	s->count.drops++;
	forget_leaf(s, n, k);
}

void leaf_clear_all(struct shadow *s, struct shadow_node *n)
{
	pte_t *leaf = node_leaves(s, n);

	for (unsigned w = 0; w < LEAF_WORDS; w++, leaf += 64)
		for (; n->live[w]; n->live[w] &= n->live[w] - 1, s->count.drops++)
			leaf[__builtin_ctzll(n->live[w])] = 0;
}
