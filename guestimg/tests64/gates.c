/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Gates of long mode: frames and their alignment, IST, what a gate may name, IRETQ. Expectations:
 * SDM vol. 3, 6.14 (64-bit mode interrupts), and the pages of INT n and IRET in vol. 2.
 */
#include "guestimg/tests64/lib.h"

enum { IDT_ERROR = VEC_TEST * 8 + 2 };

CODE(int_test, "int $0x50")
CODE(int_exit, "int $0x30")
CODE(load_missing, "mov (%rdi), %rax")
CODE(ud2, "ud2")

static u64 frame_of(u64 rsp, bool error)
{
	return (rsp & ~15ul) - (error ? 48 : 40);
}

/* The frame lies on a boundary of 16, whatever RSP was; SS:RSP are always pushed. */
static void test_frames(void)
{
	struct regs r = kernel_regs(int_exit);

	test("frame of an interrupt in the kernel, aligned");
	for (u64 k = 0; k < 16; k++) {
		r.rsp = TOP(code_stack) - 64 - k;
		run_to(&r, VEC_EXIT, 0);
		expect("stack", stopped.stack, frame_of(r.rsp, false));
		expect("rsp", stopped.r.rsp, r.rsp);
		expect("ss", stopped.r.ss, KDATA);
		expect("ss in the handler", stopped.handler_ss, KDATA);
		expect("cs", stopped.r.cs, KCODE64);
		expect("rip", stopped.r.rip, AT(int_exit) + 2);
	}
	test("frame with an error code, aligned");
	r = kernel_regs(load_missing);
	r.rdi = WINDOW;
	for (u64 k = 0; k < 16; k++) {
		r.rsp = TOP(code_stack) - 64 - k;
		run_to(&r, V_PF, 0);
		expect("stack", stopped.stack, frame_of(r.rsp, true));
		expect("cr2", stopped.cr2, WINDOW);
		expect("rip", stopped.r.rip, AT(load_missing));
	}
	test("frame of an interrupt in user mode: RSP0, a null SS");
	r = user_regs(int_exit);
	r.rsp = 0x123456789abcdef1;
	for (u64 k = 0; k < 16; k += 4) {
		tss.rsp0 = TOP(trap_stack) - k;
		run_to(&r, VEC_EXIT, 0);
		expect("stack", stopped.stack, frame_of(tss.rsp0, false));
		expect("rsp", stopped.r.rsp, r.rsp);
		expect("ss", stopped.r.ss, UDATA);
		expect("ss in the handler", stopped.handler_ss, 0);
	}
	tss.rsp0 = TOP(trap_stack);
}

/* Each stack of the IST, from both modes; it begins at its top each time. */
static void test_ist(void)
{
	struct regs r[2] = { kernel_regs(int_test), user_regs(int_test) };

	test("IST");
	for (u8 n = 1; n < 8; n++)
		for (u32 k = 0; k < 2; k++) {
			gate_set(VEC_TEST, AT(trap_stubs) + 16 * VEC_TEST, KCODE64, GATE_USER, n);
			tss.ist[n - 1] = TOP(ist_stack[n - 1]) - n;
			run_to(&r[k], VEC_TEST, 0);
			expect("stack", stopped.stack, frame_of(tss.ist[n - 1], false));
			expect("rsp", stopped.r.rsp, r[k].rsp);
			tss.ist[n - 1] = TOP(ist_stack[n - 1]);
		}
	test("SS becomes null by IST only if CPL changes");
	run_to(&r[1], VEC_TEST, 0);
	expect("ss in the handler", stopped.handler_ss, 0);
	run_to(&r[0], VEC_TEST, 0);
	if (!not_in_tcg("null always"))
		expect("ss in the handler", stopped.handler_ss, KDATA);
	gate_reset(VEC_TEST);
}

static u64 flags_inside;

static bool note_flags(struct trap *t)
{
	(void)t;
	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags_inside));
	return false;
}

static void test_flags(void)
{
	struct regs r = kernel_regs(int_test);

	test("an interrupt gate clears IF, TF, NT, RF; a trap gate leaves IF");
	on_trap[VEC_TEST] = note_flags;
	for (u32 k = 0; k < 2; k++) {
		gate_set(VEC_TEST, AT(trap_stubs) + 16 * VEC_TEST, KCODE64,
			 k ? GATE_TRAP : GATE_INT, 0);
		r.rflags = 2 | IF | NT | AC | CF;
		run_to(&r, VEC_TEST, 0);
		expect("flags in the frame", stopped.r.rflags, r.rflags);
		expect("flags", flags_inside & (IF | NT | TF | RF | AC), AC | (k ? IF : 0));
		__asm__ volatile("cli");
	}
	on_trap[VEC_TEST] = 0;
	gate_reset(VEC_TEST);
}

/* What a gate may not be. */
static void test_gate_checks(void)
{
	struct regs r = kernel_regs(int_test), u = user_regs(int_test);
	u64 stub = AT(trap_stubs) + 16 * VEC_TEST;
	/* Everything but 64-bit interrupt and trap gates; DPL 3. */
	static const u8 types[] = { 0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9,
		0xea, 0xeb, 0xec, 0xed, 0xf2, 0xfe };

	test("types of gates");
	for (u32 k = 0; k < COUNT(types); k++) {
		gate_set(VEC_TEST, stub, KCODE64, types[k], 0);
		run_to(&r, V_GP, IDT_ERROR);
		expect("rip", stopped.r.rip, AT(int_test));
		run_to(&u, V_GP, IDT_ERROR);
	}
	test("DPL of a gate");
	gate_set(VEC_TEST, stub, KCODE64, GATE_INT, 0);
	run_to(&u, V_GP, IDT_ERROR);
	run_to(&r, VEC_TEST, 0);
	test("a gate that is not present");
	gate_set(VEC_TEST, stub, KCODE64, GATE_USER & 0x7f, 0);
	run_to(&u, V_NP, IDT_ERROR);
	gate_set(VEC_TEST, stub, KCODE64, GATE_INT & 0x7f, 0);
	run_to(&u, V_GP, IDT_ERROR);
	test("the limit of the IDT");
	gate_reset(VEC_TEST);
	for (u16 k = 0; k < 16; k++) {
		struct pointer p = { VEC_TEST * 16 + k, AT(idt) };

		load_idt(&p);
		run_to(&r, k == 15 ? VEC_TEST : V_GP, IDT_ERROR);
	}
	load_idt(&idt_pointer);
}

/* CS in a gate: what it may name. */
static void test_gate_code(void)
{
	struct regs r = kernel_regs(int_test);
	u64 stub = AT(trap_stubs) + 16 * VEC_TEST;
	static const struct { u16 attributes; u8 vector; } rows[] = {
		{ 0xc09b, V_GP },	/* 32 bits */
		{ 0xe09b, V_GP },	/* L and D */
		{ 0xa093, V_GP },	/* data */
		{ 0xa01b, V_NP },	/* not present */
		{ 0xa0fb, V_GP },	/* less privileged */
		{ 0xa09b, VEC_TEST },
		{ 0xa09f, VEC_TEST },	/* conforming */
		{ 0xa099, VEC_TEST },	/* not readable */
		{ 0x209b, VEC_TEST },	/* a limit of 64 KiB: not looked at */
		{ 0x2089, V_GP },	/* a TSS */
	};

	test("code segments of gates");
	gate_set(VEC_TEST, stub, SPARE, GATE_USER, 0);
	for (u32 k = 0; k < COUNT(rows); k++) {
		gdt[SPARE >> 3] = descriptor(0x1000, 0xffff, rows[k].attributes);
		run_to(&r, rows[k].vector, SPARE);
		expect("rip", stopped.r.rip, AT(int_test) + (rows[k].vector == VEC_TEST ? 2 : 0));
	}
	test("a gate without a code segment");
	gate_set(VEC_TEST, stub, 0, GATE_USER, 0);
	run_to(&r, V_GP, 0);
	gate_set(VEC_TEST, stub, GDT_ENTRIES * 8, GATE_USER, 0);
	run_to(&r, V_GP, GDT_ENTRIES * 8);
	test("a gate's offset that is not canonical");
	gate_set(VEC_TEST, NON_CANONICAL, KCODE64, GATE_USER, 0);
	if (!not_in_tcg("it goes there, and faults then")) {
		run_to(&r, V_GP, 0);
		expect("rip", stopped.r.rip, AT(int_test));
	}
	gate_reset(VEC_TEST);
}

/*
 * RSP0 = 2^47 is not canonical, but every byte of its frame is; the SDM has #SS(0) if
 * "StackAddress" is not (vol. 2, INT n), and does not say which that means. Or else nothing is
 * mapped there: #DF. (PUSH, on Intel's CPUs, looks at what it writes.)
 */
static void test_stack_at_edge(void)
{
	struct regs u = user_regs(int_test);

	test("a stack that begins where the hole does");
	tss.rsp0 = NON_CANONICAL;
	run(&u);
	if (stopped.vector != V_DF)
		expect("vector", stopped.vector, V_SS);
	expect("rip", stopped.r.rip, AT(int_test));
	tss.rsp0 = TOP(trap_stack);
}

/* Stacks that are not canonical: #SS(0), delivered on a stack of its own. */
static void test_bad_stacks(void)
{
	struct regs r = kernel_regs(int_test), u = user_regs(int_test);
	static const u64 bad[] = { NON_CANONICAL + 16, 0x8000000000000000, 0x9000000000200000,
		0xbffffffffffffff8, 0xc000000000000000, 0xffff7ffffffffff8 };

	test("stacks that are not canonical");
	if (not_in_tcg("#GP, or #DF"))
		return;
	gate_set(V_SS, AT(trap_stubs) + 16 * V_SS, KCODE64, GATE_INT, 6);
	for (u32 k = 0; k < COUNT(bad); k++) {
		tss.rsp0 = bad[k];
		run_to(&u, V_SS, 0);
		expect("rip", stopped.r.rip, AT(int_test));
		expect("stack", stopped.stack, frame_of(tss.ist[5], true));
		tss.rsp0 = TOP(trap_stack);
		gate_set(VEC_TEST, AT(trap_stubs) + 16 * VEC_TEST, KCODE64, GATE_USER, 1);
		tss.ist[0] = bad[k];
		run_to(&r, V_SS, 0);
		run_to(&u, V_SS, 0);
		tss.ist[0] = TOP(ist_stack[0]);
		gate_reset(VEC_TEST);
		r.rsp = bad[k];
		run_to(&r, V_SS, 0);
		expect("rsp", stopped.r.rsp, bad[k]);
		r.rsp = TOP(code_stack);
	}
	test_stack_at_edge();
	gate_reset(V_SS);
	test("a stack that is not canonical for #SS itself: double fault");
	tss.rsp0 = NON_CANONICAL + 16;
	run_to(&u, V_DF, 0);
	expect("stack", stopped.stack, frame_of(tss.ist[6], true));
	tss.rsp0 = TOP(trap_stack);
}

static void test_double_fault(void)
{
	struct regs r = kernel_regs(load_missing), u = user_regs(int_test);

	test("double faults");
	r.rdi = WINDOW;
	gate_set(V_PF, 0, KCODE64, GATE_INT & 0x7f, 0);
	run_to(&r, V_DF, 0);
	expect("rip", stopped.r.rip, AT(load_missing));
	gate_set(V_PF, AT(trap_stubs) + 16 * V_PF, KCODE64, 0xe5, 0);
	run_to(&r, V_DF, 0);
	gate_reset(V_PF);
	tss.rsp0 = WINDOW + 0x2000;		/* nothing is there */
	run_to(&u, V_DF, 0);
	expect("cr2", stopped.cr2, WINDOW + 0x1ff8);
	tss.rsp0 = TOP(trap_stack);
	test("an invalid opcode whose gate is missing: #NP, not a double fault");
	r.rip = AT(ud2);
	gate_set(V_UD, 0, KCODE64, GATE_INT & 0x7f, 0);
	run_to(&r, V_NP, V_UD * 8 + (in_tcg() ? 2 : 3));	/* EXT; TCG leaves it out */
	gate_reset(V_UD);
}

void test_returns(void);		/* gates_iret.c */
void test_device_stacks(void);		/* gates_device.c */
void test_transfers(void);		/* gates_far.c */
void test_system_segments(void);

int main(void);
int main(void)
{
	test_frames();
	test_ist();
	test_flags();
	test_gate_checks();
	test_gate_code();
	test_double_fault();
	test_bad_stacks();
	test_returns();
	test_device_stacks();
	test_transfers();
	test_system_segments();
	finish("gates64");
}
