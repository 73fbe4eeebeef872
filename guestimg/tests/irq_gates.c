/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How interrupts go to their handlers: one that waits comes in the handler of another that leaves
 * IF alone, whatever that does; and how often the monitor is asked for.
 */
#include "guestimg/tests/irq.h"
#include "guestimg/tests/lib.h"

enum { C_EXITS_KICK = 29, C_INTERRUPTS = 33, TICKS = 200, PAIRS = 1500 };

static u64 *gate(u32 vector)
{
	struct pointer p;

	__asm__ volatile("sidt %0" : "=m"(p));
	return (u64 *)p.base + vector;
}

/* The PIT's, in the other one's handler. */
static bool on_second(struct trap *t)
{
	timer_eoi(TIMER_PIT);
	expect("in the first one's handler", t->eip, AT(jmp_self));
	expect("IF as pushed", t->eflags & IF, IF);
	return false;
}

/* Both wait until IF is set. The LAPIC's comes first, by a trap gate, and does not end. */
static void test_nested(void)
{
	struct regs r = kernel_regs(spin);
	u64 was = *gate(VEC_LAPIC);
	handler pit = on_trap[VEC_PIT];

	test("a trap gate's handler is interrupted");
	*gate(VEC_LAPIC) = gate_low(AT(jmp_self), KCODE, GATE_TRAP);
	on_trap[VEC_PIT] = on_second;
	timer_once(TIMER_LAPIC, 20);
	timer_once(TIMER_PIT, 40);
	while (!timer_waits())
		;
	run(&r);
	timer_eoi(TIMER_LAPIC);
	timer_stop();
	expect("vector", stopped.vector, VEC_PIT);
	*gate(VEC_LAPIC) = was;
	on_trap[VEC_PIT] = pit;
}

static u32 ticks;

static bool on_tick(struct trap *t)
{
	(void)t;
	timer_eoi(TIMER_PIT);
	return ++ticks < TICKS;
}

/* Exits for TICKS interrupts of code that goes round without end. */
static u32 exits_of_ticks(void)
{
	struct regs r = kernel_regs(dec_jnz);
	u32 kicks = counter(C_EXITS_KICK), taken = counter(C_INTERRUPTS);

	ticks = 0;
	timer_periodic(200);
	run(&r);
	timer_stop();
	kicks = counter(C_EXITS_KICK) - kicks;
	taken = counter(C_INTERRUPTS) - taken;
	expect("interrupts", taken, TICKS);
	return kicks;
}

/*
 * It leaves once for each interrupt, and the handler does not. By the clock on the wall the
 * monitor's own timers go off among them, too: now and then they do not.
 */
static void test_exits(void)
{
	handler pit = on_trap[VEC_PIT];
	u32 kicks = 0;

	test("one exit for each interrupt");
	if (!have_counters()) {
		skip("no counters");
		return;
	}
	on_trap[VEC_PIT] = on_tick;
	for (unsigned n = 0; n < 8 && (!n || kicks > TICKS + 4); n++)
		kicks = exits_of_ticks();
	expect("exits", kicks <= TICKS + 4 ? TICKS : kicks, TICKS);
	on_trap[VEC_PIT] = pit;
}

static bool on_other_tick(struct trap *t)
{
	(void)t;
	timer_eoi(TIMER_PIT);
	return true;
}

static bool on_random(struct trap *t)
{
	(void)t;
	timer_eoi(TIMER_LAPIC);
	if (++ticks == PAIRS)
		return false;		/* none is left that the next test would take */
	timer_once(TIMER_LAPIC, 30 + rnd() % 60);
	return true;
}

/* Of two timers one goes off, now and then, while the monitor sees to the other. */
static void test_two(void)
{
	struct regs r = kernel_regs(dec_jnz);
	handler pit = on_trap[VEC_PIT], lapic = on_trap[VEC_LAPIC];

	test("two timers");
	on_trap[VEC_PIT] = on_other_tick;
	on_trap[VEC_LAPIC] = on_random;
	ticks = 0;
	timer_periodic(53);
	timer_once(TIMER_LAPIC, 40);
	run(&r);
	timer_stop();
	expect("vector", stopped.vector, VEC_LAPIC);
	on_trap[VEC_PIT] = pit;
	on_trap[VEC_LAPIC] = lapic;
}

static bool last;

static bool on_again(struct trap *t)
{
	(void)t;
	timer_eoi(TIMER_LAPIC);
	if (!last)
		timer_once(TIMER_LAPIC, 30);
	return !last;
}

/* Code that has never run gets on, though a timer goes off sooner than it is looked at. */
static void test_fresh(void)
{
	enum { COPIES = 20, LENGTH = 60, ROOM = 64, INC_EAX = 0x40 };
	static const u8 leave[] = { 0xcd, VEC_EXIT };
	handler lapic = on_trap[VEC_LAPIC];
	u8 *code = (u8 *)FREE + 0x10000;
	struct regs r = kernel_regs(spin);

	test("fresh code, many interrupts");
	on_trap[VEC_LAPIC] = on_again;
	timer_once(TIMER_LAPIC, 30);
	for (u32 k = 0; k < COPIES; k++, code += ROOM) {
		struct regs at = kernel_regs((char *)code);

		memset(code, INC_EAX, LENGTH);
		memcpy(code + LENGTH, leave, sizeof(leave));
		at.eax = 0;
		run(&at);
		expect("instructions", stopped.r.eax, LENGTH);
	}
	last = true;
	run(&r);
	expect("vector", stopped.vector, VEC_LAPIC);
	timer_stop();
	on_trap[VEC_LAPIC] = lapic;
}

void test_gates(void)
{
	test_fresh();
	test_nested();
	test_two();
	test_exits();
}
