/* SPDX-License-Identifier: BSD-2-Clause */
/* CR8, and what MSRs and control registers refuse in 64-bit mode. */
#include "guestimg/tests64/syscall.h"

enum { APIC_TPR = 0x80, APIC_EOI = 0xb0, APIC_SVR = 0xf0, APIC_ICR = 0x300, APIC_ICR_HIGH = 0x310,
	SELF_FIXED = 0x40000, VEC_IPI = 0x45 };

CODE(get_cr8, "mov %cr8, %rax")
CODE(set_cr8, "mov %rax, %cr8")
CODE(set_cr0, "mov %rax, %cr0")
CODE(set_cr3, "mov %rax, %cr3")
CODE(set_cr4, "mov %rax, %cr4")
CODE(set_dr7, "mov %rax, %dr7")
CODE(set_dr6, "mov %rax, %dr6")
CODE(wait_ipi, "sti\n\tnop\n\tnop\n\tnop\n\tcli")

static u32 ipis;

static bool on_ipi(struct trap *t)
{
	(void)t;
	ipis++;
	APIC(APIC_EOI) = 0;
	return true;
}

static void self_ipi(void)
{
	APIC(APIC_ICR_HIGH) = 0;
	APIC(APIC_ICR) = SELF_FIXED | VEC_IPI;
}

static void test_cr8(void)
{
	struct regs r = kernel_regs(get_cr8), w = kernel_regs(wait_ipi);

	test("CR8 is bits 7:4 of the APIC's task priority");
	for (u64 v = 0; v < 16; v++) {
		WRITE(cr8, v);
		expect("TPR", APIC(APIC_TPR) & 0xff, v << 4);
		APIC(APIC_TPR) = (u32)(15 - v) << 4;
		run_to(&r, VEC_EXIT, 0);
		expect("CR8", stopped.r.rax, 15 - v);
	}
	test("CR8 in user mode");
	WRITE(cr8, 0);
	r = user_regs(get_cr8);
	run_to(&r, V_GP, 0);
	r.rip = AT(set_cr8);
	run_to(&r, V_GP, 0);
	test("CR8: reserved bits");
	r = kernel_regs(set_cr8);
	for (u32 bit = 4; bit < 64 && !in_tcg(); bit += 7) {
		r.rax = 1ul << bit;
		run_to(&r, V_GP, 0);
	}
	not_in_tcg("it takes them");
	test("CR8 holds back interrupts of its class and below");
	APIC(APIC_SVR) = 0x1ff;
	on_trap[VEC_IPI] = on_ipi;
	for (u64 v = 0; v < 8; v++) {
		ipis = 0;
		WRITE(cr8, v);
		self_ipi();
		run_to(&w, VEC_EXIT, 0);
		expect("interrupts", ipis, v < 4);
		WRITE(cr8, 0);
		run_to(&w, VEC_EXIT, 0);
		expect("interrupts in the end", ipis, 1);
	}
	on_trap[VEC_IPI] = 0;
}

static void test_msrs(void)
{
	static const u32 address[] = { MSR_LSTAR, MSR_CSTAR, MSR_FS_BASE, MSR_GS_BASE,
		MSR_KERNEL_GS_BASE, MSR_SYSENTER_EIP, MSR_SYSENTER_ESP };
	static const u64 good[] = { 0x7fffffffffff, 0xffff800000000000, 0xffffffffffffffff };
	static const u64 bad[] = { NON_CANONICAL, 0xffff7fffffffffff, 0x9000000000200000,
		0x8000000000000000 };

	test("MSRs of addresses keep 64 bits");
	for (u32 k = 0; k < COUNT(address); k++) {
		u64 old = rdmsr(address[k]);

		for (u32 n = 0; n < COUNT(good); n++) {
			expect("vector", try_wrmsr(address[k], good[n]), VEC_EXIT);
			expect("value", rdmsr(address[k]), good[n]);
		}
		wrmsr(address[k], old);
	}
	test("EFER: LMA reads as it is");
	expect("LMA", rdmsr(MSR_EFER) & (EFER_LME | EFER_LMA), EFER_LME | EFER_LMA);
	test("EFER: reserved bits; LME while paging is on");
	if (!not_in_tcg("it takes or drops them")) {
		expect("bit 1", try_wrmsr(MSR_EFER, rdmsr(MSR_EFER) | 2), V_GP);
		expect("bit 40", try_wrmsr(MSR_EFER, rdmsr(MSR_EFER) | 1ul << 40), V_GP);
		expect("LME", try_wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~(u64)EFER_LME), V_GP);
	}
	test("MSRs of addresses that are not canonical");
	if (not_in_tcg("it takes them"))
		return;
	for (u32 k = 0; k < COUNT(address); k++)
		for (u32 n = 0; n < COUNT(bad); n++) {
			u64 old = rdmsr(address[k]);

			expect("vector", try_wrmsr(address[k], bad[n]), V_GP);
			expect("value", rdmsr(address[k]), old);
		}
}

static void refused(const char *code, u64 v)
{
	struct regs r = kernel_regs(code);

	r.rax = v;
	run_to(&r, V_GP, 0);
	expect("rip", stopped.r.rip, AT(code));
}

static void test_control(void)
{
	u64 cr0 = READ(cr0), cr4 = READ(cr4), cr3 = READ(cr3);
	u32 width = cpuid(0x80000008, 0).a & 0xff;

	test("CR0: paging off in 64-bit code");
	if (!not_in_tcg("it takes it"))
		refused(set_cr0, cr0 & ~(1ul << 31));
	test("CR4: PAE off in long mode");
	if (!not_in_tcg("it takes it"))
		refused(set_cr4, cr4 & ~0x20ul);
	test("CR4: reserved bits; CR3: bits above the physical address's width");
	if (!not_in_tcg("it takes them")) {
		refused(set_cr4, cr4 | 1ul << 15);
		refused(set_cr4, cr4 | 1ul << 32);
		refused(set_cr3, cr3 | 1ul << width);
		refused(set_cr3, cr3 | 1ul << 62);
	}
	test("CR0: bits above 31, NW without CD, PG without PE");
	if (!not_in_tcg("it takes them")) {
		refused(set_cr0, cr0 | 1ul << 32);
		refused(set_cr0, cr0 | 1ul << 29);
		refused(set_cr0, cr0 & ~1ul);
	}
	test("DR6, DR7: bits above 31");
	if (!not_in_tcg("it takes them")) {
		refused(set_dr7, READ(dr7) | 1ul << 32);
		refused(set_dr6, READ(dr6) | 1ul << 32);
	}
}

void test_registers(void)
{
	test_cr8();
	test_msrs();
	test_control();
}
