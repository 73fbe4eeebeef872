/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * String instructions do many elements at once where nobody can see it. Here are the places where
 * somebody could: a frame at two addresses, code and page tables in the middle of what is written,
 * devices and ROM beside memory. Expectations are computed element by element.
 */
#include "guestimg/tests/cache.h"

enum { BUF = WINDOW + 0x1000000, OTHER = BUF + 0x10000, CODE = BUF + 0x20000,
	TABLE = BUF + 0x400000, WIDENS = BUF + 0x800000, LEN = 300 };

static u32 *pd;

/* A page at va, in place of another. */
static void page_at(u32 va, u32 pa, u32 bits)
{
	map(pd, va, pa, bits);
	invlpg(va);
}

/* -- One frame, two addresses: what was written is read again -- */

static void rep_movs(u32 to, u32 from, u32 count, u32 size, bool down)
{
	if (down)
		__asm__ volatile("std");
	if (size == 1)
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) :: "memory");
	else if (size == 2)
		__asm__ volatile("rep movsw" : "+D"(to), "+S"(from), "+c"(count) :: "memory");
	else
		__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) :: "memory");
	__asm__ volatile("cld");
	expect("count", count, 0);
}

/* The same by elements; both are offsets in `m`. */
static void model_movs(u8 *m, u32 to, u32 from, u32 count, u32 size, bool down)
{
	u32 step = down ? -size : size;
	u8 element[4];

	for (; count--; to += step, from += step) {
		for (u32 k = 0; k < size; k++)
			element[k] = m[from + k];
		for (u32 k = 0; k < size; k++)
			m[to + k] = element[k];
	}
}

static bool overlap(u32 pa, u32 from, int distance, u32 size, bool down)
{
	static u8 want[PAGE];
	u32 to = from + (u32)distance, count = LEN / size, last = down ? (count - 1) * size : 0;

	for (u32 k = 0; k < PAGE; k++)
		((u8 *)pa)[k] = want[k] = (u8)rnd();
	model_movs(want, to + last, from + last, count, size, down);
	rep_movs(OTHER + to + last, BUF + from + last, count, size, down);
	for (u32 k = 0; k < PAGE; k++)
		if (((u8 *)pa)[k] != want[k])
			return expect("distance", (u32)distance, 0), expect("byte", k, ~0u);
	return true;
}

static void test_aliases(void)
{
	u32 pa = page_new();

	test("REP MOVS between two addresses of a page");
	page_at(BUF, pa, P | W);
	page_at(OTHER, pa, P | W);
	for (u32 size = 1; size <= 4; size *= 2)
		for (u32 down = 0; down < 2; down++)
			for (int d = -70; d <= 70; d += d > -20 && d < 20 ? 1 : 3)
				if (!overlap(pa, 0x400 + rnd() % 64, d, size, down))
					return;
}

/* -- Code in the middle -- */

/* Bytes over three pages; the second one has a function in it, which the copy replaces. */
static void over_pages(bool down)
{
	u32 pa[3], from = 0x2000000, len = 2 * PAGE + 0x333, at = PAGE + 0x123;

	for (u32 k = 0; k < 3; k++)
		page_at(CODE + k * PAGE, pa[k] = page_new(), P | W);
	for (u32 round = 0; round < 10; round++) {
		u32 count = len, to = CODE + 0x77, last = down ? len - 1 : 0;

		put_function(pa[1] + 0x123, round);
		expect("before", call(CODE + at), round);
		for (u32 k = 0; k < len; k++)
			*(u8 *)(from + k) = (u8)rnd();
		put_function(from + at - 0x77, ~round);
		rep_movs(to + last, from + last, count, 1, down);
		expect("after", call(CODE + at), ~round);
		expect("all", (u32)memcmp((void *)to, (void *)from, len), 0);
	}
}

/* REP MOVSB writes what stands behind it, on its own page, and so runs it. */
static void ahead(void)
{
	static const u8 head[] = { 0xf3, 0xa4 };
	u32 pa = page_new();
	static u8 bytes[LEN];
	struct args a = { .esi = AT(bytes), .ecx = LEN };

	page_at(CODE + 0x3000, pa, P | W);
	for (u32 round = 0; round < 20; round++) {
		u32 at = 0x40 + 8 * round;

		memcpy((void *)(pa + at), head, 2);
		put_function(pa + at + 2, 0xbad);
		memset(bytes, 0x90, LEN);
		put_function(AT(bytes) + LEN - 6, round);
		a.edi = CODE + 0x3000 + at + 2;
		expect("what was written", call_with(CODE + 0x3000 + at, &a), round);
	}
}

/* -- Page tables -- */

static void test_tables(void)
{
	u32 *t = table_new();
	u32 page[16], entry = TABLE >> 12 & 1023, count, to, value = 0;

	test("REP MOVSD and STOSD over page tables");
	for (u32 k = 0; k < 16; k++) {
		page[k] = page_new() | P | W;
		*(u32 *)(page[k] & ~(PAGE - 1u)) = 0x1000 + k;
	}
	pd[TABLE >> 22] = AT(t) | P | W;
	for (u32 round = 0; round < 20; round++) {
		rep_movs(AT(&t[entry]), AT(page), 16, 4, false);
		load_cr3(pd);
		for (u32 k = 0; k < 16; k++)
			expect("mapped", peek(TABLE + k * PAGE), 0x1000 + (round & 1 ? 15 - k : k));
		for (u32 k = 0; k < 8; k++) {
			u32 swap = page[k];

			page[k] = page[15 - k];
			page[15 - k] = swap;
		}
		count = 16;
		to = AT(&t[entry]);
		__asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(value) : "memory");
		load_cr3(pd);
	}
}

/*
 * The first store meets a directory entry that allows more since code ran below it, which needs no
 * flush (SDM vol. 3, 4.10.4.3): what the monitor forgets there must not cost it what was loaded.
 */
static void test_directory(void)
{
	enum { COPIED = 256 };
	u32 code = page_new();
	u8 *from = (u8 *)page_new(), *to = (u8 *)WIDENS + PAGE;

	test("REP MOVSD below a directory entry that has changed");
	for (u32 k = 0; k < COPIED; k++)
		from[k] = (u8)(k | 1);
	put_function(code, 7);
	map(pd, WIDENS, code, P | W);
	map(pd, WIDENS + PAGE, page_new(), P | W);
	pd[WIDENS >> 22] &= ~(u32)W;
	load_cr3(pd);
	expect("code", call(WIDENS), 7);
	pd[WIDENS >> 22] |= W;
	rep_movs(AT(to), AT(from), COPIED / 4, 4, false);
	expect("copied", (u32)memcmp(to, from, COPIED), 0);
}

/* -- Beside memory: ROM takes no stores, and a device gives what it gives -- */

static void test_rom(void)
{
	u32 to = BUF + 0x1000 - 0x123, count = 0x400;
	u8 *was = (u8 *)0x2000000;

	test("REP STOSB from memory into ROM");
	page_at(BUF, page_new(), P | W);
	page_at(BUF + PAGE, 0xff000, P | W);
	memcpy(was, (void *)(BUF + PAGE), PAGE);
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(was[0] ^ 0x55) : "memory");
	expect("edi", to, BUF + 0x1000 - 0x123 + 0x400);
	expect("ROM", (u32)memcmp((void *)(BUF + PAGE), was, PAGE), 0);
	for (u32 k = 0; k < 0x123; k++)
		if (!expect("memory", *(u8 *)(BUF + PAGE - 1 - k), was[0] ^ 0x55))
			break;
}

static void test_device(void)
{
	u32 *to = (u32 *)(BUF + 0x1000 - 64);

	test("REP MOVSD from a device over a page's end");
	page_at(BUF, page_new(), P | W);
	page_at(BUF + PAGE, page_new(), P | W);
	page_at(OTHER, 0xfee00000, P | W | PCD);
	rep_movs(AT(to), OTHER, 32, 4, false);
	expect("version", to[12], *(volatile u32 *)(OTHER + 0x30));
	rep_movs(AT(to) + 31 * 4, OTHER + 31 * 4, 32, 4, true);
	expect("version, down", to[12], *(volatile u32 *)(OTHER + 0x30));
}

void test_strings(void)
{
	pd = pd_new();
	load_cr3(pd);
	test_aliases();
	test("REP MOVSB over pages with code");
	over_pages(false);
	test("REP MOVSB down over pages with code");
	over_pages(true);
	test("REP MOVSB over what follows it");
	ahead();
	make_busy(CODE + 0x3000 + 0xa00, CODE + 0x3000 + 0xb00, 600);
	test("REP MOVSB over what follows it, on a busy page");
	ahead();
	test_tables();
	test_directory();
	test_rom();
	test_device();
	load_cr3(kernel_pd);
}
