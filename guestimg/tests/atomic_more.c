/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LOCK beside what has none: plain stores to other bytes of the same word, walks that set A and D
 * in an entry; bits far from their operand; locks made of LOCK. Invariant: what a CPU alone stores
 * to is at any time what it stored last.
 */
#include "guestimg/tests/atomic.h"

static volatile u32 wrong[CPUS_MAX];
static volatile u8 line[256] __attribute__((aligned(256)));
static volatile u8 *word;
static u32 times;

static void clear(void)
{
	memset((void *)line, 0, sizeof(line));
	memset((void *)wrong, 0, sizeof(wrong));
}

static u32 sum_wrong(void)
{
	u32 sum = 0;

	for (u32 k = 0; k < cpus; k++)
		sum += wrong[k];
	return sum;
}

/* -- Neighbours -- */

/* CPU 0 stores to byte 0 without LOCK, each other one increments a byte of its own. */
static void bytes_part(u32 cpu)
{
	volatile u8 *p = word + cpu;

	meet();
	for (u32 k = 1; k <= times; k++) {
		u8 was = *p;

		wrong[cpu] += was != (u8)(k - 1);
		if (cpu)
			__asm__ volatile("lock incb %0" : "+m"(*p) :: "cc");
		else
			*p = (u8)k;
	}
}

/* The same with halves; the odd CPUs store. */
static void halves_part(u32 cpu)
{
	volatile u16 *p = (volatile u16 *)word + cpu;

	meet();
	for (u32 k = 1; k <= times; k++) {
		u16 was = *p;

		wrong[cpu] += was != (u16)(k - 1);
		if (cpu & 1)
			*p = (u16)k;
		else
			__asm__ volatile("lock incw %0" : "+m"(*p) :: "cc");
	}
}

/* Plain stores by all: to bytes that are neighbours, and by REP STOSB over three of them. */
static void plain_part(u32 cpu)
{
	volatile u8 *p = word + 3 * cpu;

	meet();
	for (u32 k = 1; k <= times; k++) {
		u32 n = 3;
		volatile u8 *to = p;

		wrong[cpu] += p[0] != (u8)(k - 1) || p[1] != (u8)(k - 1) || p[2] != (u8)(k - 1);
		if (k & 1)
			__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(k) : "memory");
		else
			p[0] = p[1] = p[2] = (u8)k;
	}
}

/* CPU 0 has a byte that it stores to; the others' operand is the whole CMPXCHG8B around it. */
static void inside_part(u32 cpu)
{
	volatile u64 *all = (volatile u64 *)word;

	meet();
	for (u32 k = 1; k <= times; k++) {
		u32 low = (u32)*all, high = (u32)(*all >> 32);
		u8 equal;

		if (!cpu) {
			wrong[0] += word[2] != (u8)(k - 1);
			word[2] = (u8)k;
			continue;
		}
		do
			__asm__ volatile("lock cmpxchg8b %2"
				: "+a"(low), "+d"(high), "+m"(*all), "=@ccz"(equal)
				: "b"(low), "c"(high + 1));
		while (!equal);
	}
}

static void try_neighbours(const char *name, void (*part)(u32), u32 at, u32 n)
{
	test(name);
	clear();
	word = line + at;
	times = n;
	together(part);
	expect("what a CPU stored and no more found", sum_wrong(), 0);
}

void test_neighbours(void)
{
	try_neighbours("plain byte beside LOCK", bytes_part, 0, ROUNDS);
	for (u32 k = 1; k < cpus; k++)
		expect("byte", line[k], ROUNDS & 0xff);
	expect("the plain byte", line[0], ROUNDS & 0xff);
	try_neighbours("plain byte beside LOCK, other words", bytes_part, 63, ROUNDS);
	try_neighbours("plain halves beside LOCK", halves_part, 0, ROUNDS);
	try_neighbours("LOCK over a line beside plain halves", halves_part, 61, ROUNDS / 20);
	try_neighbours("plain bytes beside each other", plain_part, 0, ROUNDS);
	try_neighbours("plain byte within CMPXCHG8B", inside_part, 0, ROUNDS);
	expect("high half", *(volatile u32 *)(line + 4), (cpus - 1) * ROUNDS);
	try_neighbours("plain byte within CMPXCHG8B over a line", inside_part, 62, ROUNDS / 20);
	expect("high half", *(volatile u32 *)(line + 66), (cpus - 1) * (ROUNDS / 20));
}

/* -- Bits far off -- */

/* The operand is `distance` bytes before or behind the word that has the bit. */
static void far_part(u32 cpu)
{
	meet();
	for (u32 k = 0; k < times; k++) {
		int distance = (int)(k % 129 - 64) * 4, bit = (int)(4 * cpu + k % 4) - 8 * distance;
		volatile u32 *at = (volatile u32 *)(word + distance);
		u8 was, then;

		__asm__ volatile("lock btsl %2, (%1)" : "=@ccc"(was) : "r"(at), "r"(bit)
			: "memory");
		__asm__ volatile("lock btrl %2, (%1)" : "=@ccc"(then) : "r"(at), "r"(bit)
			: "memory");
		wrong[cpu] += was + !then;
	}
}

/* All set the same bits, of 64 KiB: each bit is set by one. */
static void claim_part(u32 cpu)
{
	volatile u32 *map_at = (volatile u32 *)FREE;

	meet();
	for (u32 k = 0; k < times; k++) {
		int bit = (int)(k & 1 ? k : times - 2 - k);
		u8 was;

		__asm__ volatile("lock btsl %2, (%1)" : "=@ccc"(was)
			: "r"(map_at + 0x2000), "r"(bit - 0x40000) : "memory");
		wrong[cpu] += !was;
	}
}

void test_far_bits(void)
{
	test("bits far from their operand");
	clear();
	word = line + 128;
	times = ROUNDS;
	together(far_part);
	expect("bits found set or clear", sum_wrong(), 0);
	expect("the word", *(volatile u32 *)word, 0);
	test("bits that one CPU gets");
	clear();
	memset((void *)FREE, 0, 0x10000);
	times = (ROUNDS & ~1u) < 0x80000 ? ROUNDS & ~1u : 0x80000;
	together(claim_part);
	expect("claims", sum_wrong(), times);
}

/* -- Locks -- */

static volatile u32 spin, sum;
static volatile u16 ticket[2];		/* next, served */
static volatile u64 wide;

static void spin_part(u32 cpu)
{
	(void)cpu;
	meet();
	for (u32 k = 0; k < times; k++) {
		u32 held = 1;

		for (;;) {
			__asm__ volatile("xchgl %0, %1" : "+r"(held), "+m"(spin) :: "memory");
			if (!held)
				break;
			pause();
		}
		sum++;
		wide += 0x100000001;
		__asm__ volatile("movl $0, %0" : "=m"(spin) :: "memory");
	}
}

static void ticket_part(u32 cpu)
{
	(void)cpu;
	meet();
	for (u32 k = 0; k < times; k++) {
		u16 mine = 1;

		__asm__ volatile("lock xaddw %0, %1" : "+r"(mine), "+m"(ticket[0]) :: "memory");
		while (ticket[1] != mine)
			pause();
		sum++;
		wide += 0x100000001;
		__asm__ volatile("incw %0" : "+m"(ticket[1]) :: "memory");
	}
}

/* Dekker's flags with XCHG: no lock at all, only order. */
static volatile u32 flags[2 * 16], favoured;

static void raise(u32 cpu)
{
	u32 up = 1;

	__asm__ volatile("xchgl %0, %1" : "+m"(flags[cpu * 16]), "+r"(up) :: "memory");
}

static void dekker_part(u32 cpu)
{
	u32 other = !cpu;

	meet();
	if (cpu > 1)
		return;
	for (u32 k = 0; k < times; k++) {
		raise(cpu);
		while (flags[other * 16])
			if (favoured != cpu) {
				flags[cpu * 16] = 0;
				while (favoured != cpu)
					pause();
				raise(cpu);
			}
		sum++;
		wide += 0x100000001;
		favoured = other;
		__asm__ volatile("" ::: "memory");
		flags[cpu * 16] = 0;
	}
}

static void try_lock(const char *name, void (*part)(u32), u32 n, u32 users)
{
	test(name);
	sum = 0;
	wide = 0;
	times = n;
	together(part);
	expect("sum", sum, users * n);
	expect("sum, low half", (u32)wide, users * n);
	expect("sum, high half", (u32)(wide >> 32), users * n);
}

void test_locks(void)
{
	try_lock("spin lock", spin_part, ROUNDS / 4, cpus);
	try_lock("ticket lock", ticket_part, ROUNDS / 20, cpus);
	try_lock("flags without LOCK", dekker_part, ROUNDS / 4, 2);
}

/* -- A and D set by walks, of an entry that others change -- */

enum { WALKED = WINDOW + 0x100000, MINE = 0x200 };
static volatile u32 *entry;
static u32 kind;
enum { LOCKED, LOCKED_BYTE, STORED_BYTE, KINDS };

/*
 * CPU 0 uses the page; each other one flips a bit of the entry that is free for software, or CPU 1
 * alone if it does so by a plain store.
 */
static void walk_part(u32 cpu)
{
	volatile u8 *byte = (volatile u8 *)entry + 1;

	meet();
	for (u32 k = 0; k < times; k++) {
		if (!cpu) {
			__asm__ volatile("lock andl %1, %0" : "+m"(*entry) : "r"(~(A | D)));
			invlpg(WALKED);
			(void)*(volatile u32 *)WALKED;
			wrong[0] += !(*entry & A);
			*(volatile u32 *)WALKED = k;
			wrong[0] += (*entry & (A | D)) != (A | D);
		} else if (cpu == 1) {
			u32 want = *entry & MINE;

			if (kind == LOCKED)
				__asm__ volatile("lock xorl %1, %0" : "+m"(*entry) : "r"(MINE));
			else if (kind == LOCKED_BYTE)
				__asm__ volatile("lock xorb $2, %0" : "+m"(*byte));
			else
				*byte ^= 2;
			wrong[1] += (*entry & MINE) == want;
		} else if (kind != STORED_BYTE) {
			__asm__ volatile("lock xorl %1, %0" : "+m"(*entry) : "r"(MINE << (cpu - 1)));
		}
	}
}

void test_walks(void)
{
	static const char *const names[] = { "walks beside LOCK", "walks beside LOCK of a byte",
		"walks beside a plain store of a byte" };

	map(kernel_pd, WALKED, page_new(), P | W);
	entry = pte(kernel_pd, WALKED);
	for (kind = 0; kind < KINDS; kind++) {
		u32 want = *entry & ~(u32)(A | D);

		test(names[kind]);
		clear();
		times = ROUNDS & ~1u;
		together(walk_part);
		expect("A, D and the others' bits", sum_wrong(), 0);
		expect("the entry", *entry & ~(u32)(A | D), want);
	}
}
