/* SPDX-License-Identifier: BSD-2-Clause */
/* The exception table: sorted once at boot, then binary search. Not changed after. */
#include "kernel/extable.h"

#include "kernel/image.h"

void extable_init(void)
{
	/* Insertion sort: the linker leaves it nearly sorted. */
	for (struct extable_entry *e = extable_start + 1; e < extable_end; e++) {
		struct extable_entry moving = *e, *to = e;

		for (; to > extable_start && to[-1].insn > moving.insn; to--)
			*to = to[-1];
		*to = moving;
	}
}

u64 extable_find(u64 pc)
{
	size_t low = 0, high = (size_t)(extable_end - extable_start);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (extable_start[mid].insn == pc)
			return extable_start[mid].fixup;
		if (extable_start[mid].insn < pc)
			low = mid + 1;
		else
			high = mid;
	}
	return 0;
}
