/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PS/2 keyboard and mouse as the 8042 sees them: bytes in, a queue of bytes out. Embedded
 * in the controller and guarded by its lock; they know no port and no interrupt.
 */
#ifndef DRIVERS_PC_PS2_H
#define DRIVERS_PC_PS2_H

#include "kernel/lib/types.h"

enum { PS2_QUEUE = 32 };

struct ps2_queue { u8 v[PS2_QUEUE]; unsigned head, n; u64 dropped; };

void ps2_put(struct ps2_queue *q, u8 v);
u8 ps2_get(struct ps2_queue *q);	/* q->n must not be 0 */

struct ps2_kbd {
	struct ps2_queue out;
	u8 awaits;		/* the command whose argument comes next, or 0 */
	u8 set;			/* scan code set, 1 or 2 */
	u8 leds, typematic, last;
	bool scanning;
};

void ps2_kbd_reset(struct ps2_kbd *k);
void ps2_kbd_write(struct ps2_kbd *k, u8 v);
/* A key by its set 2 code, 0xe0xx for the extended ones. */
void ps2_kbd_key(struct ps2_kbd *k, u16 code, bool down);

struct ps2_mouse {
	struct ps2_queue out;
	u8 awaits, status, resolution, rate, buttons, last;
	s32 dx, dy;		/* moved and not yet reported */
	bool wrap;
};

void ps2_mouse_reset(struct ps2_mouse *m);
void ps2_mouse_write(struct ps2_mouse *m, u8 v);
/* Relative move, dy upwards; buttons: 1 left, 2 right, 4 middle. */
void ps2_mouse_move(struct ps2_mouse *m, int dx, int dy, u8 buttons);

/* Set 2 to set 1, as keyboard and controller translate; codes from 0x85 on stay. */
u8 ps2_to_set1(u8 code);

#endif
