/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of a sequence in the making, by the evaluator; which flags are undefined in it, and
 * whether an instruction makes anything of these: it is run with each choice of them.
 */
#include "qemu-test/insn64/seq64.h"

#include "dbt/x86/cc.h"

#include <string.h>

#define STEPS_MAX 100			/* elements of a string */

static const struct way64 way = { .name = "one by one" };

struct after {
	struct vcpu c;
	struct outcome64 o;
	bool bad, raised;
};

bool seq_row(unsigned op)
{
	u16 flags = x86_rows[op].flags;

	if (flags & ROW_CPL0)
		return false;
	switch (op) {
	/* They end a block, and seq64.c makes the others itself. */
	case X86_JMP: case X86_JCC: case X86_JCXZ: case X86_LOOP: case X86_LOOPE: case X86_LOOPNE:
	case X86_CALL: case X86_RET: case X86_RETF: case X86_IRET: case X86_JMPF: case X86_CALLF:
	case X86_INT: case X86_INT3: case X86_INTO: case X86_UD2: case X86_POPF:
	/* Segments and tables, ports: those of this process. */
	case X86_BOUND: case X86_LES: case X86_LDS: case X86_LSS: case X86_LFS: case X86_LGS:
	case X86_MOV_TO_SREG: case X86_MOV_FROM_SREG: case X86_PUSH_SREG: case X86_POP_SREG:
	case X86_LAR: case X86_LSL: case X86_VERR: case X86_VERW: case X86_ARPL:
	case X86_IN: case X86_OUT: case X86_INS: case X86_OUTS: case X86_CLI: case X86_STI:
	case X86_RDPMC: case X86_SYSRET: case X86_STAC: case X86_CLAC:
	case X86_RDFSBASE: case X86_RDGSBASE: case X86_WRFSBASE: case X86_WRGSBASE:
	/* Estimates; pointers of x87 instructions; control words out of any bytes. */
	case X86_RCPPS: case X86_RCPSS: case X86_RSQRTPS: case X86_RSQRTSS:
	case X86_FNSTENV: case X86_FNSAVE: case X86_FXSAVE:
	case X86_FLDENV: case X86_FRSTOR: case X86_FXRSTOR: case X86_LDMXCSR:
		return false;
	}
	return true;
}

static u32 flags_of(const struct vcpu *c)
{
	return cc_pinned(c->cc_op, c->cc_a, c->cc_b, c->cc_r) & FL_ARITH;
}

static void set_flags(struct vcpu *c, u32 flags)
{
	c->cc_op = CC_OP(CC_EFLAGS, 2);
	c->cc_a = flags;
}

void seq_begin(struct seq *s)
{
	world64_begin(&s->cpu, s->n);
	memcpy(s->data, world64_data(), DATA64_RW);
}

/* From the state as it is, with some flags turned, to behind the instruction at `rip`. */
static void run(const struct seq *s, u32 turned, struct after *a)
{
	u64 rip = s->cpu.eip;
	bool on = true;

	memcpy(world64_data(), s->data, DATA64_RW);
	a->c = s->cpu;
	set_flags(&a->c, flags_of(&a->c) ^ turned);
	memset(&a->o, 0, sizeof a->o);
	for (unsigned k = 0; on && a->c.eip == rip && k < STEPS_MAX; k++)
		on = world64_step(&a->c, &way, &a->o);
	world64_end(&a->c, &a->o);
	a->bad = a->o.broken || a->o.left_out || (on && a->c.eip == rip);
	a->raised = !on;			/* vector 0 is one, too */
}

/* But for flags. */
static bool same(const struct after *a, const struct after *b)
{
	struct result64 r = b->o.r;

	r.eflags = a->o.r.eflags;
	return !b->bad && a->raised == b->raised &&
	       !((a->o.r.eflags ^ b->o.r.eflags) & ~FL_ARITH) &&
	       !memcmp(&a->o.r, &r, sizeof r) && !memcmp(a->o.data, b->o.data, DATA64_RW) &&
	       !memcmp(a->o.fx, b->o.fx, FX64_SIZE);
}

/* Flags that are undefined afterwards; ~0: more than flags. */
static u32 undefined_after(const struct seq *s, const struct after *a)
{
	static struct after b;
	u32 u = 0;

	for (u32 turned = s->undefined; turned; turned = (turned - 1) & s->undefined) {
		run(s, turned, &b);
		if (!same(a, &b))
			return ~0u;
		u |= a->o.r.eflags ^ b.o.r.eflags;
	}
	return u & FL_ARITH;
}

/* The case that says what the flags of m are by. */
static u32 undefined_by(const struct seq *s, const struct making *m)
{
	struct case64 c = { 0 };
	struct making now = *m;

	memcpy(c.gpr, s->cpu.gpr, sizeof c.gpr);
	now.c = &c;
	return gen_known_count(&now) ? gen_undefined(&now) : ~0u;
}

/*
 * Is the address of a page fault one that nobody has anything at? Not the kernel's half, where
 * Linux changes the error code; not what a process has besides.
 */
static bool nobodys(u64 at)
{
	if (at - (gen_data() - 0x10000) < 0x20000 || at - (DATA64_LOW - 0x10000) < 0x20000)
		return true;
	return gen_head.mode == 8 ? at - (1ull << 32) < 0x700000000000 : at >> 28 == 4;
}

enum seq_step seq_execute(struct seq *s, const struct making *m)
{
	static struct after a;
	u32 by = undefined_by(s, m), u;

	run(s, 0, &a);
	u = undefined_after(s, &a);
	if (a.bad || u == ~0u || by == ~0u)
		return SEQ_BAD;
	if (a.raised && a.o.r.vector == EXC_PF && !nobodys(a.o.r.cr2))
		return SEQ_BAD;
	if (a.raised) {
		s->c->ignore_fault = u;
		return SEQ_FAULT;
	}
	s->cpu = a.c;
	memcpy(s->data, a.o.data, DATA64_RW);
	s->undefined = u | by;
	s->c->ignore = s->undefined;
	return SEQ_ON;
}

bool seq_replay(struct seq *s)
{
	struct case64 scratch = { 0 };
	struct making m = { .c = &scratch };
	u64 start = s->cpu.eip, end = start + s->c->len;

	s->undefined = s->c->ignore = s->c->ignore_fault = 0;
	for (unsigned k = 0; k < SEQ_INSNS && s->cpu.eip != end; k++) {
		u64 off = s->cpu.eip - start;

		if (off >= s->c->len)
			return false;
		m.rip = s->cpu.eip;
		memset(m.b, 0xcc, SCAN_MAX);
		memcpy(m.b, s->code + off,
		       s->c->len - off < SCAN_MAX ? s->c->len - off : SCAN_MAX);
		if (!gen_read(&m))
			return false;
		switch (seq_execute(s, &m)) {
		case SEQ_ON: break;
		case SEQ_FAULT: return true;
		case SEQ_BAD: return false;
		}
	}
	return true;
}
