/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Judges what host.c printed against gcc's libquadmath, which shares no code with newlib.
 * Runs on the build machine; a missing line is a failure too.
 */
#include <quadmath.h>
#include <stdio.h>
#include <string.h>

#include "kernel/lib/types.h"
#include "qemu-test/libm/cases.h"

union quad {
	__float128 value;
	u64 word[2];
};

struct row {
	const char *name;
	__float128 (*one)(__float128);
	__float128 (*two)(__float128, __float128);
	double ulps;
	unsigned seen, bad;
};

#define ROW1(name, range, ulp) { #name, name##q, NULL, ulp, 0, 0 },
#define ROW2(name, ulp) { #name, NULL, name##q, ulp, 0, 0 },
static struct row rows[] = { LIBM_CASES(ROW1, ROW2) };

/* How far got is from want, in units of want's 113th bit. */
static double distance(__float128 got, __float128 want)
{
	int exponent;

	if (got == want)
		return 0;
	frexpq(want, &exponent);
	return (double)(fabsq(got - want) / ldexpq(1, exponent - 113));
}

static void judge(struct row *row, const union quad *q)
{
	__float128 want = row->one ? row->one(q[0].value) : row->two(q[0].value, q[1].value);
	double off = distance(q[2].value, want);

	row->seen++;
	if (off <= row->ulps)
		return;
	if (!row->bad++)
		printf("FAIL %s(%016llx%016llx): %g units off\n", row->name,
		       (unsigned long long)q[0].word[1], (unsigned long long)q[0].word[0], off);
}

static struct row *find(const char *name)
{
	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
		if (!strcmp(rows[k].name, name))
			return &rows[k];
	return NULL;
}

int main(void)
{
	char line[256], name[16];
	unsigned passed = 0, failed = 0;

	while (fgets(line, sizeof(line), stdin)) {
		unsigned long long w[6];
		if (sscanf(line, "%15s %16llx%16llx %16llx%16llx %16llx%16llx", name, &w[0], &w[1],
			   &w[2], &w[3], &w[4], &w[5]) != 7 || !find(name))
			continue;
		union quad q[3];
		for (int k = 0; k < 3; k++)
			q[k] = (union quad){ .word = { w[2 * k + 1], w[2 * k] } };
		judge(find(name), q);
	}
	for (unsigned k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		bool good = rows[k].seen == LIBM_ROUNDS && !rows[k].bad;
		printf("%s %sl: %u of %d results, %u wrong\n", good ? "ok" : "FAIL", rows[k].name,
		       rows[k].seen, LIBM_ROUNDS, rows[k].bad);
		*(good ? &passed : &failed) += 1;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
