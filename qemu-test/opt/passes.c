/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs passes on textual IR; opt.py gives it the cases and compares. A filter:
 *
 *	in:	= KEY		a pass of passes.def, or "all" of them
 *		IR lines …	one block
 *	out:	= KEY
 *		IR lines …	the same block, as it was understood
 *		--
 *		IR lines …	after the pass
 *
 * `opt_passes --keys` prints the passes' keys instead. What is wrong with a block is a line that
 * begins with "!". Invariant: the verifier takes what goes into a pass and what comes out.
 */
#include "dbt/opt/opt.h"
#include "kernel/lib/bits.h"
#include "mm/arena.h"
#include "qemu-test/opt/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE (1u << 20)

static const char *const keys[] = {
#define PASS(function, key) #key,
#include "dbt/opt/passes.def"
#undef PASS
};

static struct arena arena;
static struct ir *ir;
static u32 off;
static bool broken;

static void begin(const char *key)
{
	unsigned n = 0;

	while (n < OPT_COUNT && strcmp(keys[n], key))
		n++;
	off = n < OPT_COUNT ? ~BIT(n) : 0;
	broken = n == OPT_COUNT && strcmp(key, "all");
	printf("= %s\n", key);
	if (broken)
		printf("! no such pass\n");
	arena_reset(&arena);
	ir = ir_new(&arena);
	ir->guest[ir->guests++] = (struct ir_guest){ 0 };
}

/* Without the EIP: a test's block is one x86 instruction. */
static void print_line(const char *line) { puts(line + 9); }

static void verify(const struct ir *block, const char *after)
{
	unsigned where;
	const char *e = ir_verify(block, &where);

	if (e)
		printf("! after %s: v%u: %s\n", after, where, e);
	broken |= !!e;
}

static void finish(void)
{
	struct opt *o;

	if (!ir || broken)
		return;
	ir_print(ir, print_line);
	puts("--");
	verify(ir, "reading");
	if (broken)
		return;
	o = arena_get(&arena, sizeof(*o));
	o->ir = ir;
	opt_run(o, off, verify);
	ir_print(ir, print_line);
}

static void add(const char *line)
{
	const char *e = broken ? NULL : parse_line(ir, line);

	if (e)
		printf("! %s: %s\n", e, line);
	broken |= !!e;
}

int main(int argc, char **argv)
{
	char line[256];

	if (argc == 2 && !strcmp(argv[1], "--keys")) {
		for (unsigned n = 0; n < OPT_COUNT; n++)
			puts(keys[n]);
		return 0;
	}
	arena_init(&arena, aligned_alloc(16, ARENA_SIZE), ARENA_SIZE);
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0] == '=') {
			finish();
			begin(line + 2);
		} else if (ir) {
			add(line);
		}
	}
	finish();
	return 0;
}
