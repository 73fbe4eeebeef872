/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives that are more than a few encoder calls: branches, doors, vectors in parts, carry. */
#include "dbt/backend/loongarch64/prims.h"

#include "dbt/backend/glue.h"
#include "dbt/x86/cc.h"
#include "kernel/panic.h"

/* -- Branches -- */

u32 *host_branch(struct emit *e, unsigned cond, int a, int b)
{
	struct code *c = &e->c;
	u32 *at = c->p;

	if (b == R_ZERO && (cond == IC_EQ || cond == IC_NE)) {	/* they reach further */
		cond == IC_EQ ? la_beqz(c, a, 0) : la_bnez(c, a, 0);
		return at;
	}
	switch (cond) {
	case IC_EQ: la_beq(c, a, b, 0); break;
	case IC_NE: la_bne(c, a, b, 0); break;
	case IC_LT: la_blt(c, a, b, 0); break;
	case IC_GE: la_bge(c, a, b, 0); break;
	case IC_LTU: la_bltu(c, a, b, 0); break;
	default: la_bgeu(c, a, b, 0); break;
	}
	return at;
}

void host_patch(struct emit *e, u32 *at)
{
	s64 off = (char *)e->c.p - (char *)at;
	u32 word;

	if (e->c.overflow)
		return;
	word = *at;
	switch (word >> 26) {
	case 0x10: case 0x11:		/* beqz, bnez */
		*at = (word & ~la_at_off21(-4)) | la_at_off21(off);
		break;
	case 0x14:			/* b */
		*at = (word & ~la_at_off26(-4)) | la_at_off26(off);
		break;
	default:
		must(word >> 26 >= 0x16 && word >> 26 <= 0x1b);
		if (!la_ok_off16(off)) {
			e->failed = true;
			return;
		}
		*at = (word & ~la_at_off16(-4)) | la_at_off16(off);
	}
}

/* -- Doors -- */

/* Bytes to the door, 0 if it is out of reach. */
static s64 reach(struct emit *e, void (*door)(void))
{
	s64 off = (s64)((uintptr_t)door - (uintptr_t)e->c.p);

	if (la_ok_off26(off))
		return off;
	e->failed = true;
	return 0;
}

void host_goto_door(struct emit *e, void (*door)(void)) { la_b(&e->c, reach(e, door)); }
void host_call_door(struct emit *e, void (*door)(void)) { la_bl(&e->c, reach(e, door)); }

/* -- Vectors in parts -- */

/* Lane 0 of s into d, 32 or 64 bits. */
static void insert(struct emit *e, int d, int s, bool is32)
{
	is32 ? la_vextrins_w(&e->c, d, s, 0) : la_vextrins_d(&e->c, d, s, 0);
}

/* Lane 0 of 32 bits in p.low, zeros above. */
static void zero_above(struct emit *e, int d, struct vplace p)
{
	if (d == p.low) {		/* byte lanes up, then down: zeros come in */
		la_vbsll_v(&e->c, d, d, 12);
		la_vbsrl_v(&e->c, d, d, 12);
	} else {
		la_vldi(&e->c, d, 0);
		insert(e, d, p.low, true);
	}
}

void host_vassemble(struct emit *e, int d, struct vplace p)
{
	bool is32 = p.kind == V_ZERO32 || p.kind == V_OVER32;

	switch (p.kind) {
	case V_WHOLE:
		if (d != p.high)
			host_vmove(e, d, p.high);
		return;
	case V_ZERO64:
		la_vextl_qu_du(&e->c, d, p.low);
		return;
	case V_ZERO32:
		zero_above(e, d, p);
		return;
	}
	if (d == p.low && !is32) {
		la_vextrins_d(&e->c, d, p.high, 0x11);
		return;
	}
	if (d == p.low) {		/* 32 bits over: the other three lanes */
		la_vextrins_w(&e->c, d, p.high, 0x11);
		la_vextrins_d(&e->c, d, p.high, 0x11);
		return;
	}
	if (d != p.high)
		host_vmove(e, d, p.high);
	insert(e, d, p.low, is32);
}

/* -- Carry at the entry -- */

u32 *host_entry_cf(struct emit *e, int d)
{
	struct code *c = &e->c;
	u32 *at;

	la_andi(c, R_RA, R_CCOP, CC_OP_BELOW);
	la_addi_w(c, R_RA, R_RA, -(s64)CC_OP(CC_CMP, 2));
	at = c->p;
	la_bnez(c, R_RA, 0);
	la_slli_w(c, d, R_CCA, 0);
	la_slli_w(c, R_RA, R_CCB, 0);
	la_sltu(c, d, d, R_RA);
	return at;
}

/* After SUB of 32 bits at once. */
void host_entry_cf_slow(struct emit *e, int d)
{
	struct code *c = &e->c;

	la_andi(c, R_RA, R_CCOP, CC_OP_BELOW);
	la_addi_w(c, R_RA, R_RA, -(s64)CC_OP(CC_SUB, 2));
	la_bnez(c, R_RA, 20);
	la_add_w(c, d, R_CCA, R_CCB);
	la_slli_w(c, R_RA, R_CCB, 0);
	la_sltu(c, d, d, R_RA);
	la_b(c, 12);
	host_call_door(e, glue_entry_cf);
	host_state_load(e, d, offsetof(struct vcpu, help[7]), M_64);
}
