/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code that one CPU changes while others run it (SDM vol. 3, 9.1.3): after the flag, or the IPI,
 * and a serialising instruction of their own they run the new bytes; until then the old ones or
 * the new ones, never a third thing. Invariant: what changes under a running CPU is one aligned
 * word, and a value once seen in it is never followed by an older one.
 */
#include "guestimg/tests/cpus.h"

/* CODE: a page of functions; what they return is numbers that grow. */
enum { CODE = FREE, FRESH = FREE + 0x400000, FRESH_PAGES = 4096, V_KICK = 0x60 };

static volatile u32 seq, wrong[CPUS_MAX], runs[CPUS_MAX * 16], last_ipi[CPUS_MAX];
static u32 times, way;
enum { CPUID, IRET, CR3, IPI, WAYS };
static const char *const way_names[] = { "CPUID", "IRET", "MOV CR3", "an IPI" };
static const char *const step_names[] = {
	"CPUID, in steps", "IRET, in steps", "MOV CR3, in steps",
};

static void serialise(void)
{
	if (way == IRET)
		by_iret();
	else if (way == CR3)
		load_cr3(kernel_pd);
	else
		by_cpuid();
}

static void test_named(const char *what, const char *by)
{
	char name[64] = "", *to = name;

	while (*what)
		*to++ = *what++;
	while (*by)
		*to++ = *by++;
	*to = 0;
	test(name);
}

/* -- Functions -- */

/* "mov $v, %eax; ret", the constant aligned: at 4 * n - 1. */
static void put_constant(u32 at, u32 v)
{
	*(volatile u8 *)at = 0xb8;
	*(volatile u32 *)(at + 1) = v;
	*(volatile u8 *)(at + 5) = 0xc3;
}

static u32 call(u32 at) { return ((u32 (*)(void))at)(); }

static bool on_kick(struct trap *t)
{
	(void)t;
	last_ipi[me()] = seq;
	*apic(APIC_EOI) = 0;
	return true;
}

/*
 * Where a page is changed while others run it, TCG may keep a translation of the old bytes for
 * ever: between a store's invalidation and the store, and between the page's last block and the end
 * of its protection, another CPU translates anew. That part is not done there; in steps all is.
 */
#define TCG_MAY "keeps old code that was translated during a store"

/* -- A constant, the target of a call, of a jump; changed while it is run -- */

static u32 changing;			/* where the word is */
static u32 entry;
static u32 (*encode)(u32 k);		/* what the changing word is for the number k */
static u32 modulus;			/* 0, or the code's result is k modulo that */

static void writer(void)
{
	for (u32 k = 1; k <= times; k++) {
		*(volatile u32 *)changing = encode(k);
		seq = k;
		if (way == IPI)
			send(0, FIXED | OTHERS | V_KICK);
		for (u32 n = k * 7 & 255; n; n--)
			pause();
		/* Slow enough that each number is run by somebody, now and then. */
		for (u32 n = 0; n < 2000 && !(k & 15) && runs[16] < k; n++)
			pause();
	}
}

static void runner(u32 cpu)
{
	u32 at_least = 0, last = 0;

	while (at_least != times) {
		u32 got;

		at_least = way == IPI ? last_ipi[cpu] : seq;
		if (way != IPI)
			serialise();
		got = call(entry);
		if (modulus)		/* it may have gone round since the signal */
			wrong[cpu] += got >= modulus;
		else
			wrong[cpu] += got < at_least || got < last || got > times;
		last = got;
		runs[cpu * 16] = at_least;
	}
	wrong[cpu] += call(entry) != (modulus ? times % modulus : times);
}

static void change_part(u32 cpu)
{
	meet();
	if (cpu) {
		irqs_on();
		runner(cpu);
	} else {
		writer();
	}
}

static void reset_counts(void)
{
	seq = 0;
	memset((void *)wrong, 0, sizeof(wrong));
	memset((void *)runs, 0, sizeof(runs));
	memset((void *)last_ipi, 0, sizeof(last_ipi));
}

static u32 same(u32 k) { return k; }

/* The word is encode(0) before. */
static void test_change(const char *what)
{
	for (way = 0; way < WAYS; way++) {
		test_named(what, way_names[way]);
		if (not_in_tcg(TCG_MAY))
			continue;
		reset_counts();
		*(volatile u32 *)changing = encode(0);
		together(change_part);
		for (u32 k = 1; k < cpus; k++)
			expect("old or foreign numbers", wrong[k], 0);
	}
}

/* -- In steps: change, signal, run, answer -- */

static volatile u32 answered[CPUS_MAX];
static void (*change)(u32 k);
static u32 (*check)(u32 cpu, u32 k);	/* how many results were wrong */

static void steps_part(u32 cpu)
{
	meet();
	for (u32 k = 1; k <= times; k++) {
		if (cpu) {
			if (!wait_for(&seq, k))
				stuck("no signal");
			serialise();
			wrong[cpu] += check(cpu, k);
			answered[cpu] = k;
			continue;
		}
		change(k);
		seq = k;
		for (u32 c = 1; c < cpus; c++)
			if (!wait_for(&answered[c], k))
				stuck("no answer");
	}
}

static void try_steps(const char *what, const char *by, u32 n)
{
	test_named(what, by);
	reset_counts();
	memset((void *)answered, 0, sizeof(answered));
	times = n;
	together(steps_part);
	for (u32 k = 1; k < cpus; k++)
		expect("old code run", wrong[k], 0);
}

/* -- The same word, both ways -- */

static void change_word(u32 k) { *(volatile u32 *)changing = encode(k); }

static u32 check_word(u32 cpu, u32 k)
{
	(void)cpu;
	return call(entry) != (modulus ? k % modulus : k);
}

static void test_word(const char *what)
{
	test_change(what);
	change = change_word;
	check = check_word;
	for (way = 0; way < IPI; way++)
		try_steps(what, step_names[way], times);
}

static void test_constant(void)
{
	entry = CODE + 0x103;
	changing = entry + 1;
	encode = same;
	modulus = 0;
	put_constant(entry, 0);
	test_word("a constant, then ");
}

/* CALL to the function of the number, of eight; the displacement is aligned. */
enum { TARGETS = 8, FN = CODE + 0x800, FN_SIZE = 0x50 };

static u32 displacement(u32 k) { return FN + k % TARGETS * FN_SIZE - (entry + 5); }

static void test_targets(void)
{
	for (u32 k = 0; k < TARGETS; k++)
		put_constant(FN + k * FN_SIZE, k);
	modulus = TARGETS;
	encode = displacement;
	entry = CODE + 0x203;
	changing = entry + 1;
	*(u8 *)entry = 0xe8;
	*(u8 *)(entry + 5) = 0xc3;
	test_word("the target of CALL, then ");
	entry = CODE + 0x303;
	changing = entry + 1;
	*(u8 *)entry = 0xe9;
	test_word("the target of JMP, then ");
}

enum { PAGE_CODE = CODE + 0x10000, PAGE_FNS = 32 };

static u8 draft[PAGE];

/* The whole page anew, by REP MOVS: other constants at other places. */
static void change_page(u32 k)
{
	for (u32 n = 0; n < PAGE_FNS; n++)
		put_constant(AT(draft) + n * 128 + (k & 1) * 8, k * PAGE_FNS + n);
	memcpy((void *)PAGE_CODE, draft, PAGE);
}

static u32 check_page(u32 cpu, u32 k)
{
	u32 bad = 0;

	for (u32 n = cpu & 1; n < PAGE_FNS; n += 3)
		bad += call(PAGE_CODE + n * 128 + (k & 1) * 8) != k * PAGE_FNS + n;
	return bad;
}

/* A function over the end of a page: its constant is on both. */
static void change_straddling(u32 k)
{
	put_constant(PAGE_CODE + 2 * PAGE - 1 - k % 5, k * 0x01010101);
}

static u32 check_straddling(u32 cpu, u32 k)
{
	(void)cpu;
	return call(PAGE_CODE + 2 * PAGE - 1 - k % 5) != k * 0x01010101;
}

/* -- While it is run for the first time -- */

static u32 fresh(u32 k) { return FRESH + k % FRESH_PAGES * PAGE + (k / FRESH_PAGES & 7) * 64 + 3; }

/* One word changes while the others come to the page; behind the signal all see the new one. */
static void fresh_part(u32 cpu)
{
	for (u32 k = 0; k < times; k++) {
		u32 at = fresh(k), old = 0x10000000 + k, new = 0x20000000 + k, got;

		if (!cpu)
			put_constant(at, old);
		meet();
		if (!cpu) {
			for (u32 n = k & 31; n; n--)
				__asm__ volatile("");
			*(volatile u32 *)(at + 1) = new;
			seq = k + 1;
			got = call(at);
			wrong[0] += got != new;
		} else {
			got = call(at);
			wrong[cpu] += got != old && got != new;
			if (!wait_for(&seq, k + 1))
				stuck("no signal");
			by_cpuid();
			wrong[cpu] += call(at) != new;
		}
		meet();
	}
}

static void test_fresh(u32 n)
{
	test("code changed while it is run for the first time");
	if (not_in_tcg(TCG_MAY))
		return;
	reset_counts();
	times = n;
	together(fresh_part);
	for (u32 k = 0; k < cpus; k++)
		expect("old or foreign numbers", wrong[k], 0);
}

/* -- A loop that only the change ends -- */

enum { LOOP = CODE + 0x20000 };
static volatile u32 in_loop;

/* "1: incl in_loop; jmp 1b", whose JMP becomes RET; it is at an even address. */
static void put_loop(u32 at)
{
	*(volatile u16 *)at = 0x05ff;
	*(volatile u32 *)(at + 2) = AT(&in_loop);
	*(volatile u16 *)(at + 6) = 0xf8eb;
}

static void loop_part(u32 cpu)
{
	for (u32 k = 0; k < times; k++) {
		u32 at = LOOP + k % 16 * PAGE + k / 16 % 64 * 32;

		if (!cpu)
			put_loop(at), in_loop = 0;
		meet();
		if (cpu) {
			by_cpuid();
			call(at);
		} else {
			u64 begin = rdtsc();

			while (!in_loop && rdtsc() - begin < LIMIT)
				pause();
			*(volatile u16 *)(at + 6) = 0x90c3;
		}
		meet();
	}
}

static void test_loop(u32 n)
{
	test("a loop that the other CPU ends");
	if (not_in_tcg(TCG_MAY))
		return;
	reset_counts();
	times = n;
	together(loop_part);
	expect("all came out", seq, 0);
}

/* -- Code that changes what is ahead of it, while the other CPU changes it, too -- */

enum { AHEAD = CODE + 0x40000, AHEAD_WAITS = 24 };
static volatile u32 inside;

/*
 * "movl $k, inside; mov $0, %ecx; fsin, many times; movl $k, …; mov $0, %eax; ret", the
 * only code of its page. Returns where EAX's constant is, in *other ECX's; both are aligned.
 */
static u32 put_ahead(u32 at, u32 k, u32 *other)
{
	u32 constant = (at + 16 + 2 * AHEAD_WAITS + 10 + 1 + 3) & ~3u;

	*(volatile u16 *)at = 0x05c7;
	*(volatile u32 *)(at + 2) = AT(&inside);
	*(volatile u32 *)(at + 6) = k;
	put_constant(at + 10, 0);
	*(volatile u8 *)(at + 10) = 0xb9;
	*other = at + 11;
	*(volatile u8 *)(at + 15) = 0x90;
	for (at += 16; at < constant - 11; at += 2)
		*(volatile u16 *)at = 0xfed9;
	*(volatile u16 *)(constant - 11) = 0x05c7;
	*(volatile u32 *)(constant - 9) = constant;
	*(volatile u32 *)(constant - 5) = k;
	put_constant(constant - 1, 0);
	return constant;
}

static void ahead_part(u32 cpu)
{
	static u32 other;

	for (u32 k = 1; k <= times; k++) {
		u32 at = AHEAD + k % 16 * PAGE + 1;

		if (!cpu) {
			put_ahead(at, k, &other);
			by_cpuid();
		}
		meet();
		if (!cpu) {
			__asm__ volatile("fninit; fld1");
			wrong[0] += call(at) != k;
			wrong[0] += call(at) != k;
		} else if (cpu == 1) {
			if (!wait_for(&inside, k))
				stuck("not there");
			*(volatile u32 *)other = k;
		}
		meet();
	}
}

static void test_ahead(u32 n)
{
	test("code that changes what is ahead, dropped by the other CPU before");
	if (not_in_tcg(TCG_MAY))
		return;
	reset_counts();
	times = n;
	together(ahead_part);
	expect("old constants", wrong[0], 0);
}

int main(void);
int main(void)
{
	on_trap[V_KICK] = on_kick;
	cpus_start("crosscode");
	times = ROUNDS;
	test_constant();
	test_targets();
	way = CPUID;
	change = change_page;
	check = check_page;
	try_steps("a whole page", "", ROUNDS / 10);
	change = change_straddling;
	check = check_straddling;
	try_steps("an instruction on two pages", "", ROUNDS / 2);
	test_fresh(ROUNDS);
	test_loop(ROUNDS / 10);
	test_ahead(ROUNDS);
	finish("crosscode");
}
