/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sequences that once failed, reduced: each file of sequences begins with those of its mode, each
 * from some random registers. They bring the addresses and constants that they need.
 */
#include "qemu-test/insn64/seq64.h"

#include <string.h>

#define EACH 4

struct found {
	u8 mode, len;
	u8 code[40];
};

static const struct found list[] = {
	/* movabs rdx, 0x123456789abcdef; and rax, rdx; mov ecx, eax; shr rax, 32: ECX kept more */
	{ 8, 19, { 0x48, 0xba, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x48, 0x21, 0xd0,
		   0x89, 0xc1, 0x48, 0xc1, 0xe8, 0x20 } },
	/* movabs rdx, 0x7fffffffffff; cmp rdx, rax: what the flags come from */
	{ 8, 13, { 0x48, 0xba, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00, 0x00, 0x48, 0x39, 0xc2 } },
	/* lea rsi, [eip - 0x5dcceef1]: RSI's upper half */
	{ 8, 8, { 0x67, 0x48, 0x8d, 0x35, 0x0f, 0x11, 0x33, 0xa2 } },
	/* movabs rax, DATA64_HIGH + 0x802; cmpxchg16b [rax + 0x7fe]: its upper half */
	{ 8, 18, { 0x48, 0xb8, 0x02, 0x08, 0x00, 0x40, 0x12, 0x7e, 0x00, 0x00, 0x48, 0x0f, 0xc7,
		   0x88, 0xfe, 0x07, 0x00, 0x00 } },
};

bool seq_found(struct seq *s, unsigned k)
{
	k /= EACH;
	for (unsigned n = 0; n < sizeof list / sizeof list[0]; n++)
		if (list[n].mode == gen_head.mode && k-- == 0) {
			memcpy(s->code, list[n].code, list[n].len);
			s->c->len = list[n].len;
			seq_begin(s);
			return seq_replay(s);
		}
	return false;
}
