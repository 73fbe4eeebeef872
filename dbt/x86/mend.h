/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operands of a shape as ir1.h has them, where Capstone leaves them out, adds some or sizes them
 * otherwise. Does not know Capstone; registers and rows are right already.
 */
#ifndef DBT_X86_MEND_H
#define DBT_X86_MEND_H

#include "dbt/x86/shape.h"

void shape_mend(struct shape *h, const struct scan *s);

/* All memory operands have `size` bytes. */
void shape_mem_size(struct shape *h, unsigned size);

#endif
