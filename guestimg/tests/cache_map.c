/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings: code and data are those of the present CR3, a change is seen where
 * x86 promises it (SDM vol. 3, 4.10), and blocks are shared by address spaces.
 */
#include "guestimg/tests/cache.h"

enum { CODE1 = WINDOW, CODE2 = WINDOW + 0x1000, DATA = WINDOW + 0x2000, FAR = WINDOW + 0x400000,
	BIG = WINDOW + 0x800000, MANY = WINDOW + 0xc00000 };

/* Blocks made so far, at the end of each round: always by the same code, so that it makes none. */
static u32 made[6000];

static __attribute__((noinline)) void note_blocks(u32 round)
{
	made[round] = have_counters() ? counter(C_BLOCKS) : 0;
}

static void expect_no_blocks(u32 from, u32 rounds)
{
	expect("new blocks", made[rounds - 1] - made[from], 0);
}

/* -- Blocks are shared -------------------------------------------------------------- */

/* "mov DATA, %eax; ret" */
static void put_load(u32 pa, u32 va)
{
	*(u8 *)pa = 0xa1;
	*(u32 *)(pa + 1) = va;
	*(u8 *)(pa + 5) = 0xc3;
}

/* "jmp to" as if it were at va */
static void put_jump(u32 pa, u32 va, u32 to)
{
	*(u8 *)pa = 0xe9;
	*(u32 *)(pa + 1) = to - (va + 5);
}

static u32 *space_with(u32 code1, u32 code2, u32 data)
{
	u32 *pd = pd_new();

	map(pd, CODE1, code1, P | W);
	map(pd, CODE2, code2, P | W);
	map(pd, DATA, data, P | W);
	return pd;
}

static void test_two_spaces(void)
{
	u32 code = page_new(), data[2] = { page_new(), page_new() };
	u32 *pd[2] = { space_with(code, code, data[0]), space_with(code, code, data[1]) };

	test("two CR3s share a code page");
	put_load(code, DATA);
	*(u32 *)data[0] = 0xaaaa;
	*(u32 *)data[1] = 0xbbbb;
	for (u32 round = 0; round < 500; round++) {
		load_cr3(pd[round & 1]);
		expect("data of this space", call(CODE1), round & 1 ? 0xbbbb : 0xaaaa);
		note_blocks(round);
	}
	expect_no_blocks(10, 500);
	load_cr3(kernel_pd);
}

static void test_two_addresses(void)
{
	u32 code = page_new(), data = page_new();
	u32 *pd = space_with(code, code, data);

	test("a page at three addresses");
	map(pd, FAR, code, P | W);
	put_load(code, DATA);
	load_cr3(pd);
	for (u32 round = 0; round < 500; round++) {
		*(u32 *)data = round;
		expect("first", call(CODE1), round);
		expect("second", call(CODE2), round);
		expect("third", call(FAR), round);
		note_blocks(round);
	}
	expect_no_blocks(10, 500);
	load_cr3(kernel_pd);
}

/* CODE1 jumps to CODE2, which is another page in each space. */
static void test_chain(void)
{
	u32 code = page_new(), a = page_new(), b = page_new();
	u32 *pd[2] = { space_with(code, a, a), space_with(code, b, a) };

	test("a jump to a page that differs");
	put_jump(code, CODE1, CODE2);
	put_function(a, 1);
	put_function(b, 2);
	for (u32 round = 0; round < 500; round++) {
		load_cr3(pd[round & 1]);
		for (u32 k = 0; k < 3; k++)
			expect("page of this space", call(CODE1), 1 + (round & 1));
		note_blocks(round);
	}
	expect_no_blocks(10, 500);
	load_cr3(kernel_pd);
}

/* More spaces than anything small can remember, more switches than there are tags or ASIDs. */
static void test_many_spaces(void)
{
	enum { SPACES = 20, SWITCHES = 6000 };
	u32 code = page_new(), fn[4], *pd[SPACES];

	test("6000 switches between 20 spaces");
	put_jump(code, CODE1, CODE2);
	for (u32 k = 0; k < COUNT(fn); k++)
		put_function(fn[k] = page_new(), k);
	for (u32 k = 0; k < SPACES; k++)
		pd[k] = space_with(code, fn[k % COUNT(fn)], code);
	for (u32 round = 0; round < SWITCHES; round++) {
		u32 k = rnd() % SPACES;

		load_cr3(pd[k]);
		if (!expect("space", call(CODE1), k % COUNT(fn)))
			break;
		note_blocks(round);
	}
	expect_no_blocks(300, SWITCHES);
	load_cr3(kernel_pd);
}

/* -- Changes ------------------------------------------------------------------------- */

static void test_other_space(void)
{
	u32 old = page_new(), new = page_new(), data = page_new();
	u32 *a = space_with(old, old, old), *b = space_with(old, old, data);

	test("a change under another CR3");
	put_function(old, 1);
	put_function(new, 2);
	*(u32 *)data = 0x111;
	load_cr3(b);
	expect("code before", call(CODE1), 1);
	expect("data before", peek(DATA), 0x111);
	load_cr3(a);
	map(b, CODE1, new, P | W);
	map(b, DATA, new, P | W);
	expect("code here", call(CODE1), 1);
	load_cr3(b);
	expect("code after", call(CODE1), 2);
	expect("data after", peek(DATA), peek(new));
	load_cr3(a);
	expect("code here again", call(CODE1), 1);
	load_cr3(kernel_pd);
}

static void test_shared_table(void)
{
	u32 old = page_new(), new = page_new();
	u32 *a = space_with(old, old, old), *b = pd_new();

	test("a change in a table of two spaces");
	b[WINDOW >> 22] = a[WINDOW >> 22];
	put_function(old, 1);
	put_function(new, 2);
	load_cr3(b);
	expect("before, b", call(CODE2), 1);
	load_cr3(a);
	expect("before, a", call(CODE2), 1);
	map(a, CODE2, new, P | W);
	invlpg(CODE2);
	expect("after, a", call(CODE2), 2);
	load_cr3(b);
	expect("after, b", call(CODE2), 2);
	load_cr3(kernel_pd);
}

static void test_invlpg(void)
{
	u32 code = page_new(), old = page_new(), new = page_new();
	u32 *pd = space_with(code, old, old);

	test("INVLPG: data and code");
	put_jump(code, CODE1, CODE2);
	put_function(old, 1);
	put_function(new, 2);
	load_cr3(pd);
	for (u32 round = 0; round < 200; round++) {
		u32 page = round & 1 ? new : old;

		map(pd, CODE2, page, P | W);
		map(pd, DATA, page, P | W);
		invlpg(CODE2);
		invlpg(DATA);
		expect("data", peek(DATA), peek(page));
		expect("code", call(CODE2), 1 + (round & 1));
		expect("jump to it", call(CODE1), 1 + (round & 1));
		expect("write", (poke(DATA + 64, round), peek(page + 64)), round);
	}
	load_cr3(kernel_pd);
}

/* The code's own page is replaced while it runs. */
static void test_self(void)
{
	u32 old = page_new(), new = page_new(), data = page_new();
	u32 *a = space_with(old, old, data), *b = space_with(new, new, data);
	struct args r = { .ebx = CODE1, .ecx = new | P | W, .edx = AT(pte(a, CODE1)) };

	test("INVLPG of the page that runs");
	PUT(old, remap_self);
	PUT(new, remap_self);
	*(u32 *)(new + AT(remap_self_end) - AT(remap_self) - 5) = 2;
	load_cr3(a);
	expect("first", call_with(CODE1, &r), 2);
	r.ecx = old | P | W;
	expect("back", call_with(CODE1, &r), 1);
	expect("stays", call_with(CODE1, &r), 1);

	test("MOV CR3 away from the page that runs");
	PUT(old, cr3_self);
	PUT(new, cr3_self);
	*(u32 *)(new + 4) = 2;
	r.ecx = AT(b);
	r.edx = AT(a);
	for (u32 k = 0; k < 50; k++)
		expect("there", call_with(CODE1, &r), 2);
	r.ecx = AT(a);
	expect("here", call_with(CODE1, &r), 1);
	load_cr3(kernel_pd);
}

static void test_large(void)
{
	u32 *pd = pd_new(), *small = table_new();

	test("INVLPG of a 4 MiB page");
	for (u32 half = 0; half < 2; half++) {
		put_function(0x1000000 + half * 0x200000, 1 + half);
		put_function(0x1400000 + half * 0x200000, 11 + half);
		put_function(0x1000000 + half * 0x200000 + 0x5000, 21 + half);
	}
	pd[BIG >> 22] = 0x1000000 | PS | P | W;
	load_cr3(pd);
	for (u32 round = 0; round < 20; round++) {
		u32 at = round & 1 ? 0x1400000 : 0x1000000;

		pd[BIG >> 22] = at | PS | P | W;
		invlpg(BIG + (round & 2 ? 0x3ff000 : 0x1000));
		for (u32 half = 0; half < 2; half++) {
			expect("data", peek(BIG + half * 0x200000), peek(at + half * 0x200000));
			expect("code", call(BIG + half * 0x200000),
			       1 + half + (round & 1 ? 10 : 0));
			poke(BIG + half * 0x200000 + 0x7000, round);
			expect("write", peek(at + half * 0x200000 + 0x7000), round);
		}
	}
	test("a 4 MiB page becomes small ones");
	small[0] = 0x1005000 | P | W;
	small[0x200] = 0x1205000 | P | W;
	pd[BIG >> 22] = AT(small) | P | W;
	invlpg(BIG);
	expect("first half", call(BIG), 21);
	expect("second half", call(BIG + 0x200000), 22);
	load_cr3(kernel_pd);
}

/* -- Rights and bits -------------------------------------------------------------------- */

static u32 faults, fault_error, fault_cr2;
static u32 *fault_pte, fault_fix;

static u32 cr2(void)
{
	u32 v;

	__asm__ volatile("movl %%cr2, %0" : "=r"(v));
	return v;
}

static bool on_fault(struct trap *t)
{
	faults++;
	fault_error = t->error;
	fault_cr2 = cr2();
	*fault_pte = fault_fix;
	return faults < 10;
}

/* Faults are mended by writing `fix` to the PTE, without INVLPG. */
static void mend(u32 *p, u32 fix)
{
	on_trap[V_PF] = on_fault;
	faults = 0;
	fault_pte = p;
	fault_fix = fix;
}

static void test_rights(void)
{
	u32 page = page_new(), *pd = space_with(page, page, page), *p = pte(pd, DATA);

	load_cr3(pd);
	test("not present to present needs no INVLPG");
	*p = 0;
	invlpg(DATA);
	mend(p, page | P | W);
	poke(DATA, 0x1234);
	expect("faults", faults, 1);
	expect("error", fault_error, PF_W);
	expect("cr2", fault_cr2, DATA);
	expect("stored", *(u32 *)page, 0x1234);
	*p = 0;
	invlpg(DATA);
	*p = page | P | W;
	mend(p, page | P | W);
	expect("read", peek(DATA), 0x1234);
	expect("no fault", faults, 0);

	test("read-only to writable needs no INVLPG");
	*p = page | P;
	invlpg(DATA);
	expect("read", peek(DATA), 0x1234);
	mend(p, page | P | W);
	poke(DATA, 0x5678);
	expect("faults", faults, 1);
	expect("error", fault_error, PF_P | PF_W);
	expect("stored", *(u32 *)page, 0x5678);
	*p = page | P;
	invlpg(DATA);
	(void)peek(DATA);
	*p = page | P | W;
	mend(p, page | P | W);
	poke(DATA, 0x9abc);		/* the old entry may fault once more (4.10.4.3) */
	expect("at most one", faults <= 1, 1);
	expect("stored", *(u32 *)page, 0x9abc);

	test("writable to read-only by INVLPG, by CR3, by WP");
	for (u32 how = 0; how < 3; how++) {
		*p = page | P | W;
		invlpg(DATA);
		poke(DATA, how);
		*p = page | P;
		if (how == 2)
			write_cr0(read_cr0() & ~0x10000u);
		if (how == 1)
			load_cr3(pd);
		else
			invlpg(DATA);
		mend(p, page | P | W);
		if (how == 2) {
			poke(DATA, 77);
			expect("supervisor writes without WP", faults, 0);
			write_cr0(read_cr0() | 0x10000);
		}
		poke(DATA, 100 + how);
		expect("faults", faults, 1);
		expect("error", fault_error, PF_P | PF_W);
		expect("stored", *(u32 *)page, 100 + how);
	}
	on_trap[V_PF] = 0;
	load_cr3(kernel_pd);
}

static void test_bits(void)
{
	u32 page = page_new(), *pd = space_with(page, page, page), *p = pte(pd, DATA);

	test("A and D come again after INVLPG");
	put_function(page, 5);
	load_cr3(pd);
	for (u32 round = 0; round < 3; round++) {
		*p = page | P | W;
		invlpg(DATA);
		(void)peek(DATA + 64);
		expect("A by a read", *p & (A | D), A);
		poke(DATA + 64, round);
		expect("D by a write", *p & (A | D), A | D);
		*p &= ~(u32)D;
		invlpg(DATA);
		poke(DATA + 64, round);
		expect("D again", *p & (A | D), A | D);
		*pte(pd, CODE2) = page | P;
		invlpg(CODE2);
		expect("function", call(CODE2), 5);
		expect("A by a fetch", *pte(pd, CODE2) & (A | D), A);
	}
	load_cr3(kernel_pd);
}

static void test_global(void)
{
	u32 old = page_new(), new = page_new(), *pd = space_with(old, old, old);

	test("global pages");
	put_function(old, 1);
	put_function(new, 2);
	map(pd, DATA, old, P | W | G);
	map(pd, CODE2, old, P | W | G);
	write_cr4(read_cr4() | 0x80);
	load_cr3(pd);
	expect("data before", peek(DATA), peek(old));
	expect("code before", call(CODE2), 1);
	map(pd, DATA, new, P | W | G);
	map(pd, CODE2, new, P | W | G);
	load_cr3(pd);			/* may leave both */
	invlpg(DATA);
	invlpg(CODE2);
	expect("data by INVLPG", peek(DATA), peek(new));
	expect("code by INVLPG", call(CODE2), 2);
	map(pd, DATA, old, P | W | G);
	map(pd, CODE2, old, P | W | G);
	write_cr4(read_cr4() & ~0x80u);
	expect("data by CR4.PGE", peek(DATA), peek(old));
	expect("code by CR4.PGE", call(CODE2), 1);
	load_cr3(kernel_pd);
}

/* Global CODE1 jumps to CODE2, another page in each space, or is jumped to from it. */
static void global_chain(const char *name, bool indirect)
{
	u32 code = page_new(), back = page_new(), a = page_new(), b = page_new();
	u32 *pd[2] = { space_with(code, a, a), space_with(code, b, a) };
	struct args to = { .ebx = CODE2 };

	test(name);
	put_jump(code, CODE1, CODE2);
	if (indirect)
		*(u16 *)code = 0xe3ff;		/* jmp *%ebx */
	put_function(a, 1);
	put_jump(b, CODE2, FAR);
	put_function(back, 2);
	for (u32 k = 0; k < 2; k++) {
		map(pd[k], CODE1, code, P | W | G);
		map(pd[k], FAR, back, P | W | G);
	}
	write_cr4(read_cr4() | 0x80);
	for (u32 round = 0; round < 300; round++) {
		u32 space = round & 1;

		load_cr3(pd[space]);
		for (u32 k = 0; k < 3; k++)
			expect("page of this space", call_with(CODE1, &to), 1 + space);
		expect("the global page itself", call(FAR), 2);
		expect("the other by itself", call(CODE2), 1 + space);
		note_blocks(round);
	}
	expect_no_blocks(10, 300);
	write_cr4(read_cr4() & ~0x80u);
	load_cr3(kernel_pd);
}

/* Loam keeps leaves over CR3 loads while their tables stay as they are: not promised by x86. */
static void test_kept(void)
{
	enum { N = 64, ROUNDS = 50 };
	u32 *pd = pd_new(), fills[2], page = page_new();
	struct args a = { .ebx = MANY, .ecx = N };

	test("leaves are kept over CR3 loads");
	if (!have_counters()) {
		skip("no counters");
		return;
	}
	PUT(page, page_walk);
	map(pd, CODE1, page, P | G);
	for (u32 global = 0; global < 2; global++) {
		for (u32 k = 0; k < N; k++)
			map(pd, MANY + k * PAGE, 0x1800000 + k * PAGE, P | W | (global ? G : 0));
		write_cr4(read_cr4() & ~0x80u);
		write_cr4(read_cr4() | 0x80);
		load_cr3(pd);
		call_with(CODE1, &a);
		fills[global] = counter(C_FILLS);
		for (u32 k = 0; k < ROUNDS; k++) {
			load_cr3(pd);
			call_with(CODE1, &a);
		}
		fills[global] = counter(C_FILLS) - fills[global];
	}
	write_cr4(read_cr4() & ~0x80u);
	expect("local ones are not filled again", fills[0] < N, 1);
	expect("nor are global ones", fills[1] < N, 1);
	load_cr3(kernel_pd);
}

static void test_paging_off(void)
{
	u32 page = page_new(), *pd = space_with(page, page, page);

	test("paging off and on");
	*(u32 *)0x1c00000 = 0x10f;
	*(u32 *)page = 0x90e;
	*pte(pd, DATA) = page | P | W;
	load_cr3(pd);
	for (u32 k = 0; k < 20; k++) {
		expect("paged", peek(DATA), 0x90e);
		write_cr0(read_cr0() & 0x7fffffff);
		expect("physical", peek(0x1c00000), 0x10f);
		write_cr0(read_cr0() | 0x80000000);
	}
	load_cr3(kernel_pd);
}

void test_mappings(void)
{
	test_two_spaces();
	test_two_addresses();
	test_chain();
	test_many_spaces();
	test_other_space();
	test_shared_table();
	test_invlpg();
	test_self();
	test_large();
	test_rights();
	test_bits();
	test_global();
	global_chain("from a global page to one that differs", false);
	global_chain("the same by an indirect jump", true);
	test_kept();
	test_paging_off();
}
