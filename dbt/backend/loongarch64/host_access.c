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
#define OP_LDX_B 0x38000000u

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

/* The same of an access at rj + si14 * 4. */
static unsigned word_scaled(unsigned insn)
{
	static const u8 plain[] = { OP_LD_W, OP_ST_W, OP_LD_D, OP_ST_D };

	return plain[(insn >> 24) - OP_PTR];
}

static bool kind_of(unsigned op, struct host_access *a)
{
	switch (op) {
	case OP_LD_B: case OP_LD_H: case OP_LD_W: case OP_LD_D:
		a->size = 1 << (op - OP_LD_B);
		a->sign = true;
		return true;
	case OP_ST_B: case OP_ST_H: case OP_ST_W: case OP_ST_D:
		a->size = 1 << (op - OP_ST_B);
		a->store = true;
		return true;
	case OP_LD_BU: case OP_LD_HU: case OP_LD_WU:
		a->size = 1 << (op - OP_LD_BU);
		return true;
	case OP_FLD_S: case OP_FST_S: case OP_FLD_D: case OP_FST_D:
		a->size = op < OP_FLD_D ? 4 : 8;
		a->vector = true;
		a->store = op == OP_FST_S || op == OP_FST_D;
		return true;
	case OP_VLD: case OP_VST:
		a->size = 16;
		a->vector = true;
		a->store = op == OP_VST;
		return true;
	}
	return false;
}

bool host_access_decode(const struct trap_frame *f, struct host_access *a)
{
	*a = (struct host_access){ 0 };
	a->reg = f->insn & 31;
	if (kind_of(indexed(f->insn), a)) {
		a->addr = hva(f->gpr[f->insn >> 5 & 31] + f->gpr[f->insn >> 10 & 31]);
		return true;
	}
	if (f->insn >> 26 == OP_PTR >> 2) {
		kind_of(word_scaled(f->insn), a);
		a->addr = hva(f->gpr[f->insn >> 5 & 31] +
			      (u64)sign_extend((u64)f->insn >> 10 << 2, 16));
		return true;
	}
	if (!kind_of(f->insn >> 22, a))
		return false;
	a->addr = hva(f->gpr[f->insn >> 5 & 31] + (u64)sign_extend(f->insn >> 10, 12));
	return true;
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
