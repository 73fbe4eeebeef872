/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames: where the TSS says, whole, over the ends of pages and of the address space, on pages with
 * code. Part of `level` (level.c).
 */
#include "guestimg/tests/level.h"

/* int $VEC_PASS; int $VEC_EXIT */
static const u8 pass_and_exit[] = { 0xcd, VEC_PASS, 0xcd, VEC_EXIT };

static void expect_frame(const struct regs *r, u32 esp0)
{
	run_to(r, VEC_EXIT, 0);
	expect("frame", passed_at, esp0 - 20);
	expect("eip", passed.eip, r->eip + 2);
	expect("cs", passed.cs, UCODE);
	expect("eflags", passed.eflags, r->eflags);
	expect("esp", passed.esp, r->esp);
	expect("ss", passed.ss, r->ss);
}

static void test_esp0(void)
{
	struct regs r = user_regs((void *)CODE);
	volatile u32 *esp0 = aliased(tss_at(4));
	u32 old = *esp0, page = page_new();

	put_code(pass_and_exit, sizeof(pass_and_exit));
	test("ESP0 changes, through another mapping");
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		*esp0 = k / OFTEN & 1 ? page + 0xf00 : old;
		r.eflags = 0x202 | (k & 1 ? CF | OF : ZF | AF);
		r.esp = 0x87654321 * k;
		expect_frame(&r, *esp0);
	}
	test("ESP0 in every place of a page, and over its end");
	map(kernel_pd, WINDOW + 0x10000, page, P | W);
	map(kernel_pd, WINDOW + 0x11000, page_new(), P | W);
	invlpg(WINDOW + 0x10000);
	invlpg(WINDOW + 0x11000);
	for (u32 k = 0; k < 32; k++) {
		*esp0 = WINDOW + 0x11000 - 24 + 2 * k;
		expect_frame(&r, *esp0);
	}
	*esp0 = old;
}

static void test_wrap(void)
{
	struct regs r = user_regs((void *)CODE);
	volatile u32 *esp0 = aliased(tss_at(4));
	u32 old = *esp0, zero[4];

	test("a frame at the end of 4 GiB, and over it");
	map(kernel_pd, 0xfffff000, page_new(), P | W);
	memcpy(zero, (void *)aliased(0), sizeof(zero));
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		*esp0 = k / 4 % 3 * 4;
		expect_frame(&r, *esp0);
	}
	memcpy((void *)aliased(0), zero, sizeof(zero));
	*esp0 = old;
}

/* The stack that the TSS names becomes another descriptor, of the same segment. */
static void test_ss0(void)
{
	struct regs r = user_regs((void *)CODE);
	volatile u32 *ss0 = aliased(tss_at(8)), *high = aliased(gdt_at(UBASED2) + 4);

	test("SS0 changes");
	*high = 0x00cf9300;			/* as KDATA */
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		u32 ss = k / OFTEN & 1 ? UBASED2 & ~3u : KDATA;

		*ss0 = ss;
		run_to(&r, VEC_EXIT, 0);
		expect("ss in the handler", passed_ss & 0xffff, ss);
	}
	*ss0 = KDATA;
	*high = 0x00cff300;
}

/* After OFTEN interrupts from user mode, for the next one. */
static void clear_accessed(u32 selector)
{
	struct regs r = user_regs((void *)CODE);
	volatile u32 *high = aliased(gdt_at(selector) + 4);

	for (u32 k = 0; k < OFTEN; k++)
		run_to(&r, VEC_EXIT, 0);
	*high &= ~0x100u;
	run_to(&r, VEC_EXIT, 0);
	expect("accessed", *high >> 8 & 1, 1);
}

static void test_accessed(void)
{
	volatile u32 *ss0 = aliased(tss_at(8)), *high = aliased(gdt_at(UBASED2) + 4);

	test("descriptors of handlers lose their accessed bits");
	if (not_in_tcg("it stays clear"))
		return;
	clear_accessed(KCODE);
	*high = 0x00cf9300;
	*ss0 = UBASED2 & ~3u;
	clear_accessed(UBASED2);
	*ss0 = KDATA;
	*high = 0x00cff300;
}

static void test_new_tss(void)
{
	static struct { u32 link, esp0, ss0, rest[23]; } tss;
	struct regs r = user_regs((void *)CODE);
	u32 page = page_new();
	u64 *d = (u64 *)gdt_at(UBASED2), old = *d;

	test("LTR with another TSS");
	tss.esp0 = page + 0x800;
	tss.ss0 = KDATA;
	*d = descriptor(AT(&tss), 0x67, 0x89);
	for (u32 k = 0; k < OFTEN; k++)
		run_to(&r, VEC_EXIT, 0);
	__asm__ volatile("ltr %%ax" :: "a"(UBASED2 & ~3u));
	for (u32 k = 0; k < 2; k++)
		expect_frame(&r, page + 0x800);
	*(u64 *)gdt_at(TSS) &= ~(2ull << 40);	/* not busy */
	__asm__ volatile("ltr %%ax" :: "a"(TSS));
	run_to(&r, VEC_EXIT, 0);
	expect("another frame", passed_at != page + 0x800 - 20, 1);
	*d = old;
}

/*
 * The frame's SS and ESP are bytes of the code that runs next: `int; jmp` above, then a MOV whose
 * immediate operand is what the CPU pushed as SS, its opcode the highest byte of ESP.
 */
static void test_code(void)
{
	struct regs r = user_regs((void *)(CODE + 0x810));
	volatile u32 *esp0 = aliased(tss_at(4));
	u32 old = *esp0;
	u8 c[0x820];

	test("a frame that becomes code");
	memset(c, 0x90, sizeof(c));
	memcpy(c + 0x800, (const u8[]){ 0xcd, VEC_EXIT }, 2);
	memcpy(c + 0x810, (const u8[]){ 0xcd, VEC_PASS, 0xeb, 0xe7 }, 4);	/* to 0x7fb */
	put_code(c, sizeof(c));
	r.esp = 0xb8000000;
	for (u32 k = 0; k < 8 * OFTEN; k++) {
		r.ss = k & 1 ? UBASED2 : UDATA;
		*esp0 = CODE + 0x800;
		expect_frame(&r, *esp0);
		expect("eax", stopped.r.eax, r.ss);
		expect("eip", stopped.r.eip, CODE + 0x802);
	}
	*esp0 = old;
}

/* push %ecx; push %edx; add %ebx, %eax; mov (%edi), %esi; int $VEC_EXIT */
static const u8 pushes[] = { 0x51, 0x52, 0x01, 0xd8, 0x8b, 0x37, 0xcd, VEC_EXIT };

static bool demand(struct trap *t)
{
	passed = *t;
	passed_at = AT(&t->eip);
	*pte(kernel_pd, t->edi) |= P;
	return true;
}

static void test_fault_frames(void)
{
	struct regs r[2] = { kernel_regs((void *)CODE), user_regs((void *)CODE) };
	u32 page = page_new(), stack = page_new();

	put_code(pushes, sizeof(pushes));
	on_trap[V_PF] = demand;
	for (u32 user = 0; user < 2; user++) {
		struct regs *p = &r[user];

		test(user ? "state in a page fault's frame, from user mode"
			  : "state in a page fault's frame");
		p->edi = WINDOW;
		for (u32 k = 0; k < 8 * OFTEN; k++) {
			p->esp = stack + 0x800 + 4 * k;
			p->eax = k & 1 ? 0xffffffff : 0x7fffffff;
			p->ebx = 1;
			map(kernel_pd, WINDOW, page, W | U);
			invlpg(WINDOW);
			run_to(p, VEC_EXIT, 0);
			expect("eip", passed.eip, CODE + 4);
			expect("flags", passed.eflags & ARITH,
			       k & 1 ? ZF | PF | AF | CF : SF | OF | AF | PF);
			if (user)
				expect("esp", passed.esp, p->esp - 8);
			else
				expect("frame", passed_at, p->esp - 20);
			expect("error code", passed.error, user ? PF_U : 0);
			expect("eax", stopped.r.eax, p->eax + 1);
		}
	}
	on_trap[V_PF] = 0;
}

/* The second PUSH faults: the first one is done. */
static void test_push(void)
{
	struct regs r = user_regs((void *)CODE);
	u32 stack = WINDOW + 0x30000, below = page_new();

	test("a fault between two pushes");
	on_trap[V_PF] = demand;
	map(kernel_pd, stack, page_new(), P | W | U);
	r.esp = stack + 4;
	r.edi = stack - PAGE;
	for (u32 k = 0; k < 2 * OFTEN; k++) {
		map(kernel_pd, r.edi, below, W | U);
		invlpg(r.edi);
		r.edx = k;
		run_to(&r, VEC_EXIT, 0);
		expect("eip", passed.eip, CODE + 1);
		expect("error code", passed.error, PF_W | PF_U);
		expect("esp", passed.esp, stack);
		expect("esp at the end", stopped.r.esp, stack - 4);
		expect("what was pushed", *(u32 *)(below + PAGE - 4), k);
	}
	on_trap[V_PF] = 0;
}

void test_frames(void)
{
	test_esp0();
	test_wrap();
	test_ss0();
	test_accessed();
	test_new_tss();
	test_code();
	test_fault_frames();
	test_push();
}
