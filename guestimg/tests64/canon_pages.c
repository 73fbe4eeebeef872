/* SPDX-License-Identifier: BSD-2-Clause */
/* Page tables of four levels: rights of each level, NX, reserved bits, error codes, A and D. */
#include "guestimg/tests64/canon.h"

CODE(read_it, "mov (%rdi), %al")
CODE(write_it, "mov %al, (%rdi)")
CODE(fetch_it, "jmp *%rdi")

enum { AT_VA = WINDOW + 0x1000000 };
#define AT_HIGH 0xffffc12345678000
enum { CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21 };

static struct regs going(const char *code, u64 va, bool user)
{
	struct regs r = user ? user_regs(code) : kernel_regs(code);

	r.rdi = va;
	r.rax = 0xcd;			/* as it is there: the first byte of INT */
	return r;
}

static void expect_fault(const char *code, u64 va, bool user, u64 error)
{
	struct regs r = going(code, va, user);

	if (in_tcg() && error & PF_RSVD)
		error &= ~(u64)PF_P;	/* TCG forgets it */
	run_to(&r, V_PF, error);
	expect("cr2", stopped.cr2, va);
	if (!in_tcg())
		expect("RF", stopped.r.rflags & RF, RF);
}

static void expect_none(const char *code, u64 va, bool user)
{
	struct regs r = going(code, va, user);

	run_to(&r, VEC_EXIT, 0);
}

/* Take away one bit at each level in turn. */
static void test_levels(u64 va)
{
	for (u32 level = 1; level <= 4; level++) {
		u64 *e = entry(va, level), old = *e;

		*e = old & ~P;
		invlpg(va);
		expect_fault(read_it, va, true, PF_U);
		expect_fault(write_it, va, false, PF_W);
		*e = old & ~U;
		invlpg(va);
		expect_fault(read_it, va, true, PF_P | PF_U);
		expect_none(read_it, va, false);
		*e = old & ~W;
		invlpg(va);
		expect_fault(write_it, va, true, PF_P | PF_U | PF_W);
		expect_fault(write_it, va, false, PF_P | PF_W);
		expect_none(read_it, va, true);
		*e = old | NX;
		invlpg(va);
		expect_fault(fetch_it, va, true, PF_P | PF_U | PF_I);
		expect_fault(fetch_it, va, false, PF_P | PF_I);
		expect_none(write_it, va, true);
		*e = old;
		invlpg(va);
		expect_none(fetch_it, va, true);
	}
}

static void put_code(u64 va)
{
	map(va, page_new(), P | W | U);
	memcpy((void *)va, read_it_end, 2);
}

static void test_rights(void)
{
	put_code(AT_HIGH);
	test("rights at each level");
	test_levels(AT_HIGH);
	test("A and D");
	u64 *pte = entry(AT_HIGH, 1);

	*pte &= ~(A | D);
	*entry(AT_HIGH, 4) &= ~A;
	invlpg(AT_HIGH);
	expect_none(read_it, AT_HIGH, true);
	expect("A, not D", *pte & (A | D), A);
	expect("A above", *entry(AT_HIGH, 4) & A, A);
	expect_none(write_it, AT_HIGH, true);
	expect("A, D", *pte & (A | D), A | D);
	test("fetches from a missing page: bit 4 of the error code follows NXE");
	*pte &= ~P;
	invlpg(AT_HIGH);
	expect_fault(fetch_it, AT_HIGH, true, PF_U | PF_I);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~(u64)EFER_NXE);
	expect_fault(fetch_it, AT_HIGH, true, PF_U);
	test("NX without NXE is a reserved bit");
	*pte |= P | NX;
	invlpg(AT_HIGH);
	expect_fault(read_it, AT_HIGH, true, PF_P | PF_U | PF_RSVD);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	*pte &= ~NX;
	invlpg(AT_HIGH);
	expect_none(read_it, AT_HIGH, true);
}

static void test_reserved(void)
{
	u32 width = cpuid(0x80000008, 0).a & 0xff;

	test("reserved bits: beyond the physical width, at each level");
	for (u32 level = 1; level <= 4; level++) {
		u64 *e = entry(AT_HIGH, level), old = *e;

		*e = old | 1ul << width;
		invlpg(AT_HIGH);
		expect_fault(read_it, AT_HIGH, true, PF_P | PF_U | PF_RSVD);
		expect_fault(write_it, AT_HIGH, false, PF_P | PF_W | PF_RSVD);
		*e = old | 1ul << 51;
		invlpg(AT_HIGH);
		expect_fault(fetch_it, AT_HIGH, true, PF_P | PF_U | PF_RSVD | PF_I);
		*e = old;
		invlpg(AT_HIGH);
	}
	test("reserved bits: PS in a PML4 entry");
	*entry(AT_HIGH, 4) |= PS;
	invlpg(AT_HIGH);
	expect_fault(read_it, AT_HIGH, true, PF_P | PF_U | PF_RSVD);
	*entry(AT_HIGH, 4) &= ~PS;
	invlpg(AT_HIGH);
	expect_none(read_it, AT_HIGH, true);
}

static void test_large(void)
{
	u64 *pde, *pdpte;

	test("pages of 2 MiB: reserved bits 20:13");
	map(AT_VA, page_new(), P | W | U);
	pde = entry(AT_VA, 2);
	*pde = FREE | PS | P | W | U;
	invlpg(AT_VA);
	expect_none(write_it, AT_VA + 0x12345, true);
	expect("D", *pde & D, D);
	for (u32 bit = 13; bit < 21; bit++) {
		*pde = FREE | PS | P | W | U | 1ul << bit;
		invlpg(AT_VA);
		expect_fault(read_it, AT_VA + 0x12345, true, PF_P | PF_U | PF_RSVD);
	}
	*pde = 0;
	invlpg(AT_VA);
	test("pages of 1 GiB");
	pdpte = entry(0x80000000, 3);
	if (!(cpuid(0x80000001, 0).d >> 26 & 1)) {
		skip("the CPU has none");
		return;
	}
	*pdpte = PS | P | W | U;
	invlpg(0x80000000);
	*(u8 *)(FREE + 0x4321) = 0x77;
	struct regs r = going(read_it, 0x80000000ul + FREE + 0x4321, true);

	run_to(&r, VEC_EXIT, 0);
	expect("read", stopped.r.rax & 0xff, 0x77);
	for (u32 bit = 13; bit < 30; bit += 4) {
		*pdpte = PS | P | W | U | 1ul << bit;
		invlpg(0x80000000);
		expect_fault(read_it, 0x80000000ul + FREE, true, PF_P | PF_U | PF_RSVD);
	}
	*pdpte = 0;
	invlpg(0x80000000);
}

static void test_smep_smap(void)
{
	u32 features = cpuid(7, 0).b;
	u64 cr4 = READ(cr4);

	test("SMEP");
	if (!(features >> 7 & 1)) {
		skip("the CPU has none");
	} else {
		/* This program's own pages are user pages but for one level. */
		*entry(0, 4) &= ~U;
		WRITE(cr3, READ(cr3));
		WRITE(cr4, cr4 | CR4_SMEP);
		expect_fault(fetch_it, AT_HIGH, false, PF_P | PF_I);
		WRITE(cr4, cr4);
		*entry(0, 4) |= U;
		WRITE(cr3, READ(cr3));
	}
	test("SMAP");
	if (!(features >> 20 & 1)) {
		skip("the CPU has none");
		return;
	}
	*entry(0, 4) &= ~U;
	WRITE(cr3, READ(cr3));
	WRITE(cr4, cr4 | CR4_SMAP);
	expect_fault(read_it, AT_HIGH, false, PF_P);
	expect_fault(write_it, AT_HIGH, false, PF_P | PF_W);
	struct regs r = going(read_it, AT_HIGH, false);

	r.rflags |= AC;
	run_to(&r, VEC_EXIT, 0);
	WRITE(cr4, cr4);
	*entry(0, 4) |= U;
	WRITE(cr3, READ(cr3));
}

void test_pages(void)
{
	test_rights();
	test_reserved();
	test_large();
	test_smep_smap();
}
