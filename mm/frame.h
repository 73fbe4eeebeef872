/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One entry for each frame: a 4 KiB page of guest RAM or ROM, numbered as mm/gpa numbers them.
 * It knows why writes must be seen (watches), which 64-byte lines hold translated code, the
 * blocks there (a field of the code cache's), and which shadow leaves are writable. Not the
 * shadow tables: they are reached by the two functions of struct frame_mapper.
 * Invariant: no host-writable leaf maps a frame that has a watch, and none a frame whose
 * entry (or a chunk of its) does not list it.
 *
 * One core's world for now: nothing here takes a lock, and a reference has room for the core.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include "kernel/lib/types.h"

#define FRAME_SIZE 4096u
#define FRAME_SHIFT 12
#define FRAME_NONE (~0u)
#define FRAME_LINE_SHIFT 6	/* 64 lines of 64 bytes */
#define FRAME_WRITERS 3

enum frame_watch {
	WATCH_CODE = 1,		/* translated code: every store is seen; never opened by a store */
	WATCH_PTABLE = 2,	/* a guest page table that leaves were made from */
	WATCH_DISPLAY = 4,	/* text or frame buffer */
	/* The last two end at the first write, which marks the frame dirty for that reason. */
	WATCH_ONCE = WATCH_PTABLE | WATCH_DISPLAY,
};

struct frame {
	u64 lines;		/* bit k: bytes 64k … 64k+63 hold translated code */
	u32 blocks;		/* the code cache's: blocks that have bytes here */
	u32 owner;		/* the same: who runs them (dbt/cache/owner.h) */
	u32 writers[FRAME_WRITERS];	/* references to writable leaves; 0 none; may be stale. */
					/* The last one: or the number of a chunk of more */
	u8 watch;		/* enum frame_watch, a set */
	u8 dirty : 3;		/* WATCH_ONCE reasons whose frame was written */
	u8 owners : 5;		/* the code cache's: so often the owner changed */
	u16 hits;		/* stores that touched code lines; saturates */
};

_Static_assert(sizeof(struct frame) == 32, "the budget is 32 bytes for each guest frame");

extern struct frame *frame_table;
extern u32 frame_count;

/* Bytes that frame_init wants for `count` frames. */
static inline u64 frame_memory(u32 count) { return (u64)count * sizeof(struct frame); }

/* `mem`: frame_memory(count) bytes, 8-aligned, owned by the caller; forgets all hooks. */
void frame_init(void *mem, u32 count);

static inline struct frame *frame_at(u32 n) { return &frame_table[n]; }	/* n < frame_count */

/*
 * From now on no store to the frame goes unseen: its writable leaves are made read-only and the
 * host's TLB has forgotten them when this returns. One more reason for a watched frame is free.
 */
void frame_watch(u32 n, enum frame_watch reason);
/* The reason is gone; leaves become writable again as stores fault on them. */
void frame_unwatch(u32 n, enum frame_watch reason);

static inline bool frame_watched(u32 n) { return frame_at(n)->watch; }

/* Lines that bytes [off, off+size) lie on; size 1 … 4096 - off. */
static inline u64 frame_lines(u32 off, u32 size)
{
	u32 first = off >> FRAME_LINE_SHIFT, last = (off + size - 1) >> FRAME_LINE_SHIFT;

	return (~0ull << first) & (~0ull >> (63 - last));
}

/* Bytes [off, off+size) will be decoded: watches the frame, then adds the lines. */
void frame_code_add(u32 n, u32 off, u32 size);
/*
 * These lines, too, hold code: of a frame with the CODE watch. Any core that stores to one of them
 * after this calls the code hook, or has counted its store before this returns (below).
 */
void frame_code_lines(u32 n, u64 lines);
/* The cache dropped blocks: these lines still hold code. 0 ends the CODE watch. */
void frame_code_set(u32 n, u64 lines);

/*
 * A count of stores to frame n (or others: it is hashed) while it had the CODE watch, wherever they
 * went, and of ends of that watch. Who reads it, watches the frame, then reads bytes, has what is
 * there as long as the count is the same; it wraps at 2^32.
 */
#define FRAME_CODE_COUNTS 4096u
extern u32 frame_code_counts[FRAME_CODE_COUNTS];
static inline u32 frame_code_count(u32 n)
{
	return __atomic_load_n(&frame_code_counts[n % FRAME_CODE_COUNTS], __ATOMIC_SEQ_CST);
}

/*
 * Bytes [off, off+size) of frame n, within it, have just been written by something other than
 * a host-writable leaf. Runs the code hook if lines with code were touched.
 */
void frame_written_slow(u32 n, u32 off, u32 size);

static inline void frame_written(u32 n, u32 off, u32 size)
{
	if (frame_at(n)->watch)
		frame_written_slow(n, off, size);
}

/* The same for A and D bits that Loam's walks set: these do not make a guest table dirty. */
void frame_written_by_walk(u32 n, u32 off, u32 size);

/*
 * A store is about to go to frame n through a leaf. Ends the watches that a write ends. Returns
 * true if the leaf may be writable then, false if the store must be done by the monitor.
 */
bool frame_open(u32 n);

/* Was the frame written since the last call (or since it was first watched)? Watches it again. */
bool frame_take_dirty(u32 n, enum frame_watch reason);

/* The code cache's: bytes [off, off+size) of frame n, all or part of them code, were written. */
typedef void (*frame_code_hook)(u32 n, u32 off, u32 size);
void frame_on_code_write(frame_code_hook fn);

/* mm/shadow's: a watched guest page table is written for the first time. */
typedef void (*frame_ptable_hook)(u32 n);
void frame_on_ptable_write(frame_ptable_hook fn);

/*
 * A reference to a leaf: bit 31 set, core in 30..25, in 24..0 the leaf's number on that core (its
 * node * PAGING_LEAF_ENTRIES + its index there).
 */
static inline u32 frame_ref(u32 core, u32 leaf) { return 1u << 31 | core << 25 | leaf; }
static inline u32 frame_ref_core(u32 ref) { return ref >> 25 & 0x3f; }
static inline u32 frame_ref_leaf(u32 ref) { return ref & 0x1ffffff; }

/* How frames reach the shadow tables. References may be stale: both must compare the leaf. */
struct frame_mapper {
	/* Is ref's leaf valid, writable, and does it map frame n? */
	bool (*is_writer)(u32 ref, u32 n);
	/* If so, make it read-only and have the host's TLB forget it before returning. */
	void (*protect)(u32 ref, u32 n);
};
void frame_set_mapper(const struct frame_mapper *m);

/*
 * The leaf `ref` is about to become writable and map frame n, which has no watch. If the frame has
 * more of them than there is room for, others of it or of another frame are made read-only again.
 */
void frame_add_writer(u32 n, u32 ref);

/* Does the frame list the leaf? */
bool frame_has_writer(u32 n, u32 ref);

struct frame_counters {
	u64 watches;		/* frames that got their first reason */
	u64 protects;		/* leaves looked at for that */
	u64 chunks;		/* taken for frames with more writers than fit */
	u64 evictions;		/* of those, from a frame that had it */
	u64 code_hits;		/* writes that touched lines with code */
	u64 code_misses;	/* writes to a CODE frame that touched none */
};
extern struct frame_counters frame_counters;

#endif
