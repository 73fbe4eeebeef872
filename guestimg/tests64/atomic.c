/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LOCK of 8 and 16 bytes among CPUs that run at once (SDM vol. 3, 9.1): every operation of
 * atomic_ops.c, at each place that an operand can have in lines and pages, on pages of data, of
 * code and of page tables. The sums must be exact. 1, 2 and 4 bytes: guestimg/tests/atomic.c.
 * Invariant: an area is two pages, at WINDOW, not neighbours in memory.
 */
#include "guestimg/tests64/atomic.h"

enum { AREA = WINDOW, ALIAS = WINDOW + 0x10000, USELESS = WINDOW + 0x10000000 };

/* Where an operand of 8 bytes begins; one of 16 is only where it is aligned. */
static const struct place { const char *name; u32 at; } places[] = {
	{ "aligned", 0x100 }, { "between", 0x142 }, { "over 8", 0x10c }, { "over 64", 0x23c },
	{ "over a page", PAGE - 4 }, { "the page's end", PAGE - 16 },
};

static const struct operation *now;
static volatile u64 *operand;
static u64 times;
static volatile u64 results[CPUS_MAX * 8];
volatile u64 wrong[CPUS_MAX * 8];

static void part(u32 cpu)
{
	meet();
	results[cpu * 8] = now->run(operand, times, cpu);
}

static void expect_outcome(u64 final)
{
	u64 all = cpus * times, result = 0;

	for (u32 k = 0; k < cpus; k++)
		result += results[k * 8];
	switch (now->outcome) {
	case SAME: case TOTAL:
		expect(now->name, final, now->first + all * now->step);
		expect(now->name, result, 0);
		break;
	case OLDS:
		expect(now->name, final, all);
		expect(now->name, result, all * (all - 1) / 2);
		break;
	case TOKENS:
		expect(now->name, result - final, 0);
		break;
	}
}

static void try_operation(const struct operation *op, u64 at, u64 n)
{
	volatile u8 *bytes = (volatile u8 *)at;

	if (op->size == 16 && at & 15)
		return;
	now = op;
	operand = (volatile u64 *)at;
	times = n;
	bytes[-1] = bytes[op->size] = 0x3c;
	operand[0] = op->first;
	if (op->size == 16)
		operand[1] = 3 * op->first;
	together(part);
	expect_outcome(operand[0]);
	if (op->size == 16)
		expect("the high half", operand[1], 3 * operand[0]);
	expect("the byte before", bytes[-1], 0x3c);
	expect("the byte behind", bytes[op->size], 0x3c);
}

static void name_test(const char *page, const char *place)
{
	char name[64] = "", *to = name;

	for (; *page; page++)
		*to++ = *page;
	for (*to++ = ',', *to++ = ' '; *place; place++)
		*to++ = *place;
	*to = 0;
	test(name);
}

static void all_operations(const char *page, u64 n, u64 n_slow)
{
	for (const struct place *p = places; p < places + COUNT(places); p++) {
		name_test(page, p->name);
		for (u32 k = 0; k < operations_count; k++)
			try_operation(&operations[k], AREA + p->at,
				      p == places && operations[k].size == 8 ? n : n_slow);
	}
}

/* Every offset in a line, and where two lines and two pages meet. */
static void every_offset(void)
{
	test("data, every offset");
	for (u32 k = 0; k < 16; k++) {
		const struct operation *op = &operations[k % operations_count];

		if (op->size == 16)
			op = operations;
		try_operation(op, AREA + 0x2f0 + k, ROUNDS / 40);
		try_operation(op, AREA + PAGE - 16 + k, ROUNDS / 40);
	}
}

/* -- Pages -- */

/* Before the test all CPUs forget what was mapped there. */
static void reload(u32 cpu)
{
	(void)cpu;
	WRITE(cr3, READ(cr3));
}

/* The area: these two frames. */
static void set_area(u64 first, u64 second)
{
	map(AREA, first, P | W);
	map(AREA + PAGE, second, P | W);
	map(ALIAS, first, P | W);
	together(reload);
}

/* Both pages have code that is run between the operations, by their other address. */
static void put_visited(u64 frame)
{
	*(volatile u8 *)(frame + 0xe00) = 0xb8;		/* mov $VISIT_RESULT, %eax; ret */
	*(volatile u32 *)(frame + 0xe01) = VISIT_RESULT;
	*(volatile u8 *)(frame + 0xe05) = 0xc3;
}

/* Page tables in use; the entries that change are those of addresses that nobody uses. */
static void test_tables(u64 code)
{
	u64 first = page_new(), second;

	page_new();
	second = page_new();
	map(USELESS, code, P | W);		/* makes the tables above */
	*entry(USELESS, 2) = first | P | W;
	*entry(USELESS + 0x200000, 2) = second | P | W;
	((u64 *)first)[0x1e0] = ((u64 *)second)[0x1e0] = code | P | W;
	set_area(first, second);
	visit_at = (u32 (*)(void))(USELESS + 0x1e0e00ul);
	all_operations("page table", ROUNDS / 20, ROUNDS / 40);
	visit_at = 0;
}

static void test_pages(void)
{
	u64 first = page_new(), second;

	page_new();
	second = page_new();
	set_area(first, second);
	all_operations("data", ROUNDS, ROUNDS / 20);
	every_offset();
	put_visited(first);
	put_visited(second);
	visit_at = (u32 (*)(void))(ALIAS + 0xe00ul);
	all_operations("code", ROUNDS / 20, ROUNDS / 40);
	visit_at = (u32 (*)(void))(AREA + PAGE + 0xe00ul);
	name_test("code", "on the second page");
	for (u32 k = 0; k < operations_count; k++)
		try_operation(&operations[k], AREA + PAGE - 4, ROUNDS / 40);
	visit_at = 0;
	put_visited(first);
	test_tables(first);
}

void try_parts(const char *name, void (*what)(u32 cpu), const char *text, u64 want)
{
	u64 sum = 0;

	test(name);
	memset((void *)wrong, 0, sizeof(wrong));
	together(what);
	for (u32 k = 0; k < cpus; k++)
		sum += WRONG(k);
	expect(text, sum, want);
}

int main(void);
int main(void)
{
	cpus_start("atomic64");
	test_pages();
	test_pairs();
	test_far_bits();
	test_devices();
	finish("atomic64");
}
