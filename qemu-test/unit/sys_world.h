/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small guest for tests of the system side: one CPU, descriptor tables,
 * stacks and TSSs, each on a page of its own so that each can be made to fault.
 *
 *	0x00000 real-mode IVT      0x10000 GDT   0x11000 LDT   0x12000 IDT
 *	0x13000 TSS A (32 bit)     0x14000 TSS B (32 bit)      0x15000 TSS C (16 bit)
 *	0x20000 … 0x23000 stacks of CPL 0 … 3, growing down from +0xf00
 *	0x50000 page boundary for gdt_split, and for other structures across pages
 *	0x30000 … code and data segments' base where it is not 0
 */
#ifndef UNIT_SYS_WORLD_H
#define UNIT_SYS_WORLD_H

#include "dbt/sys/segload.h"
#include "dbt/sys/sysops.h"
#include "qemu-test/unit/fake_guestmem.h"

enum {
	W_GDT = 0x10000, W_LDT = 0x11000, W_IDT = 0x12000, W_TSS_A = 0x13000, W_TSS_B = 0x14000,
	W_TSS_C = 0x15000, W_STACK = 0x20000, W_TOP = 0xf00, W_EIP = 0x1234, W_NEXT = 0x1236,
	W_SPLIT = 0x50000,
};

/* GDT of every test; slots from S_FREE on are a test's own. Selectors have RPL = DPL. */
enum {
	S_CODE0 = 0x08, S_DATA0 = 0x10, S_CODE1 = 0x19, S_DATA1 = 0x21, S_CODE2 = 0x2a,
	S_DATA2 = 0x32, S_CODE3 = 0x3b, S_DATA3 = 0x43, S_CONF0 = 0x48, S_CONF3 = 0x53,
	S_LDT = 0x58, S_TSS_A = 0x60, S_TSS_B = 0x68, S_TSS_C = 0x70, S_FREE = 0x80,
};

/* In long mode also: code of 64 bits, and system descriptors of 16 bytes. */
enum {
	L_CODE0 = 0x100, L_CODE1 = 0x109, L_CODE2 = 0x112, L_CODE3 = 0x11b, L_CONF0 = 0x120,
	L_TSS = 0x130, L_LDT = 0x140, L_GATE = 0x150, L_TSS_B = 0x160, L_FREE = 0x170,
};
#define A_CODE64(d) (u16)((A_CODE(d) & ~SEG_DB) | SEG_L)
#define W_IST 0x40000	/* stack of IST n: 0x1000 * n more */

/* Attributes (struct segment's attr): DPL as an argument. */
#define A_DPL(d) ((d) << SEG_DPL_SHIFT)
#define A_CODE(d) (u16)(SEG_P | SEG_S | SEG_CODE | SEG_READABLE | SEG_DB | SEG_G | A_DPL(d))
#define A_DATA(d) (u16)(SEG_P | SEG_S | SEG_WRITABLE | SEG_DB | SEG_G | A_DPL(d))
#define A_SYS(type, d) (u16)(SEG_P | (type) | A_DPL(d))

extern struct vcpu w;
extern u8 w_phys[4096];			/* what read_phys sees at any page */
extern u64 w_ticks;
extern unsigned w_mode, w_paging[2], w_invlpg, w_unmasked, w_apic;	/* calls of the hooks */

/* Protected mode at CPL `cpl`, code S_CODEx, stack S_DATAx, eip W_EIP, next_eip W_NEXT. */
void world_protected(u8 cpl);
/*
 * 64-bit code at CPL `cpl`: L_CODEx, a null SS of that level (3: S_DATA3), tables at FAKE_HIGH; the
 * TSS's stacks are those of world_protected at FAKE_HIGH, + 8, and so are the IST's at W_IST. The
 * model has all that long mode has. world_compat: the same at S_CODEx, S_DATAx, in 32 bits.
 */
void world_long(u8 cpl);
void world_compat(u8 cpl);
/* Virtual-8086 mode with that IOPL; CS = 0x1000, SS = 0x2000, the others distinct. */
void world_v86(u8 iopl);
/* Real mode, CS = 0x1000, SS = 0x2000, ESP = W_TOP. */
void world_real(void);

/* Write descriptors. `sel` may name the LDT; limit is in units of attr's G. */
void put_desc(u16 sel, u32 base, u32 limit, u16 attr);
void put_gate(u16 sel, u16 code, u32 off, unsigned type, u8 dpl, unsigned params);
void put_idt(u8 vector, u16 code, u32 off, unsigned type, u8 dpl);
/* A system descriptor or call gate of 16 bytes; a gate of 16 bytes in the IDT. */
void put_desc16(u16 sel, u64 base, u32 limit, u16 attr);
void put_gate64(u16 sel, u16 code, u64 off, u8 dpl);
void put_idt64(u8 vector, u16 code, u64 off, unsigned type, u8 dpl, u8 ist);
/* Change bits of a descriptor's attr (bits 8..23 of its second word). */
void desc_clear(u16 sel, u16 attr);
void desc_set(u16 sel, u16 attr);
void idt_clear_present(u8 vector);

/* Move the GDT so that `sel`'s descriptor is the first on the page W_SPLIT. */
void gdt_split(u16 sel);

/* A whole 32-bit TSS image that S_TSS_x can switch to: CPL 0, marks in the registers. */
void put_tss32(u32 base, u16 cs, u32 eip, u16 ss, u32 esp, u32 eflags);
void put_tss16(u32 base, u16 cs, u16 ip, u16 ss, u16 sp, u16 flags);

/* Push a value of `size` bytes on the current stack. */
void world_push(unsigned size, u32 v);
/* The same on the stack of 64-bit code, 8 bytes; value k of 8 bytes there. */
void world_push64(u64 v);
u64 stack64(unsigned k);
/* The 32-bit frame of a return, and that of a return to an outer level. */
void world_ret_frame(u32 eip, u16 cs);
void world_outer_frame(u32 eip, u16 cs, u32 esp, u16 ss);
/* Value k (0 = top) of `size` bytes on the current stack. */
u32 stack_at(unsigned k, unsigned size);

/* Expectations; the second one also wants CPU and memory unchanged. */
void want_ok(struct fault f, const char *name, int line);
void want_fault(struct fault f, u8 vector, u32 code, const char *name, int line);

/* Take a picture; then: has anything but `eip`-neutral counters changed? */
void world_snap(void);
bool world_unchanged(void);

#define OK(expr) want_ok((expr), #expr, __LINE__)
/* The expression gives that fault and changes nothing. */
#define FAULTS(expr, vec, code) \
	do { \
		world_snap(); \
		want_fault((expr), (vec), (code), #expr, __LINE__); \
		want_unchanged(#expr, __LINE__); \
	} while (0)
void want_unchanged(const char *name, int line);

/*
 * Run op once for each page made not present, each made read-only and each made supervisor's,
 * from the state that setup makes: if it returns #PF, nothing may have changed. Returns how
 * many runs got #PF.
 */
unsigned page_fault_sweep(void (*setup)(void), struct fault (*op)(void), const char *name);

#endif
