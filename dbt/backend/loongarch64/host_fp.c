/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FCSR0, and the FP instructions of translated code taken apart when one traps (LoongArch
 * Reference Manual vol. 1, 3.1.4). Only what fp.c emits is known.
 */
#include "dbt/backend/host_fp.h"

#include "dbt/backend/loongarch64/vector_regs.h"
#include "dbt/ir/vec.h"
#include "dbt/fp/softsse.h"
#include "kernel/lib/bits.h"

/*
 * FCSR0:  28..24 Cause  20..16 Flags  9..8 RM  4..0 Enables; each group is V Z O U I from its
 * highest bit down. RM: 0 nearest, 1 zero, 2 up, 3 down.
 */
enum {
	FCSR_FLAG_I = 1u << 16, FCSR_FLAG_U = 1u << 17, FCSR_FLAG_O = 1u << 18,
	FCSR_FLAG_Z = 1u << 19, FCSR_FLAG_V = 1u << 20, FCSR_FLAGS = 0x1fu << 16,
	FCSR_CAUSE = 0x1fu << 24, FCSR_RM_SHIFT = 8, FCSR_ENABLE_V = 1u << 4,
};
enum { MOVGR2FCSR0 = 0x0114c000 };

u32 host_fp_take_flags(void)
{
	u32 fcsr = fcsr_get(), f = 0;

	if (!(fcsr & FCSR_FLAGS))
		return 0;
	f |= fcsr & FCSR_FLAG_I ? MXCSR_PE : 0;
	f |= fcsr & FCSR_FLAG_U ? MXCSR_UE : 0;
	f |= fcsr & FCSR_FLAG_O ? MXCSR_OE : 0;
	f |= fcsr & FCSR_FLAG_Z ? MXCSR_ZE : 0;
	f |= fcsr & FCSR_FLAG_V ? MXCSR_IE : 0;
	fcsr_set(fcsr & ~(u32)(FCSR_FLAGS | FCSR_CAUSE));
	return f;
}

void host_fp_set_rounding(unsigned rc)
{
	static const u8 rm[] = { [RC_NEAR] = 0, [RC_DOWN] = 3, [RC_UP] = 2, [RC_ZERO] = 1 };

	fcsr_set((u32)rm[rc] << FCSR_RM_SHIFT | FCSR_ENABLE_V);
}

/* -- Decoding -- */

enum form {
	FORM_AB,		/* d = j op k */
	FORM_BA,		/* d = k op j */
	FORM_A,			/* d = op j */
	FORM_FLAG,		/* fcc0 = j op k */
};

static const struct {
	u32 word;		/* opcode bits */
	u8 form, imm;
	u16 row;
} ops[] = {
#define SD(w, op) { w, FORM_AB, 0, VEC_##op##_SS }, { w + 0x8000, FORM_AB, 0, VEC_##op##_SD }
#define PSD(w, op) { w, FORM_AB, 0, VEC_##op##_PS }, { w + 0x8000, FORM_AB, 0, VEC_##op##_PD }
	SD(0x01008000, ADD), SD(0x01028000, SUB), SD(0x01048000, MUL), SD(0x01068000, DIV),
	PSD(0x71308000, ADD), PSD(0x71328000, SUB), PSD(0x71388000, MUL), PSD(0x713a8000, DIV),
	{ 0x01144400, FORM_A, 0, VEC_SQRT_SS }, { 0x01144800, FORM_A, 0, VEC_SQRT_SD },
	{ 0x729ce400, FORM_A, 0, VEC_SQRT_PS }, { 0x729ce800, FORM_A, 0, VEC_SQRT_PD },
	/* vfcmp: ceq slt sle cun cune cor, sule = NLT reversed, sult = NLE reversed */
	{ 0x0c520000, FORM_AB, 0, VEC_CMP_PS }, { 0x0c620000, FORM_AB, 0, VEC_CMP_PD },
	{ 0x0c518000, FORM_AB, 1, VEC_CMP_PS }, { 0x0c618000, FORM_AB, 1, VEC_CMP_PD },
	{ 0x0c538000, FORM_AB, 2, VEC_CMP_PS }, { 0x0c638000, FORM_AB, 2, VEC_CMP_PD },
	{ 0x0c540000, FORM_AB, 3, VEC_CMP_PS }, { 0x0c640000, FORM_AB, 3, VEC_CMP_PD },
	{ 0x0c5c0000, FORM_AB, 4, VEC_CMP_PS }, { 0x0c6c0000, FORM_AB, 4, VEC_CMP_PD },
	{ 0x0c578000, FORM_BA, 5, VEC_CMP_PS }, { 0x0c678000, FORM_BA, 5, VEC_CMP_PD },
	{ 0x0c558000, FORM_BA, 6, VEC_CMP_PS }, { 0x0c658000, FORM_BA, 6, VEC_CMP_PD },
	{ 0x0c5a0000, FORM_AB, 7, VEC_CMP_PS }, { 0x0c6a0000, FORM_AB, 7, VEC_CMP_PD },
	/* fcmp to fcc0: slt, sult, cult, cueq */
	{ 0x0c118000, FORM_FLAG, 1, VEC_CMP_SS }, { 0x0c218000, FORM_FLAG, 1, VEC_CMP_SD },
	{ 0x0c158000, FORM_FLAG, 0, VEC_COMI_LTS_SS }, { 0x0c258000, FORM_FLAG, 0,
			VEC_COMI_LTS_SD },
	{ 0x0c150000, FORM_FLAG, 0, VEC_COMI_LT_SS }, { 0x0c250000, FORM_FLAG, 0, VEC_COMI_LT_SD },
	{ 0x0c160000, FORM_FLAG, 0, VEC_COMI_EQ_SS }, { 0x0c260000, FORM_FLAG, 0, VEC_COMI_EQ_SD },
	/* Conversions; the narrowing vector forms are used with j = k. */
	{ 0x729df000, FORM_A, 0, VEC_CVT_PS_PD }, { 0x71468000, FORM_A, 0, VEC_CVT_PD_PS },
	{ 0x01192400, FORM_A, 0, VEC_CVT_SS_SD }, { 0x01191800, FORM_A, 0, VEC_CVT_SD_SS },
	{ 0x729e3000, FORM_A, 0, VEC_CVT_PS_W }, { 0x729e4800, FORM_A, 0, VEC_CVTT_PS_W },
	{ 0x71498000, FORM_A, 0, VEC_CVT_PD_W }, { 0x714b0000, FORM_A, 0, VEC_CVTT_PD_W },
	{ 0x011b0400, FORM_A, 0, VEC_CVT_SS_I }, { 0x011a8400, FORM_A, 0, VEC_CVTT_SS_I },
	{ 0x011b0800, FORM_A, 0, VEC_CVT_SD_I }, { 0x011a8800, FORM_A, 0, VEC_CVTT_SD_I },
	{ 0x011b2400, FORM_A, 0, VEC_CVT_SS_L }, { 0x011aa400, FORM_A, 0, VEC_CVTT_SS_L },
	{ 0x011b2800, FORM_A, 0, VEC_CVT_SD_L }, { 0x011aa800, FORM_A, 0, VEC_CVTT_SD_L },
	/* vfrintrne, rm, rp, rz, vfrint */
	{ 0x729d7400, FORM_A, 0, VEC_ROUND_PS }, { 0x729d7800, FORM_A, 0, VEC_ROUND_PD },
	{ 0x729d4400, FORM_A, 1, VEC_ROUND_PS }, { 0x729d4800, FORM_A, 1, VEC_ROUND_PD },
	{ 0x729d5400, FORM_A, 2, VEC_ROUND_PS }, { 0x729d5800, FORM_A, 2, VEC_ROUND_PD },
	{ 0x729d6400, FORM_A, 3, VEC_ROUND_PS }, { 0x729d6800, FORM_A, 3, VEC_ROUND_PD },
	{ 0x729d3400, FORM_A, 4, VEC_ROUND_PS }, { 0x729d3800, FORM_A, 4, VEC_ROUND_PD },
};

/* Two-operand forms have opcode bits where the others have k. */
static bool two_operands(u32 word)
{
	return word >> 18 == 0x01140000 >> 18 || word >> 16 == 0x0119 || word >> 16 == 0x011a ||
	       word >> 16 == 0x011b || word >> 16 == 0x729c || word >> 16 == 0x729d ||
	       word >> 16 == 0x729e;
}

/* ROUNDPS and kin without P: FCSR0 is written behind it (fp.c). */
static bool drops_inexact(const u32 *next) { return (*next & ~(31u << 5)) == MOVGR2FCSR0; }

bool host_fp_decode(const struct trap_frame *f, struct host_fp_op *op)
{
	const u32 *at = (const u32 *)(uintptr_t)f->pc;
	u32 insn = *at;
	u32 word = insn & (two_operands(insn) ? 0xfffffc00 : 0xffff8000);
	u8 j = insn >> 5 & 31, k = insn >> 10 & 31;

	for (unsigned n = 0; n < ARRAY_LEN(ops); n++) {
		if (ops[n].word != word)
			continue;
		*op = (struct host_fp_op){ .row = ops[n].row, .imm = ops[n].imm, .d = insn & 31,
					   .a = ops[n].form == FORM_BA ? k : j,
					   .b = ops[n].form == FORM_BA ? j : k,
					   .to_flag = ops[n].form == FORM_FLAG };
		if (vec_fp[op->row].kind == VFP_ROUND && drops_inexact(at + 1))
			op->imm |= 8;
		return true;
	}
	return false;
}

/* FCSR is written again: QEMU keeps the rounding mode of a conversion towards zero that trapped. */
void host_fp_result(const struct host_fp_op *op, const union xmm *v)
{
	fcsr_set(fcsr_get() & ~(u32)FCSR_CAUSE);
	if (op->to_flag)
		fcc0_set(v->q[0] & 1);
	else
		host_vector_set(op->d, v->b);
}
