/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's SSE state in the host's registers, which C never touches but through these (xmm.c,
 * HOST/host_fp.c):
 * XMM0-15 in vector registers, rounding and exception flags in the host's FP control register.
 */
#ifndef DBT_BACKEND_HOST_FP_H
#define DBT_BACKEND_HOST_FP_H

#include "dbt/x86/cpu.h"
#include "kernel/trap.h"

#define HOST_XMMS 16

/* Vector register 0 … 31 to or from 16 bytes, unaligned: the only way of C to one. */
void host_vector_get(unsigned reg, u8 bytes[16]);
void host_vector_set(unsigned reg, const u8 bytes[16]);

void host_xmm_save(union xmm xmm[HOST_XMMS]);
void host_xmm_load(const union xmm xmm[HOST_XMMS]);

/* A fault between two exits: XMM registers to where exits have them, by the site's map. */
void host_xmm_place(const u32 *map);

/* Exception flags, as MXCSR has them, of the operations since the last call. The host has no D. */
u32 host_fp_take_flags(void);
/* Rounding as MXCSR.RC; Invalid traps, nothing else does; the flags are cleared. */
void host_fp_set_rounding(unsigned rc);

/*
 * A host operation that trapped, as the row of vec.def that it is: a, b its vector
 * registers. to_flag: the result's bit 0 is to go to the condition flag.
 */
struct host_fp_op {
	u16 row;
	u8 imm, a, b, d;
	bool to_flag;
};

/* False: the frame's instruction is none that translated code uses. */
bool host_fp_decode(const struct trap_frame *f, struct host_fp_op *op);
void host_fp_operand(unsigned reg, union xmm *v);
void host_fp_result(const struct host_fp_op *op, const union xmm *v);

#endif
