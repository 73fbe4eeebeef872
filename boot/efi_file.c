/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of the volume that loam.efi was started from. A firmware that was handed loam.efi in memory
 * (QEMU's -kernel) has no such volume: then the first one with loam.cfg, in its root or in
 * EFI/BOOT, is taken. Invariant: one file is open at a time.
 */
#include "boot/efi_loader.h"

#include <string.h>

#include "boot/load.h"
#include "kernel/lib/err.h"

enum { PATH_MAX = 512 };

static EFI_GUID volume_id = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_FILE_HANDLE root, file;
static EFI_HANDLE volume_handle;
static CHAR16 opened[PATH_MAX];		/* the open file's path */
static CHAR16 folder[PATH_MAX];		/* with the final backslash; empty: the root */

/* folder + name, with backslashes. Returns the length, 0 if it does not fit. */
static size_t make_path(CHAR16 *path, const char *name)
{
	size_t n = 0, end;

	for (; folder[n]; n++)
		path[n] = folder[n];
	end = n + efi_ucs2(path + n, PATH_MAX - n, name);
	for (size_t k = n; k < end; k++)
		if (path[k] == '/')
			path[k] = '\\';
	if (path[n] == '\\')		/* from the root of the volume */
		memmove(path, path + n, (end - n + 1) * sizeof(CHAR16));
	return end + 1 < PATH_MAX ? end : 0;
}

int efi_file_open(const char *name, u64 *size)
{
	static EFI_GUID info_id = EFI_FILE_INFO_ID;
	static union { EFI_FILE_INFO info; CHAR16 room[PATH_MAX]; } u;
	UINTN info_size = sizeof(u);
	EFI_STATUS status;

	if (!root || !make_path(opened, name))
		return -ERR_NOENT;
	status = root->Open(root, &file, opened, EFI_FILE_MODE_READ, 0);
	if (status)
		return status == EFI_NOT_FOUND ? -ERR_NOENT : -ERR_IO;
	status = file->GetInfo(file, &info_id, &info_size, &u);
	if (!status && !(u.info.Attribute & EFI_FILE_DIRECTORY)) {
		*size = u.info.FileSize;
		return 0;
	}
	efi_file_close();
	return status ? -ERR_IO : -ERR_INVAL;
}

int efi_file_read(void *to, u64 size)
{
	while (size) {
		UINTN n = size;

		if (file->Read(file, &n, to) || !n)
			return -ERR_IO;
		to = (char *)to + n;
		size -= n;
	}
	return 0;
}

void efi_file_close(void)
{
	file->Close(file);
	file = NULL;
}

EFI_HANDLE efi_file_volume(void) { return root ? volume_handle : NULL; }
const CHAR16 *efi_file_path(void) { return opened; }

int efi_file_read_at(u64 at, void *to, u64 size)
{
	return file->SetPosition(file, at) ? -ERR_IO : efi_file_read(to, size);
}

static EFI_FILE_HANDLE open_volume(EFI_HANDLE device)
{
	EFI_FILE_IO_INTERFACE *volume;
	EFI_FILE_HANDLE found;

	if (efi_boot->HandleProtocol(device, &volume_id, (void **)&volume) ||
	    volume->OpenVolume(volume, &found))
		return NULL;
	return found;
}

/* Does the volume's folder have loam.cfg? Makes them the ones in use if so. */
static bool try_folder(EFI_FILE_HANDLE volume, const char *name)
{
	u64 size;

	root = volume;
	efi_ucs2(folder, PATH_MAX, name);
	if (efi_file_open(LOAD_CONFIG, &size))
		return false;
	efi_file_close();
	return true;
}

static bool search_volumes(void)
{
	EFI_HANDLE *handles;
	UINTN count = 0;
	bool found = false;

	if (efi_boot->LocateHandleBuffer(ByProtocol, &volume_id, NULL, &count,
				   &handles))
		return false;
	for (UINTN k = 0; k < count && !found; k++) {
		EFI_FILE_HANDLE volume = open_volume(handles[k]);

		if (!volume)
			continue;
		volume_handle = handles[k];
		found = try_folder(volume, "") || try_folder(volume, "EFI\\BOOT\\");
		if (!found) {
			volume->Close(volume);
			root = NULL;
		}
	}
	efi_boot->FreePool(handles);
	return found;
}

/* Have drivers bound to every device: a firmware that boots from memory has not done so. */
static void connect_devices(void)
{
	EFI_HANDLE *handles;
	UINTN count = 0;

	if (efi_boot->LocateHandleBuffer(AllHandles, NULL, NULL, &count, &handles))
		return;
	for (UINTN k = 0; k < count; k++)
		efi_boot->ConnectController(handles[k], NULL, NULL, TRUE);
	efi_boot->FreePool(handles);
}

/* Is the device a piece of the firmware's own, not a disk? */
static bool is_in_memory(EFI_HANDLE device)
{
	static EFI_GUID path_id = EFI_DEVICE_PATH_PROTOCOL_GUID;
	EFI_DEVICE_PATH *path;

	return efi_boot->HandleProtocol(device, &path_id, (void **)&path) ||
	       DevicePathType(path) == MEDIA_DEVICE_PATH;
}

/* The folder part of the device path nodes that name loam.efi. */
static void set_folder(EFI_DEVICE_PATH *path)
{
	size_t n = 0, end = 0;

	for (; path && !IsDevicePathEnd(path); path = NextDevicePathNode(path)) {
		const CHAR16 *name = ((FILEPATH_DEVICE_PATH *)path)->PathName;
		size_t size = DevicePathNodeLength(path) - sizeof(*path);

		if (DevicePathType(path) != MEDIA_DEVICE_PATH ||
		    DevicePathSubType(path) != MEDIA_FILEPATH_DP)
			continue;
		if (n && folder[n - 1] != '\\' && n < PATH_MAX - 1)
			folder[n++] = '\\';
		for (size_t k = 0; k < size / 2 && name[k] && n < PATH_MAX - 1; k++)
			folder[n++] = name[k];
	}
	for (size_t k = 0; k < n; k++)
		if (folder[k] == '\\')
			end = k + 1;
	folder[end] = 0;
}

void efi_file_init(const EFI_LOADED_IMAGE *loaded)
{
	EFI_HANDLE device = loaded->DeviceHandle;

	if (device && !is_in_memory(device)) {
		root = open_volume(device);
		volume_handle = device;
		set_folder(loaded->FilePath);
		return;
	}
	if (!search_volumes()) {
		connect_devices();
		search_volumes();
	}
}
