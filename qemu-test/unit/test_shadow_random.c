/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/shadow under random guests: table writes by the monitor, by DMA and through mappings, INVLPG,
 * CR3 (more address spaces than are remembered, tables in ROM, nowhere, in their own data), mode
 * changes between all forms of paging, 64-bit and compatibility code, flushes, watches, PAM, A20,
 * fetches and accesses in all views and address forms, on a host TLB that forgets nothing. What
 * an access may use is shadow_past.h's; a fault must be today's. A fetch that was answered is good
 * until the hooks say not.
 */
#include <stdlib.h>

#include "mm/frame.h"
#include "mm/shadow.h"
#include "mm/shadow_node.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/fake_paging.h"
#include "qemu-test/unit/mm_world.h"
#include "qemu-test/unit/shadow_past.h"

#define TABLES 0x100000u	/* 17 frames: 4 roots, 8 leaf tables, 2 PDPTs, 3 PDs */
#define ROOTS 4
#define LEAF_TABLES 8
#define PDPTS 2
#define PDS 3
#define ALL_TABLES (ROOTS + LEAF_TABLES + PDPTS + PDS)
#define DATA 0x200000u		/* 10 frames of data */
#define DATA_FRAMES 10
#define SPACES 0x300000u	/* 80 frames of nothing: more roots than there are numbers */
#define CODE 512		/* fetches that are remembered */

/*
 * Addresses in play: neighbours, ends of large pages, both sides of 2 GiB, the very ends. With four
 * levels 16 that compatibility code has, too, the ends of both halves, and the last 1 GiB.
 */
static const u64 base[] = { 0, 0x400000, 0x5fe000, 0x7fffe000, 0x80000000, 0xc01fe000, 0xffffc000 };
static const u64 long_base[] = {
	0x3fffe000, 0x401fe000, 0x7fffe000, 0xffffc000,
	0x7fffffffc000, 0xffff800000000000, 0xffffffffc01fe000,
};

struct code {			/* a fetch that was answered, as a jump cache keeps it */
	u32 root, frame;
	u8 page;
	bool user, global, valid;
};

static struct shadow *s;
static u64 accesses[WORLD_STUCK + 1], stale, fetches, code_hits, edits, wide_hits, strict_faults;
static struct code code[CODE];

/* -- checks --------------------------------------------------------------- */

/* Marks in tables that are no RAM are lost. */
static void check_accessed(unsigned k)
{
	struct ref_walk r = ref_walk(&mode, pages[k], X86_READ, false);

	CHECK(r.accessed || !r.ram, "A is set");
}

static void check_hit(unsigned k, u64 host, bool write, enum x86_rights rights)
{
	struct past t;
	bool fresh = today(k, &t) && permits(&t, host, write, rights);
	bool old = past_permits(k, host, write, rights);
	u32 frame = (u32)(((host & ~0xfffull) - (uintptr_t)world_ram) >> 12);

	wide_hits += s->wide;
	stale += !fresh && old;
	CHECK(fresh || old, "a hit that the tables allow, or allowed since the last INVLPG");
	if (write)
		CHECK(frame < gpa_map.ram_frames && !frame_watched(frame),
		      "a store goes to RAM without a watch");
	if (fresh && !old)
		check_accessed(k);
}

static void check_access(unsigned k, bool write, enum x86_rights rights)
{
	struct world_result r = world_access(pages[k] + 4 * world_random(1024), world_random(2),
					     write, rights);
	struct ref_walk w = ref_walk(&mode, pages[k], write ? X86_WRITE : X86_READ, rights);
	struct gpa_page p = gpa_lookup(gpa(w.addr & gpa_map.a20_mask));

	accesses[r.end]++;
	if (r.end == WORLD_HIT) {
		check_hit(k, r.host, write, rights);
		return;
	}
	CHECK(r.end != WORLD_STUCK, "progress");
	CHECK_EQ(w.ok, r.end != WORLD_FAULT, "faults are today's");
	if (r.end == WORLD_FAULT) {
		CHECK_EQ(r.error, w.error, "error code");
		strict_faults += rights == X86_STRICT && w.user && mode.smap && w.error & PF_P;
		return;
	}
	CHECK_EQ(r.page, w.addr & gpa_map.a20_mask & ~0xfffull, "page");
	if (write && w.ram)
		CHECK(w.dirty, "D is set for a store that the monitor does");
	if (r.end == WORLD_WATCHED)
		CHECK(p.kind == GPA_RAM && (frame_at(p.frame)->watch & WATCH_CODE), "watched");
	else if (r.end == WORLD_ROM_STORE)
		CHECK(write && p.kind != GPA_RAM && (p.kind == GPA_ROM || p.wframe != FRAME_NONE),
		      "store beside the ROM");
	else
		CHECK(p.frame == FRAME_NONE, "no memory there");
}

/* A fetch that is answered from memory, or now. */
static void check_code(const struct code *c)
{
	u64 host = gpa_frame_hpa(c->frame).a;
	struct past t;
	bool fresh = today(c->page, &t) && permits_fetch(&t, host, c->user);
	bool old = past_permits_fetch(c->page, host, c->user);

	CHECK(fresh || old, "code that may be there, or might since the last INVLPG");
	if (fresh && !old)
		check_accessed(c->page);
}

static struct code *find_code(unsigned k, bool user)
{
	for (unsigned i = 0; i < CODE; i++)
		if (code[i].valid && code[i].page == k && code[i].user == user &&
		    (code[i].global || code[i].root == shadow_root(s)))
			return &code[i];
	return NULL;
}

static void check_fetch(unsigned k, bool user)
{
	struct ref_walk r = ref_walk(&mode, pages[k], X86_FETCH, user);
	struct code *c = find_code(k, user);
	struct x86_walk w;
	u32 frame;

	fetches++;
	if (c) {
		code_hits++;
		check_code(c);
		return;
	}
	CHECK_EQ(shadow_fetch(s, gva(pages[k]), user, &w), r.ok, "fetches are today's");
	if (!r.ok) {
		CHECK_EQ(w.error, r.error, "error code of a fetch");
		return;
	}
	frame = gpa_lookup(gpa(w.page)).frame;
	if (frame == FRAME_NONE)
		return;
	c = &code[world_random(CODE)];
	*c = (struct code){ shadow_root(s), frame, (u8)k, user, w.global, true };
	check_code(c);
}

static void page_gone(void *arg, u32 root, gva_t page)
{
	(void)arg;
	for (unsigned i = 0; i < CODE; i++)
		if (pages[code[i].page] == (page.a & ~0xfffull) &&
		    (root == SHADOW_ALL_ROOTS || (!code[i].global && code[i].root == root)))
			code[i].valid = false;
}

static void all_gone(void *arg, u32 root)
{
	(void)arg;
	for (unsigned i = 0; i < CODE; i++)
		if (root == SHADOW_ALL_ROOTS || (!code[i].global && code[i].root == root))
			code[i].valid = false;
}

/* What is held under the ASID of one form of a view of the loaded root. */
static void check_tlb(unsigned v, enum paging_form form)
{
	const struct shadow_half *h = half_of(s, s->loaded, v);
	hpa_t root = hpa(form == PAGING_WIDE ?
			 (uintptr_t)node_leaves(s, top_node(s, s->loaded, v)) :
			 (uintptr_t)h->entries);
	u32 asid = loaded_root(s)->view[form][v].asid;

	if (asid)
		CHECK_EQ(fake_disagreements(asid, form, root), 0, "TLB");
}

/* The host's TLB allows no more than the leaves; no leaf is writable that must not be. */
static void check_tables(bool deep)
{
	CHECK_EQ(s->wide, fake_form == PAGING_WIDE, "the host's form");
	CHECK_EQ(s->view[s->current].asid, fake_asid, "the active view");
	for (unsigned v = 0; v < s->views; v++) {
		check_tlb(v, PAGING_NARROW);
		check_tlb(v, PAGING_WIDE);
	}
	for (u64 k = PAGING_LEAF_ENTRIES; deep && k < (s->pool.nodes + 1) * 512ull; k++) {
		pte_t p = s->pool.leaves[k];
		u64 off = pte_page(p).a - (uintptr_t)world_ram;

		if (pte_writable(p))
			CHECK(off < WORLD_RAM && !frame_watched((u32)(off >> 12)),
			      "writable leaf");
	}
}

/* -- what the guest and the machine do ------------------------------------ */

static u64 random_leaf(void)
{
	static const u64 special[] = {
		0xf0000, 0xa0000, 0xb8000, 0xfffff000, 0xfee00000, 0, 0x300000,
	};
	u64 e = world_random(8) ? DATA + 0x1000 * world_random(DATA_FRAMES) :
		special[world_random(7)];

	if (world_random(12) == 0)
		e = TABLES + 0x1000 * world_random(ALL_TABLES);
	return e | (world_random(16) ? W_P : 0) | (world_random(4) ? W_RW : 0) |
	       (world_random(6) ? W_US : 0) | (world_random(3) ? 0 : W_G) |
	       (world_random(3) ? 0 : W_D | W_A);
}

static u64 random_directory(void)
{
	u64 flags = W_P | (world_random(6) ? W_RW : 0) | (world_random(10) ? W_US : 0);

	if (world_random(30) == 0)
		return 0;
	if (world_random(4) == 0)
		return (mode.pae ? 0x200000ull * world_random(6) : 0x400000ull * world_random(3)) |
		       flags | W_PS | (world_random(2) ? W_G : 0) | (world_random(2) ? W_D : 0);
	return (TABLES + 0x1000 * (ROOTS + world_random(LEAF_TABLES))) | flags;
}

/* A table that is meant for a level: 3 the roots', 0 leaf tables. */
static u64 random_table(unsigned level)
{
	static const struct { u8 first, count; } of[] = {
		{ ROOTS, LEAF_TABLES }, { ROOTS + LEAF_TABLES + PDPTS, PDS },
		{ ROOTS + LEAF_TABLES, PDPTS }, { 0, ROOTS },
	};

	return TABLES + 0x1000 * (of[level].first + world_random(of[level].count));
}

/* The same for entries of four levels: large pages, and now and then a table of another level. */
static u64 random_entry(unsigned level)
{
	u64 flags = W_P | (world_random(12) ? W_RW : 0) | (world_random(20) ? W_US : 0) |
		    (world_random(12) ? 0 : W_NX);

	if (level == 0)
		return random_leaf();
	if (world_random(60) == 0)
		return 0;
	if (world_random(level == 3 ? 60 : 5) == 0)
		return (level == 1 ? 0x200000ull * world_random(6) : 0) | flags | W_PS |
		       (world_random(2) ? W_G : 0) | (world_random(2) ? W_D : 0);
	if (world_random(40) == 0)
		return (TABLES + 0x1000 * world_random(ALL_TABLES)) | flags;
	return random_table(level - 1) | flags;
}

static unsigned level_of(unsigned t)
{
	unsigned pdpts = ROOTS + LEAF_TABLES;

	return t < ROOTS ? 3 : t < pdpts ? 0 : t < pdpts + PDPTS ? 2 : 1;
}

static u32 index_at(u64 va, unsigned level) { return va >> (12 + 9 * level) & 511; }

static void put_entry(u64 table, u32 index, u64 e)
{
	if (mode.pae)
		world_set64(table + index * 8, e);
	else
		world_set32(table + index * 4, (u32)e);
}

/* Change a directory or table entry that one of the pages may go through. */
static void write_table(void)
{
	u64 va = pages[world_random(PAGES)];
	u64 leaf_table = TABLES + 0x1000 * (ROOTS + world_random(LEAF_TABLES));
	unsigned level = world_random(3) ? 0 : 1 + world_random(3);

	remember();
	if (mode.lma)
		put_entry(random_table(level), index_at(va, level), random_entry(level));
	else if (world_random(4) == 0)
		put_entry(TABLES + 0x1000 * world_random(ROOTS),
			  mode.pae ? va >> 21 & 0x1ff : va >> 22, random_directory());
	else
		put_entry(leaf_table, va >> 12 & (mode.pae ? 0x1ff : 0x3ff), random_leaf());
}

/* Compatibility code has 32 bits of address. */
static bool reachable(unsigned k) { return !mode.lma || s->wide || pages[k] >> 32 == 0; }

/* The guest's own store, where a leaf lets it: to a table, as far as random leaves map those. */
static void store(void)
{
	unsigned k = world_random(PAGES);
	enum x86_rights rights = world_random(4) == 0 ? X86_USER : X86_SUPER;
	struct world_result r;
	u64 va = pages[world_random(PAGES)], table, e = random_leaf();
	u32 index = va >> 12 & (mode.pae ? 0x1ff : 0x3ff);
	unsigned level = 1 + world_random(3);

	if (!reachable(k))
		return;
	if (mode.lma && world_random(3) == 0) {
		index = index_at(va, level);
		e = random_entry(level);
	} else if (world_random(4) == 0) {
		index = mode.pae ? va >> 21 & 0x1ff : va >> 22;
		e = random_directory();
	}
	remember();
	r = world_access(pages[k], false, true, rights);
	if (r.end != WORLD_HIT)
		return;
	check_hit(k, r.host, true, rights);
	table = r.host - (uintptr_t)world_ram;
	edits += table >= TABLES && table < TABLES + 0x1000 * ALL_TABLES;
	CHECK(!frame_watched((u32)(table >> 12)), "the frame is open");
	memcpy(world_ram + table + index * (mode.pae ? 8 : 4), &e, mode.pae ? 8 : 4);
}

/* A, D or XD of a leaf entry, alone. */
static void change_bit(void)
{
	static const u64 bit[] = { W_A, W_D, W_RW, W_US, W_NX, W_P };
	u64 va = pages[world_random(PAGES)];
	u64 at = TABLES + 0x1000 * (ROOTS + world_random(LEAF_TABLES));
	unsigned level = world_random(4);

	remember();
	if (mode.lma)
		at = random_table(level) + index_at(va, level) * 8;
	else if (mode.pae)
		at += (va >> 12 & 0x1ff) * 8;
	else
		at += (va >> 12 & 0x3ff) * 4;
	if (mode.pae)
		world_set64(at, world_get64(at) ^ bit[world_random(6)]);
	else
		world_set32(at, world_get32(at) ^ (u32)bit[world_random(6)]);
}

static void dma(void)
{
	u64 at = TABLES + 0x1000 * world_random(ALL_TABLES) + 8 * world_random(4);
	u64 e[4];

	remember();
	for (unsigned k = 0; k < 4; k++)
		e[k] = mode.pae ? random_leaf() :
		       random_leaf() << 32 | (random_leaf() & 0xffffffff);
	if (world_random(2))
		at += (pages[world_random(PAGES)] >> 12 & 0x1ff) * (mode.pae ? 8 : 4) & ~7u;
	at = at > TABLES + 0x1000 * ALL_TABLES - 32 ? TABLES : at;
	gpa_write(gpa(at), e, sizeof(e));
}

static u64 random_root(void)
{
	static const u64 special[] = { 0xf0000, 0xa0000, 0xfffff000, 0x3ffff000, 0x200000, 0 };

	switch (world_random(60)) {
	case 0: return special[world_random(6)];
	case 1: case 2: return SPACES + 0x1000 * world_random(80);
	default: return TABLES + 0x1000 * world_random(ROOTS + !world_random(9));
	}
}

static void load_cr3(void)
{
	remember();
	mode.cr3 = random_root();
	for (unsigned k = 0; k < 4 && mode.pae; k++)
		mode.pdpte[k] = random_root() | !!world_random(8);
	shadow_load_cr3(s, mode.cr3, mode.pae && !mode.lma ? mode.pdpte : NULL);
	forget_local();
}

static void fill_tables(void)
{
	for (unsigned t = 0; t < ALL_TABLES; t++)
		for (unsigned k = 0; k < (mode.pae ? 512 : 1024); k++)
			put_entry(TABLES + 0x1000 * t, k,
				  mode.lma ? random_entry(level_of(t)) :
				  t < ROOTS ? random_directory() : random_leaf());
}

static void set_pages(void)
{
	for (unsigned k = 0; k < PAGES; k++)
		pages[k] = (mode.lma ? long_base : base)[k / 4] + k % 4 * 0x1000;
}

static void change_mode(void)
{
	mode.pg = world_random(8);
	mode.pae = world_random(4);
	mode.lma = mode.pg && mode.pae && world_random(3);
	mode.smep = world_random(2);
	mode.smap = world_random(2);
	mode.page1g = world_random(4);
	mode.pse = world_random(4);
	mode.wp = world_random(2);
	mode.pge = world_random(4);
	mode.phys_bits = 36;
	mode.nxe = mode.pae;
	mode.cr3 = TABLES;
	for (unsigned k = 0; k < 4; k++)
		mode.pdpte[k] = (TABLES + 0x1000 * k) | W_P;
	fill_tables();
	set_pages();
	shadow_set_paging(s, &mode);
	shadow_flush(s, true);		/* the tables changed even if the mode did not */
	forget_all();
}

/* One bit of the mode, which is a flush; the tables stay as they are. */
static void change_mode_bit(void)
{
	remember();
	switch (world_random(7)) {
	case 0: mode.wp ^= 1; break;
	case 1: mode.pge ^= 1; break;
	case 2: mode.smep ^= 1; break;
	case 3: mode.smap ^= 1; break;
	case 4: case 5:			/* another form: what it makes of the tables is as good */
		if (!mode.pg || !mode.pae)
			return;
		mode.lma ^= 1;
		break;
	default:
		if (mode.pae)
			mode.nxe ^= 1;
		else
			mode.pse ^= 1;
	}
	set_pages();
	shadow_set_paging(s, &mode);
	forget_all();
}

static void invlpg(void)
{
	unsigned k = world_random(PAGES);

	if (!reachable(k))
		return;
	remember();			/* so that large pages of today go as well */
	shadow_invlpg(s, gva(pages[k]));
	forget_page(k);
}

static void watch(void)
{
	static const enum frame_watch reasons[] = { WATCH_CODE, WATCH_PTABLE, WATCH_DISPLAY };
	u32 n = DATA / 4096 + world_random(DATA_FRAMES);
	unsigned reason = world_random(3);

	if (world_random(4) == 0)
		n = TABLES / 4096 + world_random(ALL_TABLES);
	if (reasons[reason] == WATCH_PTABLE || world_random(2))
		frame_watch(n, reasons[reason]);
	else
		frame_unwatch(n, reasons[reason]);	/* the tables' watch is mm/shadow's */
}

static void machine_event(void)
{
	switch (world_random(3)) {
	case 0:
		gpa_set_pam(gpa(0xf0000), 0x10000, world_random(4));
		break;
	case 1:
		remember();
		gpa_set_a20(gpa_map.a20_mask != ~0ull);
		break;
	default:
		gpa_bus_changed();
		break;
	}
	forget_all();
}

/* A fill without a host fault, for any view (helpers probing ahead). */
static void fill_ahead(void)
{
	struct shadow_miss miss;
	unsigned k = world_random(PAGES);

	if (reachable(k))
		shadow_fault(s, gva(pages[k]), world_random(2) ? X86_WRITE : X86_READ,
			     world_random(3), &miss);
}

static void event(void)
{
	u32 what = world_random(10000);
	unsigned k = world_random(PAGES);

	if (what < 6500 && !reachable(k))
		return;
	if (what < 5000)
		check_access(k, world_random(2), world_random(3));
	else if (what < 6500)
		check_fetch(k, world_random(2));
	else if (what < 6700)
		fill_ahead();
	else if (what < 7200)
		write_table();
	else if (what < 7600)
		store();
	else if (what < 7900)
		change_bit();
	else if (what < 7950)
		dma();
	else if (what < 8600)
		invlpg();
	else if (what < 8800)
		watch();
	else if (what < 9800)
		load_cr3();
	else if (what < 9850)
		shadow_set_code64(s, world_random(3));
	else if (what < 9900)
		fake_evict(3, world_random(1u << 30));
	else if (what < 9970)
		remember(), shadow_flush(s, false), forget_local();
	else if (what < 9980)
		machine_event();
	else if (what < 9995)
		change_mode_bit();
	else if (what < 9999)
		change_mode();
}

static void run(u64 seed, u32 leaf_tables, unsigned events)
{
	world_seed = seed;
	world_reset(leaf_tables);
	s = world_shadow;
	memset(code, 0, sizeof(code));
	shadow_on_code_gone(s, &(struct shadow_code_hooks){ NULL, page_gone, all_gone });
	change_mode();
	for (unsigned k = 0; k < events; k++) {
		event();
		check_tables(k % 512 == 0);
		if (check_failed > 5)
			break;
	}
	if (check_failed)
		printf("  in run %llu\n", (unsigned long long)seed);
}

int main(int argc, char **argv)
{
	u64 seeds = argc > 1 ? strtoull(argv[1], NULL, 0) : 18;

	for (u64 seed = 1; seed <= seeds && !check_failed; seed++)
		run(seed, seed % 3 ? 64 : 5, 14000);
	printf("hits %llu (stale %llu) faults %llu mmio %llu rom %llu watched %llu recycles %llu\n",
	       (unsigned long long)accesses[WORLD_HIT], (unsigned long long)stale,
	       (unsigned long long)accesses[WORLD_FAULT], (unsigned long long)accesses[WORLD_MMIO],
	       (unsigned long long)accesses[WORLD_ROM_STORE],
	       (unsigned long long)accesses[WORLD_WATCHED],
	       (unsigned long long)s->count.recycles);
	printf("wide hits %llu SMAP faults %llu\n", (unsigned long long)wide_hits,
	       (unsigned long long)strict_faults);
	printf("fetches %llu (known %llu) edits %llu; last run: watches %llu opened %llu "
	       "compared %llu replaced %llu hooks %llu ASIDs %llu flushes %llu\n",
	       (unsigned long long)fetches,
	       (unsigned long long)code_hits, (unsigned long long)edits,
	       (unsigned long long)s->count.table_watches, (unsigned long long)s->count.opened,
	       (unsigned long long)s->count.compared, (unsigned long long)s->count.replaced,
	       (unsigned long long)s->count.hooks, (unsigned long long)s->count.asid_switches,
	       (unsigned long long)s->count.flushes);
	CHECK(wide_hits > 1000 && strict_faults > 100, "four levels and SMAP were seen");
	CHECK(code_hits > 1000 && edits > 50 && s->count.table_watches > 10 &&
	      s->count.opened > 10, "fetches, edits, watches were seen");
	CHECK(accesses[WORLD_HIT] > 1000 && accesses[WORLD_FAULT] > 1000 && stale > 10 &&
	      accesses[WORLD_WATCHED] > 100 && accesses[WORLD_ROM_STORE] > 10 &&
	      accesses[WORLD_MMIO] > 10, "every outcome was seen");
	return check_done();
}
