/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a program that runs instruction cases. Not how one is run, nor compared. */
#include "guestimg/base/cases.h"

#include "guestimg/base/com1.h"

struct tally tally;

void cases_begin(const struct cases *c, _Bool there, const char *cpu)
{
	if (!there) {
		print("FAIL ");
		print(c->program);
		print(": no results of a CPU\n");
		power_off(1);
	}
	print(c->program);
	print(": results of ");
	print(cpu);
	print("\n");
}

static void report(const char *program)
{
	if (tally.de_missing) {
		print(program);
		print(": ");
		print_dec(tally.de_missing);
		print(" cases: MXCSR.DE is not set\n");
	}
	print(program);
	print(": ");
	print_dec(tally.passed);
	print(" passed, ");
	print_dec(tally.failed);
	print(" failed, ");
	print_dec(tally.skipped);
	print(" skipped\n");
}

void cases_run(const struct cases *c)
{
	for (unsigned n = 0; n < c->count; n++) {
		if (!c->there(n))
			tally.skipped++;
		else if (c->good(n, tally.failed))
			tally.passed++;
		else
			tally.failed++;
	}
	report(c->program);
	power_off(tally.failed != 0);
}

void cases_lost(const char *program, unsigned long vector, unsigned long error, unsigned long ip)
{
	print("FAIL ");
	print(program);
	print(": exception in the image itself:");
	print_exception(vector, error, ip);
	power_off(1);
}
