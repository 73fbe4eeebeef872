/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the direct entry (elf_main.c) asks of the host's own way of being started without firmware
 * or by a simple one: where memory, files and options come from. Each host folder's direct.c.
 * Not the EFI loader's. Invariant: nothing here is called before direct_find has said yes.
 */
#ifndef BOOT_DIRECT_H
#define BOOT_DIRECT_H

#include "boot/boot_info.h"

/* The registers that whatever started us left, first to fourth argument of its convention. */
#define DIRECT_ARGS 4

/*
 * Look for what the others need, and fill in what of *info is known without looking at memory
 * (uart is set to the board's before). Returns NULL, or why this cannot be started from.
 */
const char *direct_find(const u64 args[DIRECT_ARGS], struct boot_info *info);

/* Call add for each piece of RAM, [start, end) in bytes, host physical. NULL, or what is wrong. */
const char *direct_memory(void (*add)(u64 start, u64 end));

/* Pieces of RAM that hold something which is wanted later: called after direct_memory. */
void direct_reserve(void (*keep)(u64 start, u64 size));

/* Load options, as -append gives them. */
const char *direct_options(void);

/* Files as struct load_source (boot/load.h) wants them. */
extern const char direct_where[];
int direct_open(const char *name, u64 *size);
int direct_read(void *to, u64 size);

#endif
