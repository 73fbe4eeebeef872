/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats text and hands it to the sink; keeps the trace bits. Not a log: nothing is stored.
 * Invariant: one call's text is never mixed with another core's.
 */
#include "kernel/printk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/arch.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/lock.h"

#define LINE_MAX 512		/* longer text is cut */

u32 trace_mask;

static void (*sink)(const char *text, size_t size);
static struct lock sink_lock;
static bool lock_broken;

static const char *const trace_names[TRACE_COUNT] = {
#define X(upper, lower) #lower,
	TRACE_BITS(X)
#undef X
};

void printk_sink(void (*write)(const char *text, size_t size)) { sink = write; }

void printk_break_lock(void) { lock_broken = true; }

void printk_text(const char *text, size_t size)
{
	bool were_on;

	if (!sink)
		return;
	if (lock_broken) {
		sink(text, size);
		return;
	}
	were_on = irq_disable();
	lock_take(&sink_lock);
	sink(text, size);
	lock_drop(&sink_lock);
	irq_restore(were_on);
}

void printk(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list args;
	int size;

	va_start(args, fmt);
	size = vsniprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (size < 0)
		return;
	if ((size_t)size >= sizeof(line))
		size = sizeof(line) - 1;
	printk_text(line, (size_t)size);
}

static int trace_find(const char *name, size_t size)
{
	for (unsigned k = 0; k < TRACE_COUNT; k++)
		if (strlen(trace_names[k]) == size && !memcmp(trace_names[k], name, size))
			return (int)k;
	return -ERR_INVAL;
}

int trace_select(const char *names)
{
	while (*names) {
		size_t size = strcspn(names, ",");
		int bit = trace_find(names, size);

		if (bit < 0)
			return bit;
		trace_mask |= BIT(bit);
		names += size;
		names += *names == ',';
	}
	return 0;
}
