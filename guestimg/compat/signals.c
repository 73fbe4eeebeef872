/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions as signals: number, code, trap number, error code, PC; what a handler leaves alone. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guestimg/compat/compat.h"

enum { TRAP_DE = 0, TRAP_DB = 1, TRAP_BP = 3, TRAP_UD = 6, TRAP_GP = 13, TRAP_PF = 14,
	TRAP_AC = 17 };
enum { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_FETCH = 16 };

const char fault_const[64] = "this page is not writable";
long fault_longs[4] __attribute__((aligned(16)));
long kept;			/* bits of what keeps_registers found changed */

static void test_faults(void)
{
	struct caught c;

	test("a load from nowhere");
	c = catch(load_null);
	expect_signal(&c, SIGSEGV, SEGV_MAPERR, TRAP_PF, PF_USER, load_null_at);
	expect("address", (long long)c.address, 8);
	test("a store to a constant");
	c = catch(store_const);
	expect_signal(&c, SIGSEGV, SEGV_ACCERR, TRAP_PF, PF_PRESENT | PF_USER | PF_WRITE,
		      store_const_at);
	expect("address", (long long)c.address, (long long)(unsigned long)(fault_const + 5));
	test("UD2");
	c = catch(invalid);
	expect_signal(&c, SIGILL, ILL_ILLOPN, TRAP_UD, 0, invalid_at);
	test("INT3");
	c = catch(breakpoint);
	expect_signal(&c, SIGTRAP, SI_KERNEL, TRAP_BP, 0, breakpoint_at + 1);
	test("a division by 0");
	c = catch(divide);
	expect_signal(&c, SIGFPE, FPE_INTDIV, TRAP_DE, 0, divide_at);
	test("HLT, a closed gate, a port");
	c = catch(privileged);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_GP, 0, privileged_at);
	c = catch(gate);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_GP, 0x40 * 8 + 2, gate_at);
	c = catch(port);
	expect_signal(&c, SIGSEGV, SI_KERNEL, TRAP_GP, 0, port_at);
	test("an unaligned access with EFLAGS.AC");
	c = catch(misaligned);
	expect_signal(&c, SIGBUS, BUS_ADRALN, TRAP_AC, 0, misaligned_at);
	test("a single step of the program's own");
	c = catch(stepping);
	expect_signal(&c, SIGTRAP, TRAP_TRACE, TRAP_DB, 0, stepping_at);
}

static void test_fetch(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	test("a fetch from a page that is not executable, then from one that is");
	page[0] = (char)0xc3;		/* RET */
	struct caught c;

	fault_longs[0] = (long)page;
	c = catch(fetch_longs);
	expect_signal(&c, SIGSEGV, SEGV_ACCERR, TRAP_PF, PF_PRESENT | PF_USER | PF_FETCH, page);
	mprotect(page, 4096, PROT_READ | PROT_EXEC);
	c = catch(fetch_longs);
	expect("signal", c.signal, 0);
	munmap(page, 4096);
	c = catch(fetch_longs);
	expect_signal(&c, SIGSEGV, SEGV_MAPERR, TRAP_PF, PF_USER | PF_FETCH, page);
}

/* A handler runs on its own stack; FPU and vector registers are as before it. */
static void test_handler(void)
{
	test("registers after a handler");
	catch(keeps_registers);
	expect("changed", kept, 0);
	test("a signal by kill");
	struct caught c = catch(send_signal);

	expect("signal", c.signal, SIGUSR1);
	expect("code", c.code, SI_USER);
}

void test_signals(void)
{
	test_faults();
	test_fetch();
	test_handler();
}
