/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The supervisor's side of the evaluator's world: descriptor tables as Linux
 * has them, guest memory for the system helpers, and where an exception that
 * software raises ends. Invariant: nothing here is reached with user rights.
 *
 *	SYS_BASE + 0 GDT, + 0x1000 IDT, + 0x2000 LDT, + 0x3000 TSS, + 0x5000 top of the stack
 */
#include "qemu-test/insn/world.h"

#include "dbt/exec.h"
#include "dbt/sys/cpuid.h"
#include "dbt/sys/guestmem.h"
#include "dbt/sys/segload.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/mode.h"
#include "kernel/panic.h"
#include "mm/gpa.h"

#include <string.h>

#define SYS_BASE 0xe0000000u
#define SYS_SIZE 0x5000u
#define GATES 0xc0000000u		/* vector n's handler is at GATES + 16 * n */

static u8 sys[SYS_SIZE];
static struct dbt owner;
static struct cpu_model model;

/* -- Memory for helpers (dbt/sys/guestmem.h) ----------------------------------- */

static bool is_sys(u32 at, u32 size) { return at - SYS_BASE < SYS_SIZE - size + 1; }

struct fault g_probe(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write)
{
	u32 at = (u32)linear.a;
	(void)c;
	return is_sys(at, size) && rights != G_USER ? fault_none() : world_check(at, size, write);
}

struct fault g_ld(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 *out)
{
	u32 at = (u32)linear.a;
	struct fault f = g_probe(c, linear, size, rights, false);

	*out = 0;
	if (f.raised)
		return f;
	if (is_sys(at, size))
		memcpy(out, sys + (at - SYS_BASE), size);
	else
		world_mem.ld(c, at, size, INTENT_READ, out);
	return f;
}

struct fault g_st(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 v)
{
	u32 at = (u32)linear.a;
	struct fault f = g_probe(c, linear, size, rights, true);

	if (f.raised)
		return f;
	if (is_sys(at, size))
		memcpy(sys + (at - SYS_BASE), &v, size);
	else
		world_mem.st(c, at, size, &v);
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

/* -- Tables ------------------------------------------------------------------- */

static void put32(u32 at, u32 v) { memcpy(sys + at, &v, 4); }

static void put_desc(u32 at, u32 base, u32 limit, u32 attr)
{
	put32(at, (limit & 0xffff) | base << 16);
	put32(at + 4, (base & 0xff000000) | (limit & 0xf0000) | attr << 8 | (base >> 16 & 0xff));
}

/* As Linux sets them up: INT3, INTO and INT 0x80 may be raised by software. */
static void put_gates(void)
{
	for (u32 v = 0; v < 256; v++) {
		u32 dpl = v == 3 || v == 4 || v == 0x80 ? 3 : 0, at = GATES + 16 * v;

		put32(0x1000 + 8 * v, (at & 0xffff) | 8 << 16);
		put32(0x1004 + 8 * v, (at & 0xffff0000) | 0x8e00 | dpl << 13);
	}
}

static void put_tables(u32 n, unsigned segs)
{
	static const struct insn_seg ldt[] = INSN_LDT;

	memset(sys, 0, sizeof sys);
	put_desc(0x08, 0, 0xfffff, 0xc09b);
	put_desc(0x18, 0, 0xfffff, 0xc093);
	put_desc(SEL_CS32 & ~7, 0, 0xfffff, 0xc0fb);
	put_desc(SEL_FLAT & ~7, 0, 0xfffff, 0xc0f3);
	for (unsigned i = 0; i < sizeof ldt / sizeof ldt[0]; i++)
		put_desc(0x2000 + (ldt[i].sel & ~7u),
			 ldt[i].type == 10 ? insn_cs_base(n, segs) : ldt[i].base, ldt[i].limit,
			 0xf1u | ldt[i].type | (ldt[i].big ? SEG_DB : 0));
	put_gates();
	put32(0x3004, SYS_BASE + SYS_SIZE);
	put32(0x3008, 0x18);
	put32(0x3064, 0x68 << 16);		/* the I/O bitmap lies beyond the limit */
}

static void mode_changed(struct vcpu *c) { vcpu_mode_update(c); }
static u64 no_ticks(void) { return 0; }

static void no_phys(struct vcpu *c, u64 gpa, void *buf, u32 size)
{
	(void)c, (void)gpa;
	memset(buf, 0xff, size);
}

void tables_init(struct vcpu *c, u32 n, unsigned segs)
{
	static const struct sys_hooks hooks = {
		.mode_changed = mode_changed, .read_ticks = no_ticks, .read_phys = no_phys,
	};
	char err[CPUID_ERR_SIZE];

	if (!model.features)
		must(!cpuid_configure(&model, "n270", err));
	put_tables(n, segs);
	owner.count.unimplemented = 0;
	c->owner = &owner;
	c->hooks = &hooks;
	c->model = &model;
	c->gdtr = (struct dtable){ SYS_BASE, 0x7f };
	c->idtr = (struct dtable){ SYS_BASE + 0x1000, 0x7ff };
	c->ldtr = (struct segment){ .base = SYS_BASE + 0x2000, .limit = 0x7f, .attr = 0x82,
				    .sel = 0x50 };
	c->tr = (struct segment){ .base = SYS_BASE + 0x3000, .limit = 0x67, .attr = 0x8b,
				  .sel = 0x40 };
}

bool tables_unimplemented(void) { return owner.count.unimplemented; }

/* The frame on the supervisor's stack becomes the state that the exception interrupted. */
bool tables_delivered(struct vcpu *c, struct fault *f)
{
	u32 vector = ((u32)c->eip - GATES) / 16, frame[6] = { 0 };
	u32 bytes = SYS_BASE + SYS_SIZE - (u32)c->gpr[ESP];

	if (c->cpl == 3)
		return false;
	must(vector < 256 && (bytes == 20 || bytes == 24));
	memcpy(frame, sys + SYS_SIZE - bytes, bytes);
	*f = bytes == 24 ? fault_code((u8)vector, frame[0]) : fault_plain((u8)vector);
	if (vector == EXC_PF)
		f->cr2 = c->cr2;
	memcpy(frame, sys + SYS_SIZE - 20, 20);
	c->eip = frame[0];
	c->eflags = (c->eflags & ~0x4000u) | (frame[2] & (FL_NT | FL_AC | FL_ID));
	c->gpr[ESP] = (u64)(s64)(s32)frame[3];
	return true;
}
