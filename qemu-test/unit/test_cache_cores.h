/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of test_cache_cores.c: which bytes of which frames a block is of, where its exits go. */
#ifndef UNIT_TEST_CACHE_CORES_H
#define UNIT_TEST_CACHE_CORES_H

#include "dbt/backend/block.h"
#include "mm/frame.h"

enum { CORES = 4, FRAMES = 24, PLACES_ON_FRAME = 4, KEYS = FRAMES * PLACES_ON_FRAME };
enum { LINKS = 3, FAR = 2, ROUNDS = 3000, POOL_SIZE = 256 * 1024 };

static inline u32 key_frame(u32 key) { return key / PLACES_ON_FRAME; }

/* The last place is at the frame's end, and goes over it. */
static inline u32 place_offset(u32 place)
{
	return place == PLACES_ON_FRAME - 1 ? FRAME_SIZE - 8 : 0x40 + place * 0x100;
}

static inline u32 key_second(u32 key)
{
	return key % PLACES_ON_FRAME == PLACES_ON_FRAME - 1 ? (key_frame(key) + 1) % FRAMES :
	       FRAME_NONE;
}

static inline struct block_key key_of(u32 key)
{
	u32 second = key_second(key);

	return (struct block_key){
		.eip = place_offset(key % PLACES_ON_FRAME), .flags = KEY_CS32,
		.page = 0x100 + key_frame(key),
		.page2 = second == FRAME_NONE ? BLOCK_ONE_PAGE : second,
	};
}

static inline struct block_range key_range(u32 key)
{
	return (struct block_range){ (u16)place_offset(key % PLACES_ON_FRAME), 15 };
}

/* Its exits 0 and 1 stay on its page. */
static inline u32 key_behind(u32 key, unsigned link)
{
	if (link == FAR)	/* of a frame whose number differs by a multiple of CORES */
		return (key + PLACES_ON_FRAME * CORES + 1) % KEYS;
	return key_frame(key) * PLACES_ON_FRAME + (key + link + 1) % PLACES_ON_FRAME;
}

#endif
