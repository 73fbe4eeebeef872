/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes that are mostly x86 instructions, with many prefixes and of all opcode maps. */
#ifndef QEMU_TEST_FUZZ_INSN_BYTES_H
#define QEMU_TEST_FUZZ_INSN_BYTES_H

#include "dbt/x86/scan.h"

/* Another number each time; *state is not 0. */
static inline u64 insn_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* mode: as scan() takes it; code of 64 bits often has a REX, before the opcode or too early. */
static inline void insn_bytes(u64 *state, u8 b[SCAN_MAX], unsigned mode)
{
	static const u8 prefixes[] = {
		0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0xf2, 0xf3,
	};
	unsigned n = 0, wanted = insn_random(state) % 4;

	for (unsigned k = 0; k < SCAN_MAX; k++)
		b[k] = insn_random(state) >> 32;
	if (insn_random(state) % 64 == 0)
		wanted = insn_random(state) % 16;
	while (n < wanted && n < SCAN_MAX)
		b[n++] = mode == 8 && insn_random(state) % 8 == 0 ? 0x40 | insn_random(state) % 16 :
			 prefixes[insn_random(state) % sizeof(prefixes)];
	if (mode == 8 && n < 12 && insn_random(state) % 2)
		b[n++] = 0x40 | insn_random(state) % 16;
	switch (insn_random(state) % 8) {
	case 0: case 1: case 2:
		b[n < 14 ? n : 14] = 0x0f;
		break;
	case 3:
		b[n < 14 ? n : 14] = 0xd8 + insn_random(state) % 8;
		break;
	case 4:
		if (n < 12) {
			b[n] = 0x0f;
			b[n + 1] = insn_random(state) % 2 ? 0x38 : 0x3a;
			b[n + 2] = insn_random(state) % 4 ? insn_random(state) % 32 : b[n + 2];
		}
		break;
	}
}

#endif
