/* SPDX-License-Identifier: BSD-2-Clause */
/* Far jumps and calls, call gates of 16 bytes, TSS and LDT descriptors of 16 bytes. */
#include "guestimg/tests64/lib.h"

CODE(far_jmp64, "rex.w ljmp *(%rdi)")
CODE(far_jmp32, "ljmp *(%rdi)")
CODE(far_call64, "rex.w lcall *(%rdi)")
CODE(far_call32, "lcall *(%rdi)")
CODE(direct_jmp, ".byte 0xea, 0, 0, 0, 0, 0x10, 0")
CODE(direct_call, ".byte 0x9a, 0, 0, 0, 0, 0x10, 0")
CODE(landed, "mov %rsp, %rax\n\tmov %ss, %ecx\n\tmov (%rsp), %rdx\n\tmov 8(%rsp), %rbx\n\t"
	"mov 16(%rsp), %rsi\n\tmov 24(%rsp), %rdi")
CODE(load_tr, "ltr %ax")
CODE(load_ldt, "lldt %ax")

static struct { u64 offset; u16 selector; } __attribute__((packed)) to64;
static struct { u32 offset; u16 selector; } __attribute__((packed)) to32;

static struct regs far64(const char *code, u64 offset, u16 selector)
{
	struct regs r = kernel_regs(code);

	to64.offset = offset;
	to64.selector = selector;
	r.rdi = AT(&to64);
	return r;
}

static struct regs far32(const char *code, u64 offset, u16 selector)
{
	struct regs r = kernel_regs(code);

	to32.offset = (u32)offset;
	to32.selector = selector;
	r.rdi = AT(&to32);
	return r;
}

static void test_jumps(void)
{
	struct regs r = far64(far_jmp64, AT(landed), KCODE64);

	test("far jumps through memory");
	run_to(&r, VEC_EXIT, 0);
	r = far32(far_jmp32, AT(landed), KCODE64);
	run_to(&r, VEC_EXIT, 0);
	test("far calls through memory push 8 and 4 bytes");
	r = far64(far_call64, AT(landed), KCODE64);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, TOP(code_stack) - 16);
	expect("rip on the stack", stopped.r.rdx, AT(far_call64_end));
	expect("cs on the stack", stopped.r.rbx, KCODE64);
	r = far32(far_call32, AT(landed), KCODE64);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, TOP(code_stack) - 8);
	expect("on the stack", stopped.r.rdx, AT(far_call32_end) | (u64)KCODE64 << 32);
	test("direct far jumps and calls are gone");
	r = kernel_regs(direct_jmp);
	run_to(&r, V_UD, 0);
	r = kernel_regs(direct_call);
	run_to(&r, V_UD, 0);
	test("far jump to where RIP is not canonical");
	r = far64(far_jmp64, NON_CANONICAL, KCODE64);
	if (!not_in_tcg("it goes there, and faults then")) {
		run_to(&r, V_GP, 0);
		expect("rip", stopped.r.rip, AT(far_jmp64));
	}
}

static void call_gate(u64 offset, u16 selector, u16 type)
{
	gdt[SPARE >> 3] = (offset & 0xffff) | (u64)selector << 16 | (u64)type << 40 |
			  (offset >> 16 & 0xffff) << 48;
	gdt[SPARE2 >> 3] = offset >> 32;
}

static void test_gates_taken(void)
{
	struct regs r = far32(far_call32, 0x123, SPARE);

	test("a call gate in the kernel");
	call_gate(AT(landed), KCODE64, 0xec);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, TOP(code_stack) - 16);
	expect("rip on the stack", stopped.r.rdx, AT(far_call32_end));
	expect("cs on the stack", stopped.r.rbx, KCODE64);
	test("a call gate from user mode: RSP0, four quadwords, a null SS");
	r = far32(far_call32, 0x123, SPARE | 3);
	r.cs = UCODE64;
	r.ss = UDATA;
	r.rsp = 0x1122334455667788;
	tss.rsp0 = TOP(trap_stack) - 4;
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, tss.rsp0 - 32);
	expect("ss", stopped.r.rcx, 0);
	expect("rip on the stack", stopped.r.rdx, AT(far_call32_end));
	expect("cs on the stack", stopped.r.rbx, UCODE64);
	expect("rsp on the stack", stopped.r.rsi, 0x1122334455667788);
	expect("ss on the stack", stopped.r.rdi, UDATA);
	tss.rsp0 = TOP(trap_stack);
	test("a jump through a call gate");
	r = far32(far_jmp32, 0, SPARE);
	run_to(&r, VEC_EXIT, 0);
	expect("rsp", stopped.r.rax, TOP(code_stack));
}

static void test_gates_refused(void)
{
	struct regs r = far32(far_call32, 0, SPARE), u = far32(far_call32, 0, SPARE | 3);

	u.cs = UCODE64;
	u.ss = UDATA;
	test("call gates refused");
	call_gate(AT(landed), KCODE64, 0x8c);		/* DPL 0 */
	run_to(&u, V_GP, SPARE);
	call_gate(AT(landed), KCODE64, 0x6c);		/* not present */
	run_to(&u, V_NP, SPARE);
	call_gate(AT(landed), KCODE32, 0xec);		/* not to 64-bit code */
	run_to(&u, V_GP, KCODE32);
	call_gate(AT(landed), 0, 0xec);
	run_to(&u, V_GP, 0);
	call_gate(AT(landed), UDATA, 0xec);
	run_to(&u, V_GP, UDATA & ~3);
	call_gate(AT(landed), KCODE64, 0xe4);		/* a 16-bit gate */
	run_to(&u, V_GP, SPARE);
	test("a call gate whose upper type is not 0");
	call_gate(AT(landed), KCODE64, 0xec);
	gdt[SPARE2 >> 3] |= 0xful << 40;
	if (!not_in_tcg("it does not look at it"))
		run_to(&u, V_GP, SPARE);
	test("a call gate whose offset is not canonical");
	call_gate(NON_CANONICAL, KCODE64, 0xec);
	if (!not_in_tcg("it goes there, and faults then")) {
		run_to(&u, V_GP, 0);
		run_to(&r, V_GP, 0);
	}
	test("tasks and task gates are refused");
	gdt[SPARE >> 3] = descriptor((u32)AT(&tss), sizeof(tss) - 1, 0x89);
	gdt[SPARE2 >> 3] = 0;
	r = far32(far_call32, 0, SPARE);
	run_to(&r, V_GP, SPARE);
	r = far32(far_jmp32, 0, TSS);
	run_to(&r, V_GP, TSS);
	gdt[SPARE >> 3] = descriptor(0, 0, 0x85) | (u64)TSS << 16;
	r = far32(far_jmp32, 0, SPARE);
	run_to(&r, V_GP, SPARE);
}

void test_transfers(void);
void test_transfers(void)
{
	test_jumps();
	test_gates_taken();
	test_gates_refused();
}

/* -- System segments: 16 bytes -- */

static void system_descriptor(u64 base, u32 limit, u16 attributes)
{
	gdt[SPARE3 >> 3] = descriptor((u32)base, limit, attributes);
	gdt[SPARE4 >> 3] = base >> 32;
}

static struct regs loading(const char *code)
{
	struct regs r = kernel_regs(code);

	r.rax = SPARE3;
	return r;
}

static void test_tr(void)
{
	struct regs r = loading(load_tr);
	u64 old = gdt[TSS >> 3];

	test("LTR");
	system_descriptor(AT(&tss), sizeof(tss) - 1, 0x89);
	run_to(&r, VEC_EXIT, 0);
	expect("busy", gdt[SPARE3 >> 3] >> 40 & 15, 11);
	test("LTR of what is busy, of another type, not present");
	run_to(&r, V_GP, SPARE3);
	system_descriptor(AT(&tss), sizeof(tss) - 1, 0x82);
	run_to(&r, V_GP, SPARE3);
	system_descriptor(AT(&tss), sizeof(tss) - 1, 0x09);
	run_to(&r, V_NP, SPARE3);
	test("LTR of a null selector");
	r.rax = 0;
	if (!not_in_tcg("it takes it"))
		run_to(&r, V_GP, 0);
	r.rax = SPARE3;
	test("LTR of a 16-bit TSS");
	system_descriptor(AT(&tss), sizeof(tss) - 1, 0x81);
	if (!not_in_tcg("it takes it"))
		run_to(&r, V_GP, SPARE3);
	test("LTR of a base that is not canonical");
	system_descriptor(NON_CANONICAL, sizeof(tss) - 1, 0x89);
	if (!not_in_tcg("it takes it"))
		run_to(&r, V_GP, SPARE3);
	gdt[TSS >> 3] = old & ~(2ul << 40);
	r.rax = TSS;
	run_to(&r, VEC_EXIT, 0);
}

CODE(use_ldt, "mov %ax, %fs\n\tmov %fs:0, %rbx")

static void test_ldt(void)
{
	static u64 ldt[4], value = 0x1020304050607080;
	struct regs r = loading(load_ldt);

	test("LLDT: a base of 64 bits");
	map(0xffff900000000000, page_new(), P | W);
	memcpy((void *)0xffff900000000000, ldt, sizeof(ldt));
	((u64 *)0xffff900000000000)[1] = descriptor((u32)AT(&value), 0xfffff, 0xc093);
	system_descriptor(0xffff900000000000, 31, 0x82);
	run_to(&r, VEC_EXIT, 0);
	r = kernel_regs(use_ldt);
	r.rax = 12;
	run_to(&r, VEC_EXIT, 0);
	expect("through the LDT's segment", stopped.r.rbx, value);
	r.rax = 32 | 4;
	run_to(&r, V_GP, 32 | 4);
	test("LLDT of a base that is not canonical");
	r = loading(load_ldt);
	system_descriptor(NON_CANONICAL, 31, 0x82);
	if (!not_in_tcg("it takes it"))
		run_to(&r, V_GP, SPARE3);
	__asm__ volatile("lldt %w0\n\tmov %w0, %%fs" :: "r"(0));
}

CODE(do_lar, "xor %ebx, %ebx\n\tlar %ax, %ecx\n\tsetz %bl")
CODE(do_lsl, "xor %ebx, %ebx\n\tlsl %ax, %ecx\n\tsetz %bl")

/* In 64-bit mode: LAR knows LDT, both 64-bit TSS and call gates; LSL not the gates. */
static void test_lar(void)
{
	test("LAR and LSL of system descriptors");
	for (u32 type = 0; type < 16; type++) {
		struct regs r = loading(do_lar);

		if (in_tcg() && type < 8 && type != 2)	/* it knows the 16-bit ones */
			continue;
		bool tss_or_ldt = type == 2 || type == 9 || type == 11;

		system_descriptor(0x12345678, 0x4567, (u16)(0x80 | type));
		run_to(&r, VEC_EXIT, 0);
		expect("LAR", stopped.r.rbx << 8 | type,
		       (u64)(tss_or_ldt || type == 12) << 8 | type);
		r.rip = AT(do_lsl);
		run_to(&r, VEC_EXIT, 0);
		expect("LSL", stopped.r.rbx << 8 | type, (u64)tss_or_ldt << 8 | type);
	}
}

CODE(do_lgdt, "lgdt (%rdi)")
CODE(do_lidt, "lidt (%rdi)")
CODE(do_in, "in %dx, %al")
CODE(load_ss, "mov %ax, %ss\n\tmov %ss, %ecx")

static void test_tables(void)
{
	static const u64 bad[] = { NON_CANONICAL, 0x8000000000000000, 0x9000000000200000,
		0xa000000000000000, 0xc000000000000000, 0xffff7fffffffffff };
	struct pointer p = { 0xffff, 0 };
	struct regs r = kernel_regs(do_lgdt);

	test("LGDT, LIDT of a base that is not canonical");
	r.rdi = AT(&p);
	for (u32 k = 0; k < COUNT(bad); k++) {
		if (!k && not_in_tcg("it takes it"))
			break;
		p.base = bad[k];
		r.rip = AT(do_lgdt);
		run_to(&r, V_GP, 0);
		r.rip = AT(do_lidt);
		run_to(&r, V_GP, 0);
	}
	test("the map of ports in a 64-bit TSS");
	r = user_regs(do_in);
	r.rdx = 0x80;
	run_to(&r, V_GP, 0);
	test("a null SS in the kernel");
	r = kernel_regs(load_ss);
	r.rax = 0;
	run_to(&r, VEC_EXIT, 0);
	expect("ss", stopped.r.rcx, 0);
	r = user_regs(load_ss);
	r.rax = 0;
	run_to(&r, V_GP, 0);
}

void test_system_segments(void);
void test_system_segments(void)
{
	test_tr();
	test_ldt();
	test_lar();
	test_tables();
}
