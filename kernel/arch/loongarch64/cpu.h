/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LoongArch64's part of the per-core contract: layout of the trap frame for assembly,
 * barriers, the kick register, and inline forms of what kernel/cpu.h declares.
 * Invariant: $tp is the per-core area and $sp a monitor stack, always.
 */
#ifndef KERNEL_ARCH_LOONGARCH64_CPU_H
#define KERNEL_ARCH_LOONGARCH64_CPU_H

/* struct trap_frame (kernel/trap.h); trap.c asserts that they agree. */
#define TF_GPR(n) ((n) * 8)
#define TF_PC 256
#define TF_BADV 264
#define TF_CAUSE 272
#define TF_STATUS 280
#define TF_INSN 288
#define TF_SIZE 304		/* rounded up: $sp stays 16-byte aligned */

#define REG_KICK 21

/* struct cpu's host[]: CSR_CNTC, the same on all cores. */
#define CPU_HOST_CNTC 0

/* Entries for other cores (smp.c), two instructions each. */
#define CORE_ENTRIES 16
#define CORE_ENTRY_SIZE 8

#ifndef __ASSEMBLER__
#include "kernel/cpu.h"
#include "kernel/lib/types.h"
#include "kernel/trap.h"

static inline struct cpu *cpu_self(void)
{
	struct cpu *c;

	__asm__("move %0, $tp" : "=r"(c));
	return c;
}

/*
 * Where the host reaches a guest linear address, and back: those of 32-bit guests are
 * sign-extended (docs/design.md §1).
 */
static inline hva_t gva_to_hva(gva_t a) { return hva((u64)(s32)a.a); }
static inline gva_t hva_to_gva(hva_t a) { return gva((u32)a.a); }
/* Those of 64-bit code, canonical, are the host's (the wide form of kernel/paging.h). */
static inline hva_t gva_to_hva_wide(gva_t a) { return hva(a.a); }
static inline gva_t hva_to_gva_wide(hva_t a) { return gva(a.a); }

/* Is the kick register set? Translated code tests it; C is compiled with -ffixed-r21. */
static inline bool kick_is_set(void)
{
	u64 v;

	__asm__ volatile("move %0, $r21" : "=r"(v) : : "memory");
	return v != 0;
}

/* Clear it before looking at what is pending: an interrupt after this sets it again. */
static inline void kick_clear(void) { __asm__ volatile("move $r21, $zero" : : : "memory"); }

static inline void kick_set(void) { __asm__ volatile("ori $r21, $zero, 1" : : : "memory"); }

/* Instructions written before are seen by fetches of this core after. */
static inline void instruction_barrier(void) { __asm__ volatile("ibar 0" : : : "memory"); }

/* All accesses before are done before all accesses after, devices included. */
static inline void full_barrier(void) { __asm__ volatile("dbar 0" : : : "memory"); }

/* In a loop that waits for another core. The host has no instruction for it. */
static inline void cpu_pause(void) { __asm__ volatile("" : : : "memory"); }

/* ESTAT.Ecode (7.4.6). */
static inline unsigned arch_trap_code(const struct trap_frame *f) { return f->cause >> 16 & 0x3f; }

static inline enum trap_kind arch_trap_refine(const struct trap_frame *f, enum trap_kind kind)
{
	(void)f;
	return kind;
}
#endif
#endif
