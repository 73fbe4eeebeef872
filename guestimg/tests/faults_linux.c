/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lib.c and faults.c do, for a 32-bit Linux program: is what faults.rom expects true of the
 * build machine's CPU? Pages are mprotected, faults are signals. No kernel mode, no demand paging.
 * Invariant: a handler looks at a window only through its second mapping, which is never protected.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "guestimg/tests/faults.h"
#include "qemu-test/vendor.h"

enum { WINDOWS = 5, SPAN = WINDOW_PAGES * PAGE, CODE_SPAN = 4 * PAGE };
enum { GP_OF_EXIT = VEC_EXIT * 8 + 2 };		/* INT n through a gate that users may not use */
enum { PF_FETCH = 0x10 };			/* only with no-execute pages, as Linux has them */
enum { X87_IN_FRAME = 112 };			/* the FXSAVE image is behind the FSAVE one */

handler on_trap[256];
struct stopped stopped;
const bool bare_metal = false;
static u8 *window_ram, *code_ram;
static const ucontext_t *fault_context;
static u8 user_stack[8192] __attribute__((aligned(16)));

/* The code's registers and the caller's stack. */
struct entry entry;

__asm__(".pushsection .text\n"
	"enter_code:\n\t"
	"pushl %ebx\n\tpushl %esi\n\tpushl %edi\n\tpushl %ebp\n\tmovl %esp, entry + 48\n\t"
	"pushl entry + 40\n\tpopfl\n\t"
	"movl entry, %edi\n\tmovl entry + 4, %esi\n\tmovl entry + 8, %ebp\n\t"
	"movl entry + 12, %esp\n\tmovl entry + 16, %ebx\n\tmovl entry + 20, %edx\n\t"
	"movl entry + 24, %ecx\n\tmovl entry + 28, %eax\n\tjmp *entry + 32\n"
	"left_code:\n\t"
	"popl %ebp\n\tpopl %edi\n\tpopl %esi\n\tpopl %ebx\n\tret\n"
	".popsection");


/* -- Pages ------------------------------------------------------------------------------------ */

u32 window_at(u32 n) { return WINDOW + 0x10000 * (n + 1); }

u8 *window_byte(u32 va)
{
	return window_ram + (va - window_at(0)) / 0x10000 * SPAN + va % 0x10000;
}

static void protect(u32 va, u32 bits, int exec)
{
	int prot = !(bits & P) ? PROT_NONE : PROT_READ | (bits & W ? PROT_WRITE : 0) | exec;

	if (mprotect((void *)(va & ~(PAGE - 1u)), PAGE, prot))
		finish("mprotect");
}

void window_set(u32 va, u32 bits) { protect(va, bits, 0); }
void code_set(u32 va, u32 bits) { protect(va, bits, PROT_EXEC); }

u32 code_put(u32 off, const void *bytes, u32 n)
{
	memcpy(code_ram + off, bytes, n);
	return CODE_PAGES + off;
}

static void map_at(u32 va, u32 size, int prot, int file, u32 off)
{
	if (mmap((void *)va, size, prot, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
		 (off_t)off) != (void *)va)
		finish("mmap");
}

static int file_new(u32 size)
{
	int file = memfd_create("faults", 0);

	if (file < 0 || ftruncate(file, size))
		finish("memfd");
	return file;
}

static void pages_init(void)
{
	int file = file_new(WINDOWS * SPAN), rw = PROT_READ | PROT_WRITE;

	window_ram = mmap(0, WINDOWS * SPAN, rw, MAP_SHARED, file, 0);
	for (u32 n = 0; n < WINDOWS; n++)
		map_at(window_at(n), SPAN, rw, file, n * SPAN);
	file = file_new(CODE_SPAN);
	code_ram = mmap(0, CODE_SPAN, rw, MAP_SHARED, file, 0);
	map_at(CODE_PAGES, CODE_SPAN, rw | PROT_EXEC, file, 0);
	if (window_ram == MAP_FAILED || code_ram == MAP_FAILED)
		finish("mmap");
}

/* -- Traps ------------------------------------------------------------------------------------ */

u32 fault_address(void) { return (u32)fault_context->uc_mcontext.cr2; }

/* VENDOR_MMX_FAULT_TOP: turns the registers of an MMX store's image back to `top`. */
static void turn_back(u8 *image, u32 top)
{
	u8 st[8 * 16];

	memcpy(st, image + 32, sizeof(st));
	for (u32 k = 0; k < 8; k++)
		memcpy(image + 32 + 16 * k, st + 16 * ((k + top) & 7), 16);
	image[3] = (u8)((image[3] & ~0x38u) | top << 3);
}

void fpu_at_fault(u8 *image, const u8 *before, u32 eip)
{
	static const u8 movq_st[] = { 0x0f, 0x7f };

	memcpy(image, (u8 *)fault_context->uc_mcontext.fpregs + X87_IN_FRAME, 512);
	if ((vendor_rules() & VENDOR_MMX_FAULT_TOP) && !(image[3] & 0x38) &&
	    !memcmp((const u8 *)eip, movq_st, sizeof(movq_st)))
		turn_back(image, before[3] >> 3 & 7);
}

struct regs user_regs(const void *eip)
{
	return (struct regs){ .eip = AT(eip), .eflags = 0x202,
			      .esp = AT(user_stack + sizeof(user_stack)) };
}

struct regs kernel_regs(const void *eip) { return user_regs(eip); }

void run(const struct regs *r)
{
	entry.r = *r;
	entry.r.eflags |= IF;
	enter_code();
}

static void stop(greg_t *g, u32 vector, u32 error)
{
	stopped = (struct stopped){
		.vector = vector, .error = error, .cr2 = fault_address(),
		.r = { (u32)g[REG_EDI], (u32)g[REG_ESI], (u32)g[REG_EBP], (u32)g[REG_ESP],
		       (u32)g[REG_EBX], (u32)g[REG_EDX], (u32)g[REG_ECX], (u32)g[REG_EAX],
		       (u32)g[REG_EIP], (u32)g[REG_CS], (u32)g[REG_EFL], (u32)g[REG_SS] },
	};
	g[REG_EIP] = (greg_t)AT(left_code);
	g[REG_ESP] = (greg_t)entry.home;
	g[REG_EFL] = 0x202;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	greg_t *g = u->uc_mcontext.gregs;
	u32 vector = (u32)g[REG_TRAPNO], error = (u32)g[REG_ERR] & ~(u32)PF_FETCH;
	struct trap t = {
		(u32)g[REG_EDI], (u32)g[REG_ESI], (u32)g[REG_EBP], 0, (u32)g[REG_EBX],
		(u32)g[REG_EDX], (u32)g[REG_ECX], (u32)g[REG_EAX], vector, error,
		(u32)g[REG_EIP], (u32)g[REG_CS], (u32)g[REG_EFL], (u32)g[REG_ESP], (u32)g[REG_SS],
	};

	(void)number, (void)info;
	fault_context = u;
	if (vector == V_GP && error == GP_OF_EXIT) {
		g[REG_EIP] += 2;
		stop(g, VEC_EXIT, 0);
	} else if (vector >= COUNT(on_trap) || !on_trap[vector] || !on_trap[vector](&t)) {
		stop(g, vector, error);
	}
}

int main(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };
	static u8 signal_stack[65536];
	stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction act = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&stack, 0);
	for (u32 k = 0; k < COUNT(signals); k++)
		sigaction(signals[k], &act, 0);
	pages_init();
	test_insns();
	test_strings();
	test_fetches();
	finish("faults");
}
