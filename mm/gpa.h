/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest physical map: RAM, ROM, holes and MMIO by guest physical address,
 * with what changes it at run time (PAM, A20, BARs). Everything in the monitor
 * that touches guest RAM other than translated code goes through the functions
 * here, which check the range and tell mm/frame of writes.
 *
 *   0 ………… 0xA0000  RAM
 *   0xA0000 0xB8000  MMIO (VGA planes), on the bus
 *   0xB8000 0xC0000  RAM (VGA text; who shows it watches the frames)
 *   0xC0000 0x100000 16 granules of 16 KiB, each read and written at RAM or at ROM (PAM)
 *   1 MiB … low end  RAM
 *   … 4 GiB          bus; the firmware image ends at 4 GiB, its last 128 KiB also at 0xE0000
 *   4 GiB …          the rest of RAM
 *
 * RAM's offset = address, less the gap for what lies above 4 GiB. Frames are numbered by it; the
 * firmware image's follow after RAM's. Host memory need not be one run: there is a table by GiB.
 */
#ifndef MM_GPA_H
#define MM_GPA_H

#include "kernel/lib/once.h"
#include "kernel/lib/types.h"
#include "kernel/phys.h"
#include "mm/frame.h"

struct bus;

enum gpa_kind {
	GPA_HOLE,		/* nobody answers */
	GPA_RAM,
	GPA_ROM,		/* reads as memory; writes go to RAM under it or to nowhere */
	GPA_MMIO,
};

#define GPA_PIECE_SHIFT 30
#define GPA_PIECES 256

struct gpa_config {
	void *ram;		/* through phys_to_ptr's window; 4 KiB aligned, better 2 MiB */
	void *const *pieces;	/* where each GiB of it is, pieces[0] == ram; NULL: one run */
	u64 ram_size;		/* multiple of 4 KiB, 1 MiB … GPA_PIECES GiB */
	u64 low_end;		/* RAM from here on goes above 4 GiB; 1 MiB … 4 GiB - 32 MiB */
	const void *firmware;	/* ROM image, 4 KiB aligned, in the window; not written to */
	u64 firmware_size;	/* multiple of 4 KiB up to 16 MiB; 0: none */
	struct bus *bus;	/* what answers where no memory is; NULL: nobody */
};

/* Frames that a map of this configuration has: what frame_init must be given. */
u32 gpa_frames(const struct gpa_config *c);

/*
 * Set the map up: A20 on, PAM all to ROM. Once, after frame_init. Returns 0 or -ERR_INVAL if a
 * size or alignment is not as said above. The memory stays the caller's and must stay.
 */
int gpa_init(const struct gpa_config *c);

/*
 * DMA and other accesses of devices: `size` bytes at guest physical `a`. Parts outside
 * RAM and ROM read as ones and write to nowhere. Both return the number of bytes that
 * hit memory. A20 does not apply.
 */
u64 gpa_read(gpa_t a, void *buf, u64 size);
u64 gpa_write(gpa_t a, const void *buf, u64 size);

/*
 * For a device whose end reads or writes guest memory by itself, later: the RAM at `a`, as many
 * bytes of at most `size` as lie there in a row of frames without a gap in host memory. size 0: no
 * RAM, or RAM that is not both read and written there now. What was written there is told to
 * gpa_dma_written() once it is over, whatever the map has become by then.
 */
struct gpa_run {
	void *at;
	u64 size;
	u32 frame;		/* that `at` is in */
};
static inline struct gpa_run gpa_dma(gpa_t a, u64 size);
void gpa_dma_written(u32 frame, const void *at, u64 size);

/* How the chipset maps a 16 or 64 KiB legacy segment (i440FX PAM; datasheet 3.2.18). */
enum gpa_pam { PAM_READ_RAM = 1, PAM_WRITE_RAM = 2 };

/*
 * Set PAM bits of [start, start+size), both multiples of 16 KiB within 0xC0000…0xFFFFF:
 * reads and writes each go to RAM or to the PCI side (ROM). Drops all leaves, of all cores; this
 * and the next two are done alone (kernel/alone.h): the caller holds no lock. Who has set something
 * under one gives it back and is alone before it looks at what that says by then, and calls these.
 */
void gpa_set_pam(gpa_t start, u64 size, unsigned pam);

/* A20 gate: off masks bit 20 of every CPU address. Drops all leaves if it changes. */
void gpa_set_a20(bool on);

/* The MMIO layout of the bus changed (BAR moved): drop leaves that may be stale. */
void gpa_bus_changed(void);

/*
 * mm/shadow's: `begin` is called before the map changes, and no other core looks at it from then
 * until `changed` returns, which drops all leaves. (Between those of gpa_bus_changed nothing
 * changes: the bus has done it before, alone.)
 */
void gpa_on_change(void (*begin)(void), void (*changed)(void));

/* What a 4 KiB page of guest physical addresses is. */
struct gpa_page {
	enum gpa_kind kind;	/* what reads get; GPA_RAM: writes go to the same memory */
	u32 frame;		/* that reads see; FRAME_NONE for MMIO and holes */
	u32 wframe;		/* that writes change; FRAME_NONE: bus or nowhere */
};
struct gpa_page gpa_lookup(gpa_t a);

/* State that the inline functions below need; written by mm/gpa.c only. */
struct gpa_map {
	u8 *ram;		/* the first piece, and all that follow it without a gap */
	u64 fast_span;		/* RAM there from 1 MiB up, 8 bytes less: a - 1 MiB < fast_span */
	u64 a20_mask;
	u32 ram_frames;
	const u8 *firmware;
	u8 *piece[GPA_PIECES];
};
extern struct gpa_map gpa_map;

#define GPA_FAST_START 0x100000ull

/* A CPU's address on the bus: with A20. */
static inline gpa_t gpa_a20(gpa_t a) { return gpa(a.a & gpa_map.a20_mask); }

/* RAM by its offset, up to the end of that GiB. */
static inline u8 *gpa_ram_ptr(u64 offset)
{
	return gpa_map.piece[offset >> GPA_PIECE_SHIFT] +
	       (offset & ((1ull << GPA_PIECE_SHIFT) - 1));
}

/* A frame's contents. n < frame_count. Contents of ROM frames are not to be written. */
static inline const u8 *gpa_frame_ptr(u32 n)
{
	return n < gpa_map.ram_frames ? gpa_ram_ptr((u64)n << FRAME_SHIFT) :
	       gpa_map.firmware + ((u64)(n - gpa_map.ram_frames) << FRAME_SHIFT);
}

static inline hpa_t gpa_frame_hpa(u32 n) { return ptr_to_phys(gpa_frame_ptr(n)); }

/* The frame of RAM that a host page holds; FRAME_NONE if none. Slow: for checks. */
u32 gpa_frame_at(hpa_t page);

/* RAM at a, readable up to the end of its page and writable by nobody but mm/; NULL if not RAM. */
void *gpa_host(gpa_t a);

/*
 * One access as a CPU makes it, to memory or the bus: size 1, 2, 4 or 8, A20 applied already
 * (x86_walk's results have it). Stores tell mm/frame.
 */
u64 gpa_load(gpa_t a, unsigned size);
void gpa_store(gpa_t a, u64 value, unsigned size);

/*
 * Compare and swap of a page table entry, for A and D bits: true if it held `old` and now holds
 * `new`, or if it is not in RAM, where the write is lost. Aligned.
 */
bool gpa_cas32(gpa_t a, u32 old, u32 new);
bool gpa_cas64(gpa_t a, u64 old, u64 new);

static inline bool gpa_is_fast(gpa_t a) { return a.a - GPA_FAST_START < gpa_map.fast_span; }

/* Are all `size` > 0 bytes at a RAM above 1 MiB, in one run of host memory? */
static inline bool gpa_is_flat(gpa_t a, u64 size)
{
	u64 at = a.a - GPA_FAST_START;

	return at < gpa_map.fast_span && size <= gpa_map.fast_span + 7 - at;
}

/* gpa_read and gpa_write of a few bytes, such as a descriptor. Returns whether all are memory. */
static inline bool gpa_get(gpa_t a, void *to, u64 size)
{
	if (!__builtin_expect(gpa_is_flat(a, size), 1))
		return gpa_read(a, to, size) == size;
	__builtin_memcpy(to, gpa_map.ram + a.a, size);
	__asm__ volatile("" ::: "memory");	/* read once, whatever the guest makes of it */
	return true;
}

static inline bool gpa_put(gpa_t a, const void *from, u64 size)
{
	u32 off = a.a & (FRAME_SIZE - 1);

	if (!__builtin_expect(gpa_is_flat(a, size) && off + size <= FRAME_SIZE, 1))
		return gpa_write(a, from, size) == size;
	__builtin_memcpy(gpa_map.ram + a.a, from, size);
	frame_written((u32)(a.a >> FRAME_SHIFT), off, (u32)size);
	return true;
}

struct gpa_run gpa_dma_slow(gpa_t a, u64 size);

static inline struct gpa_run gpa_dma(gpa_t a, u64 size)
{
	if (!__builtin_expect(gpa_is_flat(a, size), 1))
		return gpa_dma_slow(a, size);
	return (struct gpa_run){ gpa_map.ram + a.a, size, (u32)(a.a >> FRAME_SHIFT) };
}

/* Of page tables' entries, aligned: at once. */
static inline u32 gpa_ld32(gpa_t a)
{
	if (!__builtin_expect(gpa_is_fast(a), 1))
		return (u32)gpa_load(a, 4);
	return (u32)once_u32((const u32 *)(const void *)(gpa_map.ram + a.a));
}

static inline u64 gpa_ld64(gpa_t a)
{
	if (!__builtin_expect(gpa_is_fast(a), 1))
		return gpa_load(a, 8);
	return once_u64((const u64 *)(const void *)(gpa_map.ram + a.a));
}

#endif
