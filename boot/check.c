/* SPDX-License-Identifier: BSD-2-Clause */
/* See check.h. Invariant: no byte of a file is looked at before its size was checked for it. */
#include "boot/check.h"

#include <stdarg.h>
#include <string.h>

#include "boot/demand.h"
#include "boot/message.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

enum { KIB = 1024, MIB = 1024 * 1024, SECTOR = 512, CD_SECTOR = 2048 };
enum { FIRMWARE_MAX = 16 * MIB, FIRMWARE_UNIT = 64 * KIB };
#define LINUX_MAX 0xffffffffull		/* kernel and initrd: the protocol's sizes have 32 bits */
#define LOW_RAM_MAX DEMAND_RAM_LOW
#define FOUR_GIB (4ull << 30)

/* Offsets in a bzImage (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header"). */
enum { HDR_SETUP_SECTS = 0x1f1, HDR_SYSSIZE = 0x1f4, HDR_BOOT = 0x1fe, HDR_MAGIC = 0x202,
	HDR_VERSION = 0x206, HDR_FLAGS = 0x211, HDR_INITRD_MAX = 0x22c, HDR_END = 0x230,
	HDR_XLOADFLAGS = 0x236 };
enum { LOADED_HIGH = 1, VERSION_MIN = 0x203, VERSION_SYSSIZE = 0x204,
	VERSION_XLOADFLAGS = 0x20c, KERNEL_64 = 1,
	PARAGRAPH = 16, KERNEL_ADDR = MIB, RAM_MIN = 16 * MIB };
enum { FIRMWARE_TABLES = 256 * KIB };	/* SeaBIOS's own, at the top of RAM */

static void begin(struct message *m, struct config_error *err, const struct config_source *s,
		  const char *key, const char *value)
{
	config_where(s, key, err);
	message_init(m, err->reason, sizeof(err->reason));
	message_add(m, key);
	message_add(m, value ? " = " : ": ");
	if (value) {
		message_add(m, value);
		message_add(m, ": ");
	}
}

int check_fail(struct config_error *err, const struct config_source *s, const char *key,
	       const char *value, ...)
{
	struct message m;
	const char *part;
	va_list parts;

	begin(&m, err, s, key, value);
	va_start(parts, value);
	while ((part = va_arg(parts, const char *)))
		message_add(&m, part);
	va_end(parts);
	return -ERR_INVAL;
}

int check_fail_size(struct config_error *err, const struct config_source *s, const char *key,
		    const char *value, const char *before, u64 bytes, const char *after)
{
	struct message m;

	begin(&m, err, s, key, value);
	message_add(&m, before);
	message_size(&m, bytes);
	message_add(&m, after);
	return -ERR_INVAL;
}

/* Are all names in the list consoles that kernel/machine/guest.c knows? How many are COM ports? */
static bool is_console(const char *list, unsigned *coms)
{
	static const char *const known[] = { "com1", "com2", "debug", "log", "none" };

	for (size_t size; *list; list += size + (list[size] == ',')) {
		unsigned k = 0;

		size = strcspn(list, ",");
		while (k < ARRAY_LEN(known) &&
		       (strlen(known[k]) != size || memcmp(known[k], list, size)))
			k++;
		if (k == ARRAY_LEN(known))
			return false;
		*coms += !memcmp(known[k], "com", 3);
	}
	return true;
}

/* Is the one the other, or a partition of it? Names of files are as FAT has them, without case. */
static bool overlap(const struct boot_file *a, const struct boot_file *b)
{
	size_t k = 0, la = strlen(a->name), lb = strlen(b->name);

	while (k < la && k < lb && ((a->name[k] ^ b->name[k]) & (a->device ? 0xff : 0xdf)) == 0)
		k++;
	if (k == la && k == lb)
		return a->device == b->device;
	return a->device && b->device &&
	       ((k == la && b->name[k] == 'p') || (k == lb && a->name[k] == 'p'));
}

static bool on_ide(const struct boot_file *f) { return f->name[0] && f->attach == BOOT_IDE; }

/* Two disks that are one, and of which one is written. */
static int check_same(const struct boot_config *c, const struct config_source *s,
		      struct config_error *err)
{
	static const char key[][8] = { "disk0", "disk1", "disk2", "disk3", "cdrom" };
	_Static_assert(ARRAY_LEN(key) == BOOT_DISKS + 1, "a name for each");

	for (unsigned k = 0; k < ARRAY_LEN(key); k++)
		for (unsigned n = 0; n < k; n++) {
			const struct boot_file *a = &c->disk[n];
			const struct boot_file *b = k < BOOT_DISKS ? &c->disk[k] : &c->cdrom;

			if (!a->name[0] || !b->name[0] || !overlap(a, b) ||
			    (a->readonly && b->readonly))
				continue;
			return check_fail(err, s, key[k], b->name, "it is ", key[n], "'s already",
					  NULL);
		}
	return 0;
}

int check_config(const struct boot_config *c, const struct config_source *s, check_cpu_fn *cpu,
		 struct config_error *err)
{
	char reason[96] = "";
	unsigned coms = 0;
	struct check_cpu model;

	if (!is_console(c->console, &coms))
		return check_fail(err, s, "console", c->console,
				  "only com1, com2, debug, log and none are known", NULL);
	if (coms > 1)
		return check_fail(err, s, "console", c->console,
				  "one of com1 and com2 can have the keys that are typed", NULL);
	if (cpu(c->cpu, reason, &model))	/* its text begins with "cpu: " */
		return check_fail(err, s, "cpu", c->cpu,
				  reason + (strncmp(reason, "cpu: ", 5) ? 0 : 5), NULL);
	if (c->selftest[0])
		return 0;
	if (c->memory > LOW_RAM_MAX && c->memory - LOW_RAM_MAX + FOUR_GIB > model.reach)
		return check_fail_size(err, s, "memory", NULL, "", c->memory,
				       " are more than this CPU model reaches: it has 3072 MiB");
	if (!c->firmware.name[0])
		return check_fail(err, s, "firmware", NULL,
				"not given, a guest cannot start without",
				  NULL);
	if (c->cdrom.name[0] && on_ide(&c->disk[2]) && on_ide(&c->disk[3]))
		return check_fail(err, s, "cdrom", c->cdrom.name,
				  "disk2 and disk3 leave no place for it", NULL);
	if (check_same(c, s, err))
		return -ERR_INVAL;
	if (c->initrd.name[0] && !c->kernel.name[0])
		return check_fail(err, s, "initrd", c->initrd.name,
				  "there is no kernel = that would use it", NULL);
	return 0;
}

int check_cpus(const struct boot_config *c, const struct config_source *s, unsigned cores,
	       struct config_error *err)
{
	struct message m;

	if (c->cpus <= cores)
		return 0;
	begin(&m, err, s, "cpus", NULL);
	message_number(&m, c->cpus);
	message_add(&m, " are more than the board has cores: ");
	message_number(&m, cores);
	return -ERR_INVAL;
}

void check_default_cpus(struct boot_config *c, unsigned cores, const struct memory_map *m)
{
	if (c->cpus)
		return;
	c->cpus = cores < BOOT_CORES_MAX ? cores : BOOT_CORES_MAX;
	while (c->cpus > 1 && memory_lacks(m, c))
		c->cpus--;
}

int check_size(const struct config_source *s, const char *key, const char *name, u64 size,
	       struct config_error *err)
{
	bool firmware = !strcmp(key, "firmware"), cd = !strcmp(key, "cdrom");

	if (!size)
		return check_fail(err, s, key, name, "the file is empty (0 bytes)", NULL);
	if (firmware && (size % FIRMWARE_UNIT || size > FIRMWARE_MAX))
		return check_fail_size(err, s, key, name, "wrong size for firmware: ", size,
				       ", not a multiple of 64 KiB up to 16 MiB");
	if (!strncmp(key, "disk", 4) && size % SECTOR)
		return check_fail(err, s, key, name, "the size of a disk must be a multiple of "
				  "512 bytes", NULL);
	if (cd && size % CD_SECTOR)
		return check_fail(err, s, key, name, "the size of a CD must be a multiple of "
				  "2048 bytes", NULL);
	if ((!strcmp(key, "kernel") || !strcmp(key, "initrd")) && size > LINUX_MAX)
		return check_fail_size(err, s, key, name, "file too large: ", size, "");
	return 0;
}

static u32 get32(const u8 *p) { return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24; }

static unsigned version(const u8 *k) { return k[HDR_VERSION] | k[HDR_VERSION + 1] << 8; }

/* Bytes of the boot sector and the set-up code. */
static u64 setup_size(const u8 *k)
{
	return ((k[HDR_SETUP_SECTS] ? k[HDR_SETUP_SECTS] : 4) + 1ull) * SECTOR;
}

/* What is wrong with the file as a bzImage, or NULL. */
static const char *bad_bzimage(const u8 *k, u64 size)
{
	if (size < HDR_END || k[HDR_BOOT] != 0x55 || k[HDR_BOOT + 1] != 0xaa)
		return "not a bzImage (no boot sector signature)";
	if (memcmp(k + HDR_MAGIC, "HdrS", 4))
		return "not a bzImage (no set-up header)";
	if (version(k) < VERSION_MIN)
		return "its boot protocol is older than 2.03";
	if (!(k[HDR_FLAGS] & LOADED_HIGH))
		return "a zImage, not a bzImage (not loaded high)";
	return setup_size(k) < size ? NULL : "truncated: shorter than its set-up code";
}

/*
 * Is all there that the header promises? Before 2.04 the field is too narrow to tell. It counts
 * paragraphs, and the last one need not be whole in the file.
 */
static int check_whole(const struct boot_config *c, const struct config_source *s, const u8 *k,
		       struct config_error *err)
{
	u64 whole = setup_size(k) + (u64)get32(k + HDR_SYSSIZE) * PARAGRAPH;
	struct message m;

	if (version(k) < VERSION_SYSSIZE || c->kernel.size + PARAGRAPH > whole)
		return 0;
	begin(&m, err, s, "kernel", c->kernel.name);
	message_add(&m, "truncated: ");
	message_number(&m, c->kernel.size);
	message_add(&m, " of ");
	message_number(&m, whole);
	message_add(&m, " bytes");
	return -ERR_INVAL;
}

int check_kernel(const struct boot_config *c, const struct config_source *s, const void *image,
		 struct config_error *err)
{
	const u8 *k = image;
	const char *wrong = bad_bzimage(k, c->kernel.size);
	u64 ram = c->memory < LOW_RAM_MAX ? c->memory : LOW_RAM_MAX;
	u64 top, need = KERNEL_ADDR + c->kernel.size;

	if (wrong)
		return check_fail(err, s, "kernel", c->kernel.name, wrong, NULL);
	if (check_whole(c, s, k, err))
		return -ERR_INVAL;
	if (ram < RAM_MIN)
		return check_fail_size(err, s, "memory", NULL, "", c->memory,
				       " are too little for a Linux kernel, it needs 16 MiB");
	top = get32(k + HDR_INITRD_MAX) + 1ull;
	if (top > ram - FIRMWARE_TABLES)
		top = ram - FIRMWARE_TABLES;
	if (need > top)
		return check_fail_size(err, s, "kernel", c->kernel.name,
				       "too large for the guest's memory of ", c->memory, "");
	if (c->initrd.size && (c->initrd.size > top || align_down(top - c->initrd.size,
			4096) < need))
		return check_fail_size(err, s, "initrd", c->initrd.name,
				       "too large for the guest's memory of ", c->memory, "");
	return 0;
}

/* The set-up code is at least two sectors, so the field is there. */
int check_kernel_cpu(const struct boot_config *c, const struct config_source *s, const void *image,
		     check_cpu_fn *cpu, struct config_error *err)
{
	const u8 *k = image;
	struct check_cpu model;
	char reason[96];

	if (version(k) < VERSION_XLOADFLAGS || !(k[HDR_XLOADFLAGS] & KERNEL_64) ||
	    cpu(c->cpu, reason, &model) || model.long_mode)
		return 0;
	return check_fail(err, s, "kernel", c->kernel.name, "it is for 64-bit CPUs only, and "
			  "cpu = ", c->cpu, " is none", NULL);
}

int check_memory(const struct boot_config *c, const struct config_source *s,
		 const struct memory_map *m, struct config_error *err)
{
	const char *lacks = memory_lacks(m, c);
	bool cache = lacks && !strcmp(lacks, "code_cache");
	u64 asked = cache ? c->code_cache : c->memory;
	struct message t;

	if (!lacks)
		return 0;
	begin(&t, err, s, lacks, NULL);
	message_add(&t, "not enough memory for ");
	if (!strcmp(lacks, "cpus")) {
		message_number(&t, c->cpus);
		message_add(&t, " CPUs");
	} else {
		message_size(&t, asked ? asked : DEMAND_CODE_CACHE);
		message_add(&t, cache ? " below 128 MiB" : asked > DEMAND_RAM_PIECE ?
			    " in pieces of 1024 MiB" : " in one piece");
	}
	message_add(&t, " beside Loam and the files: ");
	message_size(&t, memory_free(m));
	message_add(&t, " are free, the largest piece has ");
	message_size(&t, memory_largest(m));
	return -ERR_NOMEM;
}
