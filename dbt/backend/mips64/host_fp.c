/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSACSR, and the FP instructions of translated code taken apart when one traps (MIPS Architecture
 * for Programmers, Volume IV-j, 3.2). Only what fp.c emits is known. A scalar row's operands have
 * lane 0 in all lanes, so that it is done again as the packed row.
 */
#include "dbt/backend/host_fp.h"

#include "dbt/backend/mips64/vector_regs.h"
#include "dbt/fp/softsse.h"
#include "dbt/ir/vec.h"
#include "kernel/lib/bits.h"

/*
 * MSACSR, FCSR:  17..12 Cause  11..7 Enables  6..2 Flags  1..0 RM; each group is (E) V Z O U I
 * from its highest bit down. RM: 0 nearest, 1 zero, 2 up, 3 down.
 */
enum {
	CSR_FLAG_I = 1u << 2, CSR_FLAG_U = 1u << 3, CSR_FLAG_O = 1u << 4, CSR_FLAG_Z = 1u << 5,
	CSR_FLAG_V = 1u << 6, CSR_FLAGS = 0x1fu << 2, CSR_CAUSE = 0x3fu << 12,
	CSR_ENABLE_V = 1u << 11,
};

u32 host_fp_take_flags(void)
{
	u32 csr = msacsr_get(), fcsr = fcsr_get(), f = 0;

	if (!((csr | fcsr) & CSR_FLAGS))
		return 0;
	fcsr_set(fcsr & ~(u32)(CSR_FLAGS | CSR_CAUSE));
	csr |= fcsr & CSR_FLAGS;
	f |= csr & CSR_FLAG_I ? MXCSR_PE : 0;
	f |= csr & CSR_FLAG_U ? MXCSR_UE : 0;
	f |= csr & CSR_FLAG_O ? MXCSR_OE : 0;
	f |= csr & CSR_FLAG_Z ? MXCSR_ZE : 0;
	f |= csr & CSR_FLAG_V ? MXCSR_IE : 0;
	msacsr_set(csr & ~(u32)(CSR_FLAGS | CSR_CAUSE));
	return f;
}

void host_fp_set_rounding(unsigned rc)
{
	static const u8 rm[] = { [RC_NEAR] = 0, [RC_DOWN] = 3, [RC_UP] = 2, [RC_ZERO] = 1 };

	msacsr_set(rm[rc] | CSR_ENABLE_V);
	fcsr_set(rm[rc] | CSR_ENABLE_V);
}

/* -- Decoding -- */

/* CTCMSA of MSACSR from any register. */
enum { CTCMSA1 = 0x783e0059, CTCMSA_MASK = (s32)0xffff07ff };

enum form {
	FORM_AB,		/* d = s op t */
	FORM_BA,		/* d = t op s */
	FORM_A,			/* d = op s */
	FORM_MASK,		/* all of d = bit 0 of s op t */
};

/* Floats; doubles have bit 21. */
static const struct {
	u32 word;		/* opcode bits */
	u8 form, imm;
	u16 row;
} ops[] = {
#define PSD(w, op) { w, FORM_AB, 0, VEC_##op##_PS }, { w + 0x200000, FORM_AB, 0, VEC_##op##_PD }
#define CMP(w, form, imm) { w, form, imm, VEC_CMP_PS }, { w + 0x200000, form, imm, VEC_CMP_PD }
#define COMI(w, op) \
	{ w, FORM_MASK, 0, VEC_##op##_SS }, { w + 0x200000, FORM_MASK, 0, VEC_##op##_SD }
	PSD(0x7800001b, ADD), PSD(0x7840001b, SUB), PSD(0x7880001b, MUL), PSD(0x78c0001b, DIV),
	{ 0x7b26001e, FORM_A, 0, VEC_SQRT_PS }, { 0x7b27001e, FORM_A, 0, VEC_SQRT_PD },
	/* fceq fslt fsle fcun fcune, fsule = NLT reversed, fsult = NLE reversed, fcor */
	CMP(0x7880001a, FORM_AB, 0), CMP(0x7b00001a, FORM_AB, 1), CMP(0x7b80001a, FORM_AB, 2),
	CMP(0x7840001a, FORM_AB, 3), CMP(0x7880001c, FORM_AB, 4), CMP(0x7bc0001a, FORM_BA, 5),
	CMP(0x7b40001a, FORM_BA, 6), CMP(0x7840001c, FORM_AB, 7),
	COMI(0x7940001a, COMI_LT), COMI(0x78c0001a, COMI_EQ),
	/* Conversions; fexdo is used with s = t. */
	{ 0x7b33001e, FORM_A, 0, VEC_CVT_PS_PD }, { 0x7a20001b, FORM_A, 0, VEC_CVT_PD_PS },
	{ 0x7b38001e, FORM_A, 0, VEC_CVT_PS_W }, { 0x7b22001e, FORM_A, 0, VEC_CVTT_PS_W },
	{ 0x7b39001e, FORM_A, 0, VEC_CVT_SD_L }, { 0x7b23001e, FORM_A, 0, VEC_CVTT_SD_L },
	{ 0x7b2c001e, FORM_A, 0, VEC_ROUND_PS }, { 0x7b2d001e, FORM_A, 0, VEC_ROUND_PD },
};

/* The FPU's: a double to a word. */
enum { FPU_CVT_W_D = 0x46200024, FPU_TRUNC_W_D = 0x4620000d, FPU_OPCODE = (s32)0xffff003f };

static bool decode_fpu(u32 insn, struct host_fp_op *op)
{
	u32 word = insn & (u32)FPU_OPCODE;

	if (word != FPU_CVT_W_D && word != FPU_TRUNC_W_D)
		return false;
	*op = (struct host_fp_op){ .row = word == FPU_CVT_W_D ? VEC_CVT_SD_I : VEC_CVTT_SD_I,
				   .a = insn >> 11 & 31, .d = insn >> 6 & 31 };
	return true;
}

/* Those with one operand have opcode bits where the others have t. */
static bool one_operand(u32 word)
{
	return (word & 0xffe0003f) == 0x7b20001e;
}

/* FRINT rounds as MSACSR says. Without P that is written behind it (fp.c). */
static u8 rounding(const u32 *next)
{
	static const u8 rc[] = { RC_NEAR, RC_ZERO, RC_UP, RC_DOWN };

	return rc[msacsr_get() & 3] | ((*next & CTCMSA_MASK) == CTCMSA1 ? 8 : 0);
}

bool host_fp_decode(const struct trap_frame *f, struct host_fp_op *op)
{
	const u32 *at = (const u32 *)(uintptr_t)f->pc;
	u32 insn = *at;
	u32 word = insn & (one_operand(insn) ? 0xffff003f : 0xffe0003f);
	u8 s = insn >> 11 & 31, t = insn >> 16 & 31;

	for (unsigned n = 0; n < ARRAY_LEN(ops); n++) {
		if (ops[n].word != word)
			continue;
		*op = (struct host_fp_op){ .row = ops[n].row, .imm = ops[n].imm,
					   .d = insn >> 6 & 31,
					   .a = ops[n].form == FORM_BA ? t : s,
					   .b = ops[n].form == FORM_BA ? s : t,
					   .to_flag = ops[n].form == FORM_MASK };
		if (vec_fp[op->row].kind == VFP_ROUND)
			op->imm = rounding(at + 1);
		return true;
	}
	return decode_fpu(insn, op);
}

void host_fp_result(const struct host_fp_op *op, const union xmm *v)
{
	u64 all = v->q[0] & 1 ? ~0ull : 0;
	const union xmm mask = { .q = { all, all } };

	msacsr_set(msacsr_get() & ~(u32)CSR_CAUSE);
	fcsr_set(fcsr_get() & ~(u32)CSR_CAUSE);
	host_vector_set(op->d, op->to_flag ? mask.b : v->b);
}
