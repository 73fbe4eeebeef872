/* SPDX-License-Identifier: BSD-2-Clause */
/* Looks addresses up in the table that tools/mksyms.py links in. Read only. */
#include "kernel/ksyms.h"

#include "kernel/image.h"

bool ksyms_is_text(u64 pc) { return pc >= (u64)image_text_start && pc < (u64)image_text_end; }

const char *ksyms_name(u64 pc, u64 *offset)
{
	const struct ksyms *t = &ksyms_start;
	u64 where = pc - (u64)image_start;
	u32 low = 0, high;

	if (!ksyms_is_text(pc) || ksyms_end == (const char *)t || t->entry[0].offset > where)
		return NULL;
	for (high = t->count; high - low > 1;) {
		u32 mid = (low + high) / 2;

		if (t->entry[mid].offset <= where)
			low = mid;
		else
			high = mid;
	}
	*offset = where - t->entry[low].offset;
	return (const char *)&t->entry[t->count] + t->entry[low].name;
}
