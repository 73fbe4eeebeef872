/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one decoded x86 instruction to IR. One function lift_NAME for each
 * semantics, named by insns.def's second column. Laws for adding one:
 *  - all operations that may fault come before the first write of a register
 *    or flag (results to memory first, then registers, flags last);
 *  - operands are taken by index; what insns.def's row says is not asked again;
 *  - 8- and 16-bit values are I32 values whose upper bits are undefined unless
 *    taken with lift_zx / lift_sx.
 */
#ifndef DBT_LIFT_LIFT_H
#define DBT_LIFT_LIFT_H

#include "dbt/ir/guess.h"
#include "dbt/ir/ir.h"
#include "dbt/ir/helpers.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/ir1.h"
#include "dbt/x86/mode.h"

struct lift {
	struct ir *ir;
	const struct ir1 *i;
	u32 key;		/* enum key_flag */
	u64 features;		/* of the CPU model: 1 << enum feature */
	/*
	 * Offset of the instruction that comes next in the block: the one behind, or what a jump
	 * that the block follows goes to.
	 */
	u64 next;
	/* The block may go on behind a conditional branch, which is then an exit at its side. */
	bool go_on;
	u64 reach;		/* it follows jumps forward to below this offset; 0: none */
	struct guess_from from;	/* by which conditional branches are followed */
	unsigned guessed;	/* so many of them were */
	bool ended;		/* the block has its final exit */
	bool sti;		/* by STI */
	bool rep;		/* by a repeated string instruction */
	/* the block looks at its own bytes before each element: strings take no short cut */
	bool narrow;
	/* addr and disp below are computed for this instruction's operand */
	bool has_addr;
	val addr;
	s32 disp;
	/* LOCK while other CPUs run, or XCHG with memory: that is changed in one step */
	bool atomic;
	struct {		/* atomic.c: what it was */
		val addr, word, shift;
		s32 disp;
	} held;
	bool via_ss;		/* the last address was: what is wrong with it is #SS */
	bool slot;		/* the last address is a stack slot's (INTENT_SLOT) */
	bool addr_slot;		/* `addr` is */
	val known[16];		/* what general registers hold: last put or got; 0: not known */
	val flags;		/* the SETF in force; 0: the flags at the block's entry */
	val entry_flags;	/* those as a value, once somebody asked */
	u16 mmx;		/* enum lift_mmx (dbt/lift/vec.h) */
	u8 x87_noted;		/* what x87 instructions of the block have noted (x87.c) */
	u8 whole;		/* segments that the block has found to be whole (operand.c) */
};

typedef void (*lift_func)(struct lift *t, const struct ir1 *i);

/* Lift one instruction into t->ir. Afterwards t->ended says whether the block must end. */
void lift_insn(struct lift *t, const struct ir1 *i);

/* The same for bytes that are no instruction: #UD, or #GP(0) for more than 15 of them. */
void lift_insn_raise(struct lift *t, const struct ir1 *i, u8 vector);

/* #UD, counted and logged, for one that cannot be translated. */
void lift_refuse(struct lift *t, const struct ir1 *i);

/* May it need more than IR_GUEST_RESERVE? Then it must be its block's first instruction. */
bool lift_begins_block(const struct ir1 *i);

/* End the block before an instruction that is not part of it. */
void lift_finish(struct lift *t, u64 eip);

/* -- Emitting -- */
val lift_const(struct lift *t, s64 k);			/* I32 */
val lift_eip(struct lift *t, u64 eip);	/* the address of code as RIP or EIP, where it runs */
val lift_const64(struct lift *t, s64 k);
val lift_sized(struct lift *t, unsigned size, s64 k);	/* I64 for 8 bytes, else I32 */
val lift_like(struct lift *t, val v, s64 k);		/* of v's type */
val lift_op1(struct lift *t, enum ir_op op, val a);	/* result of a's type */
val lift_op2(struct lift *t, enum ir_op op, val a, val b);
val lift_op2k(struct lift *t, enum ir_op op, val a, s64 k);
val lift_setcond(struct lift *t, enum ir_cond cond, val a, val b);
val lift_select(struct lift *t, val cond, val yes, val no);
val lift_extract(struct lift *t, val a, unsigned pos, unsigned len);
val lift_deposit(struct lift *t, val a, val b, unsigned pos, unsigned len);
/* To a's own type from so many bytes, if that is more. */
val lift_zx(struct lift *t, val a, unsigned size);
val lift_sx(struct lift *t, val a, unsigned size);
val lift_zx64(struct lift *t, val a);			/* I32 to I64; I64 as it is */
val lift_sx64(struct lift *t, val a);
val lift_trunc(struct lift *t, val a);			/* I64 to I32; I32 as it is */
val lift_bit(struct lift *t, val a, unsigned n);	/* bit n, I32 */
val lift_ldstate(struct lift *t, size_t off, enum ir_mem mem, enum ir_type type);
void lift_ststate(struct lift *t, size_t off, enum ir_mem mem, val v);
val lift_ticks(struct lift *t);				/* the host's clock, I64 */
#define LDSTATE32(t, field) lift_ldstate(t, offsetof(struct vcpu, field), M_32, T_I32)
#define STSTATE32(t, field, v) lift_ststate(t, offsetof(struct vcpu, field), M_32, v)
val lift_helper(struct lift *t, enum helper h, enum ir_type type, val a, val b, val c);
/* A C helper that returns nonzero with vcpu.fault set if the guest faults. */
void lift_helper_fault(struct lift *t, enum helper h, val a, val b, val c);

/* -- Registers and operands -- */
/*
 * A general register: its low 32 bits; all of it, in 64-bit code; I64 for 8 bytes, else the low 32
 * bits. A value that is known to be there is not got again: only lift_put changes registers inside
 * a block (helpers that do end it).
 */
val lift_get(struct lift *t, unsigned reg);
val lift_get64(struct lift *t, unsigned reg);
val lift_get_sized(struct lift *t, unsigned reg, unsigned size);
/* All of it; an I32 in 64-bit code with zeros above. */
void lift_put(struct lift *t, unsigned reg, val v);
/* Less than 4 bytes leave the others as they are; AH, CH, DH, BH. */
void lift_put_sized(struct lift *t, unsigned reg, val v, unsigned size);
void lift_put_high(struct lift *t, unsigned reg, val v);
val lift_ld_op(struct lift *t, unsigned n);		/* upper bits undefined below 32 bits */
val lift_ld_rmw(struct lift *t, unsigned n);		/* same, and the operand will be written */
void lift_st_op(struct lift *t, unsigned n, val v);	/* at operand n's size */

/* -- Guest memory: addresses are I64 in 64-bit code, else I32 -- */
/* Offset of memory operand n within its segment, wrapped to the address size. */
val lift_offset(struct lift *t, const struct ir1_op *o);
/*
 * Linear address of an access; checks the limit if the segment is not flat. Result: addr + *disp.
 */
val lift_linear(struct lift *t, unsigned seg, val offset, unsigned size, bool write);
/* Is its base 0, its limit 4 GiB, and does it allow the access? */
bool lift_flat(const struct lift *t, unsigned seg, bool write);
/*
 * Linear address of the first of up to *n elements going up from offset. *n becomes less where the
 * segment ends before, or 16-bit offsets wrap; nothing is checked otherwise.
 */
val lift_run(struct lift *t, unsigned seg, val offset, unsigned size, bool write, val *n);
val lift_mem_addr(struct lift *t, const struct ir1_op *o, unsigned size, bool write, s32 *disp);
val lift_ld(struct lift *t, val addr, s32 disp, enum ir_mem mem, enum ir_type type,
		unsigned intent);
void lift_st(struct lift *t, val addr, s32 disp, enum ir_mem mem, val v);
/*
 * #AC(0) for user accesses that are not aligned to their size, while CR0.AM and EFLAGS.AC ask
 * for it (SDM vol. 3, 6.15, interrupt 17). lift_ld and lift_st do it themselves.
 */
void lift_check_aligned(struct lift *t, val addr, s32 disp, unsigned size);
/*
 * In 64-bit code: #GP(0), or #SS(0) if it is by SS, if an access near addr could be one of the
 * monitor's (IR_FORM).
 */
void lift_check_form(struct lift *t, val addr);
/*
 * -- LOCK (atomic.c), where t->atomic is set --
 * Of an operand of `size` bytes at addr + disp: load it, and store what becomes of it, unless it
 * has changed meanwhile: then the instruction is begun again. No register or flag may have been
 * written before the store.
 */
val lift_ld_atomic(struct lift *t, val addr, s32 disp, unsigned size);
void lift_st_atomic(struct lift *t, val v, unsigned size);
/* The whole instruction, if one operation of the IR does what it does to memory; else false. */
bool lift_lock(struct lift *t, const struct ir1 *i);
/* Memory operand 0, of 4 or 8 bytes, becomes it `kind` b in one step; its old value. */
val lift_amo(struct lift *t, enum ir_amo kind, val b);
/* The evaluator does the instruction, alone. */
void lift_alone(struct lift *t);
/* CMPXCHG: EAX gets `dest` unless they are equal; then all 64 bits of it stay. */
void lift_put_accumulator(struct lift *t, unsigned size, val equal, val acc, val dest);

enum ir_mem lift_mem_of(unsigned size);			/* zero-extending; 4: M_32 */
/*
 * Push and pop of `size` bytes; push_store and pop leave ESP alone (put it with lift_put_sp after
 * the last fault; push_store returns its value).
 */
val lift_push_store(struct lift *t, val v, unsigned size);
void lift_push_value(struct lift *t, val v, unsigned size);
val lift_pop_value(struct lift *t, unsigned size);
val lift_stack(struct lift *t, s32 delta);		/* SP + delta, wrapped to the stack size */
val lift_stack_linear(struct lift *t, val sp, unsigned size, bool write);
void lift_put_sp(struct lift *t, val sp);
static inline bool lift_long(const struct lift *t) { return t->key & KEY_LONG; }
/* Bytes of the stack pointer, and of addresses that no prefix changes. */
static inline unsigned lift_stack_size(const struct lift *t)
{
	return lift_long(t) ? 8 : t->key & KEY_SS32 ? 4 : 2;
}

/* -- Flags -- */
void lift_setf(struct lift *t, enum cc_kind kind, unsigned size, val a, val b, val c);
void lift_flags_mask(struct lift *t, val bits, u32 mask);	/* only these change */
val lift_getf(struct lift *t);
val lift_cc(struct lift *t, unsigned cond);		/* I32 0 or 1 */
/* Can exits take t->flags as they are? */
bool lift_flags_ready(struct lift *t);
/* t->flags, as a kind that exits can take */
val lift_flags_full(struct lift *t);

/* -- x87 (x87.c) -- */
/* Waiting x87 and MMX instructions begin with it: #MF if the unit has a pending exception. */
void lift_x87_wait(struct lift *t);

/* -- Control -- */
void lift_raise(struct lift *t, u8 vector);		/* ends the block */
void lift_raise_code(struct lift *t, u8 vector, u32 error);
void lift_raise_if(struct lift *t, enum ir_cond cond, val a, val b, u8 vector, s64 error);
/* exit.c: they materialise the flags. */
void lift_exit(struct lift *t, u64 eip);
void lift_exit_if(struct lift *t, enum ir_cond cond, val a, val b, u64 eip);
/* The same for branches. */
void lift_branch(struct lift *t, u64 eip, enum ir_way way);
void lift_branch_if(struct lift *t, enum ir_cond cond, val a, val b, u64 eip);
/* By the run loop, for whatever is pending. */
void lift_leave_if(struct lift *t, enum ir_cond cond, val a, val b, u64 eip);
/* The branch has added `moved` to the stack pointer. */
void lift_exit_ind(struct lift *t, val eip, enum ir_jump kind, s64 moved);
/* End the block in a system helper (all state in struct vcpu). */
void lift_sys(struct lift *t, enum helper h, val a, val b);
static inline bool lift_protected(const struct lift *t)
{
	return (t->key & (KEY_PE | KEY_VM)) == KEY_PE;
}
static inline unsigned lift_log2(unsigned size) { return size == 8 ? 3 : size >> 1; }

#define INS(name, fn, flags, feature) void lift_##fn(struct lift *t, const struct ir1 *i);
#include "dbt/x86/insns.def"
#undef INS

#endif
