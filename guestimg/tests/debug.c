/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints by the debug registers (SDM vol. 3, 17.2 and 17.3): instruction breakpoints here,
 * data in debug_data.c, the rest in debug_sys.c. Every #DB is recorded; expectations are the
 * manual's.
 */
#include "guestimg/tests/debug.h"

struct record got;
void (*on_hit)(struct trap *t);
bool no_rf;

/* -- Debug registers -- */

void set_dr7(u32 v) { __asm__ volatile("movl %0, %%db7" :: "r"(v) : "memory"); }
u32 get_dr7(void) { u32 v; __asm__ volatile("movl %%db7, %0" : "=r"(v)); return v; }
u32 get_dr6(void) { u32 v; __asm__ volatile("movl %%db6, %0" : "=r"(v)); return v; }
static void set_dr6(u32 v) { __asm__ volatile("movl %0, %%db6" :: "r"(v)); }

static void set_address(u32 n, u32 at)
{
	switch (n) {
	case 0: __asm__ volatile("movl %0, %%db0" :: "r"(at)); break;
	case 1: __asm__ volatile("movl %0, %%db1" :: "r"(at)); break;
	case 2: __asm__ volatile("movl %0, %%db2" :: "r"(at)); break;
	default: __asm__ volatile("movl %0, %%db3" :: "r"(at)); break;
	}
}

void break_at(u32 n, u32 at, u32 rw, u32 len)
{
	u32 field = rw | (len - 1) << 2;

	set_address(n, at);
	set_dr7((get_dr7() & ~(0xfu << (16 + 4 * n) | 3u << (2 * n))) | field << (16 + 4 * n) |
		1u << (2 * n));
}

void break_clear(void)
{
	set_dr7(0);
	set_dr6(0);
}

bool has(u32 feature)
{
	u32 eax = 1, ebx, ecx, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "=c"(ecx), "=d"(edx));
	return edx & feature;
}

/* -- Recording -- */

static bool was_exec(u32 dr6)
{
	u32 dr7 = get_dr7();

	for (u32 n = 0; n < 4; n++)
		if ((dr6 >> n & 1) && (dr7 >> (16 + 4 * n) & 3) == RW_EXEC)
			return true;
	return false;
}

static bool on_debug(struct trap *t)
{
	u32 dr6 = get_dr6() & (B0 | B1 | B2 | B3 | BD | BS);

	if (got.hits < COUNT(got.hit))
		got.hit[got.hits] = (struct hit){ t->eip, dr6, t->eflags, t->ecx, t->cs };
	got.hits++;
	set_dr6(0);
	if (was_exec(dr6) && !no_rf)
		t->eflags |= RF;
	if (on_hit)
		on_hit(t);
	return got.hits < 1000;
}

static bool pass(struct trap *t)
{
	(void)t;
	return true;
}

void go(const struct regs *r)
{
	got.hits = got.faults = 0;
	stopped.vector = 0;
	run(r);
}

void want(u32 n, u32 eip, u32 dr6)
{
	expect("eip of #DB", got.hit[n].eip, eip);
	expect("DR6", got.hit[n].dr6, dr6);
}

bool strings_in_groups(void) { return false; }

void want_count(u32 hits)
{
	expect("#DB", got.hits, hits);
	expect("ended by", stopped.vector, VEC_EXIT);
}

/* -- Instruction breakpoints -- */

static void test_middle(bool user)
{
	struct regs r = user ? user_regs(sled) : kernel_regs(sled);

	test(user ? "exec: middle of a block, user" : "exec: middle of a block");
	go(&r);
	want_count(0);
	break_at(0, AT(sled_in), RW_EXEC, 1);
	for (u32 k = 0; k < 5; k++) {
		go(&r);
		want_count(1);
		want(0, AT(sled_in), B0);
		expect("RF as pushed", got.hit[0].eflags & RF, 0);
		expect("eax", stopped.r.eax, 15);
	}
	break_clear();
	go(&r);
	want_count(0);
}

static void test_loop(void)
{
	struct regs r = kernel_regs(count);

	test("exec: in a loop");
	r.ecx = 100;
	go(&r);
	break_at(1, AT(count_dec), RW_EXEC, 1);
	go(&r);
	want_count(100);
	want(0, AT(count_dec), B1);
	expect("ecx first", got.hit[0].ecx, 100);
	expect("ecx", got.hit[63].ecx, 37);
	break_at(2, AT(count_jnz), RW_EXEC, 1);
	go(&r);
	want_count(200);
	want(0, AT(count_dec), B1);
	want(1, AT(count_jnz), B2);
	break_clear();
	test("exec: the first of a loop");
	break_at(1, AT(count), RW_EXEC, 1);
	go(&r);
	want_count(100);
	break_clear();
}

/* By CALL, RET, Jcc and JMP. */
static void test_jumps(void)
{
	static char *const at[] = { jumps_leaf, jumps_back, jumps_jcc, jumps_end };
	struct regs r = kernel_regs(jumps);

	test("exec: jumped to");
	for (u32 k = 0; k < 4; k++)
		go(&r);
	for (u32 k = 0; k < 4; k++)
		break_at(k, AT(at[k]), RW_EXEC, 1);
	for (u32 pass = 0; pass < 4; pass++) {
		go(&r);
		want_count(4);
		for (u32 k = 0; k < 4; k++)
			want(k, AT(at[k]), 1u << k);
	}
	break_clear();
}

/* The same instruction again until somebody sets RF, which lasts for one instruction. */
static void set_rf_later(struct trap *t)
{
	if (got.hits % 3 == 0)
		t->eflags |= RF;
}

static void test_rf(void)
{
	struct regs r = kernel_regs(count);

	test("exec: without RF again and again");
	no_rf = true;
	on_hit = set_rf_later;
	r.ecx = 4;
	break_at(0, AT(count_dec), RW_EXEC, 1);
	go(&r);
	want_count(12);
	expect("ecx", got.hit[11].ecx, 1);
	no_rf = false;
	on_hit = 0;
	test("exec: RF at the start");
	r = kernel_regs(count_dec);
	r.eflags |= RF;
	r.ecx = 3;
	go(&r);
	want_count(2);
	break_clear();
}

/* An instruction with RF = 1 that faults: RF is pushed, so it does not break again. */
static u32 fault_flags;
static bool on_page_fault(struct trap *t)
{
	got.faults++;
	fault_flags = t->eflags;
	*pte(kernel_pd, WINDOW) |= P;
	invlpg(WINDOW);
	return true;
}

static void test_rf_fault(void)
{
	struct regs r = kernel_regs(store_l);

	test("exec: RF through a page fault");
	map(kernel_pd, WINDOW, page_new(), W);
	invlpg(WINDOW);
	on_trap[V_PF] = on_page_fault;
	r.ebx = WINDOW;
	break_at(0, AT(store_l), RW_EXEC, 1);
	break_at(1, WINDOW, RW_WRITE, 4);
	go(&r);
	want_count(2);
	expect("#PF", got.faults, 1);
	expect("RF as pushed by #PF", fault_flags & RF, RF);
	want(0, AT(store_l), B0);
	want(1, AT(store_l1), B1);
	on_trap[V_PF] = 0;
	break_clear();
}

/* Breakpoints as single steps: more sets than Loam has numbers. */
static void move_on(struct trap *t) { break_at(0, t->eip + 1, RW_EXEC, 1); }

static void test_moved(void)
{
	struct regs r = kernel_regs(sled);
	u32 first = AT(sled) + 2;		/* behind XOR: instructions of one byte */

	test("exec: moved while the code is warm");
	for (u32 turn = 0; turn < 3; turn++)
		for (u32 k = 0; k < 14; k++) {
			break_at(0, first + k, RW_EXEC, 1);
			go(&r);
			want_count(1);
			want(0, first + k, B0);
		}
	break_at(0, first, RW_EXEC, 1);
	test("exec: moved by its handler");
	on_hit = move_on;
	go(&r);
	expect("#DB", got.hits, 16);
	for (u32 k = 0; k < 15; k++)
		want(k, first + k, B0);
	on_hit = 0;
	break_clear();
	test("exec: a set that comes again");
	for (u32 k = 0; k < 6; k++) {
		break_at(0, first + k % 2, RW_EXEC, 1);
		go(&r);
		want_count(1);
	}
	break_clear();
}

/* Code on two pages, and an instruction over the page's end. */
static void test_pages(void)
{
	static const u8 code[] = { 0x90, 0xb8, 1, 2, 3, 4, 0x40, 0xcd, VEC_EXIT };
	struct regs r;
	u32 at = FREE + 2 * PAGE - 3;

	test("exec: over a page's end");
	memcpy((void *)at, code, sizeof(code));
	r = user_regs((void *)at);
	go(&r);
	break_at(0, at + 1, RW_EXEC, 1);
	break_at(1, at + 6, RW_EXEC, 1);
	break_at(2, at + 3, RW_EXEC, 1);	/* inside an instruction: never */
	for (u32 k = 0; k < 3; k++) {
		go(&r);
		want_count(2);
		want(0, at + 1, B0);
		want(1, at + 6, B1);
		expect("eax", stopped.r.eax, 0x04030202);
	}
	break_clear();
}

/* Blocks translated on the way. */
static u32 blocks_of(const struct regs *r, bool enable, u32 hits)
{
	u32 before, after;

	if (enable)
		break_at(3, AT(count_jnz), RW_EXEC, 1);
	before = have_counters() ? counter(C_BLOCKS) : 0;
	go(r);
	after = have_counters() ? counter(C_BLOCKS) : 0;
	break_clear();
	want_count(hits);
	return after - before;
}

static void test_disabled(void)
{
	struct regs r = kernel_regs(count);

	test("exec: no trace of it when disabled");
	r.ecx = 10;
	blocks_of(&r, false, 0);
	blocks_of(&r, true, 10);
	expect("blocks, disabled", blocks_of(&r, false, 0), 0);
	expect("blocks, the same set", blocks_of(&r, true, 10), 0);
	expect("blocks, disabled again", blocks_of(&r, false, 0), 0);
}

static void test_steps(void)
{
	struct regs r = kernel_regs(count);

	test("exec: and single steps");
	r.eflags |= TF;
	r.ecx = 2;
	go(&r);
	expect("steps", got.hits, 6);
	for (u32 k = 0; k < 6; k++)
		expect("BS", got.hit[k].dr6, BS);
	break_at(0, AT(count_dec), RW_EXEC, 1);
	go(&r);
	expect("#DB", got.hits, 8);
	want(0, AT(count_dec), BS);
	want(1, AT(count_dec), B0);
	want(2, AT(count_jnz), BS);
	break_clear();
}

/* RF stays for all iterations. */
static void test_rep(void)
{
	struct regs r = kernel_regs(rep_movs);

	test("exec: on a repeated instruction");
	r.esi = FREE;
	r.edi = FREE + 0x10000;
	r.ecx = 1000;
	break_at(0, AT(rep_movs), RW_EXEC, 1);
	go(&r);
	want_count(1);
	expect("ecx", stopped.r.ecx, 0);
	test("exec: on a repeated instruction with traps");
	break_at(1, FREE + 0x10010, RW_WRITE, 2);
	break_at(2, FREE + 0x10020, RW_WRITE, 2);
	go(&r);
	want_count(3);
	want(1, AT(rep_movs), B1);
	expect("RF in the middle", got.hit[1].eflags & RF, RF);
	want(2, AT(rep_movs), B2);
	break_clear();
}

static void test_rep_loop(void)
{
	struct regs r = kernel_regs(rep_loop);

	test("exec: on a repeated instruction in a loop");
	r.edi = FREE;
	r.edx = 40;
	break_at(0, AT(rep_loop_at), RW_EXEC, 1);
	go(&r);
	want_count(40);
	want(39, AT(rep_loop_at), B0);
	expect("edi", stopped.r.edi, FREE + 120);
	break_clear();
}

/* The interrupts' frames have RF, so it does not break again. */
enum { REPEATS = 200000 };
static u32 ticks, ticks_inside, ticks_rf;

static bool on_tick(struct trap *t)
{
	timer_eoi(TIMER_PIT);
	ticks++;
	if (t->eip == AT(rep_stos) && t->ecx && t->ecx < REPEATS) {
		ticks_inside++;
		ticks_rf += (t->eflags & RF) != 0;
	}
	return true;
}

static void test_rep_interrupted(void)
{
	struct regs r = kernel_regs(rep_stos);

	test("exec: on a repeated instruction, interrupted");
	timer_init();
	on_trap[VEC_PIT] = on_tick;
	r.edi = FREE;
	r.ecx = REPEATS;
	break_at(0, AT(rep_stos), RW_EXEC, 1);
	timer_periodic(1000);
	go(&r);
	timer_stop();
	want_count(1);
	expect("ecx", stopped.r.ecx, 0);
	expect("interrupted inside", ticks_inside > 2, 1);
	expect("with RF = 1", ticks_rf, ticks_inside);
	break_clear();
}

void test_exec(void)
{
	test_middle(false);
	test_middle(true);
	test_loop();
	test_jumps();
	test_rf();
	test_rf_fault();
	test_moved();
	test_pages();
	test_disabled();
	test_steps();
	test_rep();
	test_rep_loop();
	test_rep_interrupted();
}

void main(void)
{
	on_trap[V_DB] = on_debug;
	on_trap[VEC_PASS] = pass;
	write_cr4(read_cr4() | (has(CPUID_FXSR) ? 0x200 : 0) | (has(CPUID_DE) ? 8 : 0));
	break_clear();
	test_exec();
	test_data();
	test_strings();
	test_other();
	finish("debug");
}
