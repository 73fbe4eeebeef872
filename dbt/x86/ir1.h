/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One decoded x86 instruction. Filled by decode.c alone (which knows Capstone
 * and mends its quirks); read by the lifter. Holds no pointers.
 */
#ifndef DBT_X86_IR1_H
#define DBT_X86_IR1_H

#include "dbt/x86/features.h"

/* One name for each row of insns.def: X86_ADD, X86_JCC, … X86_INVALID comes first. */
enum x86_op {
	X86_INVALID,
#define INS(name, lift, flags, feature) X86_##name,
#include "dbt/x86/insns.def"
#undef INS
	X86_OP_COUNT,
};

/* The flags column of insns.def. */
enum row_flag {
	ROW_LOCK = 1 << 0,	/* LOCK is allowed if the destination is memory, else #UD */
	ROW_CPL0 = 1 << 2,	/* #GP(0) at CPL > 0 (and in virtual-8086 mode) */
	ROW_PROT = 1 << 3,	/* #UD in real-address and virtual-8086 mode */
	ROW_STRING = 1 << 4,	/* obeys REP */
	ROW_X87 = 1 << 5,	/* #NM by CR0.EM or CR0.TS */
	ROW_MMX = 1 << 6,	/* MM form: #UD by CR0.EM, #NM by CR0.TS, #MF; XMM: ROW_SSE */
	ROW_SSE = 1 << 7,	/* #UD by CR0.EM or CR4.OSFXSR = 0, #NM by CR0.TS */
	ROW_UNALIGNED = 1 << 8,	/* the 16-byte memory operand need not be aligned (else #GP(0)) */
};

struct x86_row {
	const char *name;	/* SDM mnemonic, upper case; MOVSD_SSE … as in insns.def */
	u16 flags;		/* enum row_flag */
	u8 feature;		/* enum x86_feature */
};

/* Condition codes as the low four bits of Jcc/SETcc/CMOVcc encode them (SDM vol. 1, appendix B). */
enum x86_cond {
	COND_O, COND_NO, COND_B, COND_AE, COND_E, COND_NE, COND_BE, COND_A,
	COND_S, COND_NS, COND_P, COND_NP, COND_L, COND_GE, COND_LE, COND_G,
};

enum ir1_kind {
	IR1_NONE,
	IR1_GPR,		/* reg 0-15; high: AH CH DH BH are 0-3 with high set; SPL … not */
	IR1_IMM,		/* imm: sign-extended from size; counts, ports … unsigned */
	IR1_MEM,		/* seg:[base + index * scale + disp] */
	IR1_SREG, IR1_CR, IR1_DR,
	IR1_ST, IR1_MM, IR1_XMM,
	IR1_REL,		/* branch: imm = EIP to go to, masked to the operand size */
	IR1_FAR,		/* ptr16:16 / ptr16:32: imm = offset, disp = selector */
};

#define IR1_NOREG 0xff
#define IR1_RIP 0x10		/* base: RIP of the next instruction */

struct ir1_op {
	u8 kind;		/* enum ir1_kind */
	u8 size;		/* bytes: 1-16; memory forms without one (LEA, INVLPG, FXSAVE): 0 */
	u8 reg;
	bool high;
	u8 seg;			/* memory: enum sreg after override and default rules */
	u8 base, index, scale;	/* GPR number, IR1_RIP or IR1_NOREG; scale 1, 2, 4, 8 */
	s64 disp;		/* sign-extended from the encoding, not wrapped */
	s64 imm;
};

enum ir1_prefix {
	PFX_LOCK = 1,
	PFX_REP = 2, PFX_REPNE = 4,	/* the last one; not if part of an SSE opcode */
	PFX_SEG = 8, PFX_66 = 16, PFX_67 = 32,
};

struct ir1 {
	u16 op;			/* enum x86_op */
	u8 len;			/* bytes, 1-15 */
	u8 nops;
	u8 opsize;		/* effective operand size: 2, 4, 8; ROW_STRING: the element's */
	u8 addrsize;		/* effective address size in bytes: 2, 4; 64-bit code: 4, 8 */
	u8 cond;		/* enum x86_cond for JCC, SETCC, CMOVCC, FCMOVCC */
	u8 prefix;		/* enum ir1_prefix */
	u8 subop;		/* a number that insns.def documents for the row; otherwise 0 */
	u64 eip;		/* offset of its first byte in CS */
	/* explicit operands in Intel (SDM) order, destination first; from nops on without values */
	struct ir1_op ops[4];
	u8 bytes[15];			/* len of them */
};

/* Indexed by enum x86_op; [X86_INVALID] is { "INVALID", 0, FEAT_386 }. */
extern const struct x86_row x86_rows[X86_OP_COUNT];

/* What this form needs: the row's feature, SSE2 at least for XMM forms of MMX rows. */
enum x86_feature ir1_feature(const struct ir1 *i);

/* A string instruction with REP or REPNE. */
static inline bool ir1_repeats(const struct ir1 *i)
{
	return (x86_rows[i->op].flags & ROW_STRING) && (i->prefix & (PFX_REP | PFX_REPNE));
}

/*
 * The instruction in Intel syntax, for traces; NUL-terminated, cut at `size` bytes (size >= 1).
 * Returns buf.
 */
char *ir1_print(const struct ir1 *i, char *buf, size_t size);

#endif
