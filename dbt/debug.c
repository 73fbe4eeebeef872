/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breakpoints of the debug registers. Pages with a data breakpoint have no leaf, so that the fault
 * path sees each access. Blocks made while instruction breakpoints are enabled end before those
 * addresses, and their key names the set of addresses; so the run loop comes by each of them.
 * Invariant: two sets whose blocks can be found at the same time have different numbers.
 */
#include "dbt/debug.h"

#include "dbt/cache/cache.h"
#include "kernel/host_cpu.h"

#include <string.h>

/* The instruction breakpoints of one time. */
struct break_set {
	gva_t start[4];		/* 0 where there is none */
	u32 enabled;		/* bit n: DRn */
	u64 used;		/* when, to find the one that was not for longest; 0: never */
	u32 cores;		/* those that use it, a bit for each */
};

/*
 * Their numbers are in keys of blocks, which all cores share: so are they, with the cache's lock.
 * The last number is of no set while several cores run (DEBUG_EVERYWHERE).
 */
enum { SETS = (KEY_BREAK_SET >> KEY_BREAK_SHIFT) + 1, EVERYWHERE = SETS - 1 };
static struct break_set sets[SETS];
static u64 uses;

static u32 key_of(unsigned n) { return KEY_BREAK | (u32)n << KEY_BREAK_SHIFT; }

static bool same(const struct break_set *a, const struct break_set *b)
{
	return a->enabled == b->enabled && !memcmp(a->start, b->start, sizeof(a->start));
}

/*
 * The number of `want`; one that is given to it anew loses its blocks. If other cores use all of
 * them, there is the one without a set.
 */
static unsigned set_number(const struct break_set *want)
{
	unsigned count = cache_many() ? EVERYWHERE : SETS, oldest = EVERYWHERE;

	for (unsigned n = 0; n < count; n++) {
		if (sets[n].used && same(&sets[n], want))
			return n;
		if (!sets[n].cores && (oldest >= count || sets[n].used < sets[oldest].used))
			oldest = n;
	}
	if (oldest >= count)
		return EVERYWHERE;
	if (sets[oldest].used)
		cache_drop_mode(KEY_BREAK | KEY_BREAK_SET, key_of(oldest));
	sets[oldest] = *want;
	return oldest;
}

/* This core, whose bit that is, used another set before. */
static unsigned use(const struct break_set *want, u32 core)
{
	unsigned n;

	cache_lock();
	for (n = 0; n < SETS; n++)
		sets[n].cores &= ~core;
	n = set_number(want);
	sets[n].used = ++uses;
	sets[n].cores |= core;
	cache_unlock();
	return n;
}

static u32 break_key(const struct vcpu *c)
{
	struct break_set s = { .used = 0 };
	unsigned n;

	s.enabled = sys_breakpoints_of(c, BREAK_EXEC, s.start);
	if (!s.enabled)
		return 0;
	for (n = 0; n < 4; n++)
		if (!(s.enabled >> n & 1))
			s.start[n] = gva(0);
	return key_of(use(&s, 1u << cpu_self()->id));
}


/* No breakpoint is longer than its alignment: each is on one page. */
static void watch_pages(const struct vcpu *c, struct shadow *s)
{
	gva_t start[4], page[4];
	u32 watched = sys_breakpoints_of(c, BREAK_WRITE, start), count = 0;

	for (unsigned n = 0; n < 4; n++)
		if (watched >> n & 1)
			page[count++] = start[n];
	if (count || s->debug_pages)
		shadow_set_debug_pages(s, page, count);
}

void debug_changed(struct vcpu *c)
{
	watch_pages(c, ((struct dbt *)c->owner)->shadow);
	c->break_key = break_key(c);
}
