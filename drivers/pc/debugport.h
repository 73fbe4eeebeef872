/* SPDX-License-Identifier: BSD-2-Clause */
/* Port 0x402 (SeaBIOS's debug console) and port 0x80 (POST codes). */
#ifndef DRIVERS_PC_DEBUGPORT_H
#define DRIVERS_PC_DEBUGPORT_H

#include "drivers/ends.h"
#include "mm/bus.h"

struct debugport;

/* `sink` gets what the guest writes to 0x402; NULL drops it. Copied. */
struct debugport *debugport_create(struct bus *bus, const struct chardev *sink);

/* The last byte written to port 0x80. */
u8 debugport_post(const struct debugport *d);

#endif
