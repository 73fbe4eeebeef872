/* SPDX-License-Identifier: BSD-2-Clause */
/* MIPS64's encoders for rows.c: from the same insns.def as the encoders themselves. */
#include "dbt/backend/mips64/enc.h"

#include "qemu-test/enc/rows.h"

#include <stdio.h>
#include <string.h>

#define KIND(K) __attribute__((unused)) static const struct operand kind_##K
#define REG(K, text, lo, hi, pos) KIND(K) = { text, true, lo, hi, 1, (hi) + 1 };
#define IMM(K, text, lo, hi, past, unit, base, pos, width) \
	KIND(K) = { text, false, lo, hi, unit, past };
#include "dbt/backend/mips64/operands.def"
#undef REG
#undef IMM

/* '.' for the last '_'; the old FPU's conversions have two. */
void host_mnemonic(const char *name)
{
	const char *dot = strrchr(name, '_');
	bool all = !strncmp(name, "cvt_", 4) || !strncmp(name, "trunc_", 6);

	for (const char *p = name; *p; p++)
		putchar(p == dot || (all && *p == '_') ? '.' : *p);
}

#define ENC(n) mi_##n
#define ENC_T(K) mi_##K##_t
#define ENC_LIST "dbt/backend/mips64/insns.def"
#include "qemu-test/enc/rows_list.inc"
