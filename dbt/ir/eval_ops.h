/* SPDX-License-Identifier: BSD-2-Clause */
/* The integer operations of ops.def on values, as the evaluator (eval.c) and guesses have them. */
#ifndef DBT_IR_EVAL_OPS_H
#define DBT_IR_EVAL_OPS_H

#include "dbt/ir/ir.h"

/* Shape BIN: in, of a and b. An I32 result counts with its low 32 bits. */
u64 eval_binary(const struct ir_insn *in, u64 a, u64 b);
/* Shapes UN and CONV: in, of a, whose type is `from`. */
u64 eval_unary(const struct ir_insn *in, u64 a, unsigned from);
/* What a load of `mem` (enum ir_mem, no vector) makes of the bytes, extended to 64 bits. */
u64 eval_loaded(unsigned mem, u64 v);

#endif
