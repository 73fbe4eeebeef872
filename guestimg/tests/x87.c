/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x87 instructions one behind the other, in one piece of code: where the last one and its operand
 * were (SDM vol. 1, 8.1.8), and that what one leaves behind is what the next one finds: infinity,
 * zero, another precision. Not single instructions, which the instruction tests have.
 */
#include "guestimg/tests/lib.h"

struct env { u32 cw, sw, tw, fip, fcs_fop, fdp, fds; };
struct ten { u64 mant; u16 se; } __attribute__((packed));

static struct env env;
static u32 before, esp;		/* where what is before the last instruction was; ESP then */
static const double a = 1.5, b = 0.25, six = 6, zero = 0;
static const u16 single = 0x07f, truncate = 0xf7f, plain = 0x37f;

/* -- Where it was -- */

/* The instruction behind it is the one that is to be found; it has this many bytes. */
#define LAST "1:\tmovl $1b, %1\n\t"
enum { LAST_SIZE = 10 };
#define ESP_IS "movl %%esp, %2\n\t"

/* %3 and %4 are a and b, by DS; (%esp) is 0.5. */
#define RUN(code) \
	__asm__ volatile("pushl $0x3fe00000\n\tpushl $0\n\tfninit\n\t" code \
			 "\n\tfnstenv %0\n\taddl $8, %%esp\n\tfninit" \
			 : "=m"(env), "=m"(before), "=m"(esp) : "m"(a), "m"(b) : "memory", "cc")

static void expect_noted(u32 fdp, u32 fds)
{
	expect("FIP", env.fip, before + LAST_SIZE);
	expect("FCS", env.fcs_fop & 0xffff, KCODE);
	expect("FDP", env.fdp, fdp);
	expect("FDS", env.fds & 0xffff, fds);
}

static void test_segments(void)
{
	test("operands in DS, SS, DS");
	RUN("fldl %3\n\tfaddl (%%esp)\n\t" LAST "faddl %4");
	expect_noted(AT(&b), UDATA);
	test("operands in DS, DS, SS");
	RUN("fldl %3\n\tfaddl %4\n\t" ESP_IS LAST "faddl (%%esp)");
	expect_noted(esp, KDATA);
	test("operands in DS, SS, none");
	RUN("fldl %3\n\tfaddl (%%esp)\n\t" ESP_IS LAST "fadd %%st(0)");
	expect_noted(esp, KDATA);
	test("a store to SS behind operands in DS");
	RUN("fldl %3\n\tfmull %4\n\t" ESP_IS LAST "fstpl (%%esp)");
	expect_noted(esp, KDATA);
}

static void test_between(void)
{
	test("behind FNINIT");
	RUN("fldl %3\n\tfadd %%st(0)\n\tfninit\n\t" LAST "fld1");
	expect_noted(0, 0);
	test("behind an instruction that is no leaf's");
	RUN("fldl %3\n\tfsqrt\n\t" LAST "fadd %%st(0)");
	expect_noted(AT(&a), UDATA);
	test("an operand behind one that is no leaf's");
	RUN("fldl (%%esp)\n\tfdivl %3\n\tfxam\n\t" LAST "faddl %4");
	expect_noted(AT(&b), UDATA);
	test("no operand behind one that is no leaf's");
	RUN("fldl (%%esp)\n\tfdivl %3\n\t" LAST "fxch %%st(1)");
	expect_noted(AT(&a), UDATA);
}

/* -- What is found -- */

static void expect_ten(const struct ten *t, u32 se, u32 high, u32 low)
{
	expect("sign and exponent", t->se, se);
	expect("significand, high", (u32)(t->mant >> 32), high);
	expect("significand, low", (u32)t->mant, low);
}

/* %1 … %4 are a, b, 6 and 0; %5 … %7 control words. */
#define COMPUTE(code, se, high, low) \
	do { \
		struct ten t; \
		__asm__ volatile("fninit\n\t" code "\n\tfstpt %0\n\tfninit" : "=m"(t) \
				 : "m"(a), "m"(b), "m"(six), "m"(zero), "m"(single), \
				   "m"(truncate), "m"(plain) : "memory"); \
		expect_ten(&t, se, high, low); \
	} while (0)

/* b to the power of 2^n */
#define SQUARE "fmul %%st(0)\n\t"

static void test_values(void)
{
	test("infinity, then a sum");
	COMPUTE("fldl %1\n\tfdivl %4\n\tfldl %2\n\tfaddp", 0x7fff, 0x80000000, 0);
	test("infinity, exchanged, then a product");
	COMPUTE("fldl %2\n\tfldl %1\n\tfdivl %4\n\tfxch\n\tfmulp", 0x7fff, 0x80000000, 0);
	test("infinity, put over a number, then a sum");
	COMPUTE("fldl %2\n\tfldl %1\n\tfdivl %4\n\tfstp %%st(1)\n\tfaddl %1", 0x7fff, 0x80000000,
		0);
	test("zero, copied, then a product");
	COMPUTE("fldz\n\tfld %%st(0)\n\tfmull %3", 0, 0, 0);
	test("a quotient in single precision");
	COMPUTE("fld1\n\tfldcw %5\n\tfdivl %3", 0x3ffc, 0xaaaaab00, 0);
	test("a sum in single precision");
	COMPUTE("fldl %1\n\tfldl %2\n\t" SQUARE SQUARE SQUARE SQUARE "fldcw %5\n\tfaddp", 0x3fff,
		0xc0000000, 0);
	test("what was loaded in single precision");
	COMPUTE("fldcw %5\n\tfldl %1\n\tfldl %2\n\t" SQUARE SQUARE SQUARE SQUARE "faddp", 0x3fff,
		0xc0000000, 0);
	test("a sum that is cut, then one that is not");
	COMPUTE("fldl %1\n\tfldl %2\n\t" SQUARE SQUARE SQUARE SQUARE SQUARE "fchs\n\t"
		"fldcw %6\n\tfadd %%st(0), %%st(1)\n\tfldcw %7\n\tfaddp", 0x3fff, 0xbfffffff,
		0xfffffffe);
}

void main(void)
{
	test_segments();
	test_between();
	test_values();
	finish("x87");
}
