/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segment loads, LLDT, LTR, LAR, LSL, VERR, VERW, ARPL against the pseudo-code
 * of SDM vol. 2. Not far transfers (test_far.c).
 */
#include <string.h>

#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

static void test_desc(void)
{
	struct segment s;
	struct desc d = { .lo = 0x5678ffff, .hi = 0x12cf9234 };

	s = desc_segment(&d, 0x10);
	EQ(s.base, 0x12345678);
	EQ(s.limit, 0xffffffff);
	EQ(s.attr, 0xc092);
	d.hi = 0x004f9200;
	EQ(desc_segment(&d, 0x10).limit, 0xfffff);
	/* expand-down, limit 2 pages */
	d = (struct desc){ .lo = 0x00000002, .hi = 0x00c09600 };
	s = desc_segment(&d, 0x10);
	EQ(s.limit, 0x2fff);
	EQ(seg_in_limit(&s, 0x2fff, 1), 0);
	EQ(seg_in_limit(&s, 0x3000, 4), 1);
	EQ(seg_in_limit(&s, 0xffffffff, 1), 1);
	EQ(seg_in_limit(&s, 0xffffffff, 2), 0);
	s.attr &= ~SEG_DB;
	EQ(seg_in_limit(&s, 0xffff, 1), 1);
	EQ(seg_in_limit(&s, 0xffff, 2), 0);
	s = (struct segment){ .limit = 0xffff, .attr = A_DATA(0) };
	EQ(seg_in_limit(&s, 0xfffc, 4), 1);
	EQ(seg_in_limit(&s, 0xfffd, 4), 0);
	EQ(seg_in_limit(&s, 0xffffffff, 4), 0);
}

static void test_load_data(void)
{
	world_protected(0);
	put_desc(S_FREE, 0x30000, 0xfff, A_DATA(0) & ~SEG_G);
	OK(seg_load(&w, ES, S_FREE));
	EQ(w.seg[ES].base, 0x30000);
	EQ(w.seg[ES].limit, 0xfff);
	EQ(w.seg[ES].sel, S_FREE);
	EQ(w.seg[ES].attr & SEG_ACCESSED, 1);
	EQ(fake_mem[W_GDT + S_FREE + 5] & 1, 1);
	EQ(w_mode, 1);

	OK(seg_load(&w, ES, 3));		/* null with RPL */
	EQ(w.seg[ES].sel, 3);
	EQ(w.seg[ES].attr, 0);
	FAULTS(seg_load(&w, DS, 0x200), EXC_GP, 0x200);		/* beyond the GDT */
	put_desc(0x1f8, 0x1234, 0xfffff, A_DATA(0));
	OK(seg_load(&w, DS, 0x1f8));				/* the last one */
	EQ(w.seg[DS].base, 0x1234);
	w.gdtr.limit--;
	FAULTS(seg_load(&w, DS, 0x1f8), EXC_GP, 0x1f8);
	w.gdtr.limit++;
	FAULTS(seg_load(&w, DS, 0x80 | 4), EXC_GP, 0x84);	/* beyond the LDT */
	put_desc(0x0c, 0x31000, 0xffff, A_DATA(0));
	w.ldtr.attr = 0;
	FAULTS(seg_load(&w, DS, 0x0c), EXC_GP, 0x0c);		/* no LDT */
	FAULTS(seg_load(&w, DS, S_TSS_B), EXC_GP, S_TSS_B);	/* system */
	put_desc(S_FREE, 0, 0xfffff, A_CODE(0) & ~SEG_READABLE);
	FAULTS(seg_load(&w, DS, S_FREE), EXC_GP, S_FREE);	/* execute-only */
	put_desc(S_FREE, 0, 0xfffff, A_CODE(0));
	OK(seg_load(&w, GS, S_FREE));
	FAULTS(seg_load(&w, DS, S_DATA0 | 3), EXC_GP, S_DATA0);	/* RPL > DPL */
	desc_clear(S_DATA0, SEG_P);
	FAULTS(seg_load(&w, DS, S_DATA0), EXC_NP, S_DATA0);
	OK(seg_load(&w, DS, S_CONF0 | 3));			/* conforming: no privilege */
	FAULTS(seg_load(&w, CS, S_CODE0), EXC_UD, 0);

	world_protected(3);
	FAULTS(seg_load(&w, FS, S_DATA2 & ~3), EXC_GP, S_DATA2 & ~3);	/* CPL > DPL */
	OK(seg_load(&w, FS, S_DATA3));
	OK(seg_load(&w, FS, S_CONF0 | 3));
	put_desc(0x0c, 0x31000, 0xffff, A_DATA(3) & ~SEG_G);
	OK(seg_load(&w, FS, 0x0f));				/* from the LDT */
	EQ(w.seg[FS].base, 0x31000);
}

static void test_load_ss(void)
{
	world_protected(1);
	OK(seg_load_ss(&w, S_DATA1));
	EQ(w.inhibit, INHIBIT_SS);
	w.inhibit = 0;
	OK(seg_load(&w, SS, S_DATA1));
	EQ(w.inhibit, 0);
	put_desc(0, 0, 0xfffff, A_DATA(1));
	FAULTS(seg_load_ss(&w, 1), EXC_GP, 0);				/* null */
	FAULTS(seg_load(&w, SS, 0x201), EXC_GP, 0x200);
	FAULTS(seg_load(&w, SS, S_DATA1 & ~3), EXC_GP, S_DATA1 & ~3);	/* RPL != CPL */
	FAULTS(seg_load(&w, SS, (S_DATA2 & ~3) | 1), EXC_GP, S_DATA2 & ~3);	/* DPL != CPL */
	FAULTS(seg_load(&w, SS, (S_CODE1)), EXC_GP, S_CODE1 & ~3);	/* not data */
	desc_clear(S_DATA1, SEG_WRITABLE);
	FAULTS(seg_load(&w, SS, S_DATA1), EXC_GP, S_DATA1 & ~3);
	desc_clear(S_DATA1, SEG_P);
	FAULTS(seg_load(&w, SS, S_DATA1), EXC_GP, S_DATA1 & ~3);	/* type before presence */
	desc_set(S_DATA1, SEG_WRITABLE);
	FAULTS(seg_load(&w, SS, S_DATA1), EXC_SS, S_DATA1 & ~3);
}

static void test_load_real(void)
{
	world_real();
	w.seg[DS].limit = 0xffffffff;
	w.seg[DS].attr |= SEG_DB;
	OK(seg_load(&w, DS, 0x1234));
	EQ(w.seg[DS].base, 0x12340);
	EQ(w.seg[DS].limit, 0xffffffff);	/* unreal mode */
	EQ(w.seg[DS].attr & SEG_DB, SEG_DB);
	world_v86(0);
	w.seg[DS].limit = 0xffffffff;
	OK(seg_load(&w, DS, 0x1234));
	EQ(w.seg[DS].base, 0x12340);
	EQ(w.seg[DS].limit, 0xffff);
	EQ(w.seg[DS].attr, 0xf3);
	OK(seg_load_ss(&w, 0));
	EQ(w.seg[SS].attr, 0xf3);
}

static struct fault op_load_es(void) { return seg_load(&w, ES, S_DATA3); }
static struct fault op_load_ss(void) { return seg_load(&w, SS, S_DATA3); }
static struct fault op_load_ltr(void) { return seg_ltr(&w, S_TSS_B); }
static void setup_cpl0(void) { world_protected(0); }
static void setup_cpl3(void) { world_protected(3); }

/* The descriptor's access byte is on the second of two pages. */
static void setup_split(void)
{
	world_protected(0);
	gdt_split(S_DATA3 & ~3);
	w.gdtr.base -= 4;
	put_desc(S_DATA3, 0, 0, 0);		/* the old place */
	memmove(fake_mem + W_SPLIT - 4, fake_mem + W_SPLIT, 8);
}

static void test_page_faults(void)
{
	EQ(page_fault_sweep(setup_cpl0, op_load_es, "load ES"), 2);	/* GDT read, A bit */
	EQ(page_fault_sweep(setup_split, op_load_es, "load ES, split"), 3);
	EQ(page_fault_sweep(setup_cpl3, op_load_ss, "load SS"), 2);
	EQ(page_fault_sweep(setup_cpl0, op_load_ltr, "LTR"), 2);
	world_protected(0);
	desc_set(S_DATA3, SEG_ACCESSED);
	fake_rights[W_GDT >> 12] = FAKE_PRESENT;
	OK(seg_load(&w, ES, S_DATA3));		/* accessed already: the table is not written */
}

static void test_lldt(void)
{
	world_protected(0);
	OK(seg_lldt(&w, S_LDT));
	EQ(w.ldtr.base, W_LDT);
	EQ(w.ldtr.limit, 0x7f);
	OK(seg_lldt(&w, 2));
	EQ(w.ldtr.attr, 0);
	EQ(w.ldtr.sel, 2);
	OK(seg_lldt(&w, S_LDT));
	put_desc(0x5c, W_LDT, 0x7f, A_SYS(2, 0));
	FAULTS(seg_lldt(&w, 0x5c), EXC_GP, 0x5c);		/* in the LDT */
	FAULTS(seg_lldt(&w, 0x200), EXC_GP, 0x200);
	FAULTS(seg_lldt(&w, S_DATA0), EXC_GP, S_DATA0);		/* type */
	desc_clear(S_LDT, SEG_P);
	FAULTS(seg_lldt(&w, S_LDT), EXC_NP, S_LDT);
	world_protected(3);
	FAULTS(seg_lldt(&w, S_LDT), EXC_GP, 0);
	world_real();
	FAULTS(seg_lldt(&w, S_LDT), EXC_UD, 0);
	world_v86(3);
	FAULTS(seg_lldt(&w, S_LDT), EXC_UD, 0);
}

static void test_ltr(void)
{
	world_protected(0);
	OK(seg_ltr(&w, S_TSS_B));
	EQ(w.tr.sel, S_TSS_B);
	EQ(w.tr.base, W_TSS_B);
	EQ(w.tr.attr & 0xf, 11);
	EQ(fake_mem[W_GDT + S_TSS_B + 5] & 0xf, 11);
	FAULTS(seg_ltr(&w, S_TSS_B), EXC_GP, S_TSS_B);		/* busy */
	OK(seg_ltr(&w, S_TSS_C));
	EQ(w.tr.attr & 0xf, 3);
	FAULTS(seg_ltr(&w, 0), EXC_GP, 0);
	put_desc(0x6c, W_TSS_B, 0x67, A_SYS(9, 0));
	FAULTS(seg_ltr(&w, 0x6c), EXC_GP, 0x6c);
	FAULTS(seg_ltr(&w, 0x208), EXC_GP, 0x208);
	FAULTS(seg_ltr(&w, S_LDT), EXC_GP, S_LDT);
	put_desc(S_FREE, 0, 0x67, (u16)(A_SYS(9, 0) & ~SEG_P));
	FAULTS(seg_ltr(&w, S_FREE), EXC_NP, S_FREE);
	world_protected(1);
	FAULTS(seg_ltr(&w, S_TSS_B), EXC_GP, 0);
	world_real();
	FAULTS(seg_ltr(&w, S_TSS_B), EXC_UD, 0);
}

/* Which of the 16 system types does the instruction accept? A bit map. */
static u32 accepted(struct fault (*ask)(struct vcpu *, u16, u32 *, bool *))
{
	u32 map = 0, out;

	for (unsigned t = 0; t < 16; t++) {
		bool zf;

		put_desc(S_FREE, 0, 0x1234, (u16)A_SYS(t, 0));
		OK(ask(&w, S_FREE, &out, &zf));
		map |= (u32)zf << t;
	}
	return map;
}

static void test_lar_lsl(void)
{
	u32 out = 0;
	bool zf;

	world_protected(0);
	EQ(accepted(seg_lar), 0x1a3e);		/* 1 2 3 4 5 9 11 12 */
	EQ(accepted(seg_lsl), 0x0a0e);		/* 1 2 3 9 11 */
	OK(seg_lar(&w, 0, &out, &zf));
	EQ(zf, 0);
	OK(seg_lar(&w, 0x200, &out, &zf));
	EQ(zf, 0);
	OK(seg_lar(&w, S_CODE3, &out, &zf));
	EQ(zf, 1);
	EQ(out, 0x00cffa00);
	OK(seg_lsl(&w, S_CODE3, &out, &zf));
	EQ(out, 0xffffffff);
	OK(seg_lsl(&w, S_TSS_B, &out, &zf));
	EQ(out, 0x67);
	desc_clear(S_CODE3, SEG_P);		/* presence does not matter */
	OK(seg_lar(&w, S_CODE3, &out, &zf));
	EQ(zf, 1);
	EQ(out, 0x00cf7a00);
	OK(seg_lar(&w, S_DATA0 | 3, &out, &zf));	/* RPL > DPL */
	EQ(zf, 0);
	OK(seg_lar(&w, S_CONF0 | 3, &out, &zf));
	EQ(zf, 1);
	world_protected(3);
	OK(seg_lsl(&w, S_DATA0, &out, &zf));		/* CPL > DPL */
	EQ(zf, 0);
	fake_rights[W_GDT >> 12] = 0;
	FAULTS(seg_lsl(&w, S_DATA3, &out, &zf).raised ? fault_code(EXC_PF, 0) : fault_none(),
	       EXC_PF, 0);
	world_real();
	FAULTS(seg_lar(&w, S_DATA0, &out, &zf), EXC_UD, 0);
	FAULTS(seg_lsl(&w, S_DATA0, &out, &zf), EXC_UD, 0);
	world_v86(3);
	FAULTS(seg_lar(&w, S_DATA0, &out, &zf), EXC_UD, 0);
}

static void test_verr_verw(void)
{
	static const struct { u16 attr, sel; u8 cpl; bool verr, verw; } rows[] = {
		/* data, read-only */
		{ SEG_P | SEG_S, S_FREE, 0, 1, 0 },
		{ SEG_P | SEG_S | SEG_WRITABLE, S_FREE, 0, 1, 1 },
		/* not present */
		{ SEG_S | SEG_WRITABLE, S_FREE, 0, 1, 1 },
		{ SEG_P | SEG_S | SEG_CODE, S_FREE, 0, 0, 0 },
		{ SEG_P | SEG_S | SEG_CODE | SEG_READABLE, S_FREE, 0, 1, 0 },
		{ SEG_P | 9, S_FREE, 0, 0, 0 },						/* system */
		{ SEG_P | SEG_S | SEG_WRITABLE, S_FREE | 3, 0, 0, 0 },			/* RPL */
		{ SEG_P | SEG_S | SEG_WRITABLE, S_FREE, 3, 0, 0 },			/* CPL */
		{ SEG_P | SEG_S | SEG_WRITABLE | A_DPL(3), S_FREE | 3, 3, 1, 1 },
		{ SEG_P | SEG_S | SEG_CODE | SEG_READABLE | SEG_CONFORMING, S_FREE | 3, 3, 1, 0 },
		{ SEG_P | SEG_S | SEG_CODE | SEG_CONFORMING, S_FREE, 3, 0, 0 },
		{ SEG_P | SEG_S | SEG_WRITABLE, 0, 0, 0, 0 },				/* null */
		/* outside */
		{ SEG_P | SEG_S | SEG_WRITABLE, 0x300, 0, 0, 0 },
	};

	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		bool zf;

		world_protected(rows[k].cpl);
		put_desc(S_FREE, 0, 0xfffff, rows[k].attr);
		OK(seg_verr(&w, rows[k].sel, &zf));
		check_eq(zf, rows[k].verr, "verr", "row", (int)k);
		OK(seg_verw(&w, rows[k].sel, &zf));
		check_eq(zf, rows[k].verw, "verw", "row", (int)k);
	}
	world_real();
	bool zf;

	FAULTS(seg_verr(&w, 8, &zf), EXC_UD, 0);
	FAULTS(seg_verw(&w, 8, &zf), EXC_UD, 0);
}

static void test_arpl(void)
{
	bool zf;

	EQ(seg_arpl(0x10, 0x0b, &zf), 0x13);
	EQ(zf, 1);
	EQ(seg_arpl(0x13, 0x08, &zf), 0x13);
	EQ(zf, 0);
	EQ(seg_arpl(0x12, 0x0a, &zf), 0x12);
	EQ(zf, 0);
}

int main(void)
{
	test_desc();
	test_load_data();
	test_load_ss();
	test_load_real();
	test_page_faults();
	test_lldt();
	test_ltr();
	test_lar_lsl();
	test_verr_verw();
	test_arpl();
	return check_done();
}
