/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ide.c (channel, registers, transfers), ide_dma.c (bus master), ide_disk.c, ide_identify.c,
 * ide_smart.c (ATA commands) and atapi.c (packet commands) share. Nobody else includes this. All of
 * it is guarded by the channel's lock.
 */
#ifndef DRIVERS_PC_IDE_DRIVE_H
#define DRIVERS_PC_IDE_DRIVE_H

#include "drivers/ends.h"
#include "drivers/pc/gather.h"
#include "kernel/lib/types.h"
#include "kernel/lock.h"
#include "kernel/timer.h"
#include "mm/bus.h"

enum { ST_ERR = 0x01, ST_DRQ = 0x08, ST_DSC = 0x10, ST_DF = 0x20, ST_DRDY = 0x40, ST_BSY = 0x80 };
enum { ERR_BIT_ABRT = 0x04, ERR_BIT_IDNF = 0x10, ERR_BIT_UNC = 0x40, ERR_BIT_WP = 0x40 };
enum { BM_ACTIVE = 0x01, BM_ERROR = 0x02, BM_INTERRUPT = 0x04 };	/* bus master's status */
enum { DEV_SLAVE = 0x10, DEV_LBA = 0x40 };
enum { IDE_SECTOR = 512, IDE_BUF = 65536 + 1024, IDE_MAX_MULTIPLE = 16, ATAPI_PACKET = 12,
	IDE_HEADS = 16, IDE_SPT = 63 };
enum ide_kind { IDE_NONE, IDE_DISK, IDE_CDROM };
enum ide_reset { RESET_NONE, RESET_SOFT, RESET_POWER };	/* each does what the one before does */

struct channel;

struct ide_drive {
	enum ide_kind kind;
	struct blockdev b;
	struct channel *channel;
	bool slave;
	bool sata;		/* at a port of hba.c */
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

	/*
	 * A transfer by bus master: sectors [lba, lba + left) of it are to come. It waits (BSY)
	 * until the bus master has memory for it.
	 */
	enum block_op dma_op;
	bool dma_waits;
	void (*dma_then)(struct ide_drive *d, int rc);
	const u8 *dma_bytes;	/* not NULL: these, dma_left of them, not sectors */
	u32 dma_left;
	struct gather *gather;		/* of the request in flight */

	/* Disk: what is left of the command. */
	u64 lba;
	u32 left;		/* sectors */
	u32 block;		/* sectors in one DRQ block */
	bool ext;
	bool fua;		/* the write is over only when it is on the medium */
	bool write_cache;	/* else every write is like that */
	u8 dma_mode;		/* as SET FEATURES chose it: 0x20-0x22, 0x40-0x42; 0: none */
	bool smart, smart_autosave;
	u32 io_errors;		/* since power-up, for SMART */
	u8 multiple;		/* 0: not set */
	u16 cylinders, heads, spt;	/* as INITIALIZE DEVICE PARAMETERS set them */

	/* CD-ROM: what is left of the packet command, and the sense data. */
	u64 cd_byte;		/* next byte of the medium, for reads */
	u32 cd_left;		/* bytes */
	u16 cd_limit;		/* byte count limit */
	bool cd_dma;		/* the packet asked for data by bus master */
	bool cd_reads;		/* cd_left comes from the medium, not from reply[] */
	u8 reply[512];
	u8 sense, asc, ascq;
	bool attention, tray_open, locked;
};

/* A channel's half of BAR 4: ide_dma.c's (Bus Master IDE, rev. 1.0). */
struct bus_master {
	u8 command, status;
	u32 table;	/* guest address of the table as written … */
	struct gather_list list;	/* … and what is left of it */
	/* Another owner of such a drive (hba_port.c): the list was of no use; error: not RAM. */
	void (*stopped)(struct channel *c, bool error);
	bool enabled;		/* by the PCI command register */
	bool going;		/* ide_dma_go() is at work */
	u32 moved;		/* bytes of the transfer so far */
	struct timer timer;	/* to go on, if the end did a part at once */
};

struct channel {
	struct lock lock;
	struct ide_drive drive[2];
	u8 control;
	struct irq_line irq;
	bool intrq;		/* as driven */
	struct bus_master master;
	struct bus_region command_region, control_region;
};

struct ide {
	struct channel channel[2];
	struct bus_region master_region;
};

/* The drive that the channel's registers show. */
static inline struct ide_drive *ide_selected(struct channel *c)
{
	return &c->drive[c->drive[0].device & DEV_SLAVE ? 1 : 0];
}

/* For hba_port.c, which has drives of its own: a command with the task file as it is; … */
void ide_command(struct channel *c, u8 cmd);
/* … `n` bytes of the data in buf, all of them, were moved; … */
void ide_moved(struct ide_drive *d, u32 n);
/* … resets; and drive k, which must not be there yet. */
void ide_drive_reset(struct ide_drive *d);
void ide_power_reset(struct ide_drive *d);
void ide_channel_attach(struct channel *c, unsigned k, enum ide_kind kind,
			const struct blockdev *b);

/* INTRQ or who may see it has changed. */
void ide_update(struct channel *c);

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
/* The same of what d->gather has, which is `count` sectors. */
void ide_submit_gather(struct ide_drive *d, enum block_op op, u64 lba, u32 count,
		       void (*then)(struct ide_drive *d, int rc));

/*
 * Move sectors [lba, lba + left), which the disk has, by bus master: BSY until they are, then
 * `then` with rc 0, or -ERR_x with lba and left at the first that are not known to be.
 */
void ide_dma(struct ide_drive *d, enum block_op op, void (*then)(struct ide_drive *d, int rc));
/*
 * Move n bytes (rounded up to an even number, which are there) to the guest by bus master: BSY
 * until they are, then `then` with 0.
 */
void ide_dma_reply(struct ide_drive *d, const u8 *bytes, u32 n,
		   void (*then)(struct ide_drive *d, int rc));
/* The selected drive, or what the bus master waited for, may have come: move what can be moved. */
void ide_dma_go(struct channel *c);
void ide_dma_reset(struct channel *c);
void ide_dma_init(struct ide *ide);
void ide_channel_init(struct channel *c);

/* Signature of the drive's kind in the task file (ATA/ATAPI-6 §9.12). */
void ide_signature(struct ide_drive *d);

/* String of n bytes, space-filled, as IDENTIFY has it: the bytes of each word swapped. */
void ide_put_string(u8 *to, const char *s, unsigned n);
void ide_put16(u8 *identify, unsigned word, u16 v);

void ide_disk_reset(struct ide_drive *d, bool power_up);
void ide_disk_command(struct ide_drive *d, u8 cmd);
u64 ide_disk_sectors(const struct ide_drive *d);
/* The cylinders that it has with the heads and sectors of its translation at power-up. */
u16 ide_cylinders(const struct ide_drive *d);

/* ide_identify.c */
void ide_identify(struct ide_drive *d);		/* fills buf */
void ide_set_features(struct ide_drive *d);
/* Identify words 63 and 88, as the mode chosen has it, and SET FEATURES that chooses it. */
void ide_put_dma_modes(const struct ide_drive *d, u8 *identify);
void ide_set_transfer_mode(struct ide_drive *d, u8 mode);
/* ide_smart.c: command B0h */
void ide_smart(struct ide_drive *d);

void atapi_reset(struct ide_drive *d, bool power_up);
void atapi_command(struct ide_drive *d, u8 cmd);

#endif
