/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small things that the files of the system side share: registers as 32 bits,
 * faults with selectors, TRY. Private to dbt/rt; no state.
 */
#ifndef DBT_SYS_SYSUTIL_H
#define DBT_SYS_SYSUTIL_H

#include "dbt/x86/cpu.h"

/* Return the fault that `expr` gives, if it gives one. */
#define TRY(expr) \
	do { \
		struct fault fault_ = (expr); \
		if (fault_.raised) \
			return fault_; \
	} while (0)

static inline u32 reg32(const struct vcpu *c, enum gpr r) { return (u32)c->gpr[r]; }

/* Outside 64-bit code. */
static inline void set_reg32(struct vcpu *c, enum gpr r, u32 v)
{
	c->gpr[r] = v;
}

/* As the code that runs has it: all 64 bits of v, or 32 of them. */
static inline void set_reg(struct vcpu *c, enum gpr r, u64 v)
{
	if (vcpu_code64(c))
		c->gpr[r] = v;
	else
		set_reg32(c, r, (u32)v);
}

/* A linear address of 32 bits, whatever the mode. */
static inline gva_t linear32(u64 a) { return gva((u32)a); }

static inline bool sel_null(u16 sel) { return !(sel & 0xfffc); }

/* A fault whose error code is a selector without its RPL, and the EXT bit. */
static inline struct fault fault_sel(u8 vector, u16 sel, u32 ext)
{
	return fault_code(vector, (sel & 0xfffcu) | ext);
}

static inline struct fault fault_gp0(void) { return fault_code(EXC_GP, 0); }

static inline unsigned vcpu_iopl(const struct vcpu *c) { return c->eflags >> 12 & 3; }

static inline bool vcpu_real(const struct vcpu *c) { return !(c->cr0 & CR0_PE); }

#endif
