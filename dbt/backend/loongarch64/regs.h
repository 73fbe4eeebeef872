/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register table of the translator on LoongArch64: what every host register holds
 * while translated code runs, from block to block. Not an allocator, and not the layout
 * of the vCPU state in memory. The invariant: a pinned register means the same at each
 * block entry and exit, for the whole run.
 *
 *   r0        zero
 *   r1        ra: scratch, link of calls to helpers
 *   r2        tp: pointer to the core's vCPU state
 *   r3        sp: the monitor's stack
 *   r4-r8     temporaries; r4-r7 arguments of helpers; r4 EIP at indirect exits
 *   r9        rPAGE: linear page of the block + 2048, in relocatable code
 *   r10       rCTX: the context's jump cache
 *   r11       a temporary                          (64-bit mode: rLIMIT = -2^62)
 *   r12-r19   temporaries                          (64-bit mode: guest R8..R15)
 *   r20       rCCOP: the kind of the last instruction that set flags
 *   r21       the kick register
 *   r22       rCCA: flag operand
 *   r23-r30   guest EAX ECX EDX EBX ESP EBP ESI EDI (64-bit mode: RAX..RDI)
 *   r31       rCCB: flag operand
 *
 * docs/design.md has both hosts side by side and says what gives way to what.
 *
 *   vr0-vr15  vector temporaries (f0-f15 are their low halves)
 *   vr16-vr31 XMM0..XMM15
 *
 * Why these: r22-r31 are callee-saved in the LoongArch ABI, so a C helper called by a
 * 32-bit guest leaves all guest registers and both flag operands alone; r21 is reserved
 * there and C never touches it, so the interrupt handler may set it at any time.
 */
#ifndef DBT_BACKEND_LOONGARCH64_REGS_H
#define DBT_BACKEND_LOONGARCH64_REGS_H

#define R_ZERO   0
#define R_RA     1
#define R_STATE  2
#define R_SP     3
#define R_T0     4
#define R_T1     5
#define R_T2     6
#define R_T3     7
#define R_T4     8
#define R_PAGE   9
#define R_CTX    10
#define R_LIMIT  11
#define R_CCOP   20
#define R_KICK   21
#define R_CCA    22
#define R_CCB    31

/* Temporaries outside 64-bit mode only. */
#define R_T5     11
#define R_T6     12
#define R_T7     13
#define R_T8     14
#define R_T9     15
#define R_T10    16
#define R_T11    17
#define R_T12    18
#define R_T13    19

/* Guest register n as x86 numbers it: 0 EAX .. 7 EDI; 8 R8 .. 15 R15 in 64-bit mode only. */
#define R_GPR(n) ((n) < 8 ? 23 + (n) : 4 + (n))

/* Vector temporary n, XMM register n; 0 <= n <= 15. */
#define V_T(n) (n)
#define V_XMM(n) (16 + (n))

/* Temporaries as bit masks, bit n for register n. */
#define R_TEMPS_64 0x000001f0u
#define R_TEMPS_32 0x000ff9f0u
#define V_TEMPS    0x0000ffffu
/* The allocator's pool outside 64-bit mode: also the registers of XMM0 … XMM7. */
#define V_POOL_32  0x00ffffffu
#define V_POOL_64  0xffffffffu

/* What neutral code asks for by its use: arguments 0 … 3 of doors, glue_call's result, ra. */
#define R_ARG(n)   (R_T0 + (n))
#define R_RESULT   R_T0
#define R_SCRATCH  R_RA

/* What changes between an exit's way to the jump cache and its flags (host_probe). */
#define R_PROBE    (1u << R_T0 | 1u << R_T1 | 1u << R_T2 | 1u << R_RA)

#endif
