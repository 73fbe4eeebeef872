/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One entry for each frame: a 4 KiB page of guest RAM or ROM, numbered as mm/gpa numbers them.
 * It knows why writes must be seen (watches), which 64-byte lines hold translated code, the
 * blocks there (a field of the code cache's), and which shadow leaves are writable. Not the
 * shadow tables: they are reached by the two functions of struct frame_mapper.
 * Invariant: when frame_watch has returned no host-writable leaf maps the frame, as long as the
 * watch lasts; and none ever maps one that its core's part does not list for it.
 *
 * Between cores: why a frame is watched and which cores may have writable leaves of it is one word,
 * changed by one atomic operation. Who makes a leaf writable puts its core there and is told
 * whether there is a watch; who watches is told the cores, has each make its leaves read-only (by
 * work, frame_cores.c) and waits. What lists a core's leaves is that core's alone. `lines`,
 * `blocks` and `owner` are the code cache's, under its lock. With one core nothing of this runs.
 */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include "kernel/lib/once.h"
#include "kernel/lib/types.h"

#define FRAME_SIZE 4096u
#define FRAME_SHIFT 12
#define FRAME_NONE (~0u)
#define FRAME_LINE_SHIFT 6	/* 64 lines of 64 bytes */
#define FRAME_WRITERS 3
#define FRAME_CORES_MAX 16

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
	u32 writers[FRAME_WRITERS];	/* core 0's; the other cores have theirs elsewhere */
	union {
		u32 word;		/* to be changed at once */
		struct {
			u8 watch;	/* enum frame_watch, a set */
			u8 owners;	/* the code cache's: so often the owner changed */
			u16 cores;	/* bit k: core k may have writable leaves. */
		};			/* With one core nobody looks at it */
	};
};
#define FRAME_CORE(k) (1u << (16 + (k)))	/* in `word` */
#define FRAME_WATCHES 0xffu

_Static_assert(sizeof(struct frame) == 32, "the budget is 32 bytes for each guest frame");

extern struct frame *frame_table;
extern u32 frame_count;

/* Bytes that frame_init wants for `count` frames. */
static inline u64 frame_memory(u32 count) { return (u64)count * sizeof(struct frame); }

/* `mem`: frame_memory(count) bytes, 8-aligned, owned by the caller; forgets all hooks. */
void frame_init(void *mem, u32 count);

/*
 * frame_cores.c: another core than 0 has leaves, too. Before any leaf is made and any other core
 * does anything with frames; `mem`: frame_core_memory() bytes, 8-aligned, the caller's for ever.
 */
u64 frame_core_memory(void);
void frame_add_core(unsigned core, void *mem);

static inline struct frame *frame_at(u32 n) { return &frame_table[n]; }	/* n < frame_count */

/*
 * From now on no store to the frame goes unseen: its writable leaves are made read-only and the
 * hosts' TLBs have forgotten them when this returns. With several cores it waits for those that may
 * have some, and does this core's work meanwhile: the caller holds no lock that another core could
 * wait for on its way to a quiet point. One more reason for a watched frame is free, but it waits
 * likewise as long as the first one does.
 */
void frame_watch(u32 n, enum frame_watch reason);
/* The reason is gone; leaves become writable again as stores fault on them. */
void frame_unwatch(u32 n, enum frame_watch reason);

static inline u8 frame_reasons(u32 n)
{
	return (u8)once_u8(&frame_at(n)->watch);
}
static inline bool frame_watched(u32 n) { return frame_reasons(n); }

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
 * a host-writable leaf. Runs the code hook if lines with code were touched. Who watches a frame
 * and then reads it has either these bytes, or its watch seen here.
 */
void frame_written_slow(u32 n, u32 off, u32 size);

extern const struct frame_many *frame_many;	/* several cores have leaves */
/* All accesses before it come before all after it. */
void frame_fence(void);

static inline void frame_written(u32 n, u32 off, u32 size)
{
	if (frame_many)
		frame_fence();
	if (frame_watched(n))
		frame_written_slow(n, off, size);
}

/*
 * A store is about to go to frame n through a leaf. Ends the watches that a write ends. Returns
 * true if the leaf may be writable then (frame_add_writer has the last word), false if the store
 * must be done by the monitor.
 */
bool frame_open(u32 n);

/*
 * A CPU's store to frame n is about to be done by the monitor. With several cores one could see it
 * and flush before frame_written is called: what a store ends has ended before.
 */
static inline void frame_writing(u32 n)
{
	if (frame_many)
		frame_open(n);
}

/* The same for A and D bits that Loam's walks set: these do not make a guest table dirty. */
void frame_written_by_walk(u32 n, u32 off, u32 size);

/*
 * Was the frame written since the last call (or since it was first watched for this reason, one of
 * WATCH_ONCE)? Watches it again.
 */
bool frame_take_dirty(u32 n, enum frame_watch reason);

/* The code cache's: bytes [off, off+size) of frame n, all or part of them code, were written. */
typedef void (*frame_code_hook)(u32 n, u32 off, u32 size);
void frame_on_code_write(frame_code_hook fn);

/* mm/shadow's: a watched guest page table is written for the first time. On any core. */
typedef void (*frame_ptable_hook)(u32 n);
void frame_on_ptable_write(frame_ptable_hook fn);

/*
 * A reference to a leaf: bit 31 set, core in 30..25, in 24..0 the leaf's number on that core (its
 * node * PAGING_LEAF_ENTRIES + its index there).
 */
static inline u32 frame_ref(u32 core, u32 leaf) { return 1u << 31 | core << 25 | leaf; }
static inline u32 frame_ref_core(u32 ref) { return ref >> 25 & 0x3f; }
static inline u32 frame_ref_leaf(u32 ref) { return ref & 0x1ffffff; }

/* How frames reach a core's shadow tables. References may be stale: both must compare the leaf. */
struct frame_mapper {
	/* Is ref's leaf valid, writable, and does it map frame n? */
	bool (*is_writer)(u32 ref, u32 n);
	/* If so, make it read-only and have the host's TLB forget it before returning. */
	void (*protect)(u32 ref, u32 n);
};
void frame_set_mapper(const struct frame_mapper *m);

struct frame_counters {
	u64 watches;		/* frames that got their first reason */
	u64 protects;		/* leaves looked at for that */
	u64 chunks;		/* taken for frames with more writers than fit */
	u64 evictions;		/* of those, from a frame that had it */
	u64 code_hits;		/* writes that touched lines with code */
	u64 code_misses;	/* writes to a CODE frame that touched none */
	u64 asked;		/* cores that this one has asked to make theirs read-only */
};

/*
 * A core's part: its writable leaves by frame. First FRAME_WRITERS references for each frame, the
 * last of which may be the number of a chunk of more.
 */
struct frame_core {
	u8 *first;		/* those of frame 0 */
	u64 step;		/* to the next frame's, in bytes */
	bool many;		/* frame_many */
	u32 core;
	u32 ref;		/* frame_ref of its leaf 0 */
	u32 hand;		/* the chunk that was taken last */
	struct frame_chunk *chunks;
	struct frame_counters count;
};

/* That of a core with leaves. */
struct frame_core *frame_core(unsigned core);

/*
 * On the core itself: its leaf number `leaf` is about to become writable and map frame n, which had
 * no watch. False: it has one now, the leaf must not be writable. If the frame has more of them
 * than there is room for, others of it or of another frame are made read-only again.
 */
bool frame_add_writer(struct frame_core *c, u32 n, u32 leaf);

/* Does the core list the leaf for the frame? */
bool frame_has_writer(struct frame_core *c, u32 n, u32 leaf);

/* -- between frame.c and frame_cores.c ------------------------------------ */

struct frame_many {
	/* frame_watch, frame_unwatch; and a write that ends `reasons`, those that are there */
	void (*watch)(u32 n, u8 reason);
	void (*unwatch)(u32 n, u8 reason);
	u8 (*end)(u32 n, u8 reasons);	/* those that were */
	bool (*publish)(u32 n, unsigned core);	/* false: there is a watch */
	struct frame_core *(*self)(void);	/* the running core's */
};

/* Set a core's part up; its references begin at `first`, all 0. */
void frame_core_init(unsigned core, void *first, u64 step, struct frame_chunk *chunks);
u64 frame_chunks_memory(void);
/* On the core itself: all its leaves of the frame become read-only. */
void frame_protect(struct frame_core *c, u32 n);

#endif
