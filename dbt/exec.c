/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run loop: host events → interrupts → block → run → what its exit says.
 * The one place that delivers faults and interrupts to the guest, and the one
 * door back from translated code.
 */
#include "dbt/exec.h"

#include "dbt/backend/glue.h"
#include "dbt/cache/cache.h"
#include "dbt/cache/context.h"
#include "dbt/debug.h"
#include "dbt/rt/exc.h"
#include "dbt/rt/fault.h"
#include "dbt/rt/helpers.h"
#include "dbt/rt/sysops.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/mode.h"
#include "kernel/cpu.h"
#include "kernel/host_cpu.h"
#include "kernel/irq.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/gpa.h"

#include <string.h>

_Static_assert(CPU_VCPU_OFFSET + sizeof(struct vcpu) <= JUMP_CACHE_OFFSET, "per-core area");

struct jump_entry { u64 tag_eip; const u32 *code; };
#define JUMP_ENTRIES (1u << JUMP_CACHE_BITS)

static struct jump_entry *jump_cache(void)
{
	return (struct jump_entry *)((char *)this_cpu() + JUMP_CACHE_OFFSET);
}

/* As glue.S finds it. */
static struct jump_entry *jump_cache_entry(u32 eip)
{
	return &jump_cache()[(eip ^ eip >> JUMP_CACHE_FOLD) & (JUMP_ENTRIES - 1)];
}

static void jump_cache_clear(void)
{
	memset(jump_cache(), 0, JUMP_ENTRIES * sizeof(struct jump_entry));
}

/* A block that goes can be in one place only: its eip's. */
static void jump_cache_drop(const struct block *b)
{
	struct jump_entry *e = jump_cache_entry(b->key.eip);

	if (e->code == block_code(b))
		*e = (struct jump_entry){ 0, NULL };
}

static void jump_cache_fill(struct dbt *d, const struct block *b)
{
	struct jump_entry *e = jump_cache_entry(b->key.eip);

	if (b->key.flags & KEY_SINGLE)
		return;
	*e = (struct jump_entry){ d->c->ctx << 32 | b->key.eip, block_code(b) };
	d->count.jump_cache_fills++;
}

/*
 * Code that glue.S would find for the next block, if any: on a global page, else on another one.
 * Sets the context to that of its page.
 */
static const u32 *jump_cache_probe(struct dbt *d)
{
	const struct jump_entry *e = jump_cache_entry((u32)d->c->eip);

	for (int global = 1; global >= 0; global--)
		if (e->tag_eip == ((u64)d->tag[global] << 32 | (u32)d->c->eip)) {
			d->c->ctx = d->tag[global];
			return e->code;
		}
	return NULL;
}

/* -- Finding the block -- */

static struct fault fetch(struct dbt *d, u32 va, gpa_t *out, bool *global)
{
	struct x86_walk w;

	if (!shadow_walk(d->shadow, va, X86_FETCH, d->c->cpl == 3, &w))
		return fault_page(va, w.error);
	*out = gpa(w.page | (va & 0xfff));
	*global &= w.global;
	return fault_none();
}

struct fault exec_fetch(struct dbt *d, u32 va, gpa_t *out)
{
	bool global = false;

	return fetch(d, va, out, &global);
}

static bool same_second_page(struct dbt *d, const struct block *b, bool *global)
{
	gpa_t next;

	if (b->key.page2 == BLOCK_ONE_PAGE)
		return true;
	if (fetch(d, (b->key.cs_base + b->key.eip + 4096) & ~0xfffu, &next, global).raised)
		return false;
	return gpa_lookup(next).frame == b->key.page2;
}

static struct block *translate_counted(struct dbt *d, struct block_key *k, u32 frame,
				       struct fault *f)
{
	u64 start = clock_ticks();
	struct block *b = translate(d, k, frame, f);

	d->count.translate_ticks += clock_ticks() - start;
	return b;
}

struct block *exec_block(struct dbt *d, struct fault *f)
{
	struct vcpu *c = d->c;
	struct block_key k = { .eip = (u32)c->eip, .cs_base = (u32)c->seg[CS].base,
			       .flags = c->key_flags };
	struct block *b;
	struct gpa_page page;
	bool global = true;
	gpa_t pa;

	if (c->eip > c->seg[CS].limit) {
		*f = fault_code(EXC_GP, 0);
		return NULL;
	}
	*f = fetch(d, k.cs_base + k.eip, &pa, &global);
	if (f->raised)
		return NULL;
	d->c->ctx = d->tag[global];
	k.gpa = pa.a;
	for (b = cache_first(&k); b; b = cache_next(b, &k))
		if ((u64)k.eip + b->guest_len - 1 <= c->seg[CS].limit &&
		    same_second_page(d, b, &global)) {
			c->ctx = d->tag[global];
			return b;
		}
	page = gpa_lookup(pa);
	if (page.frame == FRAME_NONE) {
		if (printk_due(&d->count.fetch_nowhere))
			printk("exec: no memory to fetch from at %08x (gpa %llx), %lu so far\n",
			       k.eip, (unsigned long long)pa.a, d->count.fetch_nowhere);
		*f = fault_code(EXC_GP, 0);
		return NULL;
	}
	cache_counters.misses++;
	b = translate_counted(d, &k, page.frame, f);
	if (b && same_second_page(d, b, &global))
		c->ctx = d->tag[global];
	return b;
}

static void new_tags(struct dbt *d)
{
	struct context global = d->context;

	global.global = 1;
	global.generation = 0;
	d->tag[0] = context_tag(&d->context);
	d->tag[1] = context_tag(&global);
}

static void update_tag(struct dbt *d)
{
	struct context x = {
		.generation = shadow_generation(d->shadow),
		.global_generation = shadow_global_generation(d->shadow),
		.flags = d->c->key_flags, .cs_base = (u32)d->c->seg[CS].base,
		.cs_limit = d->c->seg[CS].limit,
	};
	u32 wraps = context_wraps;

	if (d->tag[0] && context_same(&d->context, &x))
		return;
	d->context = x;
	new_tags(d);
	if (wraps != context_wraps)
		new_tags(d);
}

/*
 * A record of the exit that a new chain may take: one that is free, or serves a context that
 * cannot come back. NULL: all serve other contexts, or an indirect jump's first targets.
 */
static struct link *free_link(struct link *l)
{
	for (unsigned n = l->indirect ? LINK_TARGETS : 1; n; n--, l++)
		if (!l->to || !l->guard || !context_tag_live(l->tag))
			return l;
	return NULL;
}

/*
 * Chain the exit that led here, if it may be. Exits of processes that take turns would be patched
 * at each switch: after a while they are left as they are, and use the jump cache.
 */
static void chain(struct dbt *d, struct link *l, struct block *b)
{
	bool two_pages = b->key.page2 != BLOCK_ONE_PAGE;

	if ((b->key.flags & KEY_SINGLE) || link_from(l)->dead || b->dead ||
	    (two_pages && !l->guard))
		return;
	if (l->guard && d->c->ctx != d->left_ctx)	/* from global pages to others, or back: */
		return;					/* the guard would never let it through */
	l = free_link(l);
	if (!l || (l->to && l->guard && l->retags == LINK_RETAGS_MAX))
		return;
	if (l->to)
		l->retags++;
	if (l->indirect && l->to)
		cache_unchain(l);
	l->eip = b->key.eip;
	d->count.relinks += l->to != 0;
	cache_chain(l, b, (u32)d->c->ctx);
}

/* -- Events -- */

/*
 * A pending x87 error with CR0.NE = 0 (SDM vol. 1, D.2): the CPU asserts FERR# and waits for an
 * interrupt, which the board makes of it; the instruction then begins again. Under IGNNE# it is
 * executed as if nothing were pending.
 */
static void x87_error(struct dbt *d)
{
	struct vcpu *c = d->c;

	if (c->ignne) {
		c->x87.sw &= (u16)~(X87_SW_ES | X87_SW_B);
		exec_step_x87(d);
		x87_fldcw(&c->x87, c->x87.cw);
		c->ignne &= x87_pending(&c->x87);
		return;
	}
	if (!d->count.ferr++)
		printk("exec: x87 error with CR0.NE = 0 at %08x: FERR#\n", (u32)c->eip);
	d->platform.ferr(d->platform.opaque);
	c->halted = true;
}

void dbt_ignne(void)
{
	struct vcpu *c = dbt_this()->c;

	c->ignne = x87_pending(&c->x87);
}

void exec_deliver(struct dbt *d, struct fault f)
{
	struct vcpu *c = d->c;

	if (f.vector == EXC_MF && !(c->cr0 & CR0_NE)) {
		x87_error(d);
		return;
	}
	trace(EXC, "exception %u error %x at %08x cr2 %llx\n", f.vector, f.error, (u32)c->eip,
	      (unsigned long long)f.cr2);
	c->debug_hits = 0;		/* the instruction is not done */
	exc_raise(c, f);
	d->mode_dirty = true;
}

/* Data and I/O breakpoints of the instruction before, and its single-step trap. */
static void take_debug_trap(struct dbt *d)
{
	if (!debug_trap_waits(d->c))
		return;
	d->link = NULL;
	exc_debug_trap(d->c);
	d->mode_dirty = true;
}

static bool interruptible(const struct dbt *d)
{
	return (d->c->eflags & FL_IF) && !d->c->inhibit;
}

/* Take an interrupt if there is one and the CPU takes it. */
static void take_interrupt(struct dbt *d)
{
	int vector;

	if (!interruptible(d) || !d->platform.intr_pending(d->platform.opaque))
		return;
	d->c->pending &= ~PENDING_INTR;
	vector = d->platform.intr_ack(d->platform.opaque);
	if (vector < 0)
		return;
	trace(EXC, "interrupt %02x at %08x\n", vector, (u32)d->c->eip);
	d->count.interrupts++;
	d->link = NULL;
	exc_interrupt(d->c, (u8)vector);
	d->mode_dirty = true;
}

static void take_nmi(struct dbt *d)
{
	if (!(d->c->pending & PENDING_NMI) || d->c->nmi_blocked || d->c->inhibit)
		return;
	d->c->pending &= ~PENDING_NMI;
	d->link = NULL;
	exc_nmi(d->c);
	d->mode_dirty = true;
}

static void host_events(struct dbt *d)
{
	u32 events = irq_take_events();

	if (events)
		d->platform.host_events(d->platform.opaque, events);
}

static void triple_fault(struct dbt *d)
{
	if (printk_due(&d->count.triple_faults))
		printk("guest: triple fault at %08x: reset\n", (u32)d->c->eip);
	d->c->pending |= PENDING_RESET;
	d->c->shutdown = false;
}

static void take_reset(struct dbt *d)
{
	d->c->pending &= ~(PENDING_RESET | PENDING_INIT);
	d->platform.reset(d->platform.opaque);
	vcpu_reset(d->c, RESET_POWER_UP, true);
	d->mode_dirty = true;
	d->link = NULL;
}

/* INIT (SDM vol. 3, 9.1): the CPU begins at its reset vector; memory, FPU and MSRs stay. */
static void take_init(struct dbt *d)
{
	printk("guest: INIT at %08x\n", (u32)d->c->eip);
	d->c->pending &= ~(PENDING_INIT | PENDING_NMI);
	d->platform.init(d->platform.opaque);
	vcpu_reset(d->c, RESET_INIT, true);
	d->mode_dirty = true;
	d->link = NULL;
}

static void take_resets(struct dbt *d)
{
	if (d->c->pending & PENDING_RESET)
		take_reset(d);
	if (d->c->pending & PENDING_INIT)
		take_init(d);
}

/*
 * STI found nothing pending and left the shadow out, but its exit was not chained yet. An interrupt
 * that came since must not be taken before the next instruction: HLT would wait for it.
 */
static void begin_shadow(struct dbt *d)
{
	if (!d->after_sti)
		return;
	d->c->inhibit |= INHIBIT_STI;
	d->mode_dirty = true;
}

static void idle(struct dbt *d)
{
	u64 start = clock_ticks();

	cpu_idle();
	d->count.idle_ticks += clock_ticks() - start;
}

static void busy_page(struct dbt *d)
{
	u64 now = clock_ns();

	if (d->c->pending & PENDING_BUSY_PAGE)
		cache_page_busy(d->busy_page, now);
	d->c->pending &= ~PENDING_BUSY_PAGE;
	cache_self_check_end(now);
}

/* All that is to be done between two blocks. */
static void attend(struct dbt *d)
{
	struct vcpu *c = d->c;

	begin_shadow(d);
	host_events(d);
	busy_page(d);
	if (c->shutdown)
		triple_fault(d);
	take_resets(d);
	take_debug_trap(d);
	take_nmi(d);
	take_interrupt(d);
	while (c->halted) {
		idle(d);
		host_events(d);
		take_resets(d);
		take_nmi(d);
		take_interrupt(d);
	}
	if (d->platform.intr_pending(d->platform.opaque))
		c->pending |= PENDING_INTR;
	else
		c->pending &= ~PENDING_INTR;
}

/* -- Running -- */

static void run_system(struct dbt *d)
{
	struct vcpu *c = d->c;

	c->fault.raised = false;
	helper_fn[c->exit_arg](c, c->help[0], c->help[1], 0);
	if (c->fault.raised)
		exec_deliver(d, c->fault);
}

static void leave_link(struct dbt *d)
{
	struct block *from;

	d->link = cache_link((u32)d->c->exit_arg);
	from = link_from(d->link);
	if (!d->link->indirect)
		d->c->eip = d->link->eip;
	if (from->key.flags & KEY_SINGLE)
		d->link = NULL;		/* a trap may come between, and the run loop always does */
	else
		d->after_sti = from->sti;
}

/* A self-checking block's bytes have changed: it is translated anew. */
static void leave_stale(struct dbt *d)
{
	struct block *b = cache_block_at(d->c->exit_arg - 4);

	cache_counters.stale++;
	if (b)
		cache_drop(b);
}

static void after_exit(struct dbt *d, u32 why)
{
	must(why < ARRAY_LEN(d->count.exits));
	d->count.exits[why]++;
	switch (why) {
	case EXIT_LINK: case EXIT_FAR: case EXIT_INDIRECT: leave_link(d); break;
	case EXIT_KICK: break;
	case EXIT_SYSTEM: run_system(d); break;
	case EXIT_FAULT: exec_deliver(d, d->c->fault); break;
	case EXIT_STEP: exec_step_own(d, d->step_in); break;
	case EXIT_STALE: leave_stale(d); break;
	default: panic("exec: exit %u", why);
	}
}

static void refresh(struct dbt *d)
{
	if (d->mode_dirty)
		vcpu_mode_update(d->c);
	d->mode_dirty = false;
	update_tag(d);
}

/* INT n and its kin have cleared TF on their way: no trap after them (SDM vol. 3, 17.3.1.4). */
static bool was_software_interrupt(const struct vcpu *c, u32 why)
{
	return why == EXIT_SYSTEM && (c->exit_arg == HELPER_int || c->exit_arg == HELPER_int3 ||
				      c->exit_arg == HELPER_int1 || c->exit_arg == HELPER_into);
}

static void step_trap(struct dbt *d, u32 flags, u32 why)
{
	struct vcpu *c = d->c;

	if ((flags & KEY_TF) && why != EXIT_FAULT && !c->fault.raised &&
	    !was_software_interrupt(c, why) && !(c->inhibit & INHIBIT_SS))
		sys_note_hits(c, DR6_BS);
}

/* A block of one instruction, at eip; rf: EFLAGS.RF before it. */
struct single { const u32 *code; u32 flags, eip, rf; };

/*
 * The shadow of STI or MOV SS ends with it, and RF with its beginning (INT n pushes RF = 0); but RF
 * stays while a repeated string instruction is not done, and is set for a trap in the middle of it
 * (SDM vol. 3, 17.3.1.1).
 */
static void begin_single(struct dbt *d, const u32 *code, struct single *s)
{
	struct vcpu *c = d->c;

	*s = (struct single){ code, c->key_flags, (u32)c->eip, c->eflags & FL_RF };
	if (!(s->flags & KEY_INHIBIT))
		return;
	c->inhibit = 0;
	c->eflags &= ~(u32)FL_RF;
	d->mode_dirty = true;
}

static void end_single(struct dbt *d, const struct single *s, u32 why)
{
	struct vcpu *c = d->c;

	step_trap(d, s->flags, why);
	if (c->fault.raised || (u32)c->eip != s->eip || !(s->rf || c->debug_hits) ||
	    !cache_block_at((u64)(uintptr_t)s->code)->rep)
		return;
	c->eflags |= FL_RF;
	d->mode_dirty = true;
}

/* The next block, chained to the exit that led here. NULL: fetching or decoding raised *f. */
static const u32 *find_code(struct dbt *d, struct fault *f)
{
	u64 evictions = cache_counters.evictions;
	struct block *b = debug_break(d->c, f) ? NULL : exec_block(d, f);

	if (b && d->link && evictions == cache_counters.evictions)
		chain(d, d->link, b);
	d->link = NULL;
	if (!b)
		return NULL;
	jump_cache_fill(d, b);
	return block_code(b);
}

static void run_one(struct dbt *d)
{
	struct vcpu *c = d->c;
	struct fault f = fault_none();
	const u32 *code = NULL;
	struct single s;
	u32 single, why;

	d->after_sti = false;
	refresh(d);
	if (!d->link)
		code = jump_cache_probe(d);
	if (!code)
		code = find_code(d, &f);
	if (!code) {
		exec_deliver(d, f);
		return;
	}
	single = c->key_flags & KEY_SINGLE;
	if (single)
		begin_single(d, code, &s);
	c->fault.raised = false;
	shadow_set_view(d->shadow, c->cpl == 3);
	d->left_ctx = c->ctx;
	why = dbt_enter(code);
	after_exit(d, why);
	if (single)
		end_single(d, &s, why);
}

void dbt_run(void)
{
	struct dbt *d = dbt_this();

	jump_cache_clear();
	cache_on_drop = jump_cache_drop;
	context_on_wrap = jump_cache_clear;
	for (;;) {
		if (kick_is_set() || d->c->halted || d->c->shutdown || d->c->pending) {
			attend(d);
			if (debug_trap_waits(d->c))	/* met by what attend delivered */
				continue;
		}
		run_one(d);
	}
}

void dbt_raise(u32 pending)
{
	dbt_this()->c->pending |= pending;
	kick_set();
}

void dbt_raise_irq(void) { dbt_raise(PENDING_INTR); }
