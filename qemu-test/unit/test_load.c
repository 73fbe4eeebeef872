/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Native test of boot/load.c and boot/check.c over a pretended source of files: order, contents,
 * placement, and one message for each fault that can be made here. The same faults meet the real
 * sources in qemu-test/boot/bad.py.
 */
#include "qemu-test/unit/check.h"

#include <stdlib.h>

#include "boot/load.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"

#define MIB (1ull << 20)
#define BASE 0x1000000ull	/* of the memory that is really there */

struct fake { const char *name; const char *data; u64 size; int open_error; u64 read_limit; };

static struct fake files[8];
static unsigned file_count, opens, closes, claims;
static const struct fake *current;
static u64 at;
static char memory[4 * MIB];
static bool refuse_claims;

static int fake_open(const char *name, u64 *size)
{
	for (unsigned k = 0; k < file_count; k++) {
		if (strcmp(files[k].name, name))
			continue;
		if (files[k].open_error)
			return -files[k].open_error;
		current = &files[k];
		at = 0;
		opens++;
		*size = current->size;
		return 0;
	}
	return -ERR_NOENT;
}

static int fake_read(void *to, u64 size)
{
	if (at + size > current->read_limit)
		return -ERR_IO;
	memcpy(to, current->data + at, size);
	at += size;
	return 0;
}

static void fake_close(void)
{
	closes++;
	current = NULL;
}

static void fake_maps(struct memory_map *now, struct memory_map *later)
{
	now->count = later->count = 0;
	memory_add(now, BASE, sizeof(memory) - claims * MIB, BOOT_MEM_FREE);
	memory_add(later, 16 * 4096, 12 * MIB, BOOT_MEM_RESERVED);
	memory_add(later, BASE, 600 * MIB, BOOT_MEM_FREE);
}

static int fake_claim(u64 start, u64 size)
{
	CHECK(start >= BASE && start + size <= BASE + sizeof(memory) - claims * MIB, "claim");
	CHECK_EQ(start % 4096 + size % 4096, 0, "whole pages");
	claims++;
	return refuse_claims ? -ERR_NOMEM : 0;
}

static void *fake_pointer(u64 start) { return memory + (start - BASE); }
static char printed[256];	/* the last text */

static void fake_print(const char *text) { snprintf(printed, sizeof(printed), "%s", text); }

static int fake_cpu(const char *text, char *reason, struct check_cpu *out)
{
	*out = (struct check_cpu){ 1ull << 32, !strcmp(text, "loam") };
	strcpy(reason, "cpu: no such model");
	return strcmp(text, "loam") && strcmp(text, "old") ? -ERR_INVAL : 0;
}

static const char *place_why;
static int place_rc;

static int fake_in_place(struct boot_file *f, u64 size, const char **why)
{
	(void)size;
	*why = place_why;
	f->extent_count = !place_rc;
	return place_rc;
}

static const struct load_source source = {
	" on the moon", fake_open, fake_read, fake_close, fake_maps, fake_claim, fake_pointer,
	fake_in_place, NULL, fake_print, fake_cpu, 4,
};

static void reset(void)
{
	memset(files, 0, sizeof(files));
	file_count = opens = closes = claims = 0;
	refuse_claims = false;
	place_rc = -ERR_NOENT;
	place_why = "there is no medium";
}

static struct fake *put(const char *name, const char *data, u64 size)
{
	files[file_count] = (struct fake){ name, data, size, 0, size };
	return &files[file_count++];
}

static struct boot_config config;
static struct config_error error;

/* Load with this loam.cfg; says how it ended: "" or "file:line: reason". */
static const char *load(const char *text, const char *options)
{
	static char said[512];

	if (text)
		put(LOAD_CONFIG, text, strlen(text));
	int rc = load_all(&source, options, &config, &error);
	CHECK_EQ(opens, closes, "each open has its close");
	if (!rc)
		return "";
	snprintf(said, sizeof(said), "%s:%u: %s", error.file, error.line, error.reason);
	return said;
}

static void check_said(const char *got, const char *want)
{
	CHECK(!strcmp(got, want), want);
	if (strcmp(got, want))
		printf("  got %s\n", got);
}

static char bios[65536], linux_image[16384], initrd[700 * 1024];

static void good_files(void)
{
	reset();
	memset(bios, 0xb1, sizeof(bios));
	memset(linux_image, 0x11, sizeof(linux_image));
	linux_image[0x1f1] = 4;
	memcpy(linux_image + 0x1fe, "\x55\xaa", 2);
	memcpy(linux_image + 0x202, "HdrS\x0c\x02", 6);
	linux_image[0x211] = 1;
	memcpy(linux_image + 0x1f4, "\x60\x03\0\0", 4);	/* paragraphs after 5 sectors */
	memcpy(linux_image + 0x22c, "\xff\xff\xff\x37", 4);
	for (size_t k = 0; k < sizeof(initrd); k++)
		initrd[k] = (char)(k * 7 + (k >> 10));
	put("bios.bin", bios, sizeof(bios));
	put("bzImage", linux_image, sizeof(linux_image));
	put("initrd", initrd, sizeof(initrd));
}

#define GOOD "memory = 32M\nfirmware = bios.bin\nkernel = bzImage\ninitrd = initrd\n"

static void test_good(void)
{
	good_files();
	check_said(load(GOOD, "cmdline=\"a b\" memory=64M"), "");
	CHECK_EQ(config.memory, 64 * MIB, "an option overrides");
	CHECK(!strcmp(config.cmdline, "a b"), "an option adds");
	CHECK_EQ(config.firmware.size, sizeof(bios), "firmware's size");
	CHECK_EQ(config.kernel.size, sizeof(linux_image), "kernel's size");
	CHECK_EQ(config.initrd.size, sizeof(initrd), "initrd's size");
	CHECK(!memcmp(fake_pointer(config.firmware.start), bios, sizeof(bios)), "firmware");
	CHECK(!memcmp(fake_pointer(config.kernel.start), linux_image, sizeof(linux_image)),
	      "kernel");
	CHECK(!memcmp(fake_pointer(config.initrd.start), initrd, sizeof(initrd)),
	      "initrd, read in several pieces");
	CHECK_EQ(opens, 4, "files opened");
	CHECK_EQ(claims, 3, "memory claimed");
	reset();
	check_said(load("selftest = all", ""), "");
	CHECK_EQ(claims, 0, "self-tests need no files");
}

static void test_config_faults(void)
{
	static char big[64 * 1024 + 1];
	struct fake *f;

	reset();
	check_said(load(NULL, ""), "loam.cfg:0: file not found on the moon");
	reset();
	check_said(load("", ""), "loam.cfg:0: the file is empty (0 bytes)");
	reset();
	f = put(LOAD_CONFIG, GOOD, strlen(GOOD));
	f->read_limit = 20;
	check_said(load(NULL, ""),
		   "loam.cfg:0: truncated: it has fewer bytes than its folder says");
	reset();
	put(LOAD_CONFIG, big, sizeof(big));
	check_said(load(NULL, ""), "loam.cfg:0: file too large, at most 64 KiB");
	good_files();
	check_said(load("memory = 32M\nfirmware = bios.b", ""),
		   "loam.cfg:2: the last line has no end: the file is truncated");
	good_files();
	check_said(load(GOOD "cpu = 8086\n", ""), "loam.cfg:5: cpu = 8086: no such model");
	good_files();
	check_said(load(GOOD "console = com1,debug,none\n", ""), "");
	good_files();
	check_said(load(GOOD "console = com1,vga\n", ""), "loam.cfg:5: console = com1,vga: "
		   "only com1, com2, debug, log and none are known");
	good_files();
	check_said(load(GOOD "console = com2,log\n", ""), "");
	good_files();
	check_said(load(GOOD "console = com1,com2\n", ""), "loam.cfg:5: console = com1,com2: "
		   "one of com1 and com2 can have the keys that are typed");
	good_files();
	check_said(load("firmware = bios.bin\ndisk2 = a\ndisk3 = a\ncdrom = b\n", ""),
		   "loam.cfg:4: cdrom = b: disk2 and disk3 leave no place for it");
	good_files();
	check_said(load(GOOD, "cpu=8086"), "load options:0: cpu = 8086: no such model");
	good_files();
	check_said(load("firmware = bios.bin\nmemory = 3073M\n", ""),
		   "loam.cfg:2: memory: 3073 MiB are more than this CPU model reaches: it has 3072 "
		   "MiB");
	good_files();
	check_said(load("memory = 1G\nfirmware = bios.bin\n", ""),
		   "loam.cfg:1: memory: not enough memory for 1024 MiB in one piece beside Loam "
		   "and the files: 600 MiB are free, the largest piece has 600 MiB");
	CHECK_EQ(claims, 0, "told before anything was loaded");
}

/* XLF_KERNEL_64 and a protocol that has it; another flag, an older protocol. */
static void test_kernel_64(void)
{
	static const struct { u8 version, flags; const char *cpu, *said; } row[] = {
		{ 0x0c, 1, "", "" }, { 0x0c, 2, "cpu=old", "" }, { 0x0b, 1, "cpu=old", "" },
		{ 0x0c, 1, "cpu=old", "loam.cfg:3: kernel = bzImage: it is for 64-bit CPUs only, "
			"and cpu = old is none" },
	};

	for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
		good_files();
		linux_image[0x206] = row[k].version;
		linux_image[0x236] = row[k].flags;
		check_said(load(GOOD, row[k].cpu), row[k].said);
	}
}

/* Put `set` bytes over `offset` of the good bzImage; what does the check say? */
static const char *kernel_with(unsigned offset, const char *set, size_t size)
{
	good_files();
	memcpy(linux_image + offset, set, size);
	return load(GOOD, "");
}

static void test_kernel_faults(void)
{
#define AT "loam.cfg:3: kernel = bzImage: "
	check_said(kernel_with(0x1fe, "\x55\xab", 2),
		   AT "not a bzImage (no boot sector signature)");
	check_said(kernel_with(0x202, "HdrT", 4), AT "not a bzImage (no set-up header)");
	check_said(kernel_with(0x206, "\x02\x02", 2), AT "its boot protocol is older than 2.03");
	check_said(kernel_with(0x206, "\x03\x02", 2), "");
	check_said(kernel_with(0x211, "\0", 1), AT "a zImage, not a bzImage (not loaded high)");
	check_said(kernel_with(0x1f1, "\x1f", 1), AT "truncated: shorter than its set-up code");
	check_said(kernel_with(0x1f1, "\x1e\0\0\x20\0\0\0", 7), "");	/* 32 paragraphs */
	check_said(kernel_with(0x1f4, "\x61\x03\0\0", 4), AT "truncated: 16384 of 16400 bytes");
	check_said(kernel_with(0x1f4, "\0\0\0\xff", 4),
		   AT "truncated: 16384 of 68451043840 bytes");
	good_files();
	files[1].size = files[1].read_limit = sizeof(linux_image) - 15;	/* not a whole paragraph */
	check_said(load(GOOD, ""), "");
	good_files();
	memcpy(linux_image + 0x206, "\x03\x02", 2);	/* 2.03: the size is not trusted */
	memcpy(linux_image + 0x1f4, "\xff\xff\xff\xff", 4);
	check_said(load(GOOD, ""), "");
	check_said(kernel_with(0x22c, "\xff\xff\x0f\0", 4),	/* initrd below 1 MiB only */
		   AT "too large for the guest's memory of 32 MiB");
	good_files();
	files[1].size = files[1].read_limit = 0x22f;	/* one byte less than the header */
	check_said(load(GOOD, ""), AT "not a bzImage (no boot sector signature)");
	good_files();
	check_said(load(GOOD, "memory=15M"),
		   "load options:0: memory: 15 MiB are too little for a Linux kernel, it needs "
		   "16 MiB");
	good_files();
	check_said(kernel_with(0x22c, "\xff\xff\x13\0", 4),	/* 1.25 MiB: not room for it */
		   "loam.cfg:4: initrd = initrd: too large for the guest's memory of 32 MiB");
#undef AT
}

static void test_file_faults(void)
{
	good_files();
	files[0].open_error = ERR_NOENT;
	check_said(load(GOOD, ""), "loam.cfg:2: firmware = bios.bin: file not found");
	good_files();
	files[0].open_error = ERR_INVAL;
	check_said(load(GOOD, ""), "loam.cfg:2: firmware = bios.bin: a folder, not a file");
	good_files();
	files[2].open_error = ERR_IO;
	check_said(load(GOOD, ""), "loam.cfg:4: initrd = initrd: the file could not be opened");
	good_files();
	files[2].read_limit = 300 * 1024;
	check_said(load(GOOD, ""), "loam.cfg:4: initrd = initrd: the file could not be read");
	good_files();
	files[0].size = 0;
	check_said(load(GOOD, ""), "loam.cfg:2: firmware = bios.bin: the file is empty (0 bytes)");
	good_files();
	files[0].size = files[0].read_limit = 65535;
	check_said(load(GOOD, ""), "loam.cfg:2: firmware = bios.bin: wrong size for firmware: "
		   "64 KiB, not a multiple of 64 KiB up to 16 MiB");
	good_files();
	files[2].size = 5 * MIB;	/* the source can claim 4 */
	check_said(load(GOOD, ""), "loam.cfg:4: initrd = initrd: file too large: not enough memory "
		   "for 5 MiB beside what the guest needs");
	good_files();
	refuse_claims = true;
	check_said(load(GOOD, ""), "loam.cfg:2: firmware = bios.bin: file too large: not enough "
		   "memory for 64 KiB beside what the guest needs");
	good_files();
	check_said(load("firmware = bios.bin\ndisk1 = bzImage,ro\ncdrom = initrd\n", ""), "");
	CHECK(config.disk[1].readonly && config.disk[1].size == sizeof(linux_image), "disk");
	good_files();
	check_said(load("firmware = bios.bin\ndisk1 = nvme7p3\ncdrom = sata0\n", ""), "");
	CHECK(config.disk[1].device && !config.disk[1].size, "a host's disk is no file");
	good_files();
	check_said(load("firmware = bios.bin\ndisk1 = Initrd\ndisk2 = initrd\n", ""),
		   "loam.cfg:3: disk2 = initrd: it is disk1's already");
	good_files();
	check_said(load("firmware = bios.bin\ndisk1 = sata0\ncdrom = sata0\n", ""),
		   "loam.cfg:3: cdrom = sata0: it is disk1's already");
	good_files();
	check_said(load("firmware = bios.bin\ndisk0 = nvme0\ndisk3 = nvme0p2,ro\n", ""),
		   "loam.cfg:3: disk3 = nvme0p2: it is disk0's already");
	good_files();
	check_said(load("firmware = bios.bin\ndisk0 = nvme0p2\ndisk1 = nvme0,ro\n", ""),
		   "loam.cfg:3: disk1 = nvme0: it is disk0's already");
	good_files();
	check_said(load("firmware = bios.bin\ndisk0 = nvme0p2,ro\ndisk1 = nvme0,ro\n", ""), "");
	good_files();
	check_said(load("firmware = bios.bin\ndisk0 = nvme0p1\ndisk1 = nvme0p11\n", ""), "");
	good_files();
	check_said(load("firmware = bios.bin\ndisk0 = nvme0\ndisk1 = nvme1\n", ""), "");
	good_files();
	place_rc = 0;
	files[2].size = 512;
	claims = 0;
	check_said(load("firmware = bios.bin\ndisk1 = initrd\n", ""), "");
	CHECK(claims == 1 && config.disk[1].extent_count && config.disk[1].size == 512,
	      "a disk in place is not read; the firmware is");
	good_files();
	place_rc = 0;
	check_said(load("firmware = bios.bin\ndisk1 = bzImage,ram\n", ""), "");
	CHECK(config.disk[1].start && !config.disk[1].extent_count, "unless that is asked");
	good_files();
	check_said(load("firmware = bios.bin\ndisk1 = bzImage\n", ""), "");
	CHECK(strstr(printed, "disk1: bzImage is kept in memory: there is no medium") ||
	      config.disk[1].start, "or there is no driver for the medium");
	good_files();
	place_rc = -ERR_INVAL;
	place_why = "its chain goes round";
	check_said(load("firmware = bios.bin\ndisk1 = bzImage\n", ""),
		   "loam.cfg:2: disk1 = bzImage: its chain goes round");
	good_files();
	files[1].size = 511;
	check_said(load("firmware = bios.bin\ndisk1 = bzImage,ro\n", ""),
		   "loam.cfg:2: disk1 = bzImage: the size of a disk must be a multiple of "
		   "512 bytes");
	good_files();
	files[1].size = 1ull << 32;
	check_said(load(GOOD, ""), "loam.cfg:3: kernel = bzImage: file too large: 4096 MiB");
}

int main(void)
{
	test_good();
	test_config_faults();
	test_kernel_faults();
	test_kernel_64();
	test_file_faults();
	return check_done();
}
