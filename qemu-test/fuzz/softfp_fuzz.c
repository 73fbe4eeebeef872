/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long random comparison of dbt/fp/softfp and dbt/fp/x87 with the x87 of the build machine.
 * Usage: softfp_fuzz [comparisons, default 20 million [seed]]. Exit status 1 on any difference.
 * Sources: dbt/fp/softfp_*.c dbt/fp/x87*.c. Host: x86-64 only.
 */
#include "qemu-test/fuzz/softfp_cases.h"
#include "qemu-test/fuzz/softfp_x87_cases.h"

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000000;
	if (argc > 2)
		oracle_seed ^= strtoull(argv[2], NULL, 0) * 0x9e3779b97f4a7c15ull;
	if (!oracle_seed)
		oracle_seed = 1;
	oracle_print_cpu();
	xt_vendor_init();
	sf_random(count / 2);
	sf_check_rates();
	xt_fuzz(count / 2);
	printf("transcendentals one unit apart from the CPU's, or in C1: %lu + %lu\n", sf_near,
	       xt_near);
	sf_vendor_report();
	printf("%lu passed, %lu failed\n", sf_passed + sf_near + xt_passed, sf_failed + xt_failed);
	return sf_failed + xt_failed != 0;
}
