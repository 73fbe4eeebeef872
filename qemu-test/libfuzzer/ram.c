/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/gpa.h for the fuzz targets: RAM from 0, all zeros again for each input. It does not clear what
 * nobody wrote, which would cost more than most inputs do.
 * Invariant: whoever writes RAM says so: what a device writes and does not tell is left for the
 * next input, and would show as one that cannot be repeated.
 */
#include <string.h>

#include "kernel/panic.h"
#include "mm/gpa.h"
#include "qemu-test/libfuzzer/guest.h"
#include "qemu-test/unit/native.h"

enum { PAGES = FAKE_RAM_SIZE >> FRAME_SHIFT };

struct gpa_map gpa_map;		/* nothing is flat: the functions below do it all */
struct frame *frame_table;
const struct frame_many *frame_many;	/* one core */
void frame_fence(void) { }
void frame_written_slow(u32 n, u32 off, u32 size) { (void)n, (void)off, (void)size; }

u8 fake_ram[FAKE_RAM_SIZE];
u64 fake_hole, fake_dma_writes;
static bool written[PAGES];

void ram_clear(void)
{
	for (unsigned k = 0; k < PAGES; k++)
		if (written[k])
			memset(fake_ram + ((size_t)k << FRAME_SHIFT), 0, FRAME_SIZE);
	memset(written, 0, sizeof(written));
	fake_hole = 0;
}

static void mark(u64 at, u64 size)
{
	for (u64 k = at >> FRAME_SHIFT; size && k <= (at + size - 1) >> FRAME_SHIFT; k++)
		written[k] = true;
}

static u64 part_in_ram(gpa_t a, u64 size)
{
	if (a.a >= FAKE_RAM_SIZE)
		return 0;
	return size < FAKE_RAM_SIZE - a.a ? size : FAKE_RAM_SIZE - a.a;
}

u64 gpa_read(gpa_t a, void *buf, u64 size)
{
	u64 n = part_in_ram(a, size);

	memset(buf, 0xff, size);
	memcpy(buf, fake_ram + (n ? a.a : 0), n);
	return n;
}

u64 gpa_write(gpa_t a, const void *buf, u64 size)
{
	u64 n = part_in_ram(a, size);

	if (n) {
		memcpy(fake_ram + a.a, buf, n);
		mark(a.a, n);
	}
	return n;
}

struct gpa_run gpa_dma_slow(gpa_t a, u64 size)
{
	u64 n = part_in_ram(a, size);

	if (fake_hole && a.a >= fake_hole && a.a < fake_hole + FRAME_SIZE)
		n = 0;
	else if (fake_hole > a.a && fake_hole - a.a < n)
		n = fake_hole - a.a;
	return (struct gpa_run){ n ? fake_ram + a.a : NULL, n, (u32)(a.a >> FRAME_SHIFT) };
}

void gpa_dma_written(u32 frame, const void *at, u64 size)
{
	u64 off = (uintptr_t)((const u8 *)at - fake_ram);

	must(off >> FRAME_SHIFT == frame && off <= FAKE_RAM_SIZE && size <= FAKE_RAM_SIZE - off);
	mark(off, size);
	fake_dma_writes += size;
}

void *gpa_host(gpa_t a) { return a.a < FAKE_RAM_SIZE ? fake_ram + a.a : NULL; }

void gpa_set_pam(gpa_t start, u64 size, unsigned pam)
{
	(void)start, (void)size, (void)pam;
}

void gpa_set_a20(bool on) { (void)on; }
