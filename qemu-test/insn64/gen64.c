/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the instruction cases of 64-bit code, from the decoder's table of rows: every opcode of the
 * four maps with each member of its group, with and without 66, F2, F3, REX and REX.W, on registers
 * and on memory, as far as the decoder takes it in 64-bit code; a share for each form, so that no
 * row is without. Not a judge of what is right: the real CPU is (oracle64.c).
 *
 *	gen64 OUT [CASES]
 *
 * Invariant: everything comes from one pinned seed.
 */
#include "qemu-test/insn64/gen64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 20260601
#define FORMS_MAX 200000
#define CASES_MAX 400000
#define ROW_LEAST 40			/* cases of each row that has a form */

/* rm: of ModR/M where it is part of the opcode, else RM_ANY. */
struct form { u8 map, opcode, prefix, rex, digit, memory, rm; u16 row; };
#define RM_ANY 8

static struct decoder decoder;
static u64 state = SEED * 0x9e3779b97f4a7c15ull | 1;
static struct form forms[FORMS_MAX];
static u32 form_count, row_forms[X86_OP_COUNT], cases;
static struct case64 *made;

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
	if (decode(&decoder, &i, b, SCAN_MAX, 0, 8) != DECODE_OK || row_elsewhere(i.op))
		return;
	scan(&s, b, SCAN_MAX, 8);
	if (!prefix_means(&f, &i) || (!s.has_modrm && (f.digit || f.memory)))
		return;
	f.row = i.op;
	if (form_count == FORMS_MAX)
		exit(2);
	row_forms[i.op]++;
	forms[form_count++] = f;
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

static void find_forms(void)
{
	static const u8 prefixes[] = { 0, 0x66, 0xf2, 0xf3 }, rexes[] = { 0, 0x40, 0x48 };

	for (unsigned k = 0; k < 4 * 0x100 * 4 * 3 * 8 * 2; k++)
		try_forms((struct form){
			.map = k / 0xc000, .opcode = k / 192 % 0x100,
			.prefix = prefixes[k / 48 % 4], .rex = rexes[k / 16 % 3],
			.digit = k / 2 % 8, .memory = k % 2 });
}

/* -- A case ---------------------------------------------------------------------------------- */

bool gen_decode(struct making *m)
{
	u16 op = m->i.op;

	return decode(&decoder, &m->i, m->b, SCAN_MAX, insn64_slot(m->n) + m->c->start, 8) ==
	       DECODE_OK && scan(&m->s, m->b, SCAN_MAX, 8) == DECODE_OK && m->i.op == op;
}

/* The form's bytes, with the rest at random: register numbers, addressing, immediates, prefixes. */
static bool fill(struct making *m, const struct form *f)
{
	struct form g = *f;
	unsigned n = 0, at;

	for (unsigned k = 0; k < SCAN_MAX; k++)
		m->b[k] = rnd() >> 32;
	if (f->memory && chance(12))
		m->b[n++] = chance(50) ? 0x64 : 0x65;
	if (f->memory ? chance(10) : x86_rows[f->row].flags & ROW_STRING && chance(20))
		m->b[n++] = 0x67;
	if (f->memory && (x86_rows[f->row].flags & ROW_LOCK) && chance(20))
		m->b[n++] = 0xf0;
	if (g.rex)
		g.rex |= below(8);
	n += form_bytes(&g, m->b + n);
	at = n;
	m->i.op = f->row;
	if (scan(&m->s, m->b, SCAN_MAX, 8) != DECODE_OK)
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

static void random_state(struct making *m)
{
	struct case64 *c = m->c;
	const struct x86_row *row = &x86_rows[m->i.op];

	for (unsigned r = 0; r < 16; r++)
		c->gpr[r] = value64(8);
	c->gpr[ESP] = (chance(80) ? DATA64_HIGH : DATA64_LOW) + 0x1000 + 8 * below(0x100);
	c->eflags = (u32)rnd() & FL_ARITH;
	if (chance(row->flags & ROW_STRING ? 40 : 8))
		c->eflags |= FL_DF;
	if (chance(3) && !(row->flags & (ROW_X87 | ROW_MMX | ROW_SSE)) &&
	    m->i.op != X86_FXSAVE && m->i.op != X86_FXRSTOR)	/* #AC or #GP: SDM vol. 2 */
		c->eflags |= FL_AC;
	c->fx = FX64_NONE;
	if (row->flags & (ROW_X87 | ROW_MMX | ROW_SSE) || m->i.op == X86_FXSAVE ||
	    m->i.op == X86_FXRSTOR)
		c->fx = gen_image_for(&m->i);
	c->need = ir1_feature(&m->i);
}

static bool make_case(const struct form *f, struct case64 *c, u32 n)
{
	struct making m = { .c = c, .n = n };

	*c = (struct case64){ .row = f->row, .start = 32 };
	if (!fill(&m, f))
		return false;
	if (n % 64 == 63 && m.i.ops[0].kind != IR1_REL && m.s.disp_len != 4)
		c->start = 64 - (m.i.len + 1) / 2;	/* across the end of the page */
	random_state(&m);
	if (!gen_places(&m) || !gen_decode(&m))
		return false;
	c->len = m.i.len;
	memcpy(c->code, m.b, c->len);
	c->ignore = gen_undefined(&m);
	if (f->row == X86_CMPS || f->row == X86_SCAS)
		c->known = KNOWN64_REP_FLAGS;
	return true;
}

/* Opcodes that are none in 64-bit code: #UD. */
static void make_undefined(void)
{
	static const u8 codes[][8] = {
		{ 0x06 }, { 0x07 }, { 0x0e }, { 0x16 }, { 0x17 }, { 0x1e }, { 0x1f }, { 0x27 },
		{ 0x2f }, { 0x37 }, { 0x3f }, { 0x60 }, { 0x61 }, { 0x82, 0xc0, 1 }, { 0xce },
		{ 0xd4, 10 },
		{ 0xd5, 10 }, { 0xd6 }, { 0x9a, 1, 2, 3, 4, 5, 6 }, { 0xea, 1, 2, 3, 4, 5, 6 },
		{ 0xf0, 0x90 }, { 0xf0, 0x48, 0x01, 0xc0 }, { 0x0f, 0x0b }, { 0x0f, 0xae, 0xc0 },
		{ 0x48, 0x8d, 0xc0 }, { 0x44, 0x0f, 0x21, 0xc0 }, { 0x0f, 0x20, 0xc8 },
		{ 0xf0, 0x66, 0x48, 0x0f, 0x6e, 0xc0 },
	};

	for (unsigned k = 0; k < sizeof codes / sizeof codes[0]; k++) {
		struct making m = { .c = &made[cases], .n = cases };

		m.i.op = X86_UD2;
		*m.c = (struct case64){ .row = X86_UD2, .start = 32, .len = 8 };
		random_state(&m);
		m.c->fx = FX64_NONE;
		m.c->need = FEAT_386;
		memcpy(m.c->code, codes[k], 8);
		cases++;
	}
}

/* Forms of rows that have few of them get more cases each. */
static void make_cases(u32 wanted)
{
	u32 share = 1;

	for (;; share++) {
		u32 sum = 0;

		for (u32 k = 0; k < form_count; k++)
			sum += share + 40 / row_forms[forms[k].row];
		if (sum >= wanted)
			break;
	}
	for (u32 k = 0; k < form_count; k++) {
		u32 want = share + 40 / row_forms[forms[k].row];

		for (u32 tries = 40 * want; want && tries && cases < CASES_MAX; tries--)
			if (make_case(&forms[k], &made[cases], cases))
				cases++, want--;
	}
}

/* How many rows have enough cases? */
static int report_rows(void)
{
	static u32 of_row[X86_OP_COUNT];
	u32 good = 0, bad = 0;

	for (u32 n = 0; n < cases; n++)
		of_row[made[n].row]++;
	for (unsigned op = 1; op < X86_OP_COUNT; op++) {
		if (!row_forms[op])
			continue;
		good += of_row[op] >= ROW_LEAST;
		if (of_row[op] < ROW_LEAST) {
			printf("FAIL %s: %u cases\n", x86_rows[op].name, of_row[op]);
			bad++;
		}
	}
	printf("%u passed, %u failed\n", good, bad);
	return bad != 0;
}

int main(int argc, char **argv)
{
	struct cases64_head head = { .magic = CASES64_MAGIC };
	FILE *f;

	if (argc < 2 || !(f = fopen(argv[1], "wb")) || decoder_init(&decoder))
		return 2;
	made = calloc(CASES_MAX, sizeof *made);
	find_forms();
	make_undefined();
	make_cases(argc > 2 ? atoi(argv[2]) : 104000);
	head.cases = cases;
	head.fx = gen_images();
	fwrite(&head, sizeof head, 1, f);
	fwrite(made, sizeof *made, cases, f);
	for (u32 k = 0; k < head.fx; k++)
		fwrite(gen_image(k), FX64_SIZE, 1, f);
	if (fclose(f))
		return 2;
	printf("%u cases of %u forms\n", cases, form_count);
	return report_rows();
}
