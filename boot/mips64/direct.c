/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct boot on MIPS64: LEFI boot parameters, as QEMU's -kernel and Loongson's firmware give them:
 * a0 arguments in a1 (32-bit pointers), the parameters in a2. Arguments after the first are the
 * load options; rd_start= and rd_size= among them name an initrd, which is a cpio archive ("newc")
 * of loam.cfg and the files that it names. Without one, the options are the whole configuration.
 */
#include "boot/direct.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/mips64/cpio.h"
#include "boot/mips64/lefi.h"
#include "kernel/arch.h"
#include "kernel/lib/err.h"

#define OPTIONS_MAX 512
#define ARGS_MAX 64
#define INITRD_MAX (512u << 20)

const char direct_where[] = " in the initrd (a cpio archive)";

/* A loam.cfg for who has none: options over nothing. */
static const char no_config[] = "# no initrd: load options only\n";

static char options[OPTIONS_MAX];
static const u8 *lefi;
static const u8 *initrd;
static u64 initrd_size;
static const u8 *open_data;	/* the open file's bytes not read yet */
static u64 open_left;

/* Addresses come as kseg0 or kseg1 pointers of 32 bits, sign-extended, or as xkphys. */
static const void *pointer(u64 address)
{
	u64 low = address & 0x1fffffff;

	return phys_ptr(hpa((u32)(address >> 32) == 0xffffffff ? low : address & 0xffffffffffff));
}

static void option_add(const char *text, size_t size)
{
	size_t used = strlen(options);

	if (used + size + 2 <= sizeof(options))
		sniprintf(options + used, sizeof(options) - used, "%s%.*s", used ? " " : "",
			  (int)size, text);
}

/* One word of the command line: the initrd's place, or an option. Quotes hold words together. */
static void take_word(const char *word, size_t size)
{
	if (!strncmp(word, "rd_start=", 9))
		initrd = pointer(strtoull(word + 9, NULL, 0));
	else if (!strncmp(word, "rd_size=", 8))
		initrd_size = strtoull(word + 8, NULL, 0);
	else
		option_add(word, size);
}

static void take_argument(const char *text)
{
	while (*text) {
		bool quoted = false;
		size_t size = 0;

		text += strspn(text, " ");
		for (; text[size] && (quoted || text[size] != ' '); size++)
			quoted ^= text[size] == '"';
		if (size)
			take_word(text, size);
		text += size;
	}
}

const char *direct_find(const u64 args[DIRECT_ARGS], struct boot_info *info)
{
	const s32 *argv = pointer(args[1]);
	const char *wrong;

	if (!args[2])
		return "no LEFI boot parameters";
	lefi = pointer(args[2]);
	if ((wrong = lefi_check(lefi)))
		return wrong;
	for (u64 n = 1; n < args[0] && n < ARGS_MAX; n++)
		take_argument(pointer((u64)(s64)argv[n]));
	if (!initrd || initrd_size > INITRD_MAX)
		initrd_size = 0;
	info->cpu_hz = lefi_cpu_hz(lefi);
	if (lefi_uart(lefi))
		info->uart = lefi_uart(lefi);
	return NULL;
}

const char *direct_memory(void (*add)(u64 start, u64 end))
{
	struct lefi_memory m;

	for (unsigned n = 0; lefi_memory(lefi, n, &m); n++)
		if (m.is_ram && m.size)
			add(m.start, m.start + m.size);
	return NULL;
}

void direct_reserve(void (*keep)(u64 start, u64 size))
{
	if (initrd_size)
		keep(ptr_phys(initrd).a, initrd_size);
}

const char *direct_options(void) { return options; }

int direct_open(const char *name, u64 *size)
{
	int rc = 0;

	if (initrd_size) {
		rc = cpio_find(initrd, initrd_size, name, &open_data, &open_left);
	} else if (!strcmp(name, "loam.cfg")) {
		open_data = (const u8 *)no_config;
		open_left = sizeof(no_config) - 1;
	} else {
		rc = -ERR_NOENT;
	}
	*size = rc ? 0 : open_left;
	return rc;
}

int direct_read(void *to, u64 size)
{
	if (size > open_left)
		return -ERR_IO;
	memcpy(to, open_data, size);
	open_data += size;
	open_left -= size;
	return 0;
}
