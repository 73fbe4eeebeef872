/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases that compare dbt/fp/softfp with the real x87: operands, one row for each
 * operation, the comparison. Used by qemu-test/unit/test_softfp.c and the long fuzzer.
 * Invariant: what is expected comes from the CPU at hand, never from our own code.
 */
#ifndef QEMU_TEST_FUZZ_SOFTFP_CASES_H
#define QEMU_TEST_FUZZ_SOFTFP_CASES_H

#include <stdio.h>

#include "dbt/fp/softfp.h"
#include "kernel/lib/bits.h"
#include "qemu-test/fuzz/softfp_operands.h"
#include "qemu-test/fuzz/softfp_oracle.h"
#include "qemu-test/fuzz/softfp_vendor.h"

struct sf_in {
	u16 cw;
	struct f80 a, b;	/* ST(0), ST(1) */
	struct f80 mem;
};

struct sf_out {
	struct f80 st[2];	/* ST(0), ST(1) afterwards */
	struct f80 mem;
	u16 sw;			/* exceptions, C0..C3; TOP, ES, B left out */
};

enum sf_kind { SF_UNARY, SF_BINARY, SF_BINARY_POP, SF_SPLIT, SF_COMPARE, SF_LOAD, SF_STORE };

/* One instruction and the function that models it; the kind says which member. */
struct sf_case {
	const char *name;
	u8 op0, op1;
	enum sf_kind kind;
	unsigned bytes;		/* of memory operand */
	struct f80 (*unary)(struct f80, struct fpenv *);
	struct f80 (*binary)(struct f80, struct f80, struct fpenv *);
	struct f80 (*split)(struct f80, struct f80 *, struct fpenv *);
	unsigned (*compare)(struct f80, struct f80, struct fpenv *);
	struct f80 (*load)(struct f80, struct fpenv *);
	struct f80 (*store)(struct f80, struct fpenv *);
	bool approximate;	/* may differ by one unit in the last place, and in C1 */
};

static unsigned long sf_passed, sf_failed, sf_near;

/* Adapters to the table's shapes. */
static struct f80 sf_rsub(struct f80 a, struct f80 b, struct fpenv *e) { return f80_sub(b, a, e); }
static struct f80 sf_rdiv(struct f80 a, struct f80 b, struct fpenv *e) { return f80_div(b, a, e); }
static struct f80 sf_prem(struct f80 a, struct f80 b, struct fpenv *e)
{
	return f80_rem(a, b, false, e);
}
static struct f80 sf_prem1(struct f80 a, struct f80 b, struct fpenv *e)
{
	return f80_rem(a, b, true, e);
}
static unsigned sf_com(struct f80 a, struct f80 b, struct fpenv *e)
{
	return f80_compare(a, b, false, e);
}
static unsigned sf_ucom(struct f80 a, struct f80 b, struct fpenv *e)
{
	return f80_compare(a, b, true, e);
}
static unsigned sf_xam(struct f80 a, struct f80 b, struct fpenv *e)
{
	(void)b;
	(void)e;
	return f80_xam(a);
}
static struct f80 sf_ld32(struct f80 m, struct fpenv *e) { return f80_from_f32((u32)m.mant, e); }
static struct f80 sf_ld64(struct f80 m, struct fpenv *e) { return f80_from_f64(m.mant, e); }
static struct f80 sf_ldi16(struct f80 m, struct fpenv *e)
{
	(void)e;
	return f80_from_s64((s16)m.mant);
}
static struct f80 sf_ldi32(struct f80 m, struct fpenv *e)
{
	(void)e;
	return f80_from_s64((s32)m.mant);
}
static struct f80 sf_ldi64(struct f80 m, struct fpenv *e)
{
	(void)e;
	return f80_from_s64((s64)m.mant);
}
static struct f80 sf_ldbcd(struct f80 m, struct fpenv *e)
{
	(void)e;
	return f80_from_bcd(m);
}
static struct f80 sf_st32(struct f80 a, struct fpenv *e)
{
	return (struct f80){ f80_to_f32(a, e), 0 };
}
static struct f80 sf_st64(struct f80 a, struct fpenv *e)
{
	return (struct f80){ f80_to_f64(a, e), 0 };
}
/* FXTRACT leaves the exponent below the significand; the others push their second result. */
static struct f80 sf_xtract(struct f80 a, struct f80 *pushed, struct fpenv *e)
{
	struct f80 exponent;
	*pushed = f80_xtract(a, &exponent, e);
	return exponent;
}
static struct f80 sf_tan(struct f80 a, struct f80 *pushed, struct fpenv *e)
{
	struct f80 r = f80_tan(a, e), one = { 1ull << 63, 0x3fff };
	*pushed = (r.se & 0x7fff) == 0x7fff ? r : one;
	return r;
}
static struct f80 sf_atan(struct f80 a, struct f80 b, struct fpenv *e)
{
	return f80_atan2(b, a, e);
}
#define SF_STORE_INT(name, width, trunc) \
	static struct f80 name(struct f80 a, struct fpenv *e) \
	{ \
		return (struct f80){ f80_to_int(a, width, trunc, e), 0 }; \
	}
SF_STORE_INT(sf_sti16, 16, false)
SF_STORE_INT(sf_sti32, 32, false)
SF_STORE_INT(sf_sti64, 64, false)
SF_STORE_INT(sf_stt16, 16, true)
SF_STORE_INT(sf_stt32, 32, true)
SF_STORE_INT(sf_stt64, 64, true)

#define SF_M(reg) ((reg) << 3 | 2)	/* ModRM of a memory operand at [rdx] */

static const struct sf_case sf_cases[] = {
	{ "fadd", 0xd8, 0xc1, SF_BINARY, .binary = f80_add },
	{ "fmul", 0xd8, 0xc9, SF_BINARY, .binary = f80_mul },
	{ "fsub", 0xd8, 0xe1, SF_BINARY, .binary = f80_sub },
	{ "fsubr", 0xd8, 0xe9, SF_BINARY, .binary = sf_rsub },
	{ "fdiv", 0xd8, 0xf1, SF_BINARY, .binary = f80_div },
	{ "fdivr", 0xd8, 0xf9, SF_BINARY, .binary = sf_rdiv },
	{ "fprem", 0xd9, 0xf8, SF_BINARY, .binary = sf_prem },
	{ "fprem1", 0xd9, 0xf5, SF_BINARY, .binary = sf_prem1 },
	{ "fscale", 0xd9, 0xfd, SF_BINARY, .binary = f80_scale },
	{ "fsqrt", 0xd9, 0xfa, SF_UNARY, .unary = f80_sqrt },
	{ "frndint", 0xd9, 0xfc, SF_UNARY, .unary = f80_rndint },
	{ "fxtract", 0xd9, 0xf4, SF_SPLIT, .split = sf_xtract },
	{ "fcom", 0xd8, 0xd1, SF_COMPARE, .compare = sf_com },
	{ "fucom", 0xdd, 0xe1, SF_COMPARE, .compare = sf_ucom },
	{ "fxam", 0xd9, 0xe5, SF_COMPARE, .compare = sf_xam },
	{ "fld m32", 0xd9, SF_M(0), SF_LOAD, 4, .load = sf_ld32 },
	{ "fld m64", 0xdd, SF_M(0), SF_LOAD, 8, .load = sf_ld64 },
	{ "fild m16", 0xdf, SF_M(0), SF_LOAD, 2, .load = sf_ldi16 },
	{ "fild m32", 0xdb, SF_M(0), SF_LOAD, 4, .load = sf_ldi32 },
	{ "fild m64", 0xdf, SF_M(5), SF_LOAD, 8, .load = sf_ldi64 },
	{ "fbld", 0xdf, SF_M(4), SF_LOAD, 10, .load = sf_ldbcd },
	{ "fst m32", 0xd9, SF_M(2), SF_STORE, 4, .store = sf_st32 },
	{ "fst m64", 0xdd, SF_M(2), SF_STORE, 8, .store = sf_st64 },
	{ "fist m16", 0xdf, SF_M(2), SF_STORE, 2, .store = sf_sti16 },
	{ "fist m32", 0xdb, SF_M(2), SF_STORE, 4, .store = sf_sti32 },
	{ "fistp m64", 0xdf, SF_M(7), SF_STORE, 8, .store = sf_sti64 },
	{ "fisttp m16", 0xdf, SF_M(1), SF_STORE, 2, .store = sf_stt16 },
	{ "fisttp m32", 0xdb, SF_M(1), SF_STORE, 4, .store = sf_stt32 },
	{ "fisttp m64", 0xdd, SF_M(1), SF_STORE, 8, .store = sf_stt64 },
	{ "fbstp", 0xdf, SF_M(6), SF_STORE, 10, .store = f80_to_bcd },
	{ "fsin", 0xd9, 0xfe, SF_UNARY, .unary = f80_sin, .approximate = true },
	{ "fcos", 0xd9, 0xff, SF_UNARY, .unary = f80_cos, .approximate = true },
	{ "fsincos", 0xd9, 0xfb, SF_SPLIT, .split = f80_sincos, .approximate = true },
	{ "fptan", 0xd9, 0xf2, SF_SPLIT, .split = sf_tan, .approximate = true },
	{ "fpatan", 0xd9, 0xf3, SF_BINARY_POP, .binary = sf_atan, .approximate = true },
	{ "f2xm1", 0xd9, 0xf0, SF_UNARY, .unary = f80_2xm1, .approximate = true },
	{ "fyl2x", 0xd9, 0xf1, SF_BINARY_POP, .binary = f80_yl2x, .approximate = true },
	{ "fyl2xp1", 0xd9, 0xf9, SF_BINARY_POP, .binary = f80_yl2xp1, .approximate = true },
};

/* What the CPU makes of it. */
static struct sf_out sf_oracle(const struct sf_case *c, const struct sf_in *in)
{
	struct oracle_image i = { .cw = 0xffff0000u | in->cw, .sw = 0xffff0000u | 6u << 11,
				  .tw = 0xffff0fffu }, o;
	struct oracle_regs regs = { 2, 0 };
	struct sf_out out = { 0 };
	u8 mem[16];
	memset(mem, 0xcc, sizeof(mem));
	memcpy(i.st[0], &in->a.mant, 8);
	memcpy(i.st[0] + 8, &in->a.se, 2);
	memcpy(i.st[1], &in->b.mant, 8);
	memcpy(i.st[1] + 8, &in->b.se, 2);
	if (c->kind == SF_LOAD) {
		memcpy(mem, &in->mem.mant, 8);
		memcpy(mem + 8, &in->mem.se, 2);
	}
	oracle_get(c->op0, c->op1)(&i, &o, mem, &regs);
	for (int k = 0; k < 2; k++) {
		/* by register: a pop must not shift what we look at */
		unsigned phys = 6u + (unsigned)k, top = o.sw >> 11 & 7;
		if (c->kind == SF_SPLIT || c->kind == SF_LOAD)
			phys = top + (unsigned)k;
		memcpy(&out.st[k].mant, o.st[(phys - top) & 7], 8);
		memcpy(&out.st[k].se, o.st[(phys - top) & 7] + 8, 2);
	}
	memcpy(&out.mem.mant, mem, 8);
	memcpy(&out.mem.se, mem + 8, 2);
	out.sw = (u16)(o.sw & (FP_EXC | FP_CC));
	return out;
}

static struct f80 sf_overlay(struct f80 v, unsigned bytes)
{
	struct f80 r = { 0xcccccccccccccccc, 0xcccc };
	memcpy(&r.mant, &v.mant, bytes < 8 ? bytes : 8);
	if (bytes == 10)
		r.se = v.se;
	return r;
}

/* What our code makes of it. */
static struct sf_out sf_model(const struct sf_case *c, const struct sf_in *in)
{
	struct sf_out out = { .st = { in->a, in->b }, .mem = { 0xcccccccccccccccc, 0xcccc } };
	struct fpenv e = { in->cw, 0 };
	struct f80 r = in->a, x = in->b;
	unsigned cc = 0;
	switch (c->kind) {
	case SF_UNARY: r = c->unary(in->a, &e); break;
	case SF_BINARY:
	case SF_BINARY_POP: r = c->binary(in->a, in->b, &e); break;
	case SF_SPLIT: r = c->split(in->a, &x, &e); break;
	case SF_COMPARE: cc = c->compare(in->a, in->b, &e); break;
	case SF_LOAD: r = c->load(in->mem, &e); out.mem = in->mem; break;
	case SF_STORE: x = c->store(in->a, &e); break;
	}
	if (c->kind == SF_STORE) {
		if (!f80_store_blocked(&e))
			out.mem = sf_overlay(x, c->bytes);
	} else if (c->kind == SF_SPLIT && !f80_reg_blocked(&e)) {
		if (!(e.exc & FP_C2)) {
			out.st[0] = x;
			out.st[1] = r;
		}
	} else if (c->kind == SF_BINARY_POP && !f80_reg_blocked(&e)) {
		out.st[1] = r;
	} else if (c->kind == SF_LOAD && !f80_load_blocked(&e)) {
		out.st[0] = r;
		out.st[1] = in->a;
	} else if (!f80_reg_blocked(&e)) {
		out.st[0] = r;
	}
	out.sw = (u16)(e.exc | cc);
	return out;
}

static void sf_print80(const char *what, struct f80 v)
{
	printf(" %s %04x:%016llx", what, v.se, (unsigned long long)v.mant);
}

static void sf_print(const char *who, const struct sf_out *o)
{
	printf("  %s", who);
	sf_print80("st0", o->st[0]);
	sf_print80("st1", o->st[1]);
	sf_print80("mem", o->mem);
	printf(" sw %04x\n", o->sw);
}

static unsigned long sf_row_seen[ARRAY_LEN(sf_cases)], sf_row_near[ARRAY_LEN(sf_cases)];

/*
 * Both sides round a good approximation, so most results are the same (2 to 4 % apart; FPTAN 17 %,
 * by C1 of tiny arguments); a row with more than a fifth apart has lost accuracy, or C1.
 */
static void sf_check_rates(void)
{
	for (unsigned c = 0; c < ARRAY_LEN(sf_cases); c++)
		if (sf_row_near[c] * 5 > sf_row_seen[c])
			sf_failed += !!printf("FAIL %s: %lu of %lu results one unit apart\n",
					      sf_cases[c].name, sf_row_near[c], sf_row_seen[c]);
}

/* What our code makes of it, by the rules of the vendor. */
static struct sf_out sf_ours(const struct sf_case *c, const struct sf_in *in, bool *tiny)
{
	struct sf_in like = *in;
	struct sf_out out;
	*tiny = sf_tiny(c->op0, c->op1, in->a);
	if (*tiny)
		like.cw = sf_tiny_cw(in->cw);
	out = sf_model(c, &like);
	if (*tiny) {
		out.sw &= (u16)~FP_C1;
		sf_rule_used[SF_TINY]++;
	} else if (sf_intel && c->split == f80_sincos && !(out.sw & (FP_IE | FP_C2))) {
		out.sw = (u16)((out.sw & ~FP_C1) | sf_cosine_c1(in->a, in->cw));
		sf_rule_used[SF_COSINE_C1]++;
	}
	if (sf_no_underflow(c->op0, c->op1, in->a, in->b, in->cw)) {
		out.st[0] = in->a;
		out.sw &= (u16)~FP_UE;
		sf_rule_used[SF_NO_UNDERFLOW]++;
	}
	return out;
}

/* Within one unit in the last place, and the same flags but for C1. */
static bool sf_near_enough(const struct sf_out *want, const struct sf_out *got)
{
	u16 flags = FP_C1;
	for (int k = 0; k < 2; k++) {
		if (sf_border(want->st[k], got->st[k]))
			flags |= FP_UE;
		else if (!sf_close(want->st[k], got->st[k]))
			return false;
	}
	sf_rule_used[SF_BORDER] += (want->sw ^ got->sw) & flags & FP_UE ? 1 : 0;
	return !((want->sw ^ got->sw) & ~flags);
}

/* Compare once; prints the first differences of each row. */
static bool sf_check(const struct sf_case *c, const struct sf_in *in)
{
	bool tiny;
	struct sf_out want = sf_oracle(c, in), got = sf_ours(c, in, &tiny);
	sf_row_seen[c - sf_cases]++;
	if (sf_same(want.st[0], got.st[0]) && sf_same(want.st[1], got.st[1]) &&
	    sf_same(want.mem, got.mem) && want.sw == got.sw) {
		sf_passed++;
		return true;
	}
	if (c->approximate && !tiny && sf_near_enough(&want, &got)) {
		sf_near++;
		sf_row_near[c - sf_cases]++;
		return true;
	}
	static unsigned shown[ARRAY_LEN(sf_cases)];
	sf_failed++;
	if (shown[c - sf_cases]++ < 20) {
		printf("FAIL %s cw %04x", c->name, in->cw);
		sf_print80("a", in->a);
		sf_print80("b", in->b);
		sf_print80("mem", in->mem);
		printf("\n");
		sf_print("want", &want);
		sf_print("got ", &got);
	}
	return false;
}

/* Random comparisons over all rows. */
static void sf_random(unsigned long count)
{
	for (unsigned long k = 0; k < count; k++) {
		const struct sf_case *c = &sf_cases[k % ARRAY_LEN(sf_cases)];
		struct sf_in in = { sf_control_word(), sf_operand(), sf_operand(), sf_operand() };
		if ((oracle_rand() & 7) == 0)	/* neighbours: cancellation, ties */
			in.b = (struct f80){ in.a.mant ^ (oracle_rand() & 3),
					     (u16)(in.a.se ^ (oracle_rand() & 0x8001)) };
		sf_check(c, &in);
	}
}

#endif
