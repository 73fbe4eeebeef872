/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that runs by demand paging in fewer frames than it has pages. */
#include "guestimg/tests/faults.h"

enum { AREA = WINDOW + 0x2000000, PAGES_ALL = 48, RESIDENT = 5 };

static u32 frame_va[RESIDENT], frame_pa[RESIDENT], next_frame, paged_in;

static u32 backing(u32 va) { return FREE + 0x400000 + (va - AREA); }

/* Bring the page in and put another one out, with its changes if it has any. */
static bool on_demand(struct trap *t)
{
	u32 va = fault_address() & ~(PAGE - 1u), f = next_frame++ % RESIDENT;

	if (va - AREA >= PAGES_ALL * PAGE || (t->error & PF_P))
		return false;
	paged_in++;
	if (frame_va[f]) {
		u32 *old = pte(kernel_pd, frame_va[f]);

		if (*old & D)
			memcpy((void *)backing(frame_va[f]), (void *)frame_pa[f], PAGE);
		*old = 0;
		invlpg(frame_va[f]);
	}
	memcpy((void *)frame_pa[f], (void *)backing(va), PAGE);
	map(kernel_pd, va, frame_pa[f], P | W | U);
	frame_va[f] = va;
	return true;
}

/* Reverse the words of [esi, edi]: accesses at both ends, then in between. */
__asm__(".pushsection .text\n"
	"reverse:\n\t"
	"cmpl %edi, %esi\n\tjae 2f\n\t"
	"movl (%esi), %eax\n\txchgl %eax, (%edi)\n\tmovl %eax, (%esi)\n\t"
	"addl $4, %esi\n\tsubl $4, %edi\n\tjmp reverse\n"
	"2:\tint $0x30\n"
	"add_up:\n\t"			/* words at esi, step ebx, ecx of them; esi wraps by edx */
	"xorl %eax, %eax\n"
	"1:\taddl (%esi), %eax\n\taddl %ebx, %esi\n\tcmpl %edx, %esi\n\tjb 3f\n\t"
	"subl %ebp, %esi\n"
	"3:\tloop 1b\n\tint $0x30\n"
	".popsection");

void test_demand(void)
{
	enum { WORDS = PAGES_ALL * PAGE / 4 };
	struct regs r = user_regs(reverse);
	u32 sum = 0, *m = (u32 *)backing(AREA);

	test("48 pages reversed in 5 frames");
	for (u32 k = 0; k < RESIDENT; k++)
		frame_pa[k] = page_new();
	for (u32 k = 0; k < WORDS; k++)
		sum += m[k] = k * 0x10001u + 7;
	on_trap[V_PF] = on_demand;
	r.esi = AREA;
	r.edi = AREA + PAGES_ALL * PAGE - 4;
	run(&r);
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("first", *(volatile u32 *)AREA, (WORDS - 1) * 0x10001u + 7);
	expect("last", *(volatile u32 *)(AREA + PAGES_ALL * PAGE - 4), 7);
	for (u32 k = 0; k < WORDS; k++)
		if (!expect("word", ((volatile u32 *)AREA)[k], (WORDS - 1 - k) * 0x10001u + 7))
			break;
	expect("pages came more than once", paged_in > PAGES_ALL, 1);

	test("48 pages added up with large steps");
	r = user_regs(add_up);
	r.esi = AREA;
	r.ebx = 4 * 1021;
	r.ecx = WORDS;
	r.ebp = PAGES_ALL * PAGE;
	r.edx = AREA + r.ebp;
	paged_in = 0;
	run(&r);
	on_trap[V_PF] = 0;
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("sum", stopped.r.eax, sum);
	expect("nearly each step", paged_in > WORDS / 2, 1);
}
