/* SPDX-License-Identifier: BSD-2-Clause */
/* The reports of report.h, on COM1. Not those of the same programs on Linux. */
#include "guestimg/base/report.h"

#include "guestimg/base/com1.h"

static unsigned passed, failed;
static char name[80];
static _Bool bad, ignored;

static void end_test(void)
{
	if (!name[0])
		return;
	if (bad) {
		failed++;
	} else {
		passed++;
		print("ok ");
		print(name);
		print("\n");
	}
	name[0] = 0;
}

void test(const char *n)
{
	end_test();
	for (unsigned k = 0; k < sizeof(name) - 1 && (name[k] = n[k]); k++)
		;
	bad = ignored = 0;
}

_Bool expect(const char *what, unsigned long got, unsigned long want)
{
	if (got == want || ignored)
		return 1;
	if (!bad) {
		print("FAIL ");
		print(name);
		print(": ");
		print(what);
		print(" got ");
		print_hex(got);
		print(" want ");
		print_hex(want);
		print("\n");
	}
	bad = 1;
	return 0;
}

static void skip_for(const char *where, const char *why)
{
	print("skip ");
	print(name);
	print(": ");
	print(where);
	print(why);
	print("\n");
	name[0] = 0;
	ignored = 1;
}

void skip(const char *why)
{
	skip_for("", why);
}

/* Its signature in CPUID: "TCGTCGTCGTCG". */
_Bool in_tcg(void)
{
	unsigned a = 0x40000000, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b == 0x54474354;
}

_Bool not_in_tcg(const char *why)
{
	if (!in_tcg())
		return 0;
	skip_for("in TCG ", why);
	return 1;
}

void finish(const char *program)
{
	end_test();
	print(program);
	print(": ");
	print_dec(passed);
	print(" passed, ");
	print_dec(failed);
	print(" failed\n");
	power_off(failed != 0);
}

void lost(unsigned long vector, unsigned long error, unsigned long ip)
{
	print("FAIL exception in the program itself:");
	print_exception(vector, error, ip);
	failed++;
	finish("lost");
}
