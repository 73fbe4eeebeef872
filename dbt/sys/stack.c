/* SPDX-License-Identifier: BSD-2-Clause */
/* Stack frames of far transfers and deliveries: limits, 16-bit wrap, probes. See stack.h. */
#include "dbt/sys/stack.h"

#include "dbt/sys/guestmem.h"
#include "dbt/sys/segload.h"
#include "dbt/sys/sysutil.h"

static u32 sp_mask(const struct stack *s)
{
	return s->ss.attr & SEG_DB ? 0xffffffff : 0xffff;
}

static u32 sp_moved(const struct stack *s, u32 by)
{
	u32 mask = sp_mask(s);

	return (s->sp & ~mask) | ((s->sp + by) & mask);
}

static gva_t sp_linear(const struct vcpu *c, const struct stack *s, u32 sp)
{
	return vcpu_linear(c, s->ss.base + (sp & sp_mask(s)));
}

struct stack stack_current(const struct vcpu *c)
{
	return (struct stack){ .ss = c->seg[SS], .sp = reg32(c, ESP), .super = c->cpl < 3 };
}

struct fault stack_probe_push(struct vcpu *c, const struct stack *s, unsigned n, unsigned size,
			      struct fault overflow)
{
	struct stack t = *s;

	while (n--) {
		t.sp = sp_moved(&t, -size);
		if (!seg_in_limit(&t.ss, t.sp & sp_mask(&t), size))
			return overflow;
		TRY(g_probe(c, sp_linear(c, &t, t.sp), size, t.super, true));
	}
	return fault_none();
}

struct fault stack_push(struct vcpu *c, struct stack *s, unsigned size, u32 v)
{
	u32 sp = sp_moved(s, -size);

	TRY(g_st(c, sp_linear(c, s, sp), size, s->super, size == 2 ? v & 0xffff : v));
	s->sp = sp;
	return fault_none();
}

struct fault stack_pop(struct vcpu *c, struct stack *s, unsigned n, unsigned size, u32 *out)
{
	struct stack t = *s;

	for (unsigned k = 0; k < n; k++) {
		if (!seg_in_limit(&t.ss, t.sp & sp_mask(&t), size))
			return fault_code(EXC_SS, 0);
		t.sp = sp_moved(&t, size);
	}
	t = *s;
	for (unsigned k = 0; k < n; k++) {
		u64 v;

		TRY(g_ld(c, sp_linear(c, &t, t.sp), size, t.super, &v));
		out[k] = (u32)v;
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
	set_reg32(c, ESP, s->sp);
}
