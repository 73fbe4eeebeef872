/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x87 opcode maps D8-DF (SDM vol. 2, A.5), aliases included. Not a decoder:
 * from the opcode and ModR/M it tells the row and the form of the operands.
 * Defined by opcode bytes, because assemblers and Capstone disagree on names
 * (FSUB and FSUBR of DC and DE) and Capstone rejects the aliases.
 */
#ifndef DBT_X86_X87MAP_H
#define DBT_X86_X87MAP_H

#include "dbt/x86/ir1.h"

enum x87_form {
	X87_NONE,		/* no operand */
	X87_I,			/* ST(i) */
	X87_0I,			/* ST(0), ST(i) */
	X87_I0,			/* ST(i), ST(0) */
	X87_AX,			/* AX */
	X87_MEM,		/* memory of `size` bytes; 0: environment, state (by opsize) */
};

struct x87_entry {
	u16 op;			/* enum x86_op; X86_INVALID for holes */
	u8 form;		/* enum x87_form */
	u8 size;
	u8 cond;		/* FCMOVCC */
	u8 subop;		/* as insns.def says */
};

/* opcode: D8-DF. */
struct x87_entry x87_lookup(u8 opcode, u8 modrm);

#endif
