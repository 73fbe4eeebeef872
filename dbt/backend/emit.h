/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one block's emission: where each value is, what each register holds. Shared by the
 * files of this folder and the host's lowering; nothing else. Host-neutral: a register is a
 * number, and which ones there are says the host's regs.h.
 *
 * Values that come from a general register of the guest are simply there, in
 * its pinned host register, until a PUTREG changes it; then the ones that are
 * still wanted move to a temporary. Results whose next stop is a PUTREG are
 * computed in the pinned register itself where no fault can come between.
 */
#ifndef DBT_BACKEND_EMIT_H
#define DBT_BACKEND_EMIT_H

#include "dbt/backend/backend.h"
#include "dbt/backend/code.h"
#include "dbt/backend/vplace.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/clear.h"

/* AT_SUM: nowhere, but it is the value next[v] plus sum[v]. */
enum place { AT_NOWHERE, AT_CONST, AT_GUEST, AT_TEMP, AT_SPILL, AT_SUM };

/* order.c: kinds of accesses. */
enum order_of { ORDER_LOADS = 1, ORDER_STORES = 2, ORDER_ALL = 3 };

/* order_check.c: one word of a block. */
struct host_word {
	enum {
		WORD_OTHER, WORD_LOAD, WORD_STORE,	/* the guest's only if it is a fault site */
		WORD_AMO, WORD_LINKED, WORD_CONDITIONAL, WORD_ORDER,
		WORD_BRANCH,		/* to `to`, or on */
		WORD_JUMP, WORD_CALL,	/* to `to` */
		WORD_LEAVE,		/* to where a register says */
		WORD_TRAP,
	} kind;
	unsigned before, behind;	/* WORD_ORDER, WORD_AMO: enum order_of */
	const u32 *to;
};

enum { PIN_A = 1, PIN_B = 2, PIN_NEVER = 4 };

#define SPILL_SLOTS 32
#define STUBS_MAX 192
#define XMMS 16
#define VLIVE_MAX 32
#define VMAPS_MAX 96
#define ADDRESS_SUMS_MAX 64

/* x of an ADD: its result is an address, a plus its k by host_add_high. */
enum { ADD_HIGH = 1 };

/* Code that is emitted after the block's body. */
enum stub_kind { STUB_EXIT, STUB_KICK, STUB_KICK_IF, STUB_RAISE, STUB_ENTRY_CF, STUB_STALE };

/* Flags that may cross block boundaries, and where their operands are just then. */
struct flags_at {
	bool there;		/* `base` is in the pinned registers */
	bool over;		/* there is a partial kind over it */
	struct recipe base, top;
	u16 mark;		/* the same as a mark (dbt/x86/mark.h); 0: there is none */
};

/* A look in the jump cache, between host_probe and host_probe_tagged. */
struct probe {
	u32 *other;		/* the branch to where the flags are put */
	u32 *go;		/* what goes to the block that was found */
	bool unchecked;		/* to the look at RSP in front of it (block.h) */
};

struct stub {
	u8 kind;
	u8 ra;			/* STUB_ENTRY_CF: the register for it */
	u8 cond, a, b;		/* STUB_KICK_IF: the registers to compare */
	bool marked;		/* STUB_EXIT: R_CCOP has the flags' mark */
	u8 way;			/* STUB_EXIT: enum ir_way */
	u16 safe;		/* STUB_EXIT: forms_safe */
	u32 *site;		/* the branch that leads here, to be given its offset */
	u32 *outside;		/* STUB_RAISE: another, where R_PAGE is not made; or NULL */
	u32 *back;		/* STUB_ENTRY_CF, STUB_KICK_IF: where the body goes on */
	u64 eip;
	s64 k;			/* STUB_RAISE: the exception */
	u16 guest;
	u16 recipe, vmap;
	s16 late;
	const struct link *link;	/* of those whose target may not be canonical */
	struct stub *of;	/* STUB_KICK_IF: the exit that it is before */
	struct flags_at flags;	/* of exits and kicks, who set it; the last member */
};

/* What is known of one value; uses_find clears it. */
struct value {
	/* uses.c */
	u16 last_use;			/* index of the last user; 0: none */
	u16 uses;
	u16 flag_uses;			/* those of them that are a SETF's */
	/* index of the PUTREG that takes the value, or what is made of it, first; 0: none */
	u16 put_at;
	u16 accesses;			/* those that are accesses at it */
	u16 need;			/* SETF: last index where its operands may be asked for */
	u8 pin;				/* it is operand a, b (PIN_A, PIN_B) of flags at an exit */
	bool folded;			/* emitted as part of its one user */
	bool early;			/* emitted already (rescue) */
	/* regalloc.c */
	u8 place;			/* enum place */
	u8 home;			/* guest register, host register or spill slot */
};

/* halves.c: of one value, before the others. */
struct half {
	u16 alias;			/* what stands for it */
	u16 zext;			/* it with zeros above, if that is there */
	u32 upper;			/* how its upper half is looked at: AS_SIGN, AS_EITHER */
};

/* What is small comes first: it is used most, and a host's loads reach it. */
struct emit {
	struct code c;
	struct ir *ir;
	struct backend_out *out;
	u32 link_base;
	bool wide;			/* 64-bit code */
	bool ordered, relaxed;		/* struct ir: as order.c has it */
	u8 unordered;			/* order.c: since the last barrier for them */
	u16 atomic_recipe, atomic_vmap;	/* atomic.c: of the sites of the access being lowered */
	bool failed;			/* some table was full */
	u8 gprs, xmms;			/* general and XMM registers of the guest: 8, or 16 */
	unsigned i;			/* the IR instruction being lowered */
	u32 *start;
	/* regalloc.c */
	u32 temps, locked;		/* registers of the pool; not to be evicted now */
	val guest_head[16];		/* values that live in guest register g, linked by next */
	val gpr[16];			/* the value that guest register g was given last */
	val temp_val[32];		/* the value in each temporary; 0: free */
	val spill_val[SPILL_SLOTS];
	val wanted_in_arg;		/* R_ARG(0) is kept for it; 0: for nothing */
	/* sites.c */
	s16 late;			/* what a late PUTREG has left: SITE_LATE */
	val setf;			/* the flags in force */
	/* the SETF that the pinned registers hold; 0: entry flags */
	val materialized;
	/* vregs.c: where XMM registers and live values are; registers that are spoken for */
	bool vectors;			/* some was touched; else all XMM registers are in place */
	unsigned vlive_count;
	u32 vlocked;
	unsigned vmaps;
	struct vplace xmm[XMMS];
	val vlive[VLIVE_MAX];
	unsigned stubs;			/* control.c */
	unsigned address_sums;
	val address_sum[ADDRESS_SUMS_MAX];	/* disp.c: what only accesses are at */
	u16 exit_safe[STUBS_MAX];	/* forms.c: registers that are safe at each exit */
	unsigned exits;
	u32 *literals[BACKEND_CHECKS];	/* selfcheck.c: code that wants their address */
	struct value of[IR_MAX];
	val next[IR_MAX];		/* regalloc.c */
	s16 sum[IR_MAX];
	struct half half[IR_MAX];
	struct vplace vplace[IR_MAX];
	struct vplace vmap[VMAPS_MAX][XMMS];
	struct stub stub[STUBS_MAX];
};
_Static_assert(sizeof(((struct emit *)0)->of) % CLEAR_UNIT == 0 &&
	       sizeof(((struct emit *)0)->half) % CLEAR_UNIT == 0, "emit_clear clears whole units");

/* Clears the first `size` bytes of `of` or `half`, and maybe some behind. */
static inline void emit_clear(void *array, u64 size)
{
	host_clear(array, align_up(size, CLEAR_UNIT));
}

#endif
