/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run loop: events → block → run → what its exit says. The one door back from translated code.
 * Not finding (find.c), not delivering (deliver.c), not waiting (events.c).
 */
#include "dbt/exec.h"

#include "dbt/backend/glue.h"
#include "dbt/backend/host_limits.h"
#include "dbt/cache/cache.h"
#include "dbt/cache/jump_cache.h"
#include "dbt/cache/lock.h"
#include "dbt/core/this.h"
#include "dbt/debug.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/exc.h"
#include "dbt/sys/farxfer.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/mode.h"
#include "kernel/alone.h"
#include "kernel/host_cpu.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

/* -- Mode and context -- */

static __attribute__((noinline)) void find_place(struct dbt *d)
{
	struct vcpu *c = d->c;

	if (d->mode_dirty)
		vcpu_mode_update(c);
	d->mode_dirty = false;
	c->place = contexts_place(d->cache.contexts, shadow_root(d->shadow), c->key_flags,
				  exec_cs_base(c), (u32)exec_cs_limit(c));
}

static inline void refresh(struct dbt *d)
{
	const struct context_place *p = d->c->place;

	if (d->mode_dirty || p->changes != d->cache.contexts->changes ||
	    p->space != shadow_root(d->shadow))
		find_place(d);
}

/* How the change to a level with plain flags ends (level.S), in code of this key but for that. */
static void make_passage(struct dbt *d, bool user, u32 base)
{
	struct passage *p = &d->c->passage[user];
	u32 view = user ? SHADOW_USER : SHADOW_STRICT;
	u8 cpl = user ? 3 : 0;
	u32 key = base | (user ? KEY_CPL : KEY_IO_OK);

	*p = (struct passage){
		.key_flags = key, .cpl = cpl, .view = view,
		.asid = d->shadow->view[view].asid, .root = d->shadow->view[view].root.a,
		.place = contexts_place_flat(d->cache.contexts, shadow_root(d->shadow), key),
	};
	p->ctx = (u64)(uintptr_t)p->place->jump[d->in_global[user]];
}

/*
 * Of both at once; unless the second has changed what the first was made of. The guest's own place
 * is to be found again.
 */
static __attribute__((noinline)) void make_passages(struct dbt *d, u32 base)
{
	struct vcpu *c = d->c;
	const struct passage *first = &c->passage[0];

	make_passage(d, false, base);
	make_passage(d, true, base);
	if (first->place->flags == first->key_flags &&
	    first->place->changes == d->cache.contexts->changes)
		c->passage_not = FLAGS_UNPLAIN;
}

static __attribute__((noinline)) void new_level(struct dbt *d)
{
	struct vcpu *c = d->c;

	if (c->passage_not == ~0ull)
		make_passages(d, vcpu_long_key_plain(c));
	c->key_flags = vcpu_long_key(c);
	c->place = contexts_place_flat(d->cache.contexts, shadow_root(d->shadow), c->key_flags);
	c->ctx = (u64)(uintptr_t)c->place->jump[d->in_global[c->cpl == 3]];
}

/*
 * The view to enter code in, user or supervisor; under CR4.SMAP that is the strict one whatever
 * EFLAGS.AC is, since the fault path finds that out (rt/fault.c) and hardly any code that sets AC
 * leaves translated code before it clears it.
 */
static inline void set_view(struct shadow *s, bool user)
{
	shadow_set_view(s, user ? X86_USER : X86_STRICT);
}

/* Passages of flat 32-bit code are those of the segments that are loaded. */
static inline bool passages_fit(const struct vcpu *c)
{
	return !((c->key_flags ^ c->passage[0].key_flags) & ~(u32)KEY_LEVEL);
}

/* The same outside 64-bit code: CS and SS are as flat as they were. Else all is computed later. */
static void short_level_changed(struct dbt *d)
{
	struct vcpu *c = d->c;
	const struct passage *p = &c->passage[c->cpl == 3];

	if ((c->eflags & c->passage_not) || c->df < 0 || c->inhibit || !passages_fit(c) ||
	    !key_passes(c->key_flags) || !seen_flat_code(&c->seg[CS]) ||
	    !seen_flat_stack(&c->seg[SS]) || c->cpl % 3) {
		d->mode_dirty = true;
		return;
	}
	c->key_flags = p->key_flags;
	c->place = p->place;
	c->ctx = p->ctx;
}

/* By the passage, if it is one's way; if more has changed, all is computed later. */
void exec_level_changed(struct vcpu *c)
{
	struct dbt *d = c->owner;
	bool user = c->cpl == 3;
	const struct passage *p = &c->passage[user];

	if (d->mode_dirty)
		return;
	if (!(c->key_flags & KEY_LONG)) {
		short_level_changed(d);
		return;
	}
	if ((c->eflags & c->passage_not) || c->df < 0 || c->inhibit) {
		new_level(d);
	} else {
		c->key_flags = p->key_flags;
		c->place = p->place;
		c->ctx = p->ctx;
	}
	set_view(d->shadow, user);
}

void exec_ac_changed(struct vcpu *c)
{
	struct dbt *d = c->owner;

	shadow_set_view(d->shadow, c->eflags & FL_AC ? X86_SUPER : X86_STRICT);
}

/* Of a supervisor in flat code. */
void exec_space_changed(struct vcpu *c)
{
	struct dbt *d = c->owner;

	c->place = contexts_place_flat(d->cache.contexts, shadow_root(d->shadow), c->key_flags);
	c->ctx = (u64)(uintptr_t)c->place->jump[d->in_global[false]];
}

/* -- Leaving -- */

static void deliver_if(struct dbt *d, struct fault f)
{
	if (f.raised)
		exec_deliver(d, f);
}

/* EIP as jump caches have it. */
static inline u64 jump_key(const struct vcpu *c)
{
	return jump_cache_key(c->eip, c->key_flags & KEY_LONG);
}

/* A direct exit; `near`: its eip is yet to be found. */
static void leave_link(struct dbt *d, bool near)
{
	struct block *from;

	d->link = cache_link((u32)d->c->exit_arg);
	from = link_from(d->link);
	if (near)
		d->c->eip = block_eip_at(from, d->c->page, d->link->delta);
	else
		cache_open(d->link);
	cache_goes_around(d->link);
	if (from->key.flags & KEY_SINGLE)
		d->link = NULL;		/* a trap may come between, and the run loop always does */
	else
		d->after_sti = from->sti && d->link->last;
}

/* A self-checking block's bytes have changed: it is translated anew. */
static void leave_stale(struct dbt *d)
{
	struct block *b = cache_block_at(d->c->exit_arg - HOST_INSN_SIZE);

	must(b);
	d->c->eip = block_eip_at(b, d->c->page, 0);
	d->cache.count.stale++;
	cache_drop(b);
}

/* What led to a dropped block leads nowhere any more. */
static void leave_closed(struct dbt *d)
{
	jump_cache_drop((struct jump_cache *)(uintptr_t)d->c->ctx, jump_key(d->c));
}

/* Has 64-bit code gone to where no address is canonical? No probe finds anything there. */
static inline bool to_nowhere(const struct vcpu *c)
{
	return (c->key_flags & KEY_LONG) && !canonical(c->eip);
}

/*
 * Then it raises #GP(0) itself, and has not moved RSP (SDM vol. 2, JMP CALL RET); what a CALL has
 * stored stays, as on CPUs. What runs there without a branch faults there.
 */
static void leave_branch(struct dbt *d, u32 why)
{
	struct vcpu *c = d->c;
	const struct link *l = why == EXIT_FAR ? cache_link((u32)c->exit_arg) : NULL;
	u32 word = l ? 0 : *(const u32 *)(uintptr_t)c->exit_arg;

	if (l && l->way == WAY_ON)
		return;
	if (l) {
		c->eip += (u64)(s64)(l->at - l->delta);
		word = BRANCH_WORD(0, l->way == WAY_CALL ? -8 : 0);
	} else {
		c->eip = block_eip_at(cache_block_at(c->exit_arg), c->page, BRANCH_AT(word));
	}
	c->gpr[ESP] -= (u64)BRANCH_MOVED(word);
	d->link = NULL;
	exec_deliver(d, fault_code(EXC_GP, 0));
}

/* It may wait for its turn, in which others change what they like but the block itself. */
static void leave_step(struct dbt *d)
{
	bool alone = d->step_alone && cache_many();
	struct fault f;

	d->step_alone = false;
	if (alone)
		alone_begin();
	f = exec_step_own(d, d->step_in);
	if (alone)
		alone_end();
	deliver_if(d, f);
}

static void after_exit(struct dbt *d, u32 why)
{
	must(why < ARRAY_LEN(d->count.exits));
	d->count.exits[why]++;
	if ((why == EXIT_FAR || why == EXIT_INDIRECT) && to_nowhere(d->c)) {
		leave_branch(d, why);
		return;
	}
	switch (why) {
	case EXIT_LINK: case EXIT_FAR: leave_link(d, why == EXIT_LINK); break;
	case EXIT_INDIRECT: case EXIT_KICK: case EXIT_SYSTEM: case EXIT_FAULT: break;
	case EXIT_STEP: leave_step(d); break;
	case EXIT_STALE: leave_stale(d); break;
	case EXIT_CLOSED: leave_closed(d); break;
	default: panic("exec: exit %u", why);
	}
}

/* -- Going on without having left -- */

/* Is there something to be done before the next block? */
static inline bool wanted(const struct vcpu *c)
{
	return kick_is_set() || c->pending || c->halted || c->shutdown;
}

/*
 * probe() in the other context, k, in which the guest is from then on. But global pages' code that
 * was found in its own one is to be found anew: it will be where the code is that led there.
 */
static const u32 *probe_other(struct dbt *d, u64 key, bool user, bool k)
{
	const struct context_place *p = d->c->place;
	const u32 *code = p->jump[k]->taken ? jump_cache_probe(p->jump[k], key) : NULL;

	if (!code)
		return NULL;
	if (!k && exec_on_global_page(d)) {
		d->c->ctx = (u64)(uintptr_t)p->jump[true];
		return NULL;
	}
	d->in_global[user] = k;
	d->c->passage_not = ~0ull;
	d->c->ctx = (u64)(uintptr_t)p->jump[k];
	return code;
}

/*
 * Code that some exit has found before for the CPU's eip, which jump caches have as `key`, on
 * global pages or in its own context.
 */
static inline const u32 *probe(struct dbt *d, u64 key)
{
	const struct context_place *p = d->c->place;
	bool user = d->c->cpl == 3, k = d->in_global[user];
	const u32 *code = jump_cache_probe(p->jump[k], key);

	if (!code)
		return probe_other(d, key, user, !k);
	d->c->ctx = (u64)(uintptr_t)p->jump[k];
	return code;
}

static inline const u32 *known_as(struct dbt *d, bool wide)
{
	struct vcpu *c = d->c;
	const u32 *code = probe(d, jump_cache_key(c->eip, wide));

	if (!code)
		return NULL;
	c->fault.raised = false;
	set_view(d->shadow, c->cpl == 3);
	return wide ? exec_door(code) : code;
}

/* Where the guest is, if translated code for it is known and nothing else is to be done before. */
static __attribute__((noinline)) const u32 *known_code(struct dbt *d)
{
	const struct vcpu *c = d->c;

	if (wanted(c))
		return NULL;
	refresh(d);
	if (c->key_flags & KEY_SINGLE)
		return NULL;
	return c->key_flags & KEY_LONG ? known_as(d, true) : known_as(d, false);
}

/*
 * The same outside long mode, where there is no 64-bit code. `level`: the level has changed; the
 * next time by the host itself.
 */
static __attribute__((noinline)) const u32 *known_short(struct dbt *d, bool level)
{
	const struct vcpu *c = d->c;

	if (wanted(c))
		return NULL;
	refresh(d);
	if (level && (c->passage_not == ~0ull || !passages_fit(c)) && key_passes(c->key_flags)) {
		make_passages(d, c->key_flags & ~(u32)KEY_LEVEL);
		find_place(d);		/* theirs may have taken its room */
	}
	return c->key_flags & (KEY_SINGLE | KEY_LONG) ? NULL : known_as(d, false);
}

/* A system instruction. False: single_end is to come. */
static inline bool do_system(struct dbt *d)
{
	struct vcpu *c = d->c;
	bool single = c->key_flags & KEY_SINGLE;

	c->fault.raised = false;
	helper_fn[c->exit_arg](c, c->help[0], c->help[1], 0);
	if (c->fault.raised)
		exec_deliver(d, c->fault);
	return !single;
}

static inline bool do_fault(struct dbt *d)
{
	bool single = d->c->key_flags & KEY_SINGLE;

	exec_deliver(d, d->c->fault);
	return !single;
}

const u32 *exec_system(void)
{
	struct dbt *d = dbt_this();
	u64 helper = d->c->exit_arg;
	bool level = helper == HELPER_int || helper == HELPER_iret ||
		     helper == HELPER_sysenter || helper == HELPER_sysexit;

	return do_system(d) ? known_short(d, level) : NULL;
}

const u32 *exec_fault(void)
{
	struct dbt *d = dbt_this();

	return do_fault(d) ? known_short(d, true) : NULL;
}

/* -- The same in long mode -- */

/* Where to go on is known: with the host's tables for that kind of code. */
static const u32 *in_form(struct dbt *d, const u32 *code)
{
	if (code)
		shadow_set_code64(d->shadow, d->c->key_flags & KEY_LONG);
	return code;
}

/* The first place of the context, or what known_code says. */
static inline const u32 *first_place(struct dbt *d)
{
	const struct vcpu *c = d->c;
	const struct contexts *x = d->cache.contexts;
	const struct context_place *p = c->place;
	const struct jump_entry *e =
		&((const struct jump_cache *)(uintptr_t)c->ctx)->entry[jump_cache_first(c->eip)];
	const u32 *code;

	if (wanted(c) || d->mode_dirty || p->changes != x->changes ||
	    p->space != shadow_root(d->shadow) || !jump_entry_is(e, c->eip) ||
	    (c->key_flags & KEY_SINGLE))
		return known_code(d);
	code = jump_entry_code(e);
	if (!code)
		return known_code(d);
	set_view(d->shadow, c->cpl == 3);
	return exec_door(code);
}

/* 64-bit code goes on as such; the next time by the host itself. */
static inline const u32 *known_long(struct dbt *d)
{
	if (d->c->passage_not == ~0ull && !d->mode_dirty)
		new_level(d);
	return first_place(d);
}

/* IRETQ goes back to where the last #PF was: the page will be there now, and is asked for next. */
void exec_refault(void)
{
	struct dbt *d = dbt_this();

	d->c->refault = REFAULT_NONE;
	shadow_prefill(d->shadow, gva(d->c->cr2));
}

const u32 *exec_int(void)
{
	struct dbt *d = dbt_this();
	u8 vector = INT_KEY_VECTOR(d->c->help[0]);

	return exc_int_seen(d->c, vector) ? known_long(d) : exec_system_long();
}

const u32 *exec_iret(void)
{
	struct dbt *d = dbt_this();

	return d->c->help[0] == 8 && far_iretq_seen(d->c) ? known_long(d) : exec_system_long();
}

const u32 *exec_system_long(void)
{
	struct dbt *d = dbt_this();

	shadow_set_code64(d->shadow, true);
	return in_form(d, do_system(d) ? known_code(d) : NULL);
}

const u32 *exec_fault_long(void)
{
	struct dbt *d = dbt_this();
	struct vcpu *c = d->c;

	if ((c->key_flags & (KEY_SINGLE | KEY_LONG)) == KEY_LONG && c->fault.vector != EXC_MF) {
		u64 at = c->eip;

		c->debug_hits = 0;	/* the instruction is not done */
		if (exc_raise_seen(c, &c->fault)) {
			c->refault = c->fault.vector == EXC_PF ? at : REFAULT_NONE;
			return known_long(d);
		}
	}
	shadow_set_code64(d->shadow, true);
	return in_form(d, do_fault(d) ? known_code(d) : NULL);
}

/*
 * Nothing holds a block: it is as if translated code had been left. What waits for more than known
 * code does so in the run loop.
 */
const u32 *exec_kick(void)
{
	struct vcpu *c = cpu_vcpu_area(cpu_self());
	struct dbt *d = c->owner;
	const u32 *code;

	if (c->halted || (c->key_flags & KEY_SINGLE))
		return NULL;
	shadow_set_code64(d->shadow, vcpu_long(c));
	exec_attend(d);
	code = debug_trap_waits(c) ? NULL : in_form(d, known_code(d));
	d->count.exits[EXIT_KICK] += !!code;
	return code;
}

/*
 * Found elsewhere, or by the table of blocks: only what must be translated or raises a fault, and
 * what others wait for, is the run loop's.
 */
const u32 *exec_miss(u32 why)
{
	struct vcpu *c = cpu_vcpu_area(cpu_self());
	struct dbt *d = c->owner;
	const u32 *code = NULL;

	if (wanted(c) || (c->key_flags & (KEY_SINGLE | KEY_BREAK)) || to_nowhere(c))
		return NULL;
	c->jump_looks = JUMP_LOOKS;
	if (why == EXIT_FAR)
		leave_link(d, false);
	if (d->after_sti)
		return NULL;
	refresh(d);
	if (!d->link)
		code = probe(d, jump_key(c));
	if (code)
		jump_cache_promote((struct jump_cache *)(uintptr_t)c->ctx, jump_key(c));
	else
		code = exec_find_known(d);
	d->count.exits[why] += !!code;
	return c->key_flags & KEY_LONG ? exec_door(code) : code;
}

/* -- Running -- */

static void run_one(struct dbt *d)
{
	struct vcpu *c = d->c;
	struct fault f = fault_none();
	const u32 *code = NULL;
	struct single s;
	u32 single, why;

	refresh(d);
	if (!d->link)
		code = probe(d, jump_key(d->c));
	if (!code)
		code = exec_find_code(d, &f);
	if (!code && !f.raised) {	/* STI's shadow goes on */
		if (!cache_has_region())
			vcpu_raise(c, PENDING_REGION);
		return;
	}
	d->after_sti = false;
	if (!code) {
		exec_deliver(d, f);
		return;
	}
	single = c->key_flags & KEY_SINGLE;
	if (single)
		single_begin(d, code, &s);
	c->fault.raised = false;
	set_view(d->shadow, c->cpl == 3);
	shadow_set_code64(d->shadow, c->key_flags & KEY_LONG);
	why = dbt_enter(c->key_flags & KEY_LONG ? exec_door(code) : code);
	shadow_set_code64(d->shadow, vcpu_long(c));
	after_exit(d, why);
	if (single)
		single_end(d, &s, why);
}

void dbt_run(void)
{
	struct dbt *d = dbt_this();

	cache_idle_end();
	for (;;) {
		if (kick_is_set() || d->c->halted || d->c->shutdown || d->c->pending) {
			exec_attend(d);
			if (debug_trap_waits(d->c))	/* met by what was delivered */
				continue;
		}
		run_one(d);
	}
}
