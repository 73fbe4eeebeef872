/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's log: what is kept, what makes room, and that this is counted. */
#include "kernel/log.h"

#include "qemu-test/unit/check.h"

static char got[2 * LOG_SIZE];
static size_t n;

static void take(const char *text, size_t size)
{
	memcpy(got + n, text, size);
	n += size;
	got[n] = 0;
}

static const char *last(const struct log *l, unsigned lines)
{
	n = 0;
	got[0] = 0;
	log_last(l, lines, take);
	return got;
}

static void put(struct log *l, const char *s) { log_put(l, s, strlen(s)); }

static void test_small(void)
{
	static struct log l;

	CHECK(!strcmp(last(&l, 5), ""), "empty");
	put(&l, "one\ntw");
	put(&l, "o\nthree\n");
	CHECK_EQ(l.lines, 3, "three lines");
	CHECK(!strcmp(last(&l, 1), "three\n"), "the last");
	CHECK(!strcmp(last(&l, 2), "two\nthree\n"), "the last two");
	CHECK(!strcmp(last(&l, 9), "one\ntwo\nthree\n"), "all there are");
	put(&l, "half");
	CHECK(!strcmp(last(&l, 2), "three\nhalf"), "a line that has no end yet");
}

static void test_full(void)
{
	static struct log l;
	char line[32];

	for (unsigned k = 0; k < 10000; k++) {
		snprintf(line, sizeof(line), "line %u\n", k);
		put(&l, line);
	}
	CHECK_EQ(l.lines, 10000, "all were counted");
	last(&l, 10000);
	unsigned first, kept = 0;
	CHECK_EQ(sscanf(got, "line %u\n", &first), 1, "begins with a whole line");
	for (size_t k = 0; k < n; k++)
		kept += got[k] == '\n';
	CHECK(n <= LOG_SIZE, "no more than there is room for");
	CHECK_EQ(first, l.dropped, "each line that is not here was counted");
	CHECK_EQ(kept + l.dropped, 10000, "and the others are here");
	CHECK(!strcmp(last(&l, 1), "line 9999\n"), "the newest");
}

/* One text longer than the ring: its end stays. */
static void test_huge_line(void)
{
	static struct log l;

	for (unsigned k = 0; k < LOG_SIZE; k++)
		put(&l, "ab");
	put(&l, "\nend\n");
	CHECK(!strcmp(last(&l, 1), "end\n"), "the end");
	CHECK(l.dropped > 0, "something went");
}

int main(void)
{
	test_small();
	test_full();
	test_huge_line();
	return check_done();
}
