/* SPDX-License-Identifier: BSD-2-Clause */
/* See mend.h. Sizes and operands are the SDM's (vol. 2), by row; values are shape.c's. */
#include "dbt/x86/mend.h"

#include "dbt/x86/cpu.h"
#include "kernel/lib/bits.h"

/* A memory operand that the instruction implies: seg:[base]. */
static struct shape_op implied_mem(const struct scan *s, u8 base, unsigned size)
{
	return (struct shape_op){ .kind = IR1_MEM, .size = size, .base = base, .index = IR1_NOREG,
				  .scale = 1, .seg = s->seg != SCAN_NOSEG ? s->seg : DS };
}

static void set_ops(struct shape *h, unsigned n)
{
	for (unsigned k = n; k < ARRAY_LEN(h->ops); k++)
		h->ops[k] = (struct shape_op){ 0 };
	h->nops = n;
}

/* JMP, Jcc, CALL, LOOP … */
static void mend_rel(struct shape *h)
{
	set_ops(h, 0);
	h->nops = 1;
	h->ops[0] = (struct shape_op){ .kind = IR1_REL, .size = h->opsize };
}

/* CALLF and JMPF: ptr16:16, ptr16:32 and their memory forms. */
static void mend_far(struct shape *h, const struct scan *s)
{
	if (s->has_modrm) {
		h->ops[0].size = h->opsize + 2;
		return;
	}
	set_ops(h, 0);
	h->nops = 1;
	h->ops[0] = (struct shape_op){ .kind = IR1_FAR, .size = h->opsize + 2 };
}

static void mend_string(struct shape *h, const struct scan *s)
{
	h->opsize = s->opcode & 1 ? h->opsize : 1;
	set_ops(h, 0);
	if (h->op == X86_STOS || h->op == X86_SCAS || h->op == X86_INS)
		return;
	h->nops = 1;
	h->ops[0] = implied_mem(s, ESI, h->opsize);
}

static void mend_enter(struct shape *h)
{
	h->ops[0].size = 2;
	h->ops[1].size = 1;
	h->imm = SHAPE_ENTER;
}

static void mend_cmpfp(struct shape *h)
{
	h->ops[2] = (struct shape_op){ .kind = IR1_IMM, .size = 1 };
	h->nops = 3;
	h->imm = SHAPE_COMPARE;
}

void shape_mem_size(struct shape *h, unsigned size)
{
	for (unsigned k = 0; k < h->nops; k++)
		if (h->ops[k].kind == IR1_MEM)
			h->ops[k].size = size;
}

void shape_mend(struct shape *h, const struct scan *s)
{
	switch (h->op) {
	case X86_JCC: case X86_JCXZ: case X86_LOOP: case X86_LOOPE: case X86_LOOPNE:
		mend_rel(h);
		break;
	case X86_JMP: case X86_CALL:
		if (!s->has_modrm)
			mend_rel(h);
		break;
	case X86_JMPF: case X86_CALLF: mend_far(h, s); break;
	case X86_LES: case X86_LDS: case X86_LSS: case X86_LFS: case X86_LGS:
		shape_mem_size(h, h->opsize + 2);
		break;
	case X86_BOUND: shape_mem_size(h, 2 * h->opsize); break;
	case X86_SGDT: case X86_SIDT: case X86_LGDT: case X86_LIDT:
		shape_mem_size(h, s->rex ? 10 : 6);
		break;
	case X86_MOVSXD:
		h->ops[0].size = h->opsize;
		h->ops[1].size = h->opsize == 2 ? 2 : 4;
		break;
	case X86_MOV_TO_CR: case X86_MOV_FROM_CR: case X86_MOV_TO_DR: case X86_MOV_FROM_DR:
		h->ops[0].size = h->ops[1].size = s->rex ? 8 : 4;
		break;
	case X86_COMISD: shape_mem_size(h, 8); break;
	case X86_LEA: case X86_INVLPG: case X86_FXSAVE: case X86_FXRSTOR: case X86_NOP_RM:
	case X86_PREFETCH: case X86_CLFLUSH:
		shape_mem_size(h, 0);
		break;
	case X86_MOV_TO_SREG: case X86_LAR: case X86_LSL: h->ops[1].size = 2; break;
	case X86_ENTER: mend_enter(h); break;
	case X86_CMPPS: case X86_CMPSS: case X86_CMPPD: case X86_CMPSD_SSE: mend_cmpfp(h); break;
	case X86_XLAT:
		h->nops = 1;
		h->ops[0] = implied_mem(s, EBX, 1);
		break;
	case X86_MASKMOVQ: case X86_MASKMOVDQU:
		h->nops = 3;
		h->ops[2] = implied_mem(s, EDI, h->ops[0].size);
		break;
	case X86_MONITOR:
		h->nops = 1;
		h->ops[0] = implied_mem(s, EAX, 0);
		break;
	case X86_NOP: case X86_PAUSE: case X86_MWAIT: set_ops(h, 0); break;
	default:
		if (x86_rows[h->op].flags & ROW_STRING)
			mend_string(h, s);
	}
}
