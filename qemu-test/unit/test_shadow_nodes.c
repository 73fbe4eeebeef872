/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/shadow: what outlives CR3 writes, directed cases: nodes shared, found again, watched and
 * opened, tables that are odd, roots that are too many, and what the code hooks are told.
 */
#include "mm/frame.h"
#include "mm/shadow_node.h"
#include "qemu-test/unit/fake_paging.h"
#include "qemu-test/unit/shadow_test.h"

/* Leaves of a table that two roots share, and what CR3 loads make of a change in it. */
static void test_shared(void)
{
	u64 asids;

	start(16);
	world_set32(PTE(VA), A | ALL);
	world_set32(PD2 + (VA >> 22) * 4, PT | ALL);
	hit(VA, true, false, A, 1, "in the first space");
	shadow_load_cr3(s, PD2, NULL);
	hit(VA, true, false, A, 1, "its directory is walked once for A: then the node is found");
	CHECK_EQ(world_get32(PD2 + (VA >> 22) * 4) & W_A, W_A, "A in the directory");
	asids = s->count.asid_switches;
	for (u32 k = 0; k < 10; k++) {
		shadow_load_cr3(s, k & 1 ? PD2 : PD, NULL);
		hit(VA, true, false, A, 0, "back and forth");
	}
	CHECK_EQ(s->count.asid_switches, asids, "no new ASIDs");
	world_set32(PTE(VA), B | ALL | W_A | W_D);
	hit(VA, false, false, A, 0, "stale until a flush");
	shadow_load_cr3(s, PD, NULL);
	hit(VA, true, false, B, 0, "used before and marked: it is there at once");
	shadow_load_cr3(s, PD2, NULL);
	hit(VA, true, false, B, 0, "and in the other space");
	world_set32(PTE(VA), 0);
	shadow_load_cr3(s, PD, NULL);
	ends(VA, false, false, WORLD_FAULT, 0, "gone");
	shadow_load_cr3(s, PD2, NULL);
	ends(VA, false, false, WORLD_FAULT, 0, "in both");
	CHECK(s->count.table_watches > 0 && s->count.opened > 0, "tables were watched and opened");
}

/* A clean table costs nothing; an open one is compared; one written all the time stays open. */
static void test_watching(void)
{
	u64 compared, opened;

	start(16);
	for (u32 k = 0; k < 8; k++) {
		world_set32(PTE(VA + k * 0x1000), (A + k * 0x1000) | ALL);
		hit(VA + k * 0x1000, true, true, A + k * 0x1000, 1, "filled");
	}
	for (u32 k = 0; k < 6; k++)
		shadow_load_cr3(s, PD, NULL);
	CHECK(frame_at(PT >> 12)->watch & WATCH_PTABLE, "the table is watched");
	CHECK(frame_at(PD >> 12)->watch & WATCH_PTABLE, "and the directory");
	compared = s->count.compared;
	for (u32 k = 0; k < 50; k++)
		shadow_load_cr3(s, PD, NULL);
	CHECK_EQ(s->count.compared, compared, "nothing is compared any more");
	CHECK(!loaded_root(s)->attention, "nor looked at");
	opened = s->count.opened;
	for (u32 k = 0; k < 1000; k++) {
		world_set32(PTE(VA + 0x8000), (A + k % 8 * 0x1000) | ALL);
		shadow_load_cr3(s, PD, NULL);
		hit(VA + 0x8000, false, true, A + k % 8 * 0x1000, 1, "changed each time");
	}
	CHECK(s->count.opened - opened < 60, "few traps for a table that is written all the time");
}

/* A table page that was freed and is another process's now: its node is not found as it was. */
static void test_found_again(void)
{
	start(16);
	world_set32(PTE(VA), A | ALL);
	hit(VA, true, true, A, 1, "the first user of the table");
	world_set32(PDE(VA), 0);
	shadow_load_cr3(s, PD, NULL);
	world_set32(PTE(VA), B | ALL | W_A);
	world_set32(PD2 + (VA >> 22) * 4, PT | ALL);
	world_set32(PTE(VA + 0x2000), B | ALL);
	shadow_load_cr3(s, PD2, NULL);
	hit(VA + 0x2000, false, true, B, 1, "the second one's page, by which the node comes back");
	hit(VA, false, true, B, 0, "one that the first one had");
}

/* The same in one space, and no flush between the table's change and its coming back. */
static void test_unhooked(void)
{
	start(16);
	world_set32(PTE(VA), A | ALL);
	world_set32(PTE(VA + 0x2000), A | ALL);
	hit(VA, true, true, A, 1, "before");
	for (u32 k = 0; k < 5; k++)
		shadow_load_cr3(s, PD, NULL);
	CHECK(frame_watched(PT >> 12), "watched");
	world_set32(PDE(VA), 0);
	shadow_invlpg(s, gva(VA));
	ends(VA + 0x4000, false, true, WORLD_FAULT, PF_U, "no table");
	world_set32(PTE(VA), B | ALL);
	world_set32(PDE(VA), PT | ALL);
	hit(VA + 0x2000, false, true, A, 1, "the table is back");
	hit(VA, false, true, B, 1, "with another page");
}

/* Hazards of directories: one that maps itself, one that is code, and one in ROM. */
static void test_odd_tables(void)
{
	u32 self = 0xffc00000, at = self | VA >> 22 << 12;

	start(32);
	world_set32(PD + (self >> 22) * 4, PD | ALL);
	world_set32(PTE(VA), A | ALL);
	hit(VA, false, true, A, 1, "a page");
	hit(at, true, false, PT, 1, "its table at its place in the map of tables");
	hit(self | 0x3ff000, true, false, PD, 1, "the directory there");
	for (u32 k = 0; k < 5; k++)
		shadow_load_cr3(s, PD, NULL);
	CHECK(frame_watched(PT >> 12) && frame_watched(PD >> 12), "both are watched");
	hit(at, true, false, PT, 1, "a store opens it");
	memset(world_at(PTE(VA)), 0, 4);	/* through that leaf */
	shadow_load_cr3(s, PD, NULL);
	ends(VA, false, true, WORLD_FAULT, PF_U, "and is seen");
	frame_watch(PD >> 12, WATCH_CODE);
	ends(self | 0x3ff000, true, false, WORLD_WATCHED, PD, "a directory with code always traps");
	world_set32(PDE(VA), 0);
	shadow_invlpg(s, gva(VA));
	ends(VA, false, true, WORLD_FAULT, PF_U, "and its entries are looked at");
	gpa_set_pam(gpa(0xf0000), 0x10000, 0);
	shadow_load_cr3(s, 0xf0000, NULL);
	world_access(VA, false, false, false);
	shadow_load_cr3(s, 0xa0000, NULL);
	world_access(VA, false, false, false);
	shadow_load_cr3(s, 0x7ffff000, NULL);
	world_access(VA, false, false, false);
	shadow_load_cr3(s, PD, NULL);
	ends(VA, false, true, WORLD_FAULT, PF_U, "back from roots that are no tables");
}

/* Two 4 MiB entries of one base, one of them clean: a store to the clean one sets its D. */
static void test_large_twins(void)
{
	start(16);
	world_set32(PDE(VA), 0x800000 | ALL | W_PS | W_A | W_D);
	world_set32(PDE(VA + 0x400000), 0x800000 | ALL | W_PS);
	hit(VA, true, true, 0x800000, 1, "dirty");
	hit(VA + 0x400000, false, true, 0x800000, 1, "clean");
	hit(VA + 0x400000, true, true, 0x800000, 1, "written");
	CHECK_EQ(world_get32(PDE(VA + 0x400000)) & W_D, W_D, "D");
	world_set32(PD2 + (VA >> 22) * 4, 0x800000 | ALL | W_PS);
	shadow_load_cr3(s, PD2, NULL);
	hit(VA, false, true, 0x800000, 1, "clean, at the same address of another space");
	hit(VA, true, true, 0x800000, 1, "written there");
	CHECK_EQ(world_get32(PD2 + (VA >> 22) * 4) & W_D, W_D, "D there");
	shadow_load_cr3(s, PD, NULL);
	hit(VA, true, true, 0x800000, 0, "still dirty in the first");
	world_set32(PDE(VA), 0x800000 | ALL | W_PS | W_A);
	shadow_load_cr3(s, PD, NULL);
	hit(VA, true, true, 0x800000, 1, "written after its D was cleared");
	CHECK_EQ(world_get32(PDE(VA)) & W_D, W_D, "D again");
}

/* More address spaces than are remembered: the oldest go, their nodes are used again. */
static void test_many_roots(void)
{
	u32 pds = 0x500000, spaces = SHADOW_ROOTS + 20;

	start(40);
	for (u32 k = 0; k < spaces; k++) {
		world_set32(pds + k * 0x2000 + (VA >> 22) * 4, (pds + 0x1000 + k * 0x2000) | ALL);
		world_set32(pds + 0x1000 + k * 0x2000, (A + k % 16 * 0x1000) | ALL);
	}
	for (u32 k = 0; k < 3 * spaces; k++) {
		u32 n = k % spaces;

		shadow_load_cr3(s, pds + n * 0x2000, NULL);
		world_access(VA, false, true, k & 1);
		hit(VA, false, k & 1, A + n % 16 * 0x1000, 0, "its own page");
	}
	CHECK(s->count.new_roots >= 3 * spaces, "each is new when it comes again");
	CHECK(s->count.recycles > 0, "nodes were taken from old ones");
}

/* What the code hooks were told. */
static struct { unsigned pages, all; u32 root, page; u64 roots; } gone;

static void page_gone(void *arg, u32 root, gva_t page)
{
	(void)arg;
	gone.pages++;
	gone.root = root;
	gone.roots |= root == SHADOW_ALL_ROOTS ? ~0ull : 1ull << root;
	gone.page = (u32)page.a;
}

static void all_gone(void *arg, u32 root)
{
	(void)arg;
	gone.all++;
	gone.root = root;
}

static void fetch(u32 va, bool user, u64 page, const char *name)
{
	struct x86_walk w;

	CHECK(shadow_fetch(s, gva(va), user, &w), name);
	CHECK_EQ(w.page, page, name);
}

static void test_roots(void)
{
	static const struct shadow_code_hooks hooks = { NULL, page_gone, all_gone };
	u32 first, second;

	start(16);
	shadow_on_code_gone(s, &hooks);
	world_set32(PD2 + (VA >> 22) * 4, PT | ALL);
	world_set32(PTE(VA), A | ALL);
	first = shadow_root(s);
	fetch(VA, true, A, "fetched");
	shadow_load_cr3(s, PD2, NULL);
	second = shadow_root(s);
	CHECK(first != second && second < SHADOW_ROOTS, "another root");
	fetch(VA, true, A, "there too");
	world_set32(PTE(VA), B | ALL);
	memset(&gone, 0, sizeof(gone));
	shadow_load_cr3(s, PD, NULL);
	CHECK_EQ(shadow_root(s), first, "the first one again");
	CHECK(gone.pages + gone.all, "what was fetched there has changed");
	fetch(VA, true, B, "as INVLPG was not needed");
	memset(&gone, 0, sizeof(gone));
	world_set32(PTE(VA), A | ALL);
	shadow_invlpg(s, gva(VA + 4));
	CHECK(gone.all || (gone.page == VA && gone.roots >> first & gone.roots >> second & 1),
	      "INVLPG");
}

static unsigned told(void) { return gone.pages + gone.all; }

/* A page that is only executed has no leaf, and is seen all the same. */
static void test_fetched(void)
{
	static const struct shadow_code_hooks hooks = { NULL, page_gone, all_gone };
	static const u64 changes[] = { B | ALL | W_A, A | ALL, A | ALL | W_A | W_NX, 0 };
	static const char *const names[] = { "another page", "A cleared", "XD set", "gone" };
	struct x86_paging p = { .pg = true, .pae = true, .nxe = true, .wp = true, .pge = true,
				.phys_bits = 36, .pdpte = { PD | W_P } };
	u32 va = 0x200000;

	for (u32 k = 0; k < 8; k++) {
		start(16);
		shadow_on_code_gone(s, &hooks);
		world_set64(PD + 8, PT | ALL);
		world_set64(PT, A | ALL);
		world_set64(PT + 8, A | ALL);
		shadow_set_paging(s, &p);
		fetch(va, true, A, "fetched");
		for (u32 n = 0; n < 5; n++)
			shadow_load_cr3(s, 0, p.pdpte);
		hit(va + 0x1000, false, true, A, 1, "a page beside it");
		world_set64(PT + 8, B | ALL);
		memset(&gone, 0, sizeof(gone));
		shadow_invlpg(s, gva(va + 0x1000));
		shadow_load_cr3(s, 0, p.pdpte);
		shadow_load_cr3(s, 0, p.pdpte);
		CHECK_EQ(told(), 0, "data and CR3 loads concern no code");
		world_set64(PT, changes[k / 2]);
		if (k & 1)
			shadow_invlpg(s, gva(va + 0x123));
		else
			shadow_load_cr3(s, 0, p.pdpte);
		CHECK_EQ(gone.pages, 1, names[k / 2]);
		CHECK_EQ(gone.page, va, names[k / 2]);
		CHECK_EQ(gone.root, shadow_root(s), names[k / 2]);
	}
}

/* Code on a global page may be found under all roots: INVLPG under one that never had it. */
static void test_fetched_global(void)
{
	static const struct shadow_code_hooks hooks = { NULL, page_gone, all_gone };
	u32 other = 0x400000;

	start(16);
	shadow_on_code_gone(s, &hooks);
	world_set32(PTE(VA), A | ALL | W_G);
	world_set32(PTE(VA + 0x1000), A | ALL);
	fetch(VA, false, A, "global");
	fetch(VA + 0x1000, false, A, "local");
	shadow_load_cr3(s, PD2, NULL);
	memset(&gone, 0, sizeof(gone));
	shadow_invlpg(s, gva(other));
	CHECK_EQ(told(), 0, "INVLPG elsewhere");
	shadow_invlpg(s, gva(VA + 0x1000));
	CHECK(gone.pages <= 1 && !gone.all, "INVLPG of a page that is not global");
	memset(&gone, 0, sizeof(gone));
	shadow_invlpg(s, gva(VA));
	CHECK(gone.pages == 1 && gone.root == SHADOW_ALL_ROOTS && gone.page == VA, "INVLPG");
}

/* A table under two roots: both are told, and no other. */
static void test_fetched_shared(void)
{
	static const struct shadow_code_hooks hooks = { NULL, page_gone, all_gone };
	u32 first, second;

	start(16);
	shadow_on_code_gone(s, &hooks);
	world_set32(PTE(VA), A | ALL);
	world_set32(PD2 + (VA >> 22) * 4, PT | ALL);
	fetch(VA, true, A, "in one space");
	first = shadow_root(s);
	shadow_load_cr3(s, PD2, NULL);
	second = shadow_root(s);
	fetch(VA, true, A, "and in another");
	memset(&gone, 0, sizeof(gone));
	world_set32(PTE(VA), B | ALL);
	shadow_load_cr3(s, PD, NULL);
	CHECK(!gone.all && gone.page == VA && gone.roots == (1ull << first | 1ull << second),
	      "both");
	memset(&gone, 0, sizeof(gone));
	shadow_load_cr3(s, PD2, NULL);
	CHECK_EQ(told(), 0, "told once");
	fetch(VA, true, B, "the new page");
	world_set32(PD2 + (VA >> 22) * 4, 0);
	shadow_load_cr3(s, PD2, NULL);
	CHECK(gone.pages == 1 && gone.root == shadow_root(s), "a directory entry of one space");
}

/* Leaves that changed while their ASIDs slept, few and many. */
static void test_late(void)
{
	u64 asids;

	start(16);
	world_set32(PD2 + (VA >> 22) * 4, PT | ALL | W_A);
	for (u32 k = 0; k < 16; k++)
		world_set32(PTE(VA + k * 0x1000), A | ALL);
	for (u32 n = 2; n <= 16; n += 14) {
		for (u32 k = 0; k < 16; k++)
			world_access(VA + k * 0x1000, false, false, true);
		shadow_load_cr3(s, PD2, NULL);
		for (u32 k = 0; k < 16; k++)
			world_access(VA + k * 0x1000, false, false, true);
		asids = s->count.asid_switches;
		for (u32 k = 0; k < n; k++) {
			world_set32(PTE(VA + k * 0x1000), (n == 2 ? B : 0x300000) | ALL);
			shadow_invlpg(s, gva(VA + k * 0x1000));
		}
		shadow_load_cr3(s, PD, NULL);
		CHECK_EQ(s->count.asid_switches - asids, n > 2, "few are forgotten one by one");
		for (u32 k = 0; k < n; k++)
			hit(VA + k * 0x1000, false, true, n == 2 ? B : 0x300000, 1, "the new page");
	}
}

/* A node at two places, one of which has a breakpoint. */
static void test_debug_twice(void)
{
	static const gva_t page[] = { { VA + 0x1000 } };

	start(16);
	world_set32(PTE(VA + 0x1000), A | ALL);
	world_set32(PD2 + (VA >> 22) * 4, PT | ALL | W_A);
	world_set32(PDE(VA + 0x400000), PT | ALL);
	hit(VA + 0x1000, false, true, A, 1, "without");
	shadow_load_cr3(s, PD2, NULL);
	shadow_set_debug_pages(s, page, 1);
	shadow_load_cr3(s, PD, NULL);
	ends(VA + 0x1000, false, true, WORLD_DEBUG, A, "no leaf in a root that is loaded again");
	world_access(VA + 0x401000, false, false, true);
	ends(VA + 0x1000, false, true, WORLD_DEBUG, A, "nor by way of its other place");
}

int main(void)
{
	test_shared();
	test_watching();
	test_found_again();
	test_unhooked();
	test_odd_tables();
	test_large_twins();
	test_many_roots();
	test_late();
	test_debug_twice();
	test_roots();
	test_fetched();
	test_fetched_global();
	test_fetched_shared();
	return check_done();
}
