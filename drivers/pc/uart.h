/* SPDX-License-Identifier: BSD-2-Clause */
/* 16550A serial port. */
#ifndef DRIVERS_PC_UART_H
#define DRIVERS_PC_UART_H

#include "drivers/ends.h"
#include "mm/bus.h"

struct uart;

/* A PC's serial ports: where machine.c puts them and the ACPI tables say they are. */
enum { UART_PLACES = 2 };
extern const struct uart_place { char name[5]; u16 port; u8 irq; } uart_place[UART_PLACES];

/* At `port` (8 ports), on `irq`; both ends are copied. */
struct uart *uart_create(struct bus *bus, u16 port, const struct irq_line *irq,
			 const struct chardev *end);
void uart_reset(struct uart *u);

/*
 * Take received bytes from the end, and offer it what it refused before. The run loop
 * calls this when the host says that input came or that output can go on.
 */
void uart_poll(struct uart *u);

#endif
