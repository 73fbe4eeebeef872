/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of translated code read back (Reference Manual vol. 1, 2.2): what checks of emitted code
 * ask. Only what the back end emits is known; anything else computes, for all that is asked here.
 */
#include "dbt/backend/loongarch64/prims.h"

#include "kernel/lib/bits.h"

/* Bits 31..26. Of LOADS_STORES bits 25..22 4-7, 13 and 15 are stores: ST, FST. */
enum {
	LDPTR_STPTR = 0x09, LL_SC = 0x08, LOADS_STORES = 0x0a, VECTOR_LOADS_STORES = 0x0b,
	INDEXED_AMO_BARRIER = 0x0e, BEQZ = 0x10, BNEZ = 0x11, BCZ = 0x12, JIRL = 0x13, B = 0x14,
	BL = 0x15, BEQ = 0x16, BGEU = 0x1b,
};

static const u32 *near16(const u32 *at) { return at + sign_extend(*at >> 10, 16); }

static const u32 *near21(const u32 *at)
{
	return at + sign_extend((u64)(*at & 31) << 16 | (*at >> 10 & 0xffff), 21);
}

static const u32 *near26(const u32 *at)
{
	return at + sign_extend((u64)(*at & 0x3ff) << 16 | (*at >> 10 & 0xffff), 26);
}

/* The hint of a DBAR, as host_order has it. */
static void barrier(u32 hint, struct host_word *w)
{
	w->kind = WORD_ORDER;
	w->before = (hint & 8 ? 0 : ORDER_LOADS) | (hint & 4 ? 0 : ORDER_STORES);
	w->behind = (hint & 2 ? 0 : ORDER_LOADS) | (hint & 1 ? 0 : ORDER_STORES);
}

/* 0x38000000 … : LDX.B to LDX.WU, AMSWAP.W to AMMIN_DB.DU, DBAR. */
static void indexed(u32 insn, struct host_word *w)
{
	unsigned n = insn >> 15 & 0x7ff;

	if (n == 0xe4) {
		barrier(insn & 0x7fff, w);
	} else if (n >= 0xc0 && n < 0xe4) {
		w->kind = WORD_AMO;
		w->before = w->behind = n >= 0xd2 ? ORDER_ALL : 0;
	} else if (n <= 0x50 && !(n & 7)) {	/* LD.B H W D, ST.B H W D, LD.BU HU WU */
		w->kind = n >> 3 >= 4 && n >> 3 < 8 ? WORD_STORE : WORD_LOAD;
	}
}

void host_word(const u32 *at, struct host_word *w)
{
	u32 insn = *at;
	unsigned op = insn >> 26, minor = insn >> 22 & 15;

	*w = (struct host_word){ .kind = WORD_OTHER };
	switch (op) {
	case LL_SC: w->kind = minor >> 2 & 1 ? WORD_CONDITIONAL : WORD_LINKED; return;
	case LDPTR_STPTR: w->kind = minor >> 2 & 1 ? WORD_STORE : WORD_LOAD; return;
	case LOADS_STORES: w->kind = 0xa0f0 >> minor & 1 ? WORD_STORE : WORD_LOAD; return;
	case VECTOR_LOADS_STORES: w->kind = minor & 1 ? WORD_STORE : WORD_LOAD; return;
	case INDEXED_AMO_BARRIER: indexed(insn, w); return;
	case JIRL: w->kind = WORD_LEAVE; return;
	case B: w->kind = WORD_JUMP; w->to = near26(at); return;
	case BL: w->kind = WORD_CALL; w->to = near26(at); return;
	case BEQZ: case BNEZ: case BCZ: w->kind = WORD_BRANCH; w->to = near21(at); return;
	}
	if (op >= BEQ && op <= BGEU) {
		w->kind = WORD_BRANCH;
		w->to = near16(at);
	} else if (insn >> 15 == 0x54) {	/* BREAK */
		w->kind = WORD_TRAP;
	}
}
