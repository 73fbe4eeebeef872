/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of a native unit test: each prints FAIL with place, values and name if it does
 * not hold. Not a framework: a test is a main() that ends with `return check_done();`.
 */
#ifndef UNIT_CHECK_H
#define UNIT_CHECK_H

#include <stdio.h>
#include <string.h>

#include "kernel/lib/types.h"

static unsigned check_passed, check_failed;

#define CHECK_EQ(got, want, name) \
	check_eq((u64)(got), (u64)(want), (name), __FILE__, __LINE__)
#define CHECK(cond, name) CHECK_EQ(!!(cond), 1, name)

static inline void check_eq(u64 got, u64 want, const char *name, const char *file, int line)
{
	if (got == want) {
		check_passed++;
		return;
	}
	check_failed++;
	printf("FAIL %s:%d: %s: got 0x%llx, want 0x%llx\n", file, line, name,
	       (unsigned long long)got, (unsigned long long)want);
}

static inline int check_done(void)
{
	printf("%u passed, %u failed\n", check_passed, check_failed);
	return check_failed || !check_passed;
}

#endif
