/* SPDX-License-Identifier: BSD-2-Clause */
/* Primitives that are more than a few encoder calls: branches, doors, vectors in parts, carry. */
#include "dbt/backend/mips64/prims.h"

#include "dbt/backend/glue.h"
#include "dbt/x86/cc.h"
#include "kernel/host_cpu.h"
#include "kernel/panic.h"

_Static_assert(CPU_VCPU_OFFSET + sizeof(struct vcpu) < 32768, "state is beyond a displacement");

/* -- Branches -- */

/* a < b or a >= b, signed: one of them may be the zero register. */
static u32 *branch_signed(struct code *c, bool less, int a, int b)
{
	if (b == R_ZERO)
		return less ? mi_bltz(c, a, 4) : mi_bgez(c, a, 4);
	if (a == R_ZERO)
		return less ? mi_bgtz(c, b, 4) : mi_blez(c, b, 4);
	mi_slt(c, R_AT, a, b);
	return less ? mi_bne(c, R_AT, R_ZERO, 4) : mi_beq(c, R_AT, R_ZERO, 4);
}

u32 *host_branch(struct emit *e, unsigned cond, int a, int b)
{
	struct code *c = &e->c;

	switch (cond) {
	case IC_EQ: return mi_beq(c, a, b, 4);
	case IC_NE: return mi_bne(c, a, b, 4);
	case IC_LT: return branch_signed(c, true, a, b);
	case IC_GE: return branch_signed(c, false, a, b);
	}
	mi_sltu(c, R_AT, a, b);
	return cond == IC_LTU ? mi_bne(c, R_AT, R_ZERO, 4) : mi_beq(c, R_AT, R_ZERO, 4);
}

/* -2^62 in its own register would cost 64-bit code one of its few temporaries. */
u32 *host_branch_form(struct emit *e, int r)
{
	struct code *c = &e->c;

	mi_li(c, R_AT, -(1ll << 62));
	mi_slt(c, R_AT, r, R_AT);
	return mi_bne(c, R_AT, R_ZERO, 4);
}

/* All branches that are patched have 16 bits of offset. */
static void patch(struct code *c, u32 *at)
{
	s64 off = (char *)code_here(c) - (char *)at;

	if (c->overflow)
		return;
	must(mi_ok_rel16(off));
	*at = (*at & ~0xffffu) | mi_at_rel16(off);
}

void host_patch(struct emit *e, u32 *at) { patch(&e->c, at); }

/* -- The clock -- */

/* As clock_ticks: Count has 32 bits, continued from what was seen last, which may be old. */
void host_ticks(struct emit *e, int d)
{
	s64 last = offsetof(struct cpu, host[CPU_HOST_TICKS]);

	mi_ld(&e->c, d, last, R_STATE);
	mi_mfc0(&e->c, R_AT, 9, 0);
	mi_dsubu(&e->c, R_AT, R_AT, d);
	mi_dext(&e->c, R_AT, R_AT, 0, 32);
	mi_daddu(&e->c, d, d, R_AT);
	mi_sd(&e->c, d, last, R_STATE);
}

/* -- Doors -- */

/* The door's address within 256 MiB; 0 if it lies in others, of which the slot's address tells. */
static s64 door_index(struct emit *e, void (*door)(void))
{
	uintptr_t to = (uintptr_t)door, from = (uintptr_t)e->c.p;

	if ((to ^ from) >> 28 || (to ^ (from + 4)) >> 28) {
		e->failed = true;
		return 0;
	}
	return (s64)(to & 0xfffffff);
}

void host_goto_door(struct emit *e, void (*door)(void)) { mi_j(&e->c, door_index(e, door)); }
void host_call_door(struct emit *e, void (*door)(void)) { mi_jal(&e->c, door_index(e, door)); }

/* -- Vectors in parts -- */

static void vassemble_zero(struct code *c, int d, struct vplace p)
{
	if (d != p.low)
		mi_move_v(c, d, p.low);
	if (p.kind == V_ZERO32)
		mi_insert_w(c, d, 1, R_ZERO);
	mi_insert_d(c, d, 1, R_ZERO);
}

/* Lane 0 is in d, the others come from p.high. */
static void vassemble_around(struct code *c, int d, struct vplace p)
{
	if (p.kind == V_OVER32) {
		mi_copy_s_w(c, R_AT, p.high, 1);
		mi_insert_w(c, d, 1, R_AT);
	}
	mi_copy_s_d(c, R_AT, p.high, 1);
	mi_insert_d(c, d, 1, R_AT);
}

void host_vassemble(struct emit *e, int d, struct vplace p)
{
	struct code *c = &e->c;

	if (p.kind == V_ZERO32 || p.kind == V_ZERO64) {
		vassemble_zero(c, d, p);
		return;
	}
	if (p.kind != V_WHOLE && d == p.low) {
		vassemble_around(c, d, p);
		return;
	}
	if (d != p.high)
		mi_move_v(c, d, p.high);
	if (p.kind == V_OVER32)
		mi_insve_w(c, d, 0, p.low);
	else if (p.kind == V_OVER64)
		mi_insve_d(c, d, 0, p.low);
}

/* -- Carry at the entry -- */

u32 *host_entry_cf(struct emit *e, int d)
{
	struct code *c = &e->c;
	u32 *at;

	mi_andi(c, R_AT, R_CCOP, CC_OP_BELOW);
	mi_addiu(c, R_AT, R_AT, -(s64)CC_OP(CC_CMP, 2));
	at = mi_bne(c, R_AT, R_ZERO, 4);
	mi_sll(c, d, R_CCA, 0);
	mi_sll(c, R_AT, R_CCB, 0);
	mi_sltu(c, d, d, R_AT);
	code_here(c);			/* the slow way comes back to here */
	return at;
}

/* After SUB of 32 bits at once. */
void host_entry_cf_slow(struct emit *e, int d)
{
	struct code *c = &e->c;
	u32 *not_sub, *end;

	mi_andi(c, R_AT, R_CCOP, CC_OP_BELOW);
	mi_addiu(c, R_AT, R_AT, -(s64)CC_OP(CC_SUB, 2));
	not_sub = mi_bne(c, R_AT, R_ZERO, 4);
	mi_addu(c, d, R_CCA, R_CCB);
	mi_sll(c, R_AT, R_CCB, 0);
	mi_sltu(c, d, d, R_AT);
	end = mi_b(c, 4);
	patch(c, not_sub);
	host_call_door(e, glue_entry_cf);
	host_state_load(e, d, offsetof(struct vcpu, help[7]), M_64);
	patch(c, end);
}
