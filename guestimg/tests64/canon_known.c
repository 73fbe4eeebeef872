/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What code before an access could make a translator believe of its address: a register that was
 * good a moment ago, in a piece of code that leads there again and again, and is not good now.
 */
#include "guestimg/tests64/canon.h"

static u8 room[64] __attribute__((aligned(16)));
static u8 *const code = (u8 *)FREE;
enum { FIRST = 0x40 };

/* MOV RAX, [RDI]; INT, which the first piece leads to: MOV AL, [RDI], and what changes RDI. */
static const struct { const char *text; u8 len, bytes[6]; bool sum; } changes[] = {
	{ "MOV RDI, RSI", 3, { 0x48, 0x89, 0xf7 }, false },
	{ "XCHG RDI, RSI", 3, { 0x48, 0x87, 0xf7 }, false },
	{ "POP RDI", 1, { 0x5f }, false },
	{ "ADD RDI, RSI", 3, { 0x48, 0x01, 0xf7 }, true },
	{ "LEA RDI, [RDI + RSI]", 4, { 0x48, 0x8d, 0x3c, 0x37 }, true },
	{ "LEA RDI, [RSI + RDI + 0]", 5, { 0x48, 0x8d, 0x7c, 0x3e, 0x00 }, true },
	{ "CMOVNZ RDI, RSI", 4, { 0x48, 0x0f, 0x45, 0xfe }, false },
	{ "MOV RDI, [RBX]", 3, { 0x48, 0x8b, 0x3b }, false },
};

/* Registers such that the second piece looks at `at`. */
static struct regs leading_to(u64 at, bool sum)
{
	static u64 slot;
	struct regs r = user_regs(code + FIRST);

	slot = at;
	r.rbx = AT(&slot);
	r.rdi = AT(room);
	r.rsi = sum ? at - r.rdi : at;
	r.rsp -= 8;
	*(u64 *)r.rsp = at;
	return r;
}

static void put_jump(u32 at, u32 to)
{
	u32 rel = to - (at + 5);

	code[at] = 0xe9;
	memcpy(code + at + 1, &rel, 4);
}

static bool canonical(u64 at) { return (long)(at << 16) >> 16 == (long)at; }

static void expect_at(u64 at, u64 rip)
{
	bool good = canonical(at) && canonical(at + 7);

	if (in_tcg() && canonical(at) && !good)
		return;
	expect("vector", stopped.vector, good ? V_PF : V_GP);
	expect("rip", stopped.r.rip, rip);
	expect("rdi", stopped.r.rdi, at);
}

static void test_changes(void)
{
	memcpy(code, "\x48\x8b\x07\xcd\x30", 5);
	memcpy(code + FIRST, "\x8a\x07", 2);
	for (u32 k = 0; k < COUNT(changes); k++) {
		test(changes[k].text);
		memcpy(code + FIRST + 2, changes[k].bytes, changes[k].len);
		put_jump(FIRST + 2 + changes[k].len, 0);
		for (u32 p = 0; p < places_count; p++) {
			struct regs r = leading_to(AT(room) + 16, changes[k].sum);

			run_to(&r, VEC_EXIT, 0);
			run_to(&r, VEC_EXIT, 0);
			r = leading_to(places[p], changes[k].sum);
			run(&r);
			expect_at(places[p], AT(code));
		}
	}
}

/* A loop over what RDI points to, to where RSI brings it the second time. */
static void test_loop(void)
{
	test("a loop whose second round looks elsewhere");
	memcpy(code, "\x8a\x07\x48\x01\xf7\x48\xff\xc9\x75\xf6\xcd\x30", 12);
	for (u32 p = 0; p < places_count; p++) {
		struct regs r = user_regs(code);

		r.rdi = AT(room);
		r.rcx = 20;
		r.rsi = 1;
		run_to(&r, VEC_EXIT, 0);
		r.rsi = places[p] - r.rdi;
		run(&r);
		expect("vector", stopped.vector, canonical(places[p]) ? V_PF : V_GP);
		expect("rip", stopped.r.rip, AT(code));
		expect("rdi", stopped.r.rdi, places[p]);
		expect("rcx", stopped.r.rcx, 19);
	}
}

/* RDI, then RSP, goes there in small steps, and nothing is accessed on the way. */
static void test_steps(void)
{
	enum { ROUNDS = 3000 };
	/* ADD RDI or RSP, 0x7fffffff; DEC ECX; JNZ; MOV AL, [RDI] or POP RAX; INT */
	static const char *const by[] = {
		"\x48\x81\xc7\xff\xff\xff\x7f\xff\xc9\x75\xf5\x8a\x07\xcd\x30",
		"\x48\x81\xc4\xff\xff\xff\x7f\xff\xc9\x75\xf5\x58\xcd\x30",
	};

	test("small steps to where nothing is");
	for (u32 k = 0; k < COUNT(by); k++) {
		memcpy(code, by[k], k ? 14 : 15);
		for (u32 p = 0; p < places_count; p++) {
			struct regs r = user_regs(code);
			u64 from = places[p] - 0x7ffffffful * ROUNDS;
			bool good = canonical(places[p]) && (!k || canonical(places[p] + 7));

			*(k ? &r.rsp : &r.rdi) = from;
			r.rcx = ROUNDS;
			run(&r);
			if (in_tcg() && k)
				continue;
			expect("vector", stopped.vector, good ? V_PF : k ? V_SS : V_GP);
			expect("rip", stopped.r.rip, AT(code) + 11);
		}
	}
}

/* Ways to where POP RAX is, on the same page or on the next one, when RSP has been changed. */
static const struct { const char *text, *bytes; u8 len; bool rel; } ways[] = {
	{ "JMP", "\xe9", 1, true },
	{ "JZ, taken", "\x39\xc0\x0f\x84", 4, true },
	{ "JNZ, not taken, and JMP", "\x39\xc0\x75\x02\xe9", 5, true },
	{ "JMP RDX", "\xff\xe2", 2, false },
	{ "JMP [RBX]", "\xff\x23", 2, false },
};

/* MOV RSP, RSI; the way to `to`, where POP RAX; INT is. */
static void put_way(u32 n, u32 to)
{
	u32 len = 3u + ways[n].len, rel = to - (len + 4);

	memcpy(code, "\x48\x89\xf4", 3);
	memcpy(code + 3, ways[n].bytes, ways[n].len);
	if (ways[n].rel)
		memcpy(code + len, &rel, 4);
	memcpy(code + to, "\x58\xcd\x30", 3);
}

static struct regs on_the_way(u32 to, u64 rsp)
{
	static u64 slot;
	struct regs r = user_regs(code);

	slot = AT(code) + to;
	r.rbx = AT(&slot);
	r.rdx = slot;
	r.rsi = rsp;
	return r;
}

/* RSP was good each time before, and is not now. */
static void test_stack(void)
{
	static const u32 targets[] = { FIRST, 0x1000 + FIRST };

	for (u32 n = 0; n < 2 * COUNT(ways); n++) {
		u32 to = targets[n & 1];

		test(ways[n / 2].text);
		put_way(n / 2, to);
		for (u32 p = 0; p < places_count; p++) {
			bool good = canonical(places[p]) && canonical(places[p] + 7);
			struct regs r = on_the_way(to, AT(room));

			for (u32 times = 0; times < 3; times++)
				run_to(&r, VEC_EXIT, 0);
			r = on_the_way(to, places[p]);
			run(&r);
			if (in_tcg())
				continue;
			expect("vector", stopped.vector, good ? V_PF : V_SS);
			expect("rip", stopped.r.rip, AT(code) + to);
			expect("rsp", stopped.r.rsp, places[p]);
		}
	}
}

/*
 * CMP EAX, EBX; JMP RDX or RET, to where an access comes before all flags are set anew: its fault
 * has those of the CMP.
 */
static void test_flags(void)
{
	static const char *const by[] = { "\x39\xd8\xff\xe2", "\x39\xd8\xc3" };
	enum { ARITHMETIC = 0x8d5, OF_PF_AF = 0x814 };

	memcpy(code + FIRST, "\x8a\x07\x38\xc9\xcd\x30", 6);
	for (u32 k = 0; k < COUNT(by); k++) {
		struct regs r = user_regs(code);

		test(k ? "flags behind RET" : "flags behind JMP RDX");
		memcpy(code, by[k], k ? 3 : 4);
		r.rsp -= 8;
		*(u64 *)r.rsp = r.rdx = AT(code) + FIRST;
		r.rdi = AT(room);
		for (u32 times = 0; times < 3; times++)
			run_to(&r, VEC_EXIT, 0);
		r.rax = 0x80000000;
		r.rbx = 1;
		r.rdi = places[0];
		run(&r);
		expect("vector", stopped.vector, canonical(places[0]) ? V_PF : V_GP);
		expect("rip", stopped.r.rip, AT(code) + FIRST);
		expect("flags", stopped.r.rflags & ARITHMETIC, OF_PF_AF);
	}
}

void test_known(void)
{
	test_flags();
	test_stack();
	test_changes();
	test_loop();
	test_steps();
}
