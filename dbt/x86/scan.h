/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of one instruction's encoding: prefixes, opcode, ModR/M, lengths.
 * Not a decoder: what the instruction means is decode.c's business. Decides how
 * many bytes belong to the instruction, before anything else looks at them.
 */
#ifndef DBT_X86_SCAN_H
#define DBT_X86_SCAN_H

#include "dbt/x86/decode.h"

#define SCAN_MAX 15		/* bytes of the longest instruction (SDM vol. 2, 2.3.11) */

/* Opcode maps: one byte, 0F, 0F 38, 0F 3A (SDM vol. 2, appendix A). */
enum scan_map { MAP_1, MAP_0F, MAP_38, MAP_3A };

/*
 * REX as encoded, if it is the last prefix: 0x40 and these bits (SDM vol. 2, 2.2.1). REX_CODE64
 * belongs to no encoding.
 */
enum scan_rex { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8, REX = 0x40, REX_CODE64 = 0x80 };

struct scan {
	/*
	 * The shape: what decides which instruction it is, and all its operands but for their
	 * values. shape_key() takes these eight bytes together.
	 */
	u8 map : 4;		/* enum scan_map */
	u8 seg : 4;		/* the last segment prefix as enum sreg, or SCAN_NOSEG */
	u8 opcode;		/* its last byte */
	u8 modrm, sib;		/* 0: none */
	u8 prefix;		/* enum ir1_prefix, the last of F2 and F3 */
	u8 rex;			/* 0: code of 16 or 32 bits; else REX_CODE64 and enum scan_rex */
	u8 opsize, addrsize;	/* effective, by prefixes and mode: 2, 4, 8 */

	u8 len;			/* the whole instruction */
	u8 opcode_at;		/* offset of the opcode's last byte */
	bool has_modrm;		/* then ModR/M follows the opcode */
	u8 disp_at, disp_len;	/* displacement; the moffs address of A0-A3 counts as one */
	u8 imm_at, imm_len;	/* immediates, relative offsets, far pointers */
};

#define SCAN_NOSEG 7

/*
 * Fills *s from bytes[0 .. avail) for `mode` 2, 4, 8. DECODE_OK: s is complete and s->len <= avail.
 * DECODE_INVALID: the opcode is in no map of any model; bytes after it were not asked for.
 */
enum decode_status scan(struct scan *s, const u8 *bytes, unsigned avail, unsigned mode);

/*
 * Does ModR/M (with 66, F2, F3) select an instruction of insns.def? Asked after the whole
 * instruction was scanned, as CPUs do: its missing bytes fault before it is #UD.
 * Rules on MMX and SSE forms are not here but in Capstone's tables.
 */
bool scan_form_exists(const struct scan *s);

static inline unsigned modrm_mod(u8 modrm) { return modrm >> 6; }
static inline unsigned modrm_reg(u8 modrm) { return modrm >> 3 & 7; }
static inline unsigned modrm_rm(u8 modrm) { return modrm & 7; }

#endif
