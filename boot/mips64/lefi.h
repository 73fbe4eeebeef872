/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot parameters of Loongson's MIPS boards ("LEFI": a table of offsets to packed structures),
 * as a pure reader of bytes. Offsets as QEMU's loongson3-virt lays them out and firmware does.
 * Not the command line: direct.c has that.
 */
#ifndef BOOT_MIPS64_LEFI_H
#define BOOT_MIPS64_LEFI_H

#include "kernel/lib/types.h"

#define LEFI_SIZE 0x6000	/* bytes from the start that the reader may look at */

struct lefi_memory {
	u64 start, size;	/* bytes */
	bool is_ram;
};

/* NULL, or what is wrong with these parameters. `p` is their start. */
const char *lefi_check(const u8 *p);

/* Entry n of the memory map; false: there is none. */
bool lefi_memory(const u8 *p, unsigned n, struct lefi_memory *out);

u64 lefi_cpu_hz(const u8 *p);
/* Physical address of the first UART, 0 if none is told. */
u64 lefi_uart(const u8 *p);

#endif
