/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JMP FAR, CALL FAR and RETF against the pseudo-code of SDM vol. 2. IRET is in test_iret.c,
 * task switches are in test_task.c.
 */
#include "dbt/sys/farxfer.h"

#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

enum { CG16 = 4, CG32 = 12 };

static void setup_cpl3(void) { world_protected(3); }

/* -- JMP ------------------------------------------------------------------ */

static void test_jmp_code(void)
{
	world_protected(0);
	OK(far_jmp(&w, S_CODE0, 0x12345678, 4));
	EQ(w.eip, 0x12345678);
	EQ(w.seg[CS].sel, S_CODE0);
	EQ(fake_mem[W_GDT + S_CODE0 + 5] & 1, 1);
	TRUE(w_mode);
	OK(far_jmp(&w, S_CODE0, 0x12345678, 2));
	EQ(w.eip, 0x5678);
	put_desc(0, 0, 0xfffff, A_CODE(0) | SEG_CONFORMING);
	FAULTS(far_jmp(&w, 3, 0, 4), EXC_GP, 0);				/* null */
	FAULTS(far_jmp(&w, 0x203, 0, 4), EXC_GP, 0x200);
	FAULTS(far_jmp(&w, S_DATA0, 0, 4), EXC_GP, S_DATA0);			/* type */
	FAULTS(far_jmp(&w, S_LDT, 0, 4), EXC_GP, S_LDT);
	FAULTS(far_jmp(&w, S_CODE0 | 1, 0, 4), EXC_GP, S_CODE0);		/* RPL > CPL */
	FAULTS(far_jmp(&w, S_CODE3 & ~3, 0, 4), EXC_GP, S_CODE3 & ~3);		/* DPL != CPL */
	/* conforming DPL > CPL */
	FAULTS(far_jmp(&w, S_CONF3, 0, 4), EXC_GP, S_CONF3 & ~3);
	put_desc(S_FREE, 0, 0xfff, A_CODE(0) & ~SEG_G);
	OK(far_jmp(&w, S_FREE, 0xfff, 4));
	FAULTS(far_jmp(&w, S_FREE, 0x1000, 4), EXC_GP, 0);			/* limit */
	desc_clear(S_FREE, SEG_P);
	FAULTS(far_jmp(&w, S_FREE, 0x1000, 4), EXC_NP, S_FREE);			/* presence first */

	world_protected(3);
	OK(far_jmp(&w, S_CONF3, 0x100, 4));		/* conforming, DPL = CPL */
	OK(far_jmp(&w, S_CONF0 | 1, 0x100, 4));
	EQ(w.seg[CS].sel, S_CONF0 | 3);			/* CPL stays */
	EQ(w.cpl, 3);
	OK(far_jmp(&w, (S_CODE3 & ~3) | 1, 0x100, 4));
	EQ(w.seg[CS].sel, S_CODE3);
	FAULTS(far_jmp(&w, S_CODE0, 0, 4), EXC_GP, S_CODE0);
	desc_clear(S_CONF0, SEG_P);
	FAULTS(far_jmp(&w, S_CONF0, 0, 4), EXC_NP, S_CONF0);
}

static void test_jmp_gate(void)
{
	world_protected(3);
	put_gate(S_FREE, S_CODE3, 0x12345678, CG32, 3, 0);
	OK(far_jmp(&w, S_FREE | 3, 0xdead, 4));
	EQ(w.eip, 0x12345678);
	EQ(w.seg[CS].sel, S_CODE3);
	put_gate(S_FREE, S_CODE3, 0x12345678, CG16, 3, 0);
	OK(far_jmp(&w, S_FREE, 0xdead, 4));
	EQ(w.eip, 0x5678);
	put_gate(S_FREE, S_CONF0, 0x100, CG32, 3, 0);
	OK(far_jmp(&w, S_FREE, 0, 4));
	EQ(w.cpl, 3);
	put_gate(S_FREE, S_CODE0, 0x100, CG32, 3, 0);			/* JMP never changes CPL */
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, S_CODE0);
	put_gate(S_FREE, S_CODE3, 0x100, CG32, 2, 0);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, S_FREE);		/* gate DPL < CPL */
	put_gate(S_FREE, S_CODE3, 0x100, CG32, 3, 0);
	desc_clear(S_FREE, SEG_P);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_NP, S_FREE);
	put_gate(S_FREE, 3, 0x100, CG32, 3, 0);
	put_desc(0, 0, 0xfffff, A_CODE(0) | SEG_CONFORMING);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, 0);			/* null in the gate */
	put_gate(S_FREE, 0x203, 0x100, CG32, 3, 0);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, 0x200);
	put_gate(S_FREE, S_DATA3, 0x100, CG32, 3, 0);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, S_DATA3 & ~3);
	put_gate(S_FREE, S_CODE3, 0x100, CG32, 3, 0);
	desc_clear(S_CODE3, SEG_P);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_NP, S_CODE3 & ~3);
	put_desc(S_CODE3, 0, 0xff, A_CODE(3) & ~SEG_G);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, 0);

	world_protected(0);
	put_gate(S_FREE, S_CODE0, 0x100, CG32, 1, 0);
	FAULTS(far_jmp(&w, S_FREE | 2, 0, 4), EXC_GP, S_FREE);		/* gate DPL < RPL */
	OK(far_jmp(&w, S_FREE | 1, 0, 4));
	FAULTS(far_jmp(&w, S_FREE | 3, 0, 4), EXC_GP, S_FREE);
}

static void test_jmp_real(void)
{
	world_real();
	OK(far_jmp(&w, 0x2345, 0x6789, 2));
	EQ(w.seg[CS].base, 0x23450);
	EQ(w.eip, 0x6789);
	FAULTS(far_jmp(&w, 0x2345, 0x10000, 4), EXC_GP, 0);
	OK(far_jmp(&w, 0x2345, 0xffff, 4));
	world_v86(0);
	OK(far_jmp(&w, 0x2345, 0x6789, 2));
	EQ(w.seg[CS].base, 0x23450);
	EQ(w.seg[CS].attr, 0xf3);
	EQ(w.cpl, 3);
}

/* -- CALL ----------------------------------------------------------------- */

/*
 * CALL to beyond the limit: CS and the return address lie below the stack, as hardware leaves them
 * (insn_eval's cases), and nothing else has changed.
 */
static void limit_after_pushes(u16 sel, u32 off)
{
	u32 esp = reg32(&w, ESP), cs = w.seg[CS].sel;

	world_push(4, ~0u);
	world_push(4, ~0u);
	set_reg32(&w, ESP, esp);
	want_fault(far_call(&w, sel, off, 4), EXC_GP, 0, "call", __LINE__);
	EQ(stack_at(-1u, 4), cs);
	EQ(stack_at(-2u, 4), W_NEXT);
	FAULTS(far_call(&w, sel, off, 4), EXC_GP, 0);
}

static void test_call_code(void)
{
	world_protected(0);
	OK(far_call(&w, S_CODE0, 0x12345678, 4));
	EQ(w.eip, 0x12345678);
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 8);
	EQ(stack_at(0, 4), W_NEXT);
	EQ(stack_at(1, 4), S_CODE0);
	OK(far_call(&w, S_CODE0, 0x12345678, 2));
	EQ(w.eip, 0x5678);
	EQ(stack_at(0, 2), W_NEXT);
	EQ(stack_at(1, 2), S_CODE0);
	put_desc(0, 0, 0xfffff, A_CODE(0) | SEG_CONFORMING);
	FAULTS(far_call(&w, 0, 0, 4), EXC_GP, 0);
	FAULTS(far_call(&w, 0x200, 0, 4), EXC_GP, 0x200);
	FAULTS(far_call(&w, S_CODE0 | 1, 0, 4), EXC_GP, S_CODE0);
	FAULTS(far_call(&w, S_CODE1, 0, 4), EXC_GP, S_CODE1 & ~3);
	FAULTS(far_call(&w, S_DATA0, 0, 4), EXC_GP, S_DATA0);
	put_desc(S_FREE, 0, 0xfff, A_CODE(0) & ~SEG_G);
	limit_after_pushes(S_FREE, 0x1000);
	w.seg[SS].limit = reg32(&w, ESP) - 8;
	/* the stack is looked at first */
	FAULTS(far_call(&w, S_FREE, 0x1000, 4), EXC_SS, 0);
	w.seg[SS].limit = 0xffffffff;
	desc_clear(S_FREE, SEG_P);
	FAULTS(far_call(&w, S_FREE, 0x1000, 4), EXC_NP, S_FREE);
	world_protected(3);
	OK(far_call(&w, S_CONF0, 0x100, 4));
	EQ(w.seg[CS].sel, S_CONF0 | 3);
	EQ(stack_at(1, 4), S_CODE3);
}

/* A 16-bit stack wraps at 64 KiB and leaves the upper half of ESP alone. */
static void test_call_stack16(void)
{
	world_protected(0);
	w.seg[SS].attr &= ~SEG_DB;
	w.seg[SS].base = 0x30000;
	w.seg[SS].limit = 0xffff;
	set_reg32(&w, ESP, 0xabcd0002);
	OK(far_call(&w, S_CODE0, 0x100, 2));
	EQ(reg32(&w, ESP), 0xabcdfffe);
	EQ(fake_get(0x3fffe, 2), W_NEXT);
	EQ(fake_get(0x30000, 2), S_CODE0);
	set_reg32(&w, ESP, 0xabcd0001);
	FAULTS(far_call(&w, S_CODE0, 0x100, 2), EXC_SS, 0);	/* a value across the limit */
}

static void test_call_real(void)
{
	world_real();
	OK(far_call(&w, 0x2345, 0x6789, 2));
	EQ(w.seg[CS].base, 0x23450);
	EQ(reg32(&w, ESP), W_TOP - 4);
	EQ(stack_at(0, 2), W_NEXT);
	EQ(stack_at(1, 2), 0x1000);
	OK(far_call(&w, 0x2345, 0x6789, 4));
	EQ(stack_at(0, 4), W_NEXT);
	limit_after_pushes(0x2345, 0x10000);
	OK(far_call(&w, 0x2345, 0xffff, 4));
	set_reg32(&w, ESP, 1);
	FAULTS(far_call(&w, 0x2345, 0, 2), EXC_SS, 0);
	world_v86(0);
	OK(far_call(&w, 0x2345, 0x6789, 2));
	EQ(w.seg[CS].attr, 0xf3);
}

static void test_gate_same(void)
{
	world_protected(1);
	put_gate(S_FREE, S_CODE1, 0x12345678, CG32, 1, 5);
	OK(far_call(&w, S_FREE, 0, 2));			/* the gate's size counts */
	EQ(w.eip, 0x12345678);
	EQ(stack_at(0, 4), W_NEXT);
	EQ(stack_at(1, 4), S_CODE1);
	EQ(w.cpl, 1);
	put_gate(S_FREE, S_CODE1, 0x12345678, CG16, 1, 5);
	OK(far_call(&w, S_FREE, 0, 4));
	EQ(w.eip, 0x5678);
	EQ(stack_at(0, 2), W_NEXT);
	put_gate(S_FREE, S_CONF0, 0x100, CG32, 1, 0);		/* conforming: no inner level */
	OK(far_call(&w, S_FREE, 0, 4));
	EQ(w.cpl, 1);
	EQ(w.seg[CS].sel, S_CONF0 | 1);
	put_gate(S_FREE, S_CODE2, 0x100, CG32, 1, 0);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_GP, S_CODE2 & ~3);	/* outward */
	put_gate(S_FREE, S_CODE1, 0x100, CG32, 0, 0);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_GP, S_FREE);
	put_gate(S_FREE, S_CODE1, 0x100, CG32, 1, 0);
	w.seg[SS].limit = reg32(&w, ESP) - 5;
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_SS, 0);
}

static void test_gate_inner(void)
{
	world_protected(3);
	put_gate(S_FREE, S_CODE1, 0x12345678, CG32, 3, 3);
	world_push(4, 0x103);
	world_push(4, 0x102);
	world_push(4, 0x101);
	u32 old = reg32(&w, ESP);

	OK(far_call(&w, S_FREE, 0, 4));
	EQ(w.cpl, 1);
	EQ(w.seg[CS].sel, S_CODE1);
	EQ(w.eip, 0x12345678);
	EQ(w.seg[SS].sel, S_DATA1);
	EQ(w.seg[SS].attr & SEG_ACCESSED, 1);
	EQ(reg32(&w, ESP), W_STACK + 0x1000 + W_TOP - 28);
	EQ(stack_at(0, 4), W_NEXT);
	EQ(stack_at(1, 4), S_CODE3);
	EQ(stack_at(2, 4), 0x101);
	EQ(stack_at(3, 4), 0x102);
	EQ(stack_at(4, 4), 0x103);
	EQ(stack_at(5, 4), old);
	EQ(stack_at(6, 4), S_DATA3);

	OK(far_ret(&w, 4, 12));			/* and back, dropping the parameters on both */
	EQ(w.cpl, 3);
	EQ(w.eip, W_NEXT);
	EQ(w.seg[CS].sel, S_CODE3);
	EQ(w.seg[SS].sel, S_DATA3);
	EQ(reg32(&w, ESP), old + 12);
}

static void test_gate_inner16(void)
{
	world_protected(3);
	put_gate(S_FREE, S_CODE0, 0x12345678, CG16, 3, 2);
	world_push(2, 0x102);
	world_push(2, 0x101);
	OK(far_call(&w, S_FREE, 0, 4));
	EQ(w.cpl, 0);
	EQ(w.eip, 0x5678);
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 12);
	EQ(stack_at(0, 2), W_NEXT);
	EQ(stack_at(1, 2), S_CODE3);
	EQ(stack_at(2, 2), 0x101);
	EQ(stack_at(3, 2), 0x102);
	EQ(stack_at(4, 2), (W_TOP + 0x3000 - 4) & 0xffff);
	EQ(stack_at(5, 2), S_DATA3);
	/* the same from a 16-bit TSS */
	world_protected(3);
	put_gate(S_FREE, S_CODE0, 0x100, CG32, 3, 0);
	w.tr = (struct segment){ .base = W_TSS_C, .limit = 0x2b, .sel = S_TSS_C, .attr = SEG_P |
			3 };
	fake_put(W_TSS_C + 2, 2, 0x800);
	fake_put(W_TSS_C + 4, 2, S_DATA0);
	OK(far_call(&w, S_FREE, 0, 4));
	EQ(reg32(&w, ESP), 0x800 - 16);
}

static void test_gate_inner_faults(void)
{
	world_protected(3);
	put_gate(S_FREE, S_CODE0, 0x100, CG32, 3, 1);
	desc_clear(S_CODE0, SEG_P);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_NP, S_CODE0);
	desc_set(S_CODE0, SEG_P);
	w.tr.limit = 8;						/* SS0 is at 8 and 9 */
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_TS, S_TSS_A);
	w.tr.limit = 9;
	fake_put(W_TSS_A + 8, 2, 0);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_TS, 0);		/* null */
	fake_put(W_TSS_A + 8, 2, 0x200);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_TS, 0x200);
	fake_put(W_TSS_A + 8, 2, S_DATA0 | 1);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_TS, S_DATA0);	/* RPL */
	fake_put(W_TSS_A + 8, 2, S_DATA1 & ~3);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_TS, S_DATA1 & ~3);	/* DPL */
	fake_put(W_TSS_A + 8, 2, S_CODE0);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_TS, S_CODE0);	/* not data */
	fake_put(W_TSS_A + 8, 2, S_DATA0);
	desc_clear(S_DATA0, SEG_P);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_SS, S_DATA0);
	put_desc(S_DATA0, 0, W_STACK + W_TOP - 20, A_DATA(0) & ~SEG_G);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_SS, S_DATA0);	/* no room in the new stack */
	put_desc(S_DATA0, 0, 0xfffff, A_DATA(0));
	put_desc(S_CODE0, 0, 0xff, A_CODE(0) & ~SEG_G);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_GP, 0);		/* EIP */
	put_desc(S_CODE0, 0, 0xfffff, A_CODE(0));
	w.seg[SS].limit = reg32(&w, ESP) + 2;
	/* parameters beyond the old stack */
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_SS, 0);
}

static struct fault op_call_same(void) { return far_call(&w, S_CODE3, 0x100, 4); }
static struct fault op_call_gate(void) { return far_call(&w, S_FREE, 0, 4); }

static void setup_gate(void)
{
	world_protected(3);
	put_gate(S_FREE, S_CODE0, 0x100, CG32, 3, 2);
}

static void test_call_page_faults(void)
{
	/* GDT: not present, A bit; user stack: not present, read-only, supervisor's */
	EQ(page_fault_sweep(setup_cpl3, op_call_same, "call same"), 5);
	/* GDT 2, TSS 1, inner stack 2, outer stack: not present, supervisor's */
	EQ(page_fault_sweep(setup_gate, op_call_gate, "call inner"), 7);
}

/* -- RETF ----------------------------------------------------------------- */

static struct fault retf_to(u32 eip, u16 cs)
{
	struct fault f;

	world_ret_frame(eip, cs);
	world_snap();
	f = far_ret(&w, 4, 0);
	if (f.raised)
		want_unchanged("retf", __LINE__);
	return f;
}

#define RETF_FAULTS(eip, cs, vec, code) \
	want_fault(retf_to(eip, cs), vec, code, "retf " #cs, __LINE__)

static void test_retf_same(void)
{
	world_protected(0);
	world_ret_frame(0x12345678, S_CODE0);
	OK(far_ret(&w, 4, 0x10));
	EQ(w.eip, 0x12345678);
	EQ(reg32(&w, ESP), W_STACK + W_TOP + 0x10);
	world_push(2, S_CODE0);
	world_push(2, 0x5678);
	OK(far_ret(&w, 2, 0));
	EQ(w.eip, 0x5678);
	put_desc(0, 0, 0xfffff, A_CODE(0) | SEG_CONFORMING);
	RETF_FAULTS(0, 3, EXC_GP, 0);
	RETF_FAULTS(0, 0x203, EXC_GP, 0x200);
	RETF_FAULTS(0, S_DATA0, EXC_GP, S_DATA0);
	RETF_FAULTS(0, S_CODE0 | 1, EXC_GP, S_CODE0);		/* DPL != RPL */
	RETF_FAULTS(0, S_CODE3 & ~3, EXC_GP, S_CODE3 & ~3);
	RETF_FAULTS(0, S_CONF3 & ~3, EXC_GP, S_CONF3 & ~3);	/* conforming DPL > RPL */
	put_desc(S_FREE, 0, 0xfff, A_CODE(0) & ~SEG_G);
	RETF_FAULTS(0x1000, S_FREE, EXC_GP, 0);
	desc_clear(S_FREE, SEG_P);
	RETF_FAULTS(0, S_FREE, EXC_NP, S_FREE);
	world_protected(3);
	RETF_FAULTS(0, S_CODE0, EXC_GP, S_CODE0);		/* RPL < CPL */
	OK(retf_to(0x100, S_CONF0 | 3));
	OK(retf_to(0x100, S_CONF3));				/* DPL = RPL */
	put_desc(S_FREE, 0, 0xfff, A_CODE(3) & ~SEG_G);
	OK(retf_to(0xfff, S_FREE | 3));				/* the last byte */
	w.seg[SS].limit = reg32(&w, ESP) + 6;
	FAULTS(far_ret(&w, 4, 0), EXC_SS, 0);
}

static void test_retf_outer(void)
{
	static const struct { u16 ss; u8 vec; u16 code; } bad[] = {
		{ 0, EXC_GP, 0 }, { 3, EXC_GP, 0 }, { 0x203, EXC_GP, 0x200 },
		{ S_DATA3 & ~3, EXC_GP, S_DATA3 & ~3 }, { S_DATA2 | 3, EXC_GP, S_DATA2 & ~3 },
		{ S_CODE3, EXC_GP, S_CODE3 & ~3 },
	};

	world_protected(0);
	OK(seg_load(&w, DS, S_DATA0));
	OK(seg_load(&w, ES, S_DATA3));
	OK(seg_load(&w, FS, S_CONF0));
	OK(seg_load(&w, GS, S_DATA1));
	world_outer_frame(0x100, S_CODE3, 0x8000, S_DATA3);
	OK(far_ret(&w, 4, 0));
	EQ(w.cpl, 3);
	EQ(w.seg[SS].sel, S_DATA3);
	EQ(reg32(&w, ESP), 0x8000);
	EQ(w.seg[DS].sel, 0);			/* DPL 0 data becomes null */
	EQ(w.seg[DS].attr, 0);
	EQ(w.seg[GS].attr, 0);
	EQ(w.seg[ES].sel, S_DATA3);
	EQ(w.seg[FS].sel, S_CONF0);		/* conforming code stays */

	for (unsigned k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		world_protected(0);
		world_outer_frame(0x100, S_CODE3, 0x8000, bad[k].ss);
		FAULTS(far_ret(&w, 4, 0), bad[k].vec, bad[k].code);
	}
	world_protected(0);
	world_outer_frame(0x100, S_CODE3, 0x8000, S_DATA3);
	desc_clear(S_DATA3, SEG_P);
	FAULTS(far_ret(&w, 4, 0), EXC_SS, S_DATA3 & ~3);
	desc_set(S_DATA3, SEG_P);
	put_desc(S_CODE3, 0, 0xff, A_CODE(3) & ~SEG_G);
	FAULTS(far_ret(&w, 4, 0), EXC_GP, 0);
	w.seg[SS].limit = reg32(&w, ESP) + 14;
	FAULTS(far_ret(&w, 4, 0), EXC_SS, 0);
}

/* A return to a 16-bit stack writes SP only. */
static void test_ret_stack16(void)
{
	world_protected(0);
	put_desc(S_FREE, 0, 0xffff, (u16)(A_DATA(3) & ~(SEG_DB | SEG_G)));
	world_push(4, S_FREE | 3);
	world_push(4, 0xffff8000);
	world_push(4, 0x77);			/* a parameter */
	world_ret_frame(0x100, S_CODE3);
	u32 high = reg32(&w, ESP) & 0xffff0000;

	OK(far_ret(&w, 4, 4));
	EQ(reg32(&w, ESP), high | 0x8004);
}

static void test_ret_real(void)
{
	world_real();
	world_push(2, 0x2345);
	world_push(2, 0x6789);
	OK(far_ret(&w, 2, 6));
	EQ(w.seg[CS].base, 0x23450);
	EQ(w.eip, 0x6789);
	EQ(reg32(&w, ESP), W_TOP + 6);
	world_push(4, 0x2345);
	world_push(4, 0x10000);
	FAULTS(far_ret(&w, 4, 0), EXC_GP, 0);
	fake_put(0x20000 + reg32(&w, ESP), 4, 0xffff);
	OK(far_ret(&w, 4, 0));
	set_reg32(&w, ESP, 0xfffd);
	FAULTS(far_ret(&w, 4, 0), EXC_SS, 0);
	world_v86(0);
	world_push(2, 0x2345);
	world_push(2, 0x6789);
	OK(far_ret(&w, 2, 0));
	EQ(w.seg[CS].attr, 0xf3);
}

static void setup_ret_outer(void)
{
	world_protected(0);
	world_outer_frame(0x100, S_CODE3, 0x8000, S_DATA3);
}

static struct fault op_ret(void) { return far_ret(&w, 4, 0); }

static void test_ret_page_faults(void)
{
	EQ(page_fault_sweep(setup_ret_outer, op_ret, "retf outer"), 3);	/* stack, GDT 2 */
}

int main(void)
{
	test_jmp_code();
	test_jmp_gate();
	test_jmp_real();
	test_call_code();
	test_call_stack16();
	test_call_real();
	test_gate_same();
	test_gate_inner();
	test_gate_inner16();
	test_gate_inner_faults();
	test_call_page_faults();
	test_retf_same();
	test_retf_outer();
	test_ret_stack16();
	test_ret_real();
	test_ret_page_faults();
	return check_done();
}
