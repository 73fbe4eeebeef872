/* SPDX-License-Identifier: BSD-2-Clause */
/* mm/frame alone: watches, lines, hooks and the lazy reverse map, on a mapper that records. */
#include "mm/frame.h"

#include "qemu-test/unit/check.h"

#define FRAMES 8

static u64 memory[FRAMES * sizeof(struct frame) / 8];

/* The mapper's leaves: the frame that a reference maps writable, by its leaf. */
static u32 mapped[64];
static unsigned protects, code_calls, ptable_calls;
static u32 code_n, code_off, code_size;

static bool is_writer(u32 ref, u32 n) { return mapped[frame_ref_leaf(ref)] == n; }

static void protect(u32 ref, u32 n)
{
	protects++;
	if (is_writer(ref, n))
		mapped[frame_ref_leaf(ref)] = FRAME_NONE;
}

static const struct frame_mapper mapper = { is_writer, protect };

static void on_code(u32 n, u32 off, u32 size)
{
	code_calls++;
	code_n = n;
	code_off = off;
	code_size = size;
}

static void on_ptable(u32 n)
{
	ptable_calls++;
	CHECK(!(frame_reasons(n) & WATCH_PTABLE), "over before the hook");
}

static void reset(void)
{
	frame_init(memory, FRAMES);
	frame_set_mapper(&mapper);
	frame_on_code_write(on_code);
	frame_on_ptable_write(on_ptable);
	memset(mapped, 0xff, sizeof(mapped));
	protects = code_calls = ptable_calls = 0;
}

static void map_writable(u32 n, u32 page)
{
	frame_add_writer(frame_core(0), n, page);
	mapped[page] = n;
}

static unsigned writers(u32 n)
{
	unsigned k = 0;

	for (unsigned p = 0; p < 64; p++)
		k += mapped[p] == n;
	return k;
}

static void test_lines(void)
{
	CHECK_EQ(frame_lines(0, 1), 1, "first byte");
	CHECK_EQ(frame_lines(63, 1), 1, "line's end");
	CHECK_EQ(frame_lines(63, 2), 3, "over it");
	CHECK_EQ(frame_lines(4095, 1), 1ull << 63, "last byte");
	CHECK_EQ(frame_lines(0, 4096), ~0ull, "all");
	CHECK_EQ(frame_lines(64, 128), 6, "two");
}

static void test_refs(void)
{
	u32 r = frame_ref(63, 0xffff * 512 + 511), q = frame_ref(0, 0);

	CHECK_EQ(frame_ref_core(r), 63, "core");
	CHECK_EQ(frame_ref_leaf(r), 0xffff * 512 + 511, "leaf");
	CHECK(q != 0, "never the empty reference");
	CHECK_EQ(frame_ref_core(q) + frame_ref_leaf(q), 0, "all zero");
}

static void test_watch(void)
{
	reset();
	map_writable(3, 10);
	map_writable(3, 11);
	frame_watch(3, WATCH_CODE);
	CHECK_EQ(writers(3), 0, "both leaves are read-only");
	CHECK_EQ(protects, 2, "two looked at");
	frame_watch(3, WATCH_DISPLAY);
	CHECK_EQ(protects, 2, "the second reason is free");
	frame_unwatch(3, WATCH_CODE);
	CHECK(frame_watched(3), "one reason left");
	frame_unwatch(3, WATCH_DISPLAY);
	CHECK(!frame_watched(3), "none left");
	CHECK(!frame_watched(2) && !frame_watched(4), "neighbours");
}

static void test_writers(void)
{
	reset();
	for (u32 p = 0; p < FRAME_WRITERS; p++)
		map_writable(1, p);
	map_writable(1, 0);
	map_writable(1, 2);
	CHECK_EQ(writers(1), FRAME_WRITERS, "known ones again");
	CHECK_EQ(frame_core(0)->count.chunks, 0, "they fit");
	mapped[1] = FRAME_NONE;			/* dropped: its reference is stale */
	map_writable(1, 9);
	CHECK_EQ(frame_core(0)->count.chunks, 0, "the stale one is replaced");
	CHECK_EQ(writers(1), FRAME_WRITERS, "three");
	map_writable(1, 20);
	map_writable(1, 21);
	CHECK_EQ(writers(1), FRAME_WRITERS + 2, "more of them");
	CHECK_EQ(frame_core(0)->count.chunks, 1, "in a chunk");
	CHECK_EQ(protects, 0, "nobody lost anything");
	CHECK(frame_has_writer(frame_core(0), 1, 0) && frame_has_writer(frame_core(0), 1, 2) &&
	      frame_has_writer(frame_core(0), 1, 21), "all are listed");
	CHECK(!frame_has_writer(frame_core(0), 1, 22), "no other");
	mapped[20] = 5;				/* the same place maps another frame now */
	frame_watch(1, WATCH_CODE);
	CHECK_EQ(writers(1), 0, "all found");
	CHECK_EQ(mapped[20], 5, "the other frame's leaf is left alone");
	CHECK(!frame_has_writer(frame_core(0), 1, 0), "and forgotten");
}

/* As many as there are places in this test; what had to go is read-only, and all are found. */
static void test_many_writers(void)
{
	reset();
	for (unsigned k = 0; k < 500; k++) {
		u32 p = (k * 7) % 60;

		map_writable(2, p);
		CHECK_EQ(mapped[p], 2, "the newest is there");
		CHECK(frame_has_writer(frame_core(0), 2, p), "and listed");
	}
	for (u32 p = 0; p < 60; p++)
		CHECK(mapped[p] != 2 || frame_has_writer(frame_core(0), 2, p), "none is lost");
	CHECK(writers(2) > 40, "nearly all have room");
	frame_watch(2, WATCH_PTABLE);
	CHECK_EQ(writers(2), 0, "all found after many");
}

/* Chunks run out: the oldest goes, its leaves become read-only. */
static void test_chunks(void)
{
	reset();
	for (unsigned k = 0; k < 3000; k++) {
		u32 n = k % (FRAMES - 1) + 1, p = (k * 11) % 64;

		mapped[p] = FRAME_NONE;
		map_writable(n, p);
		for (u32 q = 0; q < 64; q++)
			CHECK(mapped[q] == FRAME_NONE ||
			      frame_has_writer(frame_core(0), mapped[q], q), "listed");
		if (k % 50 == 0) {
			frame_watch(n, WATCH_CODE);
			CHECK_EQ(writers(n), 0, "found");
			frame_unwatch(n, WATCH_CODE);
		}
	}
	CHECK(frame_core(0)->count.chunks > 20, "many were taken");
}

static void test_code(void)
{
	reset();
	frame_code_add(2, 0x40, 0x41);
	CHECK_EQ(frame_at(2)->lines, 6, "lines");
	CHECK(!frame_open(2), "a store never opens it");
	frame_written(2, 0x3f, 1);
	CHECK_EQ(code_calls, 0, "before");
	CHECK_EQ(frame_core(0)->count.code_misses, 1, "counted");
	frame_written(2, 0x3e, 3);
	CHECK_EQ(code_calls, 1, "touched");
	CHECK_EQ(code_n << 24 | code_off << 12 | code_size, 2 << 24 | 0x3e << 12 | 3, "exact");
	frame_code_set(2, 2);
	CHECK(frame_watched(2), "a line is left");
	frame_code_set(2, 0);
	CHECK(!frame_watched(2), "none is");
	code_calls = 0;
	frame_written(2, 0x40, 8);
	CHECK_EQ(code_calls, 0, "no watch, no call");
}

static void test_once(void)
{
	reset();
	frame_watch(4, WATCH_PTABLE);
	frame_watch(4, WATCH_DISPLAY);
	frame_written_by_walk(4, 0, 4);
	CHECK_EQ(ptable_calls, 0, "A and D bits leave a table clean");
	CHECK_EQ(frame_at(4)->watch, WATCH_PTABLE, "but change what is displayed");
	CHECK(frame_open(4), "a store opens it");
	CHECK_EQ(ptable_calls, 1, "hook");
	CHECK(frame_open(4), "open");
	CHECK_EQ(ptable_calls, 1, "once");
	CHECK(frame_take_dirty(4, WATCH_DISPLAY), "displayed: dirty");
	CHECK(!frame_take_dirty(4, WATCH_DISPLAY), "taken");
	CHECK_EQ(frame_at(4)->watch, WATCH_DISPLAY, "watched again");
	frame_written(4, 100, 1);
	CHECK(frame_take_dirty(4, WATCH_DISPLAY), "dirty by the monitor");
	frame_code_add(4, 0, 8);
	CHECK(!frame_open(4), "CODE keeps it shut");
	CHECK(frame_take_dirty(4, WATCH_DISPLAY), "though the store was seen");
	map_writable(5, 30);
	CHECK(frame_take_dirty(5, WATCH_DISPLAY), "first time: unknown, so dirty");
	CHECK_EQ(writers(5), 0, "and protected from then on");
}

int main(void)
{
	test_lines();
	test_refs();
	test_watch();
	test_writers();
	test_many_writers();
	test_chunks();
	test_code();
	test_once();
	return check_done();
}
