/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory for helpers (guestmem.h) by direct accesses in the view of the
 * asked rights; the fault path fills leaves as for translated code.
 */
#include "dbt/sys/guestmem.h"

#include "dbt/core/core.h"
#include "kernel/host_cpu.h"
#include "kernel/panic.h"
#include "mm/gpa.h"

u64 guest_ld_1(hva_t addr);
u64 guest_ld_2(hva_t addr);
u64 guest_ld_4(hva_t addr);
u64 guest_ld_8(hva_t addr);
void guest_st_1(hva_t addr, u64 value);
void guest_st_2(hva_t addr, u64 value);
void guest_st_4(hva_t addr, u64 value);
void guest_st_8(hva_t addr, u64 value);
bool guest_same(const struct seen_word w[3]);
bool guest_ld_frame(hva_t addr, u64 v[5]);
bool guest_st_frame(hva_t addr, u64 v0, u64 v1, u64 v2, u64 v3, u64 v4);
void guest_ld_bytes(hva_t addr, void *out, u64 size);
void guest_st_bytes(hva_t addr, const void *in, u64 size);

/*
 * In the wide form, in which the monitor is in all of long mode: what is not canonical could be the
 * monitor's own, so another address that never is gives the fault.
 */
static hva_t wide_hva(gva_t linear, unsigned size)
{
	bool good = canonical(linear.a) && canonical(linear.a + size - 1);

	return good ? gva_to_hva_wide(linear) : hva(1ull << 47);
}

static enum x86_rights strict(enum g_rights rights)
{
	return rights == G_USER ? X86_USER : X86_STRICT;
}

/* The view is the strict one for all supervisors: what AC allows is tried again (fault.c). */
static hva_t begin(struct dbt *d, gva_t linear, unsigned size, enum g_rights rights)
{
	d->helper_rights = (u8)rights;
	d->helper_fault.raised = false;
	shadow_set_view(d->shadow, strict(rights));
	return d->shadow->wide ? wide_hva(linear, size) : gva_to_hva(linear);
}

static u64 ld(hva_t a, unsigned size)
{
	switch (size) {
	case 1: return guest_ld_1(a);
	case 2: return guest_ld_2(a);
	case 4: return guest_ld_4(a);
	case 8: return guest_ld_8(a);
	default: panic("guestmem: load of %u bytes", size);
	}
}

struct fault g_ld(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 *out)
{
	struct dbt *d = c->owner;

	*out = ld(begin(d, linear, size, rights), size);
	return d->helper_fault;
}

/* A fault of it is nobody's: there is no leaf, or none that all supervisors may use. */
bool g_peek(struct vcpu *c, gva_t linear, unsigned size, u64 *out)
{
	struct dbt *d = c->owner;
	hva_t a = begin(d, linear, size, g_own(c));

	d->peeks = true;
	*out = ld(a, size);
	d->peeks = false;
	return !d->helper_fault.raised;
}

struct fault g_st(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 value)
{
	struct dbt *d = c->owner;
	hva_t a = begin(d, linear, size, rights);

	switch (size) {
	case 1: guest_st_1(a, value); break;
	case 2: guest_st_2(a, value); break;
	case 4: guest_st_4(a, value); break;
	case 8: guest_st_8(a, value); break;
	default: panic("guestmem: store of %u bytes", size);
	}
	return d->helper_fault;
}

void g_try_begin(struct vcpu *c, enum g_rights rights) { begin(c->owner, gva(0), 1, rights); }
u64 g_try_ld8(gva_t linear) { return guest_ld_8(gva_to_hva(linear)); }
u32 g_try_ld4(gva_t linear) { return (u32)guest_ld_4(gva_to_hva(linear)); }
void g_try_st4(gva_t linear, u32 v) { guest_st_4(gva_to_hva(linear), v); }

u64 g_try_ld8_wide(gva_t linear) { return guest_ld_8(wide_hva(linear, 8)); }
void g_try_st8_wide(gva_t linear, u64 v) { guest_st_8(wide_hva(linear, 8), v); }

static hva_t any_hva(const struct vcpu *c, gva_t linear, u32 size)
{
	return ((const struct dbt *)c->owner)->shadow->wide ? wide_hva(linear, size) :
	       gva_to_hva(linear);
}

void g_try_ld_bytes(const struct vcpu *c, gva_t linear, void *out, u32 size)
{
	guest_ld_bytes(any_hva(c, linear, size), out, size);
}

void g_try_st_bytes(const struct vcpu *c, gva_t linear, const void *in, u32 size)
{
	guest_st_bytes(any_hva(c, linear, size), in, size);
}

bool g_try_same(const struct seen_word w[3]) { return guest_same(w); }

bool g_try_ld_frame(gva_t linear, u64 v[5])
{
	return guest_ld_frame(gva_to_hva_wide(linear), v);
}

bool g_try_st_frame(gva_t linear, u64 v0, u64 v1, u64 v2, u64 v3, u64 v4)
{
	return guest_st_frame(gva_to_hva_wide(linear), v0, v1, v2, v3, v4);
}

bool g_try_end(const struct vcpu *c)
{
	return !((const struct dbt *)c->owner)->helper_fault.raised;
}

/* Ranges go over the end of 32 bits to 0, but where there are 64. */
static gva_t wrapped(const struct dbt *d, u64 a) { return gva(d->shadow->wide ? a : (u32)a); }

/* In the strict view first, as begin does. */
static bool translate(const struct vcpu *c, gva_t va, enum x86_access access, enum g_rights rights,
		      gpa_t *at, u32 *error)
{
	struct shadow *s = ((struct dbt *)c->owner)->shadow;

	if (shadow_translate(s, va, access, strict(rights), at, error))
		return true;
	return rights == G_SUPER && (c->eflags & FL_AC) &&
	       shadow_translate(s, va, access, X86_SUPER, at, error);
}

/* *at: where the last page's part begins; NULL: nobody asks. */
static struct fault probe(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write,
			  gpa_t *at)
{
	struct dbt *d = c->owner;
	u64 last = wrapped(d, linear.a + size - 1).a;
	gva_t va = linear;
	gpa_t ignored;
	u32 error;

	if (d->shadow->wide && !(canonical(linear.a) && canonical(last)))
		return fault_code(EXC_GP, 0);
	for (;; va = wrapped(d, (va.a & ~0xfffull) + 0x1000)) {
		if (!(!at && shadow_allows(d->shadow, va, write, strict(rights))) &&
		    !translate(c, va, write ? X86_WRITE : X86_READ, rights, at ? at : &ignored,
			       &error))
			return fault_page(va, error);
		if (!((va.a ^ last) >> 12))
			return fault_none();
	}
}

struct fault g_probe(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write)
{
	return size ? probe(c, linear, size, rights, write, NULL) : fault_none();
}

bool g_allowed(const struct vcpu *c, gva_t linear, u32 size, bool write)
{
	struct dbt *d = c->owner;
	enum x86_rights rights = strict(g_own(c));
	gva_t last = wrapped(d, linear.a + size - 1);

	return shadow_allows(d->shadow, linear, write, rights) &&
	       (!((linear.a ^ last.a) >> 12) || shadow_allows(d->shadow, last, write, rights));
}

struct fault g_find(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write,
		    bool *ram, gpa_t *at)
{
	struct fault f = probe(c, linear, size, rights, write, at);

	*ram = !f.raised && (linear.a & 0xfff) + size <= 0x1000 && gpa_host(*at);
	return f;
}

void g_ram_read(gpa_t at, void *buf, u32 size) { gpa_read(at, buf, size); }
void g_ram_write(gpa_t at, const void *buf, u32 size) { gpa_write(at, buf, size); }

/* With one guest CPU nothing comes between the load and the store. */
struct fault g_rmw8(struct vcpu *c, gva_t linear, u8 clear, u8 set, u8 *old)
{
	struct fault f = g_probe(c, linear, 1, G_SYSTEM, true);
	u64 v;

	if (f.raised)
		return f;
	f = g_ld(c, linear, 1, G_SYSTEM, &v);
	if (f.raised)
		return f;
	if (old)
		*old = (u8)v;
	return g_st(c, linear, 1, G_SYSTEM, (v & ~(u64)clear) | set);
}
