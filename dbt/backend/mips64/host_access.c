/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host loads and stores taken apart: those that mem.c and guest_access.S emit. None of them is in
 * a delay slot.
 */
#include "dbt/backend/host_access.h"

#include "dbt/backend/host_fp.h"
#include "kernel/lib/bits.h"

#include <string.h>

/* By instruction bits 31..26; MSA's by its lowest six too. */
enum { PLAIN = 0, STORE = 1, SIGN = 2, VECTOR = 4 };
static const struct {
	u8 op, size, what;
} kinds[] = {
	{ 0x20, 1, SIGN }, { 0x21, 2, SIGN }, { 0x23, 4, SIGN },
	{ 0x24, 1, PLAIN }, { 0x25, 2, PLAIN }, { 0x27, 4, PLAIN }, { 0x37, 8, PLAIN },
	{ 0x28, 1, STORE }, { 0x29, 2, STORE }, { 0x2b, 4, STORE }, { 0x3f, 8, STORE },
	{ 0x30, 4, SIGN }, { 0x34, 8, PLAIN }, { 0x38, 4, STORE }, { 0x3c, 8, STORE },
	{ 0x31, 4, VECTOR }, { 0x35, 8, VECTOR }, { 0x39, 4, VECTOR | STORE },
	{ 0x3d, 8, VECTOR | STORE },
};

enum { OP_MSA = 0x1e, MSA_LD_B = 0x20, MSA_ST_B = 0x24 };

static bool decode_msa(const struct trap_frame *f, struct host_access *a)
{
	unsigned minor = f->insn & 63;

	if (minor != MSA_LD_B && minor != MSA_ST_B)
		return false;
	a->size = 16;
	a->vector = true;
	a->store = minor == MSA_ST_B;
	a->reg = f->insn >> 6 & 31;
	a->addr = hva(f->gpr[f->insn >> 11 & 31] + (u64)sign_extend(f->insn >> 16, 10));
	return true;
}

bool host_access_decode(const struct trap_frame *f, struct host_access *a)
{
	unsigned op = f->insn >> 26;

	*a = (struct host_access){ 0 };
	if (op == OP_MSA)
		return decode_msa(f, a);
	for (unsigned n = 0; n < ARRAY_LEN(kinds); n++) {
		if (kinds[n].op != op)
			continue;
		a->size = kinds[n].size;
		a->store = kinds[n].what & STORE;
		a->sign = kinds[n].what & SIGN;
		a->vector = kinds[n].what & VECTOR;
		a->reg = f->insn >> 16 & 31;
		a->addr = hva(f->gpr[f->insn >> 21 & 31] + (u64)sign_extend(f->insn, 16));
		return true;
	}
	return false;
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
