/* SPDX-License-Identifier: BSD-2-Clause */
/* What of a block's values is wanted, and until when; known before the first word is emitted. */
#ifndef DBT_BACKEND_USES_H
#define DBT_BACKEND_USES_H

#include "dbt/backend/emit.h"

/* Last uses and PUTs of the whole block; the host's folds are found after it. */
void uses_find(struct emit *e);

/*
 * May the result of instruction e->i go to its guest register before the PUT at index p? Not if a
 * fault or exit comes between (it must see the old value), or another access.
 */
bool uses_early_put_is_safe(const struct emit *e, unsigned p);

/*
 * TRUNC i of a shift by 32 that nobody else wants: the shift is folded, and the TRUNC is one
 * arithmetic shift of what it shifts.
 */
void uses_fold_upper(struct emit *e, unsigned i);

#endif
