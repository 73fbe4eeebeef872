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
#include "dbt/core/this.h"
#include "dbt/debug.h"
#include "dbt/ir/helpers.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/mode.h"
#include "kernel/host_cpu.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

/* -- Mode and context -- */

static void new_tags(struct dbt *d)
{
	struct context global = d->context;

	global.global = 1;
	global.generation = 0;
	d->tag[0] = context_tag(&d->cache.contexts, &d->context);
	d->tag[1] = context_tag(&d->cache.contexts, &global);
}

static void update_tag(struct dbt *d)
{
	struct context x = {
		.generation = shadow_generation(d->shadow),
		.global_generation = shadow_global_generation(d->shadow),
		.flags = d->c->key_flags, .cs_base = (u32)d->c->seg[CS].base,
		.cs_limit = d->c->seg[CS].limit,
	};
	u32 wraps = d->cache.contexts.wraps;

	if (d->tag[0] && context_same(&d->context, &x))
		return;
	d->context = x;
	new_tags(d);
	if (wraps != d->cache.contexts.wraps)
		new_tags(d);
}

static void refresh(struct dbt *d)
{
	if (d->mode_dirty)
		vcpu_mode_update(d->c);
	d->mode_dirty = false;
	update_tag(d);
}

/* -- Leaving -- */

static void deliver_if(struct dbt *d, struct fault f)
{
	if (f.raised)
		exec_deliver(d, f);
}

static void leave_link(struct dbt *d)
{
	struct block *from;

	d->link = cache_link((u32)d->c->exit_arg);
	from = link_from(d->link);
	if (!d->link->indirect)
		d->c->eip = block_eip_at(from, d->link->delta);
	if (from->key.flags & KEY_SINGLE)
		d->link = NULL;		/* a trap may come between, and the run loop always does */
	else
		d->after_sti = from->sti && d->link->last;
}

/* A self-checking block's bytes have changed: it is translated anew. */
static void leave_stale(struct dbt *d)
{
	struct block *b = cache_block_at(d->c->exit_arg - HOST_INSN_SIZE);

	d->cache.count.stale++;
	if (b)
		cache_drop(b);
}

static void after_exit(struct dbt *d, u32 why)
{
	must(why < ARRAY_LEN(d->count.exits));
	d->count.exits[why]++;
	switch (why) {
	case EXIT_LINK: case EXIT_FAR: case EXIT_INDIRECT: leave_link(d); break;
	case EXIT_KICK: case EXIT_SYSTEM: case EXIT_FAULT: break;
	case EXIT_STEP: deliver_if(d, exec_step_own(d, d->step_in)); break;
	case EXIT_STALE: leave_stale(d); break;
	default: panic("exec: exit %u", why);
	}
}

/* -- Going on without having left -- */

/* Is there something to be done before the next block? */
static bool wanted(const struct vcpu *c)
{
	return kick_is_set() || c->pending || c->halted || c->shutdown;
}

/* Where the guest is, if translated code for it is known and nothing else is to be done before. */
static const u32 *known_code(struct dbt *d)
{
	struct vcpu *c = d->c;
	const u32 *code;

	if (wanted(c))
		return NULL;
	refresh(d);
	code = jump_cache_probe((u32)c->eip, d->tag, &c->ctx);
	if (!code || (c->key_flags & KEY_SINGLE))
		return NULL;
	c->fault.raised = false;
	shadow_set_view(d->shadow, c->cpl == 3);
	d->left_ctx = c->ctx;
	return code;
}

/* The same where neither mode nor mappings have changed: in the context that was left. */
static const u32 *known_code_here(struct dbt *d)
{
	struct vcpu *c = d->c;
	const struct jump_entry *e = jump_cache_entry((u32)c->eip);

	if (wanted(c) || e->tag_eip != (c->ctx << 32 | c->eip))
		return NULL;
	shadow_set_view(d->shadow, c->cpl == 3);
	return e->code;
}

const u32 *exec_system(void)
{
	struct dbt *d = dbt_this();
	struct vcpu *c = d->c;
	bool single = c->key_flags & KEY_SINGLE;	/* single_end is to come */
	u32 generation = shadow_generation(d->shadow);

	c->fault.raised = false;
	helper_fn[c->exit_arg](c, c->help[0], c->help[1], 0);
	deliver_if(d, c->fault);
	if (single)
		return NULL;
	if (d->mode_dirty || shadow_generation(d->shadow) != generation)
		return known_code(d);
	return known_code_here(d);
}

const u32 *exec_fault(void)
{
	struct dbt *d = dbt_this();
	bool single = d->c->key_flags & KEY_SINGLE;

	exec_deliver(d, d->c->fault);
	return single ? NULL : known_code(d);
}

/* -- Running -- */

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
		code = jump_cache_probe((u32)c->eip, d->tag, &c->ctx);
	if (!code)
		code = exec_find_code(d, &f);
	if (!code) {
		exec_deliver(d, f);
		return;
	}
	single = c->key_flags & KEY_SINGLE;
	if (single)
		single_begin(d, code, &s);
	c->fault.raised = false;
	shadow_set_view(d->shadow, c->cpl == 3);
	d->left_ctx = c->ctx;
	why = dbt_enter(code);
	after_exit(d, why);
	if (single)
		single_end(d, &s, why);
}

void dbt_run(void)
{
	struct dbt *d = dbt_this();

	jump_cache_clear();
	for (;;) {
		if (kick_is_set() || d->c->halted || d->c->shutdown || d->c->pending) {
			exec_attend(d);
			if (debug_trap_waits(d->c))	/* met by what was delivered */
				continue;
		}
		run_one(d);
	}
}
