/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x87 unit: register stack, status, and what each instruction does to them. Not
 * decoding, not guest memory: memory operands come and go as bit patterns. The caller sets
 * fop, fip, fdp, fcs, fds and, before a waiting instruction, asks x87_pending().
 * Invariant: SW.ES = SW.B = (some exception flag is set and unmasked), always.
 *
 * Stack faults, masked responses and condition codes: SDM vol. 1, ch. 8; what it leaves
 * undefined is done as AMD family 25 does it.
 */
#ifndef DBT_FP_X87_H
#define DBT_FP_X87_H

#include "dbt/fp/softfp.h"

#define X87_SW_TOP 0x3800u
#define X87_SW_ES 0x0080u
#define X87_SW_B 0x8000u

struct x87 {
	struct f80 r[8];	/* physical: ST(i) is r[(TOP + i) & 7]; MMn is r[n].mant */
	u16 cw, sw;
	/*
	 * Bit n: r[n] is not empty (the abridged tag word of FXSAVE). Bit 8 + n, which may lack:
	 * besides it is a normal number, and cw is what leaves are for (x87_prim.h).
	 */
	u16 valid;
	u16 fop;		/* last opcode: 11 bits */
	u16 fcs, fds;
	u16 mark;		/* bits 8 and 0 of a normal number's register in `valid` */
	u64 fip, fdp;
};

/* FNINIT: cw 0x37f, everything empty, pointers 0; register contents stay. */
void x87_finit(struct x87 *x);

static inline unsigned x87_top(const struct x87 *x) { return x->sw >> 11 & 7; }

/* True if a waiting x87 or MMX instruction must raise #MF (or IRQ 13) instead of executing. */
static inline bool x87_pending(const struct x87 *x) { return x->sw & X87_SW_ES; }

/*
 * Loads. Push, or raise #IS with C1 on a full stack. fild: the sign-extended integer.
 * fld_m80 and fbld: the ten bytes of the operand.
 */
void x87_fld_f32(struct x87 *x, u32 v);
void x87_fld_f64(struct x87 *x, u64 v);
void x87_fld_f80(struct x87 *x, struct f80 v);
void x87_fld_st(struct x87 *x, unsigned i);
void x87_fild(struct x87 *x, s64 v);
void x87_fbld(struct x87 *x, struct f80 bcd);

/* In the order of opcodes D9 E8..EE. */
enum x87_const { X87_1, X87_L2T, X87_L2E, X87_PI, X87_LG2, X87_LN2, X87_Z };
void x87_fld_const(struct x87 *x, enum x87_const c);

/*
 * Stores, in two steps, so that a page fault between them leaves the unit untouched: take
 * the value; if `write`, put it into guest memory; then x87_store_done(), which raises and,
 * unless the exception forbids, pops. When !write, memory stays, but done is still called.
 */
struct x87_store {
	u64 lo;			/* the operand's bytes 0..7 */
	u16 hi;			/* bytes 8 and 9 of f80 and bcd */
	u16 exc;
	bool write;
};

struct x87_store x87_store_f32(const struct x87 *x);
struct x87_store x87_store_f64(const struct x87 *x);
struct x87_store x87_store_f80(const struct x87 *x);
/* width 16, 32 or 64; truncate: FISTTP. */
struct x87_store x87_store_int(const struct x87 *x, unsigned width, bool truncate);
struct x87_store x87_store_bcd(const struct x87 *x);
void x87_store_done(struct x87 *x, struct x87_store s, bool pop);

/* Stack manipulation. fst_st: FST ST(i) and FSTP ST(i). */
void x87_fst_st(struct x87 *x, unsigned i, bool pop);
/* D9 D8+i, undocumented: FSTP ST(i) that takes an empty ST(0) without a fault. */
void x87_fstpnce(struct x87 *x, unsigned i);
void x87_fxch(struct x87 *x, unsigned i);
void x87_ffree(struct x87 *x, unsigned i);
void x87_ffreep(struct x87 *x, unsigned i);
void x87_fincstp(struct x87 *x);
void x87_fdecstp(struct x87 *x);
/* FCMOVcc ST(0), ST(i); the caller has evaluated the condition. */
void x87_fcmov(struct x87 *x, unsigned i, bool condition);

/*
 * The six arithmetic operations, each in five forms: ST(0) op= ST(i); ST(i) op= ST(0) with or
 * without pop; ST(0) op= float, double, integer. subr and divr are reversed: the destination
 * operand is on the right. digit: the /r of D8, DA, DC, DE's memory forms.
 */
#define X87_ARITH(X) X(add, 0) X(mul, 1) X(sub, 4) X(subr, 5) X(div, 6) X(divr, 7)

#define X87_ARITH_DECLARE(op, digit) \
	void x87_f##op##_st0(struct x87 *x, unsigned i); \
	void x87_f##op##_sti(struct x87 *x, unsigned i, bool pop); \
	void x87_f##op##_f32(struct x87 *x, u32 v); \
	void x87_f##op##_f64(struct x87 *x, u64 v); \
	void x87_f##op##_int(struct x87 *x, s64 v);
X87_ARITH(X87_ARITH_DECLARE)
#undef X87_ARITH_DECLARE

/* Comparisons of ST(0), setting C3, C2, C0. quiet: FUCOM. pops: 0, 1 or 2. */
void x87_fcom_st(struct x87 *x, unsigned i, bool quiet, unsigned pops);
void x87_fcom_f32(struct x87 *x, u32 v, unsigned pops);
void x87_fcom_f64(struct x87 *x, u64 v, unsigned pops);
void x87_fcom_int(struct x87 *x, s64 v, unsigned pops);
void x87_ftst(struct x87 *x);
void x87_fxam(struct x87 *x);
/*
 * FCOMI, FUCOMI and their popping forms: EFLAGS' ZF, PF, CF in their places (0x40, 4, 1); OF, SF
 * and AF become 0. Returned also when an unmasked exception is raised.
 */
unsigned x87_fcomi(struct x87 *x, unsigned i, bool quiet, bool pop);

/* Operations on ST(0), or ST(0) and ST(1). */
void x87_fchs(struct x87 *x);
void x87_fabs(struct x87 *x);
void x87_fsqrt(struct x87 *x);
void x87_frndint(struct x87 *x);
void x87_fprem(struct x87 *x, bool nearest);	/* nearest: FPREM1 */
void x87_fscale(struct x87 *x);
void x87_fxtract(struct x87 *x);
void x87_f2xm1(struct x87 *x);
void x87_fyl2x(struct x87 *x);
void x87_fyl2xp1(struct x87 *x);
void x87_fptan(struct x87 *x);
void x87_fpatan(struct x87 *x);
void x87_fsin(struct x87 *x);
void x87_fcos(struct x87 *x);
void x87_fsincos(struct x87 *x);

/* Control. FNSTCW and FNSTSW read cw and sw. */
void x87_fldcw(struct x87 *x, u16 cw);
void x87_fclex(struct x87 *x);

/*
 * Environment and state images, little-endian bytes as in guest memory. 16-bit formats: 14 and 94
 * bytes; 32-bit: 28 and 108. The images are made first; after the guest's memory took them,
 * x87_fstenv_done() masks all exceptions, and FNSAVE goes on with x87_finit().
 */
enum x87_format { X87_REAL16, X87_PROT16, X87_REAL32, X87_PROT32 };
#define X87_ENV_MAX 28
#define X87_SAVE_MAX 108

unsigned x87_env_size(enum x87_format f);
void x87_env_image(const struct x87 *x, enum x87_format f, u8 *out);
void x87_fstenv_done(struct x87 *x);
void x87_fldenv(struct x87 *x, enum x87_format f, const u8 *in);
void x87_save_image(const struct x87 *x, enum x87_format f, u8 *out);
void x87_frstor(struct x87 *x, enum x87_format f, const u8 *in);

/*
 * The x87 part of the 512-byte FXSAVE image: bytes 0..23 and 32..159; MXCSR and XMM are left
 * alone. wide: REX.W, 64-bit instruction and data pointers without selectors.
 */
void x87_fxsave(const struct x87 *x, bool wide, u8 *out);
void x87_fxrstor(struct x87 *x, bool wide, const u8 *in);

/* MMX: every MMX instruction but EMMS sets TOP = 0 and all registers valid. */
static inline u64 x87_mmx_get(const struct x87 *x, unsigned n) { return x->r[n].mant; }
static inline void x87_mmx_set(struct x87 *x, unsigned n, u64 v)
{
	x->r[n] = (struct f80){ v, 0xffff };
}

#endif
