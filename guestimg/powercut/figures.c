/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What reading costs under Linux, past its cache: 64 MiB from the disk's beginning in pieces of
 * 1 MiB, as dd bs=1M iflag=direct does, and 4 KiB at random, one at a time. Each twice, since the
 * first one translates. tools/bench_disks.py counts between the marks.
 * Invariant: between a row's two marks nothing is printed.
 */
#define _GNU_SOURCE			/* O_DIRECT */
#include "guestimg/powercut/disks.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 1 << 20, PIECES = 64, SMALL = 4096, SMALLS = 400 };

/* A store here, of the row's number or of 0 at its end, is what the plugin looks for. */
#define MARK_AT ((void *)0x10000000)

static volatile uint32_t *marker;

static void read_at(const struct disk *d, char *to, size_t size, uint64_t at)
{
	if (pread(d->quick, to, size, (off_t)at) != (ssize_t)size)
		die("read", d->name);
}

static void rows(const struct disk *d, char *to, unsigned row)
{
	uint64_t random = 88172645463325252;

	*marker = row;
	for (unsigned k = 0; k < PIECES; k++)
		read_at(d, to, PIECE, (uint64_t)k * PIECE);
	*marker = row + 1;
	for (unsigned k = 0; k < SMALLS; k++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		read_at(d, to, SMALL, random % (PIECES * PIECE / SMALL) * SMALL);
	}
	*marker = 0;
}

void figures(struct disk *d, unsigned n)
{
	char *to = aligned_alloc(SMALL, PIECE);

	marker = mmap(MARK_AT, SMALL, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (marker == MAP_FAILED)
		die("mmap", "the marker's page");
	*marker = 0;
	for (unsigned k = 0; k < n; k++) {
		if ((d[k].quick = disk_open(d[k].name, 0)) < 0)
			die("open", d[k].name);
		for (unsigned time = 0; time < 2; time++)
			rows(&d[k], to, 100 + 10 * d[k].number + 2 * time);
		printf("G %u %s\n", d[k].number, d[k].name);
	}
}
