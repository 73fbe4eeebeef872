/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames with several cores: watches that wait for all. See frame.h. Invariant: a core's bit in a
 * frame's word is set before any leaf of its maps the frame writable, and cleared by that core
 * alone, when none does. Why it holds: watch and bits are changed by one operation on one word, so
 * either a core that makes a leaf writable is told of the watch, or who watches is told of the
 * core; and the core does what it is asked for at its quiet point or while it waits itself, so that
 * the leaf has been made by then.
 */
#include "kernel/cores.h"
#include "kernel/host_cpu.h"
#include "kernel/panic.h"
#include "kernel/work.h"
#include "mm/frame.h"

#define WRITERS_SIZE (FRAME_WRITERS * sizeof(u32))

struct ask {
	struct work w;
	u32 frame;
};

static struct frame_core *self(void) { return frame_core(cpu_self()->id); }

/* All stores through the leaves have been done when the bit is seen cleared. */
static void protect_own(u32 n)
{
	struct frame_core *c = self();

	if (!(__atomic_load_n(&frame_at(n)->word, __ATOMIC_RELAXED) & FRAME_CORE(c->core)))
		return;
	frame_protect(c, n);
	__atomic_fetch_and(&frame_at(n)->word, ~FRAME_CORE(c->core), __ATOMIC_SEQ_CST);
}

static void be_asked(void *opaque) { protect_own(((const struct ask *)opaque)->frame); }

/* Who watches while another does waits, too: the cores' bits are there until they have answered. */
static void watch(u32 n, u8 reason)
{
	u32 before = __atomic_fetch_or(&frame_at(n)->word, reason, __ATOMIC_SEQ_CST);
	u32 others = before >> 16 & ~(1u << cpu_self()->id), count = 0;
	struct ask ask[FRAME_CORES_MAX];

	self()->count.watches += !(before & FRAME_WATCHES);
	protect_own(n);
	for (; others; others &= others - 1) {
		struct ask *a = &ask[count++];

		*a = (struct ask){ .w = { .fn = be_asked, .opaque = a }, .frame = n };
		work_post((unsigned)__builtin_ctz(others), &a->w);
	}
	self()->count.asked += count;
	while (count)
		work_wait(&ask[--count].w);
	frame_fence();
}

static void unwatch(u32 n, u8 reason)
{
	__atomic_fetch_and(&frame_at(n)->word, ~(u32)reason, __ATOMIC_SEQ_CST);
}

static u8 end(u32 n, u8 reasons)
{
	return reasons & __atomic_fetch_and(&frame_at(n)->word, ~(u32)reasons, __ATOMIC_SEQ_CST);
}

/* The bit of a core that has it is cleared by nobody else: then a look is enough. */
static bool publish(u32 n, unsigned core)
{
	u32 *word = &frame_at(n)->word, now = __atomic_load_n(word, __ATOMIC_RELAXED);

	if (!(now & FRAME_CORE(core)))
		now = __atomic_fetch_or(word, FRAME_CORE(core), __ATOMIC_SEQ_CST);
	return !(now & FRAME_WATCHES);
}

static const struct frame_many many = { watch, unwatch, end, publish, self };

u64 frame_core_memory(void) { return frame_count * WRITERS_SIZE + 8 + frame_chunks_memory(); }

void frame_add_core(unsigned core, void *mem)
{
	_Static_assert(FRAME_CORES_MAX >= CORES_MAX, "a bit for each core");
	u8 *chunks = (u8 *)mem + (frame_count * WRITERS_SIZE + 7) / 8 * 8;

	must(core && !((uintptr_t)mem & 7));
	__builtin_memset(mem, 0, frame_core_memory());
	frame_many = &many;
	frame_core_init(core, mem, WRITERS_SIZE, (struct frame_chunk *)(void *)chunks);
}
