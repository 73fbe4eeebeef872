/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the two programs of this folder share: the disks, and where things are on them.
 * Invariant: qemu-test/boot/powercut.py and faults.py know the same places.
 */
#ifndef GUESTIMG_POWERCUT_DISKS_H
#define GUESTIMG_POWERCUT_DISKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In bytes: ext4 is before RAW, where each disk has its label. */
enum { RAW = 16 << 20, BLOCK = 512, MOST = 8192, DISKS = 4 };
enum kind { KIND_LOG, KIND_FILE, KIND_RAW, KINDS };

struct disk {
	unsigned number;
	char name[16];		/* sda */
	char at[16];		/* where it is mounted */
	uint64_t random;
	unsigned next[KINDS];	/* the next record's number */
	uint64_t end;		/* of the file that grows */
	int raw, quick;		/* the whole disk, with and without O_SYNC */
};

extern char *buffer;		/* 2 * MOST bytes, aligned for O_DIRECT */

/* Says what went wrong, with errno's text, and powers off. */
void die(const char *what, const char *name);

/* The number behind NAME= on the kernel's command line. */
unsigned option(const char *name, unsigned otherwise);

/* Waits for so many disks with a label; d has room for DISKS. Returns how many there are. */
unsigned disks_find(struct disk *d, unsigned wanted);

/* The whole disk, by O_DIRECT and `flags`. */
int disk_open(const char *name, int flags);

/* The first two go on until the power goes, or all is done. */
void powercut(struct disk *d, unsigned n);
void faults(struct disk *d, unsigned n);
/* Returns when all rows were read. */
void figures(struct disk *d, unsigned n);

#endif
