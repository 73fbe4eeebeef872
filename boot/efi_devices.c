/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disks of the host that loam.cfg names, looked at while the firmware still drives them: is there
 * one of that kind and number, has it that partition, can it be written? What the firmware has no
 * driver for is left to kernel/machine. Invariant: numbers are given as drivers/host/disks.c gives
 * them.
 */
#include "boot/efi_loader.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/host/partition.h"
#include "kernel/lib/err.h"

enum { FUNCTIONS_MAX = 64 };

static EFI_GUID pci_id = EFI_PCI_IO_PROTOCOL_GUID;
static EFI_GUID block_id = EFI_BLOCK_IO_PROTOCOL_GUID;
static EFI_GUID path_id = EFI_DEVICE_PATH_PROTOCOL_GUID;

/* Bus, slot and function as one number; -1 if the firmware does not tell. */
static s64 place_of(EFI_PCI_IO_PROTOCOL *pci)
{
	UINTN segment, bus, slot, fn;

	if (pci->GetLocation(pci, &segment, &bus, &slot, &fn) || segment)
		return -1;
	return (s64)(bus << 8 | slot << 3 | fn);
}

static void insert(s64 *list, unsigned *count, s64 place)
{
	unsigned at = *count;

	if (place < 0 || at == FUNCTIONS_MAX)
		return;
	for (; at && list[at - 1] > place; at--)
		list[at] = list[at - 1];
	list[at] = place;
	++*count;
}

/* Places of all functions of a kind (efi_medium.c), in order. */
static unsigned find_kind(char kind, s64 list[FUNCTIONS_MAX])
{
	EFI_HANDLE *handles;
	UINTN handle_count = 0;
	unsigned count = 0;

	if (efi_boot->LocateHandleBuffer(ByProtocol, &pci_id, NULL, &handle_count, &handles))
		return 0;
	for (UINTN k = 0; k < handle_count; k++) {
		EFI_PCI_IO_PROTOCOL *pci;

		if (!efi_boot->HandleProtocol(handles[k], &pci_id, (void **)&pci) &&
		    efi_pci_kind(pci) == kind)
			insert(list, &count, place_of(pci));
	}
	efi_boot->FreePool(handles);
	return count;
}

/* Is this the whole disk of the PCI function at that place? */
static EFI_BLOCK_IO *whole_disk(EFI_HANDLE handle, s64 place)
{
	EFI_PCI_IO_PROTOCOL *pci;
	EFI_DEVICE_PATH *path;
	EFI_HANDLE above;
	EFI_BLOCK_IO *b;

	if (efi_boot->HandleProtocol(handle, &block_id, (void **)&b) || !b->Media ||
	    b->Media->LogicalPartition || !b->Media->MediaPresent ||
	    efi_boot->HandleProtocol(handle, &path_id, (void **)&path) ||
	    efi_boot->LocateDevicePath(&pci_id, &path, &above) ||
	    efi_boot->HandleProtocol(above, &pci_id, (void **)&pci) || place_of(pci) != place)
		return NULL;
	return b;
}

static EFI_BLOCK_IO *disk_at(s64 place)
{
	EFI_HANDLE *handles;
	EFI_BLOCK_IO *b = NULL;
	UINTN count = 0;

	if (efi_boot->LocateHandleBuffer(ByProtocol, &block_id, NULL, &count, &handles))
		return NULL;
	for (UINTN k = 0; k < count && !b; k++)
		b = whole_disk(handles[k], place);
	efi_boot->FreePool(handles);
	return b;
}

static int read_block(void *opaque, u64 block, void *to)
{
	EFI_BLOCK_IO *b = opaque;

	return b->ReadBlocks(b, b->Media->MediaId, block, b->Media->BlockSize, to) ? -ERR_IO : 0;
}

/* The number that begins at *at, which is moved behind it. */
static unsigned number(const char **at)
{
	unsigned n = 0;

	while (**at >= '0' && **at <= '9')
		n = n * 10 + (unsigned)(*(*at)++ - '0');
	return n;
}

const char *efi_device_wrong(const struct boot_file *f)
{
	static s64 list[FUNCTIONS_MAX];
	const char *at = f->name + strcspn(f->name, "0123456789"), *why = NULL;
	unsigned n = number(&at), count = find_kind(f->name[0], list);
	struct partition_disk table = { .read = read_block };
	struct partition p;
	EFI_BLOCK_IO *b;

	if (!count || (f->name[0] != 's' && n >= count))
		return "there is no such disk";
	b = f->name[0] == 's' ? NULL : disk_at(list[n]);
	if (!b)				/* the firmware has no driver, or ports are counted */
		return NULL;
	if (b->Media->ReadOnly && !f->readonly)
		return "the disk can only be read: write ,ro after its name";
	if (*at != 'p')
		return NULL;
	at++;
	table.opaque = b;
	table.blocks = b->Media->LastBlock + 1;
	table.block = b->Media->BlockSize;
	return partition_find(&table, number(&at), &p, &why) ? why : NULL;
}
