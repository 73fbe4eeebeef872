/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From IR to host code: what the neutral half offers to its own files and to the host's lowering
 * of operations. Not here: the registers (regalloc.h, vregs.h), the host's half (host.h).
 */
#ifndef DBT_BACKEND_LOWER_H
#define DBT_BACKEND_LOWER_H

#include "dbt/backend/emit.h"

/* -- sites.c -- */

/* How the flags in force are found at the instruction being lowered: a recipe's number. */
u16 site_recipe(struct emit *e);
/* The next word may fault, with this enum ir_intent; vmap as va_map gave it. */
void site_add(struct emit *e, unsigned intent, u16 recipe, u16 vmap);
/* The same for a trap that raises the stub's exception. */
void site_add_raise(struct emit *e, const struct stub *s);
/* A PUTREG that only faults see: those from here on know what the register lacks. */
void site_late(struct emit *e, const struct ir_insn *put);
/* Before an exit: the flags of SETF go to their pinned registers. */
void flags_materialize(struct emit *e, val setf);
/* The same for an exit at the side: first where they are, at its branch, then in its stub. */
struct flags_at flags_now(struct emit *e, val setf);
void flags_put(struct emit *e, const struct flags_at *f);
/* Are the words of flags_put in a row, without a branch? Is host register r in them? */
bool flags_straight(const struct flags_at *f);
bool flags_use(const struct flags_at *f, int r);
/* May they be put twice, and later, when the registers of `changed` (a mask) are others? */
bool flags_outlive(const struct flags_at *f, u32 changed);

/* Flags are in force: what a recipe has no room for is kept in registers. */
void lower_setf(struct emit *e, const struct ir_insn *in);

/* -- head.c -- */
struct block_head head_find(const struct ir *ir);

/* -- forms.c -- */
/* Before all else: which checks are made in front of the block (out->need), and what exits know. */
void forms_find(struct emit *e);
/* Registers that are safe at the exit that is lowered now; asked once for each. */
u16 forms_safe(struct emit *e);
/* How many checks of `need`, upwards, an exit passes over that knows of `safe`. */
unsigned forms_passed(u16 need, u16 safe);
/* -- entry.c -- */
/* The block's entries (block.h); sets e->start behind them. */
void emit_entry(struct emit *e);
/* The checks in front of the block but RSP's. */
void lower_forms(struct emit *e);
/* The words of the block's entry: R_PAGE from R_ARG(0). */
void entry_page(struct emit *e);

/* -- halves.c: before uses_find -- */
void halves_find(struct emit *e);

/* -- disp.c -- */

/* Only accesses are at the ADD i. */
void disp_note(struct emit *e, unsigned i);
/* After uses_find: makes sums with constants parts of the accesses at them. */
void disp_find(struct emit *e);

/* The door `name` for the block's kind of code. */
#define DOOR_FOR(e, name) ((e)->wide ? glue64_##name : glue_##name)

/* -- mem.c, control.c -- */
void lower_mem(struct emit *e, const struct ir_insn *in);
void lower_control(struct emit *e, const struct ir_insn *in);
void lower_eip(struct emit *e, const struct ir_insn *in);
/* A stub that traps: exception or SITE_… k, with the flags and registers as they are now. */
struct stub *raise_stub(struct emit *e, s64 k);
void lower_call(struct emit *e, const struct ir_insn *in);
/* The block's guest bytes have changed if r is not 0: leave it for good. */
void lower_stale_if(struct emit *e, int r);
void emit_stubs(struct emit *e);

/*
 * -- order.c: barriers of ordered blocks, nothing in others. Asked for before each access of the
 * guest, each way out, raises among them, and each call. --
 */
void order_begin(struct emit *e);
/* intent: enum ir_intent. */
void order_load(struct emit *e, unsigned intent);
void order_store(struct emit *e, unsigned intent);
/* Who comes next knows nothing of what was accessed here: another block, a helper. */
void order_leave(struct emit *e);
/* A leaf or helper has accessed memory; AMO and CAS order all by themselves. */
void order_called(struct emit *e);
/* Before the call of a C helper. */
void order_call(struct emit *e, unsigned helper);
void order_fence(struct emit *e);
/* order_fence, and what is fetched later is not older. */
void order_fetches(struct emit *e);
void order_done(struct emit *e);

/* -- atomic.c -- */
void lower_atomic(struct emit *e, const struct ir_insn *in);
/* The next word, of host_amo or host_cas, may fault. */
void site_atomic(struct emit *e);

/* -- selfcheck.c: at the block's entry, and what it needs behind the block's last word -- */
void emit_self_check(struct emit *e);
void emit_self_check_literals(struct emit *e);

#endif
