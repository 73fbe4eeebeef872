/* SPDX-License-Identifier: BSD-2-Clause */
/* For bugs of our own only; expected failures return -ERR_x, guest faults are struct fault. */
#ifndef KERNEL_PANIC_H
#define KERNEL_PANIC_H

/* Print the message and a backtrace, stop every core, power off. */
__attribute__((noreturn, format(printf, 1, 2))) void panic(const char *fmt, ...);

/* How to switch the machine off after a panic; until it is set, panic stops the core instead. */
void panic_power(void (*off)(int status));

/* The condition must hold, or we have a bug. Always compiled in. */
#define must(cond) \
	do { \
		if (__builtin_expect(!(cond), 0)) \
			panic("%s:%d: must(%s)", __FILE__, __LINE__, #cond); \
	} while (0)

#endif
