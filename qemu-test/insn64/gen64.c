/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the instruction cases of 64-bit code: a share for each form (forms64.c), so that no row is
 * without. Not a judge of what is right: the real CPU is (oracle64.c).
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
#define CASES_MAX 400000
#define ROW_LEAST 40			/* cases of each row that has a form */

static u32 cases;
static struct case64 *made;
static u8 *codes;

/* -- A case ---------------------------------------------------------------------------------- */

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
	struct making m = { .c = c, .slot = insn64_slot(&gen_head, n) };

	*c = (struct case64){ .row = f->row, .start = 32, .code = n * SCAN_MAX };
	m.rip = m.slot + c->start;
	if (!gen_fill(&m, f))
		return false;
	if (n % 64 == 63 && m.i.ops[0].kind != IR1_REL && m.s.disp_len != 4)
		c->start = 64 - (m.i.len + 1) / 2;	/* across the end of the page */
	m.rip = m.slot + c->start;
	random_state(&m);
	if (!gen_places(&m) || !gen_decode(&m))
		return false;
	c->len = m.i.len;
	memcpy(codes + c->code, m.b, c->len);
	c->ignore = gen_undefined(&m);
	if (f->row == X86_CMPS || f->row == X86_SCAS)
		c->known = KNOWN64_REP_FLAGS;
	return true;
}

/* Opcodes that are none in 64-bit code: #UD. */
static void make_undefined(void)
{
	static const u8 none[][8] = {
		{ 0x06 }, { 0x07 }, { 0x0e }, { 0x16 }, { 0x17 }, { 0x1e }, { 0x1f }, { 0x27 },
		{ 0x2f }, { 0x37 }, { 0x3f }, { 0x60 }, { 0x61 }, { 0x82, 0xc0, 1 }, { 0xce },
		{ 0xd4, 10 },
		{ 0xd5, 10 }, { 0xd6 }, { 0x9a, 1, 2, 3, 4, 5, 6 }, { 0xea, 1, 2, 3, 4, 5, 6 },
		{ 0xf0, 0x90 }, { 0xf0, 0x48, 0x01, 0xc0 }, { 0x0f, 0x0b }, { 0x0f, 0xae, 0xc0 },
		{ 0x48, 0x8d, 0xc0 }, { 0x44, 0x0f, 0x21, 0xc0 }, { 0x0f, 0x20, 0xc8 },
		{ 0xf0, 0x66, 0x48, 0x0f, 0x6e, 0xc0 },
	};

	for (unsigned k = 0; k < sizeof none / sizeof none[0]; k++) {
		struct making m = { .c = &made[cases] };

		m.i.op = X86_UD2;
		*m.c = (struct case64){ .row = X86_UD2, .start = 32, .len = 8,
					.code = cases * SCAN_MAX };
		random_state(&m);
		m.c->fx = FX64_NONE;
		m.c->need = FEAT_386;
		memcpy(codes + m.c->code, none[k], 8);
		cases++;
	}
}

/* Forms of rows that have few of them get more cases each. */
static void make_cases(u32 wanted)
{
	u32 share = 1;

	for (;; share++) {
		u32 sum = 0;

		for (u32 k = 0; k < gen_form_count; k++)
			sum += share + 40 / gen_row_forms[gen_forms[k].row];
		if (sum >= wanted)
			break;
	}
	for (u32 k = 0; k < gen_form_count; k++) {
		u32 want = share + 40 / gen_row_forms[gen_forms[k].row];

		for (u32 tries = 40 * want; want && tries && cases < CASES_MAX; tries--)
			if (make_case(&gen_forms[k], &made[cases], cases))
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
		if (!gen_row_forms[op])
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
	FILE *f;

	if (argc < 2 || !(f = fopen(argv[1], "wb")))
		return 2;
	gen_head = (struct cases64_head){ .magic = CASES64_MAGIC, .slot = CODE64_SLOT, .mode = 8 };
	gen_seed(SEED);
	made = calloc(CASES_MAX, sizeof *made);
	codes = calloc(CASES_MAX, SCAN_MAX);
	gen_find_forms();
	make_undefined();
	make_cases(argc > 2 ? atoi(argv[2]) : 104000);
	gen_head.cases = cases;
	gen_head.fx = gen_images();
	gen_head.code = cases * SCAN_MAX;
	fwrite(&gen_head, sizeof gen_head, 1, f);
	fwrite(made, sizeof *made, cases, f);
	for (u32 k = 0; k < gen_head.fx; k++)
		fwrite(gen_image(k), FX64_SIZE, 1, f);
	fwrite(codes, SCAN_MAX, cases, f);
	if (fclose(f))
		return 2;
	printf("%u cases of %u forms\n", cases, gen_form_count);
	return report_rows();
}
