/* SPDX-License-Identifier: BSD-2-Clause */
/* See bytes.h. */
#include "dbt/rt/bytes.h"

#include "dbt/cache/cache.h"
#include "kernel/lib/bits.h"
#include "mm/frame.h"
#include "mm/gpa.h"

struct fault bytes_locate(struct dbt *d, gva_t va, unsigned size, enum x86_access access,
			  struct bytes_at *t)
{
	enum x86_rights rights = shadow_rights(d->shadow);
	u32 error;

	t->off = va.a & 0xfff;
	t->first = 0x1000 - t->off < size ? 0x1000 - t->off : size;
	if (d->shadow->wide && !canonical(va.a + size - 1))	/* said before any #PF */
		return fault_code(EXC_GP, 0);
	if (!shadow_translate(d->shadow, va, access, rights, &t->page[0], &error))
		return fault_page(va, error);
	if (t->first == size)
		return fault_none();
	va.a += t->first;
	if (!d->shadow->wide)
		va.a = (u32)va.a;
	return shadow_translate(d->shadow, va, access, rights, &t->page[1], &error) ? fault_none() :
	       fault_page(va, error);
}

static bool power_of_two(unsigned n) { return !(n & (n - 1)); }

void bytes_load(const struct bytes_at *t, unsigned size, u8 *out)
{
	unsigned part = size < 8 ? size : 8;
	u64 v;

	if (t->first == size && power_of_two(size)) {
		for (unsigned n = 0; n < size; n += part) {
			v = gpa_load(gpa(t->page[0].a + n), part);
			__builtin_memcpy(out + n, &v, part);
		}
		return;
	}
	for (unsigned n = 0; n < size; n++)
		out[n] = (u8)gpa_load(n < t->first ? gpa(t->page[0].a + n)
						   : gpa(t->page[1].a + n - t->first), 1);
}

void bytes_store(const struct bytes_at *t, unsigned size, const u8 *in)
{
	unsigned part = size < 8 ? size : 8;
	u64 v = 0;

	if (t->first == size && power_of_two(size)) {
		for (unsigned n = 0; n < size; n += part) {
			__builtin_memcpy(&v, in + n, part);
			gpa_store(gpa(t->page[0].a + n), v, part);
		}
		return;
	}
	for (unsigned n = 0; n < size; n++)
		gpa_store(n < t->first ? gpa(t->page[0].a + n)
				       : gpa(t->page[1].a + n - t->first), in[n], 1);
}

bool bytes_hit(const struct bytes_at *t, unsigned size, const struct block *b)
{
	for (int p = 0; p < 2; p++) {
		u32 frame = b->frame[p];

		if (frame == FRAME_NONE)
			continue;
		if (gpa_lookup(t->page[0]).wframe == frame &&
		    cache_block_touched(b, frame, t->off, t->first))
			return true;
		if (t->first < size && gpa_lookup(t->page[1]).wframe == frame &&
		    cache_block_touched(b, frame, 0, size - t->first))
			return true;
	}
	return false;
}
