/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs for several CPUs: the other ones' way from real mode to C (cpus.S), the local APIC, and
 * running one function on all (cpus.c). smp.c uses the first two only.
 */
#ifndef GUESTIMG_TESTS_CPUS_H
#define GUESTIMG_TESTS_CPUS_H

#define CPUS_MAX 4
#define AP_STACK 8192
#define AP_PAGES 0x8		/* where its first code may be: pages from here on, below 640 KiB */
#define AP_PAGE_COUNT 4

#ifndef __ASSEMBLER__
#include "guestimg/tests/lib.h"

/* -- cpus.S -- */

extern char ap_begin[], ap_end[];		/* runs at any page; KCODE is lib.c's GDT's */
extern char ap_gdtr[];				/* in it: what LGDT takes */
extern unsigned ap_cr0, ap_cr3, ap_cr4;		/* the first CPU's */
extern char ap_idtr[6];
/* Where it comes to, with its stack: what CS and EDX were at the start. */
__attribute__((noreturn)) void ap_main(u32 cs, u32 edx);

/* Put the code on its pages, with the modes and tables that this CPU has now. */
static inline void ap_put_code(void)
{
	struct pointer gdt, idt;

	__asm__ volatile("sgdt %0" : "=m"(gdt));
	__asm__ volatile("sidt %0" : "=m"(idt));
	ap_cr0 = read_cr0();
	ap_cr3 = read_cr3();
	ap_cr4 = read_cr4();
	memcpy(ap_idtr, &idt, sizeof(ap_idtr));
	memcpy(ap_gdtr, &gdt, sizeof(gdt));
	for (u32 k = 0; k < AP_PAGE_COUNT; k++)
		memcpy((void *)((AP_PAGES + k) << 12), ap_begin, (u32)(ap_end - ap_begin));
}

/* -- The local APIC -- */

enum { APIC_ID = 0x20, APIC_TPR = 0x80, APIC_EOI = 0xb0, APIC_LDR = 0xd0, APIC_DFR = 0xe0,
	APIC_SVR = 0xf0, APIC_ICR = 0x300, APIC_ICR2 = 0x310, APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350, APIC_INITIAL = 0x380, APIC_DIVIDE = 0x3e0 };
enum { FIXED = 0x4000, LOWEST = 0x4100, NMI = 0x4400, INIT = 0x4500, SIPI = 0x4600,
	LOGICAL = 0x800, SELF = 0x40000, EVERYBODY = 0x80000, OTHERS = 0xc0000, BUSY = 0x1000 };
enum { V_NMI = 2 };

static inline volatile u32 *apic(u32 reg) { return (volatile u32 *)(0xfee00000 + reg); }
static inline void irqs_on(void) { __asm__ volatile("sti; nop" ::: "memory"); }
static inline void irqs_off(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void pause(void) { __asm__ volatile("pause" ::: "memory"); }

static inline void send(u32 cpu, u32 what)
{
	*apic(APIC_ICR2) = cpu << 24;
	*apic(APIC_ICR) = what;
	while (*apic(APIC_ICR) & BUSY)
		pause();
}

static inline u64 rdtsc(void)
{
	u64 v;

	__asm__ volatile("rdtsc" : "=A"(v));
	return v;
}

/* About a microsecond each. */
static inline void delay(u32 us)
{
	while (us--)
		outb(0x80, 0);
}

#define LIMIT 20000000000ull	/* ticks of the TSC: what a busy emulator may need */

extern char rounds[];		/* an address that is a number: the linker's, objects.mk */
#define ROUNDS ((u32)rounds)

/* -- cpus.c -- */

extern u32 cpus;		/* 2 up to CPUS_MAX, after cpus_start() */

/* Start the others, APICs on; a CPU that does not come ends the program. */
void cpus_start(const char *program);
void cpu_start(u32 cpu);	/* one, which runs or not; it waits in together() again */
u32 me(void);			/* by the APIC ID */

/*
 * f(k) on each CPU k at once; back when all have returned. Interrupts are on in the others while
 * they wait, and as f leaves them, off in this one. What takes longer than 20 LIMITs, or
 * that long from one meet() to the next, ends the program.
 */
void together(void (*f)(u32 cpu));
void together_begin(void (*f)(u32 cpu));	/* the others only; those that come back wait */
void meet(void);		/* in f: go on when all have come here */
bool wait_for(volatile u32 *p, u32 want);	/* with PAUSE; false: over LIMIT */
__attribute__((noreturn)) void stuck(const char *where);

static inline u32 lock_xadd(volatile u32 *p, u32 v)
{
	__asm__ volatile("lock xaddl %0, %1" : "+r"(v), "+m"(*p) :: "memory");
	return v;
}

/* Serialise (SDM vol. 3, 9.3), by one way and the other. */
static inline void by_cpuid(void)
{
	u32 a = 0, c = 0;

	__asm__ volatile("cpuid" : "+a"(a), "+c"(c) :: "ebx", "edx", "memory");
}

static inline void by_iret(void)
{
	__asm__ volatile("pushfl\n\tpushl %%cs\n\tpushl $1f\n\tiretl\n1:" ::: "memory");
}
#endif
#endif
