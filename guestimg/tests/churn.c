/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several CPUs that run more code than the translator's cache holds (loam.cfg: code_cache = 1M):
 * each has functions of its own, no two alike, and calls them one by one, again and again; so all
 * translate and evict side by side. What a function returns is known. Evictions must have happened.
 * Then the first one does less than the others, and waits for them with interrupts off, where no
 * event comes from: the others must get on.
 */
#include "guestimg/tests/cpus.h"

enum { FUNCTIONS = 2048, SLOT = 128, STEPS = 6, UNEVEN = 8, EACH = FUNCTIONS * SLOT,
	CODE = FREE + 0x800000 };

static u32 wrong[CPUS_MAX];

static u32 scatter(u32 x)
{
	x = (x ^ x >> 16) * 0x45d9f3b;
	x = (x ^ x >> 16) * 0x45d9f3b;
	return x ^ x >> 16;
}

static u32 at(u32 cpu, u32 function) { return CODE + cpu * EACH + function * SLOT; }

static u8 *put(u8 *p, u8 op, u32 imm)
{
	*p = op;
	memcpy(p + 1, &imm, sizeof(imm));
	return p + 1 + sizeof(imm);
}

/* ADD EAX, n; XOR EAX, n; ROL EAX, 1; … RET */
static void make(u32 cpu, u32 function)
{
	u8 *p = (u8 *)at(cpu, function);

	for (u32 k = 0; k < STEPS; k++) {
		u32 n = scatter(at(cpu, function) + k);

		p = put(p, 0x05, n);
		p = put(p, 0x35, ~n);
		*p++ = 0xd1;
		*p++ = 0xc0;
	}
	*p = 0xc3;
}

static u32 model(u32 cpu, u32 function, u32 eax)
{
	for (u32 k = 0; k < STEPS; k++) {
		u32 n = scatter(at(cpu, function) + k);

		eax = (eax + n) ^ ~n;
		eax = eax << 1 | eax >> 31;
	}
	return eax;
}

static u32 call(u32 cpu, u32 function, u32 eax)
{
	__asm__ volatile("call *%1" : "+a"(eax) : "r"(at(cpu, function)) : "cc", "memory");
	return eax;
}

/* Some functions, from the first one on. */
static void call_some(u32 cpu, u32 n, u32 eax)
{
	for (u32 f = 0; f < n; f++)
		wrong[cpu] += call(cpu, f, eax) != model(cpu, f, eax);
}

static void part(u32 cpu)
{
	irqs_off();
	for (u32 f = 0; f < FUNCTIONS; f++)
		make(cpu, f);
	meet();
	for (u32 round = 0; round < ROUNDS; round++)
		call_some(cpu, FUNCTIONS, round);
}

static void lopsided(u32 cpu)
{
	irqs_off();
	for (u32 n = 0; n < UNEVEN; n++) {
		call_some(cpu, cpu ? FUNCTIONS / 2 : FUNCTIONS / 4 + n * FUNCTIONS / 64, n);
		meet();
	}
}

int main(void);
int main(void)
{
	cpus_start("churn");
	together(part);
	test("functions of all CPUs");
	for (u32 k = 0; k < cpus; k++)
		expect("wrong results", wrong[k], 0);
	together(lopsided);
	test("one CPU waits");
	for (u32 k = 0; k < cpus; k++)
		expect("wrong results", wrong[k], 0);
	test("evictions");
	if (have_counters())
		expect("were there any", counter(C_EVICTIONS) > 0, 1);
	else
		skip("no counters");
	finish("churn");
}
