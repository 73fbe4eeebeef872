/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of the level, many, in any order: by INT and IRET, by SYSENTER and SYSEXIT or IRET, with
 * other flags, segments and address spaces each time, on a page that is global now and then; and
 * what the code that runs then may do. Part of `level` (level.c). Expectations: SDM vol. 1, 18.5
 * (CLI); vol. 3, 4.6.
 */
#include "guestimg/tests/level.h"

enum { ROUNDS = 3000 };
/* Where in the page of code what begins. */
enum { AT_INT = 0, AT_SYSENTER = 0x20, AT_THEN = 2, AT_LOAD = 3, AT_OUT = 5, AT_SYSEXIT = 0x100,
	AT_IRET = 0x140 };

static u32 *space[2];
static u32 more_flags;			/* what the handler of INT changes in the frame */
static bool other_space;		/* and whether it loads CR3 */

static void handle(struct trap *t)
{
	t->eflags ^= more_flags;
	if (other_space)
		load_cr3(space[rnd() & 1]);
}

/* cli; mov (%edi), %eax; int $VEC_EXIT */
#define THEN 0xfa, 0x8b, 0x07, 0xcd, VEC_EXIT

static void put_all(void)
{
	static const u8 by_int[] = { 0xcd, VEC_PASS, THEN }, by_sysenter[] = { 0x0f, 0x34, THEN };
	/* mov %esi, %cr3; sysexit */
	static const u8 sysexit[] = { 0x0f, 0x22, 0xde, 0x0f, 0x35 };
	/* mov %esi, %cr3; push $UDATA; push %ecx; push %ebp; push $UCODE; push %edx; iret */
	static const u8 iret[] = { 0x0f, 0x22, 0xde, 0x6a, UDATA, 0x51, 0x55, 0x6a, UCODE, 0x52,
		0xcf };
	static u8 page[0x180];

	memset(page, 0x90, sizeof(page));
	memcpy(page + AT_INT, by_int, sizeof(by_int));
	memcpy(page + AT_SYSENTER, by_sysenter, sizeof(by_sysenter));
	memcpy(page + AT_SYSEXIT, sysexit, sizeof(sysexit));
	memcpy(page + AT_IRET, iret, sizeof(iret));
	put_code(page, sizeof(page));
}

static u32 any(const u32 *of, u32 n) { return of[rnd() % n]; }

/* Where code at `at` ends: CLI wants a level that IOPL allows, the page is the kernel's. */
static void expect_end(const struct regs *r, u32 at, bool user, u32 flags)
{
	bool may = !user || (flags & IOPL) == IOPL;

	run_to(r, !may ? V_GP : user ? V_PF : VEC_EXIT, may && user ? PF_P | PF_U : 0);
	expect("eip", stopped.r.eip, at + (!may ? AT_THEN : user ? AT_LOAD : AT_OUT + 2));
	expect("level", stopped.r.cs & 3, user ? 3 : 0);
	expect("eflags", stopped.r.eflags & ~(u32)(IF | RF), flags & ~(u32)(IF | RF));
}

static const u32 flags[] = { 0, 0, 0, IOPL, IOPL, AC, ID, CF | OF, NT };

static void by_int(void)
{
	bool user = rnd() & 3;
	struct regs r = user ? user_regs((void *)(CODE + AT_INT))
			     : kernel_regs((void *)(CODE + AT_INT));

	r.eflags |= any(flags, COUNT(flags));
	more_flags = rnd() & 3 ? 0 : IOPL;
	other_space = !(rnd() & 3);
	if (user)
		r.ss = rnd() & 7 ? UDATA : UBASED2;
	r.edi = WINDOW;
	inside = handle;
	expect_end(&r, CODE + AT_INT, user, r.eflags ^ more_flags);
	inside = 0;
}

static void by_sysenter(void)
{
	bool iret = rnd() & 1;
	struct regs r = user_regs((void *)(CODE + AT_SYSENTER));
	u32 f = r.eflags |= any(flags, COUNT(flags) - 1);	/* IRET with NT: another task */

	if (iret)
		f = r.ebp = 2 | any(flags, COUNT(flags));
	__asm__ volatile("wrmsr" :: "c"(0x176), "d"(0),
			 "a"(CODE + (iret ? AT_IRET : AT_SYSEXIT)));
	r.ss = rnd() & 7 ? UDATA : UBASED2;
	r.edi = WINDOW;
	r.esi = AT(space[!(rnd() & 7)]);
	r.edx = CODE + AT_SYSENTER + AT_THEN;
	expect_end(&r, CODE + AT_SYSENTER, true, f);
}

/* The page of code, in both spaces. */
static void map_code(u32 global)
{
	u32 page = *pte(kernel_pd, CODE) & ~(PAGE - 1u);

	for (u32 n = 0; n < 2; n++)
		map(space[n], CODE, page, P | W | U | global);
	invlpg(CODE);
}

void test_mix(void)
{
	enum { CR4_PGE = 0x80 };
	u32 page = page_new();

	test("all ways between the levels, mixed");
	space[0] = kernel_pd;
	space[1] = pd_new();
	map_code(0);
	write_cr4(read_cr4() | CR4_PGE);
	map(space[0], WINDOW, page, P | W);
	map(space[1], WINDOW, page, P | W);
	invlpg(WINDOW);
	segment_base(UBASED2, 16);
	put_all();
	__asm__ volatile("wrmsr" :: "c"(0x174), "d"(0), "a"(KCODE));
	__asm__ volatile("wrmsr" :: "c"(0x175), "d"(0), "a"(page_new() + PAGE));
	for (u32 k = 0; k < ROUNDS; k++) {
		if (!(rnd() & 63))
			map_code(rnd() & 1 ? G : 0);
		if (rnd() & 1)
			by_int();
		else
			by_sysenter();
		__asm__ volatile("pushl $2\n\tpopfl");
	}
	map_code(0);
	load_cr3(kernel_pd);
	segment_base(UBASED2, 0);
}
