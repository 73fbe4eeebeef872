/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can the instruction cases fail? Makes one mistake at a time in the lifted code
 * and wants some case to notice: each row of insns.def does nothing, each kind
 * of flags is set as another one. Not a test of Loam, but of its tests.
 *
 *   insn_mutants CASES RESULTS
 *
 * Counts mistakes found; exit status 1 if one goes unnoticed.
 */
#include "qemu-test/insn/world.h"

#include "dbt/x86/cc.h"
#include "kernel/lib/bits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_CASES 2000			/* cases looked at for each row */

static u32 *row_case[X86_OP_COUNT], row_cases[X86_OP_COUNT];
static u32 passed, failed;

/* Which cases execute which rows. */
static void collect(void)
{
	static const struct insn_way plain = { .name = "blocks" };
	static struct insn_outcome o;

	for (u32 n = 0; n < files.head->cases; n++) {
		world_run(n, &plain, &o);
		if (o.left_out)
			continue;
		for (unsigned op = 1; op < X86_OP_COUNT; op++) {
			if (!o.rows[op] || row_cases[op] == ROW_CASES)
				continue;
			if (!row_case[op])
				row_case[op] = malloc(ROW_CASES * sizeof(u32));
			row_case[op][row_cases[op]++] = n;
		}
	}
}

/* Instructions that do nothing anyway. */
static bool does_nothing(unsigned op)
{
	switch (op) {
	case X86_NOP: case X86_PAUSE: case X86_NOP_RM: case X86_PREFETCH: case X86_SFENCE:
	case X86_LFENCE: case X86_MFENCE: case X86_FNENI: case X86_FNDISI:
	case X86_FNSETPM:
		return true;
	}
	return false;
}

static bool noticed(u32 n, const struct insn_way *way)
{
	static struct insn_outcome o;

	world_run(n, way, &o);
	return !judge_same(n, &o);
}

static void verdict(bool found, const char *what, const char *name)
{
	passed += found;
	failed += !found;
	if (!found)
		printf("FAIL %s %s: nothing noticed\n", what, name);
}

static void mutate_row(unsigned op)
{
	const struct insn_way way = { .name = "mutant", .nop_row = (u16)op };
	bool found = false;

	for (u32 k = 0; k < row_cases[op] && !found; k++)
		found = noticed(row_case[op][k], &way);
	verdict(found, "row", x86_rows[op].name);
}

/* Kinds that another one could be taken for. */
static const struct { u8 from, to; const char *name; } kinds[] = {
	{ CC_EFLAGS, CC_LOGIC, "EFLAGS as LOGIC" }, { CC_ADD, CC_SUB, "ADD as SUB" },
	{ CC_SUB, CC_ADD, "SUB as ADD" }, { CC_SUB, CC_CMP, "SUB as CMP" },
	{ CC_CMP, CC_SUB, "CMP as SUB" }, { CC_LOGIC, CC_DEC_KEEP, "LOGIC as DEC_KEEP" },
	{ CC_MUL, CC_LOGIC, "MUL as LOGIC" }, { CC_SHL, CC_SHR, "SHL as SHR" },
	{ CC_SHR, CC_SAR, "SHR as SAR" }, { CC_SAR, CC_SHR, "SAR as SHR" },
	{ CC_ADC, CC_ADD, "ADC as ADD" }, { CC_SBB, CC_SUB, "SBB as SUB" },
	{ CC_INC_KEEP, CC_DEC_KEEP, "INC_KEEP as DEC_KEEP" },
	{ CC_DEC_KEEP, CC_INC_KEEP, "DEC_KEEP as INC_KEEP" },
	{ CC_INC_KEEP, CC_LOGIC, "INC_KEEP as LOGIC" },
	{ CC_DEC_KEEP, CC_LOGIC, "DEC_KEEP as LOGIC" },
	{ CC_SHLV, CC_SHL, "SHLV as SHL" }, { CC_SHRV, CC_SHR, "SHRV as SHR" },
	{ CC_SARV, CC_SAR, "SARV as SAR" }, { CC_ROL, CC_ROR, "ROL as ROR" },
	{ CC_ROR, CC_ROL, "ROR as ROL" }, { CC_ROL, CC_LOGIC, "ROL as LOGIC" },
	{ CC_MASKED, CC_EFLAGS, "MASKED as EFLAGS" },
	{ CC_CARRY, CC_EFLAGS, "CARRY as EFLAGS" },
};

static void mutate_kind(unsigned k)
{
	const struct insn_way way = { .name = "mutant", .cc_from = kinds[k].from,
				      .cc_to = kinds[k].to };
	bool found = false;

	for (u32 n = 0; n < files.head->cases && !found; n++)
		found = noticed(n, &way);
	verdict(found, "flags", kinds[k].name);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: insn_mutants CASES RESULTS\n");
		return 2;
	}
	judge_load(argv[1], argv[2]);
	world_init();
	collect();
	for (unsigned op = 1; op < X86_OP_COUNT; op++)
		if (!does_nothing(op) && !judge_row_missing(op) && !judge_row_elsewhere(op))
			mutate_row(op);
	for (unsigned k = 0; k < ARRAY_LEN(kinds); k++)
		mutate_kind(k);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
