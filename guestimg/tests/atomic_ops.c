/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations of atomic.h: each instruction that takes LOCK, and XCHG, which needs none, in
 * each size (SDM vol. 3, 9.1.2.2). Invariant: the bit or mask of a CPU is its own alone.
 */
#include "guestimg/tests/atomic.h"

u32 (*volatile visit_at)(void);

#define EACH_SIZE(X) X(b, u8, "q") X(w, u16, "r") X(l, u32, "r")

/* An instruction without a result that counts, or with one operand more. */
#define PLAIN(name, insn) \
	EACH_SIZE_PLAIN(name, insn, b, u8) EACH_SIZE_PLAIN(name, insn, w, u16) \
	EACH_SIZE_PLAIN(name, insn, l, u32)
#define EACH_SIZE_PLAIN(name, insn, s, type) \
static u32 name##_##s(volatile void *at, u32 n, u32 cpu) \
{ \
	u32 bad = 0; \
	(void)cpu; \
	for (; n; n--, bad += visit()) \
		__asm__ volatile(insn(#s) : "+m"(*(volatile type *)at) :: "cc"); \
	return bad; \
}
#define INC(s) "lock inc" s " %0"
#define DEC(s) "lock dec" s " %0"
#define ADD(s) "lock add" s " $3, %0"
#define SUB(s) "lock sub" s " $5, %0"
#define ADC(s) "stc; lock adc" s " $6, %0"
#define SBB(s) "stc; lock sbb" s " $8, %0"
#define NOT(s) "lock not" s " %0; lock not" s " %0"
#define NEG(s) "lock neg" s " %0; lock neg" s " %0"
PLAIN(inc, INC)
PLAIN(dec, DEC)
PLAIN(add, ADD)
PLAIN(sub, SUB)
PLAIN(adc, ADC)
PLAIN(sbb, SBB)
PLAIN(not, NOT)
PLAIN(neg, NEG)

/* A CPU's own bits: two of each operand, bit 2 * cpu on. */
#define OWN(cpu) (3u << 2 * (cpu))

/* Set, looked at, cleared, looked at; then twice by XOR. */
#define BITS(s, type, q) \
static u32 logic_##s(volatile void *at, u32 n, u32 cpu) \
{ \
	volatile type *p = at; \
	type own = (type)OWN(cpu), others = (type)~own; \
	u32 bad = 0; \
	for (; n; n--, bad += visit()) { \
		__asm__ volatile("lock or" #s " %1, %0" : "+m"(*p) : q(own) : "cc"); \
		bad += (*p & own) != own; \
		__asm__ volatile("lock and" #s " %1, %0" : "+m"(*p) : q(others) : "cc"); \
		bad += (*p & own) != 0; \
		__asm__ volatile("lock xor" #s " %1, %0" : "+m"(*p) : q(own) : "cc"); \
		bad += (*p & own) != own; \
		__asm__ volatile("lock xor" #s " %1, %0" : "+m"(*p) : q(own) : "cc"); \
		bad += (*p & own) != 0; \
	} \
	return bad; \
}
EACH_SIZE(BITS)

#define XADD(s, type, q) \
static u32 xadd_##s(volatile void *at, u32 n, u32 cpu) \
{ \
	u32 sum = 0; \
	(void)cpu; \
	for (; n; n--) { \
		type v = 1; \
		__asm__ volatile("lock xadd" #s " %0, %1" \
			: "+" q(v), "+m"(*(volatile type *)at) :: "cc"); \
		sum += v + (visit() << 24); \
	} \
	return sum; \
}
EACH_SIZE(XADD)

/* Each puts in other values than the rest; the sum of all that went in, less that which came out. */
#define XCHG(s, type, q) \
static u32 xchg_##s(volatile void *at, u32 n, u32 cpu) \
{ \
	u32 sum = 0; \
	for (; n; n--) { \
		type v = (type)(n * 4 + cpu), was = v; \
		__asm__ volatile("xchg" #s " %0, %1" \
			: "+" q(v), "+m"(*(volatile type *)at)); \
		sum += was - v + (visit() << 24); \
	} \
	return sum; \
}
EACH_SIZE(XCHG)

#define CMPXCHG(s, type, q) \
static u32 cmpxchg_##s(volatile void *at, u32 n, u32 cpu) \
{ \
	volatile type *p = at; \
	u32 bad = 0; \
	(void)cpu; \
	for (; n; n--, bad += visit()) { \
		type was = *p, want, next; \
		u8 equal; \
		do { \
			want = was; \
			next = (type)(want + 7); \
			__asm__ volatile("lock cmpxchg" #s " %3, %1" \
				: "+a"(was), "+m"(*p), "=@ccz"(equal) : q(next)); \
			bad += !equal && was == want; \
		} while (!equal); \
	} \
	return bad; \
}
EACH_SIZE(CMPXCHG)

/* Its own bit by BTS, BTR and twice by BTC: each finds what the one before left. */
#define TOGGLE(s, type) \
static u32 bit_##s(volatile void *at, u32 n, u32 cpu) \
{ \
	type bit = (type)(2 * cpu + 1); \
	u32 bad = 0; \
	for (; n; n--, bad += visit()) { \
		volatile type *p = at; \
		u8 set[4]; \
		__asm__ volatile("lock bts" #s " %2, %0" : "+m"(*p), "=@ccc"(set[0]) : "r"(bit)); \
		__asm__ volatile("lock btr" #s " %2, %0" : "+m"(*p), "=@ccc"(set[1]) : "r"(bit)); \
		__asm__ volatile("lock btc" #s " %2, %0" : "+m"(*p), "=@ccc"(set[2]) : "r"(bit)); \
		__asm__ volatile("lock btc" #s " %2, %0" : "+m"(*p), "=@ccc"(set[3]) : "r"(bit)); \
		bad += set[0] + !set[1] + set[2] + !set[3]; \
	} \
	return bad; \
}
TOGGLE(w, u16)
TOGGLE(l, u32)

/* The high half is what the low one is, at any time. */
static u32 cmpxchg8b(volatile void *at, u32 n, u32 cpu)
{
	u32 bad = 0;

	(void)cpu;
	for (; n; n--, bad += visit()) {
		u32 low = 0, high = 0;
		u8 equal;

		do {
			bad += low != high;
			__asm__ volatile("lock cmpxchg8b %2"
				: "+a"(low), "+d"(high), "+m"(*(volatile u64 *)at), "=@ccz"(equal)
				: "b"(low + 1), "c"(high + 1));
		} while (!equal);
	}
	return bad;
}

#define SIZES(name, f, outcome, step, first) \
	{ name " b", 1, outcome, step, first, f##_b }, { name " w", 2, outcome, step, first, f##_w }, \
	{ name " l", 4, outcome, step, first, f##_l }

const struct operation operations[] = {
	SIZES("inc", inc, TOTAL, 1, 0), SIZES("dec", dec, TOTAL, -1u, 0x12345678),
	SIZES("add", add, TOTAL, 3, 0), SIZES("sub", sub, TOTAL, -5u, 1),
	SIZES("adc", adc, TOTAL, 7, 0), SIZES("sbb", sbb, TOTAL, -9u, 0),
	SIZES("not", not, SAME, 0, 0x5a3c96e1), SIZES("neg", neg, SAME, 0, 0x12345671),
	SIZES("or and xor", logic, SAME, 0, 0), SIZES("xadd", xadd, OLDS, 1, 0),
	SIZES("xchg", xchg, TOKENS, 0, 0), SIZES("cmpxchg", cmpxchg, TOTAL, 7, 0),
	{ "bts btr btc w", 2, SAME, 0, 0, bit_w }, { "bts btr btc l", 4, SAME, 0, 0, bit_l },
	{ "cmpxchg8b", 8, TOTAL, 1, 0, cmpxchg8b },
};
const u32 operations_count = COUNT(operations);
