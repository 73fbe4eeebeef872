/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of the privilege level by INT n, page faults, IRET, SYSENTER and SYSEXIT: each way is
 * gone until it is surely known, then something that it stands on changes, in place, through
 * another mapping, by LIDT, LTR, LGDT or WRMSR. Expectations: SDM vol. 3, 6.12 and 6.13; vol. 2,
 * the instructions.
 */
#include "guestimg/tests/level.h"

struct trap passed;
u32 passed_at, passed_ss, passed_flags, passes;
void (*inside)(struct trap *t);

static u32 code_page;

static bool on_pass(struct trap *t)
{
	passed = *t;
	passed_at = AT(&t->eip);
	passes++;
	__asm__ volatile("movl %%ss, %0\n\tpushfl\n\tpopl %1"
			 : "=r"(passed_ss), "=r"(passed_flags));
	if (inside)
		inside(t);
	return true;
}

void put_code(const void *bytes, u32 size)
{
	memset((void *)code_page, 0x90, PAGE);
	memcpy((void *)code_page, bytes, size);
}

void run_to(const struct regs *r, u32 vector, u32 error)
{
	run(r);
	expect("vector", stopped.vector, vector);
	expect("error code", stopped.error, error);
}

volatile u32 *aliased(u32 at)
{
	static u32 place = WINDOW + 0x1800000;

	place += PAGE;
	map(kernel_pd, place, at & ~(PAGE - 1u), P | W);
	invlpg(place);
	return (volatile u32 *)(place + (at & (PAGE - 1)));
}

u32 idt_at(u32 vector)
{
	struct pointer p;

	__asm__ volatile("sidt %0" : "=m"(p));
	return p.base + vector * 8;
}

u32 gdt_at(u32 selector)
{
	struct pointer p;

	__asm__ volatile("sgdt %0" : "=m"(p));
	return p.base + (selector & ~7u);
}

u32 tss_at(u32 offset)
{
	const u8 *d;
	u16 tr;

	__asm__ volatile("str %0" : "=r"(tr));
	d = (const u8 *)gdt_at(tr);
	return (d[2] | d[3] << 8 | d[4] << 16 | (u32)d[7] << 24) + offset;
}

/* int $VEC_PASS; int $VEC_EXIT */
static const u8 pass_and_exit[] = { 0xcd, VEC_PASS, 0xcd, VEC_EXIT };

static u32 stub(u32 vector) { return AT(trap_stubs) + 16 * vector; }

/* A gate's words are changed for one run, by another mapping; then all is as it was. */
static void with_gate(const struct regs *r, u32 vector, u64 gate, u32 to, u32 error)
{
	volatile u32 *w = aliased(idt_at(vector));
	u32 low = w[0], high = w[1];

	for (u32 k = 0; k < OFTEN; k++)
		run_to(r, VEC_EXIT, 0);
	w[0] = (u32)gate;
	w[1] = (u32)(gate >> 32);
	for (u32 k = 0; k < 2; k++)
		run_to(r, to, error);
	w[0] = low;
	w[1] = high;
	run_to(r, VEC_EXIT, 0);
}

static void test_int_gates(void)
{
	struct regs r[2] = { kernel_regs((void *)CODE), user_regs((void *)CODE) };
	u32 at = stub(VEC_PASS);

	put_code(pass_and_exit, sizeof(pass_and_exit));
	for (u32 user = 0; user < 2; user++) {
		test(user ? "gates that change, from user mode" : "gates that change");
		with_gate(&r[user], VEC_PASS, gate_low(stub(0x77), KCODE, GATE_USER), 0x77, 0);
		with_gate(&r[user], VEC_PASS, gate_low(at, KCODE, GATE_USER & 0x7f), V_NP,
			  IDT_ERROR);
		with_gate(&r[user], VEC_PASS, gate_low(at, 0, GATE_USER), V_GP, 0);
		with_gate(&r[user], VEC_PASS, gate_low(at, KCODE, 0xe9), V_GP, IDT_ERROR);
		with_gate(&r[user], VEC_PASS, gate_low(at, KCODE, GATE_INT),
			  user ? V_GP : VEC_EXIT, user ? IDT_ERROR : 0);
		with_gate(&r[user], VEC_PASS, gate_low(at, KCODE, GATE_USER | 1), VEC_EXIT, 0);
	}
}

static void test_trap_gate(void)
{
	struct regs r = user_regs((void *)CODE);
	volatile u32 *w = aliased(idt_at(VEC_PASS));

	test("an interrupt gate becomes a trap gate");
	for (u32 k = 0; k < 3 * OFTEN; k++) {
		bool trap = k / OFTEN == 1;

		w[1] = (w[1] & ~0x100u) | (trap ? 0x100 : 0);
		run_to(&r, VEC_EXIT, 0);
		expect("IF in the handler", passed_flags & IF, trap ? IF : 0);
		expect("IF in the frame", passed.eflags & IF, IF);
		__asm__ volatile("cli");
	}
}

/* mov (%edi), %eax; int $VEC_EXIT */
static const u8 load_and_exit[] = { 0x8b, 0x07, 0xcd, VEC_EXIT };

static bool demand(struct trap *t)
{
	*pte(kernel_pd, t->edi) |= P;
	passed = *t;
	passes++;
	return true;
}

static void test_fault_gate(void)
{
	struct regs r[2] = { kernel_regs((void *)CODE), user_regs((void *)CODE) };
	volatile u32 *w = aliased(idt_at(V_PF));
	u32 low = w[0], page = page_new();

	put_code(load_and_exit, sizeof(load_and_exit));
	*(u32 *)page = 0x12345678;
	on_trap[V_PF] = demand;
	for (u32 user = 0; user < 2; user++) {
		test(user ? "the page fault's gate changes, from user mode"
			  : "the page fault's gate changes");
		for (u32 k = 0; k < OFTEN + 2; k++) {
			bool other = k >= OFTEN;

			w[0] = other ? (low & ~0xffffu) | (stub(V_TS) & 0xffff) : low;
			map(kernel_pd, WINDOW, page, W | U);
			invlpg(WINDOW);
			r[user].edi = WINDOW;
			run_to(&r[user], other ? V_TS : VEC_EXIT, other && user ? PF_U : 0);
			expect("eax", stopped.r.eax, other ? 0 : 0x12345678);
			expect("eip", passed.eip, CODE);
			expect("RF", passed.eflags & RF, RF);
		}
		w[0] = low;
	}
	on_trap[V_PF] = 0;
}

/* LIDT and LGDT with copies, in which one thing is different. */
static void test_new_tables(void)
{
	static u64 idt[256], gdt[16];
	struct regs r = user_regs((void *)CODE);
	struct pointer old, new = { sizeof(idt) - 1, AT(idt) };
	u32 before;

	put_code(pass_and_exit, sizeof(pass_and_exit));
	test("LIDT with another gate");
	__asm__ volatile("sidt %0" : "=m"(old));
	memcpy(idt, (void *)old.base, sizeof(idt));
	idt[VEC_PASS] = gate_low(stub(0x77), KCODE, GATE_USER);
	for (u32 k = 0; k < OFTEN; k++)
		run_to(&r, VEC_EXIT, 0);
	load_idt(&new);
	run_to(&r, 0x77, 0);
	load_idt(&old);
	run_to(&r, VEC_EXIT, 0);
	new.limit = VEC_PASS * 8 + 6;
	new.base = old.base;
	load_idt(&new);
	run_to(&r, V_GP, IDT_ERROR);
	load_idt(&old);

	test("LGDT with another user stack segment");
	__asm__ volatile("sgdt %0" : "=m"(old));
	memcpy(gdt, (void *)old.base, old.limit + 1u);
	new = (struct pointer){ old.limit, AT(gdt) };
	r.ss = UBASED2;
	for (u32 k = 0; k < OFTEN; k++)
		run_to(&r, VEC_EXIT, 0);
	gdt[UBASED2 >> 3] = descriptor(0, 0xfffff, 0xc073);	/* not present */
	load_gdt(&new);
	before = passes;
	run_to(&r, in_tcg() ? V_NP : V_SS, UBASED2 & ~3u);
	expect("no INT", passes, before);
	load_gdt(&old);
	run_to(&r, VEC_EXIT, 0);
}

/* DS with a base in the user's code: what was known of flat code does not hold for it. */
static void test_other_segments(void)
{
	/* mov %ax, %ds; int $VEC_PASS; mov (%edi), %eax; mov %cx, %ds; int $VEC_EXIT */
	static const u8 code[] = { 0x8e, 0xd8, 0xcd, VEC_PASS, 0x8b, 0x07, 0x8e, 0xd9,
		0xcd, VEC_EXIT };
	struct regs r = user_regs((void *)CODE);
	u32 page = page_new();

	test("DS is flat, or has a base");
	put_code(code, sizeof(code));
	for (u32 k = 0; k < 64; k++)
		((u32 *)page)[k] = k;
	segment_base(UBASED, 16);
	for (u32 k = 0; k < 4 * OFTEN; k++) {
		bool based = k / OFTEN & 1;

		r.eax = based ? UBASED : UDATA;
		r.ecx = UDATA;
		r.edi = page;
		run_to(&r, VEC_EXIT, 0);
		expect("by DS", stopped.r.eax, based ? 4 : 0);
	}
}

void main(void)
{
	code_page = page_new();
	map(kernel_pd, CODE, code_page, P | W | U);
	on_trap[VEC_PASS] = on_pass;
	test_int_gates();
	test_trap_gate();
	test_fault_gate();
	test_new_tables();
	test_other_segments();
	test_frames();
	test_level_returns();
	test_enter();
	test_loads();
	test_mix();
	finish("level");
}
