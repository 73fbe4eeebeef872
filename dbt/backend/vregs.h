/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * V128 values of a block; registers stay locked until va_done. Not here: general registers
 * (regalloc.h), what a place means at a fault (vplace.h).
 */
#ifndef DBT_BACKEND_VREGS_H
#define DBT_BACKEND_VREGS_H

#include "dbt/backend/emit.h"

void va_prepare(struct emit *e);
/* A register with all of v; with its low 32 or 64 bits, and anything above. */
int va_use(struct emit *e, val v);
int va_use_low(struct emit *e, val v, unsigned bits);
/* For one instruction that writes the result last: the register may be an operand's. */
int va_def(struct emit *e, val v);
/* A register that is none of the operands'. */
int va_def_new(struct emit *e, val v);
/* The register of a result that begins as a copy of value a, which may be another operand's. */
int va_def_copy(struct emit *e, val v, val a);
/* Are they known to be equal? */
bool va_same(const struct emit *e, val a, val b);
int va_scratch(struct emit *e);
/* Without code: v is lane 0 of register r with zeros above; a with lane 0 of b; lane 0 of a. */
void va_def_low(struct emit *e, val v, int r, unsigned bits);
void va_merge(struct emit *e, val v, val a, val b, unsigned bits);
void va_low(struct emit *e, val v, val a, unsigned bits);
void va_put(struct emit *e, unsigned g, val v);
void va_get(struct emit *e, val v, unsigned g);
/* Unlock; forget what is used for the last time at i. */
void va_done(struct emit *e);
/* Before an exit: XMM registers to their pinned registers. */
void va_canonical(struct emit *e);
/* At a fault site: where they are, as a number for struct fault_site's vmap. */
u16 va_map(struct emit *e);
/* In a stub, where no value is wanted any more: they are where va_map saw them. */
void va_at(struct emit *e, u16 map);
/* Behind the code: the maps, and the sites' numbers become places. */
void va_emit_maps(struct emit *e);

#endif
