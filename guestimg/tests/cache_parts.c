/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that the translator takes together although it does not lie together: behind conditional
 * branches and where jumps go to. On any x86 nothing of it shows; here too, but for the counters.
 */
#include "guestimg/tests/cache.h"

enum { CODE = WINDOW + 0x2000000, ALIAS = WINDOW + 0x2400000, NOWHERE = WINDOW + 0x2800000,
	DEVICE = WINDOW + 0x2c00000, APIC_PAGE = 0xfee00000,
	LAST = 0xfffff000 };

static u32 page;

static u32 run_part(const struct args *a) { return call_with(CODE, a); }

/* -- Writes -- */

static void test_own(void)
{
	struct args a = { .ebx = CODE, .ecx = 1 };

	test("a store into the part that a jump goes to");
	for (u32 k = 0; k < 20; k++) {
		PUT(page, part_ahead);
		expect("result", run_part(&a), 2);
	}
	test("a store behind a conditional branch");
	for (u32 k = 0; k < 20; k++) {
		PUT(page, part_side);
		a.ecx = 1;
		expect("result", run_part(&a), 2);
		a.ecx = 0;
		expect("the other way", run_part(&a), 3);
	}
}

/* Part k is at 64 * k and adds a constant, which is its byte 2 (of the first one: 1). */
static void test_each_part(void)
{
	struct args a = { .ebx = CODE };
	u32 want = 0x1f;

	test("a store into each part");
	PUT(page, part_each);
	expect("as it was", run_part(&a), want);
	for (u32 round = 0; round < 4; round++)
		for (u32 k = 0; k < 5; k++) {
			u32 at = (round & 1 ? ALIAS : CODE) + 64 * k + (k ? 2 : 1), v = *(u8 *)at;

			*(volatile u8 *)at = (u8)(v + 0x20 & 0x7f);
			want += (v + 0x20 & 0x7f) - v;
			expect("changed", run_part(&a), want);
		}
}

/* The data are not code: nothing is dropped, and the block's own store is none into itself. */
static void test_between(void)
{
	struct args a = { .ebx = CODE };
	u32 drops, steps;

	test("data between two parts");
	PUT(page, part_data);
	expect("first", run_part(&a), 1);
	expect("second", run_part(&a), 2);
	if (!have_counters())
		return;
	drops = counter(C_DROPS);
	steps = counter(C_SMC_STEPS);
	for (u32 k = 3; k < 50; k++)
		expect("counted", run_part(&a), k);
	poke(ALIAS + PART_DATA, 0x1000);
	expect("written by others", run_part(&a), 0x1001);
	expect("no block is dropped", counter(C_DROPS) - drops, 0);
	expect("nothing is stepped", counter(C_SMC_STEPS) - steps, 0);
}

/*
 * A branch on what a device says, at new places: the translator, which would like to know which way
 * it goes, does not ask the device. (The local APIC's version, which is not 0.)
 */
static void test_device(void)
{
	static const u8 code[] = {
		0xa1, 0, 0, 0, 0,		/* mov DEVICE + 0x30, %eax */
		0x85, 0xc0,			/* test %eax, %eax */
		0x75, 0x06,			/* jnz, over the next two */
		0xb8, 0x01, 0, 0, 0, 0xc3,	/* mov $1, %eax; ret */
		0xb8, 0x02, 0, 0, 0, 0xc3,
	};
	u32 reads = have_counters() ? counter(C_DEVICE_ACCESSES) : 0;

	test("a branch on what a device says");
	for (u32 k = 0; k < 20; k++) {
		memcpy((void *)(page + 64 * k), code, sizeof(code));
		*(volatile u32 *)(page + 64 * k + 1) = DEVICE + 0x30;
		expect("its way", call(CODE + 64 * k), 2);
		expect("again", call(CODE + 64 * k), 2);
	}
	if (have_counters())
		expect("so often it was asked", counter(C_DEVICE_ACCESSES) - reads, 2 * 20);
}

/*
 * A taken branch whose last byte is the address space's: to the same page, before where it came
 * from, where an access faults.
 */
static void test_round(void)
{
	static const u8 entry[] = { 0x31, 0xc0, 0x74, 0xb0 };	/* xor %eax, %eax; jz, 80 back */
	static const u8 target[] = { 0xa1, 0, 0, 0, 0, 0xc3 };	/* mov NOWHERE, %eax; ret */
	u32 made[20], start = LAST + PAGE - sizeof(entry), there = LAST + PAGE - 80;

	test("a branch at the end of the address space");
	memcpy((void *)(page + PAGE - sizeof(entry)), entry, sizeof(entry));
	memcpy((void *)(page + PAGE - 80), target, sizeof(target));
	*(volatile u32 *)(page + PAGE - 80 + 1) = NOWHERE;
	for (u32 k = 0; k < 20; k++) {
		struct regs r = kernel_regs((void *)start);

		run(&r);
		expect("page fault", stopped.vector, 14);
		expect("at", stopped.r.eip, there);
		made[k] = have_counters() ? counter(C_BLOCKS) : 0;
	}
	expect("new blocks", made[19] - made[4], 0);
}

/* -- Flags, on both ways of a branch -- */

static const struct { const char *name; u8 len, bytes[6]; } ops[] = {
	{ "add", 2, { 0x01, 0xc8 } }, { "sub", 2, { 0x29, 0xc8 } }, { "cmp", 2, { 0x39, 0xc8 } },
	{ "cmp imm", 3, { 0x83, 0xf8, 0x7f } }, { "cmpb", 2, { 0x38, 0xc8 } },
	{ "test", 2, { 0x85, 0xc8 } }, { "and", 2, { 0x21, 0xc8 } }, { "neg", 2, { 0xf7, 0xd8 } },
	{ "adc", 2, { 0x11, 0xc8 } }, { "sbb", 2, { 0x19, 0xc8 } }, { "adcb", 2, { 0x10, 0xc8 } },
	{ "inc", 1, { 0x40 } }, { "dec", 1, { 0x48 } }, { "decb", 2, { 0xfe, 0xc8 } },
	{ "add, inc", 3, { 0x01, 0xca, 0x40 } }, { "sub, dec", 3, { 0x29, 0xca, 0x48 } },
	{ "inc, dec", 2, { 0x42, 0x48 } }, { "rol, inc", 3, { 0xd1, 0xc2, 0x40 } },
	{ "shl", 3, { 0xc1, 0xe0, 0x03 } }, { "sar", 2, { 0xd1, 0xf8 } },
	{ "shl cl", 2, { 0xd3, 0xe0 } }, { "shr cl", 2, { 0xd3, 0xe8 } },
	{ "add, sar cl", 4, { 0x01, 0xca, 0xd3, 0xf8 } },
	{ "rol", 2, { 0xd1, 0xc0 } }, { "ror cl", 2, { 0xd3, 0xc8 } },
	{ "rcl", 2, { 0xd1, 0xd0 } }, { "inc, rol", 3, { 0x42, 0xd1, 0xc0 } },
	{ "bt", 3, { 0x0f, 0xa3, 0xc8 } }, { "stc", 1, { 0xf9 } },
	{ "dec, cmc", 2, { 0x48, 0xf5 } }, { "mul", 2, { 0xf7, 0xe1 } }, { "nothing", 1, { 0x90 } },
};

static const u32 operands[][3] = {	/* EAX, ECX, EFLAGS */
	{ 0, 0, 2 }, { 5, 7, 2 | ARITH }, { 0x7fffffff, 0x80000021, 2 | CF | PF },
	{ 0xffffffff, 1, 2 | ZF | OF }, { 0x8000ff80, 0x20, 2 | CF },
};

/* What both ways go on with: a fault at once, or behind changes of what the flags came from. */
static const struct { u8 len, bytes[12]; } ends[] = {
	{ 2, { 0x0f, 0x0b } },
	{ 2, { 0x8b, 0x16 } },						/* mov (%esi), %edx */
	{ 6, { 0x31, 0xdb, 0x8b, 0x16, 0x0f, 0x0b } },			/* xor %ebx, %ebx */
	{ 9, { 0x89, 0xe8, 0x89, 0xe9, 0x89, 0xea, 0x90, 0x8b, 0x16 } },	/* mov %ebp, … */
	{ 7, { 0x8b, 0x06, 0x01, 0xc8, 0x0f, 0x0b, 0x90 } },
};

static u32 next_code;

static u32 put(const u8 *bytes, u32 len)
{
	u32 at = CODE + next_code;

	memcpy((void *)at, bytes, len);
	next_code += len;
	return at;
}

static struct regs regs_of(u32 at, u32 n)
{
	struct regs r = kernel_regs((void *)at);

	r.eax = operands[n][0];
	r.ecx = operands[n][1];
	r.edx = 0x10203040;
	r.ebx = 3;
	r.ebp = 0x55aa1234;
	r.esi = NOWHERE;
	r.eflags = operands[n][2];
	return r;
}

static bool holds(u32 cond, u32 f)
{
	bool less = !(f & SF) != !(f & OF), yes;

	switch (cond >> 1) {
	case 0: yes = f & OF; break;
	case 1: yes = f & CF; break;
	case 2: yes = f & ZF; break;
	case 3: yes = f & (CF | ZF); break;
	case 4: yes = f & SF; break;
	case 5: yes = f & PF; break;
	case 6: yes = less; break;
	default: yes = less || f & ZF; break;
	}
	return yes != (cond & 1);
}

/* The flags that op leaves, where nothing is between it and a fault. */
static u32 flags_of(u32 op, u32 n)
{
	struct regs r;
	u32 at;

	at = put(ops[op].bytes, ops[op].len);
	put(ends[0].bytes, 2);
	r = regs_of(at, n);
	run(&r);
	return stopped.r.eflags & ARITH;
}

/* op; jcc 1f; end; 1: end. The ways differ in length only by where they are. */
static void both_ways(u32 op, u32 cond, u32 end, u32 n)
{
	u32 want = flags_of(op, n), len = ends[end].len, at, first, second;
	u8 jcc[] = { (u8)(0x70 | cond), (u8)(len + 1) };
	struct regs r;

	at = put(ops[op].bytes, ops[op].len);
	put(jcc, 2);
	first = put(ends[end].bytes, len);
	put((const u8 *)"\xcc", 1);
	second = put(ends[end].bytes, len);
	r = regs_of(at, n);
	for (u32 k = 0; k < 2; k++) {		/* the second time its exits are chained */
		run(&r);
		expect("taken", stopped.r.eip >= second, holds(cond, want));
		expect("on the page", stopped.r.eip >= first && stopped.r.eip < second + len, 1);
		/* XOR has its own flags: as a CPU gives them, with AF as Loam does */
		if (end != 2)
			expect("flags", stopped.r.eflags & ARITH, want);
		else
			expect("flags", stopped.r.eflags & ARITH, ZF | PF);
	}
}

static void test_flags(void)
{
	for (u32 op = 0; op < COUNT(ops); op++) {
		test(ops[op].name);
		for (u32 n = 0; n < COUNT(operands); n++) {
			next_code = 0x100;
			for (u32 k = 0; k < 16; k++)
				both_ways(op, k, k % COUNT(ends), n);
		}
	}
}

/* One that was written often has blocks that check themselves, which have one part only. */
static void fresh_page(u32 *pd)
{
	page = page_new();
	map(pd, CODE, page, P | W);
	map(pd, ALIAS, page, P | W);
	load_cr3(pd);
}

void test_parts(void)
{
	u32 *pd = pd_new();

	map(pd, NOWHERE, 0, 0);
	fresh_page(pd);
	load_cr3(pd);
	test_own();
	fresh_page(pd);
	test_each_part();
	fresh_page(pd);
	test_between();
	map(pd, DEVICE, APIC_PAGE, P | W);
	fresh_page(pd);
	test_device();
	fresh_page(pd);
	map(pd, LAST, page, P | W);
	load_cr3(pd);
	test_round();
	fresh_page(pd);
	test_flags();
	load_cr3(kernel_pd);
}
