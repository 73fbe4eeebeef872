/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery of exceptions, software and external interrupts against the
 * pseudo-code of INT n (SDM vol. 2) and SDM vol. 3, 6.15 (double faults).
 * Task gates are in test_task.c.
 */
#include "dbt/sys/exc.h"

#include "dbt/sys/farxfer.h"
#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

enum { INT16 = 6, TRAP16 = 7, INT32 = 14, TRAP32 = 15 };
enum { ERR_IDT = 2, ERR_EXT = 1 };

static struct fault deliver(u8 vector, enum exc_kind kind)
{
	struct fault f = fault_plain(vector);

	return exc_deliver(&w, &f, kind);
}

static struct fault deliver_code(u8 vector, u32 code)
{
	struct fault f = fault_code(vector, code);

	return exc_deliver(&w, &f, EV_FAULT);
}

/* -- Real mode ------------------------------------------------------------ */

static void test_real(void)
{
	world_real();
	eflags_set(&w, FL_IF | FL_TF | FL_AC | FL_CF | FL_DF);
	OK(deliver(0x21, EV_INT));
	EQ(w.eip, 0x8210);
	EQ(w.seg[CS].base, 0xf0000);
	EQ(w.seg[CS].sel, 0xf000);
	EQ(eflags_get(&w), FL_CF | FL_DF | FL_FIXED);
	EQ(reg32(&w, ESP), W_TOP - 6);
	EQ(stack_at(0, 2), W_NEXT);
	EQ(stack_at(1, 2), 0x1000);
	EQ(stack_at(2, 2), FL_IF | FL_TF | FL_CF | FL_DF | FL_FIXED);
	world_real();
	OK(deliver_code(EXC_GP, 0x1234));		/* no error code */
	EQ(reg32(&w, ESP), W_TOP - 6);
	EQ(stack_at(0, 2), W_EIP);
	world_real();
	w.idtr.limit = 0x86;
	FAULTS(deliver(0x21, EV_INT), EXC_GP, 0x84 | ERR_IDT);
	FAULTS(deliver(0x21, EV_INTR), EXC_GP, 0x84 | ERR_IDT | ERR_EXT);
	w.idtr.limit = 0x87;
	OK(deliver(0x21, EV_INT));
	world_real();
	set_reg32(&w, ESP, 5);				/* the third value would cross 0 */
	FAULTS(deliver(0x21, EV_INT), EXC_SS, 0);
	FAULTS(deliver(0x21, EV_INTR), EXC_SS, ERR_EXT);
	world_real();
	w.seg[CS].limit = 0x820f;
	FAULTS(deliver(0x21, EV_INT), EXC_GP, 0);
	FAULTS(deliver(0x21, EV_INTR), EXC_GP, ERR_EXT);
	w.seg[CS].limit = 0x8210;
	OK(deliver(0x21, EV_INT));
	/* the table can be elsewhere */
	world_real();
	w.idtr.base = 0x400;
	fake_put(0x400 + 4 * 3, 4, 0x12345678);
	exc_software(&w, 3, EV_INT3);
	EQ(w.seg[CS].sel, 0x1234);
	EQ(w.eip, 0x5678);
}

/* -- Protected mode: the gate --------------------------------------------- */

static void test_gate_checks(void)
{
	world_protected(0);
	w.idtr.limit = 0x40 * 8 + 6;
	FAULTS(deliver(0x40, EV_INT), EXC_GP, 0x40 * 8 | ERR_IDT);
	FAULTS(deliver(0x40, EV_INTR), EXC_GP, 0x40 * 8 | ERR_IDT | ERR_EXT);
	FAULTS(deliver(0x40, EV_INT1), EXC_GP, 0x40 * 8 | ERR_IDT | ERR_EXT);
	w.idtr.limit++;
	OK(deliver(0x40, EV_INT));
	world_protected(0);
	for (unsigned t = 0; t < 32; t++) {
		if (t == 5 || t == INT16 || t == TRAP16 || t == INT32 || t == TRAP32)
			continue;
		put_idt(0x40, S_CODE0, 0x100, t, 0);
		FAULTS(deliver(0x40, EV_INT), EXC_GP, 0x40 * 8 | ERR_IDT);
	}
	put_idt(0x40, S_CODE0, 0x100, INT32, 0);
	idt_clear_present(0x40);
	FAULTS(deliver(0x40, EV_INT), EXC_NP, 0x40 * 8 | ERR_IDT);
	FAULTS(deliver(0x40, EV_FAULT), EXC_NP, 0x40 * 8 | ERR_IDT | ERR_EXT);

	world_protected(3);				/* the gate's DPL, for software only */
	FAULTS(deliver(0x40, EV_INT), EXC_GP, 0x40 * 8 | ERR_IDT);
	FAULTS(deliver(3, EV_INT3), EXC_GP, 3 * 8 | ERR_IDT);
	OK(deliver(0x40, EV_INTR));
	world_protected(3);
	OK(deliver(1, EV_INT1));
	world_protected(3);
	put_idt(0x40, S_CODE0, 0x100, INT32, 3);
	OK(deliver(0x40, EV_INT));
	EQ(w.cpl, 0);
}

static void test_code_checks(void)
{
	world_protected(0);
	put_idt(0x40, 3, 0x100, INT32, 3);
	put_desc(0, 0, 0xfffff, A_CODE(0));
	FAULTS(deliver(0x40, EV_INT), EXC_GP, 0);
	FAULTS(deliver(0x40, EV_INTR), EXC_GP, ERR_EXT);
	put_idt(0x40, 0x203, 0x100, INT32, 3);
	FAULTS(deliver(0x40, EV_INT), EXC_GP, 0x200);
	FAULTS(deliver(0x40, EV_INTR), EXC_GP, 0x200 | ERR_EXT);
	put_idt(0x40, S_DATA0, 0x100, INT32, 3);
	FAULTS(deliver(0x40, EV_INT), EXC_GP, S_DATA0);
	put_idt(0x40, S_CODE3, 0x100, INT32, 3);		/* outward */
	FAULTS(deliver(0x40, EV_INTR), EXC_GP, (S_CODE3 & ~3) | ERR_EXT);
	put_idt(0x40, S_CODE0, 0x100, INT32, 3);
	desc_clear(S_CODE0, SEG_P);
	FAULTS(deliver(0x40, EV_INT), EXC_NP, S_CODE0);
	FAULTS(deliver(0x40, EV_NMI), EXC_NP, S_CODE0 | ERR_EXT);
}

static void test_same(void)
{
	world_protected(0);
	eflags_set(&w, FL_IF | FL_TF | FL_NT | FL_AC | FL_ID | FL_ZF);
	OK(deliver_code(EXC_GP, 0x1234));
	EQ(w.eip, 0x8000 + EXC_GP * 16);
	EQ(w.seg[CS].sel, S_CODE0);
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 16);
	EQ(stack_at(0, 4), 0x1234);
	EQ(stack_at(1, 4), W_EIP);
	EQ(stack_at(2, 4), S_CODE0);
	EQ(stack_at(3, 4), FL_IF | FL_TF | FL_NT | FL_AC | FL_ID | FL_ZF | FL_RF | FL_FIXED);
	EQ(eflags_get(&w), FL_AC | FL_ID | FL_ZF | FL_FIXED);
	world_protected(0);
	eflags_set(&w, FL_IF);
	put_idt(0x40, S_CODE0, 0x12345678, TRAP32, 0);		/* a trap gate leaves IF */
	OK(deliver(0x40, EV_INTR));
	EQ(w.eip, 0x12345678);
	EQ(eflags_get(&w), FL_IF | FL_FIXED);
	EQ(stack_at(0, 4), W_EIP);
	EQ(stack_at(2, 4), FL_IF | FL_FIXED);			/* no RF */
	world_protected(0);
	put_idt(0x40, S_CODE0, 0x12345678, INT16, 0);		/* 16-bit frames */
	OK(deliver(0x40, EV_INT));
	EQ(w.eip, 0x5678);
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 6);
	EQ(stack_at(0, 2), W_NEXT);
	world_protected(3);
	put_idt(EXC_PF, S_CONF0, 0x100, TRAP16, 0);		/* a conforming handler */
	OK(deliver_code(EXC_PF, 6));
	EQ(w.cpl, 3);
	EQ(w.seg[CS].sel, S_CONF0 | 3);
	EQ(reg32(&w, ESP), W_STACK + 0x3000 + W_TOP - 8);
	EQ(stack_at(0, 2), 6);
	/* room and EIP, in this order */
	world_protected(0);
	put_idt(0x40, S_CODE0, 0x100, INT32, 0);
	put_desc(S_CODE0, 0, 0x100, A_CODE(0) & ~SEG_G);
	OK(deliver(0x40, EV_INT));
	put_desc(S_CODE0, 0, 0xff, A_CODE(0) & ~SEG_G);
	FAULTS(deliver(0x40, EV_INT), EXC_GP, 0);
	FAULTS(deliver(0x40, EV_INTR), EXC_GP, ERR_EXT);
	w.seg[SS].limit = W_STACK + W_TOP - 26;
	FAULTS(deliver(0x40, EV_INT), EXC_SS, 0);
	FAULTS(deliver(0x40, EV_INTR), EXC_SS, ERR_EXT);
}

static void test_inner(void)
{
	world_protected(3);
	eflags_set(&w, FL_IF | FL_TF);
	w.inhibit = INHIBIT_STI;
	OK(deliver_code(EXC_PF, 7));
	EQ(w.cpl, 0);
	EQ(w.seg[CS].sel, S_CODE0);
	EQ(w.seg[SS].sel, S_DATA0);
	EQ(w.seg[DS].sel, S_DATA3);
	EQ(w.inhibit, 0);
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 24);
	EQ(stack_at(0, 4), 7);
	EQ(stack_at(1, 4), W_EIP);
	EQ(stack_at(2, 4), S_CODE3);
	EQ(stack_at(3, 4), FL_IF | FL_TF | FL_RF | FL_FIXED);
	EQ(stack_at(4, 4), W_STACK + 0x3000 + W_TOP);
	EQ(stack_at(5, 4), S_DATA3);
	EQ(fake_mem[W_GDT + S_DATA0 + 5] & 1, 1);
	world_protected(3);
	put_idt(0x40, S_CODE1, 0x100, INT16, 3);		/* 16 bits, to level 1 */
	OK(deliver(0x40, EV_INT));
	EQ(w.cpl, 1);
	EQ(reg32(&w, ESP), W_STACK + 0x1000 + W_TOP - 10);
	EQ(stack_at(0, 2), W_NEXT);
	EQ(stack_at(4, 2), S_DATA3);
}

static void test_inner_faults(void)
{
	world_protected(3);
	put_idt(0x40, S_CODE0, 0x100, INT32, 3);
	w.tr.limit = 8;
	FAULTS(deliver(0x40, EV_INT), EXC_TS, S_TSS_A);
	FAULTS(deliver(0x40, EV_INTR), EXC_TS, S_TSS_A | ERR_EXT);
	w.tr.limit = 0x67;
	fake_put(W_TSS_A + 8, 2, 0);
	FAULTS(deliver(0x40, EV_INT), EXC_TS, 0);
	FAULTS(deliver(0x40, EV_INTR), EXC_TS, ERR_EXT);
	fake_put(W_TSS_A + 8, 2, 0x200);
	FAULTS(deliver(0x40, EV_INTR), EXC_TS, 0x200 | ERR_EXT);
	fake_put(W_TSS_A + 8, 2, S_DATA0 | 3);
	FAULTS(deliver(0x40, EV_INT), EXC_TS, S_DATA0);
	fake_put(W_TSS_A + 8, 2, S_DATA1 & ~3);
	FAULTS(deliver(0x40, EV_INT), EXC_TS, S_DATA1 & ~3);
	fake_put(W_TSS_A + 8, 2, S_CODE0);
	FAULTS(deliver(0x40, EV_INT), EXC_TS, S_CODE0);
	fake_put(W_TSS_A + 8, 2, S_DATA0);
	desc_clear(S_DATA0, SEG_P);
	FAULTS(deliver(0x40, EV_INTR), EXC_SS, S_DATA0 | ERR_EXT);
	put_desc(S_DATA0, 0, W_STACK + W_TOP - 20, A_DATA(0) & ~SEG_G);
	FAULTS(deliver(0x40, EV_INT), EXC_SS, S_DATA0);
	FAULTS(deliver(0x40, EV_INTR), EXC_SS, S_DATA0 | ERR_EXT);
	put_desc(S_DATA0, 0, 0xfffff, A_DATA(0));
	put_desc(S_CODE0, 0, 0xff, A_CODE(0) & ~SEG_G);
	FAULTS(deliver(0x40, EV_INT), EXC_GP, 0);
	FAULTS(deliver(0x40, EV_INTR), EXC_GP, ERR_EXT);
}

/* -- Virtual-8086 mode ---------------------------------------------------- */

static void test_v86(void)
{
	world_v86(3);
	w.eflags |= FL_IF | FL_TF;
	put_idt(0x40, S_CODE0, 0x100, TRAP32, 3);
	OK(deliver(0x40, EV_INT));
	EQ(w.cpl, 0);
	EQ(eflags_get(&w), FL_IF | FL_IOPL | FL_FIXED);
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 36);
	EQ(stack_at(0, 4), W_NEXT);
	EQ(stack_at(1, 4), 0x1000);
	EQ(stack_at(2, 4), FL_VM | FL_IF | FL_TF | FL_IOPL | FL_FIXED);
	EQ(stack_at(3, 4), W_TOP);
	EQ(stack_at(4, 4), 0x2300);
	EQ(stack_at(5, 4), 0x3001);		/* ES DS FS GS */
	EQ(stack_at(6, 4), 0x3002);
	EQ(stack_at(7, 4), 0x3003);
	EQ(stack_at(8, 4), 0x3004);
	for (unsigned k = 0; k < SREG_COUNT; k++) {
		if (k != CS && k != SS)
			EQ(w.seg[k].sel | w.seg[k].attr, 0);
	}
	OK(far_iret(&w, 4));			/* and back */
	EQ(w.eip, W_NEXT);
	EQ(w.seg[FS].base, 0x30030);
	EQ(w.seg[SS].base, 0x23000);
	EQ(reg32(&w, ESP), W_TOP);
	EQ(eflags_get(&w), FL_VM | FL_IF | FL_TF | FL_IOPL | FL_FIXED);

	world_v86(0);
	OK(deliver_code(EXC_GP, 0));		/* with an error code */
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 40);
	EQ(stack_at(1, 4), W_EIP);
	world_v86(0);
	put_idt(0x40, S_CODE0, 0x100, INT16, 3);
	OK(deliver(0x40, EV_INTR));
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 18);
	EQ(stack_at(8, 2), 0x3004);

	world_v86(2);				/* IOPL */
	put_idt(0x40, S_CODE0, 0x100, INT32, 3);
	FAULTS(deliver(0x40, EV_INT), EXC_GP, 0);
	put_idt(3, S_CODE0, 0x100, INT32, 3);
	OK(deliver(3, EV_INT3));
	world_v86(2);
	OK(deliver(0x40, EV_INTR));
	world_v86(3);
	FAULTS(deliver(0x40, EV_INT), EXC_GP, 0x40 * 8 | ERR_IDT);	/* gate DPL 0 */
	put_idt(0x40, S_CODE1, 0x100, INT32, 3);		/* only level 0 may handle it */
	FAULTS(deliver(0x40, EV_INT), EXC_GP, S_CODE1 & ~3);
	FAULTS(deliver(0x40, EV_INTR), EXC_GP, (S_CODE1 & ~3) | ERR_EXT);
	put_idt(0x40, S_CONF0, 0x100, INT32, 3);
	FAULTS(deliver(0x40, EV_INT), EXC_GP, S_CONF0);
	put_idt(0x40, S_CODE0, 0x100, INT32, 3);
	put_desc(S_DATA0, 0, W_STACK + W_TOP - 33, A_DATA(0) & ~SEG_G);
	set_reg32(&w, ESP, 0);
	FAULTS(deliver(0x40, EV_INT), EXC_SS, S_DATA0);
}

/* -- Page faults at every access ------------------------------------------ */

static void setup_same(void) { world_protected(0); }
static void setup_inner(void) { world_protected(3); }
static void setup_v86(void) { world_v86(0); }
static void setup_conf(void) { world_protected(3); put_idt(EXC_GP, S_CONF0, 0x100, INT32, 0); }
static struct fault op_gp(void) { return deliver_code(EXC_GP, 0); }

static void test_page_faults(void)
{
	/* IDT; GDT: not present, A bits; stack: not present, read-only */
	EQ(page_fault_sweep(setup_same, op_gp, "same level"), 5);
	EQ(page_fault_sweep(setup_inner, op_gp, "inner level"), 6);	/* and the TSS */
	EQ(page_fault_sweep(setup_v86, op_gp, "from V86"), 6);
	/* a conforming handler at CPL 3 pushes with user rights */
	EQ(page_fault_sweep(setup_conf, op_gp, "conforming"), 6);
	world_real();
	EQ(page_fault_sweep(world_real, op_gp, "real"), 3);		/* IVT, stack */
}

/* A frame that crosses into a page that is not there leaves nothing behind on the first. */
static void test_page_crossing(void)
{
	world_protected(0);
	set_reg32(&w, ESP, W_STACK + 0x1008);
	fake_rights[W_STACK >> 12] = 0;
	struct fault f;

	world_snap();
	f = op_gp();
	EQ(f.vector, EXC_PF);
	EQ(f.error, 2);
	EQ(f.cr2, W_STACK + 0xffc);
	TRUE(world_unchanged());
}

/* -- Nested faults -------------------------------------------------------- */

static bool in_handler(u8 vector) { return w.eip == 0x8000u + vector * 16; }

static void test_serial(void)
{
	/* a benign first one: the second is delivered as it is */
	world_protected(0);
	idt_clear_present(EXC_UD);
	exc_raise(&w, fault_plain(EXC_UD));
	TRUE(in_handler(EXC_NP));
	EQ(stack_at(0, 4), EXC_UD * 8 | ERR_IDT | ERR_EXT);
	EQ(stack_at(1, 4), W_EIP);
	/* software interrupt: the fault returns to the INT itself */
	world_protected(3);
	exc_software(&w, 0x40, EV_INT);
	TRUE(in_handler(EXC_GP));
	EQ(stack_at(0, 4), 0x40 * 8 | ERR_IDT);
	EQ(stack_at(1, 4), W_EIP);
	/* contributory, then page fault: serially; CR2 */
	world_protected(3);
	put_desc(S_FREE, 0, 0xfffff, A_CODE(0));
	put_idt(EXC_GP, 0x0c, 0x100, INT32, 0);		/* in the LDT, which is not there */
	w.ldtr.base = 0x40000;
	fake_rights[0x40] = 0;
	exc_raise(&w, fault_code(EXC_GP, 0));
	TRUE(in_handler(EXC_PF));
	EQ(w.cr2, 0x40008);
	EQ(stack_at(0, 4), 0);
}

static void test_double(void)
{
	static const u8 contributory[] = { EXC_DE, EXC_TS, EXC_NP, EXC_SS, EXC_GP };

	for (unsigned k = 0; k < sizeof(contributory); k++) {
		u8 v = contributory[k];

		world_protected(3);
		idt_clear_present(v);
		if (v == EXC_NP)			/* its own delivery gives #NP */
			put_idt(v, S_CODE0, 0x100, 0, 0);
		exc_raise(&w, v == EXC_DE ? fault_plain(v) : fault_code(v, 8));
		check_eq(in_handler(EXC_DF), 1, "double fault", "vector", v);
		EQ(stack_at(0, 4), 0);
		EQ(stack_at(1, 4), W_EIP);
		EQ(stack_at(2, 4), S_CODE3);
		EQ(w.shutdown, 0);
	}
	/* page fault, then page fault: #DF with the second one's CR2 */
	world_protected(3);
	put_idt(EXC_PF, 0x0c, 0x100, INT32, 0);
	w.ldtr.base = 0x40000;
	fake_rights[0x40] = 0;
	exc_raise(&w, fault_page(gva(0x12345000), 6));
	TRUE(in_handler(EXC_DF));
	EQ(w.cr2, 0x40008);
	/* page fault, then contributory */
	world_protected(3);
	idt_clear_present(EXC_PF);
	exc_raise(&w, fault_page(gva(0x12345000), 6));
	TRUE(in_handler(EXC_DF));
	EQ(w.cr2, 0x12345000);
	/* a page fault alone */
	world_protected(3);
	exc_raise(&w, fault_page(gva(0xfffff000), 6));
	TRUE(in_handler(EXC_PF));
	EQ(w.cr2, 0xfffff000);
	EQ(stack_at(0, 4), 6);
	/* an external interrupt is no exception: what it hits comes serially */
	world_protected(3);
	idt_clear_present(0x40);
	w.halted = true;
	exc_interrupt(&w, 0x40);
	TRUE(in_handler(EXC_NP));
	EQ(w.halted, 0);
	/* nor has one an error code, whatever the struct says */
	struct fault coded = fault_code(0x40, 0x1234);

	world_protected(0);
	OK(exc_deliver(&w, &coded, EV_INTR));
	EQ(reg32(&w, ESP), W_STACK + W_TOP - 12);
}

static void test_triple(void)
{
	world_protected(3);
	w.idtr.limit = 0;
	w.halted = true;
	exc_nmi(&w);
	EQ(w.shutdown, 1);
	EQ(w.halted, 0);
	EQ(w.eip, W_EIP);
	world_real();
	w.idtr.limit = 0;
	exc_software(&w, 3, EV_INT3);		/* the classic reset */
	EQ(w.shutdown, 1);
	world_protected(3);
	idt_clear_present(EXC_DF);
	idt_clear_present(EXC_GP);
	exc_raise(&w, fault_code(EXC_GP, 0));
	EQ(w.shutdown, 1);
	/* #DF through a task gate survives a bad stack */
	world_protected(0);
	put_idt(EXC_DF, S_TSS_B, 0, 5, 0);
	fake_rights[W_STACK >> 12] = 0;
	put_tss32(W_TSS_B, S_CODE0, 0x5000, S_DATA0, 0x30800, 2);
	exc_raise(&w, fault_page(gva(0), 0));
	EQ(w.shutdown, 0);
	EQ(w.eip, 0x5000);
	EQ(w.tr.sel, S_TSS_B);
}

/* -- Debug, NMI ----------------------------------------------------------- */

static void test_debug(void)
{
	world_protected(0);
	w.eflags |= FL_TF;
	w.dr[7] |= 1 << 13;
	w.debug_hits = DR6_BS | 5;
	w.pending = PENDING_DEBUG;
	exc_debug_trap(&w);
	TRUE(in_handler(EXC_DB));
	EQ(w.dr[6], 0xffff4ff5);
	EQ(w.debug_hits | w.pending, 0);
	EQ(w.dr[7] & 1 << 13, 0);			/* GD */
	EQ(w.eflags & FL_TF, 0);
	EQ(stack_at(0, 4), W_EIP);
	EQ(stack_at(2, 4), FL_TF | FL_FIXED);		/* a trap: no RF */
	world_protected(0);
	w.inhibit = INHIBIT_SS;
	w.debug_hits = 1;
	w.pending = PENDING_DEBUG;
	world_snap();
	exc_debug_trap(&w);
	TRUE(world_unchanged());
	w.inhibit = 0;
	exc_debug_trap(&w);
	TRUE(in_handler(EXC_DB));
	world_protected(0);
	w.dr[7] |= 1 << 13;
	exc_software(&w, 1, EV_INT1);
	EQ(stack_at(0, 4), W_NEXT);
	EQ(w.dr[6], 0xffff0ff0);
	EQ(w.dr[7] & 1 << 13, 1 << 13);			/* only the debug exception clears GD */
	exc_raise(&w, fault_plain(EXC_UD));
	EQ(w.dr[7] & 1 << 13, 1 << 13);
	exc_raise(&w, fault_plain(EXC_DB));
	EQ(w.dr[7] & 1 << 13, 0);
	world_protected(0);
	exc_nmi(&w);
	TRUE(in_handler(EXC_NMI));
	EQ(w.nmi_blocked, 1);
	EQ(stack_at(0, 4), W_EIP);
}

int main(void)
{
	test_real();
	test_gate_checks();
	test_code_checks();
	test_same();
	test_inner();
	test_inner_faults();
	test_v86();
	test_page_faults();
	test_page_crossing();
	test_serial();
	test_double();
	test_triple();
	test_debug();
	return check_done();
}
