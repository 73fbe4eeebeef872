/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's 16550 UARTs (PC16550D data sheet): the monitor's console, and a character end for a
 * guest's serial port. Not the guest's UART: that is drivers/pc/uart.
 */
#ifndef DRIVERS_HOST_UART_H
#define DRIVERS_HOST_UART_H

#include "drivers/ends.h"
#include "drivers/host/ring.h"
#include "kernel/lib/types.h"
#include "kernel/lock.h"

struct uart {
	volatile u8 *reg;
	struct ring ring;	/* received bytes: put by the interrupt handler */
	struct lock reading, sending;
	u64 received, overruns;
};

/* Set 8n1 with FIFOs on, all interrupts off. The speed stays the firmware's. */
void uart_init(struct uart *u, hpa_t base);

/* Send text, LF as CR LF; waits for each byte, but a bounded time: a dead UART loses text. */
void uart_print(struct uart *u, const char *text, size_t size);

/*
 * The same while other cores may print, or send by an end; but one that does not let go of the UART
 * is not waited for.
 */
void uart_print_shared(struct uart *u, const char *text, size_t size);

/* Receive by interrupt from now on: connect uart_interrupt(u) to the UART's line first. */
void uart_receive(struct uart *u);
void uart_interrupt(void *u);

/* Loop sent bytes back to the receiver (data sheet 8.6.7), for tests; printed text loops too. */
void uart_loopback(struct uart *u, bool on);

/* Interrupt while nothing is being sent, too, until that is turned off; for tests. */
void uart_interrupt_when_empty(struct uart *u, bool on);

/*
 * The character end; u must live as long as it. Made when all cores run: each of them may use it,
 * and printing and several ends of one UART lose no byte.
 */
struct chardev uart_end(struct uart *u);

#endif
