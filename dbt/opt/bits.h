/* SPDX-License-Identifier: BSD-2-Clause */
/* Bits of values: which are wanted (wanted.c), what is known of them (known.c). For narrow.c. */
#ifndef DBT_OPT_BITS_H
#define DBT_OPT_BITS_H

#include "dbt/opt/opt.h"

/* o->wanted of the whole block. */
void opt_wanted(struct opt *o);

/* A value is the zero-extension of its low u bits, and the sign-extension of its low s bits. */
struct opt_bounds { unsigned u, s; };
struct opt_bounds opt_known(const struct opt *o, val v);

static inline unsigned opt_width(const struct ir_insn *in) { return in->type == T_I64 ? 64 : 32; }

/* Bits up to the highest 1. */
static inline unsigned opt_length(u64 k) { return k ? 64 - (unsigned)__builtin_clzll(k) : 0; }

#endif
