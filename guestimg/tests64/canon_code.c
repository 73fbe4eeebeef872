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

static const u64 bad[] = { NON_CANONICAL, 0xffff7fffffffffff, 0x8000000000000000,
	0x9000000000200000, 0xbffffffffffffff8, 0xc000000000000000, 0x7fffffffffffffff };

static void test_targets(void)
{
	static u64 slot[4];
	static const char *const code[] = { jmp_reg, call_reg, jmp_at, call_at, ret_to, ret_n_to };

	test("branches to where RIP is not canonical");
	if (not_in_tcg("it goes there, and faults then"))
		return;
	for (u32 k = 0; k < COUNT(bad); k++)
		for (u32 n = 0; n < COUNT(code); n++)
			for (u32 user = 0; user < 2; user++) {
				struct regs r = user ? user_regs(code[n]) : kernel_regs(code[n]);

				r.rdi = n < 2 ? bad[k] : AT(slot);
				slot[0] = bad[k];
				r.rsp -= 64;
				*(u64 *)r.rsp = bad[k];
				run_to(&r, V_GP, 0);
				expect("rip", stopped.r.rip, r.rip);
				expect("rsp", stopped.r.rsp, r.rsp);
				expect("cs", stopped.r.cs, r.cs);
			}
}

/* The last bytes of the lower half: NOP, then nothing; a jump over the edge; SYSCALL there. */
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
	end[-1] = 0x90;
	test("a short jump over the edge");
	end[-3] = 0xeb;
	end[-2] = 0x10;
	if (!not_in_tcg("it goes there, and faults then")) {
		run_to(&r, V_GP, 0);
		expect("rip", stopped.r.rip, NON_CANONICAL - 3);
	}
	test("a jump from the upper half below it");
	map(0xffff800000000000, frame, P | W | U);
	*(u8 *)frame = 0xeb;
	*(u8 *)(frame + 1) = 0x80;
	r.rip = 0xffff800000000000;
	if (!not_in_tcg("it goes there, and faults then")) {
		run_to(&r, V_GP, 0);
		expect("rip", stopped.r.rip, 0xffff800000000000);
	}
	test("SYSCALL as the last instruction of the lower half");
	end[-2] = 0x0f;
	end[-1] = 0x05;
	r.rip = NON_CANONICAL - 2;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
	wrmsr(MSR_STAR, (u64)UCODE32 << 48 | (u64)KCODE64 << 32);
	wrmsr(MSR_LSTAR, AT(jmp_reg_end));
	run_to(&r, VEC_EXIT, 0);
	expect("rcx", stopped.r.rcx, NON_CANONICAL);
	map(page, 0, 0);
	map(0xffff800000000000, 0, 0);
}

void test_branches(void)
{
	test_targets();
	test_edge();
}
