/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unit test of delay slots (dbt/backend/mips64/slot.c): which instruction goes into a branch's
 * slot, and that the branch then goes where it should. Prints failures and `N passed, N failed`.
 */
#include "dbt/backend/mips64/enc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned passed, failed;

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	puts("\n0 passed, 1 failed");
	exit(1);
}

static void expect(bool ok, const char *name, const char *what)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL %s: %s\n", name, what);
}

/* Registers: 1 and 2 are the branches', 31 and 30 the links'. */
static void beq(struct code *c) { mi_beq(c, 1, 2, 64); }
static void bltz(struct code *c) { mi_bltz(c, 1, 64); }
static void bal(struct code *c) { mi_bal(c, 64); }
static void bz(struct code *c) { mi_bz_v(c, 1, 64); }
static void jal(struct code *c) { mi_jal(c, 64); }
static void jr(struct code *c) { mi_jr(c, 1); }
static void jalr(struct code *c) { mi_jalr(c, 30, 1); }

static void addu(struct code *c) { mi_addu(c, 3, 4, 5); }
static void addu_1(struct code *c) { mi_addu(c, 1, 4, 5); }
static void addu_2(struct code *c) { mi_addu(c, 2, 4, 5); }
static void addu_0(struct code *c) { mi_addu(c, 0, 4, 5); }
static void addu_of_31(struct code *c) { mi_addu(c, 3, 31, 5); }
static void ori_30(struct code *c) { mi_ori(c, 30, 4, 5); }
static void lui(struct code *c) { mi_lui(c, 3, 5); }
static void dsll32(struct code *c) { mi_dsll(c, 3, 4, 40); }
static void dext(struct code *c) { mi_dext(c, 3, 4, 5, 6); }
static void seb_1(struct code *c) { mi_seb(c, 1, 4); }
static void movz(struct code *c) { mi_movz(c, 3, 4, 5); }
static void lw(struct code *c) { mi_lw(c, 3, 0, 4); }
static void sd(struct code *c) { mi_sd(c, 3, 0, 4); }
static void mul(struct code *c) { mi_mul(c, 3, 4, 5); }
static void mflo(struct code *c) { mi_mflo(c, 3); }
static void addv(struct code *c) { mi_addv_w(c, 3, 4, 5); }
static void mfc0(struct code *c) { mi_mfc0(c, 3, 12, 0); }
static void trap(struct code *c) { mi_break(c, 0); }

static const struct pair {
	const char *name;
	void (*before)(struct code *c);
	void (*branch)(struct code *c);
	bool taken;
} pairs[] = {
#define PAIR(before, branch, taken) { #before ", " #branch, before, branch, taken }
	PAIR(addu, beq, true), PAIR(addu, bltz, true), PAIR(addu, bz, true), PAIR(addu, jr, true),
	PAIR(addu, jal, true), PAIR(addu, bal, true), PAIR(addu, jalr, true),
	PAIR(addu_1, beq, false), PAIR(addu_2, beq, false), PAIR(addu_1, bltz, false),
	PAIR(addu_2, bltz, true), PAIR(addu_1, jr, false), PAIR(addu_1, jalr, false),
	PAIR(addu_1, bz, true), PAIR(addu_1, jal, true), PAIR(addu_0, beq, false),
	PAIR(addu_of_31, jal, false), PAIR(addu_of_31, bal, false), PAIR(addu_of_31, beq, true),
	PAIR(ori_30, jalr, false), PAIR(ori_30, jal, true), PAIR(lui, beq, true),
	PAIR(dsll32, beq, true), PAIR(dext, beq, true), PAIR(seb_1, beq, false),
	PAIR(seb_1, jal, true), PAIR(movz, beq, true),
	PAIR(lw, beq, false), PAIR(sd, beq, false), PAIR(mul, beq, false), PAIR(mflo, beq, false),
	PAIR(addv, beq, false), PAIR(mfc0, beq, false), PAIR(trap, beq, false),
	PAIR(beq, beq, false), PAIR(jal, bltz, false),
};

/* The branch alone, and the instruction alone. */
static u32 word_of(void (*emit)(struct code *c))
{
	u32 words[4] = { 0 };
	struct code c = { .p = words, .end = words + 4 };

	emit(&c);
	return words[0];
}

static bool pc_relative(u32 w) { return w >> 26 == 1 || w >> 26 == 4 || w >> 26 == 17; }

static void test_pair(const struct pair *p)
{
	u32 words[8] = { 0 }, before = word_of(p->before), branch = word_of(p->branch);
	struct code c = { .p = words, .end = words + 8, .fixed = words };
	unsigned at;

	p->before(&c);
	at = (unsigned)(c.p - words);
	p->branch(&c);
	if (!p->taken) {
		expect(words[0] == before && words[at] == branch && !words[at + 1] &&
		       c.p == words + at + 2, p->name, "should be left as it is");
		return;
	}
	/* the branch is one word further up: its offset is one word more */
	expect(words[0] == branch + pc_relative(branch) && words[1] == before && c.p == words + 2,
	       p->name, "should go into the slot");
	/* an address that has been taken keeps it where it is */
	c = (struct code){ .p = words, .end = words + 8, .fixed = words };
	p->before(&c);
	code_here(&c);
	p->branch(&c);
	expect(words[0] == before && words[1] == branch && !words[2], p->name,
	       "a label should keep it");
	/* and so does a slot: the next branch must not take it */
	c = (struct code){ .p = words, .end = words + 8, .fixed = words };
	p->before(&c);
	p->branch(&c);
	p->branch(&c);
	expect(words[1] == before && words[2] == branch && !words[3], p->name,
	       "should stay in its slot");
}

static void test_ends(void)
{
	u32 words[4] = { 0, 0, 7, 7 };
	struct code c = { .p = words, .end = words + 2, .fixed = words };
	u32 *at;

	mi_addu(&c, 3, 4, 5);
	at = mi_beq(&c, 1, 2, 131072);		/* a word more would be out of reach */
	expect(at == words + 1 && c.overflow && words[2] == 7, "ends", "reach, overflow");
	c = (struct code){ .p = words, .end = words + 2, .fixed = words };
	mi_addu(&c, 3, 4, 5);
	at = mi_beq(&c, 1, 2, 64);
	expect(at == words && !c.overflow && words[2] == 7, "ends", "exactly full");
}

int main(void)
{
	for (unsigned i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		test_pair(&pairs[i]);
	test_ends();
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
