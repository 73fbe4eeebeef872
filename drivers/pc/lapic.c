/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local APICs (Intel SDM 3A chapter 11, version 0x14): registers, priorities, IPIs.
 * Not the timer (lapic_timer.c), the IOAPIC, or the choice between LAPIC and PIC (irqchip).
 * Deviations: no x2APIC, no thermal or performance sources (their LVT entries are storage);
 * lowest-priority arbitration takes the first core of lowest PPR; SMI is counted and logged.
 * The register page answers for all cores at one base, the last one that a core set, and not
 * where RAM is (logged).
 * Invariant: core->pending says that a vector in IRR outranks PPR, whenever the lock is free.
 */
#include "drivers/pc/lapic.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/lapic_core.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/gpa.h"

enum { REG_ID = 0x20, REG_VERSION = 0x30, REG_TPR = 0x80, REG_APR = 0x90, REG_PPR = 0xa0,
	REG_EOI = 0xb0, REG_LDR = 0xd0, REG_DFR = 0xe0, REG_SVR = 0xf0, REG_ISR = 0x100,
	REG_TMR = 0x180, REG_IRR = 0x200, REG_ESR = 0x280, REG_ICR = 0x300, REG_ICR2 = 0x310,
	REG_LVT = 0x320, REG_TICR = 0x380, REG_TCCR = 0x390, REG_DCR = 0x3e0 };
enum { LVT_LEVEL = 0x8000 };
enum { ESR_SEND_ILLEGAL = 0x20, ESR_RECEIVE_ILLEGAL = 0x40, ESR_REGISTER = 0x80 };
enum { SVR_ENABLE = 0x100, VERSION = 0x00050014, ICR_LOGICAL = 0x800, ICR_ASSERT = 0x4000 };
enum { BASE_BSP = 0x100, BASE_ENABLE = 0x800 };
#define BASE_ADDR 0xffffff000ull
#define BASE_DEFAULT 0xfee00000ull

/* -- Vectors and priority -------------------------------------------------- */

static int highest(const struct vectors *s)
{
	int k = 31 - __builtin_clz(s->any | 1u);

	return s->any ? k * 32 + 31 - __builtin_clz(s->word[k]) : -1;
}

static void set_bit(struct vectors *s, u8 v)
{
	s->word[v / 32] |= BIT(v % 32);
	s->any |= (u8)BIT(v / 32);
}

static void clear_bit(struct vectors *s, u8 v)
{
	s->word[v / 32] &= ~BIT(v % 32);
	if (!s->word[v / 32])
		s->any &= (u8)~BIT(v / 32);
}

static bool test_bit(const struct vectors *s, u8 v) { return s->word[v / 32] >> v % 32 & 1; }

bool lapic_core_enabled(const struct core *c)
{
	return c->base & BASE_ENABLE && c->svr & SVR_ENABLE;
}


/* §11.8.3.1 */
static u8 ppr(const struct core *c)
{
	int isr = highest(&c->isr);
	u8 isrv = isr < 0 ? 0 : (u8)isr;

	return c->tpr >> 4 >= isrv >> 4 ? c->tpr : isrv & 0xf0;
}

static int deliverable(const struct core *c)
{
	int v = c->base & BASE_ENABLE ? highest(&c->irr) : -1;

	return v >= 0 && v >> 4 > ppr(c) >> 4 ? v : -1;
}

static unsigned number(const struct core *c) { return (unsigned)(c - c->l->core); }

static void update(struct core *c)
{
	struct lapic *l = c->l;
	bool now = deliverable(c) >= 0, was = c->pending;

	__atomic_store_n(&c->pending, now, __ATOMIC_RELEASE);
	if (now && !was && l->cpu.raise)
		l->cpu.raise(l->cpu.opaque, number(c));
}

static void error(struct core *c, u32 bit)
{
	u32 lvt = c->lvt[LVT_ERROR];

	c->esr_new |= bit;
	if (!(lvt & LVT_MASKED) && (lvt & 0xff) >= 16)
		lapic_core_accept(c, (u8)lvt, false);
}

void lapic_core_accept(struct core *c, u8 vector, bool level)
{
	if (vector < 16) {
		error(c, ESR_RECEIVE_ILLEGAL);
		return;
	}
	set_bit(&c->irr, vector);
	if (level)
		set_bit(&c->tmr, vector);
	else
		clear_bit(&c->tmr, vector);
	update(c);
}

static void unconnected(struct lapic *l, const char *what)
{
	if (!l->unconnected++)
		printk("lapic: %s is not connected to a core\n", what);
}

/* Deliver to one core that was addressed. Returns whether it accepted. */
static bool deliver(struct core *c, enum lapic_mode mode, u8 vector, bool level)
{
	struct lapic *l = c->l;
	unsigned n = number(c);

	switch (mode) {
	case LAPIC_FIXED:
	case LAPIC_LOWEST:
		if (lapic_core_enabled(c))
			lapic_core_accept(c, vector, level);
		return lapic_core_enabled(c);
	case LAPIC_NMI:
		l->cpu.nmi ? l->cpu.nmi(l->cpu.opaque, n) : unconnected(l, "NMI");
		return true;
	case LAPIC_INIT:
		l->cpu.init ? l->cpu.init(l->cpu.opaque, n) : unconnected(l, "INIT");
		return true;
	case LAPIC_SIPI:
		l->cpu.sipi ? l->cpu.sipi(l->cpu.opaque, n, vector) : unconnected(l, "SIPI");
		return true;
	default:
		unconnected(l, mode == LAPIC_SMI ? "SMI" : "ExtINT message");
		return false;
	}
}

/* -- Messages -------------------------------------------------------------- */

/* §11.6.2: does the message destination name this core? */
static bool addressed(const struct core *c, u8 dest, bool logical)
{
	if (!logical)
		return dest == 0xff || dest == c->id;
	if (c->dfr == 0xf)
		return c->ldr & dest;
	return (dest >> 4 == 0xf || dest >> 4 == c->ldr >> 4) && dest & c->ldr & 0xf;
}

static bool message_locked(struct lapic *l, u8 dest, bool logical, enum lapic_mode mode,
			   u8 vector, bool level)
{
	struct core *best = NULL;
	bool taken = false;

	for (unsigned k = 0; k < l->cores; k++) {
		struct core *c = &l->core[k];

		if (!addressed(c, dest, logical))
			continue;
		if (mode != LAPIC_LOWEST)
			taken |= deliver(c, mode, vector, level);
		else if (lapic_core_enabled(c) && (!best || ppr(c) < ppr(best)))
			best = c;
	}
	return best ? deliver(best, mode, vector, level) : taken;
}

bool lapic_message(struct lapic *l, u8 dest, bool logical, enum lapic_mode mode, u8 vector,
		   bool level)
{
	lock_take(&l->lock);
	bool r = message_locked(l, dest, logical, mode, vector, level);
	lock_drop(&l->lock);
	return r;
}

bool lapic_waiting(struct lapic *l, u8 dest, bool logical, u8 vector)
{
	bool r = false;

	lock_take(&l->lock);
	for (unsigned k = 0; k < l->cores; k++)
		r |= addressed(&l->core[k], dest, logical) && test_bit(&l->core[k].irr, vector);
	lock_drop(&l->lock);
	return r;
}

/* A write of the ICR's low half sends (§11.6.1). */
static void send_ipi(struct core *self)
{
	struct lapic *l = self->l;
	u32 lo = self->icr[0];
	enum lapic_mode mode = (enum lapic_mode)bits(lo, 10, 8);
	unsigned shorthand = (unsigned)bits(lo, 19, 18);
	bool level = lo & LVT_LEVEL;

	if (mode == LAPIC_INIT && level && !(lo & ICR_ASSERT))
		return;			/* INIT level de-assert: ignored since the P6 */
	if (mode <= LAPIC_LOWEST && (lo & 0xff) < 16) {
		error(self, ESR_SEND_ILLEGAL);
		return;
	}
	if (!shorthand) {
		message_locked(l, (u8)(self->icr[1] >> 24), lo & ICR_LOGICAL, mode, (u8)lo, false);
		return;
	}
	for (unsigned k = 0; k < l->cores; k++) {
		struct core *c = &l->core[k];
		bool is_self = c == self;

		if (shorthand == 1 ? is_self : shorthand == 2 || !is_self)
			deliver(c, mode, (u8)lo, false);
	}
}

/* -- Registers ------------------------------------------------------------- */

static void write_svr(struct core *c, u32 v)
{
	c->svr = v & 0x1ff;
	if (v & SVR_ENABLE)
		return;
	for (unsigned k = 0; k < LVTS; k++)	/* §11.4.7.2: software disabled masks them */
		c->lvt[k] |= LVT_MASKED;
}

static void lint_changed(struct core *c, unsigned pin)
{
	u32 lvt = c->lvt[LVT_LINT0 + pin];
	unsigned mode = (unsigned)bits(lvt, 10, 8);

	if (!c->l->lint[pin])
		return;
	if (!(c->base & BASE_ENABLE) || (!(lvt & LVT_MASKED) && mode == LAPIC_EXTINT)) {
		if (pin == 0 && c->l->cpu.raise)
			c->l->cpu.raise(c->l->cpu.opaque, number(c));
		else if (pin == 1)
			deliver(c, LAPIC_NMI, 0, false);
		return;
	}
	if (!(lvt & LVT_MASKED))
		deliver(c, (enum lapic_mode)mode, (u8)lvt, false);
}

static void write_lvt(struct core *c, unsigned n, u32 v)
{
	static const u32 mask[LVTS] = { 0x300ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff };
	bool was_masked = c->lvt[n] & LVT_MASKED;

	c->lvt[n] = (v & mask[n]) | (c->svr & SVR_ENABLE ? 0 : LVT_MASKED);
	if ((n == LVT_LINT0 || n == LVT_LINT1) && was_masked && !(c->lvt[n] & LVT_MASKED) &&
	    bits(c->lvt[n], 10, 8) == LAPIC_EXTINT)
		lint_changed(c, n - LVT_LINT0);
}

/* Ends the interrupt of highest priority in service. Returns its vector if it was level, or -1. */
static int end_of_interrupt(struct core *c)
{
	int v = highest(&c->isr);

	if (v < 0)
		return -1;
	clear_bit(&c->isr, (u8)v);
	update(c);
	return test_bit(&c->tmr, (u8)v) ? v : -1;
}

static u32 read_reg(struct core *c, u32 reg)
{
	if (reg >= REG_ISR && reg < REG_ESR) {
		const struct vectors *s = reg < REG_TMR ? &c->isr :
					  reg < REG_IRR ? &c->tmr : &c->irr;
		return s->word[reg >> 4 & 7];
	}
	if (reg >= REG_LVT && reg < REG_LVT + LVTS * 16)
		return c->lvt[(reg - REG_LVT) >> 4];
	switch (reg) {
	case REG_ID: return (u32)c->id << 24;
	case REG_VERSION: return VERSION;
	case REG_TPR: return c->tpr;
	case REG_PPR: return ppr(c);
	case REG_LDR: return (u32)c->ldr << 24;
	case REG_DFR: return (u32)c->dfr << 28 | 0x0fffffff;
	case REG_SVR: return c->svr;
	case REG_ESR: return c->esr;
	case REG_ICR: return c->icr[0];
	case REG_ICR2: return c->icr[1];
	case REG_TICR: return c->ticr;
	case REG_TCCR: return lapic_timer_count(c);
	case REG_DCR: return c->dcr;
	case REG_APR:
	case REG_EOI: return 0;
	}
	error(c, ESR_REGISTER);
	return 0;
}

static void write_reg(struct core *c, u32 reg, u32 v)
{
	if (reg >= REG_LVT && reg < REG_LVT + LVTS * 16) {
		write_lvt(c, (reg - REG_LVT) >> 4, v);
		return;
	}
	switch (reg) {
	case REG_ID: c->id = (u8)(v >> 24); break;
	case REG_TPR: c->tpr = (u8)v; update(c); break;
	case REG_LDR: c->ldr = (u8)(v >> 24); break;
	case REG_DFR: c->dfr = (u8)(v >> 28); break;
	case REG_SVR: write_svr(c, v); break;
	case REG_ESR: c->esr = c->esr_new; c->esr_new = 0; break;
	case REG_ICR: c->icr[0] = v & 0x000ccfff; send_ipi(c); break;
	case REG_ICR2: c->icr[1] = v & 0xff000000; break;
	case REG_TICR: lapic_timer_start(c, v); break;
	case REG_DCR: lapic_timer_divide(c, (u8)v); break;
	default:
		if (reg < REG_ID || reg > REG_DCR)
			error(c, ESR_REGISTER);
	}
}

static struct core *this_core(struct lapic *l)
{
	unsigned n = l->cpu.this_core ? l->cpu.this_core(l->cpu.opaque) : 0;

	must(n < l->cores);
	return &l->core[n];
}

/* Registers are the first 32 bits of each 16 bytes. */
static u64 lapic_read(void *opaque, u32 off, unsigned size)
{
	struct lapic *l = opaque;
	struct core *c = this_core(l);
	u32 v = 0xffffffff;

	(void)size;
	lock_take(&l->lock);
	if (c->base & BASE_ENABLE)
		v = off & 0xf ? 0 : read_reg(c, off);
	lock_drop(&l->lock);
	return v;
}

static void lapic_write(void *opaque, u32 off, u64 v, unsigned size)
{
	struct lapic *l = opaque;
	struct core *c = this_core(l);
	int ended = -1;

	(void)size;
	if (off & 0xf)
		return;
	lock_take(&l->lock);
	if (!(c->base & BASE_ENABLE))
		trace(IRQ, "lapic: write to a disabled LAPIC\n");
	else if (off == REG_EOI)
		ended = end_of_interrupt(c);
	else
		write_reg(c, off, (u32)v);
	lock_drop(&l->lock);
	if (ended >= 0 && l->eoi.set)
		l->eoi.set(l->eoi.opaque, (unsigned)ended, 0);
}

static const struct io_ops lapic_ops = {
	.read = lapic_read, .write = lapic_write, .min = 4, .max = 4,
};

/* -- The core's side ------------------------------------------------------- */

bool lapic_pending(const struct lapic *l, unsigned core)
{
	return __atomic_load_n(&l->core[core].pending, __ATOMIC_ACQUIRE);
}

static __attribute__((noinline)) int ack(struct lapic *l, struct core *c)
{
	lock_take(&l->lock);
	int v = deliverable(c);
	if (v >= 0) {
		clear_bit(&c->irr, (u8)v);
		set_bit(&c->isr, (u8)v);
		update(c);
	}
	lock_drop(&l->lock);
	return v;
}

bool lapic_accepts_intr(const struct lapic *l, unsigned core)
{
	const struct core *c = &l->core[core];
	u32 lvt = __atomic_load_n(&c->lvt[LVT_LINT0], __ATOMIC_RELAXED);

	if (!(c->base & BASE_ENABLE))
		return core == 0;	/* INTR is wired to the boot core */
	return !(lvt & LVT_MASKED) && bits(lvt, 10, 8) == LAPIC_EXTINT;
}

int lapic_ack(struct lapic *l, unsigned core)
{
	struct core *c = &l->core[core];

	return __atomic_load_n(&c->pending, __ATOMIC_ACQUIRE) ? ack(l, c) : -1;
}

static __attribute__((noinline)) void lint_rises(struct lapic *l, unsigned pin)
{
	lock_take(&l->lock);
	l->lint[pin] = 1;
	for (unsigned k = 0; k < l->cores; k++)
		lint_changed(&l->core[k], pin);
	lock_drop(&l->lock);
}

/* A fall tells nobody anything: an interrupt that is asked for is looked up when it is taken. */
void lapic_lint(struct lapic *l, unsigned pin, int level)
{
	if (level)
		lint_rises(l, pin);
	else
		__atomic_store_n(&l->lint[pin], 0, __ATOMIC_RELEASE);
}

u8 lapic_tpr(const struct lapic *l, unsigned core) { return l->core[core].tpr; }

void lapic_set_tpr(struct lapic *l, unsigned core, u8 tpr)
{
	lock_take(&l->lock);
	l->core[core].tpr = tpr;
	update(&l->core[core]);
	lock_drop(&l->lock);
}

u64 lapic_base(const struct lapic *l, unsigned core) { return l->core[core].base; }

int lapic_set_base(struct lapic *l, unsigned core, u64 msr)
{
	struct core *c = &l->core[core];

	if (msr & ~(BASE_ADDR | BASE_ENABLE | BASE_BSP))
		return -ERR_INVAL;
	lock_take(&l->lock);
	c->base = msr;
	update(c);
	lock_drop(&l->lock);
	bus_move(l->bus, BUS_MMIO, &l->region, msr & BASE_ADDR, 0x1000, true);
	if (gpa_host(gpa(msr & BASE_ADDR)) && printk_due(&l->in_ram))
		printk("lapic: its page at 0x%llx is RAM: RAM answers there, not the LAPIC\n",
		       (unsigned long long)(msr & BASE_ADDR));
	return 0;
}

/* §11.4.7.1: the state after power-up, reset and INIT. */
static void core_reset(struct core *c)
{
	timer_cancel(&c->timer);
	c->tpr = c->ldr = c->dcr = 0;
	c->dfr = 0xf;
	c->svr = 0xff;
	c->esr = c->esr_new = c->ticr = 0;
	c->counting = false;
	memset(&c->isr, 0, sizeof(c->isr));
	memset(&c->tmr, 0, sizeof(c->tmr));
	memset(&c->irr, 0, sizeof(c->irr));
	memset(c->icr, 0, sizeof(c->icr));
	for (unsigned k = 0; k < LVTS; k++)
		c->lvt[k] = LVT_MASKED;
	update(c);
}

void lapic_init(struct lapic *l, unsigned core)
{
	lock_take(&l->lock);
	core_reset(&l->core[core]);
	lock_drop(&l->lock);
}

void lapic_reset(struct lapic *l)
{
	lock_take(&l->lock);
	for (unsigned k = 0; k < l->cores; k++) {
		l->core[k].id = (u8)k;
		l->core[k].base = BASE_DEFAULT | BASE_ENABLE | (k ? 0 : BASE_BSP);
		core_reset(&l->core[k]);
	}
	lock_drop(&l->lock);
	bus_move(l->bus, BUS_MMIO, &l->region, BASE_DEFAULT, 0x1000, true);
}

struct lapic *lapic_create(struct bus *bus, unsigned cores, const struct cpu_intr *cpu,
			   const struct irq_line *eoi)
{
	struct lapic *l = calloc(1, sizeof(*l));

	must(l && cores >= 1 && cores <= LAPIC_MAX_CORES);
	l->bus = bus;
	l->cores = cores;
	l->cpu = *cpu;
	l->eoi = *eoi;
	for (unsigned k = 0; k < cores; k++) {
		l->core[k].l = l;
		lapic_timer_init(&l->core[k]);
	}
	l->region = (struct bus_region){
		"lapic", BASE_DEFAULT, 0x1000, &lapic_ops, l, 1, true, NULL,
	};
	bus_add(bus, BUS_MMIO, &l->region);
	lapic_reset(l);
	return l;
}
