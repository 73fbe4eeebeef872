/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IRET to where it went before, but to something else there; rights after a change of the level.
 * Part of `level` (level.c).
 */
#include "guestimg/tests/level.h"

/* int $VEC_PASS; int $VEC_EXIT */
static const u8 pass_and_exit[] = { 0xcd, VEC_PASS, 0xcd, VEC_EXIT };

/* The high word of a descriptor is another one for two returns. */
static void with_descriptor(const struct regs *r, u32 selector, u32 high, u32 vector, u32 error)
{
	volatile u32 *w = aliased(gdt_at(selector) + 4);
	u32 old = *w;

	for (u32 k = 0; k < OFTEN; k++)
		run_to(r, VEC_EXIT, 0);
	*w = high;
	for (u32 k = 0; k < 2; k++) {
		run_to(r, vector, error);
		if (vector != VEC_EXIT)
			expect("cs", stopped.r.cs, KCODE);
	}
	*w = old;
	run_to(r, VEC_EXIT, 0);
}

static void test_descriptors(void)
{
	struct regs r = user_regs((void *)CODE);

	put_code(pass_and_exit, sizeof(pass_and_exit));
	test("the code segment that IRET goes to");
	with_descriptor(&r, UCODE, 0x00cf7b00, V_NP, UCODE & ~3u);
	with_descriptor(&r, UCODE, 0x00cf9b00, V_GP, UCODE & ~3u);
	with_descriptor(&r, UCODE, 0x00cff300, V_GP, UCODE & ~3u);
	with_descriptor(&r, UCODE, 0x00cff900, VEC_EXIT, 0);	/* it cannot be read */
	if (!not_in_tcg("no limits"))
		with_descriptor(&r, UCODE, 0x00c0fb00, V_GP, 0);	/* 4 KiB */
	test("the stack segment that IRET goes to");
	r.ss = UBASED2;
	with_descriptor(&r, UBASED2, 0x00cf7300, in_tcg() ? V_NP : V_SS, UBASED2 & ~3u);
	with_descriptor(&r, UBASED2, 0x00cf9300, V_GP, UBASED2 & ~3u);
	with_descriptor(&r, UBASED2, 0x00cff100, V_GP, UBASED2 & ~3u);
	with_descriptor(&r, UBASED2, 0x008ff300, VEC_EXIT, 0);	/* of 16 bits */
	test("selectors that IRET goes to");
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		r.ss = k / OFTEN & 1 ? UDATA : UBASED2;
		run_to(&r, VEC_EXIT, 0);
		expect("ss", passed.ss, r.ss);
		expect("cs", passed.cs, UCODE);
	}
	r.ss = KDATA;
	run_to(&r, V_GP, KDATA);
	r.ss = UDATA;
	r.cs = UCODE & ~1u;		/* RPL 2 */
	run_to(&r, V_GP, UCODE & ~3u);
}

static void test_accessed(void)
{
	struct regs r = user_regs((void *)CODE);
	u32 selector[] = { UCODE, UBASED2 };

	test("descriptors that IRET goes to lose their accessed bits");
	if (not_in_tcg("they stay clear"))
		return;
	r.ss = UBASED2;
	for (u32 n = 0; n < COUNT(selector); n++) {
		volatile u32 *w = aliased(gdt_at(selector[n]) + 4);

		for (u32 k = 0; k < OFTEN; k++)
			run_to(&r, VEC_EXIT, 0);
		*w &= ~0x100u;
		run_to(&r, VEC_EXIT, 0);
		expect("accessed", *w >> 8 & 1, 1);
	}
}

static u32 add_flags;

static void change_flags(struct trap *t) { t->eflags |= add_flags; }

/* Flags that a frame brings, of which some are the code's mode. */
static void test_flags(void)
{
	static const u32 flags[] = { DF, IOPL, AC, ID, NT, RF, ARITH };
	struct regs r[2] = { kernel_regs((void *)CODE), user_regs((void *)CODE) };

	test("flags of the frame that IRET loads");
	inside = change_flags;
	for (u32 n = 0; n < 2 * COUNT(flags); n++) {
		u32 f = flags[n / 2];

		for (u32 k = 0; k < OFTEN + 2; k++) {
			add_flags = k < OFTEN ? 0 : f;
			run_to(&r[n & 1], VEC_EXIT, 0);
			expect("eflags", stopped.r.eflags & ~(u32)(in_tcg() ? RF : 0),
			       0x202 | (add_flags & ~(u32)RF));
		}
		__asm__ volatile("pushl $2\n\tpopfl");
	}
	inside = 0;
}

static void load_space(struct trap *t)
{
	(void)t;
	load_cr3(kernel_pd);
}

/* The handler has loaded CR3: how to go on is found anew. */
static void test_iopl(void)
{
	struct regs r = user_regs((void *)CODE);

	test("IRET with another IOPL");
	/* int $VEC_PASS; cli; int $VEC_EXIT */
	put_code((const u8[]){ 0xcd, VEC_PASS, 0xfa, 0xcd, VEC_EXIT }, 5);
	inside = load_space;
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		bool may = k / OFTEN & 1;

		r.eflags = 0x202 | (may ? IOPL : 0);
		run_to(&r, may ? VEC_EXIT : V_GP, 0);
		expect("eip", stopped.r.eip, CODE + (may ? 5 : 2));
		__asm__ volatile("pushl $2\n\tpopfl");
	}
	inside = 0;
}

static bool on_step(struct trap *t)
{
	t->eflags &= ~(u32)TF;
	passed_at = t->eip;
	return true;
}

static void test_step(void)
{
	struct regs r = user_regs((void *)CODE);

	test("IRET with TF, and a debug trap after the next instruction");
	inside = change_flags;
	on_trap[V_DB] = on_step;
	/* int $VEC_PASS; nop; nop; int $VEC_EXIT */
	put_code((const u8[]){ 0xcd, VEC_PASS, 0x90, 0x90, 0xcd, VEC_EXIT }, 6);
	for (u32 k = 0; k < 2 * OFTEN; k++) {
		add_flags = k < OFTEN ? 0 : TF;
		passed_at = 0;
		run_to(&r, VEC_EXIT, 0);
		if (add_flags)
			expect("eip of the trap", passed_at, CODE + 3);
	}
	on_trap[V_DB] = 0;
	inside = 0;
}

/* With NT IRET returns to another task, which is none. */
static void test_nested(void)
{
	/* push %eax; popf; push $2; push %cs; push %edx; iret; (EDX:) int $VEC_EXIT */
	static const u8 code[] = { 0x50, 0x9d, 0x6a, 2, 0x0e, 0x52, 0xcf, 0xcd, VEC_EXIT };
	struct regs r = kernel_regs((void *)CODE);

	test("IRET with NT");
	put_code(code, sizeof(code));
	r.edx = CODE + 7;
	for (u32 k = 0; k < OFTEN; k++) {
		r.eax = 2;
		run_to(&r, VEC_EXIT, 0);
	}
	r.eax = 2 | NT;
	run_to(&r, V_TS, 0);
	expect("eip", stopped.r.eip, CODE + 6);
	r.eax = 2;
	run_to(&r, VEC_EXIT, 0);
}

/* FS with the kernel's segment: user code finds none. */
static void test_dropped(void)
{
	/* mov %fs, %eax; int $VEC_EXIT */
	static const u8 code[] = { 0x8c, 0xe0, 0xcd, VEC_EXIT };
	struct regs r = user_regs((void *)CODE);

	test("segments that a user may not have");
	put_code(code, sizeof(code));
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		static const u32 fs[] = { UDATA, KDATA, 0, UBASED };
		u32 sel = fs[k / OFTEN];

		__asm__ volatile("movl %0, %%fs" :: "r"(sel));
		run_to(&r, VEC_EXIT, 0);
		expect("fs", stopped.r.eax & 0xffff, sel == KDATA ? 0 : sel);
	}
}

static bool refused(struct trap *t)
{
	t->eip += 2;
	return true;
}

/* A page of the kernel's: not for user code, whichever way that came back. */
static void test_rights(void)
{
	/* int $VEC_PASS; mov (%edi), %eax; int $VEC_EXIT */
	static const u8 code[] = { 0xcd, VEC_PASS, 0x8b, 0x07, 0xcd, VEC_EXIT };
	struct regs r = user_regs((void *)CODE);
	volatile u32 *gate = aliased(idt_at(VEC_PASS)), low = gate[1];

	test("a kernel's page, after INT and IRET");
	put_code(code, sizeof(code));
	map(kernel_pd, WINDOW, page_new(), P | W);
	invlpg(WINDOW);
	r.edi = WINDOW;
	on_trap[V_GP] = refused;
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		gate[1] = k / OFTEN & 1 ? low & ~0x6000u : low;	/* its DPL: 0 */
		*(volatile u32 *)WINDOW = k;
		run_to(&r, V_PF, PF_P | PF_U);
		expect("cr2", stopped.cr2, WINDOW);
		expect("eip", stopped.r.eip, CODE + 2);
	}
	gate[1] = low;
	on_trap[V_GP] = 0;
}

/* The frame that IRET loads lies over the end of a page, and is not there. */
static void test_missing(void)
{
	struct regs r = kernel_regs((void *)CODE);
	u32 page = page_new();

	test("a frame that is not there");
	put_code((const u8[]){ 0x89, 0xdc, 0xcf, 0xcd, VEC_EXIT }, 5);	/* mov %ebx, %esp; iret */
	on_trap[V_PF] = 0;
	map(kernel_pd, WINDOW + 0x20000, page, P | W);
	map(kernel_pd, WINDOW + 0x21000, 0, 0);
	for (u32 k = 0; k < OFTEN + 3; k++) {
		u32 words = k < OFTEN ? 3 : k - OFTEN, at = WINDOW + 0x21000 - 4 * words;
		const u32 frame[] = { CODE + 3, KCODE, 2 };

		memcpy((void *)(page + 0x1000 - 4 * words), frame, 4 * words);
		r.ebx = at;
		/* the fault's own frame lies below: none, if nothing is there */
		if (words) {
			run_to(&r, words == 3 ? VEC_EXIT : V_PF, 0);
			if (words != 3)
				expect("cr2", stopped.cr2, WINDOW + 0x21000);
		}
	}
}

void test_level_returns(void)
{
	test_descriptors();
	test_accessed();
	test_flags();
	test_iopl();
	test_step();
	test_nested();
	test_dropped();
	test_rights();
	test_missing();
}
