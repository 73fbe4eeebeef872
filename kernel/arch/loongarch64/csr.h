/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LoongArch64 control and status registers: numbers, fields and access. For C and
 * assembly. Not a place for anything that has a meaning outside this architecture.
 * Section numbers are the LoongArch Reference Manual's, volume 1.
 */
#ifndef KERNEL_ARCH_LOONGARCH64_CSR_H
#define KERNEL_ARCH_LOONGARCH64_CSR_H

#define CSR_CRMD 0x0		/* 7.4.1: mode */
#define CRMD_IE 0x4
#define CRMD_WINDOWS 0xb0	/* PLV0, IE = 0, PG = 1, DATF = DATM = coherent cached */
#define CSR_PRMD 0x1		/* 7.4.2: PLV and IE from before the exception */
#define CSR_EUEN 0x2		/* 7.4.3: FPE 1, SXE 2 */
#define EUEN_FP_LSX 0x3
#define CSR_ECFG 0x4		/* 7.4.5: local interrupt enables */
#define CSR_ESTAT 0x5		/* 7.4.6: IS 12:0, Ecode 21:16, EsubCode 30:22 */
#define CSR_ERA 0x6
#define CSR_BADV 0x7
#define CSR_BADI 0x8
#define CSR_EENTRY 0xc
#define CSR_TLBIDX 0x10		/* 7.5.1: index 15:0, PS 29:24, NE 31 */
#define CSR_TLBEHI 0x11
#define CSR_TLBELO0 0x12
#define CSR_TLBELO1 0x13
#define CSR_ASID 0x18
#define CSR_PWCL 0x1c		/* 7.5.9 */
#define CSR_PWCH 0x1d
#define CSR_STLBPS 0x1e
#define CSR_RVACFG 0x1f		/* 7.5.10: reduced virtual addresses; 0: none */
#define CSR_CPUID 0x20		/* 7.4.14: CoreID 8:0 */
#define CPUID_CORES 512
#define CSR_SAVE0 0x30
#define CSR_ROOT CSR_SAVE0	/* ours: where tlb_refill.S begins, for both halves */
#define CSR_TCFG 0x41		/* 7.6.2: En 0, Periodic 1, InitVal 47:2 */
#define TCFG_EN 0x1
#define CSR_CNTC 0x43		/* 7.6.4: what RDTIME adds to the board's counter */
#define CSR_TICLR 0x44
#define CSR_TLBRENTRY 0x88
#define CSR_TLBRSAVE 0x8b
#define CSR_MERRCTL 0x90
#define CSR_MERRINFO1 0x91
#define CSR_MERRINFO2 0x92
#define CSR_MERRENTRY 0x93
#define CSR_MERRERA 0x94
#define CSR_MERRSAVE 0x95
#define CSR_DMW0 0x180		/* 7.5.12 */
#define CSR_DMW1 0x181
#define CSR_DMW2 0x182
#define CSR_DMW3 0x183

/* The two windows: 0xA… uncached (MAT 0), 0x9… coherent cached (MAT 1), PLV0 only. */
#define DMW_UNCACHED 0xa000000000000001
#define DMW_CACHED 0x9000000000000011
#define WINDOW_CACHED 0x9000000000000000
#define WINDOW_UNCACHED 0xa000000000000000
#define WINDOW_TOP12_CACHED -0x700	/* lu52i.d: 0x900 as a signed 12-bit number */

#define IRQ_HWI0 2		/* ESTAT.IS and ECFG.LIE bit numbers */
#define IRQ_TIMER 11
#define IRQ_IPI 12

/*
 * Two-level walk for 32-bit contexts (7.5.9): leaf tables of 512 entries for bits 20:12, a root of
 * 2048 entries for bits 31:21. Bits above 31 take no part.
 */
#define PWCL_TWO_LEVEL (12 | 9 << 5 | 21 << 10 | 11 << 15)

/* Four levels of 512 entries for 48 bits: 20:12, 29:21, 38:30, and in PWCH 47:39. */
#define PWCL_FOUR_LEVEL (12 | 9 << 5 | 21 << 10 | 9 << 15 | 30 << 20 | 9 << 25)
#define PWCH_FOUR_LEVEL (39 | 9 << 6)

#ifndef __ASSEMBLER__
#include "kernel/lib/types.h"

#define csr_read(n) \
	({ \
		u64 v_; \
		__asm__ volatile("csrrd %0, %1" : "=r"(v_) : "i"(n) : "memory"); \
		v_; \
	})
#define csr_write(n, value) \
	({ \
		u64 v_ = (value); \
		__asm__ volatile("csrwr %0, %1" : "+r"(v_) : "i"(n) : "memory"); \
		v_; \
	})
/* Replace the bits of `mask` only; the old value of the whole register is the result. */
#define csr_xchg(n, value, mask) \
	({ \
		u64 v_ = (value); \
		__asm__ volatile("csrxchg %0, %1, %2" \
				 : "+r"(v_) : "q"((u64)(mask)), "i"(n) : "memory"); \
		v_; \
	})

static inline u32 cpucfg(u32 word)
{
	u32 v;

	__asm__("cpucfg %0, %1" : "=r"(v) : "r"(word));
	return v;
}

static inline u32 iocsr_read32(u32 reg)
{
	u32 v;

	__asm__ volatile("iocsrrd.w %0, %1" : "=r"(v) : "r"(reg) : "memory");
	return v;
}

static inline u64 iocsr_read64(u32 reg)
{
	u64 v;

	__asm__ volatile("iocsrrd.d %0, %1" : "=r"(v) : "r"(reg) : "memory");
	return v;
}

static inline void iocsr_write32(u32 reg, u32 value)
{
	__asm__ volatile("iocsrwr.w %0, %1" : : "r"(value), "r"(reg) : "memory");
}

static inline void iocsr_write64(u32 reg, u64 value)
{
	__asm__ volatile("iocsrwr.d %0, %1" : : "r"(value), "r"(reg) : "memory");
}
#endif
#endif
