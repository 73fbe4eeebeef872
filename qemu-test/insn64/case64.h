/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instruction cases of 64-bit code and their outcomes, as files hold them: written by gen64.c,
 * seq64.c and oracle64.c (on the real CPU), read by eval64.c and the guest image. Not the cases
 * themselves.
 * Invariant: everything is little-endian and lies at the same linear address in all three
 * executors, so that outcomes can be compared bit for bit.
 *
 * Linear memory of a case (CPL 3, paging on):
 *
 *	CODE64 + slot * n	slot of case n; all bytes that are not a case's code are INT3
 *	CODE32 + slot * n	the same in files of 32-bit code
 *	DATA64_HIGH		2 pages, read and write
 *	  + 2 pages		1 page, read only
 *	  + 3 pages, - 1 page	not present
 *	DATA64_LOW		the same memory again, for addresses of 32 bits
 *
 * Before each case the data pages hold insn64_pattern() and then the case's bytes.
 */
#ifndef INSN64_CASE64_H
#define INSN64_CASE64_H

#include "kernel/lib/types.h"

#define CASES64_MAGIC 0x36736e49u	/* "Ins6" */
#define RESULTS64_MAGIC 0x36526e49u	/* "InR6" */

#define CODE64 0x7e1200000000ull
#define CODE32 0x10000000ull
#define CODE64_SLOT 64u			/* of files of single instructions */
#define CODE64_MARGIN 0x1000u		/* INT3 before the first and after the last slot */
#define DATA64_HIGH 0x7e1240000000ull
#define DATA64_LOW 0x20000000ull
#define DATA64_RW 0x2000u		/* bytes that can be written */
#define DATA64_ALL 0x3000u
#define PAGE64 0x1000u
#define FS64 (DATA64_HIGH - 0x12340)	/* bases */
#define GS64 (DATA64_LOW - 0x6780)

#define MEM64_UNIT 32u
#define MEM64_UNITS (DATA64_RW / MEM64_UNIT)

#define FX64_SIZE 416u			/* FXSAVE image up to XMM15 */
#define FX64_UNITS (FX64_SIZE / 16)
#define FX64_NONE 0xffffu

enum { SEL64_CS32 = 0x23, SEL64_FLAT = 0x2b, SEL64_CS = 0x33 };	/* as Linux has them */

struct case64 {
	u64 gpr[16];
	u32 eflags;
	/* EFLAGS bits that the SDM leaves undefined, at the end and at another exception */
	u32 ignore, ignore_fault;
	u32 code;			/* its place in the file's code */
	u16 row;			/* enum x86_op; 0: a sequence */
	u16 fx;				/* index of its FXSAVE image, or FX64_NONE */
	u16 poke;			/* `bytes` go to the data pages, + poke */
	u16 ignore_gpr;			/* bit n: register n is not compared */
	u16 len;			/* of code */
	u16 start;			/* code's place in the slot */
	u8 poke_len;
	u8 known;			/* enum known64: 0, or why Loam may differ */
	u8 need;			/* enum x86_feature */
	u8 spare;
	u8 bytes[40];
};

/* Differences that are there; each is counted where it is met. */
enum known64 {
	KNOWN64_NONE,
	KNOWN64_REP_FLAGS,		/* flags after a fault within REP CMPS, SCAS */
};

struct cases64_head {
	u32 magic;
	u32 cases, fx;			/* counts; the tables follow in this order, then the code */
	u32 first;			/* number of the first case, whose slot is its number's */
	u32 code;			/* bytes of the code */
	u32 slot;			/* bytes of a slot */
	u32 mode;			/* 8: 64-bit code; 4: 32-bit code, in compatibility mode */
	u32 seed;			/* of sequences */
};

/* Outcome: the state at the first exception; the end of the code raises #BP as well. */
struct result64 {
	u64 gpr[16];
	u64 rip, cr2;			/* as the exception reports them; cr2 for #PF only */
	u64 fs_base, gs_base;
	u32 eflags, error;
	u32 blob;			/* where its bytes begin: memory units, then FX units */
	u32 fx_mask;			/* bit n: 16-byte unit n of the FXSAVE image changed */
	u64 mem[MEM64_UNITS / 64];	/* bit n: MEM64_UNIT bytes n of the data pages changed */
	u16 sel[6];			/* ES CS SS DS FS GS */
	u8 vector;
	u8 spare[3];
};

struct results64_head {
	u32 magic;
	u32 cases, blob_size, first;
	char cpu[48];			/* which CPU this was */
};					/* then the results, then the blob */

/* Its cpu, where no CPU could be asked (stand_in64.c). */
#define STAND_IN64 "the evaluator"

static inline u64 insn64_base(const struct cases64_head *h)
{
	return h->mode == 8 ? CODE64 : CODE32;
}

/* Of case n, counted from the first of all. */
static inline u64 insn64_slot(const struct cases64_head *h, u32 n)
{
	return insn64_base(h) + (u64)n * h->slot;
}

static inline bool insn64_changed(const struct result64 *r, u32 unit)
{
	return r->mem[unit / 64] >> (unit % 64) & 1;
}

/* What the data pages hold; it repeats after 256 bytes. */
static inline u8 insn64_pattern(u32 off) { return (u8)((off & 0xff) * 167 + 13); }

/* EFLAGS bits that are not compared where the case ended with `vector`. */
static inline u32 insn64_ignored(const struct case64 *c, unsigned vector)
{
	if (vector == 3)
		return c->ignore;
	return c->known == KNOWN64_REP_FLAGS ? 0x8d5 : c->ignore_fault;
}

/* Bits of EFLAGS that cases compare. */
#define EFLAGS64 0x040cd5u		/* AC OF DF SF ZF AF PF CF */

#endif
