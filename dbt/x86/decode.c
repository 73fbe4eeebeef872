/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest bytes to struct ir1, through Capstone 5.0.7 (x86 only, DIET). The one
 * file that knows Capstone. How the work is shared:
 *
 *   scan.c     prefixes, opcode map, length: decides which bytes are needed
 *   Capstone   which instruction it is, and its operands
 *   here       the instructions that Capstone gets wrong (facts below), LOCK;
 *              shapes that were met are kept
 *   mend.c     operands that it leaves out or sizes otherwise
 *   shape.c    values of displacements and immediates
 *
 * Capstone never sees the guest's bytes but a normalised copy (normalise()):
 * LOCK, segments, repeated prefixes and F2/F3 that mean nothing are left out,
 * opcodes that it rejects are replaced by a twin with the same operands, and
 * displacements and immediates are 0. Invariant: what scan() and Capstone think
 * of the length is the same, or the instruction is refused and counted in the
 * decoder.
 */
#include "dbt/x86/decode.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbt/x86/cpu.h"
#include "dbt/x86/mend.h"
#include "dbt/x86/scan.h"
#include "dbt/x86/shape.h"
#include "dbt/x86/x87map.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"

/* -- Capstone's names to ours ------------------------------------------------ */

/* Enum x86_op by Capstone's instruction number; 0 (X86_INVALID) where no row exists. */
#define CONDITIONS(p, row) \
	[p##O] = row, [p##NO] = row, [p##B] = row, [p##AE] = row, [p##E] = row, [p##NE] = row, \
	[p##BE] = row, [p##A] = row, [p##S] = row, [p##NS] = row, [p##P] = row, [p##NP] = row, \
	[p##L] = row, [p##GE] = row, [p##LE] = row, [p##G] = row
static const u16 row_of[X86_INS_ENDING] = {
#define INS(name, lift, flags, feature) [X86_INS_##name] = X86_##name,
#define INX(name, lift, flags, feature)
#include "dbt/x86/insns.def"
#undef INX
#undef INS
	/* The rows of INX, and synonyms. MOVSD, CMPSD: the string forms are told by opcode. */
	[X86_INS_SAL] = X86_SHL,
	[X86_INS_CWDE] = X86_CBW, [X86_INS_CBW] = X86_CBW,
	[X86_INS_CDQ] = X86_CWD, [X86_INS_CWD] = X86_CWD,
	[X86_INS_CDQE] = X86_CBW, [X86_INS_CQO] = X86_CWD, [X86_INS_MOVABS] = X86_MOV,
	[X86_INS_XLATB] = X86_XLAT,
	[X86_INS_PUSHAW] = X86_PUSHA, [X86_INS_PUSHAL] = X86_PUSHA,
	[X86_INS_POPAW] = X86_POPA, [X86_INS_POPAL] = X86_POPA,
	[X86_INS_PUSHF] = X86_PUSHF, [X86_INS_PUSHFD] = X86_PUSHF, [X86_INS_PUSHFQ] = X86_PUSHF,
	[X86_INS_POPF] = X86_POPF, [X86_INS_POPFD] = X86_POPF, [X86_INS_POPFQ] = X86_POPF,
	[X86_INS_MOVSB] = X86_MOVS, [X86_INS_MOVSW] = X86_MOVS, [X86_INS_MOVSD] = X86_MOVSD_SSE,
	[X86_INS_CMPSB] = X86_CMPS, [X86_INS_CMPSW] = X86_CMPS, [X86_INS_CMPSD] = X86_CMPSD_SSE,
	[X86_INS_STOSB] = X86_STOS, [X86_INS_STOSW] = X86_STOS, [X86_INS_STOSD] = X86_STOS,
	[X86_INS_LODSB] = X86_LODS, [X86_INS_LODSW] = X86_LODS, [X86_INS_LODSD] = X86_LODS,
	[X86_INS_SCASB] = X86_SCAS, [X86_INS_SCASW] = X86_SCAS, [X86_INS_SCASD] = X86_SCAS,
	[X86_INS_MOVSQ] = X86_MOVS, [X86_INS_CMPSQ] = X86_CMPS, [X86_INS_STOSQ] = X86_STOS,
	[X86_INS_LODSQ] = X86_LODS, [X86_INS_SCASQ] = X86_SCAS,
	[X86_INS_INSB] = X86_INS, [X86_INS_INSW] = X86_INS, [X86_INS_INSD] = X86_INS,
	[X86_INS_OUTSB] = X86_OUTS, [X86_INS_OUTSW] = X86_OUTS, [X86_INS_OUTSD] = X86_OUTS,
	[X86_INS_JCXZ] = X86_JCXZ, [X86_INS_JECXZ] = X86_JCXZ, [X86_INS_JRCXZ] = X86_JCXZ,
	[X86_INS_LJMP] = X86_JMPF, [X86_INS_LCALL] = X86_CALLF, [X86_INS_RETFQ] = X86_RETF,
	[X86_INS_IRET] = X86_IRET, [X86_INS_IRETD] = X86_IRET, [X86_INS_IRETQ] = X86_IRET,
	[X86_INS_SYSEXITQ] = X86_SYSEXIT, [X86_INS_SYSRETQ] = X86_SYSRET,
	[X86_INS_PEXTRQ] = X86_PEXTRD, [X86_INS_PINSRQ] = X86_PINSRD,
	[X86_INS_FXSAVE64] = X86_FXSAVE, [X86_INS_FXRSTOR64] = X86_FXRSTOR,
	[X86_INS_PREFETCHNTA] = X86_PREFETCH, [X86_INS_PREFETCHT0] = X86_PREFETCH,
	[X86_INS_PREFETCHT1] = X86_PREFETCH, [X86_INS_PREFETCHT2] = X86_PREFETCH,
	CONDITIONS(X86_INS_J, X86_JCC), CONDITIONS(X86_INS_SET, X86_SETCC),
	CONDITIONS(X86_INS_CMOV, X86_CMOVCC),
};
#undef CONDITIONS

struct reg_name { u8 kind, number, size; bool high; };

#define SEQ8_FROM(kind, size, n, a, b, c, d, e, f, g, h) \
	[X86_REG_##a] = { kind, n, size, false }, [X86_REG_##b] = { kind, n + 1, size, false }, \
	[X86_REG_##c] = { kind, n + 2, size, false }, [X86_REG_##d] = { kind, n + 3, size, false },\
	[X86_REG_##e] = { kind, n + 4, size, false }, [X86_REG_##f] = { kind, n + 5, size, false },\
	[X86_REG_##g] = { kind, n + 6, size, false }, [X86_REG_##h] = { kind, n + 7, size, false }
#define SEQ8(kind, size, ...) SEQ8_FROM(kind, size, 0, __VA_ARGS__)

/* By Capstone's register number; kind IR1_NONE where code cannot name the register. */
static const struct reg_name reg_names[X86_REG_ENDING] = {
	[X86_REG_AL] = { IR1_GPR, EAX, 1, false }, [X86_REG_AH] = { IR1_GPR, EAX, 1, true },
	[X86_REG_CL] = { IR1_GPR, ECX, 1, false }, [X86_REG_CH] = { IR1_GPR, ECX, 1, true },
	[X86_REG_DL] = { IR1_GPR, EDX, 1, false }, [X86_REG_DH] = { IR1_GPR, EDX, 1, true },
	[X86_REG_BL] = { IR1_GPR, EBX, 1, false }, [X86_REG_BH] = { IR1_GPR, EBX, 1, true },
	[X86_REG_SPL] = { IR1_GPR, ESP, 1, false }, [X86_REG_BPL] = { IR1_GPR, EBP, 1, false },
	[X86_REG_SIL] = { IR1_GPR, ESI, 1, false }, [X86_REG_DIL] = { IR1_GPR, EDI, 1, false },
	SEQ8_FROM(IR1_GPR, 1, 8, R8B, R9B, R10B, R11B, R12B, R13B, R14B, R15B),
	SEQ8(IR1_GPR, 2, AX, CX, DX, BX, SP, BP, SI, DI),
	SEQ8_FROM(IR1_GPR, 2, 8, R8W, R9W, R10W, R11W, R12W, R13W, R14W, R15W),
	SEQ8(IR1_GPR, 4, EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI),
	SEQ8_FROM(IR1_GPR, 4, 8, R8D, R9D, R10D, R11D, R12D, R13D, R14D, R15D),
	SEQ8(IR1_GPR, 8, RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI),
	SEQ8_FROM(IR1_GPR, 8, 8, R8, R9, R10, R11, R12, R13, R14, R15),
	[X86_REG_EIP] = { IR1_GPR, IR1_RIP, 4, false },
	[X86_REG_RIP] = { IR1_GPR, IR1_RIP, 8, false },
	SEQ8(IR1_CR, 4, CR0, CR1, CR2, CR3, CR4, CR5, CR6, CR7),
	[X86_REG_CR8] = { IR1_CR, 8, 4, false },
	SEQ8(IR1_DR, 4, DR0, DR1, DR2, DR3, DR4, DR5, DR6, DR7),
	SEQ8(IR1_MM, 8, MM0, MM1, MM2, MM3, MM4, MM5, MM6, MM7),
	SEQ8(IR1_XMM, 16, XMM0, XMM1, XMM2, XMM3, XMM4, XMM5, XMM6, XMM7),
	SEQ8_FROM(IR1_XMM, 16, 8, XMM8, XMM9, XMM10, XMM11, XMM12, XMM13, XMM14, XMM15),
	[X86_REG_ES] = { IR1_SREG, ES, 2, false }, [X86_REG_CS] = { IR1_SREG, CS, 2, false },
	[X86_REG_SS] = { IR1_SREG, SS, 2, false }, [X86_REG_DS] = { IR1_SREG, DS, 2, false },
	[X86_REG_FS] = { IR1_SREG, FS, 2, false }, [X86_REG_GS] = { IR1_SREG, GS, 2, false },
};

/* -- What Capstone must not be asked ------------------------------------------ */

/* Opcodes for which 66, F2, F3 choose the instruction (is_chosen() and MOVBE apart). */
static bool is_simd_opcode(const struct scan *s)
{
	u8 op = s->opcode;

	switch (s->map) {
	case MAP_1: return false;
	case MAP_0F:
		return (op >= 0x10 && op <= 0x17) || (op >= 0x28 && op <= 0x2f) ||
		       (op >= 0x50 && op <= 0x7f) || (op >= 0xc2 && op <= 0xc6) || op >= 0xd0;
	case MAP_38: return op != 0xf0 && op != 0xf1;
	default: return true;
	}
}

/* 0F 0D, 0F 18-1F: every form executes as a hint or as a NOP, and touches no memory. */
static bool is_hint(const struct scan *s)
{
	return s->map == MAP_0F && (s->opcode == 0x0d || (s->opcode & 0xf8) == 0x18);
}

/* PREFETCHNTA, PREFETCHT0-2. */
static bool is_prefetch(const struct scan *s)
{
	return s->opcode == 0x18 && modrm_mod(s->modrm) != 3 && modrm_reg(s->modrm) < 4;
}

/* F2 or F3 chooses, 66 is the operand size: POPCNT, RDFSBASE, BSR as LZCNT, MOVBE as CRC32. */
static bool is_chosen(const struct scan *s)
{
	if (s->map == MAP_38)
		return (s->opcode & 0xfe) == 0xf0 && (s->prefix & PFX_REPNE);
	return s->map == MAP_0F && (s->opcode == 0xb8 || (s->prefix & PFX_REP &&
	       (s->opcode == 0xbd || s->opcode == 0xae)));
}

/*
 * REX for Capstone. With W it takes MMX and SSE opcodes with an F2 or F3 that they do not have, and
 * without it no MOVSXD.
 */
static u8 normal_rex(const struct scan *s)
{
	u8 rex = s->rex & (u8)~REX_CODE64;

	if (s->map == MAP_1 && s->opcode == 0x63)
		return rex | REX | REX_W;
	if (!is_simd_opcode(s))
		return rex;
	if (s->map == MAP_3A && (s->opcode == 0x16 || s->opcode == 0x22))
		return rex;					/* PEXTRQ, PINSRQ */
	switch (s->map == MAP_0F ? s->opcode : 0) {
	case 0x2a: case 0x2c: case 0x2d: case 0xc3: return rex;	/* conversions, MOVNTI */
	case 0x6e: case 0x7e:					/* MOVD */
		return s->prefix & (PFX_REP | PFX_REPNE) ? rex & (u8)~REX_W : rex;
	default: return rex & (u8)~REX_W;
	}
}

/*
 * The copy that Capstone decodes, in 32-bit mode for 16-bit code, too: 67 and 66 for an address and
 * operand size that are not the mode's own, or 66, F2, F3 where they choose the instruction
 * (F2 and F3 outrank 66), REX, then the opcode. Capstone's 16-bit mode does not know 66 as
 * part of an SSE opcode. values: leave displacement and immediate as they are. Returns the
 * copy's length, at most 3 more than the original's.
 */
static unsigned normalise(u8 *copy, const struct scan *s, const u8 *bytes, bool values)
{
	static const u8 escapes[] = { 0, 1, 2, 2 };
	unsigned n = 0, from = s->opcode_at - escapes[s->map], at = s->opcode_at - from;
	u8 choice = s->prefix & (PFX_REP | PFX_REPNE), rex = s->rex ? normal_rex(s) : 0;

	if (s->addrsize == (s->rex ? 4 : 2))
		copy[n++] = 0x67;
	if (is_simd_opcode(s) ? (s->prefix & PFX_66) && !choice : s->opsize == 2)
		copy[n++] = 0x66;
	if (choice && (is_simd_opcode(s) || is_chosen(s)))
		copy[n++] = choice == PFX_REP ? 0xf3 : 0xf2;
	if (rex)
		copy[n++] = rex;
	memcpy(copy + n, bytes + from, s->len - from);
	for (unsigned k = 0; k < s->disp_len && !values; k++)
		copy[n + s->disp_at - from + k] = 0;
	for (unsigned k = 0; k < s->imm_len && !values; k++)
		copy[n + s->imm_at - from + k] = 0;
	at += n;
	if (is_hint(s) && !is_prefetch(s))
		copy[at] = 0x1f;
	if (s->map == MAP_0F && s->opcode == 0xae && modrm_mod(s->modrm) == 3 && !choice)
		copy[at + 1] &= ~7;			/* LFENCE MFENCE SFENCE: any rm */
	if (s->map == MAP_0F && s->opcode >= 0x20 && s->opcode <= 0x23)
		copy[at + 1] |= 0xc0;			/* MOV CR, DR: mod is ignored */
	return n + s->len - from;
}

/* -- Which row ---------------------------------------------------------------- */

static u16 row_map_1(const struct scan *s, u16 row)
{
	switch (s->opcode) {
	case 0x06: case 0x0e: case 0x16: case 0x1e: return X86_PUSH_SREG;
	case 0x07: case 0x17: case 0x1f: return X86_POP_SREG;
	case 0x8c: return X86_MOV_FROM_SREG;
	case 0x8e: return X86_MOV_TO_SREG;
	case 0x90:
		if (s->rex & REX_B)
			return X86_XCHG;
		return s->prefix & PFX_REP ? X86_PAUSE : X86_NOP;
	case 0xa5: return X86_MOVS;
	case 0xa7: return X86_CMPS;
	case 0xff:
		if (modrm_reg(s->modrm) == 3)
			return X86_CALLF;
		return modrm_reg(s->modrm) == 5 ? X86_JMPF : row;
	default: return row;
	}
}

static u16 row_map_0f(const struct scan *s, u16 row)
{
	if (is_hint(s))
		return is_prefetch(s) ? X86_PREFETCH : X86_NOP_RM;
	switch (s->opcode) {
	case 0x20: return X86_MOV_FROM_CR;
	case 0x21: return X86_MOV_FROM_DR;
	case 0x22: return X86_MOV_TO_CR;
	case 0x23: return X86_MOV_TO_DR;
	case 0xa0: case 0xa8: return X86_PUSH_SREG;
	case 0xa1: case 0xa9: return X86_POP_SREG;
	case 0xc2:					/* CMPEQPS …: other numbers to Capstone */
		if (s->prefix & PFX_REP)
			return X86_CMPSS;
		if (s->prefix & PFX_REPNE)
			return X86_CMPSD_SSE;
		return s->prefix & PFX_66 ? X86_CMPPD : X86_CMPPS;
	case 0xd6:
		return s->prefix & (PFX_REP | PFX_REPNE) ? row : X86_MOVQ_SSE;
	case 0x6e: return X86_MOVD;
	case 0x7e: return s->prefix & PFX_REP ? X86_MOVQ_SSE : X86_MOVD;
	default: return row;
	}
}

static u16 row_for(const struct scan *s, unsigned id)
{
	u16 row = id < ARRAY_LEN(row_of) ? row_of[id] : X86_INVALID;

	switch (s->map) {
	case MAP_1: return row_map_1(s, row);
	case MAP_0F: return row_map_0f(s, row);
	case MAP_3A: return s->opcode == 0x15 ? X86_PEXTRW_SSE4 : row;
	default: return row;
	}
}

/* -- Operands ------------------------------------------------------------------ */

static u8 gpr_or_none(x86_reg r)
{
	return r < X86_REG_ENDING && reg_names[r].kind == IR1_GPR ? reg_names[r].number : IR1_NOREG;
}

/* Default segment: SS when the base is eSP or eBP (SDM vol. 1, 3.7.4). */
static void set_segment(struct shape_op *o, const struct scan *s)
{
	if (s->seg != SCAN_NOSEG)
		o->seg = s->seg;
	else
		o->seg = o->base == ESP || o->base == EBP ? SS : DS;
}

static void take_mem(struct shape_op *o, const cs_x86_op *c, const struct scan *s)
{
	o->kind = IR1_MEM;
	o->size = c->size;
	o->base = gpr_or_none(c->mem.base);
	o->index = gpr_or_none(c->mem.index);
	o->scale = o->index == IR1_NOREG ? 1 : c->mem.scale;
	set_segment(o, s);
}

static bool take_reg(struct shape_op *o, x86_reg reg)
{
	const struct reg_name *n = &reg_names[reg < X86_REG_ENDING ? reg : X86_REG_INVALID];

	o->kind = n->kind;
	o->reg = n->number;
	o->size = n->size;
	o->high = n->high;
	return n->kind != IR1_NONE;
}

/* Immediates that are extended to the operand size; all others are unsigned. */
static bool is_signed_imm(const struct scan *s)
{
	u8 op = s->opcode;

	if (s->map != MAP_1)
		return false;
	return op < 0x40 || (op >= 0x68 && op <= 0x6b) || (op >= 0x80 && op <= 0x83) ||
	       op == 0xa8 || op == 0xa9 || (op >= 0xb0 && op <= 0xbf) ||
	       op == 0xc6 || op == 0xc7 || op == 0xf6 || op == 0xf7;
}

static bool is_shift_by_1(const struct scan *s)
{
	return s->map == MAP_1 && (s->opcode == 0xd0 || s->opcode == 0xd1);
}

/* Capstone's value and size of an immediate are not used: its sign extension varies. */
static void take_imm(struct shape *h, const struct scan *s)
{
	struct shape_op *o = &h->ops[h->nops];

	o->kind = IR1_IMM;
	if (is_shift_by_1(s)) {
		h->imm = SHAPE_ONE;
		o->size = 1;
	} else if (is_signed_imm(s)) {
		h->imm = SHAPE_SIGNED;
		o->size = h->nops ? h->ops[0].size : h->opsize;
	} else {
		h->imm = SHAPE_UNSIGNED;
		o->size = s->imm_len;
	}
}

static bool take_operands(struct shape *h, const struct scan *s, const cs_x86 *c)
{
	unsigned n = c->op_count < ARRAY_LEN(h->ops) ? c->op_count : ARRAY_LEN(h->ops);

	for (; h->nops < n; h->nops++) {
		const cs_x86_op *from = &c->operands[h->nops];
		struct shape_op *to = &h->ops[h->nops];

		if (from->type == X86_OP_MEM)
			take_mem(to, from, s);
		else if (from->type == X86_OP_IMM)
			take_imm(h, s);
		else if (!take_reg(to, from->reg))
			return false;
	}
	return true;
}

/* -- x87 ------------------------------------------------------------------------- */

static struct shape_op st_operand(u8 number)
{
	return (struct shape_op){ .kind = IR1_ST, .size = 10, .reg = number };
}

/* Register forms come from the map alone: Capstone rejects aliases and swaps FSUB with FSUBR. */
static void x87_registers(struct shape *h, u8 form, u8 sti)
{
	switch (form) {
	case X87_AX:
		h->nops = 1;
		h->ops[0] = (struct shape_op){ .kind = IR1_GPR, .size = 2, .reg = EAX };
		break;
	case X87_I:
		h->nops = 1;
		h->ops[0] = st_operand(sti);
		break;
	case X87_0I: case X87_I0:
		h->nops = 2;
		h->ops[0] = st_operand(form == X87_0I ? 0 : sti);
		h->ops[1] = st_operand(form == X87_0I ? sti : 0);
		break;
	}
}

/* -- The decoder ------------------------------------------------------------------ */

struct work {				/* one call's temporaries */
	const struct scan *scan;
	const u8 *bytes;
	bool values;			/* as normalise() takes it */
	cs_insn insn;
	cs_detail detail;
};

static bool run_capstone(struct decoder *d, struct work *w)
{
	u8 copy[SCAN_MAX + 3];
	const u8 *code = copy;
	size_t size = normalise(copy, w->scan, w->bytes, w->values);
	u64 address = 0;

	w->insn.detail = &w->detail;
	if (!cs_disasm_iter(d->capstone[w->scan->rex != 0], &code, &size, &address, &w->insn))
		return false;
	if (size != 0)
		d->disagreements++;
	return size == 0;
}

static bool make_x87(struct decoder *d, struct shape *h, struct work *w)
{
	const struct scan *s = w->scan;
	struct x87_entry e = x87_lookup(s->opcode, s->modrm);

	h->op = e.op;
	h->cond = e.cond;
	h->subop = e.subop;
	if (e.op == X86_INVALID || e.form != X87_MEM) {
		x87_registers(h, e.form, modrm_rm(s->modrm));
		return e.op != X86_INVALID;
	}
	if (!run_capstone(d, w) || !take_operands(h, s, &w->detail.x86))
		return false;
	shape_mem_size(h, e.size);
	return h->nops == 1;
}

static bool make_other(struct decoder *d, struct shape *h, struct work *w)
{
	const struct scan *s = w->scan;

	if (!scan_form_exists(s) || !run_capstone(d, w))
		return false;
	h->op = row_for(s, w->insn.id);
	if (h->op == X86_INVALID || !take_operands(h, s, &w->detail.x86))
		return false;
	if (h->op == X86_JCC || h->op == X86_SETCC || h->op == X86_CMOVCC)
		h->cond = s->opcode & 15;
	if (is_simd_opcode(s) || is_chosen(s))
		h->prefix &= ~(PFX_REP | PFX_REPNE);
	shape_mend(h, s);
	return true;
}

/* LOCK: only where the row allows it and the destination is memory. */
static bool lock_allowed(const struct shape *h)
{
	return (x86_rows[h->op].flags & ROW_LOCK) && h->ops[0].kind == IR1_MEM;
}

/* The shape of one instruction into *h. False: it is #UD. values: as normalise() takes it. */
static bool make_shape(struct decoder *d, struct shape *h, const struct scan *s, const u8 *bytes,
		       bool values)
{
	struct work w;
	bool valid;

	w.scan = s;
	w.bytes = bytes;
	w.values = values;
	*h = (struct shape){ .key = shape_key(s), .opsize = s->opsize, .prefix = s->prefix };
	if (s->map == MAP_1 && (s->opcode & 0xf8) == 0xd8)
		valid = make_x87(d, h, &w);
	else
		valid = make_other(d, h, &w);
	return valid && (!(h->prefix & PFX_LOCK) || lock_allowed(h));
}

/*
 * The shape from the table, or made and put there, the one before it into the other slot of the
 * two. NULL: it is #UD.
 */
static const struct shape *find_shape(struct decoder *d, const struct scan *s, const u8 *bytes)
{
	u64 key = shape_key(s);
	unsigned slot = shape_slot(key);
	struct shape *h = &d->shapes[slot], fresh;

	d->decoded++;
	if (h->key == key)
		return h;
	if (d->shapes[slot ^ 1].key == key)
		return &d->shapes[slot ^ 1];
	d->made++;
	if (!make_shape(d, &fresh, s, bytes, false))
		return NULL;
	d->shapes[slot ^ 1] = *h;
	*h = fresh;
	return h;
}

/* Does Capstone say the same of the bytes as they are, values and all? */
static void verify_shape(struct decoder *d, const struct shape *h, const struct scan *s,
			 const u8 *bytes)
{
	struct shape whole;
	bool valid = make_shape(d, &whole, s, bytes, true);

	if (valid != (h != NULL) || (h && memcmp(h, &whole, sizeof(whole))))
		panic("decode: opcode %x of map %u, ModR/M %x: its shape is another one",
		      s->opcode, s->map, s->modrm);
}

enum decode_status decode(struct decoder *d, struct ir1 *out, const u8 *bytes, unsigned avail,
			  u64 eip, unsigned mode)
{
	struct scan s;
	const struct shape *h;
	enum decode_status status = scan(&s, bytes, avail, mode);

	out->op = X86_INVALID;
	out->len = out->nops = 0;
	if (status != DECODE_OK)
		return status;
	h = find_shape(d, &s, bytes);
	if (d->verify)
		verify_shape(d, h, &s, bytes);
	if (!h)
		return DECODE_INVALID;
	shape_fill(out, h, &s, bytes, avail, eip);
	return DECODE_OK;
}

/* -- Set-up ------------------------------------------------------------------------- */

static bool open_capstone(size_t *handle, cs_mode mode)
{
	return cs_open(CS_ARCH_X86, mode, handle) == CS_ERR_OK &&
	       cs_option(*handle, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK;
}

int decoder_init(struct decoder *d)
{
	cs_opt_mem mem = { malloc, calloc, realloc, free, vsnprintf };

	*d = (struct decoder){ .shapes = calloc(SHAPE_SLOTS, sizeof(struct shape)) };
	if (!d->shapes || cs_option(0, CS_OPT_MEM, (size_t)&mem) != CS_ERR_OK ||
	    !open_capstone(&d->capstone[0], CS_MODE_32) ||
	    !open_capstone(&d->capstone[1], CS_MODE_64))
		return -ERR_NOMEM;
	return 0;
}
