/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A progress bar for one file: name, size, bar, percent, on one line that is drawn again as it
 * grows. Prints only when the bar changes. Invariant: progress_end leaves the cursor on a new line.
 */
#ifndef BOOT_PROGRESS_H
#define BOOT_PROGRESS_H

#include "kernel/lib/types.h"

struct progress {
	void (*print)(const char *text);
	const char *name;
	u64 total;		/* bytes, > 0 */
	int shown;		/* twentieths drawn so far; -1 none */
};

/* Draw an empty bar. `name` must stay until progress_end. */
void progress_begin(struct progress *p, void (*print)(const char *), const char *name, u64 total);

/* `done` of the total bytes are there. */
void progress_at(struct progress *p, u64 done);

void progress_end(struct progress *p);

#endif
