/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory and guest state. A guest access is one host access at the guest
 * linear address (design 1.1); its fault site is recorded right before it.
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/glue.h"
#include "dbt/backend/host.h"
#include "dbt/backend/regalloc.h"
#include "dbt/backend/vregs.h"
#include "dbt/x86/cc.h"
#include "kernel/lib/bits.h"

/* -- glue.S and C agree on the layout of the state -- */

#define CHECK(offset, field) \
	_Static_assert((offset) == CPU_VCPU_OFFSET + offsetof(struct vcpu, field), "glue.h")
CHECK(ST_GPR(0), gpr);
CHECK(ST_CCOP, cc_op);
CHECK(ST_CCA, cc_a);
CHECK(ST_CCB, cc_b);
CHECK(ST_EIP, eip);
CHECK(ST_NEXT_EIP, next_eip);
CHECK(ST_CTX, ctx);
CHECK(ST_EXIT_ARG, exit_arg);
CHECK(ST_PAGE, page);
CHECK(ST_HELP7, help[7]);
CHECK(ST_LEAF_HOLD, leaf_hold);
CHECK(ST_SEG, seg);
CHECK(ST_HELP, help);
CHECK(ST_X87, x87);
CHECK(ST_NOTED, noted);
CHECK(ST_EFLAGS, eflags);
CHECK(ST_LEVEL, key_flags);
CHECK(ST_LEVEL + 4, cpl);
CHECK(ST_LEVEL + 8, place);
CHECK(ST_PENDING, pending);
CHECK(ST_PASSAGE_NOT, passage_not);
CHECK(ST_PASSAGE(1), passage[1]);
CHECK(ST_PASSAGE(0) + PASSAGE_CTX, passage[0].ctx);
CHECK(ST_PASSAGE(0) + PASSAGE_LEVEL, passage[0].key_flags);
CHECK(ST_PASSAGE(0) + PASSAGE_LEVEL + 4, passage[0].cpl);
CHECK(ST_PASSAGE(0) + PASSAGE_LEVEL + 8, passage[0].place);
CHECK(ST_PASSAGE(0) + PASSAGE_ASID, passage[0].asid);
CHECK(ST_PASSAGE(0) + PASSAGE_ROOT, passage[0].root);
CHECK(ST_PASSAGE(0) + PASSAGE_VIEW, passage[0].view);
CHECK(ST_CALL_SEG(1), call_seg[1]);
CHECK(ST_CALL_KEEP, call_keep);
CHECK(ST_VIEW, view);
CHECK(ST_GATES, gates);
CHECK(ST_RETURNS, returns);
CHECK(ST_REFAULT, refault);
CHECK(ST_JUMP_LOOKS, jump_looks);
CHECK(ST_SYSENTER_ESP, sysenter_esp);
CHECK(ST_SYSENTER_EIP, sysenter_eip);
CHECK(ST_ENTER_SEG(1), enter_seg[1]);
CHECK(ST_DR7, dr[7]);
CHECK(ST_NMI_BLOCKED, nmi_blocked);
CHECK(ST_FAULT_ERROR, fault.error);
#define CHECK_SEEN(offset, of, field) \
	_Static_assert((offset) == offsetof(struct seen_##of##64, field), "glue.h")
CHECK_SEEN(GATE_WORD(2), gate, word[2]);
CHECK_SEEN(GATE_CS, gate, cs);
CHECK_SEEN(GATE_OFF, gate, off);
CHECK_SEEN(GATE_STACK, gate, stack);
CHECK_SEEN(GATE_KEY, gate, from);
CHECK_SEEN(GATE_KEY + 3, gate, plain);
CHECK_SEEN(GATE_KEEP, gate, keep);
CHECK_SEEN(GATE_SS, gate, ss);
_Static_assert(GATE_PF == EXC_PF % SEEN_GATES * sizeof(struct seen_gate64) &&
	       GATE_PF_KEY == (INT_KEY(EXC_PF, 0) & ~(1u << 16)), "glue.h");
CHECK_SEEN(GATE_WORD(1), return, word[1]);
CHECK_SEEN(RETURN_CS, return, cs);
CHECK_SEEN(RETURN_SS, return, ss);
CHECK_SEEN(RETURN_SELS, return, sels);
CHECK_SEEN(RETURN_NOT, return, not_with);
CHECK(ST_LOADS, seen_load);
CHECK(ST_MODE_SEG, mode.seg);
CHECK(ST_MODE_SEG_KEY, mode.seg_key);
CHECK(ST_SEG_PARTIAL, seg_partial);
CHECK(ST_SEG_SPAN, seg_span);
CHECK(ST_SEG_LO, seg_lo);
#define CHECK_LOAD(offset, field) \
	_Static_assert((offset) == offsetof(struct seen_load, field), "glue.h")
CHECK_LOAD(LOAD_WORD, word);
CHECK_LOAD(LOAD_SEG, seg);
CHECK_LOAD(LOAD_SPAN, span);
CHECK_LOAD(LOAD_LO, lo);
CHECK_LOAD(LOAD_SEG_KEY, seg_key);
CHECK_LOAD(LOAD_KEY, key);
CHECK_LOAD(LOAD_PARTIAL, partial);
_Static_assert(CC_KIND_ADD == CC_ADD && CC_KIND_SUB == CC_SUB && CC_KIND_CMP == CC_CMP &&
	       CC_KIND_LOGIC == CC_LOGIC && CC_KIND_ADC == CC_ADC && CC_KIND_SBB == CC_SBB &&
	       CC_KIND_MUL == CC_MUL && CC_KIND_SHL == CC_SHL && CC_KIND_SHR == CC_SHR &&
	       CC_KIND_SAR == CC_SAR && CC_CARRIED_BIT == CC_CARRIED &&
	       CC_CARRIED_CF_BIT == CC_CARRIED_CF, "glue.h");
_Static_assert(CPU_VCPU_OFFSET + offsetof(struct vcpu, cr0) <= 1u << (HOST_DISP_BITS - 1),
	       "the hot part of struct vcpu is reached by a displacement");

/*
 * Base register of a guest access; constants are split so that the displacement takes its part. One
 * that others want too (accesses close together) stays in a temporary.
 */
static int guest_base(struct emit *e, const struct ir_insn *in, s64 *k)
{
	unsigned room = in->x == M_128 ? HOST_VDISP_BITS : HOST_DISP_BITS;
	s64 a;

	*k = in->k;
	if (in->a && (!ra_const(e, in->a, &a) || (!HOST_BASE_WORDS && e->of[in->a].accesses > 1))) {
		a = in->x != M_128 || fits_signed(*k, room) ? 0 : *k;
		*k -= a;
		return host_guest_base(e, ra_use(e, in->a), a);
	}
	a = (in->a ? a : 0) + *k;
	*k = sign_extend((u64)a, room);
	a = e->wide ? a - *k : host_guest_const((u32)(a - *k));
	if (!a)
		return R_ZERO;
	host_const(e, R_SCRATCH, a);
	return R_SCRATCH;
}

/* A narrow load leaves zeros above. */
static void vector_load(struct emit *e, const struct ir_insn *in)
{
	s64 k;
	int base = guest_base(e, in, &k);
	u16 vmap = va_map(e);
	int d = in->x == M_128 ? va_def(e, e->i) : va_scratch(e);

	site_add(e, in->y, site_recipe(e), vmap);
	host_vload(e, in->x, d, base, k);
	if (in->x != M_128)
		va_def_low(e, e->i, d, in->x == M_64 ? 64 : 32);
}

static int stored(struct emit *e, val v, unsigned mem)
{
	return mem == M_128 ? va_use(e, v) : va_use_low(e, v, mem == M_64 ? 64 : 32);
}

/* V128 values. */
static void lower_vector(struct emit *e, const struct ir_insn *in)
{
	int base, r;
	s64 k;

	switch (in->op) {
	case IR_LDSTATE:
		host_state_vload(e, va_def(e, e->i), in->k, in->x);
		return;
	case IR_STSTATE:
		host_state_vstore(e, stored(e, in->a, in->x), in->k, in->x);
		return;
	case IR_LD:
		vector_load(e, in);
		return;
	case IR_ST:
		r = stored(e, in->b, in->x);
		base = guest_base(e, in, &k);
		site_add(e, in->y, site_recipe(e), va_map(e));
		host_vstore(e, in->x, r, base, k);
		return;
	}
}

static bool of_vector(const struct emit *e, const struct ir_insn *in)
{
	val stored = in->op == IR_ST ? in->b : in->a;

	return in->type == T_V128 ||
	       ((in->op == IR_ST || in->op == IR_STSTATE) && e->ir->v[stored].type == T_V128);
}

/* At the sum that is a part of the access. */
static void lower_indexed(struct emit *e, const struct ir_insn *in)
{
	const struct ir_insn *sum = &e->ir->v[in->a];
	int s = in->op == IR_ST ? ra_use(e, in->b) : 0;
	int base = ra_use(e, sum->a), index = ra_use(e, sum->b);
	u16 recipe = site_recipe(e);

	if (in->op == IR_LD) {
		s = ra_def(e, e->i);
		site_add(e, in->y, recipe, va_map(e));
		host_load_indexed(e, in->x, s, base, index);
	} else {
		site_add(e, in->y, recipe, va_map(e));
		host_store_indexed(e, in->x, s, base, index);
	}
}

void lower_mem(struct emit *e, const struct ir_insn *in)
{
	int base, r;
	u16 recipe;
	s64 k;

	if (in->op == IR_LD)
		order_load(e, in->y);
	else if (in->op == IR_ST)
		order_store(e, in->y);
	if (of_vector(e, in)) {
		lower_vector(e, in);
		return;
	}
	if ((in->op == IR_LD || in->op == IR_ST) && e->of[in->a].folded) {
		lower_indexed(e, in);
		return;
	}
	switch (in->op) {
	case IR_LDSTATE:
		host_state_load(e, ra_def(e, e->i), in->k, in->x);
		return;
	case IR_STSTATE:
		host_state_store(e, ra_use(e, in->a), in->k, in->x);
		return;
	case IR_LD:
		base = guest_base(e, in, &k);
		/* a load that faults leaves what its register held */
		recipe = site_recipe(e);
		r = ra_def(e, e->i);
		site_add(e, in->y, recipe, va_map(e));
		host_load(e, in->x, r, base, k);
		return;
	case IR_ST:
		r = ra_use(e, in->b);
		base = guest_base(e, in, &k);
		site_add(e, in->y, site_recipe(e), va_map(e));
		host_store(e, in->x, r, base, k);
		return;
	}
}
