/* SPDX-License-Identifier: BSD-2-Clause */
/* The descriptors of seen.h: a small table in struct vcpu, the last one of each place. */
#include "dbt/sys/seen.h"

#include "dbt/sys/guestmem.h"
#include "dbt/sys/sysutil.h"

static u32 key_of(u32 use, unsigned level, u16 sel)
{
	return use << 24 | level << 16 | sel;
}

static struct seen_desc *place(struct vcpu *c, u32 key)
{
	return &c->seen_desc[(key >> 3 ^ key >> 22) % SEEN_DESCS];
}

enum { OF_LONG = 8 };		/* beside enum seen_use, in keys */

static bool flat_enough(enum seen_use use, const struct segment *s)
{
	return use == SEEN_DATA || (use == SEEN_STACK ? seen_flat_stack(s)
						      : s->limit == 0xffffffff);
}

void seen_note(struct vcpu *c, enum seen_use use, unsigned level, const struct desc *d)
{
	struct segment s = desc_segment(d, d->sel);
	bool wide = vcpu_long(c);
	u32 key = key_of(use | (wide ? OF_LONG : 0), level, d->sel);

	if ((d->sel & 4) || !(s.attr & SEG_ACCESSED) || !(wide || flat_enough(use, &s)))
		return;
	*place(c, key) = (struct seen_desc){ (u64)d->hi << 32 | d->lo, s, key };
}

void seen_tables_changed(struct vcpu *c)
{
	for (unsigned k = 0; k < SEEN_GATES; k++)
		c->seen_gate64[k].from = 0;
	for (unsigned k = 0; k < SEEN_RETURNS; k++)
		c->seen_return64[k].sels = 0;
	for (unsigned k = 0; k < SREG_COUNT; k++)
		c->seen_load[k][0].key = c->seen_load[k][1].key = 0;
}

void seen_forget(struct vcpu *c)
{
	for (unsigned k = 0; k < SEEN_DESCS; k++)
		c->seen_desc[k].key = 0;
	for (unsigned k = 0; k < SEEN_GATES; k++)
		c->seen_gate[k].from = 0;
	seen_tables_changed(c);
}

struct seen_word seen_word_of(const struct vcpu *c, const struct segment *found)
{
	const struct seen_desc *e = (const void *)((const u8 *)found -
						   offsetof(struct seen_desc, seg));

	return (struct seen_word){ c->gdtr.base + (found->sel & 0xfff8), e->bytes };
}

void seen_note_load(struct vcpu *c, enum sreg r, const struct segment *found)
{
	struct seen_load *e = &c->seen_load[r][!found];

	*e = (struct seen_load){
		.seg = c->seg[r], .span = { c->seg_span[0][r], c->seg_span[1][r] },
		.lo = c->seg_lo[r], .partial = c->seg_partial[r], .seg_key = c->mode.seg_key[r],
		.key = SEEN_LOAD_KEY(c->seg[r].sel, c->cpl),
	};
	if (!found)
		return;
	e->word = seen_word_of(c, found);
	e->word.at = (u64)(s64)(s32)e->word.at;
	if (!e->word.at)	/* which says something else */
		e->key = 0;
}

const struct segment *seen_find(struct vcpu *c, enum seen_use use, unsigned level, u16 sel)
{
	u32 key = key_of(use, level, sel);
	const struct seen_desc *e = place(c, key);

	if (e->key != key || (sel | 7u) > c->gdtr.limit ||
	    g_try_ld8(linear32(c->gdtr.base + (sel & 0xfff8))) != e->bytes)
		return NULL;
	return &e->seg;
}

const struct segment *seen_find_long(struct vcpu *c, enum seen_use use, unsigned level, u16 sel)
{
	u32 key = key_of(use | OF_LONG, level, sel);
	const struct seen_desc *e = place(c, key);

	if (e->key != key || (sel | 7u) > c->gdtr.limit ||
	    g_try_ld8_wide(gva(c->gdtr.base + (sel & 0xfff8))) != e->bytes)
		return NULL;
	return &e->seg;
}
