/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The primitives of dbt/backend/prims.def on LoongArch64: here those that are a few encoder calls,
 * the others in prims.c, exits.c, mem.c, selfcheck.c, alu.c and simd.c.
 */
#ifndef DBT_BACKEND_LOONGARCH64_PRIMS_H
#define DBT_BACKEND_LOONGARCH64_PRIMS_H

#include "dbt/backend/loongarch64/enc.h"
#include "dbt/backend/loongarch64/konst.h"
#include "dbt/backend/loongarch64/limits.h"
#include "dbt/backend/loongarch64/regs.h"
#include "dbt/backend/prims.h"
#include "dbt/x86/cc.h"
#include "kernel/cpu.h"

#include <stddef.h>

/* Offset of struct vcpu's field from R_STATE. */
static inline s64 state_offset(s64 field) { return CPU_VCPU_OFFSET + field; }

static inline void host_move(struct emit *e, int d, int s) { la_or(&e->c, d, s, R_ZERO); }
static inline void host_ticks(struct emit *e, int d) { la_rdtime_d(&e->c, d, R_ZERO); }
static inline void host_add(struct emit *e, int d, int s, s64 k)
{
	e->wide ? la_addi_d(&e->c, d, s, k) : la_addi_w(&e->c, d, s, k);
}

static inline void host_const(struct emit *e, int d, s64 v) { la_li(&e->c, d, v); }

static inline void host_spill(struct emit *e, int r, unsigned slot)
{
	la_st_d(&e->c, r, R_STATE, state_offset(offsetof(struct vcpu, spill[slot])));
}

static inline void host_fill(struct emit *e, int r, unsigned slot)
{
	la_ld_d(&e->c, r, R_STATE, state_offset(offsetof(struct vcpu, spill[slot])));
}

/* The host walks two levels only: bits above 31 take no part, and sums may carry into them. */
static inline s64 host_guest_const(u32 addr) { return (s32)addr; }

static inline int host_guest_base(struct emit *e, int r, s64 k)
{
	must(!k && e);
	return r;
}

static inline void host_add_high(struct emit *e, int d, int s, s64 k)
{
	la_addu16i_d(&e->c, d, s, k >> 16);
}

static inline void host_vmove(struct emit *e, int d, int s) { la_vori_b(&e->c, d, s, 0); }

static inline u32 *host_branch_nonzero(struct emit *e, int r)
{
	u32 *at = e->c.p;

	la_bnez(&e->c, r, 0);
	return at;
}

static inline u32 *host_jump(struct emit *e)
{
	u32 *at = e->c.p;

	la_b(&e->c, 0);
	return at;
}

static inline u32 *host_branch_form(struct emit *e, int r)
{
	u32 *at = e->c.p;

	la_blt(&e->c, r, R_LIMIT, 0);
	return at;
}

static inline void host_jump_to(struct emit *e, const u32 *to)
{
	la_b(&e->c, (const char *)to - (const char *)e->c.p);
}

static inline void host_cc_word(struct emit *e, int s, unsigned k)
{
	la_ori(&e->c, R_CCOP, s, k);
}

static inline void host_cc_over(struct emit *e, unsigned k)
{
	la_bstrins_w(&e->c, R_CCOP, R_ZERO, 11, 8);
	la_ori(&e->c, R_CCOP, R_CCOP, k);
}

static inline void host_cc_carry(struct emit *e, int r, bool set)
{
	la_bstrins_w(&e->c, R_CCOP, r, CC_CARRIED_CF, CC_CARRIED_CF);
	if (set)
		la_ori(&e->c, R_CCOP, R_CCOP, CC_CARRIED);
}

static inline void host_trap(struct emit *e) { la_break(&e->c, 0); }

host_state_load_fn host_state_load;
host_state_store_fn host_state_store;
host_state_vload_fn host_state_vload;
host_state_vstore_fn host_state_vstore;
host_load_indexed_fn host_load_indexed;
host_store_indexed_fn host_store_indexed;
host_disp_split_fn host_disp_split;
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
