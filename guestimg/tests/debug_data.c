/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Data breakpoints: which accesses meet them, and where the trap comes. Runs as a Linux program too
 * (debug_linux.c): every expectation here is the build machine's CPU's as well.
 */
#include "guestimg/tests/debug.h"

static u8 *const data = (u8 *)DATA;

/* -- Sizes and places -- */

struct access { char *code, *end; u32 size; bool write; };
static const struct access accesses[] = {
	{ store_b, store_b1, 1, true }, { store_w, store_w1, 2, true },
	{ store_l, store_l1, 4, true },
	{ load_b, load_b1, 1, false }, { load_w, load_w1, 2, false }, { load_l, load_l1, 4, false },
};

static void one_access(const struct access *a, u32 at, u32 bp, u32 len, u32 rw, bool user)
{
	struct regs r = user ? user_regs(a->code) : kernel_regs(a->code);
	bool hit = at < bp + len && bp < at + a->size && (a->write || rw == RW_ALL);
	u32 value = rnd(), mask = a->size == 4 ? ~0u : (1u << 8 * a->size) - 1;

	if (!a->write)
		*(volatile u32 *)at = value;
	break_at(0, bp, rw, len);
	r.ebx = at;
	r.ecx = value;
	go(&r);
	want_count(hit);
	if (hit)
		want(0, AT(a->end), B0);
	if (hit)
		expect("RF", got.hit[0].eflags & RF, 0);
	break_clear();
	if (a->write)
		expect("stored", *(u32 *)at & mask, value & mask);
	else
		expect("loaded", stopped.r.edx & mask, value & mask);
}

static void test_places(const char *name, u32 page, u32 rw, bool user)
{
	test(name);
	for (u32 k = 0; k < COUNT(accesses); k++)
		for (u32 len = 1; len <= 4; len *= 2)
			for (u32 off = 0; off < 12; off++)
				one_access(&accesses[k], page - 4 + off, page, len, rw, user);
}

/* Loads and stores all over the page and its neighbours do what they do, without a trap. */
static void test_neighbours(void)
{
	struct regs r = kernel_regs(store_l);
	u32 at = DATA + 0x800, sum = 0;

	test("data: neighbours");
	break_at(0, at, RW_ALL, 4);
	break_at(1, DATA + 0x1000, RW_ALL, 4);
	got.hits = 0;
	for (u32 a = DATA - 8; a < DATA + 0x1008; a += 3) {
		if (a + 4 > at && a < at + 4)
			continue;
		if (a + 4 > DATA + 0x1000 && a < DATA + 0x1004)
			continue;
		*(volatile u32 *)a = a;
		sum += *(volatile u32 *)a - a;
	}
	expect("#DB", got.hits, 0);
	expect("sum", sum, 0);
	r.ebx = at + 3;
	go(&r);
	want_count(1);
	break_clear();
	r.ebx = at;
	go(&r);
	want_count(0);
}

/* -- Kinds of instructions: one trap each -- */

enum { WRITES = 1, READS = 2, STACK = 4, SSE = 8 };
struct kind { const char *name; char *code, *end; u32 at, how; };
static const struct kind kinds[] = {
	{ "data: add to memory", rmw, rmw1, 0, WRITES | READS },
	{ "data: inc byte", bump, bump1, 0, WRITES | READS },
	{ "data: xchg", xchg_m, xchg_m1, 0, WRITES | READS },
	{ "data: push", push_r, push_r1, -4, WRITES | STACK },
	{ "data: pop memory, store", pop_m, pop_m1, 0, WRITES },
	{ "data: call", call_m, call_m1, -4, WRITES | STACK },
	{ "data: pusha, first", pusha_r, pusha_r1, -4, WRITES | STACK },
	{ "data: pusha, last", pusha_r, pusha_r1, -32, WRITES | STACK },
	{ "data: enter", enter_r, enter_r1, -4, WRITES | STACK },
	{ "data: shl by 0", shl_0, shl_01, 0, WRITES | READS },
	{ "data: cmpxchg that fails", cmpxchg_m, cmpxchg_m1, 0, WRITES | READS },
	{ "data: fst m32", fst_l, fst_l1, 0, WRITES },
	{ "data: fstp m80, first", fst_t, fst_t1, 0, WRITES },
	{ "data: fstp m80, last", fst_t, fst_t1, 8, WRITES },
	{ "data: fld m80, last", fld_t, fld_t1, 8, READS },
	{ "data: movups store, first", sse_st, sse_st1, 0, WRITES | SSE },
	{ "data: movups store, last", sse_st, sse_st1, 15, WRITES | SSE },
	{ "data: movups load", sse_ld, sse_ld1, 9, READS | SSE },
};

static struct regs kind_regs(const struct kind *k, u32 place)
{
	struct regs r = user_regs(k->code);

	r.ebx = (k->how & STACK) ? FREE : place;
	r.esp = (k->how & STACK) ? place : DATA - 0x1000;
	r.ecx = 0x12345600;
	r.eax = 0x87654321;		/* not there: CMPXCHG writes what it read */
	return r;
}

static void test_kind(const struct kind *k, u32 place)
{
	struct regs r = kind_regs(k, place);

	go(&r);
	want_count(0);
	break_at(0, place + k->at, RW_WRITE, 1);
	go(&r);
	want_count(k->how & WRITES);
	if (k->how & WRITES)
		want(0, AT(k->end), B0);
	break_at(0, place + k->at, RW_ALL, 1);
	go(&r);
	want_count(1);
	want(0, AT(k->end), B0);
	break_at(0, place + k->at + (k->at == 15 ? 1 : -1), RW_ALL, 1);
	if (k->at == 0 || k->at == 15) {
		go(&r);
		want_count(0);
	}
	break_clear();
}

static void test_kinds(void)
{
	for (u32 k = 0; k < COUNT(kinds); k++) {
		test(kinds[k].name);
		if ((kinds[k].how & SSE) && !has(CPUID_FXSR)) {
			skip("no SSE");
			continue;
		}
		__asm__ volatile("fninit; fld1; fldpi; fld1; fldpi");
		test_kind(&kinds[k], DATA + 0x100);
		test_kind(&kinds[k], DATA + 0xffa);		/* may cross the page's end */
	}
}

/* ENTER looks whether it could write below its locals; that is no access. */
static void test_enter(void)
{
	struct regs r = user_regs(enter_far);

	test("data: enter, the last of its locals");
	r.esp = DATA + 0x100;
	break_at(0, DATA + 0x100 - 68, RW_ALL, 4);
	break_at(1, DATA + 0x100 - 4, RW_ALL, 4);
	go(&r);
	want_count(1);
	want(0, AT(enter_far1), B1);
	break_clear();
}

static void test_values(void)
{
	struct regs r = kernel_regs(rmw);

	test("data: done once");
	*(u32 *)data = 1000;
	r.ebx = DATA;
	r.ecx = 7;
	break_at(0, DATA, RW_ALL, 4);
	break_at(1, DATA + 1, RW_WRITE, 1);
	go(&r);
	want_count(1);
	want(0, AT(rmw1), B0 | B1);
	break_clear();
	expect("sum", *(u32 *)data, 1007);
	test("data: two operands");
	r = kernel_regs(movs_1);
	r.esi = DATA;
	r.edi = DATA + 0x2000;
	break_at(2, DATA, RW_ALL, 4);
	break_at(3, DATA + 0x2000, RW_WRITE, 4);
	go(&r);
	want_count(1);
	want(0, AT(movs_11), B2 | B3);
	break_clear();
	expect("moved", *(u32 *)(DATA + 0x2000), 1007);
}

void test_data(void)
{
	test_places("data: sizes, writes", DATA + 0x100, RW_WRITE, false);
	test_places("data: sizes, reads and writes", DATA + 0x100, RW_ALL, false);
	test_places("data: sizes, user", DATA + 0x100, RW_ALL, true);
	test_places("data: sizes, page start", DATA, RW_ALL, true);
	test_neighbours();
	test_kinds();
	test_enter();
	test_values();
}

/* -- Strings: after the iteration that hit -- */

/* late: what ECX may be instead of left. */
static void string_or(const char *name, char *code, struct regs r, u32 left, u32 late, u32 rw,
		      u32 at)
{
	r.eip = AT(code);
	test(name);
	go(&r);
	want_count(0);
	break_at(0, at, rw, 1);
	go(&r);
	want_count(1);
	want(0, AT(code) + (left ? 0 : 2), B0);
	if (got.hit[0].ecx == late)
		left = late;
	expect("ecx", got.hit[0].ecx, left);
	expect("RF", got.hit[0].eflags & RF, left ? RF : 0);
	expect("ecx at the end", stopped.r.ecx, 0);
	break_clear();
}

static void string(const char *name, char *code, struct regs r, u32 left, u32 rw, u32 at)
{
	string_or(name, code, r, left, left, rw, at);
}

void test_strings(void)
{
	/* of words, from 4200 bytes to the end of the group, 4224 */
	u32 late = strings_in_groups() ? 12 : 0;
	struct regs r = kernel_regs(rep_stos);

	r.esi = DATA;
	r.edi = DATA + 0x2000;
	r.ecx = 100;
	string("string: stosb", rep_stos, r, 89, RW_WRITE, r.edi + 10);
	string("string: stosb, last", rep_stos, r, 0, RW_WRITE, r.edi + 99);
	string("string: movsw, destination", rep_movs, r, 89, RW_WRITE, r.edi + 20);
	string("string: movsw, source", rep_movs, r, 89, RW_ALL, r.esi + 21);
	r.ecx = 3000;
	string_or("string: movsw, next page", rep_movs, r, 900, 900 - late, RW_WRITE,
		  r.edi + 2 * 2099);
	r.ecx = 50;
	memset(data, 0x55, 8192 * 2);
	string("string: cmpsb", repe_cmps, r, 39, RW_ALL, r.edi + 10);
	r.eax = 1;
	string("string: scasb", repne_scas, r, 39, RW_ALL, r.edi + 10);
	string("string: lodsl", rep_lods, r, 39, RW_ALL, r.esi + 43);
}
