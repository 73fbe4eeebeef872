/* SPDX-License-Identifier: BSD-2-Clause */
/* 8042 keyboard controller with a PS/2 keyboard and mouse; and port 0x92. */
#ifndef DRIVERS_PC_I8042_H
#define DRIVERS_PC_I8042_H

#include "mm/bus.h"

struct i8042;

struct i8042_lines {
	struct irq_line irq1, irq12;
	struct irq_line a20;		/* level: A20 passes; set alone, with no lock held */
	struct irq_line reset;		/* set to 1: reset the machine */
};

/* Ports 0x60, 0x64 and 0x92. */
struct i8042 *i8042_create(struct bus *bus, const struct i8042_lines *lines);
/* The caller holds no lock: A20 changes alone (kernel/alone.h). */
void i8042_reset(struct i8042 *k);

/* Host input. `code`: scan code set 2, 0xe0xx for the extended keys. */
void i8042_key(struct i8042 *k, u16 code, bool down);
/* dy upwards; buttons: 1 left, 2 right, 4 middle. */
void i8042_mouse(struct i8042 *k, int dx, int dy, u8 buttons);

#endif
