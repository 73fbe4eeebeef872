/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases and results as files, and whether an outcome is the real CPU's. See world64.h. */
#include "qemu-test/insn64/world64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct files64 files64;

static void *read_file(const char *name, u32 magic)
{
	FILE *f = fopen(name, "rb");
	long size;
	void *p;

	if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 16) {
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

void files64_load(const char *cases, const char *results)
{
	files64.head = read_file(cases, CASES64_MAGIC);
	files64.cases = (const struct case64 *)(files64.head + 1);
	files64.fx = (const u8 *)(files64.cases + files64.head->cases);
	files64.code = files64.fx + files64.head->fx * FX64_SIZE;
	if (!results)
		return;
	files64.rhead = read_file(results, RESULTS64_MAGIC);
	files64.results = (const struct result64 *)(files64.rhead + 1);
	files64.blob = (const u8 *)(files64.results + files64.rhead->cases);
	if (files64.rhead->cases != files64.head->cases) {
		fprintf(stderr, "cases and results do not belong together\n");
		exit(2);
	}
}

/* As results have it (oracle64.c). */
static void clean_fx(u8 *fx)
{
	memset(fx + 6, 0, 18);
	memset(fx + 28, 0, 4);
	fx[5] = 0;
	for (unsigned i = 0; i < 8; i++)
		memset(fx + 32 + 16 * i + 10, 0, 6);
}

void judge64_expected(u32 n, u8 *data, u8 *fx)
{
	const struct case64 *c = &files64.cases[n];
	const struct result64 *r = &files64.results[n];
	const u8 *b = files64.blob + r->blob;

	for (u32 i = 0; i < DATA64_RW; i++)
		data[i] = insn64_pattern(i);
	memcpy(data + c->poke, c->bytes, c->poke_len);
	for (u32 unit = 0; unit < MEM64_UNITS; unit++)
		if (insn64_changed(r, unit)) {
			memcpy(data + unit * MEM64_UNIT, b, MEM64_UNIT);
			b += MEM64_UNIT;
		}
	if (c->fx == FX64_NONE)
		return;
	memcpy(fx, files64.fx + c->fx * FX64_SIZE, FX64_SIZE);
	clean_fx(fx);
	for (u32 i = 0; i < FX64_UNITS; i++)
		if (r->fx_mask >> i & 1) {
			memcpy(fx + 16 * i, b, 16);
			b += 16;
		}
}

static const char *judge_cpu(const struct case64 *c, const struct result64 *r,
			     const struct result64 *o)
{
	if (o->vector != r->vector)
		return "vector";
	if (o->error != r->error)
		return "error code";
	if (o->cr2 != r->cr2)
		return "cr2";
	if (o->rip != r->rip)
		return "rip";
	if ((o->eflags ^ r->eflags) & ~insn64_ignored(c, r->vector))
		return "flags";
	for (unsigned i = 0; i < 16; i++)
		if (!(c->ignore_gpr >> i & 1) && o->gpr[i] != r->gpr[i])
			return "registers";
	if (o->fs_base != r->fs_base || o->gs_base != r->gs_base)
		return "bases";
	return memcmp(o->sel, r->sel, sizeof r->sel) ? "selectors" : NULL;
}

const char *judge64(u32 n, const struct outcome64 *o)
{
	static u8 data[DATA64_RW], fx[FX64_SIZE];
	const struct case64 *c = &files64.cases[n];
	const char *bad = o->broken ? o->broken : judge_cpu(c, &files64.results[n], &o->r);

	if (bad)
		return bad;
	judge64_expected(n, data, fx);
	if (memcmp(o->data, data, DATA64_RW))
		return "memory";
	return c->fx != FX64_NONE && memcmp(o->fx, fx, FX64_SIZE) ? "x87 or SSE" : NULL;
}
