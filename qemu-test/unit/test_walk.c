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
		e &= ~0x3fe000ull;
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

static void compare(const struct x86_paging *p, u32 va, enum x86_access access, bool user)
{
	struct ref_walk r = ref_walk(p, va, access, user);
	struct x86_walk w;
	bool ok = x86_walk(p, gva(va), access, user, &w);

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
	r = ref_walk(p, va, X86_READ, user);	/* the walk may have marked its own tables */
	if (access == X86_WRITE && r.ok)
		CHECK(r.dirty, "random: D set");
	CHECK(!r.ok || r.accessed, "random: A set");
}

static void test_random(void)
{
	for (unsigned round = 0; round < 60; round++) {
		struct x86_paging p = {
			.pg = true, .pse = world_random(2), .pae = round & 1,
			.wp = world_random(2), .nxe = world_random(2), .pge = world_random(2),
			.phys_bits = round & 2 ? 36 : 32,
			.cr3 = 0x100000 + 0x1000 * world_random(8),
		};

		random_tables(p.pae);
		for (unsigned k = 0; k < 4; k++)
			p.pdpte[k] = (0x100000 + 0x1000 * world_random(8)) | !!world_random(8);
		for (unsigned k = 0; k < 2000; k++)
			compare(&p, world_random(1u << 20) << 12 | world_random(4096),
				world_random(3), world_random(2));
	}
}

int main(void)
{
	world_reset(8);
	test_rights();
	test_large();
	test_pae();
	test_odd_places();
	test_random();
	return check_done();
}
