/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports of test programs: each test is "ok NAME" or "FAIL NAME: WHAT got … want …" on COM1. */
#ifndef GUESTIMG_BASE_REPORT_H
#define GUESTIMG_BASE_REPORT_H

/* End the test before and start one. */
void test(const char *name);
/* The first difference makes the test fail. Returns whether they are equal. */
_Bool expect(const char *what, unsigned long got, unsigned long want);
/* The test cannot be done here: what it still expects is not looked at. */
void skip(const char *why);
/* Is the CPU QEMU's TCG? */
_Bool in_tcg(void);
/* The test shows what TCG does otherwise than the SDM: there it is skipped. Returns whether so. */
_Bool not_in_tcg(const char *why);
/* End the last test, print "NAME: N passed, M failed" and power off. */
__attribute__((noreturn)) void finish(const char *program);
/* An exception that no test expects is one failure more, and the end. */
__attribute__((noreturn)) void lost(unsigned long vector, unsigned long error, unsigned long ip);

#endif
