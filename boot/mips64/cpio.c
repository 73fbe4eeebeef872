/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See cpio.h. An entry is a header of 110 bytes (a magic and 13 numbers of 8 hex digits), its name
 * with a 0, padding to 4, its bytes, padding to 4. Invariant: no byte outside the archive is read.
 */
#include "boot/mips64/cpio.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

enum { HEADER = 110, FIELD_SIZE = 54, FIELD_NAME_SIZE = 94, DIGITS = 8 };

static bool field(const u8 *at, u64 *out)
{
	u64 v = 0;

	for (unsigned k = 0; k < DIGITS; k++) {
		u8 c = at[k];

		if (c >= '0' && c <= '9')
			v = v << 4 | (u64)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (u64)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

int cpio_find(const u8 *archive, u64 archive_size, const char *name, const u8 **data, u64 *size)
{
	u64 at = 0, name_size, file_size, start;

	while (at + HEADER <= archive_size) {
		const char *entry = (const char *)archive + at + HEADER;

		if (memcmp(archive + at, "070701", 6) ||
		    !field(archive + at + FIELD_SIZE, &file_size) ||
		    !field(archive + at + FIELD_NAME_SIZE, &name_size))
			return -ERR_INVAL;
		start = align_up(at + HEADER + name_size, 4);
		if (!name_size || start > archive_size || file_size > archive_size - start ||
		    entry[name_size - 1])
			return -ERR_INVAL;
		if (!strcmp(entry, name)) {
			*data = archive + start;
			*size = file_size;
			return 0;
		}
		if (!strcmp(entry, "TRAILER!!!"))
			break;
		at = align_up(start + file_size, 4);
	}
	return at ? -ERR_NOENT : -ERR_INVAL;
}
