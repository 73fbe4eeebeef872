/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs instruction cases on the CPU of the build machine and writes what they
 * did. A 32-bit Linux program: each case is entered by returning from a signal
 * handler, and left by the signal that its exception or final INT3 raises.
 * Not a judge: it knows nothing of Loam; where CPUs may differ it writes what vendor.h makes of it.
 * Invariant: nothing of the C library
 * is used while a case's segment registers are loaded.
 *
 *   oracle CASES RESULTS
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
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

#include "qemu-test/insn/case.h"
#include "qemu-test/insn/vendor.h"
#include "qemu-test/vendor.h"

#define BLOB_MAX (64u << 20)

static const struct cases_head *head;
static const struct insn_case *cases;
static const u8 *fx_images;
static struct insn_result *results;
static u8 *blob, *slots, *pristine;
static u32 blob_used, current;
static unsigned rules;			/* enum vendor_rule */
static bool running;
static u16 home_gs, home_fs;
static ucontext_t home;
static u8 fx_in[FX_SIZE], fx_home[512];

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* -- Before a case ------------------------------------------------------------ */

static u8 *data(void) { return (u8 *)DATA_BASE; }

static void write_ldt(const struct insn_seg *s, u32 base)
{
	bool code = s->type == 10;
	struct user_desc d = {
		.entry_number = s->sel >> 3, .base_addr = base, .limit = s->limit,
		.seg_32bit = s->big, .useable = 1, .read_exec_only = s->type == 0,
		.contents = code ? MODIFY_LDT_CONTENTS_CODE
			: s->type == 6 ? MODIFY_LDT_CONTENTS_STACK : MODIFY_LDT_CONTENTS_DATA,
	};

	if (syscall(SYS_modify_ldt, 1, &d, sizeof d) != 0)
		die("modify_ldt");
}

static void set_code_base(const struct insn_case *c, u32 n)
{
	static const struct insn_seg ldt[] = INSN_LDT;
	static u32 last;
	u32 base = insn_cs_base(n, c->segs);

	if (base == last)
		return;
	last = base;
	for (unsigned i = 0; i < sizeof ldt / sizeof ldt[0]; i++)
		if (ldt[i].type == 10)
			write_ldt(&ldt[i], base);
}

/* The kernel takes the legacy part of the frame for x87, the FXSAVE part for the rest. */
static void load_fx(struct _libc_fpstate *legacy, const u8 *image)
{
	u8 *fx = (u8 *)legacy + 112;
	u16 tags = 0;

	memcpy(fx, image, FX_SIZE);
	*(u32 *)(fx + 28) = 0xffff;
	*(u64 *)(fx + 512) |= 3;		/* XSTATE_BV: x87 and SSE */
	legacy->cw = 0xffff0000u | *(const u16 *)image;
	legacy->sw = 0xffff0000u | *(const u16 *)(image + 2);
	for (unsigned i = 0; i < 8; i++)
		tags |= image[4] >> i & 1 ? 0 : 3 << (2 * i);
	legacy->tag = 0xffff0000u | tags;
	legacy->ipoff = legacy->cssel = legacy->dataoff = legacy->datasel = 0;
	for (unsigned i = 0; i < 8; i++)
		memcpy(&legacy->_st[i], image + 32 + 16 * i, 10);
}

static void begin(ucontext_t *u)
{
	static const u16 segs[SEGS_COUNT][6] = INSN_SEGS;
	static const u8 order[8] = { REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP,
				     REG_ESI, REG_EDI };
	static const u8 sreg[6] = { REG_ES, REG_CS, REG_SS, REG_DS, REG_FS, REG_GS };
	const struct insn_case *c = &cases[current];
	greg_t *r = u->uc_mcontext.gregs;

	set_code_base(c, current);
	memcpy(data() + c->poke, c->bytes, c->poke_len);
	for (unsigned i = 0; i < 8; i++)
		r[order[i]] = (greg_t)c->gpr[i];
	for (unsigned i = 0; i < 6; i++)
		r[sreg[i]] = segs[c->segs][i];
	r[REG_EIP] = (greg_t)(insn_slot(current) + c->start - insn_cs_base(current, c->segs));
	r[REG_EFL] = (greg_t)(c->eflags | 0x202);
	memcpy(fx_in, c->fx == FX_NONE ? fx_home : fx_images + c->fx * FX_SIZE, FX_SIZE);
	load_fx(u->uc_mcontext.fpregs, fx_in);
	running = true;
}

/* -- After it ----------------------------------------------------------------- */

static void put_blob(const void *p, u32 n)
{
	if (blob_used + n > BLOB_MAX)
		_exit(4);
	memcpy(blob + blob_used, p, n);
	blob_used += n;
}

/* The span of changed bytes, and the pages as they were. The read-only page cannot change. */
static void take_memory(const struct insn_case *c, struct insn_result *o)
{
	u8 *d = data();
	u32 first = 0, last = DATA_RW;

	while (first < DATA_RW && d[first] == pristine[first])
		first++;
	while (last > first && d[last - 1] == pristine[last - 1])
		last--;
	if (last > first) {
		o->mem = (u16)first;
		o->mem_len = (u16)(last - first);
		put_blob(d + first, o->mem_len);
	}
	for (unsigned i = 0; i < c->poke_len; i++)
		pristine[c->poke + i] = insn_pattern(c->poke + i);
	memcpy(d, pristine, DATA_RW);
}

/* The image as results have it. */
static void fx_of(u8 *now, const u8 *fx)
{
	memcpy(now, fx, FX_SIZE);
	memset(now + 6, 0, 18);			/* last instruction and operand */
	memset(now + 28, 0, 4);			/* MXCSR_MASK */
	now[5] = 0;
	for (unsigned i = 0; i < 8; i++)
		memset(now + 32 + 16 * i + 10, 0, 6);
}

static void take_fx(const struct insn_case *c, struct insn_result *o, const u8 *now)
{
	if (c->fx == FX_NONE)
		return;
	for (unsigned i = 0; i < FX_UNITS; i++)
		if (memcmp(now + 16 * i, fx_in + 16 * i, 16)) {
			o->fx_mask |= 1u << i;
			put_blob(now + 16 * i, 16);
		}
}

static void finish(ucontext_t *u)
{
	static const u8 order[8] = { REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP,
				     REG_ESI, REG_EDI };
	const struct insn_case *c = &cases[current];
	struct insn_result *o = &results[current];
	const greg_t *r = u->uc_mcontext.gregs;
	u8 fx[FX_SIZE];
	const u8 *start = c->fx == FX_NONE ? NULL : fx_in;
	struct vendor_case v = { c, current, pristine, start, data(), fx, o };

	memset(o, 0, sizeof *o);
	for (unsigned i = 0; i < 8; i++)
		o->gpr[i] = c->ignore_gpr >> i & 1 ? 0 : (u32)r[order[i]];
	o->eflags = (u32)r[REG_EFL] & INSN_EFLAGS;
	o->eip = (u32)r[REG_EIP];
	o->vector = (u8)r[REG_TRAPNO];
	o->error = (u32)r[REG_ERR];
	o->cr2 = o->vector == 14 ? u->uc_mcontext.cr2 : 0;
	o->blob = blob_used;
	memcpy(pristine + c->poke, c->bytes, c->poke_len);
	fx_of(fx, (const u8 *)u->uc_mcontext.fpregs + 112);
	if (rules)
		o->rules = (u16)vendor_bring(rules, &v);
	take_memory(c, o);
	take_fx(c, o, fx);
}

/*
 * A task switch in the middle of a case loses the x87's data pointer and its selectors (the kernel
 * restores them as a 64-bit one does), so two runs in a row must agree.
 */
static bool settled(void)
{
	static struct insn_result before;
	static u8 blob_before[DATA_RW + FX_SIZE];
	static u32 runs;
	struct insn_result *o = &results[current];
	u32 size = blob_used - o->blob;

	if (runs && !memcmp(o, &before, sizeof before) &&
	    !memcmp(blob + o->blob, blob_before, size)) {
		runs = 0;
		return true;
	}
	if (runs++ == 20)
		_exit(5);
	before = *o;
	memcpy(blob_before, blob + o->blob, size);
	blob_used = o->blob;
	return false;
}

/* -- Signals ------------------------------------------------------------------ */

static void next(ucontext_t *u)
{
	if (running) {
		finish(u);
		current += settled();
	} else {
		memcpy(&home, u, sizeof home);
	}
	if (current < head->cases) {
		begin(u);
		return;
	}
	running = false;			/* back behind the INT3 of run() */
	memcpy(u->uc_mcontext.gregs, home.uc_mcontext.gregs, sizeof home.uc_mcontext.gregs);
}

/* Entered with the case's AC, FS and GS: they go before any C that may depend on them. */
__attribute__((used)) static void handle(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	next(context);
}

void on_signal(void);
__asm__(
	"on_signal:\n"
	"	pushl	$0x2\n"
	"	popfl\n"
	"	movw	%cs:home_gs, %gs\n"
	"	movw	%cs:home_fs, %fs\n"
	"	jmp	handle\n");

static void catch_signals(void)
{
	static u8 stack[65536];
	static const int which[] = { SIGTRAP, SIGSEGV, SIGFPE, SIGILL, SIGBUS };
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	sa.sa_sigaction = (void (*)(int, siginfo_t *, void *))on_signal;
	__asm__ volatile("movw %%gs, %0\n\tmovw %%fs, %1" : "=m"(home_gs), "=m"(home_fs));
	if (sigaltstack(&ss, NULL))
		die("sigaltstack");
	for (unsigned i = 0; i < sizeof which / sizeof which[0]; i++)
		sigaction(which[i], &sa, NULL);
}

/* -- Set-up ------------------------------------------------------------------- */

static void *map_at(u32 where, u32 size, int prot)
{
	void *p = mmap((void *)where, size, prot,
		       MAP_PRIVATE | MAP_ANONYMOUS | (where ? MAP_FIXED_NOREPLACE : 0), -1, 0);

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
	head = (const struct cases_head *)p;
	if (p == MAP_FAILED || head->magic != CASES_MAGIC) {
		fprintf(stderr, "%s: not a file of cases\n", name);
		exit(2);
	}
	cases = (const struct insn_case *)(head + 1);
	fx_images = (const u8 *)(cases + head->cases) + head->groups * GROUP_NAME;
}

static void lay_out(void)
{
	static const struct insn_seg ldt[] = INSN_LDT;
	u32 code = head->cases * CODE_SLOT + 2 * CODE_MARGIN;

	slots = map_at(CODE_BASE - CODE_MARGIN, code, PROT_READ | PROT_WRITE | PROT_EXEC);
	memset(slots, 0xcc, code);
	for (u32 n = 0; n < head->cases; n++)
		memcpy(slots + CODE_MARGIN + n * CODE_SLOT + cases[n].start, cases[n].code,
		       cases[n].len);
	map_at(DATA_BASE - INSN_PAGE, DATA_ALL + 2 * INSN_PAGE, PROT_NONE);
	mprotect(data(), DATA_ALL, PROT_READ | PROT_WRITE);
	for (u32 i = 0; i < DATA_ALL; i++)
		data()[i] = insn_pattern(i);
	mprotect(data() + DATA_RW, INSN_PAGE, PROT_READ);
	pristine = malloc(DATA_RW);
	memcpy(pristine, data(), DATA_RW);
	results = calloc(head->cases, sizeof *results);
	blob = map_at(0, BLOB_MAX, PROT_READ | PROT_WRITE);
	for (unsigned i = 0; i < sizeof ldt / sizeof ldt[0]; i++)
		write_ldt(&ldt[i], ldt[i].base);
	fx_home[0] = 0x7f;
	fx_home[1] = 3;
	fx_home[24] = 0x80;
	fx_home[25] = 0x1f;
}

static void write_results(const char *name)
{
	struct results_head h = { RESULTS_MAGIC, head->cases, blob_used, "" };
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
	printf("%u cases on: %s\n", head->cases, h.cpu);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: oracle CASES RESULTS\n");
		return 2;
	}
	read_cases(argv[1]);
	lay_out();
	rules = vendor_rules();
	catch_signals();
	__asm__ volatile("int3" ::: "memory");
	write_results(argv[2]);
	return 0;
}
