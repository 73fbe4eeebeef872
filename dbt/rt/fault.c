/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fault path. A fault in translated code has a site in its block's table;
 * state there is exact: general registers are in the frame, flags by recipe.
 * Law: nothing here changes guest state before it knows how the access ends.
 */
#include "dbt/rt/fault.h"

#include "dbt/backend/glue.h"
#include "dbt/backend/host_access.h"
#include "dbt/backend/host_fp.h"
#include "dbt/backend/host_frame.h"
#include "dbt/backend/prims.h"
#include "dbt/cache/cache.h"
#include "dbt/core/this.h"
#include "dbt/ir/ir.h"
#include "dbt/rt/bytes.h"
#include "dbt/rt/kick.h"
#include "dbt/sys/guestmem.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/mark.h"
#include "kernel/extable.h"
#include "kernel/host_cpu.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/bus.h"
#include "mm/frame.h"
#include "mm/gpa.h"

#include <stdio.h>

/* -- From frame to guest state -- */

static u64 operand(const struct trap_frame *f, const struct vcpu *c, struct loc l, s32 k)
{
	switch (l.kind) {
	case LOC_CONST: return (u64)(s64)k;
	case LOC_HOST: return host_frame_reg(f, l.n) + (u64)(s64)k;
	case LOC_SPILL: return c->spill[l.n] + (u64)(s64)k;
	}
	return 0;
}

static u32 flags_by_recipe(const struct trap_frame *f, struct vcpu *c, const struct block *b,
			   u16 n)
{
	const struct recipe *r;
	struct host_flags e;
	u32 before;

	if (n == RECIPE_ENTRY) {
		e = host_frame_flags(f);
		if (MARK_OF(e.op))	/* operands that are in general registers */
			host_frame_save_gprs(f, c, b->key.flags & KEY_LONG);
		return MARK_OF(e.op) ? mark_flags(MARK_OF(e.op), b->key.flags & KEY_LONG, c->gpr,
						  e.a, e.b) :
		       cc_pinned(e.op, e.a, e.b, c->cc_r);
	}
	r = block_recipe(b, n);
	before = r->kind > CC_LAST_FULL ? flags_by_recipe(f, c, b, r->prev) : 0;
	return cc_compute(r->kind, r->log2size, operand(f, c, r->a, r->ka),
			  operand(f, c, r->b, r->kb), operand(f, c, r->c, r->kc), before);
}

static void add_late(struct vcpu *c, s16 late, bool wide)
{
	u64 *r = &c->gpr[SITE_LATE_REG(late)], sum = *r + (u64)(s64)SITE_LATE_K(late);

	__builtin_memcpy(r, &sum, wide ? 8 : 4);
}

/* Leave translated code: the state goes to struct vcpu, dbt_enter returns `why`. */
static void leave(struct trap_frame *f, struct vcpu *c, const struct block *b,
		  const struct fault_site *s, u32 why)
{
	bool wide = b->key.flags & KEY_LONG;

	host_frame_save_gprs(f, c, wide);
	c->cc_op = CC_OP(CC_EFLAGS, 2);
	c->cc_a = flags_by_recipe(f, c, b, s->recipe);
	c->cc_b = 0;
	if (s->late)
		add_late(c, s->late, wide);
	c->eip = site_eip(b, host_frame_page(f), s);
	if (s->vmap)
		host_xmm_place(block_code(b) + s->vmap);
	host_frame_leave(f, why, b->key.flags & KEY_LMA);
}

/* The same for a #PF that may be raised without (key_pins): nothing is written back. */
static void raise_pinned(struct trap_frame *f, struct vcpu *c, const struct block *b,
			 const struct fault_site *s)
{
	u32 flags = flags_by_recipe(f, c, b, s->recipe);
	bool wide = b->key.flags & KEY_LONG;

	if (s->late)
		host_frame_add(f, SITE_LATE_REG(s->late), SITE_LATE_K(s->late), wide);
	if (s->vmap)
		host_xmm_place(block_code(b) + s->vmap);
	c->cr2 = c->fault.cr2;
	c->debug_hits = 0;		/* the instruction is not done */
	host_frame_fault(f, site_eip(b, host_frame_page(f), s), flags, wide);
}

/* The guest's linear address at a host address. */
static gva_t linear_at(const struct dbt *d, u64 at)
{
	return d->shadow->wide ? hva_to_gva_wide(hva(at)) : hva_to_gva(hva(at));
}

/* -- One access -- */

/* A store to a page with code was trapped. */
static void note_busy(struct dbt *d, gpa_t page)
{
	u32 frame = gpa_lookup(page).wframe;

	if (frame == FRAME_NONE || !cache_store_trapped(frame, clock_ns()))
		return;
	d->busy_page = frame;
	vcpu_raise(d->c, PENDING_BUSY_PAGE);
}

enum outcome { DONE, RETRY, GUEST_FAULT, OWN_CODE, DATA_BREAK, ALONE };

/* Breakpoints that the access meets. A load before the store of the same place meets none. */
static u32 breakpoints(const struct dbt *d, const struct host_access *a, enum x86_access kind)
{
	if (!a->store && kind == X86_WRITE)
		return 0;
	return sys_breakpoints(d->c, linear_at(d, a->addr.a), a->size,
			       a->store ? BREAK_WRITE : BREAK_READ);
}

/* The monitor does the access, whose bytes are at *t, in place of a host instruction. */
static enum outcome perform(struct dbt *d, struct trap_frame *f, const struct host_access *a,
			    const struct block *b, enum x86_access kind, const struct bytes_at *t)
{
	u32 hits;
	u8 bytes[16];

	if (a->atomic)
		return ALONE;
	hits = breakpoints(d, a, kind);
	if (a->store && b && bytes_hit(t, a->size, b))
		return OWN_CODE;	/* the evaluator does it */
	if (hits && b)
		return DATA_BREAK;
	sys_note_hits(d->c, hits);
	if (a->store) {
		host_access_value(f, a, bytes);
		bytes_store(t, a->size, bytes);
	} else {
		bytes_load(t, a->size, bytes);
		host_access_result(f, a, bytes);
	}
	host_frame_skip(f);
	return DONE;
}

/* -- Devices: the same access again -- */

static struct device_page *device_page(struct dbt *d, gva_t va, enum x86_access kind)
{
	return &d->device_page[(va.a >> 12 ^ (kind == X86_WRITE)) % DEVICE_PAGES];
}

/* The access at `va` was no memory's: at `page` a device answers, or nobody. */
static void device_note(struct dbt *d, gva_t va, enum x86_access kind, gpa_t page)
{
	*device_page(d, va, kind) = (struct device_page){
		.page = va.a >> 12, .at = page, .generation = shadow_generation(d->shadow),
		.write = kind == X86_WRITE, .valid = true, .rights = (u8)shadow_rights(d->shadow),
	};
}

static inline bool device_known(struct dbt *d, gva_t va, enum x86_access kind)
{
	const struct device_page *p = device_page(d, va, kind);

	return p->page == va.a >> 12 && p->valid && p->write == (kind == X86_WRITE) &&
	       p->rights == shadow_rights(d->shadow) &&
	       p->generation == shadow_generation(d->shadow);
}

/*
 * A general register's access to a page that was a device's, for the same kind of access, since
 * the last change of any mapping: as a TLB would have it (SDM vol. 3, 4.10.2), nothing is walked.
 * False: nothing has happened.
 */
static bool device_again(struct dbt *d, struct trap_frame *f, const struct host_access *a,
			 enum x86_access kind)
{
	gva_t va = linear_at(d, a->addr.a);
	const struct device_page *p = device_page(d, va, kind);
	u64 at = p->at.a | (va.a & 0xfff), v;

	if (a->vector || (va.a & 0xfff) + a->size > 0x1000 ||
	    (d->c->dr[7] & DR7_ENABLED))
		return false;
	if (a->store) {
		bus_write(d->platform.bus, BUS_MMIO, at, host_frame_reg(f, a->reg), a->size);
	} else {
		v = bus_read(d->platform.bus, BUS_MMIO, at, a->size);
		host_frame_set_reg(f, a->reg, a->sign ? (u64)sign_extend(v, a->size * 8) : v);
	}
	d->count.faults_mmio++;
	host_frame_skip(f);
	return true;
}

/* Both pages of an access may be to blame for the fault at `at`: the first one is reported. */
static struct fault guest_fault(struct dbt *d, const struct host_access *a,
				enum x86_access kind, gva_t at, u32 error)
{
	struct bytes_at t;
	struct fault f = fault_none();

	if (!bytes_on_one_page(a, &t))
		f = bytes_locate(d, linear_at(d, a->addr.a), a->size, kind, &t);
	return f.raised ? f : fault_page(at, error);
}

/*
 * Has another core dropped block b, which this one is still in? The watch of its page may have
 * ended with it, and a store of b into itself would be seen by nobody. The drop comes before the
 * watch's end, and the leaf that b finds read-only after it.
 */
static bool left_behind(const struct block *b)
{
	if (!cache_many())
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);	/* behind the look at the watch */
	return __atomic_load_n(&b->dead, __ATOMIC_RELAXED);
}

/*
 * The access a of a host instruction that found no usable leaf, as mm/shadow says (`how`, *miss).
 * `b`: the block it is in, NULL for a helper's. Leaves its result in the frame's register.
 */
static enum outcome access_missed(struct dbt *d, struct trap_frame *f, const struct host_access *a,
				  const struct block *b, enum x86_access kind,
				  enum shadow_result how, const struct shadow_miss *miss,
				  struct fault *fault)
{
	gva_t at = linear_at(d, f->badv);
	struct bytes_at t;

	switch (how) {
	case SHADOW_FILLED:
		d->count.faults_filled++;
		if (b && kind == X86_WRITE && left_behind(b))
			return a->atomic ? ALONE : OWN_CODE;
		return RETRY;
	case SHADOW_GUEST_FAULT:
		d->count.faults_guest++;
		*fault = guest_fault(d, a, kind, at, miss->error);
		trace(FAULT, "guest fault %x at %08x, host code %lx\n", miss->error, (u32)at.a,
		      (unsigned long)f->pc);
		return GUEST_FAULT;
	case SHADOW_WATCHED_WRITE:
		d->count.faults_watched++;
		note_busy(d, miss->page);
		break;
	case SHADOW_DEBUG:
		d->count.faults_debug++;
		break;
	case SHADOW_MMIO:
		device_note(d, at, kind, miss->page);
		/* fall through */
	default:
		d->count.faults_mmio++;
	}
	if (bytes_on_one_page(a, &t)) {
		t.page[0] = gpa(miss->page.a + t.off);
	} else {
		*fault = bytes_locate(d, linear_at(d, a->addr.a), a->size, kind, &t);
		if (fault->raised)
			return GUEST_FAULT;
	}
	return perform(d, f, a, b, kind, &t);
}

static enum outcome access_slow(struct dbt *d, struct trap_frame *f, const struct host_access *a,
				const struct block *b, enum x86_access kind, struct fault *fault)
{
	struct shadow_miss miss;
	enum shadow_result how = shadow_fault(d->shadow, linear_at(d, f->badv), kind,
					      shadow_rights(d->shadow), &miss);

	return access_missed(d, f, a, b, kind, how, &miss, fault);
}

/*
 * Was it SMAP that stopped a supervisor's explicit access, although EFLAGS.AC is set? The run loop
 * enters code in the strict view whatever AC is; then the view changes, and it is made again.
 */
static bool smap_lifted(struct dbt *d, struct fault *fault)
{
	struct shadow *s = d->shadow;

	if (!(d->c->eflags & FL_AC) || shadow_rights(s) != X86_STRICT || !shadow_has_smap(s))
		return false;
	fault->raised = false;
	shadow_set_view(s, X86_SUPER);
	return true;
}

static bool is_memory(enum trap_kind kind)
{
	return kind == TRAP_LOAD_INVALID || kind == TRAP_STORE_INVALID ||
	       kind == TRAP_STORE_READONLY || kind == TRAP_NO_RIGHTS;
}

/* An access of 64-bit code at an address that is not canonical. */
static bool claim_address(struct dbt *d, struct trap_frame *f, const struct block *b,
			  const struct fault_site *s)
{
	if (!(b->key.flags & KEY_LONG))
		return false;
	d->count.faults_guest++;
	d->c->fault = fault_code(s->intent & INTENT_STACK ? EXC_SS : EXC_GP, 0);
	leave(f, d->c, b, s, EXIT_FAULT);
	return true;
}

/* The evaluator goes on at s. */
static void step(struct dbt *d, struct trap_frame *f, const struct block *b,
		 const struct fault_site *s, u64 *count)
{
	d->step_in = b;
	d->step_count = count;
	leave(f, d->c, b, s, EXIT_STEP);
}

/* The same, while no other CPU runs. */
static void step_alone(struct dbt *d, struct trap_frame *f, const struct block *b,
		       const struct fault_site *s)
{
	d->step_alone = true;
	step(d, f, b, s, &d->count.eval_steps_alone);
}

/* c->fault, at s. */
static void raise_fault(struct dbt *d, struct trap_frame *f, const struct block *b,
			const struct fault_site *s)
{
	struct vcpu *c = d->c;

	if (smap_lifted(d, &c->fault))
		return;
	if (c->fault.vector == EXC_GP && (s->intent & INTENT_STACK))
		c->fault.vector = EXC_SS;
	if (c->fault.vector == EXC_PF && key_pins(b->key.flags))
		raise_pinned(f, c, b, s);
	else
		leave(f, c, b, s, EXIT_FAULT);
}

/* How an access of block b has ended. */
static void access_ended(struct dbt *d, struct trap_frame *f, const struct block *b,
			 const struct fault_site *s, enum outcome how)
{
	if (how == ALONE || (how == GUEST_FAULT && (s->intent & INTENT_PART)))
		step_alone(d, f, b, s);
	else if (how == GUEST_FAULT)
		raise_fault(d, f, b, s);
	else if (how == OWN_CODE)
		step(d, f, b, s, &d->count.eval_steps_smc);
	else if (how == DATA_BREAK)
		step(d, f, b, s, &d->count.eval_steps_debug);
}

/*
 * An instruction that faulted before: if its page is there, nothing else has to be known. False:
 * nothing has happened.
 */
static bool claim_known(struct dbt *d, struct trap_frame *f, enum trap_kind kind)
{
	const struct fault_site *s = cache_site_known(&d->cache, f->pc);
	bool store = kind != TRAP_LOAD_INVALID;
	enum x86_access access;
	enum shadow_result how;
	struct shadow_miss miss;
	const struct block *b;
	struct host_access a;
	gva_t at;

	if (!s || !(kind == TRAP_LOAD_INVALID || kind == TRAP_STORE_INVALID ||
		    kind == TRAP_STORE_READONLY))
		return false;
	access = store || (s->intent & INTENT_RMW) ? X86_WRITE : X86_READ;
	at = linear_at(d, f->badv);
	if (device_known(d, at, access) && !(s->intent & INTENT_ATOMIC))
		return host_access_decode(f, &a) && device_again(d, f, &a, access);
	how = shadow_fault(d->shadow, at, access, shadow_rights(d->shadow), &miss);
	if (how == SHADOW_FILLED && !(store && cache_many())) {
		d->count.faults_filled++;
		return true;
	}
	b = cache_block_at(f->pc);
	must(b && host_access_decode(f, &a));
	if (how == SHADOW_GUEST_FAULT && (a.addr.a & 0xfff) + a.size <= 0x1000) {
		d->count.faults_guest++;
		d->c->fault = fault_page(at, miss.error);
		access_ended(d, f, b, s, GUEST_FAULT);
		return true;
	}
	a.atomic = s->intent & INTENT_ATOMIC;
	access_ended(d, f, b, s, access_missed(d, f, &a, b, access, how, &miss, &d->c->fault));
	return true;
}

static bool claim_block(struct dbt *d, struct trap_frame *f, enum trap_kind kind,
			const struct block *b)
{
	const struct fault_site *s = cache_site_at(b, f->pc);
	struct vcpu *c = d->c;
	struct host_access a;
	enum x86_access access;

	if (kind == TRAP_FP)
		return fp_trap(c, f);
	if (!s)
		return false;
	if (kind == TRAP_BREAK && s->raise == SITE_STEP) {
		d->step_alone = true;		/* there may be a LOCK */
		step(d, f, b, s, &d->count.eval_steps_form);
		return true;
	}
	if (kind == TRAP_BREAK && s->raise == SITE_SEGMENT) {
		step(d, f, b, s, &d->count.eval_steps_segment);
		return true;
	}
	if (kind == TRAP_BREAK && s->raise == SITE_ALONE) {
		step_alone(d, f, b, s);
		return true;
	}
	if (kind == TRAP_BREAK && s->raise) {
		if (!(s->raise & SITE_HELPER))
			c->fault = (struct fault){ .raised = true, .vector = (u8)s->raise,
				.has_error = s->raise & RAISE_ERROR,
				.error = s->raise >> RAISE_ERROR_SHIFT };
		leave(f, c, b, s, EXIT_FAULT);
		return true;
	}
	if (kind == TRAP_ADDRESS)
		return claim_address(d, f, b, s);
	if (!is_memory(kind) || !host_access_decode(f, &a))
		return false;
	access = a.store || (s->intent & INTENT_RMW) ? X86_WRITE : X86_READ;
	a.atomic = s->intent & INTENT_ATOMIC;
	if (!a.atomic && device_known(d, linear_at(d, a.addr.a), access) &&
	    device_again(d, f, &a, access))
		return true;
	access_ended(d, f, b, s, access_slow(d, f, &a, b, access, &c->fault));
	return true;
}

/* Elements that go by one by one before a string leaf tries again: a trap costs as much. */
#define LEAF_HOLD 32

static bool in_leaf(u64 pc)
{
	return pc >= (u64)(uintptr_t)leaf_begin && pc < (u64)(uintptr_t)leaf_end;
}

/*
 * A string leaf wants plain memory: a leaf of the page tables, or none of it happens and the block
 * meets what is there by an access of one element, with its site.
 */
static bool claim_leaf(struct dbt *d, struct trap_frame *f, enum trap_kind kind)
{
	u64 fixup = extable_find(f->pc);
	struct shadow_miss miss;
	struct host_access a;

	if (!fixup || !(is_memory(kind) || kind == TRAP_ADDRESS) || !host_access_decode(f, &a))
		return false;
	if (kind != TRAP_ADDRESS &&
	    shadow_fault(d->shadow, linear_at(d, f->badv), a.store ? X86_WRITE : X86_READ,
			 shadow_rights(d->shadow), &miss) == SHADOW_FILLED) {
		d->count.faults_filled++;
		return true;
	}
	d->count.leaf_misses++;
	d->c->leaf_hold = LEAF_HOLD;
	f->pc = fixup;
	return true;
}

static bool claim_helper(struct dbt *d, struct trap_frame *f, enum trap_kind kind)
{
	u64 fixup = extable_find(f->pc);
	struct host_access a;

	if (!fixup || !(is_memory(kind) || kind == TRAP_ADDRESS) || !host_access_decode(f, &a))
		return false;
	if (kind == TRAP_ADDRESS || d->peeks) {
		d->helper_fault = fault_code(EXC_GP, 0);
		f->pc = fixup;
		return true;
	}
	if (access_slow(d, f, &a, NULL, a.store ? X86_WRITE : X86_READ,
			&d->helper_fault) == GUEST_FAULT &&
	    !(d->helper_rights == G_SUPER && smap_lifted(d, &d->helper_fault)))
		f->pc = fixup;
	return true;
}

static __attribute__((noinline)) bool claim_any(struct dbt *d, struct trap_frame *f,
						enum trap_kind kind)
{
	const struct block *b = cache_block_at(f->pc);

	return b ? claim_block(d, f, kind, b) : in_leaf(f->pc) ? claim_leaf(d, f, kind) :
	       claim_helper(d, f, kind);
}

bool fault_claim(struct trap_frame *f, enum trap_kind kind)
{
	struct dbt *d = dbt_this();
	bool mine = claim_known(d, f, kind) || claim_any(d, f, kind);

	if (mine && d->c->pending && !d->peeks)
		kick_frame(f);
	return mine;
}

bool fault_describe(u64 pc, char *buf, size_t size)
{
	const struct block *b = cache_block_at(pc);
	const struct vcpu *c = dbt_this()->c;
	const struct fault_site *s;

	if (!b)
		return false;
	s = cache_site_at(b, pc);
	snprintf(buf, size, "block %08lx +%#lx (%u guest instructions)%s%08lx", b->key.eip,
		 (unsigned long)(pc - (u64)(uintptr_t)block_code(b)), b->guest_insns,
		 s ? ", guest pc " : ", block starts at ",
		 block_eip_at(b, c->page, s ? s->eip : 0));
	return true;
}
