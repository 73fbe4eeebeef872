/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Byte images of the x87: FSTENV, FSAVE, FXSAVE and back. Not guest memory.
 * Invariant: an image is 7 fields of 2 or 4 bytes (SDM vol. 1, 8.1.10), then ST(0)..ST(7).
 */
#include "dbt/fp/x87.h"
#include "dbt/fp/x87_prim.h"

#include <string.h>

/* Both hosts are little-endian. */
static inline void put(u8 *p, u64 v, unsigned bytes) { memcpy(p, &v, bytes); }

static inline u64 get(const u8 *p, unsigned bytes)
{
	u64 v = 0;

	memcpy(&v, p, bytes);
	return v;
}

/* The two tag bits of a valid register: 0 valid, 1 zero, 2 special. */
static unsigned tag_of(struct f80 v)
{
	unsigned exp = v.se & 0x7fff;
	if (!exp && !v.mant)
		return 1;
	return exp == 0 || exp == 0x7fff || !(v.mant >> 63) ? 2 : 0;
}

static u16 full_tags(const struct x87 *x)
{
	unsigned tw = 0;
	for (unsigned n = 0; n < 8; n++)
		tw |= (x->valid >> n & 1 ? tag_of(x->r[n]) : 3) << 2 * n;
	return (u16)tw;
}

static void set_tags(struct x87 *x, unsigned tw)
{
	x->valid = 0;
	for (unsigned n = 0; n < 8; n++)
		if ((tw >> 2 * n & 3) != 3)
			x->valid |= (u16)(1u << n);
}

static bool is_wide(enum x87_format f) { return f == X87_REAL32 || f == X87_PROT32; }
static bool is_real(enum x87_format f) { return f == X87_REAL16 || f == X87_REAL32; }

unsigned x87_env_size(enum x87_format f)
{
	return is_wide(f) ? 28 : 14;
}

/* Fields 3..6. Real-address formats hold linear addresses: 20 bits, or 32. */
static void pointer_fields(const struct x87 *x, enum x87_format f, u32 *field)
{
	u32 ip = (u32)x->fip, dp = (u32)x->fdp;
	unsigned fop = x->fop & 0x7ff;
	if (is_real(f)) {
		ip += (u32)x->fcs << 4;
		dp += (u32)x->fds << 4;
		field[0] = ip & 0xffff;
		field[1] = ip >> 16 << 12 | fop;
		field[2] = dp & 0xffff;
		field[3] = dp >> 16 << 12;
		return;
	}
	field[0] = ip;
	field[1] = is_wide(f) ? fop << 16 | x->fcs : x->fcs;
	field[2] = dp;
	field[3] = x->fds;
}

void x87_env_image(const struct x87 *x, enum x87_format f, u8 *out)
{
	u32 field[7] = { x->cw, x->sw, full_tags(x) };
	unsigned bytes = is_wide(f) ? 4 : 2;
	/* fields of 16 bits: the other half of their 32 bits reads as ones */
	unsigned half = f == X87_REAL32 ? 0x2f : 0x47;
	pointer_fields(x, f, field + 3);
	for (unsigned k = 0; k < 7; k++)
		put(out + k * bytes, half >> k & 1 ? field[k] | 0xffff0000 : field[k], bytes);
}

void x87_fstenv_done(struct x87 *x)
{
	x->cw |= FP_EXC;
	x87_update_mark(x);
	x87_update_es(x);
}

static void load_pointers(struct x87 *x, enum x87_format f, const u32 *field)
{
	if (is_real(f)) {
		x->fip = (field[0] & 0xffff) | (field[1] & 0xffff000) << 4;
		x->fdp = (field[2] & 0xffff) | (field[3] & 0xffff000) << 4;
		x->fop = field[1] & 0x7ff;
		x->fcs = x->fds = 0;
		return;
	}
	x->fip = field[0];
	x->fcs = (u16)field[1];
	x->fop = is_wide(f) ? field[1] >> 16 & 0x7ff : 0;
	x->fdp = field[2];
	x->fds = (u16)field[3];
}

void x87_fldenv(struct x87 *x, enum x87_format f, const u8 *in)
{
	u32 field[7];
	unsigned bytes = is_wide(f) ? 4 : 2;
	for (unsigned k = 0; k < 7; k++)
		field[k] = (u32)get(in + k * bytes, bytes);
	x->cw = (field[0] & 0x1f3f) | 0x40;
	x->sw = (u16)field[1];
	set_tags(x, field[2]);
	x87_update_mark(x);
	load_pointers(x, f, field + 3);
	x87_update_es(x);
}

void x87_save_image(const struct x87 *x, enum x87_format f, u8 *out)
{
	x87_env_image(x, f, out);
	out += x87_env_size(f);
	for (unsigned i = 0; i < 8; i++, out += 10) {
		struct f80 v = x->r[x87_phys(x, i)];
		put(out, v.mant, 8);
		put(out + 8, v.se, 2);
	}
}

void x87_frstor(struct x87 *x, enum x87_format f, const u8 *in)
{
	x87_fldenv(x, f, in);
	in += x87_env_size(f);
	for (unsigned i = 0; i < 8; i++, in += 10)
		x->r[x87_phys(x, i)] = (struct f80){ get(in, 8), (u16)get(in + 8, 2) };
}

void x87_fxsave(const struct x87 *x, bool wide, u8 *out)
{
	put(out, x->cw, 2);
	put(out + 2, x->sw, 2);
	put(out + 4, x->valid & 0xff, 2);
	put(out + 6, x->fop & 0x7ff, 2);
	put(out + 8, wide ? x->fip : (u32)x->fip | (u64)x->fcs << 32, 8);
	put(out + 16, wide ? x->fdp : (u32)x->fdp | (u64)x->fds << 32, 8);
	for (unsigned i = 0; i < 8; i++) {
		struct f80 v = x->r[x87_phys(x, i)];
		put(out + 32 + 16 * i, v.mant, 8);
		put(out + 40 + 16 * i, v.se, 8);
	}
}

void x87_fxrstor(struct x87 *x, bool wide, const u8 *in)
{
	x->cw = (get(in, 2) & 0x1f3f) | 0x40;
	x->sw = (u16)get(in + 2, 2);
	x->valid = in[4];
	x87_update_mark(x);
	x->fop = get(in + 6, 2) & 0x7ff;
	x->fip = wide ? get(in + 8, 8) : get(in + 8, 4);
	x->fdp = wide ? get(in + 16, 8) : get(in + 16, 4);
	x->fcs = wide ? 0 : (u16)get(in + 12, 2);
	x->fds = wide ? 0 : (u16)get(in + 20, 2);
	for (unsigned i = 0; i < 8; i++)
		x->r[x87_phys(x, i)] = (struct f80){ get(in + 32 + 16 * i, 8),
						     (u16)get(in + 40 + 16 * i, 2) };
	x87_update_es(x);
}
