/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The x86 decoder against decode_cases.def, which is read off the SDM, and
 * against fields that the printed form does not show. Validity and length are
 * compared with a real CPU by qemu-test/fuzz/decode_hw.c. Each case is also cut
 * short at every length: the decoder must ask for more, and never read beyond.
 */
#include <stdlib.h>

#include "dbt/x86/cpu.h"
#include "dbt/x86/decode.h"
#include "kernel/lib/bits.h"
#include "qemu-test/unit/check.h"

#define EIP 0x1000

struct ok_case { unsigned mode; const char *bytes, *text; };
struct ud_case { unsigned mode; const char *bytes; };

static struct decoder decoder;

static const struct ok_case ok_cases[] = {
#define OK(mode, bytes, text) { mode, bytes, text },
#define UD(mode, bytes)
#include "qemu-test/unit/decode_cases.def"
#include "qemu-test/unit/decode_cases64.def"
#undef UD
#undef OK
};

static const struct ud_case ud_cases[] = {
#define OK(mode, bytes, text)
#define UD(mode, bytes) { mode, bytes },
#include "qemu-test/unit/decode_cases.def"
#include "qemu-test/unit/decode_cases64.def"
#undef UD
#undef OK
};

/* "0f a2" into b; returns the number of bytes, at most 16. */
static unsigned parse(const char *text, u8 *b)
{
	unsigned n = 0;
	char *end;

	for (; *text && n < 16; text = end)
		b[n++] = strtoul(text, &end, 16);
	return n;
}

/* decode() in a buffer of exactly `avail` bytes, so that the sanitizer sees a read too far. */
static enum decode_status decode_exact(struct ir1 *i, const u8 *b, unsigned avail, unsigned mode)
{
	u8 *copy = malloc(avail ? avail : 1);
	enum decode_status status;

	memcpy(copy, b, avail);
	status = decode(&decoder, i, copy, avail, EIP, mode);
	free(copy);
	return status;
}

static struct ir1 decoded(unsigned mode, const char *bytes)
{
	struct ir1 i;
	u8 b[16];
	unsigned n = parse(bytes, b);

	CHECK_EQ(decode_exact(&i, b, n, mode), DECODE_OK, bytes);
	return i;
}

static void check_ok(const struct ok_case *c)
{
	u8 b[16 + 15] = { 0 };
	unsigned n = parse(c->bytes, b);
	struct ir1 i;
	char text[128];

	CHECK_EQ(decode_exact(&i, b, n, c->mode), DECODE_OK, c->bytes);
	CHECK_EQ(i.len, n, c->bytes);
	ir1_print(&i, text, sizeof(text));
	if (strcmp(text, c->text) != 0)
		printf("FAIL %s: got \"%s\", want \"%s\"\n", c->bytes, text, c->text);
	CHECK(strcmp(text, c->text) == 0, c->bytes);
	CHECK(memcmp(i.bytes, b, n) == 0, c->bytes);
	CHECK_EQ(i.eip, EIP, c->bytes);
	for (unsigned k = 0; k < n; k++)
		CHECK_EQ(decode_exact(&i, b, k, c->mode), DECODE_NEED_MORE, c->bytes);
	CHECK_EQ(decode_exact(&i, b, n + 15, c->mode), DECODE_OK, c->bytes);
	CHECK_EQ(i.len, n, c->bytes);
}

static void check_ud(const struct ud_case *c)
{
	u8 b[16 + 15] = { 0 };
	unsigned n = parse(c->bytes, b), k = 0;
	struct ir1 i;

	CHECK_EQ(decode_exact(&i, b, n, c->mode), DECODE_INVALID, c->bytes);
	CHECK_EQ(i.op, X86_INVALID, c->bytes);
	CHECK_EQ(decode_exact(&i, b, n + 15, c->mode), DECODE_INVALID, c->bytes);
	while (k < n && decode_exact(&i, b, k, c->mode) == DECODE_NEED_MORE)
		k++;
	for (; k < n; k++)
		CHECK_EQ(decode_exact(&i, b, k, c->mode), DECODE_INVALID, c->bytes);
}

/* -- Fields ----------------------------------------------------------------------- */

/* Immediates as numbers: sign-extended from the operation's size, or unsigned. */
static void check_immediates(void)
{
	static const struct {
		unsigned mode, op;
		const char *bytes;
		s64 imm;
		unsigned size;
	} rows[] = {
		{ 4, 1, "04 80", -0x80, 1 },
		{ 4, 1, "05 00 00 00 80", -0x80000000ll, 4 },
		{ 4, 1, "05 00 00 00 40", 0x40000000, 4 },
		{ 4, 1, "66 05 00 80", -0x8000, 2 },
		{ 4, 1, "83 c0 ff", -1, 4 },
		{ 4, 1, "66 83 c0 ff", -1, 2 },
		{ 4, 1, "80 c0 ff", -1, 1 },
		{ 4, 1, "82 c0 ff", -1, 1 },
		{ 4, 1, "81 c0 fe ff ff ff", -2, 4 },
		{ 4, 1, "b0 ff", -1, 1 },
		{ 4, 1, "b8 ff ff ff ff", -1, 4 },
		{ 4, 1, "c6 00 80", -0x80, 1 },
		{ 4, 1, "c7 00 00 00 00 80", -0x80000000ll, 4 },
		{ 4, 1, "f6 c0 80", -0x80, 1 },
		{ 4, 1, "f6 c8 80", -0x80, 1 },
		{ 4, 1, "a8 80", -0x80, 1 },
		{ 4, 1, "a9 00 00 00 80", -0x80000000ll, 4 },
		{ 4, 2, "6b c0 fe", -2, 4 },
		{ 4, 2, "69 c0 fe ff ff ff", -2, 4 },
		{ 4, 0, "6a ff", -1, 4 },
		{ 2, 0, "6a ff", -1, 2 },
		{ 2, 0, "68 00 80", -0x8000, 2 },
		{ 4, 0, "68 00 00 00 80", -0x80000000ll, 4 },
		{ 4, 1, "c1 e0 ff", 0xff, 1 },
		{ 4, 1, "d1 e0", 1, 1 },
		{ 4, 1, "d0 10", 1, 1 },
		{ 4, 2, "0f a4 c0 80", 0x80, 1 },
		{ 4, 1, "0f ba e0 ff", 0xff, 1 },
		{ 4, 0, "cd ff", 0xff, 1 },
		{ 4, 1, "e4 ff", 0xff, 1 },
		{ 4, 0, "e6 80", 0x80, 1 },
		{ 4, 0, "c2 00 80", 0x8000, 2 },
		{ 4, 0, "ca 00 80", 0x8000, 2 },
		{ 4, 0, "c8 00 80 ff", 0x8000, 2 },
		{ 4, 1, "c8 00 80 ff", 0xff, 1 },
		{ 4, 0, "d4 ff", 0xff, 1 },
		{ 4, 2, "0f 70 c0 ff", 0xff, 1 },
		{ 4, 2, "0f c2 c0 80", 0x80, 1 },
		{ 8, 1, "48 b8 00 00 00 00 00 00 00 80", (s64)(1ull << 63), 8 },
		{ 8, 1, "b8 ff ff ff ff", -1, 4 },
		{ 8, 1, "48 05 00 00 00 80", -0x80000000ll, 8 },
		{ 8, 1, "48 83 c0 80", -0x80, 8 },
		{ 8, 0, "6a 80", -0x80, 8 },
		{ 8, 0, "68 00 00 00 80", -0x80000000ll, 8 },
		{ 8, 0, "66 6a 80", -0x80, 2 },
		{ 8, 1, "48 d1 e0", 1, 1 },
		{ 8, 2, "48 69 c0 00 00 00 80", -0x80000000ll, 8 },
	};

	for (unsigned k = 0; k < ARRAY_LEN(rows); k++) {
		struct ir1 i = decoded(rows[k].mode, rows[k].bytes);
		const struct ir1_op *o = &i.ops[rows[k].op];

		CHECK_EQ(o->kind, IR1_IMM, rows[k].bytes);
		CHECK_EQ(o->imm, rows[k].imm, rows[k].bytes);
		CHECK_EQ(o->size, rows[k].size, rows[k].bytes);
	}
}

static void check_sizes(void)
{
	static const struct {
		unsigned mode;
		const char *bytes;
		unsigned opsize, addrsize;
	} rows[] = {
		{ 4, "90", 4, 4 }, { 2, "90", 2, 2 }, { 4, "66 90", 2, 4 }, { 2, "66 90", 4, 2 },
		{ 4, "67 8b 00", 4, 2 }, { 2, "67 8b 00", 2, 4 }, { 2, "66 67 8b 00", 4, 4 },
		{ 4, "66 66 98", 2, 4 }, { 4, "66 c3", 2, 4 }, { 2, "66 cb", 4, 2 },
		{ 4, "66 06", 2, 4 }, { 4, "66 e2 00", 2, 4 }, { 4, "67 e2 00", 4, 2 },
		{ 4, "66 0f 01 10", 2, 4 }, { 4, "66 9c", 2, 4 }, { 2, "66 60", 4, 2 },
		{ 4, "a4", 1, 4 }, { 4, "a5", 4, 4 }, { 4, "66 a5", 2, 4 }, { 2, "66 a4", 1, 2 },
		{ 2, "66 ab", 4, 2 }, { 4, "6c", 1, 4 }, { 2, "6f", 2, 2 }, { 4, "66 af", 2, 4 },
		{ 4, "66 d9 20", 2, 4 }, { 4, "66 cf", 2, 4 },
		{ 8, "90", 4, 8 }, { 8, "48 90", 8, 8 }, { 8, "67 8b 00", 4, 4 },
		{ 8, "66 48 98", 8, 8 }, { 8, "48 66 98", 2, 8 }, { 8, "9c", 8, 8 },
		{ 8, "66 9c", 2, 8 }, { 8, "66 c3", 8, 8 }, { 8, "67 c3", 8, 4 },
		{ 8, "cb", 4, 8 }, { 8, "48 cb", 8, 8 }, { 8, "66 cb", 2, 8 }, { 8, "cf", 4, 8 },
		{ 8, "66 e2 00", 8, 8 }, { 8, "67 e2 00", 8, 4 }, { 8, "0f 01 10", 8, 8 },
		{ 8, "48 a4", 1, 8 }, { 8, "48 a5", 8, 8 }, { 8, "48 6d", 4, 8 },
		{ 8, "48 e5 00", 4, 8 }, { 8, "66 0f 22 d8", 8, 8 }, { 8, "c8 00 00 00", 8, 8 },
		{ 8, "66 c9", 2, 8 }, { 8, "0f ae 00", 4, 8 }, { 8, "48 0f ae 00", 8, 8 },
		{ 8, "66 f3 0f ae c0", 4, 8 }, { 8, "ff 10", 8, 8 }, { 8, "ff 18", 4, 8 },
		{ 8, "48 ff 18", 8, 8 }, { 8, "66 ff 30", 2, 8 }, { 8, "8f 00", 8, 8 },
	};

	for (unsigned k = 0; k < ARRAY_LEN(rows); k++) {
		struct ir1 i = decoded(rows[k].mode, rows[k].bytes);

		CHECK_EQ(i.opsize, rows[k].opsize, rows[k].bytes);
		CHECK_EQ(i.addrsize, rows[k].addrsize, rows[k].bytes);
	}
}

static void check_prefixes(void)
{
	static const struct { const char *bytes; unsigned prefix; } rows[] = {
		{ "f3 a4", PFX_REP }, { "f2 f3 a4", PFX_REP }, { "f3 f2 a4", PFX_REPNE },
		{ "f0 01 00", PFX_LOCK }, { "66 67 2e 8b 00", PFX_66 | PFX_67 | PFX_SEG },
		{ "f3 0f bc c0", PFX_REP }, { "f2 0f bd c0", PFX_REPNE },
		{ "f3 0f 10 c0", 0 }, { "f2 0f 58 c0", 0 }, { "66 0f 58 c0", PFX_66 },
		{ "f3 c3", PFX_REP },
	};

	for (unsigned k = 0; k < ARRAY_LEN(rows); k++)
		CHECK_EQ(decoded(4, rows[k].bytes).prefix, rows[k].prefix, rows[k].bytes);
}

/* Conditions of the four families; CMPPS and its kin give the predicate in subop. */
static void check_conditions(void)
{
	char bytes[24];

	for (unsigned c = 0; c < 16; c++) {
		struct ir1 i;

		snprintf(bytes, sizeof(bytes), "%02x 00", 0x70 + c);
		i = decoded(4, bytes);
		CHECK(i.op == X86_JCC && i.cond == c, bytes);
		snprintf(bytes, sizeof(bytes), "0f %02x 00 00 00 00", 0x80 + c);
		i = decoded(4, bytes);
		CHECK(i.op == X86_JCC && i.cond == c, bytes);
		snprintf(bytes, sizeof(bytes), "0f %02x c0", 0x90 + c);
		i = decoded(4, bytes);
		CHECK(i.op == X86_SETCC && i.cond == c && i.ops[0].size == 1, bytes);
		snprintf(bytes, sizeof(bytes), "0f %02x c0", 0x40 + c);
		i = decoded(4, bytes);
		CHECK(i.op == X86_CMOVCC && i.cond == c, bytes);
	}
	CHECK_EQ(decoded(4, "da d8").cond, COND_P, "FCMOVU");
	CHECK_EQ(decoded(4, "db c0").cond, COND_AE, "FCMOVNB");
	CHECK_EQ(decoded(4, "0f c2 c1 fd").subop, 5, "CMPPS: imm8 & 7");
	CHECK_EQ(decoded(4, "d9 d8").subop, 1, "FSTP without underflow");
	CHECK_EQ(decoded(4, "dd d8").subop, 0, "FSTP");
}

static void check_operands(void)
{
	/* mov eax, [ebp+ecx*4-0x80000000] */
	struct ir1 i = decoded(4, "8b 84 8d 00 00 00 80");

	CHECK_EQ(i.ops[1].base, EBP, "base");
	CHECK_EQ(i.ops[1].index, ECX, "index");
	CHECK_EQ(i.ops[1].scale, 4, "scale");
	CHECK_EQ(i.ops[1].disp, -0x80000000ll, "disp");
	CHECK_EQ(i.ops[1].seg, SS, "segment by base");
	i = decoded(2, "8b 06 00 80");				/* mov ax, [0x8000] */
	CHECK_EQ(i.ops[1].base, IR1_NOREG, "no base");
	CHECK_EQ(i.ops[1].index, IR1_NOREG, "no index");
	CHECK_EQ((u16)i.ops[1].disp, 0x8000, "disp16");
	i = decoded(2, "8a 66 ff");				/* mov ah, [bp-1] */
	CHECK(i.ops[0].high && i.ops[0].reg == EAX && i.ops[0].size == 1, "ah");
	CHECK_EQ(i.ops[1].disp, -1, "disp8");
	i = decoded(4, "ea 00 00 00 80 34 92");
	CHECK_EQ(i.ops[0].kind, IR1_FAR, "far pointer");
	CHECK_EQ(i.ops[0].imm, 0x80000000ll, "far offset is unsigned");
	CHECK_EQ(i.ops[0].disp, 0x9234, "far selector");
	i = decoded(4, "e9 fb ef ff ff");
	CHECK_EQ(i.ops[0].kind, IR1_REL, "relative");
	CHECK_EQ(i.ops[0].imm, 0, "target");
	i = decoded(4, "e9 fa ef ff ff");
	CHECK_EQ(i.ops[0].imm, 0xffffffffll, "target wraps and is unsigned");
	i = decoded(8, "8b 05 fc ff ff ff");			/* mov eax, [rip-4] */
	CHECK(i.ops[1].base == IR1_RIP && i.ops[1].index == IR1_NOREG, "RIP-relative");
	CHECK_EQ(i.ops[1].disp, -4, "from the next instruction");
	i = decoded(8, "48 a1 00 00 00 00 00 00 00 80");
	CHECK_EQ(i.ops[1].disp, (s64)(1ull << 63), "moffs64");
	i = decoded(8, "40 8a e5");				/* mov spl, bpl */
	CHECK(!i.ops[0].high && i.ops[0].reg == ESP && !i.ops[1].high, "SPL");
	i = decoded(8, "e9 fa ef ff ff");
	CHECK_EQ(i.ops[0].imm, -1, "target has 64 bits");
	CHECK_EQ(decoded(4, "f6 e1").nops, 1, "MUL r/m");
	CHECK_EQ(decoded(4, "0f af c1").nops, 2, "IMUL r, r/m");
	CHECK_EQ(decoded(4, "6b c1 05").nops, 3, "IMUL r, r/m, imm");
	CHECK_EQ(decoded(4, "f3 a4").nops, 1, "MOVS: the source");
	CHECK_EQ(decoded(4, "f3 aa").nops, 0, "STOS");
	CHECK_EQ(decoded(4, "8d 00").ops[1].size, 0, "LEA: no size");
	CHECK_EQ(decoded(4, "8e d0").ops[1].size, 2, "MOV SS, r16");
	CHECK_EQ(decoded(4, "0f 02 c1").ops[1].size, 2, "LAR r32, r16");
}

/* -- Lengths, features -------------------------------------------------------------- */

static void check_lengths(void)
{
	static const u8 nops[16] = {
		0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90,
	};
	u8 add[16] = { 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x81, 0x84, 0x8d, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ir1 i;

	CHECK_EQ(decode_exact(&i, nops, 16, 4), DECODE_TOO_LONG, "15 prefixes");
	CHECK_EQ(decode_exact(&i, nops, 15, 4), DECODE_TOO_LONG, "15 prefixes, no 16th byte");
	CHECK_EQ(decode_exact(&i, nops, 14, 4), DECODE_NEED_MORE, "14 prefixes");
	CHECK_EQ(decode_exact(&i, nops + 1, 15, 4), DECODE_OK, "14 prefixes and NOP");
	CHECK_EQ(i.len, 15, "14 prefixes and NOP");
	CHECK_EQ(decode_exact(&i, add, 16, 4), DECODE_TOO_LONG, "16 bytes of ADD");
	CHECK_EQ(decode_exact(&i, add + 1, 15, 4), DECODE_OK, "15 bytes of ADD");
	CHECK_EQ(i.len, 15, "15 bytes of ADD");
	for (unsigned n = 0; n < 15; n++)
		CHECK_EQ(decode_exact(&i, add, n, 4), DECODE_NEED_MORE, "ADD, cut");
}

static void check_features(void)
{
	static const struct { const char *bytes; enum x86_feature feature; } rows[] = {
		{ "01 c0", FEAT_386 }, { "0f c8", FEAT_486 }, { "0f c7 08", FEAT_CX8 },
		{ "0f 40 c0", FEAT_CMOV }, { "da c1", FEAT_CMOV }, { "db f1", FEAT_CMOV },
		{ "0f 31", FEAT_TSC }, { "0f 30", FEAT_MSR }, { "0f 34", FEAT_SEP },
		{ "d8 00", FEAT_FPU }, { "0f fc c1", FEAT_MMX }, { "66 0f fc c1", FEAT_SSE2 },
		{ "66 0f fc 00", FEAT_SSE2 }, { "0f e0 c1", FEAT_SSE },
		{ "66 0f e0 c1", FEAT_SSE2 }, { "0f d4 c1", FEAT_SSE2 },
		{ "66 0f c5 c1 00", FEAT_SSE2 }, { "0f c5 c1 00", FEAT_SSE },
		{ "66 0f e7 00", FEAT_SSE2 }, { "66 0f 7e c0", FEAT_SSE2 },
		{ "0f 7e c0", FEAT_MMX }, { "0f 2a c1", FEAT_SSE }, { "0f 2c c1", FEAT_SSE },
		{ "66 0f 2c c1", FEAT_SSE2 }, { "0f 38 00 c1", FEAT_SSSE3 },
		{ "66 0f 38 00 c1", FEAT_SSSE3 }, { "f2 0f f0 00", FEAT_SSE3 },
		{ "db 08", FEAT_SSE3 }, { "0f ae 00", FEAT_FXSR }, { "0f ae 38", FEAT_CLFSH },
		{ "0f 38 f0 00", FEAT_MOVBE }, { "0f 1f 00", FEAT_P6 }, { "0f 18 00", FEAT_SSE },
		{ "0f ae f8", FEAT_SSE },
	};

	for (unsigned k = 0; k < ARRAY_LEN(rows); k++) {
		struct ir1 i = decoded(4, rows[k].bytes);

		CHECK_EQ(ir1_feature(&i), rows[k].feature, rows[k].bytes);
	}
}

/* Each row is reached by some case, or it is dead. */
static void check_coverage(void)
{
	static bool reached[X86_OP_COUNT];
	u8 b[16];

	for (unsigned k = 0; k < ARRAY_LEN(ok_cases); k++) {
		struct ir1 i;

		decode(&decoder, &i, b, parse(ok_cases[k].bytes, b), EIP, ok_cases[k].mode);
		reached[i.op] = true;
	}
	for (unsigned op = X86_INVALID + 1; op < X86_OP_COUNT; op++)
		CHECK(reached[op], x86_rows[op].name);
}

static void check_printer(void)
{
	struct ir1 i = decoded(4, "66 0f 73 f9 0f");
	char text[8];

	ir1_print(&i, text, sizeof(text));
	CHECK(strcmp(text, "pslldq ") == 0, "the printer cuts at its buffer");
	ir1_print(&i, text, 1);
	CHECK(text[0] == 0, "a buffer of one byte");
}

int main(void)
{
	CHECK_EQ(decoder_init(&decoder), 0, "decoder_init");
	decoder.verify = true;
	for (unsigned k = 0; k < ARRAY_LEN(ok_cases); k++)
		check_ok(&ok_cases[k]);
	for (unsigned k = 0; k < ARRAY_LEN(ud_cases); k++)
		check_ud(&ud_cases[k]);
	check_immediates();
	check_sizes();
	check_prefixes();
	check_conditions();
	check_operands();
	check_lengths();
	check_features();
	check_coverage();
	check_printer();
	CHECK_EQ(decoder.disagreements, 0, "Capstone's lengths are ours");
	return check_done();
}
