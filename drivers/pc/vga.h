/* SPDX-License-Identifier: BSD-2-Clause */
/* VGA registers 0x3b0-0x3df and the planar window at 0xa0000. */
#ifndef DRIVERS_PC_VGA_H
#define DRIVERS_PC_VGA_H

#include "drivers/ends.h"
#include "mm/bus.h"

struct vga;

struct vga *vga_create(struct bus *bus);
void vga_reset(struct vga *v);

/* What it shows. */
struct display vga_display(struct vga *v);

#endif
