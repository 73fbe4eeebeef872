/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The only data that crosses from a boot path (EFI or direct ELF) into the
 * kernel. Nothing after it knows which way it came. All addresses are host
 * physical; all memory named here stays untouched until the kernel frees it.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include "kernel/lib/types.h"

enum boot_mem_kind {
	BOOT_MEM_FREE,		/* RAM the kernel may use at once */
	BOOT_MEM_RESERVED,	/* firmware runtime data, the boot files, the kernel image */
	BOOT_MEM_ACPI,		/* ACPI tables: kept */
};

struct boot_mem {
	u64 start;		/* bytes, 4 KiB aligned */
	u64 size;		/* bytes, a multiple of 4 KiB */
	enum boot_mem_kind kind;
};

enum boot_attach { BOOT_IDE, BOOT_VIRTIO, BOOT_AHCI };

/* A piece of a disk, or of a volume on it. */
struct boot_extent { u64 start, count; };	/* sectors of 512 bytes */

/*
 * A file read at boot: whole contents in host physical memory, 4 KiB aligned. Or one of the host's
 * disks (nvme0, sata1p2), of which nothing is read. Or a file that stays where it is on the medium
 * (struct boot_medium): then only its extents were read.
 */
struct boot_file {
	u64 start;
	u64 size;		/* bytes; 0 = not given, or a disk */
	bool readonly;
	bool ram;		/* to be kept in memory, whatever medium it is on */
	bool device;		/* the name is a disk's, or a partition's */
	u64 extents;		/* in place: host physical address of boot_extents, of its volume */
	u32 extent_count;	/* 0: not in place */
	u8 attach;		/* enum boot_attach: what the guest sees of a disk */
	bool force;		/* whatever else may be on that disk */
	u32 line;		/* of loam.cfg, for messages; 0: it is in the load options */
	char name[64];		/* as written in loam.cfg, for messages */
};

struct boot_framebuffer {
	u64 start;		/* 0 = there is none */
	u32 width, height;	/* pixels */
	u32 pitch;		/* bytes per line */
	u32 format;		/* 0 = BGRX8888, 1 = RGBX8888 */
};

/*
 * The volume that loam.cfg was read from, where Loam may drive its disk itself: PCI slots and
 * functions (slot << 3 | fn) from the first bus on, a port or namespace there, and where on that
 * disk it begins.
 */
enum { BOOT_PATH_MAX = 8 };
struct boot_medium {
	bool known;
	u8 path[BOOT_PATH_MAX];
	u8 path_count;
	u32 unit;		/* SATA port, NVMe namespace, else 0 */
	u64 start;		/* sectors of 512 bytes */
	u64 count;		/* 0: to the end of the disk */
};

#define BOOT_MEM_MAX 64
#define BOOT_CORES_MAX 16
#define BOOT_DISKS 4
#define BOOT_CMDLINE_MAX 2048

struct boot_config {
	u64 memory;		/* guest RAM in bytes, a multiple of 1 MiB */
	u32 cpus;		/* of the guest; 0: for boot/check.c to say */
	char cpu[64];		/* model[,±feature…] */
	char trace[128];	/* names of trace bits, comma separated */
	char console[32];
	char cmdline[BOOT_CMDLINE_MAX];	/* the guest kernel's */
	struct boot_file firmware, kernel, initrd, cdrom;
	struct boot_file disk[BOOT_DISKS];
	u64 code_cache;		/* bytes; 0 = default */
	u32 passes_off;		/* bit n: without pass n of dbt/opt/passes.def */
	bool verify;		/* the IR of each block is verified */
	bool ordered;		/* code for several CPUs, even if the guest has one */
	bool relaxed;		/* memory_order: such code leaves out the barriers of stack slots */
	bool rng;		/* the guest has a virtio-rng */
	bool heartbeat;		/* the run loop says now and then that it is alive */
	char selftest[128];	/* names of kernel self-tests to run instead of a guest */
};

struct boot_info {
	struct boot_mem mem[BOOT_MEM_MAX];
	unsigned mem_count;
	u64 acpi_rsdp;		/* 0 = none */
	struct boot_framebuffer fb;
	struct boot_medium medium;
	u64 uart;		/* physical base of the console's 16550 */
	u64 fw_cfg;		/* physical base of a host fw_cfg, 0 = none */
	u8 seed[32];		/* random bytes of the firmware's … */
	u32 seed_size;		/* … and how many it gave: 0 or 32 */
	u16 core[BOOT_CORES_MAX];	/* the board's cores by the host's own numbers … */
	u32 core_count;		/* … and how many, this one among them; 0: not told, one */
	u64 cpu_hz;		/* the host core's clock; 0 = the core tells it itself */
	struct boot_config config;
};

#endif
