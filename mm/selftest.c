/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shadow tables on the host's real MMU: what the native tests cannot see is whether the
 * host's TLB behaves as their model of it. With 32-bit paging, then with four levels, 64-bit and
 * compatibility code and SMAP in turn. Not a test of the page walk.
 * Invariant: every table change is followed by INVLPG (or a full drop), so that each access
 * must end as the tables say now.
 */
#include "mm/selftest.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/phys.h"
#include "kernel/printk.h"
#include "kernel/selftest_host.h"
#include "kernel/trap.h"
#include "mm/bus.h"
#include "mm/gpa.h"
#include "mm/page.h"
#include "mm/shadow.h"

#define RAM_SIZE 0x200000ull
#define NODES 6				/* fewer than slots in use: they run out */
#define PD 0x100000u
#define TABLES 3			/* page tables after it; then directories, of four levels */
#define DATA 0x180000u
#define DATA_PAGES 8
#define PAGES 24
#define ROUNDS 20000
#define MARK 0x5eed0000u

enum { P = 1, RW = 2, US = 4, D = 0x40, G = 0x100 };

enum end { DONE, FAULT, WATCHED, OTHER };

static struct {
	struct shadow *s;
	u8 *ram;
	bool armed;		/* traps are this test's */
	bool lma;		/* four levels */
	u32 directories;	/* made for them */
	enum x86_rights rights;	/* of the access under way */
	u64 va, host_va;	/* where, for the guest and for the host */
	unsigned traps;		/* in this access */
	enum end end;
	u32 error;
	u32 random;
} t;

/* Neighbours, both sides of 2 GiB, the ends, and three slots of their own. */
static const u64 base[] = { 0, 0x400000, 0x7fffe000, 0x80000000, 0xc01fe000, 0xffffc000 };
/* Two that compatibility code reaches, what differs from one of them above bit 31, the ends. */
static const u64 long_base[] = {
	0x7fffe000, 0xffffc000, 0xffffffff80000000, 0x7fffffffc000, 0xffff800000000000,
	0xffffffffffffc000,
};

static u32 random_below(u32 n)
{
	t.random = t.random * 1664525 + 1013904223;
	return (t.random >> 8) % n;
}

static u64 page_va(unsigned k) { return (t.lma ? long_base : base)[k / 4] + k % 4 * 0x1000; }

static void entry_set(u32 at, u64 e)
{
	unsigned size = t.lma ? 8 : 4;

	memcpy(t.ram + at, &e, size);
	frame_written(at / FRAME_SIZE, at % FRAME_SIZE, size);
}

static u32 entry_get(u32 at)
{
	u32 e;

	memcpy(&e, t.ram + at, 4);
	return e;
}

/* Directory and table entries that a page goes through. */
static u32 pde_at(u64 va)
{
	u32 table = PD;

	if (!t.lma)
		return PD + (u32)(va >> 22) * 4;
	for (unsigned shift = 39; shift > 21; shift -= 9) {
		u32 at = table + (u32)(va >> shift & 511) * 8;

		if (!entry_get(at))
			entry_set(at, (PD + 0x1000 * (1 + TABLES + t.directories++)) | P | RW | US);
		table = entry_get(at) & ~0xfffu;
	}
	return table + (u32)(va >> 21 & 511) * 8;
}

static u32 pte_at(u64 va)
{
	u32 index = t.lma ? (u32)(va >> 12 & 0x1ff) * 8 : (u32)(va >> 12 & 0x3ff) * 4;

	return (entry_get(pde_at(va)) & ~0xfffu) + index;
}

/* The fault path in small: fill, or skip the access and say why. */
static bool claim(struct trap_frame *f, enum trap_kind kind)
{
	bool write = kind == TRAP_STORE_INVALID || kind == TRAP_STORE_READONLY;
	struct shadow_miss miss;
	enum shadow_result r;

	if (!t.armed || (!write && kind != TRAP_LOAD_INVALID) || ++t.traps > 4 ||
	    f->badv != t.host_va)
		return false;
	r = shadow_fault(t.s, gva(t.va), write ? X86_WRITE : X86_READ, t.rights,
			 &miss);
	if (r == SHADOW_FILLED)
		return true;
	t.end = r == SHADOW_GUEST_FAULT ? FAULT : r == SHADOW_WATCHED_WRITE ? WATCHED : OTHER;
	t.error = r == SHADOW_GUEST_FAULT ? miss.error : 0;
	f->pc += 4;		/* all host instructions are four bytes */
	return true;
}

/* An access by the host's own load or store. `form`: by the page's other address, if it has one. */
static u32 access(u64 va, bool form, bool write, enum x86_rights rights, u32 value)
{
	u64 host_va = (t.s->wide ? paging_hva_wide : paging_hva)(gva(va), form).a;

	shadow_set_view(t.s, rights);
	t.rights = rights;
	t.va = va;
	t.host_va = host_va;
	t.traps = 0;
	t.end = DONE;
	t.armed = true;
	if (write)
		selftest_store32(host_va, value);
	else
		value = selftest_load32(host_va);
	t.armed = false;
	return value;
}

static const char *check_store(u64 va, bool form, enum x86_rights rights)
{
	u32 value = MARK ^ random_below(1u << 16), frame, off = va & 0xffc;

	access(va, form, true, rights, value);
	if (t.end != DONE)
		return NULL;
	if (!(entry_get(pte_at(va)) & D))
		return "a store went through without D";
	frame = entry_get(pte_at(va)) >> 12;
	if (frame_watched(frame))
		return "a store went to a watched frame";
	return entry_get((frame << 12) + off) == value ? NULL : "a store did not arrive";
}

static const char *check_load(u64 va, bool form, enum x86_rights rights)
{
	u32 value = access(va, form, false, rights, 0);

	if (t.end != DONE)
		return NULL;
	return value == entry_get((entry_get(pte_at(va)) & ~0xfffu) + (va & 0xffc)) ?
	       NULL : "a load got something else";
}

/* What the tables demand: 4 KiB pages, CR0.WP set, with four levels CR4.SMAP, too. */
static const char *check_end(u64 va, bool write, enum x86_rights rights)
{
	u32 e = entry_get(pte_at(va));
	bool user = rights == X86_USER;
	bool right = user ? e & US : rights == X86_SUPER || !t.lma || !(e & US);
	bool allowed = (e & P) && right && (!write || (e & RW));
	u32 error = (e & P) | (write ? PF_W : 0) | (user ? PF_U : 0);

	if (t.end == OTHER)
		return "RAM was taken for something else";
	if ((t.end == FAULT) == allowed)
		return allowed ? "a fault that the tables do not have" : "a fault is missing";
	if (t.end == FAULT && t.error != error)
		return "wrong error code";
	if (t.end == WATCHED && !frame_watched(e >> 12))
		return "a store was stopped without a watch";
	return NULL;
}

static const char *random_access(void)
{
	u64 va = page_va(random_below(PAGES)) + random_below(1024) * 4;
	bool write = random_below(2), form = random_below(2);
	enum x86_rights rights = random_below(3);
	const char *why;

	if (t.lma && !t.s->wide)
		va = page_va(random_below(8)) + random_below(1024) * 4;
	why = write ? check_store(va, form, rights) : check_load(va, form, rights);
	return why ? why : check_end(va, write, rights);
}

static u32 random_leaf(void)
{
	u32 e = DATA + random_below(DATA_PAGES) * 0x1000;

	return e | (random_below(6) ? P : 0) | (random_below(3) ? RW : 0) |
	       (random_below(3) ? US : 0) | (random_below(3) ? 0 : G);
}

static void change_leaf(void)
{
	u64 va = page_va(random_below(PAGES));

	entry_set(pte_at(va), random_leaf());
	for (unsigned k = 0; k < PAGES; k++)	/* all that share the entry */
		if (pte_at(page_va(k)) == pte_at(va))
			shadow_invlpg(t.s, gva(page_va(k)));
}

static void random_watch(void)
{
	u32 n = DATA / FRAME_SIZE + random_below(DATA_PAGES);

	if (random_below(2))
		frame_watch(n, random_below(2) ? WATCH_CODE : WATCH_DISPLAY);
	else
		frame_unwatch(n, WATCH_CODE);
}

static void fill_tables(void)
{
	for (u32 at = PD; at < DATA; at += 4)
		entry_set(at, 0);
	t.directories = 0;
	for (unsigned k = 0; k < PAGES; k++) {
		u64 va = page_va(k);

		if (!entry_get(pde_at(va)))
			entry_set(pde_at(va), (PD + 0x1000 * (1 + (k / 4) % TABLES)) | P | RW | US);
		entry_set(pte_at(va), random_leaf());
	}
}

static const char *rounds(bool lma)
{
	const char *why = NULL;

	t.lma = lma;
	fill_tables();
	shadow_set_paging(t.s, &(struct x86_paging){ .pg = true, .wp = true, .pge = true,
						     .cr3 = PD, .pae = lma, .lma = lma,
						     .smap = lma, .phys_bits = 36 });
	for (unsigned k = 0; k < ROUNDS && !why; k++) {
		u32 what = random_below(100);

		if (what < 70)
			why = random_access();
		else if (what < 85)
			change_leaf();
		else if (what < 95)
			random_watch();
		else if (what < 97)
			shadow_load_cr3(t.s, PD, NULL);
		else if (what < 99)
			shadow_set_code64(t.s, random_below(3));
		else
			shadow_flush(t.s, true);
	}
	return why;
}

/* Host memory for the guest, its frames and the tables: one run. */
static const char *with_memory(u8 *mem, struct bus *bus)
{
	struct gpa_config c = { .ram = mem, .ram_size = RAM_SIZE, .low_end = RAM_SIZE, .bus = bus };
	u8 *frames = mem + RAM_SIZE;
	u8 *tables = frames + align_up(frame_memory(gpa_frames(&c)), PAGING_ROOT_ALIGN);
	const char *why;

	memset(mem, 0, RAM_SIZE);
	t.ram = mem;
	t.random = 1;
	frame_init(frames, gpa_frames(&c));
	if (gpa_init(&c))
		return "gpa_init";
	shadow_init(t.s, 0, tables, NODES);
	t.s->verify = SHADOW_VERIFY_ALL;
	why = rounds(false);
	if (!why)
		why = rounds(true);
	printk("SELFTEST shadow: %lu fills, %lu upgrades, %lu faults, %lu watched, %lu ASIDs\n",
	       t.s->count.fills, t.s->count.upgrades, t.s->count.faults, t.s->count.watched,
	       t.s->count.asid_switches);
	shadow_release(t.s);
	return why;
}

/* The tables' memory goes: leave the host with a root that has none. */
static void park(void)
{
	static u64 root[PAGING_ROOT_ENTRIES] __attribute__((aligned(PAGING_ROOT_ALIGN)));

	paging_root_init(root);
	paging_set_form(PAGING_NARROW);
	paging_activate(1, ptr_to_phys(root));
	paging_drop_all();
}

const char *shadow_selftest(void)
{
	u64 pages = (RAM_SIZE + 0x10000 + align_up(shadow_memory(NODES), 0x1000)) / PAGE_SIZE;
	hpa_t mem = page_alloc_run(pages, 1u << 21, PAGE_ANYWHERE);
	struct bus *bus = bus_create();
	const char *why = "no memory";

	t.s = malloc(sizeof(*t.s));
	trap_register(claim);
	if (mem.a && bus && t.s)
		why = with_memory(phys_to_ptr(mem), bus);
	park();
	bus_destroy(bus);
	free(t.s);
	page_free(mem, pages);
	return why;
}
