/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * printk and panic for natively built unit tests: text goes to stdout, a panic
 * aborts the test. Not the kernel's: no console, no backtrace.
 */
#include "qemu-test/unit/native.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/clear.h"
#include "kernel/lib/err.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

u32 trace_mask;
bool native_quiet = true;
unsigned native_printks;
char native_last[256];
static struct lock lock;	/* of these two */
__thread int native_locks;

static void print(const char *fmt, va_list ap)
{
	lock_take(&lock);
	vsnprintf(native_last, sizeof(native_last), fmt, ap);
	native_printks++;
	if (!native_quiet)
		fputs(native_last, stdout);
	lock_drop(&lock);
}

void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
}

void printk_shown(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(fmt, ap);
	va_end(ap);
}

int trace_select(const char *names)
{
	(void)names;
	return -ERR_INVAL;
}

void host_clear(void *p, u64 size)
{
	must(size && size % CLEAR_UNIT == 0);
	memset(p, 0, size);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	printf("FAIL panic: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	abort();
}
