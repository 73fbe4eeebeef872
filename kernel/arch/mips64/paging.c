/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host MMU: roots, leaves, address space numbers, invalidation (kernel/paging.h).
 * Tables are walked by the refill handler through xkphys: a root's entries are such addresses.
 * Invariants: no entry is global (views differ by ASID only); a directory entry always points at a
 * leaf table; EntryHi holds the current ASID whenever a function here returns.
 *
 * The second TLB of real cores (FTLB) is switched off: its sets would have to be walked one by one.
 */
#include "kernel/paging.h"

#include "kernel/arch.h"
#include "kernel/arch/mips64/cp0.h"
#include "kernel/arch/mips64/cpu.h"
#include "kernel/arch/mips64/phys.h"
#include "kernel/arch/mips64/trap.h"
#include "kernel/panic.h"

#define PAGE_SHIFT 12
#define PAGE_MASK 0x0000fffffffff000ull
#define PAIR 0x1fffull
#define MEETS_LOW 0x10000u		/* how far a displacement leads over the upper end */
#define MEETS_HIGH 0xffe00000u		/* and from where the pages on count below the lower end */

static u64 empty_root[PAGING_ROOT_ENTRIES] __attribute__((aligned(PAGING_ROOT_ALIGN)));
static pte_t invalid_leaves[PAGING_LEAF_ENTRIES] __attribute__((aligned(4096)));
/* Directories without a leaf below them: of levels 1 and 2. */
static u64 empty_dir[2][PAGING_DIR_ENTRIES] __attribute__((aligned(4096)));

static u64 walked(hpa_t table) { return (u64)phys_to_ptr(table); }

static u64 none(void) { return walked(ptr_to_phys(invalid_leaves)); }

void paging_root_init(u64 *root)
{
	must(((u64)root & (PAGING_ROOT_ALIGN - 1)) == 0);
	for (unsigned k = 0; k < PAGING_ROOT_ENTRIES; k++)
		root[k] = none();
}

void paging_root_set(u64 *root, unsigned slot, hpa_t table)
{
	must(slot < PAGING_ROOT_ENTRIES && (table.a & ~PAGE_MASK) == 0);
	root[slot] = table.a ? walked(table) : none();
}

hpa_t paging_root_get(const u64 *root, unsigned slot)
{
	must(slot < PAGING_ROOT_ENTRIES);
	return root[slot] == none() ? hpa(0) : ptr_to_phys((const void *)root[slot]);
}

static u64 none_below(unsigned level)
{
	return level == 1 ? none() : walked(ptr_to_phys(empty_dir[level - 2]));
}

void paging_dir_init(u64 *dir, unsigned level)
{
	for (unsigned k = 0; k < PAGING_DIR_ENTRIES; k++)
		dir[k] = none_below(level);
}

void paging_dir_set(u64 *dir, unsigned level, unsigned index, hpa_t table)
{
	must(index < PAGING_DIR_ENTRIES && (table.a & ~PAGE_MASK) == 0);
	dir[index] = table.a ? walked(table) : none_below(level);
}

hpa_t paging_dir_get(const u64 *dir, unsigned level, unsigned index)
{
	return dir[index] == none_below(level) ? hpa(0) : ptr_to_phys((const void *)dir[index]);
}

/* Each form has a page of vectors of its own, which differ in their refill. */
void paging_set_form(enum paging_form form)
{
	bool on = irq_disable();

	vectors_set(form == PAGING_WIDE ? trap_vectors_wide : trap_vectors);
	irq_restore(on);
}

/* Values are zero-extended; base + displacement may lead a little over either end. */
static bool has_other(gva_t addr) { return (u32)addr.a < MEETS_LOW || (u32)addr.a >= MEETS_HIGH; }

hva_t paging_hva(gva_t addr, bool other)
{
	u64 va = gva_to_hva(addr).a;

	if (!other || !has_other(addr))
		return hva(va);
	return hva(va < MEETS_LOW ? va | 1ull << 32 : (u64)(s32)va);
}

/*
 * Values are folded to 48 bits. A displacement that leads over their upper end is an address error;
 * one that leads below 0 comes to the last pages, sign-extended.
 */
static bool has_other_wide(gva_t addr) { return addr.a >= (u64)-(s64)PAGING_LEAF_ENTRIES << 12; }

hva_t paging_hva_wide(gva_t addr, bool other)
{
	return other && has_other_wide(addr) ? hva(addr.a) : gva_to_hva_wide(addr);
}

void paging_activate(unsigned asid, hpa_t root)
{
	cpu_self()->host[CPU_HOST_ASID] = asid;
	cp0_write(CP0_ENTRYHI, asid);
	cp0_write(CP0_KSCRATCH_ROOT, walked(root));
}

/* -- the TLB ------------------------------------------------------------- */

/* The copies of entries that fetches and loads keep; the manual of the core, "Diag". */
static void micro_tlbs_flush(void) { cp0_write(CP0_DIAG, DIAG_MICRO_TLBS); }

/* TLBINVF, TLBINV (chapter 6.3): all entries, or those of EntryHi.ASID. Newer than mips64r2. */
void paging_drop_all(void)
{
	cp0_write(CP0_INDEX, 0);
	__asm__ volatile(".word 0x42000004\n\tehb" : : : "memory");
	micro_tlbs_flush();
}

void paging_drop_asid(unsigned asid)
{
	cp0_write(CP0_INDEX, 0);
	cp0_write(CP0_ENTRYHI, asid);
	__asm__ volatile(".word 0x42000003\n\tehb" : : : "memory");
	cp0_write(CP0_ENTRYHI, cpu_self()->host[CPU_HOST_ASID]);
	micro_tlbs_flush();
}

/* Look the pair of va up under asid; leaves EntryHi set to it. False: the TLB does not hold it. */
static bool find(unsigned asid, hva_t va)
{
	cp0_write(CP0_ENTRYHI, (va.a & ~PAIR) | asid);
	__asm__ volatile("tlbp\n\tehb" : : : "memory");
	return (s32)cp0_read32(CP0_INDEX) >= 0;
}

/* Overwrite the pair of va by this one; NULL: by an empty entry. */
static void rewrite(unsigned asid, hva_t va, const pte_t *pair)
{
	if (!find(asid, va))
		return;
	if (!pair)
		cp0_write(CP0_ENTRYHI, ENTRYHI_EHINV);
	cp0_write(CP0_ENTRYLO0, pair ? pair[0] : 0);
	cp0_write(CP0_ENTRYLO1, pair ? pair[1] : 0);
	__asm__ volatile("tlbwi\n\tehb" : : : "memory");
}

/*
 * Under every address that the TLB may hold the page by: its own, and near both ends of the 4 GiB
 * the ones that base + displacement comes to with a carry into bit 32, or a borrow.
 */
static void rewrite_all(unsigned asid, gva_t addr, const pte_t *pair)
{
	rewrite(asid, paging_hva(addr, false), pair);
	if (has_other(addr))
		rewrite(asid, paging_hva(addr, true), pair);
	cp0_write(CP0_ENTRYHI, cpu_self()->host[CPU_HOST_ASID]);
	micro_tlbs_flush();
}

static void rewrite_wide(unsigned asid, gva_t addr, const pte_t *pair)
{
	rewrite(asid, paging_hva_wide(addr, false), pair);
	if (has_other_wide(addr))
		rewrite(asid, paging_hva_wide(addr, true), pair);
	cp0_write(CP0_ENTRYHI, cpu_self()->host[CPU_HOST_ASID]);
	micro_tlbs_flush();
}

void paging_drop_page(unsigned asid, gva_t addr) { rewrite_all(asid, addr, NULL); }
void paging_drop_page_wide(unsigned asid, gva_t addr) { rewrite_wide(asid, addr, NULL); }

void paging_upgrade(gva_t addr, const pte_t *leaf)
{
	const pte_t *pair = (const pte_t *)((u64)leaf & ~15ull);

	rewrite_all((unsigned)cpu_self()->host[CPU_HOST_ASID], addr, pair);
}

void paging_upgrade_wide(gva_t addr, const pte_t *leaf)
{
	const pte_t *pair = (const pte_t *)((u64)leaf & ~15ull);

	rewrite_wide((unsigned)cpu_self()->host[CPU_HOST_ASID], addr, pair);
}

void paging_init(void)
{
	paging_root_init(empty_root);
	paging_dir_init(empty_dir[0], 1);
	paging_dir_init(empty_dir[1], 2);
}

void paging_init_core(void)
{
	paging_set_form(PAGING_NARROW);
	cp0_write(CP0_PAGEMASK, 0);
	cp0_write(CP0_WIRED, 0);
	cp0_write(CP0_PAGEGRAIN, PAGEGRAIN_ELPA);
	cp0_write(CP0_CONFIG6, cp0_read32(CP0_CONFIG6) | CONFIG6_FTLBDIS);
	paging_activate(0, ptr_to_phys(empty_root));
	paging_drop_all();
}
