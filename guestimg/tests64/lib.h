/* SPDX-License-Identifier: BSD-2-Clause */
/* What the 64-bit test programs share: reports, traps, running code, descriptors, paging. */
#ifndef GUESTIMG_TESTS64_LIB_H
#define GUESTIMG_TESTS64_LIB_H

#include "guestimg/base/com1.h"
#include "guestimg/base/io.h"
#include "guestimg/base/mem.h"
#include "guestimg/base/report.h"
#include "guestimg/base/tables.h"
#include "guestimg/tests64/image.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef _Bool bool;
#define true 1
#define false 0
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define AT(x) ((u64)(x))

/* -- Traps -- */

enum { CF = 1, ZF = 0x40, TF = 0x100, IF = 0x200, DF = 0x400, IOPL3 = 0x3000, NT = 0x4000,
	RF = 0x10000, VM = 0x20000, AC = 0x40000 };
enum { V_DE = 0, V_DB = 1, V_BP = 3, V_UD = 6, V_NM = 7, V_DF = 8, V_TS = 10, V_NP = 11, V_SS = 12,
	V_GP = 13, V_PF = 14 };
enum { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8, PF_I = 16 };

struct trap {			/* as start.S leaves it on the stack */
	u64 rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

/* Handlers run with interrupts off. true: back to the code, as *t says now. false: run() ends. */
typedef bool (*handler)(struct trap *t);
extern handler on_trap[256];

struct regs {
	u64 rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
	u64 rsp, rip, cs, rflags, ss;
};

/* Run the code at r->rip until a trap whose handler returns false or that has none. */
void run(const struct regs *r);
struct stopped {
	u64 vector, error, cr2;
	u64 stack;		/* RSP after the CPU's pushes, error code included */
	u64 handler_ss;
	struct regs r;
};
extern struct stopped stopped;
extern u64 running, kernel_rsp;
extern char trap_stubs[], back[];

/* Registers for code in each mode, on stacks of their own; RFLAGS 2. */
struct regs kernel_regs(const void *rip);
struct regs user_regs(const void *rip);
struct regs user32_regs(const void *rip);
struct regs user16_regs(u16 ip);	/* in the 64 KiB at DATA16 */
/* run() and expect the vector, and if it is an exception the error code. */
void run_to(const struct regs *r, u64 vector, u64 error);

/* -- Descriptors -- */

struct tss {
	u32 reserved;
	u64 rsp0, rsp1, rsp2, reserved2, ist[7], reserved3;
	u16 reserved4, io_map;
} __attribute__((packed));
extern struct tss tss;
extern u64 gdt[GDT_ENTRIES], idt[512];

void gate_set(u8 vector, u64 handler, u16 selector, u8 type, u8 ist);
void gate_reset(u8 vector);		/* as lib_init made it */
extern u8 trap_stack[8192], user_stack[8192], code_stack[8192], ist_stack[7][4096];
#define TOP(stack) (AT(stack) + sizeof(stack))

extern const struct pointer gdt_pointer, idt_pointer;

/* -- Paging, four levels -- */

#define P 1ul
#define W 2ul
#define U 4ul
#define PCD 0x10ul
#define A 0x20ul
#define D 0x40ul
#define PS 0x80ul
#define G 0x100ul
#define NX (1ul << 63)
#define PAGE 4096
/* One 4 KiB page at any address; bits without P: not present, but with its tables. */
void map(u64 va, u64 pa, u64 bits);
/* The entry of `va` at a level: 4 = PML4 … 1 = page table; the levels above must be tables. */
u64 *entry(u64 va, u32 level);
u64 page_new(void);			/* a free page of RAM, zeroed */
static inline void invlpg(u64 va) { __asm__ volatile("invlpg (%0)" :: "r"(va) : "memory"); }

/* -- Registers -- */

enum { MSR_SYSENTER_CS = 0x174, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP };
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_FMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
enum { EFER_SCE = 1, EFER_LME = 0x100, EFER_LMA = 0x400, EFER_NXE = 0x800 };
u64 rdmsr(u32 msr);
void wrmsr(u32 msr, u64 v);
/* The vector that WRMSR ends with: VEC_EXIT if it is taken. Error codes must be 0. */
u64 try_wrmsr(u32 msr, u64 v);

#define READ(reg) ({ u64 v_; __asm__ volatile("mov %%" #reg ", %0" : "=r"(v_) :: "memory"); v_; })
#define WRITE(reg, v) __asm__ volatile("mov %0, %%" #reg :: "r"((u64)(v)) : "memory")

#define APIC(at) (*(volatile u32 *)(0xfee00000ul + (at)))

/* CPUID's EAX, EBX, ECX, EDX */
struct cpuid { u32 a, b, c, d; };
struct cpuid cpuid(u32 leaf, u32 sub);

/* -- The rest -- */

#define NON_CANONICAL 0x0000800000000000ul
void load_tables(const void *gdtr, const void *idtr);
void lib_init(void);
u32 trap_c(struct trap *t, u32 ss);

/* Code for run(): CODE(name, "text") makes `name`, to be ended by an INT of its own or this one. */
#define CODE(name, text) __asm__(".pushsection .text\n\t.balign 16\n" #name ":\n\t" text \
	"\n" #name "_end:\n\tint $0x30\n.popsection"); extern char name[], name##_end[];

#endif
