/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A model of the host's TLB and page tables. See fake_paging.h. Host physical addresses are
 * native pointers. Invariant: an entry, once in, answers until the interface drops it.
 */
#include "qemu-test/unit/fake_paging.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"

#define WAYS 512			/* entries for each ASID: beyond any working set */
#define ALIAS 0xffffffff00000000ull

struct entry {
	u64 pair;		/* va >> 13, all bits of it */
	pte_t leaf[2];		/* even, odd */
};

struct tlb {
	unsigned n;
	struct entry e[WAYS];
};

static __thread struct tlb *tlbs;	/* one for each number; never freed */
__thread struct fake_counts fake_counts;
__thread unsigned fake_asid;
__thread hpa_t fake_root;
__thread enum paging_form fake_form;

static pte_t invalid_leaves[PAGING_LEAF_ENTRIES] __attribute__((aligned(4096)));
static u64 empty_dir[2][PAGING_DIR_ENTRIES] __attribute__((aligned(4096)));

static struct tlb *tlb_of(unsigned asid)
{
	if (!tlbs)
		tlbs = calloc(PAGING_ASID_MAX + 1, sizeof(*tlbs));
	must(tlbs);
	return &tlbs[asid];
}

void fake_paging_reset(void)
{
	paging_drop_all();
	memset(&fake_counts, 0, sizeof(fake_counts));
	fake_asid = 0;
	fake_root = hpa(0);
	fake_form = PAGING_NARROW;
	for (unsigned level = 1; level < 3; level++)
		paging_dir_init(empty_dir[level - 1], level);
}

/* -- kernel/paging.h ------------------------------------------------------ */

void paging_root_init(u64 *root)
{
	must(!((uintptr_t)root & 0x3fff));
	for (unsigned k = 0; k < PAGING_ROOT_ENTRIES; k++)
		root[k] = (uintptr_t)invalid_leaves;
}

void paging_root_set(u64 *root, unsigned slot, hpa_t table)
{
	must(slot < PAGING_ROOT_ENTRIES && !(table.a & 0xfff));
	root[slot] = table.a ? table.a : (uintptr_t)invalid_leaves;
}

hpa_t paging_root_get(const u64 *root, unsigned slot)
{
	return root[slot] == (uintptr_t)invalid_leaves ? hpa(0) : hpa(root[slot]);
}

static u64 none_below(unsigned level)
{
	return (uintptr_t)(level == 1 ? invalid_leaves : empty_dir[level - 2]);
}

void paging_dir_init(u64 *dir, unsigned level)
{
	must(!((uintptr_t)dir & 0xfff) && level >= 1 && level <= 3);
	for (unsigned k = 0; k < PAGING_DIR_ENTRIES; k++)
		dir[k] = none_below(level);
}

void paging_dir_set(u64 *dir, unsigned level, unsigned index, hpa_t table)
{
	must(index < PAGING_DIR_ENTRIES && !(table.a & 0xfff));
	dir[index] = table.a ? table.a : none_below(level);
}

hpa_t paging_dir_get(const u64 *dir, unsigned level, unsigned index)
{
	must(index < PAGING_DIR_ENTRIES && dir[index]);
	return dir[index] == none_below(level) ? hpa(0) : hpa(dir[index]);
}

void paging_set_form(enum paging_form form)
{
	fake_form = form;
	fake_asid = 0;		/* nothing may be accessed before the next activation */
	fake_counts.forms++;
}

void paging_activate(unsigned asid, hpa_t root)
{
	must(asid >= 1 && asid <= PAGING_ASID_MAX);
	fake_asid = asid;
	fake_root = root;
	fake_counts.activations++;
}

static void drop_entry(struct tlb *t, struct entry *e) { *e = t->e[--t->n]; }

static struct entry *find(unsigned asid, u64 pair)
{
	struct tlb *t = tlb_of(asid);

	for (unsigned k = 0; k < t->n; k++)
		if (t->e[k].pair == pair)
			return &t->e[k];
	return NULL;
}

/* The two pairs of a 32-bit address. */
static u64 pair_of(gva_t addr, bool alias)
{
	u64 va = (u64)(s64)(s32)addr.a;

	return (alias ? va ^ ALIAS : va) >> 13;
}

void paging_drop_page(unsigned asid, gva_t addr)
{
	fake_counts.drop_page++;
	for (unsigned alias = 0; alias < 2; alias++) {
		struct entry *e = find(asid, pair_of(addr, alias));

		if (e)
			drop_entry(tlb_of(asid), e);
	}
}

void paging_drop_page_wide(unsigned asid, gva_t addr)
{
	struct entry *e = find(asid, addr.a >> 13);

	fake_counts.drop_page++;
	if (e)
		drop_entry(tlb_of(asid), e);
}

void paging_drop_asid(unsigned asid)
{
	fake_counts.drop_asid++;
	tlb_of(asid)->n = 0;
}

void paging_drop_all(void)
{
	fake_counts.drop_all++;
	for (unsigned k = 0; k <= PAGING_ASID_MAX; k++)
		tlb_of(k)->n = 0;
}

/* A write over a TLB entry may add rights; taking any away needs an invalidation (facts 3f). */
static void overwrite(pte_t *held, pte_t new)
{
	if (pte_valid(*held))
		must(pte_valid(new) && pte_page(*held).a == pte_page(new).a &&
		     pte_writable(new) >= pte_writable(*held));
	*held = new;
}

void paging_upgrade(gva_t addr, const pte_t *leaf)
{
	const pte_t *pair = (const pte_t *)((uintptr_t)leaf & ~(uintptr_t)15);

	fake_counts.upgrades++;
	for (unsigned alias = 0; alias < 2; alias++) {
		struct entry *e = find(fake_asid, pair_of(addr, alias));

		if (!e)
			continue;
		overwrite(&e->leaf[0], pair[0]);
		overwrite(&e->leaf[1], pair[1]);
	}
}

void paging_upgrade_wide(gva_t addr, const pte_t *leaf)
{
	const pte_t *pair = (const pte_t *)((uintptr_t)leaf & ~(uintptr_t)15);
	struct entry *e = find(fake_asid, addr.a >> 13);

	fake_counts.upgrades++;
	if (!e)
		return;
	overwrite(&e->leaf[0], pair[0]);
	overwrite(&e->leaf[1], pair[1]);
}

/* -- the CPU ------------------------------------------------------------- */

static u64 walk_wide(const u64 *dir, u64 addr)
{
	for (unsigned shift = 39; shift > 12; shift -= 9) {
		dir = (const u64 *)(uintptr_t)dir[addr >> shift & 511];
		must(dir);
	}
	return (uintptr_t)dir;
}

/* What the refill handler would load for the page at addr. */
static pte_t walk(hpa_t root, enum paging_form form, u64 addr)
{
	const u64 *dir = (const u64 *)(uintptr_t)root.a;
	u64 table = form == PAGING_WIDE ? walk_wide(dir, addr) : dir[(u32)addr >> 21];

	must(table);		/* LDDIR would go on at physical 0 */
	return ((const pte_t *)(uintptr_t)table)[addr >> 12 & (PAGING_LEAF_ENTRIES - 1)];
}

static struct entry *refill(u64 va)
{
	struct tlb *t = tlb_of(fake_asid);
	struct entry *e = &t->e[t->n < WAYS ? t->n++ : fake_counts.refills % WAYS];
	u64 even = va & ~0x1fffull;

	must(fake_asid);
	fake_counts.refills++;
	*e = (struct entry){ va >> 13, { walk(fake_root, fake_form, even),
					 walk(fake_root, fake_form, even | 0x1000) } };
	return e;
}

enum fake_result fake_access(u64 va, bool write, hpa_t *out)
{
	struct entry *e = find(fake_asid, va >> 13);
	pte_t p;

	if (!e)
		e = refill(va);
	p = e->leaf[va >> 12 & 1];
	if (!pte_valid(p))
		return FAKE_INVALID;
	if (write && !pte_writable(p))
		return FAKE_READONLY;
	*out = hpa(pte_page(p).a | (va & 0xfff));
	return FAKE_OK;
}

/* Does an entry that is held allow what the leaf does not? The other way it only costs a fault. */
static bool more(pte_t held, pte_t leaf)
{
	return pte_valid(held) &&
	       (!pte_valid(leaf) || pte_page(held).a != pte_page(leaf).a ||
		pte_writable(held) > pte_writable(leaf));
}

unsigned fake_disagreements(unsigned asid, enum paging_form form, hpa_t root)
{
	unsigned n = 0;

	for (unsigned k = 0; k < tlb_of(asid)->n; k++) {
		const struct entry *e = &tlb_of(asid)->e[k];
		u64 even = e->pair << 13;

		n += more(e->leaf[0], walk(root, form, even)) ||
		     more(e->leaf[1], walk(root, form, even | 0x1000));
	}
	return n;
}

void fake_evict(unsigned n, u32 random)
{
	struct tlb *t = tlb_of(fake_asid);

	for (unsigned k = 0; k < t->n;) {
		random = random * 1664525 + 1013904223;
		if ((random >> 8) % n == 0)
			drop_entry(t, &t->e[k]);
		else
			k++;
	}
}
