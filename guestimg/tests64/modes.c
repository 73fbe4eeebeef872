/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compatibility mode, 32 and 16 bits, in user mode and in the kernel; what 64-bit mode has not; out
 * of long mode and back (modes_tour.c). SDM vol. 1, 3.2.1; vol. 2, B.1; vol. 3, 9.8.5.
 */
#include "guestimg/tests64/modes.h"

/* Registers that compatibility mode cannot name are as they were. */
static void fill(struct regs *r)
{
	r->r8 = 0x8888888811111111;
	r->r9 = 0x9999999922222222;
	r->r10 = 0xaaaaaaaa33333333;
	r->r11 = 0xbbbbbbbb44444444;
	r->r12 = 0xcccccccc55555555;
	r->r13 = 0xdddddddd66666666;
	r->r14 = 0xeeeeeeee77777777;
	r->r15 = 0xffffffff88888888;
}

static void expect_filled(const struct regs *r)
{
	expect("r8", stopped.r.r8, r->r8);
	expect("r9", stopped.r.r9, r->r9);
	expect("r10", stopped.r.r10, r->r10);
	expect("r11", stopped.r.r11, r->r11);
	expect("r12", stopped.r.r12, r->r12);
	expect("r13", stopped.r.r13, r->r13);
	expect("r14", stopped.r.r14, r->r14);
	expect("r15", stopped.r.r15, r->r15);
}

static void test_32(void)
{
	struct regs r = user32_regs(compat_basic);

	test("compatibility mode, 32 bits");
	fill(&r);
	run_to(&r, VEC_EXIT, 0);
	expect("eax", stopped.r.rax, 0x11223345);
	expect("pushed", stopped.r.rbx, 0x11223345);
	expect("esp", stopped.r.rcx, TOP(user_stack) - 4);
	expect("rsp", stopped.r.rsp, TOP(user_stack));
	expect("cs", stopped.r.cs, UCODE32);
	expect("frame", stopped.stack, TOP(trap_stack) - 40);
	expect_filled(&r);
	test("compatibility mode: instructions that 64-bit mode has not");
	r.rip = AT(compat_old);
	r.rax = 0;
	run_to(&r, VEC_EXIT, 0);
	expect("eax", stopped.r.rax & 0xffff, 0x105);
	expect("ebx", stopped.r.rbx, 0x123);
	r.rip = AT(compat_arpl);
	run_to(&r, VEC_EXIT, 0);
	expect("arpl", stopped.r.rax, 0x13);
	test("an upper half that nothing wrote to is as it was");
	r.rip = AT(compat_basic);
	r.rsi = 0x1234567800000001;
	run_to(&r, VEC_EXIT, 0);
	expect("rsi", stopped.r.rsi, r.rsi);
}

static void test_limits(void)
{
	struct regs r = user32_regs(compat_load_seg);

	gdt[SPARE >> 3] = descriptor(0x100000, 0xfff, 0x40f3);
	r.rax = SPARE | 3;
	r.rdi = 0xffc;
	run_to(&r, VEC_EXIT, 0);
	r.rdi = 0xffd;
	run_to(&r, V_GP, 0);
	r = user32_regs(compat_load_ss);
	r.rax = SPARE | 3;
	r.rbp = 0xffc;
	run_to(&r, VEC_EXIT, 0);
	r.rbp = 0xffd;
	run_to(&r, V_SS, 0);
	test("compatibility mode: a null DS");
	r = user32_regs(compat_load_seg);
	r.rax = 0;
	r.rdi = 0x100000;
	run_to(&r, V_GP, 0);
}

static void test_addresses(void)
{
	struct regs r = user32_regs(compat_load);
	static u32 value = 0x13572468;

	test("compatibility mode: addresses are of 32 bits");
	r.rdi = 0xffffffff00000000 | AT(&value);
	run_to(&r, VEC_EXIT, 0);
	expect("eax", stopped.r.rax, value);
	test("compatibility mode: a base wraps at 4 GiB");
	r = user32_regs(compat_load_seg);
	gdt[SPARE >> 3] = descriptor(0xfffff000, 0xfffff, 0xc0f3);
	r.rax = SPARE | 3;
	r.rdi = AT(&value) + 0x1000;
	run_to(&r, VEC_EXIT, 0);
	expect("eax", stopped.r.rax, value);
	test("compatibility mode: limits");
	if (!not_in_tcg("there are none"))
		test_limits();
	test("compatibility mode: a missing page");
	r = user32_regs(compat_load);
	r.rdi = 0x12345678c0001000;
	run_to(&r, V_PF, PF_U);
	expect("cr2", stopped.cr2, 0xc0001000);
	r = user32_regs(compat_push);
	r.rsp = 0xc0001000;
	run_to(&r, V_PF, PF_U | PF_W);
	expect("cr2", stopped.cr2, 0xc0000ffc);
	expect("esp", stopped.r.rsp, 0xc0001000);
}

static void test_16(void)
{
	struct regs r = user16_regs(0);

	test("compatibility mode, 16 bits");
	memcpy((void *)DATA16, compat16, AT(compat16_end) - AT(compat16));
	*(u16 *)(DATA16 + 0x7fee) = 0x7531;
	fill(&r);
	r.rsp = 0xfff0;
	__asm__ volatile("mov %0, %%ds" :: "r"(UDATA16));
	run_to(&r, VEC_EXIT, 0);
	expect("sp", stopped.r.rbx & 0xffff, 0xffee);
	expect("cx", stopped.r.rcx & 0xffff, 0x1235);
	expect("edx", stopped.r.rdx, 0x89abcdef);
	expect("[bx + si]", stopped.r.rdi & 0xffff, 0x7531);
	expect("ip", stopped.r.rip, AT(compat16_end) - AT(compat16));
	expect("cs", stopped.r.cs, UCODE16);
	expect_filled(&r);
}

static void test_switches(void)
{
	struct regs r = user32_regs(compat_to_64);

	test("from compatibility mode to 64-bit code and back");
	fill(&r);
	r.rdx = 4;
	run_to(&r, VEC_EXIT, 0);
	expect("r9", stopped.r.r9, 0x8877665544332211);
	expect("r10", stopped.r.r10, r.r10 + 0x8877665544332211);
	expect("r11", stopped.r.r11, TOP(user_stack));
	expect("rsi", stopped.r.rsi, 0x10000000000);
	expect("edx", stopped.r.rdx, 5);
	expect("r12", stopped.r.r12, r.r12);
	expect("cs", stopped.r.cs, UCODE32);
	test("compatibility mode in the kernel, to its 64-bit code");
	r = kernel_regs(compat_kernel);
	r.cs = KCODE32;
	run_to(&r, VEC_EXIT, 0);
	expect("pushed", stopped.r.rax, 0x1234);
	expect("esp", stopped.r.rcx, TOP(code_stack) - 4);
	expect("rsp", stopped.r.rdx, TOP(code_stack));
	expect("cs", stopped.r.cs, KCODE64);
	test("a call gate from compatibility mode");
	gdt[SPARE >> 3] = (AT(gate_landing) & 0xffff) | KCODE64 << 16 | 0xecul << 40 |
			  (AT(gate_landing) >> 16) << 48;
	gdt[SPARE2 >> 3] = 0;
	r = user32_regs(compat_gate);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, TOP(trap_stack) - 32);
	expect("rip", stopped.r.rdx, AT(compat_gate) + 7);
	expect("cs", stopped.r.rbx, UCODE32);
	expect("rsp before", stopped.r.rsi, TOP(user_stack));
	expect("ss", stopped.r.rdi, UDATA);
}

/* Each of these opcodes is invalid in 64-bit mode. */
static void test_gone(void)
{
	static const u8 gone[] = { 0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f,
		0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xea };
	u8 *code = (u8 *)FREE;
	struct regs r = user_regs(code);

	test("opcodes that 64-bit mode has not");
	for (u32 k = 0; k < COUNT(gone); k++) {
		/* It has INTO, AAM and AAD. */
		if (in_tcg() && (gone[k] == 0xce || gone[k] >> 1 == 0xd4 >> 1))
			continue;
		memset(code, 0xcc, 16);
		code[0] = gone[k];
		run(&r);
		expect("opcode and vector", (u64)gone[k] << 8 | stopped.vector,
		       (u64)gone[k] << 8 | V_UD);
		expect("rip", stopped.r.rip, AT(code));
	}
}

int main(void);
int main(void)
{
	test_32();
	test_addresses();
	test_16();
	test_switches();
	test_gone();
	test_tours();
	finish("modes64");
}
