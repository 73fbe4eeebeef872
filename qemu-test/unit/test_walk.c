/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/x86_walk: directed cases with expectations from SDM vol. 3 ch. 4, then random tables
 * against the test's own reading of the figures (mm_world.c).
 */
#include "mm/x86_walk.h"

#include "qemu-test/unit/check.h"
#include "qemu-test/unit/mm_world.h"

#define PD 0x100000u
#define PT 0x101000u
#define PAGE 0x200000u
#define VA 0x00403123u		/* PDE 1, PTE 3; with PAE: PDPTE 0, PDE 2, PTE 3 */

static const struct x86_paging plain = { .pg = true, .cr3 = PD };
static const struct x86_paging pae = { .pg = true, .pae = true, .nxe = true, .phys_bits = 36,
				       .pdpte = { PD | W_P } };

struct row {
	const char *name;
	u32 pde, pte;
	enum x86_access access;
	bool user, wp;
	int error;		/* -1: succeeds */
};

/* 4.6.1 and 4.7, 32-bit paging. */
static const struct row rows[] = {
	{ "no PDE", 0, 0, X86_READ, false, true, 0 },
	{ "no PDE, user write", 0, 0, X86_WRITE, true, true, PF_W | PF_U },
	{ "no PTE", W_P | W_RW | W_US, W_RW | W_US, X86_WRITE, false, true, PF_W },
	{ "no PTE, fetch has no I bit", W_P, 0, X86_FETCH, false, true, 0 },
	{ "supervisor read of RO", W_P, W_P, X86_READ, false, true, -1 },
	{ "supervisor write to RO, WP", W_P, W_P, X86_WRITE, false, true, PF_P | PF_W },
	{ "supervisor write to RO, no WP", W_P, W_P, X86_WRITE, false, false, -1 },
	{ "RW in PTE only, WP", W_P, W_P | W_RW, X86_WRITE, false, true, PF_P | PF_W },
	{ "RW in PDE only, WP", W_P | W_RW, W_P, X86_WRITE, false, true, PF_P | PF_W },
	{ "RW in both, WP", W_P | W_RW, W_P | W_RW, X86_WRITE, false, true, -1 },
	{ "user read of supervisor page", W_P | W_RW, W_P | W_RW, X86_READ, true, true,
	  PF_P | PF_U },
	{ "US in PDE only", W_P | W_US, W_P, X86_READ, true, true, PF_P | PF_U },
	{ "US in PTE only", W_P, W_P | W_US, X86_READ, true, true, PF_P | PF_U },
	{ "user read", W_P | W_US, W_P | W_US, X86_READ, true, true, -1 },
	{ "user fetch", W_P | W_US, W_P | W_US, X86_FETCH, true, true, -1 },
	{ "user write to RO, no WP", W_P | W_US, W_P | W_US | W_RW, X86_WRITE, true, false,
	  PF_P | PF_U | PF_W },
	{ "user write", W_P | W_US | W_RW, W_P | W_US | W_RW, X86_WRITE, true, true, -1 },
	{ "PS is ignored without PSE", W_P | W_PS | 0x2000, W_P, X86_READ, false, true, -1 },
	{ "supervisor reads a user page", W_P | W_US, W_P | W_US, X86_READ, false, true, -1 },
};

static void test_rights(void)
{
	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		const struct row *r = &rows[k];
		struct x86_paging p = plain;
		u32 pt = PT | (r->pde & 0x2000);
		struct x86_walk w;
		bool ok;

		p.wp = r->wp;
		world_set32(PD + 4, PT | r->pde);
		world_set32(pt + 12, r->pte ? PAGE | r->pte : 0);
		ok = x86_walk(&p, gva(VA), r->access, r->user, &w);
		CHECK_EQ(ok, r->error < 0, r->name);
		if (!ok) {
			CHECK_EQ(w.error, r->error, r->name);
			CHECK_EQ(world_get32(PD + 4), PT | r->pde, "a failed walk marks no PDE");
			CHECK_EQ(world_get32(pt + 12), r->pte ? PAGE | r->pte : 0, "nor PTE");
			continue;
		}
		CHECK_EQ(w.page, PAGE, r->name);
		CHECK_EQ(world_get32(PD + 4), PT | r->pde | W_A, "A in the PDE, no D");
		CHECK_EQ(world_get32(pt + 12),
			 PAGE | r->pte | W_A | (r->access == X86_WRITE ? W_D : 0), r->name);
		CHECK_EQ(w.dirty, r->access == X86_WRITE, "dirty");
		CHECK_EQ(w.steps, 2, "two entries");
		CHECK_EQ(w.step[1].at, pt + 12, "where the PTE is");
	}
}

static void test_large(void)
{
	struct x86_paging p = plain;
	struct x86_walk w;

	p.pse = true;
	world_set32(PD + 4, 0x00800000 | W_P | W_RW | W_PS);
	CHECK(x86_walk(&p, gva(VA), X86_WRITE, false, &w), "4 MiB page");
	CHECK_EQ(w.page, 0x00803000, "its 4 KiB piece");
	CHECK_EQ(w.shift, 22, "size");
	CHECK_EQ(world_get32(PD + 4), 0x00800000 | W_P | W_RW | W_PS | W_A | W_D, "A and D");
	for (unsigned b = 13; b < 22; b++) {	/* table 4-4 */
		world_set32(PD + 4, 0x00800000 | W_P | W_PS | 1u << b);
		CHECK(!x86_walk(&p, gva(VA), X86_READ, true, &w), "reserved bit");
		CHECK_EQ(w.error, PF_P | PF_RSVD | PF_U, "RSVD");
	}
	world_set32(PD + 4, 0x00800000 | W_P | W_PS | 1u << 12);
	CHECK(x86_walk(&p, gva(VA), X86_READ, false, &w), "bit 12 is PAT");
	CHECK(!w.global, "no G");
	world_set32(PD + 4, 0x00800000 | W_P | W_PS | W_G);
	CHECK(x86_walk(&p, gva(VA), X86_READ, false, &w) && !w.global, "G without PGE");
	p.pge = true;
	CHECK(x86_walk(&p, gva(VA), X86_READ, false, &w) && w.global, "G with PGE");
}

static void test_pae(void)
{
	struct x86_paging p = pae;
	struct x86_walk w;

	world_set64(PD + 16, PT | W_P | W_RW | W_US);
	world_set64(PT + 24, PAGE | W_P | W_RW | W_US | W_NX);
	CHECK(x86_walk(&p, gva(VA), X86_WRITE, true, &w), "PAE write");
	CHECK_EQ(w.page, PAGE, "page");
	CHECK(w.nx, "XD");
	CHECK_EQ(world_get64(PT + 24), PAGE | W_P | W_RW | W_US | W_NX | W_A | W_D, "A, D");
	CHECK_EQ(world_get64(PD + 16), PT | W_P | W_RW | W_US | W_A, "A");
	CHECK(!x86_walk(&p, gva(VA), X86_FETCH, true, &w), "fetch from XD");
	CHECK_EQ(w.error, PF_P | PF_U | PF_I, "its code");
	CHECK(!x86_walk(&p, gva(VA + 0x1000), X86_FETCH, false, &w), "fetch, not present");
	CHECK_EQ(w.error, PF_I, "its code");
	p.nxe = false;
	CHECK(!x86_walk(&p, gva(VA), X86_READ, false, &w), "XD is reserved without NXE");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "its code");
	CHECK(!x86_walk(&p, gva(VA), X86_FETCH, false, &w), "the same for a fetch");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "no I bit without NXE");
	p.nxe = true;
	world_set64(PT + 24, PAGE | W_P | 1ull << 36);
	CHECK(!x86_walk(&p, gva(VA), X86_READ, false, &w), "address bit beyond MAXPHYADDR");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "its code");
	p.phys_bits = 40;
	CHECK(x86_walk(&p, gva(VA), X86_READ, false, &w), "which is fine with 40 bits");
	CHECK_EQ(w.page, PAGE | 1ull << 36, "and part of the address");
	world_set64(PD + 16, 0x800000 | W_P | W_PS | 1ull << 45);
	CHECK(!x86_walk(&p, gva(VA), X86_READ, false, &w), "in a PDE");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "in a PDE");
	world_set64(PD + 16, 0x800000 | W_P | W_PS | 0x2000);
	CHECK(!x86_walk(&p, gva(VA), X86_READ, false, &w), "2 MiB 13");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "2 MiB 13");
	world_set64(PD + 16, 0x800000 | W_P | W_PS | W_RW);
	CHECK(x86_walk(&p, gva(VA), X86_WRITE, false, &w), "2 MiB page, CR4.PSE off");
	CHECK_EQ(w.page, 0x803000, "piece");
	CHECK_EQ(w.shift, 21, "size");
	CHECK(!x86_walk(&p, gva(VA + 0x40000000), X86_READ, true, &w), "no PDPTE");
	CHECK_EQ(w.error, PF_U, "no PDPTE");
	world_set64(PD + 16, PT | W_P | W_NX);
	world_set64(PT + 24, PAGE | W_P);
	CHECK(!x86_walk(&p, gva(VA), X86_FETCH, false, &w), "XD in the PDE counts");
}

/* -- four levels ---------------------------------------------------------- */

#define PML4 0x110000u
#define PDPT 0x111000u
#define PD4 0x112000u
#define PT4 0x113000u
#define ALL (W_P | W_RW | W_US)

static const struct x86_paging lma = { .pg = true, .pae = true, .lma = true, .nxe = true,
				       .wp = true, .page1g = true, .phys_bits = 40, .cr3 = PML4 };

/* The places of the four entries of an address, in tables that are the same for all. */
static void long_places(u64 va, u64 at[4])
{
	at[0] = PML4 + (va >> 39 & 0x1ff) * 8;
	at[1] = PDPT + (va >> 30 & 0x1ff) * 8;
	at[2] = PD4 + (va >> 21 & 0x1ff) * 8;
	at[3] = PT4 + (va >> 12 & 0x1ff) * 8;
}

static const u64 long_base[4] = { PDPT, PD4, PT4, PAGE };

static void long_entries(u64 va, const u64 flags[4])
{
	u64 at[4];

	long_places(va, at);
	for (unsigned k = 0; k < 4; k++)
		world_set64(at[k], flags[k] ? long_base[k] | flags[k] : 0);
}

/* Both halves, their ends, and what differs from a neighbour in one index only. */
static const u64 long_va[] = {
	0, 0x1000, 0x200000, 0x40000000, 0x8000000000, 0x7ffffffff000, 0xffff800000000000,
	0xffffffff80000123, 0xfffffffffffff000, 0x123456789abc,
};

static void test_long_places(void)
{
	const u64 all[4] = { ALL, ALL, ALL, ALL | W_NX | 0x7ffull << 52 };
	struct x86_walk w;
	u64 at[4];

	for (unsigned k = 0; k < sizeof(long_va) / sizeof(long_va[0]); k++) {
		u64 va = long_va[k];

		world_reset(8);
		long_entries(va, all);
		long_places(va, at);
		CHECK(x86_walk(&lma, gva(va), X86_WRITE, X86_USER, &w), "four levels");
		CHECK_EQ(w.page, PAGE, "page");
		CHECK_EQ(w.steps, 4, "steps");
		CHECK_EQ(w.shift, 12, "size");
		for (unsigned n = 0; n < 4; n++) {
			CHECK_EQ(w.step[n].at, at[n], "where the entry is");
			CHECK_EQ(world_get64(at[n]), long_base[n] | all[n] | W_A |
				 (n == 3 ? W_D : 0), "A at each level, D in the leaf");
		}
		CHECK(!x86_walk(&lma, gva(va ^ 1ull << 47), X86_READ, X86_USER, &w),
		      "the other half");
		CHECK_EQ(w.error, PF_U, "is empty");
	}
}

/* Rights are those that all levels give; an entry that is missing or wrong ends the walk there. */
static void test_long_levels(void)
{
	u64 va = 0xffff912345678000;
	struct x86_walk w;

	for (unsigned n = 0; n < 4; n++) {
		u64 flags[4] = { ALL, ALL, ALL, ALL };

		world_reset(8);
		flags[n] = ALL & ~W_US;
		long_entries(va, flags);
		CHECK(!x86_walk(&lma, gva(va), X86_READ, X86_USER, &w), "U/S at one level");
		CHECK_EQ(w.error, PF_P | PF_U, "U/S");
		flags[n] = ALL & ~W_RW;
		long_entries(va, flags);
		CHECK(!x86_walk(&lma, gva(va), X86_WRITE, X86_SUPER, &w), "R/W at one level");
		CHECK_EQ(w.error, PF_P | PF_W, "R/W");
		flags[n] = ALL | W_NX;
		long_entries(va, flags);
		CHECK(!x86_walk(&lma, gva(va), X86_FETCH, X86_SUPER, &w), "XD at one level");
		CHECK_EQ(w.error, PF_P | PF_I, "XD");
		flags[n] = ALL | 1ull << 40;
		long_entries(va, flags);
		CHECK(!x86_walk(&lma, gva(va), X86_READ, X86_SUPER, &w), "beyond MAXPHYADDR");
		CHECK_EQ(w.error, PF_P | PF_RSVD, "beyond MAXPHYADDR");
		flags[n] = ALL | 0x7ffull << 52;
		long_entries(va, flags);
		CHECK(x86_walk(&lma, gva(va), X86_READ, X86_SUPER, &w), "bits 62:52 are free");
		flags[n] = 0;
		long_entries(va, flags);
		CHECK(!x86_walk(&lma, gva(va), X86_WRITE, X86_SUPER, &w), "not there");
		CHECK_EQ(w.error, PF_W, "not there");
	}
	world_reset(8);
	long_entries(va, (const u64[4]){ ALL | W_PS, ALL, ALL, ALL });
	CHECK(!x86_walk(&lma, gva(va), X86_READ, X86_SUPER, &w), "bit 7 of a PML4E");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "bit 7 of a PML4E");
	long_entries(va, (const u64[4]){ ALL, ALL | W_NX, ALL, ALL });
	CHECK(x86_walk(&lma, gva(va), X86_READ, X86_SUPER, &w) && w.nx, "XD is collected");
}

static void test_long_pages(void)
{
	struct x86_paging p = lma;
	u64 va = 0xffffffffc0000000 + 0x12345000;
	struct x86_walk w;
	u64 at[4];

	world_reset(8);
	long_places(va, at);
	long_entries(va, (const u64[4]){ ALL, ALL, ALL, ALL });
	world_set64(at[2], 0xc00000 | ALL | W_PS | W_G);
	CHECK(x86_walk(&p, gva(va), X86_WRITE, X86_SUPER, &w), "2 MiB");
	CHECK_EQ(w.page, 0xc00000 + (0x12345000 & 0x1fffff), "its piece");
	CHECK(w.shift == 21 && w.steps == 3 && w.dirty && !w.global, "2 MiB");
	CHECK_EQ(world_get64(at[2]), 0xc00000 | ALL | W_PS | W_G | W_A | W_D, "A and D");
	world_set64(at[2], 0xc00000 | ALL | W_PS | 0x2000);
	CHECK(!x86_walk(&p, gva(va), X86_READ, X86_SUPER, &w), "bit 13");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "bit 13");
	world_set64(at[1], 0x40000000 | ALL | W_PS | 0x1000);
	CHECK(x86_walk(&p, gva(va), X86_WRITE, X86_SUPER, &w), "1 GiB, PAT set");
	CHECK_EQ(w.page, 0x40000000 + 0x12345000, "its piece");
	CHECK(w.shift == 30 && w.steps == 2, "1 GiB");
	CHECK_EQ(world_get64(at[1]), 0x40000000 | ALL | W_PS | 0x1000 | W_A | W_D, "A and D");
	for (unsigned b = 13; b < 30; b++) {
		world_set64(at[1], 0x40000000 | ALL | W_PS | 1ull << b);
		CHECK(!x86_walk(&p, gva(va), X86_READ, X86_USER, &w), "reserved in 1 GiB");
		CHECK_EQ(w.error, PF_P | PF_RSVD | PF_U, "reserved in 1 GiB");
	}
	world_set64(at[1], 0x40000000 | ALL | W_PS);
	p.page1g = false;
	CHECK(!x86_walk(&p, gva(va), X86_READ, X86_SUPER, &w), "a model without");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "a model without");
	p.nxe = false;
	long_entries(va, (const u64[4]){ ALL | W_NX, ALL, ALL, ALL });
	CHECK(!x86_walk(&p, gva(va), X86_FETCH, X86_SUPER, &w), "XD without NXE");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "is reserved, and there is no I bit");
}

/* 4.6.1 with SMEP and SMAP: who may do what to a user's page, and to a supervisor's. */
static void test_smep_smap(void)
{
	static const struct { bool user_page, smep, smap; enum x86_access access;
			      enum x86_rights rights; int error; } row[] = {
		{ true, false, false, X86_READ, X86_STRICT, -1 },
		{ true, false, true, X86_READ, X86_STRICT, PF_P },
		{ true, false, true, X86_WRITE, X86_STRICT, PF_P | PF_W },
		{ true, false, true, X86_READ, X86_SUPER, -1 },
		{ true, false, true, X86_WRITE, X86_SUPER, -1 },
		{ true, false, true, X86_FETCH, X86_STRICT, -1 },
		{ true, false, true, X86_READ, X86_USER, -1 },
		{ true, true, false, X86_READ, X86_STRICT, -1 },
		{ true, true, false, X86_FETCH, X86_STRICT, PF_P | PF_I },
		{ true, true, true, X86_FETCH, X86_SUPER, PF_P | PF_I },
		{ true, true, false, X86_FETCH, X86_USER, -1 },
		{ false, true, true, X86_FETCH, X86_STRICT, -1 },
		{ false, true, true, X86_WRITE, X86_STRICT, -1 },
		{ false, true, true, X86_READ, X86_USER, PF_P | PF_U },
		{ false, true, true, X86_FETCH, X86_USER, PF_P | PF_U | PF_I },
	};
	u64 va = 0x7f1234567000;
	struct x86_walk w;

	for (unsigned k = 0; k < sizeof(row) / sizeof(row[0]); k++)
		for (unsigned nxe = 0; nxe < 2; nxe++) {
			struct x86_paging p = lma;
			u64 us = row[k].user_page ? W_US : 0;
			bool ok;

			world_reset(8);
			p.smep = row[k].smep;
			p.smap = row[k].smap;
			p.nxe = nxe;
			long_entries(va, (const u64[4]){ ALL, ALL, ALL, W_P | W_RW | us });
			ok = x86_walk(&p, gva(va), row[k].access, row[k].rights, &w);
			CHECK_EQ(ok, row[k].error < 0, "SMEP, SMAP");
			if (!ok)
				CHECK_EQ(w.error, row[k].error, "their error code");
		}
}

static void test_odd_places(void)
{
	struct x86_paging p = plain;
	struct x86_walk w;

	p.cr3 = PD;
	world_set32(PD + 0xffc, PD | W_P | W_RW);	/* the directory maps itself */
	CHECK(x86_walk(&p, gva(0xfffff000), X86_WRITE, false, &w), "one entry at both levels");
	CHECK_EQ(w.page, PD, "itself");
	CHECK_EQ(world_get32(PD + 0xffc), PD | W_P | W_RW | W_A | W_D, "marked as PTE");
	p.cr3 = 0xfffff000;				/* the firmware's last page */
	x86_walk(&p, gva(0), X86_WRITE, false, &w);
	x86_walk(&p, gva(0x400000), X86_WRITE, false, &w);
	p.cr3 = 0xd0000000;				/* nothing there: all ones */
	p.pse = true;
	CHECK(!x86_walk(&p, gva(0), X86_READ, false, &w), "tables in a hole");
	CHECK_EQ(w.error, PF_P | PF_RSVD, "read as ones");
	p.pg = false;
	CHECK(x86_walk(&p, gva(0xfee00123), X86_WRITE, true, &w), "paging off");
	CHECK_EQ(w.page, 0xfee00000, "identity");
	CHECK_EQ(w.steps, 0, "no entry");
	gpa_set_a20(false);
	CHECK(x86_walk(&p, gva(0x100123), X86_READ, false, &w), "A20 off");
	CHECK_EQ(w.page, 0, "wraps");
	p = plain;
	world_set32(0x4, 0x5000 | W_P);			/* PD at 1 MiB is seen at 0 */
	world_set32(0x500c, 0x300000 | W_P);
	CHECK(x86_walk(&p, gva(VA), X86_READ, false, &w), "tables through A20");
	CHECK_EQ(w.page, 0x200000, "page through A20");
	gpa_set_a20(true);
}

/* An entry whose bits are random, pointing to one of few tables and pages. */
static u64 random_entry(u64 where, bool wide)
{
	u64 e = where | world_random(512);

	if (world_random(8))
		e |= W_P;
	if (world_random(3))
		e |= W_RW | W_US;
	if (world_random(4))
		e &= ~(u64)W_PS;
	else
		e &= world_random(2) ? ~0x3fe000ull : ~0x3fffe000ull;
	if (wide && !world_random(4))
		e |= W_NX;
	if (!world_random(16))
		e |= 1ull << (wide ? 12 + world_random(51) : 12 + world_random(10));
	return e;
}

static void random_tables(bool wide)
{
	for (unsigned t = 0; t < 8; t++)
		for (unsigned k = 0; k < 4096; k += wide ? 8 : 4) {
			u64 e = random_entry(0x100000 + 0x1000 * world_random(8), wide);

			if (wide)
				world_set64(0x100000 + 0x1000 * t + k, e);
			else
				world_set32(0x100000 + 0x1000 * t + k, (u32)e);
		}
}

static void compare(const struct x86_paging *p, u64 va, enum x86_access access,
		    enum x86_rights rights)
{
	struct ref_walk r = ref_walk(p, va, access, rights);
	struct x86_walk w;
	bool ok = x86_walk(p, gva(va), access, rights, &w);

	CHECK_EQ(ok, r.ok, "random: outcome");
	if (!ok) {
		CHECK_EQ(w.error, r.error, "random: error code");
		return;
	}
	CHECK_EQ(w.page, r.addr & gpa_map.a20_mask & ~0xfffull, "random: page");
	CHECK_EQ(w.shift, r.shift, "random: size");
	CHECK_EQ(w.user, r.user, "random: user");
	CHECK_EQ(w.writable, r.writable, "random: writable");
	CHECK_EQ(w.nx, r.nx, "random: nx");
	CHECK_EQ(w.global, r.global, "random: global");
	r = ref_walk(p, va, X86_READ, rights);	/* the walk may have marked its own tables */
	if (access == X86_WRITE && r.ok)
		CHECK(r.dirty, "random: D set");
	CHECK(!r.ok || r.accessed, "random: A set");
}

static u64 random_va(bool four_levels)
{
	u64 va = (u64)world_random(1u << 20) << 12 | world_random(4096);

	return four_levels ? (u64)((s64)((u64)world_random(1u << 16) << 48 | va << 16) >> 16) : va;
}

static void test_random(void)
{
	for (unsigned round = 0; round < 80; round++) {
		struct x86_paging p = {
			.pg = true, .pse = world_random(2), .pae = round % 4, .lma = round % 4 > 1,
			.smep = world_random(2), .smap = world_random(2), .page1g = world_random(2),
			.wp = world_random(2), .nxe = world_random(2), .pge = world_random(2),
			.phys_bits = round % 8 < 4 ? 36 : 32,
			.cr3 = 0x100000 + 0x1000 * world_random(8),
		};

		random_tables(p.pae);
		for (unsigned k = 0; k < 4; k++)
			p.pdpte[k] = (0x100000 + 0x1000 * world_random(8)) | !!world_random(8);
		for (unsigned k = 0; k < 2000; k++)
			compare(&p, random_va(p.lma), world_random(3), world_random(3));
	}
}

int main(void)
{
	world_reset(8);
	test_rights();
	test_large();
	test_pae();
	test_long_places();
	test_long_levels();
	test_long_pages();
	test_smep_smap();
	world_reset(8);
	test_odd_places();
	test_random();
	return check_done();
}
