/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The evaluator against the real CPU, in 64-bit code: every case of the file, without and with the
 * passes.
 *
 *	insn64_eval CASES RESULTS [-r ROW] [-n CASE] [-v]
 *
 * -r: only the cases of that row; -n: one case, with its IR; -v: every failing case instead of the
 * first of each row. Exit status 1 if one fails, or if a row of insns.def that 64-bit code has, and
 * that is not in lift/todo.def, was met by no case (but for sequences, which have no row).
 */
#include "qemu-test/insn64/world64.h"
#include "qemu-test/plain_cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct way64 ways[] = {
	{ .name = "lift" }, { .name = "passes", .passes = true },
	{ .name = "blocks", .blocks = true },
	{ .name = "blocks, passes", .blocks = true, .passes = true },
};
#define WAYS (sizeof ways / sizeof ways[0])

static bool verbose;
static u32 passed, failed, left_out;
static u32 row_passed[X86_OP_COUNT], row_failed[X86_OP_COUNT], row_left_out[X86_OP_COUNT];

/* -- Showing --------------------------------------------------------------------------------- */

static void line(const char *name, u64 before, u64 got, u64 want)
{
	printf("  %-7s %016llx -> %016llx  CPU %016llx%s\n", name, (unsigned long long)before,
	       (unsigned long long)got, (unsigned long long)want, got == want ? "" : "  *");
}

static void show_bytes(const char *what, const u8 *got, const u8 *want, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (got[i] != want[i])
			printf("  %s+%#x: %02x  CPU %02x\n", what, i, got[i], want[i]);
}

static void show_registers(const struct case64 *c, const struct result64 *o,
			   const struct result64 *r)
{
	static const char *const regs[] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15" };
	static const char *const sels[] = { "es", "cs", "ss", "ds", "fs", "gs" };

	for (unsigned i = 0; i < 16; i++)
		if (c->gpr[i] != o->gpr[i] || c->gpr[i] != r->gpr[i])
			line(regs[i], c->gpr[i], o->gpr[i], r->gpr[i]);
	for (unsigned i = 0; i < 6; i++)
		if (o->sel[i] != r->sel[i])
			line(sels[i], 0, o->sel[i], r->sel[i]);
	line("fs", FS64, o->fs_base, r->fs_base);
	line("gs", GS64, o->gs_base, r->gs_base);
	line("rflags", c->eflags, o->eflags, r->eflags);
	printf("  flags not compared: %#x\n", insn64_ignored(c, r->vector));
}

static void show(u32 n, const struct way64 *way, const struct outcome64 *o, const char *what)
{
	static u8 data[DATA64_RW], fx[FX64_SIZE];
	const struct case64 *c = &files64.cases[n];
	const struct result64 *r = &files64.results[n];

	printf("FAIL case %u: %s (%s; %s):", n,
	       files64.head->seed ? "a sequence" : x86_rows[c->row].name, way->name,
	       what ? what : "the same");
	for (unsigned i = 0; i < c->len; i++)
		printf(" %02x", files64.code[c->code + i]);
	printf("\n");
	show_registers(c, &o->r, r);
	line("rip", insn64_slot(files64.head, n) + c->start, o->r.rip, r->rip);
	line("vector", 0, o->r.vector, r->vector);
	line("error", 0, o->r.error, r->error);
	line("cr2", 0, o->r.cr2, r->cr2);
	judge64_expected(n, data, fx);
	show_bytes("data", o->data, data, DATA64_RW);
	if (c->fx != FX64_NONE)
		show_bytes("fx", o->fx, fx, FX64_SIZE);
	world64_show(n, way);
}

/* -- Counting -------------------------------------------------------------------------------- */

static void run_case(u32 n, bool always_show)
{
	static struct outcome64 o;
	const struct case64 *c = &files64.cases[n];
	const char *bad = NULL;

	for (unsigned w = 0; w < WAYS && !bad; w++) {
		world64_run(n, &ways[w], &o);
		if (o.left_out) {
			left_out++;
			row_left_out[c->row]++;
			return;
		}
		bad = judge64(n, &o);
		if (always_show || (bad && (verbose || !row_failed[c->row])))
			show(n, &ways[w], &o, bad);
	}
	passed += !bad;
	failed += !!bad;
	row_passed[c->row] += !bad;
	row_failed[c->row] += !!bad;
}

/* Rows that 64-bit code does not have, or that user code cannot show (gen64.c). */
static bool no_case(unsigned op)
{
	switch (op) {
	case X86_DAA: case X86_DAS: case X86_AAA: case X86_AAS: case X86_AAM: case X86_AAD:
	case X86_SALC: case X86_PUSHA: case X86_POPA: case X86_INTO: case X86_BOUND: case X86_LES:
	case X86_LDS: case X86_ARPL:
	case X86_INT1: case X86_INT3: case X86_SLDT: case X86_STR: case X86_SGDT: case X86_SIDT:
	case X86_SMSW: case X86_RDTSC: case X86_RDTSCP: case X86_CPUID: case X86_SYSENTER:
	case X86_SYSCALL: case X86_RSM: case X86_MONITOR:
	case X86_MWAIT: case X86_F2XM1: case X86_FYL2X: case X86_FYL2XP1: case X86_FPTAN:
	case X86_FPATAN: case X86_FSIN: case X86_FCOS: case X86_FSINCOS:
		return true;
	}
	return false;
}

static void report(void)
{
	for (unsigned op = 1; op < X86_OP_COUNT; op++) {
		if (row_failed[op])
			printf("FAIL %s: %u cases of %u\n", x86_rows[op].name, row_failed[op],
			       row_failed[op] + row_passed[op]);
		if (row_left_out[op])
			printf("skip %s: %u cases not implemented\n", x86_rows[op].name,
			       row_left_out[op]);
	}
}

/* Rows without a single case that agreed. */
static unsigned uncovered(void)
{
	unsigned bad = 0;

	for (unsigned op = 1; op < X86_OP_COUNT; op++)
		if (!row_passed[op] && !row_left_out[op] && !no_case(op)) {
			printf("FAIL row %s: no case\n", x86_rows[op].name);
			bad++;
		}
	return bad;
}

int main(int argc, char **argv)
{
	const char *row = NULL;
	s64 one = -1;

	if (argc < 3) {
		fprintf(stderr, "usage: insn64_eval CASES RESULTS [-r ROW] [-n CASE] [-v]\n");
		return 2;
	}
	files64_load(argv[1], argv[2]);
	for (int i = 3; i < argc; i++) {
		verbose |= !strcmp(argv[i], "-v");
		if (!strcmp(argv[i], "-r") && i + 1 < argc)
			row = argv[++i];
		else if (!strcmp(argv[i], "-n") && i + 1 < argc)
			one = atoll(argv[++i]);
	}
	if (!strcmp(files64.rhead->cpu, STAND_IN64))
		printf("only its ways with each other: " PLAIN_CPU_REASON "\n");
	world64_init();
	for (u32 n = 0; n < files64.head->cases; n++)
		if (one < 0 ? !row || !strcmp(row, x86_rows[files64.cases[n].row].name)
			    : n == (u32)one)
			run_case(n, one >= 0);
	report();
	if (one < 0 && !row && !files64.head->seed)
		failed += uncovered();
	if (files64.head->seed)
		printf("sequences of seed %u; ", files64.head->seed);
	printf("evaluator against %s\n", files64.rhead->cpu);
	printf("%u passed, %u failed, %u skipped\n", passed, failed, left_out);
	return failed != 0;
}
