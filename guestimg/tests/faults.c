/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults are precise: registers, flags, EIP, error code, CR2 and memory are
 * exact at each, and going on after it is as if it had not been (SDM vol. 3, 6.5).
 */
#include "guestimg/tests/faults.h"

enum { WINDOWS = 5 };
static u32 frames[WINDOWS][WINDOW_PAGES];

u32 window_at(u32 n) { return WINDOW + 0x10000 * (n + 1); }

static u32 *frame_of(u32 va)
{
	return &frames[(va - WINDOW) / 0x10000 - 1][va / PAGE % 16];
}

u8 *window_byte(u32 va) { return (u8 *)(*frame_of(va) + va % PAGE); }

void window_set(u32 va, u32 bits)
{
	u32 *p = pte(kernel_pd, va), want = bits ? *frame_of(va) | bits : 0;

	if ((*p & ~(u32)(A | D)) == want)
		return;
	*p = want;
	invlpg(va);
}

/* Pages of a window alternate between two places. */
void windows_init(void)
{
	for (u32 n = 0; n < WINDOWS; n++)
		for (u32 p = 0; p < WINDOW_PAGES; p++) {
			frames[n][p] = FREE + ((p & 1) * 0x40 + n * WINDOW_PAGES + p) * PAGE;
			map(kernel_pd, window_at(n) + p * PAGE, frames[n][p], P | W | U);
		}
}

void code_set(u32 va, u32 bits)
{
	u32 *p = pte(kernel_pd, va);

	*p = (*p & ~(u32)(P | U | W)) | bits;
	invlpg(va);
}

const bool bare_metal = true;

u32 fault_address(void)
{
	u32 v;

	__asm__ volatile("movl %%cr2, %0" : "=r"(v));
	return v;
}

void fpu_at_fault(u8 *image, const u8 *before, u32 eip)
{
	(void)before, (void)eip;
	__asm__ volatile("fxsave (%0)" :: "r"(image) : "memory");
}

u32 code_put(u32 off, const void *bytes, u32 n)
{
	memcpy((void *)(FREE + 0x100000 + off), bytes, n);
	return CODE_PAGES + off;
}

void main(void)
{
	windows_init();
	for (u32 p = 0; p < 4; p++)
		map(kernel_pd, CODE_PAGES + p * PAGE, FREE + 0x100000 + p * PAGE, P | U);
	write_cr4(read_cr4() | 0x600);		/* OSFXSR, OSXMMEXCPT */
	test_insns();
	test_strings();
	test_fetches();
	test_segments();
	test_demand();
	finish("faults");
}
