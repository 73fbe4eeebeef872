/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local APICs: vectors and priorities, messages of all kinds and who takes them, INIT and SIPI
 * (Intel SDM 3A §11.4.7, 11.6, 11.8, 11.12.10). lapic_core.h says who may touch what.
 * Deviations: SMI is counted and logged, since there is no SMM; so is an ExtINT message, the PIC
 * reaches the cores through LINT0. Lowest-priority arbitration takes the first core of lowest PPR.
 * A message that nobody takes is gone and leaves no error, as on front-side buses (§11.5.3: send
 * and receive accept errors are the P6 family's).
 */
#include "drivers/pc/lapic_core.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

enum { ICR_LOGICAL = 0x800, ICR_ASSERT = 0x4000 };

/* ICR's destination shorthands. */
enum shorthand { TO_DESTINATION, TO_SELF, TO_ALL, TO_OTHERS };

/* A message on the interrupt bus. */
struct message {
	const struct core *from;	/* of a shorthand, which leaves dest and logical out */
	enum shorthand to;
	u32 dest;		/* 8 bits, or 32 if wide: from a core in x2APIC mode */
	bool wide, logical, level;
	u8 vector;
	enum lapic_mode mode;
};

static unsigned number(const struct core *c) { return (unsigned)(c - c->l->core); }

static void event(struct lapic *l, enum lapic_event e)
{
	static const char *const what[LAPIC_EVENTS] = {
		[LAPIC_NO_SMM] = "SMI: there is no SMM",
		[LAPIC_NO_EXTINT] = "an ExtINT message: the PIC is at LINT0",
		[LAPIC_RESERVED_MODE] = "an interrupt of reserved delivery mode",
		[LAPIC_NMI_LOST] = "NMI, INIT or SIPI with no core connected",
	};

	if (!__atomic_fetch_add(&l->event[e], 1, __ATOMIC_RELAXED))
		printk("lapic: %s: ignored\n", what[e]);
}

/* -- Vectors --------------------------------------------------------------- */

/* A word may be empty though its bit in `any` is set: whoever sets them does it one by one. */
static int highest(const struct vectors *s)
{
	for (u32 any = SEEN(s->any), k; any; any &= ~BIT(k)) {
		k = 31u - (unsigned)__builtin_clz(any);
		u32 w = SEEN(s->word[k]);
		if (w)
			return (int)(k * 32 + 31) - __builtin_clz(w);
	}
	return -1;
}

static bool has(const struct vectors *s, u8 v) { return SEEN(s->word[v / 32]) >> v % 32 & 1; }

/* In ISR, which is its core's. */
static void own_set(struct vectors *s, u8 v)
{
	SHOW(s->word[v / 32], s->word[v / 32] | BIT(v % 32));
	SHOW(s->any, s->any | BIT(v / 32));
}

static void own_clear(struct vectors *s, u8 v)
{
	u32 w = s->word[v / 32] & ~BIT(v % 32);

	SHOW(s->word[v / 32], w);
	if (!w)
		SHOW(s->any, s->any & ~BIT(v / 32));
}

/* In IRR and TMR, from any core. Returns whether it was set. */
static bool shared_set(struct vectors *s, u8 v)
{
	u32 bit = BIT(v % 32);
	bool was = __atomic_fetch_or(&s->word[v / 32], bit, __ATOMIC_SEQ_CST) & bit;

	if (!was)
		__atomic_fetch_or(&s->any, BIT(v / 32), __ATOMIC_SEQ_CST);
	return was;
}

/* By this core only. Who sets a bit while `any` is cleared has set the word's before. */
static void shared_clear(struct vectors *s, u8 v)
{
	u32 *w = &s->word[v / 32];

	if (__atomic_and_fetch(w, ~BIT(v % 32), __ATOMIC_SEQ_CST))
		return;
	__atomic_fetch_and(&s->any, ~BIT(v / 32), __ATOMIC_SEQ_CST);
	if (__atomic_load_n(w, __ATOMIC_SEQ_CST))
		__atomic_fetch_or(&s->any, BIT(v / 32), __ATOMIC_SEQ_CST);
}

/* -- Priority -------------------------------------------------------------- */

u8 lapic_core_ppr(const struct core *c)
{
	int isr = highest(&c->isr);
	u8 isrv = isr < 0 ? 0 : (u8)isr, tpr = SEEN(c->tpr);

	return tpr >> 4 >= isrv >> 4 ? tpr : isrv & 0xf0;
}

static bool passes(const struct core *c, unsigned v)
{
	return SEEN(c->base) & BASE_ENABLE && v >> 4 > lapic_core_ppr(c) >> 4;
}

static int deliverable(const struct core *c)
{
	int v = highest(&c->irr);

	return v >= 0 && passes(c, (unsigned)v) ? v : -1;
}

static void tell(const struct core *c)
{
	const struct cpu_intr *cpu = &c->l->cpu;

	if (cpu->raise)
		cpu->raise(cpu->opaque, number(c));
}

/* Who had it set before has told the core, or is about to. */
void lapic_core_update(struct core *c)
{
	u32 was = __atomic_exchange_n(&c->pending, 0, __ATOMIC_SEQ_CST);

	if (deliverable(c) < 0)
		return;
	if (!__atomic_exchange_n(&c->pending, 1, __ATOMIC_SEQ_CST) && !was)
		tell(c);
}

int lapic_core_take(struct core *c)
{
	int v = deliverable(c);

	if (v >= 0) {
		shared_clear(&c->irr, (u8)v);
		own_set(&c->isr, (u8)v);
	}
	lapic_core_update(c);
	return v;
}

int lapic_core_end(struct core *c)
{
	int v = highest(&c->isr);

	if (v < 0)
		return -1;
	own_clear(&c->isr, (u8)v);
	lapic_core_update(c);
	return has(&c->tmr, (u8)v) ? v : -1;
}

/* -- What comes in --------------------------------------------------------- */

void lapic_core_error(struct core *c, u32 bit)
{
	u32 lvt = SEEN(c->lvt[LVT_ERROR]);

	__atomic_fetch_or(&c->esr_new, bit, __ATOMIC_RELAXED);
	if (!(lvt & LVT_MASKED) && (lvt & 0xff) >= 16)
		lapic_core_accept(c, (u8)lvt, false);
}

void lapic_core_accept(struct core *c, u8 vector, bool level)
{
	if (vector < 16) {
		lapic_core_error(c, ESR_RECEIVE_ILLEGAL);
		return;
	}
	if (level)
		shared_set(&c->tmr, vector);
	else if (has(&c->tmr, vector))
		__atomic_fetch_and(&c->tmr.word[vector / 32], ~BIT(vector % 32), __ATOMIC_RELAXED);
	if (shared_set(&c->irr, vector))
		return;			/* whoever set it tells the core */
	if (passes(c, vector) && !__atomic_exchange_n(&c->pending, 1, __ATOMIC_SEQ_CST))
		tell(c);
}

static void start(struct core *c)
{
	const struct cpu_intr *cpu = &c->l->cpu;

	cpu->start ? cpu->start(cpu->opaque, number(c)) : event(c->l, LAPIC_NMI_LOST);
}

static void take_nmi(struct core *c)
{
	const struct cpu_intr *cpu = &c->l->cpu;

	cpu->nmi ? cpu->nmi(cpu->opaque, number(c)) : event(c->l, LAPIC_NMI_LOST);
}

/* A SIPI that has come before is undone. */
static void take_init(struct core *c)
{
	u32 old = SEEN(c->startup);

	while (!__atomic_compare_exchange_n(&c->startup, &old, (old & STARTUP_WAITS) | STARTUP_INIT,
					    false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		;
	start(c);
}

/* Only who waits for one takes it (§9.4.3), or will wait once it has done what INIT asks. */
static void take_sipi(struct core *c, u8 vector)
{
	u32 old = SEEN(c->startup);

	do {
		if (!(old & (STARTUP_WAITS | STARTUP_INIT)) || old & STARTUP_SIPI) {
			__atomic_fetch_add(&c->l->sipi_ignored, 1, __ATOMIC_RELAXED);
			return;
		}
	} while (!__atomic_compare_exchange_n(&c->startup, &old,
					      old | STARTUP_SIPI | (u32)vector << 8, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	start(c);
}

/* To one core that was addressed. Returns whether it accepted. */
static bool deliver(struct core *c, enum lapic_mode mode, u8 vector, bool level)
{
	switch (mode) {
	case LAPIC_FIXED:
	case LAPIC_LOWEST:
		if (!lapic_core_enabled(c))
			return false;
		lapic_core_accept(c, vector, level);
		return true;
	case LAPIC_NMI: take_nmi(c); return true;
	case LAPIC_INIT: take_init(c); return true;
	case LAPIC_SIPI: take_sipi(c, vector); return true;
	case LAPIC_SMI: event(c->l, LAPIC_NO_SMM); return true;
	case LAPIC_EXTINT: event(c->l, LAPIC_NO_EXTINT); return false;
	}
	event(c->l, LAPIC_RESERVED_MODE);
	return false;
}

/* -- Messages -------------------------------------------------------------- */

/* §11.12.10: x2APIC mode. 8 bits of a logical destination are of cluster 0. */
static bool x2_addressed(const struct core *c, const struct message *m)
{
	u32 ldr = lapic_core_x2ldr(c);

	if (m->dest == (m->wide ? 0xffffffff : 0xff))
		return true;
	if (!m->logical)
		return m->dest == c->x2id;
	return m->dest >> 16 == ldr >> 16 && m->dest & ldr & 0xffff;
}

/* §11.6.2: xAPIC mode. */
static bool x_addressed(const struct core *c, const struct message *m)
{
	u8 ldr = SEEN(c->ldr), dest = (u8)m->dest;

	if (m->wide && m->dest == 0xffffffff)
		return true;
	if (m->dest > 0xff)
		return false;
	if (!m->logical)
		return dest == SEEN(c->id) || (dest == 0xff && !m->wide);
	if (SEEN(c->dfr) == 0xf)
		return ldr & dest;
	return (dest >> 4 == 0xf || dest >> 4 == ldr >> 4) && dest & ldr & 0xf;
}

/* A core whose local APIC is switched off by IA32_APIC_BASE is not on the bus (§11.4.3). */
static bool addressed(const struct core *c, const struct message *m)
{
	if (!(SEEN(c->base) & BASE_ENABLE))
		return false;
	if (m->to != TO_DESTINATION)
		return m->to == TO_SELF ? c == m->from : m->to == TO_ALL || c != m->from;
	return lapic_core_x2(c) ? x2_addressed(c, m) : x_addressed(c, m);
}

/* Returns whether any core accepted it. */
static bool send(struct lapic *l, const struct message *m)
{
	struct core *best = NULL;
	bool taken = false;

	for (unsigned k = 0; k < l->cores; k++) {
		struct core *c = &l->core[k];

		if (!addressed(c, m))
			continue;
		if (m->mode != LAPIC_LOWEST)
			taken |= deliver(c, m->mode, m->vector, m->level);
		else if (lapic_core_enabled(c) &&
			 (!best || lapic_core_ppr(c) < lapic_core_ppr(best)))
			best = c;
	}
	return best ? deliver(best, m->mode, m->vector, m->level) : taken;
}

bool lapic_message(struct lapic *l, u8 dest, bool logical, enum lapic_mode mode, u8 vector,
		   bool level)
{
	const struct message m = {
		.dest = dest, .logical = logical, .level = level, .vector = vector, .mode = mode,
	};

	return send(l, &m);
}

bool lapic_waiting(struct lapic *l, u8 dest, bool logical, u8 vector)
{
	const struct message m = { .dest = dest, .logical = logical };

	for (unsigned k = 0; k < l->cores; k++)
		if (addressed(&l->core[k], &m) && has(&l->core[k].irr, vector))
			return true;
	return false;
}

/* §11.6.1. What is level-triggered there goes out as an edge, but for INIT's de-assertion. */
void lapic_bus_icr(struct core *self)
{
	u32 lo = (u32)self->icr;
	bool x2 = lapic_core_x2(self);
	const struct message m = {
		.from = self, .to = (enum shorthand)bits(lo, 19, 18),
		.dest = x2 ? (u32)(self->icr >> 32) : (u32)(self->icr >> 56), .wide = x2,
		.logical = lo & ICR_LOGICAL, .vector = (u8)lo,
		.mode = (enum lapic_mode)bits(lo, 10, 8),
	};

	if (m.mode == LAPIC_INIT && lo & LVT_LEVEL && !(lo & ICR_ASSERT))
		return;			/* only arbitration ids, which no bus has since the P6 */
	if (m.mode <= LAPIC_LOWEST && m.vector < 16)
		lapic_core_error(self, ESR_SEND_ILLEGAL);
	else if (m.to == TO_SELF)
		deliver(self, m.mode, m.vector, false);
	else
		send(self->l, &m);
}

/* -- Pins ------------------------------------------------------------------ */

void lapic_core_lint(struct core *c, unsigned pin)
{
	u32 lvt = SEEN(c->lvt[LVT_LINT0 + pin]);
	unsigned mode = (unsigned)bits(lvt, 10, 8);
	bool off = !(SEEN(c->base) & BASE_ENABLE);

	if (!__atomic_load_n(&c->l->lint[pin], __ATOMIC_SEQ_CST) || (!off && lvt & LVT_MASKED))
		return;
	if (!off && mode != LAPIC_EXTINT)
		deliver(c, (enum lapic_mode)mode, (u8)lvt, false);
	else if (pin == 0)
		tell(c);
	else
		take_nmi(c);
}

void lapic_lint(struct lapic *l, unsigned pin, int level)
{
	must(pin < ARRAY_LEN(l->lint));
	__atomic_exchange_n(&l->lint[pin], level != 0, __ATOMIC_SEQ_CST);
	for (unsigned k = 0; level && k < l->cores; k++)
		lapic_core_lint(&l->core[k], pin);
}

bool lapic_accepts_intr(const struct lapic *l, unsigned core)
{
	const struct core *c = &l->core[core];
	u32 lvt = SEEN(c->lvt[LVT_LINT0]);

	if (!(SEEN(c->base) & BASE_ENABLE))
		return core == 0;	/* INTR is wired to the boot core */
	return !(lvt & LVT_MASKED) && bits(lvt, 10, 8) == LAPIC_EXTINT;
}
