/* SPDX-License-Identifier: BSD-2-Clause */
/* LoongArch64's encoders for rows.c: from the same insns.def as the encoders themselves. */
#include "dbt/backend/loongarch64/enc.h"

#include "qemu-test/enc/rows.h"

#include <stdio.h>
#include <string.h>

#define KIND(K) __attribute__((unused)) static const struct operand kind_##K
#define REG(K, text, lo, hi, pos) KIND(K) = { text "%", true, lo, hi, 1, (hi) + 1 };
#define IMM(K, lo, hi, unit, base, pos, width) \
	KIND(K) = { "%", false, lo, hi, unit, (hi) + (unit) };
#define OFF(K, width) \
	KIND(K) = { "%", false, -(2ll << (width)), (2ll << (width)) - 4, 4, 2ll << (width) };
#include "dbt/backend/loongarch64/operands.def"
#undef REG
#undef IMM
#undef OFF

/* '.' for each '_', but for the one of "_db". */
void host_mnemonic(const char *name)
{
	for (const char *p = name; *p; p++)
		putchar(*p == '_' && strncmp(p, "_db", 3) ? '.' : *p);
}

#define ENC(n) la_##n
#define ENC_T(K) la_##K##_t
#define ENC_LIST "dbt/backend/loongarch64/insns.def"
#include "qemu-test/enc/rows_list.inc"
