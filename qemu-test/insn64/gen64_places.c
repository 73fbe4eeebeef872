/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a case's operands lie: registers are set so that memory operands, strings, stacks and
 * branches reach the data pages or the slots, and sometimes just do not. Not the choice of forms.
 */
#include "qemu-test/insn64/gen64.h"

#include "qemu-test/insn64/case64.h"

#include <string.h>

/* -- Memory ---------------------------------------------------------------------------------- */

static u64 segment_base(unsigned seg) { return seg == FS ? FS64 : seg == GS ? GS64 : 0; }

/* Rows whose faults differ between CPUs, or whose addresses move: only good places. */
static bool only_good(const struct ir1 *i)
{
	const struct x86_row *row = &x86_rows[i->op];

	if (row->flags & (ROW_X87 | ROW_MMX) || i->op == X86_MASKMOVDQU)
		return true;
	switch (i->op) {
	case X86_BT: case X86_BTS: case X86_BTR: case X86_BTC:
	case X86_RCPPS: case X86_RCPSS: case X86_RSQRTPS: case X86_RSQRTSS:	/* no estimates */
		return true;
	}
	return false;
}

/* Does it fault unless it is aligned to 16? */
static bool wants_alignment(const struct ir1 *i, unsigned size)
{
	return size == 0 || (size == 16 && !(x86_rows[i->op].flags & ROW_UNALIGNED));
}

/* An offset in the data pages for `size` bytes; 0: LEA and the like, FXSAVE. */
static u32 place(const struct ir1 *i, unsigned size)
{
	u32 n = size ? size : 512, p = below(100), align = n > 16 ? 16 : n;
	u32 off = 0x40 + below(0x1d00) / align * align;

	if (only_good(i))
		return off % PAGE64 + n > PAGE64 ? 0x100 : off;
	if (p < 5)
		return DATA64_RW + 0x40 + below(0x800) / align * align;		/* read only */
	if (p < 9)
		return DATA64_ALL + 0x10 + below(0x700) / align * align;	/* not present */
	if (p < 12 && n > 1)
		return DATA64_ALL - 1 - below(n - 1);				/* partly */
	if (p < 15 && n > 1)
		return DATA64_RW - 1 - below(n - 1);
	if (p < 22 && n > 1)
		return PAGE64 - 1 - below(n - 1);
	if (wants_alignment(i, size) ? p < 30 : p < 45)
		return off + 1 + below(15);
	return off;
}

static void poke(struct making *m, u64 linear, unsigned size)
{
	u64 off = linear - DATA64_HIGH;

	if (off >= DATA64_RW)
		off = linear - DATA64_LOW;
	if (off >= DATA64_RW || m->poked)
		return;
	if (!size || size > sizeof m->c->bytes)
		size = sizeof m->c->bytes;
	if (off + size > DATA64_RW)
		size = DATA64_RW - off;
	m->c->poke = off;
	m->c->poke_len = size;
	if (m->memory)
		memcpy(m->c->bytes, m->memory + off, size);
	else
		gen_operand(&m->i, m->c->bytes, size);
	m->poked = true;
}

static void put_le(u8 *b, u64 v, unsigned n) { memcpy(b, &v, n); }

/* A displacement to ea from what base and index are. False: it does not reach. */
static bool aim_by_displacement(struct making *m, const struct ir1_op *o, u64 ea)
{
	u64 disp = ea - m->c->gpr[o->base];
	s64 word;

	if (o->index != IR1_NOREG)
		disp -= m->c->gpr[o->index] * o->scale;
	word = m->i.addrsize == 4 ? (s32)disp : (s64)disp;
	if (m->s.disp_len == 0 || word != (m->s.disp_len == 1 ? (s8)word : (s32)word))
		return false;
	put_le(m->b + m->s.disp_at, disp, m->s.disp_len);
	return true;
}

/* Registers or displacement so that the operand's effective address is ea. */
static bool aim(struct making *m, const struct ir1_op *o, u64 ea)
{
	u64 *gpr = m->c->gpr, index = 0;
	u64 disp = (u64)o->disp;

	if (o->base == IR1_RIP || (o->base == IR1_NOREG && o->index == IR1_NOREG)) {
		u64 next = m->rip + m->i.len;

		disp = o->base == IR1_RIP ? ea - next : ea;
		if (m->s.disp_len == 4 && (o->base == IR1_RIP || m->i.addrsize == 8) &&
		    (s64)disp != (s32)disp)
			return false;
		put_le(m->b + m->s.disp_at, disp, m->s.disp_len);
		return true;
	}
	if (m->memory && o->base != IR1_NOREG && chance(90) && aim_by_displacement(m, o, ea))
		return true;
	if (o->base == IR1_NOREG || o->base == o->index) {
		u64 times = o->scale + (o->base == o->index);

		if ((ea - disp) % times)
			return false;
		gpr[o->index] = (ea - disp) / times;
		return true;
	}
	if (o->index != IR1_NOREG)
		index = gpr[o->index] * o->scale;
	gpr[o->base] = ea - disp - index;
	if (m->i.addrsize == 4 && chance(80))
		gpr[o->base] = (u32)gpr[o->base] | rnd() << 32;
	return true;
}

/* An address in one of the two mappings that the operand can reach. */
static u64 linear_at(const struct making *m, u64 off, unsigned seg)
{
	u64 base = segment_base(seg), linear = (chance(75) ? gen_data() : DATA64_LOW) + off;

	if (m->i.addrsize != 4 || linear - base <= 0xffffffff)
		return linear;
	linear = (seg == FS ? gen_data() : DATA64_LOW) + off;
	return linear;
}

static bool uses_base(const struct ir1_op *o)
{
	return o->base != IR1_NOREG && o->base != IR1_RIP;
}

static bool place_memory(struct making *m, const struct ir1_op *o)
{
	u64 ea, linear;

	if (m->i.op == X86_LEA || m->i.op == X86_NOP_RM || m->i.op == X86_PREFETCH)
		return true;
	if (!only_good(&m->i) && uses_base(o) && o->index == IR1_NOREG && m->i.addrsize == 8 &&
	    chance(4)) {					/* not canonical */
		static const u64 odd[] = { 0x800000000000, 0x800000000008, 0xffff7ffffffff000,
			0x8000000000000000, 0x9000000000000000, 0xa000000000000000,
			0x7ffffffffffffff0, 0xc000000000000000 };

		/* misaligned 16 bytes are #GP before that is #SS */
		ea = odd[below(8)] + (wants_alignment(&m->i, o->size) ? 0 : below(64));
		ea &= wants_alignment(&m->i, o->size) ? ~15ull : ~0ull;
		return aim(m, o, ea - segment_base(o->seg));
	}
	linear = linear_at(m, place(&m->i, o->size), o->seg);
	ea = linear - segment_base(o->seg);
	if (m->i.addrsize == 4 && ea > 0xffffffff)
		return false;
	if (!aim(m, o, ea))
		return false;
	poke(m, linear, o->size);
	return true;
}

/* -- Strings, stacks ------------------------------------------------------------------------- */

/* A register as an address of addrsize bytes, whose upper half does not count in 32 bits. */
static void point(struct making *m, unsigned reg, u64 off, unsigned seg)
{
	u64 linear = linear_at(m, off, seg), ea = linear - segment_base(seg);

	m->c->gpr[reg] = m->i.addrsize == 4 ? (u32)ea | rnd() << 32 : ea;
}

static void place_string(struct making *m)
{
	unsigned seg = m->i.nops ? m->i.ops[0].seg : DS, size = m->i.opsize;

	point(m, ESI, chance(85) ? 0x100 + below(0xe00) / size * size : place(&m->i, size), seg);
	point(m, EDI, chance(85) ? 0x100 + below(0xe00) / size * size : place(&m->i, size), ES);
	/*
	 * A count of 0, or a fault at the first element, zero-extends ECX and not ESI and EDI on
	 * Intel's CPUs; INS and OUTS with a count of 0 are #GP there. No manual says either.
	 */
	if (m->i.prefix & (PFX_REP | PFX_REPNE)) {
		u64 n = m->i.op == X86_INS || m->i.op == X86_OUTS ? 1 + below(20) : below(20);

		m->c->gpr[ECX] = m->i.addrsize == 4 ? n | rnd() << 32 : n;
		if (m->i.addrsize == 4) {
			m->c->gpr[ESI] = (u32)m->c->gpr[ESI];
			m->c->gpr[EDI] = (u32)m->c->gpr[EDI];
		}
	}
	if (chance(50))					/* SCAS and CMPS meet equal ones */
		m->c->gpr[EAX] = insn64_pattern(0x100) * 0x0101010101010101;
	if (chance(30))
		m->c->gpr[ESI] = m->c->gpr[EDI];
}

/* Bits of BT … m, r are near. */
static void near_bit(struct making *m)
{
	const struct ir1_op *r = &m->i.ops[1];
	s64 bit = (s64)below(0x600 * 8) - 0x300 * 8;

	if (r->kind != IR1_GPR || r->reg == m->i.ops[0].base || r->reg == m->i.ops[0].index)
		return;
	m->c->gpr[r->reg] = r->size == 8 ? (u64)bit : r->size == 4 ? (u32)bit | rnd() << 32 :
			    (u16)bit | rnd() << 16;
}

static u64 landing(const struct making *m)
{
	return m->slot + 48 + below(15);
}

/* What RET, IRET and their like find: RIP, CS, RFLAGS, RSP, SS; n words of `size` bytes. */
static void poke_frame(struct making *m, unsigned n, unsigned size)
{
	static const u16 cs[] = { SEL64_CS, SEL64_CS, SEL64_CS, SEL64_CS, SEL64_CS, 0, 0x10, 0x30,
				  SEL64_FLAT, 0xfffb };
	u64 words[5] = { landing(m), cs[below(10)], FL_FIXED | FL_IF | (rnd() & FL_ARITH),
			 DATA64_HIGH + 0x800 + 8 * below(16), chance(85) ? SEL64_FLAT : below(4) };
	u64 off = m->c->gpr[ESP] - DATA64_HIGH;

	if (chance(6) && m->i.op != X86_RETF && m->i.op != X86_IRET)
		words[0] = 0x800000000000u + rnd() % 0x1000;		/* not canonical */
	if (off >= DATA64_RW)
		off = m->c->gpr[ESP] - DATA64_LOW;
	if (off + n * size > DATA64_RW)
		return;
	m->c->poke = off;
	m->poked = true;
	m->c->poke_len = n * size;
	for (unsigned k = 0; k < n; k++)
		put_le(m->c->bytes + k * size, words[k], size);
}

/* A far pointer for LSS, LFS, LGS, JMPF, CALLF: offset, selector. */
static void poke_far(struct making *m)
{
	unsigned size = m->i.ops[m->i.nops - 1].size - 2;
	static const u16 sel[] = { SEL64_FLAT, SEL64_FLAT, 0, 3, SEL64_CS, 0xfffb, 0x10 };

	if (m->c->poke_len != size + 2)
		return;
	put_le(m->c->bytes, landing(m), size);
	put_le(m->c->bytes + size, m->i.op == X86_JMPF || m->i.op == X86_CALLF ?
	       (chance(70) ? SEL64_CS : 0) : sel[below(7)], 2);
}

/* -- The rows that want something of their registers ----------------------------------------- */

static void set_gpr(struct making *m, const struct ir1_op *o, u64 v)
{
	u64 *r = &m->c->gpr[o->reg];
	u64 mask = o->size == 8 ? ~0ull : (1ull << 8 * o->size) - 1;

	if (o->kind != IR1_GPR)
		return;
	if (o->high)
		*r = (*r & ~0xff00ull) | (v & 0xff) << 8;
	else
		*r = (*r & ~mask) | (v & mask);
}

static void give_selector(struct making *m, const struct ir1_op *o)
{
	static const u16 sel[] = { 0, 1, 3, SEL64_FLAT, SEL64_FLAT, SEL64_FLAT, SEL64_CS,
				   SEL64_CS32, 0xfffb, 0x10, 0x18, 0x08 };

	if (o->kind == IR1_GPR)
		m->c->gpr[o->reg] = (m->c->gpr[o->reg] & ~0xffffull) | sel[below(12)];
	else if (o->kind == IR1_MEM && m->c->poke_len == 2)
		put_le(m->c->bytes, sel[below(12)], 2);
}

/* Is a memory operand's address made of register r? */
static bool addresses(const struct making *m, unsigned r)
{
	for (unsigned k = 0; k < m->i.nops; k++)
		if (m->i.ops[k].kind == IR1_MEM &&
		    (m->i.ops[k].base == r || m->i.ops[k].index == r))
			return true;
	return false;
}

/* Quotients that fit, mostly. */
static void divisible(struct making *m)
{
	unsigned size = m->i.ops[0].size;

	if (chance(25) || addresses(m, EAX) || addresses(m, EDX))
		return;
	if (size == 1)
		m->c->gpr[EAX] = (m->c->gpr[EAX] & ~0xffffull) |
				 (chance(50) ? below(0x80) : below(0x2000));
	else
		m->c->gpr[EDX] = m->i.op == X86_IDIV && chance(50) ?
			0 - (m->c->gpr[EAX] >> (8 * size - 1) & 1) : (u64)below(3);
	if (m->i.ops[0].kind == IR1_GPR && chance(50) && m->i.ops[0].reg > EDX)
		set_gpr(m, &m->i.ops[0], value64(size) | 4);
}

static void equal_to_memory(struct making *m)
{
	u8 *b = m->c->bytes;

	if (chance(50) || m->i.ops[0].kind != IR1_MEM || m->c->poke_len != m->i.ops[0].size)
		return;
	if (addresses(m, EAX) || addresses(m, EDX))
		return;
	if (m->i.op == X86_CMPXCHG) {
		memcpy(&m->c->gpr[EAX], b, m->c->poke_len);
		return;
	}
	memcpy(&m->c->gpr[EAX], b, m->c->poke_len / 2);
	memcpy(&m->c->gpr[EDX], b + m->c->poke_len / 2, m->c->poke_len / 2);
}

/* Counts beyond 16 bits' width give what the SDM does not say. */
bool gen_known_count(const struct making *m)
{
	if ((m->i.op != X86_SHLD && m->i.op != X86_SHRD) || m->i.ops[0].size != 2)
		return true;
	return ((m->i.ops[2].kind == IR1_IMM ? (u64)m->i.ops[2].imm : m->c->gpr[ECX]) & 31) <= 16;
}

static bool place_stack(struct making *m)
{
	unsigned size = m->i.opsize;

	if (chance(8) && m->i.op != X86_IRET)
		m->c->gpr[ESP] += below(8);
	else if (chance(5) && m->i.op != X86_IRET && m->i.op != X86_RETF)	/* CS first */
		m->c->gpr[ESP] = chance(50) ? gen_data() + DATA64_ALL + 8 * below(4) :
				 0x800000000100u + 8 * below(3);
	switch (m->i.op) {
	case X86_RET: poke_frame(m, 1, 8); break;
	case X86_RETF: poke_frame(m, 2, size); break;
	case X86_IRET: poke_frame(m, 5, size); break;
	case X86_LEAVE: case X86_ENTER:
		m->c->gpr[EBP] = gen_data() + 0x400 + 8 * below(0x100) + (chance(10) ? 3 : 0);
		break;
	case X86_POP_SREG:
		poke_frame(m, 1, 2);
		if (m->poked)
			put_le(m->c->bytes, chance(60) ? SEL64_FLAT : below(4), 2);
		break;
	case X86_POPF:
		poke_frame(m, 1, size);
		if (m->poked)
			put_le(m->c->bytes, (rnd() & (FL_ARITH | FL_DF | FL_ID)) | FL_FIXED |
			       FL_IF, size);
		break;
	}
	return true;
}

static bool is_stack(unsigned op)
{
	switch (op) {
	case X86_PUSH: case X86_POP: case X86_PUSHF: case X86_POPF: case X86_CALL: case X86_RET:
	case X86_RETF: case X86_IRET: case X86_ENTER: case X86_LEAVE: case X86_PUSH_SREG:
	case X86_POP_SREG: case X86_CALLF:
		return true;
	}
	return false;
}

static bool place_branch(struct making *m)
{
	struct ir1_op *o = &m->i.ops[0];
	u64 to = landing(m), next = m->rip + m->i.len;

	if (o->kind == IR1_REL) {
		/* not where other cases' code is */
		put_le(m->b + m->s.imm_at, m->s.imm_len == 4 && chance(15) ?
		       0x40000000 + (rnd() & 0x7fffffff) : to - next, m->s.imm_len);
		if (m->i.op == X86_JCXZ && chance(50))
			m->c->gpr[ECX] = m->i.addrsize == 4 ? rnd() << 32 : 0;
		if (m->i.op != X86_JCXZ && m->i.op != X86_JMP && chance(30))
			m->c->gpr[ECX] = m->i.addrsize == 4 ? rnd() << 32 | 1 : 1;
		return true;
	}
	if (chance(10))
		to = 0x800000000000u + below(100);			/* not canonical */
	if (o->kind == IR1_GPR && (o->reg != ESP || m->i.op == X86_JMP))
		m->c->gpr[o->reg] = to;
	else if (o->kind == IR1_MEM && m->c->poke_len == 8)
		put_le(m->c->bytes, to, 8);
	return true;
}

/* What SAHF, INT … and rows with registers of their own want. */
static bool place_rest(struct making *m)
{
	struct ir1 *i = &m->i;

	switch (i->op) {
	case X86_JMP: case X86_CALL: case X86_JCC: case X86_JCXZ: case X86_LOOP: case X86_LOOPE:
	case X86_LOOPNE:
		return place_branch(m);
	case X86_LSS: case X86_LFS: case X86_LGS: case X86_JMPF: case X86_CALLF: poke_far(m); break;
	case X86_MOV_TO_SREG: case X86_LAR: case X86_LSL: give_selector(m, &i->ops[1]); break;
	case X86_VERR: case X86_VERW: give_selector(m, &i->ops[0]); break;
	case X86_DIV: case X86_IDIV: divisible(m); break;
	case X86_CMPXCHG: case X86_CMPXCHG8B: case X86_CMPXCHG16B: equal_to_memory(m); break;
	case X86_INT: return i->ops[0].imm != 0x80;
	case X86_BSWAP: return i->ops[0].size != 2;
	case X86_WRFSBASE: case X86_WRGSBASE:
		if (chance(80))
			m->c->gpr[i->ops[0].reg] = rnd() >> 20;
		return (s64)m->c->gpr[i->ops[0].reg] >= 0 || i->ops[0].size == 4;
	case X86_PCMPESTRI: case X86_PCMPESTRM:
		if (chance(70) && !addresses(m, EAX) && !addresses(m, EDX)) {
			m->c->gpr[EAX] = below(20);
			m->c->gpr[EDX] = below(20);
		}
		break;
	case X86_FXRSTOR:
		if (m->c->poke_len >= 32) {
			memcpy(m->c->bytes, gen_image(below(gen_images())), 32);
			memset(m->c->bytes + 6, 0, 18);
			memset(m->c->bytes + 28, 0, 4);
		}
		break;
	}
	return gen_known_count(m);
}

bool gen_places(struct making *m)
{
	struct ir1 *i = &m->i;

	if (is_stack(i->op) && !place_stack(m))
		return false;
	if (x86_rows[i->op].flags & ROW_STRING) {
		place_string(m);
		return true;
	}
	for (unsigned k = 0; k < i->nops; k++)
		if (i->ops[k].kind == IR1_MEM) {
			if (i->op == X86_XLAT)
				m->c->gpr[EAX] = (m->c->gpr[EAX] & ~0xffull) | below(256);
			if (!place_memory(m, &i->ops[k]))
				return false;
			if (i->op == X86_BT || i->op == X86_BTS || i->op == X86_BTR ||
			    i->op == X86_BTC)
				near_bit(m);
			break;
		}
	if (!gen_decode(m))
		return false;
	return place_rest(m);
}
