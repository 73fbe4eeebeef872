/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 8042 keyboard controller of a PS/2-type PC (IBM PS/2 Technical Reference, Keyboard and
 * Auxiliary Device Controller) and system control port 0x92. The devices behind it are
 * ps2_kbd.c and ps2_mouse.c; the mouse is there and answers as a plain PS/2 mouse.
 * Deviations: commands complete at once, so status bit 1 (IBF) is never seen set; there are
 * no timeouts and no parity errors. A20: the board follows whoever wrote last, this output
 * port or port 0x92 (chipsets that snoop 8042 commands do), so that guests which switch
 * it off by either way see it off.
 * A20 is a line of all CPUs, and part of the map: it is set alone, after the lock was given back.
 * Invariant: `full` says that `data` waits for the host; its IRQ is up exactly then, if
 * the command byte lets it.
 */
#include "drivers/pc/i8042.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/ps2.h"
#include "kernel/alone.h"
#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum { PORT_DATA = 0x60, PORT_STATUS = 0x64, PORT_92 = 0x92 };
enum { ST_OBF = 0x01, ST_SYS = 0x04, ST_CMD = 0x08, ST_UNLOCKED = 0x10, ST_AUX = 0x20 };
enum { CTR_KIE = 0x01, CTR_MIE = 0x02, CTR_SYS = 0x04, CTR_KBD_OFF = 0x10, CTR_AUX_OFF = 0x20,
	CTR_TRANSLATE = 0x40 };
enum { OUT_RESET_N = 0x01, OUT_A20 = 0x02, OUT_OBF = 0x10, OUT_AUX_OBF = 0x20, OUT_HIGH = 0xc0 };
enum { CMD_AUX_OFF = 0xa7, CMD_AUX_ON, CMD_AUX_TEST, CMD_SELF_TEST, CMD_KBD_TEST,
	CMD_KBD_OFF = 0xad, CMD_KBD_ON, CMD_READ_IN = 0xc0, CMD_READ_OUT = 0xd0, CMD_WRITE_OUT,
	CMD_WRITE_KBD_OBF, CMD_WRITE_AUX_OBF, CMD_WRITE_AUX, CMD_A20_OFF = 0xdd,
	CMD_A20_ON = 0xdf, CMD_READ_TEST = 0xe0, CMD_PULSE = 0xf0 };
enum { P92_RESET = 0x01, P92_A20 = 0x02 };

struct i8042 {
	struct lock lock;
	u8 ram[32];		/* ram[0] is the command byte */
	u8 command;		/* the command whose data byte comes next, or 0 */
	u8 out, port92;
	bool a20, a20_shown;	/* as who wrote last wants it; as the line was set last, alone */
	bool last_was_command;
	bool full, aux;		/* the output buffer: is full; holds a byte of the mouse */
	u8 data;
	bool broken;		/* translation saw 0xf0 */
	u64 unknown;		/* commands */
	struct ps2_queue reply;	/* of the controller itself; low byte first */
	struct ps2_queue reply_aux;
	struct ps2_kbd kbd;
	struct ps2_mouse mouse;
	struct i8042_lines lines;
	struct bus_region data_region, status_region, region92;
};

/* -- Output buffer --------------------------------------------------------- */

static void fill(struct i8042 *k, u8 v, bool aux)
{
	k->full = true;
	k->data = v;
	k->aux = aux;
}

/* One byte of the keyboard through translation; false if it gave none (0xf0). */
static bool take_kbd(struct i8042 *k)
{
	u8 v = ps2_get(&k->kbd.out);

	if (k->ram[0] & CTR_TRANSLATE) {
		if (v == 0xf0) {
			k->broken = true;
			return false;
		}
		v = ps2_to_set1(v) | (k->broken ? 0x80 : 0);
		k->broken = false;
	}
	fill(k, v, false);
	return true;
}

/* Put the next waiting byte in the empty output buffer. */
static void refill(struct i8042 *k)
{
	if (k->full)
		return;
	if (k->reply.n) {
		fill(k, ps2_get(&k->reply), false);
	} else if (k->reply_aux.n) {
		fill(k, ps2_get(&k->reply_aux), true);
	} else {
		while (!k->full && k->kbd.out.n && !(k->ram[0] & CTR_KBD_OFF))
			if (take_kbd(k))
				return;
		if (!k->full && k->mouse.out.n && !(k->ram[0] & CTR_AUX_OFF))
			fill(k, ps2_get(&k->mouse.out), true);
	}
}

static void update(struct i8042 *k)
{
	refill(k);
	irq_set(&k->lines.irq1, k->full && !k->aux && k->ram[0] & CTR_KIE);
	irq_set(&k->lines.irq12, k->full && k->aux && k->ram[0] & CTR_MIE);
}

static u8 read_data(struct i8042 *k)
{
	if (!k->full)
		return k->data;
	k->full = false;
	irq_set(&k->lines.irq1, 0);
	irq_set(&k->lines.irq12, 0);
	return k->data;
}

/* With the lock held: is the line another one than was asked for? Then show_a20() is due. */
static bool a20_due(const struct i8042 *k) { return k->a20 != k->a20_shown; }

/*
 * Without it: the line as it is to be by now. Who has written since then, on another core, does the
 * same after this.
 */
static void show_a20(struct i8042 *k)
{
	alone_begin();
	k->a20_shown = k->a20;
	irq_set(&k->lines.a20, k->a20);
	alone_end();
}

/* -- Commands -------------------------------------------------------------- */

static void write_out(struct i8042 *k, u8 v)
{
	k->out = v & (OUT_A20 | OUT_RESET_N | OUT_HIGH);
	k->a20 = v & OUT_A20;
	if (!(v & OUT_RESET_N))
		irq_set(&k->lines.reset, 1);
}

static u8 read_out(const struct i8042 *k)
{
	return (u8)(k->out | (k->full ? (k->aux ? OUT_AUX_OBF : OUT_OBF) : 0));
}

static void command(struct i8042 *k, u8 v)
{
	k->command = 0;
	if (v >= CMD_PULSE) {
		if (!(v & OUT_RESET_N))
			irq_set(&k->lines.reset, 1);
		return;
	}
	if (v >= 0x20 && v < 0x40) {
		ps2_put(&k->reply, k->ram[v & 31]);
		return;
	}
	if (v >= 0x60 && v < 0x80) {
		k->command = v;
		return;
	}
	switch (v) {
	case CMD_AUX_OFF: k->ram[0] |= CTR_AUX_OFF; break;
	case CMD_AUX_ON: k->ram[0] &= (u8)~CTR_AUX_OFF; break;
	case CMD_AUX_TEST:
	case CMD_KBD_TEST: ps2_put(&k->reply, 0x00); break;
	case CMD_SELF_TEST:
		k->ram[0] |= CTR_SYS | CTR_KBD_OFF | CTR_AUX_OFF;
		ps2_put(&k->reply, 0x55);
		break;
	case CMD_KBD_OFF: k->ram[0] |= CTR_KBD_OFF; break;
	case CMD_KBD_ON: k->ram[0] &= (u8)~CTR_KBD_OFF; break;
	case CMD_READ_IN: ps2_put(&k->reply, 0x80); break;	/* bit 7: not locked */
	case CMD_READ_OUT: ps2_put(&k->reply, read_out(k)); break;
	case CMD_WRITE_OUT:
	case CMD_WRITE_KBD_OBF:
	case CMD_WRITE_AUX_OBF:
	case CMD_WRITE_AUX: k->command = v; break;
	case CMD_A20_OFF: write_out(k, k->out & (u8)~OUT_A20); break;
	case CMD_A20_ON: write_out(k, k->out | OUT_A20); break;
	case CMD_READ_TEST: ps2_put(&k->reply, 0x00); break;
	default:
		if (printk_due(&k->unknown))
			printk("i8042: unknown command 0x%02x (%lu so far)\n", v,
			       (unsigned long)k->unknown);
	}
}

static void write_data(struct i8042 *k, u8 v)
{
	u8 cmd = k->command;

	k->command = 0;
	if (cmd >= 0x60 && cmd < 0x80) {
		k->ram[cmd & 31] = v;
		return;
	}
	switch (cmd) {
	case CMD_WRITE_OUT: write_out(k, v); break;
	case CMD_WRITE_KBD_OBF: ps2_put(&k->reply, v); break;
	case CMD_WRITE_AUX_OBF: ps2_put(&k->reply_aux, v); break;
	case CMD_WRITE_AUX:
		k->ram[0] &= (u8)~CTR_AUX_OFF;	/* sending switches the interface on */
		ps2_mouse_write(&k->mouse, v);
		break;
	default:
		k->ram[0] &= (u8)~CTR_KBD_OFF;
		k->broken = false;
		ps2_kbd_write(&k->kbd, v);
	}
}

/* -- Ports ----------------------------------------------------------------- */

static u64 data_read(void *opaque, u32 off, unsigned size)
{
	struct i8042 *k = opaque;

	(void)off, (void)size;
	lock_take(&k->lock);
	u8 v = read_data(k);
	update(k);
	lock_drop(&k->lock);
	return v;
}

static void data_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct i8042 *k = opaque;

	(void)off, (void)size;
	lock_take(&k->lock);
	k->last_was_command = false;
	write_data(k, (u8)v);
	update(k);
	bool due = a20_due(k);
	lock_drop(&k->lock);
	if (due)
		show_a20(k);
}

static u64 status_read(void *opaque, u32 off, unsigned size)
{
	struct i8042 *k = opaque;

	(void)off, (void)size;
	lock_take(&k->lock);
	u8 v = (u8)(ST_UNLOCKED | (k->full ? ST_OBF | (k->aux ? ST_AUX : 0) : 0) |
		    (k->ram[0] & CTR_SYS ? ST_SYS : 0) | (k->last_was_command ? ST_CMD : 0));
	lock_drop(&k->lock);
	return v;
}

static void status_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct i8042 *k = opaque;

	(void)off, (void)size;
	lock_take(&k->lock);
	k->last_was_command = true;
	command(k, (u8)v);
	update(k);
	bool due = a20_due(k);
	lock_drop(&k->lock);
	if (due)
		show_a20(k);
}

static u64 p92_read(void *opaque, u32 off, unsigned size)
{
	struct i8042 *k = opaque;

	(void)off, (void)size;
	lock_take(&k->lock);
	u8 v = k->port92;
	lock_drop(&k->lock);
	return v;
}

static void p92_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct i8042 *k = opaque;

	(void)off, (void)size;
	lock_take(&k->lock);
	bool pulse = v & P92_RESET && !(k->port92 & P92_RESET);
	k->port92 = v & (P92_A20 | P92_RESET);
	k->a20 = v & P92_A20;
	if (pulse)
		irq_set(&k->lines.reset, 1);
	bool due = a20_due(k);
	lock_drop(&k->lock);
	if (due)
		show_a20(k);
}

static const struct io_ops data_ops = {
	.read = data_read, .write = data_write, .min = 1, .max = 1,
};
static const struct io_ops status_ops = {
	.read = status_read, .write = status_write, .min = 1, .max = 1,
};
static const struct io_ops p92_ops = { .read = p92_read, .write = p92_write, .min = 1, .max = 1 };

void i8042_key(struct i8042 *k, u16 code, bool down)
{
	lock_take(&k->lock);
	ps2_kbd_key(&k->kbd, code, down);
	update(k);
	lock_drop(&k->lock);
}

void i8042_mouse(struct i8042 *k, int dx, int dy, u8 buttons)
{
	lock_take(&k->lock);
	ps2_mouse_move(&k->mouse, dx, dy, buttons);
	update(k);
	lock_drop(&k->lock);
}

/* Output port pins come up high: A20 passes. Interfaces are off until self-test and set-up. */
void i8042_reset(struct i8042 *k)
{
	lock_take(&k->lock);
	memset(k->ram, 0, sizeof(k->ram));
	k->ram[0] = CTR_KBD_OFF | CTR_AUX_OFF;
	k->command = 0;
	k->out = OUT_HIGH | OUT_A20 | OUT_RESET_N;
	k->port92 = P92_A20;
	k->full = k->aux = k->broken = k->last_was_command = false;
	k->reply.n = k->reply_aux.n = 0;
	ps2_kbd_reset(&k->kbd);
	ps2_mouse_reset(&k->mouse);
	k->a20 = true;
	update(k);
	lock_drop(&k->lock);
	show_a20(k);
}

struct i8042 *i8042_create(struct bus *bus, const struct i8042_lines *lines)
{
	struct i8042 *k = calloc(1, sizeof(*k));

	must(k);
	k->lines = *lines;
	k->data_region = (struct bus_region){
		"i8042 data", PORT_DATA, 1, &data_ops, k, 0, true, NULL,
	};
	k->status_region = (struct bus_region){
		"i8042 status", PORT_STATUS, 1, &status_ops, k, 0, true, NULL,
	};
	k->region92 = (struct bus_region){ "port 0x92", PORT_92, 1, &p92_ops, k, 0, true, NULL };
	bus_add(bus, BUS_IO, &k->data_region);
	bus_add(bus, BUS_IO, &k->status_region);
	bus_add(bus, BUS_IO, &k->region92);
	i8042_reset(k);
	return k;
}
