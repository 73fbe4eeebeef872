/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CMPXCHG16B beside what is no LOCK of 16 bytes: plain stores to a part of its operand, LOCK of 8
 * bytes, MOVAPS, which is in one step only by halves on a CPU without AVX (SDM vol. 3, 9.1.1); and
 * what it says of operands that are not aligned or not there.
 */
#include "guestimg/tests64/atomic.h"

static volatile u64 both[8] __attribute__((aligned(64)));
static u64 times;

static void clear(void)
{
	memset((void *)both, 0, sizeof(both));
	times = ROUNDS;
}

static struct pair load(void)
{
	struct pair v;

	__asm__ volatile("movaps %1, %%xmm7\n\tmovups %%xmm7, %0"
		: "=m"(v) : "m"(*(volatile struct pair *)both));
	return v;
}

static void store(struct pair v)
{
	__asm__ volatile("movups %1, %%xmm7\n\tmovaps %%xmm7, %0"
		: "=m"(*(volatile struct pair *)both) : "m"(v));
}

/* One more in the low half, and in the high one so many. */
static void count(u64 high)
{
	struct pair was = { both[0], both[1] };

	while (!cmpxchg16b(both, &was, (struct pair){ was.low + 1, was.high + high }))
		;
}

/* CPU 0 stores to the high half without LOCK; the others count in the low one. */
static void half_part(u32 cpu)
{
	meet();
	for (u64 k = 1; k <= times; k++) {
		if (cpu) {
			count(0);
			continue;
		}
		WRONG(0) += both[1] != (k - 1) * 0x100000001;
		both[1] = k * 0x100000001;
	}
}

/* The same with one byte. */
static void byte_part(u32 cpu)
{
	volatile u8 *byte = (volatile u8 *)both + 13;

	meet();
	for (u64 k = 1; k <= times; k++) {
		if (cpu) {
			count(0);
			continue;
		}
		WRONG(0) += *byte != (u8)(k - 1);
		*byte = (u8)k;
	}
}

/* CPU 0 counts in the high half alone. */
static void inc_part(u32 cpu)
{
	meet();
	for (u64 k = 1; k <= times; k++) {
		if (cpu)
			count(1ull << 32);
		else
			__asm__ volatile("lock incq %0" : "+m"(both[1]) :: "cc");
	}
}

/* CPU 0 stores both; the others look by a CMPXCHG16B that finds nothing equal. */
static void store_part(u32 cpu)
{
	struct pair last = { 0, 0 }, v;

	meet();
	for (u64 k = 1; k <= times; k++) {
		if (!cpu) {
			store((struct pair){ k, k });
			v = load();
			WRONG(0) += v.low != k || v.high != k;
			continue;
		}
		v = (struct pair){ -1ul, -1ul };
		WRONG(cpu) += cmpxchg16b(both, &v, (struct pair){ 0, 0 });
		WRONG(cpu) += v.low < last.low || v.high < last.high ||
			      v.low - v.high + 1 > 2;
		last = v;
	}
}

/* CPU 0 loads both while the others count in both. */
static void load_part(u32 cpu)
{
	struct pair last = { 0, 0 }, v;

	meet();
	for (u64 k = 0; k < times; k++) {
		if (cpu) {
			count(0x100000001);
			continue;
		}
		v = load();
		WRONG(0) += v.low < last.low || v.high < last.high ||
			    (u32)v.high != v.high >> 32;
		last = v;
	}
}

static void try_beside(const char *name, void (*part)(u32 cpu), u64 low, u64 high)
{
	clear();
	try_parts(name, part, "what was found", 0);
	expect("low half", both[0], low);
	expect("high half", both[1], high);
}

/* -- Alone -- */

CODE(locked, "lock cmpxchg16b (%rdi)")
CODE(bare, "cmpxchg16b (%rdi)")

static void expect_refused(const char *code, u64 at, u64 vector, u64 error)
{
	struct regs r = kernel_regs(code);

	r.rdi = at;
	r.rax = 1;
	r.rdx = 2;
	run_to(&r, vector, error);
	expect("rax", stopped.r.rax, 1);
	expect("rdx", stopped.r.rdx, 2);
	expect("rip", stopped.r.rip, AT(code));
	if (vector == V_PF)
		expect("cr2", stopped.cr2, at);
}

static void test_refused(void)
{
	test("cmpxchg16b that is not aligned");
	clear();
	for (u64 k = 1; k < 16; k++) {
		expect_refused(locked, AT(both) + k, V_GP, 0);
		expect_refused(bare, AT(both) + k, V_GP, 0);
	}
	for (u32 k = 0; k < COUNT(both); k++)
		expect("memory", both[k], 0);
	test("cmpxchg16b where nothing is, or only to be read");
	map(WINDOW + 0x200000, AT(both) & ~0xffful, P);
	map(WINDOW + 0x201000, 0, 0);
	WRITE(cr0, READ(cr0) | 1 << 16);
	expect_refused(locked, WINDOW + 0x201010, V_PF, PF_W);
	expect_refused(locked, WINDOW + 0x200000 + (AT(both) & 0xfff), V_PF, PF_W | PF_P);
	WRITE(cr0, READ(cr0) & ~(1ul << 16));
}

void test_pairs(void)
{
	u64 others = (cpus - 1) * (u64)ROUNDS;

	try_beside("plain 8 bytes within CMPXCHG16B", half_part, others, ROUNDS * 0x100000001ul);
	try_beside("plain byte within CMPXCHG16B", byte_part, others,
		   (ROUNDS & 0xfful) << 40);
	try_beside("LOCK INC within CMPXCHG16B", inc_part, others, (others << 32) + ROUNDS);
	try_beside("MOVAPS stores beside CMPXCHG16B", store_part, ROUNDS, ROUNDS);
	try_beside("MOVAPS loads beside CMPXCHG16B", load_part, others, others * 0x100000001);
	test_refused();
}
