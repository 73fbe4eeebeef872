/* SPDX-License-Identifier: BSD-2-Clause */
/* ptrace: single steps and their places, hardware breakpoints for code and data. */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestimg/compat/compat.h"

enum { STEPS = 64 };
#define DEBUG_REGISTER(n) (offsetof(struct user, u_debugreg) + (n) * sizeof(long))

static unsigned long pc_of(pid_t child)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, child, 0, &r))
		return 0;
	return (unsigned long)r.USER_PC;
}

/* A child that is stopped before it calls stepped(). */
static pid_t traced(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		stepped();
		_exit(7);
	}
	waitpid(child, &status, 0);
	expect("stopped", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, 1);
	return child;
}

static void finish(pid_t child)
{
	int status;

	ptrace(PTRACE_CONT, child, 0, 0);
	waitpid(child, &status, 0);
	expect("exit status", WIFEXITED(status) ? WEXITSTATUS(status) : -1, 7);
}

static bool go_on(pid_t child, int how)
{
	int status;

	ptrace(how, child, 0, 0);
	waitpid(child, &status, 0);
	return expect("stop", WIFSTOPPED(status) ? WSTOPSIG(status) : -1, SIGTRAP);
}

/* By a breakpoint to the beginning, then step by step. */
static void test_steps(void)
{
	pid_t child = traced();

	ptrace(PTRACE_POKEUSER, child, DEBUG_REGISTER(0), (void *)stepped);
	ptrace(PTRACE_POKEUSER, child, DEBUG_REGISTER(7), (void *)1);
	test("a breakpoint for code");
	go_on(child, PTRACE_CONT);
	expect("pc", (long long)pc_of(child), (long long)(unsigned long)stepped);
	ptrace(PTRACE_POKEUSER, child, DEBUG_REGISTER(7), (void *)0);
	test("single steps");
	for (int n = 0; n < STEPS && stepped_at[n]; n++) {
		if (!go_on(child, PTRACE_SINGLESTEP))
			break;
		expect("pc", (long long)pc_of(child), (long long)stepped_at[n]);
	}
	finish(child);
}

/* DR7: breakpoint 1, four bytes, writes. */
static void test_watch(void)
{
	enum { DR7_LOCAL_1 = 4, DR7_WRITE_1 = 1 << 20, DR7_FOUR_1 = 3 << 22 };
	pid_t child = traced();

	test("a breakpoint for data: behind the store");
	ptrace(PTRACE_POKEUSER, child, DEBUG_REGISTER(1), &stepped_value);
	ptrace(PTRACE_POKEUSER, child, DEBUG_REGISTER(7),
	       (void *)(long)(DR7_LOCAL_1 | DR7_WRITE_1 | DR7_FOUR_1));
	go_on(child, PTRACE_CONT);
	expect("pc", (long long)pc_of(child), (long long)(unsigned long)stepped_behind_store);
	expect("DR6", ptrace(PTRACE_PEEKUSER, child, DEBUG_REGISTER(6), 0) & 15, 2);
	ptrace(PTRACE_POKEUSER, child, DEBUG_REGISTER(7), (void *)0);
	finish(child);
}

void test_trace(void)
{
	test_steps();
	test_watch();
}
