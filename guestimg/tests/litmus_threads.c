/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tests that litmus.c runs. Names as in the literature; docs/memory-order.md has them as a
 * table. Invariant: a thread's instructions are those written here, in this order.
 */
#include "guestimg/tests/litmus.h"

/* %0 and %1: what is loaded; %2, %3, %4: addresses of x, y, z. */
#define THREAD(name, code) \
static void name(volatile u32 *x, volatile u32 *y, volatile u32 *z, u32 *out) \
{ \
	u32 a = 0, b = 0; \
	__asm__ volatile(code : "+&r"(a), "+&r"(b) : "r"(x), "r"(y), "r"(z) : "memory", "cc"); \
	out[0] = a; \
	out[1] = b; \
}

#define ST(at, v) "movl $" #v ", (%" #at ")\n\t"
#define LD(to, at) "movl (%" #at "), %" #to "\n\t"
#define MFENCE "mfence\n\t"
#define LOCKED "lock orl $0, (%%esp)\n\t"

THREAD(st_x, ST(2, 1))
THREAD(st_y, ST(3, 1))
THREAD(st_x2, ST(2, 1) ST(2, 2))
THREAD(st_x_st_y, ST(2, 1) ST(3, 1))
THREAD(st_x2_st_y, ST(2, 2) ST(3, 1))
THREAD(st_x_st_y2, ST(2, 1) ST(3, 2))
THREAD(st_y_st_x2, ST(3, 1) ST(2, 2))
THREAD(st_x_ld_y, ST(2, 1) LD(0, 3))
THREAD(st_y_ld_x, ST(3, 1) LD(0, 2))
THREAD(st_y2_ld_x, ST(3, 2) LD(0, 2))
THREAD(st_x_mfence_ld_y, ST(2, 1) MFENCE LD(0, 3))
THREAD(st_y_mfence_ld_x, ST(3, 1) MFENCE LD(0, 2))
THREAD(st_x_lock_ld_y, ST(2, 1) LOCKED LD(0, 3))
THREAD(st_y_lock_ld_x, ST(3, 1) LOCKED LD(0, 2))
THREAD(st_x_mfence_st_y, ST(2, 1) MFENCE ST(3, 1))
THREAD(st_y2_mfence_ld_x, ST(3, 2) MFENCE LD(0, 2))
THREAD(st_x_cpuid_ld_y, ST(2, 1)
	"pushal; xorl %%eax, %%eax; cpuid; popal\n\t" LD(0, 3))
THREAD(st_y_cpuid_ld_x, ST(3, 1)
	"pushal; xorl %%eax, %%eax; cpuid; popal\n\t" LD(0, 2))
THREAD(xchg_x_ld_y, "movl $1, %1; xchgl %1, (%2)\n\t" LD(0, 3))
THREAD(xchg_y_ld_x, "movl $1, %1; xchgl %1, (%3)\n\t" LD(0, 2))
THREAD(add_x_ld_y, "lock addl $1, (%2)\n\t" LD(0, 3))
THREAD(add_y_ld_x, "lock addl $1, (%3)\n\t" LD(0, 2))
THREAD(orb_x_ld_y, "lock orb $1, (%2)\n\t" LD(0, 3))
THREAD(orb_y_ld_x, "lock orb $1, (%3)\n\t" LD(0, 2))
THREAD(ld_y_ld_x, LD(0, 3) LD(1, 2))
THREAD(ld_x_ld_y, LD(0, 2) LD(1, 3))
THREAD(ld_x_ld_x, LD(0, 2) LD(1, 2))
THREAD(ld_x_st_y, LD(0, 2) ST(3, 1))
THREAD(ld_y_st_x, LD(0, 3) ST(2, 1))
THREAD(ld_y_st_z, LD(0, 3) ST(4, 1))
THREAD(ld_z_ld_x, LD(0, 4) LD(1, 2))
THREAD(st_x_ld_x_ld_y, ST(2, 1) LD(0, 2) LD(1, 3))
THREAD(st_y_ld_y_ld_x, ST(3, 1) LD(0, 3) LD(1, 2))
/* The stack pointer is elsewhere meanwhile: interrupts are off. */
THREAD(push_x_push_y, "movl %%esp, %0; leal 4(%2), %%esp; pushl $1\n\t"
	"leal 4(%3), %%esp; pushl $1; movl %0, %%esp; xorl %0, %0")
THREAD(pop_y_pop_x, "movl %%esp, %1; movl %3, %%esp; popl %0; movl %2, %%esp; popl %%esp\n\t"
	"xchgl %1, %%esp")
THREAD(mov_x_add_y, "movl $1, %0; movl %0, (%2); addl %0, (%3); xorl %0, %0")
/* Both bytes are in one word: x's second and third. */
THREAD(bytes, "movb $1, 1(%2); movb $1, 2(%2)")
THREAD(bytes_back, "movzbl 2(%2), %0; movzbl 1(%2), %1")
THREAD(halves, "movw $1, (%2); movw $1, 2(%2)")
THREAD(halves_back, "movzwl 2(%2), %0; movzwl (%2), %1")
THREAD(or_y_add_x, "orl (%3), %0; addl (%2), %1")

#define R(k, n) (o->r[k][n])
#define OUTCOME(name, what) \
static bool name(const struct outcome *o) { return what; }
OUTCOME(both_0, R(0, 0) == 0 && R(1, 0) == 0)
OUTCOME(both_1, R(0, 0) == 1 && R(1, 0) == 1)
OUTCOME(mp, R(1, 0) == 1 && R(1, 1) == 0)
OUTCOME(s, R(1, 0) == 1 && o->x == 2)
OUTCOME(r, R(1, 0) == 0 && o->y == 2)
OUTCOME(both_first, o->x == 1 && o->y == 1)
OUTCOME(corr, R(1, 0) > R(1, 1))
OUTCOME(iriw, R(2, 0) == 1 && R(2, 1) == 0 && R(3, 0) == 1 && R(3, 1) == 0)
OUTCOME(wrc, R(1, 0) == 1 && R(2, 0) == 1 && R(2, 1) == 0)
OUTCOME(own_first, R(0, 1) == 0 && R(1, 1) == 0)
OUTCOME(own_lost, R(0, 0) != 1 || R(1, 0) != 1)

const struct litmus litmus_tests[] = {
	{ "SB", 2, { st_x_ld_y, st_y_ld_x }, 0, both_0 },
	{ "SB+mfence", 2, { st_x_mfence_ld_y, st_y_mfence_ld_x }, both_0, 0 },
	{ "SB+lock", 2, { st_x_lock_ld_y, st_y_lock_ld_x }, both_0, 0 },
	{ "SB+mfence+lock", 2, { st_x_mfence_ld_y, st_y_lock_ld_x }, both_0, 0 },
	{ "SB+cpuid", 2, { st_x_cpuid_ld_y, st_y_cpuid_ld_x }, both_0, 0,
	  "CPUID orders nothing" },
	{ "SB by xchg", 2, { xchg_x_ld_y, xchg_y_ld_x }, both_0, 0 },
	{ "SB by lock add", 2, { add_x_ld_y, add_y_ld_x }, both_0, 0 },
	{ "SB by lock or of a byte", 2, { orb_x_ld_y, orb_y_ld_x }, both_0, 0 },
	{ "SB with own loads", 2, { st_x_ld_x_ld_y, st_y_ld_y_ld_x }, own_lost, own_first },
	{ "MP", 2, { st_x_st_y, ld_y_ld_x }, mp, 0 },
	{ "MP by push and pop", 2, { push_x_push_y, pop_y_pop_x }, mp, 0 },
	{ "MP by operands of ALU", 2, { mov_x_add_y, or_y_add_x }, mp, 0 },
	{ "MP, bytes of a word", 2, { bytes, bytes_back }, mp, 0 },
	{ "MP, halves of a word", 2, { halves, halves_back }, mp, 0 },
	{ "LB", 2, { ld_x_st_y, ld_y_st_x }, both_1, 0 },
	{ "S", 2, { st_x2_st_y, ld_y_st_x }, s, 0 },
	{ "R", 2, { st_x_st_y, st_y2_ld_x }, 0, r },
	{ "R+mfence", 2, { st_x_mfence_st_y, st_y2_mfence_ld_x }, r, 0 },
	{ "2+2W", 2, { st_x_st_y2, st_y_st_x2 }, both_first, 0 },
	{ "CoRR", 2, { st_x2, ld_x_ld_x }, corr, 0 },
	{ "WRC", 3, { st_x, ld_x_st_y, ld_y_ld_x }, wrc, 0 },
	{ "ISA2", 3, { st_x_st_y, ld_y_st_z, ld_z_ld_x }, wrc, 0 },
	{ "IRIW", 4, { st_x, st_y, ld_x_ld_y, ld_y_ld_x }, iriw, 0 },
};
const u32 litmus_count = COUNT(litmus_tests);
