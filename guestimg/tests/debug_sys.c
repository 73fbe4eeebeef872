/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data breakpoints where they need a kernel: code beside them, faults, global pages, frames; I/O
 * breakpoints, general detect, task switches.
 */
#include "guestimg/tests/debug.h"

static u8 *const data = (u8 *)DATA;

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
	expect("RF", got.hit[0].eflags & RF, RF);	/* a fault, not a breakpoint: 17.3.1.1 */
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
