/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults of segments: #SS(0) for SS, #GP(0) for the others (SDM vol. 3, 5.3 and 6.15), before any
 * change of registers, flags or (but for PUSHA and ENTER) memory.
 */
#include "guestimg/tests/faults.h"

#define TEXT(x) TEXT_OF(x)
#define TEXT_OF(x) #x
#define ROW(name, vector, sp, gs, text) __asm__(".pushsection .text\nseg_" #name ":\n\t" \
	"movl $" TEXT(USTACK16) ", %eax\n\tmovl %eax, %fs\n\tmovl $" TEXT(gs) ", %eax\n\t" \
	"movl %eax, %gs\nseg_" #name "_at:\n\t" text "\n\tint $" TEXT(VEC_EXIT) "\n.popsection");
#include "guestimg/tests/segs.def"
#undef ROW

struct seg_row { const char *name, *code, *at; u32 vector, sp, gs; };

#define ROW(name, vector, sp, gs, text) \
	{ #name, seg_##name, seg_##name##_at, vector, sp, gs },
static const struct seg_row seg_rows[] = {
#include "guestimg/tests/segs.def"
};
#undef ROW

static void check(const struct seg_row *row, const struct regs *r)
{
	const struct regs *s = &stopped.r;

	expect("error code", stopped.error, 0);
	expect("eip", s->eip, AT(row->at));
	expect("eax", s->eax, row->gs);
	expect("ecx", s->ecx, r->ecx);
	expect("edx", s->edx, r->edx);
	expect("ebx", s->ebx, r->ebx);
	expect("ebp", s->ebp, r->ebp);
	expect("esi", s->esi, r->esi);
	expect("edi", s->edi, r->edi);
	expect("sp", s->esp & 0xffff, r->esp);	/* IRET did not load the upper half */
	expect("flags", s->eflags & ARITH, r->eflags & ARITH);
}

/* Is the segment, filled with 0x3c, as before? */
static void check_memory(void)
{
	const u32 *m = (const u32 *)STACK16;

	for (u32 k = 0; k < 0x10000 / 4; k++)
		if (!expect("memory", m[k], 0x3c3c3c3c))
			break;
}

void test_segments(void)
{
	for (u32 k = 0; k < COUNT(seg_rows); k++) {
		const struct seg_row *row = &seg_rows[k];
		struct regs r = user_regs(row->code);

		test(row->name);
		memset((void *)STACK16, 0x3c, 0x10000);
		r.ss = USTACK16;
		r.esp = row->sp;
		r.ebx = 1;
		r.ecx = 0x87654321;
		r.esi = 0xfffe;
		r.edi = 0x80;
		r.eflags |= CF | PF | AF | ZF | SF | OF;
		run(&r);
		expect("vector", stopped.vector, row->vector ? row->vector : VEC_EXIT);
		if (!row->vector)
			continue;
		check(row, &r);
		if (AT(row->at[0]) != 0x60 && AT(row->at[0]) != 0xc8)
			check_memory();
	}
}
