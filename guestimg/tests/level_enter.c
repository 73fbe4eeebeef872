/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYSENTER and SYSEXIT, when what they stand on changes: MSRs, flags, segments, tables. Part of
 * `level` (level.c). Expectations: SDM vol. 2, SYSENTER and SYSEXIT.
 */
#include "guestimg/tests/level.h"

enum { MSR_CS = 0x174, MSR_ESP = 0x175, MSR_EIP = 0x176 };

/* Where in the page of code what begins. */
enum { AT_USER = 0, AT_BACK = 2, AT_CLI = 0x20, AT_LOAD = 0x40, AT_SYSEXIT = 0x80,
	AT_ENTRY = 0x100, AT_ENTRY_STI = 0x140, AT_ENTRY_LOAD = 0x180, AT_ENTRY_CR3 = 0x1c0 };

static u32 stack;			/* SYSENTER's: the end of a page */

static void wrmsr(u32 n, u32 v)
{
	__asm__ volatile("wrmsr" :: "c"(n), "a"(v), "d"(0));
}

static void put(u8 *page, u32 at, const void *code, u32 size) { memcpy(page + at, code, size); }
#define PUT(page, at, ...) put(page, at, (const u8[]){ __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ }))

static void put_all(void)
{
	static u8 page[0x200];

	memset(page, 0x90, sizeof(page));
	PUT(page, AT_USER, 0x0f, 0x34, 0xcd, VEC_EXIT);		/* sysenter; int */
	PUT(page, AT_CLI, 0xfa, 0xcd, VEC_EXIT);		/* cli; int */
	PUT(page, AT_LOAD, 0x8b, 0x45, 0, 0xcd, VEC_EXIT);	/* mov (%ebp), %eax; int */
	PUT(page, AT_SYSEXIT, 0x0f, 0x35);
	/* mov %cs, %eax; mov %ss, %ebx; pushf; pop %edi; mov %esp, %esi; sysexit */
	PUT(page, AT_ENTRY, 0x8c, 0xc8, 0x8c, 0xd3, 0x9c, 0x5f, 0x89, 0xe6, 0x0f, 0x35);
	PUT(page, AT_ENTRY_STI, 0xfb, 0x0f, 0x35);		/* sti; sysexit */
	/* mov (%ebp), %edi; sysexit */
	PUT(page, AT_ENTRY_LOAD, 0x8b, 0x7d, 0, 0x0f, 0x35);
	PUT(page, AT_ENTRY_CR3, 0x0f, 0x22, 0xdf, 0x0f, 0x35);	/* mov %edi, %cr3; sysexit */
	put_code(page, sizeof(page));
}

static void set_msrs(u32 cs, u32 esp, u32 eip)
{
	wrmsr(MSR_CS, cs);
	wrmsr(MSR_ESP, esp);
	wrmsr(MSR_EIP, eip);
}

/* Of the user; SYSEXIT goes to `back`, on a stack that no one uses. */
static struct regs entering(u32 back)
{
	struct regs r = user_regs((void *)(CODE + AT_USER));

	r.edx = CODE + back;
	r.ecx = 0x87654320;
	return r;
}

/* By AT_ENTRY to the end; cs: what SYSENTER_CS says. */
static void expect_round(const struct regs *r, u32 cs, u32 esp)
{
	u32 flags = r->eflags & ~(u32)IF;

	run_to(r, VEC_EXIT, 0);
	expect("cs in the kernel", stopped.r.eax & 0xffff, cs & ~3u);
	expect("ss in the kernel", stopped.r.ebx & 0xffff, (cs & ~3u) + 8);
	expect("esp in the kernel", stopped.r.esi, esp);
	expect("eflags in the kernel", stopped.r.edi, flags);
	expect("eflags on its stack", ((u32 *)esp)[-1], flags);
	expect("cs", stopped.r.cs, ((cs & ~3u) + 16) | 3);
	expect("ss", stopped.r.ss, ((cs & ~3u) + 24) | 3);
	expect("esp", stopped.r.esp, r->ecx);
	expect("eip", stopped.r.eip, r->edx + 2);
	expect("eflags", stopped.r.eflags, flags);
}

static void test_msrs(void)
{
	static const u32 cs[] = { KCODE, KCODE | 3, 0x50, KCODE };
	struct regs r = entering(AT_BACK);

	test("SYSENTER and SYSEXIT by MSRs that change");
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		u32 esp = stack - 64 * (k / 3 & 1), n = cs[k / OFTEN];

		set_msrs(n, esp, CODE + AT_ENTRY);
		r.ecx = 0x12345678 * k;
		expect_round(&r, n, esp);
	}
	test("SYSENTER_CS is null, or nearly");
	wrmsr(MSR_ESP, stack);
	for (u32 n = 0; n < (in_tcg() ? 1 : 4); n++) {		/* it looks at RPL, too */
		wrmsr(MSR_CS, n);
		for (u32 k = 0; k < 2; k++) {
			run_to(&r, V_GP, 0);
			expect("eip", stopped.r.eip, CODE);
			expect("cs", stopped.r.cs, UCODE);
		}
		wrmsr(MSR_CS, KCODE);
		expect_round(&r, KCODE, stack);
	}
	test("another SYSENTER_EIP");
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		bool other = k / OFTEN & 1;

		set_msrs(KCODE, stack, CODE + (other ? AT_ENTRY_STI : AT_ENTRY));
		run_to(&r, VEC_EXIT, 0);
		expect("IF", stopped.r.eflags & IF, other ? IF : 0);
		expect("esi", stopped.r.esi, other ? 0 : stack);
	}
}

/* SYSENTER of the kernel, SYSEXIT of a user. */
static void test_levels(void)
{
	struct regs user = entering(AT_BACK), kernel = user;

	set_msrs(KCODE, stack, CODE + AT_ENTRY);
	kernel.cs = KCODE;
	kernel.ss = KDATA;
	kernel.esp = 0;
	test("SYSENTER at level 0");
	for (u32 k = 0; k < 2 * OFTEN; k++)
		expect_round(k & 1 ? &kernel : &user, KCODE, stack);
	test("SYSEXIT at level 3");
	user.eip = CODE + AT_SYSEXIT;
	for (u32 k = 0; k < OFTEN; k++) {
		run_to(&user, V_GP, 0);
		expect("eip", stopped.r.eip, user.eip);
	}
	wrmsr(MSR_CS, 0);
	test("SYSEXIT with a null SYSENTER_CS");
	kernel.eip = user.eip;
	for (u32 k = 0; k < OFTEN; k++) {
		run_to(&kernel, V_GP, 0);
		expect("eip", stopped.r.eip, kernel.eip);
	}
}

static void test_flags(void)
{
	static const u32 flags[] = { ARITH, DF, IOPL, NT, AC, ID, CF | OF };
	struct regs r = entering(AT_BACK);

	test("flags that SYSENTER meets");
	set_msrs(KCODE, stack, CODE + AT_ENTRY);
	for (u32 n = 0; n < COUNT(flags); n++)
		for (u32 k = 0; k < 2 * OFTEN; k++) {
			r.eflags = 0x202 | (k < OFTEN ? 0 : flags[n]);
			expect_round(&r, KCODE, stack);
			__asm__ volatile("pushl $2\n\tpopfl");
		}
}

static void test_iopl(void)
{
	struct regs r = entering(AT_CLI);

	test("IOPL after SYSEXIT");
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		bool may = k / OFTEN & 1;

		r.eflags = 0x202 | (may ? IOPL : 0);
		run_to(&r, may ? VEC_EXIT : V_GP, 0);
		expect("eip", stopped.r.eip, r.edx + (may ? 3 : 0));
		__asm__ volatile("pushl $2\n\tpopfl");
	}
}

static bool on_step(struct trap *t)
{
	t->eflags &= ~(u32)TF;
	passed = *t;
	return true;
}

static void test_debug(void)
{
	struct regs r = entering(AT_BACK);

	test("a step over SYSENTER");
	on_trap[V_DB] = on_step;
	for (u32 k = 0; k < 2 * OFTEN; k++) {
		passed.eip = 0;
		r.eflags = k & 1 ? 0x202 | TF : 0x202;
		run_to(&r, VEC_EXIT, 0);
		expect("eip", passed.eip, k & 1 ? CODE + AT_ENTRY : 0);
	}
	on_trap[V_DB] = 0;
	r.eflags = 0x202;
	test("a breakpoint where SYSEXIT goes to");
	__asm__ volatile("movl %0, %%dr0" :: "r"(CODE + AT_BACK));
	for (u32 k = 0; k < 2 * OFTEN; k++) {
		__asm__ volatile("movl %0, %%dr7" :: "r"(0x400 | (k & 1)));
		run_to(&r, k & 1 ? V_DB : VEC_EXIT, 0);
		expect("eip", stopped.r.eip, CODE + AT_BACK + (k & 1 ? 0 : 2));
		expect("cs", stopped.r.cs, UCODE);
	}
	__asm__ volatile("movl %0, %%dr7" :: "r"(0x400));
}

/* What the user's stack segment was does not matter to the kernel's, nor the other way round. */
static void test_segments(void)
{
	struct regs r = entering(AT_BACK);

	test("SS with a base before SYSENTER");
	segment_base(UBASED2, 0x100);
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		r.ss = k / OFTEN & 1 ? UBASED2 : UDATA;
		((u32 *)stack)[-1] = 0;
		expect_round(&r, KCODE, stack);
	}
	segment_base(UBASED2, 0);
}

static bool on_timer(struct trap *t)
{
	timer_eoi(TIMER_PIT);
	passed = *t;
	passes++;
	return true;
}

static void test_interrupt(void)
{
	struct regs r = entering(AT_BACK);

	test("an interrupt that waits for SYSEXIT");
	timer_init();
	set_msrs(KCODE, stack, CODE + AT_ENTRY_STI);
	on_trap[VEC_PIT] = on_timer;
	r.eflags = 2;
	for (u32 k = 0; k < 2 * OFTEN; k++) {
		passes = 0;
		if (k & 1) {
			timer_once(TIMER_PIT, 10);
			while (!timer_waits())
				;
		}
		run_to(&r, VEC_EXIT, 0);
		expect("interrupts", passes, k & 1);
		if (k & 1) {
			expect("its eip", passed.eip, CODE + AT_BACK);
			expect("its cs", passed.cs, UCODE);
		}
	}
	timer_stop();
	on_trap[VEC_PIT] = 0;
}

/* The kernel's pages are there for its code, and not for the user's. */
static void test_rights(void)
{
	struct regs r = entering(AT_LOAD);

	test("a kernel's page, after SYSENTER and SYSEXIT");
	set_msrs(KCODE, stack, CODE + AT_ENTRY_LOAD);
	map(kernel_pd, WINDOW, page_new(), P | W);
	invlpg(WINDOW);
	r.ebp = WINDOW;
	for (u32 k = 0; k < 2 * OFTEN; k++) {
		*(volatile u32 *)WINDOW = 0x1000 + k;
		run_to(&r, V_PF, PF_P | PF_U);
		expect("cr2", stopped.cr2, WINDOW);
		expect("eip", stopped.r.eip, CODE + AT_LOAD);
		expect("for the kernel", stopped.r.edi, 0x1000 + k);
	}
}

static void test_spaces(void)
{
	struct regs r = entering(AT_LOAD);
	u32 *pd[2] = { kernel_pd, pd_new() };

	test("another address space between SYSENTER and SYSEXIT");
	set_msrs(KCODE, stack, CODE + AT_ENTRY_CR3);
	r.ebp = WINDOW;
	map(pd[1], CODE, *pte(kernel_pd, CODE) & ~(PAGE - 1u), P | W | U);
	for (u32 n = 0; n < 2; n++) {
		u32 page = page_new();

		*(u32 *)page = 0x100 + n;
		map(pd[n], WINDOW, page, P | W | U);
	}
	invlpg(WINDOW);
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		r.edi = AT(pd[(k ^ k >> 2) & 1]);
		run_to(&r, VEC_EXIT, 0);
		expect("its page", stopped.r.eax, 0x100 + ((k ^ k >> 2) & 1));
		if (k & 8)
			load_cr3(kernel_pd);
	}
	load_cr3(kernel_pd);
}

void test_enter(void)
{
	stack = page_new() + PAGE;
	put_all();
	test_msrs();
	test_levels();
	test_flags();
	test_iopl();
	test_debug();
	test_segments();
	test_interrupt();
	test_rights();
	test_spaces();
}
