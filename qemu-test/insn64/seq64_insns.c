/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes next in a sequence: a form of some row, or something that forms seldom make: chains of
 * operations on what was just written, constants and what they are used for, PUSHes in a row,
 * copies of XMM registers, jumps forward. Not how many (seq64.c).
 */
#include "qemu-test/insn64/seq64.h"

#include "kernel/lib/bits.h"

#include <string.h>

#define TRIES 60

enum class { CLASS_HOT, CLASS_INT, CLASS_SSE, CLASS_MMX, CLASS_X87, CLASS_STRING, CLASSES };

static const struct form **row_first[X86_OP_COUNT];
static const struct form *sorted[200000];
static u16 members[CLASSES][X86_OP_COUNT];
static u32 member_count[CLASSES];

/* -- Rows by class --------------------------------------------------------------------------- */

static bool is_hot(unsigned op)
{
	switch (op) {
	case X86_MOV: case X86_ADD: case X86_SUB: case X86_AND: case X86_OR: case X86_XOR:
	case X86_CMP: case X86_TEST: case X86_SHL: case X86_SHR: case X86_SAR: case X86_LEA:
	case X86_MOVZX: case X86_MOVSX: case X86_MOVSXD: case X86_INC: case X86_DEC: case X86_ADC:
	case X86_SBB: case X86_NEG: case X86_NOT: case X86_SETCC: case X86_CMOVCC: case X86_IMUL:
	case X86_BSWAP: case X86_XCHG: case X86_PUSH: case X86_POP: case X86_CBW: case X86_CWD:
	case X86_ROL: case X86_ROR: case X86_BT:
		return true;
	}
	return false;
}

static enum class class_of(unsigned op)
{
	u16 flags = x86_rows[op].flags;

	return flags & ROW_STRING ? CLASS_STRING : flags & ROW_X87 ? CLASS_X87 :
	       flags & ROW_SSE ? CLASS_SSE : flags & ROW_MMX ? CLASS_MMX :
	       is_hot(op) ? CLASS_HOT : CLASS_INT;
}

void seq_sort_forms(void)
{
	u32 at = 0;

	for (unsigned op = 1; op < X86_OP_COUNT; op++) {
		if (!gen_row_forms[op])
			continue;
		row_first[op] = &sorted[at];
		at += gen_row_forms[op];
		gen_row_forms[op] = 0;
		if (seq_row(op))
			members[class_of(op)][member_count[class_of(op)]++] = (u16)op;
	}
	for (u32 k = 0; k < gen_form_count; k++)
		row_first[gen_forms[k].row][gen_row_forms[gen_forms[k].row]++] = &gen_forms[k];
}

/* Percent of each class; what a sequence is about. */
static const u8 mixes[][CLASSES] = {
	{ 60, 15, 14, 4, 4, 3 }, { 85, 13, 0, 0, 0, 2 }, { 100 }, { 100 },
	{ 25, 5, 68, 2, 0, 0 }, { 40, 20, 10, 10, 20, 0 }, { 70, 30, 0, 0, 0, 0 },
};

const u8 *seq_mix(void) { return mixes[below(ARRAY_LEN(mixes))]; }

static const struct form *some_form(const u8 *mix)
{
	u32 p = below(100);
	unsigned class = 0, op;

	while (class + 1 < CLASSES && p >= mix[class])
		p -= mix[class++];
	op = members[class][below(member_count[class])];
	return row_first[op][below(gen_row_forms[op])];
}

/* -- Bytes ----------------------------------------------------------------------------------- */

static void put_code(struct seq *s, const u8 *b, unsigned n)
{
	memcpy(s->code + s->c->len, b, n);
	s->c->len += n;
	s->insns++;
}

bool seq_points(const struct seq *s, unsigned r) { return r == ESP || r == s->pointer; }

/* One more instruction, already in m: run it, or just put it there. */
static enum seq_step append(struct seq *s, struct making *m)
{
	const struct ir1_op *to = &m->i.ops[0];
	enum seq_step step = SEQ_ON;

	if (s->c->len + m->i.len > s->room)
		return SEQ_BAD;
	put_code(s, m->b, m->i.len);
	if (!s->dead)
		step = seq_execute(s, m);
	if (step == SEQ_BAD) {
		s->c->len -= m->i.len;
		s->insns--;
	} else if (m->i.nops && (to->kind == IR1_GPR || to->kind == IR1_XMM) &&
		   !seq_points(s, to->reg)) {
		s->last = to->reg;
	}
	return step;
}

static bool append_bytes(struct seq *s, const u8 *b)
{
	struct case64 scratch = { 0 };
	struct making m = { .c = &scratch, .rip = seq_rip(s) };

	memcpy(m.b, b, SCAN_MAX);
	return gen_read(&m) && append(s, &m) == SEQ_ON;
}

/* A number into a register, by one of the ways that hold it. */
static bool append_mov(struct seq *s, unsigned reg, u64 v)
{
	u8 b[SCAN_MAX] = { 0 };
	unsigned n = 0;
	bool wide = v > 0xffffffff || chance(20), sign = (s64)v == (s32)v && wide;

	if (gen_head.mode == 8 && (wide || reg > 7))
		b[n++] = (u8)(REX | (wide ? REX_W : 0) | reg >> 3);
	if (sign && gen_head.mode == 8) {
		b[n++] = 0xc7;
		b[n++] = (u8)(0xc0 | (reg & 7));
	} else {
		b[n++] = (u8)(0xb8 | (reg & 7));
	}
	memcpy(b + n, &v, 8);
	return append_bytes(s, b);
}

/* -- Instructions ---------------------------------------------------------------------------- */

static unsigned some_register(const struct seq *s)
{
	u32 p = below(100);

	return p < 35 ? s->last : p < 50 ? s->constant : p < 85 ? s->favourites[below(4)] :
	       below(gen_head.mode == 8 ? 16 : 8);
}

/* A number of any width: ones at its lower end, its upper end or in the middle, or an edge. */
static u64 some_number(void)
{
	u64 r = rnd();

	switch (below(4)) {
	case 0: return value64(8);
	case 1: return ~0ull >> (r & 63);
	case 2: return ~0ull >> (r & 63) << (r >> 6 & 63);
	}
	return r >> (r & 63);
}


/* Other register numbers in the fields of ModR/M, if it remains the same row. */
static bool favour(const struct seq *s, struct making *m, bool memory)
{
	struct making old = *m;
	unsigned escapes = m->s.map == MAP_1 ? 0 : m->s.map == MAP_0F ? 1 : 2;
	unsigned at = m->s.opcode_at + 1;
	unsigned reg = some_register(s), rm = some_register(s);
	u8 *rex = m->s.rex & REX ? &m->b[m->s.opcode_at - escapes - 1] : NULL;

	if (!m->s.has_modrm)
		return true;
	if (chance(70)) {
		m->b[at] = (u8)((m->b[at] & ~0x38) | (reg & 7) << 3);
		if (rex)
			*rex = (u8)((*rex & ~REX_R) | (reg & 8) >> 1);
	}
	if (memory && chance(rex || s->pointer < 8 ? 75 : 0))
		m->b[at] = (u8)(0x80 | (m->b[at] & 0x38) | ((rm = s->pointer) & 7));
	if (!memory || rm == s->pointer) {
		m->b[at] = (u8)((m->b[at] & ~7) | (rm & 7));
		if (rex)
			*rex = (u8)((*rex & ~REX_B) | rm >> 3);
	}
	if (gen_decode(m))
		return true;
	*m = old;
	return gen_decode(m);
}

/* Does it write the stack pointer or the other pointer? Mostly that is a waste of a sequence. */
static bool loses_pointer(const struct seq *s, const struct making *m)
{
	for (unsigned k = 0; k < m->i.nops && k < 2; k++)
		if (m->i.ops[k].kind == IR1_GPR && seq_points(s, m->i.ops[k].reg))
			return true;
	return false;
}

/* Half of all forms have 8 or 16 bits. */
static bool is_narrow(const struct making *m)
{
	return m->i.nops && m->i.ops[0].kind == IR1_GPR && m->i.ops[0].size < 4;
}

/* The registers that gen_places() wants changed, but for those that are right. */
static bool append_changes(struct seq *s, const struct making *m)
{
	u64 all = gen_head.mode == 8 ? ~0ull : 0xffffffff;
	unsigned changes = 0;

	for (unsigned r = 0; r < 16; r++)
		changes += (m->c->gpr[r] ^ s->cpu.gpr[r]) & all ? 1 : 0;
	if (changes > 3)
		return false;
	for (unsigned r = 0; r < 16; r++)
		if ((m->c->gpr[r] ^ s->cpu.gpr[r]) & all &&
		    !append_mov(s, r, m->c->gpr[r] & all))
			return false;
	return true;
}

/* What is RIP-relative goes on meaning the same, `by` bytes later. */
static bool move_on(struct making *m, u64 by)
{
	s32 disp;

	m->rip += by;
	for (unsigned k = 0; k < m->i.nops; k++)
		if (m->i.ops[k].kind == IR1_MEM && m->i.ops[k].base == IR1_RIP) {
			memcpy(&disp, m->b + m->s.disp_at, 4);
			disp -= (s32)by;
			memcpy(m->b + m->s.disp_at, &disp, 4);
		}
	return gen_decode(m);
}

/* The form with its operands in place, in m; false: it cannot be. */
static bool make(struct seq *s, struct making *m, const struct form *f)
{
	memcpy(m->c->gpr, s->cpu.gpr, sizeof m->c->gpr);
	if (!gen_fill(m, f) || !favour(s, m, f->memory))
		return false;
	if ((loses_pointer(s, m) && chance(90)) || (is_narrow(m) && chance(60)))
		return false;
	if (m->c->gpr[ESP] - gen_data() - 0x100 > DATA64_RW - 0x200 && chance(80))
		m->c->gpr[ESP] = gen_data() + 0x1000 + 8 * below(0x100);
	return gen_places(m) && gen_decode(m);
}

static bool try_form(struct seq *s, const struct form *f, bool may_fault)
{
	static struct seq saved;
	static struct case64 saved_case;
	struct case64 scratch = { 0 };
	struct making m = { .c = &scratch, .rip = seq_rip(s), .memory = s->data,
			    .slot = insn64_slot(&gen_head, s->n) };
	u32 len = s->c->len;
	enum seq_step step;

	if (!make(s, &m, f))
		return false;
	saved = *s;
	saved_case = *s->c;
	step = append_changes(s, &m) && move_on(&m, s->c->len - len) ? append(s, &m) : SEQ_BAD;
	if (step == SEQ_FAULT && may_fault && s->insns > 3) {
		s->dead = s->faulted = true;
		return true;
	}
	if (step == SEQ_ON && !(may_fault && chance(60)))
		return true;
	*s = saved;
	*s->c = saved_case;
	return false;
}

static void some_instruction(struct seq *s, const u8 *mix, bool may_fault)
{
	for (unsigned k = 0; k < TRIES; k++) {
		const struct form *f = some_form(mix);

		if (may_fault ? !f->memory && chance(70) : f->memory && chance(50))
			continue;
		if (try_form(s, f, may_fault))
			return;
	}
}

/* -- What is not a form ---------------------------------------------------------------------- */

/* An operation of the ModR/M byte between registers, of 32 or 64 bits, and number behind it. */
static bool append_words(struct seq *s, u8 op, bool wide, unsigned reg, unsigned rm, u64 number)
{
	u8 b[SCAN_MAX] = { 0 };
	unsigned n = 0;

	if (gen_head.mode == 8)
		b[n++] = (u8)(REX | (wide ? REX_W : 0) | reg >> 3 << 2 | rm >> 3);
	b[n++] = op;
	b[n++] = (u8)(0xc0 | (reg & 7) << 3 | (rm & 7));
	memcpy(b + n, &number, 8);
	return !seq_points(s, rm) && append_bytes(s, b);
}

/* A number, and mostly something with it. */
static void some_constant(struct seq *s)
{
	static const u8 ops[] = { 0x01, 0x09, 0x21, 0x21, 0x21, 0x29, 0x31, 0x39, 0x85, 0x11 };
	unsigned reg = some_register(s), rm = some_register(s);
	u64 v = some_number();

	if (seq_points(s, reg) || !append_mov(s, reg, gen_head.mode == 8 ? v : (u32)v))
		return;
	s->constant = (u8)reg;
	if (rm != reg && chance(75))
		append_words(s, ops[below(sizeof ops)], chance(70), reg, rm, 0);
}

/*
 * Operations between registers of 32 and 64 bits, and by constants: chains of these are where what
 * is known of one half of a register matters. Each opcode alone has its forms above.
 */
static void some_words(struct seq *s)
{
	static const u8 ops[] = { 0x01, 0x09, 0x11, 0x19, 0x21, 0x29, 0x31, 0x39, 0x85, 0x87, 0x89,
				  0x63, 0xc1, 0xc1, 0x81, 0x83 };
	static const u8 shifts[] = { 0, 1, 4, 5, 5, 7 };
	unsigned reg = some_register(s), rm = some_register(s);
	u8 op = ops[below(sizeof ops)];

	if (chance(30)) {
		append_words(s, 0x89, chance(20), s->last, rm, 0);
		return;
	}
	if (op > 0xb0)
		reg = shifts[below(sizeof shifts)];
	else if (op == 0x81 || op == 0x83)
		reg = below(8);
	else if (seq_points(s, reg) || (op == 0x63 && gen_head.mode != 8))
		return;
	append_words(s, op, chance(50), reg, rm, some_number());
}

/* MOVAPS between registers. */
static void some_rename(struct seq *s)
{
	unsigned to = some_register(s), from = some_register(s);
	u8 b[SCAN_MAX + 1] = { (u8)(REX | to >> 3 << 2 | from >> 3), 0x0f, 0x28,
			   (u8)(0xc0 | (to & 7) << 3 | (from & 7)) };

	if (gen_head.mode == 8)
		append_bytes(s, b);
	else
		append_bytes(s, b + 1);
}

/* Some PUSHes or POPs in a row: the stack pointer's new values need not all be made. */
static void some_stack(struct seq *s)
{
	u8 op = chance(50) ? 0x50 : 0x58;

	for (unsigned k = 1 + below(4); k; k--) {
		unsigned reg = some_register(s);
		u8 b[SCAN_MAX + 1] = { (u8)(REX | reg >> 3), (u8)(op | (reg & 7)) };

		if (!seq_points(s, reg))
			append_bytes(s, gen_head.mode == 8 ? b : b + 1);
	}
}

/* PUSH imm32; POPF, without TF and what traps or is not compared. */
static void some_popf(struct seq *s)
{
	u8 push[SCAN_MAX] = { 0x68 }, popf[SCAN_MAX] = { 0x9d };
	u32 flags = ((u32)rnd() & (FL_ARITH | FL_DF)) | FL_FIXED | FL_IF;

	memcpy(push + 1, &flags, 4);
	if (append_bytes(s, push))
		append_bytes(s, popf);
}

/* A jump forward over what comes then; its displacement is known only behind that. */
static void some_jump(struct seq *s, const u8 *mix, bool may_fault)
{
	static const u8 counted[] = { 0xe0, 0xe1, 0xe2, 0xe3 };
	static struct seq saved;
	struct case64 saved_case = *s->c;
	bool near = chance(50), always = chance(12), count = near && chance(10);
	u8 b[SCAN_MAX] = { 0x0f };
	unsigned at = s->c->len, size = near ? 2 : always ? 5 : 6;
	u64 behind = seq_rip(s) + size;
	bool dead = s->dead, taken;
	u32 disp;

	b[near || always ? 0 : 1] = count ? counted[below(4)] : always ? (near ? 0xeb : 0xe9) :
				    (u8)((near ? 0x70 : 0x80) | below(16));
	b[near ? 1 : always ? 1 : 2] = 0x20;
	saved = *s;
	if (!append_bytes(s, b))
		return;
	taken = !dead && s->cpu.eip != behind;
	s->dead = dead || taken;
	for (unsigned k = 1 + below(near ? 2 : 4); k; k--)
		some_instruction(s, mix, may_fault);
	disp = s->c->len - at - size;
	if (near && disp > 127) {
		*s = saved;
		*s->c = saved_case;
		return;
	}
	memcpy(s->code + at + size - (near ? 1 : 4), &disp, near ? 1 : 4);
	if (taken) {
		s->dead = dead;
		s->cpu.eip = seq_rip(s);
	}
}

void seq_something(struct seq *s, const u8 *mix, bool may_fault)
{
	u32 p = below(100);

	if (p < 7)
		some_jump(s, mix, may_fault);
	else if (p < 8)
		some_popf(s);
	else if (p < 12)
		some_stack(s);
	else if (p < 26)
		some_constant(s);
	else if (p < 26u + mix[CLASS_HOT] / 2)
		some_words(s);
	else if (p < 26u + mix[CLASS_HOT] / 2 + mix[CLASS_SSE] / 5)
		some_rename(s);
	else
		some_instruction(s, mix, may_fault);
}
