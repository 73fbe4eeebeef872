/* SPDX-License-Identifier: BSD-2-Clause */
/* See shadow_past.h. */
#include "qemu-test/unit/shadow_past.h"

#include "qemu-test/unit/mm_world.h"

#define PAST 48

u64 pages[PAGES];
struct x86_paging mode;

static struct past past[PAGES][PAST];
static unsigned pasts[PAGES];

/* What the tables say of page k now; false if it is not present. D in ROM cannot be set. */
bool today(unsigned k, struct past *t)
{
	struct ref_walk r = ref_walk(&mode, pages[k], X86_READ, X86_SUPER);
	bool dirty = r.dirty || !r.ram;

	*t = (struct past){
		.page = r.addr & gpa_map.a20_mask & ~0xfffull, .shift = r.shift, .user = r.user,
		.global = r.global, .nx = r.nx,
		.write = { dirty && (r.writable || !mode.wp), dirty && r.writable && r.user },
	};
	return r.ok;
}

static bool same(const struct past *a, const struct past *b)
{
	return a->page == b->page && a->shift == b->shift && a->user == b->user &&
	       a->global == b->global && a->nx == b->nx && a->write[0] == b->write[0] &&
	       a->write[1] == b->write[1];
}

/* The tables are about to change: what they say now may be in the TLB from now on. */
void remember(void)
{
	struct past t;
	unsigned i;

	for (unsigned k = 0; k < PAGES; k++) {
		if (!today(k, &t))
			continue;
		for (i = 0; i < pasts[k] && !same(&past[k][i], &t); i++)
			;
		if (i < pasts[k])
			continue;
		if (pasts[k] == PAST) {		/* too many to tell: start from nothing */
			shadow_flush(world_shadow, true);
			memset(pasts, 0, sizeof(pasts));
			remember();
			return;
		}
		past[k][pasts[k]++] = t;
	}
}

void forget_all(void) { memset(pasts, 0, sizeof(pasts)); }

static void forget(unsigned k, unsigned i) { past[k][i] = past[k][--pasts[k]]; }

void forget_local(void)
{
	for (unsigned k = 0; k < PAGES; k++)
		for (unsigned i = 0; i < pasts[k];)
			if (past[k][i].global)
				i++;
			else
				forget(k, i);
}

/* INVLPG: all for its page, and for others what is of a large page that holds it. */
void forget_page(unsigned which)
{
	for (unsigned k = 0; k < PAGES; k++)
		for (unsigned i = 0; i < pasts[k];) {
			unsigned shift = past[k][i].shift;

			if (k == which ||
			    (shift < 32 && pages[k] >> shift == pages[which] >> shift))
				forget(k, i);
			else
				i++;
		}
}

static u64 host_of(u64 page)
{
	struct gpa_page p = gpa_lookup(gpa(page));

	return p.frame == FRAME_NONE ? 0 : gpa_frame_hpa(p.frame).a;
}

bool permits(const struct past *t, u64 host, bool write, enum x86_rights rights)
{
	bool user = rights == X86_USER;

	if (user ? !t->user : rights == X86_STRICT && mode.pg && mode.smap && t->user)
		return false;
	return host_of(t->page) == (host & ~0xfffull) &&
	       (!write || (t->write[user] && gpa_lookup(gpa(t->page)).kind == GPA_RAM));
}

bool permits_fetch(const struct past *t, u64 host, bool user)
{
	return !t->nx && (user || !mode.pg || !mode.smep || !t->user) &&
	       permits(t, host, false, user ? X86_USER : X86_SUPER);
}

bool past_permits(unsigned k, u64 host, bool write, enum x86_rights rights)
{
	bool old = false;

	for (unsigned i = 0; i < pasts[k]; i++)
		old |= permits(&past[k][i], host, write, rights);
	return old;
}

bool past_permits_fetch(unsigned k, u64 host, bool user)
{
	bool old = false;

	for (unsigned i = 0; i < pasts[k]; i++)
		old |= permits_fetch(&past[k][i], host, user);
	return old;
}
