/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SYSCALL, SYSRET, SYSENTER, SYSEXIT in long mode, with Intel's rules (SDM vol. 2, their pages;
 * vol. 3, 5.8.7 and 5.8.8). Bases of FS and GS: syscall_bases.c; CR8 and registers: syscall_regs.c.
 */
#include "guestimg/tests64/syscall.h"

CODE(do_syscall, "syscall")
CODE(do_sysretq, "sysretq")
CODE(do_sysretl, "sysretl")
CODE(do_sysenter, "sysenter")
CODE(do_sysexitq, "rex.w sysexit")
CODE(do_sysexitl, "sysexitl")
CODE(entry_code, "mov %ss, %r12d\n\tpushfq\n\tpopq %r13")
CODE(entry_no_stack, "mov %ss, %r12d")
CODE(user_code, "mov %ss, %r12d")
CODE(nothing, "nop")

void syscall_init(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	wrmsr(MSR_STAR, (u64)UCODE32 << 48 | (u64)KCODE64 << 32 | 0xdeadbeef);
	wrmsr(MSR_LSTAR, AT(entry_no_stack));
	wrmsr(MSR_FMASK, 0);
	wrmsr(MSR_SYSENTER_CS, KCODE64);
	wrmsr(MSR_SYSENTER_EIP, AT(entry_code));
	wrmsr(MSR_SYSENTER_ESP, TOP(code_stack));
}

static void test_syscall(void)
{
	struct regs r = user_regs(do_syscall);

	test("SYSCALL: RCX, R11, CS, SS; RSP stays");
	r.rsp = TOP(user_stack) - 24;
	r.rflags = 2 | CF | ZF | AC | DF | NT;
	run_to(&r, VEC_EXIT, 0);
	expect("rcx", stopped.r.rcx, AT(do_syscall_end));
	expect("r11", stopped.r.r11, r.rflags);
	expect("cs", stopped.r.cs, KCODE64);
	expect("ss", stopped.r.r12, KDATA);
	expect("rsp", stopped.r.rsp, r.rsp);
	expect("rip", stopped.r.rip, AT(entry_no_stack_end) + 2);
	test("SYSCALL leaves the flags that FMASK does not name");
	if (!not_in_tcg("it clears the arithmetic ones")) {
		expect("flags", stopped.r.rflags, r.rflags);
		wrmsr(MSR_FMASK, CF | DF);
		run_to(&r, VEC_EXIT, 0);
		expect("flags", stopped.r.rflags, 2 | ZF | AC | NT);
	}
	test("SYSCALL: FMASK");
	wrmsr(MSR_FMASK, CF | ZF | DF | NT);
	run_to(&r, VEC_EXIT, 0);
	expect("flags", stopped.r.rflags, 2 | AC);
	expect("r11", stopped.r.r11, r.rflags);
	wrmsr(MSR_FMASK, 0);
	test("SYSCALL reads no descriptor");
	u64 code = gdt[KCODE64 >> 3], data = gdt[KDATA >> 3];

	wrmsr(MSR_STAR, (u64)UCODE32 << 48 | (u64)(SPARE | 3) << 32);
	gdt[SPARE >> 3] = gdt[SPARE2 >> 3] = 0;
	run_to(&r, VEC_EXIT, 0);
	expect("cs", stopped.r.cs, SPARE);
	expect("ss", stopped.r.r12, SPARE2);
	gdt[KCODE64 >> 3] = code;
	gdt[KDATA >> 3] = data;
	syscall_init();
	test("SYSCALL in the kernel");
	r = kernel_regs(do_syscall);
	run_to(&r, VEC_EXIT, 0);
	expect("rcx", stopped.r.rcx, AT(do_syscall_end));
	expect("cs", stopped.r.cs, KCODE64);
}

static void test_sysret(void)
{
	struct regs r = kernel_regs(do_sysretq);

	test("SYSRET to 64-bit code: RIP, flags, CS, SS; RSP stays");
	r.rcx = AT(user_code);
	r.r11 = 0xffffffff00247cd7;
	r.rsp = 0x1122334455667788;
	run_to(&r, VEC_EXIT, 0);
	expect("flags", stopped.r.rflags, 0x247cd7);
	expect("cs", stopped.r.cs, UCODE64);
	expect("ss", stopped.r.ss, UDATA);
	expect("rsp", stopped.r.rsp, r.rsp);
	expect("rip", stopped.r.rip, AT(user_code_end) + 2);
	test("SYSRET to compatibility mode");
	r.rip = AT(do_sysretl);
	r.rcx = 0xffffffff00000000 | AT(nothing);
	r.r11 = 2;
	run_to(&r, VEC_EXIT, 0);
	expect("cs", stopped.r.cs, UCODE32);
	expect("ss", stopped.r.ss, UDATA);
	expect("rip", stopped.r.rip, AT(nothing_end) + 2);
	test("SYSRET: the flags that it takes from R11");
	r = kernel_regs(do_sysretq);
	r.rcx = AT(user_code);
	r.r11 = ~(u64)(TF | IF);
	if (!not_in_tcg("it takes RF and VM")) {
		run_to(&r, VEC_EXIT, 0);
		expect("flags", stopped.r.rflags, 0x3c7cd7);
	}
	test("SYSRET makes SS flat whatever the GDT has");
	gdt[UDATA >> 3] = descriptor(0, 0, 0x10f0);
	r.rip = AT(do_sysretq);
	r.rcx = AT(user_code);
	run_to(&r, VEC_EXIT, 0);
	gdt[UDATA >> 3] = descriptor(0, 0xfffff, 0xc0f3);
}

static void test_refused(void)
{
	struct regs r = kernel_regs(do_sysretq);

	test("SYSRET in user mode");
	r = user_regs(do_sysretq);
	run_to(&r, V_GP, 0);
	test("SYSCALL and SYSRET without EFER.SCE");
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) & ~(u64)EFER_SCE);
	if (!in_tcg())			/* #GP is first there */
		run_to(&r, V_UD, 0);
	r = kernel_regs(do_sysretq);
	run_to(&r, V_UD, 0);
	r = user_regs(do_syscall);
	run_to(&r, V_UD, 0);
	expect("rip", stopped.r.rip, AT(do_syscall));
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	test("SYSCALL in compatibility mode");
	r = user32_regs(do_syscall);
	run_to(&r, V_UD, 0);
	test("SYSRET in compatibility mode");
	r = kernel_regs(do_sysretl);
	r.cs = KCODE32;
	if (!not_in_tcg("it takes it"))
		run_to(&r, V_UD, 0);
	test("SYSRET to where RIP is not canonical: #GP(0) in the kernel");
	r = kernel_regs(do_sysretq);
	r.r11 = 2 | CF;
	r.rsp = TOP(code_stack) - 24;
	if (not_in_tcg("it goes there, and faults then"))
		return;
	for (u64 at = NON_CANONICAL; at; at = at == NON_CANONICAL ? 0x9000000000200000 : 0) {
		r.rcx = at;
		run_to(&r, V_GP, 0);
		expect("rip", stopped.r.rip, AT(do_sysretq));
		expect("cs", stopped.r.cs, KCODE64);
		expect("rsp", stopped.r.rsp, r.rsp);
		expect("rcx", stopped.r.rcx, at);
		expect("flags", stopped.r.rflags, 2 | RF);
	}
}

/* The trap flag goes in and out with the flags. */
static void test_steps(void)
{
	struct regs r = user_regs(do_syscall);

	test("a single step over SYSCALL, TF masked: none in the kernel");
	wrmsr(MSR_FMASK, TF);
	r.rflags = 2 | TF;
	run_to(&r, VEC_EXIT, 0);
	expect("r11", stopped.r.r11, 2 | TF);
	expect("flags", stopped.r.rflags, 2);
	test("a single step over SYSCALL, TF not masked: at its entry");
	wrmsr(MSR_FMASK, 0);
	run_to(&r, V_DB, 0);
	expect("rip", stopped.r.rip, AT(entry_no_stack));
	expect("cs", stopped.r.cs, KCODE64);
	test("SYSRET with TF traps before the first user instruction");
	r = kernel_regs(do_sysretq);
	r.rcx = AT(user_code);
	r.r11 = 2 | TF;
	run_to(&r, V_DB, 0);
	expect("rip", stopped.r.rip, AT(user_code));
	expect("cs", stopped.r.cs, UCODE64);
}

static void test_sysenter(void)
{
	struct regs r = user_regs(do_sysenter);

	test("SYSENTER from 64-bit code");
	r.rflags = 2 | CF | DF;
	run_to(&r, VEC_EXIT, 0);
	expect("cs", stopped.r.cs, KCODE64);
	expect("ss", stopped.r.r12, KDATA);
	expect("rsp", stopped.r.rsp, TOP(code_stack));
	expect("flags", stopped.r.r13, 2 | CF | DF);
	test("SYSENTER from compatibility mode");
	r = user32_regs(do_sysenter);
	run_to(&r, VEC_EXIT, 0);
	expect("cs", stopped.r.cs, KCODE64);
	expect("rsp", stopped.r.rsp, TOP(code_stack));
	test("SYSENTER without a selector");
	wrmsr(MSR_SYSENTER_CS, 0);
	run_to(&r, V_GP, 0);
	syscall_init();
	test("SYSEXIT to 64-bit code and to compatibility mode");
	r = kernel_regs(do_sysexitq);
	r.rdx = AT(user_code);
	r.rcx = 0x123456789ab0;
	run_to(&r, VEC_EXIT, 0);
	expect("cs", stopped.r.cs, UCODE64);
	expect("ss", stopped.r.ss, UDATA64);
	expect("rsp", stopped.r.rsp, r.rcx);
	r = kernel_regs(do_sysexitl);
	r.rdx = AT(nothing);
	r.rcx = TOP(user_stack);
	run_to(&r, VEC_EXIT, 0);
	expect("cs", stopped.r.cs, UCODE32);
	expect("ss", stopped.r.ss, UDATA);
	test("SYSEXIT in user mode");
	r = user_regs(do_sysexitq);
	run_to(&r, V_GP, 0);
	test("SYSEXIT to what is not canonical");
	r = kernel_regs(do_sysexitq);
	if (not_in_tcg("it goes there, and faults then"))
		return;
	r.rcx = TOP(user_stack);
	r.rdx = NON_CANONICAL;
	run_to(&r, V_GP, 0);
	expect("cs", stopped.r.cs, KCODE64);
	r.rdx = AT(user_code);
	r.rcx = NON_CANONICAL;
	run_to(&r, V_GP, 0);
}

int main(void);
int main(void)
{
	syscall_init();
	test_syscall();
	test_sysret();
	test_refused();
	test_steps();
	test_sysenter();
	test_bases();
	test_registers();
	test_mix();
	finish("syscall64");
}
