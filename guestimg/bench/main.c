/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the chosen rows and prints one line for each. Not a row itself.
 * Its number goes to COUNTERS_PORT before and after a row's n repetitions, outside their time.
 * ROW_MARKER holds the row's number while its n repetitions run, and only then; the time stamps
 * lie inside that span, so that t counts nothing but the row.
 */
#include "guestimg/bench/bench.h"

u32 *buf_chase = (u32 *)0x1000000, *buf_a = (u32 *)0x2000000, *buf_b = (u32 *)0x2411000;

struct row {
	const char *name;
	row_fn *work;
	u32 n;
};

static const struct row rows[] = {
#define ROW(name, work, n, insns32, insns64) { name, work, n },
#include "guestimg/bench/rows.def"
#undef ROW
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* As the boot sector holds it (boot.S); setcfg.py writes it. */
struct settings {
	u32 magic, mask, scale;
};

void image_main(const struct settings *set);	/* called by start32.S, start64.S */

void *memset(void *d, int c, size_t n)
{
	u8 *p = d;

	while (n--)
		*p++ = c;
	return d;
}

void *memcpy(void *d, const void *s, size_t n)
{
	u8 *p = d;
	const u8 *q = s;

	while (n--)
		*p++ = *q++;
	return d;
}

static void clear_bss(void)
{
	for (unsigned long *p = (unsigned long *)bss_start; (char *)p < bss_end; p++)
		*p = 0;
}

/* x87 and SSE on, their exceptions by vectors 16 and 19. */
static void fpu_init(void)
{
	unsigned long r;

	asm volatile(
		"mov %%cr0, %0; and $~0xc, %0; or $2, %0; mov %0, %%cr0; fninit\n"
		"mov %%cr4, %0; or $0x600, %0; mov %0, %%cr4" : "=&r"(r));
}

static void put_number(const char *name, u64 v)
{
	put_text(name);
	put_dec(v);
}

/* What two time stamps in a row differ by. */
static u64 stamp_cost(void)
{
	u64 cost = 0;

	for (int i = 0; i < 4; i++) {
		u64 a = rdtsc(), b = rdtsc();

		cost = b - a;
	}
	return cost;
}

/* Repetitions at least before the ones that count: from the second on all paths are known. */
#define WARM 3

static void run_row(unsigned place, u32 scale, u64 cost)
{
	const struct row *row = &rows[place];
	u32 n = row->n * scale ?: 1, small = row->n / 50 < WARM ? WARM : row->n / 50;

	kernels_reset();
	u64 t0 = rdtsc();

	row->work(small);
	u64 t1 = rdtsc();

	row->work(small);
	u64 t2 = rdtsc();

	outb(COUNTERS_PORT, place + 1);
	*ROW_MARKER = place + 1;
	u64 t3 = rdtsc();
	u32 check = row->work(n);
	u64 t4 = rdtsc();

	*ROW_MARKER = 0;
	outb(COUNTERS_PORT, place + 1);
	put_text("B " BENCH_MODE " ");
	put_text(row->name);
	put_number(" small=", small);
	put_number(" cold=", t1 - t0 - cost);
	put_number(" warm1=", t2 - t1 - cost);
	put_number(" n=", n);
	put_number(" t=", t4 - t3 - cost);
	put_text(" chk=");
	put_hex(check);
	put_text("\n");
}

void image_main(const struct settings *set)
{
	u32 mask = set->mask, scale = set->scale;

	clear_bss();
	console_init();
	fpu_init();
	traps_init();
	paging_init();
	*ROW_MARKER = 0;
	put_number("GB" BENCH_MODE " start tsc=", rdtsc());
	put_text("\n");
	kernels_init();
	chase_init();
	for (u32 i = 0; i < 1048576; i++)
		buf_a[i] = i * 2654435761u;
	u64 cost = stamp_cost();

	for (unsigned i = 0; i < ROWS; i++)
		if (mask >> (i < 31 ? i : 31) & 1)
			run_row(i, scale, cost);
	put_number("GB" BENCH_MODE " end tsc=", rdtsc());
	put_text("\n");
	leave(0x10);
}
