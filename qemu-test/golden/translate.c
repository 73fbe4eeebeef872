/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One block through the real pipeline, each step as text: decode, lift, passes, back end. A filter
 * for golden.py and trace.py, which know what to show; neither runs the block nor judges it.
 *
 *	in:	NAME MODE EIP BYTES	a block: hex, without blanks in BYTES
 *	out:	= NAME
 *		ir1 EIP TEXT		each x86 instruction
 *		lift TEXT		each IR instruction as lifted
 *		pass KEY		a pass has run; after the last one:
 *		ir TEXT			each IR instruction that is left
 *		word HEX		each word of host code, from behind the entry on
 *		data N			words from N on are data
 *		site N EIP TEXT		a host instruction that may fault
 *		glue NAME OFFSET	entry points, in bytes from the block's start
 *		helper NAME		each of dbt/ir/helpers.def
 *		field NAME OFFSET SIZE ELEMENT	of struct vcpu, in bytes from the state pointer
 *
 * Invariant: the words do not depend on where this program lies in memory (stand_in.S).
 */
#include "dbt/backend/backend.h"
#include "dbt/ir/text.h"
#include "dbt/lift/lift.h"
#include "dbt/opt/opt.h"
#include "dbt/x86/decode.h"
#include "kernel/lib/bits.h"
#include "kernel/cpu.h"
#include "kernel/panic.h"
#include "mm/arena.h"
#include "qemu-test/golden/stand_in.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_SIZE (1u << 20)
#define BLOCK_MAX 256			/* bytes of guest code */
#define LINK_BASE 0x100

u8 *cache_pool;
static struct arena arena;
static struct decoder decoder;

/* Links are patched in place by nobody here. */
void backend_sync(const u32 *start, const u32 *end) { (void)start, (void)end; }
void backend_forget_page(const u32 *at) { (void)at; }
void backend_run_anchor(const u32 *anchor) { (void)anchor; }

/* -- Modes -- */

#define PROT (KEY_PE | KEY_CS_64K | KEY_OSFXSR | KEY_NE | KEY_MP | KEY_XMMEXCPT)
#define FLAT32 (PROT | KEY_CS32 | KEY_SS32 | KEY_FLAT)
#define BASED (3u << (KEY_FLAT_SHIFT + FS))		/* FS and GS have one */
#define FLAT64 ((FLAT32 & ~BASED) | KEY_LONG | KEY_LMA)

/* For several CPUs; memory_order = relaxed; segments are whole when the block is made. */
enum { SMP = 1, RELAXED = 2, WHOLE = 4 };

static const struct mode { const char *name; u32 key; unsigned how; } modes[] = {
	{ "flat32", FLAT32 | KEY_CPL, 0 },			/* a process */
	{ "kernel32", FLAT32 | KEY_IO_OK, 0 },
	{ "based32", (FLAT32 & ~KEY_FLAT) | KEY_CPL, 0 },	/* no segment is flat */
	{ "whole32", (FLAT32 & ~BASED) | KEY_CPL, WHOLE },
	{ "step32", FLAT32 | KEY_CPL | KEY_TF, 0 },
	{ "aligned32", FLAT32 | KEY_CPL | KEY_AC, 0 },
	{ "soft32", FLAT32 | KEY_CPL | KEY_SSE_SOFT, 0 }, /* DAZ or an unmasked SSE exception */
	{ "down32", FLAT32 | KEY_CPL | KEY_DF, 0 },
	{ "flat64", FLAT64 | KEY_CPL, 0 },
	{ "kernel64", FLAT64 | KEY_IO_OK, 0 },
	{ "smp32", FLAT32 | KEY_CPL, SMP },
	{ "smp64", FLAT64 | KEY_CPL, SMP },
	{ "smpwhole32", (FLAT32 & ~BASED) | KEY_CPL, SMP | WHOLE },
	{ "relaxed32", FLAT32 | KEY_CPL, SMP | RELAXED },
	{ "relaxed64", FLAT64 | KEY_CPL, SMP | RELAXED },
	{ "real16", KEY_IO_OK | KEY_NE | KEY_CS_64K, 0 },
	{ "prot16", PROT | KEY_FLAT, 0 },
};

static const struct mode *mode_of(const char *mode)
{
	for (unsigned n = 0; n < ARRAY_LEN(modes); n++)
		if (!strcmp(modes[n].name, mode))
			return &modes[n];
	panic("golden: no mode %s", mode);
}

/* -- Steps -- */

static void print_lift(const char *line) { printf("lift %s\n", line); }
static void print_ir(const char *line) { printf("ir %s\n", line); }

static void verify(const struct ir *ir, const char *after)
{
	unsigned where;
	const char *e = ir_verify(ir, &where);

	if (e)
		panic("golden: after %s: v%u: %s", after, where, e);
}

static void after_pass(const struct ir *ir, const char *key)
{
	verify(ir, key);
	printf("pass %s\n", key);
}

static bool peek_nothing(struct vcpu *c, gva_t linear, unsigned size, u64 *out)
{
	(void)c, (void)linear, (void)size, (void)out;
	return false;
}

static struct ir *lift_block(const struct mode *m, u32 eip, const u8 *bytes, unsigned size)
{
	struct lift t = { .key = m->key, .features = ~0ull, .ir = ir_new(&arena) };
	static struct vcpu whole;
	unsigned at = 0;
	char text[96];
	struct ir1 i;

	if (m->how & WHOLE)
		t.from = (struct guess_from){ &whole, peek_nothing };
	t.ir->key_flags = m->key;
	t.ir->ordered = m->how & SMP;
	t.ir->relaxed = m->how & RELAXED;
	while (at < size && !t.ended) {
		if (decode(&decoder, &i, bytes + at, size - at, eip + at,
			   key_code_size(m->key)))
			panic("golden: byte %u is no instruction", at);
		if (t.ir->guests && lift_begins_block(&i))
			break;
		printf("ir1 %08x %s\n", eip + at, ir1_print(&i, text, sizeof text));
		t.go_on = at + i.len < size;
		t.reach = t.go_on ? eip + size : 0;
		lift_insn(&t, &i);
		at = t.ended ? at + i.len : t.next - eip;
	}
	if (at < size && t.ended)
		panic("golden: the block ends after byte %u", at);
	lift_finish(&t, eip + at);
	return t.ir;
}

static void print_loc(struct loc l, s32 k)
{
	switch (l.kind) {
	case LOC_CONST: printf(" #%d", k); break;
	case LOC_HOST: printf(" r%u", l.n); break;
	case LOC_SPILL: printf(" slot%u", l.n); break;
	}
	if (k && l.kind != LOC_CONST)
		printf("%+d", k);
}

static void print_recipe(const struct backend_out *o, unsigned n)
{
	const struct recipe *r = &o->recipe[n];

	if (n == RECIPE_ENTRY) {
		printf(" entry");
		return;
	}
	printf(" %s.%u", ir_cc_text[r->kind], 8u << r->log2size);
	print_loc(r->a, r->ka);
	print_loc(r->b, r->kb);
	print_loc(r->c, r->kc);
	if (r->kind > CC_LAST_FULL) {
		printf(" over");
		print_recipe(o, r->prev);
	}
}

/* eip: the block's. */
static void print_site(const struct backend_out *o, u32 eip, const struct fault_site *s)
{
	printf("site %u %08x ", s->offset, eip + s->eip);
	if (s->raise == SITE_HELPER)
		printf("helper");
	else if (s->raise == SITE_STEP || s->raise == SITE_SEGMENT)
		printf("step");
	else if (s->raise == SITE_ALONE)
		printf("step, alone");
	else if (s->raise & RAISE_ERROR)
		printf("exception %u(%x)", s->raise & 0xff, s->raise >> RAISE_ERROR_SHIFT);
	else if (s->raise)
		printf("exception %u", s->raise & 0xff);
	else
		printf("%s%s", s->intent & INTENT_SLOT ? "stack " : "",
		       s->intent & INTENT_ATOMIC ? "atomic" :
		       s->intent & INTENT_RMW ? "read for write" : "access");
	printf("; flags");
	print_recipe(o, s->recipe);
	if (s->late)
		printf("; register %d %+d", SITE_LATE_REG(s->late), SITE_LATE_K(s->late));
	printf("%s\n", s->vmap ? "; vectors moved" : "");
}

/* Fields that translated code reads and writes: listings shall not change when others move. */
static void print_fields(void)
{
#define FIELD(f, element) \
	printf("field " #f " %zu %zu %zu\n", CPU_VCPU_OFFSET + offsetof(struct vcpu, f), \
	       sizeof(((struct vcpu *)0)->f), (size_t)(element));
	FIELD(eip, 8)
	FIELD(seg, sizeof(struct segment))
	FIELD(seg_span[0], 8)
	FIELD(seg_span[1], 8)
	FIELD(seg_lo, 4)
	FIELD(seg_partial, 4)
	FIELD(df, 8)
	FIELD(eflags, 4)
	FIELD(spill, 8)
	FIELD(help, 8)
	FIELD(mxcsr, 4)
	FIELD(inhibit, 4)
	FIELD(pending, 4)
	FIELD(cc_r, 8)
	FIELD(cr0, 8)
	FIELD(cr4, 8)
	FIELD(x87, sizeof(struct x87))
#undef FIELD
}

static void print_code(const struct backend_out *o, u32 eip)
{
	const u32 *code = o->start;
	unsigned words = (unsigned)(o->end - code), data = words;

	for (unsigned n = 0; n < words; n++)
		printf("word %08x\n", code[n]);
	for (unsigned n = 0; n < o->sites; n++)
		if (o->site[n].vmap && o->site[n].vmap < data)
			data = o->site[n].vmap;
	printf("data %u\n", data);
	for (unsigned n = 0; n < o->sites; n++)
		print_site(o, eip, &o->site[n]);
#define X(name) printf("glue " #name " %ld\n", (long)(name - (u8 *)code));
#define LEAF(name) X(leaf_##name)
	GOLDEN_GLUE(X)
#include "dbt/ir/leaves.def"
#undef LEAF
#undef X
	print_fields();
	for (unsigned n = 0; n < HELPER_COUNT; n++)
		printf("helper %s\n", ir_helper_text[n]);
}

static void translate(const char *mode, u32 eip, const u8 *bytes, unsigned size)
{
	static struct link link[64];
	static struct fault_site site[256];
	static struct recipe recipe[256];
	struct backend_out out = {
		.code = golden_code, .code_end = golden_code + GOLDEN_WORDS,
		.link = link, .links_max = ARRAY_LEN(link),
		.site = site, .sites_max = ARRAY_LEN(site),
		.recipe = recipe, .recipes_max = ARRAY_LEN(recipe),
	};
	unsigned where;
	const char *wrong;
	const struct mode *m = mode_of(mode);
	struct opt *o;

	arena_reset(&arena);
	o = arena_get(&arena, sizeof(*o));
	o->ir = lift_block(m, eip, bytes, size);
	verify(o->ir, "lift");
	ir_print(o->ir, print_lift);
	opt_run(o, 0, after_pass);
	ir_print(o->ir, print_ir);
	if (backend_emit(o->ir, &out, &arena, LINK_BASE))
		panic("golden: no room for the block");
	wrong = m->how & SMP ? backend_order_check(&out, m->how & RELAXED, &arena, &where) : NULL;
	if (wrong)
		panic("golden: %s: word %u: %s", mode, where, wrong);
	print_code(&out, eip);
}

/* -- Input -- */

static unsigned unhex(const char *hex, u8 *bytes)
{
	unsigned n = 0;

	for (; n < BLOCK_MAX && sscanf(hex + 2 * n, "%2hhx", &bytes[n]) == 1; n++)
		;
	return n;
}

int main(void)
{
	char name[64], mode[16], hex[2 * BLOCK_MAX + 1];
	u8 bytes[BLOCK_MAX];
	u32 eip;

	if (decoder_init(&decoder))
		return 2;
	arena_init(&arena, aligned_alloc(16, ARENA_SIZE), ARENA_SIZE);
	cache_pool = (u8 *)golden_code - 64;
	while (scanf("%63s %15s %x %512s", name, mode, &eip, hex) == 4) {
		printf("= %s\n", name);
		translate(mode, eip, bytes, unhex(hex, bytes));
	}
	return 0;
}
