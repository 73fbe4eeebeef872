/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several CPUs that run one function together. How many there are says fw_cfg, as SeaBIOS asks it.
 * Invariant: only the first one reports, but for an exception that nobody expects.
 */
#include "guestimg/base/cpus.h"

#include "guestimg/base/com1.h"
#include "guestimg/base/io.h"
#include "guestimg/base/report.h"

enum { FW_CFG = 0x510, NB_CPUS = 5 };

unsigned cpus;

static const char *program_name;
static volatile unsigned alive[CPUS_MAX], turn, done;
static void (*volatile job)(unsigned cpu);
static volatile unsigned come, meeting;

unsigned me(void) { return *apic(APIC_ID) >> 24; }

void stuck(const char *where)
{
	print("FAIL stuck: ");
	print(where);
	print("\n");
	test("stuck");
	expect(where, 0, 1);
	finish(program_name);
}

static _Bool wait_long(volatile unsigned *p, unsigned want, unsigned long long limit)
{
	unsigned long long begin = rdtsc();

	while (*p != want)
		if (pause(), rdtsc() - begin > limit)
			return 0;
	return 1;
}

_Bool wait_for(volatile unsigned *p, unsigned want) { return wait_long(p, want, LIMIT); }

static void apic_on(void)
{
	*apic(APIC_SVR) = 0x1ff;
	*apic(APIC_TPR) = 0;
}

/* It begins with the turn after that in which it was started. */
void ap_main(unsigned cs, unsigned edx)
{
	unsigned k = me(), seen = turn;

	(void)cs, (void)edx;
	apic_on();
	lock_xadd(&alive[k], 1);
	for (;;) {
		irqs_on();
		while (turn == seen)
			pause();
		seen++;
		job(k);
		lock_xadd(&done, 1);
	}
}

void together_begin(void (*f)(unsigned cpu))
{
	job = f;
	done = 0;
	turn++;
}

void together(void (*f)(unsigned cpu))
{
	together_begin(f);
	f(0);
	irqs_off();
	if (!wait_long(&done, cpus - 1, 20 * LIMIT))
		stuck("a CPU has not come back");
}

void meet(void)
{
	unsigned was = meeting;

	if (lock_xadd(&come, 1) == cpus - 1) {
		come = 0;
		meeting = was + 1;
	} else if (!wait_long(&meeting, was + 1, 20 * LIMIT)) {
		stuck("not all CPUs have met");
	}
}

void cpu_start(unsigned cpu)
{
	unsigned before = alive[cpu];

	send(cpu, INIT);
	delay(200);
	send(cpu, SIPI | AP_PAGES);
	if (!wait_for(&alive[cpu], before + 1))
		stuck("a CPU does not start");
}

void cpus_start(const char *program)
{
	program_name = program;
	apic_on();
	*apic(APIC_LVT_LINT0) = 0x10000;
	outw(FW_CFG, NB_CPUS);
	cpus = inb(FW_CFG + 1);
	print("cpus: ");
	print_dec(cpus);
	print("\n");
	if (cpus < 2 || cpus > CPUS_MAX)
		stuck("2 to 4 CPUs are wanted");
	ap_put_code();
	for (unsigned k = 1; k < cpus; k++)
		cpu_start(k);
}
