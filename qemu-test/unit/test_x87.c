/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dbt/rt/x87 against the x87 of the build machine: random states through every instruction.
 * Not the numbers in depth (test_softfp.c).
 * Sources: dbt/rt/softfp_*.c dbt/rt/x87*.c. Host: x86-64 only.
 */
#include "qemu-test/fuzz/softfp_x87_cases.h"

int main(void)
{
	xt_fuzz(600000);
	printf("%lu transcendental results one unit apart from the CPU's, or in C1\n", xt_near);
	printf("%lu passed, %lu failed\n", xt_passed, xt_failed);
	return xt_failed != 0;
}
