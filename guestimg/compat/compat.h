/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of compat32 and compat64 share: reports, and code whose fault is caught. */
#ifndef GUESTIMG_COMPAT_COMPAT_H
#define GUESTIMG_COMPAT_COMPAT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* A test; its first unequal expectation fails it. */
void test(const char *name);
bool expect(const char *what, long long got, long long want);
/* Is the CPU Intel's, or like Intel's? SYSENTER in compatibility mode, faults of branches. */
bool intel(void);

/*
 * code32.S and code64.S: functions that fault at NAME_at; a signal handler goes on at `resume`,
 * which they set, and they return.
 */
extern void *resume;
#define FAULTS(X) X(load_null) X(store_const) X(invalid) X(breakpoint) X(divide) X(privileged) \
	X(gate) X(port) X(misaligned) X(stepping) X(keeps_registers) X(fetch_longs) X(send_signal)
#define X(name) void name(void); extern char name##_at[];
FAULTS(X)
#undef X

struct caught {
	int signal, code, trap;
	long error;
	unsigned long pc, address, sp;
};
/* Runs the code, returns the signal that it ended with (0: none). */
struct caught catch(void (*code)(void));
/* catch() and compare; `after`: where PC must be, from the faulting instruction on. */
void expect_signal(const struct caught *c, int signal, int code, int trap, long error,
		   const char *at);

void test_signals(void);	/* signals.c */
void test_trace(void);		/* trace.c */
void test_width(void);		/* only32.c, only64.c */

/* code32.S, code64.S: what is stepped over, and where each step must end; 0 is the last. */
void stepped(void);
extern const unsigned long stepped_at[];
extern char stepped_store[], stepped_behind_store[];
extern int stepped_value;

#endif
