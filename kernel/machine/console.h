/* SPDX-License-Identifier: BSD-2-Clause */
/* The console and the first steps of each way in. */
#ifndef KERNEL_MACHINE_CONSOLE_H
#define KERNEL_MACHINE_CONSOLE_H

#include "kernel/lib/types.h"

struct uart;
struct chardev;

/* Traps, console and power off, so that boot code can print and panic. May be called twice. */
void kernel_early(hpa_t uart);

/* The UART behind the console; the character end that drivers/pc's serial port is joined to. */
struct uart *console_uart(void);
struct chardev console_end(void);

/* Other cores use it, too, from now on: before they do, and before any end is made. */
void console_share(void);

#endif
