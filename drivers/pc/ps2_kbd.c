/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PS/2 keyboard: commands and scan code sets 1 and 2 (IBM PS/2 Technical Reference,
 * Keyboard). Not the controller, which translates set 2 to set 1 for the host.
 * Deviations: no typematic repeat (the host's keyboard repeats); set 3 is refused (0xfe);
 * Pause and Print Screen have no special sequences.
 */
#include "drivers/pc/ps2.h"

enum { ACK = 0xfa, RESEND = 0xfe, BAT_OK = 0xaa, ECHO = 0xee, BREAK = 0xf0, EXTENDED = 0xe0 };
enum { CMD_LEDS = 0xed, CMD_ECHO = 0xee, CMD_SET = 0xf0, CMD_ID = 0xf2, CMD_RATE = 0xf3,
	CMD_ENABLE = 0xf4, CMD_DISABLE = 0xf5, CMD_DEFAULTS = 0xf6, CMD_ALL_FIRST = 0xf7,
	CMD_ALL_LAST = 0xfa, CMD_RESEND = 0xfe, CMD_RESET = 0xff };

void ps2_put(struct ps2_queue *q, u8 v)
{
	if (q->n == PS2_QUEUE) {
		q->dropped++;
		return;
	}
	q->v[(q->head + q->n++) % PS2_QUEUE] = v;
}

u8 ps2_get(struct ps2_queue *q)
{
	u8 v = q->v[q->head];

	q->head = (q->head + 1) % PS2_QUEUE;
	q->n--;
	return v;
}

u8 ps2_to_set1(u8 code)
{
	static const u8 set1[0x85] = {
		0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58,
		0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
		0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a,
		0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
		0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c,
		0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
		0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e,
		0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
		0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60,
		0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
		0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e,
		0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
		0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b,
		0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
		0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45,
		0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
		0x80, 0x81, 0x82, 0x41, 0x54,
	};

	return code < sizeof(set1) ? set1[code] : code;
}

static void defaults(struct ps2_kbd *k)
{
	k->set = 2;
	k->typematic = 0x2b;
	k->awaits = 0;
}

void ps2_kbd_reset(struct ps2_kbd *k)
{
	*k = (struct ps2_kbd){ .scanning = true };
	defaults(k);
}

static void argument(struct ps2_kbd *k, u8 cmd, u8 v)
{
	k->awaits = 0;
	if (cmd == CMD_SET && v > 2) {
		ps2_put(&k->out, RESEND);
		return;
	}
	ps2_put(&k->out, ACK);
	switch (cmd) {
	case CMD_LEDS: k->leds = v & 7; break;
	case CMD_RATE: k->typematic = v & 0x7f; break;
	case CMD_SET:
		if (v)
			k->set = v;
		else
			ps2_put(&k->out, k->set);
		break;
	}
}

static void command(struct ps2_kbd *k, u8 v)
{
	if (v == CMD_ECHO) {
		ps2_put(&k->out, ECHO);
		return;
	}
	ps2_put(&k->out, ACK);
	switch (v) {
	case CMD_LEDS:
	case CMD_SET:
	case CMD_RATE: k->awaits = v; break;
	case CMD_ID:
		ps2_put(&k->out, 0xab);
		ps2_put(&k->out, 0x83);
		break;
	case CMD_ENABLE: k->scanning = true; break;
	case CMD_DISABLE: k->scanning = false; defaults(k); break;
	case CMD_DEFAULTS: defaults(k); break;
	case CMD_RESET:
		ps2_kbd_reset(k);
		ps2_put(&k->out, ACK);
		ps2_put(&k->out, BAT_OK);
		break;
	}
}

void ps2_kbd_write(struct ps2_kbd *k, u8 v)
{
	u8 cmd = k->awaits;

	if (v == CMD_RESEND) {
		ps2_put(&k->out, k->last);
		return;
	}
	k->out.n = 0;		/* a byte from the host ends what the keyboard was sending */
	if (cmd && v < CMD_LEDS)
		argument(k, cmd, v);
	else if (v == CMD_ECHO || v == CMD_LEDS || v == CMD_SET || v >= CMD_ID)
		command(k, v);
	else
		ps2_put(&k->out, RESEND);
	if (v != CMD_RESET && k->out.n)
		k->last = k->out.v[k->out.head];
}

void ps2_kbd_key(struct ps2_kbd *k, u16 code, bool down)
{
	u8 low = (u8)code;

	if (!k->scanning)
		return;
	if (k->out.n + 3 > PS2_QUEUE) {
		k->out.dropped++;
		return;
	}
	if (code >> 8)
		ps2_put(&k->out, EXTENDED);
	if (k->set == 1) {
		ps2_put(&k->out, (u8)(ps2_to_set1(low) | (down ? 0 : 0x80)));
		return;
	}
	if (!down)
		ps2_put(&k->out, BREAK);
	ps2_put(&k->out, low);
}
