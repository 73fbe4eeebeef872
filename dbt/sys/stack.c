/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of far transfers and deliveries: limits, wrap, canonical, probes. See stack.h. */
#include "dbt/sys/stack.h"

#include "dbt/sys/guestmem.h"
#include "dbt/sys/segload.h"
#include "dbt/sys/sysutil.h"

static u64 sp_mask(const struct stack *s)
{
	return s->wide ? ~0ull : s->ss.attr & SEG_DB ? 0xffffffff : 0xffff;
}

static u64 sp_moved(const struct stack *s, s64 by)
{
	u64 mask = sp_mask(s);

	return (s->sp & ~mask) | ((s->sp + (u64)by) & mask);
}

static gva_t sp_linear(const struct stack *s, u64 sp)
{
	return s->wide ? gva(sp) : linear32(s->ss.base + (sp & sp_mask(s)));
}

static bool in_limit(const struct stack *s, unsigned size)
{
	if (s->wide)
		return canonical(s->sp) && canonical(s->sp + size - 1);
	return seg_in_limit(&s->ss, (u32)(s->sp & sp_mask(s)), size);
}

struct stack stack_current(const struct vcpu *c)
{
	bool wide = vcpu_code64(c);

	return (struct stack){
		.ss = c->seg[SS], .sp = wide ? c->gpr[ESP] : reg32(c, ESP),
		.super = c->cpl < 3, .wide = wide,
	};
}

static enum g_rights rights_of(const struct stack *s) { return s->super ? G_SUPER : G_USER; }

struct fault stack_probe_push(struct vcpu *c, const struct stack *s, unsigned n, unsigned size,
			      struct fault overflow)
{
	struct stack t = *s;

	while (n--) {
		t.sp = sp_moved(&t, -(s64)size);
		if (!in_limit(&t, size))
			return overflow;
		TRY(g_probe(c, sp_linear(&t, t.sp), size, rights_of(&t), true));
	}
	return fault_none();
}

struct fault stack_push(struct vcpu *c, struct stack *s, unsigned size, u64 v)
{
	u64 sp = sp_moved(s, -(s64)size);

	if (size < 8)
		v &= (1ull << size * 8) - 1;
	TRY(g_st(c, sp_linear(s, sp), size, rights_of(s), v));
	s->sp = sp;
	return fault_none();
}

struct fault stack_pop(struct vcpu *c, struct stack *s, unsigned n, unsigned size, u64 *out)
{
	struct stack t = *s;

	for (unsigned k = 0; k < n; k++) {
		if (!in_limit(&t, size))
			return fault_code(EXC_SS, 0);
		t.sp = sp_moved(&t, size);
	}
	t = *s;
	for (unsigned k = 0; k < n; k++) {
		TRY(g_ld(c, sp_linear(&t, t.sp), size, rights_of(&t), &out[k]));
		t.sp = sp_moved(&t, size);
	}
	*s = t;
	return fault_none();
}

void stack_drop(struct stack *s, u32 bytes)
{
	s->sp = sp_moved(s, bytes);
}

void stack_commit(struct vcpu *c, const struct stack *s)
{
	c->seg[SS] = s->ss;
	set_reg(c, ESP, s->sp);
}
