/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of an instruction whose shape is known. Reads its own bytes and none behind them. */
#include "dbt/x86/shape.h"

#include "kernel/lib/bits.h"

_Static_assert(sizeof(struct shape_op) == offsetof(struct ir1_op, disp), "what is no value");

static u32 load_le32(const u8 *b)
{
	return b[0] | (u32)b[1] << 8 | (u32)b[2] << 16 | (u32)b[3] << 24;
}

/* Little-endian; n: 0, 1, 2, 4 or 8. */
static u64 load_le(const u8 *b, unsigned n)
{
	switch (n) {
	case 0: return 0;
	case 1: return b[0];
	case 2: return b[0] | (u32)b[1] << 8;
	case 4: return load_le32(b);
	default: return load_le32(b) | (u64)load_le32(b + 4) << 32;
	}
}

static s64 load_signed(const u8 *b, unsigned n)
{
	switch (n) {
	case 1: return (s8)b[0];
	case 2: return (s16)load_le(b, 2);
	case 8: return (s64)load_le(b, 8);
	default: return (s32)load_le(b, n);
	}
}

static s64 immediate(const struct shape *h, const struct scan *s, const u8 *at, unsigned n)
{
	switch (h->imm) {
	case SHAPE_SIGNED: return load_signed(at, s->imm_len);
	case SHAPE_ONE: return 1;
	case SHAPE_ENTER: return n ? at[2] : (s64)load_le(at, 2);
	default: return load_le(at, s->imm_len);
	}
}

/* JMP, Jcc, CALL, LOOP …: where to, wrapped to the operand size. */
static u64 branch_to(const struct ir1 *i, const struct scan *s, const u8 *bytes)
{
	u64 to = i->eip + i->len + (u64)load_signed(bytes + s->imm_at, s->imm_len);

	if (i->opsize == 8)
		return to;
	return i->opsize == 2 ? to & 0xffff : (u32)to;
}

static void fill_op(struct ir1 *i, const struct shape *h, const struct scan *s, const u8 *bytes,
		    unsigned n)
{
	struct ir1_op *o = &i->ops[n];

	o->disp = o->imm = 0;
	switch (h->ops[n].kind) {
	case IR1_MEM: o->disp = load_signed(bytes + s->disp_at, s->disp_len); break;
	case IR1_IMM: o->imm = immediate(h, s, bytes + s->imm_at, n); break;
	case IR1_REL: o->imm = (s64)branch_to(i, s, bytes); break;
	case IR1_FAR:
		o->imm = load_le(bytes + s->imm_at, s->opsize);
		o->disp = load_le(bytes + s->imm_at + s->opsize, 2);
		break;
	}
}

void shape_fill(struct ir1 *i, const struct shape *h, const struct scan *s, const u8 *bytes,
		unsigned avail, u64 eip)
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
	for (unsigned n = 0; n < ARRAY_LEN(i->ops); n++)
		__builtin_memcpy(&i->ops[n], &h->ops[n], sizeof(h->ops[n]));
	for (unsigned n = 0; n < h->nops; n++)
		fill_op(i, h, s, bytes, n);
	if (avail >= sizeof(i->bytes))
		__builtin_memcpy(i->bytes, bytes, sizeof(i->bytes));
	else
		for (unsigned k = 0; k < s->len; k++)
			i->bytes[k] = bytes[k];
}
