/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The disk that the volume with loam.cfg is on: its place on PCI by device path (UEFI 2.10, 10.3),
 * and where files lie on it, by reading the FAT beneath the firmware. Nothing is written.
 * Invariant: what fat.c found is used only if the firmware reads the same bytes there.
 */
#include "boot/efi_loader.h"

#include <string.h>

#include "boot/fat.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

enum { EXTENTS_MAX = 8192, SECTOR = 512, SAMPLES = 16, NVME_DP = 23 };
enum { ID_VIRTIO_OLD = 0x10011af4, ID_VIRTIO = 0x10421af4, CLASS_AHCI = 0x010601,
	CLASS_NVME = 0x010802 };

static EFI_BLOCK_IO *block;
static EFI_DISK_IO *disk;
static struct boot_medium medium;
static struct fat fat;
static const char *lacks = "it was not read from a disk";

static int read_volume(void *opaque, u64 at, void *to, u32 size)
{
	(void)opaque;
	return disk->ReadDisk(disk, block->Media->MediaId, at, size, to) ? -ERR_IO : 0;
}

/* -- The device path -------------------------------------------------------------- */

char efi_pci_kind(EFI_PCI_IO_PROTOCOL *pci)
{
	UINT32 id = 0, class = 0;

	if (pci->Pci.Read(pci, EfiPciIoWidthUint32, 0, 1, &id) ||
	    pci->Pci.Read(pci, EfiPciIoWidthUint32, 8, 1, &class))
		return 0;
	if (id == ID_VIRTIO || id == ID_VIRTIO_OLD)
		return 'v';
	return class >> 8 == CLASS_NVME ? 'n' : class >> 8 == CLASS_AHCI ? 's' : 0;
}

/* The kind of PCI function above the path's other nodes. */
static char kind_of(EFI_DEVICE_PATH *path)
{
	static EFI_GUID pci_id = EFI_PCI_IO_PROTOCOL_GUID;
	EFI_PCI_IO_PROTOCOL *pci;
	EFI_HANDLE handle;

	if (efi_boot->LocateDevicePath(&pci_id, &path, &handle) ||
	    efi_boot->HandleProtocol(handle, &pci_id, (void **)&pci))
		return 0;
	return efi_pci_kind(pci);
}

static u64 get64(const void *at)
{
	u64 v;

	memcpy(&v, at, sizeof(v));
	return v;
}

/* One node behind the PCI root; returns false if Loam drives nothing like it. */
static bool take_node(EFI_DEVICE_PATH *node, char kind)
{
	const u8 *p = (const u8 *)node;
	u32 per = block->Media->BlockSize / SECTOR;

	switch (DevicePathType(node) << 8 | DevicePathSubType(node)) {
	case HARDWARE_DEVICE_PATH << 8 | HW_PCI_DP:
		if (medium.path_count == BOOT_PATH_MAX)
			return false;
		medium.path[medium.path_count++] = (u8)(p[5] << 3 | (p[4] & 7));
		return true;
	case MESSAGING_DEVICE_PATH << 8 | NVME_DP:
		memcpy(&medium.unit, p + 4, 4);
		return kind == 'n';
	case MESSAGING_DEVICE_PATH << 8 | MSG_SATA_DP:
		medium.unit = (u32)(p[4] | p[5] << 8);
		return kind == 's' && (p[7] & 0x80 || (p[6] == 0xff && p[7] == 0xff));
	case MEDIA_DEVICE_PATH << 8 | MEDIA_HARDDRIVE_DP:
		medium.start = get64(p + 8) * per;
		medium.count = get64(p + 16) * per;
		return true;
	case ACPI_DEVICE_PATH << 8 | ACPI_DP:
		return !medium.path_count;
	default:
		return false;
	}
}

static bool take_path(EFI_DEVICE_PATH *path)
{
	char kind = kind_of(path);

	if (!kind)
		return false;
	for (; !IsDevicePathEnd(path); path = NextDevicePathNode(path))
		if (!take_node(path, kind))
			return false;
	return medium.path_count != 0;
}

void efi_medium_find(struct boot_medium *m)
{
	static EFI_GUID path_id = EFI_DEVICE_PATH_PROTOCOL_GUID;
	static EFI_GUID block_id = EFI_BLOCK_IO_PROTOCOL_GUID;
	static EFI_GUID disk_id = EFI_DISK_IO_PROTOCOL_GUID;
	EFI_HANDLE volume = efi_file_volume();
	EFI_DEVICE_PATH *path;

	if (!volume || efi_boot->HandleProtocol(volume, &path_id, (void **)&path) ||
	    efi_boot->HandleProtocol(volume, &block_id, (void **)&block) ||
	    efi_boot->HandleProtocol(volume, &disk_id, (void **)&disk))
		return;
	if (!block->Media || block->Media->BlockSize < SECTOR) {
		lacks = "its medium has odd blocks";
		return;
	}
	if (!take_path(path)) {
		lacks = "Loam has no driver for the medium that it is on";
		return;
	}
	fat.size = (u64)(block->Media->LastBlock + 1) * block->Media->BlockSize;
	fat.read = read_volume;
	lacks = fat_open(&fat);
	medium.known = true;
	*m = medium;
}

/* -- Files ------------------------------------------------------------------------- */

static int fail(const char **why, const char *what)
{
	*why = what;
	return -ERR_INVAL;
}

/* Byte of the volume where sector n of the file is. */
static u64 place(const struct boot_extent *e, u64 n)
{
	while (n >= e->count)
		n -= e++->count;
	return (e->start + n) * SECTOR;
}

/* First, last and some other sectors, in order: the firmware follows chains forward only. */
static void choose(u64 sample[SAMPLES], u64 sectors)
{
	u64 x = sectors;

	for (unsigned k = 0; k < SAMPLES; k++) {
		u64 n = k == 0 ? 0 : k == 1 ? sectors - 1 : x % sectors;
		unsigned at = k;

		x = (x ^ sectors << 7) * 0x9e3779b97f4a7c15 >> 3;
		for (; at && sample[at - 1] > n; at--)
			sample[at] = sample[at - 1];
		sample[at] = n;
	}
}

/* The firmware must read there what the volume has. */
static const char *compare(const struct boot_extent *e, u64 sectors)
{
	static u8 ours[SECTOR], theirs[SECTOR];
	u64 sample[SAMPLES];

	choose(sample, sectors);
	for (unsigned k = 0; k < SAMPLES; k++) {
		u64 n = sample[k];

		if (read_volume(NULL, place(e, n), ours, SECTOR) ||
		    efi_file_read_at(n * SECTOR, theirs, SECTOR))
			return "the file could not be read";
		if (memcmp(ours, theirs, SECTOR))
			return "the firmware reads something else than what the volume has there";
	}
	return NULL;
}

/* Its extents in e, `count` of them, ending with its last sector. */
static const char *extents_of(struct boot_extent *e, unsigned *count, u64 size)
{
	static struct boot_extent sorted[EXTENTS_MAX];
	struct fat_file file;
	const char *why = fat_find(&fat, (const u16 *)efi_file_path(), &file);
	u64 left = size / SECTOR;

	if (!why && file.size != size)
		why = "the firmware tells another size than the volume";
	if (!why)
		why = fat_extents(&fat, &file, e, EXTENTS_MAX, count);
	if (why)
		return why;
	memcpy(sorted, e, *count * sizeof(*e));
	why = fat_check_shared(&fat, &file, sorted, *count);
	for (unsigned k = 0; k < *count && !why; k++) {
		e[k].count = e[k].count < left ? e[k].count : left;
		left -= e[k].count;
	}
	return why ? why : compare(e, size / SECTOR);
}

int efi_medium_in_place(struct boot_file *f, u64 size, const char **why)
{
	static struct boot_extent found[EXTENTS_MAX];
	unsigned count;

	*why = lacks;
	if (lacks)
		return -ERR_NOENT;
	if (block->Media->ReadOnly && !f->readonly)
		return fail(why, "its medium can only be read: write ,ro or ,ram after the name");
	*why = extents_of(found, &count, size);
	if (*why)
		return -ERR_INVAL;
	f->extents = efi_claim_any(count * sizeof(*found));
	if (!f->extents)
		return fail(why, "the firmware has no memory left");
	memcpy((void *)f->extents, found, count * sizeof(*found));
	f->extent_count = count;
	return 0;
}
