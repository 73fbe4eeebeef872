/* SPDX-License-Identifier: BSD-2-Clause */
/* See acpi.h. Invariant: no table is read past the length that it states and its sum confirms. */
#include "drivers/host/acpi.h"

#include <string.h>

#include "kernel/phys.h"

enum { RSDP_SIZE = 36, RSDP_REVISION = 15, RSDP_XSDT = 24 };
enum { TABLE_LENGTH = 4, TABLE_HEADER = 36, TABLE_MAX = 16 << 20 };
enum { MCFG_ENTRIES = 44, MCFG_ENTRY = 16, ENTRY_SEGMENT = 8, ENTRY_FIRST = 10, ENTRY_LAST = 11 };

static u32 get32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static u64 get64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool sums_to_zero(const u8 *p, u32 size)
{
	u8 sum = 0;

	for (u32 k = 0; k < size; k++)
		sum = (u8)(sum + p[k]);
	return !sum;
}

/* The table at this address if it is whole and has the signature, else NULL. */
static const u8 *table_at(u64 address, const char *signature, u32 *length)
{
	const u8 *t = phys_to_ptr(hpa(address));

	if (!address || memcmp(t, signature, 4))
		return NULL;
	*length = get32(t + TABLE_LENGTH);
	if (*length < TABLE_HEADER || *length > TABLE_MAX || !sums_to_zero(t, *length))
		return NULL;
	return t;
}

/*
 * The first table with this signature, and its whole length in bytes; NULL if there is none, or no
 * RSDP (at.a is 0).
 */
static const u8 *acpi_find(hpa_t at, const char *signature, u32 *length)
{
	const u8 *rsdp = phys_to_ptr(at), *xsdt;
	u32 size;

	if (!at.a || memcmp(rsdp, "RSD PTR ", 8) || rsdp[RSDP_REVISION] < 2 ||
	    !sums_to_zero(rsdp, RSDP_SIZE))
		return NULL;
	xsdt = table_at(get64(rsdp + RSDP_XSDT), "XSDT", &size);
	for (u32 k = TABLE_HEADER; xsdt && k + 8 <= size; k += 8) {
		const u8 *found = table_at(get64(xsdt + k), signature, length);

		if (found)
			return found;
	}
	return NULL;
}

bool acpi_ecam(hpa_t rsdp, struct acpi_ecam *e)
{
	u32 size;
	const u8 *mcfg = acpi_find(rsdp, "MCFG", &size);

	for (u32 k = MCFG_ENTRIES; mcfg && k + MCFG_ENTRY <= size; k += MCFG_ENTRY) {
		const u8 *entry = mcfg + k;

		if (entry[ENTRY_SEGMENT] || entry[ENTRY_SEGMENT + 1] ||
		    entry[ENTRY_FIRST] > entry[ENTRY_LAST])
			continue;
		e->base = get64(entry);
		e->first_bus = entry[ENTRY_FIRST];
		e->last_bus = entry[ENTRY_LAST];
		return true;
	}
	return false;
}
