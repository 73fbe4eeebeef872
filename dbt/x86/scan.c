/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prefixes, opcode maps and lengths (SDM vol. 2, chapter 2 and appendix A), and
 * which members of the groups exist. Says nothing of meaning or operands. No
 * byte is read before it is known to be needed.
 */
#include "dbt/x86/scan.h"

/*
 * The opcode maps. A letter says what follows the opcode:
 *   .  nothing             m  ModR/M             r  ModR/M, always a register (mod ignored)
 *   b  imm8 or rel8        M  ModR/M, imm8       w  imm16      e  imm16, imm8 (ENTER)
 *   z  imm16/32, rel16/32  Z  ModR/M, imm16/32   f  ptr16:16/32   o  moffs (by address size)
 *   g  ModR/M, imm8 for /0 and /1 (F6)           G  the same with imm16/32 (F7)
 *   p  a prefix            x  no instruction of any model in insns.def
 */
static const char map_1[256 + 1] =
/*       0123456789abcdef */
/* 0 */	"mmmmbz..mmmmbz.x"	/* 0F is the escape, never looked up */
/* 1 */	"mmmmbz..mmmmbz.."
/* 2 */	"mmmmbzp.mmmmbzp."
/* 3 */	"mmmmbzp.mmmmbzp."
/* 4 */	"................"
/* 5 */	"................"
/* 6 */	"..mmppppzZbM...."
/* 7 */	"bbbbbbbbbbbbbbbb"
/* 8 */	"MZMMmmmmmmmmmmmm"
/* 9 */	"..........f....."
/* a */	"oooo....bz......"
/* b */	"bbbbbbbbzzzzzzzz"
/* c */	"MMw.mmMZe.w..b.."
/* d */	"mmmmbb..mmmmmmmm"
/* e */	"bbbbbbbbzzfb...."
/* f */	"p.pp..gG......mm";

static const char map_0f[256 + 1] =
/*       0123456789abcdef */
/* 0 */	"mmmmx.....x.xmxx"
/* 1 */	"mmmmmmmmmmmmmmmm"
/* 2 */	"rrrrxxxxmmmmmmmm"
/* 3 */	"......xxxxxxxxxx"	/* 38 and 3A are escapes, never looked up */
/* 4 */	"mmmmmmmmmmmmmmmm"
/* 5 */	"mmmmmmmmmmmmmmmm"
/* 6 */	"mmmmmmmmmmmmmmmm"
/* 7 */	"MMMMmmm.xxxxmmmm"
/* 8 */	"zzzzzzzzzzzzzzzz"
/* 9 */	"mmmmmmmmmmmmmmmm"
/* a */	"...mMmxx...mMmmm"
/* b */	"mmmmmmmmmxMmmmmm"
/* c */	"mmMmMMMm........"
/* d */	"mmmmmmmmmmmmmmmm"
/* e */	"mmmmmmmmmmmmmmmm"
/* f */	"mmmmmmmmmmmmmmmx";

static char map_38(u8 opcode)
{
	return opcode <= 0x0b || (opcode >= 0x1c && opcode <= 0x1e) ||
	       opcode == 0xf0 || opcode == 0xf1 ? 'm' : 'x';
}

static char map_3a(u8 opcode) { return opcode == 0x0f ? 'M' : 'x'; }

struct reader {
	const u8 *bytes;
	unsigned avail, at;
	enum decode_status status;
};

/* Are the next n bytes there? Beyond SCAN_MAX there is nothing to wait for. */
static bool have(struct reader *r, unsigned n)
{
	if (r->at + n <= r->avail && r->at + n <= SCAN_MAX)
		return true;
	r->status = r->avail >= SCAN_MAX ? DECODE_TOO_LONG : DECODE_NEED_MORE;
	return false;
}

/* One prefix byte into s; false when b is none. */
static bool take_prefix(struct scan *s, u8 b)
{
	switch (b) {
	case 0x26: s->seg = 0; break;	/* ES CS SS DS FS GS are numbered 0-5 */
	case 0x2e: s->seg = 1; break;
	case 0x36: s->seg = 2; break;
	case 0x3e: s->seg = 3; break;
	case 0x64: s->seg = 4; break;
	case 0x65: s->seg = 5; break;
	case 0x66: s->prefix |= PFX_66; break;
	case 0x67: s->prefix |= PFX_67; break;
	case 0xf0: s->prefix |= PFX_LOCK; break;
	case 0xf2: s->prefix = (s->prefix & ~PFX_REP) | PFX_REPNE; break;
	case 0xf3: s->prefix = (s->prefix & ~PFX_REPNE) | PFX_REP; break;
	default: return false;
	}
	return true;
}

static bool scan_prefixes(struct scan *s, struct reader *r, unsigned mode)
{
	s->seg = SCAN_NOSEG;
	for (;; r->at++) {
		if (!have(r, 1))
			return false;
		if (!take_prefix(s, r->bytes[r->at]))
			break;
	}
	if (s->seg != SCAN_NOSEG)
		s->prefix |= PFX_SEG;
	s->opsize = s->prefix & PFX_66 ? 6 - mode : mode;
	s->addrsize = s->prefix & PFX_67 ? 6 - mode : mode;
	return true;
}

/* The opcode's bytes; returns its letter, 0 when bytes are missing. */
static char scan_opcode(struct scan *s, struct reader *r)
{
	static const u8 escape[] = { [MAP_38] = 0x38, [MAP_3A] = 0x3a };

	s->map = MAP_1;
	s->opcode = r->bytes[r->at++];
	if (s->opcode == 0x0f) {
		if (!have(r, 1))
			return 0;
		s->map = MAP_0F;
		s->opcode = r->bytes[r->at++];
		for (u8 m = MAP_38; s->map == MAP_0F && m <= MAP_3A; m++) {
			if (s->opcode != escape[m])
				continue;
			if (!have(r, 1))
				return 0;
			s->map = m;
			s->opcode = r->bytes[r->at++];
		}
	}
	s->opcode_at = r->at - 1;
	switch (s->map) {
	case MAP_1: return map_1[s->opcode];
	case MAP_0F: return map_0f[s->opcode];
	case MAP_38: return map_38(s->opcode);
	default: return map_3a(s->opcode);
	}
}

/* Bytes of the displacement that ModR/M (and the SIB byte at `sib`) ask for. */
static unsigned disp_len(const struct scan *s, u8 sib)
{
	unsigned mod = modrm_mod(s->modrm), rm = modrm_rm(s->modrm);

	if (mod == 1)
		return 1;
	if (s->addrsize == 2)
		return mod == 2 || (mod == 0 && rm == 6) ? 2 : 0;
	if (mod == 0 && rm == 4)
		rm = sib & 7;
	return mod == 2 || (mod == 0 && rm == 5) ? 4 : 0;
}

/* ModR/M, SIB and displacement. */
static bool scan_modrm(struct scan *s, struct reader *r, bool always_reg)
{
	u8 sib = 0;

	if (!have(r, 1))
		return false;
	s->has_modrm = true;
	s->modrm = r->bytes[r->at++];
	if (always_reg || modrm_mod(s->modrm) == 3)
		return true;
	if (s->addrsize == 4 && modrm_rm(s->modrm) == 4) {
		if (!have(r, 1))
			return false;
		sib = r->bytes[r->at++];
	}
	s->disp_at = r->at;
	s->disp_len = disp_len(s, sib);
	if (!have(r, s->disp_len))
		return false;
	r->at += s->disp_len;
	return true;
}

static unsigned imm_len(const struct scan *s, char letter)
{
	switch (letter) {
	case 'b': case 'M': return 1;
	case 'z': case 'Z': return s->opsize;
	case 'w': return 2;
	case 'e': return 3;
	case 'f': return s->opsize + 2u;
	case 'g': return modrm_reg(s->modrm) < 2 ? 1 : 0;
	case 'G': return modrm_reg(s->modrm) < 2 ? s->opsize : 0;
	default: return 0;
	}
}

static bool wants_modrm(char letter)
{
	return letter == 'm' || letter == 'M' || letter == 'Z' || letter == 'r' ||
	       letter == 'g' || letter == 'G';
}

enum decode_status scan(struct scan *s, const u8 *bytes, unsigned avail, unsigned mode)
{
	struct reader r = { bytes, avail, 0, DECODE_OK };
	char letter;

	*s = (struct scan){ 0 };
	if (!scan_prefixes(s, &r, mode))
		return r.status;
	letter = scan_opcode(s, &r);
	if (!letter)
		return r.status;
	if (letter == 'x')
		return DECODE_INVALID;
	if (wants_modrm(letter) && !scan_modrm(s, &r, letter == 'r'))
		return r.status;
	if (letter == 'o') {
		s->disp_at = r.at;
		s->disp_len = s->addrsize;
		if (!have(&r, s->disp_len))
			return r.status;
		r.at += s->disp_len;
	}
	s->imm_at = r.at;
	s->imm_len = imm_len(s, letter);
	if (!have(&r, s->imm_len))
		return r.status;
	s->len = r.at + s->imm_len;
	return DECODE_OK;
}

/* -- Which forms exist ------------------------------------------------------- */

/* Groups, and ModR/M forms that later extensions gave another meaning (VEX, EVEX, XOP, RTM). */
static bool valid_map_1(const struct scan *s)
{
	unsigned mod = modrm_mod(s->modrm), reg = modrm_reg(s->modrm);

	switch (s->opcode) {
	case 0x62: case 0xc4: case 0xc5: case 0x8d:	/* BOUND LES LDS LEA; EVEX and VEX */
		return mod != 3;
	case 0x8c: return reg < 6;			/* MOV r/m, Sreg */
	case 0x8e: return reg < 6 && reg != 1;		/* MOV Sreg, r/m */
	case 0x8f: case 0xc6: case 0xc7:		/* POP, MOV; XOP, XABORT, XBEGIN */
		return reg == 0;
	case 0xfe: return reg < 2;
	case 0xff: return reg < 7 && (mod != 3 || (reg != 3 && reg != 5));
	default: return true;
	}
}

/* Group 15 (0F AE): no prefix makes a form that insns.def has. */
static bool valid_group_15(const struct scan *s)
{
	unsigned reg = modrm_reg(s->modrm);

	if (s->prefix & (PFX_66 | PFX_REP | PFX_REPNE))
		return false;
	return modrm_mod(s->modrm) == 3 ? reg >= 5 : reg < 4 || reg == 7;
}

static bool valid_map_0f(const struct scan *s)
{
	unsigned mod = modrm_mod(s->modrm), reg = modrm_reg(s->modrm);
	u8 simd_prefix = s->prefix & (PFX_66 | PFX_REP | PFX_REPNE);

	switch (s->opcode) {
	case 0x00: return reg < 6;
	case 0x01:
		if (s->modrm == 0xc8 || s->modrm == 0xc9)	/* MONITOR, MWAIT */
			return !simd_prefix;
		return mod == 3 ? reg == 4 || reg == 6 : reg != 5;
	case 0x20: case 0x22:				/* MOV from and to CR */
		return reg == 0 || (reg >= 2 && reg <= 4);
	case 0xae: return valid_group_15(s);
	case 0xb8: return s->prefix & PFX_REP;		/* POPCNT; without F3 JMPE */
	case 0xba: return reg >= 4;
	case 0xc3: return mod != 3 && !simd_prefix;	/* MOVNTI */
	case 0xc7: return mod != 3 && reg == 1;		/* CMPXCHG8B */
	default: return true;
	}
}

/* MOVBE: memory only. With F2 the opcode is CRC32. */
static bool valid_map_38(const struct scan *s)
{
	if (s->opcode != 0xf0 && s->opcode != 0xf1)
		return true;
	return modrm_mod(s->modrm) != 3 && !(s->prefix & (PFX_REP | PFX_REPNE));
}

bool scan_form_exists(const struct scan *s)
{
	switch (s->map) {
	case MAP_1: return valid_map_1(s);
	case MAP_0F: return valid_map_0f(s);
	case MAP_38: return valid_map_38(s);
	default: return true;
	}
}
