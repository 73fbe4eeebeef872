/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lib.c and debug.c do, for a 32-bit Linux program: are debug_data.c's expectations true of
 * the build machine's CPU? The code runs in a child whose debug registers ptrace sets; #DB are
 * signals. No kernel mode, no I/O. Invariant: the child shares FREE and up, and nothing else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guestimg/tests/debug.h"
#include "qemu-test/vendor.h"

enum { SHARED = 0x400000, DR7_FIXED = 0x400 };

struct stopped stopped;
struct record got;
static u32 address[4], dr7;

bool has(u32 feature) { return feature != CPUID_DE; }
bool strings_in_groups(void) { return vendor_rules() & VENDOR_FAST_STRING_GROUPS; }

/* -- Breakpoints ------------------------------------------------------------------------------ */

void break_at(u32 n, u32 at, u32 rw, u32 len)
{
	u32 field = rw | (len - 1) << 2;

	address[n] = at;
	dr7 = (dr7 & ~(0xfu << (16 + 4 * n))) | field << (16 + 4 * n) | 1u << (2 * n);
}

void break_clear(void) { dr7 = 0; }

static long reg_at(u32 n) { return (long)(offsetof(struct user, u_debugreg) + n * sizeof(long)); }

static void poke(pid_t child, u32 n, u32 v)
{
	if (ptrace(PTRACE_POKEUSER, child, reg_at(n), v) == 0)
		return;
	printf("no debug registers by ptrace: errno %d\ndebug: 0 passed, 0 failed, 1 skipped\n",
	       errno);
	kill(child, SIGKILL);
	exit(0);
}

static u32 peek_dr6(pid_t child) { return (u32)ptrace(PTRACE_PEEKUSER, child, reg_at(6), 0); }

/* -- Running ---------------------------------------------------------------------------------- */

struct regs user_regs(const void *eip) { return (struct regs){ .eip = AT(eip), .eflags = 0x202 }; }
struct regs kernel_regs(const void *eip) { return user_regs(eip); }

static void load_regs(pid_t child, const struct regs *r)
{
	struct user_regs_struct u;

	ptrace(PTRACE_GETREGS, child, 0, &u);
	u.ebx = (long)r->ebx;
	u.ecx = (long)r->ecx;
	u.edx = (long)r->edx;
	u.esi = (long)r->esi;
	u.edi = (long)r->edi;
	u.eax = (long)r->eax;
	u.eip = (long)r->eip;
	u.esp = r->esp ? (long)r->esp : u.esp;
	u.eflags = (long)r->eflags;
	u.orig_eax = -1;
	ptrace(PTRACE_SETREGS, child, 0, &u);
}

static pid_t start(const struct regs *r)
{
	pid_t child = fork();

	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(1);
	}
	waitpid(child, 0, 0);
	load_regs(child, r);
	for (u32 n = 0; n < 4; n++)
		if (dr7 >> (2 * n) & 3)
			poke(child, n, address[n]);
	poke(child, 7, dr7 ? dr7 | DR7_FIXED : 0);
	return child;
}

/* The child has stopped. Was it a breakpoint? Then it is recorded. */
static bool record_hit(pid_t child, int signal, const struct user_regs_struct *u)
{
	u32 dr6 = peek_dr6(child) & (B0 | B1 | B2 | B3 | BS);

	if (signal != SIGTRAP || !dr6)
		return false;
	poke(child, 6, 0);
	if (got.hits < COUNT(got.hit))
		got.hit[got.hits] = (struct hit){ (u32)u->eip, dr6, (u32)u->eflags, (u32)u->ecx,
						  (u32)u->xcs };
	return ++got.hits < 1000;
}

void go(const struct regs *r)
{
	struct user_regs_struct u;
	pid_t child = start(r);
	int status;

	got.hits = got.faults = 0;
	do {
		ptrace(PTRACE_CONT, child, 0, 0);
		waitpid(child, &status, 0);
		if (!WIFSTOPPED(status))
			finish("the child is gone");
		ptrace(PTRACE_GETREGS, child, 0, &u);
	} while (record_hit(child, WSTOPSIG(status), &u));
	stopped = (struct stopped){
		.vector = WSTOPSIG(status) == SIGSEGV ? ((const u8 *)u.eip)[1] : 0,
		.r = { .ecx = (u32)u.ecx, .edx = (u32)u.edx, .eax = (u32)u.eax },
	};
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

void want(u32 n, u32 eip, u32 dr6)
{
	expect("eip of #DB", got.hit[n].eip, eip);
	expect("DR6", got.hit[n].dr6, dr6);
}

void want_count(u32 hits)
{
	expect("#DB", got.hits, hits);
	expect("ended by", stopped.vector, VEC_EXIT);
}

int main(void)
{
	if (mmap((void *)SHARED, 0x200000, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != (void *)SHARED)
		finish("mmap");
	setbuf(stdout, 0);
	test_data();
	test_strings();
	finish("debug");
}
