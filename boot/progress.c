/* SPDX-License-Identifier: BSD-2-Clause */
/* See progress.h. */
#include "boot/progress.h"

#include "boot/message.h"

enum { CELLS = 20, NAME_WIDTH = 28, SIZE_WIDTH = 38, LINE = 160 };

/* "\r" to draw over the last one: a name 28 wide, "1.5 MiB", [####....], percent. */
static void draw(const struct progress *p, int cells)
{
	char line[LINE];
	struct message m;
	u64 tenths = p->total / (1024 * 1024 / 10) + (p->total < 1024 * 1024 / 10);

	message_init(&m, line, sizeof(line));
	message_add(&m, "\r  ");
	message_add(&m, p->name);
	message_pad(&m, NAME_WIDTH);
	message_add(&m, " ");
	message_number(&m, tenths / 10);
	message_add(&m, ".");
	message_number(&m, tenths % 10);
	message_add(&m, " MiB");
	message_pad(&m, SIZE_WIDTH);
	message_add(&m, " [");
	for (int k = 0; k < CELLS; k++)
		message_add(&m, k < cells ? "#" : ".");
	message_add(&m, "] ");
	message_number(&m, (u64)cells * 100 / CELLS);
	message_add(&m, "%");
	p->print(line);
}

void progress_begin(struct progress *p, void (*print)(const char *), const char *name, u64 total)
{
	*p = (struct progress){ print, name, total, -1 };
	progress_at(p, 0);
}

void progress_at(struct progress *p, u64 done)
{
	int cells = (int)(done >= p->total ? CELLS : done / (p->total / CELLS + 1));

	if (cells == p->shown)
		return;
	p->shown = cells;
	draw(p, cells);
}

void progress_end(struct progress *p)
{
	p->print("\n");
}
