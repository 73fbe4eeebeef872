/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Model-specific registers (SDM vol. 4): those that a CPUID feature promises are rows of msr.c,
 * those of a generation of CPUs are in msr_core.def. Any other number is #GP(0), counted and
 * logged once (vcpu.log).
 */
#ifndef DBT_SYS_MSR_H
#define DBT_SYS_MSR_H

#include "dbt/x86/cpu.h"

enum msr {
	MSR_P5_MC_ADDR = 0x0, MSR_P5_MC_TYPE = 0x1, MSR_TSC = 0x10, MSR_PLATFORM_ID = 0x17,
	MSR_TSC_ADJUST = 0x3b,
	MSR_APIC_BASE = 0x1b, MSR_BIOS_SIGN_ID = 0x8b,
	MSR_PERFCTR0 = 0xc1, MSR_MTRR_CAP = 0xfe, MSR_ARCH_CAPABILITIES = 0x10a,
	MSR_SYSENTER_CS = 0x174,
	MSR_SYSENTER_ESP = 0x175, MSR_SYSENTER_EIP = 0x176, MSR_MCG_CAP = 0x179,
	MSR_MCG_STATUS = 0x17a, MSR_MISC_ENABLE = 0x1a0, MSR_DEBUGCTL = 0x1d9,
	MSR_MTRR_PHYSBASE0 = 0x200, MSR_MTRR_FIX64K_00000 = 0x250, MSR_MTRR_FIX16K_80000 = 0x258,
	MSR_MTRR_FIX4K_C0000 = 0x268, MSR_PAT = 0x277, MSR_MTRR_DEF_TYPE = 0x2ff,
	MSR_TSC_DEADLINE = 0x6e0, MSR_X2APIC = 0x800,
	MSR_EFER = 0xc0000080, MSR_STAR = 0xc0000081, MSR_LSTAR = 0xc0000082,
	MSR_CSTAR = 0xc0000083, MSR_FMASK = 0xc0000084, MSR_FS_BASE = 0xc0000100,
	MSR_GS_BASE = 0xc0000101, MSR_KERNEL_GS_BASE = 0xc0000102, MSR_TSC_AUX = 0xc0000103,
};

enum { APIC_BASE_BSP = 1u << 8, APIC_BASE_X2 = 1u << 10, APIC_BASE_ENABLE = 1u << 11 };
enum { X2APIC_MSRS = 0x100 };
enum {				/* IA32_MISC_ENABLE */
	MISC_FAST_STRING = 1u << 0, MISC_NO_BTS = 1u << 11, MISC_NO_PEBS = 1u << 12,
	MISC_MONITOR = 1u << 18, MISC_LIMIT_CPUID = 1u << 22,
};
#define MISC_XD_DISABLE (1ull << 34)

/* Without the privilege check, for the monitor's own use; #GP(0) or nothing. */
struct fault msr_read(struct vcpu *c, u32 msr, u64 *out);
struct fault msr_write(struct vcpu *c, u32 msr, u64 v);

/* Values after power-up (RESET_INIT leaves MSRs alone, but EFER). */
void msr_reset(struct vcpu *c, bool bsp);

/* The registers of msr_core.def. False: there is no such register, or no such access. */
bool msr_core_read(const struct vcpu *c, u32 msr, u64 *out);
bool msr_core_write(struct vcpu *c, u32 msr, u64 v);
void msr_core_reset(struct vcpu *c);

/* The instructions: ECX, EDX:EAX. */
struct fault sys_rdmsr(struct vcpu *c);
struct fault sys_wrmsr(struct vcpu *c);

#endif
