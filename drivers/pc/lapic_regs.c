/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registers of a local APIC (Intel SDM 3A §11.4 … 11.9, version 0x14): by offset in xAPIC mode,
 * by MSR in x2APIC mode (§11.12). Not what an interrupt does (lapic_bus.c), nor IA32_APIC_BASE.
 * Deviations: no thermal or performance sources (their LVT entries are storage); the focus bit of
 * SVR is not kept, as on CPUs after the P6.
 */
#include "drivers/pc/lapic_core.h"
#include "kernel/lib/bits.h"

enum { REG_ID = 0x20, REG_VERSION = 0x30, REG_TPR = 0x80, REG_APR = 0x90, REG_PPR = 0xa0,
	REG_EOI = 0xb0, REG_RRD = 0xc0, REG_LDR = 0xd0, REG_DFR = 0xe0, REG_SVR = 0xf0,
	REG_ISR = 0x100, REG_TMR = 0x180, REG_IRR = 0x200, REG_ESR = 0x280, REG_ICR = 0x300,
	REG_ICR2 = 0x310, REG_LVT = 0x320, REG_TICR = 0x380, REG_TCCR = 0x390, REG_DCR = 0x3e0,
	REG_SELF_IPI = 0x3f0 };
enum { VERSION = 0x01050014 };		/* bit 24: EOI broadcasts can be suppressed */
enum { SVR_WRITABLE = 0x1ff | SVR_KEEP_EOI, DCR_WRITABLE = 0xb };
enum { LVT_STATUS = 0x1000, LVT_REMOTE_IRR = 0x4000 };	/* of a pin; both are read-only */
enum { ICR_WRITABLE = 0x000ccfff, ICR_IGNORED = 0x1000 };	/* … by x2APIC: delivery status */

static const u32 lvt_writable[LVTS] = { 0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff };

static u32 writable(unsigned lvt) { return lvt_writable[lvt] | LVT_MASKED; }

static bool is_lvt(u32 reg) { return reg >= REG_LVT && reg < REG_LVT + LVTS * 16; }

/* -- One register each ----------------------------------------------------- */

static void write_svr(struct core *c, u32 v)
{
	SHOW(c->svr, (u16)(v & SVR_WRITABLE));
	if (v & SVR_ENABLE)
		return;
	for (unsigned k = 0; k < LVTS; k++)	/* §11.4.7.2: software disabled masks them */
		SHOW(c->lvt[k], c->lvt[k] | LVT_MASKED);
}

/* A full barrier: who changes the level of a pin looks at its entry, this core at the level. */
static void write_lvt(struct core *c, unsigned n, u32 v)
{
	u32 now = (v & writable(n)) | (c->svr & SVR_ENABLE ? 0 : LVT_MASKED);
	u32 was = __atomic_exchange_n(&c->lvt[n], now, __ATOMIC_SEQ_CST);

	if (n == LVT_TIMER)
		lapic_timer_mode(c, was);
	if ((n == LVT_LINT0 || n == LVT_LINT1) && was & LVT_MASKED &&
	    bits(now, 10, 8) == LAPIC_EXTINT)
		lapic_core_lint(c, n - LVT_LINT0);
}

static void write_tpr(struct core *c, u32 v)
{
	SHOW(c->tpr, (u8)v);
	lapic_core_update(c);
}

static void write_eoi(struct core *c)
{
	int v = lapic_core_end(c);

	if (v >= 0 && !(c->svr & SVR_KEEP_EOI))
		irq_set(&(struct irq_line){ c->l->eoi.set, c->l->eoi.opaque, (unsigned)v }, 0);
}

static void write_esr(struct core *c)
{
	c->esr = __atomic_exchange_n(&c->esr_new, 0, __ATOMIC_RELAXED);
}

static void write_icr(struct core *c, u64 v)
{
	c->icr = v;
	lapic_bus_icr(c);
}

static u32 read_vectors(const struct core *c, u32 reg)
{
	const struct vectors *s = reg < REG_TMR ? &c->isr : reg < REG_IRR ? &c->tmr : &c->irr;

	return SEEN(s->word[reg >> 4 & 7]);
}

/* What both modes have. False: nothing that can be read. */
static bool read_common(struct core *c, u32 reg, u32 *v)
{
	switch (reg) {
	case REG_VERSION: *v = VERSION; return true;
	case REG_TPR: *v = c->tpr; return true;
	case REG_PPR: *v = lapic_core_ppr(c); return true;
	case REG_SVR: *v = c->svr; return true;
	case REG_ESR: *v = c->esr; return true;
	case REG_TICR: *v = c->ticr; return true;
	case REG_TCCR: *v = lapic_timer_count(c); return true;
	case REG_DCR: *v = c->dcr; return true;
	}
	if (reg >= REG_ISR && reg < REG_ESR)
		*v = read_vectors(c, reg);
	else if (is_lvt(reg))
		*v = c->lvt[(reg - REG_LVT) >> 4];
	else
		return false;
	return true;
}

/* The same of writes, without reserved bits. */
static bool write_common(struct core *c, u32 reg, u32 v)
{
	switch (reg) {
	case REG_EOI: write_eoi(c); return true;
	case REG_TPR: write_tpr(c, v); return true;
	case REG_SVR: write_svr(c, v); return true;
	case REG_ESR: write_esr(c); return true;
	case REG_TICR: lapic_timer_start(c, v); return true;
	case REG_DCR: lapic_timer_divide(c, (u8)v); return true;
	}
	if (!is_lvt(reg))
		return false;
	write_lvt(c, (reg - REG_LVT) >> 4, v);
	return true;
}

/* -- xAPIC mode ------------------------------------------------------------ */

u32 lapic_reg_read(struct core *c, u32 reg)
{
	u32 v;

	if (read_common(c, reg, &v))
		return v;
	switch (reg) {
	case REG_ID: return (u32)c->id << 24;
	case REG_LDR: return (u32)c->ldr << 24;
	case REG_DFR: return (u32)c->dfr << 28 | 0x0fffffff;
	case REG_ICR: return (u32)c->icr;
	case REG_ICR2: return (u32)(c->icr >> 32);
	case REG_APR:
	case REG_RRD:
	case REG_EOI: return 0;
	}
	lapic_core_error(c, ESR_REGISTER);
	return 0;
}

/* Registers that can only be read. */
static bool read_only(u32 reg)
{
	return (reg >= REG_ISR && reg < REG_ESR) || reg == REG_VERSION || reg == REG_APR ||
	       reg == REG_PPR || reg == REG_RRD || reg == REG_TCCR;
}

void lapic_reg_write(struct core *c, u32 reg, u32 v)
{
	if (write_common(c, reg, v))
		return;
	switch (reg) {
	case REG_ID: SHOW(c->id, (u8)(v >> 24)); break;
	case REG_LDR: SHOW(c->ldr, (u8)(v >> 24)); break;
	case REG_DFR: SHOW(c->dfr, (u8)(v >> 28)); break;
	case REG_ICR: write_icr(c, (c->icr & ~0xffffffffull) | (v & ICR_WRITABLE)); break;
	case REG_ICR2: c->icr = (u64)(v & 0xff000000) << 32 | (u32)c->icr; break;
	default:
		if (!read_only(reg))
			lapic_core_error(c, ESR_REGISTER);
	}
}

/* -- x2APIC mode ----------------------------------------------------------- */

bool lapic_x2_read(struct lapic *l, unsigned core, u32 n, u64 *v)
{
	struct core *c = &l->core[core];
	u32 reg = n << 4, low;

	if (!lapic_core_x2(c) || n > REG_SELF_IPI >> 4)
		return false;
	switch (reg) {
	case REG_ID: *v = c->x2id; return true;
	case REG_LDR: *v = lapic_core_x2ldr(c); return true;
	case REG_ICR: *v = c->icr; return true;
	}
	if (!read_common(c, reg, &low))
		return false;
	*v = low;
	return true;
}

/* The bits that may be 1 in what is written to a register of both modes. */
static u32 allowed(u32 reg)
{
	unsigned lvt = (reg - REG_LVT) >> 4;

	if (is_lvt(reg))
		return writable(lvt) | LVT_STATUS |
		       (lvt == LVT_LINT0 || lvt == LVT_LINT1 ? LVT_REMOTE_IRR : 0);
	switch (reg) {
	case REG_TPR: return 0xff;
	case REG_SVR: return SVR_WRITABLE;
	case REG_TICR: return 0xffffffff;
	case REG_DCR: return DCR_WRITABLE;
	}
	return 0;			/* EOI, ESR */
}

bool lapic_x2_write(struct lapic *l, unsigned core, u32 n, u64 v)
{
	struct core *c = &l->core[core];
	u32 reg = n << 4;

	if (!lapic_core_x2(c) || n > REG_SELF_IPI >> 4)
		return false;
	if (reg == REG_ICR) {
		if ((u32)v & ~(u32)(ICR_WRITABLE | ICR_IGNORED))
			return false;
		write_icr(c, v & ~(u64)ICR_IGNORED);
		return true;
	}
	if (reg == REG_SELF_IPI) {
		if (v > 0xff)
			return false;
		if (v < 16)
			lapic_core_error(c, ESR_SEND_ILLEGAL);
		else if (lapic_core_enabled(c))
			lapic_core_accept(c, (u8)v, false);
		return true;
	}
	return !(v & ~(u64)allowed(reg)) && write_common(c, reg, (u32)v);
}

/* -- Reset ----------------------------------------------------------------- */

/* Others may set bits meanwhile: `any` first, so that it has each word's that is left. */
static void clear_vectors(struct vectors *s)
{
	__atomic_exchange_n(&s->any, 0, __ATOMIC_SEQ_CST);
	for (unsigned k = 0; k < ARRAY_LEN(s->word); k++)
		__atomic_exchange_n(&s->word[k], 0, __ATOMIC_SEQ_CST);
}

/* The host's timer is left: what it calls finds nothing to do. */
void lapic_regs_reset(struct core *c)
{
	SHOW(c->tpr, 0);
	SHOW(c->ldr, 0);
	SHOW(c->dfr, 0xf);
	SHOW(c->svr, 0xff);
	for (unsigned k = 0; k < LVTS; k++)
		SHOW(c->lvt[k], LVT_MASKED);
	c->dcr = 0;
	c->ticr = c->esr = 0;
	SHOW(c->esr_new, 0);
	c->counting = false;
	c->deadline = 0;
	c->icr = 0;
	clear_vectors(&c->irr);
	clear_vectors(&c->tmr);
	clear_vectors(&c->isr);
	lapic_core_update(c);
}
