/* SPDX-License-Identifier: BSD-2-Clause */
/* Constants into general registers. Not a constant pool. */
#ifndef DBT_BACKEND_MIPS64_KONST_H
#define DBT_BACKEND_MIPS64_KONST_H

#include "dbt/backend/mips64/enc.h"

/*
 * Append rd = v: 1 instruction for 16 bits of either kind, at most 2 for a signed word, at most 6
 * for any. 1 <= rd <= 31; no other register is touched. The length depends on v: code that is
 * patched later must not rely on it.
 */
void mi_li(struct code *c, int rd, s64 v);

#endif
