/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An access that the monitor does in place of a host instruction: where its bytes are, and doing
 * it. Not here: whether it has to (fault.c).
 */
#ifndef DBT_RT_BYTES_H
#define DBT_RT_BYTES_H

#include "dbt/backend/host_access.h"
#include "dbt/core/core.h"

struct bytes_at {
	gpa_t page[2];
	u32 first;		/* bytes on the first page */
	u32 off;
};

/*
 * Fill *t for `size` bytes at va, with the rights of the view that the access was made in; or what
 * an `access` there raises.
 */
struct fault bytes_locate(struct dbt *d, gva_t va, unsigned size, enum x86_access access,
			  struct bytes_at *t);

/* Is all of it on one page, the one that faulted? Then *t has its offset and size. */
static inline bool bytes_on_one_page(const struct host_access *a, struct bytes_at *t)
{
	t->off = a->addr.a & 0xfff;
	t->first = a->size;
	return t->off + a->size <= 0x1000;
}

/* Whole, or by eights, if it is on one page and has such a width, else byte by byte. */
void bytes_load(const struct bytes_at *t, unsigned size, u8 *out);
void bytes_store(const struct bytes_at *t, unsigned size, const u8 *in);

/* Are any of them bytes of block b's? */
bool bytes_hit(const struct bytes_at *t, unsigned size, const struct block *b);

#endif
