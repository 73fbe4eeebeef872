/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the encodings of MIPS64 allow, for neutral code that has to stay within it. Not the
 * encodings (enc.h).
 */
#ifndef DBT_BACKEND_MIPS64_LIMITS_H
#define DBT_BACKEND_MIPS64_LIMITS_H

#define HOST_INSN_SIZE 4		/* bytes of each instruction */
#define HOST_DISP_BITS 16		/* of a load's displacement, signed */
#define HOST_VDISP_BITS 10		/* of a whole vector's: MSA's for bytes */
#define HOST_BASE_WORDS 1		/* that make a base of a register with an address */
/* J and JAL stay within their 256 MiB: cache and monitor lie in the same ones. */
#define HOST_JUMP_REACH (256ll << 20)
#define HOST_JUMP_WORDS 2		/* of a jump and its delay slot */
#define HOST_MANY_CPUS 0		/* may several cores run and patch the same code? */
#define HOST_CODE64 0		/* is there a back end for 64-bit code of the guest? */
/* 32-bit operations look at the low halves of their operands, whatever is above? */
#define HOST_LOW_HALVES 0
#define HOST_ENTRY_WORDS 2		/* of a block's entry for indirect exits */
#define HOST_ANCHOR 0x03e00008u		/* the first word of host_anchor: jr R_RA */
#define HOST_ANCHOR_WORDS 2
#define HOST_CLOSED 0x00c00008u		/* its first word once it is closed: jr $6 */
/* Do indirect exits look in the jump cache before they put flags? (dbt/cache/jump_cache.h) */
#define HOST_PROBES_FIRST 0

#endif
