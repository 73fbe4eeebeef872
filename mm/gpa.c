/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest physical map. See gpa.h for the drawing. No device logic: the chipset tells it of
 * PAM and A20. Invariant: a byte of guest RAM changes only after its range was checked, and
 * mm/frame hears of it right after.
 */
#include "mm/gpa.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/bus.h"

#define PAM_START 0xc0000ull
#define PAM_SHIFT 14
#define PAM_GRANULES 16
#define VGA_START 0xa0000ull
#define TEXT_START 0xb8000ull
#define ONE_MIB 0x100000ull
#define FOUR_GIB 0x100000000ull
#define FIRMWARE_MAX (16 * ONE_MIB)
#define SHADOW_BIOS 0x20000ull		/* of the firmware, seen below 1 MiB as well */

struct gpa_map gpa_map;

static void nobody(void) { }

static struct {
	u64 ram_size, low_end;		/* low_end <= ram_size */
	u64 firmware_size;
	u8 pam[PAM_GRANULES];		/* enum gpa_pam, a set */
	struct bus *bus;
	void (*begin)(void), (*changed)(void);
} map = { .begin = nobody, .changed = nobody };	/* devices may come to the bus before it is up */

u32 gpa_frames(const struct gpa_config *c)
{
	return (u32)((c->ram_size + c->firmware_size) >> FRAME_SHIFT);
}

static bool config_good(const struct gpa_config *c)
{
	u64 bits_low = (uintptr_t)c->ram | (uintptr_t)c->firmware | c->ram_size |
		       c->firmware_size | c->low_end;

	return !(bits_low & (FRAME_SIZE - 1)) && c->ram_size >= ONE_MIB &&
	       c->ram_size <= (u64)GPA_PIECES << GPA_PIECE_SHIFT &&
	       c->firmware_size <= FIRMWARE_MAX &&
	       c->low_end >= ONE_MIB && c->low_end <= FOUR_GIB - 2 * FIRMWARE_MAX;
}

/* Fills the table; returns how much of RAM has no gap before it. */
static u64 place_pieces(const struct gpa_config *c)
{
	u64 whole = 0;

	for (u64 k = 0; k << GPA_PIECE_SHIFT < c->ram_size; k++) {
		u8 *next = (u8 *)c->ram + (k << GPA_PIECE_SHIFT);

		gpa_map.piece[k] = c->pieces ? c->pieces[k] : next;
		if (whole == k << GPA_PIECE_SHIFT && gpa_map.piece[k] == next)
			whole += 1ull << GPA_PIECE_SHIFT;
	}
	return whole;
}

int gpa_init(const struct gpa_config *c)
{
	u64 whole;

	if (!config_good(c))
		return -ERR_INVAL;
	must(frame_count == gpa_frames(c));
	memset(&map, 0, sizeof(map));
	map.ram_size = c->ram_size;
	map.low_end = c->low_end < c->ram_size ? c->low_end : c->ram_size;
	map.firmware_size = c->firmware_size;
	map.bus = c->bus;
	map.begin = map.changed = nobody;
	if (c->bus)
		bus_on_change(c->bus, gpa_bus_changed);
	gpa_map.ram = c->ram;
	gpa_map.ram_frames = (u32)(c->ram_size >> FRAME_SHIFT);
	gpa_map.firmware = c->firmware;
	gpa_map.a20_mask = ~0ull;
	whole = place_pieces(c);
	if (whole > map.low_end)
		whole = map.low_end;
	gpa_map.fast_span = whole > ONE_MIB ? whole - ONE_MIB - 7 : 0;
	return 0;
}

void gpa_on_change(void (*begin)(void), void (*changed)(void))
{
	map.begin = begin;
	map.changed = changed;
}

void gpa_set_pam(gpa_t start, u64 size, unsigned pam)
{
	u64 first = (start.a - PAM_START) >> PAM_SHIFT, count = size >> PAM_SHIFT;

	must(start.a >= PAM_START && start.a + size <= ONE_MIB &&
	     !((start.a | size) & ((1u << PAM_SHIFT) - 1)));
	map.begin();
	memset(map.pam + first, (int)(pam & (PAM_READ_RAM | PAM_WRITE_RAM)), count);
	map.changed();
}

void gpa_set_a20(bool on)
{
	u64 mask = on ? ~0ull : ~ONE_MIB;

	if (mask == gpa_map.a20_mask)
		return;
	map.begin();
	gpa_map.a20_mask = mask;
	map.changed();
}

void gpa_bus_changed(void)
{
	map.begin();
	map.changed();
}

/* The frame of the firmware image at a, which is below 1 MiB or 4 GiB; FRAME_NONE if none is. */
static u32 firmware_frame(u64 a)
{
	u64 end = a < ONE_MIB ? ONE_MIB : FOUR_GIB;
	u64 seen = map.firmware_size;

	if (a < ONE_MIB && seen > SHADOW_BIOS)
		seen = SHADOW_BIOS;
	if (end - a > seen)
		return FRAME_NONE;
	return gpa_map.ram_frames + (u32)((map.firmware_size - (end - a)) >> FRAME_SHIFT);
}

static struct gpa_page page_ram(u64 offset)
{
	u32 n = (u32)(offset >> FRAME_SHIFT);

	return (struct gpa_page){ GPA_RAM, n, n };
}

/* Not memory, or memory for writes only. */
static struct gpa_page page_bus(u64 a, u32 wframe)
{
	bool mmio = bus_is_mmio(map.bus, a & ~(u64)(FRAME_SIZE - 1), FRAME_SIZE);

	return (struct gpa_page){ mmio ? GPA_MMIO : GPA_HOLE, FRAME_NONE, wframe };
}

static struct gpa_page lookup_pam(u64 a)
{
	unsigned pam = map.pam[(a - PAM_START) >> PAM_SHIFT];
	u32 ram = (u32)(a >> FRAME_SHIFT);
	u32 wframe = pam & PAM_WRITE_RAM ? ram : FRAME_NONE;
	u32 rom = firmware_frame(a);

	if (pam == (PAM_READ_RAM | PAM_WRITE_RAM))
		return page_ram(a);
	if (pam & PAM_READ_RAM)
		return (struct gpa_page){ GPA_ROM, ram, FRAME_NONE };
	if (rom != FRAME_NONE)
		return (struct gpa_page){ GPA_ROM, rom, wframe };
	return page_bus(a, wframe);
}

struct gpa_page gpa_lookup(gpa_t at)
{
	u64 a = at.a;
	u32 rom;

	if (a < ONE_MIB) {
		if (a < VGA_START || (a >= TEXT_START && a < PAM_START))
			return page_ram(a);
		return a < PAM_START ? page_bus(a, FRAME_NONE) : lookup_pam(a);
	}
	if (a < map.low_end)
		return page_ram(a);
	if (a >= FOUR_GIB) {
		a -= FOUR_GIB;
		return a < map.ram_size - map.low_end ? page_ram(a + map.low_end) :
		       page_bus(at.a, FRAME_NONE);
	}
	rom = firmware_frame(a);
	return rom == FRAME_NONE ? page_bus(a, FRAME_NONE) :
	       (struct gpa_page){ GPA_ROM, rom, FRAME_NONE };
}

void *gpa_host(gpa_t a)
{
	struct gpa_page p;

	if (gpa_is_fast(a))
		return gpa_map.ram + a.a;
	p = gpa_lookup(a);
	if (p.kind != GPA_RAM)
		return NULL;
	return gpa_ram_ptr(((u64)p.frame << FRAME_SHIFT) + (a.a & (FRAME_SIZE - 1)));
}

u32 gpa_frame_at(hpa_t page)
{
	for (u64 at = 0; at >> FRAME_SHIFT < gpa_map.ram_frames; at += 1ull << GPA_PIECE_SHIFT) {
		u64 off = page.a - ptr_to_phys(gpa_ram_ptr(at)).a;
		u64 n = (at + off) >> FRAME_SHIFT;

		if (off < 1ull << GPA_PIECE_SHIFT && n < gpa_map.ram_frames)
			return (u32)n;
	}
	return FRAME_NONE;
}

/* Bytes from a to the end of its page, at most size. */
static u64 in_page(u64 a, u64 size)
{
	u64 left = FRAME_SIZE - (a & (FRAME_SIZE - 1));

	return size < left ? size : left;
}

u64 gpa_read(gpa_t a, void *buf, u64 size)
{
	u8 *to = buf;
	u64 hit = 0;

	for (u64 n; size; a.a += n, to += n, size -= n) {
		struct gpa_page p = gpa_lookup(a);

		n = in_page(a.a, size);
		if (p.frame == FRAME_NONE) {
			memset(to, 0xff, n);
			continue;
		}
		memcpy(to, gpa_frame_ptr(p.frame) + (a.a & (FRAME_SIZE - 1)), n);
		hit += n;
	}
	return hit;
}

/* Write within frame n, which is RAM. */
static void write_frame(u32 n, u32 off, const void *from, u32 size)
{
	memcpy(gpa_ram_ptr((u64)n << FRAME_SHIFT) + off, from, size);
	frame_written(n, off, size);
}

static void store_aligned(void *at, u64 value, unsigned size)
{
	switch (size) {
	case 8: __atomic_store_n((u64 *)at, value, __ATOMIC_RELAXED); break;
	case 4: __atomic_store_n((u32 *)at, (u32)value, __ATOMIC_RELAXED); break;
	case 2: __atomic_store_n((u16 *)at, (u16)value, __ATOMIC_RELAXED); break;
	default: __atomic_store_n((u8 *)at, (u8)value, __ATOMIC_RELAXED);
	}
}

/* A CPU's store of 1, 2, 4 or 8 bytes: at once, if it is aligned. */
static void store_frame(u32 n, u32 off, u64 value, unsigned size)
{
	void *at = gpa_ram_ptr((u64)n << FRAME_SHIFT) + off;

	frame_writing(n);
	if (off & (size - 1))
		memcpy(at, &value, size);	/* little-endian */
	else
		store_aligned(at, value, size);
	frame_written(n, off, size);
}

u64 gpa_write(gpa_t a, const void *buf, u64 size)
{
	const u8 *from = buf;
	u64 hit = 0;

	for (u64 n; size; a.a += n, from += n, size -= n) {
		struct gpa_page p = gpa_lookup(a);

		n = in_page(a.a, size);
		if (p.wframe == FRAME_NONE)
			continue;
		write_frame(p.wframe, a.a & (FRAME_SIZE - 1), from, (u32)n);
		hit += n;
	}
	return hit;
}

/* Bytes of RAM from its offset on to the end of that GiB: there host memory may have a gap. */
static u64 to_piece_end(u64 offset)
{
	return (1ull << GPA_PIECE_SHIFT) - (offset & ((1ull << GPA_PIECE_SHIFT) - 1));
}

struct gpa_run gpa_dma_slow(gpa_t a, u64 size)
{
	struct gpa_page p = gpa_lookup(a);
	u64 offset = ((u64)p.frame << FRAME_SHIFT) + (a.a & (FRAME_SIZE - 1)), most, n;

	if (p.kind != GPA_RAM)
		return (struct gpa_run){ NULL, 0, FRAME_NONE };
	most = to_piece_end(offset) < size ? to_piece_end(offset) : size;
	n = in_page(a.a, most);
	if (a.a >= ONE_MIB && a.a < map.low_end)
		n = map.low_end - a.a < most ? map.low_end - a.a : most;
	for (u32 next = p.frame + 1; n < most; next++) {
		p = gpa_lookup(gpa(a.a + n));
		if (p.kind != GPA_RAM || p.frame != next)
			break;
		n += in_page(a.a + n, most - n);
	}
	return (struct gpa_run){ gpa_ram_ptr(offset), n, (u32)(offset >> FRAME_SHIFT) };
}

void gpa_dma_written(u32 frame, const void *at, u64 size)
{
	u64 off = (uintptr_t)at & (FRAME_SIZE - 1);
	u32 n = frame, end = frame + (u32)((off + size + FRAME_SIZE - 1) >> FRAME_SHIFT);

	if (frame_many)
		frame_fence();
	while (n < end && !frame_watched(n))
		n++;
	if (n == end)
		return;
	for (u64 part; size; frame++, off = 0, size -= part) {
		part = in_page(off, size);
		frame_written(frame, (u32)off, (u32)part);
	}
}

/* As a CPU loads: at once, if it is aligned. */
static u64 load_frame(u32 n, u32 off, unsigned size)
{
	const void *at = gpa_frame_ptr(n) + off;
	u64 v = 0;

	if (off & (size - 1)) {
		memcpy(&v, at, size);	/* little-endian */
		return v;
	}
	switch (size) {
	case 8: return __atomic_load_n((const u64 *)at, __ATOMIC_RELAXED);
	case 4: return __atomic_load_n((const u32 *)at, __ATOMIC_RELAXED);
	case 2: return __atomic_load_n((const u16 *)at, __ATOMIC_RELAXED);
	default: return *(const u8 *)at;
	}
}

static u64 load_bytes(gpa_t a, unsigned size)
{
	u64 v = 0;

	for (unsigned k = 0; k < size; k++)
		v |= gpa_load(gpa(a.a + k), 1) << 8 * k;
	return v;
}

u64 gpa_load(gpa_t a, unsigned size)
{
	struct gpa_page p;

	if (in_page(a.a, size) != size)
		return load_bytes(a, size);
	p = gpa_lookup(a);
	if (p.frame == FRAME_NONE)
		return bus_read(map.bus, BUS_MMIO, a.a, size);
	return load_frame(p.frame, a.a & (FRAME_SIZE - 1), size);
}

void gpa_store(gpa_t a, u64 value, unsigned size)
{
	struct gpa_page p;

	if (in_page(a.a, size) != size) {
		for (unsigned k = 0; k < size; k++)
			gpa_store(gpa(a.a + k), value >> 8 * k, 1);
		return;
	}
	p = gpa_lookup(a);
	if (p.wframe != FRAME_NONE)
		store_frame(p.wframe, a.a & (FRAME_SIZE - 1), value, size);
	else if (p.kind == GPA_ROM)
		trace(FRAME, "store of %u bytes to ROM at %lx lost\n", size, (unsigned long)a.a);
	else
		bus_write(map.bus, BUS_MMIO, a.a, value, size);
}

/* RAM that a CAS at a changes, and its frame; NULL if there is none. */
static void *cas_place(gpa_t a, u32 *frame)
{
	struct gpa_page p = gpa_lookup(a);

	if (p.kind != GPA_RAM)
		return NULL;
	*frame = p.frame;
	return gpa_ram_ptr(((u64)p.frame << FRAME_SHIFT) + (a.a & (FRAME_SIZE - 1)));
}

/* A walk has set bits in an entry. */
static bool walk_wrote(u32 n, u32 off, u32 size)
{
	if (frame_many)
		frame_fence();
	if (frame_watched(n))
		frame_written_by_walk(n, off, size);
	return true;
}

bool gpa_cas32(gpa_t a, u32 old, u32 new)
{
	u32 n, *p = cas_place(a, &n);

	if (!p)
		return true;
	if (!__atomic_compare_exchange_n(p, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return false;
	return walk_wrote(n, a.a & (FRAME_SIZE - 1), 4);
}

bool gpa_cas64(gpa_t a, u64 old, u64 new)
{
	u32 n;
	u64 *p = cas_place(a, &n);

	if (!p)
		return true;
	if (!__atomic_compare_exchange_n(p, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return false;
	return walk_wrote(n, a.a & (FRAME_SIZE - 1), 8);
}
