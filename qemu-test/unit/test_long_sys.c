/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system side of long mode but transfers: entering and leaving it (SDM vol. 3, 9.8.5;
 * 2.2.1, 2.5), control and debug registers, MSRs, segment loads, LDT and TSS, CPUID.
 */
#include "dbt/sys/cpuid.h"
#include "dbt/sys/msr.h"
#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

#define H FAKE_HIGH
#define NONCANONICAL 0x0000800000000000ull
#define EFER_ALL (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

/* -- Into long mode and out --------------------------------------------------- */

/* Protected mode without paging, of a model that has long mode. */
static void world_before(void)
{
	world_compat(0);
	w.cr0 &= ~(u64)CR0_PG;
	w.cr4 = 0;
	w.efer = 0;
	w.gdtr.base = W_GDT;
	w.tr.base = W_TSS_A;
}

static void test_enter(void)
{
	static const u8 orders[][3] = { { 0, 1, 2 }, { 1, 0, 2 }, { 2, 0, 1 }, { 0, 2, 1 } };

	for (unsigned k = 0; k < 2; k++) {	/* LME and PAE in either order, then PG */
		world_before();
		for (unsigned n = 0; n < 2; n++) {
			if (orders[k][n])
				OK(msr_write(&w, MSR_EFER, EFER_LME));
			else
				OK(sys_write_cr(&w, 4, CR4_PAE));
			EQ(w.efer & EFER_LMA, 0);
		}
		OK(sys_write_cr(&w, 3, 0x7000));
		w_paging[PAGING_ALL] = 0;
		OK(sys_write_cr(&w, 0, w.cr0 | CR0_PG));
		EQ(w.efer, EFER_LME | EFER_LMA);
		EQ(w_paging[PAGING_ALL], 1);
	}
	world_before();				/* PG before PAE */
	OK(msr_write(&w, MSR_EFER, EFER_LME));
	FAULTS(sys_write_cr(&w, 0, w.cr0 | CR0_PG), EXC_GP, 0);
	world_before();				/* PG before LME: then it is too late */
	OK(sys_write_cr(&w, 4, CR4_PAE));
	OK(sys_write_cr(&w, 0, w.cr0 | CR0_PG));
	EQ(w.efer, 0);
	want_fault(msr_write(&w, MSR_EFER, EFER_LME), EXC_GP, 0, "LME with PG", __LINE__);
	EQ(w.efer, 0);
	/* CS.L, a 16-bit TSS */
	world_before();
	OK(msr_write(&w, MSR_EFER, EFER_LME));
	OK(sys_write_cr(&w, 4, CR4_PAE));
	w.seg[CS].attr |= SEG_L;
	FAULTS(sys_write_cr(&w, 0, w.cr0 | CR0_PG), EXC_GP, 0);
	w.seg[CS].attr &= ~SEG_L;
	w.tr.attr = A_SYS(3, 0);
	FAULTS(sys_write_cr(&w, 0, w.cr0 | CR0_PG), EXC_GP, 0);
	w.tr.attr = A_SYS(11, 0);
	OK(sys_write_cr(&w, 0, w.cr0 | CR0_PG));
}

/* In PAE paging the PDPTEs are read and checked; in long mode CR3 is not looked at like that. */
static void test_pdptes(void)
{
	world_before();
	for (unsigned k = 0; k < 4; k++)
		w_phys[8 * k] = 0x7;			/* bits 1 and 2 are reserved */
	OK(sys_write_cr(&w, 4, CR4_PAE));
	FAULTS(sys_write_cr(&w, 0, w.cr0 | CR0_PG), EXC_GP, 0);
	OK(msr_write(&w, MSR_EFER, EFER_LME));
	OK(sys_write_cr(&w, 0, w.cr0 | CR0_PG));
	OK(sys_write_cr(&w, 3, 0x8000));
	EQ(w.pdpte[0], 0);
	FAULTS(sys_write_cr(&w, 3, 1ull << 36), EXC_GP, 0);	/* beyond MAXPHYADDR */
	OK(sys_write_cr(&w, 3, (1ull << 36) - 0x1000));
	OK(sys_write_cr(&w, 4, CR4_PAE | CR4_PGE));
	for (unsigned k = 0; k < 4; k++)
		w_phys[8 * k] = 0;
}

static void test_leave(void)
{
	world_compat(0);
	OK(sys_write_cr(&w, 0, w.cr0 & ~(u64)CR0_PG));
	EQ(w.efer, EFER_LME | EFER_SCE);
	OK(sys_write_cr(&w, 4, 0));
	OK(msr_write(&w, MSR_EFER, 0));
	OK(sys_write_cr(&w, 0, w.cr0 | CR0_PG));
	EQ(w.efer, 0);
	world_long(0);
	FAULTS(sys_write_cr(&w, 0, w.cr0 & ~(u64)CR0_PG), EXC_GP, 0);
	FAULTS(sys_write_cr(&w, 4, 0), EXC_GP, 0);		/* PAE stays */
}

static void test_efer(void)
{
	world_long(0);
	OK(msr_write(&w, MSR_EFER, EFER_ALL));
	EQ(w.efer, EFER_ALL);
	EQ(w_paging[PAGING_ALL], 1);
	OK(msr_write(&w, MSR_EFER, EFER_LME));			/* LMA is read-only */
	EQ(w.efer, EFER_LME | EFER_LMA);
	want_fault(msr_write(&w, MSR_EFER, EFER_LMA), EXC_GP, 0, "LME off with PG", __LINE__);
	for (unsigned k = 0; k < 64; k++) {
		if (!((u64)EFER_ALL >> k & 1))
			want_fault(msr_write(&w, MSR_EFER, EFER_LME | 1ull << k), EXC_GP, 0, "EFER",
				   (int)k);
	}
	EQ(w.efer, EFER_LME | EFER_LMA);
	world_protected(0);					/* a model without long mode */
	want_fault(msr_write(&w, MSR_EFER, EFER_LME), EXC_GP, 0, "no LM", __LINE__);
	want_fault(msr_write(&w, MSR_EFER, EFER_SCE), EXC_GP, 0, "no SYSCALL", __LINE__);
	want_fault(msr_write(&w, MSR_LSTAR, 0), EXC_GP, 0, "no LSTAR", __LINE__);
}

/* -- Control and debug registers ----------------------------------------------- */

static unsigned tpr_writes;
static u64 tpr;
static u64 read_tpr(struct vcpu *c) { (void)c; return tpr; }
static void write_tpr(struct vcpu *c, u64 v) { (void)c; tpr = v; tpr_writes++; }

static void test_cr(void)
{
	struct sys_hooks hooks;
	u64 v;

	world_long(0);
	OK(sys_write_cr(&w, 2, 0xfedcba9876543210));
	OK(sys_read_cr(&w, 2, &v));
	EQ(v, 0xfedcba9876543210);
	FAULTS(sys_write_cr(&w, 0, w.cr0 | 1ull << 32), EXC_GP, 0);
	FAULTS(sys_write_cr(&w, 4, w.cr4 | 1ull << 32), EXC_GP, 0);
	FAULTS(sys_write_cr(&w, 4, w.cr4 | CR4_SMEP), EXC_GP, 0);	/* not of this model */
	OK(sys_write_cr(&w, 4, w.cr4 | CR4_FSGSBASE));
	hooks = *w.hooks;
	hooks.read_tpr = read_tpr;
	hooks.write_tpr = write_tpr;
	w.hooks = &hooks;
	OK(sys_write_cr(&w, 8, 9));
	EQ(tpr, 9);
	tpr = 5;
	OK(sys_read_cr(&w, 8, &v));
	EQ(v, 5);
	want_fault(sys_write_cr(&w, 8, 16), EXC_GP, 0, "cr8", __LINE__);
	EQ(tpr_writes, 1);
	w.cpl = 3;
	FAULTS(sys_read_cr(&w, 8, &v), EXC_GP, 0);
	world_compat(0);
	FAULTS(sys_read_cr(&w, 8, &v), EXC_UD, 0);
	FAULTS(sys_write_cr(&w, 8, 0), EXC_UD, 0);
}

static void test_dr(void)
{
	u64 v;

	world_long(0);
	OK(sys_write_dr(&w, 0, NONCANONICAL + 3));	/* not checked */
	OK(sys_read_dr(&w, 0, &v));
	EQ(v, NONCANONICAL + 3);
	FAULTS(sys_write_dr(&w, 6, 1ull << 32), EXC_GP, 0);
	FAULTS(sys_write_dr(&w, 7, 1ull << 63), EXC_GP, 0);
	OK(sys_write_dr(&w, 1, H + 0x100));
	OK(sys_write_dr(&w, 7, 1u << 2 | 2u << 22 | 1u << 20));	/* DR1: 8 bytes, writes */
	EQ(sys_breakpoints(&w, gva(H + 0x107), 1, BREAK_WRITE), 2);
	EQ(sys_breakpoints(&w, gva(H + 0x108), 1, BREAK_WRITE), 0);
	EQ(sys_breakpoints(&w, gva(H + 0xf9), 8, BREAK_WRITE), 2);
	EQ(sys_breakpoints(&w, gva(0x100), 8, BREAK_WRITE), 0);
}

/* -- MSRs ----------------------------------------------------------------------- */

static void test_msrs(void)
{
	static const u32 addresses[] = {
		MSR_LSTAR, MSR_CSTAR, MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
		MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
	};
	u64 v;

	world_long(0);
	for (unsigned k = 0; k < sizeof(addresses) / sizeof(addresses[0]); k++) {
		OK(msr_write(&w, addresses[k], H + k));
		OK(msr_read(&w, addresses[k], &v));
		EQ(v, H + k);
		want_fault(msr_write(&w, addresses[k], NONCANONICAL), EXC_GP, 0, "canonical",
			   (int)k);
		want_fault(msr_write(&w, addresses[k], 1ull << 63), EXC_GP, 0, "canonical", (int)k);
		OK(msr_write(&w, addresses[k], NONCANONICAL - 1));
	}
	EQ(w.seg[FS].base, NONCANONICAL - 1);
	EQ(w.seg[GS].base, NONCANONICAL - 1);
	OK(msr_write(&w, MSR_STAR, ~0ull));
	EQ(w.star, ~0ull);
	OK(msr_write(&w, MSR_FMASK, 0xffffffff));
	want_fault(msr_write(&w, MSR_FMASK, 1ull << 32), EXC_GP, 0, "FMASK", __LINE__);
	OK(msr_write(&w, MSR_TSC_AUX, 0xffffffff));
	want_fault(msr_write(&w, MSR_TSC_AUX, 1ull << 32), EXC_GP, 0, "TSC_AUX", __LINE__);
	w.gpr[ECX] = 0xffffffff00000000 | MSR_LSTAR;	/* upper halves are not looked at */
	w.gpr[EAX] = 0xaaaaaaaa11111111;
	w.gpr[EDX] = 0xbbbbbbbbffffffff;
	OK(sys_wrmsr(&w));
	EQ(w.lstar, 0xffffffff11111111);
	OK(sys_rdmsr(&w));
	EQ(w.gpr[EAX], 0x11111111);			/* and cleared by RDMSR */
	EQ(w.gpr[EDX], 0xffffffff);
}

/* -- Segments -------------------------------------------------------------------- */

static void test_segments(void)
{
	for (u8 cpl = 0; cpl < 4; cpl++) {
		world_long(cpl);
		for (u16 sel = 0; sel < 4; sel++) {
			if (sel == cpl && cpl < 3)
				OK(seg_load(&w, SS, sel));
			else
				FAULTS(seg_load(&w, SS, sel), EXC_GP, 0);
		}
		OK(seg_load(&w, SS, (u16)(S_DATA0 + 17 * cpl)));
		world_compat(cpl);
		FAULTS(seg_load(&w, SS, cpl), EXC_GP, 0);
	}
	world_long(3);
	w.seg[FS].base = H;
	OK(seg_load(&w, FS, 0));		/* as Intel's: a null selector clears the base */
	EQ(w.seg[FS].base, 0);
	put_desc(S_FREE, 0xf0000000, 0xfffff, A_DATA(3));
	OK(seg_load(&w, GS, S_FREE | 3));
	EQ(w.seg[GS].base, 0xf0000000);
}

static void test_tables(void)
{
	world_long(0);
	OK(seg_lldt(&w, L_LDT));
	EQ(w.ldtr.base, H + W_LDT);
	OK(seg_ltr(&w, L_TSS_B));
	EQ(w.tr.base, H + W_TSS_B);
	EQ(w.tr.attr, A_SYS(11, 0));
	EQ(fake_get(W_GDT + L_TSS_B + 5, 1), 0x8b);
	FAULTS(seg_ltr(&w, L_TSS_B), EXC_GP, L_TSS_B);		/* busy */
	put_desc16(L_FREE, H, 0x67, A_SYS(1, 0));		/* of 16 bits */
	FAULTS(seg_ltr(&w, L_FREE), EXC_GP, L_FREE);
	put_desc16(L_FREE, NONCANONICAL, 0x67, A_SYS(9, 0));
	FAULTS(seg_ltr(&w, L_FREE), EXC_GP, L_FREE);
	put_desc16(L_FREE, NONCANONICAL, 0x67, A_SYS(2, 0));
	FAULTS(seg_lldt(&w, L_FREE), EXC_GP, L_FREE);
	put_desc16(L_FREE, H, 0x67, A_SYS(2, 0));
	fake_mem[W_GDT + L_FREE + 13] = 2;			/* the upper half's type */
	FAULTS(seg_lldt(&w, L_FREE), EXC_GP, L_FREE);
	fake_mem[W_GDT + L_FREE + 13] = 0;
	OK(seg_lldt(&w, L_FREE));
	OK(seg_lldt(&w, 0));
	w.gdtr.limit = L_FREE + 14;
	FAULTS(seg_lldt(&w, L_FREE), EXC_GP, L_FREE);
	OK(sys_lgdt(&w, 0xffff, H + 3, 8));
	EQ(w.gdtr.base, H + 3);
	FAULTS(sys_lgdt(&w, 0xffff, NONCANONICAL, 8), EXC_GP, 0);
	FAULTS(sys_lidt(&w, 0xffff, NONCANONICAL, 8), EXC_GP, 0);
	w.gdtr.base = NONCANONICAL - 8;				/* it reaches over the edge */
	FAULTS(seg_load(&w, DS, S_DATA3), EXC_GP, 0);
}

static void test_queries(void)
{
	bool lar, lsl;
	u32 v;

	for (unsigned type = 1; type < 16; type++) {
		world_long(0);
		put_desc16(L_FREE, H, 0x67, A_SYS(type, 0));
		OK(seg_lar(&w, L_FREE, &v, &lar));
		OK(seg_lsl(&w, L_FREE, &v, &lsl));
		EQ(lar, type == 2 || type == 9 || type == 11 || type == 12);
		EQ(lsl, type == 2 || type == 9 || type == 11);
	}
}

static void test_cpuid(void)
{
	u32 r[4];

	world_long(0);
	cpuid_read(&w, 0x80000001, 0, r);
	EQ(r[3] >> 29 & 1, 1);
	EQ(r[3] >> 11 & 1, 1);
	cpuid_read(&w, 0x80000008, 0, r);
	EQ(r[0], 48 << 8 | 36);
	world_compat(0);
	cpuid_read(&w, 0x80000001, 0, r);
	EQ(r[3] >> 29 & 1, 1);
	EQ(r[3] >> 11 & 1, 0);		/* SYSCALL: in 64-bit code only */
}

int main(void)
{
	test_enter();
	test_pdptes();
	test_leave();
	test_efer();
	test_cr();
	test_dr();
	test_msrs();
	test_segments();
	test_tables();
	test_queries();
	test_cpuid();
	return check_done();
}
