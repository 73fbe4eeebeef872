/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the CPU reads and writes by itself (descriptors, TSS, frames of exceptions) at the targets,
 * and physical addresses where nothing is: reads are ones, writes go nowhere.
 */
#include "guestimg/tests/security.h"

/* Page starts; the last one is the last page with a page behind it. */
static const u32 pages[] = { 0x80000000, 0x90000000, 0x90200000, 0xa0000000, 0xb0000000, 0xc0000000,
	0xffffe000 };

__asm__(".pushsection .text\n"
	"load_fs:\n\tmovl %eax, %fs\n\tint $0x30\n"
	"gdt_at:\n\tlgdt (%edi)\n\tint $0x30\n"
	"idt_at:\n\tlidt (%edi)\n\tint $0x30\n"
	"push_trap:\n\tint $0x31\n\tint $0x30\n"
	".popsection");

static struct pointer gdt_now(void)
{
	struct pointer t;

	__asm__ volatile("sgdt %0" : "=m"(t));
	return t;
}

static void expect_missing(u32 cr2, u32 error)
{
	expect("vector", stopped.vector, V_PF);
	expect("cr2", stopped.cr2, cr2);
	expect("error code", stopped.error, error);
}

/* A GDT whose entry 10 is the first on its second page, which is missing or not. */
static void test_gdt(void)
{
	enum { SELECTOR = 10 * 8 };
	struct pointer old = gdt_now(), new = { SELECTOR + 7, 0 };
	struct regs r = kernel_regs(load_fs);

	test("GDT");
	r.eax = SELECTOR;
	for (u32 k = 0; k < COUNT(pages); k++) {
		u32 *entry;

		spot_place(0, pages[k]);
		new.base = pages[k] - SELECTOR;
		memcpy((void *)new.base, (void *)old.base, old.limit + 1u);
		entry = (u32 *)pages[k];
		entry[0] = 0x1234ffff;
		entry[1] = 0x00cff200;		/* not accessed: the CPU writes that bit */
		*pte(kernel_pd, pages[k]) &= ~(u32)P;
		invlpg(pages[k]);
		load_gdt(&new);
		run(&r);
		expect_missing(pages[k], 0);
		expect("eip", stopped.r.eip, AT(load_fs));
		*pte(kernel_pd, pages[k]) |= P;
		run(&r);
		expect("ended by", stopped.vector, VEC_EXIT);
		expect("accessed", entry[1], 0x00cff300);
		load_gdt(&old);
		spot_remove(0);
	}
	expect_nothing_else();
}

/* LGDT and LIDT of an operand over a page's end, the second page missing. */
static void test_loads(void)
{
	struct regs r = kernel_regs(gdt_at);

	for (u32 n = 0; n < 2; n++) {
		test(n ? "LIDT" : "LGDT");
		r.eip = n ? AT(idt_at) : AT(gdt_at);
		for (u32 k = 0; k < COUNT(pages); k++) {
			struct pointer *t = (struct pointer *)(pages[k] - 4);

			spot_place(0, pages[k]);
			if (n)
				__asm__ volatile("sidt %0" : "=m"(*t));
			else
				*t = gdt_now();
			r.edi = AT(t);
			*pte(kernel_pd, pages[k]) &= ~(u32)P;
			invlpg(pages[k]);
			run(&r);
			expect_missing(pages[k], 0);
			*pte(kernel_pd, pages[k]) |= P;
			run(&r);
			expect("ended by", stopped.vector, VEC_EXIT);
			spot_remove(0);
		}
		expect_nothing_else();
	}
}

static u32 pushed_at;

static bool on_pass(struct trap *t)
{
	pushed_at = AT(&t->ss) + 4;
	return true;
}

/* The frame of an interrupt from user mode, over the page's start. */
static void test_frames(void)
{
	struct regs r = user_regs(push_trap);

	test("frames of interrupts");
	on_trap[VEC_PASS] = on_pass;
	for (u32 k = 0; k < COUNT(pages); k++)
		for (u32 off = 0; off < 24; off += 4) {
			spot_place(0, pages[k]);
			trap_stack_at(pages[k] + off);
			run(&r);
			trap_stack_at(0);
			expect("ended by", stopped.vector, VEC_EXIT);
			expect("stack", pushed_at, pages[k] + off);
			expect("eip", stopped.r.eip, AT(push_trap) + 4);
			spot_remove(0);
		}
	on_trap[VEC_PASS] = 0;
	expect_nothing_else();
}

void test_tables(void)
{
	test_gdt();
	test_loads();
	test_frames();
}

/* -- Physical addresses ------------------------------------------------------------------------ */

enum { HOLE_VA = WINDOW + 0x2000000 };

/* Reads of all sizes are ones, before and after writes of all kinds. */
static void expect_nobody(volatile u8 *at)
{
	u8 image[512] __attribute__((aligned(16)));
	u32 v = 0x11223344;

	for (u32 round = 0; round < 2; round++) {
		expect("byte", *at, 0xff);
		expect("word", *(volatile u16 *)(at + 1), 0xffff);
		expect("dword", *(volatile u32 *)at, 0xffffffff);
		expect("dword, not aligned", *(volatile u32 *)(at + 3), 0xffffffff);
		*(volatile u32 *)at = 0x12345678;
		*(volatile u16 *)(at + 5) = 0x9abc;
		*at = 0xde;
	}
	__asm__ volatile("lock xaddl %0, (%1)" : "+r"(v) : "r"(at) : "memory");
	expect("xadd", v, 0xffffffff);
	__asm__ volatile("xchgl %0, (%1)" : "+r"(v) : "r"(at) : "memory");
	expect("xchg", v, 0xffffffff);
	__asm__ volatile("fildll (%1)\n\tfistpl %0\n\tfildll (%1)\n\tfistpll (%1)"
			 : "=m"(v) : "r"(at) : "memory");
	expect("fild", v, 0xffffffff);
	__asm__ volatile("movups (%1), %%xmm0\n\tmovups %%xmm0, (%0)\n\tmovups %%xmm0, (%1)"
			 :: "r"(image), "r"(at) : "memory");
	expect("movups", *(u32 *)(image + 12), 0xffffffff);
	memset((void *)at, 0x77, 200);
	memcpy(image, (void *)at, 200);
	expect("rep movsb", image[199], 0xff);
	__asm__ volatile("movl %%esp, %%ecx\n\tleal 16(%1), %%esp\n\tpushl $5\n\tpopl %0\n\t"
			 "movl %%ecx, %%esp" : "=&r"(v) : "r"(at) : "ecx", "memory");
	expect("push and pop", v, 0xffffffff);
}

static const u32 holes[] = { RAM_SIZE, 0x10000000, 0x7fffff00, 0x80000000, 0x90000000, 0x90200000,
	0xa0000000, 0xb0000000, 0xbffffe00 };

void test_physical(void)
{
	test("paging on, physical addresses that nobody has");
	__asm__ volatile("fninit");
	for (u32 k = 0; k < COUNT(holes); k++) {
		map(kernel_pd, HOLE_VA, holes[k] & ~(PAGE - 1u), P | W | U);
		invlpg(HOLE_VA);
		expect_nobody((u8 *)HOLE_VA + holes[k] % PAGE);
	}
	test("paging on, large pages that nobody has");
	for (u32 k = 0; k < COUNT(holes); k++) {
		kernel_pd[(HOLE_VA >> 22) + 1] = (holes[k] & 0xffc00000) | PS | P | W | U;
		load_cr3(kernel_pd);
		if (holes[k] >= 0x10000000)
			expect_nobody((u8 *)HOLE_VA + 0x400000 + holes[k] % 0x400000);
	}
	kernel_pd[(HOLE_VA >> 22) + 1] = 0;
	test("paging off");
	write_cr0(read_cr0() & 0x7fffffff);
	for (u32 k = 0; k < COUNT(holes); k++)
		expect_nobody((u8 *)holes[k]);
	write_cr0(read_cr0() | 0x80000000);
	test("a page table where nobody is");
	for (u32 k = 0; k < COUNT(holes); k++) {
		kernel_pd[(HOLE_VA >> 22) + 1] = (holes[k] & ~(PAGE - 1u)) | P | W | U;
		load_cr3(kernel_pd);
		map(kernel_pd, HOLE_VA, 0xfffff000, P);		/* what entries of ones say */
		invlpg(HOLE_VA);
		expect("first word", *(volatile u32 *)(HOLE_VA + 0x400000),
		       *(volatile u32 *)HOLE_VA);
	}
	kernel_pd[(HOLE_VA >> 22) + 1] = 0;
	load_cr3(kernel_pd);
	expect_nothing_else();
}
