/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 16550A UART (National PC16550D datasheet; its register and bit names).
 * Deviations: bytes go out and come in at once, whatever the divisor says; so the receiver
 * timeout interrupt comes at once too, bytes never overrun (they wait in the end) and never
 * have parity, framing or break errors. Modem inputs are those of a connected peer.
 * INTR reaches the bus only with OUT2 set, and not in loopback: the PC's wiring.
 * Invariant: the IRQ line is what pending() says, whenever the lock is free.
 */
#include "drivers/pc/uart.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lock.h"
#include "kernel/panic.h"

enum { REG_DATA, REG_IER, REG_IIR_FCR, REG_LCR, REG_MCR, REG_LSR, REG_MSR, REG_SCR };
enum { IER_RDA = 1, IER_THRE = 2, IER_RLS = 4, IER_MSR = 8 };
enum { IIR_MSR = 0, IIR_NONE = 1, IIR_THRE = 2, IIR_RDA = 4, IIR_RLS = 6, IIR_TIMEOUT = 0xc,
	IIR_FIFOS = 0xc0 };
enum { FCR_ENABLE = 1, FCR_RX_RESET = 2, FCR_TX_RESET = 4 };
enum { LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10, MCR_ALL = 0x1f };
enum { LSR_DR = 1, LSR_OE = 2, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MSR_TERI = 4, MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };
enum { FIFO = 16 };

const struct uart_place uart_place[UART_PLACES] = {
	{ "COM1", 0x3f8, 4 }, { "COM2", 0x2f8, 3 },
};

struct fifo { u8 v[FIFO]; unsigned head, n; };

struct uart {
	struct lock lock;
	u8 ier, lcr, mcr, scr, fcr;
	u8 msr_delta, modem;	/* modem: inputs as last seen, MSR bits 7…4 */
	u16 divisor;
	bool overrun, thre_pending;
	bool line;		/* the interrupt line, as driven last */
	struct fifo rx, tx;
	struct irq_line irq;
	struct chardev end;
	struct bus_region region;
};

static void fifo_put(struct fifo *f, u8 v)
{
	f->v[(f->head + f->n++) % FIFO] = v;
}

static u8 fifo_get(struct fifo *f)
{
	u8 v = f->v[f->head];

	f->head = (f->head + 1) % FIFO;
	f->n--;
	return v;
}

static unsigned fifo_size(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? FIFO : 1;
}

/* -- Interrupt ------------------------------------------------------------- */

static unsigned trigger(const struct uart *u)
{
	static const u8 level[4] = { 1, 4, 8, 14 };

	return u->fcr & FCR_ENABLE ? level[u->fcr >> 6] : 1;
}

/* The pending source of highest priority, as IIR bits 3…0 (table IV). */
static u8 pending(const struct uart *u)
{
	if (u->ier & IER_RLS && u->overrun)
		return IIR_RLS;
	if (u->ier & IER_RDA && u->rx.n)
		return u->rx.n >= trigger(u) ? IIR_RDA : IIR_TIMEOUT;
	if (u->ier & IER_THRE && u->thre_pending)
		return IIR_THRE;
	if (u->ier & IER_MSR && u->msr_delta)
		return IIR_MSR;
	return IIR_NONE;
}

static void update(struct uart *u)
{
	bool on = pending(u) != IIR_NONE && u->mcr & MCR_OUT2 && !(u->mcr & MCR_LOOP);

	if (on != u->line)
		irq_set(&u->irq, u->line = on);
}

/* -- Data ------------------------------------------------------------------ */

static void received(struct uart *u, u8 v)
{
	if (u->rx.n == fifo_size(u)) {
		u->overrun = true;	/* in loopback only */
		if (u->fcr & FCR_ENABLE)
			return;		/* the FIFO keeps what it has, the shift register is lost */
		fifo_get(&u->rx);
	}
	fifo_put(&u->rx, v);
}

/* Offer the end what waits; THRE is set when it took all. */
static void transmit(struct uart *u)
{
	if (!u->tx.n)
		return;
	while (u->tx.n) {
		u8 v = u->tx.v[u->tx.head];

		if (u->mcr & MCR_LOOP)
			received(u, v);
		else if (u->end.write && !u->end.write(u->end.opaque, v))
			return;
		fifo_get(&u->tx);
	}
	u->thre_pending = true;
}

static void write_data(struct uart *u, u8 v)
{
	u->thre_pending = false;
	if (u->tx.n == fifo_size(u))
		transmit(u);
	if (u->tx.n < fifo_size(u))	/* else: written without THRE, lost as on the chip */
		fifo_put(&u->tx, v);
	transmit(u);
}

static void receive(struct uart *u)
{
	int v;

	while (u->end.read && !(u->mcr & MCR_LOOP) && u->rx.n < fifo_size(u) &&
	       (v = u->end.read(u->end.opaque)) >= 0)
		fifo_put(&u->rx, (u8)v);
}

static u8 read_data(struct uart *u)
{
	u8 v = u->rx.n ? fifo_get(&u->rx) : 0;

	receive(u);
	return v;
}

/* -- Registers ------------------------------------------------------------- */

static u8 modem_inputs(const struct uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return MSR_CTS | MSR_DSR | MSR_DCD;
	return (u8)((u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
		    (u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

/* Compare the modem inputs with the last ones; RI counts only when it ends. */
static void modem_changed(struct uart *u)
{
	u8 now = modem_inputs(u), diff = now ^ u->modem;

	if (now & MSR_RI)
		diff &= (u8)~MSR_RI;
	u->msr_delta |= diff >> 4;
	u->modem = now;
}

static u8 read_iir(struct uart *u)
{
	u8 v = pending(u);

	if (v == IIR_THRE)
		u->thre_pending = false;
	return v | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static u8 read_lsr(struct uart *u)
{
	transmit(u);
	u8 v = (u8)((u->rx.n ? LSR_DR : 0) | (u->overrun ? LSR_OE : 0) |
		    (u->tx.n ? 0 : LSR_THRE | LSR_TEMT));
	u->overrun = false;
	return v;
}

static u8 read_reg(struct uart *u, unsigned reg)
{
	u8 v;

	if (u->lcr & LCR_DLAB && reg <= REG_IER)
		return (u8)(u->divisor >> (reg ? 8 : 0));
	switch (reg) {
	case REG_DATA: return read_data(u);
	case REG_IER: return u->ier;
	case REG_IIR_FCR: return read_iir(u);
	case REG_LCR: return u->lcr;
	case REG_MCR: return u->mcr;
	case REG_LSR: return read_lsr(u);
	case REG_MSR:
		v = u->modem | u->msr_delta;
		u->msr_delta = 0;
		return v;
	default: return u->scr;
	}
}

static void write_ier(struct uart *u, u8 v)
{
	if (v & IER_THRE && !(u->ier & IER_THRE) && !u->tx.n)
		u->thre_pending = true;
	u->ier = v & 0x0f;
}

static void write_fcr(struct uart *u, u8 v)
{
	bool flip = (v ^ u->fcr) & FCR_ENABLE;

	if (flip || (v & FCR_ENABLE && v & FCR_RX_RESET))
		u->rx.n = 0;
	if (flip || (v & FCR_ENABLE && v & FCR_TX_RESET)) {
		u->tx.n = 0;
		u->thre_pending = true;
	}
	u->fcr = v & FCR_ENABLE ? v & 0xc9 : 0;
	receive(u);		/* room again: what waits in the end was announced before */
}

static void write_reg(struct uart *u, unsigned reg, u8 v)
{
	if (u->lcr & LCR_DLAB && reg <= REG_IER) {
		u->divisor = (u16)(reg ? (u->divisor & 0xff) | v << 8 : (u->divisor & 0xff00) | v);
		return;
	}
	switch (reg) {
	case REG_DATA: write_data(u, v); break;
	case REG_IER: write_ier(u, v); break;
	case REG_IIR_FCR: write_fcr(u, v); break;
	case REG_LCR: u->lcr = v; break;
	case REG_MCR:
		u->mcr = v & MCR_ALL;
		modem_changed(u);
		receive(u);
		break;
	case REG_SCR: u->scr = v; break;
	}
}

static u64 uart_read(void *opaque, u32 off, unsigned size)
{
	struct uart *u = opaque;

	(void)size;
	lock_take(&u->lock);
	u8 v = read_reg(u, off);
	update(u);
	lock_drop(&u->lock);
	return v;
}

static void uart_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct uart *u = opaque;

	(void)size;
	lock_take(&u->lock);
	write_reg(u, off, (u8)v);
	update(u);
	lock_drop(&u->lock);
}

static const struct io_ops uart_ops = {
	.read = uart_read, .write = uart_write, .min = 1, .max = 1,
};

void uart_poll(struct uart *u)
{
	lock_take(&u->lock);
	transmit(u);
	receive(u);
	update(u);
	lock_drop(&u->lock);
}

/* Master reset (table III). The scratch register and the divisor are not affected. */
void uart_reset(struct uart *u)
{
	lock_take(&u->lock);
	u->ier = u->lcr = u->mcr = u->fcr = u->msr_delta = 0;
	u->overrun = u->thre_pending = false;
	u->rx.n = u->tx.n = 0;
	u->modem = modem_inputs(u);
	irq_set(&u->irq, u->line = false);	/* the interrupt controllers begin anew too */
	lock_drop(&u->lock);
}

struct uart *uart_create(struct bus *bus, u16 port, const struct irq_line *irq,
			 const struct chardev *end)
{
	struct uart *u = calloc(1, sizeof(*u));

	must(u);
	u->irq = *irq;
	if (end)
		u->end = *end;
	u->divisor = 12;
	u->region = (struct bus_region){ "uart", port, 8, &uart_ops, u, 0, true, NULL };
	bus_add(bus, BUS_IO, &u->region);
	uart_reset(u);
	return u;
}
