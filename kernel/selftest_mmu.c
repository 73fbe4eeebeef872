/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Self-tests of traps and of the MMU: every fact that the shadow tables and the fault path lean on,
 * the same on each host. What a host has of its own (registers, guard addresses, where a page has
 * a second address) comes from its selftest.c through kernel/selftest_host.h.
 */
#include "kernel/selftest.h"

#include <string.h>

#include "kernel/arch.h"
#include "kernel/extable.h"
#include "kernel/host_cpu.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/selftest_host.h"

#define PATTERN 0x0123456789abcdefull	/* selftest_asm.S: register n holds this + n */

static struct {
	bool armed;		/* claim whatever comes */
	unsigned count;		/* traps claimed */
	enum trap_kind kind;	/* of the last one */
	u64 badv;
	struct trap_frame frame;
	u64 nested, got;	/* an address to load from within the handler, and what it held */
} seen;

static u64 load(u64 va) { return selftest_load(va); }
static void store(u64 va, u64 v) { selftest_store(va, v); }

/* Note the trap and go on: at the fixup, after a bad fetch at the caller, else at the next insn. */
static bool claim(struct trap_frame *f, enum trap_kind kind)
{
	u64 fixup = extable_find(f->pc);

	if (!seen.armed || seen.count == 64)	/* more is a bug: let it be seen */
		return false;
	seen.count++;
	seen.kind = kind;
	seen.badv = f->badv;
	seen.frame = *f;
	if (seen.nested)
		seen.got = load(seen.nested);
	selftest_clobber();
	if (fixup)
		f->pc = fixup;
	else if (kind == TRAP_FETCH_INVALID || (kind == TRAP_ADDRESS && f->badv == f->pc))
		f->pc = f->gpr[selftest_host.ra];
	else
		f->pc += 4;
	return true;
}

static void arm(void)
{
	trap_register(claim);
	memset(&seen, 0, sizeof(seen));
	seen.armed = true;
}

/* One trap of this kind at va was seen since arm() or the last call; starts again. */
static bool trapped(enum trap_kind kind, u64 va)
{
	bool ok = seen.count == 1 && seen.kind == kind && seen.badv == va;

	seen.count = 0;
	return ok;
}

static bool quiet(void) { return seen.count == 0; }

static const char *test_traps(void)
{
	u64 traps = this_cpu()->trap_count;

	arm();
	if (selftest_registers())
		return "a register changed across a trap";
	if (seen.count != 1 || seen.kind != TRAP_BREAK ||
	    (seen.frame.insn & selftest_host.break_mask) != selftest_host.break_7)
		return "break";
	for (unsigned n = 1; n < 32; n++)
		if (selftest_host.patterned >> n & 1 && seen.frame.gpr[n] != PATTERN + n)
			return "a register is wrong in the frame";
	if (seen.frame.gpr[selftest_host.core] != (u64)this_cpu() ||
	    seen.frame.gpr[selftest_host.a0] != PATTERN)
		return "the core's area or the first argument is wrong in the frame";
	selftest_syscall();
	if (seen.count != 2 || seen.kind != TRAP_SYSCALL)
		return "syscall";
	selftest_undefined();
	if (seen.count != 3 || seen.kind != TRAP_ILLEGAL)
		return "undefined instruction";
	if (this_cpu()->trap_count != traps + 3)
		return "trap count";
	seen.armed = false;
	return NULL;
}

/* Addresses outside the windows and outside mapped space fault. */
static const char *test_guards(void)
{
	arm();
	for (const u64 *bad = selftest_host.guards; *bad; bad++) {
		load(*bad);
		if (!trapped(TRAP_ADDRESS, *bad))
			return "a load outside the windows gave no address error";
		store(*bad, 0);
		if (!trapped(TRAP_ADDRESS, *bad))
			return "a store outside the windows gave no address error";
	}
	seen.armed = false;
	return NULL;
}

static const char *test_extable(void)
{
	u64 word = 0x1122334455667788;

	arm();
	if (selftest_try_load((u64)&word) != word || seen.count)
		return "a good load";
	if (selftest_try_load(selftest_host.guards[0]) != ~0ull || seen.count != 1)
		return "a bad load did not go to its fixup";
	seen.armed = false;
	return NULL;
}

/* Two roots; leaf tables; pages whose first words tell them apart. */
static struct {
	u64 root[2][PAGING_ROOT_ENTRIES] __attribute__((aligned(PAGING_ROOT_ALIGN)));
	pte_t low[PAGING_LEAF_ENTRIES] __attribute__((aligned(4096)));	/* of LOW */
	pte_t middle[PAGING_LEAF_ENTRIES], high[PAGING_LEAF_ENTRIES];	/* below HIGH, of HIGH */
	pte_t other[PAGING_LEAF_ENTRIES];	/* of LOW in the second root */
	pte_t many[16][PAGING_LEAF_ENTRIES];
	u64 page[4][512];
} m;

#define LOW 0x400000u
#define HIGH selftest_host.high
#define HIGH_ALIAS selftest_host.high_alias
#define ASID 5

static pte_t *leaf(pte_t *table, u32 va) { return &table[(va >> 12) % PAGING_LEAF_ENTRIES]; }

static pte_t pte_of(unsigned page, bool writable)
{
	return pte_make(ptr_phys(m.page[page]), writable);
}

static void map(pte_t *table, u32 va, unsigned page, bool writable)
{
	*leaf(table, va) = pte_of(page, writable);
}

static void map_begin(void)
{
	memset(&m, 0, sizeof(m));
	for (unsigned k = 0; k < 4; k++)
		m.page[k][0] = 0x1000 + k;
	paging_root_init(m.root[0]);
	paging_root_init(m.root[1]);
	paging_root_set(m.root[0], LOW >> PAGING_SLOT_SHIFT, ptr_phys(m.low));
	paging_root_set(m.root[0], (HIGH - 1) >> PAGING_SLOT_SHIFT, ptr_phys(m.middle));
	paging_root_set(m.root[0], HIGH >> PAGING_SLOT_SHIFT, ptr_phys(m.high));
	paging_root_set(m.root[1], LOW >> PAGING_SLOT_SHIFT, ptr_phys(m.other));
	paging_drop_asid(ASID);
	paging_drop_asid(ASID + 1);
	paging_set_form(PAGING_NARROW);
	paging_activate(ASID, ptr_phys(m.root[0]));
	arm();
}

static const char *map_and_access(void)
{
	map(m.low, LOW, 0, true);
	map(m.high, HIGH, 1, true);
	map(m.middle, HIGH - 4096, 2, true);
	if (load(LOW) != 0x1000 || load(HIGH) != 0x1001 || load(HIGH_ALIAS) != 0x1001)
		return "a load does not see its page";
	store(LOW + 8, 77);
	store(HIGH_ALIAS + 8, 88);
	if (m.page[0][1] != 77 || m.page[1][1] != 88 || load(HIGH + 8) != 88)
		return "a store did not reach its page";
	store(HIGH - 4, 0x1111222233334444);
	if (m.page[2][511] >> 32 != 0x33334444 || (u32)m.page[1][0] != 0x11112222)
		return "a store across two tables";
	if (load(HIGH - 4) != 0x1111222233334444)
		return "a load across two tables";
	memcpy(m.page[3], (const void *)selftest_return, SELFTEST_RETURN_SIZE);
	map(m.low, LOW + 0x2000, 3, true);
	instruction_barrier();
	if (selftest_call(LOW + 0x2000) != 42)
		return "code in a mapped page";
	return quiet() ? NULL : "an unwanted trap";
}

static const char *unmapped_faults(void)
{
	load(0x12345678);
	if (!trapped(TRAP_LOAD_INVALID, 0x12345678))
		return "load of an empty slot";
	store(LOW + 0x5000, 1);
	if (!trapped(TRAP_STORE_INVALID, LOW + 0x5000))
		return "store to an empty leaf";
	selftest_call(LOW + 0x6000);
	if (!trapped(TRAP_FETCH_INVALID, LOW + 0x6000))
		return "fetch from an empty leaf";
	load(HIGH_ALIAS + 0x3008);
	if (!trapped(TRAP_LOAD_INVALID, HIGH_ALIAS + 0x3008))
		return "load of an empty leaf by its other address";
	map(m.low, LOW + 0x8000, 0, true);
	m.page[0][511] = 5;
	store(LOW + 0x8ffc, ~0ull);
	if (!trapped(TRAP_STORE_INVALID, LOW + 0x9000) || m.page[0][511] != 5)
		return "a store into an unmapped second page was partial, or at the wrong address";
	return NULL;
}

static const char *upgrades(void)
{
	const u64 at[] = { LOW + 0x10000, HIGH + 0x10000, HIGH_ALIAS + 0x12000 };

	for (unsigned k = 0; k < 3; k++) {
		u64 va = at[k];
		pte_t *table = k ? m.high : m.low;
		pte_t *even = leaf(table, (u32)va);

		load(va);	/* the TLB now holds the invalid pair */
		if (!trapped(TRAP_LOAD_INVALID, va))
			return "load before the upgrade";
		even[0] = pte_of(0, false);
		paging_upgrade(gva((u32)va), even);
		if (load(va) != 0x1000 || seen.count)
			return "invalid to valid is not seen";
		store(va, 1);
		if (!trapped(TRAP_STORE_READONLY, va) || m.page[0][0] != 0x1000)
			return "store to a read-only leaf";
		even[0] = pte_of(0, true);
		paging_upgrade(gva((u32)va), even);
		store(va, 0x1000);
		if (seen.count)
			return "read-only to writable is not seen";
		even[1] = pte_of(1, true);
		paging_upgrade(gva((u32)va + 0x1000), even + 1);
		if (load(va + 0x1000) != 0x1001 || seen.count)
			return "the odd page of the pair";
		if (selftest_asid() != ASID)
			return "ASID changed";
	}
	return NULL;
}

static const char *downgrades(void)
{
	u64 va = LOW + 0x20000;
	pte_t *pte = leaf(m.low, (u32)va);

	map(m.low, (u32)va, 2, true);
	store(va, 0x1002);
	*pte = pte_of(2, false);
	paging_drop_page(ASID, gva((u32)va));
	store(va, 1);
	if (!trapped(TRAP_STORE_READONLY, va))
		return "writable to read-only";
	*pte = 0;
	paging_drop_page(ASID, gva((u32)va));
	load(va);
	if (!trapped(TRAP_LOAD_INVALID, va))
		return "valid to invalid";
	map(m.high, HIGH + 0x20000, 2, true);
	if (load(HIGH + 0x20000) != load(HIGH_ALIAS + 0x20000))
		return "aliases";
	*leaf(m.high, HIGH + 0x20000) = 0;
	paging_drop_page(ASID, gva((u32)(HIGH + 0x20000)));
	load(HIGH + 0x20000);
	if (!trapped(TRAP_LOAD_INVALID, HIGH + 0x20000))
		return "one alias outlived the drop";
	load(HIGH_ALIAS + 0x20000);
	return trapped(TRAP_LOAD_INVALID, HIGH_ALIAS + 0x20000) ? NULL
								 : "the other alias outlived it";
}

/* The same address means different pages under two address space numbers, back and forth. */
static const char *asids(void)
{
	map(m.low, LOW, 0, true);
	map(m.other, LOW, 3, true);
	for (unsigned k = 0; k < 4; k++) {
		paging_activate(ASID + k % 2, ptr_phys(m.root[k % 2]));
		if (load(LOW) != (k % 2 ? 0x1003 : 0x1000))
			return "an address space sees the other's page";
	}
	if (!quiet())
		return "an unwanted trap";
	*leaf(m.other, LOW) = 0;	/* ASID + 1 is current */
	paging_drop_asid(ASID + 1);
	load(LOW);
	return trapped(TRAP_LOAD_INVALID, LOW) ? NULL : "an entry outlived its address space";
}

/* What handles a trap may itself need a refill, and must come back to where it was. */
static const char *nested_refill(void)
{
	map(m.low, LOW + 0x30000, 3, true);
	seen.nested = LOW + 0x30000;
	selftest_syscall();
	if (seen.count != 1 || seen.kind != TRAP_SYSCALL)
		return "a refill within a handler was taken for a trap";
	return seen.got == 0x1003 ? NULL : "a load within a handler";
}

/* More pages than the TLB holds, twice over. */
static const char *refills(void)
{
	for (unsigned k = 0; k < 16; k++) {
		paging_root_set(m.root[0], 0x100 + k, ptr_phys(m.many[k]));
		for (unsigned n = 0; n < 512; n++)
			m.many[k][n] = pte_of((n + k) % 4, false);
	}
	for (unsigned n = 0; n < 2 * 16 * 512; n++) {
		u64 va = 0x20000000ull + n % (16 * 512) * 4096;

		if (load(va) != 0x1000 + (n % 512 + n / 512 % 16) % 4)
			return "a refill brought the wrong page";
	}
	if (!paging_root_get(m.root[0], 0x100).a)
		return "paging_root_get of a table";
	paging_root_set(m.root[0], 0x100, hpa(0));
	paging_drop_asid(ASID);
	load(0x20000000);
	if (!trapped(TRAP_LOAD_INVALID, 0x20000000))
		return "a removed table is still walked";
	return paging_root_get(m.root[0], 0x100).a ? "paging_root_get of none" : NULL;
}

/* -- the wide form -------------------------------------------------------- */

/* Directories and leaf tables of four levels: one chain for each address of wide_va. */
static struct {
	u64 top[2][PAGING_DIR_ENTRIES] __attribute__((aligned(4096)));
	u64 dir[12][PAGING_DIR_ENTRIES];
	pte_t leaves[7][PAGING_LEAF_ENTRIES];
	unsigned dirs, tables;
} w;

#define WIDE_ASID 11

/* First and last pages of both halves, and neighbours in each level's index. */
static const u64 wide_va[] = {
	0, 0x400000, 0x7f123456f000, 0x7ffffffff000, 0xffff800000000000, 0xffffffff81000000,
	0xfffffffffffff000,
};
#define WIDE_VAS (sizeof(wide_va) / sizeof(wide_va[0]))

/* The leaf of va under top t, and the tables on the way to it. */
static pte_t *wide_leaf(unsigned t, u64 va)
{
	u64 *dir = w.top[t];

	for (unsigned level = 3; level; level--) {
		unsigned k = va >> (12 + 9 * level) & (PAGING_DIR_ENTRIES - 1);

		if (!paging_dir_get(dir, level, k).a) {
			u64 *below = level > 1 ? w.dir[w.dirs++] : w.leaves[w.tables++];

			if (level > 1)
				paging_dir_init(below, level - 1);
			paging_dir_set(dir, level, k, ptr_phys(below));
		}
		dir = phys_ptr(paging_dir_get(dir, level, k));
	}
	return &dir[va >> 12 & (PAGING_LEAF_ENTRIES - 1)];
}

static void wide_begin(void)
{
	memset(&w, 0, sizeof(w));
	paging_dir_init(w.top[0], 3);
	paging_dir_init(w.top[1], 3);
	paging_drop_asid(WIDE_ASID);
	paging_drop_asid(WIDE_ASID + 1);
	paging_set_form(PAGING_WIDE);
	paging_activate(WIDE_ASID, ptr_phys(w.top[0]));
}

static u64 wide_load(u64 va) { return load(paging_hva_wide(gva(va), false).a); }

/* Is the page at va, by each of its addresses, this one? 4: a trap. */
static bool wide_is(u64 va, unsigned page)
{
	for (unsigned other = 0; other < 2; other++) {
		u64 at = paging_hva_wide(gva(va), other).a, got = load(at);

		if (page < 4 ? seen.count || got != 0x1000 + page :
			       !trapped(TRAP_LOAD_INVALID, at))
			return false;
	}
	return true;
}

static const char *wide_places(void)
{
	wide_begin();
	for (unsigned k = 0; k < WIDE_VAS; k++) {
		u64 va = wide_va[k];
		pte_t *leaf = wide_leaf(0, va);

		if (!wide_is(va, 4))
			return "wide: an empty leaf";
		*leaf = pte_of(k % 4, false);
		paging_upgrade_wide(gva(va), leaf);
		if (!wide_is(va, k % 4))
			return "wide: invalid to valid is not seen";
		if (hva_to_gva_wide(paging_hva_wide(gva(va), false)).a != va)
			return "wide: an address does not come back";
	}
	for (unsigned k = 0; k < WIDE_VAS; k++)
		if (!wide_is(wide_va[k], k % 4))
			return "wide: a page is another one's";
	if (!wide_is(0x500000, 4) || !wide_is(0x8000000000, 4) || !wide_is(0x7f0000000000, 4) ||
	    !wide_is(0xffff900000000000, 4) || !wide_is(0xfffffffffffc0000, 4))
		return "wide: empty tables of each level";
	return NULL;
}

static const char *wide_changes(void)
{
	wide_begin();
	for (unsigned k = 0; k < WIDE_VAS; k++) {
		u64 va = wide_va[k], at = paging_hva_wide(gva(va), false).a;
		pte_t *leaf = wide_leaf(0, va);

		*leaf = pte_of(1, false);
		store(at, 1);
		if (!trapped(TRAP_STORE_READONLY, at))
			return "wide: store to a read-only leaf";
		*leaf = pte_of(1, true);
		paging_upgrade_wide(gva(va), leaf);
		store(at, 0x1001);
		if (!wide_is(va, 1))
			return "wide: read-only to writable is not seen";
		*leaf = pte_of(1, false);
		paging_drop_page_wide(WIDE_ASID, gva(va));
		store(at, 1);
		if (!trapped(TRAP_STORE_READONLY, at))
			return "wide: writable to read-only";
		*leaf = 0;
		paging_drop_page_wide(WIDE_ASID, gva(va));
		if (!wide_is(va, 4))
			return "wide: valid to invalid";
	}
	return NULL;
}

/* Back and forth between a narrow root and two wide ones, without a drop. */
static const char *forms(void)
{
	wide_begin();
	map(m.low, LOW, 0, true);
	map(m.high, HIGH, 3, true);
	*wide_leaf(0, LOW) = pte_of(1, true);
	*wide_leaf(1, LOW) = pte_of(2, true);
	*wide_leaf(0, (u64)(s32)HIGH) = pte_of(2, true);
	for (unsigned k = 0; k < 6; k++) {
		paging_set_form(k % 3 ? PAGING_WIDE : PAGING_NARROW);
		paging_activate(k % 3 ? WIDE_ASID + k % 3 - 1 : ASID,
				ptr_phys(k % 3 ? w.top[k % 3 - 1] : m.root[0]));
		if (load(LOW) != 0x1000 + k % 3)
			return "a form sees the other's page";
		if (k % 3 == 0 && (load(HIGH) != 0x1003 || load(HIGH_ALIAS) != 0x1003))
			return "the narrow form has lost an address";
		if (k % 3 == 1 && !wide_is((u64)(s32)HIGH, 2))
			return "an address is cut in the wide form";
		if (k % 3 == 1 && !wide_is(HIGH, 4))
			return "the wide form takes an address for another";
	}
	return quiet() ? NULL : "an unwanted trap";
}

/* More pages than the TLB holds, through all levels. */
static const char *wide_refills(void)
{
	const u64 base = 0xffffc90000000000;

	wide_begin();
	for (unsigned k = 0; k < 16; k++) {
		u64 *dir = w.top[0];

		wide_leaf(0, base);
		for (unsigned level = 3; level > 1; level--)
			dir = phys_ptr(paging_dir_get(dir, level, base >> (12 + 9 * level) & 511));
		paging_dir_set(dir, 1, k, ptr_phys(m.many[k]));
		for (unsigned n = 0; n < 512; n++)
			m.many[k][n] = pte_of((n + k) % 4, false);
	}
	for (unsigned n = 0; n < 2 * 16 * 512; n++)
		if (wide_load(base + n % (16 * 512) * 4096ull) !=
		    0x1000 + (n % 512 + n / 512 % 16) % 4)
			return "wide: a refill brought the wrong page";
	return quiet() ? NULL : "an unwanted trap";
}

static const char *test_paging(void)
{
	static const char *(*const parts[])(void) = {
		map_and_access, unmapped_faults, upgrades, downgrades, asids, nested_refill,
		refills, wide_places, wide_changes, forms, wide_refills,
	};
	const char *why = NULL;

	for (unsigned k = 0; k < sizeof(parts) / sizeof(parts[0]) && !why; k++) {
		map_begin();
		why = parts[k]();
		seen.armed = false;
	}
	selftest_no_tables();
	return why;
}

/* What trap.c does to an interrupt that hits the idle region: the PC leaves it, the kick is set. */
static const char *test_kick(void)
{
	struct trap_frame f = { .pc = (u64)idle_start + 4 };
	u64 outside = (u64)idle_end;

	irq_dispatch(&f);
	if (f.pc != (u64)idle_exit || f.gpr[REG_KICK] != 1)
		return "an interrupt at `idle`";
	f = (struct trap_frame){ .pc = (u64)idle_start };
	irq_dispatch(&f);
	if (f.pc != (u64)idle_exit)
		return "an interrupt before `idle`";
	f = (struct trap_frame){ .pc = outside };
	irq_dispatch(&f);
	if (f.pc != outside || f.gpr[REG_KICK] != 1)
		return "an interrupt elsewhere";
	kick_set();
	cpu_idle();		/* returns at once, or the test hangs */
	kick_clear();
	return kick_is_set() ? "the kick register cannot be cleared" : NULL;
}

static const char *test_fault(void)
{
	load(selftest_host.guards[0]);	/* nobody claims it: dump, then panic */
	return "the kernel went on after an unclaimed fault";
}

static const char *test_machine_error(void)
{
	selftest_machine_error();
	return "the kernel went on after a machine error";
}

const struct selftest mmu_selftests[] = {
	{ "traps", test_traps, false },
	{ "guards", test_guards, false },
	{ "extable", test_extable, false },
	{ "paging", test_paging, false },
	{ "kick", test_kick, false },
	{ "fault", test_fault, true },
	{ "machine_error", test_machine_error, true },
	{ 0 },
};
