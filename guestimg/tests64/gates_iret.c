/* SPDX-License-Identifier: BSD-2-Clause */
/* IRETQ and its shorter forms, far returns: what they pop and refuse. */
#include "guestimg/tests64/lib.h"

CODE(do_iretq, "iretq")
CODE(do_iretl, "iretl")
CODE(do_iretw, "iretw")
CODE(do_lretq, "lretq")
CODE(do_lretl, "lretl")
CODE(do_lretq_n, "lretq $16")
CODE(landing, "mov %rsp, %rax\n\tmov %ss, %ecx")

/* What is popped: in the middle of a stack, since faults push below it. */
static u64 *const image = (u64 *)(code_stack + 4096);

/* A frame of `size` bytes each, popped by code in the kernel. */
static struct regs popping(const char *code, u32 size, u64 rip, u64 cs, u64 flags, u64 rsp, u64 ss)
{
	u64 v[5] = { rip, cs, flags, rsp, ss };
	struct regs r = kernel_regs(code);

	for (u32 k = 0; k < 5; k++)
		memcpy((u8 *)image + k * size, &v[k], size);
	r.rsp = AT(image);
	return r;
}

static void test_iret_same(void)
{
	struct regs r = popping(do_iretq, 8, AT(landing), KCODE64, 2 | CF, TOP(user_stack) - 3,
				KDATA);

	test("IRETQ in the kernel pops SS:RSP, too");
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, TOP(user_stack) - 3);
	expect("cs", stopped.r.cs, KCODE64);
	test("IRETQ to the kernel with a null SS");
	r = popping(do_iretq, 8, AT(landing), KCODE64, 2, TOP(code_stack), 0);
	run_to(&r, VEC_EXIT, 0);
	expect("ss", stopped.r.rcx, 0);
	test("IRETL, IRETW");
	r = popping(do_iretl, 4, AT(landing), KCODE64, 2, TOP(code_stack) - 8, KDATA);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, TOP(code_stack) - 8);
	memcpy((void *)0x8000, landing, AT(landing_end) + 2 - AT(landing));
	r = popping(do_iretw, 2, 0x8000, KCODE64, 2, 0x9000, KDATA);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, 0x9000);
	expect("rip", stopped.r.rip, 0x8000 + AT(landing_end) + 2 - AT(landing));
}

static void test_iret_user(void)
{
	struct regs r = popping(do_iretq, 8, AT(landing), UCODE64, 2, 0x1234567890, UDATA);

	test("IRETQ to user mode");
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, 0x1234567890);
	expect("cs", stopped.r.cs, UCODE64);
	expect("ss", stopped.r.ss, UDATA);
	test("IRETQ to user mode with a null SS");
	r = popping(do_iretq, 8, AT(landing), UCODE64, 2, TOP(user_stack), 0);
	run_to(&r, V_GP, 0);
	r = popping(do_iretq, 8, AT(landing), UCODE64, 2, TOP(user_stack), 3);
	run_to(&r, V_GP, 0);
	test("IRETQ to compatibility mode with a null SS");
	r = popping(do_iretq, 8, AT(landing), UCODE32, 2, TOP(user_stack), 0);
	run_to(&r, V_GP, 0);
	test("IRETQ: SS of another privilege, no data, not present");
	r = popping(do_iretq, 8, AT(landing), UCODE64, 2, TOP(user_stack), KDATA);
	run_to(&r, V_GP, KDATA);
	r = popping(do_iretq, 8, AT(landing), UCODE64, 2, TOP(user_stack), UCODE32);
	run_to(&r, V_GP, UCODE32 & ~3);
	gdt[SPARE >> 3] = descriptor(0, 0xfffff, 0xc073);
	r = popping(do_iretq, 8, AT(landing), UCODE64, 2, TOP(user_stack), SPARE | 3);
	if (!not_in_tcg("#NP for a stack that is not present"))
		run_to(&r, V_SS, SPARE);
}

static void test_iret_refuses(void)
{
	struct regs r;
	static const struct { u16 attributes; u8 vector; } rows[] = {
		{ 0xa0f3, V_GP }, { 0xa07b, V_NP }, { 0xa09b, V_GP },
		{ 0xc0ff, VEC_EXIT }, { 0xa0ff, VEC_EXIT }, { 0xa0f9, VEC_EXIT },
	};

	test("IRETQ: code segments");
	for (u32 k = 0; k < COUNT(rows); k++) {
		gdt[SPARE >> 3] = descriptor(0, 0xfffff, rows[k].attributes);
		r = popping(do_iretq, 8, AT(landing), SPARE | 3, 2, TOP(user_stack), UDATA);
		run_to(&r, rows[k].vector, SPARE);
		if (rows[k].vector != VEC_EXIT)
			expect("rsp", stopped.r.rsp, AT(image));
	}
	r = popping(do_iretq, 8, AT(landing), 0, 2, TOP(user_stack), UDATA);
	run_to(&r, V_GP, 0);
	test("IRETQ: a code segment with L and D");
	gdt[SPARE >> 3] = descriptor(0, 0xfffff, 0xe0fb);
	r = popping(do_iretq, 8, AT(landing), SPARE | 3, 2, TOP(user_stack), UDATA);
	if (!not_in_tcg("it takes it"))
		run_to(&r, V_GP, SPARE);
	test("IRETQ with NT");
	r = popping(do_iretq, 8, AT(landing), KCODE64, 2, TOP(code_stack), KDATA);
	r.rflags = 2 | NT;
	run_to(&r, V_GP, 0);
	expect("rip", stopped.r.rip, AT(do_iretq));
	test("IRETQ to where RIP is not canonical: #GP(0) in the kernel");
	for (u32 k = 0; k < 2; k++) {
		r = popping(do_iretq, 8, NON_CANONICAL, k ? UCODE64 : KCODE64, 2, TOP(user_stack),
			    k ? UDATA : KDATA);
		if (k == 0 && not_in_tcg("it goes there, and faults then"))
			return;
		run_to(&r, V_GP, 0);
		expect("rip", stopped.r.rip, AT(do_iretq));
		expect("cs", stopped.r.cs, KCODE64);
		expect("rsp", stopped.r.rsp, AT(image));
	}
}

/* In user mode IRET changes neither IF nor IOPL; it loads RF, TF, NT, AC. */
static void test_iret_flags(void)
{
	struct regs r;

	test("IRETQ: flags in the kernel and for user mode");
	r = popping(do_iretq, 8, AT(landing), UCODE64, 2 | IOPL3 | AC | DF | CF, TOP(user_stack),
		    UDATA);
	run_to(&r, VEC_EXIT, 0);
	expect("flags", stopped.r.rflags, 2 | IOPL3 | AC | DF | CF);
	r = popping(do_iretq, 8, AT(landing), UCODE64, 2 | IF | IOPL3, TOP(user_stack), UDATA);
	r.cs = UCODE64;
	r.ss = UDATA;
	run_to(&r, VEC_EXIT, 0);
	expect("flags", stopped.r.rflags, 2);
	test("IRETQ does not enter V86 mode");
	r = popping(do_iretq, 8, AT(landing), UCODE64, 2 | VM, TOP(user_stack), UDATA);
	if (!not_in_tcg("#GP, or VM is set")) {
		run_to(&r, VEC_EXIT, 0);
		expect("flags", stopped.r.rflags, 2);
	}
}

static void test_far_returns(void)
{
	struct regs r = popping(do_lretq, 8, AT(landing), KCODE64, 0, 0, 0);

	test("far return in the kernel: RIP and CS only");
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, AT(image) + 16);
	r = popping(do_lretl, 4, AT(landing), KCODE64, 0, 0, 0);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, AT(image) + 8);
	r = popping(do_lretq_n, 8, AT(landing), KCODE64, 0, 0, 0);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, AT(image) + 32);
	test("far return to user mode");
	r = popping(do_lretq, 8, AT(landing), UCODE64, 0x7000123450, UDATA, 0);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, 0x7000123450);
	expect("cs", stopped.r.cs, UCODE64);
	expect("ss", stopped.r.rcx, UDATA);
	r = popping(do_lretq_n, 8, AT(landing), UCODE64, 0, 0, 0);
	image[4] = 0x7000123450;
	image[5] = UDATA;
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, 0x7000123450 + 16);
	test("far return to a null SS in user mode");
	r = popping(do_lretq, 8, AT(landing), UCODE64, 0x7000123450, 0, 0);
	run_to(&r, V_GP, 0);
	test("far return to where RIP is not canonical");
	r = popping(do_lretq, 8, NON_CANONICAL, KCODE64, 0, 0, 0);
	if (!not_in_tcg("it goes there, and faults then")) {
		run_to(&r, V_GP, 0);
		expect("rip", stopped.r.rip, AT(do_lretq));
		expect("rsp", stopped.r.rsp, AT(image));
	}
}

void test_returns(void);
void test_returns(void)
{
	test_iret_same();
	test_iret_user();
	test_iret_refuses();
	test_iret_flags();
	test_far_returns();
}
