/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules about vendors' differences (qemu-test/insn/vendor.h) with known outcomes of both: what
 * an Intel CPU did becomes what AMD's did, a CPU without rules is left alone, and so is an outcome
 * that no rule explains. Sources: qemu-test/insn/vendor*.c; runs alike on any CPU.
 */
#include "qemu-test/insn/vendor.h"
#include "qemu-test/unit/check.h"
#include "qemu-test/vendor.h"

#include <string.h>

/* Case 0, and how it begins: image with TOP = 5, all registers valid and 1.0, all masked. */
static struct insn_case c;
static u8 before[DATA_RW], fx_before[FX_SIZE];
/* The two outcomes. */
static u8 intel[DATA_RW], amd[DATA_RW], fx_intel[FX_SIZE], fx_amd[FX_SIZE];
static struct insn_result o_intel, o_amd;

static void put(u8 *p, u32 v, unsigned size) { memcpy(p, &v, size); }

static void begin(const u8 *code, unsigned len)
{
	c = (struct insn_case){ .len = (u8)len, .segs = SEGS_FLAT };
	memcpy(c.code, code, len);
	for (u32 k = 0; k < DATA_RW; k++)
		before[k] = insn_pattern(k);
	memset(fx_before, 0, FX_SIZE);
	put(fx_before, 0x37f, 2);
	put(fx_before + 2, 5 << 11, 2);
	fx_before[4] = 0xff;
	for (unsigned k = 0; k < 8; k++) {
		fx_before[32 + 16 * k] = (u8)k;
		put(fx_before + 39 + 16 * k, 0x3fff80, 3);
	}
}

/* Both outcomes as the start, ended by the INT3 behind the code. */
static void same_ends(void)
{
	memset(&o_amd, 0, sizeof o_amd);
	memcpy(o_amd.gpr, c.gpr, sizeof c.gpr);
	o_amd.eflags = c.eflags;
	o_amd.vector = 3;
	o_amd.eip = CODE_BASE + c.len + 1;
	o_intel = o_amd;
	memcpy(intel, before, DATA_RW);
	memcpy(amd, before, DATA_RW);
	memcpy(fx_intel, fx_before, FX_SIZE);
	memcpy(fx_amd, fx_before, FX_SIZE);
}

static void fault(struct insn_result *o, u8 vector, u32 error, u32 cr2)
{
	o->vector = vector;
	o->error = error;
	o->cr2 = cr2;
	o->eip = CODE_BASE;
}

/* What becomes of an outcome by the rules. */
static unsigned brought(unsigned rules, const u8 *data, const u8 *fx, const struct insn_result *o,
			bool *is_amd)
{
	static u8 d[DATA_RW], f[FX_SIZE];
	struct insn_result r = *o;
	struct vendor_case v = { &c, 0, before, fx_before, d, f, &r };
	unsigned used;

	memcpy(d, data, DATA_RW);
	memcpy(f, fx, FX_SIZE);
	used = vendor_bring(rules, &v);
	*is_amd = !memcmp(d, amd, DATA_RW) && !memcmp(f, fx_amd, FX_SIZE) &&
		  !memcmp(&r, &o_amd, sizeof r);
	return used;
}

static bool comes_to_amd(unsigned rules)
{
	bool is_amd;

	brought(rules, intel, fx_intel, &o_intel, &is_amd);
	return is_amd;
}

/* Intel's outcome becomes AMD's by `rule` and not without it; nothing makes it of a wrong one. */
static void check_rule(unsigned rule, u8 *wrong, const char *name)
{
	bool is_amd;

	CHECK(brought(VENDOR_INTEL, intel, fx_intel, &o_intel, &is_amd) & rule, name);
	CHECK(is_amd, name);
	CHECK_EQ(brought(0, intel, fx_intel, &o_intel, &is_amd), 0, name);
	CHECK(!is_amd, name);
	CHECK(!comes_to_amd(VENDOR_INTEL & ~rule), name);
	CHECK_EQ(brought(0, amd, fx_amd, &o_amd, &is_amd), 0, name);
	CHECK(is_amd, name);
	*wrong ^= 0x10;
	CHECK(!comes_to_amd(VENDOR_INTEL), name);
	*wrong ^= 0x10;
}

/* -- The x87's pointers -------------------------------------------------------------- */

static void environment(u8 *image, u16 sw, u16 fcs, u16 fop, u32 fdp, u16 fds)
{
	put(image, 0xffff037f, 4);
	put(image + 4, 0xffff0000u | sw, 4);
	put(image + 12, CODE_BASE + 6, 4);
	put(image + 16, fcs, 2);
	put(image + 18, fop, 2);
	put(image + 20, fdp, 4);
	put(image + 24, fds, 2);
}

/* FCOM [DATA + 40]; FADD ST, ST; FNSTENV [DATA + 1c0]. */
static void test_pointers(void)
{
	static const u8 code[] = { 0xd8, 0x15, 0x40, 0, 0, 0x20, 0xd8, 0xc0, 0xd9, 0x35, 0xc0, 1, 0,
				   0x20 };

	begin(code, sizeof code);
	same_ends();
	environment(amd + 0x1c0, 0, SEL_CS32, 0x0c0, DATA_BASE + 0x40, SEL_FLAT);
	environment(intel + 0x1c0, 0, 0, 0, 0, 0);
	check_rule(VENDOR_NO_FCS_FDS, intel + 0x1c0 + 16, "FCS, FDS");
	check_rule(VENDOR_FDP_ON_ERROR, intel + 0x1c0 + 20, "FDP");
	check_rule(VENDOR_FOP_ON_ERROR, intel + 0x1c0 + 18, "FOP");
	/* FADD has raised an unmasked exception: FOP is its own, FDP that of FCOM was not noted. */
	environment(amd + 0x1c0, 0x8081, SEL_CS32, 0x0c0, DATA_BASE + 0x40, SEL_FLAT);
	environment(intel + 0x1c0, 0x8081, 0, 0x0c0, 0, 0);
	check_rule(VENDOR_NO_FCS_FDS, intel + 0x1c0 + 18, "FOP of an exception");
}

/* -- Accesses -------------------------------------------------------------------------- */

/* PUSH ES; with AC and a stack that is aligned to two bytes. */
static void test_push(void)
{
	static const u8 code[] = { 0x06 };

	begin(code, 1);
	c.gpr[4] = DATA_BASE + 0x100;
	same_ends();
	o_intel.gpr[4] = o_amd.gpr[4] = DATA_BASE + 0xfc;
	put(amd + 0xfc, SEL_FLAT, 4);
	put(intel + 0xfc, SEL_FLAT, 2);
	check_rule(VENDOR_SREG_16BIT, intel + 0xfe, "PUSH");
	c.gpr[4] = DATA_BASE + 0x102;
	c.eflags = 0x40000;
	same_ends();
	o_intel.gpr[4] = DATA_BASE + 0xfe;
	put(intel + 0xfe, SEL_FLAT, 2);
	fault(&o_amd, 17, 0, 0);
	check_rule(VENDOR_SREG_16BIT, intel + 0xfe, "PUSH, alignment");
}

/* POP FS of a selector that cannot be loaded. */
static void test_pop(void)
{
	static const u8 code[] = { 0x0f, 0xa1 };

	begin(code, 2);
	c.gpr[4] = DATA_BASE + 0x102;
	c.eflags = 0x40000;
	put(before + 0x102, 0x8996, 2);
	same_ends();
	fault(&o_intel, 13, 0x8994, 0);
	fault(&o_amd, 17, 0, 0);
	check_rule(VENDOR_SREG_16BIT, (u8 *)&o_intel.error, "POP, alignment");
}

/* BOUND EAX, [DATA + 2ffc], the upper bound on the next page. */
static void test_bound(void)
{
	static const u8 code[] = { 0x62, 0x05, 0xfc, 0x2f, 0, 0x20 };

	begin(code, sizeof code);
	c.gpr[0] = 0x80000000;
	same_ends();
	fault(&o_intel, 5, 0, 0);
	fault(&o_amd, 14, 4, DATA_BASE + 0x3000);
	check_rule(VENDOR_BOUND_LOWER_FIRST, &o_intel.vector, "BOUND");
	c.gpr[0] = 0x7fffffff;			/* not below: then #BR is wrong */
	CHECK(!comes_to_amd(VENDOR_INTEL), "BOUND of a number that is not below");
}

/* FST dword [DATA + 1ffe] of an empty register, #IA not masked. */
static void test_store_error(void)
{
	static const u8 code[] = { 0xd9, 0x15, 0xfe, 0x1f, 0, 0x20 };

	begin(code, sizeof code);
	put(fx_before, 0x37e, 2);
	fx_before[4] = 0;
	same_ends();
	put(fx_intel + 2, 5 << 11 | 0x80c1, 2);
	fault(&o_amd, 14, 7, DATA_BASE + 0x2000);
	check_rule(VENDOR_STORE_ERROR_FIRST, fx_intel + 40, "store with an exception");
	put(fx_intel, 0x37f, 2);		/* the exception is masked */
	CHECK(!comes_to_amd(VENDOR_INTEL), "store with a masked exception");
}

/* FSTP and FBSTP [DATA + 1ff7], one byte of the last two on the next page. */
static void test_split(void)
{
	static const u8 fstp[] = { 0xdb, 0x3d, 0xf7, 0x1f, 0, 0x20 };
	static const u8 fbstp[] = { 0xdf, 0x35, 0xf7, 0x1f, 0, 0x20 };

	begin(fstp, sizeof fstp);
	same_ends();
	fault(&o_intel, 14, 7, DATA_BASE + 0x2000);
	o_amd = o_intel;
	memcpy(intel + 0x1ff7, fx_before + 32, 8);
	check_rule(VENDOR_STORE_80_SPLIT, intel + 0x1ff8, "FSTP m80");
	begin(fbstp, sizeof fbstp);
	memcpy(intel + 0x1ff7, "\1\0\0\0\0\0\0", 8);
	check_rule(VENDOR_STORE_80_SPLIT, intel + 0x1ffe, "FBSTP");
}

/* FLD1; MOVQ [RO], MM3. */
static void test_mmx(void)
{
	static const u8 code[] = { 0xd9, 0xe8, 0x0f, 0x7f, 0x1d, 0, 0x20, 0, 0x20 };

	begin(code, sizeof code);
	same_ends();
	fault(&o_intel, 14, 7, DATA_BASE + 0x2000);
	o_intel.eip = CODE_BASE + 2;
	o_amd = o_intel;
	put(fx_amd + 2, 4 << 11, 2);
	put(fx_intel + 2, 0, 2);
	for (unsigned k = 0; k < 8; k++)
		memcpy(fx_intel + 32 + 16 * ((k + 4) & 7), fx_amd + 32 + 16 * k, 16);
	check_rule(VENDOR_MMX_FAULT_TOP, fx_intel + 3, "MMX store");
}

int main(void)
{
	test_pointers();
	test_push();
	test_pop();
	test_bound();
	test_store_error();
	test_split();
	test_mmx();
	return check_done();
}
