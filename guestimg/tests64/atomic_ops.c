/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of atomic.h: each instruction that takes LOCK, and XCHG, which needs none, of 8
 * bytes, and CMPXCHG16B (SDM vol. 3, 9.1.2.2). Invariant: the bits of a CPU are its own alone.
 */
#include "guestimg/tests64/atomic.h"

u32 (*volatile visit_at)(void);

/* An instruction without a result that counts. */
#define PLAIN(name, text) \
static u64 name(volatile u64 *p, u64 n, u32 cpu) \
{ \
	u64 bad = 0; \
	(void)cpu; \
	for (; n; n--, bad += visit()) \
		__asm__ volatile(text : "+m"(*p) : "r"(0x7fffffff00000001) : "cc"); \
	return bad; \
}
PLAIN(inc, "lock incq %0")
PLAIN(dec, "lock decq %0")
PLAIN(add, "lock addq %1, %0")
PLAIN(sub, "lock subq %1, %0")
PLAIN(adc, "stc; lock adcq %1, %0")
PLAIN(sbb, "stc; lock sbbq %1, %0")
PLAIN(add_imm, "lock addq $-3, %0")
PLAIN(not, "lock notq %0; lock notq %0")
PLAIN(neg, "lock negq %0; lock negq %0")

/* A CPU's own bits: 16 of each operand. Set, looked at, cleared, looked at; then twice by XOR. */
static u64 logic(volatile u64 *p, u64 n, u32 cpu)
{
	u64 own = 0xffffull << 16 * cpu, bad = 0;

	for (; n; n--, bad += visit()) {
		__asm__ volatile("lock orq %1, %0" : "+m"(*p) : "r"(own) : "cc");
		bad += (*p & own) != own;
		__asm__ volatile("lock andq %1, %0" : "+m"(*p) : "r"(~own) : "cc");
		bad += (*p & own) != 0;
		__asm__ volatile("lock xorq %1, %0" : "+m"(*p) : "r"(own) : "cc");
		bad += (*p & own) != own;
		__asm__ volatile("lock xorq %1, %0" : "+m"(*p) : "r"(own) : "cc");
		bad += (*p & own) != 0;
	}
	return bad;
}

static u64 xadd(volatile u64 *p, u64 n, u32 cpu)
{
	u64 sum = 0;

	(void)cpu;
	for (; n; n--) {
		u64 v = 1;

		__asm__ volatile("lock xaddq %0, %1" : "+r"(v), "+m"(*p) :: "cc");
		sum += v + (visit() << 56);
	}
	return sum;
}

/* Each puts in other values than the rest; the sum of what went in, less that which came out. */
static u64 xchg(volatile u64 *p, u64 n, u32 cpu)
{
	u64 sum = 0;

	for (; n; n--) {
		u64 v = (n * 4 + cpu) * 0x100000001, was = v;

		__asm__ volatile("xchgq %0, %1" : "+r"(v), "+m"(*p));
		sum += was - v + (visit() << 56);
	}
	return sum;
}

static u64 cmpxchg(volatile u64 *p, u64 n, u32 cpu)
{
	u64 bad = 0;

	(void)cpu;
	for (; n; n--, bad += visit()) {
		u64 was = *p, want, next;
		bool equal;

		do {
			want = was;
			next = want + 0x700000007;
			__asm__ volatile("lock cmpxchgq %3, %1"
				: "+a"(was), "+m"(*p), "=@ccz"(equal) : "r"(next));
			bad += !equal && was == want;
		} while (!equal);
	}
	return bad;
}

/* Its own bit by BTS, BTR and twice by BTC: each finds what the one before left. */
static u64 bits(volatile u64 *p, u64 n, u32 cpu)
{
	u64 bit = 16 * cpu + 15, bad = 0;

	for (; n; n--, bad += visit()) {
		bool set[4];

		__asm__ volatile("lock btsq %2, %0" : "+m"(*p), "=@ccc"(set[0]) : "r"(bit));
		__asm__ volatile("lock btrq %2, %0" : "+m"(*p), "=@ccc"(set[1]) : "r"(bit));
		__asm__ volatile("lock btcq %2, %0" : "+m"(*p), "=@ccc"(set[2]) : "r"(bit));
		__asm__ volatile("lock btcq %2, %0" : "+m"(*p), "=@ccc"(set[3]) : "r"(bit));
		bad += set[0] + !set[1] + set[2] + !set[3];
	}
	return bad;
}

/* The high half is thrice the low one, at any time. */
static u64 pair(volatile u64 *p, u64 n, u32 cpu)
{
	u64 bad = 0;

	(void)cpu;
	for (; n; n--, bad += visit()) {
		struct pair was = { 0, 0 };

		do
			bad += was.high != 3 * was.low;
		while (!cmpxchg16b(p, &was, (struct pair){ was.low + 1, was.high + 3 }));
	}
	return bad;
}

#define BIG 0x7fffffff00000001
const struct operation operations[] = {
	{ "incq", 8, TOTAL, 1, 0xffffffff, inc },
	{ "decq", 8, TOTAL, -1ul, 0x100000001, dec },
	{ "addq", 8, TOTAL, BIG, 0, add }, { "subq", 8, TOTAL, -BIG, 0, sub },
	{ "adcq", 8, TOTAL, BIG + 1, 0, adc }, { "sbbq", 8, TOTAL, -BIG - 1, 0, sbb },
	{ "addq of a constant", 8, TOTAL, -3ul, 0x100000000, add_imm },
	{ "notq", 8, SAME, 0, 0x5a3c96e1c35aa53c, not },
	{ "negq", 8, SAME, 0, 0x1234567100000000, neg },
	{ "orq andq xorq", 8, SAME, 0, 0, logic }, { "xaddq", 8, OLDS, 1, 0, xadd },
	{ "xchgq", 8, TOKENS, 0, 0, xchg },
	{ "cmpxchgq", 8, TOTAL, 0x700000007, 0xfffffff0, cmpxchg },
	{ "btsq btrq btcq", 8, SAME, 0, 0, bits }, { "cmpxchg16b", 16, TOTAL, 1, 0, pair },
};
const u32 operations_count = COUNT(operations);
