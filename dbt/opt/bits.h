/* SPDX-License-Identifier: BSD-2-Clause */
/* Bits of values: which are wanted (wanted.c), what is known of them (known.c). For narrow.c. */
#ifndef DBT_OPT_BITS_H
#define DBT_OPT_BITS_H

#include "dbt/opt/opt.h"

/* o->wanted of the whole block. */
void opt_wanted(struct opt *o);

/*
 * o->unsigned_bits[i], o->signed_bits[i]: instruction i's value is the zero-extension of so many
 * low bits, the sign-extension of so many. Those of its operands are known.
 */
void opt_known(struct opt *o, unsigned i);

static inline unsigned opt_width(const struct ir_insn *in) { return in->type == T_I64 ? 64 : 32; }

/* Bits up to the highest 1. */
static inline unsigned opt_length(u64 k) { return k ? 64 - (unsigned)__builtin_clzll(k) : 0; }

#endif
