/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits, raises and calls: which there are, and what lies behind the block's body. Not the words
 * of an exit, which are the host's (host_exit_near, host_exit_far, host_probe).
 * Backward exits test the kick register, forward ones test nothing (design 4).
 */
#include "dbt/backend/lower.h"

#include "dbt/backend/host.h"
#include "dbt/backend/regalloc.h"
#include "dbt/backend/vregs.h"
#include "dbt/ir/helpers.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/cpu.h"
#include "dbt/x86/mark.h"
#include "dbt/x86/mode.h"
#include "kernel/panic.h"

static struct stub *stub_add(struct emit *e, unsigned kind)
{
	struct stub *s = &e->stub[e->stubs < STUBS_MAX ? e->stubs++ : 0];

	if (e->stubs == STUBS_MAX)
		e->failed = true;
	__builtin_memset(s, 0, offsetof(struct stub, flags));
	s->kind = kind;
	s->guest = e->ir->v[e->i].guest;
	return s;
}

static u64 guest_eip(const struct emit *e, unsigned guest) { return e->ir->guest[guest].eip; }

static bool single(const struct emit *e) { return e->ir->key_flags & KEY_SINGLE; }

/* R_PAGE as the block was translated for. */
static s64 page_of(const struct emit *e)
{
	u64 eip = guest_eip(e, 0);

	return (s64)(e->wide ? vcpu_page_of64(eip) : vcpu_page_of(eip));
}

/* From one address to another, which wraps at 4 GiB outside 64-bit code. */
static s64 distance(const struct emit *e, u64 from, u64 to)
{
	return e->wide ? (s64)(to - from) : (s32)(to - from);
}

/* d = EIP of the code that is at eip where the block was translated. */
static void eip_to_reg(struct emit *e, int d, u64 eip)
{
	if (key_relocatable(e->ir->key_flags))
		host_page_add(e, d, distance(e, (u64)page_of(e), eip));
	else
		host_const(e, d, e->wide ? (s64)eip : (s32)eip);
}

void lower_eip(struct emit *e, const struct ir_insn *in)
{
	eip_to_reg(e, ra_def(e, e->i), (u64)in->k);
}

/*
 * Only a jump back can make a loop; it tests the kick register. Which way a jump goes its distance
 * says: it is the same wherever the block runs, and one forward that goes over 4 GiB there is not
 * chained (dbt/cache/owner.c).
 */
static bool backward(const struct emit *e, u64 eip, unsigned guest)
{
	s64 from_start = distance(e, guest_eip(e, 0), eip);	/* struct link's delta */

	return !single(e) && (from_start < 0 || distance(e, guest_eip(e, guest), eip) <= 0);
}

/* NULL if there is no room. */
static struct link *link_new(struct emit *e, u64 eip, unsigned guest, bool far, u16 safe)
{
	struct backend_out *o = e->out;
	u64 start = guest_eip(e, 0);

	if (o->links == o->links_max) {
		e->failed = true;
		return NULL;
	}
	o->link[o->links] = (struct link){
		.delta = (s32)(eip - start), .far = far, .wide = e->wide, .safe = safe,
		.at = (u16)(guest_eip(e, guest) - start), .last = guest + 1 == e->ir->guests,
	};
	return &o->link[o->links++];
}

static u32 link_index(const struct emit *e, const struct link *l)
{
	return e->link_base + (u32)(l - e->out->link);
}

/* The flags of exit l. Returns their first word if they may be left out when it is chained. */
static const u32 *exit_flags(struct emit *e, struct link *l, const struct flags_at *f)
{
	const u32 *first;
	s64 words;

	host_exit_open(e);
	first = e->c.p;
	flags_put(e, f);
	words = e->c.p - first;
	l->bare = !words;
	if (words < HOST_JUMP_WORDS || words > 0x80 || !flags_straight(f) || e->c.overflow)
		return NULL;
	code_here(&e->c);
	l->word[0] = first[0];
	l->word[1] = words > 1 ? first[1] : 0;
	l->mark = f->mark;
	return first;
}

/* What leads to the exit's first word may go straight to its target. */
static void exit_branch(struct link *l, const u32 *branch, const u32 *stub)
{
	s64 words = link_slot(l) - branch;

	if ((l->words || l->bare) && link_slot(l) - l->words == stub && words <= 0xffff)
		l->branch = (u16)words;
}

/*
 * To the block that R_ARG(0) names; flags f are put unless it does not want them, nor has to look
 * at RSP, which is not in `safe`.
 */
static void probe(struct emit *e, const struct flags_at *f, u16 safe)
{
	struct probe p = { .unchecked = e->wide && !(safe & NEED_RSP) };

	host_probe(e, &p);
	flags_put(e, f);
	host_probe_tagged(e, &p);
}

/* A far exit's probe; who goes there for the first time does not look. */
static void shut_probe(struct emit *e, struct link *l)
{
	u32 *first = e->c.p;
	s64 words = first - link_slot(l);

	probe(e, &(struct flags_at){ .there = true }, l->safe);
	if (!e->c.overflow && words < 8 && host_probe_shut(e, first))
		l->probe = (u16)words & 7;
}

/*
 * A direct exit to eip. It is far if the target is not on the block's page, or may go over its end;
 * and where EIP does not tell the page.
 */
static struct link *emit_exit(struct emit *e, u64 eip, unsigned guest, const struct flags_at *f,
			      u16 safe)
{
	bool relocatable = key_relocatable(e->ir->key_flags);
	s64 pages = distance(e, (u64)page_of(e) & ~0xfffull, eip & ~0xfffull);
	bool far = !single(e) && (!relocatable || pages || (eip & 0xfff) > 0xfff - 14);
	struct link *l = link_new(e, eip, guest, far, safe);
	const u32 *first;

	if (!l)
		return NULL;
	if (far && relocatable && pages)
		host_page_add(e, R_PAGE, pages);
	first = exit_flags(e, l, f);
	if (far)
		host_exit_far(e, l);
	else
		host_exit_near(e, l, link_index(e, l));
	l->words = first ? (u8)(link_slot(l) - first) : 0;
	if (!far)
		return l;
	eip_to_reg(e, R_ARG(0), relocatable ? eip - (u64)pages : eip);
	shut_probe(e, l);
	host_call_door(e, DOOR_FOR(e, jump_far));
	code_data(&e->c, link_index(e, l));
	return l;
}

/* Its way out; returns it if its target may not be canonical, else NULL. */
static const struct link *go_way(struct link *l, enum ir_way way)
{
	if (l)
		l->way = way;
	return l && l->far && way != WAY_ON ? l : NULL;
}

static void lower_exit(struct emit *e, const struct ir_insn *in)
{
	struct stub *s = NULL;
	struct flags_at flags;
	const struct link *l;

	order_leave(e);
	va_canonical(e);
	flags = flags_now(e, in->c);
	if (backward(e, (u64)in->k, in->guest)) {
		s = stub_add(e, STUB_KICK);
		s->eip = (u64)in->k;
		s->flags = flags;
		s->site = host_branch_nonzero(e, R_KICK);
	}
	l = go_way(emit_exit(e, (u64)in->k, in->guest, &flags, forms_safe(e)), in->y);
	if (s)
		s->link = l;
}

/* Unsigned below 1 is equal to 0: then *cond is changed and the operand is none. */
static val below_one(const struct emit *e, val b, unsigned *cond)
{
	s64 k;

	if ((*cond != IC_LTU && *cond != IC_GEU) || !ra_const(e, b, &k) || k != 1)
		return b;
	*cond = *cond == IC_LTU ? IC_EQ : IC_NE;
	return 0;
}

/*
 * A loop back to the block's own start, whose head may fault: the mark of its flags is set before
 * the branch. Nobody wants the flags at entry any more: others are in force.
 */
static bool mark_early(struct emit *e, const struct stub *s)
{
	struct block_head h = e->out->head;

	if (s->eip != guest_eip(e, 0) || !h.sets_flags || !h.may_fault || !s->flags.mark ||
	    mark_registers(s->flags.mark, e->wide) & h.changes || s->late || s->vmap)
		return false;
	host_const(e, R_CCOP, MARK_OP(s->flags.mark));
	return true;
}

/*
 * The way that is not taken pays for nothing but the branch; and backward for the kick test, which
 * comes before the branch, so that this may be patched to go straight to its target.
 */
static void lower_exit_if(struct emit *e, const struct ir_insn *in)
{
	unsigned cond = in->x;
	val vb = below_one(e, in->b, &cond);
	int a = ra_use(e, in->a), b = vb ? ra_use(e, vb) : R_ZERO;
	struct stub *s = stub_add(e, STUB_EXIT), *kick;

	order_leave(e);
	s->eip = (u64)in->k;
	s->way = in->y;
	s->safe = forms_safe(e);
	s->flags = flags_now(e, in->c);
	s->vmap = va_map(e);
	s->late = e->late;
	if (backward(e, s->eip, s->guest)) {
		s->marked = mark_early(e, s);
		kick = stub_add(e, STUB_KICK_IF);
		*kick = *s;
		kick->kind = STUB_KICK_IF;
		kick->of = s;
		kick->cond = cond;
		kick->a = a;
		kick->b = b;
		kick->site = host_branch_nonzero(e, R_KICK);
		kick->back = code_here(&e->c);
	}
	s->site = host_branch(e, cond, a, b);
}

static void lower_leave_if(struct emit *e, const struct ir_insn *in)
{
	struct stub *s;
	int a, b;

	order_leave(e);
	va_canonical(e);
	flags_materialize(e, in->c);
	a = ra_use(e, in->a);
	b = ra_use(e, in->b);
	s = stub_add(e, STUB_KICK);
	s->eip = (u64)in->k;
	s->flags.there = true;
	s->site = host_branch(e, in->x, a, b);
}

static void lower_exit_ind(struct emit *e, const struct ir_insn *in)
{
	u16 safe = forms_safe(e);
	struct flags_at flags;

	order_leave(e);
	va_canonical(e);
	flags = flags_now(e, in->c);
	if (single(e) || !flags_outlive(&flags, R_PROBE) || (e->wide && !(safe & NEED_RSP))) {
		flags_put(e, &flags);
		flags = (struct flags_at){ .there = true };
	}
	ra_to_reg(e, R_ARG(0), in->a);
	if (single(e)) {
		host_goto_door(e, DOOR_FOR(e, exit_kick));
		return;
	}
	probe(e, &flags, safe);
	if (!e->wide) {
		host_goto_door(e, glue_jump_ind);
		return;
	}
	host_call_door(e, glue64_jump_ind);
	code_data(&e->c, BRANCH_WORD(guest_eip(e, in->guest) - guest_eip(e, 0), in->k));
}

static void (*system_door(const struct emit *e, unsigned helper))(void)
{
	u32 key = e->ir->key_flags;
	bool pins = key_pins(key);

	if (pins && helper == HELPER_iret && !(key & KEY_CPL))
		return DOOR_FOR(e, iret);
	if (pins && helper == HELPER_int)
		return DOOR_FOR(e, int);
	if (pins && helper == HELPER_sysenter && !e->wide)
		return glue_sysenter;
	if (pins && helper == HELPER_sysexit && !e->wide)	/* lift has seen to the level */
		return glue_sysexit;
	return (key & KEY_LMA) && !e->wide ? glue_compat_sys : DOOR_FOR(e, sys);
}

/*
 * Arguments to vcpu.help, both eips to their fields, helper number in the first argument register.
 */
static void lower_sys(struct emit *e, const struct ir_insn *in)
{
	const struct ir_guest *g = &e->ir->guest[in->guest];

	order_fetches(e);
	va_canonical(e);
	flags_materialize(e, in->c);
	if (in->a)
		host_state_store(e, ra_use(e, in->a), offsetof(struct vcpu, help[0]), M_64);
	if (in->b)
		host_state_store(e, ra_use(e, in->b), offsetof(struct vcpu, help[1]), M_64);
	eip_to_reg(e, R_ARG(0), g->eip);
	eip_to_reg(e, R_ARG(1), g->eip + g->len);
	host_const(e, R_ARG(2), in->k);
	host_goto_door(e, system_door(e, (unsigned)in->k));
}

struct stub *raise_stub(struct emit *e, s64 k)
{
	struct stub *s = stub_add(e, STUB_RAISE);

	s->recipe = site_recipe(e);
	s->vmap = va_map(e);
	s->late = e->late;
	s->k = k;
	return s;
}

static void lower_raise(struct emit *e, const struct ir_insn *in)
{
	struct stub *s;
	int a, b;

	order_leave(e);
	if (in->op == IR_RAISE) {
		s = raise_stub(e, in->k);
		s->site = host_jump(e);
		return;
	}
	a = ra_use(e, in->a);
	b = ra_use(e, in->b);
	s = raise_stub(e, in->k);
	s->site = host_branch(e, in->x, a, b);
}

/*
 * Addresses that registers make; constants are known. What differs by little will do (IR_FORM).
 */
static void lower_form(struct emit *e, const struct ir_insn *in)
{
	struct stub *s;
	s64 k;
	int a;

	order_leave(e);
	if (ra_const(e, in->a, &k)) {
		if (k < -(1ll << 62))
			raise_stub(e, in->k)->site = host_jump(e);
		return;
	}
	a = ra_use_near(e, in->a);
	s = raise_stub(e, in->k);
	s->site = host_branch_form(e, a);
}

/* Helpers with a leaf; glue64_leaf finds them here, too. */
void (*const leaf_of[HELPER_COUNT])(void) = {
#define LEAF(name) [HELPER_##name] = leaf_##name,
#include "dbt/ir/leaves.def"
#undef LEAF
};

/* Of 64-bit code: where a C helper is called that has a door of its own; NULL: it has none. */
static void (*own_door(unsigned helper))(void)
{
	switch (helper) {
	case HELPER_syscall_long: return glue64_syscall;
	case HELPER_sysret_long: return glue64_sysret;
	default: return NULL;
	}
}

static void call_helper(struct emit *e, unsigned helper)
{
	void (*own)(void) = e->wide ? own_door(helper) : NULL;

	if (leaf_of[helper] || own)
		va_canonical(e);	/* these change vector temporaries */
	host_const(e, R_ARG(0), helper);
	if (own)
		host_call_door(e, own);
	else if (leaf_of[helper])
		host_call_door(e, e->wide ? glue64_leaf : leaf_of[helper]);
	else
		host_call_door(e, DOOR_FOR(e, call));
}

/* C helper: (vcpu, a, b, c). A helper that faults returns nonzero and has filled vcpu.fault. */
void lower_call(struct emit *e, const struct ir_insn *in)
{
	const val v[3] = { in->a, in->b, in->c };
	struct stub *s;

	order_call(e, (unsigned)in->k);
	ra_to_args(e, v);
	call_helper(e, (unsigned)in->k);
	order_called(e);
	if (in->x == 2) {
		order_leave(e);
		s = raise_stub(e, SITE_HELPER);
		s->site = host_branch_nonzero(e, R_RESULT);
	} else if (in->type) {
		ra_claim(e, e->i, R_RESULT);
	}
}

static void lower_entry_flags(struct emit *e)
{
	const val none[3] = { 0 };

	ra_to_args(e, none);
	host_const(e, R_ARG(0), HELPER_entry_flags);
	host_call_door(e, DOOR_FOR(e, entry_flags));
	ra_claim(e, e->i, R_RESULT);
}

/* Computed out of line, leaving all registers, but for the commonest kind. */
static void lower_entry_cf(struct emit *e)
{
	int d = ra_def(e, e->i);
	struct stub *s = stub_add(e, STUB_ENTRY_CF);

	s->site = host_entry_cf(e, d);
	s->ra = d;
	s->back = code_here(&e->c);
}

void lower_stale_if(struct emit *e, int r)
{
	struct stub *s = stub_add(e, STUB_STALE);

	s->site = host_branch_nonzero(e, r);
}

void lower_control(struct emit *e, const struct ir_insn *in)
{
	switch (in->op) {
	case IR_EXIT: lower_exit(e, in); return;
	case IR_EXIT_IF: lower_exit_if(e, in); return;
	case IR_LEAVE_IF: lower_leave_if(e, in); return;
	case IR_EXIT_IND: lower_exit_ind(e, in); return;
	case IR_SYS: lower_sys(e, in); return;
	case IR_RAISE: case IR_RAISE_IF: lower_raise(e, in); return;
	case IR_FORM: lower_form(e, in); return;
	case IR_ENTRYCF: lower_entry_cf(e); return;
	case IR_ENTRYF: lower_entry_flags(e); return;
	}
	panic("control: op %u", in->op);
}

/* -- Behind the body -- */

static void kick_exit(struct emit *e, const struct stub *s)
{
	flags_put(e, &s->flags);
	eip_to_reg(e, R_ARG(0), s->eip);
	if (!s->link) {
		host_goto_door(e, DOOR_FOR(e, exit_kick));
		return;
	}
	host_call_door(e, DOOR_FOR(e, jump_far));	/* which finds the kick */
	code_data(&e->c, link_index(e, s->link));
}

static void add_late(struct emit *e, s16 late)
{
	int r = R_GPR(SITE_LATE_REG(late));

	if (late)
		host_add(e, r, r, SITE_LATE_K(late));
}

/*
 * What the block's body did not need is put where all blocks have it. Returns the flags that are
 * left for the exit itself.
 */
static struct flags_at leave_body(struct emit *e, const struct stub *s)
{
	struct flags_at flags = s->flags;

	va_at(e, s->vmap);
	va_canonical(e);
	if (s->late && flags_use(&flags, R_GPR(SITE_LATE_REG(s->late)))) {
		flags_put(e, &flags);
		flags = (struct flags_at){ .there = true };
	}
	add_late(e, s->late);
	return flags;
}

static void side_exit(struct emit *e, struct stub *s)
{
	const u32 *stub = code_here(&e->c);
	struct flags_at flags = leave_body(e, s);
	struct link *l = emit_exit(e, s->eip, s->guest, &flags, s->safe);

	if (!l)
		return;
	exit_branch(l, s->site, stub);
	l->marked = s->marked;
	s->link = go_way(l, s->way);
}

/* Something waits: if the branch behind the test were taken, the run loop is next. */
static void kick_if(struct emit *e, struct stub *s)
{
	u32 *taken = host_branch(e, s->cond, s->a, s->b);

	host_jump_to(e, s->back);
	host_patch(e, taken);
	s->flags = leave_body(e, s);
	s->link = s->of->link;
	kick_exit(e, s);
}

/* The registers at a raise are wanted by its recipe: a trap keeps them all. */
static void emit_raise(struct emit *e, const struct stub *s)
{
	if (s->outside) {
		host_patch(e, s->outside);
		entry_page(e);
		host_patch(e, s->site);
	}
	site_add_raise(e, s);
	host_trap(e);
}

static void emit_stub(struct emit *e, struct stub *s)
{
	if (!s->outside)
		host_patch(e, s->site);
	switch (s->kind) {
	case STUB_EXIT:
		side_exit(e, s);
		break;
	case STUB_KICK:
		kick_exit(e, s);
		break;
	case STUB_KICK_IF:
		kick_if(e, s);
		break;
	case STUB_RAISE:
		emit_raise(e, s);
		break;
	case STUB_STALE:
		host_call_door(e, DOOR_FOR(e, exit_stale));
		break;
	case STUB_ENTRY_CF:
		host_entry_cf_slow(e, s->ra);
		host_jump_to(e, s->back);
		break;
	}
}

void emit_stubs(struct emit *e)
{
	for (unsigned n = 0; n < e->stubs && !e->failed; n++)
		emit_stub(e, &e->stub[n]);
	va_emit_maps(e);
}
