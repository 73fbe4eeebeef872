/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMAP and SMEP: the ways in which EFLAGS.AC comes and goes, and the supervisor's accesses to
 * users' pages. Every form of access: smap_forms.c; implicit accesses: smap_tables.c. SDM vol. 3,
 * 4.6; vol. 2, STAC and CLAC. On a CPU without SMAP: what is not there.
 */
#include "guestimg/tests64/smap.h"

u64 user_frame;

CODE(load, "movq (%rdi), %rax")
CODE(store, "movq %rax, (%rdi)")
CODE(stac_clac, "stac\n\tmovq (%rdi), %rax\n\tclac\n\tmovq (%rdi), %rbx")
CODE(popf_both, "pushq $0x40002\n\tpopfq\n\tmovq (%rdi), %rax\n\tpushq $2\n\tpopfq\n\t"
	"movq (%rdi), %rbx")
CODE(popf_16, "stac\n\tpushw $2\n\tpopfw\n\tmovq (%rdi), %rax")
CODE(many, "1:\tstac\n\taddq (%rdi), %rax\n\tclac\n\taddq %rax, (%rsi)\n\tdecl %ecx\n\tjnz 1b")
CODE(copy, "rep movsb")
CODE(ins, "rep insb")
CODE(do_stac, "stac")
CODE(do_clac, "clac")
CODE(lock_stac, ".byte 0xf0, 0x0f, 0x01, 0xcb")
CODE(stac_66, ".byte 0x66, 0x0f, 0x01, 0xcb")
CODE(clac_f3, ".byte 0xf3, 0x0f, 0x01, 0xca")
CODE(clac_f2, ".byte 0xf2, 0x0f, 0x01, 0xca")
CODE(set_cr4, "movq %rax, %cr4")
CODE(do_int, "int $0x50")
CODE(do_syscall, "syscall")
CODE(do_sysenter, "sysenter")
CODE(do_sysret, "sysretq")
CODE(do_lcall, "lcall *(%rsi)")
CODE(stop, "nop")

struct regs alias_regs(const void *rip)
{
	struct regs r = user_regs(rip);

	r.rip += ALIAS;
	r.rsp += ALIAS;
	return r;
}

void never(struct regs *r, u64 error, u64 at)
{
	run_to(r, V_PF, error);
	expect("cr2", stopped.cr2, at);
	expect("rip", stopped.r.rip, r->rip);
	expect("rsp", stopped.r.rsp, r->rsp);
	expect("rdi", stopped.r.rdi, r->rdi);
	expect("rax", stopped.r.rax, r->rax);
}

void with_ac_only(struct regs *r, u64 error, u64 at)
{
	for (u32 k = 0; k < 2; k++) {
		r->rflags &= ~(u64)AC;
		never(r, error, at);
		r->rflags |= AC;
		run(r);
		if (stopped.vector == V_PF)
			expect("no page fault with AC, but one at", stopped.cr2, 0);
	}
	r->rflags &= ~(u64)AC;
}

void gates_by_ist(void)
{
	for (u8 v = 0; v <= VEC_EXIT; v++) {
		bool user = v == V_BP || v == 4 || v == VEC_EXIT;

		if (v != V_DF)
			gate_set(v, AT(trap_stubs) + 16 * v, KCODE64,
				 user ? GATE_USER : GATE_INT, 5);
	}
}

/* -- A CPU without -- */

static void refuse_cr4(u64 bit)
{
	struct regs r = kernel_regs(set_cr4);

	r.rax = READ(cr4) | bit;
	run_to(&r, V_GP, 0);
}

static void test_absent(void)
{
	struct regs r = kernel_regs(do_stac);

	test("without SMAP: STAC, CLAC and CR4's bit are invalid");
	run_to(&r, V_UD, 0);
	r.rip = AT(do_clac);
	run_to(&r, V_UD, 0);
	refuse_cr4(CR4_SMAP);
	test("without SMEP: CR4's bit is invalid");
	if (cpuid(7, 0).b & 1 << 7)
		skip("it has it");
	else
		refuse_cr4(CR4_SMEP);
}

/* -- Set-up -- */

static void on(void)
{
	u64 low = 0x100000;

	for (u64 at = low; at < TABLES; at += PAGE)
		map(ALIAS + at, at, P | W | U);
	user_frame = page_new();
	map(USER - PAGE, page_new(), P | W);
	map(USER, user_frame, P | W | U);
	map(USER + PAGE, page_new(), P | W | U);
	map(USER + 2 * PAGE, page_new(), P | W);
	*entry(0, 2) &= ~U;
	*entry(0x200000, 2) &= ~U;
	WRITE(cr4, READ(cr4) | CR4_SMEP | CR4_SMAP);
}

static void put(u64 at, u64 v)
{
	__asm__ volatile("stac\n\tmovq %1, (%0)\n\tclac" :: "r"(at), "r"(v) : "memory");
}

/* -- Explicit accesses -- */

static void test_access(void)
{
	struct regs r = kernel_regs(load), u = alias_regs(load);

	test("a supervisor's access to a user's page");
	put(USER, 0x1122334455667788);
	r.rdi = USER;
	with_ac_only(&r, PF_P, USER);
	expect("value", stopped.r.rax, 0x1122334455667788);
	r.rip = AT(store);
	r.rax = 0x99;
	with_ac_only(&r, PF_P | PF_W, USER);
	test("its own pages, whatever AC is");
	r.rdi = USER - 8;
	for (u32 k = 0; k < 2; k++) {
		r.rflags ^= AC;
		run_to(&r, VEC_EXIT, 0);
	}
	test("a user's accesses, whatever AC is");
	for (u32 k = 0; k < 2; k++) {
		u.rdi = USER;
		u.rflags ^= AC;
		run_to(&u, VEC_EXIT, 0);
		expect("value", stopped.r.rax, 0x99);
		u.rdi = USER - 8;
		run_to(&u, V_PF, PF_P | PF_U);
	}
	test("an access over the edge of both kinds of pages");
	r = kernel_regs(load);
	r.rdi = USER - 3;
	with_ac_only(&r, PF_P, USER);
	r.rip = AT(store);
	with_ac_only(&r, PF_P | PF_W, USER);
	r.rdi = USER + 2 * PAGE - 5;
	with_ac_only(&r, PF_P | PF_W, USER + 2 * PAGE - 5);
	test("a page that is not there");
	r.rdi = USER + 3 * PAGE;
	never(&r, PF_W, r.rdi);
	r.rflags |= AC;
	never(&r, PF_W, r.rdi);
}

static void test_string(void)
{
	struct regs r = kernel_regs(copy);

	test("a string instruction from its own pages to a user's");
	for (u32 k = 0; k < 4; k++) {
		r.rsi = AT(code_stack);
		r.rdi = USER - 100;
		r.rcx = 300;
		r.rflags = k & 1 ? 2 | AC : 2;
		run_to(&r, k & 1 ? VEC_EXIT : V_PF, PF_P | PF_W);
		expect("rcx", stopped.r.rcx, k & 1 ? 0 : 200);
		expect("rdi", stopped.r.rdi, k & 1 ? USER + 200 : USER);
	}
	test("and the other way");
	for (u32 k = 0; k < 4; k++) {
		r.rdi = AT(code_stack);
		r.rsi = USER + PAGE + 3000;
		r.rcx = 2000;
		r.rflags = k & 1 ? 2 | AC : 2;
		run_to(&r, k & 1 ? VEC_EXIT : V_PF, PF_P);
		expect("rcx", stopped.r.rcx, k & 1 ? 0 : 2000);
	}
}

static void test_ports(void)
{
	struct regs u = alias_regs(ins);

	test("a user's REP INS to the kernel's pages, whatever AC is");
	u.rdx = 0x80;
	u.rcx = 8;
	u.rdi = USER - 64;
	for (u32 k = 0; k < 2; k++) {
		u.rflags = k ? 2 | IOPL3 | AC : 2 | IOPL3;
		never(&u, PF_P | PF_W | PF_U, u.rdi);
	}
}

/* -- How AC comes and goes -- */

static void test_stac(void)
{
	struct regs r = kernel_regs(stac_clac);

	test("STAC and CLAC");
	put(USER, 7);
	r.rdi = USER;
	for (u32 k = 0; k < 3; k++) {
		r.rflags = k == 1 ? 2 | AC | CF | ZF : 2 | CF;
		run_to(&r, V_PF, PF_P);
		expect("rip", stopped.r.rip, AT(stac_clac_end) - 3);
		expect("rax", stopped.r.rax, 7);
		expect("flags", stopped.r.rflags & ~(u64)RF, r.rflags & ~(u64)AC);
	}
	test("STAC and CLAC: a single step of each");
	r.rflags = 2 | TF;
	run_to(&r, V_DB, 0);
	expect("flags", stopped.r.rflags & AC, AC);
	r.rip = AT(stac_clac) + 6;
	r.rflags = 2 | TF | AC;
	run_to(&r, V_DB, 0);
	expect("flags", stopped.r.rflags & AC, 0);
	test("STAC and CLAC in a loop");
	r = kernel_regs(many);
	r.rdi = USER;
	r.rsi = USER - 8;
	r.rcx = 1000;
	run_to(&r, VEC_EXIT, 0);
	expect("sum", stopped.r.rax, 7000);
	test("STAC and CLAC are no flush");
	*entry(USER, 1) &= ~A;		/* what is cached does not look there */
	run_to(&r, VEC_EXIT, 0);
	expect("A", *entry(USER, 1) & A, 0);
	invlpg(USER);
	run_to(&r, VEC_EXIT, 0);
	expect("A", *entry(USER, 1) & A, A);
	test("STAC and CLAC: invalid for users, with prefixes, with LOCK");
	static char *const bad[] = { lock_stac, stac_66, clac_f3, clac_f2 };

	for (u32 k = 0; k < COUNT(bad); k++) {
		r = kernel_regs(bad[k]);
		if (k == 0 || !in_tcg())	/* it takes prefixes */
			run_to(&r, V_UD, 0);
	}
	r = alias_regs(do_stac);
	run_to(&r, V_UD, 0);
	r = alias_regs(do_clac);
	run_to(&r, V_UD, 0);
	r.cs = UCODE32;
	run_to(&r, V_UD, 0);
	test("STAC and CLAC in the kernel's compatibility code");
	r = kernel_regs(do_stac);
	r.cs = KCODE32;
	run_to(&r, VEC_EXIT, 0);
	expect("flags", stopped.r.rflags, 2 | AC);
	r.rip = AT(do_clac);
	r.rflags = 2 | AC;
	run_to(&r, VEC_EXIT, 0);
	expect("flags", stopped.r.rflags, 2);
}

static void test_popf(void)
{
	struct regs r = kernel_regs(popf_both);

	test("POPF sets and clears AC");
	r.rdi = USER;
	for (u32 k = 0; k < 3; k++) {
		run_to(&r, V_PF, PF_P);
		expect("rip", stopped.r.rip, AT(popf_both_end) - 3);
		expect("rax", stopped.r.rax, 7);
	}
	test("POPF of 16 bits leaves it");
	r.rip = AT(popf_16);
	run_to(&r, VEC_EXIT, 0);
	expect("rax", stopped.r.rax, 7);
}

/* Entries to the kernel, each with AC set and clear before: the code there loads from USER. */
static void entry_with(struct regs *u, bool clears)
{
	u->rdi = USER;
	for (u32 k = 0; k < 4; k++) {
		u->rflags = k & 1 ? 2 | AC : 2;
		run_to(u, k & 1 && !clears ? VEC_EXIT : V_PF, PF_P);
		expect("cs", stopped.r.cs & 3, 0);
	}
}

static void test_entries(void)
{
	static struct { u32 offset; u16 selector; } far = { 0, SPARE };
	struct regs u = alias_regs(do_int), r = kernel_regs(do_int);

	test("an interrupt leaves AC");
	gate_set(VEC_TEST, AT(load), KCODE64, GATE_USER, 0);
	entry_with(&u, false);
	entry_with(&r, false);
	gate_reset(VEC_TEST);
	test("SYSCALL: FMASK says");
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	wrmsr(MSR_STAR, (u64)UCODE32 << 48 | (u64)KCODE64 << 32);
	wrmsr(MSR_LSTAR, AT(load));
	u = alias_regs(do_syscall);
	for (u32 k = 0; k < 4; k++) {
		wrmsr(MSR_FMASK, k & 1 ? AC : 0);
		entry_with(&u, k & 1);
	}
	test("SYSENTER leaves AC");
	wrmsr(MSR_SYSENTER_CS, KCODE64);
	wrmsr(MSR_SYSENTER_EIP, AT(load));
	wrmsr(MSR_SYSENTER_ESP, TOP(code_stack));
	u = alias_regs(do_sysenter);
	entry_with(&u, false);
	test("a call gate leaves AC");
	gdt[SPARE >> 3] = (AT(load) & 0xffff) | KCODE64 << 16 | 0xecul << 40 |
			  (AT(load) >> 16) << 48;
	gdt[SPARE2 >> 3] = 0;
	far.selector = SPARE | 3;
	u = alias_regs(do_lcall);
	u.rsi = ALIAS + AT(&far);
	entry_with(&u, false);
	test("SYSRET takes AC from R11, for a user");
	r = kernel_regs(do_sysret);
	r.rcx = ALIAS + AT(load);
	r.rdi = USER;
	for (u32 k = 0; k < 2; k++) {
		r.r11 = k ? 2 : 2 | AC;
		run_to(&r, VEC_EXIT, 0);
		expect("flags", stopped.r.rflags, r.r11);
	}
}

/* -- What else has a say -- */

static void test_modes(void)
{
	struct regs r = kernel_regs(load);

	test("CR4.SMAP off, and on again");
	r.rdi = USER;
	for (u32 k = 0; k < 3; k++) {
		WRITE(cr4, READ(cr4) & ~(u64)CR4_SMAP);
		run_to(&r, VEC_EXIT, 0);
		WRITE(cr4, READ(cr4) | CR4_SMAP);
		never(&r, PF_P, USER);
	}
	test("a page that becomes a user's, a supervisor's");
	for (u32 k = 0; k < 3; k++) {
		map(USER, user_frame, P | W);
		run_to(&r, VEC_EXIT, 0);
		map(USER, user_frame, P | W | U);
		with_ac_only(&r, PF_P, USER);
		*entry(USER, 2) &= ~U;		/* one level is enough */
		WRITE(cr3, READ(cr3));
		run_to(&r, VEC_EXIT, 0);
		*entry(USER, 2) |= U;
		WRITE(cr3, READ(cr3));
		with_ac_only(&r, PF_P, USER);
	}
	test("CR0.WP clear: AC counts, R/W does not");
	r.rip = AT(store);
	map(USER, user_frame, P | U);
	WRITE(cr0, READ(cr0) & ~0x10000ul);
	with_ac_only(&r, PF_P | PF_W, USER);
	expect("vector", stopped.vector, VEC_EXIT);
	WRITE(cr0, READ(cr0) | 0x10000);
	r.rflags |= AC;
	never(&r, PF_P | PF_W, USER);
	map(USER, user_frame, P | W | U);
	test("a page with code that ran");
	r = alias_regs((void *)USER);
	r.rip = USER;
	put(USER, 0x30cd90);		/* NOP; INT 0x30 */
	run_to(&r, VEC_EXIT, 0);
	r = kernel_regs(store);
	r.rdi = USER;
	r.rax = 0x30cdf9;		/* STC */
	with_ac_only(&r, PF_P | PF_W, USER);
	r = alias_regs((void *)USER);
	r.rip = USER;
	run_to(&r, VEC_EXIT, 0);
	expect("flags", stopped.r.rflags, 2 | CF);
}

static void test_breakpoint(void)
{
	struct regs r = kernel_regs(load);

	test("a data breakpoint on a user's page");
	put(USER + 16, 0x77);
	WRITE(dr0, USER + 16);
	WRITE(dr7, 0xb0003);		/* 8 bytes, loads too */
	r.rdi = USER + 16;
	never(&r, PF_P, USER + 16);
	r.rflags |= AC;
	run_to(&r, V_DB, 0);
	expect("rax", stopped.r.rax, 0x77);
	WRITE(dr7, 0);
	WRITE(dr6, 0xffff0ff0);
}

static void test_smep(void)
{
	struct regs r = kernel_regs((void *)USER), u = alias_regs((void *)USER);

	u.rip = USER;
	put(USER, 0x30cd90);
	test("SMEP: a supervisor runs no user's page");
	if (!(cpuid(7, 0).b & 1 << 7)) {
		skip("the CPU has none");
		return;
	}
	for (u32 k = 0; k < 3; k++) {
		run_to(&u, VEC_EXIT, 0);
		never(&r, PF_P | PF_I, USER);
		r.rflags ^= AC;
		WRITE(cr4, READ(cr4) & ~(u64)CR4_SMEP);
		run_to(&r, VEC_EXIT, 0);
		expect("rip", stopped.r.rip, USER + 3);
		WRITE(cr4, READ(cr4) | CR4_SMEP);
	}
	test("SMEP: its own pages");
	map(USER, user_frame, P | W);
	run_to(&r, VEC_EXIT, 0);
	run_to(&u, V_PF, PF_P | PF_U | PF_I);
	map(USER, user_frame, P | W | U);
	never(&r, PF_P | PF_I, USER);
}

int main(void);
int main(void)
{
	if (!(cpuid(7, 0).b & 1 << 20)) {
		test_absent();
		finish("smap64: absent");
	}
	on();
	gates_by_ist();
	test_access();
	test_string();
	test_ports();
	test_stac();
	test_popf();
	test_entries();
	test_modes();
	test_breakpoint();
	test_smep();
	test_forms();
	test_implicit();
	finish("smap64");
}
