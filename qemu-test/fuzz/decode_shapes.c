/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoded shapes that are kept (dbt/x86/shape.h) against Capstone asked each time: two decoders
 * see the same bytes, one as Loam has it, whose table fills and overflows, and one whose table is
 * emptied before each instruction. The first also compares its shapes with what Capstone says of
 * the bytes with their values, and panics on a difference (decoder.verify).
 *
 *   decode_shapes [--count N] [--seed S]
 *
 * Random bytes, then each opcode with each ModR/M byte under pairs of prefixes. Says nothing of
 * what is right: test_decode and decode_hw do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbt/x86/shape.h"
#include "kernel/lib/bits.h"
#include "qemu-test/fuzz/insn_bytes.h"

static struct decoder kept, fresh;
static u64 rng = 88172645463325252ull;
static unsigned long tested, valid, wrong;

static bool same(const struct ir1 *a, const struct ir1 *b)
{
	return a->op == b->op && a->len == b->len && a->nops == b->nops &&
	       a->opsize == b->opsize && a->addrsize == b->addrsize && a->cond == b->cond &&
	       a->prefix == b->prefix && a->subop == b->subop && a->eip == b->eip &&
	       !memcmp(a->ops, b->ops, sizeof(a->ops)) &&
	       !memcmp(a->bytes, b->bytes, a->len);
}

static enum decode_status decode_fresh(struct ir1 *i, const u8 *b, unsigned avail, u64 eip,
				       unsigned mode)
{
	struct scan s;

	if (scan(&s, b, avail, mode) == DECODE_OK)
		for (unsigned n = 0; n < 2; n++)
			fresh.shapes[shape_slot(shape_key(&s)) ^ n].key = 0;
	return decode(&fresh, i, b, avail, eip, mode);
}

static void check(const u8 *b, unsigned avail, unsigned mode)
{
	struct ir1 a, z;
	u64 eip = mode == 8 ? insn_random(&rng) : (u32)insn_random(&rng);
	enum decode_status status;

	memset(&a, 0, sizeof(a));
	memset(&z, 0, sizeof(z));
	status = decode(&kept, &a, b, avail, eip, mode);
	tested++;
	valid += status == DECODE_OK;
	if (decode_fresh(&z, b, avail, eip, mode) == status &&
	    (status != DECODE_OK || same(&a, &z)))
		return;
	if (wrong++ > 20)
		return;
	printf("FAIL not the same (%u-bit):", mode * 8);
	for (unsigned k = 0; k < avail; k++)
		printf(" %02x", b[k]);
	printf("\n");
}

/* `count` bytes at `from` into b, the rest of it is random. */
static void check_form(const u8 *from, unsigned count, unsigned mode)
{
	u8 b[SCAN_MAX];

	for (unsigned k = 0; k < SCAN_MAX; k++)
		b[k] = k < count ? from[k] : insn_random(&rng) >> 32;
	check(b, SCAN_MAX, mode);
}

static void check_forms(unsigned mode, u8 first, u8 second)
{
	static const u8 escapes[4][2] = { { 0 }, { 0x0f }, { 0x0f, 0x38 }, { 0x0f, 0x3a } };

	for (unsigned code = 0; code < 4 * 0x10000; code++) {
		const u8 *escape = escapes[code >> 16];
		u8 b[SCAN_MAX];
		unsigned n = 0;

		if (first)
			b[n++] = first;
		if (second)
			b[n++] = second;
		for (unsigned e = 0; e < 2 && escape[e]; e++)
			b[n++] = escape[e];
		b[n++] = code >> 8;
		b[n++] = code;
		check_form(b, n, mode);
	}
}

static void check_random(unsigned long count)
{
	u8 b[SCAN_MAX];

	for (unsigned long k = 0; k < count; k++) {
		unsigned mode = 2u << k % 3;

		insn_bytes(&rng, b, mode);
		check(b, k % 8 ? SCAN_MAX : insn_random(&rng) % SCAN_MAX, mode);
	}
}

int main(int argc, char **argv)
{
	static const u8 prefixes[] = { 0, 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x65 };
	unsigned long count = 2000000;

	for (int k = 1; k + 1 < argc; k += 2)
		if (!strcmp(argv[k], "--count"))
			count = strtoul(argv[k + 1], NULL, 0);
		else if (!strcmp(argv[k], "--seed"))
			rng = strtoull(argv[k + 1], NULL, 0) * 0x9e3779b97f4a7c15ull | 1;
		else
			return 2;
	if (decoder_init(&kept) || decoder_init(&fresh))
		return 2;
	kept.verify = true;
	check_random(count);
	for (unsigned mode = 2; mode <= 4; mode += 2)
		for (unsigned k = 0; k < ARRAY_LEN(prefixes); k++)
			check_forms(mode, prefixes[k], prefixes[insn_random(&rng) % 7]);
	for (unsigned k = 0; k < 16; k++)
		check_forms(8, prefixes[insn_random(&rng) % 7], 0x40 | k);
	if (kept.made == kept.decoded || !valid)
		wrong++;
	printf("%lu shapes kept their place in the table\n",
	       (unsigned long)(kept.decoded - kept.made));
	printf("%lu passed, %lu failed\n", tested, wrong);
	return wrong != 0;
}
