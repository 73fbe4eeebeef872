/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Task switches by JMP, CALL, IRET and interrupts, 32- and 16-bit; I/O
 * permission. Expectations: SDM vol. 3, chapter 7 (tables 7-1 and 7-2).
 */
#include "dbt/sys/task.h"

#include <string.h>

#include "dbt/sys/exc.h"
#include "dbt/sys/farxfer.h"
#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

static u8 desc_type_of(u16 sel) { return fake_mem[W_GDT + (sel & 0xfff8) + 5] & 0xf; }
static void setup_cpl0(void) { world_protected(0); }

static void test_jmp32(void)
{
	world_protected(0);
	eflags_set(&w, FL_CF | FL_DF | FL_IF);
	w.dr[7] |= 0x1ff;
	OK(far_jmp(&w, S_TSS_B, 0xdead, 4));
	/* the old state */
	EQ(fake_get(W_TSS_A + 0x20, 4), W_NEXT);
	EQ(fake_get(W_TSS_A + 0x24, 4), FL_CF | FL_DF | FL_IF | FL_FIXED);
	EQ(fake_get(W_TSS_A + 0x28, 4), 0);
	EQ(fake_get(W_TSS_A + 0x2c, 4), 0x11111111);
	EQ(fake_get(W_TSS_A + 0x38, 4), W_STACK + W_TOP);
	EQ(fake_get(W_TSS_A + 0x44, 4), 0x77777777);
	EQ(fake_get(W_TSS_A + 0x48, 2), S_DATA3);
	EQ(fake_get(W_TSS_A + 0x4c, 2), S_CODE0);
	EQ(fake_get(W_TSS_A + 0x50, 2), S_DATA0);
	EQ(desc_type_of(S_TSS_A), 9);
	/* the new one */
	EQ(desc_type_of(S_TSS_B), 11);
	EQ(w.tr.sel, S_TSS_B);
	EQ(w.tr.attr & 0xf, 11);
	EQ(w.eip, 0x5000);
	EQ(eflags_get(&w), 0x202);
	EQ(reg32(&w, EAX), 0xa0b0c0d0);
	EQ(w.gpr[EDI], 0xa0b0c0d7);
	EQ(reg32(&w, ESP), W_STACK + 0x800);
	EQ(w.seg[CS].sel, S_CODE0);
	EQ(w.seg[SS].limit, 0xffffffff);
	EQ(w.seg[FS].attr, 0);
	EQ(w.seg[GS].sel, S_CONF0);
	TRUE(w.seg[GS].attr & SEG_P);
	EQ(w.ldtr.sel, S_LDT);
	EQ(w.ldtr.base, W_LDT);
	EQ(w.cr0 & CR0_TS, CR0_TS);
	EQ(w.dr[7] & 0x1ff, 0xaa);			/* local breakpoints are gone */
	EQ(w.cr3, 0);					/* paging is off */
	TRUE(w_mode);
	FAULTS(far_jmp(&w, S_TSS_B, 0, 4), EXC_GP, S_TSS_B);	/* busy */
}

static void test_call_iret(void)
{
	world_protected(0);
	OK(far_call(&w, S_TSS_B, 0, 4));
	EQ(desc_type_of(S_TSS_A), 11);
	EQ(desc_type_of(S_TSS_B), 11);
	EQ(fake_get(W_TSS_B, 2), S_TSS_A);
	EQ(eflags_get(&w), 0x202 | FL_NT);
	/* a nested one, 16 bits wide */
	w.next_eip = 0x5002;
	OK(far_call(&w, S_TSS_C, 0, 4));
	EQ(fake_get(W_TSS_B + 0x20, 4), 0x5002);
	EQ(fake_get(W_TSS_B + 0x24, 4), 0x202 | FL_NT);
	EQ(fake_get(W_TSS_C, 2), S_TSS_B);
	EQ(w.eip, 0x6000);
	EQ(reg32(&w, ESP), 0x800);
	EQ(w.tr.attr & 0xf, 3);
	EQ(w.ldtr.attr, 0);
	/* and back twice */
	w.next_eip = 0x6001;
	OK(far_iret(&w, 4));
	EQ(fake_get(W_TSS_C + 0x0e, 2), 0x6001);
	EQ(fake_get(W_TSS_C + 0x10, 2), 0x202);		/* NT is cleared in what is saved */
	EQ(fake_get(W_TSS_C + 0x12, 2), 0xc0d0);
	EQ(fake_get(W_TSS_C + 0x22, 2), S_DATA3);
	EQ(desc_type_of(S_TSS_C), 1);
	EQ(w.eip, 0x5002);
	EQ(w.tr.sel, S_TSS_B);
	EQ(w.eflags & FL_NT, FL_NT);
	OK(far_iret(&w, 4));
	EQ(w.eip, W_NEXT);
	EQ(w.tr.sel, S_TSS_A);
	EQ(desc_type_of(S_TSS_B), 9);
	EQ(desc_type_of(S_TSS_A), 11);
	EQ(w.eflags & FL_NT, 0);
	EQ(reg32(&w, EDI), 0x77777777);
}

static void test_iret_link(void)
{
	static const struct { u16 link; u8 vec; u16 code; } bad[] = {
		{ 1, EXC_TS, 0 }, { 0x6c, EXC_TS, 0x6c }, { 0x200, EXC_TS, 0x200 },
		{ S_TSS_B, EXC_TS, S_TSS_B },			/* not busy */
		{ S_DATA0, EXC_TS, S_DATA0 },
		{ S_FREE, EXC_NP, S_FREE },
	};

	for (unsigned k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
		world_protected(0);
		put_desc(S_FREE, W_TSS_B, 0x67, (u16)(A_SYS(11, 0) & ~SEG_P));
		put_desc(0, W_TSS_B, 0x67, A_SYS(11, 0));
		put_desc(0x6c, W_TSS_B, 0x67, A_SYS(11, 0));
		w.eflags |= FL_NT;
		fake_put(W_TSS_A, 2, bad[k].link);
		FAULTS(far_iret(&w, 4), bad[k].vec, bad[k].code);
	}
}

static void test_gates(void)
{
	world_protected(3);
	put_gate(S_FREE, S_TSS_B, 0, 5, 3, 0);
	put_tss32(W_TSS_B, S_CODE3, 0x5000, S_DATA3, 0x8000, 0x202);
	OK(far_call(&w, S_FREE | 3, 0, 4));
	EQ(w.cpl, 3);
	EQ(w.eip, 0x5000);
	EQ(w.seg[SS].sel, S_DATA3);
	world_protected(3);
	FAULTS(far_call(&w, S_TSS_B, 0, 4), EXC_GP, S_TSS_B);	/* TSS DPL 0 */
	put_gate(S_FREE, S_TSS_B, 0, 5, 2, 0);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, S_FREE);
	put_gate(S_FREE, S_TSS_B, 0, 5, 3, 0);
	desc_clear(S_FREE, SEG_P);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_NP, S_FREE);
	put_desc(0, W_TSS_B, 0x67, A_SYS(9, 0));
	put_desc(0x6c, W_TSS_B, 0x67, A_SYS(9, 0));
	put_gate(S_FREE, 0, 0, 5, 3, 0);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, 0);
	put_gate(S_FREE, 0x6c, 0, 5, 3, 0);			/* in the LDT */
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, 0x6c);
	put_gate(S_FREE, 0x200, 0, 5, 3, 0);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, 0x200);
	put_gate(S_FREE, S_TSS_A, 0, 5, 3, 0);			/* busy */
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, S_TSS_A);
	put_gate(S_FREE, S_TSS_B, 0, 5, 3, 0);
	desc_clear(S_TSS_B, SEG_P);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_NP, S_TSS_B);
	put_desc(S_TSS_B, W_TSS_B, 0x66, A_SYS(9, 0));
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_TS, S_TSS_B);	/* limit */
	put_gate(S_FREE, S_TSS_C, 0, 5, 3, 0);
	put_desc(S_TSS_C, W_TSS_C, 0x2a, A_SYS(1, 0));
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_TS, S_TSS_C);
}

/* What is wrong in the new task faults in the new task (SDM vol. 3, table 7-1). */
static void test_new_task_faults(void)
{
	static const struct { u16 off,
			value; u16 np; u8 vec; u16 code; const char *name; } rows[] = {
		{ 0x60, 0x5c, 0, EXC_TS, 0x5c, "LDT in the LDT" },
		{ 0x60, 0x200, 0, EXC_TS, 0x200, "LDT outside" },
		{ 0x60, S_DATA0, 0, EXC_TS, S_DATA0, "LDT type" },
		{ 0x60, S_LDT, S_LDT, EXC_TS, S_LDT, "LDT not present" },
		{ 0x4c, 0, 0, EXC_TS, 0, "CS null" },
		{ 0x4c, 0x203, 0, EXC_TS, 0x200, "CS outside" },
		{ 0x4c, S_DATA0, 0, EXC_TS, S_DATA0, "CS type" },
		{ 0x4c, S_CODE0 | 1, 0, EXC_TS, S_CODE0, "CS DPL != RPL" },
		{ 0x4c, S_CONF3 & ~3, 0, EXC_TS, S_CONF3 & ~3, "conforming CS DPL > RPL" },
		{ 0x4c, S_CODE0, S_CODE0, EXC_NP, S_CODE0, "CS not present" },
		{ 0x50, 0, 0, EXC_TS, 0, "SS null" },
		{ 0x50, 0x200, 0, EXC_TS, 0x200, "SS outside" },
		{ 0x50, S_DATA0 | 1, 0, EXC_TS, S_DATA0, "SS RPL" },
		{ 0x50, S_DATA1 & ~3, 0, EXC_TS, S_DATA1 & ~3, "SS DPL" },
		{ 0x50, S_CODE0, 0, EXC_TS, S_CODE0, "SS type" },
		{ 0x50, S_DATA0, S_DATA0, EXC_SS, S_DATA0, "SS not present" },
		{ 0x54, 0x200, 0, EXC_TS, 0x200, "DS outside" },
		{ 0x48, S_TSS_A, 0, EXC_TS, S_TSS_A, "ES type" },
		{ 0x58, S_DATA0 | 3, 0, EXC_TS, S_DATA0, "FS RPL > DPL" },
		{ 0x5c, S_DATA3, S_DATA3, EXC_NP, S_DATA3 & ~3, "a data segment not present" },
	};

	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		struct fault f;

		world_protected(0);
		put_desc(0x5c, W_LDT, 0x7f, A_SYS(2, 0));
		fake_put(W_TSS_B + rows[k].off, 2, rows[k].value);
		if (rows[k].np)
			desc_clear(rows[k].np, SEG_P);
		f = far_jmp(&w, S_TSS_B, 0, 4);
		want_fault(f, rows[k].vec, rows[k].code, rows[k].name, __LINE__);
		check_eq(w.tr.sel, S_TSS_B, rows[k].name, "in the new task", __LINE__);
		check_eq(w.eip, 0x5000, rows[k].name, "new EIP", __LINE__);
		check_eq(desc_type_of(S_TSS_A), 9, rows[k].name, "old task is done", __LINE__);
		check_eq(w.seg[DS].sel, fake_get(W_TSS_B + 0x54, 2), rows[k].name, "sel", __LINE__);
	}
	world_protected(0);
	put_desc(S_FREE, 0, 0x4fff, (u16)(A_CODE(0) & ~SEG_G));
	fake_put(W_TSS_B + 0x4c, 2, S_FREE);
	want_fault(far_jmp(&w, S_TSS_B, 0, 4), EXC_GP, 0, "EIP outside", __LINE__);
}

static void test_special(void)
{
	/* T bit */
	world_protected(0);
	fake_put(W_TSS_B + 0x64, 2, 1);
	want_fault(far_jmp(&w, S_TSS_B, 0, 4), EXC_DB, 0, "T bit", __LINE__);
	EQ(w.dr[6] & 0xf000, 0x8000);
	/* CR3 */
	world_protected(0);
	w.cr0 |= CR0_PG;
	OK(far_jmp(&w, S_TSS_B, 0, 4));
	EQ(w.cr3, 0x7000);
	EQ(w_paging[PAGING_CR3], 1);
	world_protected(0);
	w.cr0 |= CR0_PG;
	w.cr4 |= CR4_PAE;
	w_phys[0] = 0x03;			/* a PDPTE with a reserved bit */
	want_fault(far_jmp(&w, S_TSS_B, 0, 4), EXC_GP, 0, "PDPTE", __LINE__);
	EQ(w.tr.sel, S_TSS_B);
	/* into virtual-8086 mode */
	world_protected(0);
	put_tss32(W_TSS_B, 0x1000, 0x50, 0x2000, 0x700, FL_VM | 0x202);
	OK(far_jmp(&w, S_TSS_B, 0, 4));
	EQ(w.cpl, 3);
	EQ(w.seg[CS].base, 0x10000);
	EQ(w.seg[SS].base, 0x20000);
	EQ(w.seg[DS].base, S_DATA3 << 4);
	/* the old TSS cannot take the state */
	world_protected(0);
	w.tr.limit = 0x5e;
	FAULTS(far_jmp(&w, S_TSS_B, 0, 4), EXC_TS, S_TSS_A);
	w.tr.limit = 0x5f;
	OK(far_jmp(&w, S_TSS_B, 0, 4));
	world_protected(0);
	w.tr.attr = 0;
	FAULTS(far_jmp(&w, S_TSS_B, 0, 4), EXC_TS, S_TSS_A);
	put_idt(EXC_GP, S_TSS_B, 0, 5, 0);
	struct fault gp = fault_code(EXC_GP, 0);

	FAULTS(exc_deliver(&w, &gp, EV_FAULT), EXC_TS, S_TSS_A | 1);
}

/* The EXT bit of what fails in a task that an exception entered. */
static void test_ext(void)
{
	static const struct { u16 off, value, np; u8 vec; u16 code; const char *name; } rows[] = {
		{ 0x60, S_DATA0, 0, EXC_TS, S_DATA0, "LDT type" },
		{ 0x60, 0x5c, 0, EXC_TS, 0x5c, "LDT in the LDT" },
		{ 0x4c, 0, 0, EXC_TS, 0, "CS null" },
		{ 0x4c, S_DATA0, 0, EXC_TS, S_DATA0, "CS type" },
		{ 0x4c, S_CODE0, S_CODE0, EXC_NP, S_CODE0, "CS not present" },
		{ 0x50, S_CODE0, 0, EXC_TS, S_CODE0, "SS type" },
		{ 0x54, S_TSS_A, 0, EXC_TS, S_TSS_A, "DS type" },
		{ 0x54, S_DATA3, S_DATA3, EXC_NP, S_DATA3 & ~3, "DS not present" },
		{ 0x4c, S_FREE, 0, EXC_GP, 0, "EIP outside" },
	};
	struct fault gp = fault_code(EXC_GP, 0);

	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		world_protected(0);
		put_idt(EXC_GP, S_TSS_B, 0, 5, 0);
		put_desc(S_FREE, 0, 0xff, A_CODE(0) & ~SEG_G);
		put_desc(0x5c, W_LDT, 0x7f, A_SYS(2, 0));
		put_desc(0, 0, 0xfffff, A_CODE(0));
		fake_put(W_TSS_B + rows[k].off, 2, rows[k].value);
		if (rows[k].np)
			desc_clear(rows[k].np, SEG_P);
		want_fault(exc_deliver(&w, &gp, EV_FAULT), rows[k].vec, rows[k].code | 1,
			   rows[k].name, __LINE__);
	}
	world_protected(0);
	put_idt(EXC_GP, S_TSS_B, 0, 5, 0);
	put_desc(S_TSS_B, W_TSS_B, 0x66, A_SYS(9, 0));
	FAULTS(exc_deliver(&w, &gp, EV_FAULT), EXC_TS, S_TSS_B | 1);
	put_idt(EXC_GP, 0x6c, 0, 5, 0);
	FAULTS(exc_deliver(&w, &gp, EV_FAULT), EXC_GP, 0x6c | 1);
	/* a conforming CS whose DPL is its RPL */
	world_protected(0);
	put_tss32(W_TSS_B, S_CONF3, 0x5000, S_DATA3, 0x800, 2);
	OK(far_jmp(&w, S_TSS_B, 0, 4));
	EQ(w.cpl, 3);
	/* an A bit that cannot be set: in the new task, and the register stays unusable */
	world_protected(0);
	gdt_split(S_TSS_A);
	fake_rights[(W_SPLIT - 1) >> 12] = FAKE_PRESENT | FAKE_USER;
	EQ(far_jmp(&w, S_TSS_B, 0, 4).vector, EXC_PF);
	EQ(w.tr.sel, S_TSS_B);
	EQ(w.seg[CS].attr, 0);
}

static void test_int_gate(void)
{
	struct fault df = fault_code(EXC_DF, 0), gp = fault_code(EXC_GP, 0x1230);

	world_protected(3);
	put_idt(EXC_DF, S_TSS_B, 0, 5, 0);
	OK(exc_deliver(&w, &df, EV_FAULT));
	EQ(w.eip, 0x5000);
	EQ(w.cpl, 0);
	EQ(w.eflags & FL_NT, FL_NT);
	EQ(fake_get(W_TSS_B, 2), S_TSS_A);
	EQ(fake_get(W_TSS_A + 0x20, 4), W_EIP);
	EQ(fake_get(W_TSS_A + 0x24, 4), FL_RF | FL_FIXED);
	EQ(reg32(&w, ESP), W_STACK + 0x800 - 4);
	EQ(stack_at(0, 4), 0);
	OK(far_iret(&w, 4));
	EQ(w.eip, W_EIP);
	EQ(w.cpl, 3);
	/* error code on a 16-bit task's stack */
	world_protected(0);
	put_idt(EXC_GP, S_TSS_C, 0, 5, 0);
	put_desc(S_FREE, 0x30000, 0xffff, (u16)(A_DATA(0) & ~(SEG_G | SEG_DB)));
	fake_put(W_TSS_C + 0x26, 2, S_FREE);
	OK(exc_deliver(&w, &gp, EV_FAULT));
	EQ(reg32(&w, ESP), 0x7fe);
	EQ(stack_at(0, 2), 0x1230);
	/* no room for it */
	world_protected(0);
	put_idt(EXC_GP, S_TSS_B, 0, 5, 0);
	put_desc(S_FREE, 0, 0x100, (u16)(A_DATA(0) & ~SEG_G));
	fake_put(W_TSS_B + 0x50, 2, S_FREE);
	want_fault(exc_deliver(&w, &gp, EV_FAULT), EXC_SS, 1, "error code", __LINE__);
	/* faults of the gate: EXT */
	world_protected(0);
	put_idt(EXC_GP, S_TSS_A, 0, 5, 0);
	FAULTS(exc_deliver(&w, &gp, EV_FAULT), EXC_GP, S_TSS_A | 1);
	FAULTS(exc_deliver(&w, &gp, EV_INT), EXC_GP, S_TSS_A);
	put_idt(EXC_GP, S_TSS_B, 0, 5, 0);
	desc_clear(S_TSS_B, SEG_P);
	FAULTS(exc_deliver(&w, &gp, EV_INTR), EXC_NP, S_TSS_B | 1);
	/* INT n saves the next instruction's address, and pushes no error code */
	world_protected(0);
	put_idt(0x80, S_TSS_B, 0, 5, 0);
	exc_software(&w, 0x80, EV_INT);
	EQ(fake_get(W_TSS_A + 0x20, 4), W_NEXT);
	EQ(reg32(&w, ESP), W_STACK + 0x800);
	EQ(fake_get(W_TSS_A + 0x24, 4) & FL_RF, 0);
}

/* The descriptors of the two TSSs on different pages. */
static void setup_split(void)
{
	world_protected(0);
	desc_set(S_CODE0, SEG_ACCESSED);
	desc_set(S_DATA0, SEG_ACCESSED);
	desc_set(S_DATA3, SEG_ACCESSED);
	desc_set(S_CONF0, SEG_ACCESSED);
	gdt_split(S_TSS_B);
}

/* The old TSS across two pages: EIP on the first, the segment registers on the second. */
static void setup_old_across(void)
{
	world_protected(0);
	w.tr.base = W_SPLIT - 0x40;
}

static void setup_iret(void)
{
	setup_old_across();
	w.eflags |= FL_NT;
	fake_put((u32)w.tr.base, 2, S_TSS_B);
	desc_set(S_TSS_B, TSS_BUSY);
}

static struct fault op_iret(void) { return far_iret(&w, 4); }
static struct fault op_call(void) { return far_call(&w, S_TSS_B, 0, 4); }
static struct fault op_jmp(void) { return far_jmp(&w, S_TSS_B, 0, 4); }
static struct fault op_call16(void) { return far_call(&w, S_TSS_C, 0, 4); }

/* Tables on one page with the TSS descriptors; all of it is touched before the commit. */
static void test_page_faults(void)
{
	/* GDT: not present, read-only; old TSS: not present, read-only; new TSS: not present */
	EQ(page_fault_sweep(setup_cpl0, op_jmp, "jmp task"), 5);
	/* CALL writes the new TSS's link too */
	EQ(page_fault_sweep(setup_cpl0, op_call16, "call task"), 6);
	/*
	 * GDT: both pages not present, the second read-only (busy bit); old TSS 2; new TSS 2.
	 * The first one's descriptors are accessed already.
	 */
	EQ(page_fault_sweep(setup_split, op_call, "call, split GDT"), 7);
	setup_split();
	fake_rights[(W_SPLIT - 1) >> 12] = FAKE_PRESENT | FAKE_USER;
	world_snap();
	EQ(op_jmp().vector, EXC_PF);
	TRUE(world_unchanged());
	EQ(page_fault_sweep(setup_old_across, op_jmp, "jmp, old TSS across"), 7);
	/* IRET: link; old TSS twice not present, read-only; GDT 2; new TSS */
	EQ(page_fault_sweep(setup_iret, op_iret, "iret, old TSS across"), 7);
	/* a fault on a descriptor of the new task belongs to it */
	world_protected(0);
	put_desc(S_LDT, 0x40000, 0x7f, A_SYS(2, 0));
	fake_put(W_TSS_B + 0x54, 2, 0x0c);
	fake_rights[0x40] = 0;
	struct fault f = op_jmp();
	EQ(f.vector, EXC_PF);
	EQ(w.tr.sel, S_TSS_B);
	EQ(w.eip, 0x5000);
}

static void test_io(void)
{
	world_protected(3);
	memset(fake_mem + W_TSS_A + 0x100, 0xff, 0x100);
	fake_rights[W_TSS_A >> 12] = FAKE_PRESENT | FAKE_WRITE;	/* the TSS is the supervisor's */
	fake_mem[W_TSS_A + 0x100 + 0x3f8 / 8] = 0;		/* 3f8 … 3ff */
	OK(task_io_allowed(&w, 0x3f8, 1));
	OK(task_io_allowed(&w, 0x3fc, 4));
	FAULTS(task_io_allowed(&w, 0x3fd, 4), EXC_GP, 0);		/* one port too many */
	FAULTS(task_io_allowed(&w, 0x3f7, 1), EXC_GP, 0);
	FAULTS(task_io_allowed(&w, 0x3f7, 2), EXC_GP, 0);
	w.eflags |= FL_IOPL;
	OK(task_io_allowed(&w, 0x3f7, 1));
	w.eflags &= ~(u32)FL_IOPL;
	w.tr.limit = 0x100 + 0x3f8 / 8;				/* its second byte is outside */
	FAULTS(task_io_allowed(&w, 0x3f8, 1), EXC_GP, 0);
	w.tr.limit++;
	OK(task_io_allowed(&w, 0x3f8, 1));
	w.tr.limit = 0x66;
	FAULTS(task_io_allowed(&w, 0x3f8, 1), EXC_GP, 0);
	/* the smallest TSS can hold a map */
	w.tr.limit = 0x67;
	fake_put(W_TSS_A + 0x66, 2, 0x40);
	OK(task_io_allowed(&w, 0, 1));
	fake_put(W_TSS_A + 0x66, 2, 0x100);
	w.tr.limit = 0x1ff;
	w.tr.attr = SEG_P | 3;					/* 16-bit TSS: no map */
	FAULTS(task_io_allowed(&w, 0x3f8, 1), EXC_GP, 0);
	world_protected(2);
	w.eflags |= 2 << 12;
	OK(task_io_allowed(&w, 0x70, 1));
	w.eflags = (w.eflags & ~(u32)FL_IOPL) | 1 << 12;
	fake_put(W_TSS_A + 0x66, 2, 0xffff);
	FAULTS(task_io_allowed(&w, 0x70, 1), EXC_GP, 0);
	world_v86(3);						/* IOPL does not help there */
	fake_mem[W_TSS_A + 0x100 + 0x70 / 8] = 1;
	FAULTS(task_io_allowed(&w, 0x70, 1), EXC_GP, 0);
	OK(task_io_allowed(&w, 0x71, 1));
	world_real();
	OK(task_io_allowed(&w, 0x70, 1));
}

int main(void)
{
	test_jmp32();
	test_call_iret();
	test_iret_link();
	test_gates();
	test_new_task_faults();
	test_special();
	test_ext();
	test_int_gate();
	test_page_faults();
	test_io();
	return check_done();
}
