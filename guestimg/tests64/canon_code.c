/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Branches to where RIP is not canonical fault at the branch, with RSP as it was (SDM vol. 2: JMP,
 * CALL, RET: #GP(0)); running off the edge faults behind it.
 */
#include "guestimg/tests64/canon.h"

CODE(jmp_reg, "jmp *%rdi")
CODE(call_reg, "call *%rdi")
CODE(jmp_at, "jmp *(%rdi)")
CODE(call_at, "call *(%rdi)")
CODE(ret_to, "ret")
CODE(ret_n_to, "ret $8")
CODE(ret_far, "ret $0xfff8")

static const u64 bad[] = { NON_CANONICAL, 0xffff7fffffffffff, 0x8000000000000000,
	0x9000000000200000, 0xbffffffffffffff8, 0xc000000000000000, 0x7fffffffffffffff };

static void test_targets(void)
{
	static u64 slot[4];
	static const char *const code[] = { jmp_reg, call_reg, jmp_at, call_at, ret_to, ret_n_to,
					    ret_far };

	test("branches to where RIP is not canonical");
	if (not_in_tcg("it goes there, and faults then"))
		return;
	for (u32 k = 0; k < COUNT(bad); k++)
		for (u32 n = 0; n < COUNT(code); n++)
			for (u32 mode = 0; mode < 4; mode++) {
				struct regs r = mode & 1 ? user_regs(code[n]) :
						kernel_regs(code[n]);

				r.rflags |= mode & 2 ? TF : 0;
				r.rdi = n < 2 ? bad[k] : AT(slot);
				slot[0] = bad[k];
				r.rsp -= 64;
				*(u64 *)r.rsp = bad[k];
				run_to(&r, V_GP, 0);
				expect("rip", stopped.r.rip, r.rip);
				expect("rsp", stopped.r.rsp, r.rsp);
				expect("cs", stopped.r.cs, r.cs);
				expect("tf", stopped.r.rflags & TF, r.rflags & TF);
			}
}

/* Direct ones, at the edges of both halves; ZF is set if RCX is 2. Does it go there? */
static const struct direct { u8 len, code[6]; u8 rcx; bool goes; } up[] = {
	{ 2, { 0xeb, 0x10 }, 2, true },				/* JMP */
	{ 5, { 0xe9, 0x00, 0xff, 0xff, 0x7f }, 2, true },
	{ 2, { 0x74, 0x00 }, 1, false },			/* JZ */
	{ 2, { 0x74, 0x00 }, 2, true },
	{ 2, { 0x74, 0x7f }, 2, true },
	{ 6, { 0x0f, 0x85, 0, 1, 0, 0 }, 1, true },		/* JNZ */
	{ 6, { 0x0f, 0x85, 0, 1, 0, 0 }, 2, false },
	{ 5, { 0xe8, 0x00, 0x10, 0, 0 }, 2, true },		/* CALL */
	{ 2, { 0xe2, 0x20 }, 2, true },				/* LOOP */
	{ 2, { 0xe2, 0x20 }, 1, false },
	{ 2, { 0xe1, 0x20 }, 2, true },				/* LOOPE */
	{ 2, { 0xe0, 0x20 }, 2, false },			/* LOOPNE */
	{ 3, { 0x67, 0xe2, 0x20 }, 2, true },
	{ 2, { 0xe3, 0x20 }, 0, true },				/* JRCXZ */
	{ 2, { 0xe3, 0x20 }, 1, false },
}, down[] = {
	{ 2, { 0xeb, 0x80 }, 2, true },
	{ 5, { 0xe9, 0, 0, 0, 0x80 }, 2, true },
	{ 2, { 0x74, 0xf0 }, 2, true },
	{ 5, { 0xe8, 0xf0, 0xff, 0xff, 0xff }, 2, true },
	{ 2, { 0xe2, 0xf0 }, 2, true },
	{ 2, { 0xe3, 0xf0 }, 0, true },
};

/* Run d, which is at `at`, with so many bytes of NOPs before it. */
static void expect_direct(const struct direct *d, u64 at, u32 nops, u32 flags)
{
	struct regs r = user_regs((void *)(at - nops));
	u64 *below = (u64 *)(r.rsp - 8);
	bool loop = d->code[0] >= 0xe0 && d->code[0] <= 0xe2;

	r.rcx = d->rcx | (d->code[0] == 0x67 ? 0x5500000000 : 0);
	r.rflags |= flags | (d->rcx == 2 ? ZF : 0);
	*below = 0x77;
	run_to(&r, V_GP, 0);
	expect("rip", stopped.r.rip, d->goes ? at : NON_CANONICAL);
	expect("rsp", stopped.r.rsp, r.rsp);
	expect("rcx", stopped.r.rcx, r.rcx - (loop && !d->goes));
	/* A CALL has pushed already, as on CPUs. */
	expect("below the stack", *below, d->code[0] == 0xe8 ? at + d->len : 0x77);
}

static void test_direct(u64 low, u64 high, u8 *page)
{
	test("direct branches over the edge, from below");
	if (not_in_tcg("it goes there, and faults then"))
		return;
	for (u32 k = 0; k < COUNT(up); k++) {
		u32 at = PAGE - up[k].len;

		memset(page, 0x90, PAGE);
		memcpy(page + at, up[k].code, up[k].len);
		expect_direct(&up[k], low + at, 0, 0);
		expect_direct(&up[k], low + at, 0x100, 0);
		expect_direct(&up[k], low + at, 0x17, 0);
		if (up[k].goes)
			expect_direct(&up[k], low + at, 0, TF);
	}
	test("from above");
	for (u32 k = 0; k < COUNT(down); k++) {
		memset(page, 0x90, PAGE);
		memcpy(page + 5, down[k].code, down[k].len);
		expect_direct(&down[k], high + 5, 0, 0);
		expect_direct(&down[k], high + 5, 5, 0);
		expect_direct(&down[k], high + 5, 0, TF);
	}
}

/*
 * The same where both its pages are mapped one after the other, and again at the edge, while the
 * page where the hole ends is the second one, too.
 */
static void test_over_edge(u64 frame)
{
	u64 next = page_new(), elsewhere = 0x123456789000;
	struct regs r = user_regs((void *)(elsewhere + PAGE - 1));

	*(u32 *)next = 0x30cd5a;		/* the immediate, INT 0x30 */
	map(elsewhere, frame, P | W | U);
	map(elsewhere + PAGE, next, P | W | U);
	run_to(&r, VEC_EXIT, 0);
	expect("al", stopped.r.rax & 0xff, 0x5a);
	map(0xffff800000000000, next, P | W | U);
	r.rip = NON_CANONICAL - 1;
	run_to(&r, V_GP, 0);
	expect("rip", stopped.r.rip, NON_CANONICAL - 1);
	map(0xffff800000000000, 0, 0);
	map(elsewhere, 0, 0);
	map(elsewhere + PAGE, 0, 0);
}

/* The last bytes of the lower half: NOP, then nothing; SYSCALL there; branches. */
static void test_edge(void)
{
	u64 frame = page_new(), page = 0x7ffffffff000;
	u8 *end = (u8 *)(frame + PAGE);
	struct regs r = user_regs((void *)(NON_CANONICAL - 3));

	map(page, frame, P | W | U);
	memset((void *)frame, 0x90, PAGE);
	test("running off the lower half");
	run_to(&r, V_GP, 0);
	expect("rip", stopped.r.rip, NON_CANONICAL);
	test("an instruction over the edge");
	end[-1] = 0xb0;			/* MOV AL, imm8 */
	run_to(&r, V_GP, 0);
	expect("rip", stopped.r.rip, NON_CANONICAL - 1);
	test_over_edge(frame);
	end[-1] = 0x90;
	test("SYSCALL as the last instruction of the lower half");
	end[-2] = 0x0f;
	end[-1] = 0x05;
	r.rip = NON_CANONICAL - 2;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	wrmsr(MSR_STAR, (u64)UCODE32 << 48 | (u64)KCODE64 << 32);
	wrmsr(MSR_LSTAR, AT(jmp_reg_end));
	run_to(&r, VEC_EXIT, 0);
	expect("rcx", stopped.r.rcx, NON_CANONICAL);
	map(0xffff800000000000, frame, P | W | U);
	test_direct(page, 0xffff800000000000, (u8 *)frame);
	map(page, 0, 0);
	map(0xffff800000000000, 0, 0);
}

void test_branches(void)
{
	test_targets();
	test_edge();
}
