/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts: they arrive in any code, find exact state, and leave it alone
 * (SDM vol. 3, 6.8; vol. 2, STI, MOV, HLT, REP). The timers run in one-shot
 * mode where a lost interrupt must show: then the test never ends.
 */
#include "guestimg/tests/irq.h"
#include "guestimg/tests/lib.h"

static struct {
	u32 left, count;		/* to come; have come */
	u32 lo, hi;			/* where EIP may be, in [lo, hi) */
	enum timer timer;
	u32 us;				/* 0: the next one is not asked for */
	void (*look)(const struct trap *t);
} irq;

static u32 random_us(void) { return irq.us ? irq.us / 2 + rnd() % irq.us : 0; }

static bool on_timer(struct trap *t)
{
	timer_eoi(irq.timer);
	irq.count++;
	if (t->eip < irq.lo || t->eip >= irq.hi)
		expect("eip outside the code", t->eip, irq.lo);
	expect("IF as pushed", t->eflags & IF, IF);
	if (irq.look)
		irq.look(t);
	if (!--irq.left)
		return false;
	if (irq.us)
		timer_once(irq.timer, random_us());
	return true;
}

static bool pass(struct trap *t)
{
	(void)t;
	return true;
}

/* Run code [lo, hi) and interrupt it n times, once each `us` or so. */
static void interrupt(const struct regs *r, const char *hi, u32 n, u32 us)
{
	irq.lo = r->eip;
	irq.hi = AT(hi);
	irq.left = n;
	irq.count = 0;
	irq.us = us;
	if (us)
		timer_once(irq.timer, random_us());
	run(r);
	timer_stop();
}

/* -- Loops ---------------------------------------------------------------------- */

struct loop { const char *name; const char *code, *end; };
#define X(name) { #name, name, name##_end },
static const struct loop loops[] = { IRQ_LOOPS(X) };
#undef X

static bool same(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return *a == *b;
}

static bool kernel_only(const char *name)
{
	return same(name, "iret_loop") || same(name, "hlt_loop") || same(name, "in_loop");
}

static bool on_ring(const char *name)
{
	return same(name, "ret_ring") || same(name, "ret3_ring") || same(name, "call_self") ||
	       same(name, "call_reg");
}

/* The stack that wraps, full of addresses in the code. */
static void fill_ring(const struct loop *l)
{
	u32 *at = (u32 *)STACK16, size = AT(l->end) - AT(l->code);

	for (u32 k = 0; k < 0x4000; k++)
		at[k] = AT(l->code) + (same(l->name, "ret3_ring") ? k % size : 0);
}

static struct regs loop_regs(const struct loop *l, bool kernel)
{
	struct regs r = kernel ? kernel_regs(l->code) : user_regs(l->code);
	static u32 scratch[64];

	r.eax = AT(l->code);
	r.ebx = AT(scratch);
	r.ecx = 0x80000001;
	r.edx = 0x12345678;
	r.esi = AT(calls_leaf);
	r.edi = AT(scratch);
	r.ebp = 0xdeadbeef;
	if (same(l->name, "jcc_self"))
		r.eflags |= ZF;
	if (on_ring(l->name)) {
		fill_ring(l);
		r.ss = USTACK16;
		r.esp = 0;
	}
	return r;
}

static const char *title(const char *what, const char *name, const char *how)
{
	static char buf[64];
	char *p = buf;

	for (; *what; )
		*p++ = *what++;
	for (*p++ = ' '; *name; )
		*p++ = *name++;
	for (*p++ = ' '; *how; )
		*p++ = *how++;
	*p = 0;
	return buf;
}

static void test_loop(const struct loop *l, bool kernel, enum timer timer)
{
	struct regs r = loop_regs(l, kernel);

	test(title(timer == TIMER_PIT ? "PIT" : "LAPIC", l->name, kernel ? "cpl0" : "cpl3"));
	irq.timer = timer;
	irq.look = 0;
	interrupt(&r, l->end, 20, 150);
	expect("interrupts", irq.count, 20);
	expect("ebp", stopped.r.ebp, 0xdeadbeef);
	if (on_ring(l->name))
		expect("esp aligned", stopped.r.esp & 3, 0);
	else if (!kernel && !same(l->name, "calls"))
		expect("esp", r.esp - stopped.r.esp < 16, 1);
}

static void test_loops(enum timer timer)
{
	for (u32 k = 0; k < COUNT(loops); k++) {
		if (!kernel_only(loops[k].name))
			test_loop(&loops[k], false, timer);
		if (!on_ring(loops[k].name) && !same(loops[k].name, "far_jmp"))
			test_loop(&loops[k], true, timer);
	}
}

/* -- Exact state ------------------------------------------------------------------ */

static u32 parity(u32 v)
{
	v ^= v >> 4;
	return 0x6996 >> (v & 15) & 1 ? 0 : PF;
}

static u32 szp(u32 r) { return (r >> 31 ? SF : 0) | (r ? 0 : ZF) | parity(r & 0xff); }

static u32 add_ref(u32 a, u32 b)
{
	u32 r = a + b;

	return szp(r) | (r < a ? CF : 0) | ((a ^ b ^ r) & AF) |
	       ((a ^ r) & (b ^ r) & 0x80000000 ? OF : 0);
}

static u32 sub_ref(u32 a, u32 b)
{
	u32 r = a - b;

	return szp(r) | (a < b ? CF : 0) | ((a ^ b ^ r) & AF) |
	       ((a ^ b) & (a ^ r) & 0x80000000 ? OF : 0);
}

#define FIRST 0x89abcdefu		/* EAX when nothing has been done yet */

static void look_add(const struct trap *t)
{
	if (t->eax != FIRST)
		expect("flags of add", t->eflags & ARITH, add_ref(t->eax - t->ebx, t->ebx));
}

static void look_sub(const struct trap *t)
{
	if (t->eax != FIRST)
		expect("flags of sub", t->eflags & ARITH, sub_ref(t->eax + t->ebx, t->ebx));
}

static void look_inc(const struct trap *t)
{
	if (t->eax != FIRST)
		expect("flags of inc", t->eflags & ARITH, (add_ref(t->eax - 1, 1) & ~CF) | CF);
}

static void look_triple(const struct trap *t)
{
	expect("ebx", t->ebx, t->eax - (t->eip == AT(triple_1)));
	expect("edx", t->edx, t->eax - (t->eip == AT(triple_1) || t->eip == AT(triple_2)));
	expect("eflags but arithmetic", t->eflags & ~ARITH, IF | 2);
}

static void test_state(const char *name, const char *code, const char *end,
		       void (*look)(const struct trap *t))
{
	for (int kernel = 0; kernel < 2; kernel++) {
		struct regs r = kernel ? kernel_regs(code) : user_regs(code);

		test(title("state", name, kernel ? "cpl0" : "cpl3"));
		r.eax = look == look_triple ? 0 : FIRST;
		r.ebx = look == look_triple ? 0 : 0x12345677;
		r.eflags |= CF;
		irq.look = look;
		interrupt(&r, end, 100, 100);
		expect("interrupts", irq.count, 100);
	}
	irq.look = 0;
}

/* -- Repeated strings -------------------------------------------------------------- */

static struct { u32 edi, esi, ecx, size, inside; int step; bool src, dst; const u8 *at; } str;

static u32 done(const struct trap *t) { return (str.ecx - t->ecx) * (u32)str.step * str.size; }

static void look_string(const struct trap *t)
{
	if (t->eip != irq.lo) {
		expect("not at the end yet: ecx", t->ecx, 0);
		return;
	}
	if (t->ecx != str.ecx && t->ecx)
		str.inside++;
	if (str.dst)
		expect("edi", t->edi, str.edi + done(t));
	if (str.src)
		expect("esi", t->esi, str.esi + done(t));
}

/* What was written ends exactly at EDI. */
static void look_stores(const struct trap *t)
{
	u32 n = str.ecx - t->ecx;
	const u8 *next = (const u8 *)t->edi, *last = next - str.step * (int)str.size;

	look_string(t);
	if (n && *last != str.at[0])
		expect("stored before edi", *last, str.at[0]);
	if (t->ecx && *next == str.at[0])
		expect("stored at edi already", *next, 0);
}

static void string(const char *name, const char *code, const char *end, struct regs r, u32 size)
{
	test(title("rep", name, "interrupted"));
	str.edi = r.edi;
	str.esi = r.esi;
	str.ecx = r.ecx;
	str.size = size;
	str.inside = 0;
	r.eip = AT(code);
	irq.timer = TIMER_PIT;
	interrupt(&r, end + 2, ~0u, 50);
	irq.look = 0;
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("ecx", stopped.r.ecx, 0);
	if (str.inside < 3)
		expect("interrupted inside", str.inside, 3);
	if (str.dst)
		expect("last edi", stopped.r.edi, r.edi + r.ecx * (u32)str.step * size);
	if (str.src)
		expect("last esi", stopped.r.esi, r.esi + r.ecx * (u32)str.step * size);
}

static void test_stos(void)
{
	struct regs r = user_regs(rep_stosl);
	static const u8 value = 0x5a;

	str.step = 1;
	str.src = false;
	str.dst = true;
	str.at = &value;
	irq.look = look_stores;
	r.edi = 0x2000000;
	r.ecx = 0x1000000;		/* 64 MiB */
	r.eax = 0x5a5a5a5a;
	string("stosl", rep_stosl, rep_stosl_end, r, 4);
	for (u32 at = r.edi; at < r.edi + 4 * r.ecx; at += 4 * 1021)
		if (!expect("memory", *(u32 *)at, r.eax))
			break;
	expect("behind", *(u32 *)(r.edi + 4 * r.ecx), 0);

	r = kernel_regs(rep_stosb_down);
	r.eflags |= DF;
	str.step = -1;
	irq.look = look_stores;
	r.eax = 0xa5;
	r.ecx = 0x400000;
	r.edi = 0x2000000 + r.ecx - 1;
	str.at = (const u8 *)"\xa5";
	string("stosb down", rep_stosb_down, rep_stosb_down_end, r, 1);
	expect("first", *(u8 *)0x2000000, 0xa5);
	expect("behind", *(u8 *)0x2400000, 0x5a);
}

static void test_strings(void)
{
	struct regs r = user_regs(rep_movsb);
	u8 *from = (u8 *)0x3000000, *to = (u8 *)0x4000000;

	for (u32 k = 0; k < 0x400000; k += 4)
		*(u32 *)(from + k) = rnd();
	str.step = 1;
	str.src = str.dst = true;
	irq.look = look_string;
	r.esi = AT(from);
	r.edi = AT(to);
	r.ecx = 0x400000;
	string("movsb", rep_movsb, rep_movsb_end, r, 1);
	expect("copied", (u32)memcmp(from, to, 0x400000), 0);
	r.eflags |= ZF;
	irq.look = look_string;
	string("cmpsb", rep_cmpsb, rep_cmpsb_end, r, 1);
	str.dst = false;
	irq.look = look_string;
	r.esi = 0x2000000;
	r.ecx = 0x4000000;
	string("lodsb", rep_lodsb, rep_lodsb_end, r, 1);
	str.src = false;
	str.dst = true;
	memset(to, 7, 0x400000);
	r.ecx = 0x400000;
	r.eax = 8;
	irq.look = look_string;
	string("scasb", rep_scasb, rep_scasb_end, r, 1);
}

/* -- Shadows ------------------------------------------------------------------------ */

/* With interrupts off and one waiting: where does it come, and how many instructions late? */
static void shadow(const char *name, const char *code, const char *end, u32 eax)
{
	struct regs r = kernel_regs(code);

	test(title("shadow", name, ""));
	r.eflags = 2;
	r.ecx = 100000;
	irq.timer = TIMER_PIT;
	timer_once(TIMER_PIT, 20);
	while (!timer_waits())
		;
	interrupt(&r, end, 1, 0);
	if (eax != ~0u) {
		expect("vector", stopped.vector, VEC_PIT);
		expect("instructions before", stopped.r.eax, eax);
	} else {
		expect("vector", stopped.vector, VEC_EXIT);
		expect("interrupts", irq.count, 0);
	}
}

static const char *never;		/* EIP never here */

static void look_never(const struct trap *t)
{
	if (t->eip == AT(never))
		expect("in the shadow", t->eip, 0);
}

static void look_only(const struct trap *t) { expect("eip", t->eip, AT(never)); }

static void place(const char *name, const char *code, const char *end, const char *at,
		  void (*look)(const struct trap *t), u32 n)
{
	struct regs r = kernel_regs(code);

	test(title("shadow", name, "places"));
	if (look == look_only)
		r.eflags = 2;
	r.ebx = KDATA;
	never = at;
	irq.look = look;
	interrupt(&r, end, n, 60);
	irq.look = 0;
	expect("interrupts", irq.count, n);
}

/*
 * STI and HLT in code that has never run: the timer comes while it is looked at for the first time.
 * It must find the CPU halted, or nothing would ever wake it.
 */
static void test_fresh_hlt(void)
{
	enum { COPIES = 500 };
	u8 *copy = (u8 *)FREE;

	test("shadow sti_hlt in fresh code");
	irq.look = look_only;
	irq.timer = TIMER_LAPIC;
	for (u32 k = 0; k < COPIES; k++, copy += 16) {
		struct regs r = kernel_regs(copy);

		memcpy(copy, sti_hlt, AT(sti_hlt_end) - AT(sti_hlt));
		r.eflags = 2;
		irq.us = 0;
		irq.left = 1;
		irq.lo = 0;
		irq.hi = ~0u;
		never = (char *)copy + 2;
		timer_once(irq.timer, 1 + rnd() % 200);
		run(&r);
		expect("vector", stopped.vector, VEC_LAPIC);
	}
	timer_stop();
	irq.look = 0;
}

static u32 steps, step_eip[8];

static bool on_step(struct trap *t)
{
	if (steps < COUNT(step_eip))
		step_eip[steps++] = t->eip - AT(mov_ss_tf);
	return true;
}

static void test_trap_shadow(void)
{
	struct regs r = kernel_regs(mov_ss_tf);

	test("shadow mov_ss and TF");
	on_trap[V_DB] = on_step;
	r.ebx = KDATA;
	r.eflags = 2 | TF;
	run(&r);
	on_trap[V_DB] = 0;
	expect("traps", steps, 2);	/* behind each INC; INT clears TF before its end */
	expect("first trap", step_eip[0], 3);
	expect("second trap", step_eip[1], 4);
}

static void test_shadows(void)
{
	shadow("sti_inc", sti_inc, sti_inc_end, 1);
	shadow("sti_hlt", sti_hlt, sti_hlt_end, 0);
	shadow("sti_cli", sti_cli, sti_cli_end, ~0u);
	shadow("sti_sti", sti_sti, sti_sti_end, 0);
	shadow("popf_inc", popf_inc, popf_inc_end, 0);
	shadow("iret_inc", iret_inc, iret_inc_end, 0);
	place("sti_nop_cli", sti_nop_cli, sti_nop_cli_end, sti_nop_cli_in, look_only, 50);
	place("popf_cli", popf_cli, popf_cli_end, popf_cli_in, look_only, 50);
	place("mov_ss", mov_ss, mov_ss_end, mov_ss_in, look_never, 300);
	place("pop_ss", pop_ss, pop_ss_end, pop_ss_in, look_never, 300);
	test_trap_shadow();
	test_fresh_hlt();
}

static u32 woken;

/* Before HLT it may come if the timer was faster than we. */
static void look_hlt(const struct trap *t)
{
	woken += t->eip == AT(hlt_loop) + 1;
}

/* An idle CPU is woken each time, and goes on behind HLT. */
static void test_hlt(void)
{
	struct regs r = kernel_regs(hlt_loop);

	for (enum timer t = TIMER_PIT; t <= TIMER_LAPIC; t++) {
		test(t == TIMER_PIT ? "hlt wakes, PIT" : "hlt wakes, LAPIC");
		irq.timer = t;
		irq.look = look_hlt;
		woken = 0;
		interrupt(&r, hlt_loop_end, 200, 300);
		expect("interrupts", irq.count, 200);
		expect("most behind HLT", woken > 100, 1);
	}
	irq.look = 0;
}

/* -- The checksum ------------------------------------------------------------------- */

static u32 sum_table[256];

static struct regs sum_regs(u32 count, bool user)
{
	struct regs r = user ? user_regs(sum) : kernel_regs(sum);

	r.esi = AT(sum_table);
	r.ecx = count;
	r.eax = 0x01234567;
	r.ebx = 0x89abcdef;
	r.edx = 0x13579bdf;
	r.ebp = 0x2468ace0;
	r.edi = 0;
	r.eflags = 2;
	return r;
}

static void compare_sum(const struct regs *want)
{
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("eax", stopped.r.eax, want->eax);
	expect("ebx", stopped.r.ebx, want->ebx);
	expect("ecx", stopped.r.ecx, want->ecx);
	expect("edx", stopped.r.edx, want->edx);
	expect("esi", stopped.r.esi, want->esi);
	expect("edi", stopped.r.edi, want->edi);
	expect("ebp", stopped.r.ebp, want->ebp);
	expect("flags", stopped.r.eflags & ARITH, want->eflags & ARITH);
}

/* Runs of `count` rounds with interrupts all the time, until n came; each must end as `want`. */
static void sum_interrupted(const struct regs *want, u32 count, bool user, u32 n)
{
	u32 total = 0;

	irq.timer = TIMER_PIT;
	irq.lo = AT(sum);
	irq.hi = AT(sum_end);
	irq.us = 0;
	while (total < n) {
		struct regs r = sum_regs(count, user);

		r.eflags |= IF;
		irq.left = ~0u;
		irq.count = 0;
		timer_periodic(60);
		run(&r);
		timer_stop();
		total += irq.count;
		compare_sum(want);
	}
}

static void test_sum(void)
{
	enum { ROUNDS = 200000 };
	struct regs r = sum_regs(ROUNDS, false), want;

	for (u32 k = 0; k < COUNT(sum_table); k++)
		sum_table[k] = rnd();
	run(&r);
	want = stopped.r;
	test("9000 interrupts in a checksum, cpl0");
	sum_interrupted(&want, ROUNDS, false, 9000);
	test("1000 interrupts in a checksum, cpl3");
	sum_interrupted(&want, ROUNDS, true, 1000);
}

/* -- IF off: nothing comes ----------------------------------------------------------- */

static void test_masked(void)
{
	struct regs r = kernel_regs(spin);

	test("nothing while IF is off");
	r.ecx = 3000000;
	r.eflags = 2;
	irq.count = 0;
	irq.left = ~0u;
	irq.us = 0;
	timer_periodic(100);
	run(&r);
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("interrupts", irq.count, 0);
	expect("one waits", timer_waits(), 1);
	timer_stop();
}

void main(void)
{
	timer_init();
	on_trap[VEC_PIT] = on_timer;
	on_trap[VEC_LAPIC] = on_timer;
	on_trap[VEC_PASS] = pass;
	test_loops(TIMER_PIT);
	test_loops(TIMER_LAPIC);
	test_rings(TIMER_PIT);
	test_rings(TIMER_LAPIC);
	irq.timer = TIMER_LAPIC;
	test_state("add", add_flags, add_flags_end, look_add);
	test_state("sub", sub_flags, sub_flags_end, look_sub);
	test_state("inc", inc_flags, inc_flags_end, look_inc);
	test_state("triple", triple, triple_end, look_triple);
	test_stos();
	test_strings();
	test_gates();
	test_shadows();
	test_hlt();
	test_masked();
	test_sum();
	finish("irq");
}
