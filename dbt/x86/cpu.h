/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one guest CPU. In Loam it follows struct cpu in the per-core
 * area, so that translated code reaches the hot fields by R_STATE + a 12-bit
 * offset; natively (unit tests, evaluator) it is an ordinary struct. While
 * translated code runs, the general registers and the flag operands live in
 * host registers and the copies here are stale; "system" helpers and the run
 * loop see them written back.
 */
#ifndef DBT_X86_CPU_H
#define DBT_X86_CPU_H

#include "dbt/fp/x87.h"
#include "kernel/lib/types.h"

enum gpr { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI, GPR_COUNT = 16 };
enum sreg { ES, CS, SS, DS, FS, GS, SREG_COUNT, SEG_NONE = 7 };

/* EFLAGS (SDM vol. 1, 3.4.3). */
enum {
	FL_CF = 1u << 0, FL_PF = 1u << 2, FL_AF = 1u << 4, FL_ZF = 1u << 6, FL_SF = 1u << 7,
	FL_TF = 1u << 8, FL_IF = 1u << 9, FL_DF = 1u << 10, FL_OF = 1u << 11,
	FL_IOPL = 3u << 12, FL_NT = 1u << 14, FL_RF = 1u << 16, FL_VM = 1u << 17,
	FL_AC = 1u << 18, FL_VIF = 1u << 19, FL_VIP = 1u << 20, FL_ID = 1u << 21,
	FL_ARITH = FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_OF,
	FL_FIXED = 2,		/* bit 1 reads as one */
};

enum {				/* DR6, DR7 (SDM vol. 3, 17.2.3, 17.2.4) */
	DR6_BD = 1u << 13, DR6_BS = 1u << 14, DR6_BT = 1u << 15,
	DR7_ENABLED = 0xff, DR7_LOCAL = 0x155, DR7_GD = 1u << 13,
};

enum {				/* CR0, CR4 (SDM vol. 3, 2.5) */
	CR0_PE = 1u << 0, CR0_MP = 1u << 1, CR0_EM = 1u << 2, CR0_TS = 1u << 3, CR0_ET = 1u << 4,
	CR0_NE = 1u << 5, CR0_WP = 1u << 16, CR0_AM = 1u << 18, CR0_NW = 1u << 29,
	CR0_CD = 1u << 30, CR0_PG = 1u << 31,
	CR4_VME = 1u << 0, CR4_PVI = 1u << 1, CR4_TSD = 1u << 2, CR4_DE = 1u << 3,
	CR4_PSE = 1u << 4, CR4_PAE = 1u << 5, CR4_MCE = 1u << 6, CR4_PGE = 1u << 7,
	CR4_PCE = 1u << 8, CR4_OSFXSR = 1u << 9, CR4_OSXMMEXCPT = 1u << 10,
	CR4_FSGSBASE = 1u << 16, CR4_SMEP = 1u << 20, CR4_SMAP = 1u << 21,
};

enum { EFER_SCE = 1u << 0, EFER_LME = 1u << 8, EFER_LMA = 1u << 10, EFER_NXE = 1u << 11 };

enum vector {			/* exceptions (SDM vol. 3, 6.3.1) */
	EXC_DE = 0, EXC_DB = 1, EXC_NMI = 2, EXC_BP = 3, EXC_OF = 4, EXC_BR = 5, EXC_UD = 6,
	EXC_NM = 7, EXC_DF = 8, EXC_TS = 10, EXC_NP = 11, EXC_SS = 12, EXC_GP = 13, EXC_PF = 14,
	EXC_MF = 16, EXC_AC = 17, EXC_MC = 18, EXC_XM = 19,
};

/* A guest-visible exception as a value; it travels up to one delivery point (exec). */
struct fault {
	bool raised;
	u8 vector;		/* enum vector */
	bool has_error;
	u32 error;
	u64 cr2;		/* #PF: the linear address */
};

static inline struct fault fault_none(void) { return (struct fault){ .raised = false }; }

static inline struct fault fault_plain(u8 vector)
{
	return (struct fault){ .raised = true, .vector = vector };
}

static inline struct fault fault_code(u8 vector, u32 error)
{
	return (struct fault){ .raised = true, .vector = vector, .has_error = true,
			.error = error };
}

static inline struct fault fault_page(gva_t addr, u32 error)
{
	return (struct fault){ .raised = true, .vector = EXC_PF, .has_error = true,
			       .error = error, .cr2 = addr.a };
}

/*
 * A segment register with its hidden part. `attr` is the second descriptor word's
 * bits 8..23 moved down: type 0-3, S 4, DPL 5-6, P 7, AVL 12, L 13, D/B 14, G 15.
 * `limit` is scaled to bytes. A null selector loaded in protected mode has attr = 0.
 */
struct segment {
	u64 base;
	u32 limit;
	u16 attr;
	u16 sel;
};

enum {
	SEG_TYPE = 0xf, SEG_ACCESSED = 1u << 0, SEG_WRITABLE = 1u << 1, SEG_READABLE = 1u << 1,
	SEG_EXPAND_DOWN = 1u << 2, SEG_CONFORMING = 1u << 2, SEG_CODE = 1u << 3,
	SEG_S = 1u << 4, SEG_DPL_SHIFT = 5, SEG_P = 1u << 7, SEG_L = 1u << 13,
	SEG_DB = 1u << 14, SEG_G = 1u << 15,
};

struct dtable { u64 base; u16 limit; };

union xmm {
	u8 b[16];
	u16 w[8];
	u32 d[4];
	u64 q[2];
};

#define MSR_KEPT 49		/* registers that dbt/sys/msr_core.def lists */

struct sys_hooks;
struct cpu_model;
struct context_place;

/*
 * Descriptors and gates that transfers and loads have accepted (dbt/sys/seen.h): with the same
 * bytes they are accepted again, as the same segment. key 0, from 0: nothing.
 */
struct seen_desc {
	u64 bytes;
	struct segment seg;
	u32 key;
};

struct seen_gate {
	u64 gate, code;		/* bytes of the gate and of the code segment's descriptor */
	struct segment cs;	/* as it was entered */
	u32 off;
	u8 from;		/* CPL before, + 1 */
	u8 gate_dpl, cpl;	/* of the gate; after */
	bool clears_if;
};

/*
 * The same of long mode, and for glue.S of flat 32-bit code outside it (key_passes), at their
 * places, which are good as long as GDTR, IDTR and TR are what they were: whoever changes these
 * calls seen_tables_changed.
 */
struct seen_word { u64 at, value; };	/* 8 bytes at a linear address (32 bits: sign-extended) */

struct seen_gate64 {
	struct seen_word word[3];	/* the gate's, and the code segment's descriptor */
	struct segment cs;	/* as it was entered */
	u64 off;
	u64 stack;		/* where the TSS has the stack pointer; 0: the stack stays */
	/* INT_KEY of what may take it by glue.S: */
	u8 from;		/* CPL before, + 1; 0: nothing */
	u8 vector;
	bool software;		/* INT n may */
	bool plain;		/* from level 0 or 3 to 0 */
	u8 cpl;			/* after */
	bool clears_if;
	u64 keep;		/* RFLAGS that stay, of plain ones */
	struct segment ss;	/* of 32-bit code, if `stack`: which the TSS names beside it */
	u64 room[2];
};

/* HELPER_int's argument: INT n at a level. */
#define INT_KEY(vector, cpl) (((cpl) + 1u) | (vector) << 8 | 1u << 16 | 1u << 24)
#define INT_KEY_VECTOR(key) ((u8)((key) >> 8))

/* What IRETQ, or IRET, from CPL 0 went to. */
struct seen_return64 {
	struct seen_word word[3];	/* descriptors of CS and SS, the last of both twice */
	struct segment cs, ss;
	u64 sels;		/* CS, SS << 16 (if the frame has it), 1 << 32; 0: nothing */
	u64 not_with;		/* RFLAGS of the frame that glue.S does not take */
	u64 room[4];
};
_Static_assert(sizeof(struct seen_gate64) == 128 && sizeof(struct seen_return64) == 128,
	       "glue.S shifts");

/*
 * What a load of a data segment register made of it, outside 64-bit code: leaf_sreg_seen does the
 * same again. vcpu.seen_load[r][1] is of a null selector.
 */
struct seen_load {
	struct seen_word word;	/* the descriptor; at 0: null */
	struct segment seg;	/* but that a null selector leaves the limit */
	s64 span[2];		/* seg_span, seg_lo */
	u32 lo;
	u32 seg_key;		/* the key that it has left as it was (mode_seen) */
	u32 key;		/* SEEN_LOAD_KEY; 0: nothing */
	u32 partial;		/* seg_partial */
};
_Static_assert(sizeof(struct seen_load) == 64, "glue.S shifts");

#define SEEN_LOAD_KEY(sel, cpl) ((u32)(sel) | ((cpl) + 1u) << 16)

enum { SEEN_DESCS = 32, SEEN_GATES = 16, SEEN_RETURNS = 2 };

/*
 * What a change to a level makes of the state and of the host's registers, as long as
 * vcpu.passage_not says so (dbt/exec.c): taken by level.S, of 64-bit code, without a look at
 * anything else, by level32.S if key_flags but for KEY_LEVEL are those of the code that runs.
 */
struct passage {
	u64 ctx;
	u32 key_flags;
	u8 cpl;
	const struct context_place *place;
	u64 asid, root;
	u64 view;
};

/* What key_flags and the segment checks were computed from last (dbt/x86/mode.c). */
struct mode_seen {
	struct segment seg[8];
	u32 seg_key[8];
	u64 cr0, cr4;
	u32 break_key, mxcsr;
	u32 system_key;
	u32 real;		/* is it real or V86 mode? + 1; 0: nothing was computed yet */
	bool long_code;		/* is it 64-bit code? */
};

/* Accesses to MSRs that got #GP. */
struct vcpu_log {
	struct { u32 msr; u32 count; } msr_unknown[16];	/* by number */
	u64 msr_unknown_total, msr_unlisted;	/* all; those for which msr_unknown had no room */
};

/*
 * Where the last x87 instruction and its memory operand were, as helpers and leaves note it: x87's
 * own fields have it after x87_settle (dbt/rt/x87state.c), which leaves 0 everywhere. data.attr and
 * linear are 0 for no operand (64-bit code may have one in a null segment).
 */
struct x87_noted {
	/* what dbt/ir/helpers.h says; without THERE: only the operand waits, that of LONG's kind */
	u64 at;
	u64 page;		/* vcpu.page at the time */
	u64 linear;		/* of the operand */
	struct segment data;	/* its segment */
};

struct vcpu {
	/*
	 * -- Hot: glue.S and translated code use these by their offsets, which each back end checks
	 * (dbt/backend/HOST/prims.c) and which must stay within a load's displacement --
	 */
	/* Written back copies of what translated code keeps in host registers. */
	/* code that is not 64-bit knows the low halves of the first eight, and leaves the rest */
	u64 gpr[GPR_COUNT];
	u64 cc_op;		/* CC_OP (dbt/x86/cc.h) */
	u64 cc_a, cc_b;
	/* zero-extended outside 64-bit code; valid whenever translated code is not running */
	u64 eip;
	u64 next_eip;		/* system helpers: the address after the instruction */
	/* the context's jump cache (dbt/cache/context.h), in R_CTX while translated code runs */
	u64 ctx;
	u64 exit_arg;		/* what the exit says (dbt/backend/glue.h) */
	/*
	 * R_PAGE as translated code left it: linear page of its block + 2048, sign-extended from 32
	 * bits outside 64-bit code. Means something in relocatable code only (dbt/x86/mode.h).
	 */
	u64 page;

	/* Read by translated code. */
	struct segment seg[SREG_COUNT];
	/*
	 * 0: all 4 GiB from the base on can be read and written, which no access needs to look at
	 * (by enum sreg; two spare).
	 */
	u32 seg_partial[8];
	/*
	 * Limit checks of segments that are not flat (vcpu_seg_update): an access of n bytes at
	 * offset o is good if (u32)(o - seg_lo) + (n - 1) <= span, span -1 = never. [1]: writes.
	 */
	s64 seg_span[2][8];
	u32 seg_lo[8];
	s64 df;			/* +1 or -1: EFLAGS.DF */
	u32 eflags;		/* all but DF and the arithmetic flags, which are elsewhere */
	u32 mxcsr;
	u64 spill[32];		/* register allocator's slots, alive within one block */
	u64 help[8];		/* arguments and results of helpers that do not fit in registers */
	/* These three in one piece, as struct passage has them. */
	u32 key_flags;		/* flags of the block key (dbt/x86/mode.h) for the current mode */
	u8 cpl;
	const struct context_place *place;	/* where the guest runs (dbt/cache/context.h) */
	u64 tsc_offset;		/* guest TSC = host ticks * tsc_mul + tsc_offset */
	u32 tsc_mul;
	u32 pending;		/* someone asked for the run loop's attention (enum vcpu_pending) */
	/* so many calls of string leaves do nothing: there is no plain memory (rt/fault.c) */
	u32 leaf_hold;
	u32 inhibit;		/* interrupts are held off until the next instruction is done */
	u64 cc_r;		/* result of the INC or DEC that CC_OVER tells of; pinned nowhere */

	/*
	 * -- System registers: what the run loop and dbt/sys read and write --
	 */
	u64 cr0, cr2, cr3, cr4, cr8, efer;
	u64 dr[8];
	u32 break_key;		/* KEY_BREAK and its set, if instruction breakpoints are enabled */
	u32 debug_hits;		/* DR6 bits of the #DB trap due after this instruction */
	u64 pdpte[4];		/* PAE: loaded and checked at a CR3 write (SDM vol. 3, 4.4.1) */
	struct dtable gdtr, idtr;
	struct segment ldtr, tr;
	bool halted, shutdown;
	bool ignne;		/* IGNNE# is asserted: with CR0.NE = 0, x87 errors are ignored */
	bool nmi_blocked;	/* from the delivery of an NMI to the next IRET */
	u8 apic_id;		/* initial APIC ID */
	struct fault fault;	/* what exec is to deliver next */

	/* -- The units whose registers are not pinned, or are pinned elsewhere -- */
	struct x87 x87;
	union xmm xmm[16];
	struct x87_noted noted;

	/* -- What the CPU stands in; none is ever NULL -- */
	void *owner;			/* struct dbt: code cache, counters */
	const struct sys_hooks *hooks;	/* dbt/sys/sysops.h */
	const struct cpu_model *model;	/* dbt/sys/cpuid.h */

	/*
	 * -- Changes of the level by glue.S: the end of what it reaches --
	 */
	/* RFLAGS with one of these: not by a passage; ~0 while these are not known */
	u64 passage_not;
	struct passage passage[2];	/* to CPL 0, 3, with ordinary flags */
	struct segment call_seg[2][2];	/* CS and SS of SYSCALL, SYSRET in 64-bit code */
	u64 call_keep;		/* RFLAGS that SYSCALL keeps; CALL_ENABLED: EFER.SCE */
	u32 *view;		/* where mm/shadow has the number of the view that is active */
	struct seen_gate64 *gates;	/* seen_gate64, seen_return64: where glue.S finds them */
	struct seen_return64 *returns;
	/* RIP of the last #PF: back there, the page at CR2 is wanted; or REFAULT_NONE */
	u64 refault;
	s32 jump_looks;		/* so many second places of jump caches are still looked at */

	/* -- MSRs -- */
	u64 apic_base, sysenter_cs, sysenter_esp, sysenter_eip, pat, misc_enable;
	/* CS and SS of SYSENTER, SYSEXIT outside long mode; zeroes: they raise #GP */
	struct segment enter_seg[2][2];
	u64 star, lstar, cstar, fmask, kernel_gs_base, tsc_aux;
	u64 mtrr_def, mtrr_fixed[11], mtrr_var[16];
	u64 mcg_status, debugctl;
	u64 msr_kept[MSR_KEPT];	/* dbt/sys/msr_core.def */
	u64 tsc_zero;		/* host ticks when the TSC is 0 after power-up */

	/* -- What is derived from the above, and kept to be compared -- */
	struct mode_seen mode;
	struct seen_desc seen_desc[SEEN_DESCS];
	struct seen_gate seen_gate[SEEN_GATES];
	struct seen_gate64 seen_gate64[SEEN_GATES];
	struct seen_return64 seen_return64[SEEN_RETURNS];
	struct seen_load seen_load[SREG_COUNT][2];

	struct vcpu_log log;

	/* ~ host ticks from which on the clock stands still (kernel/timer.h), 0 while it goes */
	u64 not_clock_stop;
};

#define CALL_ENABLED (1ull << 32)
#define REFAULT_NONE (1ull << 62)	/* no RIP */

/* What c->inhibit holds off, until the instruction after this one is done. */
enum { INHIBIT_STI = 1, INHIBIT_SS = 2 };	/* interrupts; interrupts and debug traps */

enum vcpu_pending {
	PENDING_INTR = 1u << 0,		/* look at the interrupt controller */
	PENDING_NMI = 1u << 1,
	PENDING_START = 1u << 3,	/* INIT or a SIPI has come */
	PENDING_RESET = 1u << 5,
	PENDING_BUSY_PAGE = 1u << 6,	/* the cache's: see cache_page_busy */
	PENDING_REGION = 1u << 4,	/* the cache's: none is free yet (cache_next_region) */
	PENDING_DEBUG = 1u << 7,	/* debug_hits may not be 0 */
	PENDING_POWER_UP = 1u << 8,	/* the machine has been reset */
	PENDING_IGNNE = 1u << 9,	/* another CPU has had IGNNE# asserted */
};

/* What vcpu.page is for code at eip, whose CS has base 0. */
static inline u64 vcpu_page_of(u64 eip)
{
	return (u64)(s64)(s32)(((u32)eip & ~0xfffu) + 2048);
}

/* The same for 64-bit code. */
static inline u64 vcpu_page_of64(u64 rip) { return (rip & ~0xfffull) + 2048; }

_Static_assert(sizeof(struct segment) == 16, "two words");

static inline bool segment_same(const struct segment *a, const struct segment *b)
{
	u64 x, y;		/* limit, attributes and selector */

	__builtin_memcpy(&x, &a->limit, 8);
	__builtin_memcpy(&y, &b->limit, 8);
	return !((a->base ^ b->base) | (x ^ y));
}

static inline bool vcpu_protected(const struct vcpu *c)
{
	return (c->cr0 & CR0_PE) && !(c->eflags & FL_VM);
}

/* Is it in long mode (EFER.LMA): 64-bit or compatibility code (SDM vol. 3, 2.2)? */
static inline bool vcpu_long(const struct vcpu *c) { return c->efer & EFER_LMA; }

/* Does it run 64-bit code? */
static inline bool vcpu_code64(const struct vcpu *c)
{
	return vcpu_long(c) && (c->seg[CS].attr & SEG_L);
}

/* Bits 63 … 47 alike: what a linear address of 64 bits must be (SDM vol. 1, 3.3.7.1). */
static inline bool canonical(u64 a) { return (u64)((s64)(a << 16) >> 16) == a; }

/* The linear address a of the code that runs: 32 bits of it, but in 64-bit code (it wraps). */
static inline gva_t vcpu_linear(const struct vcpu *c, u64 a)
{
	return gva(vcpu_code64(c) ? a : (u32)a);
}

/* The linear address a of a system structure, whose bases have 64 bits in all of long mode. */
static inline gva_t vcpu_sys_linear(const struct vcpu *c, u64 a)
{
	return gva(vcpu_long(c) ? a : (u32)a);
}

/*
 * Ask for the run loop's attention, or take it that it was given. Any core and any trap may ask at
 * any time, so each is one atomic step.
 */
static inline void vcpu_raise(struct vcpu *c, u32 pending)
{
	__atomic_fetch_or(&c->pending, pending, __ATOMIC_RELEASE);
}

static inline void vcpu_settle(struct vcpu *c, u32 pending)
{
	__atomic_fetch_and(&c->pending, ~pending, __ATOMIC_ACQUIRE);
}

static inline bool vcpu_v86(const struct vcpu *c) { return c->eflags & FL_VM; }

#endif
