/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pipeline: guest bytes → ir1 → IR → passes → host code → block. A block goes on behind
 * conditional branches, and where jumps forward go to, as long as that is on its page. It
 * ends at the page's end; an instruction over it is a block of its own, keyed by
 * both pages. Guest bytes are watched before they are read.
 */
#include "dbt/backend/backend.h"
#include "dbt/backend/host_limits.h"
#include "dbt/cache/cache.h"
#include "dbt/debug.h"
#include "dbt/exec.h"
#include "dbt/lift/lift.h"
#include "dbt/opt/opt.h"
#include "dbt/sys/guestmem.h"
#include "dbt/sys/cpuid.h"
#include "dbt/x86/decode.h"
#include "dbt/x86/effects.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/frame.h"
#include "mm/gpa.h"

#include <string.h>

#define PAGE 4096u

/*
 * A block is no longer than INSNS_MAX, but for what reads flags that are set in it: it ends before
 * an instruction that sets them all.
 */
#define INSNS_MAX 64
#define INSNS_ASK 8		/* so often it is asked whether something waits, and at the end */
#define INSNS_OVER (IR_GUEST_MAX - INSNS_MAX)
/*
 * Behind so many conditional branches of which it is not known which way they will go a block ends,
 * in loops and elsewhere: what follows is more often never run, or also in a block that begins
 * there, than worth its translation. But not before what uses the flags.
 */
#define BRANCHES_LOOP 12
#define BRANCHES_MAX 1

struct front {			/* decoding under way */
	struct dbt *d;
	struct block_key *k;
	struct lift lift;
	const u8 *live;		/* the first page */
	const u8 *page;		/* its contents as they are decoded: there, or a copy */
	u8 *near;		/* 15 bytes: an instruction, while other cores may change it */
	u8 *second;		/* 15 bytes: the second page's, as they were decoded */
	u32 off;		/* of the next instruction in it */
	u64 start, eip;		/* of the block and the next one, where it is translated */
	struct block_range range[BLOCK_RANGES];	/* the last one is being added to */
	unsigned ranges;
	struct cache_source from;
	bool waits;		/* there was no region to go on in, or it gave way */
	unsigned insns_max;
	unsigned lifted;	/* instructions of the last attempt */
	bool crowded;		/* that failed for a full table, not for want of room for code */
	bool refuse;		/* the one instruction does not fit anywhere: #UD instead */
	bool in_loop;		/* what the block begins with */
	unsigned branches;	/* conditional ones so far */
};

/* The block's page k is `frame`, whose bytes are read next. Self-checking pages stay open. */
static void watch(struct front *t, unsigned k, u32 frame)
{
	t->from.frame[k] = frame;
	t->from.count[k] = frame_code_count(frame);
	t->from.self_check[k] = cache_self_checking(frame);
	if (!t->from.self_check[k])
		frame_watch(frame, WATCH_CODE);
}

static void print_line(const char *line) { printk("  %s\n", line); }

/* The instruction at the page's end, with the bytes of the next page that it needs. */
static enum decode_status decode_over_end(struct front *t, struct ir1 *i, struct fault *f)
{
	unsigned have = PAGE - t->off;
	u8 bytes[15];
	gpa_t next;
	u32 n;

	*f = exec_fetch(t->d, vcpu_linear(t->d->c, t->k->cs_base + t->eip + have), &next);
	if (f->raised)
		return DECODE_NEED_MORE;
	n = gpa_lookup(next).frame;
	if (n == FRAME_NONE) {
		*f = fault_code(EXC_GP, 0);
		return DECODE_NEED_MORE;
	}
	watch(t, 1, n);
	memcpy(t->second, gpa_frame_ptr(n), sizeof(bytes) - have);
	memcpy(bytes, t->page + t->off, have);
	memcpy(bytes + have, t->second, sizeof(bytes) - have);
	t->k->page2 = n;
	t->lift.narrow = true;
	return decode(&t->d->decoder, i, bytes, sizeof(bytes), t->eip,
		      key_code_size(t->k->flags));
}

static enum decode_status decode_next(struct front *t, struct ir1 *i, struct fault *f)
{
	unsigned avail = PAGE - t->off < 15 ? PAGE - t->off : 15;
	const u8 *bytes = t->page + t->off;
	enum decode_status s;

	if (cache_many())
		bytes = memcpy(t->near, bytes, avail);
	s = decode(&t->d->decoder, i, bytes, avail, t->eip, key_code_size(t->k->flags));
	if (s == DECODE_NEED_MORE && t->eip == t->start)
		s = decode_over_end(t, i, f);
	return s;
}

/* Past the limit of CS an instruction does not exist: #GP(0) when it is the next one. */
static bool beyond_limit(const struct front *t, unsigned len)
{
	return t->eip + len - 1 > exec_cs_limit(t->d->c) && !(t->k->flags & KEY_LONG);
}

/*
 * All bytes that the decoder looked at belong to the block: a change of one may end the exception.
 */
static void lift_exception(struct front *t, struct ir1 *i, u8 vector)
{
	unsigned left = PAGE - t->off;

	memset(i, 0, sizeof(*i));
	i->op = X86_INVALID;
	i->eip = t->eip;
	i->len = 1;
	lift_insn_raise(&t->lift, i, vector);
	t->range[t->ranges - 1].size += t->from.frame[1] != FRAME_NONE || left > 15 ? 15 : left;
}

/* Did the last x86 instruction bring anything that may write memory? */
static bool may_store(const struct ir *ir)
{
	for (unsigned n = ir->n; n-- > 1 && ir->v[n].guest + 1u == ir->guests;)
		if (ir_in(IR_SET(ST) | IR_SET(AMO) | IR_SET(CAS) | IR_SET(HELPER), &ir->v[n]))
			return true;
	return false;
}

static void trace_decoded(const struct ir1 *i)
{
	char text[96];

	if (trace_mask & (1u << TRACE_DECODE))
		printk("%08lx  %s\n", (unsigned long)i->eip, ir1_print(i, text, sizeof(text)));
}

static bool is_conditional(const struct ir1 *i)
{
	return i->op == X86_JCC || i->op == X86_JCXZ || i->op == X86_LOOP ||
	       i->op == X86_LOOPE || i->op == X86_LOOPNE;
}

/*
 * Does the block go on behind i, a branch maybe? Self-checking blocks would compare, and blocks of
 * one instruction have, nothing more.
 */
static void may_go_on(struct front *t, const struct ir1 *i)
{
	bool on = !t->from.self_check[0] && !(t->k->flags & KEY_SINGLE);

	t->branches += is_conditional(i);
	t->lift.go_on = on;
	t->lift.reach = on && t->ranges < BLOCK_RANGES ? t->eip + PAGE - t->off : 0;
}

/* Behind an instruction of `len` bytes, to where the block goes on. */
static void advance(struct front *t, unsigned len)
{
	u64 skipped = t->lift.next - (t->eip + len);

	t->range[t->ranges - 1].size += len;
	t->off += len;
	t->eip += len;
	if (t->lift.ended || !skipped)
		return;
	t->eip += skipped;
	if (t->off == PAGE)	/* EIP went round behind it, and the block ends */
		return;
	t->off += (u32)skipped;
	t->range[t->ranges++] = (struct block_range){ .off = (u16)t->off };
}

/* Does the block end before i, for its branches? */
static bool branches_enough(const struct front *t, const struct ir1 *i)
{
	return t->branches - t->lift.guessed >= (t->in_loop ? BRANCHES_LOOP : BRANCHES_MAX) &&
	       i->op != X86_JCC && !ir1_effects(i).wants_flags;
}

/* One instruction into the IR. False: the block ends before it. */
static bool front_step(struct front *t, struct fault *f)
{
	bool first = t->eip == t->start;
	struct ir1 i;

	switch (decode_next(t, &i, f)) {
	case DECODE_NEED_MORE:
		return false;
	case DECODE_TOO_LONG:
		if (first)
			lift_exception(t, &i, EXC_GP);
		return first;
	case DECODE_INVALID:
		if (beyond_limit(t, 1))
			break;
		lift_exception(t, &i, EXC_UD);
		return true;
	case DECODE_OK:
		if (beyond_limit(t, i.len))
			break;
		if (!first && (lift_begins_block(&i) || debug_block_ends(t->d->c, t->eip)))
			return false;
		if (branches_enough(t, &i))
			return false;
		if (t->lift.ir->guests >= t->insns_max && ir1_effects(&i).sets_flags &&
		    lift_flags_ready(&t->lift))
			return false;
		trace_decoded(&i);
		may_go_on(t, &i);
		(t->refuse ? lift_refuse : lift_insn)(&t->lift, &i);
		advance(t, i.len);
		return !t->from.self_check[0] || !may_store(t->lift.ir);
	}
	if (first)
		*f = fault_code(EXC_GP, 0);
	return false;
}

static bool long_enough(const struct front *t, const struct ir *ir)
{
	unsigned over = t->insns_max == INSNS_MAX ? INSNS_OVER : 0;

	return ir->guests >= t->insns_max + over || ir->n + IR_GUEST_RESERVE >= IR_MAX;
}

/*
 * Something waits for the run loop: what was lifted is given up, so that it need not wait for the
 * rest, and the block is no shorter for it when it is made. But not twice in a row.
 */
static bool gives_way(struct front *t)
{
	if (t->d->gave_way || !dbt_wanted())
		return false;
	t->waits = t->d->gave_way = true;
	return true;
}

/*
 * Lift until something ends the block. False: *f says why its first instruction is not there, or
 * t->waits.
 */
static bool front_end(struct front *t, struct ir *ir, struct fault *f)
{
	t->lift = (struct lift){ .ir = ir, .key = t->k->flags,
				 .features = t->d->c->model->features,
				 .from = { t->d->c, g_peek },
				 .narrow = t->from.self_check[0] };
	ir->key_flags = t->k->flags;
	ir->ordered = t->d->ordered;
	ir->relaxed = t->d->relaxed;
	while (!t->lift.ended && t->off < PAGE && !long_enough(t, ir) &&
	       (ir->guests % INSNS_ASK < INSNS_ASK - 1 || !gives_way(t)) && front_step(t, f))
		if (t->from.frame[1] != FRAME_NONE)
			break;
	if (t->waits || (ir->guests && gives_way(t)))
		return false;
	if (!ir->guests) {
		if (!f->raised)
			*f = fault_code(EXC_GP, 0);
		return false;
	}
	*f = fault_none();
	lift_finish(&t->lift, t->eip);
	return true;
}

static void check(const struct ir *ir, const char *when)
{
	unsigned where = 0;
	const char *e = ir_verify(ir, &where);

	if (!e)
		return;
	ir_print(ir, print_line);
	panic("translate: %s: v%u: %s", when, where, e);
}

/* `trace = opt` shows the block, and the verifier finds a mistake of ours before it is run. */
static void after_step(const struct ir *ir, const char *step)
{
	if (trace_mask & (1u << TRACE_OPT)) {
		printk("after %s\n", step);
		ir_print(ir, print_line);
	}
	check(ir, step);
}

static void optimise(struct dbt *d, struct ir *ir)
{
	struct opt *o = arena_get(&d->arena, sizeof(*o));
	opt_after *after = d->verify || trace_mask & (1u << TRACE_OPT) ? after_step : NULL;

	if (after)
		after(ir, "lift");
	o->ir = ir;
	opt_run(o, d->passes_off, after);
}

static unsigned count_exits(const struct ir *ir)
{
	const struct ir_insn *const v = ir->v;
	unsigned n = 0;

	for (unsigned i = ir->n; i-- > 1;)
		n += ir_in(IR_SET(EXIT) | IR_SET(EXIT_IF), &v[i]);
	return n;
}

static void trace_block(const struct ir *ir, const struct block *b)
{
	const struct block_key *k = &b->key;


	trace(EXEC, "block %08lx gpa %lx flags %x: %u insns, %u bytes at %p\n",
	      ir->guest[0].eip,
	      (u64)k->page << 12 | block_key_offset(k), k->flags, b->guest_insns, b->code_size,
	      (void *)block_code(b));
	if (trace_mask & (1u << TRACE_IR))
		ir_print(ir, print_line);
	if (trace_mask & (1u << TRACE_CODE))
		for (u32 n = 0; n < b->code_size / HOST_INSN_SIZE; n++)
			printk("code %p %08x\n", (void *)(block_code(b) + n), block_code(b)[n]);
}

/* Of `size` bytes from offset `start` of a page on, those on that page. */
static u32 first_part(u32 start, u32 size) { return size < PAGE - start ? size : PAGE - start; }

/* What a self-checking block compares. */
static void add_checks(const struct front *t, struct backend_out *out)
{
	u32 start = t->range[0].off, size = t->range[0].size;

	memset(out->check, 0, sizeof(out->check));
	if (!t->from.self_check[0] && !t->from.self_check[1])
		return;
	out->check[0].bytes = t->live + start;
	out->check[0].was = t->page + start;
	out->check[0].size = first_part(start, size);
	if (t->from.frame[1] == FRAME_NONE)
		return;
	out->check[1].bytes = gpa_frame_ptr(t->from.frame[1]);
	out->check[1].was = t->second;
	out->check[1].size = size - out->check[0].size;
}

/* `verify = on`, of ordered blocks. */
static void check_order(struct dbt *d, const struct ir *ir, const struct backend_out *out)
{
	unsigned where = 0;
	const char *e = NULL;

	if (d->verify && ir->ordered)
		e = backend_order_check(out, d->relaxed, &d->arena, &where);
	if (!e)
		return;
	ir_print(ir, print_line);
	for (const u32 *at = out->start; at < out->end; at++)
		printk("code %3lu %08x\n", (unsigned long)(at - out->start), *at);
	panic("translate: word %u: %s", where, e);
}

/* Lower into the cache; NULL if the block was too big for its room or a table, or there is none. */
static struct block *back_end(struct front *t, struct ir *ir)
{
	struct backend_out out;
	struct block *b;
	u32 link_base;
	int e;

	t->waits = !cache_room(&out, count_exits(ir), &link_base);
	if (t->waits)
		return NULL;
	add_checks(t, &out);
	e = backend_emit(ir, &out, &t->d->arena, link_base);
	t->crowded = e == -ERR_NOSPC || (!e && !cache_fits(&out));
	if (e || t->crowded)
		return NULL;
	check_order(t->d, ir, &out);
	b = cache_commit(&out);
	b->key = *t->k;
	b->guest_insns = ir->guests;
	b->sti = t->lift.sti;
	b->rep = t->lift.rep;
	memcpy(b->range, t->range, sizeof(b->range));
	return b;
}

/* The page as it is now, and stays while it is decoded and compared: it is not watched. */
static const u8 *page_copy(const struct front *t)
{
	return memcpy(arena_get(&t->d->arena, PAGE), t->live, PAGE);
}

static void begin(struct front *t)
{
	t->page = cache_many() && t->from.self_check[0] ? page_copy(t) : t->live;
	t->off = block_key_offset(t->k);
	t->eip = t->start;
	memset(t->range, 0, sizeof(t->range));
	t->range[0].off = (u16)t->off;
	t->ranges = 1;
	t->in_loop = cache_in_loop(t->from.frame[0], t->off);
	t->branches = 0;
	t->from.frame[1] = FRAME_NONE;
	t->from.self_check[1] = false;
	t->k->page2 = BLOCK_ONE_PAGE;
}

/*
 * The block's instructions into the cache. NULL: *f, or (f->raised is false) it did not fit, or
 * t->waits.
 */
static struct block *attempt(struct front *t, struct fault *f)
{
	struct block *b;
	struct ir *ir;

	arena_reset(&t->d->arena);
	ir = ir_new(&t->d->arena);
	begin(t);
	if (!front_end(t, ir, f))
		return NULL;
	t->lifted = ir->guests;
	t->crowded = ir->full;
	if (ir->full)
		return NULL;
	optimise(t->d, ir);
	b = back_end(t, ir);
	if (b)
		trace_block(ir, b);
	return b;
}

/*
 * Again with half as many instructions, as nothing else helped. Each instruction fits alone,
 * whatever bytes a guest makes (qemu-test/fuzz/translate.c); if one did not, it would be refused.
 */
static struct block *attempt_less(struct front *t, struct fault *f)
{
	if (t->refuse)
		panic("translate: no room for anything at %08lx", t->start);
	t->refuse = t->lifted == 1;
	t->d->count.refused += t->refuse;
	t->insns_max = (t->lifted + 1) / 2;
	return attempt(t, f);
}

/* For want of room for code: once more, in an empty region. */
static struct block *attempt_again(struct front *t, struct fault *f)
{
	if (cache_region_empty())
		return NULL;
	t->waits = !cache_next_region();
	return t->waits ? NULL : attempt(t, f);
}

/* A block of the same key does if it ends within CS's limit, as exec_find_code would find it. */
static u32 reach(const struct dbt *d, u64 eip)
{
	u64 left = exec_cs_limit(d->c) - eip;

	return left < 0x1fff ? (u32)left : 0x1fff;
}

struct block *translate(struct dbt *d, struct block_key *k, u64 eip, u32 frame, struct fault *f)
{
	struct front t;
	struct block *b;
	u8 bytes[2][15];

	t.d = d;		/* what lifting and each attempt begin with is set there (large) */
	t.k = k;
	t.start = eip;
	t.insns_max = INSNS_MAX;
	t.lifted = 0;
	t.waits = t.crowded = t.refuse = false;
	t.near = bytes[0];
	t.second = bytes[1];
	t.live = gpa_frame_ptr(frame);
	t.from.reach = reach(d, eip);
	watch(&t, 0, frame);
	b = attempt(&t, f);
	if (!b && !f->raised && !t.crowded && !t.waits)
		b = attempt_again(&t, f);
	while (!b && !f->raised && !t.waits)
		b = attempt_less(&t, f);
	if (!b)
		return NULL;
	d->gave_way = false;
	d->cache.count.guest_insns += b->guest_insns;
	return cache_publish(b, &t.from);
}
