/* SPDX-License-Identifier: BSD-2-Clause */
/* See effects.h; SDM vol. 1, appendix A (EFLAGS cross-reference). */
#include "dbt/x86/effects.h"

#include "dbt/x86/cpu.h"

enum {
	SET = 1,		/* sets all six flags */
	WANT = 2,
	DEST = 4,		/* writes operand 0 */
	BOTH = 8,		/* and operand 1 */
	STACK = 16,		/* accesses memory by eSP, and moves it */
	ADDRESS = 32,		/* its memory operand is not accessed */
};

/* Bits of a shift's count that count. */
static unsigned count_mask(const struct ir1 *i) { return i->ops[0].size == 8 ? 63 : 31; }

static unsigned what(const struct ir1 *i)
{
	switch (i->op) {
	case X86_ADD: case X86_SUB: case X86_AND: case X86_OR: case X86_XOR: case X86_NEG:
		return SET | DEST;
	case X86_XADD: return SET | DEST | BOTH;
	case X86_CMP: case X86_TEST: return SET;
	case X86_ADC: case X86_SBB: case X86_INC: case X86_DEC: return WANT | DEST;
	case X86_SHL: case X86_SHR: case X86_SAR:
		return i->ops[1].kind == IR1_IMM && i->ops[1].imm & count_mask(i) ? SET | DEST :
		       WANT | DEST;
	case X86_MOV: case X86_MOVZX: case X86_MOVSX: case X86_MOVSXD: case X86_NOT:
	case X86_BSWAP:
		return DEST;
	case X86_LEA: return DEST | ADDRESS;
	case X86_XCHG: return DEST | BOTH;
	case X86_PUSH: return STACK;
	case X86_POP: return STACK | DEST;
	case X86_SETCC: case X86_CMOVCC: return WANT | DEST;
	}
	return 0;
}

static bool simple_operands(const struct ir1 *i)
{
	for (unsigned n = 0; n < i->nops; n++)
		if (i->ops[n].kind != IR1_GPR && i->ops[n].kind != IR1_IMM &&
		    i->ops[n].kind != IR1_MEM)
			return false;
	return true;
}

static bool in_memory(const struct ir1 *i)
{
	for (unsigned n = 0; n < i->nops; n++)
		if (i->ops[n].kind == IR1_MEM)
			return true;
	return false;
}

/* AH … BH are the registers 0 … 3. */
static u16 written(const struct ir1_op *o)
{
	return o->kind == IR1_GPR ? (u16)(1u << o->reg) : 0;
}

struct effects ir1_effects(const struct ir1 *i)
{
	unsigned w = what(i);
	struct effects e = { .simple = w && simple_operands(i) };

	if (!e.simple)
		return e;
	e.sets_flags = w & SET;
	e.wants_flags = w & WANT;
	e.may_fault = w & STACK || (in_memory(i) && !(w & ADDRESS));
	if (w & DEST)
		e.writes |= written(&i->ops[0]);
	if (w & BOTH)
		e.writes |= written(&i->ops[1]);
	if (w & STACK)
		e.writes |= 1u << ESP;
	return e;
}
