/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the encodings of LoongArch64 allow, for neutral code that has to stay within it
 * (Reference Manual vol. 1, 1.2, 2.2). Not the encodings (enc.h).
 */
#ifndef DBT_BACKEND_LOONGARCH64_LIMITS_H
#define DBT_BACKEND_LOONGARCH64_LIMITS_H

#define HOST_INSN_SIZE 4		/* bytes of each instruction */
#define HOST_DISP_BITS 12		/* of a load's displacement, signed */
#define HOST_VDISP_BITS 12		/* of a whole vector's */
#define HOST_BASE_WORDS 0		/* that make a base of a register with an address */
#define HOST_JUMP_REACH (128ll << 20)	/* bytes that an unconditional jump reaches each way */
#define HOST_JUMP_WORDS 1		/* of a jump */
#define HOST_MANY_CPUS 1		/* may several cores run and patch the same code? */
#define HOST_CODE64 1		/* is there a back end for 64-bit code of the guest? */
/* 32-bit operations look at the low halves of their operands, whatever is above? */
#define HOST_LOW_HALVES 1
#define HOST_ENTRY_WORDS 1		/* of a block's entry for indirect exits */
#define HOST_ANCHOR 0x4c000020u		/* the first word of host_anchor: jr R_RA */
#define HOST_ANCHOR_WORDS 1
#define HOST_CLOSED 0x4c0000c0u		/* its first word once it is closed: jr R_T2 */
/* Do indirect exits look in the jump cache before they put flags? (dbt/cache/jump_cache.h) */
#define HOST_PROBES_FIRST 1

#endif
