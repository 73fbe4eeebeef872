/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Can the cases of 64-bit code fail? One mistake at a time in the lifted code, which some case must
 * notice: each row does nothing, each kind of flags is set as another one, what is of 64 bits is
 * taken for something less. Not a test of Loam, but of its tests.
 *
 *   insn64_mutants CASES RESULTS
 *
 * Counts mistakes found; exit status 1 if one goes unnoticed.
 */
#include "qemu-test/insn64/world64.h"

#include "dbt/x86/cc.h"
#include "kernel/lib/bits.h"

#include <stdio.h>

static u32 passed, failed;

static bool noticed(u32 n, const struct way64 *way)
{
	static struct outcome64 o;

	world64_run(n, way, &o);
	return !o.left_out && !o.broken && judge64(n, &o);
}

static void verdict(bool found, const char *what, const char *name)
{
	passed += found;
	failed += !found;
	if (!found)
		printf("FAIL %s %s: nothing noticed\n", what, name);
}

/* Instructions that do nothing anyway: no case has an x87 exception that waits. */
static bool does_nothing(unsigned op)
{
	switch (op) {
	case X86_WAIT: case X86_FNOP:
	case X86_NOP: case X86_PAUSE: case X86_NOP_RM: case X86_PREFETCH: case X86_SFENCE:
	case X86_LFENCE: case X86_MFENCE: case X86_FNENI: case X86_FNDISI: case X86_FNSETPM:
		return true;
	}
	return false;
}

/* Rows with cases: each does nothing. */
static void mutate_rows(void)
{
	static bool has[X86_OP_COUNT], found[X86_OP_COUNT];

	for (u32 n = 0; n < files64.head->cases; n++) {
		u16 op = files64.cases[n].row;
		const struct way64 way = { .name = "mutant", .nop_row = op };

		if (does_nothing(op) || found[op])
			continue;
		has[op] = true;
		found[op] = noticed(n, &way);
	}
	for (unsigned op = 1; op < X86_OP_COUNT; op++)
		if (has[op])
			verdict(found[op], "row", x86_rows[op].name);
}

static const struct way64 mistakes[] = {
	{ .name = "EFLAGS as LOGIC", .cc_from = CC_EFLAGS, .cc_to = CC_LOGIC },
	{ .name = "ADD as SUB", .cc_from = CC_ADD, .cc_to = CC_SUB },
	{ .name = "SUB as ADD", .cc_from = CC_SUB, .cc_to = CC_ADD },
	{ .name = "CMP as SUB", .cc_from = CC_CMP, .cc_to = CC_SUB },
	{ .name = "LOGIC as DEC_KEEP", .cc_from = CC_LOGIC, .cc_to = CC_DEC_KEEP },
	{ .name = "MUL as LOGIC", .cc_from = CC_MUL, .cc_to = CC_LOGIC },
	{ .name = "SHL as SHR", .cc_from = CC_SHL, .cc_to = CC_SHR },
	{ .name = "SHR as SAR", .cc_from = CC_SHR, .cc_to = CC_SAR },
	{ .name = "SAR as SHR", .cc_from = CC_SAR, .cc_to = CC_SHR },
	{ .name = "ADC as ADD", .cc_from = CC_ADC, .cc_to = CC_ADD },
	{ .name = "SBB as SUB", .cc_from = CC_SBB, .cc_to = CC_SUB },
	{ .name = "INC_KEEP as LOGIC", .cc_from = CC_INC_KEEP, .cc_to = CC_LOGIC },
	{ .name = "DEC_KEEP as INC_KEEP", .cc_from = CC_DEC_KEEP, .cc_to = CC_INC_KEEP },
	{ .name = "SHLV as SHL", .cc_from = CC_SHLV, .cc_to = CC_SHL },
	{ .name = "SHRV as SHR", .cc_from = CC_SHRV, .cc_to = CC_SHR },
	{ .name = "SARV as SAR", .cc_from = CC_SARV, .cc_to = CC_SAR },
	{ .name = "flags of 64 bits as of 32", .mistake = MISTAKE_FLAGS },
	{ .name = "zero extension as sign extension", .mistake = MISTAKE_ZEXT },
	{ .name = "sign extension as zero extension", .mistake = MISTAKE_SEXT },
	{ .name = "SAR of 64 bits as SHR", .mistake = MISTAKE_SAR },
	{ .name = "upper halves of unsigned products as signed", .mistake = MISTAKE_MULHU },
	{ .name = "loads of 64 bits as of 32", .mistake = MISTAKE_LOAD },
	{ .name = "stores of 64 bits as of 32", .mistake = MISTAKE_STORE },
	{ .name = "R8 to R15 as RAX to RDI", .mistake = MISTAKE_REGISTER },
	{ .name = "XMM8 to XMM15 as XMM0 to XMM7", .mistake = MISTAKE_XMM },
	{ .name = "RIP-relative addresses one byte on", .mistake = MISTAKE_RIP },
};

static void mutate_all(const struct way64 *way)
{
	bool found = false;

	for (u32 n = 0; n < files64.head->cases && !found; n++)
		found = noticed(n, way);
	verdict(found, "mistake", way->name);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: insn64_mutants CASES RESULTS\n");
		return 2;
	}
	files64_load(argv[1], argv[2]);
	world64_init();
	mutate_rows();
	for (unsigned k = 0; k < ARRAY_LEN(mistakes); k++)
		mutate_all(&mistakes[k]);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
