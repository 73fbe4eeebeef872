/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mm/frame's watches between cores, as threads under ThreadSanitizer: few frames, cores whose
 * leaves are words here, that look, are held up, and then make a leaf writable; and two watchers at
 * once. A store by a leaf counts itself: once frame_watch has returned, nothing counts until
 * frame_unwatch.
 */
#include "mm/frame.h"

#include <stdlib.h>

#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/work.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/unit/fake_cores.h"

enum { CORES = 4, FRAMES = 4, LEAVES = 32, ROUNDS = 1500, STORES = 12 };

static u64 table[FRAMES * sizeof(struct frame) / 8];
static u64 stores[FRAMES];		/* by leaves: atomic */
static struct lock watcher[2];		/* of each reason's */

static struct player {
	struct work w;
	void *mem;
	u32 leaf[LEAVES];		/* the frame that it maps writable: the core's own */
	u64 random;
	unsigned bad, made, refused;
} players[CORES];

static u32 below(struct player *p, u32 n)
{
	p->random = p->random * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)((p->random >> 33) % n);
}

static bool is_writer(u32 ref, u32 n)
{
	return players[frame_ref_core(ref)].leaf[frame_ref_leaf(ref)] == n;
}

static void protect(u32 ref, u32 n)
{
	if (is_writer(ref, n))
		players[frame_ref_core(ref)].leaf[frame_ref_leaf(ref)] = FRAME_NONE;
}

static const struct frame_mapper mapper = { is_writer, protect };

static void make_writable(struct player *p, unsigned core)
{
	u32 n = below(p, FRAMES), leaf = below(p, LEAVES);

	if (frame_watched(n))
		return;
	if (below(p, 2))
		cpu_pause();
	if (!frame_add_writer(frame_core(core), n, leaf)) {
		p->refused++;
		return;
	}
	p->leaf[leaf] = n;
	p->made++;
}

static void store(struct player *p)
{
	u32 n = p->leaf[below(p, LEAVES)];

	if (n != FRAME_NONE)
		__atomic_fetch_add(&stores[n], 1, __ATOMIC_SEQ_CST);
	cpu_pause();
}

/* Two watch a frame for different reasons at a time, one later than the other. */
static void watch(struct player *p, unsigned core)
{
	u32 n = below(p, 4) ? 0 : below(p, FRAMES);
	enum frame_watch reason = core % 2 ? WATCH_CODE : WATCH_DISPLAY;
	u64 before;

	if (__atomic_exchange_n(&watcher[core % 2].held, 1, __ATOMIC_ACQUIRE))
		return;
	frame_watch(n, reason);
	before = __atomic_load_n(&stores[n], __ATOMIC_SEQ_CST);
	for (unsigned k = 0; k < 4; k++)
		cpu_pause();
	p->bad += before != __atomic_load_n(&stores[n], __ATOMIC_SEQ_CST);
	frame_unwatch(n, reason);
	lock_drop(&watcher[core % 2]);
}

static void play(void *opaque)
{
	struct player *p = opaque;
	unsigned core = cpu_self()->id;

	for (unsigned n = 0; n < ROUNDS; n++) {
		work_run();
		epoch_quiet();
		if (below(p, 4) == 0)
			watch(p, core);
		make_writable(p, core);
		for (unsigned k = below(p, STORES); k; k--)
			store(p);
	}
}

static void begin(void)
{
	frame_init(table, FRAMES);
	frame_set_mapper(&mapper);
	for (unsigned k = 0; k < CORES; k++) {
		players[k].random = k + 1;
		memset(players[k].leaf, 0xff, sizeof(players[k].leaf));
		if (!k)
			continue;
		players[k].mem = malloc(frame_core_memory());
		must(players[k].mem);
		frame_add_core(k, players[k].mem);
	}
}

int main(void)
{
	struct core_start s[CORES - 1];
	unsigned made = 0, refused = 0, bad = 0;

	fake_cores_begin();
	cores_init();
	for (unsigned k = 0; k < CORES - 1; k++)
		s[k] = (struct core_start){ k + 1, fake_area(), false };
	cores_start(s, CORES - 1, 5000000000ull);
	begin();
	for (unsigned k = 1; k < CORES; k++) {
		players[k].w = (struct work){ .fn = play, .opaque = &players[k] };
		work_post(k, &players[k].w);
	}
	play(&players[0]);
	for (unsigned k = 1; k < CORES; k++)
		work_wait(&players[k].w);
	for (unsigned k = 0; k < CORES; k++) {
		made += players[k].made;
		refused += players[k].refused;
		bad += players[k].bad;
		free(players[k].mem);
	}
	CHECK_EQ(bad, 0, "stores by leaves to a frame that is watched");
	CHECK(made && refused, "leaves were made, and refused at the last moment");
	printf("%u leaves made, %u refused\n", made, refused);
	cores_stop();
	for (unsigned k = 1; k < CORES; k++)
		CHECK(fake_core_join(k), "all others halt");
	return check_done();
}
