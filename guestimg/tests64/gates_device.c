/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames and gates in a device's memory: the VGA's window, which in chain 4 keeps what is written,
 * as RAM does. Each way is gone some times in RAM and in the window by turns, as a translator may
 * remember it. Invariant: at the end the VGA is as a reset leaves it, as far as it is used here.
 */
#include "guestimg/tests64/lib.h"

CODE(int_test, "int $0x50")
CODE(do_iretq, "iretq")
CODE(do_lretq, "lretq")
CODE(load_missing, "mov (%rdi), %rax")
CODE(push_pop, "push %rdi\n\tpush $-2\n\tpop %rbx\n\tpop %rcx")
CODE(call_ret, "call 1f\n\tjmp 2f\n1:\tmov $7, %ebx\n\tret\n2:")
CODE(landing, "mov %rsp, %rax\n\tmov %ss, %ecx")

/* RAM lies below the window: a frame may begin there and end in it. */
#define DEVICE 0xa0000ul
enum { SEQ = 0x3c4, GRAPHICS = 0x3ce };

static u64 ram_stack[1024] __attribute__((aligned(PAGE)));

static void vga(u16 port, u8 index, u8 v)
{
	outb(port, index);
	outb(port + 1, v);
}

static void window_on(void)
{
	vga(SEQ, 2, 0x0f);		/* all planes */
	vga(SEQ, 4, 0x0e);		/* chain 4 */
	vga(GRAPHICS, 3, 0);
	vga(GRAPHICS, 5, 0x40);
	vga(GRAPHICS, 6, 5);		/* 64 KiB at A0000 */
	vga(GRAPHICS, 8, 0xff);
}

static void window_off(void)
{
	vga(SEQ, 4, 0);
	vga(SEQ, 2, 0);
	vga(GRAPHICS, 5, 0);
	vga(GRAPHICS, 6, 0);
}

/* Where stacks end: RAM, the window, over its beginning, over the end of two of its pages. */
static u64 top(u32 k)
{
	const u64 tops[] = { TOP(ram_stack), DEVICE + 0x3000 - 64, TOP(ram_stack) - 32,
			     DEVICE + 0x3000 - 0x800, DEVICE + 0x10, DEVICE + 0x20,
			     DEVICE + 0x5010, TOP(ram_stack) };

	return tops[k % COUNT(tops)];
}
enum { TURNS = 16 };

static void expect_frame(const struct regs *r, u64 from)
{
	const u64 *frame = (const u64 *)(from - 40);

	expect("stack", stopped.stack, from - 40);
	expect("rip in memory", frame[0], AT(int_test_end));
	expect("cs in memory", frame[1], r->cs);
	expect("flags in memory", frame[2], r->rflags);
	expect("rsp in memory", frame[3], r->rsp);
	expect("ss in memory", frame[4], r->ss);
	expect("rsp", stopped.r.rsp, r->rsp);
	expect("rip", stopped.r.rip, AT(int_test_end));
}

static void test_int(void)
{
	struct regs r = kernel_regs(int_test), u = user_regs(int_test);

	test("frames in a device's memory: INT n in the kernel");
	for (u32 k = 0; k < TURNS; k++) {
		r.rsp = top(k) - 3;
		r.rflags = k & 1 ? 2 | CF | DF : 2;
		run_to(&r, VEC_TEST, 0);
		expect_frame(&r, top(k) - 16);
	}
	test("frames in a device's memory: INT n in user mode");
	u.rsp = 0x123456789a;
	for (u32 k = 0; k < TURNS; k++) {
		tss.rsp0 = top(k);
		run_to(&u, VEC_TEST, 0);
		expect_frame(&u, top(k));
	}
	tss.rsp0 = TOP(trap_stack);
	test("frames in a device's memory: IST");
	gate_set(VEC_TEST, AT(trap_stubs) + 16 * VEC_TEST, KCODE64, GATE_USER, 1);
	for (u32 k = 0; k < TURNS; k++) {
		tss.ist[0] = top(k);
		r.rsp = TOP(code_stack);
		run_to(&r, VEC_TEST, 0);
		expect_frame(&r, top(k));
		run_to(&u, VEC_TEST, 0);
		expect_frame(&u, top(k));
	}
	tss.ist[0] = TOP(ist_stack[0]);
	gate_reset(VEC_TEST);
}

static void test_fault(void)
{
	struct regs r = kernel_regs(load_missing);

	test("frames in a device's memory: a page fault");
	r.rdi = WINDOW;
	for (u32 k = 0; k < TURNS; k++) {
		r.rsp = top(k);
		run_to(&r, V_PF, 0);
		expect("stack", stopped.stack, top(k) - 48);
		expect("rip in memory", *(u64 *)(top(k) - 40), AT(load_missing));
		expect("rsp", stopped.r.rsp, r.rsp);
	}
}

/* What `code` pops, at `at`. */
static struct regs popping(const char *code, u64 at, bool user, u64 flags)
{
	struct regs r = kernel_regs(code);
	u64 frame[5] = { AT(landing), user ? UCODE64 : KCODE64, flags,
			 TOP(user_stack) - 24, user ? UDATA : KDATA };

	memcpy((void *)at, frame, sizeof(frame));
	r.rsp = at;
	return r;
}

static void test_iret(void)
{
	test("IRETQ from a device's memory");
	for (u32 k = 0; k < 2 * TURNS; k++) {
		bool user = k / TURNS;
		struct regs r = popping(do_iretq, top(k) - 40, user, k & 1 ? 2 | CF | AC : 2);

		run_to(&r, VEC_EXIT, 0);
		expect("rsp", stopped.r.rax, TOP(user_stack) - 24);
		expect("cs", stopped.r.cs, user ? UCODE64 : KCODE64);
		expect("ss", stopped.r.rcx, user ? UDATA : KDATA);
		expect("flags", stopped.r.rflags, k & 1 ? 2 | CF | AC : 2);
	}
	/* A frame that is refused: its fault pushes right below it. */
	test("IRETQ from a device's memory to where RIP is not canonical");
	for (u32 k = 0; k < TURNS && !not_in_tcg("it goes there, and faults then"); k++) {
		struct regs r = popping(do_iretq, top(k) - 40, k & 1, 2);

		*(u64 *)r.rsp = NON_CANONICAL;
		run_to(&r, V_GP, 0);
		expect("rip", stopped.r.rip, AT(do_iretq));
		expect("rsp", stopped.r.rsp, r.rsp);
		expect("what it pops", *(u64 *)r.rsp, NON_CANONICAL);
	}
	test("a far return from a device's memory");
	for (u32 k = 0; k < TURNS; k++) {
		struct regs r = popping(do_lretq, top(k) - 40, false, 0);

		run_to(&r, VEC_EXIT, 0);
		expect("rsp", stopped.r.rax, r.rsp + 16);
	}
}

static void test_near(void)
{
	struct regs r = kernel_regs(push_pop);

	test("PUSH, POP, CALL and RET with a stack in a device's memory");
	r.rdi = 0x1122334455667788;
	for (u32 k = 0; k < TURNS; k++) {
		r.rip = AT(push_pop);
		r.rsp = top(k) - 4;		/* over the end of a page, too */
		run_to(&r, VEC_EXIT, 0);
		expect("rbx", stopped.r.rbx, -2ul);
		expect("rcx", stopped.r.rcx, r.rdi);
		expect("rsp", stopped.r.rsp, r.rsp);
		r.rip = AT(call_ret);
		run_to(&r, VEC_EXIT, 0);
		expect("rbx", stopped.r.rbx, 7);
		expect("rsp", stopped.r.rsp, r.rsp);
	}
}

/* The tables there, too: what has changed in them counts at once. */
static void test_tables(void)
{
	u64 *gates = (u64 *)DEVICE, *stack = (u64 *)(DEVICE + 0x2004);
	struct pointer p = { sizeof(idt) - 1, DEVICE };
	struct regs r = kernel_regs(int_test), u = user_regs(int_test);

	test("the IDT in a device's memory");
	memcpy(gates, idt, sizeof(idt));
	load_idt(&p);
	for (u32 k = 0; k < TURNS; k++) {
		u32 vector = VEC_TEST + k / 4 % 2;

		gates[2 * VEC_TEST] = idt[2 * vector];
		run_to(&r, vector, 0);
		run_to(&u, vector, 0);
	}
	load_idt(&idt_pointer);
	test("the TSS in a device's memory");
	gdt[TSS >> 3] = descriptor((u32)AT(stack) - 4, sizeof(tss) - 1, 0x89);
	memcpy((u8 *)stack - 4, &tss, sizeof(tss));
	load_tables(&gdt_pointer, &idt_pointer);
	for (u32 k = 0; k < TURNS; k++) {
		*stack = top(k / 2);
		run_to(&u, VEC_TEST, 0);
		expect_frame(&u, top(k / 2));
	}
	gdt[TSS >> 3] = descriptor((u32)AT(&tss), sizeof(tss) - 1, 0x89);
	load_tables(&gdt_pointer, &idt_pointer);
}

void test_device_stacks(void);
void test_device_stacks(void)
{
	window_on();
	test_int();
	test_fault();
	test_iret();
	test_near();
	test_tables();
	window_off();
}
