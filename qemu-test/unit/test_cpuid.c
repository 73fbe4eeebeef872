/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU models, CPUID (SDM vol. 2) and MSRs (SDM vol. 4; MTRRs vol. 3, 11.11).
 * The MSR list at the end is what Linux 6.1 reads on a model like this.
 */
#include "dbt/sys/cpuid.h"

#include <string.h>

#include "dbt/sys/msr.h"
#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/native.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

static struct cpu_model m;
static char err[CPUID_ERR_SIZE];

static void test_configure(void)
{
	EQ(cpuid_configure(&m, "n270", err), 0);
	TRUE(feature_in(m.features, FEAT_SSE2));
	TRUE(feature_in(m.features, FEAT_386));
	TRUE(feature_in(m.features, FEAT_SSSE3));
	EQ(cpuid_configure(&m, "n270,-sse2,-nx", err), 0);
	TRUE(!feature_in(m.features, FEAT_SSE2));
	TRUE(!feature_in(m.features, FEAT_SSSE3));		/* which needs it */
	TRUE(feature_in(m.features, FEAT_SSE));
	TRUE(!feature_in(m.features, FEAT_NX));
	EQ(cpuid_configure(&m, "n270,-sse2,+sse2", err), 0);
	TRUE(feature_in(m.features, FEAT_SSE2));
	EQ(cpuid_configure(&m, "pentium3", err), 0);
	TRUE(!feature_in(m.features, FEAT_SSE2));
	TRUE(cpuid_configure(&m, "pentium9", err) < 0);
	EQ(strcmp(err, "cpu: unknown model \"pentium9\""), 0);
	TRUE(cpuid_configure(&m, "", err) < 0);
	TRUE(cpuid_configure(&m, "n270,+avx", err) < 0);
	EQ(strcmp(err, "cpu: unknown feature \"+avx\""), 0);
	TRUE(cpuid_configure(&m, "n270,+vme", err) < 0);
	EQ(strcmp(err, "cpu: vme is not implemented"), 0);
	TRUE(cpuid_configure(&m, "n270,sse2", err) < 0);
	TRUE(cpuid_configure(&m, "n270,,-sse2", err) < 0);
	TRUE(cpuid_configure(&m, "n270,", err) < 0);
	TRUE(cpuid_configure(&m, "n270,-486", err) < 0);	/* not CPUID's to say */
	TRUE(cpuid_configure(&m, "n270,-sse,+sse2", err) < 0);
	EQ(strcmp(err, "cpu: sse2 needs sse"), 0);
	TRUE(cpuid_configure(&m, "pentium3,+nx", err) < 0);
	EQ(strcmp(err, "cpu: nx is not implemented on this model"), 0);
	TRUE(cpuid_configure(&m,
			"n270,+0123456789012345678901234567890123456789012345678901234567890"
			     "0123456789012345678901234567890123456789", err) < 0);
	TRUE(strlen(err) < CPUID_ERR_SIZE);
}

/* The models of x86-64: their names, what they have by themselves, and what goes together. */
static void test_models(void)
{
	static const u8 v1[] = { FEAT_CMOV, FEAT_CX8, FEAT_FPU, FEAT_FXSR, FEAT_MMX, FEAT_SSE,
				 FEAT_SSE2, FEAT_NX, FEAT_ARCH_CAPS };
	static const u8 v2[] = { FEAT_POPCNT, FEAT_SSE3, FEAT_SSSE3, FEAT_SSE41, FEAT_SSE42,
				 FEAT_MOVBE, FEAT_RDTSCP };

	EQ(cpuid_configure(&m, "x86-64", err), 0);
	for (unsigned k = 0; k < sizeof(v1); k++)
		TRUE(feature_in(m.features, v1[k]));
	for (unsigned k = 0; k < sizeof(v2); k++)
		TRUE(!feature_in(m.features, v2[k]));
	EQ(cpuid_configure(&m, "loam", err), 0);
	for (unsigned k = 0; k < sizeof(v1); k++)
		TRUE(feature_in(m.features, v1[k]));
	for (unsigned k = 0; k < sizeof(v2); k++)
		TRUE(feature_in(m.features, v2[k]));
	EQ(cpuid_configure(&m, "loam,-ssse3", err), 0);
	TRUE(!feature_in(m.features, FEAT_SSE42));		/* which needs SSE4.1 */
	TRUE(feature_in(m.features, FEAT_SSE3));
	EQ(cpuid_configure(&m, "loam,-lm", err), 0);
	for (unsigned k = 0; k < FEAT_COUNT; k++)
		if (k == FEAT_LM || k == FEAT_SYSCALL || k == FEAT_CX16 || k == FEAT_LAHF64 ||
		    k == FEAT_PDPE1GB || k == FEAT_FSGSBASE)
			TRUE(!feature_in(m.features, k));
	TRUE(cpuid_configure(&m, "pentium3,+arch-capabilities", err) < 0);
	EQ(strcmp(err, "cpu: arch-capabilities is not implemented on this model"), 0);
	EQ(cpuid_configure(&m, "x86-64,+sse3,+ssse3,+sse4.1", err), 0);
	TRUE(cpuid_configure(&m, "x86-64,+sse4.2", err) < 0);
	EQ(strcmp(err, "cpu: sse4.2 needs sse4.1"), 0);
}

/* Family, model and MSRs of `loam` are one Atom's; what long mode shows is shown with it only. */
static void test_loam(void)
{
	u32 r[4];
	u64 v;

	EQ(cpuid_configure(&m, "loam", err), 0);
	world_protected(3);
	w.model = &m;
	cpuid_read(&w, 1, 0, r);
	EQ(r[0], 0x106ca);				/* 6, 28: Linux runs no mitigation on it */
	EQ(r[2] & 0x00d80201, 0x00d80201);	/* SSE3 … 4.2, MOVBE, POPCNT */
	cpuid_read(&w, 7, 0, r);
	EQ(r[0], 0);
	EQ(r[3], 1u << 29);
	cpuid_read(&w, 7, 1, r);
	EQ(r[3], 0);
	cpuid_read(&w, 0x80000001, 0, r);
	EQ(r[3] & 0x08100800, 0x08100000);	/* SYSCALL in 64-bit code only */
	m.features |= 1ull << FEAT_LM | 1ull << FEAT_SYSCALL;
	cpuid_read(&w, 0x80000008, 0, r);
	EQ(r[0], 0x3028);
	w.efer |= EFER_LMA;
	w.seg[CS].attr |= SEG_L;
	cpuid_read(&w, 0x80000001, 0, r);
	EQ(r[3] & 0x20000800, 0x20000800);
	m.features &= ~(1ull << FEAT_LM);
	cpuid_read(&w, 0x80000008, 0, r);
	EQ(r[0], 0x2028);
	world_protected(0);
	w.model = &m;
	OK(msr_read(&w, MSR_ARCH_CAPABILITIES, &v));
	EQ(v, 0x400000000d10e179);
	want_fault(msr_write(&w, MSR_ARCH_CAPABILITIES, 0), EXC_GP, 0, "read-only", __LINE__);
	OK(msr_read(&w, MSR_BIOS_SIGN_ID, &v));
	EQ(v >> 32, 0x107);
	OK(msr_write(&w, MSR_TSC_AUX, 5));
	want_fault(msr_write(&w, MSR_TSC_AUX, 1ull << 32), EXC_GP, 0, "TSC_AUX", __LINE__);
	OK(msr_read(&w, MSR_TSC_AUX, &v));
	EQ(v, 5);
	OK(msr_write(&w, MSR_MTRR_PHYSBASE0, 0xff00000006));	/* 40 bits */
	want_fault(msr_write(&w, MSR_MTRR_PHYSBASE0, 0x10000000006), EXC_GP, 0, "41", __LINE__);
	OK(msr_read(&w, 0xcd, &v));			/* FSB_FREQ: a Bonnell's */
	world_protected(0);
	want_fault(msr_read(&w, MSR_ARCH_CAPABILITIES, &v), EXC_GP, 0, "n270", __LINE__);
}

static void test_leaves(void)
{
	u32 r[4];
	char brand[49] = "";

	world_protected(3);
	w.apic_id = 5;
	cpuid_read(&w, 0, 0, r);
	EQ(r[0], 10);
	EQ(r[1], 0x756e6547);				/* GenuineIntel */
	EQ(r[3], 0x49656e69);
	EQ(r[2], 0x6c65746e);
	cpuid_read(&w, 1, 0, r);
	EQ(r[0], 0x106c2);				/* family 6, model 28, stepping 2 */
	EQ(r[1], 0x05000800);
	EQ(r[2], 0x00400201);				/* SSE3, SSSE3, MOVBE */
	/*
	 * FPU DE PSE TSC MSR PAE MCE CX8 | APIC SEP MTRR PGE MCA CMOV | PAT CLFSH MMX |
	 * FXSR SSE SSE2 SS; never VME, PSE36, DS, ACPI, HTT, TM, PBE
	 */
	EQ(r[3], 0x0f89fbfd);
	cpuid_read(&w, 2, 0, r);
	EQ(r[0] & 0xff, 1);
	static const u32 l1d[4] = { 0x121, 0x0140003f, 63, 0 };
	static const u32 l2[4] = { 0x143, 0x01c0003f, 1023, 0 };

	cpuid_read(&w, 4, 0, r);
	EQ(memcmp(r, l1d, 16), 0);			/* 24 KiB = 6 * 64 * 64 */
	cpuid_read(&w, 4, 2, r);
	EQ(memcmp(r, l2, 16), 0);			/* 512 KiB = 8 * 64 * 1024 */
	cpuid_read(&w, 4, 3, r);
	EQ(r[0], 0);
	cpuid_read(&w, 0x80000000, 0, r);
	EQ(r[0], 0x80000008);
	cpuid_read(&w, 0x80000001, 0, r);
	EQ(r[3], 1 << 20);				/* NX alone: no LM, no SYSCALL */
	EQ(r[2], 0);
	cpuid_read(&w, 0x80000007, 0, r);
	EQ(r[3], 1 << 8);				/* the TSC never stops */
	cpuid_read(&w, 0x80000008, 0, r);
	EQ(r[0], 0x2020);
	for (u32 k = 0; k < 3; k++)
		cpuid_read(&w, 0x80000002 + k, 0, (u32 *)(void *)(brand + 16 * k));
	EQ(strncmp(brand, "Loam", 4), 0);
	static const u32 zero_leaves[] = { 3, 5, 6, 7, 8, 9, 10, 11, 0x40000000, 0x80000009 };

	for (unsigned k = 0; k < 10; k++) {
		cpuid_read(&w, zero_leaves[k], 0, r);
		EQ(r[0] | r[1] | r[2] | r[3], 0);
	}
}

static void test_hidden(void)
{
	u32 r[4];

	world_protected(0);
	OK(msr_write(&w, MSR_APIC_BASE, 0xfee00000));
	EQ(w_apic, 1);
	cpuid_read(&w, 1, 0, r);
	EQ(r[3] & 1 << 9, 0);
	EQ(w.apic_base & APIC_BASE_BSP, APIC_BASE_BSP);		/* read-only */
	OK(msr_write(&w, MSR_MISC_ENABLE, MISC_XD_DISABLE | MISC_LIMIT_CPUID));
	cpuid_read(&w, 0x80000001, 0, r);
	EQ(r[3], 0);
	cpuid_read(&w, 0, 0, r);
	EQ(r[0], 3);
	want_fault(msr_write(&w, MSR_EFER, EFER_NXE), EXC_GP, 0, "XD disabled", __LINE__);
	/* a model without extended leaves answers with the highest basic one */
	EQ(cpuid_configure(&m, "pentium3", err), 0);
	w.model = &m;
	cpuid_read(&w, 0x80000000, 0, r);
	EQ(r[0], 0x03020101);
	cpuid_read(&w, 1, 0, r);
	EQ(r[0], 0x681);
	EQ(r[1] & 0xff00, 0);
}

static void test_msr_access(void)
{
	world_protected(0);
	set_reg32(&w, ECX, MSR_SYSENTER_EIP);
	set_reg32(&w, EAX, 0xc0001234);
	set_reg32(&w, EDX, 0xffffffff);
	OK(sys_wrmsr(&w));
	EQ(w.sysenter_eip, 0xc0001234);			/* 32 bits */
	set_reg32(&w, EDX, 1);
	OK(sys_rdmsr(&w));
	EQ(w.gpr[EAX], 0xc0001234);
	EQ(w.gpr[EDX], 0);
	w.cpl = 3;
	FAULTS(sys_rdmsr(&w), EXC_GP, 0);
	FAULTS(sys_wrmsr(&w), EXC_GP, 0);
}

/* Values that a register takes or refuses. */
static void test_msr_values(void)
{
	static const struct { u32 msr; u64 value; bool ok; } rows[] = {
		{ MSR_PAT, 0x0007040600070406, 1 }, { MSR_PAT, 0x0707070707070707, 1 },
		{ MSR_PAT, 2, 0 }, { MSR_PAT, 3ull << 56, 0 }, { MSR_PAT, 8ull << 32, 0 },
		{ MSR_MTRR_DEF_TYPE, 0xc06, 1 }, { MSR_MTRR_DEF_TYPE, 2, 0 },
		{ MSR_MTRR_DEF_TYPE, 0x106, 0 }, { MSR_MTRR_DEF_TYPE, 7, 0 },
		{ MSR_MTRR_FIX64K_00000, 0x0606060606060606, 1 },
		{ MSR_MTRR_FIX64K_00000, 0x0606060706060606, 0 },
		{ MSR_MTRR_FIX16K_80000 + 1, 0, 1 }, { MSR_MTRR_FIX4K_C0000 + 7,
				0x0505050505050505, 1 },
		{ MSR_MTRR_PHYSBASE0, 0xfffff006, 1 }, { MSR_MTRR_PHYSBASE0, 0x100000006, 0 },
		{ MSR_MTRR_PHYSBASE0, 0x106, 0 }, { MSR_MTRR_PHYSBASE0 + 14, 3, 0 },
		{ MSR_MTRR_PHYSBASE0 + 1, 0xf0000800, 1 }, { MSR_MTRR_PHYSBASE0 + 1, 0x400, 0 },
		{ MSR_MTRR_PHYSBASE0 + 15, 0x10f0000800, 0 }, { MSR_MTRR_PHYSBASE0 + 16, 0, 0 },
		{ MSR_MTRR_CAP, 0, 0 }, { MSR_APIC_BASE, 0xfee00c00, 0 },
		{ MSR_APIC_BASE, 0x1fee00800, 0 }, { MSR_APIC_BASE, 0xfed00800, 1 },
		{ MSR_EFER, EFER_NXE, 1 }, { MSR_EFER, EFER_LME, 0 }, { MSR_EFER, EFER_SCE, 0 },
		{ MSR_BIOS_SIGN_ID, 0, 1 }, { MSR_MCG_CAP, 0, 0 }, { MSR_DEBUGCTL, 0, 1 },
		{ MSR_DEBUGCTL, 2, 0 }, { MSR_DEBUGCTL, 1, 1 }, { MSR_PLATFORM_ID, 0, 0 },
		{ 0xcd, 0, 0 }, { 0x12345, 0, 0 },
	};

	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		u64 v;

		world_protected(0);
		check_eq(!msr_write(&w, rows[k].msr, rows[k].value).raised, rows[k].ok, "wrmsr",
				"row",
			 (int)k);
		if (!rows[k].ok || rows[k].msr == MSR_BIOS_SIGN_ID || rows[k].msr == MSR_APIC_BASE)
			continue;
		OK(msr_read(&w, rows[k].msr, &v));
		check_eq(v, rows[k].value, "rdmsr", "row", (int)k);
	}
}

static void test_msr_special(void)
{
	u64 v;

	w_ticks = 7;
	world_protected(0);
	w_ticks = 107;
	OK(msr_read(&w, MSR_TSC, &v));
	EQ(v, 300);
	OK(msr_write(&w, MSR_TSC, 0x123456789a));
	w_ticks = 108;
	OK(msr_read(&w, MSR_TSC, &v));
	EQ(v, 0x123456789a + 3);
	want_fault(msr_read(&w, MSR_TSC_ADJUST, &v), EXC_GP, 0, "no TSC_ADJUST", __LINE__);
	w_ticks = 0;
	OK(msr_read(&w, MSR_BIOS_SIGN_ID, &v));
	TRUE(v >> 32 >= 0x20e);			/* below it Linux drops PSE (AAE44) */
	OK(msr_read(&w, MSR_MTRR_CAP, &v));
	EQ(v, 0x508);
	OK(msr_write(&w, MSR_EFER, EFER_NXE));
	EQ(w_paging[PAGING_ALL], 1);
	OK(msr_write(&w, MSR_EFER, EFER_NXE));
	EQ(w_paging[PAGING_ALL], 1);
	OK(msr_read(&w, MSR_MISC_ENABLE, &v));
	EQ(v, 0x1801);
	/* each of a row's registers has its own place */
	for (u32 k = 0; k < 16; k++)
		OK(msr_write(&w, MSR_MTRR_PHYSBASE0 + k, (k + 1) << 12));
	for (u32 k = 0; k < 8; k++)
		OK(msr_write(&w, MSR_MTRR_FIX4K_C0000 + k, 0x0101010101010101 * (k & 1)));
	for (u32 k = 0; k < 16; k++)
		EQ(w.mtrr_var[k], (k + 1) << 12);
	for (u32 k = 0; k < 8; k++)
		EQ(w.mtrr_fixed[3 + k], 0x0101010101010101 * (k & 1));
	/* MISC_ENABLE's MONITOR bit exists with the feature */
	OK(msr_write(&w, MSR_MISC_ENABLE, MISC_MONITOR));
	EQ(w.misc_enable & (MISC_MONITOR | MISC_FAST_STRING), 0);
	m = *w.model;
	m.features |= 1ull << FEAT_MONITOR;
	w.model = &m;
	OK(msr_write(&w, MSR_MISC_ENABLE, MISC_MONITOR));
	EQ(w.misc_enable & MISC_MONITOR, MISC_MONITOR);
	/* registers go with their feature */
	EQ(cpuid_configure(&m, "n270,-nx,-sep", err), 0);
	w.model = &m;
	want_fault(msr_read(&w, MSR_EFER, &v), EXC_GP, 0, "EFER", __LINE__);
	want_fault(msr_read(&w, MSR_TSC_AUX, &v), EXC_GP, 0, "TSC_AUX", __LINE__);
	want_fault(msr_read(&w, MSR_SYSENTER_CS, &v), EXC_GP, 0, "SYSENTER_CS", __LINE__);
}

/* SDM vol. 4, tables of the P6 family and of the 45 nm Atoms: reset, write, then read. */
static void test_msr_kept(void)
{
	enum { P3 = 1, N270 = 2, BOTH = 3, NO_READ = 4, NO_WRITE = 8, DIFFERS = 16 };
	static const struct { u32 msr; u8 on; u64 reset, write, value; } rows[] = {
		{ 0xc1, BOTH, 0, 0x12345678, 0x12345678 },
		{ 0xc2, BOTH, 0, 0x80000000, 0xff80000000 },
		{ 0xc1, BOTH, 0, 0xabcdef00000001, 1 },
		{ 0x186, BOTH, 0, 0x00530079, 0x00530079 }, { 0x187, BOTH, 0, ~0ull, 0xffffffff },
		{ 0x79, BOTH | NO_READ, 0, 0xc0001000, 0 },
		{ 0x2a, P3 | DIFFERS, 0x0ac80000, 2, 0x0ac80002 },
		{ 0x2a, N270 | DIFFERS, 0x02800000, 2, 0x02800002 },
		{ 0x11e, P3 | DIFFERS, 0x703101, 0x100, 0x703101 },
		{ 0x11e, N270 | DIFFERS, 0x101, 0, 1 },
		{ 0xcd, N270 | NO_WRITE, 5, 0, 5 }, { 0x199, N270, 0xa00, 0x616, 0x616 },
		{ 0x198, N270 | NO_WRITE, 10ull << 40 | 0xa00, 0, 10ull << 40 | 0xa00 },
		{ 0x19b, N270, 0, 3, 3 }, { 0x19c, N270, 0x80280000, 0, 0x80280000 },
		{ 0x19a, N270, 0, 0x1e, 0x1e }, { 0x40, N270, 0, 1, 0 }, { 0x67, N270, 0, 1, 0 },
		{ 0x1c9, N270, 0, 7, 0 }, { 0x1dd, BOTH, 0, 7, 0 }, { 0x1db, P3, 0, 7, 0 },
		{ 0x33, P3, 0, 1u << 31, 1u << 31 }, { 0x88, P3, 0, ~0ull, ~0ull },
		{ 0x119, P3, 0, 0x200000, 0x200000 }, { 0x11b, P3 | NO_WRITE, 0, 0, 0 },
		{ 0x1e0, P3, 4, 0, 0 },
	};

	for (unsigned k = 0; k < 2 * sizeof(rows) / sizeof(rows[0]); k++) {
		unsigned n = k / 2, on = k & 1 ? N270 : P3;
		bool there = rows[n].on & on;
		u64 v = 0;

		if (!there && (rows[n].on & DIFFERS))
			continue;
		EQ(cpuid_configure(&m, on == N270 ? "n270" : "pentium3", err), 0);
		world_protected(0);
		w.model = &m;
		msr_reset(&w, true);
		check_eq(!msr_read(&w, rows[n].msr, &v).raised, there && !(rows[n].on & NO_READ),
			 "rdmsr", "row", (int)n);
		check_eq(v, there && !(rows[n].on & NO_READ) ? rows[n].reset : 0, "reset", "row",
			 (int)n);
		check_eq(!msr_write(&w, rows[n].msr, rows[n].write).raised,
			 there && !(rows[n].on & NO_WRITE), "wrmsr", "row", (int)n);
		if (!msr_read(&w, rows[n].msr, &v).raised)
			check_eq(v, rows[n].value, "written", "row", (int)n);
	}
}

static void test_rdpmc(void)
{
	u64 v = 0;

	world_protected(0);
	OK(msr_write(&w, MSR_PERFCTR0 + 1, 0xfffffff0));
	OK(sys_rdpmc(&w, 1, &v));
	EQ(v, 0xfffffffff0);
	FAULTS(sys_rdpmc(&w, 2, &v), EXC_GP, 0);
	FAULTS(sys_rdpmc(&w, 1u << 30, &v), EXC_GP, 0);
	w.cpl = 3;
	FAULTS(sys_rdpmc(&w, 1, &v), EXC_GP, 0);
	w.cr4 |= CR4_PCE;
	OK(sys_rdpmc(&w, 0, &v));
	EQ(v, 0);
}

static void test_unknown(void)
{
	unsigned before;
	u64 v;

	world_protected(0);
	before = native_printks;
	want_fault(msr_read(&w, 0xce, &v), EXC_GP, 0, "unknown", __LINE__);
	want_fault(msr_read(&w, 0xce, &v), EXC_GP, 0, "unknown", __LINE__);
	want_fault(msr_write(&w, 0x140, 0), EXC_GP, 0, "unknown", __LINE__);
	EQ(native_printks - before, 2);
	EQ(w.log.msr_unknown_total, 3);
	EQ(w.log.msr_unknown[0].msr, 0xce);
	EQ(w.log.msr_unknown[0].count, 2);
	EQ(w.log.msr_unknown[1].count, 1);
	for (u32 k = 0; k < 100; k++)
		want_fault(msr_read(&w, 0x5000 + k, &v), EXC_GP, 0, "unknown", __LINE__);
	EQ(w.log.msr_unknown_total, 103);
	EQ(w.log.msr_unlisted, 100 - 14);
	EQ(native_printks - before, 16 + 1);
}

/* -- What is the local APIC's -- */

static u64 x2_value, deadline;
static u32 x2_number;

static bool x2_read(struct vcpu *c, u32 n, u64 *v)
{
	(void)c;
	x2_number = n;
	*v = x2_value;
	return n != 0x0b;
}

static bool x2_write(struct vcpu *c, u32 n, u64 v)
{
	(void)c;
	x2_number = n;
	x2_value = v;
	return n != 0x02;
}

static u64 get_deadline(const struct vcpu *c) { (void)c; return deadline; }
static void set_deadline(struct vcpu *c, u64 v) { (void)c; deadline = v; w_apic++; }

static void test_apic_msrs(void)
{
	struct sys_hooks h;
	u64 v;

	world_protected(0);
	h = *w.hooks;
	h.read_x2apic = x2_read;
	h.write_x2apic = x2_write;
	h.read_deadline = get_deadline;
	h.write_deadline = set_deadline;
	w.hooks = &h;
	want_fault(msr_read(&w, 0x802, &v), EXC_GP, 0, "no x2APIC", __LINE__);
	want_fault(msr_read(&w, MSR_TSC_DEADLINE, &v), EXC_GP, 0, "no deadline", __LINE__);
	EQ(cpuid_configure(&m, "loam,+x2apic,+tsc-deadline", err), 0);
	w.model = &m;
	OK(msr_write(&w, 0x830, 0x500000042));
	EQ(x2_number, 0x30);
	EQ(x2_value, 0x500000042);
	OK(msr_read(&w, 0x8ff, &v));
	EQ(x2_number, 0xff);
	EQ(v, 0x500000042);
	want_fault(msr_read(&w, 0x80b, &v), EXC_GP, 0, "its own #GP", __LINE__);
	want_fault(msr_write(&w, 0x802, 0), EXC_GP, 0, "its own #GP", __LINE__);
	want_fault(msr_read(&w, 0x900, &v), EXC_GP, 0, "beyond", __LINE__);
	OK(msr_write(&w, MSR_TSC_DEADLINE, 12345));
	OK(msr_read(&w, MSR_TSC_DEADLINE, &v));
	EQ(v, 12345);
	w_apic = 0;
	OK(msr_write(&w, MSR_TSC, 1000));
	EQ(w_apic, 1);				/* told again, as it is in the guest's TSC */
	deadline = 0;
	OK(msr_write(&w, MSR_TSC, 2000));
	EQ(w_apic, 1);
	OK(msr_write(&w, MSR_APIC_BASE, 0xfee00c00));
	want_fault(msr_write(&w, MSR_APIC_BASE, 0xfee00800), EXC_GP, 0, "back", __LINE__);
	want_fault(msr_write(&w, MSR_APIC_BASE, 0xfee00400), EXC_GP, 0, "off?", __LINE__);
	OK(msr_write(&w, MSR_APIC_BASE, 0xfee00000));
	want_fault(msr_write(&w, MSR_APIC_BASE, 0xfee00c00), EXC_GP, 0, "from off", __LINE__);
	OK(msr_write(&w, MSR_APIC_BASE, 0xfee00800));
}

/* It says by how much the TSC was moved, by whichever of the two (SDM vol. 3, 17.17.3). */
static void test_tsc_adjust(void)
{
	u64 v;

	EQ(cpuid_configure(&m, "loam", err), 0);
	w_ticks = 7;
	world_protected(0);
	w.model = &m;
	w_ticks = 107;
	OK(msr_read(&w, MSR_TSC_ADJUST, &v));
	EQ(v, 0);
	OK(msr_write(&w, MSR_TSC, 1000));
	OK(msr_read(&w, MSR_TSC_ADJUST, &v));
	EQ(v, 700);
	w_ticks = 207;
	OK(msr_write(&w, MSR_TSC_ADJUST, -100ull));
	EQ(sys_tsc(&w), 500);
	vcpu_reset(&w, RESET_INIT, true);
	OK(msr_read(&w, MSR_TSC_ADJUST, &v));
	EQ(v, -100ull);
	w.tsc_zero = 200;
	vcpu_reset(&w, RESET_POWER_UP, true);
	OK(msr_read(&w, MSR_TSC_ADJUST, &v));
	EQ(v, 0);
	EQ(sys_tsc(&w), 21);
	w_ticks = 0;
}

/* Each CPU is a package: one thread, one core. */
static void test_topology(void)
{
	u32 r[4];

	world_protected(0);
	EQ(cpuid_configure(&m, "loam,+x2apic", err), 0);
	w.model = &m;
	w.apic_id = 9;
	cpuid_read(&w, 0, 0, r);
	EQ(r[0], 11);
	cpuid_read(&w, 1, 0, r);
	EQ(r[1] >> 24, 9);
	EQ(r[2] >> 21 & 1, 1);
	EQ(r[3] >> 28 & 1, 0);			/* HTT: no others in the package */
	for (u32 k = 0; k < 4; k++) {
		cpuid_read(&w, 11, k, r);
		EQ(r[0], 0);
		EQ(r[1], k < 2);
		EQ(r[2], k < 2 ? (k + 1) << 8 | k : k);
		EQ(r[3], 9);
	}
	cpuid_read(&w, 4, 0, r);
	EQ(r[0] >> 26, 0);
	EQ(cpuid_configure(&m, "loam,+x2apic,-apic", err), 0);
	EQ(m.features >> FEAT_X2APIC & 1, 0);
}

/* Read by Linux 6.1 without a net on a family 6 model 28 CPU with these features. */
static void test_linux_reads(void)
{
	static const u32 list[] = {
		MSR_PLATFORM_ID, MSR_APIC_BASE, MSR_BIOS_SIGN_ID, MSR_MTRR_CAP, MSR_MTRR_DEF_TYPE,
		MSR_PAT, MSR_MISC_ENABLE, MSR_MCG_CAP, MSR_MCG_STATUS, MSR_SYSENTER_CS, MSR_EFER,
		MSR_TSC, MSR_DEBUGCTL, 0x200, 0x20f, 0x250, 0x258, 0x259, 0x268, 0x26f,
	};
	u64 v;

	world_protected(0);
	for (unsigned k = 0; k < sizeof(list) / sizeof(list[0]); k++)
		OK(msr_read(&w, list[k], &v));
}

int main(void)
{
	test_configure();
	test_models();
	test_loam();
	test_leaves();
	test_hidden();
	test_msr_access();
	test_msr_values();
	test_msr_special();
	test_msr_kept();
	test_rdpmc();
	test_unknown();
	test_apic_msrs();
	test_tsc_adjust();
	test_topology();
	test_linux_reads();
	return check_done();
}
