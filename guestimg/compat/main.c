/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports and signals' catching. Not the tests. Prints "ok NAME" or "FAIL NAME: …" lines. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "guestimg/compat/compat.h"

enum { ALT_STACK = 65536, FLAG_TF = 0x100 };

static const char *name;
static int passed, failed;
static bool bad;
static struct caught caught;
void *resume;

static void end_test(void)
{
	if (name && !bad)
		printf("ok %s\n", name);
	passed += name && !bad;
	failed += name && bad;
	fflush(stdout);
}

void test(const char *n)
{
	end_test();
	name = n;
	bad = false;
}

bool expect(const char *what, long long got, long long want)
{
	if (got == want)
		return true;
	if (!bad)
		printf("FAIL %s: %s got %llx want %llx\n", name, what, got, want);
	bad = true;
	return false;
}

bool intel(void)
{
	unsigned a, b = 0, c, d;

	return __get_cpuid(0, &a, &b, &c, &d) && b == signature_INTEL_ebx;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	ucontext_t *c = context;
	greg_t *r = c->uc_mcontext.gregs;

	caught = (struct caught){
		.signal = signal, .code = info->si_code, .trap = (int)r[REG_TRAPNO],
		.error = (long)r[REG_ERR], .pc = (unsigned long)r[CTX_PC],
		.address = (unsigned long)info->si_addr, .sp = (unsigned long)r[CTX_SP],
	};
	r[CTX_PC] = (greg_t)(long)resume;
	r[REG_EFL] &= ~FLAG_TF;
}

static void catch_all(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGUSR1 };
	static char stack[ALT_STACK];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction a = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&alt, NULL);
	for (unsigned k = 0; k < sizeof(signals) / sizeof(signals[0]); k++)
		sigaction(signals[k], &a, NULL);
}

struct caught catch(void (*code)(void))
{
	memset(&caught, 0, sizeof(caught));
	code();
	return caught;
}

void expect_signal(const struct caught *c, int signal, int code, int trap, long error,
		   const char *at)
{
	expect("signal", c->signal, signal);
	expect("code", c->code, code);
	expect("trap", c->trap, trap);
	expect("error", c->error, error);
	expect("pc", (long long)c->pc, (long long)(unsigned long)at);
}

int main(void)
{
	catch_all();
	test_signals();
	test_width();
	test_trace();
	end_test();
	printf(PROGRAM ": %d passed, %d failed\n", passed, failed);
	return failed != 0;
}
