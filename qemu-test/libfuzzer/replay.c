/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main() of a fuzz target without libFuzzer: its seeds as a test, or inputs from files. Finds
 * nothing new: what libFuzzer found is run again, by any compiler.
 *
 *	TARGET			run all seeds; do they reach what they are made for?
 *	TARGET --seeds FOLDER	write them there
 *	TARGET FILE…		run these inputs
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-test/libfuzzer/feed.h"

static const char *folder;
static unsigned count;

static void write_seed(const char *name, const struct seed *s)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	if (!f || fwrite(s->bytes, 1, s->size, f) != s->size || fclose(f)) {
		perror(path);
		exit(2);
	}
	count++;
}

/* Twice: what an input leaves behind must not change what the next one does. */
static void run_seed(const char *name, const struct seed *s)
{
	(void)name;
	LLVMFuzzerTestOneInput(s->bytes, s->size);
	LLVMFuzzerTestOneInput(s->bytes, s->size / 2);
	LLVMFuzzerTestOneInput(s->bytes, s->size);
	count++;
}

static void run_file(const char *path)
{
	static u8 data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f) {
		perror(path);
		exit(2);
	}
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	count++;
}

int main(int argc, char **argv)
{
	const char *missed = NULL;

	if (argc == 3 && !strcmp(argv[1], "--seeds")) {
		folder = argv[2];
		fuzz_seeds(write_seed);
	} else if (argc > 1) {
		for (int k = 1; k < argc; k++)
			run_file(argv[k]);
	} else {
		fuzz_seeds(run_seed);
		missed = fuzz_missed();
		if (missed)
			printf("FAIL no seed reaches this: %s\n", missed);
	}
	printf("%u passed, %u failed\n", count, missed != NULL);
	return missed != NULL || !count;
}
