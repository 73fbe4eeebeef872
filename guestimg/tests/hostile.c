/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a hostile guest may try: it must hurt itself only. Each case once stopped or misled the
 * monitor, or is near one that did. That the program comes to its end is part of every test.
 */
#include "guestimg/tests/hostile.h"
#include "guestimg/tests/lib.h"

enum { CODE = WINDOW + 0x1000000 };

typedef u32 (*function)(void);

static u32 call(u32 va)
{
	function volatile f = (function)va;

	return f();
}

/* -- An instruction whose two pages are one frame -- */

static volatile u8 *doubled_page(void)
{
	u32 frame = page_new();
	volatile u8 *p = (volatile u8 *)frame;

	map(kernel_pd, CODE, frame, P | W);
	map(kernel_pd, CODE + PAGE, frame, P | W);
	load_cr3(kernel_pd);
	p[4095] = 0xb8;			/* mov $0x44332211, %eax; ret */
	p[0] = 0x11;
	p[1] = 0x22;
	p[2] = 0x33;
	p[3] = 0x44;
	p[4] = 0xc3;
	return p;
}

static void test_doubled(void)
{
	volatile u8 *p;

	test("one frame is both pages of an instruction");
	p = doubled_page();
	expect("before", call(CODE + 4095), 0x44332211);
	p[0] = 0x55;
	expect("a byte at the page's start", call(CODE + 4095), 0x44332255);
	p[4095] = 0xb8;
	p[4094] = 0xb8;
	expect("the byte at its end", call(CODE + 4095), 0x44332255);
	p[3] = 0x66;
	expect("and again", call(CODE + 4095), 0x66332255);
}

/* The monitor's lists must not be looked for at guest address 0. */
static void test_forged(void)
{
	volatile u32 *zero = (volatile u32 *)0;
	static u32 saved[1024];
	volatile u8 *p;

	test("a forged record at address 0");
	__asm__ volatile("" : "+r"(zero));
	memcpy(saved, (const void *)zero, sizeof(saved));
	p = doubled_page();
	call(CODE + 4095);
	for (u32 k = 0; k < 1024; k += 2) {
		zero[k] = 0xdeadb000;
		zero[k + 1] = 0xc0000000;
	}
	p[4095] = 0xb8;
	p[0] = 0x12;
	expect("the new code", call(CODE + 4095), 0x44332212);
	memcpy((void *)zero, saved, sizeof(saved));
}

/* -- A block without a mapping stores into itself, through an alias -- */

static void test_unmapped(void)
{
	static const u8 code[] = {
		0xc7, 0x03, 0, 0, 0, 0,		/* movl $0, (%ebx): its PTE */
		0xc6, 0x06, 0x90,		/* movb $0x90, (%esi) */
		0x90, 0x90, 0xf4,
	};
	u32 frame = page_new();
	struct regs r = kernel_regs((void *)CODE);

	test("a block without a mapping stores into itself");
	for (u32 k = 0; k < 3; k++) {
		map(kernel_pd, CODE, frame, P | W);
		load_cr3(kernel_pd);
		memcpy((void *)frame, code, sizeof(code));
		((volatile u8 *)frame)[11] = 0xcc;
		r.ebx = AT(pte(kernel_pd, CODE));
		r.esi = frame + 10;
		run(&r);
		expect("#PF or the breakpoint", stopped.vector == V_PF || stopped.vector == 3, 1);
	}
}

/* -- A store over a page's end into the own block -- */

static void test_crossing(void)
{
	/* mov $5, %al; mov %ecx, (%ebx); dec %edx; jnz 0; ret */
	static const u8 code[] = { 0xb0, 5, 0x89, 0x0b, 0x4a, 0x75, 0xf9, 0xc3 };
	u32 before = page_new(), frame = page_new(), got = 0;

	test("a store over a page's end into the own block");
	map(kernel_pd, CODE - PAGE, before, P | W);
	map(kernel_pd, CODE, frame, P | W);
	load_cr3(kernel_pd);
	memcpy((void *)frame, code, sizeof(code));
	__asm__ volatile("call *%%edi" : "+a"(got) :
			 "b"(CODE - 2), "c"(0x07b09090), "d"(2), "D"(CODE) : "memory");
	expect("al", got & 0xff, 7);
}

/* -- Code where there is no memory -- */

static void test_no_memory(u32 pa, const char *name)
{
	struct regs r = kernel_regs((void *)CODE);

	test(name);
	map(kernel_pd, CODE, pa, P | W);
	load_cr3(kernel_pd);
	run(&r);
	expect("an exception", stopped.vector == V_UD || stopped.vector == V_GP, 1);
}

/* -- DMA descriptors that lie -- */

static u32 swap(u32 v) { return __builtin_bswap32(v); }

static void test_dma(void)
{
	static volatile u32 d[4] __attribute__((aligned(16)));
	static const u32 bad[] = { 0x7fffff8, 0xfee00000, 0xfffffff8, 0xa0000 };

	test("fw_cfg descriptors that lie");
	d[0] = swap(0x19u << 16 | 8 | 2);
	d[1] = ~0u;				/* 4 GiB - 1 bytes */
	d[2] = 0;
	d[3] = swap(0x500000);
	outl(0x518, swap(AT(d)));
	d[0] = swap(0x19u << 16 | 8 | 2);
	d[2] = ~0u;				/* beyond all memory */
	d[3] = swap(0xfffffff0);
	outl(0x518, swap(AT(d)));
	expect("refused", swap(d[0]) & 1, 1);
	for (u32 k = 0; k < COUNT(bad); k++)
		outl(0x518, swap(bad[k]));
	outl(0x514, ~0u);
	outl(0x518, ~0u);
	outl(0x514, 0);
}

/* -- Any bytes at all, one instruction each -- */

static void test_bytes(void)
{
	u32 frame = page_new(), ended = 0;

	test("20000 random instructions in user mode");
	for (u32 n = 0; n < 20000; n++) {
		struct regs r = user_regs((void *)frame);
		u8 c[16];

		for (u32 k = 0; k < 16; k++)
			c[k] = (u8)(rnd() >> 9);
		if (n & 1)
			c[0] = 0x0f;
		memcpy((void *)frame, c, 16);
		r.eflags = 0x202 | TF;
		run(&r);
		ended++;
	}
	expect("all of them ended", ended, 20000);
}

/* -- Long chains of instructions that change some flags, before some that want them all -- */

static const u8 chain_setters[][2] = {
	{ 0xd3, 0xe0 }, { 0xd3, 0xeb }, { 0xd3, 0xfa }, { 0xd3, 0xc6 }, { 0xd3, 0xdf },
	{ 0xd2, 0xd4 }, { 0x40, 0x4b }, { 0xa8, 0x90 }, { 0xf5, 0x90 },
};

static void chain_code(u8 *c, u32 setters, u32 readers)
{
	for (u32 k = 0; k < setters; k++) {
		/* nearly all of them by CL */
		const u8 *p = chain_setters[rnd() % (rnd() & 7 ? 6 : COUNT(chain_setters))];

		*c++ = p[0];
		*c++ = p[0] == 0xa8 ? (u8)rnd() : p[1];
	}
	for (u32 k = 0; k < readers; k++) {
		*c++ = k & 1 ? 0x9c : 0x9f;		/* PUSHF, LAHF */
		*c++ = k & 1 ? 0x5d : 0x90;		/* POP EBP */
	}
	*c = 0xf4;
}

static bool step_on(struct trap *t)
{
	(void)t;
	return true;
}

/* The code's end, by blocks or step by step. */
static struct regs chain_run(u32 frame, u32 cl, u32 flags)
{
	struct regs r = user_regs((void *)frame);

	r.eax = 0x80000001;
	r.ebx = 0x7fffffff;
	r.ecx = cl;
	r.edx = 0x80000000;
	r.esi = 0x12345678;
	r.edi = 0xfedcba98;
	r.eflags = 0x202 | flags;
	run(&r);
	return stopped.r;
}

static void test_chains(void)
{
	u32 frame = page_new();

	test("long chains of partial flags");
	on_trap[V_DB] = step_on;
	for (u32 n = 0; n < 96; n++) {
		u32 flags = rnd() & ARITH, cl = n & 3 ? rnd() & 31 : 0;
		struct regs a, b;

		chain_code((u8 *)frame, 8 + n % 32, 1 + n % 12);
		a = chain_run(frame, cl, flags);
		b = chain_run(frame, cl, flags | TF);
		if (!expect("eflags", a.eflags, b.eflags & ~TF) ||
		    !expect("eax", a.eax, b.eax) || !expect("ebp", a.ebp, b.ebp & ~TF) ||
		    !expect("eip", a.eip, b.eip))
			break;
	}
	on_trap[V_DB] = 0;
}

/* Without a look at CPUID, code gets what an older CPU makes of its bytes (SDM vol. 2, LZCNT). */
static void test_no_lzcnt(void)
{
	u32 a = 0x80000001, b, c, d, n;

	test("F3 BSR on a CPU without LZCNT");
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	expect("CPUID says LZCNT", c >> 5 & 1, 0);
	__asm__ volatile(".byte 0xf3\n\tbsrl %1, %0" : "=r"(n) : "r"(0x00400000));
	expect("the highest bit", n, 22);
}

/* #UD comes before the operand is looked at: it is at an address where there is nothing. */
static void test_no_sse4(void)
{
	static const u8 codes[][12] = {
		{ 0x66, 0x0f, 0x38, 0x17, 0x00 },		/* ptest xmm0, [eax] */
		{ 0x66, 0x0f, 0x3a, 0x0b, 0x00, 0x09 },		/* roundsd xmm0, [eax], 9 */
		{ 0x66, 0x0f, 0x3a, 0x15, 0x00, 0x01 },		/* pextrw [eax], xmm0, 1 */
		{ 0x66, 0x0f, 0x38, 0x37, 0x00 },		/* pcmpgtq xmm0, [eax] */
		{ 0x66, 0x0f, 0x3a, 0x63, 0x00, 0x0c },		/* pcmpistri xmm0, [eax], 12 */
		{ 0xf2, 0x0f, 0x38, 0xf1, 0x00 },		/* crc32 eax, [eax] */
		{ 0x0f, 0x01, 0xf9 },				/* rdtscp */
	};
	u32 frame = page_new();

	test("SSE4, RDTSCP on a CPU without them");
	for (u32 n = 0; n < COUNT(codes); n++) {
		struct regs r = user_regs((u8 *)frame + 16 * n);

		for (u32 k = 0; k < 12; k++)
			((u8 *)frame)[16 * n + k] = codes[n][k];
		r.eax = 0x10;
		run(&r);
		if (!expect("vector", stopped.vector, V_UD) ||
		    !expect("eip", stopped.r.eip, frame + 16 * n))
			break;
	}
}

void main(void)
{
	test_no_lzcnt();
	test_no_sse4();
	test_doubled();
	test_forged();
	test_unmapped();
	test_crossing();
	test_no_memory(0xfec00000, "code in a device");
	test_no_memory(0xd0000000, "code in a hole");
	test_dma();
	test_chains();
	test_tables();
	test_bytes();
	test_seen();
	finish("hostile");
}
