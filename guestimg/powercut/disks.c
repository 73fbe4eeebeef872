/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /init of the guest that writes to disks: sets the machine up, finds the disks by their labels,
 * and goes on with powercut.c or, if that is said, with faults.c or figures.c.
 * Kernel options: loam.disks=N (how many to wait for), loam.fua=1 (of ATA disks),
 * loam.faults=1, loam.figures=1.
 * Invariant: a disk is never known by its name, which depends on who came up first.
 */
#define _GNU_SOURCE			/* O_DIRECT */
#include "guestimg/powercut/disks.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WAIT_TENTHS = 300 };

static const char label[] = "LOAM-POWERCUT ";	/* then the disk's number */

char *buffer;

void die(const char *what, const char *name)
{
	printf("powercut: %s %s: %m\n", what, name);
	fflush(stdout);
	sleep(1);
	reboot(RB_POWER_OFF);
}

unsigned option(const char *name, unsigned otherwise)
{
	char line[512] = { 0 }, *at;
	int fd = open("/proc/cmdline", O_RDONLY);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		die("open", "/proc/cmdline");
	close(fd);
	at = strstr(line, name);
	return at ? (unsigned)strtoul(at + strlen(name), NULL, 10) : otherwise;
}

/* A module. There is no modprobe, which would give it what the command line has for it. */
static void load(const char *name)
{
	const char *parameters = "";
	char path[64];
	int fd;

	if (!strcmp(name, "libata") && option("loam.fua=", 0))
		parameters = "fua=1";
	snprintf(path, sizeof(path), "/lib/%s.ko", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		die("module", name);
	close(fd);
}

int disk_open(const char *name, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/%.15s", name);
	return open(path, O_RDWR | O_DIRECT | flags);
}

/* Is it one of ours? */
static bool take(struct disk *d, const char *name)
{
	int fd = disk_open(name, 0);
	bool good = fd >= 0 && pread(fd, buffer, BLOCK, RAW) == BLOCK &&
		    !memcmp(buffer, label, sizeof(label) - 1);

	if (fd >= 0)
		close(fd);
	if (!good)
		return false;
	d->number = (unsigned)(buffer[sizeof(label) - 1] - '0');
	snprintf(d->name, sizeof(d->name), "%.15s", name);
	snprintf(d->at, sizeof(d->at), "/disk%u", d->number);
	return true;
}

static unsigned find(struct disk *d, unsigned most)
{
	DIR *dir = opendir("/sys/block");
	unsigned n = 0;

	for (struct dirent *e; dir && n < most && (e = readdir(dir));)
		if ((!strncmp(e->d_name, "sd", 2) || !strncmp(e->d_name, "vd", 2)) &&
		    take(&d[n], e->d_name))
			n++;
	closedir(dir);
	return n;
}

unsigned disks_find(struct disk *d, unsigned wanted)
{
	unsigned n = 0;

	for (unsigned k = 0; (n = find(d, DISKS)) < wanted && k < WAIT_TENTHS; k++)
		usleep(100000);
	return n;
}

int main(void)
{
	static const char *const module[] = {
		"scsi_common", "scsi_mod", "libata", "sd_mod", "ata_piix", "libahci", "ahci",
		"virtio_blk",
	};
	struct disk disk[DISKS] = { 0 };
	unsigned n, wanted;

	setvbuf(stdout, NULL, _IOLBF, 256);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	buffer = aligned_alloc(4096, 2 * MOST);
	wanted = option("loam.disks=", 1);
	for (unsigned k = 0; k < sizeof(module) / sizeof(*module); k++)
		load(module[k]);
	n = disks_find(disk, wanted);
	if (n < wanted)
		die("too few disks", "");
	printf("powercut: %u disks\n", n);
	if (option("loam.figures=", 0))
		figures(disk, n);
	else if (option("loam.faults=", 0))
		faults(disk, n);
	else
		powercut(disk, n);
	die("all is done", "");
}
