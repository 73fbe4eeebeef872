/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/shadow with the four levels of long mode, directed cases: directories shared, handed rights,
 * watched and compared; pages of 1 GiB; compatibility code; SMEP and SMAP; both halves. Random
 * sequences are in test_shadow_random.c.
 */
#include "mm/frame.h"
#include "mm/shadow_node.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/fake_paging.h"
#include "qemu-test/unit/mm_world.h"

#define PML4 0x100000u
#define OTHER 0x101000u		/* the second process's PML4 */
#define UPDPT 0x102000u		/* of the low half */
#define UPD 0x103000u
#define UPT 0x104000u
#define KPDPT 0x105000u		/* of the kernel's half */
#define KPD 0x106000u
#define KPT 0x107000u
#define A 0x200000u
#define B 0x201000u
#define ALL (W_P | W_RW | W_US)
#define KERNEL 0xffff888000000000ull
#define USER 0x00400000ull	/* below 4 GiB: for compatibility code, too */

static struct shadow *s;
static const struct x86_paging mode = {
	.pg = true, .pae = true, .lma = true, .pse = true, .wp = true, .pge = true, .nxe = true,
	.smep = true, .smap = true, .page1g = true, .phys_bits = 36, .cr3 = PML4,
};

static u64 entry_at(u64 table, u64 va, unsigned level)
{
	return table + (va >> (12 + 9 * level) & 511) * 8;
}

static void map(u64 va, u64 pml4, u64 pdpt, u64 pd, u64 pt)
{
	world_set64(entry_at(pml4, va, 3), pdpt | ALL);
	world_set64(entry_at(pdpt, va, 2), pd | ALL);
	world_set64(entry_at(pd, va, 1), pt | ALL);
}

static void page(u64 pt, u64 va, u64 entry) { world_set64(entry_at(pt, va, 0), entry); }

static void start(u32 nodes)
{
	world_reset(nodes);
	s = world_shadow;
	shadow_set_paging(s, &mode);
	shadow_set_code64(s, true);
	map(USER, PML4, UPDPT, UPD, UPT);
	map(KERNEL, PML4, KPDPT, KPD, KPT);
	world_set64(entry_at(OTHER, KERNEL, 3), KPDPT | ALL);
}

static void hit(u64 va, bool write, enum x86_rights rights, u64 page_, unsigned fills,
		const char *name)
{
	struct world_result r = world_access(va, false, write, rights);

	CHECK_EQ(r.end, WORLD_HIT, name);
	CHECK_EQ(r.host, (uintptr_t)world_ram + page_ + (va & 0xfff), name);
	CHECK_EQ(r.fills, fills, name);
}

static void ends(u64 va, bool write, enum x86_rights rights, enum world_end end, u64 what,
		 const char *name)
{
	struct world_result r = world_access(va, false, write, rights);

	CHECK_EQ(r.end, end, name);
	CHECK_EQ(end == WORLD_FAULT ? r.error : r.page, what, name);
}

/* The kernel's half is filled once: another process's PML4 hooks what is there. */
static void test_shared(void)
{
	u64 asids;

	start(32);
	for (u32 k = 0; k < 8; k++) {
		page(KPT, KERNEL + k * 0x1000, (A + k * 0x1000) | W_P | W_RW);
		hit(KERNEL + k * 0x1000, true, X86_SUPER, A + k * 0x1000, 1, "filled");
	}
	shadow_load_cr3(s, OTHER, NULL);
	hit(KERNEL, true, X86_SUPER, A, 1, "one walk in another process");
	CHECK_EQ(world_get64(entry_at(OTHER, KERNEL, 3)) & W_A, W_A, "marks its own PML4");
	for (u32 k = 1; k < 8; k++)
		hit(KERNEL + k * 0x1000, true, X86_SUPER, A + k * 0x1000, 0, "brings all");
	asids = s->count.asid_switches;
	for (u32 k = 0; k < 10; k++) {
		shadow_load_cr3(s, k & 1 ? OTHER : PML4, NULL);
		hit(KERNEL, true, X86_SUPER, A, 0, "back and forth");
	}
	CHECK_EQ(s->count.asid_switches, asids, "no new ASIDs");
	CHECK(!loaded_root(s)->attention, "and nothing to look at");
	page(KPT, KERNEL, B | W_P | W_RW | W_A | W_D);
	hit(KERNEL, false, X86_SUPER, A, 0, "stale until a flush");
	shadow_load_cr3(s, PML4, NULL);
	hit(KERNEL, true, X86_SUPER, B, 0, "in one process");
	shadow_load_cr3(s, OTHER, NULL);
	hit(KERNEL, true, X86_SUPER, B, 0, "and in the other");
}

/* What is stale below a directory must not come with it into a root that was just loaded. */
static void test_stale_below(void)
{
	start(32);
	page(KPT, KERNEL, A | W_P | W_RW);
	hit(KERNEL, true, X86_SUPER, A, 1, "before");
	page(KPT, KERNEL, B | W_P | W_RW | W_A | W_D);
	page(KPT, KERNEL + 0x1000, A | W_P);
	shadow_load_cr3(s, OTHER, NULL);
	hit(KERNEL + 0x1000, false, X86_SUPER, A, 1, "hooks the directory");
	hit(KERNEL, false, X86_SUPER, B, 0, "with today's page");
}

/* Directories hand rights down: two processes with other rights at the top share no leaf. */
static void test_rights(void)
{
	start(32);
	page(KPT, KERNEL, A | ALL);
	hit(KERNEL, true, X86_USER, A, 1, "all rights");
	world_set64(entry_at(OTHER, KERNEL, 3), KPDPT | W_P | W_US);
	shadow_load_cr3(s, OTHER, NULL);
	hit(KERNEL, false, X86_USER, A, 1, "read-only at the top");
	ends(KERNEL, true, X86_USER, WORLD_FAULT, PF_P | PF_W | PF_U, "is read-only");
	world_set64(entry_at(OTHER, KERNEL, 3), KPDPT | W_P | W_RW);
	shadow_load_cr3(s, OTHER, NULL);
	ends(KERNEL, false, X86_USER, WORLD_FAULT, PF_P | PF_U, "a supervisor's at the top");
	shadow_load_cr3(s, PML4, NULL);
	hit(KERNEL, true, X86_USER, A, 0, "the first one's are as they were");
	world_set64(entry_at(KPDPT, KERNEL, 2), KPD | W_P | W_US | W_A);
	shadow_invlpg(s, gva(KERNEL + 0x3000000));
	ends(KERNEL, true, X86_USER, WORLD_FAULT, PF_P | PF_W | PF_U, "in the middle, by INVLPG");
}

/* An entry of each level is taken away, and loses A; a flush or INVLPG sees it. */
static void test_levels(void)
{
	static const u64 tables[] = { KPT, KPD, KPDPT, PML4 };

	for (unsigned level = 0; level < 4; level++)
		for (unsigned how = 0; how < 4; how++) {
			u64 at = entry_at(tables[level], KERNEL, level), e;

			start(32);
			page(KPT, KERNEL, A | ALL);
			hit(KERNEL, true, X86_SUPER, A, 1, "before");
			for (unsigned k = 0; k < (how & 1) * 6; k++)
				shadow_load_cr3(s, PML4, NULL);
			e = world_get64(at);
			CHECK_EQ(frame_at(tables[level] >> 12)->watch & WATCH_PTABLE,
				 how & 1 ? WATCH_PTABLE : 0, "watched after some flushes");
			world_set64(at, how & 2 ? 0 : e & ~(u64)W_A);
			if (how & 1)
				shadow_load_cr3(s, PML4, NULL);
			else
				shadow_invlpg(s, gva(KERNEL + 0x123));
			if (how & 2) {
				ends(KERNEL, false, X86_SUPER, WORLD_FAULT, 0, "gone");
				continue;
			}
			hit(KERNEL, true, X86_SUPER, A, 1, "walked again");
			CHECK_EQ(world_get64(at) & W_A, W_A, "A again");
		}
}

/* Clean directories cost nothing; one that is written all the time stays open. */
static void test_watching(void)
{
	u64 compared, opened;

	start(32);
	page(KPT, KERNEL, A | ALL);
	page(UPT, USER, B | ALL);
	hit(KERNEL, true, X86_SUPER, A, 1, "kernel");
	hit(USER, true, X86_USER, B, 1, "user");
	for (u32 k = 0; k < 8; k++)
		shadow_load_cr3(s, PML4, NULL);
	compared = s->count.compared;
	for (u32 k = 0; k < 50; k++)
		shadow_load_cr3(s, PML4, NULL);
	CHECK_EQ(s->count.compared, compared, "nothing is compared any more");
	opened = s->count.opened;
	for (u32 k = 0; k < 1000; k++) {
		world_set64(entry_at(UPDPT, 0x40000000, 2), k & 1 ? 0 : UPD | ALL);
		shadow_load_cr3(s, PML4, NULL);
		world_access(0x40000000 + USER, false, false, X86_USER);
	}
	CHECK(s->count.opened - opened < 60, "few traps for a directory that changes all the time");
}

/* Addresses that differ above bit 31 only are others; compatibility code's are not. */
static void test_halves(void)
{
	u64 low = 0x80000000, high = 0xffffffff80000000;

	start(32);
	map(low, PML4, UPDPT, UPD, UPT);
	map(high, PML4, KPDPT, KPD, KPT);
	page(UPT, low, A | ALL);
	page(KPT, high, B | ALL);
	hit(low, true, X86_USER, A, 1, "2 GiB");
	hit(high, true, X86_USER, B, 1, "sign-extended");
	hit(low, true, X86_USER, A, 0, "each its own");
	page(KPT, high, 0);
	shadow_invlpg(s, gva(high));
	ends(high, false, X86_USER, WORLD_FAULT, PF_U, "one gone");
	hit(low, true, X86_USER, A, 0, "not the other");
	shadow_set_code64(s, false);
	hit(low, true, X86_USER, A, 0, "compatibility code");
	CHECK_EQ(world_access(low, true, true, X86_USER).end, WORLD_HIT, "and in its other form");
	map(0xfffffffffffff000, PML4, KPDPT, KPD, KPT);
	map(0x7ffffffff000, PML4, UPDPT, UPD, UPT);
	page(KPT, 0xfffffffffffff000, A | ALL);
	page(UPT, 0x7ffffffff000, B | ALL);
	shadow_set_code64(s, true);
	hit(0xfffffffffffff000, true, X86_USER, A, 1, "the last page");
	hit(0x7ffffffff000, true, X86_USER, B, 1, "the last one of the low half");
}

/* Compatibility code and 64-bit code: the same leaves, and no work to go from one to the other. */
static void test_compat(void)
{
	struct shadow_counters before;

	start(32);
	page(UPT, USER, A | ALL);
	hit(USER, true, X86_USER, A, 1, "64-bit code");
	shadow_set_code64(s, false);
	CHECK_EQ(fake_form, PAGING_NARROW, "the narrow form");
	hit(USER, true, X86_USER, A, 0, "compatibility code sees it");
	page(UPT, USER + 0x2000, B | ALL);
	hit(USER + 0x2000, true, X86_USER, B, 1, "it fills");
	shadow_set_code64(s, true);
	CHECK_EQ(fake_form, PAGING_WIDE, "the wide form");
	hit(USER + 0x2000, true, X86_USER, B, 0, "for both");
	before = s->count;
	for (u32 k = 0; k < 20; k++) {
		shadow_set_code64(s, k & 1);
		hit(USER, true, X86_USER, A, 0, "back and forth");
	}
	CHECK(s->count.asid_switches == before.asid_switches &&
	      s->count.compared == before.compared && s->count.fills == before.fills &&
	      s->count.invalidations == before.invalidations, "for nothing");
	page(UPT, USER, B | ALL | W_A | W_D);
	shadow_invlpg(s, gva(USER));
	shadow_set_code64(s, false);
	hit(USER, true, X86_USER, B, 0, "INVLPG by 64-bit code");
	frame_watch(B >> 12, WATCH_CODE);
	ends(USER, true, X86_USER, WORLD_WATCHED, B, "a watch, here");
	shadow_set_code64(s, true);
	ends(USER, true, X86_USER, WORLD_WATCHED, B, "and there");
	world_set64(entry_at(UPD, USER, 1), 0);
	shadow_load_cr3(s, PML4, NULL);
	shadow_set_code64(s, false);
	ends(USER, false, X86_USER, WORLD_FAULT, PF_U, "a directory entry");
	shadow_load_cr3(s, OTHER, NULL);
	ends(USER, false, X86_USER, WORLD_FAULT, PF_U, "another process, as compatibility code");
}

/* Leaves that change while a root sleeps, which both forms' ASIDs hold. */
static void test_late(void)
{
	for (u32 n = 2; n <= 16; n += 14) {
		start(32);
		world_set64(entry_at(OTHER, USER, 3), UPDPT | ALL | W_A);
		for (u32 k = 0; k < 16; k++)
			page(UPT, USER + k * 0x1000, A | ALL);
		for (u32 form = 0; form < 4; form++) {
			shadow_set_code64(s, form & 1);
			for (u32 k = 0; k < 16; k++)
				world_access(USER + k * 0x1000, false, true, X86_USER);
			shadow_load_cr3(s, form & 2 ? PML4 : OTHER, NULL);
		}
		shadow_load_cr3(s, OTHER, NULL);
		world_access(USER, false, true, X86_USER);
		for (u32 k = 0; k < n; k++) {
			page(UPT, USER + k * 0x1000, B | ALL | W_A | W_D);
			shadow_invlpg(s, gva(USER + k * 0x1000));
		}
		for (u32 form = 0; form < 2; form++) {
			shadow_load_cr3(s, PML4, NULL);
			shadow_set_code64(s, form);
			for (u32 k = 0; k < n; k++)
				hit(USER + k * 0x1000, true, X86_USER, B, 0, "the new page");
		}
	}
}

/* STAC and CLAC choose a view; users' pages are in one of them only. */
static void test_smap(void)
{
	struct shadow_counters before;
	struct x86_paging p = mode;

	start(32);
	page(UPT, USER, A | ALL);
	page(KPT, KERNEL, B | W_P | W_RW);
	ends(USER, false, X86_STRICT, WORLD_FAULT, PF_P, "a user's page");
	hit(USER, true, X86_SUPER, A, 1, "with AC");
	ends(USER, true, X86_STRICT, WORLD_FAULT, PF_P | PF_W, "and without");
	hit(KERNEL, true, X86_STRICT, B, 1, "the kernel's own");
	hit(KERNEL, true, X86_SUPER, B, 1, "in each view");
	before = s->count;
	for (u32 k = 0; k < 10; k++) {
		hit(USER, true, X86_SUPER, A, 0, "with AC");
		hit(KERNEL, true, X86_STRICT, B, 0, "without");
	}
	CHECK(s->count.fills == before.fills && s->count.invalidations == before.invalidations &&
	      s->count.asid_switches == before.asid_switches, "AC costs no table work");
	page(KPT, KERNEL, B | ALL | W_A | W_D);
	shadow_invlpg(s, gva(KERNEL));
	ends(KERNEL, false, X86_STRICT, WORLD_FAULT, PF_P, "the kernel's becomes a user's");
	hit(KERNEL, true, X86_SUPER, B, 0, "nothing to SUPER");
	p.smap = false;
	shadow_set_paging(s, &p);
	hit(USER, true, X86_STRICT, A, 1, "SMAP off: there is one supervisor");
	hit(USER, true, X86_SUPER, A, 0, "in one view");
	shadow_set_paging(s, &mode);
	ends(USER, false, X86_STRICT, WORLD_FAULT, PF_P, "on again");
}

static void test_1g(void)
{
	u64 gig = KERNEL + 0x40000000;

	start(64);
	world_set64(entry_at(KPDPT, gig, 2), ALL | W_PS | W_G);
	hit(gig + 0x200000, true, X86_SUPER, 0x200000, 1, "1 GiB");
	hit(gig + 0xa03000, true, X86_SUPER, 0xa03000, 1, "another piece");
	CHECK_EQ(world_get64(entry_at(KPDPT, gig, 2)), ALL | W_PS | W_G | W_A | W_D, "A and D");
	ends(gig + 0x10000000, false, X86_SUPER, WORLD_MMIO, 0x10000000, "where no RAM is");
	world_set64(entry_at(KPDPT, gig, 2), W_P | W_US | W_PS | W_A);
	hit(gig + 0x200000, true, X86_SUPER, 0x200000, 0, "stale");
	shadow_invlpg(s, gva(gig + 0x3ffff000));
	ends(gig + 0x200000, true, X86_SUPER, WORLD_FAULT, PF_P | PF_W, "INVLPG at its end");
	ends(gig + 0xa03000, true, X86_SUPER, WORLD_FAULT, PF_P | PF_W, "takes all of it");
	hit(gig + 0x200000, false, X86_SUPER, 0x200000, 1, "to read");
	world_set64(entry_at(KPDPT, gig, 2), KPD | ALL);
	world_set64(entry_at(KPD, gig + 0x200000, 1), 0x400000 | ALL | W_PS);
	shadow_load_cr3(s, PML4, NULL);
	hit(gig + 0x201000, true, X86_SUPER, 0x401000, 1, "split");
	world_set64(entry_at(KPD, gig + 0x200000, 1), 0x600000 | ALL | W_PS);
	shadow_invlpg(s, gva(gig + 0x3ff000));
	hit(gig + 0x201000, true, X86_SUPER, 0x601000, 1, "2 MiB go as a whole");
}

/* Two entries for the same 1 GiB, one of them clean: a store to that one sets its D. */
static void test_twins(void)
{
	u64 gig = KERNEL + 0x40000000;

	start(64);
	world_set64(entry_at(KPDPT, gig, 2), ALL | W_PS | W_A | W_D);
	world_set64(entry_at(KPDPT, gig + 0x40000000, 2), ALL | W_PS);
	hit(gig + A, true, X86_SUPER, A, 1, "dirty");
	hit(gig + A + 0x2000, true, X86_SUPER, A + 0x2000, 1, "dirty");
	hit(gig + 0x40000000 + A, false, X86_SUPER, A, 1, "clean");
	hit(gig + 0x40000000 + A, true, X86_SUPER, A, 1, "written");
	CHECK_EQ(world_get64(entry_at(KPDPT, gig + 0x40000000, 2)) & W_D, W_D, "D");
	world_set64(entry_at(OTHER, gig, 3), UPDPT | ALL);
	world_set64(entry_at(UPDPT, gig, 2), ALL | W_PS);
	shadow_load_cr3(s, OTHER, NULL);
	hit(gig + A, false, X86_SUPER, A, 1, "clean, at the same address of another process");
	hit(gig + A + 0x2000, true, X86_SUPER, A + 0x2000, 1, "written");
	CHECK_EQ(world_get64(entry_at(UPDPT, gig, 2)) & W_D, W_D, "D there");
}

/* A PML4 that maps itself: every table is at a level of its own, and a page as well. */
static void test_self_map(void)
{
	u64 self = 0xffffff0000000000 | 0xfeull << 39;
	u64 pte = self | (KERNEL & 0xffffffffffff) >> 9;

	start(64);
	world_set64(entry_at(PML4, self, 3), PML4 | ALL);
	page(KPT, KERNEL, A | ALL);
	hit(KERNEL, true, X86_SUPER, A, 1, "a page");
	hit(pte, true, X86_SUPER, KPT, 1, "its table, in the map of tables");
	for (u32 k = 0; k < 6; k++)
		shadow_load_cr3(s, PML4, NULL);
	CHECK(frame_watched(KPT >> 12) && frame_watched(PML4 >> 12), "tables are watched");
	hit(pte, true, X86_SUPER, KPT, 1, "a store opens it");
	memset(world_at(entry_at(KPT, KERNEL, 0)), 0, 8);
	shadow_load_cr3(s, PML4, NULL);
	ends(KERNEL, false, X86_SUPER, WORLD_FAULT, 0, "and is seen");
	world_set64(entry_at(PML4, self, 3), 0);
	shadow_load_cr3(s, PML4, NULL);
	ends(pte, false, X86_SUPER, WORLD_FAULT, 0, "the map goes");
}

/* Roots in ROM and nowhere; few nodes; many spaces. */
static void test_odd(void)
{
	start(6);
	for (u32 k = 0; k < 16; k++) {
		world_set64(entry_at(UPD, USER + k * 0x200000ull, 1), UPT | ALL);
		page(UPT, USER + k * 0x1000, (A + k * 0x1000) | ALL);
	}
	for (u32 k = 0; k < 200; k++) {
		u32 i = world_random(16);
		u64 va = USER + i * 0x201000ull;

		world_access(va, false, true, k % 3);
		shadow_set_code64(s, k & 8);
		world_access(va, false, true, X86_USER);
		hit(va, true, X86_USER, A + i * 0x1000, 0, "one of 16");
	}
	CHECK(s->count.recycles > 10, "nodes ran out");
	shadow_load_cr3(s, 0xf0000, NULL);
	world_access(USER, false, false, X86_SUPER);
	shadow_load_cr3(s, 0xa0000, NULL);
	world_access(USER, false, false, X86_SUPER);
	shadow_load_cr3(s, 0x7ffff000, NULL);
	world_access(USER, false, false, X86_SUPER);
	for (u32 k = 0; k < 200; k++) {
		shadow_load_cr3(s, 0x300000 + k * 0x1000, NULL);
		ends(USER, false, X86_USER, WORLD_FAULT, PF_U, "an empty space");
	}
	shadow_load_cr3(s, PML4, NULL);
	hit(USER, true, X86_USER, A, 1, "back");
}

/* What the code hooks were told. */
static struct { unsigned pages, all; u32 root; u64 page; } gone;

static void page_gone(void *arg, u32 root, gva_t at)
{
	(void)arg;
	gone.pages++;
	gone.root = root;
	gone.page = at.a;
}

static void all_gone(void *arg, u32 root)
{
	(void)arg;
	gone.all++;
	gone.root = root;
}

static void fetch(u64 va, bool user, u64 at, const char *name)
{
	struct x86_walk w;

	CHECK(shadow_fetch(s, gva(va), user, &w), name);
	CHECK_EQ(w.page, at, name);
}

/* A page that is only executed: what a change of its mapping in any level tells, and to whom. */
static void test_fetched(void)
{
	static const struct shadow_code_hooks hooks = { NULL, page_gone, all_gone };
	static const u64 changes[] = {
		B | W_P | W_A, A | W_P, A | W_P | W_A | W_NX, 0, A | W_P | W_US | W_A,
	};

	for (unsigned k = 0; k < 2 * sizeof(changes) / sizeof(changes[0]); k++) {
		start(32);
		shadow_on_code_gone(s, &hooks);
		page(KPT, KERNEL, A | W_P);
		fetch(KERNEL, false, A, "fetched");
		for (unsigned n = 0; n < 6; n++)
			shadow_load_cr3(s, PML4, NULL);
		memset(&gone, 0, sizeof(gone));
		shadow_invlpg(s, gva(KERNEL + 0x1000));
		shadow_invlpg(s, gva(KERNEL & 0xffffffff));
		shadow_load_cr3(s, PML4, NULL);
		CHECK_EQ(gone.pages + gone.all, 0, "nothing has changed");
		page(KPT, KERNEL, changes[k / 2]);
		if (k & 1)
			shadow_invlpg(s, gva(KERNEL + 0x123));
		else
			shadow_load_cr3(s, PML4, NULL);
		CHECK(gone.pages == 1 && gone.page == KERNEL && gone.root == shadow_root(s),
		      "page, A, XD, P, and U/S with SMEP");
	}
}

/* Global code is found under all roots: INVLPG under one that never had it; 1 GiB of it. */
static void test_fetched_global(void)
{
	static const struct shadow_code_hooks hooks = { NULL, page_gone, all_gone };
	u64 gig = KERNEL + 0x40000000;

	start(64);
	shadow_on_code_gone(s, &hooks);
	page(KPT, KERNEL, A | W_P | W_G);
	fetch(KERNEL, false, A, "global");
	world_set64(entry_at(OTHER, KERNEL, 3), 0);
	shadow_load_cr3(s, OTHER, NULL);
	memset(&gone, 0, sizeof(gone));
	shadow_invlpg(s, gva(KERNEL + 0x100000000));
	CHECK_EQ(gone.pages + gone.all, 0, "an address that has the same low 32 bits");
	shadow_invlpg(s, gva(KERNEL));
	CHECK(gone.pages == 1 && gone.root == SHADOW_ALL_ROOTS && gone.page == KERNEL, "INVLPG");
	shadow_load_cr3(s, PML4, NULL);
	world_set64(entry_at(KPDPT, gig, 2), W_P | W_RW | W_PS | W_G);
	fetch(gig + A, false, A, "in 1 GiB");
	shadow_load_cr3(s, OTHER, NULL);
	memset(&gone, 0, sizeof(gone));
	shadow_invlpg(s, gva(gig));
	CHECK(gone.all && gone.root == SHADOW_ALL_ROOTS, "INVLPG far off in 1 GiB");
}

/* Pages with a data breakpoint, in both forms and both halves. */
static void test_debug_pages(void)
{
	static const gva_t pages[] = { { KERNEL + 0x1004 }, { USER + 0x2ffc } };

	start(32);
	for (u32 k = 0; k < 4; k++) {
		page(KPT, KERNEL + k * 0x1000, (A + k * 0x1000) | ALL);
		page(UPT, USER + k * 0x1000, (A + k * 0x1000) | ALL);
		hit(KERNEL + k * 0x1000, true, X86_SUPER, A + k * 0x1000, 1, "before");
		hit(USER + k * 0x1000, true, X86_USER, A + k * 0x1000, 1, "before");
	}
	shadow_set_debug_pages(s, pages, 2);
	for (u32 k = 0; k < 2; k++) {
		ends(KERNEL + 0x1000, true, X86_SUPER, WORLD_DEBUG, A + 0x1000, "kernel");
		hit(KERNEL + 0x2000, true, X86_SUPER, A + 0x2000, 0, "beside it");
		ends(USER + 0x2000, false, X86_USER, WORLD_DEBUG, A + 0x2000, "user");
		shadow_set_code64(s, false);
		ends(USER + 0x2000, false, X86_USER, WORLD_DEBUG, A + 0x2000, "32-bit code");
		hit(USER + 0x1000, true, X86_USER, A + 0x1000, 0, "beside it");
		shadow_set_code64(s, true);
		shadow_load_cr3(s, PML4, NULL);
	}
	shadow_set_debug_pages(s, NULL, 0);
	hit(KERNEL + 0x1000, true, X86_SUPER, A + 0x1000, 1, "let go");
}

/* Into long mode and out, with roots of every form alive. */
static void test_modes(void)
{
	struct x86_paging off = { .pg = false }, pae = mode;

	start(32);
	pae.lma = false;
	pae.pdpte[0] = UPD | W_P;
	page(UPT, USER, A | ALL);
	for (u32 k = 0; k < 3; k++) {
		shadow_set_paging(s, &off);
		CHECK_EQ(fake_form, PAGING_NARROW, "paging off");
		hit(0x5000, true, X86_SUPER, 0x5000, !k, "paging off");
		shadow_set_paging(s, &pae);
		hit(USER, true, X86_USER, A, !k, "PAE");
		shadow_set_paging(s, &mode);
		CHECK_EQ(fake_form, PAGING_WIDE, "64-bit code");
		hit(USER, true, X86_USER, A, !k, "64-bit code");
		page(KPT, KERNEL, (A + k * 0x1000) | ALL);
		shadow_invlpg(s, gva(KERNEL));
		hit(KERNEL, true, X86_SUPER, A + k * 0x1000, 1, "the high half");
	}
}

int main(void)
{
	test_shared();
	test_stale_below();
	test_rights();
	test_levels();
	test_watching();
	test_halves();
	test_compat();
	test_late();
	test_smap();
	test_1g();
	test_twins();
	test_self_map();
	test_odd();
	test_fetched();
	test_fetched_global();
	test_debug_pages();
	test_modes();
	return check_done();
}
