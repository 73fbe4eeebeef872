/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that hold code and are written again and again (a stack or data beside code, code that
 * changes itself). Watching them costs a trap for each store; so for a while they are not watched,
 * and their blocks compare their guest bytes themselves at entry. Not here: the comparison (back
 * end), and that such a block ends after a store (translate).
 * Invariant: a frame is in `open` as long as it may hold blocks and not be watched.
 */
#include "dbt/cache/cache.h"

#include "dbt/cache/inside.h"
#include "dbt/cache/this.h"
#include "kernel/lib/bits.h"
#include "kernel/printk.h"
#include "mm/frame.h"

/*
 * So many stores within a window: first only the page's blocks go, which is enough if the page is
 * being filled with something new. Twice as many: the page's blocks check themselves.
 */
#define BUSY_STORES 128
#define WINDOW_NS 20000000ull
#define OPEN_NS 1000000000ull	/* then it is watched again, to see whether it has gone quiet */

/*
 * Facts about frames, for all cores. Who looks without the lock may miss one that is being moved,
 * or opened or closed: what was made from it is looked at again (cache_publish).
 */
static struct { u32 frame; u32 stores; u64 since; } busy[8];
static struct { u32 frame; u64 since; } open[32];
static unsigned opens;

static unsigned open_count(void) { return __atomic_load_n(&opens, __ATOMIC_RELAXED); }

bool cache_self_checking(u32 n)
{
	for (unsigned k = 0; k < open_count(); k++)
		if (__atomic_load_n(&open[k].frame, __ATOMIC_RELAXED) == n)
			return true;
	return false;
}

static void set_open(unsigned k, u32 n, u64 since)
{
	__atomic_store_n(&open[k].frame, n, __ATOMIC_RELAXED);
	open[k].since = since;
}

static void set_opens(unsigned n) { __atomic_store_n(&opens, n, __ATOMIC_RELAXED); }

static bool store_trapped(u32 n, u64 now)
{
	unsigned k, oldest = 0;

	for (k = 0; k < ARRAY_LEN(busy) && (!busy[k].stores || busy[k].frame != n); k++)
		if (busy[k].since < busy[oldest].since)
			oldest = k;
	if (k == ARRAY_LEN(busy))
		k = oldest;
	if (busy[k].frame != n || now - busy[k].since > WINDOW_NS) {
		busy[k].frame = n;
		busy[k].since = now;
		busy[k].stores = 0;
	}
	return ++busy[k].stores % BUSY_STORES == 0;
}

bool cache_store_trapped(u32 n, u64 now)
{
	bool many;

	cache_lock();
	many = store_trapped(n, now);
	cache_unlock();
	return many;
}

/* Whatever is being made from it is outdated, too. */
static void drop_all(u32 n) { blocks_drop_on(n, 0, FRAME_SIZE); }

static __attribute__((noinline)) void close(unsigned k)
{
	drop_all(open[k].frame);
	set_open(k, open[opens - 1].frame, open[opens - 1].since);
	set_opens(opens - 1);
}

/* The one that has been open longest makes room. */
static void open_page(u32 n, u64 now)
{
	unsigned oldest = 0;

	for (unsigned k = 1; k < opens; k++)
		if (open[k].since < open[oldest].since)
			oldest = k;
	if (opens == ARRAY_LEN(open))
		close(oldest);
	set_open(opens, n, now);
	set_opens(opens + 1);
	cache_this()->count.self_checked_pages++;
	trace(FRAME, "frame %x is written again and again: its blocks check themselves\n", n);
}

void cache_page_busy(u32 n, u64 now)
{
	cache_lock();
	drop_all(n);
	for (unsigned k = 0; k < ARRAY_LEN(busy); k++)
		if (busy[k].frame == n && busy[k].stores >= 2 * BUSY_STORES) {
			busy[k].stores = 0;
			if (!cache_self_checking(n))
				open_page(n, now);
		}
	cache_unlock();
}

bool cache_self_checks(void) { return open_count(); }

void cache_self_check_end(u64 now)
{
	cache_lock();
	for (unsigned k = opens; k-- > 0;)
		if (now - open[k].since > OPEN_NS)
			close(k);
	cache_unlock();
}
