/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dbt/fp/softfp against the x87 of the build machine: edge operands in all pairs, then
 * random ones. Not the register stack (test_x87.c).
 * Sources: dbt/fp/softfp_*.c. Host: x86-64 only.
 */
#include "qemu-test/fuzz/softfp_cases.h"

/* Every row over every edge operand, or pairs of them; `modes` control words each. */
static void test_edges(unsigned modes)
{
	const unsigned n = ARRAY_LEN(sf_edges);
	for (unsigned c = 0; c < ARRAY_LEN(sf_cases); c++) {
		const struct sf_case *row = &sf_cases[c];
		bool two = row->kind == SF_BINARY || row->kind == SF_BINARY_POP ||
			   row->kind == SF_COMPARE;
		for (unsigned a = 0; a < n; a++)
			for (unsigned b = 0; b < (two ? n : 8); b++)
				for (unsigned m = 0; m < (two ? modes : modes * 8); m++) {
					struct sf_in in = { sf_control_word(), sf_edges[a],
							    sf_edges[b], sf_edges[a] };
					sf_check(row, &in);
				}
	}
}

/* Two finite fixed results, so that a broken oracle is noticed. */
static void test_known(void)
{
	struct fpenv e = { 0x37f, 0 };
	struct f80 one = { 1ull << 63, 0x3fff }, three = { 3ull << 62, 0x4000 };
	struct f80 r = f80_div(one, three, &e);
	if (r.se == 0x3ffd && r.mant == 0xaaaaaaaaaaaaaaab && e.exc == (FP_PE | FP_C1))
		sf_passed++;
	else
		sf_failed += !!printf("FAIL 1/3\n");
	e.exc = 0;
	r = f80_sub(one, one, &e);
	if (r.se == 0 && r.mant == 0 && e.exc == 0)
		sf_passed++;
	else
		sf_failed += !!printf("FAIL 1-1\n");
}

int main(void)
{
	oracle_print_cpu();
	sf_vendor_init();
	test_known();
	test_edges(3);
	sf_random(600000);
	sf_check_rates();
	printf("%lu transcendental results one unit apart from the CPU's, or in C1\n", sf_near);
	sf_vendor_report();
	printf("%lu passed, %lu failed\n", sf_passed, sf_failed);
	return sf_failed != 0;
}
