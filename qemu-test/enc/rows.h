/* SPDX-License-Identifier: BSD-2-Clause */
/* What a host's list of encoders (rows_HOST.c) and the test's driver (rows.c) share. */
#ifndef QEMU_TEST_ENC_ROWS_H
#define QEMU_TEST_ENC_ROWS_H

#include "kernel/lib/types.h"

#define MAX_OPERANDS 4
#define MAX_WORDS 2		/* a branch with its delay slot */

/* An operand kind as the test needs it. */
struct operand {
	const char *text;	/* of the assembler, % for the number; after a bracket: no comma */
	bool is_reg;
	s64 lo, hi, unit;
	s64 past;		/* the first value above hi that the assembler refuses */
};

struct row {
	const char *name;
	/* Encode into words; returns how many, 0 for an overflow. */
	unsigned (*call)(u32 words[MAX_WORDS], const s64 *v);
	unsigned words;		/* how many there should be; what follows the first is 0 */
	unsigned count;
	const struct operand *kind[MAX_OPERANDS];
	bool condition;		/* what one operand may be depends on another */
};

extern const struct row host_rows[];
extern const unsigned host_rows_count;

/* Prints the mnemonic of the row with this name. */
void host_mnemonic(const char *name);

#endif
