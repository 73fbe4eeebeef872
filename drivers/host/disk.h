/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the drivers of host disks share: requests wait here, are cut into commands that the device
 * takes, get a time limit, one reset of the device and one more try, and go back to who asked. A
 * driver supplies three functions and knows nothing of requests. Whoever wants a part of a disk
 * (a partition, a file's extents) has a view of it.
 *
 *	view ─► waiting ─► slot ─► driver ─► device
 *	  ◄──── over ◄──────┴──── disk_finished ◄─┘
 */
#ifndef DRIVERS_HOST_DISK_H
#define DRIVERS_HOST_DISK_H

#include "drivers/ends.h"
#include "kernel/lock.h"
#include "kernel/timer.h"

enum { DISK_SLOTS = 32, DISK_SECTOR = 512, DISK_PIECES = 64 };
#define DISK_COMMAND_MAX (1u << 20)	/* bytes; a driver may take less */

/*
 * One command for a device, in its own blocks. Each piece of its memory is contiguous for the
 * device and aligned as the driver asks, all of them together are those blocks.
 */
struct disk_command {
	enum block_op op;
	u64 block;
	u32 blocks;
	const struct block_piece *piece;
	unsigned pieces;	/* 0: a flush, or blocks that are discarded or zeroed */
	bool alone;		/* nothing else is in flight with it: a second try */
};

struct disk_driver {
	/* Hand the command of slot n to the device. Does not wait, and reports nothing itself. */
	void (*start)(void *opaque, unsigned n, const struct disk_command *c);
	/* Call disk_finished() for each command that the device has done. */
	void (*reap)(void *opaque);
	/*
	 * Bring the device to where it takes commands, dropping all that it has: `begin` first,
	 * then again until it says something else than BLOCK_LATER: 0 or -ERR_IO. Does not wait.
	 */
	int (*reset)(void *opaque, bool begin);
};

struct disk_slot {		/* a request on its way */
	struct block_request *r;	/* NULL: free */
	u32 at;			/* sectors of it that are done */
	u32 count;		/* sectors of the piece under way */
	u32 skip;		/* and where it begins in the bounce buffer, in sectors */
	struct disk_command command;
	bool started;		/* the device has the command */
	bool exclusive;		/* no others may be in flight with it */
	bool bounced;		/* it goes by the disk's bounce buffer … */
	bool merging;		/* … which is being filled before a part of it is written */
	bool again;		/* this is the second try */
	u16 ticks;		/* since the command was started */
};

struct disk {
	u16 pci;		/* where it is: bus << 8 | slot << 3 | function … */

	/* Filled by the driver. */
	u32 unit;		/* … port or namespace there, else 0 */
	char name[16];
	const struct disk_driver *driver;
	void *opaque;
	u64 sectors;		/* of 512 bytes */
	u32 block;		/* bytes of a block of the device: 512, 2048, 4096 … */
	u32 most;		/* bytes in one command, a multiple of block */
	u32 most_discard, most_zero;	/* blocks that one command does that with; 0: none does */
	unsigned slots;		/* commands at once, at most DISK_SLOTS */
	u32 align;		/* of a piece's address and size, a power of two */
	u32 page;		/* if not 0: pieces are joined at addresses aligned so */
	unsigned pieces;	/* in one command, 1 … DISK_PIECES */
	bool readonly;
	bool flush_alone;	/* nothing but reads and writes may be in flight with others */
	bool cached;		/* what is written may be in a cache until a flush */

	/* disk.c's. */
	struct lock lock;
	struct disk_slot slot[DISK_SLOTS];
	struct block_piece (*piece)[DISK_PIECES];	/* of the slots' commands */
	unsigned in_flight;
	unsigned retries;	/* of these, the ones that are tried again one by one */
	bool exclusive;		/* the one in flight wants no others */
	bool resetting, gone;
	bool unflushed;		/* something was written since the last flush was begun */
	u16 dirty_ticks, reset_ticks;
	struct block_request *first, *last;	/* waiting */
	struct block_request *over, *over_last;
	struct block_request own_flush;
	bool own_flush_busy;
	bool ticking;		/* the timer is set */
	void *bounce;
	struct timer timer;
	u64 flushes_lost;	/* flushes that failed */
	u64 errors, resets, stray;	/* counts, for messages */
	u64 errors_of[BLOCK_OPS];
};

struct disk_extent { u64 start, count; };	/* sectors of the disk */

/* A part of a disk. Extents and name stay where they are. */
struct disk_view {
	struct disk *disk;
	const struct disk_extent *extent;
	unsigned extents;
	u64 sectors;		/* of all extents together */
	u64 flushes_lost;	/* of the disk's, how many who flushes here knows of */
};

/*
 * Bring the disk up: reset it, waiting at most ten seconds. What the driver fills is filled before,
 * or by its reset. Returns 0, -ERR_NOMEM or -ERR_IO.
 */
int disk_init(struct disk *d);

/* The end of a view, which must lie within the disk. Never removed. */
struct blockdev disk_end(struct disk_view *v, const char *name, bool readonly);

/* From the run loop, after the disk's interrupt or now and then: end what is over. */
void disk_poll(struct disk *d);

/*
 * From now on fn is given each view's request that is over, on the core that found it so, with no
 * lock held: it calls, or has another core call, r->done(r, r->rc). Until then r->next is fn's.
 * Before any other core than this one does anything with disks.
 */
void disk_give(void (*fn)(void *opaque, struct block_request *r), void *opaque);

/*
 * Begin a flush if something was written since the last one. Returns whether one, or anything else,
 * is under way; call disk_poll() and this until not.
 */
bool disk_flush(struct disk *d);

/* disk_pieces.c: the disk's sector of lba; *run: how many from there on lie in one piece. */
u64 disk_map(const struct disk_view *v, u64 lba, u64 *run);

/*
 * disk_pieces.c: at most `most` bytes (whole blocks) of the request's memory, from byte `from` on,
 * as pieces for one command in `out`, of which there are DISK_PIECES. Returns how many bytes, whole
 * blocks too; 0 if the device cannot take even one block from there.
 */
u64 disk_pieces(const struct disk *d, const struct block_request *r, u64 from, u64 most,
		struct block_piece *out, unsigned *count);

/* disk_pieces.c: must the request, or a part of it, go by the bounce buffer? */
bool disk_needs_bounce(const struct disk *d, const struct block_request *r);

/* For drivers, from reap(): slot n's command is over, rc 0 or -ERR_IO. */
void disk_finished(struct disk *d, unsigned n, int rc);

/* For drivers: the device named a slot that it has no command for. Counted, and told. */
void disk_stray(struct disk *d, unsigned n);

/*
 * For drivers, from reap(): the device has dropped all it had because of one command, and does not
 * tell of which. After a reset each is tried again, alone, so that the fault finds its own.
 */
void disk_lost(struct disk *d);

#endif
