/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the checks of addresses are (IR_FORM), which keep 64-bit code away from the monitor's
 * windows. What a block does with a register's value at entry is checked once, in front of the
 * block; an exit tells of which registers its target need not look: it is chained to behind those
 * checks. RSP is checked in front of each block, before its entry (block.h); who comes from another
 * block nearly always knows it and passes by, indirect exits, too. Not here: the check itself
 * (control.c), nor which addresses need none (dbt/opt/fold.c).
 *
 * Law: a register is *safe* at an exit if its value was checked in the block, or accessed: then it
 * is canonical, and so is safe with small numbers added (ir_bounded), as what a block adds up is
 * less than 2^60. (Accesses fault where no address is canonical; so what moves by such numbers from
 * block to block gets nowhere without a check.) At the entry those are safe that the checks in
 * front name, whether they were run or passed over.
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/cpu.h"

#include <string.h>

enum { CHECKED = 1, ACCESSED = 2, MOVED = 4 };

/*
 * The walk. base[v]: the value that v is, but for small numbers added (MOVED), which stands for all
 * of those; its flags are the others. They lie in fields that are filled later: base in regalloc's
 * `next`, the flags in `pin`.
 */
struct walk {
	struct emit *e;
	val *base;
	val entry[16];		/* the first GETREG of a register that was not put before */
	val now[16];		/* what it was put last; 0: nothing */
	u32 seen;		/* registers that have one of these */
	val late[16];		/* checks that went in front over where flags are set */
	u16 again;		/* safe where the block goes on at its own start */
	bool left;		/* some exit came already */
	bool sets, faults;	/* all flags were set, something before them may fault */
};

static u8 *is(const struct walk *w, val v) { return &w->e->of[v].pin; }

static void note_get(struct walk *w, val i, unsigned g)
{
	if (!w->now[g] && !w->entry[g]) {
		w->entry[g] = i;
		*is(w, i) |= g == ESP ? CHECKED : 0;
	}
	w->seen |= 1u << g;
	if (!w->now[g]) {
		w->base[i] = w->entry[g];
	} else {
		w->base[i] = w->base[w->now[g]];
		*is(w, i) |= *is(w, w->now[g]) & MOVED;
	}
}

static void note_add(struct walk *w, val i)
{
	const struct ir_insn *in = &w->e->ir->v[i];

	if (in->type != T_I64)
		return;
	if (ir_bounded(w->e->ir, in->b))
		w->base[i] = w->base[in->a];
	else if (ir_bounded(w->e->ir, in->a))
		w->base[i] = w->base[in->b];
	*is(w, i) |= w->base[i] == i ? 0 : MOVED;
}

/* The register whose value at entry v is, but for small numbers; 16: none. */
static unsigned entry_of(const struct walk *w, val v)
{
	const struct ir_insn *in = &w->e->ir->v[w->base[v]];

	return in->op == IR_GETREG && w->entry[in->k] == w->base[v] ? (unsigned)in->k : 16;
}

/* Does check i go in front of the block? */
static bool goes_in_front(struct walk *w, val i)
{
	unsigned g = w->left ? 16 : entry_of(w, w->e->ir->v[i].a);

	if (g == 16)
		return false;
	w->e->out->need |= (u16)(1u << g);
	if (w->sets && !w->faults)
		w->late[g] = i;
	return true;
}

/* It is left out if it goes in front, or has been made. */
static void note_form(struct walk *w, val i)
{
	struct ir_insn *in = &w->e->ir->v[i];
	val b = w->base[in->a];

	if (*is(w, b) & CHECKED || goes_in_front(w, i))
		in->op = IR_NOP;
	else
		w->faults |= !w->sets;
	*is(w, b) |= CHECKED;
}

static bool safe(const struct walk *w, unsigned g)
{
	val v = w->now[g] ? w->now[g] : w->entry[g], b = w->base[v];

	if (!v)
		return g == ESP;
	return (*is(w, b) & ACCESSED || (*is(w, b) & CHECKED && !(*is(w, v) & MOVED)));
}

static u16 safe_ones(const struct walk *w)
{
	u16 m = 0;

	for (u32 s = w->seen | NEED_RSP; s; s &= s - 1)
		m |= (u16)(safe(w, (unsigned)__builtin_ctz(s)) << __builtin_ctz(s));
	return m;
}

static void note_exit(struct walk *w, const struct ir_insn *in)
{
	struct emit *e = w->e;
	u16 safe = safe_ones(w);

	if (in->op != IR_EXIT_IND && (u64)in->k == e->ir->guest[0].eip)
		w->again = safe;
	if (e->exits < STUBS_MAX)
		e->exit_safe[e->exits++] = safe;
}

/* What note does something with. */
#define NOTED (IR_SET(GETREG) | IR_SET(PUTREG) | IR_SET(ADD) | IR_SET(SETF) | ir_ops_faulting |	\
	       ir_ops_leaving)

static void note(struct walk *w, const struct ir_insn *in, val i)
{
	switch (in->op) {
	case IR_GETREG: note_get(w, i, in->k); return;
	case IR_PUTREG:
		w->now[in->k] = in->a;
		w->seen |= 1u << in->k;
		return;
	case IR_ADD: note_add(w, i); return;
	case IR_SETF: w->sets |= in->x <= CC_LAST_FULL; return;
	case IR_FORM: note_form(w, i); return;
	case IR_LD: case IR_ST: case IR_AMO: case IR_CAS: *is(w, w->base[in->a]) |= ACCESSED; break;
	case IR_EXIT: case IR_EXIT_IF: case IR_EXIT_IND: note_exit(w, in); break;
	}
	w->faults |= !w->sets && ir_may_fault(in);
	w->left |= ir_leaves(in);
}

/*
 * A check in front is passed over by whoever knows the register, and costs the others nothing, but
 * where they would not have to say their flags: that pays only if the block itself comes back. (No
 * exit was before such a check: they know as much if it stays where it was.)
 */
static void put_back(struct walk *w)
{
	struct emit *e = w->e;

	for (unsigned g = 0; g < 16; g++)
		if (w->late[g] && !(w->again >> g & 1)) {
			e->ir->v[w->late[g]].op = IR_FORM;
			e->out->need &= (u16)~(1u << g);
		}
}

void forms_find(struct emit *e)
{
	struct walk w = { .e = e, .base = e->next };
	const struct ir_insn *const v = e->ir->v;
	const unsigned n = e->ir->n;

	e->out->need = 0;
	e->exits = STUBS_MAX;		/* nothing is known */
	if (!e->wide || (e->ir->key_flags & KEY_SINGLE) || e->out->check[0].size)
		return;
	e->exits = 0;
	e->out->need = NEED_RSP;
	w.base[0] = 0;
	*is(&w, 0) = 0;
	for (unsigned i = 1; i < n; i++) {
		w.base[i] = (val)i;
		*is(&w, i) = 0;
		if (ir_in(NOTED, &v[i]))
			note(&w, &v[i], (val)i);
	}
	put_back(&w);
	e->exits = 0;		/* from now on: of those that are lowered */
}

u16 forms_safe(struct emit *e)
{
	return e->exits < STUBS_MAX ? e->exit_safe[e->exits++] : 0;
}

unsigned forms_passed(u16 need, u16 safe)
{
	u32 unknown = need & ~(u32)safe;
	u32 below = unknown ? (1u << __builtin_ctz(unknown)) - 1 : 0xffff;

	return count_ones(need & below);
}
