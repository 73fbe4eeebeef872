/* SPDX-License-Identifier: BSD-2-Clause */
/* Data and I/O breakpoints, and what goes with them: traps after the instruction. */
#include "guestimg/tests/debug.h"

#define DATA (FREE + 0x100000)		/* the page in question; its neighbours are free */

static u8 *const data = (u8 *)DATA;

/* -- Sizes and places -- */

struct access { char *code, *end; u32 size; bool write; };
static const struct access accesses[] = {
	{ store_b, store_b1, 1, true }, { store_w, store_w1, 2, true },
	{ store_l, store_l1, 4, true },
	{ load_b, load_b1, 1, false }, { load_w, load_w1, 2, false }, { load_l, load_l1, 4 },
};

static void one_access(const struct access *a, u32 at, u32 bp, u32 len, u32 rw, bool user)
{
	struct regs r = user ? user_regs(a->code) : kernel_regs(a->code);
	bool hit = at < bp + len && bp < at + a->size && (a->write || rw == RW_ALL);
	u32 value = rnd(), mask = a->size == 4 ? ~0u : (1u << 8 * a->size) - 1;

	if (!a->write)
		*(volatile u32 *)at = value;
	break_at(0, bp, rw, len);
	r.ebx = at;
	r.ecx = value;
	go(&r);
	want_count(hit);
	if (hit)
		want(0, AT(a->end), B0);
	if (hit)
		expect("RF", got.hit[0].eflags & RF, 0);
	break_clear();
	if (a->write)
		expect("stored", *(u32 *)at & mask, value & mask);
	else
		expect("loaded", stopped.r.edx & mask, value & mask);
}

static void test_places(const char *name, u32 page, u32 rw, bool user)
{
	test(name);
	for (u32 k = 0; k < COUNT(accesses); k++)
		for (u32 len = 1; len <= 4; len *= 2)
			for (u32 off = 0; off < 12; off++)
				one_access(&accesses[k], page - 4 + off, page, len, rw, user);
}

/* Loads and stores all over the page and its neighbours do what they do, without a trap. */
static void test_neighbours(void)
{
	struct regs r = kernel_regs(store_l);
	u32 at = DATA + 0x800, sum = 0;

	test("data: neighbours");
	break_at(0, at, RW_ALL, 4);
	break_at(1, DATA + 0x1000, RW_ALL, 4);
	got.hits = 0;
	for (u32 a = DATA - 8; a < DATA + 0x1008; a += 3) {
		if (a + 4 > at && a < at + 4)
			continue;
		if (a + 4 > DATA + 0x1000 && a < DATA + 0x1004)
			continue;
		*(volatile u32 *)a = a;
		sum += *(volatile u32 *)a - a;
	}
	expect("#DB", got.hits, 0);
	expect("sum", sum, 0);
	r.ebx = at + 3;
	go(&r);
	want_count(1);
	break_clear();
	r.ebx = at;
	go(&r);
	want_count(0);
}

/* -- Kinds of instructions: one trap each -- */

struct kind { const char *name; char *code, *end; u32 at; bool write, read; bool stack, sse; };
static const struct kind kinds[] = {
	{ "data: add to memory", rmw, rmw1, 0, true, true },
	{ "data: inc byte", bump, bump1, 0, true, true },
	{ "data: xchg", xchg_m, xchg_m1, 0, true, true },
	{ "data: push", push_r, push_r1, -4, true, false, true },
	{ "data: pop memory, store", pop_m, pop_m1, 0, true, false },
	{ "data: call", call_m, call_m1, -4, true, false, true },
	{ "data: pusha, first", pusha_r, pusha_r1, -4, true, false, true },
	{ "data: pusha, last", pusha_r, pusha_r1, -32, true, false, true },
	{ "data: enter", enter_r, enter_r1, -4, true, false, true },
	{ "data: fst m32", fst_l, fst_l1, 0, true, false },
	{ "data: fstp m80, first", fst_t, fst_t1, 0, true, false },
	{ "data: fstp m80, last", fst_t, fst_t1, 8, true, false },
	{ "data: fld m80, last", fld_t, fld_t1, 8, false, true },
	{ "data: movups store, first", sse_st, sse_st1, 0, true, false, false, true },
	{ "data: movups store, last", sse_st, sse_st1, 15, true, false, false, true },
	{ "data: movups load", sse_ld, sse_ld1, 9, false, true, false, true },
};

static struct regs kind_regs(const struct kind *k, u32 place)
{
	struct regs r = user_regs(k->code);

	r.ebx = k->stack ? FREE : place;
	r.esp = k->stack ? place : DATA - 0x1000;
	r.ecx = 0x12345678;
	return r;
}

static void test_kind(const struct kind *k, u32 place)
{
	struct regs r = kind_regs(k, place);

	go(&r);
	want_count(0);
	break_at(0, place + k->at, RW_WRITE, 1);
	go(&r);
	want_count(k->write);
	if (k->write)
		want(0, AT(k->end), B0);
	break_at(0, place + k->at, RW_ALL, 1);
	go(&r);
	want_count(1);
	want(0, AT(k->end), B0);
	break_at(0, place + k->at + (k->at == 15 ? 1 : -1), RW_ALL, 1);
	if (k->at == 0 || k->at == 15) {
		go(&r);
		want_count(0);
	}
	break_clear();
}

static void test_kinds(void)
{
	for (u32 k = 0; k < COUNT(kinds); k++) {
		test(kinds[k].name);
		if (kinds[k].sse && !has(CPUID_FXSR)) {
			skip("no SSE");
			continue;
		}
		__asm__ volatile("fninit; fld1; fldpi; fld1; fldpi");
		test_kind(&kinds[k], DATA + 0x100);
		test_kind(&kinds[k], DATA + 0xffa);		/* may cross the page's end */
	}
}

static void test_values(void)
{
	struct regs r = kernel_regs(rmw);

	test("data: done once");
	*(u32 *)data = 1000;
	r.ebx = DATA;
	r.ecx = 7;
	break_at(0, DATA, RW_ALL, 4);
	break_at(1, DATA + 1, RW_WRITE, 1);
	go(&r);
	want_count(1);
	want(0, AT(rmw1), B0 | B1);
	break_clear();
	expect("sum", *(u32 *)data, 1007);
	test("data: two operands");
	r = kernel_regs(movs_1);
	r.esi = DATA;
	r.edi = DATA + 0x2000;
	break_at(2, DATA, RW_ALL, 4);
	break_at(3, DATA + 0x2000, RW_WRITE, 4);
	go(&r);
	want_count(1);
	want(0, AT(movs_11), B2 | B3);
	break_clear();
	expect("moved", *(u32 *)(DATA + 0x2000), 1007);
}

void test_data(void)
{
	test_places("data: sizes, writes", DATA + 0x100, RW_WRITE, false);
	test_places("data: sizes, reads and writes", DATA + 0x100, RW_ALL, false);
	test_places("data: sizes, user", DATA + 0x100, RW_ALL, true);
	test_places("data: sizes, page start", DATA, RW_ALL, true);
	test_neighbours();
	test_kinds();
	test_values();
}

/* -- Strings: after the iteration that hit -- */

static void string(const char *name, char *code, struct regs r, u32 left, u32 rw, u32 at)
{
	r.eip = AT(code);
	test(name);
	go(&r);
	want_count(0);
	break_at(0, at, rw, 1);
	go(&r);
	want_count(1);
	want(0, AT(code) + (left ? 0 : 2), B0);
	expect("ecx", got.hit[0].ecx, left);
	expect("RF", got.hit[0].eflags & RF, left ? RF : 0);
	expect("ecx at the end", stopped.r.ecx, 0);
	break_clear();
}

void test_strings(void)
{
	struct regs r = kernel_regs(rep_stos);

	r.esi = DATA;
	r.edi = DATA + 0x2000;
	r.ecx = 100;
	string("string: stosb", rep_stos, r, 89, RW_WRITE, r.edi + 10);
	string("string: stosb, last", rep_stos, r, 0, RW_WRITE, r.edi + 99);
	string("string: movsw, destination", rep_movs, r, 89, RW_WRITE, r.edi + 20);
	string("string: movsw, source", rep_movs, r, 89, RW_ALL, r.esi + 21);
	r.ecx = 3000;
	string("string: movsw, next page", rep_movs, r, 900, RW_WRITE, r.edi + 2 * 2099);
	r.ecx = 50;
	memset(data, 0x55, 8192 * 2);
	string("string: cmpsb", repe_cmps, r, 39, RW_ALL, r.edi + 10);
	r.eax = 1;
	string("string: scasb", repne_scas, r, 39, RW_ALL, r.edi + 10);
	string("string: lodsl", rep_lods, r, 39, RW_ALL, r.esi + 43);
}

/* -- Code beside the data, and code as data -- */

static void test_mixed(void)
{
	struct regs r = user_regs(mixed);

	test("data: beside code");
	go(&r);
	for (u32 k = 0; k < 3; k++) {
		*(u32 *)mixed_data = 0x1000;
		break_at(0, AT(mixed_data), RW_ALL, 4);
		go(&r);
		want_count(2);
		want(0, AT(mixed_at), B0);
		want(1, AT(mixed1), B0);
		expect("eax", stopped.r.eax, 0x1002);
		break_clear();
	}
	test("data: the own block");
	r = kernel_regs(own);
	for (u32 k = 0; k < 3; k++) {
		own_at[1] = 1;
		break_at(0, AT(own_at) + 1, RW_WRITE, 1);
		go(&r);
		want_count(1);
		want(0, AT(own1), B0);
		expect("al", stopped.r.eax & 0xff, 0x7f);
		break_clear();
	}
}

/* -- What faults does not trap -- */

static bool map_it(struct trap *t)
{
	(void)t;
	got.faults++;
	expect("no #DB before", got.hits, 0);
	*pte(kernel_pd, WINDOW) |= P;
	invlpg(WINDOW);
	return true;
}

static void test_fault(void)
{
	struct regs r = kernel_regs(movs_1);

	test("data: dropped by a fault");
	map(kernel_pd, WINDOW, page_new(), W);
	invlpg(WINDOW);
	on_trap[V_PF] = map_it;
	r.esi = DATA;
	r.edi = WINDOW;
	break_at(0, DATA, RW_ALL, 4);
	go(&r);
	want_count(1);
	want(0, AT(movs_11), B0);
	expect("#PF", got.faults, 1);
	on_trap[V_PF] = 0;
	break_clear();
}

/* Leaves of global pages, and CR3 writes in between. */
static void test_global(void)
{
	struct regs r = kernel_regs(store_l);

	test("data: a global page");
	if (!has(CPUID_PGE)) {
		skip("no PGE");
		return;
	}
	write_cr4(read_cr4() | 0x80);
	map(kernel_pd, WINDOW, page_new(), P | W | G);
	invlpg(WINDOW);
	r.ebx = WINDOW + 8;
	go(&r);
	break_at(0, WINDOW + 8, RW_WRITE, 4);
	go(&r);
	want_count(1);
	load_cr3(kernel_pd);
	go(&r);
	want_count(1);
	break_clear();
	go(&r);
	want_count(0);
	write_cr4(read_cr4() & ~0x80u);
}

static void test_steps(void)
{
	struct regs r = kernel_regs(touch);

	test("data: and single steps");
	r.ebx = DATA;
	r.eflags |= TF;
	break_at(0, DATA, RW_WRITE, 4);
	go(&r);
	expect("#DB", got.hits, 3);
	want(0, AT(touch) + 1, BS);
	want(1, AT(touch1), BS | B0);
	want(2, AT(touch2), BS);
	break_clear();
}

static void test_mov_ss(void)
{
	struct regs r = kernel_regs(mov_ss);

	test("data: MOV SS holds the trap off");
	*(u32 *)data = KDATA;
	r.ebx = DATA;
	break_at(0, DATA, RW_ALL, 2);
	go(&r);
	want_count(1);
	want(0, AT(mov_ss2), B0);
	break_clear();
}

/* The frame of a delivery is data, too: the trap comes before the handler's first instruction. */
static void test_frame(void)
{
	struct regs r = user_regs(int_pass);
	u32 stub = AT(trap_stubs) + 16 * VEC_PASS;

	test("data: the frame of INT n");
	trap_stack_at(DATA + 0x1000);
	break_at(0, DATA + 0x1000 - 4, RW_WRITE, 4);		/* SS */
	on_hit = 0;
	go(&r);
	expect("some #DB", got.hits >= 1, 1);
	want(0, stub, B0);
	expect("CS", got.hit[0].cs, KCODE);
	break_clear();
	trap_stack_at(0);
}

/* -- I/O -- */

static void test_io(void)
{
	struct regs r = kernel_regs(out_b);

	test("io: out");
	if (!has(CPUID_DE)) {
		skip("no DE");
		return;
	}
	r.edx = 0x80;
	break_at(0, 0x80, RW_IO, 1);
	go(&r);
	want_count(1);
	want(0, AT(out_b1), B0);
	break_at(0, 0x81, RW_IO, 1);
	go(&r);
	want_count(0);
	test("io: in, one byte of two");
	r = kernel_regs(in_w);
	r.edx = 0x80;
	go(&r);
	want_count(1);
	want(0, AT(in_w1), B0);
	break_at(0, 0x84, RW_IO, 4);
	go(&r);
	want_count(0);
	test("io: a data breakpoint is none");
	break_at(0, 0x80, RW_ALL, 4);
	go(&r);
	want_count(0);
	test("io: rep outsb");
	r = kernel_regs(rep_outs);
	r.edx = 0x80;
	r.ecx = 5;
	r.esi = DATA;
	break_at(0, 0x80, RW_IO, 1);
	go(&r);
	want_count(5);
	for (u32 k = 0; k < 5; k++) {
		want(k, k < 4 ? AT(rep_outs) : AT(rep_outs1), B0);
		expect("ecx", got.hit[k].ecx, 4 - k);
		expect("RF", got.hit[k].eflags & RF, k < 4 ? RF : 0);
	}
	break_clear();
}

/* -- GD, BD; sticky bits; local enables -- */

static void test_gd(void)
{
	struct regs r = kernel_regs(read_dr);

	test("general detect");
	set_dr7(DR7_GD | 0x400);
	go(&r);
	want_count(1);
	want(0, AT(read_dr), BD);
	expect("GD in the handler", get_dr7() & DR7_GD, 0);
	break_clear();
}

static void test_task(void)
{
	static u32 tss[26];
	struct regs r = kernel_regs(switch_there);
	struct { u16 limit; u32 base; } __attribute__((packed)) gdtr;
	u32 *gdt, *old;

	test("local enables end with a task switch");
	__asm__ volatile("sgdt %0" : "=m"(gdtr));
	gdt = (u32 *)(gdtr.base + TSS);
	old = (u32 *)(gdt[0] >> 16 | (gdt[1] & 0xff) << 16 | (gdt[1] & 0xff000000));
	old[7] = read_cr3();
	gdt = (u32 *)(gdtr.base + (UBASED2 & ~7u));
	memset(tss, 0, sizeof(tss));
	tss[7] = read_cr3();
	tss[8] = AT(task_code);
	tss[9] = 2;
	tss[13] = DATA;				/* ebx */
	tss[14] = FREE + 0x8000;		/* esp */
	for (u32 k = 18; k < 24; k++)
		tss[k] = k == 19 ? KCODE : KDATA;
	gdt[0] = 0x67 | AT(tss) << 16;
	gdt[1] = (AT(tss) >> 16 & 0xff) | 0xe900 | (AT(tss) & 0xff000000);
	break_at(0, DATA, RW_WRITE, 4);
	go(&r);
	want_count(0);
	expect("DR7", get_dr7() & 0xff, 0);
	break_at(0, DATA, RW_WRITE, 4);
	set_dr7(get_dr7() | 2);			/* global as well */
	tss[8] = AT(task_code);
	go(&r);
	want_count(1);
	expect("DR7", get_dr7() & 0xff, 2);
	break_clear();
	segment_base(UBASED2, 0);
	__asm__ volatile("clts");
}

void test_other(void)
{
	test_mixed();
	test_fault();
	test_global();
	test_steps();
	test_mov_ss();
	test_frame();
	test_io();
	test_gd();
	test_task();
}
