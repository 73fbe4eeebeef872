/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of the kernel on the hardware it runs on, chosen by `selftest = name,name` (or all) in
 * loam.cfg. Not for code that can be tested natively.
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

#include "kernel/lib/types.h"

struct selftest {
	const char *name;
	const char *(*run)(void);	/* NULL, or why it failed */
	bool fatal;			/* ends in a panic, or wants somebody: not part of `all` */
};

/*
 * Of the cores (selftest_cores.c, selftest_alone.c); of traps and the MMU (selftest_mmu.c); this
 * host's own (kernel/arch/HOST/selftest.c). Last: no name.
 */
extern const struct selftest core_selftests[];
extern const struct selftest alone_selftests[];
extern const struct selftest mmu_selftests[];
extern const struct selftest arch_selftests[];

/* selftest_cores.c: what s->run returns on that core. */
const char *selftest_on(unsigned core, const struct selftest *s);

/*
 * Run the tests named; print `SELFTEST name ok` or `SELFTEST name FAIL reason` for each, then
 * `SELFTEST done: n passed, n failed`. An unknown name fails. Those of the kernel itself that are
 * not fatal are run once more on each other core: `SELFTEST name on core n ok`.
 */
void selftest_run(const char *names, const struct selftest *driver_tests);

#endif
