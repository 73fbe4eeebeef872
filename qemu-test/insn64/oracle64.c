/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs instruction cases of 64-bit code on the CPU of the build machine and writes what they did. A
 * Linux program: each case is entered by returning from a signal handler, and left by the signal
 * that its exception or final INT3 raises. Not a judge: it knows nothing of Loam.
 * Invariant: nothing of the C library is used while a case's FS base and selectors are loaded.
 *
 *	oracle64 CASES RESULTS
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <cpuid.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "qemu-test/insn64/case64.h"

#define BLOB_MAX (64u << 20)
#define HANDLER_STACK 65536

static const struct cases64_head *head;
static const struct case64 *cases;
static const u8 *fx_images, *codes;
static struct result64 *results;
static u8 *blob, *pristine;
static u32 blob_used, current;
static bool running;
static ucontext_t home;
static u8 fx_in[FX64_SIZE], fx_home[FX64_SIZE];
static const u8 order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI,
			      REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14,
			      REG_R15 };

u64 home_fs;				/* for on_signal */
u16 left_sel[6];			/* selectors that the case left */
u64 left_fs;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static u8 *data(void) { return (u8 *)DATA64_HIGH; }

static long prctl_base(long what, u64 v)
{
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "0"(SYS_arch_prctl), "D"(what), "S"(v)
			 : "rcx", "r11", "memory");
	return r;
}

/* -- Before a case --------------------------------------------------------------------------- */

static void load_fx(u8 *fx)
{
	memcpy(fx, fx_in, FX64_SIZE);
	*(u32 *)(fx + 28) = 0xffff;
	*(u64 *)(fx + 512) |= 3;		/* XSTATE_BV: x87 and SSE */
}

/* FS comes last: from then on the C library has no thread. */
static void load_segments(void)
{
	__asm__ volatile("movw %w0, %%ds\n\tmovw %w0, %%es\n\tmovw %w1, %%fs\n\tmovw %w1, %%gs"
			 :: "r"(head->mode == 8 ? 0 : SEL64_FLAT), "r"(0));
	prctl_base(ARCH_SET_GS, GS64);
	prctl_base(ARCH_SET_FS, FS64);
}

static void begin(ucontext_t *u)
{
	const struct case64 *c = &cases[current];
	greg_t *r = u->uc_mcontext.gregs;

	memcpy(data() + c->poke, c->bytes, c->poke_len);
	for (unsigned i = 0; i < 16; i++)
		r[order[i]] = (greg_t)c->gpr[i];
	r[REG_RIP] = (greg_t)(insn64_slot(head, current) + c->start);
	r[REG_EFL] = (greg_t)(c->eflags | 0x202);
	r[REG_CSGSFS] = (head->mode == 8 ? SEL64_CS : SEL64_CS32) | (greg_t)SEL64_FLAT << 48;
	memcpy(fx_in, c->fx == FX64_NONE ? fx_home : fx_images + c->fx * FX64_SIZE, FX64_SIZE);
	load_fx((u8 *)u->uc_mcontext.fpregs);
	running = true;
	load_segments();
}

/* -- After it -------------------------------------------------------------------------------- */

static void put_blob(const void *p, u32 n)
{
	if (blob_used + n > BLOB_MAX)
		_exit(4);
	memcpy(blob + blob_used, p, n);
	blob_used += n;
}

/* The units that changed, and the pages as they were. The read-only page cannot change. */
static void take_memory(const struct case64 *c, struct result64 *o)
{
	u8 *d = data();

	memcpy(pristine + c->poke, c->bytes, c->poke_len);
	for (u32 unit = 0; unit < MEM64_UNITS; unit++) {
		u32 at = unit * MEM64_UNIT;

		if (!memcmp(d + at, pristine + at, MEM64_UNIT))
			continue;
		o->mem[unit / 64] |= 1ull << (unit % 64);
		put_blob(d + at, MEM64_UNIT);
	}
	for (unsigned i = 0; i < c->poke_len; i++)
		pristine[c->poke + i] = insn64_pattern(c->poke + i);
	memcpy(d, pristine, DATA64_RW);
}

/* Without the last instruction and operand, and what lies between the registers. */
static void clean_fx(u8 *fx)
{
	memset(fx + 6, 0, 18);
	memset(fx + 28, 0, 4);
	fx[5] = 0;
	for (unsigned i = 0; i < 8; i++)
		memset(fx + 32 + 16 * i + 10, 0, 6);
}

static void take_fx(const struct case64 *c, struct result64 *o, const u8 *from)
{
	u8 now[FX64_SIZE];

	if (c->fx == FX64_NONE)
		return;
	memcpy(now, from, FX64_SIZE);
	clean_fx(now);
	clean_fx(fx_in);
	for (unsigned i = 0; i < FX64_UNITS; i++)
		if (memcmp(now + 16 * i, fx_in + 16 * i, 16)) {
			o->fx_mask |= 1u << i;
			put_blob(now + 16 * i, 16);
		}
}

static void finish(ucontext_t *u)
{
	const struct case64 *c = &cases[current];
	struct result64 *o = &results[current];
	const greg_t *r = u->uc_mcontext.gregs;

	memset(o, 0, sizeof *o);
	for (unsigned i = 0; i < 16; i++)
		o->gpr[i] = c->ignore_gpr >> i & 1 ? 0 : (u64)r[order[i]];
	o->eflags = (u32)r[REG_EFL] & EFLAGS64;
	o->rip = (u64)r[REG_RIP];
	o->vector = (u8)r[REG_TRAPNO];
	o->error = (u32)r[REG_ERR];
	o->cr2 = o->vector == 14 ? (u64)r[REG_CR2] : 0;
	o->fs_base = left_fs;
	prctl_base(ARCH_GET_GS, (u64)&o->gs_base);
	for (unsigned i = 0; i < 6; i++)	/* returns to user code clear null selectors' RPL */
		o->sel[i] = left_sel[i] & ~3 ? left_sel[i] : 0;
	o->sel[1] = (u16)r[REG_CSGSFS];
	o->sel[2] = (u16)(r[REG_CSGSFS] >> 48);
	o->blob = blob_used;
	take_memory(c, o);
	take_fx(c, o, (const u8 *)u->uc_mcontext.fpregs);
}

/* -- Signals --------------------------------------------------------------------------------- */

static void next(ucontext_t *u)
{
	if (running) {
		finish(u);
		current++;
	} else {
		memcpy(&home, u, sizeof home);
	}
	if (current < head->cases) {
		begin(u);
		return;
	}
	running = false;			/* back behind the INT3 of main() */
	memcpy(u->uc_mcontext.gregs, home.uc_mcontext.gregs, sizeof home.uc_mcontext.gregs);
}

__attribute__((used)) void handle(int sig, siginfo_t *info, void *context)
{
	(void)info;
	if (sig == SIGALRM) {			/* a case without end */
		dprintf(2, "case %u: no end\n", current);
		_exit(2);
	}
	next(context);
}

/* Entered with the case's AC, selectors and bases: they go before any C that may depend on them. */
void on_signal(void);
__asm__(
	"on_signal:\n"
	"	pushq	$2\n"
	"	popfq\n"
	"	movw	%es, left_sel(%rip)\n"
	"	movw	%ds, left_sel + 6(%rip)\n"
	"	movw	%fs, left_sel + 8(%rip)\n"
	"	movw	%gs, left_sel + 10(%rip)\n"
	"	pushq	%rdi\n"
	"	pushq	%rsi\n"
	"	pushq	%rdx\n"
	"	movl	$158, %eax\n"			/* arch_prctl(ARCH_GET_FS, &left_fs) */
	"	movl	$0x1003, %edi\n"
	"	leaq	left_fs(%rip), %rsi\n"
	"	syscall\n"
	"	movl	$158, %eax\n"			/* arch_prctl(ARCH_SET_FS, home_fs) */
	"	movl	$0x1002, %edi\n"
	"	movq	home_fs(%rip), %rsi\n"
	"	syscall\n"
	"	popq	%rdx\n"
	"	popq	%rsi\n"
	"	popq	%rdi\n"
	"	jmp	handle\n");

static void catch_signals(void)
{
	static u8 stack[HANDLER_STACK] __attribute__((aligned(64)));
	static const int which[] = { SIGTRAP, SIGSEGV, SIGFPE, SIGILL, SIGBUS, SIGALRM };
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	sa.sa_sigaction = (void (*)(int, siginfo_t *, void *))on_signal;
	prctl_base(ARCH_GET_FS, (u64)&home_fs);
	if (sigaltstack(&ss, NULL))
		die("sigaltstack");
	for (unsigned i = 0; i < sizeof which / sizeof which[0]; i++)
		sigaction(which[i], &sa, NULL);
}

/* -- Set-up ---------------------------------------------------------------------------------- */

static void *map_at(u64 where, size_t size, int prot, int fd)
{
	void *p = mmap((void *)where, size, prot,
		       (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED) |
		       (where ? MAP_FIXED_NOREPLACE : 0), fd, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void read_cases(const char *name)
{
	int fd = open(name, O_RDONLY);
	struct stat st;
	u8 *p;

	if (fd < 0 || fstat(fd, &st))
		die(name);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	head = (const struct cases64_head *)p;
	if (p == MAP_FAILED || head->magic != CASES64_MAGIC) {
		fprintf(stderr, "%s: not a file of cases\n", name);
		exit(2);
	}
	cases = (const struct case64 *)(head + 1);
	fx_images = (const u8 *)(cases + head->cases);
	codes = fx_images + head->fx * FX64_SIZE;
}

static void lay_out_data(u64 at, int fd)
{
	map_at(at, DATA64_ALL, PROT_READ | PROT_WRITE, fd);
	for (u32 i = 0; i < DATA64_ALL; i++)
		((u8 *)at)[i] = insn64_pattern(i);
	mprotect((u8 *)at + DATA64_RW, PAGE64, PROT_READ);
}

static void lay_out(void)
{
	u32 code = (head->cases * head->slot + PAGE64 - 1) / PAGE64 * PAGE64 + 2 * CODE64_MARGIN;
	u8 *slots = map_at(insn64_base(head) - CODE64_MARGIN, code, PROT_READ | PROT_WRITE, -1);
	int fd = memfd_create("data", 0);

	memset(slots, 0xcc, code);
	for (u32 n = 0; n < head->cases; n++)
		memcpy(slots + CODE64_MARGIN + n * head->slot + cases[n].start,
		       codes + cases[n].code, cases[n].len);
	mprotect(slots, code, PROT_READ | PROT_EXEC);
	if (fd < 0 || ftruncate(fd, DATA64_ALL))
		die("memfd");
	lay_out_data(DATA64_HIGH, fd);
	lay_out_data(DATA64_LOW, fd);
	pristine = malloc(DATA64_RW);
	memcpy(pristine, data(), DATA64_RW);
	results = calloc(head->cases, sizeof *results);
	blob = map_at(0, BLOB_MAX, PROT_READ | PROT_WRITE, -1);
	fx_home[0] = 0x7f;
	fx_home[1] = 3;
	fx_home[24] = 0x80;
	fx_home[25] = 0x1f;
}

static void write_results(const char *name)
{
	struct results64_head h = { RESULTS64_MAGIC, head->cases, blob_used, 0, "" };
	u32 brand[12];
	FILE *f = fopen(name, "wb");

	for (unsigned i = 0; i < 3; i++)
		__cpuid(0x80000002 + i, brand[4 * i], brand[4 * i + 1], brand[4 * i + 2],
			brand[4 * i + 3]);
	memcpy(h.cpu, brand, sizeof brand);
	if (!f || fwrite(&h, sizeof h, 1, f) != 1 ||
	    fwrite(results, sizeof *results, head->cases, f) != head->cases ||
	    fwrite(blob, 1, blob_used, f) != blob_used || fclose(f))
		die(name);
	printf("%u cases of 64-bit code on: %s\n", head->cases, h.cpu);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: oracle64 CASES RESULTS\n");
		return 2;
	}
	read_cases(argv[1]);
	lay_out();
	catch_signals();
	alarm(100);
	__asm__ volatile("int3" ::: "memory");
	write_results(argv[2]);
	return 0;
}
