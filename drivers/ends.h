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
 * it is in flight, and so does its memory, of which the end may use every byte.
 */
struct block_piece { void *at; u64 size; };	/* memory; bytes */

enum block_op {
	BLOCK_READ, BLOCK_WRITE,
	BLOCK_FLUSH,		/* lba, count, buf mean nothing */
	BLOCK_DISCARD,		/* nobody wants these sectors; they may have any contents. No buf */
	BLOCK_ZERO,		/* they are zero from now on. No buf */
	BLOCK_OPS
};

struct block_request {
	enum block_op op;
	u64 lba;		/* lba + count <= sectors is the caller's duty */
	u32 count;		/* sectors of 512 bytes */
	void *buf;
	/* If there are any, these hold the sectors, one after the other, and buf means nothing. */
	const struct block_piece *piece;
	unsigned pieces;
	/*
	 * Called from the run loop, with no device's lock held, once the request is over: rc is
	 * 0 or -ERR_x. The request is the caller's again, who may submit it anew from here.
	 */
	void (*done)(struct block_request *r, int rc);
	void *opaque;		/* the caller's */
	/* The end's, while in flight. */
	struct block_request *next;
	void *end;
	int rc;
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
	u32 step;		/* who empties no more at once keeps nobody waiting; 0: any */
	const char *name;
	int (*submit)(void *opaque, struct block_request *r);
};

/* Does it change the disk? */
static inline bool block_changes(enum block_op op)
{
	return op == BLOCK_WRITE || op == BLOCK_DISCARD || op == BLOCK_ZERO;
}

/* `size` bytes of the request's memory, from byte `skip` on, to or from `at`; it has them. */
static inline void block_move(const struct block_request *r, u64 skip, u8 *at, u64 size, bool put)
{
	const struct block_piece all = { r->buf, (u64)r->count * 512 };
	const struct block_piece *p = r->pieces ? r->piece : &all;

	for (; size && skip >= p->size; p++)
		skip -= p->size;
	for (u64 n; size; skip = 0, size -= n, at += n, p++) {
		u8 *memory = (u8 *)p->at + skip;

		n = p->size - skip < size ? p->size - skip : size;
		__builtin_memcpy(put ? memory : at, put ? at : memory, n);
	}
}

static inline void block_get(const struct block_request *r, u64 skip, void *to, u64 size)
{
	block_move(r, skip, to, size, false);
}

static inline void block_put(const struct block_request *r, u64 skip, const void *from, u64 size)
{
	block_move(r, skip, (u8 *)(uintptr_t)from, size, true);
}

/* Random numbers: fills the buffer at once. */
struct entropy {
	void *opaque;
	void (*fill)(void *opaque, void *buf, u32 size);
};

/* Wall clock: seconds since 1970-01-01 UTC; set may be NULL. */
struct wallclock {
	void *opaque;
	u64 (*now)(void *opaque);
};

/*
 * What a guest's card shows. Text is cells of two bytes (character, attribute) in guest memory,
 * pictures are bytes of the card's memory. The attribute and colour registers' work is done:
 * `palette` has the colour of each attribute or pixel value, 6 bits each for red, green, blue.
 * A guest may set any start and stride: indices of `memory` are taken modulo PICTURE_MEMORY.
 */
enum { PICTURE_MEMORY = 4 * 65536 };	/* bytes */
enum picture_kind {
	PICTURE_TEXT,		/* cells from 0xb8000 on */
	PICTURE_PLANES,		/* 4 bits a pixel, bit p in plane p: memory[4 * a + p] */
	PICTURE_BYTES,		/* 8 bits: pixel a is memory[4 * (a / 4) * spread + a % 4] */
};

struct picture {
	enum picture_kind kind;
	u16 width, height;	/* cells or pixels */
	u32 start, stride;	/* first cell, byte of a plane, or pixel; and from row to row */
	u8 spread;		/* PICTURE_BYTES: 1 or 4 */
	const u8 *memory;	/* NULL for text */
	u8 palette[256][3];
	u16 cursor;		/* text: its cell, counted as `start` is */
	bool cursor_on;
	/*
	 * Rows that changed since the picture was taken last, first > last: none; all of them if
	 * anything else above changed. Whether cells of a text changed is the memory's affair.
	 */
	u16 first, last;
};

/* A display: a guest's card gives it, a screen takes the picture as often as it draws. */
struct display {
	void *opaque;
	void (*take)(void *opaque, struct picture *p);
};

/* Input: a guest's machine gives it, the host's keyboard and mouse push what happens. */
struct input {
	void *opaque;
	/* Scan code set 2, 0xe0xx for the extended keys. */
	void (*key)(void *opaque, u16 code, bool down);
	/* Relative move, dy upwards; buttons: 1 left, 2 right, 4 middle. */
	void (*mouse)(void *opaque, int dx, int dy, u8 buttons);
	void (*power_button)(void *opaque);
};

/* The monitor's counters, for tests and benchmarks. */
struct counters {
	void *opaque;
	void (*print)(void *opaque, u32 tag);	/* all of them on one line of the console */
	u64 (*get)(void *opaque, unsigned n);	/* the n-th; ~0 if there is none */
};

/* Power: never returns. */
struct power {
	void *opaque;
	void (*off)(void *opaque, int status);
};

#endif
