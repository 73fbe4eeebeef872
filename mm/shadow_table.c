/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leaf tables and ASIDs. See shadow_table.h. Invariant: whatever the host's TLB holds under an
 * ASID in use, valid or not, is what the leaves say; a fresh ASID has nothing in the TLB.
 */
#include "mm/shadow_table.h"

#include "kernel/panic.h"
#include "kernel/phys.h"
#include "kernel/printk.h"

#define FEW_LEAVES 8		/* up to here drop page by page */

static unsigned slot_of(gva_t va) { return (u32)va.a >> SHADOW_SLOT_SHIFT; }
static unsigned index_of(gva_t va) { return va.a >> 12 & (PAGING_LEAF_ENTRIES - 1); }

static pte_t *leaves_of(const struct shadow *s, unsigned number)
{
	return s->leaves + (u64)number * PAGING_LEAF_ENTRIES;
}

/* -- ASIDs -------------------------------------------------------------- */

static void take_asid(struct shadow *s, unsigned view)
{
	s->view[view].asid = s->next_asid++;
	s->count.asid_switches++;
	if (s->current == view)
		paging_activate(s->view[view].asid, s->view[view].root);
}

/* Make the host's TLB forget a view. */
static void fresh_asid(struct shadow *s, unsigned view)
{
	if (s->next_asid <= PAGING_ASID_MAX) {
		take_asid(s, view);
		return;
	}
	s->count.asid_wraps++;
	paging_drop_all();
	s->next_asid = 1;
	for (unsigned v = 0; v < SHADOW_VIEWS; v++)
		take_asid(s, v);
}

static void drop_page(struct shadow *s, unsigned view, gva_t va)
{
	s->count.invalidations++;
	paging_drop_page(s->view[view].asid, va);
}

/* -- tables ------------------------------------------------------------- */

static void give_table(struct shadow *s, unsigned view, unsigned slot)
{
	unsigned number = ++s->used;
	struct shadow_table *t = &s->table[number];

	must(number < s->tables);
	t->slot = (u16)slot;
	t->view = (u8)view;
	s->view[view].table[slot] = (u16)number;
	paging_root_set(s->view[view].entries, slot, ptr_to_phys(leaves_of(s, number)));
}

/* Take every table out of its root; they are empty. */
static void recycle_tables(struct shadow *s)
{
	s->count.recycles++;
	trace(SHADOW, "shadow: %u leaf tables are all in use, starting again\n", s->used);
	shadow_drop_everything(s);
	for (unsigned k = 1; k <= s->used; k++) {
		struct shadow_view *v = &s->view[s->table[k].view];

		v->table[s->table[k].slot] = 0;
		paging_root_set(v->entries, s->table[k].slot, hpa(0));
	}
	s->used = 0;
}

unsigned shadow_table_take(struct shadow *s, unsigned view, unsigned slot)
{
	if (s->used + 1 == s->tables)
		recycle_tables(s);
	give_table(s, view, slot);
	return s->view[view].table[slot];
}

/* Zero the leaves of a table; the caller sees to the TLB. Returns how many there were. */
static unsigned clear_table(struct shadow *s, unsigned number)
{
	struct shadow_table *t = &s->table[number];
	pte_t *leaf = leaves_of(s, number);
	unsigned n = 0;

	for (unsigned w = 0; w < PAGING_LEAF_ENTRIES / 64; w++, leaf += 64) {
		u64 live = t->live[w];

		for (; live; live &= live - 1, n++)
			leaf[__builtin_ctzll(live)] = 0;
		t->live[w] = 0;
	}
	t->large = false;
	s->count.drops += n;
	return n;
}

static void make_local(struct shadow *s, unsigned number)
{
	struct shadow_table *t = &s->table[number];

	if (t->local)
		return;
	t->local = true;
	t->next_local = s->view[t->view].local;
	s->view[t->view].local = (u16)number;
}

/* -- leaves ------------------------------------------------------------- */

/* Does p allow all that old did, for the same page? An invalid leaf allows nothing. */
static bool only_adds(pte_t old, pte_t p)
{
	return !pte_valid(old) ||
	       (pte_page(old).a == pte_page(p).a && (!pte_writable(old) || pte_writable(p)));
}

void shadow_leaf_set(struct shadow *s, u32 number, gva_t va, struct shadow_leaf leaf)
{
	unsigned table = number / PAGING_LEAF_ENTRIES, k = number % PAGING_LEAF_ENTRIES;
	struct shadow_table *t = &s->table[table];
	pte_t *p = leaves_of(s, table), old = p[k];

	p[k] = leaf.pte;
	t->live[k / 64] |= 1ull << k % 64;
	t->large |= leaf.large;
	if (!leaf.global)
		make_local(s, table);
	if (leaf.settled && old == leaf.pte)
		return;
	if (pte_valid(old) && pte_page(old).a == pte_page(leaf.pte).a)
		s->count.upgrades++;
	else
		s->count.fills++;
	if (t->view == s->current && only_adds(old, leaf.pte))
		paging_upgrade(va, p + k);
	else
		drop_page(s, t->view, va);
}

/* The address that leaf k of a table is for. */
static gva_t address_of(const struct shadow_table *t, unsigned k)
{
	return gva((u64)t->slot << SHADOW_SLOT_SHIFT | (u64)k << 12);
}

void shadow_leaf_protect(struct shadow *s, u32 leaf)
{
	const struct shadow_table *t = &s->table[leaf / PAGING_LEAF_ENTRIES];
	pte_t *p = &s->leaves[leaf];

	if (!pte_writable(*p))
		return;
	*p = pte_make(pte_page(*p), false);
	s->count.protects++;
	drop_page(s, t->view, address_of(t, leaf % PAGING_LEAF_ENTRIES));
}

static void drop_leaf(struct shadow *s, unsigned number, unsigned k)
{
	struct shadow_table *t = &s->table[number];

	t->live[k / 64] &= ~(1ull << k % 64);
	leaves_of(s, number)[k] = 0;
	s->count.drops++;
	drop_page(s, t->view, address_of(t, k));
}

void shadow_leaf_drop(struct shadow *s, unsigned view, gva_t va)
{
	unsigned number = s->view[view].table[slot_of(va)], k = index_of(va);

	if (number && (s->table[number].live[k / 64] >> k % 64 & 1))
		drop_leaf(s, number, k);
}

static unsigned live_leaves(const struct shadow_table *t)
{
	unsigned n = 0;

	for (unsigned w = 0; w < PAGING_LEAF_ENTRIES / 64; w++)
		n += (unsigned)__builtin_popcountll(t->live[w]);
	return n;
}

void shadow_slot_drop(struct shadow *s, unsigned view, unsigned slot)
{
	unsigned number = s->view[view].table[slot];
	struct shadow_table *t = &s->table[number];

	if (!number)
		return;
	if (live_leaves(t) > FEW_LEAVES) {
		clear_table(s, number);
		s->count.invalidations++;
		paging_drop_asid(s->view[view].asid);
		return;
	}
	for (unsigned w = 0; w < PAGING_LEAF_ENTRIES / 64; w++)
		while (t->live[w])
			drop_leaf(s, number, w * 64 + (unsigned)__builtin_ctzll(t->live[w]));
	t->large = false;
}

void shadow_drop_local(struct shadow *s)
{
	for (unsigned v = 0; v < SHADOW_VIEWS; v++) {
		unsigned number = s->view[v].local, dropped = 0;

		for (; number; number = s->table[number].next_local) {
			s->table[number].local = false;
			dropped += clear_table(s, number);
		}
		s->view[v].local = 0;
		if (dropped)
			fresh_asid(s, v);
	}
}

void shadow_drop_everything(struct shadow *s)
{
	for (unsigned k = 1; k <= s->used; k++) {
		s->table[k].local = false;
		clear_table(s, k);
	}
	for (unsigned v = 0; v < SHADOW_VIEWS; v++) {
		s->view[v].local = 0;
		fresh_asid(s, v);
	}
}
