/* SPDX-License-Identifier: BSD-2-Clause */
/* See emit_block.h. */
#include "kernel/machine/emit_block.h"

#include "dbt/backend/glue.h"
#include "dbt/backend/host_fp.h"
#include "dbt/exec.h"
#include "dbt/fp/softsse.h"
#include "dbt/ir/eval.h"
#include "dbt/rt/x87state.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/mode.h"
#include "kernel/irq.h"
#include "kernel/panic.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct emit_block t;


u64 next_random(void)
{
	t.random ^= t.random << 13;
	t.random ^= t.random >> 7;
	return t.random ^= t.random << 17;
}

const s64 edges[] = { 0, 1, -1, 2, 31, 32, 63, 0x7f, 0x80, 0xff, 0x8000, 0xffff, 0x7fffffff,
	-0x80000000ll, 0x12345678, 0x80000000, 0x7fffffffffffffff, INT64_MIN, -0x8000 };
_Static_assert(ARRAY_LEN(edges) == EDGES, "emit_block.h");

s64 operand(unsigned n) { return n < EDGES ? edges[n] : (s64)next_random(); }

/* -- Blocks -- */

void block_begin(void)
{
	if (!t.scratch)
		t.scratch = malloc(SCRATCH);
	must(t.scratch);
	jump_cache_clear(&t.jump);
	arena_init(&t.arena, t.scratch, SCRATCH);
	t.ir = ir_new(&t.arena);
	t.ir->guest[0] = (struct ir_guest){ .eip = EIP, .len = 4 };
	t.ir->guests = 1;
	t.ir->key_flags = KEY_FLAT | KEY_CS32 | KEY_SS32 | KEY_PE |
			  (t.wide ? KEY_LONG | KEY_LMA : 0);
}

val put(struct ir_insn in) { return ir_emit(t.ir, in); }
val constant(unsigned type, s64 k)
{
	return put((struct ir_insn){ .op = IR_CONST, .type = type,
				     .k = type == T_I32 ? (s32)k : k });
}

s64 help_field(unsigned n) { return (s64)(offsetof(struct vcpu, help) + 8 * n); }

static const u8 reg[] = { EAX, ECX, EDX }, wide_reg[] = { 8, ECX, 15 };
static const u8 xmm_reg[] = { 0, 1, 2, 3 }, wide_xmm[] = { 9, 1, 15, 12 };

unsigned xmm_of(unsigned n) { return t.wide ? wide_xmm[n] : xmm_reg[n]; }

val input(unsigned type, unsigned n)
{
	val v;

	if (t.wide && type != T_V128) {
		v = put((struct ir_insn){ .op = IR_GETREG, .type = T_I64, .k = wide_reg[n] });
		return type == T_I64 ? v :
		       put((struct ir_insn){ .op = IR_TRUNC, .type = T_I32, .a = v });
	}
	if (type == T_I32)
		return put((struct ir_insn){ .op = IR_GETREG, .type = T_I32, .k = reg[n] });
	if (type == T_V128)
		return put((struct ir_insn){ .op = IR_GETXMM, .type = T_V128, .k = xmm_of(n) });
	return put((struct ir_insn){ .op = IR_LDSTATE, .type = T_I64, .x = M_64,
				     .k = help_field(n) });
}

void output(val v)
{
	if (t.wide && t.ir->v[v].type == T_I32)
		v = put((struct ir_insn){ .op = IR_ZEXT, .type = T_I64, .a = v, .k = 32 });
	if (t.wide && t.ir->v[v].type == T_I64) {
		put((struct ir_insn){ .op = IR_PUTREG, .k = EBX, .a = v });
		return;
	}
	switch (t.ir->v[v].type) {
	case T_I32: put((struct ir_insn){ .op = IR_PUTREG, .k = EBX, .a = v }); return;
	case T_V128: put((struct ir_insn){ .op = IR_PUTXMM, .k = xmm_of(3), .a = v }); return;
	}
	put((struct ir_insn){ .op = IR_STSTATE, .x = M_64, .k = help_field(4), .a = v });
}

void block_end(val setf, u32 eip)
{
	put((struct ir_insn){ .op = IR_EXIT, .k = eip, .c = setf });
}

int emit(unsigned n)
{
	struct backend_out out = { .code = t.code[n], .code_end = t.code[n] + CODE_WORDS,
		.link = t.link + n * LINKS / 2, .links_max = LINKS / 2, .site = t.site,
		.sites_max = ARRAY_LEN(t.site), .recipe = t.recipe,
		.recipes_max = ARRAY_LEN(t.recipe) };
	int r = backend_emit(t.ir, &out, &t.arena, n * LINKS / 2);

	t.start[n] = out.start;
	if (r)
		return r;
	t.block[n] = (struct block){ .code = pool_ref_of(out.start), .need = out.need,
				     .code_size = (u32)((u8 *)out.end - (u8 *)out.start),
				     .key.flags = t.ir->key_flags };
	for (unsigned k = 0; k < out.links; k++)
		out.link[k].from = pool_ref_of(&t.block[n]);
	backend_sync(t.code[n], out.end);
	return 0;
}

/* -- Running -- */

void operands_set(s64 a, s64 b)
{
	struct vcpu *c = cpu();

	memset(c, 0, sizeof(*c));
	c->ctx = (u64)(uintptr_t)&t.jump;
	c->eip = EIP;
	c->mxcsr = MXCSR_RESET;
	for (unsigned g = 0; g < GPR_COUNT; g++)
		c->gpr[g] = 0x1111111111111111ull * g;
	c->gpr[t.wide ? wide_reg[0] : reg[0]] = (u64)a;
	c->gpr[t.wide ? wide_reg[1] : reg[1]] = (u64)b;
	c->key_flags = t.wide ? KEY_LONG | KEY_LMA : 0;
	c->help[0] = (u64)a;
	c->help[1] = (u64)b;
	for (unsigned n = 0; n < HOST_XMMS; n++)
		c->xmm[n].q[0] = c->xmm[n].q[1] = 0x0101010101010101ull * n;
}

u32 enter(void)
{
	struct vcpu *c = cpu();
	u32 why;

	irq_take_events();			/* and no kick */
	host_xmm_load(c->xmm);
	host_fp_set_rounding(RC_NEAR);
	c->halted = true;			/* there is no translator to ask (exec_miss) */
	why = dbt_enter(t.wide ? exec_door(emit_entry_of(0)) : emit_entry_of(0));
	c->halted = false;
	host_xmm_save(c->xmm);
	c->mxcsr |= host_fp_take_flags();
	if (why == EXIT_FAR)
		return 0;
	if (why != EXIT_LINK)
		return why;
	c->eip = c->page - 2048 + EIP % 4096 + (u64)(s64)t.link[c->exit_arg % LINKS].delta;
	if (!t.wide)
		c->eip = (u32)c->eip;
	return 0;
}

static u32 flags(const struct vcpu *c)
{
	return cc_pinned(c->cc_op, c->cc_a, c->cc_b, c->cc_r);
}

static bool same_x87(const struct x87 *a, const struct x87 *b)
{
	for (unsigned n = 0; n < 8; n++)
		if (a->r[n].mant != b->r[n].mant || a->r[n].se != b->r[n].se)
			return false;
	/* a leaf may know less of what is normal */
	return a->cw == b->cw && a->sw == b->sw && !((a->valid ^ b->valid) & 0xff) &&
	       !(a->valid & ~b->valid) && a->mark == b->mark && a->fop == b->fop &&
	       a->fcs == b->fcs && a->fds == b->fds && a->fip == b->fip && a->fdp == b->fdp;
}

const char *differs(struct vcpu *got)
{
	x87_settle(got);
	x87_settle(&t.want);
	if (got->eip != t.want.eip)
		return "eip";
	if (memcmp(got->gpr, t.want.gpr, sizeof(got->gpr)))
		return "general registers";
	if (memcmp(got->help, t.want.help, 7 * sizeof(u64)))
		return "result in the state";
	if (memcmp(got->xmm, t.want.xmm, HOST_XMMS * sizeof(union xmm)))
		return "XMM registers";
	if (!same_x87(&got->x87, &t.want.x87))
		return "x87 unit";
	if (flags(got) != flags(&t.want))
		return "flags";
	if ((got->mxcsr ^ t.want.mxcsr) & MXCSR_EXC & ~MXCSR_DE)
		return "MXCSR";
	return NULL;
}

bool verdict(const char *what, const char *name, unsigned k, s64 a, s64 b)
{
	if (what)
		snprintf(t.why, sizeof(t.why), "%s %u of %llx, %llx: %s", name, k, (long long)a,
			 (long long)b, what);
	return !what;
}

static void evaluate(void)
{
	t.want = *cpu();
	eval_run(&t.want, t.ir, NULL);
}

static bool run(const char *name, unsigned k, s64 a, s64 b)
{
	u32 why = enter();

	return verdict(why && why != EXIT_KICK ? "left another way" : differs(cpu()), name, k, a,
		       b);
}

bool check_again(const char *name, unsigned k, s64 a, s64 b)
{
	evaluate();
	return run(name, k, a, b);
}

/* The back end changes the IR that it is given: evaluated first. */
bool check(const char *name, unsigned k, s64 a, s64 b)
{
	evaluate();
	if (emit(0))
		return verdict("no room", name, k, a, b);
	return run(name, k, a, b);
}
