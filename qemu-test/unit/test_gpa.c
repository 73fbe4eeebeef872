/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/gpa: the map's drawing in gpa.h (i440FX datasheet 3.2.18 for PAM), A20, what reaches
 * mm/frame, and that no range leaves RAM.
 */
#define _GNU_SOURCE
#include "mm/gpa.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mm/frame.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/mm_world.h"

#define FOUR_GIB 0x100000000ull

static unsigned hits, begins, ends, drops;
static u32 hit_frame, hit_off, hit_size;

static void on_code(u32 n, u32 off, u32 size)
{
	hits++;
	hit_frame = n;
	hit_off = off;
	hit_size = size;
}

static void on_begin(void) { begins++; }

static void on_change(void)
{
	drops++;
	ends++;
}

static void expect(u64 a, enum gpa_kind kind, u32 frame, u32 wframe, const char *name)
{
	struct gpa_page p = gpa_lookup(gpa(a));

	CHECK_EQ(p.kind, kind, name);
	CHECK_EQ(p.frame, frame, name);
	CHECK_EQ(p.wframe, wframe, name);
}

static void test_layout(void)
{
	u32 rom = (u32)(WORLD_RAM >> 12), rom_pages = (u32)(WORLD_ROM >> 12);

	expect(0, GPA_RAM, 0, 0, "first page");
	expect(0x9ffff, GPA_RAM, 0x9f, 0x9f, "last of 640 KiB");
	expect(0xa0000, GPA_HOLE, FRAME_NONE, FRAME_NONE, "VGA planes, no device");
	world_bus.start = 0xa0000;
	world_bus.size = 0x18000;
	expect(0xa0000, GPA_MMIO, FRAME_NONE, FRAME_NONE, "VGA planes");
	expect(0xb7fff, GPA_MMIO, FRAME_NONE, FRAME_NONE, "up to the text window");
	expect(0xb8000, GPA_RAM, 0xb8, 0xb8, "text");
	expect(0xbffff, GPA_RAM, 0xbf, 0xbf, "text's end");
	expect(0xc0000, GPA_HOLE, FRAME_NONE, FRAME_NONE, "option ROMs: none");
	expect(0xdffff, GPA_HOLE, FRAME_NONE, FRAME_NONE, "nothing below the firmware's copy");
	expect(0xe0000, GPA_ROM, rom + rom_pages - 32, FRAME_NONE, "its last 128 KiB");
	expect(0xfffff, GPA_ROM, rom + rom_pages - 1, FRAME_NONE, "up to 1 MiB");
	expect(0x100000, GPA_RAM, 0x100, 0x100, "high memory");
	expect(WORLD_LOW - 1, GPA_RAM, WORLD_LOW / 4096 - 1, WORLD_LOW / 4096 - 1, "low end");
	expect(WORLD_LOW, GPA_HOLE, FRAME_NONE, FRAME_NONE, "above it");
	expect(FOUR_GIB - WORLD_ROM - 1, GPA_HOLE, FRAME_NONE, FRAME_NONE, "below firmware");
	expect(FOUR_GIB - WORLD_ROM, GPA_ROM, rom, FRAME_NONE, "firmware");
	expect(FOUR_GIB - 1, GPA_ROM, rom + rom_pages - 1, FRAME_NONE, "reset vector");
	expect(FOUR_GIB, GPA_RAM, WORLD_LOW / 4096, WORLD_LOW / 4096, "RAM above 4 GiB");
	expect(FOUR_GIB + WORLD_RAM - WORLD_LOW - 1, GPA_RAM, rom - 1, rom - 1, "its end");
	expect(FOUR_GIB + WORLD_RAM - WORLD_LOW, GPA_HOLE, FRAME_NONE, FRAME_NONE, "after it");
	expect(~0ull, GPA_HOLE, FRAME_NONE, FRAME_NONE, "the very end");
	CHECK_EQ((uintptr_t)gpa_host(gpa(0x123456)), (uintptr_t)world_ram + 0x123456, "host");
	CHECK_EQ((uintptr_t)gpa_host(gpa(0x1234)), (uintptr_t)world_ram + 0x1234, "low host");
	CHECK_EQ((uintptr_t)gpa_host(gpa(0xf0000)), 0, "ROM is not RAM");
}

/* Reads and writes of a granule each at ROM or RAM. */
static void test_pam(void)
{
	u8 rom = world_rom[WORLD_ROM - 0x10000 + 0x10], byte = 0x5a;
	u32 ram = 0xf0, romf = (u32)((WORLD_RAM + WORLD_ROM) / 4096 - 16);

	world_ram[0xf0010] = 0x11;
	CHECK_EQ(gpa_load(gpa(0xf0010), 1), rom, "power-on: ROM");
	gpa_store(gpa(0xf0010), 0x22, 1);
	CHECK_EQ(world_ram[0xf0010], 0x11, "store to ROM is lost");
	CHECK_EQ(gpa_write(gpa(0xf0010), &byte, 1), 0, "DMA to ROM hits nothing");

	drops = 0;
	gpa_set_pam(gpa(0xf0000), 0x10000, PAM_WRITE_RAM);
	CHECK_EQ(drops, 1, "leaves dropped");
	expect(0xf0000, GPA_ROM, romf, ram, "read ROM, write RAM");
	expect(0xec000, GPA_ROM, romf - 4, FRAME_NONE, "the granule before is as it was");
	gpa_store(gpa(0xf0010), 0x33, 1);
	CHECK_EQ(world_ram[0xf0010], 0x33, "store goes under the ROM");
	CHECK_EQ(gpa_load(gpa(0xf0010), 1), rom, "load sees the ROM");
	CHECK_EQ(gpa_write(gpa(0xf0010), &byte, 1), 1, "so does DMA");
	CHECK_EQ(world_ram[0xf0010], 0x5a, "under the ROM");
	CHECK_EQ(world_rom[WORLD_ROM - 0x10000 + 0x10], rom, "image untouched");

	gpa_set_pam(gpa(0xf0000), 0x10000, PAM_READ_RAM);
	expect(0xf0000, GPA_ROM, ram, FRAME_NONE, "write-protected RAM");
	gpa_store(gpa(0xf0010), 0x44, 1);
	CHECK_EQ(gpa_load(gpa(0xf0010), 1), 0x5a, "protected");
	gpa_set_pam(gpa(0xf0000), 0x10000, PAM_READ_RAM | PAM_WRITE_RAM);
	expect(0xfffff, GPA_RAM, 0xff, 0xff, "all RAM");
	gpa_set_pam(gpa(0xcc000), 0x4000, PAM_WRITE_RAM);
	expect(0xcc000, GPA_HOLE, FRAME_NONE, 0xcc, "write RAM under nothing");
	CHECK_EQ(gpa_load(gpa(0xcc000), 4), 0xffffffff, "reads the bus");
	gpa_store(gpa(0xcc000), 0x12345678, 4);
	CHECK_EQ(world_get32(0xcc000), 0x12345678, "writes RAM");
	gpa_set_pam(gpa(0xc0000), 0x40000, 0);
	expect(0xf0000, GPA_ROM, romf, FRAME_NONE, "as at power-on");
}

static void test_ranges(void)
{
	static u8 buf[0x3000];

	memset(buf, 0x77, sizeof(buf));
	CHECK_EQ(gpa_write(gpa(WORLD_LOW - 0x1800), buf, 0x3000), 0x1800, "cut at RAM's end");
	CHECK_EQ(world_ram[WORLD_LOW - 1], 0x77, "last byte written");
	CHECK_EQ(world_ram[WORLD_LOW], 0, "what is above 4 GiB is not touched");
	CHECK_EQ(gpa_read(gpa(WORLD_LOW - 0x1800), buf, 0x3000), 0x1800, "read cut too");
	CHECK_EQ(buf[0x17ff], 0x77, "data");
	CHECK_EQ(buf[0x1800], 0xff, "then ones");
	CHECK_EQ(gpa_write(gpa(FOUR_GIB + WORLD_RAM - WORLD_LOW - 1), buf, 2), 1, "upper end");
	CHECK_EQ(gpa_write(gpa(~0ull - 3), buf, 4), 0, "top of the address space");
	CHECK_EQ(gpa_read(gpa(0x9fff0), buf, 0x20), 0x10, "into the VGA window");
	CHECK_EQ(gpa_read(gpa(FOUR_GIB - 16), buf, 32), 32, "ROM and on to RAM");
	CHECK_EQ(buf[15], world_rom[WORLD_ROM - 1], "ROM byte");
	CHECK_EQ(gpa_load(gpa(WORLD_LOW - 4), 8), 0xffffffff77777777ull, "a load over the end");
	gpa_store(gpa(0x200ffe), 0xa1b2c3d4, 4);
	CHECK_EQ(world_get32(0x200ffe), 0xa1b2c3d4, "a store over a page's end");
	CHECK_EQ(gpa_ld32(gpa(WORLD_LOW - 4)), 0x77777777, "inline, slow part");
	CHECK_EQ(gpa_ld64(gpa(WORLD_LOW - 8)), 0x7777777777777777ull, "inline");
	CHECK_EQ(gpa_ld64(gpa(0xfffff)) >> 8, 0, "inline, below 1 MiB");
	world_bus.start = 0xfee00000;
	world_bus.size = 0x1000;
	CHECK_EQ(gpa_load(gpa(0xfee00020), 4), 0xd0d1d2d3, "MMIO load");
	gpa_store(gpa(0xfee000b0), 9, 4);
	CHECK_EQ(world_bus.addr, 0xfee000b0, "MMIO store");
	CHECK_EQ(world_bus.writes, 1, "one");
	CHECK_EQ(gpa_read(gpa(0xfee00000), buf, 4), 0, "a device is not asked by DMA");
	CHECK_EQ(world_bus.reads, 1, "so it saw nothing");
}

static void test_a20(void)
{
	drops = 0;
	CHECK_EQ(gpa_a20(gpa(0x100000)).a, 0x100000, "on");
	gpa_set_a20(true);
	CHECK_EQ(drops, 0, "no change, no drop");
	gpa_set_a20(false);
	CHECK_EQ(drops, 1, "dropped");
	CHECK_EQ(gpa_a20(gpa(0x3fffff)).a, 0x2fffff, "bit 20 is masked, others are not");
	world_ram[0x100000] = 0x99;
	world_ram[0] = 0x98;
	CHECK_EQ(gpa_read(gpa(0x100000), &hit_off, 1), 1, "DMA");
	CHECK_EQ((u8)hit_off, 0x99, "is not masked");
	gpa_set_a20(true);
	CHECK_EQ(drops, 2, "and back");
	gpa_bus_changed();
	CHECK_EQ(drops, 3, "a BAR moved");
}

static void test_notifier(void)
{
	u64 v = 0;

	frame_on_code_write(on_code);
	hits = 0;
	frame_code_add(0x300, 0x100, 0x10);
	gpa_write(gpa(0x2ffff0), &v, 8);
	CHECK_EQ(hits, 0, "another frame");
	gpa_write(gpa(0x300140), &v, 8);
	CHECK_EQ(hits, 0, "next line");
	gpa_write(gpa(0x30013f), &v, 2);
	CHECK_EQ(hits, 1, "touches the line");
	CHECK_EQ(hit_off, 0x13f, "exact offset");
	CHECK_EQ(hit_size, 2, "exact size");
	gpa_store(gpa(0x2ffffe), 0, 4);
	CHECK_EQ(hits, 1, "store to both frames, not the line");
	gpa_store(gpa(0x300104), 7, 4);
	CHECK_EQ(hits, 2, "store");
	CHECK_EQ(hit_frame, 0x300, "frame");
	CHECK(gpa_cas32(gpa(0x300104), 7, 8), "CAS");
	CHECK_EQ(hits, 3, "is a write as well");
	CHECK(!gpa_cas32(gpa(0x300104), 7, 9), "CAS that fails");
	CHECK_EQ(hits, 3, "is not");
	CHECK(gpa_cas64(gpa(0x300108), 0, 1ull << 40), "64 bits");
	CHECK_EQ(world_get64(0x300108), 1ull << 40, "done");
	CHECK(gpa_cas32(gpa(0xf0000), 1, 2), "CAS in ROM: lost, never retried");
	CHECK(gpa_cas64(gpa(0xd0000000), 1, 2), "in a hole");
	gpa_set_pam(gpa(0xf0000), 0x4000, PAM_WRITE_RAM);
	frame_code_add(0xf0, 0, 16);
	gpa_store(gpa(0xf0008), 1, 1);
	CHECK_EQ(hit_frame, 0xf0, "a store under ROM counts for the RAM frame");
}

static void test_config(void)
{
	struct gpa_config c = { .ram = world_ram, .ram_size = WORLD_RAM, .low_end = WORLD_LOW };

	c.ram_size--;
	CHECK(gpa_init(&c) < 0, "odd size");
	c.ram_size = 0x1000;
	CHECK(gpa_init(&c) < 0, "too little RAM");
	c.ram_size = WORLD_RAM;
	c.low_end = FOUR_GIB;
	CHECK(gpa_init(&c) < 0, "no room for the firmware");
	c.low_end = WORLD_LOW;
	c.firmware = world_rom;
	c.firmware_size = 32u << 20;
	CHECK(gpa_init(&c) < 0, "firmware too large");
	c.firmware_size = 0;
	c.ram = world_ram + 8;
	CHECK(gpa_init(&c) < 0, "RAM not aligned");
}

static void expect_run(u64 a, u64 size, const void *at, u64 run, const char *name)
{
	struct gpa_run r = gpa_dma(gpa(a), size);

	CHECK_EQ((uintptr_t)r.at, (uintptr_t)at, name);
	CHECK_EQ(r.size, run, name);
	CHECK(!run || r.frame == gpa_lookup(gpa(a)).frame, name);
}

/* A device's end gets runs of RAM, nothing else; what it wrote there is seen. */
static void test_dma(void)
{
	struct gpa_run r;

	expect_run(0x200123, 0x10000, world_ram + 0x200123, 0x10000, "high memory");
	expect_run(WORLD_LOW - 0x10, 0x1000, world_ram + WORLD_LOW - 0x10, 0x10, "to its end");
	expect_run(0x9f000, 0x4000, world_ram + 0x9f000, 0x1000, "to the VGA window");
	expect_run(0xa0000, 1, NULL, 0, "no further");
	expect_run(0xb8000, 0x10000, world_ram + 0xb8000, 0x8000, "text");
	expect_run(0xf0000, 16, NULL, 0, "ROM");
	expect_run(0xfee00000, 4, NULL, 0, "a device");
	expect_run(~0ull - 3, 16, NULL, 0, "the top of the address space");
	gpa_set_pam(gpa(0xe0000), 0x8000, PAM_READ_RAM | PAM_WRITE_RAM);
	expect_run(0xe1000, 0x20000, world_ram + 0xe1000, 0x7000, "shadow RAM");
	gpa_set_pam(gpa(0xe4000), 0x4000, PAM_READ_RAM);
	expect_run(0xe1000, 0x20000, world_ram + 0xe1000, 0x3000, "that can be written");
	r = gpa_dma(gpa(0xe2ff0), 0x1010);
	gpa_set_pam(gpa(0xe0000), 0x8000, 0);
	hits = 0;
	frame_code_add(0xe2, 0xfc0, 0x40);
	frame_code_add(0xe3, 0x40, 0x40);
	gpa_dma_written(r.frame, r.at, r.size);
	CHECK_EQ(hits, 2, "both frames, whatever the map is now");
	CHECK(hit_frame == 0xe3 && !hit_off && hit_size == 0x1000, "the second");
	hits = 0;
	gpa_dma_written(r.frame, r.at, 0x50);
	CHECK(hits == 1 && hit_frame == 0xe2 && hit_off == 0xff0 && hit_size == 16, "the first");
}

/* RAM whose second GiB lies elsewhere: what crosses the seam, and what comes back from the host. */
static void test_pieces(void)
{
	enum { MORE = 0x20000 };
	u64 gib = 1ull << GPA_PIECE_SHIFT;
	u8 *first = mmap(NULL, gib, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	u8 *gap = mmap(NULL, MORE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *pieces[] = { first, gap };
	struct gpa_config c = { .ram = first, .pieces = pieces, .ram_size = gib + MORE,
				.low_end = gib + MORE / 2 };
	void *frames = aligned_alloc(64, frame_memory(gpa_frames(&c)));
	u8 there[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, back[8];

	CHECK(first != MAP_FAILED && gap != MAP_FAILED && frames && first + gib != gap, "memory");
	frame_init(frames, gpa_frames(&c));
	CHECK(!gpa_init(&c), "pieces");
	CHECK_EQ(gpa_write(gpa(gib - 3), there, 8), 8, "written over the seam");
	CHECK(first[gib - 3] == 1 && first[gib - 1] == 3 && gap[0] == 4 && gap[4] == 8, "places");
	CHECK(gpa_read(gpa(gib - 3), back, 8) == 8 && !memcmp(back, there, 8), "and read");
	CHECK_EQ(gpa_ld64(gpa(gib - 3)), 0x0807060504030201, "a load over the seam");
	CHECK(gpa_is_fast(gpa(gib - 8)) && !gpa_is_fast(gpa(gib - 7)) && !gpa_is_fast(gpa(gib)),
	      "only the first piece is one run");
	CHECK_EQ((uintptr_t)gpa_host(gpa(gib + 0x1234)), (uintptr_t)gap + 0x1234, "host");
	CHECK_EQ((uintptr_t)gpa_host(gpa(4 * gib)), (uintptr_t)gap + MORE / 2, "above 4 GiB");
	expect_run(gib - 0x3000, 0x8000, first + gib - 0x3000, 0x3000, "a run ends at the seam");
	expect_run(gib, MORE, gap, MORE / 2, "and at the low end");
	expect_run(4 * gib + 0x800, MORE, gap + MORE / 2 + 0x800, MORE / 2 - 0x800, "above 4 GiB");
	CHECK_EQ(gpa_frame_at(ptr_to_phys(gap + 0x3000)), (gib + 0x3000) >> FRAME_SHIFT, "frame");
	CHECK_EQ(gpa_frame_at(ptr_to_phys(first + 0x5000)), 5, "frame of the first piece");
	CHECK_EQ(gpa_frame_at(ptr_to_phys(gap + MORE)), FRAME_NONE, "no frame");
	free(frames);
	munmap(first, gib);
	munmap(gap, MORE);
}

int main(void)
{
	world_reset(8);
	gpa_on_change(on_begin, on_change);
	test_layout();
	test_pam();
	test_ranges();
	test_a20();
	test_notifier();
	test_dma();
	test_config();
	test_pieces();
	CHECK(begins && begins == ends, "what changes the map begins and ends");
	return check_done();
}
