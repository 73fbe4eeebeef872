/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Channel 2 of the 8254 against a model that counts each clock, as the 82C54's text (order 231244,
 * "Mode Definitions") has it: counts, gates and long silences at random. drivers/pc/pit.c
 * computes from the clock instead. Not here: IRQ 0, BCD, latches of single bytes (test_pit.c).
 */
#include "drivers/pc/pit.h"

#include "kernel/timer.h"
#include "qemu-test/unit/pc_test.h"

enum { SEQUENCES = 1500, STEPS = 40, GATE2 = 1, OUT2 = 0x20 };

static struct {
	int mode;
	u32 cr, n, ce;		/* count register; as loaded last; counting element */
	u32 clocks;		/* counted since then */
	bool written, fresh, loaded, gate, trigger, out;
} model;

static void model_control(int mode)
{
	model.mode = mode;
	model.written = model.fresh = model.loaded = model.trigger = false;
	model.out = mode != 0;
}

static void model_write(u32 n)
{
	model.cr = n;
	model.written = model.fresh = true;
	model.out = model.mode == 0 ? false : model.out;
}

static void model_gate(bool gate)
{
	bool once = model.mode == 1 || model.mode == 5, twice = model.mode == 2 || model.mode == 3;

	if (gate && !model.gate)
		model.trigger |= (once && model.written) || (twice && model.loaded);
	if (!gate && model.gate && twice)
		model.out = true;
	model.gate = gate;
}

static void load(bool out)
{
	model.n = model.cr;
	model.ce = model.mode == 3 ? model.n & ~1u : model.n;
	model.clocks = 0;
	model.loaded = true;
	model.fresh = model.trigger = false;
	model.out = out;
}

/* Modes 0, 1, 4 and 5: the level stays, or it is a strobe of one clock. */
static void count_once(void)
{
	model.ce = (model.ce - 1) & 0xffff;
	model.clocks++;
	if (model.mode >= 4)
		model.out = model.clocks != model.n;
	else
		model.out |= model.clocks >= model.n;
}

static void count_rate(void)
{
	if (model.ce == 1)
		load(true);
	else
		model.out = --model.ce != 1;
}

static void count_square(void)
{
	if (++model.clocks == (model.n + model.out) / 2)
		load(!model.out);
	else
		model.ce -= 2;
}

static void model_clock(void)
{
	bool first = model.fresh && !model.loaded, counts = model.loaded && model.gate;

	switch (model.mode) {
	case 0: case 4:
		if (model.fresh)
			load(model.mode == 4);
		else if (counts)
			count_once();
		break;
	case 1: case 5:
		if (model.trigger)
			load(model.mode == 5);
		else if (model.loaded)
			count_once();
		break;
	default:
		if (model.trigger || first)
			load(true);
		else if (counts)
			model.mode == 2 ? count_rate() : count_square();
	}
}

static void clocks(u32 n)
{
	for (u64 t = clock_ns() * 105 / 88000 + n; n; n--) {
		u64 want = ((t - n + 1) * 88000 + 104) / 105;

		fake_advance(want - clock_ns());
		model_clock();
	}
}

static u32 any(u32 n)
{
	static u32 seed = 1;

	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Something is done, or nothing; then clocks pass. */
static void step(void)
{
	u32 what = any(5), n = 2 + any(any(4) ? 12 : 300);

	if (what == 0) {
		outb(0x42, (u8)n), outb(0x42, (u8)(n >> 8));
		model_write(n);
	} else if (what == 1) {
		outb(0x61, n & GATE2);
		model_gate(n & GATE2);
	}
	clocks(1 + (any(3) ? any(4) : any(any(2) ? 40 : 700)));
}

static void compare(void)
{
	u8 status;
	u16 count;

	outb(0x43, 0xc8);		/* read-back: status and count of channel 2 */
	status = inb(0x42);
	count = inb(0x42);
	count |= (u16)(inb(0x42) << 8);
	CHECK_EQ(!!(status & 0x80), model.out, "OUT");
	CHECK_EQ(!!(inb(0x61) & OUT2), model.out, "OUT at port 0x61");
	CHECK_EQ(!!(status & 0x40), !model.written || model.fresh, "NULL COUNT");
	CHECK(!model.loaded || count == (u16)model.ce, "count");
}

static bool on_waiting(void *opaque, unsigned n)
{
	(void)opaque, (void)n;
	return false;
}

int main(void)
{
	static struct wire irq0;
	struct irq_line line = { wire_set, &irq0, 0 };

	bus = bus_create();
	pit_create(bus, &line, on_waiting);
	for (unsigned k = 0; k < SEQUENCES; k++) {
		int mode = (int)any(6);

		outb(0x61, 0);
		model_gate(false);
		clocks(1);
		outb(0x43, (u8)(0xb0 | mode << 1));
		model_control(mode);
		for (unsigned n = 0; n < STEPS; n++) {
			step();
			if (any(3))	/* at times nobody looks for long */
				compare();
		}
	}
	return check_done();
}
