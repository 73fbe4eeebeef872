/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/shadow on the fake host TLB, directed cases: what x86's TLB rules demand (SDM vol. 3, 4.10)
 * and what design 1.3 and 1.4 promise. What outlives CR3
 * writes is in test_shadow_nodes.c, random sequences are in test_shadow_random.c.
 */
#include "mm/shadow.h"

#include "mm/frame.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/fake_paging.h"
#include "qemu-test/unit/shadow_test.h"

/* A not-present leaf that the TLB caches as the other half of a pair. */
static void test_cached_invalid(void)
{
	start(16);
	world_set32(PTE(VA), A | ALL);
	world_set32(PTE(VA + 0x1000), 0);
	hit(VA + 4, false, true, A, 1, "even page");
	ends(VA + 0x1008, false, true, WORLD_FAULT, PF_U, "odd page is not there");
	world_set32(PTE(VA + 0x1000), B | ALL);
	hit(VA + 0x1008, false, true, B, 1, "present now: no INVLPG needed");
	hit(VA + 0x1010, false, true, B, 0, "and stays");
	hit(VA + 4, false, true, A, 0, "as does its partner");
}

static void test_dirty(void)
{
	start(16);
	world_set32(PTE(VA), A | ALL);
	hit(VA, false, false, A, 1, "read");
	CHECK_EQ(world_get32(PTE(VA)), A | ALL | W_A, "A, not D");
	hit(VA, true, false, A, 1, "first write walks");
	CHECK_EQ(world_get32(PTE(VA)), A | ALL | W_A | W_D, "D");
	hit(VA, true, false, A, 0, "second does not");
	world_set32(PTE(VA), A | ALL);
	shadow_invlpg(s, gva(VA));
	CHECK_EQ(world_get32(PTE(VA)), A | ALL, "INVLPG marks nothing");
	hit(VA, false, false, A, 1, "read again");
	hit(VA, true, false, A, 1, "write again");
	CHECK_EQ(world_get32(PTE(VA)), A | ALL | W_A | W_D, "D again");
	shadow_invlpg(s, gva(VA));
	hit(VA, true, false, A, 0, "INVLPG keeps what still is as the table says");
	shadow_flush(s, true);
	hit(VA, false, false, A, 1, "a read of a dirty page");
	hit(VA, true, false, A, 0, "fills a writable leaf");
}

static void test_rights(void)
{
	struct x86_paging p = mode;

	start(16);
	world_set32(PTE(VA), A | W_P | W_RW);
	hit(VA, true, false, A, 1, "supervisor page");
	ends(VA, false, true, WORLD_FAULT, PF_P | PF_U, "not for users");
	world_set32(PTE(VA + 0x1000), B | W_P | W_US);
	hit(VA + 0x1000, false, true, B, 1, "read-only page");
	ends(VA + 0x1000, true, true, WORLD_FAULT, PF_P | PF_U | PF_W, "user write");
	ends(VA + 0x1000, true, false, WORLD_FAULT, PF_P | PF_W, "supervisor write, WP");
	p.wp = false;
	shadow_set_paging(s, &p);
	hit(VA + 0x1000, true, false, B, 1, "supervisor write, no WP");
	CHECK_EQ(world_get32(PTE(VA + 0x1000)) & W_D, W_D, "sets D");
	ends(VA + 0x1000, true, true, WORLD_FAULT, PF_P | PF_U | PF_W, "user write still fails");
	p.wp = true;
	shadow_set_paging(s, &p);
	ends(VA + 0x1000, true, false, WORLD_FAULT, PF_P | PF_W, "WP again");
}

/* The guest takes a right away without INVLPG; a fill on the way must not half-do it. */
static void test_narrowing(void)
{
	struct shadow_miss miss;

	start(16);
	world_set32(PTE(VA), A | ALL);
	hit(VA, true, true, A, 1, "writable");
	world_set32(PTE(VA), A | W_P | W_US | W_D);
	hit(VA, true, true, A, 0, "stale right, as x86 allows");
	CHECK_EQ(shadow_fault(s, gva(VA), X86_READ, true, &miss), SHADOW_FILLED, "walked again");
	CHECK_EQ(fake_disagreements(s->view[1].asid, s->wide, s->view[1].root), 0, "TLB told");
	ends(VA, true, true, WORLD_FAULT, PF_P | PF_U | PF_W, "no more");
}

static void test_watch(void)
{
	unsigned n = A >> 12;

	start(16);
	world_set32(PTE(VA), A | ALL);
	world_set32(PTE(VA + 0x5000), A | ALL);
	hit(VA, true, false, A, 1, "written as supervisor");
	hit(VA, true, true, A, 1, "and as user");
	hit(VA + 0x5000, true, true, A, 1, "and at another address");
	hit(VA, true, true, A, 0, "writable");
	frame_watch(n, WATCH_CODE);
	hit(VA, false, true, A, 0, "the leaf is still there to be read");
	ends(VA, true, true, WORLD_WATCHED, A, "user store is seen");
	ends(VA, true, false, WORLD_WATCHED, A, "supervisor store is seen");
	ends(VA + 0x5000, true, true, WORLD_WATCHED, A, "alias store is seen");
	hit(VA + 0x5000, false, true, A, 0, "reads go on");
	frame_code_set(n, 0);
	hit(VA, true, true, A, 1, "writable after one fault");
	hit(VA + 0x5000, true, true, A, 1, "there too");
	frame_watch(n, WATCH_PTABLE);
	hit(VA, true, true, A, 1, "a table is opened by the first store");
	hit(VA, true, true, A, 0, "then free");
	frame_watch(n, WATCH_DISPLAY);
	hit(VA, true, true, A, 1, "display the same");
	CHECK(frame_take_dirty(n, WATCH_DISPLAY), "dirty");
	CHECK(!frame_take_dirty(n, WATCH_DISPLAY), "once");
	hit(VA, true, true, A, 1, "watched again");
	CHECK(frame_take_dirty(n, WATCH_DISPLAY), "dirty again");
}

/* Many writable mappings of one frame; a watch finds all. */
static void test_many_writers(void)
{
	start(16);
	for (u32 k = 0; k < 20; k++) {
		world_set32(PTE(VA + k * 0x1000), A | ALL);
		hit(VA + k * 0x1000, true, k & 1, A, 1, "one of many");
	}
	frame_watch(A >> 12, WATCH_CODE);
	for (u32 k = 0; k < 20; k++)
		ends(VA + k * 0x1000, true, k & 1, WORLD_WATCHED, A, "all are closed");
}

/* A reference that outlived its leaf: the frame that is mapped there now is left alone. */
static void test_stale_reference(void)
{
	start(16);
	world_set32(PTE(VA), A | ALL);
	hit(VA, true, true, A, 1, "first frame");
	world_set32(PTE(VA), B | ALL);
	shadow_invlpg(s, gva(VA));
	hit(VA, true, true, B, 1, "second frame at the same place");
	frame_watch(A >> 12, WATCH_CODE);
	hit(VA, true, true, B, 0, "is still writable");
}

/* A frame watched before its first leaf; a frame reached through a stale reference. */
static void test_watch_order(void)
{
	start(16);
	frame_watch(A >> 12, WATCH_CODE);
	world_set32(PTE(VA), A | ALL);
	ends(VA, true, true, WORLD_WATCHED, A, "never writable");
	CHECK_EQ(world_get32(PTE(VA)) & W_D, W_D, "D is set: the store happens");
	world_set32(PTE(VA), B | ALL | W_D);
	hit(VA, false, true, A, 0, "stale read is allowed before INVLPG");
	hit(VA, true, true, B, 1, "a store faults and sees the new page");
	hit(VA, false, true, B, 0, "and then reads do");
	frame_watch(B >> 12, WATCH_CODE);
	ends(VA, true, true, WORLD_WATCHED, B, "the new page's watch works");
}

static void test_large(void)
{
	start(16);
	world_set32(PDE(VA), 0x800000 | ALL | W_PS);
	hit(VA + 0x1000, true, true, 0x801000, 1, "in the lower half");
	hit(VA + 0x3ff000, false, true, 0xbff000, 1, "in the upper half");
	hit(VA + 0x3ff000, true, true, 0xbff000, 0, "dirty is the large page's");
	for (u32 k = 0; k < 40; k++)
		hit(VA + 0x210000 + k * 0x1000, false, true, 0xa10000 + k * 0x1000, 1, "more");
	world_set32(PDE(VA), 0x400000 | ALL | W_PS);
	shadow_invlpg(s, gva(VA + 0x123000));
	hit(VA + 0x1000, false, true, 0x401000, 1, "INVLPG took the lower half");
	hit(VA + 0x3ff000, false, true, 0x7ff000, 1, "and the upper");
	hit(VA + 0x215000, false, true, 0x615000, 1, "and the rest");
	world_set32(PDE(VA), PT | ALL);
	world_set32(PTE(VA + 0x1000), A | ALL);
	world_set32(PTE(VA + 0x3ff000), B | ALL);
	shadow_invlpg(s, gva(VA + 0x3ff000));
	hit(VA + 0x1000, false, true, A, 1, "split into small pages: one INVLPG is enough");
	hit(VA + 0x3ff000, false, true, B, 1, "for all");
}

static void test_invlpg_views(void)
{
	start(16);
	world_set32(PTE(VA), A | ALL | W_G);
	hit(VA, true, true, A, 1, "user");
	hit(VA, true, false, A, 1, "supervisor");
	world_set32(PTE(VA), B | ALL);
	shadow_invlpg(s, gva(VA + 0xfff));
	hit(VA, true, false, B, 1, "dropped here");
	hit(VA, true, true, B, 1, "and there, though global");
}

static void test_global(void)
{
	start(16);
	world_set32(PTE(VA), A | ALL | W_G);
	world_set32(PD2 + (VA >> 22) * 4, PT | ALL | W_A);
	hit(VA, true, false, A, 1, "global page");
	world_set32(PDE(0x400000), PT | ALL);
	world_set32(PD2 + 4, PT | ALL);
	hit(0x400000, true, false, A, 1, "the same node at another place");
	world_set32(PTE(VA + 0x1000), B | ALL);
	hit(0x401000, true, false, B, 1, "a local page");
	hit(VA + 0x1000, true, false, B, 1, "at both places, once the TLB is told");
	world_set32(PTE(VA + 0x1000), A | ALL | W_A | W_D);
	shadow_invlpg(s, gva(0x401000));
	hit(0x401000, true, false, A, 0, "INVLPG at one");
	shadow_load_cr3(s, PD, NULL);
	hit(VA + 0x1000, true, false, A, 0, "CR3 for the other");
	shadow_flush(s, true);
	hit(VA, false, false, A, 1, "all dropped");
}

static void test_cr3(void)
{
	struct x86_paging p = mode;

	start(16);
	world_set32(PTE(VA), A | ALL);
	hit(VA, true, true, A, 1, "old context");
	hit(VA, true, false, A, 1, "both views");
	world_set32(PD2 + (VA >> 22) * 4, 0);
	shadow_load_cr3(s, PD2, NULL);
	ends(VA, false, true, WORLD_FAULT, PF_U, "not in the new one");
	ends(VA, false, false, WORLD_FAULT, 0, "neither");
	shadow_load_cr3(s, PD, NULL);
	hit(VA, false, true, A, 0, "back, and still there");
	p.pge = false;
	shadow_set_paging(s, &p);
	world_set32(PTE(VA), B | ALL | W_G);
	shadow_load_cr3(s, PD2, NULL);
	ends(VA, false, false, WORLD_FAULT, 0, "G without PGE means nothing");
	shadow_load_cr3(s, PD, NULL);
	hit(VA, false, false, B, 1, "the new page");
}

/* ASIDs run out: they are used again, with nothing left in the TLB. */
static void test_asid_wrap(void)
{
	start(16);
	world_set32(PD2 + (VA >> 22) * 4, PT | ALL | W_A);
	for (u32 k = 0; k < 3000; k++) {
		for (u32 n = 0; n < 6; n++)	/* more than an ASID that sleeps can note */
			world_set32(PTE(VA + 2 * n * 0x1000), (A + (k + n) % 7 * 0x1000) | ALL);
		shadow_load_cr3(s, k & 1 ? PD : PD2, NULL);
		for (u32 n = 0; n < 6; n++)
			hit(VA + 2 * n * 0x1000, true, k & 2, A + (k + n) % 7 * 0x1000, 1,
			    "the current page");
	}
	CHECK(s->count.asid_wraps >= 2, "wrapped");
	CHECK(fake_counts.drop_all >= 2, "with the TLB dropped");
}

/* Both forms of addresses around 2 GiB (design 1.1), as seen by every kind of invalidation. */
static void test_alias(void)
{
	struct world_result r;

	start(16);
	world_set32(PDE(0x80000000), PT | ALL);
	world_set32(PTE(0x80000000), A | ALL);
	CHECK_EQ(world_access(0x80000000, false, true, true).end, WORLD_HIT, "sign-extended");
	CHECK_EQ(world_access(0x80000000, true, true, true).end, WORLD_HIT, "zero-extended");
	frame_watch(A >> 12, WATCH_CODE);
	CHECK_EQ(world_access(0x80000000, true, true, true).end, WORLD_WATCHED, "both closed");
	CHECK_EQ(world_access(0x80000000, false, true, true).end, WORLD_WATCHED, "both closed");
	frame_code_set(A >> 12, 0);
	CHECK_EQ(world_access(0x80000000, false, true, true).end, WORLD_HIT, "opened");
	CHECK_EQ(world_access(0x80000000, true, true, true).fills, 0, "both at once");
	world_set32(PTE(0x80000000), B | ALL);
	shadow_invlpg(s, gva(0x80000000));
	r = world_access(0x80000000, true, true, true);
	CHECK_EQ(r.host, (uintptr_t)world_ram + B, "both dropped");
	r = world_access(0x80000000, false, true, true);
	CHECK_EQ(r.host, (uintptr_t)world_ram + B, "both dropped");
}

static void test_nx(void)
{
	struct x86_paging p = { .pg = true, .pae = true, .nxe = true, .wp = true, .phys_bits = 36,
				.pdpte = { PD | W_P } };
	u32 va = 0x00200000, error;
	gpa_t at;

	start(16);
	world_set64(PD + 8, PT | ALL);
	world_set64(PT, A | ALL | W_NX);
	world_set64(PT + 8, B | ALL);
	shadow_set_paging(s, &p);
	hit(va, true, true, A, 1, "data in an XD page");
	CHECK(!shadow_translate(s, gva(va), X86_FETCH, true, &at, &error), "no fetch");
	CHECK_EQ(error, PF_P | PF_U | PF_I, "code");
	CHECK(shadow_translate(s, gva(va + 0x1234), X86_FETCH, true, &at, &error), "next page");
	CHECK_EQ(at.a, B + 0x234, "where");
	CHECK_EQ(world_get64(PT + 8), B | ALL | W_A, "A set");
	world_set64(PD + 16, 0x800000 | ALL | W_PS);
	hit(0x400000, false, true, 0x800000, 1, "2 MiB page");
	hit(0x5ff000, false, true, 0x9ff000, 1, "its end");
	world_set64(PD + 16, 0x600000 | ALL | W_PS);
	shadow_invlpg(s, gva(0x480000));
	hit(0x5ff000, false, true, 0x7ff000, 1, "INVLPG drops all of it");
	p.pdpte[0] = 0;
	shadow_load_cr3(s, 0, p.pdpte);
	ends(va, false, true, WORLD_FAULT, PF_U, "new PDPTEs");
}

static void test_places(void)
{
	struct x86_paging off = { .pg = false };
	u64 rom = (uintptr_t)world_rom;

	world_reset(16);
	s = world_shadow;
	rom = (uintptr_t)world_rom + WORLD_ROM - 0x10000;
	hit(0x1234, true, false, 0x1000, 1, "real mode");
	CHECK_EQ(world_access(0xf0010, false, false, false).host, rom + 0x10, "ROM");
	ends(0xf0010, true, false, WORLD_ROM_STORE, 0xf0000, "store to ROM");
	CHECK_EQ(world_access(0xfffffff0, false, false, false).host, rom + 0xfff0, "reset vector");
	gpa_set_pam(gpa(0xf0000), 0x10000, PAM_WRITE_RAM);
	CHECK_EQ(world_access(0xf0010, false, false, false).host, rom + 0x10, "ROM under copy");
	ends(0xf0010, true, false, WORLD_ROM_STORE, 0xf0000, "copies to RAM by gpa_store");
	gpa_set_pam(gpa(0xf0000), 0x10000, PAM_READ_RAM | PAM_WRITE_RAM);
	hit(0xf0010, false, false, 0xf0000, 1, "RAM");
	hit(0xf0010, true, false, 0xf0000, 0, "writable at once: paging is off");
	gpa_set_pam(gpa(0xf0000), 0x10000, PAM_READ_RAM);
	hit(0xf0010, false, false, 0xf0000, 1, "protected RAM");
	ends(0xf0010, true, false, WORLD_ROM_STORE, 0xf0000, "store is lost");
	gpa_set_pam(gpa(0xd0000), 0x4000, PAM_WRITE_RAM);
	ends(0xd0000, false, false, WORLD_MMIO, 0xd0000, "nothing to read");
	ends(0xd0000, true, false, WORLD_ROM_STORE, 0xd0000, "but something to write");
	ends(0xa0000, true, false, WORLD_MMIO, 0xa0000, "VGA planes");
	ends(0xfee00020, false, false, WORLD_MMIO, 0xfee00000, "APIC");
	hit(0xb8000, true, false, 0xb8000, 1, "text");
	hit(0x100000, true, false, 0x100000, 1, "A20 on");
	gpa_set_a20(false);
	hit(0x100010, true, false, 0, 1, "A20 off");
	frame_watch(0, WATCH_CODE);
	ends(0x100010, true, false, WORLD_WATCHED, 0, "a watch sees the wrapped address");
	gpa_set_a20(true);
	hit(0x100010, true, false, 0x100000, 1, "A20 on again");
	shadow_load_cr3(s, 0x5000, NULL);
	hit(0x100010, true, false, 0x100000, 0, "CR3 means nothing with paging off");
	shadow_set_paging(s, &mode);
	ends(0x100010, true, false, WORLD_FAULT, PF_W, "paging on");
	shadow_set_paging(s, &off);
	hit(0x100010, true, false, 0x100000, 0, "and off: as it was");
}

/* More 2 MiB slots in use than nodes: what is there is dropped now and then, all still works. */
static void test_pool(void)
{
	start(4);
	for (u32 k = 0; k < 32; k++) {
		world_set32(PDE(k << 22), (0x400000 + k * 0x1000) | ALL);
		world_set32(0x400000 + k * 0x1004, (A + k * 0x1000) | ALL | (k & 1 ? W_G : 0));
	}
	for (u32 k = 0; k < 200; k++) {
		u32 i = world_random(32);

		world_access(i << 22 | i << 12, false, true, k & 1);
		hit(i << 22 | i << 12, true, k & 1, A + i * 0x1000, 0, "one of 32");
	}
	CHECK(s->count.recycles > 10, "nodes ran out");
	frame_watch(A >> 12, WATCH_CODE);
	ends(0, true, false, WORLD_WATCHED, A, "watch after recycling");
}

static void test_generations(void)
{
	u32 g, all;

	start(16);
	g = shadow_generation(s);
	all = shadow_global_generation(s);
	shadow_load_cr3(s, PD2, NULL);
	CHECK(shadow_generation(s) != g, "CR3");
	CHECK_EQ(shadow_global_generation(s), all, "leaves global ones alone");
	g = shadow_generation(s);
	shadow_invlpg(s, gva(0));
	CHECK(shadow_generation(s) != g && shadow_global_generation(s) != all, "INVLPG: both");
	g = shadow_generation(s);
	all = shadow_global_generation(s);
	gpa_set_a20(false);
	CHECK(shadow_generation(s) != g && shadow_global_generation(s) != all, "A20: both");
	g = shadow_generation(s);
	all = shadow_global_generation(s);
	gpa_set_pam(gpa(0xf0000), 0x4000, 3);
	CHECK(shadow_generation(s) != g && shadow_global_generation(s) != all, "PAM: both");
	g = shadow_generation(s);
	world_set32(PTE(VA), A | ALL);
	shadow_set_paging(s, &(struct x86_paging){ .pg = true, .cr3 = PD });
	CHECK(shadow_generation(s) != g, "mode");
	g = shadow_generation(s);
	world_access(VA, false, true, false);
	CHECK_EQ(shadow_generation(s), g, "a fill changes nothing");
	shadow_set_paging(s, &s->paging);
	CHECK_EQ(shadow_generation(s), g, "nor does no change");
}

/* Pages with a data breakpoint: no leaf, in no view, global or not, until they are let go. */
static void test_debug_pages(void)
{
	static const gva_t pages[] = { { VA + 0x1004 }, { VA + 0x2ffc } };

	start(16);
	for (u32 k = 0; k < 4; k++)
		world_set32(PTE(VA + k * 0x1000), (A + k * 0x1000) | ALL | (k & 1 ? W_G : 0));
	for (u32 k = 0; k < 4; k++) {
		hit(VA + k * 0x1000, true, true, A + k * 0x1000, 1, "before, user");
		hit(VA + k * 0x1000, true, false, A + k * 0x1000, 1, "before, supervisor");
	}
	shadow_set_debug_pages(s, pages, 2);
	for (u32 user = 0; user < 2; user++) {
		hit(VA, true, user, A, 0, "the page before");
		ends(VA + 0x1000, false, user, WORLD_DEBUG, A + 0x1000, "load");
		ends(VA + 0x1ff0, true, user, WORLD_DEBUG, A + 0x1000, "store");
		ends(VA + 0x2000, true, user, WORLD_DEBUG, A + 0x2000, "the other one");
		hit(VA + 0x3000, true, user, A + 0x3000, 0, "the page behind");
	}
	shadow_load_cr3(s, PD, NULL);
	ends(VA + 0x1000, false, true, WORLD_DEBUG, A + 0x1000, "after MOV CR3");
	world_set32(PTE(VA + 0x1000), 0);
	ends(VA + 0x1000, false, true, WORLD_FAULT, PF_U, "the guest's fault comes first");
	world_set32(PTE(VA + 0x1000), A | ALL);
	shadow_set_debug_pages(s, pages + 1, 1);
	hit(VA + 0x1000, false, true, A, 1, "let go");
	ends(VA + 0x2000, true, true, WORLD_DEBUG, A + 0x2000, "still there");
	shadow_set_debug_pages(s, NULL, 0);
	hit(VA + 0x2000, true, true, A + 0x2000, 1, "let go, too");
}

int main(void)
{
	test_cached_invalid();
	test_dirty();
	test_rights();
	test_narrowing();
	test_watch();
	test_many_writers();
	test_watch_order();
	test_stale_reference();
	test_large();
	test_invlpg_views();
	test_global();
	test_cr3();
	test_asid_wrap();
	test_alias();
	test_nx();
	test_places();
	test_pool();
	test_generations();
	test_debug_pages();
	return check_done();
}
