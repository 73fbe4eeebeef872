/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory order among CPUs: the litmus tests of litmus_threads.c, ROUNDS rounds each. What total
 * store order forbids (SDM vol. 3, 9.2.2, 9.2.3) is never seen; what it allows is counted.
 * Invariant: each round has words of its own, so that CPUs which do not meet do no harm.
 */
#include "guestimg/tests/litmus.h"

enum { BATCH = 256, TRIES = 3000 };

/* x, y and z of a round, and how many CPUs have come to it. */
struct cell { volatile u32 word[64]; };
enum { X = 0, Z = 32, COME = 48 };

static struct cell cells[CPUS_MAX / 2][BATCH] __attribute__((aligned(4096)));
static u32 found[CPUS_MAX][BATCH][2];
static const struct litmus *now;
static u32 batch, y_at, met;

/* Which thread of the test this CPU is; each CPU has its turn at each. */
static u32 role(u32 cpu) { return (cpu + batch) % now->threads; }

static void part(u32 cpu)
{
	u32 group = cpu / now->threads;

	irqs_off();
	meet();
	if (group >= cpus / now->threads)
		return;
	for (u32 r = 0; r < BATCH; r++) {
		struct cell *c = &cells[group][r];
		u32 tries = TRIES;

		lock_xadd(&c->word[COME], 1);
		while (c->word[COME] != now->threads && --tries)
			;
		for (u32 late = (r ^ batch) * (cpu + 3) & 7; late; late--)
			__asm__ volatile("");
		now->thread[role(cpu)](&c->word[X], &c->word[y_at], &c->word[Z], found[cpu][r]);
		if (!cpu && tries)
			met++;
	}
}

static void clear(void)
{
	for (u32 g = 0; g < CPUS_MAX / 2; g++)
		for (u32 r = 0; r < BATCH; r++) {
			volatile u32 *w = cells[g][r].word;

			w[X] = w[y_at] = w[Z] = w[COME] = 0;
		}
}

static void judge(struct counts *n)
{
	for (u32 g = 0; g < cpus / now->threads; g++)
		for (u32 r = 0; r < BATCH; r++) {
			const volatile u32 *w = cells[g][r].word;
			struct outcome o = { .x = w[X], .y = w[y_at], .z = w[Z] };

			for (u32 k = 0; k < now->threads; k++) {
				u32 cpu = g * now->threads + k;

				o.r[role(cpu)][0] = found[cpu][r][0];
				o.r[role(cpu)][1] = found[cpu][r][1];
			}
			n->rounds++;
			n->forbidden += now->forbidden && now->forbidden(&o);
			n->allowed += now->allowed && now->allowed(&o);
		}
}

static void print_count(const char *before, u32 n)
{
	print(before);
	print_dec(n);
}

static void try_litmus(const struct litmus *l)
{
	static const u8 y_places[] = { 16, 1, 16, 20 };		/* another line, the same one */
	struct counts n = { 0, 0, 0 };

	test(l->name);
	if (l->threads > cpus) {
		skip("not so many CPUs");
		return;
	}
	if (l->in_tcg && not_in_tcg(l->in_tcg))
		return;
	now = l;
	met = 0;
	for (batch = 0; n.rounds < ROUNDS; batch++) {
		y_at = y_places[batch % COUNT(y_places)];
		clear();
		together(part);
		judge(&n);
	}
	print(l->name);
	print_count(": rounds ", n.rounds);
	print_count(", together ", met);
	if (l->allowed)
		print_count(", allowed and seen ", n.allowed);
	print("\n");
	expect("forbidden outcomes", n.forbidden, 0);
}

int main(void);
int main(void)
{
	cpus_start("litmus");
	for (u32 k = 0; k < litmus_count; k++)
		try_litmus(&litmus_tests[k]);
	finish("litmus");
}
