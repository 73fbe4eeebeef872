/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds short texts piece by piece, without printf: the same code runs in the EFI loader, in
 * the kernel image before its libc, and natively. What does not fit is cut.
 * Invariant: the text always ends in a 0 within its room.
 */
#ifndef BOOT_MESSAGE_H
#define BOOT_MESSAGE_H

#include "kernel/lib/types.h"

struct message {
	char *text;
	size_t room, used;	/* bytes; used excludes the final 0 */
};

/* Begin an empty text in room > 0 bytes at text. */
void message_init(struct message *m, char *text, size_t room);

void message_add(struct message *m, const char *text);
void message_number(struct message *m, u64 n);

/* n in hexadecimal, with 0x. */
void message_hex(struct message *m, u64 n);

/* Bytes as "12 MiB"; below 1 MiB as "12 KiB", below 1 KiB as "12 bytes". Rounded up. */
void message_size(struct message *m, u64 bytes);

/* Blanks up to column `width`, counted from the start of the text. */
void message_pad(struct message *m, size_t width);

#endif
