/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PS/2 mouse, three-byte packets, device ID 0 (IBM PS/2 Technical Reference, Mouse). No
 * wheel: the sample-rate knock of wheel mice gets ID 0, as from a plain mouse.
 * Deviation: samples are sent as the host gives them, the sample rate is only stored.
 */
#include "drivers/pc/ps2.h"

enum { ACK = 0xfa, RESEND = 0xfe, BAT_OK = 0xaa, ID = 0 };
enum { CMD_SCALE1 = 0xe6, CMD_SCALE2 = 0xe7, CMD_RESOLUTION = 0xe8, CMD_STATUS = 0xe9,
	CMD_STREAM = 0xea, CMD_READ = 0xeb, CMD_UNWRAP = 0xec, CMD_WRAP = 0xee,
	CMD_REMOTE = 0xf0, CMD_ID = 0xf2, CMD_RATE = 0xf3, CMD_ENABLE = 0xf4,
	CMD_DISABLE = 0xf5, CMD_DEFAULTS = 0xf6, CMD_RESEND = 0xfe, CMD_RESET = 0xff };
enum { STATUS_SCALE2 = 0x10, STATUS_ENABLED = 0x20, STATUS_REMOTE = 0x40 };

static void defaults(struct ps2_mouse *m)
{
	m->status = 0;
	m->resolution = 2;
	m->rate = 100;
	m->dx = m->dy = 0;
	m->awaits = 0;
	m->wrap = false;
}

void ps2_mouse_reset(struct ps2_mouse *m)
{
	*m = (struct ps2_mouse){ 0 };
	defaults(m);
}

static int clamp9(s32 v)
{
	return v > 255 ? 255 : v < -256 ? -256 : v;
}

static void send_packet(struct ps2_mouse *m)
{
	int x = clamp9(m->dx), y = clamp9(m->dy);

	if (m->out.n + 3 > PS2_QUEUE)
		return;		/* the move adds up until there is room */
	ps2_put(&m->out, (u8)(0x08 | m->buttons | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0)));
	ps2_put(&m->out, (u8)x);
	ps2_put(&m->out, (u8)y);
	m->dx -= x;
	m->dy -= y;
}

static void send_status(struct ps2_mouse *m)
{
	u8 b = m->buttons;

	ps2_put(&m->out, (u8)(m->status | (b & 1) << 2 | (b & 4) >> 1 | (b & 2) >> 1));
	ps2_put(&m->out, m->resolution);
	ps2_put(&m->out, m->rate);
}

static void command(struct ps2_mouse *m, u8 v)
{
	ps2_put(&m->out, ACK);
	switch (v) {
	case CMD_SCALE1: m->status &= (u8)~STATUS_SCALE2; break;
	case CMD_SCALE2: m->status |= STATUS_SCALE2; break;
	case CMD_RESOLUTION:
	case CMD_RATE: m->awaits = v; break;
	case CMD_STATUS: send_status(m); break;
	case CMD_STREAM: m->status &= (u8)~STATUS_REMOTE; break;
	case CMD_READ: send_packet(m); break;
	case CMD_UNWRAP: break;
	case CMD_WRAP: m->wrap = true; break;
	case CMD_REMOTE: m->status |= STATUS_REMOTE; break;
	case CMD_ID: ps2_put(&m->out, ID); break;
	case CMD_ENABLE:
		m->status |= STATUS_ENABLED;
		m->dx = m->dy = 0;
		break;
	case CMD_DISABLE: m->status &= (u8)~STATUS_ENABLED; break;
	case CMD_DEFAULTS: defaults(m); break;
	case CMD_RESET:
		ps2_mouse_reset(m);
		ps2_put(&m->out, ACK);
		ps2_put(&m->out, BAT_OK);
		ps2_put(&m->out, ID);
		break;
	}
}

static bool known(u8 v)
{
	return (v >= CMD_SCALE1 && v <= CMD_UNWRAP) || v == CMD_WRAP || v == CMD_REMOTE ||
	       (v >= CMD_ID && v <= CMD_DEFAULTS) || v == CMD_RESET;
}

void ps2_mouse_write(struct ps2_mouse *m, u8 v)
{
	u8 cmd = m->awaits;

	if (m->wrap && v != CMD_UNWRAP && v != CMD_RESET) {
		ps2_put(&m->out, v);
		return;
	}
	m->wrap = false;
	if (v == CMD_RESEND) {
		ps2_put(&m->out, m->last);
		return;
	}
	m->out.n = 0;
	m->awaits = 0;
	if (cmd && v < CMD_SCALE1) {
		*(cmd == CMD_RATE ? &m->rate : &m->resolution) = v;
		ps2_put(&m->out, ACK);
	} else if (known(v)) {
		command(m, v);
	} else {
		ps2_put(&m->out, RESEND);
	}
	if (m->out.n)
		m->last = m->out.v[m->out.head];
}

void ps2_mouse_move(struct ps2_mouse *m, int dx, int dy, u8 buttons)
{
	bool changed = dx || dy || buttons != m->buttons;

	m->buttons = buttons & 7;
	m->dx = clamp9(m->dx) + clamp9(dx);
	m->dy = clamp9(m->dy) + clamp9(dy);
	if (changed && m->status & STATUS_ENABLED && !(m->status & STATUS_REMOTE))
		send_packet(m);
}
