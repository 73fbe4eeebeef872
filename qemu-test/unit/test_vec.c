/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vector rows' evaluation against the SSE unit of the build machine: random and edge
 * operands, all rounding modes, DAZ, FTZ, unmasked exceptions; results and MXCSR bit for bit.
 * Not the lifting (qemu-test/insn). Host: x86-64 only. Argument: cases for each row, seed.
 */
#include "dbt/ir/vec.h"
#include "dbt/fp/softsse.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

/* d = d op s, on the real CPU. */
typedef void (*oracle)(union xmm *d, const union xmm *s);

struct row_test {
	unsigned row, imm;
	const char *name;
	oracle run;
	u8 bytes;		/* of the result that are compared */
};

#define X2(row, imm, text, bytes, insn) \
	{ VEC_##row, imm, text, oracle_##row##_##imm, bytes },
#define DEFINE2(row, imm, text, bytes, insn) \
	static void oracle_##row##_##imm(union xmm *d, const union xmm *s) \
	{ \
		asm volatile("movdqu %0, %%xmm0; movdqu %1, %%xmm1;" insn "; movdqu %%xmm0, %0" \
			     : "+m"(*d) : "m"(*s) : "xmm0", "xmm1", "xmm2", "rax"); \
	}

#define B(row, name) X(row, 0, name, 16, name " %%xmm1, %%xmm0")
#define S4(row, name) X(row, 0, name, 4, name " %%xmm1, %%xmm0")
#define S8(row, name) X(row, 0, name, 8, name " %%xmm1, %%xmm0")
#define I(row, imm, name) X(row, imm, name, 16, name " $" #imm ", %%xmm1, %%xmm0")
/* In place: shifts by immediates, on operand a. */
#define U(row, imm, name) X(row, imm, name, 16, name " $" #imm ", %%xmm0")
#define TO(row, imm, name, insn) X(row, imm, name, 8, insn ", %%eax; cltq; movq %%rax, %%xmm0")
#define TOL(row, imm, name, insn) X(row, imm, name, 8, insn ", %%rax; movq %%rax, %%xmm0")
#define IMMS(M, row, name) M(row, 0, name) M(row, 27, name) M(row, 0x4e, name) M(row, 0xb1, name) \
	M(row, 0xff, name) M(row, 0x72, name)
#define COUNTS(M, row, name) M(row, 0, name) M(row, 1, name) M(row, 7, name) M(row, 15, name) \
	M(row, 16, name) M(row, 31, name) M(row, 32, name) M(row, 63, name) M(row, 64, name) \
	M(row, 255, name)
#define FP4(op, name) B(op##_PS, name "ps") B(op##_PD, name "pd") S4(op##_SS, name "ss") \
	S8(op##_SD, name "sd")
#define CMPS(p) X(CMP_PS, p, "cmpps", 16, "cmpps $" #p ", %%xmm1, %%xmm0") \
	X(CMP_PD, p, "cmppd", 16, "cmppd $" #p ", %%xmm1, %%xmm0") \
	X(CMP_SS, p, "cmpss", 4, "cmpss $" #p ", %%xmm1, %%xmm0") \
	X(CMP_SD, p, "cmpsd", 8, "cmpsd $" #p ", %%xmm1, %%xmm0")
#define COMI(row, insn, cc) X(row, 0, insn, 8, insn " %%xmm1, %%xmm0; set" cc " %%al;" \
	"movzbl %%al, %%eax; movq %%rax, %%xmm0")

#define INTEGER_ROWS \
	B(AND, "pand") B(OR, "por") B(XOR, "pxor") B(ANDN, "pandn") \
	B(ADD_B, "paddb") B(ADD_H, "paddw") B(ADD_W, "paddd") B(ADD_D, "paddq") \
	B(SUB_B, "psubb") B(SUB_H, "psubw") B(SUB_W, "psubd") B(SUB_D, "psubq") \
	B(ADDS_B, "paddsb") B(ADDS_H, "paddsw") B(ADDU_B, "paddusb") B(ADDU_H, "paddusw") \
	B(SUBS_B, "psubsb") B(SUBS_H, "psubsw") B(SUBU_B, "psubusb") B(SUBU_H, "psubusw") \
	B(MULL_H, "pmullw") B(MULH_H, "pmulhw") B(MULHU_H, "pmulhuw") B(MADD_H, "pmaddwd") \
	B(MULU_W, "pmuludq") B(AVGU_B, "pavgb") B(AVGU_H, "pavgw") B(MAXU_B, "pmaxub") \
	B(MINU_B, "pminub") B(MAXS_H, "pmaxsw") B(MINS_H, "pminsw") B(SAD_B, "psadbw") \
	B(EQ_B, "pcmpeqb") B(EQ_H, "pcmpeqw") B(EQ_W, "pcmpeqd") \
	B(GT_B, "pcmpgtb") B(GT_H, "pcmpgtw") B(GT_W, "pcmpgtd") \
	B(PACKS_H, "packsswb") B(PACKS_W, "packssdw") B(PACKU_H, "packuswb") \
	B(UNPKL_B, "punpcklbw") B(UNPKL_H, "punpcklwd") B(UNPKL_W, "punpckldq") \
	B(UNPKL_D, "punpcklqdq") B(UNPKH_B, "punpckhbw") B(UNPKH_H, "punpckhwd") \
	B(UNPKH_W, "punpckhdq") B(UNPKH_D, "punpckhqdq") \
	B(SLL_H, "psllw") B(SLL_W, "pslld") B(SLL_D, "psllq") B(SRL_H, "psrlw") \
	B(SRL_W, "psrld") B(SRL_D, "psrlq") B(SRA_H, "psraw") B(SRA_W, "psrad") \
	COUNTS(U, SLLI_H, "psllw") COUNTS(U, SLLI_W, "pslld") COUNTS(U, SLLI_D, "psllq") \
	COUNTS(U, SRLI_H, "psrlw") COUNTS(U, SRLI_W, "psrld") COUNTS(U, SRLI_D, "psrlq") \
	COUNTS(U, SRAI_H, "psraw") COUNTS(U, SRAI_W, "psrad") \
	COUNTS(U, SLLI_Q, "pslldq") COUNTS(U, SRLI_Q, "psrldq") \
	IMMS(I, SHUF2_W, "shufps") IMMS(I, SHUF2_D, "shufpd") \
	B(MULHR_H, "pmulhrsw") B(MADDU_B, "pmaddubsw") B(HADD_H, "phaddw") B(HADD_W, "phaddd") \
	B(HADDS_H, "phaddsw") B(HSUB_H, "phsubw") B(HSUB_W, "phsubd") B(HSUBS_H, "phsubsw") \
	B(SIGN_B, "psignb") B(SIGN_H, "psignw") B(SIGN_W, "psignd") \
	X(PERM_B, 15, "pshufb", 16, "pshufb %%xmm1, %%xmm0") \
	B(MERGE_W, "movss") B(MERGE_D, "movsd") \
	TO(MASK_B, 0, "pmovmskb", "pmovmskb %%xmm0") TO(MASK_W, 0, "movmskps", "movmskps %%xmm0") \
	TO(MASK_D, 0, "movmskpd", "movmskpd %%xmm0") \
	TO(LANE_W, 0, "movd", "movd %%xmm0") TO(LANE_H, 0, "pextrw", "pextrw $0, %%xmm0") \
	TO(LANE_H, 5, "pextrw", "pextrw $5, %%xmm0") \
	X(SETLANE_H, 0, "pinsrw", 16, "movd %%xmm1, %%eax; pinsrw $0, %%eax, %%xmm0") \
	X(SETLANE_H, 7, "pinsrw", 16, "movd %%xmm1, %%eax; pinsrw $7, %%eax, %%xmm0")

/* SELECT's third operand is b. */
#define SELECT(row, name) X(row, 0, name, 16, "movdqa %%xmm0, %%xmm2; movdqa %%xmm1, %%xmm0;" \
	name " %%xmm0, %%xmm1, %%xmm2; movdqa %%xmm2, %%xmm0")
#define SETLANE(row, n, name) X(row, n, name, 16, "movd %%xmm1, %%eax;" name " $" #n \
	", %%eax, %%xmm0")
#define SSE4_ROWS \
	B(EQ_D, "pcmpeqq") B(GT_D, "pcmpgtq") B(MAXS_B, "pmaxsb") B(MINS_B, "pminsb") \
	B(MAXU_H, "pmaxuw") B(MINU_H, "pminuw") B(MAXS_W, "pmaxsd") B(MINS_W, "pminsd") \
	B(MAXU_W, "pmaxud") B(MINU_W, "pminud") B(MULL_W, "pmulld") B(MULS_W, "pmuldq") \
	B(PACKU_W, "packusdw") \
	TO(LANE_B, 0, "pextrb", "pextrb $0, %%xmm0") \
	TO(LANE_B, 13, "pextrb", "pextrb $13, %%xmm0") \
	SETLANE(SETLANE_B, 0, "pinsrb") SETLANE(SETLANE_B, 14, "pinsrb") \
	SETLANE(SETLANE_W, 0, "pinsrd") SETLANE(SETLANE_W, 3, "pinsrd") \
	X(SETLANE_D, 0, "pinsrq", 16, "movq %%xmm1, %%rax; pinsrq $0, %%rax, %%xmm0") \
	X(SETLANE_D, 1, "pinsrq", 16, "movq %%xmm1, %%rax; pinsrq $1, %%rax, %%xmm0") \
	TOL(LANE_D, 0, "movq", "movq %%xmm0") TOL(LANE_D, 1, "pextrq", "pextrq $1, %%xmm0") \
	IMMS(I, BLEND_H, "pblendw") I(BLEND_W, 0, "blendps") I(BLEND_W, 5, "blendps") \
	I(BLEND_W, 11, "blendps") I(BLEND_W, 12, "blendps") I(BLEND_W, 15, "blendps") \
	SELECT(SELECT_B, "pblendvb") SELECT(SELECT_W, "blendvps") SELECT(SELECT_D, "blendvpd") \
	I(COPY_W, 0x00, "insertps") I(COPY_W, 0x70, "insertps") I(COPY_W, 0xe0, "insertps") \
	I(MPSAD_B, 0, "mpsadbw") I(MPSAD_B, 3, "mpsadbw") I(MPSAD_B, 4, "mpsadbw") \
	I(MPSAD_B, 6, "mpsadbw")

#define ROUND(y) I(ROUND_PS, y, "roundps") I(ROUND_PD, y, "roundpd") \
	X(ROUND_SS, y, "roundss", 4, "roundss $" #y ", %%xmm1, %%xmm0") \
	X(ROUND_SD, y, "roundsd", 8, "roundsd $" #y ", %%xmm1, %%xmm0")
#define SSE4_UNARY_ROWS \
	B(EXTS_B, "pmovsxbw") B(EXTS_H, "pmovsxwd") B(EXTS_W, "pmovsxdq") \
	B(EXTU_B, "pmovzxbw") B(EXTU_H, "pmovzxwd") B(EXTU_W, "pmovzxdq") \
	B(MINPOS_H, "phminposuw") \
	X(PCNT_D, 0, "popcntq", 16, "movq %%xmm1, %%rax; popcntq %%rax, %%rax;" \
	  "movq %%rax, %%xmm0; pextrq $1, %%xmm1, %%rax; popcntq %%rax, %%rax;" \
	  "pinsrq $1, %%rax, %%xmm0") \
	X(ZERO, 0, "ptest", 8, "ptest %%xmm1, %%xmm1; sete %%al; movzbl %%al, %%eax;" \
	  "movq %%rax, %%xmm0") \
	ROUND(0) ROUND(1) ROUND(2) ROUND(3) ROUND(4) ROUND(8) ROUND(9) ROUND(10) ROUND(11) \
	ROUND(12)

/* Rows whose one operand the test takes from a: the oracle's second. */
#define UNARY_ROWS SSE4_UNARY_ROWS \
	IMMS(I, SHUF_W, "pshufd") IMMS(I, SHUFL_H, "pshuflw") IMMS(I, SHUFH_H, "pshufhw") \
	B(LOW_D, "movq") X(LOW_W, 0, "movd", 16, "movd %%xmm1, %%eax; movd %%eax, %%xmm0") \
	X(FROM_W, 0, "movd", 16, "movd %%xmm1, %%eax; movd %%eax, %%xmm0") \
	FP4(SQRT, "sqrt") B(ABS_B, "pabsb") B(ABS_H, "pabsw") B(ABS_W, "pabsd") \
	B(CVT_PS_PD, "cvtps2pd") B(CVT_PD_PS, "cvtpd2ps") S8(CVT_SS_SD, "cvtss2sd") \
	S4(CVT_SD_SS, "cvtsd2ss") B(CVT_W_PS, "cvtdq2ps") B(CVT_W_PD, "cvtdq2pd") \
	B(CVT_PS_W, "cvtps2dq") B(CVTT_PS_W, "cvttps2dq") B(CVT_PD_W, "cvtpd2dq") \
	B(CVTT_PD_W, "cvttpd2dq") \
	X(CVT_I_SS, 0, "cvtsi2ss", 4, "movd %%xmm1, %%eax; cvtsi2ssl %%eax, %%xmm0") \
	X(CVT_I_SD, 0, "cvtsi2sd", 8, "movd %%xmm1, %%eax; cvtsi2sdl %%eax, %%xmm0") \
	TO(CVT_SS_I, 0, "cvtss2si", "cvtss2si %%xmm1") \
	TO(CVTT_SS_I, 0, "cvttss2si", "cvttss2si %%xmm1") \
	TO(CVT_SD_I, 0, "cvtsd2si", "cvtsd2si %%xmm1") \
	TO(CVTT_SD_I, 0, "cvttsd2si", "cvttsd2si %%xmm1") \
	X(FROM_D, 0, "movq", 16, "movq %%xmm1, %%rax; movq %%rax, %%xmm0") \
	X(CVT_L_SS, 0, "cvtsi2ssq", 4, "movq %%xmm1, %%rax; cvtsi2ssq %%rax, %%xmm0") \
	X(CVT_L_SD, 0, "cvtsi2sdq", 8, "movq %%xmm1, %%rax; cvtsi2sdq %%rax, %%xmm0") \
	TOL(CVT_SS_L, 0, "cvtss2siq", "cvtss2si %%xmm1") \
	TOL(CVTT_SS_L, 0, "cvttss2siq", "cvttss2si %%xmm1") \
	TOL(CVT_SD_L, 0, "cvtsd2siq", "cvtsd2si %%xmm1") \
	TOL(CVTT_SD_L, 0, "cvttsd2siq", "cvttsd2si %%xmm1")

#define FLOAT_ROWS \
	FP4(ADD, "add") FP4(SUB, "sub") FP4(MUL, "mul") FP4(DIV, "div") FP4(MIN, "min") \
	B(ADDSUB_PS, "addsubps") B(ADDSUB_PD, "addsubpd") B(HADD_PS, "haddps") \
	B(HADD_PD, "haddpd") B(HSUB_PS, "hsubps") B(HSUB_PD, "hsubpd") \
	FP4(MAX, "max") CMPS(0) CMPS(1) CMPS(2) CMPS(3) CMPS(4) CMPS(5) CMPS(6) CMPS(7) \
	COMI(COMI_LTS_SS, "comiss", "b") COMI(COMI_LTS_SD, "comisd", "b") \
	COMI(COMI_LT_SS, "ucomiss", "b") COMI(COMI_LT_SD, "ucomisd", "b") \
	COMI(COMI_EQ_SS, "ucomiss", "e") COMI(COMI_EQ_SD, "ucomisd", "e")

#define X DEFINE2
INTEGER_ROWS SSE4_ROWS UNARY_ROWS FLOAT_ROWS
#undef X
#define X X2
static const struct row_test binary_tests[] = { INTEGER_ROWS SSE4_ROWS FLOAT_ROWS };
static const struct row_test unary_tests[] = { UNARY_ROWS };
#undef X

/* -- Operands -- */

static u64 seed = 0x1234567;

static u64 rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static u32 edge32(void)
{
	static const u32 edges[] = {
		0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x00800001, 0x3f800000,
		0xbf800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001,
		0x7f800001, 0xffbfffff, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x3f000000,
		0x3fc00000, 0xffffffff, 0x7fffffff, 0x00400000, 0x80400000, 0x34000000,
		0x5effffff, 0x5f000000, 0xdf000000, 0xdf000001,
	};

	return edges[rnd() % (sizeof(edges) / sizeof(edges[0]))];
}

static u64 edge64(void)
{
	static const u64 edges[] = {
		0, 1, 0x000fffffffffffff, 0x0010000000000000, 0x0010000000000001,
		0x3ff0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff8000000000000,
		0x7ff8000000000001, 0x7ff0000000000001, 0x7ff7ffffffffffff, 0x41dfffffffc00000,
		0x41dfffffffe00000, 0x41e0000000000000, 0x41e0000000200000, 0x3fe0000000000000,
		0x3ff8000000000000, 0x380fffffffffffff, 0x36a0000000000000, 0x3690000000000000,
		0x3690000000000001, 0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000,
		0x380fffffe0000000, 0x380fffffefffffff, 0x380ffffff0000000, 0x0008000000000000,
		0x3810000000000000, 0x3800000000000000, 0x41dfffffffffffff,
		0x43dfffffffffffff, 0x43e0000000000000, 0x43e0000000000001, 0x43cfffffffffffff,
	};

	return edges[rnd() % (sizeof(edges) / sizeof(edges[0]))] | (rnd() & 1) << 63;
}

/* Floats and doubles whose exponents lie close together, so that operations interact. */
static u64 near64(void)
{
	u64 exp = 1023 + rnd() % 110 - 35, v = rnd() & 0x800fffffffffffff;

	if (rnd() % 3 == 0)
		v &= 0xfffffffff0000000;
	if (rnd() % 8 == 0)
		exp = (rnd() & 1 ? 1023 - 511 : 1023 + 511) + rnd() % 8 - 4;
	if (rnd() % 8 == 0)
		exp = rnd() & 1 ? rnd() % 60 : 2046 - rnd() % 60;
	if (rnd() % 8 == 0)
		exp = 1023 - 127 + rnd() % 40 - 30;
	return v | exp << 52;
}

static u32 near32(void)
{
	u32 exp = 127 + rnd() % 40 - 20, v = rnd() & 0x807fffff;

	if (rnd() % 3 == 0)
		v &= 0xffff8000;
	if (rnd() % 8 == 0)
		exp = (rnd() & 1 ? 127 - 63 : 127 + 63) + rnd() % 8 - 4;
	if (rnd() % 8 == 0)
		exp = rnd() & 1 ? rnd() % 28 : 254 - rnd() % 28;
	return v | exp << 23;
}

static union xmm operand(void)
{
	union xmm v;

	switch (rnd() % 8) {
	case 0:
		v.q[0] = rnd();
		v.q[1] = rnd();
		break;
	case 1: case 2: case 3:
		for (int i = 0; i < 2; i++)
			v.q[i] = rnd() % 4 ? near64() : edge64();
		break;
	case 4: case 5: case 6:
		for (int i = 0; i < 4; i++)
			v.d[i] = rnd() % 4 ? near32() : edge32();
		break;
	default:			/* bytes of extremes, small counts */
		for (int i = 0; i < 16; i++)
			v.b[i] = (u8)(rnd() & 1 ? 0x7f + rnd() % 2 : rnd() & 1 ? 0xff : 0);
		if (rnd() & 1)
			v.q[0] = rnd() % 80;
	}
	return v;
}

/* -- Running -- */

static sigjmp_buf trapped;
static u32 trap_mxcsr;

static void on_fpe(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;

	(void)sig, (void)info;
	trap_mxcsr = u->uc_mcontext.fpregs->mxcsr;
	siglongjmp(trapped, 1);
}

static u32 random_mxcsr(void)
{
	u32 m = MXCSR_RESET;

	if (rnd() & 1)
		m |= (rnd() & 3) << MXCSR_RC_SHIFT;
	if (rnd() % 4 == 0)
		m |= rnd() & (MXCSR_DAZ | MXCSR_FTZ);
	if (rnd() % 8 == 0)
		m &= ~(rnd() & MXCSR_MASKS);
	return m;
}

static unsigned long passed, failed;

static void show(const char *what, const union xmm *v)
{
	printf("  %s %016llx %016llx\n", what, (unsigned long long)v->q[1],
	       (unsigned long long)v->q[0]);
}

static void report(const struct row_test *t, const union xmm *a, const union xmm *b, u32 before,
		   const union xmm *want, u32 want_mxcsr, bool want_trap, const union xmm *got,
		   u32 got_mxcsr, bool got_trap)
{
	if (failed++ > 30)
		return;
	printf("FAIL %s (%s, imm %#x) mxcsr %04x\n", vec_info[t->row].text, t->name, t->imm,
	       before);
	show("a   ", a);
	show("b   ", b);
	show("want", want);
	show("got ", got);
	printf("  mxcsr want %04x got %04x, trap want %d got %d\n", want_mxcsr, got_mxcsr,
	       want_trap, got_trap);
}

static bool run_oracle(const struct row_test *t, union xmm *d, const union xmm *s, u32 *mxcsr)
{
	const u32 normal = MXCSR_RESET;
	volatile bool trap = false;

	if (!sigsetjmp(trapped, 0)) {
		asm volatile("ldmxcsr %0" :: "m"(*mxcsr));
		t->run(d, s);
		asm volatile("stmxcsr %0" : "=m"(*mxcsr));
	} else {
		trap = true;
		*mxcsr = trap_mxcsr;
	}
	asm volatile("ldmxcsr %0" :: "m"(normal));
	return trap;
}

static void test_one(const struct row_test *t, bool unary)
{
	static struct vcpu c;
	union xmm a = operand(), b = rnd() % 8 ? operand() : a, want = a, got = a, integer;
	u32 before = random_mxcsr(), mxcsr = before;
	bool trap, got_trap;

	c.mxcsr = before;
	c.cr4 = CR4_OSXMMEXCPT;
	integer.q[0] = unary && vec_info[t->row].shape == VSH_FROMI ? b.d[0] : b.q[0];
	trap = run_oracle(t, &want, &b, &mxcsr);
	if (unary)
		got_trap = vec_eval(&c, t->row, t->imm, &got, &b, &integer, &a).raised;
	else
		got_trap = vec_eval(&c, t->row, t->imm, &got, &a, &b, &b).raised;
	if (trap == got_trap && c.mxcsr == mxcsr && (trap || !memcmp(&got, &want, t->bytes)))
		passed++;
	else
		report(t, &a, &b, before, &want, mxcsr, trap, &got, c.mxcsr, got_trap);
}

/* The approximations: the error bound of the SDM, and the special operands. */
static double value(u32 v)
{
	float f;

	memcpy(&f, &v, 4);
	return f;
}

static void test_approximations(unsigned long n)
{
	for (unsigned long k = 0; k < n; k++) {
		u32 a = near32() & 0x7fffffff, r = sse_rcp(a), q = sse_rsqrt(a);
		double x = value(a), e1 = value(r) * x - 1, e2 = value(q) * value(q) * x - 1;
		bool big = (a >> 23) > 251;

		if (!(a >> 23))
			continue;
		if ((!big && (e1 > 0.000366 || e1 < -0.000366)) || e2 > 0.00073 || e2 < -0.00073)
			failed += 1 + 0 * printf("FAIL approximation of %08x\n", a);
		else
			passed++;
	}
	if (sse_rcp(0x80000001) != 0xff800000 || sse_rcp(0xff800000) != 0x80000000 ||
	    sse_rsqrt(0x80000000) != 0xff800000 || sse_rsqrt(0xbf800000) != 0xffc00000 ||
	    sse_rcp(0x7f800001) != 0x7fc00001)
		failed += 1 + 0 * printf("FAIL approximation, special operands\n");
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 3000;
	struct sigaction sa = { .sa_sigaction = on_fpe, .sa_flags = SA_SIGINFO | SA_NODEFER };

	if (argc > 2)
		seed = strtoul(argv[2], NULL, 0) * 2 + 1;
	sigaction(SIGFPE, &sa, NULL);
	for (unsigned long k = 0; k < n; k++) {
		for (unsigned i = 0; i < sizeof(binary_tests) / sizeof(binary_tests[0]); i++)
			test_one(&binary_tests[i], false);
		for (unsigned i = 0; i < sizeof(unary_tests) / sizeof(unary_tests[0]); i++)
			test_one(&unary_tests[i], true);
	}
	test_approximations(n);
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed || !passed;
}
