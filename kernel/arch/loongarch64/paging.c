/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host MMU: roots, leaves, address space numbers, invalidation (kernel/paging.h).
 * Tables are walked with direct addressing, by the refill handler: all addresses in them are
 * host physical. Invariants: no entry is global (views differ by ASID only); no directory entry is
 * ever 0, since LDDIR would go on at physical 0; TLBRD is never used, since it may rewrite ASID.
 */
#include "kernel/paging.h"

#include "kernel/arch.h"
#include "kernel/arch/loongarch64/cpu.h"
#include "kernel/arch/loongarch64/csr.h"
#include "kernel/arch/loongarch64/trap.h"
#include "kernel/panic.h"

/* What TLBELO takes of a leaf: software bits must not be written to it. */
#define PTE_TLB_BITS (PTE_PAGE | 0xe00000000000003full)

#define TLBIDX_NE (1u << 31)
#define TLBIDX_PS_SHIFT 24
#define ALIAS 0xffffffff00000000ull

static u64 empty_root[PAGING_ROOT_ENTRIES] __attribute__((aligned(PAGING_ROOT_ALIGN)));
static pte_t invalid_leaves[PAGING_LEAF_ENTRIES] __attribute__((aligned(4096)));
/* Directories without a leaf below them: of levels 1 and 2. */
static u64 empty_dir[2][PAGING_DIR_ENTRIES] __attribute__((aligned(4096)));

void paging_root_init(u64 *root)
{
	must(((u64)root & (PAGING_ROOT_ALIGN - 1)) == 0);
	for (unsigned k = 0; k < PAGING_ROOT_ENTRIES; k++)
		root[k] = ptr_phys(invalid_leaves).a;
}

void paging_root_set(u64 *root, unsigned slot, hpa_t table)
{
	must(slot < PAGING_ROOT_ENTRIES && (table.a & ~PTE_PAGE) == 0);
	root[slot] = table.a ? table.a : ptr_phys(invalid_leaves).a;
}

hpa_t paging_root_get(const u64 *root, unsigned slot)
{
	must(slot < PAGING_ROOT_ENTRIES);
	return root[slot] == ptr_phys(invalid_leaves).a ? hpa(0) : hpa(root[slot]);
}

static u64 none_below(unsigned level)
{
	return level == 1 ? ptr_phys(invalid_leaves).a : ptr_phys(empty_dir[level - 2]).a;
}

void paging_dir_init(u64 *dir, unsigned level)
{
	for (unsigned k = 0; k < PAGING_DIR_ENTRIES; k++)
		dir[k] = none_below(level);
}

void paging_dir_set(u64 *dir, unsigned level, unsigned index, hpa_t table)
{
	must(index < PAGING_DIR_ENTRIES && (table.a & ~PTE_PAGE) == 0);
	dir[index] = table.a ? table.a : none_below(level);
}

hpa_t paging_dir_get(const u64 *dir, unsigned level, unsigned index)
{
	return dir[index] == none_below(level) ? hpa(0) : hpa(dir[index]);
}

void paging_set_form(enum paging_form form)
{
	bool wide = form == PAGING_WIDE;

	csr_write(CSR_PWCL, wide ? PWCL_FOUR_LEVEL : PWCL_TWO_LEVEL);
	csr_write(CSR_PWCH, wide ? PWCH_FOUR_LEVEL : 0);
	csr_write(CSR_TLBRENTRY, ptr_phys(wide ? tlb_refill_wide_entry : tlb_refill_entry).a);
}

/* Values stay sign-extended; whether they are makes no difference to the walk. */
hva_t paging_hva(gva_t addr, bool other) { return hva(gva_to_hva(addr).a ^ (other ? ALIAS : 0)); }

/* A canonical address is the host's own, and has no other form. */
hva_t paging_hva_wide(gva_t addr, bool other)
{
	(void)other;
	return gva_to_hva_wide(addr);
}

void paging_activate(unsigned asid, hpa_t root)
{
	csr_write(CSR_ASID, asid);
	csr_write(CSR_ROOT, root.a);
}

/* INVTLB (4.2.4.6): operations 0 all, 4 non-global of an ASID, 5 the pair of ASID and address. */
void paging_drop_all(void) { __asm__ volatile("invtlb 0x0, $zero, $zero" : : : "memory"); }

void paging_drop_asid(unsigned asid)
{
	__asm__ volatile("invtlb 0x4, %0, $zero" : : "r"((u64)asid) : "memory");
}

static void drop_pair(unsigned asid, u64 va)
{
	__asm__ volatile("invtlb 0x5, %0, %1" : : "r"((u64)asid), "r"(va) : "memory");
}

void paging_drop_page(unsigned asid, gva_t addr)
{
	u64 va = gva_to_hva(addr).a;

	drop_pair(asid, va);
	drop_pair(asid, va ^ ALIAS);
}

void paging_drop_page_wide(unsigned asid, gva_t addr) { drop_pair(asid, addr.a); }

/* If the TLB holds the even and odd page of va under the current ASID, overwrite them. */
static void rewrite_pair(u64 va, const pte_t *pair)
{
	u32 index;

	csr_write(CSR_TLBEHI, va & ~0x1fffull);
	__asm__ volatile("tlbsrch" : : : "memory");
	index = (u32)csr_read(CSR_TLBIDX);
	if (index & TLBIDX_NE)
		return;
	csr_write(CSR_TLBIDX, (index & 0xffff) | 12u << TLBIDX_PS_SHIFT);
	csr_write(CSR_TLBELO0, pair[0] & PTE_TLB_BITS);
	csr_write(CSR_TLBELO1, pair[1] & PTE_TLB_BITS);
	__asm__ volatile("tlbwr" : : : "memory");
}

void paging_upgrade(gva_t addr, const pte_t *leaf)
{
	const pte_t *pair = (const pte_t *)((u64)leaf & ~15ull);
	u64 va = gva_to_hva(addr).a;

	rewrite_pair(va, pair);
	rewrite_pair(va ^ ALIAS, pair);
}

void paging_upgrade_wide(gva_t addr, const pte_t *leaf)
{
	rewrite_pair(addr.a, (const pte_t *)((u64)leaf & ~15ull));
}

void paging_init(void)
{
	paging_root_init(empty_root);
	paging_dir_init(empty_dir[0], 1);
	paging_dir_init(empty_dir[1], 2);
}

void paging_init_core(void)
{
	csr_write(CSR_STLBPS, 12);
	paging_set_form(PAGING_NARROW);
	paging_activate(0, ptr_phys(empty_root));
	paging_drop_all();
}
