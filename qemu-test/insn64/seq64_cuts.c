/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variants of one sequence with instructions taken out: NOPs of the same length take their place,
 * so that nothing else moves. First the sequence as it is, then halves, quarters … to each one.
 */
#include "qemu-test/insn64/seq64.h"

#include <stdio.h>
#include <string.h>

struct insns { u16 at[SEQ_CODE], len[SEQ_CODE], n; };

static void put_nop(u8 *b, unsigned len)
{
	static const u8 nops[9][9] = {
		{ 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0 }, { 0x0f, 0x1f, 0x40, 0 },
		{ 0x0f, 0x1f, 0x44, 0, 0 }, { 0x66, 0x0f, 0x1f, 0x44, 0, 0 },
		{ 0x0f, 0x1f, 0x80, 0, 0, 0, 0 }, { 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
		{ 0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0 },
	};

	for (; len > 9; len--)
		*b++ = 0x66;
	memcpy(b, nops[len - 1], len);
}

static bool is_nop(const struct ir1 *i)
{
	return i->op == X86_NOP || i->op == X86_NOP_RM;
}

/* Where the instructions are that are still there; RIP-relative ones go on meaning the same. */
static void find(struct seq *s, u64 moved, struct insns *f)
{
	struct case64 scratch = { 0 };
	struct making m = { .c = &scratch };

	f->n = 0;
	for (unsigned at = 0; at < s->c->len; at += m.i.len) {
		s32 disp;

		memset(m.b, 0xcc, SCAN_MAX);
		memcpy(m.b, s->code + at, s->c->len - at < SCAN_MAX ? s->c->len - at : SCAN_MAX);
		if (!gen_read(&m))
			return;
		if (!is_nop(&m.i)) {
			f->at[f->n] = (u16)at;
			f->len[f->n++] = m.i.len;
		}
		for (unsigned k = 0; k < m.i.nops; k++)
			if (m.i.ops[k].kind == IR1_MEM && m.i.ops[k].base == IR1_RIP) {
				memcpy(&disp, s->code + at + m.s.disp_at, 4);
				disp -= (s32)moved;
				memcpy(s->code + at + m.s.disp_at, &disp, 4);
			}
	}
}

/* One more variant, if it can be compared. */
static void cut(const struct case64 *from, const u8 *code, u64 old, unsigned first, unsigned count)
{
	static struct seq s;
	static struct insns f;
	u32 n = gen_head.cases++;

	s = (struct seq){ .c = seq_case(n), .code = seq_code(n), .n = n };
	*s.c = *from;
	s.c->code = n * SEQ_CODE;
	memcpy(s.code, code, from->len);
	s.c->start = 32;
	find(&s, insn64_slot(&gen_head, n) + s.c->start - old - from->start, &f);
	if (first && first + count > f.n + 1u)
		count = f.n + 1u - first;
	for (unsigned k = first; first && k < first + count; k++)
		put_nop(s.code + f.at[k - 1], f.len[k - 1]);
	seq_begin(&s);
	if (!seq_replay(&s))
		gen_head.cases--;
	else
		printf("variant %u: %u instructions\n", n, f.n - (first ? count : 0));
}

/* `old`: the slot that the code is from. */
void seq_cuts(const struct case64 *from, const u8 *code, u64 old)
{
	static struct seq s;
	static struct insns f;
	u8 bytes[SEQ_CODE];

	memcpy(bytes, code, from->len);
	s = (struct seq){ .c = seq_case(0), .code = bytes };
	*s.c = *from;
	find(&s, 0, &f);
	cut(from, code, old, 0, 0);
	for (unsigned count = f.n / 2; count; count /= 2)
		for (unsigned first = 1; first <= f.n; first += count)
			cut(from, code, old, first, count);
}
