/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of the level, many, in any order: by INT and IRETQ, by SYSCALL with SYSRET or IRETQ, by
 * SYSENTER of compatibility code, with other flags and address spaces each time; and what the code
 * that runs then may do. Part of `syscall` (syscall.c). Expectations: SDM vol. 1, 18.5 (CLI);
 * vol. 3, 4.6.
 */
#include "guestimg/base/rnd.h"
#include "guestimg/tests64/syscall.h"

enum { ROUNDS = 3000, ID = 0x200000, IOPL = IOPL3 };
/* Each way in has two bytes; then CLI, a byte, and MOV (%rdi), %eax, two, and VEC_EXIT. */
enum { AT_THEN = 2, AT_LOAD = 3, AT_OUT = 5 };
#define THEN "\n\tcli\n\tmov (%rdi), %eax"

CODE(mix_int, "int $0x31" THEN)
CODE(mix_syscall, "syscall" THEN)
CODE(mix_sysenter, "sysenter" THEN)
/* R8, RSI: CR3; R9: changes of the flags; R12, RBP, R10, R13: IRETQ's frame */
CODE(by_sysret, "mov %r8, %cr3\n\txor %r9, %r11\n\tsysretq")
CODE(by_iretq, "mov %r8, %cr3\n\tpush %r12\n\tpush %rbp\n\tpush %r10\n\tpush %r13\n\tpush %rcx\n\t"
	"iretq")
CODE(by_sysexit, "mov %rsi, %cr3\n\tsysexitl")

static u64 space[2];
static u64 more_flags;			/* what the handler of INT changes in the frame */
static bool other_space;		/* and whether it loads CR3 */

static bool on_pass(struct trap *t)
{
	t->rflags ^= more_flags;
	if (other_space)
		WRITE(cr3, space[rnd() & 1]);
	return true;
}

static u64 any_flags(void)
{
	static const u64 flags[] = { 0, 0, 0, IOPL, IOPL, AC, ID, IOPL | ID };

	return flags[rnd() % COUNT(flags)];
}

static u64 any_space(void) { return space[!(rnd() & 7)]; }

/* Where code at `at` ends: CLI wants a level that IOPL allows, the page is the kernel's. */
static void expect_end(const struct regs *r, u64 at, bool user, u64 flags)
{
	bool may = !user || (flags & IOPL) == IOPL;

	run_to(r, !may ? V_GP : user ? V_PF : VEC_EXIT, may && user ? PF_P | PF_U : 0);
	expect("rip", stopped.r.rip, at + (!may ? AT_THEN : user ? AT_LOAD : AT_OUT + 2));
	expect("level", stopped.r.cs & 3, user ? 3 : 0);
	expect("rflags", stopped.r.rflags & ~(u64)(IF | RF), (flags | 2) & ~(u64)(IF | RF));
}

static void mix_by_int(void)
{
	static struct regs (*const of[])(const void *) = { kernel_regs, user_regs, user_regs,
							   user32_regs };
	unsigned n = rnd() % COUNT(of);
	struct regs r = of[n](mix_int);

	r.rflags |= any_flags();
	r.rdi = WINDOW;
	more_flags = rnd() & 3 ? 0 : IOPL;
	other_space = !(rnd() & 3);
	expect_end(&r, AT(mix_int), n, r.rflags ^ more_flags);
}

static void mix_by_syscall(void)
{
	bool iret = rnd() & 1;
	struct regs r = user_regs(mix_syscall);

	r.rflags |= any_flags();
	r.rdi = WINDOW;
	r.r8 = any_space();
	r.r9 = rnd() & 3 ? 0 : IOPL;
	r.r10 = 2 | any_flags();
	r.r12 = UDATA;
	r.r13 = UCODE64;
	r.rbp = r.rsp;
	wrmsr(MSR_LSTAR, iret ? AT(by_iretq) : AT(by_sysret));
	expect_end(&r, AT(mix_syscall), true, iret ? r.r10 : r.rflags ^ r.r9);
}

static void mix_by_sysenter(void)
{
	struct regs r = rnd() & 1 ? user_regs(mix_sysenter) : user32_regs(mix_sysenter);

	r.rflags |= any_flags();
	r.rdi = WINDOW;
	r.rsi = any_space();
	r.rdx = AT(mix_sysenter) + AT_THEN;
	r.rcx = r.rsp;
	expect_end(&r, AT(mix_sysenter), true, r.rflags);
}

void test_mix(void)
{
	static void (*const ways[])(void) = { mix_by_int, mix_by_syscall, mix_by_sysenter };

	test("all ways between the levels, mixed");
	map(WINDOW, page_new(), P | W);
	space[0] = READ(cr3);
	space[1] = page_new();
	memcpy((void *)space[1], (void *)space[0], PAGE);
	wrmsr(MSR_SYSENTER_EIP, AT(by_sysexit));
	on_trap[VEC_PASS] = on_pass;
	for (unsigned k = 0; k < ROUNDS; k++)
		ways[rnd() % COUNT(ways)]();
	WRITE(cr3, space[0]);
	on_trap[VEC_PASS] = 0;
	syscall_init();
}
