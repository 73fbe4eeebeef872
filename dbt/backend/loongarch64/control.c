/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits, raises and calls. Direct exits are one aligned instruction that is
 * patched (backend_link); the rest of each lies behind the block's body.
 * Backward exits test the kick register, forward ones test nothing (design 4).
 */
#include "dbt/backend/loongarch64/emit.h"

#include "dbt/ir/helpers.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/cpu.h"
#include "dbt/x86/mode.h"
#include "kernel/panic.h"

static void bxx(struct code *c, unsigned cond, int a, int b, s64 off)
{
	switch (cond) {
	case IC_EQ: la_beq(c, a, b, off); return;
	case IC_NE: la_bne(c, a, b, off); return;
	case IC_LT: la_blt(c, a, b, off); return;
	case IC_GE: la_bge(c, a, b, off); return;
	case IC_LTU: la_bltu(c, a, b, off); return;
	default: la_bgeu(c, a, b, off); return;
	}
}

/* A branch or call to the monitor's text. */
static void to_glue(struct emit *e, void (*target)(void), bool call)
{
	s64 off = (s64)((uintptr_t)target - (uintptr_t)e->c.p);

	if (!la_ok_off26(off)) {
		e->failed = true;
		return;
	}
	call ? la_bl(&e->c, off) : la_b(&e->c, off);
}

static struct stub *stub_add(struct emit *e, unsigned kind)
{
	struct stub *s = &e->stub[e->stubs < STUBS_MAX ? e->stubs++ : 0];

	if (e->stubs == STUBS_MAX)
		e->failed = true;
	*s = (struct stub){ .kind = kind, .site = e->c.p, .guest = e->ir->v[e->i].guest };
	return s;
}

static u32 guest_eip(const struct emit *e, unsigned guest) { return e->ir->guest[guest].eip; }

static bool single(const struct emit *e) { return e->ir->key_flags & KEY_SINGLE; }

static bool flat_code(const struct emit *e)
{
	return e->ir->key_flags >> (KEY_FLAT_SHIFT + CS) & 1;
}

/* Only a jump back can make a loop; it tests the kick register. */
static bool backward(const struct emit *e, u32 eip, unsigned guest)
{
	return eip <= guest_eip(e, guest) && !single(e);
}

static struct link *link_new(struct emit *e, u32 eip)
{
	struct backend_out *o = e->out;

	if (o->links == o->links_max) {
		e->failed = true;
		return &o->link[0];
	}
	o->link[o->links] = (struct link){ .eip = eip };
	return &o->link[o->links++];
}

/* Words from a guard to its slot: of a direct exit, of an inline target. */
enum { EXIT_GUARD = 2, TARGET_GUARD = 5 };

/*
 * A direct exit to eip:
 *	[guard:	addi.w	ra, rCTX, -tag		until chained: b slot
 *		bnez	ra, 1f]
 *	slot:	bl	glue_exit_link		chained: b target
 *		.word	link
 *	[1:	li	t0, eip
 *		bl	glue_jump_far		through the jump cache
 *		.word	link]
 * The guard stands where the target is not on the page of the exit, or may not be within a limit
 * of CS: then EIP does not tell the page either.
 */
static void emit_exit(struct emit *e, u32 eip, unsigned guest)
{
	bool far = !single(e) && (!flat_code(e) || (eip ^ guest_eip(e, guest)) >> 12 ||
				  (eip & 0xfff) > 0xfff - 14);	/* may be on two pages */
	struct link *l = link_new(e, eip);
	u32 index = e->link_base + (u32)(l - e->out->link);

	if (far) {
		l->guard = EXIT_GUARD;
		la_b(&e->c, 8);
		la_bnez(&e->c, R_RA, 12);
	}
	l->slot = pool_ref_of(e->c.p);
	to_glue(e, glue_exit_link, true);
	code_data(&e->c, index);
	if (far) {
		la_li(&e->c, R_T0, (s32)eip);
		to_glue(e, glue_jump_far, true);
		code_data(&e->c, index);
	}
}

static void kick_test(struct emit *e, struct stub *s)
{
	s->site = e->c.p;
	la_bnez(&e->c, R_KICK, 0);
}

static void lower_exit(struct emit *e, const struct ir_insn *in)
{
	va_canonical(e);
	flags_materialize(e, in->c);
	if (backward(e, (u32)in->k, in->guest)) {
		struct stub *s = stub_add(e, STUB_KICK);

		s->eip = (u32)in->k;
		kick_test(e, s);
	}
	emit_exit(e, (u32)in->k, in->guest);
}

static void lower_exit_if(struct emit *e, const struct ir_insn *in)
{
	struct stub *kick = NULL, *s;
	int a, b;

	va_canonical(e);
	flags_materialize(e, in->c);
	a = ra_use(e, in->a);
	b = ra_use(e, in->b);
	if (backward(e, (u32)in->k, in->guest)) {
		kick = stub_add(e, STUB_KICK_IF);
		kick->cond = in->x;
		kick->ra = a;
		kick->rb = b;
		kick->eip = (u32)in->k;
		kick_test(e, kick);
	}
	s = stub_add(e, STUB_EXIT);
	s->cond = in->x;
	s->ra = a;
	s->rb = b;
	s->eip = (u32)in->k;
	bxx(&e->c, in->x, a, b, 0);
	if (kick)
		kick->back = e->c.p;
}

/* One target of an indirect exit; words as backend_link fills them. */
static struct link *emit_target(struct emit *e)
{
	struct link *l = link_new(e, 0);

	l->indirect = true;
	l->guard = TARGET_GUARD;
	la_b(&e->c, 24);
	la_ori(&e->c, R_RA, R_RA, 0);
	la_bne(&e->c, R_T0, R_RA, 16);
	la_addi_w(&e->c, R_RA, R_CTX, 0);
	la_bnez(&e->c, R_RA, 8);
	l->slot = pool_ref_of(e->c.p);
	la_b(&e->c, 4);
	return l;
}

/*
 * An indirect exit, with the two targets that were seen first inline (LINK_TARGETS):
 *	bnez	kick, 2f
 *	lu12i.w	ra, eip >> 12			until chained: b 1f
 *	ori	ra, ra, eip & 0xfff
 *	bne	t0, ra, 1f
 *	addi.w	ra, rCTX, -tag
 *	bnez	ra, 1f
 *	b	target
 * 1:	the same six again, on to 2
 * 2:	bl	glue_jump_ind			jump cache, else exit
 *	.word	number of the first link
 */
static void lower_exit_ind(struct emit *e, const struct ir_insn *in)
{
	struct link *first;

	flags_materialize(e, in->c);
	ra_to_reg(e, R_T0, in->a);
	if (single(e)) {
		to_glue(e, glue_exit_kick, false);
		return;
	}
	la_bnez(&e->c, R_KICK, 4 + LINK_TARGETS * 24);
	first = emit_target(e);
	for (unsigned n = 1; n < LINK_TARGETS; n++)
		emit_target(e);
	to_glue(e, glue_jump_ind, true);
	code_data(&e->c, e->link_base + (u32)(first - e->out->link));
}

/*
 * Arguments to vcpu.help, both eips to their fields, helper number in the first argument register.
 */
static void lower_sys(struct emit *e, const struct ir_insn *in)
{
	const struct ir_guest *g = &e->ir->guest[in->guest];

	va_canonical(e);
	flags_materialize(e, in->c);
	if (in->a)
		state_store(e, ra_use(e, in->a), offsetof(struct vcpu, help[0]), M_64);
	if (in->b)
		state_store(e, ra_use(e, in->b), offsetof(struct vcpu, help[1]), M_64);
	la_li(&e->c, R_T0, (s32)g->eip);
	la_li(&e->c, R_T1, (s32)(g->eip + g->len));
	la_li(&e->c, R_T2, in->k);
	to_glue(e, glue_sys, false);
}

static void raise_stub(struct emit *e, s64 k)
{
	struct stub *s = stub_add(e, STUB_RAISE);

	s->recipe = site_recipe(e);
	s->vmap = va_map(e);
	s->k = k;
}

static void lower_raise(struct emit *e, const struct ir_insn *in)
{
	int a, b;

	if (in->op == IR_RAISE) {
		raise_stub(e, in->k);
		la_b(&e->c, 0);
		return;
	}
	a = ra_use(e, in->a);
	b = ra_use(e, in->b);
	raise_stub(e, in->k);
	bxx(&e->c, in->x, a, b, 0);
}

/* C helper: (vcpu, a, b, c). A helper that faults returns nonzero and has filled vcpu.fault. */
void lower_call(struct emit *e, const struct ir_insn *in)
{
	static const int arg[] = { R_T1, R_T2, R_T3 };
	const val v[] = { in->a, in->b, in->c };
	bool entry = in->op == IR_ENTRYF;

	ra_spill_temps(e);
	if (entry) {
		la_or(&e->c, R_T1, R_CCOP, R_ZERO);
		la_or(&e->c, R_T2, R_CCA, R_ZERO);
		la_or(&e->c, R_T3, R_CCB, R_ZERO);
	}
	for (unsigned n = 0; n < 3 && !entry; n++)
		if (v[n])
			ra_to_reg(e, arg[n], v[n]);
	la_li(&e->c, R_T0, entry ? HELPER_entry_flags : in->k);
	to_glue(e, glue_call, true);
	if (!entry && in->x == 2) {
		raise_stub(e, SITE_HELPER);
		la_bnez(&e->c, R_T0, 0);
	} else if (in->type) {
		ra_claim(e, e->i, R_T0);
	}
}

/*
 * After INC and DEC the carry is at hand; else it is computed, out of line, leaving all registers.
 */
static void lower_entry_cf(struct emit *e)
{
	int d = ra_def(e, e->i);
	struct stub *s;

	la_srli_w(&e->c, R_RA, R_CCOP, 2);
	la_addi_w(&e->c, R_RA, R_RA, -CC_INC);
	la_sltui(&e->c, R_RA, R_RA, 2);
	s = stub_add(e, STUB_ENTRY_CF);
	la_beqz(&e->c, R_RA, 0);
	la_andi(&e->c, d, R_CCB, 1);
	s->ra = d;
	s->back = e->c.p;
}

void lower_stale_if(struct emit *e, int r)
{
	stub_add(e, STUB_STALE);
	la_bnez(&e->c, r, 0);
}

void lower_control(struct emit *e, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_EXIT: lower_exit(e, in); return;
	case IR_EXIT_IF: lower_exit_if(e, in); return;
	case IR_EXIT_IND: lower_exit_ind(e, in); return;
	case IR_SYS: lower_sys(e, in); return;
	case IR_RAISE: case IR_RAISE_IF: lower_raise(e, in); return;
	case IR_ENTRYCF: lower_entry_cf(e); return;
	}
	panic("control: op %u", in->op);
}

/* -- Behind the body -- */

/* Give the branch at `site` (any kind) the offset to here. */
static void patch_here(struct emit *e, u32 *site)
{
	s64 off = (char *)e->c.p - (char *)site;
	u32 word = *site;

	if (e->c.overflow)
		return;
	switch (word >> 26) {
	case 0x10: case 0x11:		/* beqz, bnez */
		*site = (word & ~la_at_off21(-4)) | la_at_off21(off);
		break;
	case 0x14:			/* b */
		*site = (word & ~la_at_off26(-4)) | la_at_off26(off);
		break;
	default:
		must(word >> 26 >= 0x16 && word >> 26 <= 0x1b);
		if (!la_ok_off16(off)) {
			e->failed = true;
			return;
		}
		*site = (word & ~la_at_off16(-4)) | la_at_off16(off);
	}
}

static void branch_back(struct emit *e, const u32 *to)
{
	la_b(&e->c, (const char *)to - (const char *)e->c.p);
}

static void kick_exit(struct emit *e, u32 eip)
{
	la_li(&e->c, R_T0, (s32)eip);
	to_glue(e, glue_exit_kick, false);
}

/* The registers at a raise are wanted by its recipe: a trap keeps them all. */
static void emit_raise(struct emit *e, const struct stub *s)
{
	struct backend_out *o = e->out;
	const struct ir_guest *g = &e->ir->guest[s->guest];

	if (o->sites == o->sites_max) {
		e->failed = true;
		return;
	}
	o->site[o->sites++] = (struct fault_site){
		.offset = (u16)(e->c.p - e->start), .eip = g->eip, .len = g->len,
		.recipe = s->recipe, .vmap = s->vmap,
		.raise = (u32)(s->k & 0xffff) | (u32)(s->k >> 32) << RAISE_ERROR_SHIFT,
	};
	la_break(&e->c, 0);
}

/* d = carry at the entry. After SUB and CMP of 32 bits, the commonest, at once. */
static void entry_cf(struct emit *e, int d)
{
	struct code *c = &e->c;

	la_addi_w(c, R_RA, R_CCOP, -(s64)CC_OP(CC_CMP, 2));
	la_bnez(c, R_RA, 20);
	la_slli_w(c, d, R_CCA, 0);
	la_slli_w(c, R_RA, R_CCB, 0);
	la_sltu(c, d, d, R_RA);
	la_b(c, 36);
	la_addi_w(c, R_RA, R_CCOP, -(s64)CC_OP(CC_SUB, 2));
	la_bnez(c, R_RA, 20);
	la_add_w(c, d, R_CCA, R_CCB);
	la_slli_w(c, R_RA, R_CCB, 0);
	la_sltu(c, d, d, R_RA);
	la_b(c, 12);
	to_glue(e, glue_entry_cf, true);
	state_load(e, d, offsetof(struct vcpu, help[7]), M_64);
}

static void emit_stub(struct emit *e, const struct stub *s)
{
	patch_here(e, s->site);
	switch (s->kind) {
	case STUB_EXIT:
		emit_exit(e, s->eip, s->guest);
		break;
	case STUB_KICK:
		kick_exit(e, s->eip);
		break;
	case STUB_KICK_IF:
		bxx(&e->c, s->cond, s->ra, s->rb, 8);
		branch_back(e, s->back);
		kick_exit(e, s->eip);
		break;
	case STUB_RAISE:
		emit_raise(e, s);
		break;
	case STUB_STALE:
		la_li(&e->c, R_T0, (s32)guest_eip(e, 0));
		to_glue(e, glue_exit_stale, true);
		break;
	case STUB_ENTRY_CF:
		entry_cf(e, s->ra);
		branch_back(e, s->back);
		break;
	}
}

void emit_stubs(struct emit *e)
{
	for (unsigned n = 0; n < e->stubs && !e->failed; n++)
		emit_stub(e, &e->stub[n]);
	va_emit_maps(e);
}
