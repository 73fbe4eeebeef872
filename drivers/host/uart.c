/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receives by interrupt into a ring, sends by polling. One reader of the ring, on the core that
 * takes the interrupt. Invariant: the receive interrupt is off exactly while the ring is full, so
 * no byte that the UART has accepted is dropped here.
 */
#include "drivers/host/uart.h"

#include "kernel/arch.h"

enum { RBR = 0, THR = 0, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5 };
enum { IER_RX = 1, IER_EMPTY = 2, FCR_ON_CLEAR = 7, LCR_8N1 = 3 };
enum { MCR_DTR_RTS_OUT2 = 0xb, MCR_LOOP = 0x10 };
enum { LSR_DATA = 1, LSR_OVERRUN = 2, LSR_THR_EMPTY = 0x20 };
enum { POLLS_MAX = 1000000 };

void uart_init(struct uart *u, hpa_t base)
{
	*u = (struct uart){ .reg = phys_ptr_uncached(base) };
	u->reg[IER] = 0;
	u->reg[LCR] = LCR_8N1;
	u->reg[FCR] = FCR_ON_CLEAR;
	u->reg[MCR] = MCR_DTR_RTS_OUT2;
}

static bool can_send(struct uart *u) { return u->reg[LSR] & LSR_THR_EMPTY; }

static void send_waiting(struct uart *u, u8 byte)
{
	for (unsigned k = 0; k < POLLS_MAX && !can_send(u); k++)
		;
	u->reg[THR] = byte;
}

void uart_print(struct uart *u, const char *text, size_t size)
{
	for (size_t k = 0; k < size; k++) {
		if (text[k] == '\n')
			send_waiting(u, '\r');
		send_waiting(u, (u8)text[k]);
	}
}

void uart_interrupt(void *opaque)
{
	struct uart *u = opaque;
	u8 status;

	while ((status = u->reg[LSR]) & LSR_DATA) {
		u->overruns += (status & LSR_OVERRUN) != 0;
		if (u->head - u->tail == UART_RING) {
			u->reg[IER] = 0;
			return;
		}
		u->ring[u->head++ % UART_RING] = u->reg[RBR];
		u->received++;
	}
}

void uart_receive(struct uart *u) { u->reg[IER] = IER_RX; }

void uart_interrupt_when_empty(struct uart *u, bool on)
{
	u->reg[IER] = on ? IER_RX | IER_EMPTY : IER_RX;
}

void uart_loopback(struct uart *u, bool on)
{
	u->reg[MCR] = MCR_DTR_RTS_OUT2 | (on ? MCR_LOOP : 0);
}

static int end_read(void *opaque)
{
	struct uart *u = opaque;
	bool were_on = irq_disable();
	int byte = -1;

	if (u->head != u->tail) {
		if (u->head - u->tail == UART_RING)
			u->reg[IER] = IER_RX;
		byte = u->ring[u->tail++ % UART_RING];
	}
	irq_restore(were_on);
	return byte;
}

static bool end_write(void *opaque, u8 byte)
{
	struct uart *u = opaque;

	if (!can_send(u))
		return false;
	u->reg[THR] = byte;
	return true;
}

struct chardev uart_end(struct uart *u)
{
	return (struct chardev){ .opaque = u, .read = end_read, .write = end_write };
}
