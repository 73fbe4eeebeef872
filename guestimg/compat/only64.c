/* SPDX-License-Identifier: BSD-2-Clause */
/* What a 64-bit program alone can do. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "guestimg/compat/compat.h"
#include "guestimg/compat/only64.h"

enum { TRAP_SS = 12, TRAP_GP = 13, TRAP_PF = 14, HWCAP2_FSGSBASE = 2 };
#define FAR 0x800000000000

static void test_calls(void)
{
	test("SYSCALL: RCX and R11");
	syscall_leaves();
	expect("rcx", (long long)syscall_rcx, (long long)(unsigned long)syscall_next);
	expect("r11", (long long)syscall_r11 & 0xfd5, 0x201 | (syscall_r11 & 0x54));
	test("INT 0x80 from 64-bit code");
	expect("getpid", int80_pid(), getpid());
}

static void test_far(void)
{
	struct caught c;

	test("addresses that are not canonical: #GP and #SS as signals");
	c = catch(load_far);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_GP, 0, load_far_at);
	c = catch(store_stack);
	expect_signal(&c, SIGBUS, SI_KERNEL, TRAP_SS, 0, store_stack_at);
	c = catch(push_far);
	expect_signal(&c, SIGBUS, SI_KERNEL, TRAP_SS, 0, push_far_at);
	if (!intel())
		return;
	test("branches to where RIP is not canonical");
	c = catch(jump_far);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_GP, 0, jump_far_at);
	c = catch(return_far);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_GP, 0, return_far_at);
}

/* A handler that returns to where RIP is not canonical: the kernel's IRET faults. */
static volatile int times;
static unsigned long second_pc;

static void on_far(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	if (times++ == 0) {
		r[REG_RIP] = FAR;
		return;
	}
	second_pc = (unsigned long)r[REG_RIP];
	r[REG_RIP] = (greg_t)(long)resume;
}

static void test_sigreturn(void)
{
	struct sigaction a = { .sa_sigaction = on_far, .sa_flags = SA_SIGINFO }, old;

	test("a handler that returns to where RIP is not canonical");
	sigaction(SIGSEGV, &a, &old);
	load_null();
	sigaction(SIGSEGV, &old, NULL);
	expect("handlers", times, 2);
	expect("rip", (long long)second_pc, FAR);
}

/* Is there such a page? (vsyscall=none is possible.) time() is at 400, getcpu() at 800. */
static void test_vsyscall(void)
{
	typedef long call(time_t *);
	call *vtime = (call *)0xffffffffff600400;
	struct caught c;

	test("the vsyscall page: called, not read");
	c = catch(read_vsyscall);
	expect("signal", c.signal, SIGSEGV);
	expect("trap", c.trap, TRAP_PF);
	expect("address", (long long)c.address, (long long)0xffffffffff600000);
	long now = time(NULL);

	expect("time", vtime(NULL) - now <= 1, 1);
}

static unsigned long gs_base(void)
{
	unsigned long v = 0;

	syscall(SYS_arch_prctl, ARCH_GET_GS, &v);
	return v;
}

static void test_bases(void)
{
	static long value = 0x1234567887654321;
	long got;

	test("GS's base by arch_prctl");
	syscall(SYS_arch_prctl, ARCH_SET_GS, &value);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(got));
	expect("through GS", got, value);
	expect("base", (long long)gs_base(), (long long)(unsigned long)&value);
	expect("a base of the kernel's half", syscall(SYS_arch_prctl, ARCH_SET_GS, -1ul << 47), -1);
	test("GS's base by WRGSBASE");
	if (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE) {
		__asm__ volatile("wrgsbase %0" :: "r"(0x123456789000));
		getppid();
		expect("base", (long long)gs_base(), 0x123456789000);
	}
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0);
}

static void test_compatibility(void)
{
	void *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	test("32-bit code in a 64-bit process");
	expect("result", in_32((char *)stack + 65536), 0x1234 + 9);
}

void test_width(void)
{
	test_calls();
	test_far();
	test_sigreturn();
	test_vsyscall();
	test_bases();
	test_compatibility();
}
