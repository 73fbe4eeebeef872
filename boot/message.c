/* SPDX-License-Identifier: BSD-2-Clause */
/* See message.h. No state, and no library but string.h. */
#include "boot/message.h"

#include <string.h>

void message_init(struct message *m, char *text, size_t room)
{
	*m = (struct message){ text, room, 0 };
	text[0] = 0;
}

void message_add(struct message *m, const char *text)
{
	size_t size = strlen(text), left = m->room - 1 - m->used;

	if (size > left)
		size = left;
	memcpy(m->text + m->used, text, size);
	m->used += size;
	m->text[m->used] = 0;
}

void message_number(struct message *m, u64 n)
{
	char digits[21];
	unsigned k = sizeof(digits) - 1;

	digits[k] = 0;
	do
		digits[--k] = (char)('0' + n % 10);
	while (n /= 10);
	message_add(m, digits + k);
}

void message_hex(struct message *m, u64 n)
{
	char digits[17];
	unsigned k = sizeof(digits) - 1;

	digits[k] = 0;
	do
		digits[--k] = "0123456789abcdef"[n & 0xf];
	while (n >>= 4);
	message_add(m, "0x");
	message_add(m, digits + k);
}

void message_size(struct message *m, u64 bytes)
{
	static const char *const units[] = { " bytes", " KiB", " MiB" };
	unsigned u = bytes < 1024 ? 0 : bytes < 1024 * 1024 ? 1 : 2;
	u64 unit = 1ull << 10 * u;

	message_number(m, bytes / unit + (bytes % unit != 0));
	message_add(m, units[u]);
}

void message_pad(struct message *m, size_t width)
{
	while (m->used < width && m->used < m->room - 1)
		message_add(m, " ");
}
