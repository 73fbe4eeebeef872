/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the benchmark image's files share: buffers, the machine's setting up, console, ports.
 * Not for Loam itself: this is a guest, an x86 program without an operating system, built for 32
 * and for 64 bits (width32.h, width64.h).
 * All memory up to 64 MiB is mapped linear = physical; see paging32.c, paging64.c for the window.
 */
#ifndef GUESTIMG_BENCH_BENCH_H
#define GUESTIMG_BENCH_BENCH_H

#include "kernel/lib/types.h"

#define NOINLINE __attribute__((noinline, noclone))

/*
 * Physical memory:
 *	00007c00  boot sector, with the settings (setcfg.py)
 *	00010000  the image
 *	00090000  stack, downwards
 *	00200000  bss
 *	00700000  number of the row that runs, from 1; 0 = none (tools/plugin/count.c watches it)
 *	00800000  page tables
 *	01000000  chase buffer, 16 MiB
 *	02000000  buffer a, 4 MiB
 *	02400000  buffer b, 4 MiB, from 02411000 on: another index in a direct-mapped TLB than a's
 *	02a00000  code that rewrites itself
 *	02b00000  user code
 *	03000000  four copies of what the window can show, 2 MiB each
 */
#define ROW_MARKER	((volatile u32 *)0x700000)
#define PAGE_TABLES	0x800000u
#define SMC_CODE	((volatile u8 *)0x2a00000)
#define WINDOW_PHYS	0x3000000u
#define WINDOW		((volatile u32 *)0x40000000)
#define LAPIC		((volatile u32 *)0xfee00000u)
#define COUNTERS_PORT	0x403		/* Loam prints its counters; nobody elsewhere */

enum { LAPIC_VERSION = 0x30, LAPIC_EOI = 0xb0, LAPIC_SVR = 0xf0, LAPIC_ICR = 0x300 };
enum { VECTOR_TICK = 0x20, VECTOR_IPI = 0x30, VECTOR_SOFT = 0x80 };

extern u32 *buf_chase, *buf_a, *buf_b;

/* A row's work, done n times; returns a checksum. */
typedef u32 row_fn(u32 n);
#define ROW(name, work, n, insns32, insns64) row_fn work;
#include "guestimg/bench/rows.def"
#undef ROW

/* main.c: GCC calls these, too */
void *memset(void *d, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);

extern char bss_start[], bss_end[];	/* image.ld */

/* kernels.c */
void kernels_init(void);
void kernels_reset(void);		/* before each row: the data as it was at first */
void chase_init(void);

/* traps.c: vectors and what their handlers count */
extern volatile u32 ticks, ipis, page_faults, soft_ints;
void traps_init(void);

/* gates32.c, gates64.c: the IDT */
void gate_set(int vector, void *handler);
void gates_load(void);

/* paging32.c, paging64.c: four address spaces that differ in the window; window_table is the first
 * one's */
#define SPACES 4
extern unsigned long spaces[SPACES];
extern pte_t *window_table;
void paging_init(void);

/* paging32.c, paging64.c map USER_PHYS at USER_CODE for user code. */
#define USER_PHYS 0x2b00000u
/*
 * user32.S, user64.S: user code, its system call's entry; user_run() goes to the code at `at`, `n`
 * rounds.
 */
extern char user_rounds[], user_rounds_end[], syscall_entry[];
extern volatile u32 syscalls;
void user_run(unsigned long at, u32 n);

/* console.c: COM1, and the end */
void console_init(void);
void put_text(const char *s);
void put_hex(unsigned long v);
void put_dec(u64 v);
void leave(int code) __attribute__((noreturn));

static inline void outb(u16 port, u8 v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void outw(u16 port, u16 v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline void set_cr3(unsigned long v)
{
	asm volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}

static inline void invlpg(volatile u32 *at)
{
	asm volatile("invlpg %0" : : "m"(*(volatile char *)at) : "memory");
}

#endif
