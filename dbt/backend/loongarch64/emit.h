/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one block's emission: where each value is, what each register
 * holds. Shared by the lowering files of this back end; nothing outside it.
 *
 * Values that come from a general register of the guest are simply there, in
 * its pinned host register, until a PUTREG changes it; then the ones that are
 * still wanted move to a temporary. Results whose next stop is a PUTREG are
 * computed in the pinned register itself where no fault can come between.
 */
#ifndef DBT_BACKEND_LOONGARCH64_EMIT_H
#define DBT_BACKEND_LOONGARCH64_EMIT_H

#include "dbt/backend/backend.h"
#include "dbt/backend/loongarch64/enc.h"
#include "dbt/backend/loongarch64/konst.h"
#include "dbt/backend/loongarch64/regs.h"
#include "dbt/backend/loongarch64/vregs.h"
#include "kernel/cpu.h"

enum place { AT_NOWHERE, AT_CONST, AT_GUEST, AT_TEMP, AT_SPILL };

#define SPILL_SLOTS 32
#define STUBS_MAX 192
#define XMMS 8
#define VLIVE_MAX 32
#define VMAPS_MAX 96

/* Code that is emitted after the block's body. */
enum stub_kind { STUB_EXIT, STUB_KICK_IF, STUB_KICK, STUB_RAISE, STUB_ENTRY_CF, STUB_STALE };

struct stub {
	u8 kind, cond;		/* cond: enum ir_cond of the branch that leads here */
	u8 ra, rb;		/* its registers */
	u32 *site;		/* the branch that leads here, to be given its offset */
	u32 *back;		/* STUB_KICK_IF, STUB_ENTRY_CF: where the body goes on */
	u32 eip;
	s64 k;			/* STUB_RAISE: the exception */
	u16 guest;
	u16 recipe, vmap;
};

struct emit {
	struct code c;
	struct ir *ir;
	struct backend_out *out;
	u32 link_base;
	unsigned i;			/* the IR instruction being lowered */
	u8 place[IR_MAX];		/* enum place */
	u8 home[IR_MAX];		/* guest register, host register or spill slot */
	u16 last_use[IR_MAX];		/* index of the last user; 0: none */
	u16 uses[IR_MAX];
	/* index of the PUTREG that takes the value first; 0: none */
	u16 put_at[IR_MAX];
	u16 need[IR_MAX];		/* SETF: last index where its operands may be asked for */
	bool folded[IR_MAX];		/* emitted as part of its one user */
	val guest_head[16];		/* values that live in guest register g, linked by next */
	val next[IR_MAX];
	val temp_val[32];		/* the value in each temporary; 0: free */
	u32 temps, locked;		/* registers of the pool; not to be evicted now */
	/* vregs.c: where XMM registers and live values are; registers that are spoken for */
	struct vplace xmm[XMMS], vplace[IR_MAX];
	val vlive[VLIVE_MAX];
	unsigned vlive_count;
	u32 vlocked;
	struct vplace vmap[VMAPS_MAX][XMMS];
	unsigned vmaps;
	val spill_val[SPILL_SLOTS];
	val setf;			/* the flags in force */
	/* the SETF that the pinned registers hold; 0: entry flags */
	val materialized;
	struct stub stub[STUBS_MAX];
	unsigned stubs;
	u32 *start;
	u32 *literals[BACKEND_CHECKS];	/* selfcheck.c: instructions that want their address */
	bool failed;			/* some table was full */
};

/* -- regalloc.c -- */

/* Last uses, hints and folds of the whole block. */
void ra_prepare(struct emit *e);
/* A host register that holds v; loaded or built if need be; locked until ra_done. */
int ra_use(struct emit *e, val v);
/* A register for the result of instruction i (its own pinned register if that is safe). */
int ra_def(struct emit *e, val v);
/* The result is already in host register r of value `same` (a move that costs nothing). */
int ra_scratch(struct emit *e);		/* a free temporary, locked until ra_done */
/* Unlock; free what is used for the last time at i. */
void ra_done(struct emit *e);
/* PUTREG: value v into guest register g. */
void ra_put(struct emit *e, unsigned g, val v);
/* GETREG: the value is in guest register g. */
void ra_get(struct emit *e, val v, unsigned g);
/* Before a call of C: everything in temporaries that outlives i goes to spill slots. */
void ra_spill_temps(struct emit *e);
/* Move v to exactly host register r (a temporary that is free, or an argument register). */
void ra_to_reg(struct emit *e, int r, val v);
/* Claim host temporary r for v (result of a call). */
void ra_claim(struct emit *e, val v, int r);
bool ra_const(const struct emit *e, val v, s64 *k);

/* May a result of instruction i go to its guest register before the PUT at index p? */
bool ra_early_put_is_safe(const struct emit *e, unsigned p);

/* -- vregs.c: V128 values; registers stay locked until ra_done -- */
void va_prepare(struct emit *e);
/* A register with all of v; with its low 32 or 64 bits, and anything above. */
int va_use(struct emit *e, val v);
int va_use_low(struct emit *e, val v, unsigned bits);
/* For one instruction that writes the result last: the register may be an operand's. */
int va_def(struct emit *e, val v);
/* A register that is none of the operands'. */
int va_def_new(struct emit *e, val v);
/* The register of a result that begins as a copy of value a, which may be another operand's. */
int va_def_copy(struct emit *e, val v, val a);
/* Are they known to be equal? */
bool va_same(const struct emit *e, val a, val b);
int va_scratch(struct emit *e);
/* Without code: v is lane 0 of register r with zeros above; a with lane 0 of b; lane 0 of a. */
void va_def_low(struct emit *e, val v, int r, unsigned bits);
void va_merge(struct emit *e, val v, val a, val b, unsigned bits);
void va_low(struct emit *e, val v, val a, unsigned bits);
void va_put(struct emit *e, unsigned g, val v);
void va_get(struct emit *e, val v, unsigned g);
void va_release(struct emit *e);
/* Before an exit: XMM registers to their pinned registers. At a fault site: where they are. */
void va_canonical(struct emit *e);
u16 va_map(struct emit *e);
void va_emit_maps(struct emit *e);

/* -- sites.c -- */
u16 site_recipe(struct emit *e);
void site_add(struct emit *e, unsigned intent, u16 recipe, u16 vmap);
void flags_materialize(struct emit *e, val setf);

/* -- lowering -- */
void lower_alu(struct emit *e, const struct ir_insn *in);
void lower_mem(struct emit *e, const struct ir_insn *in);
void lower_simd(struct emit *e, const struct ir_insn *in);
bool lower_fp(struct emit *e, const struct ir_insn *in);	/* false: no FP row */
void lower_control(struct emit *e, const struct ir_insn *in);
void lower_call(struct emit *e, const struct ir_insn *in);
void emit_stubs(struct emit *e);
/* The block's guest bytes have changed if r is not 0: leave it for good. */
void lower_stale_if(struct emit *e, int r);
/* selfcheck.c: at the block's entry, and what it needs behind the block's last word. */
void emit_self_check(struct emit *e);
void emit_self_check_literals(struct emit *e);

/* Offset of struct vcpu's field from R_STATE. */
static inline s64 state_offset(s64 field) { return CPU_VCPU_OFFSET + field; }
/* Load or store a state field by register and width (enum ir_mem). */
void state_load(struct emit *e, int r, s64 field, unsigned mem);
void state_store(struct emit *e, int r, s64 field, unsigned mem);
typedef void (*emit_r3)(struct code *c, int d, int j, int k);

/*
 * Entry points of glue.S. Those called by `bl` find the link's number in the word after the call.
 */
void glue_exit_link(void);	/* direct exit, not chained */
/* direct exit of another context: t0 = eip; jump cache, else exit */
void glue_jump_far(void);
void glue_jump_ind(void);	/* indirect: t0 = eip; kick, jump cache, else exit */
void glue_exit_kick(void);	/* t0 = eip: the run loop is wanted */
void glue_exit_stale(void);	/* called; t0 = eip: the calling block's guest bytes have changed */
void glue_sys(void);		/* t0 = eip, t1 = next eip, t2 = helper; arguments in vcpu.help */
void glue_call(void);		/* t0 = helper, t1 t2 t3 = arguments; result in t0 */
void glue_entry_cf(void);	/* vcpu.help[7] = carry of the pinned flags; changes ra only */

#endif
