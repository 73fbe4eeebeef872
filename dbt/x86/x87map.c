/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x87 opcode maps as tables, in the order of SDM vol. 2, tables,
 * with the undocumented aliases that every x87 executes. Nothing but tables and
 * one look-up.
 */
#include "dbt/x86/x87map.h"
#include "dbt/x86/scan.h"

#define MEM(name, size) { X86_##name, X87_MEM, size, 0, 0 }
#define ST_(name, form) { X86_##name, X87_##form, 0, 0, 0 }
#define CMOV(cond) { X86_FCMOVCC, X87_0I, 0, cond, 0 }
#define HOLE { X86_INVALID, X87_NONE, 0, 0, 0 }

/* Memory forms: [opcode - D8][reg]. */
static const struct x87_entry mem_map[8][8] = {
	{ MEM(FADD, 4), MEM(FMUL, 4), MEM(FCOM, 4), MEM(FCOMP, 4),
	  MEM(FSUB, 4), MEM(FSUBR, 4), MEM(FDIV, 4), MEM(FDIVR, 4) },
	{ MEM(FLD, 4), HOLE, MEM(FST, 4), MEM(FSTP, 4),
	  MEM(FLDENV, 0), MEM(FLDCW, 2), MEM(FNSTENV, 0), MEM(FNSTCW, 2) },
	{ MEM(FIADD, 4), MEM(FIMUL, 4), MEM(FICOM, 4), MEM(FICOMP, 4),
	  MEM(FISUB, 4), MEM(FISUBR, 4), MEM(FIDIV, 4), MEM(FIDIVR, 4) },
	{ MEM(FILD, 4), MEM(FISTTP, 4), MEM(FIST, 4), MEM(FISTP, 4),
	  HOLE, MEM(FLD, 10), HOLE, MEM(FSTP, 10) },
	{ MEM(FADD, 8), MEM(FMUL, 8), MEM(FCOM, 8), MEM(FCOMP, 8),
	  MEM(FSUB, 8), MEM(FSUBR, 8), MEM(FDIV, 8), MEM(FDIVR, 8) },
	{ MEM(FLD, 8), MEM(FISTTP, 8), MEM(FST, 8), MEM(FSTP, 8),
	  MEM(FRSTOR, 0), HOLE, MEM(FNSAVE, 0), MEM(FNSTSW, 2) },
	{ MEM(FIADD, 2), MEM(FIMUL, 2), MEM(FICOM, 2), MEM(FICOMP, 2),
	  MEM(FISUB, 2), MEM(FISUBR, 2), MEM(FIDIV, 2), MEM(FIDIVR, 2) },
	{ MEM(FILD, 2), MEM(FISTTP, 2), MEM(FIST, 2), MEM(FISTP, 2),
	  MEM(FBLD, 10), MEM(FILD, 8), MEM(FBSTP, 10), MEM(FISTP, 8) },
};

/* Register forms: [opcode - D8][reg]; holes are looked up in the maps below, by all of ModR/M. */
static const struct x87_entry reg_map[8][8] = {
	{ ST_(FADD, 0I), ST_(FMUL, 0I), ST_(FCOM, I), ST_(FCOMP, I),
	  ST_(FSUB, 0I), ST_(FSUBR, 0I), ST_(FDIV, 0I), ST_(FDIVR, 0I) },
	{ ST_(FLD, I), ST_(FXCH, I), HOLE, { X86_FSTP, X87_I, 0, 0, 1 }, HOLE, HOLE, HOLE, HOLE },
	{ CMOV(COND_B), CMOV(COND_E), CMOV(COND_BE), CMOV(COND_P), HOLE, HOLE, HOLE, HOLE },
	{ CMOV(COND_AE), CMOV(COND_NE), CMOV(COND_A), CMOV(COND_NP),
	  HOLE, ST_(FUCOMI, 0I), ST_(FCOMI, 0I), HOLE },
	{ ST_(FADD, I0), ST_(FMUL, I0), ST_(FCOM, I), ST_(FCOMP, I),
	  ST_(FSUBR, I0), ST_(FSUB, I0), ST_(FDIVR, I0), ST_(FDIV, I0) },
	{ ST_(FFREE, I), ST_(FXCH, I), ST_(FST, I), ST_(FSTP, I),
	  ST_(FUCOM, I), ST_(FUCOMP, I), HOLE, HOLE },
	{ ST_(FADDP, I0), ST_(FMULP, I0), ST_(FCOMP, I), HOLE,
	  ST_(FSUBRP, I0), ST_(FSUBP, I0), ST_(FDIVRP, I0), ST_(FDIVP, I0) },
	{ ST_(FFREEP, I), ST_(FXCH, I), ST_(FSTP, I), ST_(FSTP, I),
	  HOLE, ST_(FUCOMIP, 0I), ST_(FCOMIP, 0I), HOLE },
};

/* D9 E0-FF. */
static const u16 d9_map[32] = {
	X86_FCHS, X86_FABS, 0, 0, X86_FTST, X86_FXAM, 0, 0,
	X86_FLD1, X86_FLDL2T, X86_FLDL2E, X86_FLDPI, X86_FLDLG2, X86_FLDLN2, X86_FLDZ, 0,
	X86_F2XM1, X86_FYL2X, X86_FPTAN, X86_FPATAN,
	X86_FXTRACT, X86_FPREM1, X86_FDECSTP, X86_FINCSTP,
	X86_FPREM, X86_FYL2XP1, X86_FSQRT, X86_FSINCOS, X86_FRNDINT, X86_FSCALE, X86_FSIN, X86_FCOS,
};

/* DB E0-E7. */
static const u16 db_map[8] = {
	X86_FNENI, X86_FNDISI, X86_FNCLEX, X86_FNINIT, X86_FNSETPM, 0, 0, 0,
};

/* Register forms that have one ModR/M each. */
static struct x87_entry lookup_single(u8 opcode, u8 modrm)
{
	struct x87_entry e = HOLE;

	if (opcode == 0xd9 && modrm == 0xd0)
		e.op = X86_FNOP;
	else if (opcode == 0xd9 && modrm >= 0xe0)
		e.op = d9_map[modrm - 0xe0];
	else if (opcode == 0xda && modrm == 0xe9)
		e.op = X86_FUCOMPP;
	else if (opcode == 0xdb && modrm >= 0xe0 && modrm <= 0xe7)
		e.op = db_map[modrm - 0xe0];
	else if (opcode == 0xde && modrm == 0xd9)
		e.op = X86_FCOMPP;
	else if (opcode == 0xdf && modrm == 0xe0)
		e = (struct x87_entry)ST_(FNSTSW, AX);
	return e;
}

struct x87_entry x87_lookup(u8 opcode, u8 modrm)
{
	unsigned row = opcode - 0xd8, reg = modrm_reg(modrm);

	if (modrm_mod(modrm) != 3)
		return mem_map[row][reg];
	if (reg_map[row][reg].op != X86_INVALID)
		return reg_map[row][reg];
	return lookup_single(opcode, modrm);
}
