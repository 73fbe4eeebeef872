/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ATA disk commands, PIO and DMA (ATA/ATAPI-6, T13 1410D, chapter 8). Not the registers: ide.c.
 * Deviations: no security, power or host protected area feature sets, no queued commands; a
 * multi-sector block, or a transfer by DMA, that runs past the end fails as a whole. A
 * write-protected disk answers writes with ABRT and WP (error bit 6).
 * Invariant: lba + block <= b.sectors before the end is asked for anything; a write that must be on
 * the medium (FUA, write cache off) is over only after the end's flush.
 */
#include "drivers/pc/ide_drive.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/printk.h"

#define MAX_SECTORS (1ull << 48)

u64 ide_disk_sectors(const struct ide_drive *d)
{
	return d->b.sectors < MAX_SECTORS ? d->b.sectors : MAX_SECTORS;
}

/* READ and WRITE MULTIPLE come up enabled, as a disk may: Linux uses them only then. */
void ide_disk_reset(struct ide_drive *d, bool power_up)
{
	d->multiple = IDE_MAX_MULTIPLE;
	d->heads = IDE_HEADS;
	d->spt = IDE_SPT;
	d->cylinders = ide_cylinders(d);
	if (!power_up)
		return;			/* what follows stays (8.37: as feature 66h has it) */
	d->dma_mode = 0;
	d->write_cache = d->smart = d->smart_autosave = true;
	d->io_errors = 0;
}

/* -- Addresses ------------------------------------------------------------- */

/* Fetch lba and left from the task file. Returns false for an address that cannot be (CHS). */
static bool fetch_address(struct ide_drive *d, bool ext)
{
	d->ext = ext;
	if (ext) {
		d->left = d->count[1] << 8 | d->count[0];
		d->left = d->left ? d->left : 65536;
		d->lba = (u64)d->lba_high[1] << 40 | (u64)d->lba_mid[1] << 32 |
			 (u64)d->lba_low[1] << 24 | d->lba_high[0] << 16 | d->lba_mid[0] << 8 |
			 d->lba_low[0];
		return d->device & DEV_LBA;
	}
	d->left = d->count[0] ? d->count[0] : 256;
	if (d->device & DEV_LBA) {
		d->lba = (u64)(d->device & 15) << 24 | d->lba_high[0] << 16 | d->lba_mid[0] << 8 |
			 d->lba_low[0];
		return true;
	}
	u32 cyl = d->lba_high[0] << 8 | d->lba_mid[0], head = d->device & 15, s = d->lba_low[0];
	if (!s || s > d->spt || head >= d->heads)
		return false;
	d->lba = ((u64)cyl * d->heads + head) * d->spt + s - 1;
	return true;
}

/* Show `lba` in the task file: the last sector done, or the first that failed. */
static void show_address(struct ide_drive *d, u64 lba)
{
	if (d->device & DEV_LBA || d->ext) {
		d->lba_low[0] = (u8)lba;
		d->lba_mid[0] = (u8)(lba >> 8);
		d->lba_high[0] = (u8)(lba >> 16);
		if (d->ext) {
			d->lba_low[1] = (u8)(lba >> 24);
			d->lba_mid[1] = (u8)(lba >> 32);
			d->lba_high[1] = (u8)(lba >> 40);
		} else {
			d->device = (u8)((d->device & 0xf0) | (lba >> 24 & 15));
		}
		return;
	}
	u64 track = lba / d->spt, cyl = track / d->heads;
	d->lba_low[0] = (u8)(lba % d->spt + 1);
	d->lba_mid[0] = (u8)cyl;
	d->lba_high[0] = (u8)(cyl >> 8);
	d->device = (u8)((d->device & 0xf0) | track % d->heads);
}

static void fail_at(struct ide_drive *d, u8 error)
{
	show_address(d, d->lba);
	d->count[0] = (u8)d->left;
	d->count[1] = (u8)(d->left >> 8);
	ide_fail(d, error);
}

/* Sectors of the next DRQ block, or 0 if it would pass the end of the disk. */
static u32 next_block(const struct ide_drive *d)
{
	u32 n = d->left < d->block ? d->left : d->block;

	return d->lba < ide_disk_sectors(d) && n <= ide_disk_sectors(d) - d->lba ? n : 0;
}

/* -- Reading, writing, verifying ------------------------------------------- */

static void finish(struct ide_drive *d)
{
	show_address(d, d->lba ? d->lba - 1 : 0);
	d->count[0] = d->count[1] = 0;
}

static void read_more(struct ide_drive *d);

/* The end has filled buf with the next block. */
static void block_read(struct ide_drive *d, int rc)
{
	u32 n = d->request.count;

	if (rc) {
		fail_at(d, ERR_BIT_UNC);
		return;
	}
	d->lba += n;
	d->left -= n;
	ide_data_in(d, n * IDE_SECTOR, read_more);
}

static void read_more(struct ide_drive *d)
{
	u32 n = next_block(d);

	if (!d->left)
		finish(d);	/* after the last block there is no interrupt (PIO data-in) */
	else if (!n)
		fail_at(d, ERR_BIT_IDNF);
	else
		ide_submit(d, BLOCK_READ, d->lba, n, block_read);
}

static void write_more(struct ide_drive *d);

/* What was written is on the medium, or is not known to be: then no sector can be named. */
static void settled(struct ide_drive *d, int rc)
{
	finish(d);
	if (rc)
		ide_fail(d, ERR_BIT_ABRT);
	else
		ide_done(d);
}

/* The end has taken all that was written. */
static void written(struct ide_drive *d)
{
	if (d->fua || !d->write_cache)
		ide_submit(d, BLOCK_FLUSH, 0, 0, settled);
	else
		settled(d, 0);
}

/* Ask for the next block of a write; `first` has no interrupt. */
static void want_block(struct ide_drive *d, bool first)
{
	u32 n = next_block(d);

	if (!n)
		fail_at(d, ERR_BIT_IDNF);
	else
		ide_data_out(d, n * IDE_SECTOR, !first, write_more);
}

/* The end has taken the block. */
static void block_written(struct ide_drive *d, int rc)
{
	if (rc) {
		fail_at(d, ERR_BIT_UNC);
		return;
	}
	d->lba += d->request.count;
	d->left -= d->request.count;
	if (d->left)
		want_block(d, false);
	else
		written(d);
}

static void write_more(struct ide_drive *d)
{
	ide_submit(d, BLOCK_WRITE, d->lba, d->end / IDE_SECTOR, block_written);
}

/* A failed flush shows no address: the end does not tell which sector it was. */
static void flushed(struct ide_drive *d, int rc)
{
	if (rc)
		ide_fail(d, ERR_BIT_ABRT);
	else
		ide_done(d);
}

static void read_sectors(struct ide_drive *d, bool ext, u32 block)
{
	d->block = block;
	if (!block)
		ide_fail(d, ERR_BIT_ABRT);
	else if (!fetch_address(d, ext))
		ide_fail(d, ERR_BIT_IDNF);
	else
		read_more(d);
}

/* Writes begin here. Returns false if the disk is write-protected: that is the command's end. */
static bool may_write(struct ide_drive *d, bool fua)
{
	d->fua = fua;
	if (d->b.readonly)
		ide_fail(d, ERR_BIT_ABRT | ERR_BIT_WP);
	return !d->b.readonly;
}

static void write_sectors(struct ide_drive *d, bool ext, u32 block, bool fua)
{
	d->block = block;
	if (!may_write(d, fua))
		return;
	if (!block)
		ide_fail(d, ERR_BIT_ABRT);
	else if (!fetch_address(d, ext))
		ide_fail(d, ERR_BIT_IDNF);
	else
		want_block(d, true);
}

/* -- By bus master ----------------------------------------------------------- */

static void dma_read(struct ide_drive *d, int rc)
{
	if (rc)
		fail_at(d, ERR_BIT_UNC);
	else
		settled(d, 0);
}

static void dma_written(struct ide_drive *d, int rc)
{
	if (rc)
		fail_at(d, ERR_BIT_UNC);
	else
		written(d);
}

static void dma(struct ide_drive *d, enum block_op op, bool ext, bool fua)
{
	if (op == BLOCK_WRITE && !may_write(d, fua))
		return;
	if (!fetch_address(d, ext))
		ide_fail(d, ERR_BIT_IDNF);
	else if (d->lba >= ide_disk_sectors(d) || d->left > ide_disk_sectors(d) - d->lba)
		fail_at(d, ERR_BIT_IDNF);
	else
		ide_dma(d, op, op == BLOCK_READ ? dma_read : dma_written);
}

static void verify(struct ide_drive *d, bool ext)
{
	if (!fetch_address(d, ext)) {
		ide_fail(d, ERR_BIT_IDNF);
		return;
	}
	if (d->lba >= ide_disk_sectors(d) || d->left > ide_disk_sectors(d) - d->lba) {
		u64 good = d->lba < ide_disk_sectors(d) ? ide_disk_sectors(d) - d->lba : 0;

		d->lba += good;
		d->left -= (u32)good;
		fail_at(d, ERR_BIT_IDNF);
		return;
	}
	d->lba += d->left;
	finish(d);
	ide_done(d);
}

/* -- Settings -------------------------------------------------------------- */

static void set_multiple(struct ide_drive *d)
{
	u8 n = d->count[0];

	if (n > IDE_MAX_MULTIPLE || n & (n - 1)) {
		ide_fail(d, ERR_BIT_ABRT);
		return;
	}
	d->multiple = n;
	ide_done(d);
}

static void initialize_parameters(struct ide_drive *d)
{
	u64 c;

	if (!d->count[0]) {
		ide_fail(d, ERR_BIT_ABRT);
		return;
	}
	d->spt = d->count[0];
	d->heads = (u16)((d->device & 15) + 1);
	c = ide_disk_sectors(d) / (d->spt * d->heads);
	d->cylinders = (u16)(c > 65535 ? 65535 : c);
	ide_done(d);
}

static void seek(struct ide_drive *d)
{
	if (!fetch_address(d, false) || d->lba >= ide_disk_sectors(d))
		ide_fail(d, ERR_BIT_IDNF);
	else
		ide_done(d);
}

static void identified(struct ide_drive *d)
{
	(void)d;
}

void ide_disk_command(struct ide_drive *d, u8 cmd)
{
	if ((cmd & 0xf0) == 0x10)
		cmd = 0x10;	/* RECALIBRATE and SEEK once had a step rate in their low bits */
	else if ((cmd & 0xf0) == 0x70)
		cmd = 0x70;
	switch (cmd) {
	case 0x10: ide_done(d); break;					/* RECALIBRATE */
	case 0x20: case 0x21: read_sectors(d, false, 1); break;		/* READ SECTOR(S) */
	case 0x24: read_sectors(d, true, 1); break;			/* READ SECTOR(S) EXT */
	case 0x25: dma(d, BLOCK_READ, true, false); break;		/* READ DMA EXT */
	case 0x29: read_sectors(d, true, d->multiple); break;		/* READ MULTIPLE EXT */
	case 0x30: case 0x31: write_sectors(d, false, 1, false); break;	/* WRITE SECTOR(S) */
	case 0x34: write_sectors(d, true, 1, false); break;		/* WRITE SECTOR(S) EXT */
	case 0x35: dma(d, BLOCK_WRITE, true, false); break;		/* WRITE DMA EXT */
	case 0x39: write_sectors(d, true, d->multiple, false); break;	/* WRITE MULTIPLE EXT */
	case 0x3d: dma(d, BLOCK_WRITE, true, true); break;		/* WRITE DMA FUA EXT */
	case 0x40: case 0x41: verify(d, false); break;			/* READ VERIFY */
	case 0x42: verify(d, true); break;				/* READ VERIFY EXT */
	case 0x70: seek(d); break;
	case 0x91: initialize_parameters(d); break;
	case 0xb0: ide_smart(d); break;
	case 0xc4: read_sectors(d, false, d->multiple); break;		/* READ MULTIPLE */
	case 0xc5: write_sectors(d, false, d->multiple, false); break;	/* WRITE MULTIPLE */
	case 0xc6: set_multiple(d); break;
	case 0xc8: case 0xc9: dma(d, BLOCK_READ, false, false); break;	/* READ DMA */
	case 0xca: case 0xcb: dma(d, BLOCK_WRITE, false, false); break;	/* WRITE DMA */
	case 0xce: write_sectors(d, true, d->multiple, true); break;	/* WRITE MULTIPLE FUA EXT */
	case 0xe1: case 0xe3: ide_done(d); break;			/* IDLE */
	case 0xe0: case 0xe2: case 0xe6:	/* STANDBY, SLEEP: power may go off after them */
	case 0xe7: case 0xea:						/* FLUSH CACHE (EXT) */
		ide_submit(d, BLOCK_FLUSH, 0, 0, flushed);
		break;
	case 0xe5: d->count[0] = 0xff; ide_done(d); break;	/* CHECK POWER MODE: active */
	case 0xec:							/* IDENTIFY DEVICE */
		ide_identify(d);
		ide_data_in(d, IDE_SECTOR, identified);
		break;
	case 0xef: ide_set_features(d); break;
	default:
		trace(IDE, "ide: command %02x aborted\n", cmd);
		ide_fail(d, ERR_BIT_ABRT);
	}
}
