/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forms of addresses: displacements, indices, segment bases of 64 bits, absolute and RIP-relative
 * ones. Each is driven by a few instructions over all places.
 */
#include "guestimg/tests64/canon.h"

/* FORM(name, operand, displacement, scale of RSI, base: 0 none, 1 FS, 2 GS) */
#define FORMS(X) \
	X(plain, "(%rdi)", 0, 0, 0) \
	X(d8_max, "0x7f(%rdi)", 0x7f, 0, 0) \
	X(d8_min, "-0x80(%rdi)", -0x80, 0, 0) \
	X(d12, "0x7ff(%rdi)", 0x7ff, 0, 0) \
	X(d12_min, "-0x800(%rdi)", -0x800, 0, 0) \
	X(d_more, "0x801(%rdi)", 0x801, 0, 0) \
	X(d_max, "0x7fffffff(%rdi)", 0x7fffffff, 0, 0) \
	X(d_min, "-0x80000000(%rdi)", -0x80000000l, 0, 0) \
	X(r13, "-0x70000000(%r13)", -0x70000000l, 0, 0) \
	X(index, "(%rdi,%rsi)", 0, 1, 0) \
	X(index8, "0x10(%rdi,%rsi,8)", 0x10, 8, 0) \
	X(index_min, "-0x80000000(%rdi,%rsi,4)", -0x80000000l, 4, 0) \
	X(fs, "%fs:(%rdi)", 0, 0, 1) \
	X(fs_d8, "%fs:0x10(%rdi)", 0x10, 0, 1) \
	X(fs_min, "%fs:-0x80000000(%rdi)", -0x80000000l, 0, 1) \
	X(gs, "%gs:(%rdi)", 0, 0, 2) \
	X(gs_index, "%gs:-4(%rdi,%rsi,2)", -4, 2, 2) \
	X(gs_max, "%gs:0x7fffffff(%rdi,%rsi)", 0x7fffffff, 1, 2)

#define INSNS(X, form, text) \
	X(form, load, "movq " text ", %rax", 8, 0) \
	X(form, load8, "movzbl " text ", %eax", 1, 0) \
	X(form, store, "movl %ecx, " text, 4, WR) \
	X(form, rmw, "addq %rcx, " text, 8, WR) \
	X(form, xadd, "lock xaddw %cx, " text, 2, WR) \
	X(form, movups, "movups %xmm0, " text, 16, WR) \
	X(form, movsd, "movsd " text ", %xmm1", 8, 0)

struct form { const char *name; u64 disp; u8 scale, base; };
struct insn { const char *code; u8 size, flags; const struct form *form; };

#define CODE_OF(form, insn, text, size, flags) CODE(form_##form##_##insn, text)
#define ENTRY_OF(f, insn, text, size, flags) { form_##f##_##insn, size, flags, &form_##f },
#define X(name, text, disp, scale, base) INSNS(CODE_OF, name, text) \
	static const struct form form_##name = { #name, (u64)(disp), scale, base };
FORMS(X)
#undef X
#define X(name, text, ...) INSNS(ENTRY_OF, name, text)
static const struct insn insns[] = { FORMS(X) };
#undef X

/* RSI and the segment's base. */
static const struct { u64 rsi, base; } with[] = {
	{ 4, 0x10 }, { 0x7fffffff, 0x7ffffffff000 }, { 0x4000000000000000, 0xffff900000000000 },
	{ 0xdeadbeefcafe1234, 0xffffffff80000000 }, { 0x9000000000200000, 0x90200000 },
};
static u8 room[64] __attribute__((aligned(16)));

static struct regs regs_for(const struct insn *i, u64 at, u32 n)
{
	struct regs r = user_regs(i->code);
	const struct form *f = i->form;

	r.rsi = with[n].rsi;
	r.rcx = 0x80a5f37f;
	r.rdi = at - f->disp - f->scale * r.rsi - (f->base ? with[n].base : 0);
	r.r13 = r.rdi;
	if (f->base)
		wrmsr(f->base == 1 ? MSR_FS_BASE : MSR_GS_BASE, with[n].base);
	return r;
}

static void test_matrix(void)
{
	const struct form *last = 0;

	for (u32 k = 0; k < COUNT(insns); k++) {
		if (insns[k].form != last)
			test(insns[k].form->name);
		last = insns[k].form;
		for (u32 p = 0; p < places_count; p++) {
			u32 n = (p + k) % COUNT(with);
			struct regs r = regs_for(&insns[k], places[p], n);

			run_access(&r, places[p], insns[k].size, insns[k].flags);
			r = regs_for(&insns[k], AT(room) + 16, n);
			run_to(&r, VEC_EXIT, 0);
		}
	}
}

/* -- Addresses in the instruction itself -- */

static void test_absolute(void)
{
	u8 *code = (u8 *)FREE;
	struct regs r = user_regs(code);

	test("absolute addresses of 64 bits");
	r.rax = 0x1122334455667788;
	code[10] = 0xcd;
	code[11] = VEC_EXIT;
	for (u32 p = 0; p < places_count; p++)
		for (u32 k = 0; k < 4; k++) {
			code[0] = 0x48;
			code[1] = (u8)(0xa0 + k);	/* MOV AL or RAX, moffs and back */
			memcpy(code + 2, &places[p], 8);
			run_access(&r, places[p], k & 1 ? 8 : 1, k & 2 ? WR : 0);
		}
}

/*
 * What only the translator could put together: an address that is a constant by then, and one that
 * a large constant brings there from where an access was good. (What is read there is 0.)
 */
static void test_constants(void)
{
	static const struct { u8 len, code[5], size, flags; } by[] = {
		{ 3, { 0x48, 0x8b, 0x07 }, 8, 0 },		/* MOV RAX, [RDI] */
		{ 2, { 0x88, 0x07 }, 1, WR },			/* MOV [RDI], AL */
		{ 3, { 0x0f, 0x11, 0x07 }, 16, WR },		/* MOVUPS [RDI], XMM0 */
		{ 5, { 0xf0, 0x48, 0x0f, 0xc1, 0x07 }, 8, WR },	/* LOCK XADD [RDI], RAX */
		{ 2, { 0xdf, 0x2f }, 8, 0 },			/* FILD */
		{ 3, { 0xf3, 0x48, 0xab }, 8, WR },		/* REP STOSQ */
	};
	u8 *code = (u8 *)FREE;
	struct regs r = user_regs(code);

	test("addresses that are constants");
	r.rcx = 0x100000;
	for (u32 p = 0; p < places_count; p++)
		for (u32 k = 0; k < COUNT(by); k++) {
			r.rdi = places[p];
			code[0] = 0x48;
			code[1] = 0xbf;			/* MOV RDI, imm64 */
			memcpy(code + 2, &places[p], 8);
			memcpy(code + 10, by[k].code, by[k].len);
			run_access_after(&r, 10, places[p], by[k].size, by[k].flags);
		}
	test("constants that an address moves by");
	r = user_regs(code);
	r.rax = 0x1122334455667700;
	for (u32 p = 0; p < places_count; p++) {
		r.rdi = AT(room);
		r.rsi = places[p] - r.rdi;
		code[0] = 0x8a;
		code[1] = 0x07;				/* MOV AL, [RDI] */
		code[2] = 0x48;
		code[3] = 0xbe;				/* MOV RSI, imm64 */
		memcpy(code + 4, &r.rsi, 8);
		memcpy(code + 12, "\x48\x03\x04\x37", 4);	/* ADD RAX, [RDI + RSI] */
		run_access_after(&r, 12, places[p], 8, 0);
		r.rbp = r.rdi;
		r.rdi = places[p];
		code[1] = 0x45;				/* MOV AL, [RBP + 0] */
		code[2] = 0;
		memcpy(code + 3, "\x48\xbe", 2);
		memcpy(code + 5, &r.rsi, 8);
		memcpy(code + 13, "\x48\x8d\x3c\x2e", 4);	/* LEA RDI, [RSI + RBP] */
		memcpy(code + 17, "\x66\x0f\x10\x07", 4);	/* MOVUPD XMM0, [RDI] */
		run_access_after(&r, 17, places[p], 16, 0);
	}
}

/* An index of 32 bits that is shifted far: MOV ECX, ECX; SHL RCX, 40; MOV RAX, [RDI + RCX]. */
static void test_index(void)
{
	u8 *code = (u8 *)FREE;
	struct regs r = user_regs(code);

	test("an index that is shifted far");
	memcpy(code, "\x89\xc9\x48\xc1\xe1\x28\x48\x8b\x04\x0f", 10);
	for (u32 p = 0; p < places_count; p++) {
		bool good = (long)(places[p] << 16) >> 16 == (long)places[p];

		if (!good && !in_tcg()) {
			r.rdi = places[p] & 0xffffffffff;
			r.rcx = places[p] >> 40;
			run_to(&r, V_GP, 0);
			expect("rip", stopped.r.rip, r.rip + 6);
		}
	}
}

/* What C does between two accesses must not change what they are compared with. */
static void test_after_helpers(void)
{
	static const struct { u8 len, code[8]; } before[] = {
		{ 8, { 0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xeb, 0xd9, 0xf3 } },	/* FPATAN */
		{ 8, { 0xdb, 0xe3, 0xd9, 0xe8, 0xd9, 0xeb, 0xd9, 0xf1 } },	/* FYL2X */
		{ 6, { 0xdb, 0xe3, 0xd9, 0xe8, 0xd8, 0xc0 } },			/* FADD */
	};
	u8 *code = (u8 *)FREE;
	struct regs r = user_regs(code);

	test("accesses behind x87 instructions");
	map(0xffffc00000000000, page_new(), P | W | U);
	for (u32 k = 0; k < COUNT(before); k++) {
		memcpy(code, before[k].code, before[k].len);
		memcpy(code + before[k].len, "\x48\x8b\x07\xcd\x30", 5);	/* MOV, INT */
		for (u32 p = 0; p < places_count; p++) {
			r.rdi = places[p];
			run_access_after(&r, before[k].len, places[p], 8, 0);
		}
		r.rdi = 0xffffc00000000000;
		run_to(&r, VEC_EXIT, 0);
	}
	map(0xffffc00000000000, 0, 0);
}

/* Code next to the edges of what is canonical, with operands beyond them. */
static void test_relative(void)
{
	static const struct { u64 page; long disp; } rows[] = {
		{ 0x7fffffffe000, 0x7ffffff0 }, { 0x7fffffffe000, 0x1ff9 },
		{ 0x7fffffffe000, 0x1ffc },
		{ 0x7fffffffe000, 0x10000 }, { 0xffff800000000000, -0x80000000l },
		{ 0xffff800000000000, -0x10 }, { 0xffff800000000000, -0x8 },
	};
	u64 frame = page_new();

	test("RIP-relative addresses beyond the edges");
	for (u32 k = 0; k < COUNT(rows); k++) {
		u8 *code = (u8 *)rows[k].page;
		u64 at = rows[k].page + 7 + (u64)rows[k].disp;
		u32 disp = (u32)rows[k].disp;
		struct regs r = user_regs(code);

		map(rows[k].page, frame, P | W | U);
		for (u32 store = 0; store < 2; store++) {
			code[0] = 0x48;
			code[1] = store ? 0x89 : 0x8b;	/* MOV RAX, [RIP + disp] and back */
			code[2] = 0x05;
			memcpy(code + 3, &disp, 4);
			code[7] = 0xcd;
			code[8] = VEC_EXIT;
			run_access(&r, at, 8, store ? WR : 0);
		}
		map(rows[k].page, 0, 0);
	}
}

/* A string instruction that walks over the edge stops there, with what it did done. */
CODE(walk_stos, "rep stosb")
CODE(walk_movs, "rep movsq")
CODE(walk_lods, "rep lodsl")

static void test_walks(void)
{
	struct regs r = user_regs(walk_stos);
	u64 frame = page_new(), edge = 0x7ffffffff000;

	test("string instructions over the edge");
	map(edge, frame, P | W | U);
	r.rax = 0x5a;
	r.rcx = 100;
	r.rdi = NON_CANONICAL - 37;
	run_to(&r, V_GP, 0);
	expect("rcx", stopped.r.rcx, 63);
	expect("rdi", stopped.r.rdi, NON_CANONICAL);
	expect("rip", stopped.r.rip, AT(walk_stos));
	expect("the last byte", *(u8 *)(frame + PAGE - 1), 0x5a);
	expect("the byte before the first", *(u8 *)(frame + PAGE - 38), 0);
	r.rip = AT(walk_movs);
	r.rsi = AT(room);
	r.rcx = 8;
	r.rdi = NON_CANONICAL - 20;
	run_to(&r, V_GP, 0);
	expect("rcx", stopped.r.rcx, 6);
	expect("rdi", stopped.r.rdi, NON_CANONICAL - 4);
	expect("rsi", stopped.r.rsi, AT(room) + 16);
	r.rip = AT(walk_lods);
	r.rsi = NON_CANONICAL - 8;
	run_to(&r, V_GP, 0);
	expect("rcx", stopped.r.rcx, 6);
	expect("rsi", stopped.r.rsi, NON_CANONICAL);
	test("downwards from the upper half");
	map(0xffff800000000000, frame, P | W | U);
	r.rip = AT(walk_stos);
	r.rflags = 2 | DF;
	r.rdi = 0xffff800000000004;
	r.rcx = 9;
	run_to(&r, V_GP, 0);
	expect("rcx", stopped.r.rcx, 4);
	expect("rdi", stopped.r.rdi, 0xffff7fffffffffff);
	map(edge, 0, 0);
	map(0xffff800000000000, 0, 0);
}

void test_forms(void)
{
	test_matrix();
	test_absolute();
	test_constants();
	test_index();
	test_after_helpers();
	test_relative();
	test_walks();
	wrmsr(MSR_FS_BASE, 0);
	wrmsr(MSR_GS_BASE, 0);
}
