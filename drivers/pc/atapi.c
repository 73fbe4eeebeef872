/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ATAPI CD-ROM: PACKET protocol in PIO and by DMA (ATA/ATAPI-6 §9.8, §9.9) and the MMC-3
 * commands that firmware, boot loaders and Linux use. One data track, one session.
 * Status bit 4 is DSC in SFF-8020i, whose DOS drivers wait for it after SEEK, and from ATA-4 on
 * SERV, which a drive without overlapped commands (IDENTIFY word 49, as here) may use as it
 * likes; a Windows 9x driver takes one that never goes off for a service request. So it is as in
 * QEMU's drive, on which both work: set with data and with success, clear after a reset, while
 * the packet is awaited and with an error.
 * Deviations: no audio, no raw sectors; an eject by the guest empties the tray and a
 * load fills it with the same medium.
 * Invariant: cd_byte + cd_left stays within the medium while cd_reads is set.
 */
#include "drivers/pc/ide_drive.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/printk.h"

enum { CD_SECTOR = 2048, IREASON_COMMAND = 1, IREASON_IN = 2, IREASON_DONE = 3 };
enum { SENSE_NONE = 0, SENSE_NOT_READY = 2, SENSE_MEDIUM = 3, SENSE_ILLEGAL = 5,
	SENSE_ATTENTION = 6 };
enum { ASC_READ_ERROR = 0x11, ASC_BAD_OPCODE = 0x20, ASC_BAD_LBA = 0x21, ASC_BAD_FIELD = 0x24,
	ASC_RESET = 0x29, ASC_NO_MEDIUM = 0x3a, ASC_LOCKED = 0x53 };
enum { OP_TEST_READY = 0x00, OP_REQUEST_SENSE = 0x03, OP_INQUIRY = 0x12, OP_MODE_SENSE6 = 0x1a,
	OP_START_STOP = 0x1b, OP_PREVENT = 0x1e, OP_CAPACITY = 0x25, OP_READ10 = 0x28,
	OP_SEEK = 0x2b, OP_TOC = 0x43, OP_GET_CONFIG = 0x46, OP_GET_EVENT = 0x4a,
	OP_DISC_INFO = 0x51, OP_MODE_SENSE10 = 0x5a, OP_READ12 = 0xa8, OP_MECHANISM = 0xbd };

static void put_be16(u8 *p, u32 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

static void put_be32(u8 *p, u32 v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

static u32 get_be16(const u8 *p) { return p[0] << 8 | p[1]; }
static u32 get_be32(const u8 *p) { return get_be16(p) << 16 | get_be16(p + 2); }

static u32 cd_sectors(const struct ide_drive *d)
{
	u64 n = d->b.sectors / (CD_SECTOR / IDE_SECTOR);

	return n > 0x7fffffff ? 0x7fffffff : (u32)n;
}

/* -- Ends of a command ----------------------------------------------------- */

static void fail(struct ide_drive *d, u8 error)
{
	ide_fail(d, error);
	d->status &= (u8)~ST_DSC;
}

static void good(struct ide_drive *d)
{
	d->sense = d->asc = d->ascq = 0;
	d->count[0] = IREASON_DONE;
	ide_done(d);
}

static void check(struct ide_drive *d, u8 sense, u8 asc, u8 ascq)
{
	d->sense = sense;
	d->asc = asc;
	d->ascq = ascq;
	d->count[0] = IREASON_DONE;
	fail(d, (u8)(sense << 4 | (sense == SENSE_ILLEGAL ? ERR_BIT_ABRT : 0)));
}

static void bad_field(struct ide_drive *d)
{
	check(d, SENSE_ILLEGAL, ASC_BAD_FIELD, 0);
}

/* -- Data to the host ------------------------------------------------------ */

static void send_more(struct ide_drive *d);

/* Hand the first n bytes of buf over as the next DRQ block. */
static void send_block(struct ide_drive *d, u32 n)
{
	d->cd_byte += n;
	d->cd_left -= n;
	d->count[0] = IREASON_IN;
	d->lba_mid[0] = (u8)n;
	d->lba_high[0] = (u8)(n >> 8);
	d->buf[n] = 0;
	ide_data_in(d, (n + 1) & ~1u, send_more);
}

/* At most the byte count limit, and even unless it is the last. */
static u32 block_size(const struct ide_drive *d)
{
	return d->cd_left > d->cd_limit ? d->cd_limit & ~1u : d->cd_left;
}

/* The sectors that hold the next block are in buf: it may begin in the middle of the first. */
static void medium_read(struct ide_drive *d, int rc)
{
	if (rc) {
		check(d, SENSE_MEDIUM, ASC_READ_ERROR, 0);
		return;
	}
	u32 n = block_size(d), skip = d->cd_byte % IDE_SECTOR;
	if (skip)
		memmove(d->buf, d->buf + skip, n);
	send_block(d, n);
}

static void send_more(struct ide_drive *d)
{
	u32 n = block_size(d), skip = d->cd_byte % IDE_SECTOR;

	if (!n) {
		good(d);
	} else if (d->cd_reads) {
		ide_submit(d, BLOCK_READ, d->cd_byte / IDE_SECTOR,
			   (skip + n + IDE_SECTOR - 1) / IDE_SECTOR, medium_read);
	} else {
		memcpy(d->buf, d->reply + d->cd_byte, n);
		send_block(d, n);
	}
}

/* All that the packet asked for went by bus master, or the medium failed. */
static void dma_done(struct ide_drive *d, int rc)
{
	if (rc)
		check(d, SENSE_MEDIUM, ASC_READ_ERROR, 0);
	else
		good(d);
}

/* Send `size` bytes of reply[], no more than the allocation length. */
static void send_reply(struct ide_drive *d, u32 size, u32 allocated)
{
	u32 n = size < allocated ? size : allocated;

	if (d->cd_dma && n) {
		d->count[0] = IREASON_IN;
		ide_dma_reply(d, d->reply, n, dma_done);
		return;
	}
	d->cd_reads = false;
	d->cd_byte = 0;
	d->cd_left = n;
	send_more(d);
}

static void cd_read(struct ide_drive *d, u32 lba, u32 count)
{
	if (lba > cd_sectors(d) || count > cd_sectors(d) - lba) {
		check(d, SENSE_ILLEGAL, ASC_BAD_LBA, 0);
		return;
	}
	if (count > 0xffffffffu / CD_SECTOR) {
		bad_field(d);
		return;
	}
	if (d->cd_dma && count) {
		d->count[0] = IREASON_IN;
		d->lba = (u64)lba * (CD_SECTOR / IDE_SECTOR);
		d->left = count * (CD_SECTOR / IDE_SECTOR);
		ide_dma(d, BLOCK_READ, dma_done);
		return;
	}
	d->cd_reads = true;
	d->cd_byte = (u64)lba * CD_SECTOR;
	d->cd_left = count * CD_SECTOR;
	send_more(d);
}

/* -- Inquiries ------------------------------------------------------------- */

static void text(u8 *to, const char *s, unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		to[k] = (u8)(*s ? *s++ : ' ');
}

static void inquiry(struct ide_drive *d, const u8 *cdb)
{
	u8 *r = d->reply;

	if (cdb[1] & 3 || cdb[2]) {	/* no vital product data */
		bad_field(d);
		return;
	}
	r[0] = 0x05;		/* CD/DVD device */
	r[1] = 0x80;		/* removable */
	r[2] = 0x00;
	r[3] = 0x21;		/* ATAPI, response format 1 */
	r[4] = 31;
	text(r + 8, "LOAM", 8);
	text(r + 16, "CD-ROM", 16);
	text(r + 32, "1.0", 4);
	send_reply(d, 36, get_be16(cdb + 3));
}

static void request_sense(struct ide_drive *d, const u8 *cdb)
{
	u8 *r = d->reply;

	r[0] = 0x70;
	r[2] = d->sense;
	r[7] = 10;
	r[12] = d->asc;
	r[13] = d->ascq;
	if (d->attention && !d->sense) {
		r[2] = SENSE_ATTENTION;
		r[12] = ASC_RESET;
		d->attention = false;
	}
	send_reply(d, 18, cdb[4]);
}

static void put_msf(u8 *p, u32 lba)
{
	u32 f = lba + 150;

	p[0] = 0;
	p[1] = (u8)(f / 75 / 60);
	p[2] = (u8)(f / 75 % 60);
	p[3] = (u8)(f % 75);
}

static void put_address(u8 *p, bool msf, u32 lba)
{
	if (msf)
		put_msf(p, lba);
	else
		put_be32(p, lba);
}

static void read_toc(struct ide_drive *d, const u8 *cdb)
{
	u8 *r = d->reply, format = cdb[2] & 15, first = cdb[6], n = 4;
	bool msf = cdb[1] & 2;

	if (!format)
		format = cdb[9] >> 6;	/* where SFF-8020 had it */
	if (format > 1 || (format == 0 && first > 1 && first != 0xaa)) {
		bad_field(d);
		return;
	}
	r[2] = r[3] = 1;		/* first and last track, or session */
	if (first <= 1 || format == 1) {
		r[n + 1] = 0x14;	/* ADR 1, data track */
		r[n + 2] = 1;
		put_address(r + n + 4, msf, 0);
		n += 8;
	}
	if (format == 0) {
		r[n + 1] = 0x14;
		r[n + 2] = 0xaa;	/* lead-out */
		put_address(r + n + 4, msf, cd_sectors(d));
		n += 8;
	}
	put_be16(r, n - 2);
	send_reply(d, n, get_be16(cdb + 7));
}

/* Mode pages 0x01 (error recovery), 0x0d, 0x0e and 0x2a (capabilities); 0x3f is all of them. */
static u32 mode_pages(u8 *p, u8 page, bool locked)
{
	static const u8 recovery[8] = { 0x01, 6, 0, 5 };
	u8 caps[20] = { 0x2a, 18, 0, 0, 0, 0x20, 0x29, 0 };
	u32 n = 0;

	if (page == 0x01 || page == 0x3f) {
		memcpy(p, recovery, sizeof(recovery));
		n += sizeof(recovery);
	}
	if (page == 0x2a || page == 0x3f) {
		caps[6] |= locked ? 2 : 0;
		put_be16(caps + 8, 706);	/* 4x, kB/s */
		put_be16(caps + 12, 512);	/* buffer, KiB */
		put_be16(caps + 14, 706);
		memcpy(p + n, caps, sizeof(caps));
		n += sizeof(caps);
	}
	return n;
}

static void mode_sense(struct ide_drive *d, const u8 *cdb)
{
	bool ten = cdb[0] == OP_MODE_SENSE10;
	u32 header = ten ? 8 : 4;
	u8 *r = d->reply;
	u32 n = mode_pages(r + header, cdb[2] & 0x3f, d->locked);

	if (!n || cdb[2] >> 6 == 3) {
		bad_field(d);		/* unknown page, or saved values */
		return;
	}
	if (cdb[2] >> 6 == 1)		/* changeable values: none */
		for (u32 k = 0, at = 0; k < n; k++) {
			u32 page_end = at + 2 + r[header + at + 1];

			if (k >= at + 2)
				r[header + k] = 0;
			if (k + 1 == page_end)
				at = page_end;
		}
	n += header;
	if (ten)
		put_be16(r, n - 2);
	else
		r[0] = (u8)(n - 1);
	r[ten ? 2 : 1] = d->tray_open ? 0x70 : 0x01;	/* medium type: open, or data CD */
	send_reply(d, n, ten ? get_be16(cdb + 7) : cdb[4]);
}

static void get_configuration(struct ide_drive *d, const u8 *cdb)
{
	u8 *r = d->reply;
	u32 start = get_be16(cdb + 2), n = 8;

	put_be16(r + 6, d->tray_open ? 0 : 0x0008);	/* current profile: CD-ROM */
	if (start == 0) {				/* profile list */
		static const u8 profiles[] = { 0, 0, 0x03, 4, 0x00, 0x08, 0x01, 0 };
		memcpy(r + n, profiles, sizeof(profiles));
		r[n + 6] = !d->tray_open;
		n += sizeof(profiles);
	}
	if (start <= 1 && (cdb[1] & 3) != 2) {		/* core: ATAPI */
		static const u8 core[] = { 0, 1, 0x03, 4, 0, 0, 0, 2 };
		memcpy(r + n, core, sizeof(core));
		n += sizeof(core);
	}
	if (start <= 3 && (cdb[1] & 3) != 2) {		/* removable medium: tray, eject, lock */
		static const u8 removable[] = { 0, 3, 0x03, 4, 0x29, 0, 0, 0 };
		memcpy(r + n, removable, sizeof(removable));
		n += sizeof(removable);
	}
	put_be32(r, n - 4);
	send_reply(d, n, get_be16(cdb + 7));
}

/* Polled only: the media class, no event. */
static void get_event(struct ide_drive *d, const u8 *cdb)
{
	u8 *r = d->reply;

	if (!(cdb[1] & 1)) {
		bad_field(d);		/* asynchronous */
		return;
	}
	r[3] = 0x10;			/* supported: media */
	if (!(cdb[4] & 0x10)) {
		put_be16(r, 2);
		r[2] = 0x80;		/* no event of that class */
		send_reply(d, 4, get_be16(cdb + 7));
		return;
	}
	put_be16(r, 6);
	r[2] = 0x04;
	r[5] = d->tray_open ? 0x01 : 0x02;	/* tray open, or medium present */
	send_reply(d, 8, get_be16(cdb + 7));
}

static void disc_info(struct ide_drive *d, const u8 *cdb)
{
	u8 *r = d->reply;

	put_be16(r, 32);
	r[2] = 0x0e;			/* last session complete, disc finalised */
	r[3] = r[4] = r[5] = r[6] = 1;	/* tracks and sessions */
	r[7] = 0x20;
	send_reply(d, 34, get_be16(cdb + 7));
}

static void start_stop(struct ide_drive *d, const u8 *cdb)
{
	switch (cdb[4] & 3) {
	case 2:				/* eject */
		if (d->locked) {
			check(d, SENSE_ILLEGAL, ASC_LOCKED, 2);
			return;
		}
		d->tray_open = true;
		break;
	case 3:				/* load */
		d->attention |= d->tray_open;
		d->tray_open = false;
		break;
	}
	good(d);
}

static void capacity(struct ide_drive *d)
{
	put_be32(d->reply, cd_sectors(d) - 1);
	put_be32(d->reply + 4, CD_SECTOR);
	send_reply(d, 8, 8);
}

/* -- Packets --------------------------------------------------------------- */

/* Commands that a unit attention, or an empty tray, does not stop (MMC-3, SPC-2 §5.6). */
static bool always(u8 op)
{
	return op == OP_INQUIRY || op == OP_REQUEST_SENSE || op == OP_GET_CONFIG ||
	       op == OP_GET_EVENT;
}

static bool needs_medium(u8 op)
{
	return op == OP_TEST_READY || op == OP_CAPACITY || op == OP_READ10 || op == OP_READ12 ||
	       op == OP_SEEK || op == OP_TOC || op == OP_DISC_INFO;
}

static void dispatch(struct ide_drive *d, const u8 *cdb)
{
	switch (cdb[0]) {
	case OP_TEST_READY: good(d); break;
	case OP_REQUEST_SENSE: request_sense(d, cdb); break;
	case OP_INQUIRY: inquiry(d, cdb); break;
	case OP_MODE_SENSE6:
	case OP_MODE_SENSE10: mode_sense(d, cdb); break;
	case OP_START_STOP: start_stop(d, cdb); break;
	case OP_PREVENT: d->locked = cdb[4] & 1; good(d); break;
	case OP_CAPACITY: capacity(d); break;
	case OP_READ10: cd_read(d, get_be32(cdb + 2), get_be16(cdb + 7)); break;
	case OP_READ12: cd_read(d, get_be32(cdb + 2), get_be32(cdb + 6)); break;
	case OP_SEEK:
		if (get_be32(cdb + 2) < cd_sectors(d))
			good(d);
		else
			check(d, SENSE_ILLEGAL, ASC_BAD_LBA, 0);
		break;
	case OP_TOC: read_toc(d, cdb); break;
	case OP_GET_CONFIG: get_configuration(d, cdb); break;
	case OP_GET_EVENT: get_event(d, cdb); break;
	case OP_DISC_INFO: disc_info(d, cdb); break;
	case OP_MECHANISM: put_be16(d->reply + 6, 0); send_reply(d, 8, get_be16(cdb + 8)); break;
	default:
		trace(IDE, "atapi: packet command %02x unknown\n", cdb[0]);
		check(d, SENSE_ILLEGAL, ASC_BAD_OPCODE, 0);
	}
}

static void packet(struct ide_drive *d)
{
	u8 cdb[ATAPI_PACKET];

	memcpy(cdb, d->buf, sizeof(cdb));
	memset(d->reply, 0, sizeof(d->reply));
	trace(IDE, "atapi: packet %02x %02x %02x%02x%02x%02x\n", cdb[0], cdb[1], cdb[2], cdb[3],
	      cdb[4], cdb[5]);
	if (d->attention && !always(cdb[0])) {
		d->attention = false;
		check(d, SENSE_ATTENTION, ASC_RESET, 0);
	} else if (d->tray_open && needs_medium(cdb[0])) {
		check(d, SENSE_NOT_READY, ASC_NO_MEDIUM, 2);
	} else {
		dispatch(d, cdb);
	}
}

static void start_packet(struct ide_drive *d)
{
	u16 limit = (u16)(d->lba_high[0] << 8 | d->lba_mid[0]);

	if (d->feature & 2) {		/* overlap */
		fail(d, ERR_BIT_ABRT);
		return;
	}
	d->cd_dma = d->feature & 1;
	if (limit == 0xffff || limit < 2)
		limit = 0xfffe;		/* 0 is the host's mistake; take the largest */
	d->cd_limit = limit;
	d->count[0] = IREASON_COMMAND;
	ide_data_out(d, ATAPI_PACKET, false, packet);
	d->status &= (u8)~ST_DSC;
}

static void identified(struct ide_drive *d)
{
	(void)d;
}

static void identify_packet(struct ide_drive *d)
{
	u8 *p = d->buf;

	memset(p, 0, IDE_SECTOR);
	ide_put16(p, 0, 0x85c0);	/* packet device, CD-ROM, removable, fast DRQ, 12 bytes */
	ide_put_string(p + 20, d->b.name ? d->b.name : "LOAM", 20);
	ide_put_string(p + 46, "1.0", 8);
	ide_put_string(p + 54, "LOAM CD-ROM", 40);
	ide_put16(p, 49, 0x0b00);	/* DMA, LBA, IORDY */
	ide_put16(p, 53, 0x0006);	/* words 64-70 and 88 are valid */
	ide_put_dma_modes(d, p);
	ide_put16(p, 64, 0x0003);	/* PIO modes 3 and 4 */
	ide_put16(p, 65, 120);
	ide_put16(p, 66, 120);
	ide_put16(p, 67, 120);
	ide_put16(p, 68, 120);
	ide_put16(p, 80, 0x0070);
	ide_put16(p, 82, 0x4210);	/* NOP, DEVICE RESET, PACKET */
	ide_put16(p, 83, 0x4000);
	ide_put16(p, 84, 0x4000);
	ide_put16(p, 85, 0x4210);
	ide_put16(p, 87, 0x4000);
}

static void set_features(struct ide_drive *d)
{
	if (d->feature == 0x03)
		ide_set_transfer_mode(d, d->count[0]);
	else
		ide_fail(d, ERR_BIT_ABRT);
	if (d->status & ST_ERR)
		d->status &= (u8)~ST_DSC;
}

void atapi_reset(struct ide_drive *d, bool power_up)
{
	d->sense = d->asc = d->ascq = 0;
	d->locked = false;
	d->cd_left = 0;
	if (power_up) {
		d->attention = true;
		d->tray_open = false;
		d->dma_mode = 0;
	}
}

void atapi_command(struct ide_drive *d, u8 cmd)
{
	switch (cmd) {
	case 0x08:				/* DEVICE RESET: no interrupt */
		atapi_reset(d, false);
		ide_signature(d);
		d->status = 0;
		break;
	case 0xa0: start_packet(d); break;
	case 0xa1:
		identify_packet(d);
		ide_data_in(d, IDE_SECTOR, identified);
		break;
	case 0xe0: case 0xe1: case 0xe2: case 0xe3: case 0xe6: ide_done(d); break;
	case 0xe5: d->count[0] = 0xff; ide_done(d); break;
	case 0xef: set_features(d); break;
	default:			/* IDENTIFY DEVICE and READ SECTORS leave the signature */
		ide_signature(d);
		fail(d, ERR_BIT_ABRT);
	}
}
