/* SPDX-License-Identifier: BSD-2-Clause */
/* Constants into general registers, in as few instructions as possible. Not a constant pool. */
#ifndef DBT_BACKEND_LOONGARCH64_KONST_H
#define DBT_BACKEND_LOONGARCH64_KONST_H

#include "dbt/backend/loongarch64/enc.h"

/*
 * Append rd = v: 1 to 4 instructions, the least number that addi, ori, lu12i.w, lu32i.d and
 * lu52i.d can do it with (Reference Manual Volume 1, 2.2.1). 1 <= rd <= 31; no other register
 * is touched. The length depends on v: code that is patched later must not rely on it.
 */
void la_li(struct code *c, int rd, s64 v);

#endif
