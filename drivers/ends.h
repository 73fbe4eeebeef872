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
 * A block device of 512-byte sectors. Both functions return 0 or -ERR_x; that lba + count <=
 * sectors is the caller's duty to check.
 */
struct blockdev {
	void *opaque;
	u64 sectors;
	bool readonly;
	const char *name;
	int (*read)(void *opaque, u64 lba, u32 count, void *buf);
	int (*write)(void *opaque, u64 lba, u32 count, const void *buf);
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
