/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a disk tells of itself and lets be set (ATA/ATAPI-6, T13 1410D, 8.15, 8.37). The DMA modes
 * are those that a PIIX board can be asked for: multiword 0 to 2, which PIIX3 has, and Ultra DMA 0
 * to 2, PIIX4's; a mode is stored and shown, and every one of them moves bytes in the same way.
 * Invariant: at most one DMA mode is selected.
 */
#include "drivers/pc/ide_drive.h"

#include <string.h>

enum { MAX_CYLINDERS = 16383, MODE_MULTIWORD = 0x20, MODE_ULTRA = 0x40, MODES = 3, QUEUE = 32 };
#define LBA28_SECTORS 0x0fffffffu

u16 ide_cylinders(const struct ide_drive *d)
{
	u64 c = ide_disk_sectors(d) / (IDE_HEADS * IDE_SPT);

	return (u16)(c > MAX_CYLINDERS ? MAX_CYLINDERS : c ? c : 1);
}

/* Words 63 and 88: modes of the kind that there are, and above them the one that is selected. */
static u16 dma_word(const struct ide_drive *d, u8 kind)
{
	u16 there = (1 << MODES) - 1;

	return (u16)(d->dma_mode >= kind && d->dma_mode < kind + MODES ?
		     there | 0x100 << (d->dma_mode - kind) : there);
}

void ide_put_dma_modes(const struct ide_drive *d, u8 *identify)
{
	ide_put16(identify, 63, dma_word(d, MODE_MULTIWORD));
	ide_put16(identify, 88, dma_word(d, MODE_ULTRA));
}

static void put_size(struct ide_drive *d)
{
	u8 *p = d->buf;
	u64 n = ide_disk_sectors(d), chs = (u64)d->cylinders * d->heads * d->spt;
	u32 n28 = (u32)(n > LBA28_SECTORS ? LBA28_SECTORS : n);

	ide_put16(p, 1, ide_cylinders(d));
	ide_put16(p, 3, IDE_HEADS);
	ide_put16(p, 6, IDE_SPT);
	ide_put16(p, 53, 0x0007);		/* words 54-58, 64-70 and 88 are valid */
	ide_put16(p, 54, d->cylinders);
	ide_put16(p, 55, d->heads);
	ide_put16(p, 56, d->spt);
	ide_put16(p, 57, (u16)chs);
	ide_put16(p, 58, (u16)(chs >> 16));
	ide_put16(p, 60, (u16)n28);
	ide_put16(p, 61, (u16)(n28 >> 16));
	for (unsigned k = 0; k < 4; k++)
		ide_put16(p, 100 + k, (u16)(n >> 16 * k));
}

void ide_identify(struct ide_drive *d)
{
	u8 *p = d->buf;

	memset(p, 0, IDE_SECTOR);
	ide_put16(p, 0, 0x0040);		/* fixed device */
	put_size(d);
	ide_put_string(p + 20, d->b.name ? d->b.name : "LOAM", 20);
	ide_put_string(p + 46, "1.0", 8);
	ide_put_string(p + 54, "LOAM HARDDISK", 40);
	ide_put16(p, 47, 0x8000 | IDE_MAX_MULTIPLE);
	ide_put16(p, 49, 0x0b00);		/* DMA, LBA, IORDY */
	ide_put16(p, 50, 0x4000);
	ide_put16(p, 51, 0x0200);		/* PIO timing mode 2 */
	ide_put16(p, 59, d->multiple ? 0x0100 | d->multiple : 0);
	ide_put_dma_modes(d, p);
	ide_put16(p, 64, 0x0003);		/* PIO modes 3 and 4 */
	for (unsigned w = 65; w <= 68; w++)
		ide_put16(p, w, 120);		/* cycle times of DMA and PIO, ns */
	ide_put16(p, 80, 0x0070);		/* ATA/ATAPI-4 to 6 */
	ide_put16(p, 82, 0x4021);		/* NOP, write cache, SMART */
	ide_put16(p, 83, 0x7400);		/* FLUSH CACHE (EXT), 48-bit addresses */
	ide_put16(p, 84, 0x4043);		/* FUA writes, SMART self-test, SMART error log */
	ide_put16(p, 85, (u16)(0x4000 | (d->write_cache ? 0x20 : 0) | d->smart));
	ide_put16(p, 86, 0x3400);
	ide_put16(p, 87, 0x4043);
	if (!d->sata) {			/* reset result: device number by jumper */
		ide_put16(p, 93, d->slave ? 0x6b00 : 0x600b);
		return;
	}
	ide_put16(p, 75, QUEUE - 1);
	ide_put16(p, 76, 0x0106);		/* NCQ, 1.5 and 3 Gb/s */
	ide_put16(p, 84, 0x4063);		/* and general purpose logging */
	ide_put16(p, 87, 0x4063);
}

/* Transfer modes: PIO default, PIO flow control 0-4, multiword DMA, Ultra DMA. */
void ide_set_transfer_mode(struct ide_drive *d, u8 mode)
{
	bool pio = mode <= 1 || (mode >= 8 && mode <= 12);

	if (!pio && !(mode >= MODE_MULTIWORD && mode < MODE_MULTIWORD + MODES) &&
	    !(mode >= MODE_ULTRA && mode < MODE_ULTRA + MODES)) {
		ide_fail(d, ERR_BIT_ABRT);
		return;
	}
	if (!pio)
		d->dma_mode = mode;
	ide_done(d);
}

static void flushed(struct ide_drive *d, int rc)
{
	if (rc)
		ide_fail(d, ERR_BIT_ABRT);
	else
		ide_done(d);
}

void ide_set_features(struct ide_drive *d)
{
	switch (d->feature) {
	case 0x02:		/* write cache on */
		d->write_cache = true;
		ide_done(d);
		break;
	case 0x82:		/* and off: what is in it goes to the medium */
		d->write_cache = false;
		ide_submit(d, BLOCK_FLUSH, 0, 0, flushed);
		break;
	case 0x03: ide_set_transfer_mode(d, d->count[0]); break;
	case 0x55: case 0xaa:	/* read look-ahead */
	case 0x66: case 0xcc:	/* keep or revert settings at reset */
		ide_done(d);
		break;
	default: ide_fail(d, ERR_BIT_ABRT);
	}
}
