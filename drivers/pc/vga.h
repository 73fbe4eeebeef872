/* SPDX-License-Identifier: BSD-2-Clause */
/* VGA registers 0x3b0-0x3df and the planar window at 0xa0000. */
#ifndef DRIVERS_PC_VGA_H
#define DRIVERS_PC_VGA_H

#include "mm/bus.h"

struct vga;

struct vga *vga_create(struct bus *bus);
void vga_reset(struct vga *v);

/* What a text display needs: first cell, cursor cell (both in character cells from 0xb8000). */
struct vga_text { u16 start, cursor; u8 columns; bool cursor_on; };
struct vga_text vga_text_state(struct vga *v);

/* The display memory, 4 planes interleaved: byte 4 * address + plane. 256 KiB. */
const u8 *vga_memory(const struct vga *v);

#endif
