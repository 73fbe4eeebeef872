/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The neutral ends between host drivers and PC devices. A host driver fills
 * the functions; a PC device calls them; kernel/machine/main.c joins the two. The only
 * header that both sides share.
 */
#ifndef DRIVERS_ENDS_H
#define DRIVERS_ENDS_H

#include "kernel/lib/types.h"

/* A character device. All functions are non-blocking. */
struct chardev {
	void *opaque;
	/* Next received byte, or -1 if there is none. */
	int (*read)(void *opaque);
	/* Send a byte; returns false if it could not be taken now (try again). */
	bool (*write)(void *opaque, u8 byte);
};

/*
 * A request to a block device. It belongs to the caller, stays where it is and as it is while
 * it is in flight, and so does its buffer, of which the end may use every byte.
 */
enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };	/* FLUSH: lba, count, buf mean nothing */

struct block_request {
	enum block_op op;
	u64 lba;		/* lba + count <= sectors is the caller's duty */
	u32 count;		/* sectors of 512 bytes */
	void *buf;
	/*
	 * Called from the run loop, with no device's lock held, once the request is over: rc is
	 * 0 or -ERR_x. The request is the caller's again, who may submit it anew from here.
	 */
	void (*done)(struct block_request *r, int rc);
	void *opaque;		/* the caller's */
	struct block_request *next;	/* the end's, while in flight */
};

/*
 * A block device of 512-byte sectors. submit() never waits. It returns 0 or -ERR_x if the
 * request is over already (done is not called then), or BLOCK_LATER: done will be called. Any
 * number of requests may be in flight, and they may end in any order; a flush covers the writes
 * that were over before it. None can be called back: who is reset waits for the end of his.
 */
enum { BLOCK_LATER = 1 };

struct blockdev {
	void *opaque;
	u64 sectors;
	bool readonly;
	const char *name;
	int (*submit)(void *opaque, struct block_request *r);
};

/* Wall clock: seconds since 1970-01-01 UTC; set may be NULL. */
struct wallclock {
	void *opaque;
	u64 (*now)(void *opaque);
};

/* A display that shows 80x25-like text or a linear frame buffer; may be absent. */
struct display {
	void *opaque;
	void (*text)(void *opaque, unsigned x, unsigned y, u8 ch, u8 attr);
};

/* The monitor's counters, for tests and benchmarks. */
struct counters {
	void *opaque;
	void (*print)(void *opaque, u32 tag);	/* all of them on one line of the console */
	u64 (*get)(void *opaque, unsigned n);	/* the n-th; ~0 if there is none */
};

/* Power: never returns. */
struct power {
	void (*off)(int status);
};

#endif
