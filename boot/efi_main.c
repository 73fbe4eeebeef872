/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loam.efi: puts the kernel image that it carries where it is linked for,
		loads what loam.cfg names,
 * describes the machine, leaves boot services and jumps. Nothing of it lives on after that.
 * Invariant: whatever is wrong ends in one message, all memory given back, and a return to the
 * firmware, before boot services are left.
 */
#include "boot/efi_loader.h"

#include <string.h>

#include "boot/host_board.h"
#include "boot/hostcpu.h"
#include "boot/image.h"
#include "boot/load.h"
#include "boot/message.h"
#include "dbt/sys/cpuid.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

enum { OPTIONS_MAX = BOOT_CMDLINE_MAX + 1024 };

EFI_HANDLE efi_self;
EFI_SYSTEM_TABLE *efi_system;
EFI_BOOT_SERVICES *efi_boot;

/* -- The kernel image -- */

/* Returns its entry, or 0 after a message. */
static u64 place_kernel(void)
{
	const struct image_header *h = (const void *)efi_image;
	size_t carried = (size_t)(efi_image_end - efi_image);
	char text[200];
	struct message m;

	message_init(&m, text, sizeof(text));
	if (carried < sizeof(*h) || h->magic != IMAGE_MAGIC || h->file_size > carried) {
		efi_print("Loam: the kernel image inside loam.efi is damaged\n");
		return 0;
	}
	if (!efi_claim(h->load, h->memory_size)) {
		memcpy((void *)h->load, efi_image, h->file_size);
		return h->entry;
	}
	message_add(&m, "Loam: the kernel must lie at ");
	message_hex(&m, h->load);
	message_add(&m, " and takes ");
	message_size(&m, h->memory_size);
	message_add(&m, ": the firmware does not have all of that free");
	if (efi_type_at(h->load) >= 0) {
		message_add(&m, " (UEFI memory type ");
		message_number(&m, (u64)efi_type_at(h->load));
		message_add(&m, ")");
	}
	message_add(&m, "\n");
	efi_print(text);
	return 0;
}

/* -- Configuration -- */

static int check_cpu_model(const char *text, char *reason, struct check_cpu *out)
{
	struct cpu_model model;
	int rc = cpuid_configure(&model, text, reason);

	*out = (struct check_cpu){ 0 };
	if (!rc)
		*out = (struct check_cpu){ cpuid_reach(&model), cpuid_long_mode(&model) };
	return rc;
}

static void *pointer(u64 start) { return (void *)start; }

/* Leave out a first word that a shell put there: the name of the program. */
static const char *skip_program(const char *options)
{
	size_t n = strcspn(options, " ");

	if (n < 4 || strcspn(options, "=") < n)
		return options;
	return strncmp(options + n - 4, ".efi", 4) && strncmp(options + n - 4, ".EFI", 4) ?
	       options : options + n;
}

/* Load options as ASCII in `to`. Returns where they begin, or NULL after a message. */
static const char *read_options(const EFI_LOADED_IMAGE *loaded, char to[OPTIONS_MAX])
{
	const CHAR16 *from = loaded->LoadOptions;
	size_t size = from ? loaded->LoadOptionsSize / sizeof(CHAR16) : 0, n = 0;

	for (; n < size && from[n]; n++) {
		if (n + 1 >= OPTIONS_MAX) {
			efi_print("Loam: load options: too long\n");
			return NULL;
		}
		if (from[n] < ' ' || from[n] > '~') {
			efi_print("Loam: load options that are no plain text are left out\n");
			n = 0;
			break;
		}
		to[n] = (char)from[n];
	}
	to[n] = 0;
	return skip_program(to);
}

/* Returns false after a message. */
static bool load(const EFI_LOADED_IMAGE *loaded, struct boot_info *info)
{
	const struct load_source source = {
		" beside loam.efi", efi_file_open, efi_file_read, efi_file_close, efi_maps,
		efi_claim, pointer, efi_medium_in_place, efi_device_wrong, efi_print,
		check_cpu_model, info->core_count ? info->core_count : 1,
	};
	static char options[OPTIONS_MAX];
	const char *given = read_options(loaded, options);
	struct config_error e;
	char text[sizeof(e) + 32];
	struct message m;

	if (!given)
		return false;
	efi_file_init(loaded);
	efi_medium_find(&info->medium);
	if (!load_all(&source, given, &info->config, &e))
		return true;
	message_init(&m, text, sizeof(text));
	message_add(&m, "Loam: ");
	message_add(&m, e.file);
	if (e.line) {
		message_add(&m, ":");
		message_number(&m, e.line);
	}
	message_add(&m, ": ");
	message_add(&m, e.reason);
	message_add(&m, "\n");
	efi_print(text);
	return false;
}

/* For whoever looks at why a console or a screen stays silent. */
static void tell_machine(const struct boot_info *info)
{
	char text[160];
	struct message m;

	message_init(&m, text, sizeof(text));
	message_add(&m, "Loam: console at ");
	message_hex(&m, info->uart);
	message_add(&m, ", ACPI at ");
	message_hex(&m, info->acpi_rsdp);
	message_add(&m, info->fb.start ? ", frame buffer " : ", no frame buffer");
	if (info->fb.start) {
		message_number(&m, info->fb.width);
		message_add(&m, "x");
		message_number(&m, info->fb.height);
		message_add(&m, " at ");
		message_hex(&m, info->fb.start);
	}
	message_add(&m, "\n");
	efi_print(text);
}

/* All that can fail. Fills *info and returns the kernel's entry, or 0 after a message. */
static u64 prepare(const EFI_LOADED_IMAGE *loaded, struct boot_info **info)
{
	const char *lacks = hostcpu_lacks();
	u64 entry;

	if (lacks) {
		efi_print("Loam: this CPU lacks what Loam needs: ");
		efi_print(lacks);
		efi_print("\n");
		return 0;
	}
	entry = place_kernel();
	if (!entry)
		return 0;
	*info = (void *)efi_claim_any(sizeof(**info));
	if (!*info) {
		efi_print("Loam: the firmware has no memory left\n");
		return 0;
	}
	(*info)->uart = BOARD_UART;
	efi_tables_read(*info);
	tell_machine(*info);
	return load(loaded, *info) ? entry : 0;
}

/* Called by gnu-efi's start code, with the program relocated. */
EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);
/* The firmware's random numbers, if it has any (UEFI 2.10, 37.5). */
static void take_seed(struct boot_info *info)
{
	static EFI_GUID id = EFI_RNG_PROTOCOL_GUID;
	EFI_RNG_PROTOCOL *rng;

	if (!efi_boot->LocateProtocol(&id, NULL, (void **)&rng) &&
	    !rng->GetRNG(rng, NULL, sizeof(info->seed), info->seed))
		info->seed_size = sizeof(info->seed);
}

EFI_STATUS _entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	static EFI_GUID loaded_id = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	EFI_LOADED_IMAGE *loaded = NULL;
	struct boot_info *info;
	u64 entry;

	efi_self = image;
	efi_system = table;
	efi_boot = table->BootServices;
	efi_boot->SetWatchdogTimer(0, 0, 0, NULL);	/* large files may take minutes */
	efi_print("\nLoam: loading\n");
	if (efi_boot->HandleProtocol(image, &loaded_id, (void **)&loaded))
		return EFI_LOAD_ERROR;
	entry = prepare(loaded, &info);
	if (entry)
		take_seed(info);
	if (entry && !efi_leave(image, info))
		efi_jump((u64)info, entry);
	if (entry)
		efi_print("Loam: the firmware does not let boot services be left\n");
	else
		efi_release();
	efi_print("Loam: back to the firmware\n");
	return EFI_LOAD_ERROR;
}
