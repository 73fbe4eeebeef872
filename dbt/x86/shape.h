/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoded instructions by their shape: prefixes, opcode, ModR/M and SIB decide everything but the
 * values of displacements and immediates, so Capstone is asked once for a shape (decode.c) and
 * values are read from the bytes each time. Not here: what an instruction is.
 * Law: a shape is made from its key alone, so the one in the table is what would be made again.
 */
#ifndef DBT_X86_SHAPE_H
#define DBT_X86_SHAPE_H

#include "dbt/x86/scan.h"

/* Where an instruction's immediates come from. */
enum shape_imm {
	SHAPE_UNSIGNED,		/* the encoded one, as it is */
	SHAPE_SIGNED,		/* sign-extended */
	SHAPE_ONE,		/* 1: the shifts that have none */
	SHAPE_ENTER,		/* imm16, imm8 */
	SHAPE_COMPARE,		/* CMPPS …: the predicate is subop, too */
};

/* The part of struct ir1_op that is no value. */
struct shape_op { u8 kind, size, reg, high, seg, base, index, scale; };

struct shape {
	u64 key;		/* shape_key(); 0: none */
	u16 op;
	u8 nops, opsize, cond, prefix, subop;	/* as in struct ir1 */
	u8 imm;			/* enum shape_imm */
	struct shape_op ops[4];
};

/* A Linux boot has 6,850 shapes, of 64 bits three times as many. */
#define SHAPE_SLOTS 32768

/* Different for shapes that differ in anything; never 0 after a scan that found all bytes. */
static inline u64 shape_key(const struct scan *s)
{
	u64 key;

	_Static_assert(offsetof(struct scan, addrsize) == 7, "the shape comes first");
	__builtin_memcpy(&key, s, sizeof(key));
	return key;
}

/* Where in the table of SHAPE_SLOTS a shape would be, or else in the slot beside it (slot ^ 1). */
static inline unsigned shape_slot(u64 key)
{
	return (unsigned)(key * 0x9e3779b97f4a7c15ull >> 49);
}

/*
 * The instruction of shape h with the values that bytes[0 .. avail) have; s is their scan. Operands
 * from nops on get no values.
 */
void shape_fill(struct ir1 *i, const struct shape *h, const struct scan *s, const u8 *bytes,
		unsigned avail, u64 eip);

#endif
