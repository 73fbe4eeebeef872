/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * g_peek, g_try_*, g_allowed, g_find and g_ram_* (dbt/sys/guestmem.h) by the same test's g_probe,
 * g_ld and g_st. All memory is RAM, at its linear address.
 */
#include "dbt/sys/guestmem.h"
#include "kernel/panic.h"

bool g_peek(struct vcpu *c, gva_t linear, unsigned size, u64 *out)
{
	return !g_ld(c, linear, size, g_own(c), out).raised;
}

static struct vcpu *of;
static enum g_rights with;
static bool failed;

void g_try_begin(struct vcpu *c, enum g_rights rights)
{
	of = c;
	with = rights;
	failed = false;
}

bool g_try_end(const struct vcpu *c) { (void)c; return !failed; }

static u64 load(gva_t linear, unsigned size)
{
	u64 v;

	if (!g_ld(of, linear, size, with, &v).raised)
		return v;
	failed = true;
	return linear.a;		/* any value */
}

u64 g_try_ld8(gva_t linear) { return load(linear, 8); }
u32 g_try_ld4(gva_t linear) { return (u32)load(linear, 4); }

bool g_try_same(const struct seen_word w[3])
{
	bool same = true;

	for (unsigned k = 0; k < 3; k++)
		same &= load(gva(w[k].at), 8) == w[k].value && !failed;
	return same;
}

bool g_try_ld_frame(gva_t linear, u64 v[5])
{
	for (unsigned k = 0; k < 5; k++)
		v[k] = load(gva(linear.a + 8 * k), 8);
	return !failed;
}

bool g_try_st_frame(gva_t linear, u64 v0, u64 v1, u64 v2, u64 v3, u64 v4)
{
	const u64 v[5] = { v0, v1, v2, v3, v4 };

	for (unsigned k = 0; k < 5; k++)
		failed |= g_st(of, gva(linear.a + 8 * k), 8, with, v[k]).raised;
	return !failed;
}

void g_try_ld_bytes(const struct vcpu *c, gva_t linear, void *out, u32 size)
{
	u64 *v = out;

	(void)c;
	for (u32 k = 0; k < size / 8; k++)
		v[k] = load(gva(linear.a + 8 * k), 8);
}

void g_try_st_bytes(const struct vcpu *c, gva_t linear, const void *in, u32 size)
{
	const u64 *v = in;

	(void)c;
	for (u32 k = 0; k < size / 8; k++)
		g_try_st8_wide(gva(linear.a + 8 * k), v[k]);
}

u64 g_try_ld8_wide(gva_t linear) { return load(linear, 8); }

void g_try_st4(gva_t linear, u32 v)
{
	failed |= g_st(of, linear, 4, with, v).raised;
}

bool g_allowed(const struct vcpu *c, gva_t linear, u32 size, bool write)
{
	return !g_probe((struct vcpu *)c, linear, size, g_own(c), write).raised;
}

struct fault g_find(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write,
		    bool *ram, gpa_t *at)
{
	of = c;
	*ram = (linear.a & 0xfff) + size <= 0x1000;
	*at = gpa(linear.a);
	return g_probe(c, linear, size, rights, write);
}

void g_ram_read(gpa_t at, void *buf, u32 size)
{
	u8 *to = buf;

	for (u32 k = 0; k < size; k++) {
		u64 v = 0;

		must(!g_ld(of, gva(at.a + k), 1, G_SYSTEM, &v).raised);
		to[k] = (u8)v;
	}
}

void g_ram_write(gpa_t at, const void *buf, u32 size)
{
	const u8 *from = buf;

	for (u32 k = 0; k < size; k++)
		must(!g_st(of, gva(at.a + k), 1, G_SYSTEM, from[k]).raised);
}

void g_try_st8_wide(gva_t linear, u64 v)
{
	failed |= g_st(of, linear, 8, with, v).raised;
}
