/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of an instruction whose shape is known. Reads its own bytes and none behind them. */
#include "dbt/x86/shape.h"

#include "kernel/lib/bits.h"

_Static_assert(sizeof(struct shape_op) == offsetof(struct ir1_op, disp), "what is no value");

/* Little-endian bytes[at .. at + n), n <= 4. */
static u32 load_le(const u8 *bytes, unsigned at, unsigned n)
{
	u32 v = 0;

	for (unsigned k = n; k-- > 0;)
		v = v << 8 | bytes[at + k];
	return v;
}

static s64 load_signed(const u8 *bytes, unsigned at, unsigned n)
{
	u32 v = load_le(bytes, at, n);

	return n == 1 ? (s8)v : n == 2 ? (s16)v : (s32)v;
}

static s64 immediate(const struct shape *h, const struct scan *s, const u8 *bytes, unsigned n)
{
	switch (h->imm) {
	case SHAPE_SIGNED: return load_signed(bytes, s->imm_at, s->imm_len);
	case SHAPE_ONE: return 1;
	case SHAPE_ENTER:
		return n ? bytes[s->imm_at + 2] : (s64)load_le(bytes, s->imm_at, 2);
	default: return load_le(bytes, s->imm_at, s->imm_len);
	}
}

/* JMP, Jcc, CALL, LOOP …: the target, wrapped to the operand size. */
static u32 branch_to(const struct ir1 *i, const struct scan *s, const u8 *bytes)
{
	u32 to = i->eip + i->len + (u32)load_signed(bytes, s->imm_at, s->imm_len);

	return i->opsize == 2 ? to & 0xffff : to;
}

static void fill_op(struct ir1 *i, const struct shape *h, const struct scan *s, const u8 *bytes,
		    unsigned n)
{
	struct ir1_op *o = &i->ops[n];

	switch (o->kind) {
	case IR1_MEM: o->disp = load_signed(bytes, s->disp_at, s->disp_len); break;
	case IR1_IMM: o->imm = immediate(h, s, bytes, n); break;
	case IR1_REL: o->imm = branch_to(i, s, bytes); break;
	case IR1_FAR:
		o->imm = load_le(bytes, s->imm_at, s->opsize);
		o->disp = load_le(bytes, s->imm_at + s->opsize, 2);
		break;
	}
}

void shape_fill(struct ir1 *i, const struct shape *h, const struct scan *s, const u8 *bytes,
		u32 eip)
{
	i->op = h->op;
	i->len = s->len;
	i->nops = h->nops;
	i->opsize = h->opsize;
	i->addrsize = s->addrsize;
	i->cond = h->cond;
	i->prefix = h->prefix;
	i->subop = h->imm == SHAPE_COMPARE ? bytes[s->imm_at] & 7 : h->subop;
	i->eip = eip;
	for (unsigned n = 0; n < 4; n++) {
		__builtin_memcpy(&i->ops[n], &h->ops[n], sizeof(h->ops[n]));
		i->ops[n].disp = i->ops[n].imm = 0;
	}
	for (unsigned n = 0; n < h->nops; n++)
		fill_op(i, h, s, bytes, n);
	__builtin_memset(i->bytes, 0, sizeof(i->bytes));
	for (unsigned k = 0; k < s->len; k++)
		i->bytes[k] = bytes[k];
}
