/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firmware describes by tables: ACPI's root, the console's UART (Microsoft's Serial
 * Port Console Redirection table, through ACPI), the cores (MADT) and a linear frame buffer (UEFI
 * 2.10, 12.9). Not a parser of ACPI beyond that. Invariant: no table is read past the length it
 * states.
 */
#include "boot/efi_loader.h"

#include <string.h>

enum { RSDP_XSDT = 24, TABLE_LENGTH = 4, XSDT_ENTRIES = 36 };
enum { SPCR_TYPE = 36, SPCR_SPACE = 40, SPCR_ADDRESS = 44, SPCR_END = 52 };
/* Multiple APIC Description Table (ACPI 6.5, 5.2.12.20: Core Programmable Interrupt Controller). */
enum { MADT_ENTRIES = 44, MADT_CORE = 17 };
enum { CORE_ID = 7, CORE_FLAGS = 11, CORE_ENABLED = 1, CORE_END = 15 };
enum { SPACE_MEMORY = 0, UART_16550 = 0, UART_16450 = 1, UART_16550_GAS = 0x12 };

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

static const u8 *find_table(const u8 *rsdp, const char *signature)
{
	const u8 *xsdt = (const u8 *)get64(rsdp + RSDP_XSDT);

	if (!xsdt || memcmp(xsdt, "XSDT", 4))
		return NULL;
	for (u32 at = XSDT_ENTRIES; at + 8 <= get32(xsdt + TABLE_LENGTH); at += 8) {
		const u8 *table = (const u8 *)get64(xsdt + at);

		if (table && !memcmp(table, signature, 4))
			return table;
	}
	return NULL;
}

static void read_console(struct boot_info *info, const u8 *rsdp)
{
	const u8 *spcr = find_table(rsdp, "SPCR");
	u8 type;

	if (!spcr || get32(spcr + TABLE_LENGTH) < SPCR_END)
		return;
	type = spcr[SPCR_TYPE];
	if (spcr[SPCR_SPACE] != SPACE_MEMORY || !get64(spcr + SPCR_ADDRESS) ||
	    (type != UART_16550 && type != UART_16450 && type != UART_16550_GAS))
		return;
	info->uart = get64(spcr + SPCR_ADDRESS);
}

static void add_core(struct boot_info *info, const u8 *entry)
{
	if (entry[0] == MADT_CORE && entry[1] >= CORE_END &&
	    get32(entry + CORE_FLAGS) & CORE_ENABLED && info->core_count < BOOT_CORES_MAX)
		info->core[info->core_count++] = (u16)get32(entry + CORE_ID);
}

static void read_cores(struct boot_info *info, const u8 *rsdp)
{
	const u8 *madt = find_table(rsdp, "APIC");
	u32 end = madt ? get32(madt + TABLE_LENGTH) : 0, size;

	for (u32 at = MADT_ENTRIES; at + 2 <= end; at += size) {
		size = madt[at + 1];
		if (size < 2 || size > end - at)
			return;
		add_core(info, madt + at);
	}
}

static bool read_mode(struct boot_framebuffer *fb, const EFI_GRAPHICS_OUTPUT_PROTOCOL *gop)
{
	const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *mode = gop->Mode;
	EFI_GRAPHICS_PIXEL_FORMAT format;

	if (!mode || !mode->Info || !mode->FrameBufferBase)
		return false;
	format = mode->Info->PixelFormat;
	if (format != PixelBlueGreenRedReserved8BitPerColor &&
	    format != PixelRedGreenBlueReserved8BitPerColor)
		return false;
	fb->start = mode->FrameBufferBase;
	fb->width = mode->Info->HorizontalResolution;
	fb->height = mode->Info->VerticalResolution;
	fb->pitch = mode->Info->PixelsPerScanLine * 4;
	fb->format = format == PixelRedGreenBlueReserved8BitPerColor;
	return true;
}

static void read_framebuffer(struct boot_framebuffer *fb)
{
	static EFI_GUID gop_id = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_HANDLE *handles;
	UINTN count = 0;

	if (efi_boot->LocateHandleBuffer(ByProtocol, &gop_id, NULL, &count,
				   &handles))
		return;
	for (UINTN k = 0; k < count; k++) {
		EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;

		if (!efi_boot->HandleProtocol(handles[k], &gop_id,
					(void **)&gop) && read_mode(fb, gop))
			break;
	}
	efi_boot->FreePool(handles);
}

void efi_tables_read(struct boot_info *info)
{
	static const EFI_GUID acpi = ACPI_20_TABLE_GUID;

	for (UINTN k = 0; k < efi_system->NumberOfTableEntries; k++) {
		const EFI_CONFIGURATION_TABLE *t = &efi_system->ConfigurationTable[k];

		if (memcmp(&t->VendorGuid, &acpi, sizeof(acpi)) || !t->VendorTable ||
		    memcmp(t->VendorTable, "RSD PTR ", 8))
			continue;
		info->acpi_rsdp = (u64)t->VendorTable;
		read_console(info, t->VendorTable);
		read_cores(info, t->VendorTable);
	}
	read_framebuffer(&info->fb);
}
