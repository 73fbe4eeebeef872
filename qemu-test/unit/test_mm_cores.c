/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory under several cores, as threads under ThreadSanitizer: each has shadow tables of its
 * own and a TLB that forgets nothing, all have the guest's tables, its frames and its map. They
 * fill, store, watch, edit entries, flush, write as devices do, change the map, all at once.
 *
 *	a page's word 0 is stored to by CPUs: once a watch is complete, no leaf's store changes it;
 *	word 1 by devices: who watches, then reads, is told of whatever comes after;
 *	an entry's version only grows, its page follows from it: after a flush a core finds the page
 *	of a version that was the entry's at some time since the flush began. An entry that was
 *	stored through has D as long as it is that version's;
 *	what a page of the map is, does not change under a core that is not at its quiet point.
 *
 * At the end one core stores an entry again and again while the others walk through it: walks set A
 * and D, and take back nothing.
 */
#include <stdlib.h>

#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/panic.h"
#include "kernel/work.h"
#include "mm/shadow_node.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/fake_cores.h"
#include "qemu-test/unit/fake_paging.h"
#include "qemu-test/unit/mm_world.h"

enum { CORES = 4, ROUNDS = 300, ACTS = 4, DUELS = 20000 };
enum { NODES = 24, SLOTS = 32, IN_TABLE = 16, DATA_FRAMES = 64 };

/* Two roots, the directories below them, two leaf tables, pages of data, one for the log. */
#define ROOT 0x200000u
#define PDPT 0x202000u
#define PD 0x203000u
#define LEAF_TABLE 0x204000u
#define DATA 0x400000u
#define FLOOD (0x600000u >> FRAME_SHIFT)
#define FLAGS (W_P | W_RW | W_US)
#define PAM_PAGE 0xc8000u

/* Entries of the first leaf table that nobody edits: the leaf tables, a page with PAM. */
enum { MAPS_TABLES = 32, MAPS_PAM = 40 };

/* What was stored to word 0: by a leaf, or by the monitor for a core. */
#define BY_LEAF 1u

static bool four;		/* levels; else 32-bit paging */

static struct slot {		/* its entry's versions: atomic, written by its editor */
	u64 begun, done;
} slots[SLOTS];

static u64 told[DATA_FRAMES];	/* the code hook's calls: atomic */
static struct { u64 begun, done; } dma[DATA_FRAMES];	/* word 1: its device's */
static struct lock device[DATA_FRAMES];

enum { BAD_LEAF_STORE, BAD_DISPLAY, BAD_DMA, BAD_STALE, BAD_NO_D, BAD_MAP, BAD_ACCESS, BADS };
static const char *const bad_names[BADS] = {
	"a store by a leaf to a watched frame", "a store that DISPLAY's watch missed",
	"a device's store to a page that was read", "a stale entry after a flush",
	"a D bit that was lost", "the map beside a core that runs", "an access",
};

static struct player {
	struct work w;
	struct shadow *s;
	void *tables, *writers;
	u64 random;
	u64 cr3s;
	unsigned bad[BADS];
	unsigned leaf_stores, watched_stores, vacuous, checks;
} players[CORES];

static u64 get(const u64 *at) { return __atomic_load_n(at, __ATOMIC_SEQ_CST); }
static void put(u64 *at, u64 v) { __atomic_store_n(at, v, __ATOMIC_SEQ_CST); }

static u32 below(struct player *p, u32 n)
{
	p->random = p->random * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)((p->random >> 33) % n);
}

static u64 *word(u32 frame, unsigned k) { return (u64 *)(void *)world_at((u64)frame << 12) + k; }

static u64 va_of(unsigned slot)
{
	return (u64)(slot / IN_TABLE) * (four ? 2u << 20 : 4u << 20) + slot % IN_TABLE * 4096u;
}

static u64 entry_at(unsigned slot)
{
	return LEAF_TABLE + slot / IN_TABLE * 4096u + slot % IN_TABLE * (four ? 8u : 4u);
}

static u64 entry_get(u64 at)
{
	return four ? __atomic_load_n((u64 *)world_at(at), __ATOMIC_SEQ_CST) :
	       __atomic_load_n((u32 *)world_at(at), __ATOMIC_SEQ_CST);
}

static void entry_put(void *at, u64 e)
{
	if (four)
		__atomic_store_n((u64 *)at, e, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n((u32 *)at, (u32)e, __ATOMIC_SEQ_CST);
}

static u64 page_of(unsigned slot, u64 version)
{
	return DATA + (version + 7 * slot) % DATA_FRAMES * 4096;
}

static void entry_init(u64 table, unsigned k, u64 e)
{
	entry_put(world_at(table + k * (four ? 8 : 4)), e);
}

static void build_tables(void)
{
	memset(world_at(ROOT), 0, LEAF_TABLE + 0x2000 - ROOT);
	for (unsigned r = 0; r < 2; r++)
		for (unsigned t = 0; t < 2; t++)
			entry_init(ROOT + r * 0x1000, four ? 0 : t,
				   four ? PDPT | FLAGS : (LEAF_TABLE + t * 0x1000) | FLAGS);
	entry_init(PDPT, 0, PD | FLAGS);
	for (unsigned t = 0; t < 2; t++) {
		if (four)
			entry_init(PD, t, (LEAF_TABLE + t * 0x1000) | FLAGS);
		entry_init(LEAF_TABLE, MAPS_TABLES + t, (LEAF_TABLE + t * 0x1000) | FLAGS);
	}
	entry_init(LEAF_TABLE, MAPS_PAM, PAM_PAGE | FLAGS);
	for (unsigned k = 0; k < SLOTS; k++) {
		slots[k] = (struct slot){ 1, 1 };
		entry_put(world_at(entry_at(k)), page_of(k, 1) | FLAGS);
	}
}

enum end { HIT, WATCHED, NOT_RAM, STUCK };

static enum end access(struct player *p, u64 va, bool write, u64 *at)
{
	struct shadow_miss miss;
	hpa_t host;

	for (unsigned n = 0; n < 8; n++) {
		if (fake_access(va, write, &host) == FAKE_OK) {
			*at = host.a;
			return HIT;
		}
		switch (shadow_fault(p->s, gva(va), write ? X86_WRITE : X86_READ, X86_STRICT,
				     &miss)) {
		case SHADOW_FILLED: break;
		case SHADOW_WATCHED_WRITE:
			*at = miss.page.a | (va & 0xfff);
			return WATCHED;
		case SHADOW_ROM_WRITE: case SHADOW_MMIO:
			return NOT_RAM;
		default:
			return STUCK;
		}
	}
	return STUCK;
}

/* A store of an entry as the guest's own instruction makes it. */
static void guest_store(struct player *p, u64 va, u64 v, unsigned size)
{
	u64 at;

	switch (access(p, va, true, &at)) {
	case HIT:
		p->leaf_stores++;
		if (size == 8)
			__atomic_store_n((u64 *)(uintptr_t)at, v, __ATOMIC_SEQ_CST);
		else
			__atomic_store_n((u32 *)(uintptr_t)at, (u32)v, __ATOMIC_SEQ_CST);
		break;
	case WATCHED:
		p->watched_stores++;
		gpa_store(gpa(at), v, size);
		break;
	default:
		p->bad[BAD_ACCESS]++;
	}
}

/* The entry's next version, by its editor; the table may be reached by its own entry. */
static void edit(struct player *p, unsigned core)
{
	unsigned k = below(p, SLOTS / CORES) * CORES + core, index = k % IN_TABLE;
	u64 v = slots[k].done + 1, e = page_of(k, v) | FLAGS;
	u64 table = (MAPS_TABLES + k / IN_TABLE) * 4096ull;

	put(&slots[k].begun, v);
	if (below(p, 2))
		guest_store(p, table + index * (four ? 8 : 4), e, four ? 8 : 4);
	else
		gpa_store(gpa(entry_at(k)), e, four ? 8 : 4);
	put(&slots[k].done, v);
}

/* Is the page that of a version from lo on? Of many at once nothing can be said. */
static bool is_recent(struct player *p, unsigned k, u64 host, u64 lo)
{
	u64 page = (host & ~0xfffull) - (uintptr_t)world_ram, hi = get(&slots[k].begun);

	p->checks++;
	if (hi - lo >= DATA_FRAMES) {
		p->vacuous++;
		return true;
	}
	for (u64 v = lo; v <= hi; v++)
		if (page_of(k, v) == page)
			return true;
	return false;
}

static void look(struct player *p, unsigned k, u64 lo)
{
	u64 at;

	if (access(p, va_of(k), false, &at) != HIT)
		p->bad[BAD_ACCESS]++;
	else if (!is_recent(p, k, at, lo))
		p->bad[BAD_STALE]++;
}

static void flush(struct player *p)
{
	u64 lo[SLOTS];

	for (unsigned k = 0; k < SLOTS; k++)
		lo[k] = get(&slots[k].done);
	shadow_load_cr3(p->s, ROOT + ++p->cr3s % 2 * 0x1000, NULL);
	for (unsigned k = 0; k < 4; k++) {
		unsigned which = below(p, SLOTS);

		look(p, which, lo[which]);
	}
}

static void flush_page(struct player *p)
{
	unsigned k = below(p, SLOTS);
	u64 lo = get(&slots[k].done);

	shadow_invlpg(p->s, gva(va_of(k)));
	look(p, k, lo);
}

/* Through an entry; as long as it is that page's, it has D: nobody takes that away again. */
static void store(struct player *p)
{
	unsigned k = below(p, SLOTS);
	u64 at, e;

	switch (access(p, va_of(k), true, &at)) {
	case HIT:
		p->leaf_stores++;
		put((u64 *)(uintptr_t)at, p->random | BY_LEAF);
		at -= (uintptr_t)world_ram;
		break;
	case WATCHED:
		p->watched_stores++;
		gpa_store(gpa(at), p->random & ~(u64)BY_LEAF, 8);
		break;
	default:
		p->bad[BAD_ACCESS]++;
		return;
	}
	e = entry_get(entry_at(k));
	if ((e & 0xfffff000) == (at & ~0xfffull) && !(e & W_D))
		p->bad[BAD_NO_D]++;
}

/* Each frame has one core that watches for CODE, another that does for DISPLAY. */
static u32 frame_for(struct player *p, unsigned core)
{
	return (DATA >> FRAME_SHIFT) + below(p, DATA_FRAMES / CORES) * CORES + core;
}

static void watch_code(struct player *p, unsigned core)
{
	u32 n = frame_for(p, core), k = n - (DATA >> FRAME_SHIFT);
	u64 before = get(&told[k]), first, second, device;

	frame_watch(n, WATCH_CODE);
	first = get(word(n, 0));
	device = get(word(n, 1));
	for (unsigned k = 0; k < 8; k++) {
		cpu_pause();
		second = get(word(n, 0));
		if (second != first && (second & BY_LEAF))
			p->bad[BAD_LEAF_STORE]++;
		first = second;
	}
	second = get(word(n, 1));
	if (second != device && get(&dma[k].done) >= second && get(&told[k]) == before)
		p->bad[BAD_DMA]++;
	frame_unwatch(n, WATCH_CODE);
}

static void watch_display(struct player *p, unsigned core)
{
	u32 n = frame_for(p, (core + 1) % CORES);
	u64 first, second;

	frame_take_dirty(n, WATCH_DISPLAY);
	first = get(word(n, 0));
	for (unsigned k = 0; k < 4; k++)
		cpu_pause();
	second = get(word(n, 0));
	if (!frame_take_dirty(n, WATCH_DISPLAY) && first != second)
		p->bad[BAD_DISPLAY]++;
	frame_unwatch(n, WATCH_DISPLAY);
}

/* A device's end has written by itself, and tells of it. */
static void write_dma(struct player *p)
{
	u32 k = below(p, DATA_FRAMES), n = (DATA >> FRAME_SHIFT) + k;
	struct gpa_run run = gpa_dma(gpa(((u64)n << FRAME_SHIFT) + 8), 8);
	u64 v;

	lock_take(&device[k]);
	v = ++dma[k].begun;
	__atomic_store_n((u64 *)run.at, v, __ATOMIC_RELAXED);
	gpa_dma_written(run.frame, run.at, 8);
	put(&dma[k].done, v);
	lock_drop(&device[k]);
}

/* More opened tables than the log holds, before some core reads it again. */
static void flood(void)
{
	for (unsigned k = 0; k < SYNC_LOG + 8; k++) {
		frame_watch(FLOOD, WATCH_PTABLE);
		frame_written(FLOOD, 0, 8);
	}
}

static void look_at_map(struct player *p)
{
	bool hit, ram;
	u64 at;

	hit = access(p, MAPS_PAM * 4096ull, false, &at) == HIT;
	ram = gpa_lookup(gpa(PAM_PAGE)).kind == GPA_RAM;
	p->bad[BAD_MAP] += hit != ram;
}

static void change_map(struct player *p)
{
	gpa_set_pam(gpa(PAM_PAGE), 0x4000, below(p, 2) * (PAM_READ_RAM | PAM_WRITE_RAM));
	look_at_map(p);
}

static void act(struct player *p, unsigned core)
{
	u32 what = below(p, 1000);

	if (what < 300)
		flush(p);
	else if (what < 400)
		flush_page(p);
	else if (what < 650)
		store(p);
	else if (what < 720)
		edit(p, core);
	else if (what < 800)
		watch_code(p, core);
	else if (what < 850)
		watch_display(p, core);
	else if (what < 900)
		write_dma(p);
	else if (what < 990)
		look_at_map(p);
	else if (what < 995)
		change_map(p);
	else
		flood();
}

static void on_code(u32 n, u32 off, u32 size)
{
	(void)off, (void)size;
	__atomic_fetch_add(&told[n - (DATA >> FRAME_SHIFT)], 1, __ATOMIC_SEQ_CST);
}

static void begin(void *opaque)
{
	struct player *p = opaque;
	struct x86_paging mode = { .pg = true, .pae = four, .lma = four, .wp = true,
				   .phys_bits = 36, .cr3 = ROOT };

	fake_paging_reset();
	shadow_init(p->s, cpu_self()->id, p->tables, NODES);
	shadow_set_code64(p->s, four);
	shadow_set_paging(p->s, &mode);
}

static unsigned here;

static void play(void *opaque)
{
	struct player *p = opaque;
	unsigned core = cpu_self()->id;

	__atomic_fetch_add(&here, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&here, __ATOMIC_SEQ_CST) < CORES)
		cpu_pause();
	for (unsigned n = 0; n < ROUNDS; n++) {
		work_run();
		epoch_quiet();
		for (unsigned k = 0; k < ACTS; k++)
			act(p, core);
	}
}

/* -- walks against stores ------------------------------------------------- */

static bool over;		/* atomic */
static void walk_again(void *opaque)
{
	struct player *p = opaque;
	u64 at;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		work_run();
		epoch_quiet();
		shadow_invlpg(p->s, gva(va_of(0)));
		access(p, va_of(0), below(p, 2), &at);
	}
}

static unsigned store_again(void)
{
	unsigned lost = 0;
	u64 e = 0;

	for (unsigned n = 0; n < DUELS; n++) {
		u64 now = entry_get(entry_at(0));

		lost += n && (now & ~(u64)(W_A | W_D)) != e;
		e = page_of(0, n) | FLAGS;
		entry_put(world_at(entry_at(0)), e);
		for (unsigned k = below(&players[0], 60); k; k--)
			__asm__ volatile("");
		if (n % 16 == 0)
			cpu_pause();
	}
	return lost;
}


static void *aligned(u64 align, u64 size)
{
	void *m = aligned_alloc(align, (size + align - 1) / align * align);

	must(m);
	return m;
}

static void init_memory(void)
{
	world_reset(NODES);
	shadow_release(world_shadow);
	for (unsigned k = 1; k < CORES; k++) {
		players[k].writers = aligned(64, frame_core_memory());
		frame_add_core(k, players[k].writers);
	}
	frame_on_code_write(on_code);
	for (u32 k = 0; k < DATA_FRAMES; k++) {
		u32 n = (DATA >> FRAME_SHIFT) + k;

		frame_code_add(n, 0, 16);
		frame_unwatch(n, WATCH_CODE);
		told[k] = dma[k].begun = dma[k].done = 0;
	}
	build_tables();
}

static void init_cores(void)
{
	for (unsigned k = 0; k < CORES; k++) {
		struct player *p = &players[k];

		p->s = malloc(sizeof(*p->s));
		must(p->s);
		p->tables = aligned(16384, shadow_memory(NODES));
		p->random = k + 1;
		p->w = (struct work){ .fn = begin, .opaque = p };
		work_post(k, &p->w);
		work_wait(&p->w);
	}
}

static void sum_up(unsigned lost)
{
	struct player all = { .random = 0 };
	unsigned watches = 0;

	for (unsigned k = 0; k < CORES; k++) {
		const struct player *p = &players[k];

		for (unsigned b = 0; b < BADS; b++)
			all.bad[b] += p->bad[b];
		all.leaf_stores += p->leaf_stores;
		all.watched_stores += p->watched_stores;
		all.checks += p->checks;
		all.vacuous += p->vacuous;
		all.cr3s += frame_core(k)->count.asked;
		watches += (unsigned)p->s->count.table_watches;
	}
	for (unsigned b = 0; b < BADS; b++)
		CHECK_EQ(all.bad[b], 0, bad_names[b]);
	CHECK_EQ(lost, 0, "entries that a walk took back");
	CHECK(all.leaf_stores && all.watched_stores && all.cr3s && watches,
	      "stores of both kinds, cores that were asked, tables that were watched");
	CHECK(all.vacuous * 10 < all.checks, "entries do not change too fast");
	printf("%u stores by leaves, %u by the monitor, %lu cores asked, %u tables watched, "
	       "%u pages looked at\n", all.leaf_stores, all.watched_stores,
	       (unsigned long)all.cr3s, watches, all.checks);
}

static void begin_all(void (*fn)(void *opaque))
{
	for (unsigned k = 1; k < CORES; k++) {
		players[k].w = (struct work){ .fn = fn, .opaque = &players[k] };
		work_post(k, &players[k].w);
	}
}

/* The boot core's run loop, until the others have ended. */
static void end_all(void)
{
	for (unsigned k = 1; k < CORES; k++)
		for (; work_busy(&players[k].w); cpu_pause()) {
			work_run();
			epoch_quiet();
		}
}

static void release(void *opaque)
{
	struct player *p = opaque;

	shadow_release(p->s);
	free(p->s);
	free(p->tables);
	free(p->writers);
	*p = (struct player){ .random = 0 };
}

static void run(bool levels)
{
	unsigned lost;

	four = levels;
	memset(players, 0, sizeof(players));
	init_memory();
	init_cores();
	here = 0;
	begin_all(play);
	play(&players[0]);
	end_all();
	__atomic_store_n(&over, false, __ATOMIC_RELAXED);
	begin_all(walk_again);
	lost = store_again();
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	end_all();
	sum_up(lost);
	for (unsigned k = 0; k < CORES; k++) {
		struct work w = { .fn = release, .opaque = &players[k] };

		work_post(k, &w);
		work_wait(&w);
	}
}

int main(void)
{
	struct core_start s[CORES - 1];

	fake_cores_begin();
	cores_init();
	for (unsigned k = 0; k < CORES - 1; k++)
		s[k] = (struct core_start){ k + 1, fake_area(), false };
	cores_start(s, CORES - 1, 5000000000ull);
	CHECK_EQ(cores_count(), CORES, "cores");
	run(true);
	run(false);
	cores_stop();
	for (unsigned k = 1; k < CORES; k++)
		CHECK(fake_core_join(k), "all others halt");
	return check_done();
}
