/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See bytes.h. A page is filled by stretches, each of one kind. Runs of one kind are there because
 * what one instruction needs little of (a table's row, a register, a flag to be kept) forty need
 * much of.
 */
#include "guestimg/fuzz/bytes.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef unsigned char byte;

struct out {			/* a stretch being written */
	struct bytes_rng *r;
	byte *p, *end;
	const byte *real;
	unsigned real_size;
	int wide;
};

void bytes_seed(struct bytes_rng *r, unsigned seed)
{
	r->state = 0x9e3779b97f4a7c15ull * (seed + 1ull);
	for (unsigned k = 0; k < 4; k++)
		bytes_random(r, 0);
}

unsigned bytes_random(struct bytes_rng *r, unsigned n)
{
	unsigned v;

	r->state = r->state * 6364136223846793005ull + 1442695040888963407ull;
	v = (unsigned)(r->state >> 32);
	return n ? (unsigned)((unsigned long long)v * n >> 32) : v;
}

unsigned bytes_edge(struct bytes_rng *r)
{
	unsigned shift = bytes_random(r, 32);

	switch (bytes_random(r, 6)) {
	case 0: return bytes_random(r, 4) - 2;
	case 1: return 1u << shift;
	case 2: return (1u << shift) - 1;
	case 3: return ~0u << shift;
	case 4: return (bytes_random(r, 0) & ~0xfffu) + bytes_random(r, 32) - 16;
	default: return bytes_random(r, 0);
	}
}

static void put(struct out *o, unsigned v)
{
	if (o->p < o->end)
		*o->p++ = (byte)v;
}

static void put_random(struct out *o, unsigned n)
{
	while (n--)
		put(o, bytes_random(o->r, 0) >> 7);
}

/* An immediate or displacement of n bytes. */
static void put_edge(struct out *o, unsigned n)
{
	unsigned v = bytes_edge(o->r);

	for (unsigned k = 0; k < n; k++)
		put(o, v >> 8 * (k & 3));
}

/* -- One instruction, more or less -- */

/* Directly before the opcode: the next byte is that. */
static void put_rex(struct out *o)
{
	if (o->wide && bytes_random(o->r, 3))
		put(o, 0x40 + bytes_random(o->r, 16));
}

static void put_prefixes(struct out *o)
{
	static const byte prefix[] = {
		0x66, 0x67, 0xf2, 0xf3, 0x66, 0x67, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
		0xf0,
	};
	unsigned n = bytes_random(o->r, 8);

	if (n == 7)
		n = bytes_random(o->r, 16);
	for (n = n > 4 ? n - 4 : 0; n; n--)
		put(o, prefix[bytes_random(o->r, COUNT(prefix))]);
	put_rex(o);
}

/* ModR/M and what may follow it: half of them a register, so that not all fault. */
static void put_operands(struct out *o)
{
	unsigned modrm = bytes_random(o->r, 256);

	put(o, bytes_one_in(o->r, 2) ? modrm | 0xc0 : modrm);
	put_edge(o, bytes_random(o->r, 6));
}

static void put_any(struct out *o)
{
	put_prefixes(o);
	put_random(o, 1);
	put_operands(o);
}

static void put_0f(struct out *o)
{
	static const byte map[] = { 0x38, 0x3a };

	put_prefixes(o);
	put(o, 0x0f);
	if (bytes_one_in(o->r, 8))
		put(o, map[bytes_random(o->r, 2)]);
	put_random(o, 1);
	put_operands(o);
}

/* SSE and MMX: 0F with the prefixes that choose the form. */
static void put_vector(struct out *o)
{
	static const byte prefix[] = { 0, 0x66, 0xf2, 0xf3 };
	static const byte first[] = { 0x10, 0x28, 0x50, 0x60, 0x70, 0xc0, 0xd0, 0xe0, 0xf0 };
	byte p = prefix[bytes_random(o->r, 4)];

	if (p)
		put(o, p);
	put_rex(o);
	put(o, 0x0f);
	put(o, first[bytes_random(o->r, COUNT(first))] + bytes_random(o->r, 16));
	put_operands(o);
}

static void put_x87(struct out *o)
{
	put_rex(o);
	put(o, 0xd8 + bytes_random(o->r, 8));
	put_operands(o);
}

/* -- Flags: those that change some and leave others, and those that want all -- */

static void put_partial_setter(struct out *o)
{
	static const byte shift[] = { 0xd0, 0xd1, 0xd2, 0xd3, 0xc0, 0xc1, 0xd2, 0xd3 };
	static const byte bit[] = { 0xa3, 0xab, 0xb3, 0xbb, 0xa4, 0xa5, 0xac, 0xad };
	unsigned k = bytes_random(o->r, 10);

	put_rex(o);
	if (k < 2) {
		put(o, 0x40 + bytes_random(o->r, 16));		/* INC, DEC */
	} else if (k < 8) {					/* shifts and rotates */
		k = shift[bytes_random(o->r, COUNT(shift))];
		put(o, k);
		put(o, 0xc0 | bytes_random(o->r, 64));
		if (k < 0xd0)
			put_random(o, 1);
	} else if (k == 8) {					/* BT…, SHLD, SHRD */
		k = bit[bytes_random(o->r, COUNT(bit))];
		put(o, 0x0f);
		put(o, k);
		put(o, 0xc0 | bytes_random(o->r, 64));
		if (k == 0xa4 || k == 0xac)
			put_random(o, 1);
	} else {
		static const byte other[] = { 0xf5, 0xf8, 0xf9, 0x9e, 0x27, 0x2f, 0x37, 0x3f };

		put(o, other[bytes_random(o->r, COUNT(other))]);
	}
}

static void put_flag_reader(struct out *o, unsigned kind)
{
	put_rex(o);
	switch (kind) {
	case 0: put(o, 0x9c); break;				/* PUSHF */
	case 1: put(o, 0x9f); break;				/* LAHF */
	case 2:							/* SETcc, CMOVcc */
		put(o, 0x0f);
		put(o, (bytes_one_in(o->r, 2) ? 0x90 : 0x40) + bytes_random(o->r, 16));
		put(o, 0xc0 | bytes_random(o->r, 64));
		break;
	case 3:							/* ADC, SBB */
		put(o, 0x11 + 8 * bytes_random(o->r, 2));
		put(o, 0xc0 | bytes_random(o->r, 64));
		break;
	default: put(o, 0x8b); put_operands(o); break;		/* a load: a fault's image */
	}
}

/* Setters of one kind or of many, then a reader again and again; all in one block, if it may be. */
static void put_flag_chain(struct out *o)
{
	unsigned reader = bytes_random(o->r, 5), n = 8 + bytes_random(o->r, 36);
	int by_cl = bytes_one_in(o->r, 2);

	for (; n; n--) {
		if (by_cl) {
			put_rex(o);
			put(o, 0xd2 + bytes_random(o->r, 2));
			put(o, 0xc0 | bytes_random(o->r, 64));
		} else {
			put_partial_setter(o);
		}
	}
	for (n = 1 + bytes_random(o->r, 12); n; n--)
		put_flag_reader(o, reader);
}

/* -- Other runs -- */

/* The same instruction again and again, its bytes changed a little now and then. */
static void put_repeated(struct out *o)
{
	byte once[16];
	struct out one = { o->r, once, once + sizeof(once), o->real, o->real_size, o->wide };
	unsigned len;

	switch (bytes_random(o->r, 4)) {
	case 0: put_0f(&one); break;
	case 1: put_vector(&one); break;
	case 2: put_x87(&one); break;
	default: put_any(&one); break;
	}
	len = (unsigned)(one.p - once);
	for (unsigned n = bytes_random(o->r, 60); n; n--)
		for (unsigned k = 0; k < len; k++)
			put(o, bytes_one_in(o->r, 50) ? bytes_random(o->r, 256) : once[k]);
}

static void put_branch(struct out *o)
{
	static const byte near[] = { 0xeb, 0xe0, 0xe1, 0xe2, 0xe3 };

	put_rex(o);
	switch (bytes_random(o->r, 6)) {
	case 0: put(o, near[bytes_random(o->r, COUNT(near))]); put_random(o, 1); break;
	case 1: put(o, 0x70 + bytes_random(o->r, 16)); put_random(o, 1); break;
	case 2: put(o, 0xe8 + bytes_random(o->r, 2)); put_edge(o, 4); break;
	case 3: put(o, 0x0f); put(o, 0x80 + bytes_random(o->r, 16)); put_edge(o, 4); break;
	case 4: put(o, 0xc2 + bytes_random(o->r, 2)); put_edge(o, 2); break;
	default: put(o, 0xff); put_operands(o); break;
	}
}

/* Far transfers, descriptors, control registers, strings, stack frames. */
static void put_system(struct out *o)
{
	static const byte opcode[] = {
		0x9a, 0xea, 0xca, 0xcb, 0xcf, 0xcd, 0xcc, 0xce, 0xf1, 0x8e, 0x8c, 0xc4, 0xc5, 0x07,
		0x17, 0x1f, 0x9d, 0x9c, 0xc8, 0xc9, 0x60, 0x61, 0x62, 0x63, 0x6c, 0x6d, 0x6e, 0x6f,
		0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xae, 0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed,
		0xee, 0xef, 0xfa, 0xfb, 0xfc, 0xfd, 0xd5, 0xd4, 0xd7, 0xf4,
	};
	static const byte opcode_0f[] = {
		0x00, 0x00, 0x01, 0x01, 0x02, 0x03, 0x06, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30,
		0x31, 0x32, 0x33, 0x34, 0x35, 0xa2, 0xa0, 0xa1, 0xa8, 0xa9, 0xae, 0xb2, 0xb4, 0xb5,
		0xc7, 0x77, 0xaa,
	};

	put_prefixes(o);
	if (bytes_one_in(o->r, 2)) {
		put(o, 0x0f);
		put(o, opcode_0f[bytes_random(o->r, COUNT(opcode_0f))]);
	} else {
		put(o, opcode[bytes_random(o->r, COUNT(opcode))]);
	}
	put_operands(o);
}

/* Real code with one byte in `rate` changed. */
static void put_real(struct out *o)
{
	unsigned n = 16 + bytes_random(o->r, 200), rate = 4 + bytes_random(o->r, 60), at;

	if (o->real_size < 256)
		return;
	at = bytes_random(o->r, o->real_size - 250);
	while (n--) {
		put(o, bytes_one_in(o->r, rate) ? bytes_random(o->r, 256) : o->real[at]);
		at++;
	}
}

static void put_stretch(struct out *o)
{
	unsigned n = 1 + bytes_random(o->r, 30);

	switch (bytes_random(o->r, 12)) {
	case 0: put_random(o, n * 4); break;
	case 1: case 2: put_flag_chain(o); break;
	case 3: put_repeated(o); break;
	case 4: while (n--) put_vector(o); break;
	case 5: while (n--) put_x87(o); break;
	case 6: while (n--) put_0f(o); break;
	case 7: while (n--) put_system(o); break;
	case 8: case 9: put_real(o); break;
	case 10: put_branch(o); break;
	default: while (n--) put_any(o); break;
	}
	if (bytes_one_in(o->r, 3))
		put_branch(o);
}

void bytes_fill(struct bytes_rng *r, unsigned char *p, unsigned size, int wide,
		const unsigned char *real, unsigned real_size)
{
	struct out o = { r, p, p + size, real, real_size, wide };

	while (o.p < o.end)
		put_stretch(&o);
}
