/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor's side of the evaluator's world in long mode: descriptor tables as Linux has them,
 * guest memory for the system helpers, and where an exception that software raises ends.
 * Invariant: nothing here is reached with user rights.
 *
 *	SYS_BASE + 0 GDT, + 0x1000 IDT, + 0x3000 TSS, + 0x5000 top of the stack
 */
#include "qemu-test/insn64/world64.h"

#include "dbt/exec.h"
#include "dbt/sys/cpuid.h"
#include "dbt/sys/guestmem.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/mode.h"
#include "kernel/panic.h"
#include "mm/gpa.h"

#include <string.h>

#define SYS_BASE 0xffff900000000000ull
#define SYS_SIZE 0x5000u
#define GATES 0xffffa00000000000ull	/* vector n's handler is at GATES + 16 * n */

static u8 sys[SYS_SIZE];
static struct dbt owner;
static struct cpu_model model;

/* -- Memory for helpers (dbt/sys/guestmem.h) ------------------------------------------------- */

static bool is_sys(u64 at, u32 size) { return at - SYS_BASE < SYS_SIZE - size + 1; }

struct fault g_probe(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write)
{
	(void)c;
	if (!canonical(linear.a) || !canonical(linear.a + size - 1))
		return fault_code(EXC_GP, 0);
	return is_sys(linear.a, size) && rights != G_USER ? fault_none() :
	       world64_check(linear.a, size, write);
}

struct fault g_ld(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 *out)
{
	struct fault f = g_probe(c, linear, size, rights, false);

	*out = 0;
	if (f.raised)
		return f;
	if (is_sys(linear.a, size))
		memcpy(out, sys + (linear.a - SYS_BASE), size);
	else
		world64_mem.ld(c, linear.a, size, INTENT_READ, out);
	return f;
}

struct fault g_st(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 v)
{
	struct fault f = g_probe(c, linear, size, rights, true);

	if (f.raised)
		return f;
	if (is_sys(linear.a, size))
		memcpy(sys + (linear.a - SYS_BASE), &v, size);
	else
		world64_mem.st(c, linear.a, size, &v);
	return f;
}

struct fault g_rmw8(struct vcpu *c, gva_t linear, u8 clear, u8 set, u8 *old)
{
	u64 v;
	struct fault f = g_ld(c, linear, 1, G_SYSTEM, &v);

	if (f.raised)
		return f;
	if (old)
		*old = (u8)v;
	return g_st(c, linear, 1, G_SYSTEM, (v & ~(u64)clear) | set);
}

/* Ports are never reached: CPL 3, IOPL 0, no I/O bitmap. */
bool dbt_wanted(void) { return false; }

/* -- Tables ---------------------------------------------------------------------------------- */

static void put64(u32 at, u64 v) { memcpy(sys + at, &v, 8); }

static void put_desc(u32 sel, u32 attr) { put64(sel & ~7u, 0xf00000000ffffull << 0 |
						(u64)attr << 40); }

/* As Linux sets them up: INT3, INTO and INT 0x80 may be raised by software. */
static void put_gates(void)
{
	for (u32 v = 0; v < 256; v++) {
		u64 dpl = v == 3 || v == 4 || v == 0x80 ? 3 : 0, at = GATES + 16 * v;

		put64(0x1000 + 16 * v, (at & 0xffff) | 0x10 << 16 | (0x8e00 | dpl << 13) << 32 |
				       (at >> 16 & 0xffff) << 48);
		put64(0x1008 + 16 * v, at >> 32);
	}
}

static void put_tables(void)
{
	memset(sys, 0, sizeof sys);
	put_desc(0x08, 0xc09b);			/* attr: as in the descriptor, limit's bits apart */
	put_desc(0x10, 0xa09b);
	put_desc(0x18, 0xc093);
	put_desc(SEL64_CS32, 0xc0fb);
	put_desc(SEL64_FLAT, 0xc0f3);
	put_desc(SEL64_CS, 0xa0fb);
	put_gates();
	put64(0x3004, SYS_BASE + SYS_SIZE);	/* RSP0 */
	put64(0x3064, (u64)0x68 << 16);		/* the I/O bitmap lies beyond the limit */
}

static void mode_changed(struct vcpu *c) { vcpu_mode_update(c); }
static u64 no_ticks(void) { return 0; }

static void no_phys(struct vcpu *c, u64 gpa, void *buf, u32 size)
{
	(void)c, (void)gpa;
	memset(buf, 0xff, size);
}

void tables64_init(struct vcpu *c)
{
	static const struct sys_hooks hooks = {
		.mode_changed = mode_changed, .read_ticks = no_ticks, .read_phys = no_phys,
	};
	char err[CPUID_ERR_SIZE];

	if (!model.features)
		must(!cpuid_configure(&model, "n270", err));
	put_tables();
	owner.count.unimplemented = 0;
	c->owner = &owner;
	c->hooks = &hooks;
	c->model = &model;
	c->gdtr = (struct dtable){ SYS_BASE, 0x7f };
	c->idtr = (struct dtable){ SYS_BASE + 0x1000, 0xfff };
	c->tr = (struct segment){ .base = SYS_BASE + 0x3000, .limit = 0x67, .attr = 0x8b,
				  .sel = 0x40 };
}

bool tables64_unimplemented(void) { return owner.count.unimplemented; }

/* The frame on the supervisor's stack becomes the state that the exception interrupted. */
bool tables64_delivered(struct vcpu *c, struct fault *f)
{
	u32 vector = (u32)(c->eip - GATES) / 16;
	u64 frame[6] = { 0 }, bytes = SYS_BASE + SYS_SIZE - c->gpr[ESP];

	if (c->cpl == 3)
		return false;
	must(vector < 256 && (bytes == 40 || bytes == 48));
	memcpy(frame, sys + SYS_SIZE - bytes, bytes);
	*f = bytes == 48 ? fault_code((u8)vector, (u32)frame[0]) : fault_plain((u8)vector);
	if (vector == EXC_PF)
		f->cr2 = c->cr2;
	memcpy(frame, sys + SYS_SIZE - 40, 40);
	c->eip = frame[0];
	c->seg[CS].sel = frame[1];
	c->eflags = (c->eflags & ~0x4000u) | (frame[2] & (FL_NT | FL_AC | FL_ID));
	c->gpr[ESP] = frame[3];
	c->seg[SS].sel = frame[4];
	return true;
}
