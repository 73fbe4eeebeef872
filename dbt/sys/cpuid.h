/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU model that a guest sees: which features, which CPUID answers. Not
 * what an instruction does. Invariant: a feature is in the mask only if
 * features.def says Loam has it, and CPUID shows exactly the mask.
 */
#ifndef DBT_SYS_CPUID_H
#define DBT_SYS_CPUID_H

#include "dbt/x86/cpu.h"
#include "dbt/x86/features.h"

/* Generations of CPUs, by the registers that they have beyond CPUID's (msr_core.def). */
enum cpu_core { CORE_ANY, CORE_P6, CORE_BONNELL };

struct cpu_model {
	const char *name;	/* "n270" */
	char brand[48];		/* NUL-padded */
	u64 features;		/* bit FEAT_x */
	u32 signature;		/* CPUID.1:EAX: type, family, model, stepping */
	u32 max_leaf, max_ext;	/* max_ext 0: no extended leaves */
	u32 leaf2[4];		/* cache and TLB descriptors */
	u32 microcode;		/* revision that IA32_BIOS_SIGN_ID reports */
	u8 phys_bits;		/* MAXPHYADDR */
	u8 core;		/* enum cpu_core */
};

#define CPUID_ERR_SIZE 96

/*
 * Fill *m from "model[,+feature|,-feature]…". Returns 0, or -ERR_INVAL with a message in
 * err (CPUID_ERR_SIZE bytes): unknown model or feature, a feature that Loam lacks, one
 * that is on without what it needs.
 */
int cpuid_configure(struct cpu_model *m, const char *text, char *err);

/* Bytes of physical addresses that the model reaches: 4 GiB without PAE. */
u64 cpuid_reach(const struct cpu_model *m);

/* Does it run 64-bit code? */
bool cpuid_long_mode(const struct cpu_model *m);

/* CPUID(leaf, subleaf) → EAX, EBX, ECX, EDX, as APIC_BASE and MISC_ENABLE of c let it show. */
void cpuid_read(const struct vcpu *c, u32 leaf, u32 subleaf, u32 out[4]);

static inline bool vcpu_has(const struct vcpu *c, enum x86_feature f)
{
	return feature_in(c->model->features, f);
}

#endif
