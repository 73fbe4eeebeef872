/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables that no honest system has: that are their own tables, code, data of their own, or no
 * memory at all. What silicon gives where it is defined; else only that the program goes on.
 */
#include "guestimg/tests/hostile.h"
#include "guestimg/tests/lib.h"

enum { AREA = WINDOW + 0x2000000, ROUNDS = 40 };

static u32 peek(u32 va) { return *(volatile u32 *)va; }
static void poke(u32 va, u32 v) { *(volatile u32 *)va = v; }

/* An entry for the area in the directory of the kernel. */
static void set_area(u32 entry)
{
	kernel_pd[AREA >> 22] = entry;
	load_cr3(kernel_pd);
}

/* The directory at the end of the area's 4 MiB, as a table: it maps itself, and all its tables. */
static void test_self(void)
{
	u32 *table = table_new(), frames[2] = { page_new(), page_new() };
	u32 pd_va = AREA + (AREA >> 22) * PAGE, other = AREA + 0x400000;
	u32 entry = pd_va + (other >> 22) * 4;

	test("a directory that is its own table");
	*(u32 *)frames[0] = 0x1111;
	*(u32 *)frames[1] = 0x2222;
	kernel_pd[other >> 22] = AT(table) | P | W;
	set_area(AT(kernel_pd) | P | W);
	expect("itself", peek(pd_va + (AREA >> 22) * 4) & ~0xfffu, AT(kernel_pd));
	for (u32 k = 0; k < ROUNDS; k++) {
		poke(AREA + (other >> 22) * PAGE, frames[k & 1] | P | W);	/* the table's */
		if (k & 2)
			invlpg(other);
		else
			load_cr3(kernel_pd);
		expect("a page by way of itself", peek(other), k & 1 ? 0x2222 : 0x1111);
		expect("A", table[0] & A, A);
		poke(entry, 0);
		invlpg(other);
		poke(entry, AT(table) | P | W);
		expect("its table came back", peek(other), k & 1 ? 0x2222 : 0x1111);
		expect("A in the directory", peek(entry) & A, A);
	}
	kernel_pd[other >> 22] = 0;
	set_area(0);
}

/* Tables that loop: each entry of the area's table is the table itself, or the directory. */
static void test_loop(void)
{
	u32 *table = table_new();

	test("a table all of whose entries lead to itself");
	for (u32 k = 0; k < 1024; k++)
		table[k] = AT(table) | P | W;
	set_area(AT(table) | P | W);
	for (u32 k = 0; k < 1024; k += 33) {
		poke(AREA + k * PAGE + 0xffc, AT(table) | P | W);
		expect("the last entry", peek(AREA + 0x3ff000 + 0xffc) & ~(D | A),
		       AT(table) | P | W);
	}
	for (u32 k = 0; k < ROUNDS; k++) {
		poke(AREA, 0);			/* takes its own page away */
		invlpg(AREA);
		expect("gone", table[0], 0);
		poke(AREA + 0x5000, AT(table) | P | W);
		expect("back", peek(AREA) & ~(D | A), AT(table) | P | W);
		load_cr3(kernel_pd);
	}
	set_area(0);
}

/* A table with a function in it: mov $n, %eax; ret are two entries that are not present. */
static void test_code(void)
{
	u32 page = page_new(), data[2] = { page_new(), page_new() };
	u32 *table = (u32 *)page;
	volatile u8 *code = (volatile u8 *)page;

	test("a table that is code");
	*(u32 *)data[0] = 0x3333;
	*(u32 *)data[1] = 0x4444;
	set_area(page | P | W);
	for (u32 k = 0; k < ROUNDS; k++) {
		code[0] = 0xb8;
		*(volatile u32 *)(page + 1) = k << 8;
		code[5] = 0xc3;
		table[8] = data[k & 1] | P | W;
		load_cr3(kernel_pd);
		expect("code", ((u32 (*)(void))page)(), k << 8);
		expect("a page", peek(AREA + 8 * PAGE), k & 1 ? 0x4444 : 0x3333);
		table[8] = data[~k & 1] | P | W;
		invlpg(AREA + 8 * PAGE);
		expect("the other page", peek(AREA + 8 * PAGE), k & 1 ? 0x3333 : 0x4444);
		expect("A", table[8] & A, A);
	}
	set_area(0);
}

/* A page is data, then a directory that maps itself as data, then data again. */
static void test_root(void)
{
	u32 *pd = pd_new(), frames[2] = { page_new(), page_new() };
	u32 *table = table_new();

	test("a directory that is written as data");
	*(u32 *)frames[0] = 0x5555;
	*(u32 *)frames[1] = 0x6666;
	pd[AREA >> 22] = AT(table) | P | W;
	table[0] = AT(pd) | P | W;
	table[1] = AT(table) | P | W;
	for (u32 k = 0; k < ROUNDS; k++) {
		load_cr3(pd);
		poke(AREA + PAGE + 8, frames[k & 1] | P | W);
		invlpg(AREA + 2 * PAGE);
		expect("its page", peek(AREA + 2 * PAGE), k & 1 ? 0x6666 : 0x5555);
		poke(AREA + 4092, k);			/* the directory's last entry, P or not */
		load_cr3(kernel_pd);
		expect("as data", pd[1023], k);
		pd[1023] = 0;
	}
}

/* Code that is only executed: what becomes of its page is seen at the next flush. */
static void test_executed(void)
{
	u32 *table = table_new(), fn[2] = { page_new(), page_new() };

	test("a page that is only executed");
	for (u32 k = 0; k < 2; k++) {
		*(volatile u8 *)fn[k] = 0xb8;
		*(volatile u32 *)(fn[k] + 1) = 0x700 + k;
		*(volatile u8 *)(fn[k] + 5) = 0xc3;
	}
	set_area(AT(table) | P | W);
	for (u32 k = 0; k < ROUNDS; k++) {
		table[3] = fn[k & 1] | P;
		if (k & 2)
			invlpg(AREA + 3 * PAGE);
		else
			load_cr3(kernel_pd);
		expect("code", ((u32 (*)(void))(AREA + 3 * PAGE))(), 0x700 + (k & 1));
		expect("A", table[3] & A, A);
		table[3] &= ~A;
		if (k & 4)
			invlpg(AREA + 3 * PAGE);
		else
			load_cr3(kernel_pd);
		expect("the same", ((u32 (*)(void))(AREA + 3 * PAGE))(), 0x700 + (k & 1));
		expect("A again", table[3] & A, A);
	}
	set_area(0);
}

/* mov AREA + offset, %eax; mov %eax, AREA + offset; int3: it may stop before. */
static void touch(u32 page, u32 va)
{
	volatile u8 *c = (volatile u8 *)page;
	struct regs r = kernel_regs((void *)page);

	c[0] = 0xa1;
	*(volatile u32 *)(page + 1) = va;
	c[5] = 0xa3;
	*(volatile u32 *)(page + 6) = va;
	c[10] = 0xcc;
	run(&r);
	expect("ends", stopped.vector == V_PF || stopped.vector == 3, 1);
}

/* Reads of a device as a table do to it what reads do; the local APIC's registers bear it. */
static void test_no_table(void)
{
	static const u32 at[] = {
		0xf0000, 0xfffff000, 0xd0000000, 0xfee00000, 0xa0000, 0x7ffff000, 0xfec00000,
	};
	u32 page = page_new();

	test("tables in ROM, in devices and beyond RAM");
	for (u32 round = 0; round < 3; round++)
		for (u32 k = 0; k < COUNT(at); k++) {
			set_area(at[k] | P | W);
			for (u32 n = 0; n < 1024; n += 73) {
				touch(page, AREA + n * PAGE + n);
				if (n & 1)
					invlpg(AREA + n * PAGE);
			}
		}
	set_area(0);
}

void test_tables(void)
{
	test_self();
	test_loop();
	test_code();
	test_root();
	test_executed();
	test_no_table();
}
