/* SPDX-License-Identifier: BSD-2-Clause */
/* From a block's IR to host code: the walk over the instructions, and the patching of links. */
#include "dbt/backend/loongarch64/emit.h"

#include "dbt/x86/cpu.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"

static bool skipped(const struct emit *e, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_NOP: case IR_CONST: return true;
	case IR_GETREG: case IR_LDSTATE: case IR_ENTRYF: case IR_ENTRYCF: case IR_GETXMM:
		return !e->uses[e->i];
	}
	return ir_pure(in) && (!e->uses[e->i] || e->folded[e->i]);
}

static void lower_one(struct emit *e, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_GETREG: ra_get(e, e->i, in->k); break;
	case IR_PUTREG: ra_put(e, in->k, in->a); break;
	case IR_GETXMM: va_get(e, e->i, in->k); break;
	case IR_PUTXMM: va_put(e, in->k, in->a); break;
	case IR_VEC:
		if (!lower_fp(e, in))
			lower_simd(e, in);
		break;
	case IR_SETF: e->setf = e->i; break;
	case IR_LD: case IR_ST: case IR_LDSTATE: case IR_STSTATE: lower_mem(e, in); break;
	case IR_HELPER: case IR_ENTRYF: lower_call(e, in); break;
	case IR_EXIT: case IR_EXIT_IF: case IR_EXIT_IND: case IR_SYS: case IR_RAISE:
	case IR_RAISE_IF: case IR_ENTRYCF: lower_control(e, in); break;
	default: lower_alu(e, in); break;
	}
}

int backend_emit(struct ir *ir, struct backend_out *out, u32 link_base)
{
	static struct emit e;		/* one translation at a time on each core */

	e.ir = ir;
	e.out = out;
	e.link_base = link_base;
	e.c = (struct code){ .p = out->code, .end = out->code_end };
	e.start = out->code;
	e.setf = e.materialized = 0;
	e.stubs = 0;
	e.failed = false;
	e.i = 0;
	out->links = out->sites = out->recipes = 0;
	emit_self_check(&e);
	ra_prepare(&e);
	for (unsigned i = 1; i < ir->n && !e.failed; i++) {
		e.i = i;
		if (skipped(&e, &ir->v[i]))
			continue;
		lower_one(&e, &ir->v[i]);
		ra_done(&e);
	}
	emit_stubs(&e);
	emit_self_check_literals(&e);
	out->end = e.c.p;
	if (e.failed || out->end - e.start > 0xffff)	/* sites have 16 bits for words */
		return -ERR_NOSPC;
	return e.c.overflow ? -ERR_NOMEM : 0;
}

static void put_word(u32 *at, u32 word)
{
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
	backend_sync(at, at + 1);
}

static u32 branch_word(bool link, s64 off)
{
	u32 word = 0;
	struct code c = { .p = &word, .end = &word + 1 };

	link ? la_bl(&c, off) : la_b(&c, off);
	return word;
}

static u32 guard_word(u32 tag)
{
	u32 word = 0;
	struct code c = { .p = &word, .end = &word + 1 };

	la_addi_w(&c, R_RA, R_CTX, -(s64)tag);
	return word;
}

/* An indirect exit's words from the guard on: see lower_exit_ind. The first one is written last. */
static void link_indirect(struct link *l, u32 tag)
{
	u32 word[2];
	struct code c = { .p = word, .end = word + 2 };

	la_lu12i_w(&c, R_RA, (s32)l->eip >> 12);
	la_ori(&c, R_RA, R_RA, l->eip & 0xfff);
	put_word(link_guard(l) + 1, word[1]);
	put_word(link_guard(l) + 3, guard_word(tag));
	put_word(link_guard(l), word[0]);
}

void backend_link(struct link *l, const u32 *code, u32 tag)
{
	u32 *slot = link_slot(l);

	put_word(slot, branch_word(false, (const char *)code - (char *)slot));
	l->tag = (u16)tag;
	if (l->indirect)
		link_indirect(l, tag);
	else if (l->guard)
		put_word(link_guard(l), guard_word(tag));
}

void backend_unlink(struct link *l)
{
	s64 off = (s64)((uintptr_t)glue_exit_link - (uintptr_t)link_slot(l));

	if (l->indirect) {
		put_word(link_guard(l), branch_word(false, 24));
		return;
	}
	put_word(link_slot(l), branch_word(true, off));
	if (l->guard)
		put_word(link_guard(l), branch_word(false, 8));
}
