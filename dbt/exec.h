/* SPDX-License-Identifier: BSD-2-Clause */
/* What the run loop, the translator and rt/ share; nothing outside dbt includes it. */
#ifndef DBT_EXEC_H
#define DBT_EXEC_H

#include "dbt/backend/block.h"
#include "dbt/core/core.h"
#include "dbt/dbt.h"

/*
 * glue.S: enter a block (block_entry; one of 64-bit code by its exec_door) at vcpu.eip, on this
 * core's vCPU; returns an EXIT_ reason (dbt/backend/glue.h).
 */
u32 dbt_enter(const u32 *entry);

/* Base and limit of CS as they count: 64-bit code has none. */
static inline u64 exec_cs_base(const struct vcpu *c)
{
	return c->key_flags & KEY_LONG ? 0 : c->seg[CS].base;
}

static inline u64 exec_cs_limit(const struct vcpu *c)
{
	return c->key_flags & KEY_LONG ? ~0ull : c->seg[CS].limit;
}

/* Key of the block for the CPU's eip and mode, but for its pages. */
static inline struct block_key exec_key(const struct vcpu *c)
{
	return (struct block_key){
		.eip = key_relocatable(c->key_flags) ? c->eip & 0xfff : c->eip,
		.cs_base = (u32)exec_cs_base(c), .flags = c->key_flags,
	};
}

/*
 * exec.c, for glue.S: run the system helper vcpu.exit_arg; deliver vcpu.fault. The state is in
 * struct vcpu, before and after. The entry to go on at, as dbt_enter takes it; NULL: the run loop
 * is wanted.
 */
const u32 *exec_system(void);
const u32 *exec_fault(void);
/* The same in long mode, whose system structures may be anywhere. */
const u32 *exec_system_long(void);
const u32 *exec_fault_long(void);
/* The same: the kick register is set. What asked for it is seen to. */
const u32 *exec_kick(void);
/* For level.S, in translated code: it is about to return to vcpu.refault. */
void exec_refault(void);
/* INT n and IRET of 64-bit code. */
const u32 *exec_int(void);
const u32 *exec_iret(void);
/*
 * The same: code goes on at vcpu.eip, which its context's jump cache has not. `why`: EXIT_INDIRECT,
 * or EXIT_FAR, by the link whose number is vcpu.exit_arg.
 */
const u32 *exec_miss(u32 why);

/*
 * Entries of 64-bit code have bit 63 cleared where the doors have to know.
 */
static inline const u32 *exec_door(const u32 *code)
{
	return (const u32 *)((uintptr_t)code & ~(uintptr_t)0 >> 1);
}

/* exec.c: struct sys_hooks' level_changed, space_changed, ac_changed. */
void exec_level_changed(struct vcpu *c);
void exec_space_changed(struct vcpu *c);
void exec_ac_changed(struct vcpu *c);

/*
 * find.c: entry of the block for the CPU's current eip and mode, translated if need be and chained
 * to the exit that led here (d->link). NULL: fetching or decoding raised *f at c->eip; or it is
 * not raised, and the run loop is to come again.
 */
const u32 *exec_find_code(struct dbt *d, struct fault *f);
/* The same without breakpoints, if nothing is to be translated or raised; else NULL. */
const u32 *exec_find_known(struct dbt *d);
/* Is the code at vcpu.eip on a global page? No, too, if it cannot be fetched. */
bool exec_on_global_page(struct dbt *d);
/* Translate a fetch at linear address va: guest physical address, or a fault. */
struct fault exec_fetch(struct dbt *d, gva_t va, gpa_t *out);

/*
 * translate.c: make the block for key k and the code at eip now, whose first byte is on `frame`.
 * NULL: *f, or, if that is not raised, it is to be tried again, once cache_has_region().
 * Not inlined: its calls are counted (tools/bench_run.py).
 */
__attribute__((noinline)) struct block *translate(struct dbt *d, struct block_key *k, u64 eip,
						  u32 frame, struct fault *f);

/*
 * step.c: the instruction at c->eip by the evaluator; its fault, if it has one. b holds it, and it
 * is about to change b, or meets a data breakpoint, or b has found an address that is none.
 */
struct fault exec_step_own(struct dbt *d, const struct block *b);
/* The same for an x87 instruction, which may be changed or gone: then nothing happens. */
struct fault exec_step_x87(struct dbt *d);

/* Would the CPU take an interrupt now? */
static inline bool exec_interruptible(const struct vcpu *c)
{
	return (c->eflags & FL_IF) && !c->inhibit;
}

/*
 * deliver.c: a fault at c->eip to the guest; the #DB trap for the instruction before, which waits
 * (debug.h); an NMI or interrupt, if there is one and the CPU takes it.
 */
void exec_deliver(struct dbt *d, struct fault f);
void exec_take_debug_trap(struct dbt *d);
void exec_take_interrupts(struct dbt *d);

/* events.c: all that is to be done between two blocks; waits while the CPU is halted. */
void exec_attend(struct dbt *d);

/* events.c: after power-up and reset of the machine; CPU 0 boots, the others wait for a SIPI. */
void exec_power_up(struct dbt *d);
/* Before it: all CPUs' time-stamp counters are 0 now. */
void exec_reset_clock(void);

/* single.c: a block of one instruction, entered at `code`, at eip, with this RF and inhibit. */
struct single { const u32 *code; u64 eip; u32 flags, rf, inhibit; };
void single_begin(struct dbt *d, const u32 *code, struct single *s);
/* why: EXIT_ reason by which it was left. */
void single_end(struct dbt *d, const struct single *s, u32 why);

#endif
