/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ATA disk commands in PIO (ATA/ATAPI-6, T13 1410D, chapter 8). Not the registers: ide.c.
 * Deviations: no DMA, and IDENTIFY says so; no security, SMART, power or host protected
 * area feature sets; a multi-sector block that runs past the end fails as a whole. A
 * write-protected disk answers writes with ABRT and WP (error bit 6).
 * Invariant: lba + block <= b.sectors before the end is asked for anything.
 */
#include "drivers/pc/ide_drive.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/printk.h"

enum { HEADS = 16, SPT = 63, MAX_CYLINDERS = 16383 };
#define MAX_SECTORS (1ull << 32)
#define LBA28_SECTORS 0x0fffffffu

static u64 sectors(const struct ide_drive *d)
{
	return d->b.sectors < MAX_SECTORS ? d->b.sectors : MAX_SECTORS;
}

static u16 default_cylinders(const struct ide_drive *d)
{
	u64 c = sectors(d) / (HEADS * SPT);

	return (u16)(c > MAX_CYLINDERS ? MAX_CYLINDERS : c ? c : 1);
}

/* READ and WRITE MULTIPLE come up enabled, as a disk may: Linux uses them only then. */
void ide_disk_reset(struct ide_drive *d)
{
	d->multiple = IDE_MAX_MULTIPLE;
	d->heads = HEADS;
	d->spt = SPT;
	d->cylinders = default_cylinders(d);
}

/* -- IDENTIFY -------------------------------------------------------------- */

static void put_size(struct ide_drive *d)
{
	u8 *p = d->buf;
	u64 n = sectors(d), chs = (u64)d->cylinders * d->heads * d->spt;
	u32 n28 = (u32)(n > LBA28_SECTORS ? LBA28_SECTORS : n);

	ide_put16(p, 1, default_cylinders(d));
	ide_put16(p, 3, HEADS);
	ide_put16(p, 6, SPT);
	ide_put16(p, 53, 0x0003);		/* words 54-58 and 64-70 are valid */
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

static void identify(struct ide_drive *d)
{
	u8 *p = d->buf;

	memset(p, 0, IDE_SECTOR);
	ide_put16(p, 0, 0x0040);		/* fixed device */
	put_size(d);
	ide_put_string(p + 20, d->b.name ? d->b.name : "LOAM", 20);
	ide_put_string(p + 46, "1.0", 8);
	ide_put_string(p + 54, "LOAM HARDDISK", 40);
	ide_put16(p, 47, 0x8000 | IDE_MAX_MULTIPLE);
	ide_put16(p, 49, 0x0a00);		/* LBA, IORDY; no DMA */
	ide_put16(p, 50, 0x4000);
	ide_put16(p, 51, 0x0200);		/* PIO timing mode 2 */
	ide_put16(p, 59, d->multiple ? 0x0100 | d->multiple : 0);
	ide_put16(p, 64, 0x0003);		/* PIO modes 3 and 4 */
	ide_put16(p, 67, 120);
	ide_put16(p, 68, 120);
	ide_put16(p, 80, 0x0070);		/* ATA/ATAPI-4 to 6 */
	ide_put16(p, 82, 0x4000);		/* NOP */
	ide_put16(p, 83, 0x7400);		/* FLUSH CACHE (EXT), 48-bit addresses */
	ide_put16(p, 84, 0x4000);
	ide_put16(p, 85, 0x4000);
	ide_put16(p, 86, 0x3400);
	ide_put16(p, 87, 0x4000);
	ide_put16(p, 93, d->slave ? 0x6b00 : 0x600b);	/* reset result: device number by jumper */
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

	return d->lba < sectors(d) && n <= sectors(d) - d->lba ? n : 0;
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
	if (d->left) {
		want_block(d, false);
		return;
	}
	finish(d);
	ide_done(d);
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

static void write_sectors(struct ide_drive *d, bool ext, u32 block)
{
	d->block = block;
	if (d->b.readonly) {
		ide_fail(d, ERR_BIT_ABRT | ERR_BIT_WP);
		return;
	}
	if (!block)
		ide_fail(d, ERR_BIT_ABRT);
	else if (!fetch_address(d, ext))
		ide_fail(d, ERR_BIT_IDNF);
	else
		want_block(d, true);
}

static void verify(struct ide_drive *d, bool ext)
{
	if (!fetch_address(d, ext)) {
		ide_fail(d, ERR_BIT_IDNF);
		return;
	}
	if (d->lba >= sectors(d) || d->left > sectors(d) - d->lba) {
		u64 good = d->lba < sectors(d) ? sectors(d) - d->lba : 0;

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

static void set_features(struct ide_drive *d)
{
	u8 mode = d->count[0];

	switch (d->feature) {
	case 0x03:		/* transfer mode: PIO default, or PIO flow control mode 0-4 */
		if (mode <= 1 || (mode >= 8 && mode <= 12))
			ide_done(d);
		else
			ide_fail(d, ERR_BIT_ABRT);
		break;
	case 0x02: case 0x82:	/* write cache: there is none to switch */
	case 0x55: case 0xaa:	/* read look-ahead */
	case 0x66: case 0xcc:	/* keep or revert settings at reset */
		ide_done(d);
		break;
	default: ide_fail(d, ERR_BIT_ABRT);
	}
}

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
	c = sectors(d) / (d->spt * d->heads);
	d->cylinders = (u16)(c > 65535 ? 65535 : c);
	ide_done(d);
}

static void seek(struct ide_drive *d)
{
	if (!fetch_address(d, false) || d->lba >= sectors(d))
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
	case 0x29: read_sectors(d, true, d->multiple); break;		/* READ MULTIPLE EXT */
	case 0x30: case 0x31: write_sectors(d, false, 1); break;	/* WRITE SECTOR(S) */
	case 0x34: write_sectors(d, true, 1); break;			/* WRITE SECTOR(S) EXT */
	case 0x39: write_sectors(d, true, d->multiple); break;		/* WRITE MULTIPLE EXT */
	case 0x40: case 0x41: verify(d, false); break;			/* READ VERIFY */
	case 0x42: verify(d, true); break;				/* READ VERIFY EXT */
	case 0x70: seek(d); break;
	case 0x91: initialize_parameters(d); break;
	case 0xc4: read_sectors(d, false, d->multiple); break;		/* READ MULTIPLE */
	case 0xc5: write_sectors(d, false, d->multiple); break;		/* WRITE MULTIPLE */
	case 0xc6: set_multiple(d); break;
	case 0xe1: case 0xe3: ide_done(d); break;			/* IDLE */
	case 0xe0: case 0xe2: case 0xe6:	/* STANDBY, SLEEP: power may go off after them */
	case 0xe7: case 0xea:						/* FLUSH CACHE (EXT) */
		ide_submit(d, BLOCK_FLUSH, 0, 0, flushed);
		break;
	case 0xe5: d->count[0] = 0xff; ide_done(d); break;	/* CHECK POWER MODE: active */
	case 0xec:							/* IDENTIFY DEVICE */
		identify(d);
		ide_data_in(d, IDE_SECTOR, identified);
		break;
	case 0xef: set_features(d); break;
	default:
		trace(IDE, "ide: command %02x aborted\n", cmd);
		ide_fail(d, ERR_BIT_ABRT);
	}
}
