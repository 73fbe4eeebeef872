/* SPDX-License-Identifier: BSD-2-Clause */
/* Host loads and stores taken apart (LoongArch Reference Manual vol. 1, 2.2.5, 3.2.6). */
#include "dbt/backend/host_access.h"

#include "dbt/backend/host_fp.h"
#include "kernel/lib/bits.h"

#include <string.h>

/* By instruction bits 31..22. */
enum {
	OP_LD_B = 0xa0, OP_LD_H, OP_LD_W, OP_LD_D, OP_ST_B, OP_ST_H, OP_ST_W, OP_ST_D,
	OP_LD_BU, OP_LD_HU, OP_LD_WU, OP_FLD_S = 0xac, OP_FST_S, OP_FLD_D, OP_FST_D,
	OP_VLD = 0xb0, OP_VST = 0xb1,
};
/* By instruction bits 31..24: LDPTR.W, STPTR.W, LDPTR.D, STPTR.D. */
#define OP_PTR 0x24
#define OP_LL 0x20		/* LL.W, SC.W, LL.D, SC.D */
#define OP_LDX_B 0x38000000u
#define OP_AM 0xe1		/* by bits 31..22: atomic accesses at rj, stores for who asks */

/* By instruction bits 31..15: an access at rj + rk, as the one by bits 31..22 at rj + si12. */
static unsigned indexed(unsigned insn)
{
	static const u8 plain[] = {
		OP_LD_B, OP_LD_H, OP_LD_W, OP_LD_D, OP_ST_B, OP_ST_H, OP_ST_W, OP_ST_D,
		OP_LD_BU, OP_LD_HU, OP_LD_WU,
	};
	unsigned n = (insn - OP_LDX_B) >> 18;

	if (insn < OP_LDX_B || (insn >> 15 & 7) || n >= sizeof(plain))
		return 0;
	return plain[n];
}

/* The same of an access at rj + si14 * 4: those by OP_PTR and OP_LL. */
static unsigned word_scaled(unsigned insn)
{
	static const u8 plain[] = { OP_LD_W, OP_ST_W, OP_LD_D, OP_ST_D };

	return plain[insn >> 24 & 3];
}

#define LOAD(n) { .size = n, .sign = true }
#define LOAD_U(n) { .size = n }
#define STORE(n) { .size = n, .store = true }
#define V_LOAD(n) { .size = n, .vector = true }
#define V_STORE(n) { .size = n, .vector = true, .store = true }

static const struct host_access kinds[] = {
	[OP_LD_B - OP_LD_B] = LOAD(1), [OP_LD_H - OP_LD_B] = LOAD(2),
	[OP_LD_W - OP_LD_B] = LOAD(4), [OP_LD_D - OP_LD_B] = LOAD(8),
	[OP_ST_B - OP_LD_B] = STORE(1), [OP_ST_H - OP_LD_B] = STORE(2),
	[OP_ST_W - OP_LD_B] = STORE(4), [OP_ST_D - OP_LD_B] = STORE(8),
	[OP_LD_BU - OP_LD_B] = LOAD_U(1), [OP_LD_HU - OP_LD_B] = LOAD_U(2),
	[OP_LD_WU - OP_LD_B] = LOAD_U(4),
	[OP_FLD_S - OP_LD_B] = V_LOAD(4), [OP_FST_S - OP_LD_B] = V_STORE(4),
	[OP_FLD_D - OP_LD_B] = V_LOAD(8), [OP_FST_D - OP_LD_B] = V_STORE(8),
	[OP_VLD - OP_LD_B] = V_LOAD(16), [OP_VST - OP_LD_B] = V_STORE(16),
};

static inline bool decode_as(unsigned op, u64 addr, unsigned reg, struct host_access *a)
{
	unsigned n = op - OP_LD_B;

	if (n >= ARRAY_LEN(kinds) || !kinds[n].size)
		return false;
	*a = kinds[n];
	a->addr = hva(addr);
	a->reg = (u8)reg;
	return true;
}

bool host_access_decode(const struct trap_frame *f, struct host_access *a)
{
	u64 base = f->gpr[f->insn >> 5 & 31];
	unsigned reg = f->insn & 31;

	if (decode_as(f->insn >> 22, base + (u64)sign_extend(f->insn >> 10, 12), reg, a))
		return true;
	if (f->insn >> 22 == OP_AM)	/* bit 15: of 64 bits */
		return decode_as(f->insn >> 15 & 1 ? OP_ST_D : OP_ST_W, base, reg, a);
	if (f->insn >> 26 == OP_PTR >> 2 || f->insn >> 26 == OP_LL >> 2)
		return decode_as(word_scaled(f->insn),
				 base + (u64)sign_extend((u64)f->insn >> 10 << 2, 16), reg, a);
	return decode_as(indexed(f->insn), base + f->gpr[f->insn >> 10 & 31], reg, a);
}

void host_access_value(const struct trap_frame *f, const struct host_access *a, u8 bytes[16])
{
	if (a->vector)
		host_vector_get(a->reg, bytes);
	else
		memcpy(bytes, &f->gpr[a->reg], 8);
}

void host_access_result(struct trap_frame *f, const struct host_access *a, const u8 bytes[16])
{
	u64 v = 0;

	if (a->vector) {
		host_vector_set(a->reg, bytes);
		return;
	}
	memcpy(&v, bytes, a->size);
	if (a->sign)
		v = (u64)sign_extend(v, a->size * 8);
	if (a->reg)
		f->gpr[a->reg] = v;
}
