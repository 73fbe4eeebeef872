/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the IR's text form (dbt/ir/text.h) back. For tests only. Invariant: what it takes prints
 * as it was written, but for blanks.
 */
#ifndef OPT_PARSE_H
#define OPT_PARSE_H

#include "dbt/ir/ir.h"

/*
 * Appends the instruction on `line` (without EIP, ended by NUL) to ir; vN on the left gives its
 * index, NOPs fill the gap before it. Returns NULL, or what is wrong.
 */
const char *parse_line(struct ir *ir, const char *line);

#endif
