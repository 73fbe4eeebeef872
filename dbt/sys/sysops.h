/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System instructions that do not transfer control: control and debug
 * registers, descriptor tables, flags, ports' permission, time, MONITOR. Also
 * what the system side asks of its surroundings (struct sys_hooks). Not CPUID
 * (cpuid.h), MSRs (msr.h), segments (segload.h). Invariant: a returned fault
 * means nothing has changed.
 *
 * Values are operands that the lifter loads and stores itself. None of them
 * moves c->eip. Those that change modes or paging end by calling the hooks.
 */
#ifndef DBT_SYS_SYSOPS_H
#define DBT_SYS_SYSOPS_H

#include "dbt/sys/cpuid.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/cpu.h"

enum paging_change {
	PAGING_CR3,		/* CR3 was written: global entries may stay */
	/* CR0.PG/WP, CR4.PAE/PSE/PGE/SMEP/SMAP, EFER.NXE/LMA changed: nothing may stay */
	PAGING_ALL,
};

/*
 * What the surroundings do. Set once, before the first instruction; every member but read_phys,
 * read_ticks and, where INVLPG is translated, invlpg may be NULL (nothing to do). Called after the
 * state has changed.
 */
struct sys_hooks {
	void (*paging_changed)(struct vcpu *c, enum paging_change what);
	void (*invlpg)(struct vcpu *c, gva_t linear);
	/* Segments, CPL, CR0, CR4, EFLAGS or inhibit changed: derived state is stale. */
	void (*mode_changed)(struct vcpu *c);
	/*
	 * In place of mode_changed: 64-bit code goes on as such, or code and stack outside long
	 * mode that were seen (dbt/sys/seen.h), at another level or with other flags; maybe from
	 * within translated code, whose context follows (c->ctx).
	 */
	void (*level_changed)(struct vcpu *c);
	/* CR3 was loaded, after paging_changed: from within translated code likewise. */
	void (*space_changed)(struct vcpu *c);
	/* EFLAGS.AC was written by STAC or CLAC, from within translated code. */
	void (*ac_changed)(struct vcpu *c);
	/* Breakpoints changed: DR0-3 or DR7. */
	void (*debug_changed)(struct vcpu *c);
	/* IF went from 0 to 1: an interrupt that waits may be due. */
	void (*irq_unmasked)(struct vcpu *c);
	void (*apic_base_changed)(struct vcpu *c);
	/* MSRs 0x800 + n of the local APIC in x2APIC mode; false: #GP. */
	bool (*read_x2apic)(struct vcpu *c, u32 n, u64 *v);
	bool (*write_x2apic)(struct vcpu *c, u32 n, u64 v);
	/* IA32_TSC_DEADLINE, in the guest's TSC; also when that was written. */
	u64 (*read_deadline)(const struct vcpu *c);
	void (*write_deadline)(struct vcpu *c, u64 v);
	/* The local APIC's task priority, 0 … 15: CR8 (SDM vol. 3, 10.8.6). NULL: it is kept. */
	u64 (*read_tpr)(struct vcpu *c);
	void (*write_tpr)(struct vcpu *c, u64 v);
	/* Host ticks, the base of the guest's TSC (cpu.h). */
	u64 (*read_ticks)(void);
	/* Guest physical memory; holes read as ones. */
	void (*read_phys)(struct vcpu *c, u64 gpa, void *buf, u32 size);
};

static inline void sys_mode_changed(struct vcpu *c)
{
	if (c->hooks->mode_changed)
		c->hooks->mode_changed(c);
}

/* Nothing but CPL, with CS and SS, has changed, and flags that block keys know. */
static inline void sys_level_changed(struct vcpu *c)
{
	if (c->hooks->level_changed)
		c->hooks->level_changed(c);
	else
		sys_mode_changed(c);
}

static inline void sys_paging_changed(struct vcpu *c, enum paging_change what)
{
	if (c->hooks->paging_changed)
		c->hooks->paging_changed(c, what);
}

static inline void sys_debug_changed(struct vcpu *c)
{
	if (c->hooks->debug_changed)
		c->hooks->debug_changed(c);
}

static inline void sys_irq_unmasked(struct vcpu *c)
{
	if (c->hooks->irq_unmasked)
		c->hooks->irq_unmasked(c);
}

/*
 * Power-up, RESET# or INIT (SDM vol. 3, table 9-1). hooks, model, owner, apic_id, tsc_mul and
 * tsc_zero stay.
 */
enum reset_kind { RESET_POWER_UP, RESET_INIT };
void vcpu_reset(struct vcpu *c, enum reset_kind kind, bool bsp);

/* After a reset: wait for a SIPI (SDM vol. 3, 9.4.3), halted; and begin at its page. */
void vcpu_wait_sipi(struct vcpu *c);
void vcpu_sipi(struct vcpu *c, u8 vector);

/*
 * MOV to and from CRn, DRn; n is the register number of the encoding. All 64 bits: outside 64-bit
 * code the upper half of v is 0, and that of *out of no interest. CR8 is for 64-bit code only.
 */
struct fault sys_read_cr(struct vcpu *c, unsigned n, u64 *out);
struct fault sys_write_cr(struct vcpu *c, unsigned n, u64 v);
struct fault sys_read_dr(struct vcpu *c, unsigned n, u64 *out);
struct fault sys_write_dr(struct vcpu *c, unsigned n, u64 v);
struct fault sys_clts(struct vcpu *c);
struct fault sys_lmsw(struct vcpu *c, u16 v);

/* CR3, without the privilege check: PDPTEs, flush. */
struct fault sys_load_cr3(struct vcpu *c, u64 v);
/* Are there no PDPTEs to be loaded with it, and has it no reserved bits? */
static inline bool sys_cr3_is_plain(const struct vcpu *c, u64 v)
{
	return vcpu_long(c) ? !(v >> c->model->phys_bits) : !(c->cr4 & CR4_PAE);
}

/* LGDT, LIDT: opsize 2 keeps 24 bits of the base; in 64-bit code it must be canonical. */
struct fault sys_lgdt(struct vcpu *c, u16 limit, u64 base, unsigned opsize);
struct fault sys_lidt(struct vcpu *c, u16 limit, u64 base, unsigned opsize);

struct fault sys_invlpg(struct vcpu *c, gva_t linear);
struct fault sys_hlt(struct vcpu *c);		/* sets c->halted; eip is the caller's */

/* EFLAGS as a whole: c->eflags with DF and the arithmetic flags put in, and back. */
static inline u32 eflags_get(const struct vcpu *c)
{
	u32 arith = (u32)c->cc_a & FL_ARITH;

	if (c->cc_op >> 3)	/* not CC_EFLAGS alone */
		arith = cc_pinned(c->cc_op, c->cc_a, c->cc_b, c->cc_r);
	return (c->eflags & ~(u32)(FL_ARITH | FL_DF)) | (arith & FL_ARITH) |
	       (c->df < 0 ? FL_DF : 0) | FL_FIXED;
}
void eflags_set(struct vcpu *c, u32 v);
struct fault sys_sti(struct vcpu *c);
/* PUSHF's image; POPF's effect (opsize 2, 4 or 8). The stack is the lifter's. */
struct fault sys_popf(struct vcpu *c, u32 v, unsigned opsize);

u64 sys_tsc(const struct vcpu *c);
struct fault sys_rdpmc(struct vcpu *c, u32 counter, u64 *out);

/*
 * DR6 bits 0-3 of the enabled breakpoints that an access to [linear, linear+size) matches
 * (SDM vol. 3, 17.2.5). 0: go on.
 */
enum break_kind { BREAK_EXEC = 0, BREAK_WRITE = 1, BREAK_IO = 2, BREAK_READ = 3 };
u32 sys_breakpoints_find(const struct vcpu *c, gva_t linear, unsigned size, enum break_kind kind);

static inline u32 sys_breakpoints(const struct vcpu *c, gva_t linear, unsigned size,
				  enum break_kind kind)
{
	return c->dr[7] & DR7_ENABLED ? sys_breakpoints_find(c, linear, size, kind) : 0;
}

/* The same for `size` ports from `port` on. */
static inline u32 sys_breakpoints_io(const struct vcpu *c, u16 port, unsigned size)
{
	return sys_breakpoints(c, gva(port), size, BREAK_IO);
}

/*
 * Those of one kind as a whole: bit n for each DRn that is enabled and matches accesses of it;
 * start[n] its address, aligned down to its length.
 */
u32 sys_breakpoints_of(const struct vcpu *c, enum break_kind kind, gva_t start[4]);

/*
 * The instruction under way has met breakpoints (DR6 bits; or DR6.BS: a single step): a #DB trap
 * follows when it is done; if it faults, they are dropped.
 */
static inline void sys_note_hits(struct vcpu *c, u32 hits)
{
	if (!hits)
		return;
	c->debug_hits |= hits;
	vcpu_raise(c, PENDING_DEBUG);
}

#endif
