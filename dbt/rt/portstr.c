/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * INS and OUTS (SDM vol. 2), with REP as many elements at once as lie on one
 * page: the run loop comes back for the rest. Guest memory is probed before the
 * device is asked: a device's data is read once. To and from RAM they are moved
 * together, as by DMA. Invariant: between CHUNK elements (WIDE_CHUNK in RAM) it
 * is seen whether somebody wants the run loop, so that interrupts are not held
 * off, however slow memory (a device's page, ROM) and port are.
 */
#include "dbt/core/core.h"
#include "dbt/sys/guestmem.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"
#include "mm/bus.h"

#include <string.h>

#define PAGE 4096u
#define CHUNK 16u		/* elements: 25,000 host instructions where memory is a device */
#define WIDE_CHUNK 64u		/* 42,000 where only the port is slow */

struct port_string {		/* the lifter's argument (lift_ins, lift_outs) taken apart */
	unsigned size, addrsize, seg;
	bool rep;
};

static struct port_string unpack(u64 a)
{
	return (struct port_string){ .size = a & 0xff, .addrsize = a >> 8 & 0xff,
				     .rep = a >> 16 & 1, .seg = a >> 24 & 7 };
}

static u64 index_value(const struct vcpu *c, enum gpr r, unsigned addrsize)
{
	if (addrsize == 8)
		return c->gpr[r];
	return addrsize == 2 ? reg32(c, r) & 0xffff : reg32(c, r);
}

static void index_add(struct vcpu *c, enum gpr r, unsigned addrsize, u64 delta)
{
	u64 v = c->gpr[r] + delta;

	if (addrsize == 2)
		v = (c->gpr[r] & ~0xffffull) | (v & 0xffff);
	c->gpr[r] = addrsize == 8 ? v : (u32)v;
}

/* In 64-bit code FS and GS alone have a base. */
static u64 linear_of(const struct vcpu *c, unsigned seg, u64 off)
{
	if (!vcpu_code64(c))
		return (u32)(c->seg[seg].base + off);
	return off + (seg == FS || seg == GS ? c->seg[seg].base : 0);
}

/* Bytes of the segment from `off` on, as many as anybody asks for; less than one element: none. */
static s64 room_at(const struct vcpu *c, const struct port_string *s, unsigned seg, u64 off,
		   bool write)
{
	u64 a = linear_of(c, seg, off);

	if (vcpu_code64(c))
		return canonical(a) && canonical(a + s->size - 1) ? PAGE : 0;
	return c->seg_span[write][seg] - (s64)((u32)off - c->seg_lo[seg]) + 1;
}

/*
 * Elements from offset `off` on that lie on one page and within the segment; 0: the first does not.
 */
static u32 run_length(const struct vcpu *c, const struct port_string *s, unsigned seg, u64 off,
		      bool write, u64 count)
{
	s64 room = room_at(c, s, seg, off, write);
	u32 n;

	if (room < s->size)
		return 0;
	if (c->df < 0 || (c->dr[7] & DR7_ENABLED))	/* #DB is due after one element */
		return 1;
	n = (PAGE - (linear_of(c, seg, off) & (PAGE - 1))) / s->size;
	if (s->addrsize == 2 && n > (0x10000 - off) / s->size)
		n = (u32)(0x10000 - off) / s->size;	/* then the index wraps */
	if (n > room / s->size)
		n = (u32)(room / s->size);
	if (!n)
		n = 1;		/* one element over the page's end */
	return n < count ? n : (u32)count;
}

/* One access for each element, as a device behind the memory must see it. */
static struct fault copy_in(struct vcpu *c, u64 linear, const u8 *buf, unsigned size, u32 count)
{
	for (u32 at = 0; at < count * size; at += size) {
		u64 v = 0;

		memcpy(&v, buf + at, size);
		TRY(g_st(c, vcpu_linear(c, linear + at), size, g_own(c), v));
	}
	return fault_none();
}

static struct fault copy_out(struct vcpu *c, u64 linear, u8 *buf, unsigned size, u32 count)
{
	for (u32 at = 0; at < count * size; at += size) {
		u64 v = 0;

		TRY(g_ld(c, vcpu_linear(c, linear + at), size, g_own(c), &v));
		memcpy(buf + at, &v, size);
	}
	return fault_none();
}

/* `count` elements between the port and linear memory that was probed. */
static struct fault move(struct vcpu *c, u16 port, u64 linear, unsigned size, u32 count, bool in)
{
	struct dbt *d = c->owner;
	u8 buf[CHUNK * 4];

	if (in) {
		bus_read_block(d->platform.bus, port, buf, size, count);
		return copy_in(c, linear, buf, size, count);
	}
	TRY(copy_out(c, linear, buf, size, count));
	bus_write_block(d->platform.bus, port, buf, size, count);
	return fault_none();
}

/* The same with RAM at `at`, on one page. */
static void move_ram(struct vcpu *c, u16 port, gpa_t at, unsigned size, u32 count, bool in)
{
	struct dbt *d = c->owner;
	u8 buf[WIDE_CHUNK * 4];

	if (in) {
		bus_read_block(d->platform.bus, port, buf, size, count);
		g_ram_write(at, buf, size * count);
	} else {
		g_ram_read(at, buf, size * count);
		bus_write_block(d->platform.bus, port, buf, size, count);
	}
}

/* After n elements: the index moves, the count goes down; eip stays while there are more. */
static void advance(struct vcpu *c, const struct port_string *s, enum gpr index, u32 n)
{
	u64 delta = n * s->size;

	index_add(c, index, s->addrsize, c->df < 0 ? -delta : delta);
	if (s->rep)
		index_add(c, ECX, s->addrsize, -(u64)n);
	if (!s->rep || !index_value(c, ECX, s->addrsize)) {
		c->eip = c->next_eip;
	} else if (c->debug_hits) {	/* SDM vol. 3, 17.3.1.1 */
		c->eflags |= FL_RF;
		sys_mode_changed(c);
	}
}

/*
 * Moves n elements that run_length allowed, one after the other, or as many as go until somebody
 * wants the run loop. One element alone may have data breakpoints, or lie over a page's end.
 */
static struct fault move_run(struct vcpu *c, const struct port_string *s, u64 linear, u32 n,
			     bool in)
{
	enum gpr index = in ? EDI : ESI;
	u16 port = (u16)reg32(c, EDX);
	gpa_t at;
	u32 most;
	bool ram;

	TRY(g_find(c, vcpu_linear(c, linear), n * s->size, g_own(c), in, &ram, &at));
	ram &= n > 1;
	most = ram ? WIDE_CHUNK : CHUNK;
	for (u32 done = 0, count; done < n && !(done && dbt_wanted()); done += count) {
		count = n - done < most ? n - done : most;
		if (ram)
			move_ram(c, port, gpa(at.a + done * s->size), s->size, count, in);
		else
			TRY(move(c, port, linear + done * s->size, s->size, count, in));
		advance(c, s, index, count);
	}
	return fault_none();
}

static struct fault port_string(struct vcpu *c, const struct port_string *s, bool in)
{
	enum gpr index = in ? EDI : ESI;
	u64 count = s->rep ? index_value(c, ECX, s->addrsize) : 1;
	u64 off = index_value(c, index, s->addrsize);
	u16 port = (u16)reg32(c, EDX);
	u32 n;

	if (!count) {
		c->eip = c->next_eip;
		return fault_none();
	}
	TRY(task_io_allowed(c, port, s->size));
	n = run_length(c, s, s->seg, off, in, count);
	if (!n)
		return fault_code(s->seg == SS ? EXC_SS : EXC_GP, 0);
	sys_note_hits(c, sys_breakpoints_io(c, port, s->size));
	return move_run(c, s, linear_of(c, s->seg, off), n, in);
}

static u64 run(struct vcpu *c, u64 a, bool in)
{
	struct port_string s = unpack(a);
	struct fault f;

	if (in)
		s.seg = ES;
	f = port_string(c, &s, in);
	if (f.raised)
		c->fault = f;
	return 0;
}

u64 helper_ins(struct vcpu *c, u64 a, u64 b, u64 d) { (void)b, (void)d; return run(c, a, true); }
u64 helper_outs(struct vcpu *c, u64 a, u64 b, u64 d) { (void)b, (void)d; return run(c, a, false); }
