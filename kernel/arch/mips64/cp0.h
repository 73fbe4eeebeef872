/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MIPS64 coprocessor 0: numbers, fields and access, as a Loongson-3A4000 has them. For C and
 * assembly. Not a place for anything that has a meaning outside this architecture. Chapter
 * numbers are those of "MIPS64 Architecture For Programmers", volume III (privileged resources).
 */
#ifndef KERNEL_ARCH_MIPS64_CP0_H
#define KERNEL_ARCH_MIPS64_CP0_H

/* Register and select, as the assembler takes them. */
#define CP0_INDEX $0, 0
#define CP0_ENTRYLO0 $2, 0
#define CP0_ENTRYLO1 $3, 0
#define CP0_PAGEMASK $5, 0
#define CP0_PAGEGRAIN $5, 1
#define CP0_WIRED $6, 0
#define CP0_BADVADDR $8, 0
#define CP0_BADINSTR $8, 1
#define CP0_COUNT $9, 0
#define CP0_ENTRYHI $10, 0
#define CP0_COMPARE $11, 0
#define CP0_STATUS $12, 0
#define CP0_CAUSE $13, 0
#define CP0_EPC $14, 0
#define CP0_PRID $15, 0
#define CP0_EBASE $15, 1
#define CP0_CONFIG $16, 0
#define CP0_CONFIG1 $16, 1
#define CP0_CONFIG2 $16, 2
#define CP0_CONFIG3 $16, 3
#define CP0_CONFIG4 $16, 4
#define CP0_CONFIG5 $16, 5
#define CP0_CONFIG6 $16, 6
#define CP0_DIAG $22, 0		/* Loongson's: micro-TLBs */
#define CP0_CACHEERR $27, 0
#define CP0_ERROREPC $30, 0
#define CP0_KSCRATCH_CORE $31, 2	/* the per-core area: gp, wherever it may have gone */
#define CP0_KSCRATCH_SAVE $31, 3	/* a register, while the refill handler runs */
#define CP0_KSCRATCH_ROOT $31, 4	/* the root of the tables, as an xkphys address */

#define STATUS_IE 0x1
#define STATUS_EXL 0x2
#define STATUS_ERL 0x4
#define STATUS_MODE 0x18		/* KSU: 0 = kernel */
#define STATUS_BEV 0x400000
#define STATUS_IM_SHIFT 8		/* IM7 … IM0 in bits 15:8 */
#define STATUS_IM 0xff00
/* CU1, CU0; FR: 32 FP registers of 64 bits (vectors need it); KX, SX, UX: 64-bit addresses. */
#define STATUS_LOAM 0x340000e0

#define CAUSE_DC 0x08000000		/* Count stands still */
#define CAUSE_TI 0x40000000		/* Count has reached Compare */
#define CAUSE_IV 0x00800000
#define CAUSE_CODE_SHIFT 2
#define CONFIG5_MSAEN 0x08000000
#define CONFIG6_FTLBDIS 0x00400000	/* Loongson's */
#define PAGEGRAIN_ELPA 0x20000000	/* physical addresses above 36 bits */
#define DIAG_MICRO_TLBS 0xc		/* write: empty both micro-TLBs */

#define IRQ_BOARD 2			/* Cause.IP and Status.IM bit numbers */
#define IRQ_IPI 6
#define IRQ_TIMER 7

/* EntryLo: pte.h. EntryHi: VPN2, ASID 9:0. */
#define ENTRYHI_ASID 0x3ff
#define ENTRYHI_EHINV 0x400		/* TLBWI makes an empty entry */

#ifndef __ASSEMBLER__
#include "kernel/lib/types.h"

#define CP0_STRING_(...) #__VA_ARGS__
#define CP0_STRING(...) CP0_STRING_(__VA_ARGS__)

/* 64 bits; a 32-bit register is read sign-extended. A write takes effect before what follows. */
#define cp0_read(reg) \
	({ \
		u64 v_; \
		__asm__ volatile("dmfc0 %0, " CP0_STRING(reg) : "=r"(v_) : : "memory"); \
		v_; \
	})
#define cp0_write(reg, value) \
	__asm__ volatile("dmtc0 %z0, " CP0_STRING(reg) "\n\tehb" : : "Jr"((u64)(value)) : "memory")

/* Bits 31:0 of a 32-bit register. */
#define cp0_read32(reg) \
	({ \
		u32 w_; \
		__asm__ volatile("mfc0 %0, " CP0_STRING(reg) : "=r"(w_) : : "memory"); \
		w_; \
	})

/* Loongson's CPUCFG: word n of what it says of itself. Other cores lack the instruction. */
static inline u32 cpucfg(u32 word)
{
	u64 v;

	/* cpucfg $2, $4: opcode 0x32, rs 4, 8, rd 2, function 0x18 */
	__asm__("move $4, %1\n\t.word 0xc8881118\n\tmove %0, $2" : "=r"(v) : "r"((u64)word)
		: "$2", "$4");
	return (u32)v;
}
#endif
#endif
