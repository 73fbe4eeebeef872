/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results of cases and sequences by the evaluator, one instruction at a time, for machines whose
 * CPU cannot be asked (qemu-test/plain). Whoever compares the evaluator knows them by their CPU's
 * name.
 *
 *	insn64_stand_in CASES RESULTS
 */
#include "qemu-test/insn64/world64.h"

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

/* What of the outcome differs from what the case began with, which r, with no changes, gives. */
static void put_changes(u32 n, const struct outcome64 *o, struct result64 *r)
{
	static u8 data[DATA64_RW], fx[FX64_SIZE];
	const struct case64 *c = &files64.cases[n];

	files64.results = r - n;
	judge64_expected(n, data, fx);
	files64.results = NULL;
	for (u32 unit = 0; unit < MEM64_UNITS; unit++) {
		const u8 *now = o->data + unit * MEM64_UNIT;

		if (!memcmp(now, data + unit * MEM64_UNIT, MEM64_UNIT))
			continue;
		r->mem[unit / 64] |= 1ull << (unit % 64);
		put_blob(now, MEM64_UNIT);
	}
	for (u32 i = 0; i < FX64_UNITS && c->fx != FX64_NONE; i++)
		if (memcmp(o->fx + 16 * i, fx + 16 * i, 16)) {
			r->fx_mask |= 1u << i;
			put_blob(o->fx + 16 * i, 16);
		}
}

static void run_case(u32 n, struct result64 *r)
{
	static const struct way64 way = { .name = "lift" };
	static struct outcome64 o;

	world64_run(n, &way, &o);
	*r = o.r;
	r->blob = blob_used;
	r->fx_mask = 0;
	memset(r->mem, 0, sizeof r->mem);
	put_changes(n, &o, r);
}

int main(int argc, char **argv)
{
	struct results64_head h = { RESULTS64_MAGIC, 0, 0, 0, STAND_IN64 };
	struct result64 *results;
	char *bytes;
	size_t size;
	FILE *f;

	if (argc != 3) {
		fprintf(stderr, "usage: insn64_stand_in CASES RESULTS\n");
		return 2;
	}
	files64_load(argv[1], NULL);
	world64_init();
	h.cases = files64.head->cases;
	results = calloc(h.cases, sizeof *results);
	blob = open_memstream(&bytes, &size);
	for (u32 n = 0; n < h.cases; n++)
		run_case(n, &results[n]);
	fclose(blob);
	h.blob_size = blob_used;
	f = fopen(argv[2], "wb");
	if (!f || fwrite(&h, sizeof h, 1, f) != 1 ||
	    fwrite(results, sizeof *results, h.cases, f) != h.cases ||
	    fwrite(bytes, 1, blob_used, f) != blob_used || fclose(f))
		die(argv[2]);
	free(results);
	free(bytes);
	printf("%u cases of 64-bit code: results of the evaluator stand in for a CPU's\n", h.cases);
	return 0;
}
