/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Uses sectors that the host's disk fails, and tells what came of it: "F disk step error", where
 * error is 0 or errno's number, 999 for wrong data. qemu-test/boot/faults.py has the host's disks
 * and judges.
 * Kernel options: loam.slow=N, the disk that takes long once; loam.gone=N, the one that goes.
 * Invariant: nothing but the places below is written.
 */
#define _GNU_SOURCE			/* O_DIRECT */
#include "guestimg/powercut/disks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {				/* in bytes; the host's disk knows them */
	READ_BAD = RAW + 0x10000,	/* this sector cannot be read */
	WRITE_BAD = RAW + 0x20000,	/* nor this one written */
	FLUSH_MARK = RAW + 0x30000,	/* while it begins with an F no flush goes well */
	SLOW = RAW + 0x40000,		/* the first read of it takes long */
	GONE_MARK = RAW + 0x50000,	/* once it begins with a G the disk goes */
	GOOD = RAW + 0x60000,
	IDLE = RAW + 0x70000,		/* written, and then nothing more for a while */
	DISCARD = RAW + 0x80000, ZERO = RAW + 0x90200, EMPTY_SIZE = 0x8000,
};
enum { WRONG_DATA = 999, TRIES = 5, MEANWHILE = 70 };

static void tell(const struct disk *d, const char *step, int error)
{
	printf("F %u %s %d\n", d->number, step, error);
}

/* Each sector of a disk begins with the disk's number and its own, in text. */
static int read_at(struct disk *d, uint64_t at, size_t size)
{
	char want[32];

	memset(buffer, 0, size);
	if (pread(d->quick, buffer, size, (off_t)at) != (ssize_t)size)
		return errno;
	for (size_t k = 0; k < size; k += BLOCK) {
		snprintf(want, sizeof(want), "%u %llu.", d->number,
			 (unsigned long long)(at + k) / BLOCK);
		if (memcmp(buffer + k, want, strlen(want)))
			return WRONG_DATA;
	}
	return 0;
}

static int write_at(struct disk *d, uint64_t at, char what)
{
	memset(buffer, what, BLOCK);
	return pwrite(d->quick, buffer, BLOCK, (off_t)at) == BLOCK ? 0 : errno;
}

static int flush(struct disk *d) { return fsync(d->quick) ? errno : 0; }

static int flush_in_the_end(struct disk *d)
{
	int error = 0;

	for (unsigned k = 0; k < TRIES && (error = flush(d)); k++)
		;
	return error;
}

static int empty(struct disk *d, unsigned long how, uint64_t at)
{
	uint64_t range[2] = { at, EMPTY_SIZE };

	return ioctl(d->quick, how, range) ? errno : 0;
}

static void steps(struct disk *d)
{
	tell(d, "read", read_at(d, READ_BAD - 4 * BLOCK, 8 * BLOCK));
	tell(d, "before", read_at(d, READ_BAD - 4 * BLOCK, 4 * BLOCK));
	tell(d, "behind", read_at(d, READ_BAD + BLOCK, 4 * BLOCK));
	tell(d, "write", write_at(d, WRITE_BAD, 'w'));
	tell(d, "beside", write_at(d, WRITE_BAD + BLOCK, 'b'));
	tell(d, "mark", write_at(d, FLUSH_MARK, 'F'));
	tell(d, "flush", flush(d));
	tell(d, "unmark", write_at(d, FLUSH_MARK, 'f'));
	tell(d, "flush-again", flush_in_the_end(d));
	if (d->name[0] != 'v')		/* of the guest's disks only virtio's can be told so */
		return;
	tell(d, "discard", empty(d, BLKDISCARD, DISCARD));
	tell(d, "zero", empty(d, BLKZEROOUT, ZERO));
}

/* One disk takes long; the others go on. */
static void meanwhile(struct disk *d)
{
	int error = 0;

	if (d->number == option("loam.slow=", DISKS)) {
		tell(d, "slow", read_at(d, SLOW, BLOCK));
		return;
	}
	tell(d, "idle", write_at(d, IDLE, 'i'));
	for (unsigned k = 0; !error && k < MEANWHILE; k++) {
		error = read_at(d, GOOD + k * BLOCK, BLOCK);
		usleep(200000);
	}
	tell(d, "meanwhile", error);
}

static void last(struct disk *d)
{
	tell(d, "last-read", read_at(d, GOOD, BLOCK));
	tell(d, "last-write", write_at(d, GOOD + 100 * BLOCK, 'l'));
	tell(d, "last-flush", flush(d));
}

void faults(struct disk *d, unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		if (!fork()) {
			if ((d[k].quick = disk_open(d[k].name, 0)) < 0)
				die("open", d[k].name);
			steps(&d[k]);
			meanwhile(&d[k]);
			exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	for (unsigned k = 0; k < n; k++)
		if ((d[k].quick = disk_open(d[k].name, 0)) < 0)
			die("open", d[k].name);
	for (unsigned k = 0; k < n; k++)
		if (d[k].number == option("loam.gone=", DISKS))
			tell(&d[k], "gone", write_at(&d[k], GONE_MARK, 'G'));
	for (unsigned k = 0; k < n; k++)
		last(&d[k]);
}
