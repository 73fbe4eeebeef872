/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * More code than the translator's cache holds (loam.cfg: code_cache = 1M): functions that no two
 * of are alike, called one by one, as chains of calls and of jumps, rewritten in between, and
 * interrupted. Each works out a number that model() knows. Evictions must have happened.
 */
#include "guestimg/tests/lib.h"

enum { FUNCTIONS = 4096, RANDOM = 2048, SLOT = 128, STEPS = 6, STACK_TOP = FREE + 0x400000,
	CODE = FREE + 0x800000 };
enum kind { RET, CALL_NEXT, JUMP_NEXT };

struct step { u32 add, xor, rol; };
static u32 salt[FUNCTIONS];		/* what makes a function what it is */

static u32 mix(u32 x)
{
	x = (x ^ x >> 16) * 0x45d9f3b;
	x = (x ^ x >> 16) * 0x45d9f3b;
	return x ^ x >> 16;
}

static struct step step_of(u32 function, u32 n)
{
	u32 x = mix(salt[function] + n * 0x9e3779b9);

	return (struct step){ x, mix(x), 1 + mix(x + 1) % 31 };
}

static u32 slot(u32 function) { return CODE + function * SLOT; }

/* -- What a function does ------------------------------------------------------------------- */

static u32 model(u32 function, u32 eax)
{
	for (u32 n = 0; n < STEPS; n++) {
		struct step s = step_of(function, n);

		eax = (eax + s.add) ^ s.xor;
		eax = eax << s.rol | eax >> (32 - s.rol);
	}
	return eax;
}

static u8 *put(u8 *at, u8 op, u32 imm)
{
	*at = op;
	memcpy(at + 1, &imm, 4);
	return at + 5;
}

/* RET: steps, ret. CALL_NEXT: steps, call the next one, inc eax, ret. JUMP_NEXT: steps, jmp. */
static void make(u32 function, enum kind kind)
{
	u8 *at = (u8 *)slot(function);
	bool last = function == FUNCTIONS - 1;

	for (u32 n = 0; n < STEPS; n++) {
		struct step s = step_of(function, n);

		at = put(put(at, 0x05, s.add), 0x35, s.xor);
		*at++ = 0xc1;
		*at++ = 0xc0;
		*at++ = (u8)s.rol;
	}
	if (kind != RET && !last)
		at = put(at, kind == CALL_NEXT ? 0xe8 : 0xe9, slot(function + 1) - (AT(at) + 5));
	if (kind == CALL_NEXT)
		*at++ = 0x40;
	*at = 0xc3;
}

static void make_all(enum kind kind)
{
	for (u32 k = 0; k < FUNCTIONS; k++) {
		salt[k] = rnd();
		make(k, kind);
	}
}

static u32 call(u32 function, u32 eax)
{
	__asm__ volatile("call *%1" : "+a"(eax) : "r"(slot(function)) : "memory", "cc");
	return eax;
}

/* -- Tests ---------------------------------------------------------------------------------- */

static u32 evictions;

static void start(const char *name)
{
	test(name);
	evictions = have_counters() ? counter(C_EVICTIONS) : 0;
}

static void expect_evictions(u32 least)
{
	if (have_counters())
		expect("evictions", counter(C_EVICTIONS) - evictions >= least, 1);
}

static void test_one_by_one(void)
{
	start("4096 functions, twice");
	make_all(RET);
	for (u32 round = 0; round < 2; round++)
		for (u32 k = 0; k < FUNCTIONS; k++)
			expect("eax", call(k, k + round), model(k, k + round));
	expect_evictions(8);
	start("4096 functions at random");
	for (u32 n = 0; n < RANDOM; n++) {
		u32 k = rnd() % FUNCTIONS;

		expect("eax", call(k, n), model(k, n));
	}
	expect_evictions(2);
}

/* Rewritten when its block is there, or was evicted, or never was. */
static void test_rewritten(void)
{
	start("functions rewritten at random");
	for (u32 n = 0; n < RANDOM; n++) {
		u32 k = rnd() % FUNCTIONS, other = rnd() % FUNCTIONS;

		salt[other] = rnd();
		make(other, RET);
		expect("eax", call(k, n), model(k, n));
		expect("eax of the new one", call(other, n), model(other, n));
	}
	expect_evictions(2);
}

/* All of them as one program in user mode, on a stack of its own. */
static void chain(u32 eax, u32 want, u32 flags)
{
	static const u8 begin[] = { 0xff, 0xd3, 0xcd, VEC_EXIT };	/* call *%ebx; int */
	struct regs r = user_regs(begin);

	r.eax = eax;
	r.ebx = slot(0);
	r.esp = STACK_TOP;
	r.eflags |= flags;
	run(&r);
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("eip", stopped.r.eip, AT(begin) + 4);
	expect("esp", stopped.r.esp, STACK_TOP);
	expect("eax", stopped.r.eax, want);
}

static u32 chain_model(u32 eax, enum kind kind)
{
	for (u32 k = 0; k < FUNCTIONS; k++)
		eax = model(k, eax);
	return eax + (kind == CALL_NEXT ? FUNCTIONS : 0);
}

static u32 ticks;

static bool on_tick(struct trap *t)
{
	(void)t;
	timer_eoi(TIMER_PIT);
	ticks++;
	return true;
}

static void test_chains(void)
{
	start("4096 calls deep, and back");
	make_all(CALL_NEXT);
	for (u32 n = 0; n < 2; n++)
		chain(n, chain_model(n, CALL_NEXT), 0);
	expect_evictions(8);
	start("4096 jumps");
	make_all(JUMP_NEXT);
	for (u32 n = 0; n < 2; n++)
		chain(n, chain_model(n, JUMP_NEXT), 0);
	expect_evictions(8);
	start("4096 jumps with interrupts");
	timer_init();
	on_trap[VEC_PIT] = on_tick;
	timer_periodic(1000);
	chain(1, chain_model(1, JUMP_NEXT), IF);
	timer_stop();
	expect("interrupts came", ticks > 10, 1);
	expect_evictions(4);
}

void main(void)
{
	test_one_by_one();
	test_rewritten();
	test_chains();
	test("evictions are counted");
	if (have_counters())
		expect("evicted blocks", counter(C_EVICTED) > FUNCTIONS, 1);
	else
		skip("no counters");
	finish("evict");
}
