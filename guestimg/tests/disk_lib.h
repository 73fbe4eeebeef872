/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the programs about disk controllers share (disk.c, ahci.c, virtio.c): PCI's configuration,
 * what tools/mkdisk.py put on the disk, interrupts by message, and how costs are counted.
 */
#ifndef GUESTIMG_TESTS_DISK_LIB_H
#define GUESTIMG_TESTS_DISK_LIB_H

#include "guestimg/tests/lib.h"

enum { SECTOR = 512, DISK_SECTORS = 32768, SCRATCH = 20000, MS = 1000000 };
enum { BUF = FREE + 0x100000, OTHER = FREE + 0x280000, CODE = FREE + 0x300000 };
enum { PCI_COMMAND = 4, PCI_CLASS = 8, PCI_BAR = 0x10, PCI_CAPS = 0x34, PCI_MASTER = 6 };
enum { VEC_DISK = 0x50 };	/* message_count counts its interrupts */
enum { COST_SECTORS = 128, COST_ROUNDS = 64 };	/* requests of 64 KiB */

static inline u32 tsc(void)
{
	u32 low;

	__asm__ volatile("rdtsc" : "=a"(low) :: "edx");
	return low;
}

/* -- PCI: bus 0, devfn = device << 3 | function; `at` is a multiple of 4 -- */

u32 pci_get(u32 devfn, u32 at);
void pci_set(u32 devfn, u32 at, u32 v);
/* Where capability `id` is, from `after` on (0: the first); 0: there is none. */
u32 pci_capability(u32 devfn, u8 id, u32 after);
/* Size of a BAR, which then lies at `at` and is mapped there, uncached, 16 KiB at most. */
u32 pci_place(u32 devfn, u32 bar, u32 at);

/* -- The disk -- */

u64 disk_word(u32 lba, u32 n);		/* 64-bit word n of a sector */
void expect_sector(const void *at, u32 lba);
void expect_sectors(u32 at, u32 lba, u32 count);

/* disk_cd.c: a CD-ROM on the IDE controller, whose bus master is at 0xc000 and on. */
void test_cd(void);

/* -- Waiting -- */

extern volatile u32 message_count;
void message_init(void);
/* Sleep until there was an interrupt more than `count`, two seconds at most. */
void message_wait(u32 count);
/* The same without an end to it, and without a timer. */
void message_sleep(u32 count);

/* -- Costs -- */

/* Does the TSC count the host's instructions (-icount), the same again and again? */
bool counts_instructions(void);
/*
 * A row begins, for plugins that count: at a store of its number to MARK_AT (count.c), or where
 * Loam prints its counters (profile.c). 0: it ends.
 */
enum { MARK_AT = FREE + 0xf0000, MARKED = 4 };	/* so often: the first time translates */
void mark(u8 row);
/* "NAME: N host instructions", and that it is at most so many; 0: whatever it is. */
void cost(const char *name, u32 took, u32 most);

#endif
