/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes cases of many instructions each: what one alone cannot show (which half of a register is
 * known to be zero, puts that a fault must see, flags that live on, XMM registers that stand for
 * others). Rows as gen64.c has them, with constants, copies, and jumps forward between them; more
 * than a third of the sequences fault in the middle, and what follows is there all the same.
 *
 *	seq64 OUT [--mode 8|4] [--seed S] [--cases N]
 *	seq64 OUT --cuts CASES N		variants of case N of that file, one cut each
 *
 * Invariant: a sequence depends on mode, seed and its number alone.
 */
#include "qemu-test/insn64/seq64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES_MAX 60000u

struct totals { u32 insns, faults; };

static struct case64 *made;
static u8 *codes, *images;

struct case64 *seq_case(u32 n) { return &made[n]; }
u8 *seq_code(u32 n) { return codes + (size_t)n * SEQ_CODE; }

/* -- A sequence ------------------------------------------------------------------------------ */

static void start(struct seq *s)
{
	struct case64 *c = s->c;
	u64 all = gen_head.mode == 8 ? ~0ull : 0xffffffff;

	for (unsigned r = 0; r < (gen_head.mode == 8 ? 16 : 8); r++)
		c->gpr[r] = value64(8) & all;
	c->gpr[ESP] = gen_data() + 0x1000 + 8 * below(0x100);
	c->eflags = ((u32)rnd() & FL_ARITH) | (chance(20) ? FL_DF : 0);
	c->fx = (u16)below(SEQ_IMAGES);
	c->need = FEAT_386;
	do
		s->pointer = (u8)below(gen_head.mode == 8 ? 16 : 8);
	while ((s->pointer & 7) == ESP || (s->pointer & 7) == EBP);
	c->gpr[s->pointer] = gen_data() + 0x800 + below(0x1000);
	for (unsigned k = 0; k < 4; k++)
		do
			s->favourites[k] = (u8)below(gen_head.mode == 8 && k > 1 ? 16 : 8);
		while (seq_points(s, s->favourites[k]));
	s->last = s->constant = s->favourites[0];
}

/* Of 64-bit code, one in eight goes across the end of a page into the next one's slot. */
static void lay_out(struct seq *s)
{
	static const unsigned behind = 160;

	s->room = SEQ_CODE;
	if (gen_head.mode != 8)
		return;
	if (s->n % 8 == 7) {
		s->c->start = (u16)(SEQ_SLOT - 20 - below(100));
		s->room = SEQ_SLOT - s->c->start + behind - 1;
	} else if (s->n % 8 == 0) {
		s->c->start = behind;
		s->room = SEQ_SLOT - behind - 1;
	}
}

static void make_case(u32 n, struct totals *t)
{
	static struct seq s;
	const u8 *mix;
	unsigned wanted, fault_at;

	gen_seed((u64)gen_head.seed << 32 | (n * 2 + (gen_head.mode == 8)));
	for (unsigned k = 0; k < 8; k++)
		rnd();
	made[n] = (struct case64){ .start = 32, .code = n * SEQ_CODE };
	s = (struct seq){ .c = seq_case(n), .code = seq_code(n), .n = n };
	start(&s);
	lay_out(&s);
	if (seq_found(&s, n))
		return;
	seq_begin(&s);
	mix = seq_mix();
	wanted = 6 + below(43);
	fault_at = chance(80) ? below(wanted) : wanted;
	for (unsigned k = 0; k < 2 * wanted && s.insns < wanted && s.insns < SEQ_INSNS - 20; k++)
		seq_something(&s, mix, s.insns >= fault_at && !s.faulted);
	t->insns += s.insns;
	t->faults += s.faulted;
}

/* -- Files ----------------------------------------------------------------------------------- */

/* Registers of every kind; DE is set, as Loam does not notice denormal operands. */
static void make_images(void)
{
	gen_seed(20261129);
	for (unsigned k = 0; k < SEQ_IMAGES; k++) {
		u32 mxcsr = 0x1f82 | (chance(50) ? below(4) << 13 : 0) | (chance(15) ? 0x8000 : 0);
		u8 *image = images + k * FX64_SIZE;

		if (chance(15))
			mxcsr &= ~((u32)rnd() & 0x1e80);
		memcpy(image, gen_image(below(gen_images())), FX64_SIZE);
		memcpy(image + 24, &mxcsr, 4);
		for (unsigned r = 0; r < 16; r++)
			memcpy(image + 160 + 16 * r,
			       gen_image(below(gen_images())) + 160 + 16 * below(16), 16);
	}
}

static int write_file(FILE *f)
{
	gen_head.code = gen_head.cases * SEQ_CODE;
	fwrite(&gen_head, sizeof gen_head, 1, f);
	fwrite(made, sizeof *made, gen_head.cases, f);
	fwrite(images, FX64_SIZE, gen_head.fx, f);
	fwrite(codes, SEQ_CODE, gen_head.cases, f);
	return fclose(f) ? 2 : 0;
}

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
	for (int k = 2; k + 1 < argc; k++)
		if (!strcmp(argv[k], name))
			return argv[k + 1];
	return otherwise;
}

/* The evaluator looks at the cases while they are made. */
static void share(void)
{
	made = calloc(CASES_MAX, sizeof *made);
	codes = calloc(CASES_MAX, SEQ_CODE);
	images = calloc(SEQ_IMAGES, FX64_SIZE);
	files64 = (struct files64){ .head = &gen_head, .cases = made, .fx = images, .code = codes };
	world64_init();
}

static int make_sequences(FILE *f, u32 wanted)
{
	struct totals t = { 0 };

	make_images();
	seq_sort_forms();
	for (gen_head.cases = 0; gen_head.cases < wanted && gen_head.cases < CASES_MAX;) {
		gen_head.cases++;
		make_case(gen_head.cases - 1, &t);
	}
	printf("%u sequences of %u-bit code, seed %u: %u instructions, %u faults\n", gen_head.cases,
	       8 * gen_head.mode, gen_head.seed, t.insns, t.faults);
	return write_file(f);
}

/* A file of sequences, as it was written. */
static const struct cases64_head *read_file(const char *name)
{
	static u8 *bytes;
	FILE *f = fopen(name, "rb");
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < (long)sizeof gen_head)
		exit(2);
	bytes = malloc((size_t)size);
	rewind(f);
	if (fread(bytes, 1, (size_t)size, f) != (size_t)size)
		exit(2);
	fclose(f);
	return (const struct cases64_head *)bytes;
}

static int make_cuts(FILE *f, const char *name, u32 n)
{
	const struct cases64_head *old = read_file(name);
	const struct case64 *cases = (const struct case64 *)(old + 1);
	const u8 *fx = (const u8 *)(cases + old->cases);

	if (old->slot != SEQ_SLOT || n >= old->cases || old->fx != SEQ_IMAGES)
		return 2;
	gen_head.mode = old->mode;
	gen_head.seed = old->seed;
	memcpy(images, fx, SEQ_IMAGES * FX64_SIZE);
	gen_find_forms();
	seq_cuts(&cases[n], fx + SEQ_IMAGES * FX64_SIZE + cases[n].code, insn64_slot(old, n));
	return write_file(f);
}

int main(int argc, char **argv)
{
	const char *from = option(argc, argv, "--cuts", NULL);
	FILE *f;

	if (argc < 2 || !(f = fopen(argv[1], "wb")))
		return 2;
	gen_head = (struct cases64_head){ .magic = CASES64_MAGIC, .slot = SEQ_SLOT,
					  .fx = SEQ_IMAGES };
	gen_head.mode = (u32)atoi(option(argc, argv, "--mode", "8"));
	gen_head.seed = (u32)atoi(option(argc, argv, "--seed", "1"));
	share();
	if (from)
		return make_cuts(f, from, (u32)atoi(option(argc, argv, from, "0")));
	gen_find_forms();
	return make_sequences(f, (u32)atoi(option(argc, argv, "--cases", "3000")));
}
