/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters of passed and failed checks. See sys_check.h. */
#include "qemu-test/unit/sys_check.h"

static unsigned passed, failed;

void check_eq(u64 got, u64 want, const char *name, const char *what, int line)
{
	if (got == want) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL line %d: %s: %s: got 0x%llx, want 0x%llx\n", line, name, what,
	       (unsigned long long)got, (unsigned long long)want);
}

int check_done(void)
{
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
