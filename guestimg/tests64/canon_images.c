/* SPDX-License-Identifier: BSD-2-Clause */
/* FXSAVE and FXRSTOR at all places of a page, and over the end of one; modes of MXCSR. */
#include "guestimg/tests64/canon.h"

CODE(save_it, "fxsave64 (%rdi)")
CODE(restore_it, "fxrstor64 (%rdi)")
CODE(load_it, "mov (%rdi), %al")

enum { FX_SIZE = 512, FX_USED = 416 };
#define IMAGES 0xffffc12345700000

static u8 fx_want[FX_SIZE] __attribute__((aligned(16)));

static void go(const char *code, u64 at, u32 vector, u64 error)
{
	struct regs r = user_regs(code);

	r.rdi = at;
	run_to(&r, vector, error);
}

static void fill(u8 *p, u32 n, u32 seed)
{
	while (n--)
		*p++ = (u8)(seed = seed * 1103515245 + 12345, seed >> 16);
}

/* All of it that the CPU has; MXCSR's mask is the CPU's own. */
static bool fx_same(const u8 *a, const u8 *b)
{
	return !memcmp(a, b, 28) && !memcmp(a + 32, b + 32, FX_USED - 32);
}

/* The second page of an image is not there, or not to be written: the first keeps its bytes. */
static void test_image_cut(u8 *at)
{
	static u8 before[FX_SIZE];
	u64 second = IMAGES + PAGE, *pte = entry(second, 1), old = *pte;
	u32 first = (u32)(second - (u64)at);

	fill(at, FX_SIZE, first);
	memcpy(before, at, FX_SIZE);
	for (u32 k = 0; k < 2; k++) {
		*pte = k ? old & ~W : old & ~P;
		invlpg(second);
		if (k)
			go(load_it, second, VEC_EXIT, 0);
		go(save_it, (u64)at, V_PF, k ? PF_P | PF_U | PF_W : PF_U | PF_W);
		expect("the second page", stopped.cr2 / PAGE, second / PAGE);
		expect("nothing stored", memcmp(at, before, first), 0);
	}
	*pte = old;
	invlpg(second);
}

/* -- MXCSR's modes, which translated code knows ----------------------------- */

CODE(modes_it, "ldmxcsr (%rdi)\n\t"
	       "movss 4(%rdi), %xmm0\n\tmulss %xmm0, %xmm0\n\tmovd %xmm0, %eax\n\t"
	       "fxrstor64 (%rsi)\n\t"
	       "movss 4(%rdi), %xmm0\n\tmulss %xmm0, %xmm0\n\tmovd %xmm0, %edx")

enum { MXCSR_PLAIN = 0x1f80, MXCSR_FTZ = 0x9f80 };

/* 2^-70 squared is a denormal, or 0 with FTZ. */
static void run_modes(u32 by_ldmxcsr, u32 by_fxrstor)
{
	u32 *memory = (u32 *)IMAGES;
	u8 *image = (u8 *)IMAGES + FX_SIZE;
	struct regs r = user_regs(modes_it);

	memory[0] = by_ldmxcsr;
	memory[1] = 0x1c800000;
	memcpy(image, fx_want, FX_SIZE);
	memcpy(image + 24, &by_fxrstor, 4);
	r.rdi = (u64)memory;
	r.rsi = (u64)image;
	run_to(&r, VEC_EXIT, 0);
	expect("by LDMXCSR", stopped.r.rax, by_ldmxcsr == MXCSR_FTZ ? 0 : 0x200);
	expect("by FXRSTOR", stopped.r.rdx, by_fxrstor == MXCSR_FTZ ? 0 : 0x200);
}

static void test_modes(void)
{
	test("FTZ by LDMXCSR and FXRSTOR");
	for (u32 k = 0; k < 8; k++)
		run_modes(k & 1 ? MXCSR_FTZ : MXCSR_PLAIN, k & 2 ? MXCSR_FTZ : MXCSR_PLAIN);
}

void test_images(void)
{
	test("FXSAVE and FXRSTOR over two pages: all or nothing");
	map(IMAGES, page_new(), P | W | U);
	map(IMAGES + PAGE, page_new(), P | W | U);
	fill(fx_want, FX_SIZE, 1);
	memset(fx_want, 0, 24);
	memcpy(fx_want, "\x7f\3\0\x28\xa5", 5);
	memcpy(fx_want + 24, &(u32){ 0x1f80 }, 4);
	for (u32 k = 0; k < 8; k++)
		memset(fx_want + 42 + 16 * k, 0, 6);
	for (u32 off = PAGE - FX_SIZE; off < PAGE; off += 16) {
		u8 *at = (u8 *)IMAGES + off;

		if (off > PAGE - FX_SIZE)
			test_image_cut(at);
		memcpy(at, fx_want, FX_SIZE);
		go(restore_it, (u64)at, VEC_EXIT, 0);
		memset(at, 0, FX_SIZE);
		go(save_it, (u64)at, VEC_EXIT, 0);
		expect("as it was restored", fx_same(at, fx_want), 1);
	}
	test_modes();
}
