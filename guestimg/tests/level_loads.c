/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data segment registers are loaded again and again, while their descriptors change: in place, by
 * another page under the table, by LGDT. Part of `level` (level.c). Expectations: SDM vol. 2, MOV;
 * vol. 3, 3.4.5, 5.3 (limits) and 5.5 (types).
 */
#include "guestimg/tests/level.h"

enum { ROUNDS = 4000, SLOT = 24, SEL = SLOT * 8, OFF = 0x100, SIZE = SEL + 8 };
#define TABLE (WINDOW + 0x1400000)
#define DATA (WINDOW + 0x1401000)

/* Where in the page of code registers ES, DS, FS and GS are loaded, and read or written by. */
enum { STEP = 0x20, WRITES = 0x100, AGAIN = 0x200, AT_ACCESS = 2 };
static const u8 number[] = { 0, 3, 4, 5 }, prefix[] = { 0x26, 0x3e, 0x64, 0x65 };

struct kind {
	u32 base, limit;
	u16 attr;
	u8 loads;		/* VEC_EXIT: it may be loaded */
	bool read, written;
};

/* Offsets OFF … OFF + 3 are asked for; of a flat one, as many from DATA + OFF on. */
static const struct kind kinds[] = {
	{ DATA, 0xfffff, 0xc0f3, VEC_EXIT, true, true },
	{ DATA + 0x10, 0xfffff, 0xc0f3, VEC_EXIT, true, true },
	{ 0, 0xfffff, 0xc0f3, VEC_EXIT, true, true },
	{ DATA + 0x20, OFF + 3, 0x40f3, VEC_EXIT, true, true },
	{ DATA + 0x20, OFF + 2, 0x40f3, VEC_EXIT, false, false },
	{ DATA + 0x30, OFF - 1, 0x40f7, VEC_EXIT, true, true },		/* expands down */
	{ DATA + 0x30, OFF, 0x40f7, VEC_EXIT, false, false },
	{ DATA + 0x40, 0xfffff, 0xc0f1, VEC_EXIT, true, false },
	{ DATA + 0x50, 0xfffff, 0xc0fb, VEC_EXIT, true, false },	/* code, can be read */
	{ DATA + 0x60, 0xfffff, 0xc0f2, VEC_EXIT, true, true },		/* not accessed yet */
	{ DATA + 0x70, 0xfffff, 0xc093, VEC_EXIT, true, true },		/* of level 0 */
	{ DATA, 0xfffff, 0xc073, V_NP, false, false },
	{ DATA, 0xfffff, 0xc0f9, V_GP, false, false },			/* code, cannot be read */
	{ DATA, 0x67, 0x0089, V_GP, false, false },
};

static u32 table[2];		/* pages of tables: where they are in memory */
static u8 what[2];		/* of which kind the slot is in each */
static u32 mapped, used;	/* the one that is at TABLE; that GDTR names */
static bool by_map;		/* GDTR names TABLE */
static bool cut;		/* its limit leaves the slot out */

static void put_all(void)
{
	static u8 page[2 * AGAIN];

	memset(page, 0x90, sizeof(page));
	for (u32 n = 0; n < COUNT(number); n++)
		for (u32 w = 0; w < 2; w++) {
			u8 sreg = (u8)(0xc0 | number[n] << 3);
			/*
			 * mov %eax, %sreg; mov sreg:(%edi), %ebx or the reverse;
			 * mov sreg:(%edi,%ebp), %edx; mov %sreg, %ecx
			 */
			const u8 code[] = { 0x8e, sreg, prefix[n], w ? 0x89 : 0x8b, 0x1f,
				prefix[n], 0x8b, 0x14, 0x2f, 0x8c, (u8)(sreg | 1), 0xcd,
				VEC_EXIT };

			memcpy(page + w * WRITES + n * STEP, code, sizeof(code));
			memcpy(page + AGAIN + w * WRITES + n * STEP, code, sizeof(code));
		}
	put_code(page, sizeof(page));
}

static void use_table(void)
{
	struct pointer p = { (u16)(cut ? SIZE - 2 : SIZE - 1), by_map ? TABLE : table[used] };

	load_gdt(&p);
}

static void put_this(u32 n, u32 which)
{
	const struct kind *k = &kinds[what[n] = (u8)which];

	((u64 *)table[n])[SLOT] = descriptor(k->base, k->limit, k->attr);
}

static void put_kind(u32 n) { put_this(n, rnd() % COUNT(kinds)); }

/* One thing that the next load stands on, or none. */
static void change(void)
{
	switch (rnd() & 31) {
	case 0: case 1: case 2: put_kind(used); break;
	case 3: put_kind(!used); break;
	case 4: case 5:
		mapped = !mapped;
		map(kernel_pd, TABLE, table[mapped], P | W);
		invlpg(TABLE);
		used = by_map ? mapped : used;
		break;
	case 6:
		by_map = rnd() & 1;
		used = by_map ? mapped : rnd() & 1;
		cut = !(rnd() & 3);
		use_table();
		break;
	}
}

static void expect_load(const struct regs *r, u32 sel, bool writes)
{
	const struct kind *k = &kinds[what[used]];
	bool null = sel < 4, may = !null && (writes ? k->written : k->read);
	u8 loads = null ? VEC_EXIT : cut ? V_GP : k->loads;
	u32 *at = (u32 *)(k->base + r->edi);

	if (loads != VEC_EXIT) {
		run_to(r, loads, sel & ~3u);
		expect("eip", stopped.r.eip, r->eip);
		return;
	}
	*at = rnd();
	run_to(r, may ? VEC_EXIT : V_GP, 0);
	expect("eip", stopped.r.eip, r->eip + (may ? 13 : AT_ACCESS));
	if (!may)
		return;
	expect("selector", stopped.r.ecx, sel);
	expect(writes ? "written" : "read", stopped.r.ebx, *at);
	expect("read again", stopped.r.edx, *at);
}

/* FS and GS have all of 4 GiB when their code is met first, and later nothing, or less. */
static void whole_and_not(void)
{
	enum { WHOLE = 1, SHORT = 4, TIMES = 24 };

	by_map = cut = false;
	use_table();
	for (u32 n = 2; n < COUNT(number); n++)
		for (u32 k = 0; k < 2 * TIMES; k++) {
			u32 writes = k >= TIMES;
			struct regs r = kernel_regs((void *)(CODE + AGAIN + n * STEP +
							     writes * WRITES));

			put_this(used, k % 8 == 7 ? SHORT : WHOLE);
			r.eax = k % 2 && k % 8 < 6 ? 0 : SEL;
			r.ebp = 0;
			r.edi = OFF;
			expect_load(&r, r.eax, writes);
		}
}

void test_loads(void)
{
	struct pointer was;

	test("data segments that are loaded again and again");
	if (not_in_tcg("no limits"))
		return;
	__asm__ volatile("sgdt %0" : "=m"(was));
	map(kernel_pd, DATA, page_new(), P | W);
	put_all();
	for (u32 n = 0; n < 2; n++) {
		table[n] = page_new();
		memcpy((void *)table[n], (const void *)was.base, was.limit + 1);
		put_kind(n);
	}
	map(kernel_pd, TABLE, table[0], P | W);
	use_table();
	for (u32 k = 0; k < ROUNDS; k++) {
		u32 n = rnd() % COUNT(number), writes = rnd() & 1;
		struct regs r = kernel_regs((void *)(CODE + n * STEP + writes * WRITES));

		change();
		r.eax = rnd() & 3 ? SEL | (rnd() & 1) * 3 : rnd() & 3;
		r.ebx = rnd();
		r.ebp = 0;
		r.edi = kinds[what[used]].base ? OFF : DATA + OFF;
		if (kinds[what[used]].attr == 0xc093)
			r.eax &= ~3u;		/* its level allows no other */
		expect_load(&r, r.eax, writes);
	}
	whole_and_not();
	load_gdt(&was);
}
