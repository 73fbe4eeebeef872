/* SPDX-License-Identifier: BSD-2-Clause */
/* What the test programs share: reports, traps, running code, paging, the timers. */
#ifndef GUESTIMG_TESTS_LIB_H
#define GUESTIMG_TESTS_LIB_H

#include "guestimg/base/com1.h"
#include "guestimg/base/io.h"
#include "guestimg/base/mem.h"
#include "guestimg/base/report.h"
#include "guestimg/base/rnd.h"
#include "guestimg/base/tables.h"
#include "guestimg/tests/image.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef _Bool bool;
#define true 1
#define false 0
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(x) ((u32)(x))

/* -- Traps -- */

enum { CF = 1, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, TF = 0x100, IF = 0x200, DF = 0x400,
	OF = 0x800, RF = 0x10000, AC = 0x40000, ARITH = 0x8d5 };
enum { V_DE = 0, V_DB = 1, V_UD = 6, V_DF = 8, V_SS = 12, V_GP = 13, V_PF = 14 };
enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8 };

struct trap {			/* as start.S leaves it on the stack */
	u32 edi, esi, ebp, esp_unused, ebx, edx, ecx, eax;
	u32 vector, error;
	u32 eip, cs, eflags;
	u32 esp, ss;		/* from user mode only; else their place is the code's ESP */
};

/* Handlers run with interrupts off. true: back to the code, as *t says now. false: run() ends. */
typedef bool (*handler)(struct trap *t);
extern handler on_trap[256];

struct regs {
	u32 edi, esi, ebp, esp, ebx, edx, ecx, eax;
	u32 eip, cs, eflags, ss;
};

/*
 * Run the code at r->eip until a trap whose handler returns false or that has none; then
 * `stopped` says where. esp 0 at CPL 0: the caller's stack.
 */
void run(const struct regs *r);
struct stopped { u32 vector, error, cr2; struct regs r; };
extern struct stopped stopped;

/* Where traps from user mode push; 0: a stack of its own. */
void trap_stack_at(u32 esp0);

/* Registers for code at eip in user mode (or the kernel), on `stack`; EFLAGS 0x202. */
struct regs user_regs(const void *eip);
struct regs kernel_regs(const void *eip);

/* -- Paging; lib_init makes `kernel_pd` and turns it on -- */

enum { P = 1, W = 2, U = 4, PCD = 0x10, A = 0x20, D = 0x40, PS = 0x80, G = 0x100 };
#define PAGE 4096
extern u32 *kernel_pd;
u32 *pd_new(void);				/* maps what image.h says; never freed */
/* One 4 KiB page; bits without P: not present, but with a table. */
void map(u32 *pd, u32 va, u32 pa, u32 bits);
u32 *pte(u32 *pd, u32 va);			/* its table must be there */
u32 *table_new(void);				/* an empty page table */
u32 page_new(void);				/* a free page of RAM, zeroed */
static inline void load_cr3(const u32 *pd)
{
	__asm__ volatile("movl %0, %%cr3" :: "r"(pd) : "memory");
}
static inline u32 read_cr3(void) { u32 v; __asm__ volatile("movl %%cr3, %0" : "=r"(v)); return v; }
static inline u32 read_cr0(void) { u32 v; __asm__ volatile("movl %%cr0, %0" : "=r"(v)); return v; }
static inline u32 read_cr4(void) { u32 v; __asm__ volatile("movl %%cr4, %0" : "=r"(v)); return v; }
static inline void write_cr0(u32 v) { __asm__ volatile("movl %0, %%cr0" :: "r"(v) : "memory"); }
static inline void write_cr4(u32 v) { __asm__ volatile("movl %0, %%cr4" :: "r"(v) : "memory"); }
static inline void invlpg(u32 va) { __asm__ volatile("invlpg (%0)" :: "r"(va) : "memory"); }
/* Base of UBASED, UBASED2; the limit is 4 GiB. Load the register again afterwards. */
void segment_base(u16 sel, u32 base);

/* -- The timers -- */

/* Vector of the timer in use; its interrupt must be acknowledged. */
enum timer { TIMER_PIT, TIMER_LAPIC };
void timer_init(void);
void timer_once(enum timer t, u32 us);		/* one interrupt after about `us` microseconds */
void timer_periodic(u32 us);			/* the PIT */
void timer_stop(void);
void timer_eoi(enum timer t);
bool timer_waits(void);				/* has the PIT's interrupt come, not yet taken? */

/* Counters of the monitor, by their number in dbt/counters.def. */
enum { C_BLOCKS = 0, C_DROPS = 7, C_EVICTIONS = 8, C_EVICTED = 9, C_FILLS = 11, C_WATCHED = 14,
	C_SMC_STEPS = 34, C_STALE = 40, C_SELF_CHECKED = 41, C_DEVICE_ACCESSES = 52 };
bool have_counters(void);
u32 counter(u32 n);

/* -- Between lib.c and start.S -- */

extern char trap_stubs[];
extern u32 running;				/* is there code to stop? */
void load_tables(const void *gdtr, const void *idtr);
u32 trap_c(struct trap *t);
void lib_init(void);

#endif
