/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of cache.rom share; code of cache.S that they copy to pages: X up to X_end. */
#ifndef GUESTIMG_TESTS_CACHE_H
#define GUESTIMG_TESTS_CACHE_H

#include "guestimg/tests/lib.h"

#define CACHE_CODE(X) \
	X(remap_self) X(cr3_self) X(ahead8) X(ahead16) X(ahead32) X(ahead_far) X(behind) \
	X(own_imm) X(over_movsb) X(over_stosl) X(over_push) X(over_xchg) X(over_cmpxchg8b) \
	X(over_sgdt) \
	X(over_fst) X(over_call) X(over_pusha) X(over_enter) X(disk_fn) X(last_byte) X(page_walk) \
	X(part_ahead) X(part_side) X(part_each) X(part_data) \
	X(place_pop) X(place_calls) X(place_loop)
#define PART_DATA 11		/* offset of the data in part_data */

#define X(name) extern char name[], name##_end[];
CACHE_CODE(X)
#undef X

typedef u32 (*function)(void);

/* The function at a linear address, in the kernel; its EAX. */
u32 call(u32 va);
/* With arguments in EAX, EBX, ECX, EDX, ESI, EDI. */
struct args { u32 eax, ebx, ecx, edx, esi, edi; };
u32 call_with(u32 va, const struct args *a);
/* Write "mov $value, %eax; ret" (6 bytes) at a physical address. */
void put_function(u32 pa, u32 value);
/* Copy code of cache.S. */
#define PUT(pa, name) memcpy((void *)(pa), name, AT(name##_end) - AT(name))

/* One access each, which may fault: all that the program knows is in memory before. */
static inline u32 peek(u32 va)
{
	u32 v;

	__asm__ volatile("movl (%1), %0" : "=r"(v) : "r"(va) : "memory");
	return v;
}

static inline void poke(u32 va, u32 v)
{
	__asm__ volatile("movl %0, (%1)" :: "r"(v), "r"(va) : "memory");
}

void test_mappings(void);	/* cache_map.c */
void test_writes(void);		/* cache_smc.c */
void test_strings(void);	/* cache_string.c */
void test_parts(void);		/* cache_parts.c */
void test_places(void);		/* cache_place.c */
/*
 * cache_busy.c. Stores to data and calls of fn in turns, both on one page: so many that its blocks
 * check themselves from then on.
 */
void make_busy(u32 fn, u32 data, u32 times);
void test_busy(u32 va);		/* a page */

#endif
