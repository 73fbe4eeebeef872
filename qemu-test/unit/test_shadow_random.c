/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/shadow under random guests: table writes, INVLPG, CR3, mode changes, flushes, watches, PAM,
 * A20 and accesses in both views and both address forms, on a host TLB that forgets nothing.
 * The model is x86's rule (SDM vol. 3, 4.10): an access may use the translation that the tables
 * give now, or one that they gave since it was last invalidated; a fault must be today's.
 */
#include <stdlib.h>

#include "mm/frame.h"
#include "mm/shadow.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/fake_paging.h"
#include "qemu-test/unit/mm_world.h"

#define TABLES 0x100000u	/* 12 frames of tables: 4 roots, 8 below them */
#define ROOTS 4
#define LEAF_TABLES 8
#define DATA 0x200000u		/* 10 frames of data */
#define DATA_FRAMES 10
#define PAGES 28
#define PAST 48

/* Addresses in play: neighbours, ends of large pages, both sides of 2 GiB, the very ends. */
static const u32 base[] = { 0, 0x400000, 0x5fe000, 0x7fffe000, 0x80000000, 0xc01fe000, 0xffffc000 };

struct past {			/* a translation that the TLB may still hold */
	u64 page;
	u8 shift;
	bool user, write[2], global;	/* write: as supervisor, as user */
};

static u32 pages[PAGES];
static struct past past[PAGES][PAST];
static unsigned pasts[PAGES];
static struct x86_paging mode;
static struct shadow *s;
static u64 accesses[WORLD_STUCK + 1], stale;

/* -- the model ------------------------------------------------------------ */

/* What the tables say of page k now; false if it is not present. */
static bool today(unsigned k, struct past *t)
{
	struct ref_walk r = ref_walk(&mode, pages[k], X86_READ, false);

	*t = (struct past){
		.page = r.addr & gpa_map.a20_mask & ~0xfffull, .shift = r.shift, .user = r.user,
		.global = r.global,
		.write = { r.dirty && (r.writable || !mode.wp), r.dirty && r.writable && r.user },
	};
	return r.ok;
}

static bool same(const struct past *a, const struct past *b)
{
	return a->page == b->page && a->shift == b->shift && a->user == b->user &&
	       a->global == b->global && a->write[0] == b->write[0] && a->write[1] == b->write[1];
}

/* The tables are about to change: what they say now may be in the TLB from now on. */
static void remember(void)
{
	struct past t;
	unsigned i;

	for (unsigned k = 0; k < PAGES; k++) {
		if (!today(k, &t))
			continue;
		for (i = 0; i < pasts[k] && !same(&past[k][i], &t); i++)
			;
		if (i < pasts[k])
			continue;
		if (pasts[k] == PAST) {		/* too many to tell: start from nothing */
			shadow_flush(s, true);
			memset(pasts, 0, sizeof(pasts));
			remember();
			return;
		}
		past[k][pasts[k]++] = t;
	}
}

static void forget_all(void) { memset(pasts, 0, sizeof(pasts)); }

static void forget(unsigned k, unsigned i) { past[k][i] = past[k][--pasts[k]]; }

static void forget_local(void)
{
	for (unsigned k = 0; k < PAGES; k++)
		for (unsigned i = 0; i < pasts[k];)
			if (past[k][i].global)
				i++;
			else
				forget(k, i);
}

/* INVLPG: all for its page, and for others what is of a large page that holds it. */
static void forget_page(unsigned which)
{
	for (unsigned k = 0; k < PAGES; k++)
		for (unsigned i = 0; i < pasts[k];) {
			unsigned shift = past[k][i].shift;

			if (k == which ||
			    (shift < 32 && pages[k] >> shift == pages[which] >> shift))
				forget(k, i);
			else
				i++;
		}
}

static u64 host_of(u64 page)
{
	struct gpa_page p = gpa_lookup(gpa(page));

	return p.frame == FRAME_NONE ? 0 : gpa_frame_hpa(p.frame).a;
}

static bool permits(const struct past *t, u64 host, bool write, bool user)
{
	return host_of(t->page) == (host & ~0xfffull) && (!user || t->user) &&
	       (!write || (t->write[user] && gpa_lookup(gpa(t->page)).kind == GPA_RAM));
}

/* -- checks --------------------------------------------------------------- */

static void check_hit(unsigned k, u64 host, bool write, bool user)
{
	struct past t;
	bool fresh = today(k, &t) && permits(&t, host, write, user), old = false;
	u32 frame = (u32)(((host & ~0xfffull) - (uintptr_t)world_ram) >> 12);

	for (unsigned i = 0; i < pasts[k]; i++)
		old |= permits(&past[k][i], host, write, user);
	stale += !fresh && old;
	CHECK(fresh || old, "a hit that the tables allow, or allowed since the last INVLPG");
	if (write)
		CHECK(frame < gpa_map.ram_frames && !frame_watched(frame),
		      "a store goes to RAM without a watch");
	if (fresh && !old)
		CHECK(ref_walk(&mode, pages[k], X86_READ, false).accessed, "A is set");
}

static void check_access(unsigned k, bool write, bool user)
{
	struct world_result r = world_access(pages[k] + 4 * world_random(1024), world_random(2),
					     write, user);
	struct ref_walk w = ref_walk(&mode, pages[k], write ? X86_WRITE : X86_READ, user);
	struct gpa_page p = gpa_lookup(gpa(w.addr & gpa_map.a20_mask));

	accesses[r.end]++;
	if (r.end == WORLD_HIT) {
		check_hit(k, r.host, write, user);
		return;
	}
	CHECK(r.end != WORLD_STUCK, "progress");
	CHECK_EQ(w.ok, r.end != WORLD_FAULT, "faults are today's");
	if (r.end == WORLD_FAULT) {
		CHECK_EQ(r.error, w.error, "error code");
		return;
	}
	CHECK_EQ(r.page, w.addr & gpa_map.a20_mask & ~0xfffull, "page");
	if (write)
		CHECK(w.dirty, "D is set for a store that the monitor does");
	if (r.end == WORLD_WATCHED)
		CHECK(p.kind == GPA_RAM && (frame_at(p.frame)->watch & WATCH_CODE), "watched");
	else if (r.end == WORLD_ROM_STORE)
		CHECK(write && p.kind != GPA_RAM && (p.kind == GPA_ROM || p.wframe != FRAME_NONE),
		      "store beside the ROM");
	else
		CHECK(p.frame == FRAME_NONE, "no memory there");
}

/* The host's TLB and the leaves agree; no leaf is writable that must not be. */
static void check_tables(bool deep)
{
	for (unsigned v = 0; v < SHADOW_VIEWS; v++) {
		CHECK_EQ(fake_disagreements(s->view[v].asid, s->view[v].root), 0, "TLB");
		for (unsigned slot = 0; deep && slot < SHADOW_SLOTS; slot++) {
			unsigned t = s->view[v].table[slot];

			for (unsigned k = 0; t && k < PAGING_LEAF_ENTRIES; k++) {
				pte_t p = s->leaves[t * 512 + k];
				u64 off = pte_page(p).a - (uintptr_t)world_ram;

				CHECK_EQ(s->table[t].live[k / 64] >> k % 64 & 1, p != 0, "live");
				if (pte_writable(p))
					CHECK(off < WORLD_RAM && !frame_watched((u32)(off >> 12)),
					      "writable leaf");
			}
		}
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
		e = TABLES + 0x1000 * world_random(ROOTS + LEAF_TABLES);
	return e | (world_random(8) ? W_P : 0) | (world_random(4) ? W_RW : 0) |
	       (world_random(4) ? W_US : 0) | (world_random(3) ? 0 : W_G) |
	       (world_random(3) ? 0 : W_D | W_A);
}

static u64 random_directory(void)
{
	u64 flags = W_P | (world_random(6) ? W_RW : 0) | (world_random(6) ? W_US : 0);

	if (world_random(10) == 0)
		return 0;
	if (world_random(4) == 0)
		return (mode.pae ? 0x200000ull * world_random(6) : 0x400000ull * world_random(3)) |
		       flags | W_PS | (world_random(2) ? W_G : 0) | (world_random(2) ? W_D : 0);
	return (TABLES + 0x1000 * (ROOTS + world_random(LEAF_TABLES))) | flags;
}

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
	u32 va = pages[world_random(PAGES)];
	u64 leaf_table = TABLES + 0x1000 * (ROOTS + world_random(LEAF_TABLES));

	remember();
	if (world_random(4) == 0)
		put_entry(TABLES + 0x1000 * world_random(ROOTS),
			  mode.pae ? va >> 21 & 0x1ff : va >> 22, random_directory());
	else
		put_entry(leaf_table, va >> 12 & (mode.pae ? 0x1ff : 0x3ff), random_leaf());
}

static void load_cr3(void)
{
	remember();
	mode.cr3 = TABLES + 0x1000 * world_random(ROOTS);
	for (unsigned k = 0; k < 4 && mode.pae; k++)
		mode.pdpte[k] = (TABLES + 0x1000 * world_random(ROOTS)) | !!world_random(8);
	shadow_load_cr3(s, mode.cr3, mode.pae ? mode.pdpte : NULL);
	forget_local();
}

static void fill_tables(void)
{
	for (unsigned t = 0; t < ROOTS + LEAF_TABLES; t++)
		for (unsigned k = 0; k < (mode.pae ? 512 : 1024); k++)
			put_entry(TABLES + 0x1000 * t, k,
				  t < ROOTS ? random_directory() : random_leaf());
}

static void change_mode(void)
{
	mode.pg = world_random(8);
	mode.pae = world_random(2);
	mode.pse = world_random(4);
	mode.wp = world_random(2);
	mode.pge = world_random(4);
	mode.phys_bits = 36;
	mode.nxe = mode.pae;
	mode.cr3 = TABLES;
	for (unsigned k = 0; k < 4; k++)
		mode.pdpte[k] = (TABLES + 0x1000 * k) | W_P;
	fill_tables();
	shadow_set_paging(s, &mode);
	shadow_flush(s, true);		/* the tables changed even if the mode did not */
	forget_all();
}

static void invlpg(void)
{
	unsigned k = world_random(PAGES);

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
		n = TABLES / 4096 + world_random(ROOTS + LEAF_TABLES);
	if (world_random(2))
		frame_watch(n, reasons[reason]);
	else
		frame_unwatch(n, reasons[reason]);
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

	shadow_fault(s, gva(pages[world_random(PAGES)]), world_random(2) ? X86_WRITE : X86_READ,
		     world_random(2), &miss);
}

static void event(void)
{
	u32 what = world_random(1000);

	if (what < 580)
		check_access(world_random(PAGES), world_random(2), world_random(2));
	else if (what < 600)
		fill_ahead();
	else if (what < 750)
		write_table();
	else if (what < 850)
		invlpg();
	else if (what < 930)
		watch();
	else if (what < 970)
		load_cr3();
	else if (what < 980)
		fake_evict(3, world_random(1u << 30));
	else if (what < 990)
		remember(), shadow_flush(s, false), forget_local();
	else if (what < 995)
		machine_event();
	else if (what < 996)
		change_mode();
}

static void run(u64 seed, u32 leaf_tables, unsigned events)
{
	world_seed = seed;
	world_reset(leaf_tables);
	s = world_shadow;
	change_mode();
	for (unsigned k = 0; k < events; k++) {
		event();
		check_tables(k % 512 == 0);
	}
	if (check_failed)
		printf("  in run %llu\n", (unsigned long long)seed);
}

int main(int argc, char **argv)
{
	u64 seeds = argc > 1 ? strtoull(argv[1], NULL, 0) : 12;

	for (unsigned k = 0; k < PAGES; k++)
		pages[k] = base[k / 4] + k % 4 * 0x1000;
	for (u64 seed = 1; seed <= seeds && !check_failed; seed++)
		run(seed, seed % 3 ? 64 : 5, 20000);
	printf("hits %llu (stale %llu) faults %llu mmio %llu rom %llu watched %llu recycles %llu\n",
	       (unsigned long long)accesses[WORLD_HIT], (unsigned long long)stale,
	       (unsigned long long)accesses[WORLD_FAULT], (unsigned long long)accesses[WORLD_MMIO],
	       (unsigned long long)accesses[WORLD_ROM_STORE],
	       (unsigned long long)accesses[WORLD_WATCHED],
	       (unsigned long long)s->count.recycles);
	CHECK(accesses[WORLD_HIT] > 1000 && accesses[WORLD_FAULT] > 1000 && stale > 10 &&
	      accesses[WORLD_WATCHED] > 100 && accesses[WORLD_ROM_STORE] > 10 &&
	      accesses[WORLD_MMIO] > 10, "every outcome was seen");
	return check_done();
}
