/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages from the firmware, its memory map, and leaving boot services. See efi_loader.h. */
#include "boot/efi_loader.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

enum { CLAIMS_MAX = 16, SPARE = 16, TRIES = 3 };

static struct { u64 start, pages; } claims[CLAIMS_MAX];
static unsigned claim_count;

/* The firmware's map, in a buffer with room for what allocations may add to it. */
static struct {
	u8 *buffer;
	UINTN room, size, entry_size, key;
	UINT32 version;
} map;

static u64 note(u64 start, u64 pages)
{
	claims[claim_count].start = start;
	claims[claim_count++].pages = pages;
	return start;
}

int efi_claim(u64 start, u64 size)
{
	EFI_PHYSICAL_ADDRESS at = start;
	u64 pages = align_up(size, BOOT_PAGE) / BOOT_PAGE;

	if (claim_count == CLAIMS_MAX ||
	    efi_boot->AllocatePages(AllocateAddress, EfiLoaderData, pages, &at))
		return -ERR_NOMEM;
	note(start, pages);
	return 0;
}

u64 efi_claim_any(u64 size)
{
	EFI_PHYSICAL_ADDRESS at = 0;
	u64 pages = align_up(size, BOOT_PAGE) / BOOT_PAGE;

	if (claim_count == CLAIMS_MAX ||
	    efi_boot->AllocatePages(AllocateAnyPages, EfiLoaderData, pages, &at))
		return 0;
	memset((void *)at, 0, pages * BOOT_PAGE);
	return note(at, pages);
}

void efi_release(void)
{
	while (claim_count) {
		claim_count--;
		efi_boot->FreePages(claims[claim_count].start, claims[claim_count].pages);
	}
	if (map.buffer)
		efi_boot->FreePool(map.buffer);
	map.buffer = NULL;
}

/* Get the map anew. May allocate only if `grow`: not once leaving has begun. */
static EFI_STATUS refresh(bool grow)
{
	EFI_STATUS status = EFI_BUFFER_TOO_SMALL;

	for (unsigned k = 0; k < TRIES; k++) {
		map.size = map.room;
		if (map.buffer || !grow)
			status = efi_boot->GetMemoryMap(&map.size, (void *)map.buffer, &map.key,
						  &map.entry_size, &map.version);
		else
			efi_boot->GetMemoryMap(&map.size, NULL, &map.key, &map.entry_size,
					&map.version);
		if (status != EFI_BUFFER_TOO_SMALL || !grow)
			break;
		if (map.buffer)
			efi_boot->FreePool(map.buffer);
		map.room = map.size + SPARE * map.entry_size;
		if (efi_boot->AllocatePool(EfiLoaderData, map.room, (void **)&map.buffer)) {
			map.buffer = NULL;
			map.room = 0;
			return EFI_OUT_OF_RESOURCES;
		}
	}
	return status;
}

static const EFI_MEMORY_DESCRIPTOR *entry(UINTN k)
{
	return (const EFI_MEMORY_DESCRIPTOR *)(map.buffer + k * map.entry_size);
}

static UINTN entries(void) { return map.buffer ? map.size / map.entry_size : 0; }

/* What the memory is to the kernel, once boot services are left; -1: nothing (UEFI 2.10, 7.2). */
static int kind_of(u32 type)
{
	switch (type) {
	case EfiConventionalMemory:
	case EfiLoaderCode:		/* this program */
	case EfiBootServicesCode:
	case EfiBootServicesData:
		return BOOT_MEM_FREE;
	case EfiACPIReclaimMemory:
		return BOOT_MEM_ACPI;
	case EfiMemoryMappedIO:
	case EfiMemoryMappedIOPortSpace:
		return -1;
	default:
		return BOOT_MEM_RESERVED;
	}
}

static void convert(struct memory_map *later)
{
	later->count = 0;
	for (UINTN k = 0; k < entries(); k++) {
		int kind = kind_of(entry(k)->Type);

		if (kind >= 0)
			memory_add(later, entry(k)->PhysicalStart,
				   entry(k)->NumberOfPages * BOOT_PAGE, (enum boot_mem_kind)kind);
	}
}

void efi_maps(struct memory_map *now, struct memory_map *later)
{
	now->count = later->count = 0;
	if (refresh(true))
		return;
	for (UINTN k = 0; k < entries(); k++)
		if (entry(k)->Type == EfiConventionalMemory)
			memory_add(now, entry(k)->PhysicalStart,
				   entry(k)->NumberOfPages * BOOT_PAGE, BOOT_MEM_FREE);
	convert(later);
}

int efi_type_at(u64 address)
{
	if (refresh(true))
		return -1;
	for (UINTN k = 0; k < entries(); k++)
		if (address - entry(k)->PhysicalStart < entry(k)->NumberOfPages * BOOT_PAGE)
			return (int)entry(k)->Type;
	return -1;
}

int efi_leave(EFI_HANDLE image, struct boot_info *info)
{
	static struct memory_map later;
	bool left = !refresh(true) && !efi_boot->ExitBootServices(image, map.key);

	for (unsigned k = 1; k < TRIES && !left; k++)	/* the map changed in between */
		left = !refresh(false) && !efi_boot->ExitBootServices(image, map.key);
	if (!left)
		return -ERR_IO;
	convert(&later);
	memory_reserve(&later, info->fb.start, (u64)info->fb.pitch * info->fb.height,
		       BOOT_MEM_RESERVED);	/* if it is in RAM that was the firmware's */
	memcpy(info->mem, later.mem, sizeof(info->mem));
	info->mem_count = later.count;
	return 0;
}
