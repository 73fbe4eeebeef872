/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases and results as files, and whether an outcome is the real CPU's. Prints
 * nothing but errors of the files. See world.h.
 */
#include "qemu-test/insn/world.h"

#include "dbt/lift/lift.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct insn_files files;

/* -- Files -------------------------------------------------------------------- */

static void *read_file(const char *name, u32 magic)
{
	FILE *f = fopen(name, "rb");
	long size;
	void *p;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 64) {
		perror(name);
		exit(2);
	}
	rewind(f);
	p = malloc((size_t)size);
	if (!p || fread(p, 1, (size_t)size, f) != (size_t)size || *(u32 *)p != magic) {
		fprintf(stderr, "%s: not what it should be\n", name);
		exit(2);
	}
	fclose(f);
	return p;
}

void judge_load(const char *cases, const char *results)
{
	files.head = read_file(cases, CASES_MAGIC);
	files.cases = (const struct insn_case *)(files.head + 1);
	files.names = (const char *)(files.cases + files.head->cases);
	files.fx = (const u8 *)files.names + files.head->groups * GROUP_NAME;
	if (!results)
		return;
	files.rhead = read_file(results, RESULTS_MAGIC);
	files.results = (const struct insn_result *)(files.rhead + 1);
	files.blob = (const u8 *)(files.results + files.rhead->cases);
	if (files.rhead->cases != files.head->cases || files.head->groups > 8192) {
		fprintf(stderr, "cases and results do not belong together\n");
		exit(2);
	}
}

/* -- Comparing ---------------------------------------------------------------- */

void judge_expected(u32 n, u8 *data, u8 *fx)
{
	const struct insn_case *c = &files.cases[n];
	const struct insn_result *r = &files.results[n];
	const u8 *b = files.blob + r->blob;

	for (u32 i = 0; i < DATA_RW; i++)
		data[i] = insn_pattern(i);
	memcpy(data + c->poke, c->bytes, c->poke_len);
	memcpy(data + r->mem, b, r->mem_len);
	b += r->mem_len;
	if (c->fx == FX_NONE)
		return;
	memcpy(fx, files.fx + c->fx * FX_SIZE, FX_SIZE);
	for (u32 i = 0; i < FX_UNITS; i++)
		if (r->fx_mask >> i & 1) {
			memcpy(fx + 16 * i, b, 16);
			b += 16;
		}
}

u32 judge_ignored_flags(u32 n)
{
	return insn_ignored(&files.cases[n], files.results[n].vector);
}

bool judge_same(u32 n, const struct insn_outcome *o)
{
	static u8 data[DATA_RW], fx[FX_SIZE];
	const struct insn_case *c = &files.cases[n];
	const struct insn_result *r = &files.results[n];

	if (o->broken || o->r.vector != r->vector || o->r.error != r->error ||
	    o->r.cr2 != r->cr2 || o->r.eip != r->eip ||
	    ((o->r.eflags ^ r->eflags) & ~judge_ignored_flags(n)))
		return false;
	for (unsigned i = 0; i < 8; i++)
		if (!(c->ignore_gpr >> i & 1) && o->r.gpr[i] != r->gpr[i])
			return false;
	judge_expected(n, data, fx);
	return !memcmp(o->data, data, DATA_RW) &&
	       (c->fx == FX_NONE || !memcmp(o->fx, fx, FX_SIZE));
}

/* -- Rows --------------------------------------------------------------------- */

/* Rows that no case on the build machine's CPU can show, and what shows them. */
bool judge_row_elsewhere(unsigned op)
{
	switch (op) {
	case X86_INT1:			/* some hypervisors report it at its own address */
	case X86_SYSENTER:		/* enters the build machine's kernel, or #UD on AMD */
	case X86_SYSEXIT:		/* the same */
	case X86_MOVSXD:		/* 64-bit code: qemu-test/insn64 */
	case X86_CMPXCHG16B: case X86_RDFSBASE: case X86_RDGSBASE: case X86_WRFSBASE:
	case X86_WRGSBASE: case X86_SWAPGS:
	case X86_SYSCALL: case X86_SYSRET:	/* as SYSENTER */
	case X86_STAC: case X86_CLAC:	/* #UD for users: guestimg/tests64/smap.c */
		return true;		/* guestimg/insn */
	}
	return false;
}

bool judge_row_missing(unsigned op)
{
	static const lift_func row_fn[X86_OP_COUNT] = {
#define INS(name, fn, flags, feature) [X86_##name] = lift_##fn,
#include "dbt/x86/insns.def"
#undef INS
	};
#define MISSING(fn) || row_fn[op] == lift_##fn
	return false
#include "dbt/lift/todo.def"
	;
#undef MISSING
}
