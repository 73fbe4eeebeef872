/* SPDX-License-Identifier: BSD-2-Clause */
/* See lefi.h. Invariant: no byte outside LEFI_SIZE is read, whatever the offsets say. */
#include "boot/mips64/lefi.h"

#include <string.h>

/* boot_params: "efi" with the SMBIOS table, whose loongson_params are offsets from themselves. */
enum { SMBIOS_VERSION = 0x18, PARAMS = 0x28, PARAM_MEMORY = 0, PARAM_CPU = 8, PARAM_SYSTEM = 16 };

/* memory map: u16 version, u32 entries, u32 MHz, then entries: 20 bytes of 24. */
enum { MAP_COUNT = 2, MAP_ENTRIES = 10, ENTRY_SIZE = 24, MAP_MAX = 128 };
enum { ENTRY_TYPE = 4, ENTRY_START = 8, ENTRY_MIB = 16 };
enum { TYPE_LOW = 1, TYPE_HIGH = 2 };

enum { CPU_CLOCK = 18, SYSTEM_UART = 26 };

static u64 get(const u8 *p, u64 at, unsigned size)
{
	u64 v = 0;

	if (at <= LEFI_SIZE - size)
		memcpy(&v, p + at, size);
	return v;
}

static u64 param(const u8 *p, unsigned which) { return PARAMS + get(p, PARAMS + which, 8); }

static u32 entries(const u8 *p) { return (u32)get(p, param(p, PARAM_MEMORY) + MAP_COUNT, 4); }

const char *lefi_check(const u8 *p)
{
	if (get(p, SMBIOS_VERSION, 2) == 0)
		return "no LEFI boot parameters";
	if (param(p, PARAM_MEMORY) >= LEFI_SIZE || param(p, PARAM_CPU) >= LEFI_SIZE ||
	    param(p, PARAM_SYSTEM) >= LEFI_SIZE)
		return "LEFI boot parameters point outside themselves";
	if (!entries(p) || entries(p) > MAP_MAX)
		return "the LEFI memory map has no usable count";
	return NULL;
}

bool lefi_memory(const u8 *p, unsigned n, struct lefi_memory *out)
{
	u64 at = param(p, PARAM_MEMORY) + MAP_ENTRIES + n * ENTRY_SIZE;
	u32 type = (u32)get(p, at + ENTRY_TYPE, 4);

	if (n >= entries(p))
		return false;
	out->is_ram = type == TYPE_LOW || type == TYPE_HIGH;
	out->start = get(p, at + ENTRY_START, 8);
	out->size = get(p, at + ENTRY_MIB, 4) << 20;
	return true;
}

u64 lefi_cpu_hz(const u8 *p) { return get(p, param(p, PARAM_CPU) + CPU_CLOCK, 4); }
u64 lefi_uart(const u8 *p) { return get(p, param(p, PARAM_SYSTEM) + SYSTEM_UART, 8); }
