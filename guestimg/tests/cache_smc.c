/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that changes: by its own stores, by other code, through another address,
 * by devices (SDM vol. 3, 11.6 and 8.1.3). After a jump the new code must run;
 * on the CPUs that Loam models, also right behind the store.
 */
#include "guestimg/tests/cache.h"

enum { CODE = WINDOW + 0x1000000, ALIAS = WINDOW + 0x1400000,
	FRAME = WINDOW + 0x1800000 };

static u32 code_page, *pd;

static struct args at(u32 va) { return (struct args){ .ebx = va }; }

/* -- A block that changes itself --------------------------------------------------------- */

static void self(const char *name, const char *code, const char *end, u32 want)
{
	struct args a = at(CODE);

	test(name);
	for (u32 k = 0; k < 20; k++) {
		memcpy((void *)code_page, code, AT(end) - AT(code));
		expect("result", call_with(CODE, &a), want);
	}
	expect("once more, unchanged", call_with(CODE, &a) != 0, 1);
}

/* The same through the page's other address. */
static void self_alias(const char *name, const char *code, const char *end, u32 want)
{
	struct args a = at(ALIAS);

	test(name);
	for (u32 k = 0; k < 20; k++) {
		memcpy((void *)code_page, code, AT(end) - AT(code));
		expect("result", call_with(CODE, &a), want);
	}
}

static void test_self(void)
{
	self("own block ahead, 1 byte", ahead8, ahead8_end, 2);
	self("own block ahead, 2 bytes", ahead16, ahead16_end, 0x302);
	self("own block ahead, 4 bytes", ahead32, ahead32_end, 0x5040302);
	self("own block further ahead", ahead_far, ahead_far_end, 2);
	self("own block behind", behind, behind_end, 0x21);
	self("own constant", own_imm, own_imm_end, 5050);
	self_alias("own block behind, alias", behind, behind_end, 0x21);
	self_alias("own constant, alias", own_imm, own_imm_end, 5050);
}

/* -- Other code ---------------------------------------------------------------------------- */

static void test_other_block(void)
{
	test("another block, 2000 times");
	for (u32 k = 0; k < 2000; k++) {
		put_function(code_page + 0x100, k * 0x10001);
		if (!expect("result", call(CODE + 0x100), k * 0x10001))
			break;
	}
	test("another block through its own address");
	for (u32 k = 0; k < 200; k++) {
		put_function(CODE + 0x100, k);
		expect("result", call(CODE + 0x100), k);
		expect("through the alias", call(ALIAS + 0x100), k);
	}
	test("another block through its alias");
	for (u32 k = 0; k < 200; k++) {
		put_function(ALIAS + 0x100, k);
		expect("result", call(CODE + 0x100), k);
	}
}

/* Stores that touch the code's first or last byte only, or just not. */
static void test_edges(void)
{
	u32 fn = code_page + 0x200;

	test("stores at the edges of a block");
	put_function(fn, 0x11223344);
	expect("before", call(CODE + 0x200), 0x11223344);
	*(volatile u32 *)(fn - 4) = 0x90909090;
	*(volatile u32 *)(fn + 6) = 0x90909090;
	expect("neighbours", call(CODE + 0x200), 0x11223344);
	*(volatile u32 *)(fn - 3) = 0xb9909090;		/* mov to ecx: eax stays */
	expect("first byte", call(CODE + 0x200) != 0x11223344, 1);
	*(volatile u32 *)(fn - 3) = 0xb8909090;
	expect("back", call(CODE + 0x200), 0x11223344);
	*(volatile u8 *)(fn + 6) = 0xc3;
	*(volatile u16 *)(fn + 5) = 0xc340;		/* inc %eax; ret */
	expect("last byte", call(CODE + 0x200), 0x11223345);
	*(volatile u32 *)(fn + 2) = 0xc3556677;
	expect("middle", call(CODE + 0x200), 0x55667744);
}

/* Stores of each width into the constant of a function, and a load of a device's register. */
static void test_sums(void)
{
	u32 base = 0x90000000, at = code_page + 0x301 - base, v = 0x11223344, apic;

	test("accesses at the sum of two registers, which wraps");
	put_function(code_page + 0x300, 0);
	for (u32 k = 0; k < 20; k++) {
		v = v * 5 + 1;
		__asm__ volatile("movl %0, (%1,%2)" : : "r"(v), "r"(base), "r"(at) : "memory");
		expect("4 bytes", call(CODE + 0x300), v);
		__asm__ volatile("movb %b0, (%1,%2)" : : "q"(k), "r"(base), "r"(at) : "memory");
		expect("1 byte", call(CODE + 0x300), (v & ~0xffu) | k);
		__asm__ volatile("movw %w0, (%1,%2)" : : "q"(k), "r"(base), "r"(at) : "memory");
		expect("2 bytes", call(CODE + 0x300), (v & ~0xffffu) | k);
	}
	map(pd, FRAME, 0xfee00000, P | W | PCD);
	load_cr3(pd);
	at = FRAME + 0x30 - base;
	__asm__ volatile("movl (%1,%2), %0" : "=r"(apic) : "r"(base), "r"(at));
	expect("a device", apic, peek(FRAME + 0x30));
}

/* "mov $imm, %eax; ret" with its first k bytes on one page, the rest on the next. */
static void test_two_pages(void)
{
	u32 second = page_new(), third = page_new();

	test("an instruction on two pages");
	map(pd, CODE + PAGE, second, P | W);
	map(pd, ALIAS + PAGE, second, P | W);
	load_cr3(pd);
	for (u32 k = 1; k < 6; k++) {
		u32 va = CODE + PAGE - k;

		put_function(va, 0x01020304);
		expect("before", call(va), 0x01020304);
		for (u32 b = 0; b < 4; b++) {		/* each byte of the constant */
			*(volatile u8 *)(ALIAS + PAGE - k + 1 + b) = (u8)(0x80 + b);
			expect("changed", call(va) >> 8 * b & 0xff, 0x80 + b);
		}
		*(volatile u8 *)(ALIAS + PAGE - k + 5) = 0x40;
		*(volatile u8 *)(ALIAS + PAGE - k + 6) = 0xc3;
		expect("behind", call(va), 0x83828181);
	}
	test("the second page is another one");
	memcpy((void *)third, (void *)second, 64);
	for (u32 k = 2; k < 5; k++) {
		u32 va = CODE + PAGE - k;

		put_function(va, 0x01020304);
		expect("before", call(va), 0x01020304);
		memcpy((void *)third, (void *)second, 64);
		*(volatile u8 *)(third + 4 - k) = 0x77;		/* highest byte of the constant */
		map(pd, CODE + PAGE, third, P | W);
		invlpg(CODE + PAGE);
		expect("other page", call(va), 0x77020304);
		map(pd, CODE + PAGE, second, P | W);
		load_cr3(pd);
		expect("first page again", call(va), 0x01020304);
	}
}

/* -- Stores of every kind ---------------------------------------------------------------------- */

/* The writer is on a page of its own; what it stores is a function's first 8 bytes. */
static void over(const char *name, const char *code, const char *end, u32 len)
{
	static u8 bytes[64];
	u32 writer = 0x1c00000;
	struct args a = { .esi = AT(bytes), .edi = CODE + 0x300, .ecx = len };

	test(name);
	memcpy((void *)writer, code, AT(end) - AT(code));
	for (u32 k = 0; k < 20; k++) {
		put_function(AT(bytes), k * 0x1111);
		a.eax = *(u32 *)bytes;
		put_function(code_page + 0x300, ~k);
		expect("before", call(CODE + 0x300), ~k);
		call_with(writer, &a);
		if (len >= 6)
			expect("after", call(CODE + 0x300), k * 0x1111);
		else			/* only the constant's low half came */
			expect("after", call(CODE + 0x300),
			       ((k * 0x1111) & 0xffffff) | (~k & 0xff000000));
	}
}

static void test_stores(void)
{
	over("REP MOVSB over code", over_movsb, over_movsb_end, 6);
	over("PUSH over code", over_push, over_push_end, 8);
	over("XCHG over code", over_xchg, over_xchg_end, 8);
	over("CMPXCHG8B over code", over_cmpxchg8b, over_cmpxchg8b_end, 8);
	over("SGDT over code", over_sgdt, over_sgdt_end, 8);
	over("FISTP over code", over_fst, over_fst_end, 8);
	over("PUSHA over code", over_pusha, over_pusha_end, 8);
	over("ENTER over code", over_enter, over_enter_end, 4);
}

static void test_stos(void)
{
	struct args a = { .edi = CODE + 0x400, .ecx = 2, .eax = 0xc3c3c3c3 };
	u32 writer = 0x1c00000;

	test("REP STOSL over code");
	PUT(writer, over_stosl);
	put_function(code_page + 0x400, 0x1234);
	expect("before", call(CODE + 0x400), 0x1234);
	call_with(writer, &a);
	a.eax = 0x4321;				/* it is RET now */
	expect("after", call_with(CODE + 0x400, &a), 0x4321);
}

/* CALL pushes an address, whose bytes are the constant of a MOV. */
static void test_call(void)
{
	u32 writer = 0x1c00000, address;
	struct args a = { .edi = CODE + 0x501 };

	test("CALL's push over code");
	PUT(writer, over_call);
	put_function(code_page + 0x500, 0x1234);
	expect("before", call(CODE + 0x500), 0x1234);
	address = call_with(writer, &a);
	expect("address", address, call(CODE + 0x500));
	expect("changed", call(CODE + 0x500) >> 12, writer >> 12);
}

/*
 * The CPU's own stores: an exception's frame, on a stack that is where code is. The EIP in it is
 * UD2's address, whose bytes are "inc %eax; ret".
 */
static void test_frame(void)
{
	static const u8 ud2[] = { 0x0f, 0x0b };
	u32 user = page_new(), stack = page_new(), fn = FRAME + 0x800 - 20;
	struct regs r = user_regs((void *)(CODE + 0xc340));
	struct args a = { .eax = 0 };

	test("an exception's frame over code");
	map(pd, CODE + 0xc000, user, P | U);
	map(pd, FRAME, stack, P | W);
	memcpy((void *)(user + 0x340), ud2, 2);
	for (u32 k = 0; k < 20; k++) {
		put_function(fn, k);
		expect("before", call(fn), k);
		trap_stack_at(FRAME + 0x800);
		run(&r);
		trap_stack_at(0);
		expect("vector", stopped.vector, V_UD);
		a.eax = k * 3;
		expect("after", call_with(fn, &a), k * 3 + 1);
	}
}

/*
 * -- Devices ------------------------------------------------------------------------------------
 */

#define IDE 0x1f0

static bool ide_wait(u8 mask, u8 want)
{
	for (u32 k = 0; k < 1000000; k++)
		if ((inb(IDE + 7) & mask) == want)
			return true;
	return false;
}

/* A sector by PIO, with REP INSW right over the code. */
static bool ide_read(u32 lba, u32 va)
{
	u32 n = 256;

	outb(IDE + 6, 0xe0);
	if (inb(IDE + 7) == 0 || inb(IDE + 7) == 0xff || !ide_wait(0xc0, 0x40))
		return false;
	outb(IDE + 2, 1);
	outb(IDE + 3, (u8)lba);
	outb(IDE + 4, (u8)(lba >> 8));
	outb(IDE + 5, (u8)(lba >> 16));
	outb(IDE + 7, 0x20);
	if (!ide_wait(0x88, 8))
		return false;
	__asm__ volatile("rep insw" : "+D"(va), "+c"(n) : "d"(IDE) : "memory");
	return true;
}

/* The disk is this program's ROM: its first bytes are the program's. */
static void test_disk(void)
{
	u32 lba = (AT(disk_fn) - 0x100000) / 512;

	test("a disk sector over code");
	for (u32 k = 0; k < 5; k++) {
		put_function(code_page + 0x800, k);
		expect("before", call(CODE + 0x800), k);
		if (!ide_read(lba, k & 1 ? ALIAS + 0x800 : CODE + 0x800)) {
			skip("no disk");
			return;
		}
		expect("after", call(CODE + 0x800), 0xd15cf00d);
	}
}

static u32 swap(u32 v)
{
	return v << 24 | (v << 8 & 0xff0000) | (v >> 8 & 0xff00) | v >> 24;
}

/* fw_cfg writes its signature, "QEMU", by DMA. */
static void test_dma(void)
{
	static volatile struct { u32 control, len, high, low; } d;

	test("DMA over code");
	outw(0x510, 0);
	if (inb(0x511) != 'Q') {
		skip("no fw_cfg");
		return;
	}
	for (u32 k = 0; k < 20; k++) {
		put_function(code_page + 0x900, k);
		expect("before", call(CODE + 0x900), k);
		d.control = swap(0 << 16 | 8 | 2);
		d.len = swap(4);
		d.high = 0;
		d.low = swap(code_page + 0x901);
		outl(0x514, 0);
		outl(0x518, swap(AT(&d)));
		expect("after", call(CODE + 0x900), 0x554d4551);
	}
}

/* Code has not changed there yet: where it often does, blocks look for themselves. */
static void new_code_page(void)
{
	code_page = page_new();
	map(pd, CODE, code_page, P | W);
	map(pd, ALIAS, code_page, P | W);
	load_cr3(pd);
}

void test_writes(void)
{
	static void (*const tests[])(void) = {
		test_self, test_other_block, test_edges, test_sums, test_two_pages, test_stores,
		test_stos, test_call, test_frame, test_disk, test_dma,
	};

	pd = pd_new();
	for (u32 busy = 0; busy < 2; busy++)
		for (u32 k = 0; k < COUNT(tests); k++) {
			if (busy)
				make_busy(CODE + 0xa00, CODE + 0xb00, 600);
			else
				new_code_page();
			tests[k]();
		}
	test_busy(CODE);
	load_cr3(kernel_pd);
}
