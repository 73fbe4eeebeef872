/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring of text lines: what the monitor says while the console is the guest's. Not a sink of
 * printk by itself (kernel/printk.c decides), and it prints nothing.
 * Invariant: `tail` is at the start of a line, and what went was counted in `dropped`.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include "kernel/lib/types.h"

#define LOG_SIZE 65536		/* bytes kept; a power of two */

struct log {
	char text[LOG_SIZE];
	u64 head, tail;		/* bytes since the start; text[n % LOG_SIZE] */
	u64 lines, dropped;	/* lines that came; those that had to make room for others */
};

/* Append text; the oldest lines go when the ring is full. Takes no lock. */
void log_put(struct log *l, const char *text, size_t size);

/* Give the last lines, at most `lines` of them, to `write`, in order. */
void log_last(const struct log *l, unsigned lines, void (*write)(const char *text, size_t size));

#endif
