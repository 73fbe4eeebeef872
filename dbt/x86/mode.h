/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of the CPU's mode a block depends on: the flags of the block key
 * (design 3), and the precomputed segment checks. Derived state only: both are
 * computed from struct vcpu after anything that changes modes or segments.
 */
#ifndef DBT_X86_MODE_H
#define DBT_X86_MODE_H

#include "dbt/x86/cpu.h"

enum key_flag {
	KEY_CPL = 3u << 0,
	KEY_CS32 = 1u << 2,		/* CS.D */
	KEY_SS32 = 1u << 3,		/* SS.B */
	KEY_PE = 1u << 4,
	KEY_VM = 1u << 5,
	KEY_IO_OK = 1u << 6,		/* CPL <= IOPL: CLI, STI, IN, OUT need no further check */
	KEY_TF = 1u << 7,		/* single-step: one instruction for each block */
	/* bit for each enum sreg: base 0, 4 GiB, read/write (CS: read) */
	KEY_FLAT_SHIFT = 8,
	KEY_FLAT = 0x3fu << 8,
	KEY_EXPAND_DOWN = 1u << 14,	/* some data segment has a lower bound */
	KEY_TS = 1u << 15,
	KEY_EM = 1u << 16,
	KEY_MP = 1u << 17,
	KEY_OSFXSR = 1u << 18,
	/* the instruction after STI or MOV SS, and with EFLAGS.RF: alone in its block */
	KEY_INHIBIT = 1u << 19,
	KEY_AC = 1u << 20,		/* alignment checks are on */
	KEY_NE = 1u << 21,		/* CR0.NE: x87 errors are #MF */
	KEY_XMMEXCPT = 1u << 22,
	KEY_DF = 1u << 23,		/* string instructions go down */
	/* MXCSR has DAZ, FTZ or an exception unmasked: SSE by helpers */
	KEY_SSE_SOFT = 1u << 24,
	KEY_BREAK = 1u << 25,		/* instruction breakpoints: no block goes over one */
	/* which addresses those are (dbt/debug.c) */
	KEY_BREAK_SHIFT = 26,
	KEY_BREAK_SET = 7u << 26,
	KEY_CS_64K = 1u << 29,		/* CS has a limit of 0xffff or more */
	/*
	 * 64-bit code (EFER.LMA and CS.L): CS32, SS32, CS_64K and FLAT for ES CS SS DS are set
	 * with it, FLAT for FS and GS is not
	 */
	KEY_LONG = 1u << 30,
	KEY_LMA = 1u << 31,		/* long mode: 64-bit or compatibility code */
	KEY_SINGLE = KEY_TF | KEY_INHIBIT,	/* one instruction, and back to the run loop */
};

/*
 * Blocks of such code hold at any linear address: EIP is not in their key (dbt/backend/block.h), as
 * a flat CS has base 0 and no limit. Code of 16 bits wraps EIP; single instructions and breakpoints
 * are bound to addresses.
 */
static inline bool key_relocatable(u32 flags)
{
	return (flags & (1u << (KEY_FLAT_SHIFT + CS))) && (flags & KEY_CS32) &&
	       !(flags & (KEY_SINGLE | KEY_BREAK));
}

/*
 * Code that may change its level by struct passage, outside long mode: in protected mode, with code
 * and stack segments that are flat and of 32 bits, so that blocks' keys say all of them.
 */
static inline bool key_passes(u32 flags)
{
	enum {
		YES = KEY_PE | KEY_CS32 | KEY_SS32 | KEY_CS_64K |
		      (1u << CS | 1u << SS) << KEY_FLAT_SHIFT,
		NO = KEY_VM | KEY_SINGLE | KEY_DF | KEY_AC | KEY_BREAK,
	};

	return (flags & (YES | NO | KEY_LMA)) == YES;
}

/* Code for whose #PF, INT n and IRET glue.S may know a way. */
static inline bool key_pins(u32 flags)
{
	return flags & KEY_LONG ? !(flags & (KEY_SINGLE | KEY_DF)) : key_passes(flags);
}

/* What of a key goes with the level, in passages: their IOPL is 0. */
#define KEY_LEVEL (KEY_CPL | KEY_IO_OK)

/* Of its code, in bytes: 2, 4 or 8, as decode takes it. */
static inline unsigned key_code_size(u32 flags)
{
	return flags & KEY_LONG ? 8 : flags & KEY_CS32 ? 4 : 2;
}

/* Both, for everything: after reset, system helpers, far transfers. */
void vcpu_mode_update(struct vcpu *c);

/* The key of 64-bit code that goes on as 64-bit code, at another level or with other flags. */
u32 vcpu_long_key(const struct vcpu *c);
/* The same with none of FLAGS_UNPLAIN, and nothing inhibited, but for KEY_LEVEL. */
u32 vcpu_long_key_plain(const struct vcpu *c);
#define FLAGS_UNPLAIN (~(u32)(FL_ARITH | FL_IF | FL_FIXED))

/*
 * Load segment register s, not CS or SS, of which the mode is known (vcpu_mode_update) and stays as
 * it is. False: block keys would change, and nothing has.
 */
bool vcpu_mode_keep(struct vcpu *c, enum sreg s, const struct segment *g);

#endif
