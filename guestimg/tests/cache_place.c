/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One page of code at many linear addresses: its blocks are made once and are right at each, what
 * follows the page, faults, single steps and changes included.
 */
#include "guestimg/tests/cache.h"

enum { PLACES = 64, STRIDE = 0x3000, SPACES = 8, NOTHING = WINDOW + 0x1ff000 };

static u32 place(u32 n) { return WINDOW + 0x200000 + n * STRIDE; }

/* A space with `code` at each place, and after it a page of its own if `after` is given. */
static u32 *space_of(u32 code, const u32 *after)
{
	u32 *pd = pd_new();

	for (u32 n = 0; n < PLACES; n++) {
		map(pd, place(n), code, P | W);
		if (after)
			map(pd, place(n) + PAGE, after[n], P | W);
	}
	map(pd, NOTHING, 0, 0);
	return pd;
}

static u32 blocks(void) { return have_counters() ? counter(C_BLOCKS) : 0; }

/* fn returns its address plus `more` at each place, and makes blocks at the first only. */
static void at_each_place(const char *name, const void *fn, u32 size, u32 more)
{
	static u32 made[PLACES];
	u32 code = page_new();

	test(name);
	memcpy((void *)code, fn, size);
	load_cr3(space_of(code, 0));
	for (u32 n = 0; n < PLACES; n++) {
		expect("address", call(place(n)) - more, place(n));
		made[n] = blocks();
	}
	expect("new blocks", made[PLACES - 1] - made[4], 0);
	load_cr3(kernel_pd);
}

/* Pages of their own for what follows the places; zeros. */
static u32 page_after(u32 n)
{
	u32 pa = FREE + n * PAGE;

	memset((void *)pa, 0, PAGE);
	return pa;
}

/* Jumps to the page behind, in many ways: each place has another one there. */
static void followed(const char *name, u32 at, const u8 *bytes, u32 size, u32 to)
{
	u32 code = page_new(), after[PLACES];

	test(name);
	memcpy((void *)(code + at), bytes, size);
	for (u32 n = 0; n < PLACES; n++) {
		after[n] = page_after(n);
		put_function(after[n] + to, 0x1000 + n);
	}
	load_cr3(space_of(code, after));
	for (u32 round = 0; round < 4; round++)
		for (u32 n = 0; n < PLACES; n++)
			expect("the page behind", call(place(n) + at), 0x1000 + n);
	load_cr3(kernel_pd);
}

static void test_followed(void)
{
	static const u8 jump[] = { 0xe9, 0x0b, 0x10, 0, 0 };		/* from 0 to 0x1010 */
	static const u8 taken[] = { 0x31, 0xc0, 0x0f, 0x84, 0x08, 0x10, 0, 0 };
	static const u8 called[] = { 0xe8, 0x0b, 0x10, 0, 0, 0xc3 };
	static const u8 falls[] = { 0xeb, 0x10 };			/* at 0xffe */
	static const u8 over[] = { 0xe9 };	/* at 0xfff, and zeros behind: to 0x1004 */

	followed("a jump to the page behind", 0, jump, sizeof(jump), 16);
	followed("a taken branch to the page behind", 0, taken, sizeof(taken), 16);
	followed("a call to the page behind", 0, called, sizeof(called), 16);
	followed("a short jump over the end", 0xffe, falls, sizeof(falls), 16);
	followed("a jump over the end", 0xfff, over, sizeof(over), 4);
}

/* "mov $imm, %eax; ret" over the page's end: the value is that of the page behind. */
static void test_straddle(void)
{
	u32 code = page_new(), after[PLACES];

	test("an instruction over the end");
	*(u8 *)(code + 0xfff) = 0xb8;
	for (u32 n = 0; n < PLACES; n++) {
		after[n] = page_after(n);
		*(u32 *)after[n] = 0x2000 + n;
		*(u8 *)(after[n] + 4) = 0xc3;
	}
	load_cr3(space_of(code, after));
	for (u32 round = 0; round < 4; round++)
		for (u32 n = 0; n < PLACES; n++)
			expect("its value", call(place(n) + 0xfff), 0x2000 + n);
	load_cr3(kernel_pd);
}

static void test_faults(void)
{
	static const u8 bytes[] = { 0x90, 0x8b, 0x01, 0xc3 };	/* nop; mov (%ecx), %eax; ret */
	u32 code = page_new();

	test("a fault's EIP at each place");
	memcpy((void *)(code + 0x123), bytes, sizeof(bytes));
	load_cr3(space_of(code, 0));
	for (u32 n = 0; n < PLACES; n++) {
		struct regs r = kernel_regs((void *)(place(n) + 0x123));

		r.ecx = NOTHING;
		run(&r);
		expect("vector", stopped.vector, V_PF);
		expect("EIP", stopped.r.eip, place(n) + 0x124);
		expect("CR2", stopped.cr2, NOTHING);
	}
	load_cr3(kernel_pd);
}

static u32 step_at, steps;

static bool on_step(struct trap *t)
{
	static const u8 after[] = { 1, 2, 4 };

	if (steps < COUNT(after))
		expect("EIP of a step", t->eip, step_at + after[steps]);
	return ++steps < COUNT(after);
}

static void test_steps(void)
{
	static const u8 bytes[] = { 0x90, 0x40, 0x31, 0xc0, 0xf4 };
	u32 code = page_new();

	test("single steps at each place");
	memcpy((void *)code, bytes, sizeof(bytes));
	load_cr3(space_of(code, 0));
	on_trap[V_DB] = on_step;
	for (u32 n = 0; n < PLACES; n++) {
		struct regs r = kernel_regs((void *)place(n));

		r.eflags |= TF;
		step_at = place(n);
		steps = 0;
		run(&r);
		expect("steps", steps, 3);
	}
	on_trap[V_DB] = 0;
	load_cr3(kernel_pd);
}

/* Changed through one address, called at all, in several spaces that come back. */
static void test_changes(void)
{
	u32 code = page_new(), *pd[SPACES];

	test("changed under 64 addresses in 8 spaces");
	for (u32 s = 0; s < SPACES; s++)
		pd[s] = space_of(code, 0);
	for (u32 round = 0; round < 4; round++) {
		load_cr3(pd[round]);
		put_function(place(7 * round) + 0x40 * (round & 1), round);
		for (u32 s = 0; s < SPACES; s++) {
			load_cr3(pd[s]);
			for (u32 n = s & 3; n < PLACES; n += 4)
				expect("value", call(place(n) + 0x40 * (round & 1)), round);
		}
	}
	load_cr3(kernel_pd);
}

/* JMP with 16-bit operands cuts EIP: it goes below 64 KiB, wherever it is. */
static void test_cut(void)
{
	static const u8 jump[] = { 0x66, 0xe9, 0x10, 0x00 };
	static const u8 branch[] = { 0x31, 0xc0, 0x66, 0x0f, 0x84, 0x0d, 0x00, 0xb0, 1, 0xc3 };
	u32 code = page_new();

	test("EIP cut to 16 bits at each place");
	memcpy((void *)code, jump, sizeof(jump));
	memcpy((void *)(code + 0x20), branch, sizeof(branch));
	load_cr3(space_of(code, 0));
	for (u32 n = 0; n < PLACES; n++) {
		put_function((place(n) + 0x14) & 0xffff, 0x3000 + n);
		put_function((place(n) + 0x34) & 0xffff, 0x4000 + n);
		expect("jump", call(place(n)), 0x3000 + n);
		expect("branch", call(place(n) + 0x20), 0x4000 + n);
	}
	load_cr3(kernel_pd);
}

void test_places(void)
{
	at_each_place("its own address", place_pop, AT(place_pop_end) - AT(place_pop), 5);
	at_each_place("calls and returns", place_calls, AT(place_calls_end) - AT(place_calls), 0);
	at_each_place("a loop", place_loop, AT(place_loop_end) - AT(place_loop), 0);
	test_followed();
	test_straddle();
	test_faults();
	test_steps();
	test_changes();
	test_cut();
}
