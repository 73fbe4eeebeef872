/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the EFI loader share. Compiled for loam.efi only; nothing of it is in the
 * kernel image. Invariant: while boot services last, every page claimed is in the list that
 * efi_release gives back.
 */
#ifndef BOOT_EFI_LOADER_H
#define BOOT_EFI_LOADER_H

#include <efi.h>

#include "boot/boot_info.h"
#include "boot/memory.h"

extern EFI_HANDLE efi_self;		/* this program */
extern EFI_SYSTEM_TABLE *efi_system;
extern EFI_BOOT_SERVICES *efi_boot;

/* -- efi_console.c -- */

/* Print UTF-8 text on the firmware's console; \n begins a new line. */
void efi_print(const char *text);

/* UTF-8 to UCS-2 with a final 0, cut at `room` characters. Returns the length without the 0. */
size_t efi_ucs2(CHAR16 *to, size_t room, const char *text);

/* -- efi_file.c: the volume with loam.cfg -- */

/* Find the volume and folder. Later opens say -ERR_NOENT if there is none. */
void efi_file_init(const EFI_LOADED_IMAGE *loaded);
/* As struct load_source (boot/load.h) wants them. */
int efi_file_open(const char *name, u64 *size);
int efi_file_read(void *to, u64 size);
void efi_file_close(void);

/* The volume's device; NULL if there is none. */
EFI_HANDLE efi_file_volume(void);
/* The whole path of the open file on it. */
const CHAR16 *efi_file_path(void);
/* Bytes of the open file from anywhere in it. 0 or -ERR_IO. */
int efi_file_read_at(u64 at, void *to, u64 size);

/* -- efi_medium.c: the disk that the volume is on -- */

/* Find it among what Loam has drivers for, after efi_file_init. m->known tells. */
void efi_medium_find(struct boot_medium *m);
/* As struct load_source (boot/load.h) wants it. */
int efi_medium_in_place(struct boot_file *f, u64 size, const char **why);

/* Which of Loam's drivers is for this function: 'v', 'n', 's' as their disks' names begin; or 0. */
char efi_pci_kind(EFI_PCI_IO_PROTOCOL *pci);

/* -- efi_devices.c: disks of the host by name -- */

/* As struct load_source (boot/load.h) wants it. */
const char *efi_device_wrong(const struct boot_file *f);

/* -- efi_memory.c -- */

/* Pages for good, at this address: 0 or -ERR_NOMEM. */
int efi_claim(u64 start, u64 size);
/* Pages for good, zeroed, anywhere; 0 if there are none. */
u64 efi_claim_any(u64 size);
void efi_release(void);
/* What can be claimed now, and what the kernel could have once boot services are left. */
void efi_maps(struct memory_map *now, struct memory_map *later);
/* The firmware's type of the memory at this address (UEFI 2.10, 7.2); -1 none. */
int efi_type_at(u64 address);
/*
 * Leave boot services and put the final map into info. Returns 0, or -ERR_IO if the firmware
 * refuses; after that nothing of the firmware but returning to it may be used.
 */
int efi_leave(EFI_HANDLE image, struct boot_info *info);

/* -- efi_tables.c -- */

/* ACPI root, console UART (`uart` of info stays if SPCR names none) and frame buffer. */
void efi_tables_read(struct boot_info *info);

/* -- efi_image.S, HOST/efi_jump.S -- */

extern const char efi_image[], efi_image_end[];

/* Interrupts off, instruction fetch sees what was written; to the kernel's entry (boot/image.h). */
__attribute__((noreturn)) void efi_jump(u64 info, u64 entry);

#endif
