/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The forms that cases are made of, from the decoder's table of rows: every opcode of the four maps
 * with each member of its group, with and without 66, F2, F3, REX and REX.W, on registers and on
 * memory, as far as the decoder takes it in code of the file's mode; and a form's bytes. Not where
 * its operands lie (gen64_places.c).
 */
#include "qemu-test/insn64/gen64.h"

#include <stdlib.h>

#define FORMS_MAX 200000

struct cases64_head gen_head;
struct form gen_forms[FORMS_MAX];
u32 gen_form_count, gen_row_forms[X86_OP_COUNT];
static struct decoder decoder;
static u64 state;

void gen_seed(u64 seed) { state = seed * 0x9e3779b97f4a7c15ull | 1; }

u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

u64 value64(unsigned size)
{
	static const u64 edges[] = {
		0, 1, 2, 0x7f, 0x80, 0x81, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
		0x80000000, 0x80000001, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 1ull << 63,
		(1ull << 63) + 1, ~0ull, ~1ull, 0xffffffff80000000, 0xffffffff7fffffff,
		0x123456789abcdef0, 0xffffffffffffff80, 0xffffffffffff8000,
	};
	u64 v = chance(55) ? edges[below(sizeof edges / sizeof edges[0])] : rnd();

	return size == 8 ? v : v & ((1ull << 8 * size) - 1);
}

/* -- Forms ----------------------------------------------------------------------------------- */

static unsigned form_bytes(const struct form *f, u8 *b)
{
	static const u8 escapes[4][2] = { { 0 }, { 0x0f }, { 0x0f, 0x38 }, { 0x0f, 0x3a } };
	unsigned n = 0;

	if (f->prefix)
		b[n++] = f->prefix;
	if (f->rex)
		b[n++] = f->rex;
	for (unsigned e = 0; e < 2 && escapes[f->map][e]; e++)
		b[n++] = escapes[f->map][e];
	b[n++] = f->opcode;
	return n;
}

/* Rows that user code cannot show: the kernel answers, or the CPU with something of its own. */
static bool row_elsewhere(unsigned op)
{
	switch (op) {
	case X86_INT1: case X86_SYSENTER: case X86_SYSCALL:
	case X86_SGDT: case X86_SIDT: case X86_SLDT: case X86_STR: case X86_SMSW:	/* UMIP */
	case X86_CPUID: case X86_RDTSC: case X86_RDTSCP: case X86_RSM: case X86_MONITOR:
	case X86_MWAIT:
	case X86_F2XM1: case X86_FYL2X: case X86_FYL2XP1: case X86_FPTAN: case X86_FPATAN:
	case X86_FSIN: case X86_FCOS: case X86_FSINCOS:		/* numbers of its own */
		return true;
	}
	return false;
}

/* Does an F2 or F3 mean anything? */
static bool prefix_means(const struct form *f, const struct ir1 *i)
{
	if (f->prefix != 0xf2 && f->prefix != 0xf3)
		return true;
	return !(i->prefix & (PFX_REP | PFX_REPNE)) || x86_rows[i->op].flags & ROW_STRING ||
	       i->op == X86_RET || i->op == X86_PAUSE;
}

/* D8 … DF, 0F 01 and 0F AE with a register: rm chooses, too. */
static bool rm_chooses(const struct form *f)
{
	if (f->memory)
		return false;
	return f->map == MAP_1 ? (f->opcode & 0xf8) == 0xd8 :
	       f->map == MAP_0F && (f->opcode == 0x01 || f->opcode == 0xae);
}

static void try_form(struct form f)
{
	u8 b[SCAN_MAX + 8] = { 0 };
	unsigned n = form_bytes(&f, b);
	struct scan s;
	struct ir1 i;

	b[n] = (u8)((f.memory ? 0x80 : 0xc0) | f.digit << 3 | (f.rm == RM_ANY ? 1 : f.rm));
	if (decode(&decoder, &i, b, SCAN_MAX, 0, gen_head.mode) != DECODE_OK || row_elsewhere(i.op))
		return;
	scan(&s, b, SCAN_MAX, gen_head.mode);
	if (!prefix_means(&f, &i) || (!s.has_modrm && (f.digit || f.memory)))
		return;
	f.row = i.op;
	if (gen_form_count == FORMS_MAX)
		exit(2);
	gen_row_forms[i.op]++;
	gen_forms[gen_form_count++] = f;
}

static void try_forms(struct form f)
{
	if (f.map == MAP_1 && (f.opcode & 0xf8) == 0xd8 && (f.prefix || f.rex == REX))
		return;
	f.rm = RM_ANY;
	if (!rm_chooses(&f))
		try_form(f);
	else
		for (f.rm = 0; f.rm < RM_ANY; f.rm++)
			try_form(f);
}

void gen_find_forms(void)
{
	static const u8 prefixes[] = { 0, 0x66, 0xf2, 0xf3 }, rexes[] = { 0, 0x40, 0x48 };

	if (decoder_init(&decoder))
		exit(2);
	for (unsigned k = 0; k < 4 * 0x100 * 4 * 3 * 8 * 2; k++)
		if (gen_head.mode == 8 || k / 16 % 3 == 0)
			try_forms((struct form){
				.map = k / 0xc000, .opcode = k / 192 % 0x100,
				.prefix = prefixes[k / 48 % 4], .rex = rexes[k / 16 % 3],
				.digit = k / 2 % 8, .memory = k % 2 });
}

/* -- A form's bytes -------------------------------------------------------------------------- */

bool gen_read(struct making *m)
{
	return decode(&decoder, &m->i, m->b, SCAN_MAX, m->rip, gen_head.mode) == DECODE_OK &&
	       scan(&m->s, m->b, SCAN_MAX, gen_head.mode) == DECODE_OK;
}

bool gen_decode(struct making *m)
{
	u16 op = m->i.op;

	return gen_read(m) && m->i.op == op;
}

/* The form's bytes, with the rest at random: register numbers, addressing, immediates, prefixes. */
bool gen_fill(struct making *m, const struct form *f)
{
	struct form g = *f;
	unsigned n = 0, at;

	for (unsigned k = 0; k < SCAN_MAX; k++)
		m->b[k] = rnd() >> 32;
	if (f->memory && chance(12) && gen_head.mode == 8)
		m->b[n++] = chance(50) ? 0x64 : 0x65;
	if ((f->memory ? chance(10) : x86_rows[f->row].flags & ROW_STRING && chance(20)) &&
	    gen_head.mode == 8)
		m->b[n++] = 0x67;
	if (f->memory && (x86_rows[f->row].flags & ROW_LOCK) && chance(20))
		m->b[n++] = 0xf0;
	if (g.rex)
		g.rex |= below(8);
	n += form_bytes(&g, m->b + n);
	at = n;
	m->i.op = f->row;
	if (scan(&m->s, m->b, SCAN_MAX, gen_head.mode) != DECODE_OK)
		return false;
	if (m->s.has_modrm) {
		u8 mod = f->memory ? below(3) : 3, rm = below(8);

		if (f->memory && chance(10))
			mod = 0, rm = 5;			/* RIP-relative */
		if (f->rm != RM_ANY)
			rm = f->rm;
		m->b[at] = mod << 6 | f->digit << 3 | rm;
		if (f->digit != modrm_reg(m->b[at]))
			return false;
	}
	return gen_decode(m);
}

