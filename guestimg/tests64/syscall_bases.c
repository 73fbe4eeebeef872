/* SPDX-License-Identifier: BSD-2-Clause */
/* Bases of FS and GS: by MSR, by descriptor, by SWAPGS, by RDFSBASE and kin. */
#include "guestimg/tests64/syscall.h"

CODE(do_swapgs, "swapgs")
CODE(load_gs, "mov %gs:8, %rax")
CODE(load_fs_index, "mov %fs:(%rdi), %rax")
CODE(load_fs_32, "mov %fs:(%edi), %rax")
CODE(set_fs, "mov %ax, %fs")
CODE(set_gs, "mov %ax, %gs")
CODE(rdfs, "rdfsbase %rax")
CODE(rdfs32, "rdfsbase %eax")
CODE(wrfs, "wrfsbase %rax")
CODE(wrfs32, "wrfsbase %eax")
CODE(rdgs, "rdgsbase %rax")
CODE(wrgs, "wrgsbase %rax")

enum { CR4_FSGSBASE = 1 << 16 };

static u64 value[4] = { 0x1111222233334444, 0x5555666677778888, 0x9999aaaabbbbcccc, 1 };

static void test_swapgs(void)
{
	struct regs r = kernel_regs(do_swapgs);

	test("SWAPGS");
	wrmsr(MSR_GS_BASE, 0x123456789000);
	wrmsr(MSR_KERNEL_GS_BASE, AT(value));
	run_to(&r, VEC_EXIT, 0);
	expect("GS's base", rdmsr(MSR_GS_BASE), AT(value));
	expect("the other", rdmsr(MSR_KERNEL_GS_BASE), 0x123456789000);
	r = kernel_regs(load_gs);
	run_to(&r, VEC_EXIT, 0);
	expect("through GS", stopped.r.rax, value[1]);
	test("SWAPGS in user mode, in compatibility mode");
	r = user_regs(do_swapgs);
	run_to(&r, V_GP, 0);
	r = user32_regs(do_swapgs);
	run_to(&r, V_UD, 0);
	r = kernel_regs(do_swapgs);
	r.cs = KCODE32;
	run_to(&r, V_UD, 0);
}

static void test_effective(void)
{
	struct regs r = kernel_regs(load_fs_index);

	test("FS: base and offset, 64 bits; an address of 32 bits is cut before");
	wrmsr(MSR_FS_BASE, AT(value) + 0x1000);
	r.rdi = -0x1000ul + 8;
	run_to(&r, VEC_EXIT, 0);
	expect("value", stopped.r.rax, value[1]);
	wrmsr(MSR_FS_BASE, 0xffffffffffffffff);
	r.rdi = AT(value) + 17;
	run_to(&r, VEC_EXIT, 0);
	expect("value", stopped.r.rax, value[2]);
	r.rip = AT(load_fs_32);
	wrmsr(MSR_FS_BASE, AT(value) - 0xfffff000);
	r.rdi = 0x12345678fffff008;
	run_to(&r, VEC_EXIT, 0);
	expect("value", stopped.r.rax, value[1]);
	test("FS: a sum that is not canonical");
	r.rip = AT(load_fs_index);
	wrmsr(MSR_FS_BASE, 0x7ffffffff000);
	r.rdi = 0x1000;
	run_to(&r, V_GP, 0);
	wrmsr(MSR_FS_BASE, 0xffff800000000000);
	r.rdi = 0x9000800000200000;
	run_to(&r, V_GP, 0);
}

static void test_descriptors(void)
{
	struct regs r = kernel_regs(set_fs);

	test("a descriptor's base is 32 bits; a null selector clears it");
	wrmsr(MSR_FS_BASE, 0xffff880012345678);
	gdt[SPARE >> 3] = descriptor(0xfedcba98, 0xfffff, 0xc0f3);
	r.rax = SPARE;
	run_to(&r, VEC_EXIT, 0);
	expect("base", rdmsr(MSR_FS_BASE), 0xfedcba98);
	wrmsr(MSR_FS_BASE, 0xffff880012345678);
	r.rax = 0;
	run_to(&r, VEC_EXIT, 0);
	expect("base", rdmsr(MSR_FS_BASE), 0);
	r.rip = AT(set_gs);
	wrmsr(MSR_GS_BASE, 0xffff880012345678);
	run_to(&r, VEC_EXIT, 0);
	expect("base", rdmsr(MSR_GS_BASE), 0);
	test("WRMSR leaves the selector");
	r.rax = UDATA;
	run_to(&r, VEC_EXIT, 0);
	wrmsr(MSR_GS_BASE, 0x7000);
	u32 gs;

	__asm__ volatile("mov %%gs, %0" : "=r"(gs));
	expect("gs", gs, UDATA);
	__asm__ volatile("mov %0, %%gs" :: "r"(0));
}

static void test_fsgsbase(void)
{
	struct regs r = user_regs(rdfs);

	test("RDFSBASE and kin without CR4.FSGSBASE");
	if (!(cpuid(7, 0).b & 1)) {
		skip("the CPU has no FSGSBASE");
		return;
	}
	run_to(&r, V_UD, 0);
	test("RDFSBASE and kin");
	WRITE(cr4, READ(cr4) | CR4_FSGSBASE);
	wrmsr(MSR_FS_BASE, 0xffff880012345678);
	run_to(&r, VEC_EXIT, 0);
	expect("rax", stopped.r.rax, 0xffff880012345678);
	r.rip = AT(rdfs32);
	run_to(&r, VEC_EXIT, 0);
	expect("rax", stopped.r.rax, 0x12345678);
	r.rip = AT(wrfs);
	r.rax = 0x7fffffffffff;
	run_to(&r, VEC_EXIT, 0);
	expect("base", rdmsr(MSR_FS_BASE), r.rax);
	r.rip = AT(wrfs32);
	r.rax = 0xffff8000abcdef01;
	run_to(&r, VEC_EXIT, 0);
	expect("base", rdmsr(MSR_FS_BASE), 0xabcdef01);
	r.rip = AT(wrgs);
	run_to(&r, VEC_EXIT, 0);
	expect("base", rdmsr(MSR_GS_BASE), r.rax);
	r.rip = AT(rdgs);
	r.rax = 0;
	run_to(&r, VEC_EXIT, 0);
	expect("rax", stopped.r.rax, 0xffff8000abcdef01);
	r = user32_regs(rdfs32);
	run_to(&r, V_UD, 0);
	test("WRFSBASE of what is not canonical");
	r = user_regs(wrfs);
	r.rax = NON_CANONICAL;
	if (!not_in_tcg("it takes it"))
		run_to(&r, V_GP, 0);
	WRITE(cr4, READ(cr4) & ~(u64)CR4_FSGSBASE);
}

void test_bases(void)
{
	test_swapgs();
	test_effective();
	test_descriptors();
	test_fsgsbase();
	wrmsr(MSR_FS_BASE, 0);
	wrmsr(MSR_GS_BASE, 0);
}
