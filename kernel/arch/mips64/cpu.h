/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MIPS64's part of the per-core contract: layout of the trap frame for assembly,
 * barriers, the kick register, and inline forms of what kernel/cpu.h declares.
 * Invariant: $gp is the per-core area and $sp a monitor stack, always; libgcc's few functions that
 * change $gp put it back, and a trap within them loads it anew.
 */
#ifndef KERNEL_ARCH_MIPS64_CPU_H
#define KERNEL_ARCH_MIPS64_CPU_H

/* struct trap_frame (kernel/trap.h), HI and LO behind it; trap.c asserts that they agree. */
#define TF_GPR(n) ((n) * 8)
#define TF_PC 256
#define TF_BADV 264
#define TF_CAUSE 272
#define TF_STATUS 280
#define TF_INSN 288
#define TF_HI 296
#define TF_LO 304
#define TF_SIZE 320		/* rounded up: $sp stays 16-byte aligned */

/* k1: the one register beside k0 that no compiled code touches, libgcc's included. */
#define REG_KICK 27

/* struct cpu's host[]: ticks at the last look at the clock; the current ASID. */
#define CPU_HOST_TICKS 0
#define CPU_HOST_ASID 1

#ifndef __ASSEMBLER__
#include "kernel/cpu.h"
#include "kernel/lib/types.h"
#include "kernel/trap.h"

/*
 * Where a 32-bit guest's linear address is: zero-extended, in xuseg. Sign-extended ones from 2 GiB
 * on would be kseg0 and kseg1, raw physical memory.
 */
static inline hva_t gva_to_hva(gva_t a) { return hva((u32)a.a); }
static inline gva_t hva_to_gva(hva_t a) { return gva((u32)a.a); }
/* Those of 64-bit code, canonical, are folded to 48 bits (the wide form of kernel/paging.h). */
static inline hva_t gva_to_hva_wide(gva_t a) { return hva(a.a & 0x0000ffffffffffff); }
static inline gva_t hva_to_gva_wide(hva_t a) { return gva((u64)((s64)(a.a << 16) >> 16)); }

static inline struct cpu *cpu_self(void)
{
	struct cpu *c;

	__asm__("move %0, $28" : "=r"(c));
	return c;
}

/* Is the kick register set? Translated code tests it. */
static inline bool kick_is_set(void)
{
	u64 v;

	__asm__ volatile("move %0, $27" : "=r"(v) : : "memory");
	return v != 0;
}

/* Clear it before looking at what is pending: an interrupt after this sets it again. */
static inline void kick_clear(void) { __asm__ volatile("move $27, $0" : : : "memory"); }

static inline void kick_set(void) { __asm__ volatile("li $27, 1" : : : "memory"); }

/*
 * Instructions written before are seen by fetches of this core after. The caches of a Loongson-3
 * agree by themselves; the hazard barrier ends what was fetched already.
 */
static inline void instruction_barrier(void)
{
	__asm__ volatile("sync\n\t"
			 ".set push\n\t.set noreorder\n\t.set noat\n\t"
			 "bal 1f\n\t"
			 "nop\n"
			 "1:\tdaddiu $31, $31, 12\n\t"
			 "jr.hb $31\n\t"
			 "nop\n\t"
			 ".set pop" : : : "memory", "$31");
}

/* All accesses before are done before all accesses after, devices included. */
static inline void full_barrier(void) { __asm__ volatile("sync" : : : "memory"); }

/* In a loop that waits for another core. The host has no instruction for it. */
static inline void cpu_pause(void) { __asm__ volatile("" : : : "memory"); }

/* Cause.ExcCode. */
static inline unsigned arch_trap_code(const struct trap_frame *f) { return f->cause >> 2 & 0x1f; }

/* TLBL is one code for loads and fetches: it is a fetch where the bad address is the PC. */
static inline enum trap_kind arch_trap_refine(const struct trap_frame *f, enum trap_kind kind)
{
	return kind == TRAP_LOAD_INVALID && f->badv == f->pc ? TRAP_FETCH_INVALID : kind;
}
#endif
#endif
