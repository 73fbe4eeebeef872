/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Implicit accesses: descriptor tables, the IDT and the TSS on users' pages. They are the
 * supervisor's at any CPL, and SMAP forbids them whatever AC is (SDM vol. 3, 4.6.1). Each table
 * lies over the edge of a supervisor's page and a user's, so that the rest works.
 */
#include "guestimg/tests64/smap.h"

CODE(set_fs, "movw %ax, %fs")
CODE(do_verr, "verr %ax")
CODE(do_lar, "larl %eax, %ebx")
CODE(int_test, "int $0x50")
CODE(in_80, "inb $0x80, %al")
CODE(do_lldt, "lldt %ax")

#define TABLE (WINDOW + 0x10000)	/* two pages, TABLE + PAGE is the second */

static void map_pair(u64 first, u64 second)
{
	static u64 frames[2];

	for (u32 k = 0; k < 2; k++) {
		if (!frames[k])
			frames[k] = page_new();
		map(TABLE + k * PAGE, frames[k], P | W | (k ? second : first));
	}
}

static void copy_to(u64 at, const void *from, u64 n)
{
	__asm__ volatile("stac" ::: "memory");
	memcpy((void *)at, from, n);
	__asm__ volatile("clac" ::: "memory");
}

/* By the kernel and by users, with AC and without. */
static void nobody(const char *code, u64 rax, u64 at)
{
	struct regs r = kernel_regs(code), u = alias_regs(code);

	for (u32 k = 0; k < 4; k++) {
		r.rax = u.rax = rax;
		r.rflags ^= AC;
		u.rflags ^= AC;
		if (!(r.rflags & AC && in_tcg()))	/* there it helps the kernel */
			never(&r, PF_P, at);
		u.rax |= 3;
		never(&u, PF_P, at);
	}
}

static void test_gdt(void)
{
	u64 base = TABLE + PAGE - SPARE;
	struct pointer p = { sizeof(gdt) - 1, base };
	struct regs r = kernel_regs(set_fs);

	test("descriptors on a user's page");
	map_pair(0, U);
	gdt[SPARE >> 3] = descriptor(0x1000, 0xfffff, 0xc0f3);
	copy_to(base, gdt, sizeof(gdt));
	load_gdt(&p);
	nobody(set_fs, SPARE, TABLE + PAGE);
	nobody(do_verr, SPARE, TABLE + PAGE);
	nobody(do_lar, SPARE, TABLE + PAGE);
	map_pair(0, 0);
	r.rax = SPARE;
	run_to(&r, VEC_EXIT, 0);
	load_gdt(&gdt_pointer);
}

static void test_ldt(void)
{
	struct regs r = kernel_regs(do_lldt);
	u64 code = descriptor(0x1000, 0xfffff, 0xc0f3);

	test("an LDT on a user's page");
	map_pair(U, U);
	copy_to(TABLE, &code, 8);
	gdt[SPARE >> 3] = descriptor(TABLE, 0xff, 0x82);
	gdt[SPARE2 >> 3] = 0;
	r.rax = SPARE;
	run_to(&r, VEC_EXIT, 0);
	nobody(set_fs, 4, TABLE);
	map_pair(0, 0);
	r.rip = AT(set_fs);
	r.rax = 4;
	run_to(&r, VEC_EXIT, 0);
	r.rip = AT(do_lldt);
	r.rax = 0;
	run_to(&r, VEC_EXIT, 0);
}

static void test_idt(void)
{
	u64 base = TABLE + PAGE - 16 * VEC_TEST;
	struct pointer p = { 16 * VEC_TEST + 15, base };
	struct regs r = kernel_regs(int_test);

	test("a gate on a user's page");
	map_pair(0, U);
	copy_to(base, idt, p.limit + 1u);
	load_idt(&p);
	nobody(int_test, 0, TABLE + PAGE);
	map_pair(0, 0);
	run_to(&r, VEC_TEST, 0);
	load_idt(&idt_pointer);
}

static void use_tss(u64 at, u32 limit)
{
	struct regs r = kernel_regs(0);
	extern char code_ltr[];

	gdt[SPARE >> 3] = descriptor((u32)at, limit, 0x89);
	gdt[SPARE2 >> 3] = 0;
	r.rip = AT(code_ltr);
	r.rax = SPARE;
	run_to(&r, VEC_EXIT, 0);
}

CODE(code_ltr, "ltr %ax")

static void user_only(const char *code, u64 at)
{
	struct regs u = alias_regs(code);

	for (u32 k = 0; k < 4; k++) {
		u.rflags ^= AC;
		never(&u, PF_P, at);
	}
}

static void test_tss(void)
{
	u64 base = TABLE + PAGE - 0x10;		/* RSP0 is at 4, IST1 at 0x24 */
	struct regs u = alias_regs(int_test);

	test("RSP0 on a user's page");
	map_pair(U, 0);
	copy_to(base, &tss, sizeof(tss));
	use_tss(base, sizeof(tss) - 1);
	user_only(int_test, base + 4);
	map_pair(0, 0);
	run_to(&u, VEC_TEST, 0);
	test("the I/O bitmap on a user's page");
	base = TABLE + PAGE - sizeof(tss);
	map_pair(0, U);
	copy_to(base, &tss, sizeof(tss));
	use_tss(base, 0x200);
	user_only(in_80, TABLE + PAGE + 0x80 / 8);
	map_pair(0, 0);
	u = alias_regs(in_80);
	run_to(&u, VEC_EXIT, 0);
	gdt[TSS >> 3] = descriptor((u32)AT(&tss), sizeof(tss) - 1, 0x89);
	u = kernel_regs(code_ltr);
	u.rax = TSS;
	run_to(&u, VEC_EXIT, 0);
}

void test_implicit(void)
{
	test_gdt();
	test_ldt();
	test_idt();
	test_tss();
}
