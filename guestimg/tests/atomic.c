/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LOCK among CPUs that run at once (SDM vol. 3, 9.1): every operation of atomic_ops.c, at each
 * place that an operand can have in lines and pages, on pages of data, of code and of page tables.
 * The sums must be exact. Invariant: an area is two pages, at WINDOW, not neighbours in memory.
 */
#include "guestimg/tests/atomic.h"

enum { AREA = WINDOW, ALIAS = WINDOW + 0x10000, USELESS = 0xb0000000 };

static const struct place { const char *name; u32 at, below, size; } places[] = {
	/* The operand begins `below` halves of its size before `at`; at least so large. */
	{ "aligned", 0x100, 0, 1 }, { "between", 0x141, 0, 2 }, { "over 8", 0x108, 1, 2 },
	{ "over 16", 0x110, 1, 2 }, { "over 64", 0x240, 1, 2 }, { "over a page", PAGE, 1, 2 },
	{ "the page's end", PAGE, 2, 1 },
};

static const struct operation *now;
static volatile void *operand;
static u32 times;
static volatile u32 results[CPUS_MAX * 16];

static void part(u32 cpu)
{
	meet();
	results[cpu * 16] = now->run(operand, times, cpu);
}

/* The sum of 0 … count - 1, each modulo 2^bits: what XADD finds, in any order. */
static u32 sum_of_olds(u32 count, u32 bits)
{
	u32 mask = bits == 32 ? ~0u : (1u << bits) - 1, sum = 0;

	for (u32 k = 0; k < count; k++)
		sum += k & mask;
	return sum;
}

static void expect_outcome(u32 final)
{
	u32 bits = now->size * 8, mask = bits >= 32 ? ~0u : (1u << bits) - 1;
	u32 all = cpus * times, result = 0;

	for (u32 k = 0; k < cpus; k++)
		result += results[k * 16];
	switch (now->outcome) {
	case SAME:
		expect(now->name, final, now->first & mask);
		expect(now->name, result, 0);
		break;
	case TOTAL:
		expect(now->name, final, (now->first + all * now->step) & mask);
		expect(now->name, result, 0);
		break;
	case OLDS:
		expect(now->name, final, all & mask);
		expect(now->name, result, sum_of_olds(all, bits));
		break;
	case TOKENS:
		expect(now->name, (result - final) & mask, 0);
		break;
	}
}

static void try_operation(const struct operation *op, const struct place *p, u32 n)
{
	volatile u8 *at = (u8 *)AREA + p->at - p->below * op->size / 2;
	u32 final = 0, high = 0, guard = 0x3c;

	now = op;
	operand = at;
	times = n;
	at[-1] = at[op->size] = (u8)guard;
	for (u32 k = 0; k < op->size; k++)
		at[k] = (u8)(op->first >> 8 * (k & 3));
	together(part);
	for (u32 k = 0; k < op->size && k < 4; k++)
		final |= (u32)at[k] << 8 * k;
	for (u32 k = 4; k < op->size; k++)
		high |= (u32)at[k] << 8 * (k - 4);
	expect_outcome(final);
	if (op->size == 8)
		expect("the high half", high, final);
	expect("the byte before", at[-1], guard);
	expect("the byte behind", at[op->size], guard);
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

static void all_operations(const char *page, u32 n, u32 n_slow)
{
	for (const struct place *p = places; p < places + COUNT(places); p++) {
		name_test(page, p->name);
		for (u32 k = 0; k < operations_count; k++)
			if (operations[k].size >= p->size)
				try_operation(&operations[k], p, p == places ? n : n_slow);
	}
}

/* The area: these two frames. */
static void set_area(u32 first, u32 second)
{
	map(kernel_pd, AREA, first, P | W);
	map(kernel_pd, AREA + PAGE, second, P | W);
	map(kernel_pd, ALIAS, first, P | W);
	load_cr3(kernel_pd);
}

static void reload(u32 cpu)
{
	(void)cpu;
	load_cr3(kernel_pd);
}

/* Both pages have code that is run between the operations, by their other address. */
static void put_visited(u32 frame)
{
	*(u8 *)(frame + 0xe00) = 0xb8;		/* mov $VISIT_RESULT, %eax; ret */
	*(u32 *)(frame + 0xe01) = VISIT_RESULT;
	*(u8 *)(frame + 0xe05) = 0xc3;
}

static void test_pages(void)
{
	u32 first = page_new(), second, tables;

	page_new();
	second = page_new();
	set_area(first, second);
	together(reload);
	all_operations("data", ROUNDS, ROUNDS / 20);

	put_visited(first);
	put_visited(second);
	visit_at = (u32 (*)(void))(ALIAS + 0xe00);
	all_operations("code", ROUNDS / 20, ROUNDS / 40);
	visit_at = (u32 (*)(void))(AREA + PAGE + 0xe00);
	name_test("code", "on the second page");
	for (u32 k = 0; k < operations_count; k++)
		try_operation(&operations[k], &places[COUNT(places) - 2], ROUNDS / 40);
	visit_at = 0;

	/* Page tables in use; the entries that are changed here are those of addresses nobody uses. */
	tables = AT(table_new());
	table_new();
	second = AT(table_new());
	kernel_pd[USELESS >> 22] = tables | P | W;
	kernel_pd[(USELESS >> 22) + 1] = second | P | W;
	((u32 *)tables)[0x3c0] = ((u32 *)second)[0x3c0] = first | P | W;
	set_area(tables, second);
	together(reload);
	visit_at = (u32 (*)(void))(USELESS + 0x3c0000 + 0xe00);
	put_visited(first);
	all_operations("page table", ROUNDS / 20, ROUNDS / 40);
	visit_at = 0;
}

int main(void);
int main(void)
{
	cpus_start("atomic");
	test_pages();
	test_neighbours();
	test_far_bits();
	test_locks();
	test_walks();
	finish("atomic");
}
