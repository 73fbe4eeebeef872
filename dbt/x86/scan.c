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
 *      (B8-BF: imm64, too)
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

/*
 * In 64-bit code (SDM vol. 2, table A-2: i64, o64; C4, C5 and 62 are VEX and EVEX). What is no
 * instruction there is read to its end all the same, as Intel's CPUs do.
 */
static const char map_1_64[256 + 1] =
/*       0123456789abcdef */
/* 0 */	"mmmmbzxxmmmmbzxx"
/* 1 */	"mmmmbzxxmmmmbzxx"
/* 2 */	"mmmmbzpxmmmmbzpx"
/* 3 */	"mmmmbzpxmmmmbzpx"
/* 4 */	"pppppppppppppppp"	/* REX */
/* 5 */	"................"
/* 6 */	"xxxmppppzZbM...."
/* 7 */	"bbbbbbbbbbbbbbbb"
/* 8 */	"MZMMmmmmmmmmmmmm"
/* 9 */	"..........f....."
/* a */	"oooo....bz......"
/* b */	"bbbbbbbbzzzzzzzz"
/* c */	"MMw.xxMZe.w..bx."
/* d */	"mmmmbbx.mmmmmmmm"
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

/* 0F 38 00 … 4F, F0 … FF */
static const char map_38_low[0x50 + 1] =
/*       0123456789abcdef */
/* 0 */	"mmmmmmmmmmmmxxxx"
/* 1 */	"mxxxmmxmxxxxmmmx"
/* 2 */	"mmmmmmxxmmmmxxxx"
/* 3 */	"mmmmmmxmmmmmmmmm"
/* 4 */	"mmxxxxxxxxxxxxxx";

static char map_38(u8 opcode)
{
	if (opcode < 0x50)
		return map_38_low[opcode];
	return opcode == 0xf0 || opcode == 0xf1 ? 'm' : 'x';
}

static char map_3a(u8 opcode)
{
	return (opcode >= 0x08 && opcode <= 0x0f) || (opcode >= 0x14 && opcode <= 0x17) ||
	       (opcode >= 0x20 && opcode <= 0x22) || (opcode >= 0x40 && opcode <= 0x42) ||
	       (opcode >= 0x60 && opcode <= 0x63) ? 'M' : 'x';
}

/* What a letter means. */
enum follows {
	BYTES = 3,		/* so many bytes of immediate */
	BY_OPSIZE = 1 << 2,	/* and as many as the operand has */
	MODRM = 1 << 3,
	ALWAYS_REG = 1 << 4,	/* mod is ignored: no memory operand */
	GROUP_3 = 1 << 5,	/* the immediate is there for /0 and /1 only */
	MOFFS = 1 << 6,
	NONE = 1 << 7,		/* no instruction */
};
static const u8 follows[128] = {
	['m'] = MODRM, ['r'] = MODRM | ALWAYS_REG, ['b'] = 1, ['M'] = MODRM | 1, ['w'] = 2,
	['e'] = 3, ['z'] = BY_OPSIZE, ['Z'] = MODRM | BY_OPSIZE, ['f'] = BY_OPSIZE | 2,
	['o'] = MOFFS, ['g'] = MODRM | GROUP_3 | 1, ['G'] = MODRM | GROUP_3 | BY_OPSIZE,
	['x'] = NONE,
};

struct reader {
	const u8 *bytes;
	unsigned end, at;	/* end: no byte from there on is looked at */
};

static inline bool have(const struct reader *r, unsigned n) { return r->at + n <= r->end; }

static void take_prefix(struct scan *s, u8 b)
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
	}
}

/* The prefixes; true when the opcode's first byte is there. */
static inline bool scan_prefixes(struct scan *s, struct reader *r, unsigned mode)
{
	s->seg = SCAN_NOSEG;
	for (;; r->at++) {
		if (!have(r, 1))
			return false;
		if (map_1[r->bytes[r->at]] != 'p')
			break;
		take_prefix(s, r->bytes[r->at]);
	}
	if (s->seg != SCAN_NOSEG)
		s->prefix |= PFX_SEG;
	s->opsize = s->prefix & PFX_66 ? 6 - mode : mode;
	s->addrsize = s->prefix & PFX_67 ? 6 - mode : mode;
	return true;
}

/* ES CS SS DS as prefixes mean nothing in 64-bit code, not even that an FS before them goes. */
static inline bool means_nothing_64(u8 prefix) { return (prefix & 0xe7) == 0x26; }

/* The same in 64-bit code: a REX counts if it is the last one. */
static bool scan_prefixes_64(struct scan *s, struct reader *r)
{
	s->seg = SCAN_NOSEG;
	s->rex = REX_CODE64;
	for (;; r->at++) {
		u8 b;

		if (!have(r, 1))
			return false;
		b = r->bytes[r->at];
		if (map_1_64[b] != 'p')
			break;
		s->rex = REX_CODE64;
		if ((b & 0xf0) == REX)
			s->rex |= b;
		else if (!means_nothing_64(b))
			take_prefix(s, b);
	}
	if (s->seg != SCAN_NOSEG)
		s->prefix |= PFX_SEG;
	s->opsize = s->rex & REX_W ? 8 : s->prefix & PFX_66 ? 2 : 4;
	s->addrsize = s->prefix & PFX_67 ? 4 : 8;
	return true;
}

/* The opcode's bytes behind 0F; returns its letter, 0 when bytes are missing. */
static char scan_opcode_0f(struct scan *s, struct reader *r)
{
	if (!have(r, 1))
		return 0;
	s->map = MAP_0F;
	s->opcode = r->bytes[r->at++];
	if (s->opcode != 0x38 && s->opcode != 0x3a)
		return map_0f[s->opcode];
	if (!have(r, 1))
		return 0;
	s->map = s->opcode == 0x38 ? MAP_38 : MAP_3A;
	s->opcode = r->bytes[r->at++];
	return s->map == MAP_38 ? map_38(s->opcode) : map_3a(s->opcode);
}

static inline char scan_opcode(struct scan *s, struct reader *r)
{
	char letter;

	s->map = MAP_1;
	s->opcode = r->bytes[r->at++];
	letter = s->opcode == 0x0f ? scan_opcode_0f(s, r) :
		 s->rex ? map_1_64[s->opcode] : map_1[s->opcode];
	s->opcode_at = r->at - 1;
	return letter;
}

/* Bytes of the displacement that ModR/M and the SIB byte ask for. */
static inline unsigned disp_len(const struct scan *s)
{
	unsigned mod = modrm_mod(s->modrm), rm = modrm_rm(s->modrm);

	if (mod == 1)
		return 1;
	if (s->addrsize == 2)
		return mod == 2 || (mod == 0 && rm == 6) ? 2 : 0;
	if (mod == 0 && rm == 4)
		rm = s->sib & 7;
	return mod == 2 || (mod == 0 && rm == 5) ? 4 : 0;
}

/* ModR/M, SIB and displacement. */
static inline bool scan_modrm(struct scan *s, struct reader *r, bool always_reg)
{
	if (!have(r, 1))
		return false;
	s->has_modrm = true;
	s->modrm = r->bytes[r->at++];
	if (always_reg || modrm_mod(s->modrm) == 3)
		return true;
	if (s->addrsize != 2 && modrm_rm(s->modrm) == 4) {
		if (!have(r, 1))
			return false;
		s->sib = r->bytes[r->at++];
	}
	s->disp_at = r->at;
	s->disp_len = disp_len(s);
	r->at += s->disp_len;
	return have(r, 0);
}

static bool scan_moffs(struct scan *s, struct reader *r)
{
	s->disp_at = r->at;
	s->disp_len = s->addrsize;
	r->at += s->disp_len;
	return have(r, 0);
}

/* -- Operand sizes of 64-bit code (SDM vol. 2, table A-2: d64, f64) ------------------------- */

enum opsize_rule { BY_PREFIXES, DEFAULT_64, ALWAYS_64, AT_MOST_32, AT_LEAST_32 };

static enum opsize_rule opsize_rule_1(const struct scan *s)
{
	switch (s->opcode) {
	case 0x50 ... 0x5f: case 0x68: case 0x6a: case 0x8f: case 0x9c: case 0x9d:
	case 0xc8: case 0xc9:				/* PUSH POP PUSHF POPF ENTER LEAVE */
		return DEFAULT_64;
	case 0x70 ... 0x7f: case 0xe0 ... 0xe3: case 0xe8: case 0xe9: case 0xeb:
	case 0xc2: case 0xc3:				/* Jcc LOOP JRCXZ CALL JMP RET */
		return ALWAYS_64;
	case 0x6c ... 0x6f: case 0xe4 ... 0xe7: case 0xec ... 0xef:	/* INS OUTS IN OUT */
		return AT_MOST_32;
	case 0xff:
		if (modrm_reg(s->modrm) == 2 || modrm_reg(s->modrm) == 4)
			return ALWAYS_64;
		return modrm_reg(s->modrm) == 6 ? DEFAULT_64 : BY_PREFIXES;
	default: return BY_PREFIXES;
	}
}

static enum opsize_rule opsize_rule_0f(const struct scan *s)
{
	switch (s->opcode) {
	case 0x01:					/* SGDT SIDT LGDT LIDT */
		return modrm_mod(s->modrm) != 3 && modrm_reg(s->modrm) < 4 ? ALWAYS_64 :
		       BY_PREFIXES;
	case 0x20 ... 0x23: case 0x80 ... 0x8f:		/* MOV CR, DR; Jcc */
		return ALWAYS_64;
	case 0xa0: case 0xa1: case 0xa8: case 0xa9: return DEFAULT_64;	/* PUSH, POP FS, GS */
	case 0xae: return AT_LEAST_32;			/* RDFSBASE; FXSAVE64 */
	default: return BY_PREFIXES;
	}
}

static void settle_opsize_64(struct scan *s)
{
	enum opsize_rule rule = s->map == MAP_1 ? opsize_rule_1(s) :
				s->map == MAP_0F ? opsize_rule_0f(s) : BY_PREFIXES;

	if (rule == ALWAYS_64 || (rule == DEFAULT_64 && s->opsize == 4))
		s->opsize = 8;
	if ((rule == AT_MOST_32 && s->opsize == 8) || (rule == AT_LEAST_32 && s->opsize == 2))
		s->opsize = 4;
}

/* MOV r64, imm64 alone has an immediate of more than 32 bits. */
static inline unsigned imm_by_opsize(const struct scan *s)
{
	if (s->opsize == 8)
		return s->map == MAP_1 && (s->opcode & 0xf8) == 0xb8 ? 8 : 4;
	return s->opsize;
}

/* All of the instruction; false when bytes are missing. *exists: the opcode is in a map. */
static bool scan_all(struct scan *s, struct reader *r, unsigned mode, bool *exists)
{
	char letter;
	u8 f;

	if (!(mode == 8 ? scan_prefixes_64(s, r) : scan_prefixes(s, r, mode)))
		return false;
	letter = scan_opcode(s, r);
	if (!letter)
		return false;
	f = follows[(u8)letter];
	*exists = !(f & NONE);
	if (!*exists)
		return true;
	if ((f & MODRM) && !scan_modrm(s, r, f & ALWAYS_REG))
		return false;
	if ((f & MOFFS) && !scan_moffs(s, r))
		return false;
	if (s->rex)
		settle_opsize_64(s);
	s->imm_at = r->at;
	if (!(f & GROUP_3) || modrm_reg(s->modrm) < 2)
		s->imm_len = (f & BYTES) + (f & BY_OPSIZE ? imm_by_opsize(s) : 0);
	s->len = r->at + s->imm_len;
	return s->len <= r->end;
}

enum decode_status scan(struct scan *s, const u8 *bytes, unsigned avail, unsigned mode)
{
	struct reader r = { bytes, avail < SCAN_MAX ? avail : SCAN_MAX, 0 };
	bool exists = true;

	*s = (struct scan){ 0 };
	if (!scan_all(s, &r, mode, &exists))	/* beyond SCAN_MAX there is nothing to wait for */
		return avail >= SCAN_MAX ? DECODE_TOO_LONG : DECODE_NEED_MORE;
	return exists ? DECODE_OK : DECODE_INVALID;
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
	case 0x82: case 0x9a: case 0xd4: case 0xd5: case 0xea: return !s->rex;
	case 0xfe: return reg < 2;
	case 0xff: return reg < 7 && (mod != 3 || (reg != 3 && reg != 5));
	default: return true;
	}
}

/* Group 15 (0F AE): no prefix makes a form that insns.def has, but F3 RDFSBASE and its kin. */
static bool valid_group_15(const struct scan *s)
{
	unsigned reg = modrm_reg(s->modrm);

	if (s->rex && reg < 4 && modrm_mod(s->modrm) == 3)
		return s->prefix & PFX_REP;
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
		if ((s->modrm & 0xfc) == 0xc8 || s->modrm == 0xf9)
			return !simd_prefix;		/* MONITOR, MWAIT, CLAC, STAC, RDTSCP */
		if (s->modrm == 0xf8)
			return s->rex;			/* SWAPGS */
		return mod == 3 ? reg == 4 || reg == 6 : reg != 5;
	case 0x20: case 0x22:				/* MOV from and to CR */
		if (s->rex & REX_R)
			return reg == 0;			/* CR8 */
		return reg == 0 || (reg >= 2 && reg <= 4);
	case 0x21: case 0x23: return !(s->rex & REX_R);	/* MOV from and to DR */
	case 0xae: return valid_group_15(s);
	case 0xb8: return s->prefix & PFX_REP;		/* POPCNT; without F3 JMPE */
	case 0xba: return reg >= 4;
	case 0xc3: return mod != 3 && !simd_prefix;	/* MOVNTI */
	case 0xc7: return mod != 3 && reg == 1;		/* CMPXCHG8B, CMPXCHG16B */
	default: return true;
	}
}

/* MOVBE: memory only. With F2 the opcode is CRC32's. */
static bool valid_map_38(const struct scan *s)
{
	if (s->opcode != 0xf0 && s->opcode != 0xf1)
		return true;
	if (s->prefix & (PFX_REP | PFX_REPNE))
		return s->prefix & PFX_REPNE;
	return modrm_mod(s->modrm) != 3;
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
