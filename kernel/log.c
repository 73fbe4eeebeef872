/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring of kernel/log.h. Not thread-safe: its owner locks. */
#include "kernel/log.h"

static char at(const struct log *l, u64 n) { return l->text[n % LOG_SIZE]; }

/* Let the oldest line go. */
static void drop_line(struct log *l)
{
	while (l->tail < l->head && at(l, l->tail++) != '\n')
		;
	l->dropped++;
}

void log_put(struct log *l, const char *text, size_t size)
{
	for (size_t k = 0; k < size; k++) {
		if (l->head - l->tail == LOG_SIZE)
			drop_line(l);
		l->text[l->head++ % LOG_SIZE] = text[k];
		l->lines += text[k] == '\n';
	}
}

void log_last(const struct log *l, unsigned lines, void (*write)(const char *text, size_t size))
{
	u64 from = l->head;

	if (from > l->tail)	/* the newline at the end begins nothing */
		from--;
	for (; from > l->tail; from--)
		if (at(l, from - 1) == '\n' && !--lines)
			break;
	while (from < l->head) {
		u64 end = (from / LOG_SIZE + 1) * LOG_SIZE;	/* up to where the ring wraps */

		if (end > l->head)
			end = l->head;
		write(l->text + from % LOG_SIZE, end - from);
		from = end;
	}
}
