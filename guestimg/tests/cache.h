/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of cache.rom share; code of cache.S that they copy to pages: X up to X_end. */
#ifndef GUESTIMG_TESTS_CACHE_H
#define GUESTIMG_TESTS_CACHE_H

#include "guestimg/tests/lib.h"

#define CACHE_CODE(X) \
	X(remap_self) X(cr3_self) X(ahead8) X(ahead16) X(ahead32) X(ahead_far) \
	X(behind) X(own_imm) \
	X(over_movsb) X(over_stosl) X(over_push) X(over_xchg) X(over_cmpxchg8b) X(over_sgdt) \
	X(over_fst) X(over_call) X(over_pusha) X(over_enter) X(disk_fn) X(last_byte) X(page_walk)

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

/* Read memory, not from a register. */
static inline u32 peek(u32 va) { return *(volatile u32 *)va; }
static inline void poke(u32 va, u32 v) { *(volatile u32 *)va = v; }

void test_mappings(void);	/* cache_map.c */
void test_writes(void);		/* cache_smc.c */

#endif
