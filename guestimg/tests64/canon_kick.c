/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interrupt that becomes pending at a branch to where RIP is not canonical: it is taken before
 * the branch, or waits until #GP(0) has been delivered; never between, as no frame can say where
 * that would be. Behind STI it waits (SDM vol. 2, STI). RSP is as it was in either case.
 */
#include "guestimg/tests64/canon.h"

enum { APIC_EOI = 0xb0, APIC_SVR = 0xf0, APIC_ICR = 0x300, APIC_ICR_HIGH = 0x310,
	APIC_TIMER = 0x320, APIC_COUNT = 0x380, APIC_DIVIDE = 0x3e0, MASKED = 0x10000,
	SELF_FIXED = 0x40000, VEC_IPI = 0x45 };

/* Each branch alone, behind STI, POPF and a store by which the interrupt comes, after a loop. */
#define BEHIND(name, how, before, text) CODE(how##_##name, before text)
#define BRANCH(name, text) \
	BEHIND(name, sti, "sti\n\t", text) \
	BEHIND(name, popf, "popfq\n\t", text) \
	BEHIND(name, store, "movl %ecx, (%rdx)\n\t", text) \
	BEHIND(name, loop, "1:\tdecl %ecx\n\tjnz 1b\n\t", text)
#define BRANCHES \
	BRANCH(jmp_reg, "jmp *%rdi") BRANCH(call_reg, "call *%rdi") \
	BRANCH(jmp_at, "jmp *(%rsi)") BRANCH(call_at, "call *(%rsi)") \
	BRANCH(ret_to, "ret") BRANCH(ret_n, "ret $8")
BRANCHES
#undef BRANCH
#define BRANCH(name, text) { sti_##name, popf_##name, store_##name, loop_##name, sti_##name##_end },
enum how { BY_STI, BY_POPF, BY_STORE, BY_TIMER };
static char *const branches[][5] = { BRANCHES };
static const u8 before_size[] = { 1, 1, 2, 4 };

#define APIC_USER (WINDOW + 0x800000)	/* the local APIC, for users, too */
static u64 slot;
static u64 ipis, from, to;		/* taken; where its RIP may be */

CODE(wait_ipi, "sti\n\tnop\n\tnop\n\tcli")

static bool on_ipi(struct trap *t)
{
	ipis++;
	if (t->rip < from || t->rip > to)
		expect("rip of the interrupt", t->rip, to);
	APIC(APIC_EOI) = 0;
	return true;
}

static void self_ipi(void)
{
	APIC(APIC_ICR_HIGH) = 0;
	APIC(APIC_ICR) = SELF_FIXED | VEC_IPI;
}

/* What still waits is taken now. Returns how many have come in all. */
static u64 all_ipis(void)
{
	struct regs w = kernel_regs(wait_ipi);

	from = 0;
	to = -1ul;
	run_to(&w, VEC_EXIT, 0);
	return ipis;
}

/* r is at what precedes the branch at `at`. What it does to RSP, and RCX, is its own. */
static void expect_gp(struct regs *r, enum how how, u64 at)
{
	u64 rsp = r->rsp;

	ipis = 0;
	from = to = at;
	r->rflags = how == BY_STORE ? 2 | IF : 2 | IOPL3;
	r->rcx = SELF_FIXED | VEC_IPI;
	r->rdx = APIC_USER + APIC_ICR;
	if (how != BY_STORE)
		self_ipi();
	if (how == BY_POPF) {
		r->rsp -= 8;
		*(u64 *)r->rsp = 2 | IF | IOPL3;
	}
	run_to(r, V_GP, 0);
	expect("rip", stopped.r.rip, at);
	expect("rsp", stopped.r.rsp, rsp);
	expect("IF", stopped.r.rflags & IF, IF);
	expect("cs", stopped.r.cs, r->cs);
	if (how != BY_STORE)
		expect("interrupts before", ipis, how == BY_POPF);
	expect("interrupts", all_ipis(), 1);
	r->rsp = rsp;
}

static void test_indirect(void)
{
	static const u64 bad[] = { NON_CANONICAL, 0x9000000000200000, 0xbffffffffffffff8 };

	test("an interrupt at a branch to where RIP is not canonical");
	for (u32 n = 0; n < 2 * COUNT(branches); n++)
		for (u32 how = BY_STI; how <= BY_STORE; how++)
			for (u32 k = 0; k < COUNT(bad); k++) {
				const char *code = branches[n / 2][how];
				struct regs r = n & 1 ? user_regs(code) : kernel_regs(code);

				r.rdi = slot = bad[k];
				r.rsi = AT(&slot);
				r.rsp -= 64;
				*(u64 *)r.rsp = bad[k];
				expect_gp(&r, how, AT(code) + before_size[how]);
			}
}

/* By the timer, after loops of all lengths up to some: it comes before, at and after the branch. */
static void test_timer(void)
{
	u32 early = 0, late = 0;

	test("the timer's interrupt at a branch to where RIP is not canonical");
	APIC(APIC_DIVIDE) = 0xb;		/* by 1 */
	APIC(APIC_TIMER) = VEC_IPI;
	for (u32 n = 0; n < 400; n++) {
		const char *code = branches[n % COUNT(branches)][BY_TIMER];
		struct regs r = n & 1 ? user_regs(code) : kernel_regs(code);

		r.rdi = slot = NON_CANONICAL;
		r.rsi = AT(&slot);
		r.rsp -= 64;
		*(u64 *)r.rsp = NON_CANONICAL;
		r.rcx = 1 + n * 8;
		r.rflags |= IF;
		ipis = 0;
		from = r.rip;
		to = AT(code) + 4;
		APIC(APIC_COUNT) = 3000;
		run_to(&r, V_GP, 0);
		early += ipis;
		late += !ipis;
		expect("rip", stopped.r.rip, to);
		expect("rsp", stopped.r.rsp, r.rsp);
		while (!all_ipis())
			;
		expect("interrupts", ipis, 1);
	}
	APIC(APIC_TIMER) = MASKED;
	if (!early || !late)
		expect("before and after", early, late);
}

/* Direct ones, behind STI, POPF or the store at the edge of either half. */
static void test_direct(u8 *page, u64 at, bool down)
{
	static const u8 before[][3] = { { 0xfb }, { 0x9d }, { 0x89, 0x0a } };
	static const u8 branch[] = { 0xeb, 0x75, 0xe2 };	/* JMP, JNZ (ZF is clear), LOOP */

	for (u32 n = 0; n < 2 * COUNT(branch); n++)
		for (u32 how = BY_STI; how <= BY_STORE; how++) {
			u32 size = before_size[how];
			u8 *code = down ? page : page + PAGE - size - 2;
			struct regs r = n & 1 ? kernel_regs(0) : user_regs(0);

			memset(page, 0x90, PAGE);
			memcpy(code, before[how], size);
			code[size] = branch[n / 2];
			code[size + 1] = down ? 0x80 : 0x10;
			r.rip = at + (AT(code) - AT(page));
			expect_gp(&r, how, r.rip + size);
		}
}

void test_kicks(void)
{
	u64 frame = page_new(), low = 0x7ffffffff000, high = 0xffff800000000000;

	if (in_tcg()) {
		test("interrupts at branches to where RIP is not canonical");
		not_in_tcg("it goes there, and faults then");
		return;
	}
	map(APIC_USER, 0xfee00000, PCD | P | W | U);
	APIC(APIC_SVR) = 0x1ff;
	on_trap[VEC_IPI] = on_ipi;
	test_indirect();
	test_timer();
	map(low, frame, P | W | U);
	map(high, frame, P | W | U);
	test("an interrupt at a direct branch over the edge");
	test_direct((u8 *)frame, low, false);
	test_direct((u8 *)frame, high, true);
	map(low, 0, 0);
	map(high, 0, 0);
	map(APIC_USER, 0, 0);
	on_trap[VEC_IPI] = 0;
}
