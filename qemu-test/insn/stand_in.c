/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results of instruction cases by the evaluator, one instruction at a time, for machines whose CPU
 * cannot be asked (qemu-test/plain). Whoever compares the evaluator knows them by their CPU's name.
 *
 *	insn_stand_in CASES RESULTS
 */
#include "qemu-test/insn/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *blob;
static u32 blob_used;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void put_blob(const void *p, u32 n)
{
	if (fwrite(p, 1, n, blob) != n)
		die("blob");
	blob_used += n;
}

static void put_memory(const struct insn_case *c, const u8 *data, struct insn_result *r)
{
	static u8 before[DATA_RW];
	u32 first = 0, last = DATA_RW;

	for (u32 i = 0; i < DATA_RW; i++)
		before[i] = insn_pattern(i);
	memcpy(before + c->poke, c->bytes, c->poke_len);
	while (first < DATA_RW && data[first] == before[first])
		first++;
	while (last > first && data[last - 1] == before[last - 1])
		last--;
	if (last == first)
		return;
	r->mem = (u16)first;
	r->mem_len = (u16)(last - first);
	put_blob(data + first, r->mem_len);
}

static void put_fx(const struct insn_case *c, const u8 *fx, struct insn_result *r)
{
	const u8 *before = files.fx + c->fx * FX_SIZE;

	if (c->fx == FX_NONE)
		return;
	for (u32 i = 0; i < FX_UNITS; i++)
		if (memcmp(fx + 16 * i, before + 16 * i, 16)) {
			r->fx_mask |= 1u << i;
			put_blob(fx + 16 * i, 16);
		}
}

static struct insn_result result_of(u32 n)
{
	static const struct insn_way way = { .name = "single", .single = true };
	static struct insn_outcome o;
	const struct insn_case *c = &files.cases[n];
	struct insn_result r;

	world_run(n, &way, &o);
	r = o.r;
	r.blob = blob_used;
	r.mem = r.mem_len = 0;
	r.fx_mask = 0;
	r.rules = 0;
	put_memory(c, o.data, &r);
	put_fx(c, o.fx, &r);
	return r;
}

int main(int argc, char **argv)
{
	struct results_head h = { RESULTS_MAGIC, 0, 0, STAND_IN };
	struct insn_result *results;
	char *bytes;
	size_t size;
	FILE *f;

	if (argc != 3) {
		fprintf(stderr, "usage: insn_stand_in CASES RESULTS\n");
		return 2;
	}
	judge_load(argv[1], NULL);
	world_init();
	h.cases = files.head->cases;
	results = calloc(h.cases, sizeof *results);
	blob = open_memstream(&bytes, &size);
	for (u32 n = 0; n < h.cases; n++)
		results[n] = result_of(n);
	fclose(blob);
	h.blob_size = blob_used;
	f = fopen(argv[2], "wb");
	if (!f || fwrite(&h, sizeof h, 1, f) != 1 ||
	    fwrite(results, sizeof *results, h.cases, f) != h.cases ||
	    fwrite(bytes, 1, blob_used, f) != blob_used || fclose(f))
		die(argv[2]);
	free(results);
	free(bytes);
	printf("%u cases: results of the evaluator stand in for a CPU's\n", h.cases);
	return 0;
}
