/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single steps by the evaluator, each counted: an instruction that changes its own block, one that
 * meets a data breakpoint, those before one whose address is none, and an x87 instruction under
 * IGNNE#. Not a fallback for what the
 * translator lacks. Nothing here panics for what a guest can do to the bytes of an instruction
 * after it was translated.
 */
#include "dbt/cache/cache.h"
#include "dbt/exec.h"
#include "dbt/ir/eval.h"
#include "dbt/lift/lift.h"
#include "dbt/sys/cpuid.h"
#include "dbt/sys/guestmem.h"
#include "dbt/sys/sse.h"
#include "dbt/x86/decode.h"
#include "mm/frame.h"
#include "mm/gpa.h"

#include <string.h>

#define INSN_MAX 15

static struct fault step_ld(struct vcpu *c, u64 addr, unsigned size, unsigned intent, void *out)
{
	enum g_rights own = g_own(c);
	struct fault f = fault_none();
	u32 hits = c->debug_hits;
	bool rmw = intent & INTENT_RMW;
	u64 v = 0;

	if (rmw || size > 8)
		f = g_probe(c, vcpu_linear(c, addr), size, own, rmw);
	for (unsigned at = 0; at < size && !f.raised; at += 8) {
		unsigned n = size < 8 ? size : 8;

		f = g_ld(c, vcpu_linear(c, addr + at), n, own, &v);
		memcpy((char *)out + at, &v, n);
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);	/* docs/memory-order.md */
	if (rmw)	/* the store meets the breakpoint, if there is one */
		c->debug_hits = hits;
	return f;
}

static struct fault step_st(struct vcpu *c, u64 addr, unsigned size, const void *in)
{
	enum g_rights own = g_own(c);
	struct fault f = g_probe(c, vcpu_linear(c, addr), size, own, true);
	u64 v = 0;

	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (unsigned at = 0; at < size && !f.raised; at += 8) {
		unsigned n = size < 8 ? size : 8;

		memcpy(&v, (const char *)in + at, n);
		f = g_st(c, vcpu_linear(c, addr + at), n, own, v);
	}
	return f;
}

static const struct eval_mem step_mem = { step_ld, step_st };

/* A repeated string instruction with a trap before its end: RF = 1 (SDM vol. 3, 17.3.1.1). */
static void set_rf(struct dbt *d, const struct ir1 *i)
{
	if (!d->c->debug_hits || !ir1_repeats(i) || d->c->eip != i->eip)
		return;
	d->c->eflags |= FL_RF;
	d->mode_dirty = true;
}

static struct fault step(struct dbt *d, const struct ir1 *i)
{
	struct vcpu *c = d->c;
	struct lift t = { .key = c->key_flags | KEY_TF, .features = c->model->features };

	arena_reset(&d->arena);
	t.ir = ir_new(&d->arena);
	t.ir->key_flags = t.key;
	lift_insn(&t, i);
	sse_save(c);
	eval_run(c, t.ir, &step_mem);
	sse_load(c);
	if (!c->fault.raised)
		set_rf(d, i);
	return c->fault;
}

static enum decode_status decode_here(struct dbt *d, struct ir1 *i, const u8 *bytes, unsigned n)
{
	const struct vcpu *c = d->c;

	return decode(&d->decoder, i, bytes, n, c->eip, key_code_size(c->key_flags));
}

/* Up to 15 of b's guest bytes from its x86 instruction at offset `at` of its first page on. */
static unsigned block_bytes(const struct block *b, u32 at, u8 bytes[INSN_MAX])
{
	unsigned n = FRAME_SIZE - at < INSN_MAX ? FRAME_SIZE - at : INSN_MAX;

	memcpy(bytes, (const u8 *)gpa_frame_ptr(b->frame[0]) + at, n);
	if (b->frame[1] == FRAME_NONE)
		return n;
	memcpy(bytes + n, gpa_frame_ptr(b->frame[1]), INSN_MAX - n);
	return INSN_MAX;
}

struct fault exec_step_own(struct dbt *d, const struct block *b)
{
	u8 bytes[INSN_MAX];
	struct ir1 i;
	u32 linear = (u32)(exec_cs_base(d->c) + d->c->eip);
	unsigned n = block_bytes(b, linear % FRAME_SIZE, bytes);

	++*d->step_count;
	if (decode_here(d, &i, bytes, n) != DECODE_OK)
		return fault_none();	/* it has changed itself: found anew, it gets its #UD */
	return step(d, &i);
}

/* Bytes at eip, as many as can be fetched from memory. */
static unsigned fetch_bytes(struct dbt *d, u8 bytes[INSN_MAX])
{
	u64 va = exec_cs_base(d->c) + d->c->eip;
	u32 frame = FRAME_NONE;
	gpa_t at;

	for (unsigned n = 0; n < INSN_MAX; n++) {
		if (!n || !((va + n) & (FRAME_SIZE - 1))) {
			if (exec_fetch(d, vcpu_linear(d->c, va + n), &at).raised)
				return n;
			frame = gpa_lookup(at).frame;
		}
		if (frame == FRAME_NONE)
			return n;
		bytes[n] = ((const u8 *)gpa_frame_ptr(frame))[(va + n) & (FRAME_SIZE - 1)];
	}
	return INSN_MAX;
}

struct fault exec_step_x87(struct dbt *d)
{
	u8 bytes[INSN_MAX];
	struct ir1 i;
	unsigned n = fetch_bytes(d, bytes);

	d->count.eval_steps_smc++;
	if (decode_here(d, &i, bytes, n) != DECODE_OK ||
	    !(i.op == X86_WAIT || x86_rows[i.op].flags & (ROW_X87 | ROW_MMX)))
		return fault_none();
	return step(d, &i);
}
