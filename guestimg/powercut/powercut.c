/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes numbered, checksummed records to each disk, and says which are acknowledged, until the
 * power goes. A record goes to ext4, into one file that grows or into a file of its own, and is
 * acknowledged after fsync; or past the file system, by O_DIRECT and O_SYNC. Now and then the
 * disk's write cache is switched off and on. Between records there are writes that nobody waits
 * for, and whose loss nobody minds. Kernel option: loam.seed=N.
 * Not a judge: qemu-test/boot/powercut.py reads the disks.
 * Invariant: "A disk kind number" is printed after the call that acknowledged the record returned.
 */
#define _GNU_SOURCE			/* O_DIRECT */
#include "guestimg/powercut/disks.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOT = 8192, SLOTS = 900, RECORDS = RAW + 4096, NOISE = RECORDS + SLOT * SLOTS,
	NOISE_SIZE = 65536, BURST = 4 };

struct record {			/* then `size` bytes; all of it little endian */
	char magic[8];
	uint32_t disk, kind, number, size, sum, zero;
};

static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 11) % below;
}

/* CRC-32 as zlib's, so that the judge needs no loop of its own. */
static uint32_t crc(const void *data, size_t size)
{
	static uint32_t table[256];
	uint32_t c = ~0u;

	for (unsigned n = 0; !table[255] && n < 256; n++) {
		table[n] = n;
		for (unsigned k = 0; k < 8; k++)
			table[n] = table[n] >> 1 ^ (table[n] & 1 ? 0xedb88320 : 0);
	}
	for (const unsigned char *p = data; size--; p++)
		c = table[(c ^ *p) & 255] ^ c >> 8;
	return ~c;
}

/* A record of `size` bytes in all, in the buffer. */
static void make(struct disk *d, enum kind kind, size_t size)
{
	struct record *r = (struct record *)buffer;
	uint64_t *p = (uint64_t *)(r + 1), more = size - sizeof(*r);

	*r = (struct record){ .magic = "LOAMREC1", .disk = d->number, .kind = kind,
			      .number = d->next[kind], .size = (uint32_t)more };
	for (uint64_t n = 0; n < (more + 7) / 8; n++)
		p[n] = draw(&d->random, 1ull << 53) * 0x9e3779b97f4a7c15;
	r->sum = crc(buffer, size);	/* with 0 in its place */
}

static void set_up(struct disk *d, uint64_t seed)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/%.15s", d->name);
	mkdir(d->at, 0755);
	if (mount(path, d->at, "ext4", 0, NULL))
		die("mount", path);
	d->raw = disk_open(d->name, O_SYNC);
	d->quick = disk_open(d->name, 0);
	if (d->raw < 0 || d->quick < 0)
		die("open", path);
	d->random = (seed + 1) * 0x9e3779b97f4a7c15 ^ d->number << 8;
}

/* --- records */

static void put(int fd, size_t size, uint64_t at, const char *what)
{
	if (fd < 0 || pwrite(fd, buffer, size, (off_t)at) != (ssize_t)size)
		die("write", what);
}

static void put_log(struct disk *d)
{
	char path[32];
	size_t size = sizeof(struct record) + draw(&d->random, MOST - sizeof(struct record));
	int fd;

	snprintf(path, sizeof(path), "%s/log", d->at);
	fd = open(path, O_RDWR | O_CREAT, 0644);
	make(d, KIND_LOG, size);
	put(fd, size, d->end, path);
	if (draw(&d->random, 2) ? fsync(fd) : fdatasync(fd))
		die("fsync", path);
	d->end += size;
	close(fd);
	if (d->next[KIND_LOG])
		return;
	fd = open(d->at, O_RDONLY);		/* the first time its name is new, too */
	if (fsync(fd))
		die("fsync", d->at);
	close(fd);
}

static void put_file(struct disk *d)
{
	char path[32], to[32];
	size_t size = sizeof(struct record) + draw(&d->random, MOST - sizeof(struct record));
	int fd;

	snprintf(path, sizeof(path), "%s/new", d->at);
	snprintf(to, sizeof(to), "%s/f%u", d->at, d->next[KIND_FILE]);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	make(d, KIND_FILE, size);
	put(fd, size, 0, path);
	if (fsync(fd) || rename(path, to))
		die("fsync, rename", path);
	close(fd);
	fd = open(d->at, O_RDONLY);
	if (fsync(fd))
		die("fsync", d->at);
	close(fd);
}

static void put_raw(struct disk *d)
{
	size_t size = BLOCK * (1 + draw(&d->random, SLOT / BLOCK));

	make(d, KIND_RAW, size);
	put(d->raw, size, RECORDS + (uint64_t)d->next[KIND_RAW] * SLOT, "raw");
}

/* Nobody waits for these. */
static void noise(struct disk *d)
{
	char path[32];
	int fd;

	memset(buffer, (int)draw(&d->random, 256), MOST);
	put(d->quick, BLOCK * (1 + draw(&d->random, 8)),
	    NOISE + BLOCK * draw(&d->random, (NOISE_SIZE - 8 * BLOCK) / BLOCK), "noise");
	snprintf(path, sizeof(path), "%s/noise", d->at);
	fd = open(path, O_RDWR | O_CREAT, 0644);
	put(fd, MOST, draw(&d->random, 16) * MOST, path);
	close(fd);
}

/* Where Linux lets the write cache be switched: SET FEATURES, or virtio-blk's configuration. */
static void cache_path(const struct disk *d, char *path, size_t size)
{
	DIR *dir;

	snprintf(path, size, "/sys/block/%.15s/cache_type", d->name);
	if (d->name[0] == 'v')
		return;
	snprintf(path, size, "/sys/block/%.15s/device/scsi_disk", d->name);
	dir = opendir(path);
	for (struct dirent *e; dir && (e = readdir(dir));)
		if (e->d_name[0] != '.')
			snprintf(path, size, "/sys/block/%.15s/device/scsi_disk/%.20s/cache_type",
				 d->name, e->d_name);
	closedir(dir);
}

static void cache(struct disk *d, bool on)
{
	const char *kind = on ? "write back" : "write through";
	char path[96];
	int fd;

	cache_path(d, path, sizeof(path));
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, kind, strlen(kind)) < 0)
		die("cache_type", path);
	close(fd);
	printf("C %u %s\n", d->number, kind);
}

static void one(struct disk *d, enum kind kind)
{
	static void (*const put_kind[])(struct disk *) = { put_log, put_file, put_raw };

	put_kind[kind](d);
	printf("A %u %u %u\n", d->number, kind, d->next[kind]++);
}

static void run(struct disk *d)
{
	bool on = true;

	for (unsigned burst = 1; d->next[KIND_RAW] + BURST < SLOTS; burst++) {
		enum kind kind = (enum kind)draw(&d->random, KINDS);

		for (unsigned n = 1 + (unsigned)draw(&d->random, BURST); n; n--)
			one(d, kind);
		noise(d);
		if (burst % 4 == 0)
			cache(d, on = !on);
	}
}

void powercut(struct disk *d, unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		set_up(&d[k], option("loam.seed=", 1));
	for (unsigned k = 1; k < n; k++)
		if (!fork()) {
			run(&d[k]);
			exit(0);
		}
	run(&d[0]);
	while (wait(NULL) > 0)
		;
}
