/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The translator under random code: decode, lift, passes, verifier, back end and code cache as
 * they are in Loam, in every mode, under the sanitizers. Host code is emitted, not run; the
 * evaluator runs the same instructions alone, in a block, and after the passes, and all three must
 * leave the same CPU and memory. Says nothing of what is right on a real CPU (qemu-test/insn).
 *
 *   translate [--seconds N] [--rounds N] [--seed S] [--real FILE]… [-v]   (-v: shows all blocks)
 *
 * One round depends on its seed alone (and on the files). Rounds run in a child: when it dies, its
 * seed is printed, that is a failure, and another one goes on with the next seed.
 */
#include "qemu-test/fuzz/world.h"

#include "dbt/lift/lift.h"
#include "dbt/opt/opt.h"
#include "dbt/rt/x87state.h"
#include "dbt/sys/cpuid.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/decode.h"
#include "dbt/cache/cache.h"
#include "kernel/lib/bits.h"
#include "mm/frame.h"
#include "kernel/printk.h"
#include "mm/gpa.h"
#include "qemu-test/unit/native.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES 60			/* blocks of a round */
#define ROUND_SECONDS 20		/* a round that takes longer hangs */
#define INSNS IR_GUEST_MAX

static struct progress {		/* shared with the child */
	u32 seed, rounds, blocks, insns, evaluated, differ;
} *at;

static u8 *real;
static u32 real_size;
static bool verbose;

/* -- The same instructions by the evaluator, in three ways ------------------------------ */

struct outcome {
	struct vcpu c;
	u8 ram[FUZZ_RAM];
};

static u8 start_ram[FUZZ_RAM];
static struct vcpu start_cpu;
static struct outcome single, block, passed;
static struct ir1 insn[INSNS];

static void begin(void)
{
	fuzz_cpu = start_cpu;
	memcpy(fuzz_ram, start_ram, FUZZ_RAM);
}

/* Nothing that only one of the ways has. */
static void end(struct outcome *o)
{
	struct vcpu *c = &o->c;
	struct fault f;

	*c = fuzz_cpu;
	x87_settle(c);
	c->cc_a = cc_pinned(c->cc_op, c->cc_a, c->cc_b, c->cc_r);
	c->cc_op = c->cc_b = c->cc_r = c->next_eip = c->exit_arg = c->page = 0;
	f = c->fault;
	memset(&c->fault, 0, sizeof(c->fault));		/* padding too */
	if (f.raised)
		c->cr2 = f.cr2 ^ (u64)f.error << 32 ^ (u64)f.vector << 48;
	for (unsigned n = 0; n < 8; n++) {
		struct f80 v = c->x87.r[n];

		memset(&c->x87.r[n], 0, sizeof(v));
		c->x87.r[n].mant = v.mant;
		c->x87.r[n].se = v.se;
	}
	memset(c->help, 0, sizeof(c->help));
	memset(c->spill, 0, sizeof(c->spill));
	memcpy(o->ram, fuzz_ram, FUZZ_RAM);
}

static struct ir *lift(u32 first, u32 n)
{
	struct lift t = { .key = start_cpu.key_flags, .features = start_cpu.model->features };

	arena_reset(&fuzz_dbt.arena);
	t.ir = ir_new(&fuzz_dbt.arena);
	t.ir->key_flags = t.key;
	for (u32 k = first; k < first + n && !t.ended; k++) {
		t.go_on = k + 1 < first + n;
		t.reach = !t.go_on ? 0 : t.key & KEY_LONG ? ~0ull : 1ull << 32;
		lift_insn(&t, &insn[k]);
	}
	lift_finish(&t, t.next);
	return t.ir;
}

static void differ(const char *what, const struct outcome *a, const struct outcome *b)
{
	const u8 *p = (const u8 *)&a->c, *q = (const u8 *)&b->c;
	char text[96];
	u32 n = 0;

	at->differ++;
	printf("FAIL seed %u: %s\n", at->seed, what);
	fuzz_cpu = start_cpu;
	memcpy(fuzz_ram, start_ram, FUZZ_RAM);
	fuzz_cpu_print();
	for (u32 k = 0; k < INSNS && insn[k].len; k++)
		printf("  %08llx %s\n", (unsigned long long)insn[k].eip,
		       ir1_print(&insn[k], text, sizeof(text)));
	for (u32 k = 0; k < sizeof(a->c) && n < 16; k++)
		if (p[k] != q[k])
			printf("  cpu+%u: %02x %02x\n", k, p[k], q[k]), n++;
	for (u32 k = 0; k < FUZZ_RAM && n < 16; k++)
		if (a->ram[k] != b->ram[k])
			printf("  ram+%x: %02x %02x\n", k, a->ram[k], b->ram[k]), n++;
	fflush(stdout);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return !memcmp(&a->c, &b->c, sizeof(a->c)) && !memcmp(a->ram, b->ram, FUZZ_RAM);
}

/* One after the other, as long as they follow each other. */
static void run_single(u32 n)
{
	begin();
	for (u32 k = 0; k < n; k++) {
		eval_run(&fuzz_cpu, lift(k, 1), &fuzz_mem);
		if (fuzz_cpu.fault.raised || k + 1 == n || fuzz_cpu.eip != insn[k + 1].eip)
			break;
	}
	end(&single);
}

static void optimise(struct ir *ir)
{
	struct opt *o = arena_get(&fuzz_dbt.arena, sizeof(*o));

	o->ir = ir;
	opt_run(o, 0, NULL);
}

/* The block may have left early, by an exit of one of its instructions. */
static bool same_as_single(u32 n)
{
	run_single(n);
	for (u32 k = 1; k < n && !same(&single, &block); k++)
		if (insn[k].eip == block.c.eip)
			run_single(k);
	return same(&single, &block);
}

/* In the memory. */
static u64 place(u64 linear)
{
	return fuzz_place(start_cpu.key_flags & KEY_LONG ? linear : (u32)linear);
}

static void evaluate(const struct block *b)
{
	u64 eip = start_cpu.eip, base = exec_key(&start_cpu).cs_base;
	u32 n = b->guest_insns;
	struct ir *ir;

	memset(insn, 0, sizeof(insn));
	for (u32 k = 0; k < n; k++) {
		u64 at = place(base + eip);

		if (at > FUZZ_RAM - 16 ||
		    decode(&fuzz_dbt.decoder, &insn[k], start_ram + at, 15, eip,
			   key_code_size(start_cpu.key_flags)))
			return;			/* the block raises #UD or #GP there */
		eip += insn[k].len;
		if (insn[k].op == X86_JMP && insn[k].ops[0].kind == IR1_REL)	/* followed */
			eip = (u64)insn[k].ops[0].imm;
	}
	at->evaluated++;
	begin();
	eval_run(&fuzz_cpu, lift(0, n), &fuzz_mem);
	end(&block);
	begin();
	ir = lift(0, n);
	optimise(ir);
	eval_run(&fuzz_cpu, ir, &fuzz_mem);
	end(&passed);
	if (!same_as_single(n))
		differ("alone and in a block", &single, &block);
	else if (!same(&block, &passed))
		differ("in a block and after the passes", &block, &passed);
}

/* -- One block ---------------------------------------------------------------------------- */

static struct block *find(struct block_key *k, struct fault *f)
{
	struct block *b;
	gpa_t pa;

	*f = exec_fetch(&fuzz_dbt, gva(k->cs_base + fuzz_cpu.eip), &pa);
	if (f->raised || (!(k->flags & KEY_LONG) && fuzz_cpu.eip > fuzz_cpu.seg[CS].limit))
		return NULL;
	k->page = (u32)(pa.a >> FRAME_SHIFT);
	for (b = cache_first(k); b; b = cache_next(b, k))
		if (b->key.page2 == BLOCK_ONE_PAGE)
			return b;
	return translate(&fuzz_dbt, k, fuzz_cpu.eip, (u32)(pa.a >> FRAME_SHIFT), f);
}

static void entry(struct bytes_rng *r)
{
	struct block_key k;
	struct block *b;
	struct fault f;

	fuzz_cpu_make(r);
	if (verbose)
		fuzz_cpu_print();
	start_cpu = fuzz_cpu;
	k = exec_key(&fuzz_cpu);
	b = find(&k, &f);
	if (!b)
		return;
	at->blocks++;
	at->insns += b->guest_insns;
	evaluate(b);
	memcpy(fuzz_ram, start_ram, FUZZ_RAM);
}

/* Pages that are written again and again have blocks that check themselves. */
static void make_busy(u32 frame)
{
	for (unsigned n = 0; n < 256; n++)
		if (cache_store_trapped(frame, 1))
			cache_page_busy(frame, 1);
}

static void round_of(u32 seed)
{
	struct bytes_rng r;

	at->seed = seed;
	alarm(ROUND_SECONDS);
	bytes_seed(&r, seed);
	cache_self_check_end(~0ull);
	fuzz_world_make(&r, real, real_size);
	if (bytes_one_in(&r, 4))
		make_busy(9);
	memcpy(start_ram, fuzz_ram, FUZZ_RAM);
	for (unsigned n = 0; n < ENTRIES; n++)
		entry(&r);
	if (fuzz_dbt.count.refused) {
		printf("FAIL seed %u: an instruction does not fit alone\n", seed);
		at->differ++;
		fuzz_dbt.count.refused = 0;
	}
	at->rounds++;
}

/* -- Rounds --------------------------------------------------------------------------------- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void child(u32 seed, u32 rounds, double until)
{
	if (decoder_init(&fuzz_dbt.decoder))
		_exit(2);
	fuzz_world_init();
	for (u32 n = 0; n < rounds && now() < until; n++)
		round_of(seed + n);
	fflush(stdout);
	_exit(0);
}

static u32 run(u32 seed, u32 rounds, double seconds)
{
	double until = now() + seconds;
	u32 deaths = 0, first = seed;
	int status;

	for (;;) {
		pid_t p;

		fflush(stdout);
		p = fork();
		if (!p)
			child(seed, rounds - (seed - first), until);
		waitpid(p, &status, 0);
		if (WIFEXITED(status) && !WEXITSTATUS(status))
			return deaths;
		printf("FAIL seed %u: %s %d\n", at->seed,
		       WIFSIGNALED(status) ? "signal" : "status",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		deaths++;
		seed = at->seed + 1;
		if (seed - first >= rounds || now() >= until || deaths == 50)
			return deaths;
	}
}

static void read_real(const char *name)
{
	FILE *f = fopen(name, "rb");
	long size;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0) {
		perror(name);
		exit(2);
	}
	rewind(f);
	real = realloc(real, real_size + (size_t)size);
	if (fread(real + real_size, 1, (size_t)size, f) != (size_t)size)
		exit(2);
	real_size += (u32)size;
	fclose(f);
}

int main(int argc, char **argv)
{
	u32 seed = 1, rounds = ~0u, failed;
	double seconds = 10;

	for (int n = 1; n < argc; n++) {
		verbose |= !strcmp(argv[n], "-v");
		if (n + 1 == argc || argv[n][0] != '-' || argv[n][1] == 'v')
			continue;
		if (!strcmp(argv[n], "--seconds"))
			seconds = atof(argv[++n]);
		else if (!strcmp(argv[n], "--rounds"))
			rounds = (u32)strtoul(argv[++n], NULL, 0), seconds = 1e9;
		else if (!strcmp(argv[n], "--seed"))
			seed = (u32)strtoul(argv[++n], NULL, 0);
		else if (!strcmp(argv[n], "--real"))
			read_real(argv[++n]);
	}
	if (verbose) {
		native_quiet = false;
		trace_mask = 1u << TRACE_DECODE | 1u << TRACE_OPT;
	}
	at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	printf("fuzz translate: seeds %u …\n", seed);
	failed = run(seed, rounds, seconds) + at->differ;
	printf("fuzz translate: %u rounds from seed %u, %u blocks, %u instructions, %u evaluated\n",
	       at->rounds, seed, at->blocks, at->insns, at->evaluated);
	printf("%u passed, %u failed\n", at->rounds, failed);
	return failed != 0;
}
