/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LOCK with bits far from its operand, by offsets of 64 bits, and on registers of devices: the
 * IOAPIC's, which all CPUs share, and each one's local APIC. Invariant: interrupts are off, and no
 * entry of the IOAPIC delivers.
 */
#include "guestimg/tests64/atomic.h"

/* -- Bits far off -- */

static volatile u64 line[64] __attribute__((aligned(512)));

/* From the operand to the word that has the bit, in bytes. */
static u64 far(u64 k)
{
	static const u64 more[] = { 0, 1ul << 31, -1ul << 31, 1ul << 40, -1ul << 46, 1ul << 59,
				    -1ul << 59 };

	return more[k % COUNT(more)] + (k % 17 - 8) * 8;
}

static void far_part(u32 cpu)
{
	meet();
	for (u64 k = 0; k < ROUNDS; k++) {
		u64 distance = far(k), bit = 16 * cpu + k % 16 + 8 * distance;
		u64 at = AT(line + 32) - distance;
		bool was, then, again;

		__asm__ volatile("lock btsq %2, (%1)" : "=@ccc"(was) : "r"(at), "r"(bit)
			: "memory");
		__asm__ volatile("lock btrq %2, (%1)" : "=@ccc"(then) : "r"(at), "r"(bit)
			: "memory");
		__asm__ volatile("btq %2, (%1)" : "=@ccc"(again) : "r"(at), "r"(bit) : "memory");
		WRONG(cpu) += was + !then + again;
	}
}

/* All set the same bits: each bit is set by one. */
static void claim_part(u32 cpu)
{
	u64 base = FREE - (1ul << 50);

	meet();
	for (u64 k = 0; k < ROUNDS; k++) {
		u64 bit = (k & 1 ? k : ROUNDS - 2 - k) + (1ul << 53);
		bool was;

		__asm__ volatile("lock btsq %2, (%1)" : "=@ccc"(was) : "r"(base), "r"(bit)
			: "memory");
		WRONG(cpu) += !was;
	}
}

void test_far_bits(void)
{
	try_parts("bits far from their operand", far_part, "bits found set or clear", 0);
	for (u32 k = 0; k < COUNT(line); k++)
		expect("the words", line[k], 0);
	memset((void *)FREE, 0, 0x4000);
	try_parts("bits that one CPU gets", claim_part, "claims", ROUNDS);
}

/* -- Devices -- */

enum { IOAPIC = 0xfec00000u, ENTRY = 0x10 + 2 * 5, MASKED = 0x10000 };
#define SELECT (*(volatile u32 *)(u64)IOAPIC)
#define DATA (*(volatile u32 *)(IOAPIC + 0x10ul))
#define ONE 0x1000000u		/* of the destination, the register's upper 8 bits */

static u64 times;
static volatile u64 sums[CPUS_MAX * 8];

static void xadd_part(u32 cpu)
{
	u64 sum = 0;

	meet();
	for (u64 k = 0; k < times; k++) {
		u32 v = ONE;

		__asm__ volatile("lock xaddl %0, %1" : "+r"(v), "+m"(DATA) :: "cc");
		sum += v / ONE;
	}
	sums[cpu * 8] = sum;
}

static void cmpxchg_part(u32 cpu)
{
	meet();
	for (u64 k = 0; k < times; k++) {
		u32 was = DATA, want;
		bool equal;

		do {
			want = was;
			__asm__ volatile("lock cmpxchgl %3, %1"
				: "+a"(was), "+m"(DATA), "=@ccz"(equal) : "r"(want + 3 * ONE));
			WRONG(cpu) += !equal && was == want;
		} while (!equal);
	}
}

/* Two bits of its own. */
static void bits_part(u32 cpu)
{
	u32 own = 3 * ONE << 2 * cpu, bit = 25 + 2 * cpu;

	meet();
	for (u64 k = 0; k < times; k++) {
		bool set[3];

		__asm__ volatile("lock orl %1, %0" : "+m"(DATA) : "r"(own) : "cc");
		WRONG(cpu) += (DATA & own) != own;
		__asm__ volatile("lock andl %1, %0" : "+m"(DATA) : "r"(~own) : "cc");
		WRONG(cpu) += (DATA & own) != 0;
		__asm__ volatile("lock btsl %2, %0" : "+m"(DATA), "=@ccc"(set[0]) : "r"(bit));
		__asm__ volatile("lock btcl %2, %0" : "+m"(DATA), "=@ccc"(set[1]) : "r"(bit));
		__asm__ volatile("lock btrl %2, %0" : "+m"(DATA), "=@ccc"(set[2]) : "r"(bit));
		WRONG(cpu) += set[0] + !set[1] + set[2];
	}
}

static void xchg_part(u32 cpu)
{
	u64 sum = 0;

	meet();
	for (u64 k = 0; k < times; k++) {
		u32 in = (u32)(4 * k + cpu) * ONE, v = in;

		__asm__ volatile("xchgl %0, %1" : "+r"(v), "+m"(DATA));
		sum += in / ONE - v / ONE;
	}
	sums[cpu * 8] = sum;
}

/* Each one's task priority. */
static void apic_part(u32 cpu)
{
	volatile u32 *tpr = apic(APIC_TPR);

	meet();
	*tpr = 0;
	for (u64 k = 0; k < times; k++) {
		u32 v = 0x10, w = 0x3c;

		__asm__ volatile("lock xaddl %0, %1" : "+r"(v), "+m"(*tpr) :: "cc");
		WRONG(cpu) += (v & 0xff) != (k * 0x10 & 0xff);
		__asm__ volatile("xchgl %0, %1" : "+r"(w), "+m"(*tpr));
		__asm__ volatile("xchgl %0, %1" : "+r"(w), "+m"(*tpr));
		WRONG(cpu) += (w & 0xff) != 0x3c;
	}
	*tpr = 0;
}

static u64 sum_of(const volatile u64 *s)
{
	u64 sum = 0;

	for (u32 k = 0; k < cpus; k++)
		sum += s[k * 8];
	return sum;
}

static void begin(void)
{
	DATA = 0;
	times = ROUNDS / 4;
}

void test_devices(void)
{
	u64 all = cpus * (u64)(ROUNDS / 4), want = 0;

	map(IOAPIC, IOAPIC, PCD | P | W);
	SELECT = ENTRY;
	DATA = MASKED;
	SELECT = ENTRY + 1;
	for (u64 k = 0; k < all; k++)
		want += k & 0xff;
	begin();
	try_parts("xadd on a device's register", xadd_part, "", 0);
	expect("what was found", sum_of(sums), want);
	expect("the register", DATA / ONE, all & 0xff);
	begin();
	try_parts("cmpxchg on a device's register", cmpxchg_part, "not equal, but equal", 0);
	expect("the register", DATA / ONE, 3 * all & 0xff);
	begin();
	try_parts("bits of a device's register", bits_part, "bits found set or clear", 0);
	expect("the register", DATA / ONE, 0);
	begin();
	try_parts("xchg on a device's register", xchg_part, "", 0);
	expect("what is missing", (sum_of(sums) - DATA / ONE) & 0xff, 0);
	begin();
	try_parts("LOCK on each CPU's local APIC", apic_part, "what was found", 0);
}
