/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register table of the translator on MIPS64: what every host register holds while
 * translated code runs, from block to block. Not an allocator, and not the layout of the
 * vCPU state in memory. The invariant: a pinned register means the same at each block entry
 * and exit, for the whole run.
 *
 *   $0        zero
 *   $1        at: scratch of one IR operation; base of a guest access
 *   $2        rPAGE: linear page of the block + 2048, in relocatable code
 *   $3        rCTX: the context's jump cache       (64-bit mode: a temporary)
 *   $4-$7     temporaries; arguments of helpers
 *   $8-$15    temporaries                          (64-bit mode: guest R8..R15)
 *   $16-$23   guest EAX ECX EDX EBX ESP EBP ESI EDI (64-bit mode: RAX..RDI)
 *   $24       rCCOP: the kind of the last instruction that set flags
 *   $25       rCCB: flag operand
 *   $26       k0: scratch of trap entries and TLB refill, never of anything else
 *   $27       k1: the kick register
 *   $28       gp: tp, pointer to the core's vCPU state
 *   $29       sp: the monitor's stack              (64-bit mode: a temporary)
 *   $30       rCCA: flag operand
 *   $31       ra: link of calls to stubs and helpers, scratch
 *   HI, LO    scratch of one IR operation (a trap entry saves them, C may change them)
 *
 *   w0-w15    vector temporaries (f0-f15 are their low halves)
 *   w16-w31   XMM0..XMM15
 *
 * What stands in brackets is reserved, not built; docs/design.md has both hosts side by side and
 * says what gives way to what.
 *
 * Why these: C saves $16-$23, $28 and $30 (n64), so a helper called by a 32-bit guest leaves all
 * guest registers and one flag operand alone; a thunk saves the other three. k1 is the one
 * register beside k0 that no C code, libgcc's included, ever touches: the interrupt handler may
 * set it at any time. So refill and trap entries have k0 alone (and KScratch, or ErrorEPC where
 * there is none). gp is free because the image is built with -mno-abicalls -G0; libgcc's few
 * functions that set it put it back, but a trap may find it changed: trap entries load tp anew
 * once they have saved it. No object may use GPREL relocations.
 */
#ifndef DBT_BACKEND_MIPS64_REGS_H
#define DBT_BACKEND_MIPS64_REGS_H

#define R_ZERO   0
#define R_AT     1
#define R_T0     4
#define R_T1     5
#define R_T2     6
#define R_T3     7
#define R_PAGE   2
#define R_CTX    3
#define R_CCOP   24
#define R_CCB    25
#define R_TRAP   26
#define R_KICK   27
#define R_STATE  28
#define R_SP     29
#define R_CCA    30
#define R_RA     31

/* Temporaries outside 64-bit mode only. */
#define R_T4     8
#define R_T5     9
#define R_T6     10
#define R_T7     11
#define R_T8     12
#define R_T9     13
#define R_T10    14
#define R_T11    15

/* Guest register n as x86 numbers it: 0 EAX .. 7 EDI; 8 R8 .. 15 R15 in 64-bit mode only. */
#define R_GPR(n) ((n) < 8 ? 16 + (n) : (n))

/* Vector temporary n, XMM register n; 0 <= n <= 15. */
#define V_T(n) (n)
#define V_XMM(n) (16 + (n))

/* What neutral code asks for by its use: arguments 0 … 3 of doors, glue_call's result, scratch. */
#define R_ARG(n)   (R_T0 + (n))
#define R_RESULT   R_T0
#define R_SCRATCH  R_AT

/* Temporaries as bit masks, bit n for register n. */
#define R_TEMPS_64 0x200000f8u
#define R_TEMPS_32 0x0000fff0u
#define V_TEMPS    0x0000ffffu
/* The allocator's pool outside 64-bit mode: also the registers of XMM0 … XMM7. */
#define V_POOL_32  0x00ffffffu
#define V_POOL_64  0xffffffffu

/* What changes between an exit's way to the jump cache and its flags (host_probe). */
#define R_PROBE    (1u << R_ARG(0))

#endif
