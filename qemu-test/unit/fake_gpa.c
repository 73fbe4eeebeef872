/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/gpa.h for natively built unit tests: flat RAM from 0, and a record of PAM, A20
 * and bus changes. It maps nothing: PAM and A20 do not change what gpa_read sees.
 */
#include "mm/gpa.h"

#include <string.h>

#include "kernel/panic.h"
#include "qemu-test/unit/native.h"

struct gpa_map gpa_map;		/* nothing is flat: the functions below do it all */
struct frame *frame_table;
const struct frame_many *frame_many;	/* one core */
void frame_fence(void) { }
void frame_written_slow(u32 n, u32 off, u32 size) { (void)n, (void)off, (void)size; }

u8 fake_ram[FAKE_RAM_SIZE];
u8 fake_pam[16];
bool fake_a20 = true;

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

	memcpy(fake_ram + (n ? a.a : 0), buf, n);
	return n;
}

u64 fake_hole, fake_dma_writes;

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

	must(off >> FRAME_SHIFT == frame && off + size <= FAKE_RAM_SIZE);
	fake_dma_writes += size;
}

void *gpa_host(gpa_t a) { return a.a < FAKE_RAM_SIZE ? fake_ram + a.a : NULL; }

void gpa_set_pam(gpa_t start, u64 size, unsigned pam)
{
	must(start.a >= 0xc0000 && start.a + size <= 0x100000 && !(start.a % 0x4000));
	memset(fake_pam + (start.a - 0xc0000) / 0x4000, (int)pam, size / 0x4000);
}

void gpa_set_a20(bool on) { fake_a20 = on; }
