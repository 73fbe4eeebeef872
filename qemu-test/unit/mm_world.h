/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest machine's memory for the unit tests of mm/: RAM, a firmware image, a bus with one
 * device that records, page table builders, and a page walk of its own, written from the SDM's
 * tables for reading, not for speed. Product code never includes this.
 */
#ifndef UNIT_MM_WORLD_H
#define UNIT_MM_WORLD_H

#include <string.h>

#include "mm/gpa.h"
#include "mm/shadow.h"
#include "mm/x86_walk.h"

#define WORLD_RAM (16ull << 20)
#define WORLD_LOW (12ull << 20)		/* 4 MiB of it above 4 GiB */
#define WORLD_ROM (256ull << 10)

extern u8 *world_ram;
extern u8 *world_rom;
extern struct shadow *world_shadow;

/* A machine fresh from power-on; `tables` nodes for the shadow, which checks its own rules. */
void world_reset(u32 tables);

/* RAM by its offset in the run. Stores as the monitor makes those that no leaf may do. */
static inline void *world_at(u64 offset) { return world_ram + offset; }

static inline u32 world_get32(u64 at)
{
	u32 v;

	memcpy(&v, world_ram + at, 4);
	return v;
}

static inline u64 world_get64(u64 at)
{
	u64 v;

	memcpy(&v, world_ram + at, 8);
	return v;
}

static inline void world_set32(u64 at, u32 v)
{
	memcpy(world_ram + at, &v, 4);
	frame_written((u32)(at >> FRAME_SHIFT), at & (FRAME_SIZE - 1), 4);
}

static inline void world_set64(u64 at, u64 v)
{
	memcpy(world_ram + at, &v, 8);
	frame_written((u32)(at >> FRAME_SHIFT), at & (FRAME_SIZE - 1), 8);
}

/* The bus: one MMIO range, and the last access to it. */
extern struct world_bus {
	u64 start, size;
	u64 addr, value;
	unsigned reads, writes, width;
} world_bus;

/* Page table entry bits for the builders. */
enum {
	W_P = 1, W_RW = 2, W_US = 4, W_A = 0x20, W_D = 0x40, W_PS = 0x80, W_G = 0x100,
};
#define W_NX (1ull << 63)

/* The translation as the SDM's figures 4-2 … 4-11 and section 4.6 say; changes nothing. */
struct ref_walk {
	bool ok;
	u32 error;
	u64 addr;		/* of the byte, before A20 */
	bool user, writable, nx, global, dirty, accessed;
	bool ram;		/* so are all the entries' places */
	u8 shift;
};
struct ref_walk ref_walk(const struct x86_paging *p, u64 va, enum x86_access access,
			 enum x86_rights rights);

/* How an access through the host's TLB and shadow_fault ended. */
enum world_end { WORLD_HIT, WORLD_FAULT, WORLD_MMIO, WORLD_ROM_STORE, WORLD_WATCHED, WORLD_DEBUG,
		 WORLD_STUCK };

struct world_result {
	enum world_end end;
	u64 host;		/* WORLD_HIT: host physical address */
	u64 page;		/* else the guest physical page, but for faults */
	u32 error;		/* WORLD_FAULT */
	unsigned fills;		/* times that the host faulted */
};

/*
 * One access as the guest makes it, in the view that goes with `rights`, in the host's form of
 * tables that is active. `other`: in the narrow form, bits 63:32 of the host virtual address are
 * the complement of bit 31 (design 1.1).
 */
struct world_result world_access(u64 va, bool other, bool write, enum x86_rights rights);

/* A pseudo-random number below n. */
u32 world_random(u32 n);
extern u64 world_seed;

#endif
