/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats text and hands it to the sink, or to the log; keeps the trace bits. One console and one
 * log for all cores, under sink_lock.
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
#include "kernel/log.h"

#define LINE_MAX 512		/* longer text is cut */
#define LAST_LINES 60		/* of the log, shown at a panic */

u32 trace_mask;

static void (*sink)(const char *text, size_t size);
static struct lock sink_lock;
static bool lock_broken;
static bool quiet;		/* text goes to the log */
static struct log messages;

static const char *const trace_names[TRACE_COUNT] = {
#define X(upper, lower) #lower,
	TRACE_BITS(X)
#undef X
};

void printk_sink(void (*write)(const char *text, size_t size)) { sink = write; }

void printk_break_lock(void) { lock_broken = true; }

void printk_quiet(bool on) { quiet = on; }

static void emit(const char *text, size_t size, bool to_log)
{
	if (to_log)
		log_put(&messages, text, size);
	else if (sink)
		sink(text, size);
}

static void emit_locked(const char *text, size_t size, bool to_log)
{
	bool were_on;

	if (lock_broken) {
		emit(text, size, to_log);
		return;
	}
	were_on = irq_disable();
	lock_take(&sink_lock);
	emit(text, size, to_log);
	lock_drop(&sink_lock);
	irq_restore(were_on);
}

void printk_text(const char *text, size_t size) { emit_locked(text, size, quiet); }

static void print(const char *fmt, va_list args, bool to_log)
{
	char line[LINE_MAX];
	int size = vsniprintf(line, sizeof(line), fmt, args);

	if (size < 0)
		return;
	if ((size_t)size >= sizeof(line))
		size = sizeof(line) - 1;
	emit_locked(line, (size_t)size, to_log);
}

void printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print(fmt, args, quiet);
	va_end(args);
}

void printk_shown(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print(fmt, args, false);
	va_end(args);
}

void printk_log_note(void)
{
	if (messages.lines)
		printk_shown("log: %lu lines (console = com1,log shows them), %lu dropped\n",
			     messages.lines, messages.dropped);
}

void printk_log_show(void)
{
	if (!messages.lines)
		return;
	printk_shown("log: %lu lines, %lu dropped; the last:\n", messages.lines,
		     messages.dropped);
	if (sink)
		log_last(&messages, LAST_LINES, sink);
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
