/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The primitives of dbt/backend/prims.def on MIPS64: here those that are a few encoder calls,
 * the others in prims.c, exits.c, mem.c, check.c, alu.c and simd.c.
 */
#ifndef DBT_BACKEND_MIPS64_PRIMS_H
#define DBT_BACKEND_MIPS64_PRIMS_H

#include "dbt/backend/mips64/enc.h"
#include "dbt/backend/mips64/konst.h"
#include "dbt/backend/mips64/limits.h"
#include "dbt/backend/mips64/regs.h"
#include "dbt/backend/prims.h"
#include "dbt/x86/cc.h"
#include "kernel/cpu.h"

#include <stddef.h>

/* Offset of struct vcpu's field from R_STATE. */
static inline s64 state_offset(s64 field) { return CPU_VCPU_OFFSET + field; }

static inline void host_move(struct emit *e, int d, int s) { mi_or(&e->c, d, s, R_ZERO); }
static inline void host_add(struct emit *e, int d, int s, s64 k) { mi_addiu(&e->c, d, s, k); }
static inline void host_const(struct emit *e, int d, s64 v) { mi_li(&e->c, d, v); }

static inline void host_spill(struct emit *e, int r, unsigned slot)
{
	mi_sd(&e->c, r, state_offset(offsetof(struct vcpu, spill[slot])), R_STATE);
}

static inline void host_fill(struct emit *e, int r, unsigned slot)
{
	mi_ld(&e->c, r, state_offset(offsetof(struct vcpu, spill[slot])), R_STATE);
}

/*
 * Guest addresses lie in xuseg: sign-extended ones of 2 GiB and more would be kseg0 and kseg1,
 * which is physical memory. A displacement may lead out of the 4 GiB on either side, to pages that
 * are mapped as those at the other end.
 */
static inline s64 host_guest_const(u32 addr) { return addr; }

static inline int host_guest_base(struct emit *e, int r, s64 k)
{
	if (k)
		mi_addiu(&e->c, R_AT, r, k);
	mi_dext(&e->c, R_AT, k ? R_AT : r, 0, 32);
	return R_AT;
}

/* Displacements are cut to 32 bits with their base: beyond 2 KiB they stay in sums. */
static inline bool host_disp_split(unsigned mem, bool vector, s64 k, s64 *high)
{
	(void)mem;
	*high = 0;
	return !vector && k >= -2048 && k < 2048;
}

static inline void host_add_high(struct emit *e, int d, int s, s64 k)
{
	mi_addiu(&e->c, d, s, k);	/* never asked for */
}

static inline void host_vmove(struct emit *e, int d, int s) { mi_move_v(&e->c, d, s); }

static inline u32 *host_branch_nonzero(struct emit *e, int r)
{
	return mi_bne(&e->c, r, R_ZERO, 4);
}

static inline u32 *host_jump(struct emit *e) { return mi_b(&e->c, 4); }

static inline void host_jump_to(struct emit *e, const u32 *to)
{
	mi_b(&e->c, (const char *)to - (const char *)e->c.p);
}

static inline void host_cc_word(struct emit *e, int s, unsigned k)
{
	mi_ori(&e->c, R_CCOP, s, k);
}

static inline void host_cc_over(struct emit *e, unsigned k)
{
	mi_ins(&e->c, R_CCOP, R_ZERO, 8, 4);
	mi_ori(&e->c, R_CCOP, R_CCOP, k);
}

static inline void host_cc_carry(struct emit *e, int r, bool set)
{
	mi_ins(&e->c, R_CCOP, r, CC_CARRIED_CF, 1);
	if (set)
		mi_ori(&e->c, R_CCOP, R_CCOP, CC_CARRIED);
}

static inline void host_trap(struct emit *e) { mi_break(&e->c, 0); }

host_ticks_fn host_ticks;
host_state_load_fn host_state_load;
host_state_store_fn host_state_store;
host_state_vload_fn host_state_vload;
host_state_vstore_fn host_state_vstore;
host_load_indexed_fn host_load_indexed;
host_store_indexed_fn host_store_indexed;
host_load_fn host_load;
host_store_fn host_store;
host_vload_fn host_vload;
host_order_fn host_order;
host_order_fetches_fn host_order_fetches;
host_word_fn host_word;
host_amo_fn host_amo;
host_cas_fn host_cas;
host_vstore_fn host_vstore;
host_vassemble_fn host_vassemble;
host_branch_fn host_branch;
host_branch_form_fn host_branch_form;
host_patch_fn host_patch;
host_goto_door_fn host_goto_door;
host_call_door_fn host_call_door;
host_page_add_fn host_page_add;
host_anchor_fn host_anchor;
host_entry_fn host_entry;
host_exit_near_fn host_exit_near;
host_exit_far_fn host_exit_far;
host_probe_fn host_probe;
host_probe_tagged_fn host_probe_tagged;
host_probe_shut_fn host_probe_shut;
host_exit_open_fn host_exit_open;
host_set_word_fn host_set_word;
host_jump_word_fn host_jump_word;
host_branch_word_fn host_branch_word;
host_mark_word_fn host_mark_word;
host_probe_word_fn host_probe_word;
host_exit_word_fn host_exit_word;
host_entry_cf_fn host_entry_cf;
host_entry_cf_slow_fn host_entry_cf_slow;
host_check_begin_fn host_check_begin;
host_check_open_fn host_check_open;
host_check_word_fn host_check_word;
host_check_result_fn host_check_result;
host_check_literals_fn host_check_literals;
host_find_folds_fn host_find_folds;
host_lower_alu_fn host_lower_alu;
host_lower_vec_fn host_lower_vec;

#endif
