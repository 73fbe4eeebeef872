/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dbt/fp/x87 against the x87 of the build machine: random states through every instruction.
 * Not the numbers in depth (test_softfp.c).
 * Sources: dbt/fp/softfp_*.c dbt/fp/x87*.c. Host: x86-64 only.
 */
#include "qemu-test/fuzz/softfp_x87_cases.h"

static void expect(bool ok, const char *what)
{
	if (ok)
		xt_passed++;
	else
		xt_failed += !!printf("FAIL %s\n", what);
}

/* The real-address formats, which user code cannot run: SDM vol. 1, figures 8-10 and 8-12. */
static void test_real_formats(void)
{
	static const u8 want16[14] = { 0x7f, 3, 0, 0x38, 0xff, 0xff, 0xb8, 0x79, 0x23, 0x11,
				       0x10, 0, 0, 0x20 };
	static const u8 want32[28] = { 0x7f, 3, 0xff, 0xff, 0, 0x38, 0xff, 0xff, 0xff, 0xff, 0xff,
				       0xff, 0xb8, 0x79, 0xff, 0xff, 0x23, 0x11, 0, 0,
				       0x10, 0, 0xff, 0xff, 0, 0x20, 0, 0 };
	struct x87 x, y;
	u8 image[X87_SAVE_MAX];
	memset(&x, 0, sizeof(x));
	x87_finit(&x);
	x.sw = 0x3800;
	x.fop = 0x123;
	x.fcs = 0x1234;
	x.fip = 0x5678;
	x.fds = 0x2000;
	x.fdp = 0x10;
	x87_env_image(&x, X87_REAL16, image);
	expect(!memcmp(image, want16, 14), "16-bit real environment");
	x87_env_image(&x, X87_REAL32, image);
	expect(!memcmp(image, want32, 28), "32-bit real environment");
	memset(&y, 0, sizeof(y));
	x87_fldenv(&y, X87_REAL32, image);
	expect(y.fip == 0x179b8 && y.fdp == 0x20010 && y.fop == 0x123 && y.sw == 0x3800 &&
	       y.cw == 0x37f && y.valid == 0, "32-bit real environment back");
	x87_env_image(&y, X87_REAL16, image);
	expect(!memcmp(image, want16, 14), "16-bit real environment again");
}

/* What generated code relies on between the two steps of a store. */
static void test_store_steps(void)
{
	struct x87 x;
	memset(&x, 0, sizeof(x));
	x87_finit(&x);
	x87_fld_f80(&x, (struct f80){ ~0ull, 0x7ffe });
	x87_fldcw(&x, 0x377);
	struct x87 before = x;
	struct x87_store s = x87_store_f32(&x);
	expect(!s.write && !memcmp(&x, &before, sizeof(x)), "an unmasked overflow stores nothing");
	expect(!x87_pending(&x), "nothing is raised before the store is done");
	x87_store_done(&x, s, true);
	expect(x87_top(&x) == 7 && x87_pending(&x), "raised, not popped");
	x87_fclex(&x);
	s = x87_store_f80(&x);
	x87_store_done(&x, s, true);
	expect(s.write && s.lo == ~0ull && s.hi == 0x7ffe && x87_top(&x) == 0 && !x.valid,
	       "stored and popped");
}

int main(void)
{
	oracle_print_cpu();
	xt_vendor_init();
	test_real_formats();
	test_store_steps();
	xt_fuzz(600000);
	printf("%lu transcendental results one unit apart from the CPU's, or in C1\n", xt_near);
	sf_vendor_report();
	printf("%lu passed, %lu failed\n", xt_passed, xt_failed);
	return xt_failed != 0;
}
