/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the fuzz guest share: addresses and selectors (for assembly too), the round. */
#ifndef GUESTIMG_FUZZ_FUZZ_H
#define GUESTIMG_FUZZ_FUZZ_H

/*
 * Physical, and linear where not said otherwise:
 *	0 IVT	0x8000 real-mode stubs	0x9000 how to enter real mode	0x10000 code, 16 bits
 *	1 MiB the program's data	2 MiB page tables	4 MiB code, 32 bits	8 MiB data
 */
#define LOW 0x8000
#define LOW_ENTRY 0x9000
#define CODE16 0x10000
#define TABLES 0x200000
#define CODE32 0x400000
#define CODE_SIZE 0x2000
#define DATA 0x800000
#define RAM_SIZE 0x2000000
#define NOTE 0x1fff000			/* which round it is: survives resets, and is in CMOS too */

#define KCODE 0x08
#define KDATA 0x10
#define UCODE 0x1b
#define UDATA 0x23
#define TSS 0x28
#define KCODE16 0x30			/* base 0 */
#define CODE16_0 0x38			/* base CODE16, for CPL 0 and 3 */
#define DATA16_0 0x40
#define CODE16_3 0x4b
#define DATA16_3 0x53
#define LDT 0x58
#define TSS32_B 0x60
#define TSS16_B 0x68
#define RANDOM_FIRST 0x70		/* descriptors of any kind from here on */
#define GDT_SIZE 0x400

#ifndef __ASSEMBLER__
#include "guestimg/base/io.h"
#include "guestimg/base/tables.h"
#include "guestimg/fuzz/bytes.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(x) ((u32)(x))

/* How to go on in some mode; enter() in start.S knows the order. */
struct entry {
	u32 edi, esi, ebp, unused, ebx, edx, ecx, eax;
	u32 eip, cs, eflags, esp, ss, ds, es, fs, gs;
};

struct trap {			/* as start.S leaves it on the stack */
	u32 es, ds, edi, esi, ebp, unused, ebx, edx, ecx, eax;
	u32 vector, error, eip, cs, eflags, esp, ss;
};

extern const u32 seed, real[];		/* in the ROM; real[0]: bytes of code that follow */
extern struct bytes_rng rng;
extern u64 gdt[GDT_SIZE / 8], ldt[32], idt[256];

static inline u32 rnd(u32 n) { return bytes_random(&rng, n); }
static inline u32 edge(void) { return bytes_edge(&rng); }
static inline int one_in(u32 n) { return bytes_one_in(&rng, n); }

/* -- fuzz.c -- */
u64 random_descriptor(void);
void print(const char *s);

/* -- paging.c: tables of a random format; they map the program, or it would be over at once -- */
void paging_init(void);
/* Change some entries; tell the CPU, or do not. */
void paging_disturb(void);
extern u32 paging_cr3, paging_cr4;

/* -- ops.c: one unkind thing that C can do at CPL 0 -- */
void op(u32 unused);

/* -- start.S -- */
/* Call fn(arg); returns 1 if a trap ended it. */
u32 guarded(void (*fn)(u32), u32 arg);
extern u32 guard_esp;
void enter(const struct entry *e);
void enter_v86(const struct entry *e);
void enter_real(u32 small_segments);
void machine_reset(u32 how);
void load_tables(const void *gdtr, const void *idtr);
extern char trap_stubs[], low_start[], low_end[];

static inline u32 read_cr0(void) { u32 v; __asm__ volatile("movl %%cr0, %0" : "=r"(v)); return v; }
static inline u32 read_cr4(void) { u32 v; __asm__ volatile("movl %%cr4, %0" : "=r"(v)); return v; }
static inline void write_cr0(u32 v) { __asm__ volatile("movl %0, %%cr0" :: "r"(v) : "memory"); }
static inline void write_cr3(u32 v) { __asm__ volatile("movl %0, %%cr3" :: "r"(v) : "memory"); }
static inline void write_cr4(u32 v) { __asm__ volatile("movl %0, %%cr4" :: "r"(v) : "memory"); }
static inline void invlpg(u32 va) { __asm__ volatile("invlpg (%0)" :: "r"(va) : "memory"); }

static inline void wrmsr(u32 n, u32 hi, u32 lo)
{
	__asm__ volatile("wrmsr" :: "c"(n), "d"(hi), "a"(lo) : "memory");
}

static inline u64 rdmsr(u32 n)
{
	u32 hi, lo;

	__asm__ volatile("rdmsr" : "=d"(hi), "=a"(lo) : "c"(n));
	return (u64)hi << 32 | lo;
}
#endif
#endif
