/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a SATA device says of itself (ATA8-ACS, 7.16; MMC-5, 6.24). Invariant: whatever it says, the
 * disk's numbers are such that disk.c can work with them.
 */
#include "drivers/host/ahci_port.h"

enum { W_DEPTH = 75, W_SATA = 76, W_COMMANDS = 83, W_ENABLED = 85, W_SIZE = 100, W_SECTOR = 106,
	W_SECTOR_WORDS = 117, W_DATASET = 169 };
enum { DATASET_TRIM = 1, RANGE_MOST = 0xffff };
enum { SATA_NCQ = 1 << 8, COMMAND_LBA48 = 1 << 10, ENABLED_CACHE = 1 << 5 };
enum { SECTOR_VALID = 1 << 14, SECTOR_LARGE = 1 << 12, CD_BLOCK = 2048 };

static u32 word(const volatile u8 *data, unsigned n)
{
	return data[2 * n] | data[2 * n + 1] << 8;
}

static const char *set_size(struct ahci_port *p, u64 blocks, u32 block)
{
	struct disk *d = &p->disk;
	u64 sectors = blocks * (block / DISK_SECTOR);

	if (!blocks || blocks >> 48)
		return "it has no size";
	if (d->sectors && (d->sectors != sectors || d->block != block))
		return "another one is there now";
	d->sectors = sectors;
	d->block = block;
	d->most = DISK_COMMAND_MAX;
	return NULL;
}

const char *ahci_identify_disk(struct ahci_port *p, const volatile u8 *data)
{
	u32 large = word(data, W_SECTOR), block = DISK_SECTOR;
	u32 depth = (word(data, W_DEPTH) & 31) + 1;
	u64 blocks = 0;

	if (!(word(data, W_COMMANDS) & COMMAND_LBA48))
		return "it has no 48-bit addresses";
	if ((large & (SECTOR_VALID | SECTOR_LARGE)) == (SECTOR_VALID | SECTOR_LARGE))
		block = 2 * (word(data, W_SECTOR_WORDS) | word(data, W_SECTOR_WORDS + 1) << 16);
	if (block < DISK_SECTOR || block > 65536 || block & (block - 1))
		return "its sectors have an odd size";
	for (unsigned k = 0; k < 4; k++)
		blocks |= (u64)word(data, W_SIZE + k) << 16 * k;
	p->ncq = p->controller_ncq && word(data, W_SATA) & SATA_NCQ && word(data, W_SATA) != 0xffff;
	if (!p->disk.sectors)
		p->disk.slots = p->ncq && depth < p->controller_slots ? depth :
				p->controller_slots;
	p->disk.cached = word(data, W_ENABLED) & ENABLED_CACHE;
	p->disk.most_discard = word(data, W_DATASET) & DATASET_TRIM ? RANGE_MOST : 0;
	return set_size(p, blocks, block);
}

const char *ahci_identify_cd(struct ahci_port *p, const volatile u8 *data)
{
	u64 last = (u32)data[0] << 24 | data[1] << 16 | data[2] << 8 | data[3];
	u32 block = (u32)data[4] << 24 | data[5] << 16 | data[6] << 8 | data[7];

	if (block != CD_BLOCK)
		return "its blocks do not have 2048 bytes";
	if (p->disk.sectors && p->disk.slots != 1)
		return "another one is there now";
	p->disk.slots = 1;
	p->disk.readonly = true;
	p->disk.cached = false;
	return set_size(p, last + 1, block);
}
