/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector registers of a block. XMM registers are renamed: reading or writing one emits nothing, it
 * only notes where the value is; scalar loads and merges note parts. Exits put everything
 * where the host's regs.h says; before, fault sites carry a map. C keeps all vector
 * registers, so calls cost nothing; values live within one x86 instruction, XMM
 * registers for the block: the host's pool suffices, or the block is split.
 *
 * Law: whoever writes a register has it alone: alloc() gives what nothing refers to, and
 * what is changed in place is referred to by what dies only.
 */
#include "dbt/backend/vregs.h"

#include "dbt/backend/host.h"
#include "dbt/backend/uses.h"

#include <string.h>

static bool has_low(struct vplace p) { return p.kind != V_WHOLE; }
static bool has_high(struct vplace p) { return p.kind == V_WHOLE || p.kind >= V_OVER32; }
static struct vplace whole(int r) { return (struct vplace){ .kind = V_WHOLE, .high = r }; }

static bool same(struct vplace a, struct vplace b)
{
	return a.kind == b.kind && (!has_low(a) || a.low == b.low) &&
	       (!has_high(a) || a.high == b.high);
}

static u32 registers(struct vplace p)
{
	return (has_low(p) ? 1u << p.low : 0) | (has_high(p) ? 1u << p.high : 0);
}

void va_prepare(struct emit *e)
{
	for (unsigned g = 0; g < e->xmms; g++)
		e->xmm[g] = whole(V_XMM(g));
	e->vlive_count = 0;
	e->vlocked = 0;
	e->vmaps = 0;
	e->vectors = false;
}

/* -- Who refers to what -- */

static void note_live(struct emit *e, val v, struct vplace p)
{
	e->vectors = true;
	e->vplace[v] = p;
	if (e->vlive_count == VLIVE_MAX)
		e->failed = true;
	else
		e->vlive[e->vlive_count++] = v;
}

/* Registers that values refer to which are wanted after instruction i (or at it: `now`). */
static u32 live_registers(const struct emit *e, bool now)
{
	u32 m = 0;

	for (unsigned n = 0; n < e->vlive_count; n++) {
		val v = e->vlive[n];

		if (e->of[v].last_use > e->i || (now && e->of[v].last_use == e->i) || v == e->i)
			m |= registers(e->vplace[v]);
	}
	return m;
}

/* Registers that XMM registers refer to, but for XMM `except` (-1: none). */
static u32 xmm_registers(const struct emit *e, int except)
{
	u32 m = 0;

	for (int g = 0; g < e->xmms; g++)
		if (g != except)
			m |= registers(e->xmm[g]);
	return m;
}

void va_done(struct emit *e)
{
	unsigned kept = 0;

	for (unsigned n = 0; n < e->vlive_count; n++)
		if (e->of[e->vlive[n]].last_use > e->i)
			e->vlive[kept++] = e->vlive[n];
	e->vlive_count = kept;
	e->vlocked = 0;
}

/* -- Registers -- */

static int lock(struct emit *e, int r)
{
	e->vectors = true;
	e->vlocked |= 1u << r;
	return r;
}

/* A register that nothing refers to; `wish` if that is one (-1: none). */
static int alloc(struct emit *e, int wish)
{
	u32 pool = e->wide ? V_POOL_64 : V_POOL_32;
	u32 m = pool & ~e->vlocked & ~live_registers(e, true) & ~xmm_registers(e, -1);

	if (!m) {
		e->failed = true;
		return lock(e, 0);
	}
	if (wish >= 0 && m >> wish & 1)
		return lock(e, wish);
	return lock(e, __builtin_ctz(m));
}

int va_scratch(struct emit *e) { return alloc(e, -1); }

/*
 * The XMM register that takes result v; *early: it may be written at once. -1: none, or its next
 * value comes before the block can be left: that one is to find the place free.
 */
static int put_of(const struct emit *e, val v, bool *early)
{
	unsigned p = e->of[v].put_at;

	p = p && !e->ir->v[p].y ? p : 0;
	*early = p && uses_early_put_is_safe(e, p);
	return p ? (int)e->ir->v[p].k : -1;
}

/*
 * May register r be overwritten by the result for XMM g (-1: none)? Only dying values and XMM g
 * itself, which is as good as overwritten, may refer to it.
 */
static bool dies(const struct emit *e, int r, int g)
{
	return !((live_registers(e, false) | xmm_registers(e, g)) >> r & 1);
}

static int result(struct emit *e, val v, int r, int early_xmm)
{
	note_live(e, v, whole(r));
	if (early_xmm >= 0)
		e->xmm[early_xmm] = whole(r);
	return lock(e, r);
}

static int define(struct emit *e, val v, bool may_be_operand)
{
	bool early;
	int g = put_of(e, v, &early), r;

	if (g >= 0 && early && dies(e, V_XMM(g), g) &&
	    (may_be_operand || !(e->vlocked >> V_XMM(g) & 1)))
		return result(e, v, V_XMM(g), g);
	r = alloc(e, g >= 0 ? V_XMM(g) : -1);
	return result(e, v, r, -1);
}

int va_def(struct emit *e, val v) { return define(e, v, true); }
int va_def_new(struct emit *e, val v) { return define(e, v, false); }

/* -- Putting parts together -- */

/* Everything that is at `from` is now at `to`. */
static void moved(struct emit *e, struct vplace from, struct vplace to)
{
	for (unsigned g = 0; g < e->xmms; g++)
		if (same(e->xmm[g], from))
			e->xmm[g] = to;
	for (unsigned n = 0; n < e->vlive_count; n++)
		if (same(e->vplace[e->vlive[n]], from))
			e->vplace[e->vlive[n]] = to;
}

/* How often something other than exactly `p` refers to register r. */
static bool shared(const struct emit *e, struct vplace p, int r)
{
	for (unsigned g = 0; g < e->xmms; g++)
		if (!same(e->xmm[g], p) && registers(e->xmm[g]) >> r & 1)
			return true;
	for (unsigned n = 0; n < e->vlive_count; n++)
		if (!same(e->vplace[e->vlive[n]], p) && registers(e->vplace[e->vlive[n]]) >> r & 1)
			return true;
	return e->vlocked >> r & 1;
}

static int make_whole(struct emit *e, struct vplace p)
{
	int d;

	if (p.kind == V_WHOLE)
		return lock(e, p.high);
	if (has_high(p) && !shared(e, p, p.high))
		d = lock(e, p.high);
	else if (!shared(e, p, p.low))
		d = lock(e, p.low);
	else
		d = alloc(e, -1);
	host_vassemble(e, d, p);
	moved(e, p, whole(d));
	return d;
}

int va_use(struct emit *e, val v) { return make_whole(e, e->vplace[v]); }

int va_use_low(struct emit *e, val v, unsigned bits)
{
	struct vplace p = e->vplace[v];

	if (p.kind == V_WHOLE)
		return lock(e, p.high);
	if (bits == 32 || p.kind == V_ZERO64 || p.kind == V_OVER64)
		return lock(e, p.low);
	return make_whole(e, p);
}

bool va_same(const struct emit *e, val a, val b) { return same(e->vplace[a], e->vplace[b]); }

int va_def_copy(struct emit *e, val v, val a)
{
	int from = va_use(e, a), g, r;
	bool early;

	g = put_of(e, v, &early);
	if (dies(e, from, early ? g : -1))
		return result(e, v, from, early && (registers(e->xmm[g]) >> from & 1) ? g : -1);
	r = alloc(e, g >= 0 ? V_XMM(g) : -1);
	host_vmove(e, r, from);
	return result(e, v, r, -1);
}

/* -- Notes instead of code -- */

void va_get(struct emit *e, val v, unsigned g) { note_live(e, v, e->xmm[g]); }
void va_put(struct emit *e, unsigned g, val v) { e->xmm[g] = e->vplace[v]; }

void va_def_low(struct emit *e, val v, int r, unsigned bits)
{
	note_live(e, v, (struct vplace){ .kind = bits == 32 ? V_ZERO32 : V_ZERO64, .low = r });
}

/* v = a with lane 0 of b. */
void va_merge(struct emit *e, val v, val a, val b, unsigned bits)
{
	struct vplace to = { .low = (u8)va_use_low(e, b, bits) }, p = e->vplace[a];

	if (bits == 32 && (p.kind == V_ZERO64 || p.kind == V_OVER64))
		p = whole(make_whole(e, p));
	if (p.kind == V_WHOLE || p.kind == V_OVER32 || p.kind == V_OVER64) {
		to.kind = bits == 32 ? V_OVER32 : V_OVER64;
		to.high = p.high;
	} else {
		to.kind = bits == 32 ? V_ZERO32 : V_ZERO64;
	}
	note_live(e, v, to);
}

/* v = lane 0 of a, zeros above. */
void va_low(struct emit *e, val v, val a, unsigned bits)
{
	if (e->vplace[a].kind == V_ZERO32)
		note_live(e, v, e->vplace[a]);
	else
		va_def_low(e, v, va_use_low(e, a, bits), bits);
}

/* -- Exits and faults -- */

/* Register r is wanted by somebody else: what is in it goes elsewhere. */
static void clear_out(struct emit *e, int r)
{
	int t = alloc(e, -1);

	host_vmove(e, t, r);
	for (unsigned g = 0; g < e->xmms; g++) {
		if (has_low(e->xmm[g]) && e->xmm[g].low == r)
			e->xmm[g].low = t;
		if (has_high(e->xmm[g]) && e->xmm[g].high == r)
			e->xmm[g].high = t;
	}
	for (unsigned n = 0; n < e->vlive_count; n++) {
		struct vplace *p = &e->vplace[e->vlive[n]];

		if (has_low(*p) && p->low == r)
			p->low = t;
		if (has_high(*p) && p->high == r)
			p->high = t;
	}
}

static bool in_place(const struct emit *e, unsigned g)
{
	return e->xmm[g].kind == V_WHOLE && e->xmm[g].high == V_XMM(g);
}

/* Those first whose pinned register nobody else has anything in; if there is none, make one. */
void va_canonical(struct emit *e)
{
	for (unsigned left = e->vectors ? e->xmms : 0; left;) {
		bool progress = false;

		left = 0;
		for (unsigned g = 0; g < e->xmms; g++) {
			u32 others;

			if (in_place(e, g))
				continue;
			others = xmm_registers(e, (int)g) | live_registers(e, true);
			if (others >> V_XMM(g) & 1) {
				left++;
				continue;
			}
			host_vassemble(e, V_XMM(g), e->xmm[g]);
			e->xmm[g] = whole(V_XMM(g));
			progress = true;
		}
		for (unsigned g = 0; left && !progress && g < e->xmms; g++)
			if (!in_place(e, g)) {
				clear_out(e, V_XMM(g));
				break;
			}
	}
	e->vlocked = 0;
}

/* The map in force, as a number from 1 on; 0: everything is in place. */
u16 va_map(struct emit *e)
{
	bool canonical = true;

	for (unsigned g = 0; e->vectors && g < e->xmms; g++)
		canonical &= in_place(e, g);
	if (canonical)
		return 0;
	if (e->vmaps && !memcmp(e->vmap[e->vmaps - 1], e->xmm, e->xmms * sizeof(e->xmm[0])))
		return e->vmaps;
	if (e->vmaps == VMAPS_MAX) {
		e->failed = true;
		return 0;
	}
	memcpy(e->vmap[e->vmaps++], e->xmm, e->xmms * sizeof(e->xmm[0]));
	return e->vmaps;
}

void va_at(struct emit *e, u16 map)
{
	e->vlive_count = 0;
	e->vlocked = 0;
	for (unsigned g = 0; g < e->xmms; g++)
		e->xmm[g] = map ? e->vmap[map - 1][g] : whole(V_XMM(g));
}

static bool wanted_by_site(const struct emit *e, unsigned map)
{
	for (unsigned n = 0; n < e->out->sites; n++)
		if (e->out->site[n].vmap == map)
			return true;
	return false;
}

/* Maps behind the code; sites get their places in words from the block's start. */
void va_emit_maps(struct emit *e)
{
	u16 at[VMAPS_MAX + 1];

	if (!e->vmaps)
		return;
	at[0] = 0;
	for (unsigned n = 0; n < e->vmaps; n++) {
		s64 words = code_here(&e->c) - e->start;

		if (!wanted_by_site(e, n + 1))
			continue;
		if (words > 0xffff)
			e->failed = true;
		at[n + 1] = (u16)words;
		for (unsigned g = 0; g < e->xmms; g++) {
			struct vplace p = e->vmap[n][g];

			if (p.kind != V_WHOLE || p.high != V_XMM(g))
				code_data(&e->c, VMAP_WORD(g, p));
		}
		code_data(&e->c, 0);
	}
	for (unsigned n = 0; n < e->out->sites; n++)
		e->out->site[n].vmap = at[e->out->site[n].vmap];
}
