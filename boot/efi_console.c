/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The EFI loader's console: UTF-8 text on the firmware's, and the end of a loader that has found a
 * bug in itself. Only while boot services last.
 */
#include "boot/efi_loader.h"

#include "kernel/lib/bits.h"
#include "kernel/panic.h"

/* One character of UTF-8 at *s; beyond 16 bits or malformed: '?'. */
static u32 next_char(const char **s)
{
	const u8 *p = (const u8 *)*s;
	unsigned more = p[0] < 0x80 ? 0 : p[0] >= 0xe0 && p[0] < 0xf0 ? 2 : p[0] >= 0xc0 ? 1 : 4;
	u32 c = more == 0 ? p[0] : more == 1 ? p[0] & 0x1f : p[0] & 0xf;

	*s += 1;
	if (more > 2)
		return '?';
	for (unsigned k = 1; k <= more; k++, *s += 1) {
		if ((p[k] & 0xc0) != 0x80)
			return '?';
		c = c << 6 | (p[k] & 0x3f);
	}
	return c;
}

size_t efi_ucs2(CHAR16 *to, size_t room, const char *text)
{
	size_t n = 0;

	while (*text && n + 1 < room)
		to[n++] = (CHAR16)next_char(&text);
	to[n] = 0;
	return n;
}

void efi_print(const char *text)
{
	CHAR16 line[200];
	size_t n = 0;

	while (*text) {
		if (*text == '\n')
			line[n++] = '\r';
		line[n++] = (CHAR16)next_char(&text);
		if (n < ARRAY_LEN(line) - 3 && *text)
			continue;
		line[n] = 0;
		efi_system->ConOut->OutputString(efi_system->ConOut, line);
		n = 0;
	}
}

void panic(const char *format, ...)
{
	efi_print("Loam: bug in the loader: ");
	efi_print(format);
	efi_print("\n");
	for (;;)
		efi_boot->Exit(efi_self, EFI_ABORTED, 0, NULL);
}
