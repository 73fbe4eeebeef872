/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a 128-bit value is while a block runs: whole in one vector register, or in parts that
 * nobody has put together yet. Used by the allocator (vregs.c) and, as data behind a
 * block's code, by the fault path (xmm.c).
 */
#ifndef DBT_BACKEND_VPLACE_H
#define DBT_BACKEND_VPLACE_H

#include "kernel/lib/types.h"

enum vkind {
	V_WHOLE,		/* in `high` */
	V_ZERO32, V_ZERO64,	/* lane 0 (32, 64 bits) in `low`, zeros above */
	V_OVER32, V_OVER64,	/* lane 0 in `low`, the rest in `high` */
};

struct vplace {
	u8 kind;		/* enum vkind */
	u8 low, high;		/* registers; `low` means nothing if whole, `high` if zeros */
};

/*
 * A map of XMM registers that are not in their pinned registers: words up to one that is 0.
 *	31 28 27  24 23  16 15   8 7    0
 *	1 . . XMM    kind   low    high
 */
#define VMAP_WORD(xmm, p) \
	(1u << 31 | (u32)(xmm) << 24 | (u32)(p).kind << 16 | (u32)(p).low << 8 | (p).high)
#define VMAP_XMM(w) ((w) >> 24 & (VMAP_XMMS - 1))
#define VMAP_XMMS 16
#define VMAP_PLACE(w) \
	((struct vplace){ .kind = (u8)((w) >> 16), .low = (u8)((w) >> 8), .high = (u8)(w) })

#endif
