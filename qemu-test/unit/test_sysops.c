/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control and debug registers, flags, descriptor tables, time, reset. SDM vol.
 * 2 by instruction; vol. 3, 2.5 (CRx), 17.2 (DRx), table 9-1 (reset).
 */
#include <string.h>

#include "dbt/sys/cpuid.h"
#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

static void put_pdpte(u32 at, unsigned k, u64 v)
{
	memcpy(w_phys + (at & 0xfff) + 8 * k, &v, 8);
}

static void test_cr0(void)
{
	u64 v;

	world_real();
	OK(sys_read_cr(&w, 0, &v));
	EQ(v, CR0_ET | CR0_CD | CR0_NW | CR0_NE);
	FAULTS(sys_write_cr(&w, 0, CR0_PG), EXC_GP, 0);		/* paging without protection */
	FAULTS(sys_write_cr(&w, 0, CR0_NW), EXC_GP, 0);
	OK(sys_write_cr(&w, 0, CR0_PE | 0x1ffaffc0 | CR0_WP));	/* reserved bits are ignored */
	EQ(w.cr0, CR0_PE | CR0_WP | CR0_ET);			/* ET cannot be cleared */
	EQ(w_paging[PAGING_ALL], 1);
	TRUE(w_mode);
	OK(sys_write_cr(&w, 0, CR0_PE | CR0_WP | CR0_TS));
	EQ(w_paging[PAGING_ALL], 1);				/* TS is no paging matter */
	OK(sys_write_cr(&w, 0, CR0_PE | CR0_WP | CR0_PG));
	EQ(w_paging[PAGING_ALL], 2);
	OK(sys_write_cr(&w, 0, CR0_PE | CR0_PG));
	EQ(w_paging[PAGING_ALL], 3);				/* WP */
	FAULTS(sys_write_cr(&w, 1, 0), EXC_UD, 0);
	FAULTS(sys_write_cr(&w, 5, 0), EXC_UD, 0);
	FAULTS(sys_read_cr(&w, 8, &v), EXC_UD, 0);
	OK(sys_write_cr(&w, 2, 0x12345678));
	EQ(w.cr2, 0x12345678);
	w.cpl = 3;
	FAULTS(sys_write_cr(&w, 0, 0), EXC_GP, 0);
	FAULTS(sys_read_cr(&w, 0, &v), EXC_GP, 0);
	FAULTS(sys_clts(&w), EXC_GP, 0);
	FAULTS(sys_lmsw(&w, 0), EXC_GP, 0);
	w.cpl = 0;
	w.cr0 = CR0_PE | CR0_TS | CR0_ET;
	OK(sys_clts(&w));
	EQ(w.cr0, CR0_PE | CR0_ET);
	OK(sys_lmsw(&w, 0xfffe));				/* PE stays set, upper bits too */
	EQ(w.cr0, CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET);
	OK(sys_lmsw(&w, 0));
	EQ(w.cr0, CR0_PE | CR0_ET);
}

static void test_cr4(void)
{
	world_protected(0);
	OK(sys_write_cr(&w, 4, CR4_TSD | CR4_DE | CR4_MCE | CR4_PCE | CR4_OSFXSR | CR4_OSXMMEXCPT));
	EQ(w_paging[PAGING_ALL], 0);
	u64 v;

	OK(sys_read_cr(&w, 4, &v));
	EQ(v, w.cr4);
	OK(sys_write_cr(&w, 4, CR4_PSE));
	EQ(w_paging[PAGING_ALL], 1);
	OK(sys_write_cr(&w, 4, CR4_PGE));
	EQ(w_paging[PAGING_ALL], 2);
	FAULTS(sys_write_cr(&w, 4, CR4_VME), EXC_GP, 0);
	FAULTS(sys_write_cr(&w, 4, 1 << 11), EXC_GP, 0);
	FAULTS(sys_write_cr(&w, 4, 1 << 13), EXC_GP, 0);
	FAULTS(sys_write_cr(&w, 4, 1 << 20), EXC_GP, 0);
	/* what the model lacks cannot be set */
	struct cpu_model m;
	char err[CPUID_ERR_SIZE];

	EQ(cpuid_configure(&m, "n270,-pse,-sse2,-sse,-fxsr", err), 0);
	w.model = &m;
	FAULTS(sys_write_cr(&w, 4, CR4_PSE), EXC_GP, 0);
	FAULTS(sys_write_cr(&w, 4, CR4_OSFXSR), EXC_GP, 0);
	FAULTS(sys_write_cr(&w, 4, CR4_OSXMMEXCPT), EXC_GP, 0);
}

static void test_pae(void)
{
	world_protected(0);
	for (unsigned k = 0; k < 4; k++)
		put_pdpte(0x20, k, 0x1000 * k + 0x1e19);	/* P, PWT, PCD, ignored bits */
	OK(sys_write_cr(&w, 3, 0x5020));
	EQ(w.cr3, 0x5020);
	EQ(w.pdpte[1], 0);				/* not PAE yet */
	OK(sys_write_cr(&w, 4, CR4_PAE));
	EQ(w.pdpte[1], 0);				/* nor paging */
	OK(sys_write_cr(&w, 0, CR0_PE | CR0_PG));
	EQ(w.pdpte[1], 0x2e19);
	EQ(w.pdpte[3], 0x4e19);
	put_pdpte(0x40, 2, 0xffffffffffffffe6);		/* not present: not checked */
	OK(sys_write_cr(&w, 3, 0x5040));
	EQ(w.pdpte[2], 0xffffffffffffffe6);
	EQ(w_paging[PAGING_CR3], 2);
	for (unsigned b = 0; b < 64; b++) {
		bool reserved = b == 1 || b == 2 || (b >= 5 && b <= 8) || b >= 32;

		put_pdpte(0x40, 2, 1 | 1ull << b);
		if (reserved)
			FAULTS(sys_write_cr(&w, 3, 0x5040), EXC_GP, 0);
		else
			OK(sys_write_cr(&w, 3, 0x5040));
	}
	FAULTS(sys_write_cr(&w, 4, CR4_PAE | CR4_PGE), EXC_GP, 0);	/* these reload them too */
	FAULTS(sys_write_cr(&w, 0, CR0_PE | CR0_PG | CR0_CD), EXC_GP, 0);
	OK(sys_write_cr(&w, 4, 0));			/* leaving PAE does not look */
}

static void test_dr(void)
{
	u64 v;

	world_protected(0);
	OK(sys_write_dr(&w, 0, 0x12345678));
	OK(sys_read_dr(&w, 0, &v));
	EQ(v, 0x12345678);
	OK(sys_write_dr(&w, 6, 0));
	OK(sys_read_dr(&w, 4, &v));			/* DR4 is DR6 */
	EQ(v, 0xffff0ff0);
	OK(sys_write_dr(&w, 6, 0xffffffff));
	EQ(w.dr[6], 0xffffefff);
	OK(sys_write_dr(&w, 5, 0xffffdfff));		/* DR5 is DR7; GD is left out here */
	EQ(w.dr[7], 0xffff07ff);
	OK(sys_write_cr(&w, 4, CR4_DE));
	FAULTS(sys_read_dr(&w, 4, &v), EXC_UD, 0);
	FAULTS(sys_read_dr(&w, 8, &v), EXC_UD, 0);
	FAULTS(sys_write_dr(&w, 5, 0), EXC_UD, 0);
	w.cpl = 1;
	FAULTS(sys_read_dr(&w, 0, &v), EXC_GP, 0);
	w.cpl = 0;
	w.dr[6] = 0xffff0ff0;
	OK(sys_write_dr(&w, 7, 0x2000));		/* GD */
	want_fault(sys_read_dr(&w, 0, &v), EXC_DB, 0, "GD", __LINE__);
	EQ(w.dr[6], 0xffff2ff0);
	want_fault(sys_write_dr(&w, 7, 0), EXC_DB, 0, "GD", __LINE__);
	EQ(w.dr[7], 0x2400);
}

static void test_breakpoints(void)
{
	gva_t start[4];

	world_protected(0);
	w.dr[0] = 0x1000;
	w.dr[1] = 0x2002;
	w.dr[2] = 0x3000;
	w.dr[3] = 0x3f8;
	/* 0: execution; 1: 4-byte writes; 2: 2-byte read/write, off; 3: 1-byte I/O */
	w.dr[7] = 0x1 | 0x8 | 0x80 | 0xdu << 20 | 0x7u << 24 | 0x2u << 28;
	EQ(sys_breakpoints(&w, gva(0x1000), 1, BREAK_EXEC), 1);
	EQ(sys_breakpoints(&w, gva(0x1001), 1, BREAK_EXEC), 0);
	EQ(sys_breakpoints(&w, gva(0x1000), 1, BREAK_WRITE), 0);
	EQ(sys_breakpoints(&w, gva(0x2000), 1, BREAK_WRITE), 2);	/* aligned down */
	EQ(sys_breakpoints(&w, gva(0x2003), 4, BREAK_WRITE), 2);
	EQ(sys_breakpoints(&w, gva(0x1ffd), 4, BREAK_WRITE), 2);
	EQ(sys_breakpoints(&w, gva(0x2004), 4, BREAK_WRITE), 0);
	EQ(sys_breakpoints(&w, gva(0x1ffc), 4, BREAK_WRITE), 0);
	EQ(sys_breakpoints(&w, gva(0x2000), 4, BREAK_READ), 0);
	EQ(sys_breakpoints(&w, gva(0x3000), 4, BREAK_READ), 0);	/* not enabled */
	w.dr[7] |= 0x10;
	EQ(sys_breakpoints(&w, gva(0x3000), 4, BREAK_READ), 4);
	EQ(sys_breakpoints(&w, gva(0x3000), 4, BREAK_WRITE), 4);
	EQ(sys_breakpoints_io(&w, 0x3f8, 1), 0);		/* CR4.DE = 0 */
	w.cr4 |= CR4_DE;
	EQ(sys_breakpoints_io(&w, 0x3f8, 1), 8);
	EQ(sys_breakpoints_of(&w, BREAK_EXEC, start), 1);
	EQ(start[0].a, 0x1000);
	EQ(sys_breakpoints_of(&w, BREAK_WRITE, start), 6);	/* read/write ones, too */
	EQ(start[1].a, 0x2000);
	EQ(sys_breakpoints_of(&w, BREAK_READ, start), 4);
	EQ(sys_breakpoints_of(&w, BREAK_IO, start), 8);
	w.dr[2] = 0xffffffff;					/* the last one, aligned down */
	EQ(sys_breakpoints(&w, gva(0xffffffff), 4, BREAK_READ), 4);
	EQ(sys_breakpoints(&w, gva(0), 4, BREAK_READ), 0);
	sys_note_hits(&w, 0);
	EQ(w.pending & PENDING_DEBUG, 0);
	sys_note_hits(&w, 4);
	EQ(w.debug_hits, 4);
	EQ(w.pending & PENDING_DEBUG, PENDING_DEBUG);
	w.dr[7] = 0xffff0400;
	EQ(sys_breakpoints(&w, gva(0x1000), 1, BREAK_EXEC), 0);
}

static void test_tables(void)
{
	world_protected(0);
	OK(sys_lgdt(&w, 0x1234, 0x89abcdef, 4));
	EQ(w.gdtr.base, 0x89abcdef);
	EQ(w.gdtr.limit, 0x1234);
	OK(sys_lidt(&w, 0x1234, 0x89abcdef, 2));
	EQ(w.idtr.base, 0xabcdef);
	OK(sys_invlpg(&w, gva(0x1000)));
	EQ(w_invlpg, 1);
	OK(sys_hlt(&w));
	EQ(w.halted, 1);
	world_protected(3);
	FAULTS(sys_lgdt(&w, 0, 0, 4), EXC_GP, 0);
	FAULTS(sys_lidt(&w, 0, 0, 4), EXC_GP, 0);
	FAULTS(sys_invlpg(&w, gva(0)), EXC_GP, 0);
	FAULTS(sys_hlt(&w), EXC_GP, 0);
	world_v86(3);
	FAULTS(sys_hlt(&w), EXC_GP, 0);
	FAULTS(sys_lgdt(&w, 0, 0, 4), EXC_GP, 0);
	world_real();
	OK(sys_lgdt(&w, 1, 2, 4));
}

static void test_eflags(void)
{
	world_protected(0);
	eflags_set(&w, FL_CF | FL_DF | FL_OF | FL_IF);
	EQ(w.df, -1);
	EQ(w.eflags, FL_IF | FL_FIXED);
	EQ(eflags_get(&w), FL_CF | FL_DF | FL_OF | FL_IF | FL_FIXED);
	eflags_set(&w, 0xffffffff);
	EQ(eflags_get(&w), 0x00277fd7);			/* no VIF, no VIP, no reserved bits */
	EQ(w.df, -1);
}

/* STI at (cpl, iopl), and in virtual-8086 mode: allowed if CPL <= IOPL. */
static void test_sti(void)
{
	for (u8 cpl = 0; cpl < 4; cpl++) {
		for (u8 iopl = 0; iopl < 4; iopl++) {
			world_protected(cpl);
			w.eflags |= FL_IF | (u32)iopl << 12;
			if (cpl > iopl) {
				FAULTS(sys_sti(&w), EXC_GP, 0);
				continue;
			}
			OK(sys_sti(&w));
			EQ(w.inhibit, 0);		/* IF was set: no shadow */
			w.eflags &= ~(u32)FL_IF;
			OK(sys_sti(&w));
			EQ(w.eflags & FL_IF, FL_IF);
			EQ(w.inhibit, INHIBIT_STI);
			EQ(w_unmasked, 1);
		}
	}
	world_v86(2);
	FAULTS(sys_sti(&w), EXC_GP, 0);
	world_v86(3);
	OK(sys_sti(&w));
	world_real();
	OK(sys_sti(&w));
}

/* POPF of all ones, then of zeros onto all ones, at (cpl, iopl). */
static u32 popf(u8 cpl, u32 iopl, u32 old, u32 image, unsigned size)
{
	world_protected(cpl);
	eflags_set(&w, (old & ~FL_IOPL) | iopl << 12);
	OK(sys_popf(&w, image, size));
	return eflags_get(&w);
}

static void test_popf(void)
{
	EQ(popf(0, 0, 0, 0xffffffff, 4), 0x00247fd7);	/* not RF, VM, VIF, VIP */
	EQ(popf(0, 3, FL_IF | FL_AC | FL_ID | FL_RF, 0, 4), FL_FIXED);
	EQ(popf(0, 0, FL_AC, 0xffff, 2), FL_AC | 0x7fd7);
	EQ(popf(3, 0, 0, 0xffffffff, 4), 0x00244dd7);	/* not IF, IOPL */
	EQ(popf(3, 0, FL_IF, 0, 4), FL_IF | FL_FIXED);
	EQ(popf(3, 3, 0, 0xffffffff, 4), 0x00247fd7);	/* IF; IOPL as it was */
	EQ(popf(3, 3, FL_IF, 0, 4), FL_IOPL | FL_FIXED);
	EQ(popf(1, 2, 0, 0xffffffff, 4), 0x00246fd7);
	EQ(w_unmasked, 1);
	EQ(w.inhibit, 0);
	world_v86(2);
	FAULTS(sys_popf(&w, 0, 2), EXC_GP, 0);
	world_v86(3);
	OK(sys_popf(&w, 0, 4));
	EQ(eflags_get(&w), FL_VM | FL_IOPL | FL_FIXED);
	world_real();
	OK(sys_popf(&w, 0x7fd7, 2));
	EQ(eflags_get(&w), 0x7fd7);
}

static void test_time(void)
{
	w_ticks = 1000;
	world_protected(3);
	w_ticks = 1100;
	EQ(sys_tsc(&w), 300);			/* 100 ticks, times tsc_mul */
	w_ticks = 0;
}

static void test_reset(void)
{
	world_protected(3);
	w.pat = 1;
	w.xmm[3].q[0] = 5;
	w.cr0 = CR0_PE | CR0_PG | CR0_CD | CR0_ET;
	w.halted = true;
	vcpu_reset(&w, RESET_INIT, true);
	EQ(w.cr0, CR0_CD | CR0_ET);
	EQ(w.pat, 1);				/* MSRs and vector registers survive INIT */
	EQ(w.xmm[3].q[0], 5);
	EQ(w.cpl, 0);
	EQ(w.halted, 0);
	vcpu_reset(&w, RESET_POWER_UP, true);
	EQ(w.cr0, 0x60000010);
	EQ(w.eip, 0xfff0);
	EQ(w.seg[CS].sel, 0xf000);
	EQ(w.seg[CS].base, 0xffff0000);
	EQ(w.seg[CS].limit, 0xffff);
	EQ(w.seg[CS].attr, 0x93);
	EQ(w.seg[SS].base, 0);
	EQ(w.gdtr.limit, 0xffff);
	EQ(w.idtr.base, 0);
	EQ(eflags_get(&w), 2);
	EQ(reg32(&w, EDX), 0x106c2);
	EQ(reg32(&w, EAX), 0);
	EQ(w.dr[6], 0xffff0ff0);
	EQ(w.dr[7], 0x400);
	EQ(w.mxcsr, 0x1f80);
	EQ(w.x87.cw, 0x40);
	EQ(w.x87.valid, 0xff);
	EQ(w.apic_base, 0xfee00900);
	EQ(w.pat, 0x0007040600070406);
	EQ(w.xmm[3].q[0], 0);
	vcpu_reset(&w, RESET_POWER_UP, false);
	EQ(w.apic_base, 0xfee00800);
}

/* SDM vol. 3, 9.4: what INIT leaves waits; a SIPI begins at its page. */
static void test_sipi(void)
{
	world_protected(3);
	vcpu_reset(&w, RESET_INIT, false);
	vcpu_wait_sipi(&w);
	EQ(w.halted, 1);
	EQ(w.nmi_blocked, 1);				/* NMIs are held */
	EQ(eflags_get(&w), 2);				/* interrupts are off */
	w_mode = 0;
	vcpu_sipi(&w, 0x9f);
	EQ(w.halted, 0);
	EQ(w.nmi_blocked, 0);
	EQ(w.seg[CS].sel, 0x9f00);
	EQ(w.seg[CS].base, 0x9f000);
	EQ(w.seg[CS].limit, 0xffff);
	EQ(w.eip, 0);
	EQ(w.cr0 & (CR0_PE | CR0_PG), 0);
	EQ(w_mode, 1);
}

int main(void)
{
	test_cr0();
	test_cr4();
	test_pae();
	test_dr();
	test_breakpoints();
	test_tables();
	test_eflags();
	test_sti();
	test_popf();
	test_time();
	test_reset();
	test_sipi();
	return check_done();
}
