/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ide.c (channel, registers, transfers), ide_disk.c (ATA commands) and atapi.c (packet
 * commands) share. Nobody else includes this. All of it is guarded by the channel's lock.
 */
#ifndef DRIVERS_PC_IDE_DRIVE_H
#define DRIVERS_PC_IDE_DRIVE_H

#include "drivers/ends.h"
#include "kernel/lib/types.h"

enum { ST_ERR = 0x01, ST_DRQ = 0x08, ST_DSC = 0x10, ST_DF = 0x20, ST_DRDY = 0x40, ST_BSY = 0x80 };
enum { ERR_BIT_ABRT = 0x04, ERR_BIT_IDNF = 0x10, ERR_BIT_UNC = 0x40, ERR_BIT_WP = 0x40 };
enum { DEV_SLAVE = 0x10, DEV_LBA = 0x40 };
enum { IDE_SECTOR = 512, IDE_BUF = 65536 + 1024, IDE_MAX_MULTIPLE = 16, ATAPI_PACKET = 12 };
enum ide_kind { IDE_NONE, IDE_DISK, IDE_CDROM };
enum ide_reset { RESET_NONE, RESET_SOFT, RESET_POWER };	/* each does what the one before does */

struct channel;

struct ide_drive {
	enum ide_kind kind;
	struct blockdev b;
	struct channel *channel;	/* ide.c's */
	bool slave;
	bool intrq;
	/* Task file; [1] is the previous content, for 48-bit commands. */
	u8 feature, error, status, device;
	u8 count[2], lba_low[2], lba_mid[2], lba_high[2];

	/* The data register: buf[pos…end). When pos reaches end, `more` goes on. */
	u8 *buf;
	u32 pos, end;
	bool to_device;
	void (*more)(struct ide_drive *d);

	/*
	 * What the end is asked for. While it is in flight BSY is set and buf is the end's; a
	 * reset that came in the meantime is done afterwards, and the result is forgotten.
	 */
	struct block_request request;
	bool in_flight;
	enum ide_reset reset_due;
	void (*then)(struct ide_drive *d, int rc);

	/* Disk: what is left of the command. */
	u64 lba;
	u32 left;		/* sectors */
	u32 block;		/* sectors in one DRQ block */
	bool ext;
	u8 multiple;		/* 0: not set */
	u16 cylinders, heads, spt;	/* as INITIALIZE DEVICE PARAMETERS set them */

	/* CD-ROM: what is left of the packet command, and the sense data. */
	u64 cd_byte;		/* next byte of the medium, for reads */
	u32 cd_left;		/* bytes */
	u16 cd_limit;		/* byte count limit */
	bool cd_reads;		/* cd_left comes from the medium, not from reply[] */
	u8 reply[512];
	u8 sense, asc, ascq;
	bool attention, tray_open, locked;
};

/* The command is over: DRDY, INTRQ. */
void ide_done(struct ide_drive *d);
/* The command failed with these error bits: ERR, INTRQ. */
void ide_fail(struct ide_drive *d, u8 error);
/* Offer bytes [0, n) of buf for reading, or take n bytes; then call more. */
void ide_data_in(struct ide_drive *d, u32 n, void (*more)(struct ide_drive *d));
void ide_data_out(struct ide_drive *d, u32 n, bool intrq, void (*more)(struct ide_drive *d));
/*
 * BSY until the end has done it, then call `then`, whose rc is 0 or -ERR_x. Reads and writes
 * are of buf, from its start, and at most IDE_BUF bytes.
 */
void ide_submit(struct ide_drive *d, enum block_op op, u64 lba, u32 count,
		void (*then)(struct ide_drive *d, int rc));
/* Signature of the drive's kind in the task file (ATA/ATAPI-6 §9.12). */
void ide_signature(struct ide_drive *d);

/* String of n bytes, space-filled, as IDENTIFY has it: the bytes of each word swapped. */
void ide_put_string(u8 *to, const char *s, unsigned n);
void ide_put16(u8 *identify, unsigned word, u16 v);

void ide_disk_reset(struct ide_drive *d);
void ide_disk_command(struct ide_drive *d, u8 cmd);

void atapi_reset(struct ide_drive *d, bool power_up);
void atapi_command(struct ide_drive *d, u8 cmd);

#endif
