/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs for several CPUs, of 32 and of 64 bits: the local APIC, and running one function on all.
 * How another CPU comes from real mode to C is the program's own (its folder's cpus.S).
 */
#ifndef GUESTIMG_BASE_CPUS_H
#define GUESTIMG_BASE_CPUS_H

#define CPUS_MAX 4
#define AP_STACK 8192
#define AP_PAGES 0x8		/* where its first code may be: pages from here on, below 640 KiB */
#define AP_PAGE_COUNT 4

#ifndef __ASSEMBLER__
#include "guestimg/base/io.h"

/* -- The folder's cpus.c and cpus.S -- */

/* Put the code of another CPU's start on its pages, with the modes and tables of this one. */
void ap_put_code(void);
/* Where it comes to, with its stack: what CS and EDX were at the start. */
__attribute__((noreturn)) void ap_main(unsigned cs, unsigned edx);

/* -- The local APIC -- */

enum { APIC_ID = 0x20, APIC_TPR = 0x80, APIC_EOI = 0xb0, APIC_LDR = 0xd0, APIC_DFR = 0xe0,
	APIC_SVR = 0xf0, APIC_ICR = 0x300, APIC_ICR2 = 0x310, APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350, APIC_INITIAL = 0x380, APIC_DIVIDE = 0x3e0 };
enum { FIXED = 0x4000, LOWEST = 0x4100, NMI = 0x4400, INIT = 0x4500, SIPI = 0x4600,
	LOGICAL = 0x800, SELF = 0x40000, EVERYBODY = 0x80000, OTHERS = 0xc0000, BUSY = 0x1000 };
enum { V_NMI = 2 };

static inline volatile unsigned *apic(unsigned reg)
{
	return (volatile unsigned *)(0xfee00000ul + reg);
}

static inline void irqs_on(void) { __asm__ volatile("sti; nop" ::: "memory"); }
static inline void irqs_off(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void pause(void) { __asm__ volatile("pause" ::: "memory"); }

static inline void send(unsigned cpu, unsigned what)
{
	*apic(APIC_ICR2) = cpu << 24;
	*apic(APIC_ICR) = what;
	while (*apic(APIC_ICR) & BUSY)
		pause();
}

static inline unsigned long long rdtsc(void)
{
	unsigned low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (unsigned long long)high << 32 | low;
}

/* About a microsecond each. */
static inline void delay(unsigned us)
{
	while (us--)
		outb(0x80, 0);
}

#define LIMIT 20000000000ull	/* ticks of the TSC: what a busy emulator may need */

extern char rounds[];		/* an address that is a number: the linker's, objects.mk */
#define ROUNDS ((unsigned)(unsigned long)rounds)

/* -- cpus.c -- */

extern unsigned cpus;		/* 2 up to CPUS_MAX, after cpus_start() */

/* Start the others, APICs on; a CPU that does not come ends the program. */
void cpus_start(const char *program);
void cpu_start(unsigned cpu);	/* one, which runs or not; it waits in together() again */
unsigned me(void);		/* by the APIC ID */

/*
 * f(k) on each CPU k at once; back when all have returned. Interrupts are on in the others while
 * they wait, and as f leaves them, off in this one. What takes longer than 20 LIMITs, or
 * that long from one meet() to the next, ends the program.
 */
void together(void (*f)(unsigned cpu));
/* The others only; those that come back wait. */
void together_begin(void (*f)(unsigned cpu));
void meet(void);		/* in f: go on when all have come here */
/* With PAUSE; false: over LIMIT. */
_Bool wait_for(volatile unsigned *p, unsigned want);
__attribute__((noreturn)) void stuck(const char *where);

static inline unsigned lock_xadd(volatile unsigned *p, unsigned v)
{
	__asm__ volatile("lock xaddl %0, %1" : "+r"(v), "+m"(*p) :: "memory");
	return v;
}

#endif
#endif
