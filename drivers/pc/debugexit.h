/* SPDX-License-Identifier: BSD-2-Clause */
/* Port 0xf4: the guest ends the run with a code. */
#ifndef DRIVERS_PC_DEBUGEXIT_H
#define DRIVERS_PC_DEBUGEXIT_H

#include "drivers/ends.h"
#include "mm/bus.h"

struct debugexit;

/* A write of `code` prints it and calls power->off(power->opaque, code). *power is copied. */
struct debugexit *debugexit_create(struct bus *bus, const struct power *power);

#endif
