/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The evaluator against the real CPU: every case of the file, in several ways
 * (one instruction for each block, whole blocks, with and without the passes).
 *
 *   insn_eval CASES RESULTS [-g TEXT] [-n CASE] [-v]
 *
 * -g: only groups whose name contains TEXT; -n: one case, with its IR; -v: every
 * failing case instead of the first of each group. Exit status 1 if one fails
 * or a row of insns.def that is not in lift/todo.def was met by no case.
 */
#include "qemu-test/insn/world.h"

#include "dbt/opt/opt.h"
#include "kernel/lib/bits.h"
#include "qemu-test/plain_cpu.h"
#include "qemu-test/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct insn_way ways[] = {
	{ .name = "single", .single = true },
	{ .name = "blocks" },
	{ .name = "passes", .passes = true },
	/* each pass alone */
#define PASS(function, key) { .name = #key, .passes = true, .passes_off = ~BIT(OPT_##key) },
#include "dbt/opt/passes.def"
#undef PASS
};
#define WAYS (sizeof ways / sizeof ways[0])

static bool verbose;
static u32 passed, failed, left_out, known[8];
static u32 row_cases[X86_OP_COUNT];
static u8 row_left_out[X86_OP_COUNT];
static u32 group_failed[8192];
static u32 group_left_out[8192];

/* -- Showing ------------------------------------------------------------------ */

static void line(const char *name, u32 before, u32 got, u32 want)
{
	printf("  %-7s %08x -> %08x  CPU %08x%s\n", name, before, got, want,
	       got == want ? "" : "  *");
}

static void show_bytes(const char *what, u32 at, const u8 *got, const u8 *want, u32 n)
{
	for (u32 i = 0; i < n; i++)
		if (got[i] != want[i])
			printf("  %s+%#x: %02x  CPU %02x\n", what, at + i, got[i], want[i]);
}

static void show(u32 n, const struct insn_way *way, const struct insn_outcome *o)
{
	static const char *const regs[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi",
			"edi" };
	static u8 data[DATA_RW], fx[FX_SIZE];
	const struct insn_case *c = &files.cases[n];
	const struct insn_result *r = &files.results[n];

	printf("FAIL case %u: %s (%s%s%s):", n, files.names + c->group * GROUP_NAME, way->name,
	       o->broken ? "; " : "", o->broken ? o->broken : "");
	for (unsigned i = 0; i < c->len; i++)
		printf(" %02x", c->code[i]);
	printf("\n");
	for (unsigned i = 0; i < 8; i++)
		line(regs[i], c->gpr[i], o->r.gpr[i], r->gpr[i]);
	line("eflags", c->eflags, o->r.eflags, r->eflags);
	printf("  flags not compared: %#x\n", judge_ignored_flags(n));
	line("eip", insn_slot(n) + c->start - insn_cs_base(n, c->segs), o->r.eip, r->eip);
	line("vector", 0, o->r.vector, r->vector);
	line("error", 0, o->r.error, r->error);
	line("cr2", 0, o->r.cr2, r->cr2);
	judge_expected(n, data, fx);
	show_bytes("data", 0, o->data, data, DATA_RW);
	if (c->fx != FX_NONE)
		show_bytes("fx", 0, o->fx, fx, FX_SIZE);
	world_show(n, way);
}

/* -- Counting ----------------------------------------------------------------- */

static void run_case(u32 n, bool always_show)
{
	static struct insn_outcome o;
	const struct insn_case *c = &files.cases[n];
	bool good = true;

	for (unsigned w = 0; w < WAYS && good; w++) {
		world_run(n, &ways[w], &o);
		if (o.left_out) {
			left_out++;
			group_left_out[c->group]++;
			for (unsigned i = 0; i < X86_OP_COUNT; i++)
				row_left_out[i] |= o.rows[i];
			return;
		}
		good = judge_same(n, &o);
		if (always_show || (!good && (verbose || !group_failed[c->group])))
			show(n, &ways[w], &o);
	}
	group_failed[c->group] += !good;
	passed += good;
	failed += !good;
	known[c->known & 7] += good && files.results[n].vector != 3;
	for (unsigned i = 0; i < X86_OP_COUNT && good; i++)
		row_cases[i] += o.rows[i];
}

/* Rows without a single case that agreed. */
static unsigned uncovered(void)
{
	unsigned bad = 0;

	for (unsigned op = 1; op < X86_OP_COUNT; op++)
		if (row_cases[op] || judge_row_missing(op) || judge_row_elsewhere(op)) {
			continue;
		} else if (row_left_out[op]) {
			printf("skip row %s: not implemented\n", x86_rows[op].name);
		} else {
			printf("FAIL row %s: no case\n", x86_rows[op].name);
			bad++;
		}
	return bad;
}

static void report(void)
{
	for (u32 g = 0; g < files.head->groups; g++)
		if (group_failed[g])
			printf("FAIL %s: %u cases\n", files.names + g * GROUP_NAME,
					group_failed[g]);
	for (u32 g = 0; g < files.head->groups; g++)
		if (group_left_out[g])
			printf("skip %s: not implemented\n", files.names + g * GROUP_NAME);
	if (known[KNOWN_REP_FLAGS])
		printf("%u cases: flags after a fault within REP CMPS, SCAS are not compared\n",
		       known[KNOWN_REP_FLAGS]);
}

/* What was not left as the CPU had it (vendor.h). */
static void report_rules(void)
{
	static const char *const names[] = VENDOR_NAMES;
	u32 count[16] = { 0 };

	for (u32 n = 0; n < files.head->cases; n++)
		for (unsigned k = 0; k < 16; k++)
			count[k] += files.results[n].rules >> k & 1;
	for (unsigned k = 0; k < sizeof names / sizeof names[0]; k++)
		if (count[k])
			printf("%u outcomes by Intel's rule: %s\n", count[k], names[k]);
}

int main(int argc, char **argv)
{
	const char *group = "";
	s64 one = -1;

	if (argc < 3) {
		fprintf(stderr, "usage: insn_eval CASES RESULTS [-g TEXT] [-n CASE] [-v]\n");
		return 2;
	}
	judge_load(argv[1], argv[2]);
	for (int i = 3; i < argc; i++) {
		verbose |= !strcmp(argv[i], "-v");
		if (!strcmp(argv[i], "-g") && i + 1 < argc)
			group = argv[++i];
		else if (!strcmp(argv[i], "-n") && i + 1 < argc)
			one = atoll(argv[++i]);
	}
	if (!strcmp(files.rhead->cpu, STAND_IN))
		printf("only its ways with each other: " PLAIN_CPU_REASON "\n");
	world_init();
	for (u32 n = 0; n < files.head->cases; n++)
		if (one < 0 ? !!strstr(files.names + files.cases[n].group * GROUP_NAME, group)
			    : n == (u32)one)
			run_case(n, one >= 0);
	report();
	if (one < 0 && !*group)
		failed += uncovered();
	report_rules();
	printf("evaluator against %s\n", files.rhead->cpu);
	printf("%u passed, %u failed, %u skipped\n", passed, failed, left_out);
	return failed != 0;
}
