/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IBM VGA register file (IBM PS/2 Hardware Interface Technical Reference, video subsystem)
 * and the 64 KiB window at 0xa0000 with its write modes 0-3, read modes 0 and 1, chain 4.
 * Text memory 0xb8000-0xbffff is plain RAM of mm/gpa, not seen here, wherever the graphics
 * controller's memory map bits point. Nothing is drawn: a screen takes the
 * picture by the display end.
 * Deviations: odd/even addressing of the window is not modelled (SeaBIOS's font loads do
 * not use it); retrace follows clock_ns() at 70 Hz with 449 lines, whatever the CRTC holds;
 * no VBE ports, so vgabios falls back to plain VGA; the window is always there, and the
 * monochrome addresses 0x3b4, 0x3b5, 0x3ba answer only when MISC bit 0 is clear.
 * Invariant: registers read back what was written, in the bits that the VGA has.
 */
#include "drivers/pc/vga.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/timer.h"

enum { BASE = 0x3b0, PORTS = 0x30, WINDOW = 0xa0000, WINDOW_SIZE = 0x10000 };
enum { ATTR = 0x3c0, ATTR_READ = 0x3c1, MISC_WRITE = 0x3c2, SEQ = 0x3c4, DAC_MASK = 0x3c6,
	DAC_READ = 0x3c7, DAC_WRITE = 0x3c8, DAC_DATA = 0x3c9, FEATURE = 0x3ca, MISC_READ = 0x3cc,
	GRAPHICS = 0x3ce, CRTC = 0x3d4, STATUS1 = 0x3da };
enum { SEQ_MAP_MASK = 2, SEQ_MODE = 4, SEQ_CHAIN4 = 8 };
enum { GR_SET_RESET, GR_ENABLE_SR, GR_COMPARE, GR_ROTATE, GR_READ_MAP, GR_MODE, GR_MISC,
	GR_DONT_CARE, GR_BIT_MASK, GR_MODE_256 = 0x40 };
enum { CR_OVERFLOW = 0x07, CR_MAX_SCAN = 0x09, CR_CURSOR_START = 0x0a, CR_START_HIGH = 0x0c,
	CR_CURSOR_HIGH = 0x0e, CR_VEND = 0x11, CR_DISPLAY_END = 0x12, CR_OFFSET = 0x13,
	CR_UNDERLINE = 0x14, CR_DOUBLE_WORDS = 0x40, CR_PROTECT = 0x80 };
enum { FRAME_NS = 14268000, LINE_NS = 31778, LINES = 449, VISIBLE = 400 };
enum { ST1_DISPLAY_OFF = 1, ST1_VRETRACE = 8 };

struct vga {
	struct lock lock;
	u8 attr_index, seq_index, gr_index, crtc_index;
	bool attr_data;		/* the next write of 0x3c0 is data */
	u8 attr[32], seq[8], gr[16], crtc[32];
	u8 misc, feature;
	u8 dac[256][3], dac_mask, dac_at, dac_part, dac_state;
	u8 latch[4];
	u8 mem[PICTURE_MEMORY];
	struct picture shown;	/* as taken last, without the rows that had changed */
	u32 dirty_first, dirty_last;	/* offsets in the window written since */
	struct bus_region ports, window;
};

/* -- Registers ------------------------------------------------------------- */

static u8 status1(void)
{
	u64 at = clock_ns() % FRAME_NS, line = at / LINE_NS;
	bool hblank = at % LINE_NS > LINE_NS * 4 / 5;
	u8 v = line >= VISIBLE || hblank ? ST1_DISPLAY_OFF : 0;

	return v | (line >= VISIBLE + 12 && line < VISIBLE + 14 ? ST1_VRETRACE : 0);
}

static u8 dac_read(struct vga *v)
{
	u8 c = v->dac[v->dac_at][v->dac_part];

	if (++v->dac_part == 3) {
		v->dac_part = 0;
		v->dac_at++;
	}
	return c;
}

static void dac_write(struct vga *v, u8 c)
{
	v->dac[v->dac_at][v->dac_part] = c & 0x3f;
	if (++v->dac_part == 3) {
		v->dac_part = 0;
		v->dac_at++;
	}
}

static u8 read_status1(struct vga *v)
{
	v->attr_data = false;
	return status1();
}

/* CRTC and status answer at 0x3dx in colour mode, at 0x3bx in monochrome mode. */
static bool other_emulation(const struct vga *v, unsigned port)
{
	bool colour = v->misc & 1;

	return (port >= 0x3d0 && !colour) || (port < 0x3c0 && colour);
}

static u8 read_port(struct vga *v, unsigned port)
{
	if (other_emulation(v, port))
		return 0xff;
	switch (port < 0x3c0 ? port + 0x20 : port) {
	case ATTR: return v->attr_index;
	case ATTR_READ: return v->attr[v->attr_index & 31];
	case MISC_WRITE: return 0x10;	/* switch sense: a colour display is there */
	case SEQ: return v->seq_index;
	case SEQ + 1: return v->seq_index < sizeof(v->seq) ? v->seq[v->seq_index] : 0xff;
	case DAC_MASK: return v->dac_mask;
	case DAC_READ: return v->dac_state;
	case DAC_WRITE: return v->dac_at;
	case DAC_DATA: return dac_read(v);
	case FEATURE: return v->feature;
	case MISC_READ: return v->misc;
	case GRAPHICS: return v->gr_index;
	case GRAPHICS + 1: return v->gr_index < 9 ? v->gr[v->gr_index] : 0xff;
	case CRTC: return v->crtc_index;
	case CRTC + 1: return v->crtc_index < 0x19 ? v->crtc[v->crtc_index] : 0xff;
	case STATUS1: return read_status1(v);
	default: return 0xff;
	}
}

static void write_attr(struct vga *v, u8 x)
{
	if (v->attr_data)
		v->attr[v->attr_index & 31] = x;
	else
		v->attr_index = x & 0x3f;
	v->attr_data = !v->attr_data;
}

static void write_crtc(struct vga *v, u8 x)
{
	u8 n = v->crtc_index;

	if (n >= 0x19)
		return;
	if (n <= 7 && v->crtc[CR_VEND] & CR_PROTECT) {
		if (n == CR_OVERFLOW)	/* line compare bit 8 is not protected */
			v->crtc[n] = (u8)((v->crtc[n] & ~0x10) | (x & 0x10));
		return;
	}
	v->crtc[n] = x;
}

static void write_port(struct vga *v, unsigned port, u8 x)
{
	if (other_emulation(v, port))
		return;
	switch (port < 0x3c0 ? port + 0x20 : port) {
	case ATTR:
	case ATTR_READ: write_attr(v, x); break;
	case MISC_WRITE: v->misc = x; break;
	case SEQ: v->seq_index = x & 0x1f; break;
	case SEQ + 1:
		if (v->seq_index < sizeof(v->seq))
			v->seq[v->seq_index] = x;
		break;
	case DAC_MASK: v->dac_mask = x; break;
	case DAC_READ: v->dac_at = x; v->dac_part = 0; v->dac_state = 3; break;
	case DAC_WRITE: v->dac_at = x; v->dac_part = 0; v->dac_state = 0; break;
	case DAC_DATA: dac_write(v, x); break;
	case GRAPHICS: v->gr_index = x & 0xf; break;
	case GRAPHICS + 1: v->gr[v->gr_index] = x; break;
	case CRTC: v->crtc_index = x & 0x3f; break;
	case CRTC + 1: write_crtc(v, x); break;
	case STATUS1: v->feature = x; break;
	}
}

static u64 ports_read(void *opaque, u32 off, unsigned size)
{
	struct vga *v = opaque;

	(void)size;
	lock_take(&v->lock);
	u8 r = read_port(v, BASE + off);
	lock_drop(&v->lock);
	return r;
}

static void ports_write(void *opaque, u32 off, u64 x, unsigned size)
{
	struct vga *v = opaque;

	(void)size;
	lock_take(&v->lock);
	write_port(v, BASE + off, (u8)x);
	lock_drop(&v->lock);
}

/* -- Planar window --------------------------------------------------------- */

static u64 window_read(void *opaque, u32 off, unsigned size)
{
	struct vga *v = opaque;
	u8 r = 0xff;

	(void)size;
	lock_take(&v->lock);
	bool chain4 = v->seq[SEQ_MODE] & SEQ_CHAIN4;
	memcpy(v->latch, v->mem + 4 * (chain4 ? off & ~3u : off), 4);
	if (chain4) {
		r = v->latch[off & 3];
	} else if (v->gr[GR_MODE] & 8) {
		/* read mode 1: bits where all compared planes match */
		for (unsigned p = 0; p < 4; p++)
			if (v->gr[GR_DONT_CARE] >> p & 1)
				r &= (u8)~(v->latch[p] ^ (v->gr[GR_COMPARE] >> p & 1 ? 0xff : 0));
	} else {
		r = v->latch[v->gr[GR_READ_MAP] & 3];
	}
	lock_drop(&v->lock);
	return r;
}

static u8 rotate(u8 x, unsigned n)
{
	return (u8)(x >> n | x << (8 - n));
}

static u8 combine(const struct vga *v, u8 x, u8 latch)
{
	switch (v->gr[GR_ROTATE] >> 3 & 3) {
	case 1: return x & latch;
	case 2: return x | latch;
	case 3: return x ^ latch;
	default: return x;
	}
}

/* The byte that goes to plane p when the CPU writes x (write modes 0, 2, 3). */
static u8 plane_byte(const struct vga *v, unsigned p, u8 x)
{
	u8 mask = v->gr[GR_BIT_MASK], sr = v->gr[GR_SET_RESET] >> p & 1 ? 0xff : 0;
	unsigned mode = v->gr[GR_MODE] & 3;
	u8 rotated = rotate(x, v->gr[GR_ROTATE] & 7);

	if (mode == 1)
		return v->latch[p];
	if (mode == 2) {
		rotated = x >> p & 1 ? 0xff : 0;
	} else if (mode == 3) {
		mask &= rotated;
		rotated = sr;
	} else if (v->gr[GR_ENABLE_SR] >> p & 1) {
		rotated = sr;
	}
	return (u8)((combine(v, rotated, v->latch[p]) & mask) | (v->latch[p] & ~mask));
}

static void dirty(struct vga *v, u32 at)
{
	if (v->dirty_first > v->dirty_last)
		v->dirty_first = v->dirty_last = at;
	else if (at < v->dirty_first)
		v->dirty_first = at;
	else if (at > v->dirty_last)
		v->dirty_last = at;
}

static void window_write(void *opaque, u32 off, u64 x, unsigned size)
{
	struct vga *v = opaque;

	(void)size;
	lock_take(&v->lock);
	u8 planes = v->seq[SEQ_MAP_MASK];
	dirty(v, off);
	if (v->seq[SEQ_MODE] & SEQ_CHAIN4) {	/* each 4th address of a plane */
		if (planes >> (off & 3) & 1)
			v->mem[4 * (off & ~3u) + (off & 3)] = (u8)x;
	} else {
		for (unsigned p = 0; p < 4; p++)
			if (planes >> p & 1)
				v->mem[4 * off + p] = plane_byte(v, p, (u8)x);
	}
	lock_drop(&v->lock);
}

static const struct io_ops ports_ops = {
	.read = ports_read, .write = ports_write, .min = 1, .max = 1,
};
static const struct io_ops window_ops = {
	.read = window_read, .write = window_write, .min = 1, .max = 1,
};

/* -- Display end ----------------------------------------------------------- */

static u16 crtc_pair(const struct vga *v, unsigned high)
{
	return (u16)(v->crtc[high] << 8 | v->crtc[high + 1]);
}

/* Lines on the screen, and how many of them make one row of pixels or cells. */
static u16 rows(const struct vga *v)
{
	unsigned lines = v->crtc[CR_DISPLAY_END] + 1u + (v->crtc[CR_OVERFLOW] & 0x02) * 128 +
			 (v->crtc[CR_OVERFLOW] & 0x40) * 8;
	unsigned row = (v->crtc[CR_MAX_SCAN] & 31) + 1u;

	if (v->crtc[CR_MAX_SCAN] & 0x80)
		row *= 2;
	return (u16)(lines < row ? 1 : lines / row);
}

/* Pixel value or attribute to colour: through the attribute registers, but for 256 colours. */
static void fill_palette(const struct vga *v, struct picture *p)
{
	for (unsigned k = 0; k < 256; k++) {
		u8 at = p->kind == PICTURE_BYTES ? (u8)k : v->attr[k & 15] & 0x3f;

		memcpy(p->palette[k], v->dac[at & v->dac_mask], 3);
	}
}

static void fill_mode(const struct vga *v, struct picture *p)
{
	unsigned columns = v->crtc[1] + 1u, offset = v->crtc[CR_OFFSET] * 2u;

	p->kind = !(v->gr[GR_MISC] & 1) ? PICTURE_TEXT :
		  v->gr[GR_MODE] & GR_MODE_256 ? PICTURE_BYTES : PICTURE_PLANES;
	p->height = rows(v);
	p->start = crtc_pair(v, CR_START_HIGH);
	switch (p->kind) {
	case PICTURE_TEXT: p->width = (u16)columns; p->stride = offset; break;
	case PICTURE_PLANES: p->width = (u16)(columns * 8); p->stride = offset; break;
	case PICTURE_BYTES:	/* two clocks a pixel, four pixels an address */
		p->spread = v->crtc[CR_UNDERLINE] & CR_DOUBLE_WORDS ? 4 : 1;
		p->width = (u16)(columns * 4);
		p->start *= 4;
		p->stride = offset * 4;
		break;
	}
	p->memory = p->kind == PICTURE_TEXT ? NULL : v->mem;
	p->cursor = crtc_pair(v, CR_CURSOR_HIGH);
	p->cursor_on = !(v->crtc[CR_CURSOR_START] & 0x20);
}

/* The rows that the window's dirty addresses are in. */
static void fill_damage(const struct vga *v, struct picture *p)
{
	bool none = v->dirty_first > v->dirty_last || p->kind == PICTURE_TEXT;
	bool fours = p->kind == PICTURE_BYTES && !(v->seq[SEQ_MODE] & SEQ_CHAIN4);
	u32 at = v->dirty_first * (fours ? 4 : 1), end = v->dirty_last * (fours ? 4 : 1);
	u32 last_row = p->height - 1u;

	p->first = 1;
	p->last = 0;
	if (none || !p->stride || end < p->start)
		return;
	u32 first = at > p->start ? (at - p->start) / p->stride : 0;
	if (first > last_row)
		return;
	u32 last = (end - p->start) / p->stride;
	p->first = (u16)first;
	p->last = (u16)(last < last_row ? last : last_row);
}

static void take(void *opaque, struct picture *p)
{
	struct vga *v = opaque;

	lock_take(&v->lock);
	memset(p, 0, sizeof(*p));
	fill_mode(v, p);
	fill_palette(v, p);
	bool other = memcmp(p, &v->shown, sizeof(*p));
	v->shown = *p;
	fill_damage(v, p);
	if (other || !p->stride) {
		p->first = 0;
		p->last = (u16)(p->height - 1);
	}
	v->dirty_first = 1;
	v->dirty_last = 0;
	lock_drop(&v->lock);
}

struct display vga_display(struct vga *v)
{
	return (struct display){ .opaque = v, .take = take };
}

/* Comes up as after a BIOS's mode 3 in what guests without a video BIOS rely on: colour. */
void vga_reset(struct vga *v)
{
	lock_take(&v->lock);
	memset(v->attr, 0, sizeof(v->attr));
	memset(v->seq, 0, sizeof(v->seq));
	memset(v->gr, 0, sizeof(v->gr));
	memset(v->crtc, 0, sizeof(v->crtc));
	v->attr_data = false;
	v->misc = 0x67;
	v->dac_mask = 0xff;
	v->crtc[1] = 79;
	v->crtc[CR_OVERFLOW] = 0x02;
	v->crtc[CR_MAX_SCAN] = 15;
	v->crtc[CR_DISPLAY_END] = 0x8f;
	v->crtc[CR_OFFSET] = 40;
	v->gr[GR_BIT_MASK] = 0xff;
	lock_drop(&v->lock);
}

struct vga *vga_create(struct bus *bus)
{
	struct vga *v = calloc(1, sizeof(*v));

	must(v);
	v->ports = (struct bus_region){ "vga", BASE, PORTS, &ports_ops, v, 0, true, NULL };
	v->window = (struct bus_region){
		"vga window", WINDOW, WINDOW_SIZE, &window_ops, v, 0, true, NULL,
	};
	bus_add(bus, BUS_IO, &v->ports);
	bus_add(bus, BUS_MMIO, &v->window);
	vga_reset(v);
	return v;
}
