/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports and random numbers of the test programs that run on Linux. Not traps. */
#include <stdio.h>
#include <stdlib.h>

#include "guestimg/tests/lib.h"

static const char *name;
static u32 passed, failed;
static bool bad;

static void end_test(void)
{
	if (name) {
		printf(bad ? "" : "ok %s\n", name);
		passed += !bad;
		failed += bad;
	}
	name = 0;
}

void test(const char *n)
{
	end_test();
	name = n;
	bad = false;
}

bool expect(const char *what, unsigned long got, unsigned long want)
{
	if (got != want && !bad)
		printf("FAIL %s: %s got %08lx want %08lx\n", name, what, got, want);
	bad |= got != want;
	return got == want;
}

void skip(const char *why)
{
	printf("skip %s: %s\n", name, why);
	name = 0;
}

void finish(const char *program)
{
	end_test();
	printf("%s: %u passed, %u failed\n", program, passed, failed);
	exit(failed != 0);
}

unsigned rnd(void) { return (unsigned)rand(); }
