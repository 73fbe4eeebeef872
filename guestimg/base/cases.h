/* SPDX-License-Identifier: BSD-2-Clause */
/* How a program runs instruction cases and tells what came of them, of whatever width they are. */
#ifndef GUESTIMG_BASE_CASES_H
#define GUESTIMG_BASE_CASES_H

struct cases {
	const char *program;		/* what its lines begin with */
	unsigned count;
	_Bool (*there)(unsigned n);	/* has this CPU what the case needs? */
	/* Does the case go as it should? Says what is wrong if `shown` is not too many yet. */
	_Bool (*good)(unsigned n, unsigned shown);
};

/* Counted by the program, too: a missing MXCSR.DE alone is none of the failures. */
extern struct tally { unsigned passed, failed, skipped, de_missing; } tally;

/* Says what CPU the results are of; the end if there are none. */
void cases_begin(const struct cases *c, _Bool there, const char *cpu);
/* All of them, "NAME: N passed, M failed, K skipped", power off: with code 1 if one failed. */
__attribute__((noreturn)) void cases_run(const struct cases *c);
/* An exception in the image itself: the end. */
__attribute__((noreturn)) void cases_lost(const char *program, unsigned long vector,
					  unsigned long error, unsigned long ip);

#endif
