/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library of the EFI loader: what the code it shares with the kernel calls, and no more; it
 * knows no firmware and prints nothing
 * (gnu-efi's libefi uses vector registers, which firmware may leave disabled: it is not linked).
 * Invariant: no loop here becomes a call of itself (-fno-tree-loop-distribute-patterns).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "boot/message.h"
#include "kernel/lib/types.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	u8 *t = to;
	const u8 *f = from;

	for (; size >= 8 && !((uintptr_t)t % 8) && !((uintptr_t)f % 8); t += 8, f += 8, size -= 8)
		*(u64 *)(void *)t = *(const u64 *)(const void *)f;
	for (; size; size--)
		*t++ = *f++;
	return to;
}

void *memset(void *to, int c, size_t size)
{
	for (u8 *t = to; size; size--)
		*t++ = (u8)c;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const u8 *p = a, *q = b;

	for (; size; size--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *at, int c, size_t size)
{
	for (const u8 *p = at; size; size--, p++)
		if (*p == (u8)c)
			return (void *)p;
	return NULL;
}

void *memmove(void *to, const void *from, size_t size)
{
	u8 *t = to;
	const u8 *f = from;

	if (t < f)
		for (size_t k = 0; k < size; k++)
			t[k] = f[k];
	else
		while (size-- > 0)
			t[size] = f[size];
	return to;
}

size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

char *strcpy(char *to, const char *from)
{
	return memcpy(to, from, strlen(from) + 1);
}

int strncmp(const char *a, const char *b, size_t size)
{
	for (; size; size--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, ~(size_t)0); }

size_t strcspn(const char *s, const char *stop)
{
	size_t n = 0;

	while (s[n] && !memchr(stop, s[n], strlen(stop)))
		n++;
	return n;
}

/* %s and %.*s for dbt/sys/cpuid.c's messages; anything else is put out as it stands. */
int snprintf(char *to, size_t room, const char *format, ...)
{
	struct message m;
	va_list args;

	va_start(args, format);
	message_init(&m, to, room);
	while (*format) {
		char one[2] = { *format, 0 };

		if (!strncmp(format, "%s", 2)) {
			message_add(&m, va_arg(args, const char *));
			format += 2;
		} else if (!strncmp(format, "%.*s", 4)) {
			int size = va_arg(args, int);
			const char *text = va_arg(args, const char *);

			for (; size > 0 && *text; size--, text++)
				message_add(&m, (char [2]){ *text, 0 });
			format += 4;
		} else {
			message_add(&m, one);
			format++;
		}
	}
	va_end(args);
	return (int)m.used;
}
