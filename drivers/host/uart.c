/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receives by interrupt into a ring, sends by polling. The handler fills the ring, on whichever
 * core takes the interrupt (one at a time); whoever has the end's lock empties it. Invariant: the
 * receive interrupt is off only while the ring is full, or who has made room is about to switch it
 * on; so no byte that the UART has accepted is dropped here.
 */
#include "drivers/host/uart.h"

#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/host_cpu.h"

enum { RBR = 0, THR = 0, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5 };
enum { IER_RX = 1, IER_EMPTY = 2, FCR_ON_CLEAR = 7, LCR_8N1 = 3 };
enum { MCR_DTR_RTS_OUT2 = 0xb, MCR_LOOP = 0x10 };
enum { LSR_DATA = 1, LSR_OVERRUN = 2, LSR_THR_EMPTY = 0x20 };
enum { POLLS_MAX = 1000000, LOCK_POLLS_MAX = 10000000 };

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

/* Text is sent in any case: who panics may have stopped the core that has the lock. */
static bool take_patiently(struct lock *l)
{
	for (unsigned k = 0; k < LOCK_POLLS_MAX; k++)
		if (lock_try(l))
			return true;
	return false;
}

static void print_byte(struct uart *u, u8 byte)
{
	bool mine = take_patiently(&u->sending);

	send_waiting(u, byte);
	if (mine)
		lock_drop(&u->sending);
}

void uart_print(struct uart *u, const char *text, size_t size)
{
	for (size_t k = 0; k < size; k++) {
		if (text[k] == '\n')
			send_waiting(u, '\r');
		send_waiting(u, (u8)text[k]);
	}
}

void uart_print_shared(struct uart *u, const char *text, size_t size)
{
	for (size_t k = 0; k < size; k++) {
		if (text[k] == '\n')
			print_byte(u, '\r');
		print_byte(u, (u8)text[k]);
	}
}

/* Its handler, or who makes room, after the register was written for the stop. */
static void go_on(struct uart *u)
{
	if (!ring_goes_on(&u->ring))
		return;
	full_barrier();
	u->reg[IER] = IER_RX;
}

/* Returns whether there is no room still. */
static bool stop(struct uart *u)
{
	u->reg[IER] = 0;
	full_barrier();
	if (ring_stops(&u->ring))
		return true;
	go_on(u);
	return false;
}

void uart_interrupt(void *opaque)
{
	struct uart *u = opaque;
	u8 status;

	while ((status = u->reg[LSR]) & LSR_DATA) {
		u->overruns += (status & LSR_OVERRUN) != 0;
		if (ring_is_full(&u->ring) && stop(u))
			return;
		ring_put(&u->ring, u->reg[RBR]);
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
	int byte;

	lock_take(&u->reading);
	byte = ring_get(&u->ring);
	if (byte >= 0)
		go_on(u);
	lock_drop(&u->reading);
	return byte;
}

static bool write_alone(void *opaque, u8 byte)
{
	struct uart *u = opaque;

	if (!can_send(u))
		return false;
	u->reg[THR] = byte;
	return true;
}

static bool write_shared(void *opaque, u8 byte)
{
	struct uart *u = opaque;
	bool sent;

	lock_take(&u->sending);
	sent = write_alone(u, byte);
	lock_drop(&u->sending);
	return sent;
}

struct chardev uart_end(struct uart *u)
{
	return (struct chardev){
		.opaque = u, .read = end_read,
		.write = cores_count() > 1 ? write_shared : write_alone,
	};
}
