/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transfers of control in long mode against the pseudo-code of SDM vol. 2: interrupts and
 * exceptions (INT n; vol. 3, 6.14), IRET, far JMP, CALL, RET, call gates, SYSCALL and SYSENTER.
 */
#include "dbt/sys/exc.h"
#include "dbt/sys/farxfer.h"
#include "dbt/sys/sysutil.h"
#include "qemu-test/unit/sys_check.h"
#include "qemu-test/unit/sys_world.h"

#define H FAKE_HIGH
#define NONCANONICAL 0x0000800000000000ull
#define BAD_STACK (NONCANONICAL + 0x40)
#define HANDLER(v) (H + 0x8000 + (v) * 16)
#define STACK(cpl) (H + W_STACK + 0x1000 * (cpl) + W_TOP)

/* -- Delivery --------------------------------------------------------------- */

static struct fault deliver(struct fault f, enum exc_kind kind)
{
	return exc_deliver(&w, &f, kind);
}

/* SS, RSP, RFLAGS, CS, RIP lie on the stack from value k on. */
static void want_frame(unsigned k, u64 rip, u16 cs, u32 flags, u64 rsp, u16 ss)
{
	EQ(stack64(k), rip);
	EQ(stack64(k + 1), cs);
	EQ(stack64(k + 2), flags);
	EQ(stack64(k + 3), rsp);
	EQ(stack64(k + 4), ss);
}

static void test_deliver_inner(void)
{
	world_long(3);
	eflags_set(&w, FL_IF | FL_TF | FL_NT | FL_CF);
	OK(deliver(fault_page(gva(H + 5), 7), EV_FAULT));
	EQ(w.eip, HANDLER(EXC_PF));
	EQ(w.cpl, 0);
	EQ(w.seg[CS].sel, L_CODE0);
	EQ(w.seg[SS].sel, 0);
	EQ(w.seg[SS].attr, 0);
	EQ(w.gpr[ESP], STACK(0) - 48);		/* RSP0 was 8 more: cut to a multiple of 16 */
	EQ(stack64(0), 7);
	want_frame(1, H + W_EIP, L_CODE3, FL_IF | FL_TF | FL_NT | FL_CF | FL_RF | FL_FIXED,
		   STACK(3), S_DATA3);
	EQ(eflags_get(&w), FL_CF | FL_FIXED);
	/* to level 1: SS is null with RPL 1; a trap gate leaves IF */
	world_long(3);
	put_idt64(0x40, L_CODE1, H + 0x77, 15, 3, 0);
	eflags_set(&w, FL_IF);
	OK(deliver(fault_plain(0x40), EV_INT));
	EQ(w.seg[SS].sel, 1);
	EQ(w.seg[CS].sel, L_CODE1);
	EQ(w.cpl, 1);
	EQ(w.gpr[ESP], STACK(1) - 40);
	want_frame(0, H + W_NEXT, L_CODE3, FL_IF | FL_FIXED, STACK(3), S_DATA3);
	EQ(eflags_get(&w), FL_IF | FL_FIXED);
}

static void test_deliver_same(void)
{
	world_long(0);
	w.gpr[ESP] -= 4;			/* the frame is aligned at the same level too */
	OK(deliver(fault_plain(0x20), EV_INTR));
	EQ(w.gpr[ESP], STACK(0) - 16 - 40);
	want_frame(0, H + W_EIP, L_CODE0, FL_FIXED, STACK(0) - 4, 0);
	/* conforming code: the level stays, and so does SS */
	world_long(3);
	put_idt64(0x21, L_CONF0, H + 0x99, 14, 3, 0);
	OK(deliver(fault_plain(0x21), EV_INT));
	EQ(w.cpl, 3);
	EQ(w.seg[CS].sel, L_CONF0 | 3);
	EQ(w.seg[SS].sel, S_DATA3);
	/* from compatibility code: SS and ESP with zeros above */
	world_compat(3);
	OK(deliver(fault_plain(0x22), EV_INTR));
	EQ(w.gpr[ESP], STACK(0) - 40);
	want_frame(0, W_EIP, S_CODE3, FL_FIXED, W_STACK + 0x3000 + W_TOP, S_DATA3);
	world_compat(0);
	OK(deliver(fault_plain(0x22), EV_INTR));
	EQ(w.seg[SS].sel, S_DATA0);
	EQ(w.gpr[ESP], W_STACK + W_TOP - 40);
	EQ(fake_get(W_STACK + W_TOP - 40 + 24, 8), W_STACK + W_TOP);
}

static void test_ist(void)
{
	for (u8 ist = 1; ist < 8; ist++) {
		world_long(0);
		put_idt64(EXC_NMI, L_CODE0, H + 0x55, 14, 0, ist);
		OK(deliver(fault_plain(EXC_NMI), EV_NMI));
		EQ(w.gpr[ESP], H + W_IST + 0x1000 * ist + W_TOP - 40);
		want_frame(0, H + W_EIP, L_CODE0, FL_FIXED, STACK(0), 0);
	}
	world_long(3);
	put_idt64(EXC_DF, L_CODE0, H + 0x55, 14, 0, 2);
	OK(deliver(fault_code(EXC_DF, 0), EV_FAULT));
	EQ(w.gpr[ESP], H + W_IST + 0x2000 + W_TOP - 48);
	EQ(w.seg[SS].sel, 0);
	w.tr.limit = 0x2a;			/* IST1 ends at 0x2b */
	put_idt64(EXC_DF, L_CODE0, H + 0x55, 14, 0, 1);
	FAULTS(deliver(fault_code(EXC_DF, 0), EV_FAULT), EXC_TS, L_TSS | 1);
	w.tr.limit = 0x2b;
	OK(deliver(fault_code(EXC_DF, 0), EV_FAULT));
}

static void test_gate_faults(void)
{
	const u32 at = 0x40 * 8 + 2;

	world_long(3);
	for (unsigned type = 0; type < 32; type++) {
		if (type == 14 || type == 15)
			continue;
		put_idt64(0x40, L_CODE0, H, type, 3, 0);
		FAULTS(deliver(fault_plain(0x40), EV_INT), EXC_GP, at);
		FAULTS(deliver(fault_plain(0x40), EV_INTR), EXC_GP, at | 1);
	}
	put_idt64(0x40, L_CODE0, H, 14, 2, 0);
	FAULTS(deliver(fault_plain(0x40), EV_INT), EXC_GP, at);
	put_idt64(0x40, L_CODE0, H, 14, 3, 0);
	fake_mem[W_IDT + 0x40 * 16 + 5] &= 0x7f;
	FAULTS(deliver(fault_plain(0x40), EV_INT), EXC_NP, at);
	w.idtr.limit = 0x40 * 16 + 14;
	FAULTS(deliver(fault_plain(0x40), EV_INT), EXC_GP, at);
	FAULTS(deliver(fault_plain(0x41), EV_INTR), EXC_GP, 0x41 * 8 + 3);
}

static struct fault to_code(u16 sel, u64 off)
{
	put_idt64(0x40, sel, off, 14, 3, 0);
	world_snap();
	return deliver(fault_plain(0x40), EV_INT);
}

#define INT_FAULTS(sel, off, vec, code) \
	do { \
		want_fault(to_code(sel, off), vec, code, "int to " #sel, __LINE__); \
		want_unchanged("int to " #sel, __LINE__); \
	} while (0)

static void test_gate_code(void)
{
	world_long(2);
	INT_FAULTS(0, H, EXC_GP, 0);
	INT_FAULTS(3, H, EXC_GP, 0);
	INT_FAULTS(0x200, H, EXC_GP, 0x200);
	INT_FAULTS(S_DATA0, H, EXC_GP, S_DATA0);
	INT_FAULTS(S_CODE0, H, EXC_GP, S_CODE0);	/* L clear */
	INT_FAULTS(L_CODE3, H, EXC_GP, L_CODE3 & ~3);	/* an outer level */
	desc_set(L_CODE0, SEG_DB);
	INT_FAULTS(L_CODE0, H, EXC_GP, L_CODE0);
	desc_clear(L_CODE0, SEG_DB | SEG_P);
	INT_FAULTS(L_CODE0, H, EXC_NP, L_CODE0);
	desc_set(L_CODE0, SEG_P);
	INT_FAULTS(L_CODE0, NONCANONICAL, EXC_GP, 0);
	fake_put(W_TSS_A + 4, 8, BAD_STACK);
	INT_FAULTS(L_CODE0, H, EXC_SS, 0);
	fake_put(W_TSS_A + 4, 8, NONCANONICAL + 40);	/* the last value is below the hole */
	INT_FAULTS(L_CODE0, H, EXC_SS, 0);
	w.tr.limit = 10;
	INT_FAULTS(L_CODE0, H, EXC_TS, L_TSS);
	w.tr.limit = 0x67;
	fake_put(W_TSS_A + 4, 8, STACK(0));
	OK(to_code(L_CODE0, H + 1));
	/* external: EXT everywhere */
	world_long(0);
	w.gpr[ESP] = BAD_STACK;
	FAULTS(deliver(fault_plain(0x20), EV_INTR), EXC_SS, 1);
	world_long(3);
	fake_put(W_TSS_A + 4, 8, BAD_STACK);
	FAULTS(deliver(fault_plain(0x20), EV_INTR), EXC_SS, 1);
	put_idt64(0x20, 0, H, 14, 0, 0);
	FAULTS(deliver(fault_plain(0x20), EV_INTR), EXC_GP, 1);
}

static void setup_deliver(void) { world_long(3); }
static struct fault op_deliver(void) { return deliver(fault_code(EXC_GP, 0), EV_FAULT); }

/* #GP while #PF is delivered: a double fault, by its own stack. */
static void test_double(void)
{
	world_long(3);
	put_idt64(EXC_PF, S_CODE0, H, 14, 0, 0);
	put_idt64(EXC_DF, L_CODE0, HANDLER(EXC_DF), 14, 0, 3);
	exc_raise(&w, fault_page(gva(H + 0x123456789), 4));
	EQ(w.eip, HANDLER(EXC_DF));
	EQ(w.cr2, H + 0x123456789);
	EQ(w.gpr[ESP], H + W_IST + 0x3000 + W_TOP - 48);
	EQ(stack64(0), 0);
	EQ(w.shutdown, 0);
}

/* -- IRET ------------------------------------------------------------------- */

static struct fault iret_to(u64 rip, u16 cs, u32 flags, u64 rsp, u16 ss)
{
	world_push64(ss);
	world_push64(rsp);
	world_push64(flags);
	world_push64(cs);
	world_push64(rip);
	world_snap();
	return far_iret(&w, 8);
}

#define IRET_FAULTS(rip, cs, ss, vec, code) \
	do { \
		want_fault(iret_to(rip, cs, 2, H + 0x100, ss), vec, code, "iret", __LINE__); \
		want_unchanged("iret", __LINE__); \
	} while (0)

static void want_state(u64 rip, u16 cs, u64 rsp, u16 ss, u8 cpl)
{
	EQ(w.eip, rip);
	EQ(w.seg[CS].sel, cs);
	EQ(w.seg[SS].sel, ss);
	EQ(vcpu_code64(&w) ? w.gpr[ESP] : reg32(&w, ESP), rsp);
	EQ(w.cpl, cpl);
}

static void test_iret(void)
{
	world_long(0);		/* the same level: SS and RSP are popped */
	OK(iret_to(H + 0x100, L_CODE0, FL_IF, H + 0x505, 0));
	want_state(H + 0x100, L_CODE0, H + 0x505, 0, 0);
	EQ(eflags_get(&w), FL_IF | FL_FIXED);
	EQ(w_unmasked, 1);
	world_long(0);
	OK(iret_to(H + 0x100, L_CODE0, FL_IF, H + 0x505, S_DATA0));
	EQ(w.seg[SS].limit, 0xffffffff);
	world_long(0);
	w.seg[FS] = w.seg[GS] = (struct segment){ .base = H, .limit = 5 };
	w.seg[DS] = (struct segment){ .limit = ~0u, .attr = A_DATA(0), .sel = S_DATA0 };
	OK(iret_to(0x7fff12345678, L_CODE3, FL_IF, 0x7fff00000123, S_DATA3));
	want_state(0x7fff12345678, L_CODE3, 0x7fff00000123, S_DATA3, 3);
	EQ(w.seg[FS].base, H);			/* null: an MSR's base stays */
	EQ(w.seg[DS].sel, 0);			/* of level 0: dropped */
	EQ(w.seg[ES].sel, S_DATA3);
	world_long(0);
	OK(iret_to(H + 0x100, L_CODE2, FL_IF, H + 0x505, 2));
	want_state(H + 0x100, L_CODE2, H + 0x505, 2, 2);
	/* to compatibility code, and by 32-bit IRET from there */
	world_long(0);
	OK(iret_to(0x1234, S_CODE3, FL_IF, 0xf0001000, S_DATA3));
	want_state(0x1234, S_CODE3, 0xf0001000, S_DATA3, 3);
	world_compat(0);
	world_push(4, FL_IF);
	world_ret_frame(0x4321, L_CODE0);
	OK(far_iret(&w, 4));
	want_state(0x4321, L_CODE0, W_STACK + W_TOP, S_DATA0, 0);
	world_compat(0);		/* VM is not looked at in long mode */
	world_push(4, FL_VM);
	world_ret_frame(0x4321, S_CODE0);
	OK(far_iret(&w, 4));
	EQ(eflags_get(&w), FL_FIXED);
}

static void test_iret_faults(void)
{
	world_long(0);
	w.eflags |= FL_NT;
	IRET_FAULTS(H, L_CODE0, 0, EXC_GP, 0);
	w.eflags &= ~(u32)FL_NT;
	IRET_FAULTS(H, 0, 0, EXC_GP, 0);
	IRET_FAULTS(NONCANONICAL, L_CODE0, 0, EXC_GP, 0);
	IRET_FAULTS(NONCANONICAL, L_CODE3, S_DATA3, EXC_GP, 0);
	IRET_FAULTS(H, L_CODE3, 3, EXC_GP, 0);		/* null SS at level 3 */
	IRET_FAULTS(H, L_CODE0, 1, EXC_GP, 0);		/* null SS of another level */
	IRET_FAULTS(0x100, S_CODE0, 0, EXC_GP, 0);	/* null SS of compatibility code */
	IRET_FAULTS(H, S_CODE3, S_DATA3, EXC_GP, 0);	/* beyond its limit */
	IRET_FAULTS(H, L_CODE3, S_DATA0, EXC_GP, S_DATA0);
	IRET_FAULTS(H, L_CODE3 & ~3, S_DATA3, EXC_GP, L_CODE3 & ~3);
	IRET_FAULTS(H, 0x200, 0, EXC_GP, 0x200);
	desc_clear(S_DATA3, SEG_P);
	IRET_FAULTS(H, L_CODE3, S_DATA3, EXC_SS, S_DATA3 & ~3);
	desc_set(L_CODE3, SEG_DB);
	IRET_FAULTS(H, L_CODE3, S_DATA3, EXC_GP, L_CODE3 & ~3);
	desc_clear(L_CODE0, SEG_P);
	IRET_FAULTS(H, L_CODE0, 0, EXC_NP, L_CODE0);
	w.gpr[ESP] = NONCANONICAL - 16;
	FAULTS(far_iret(&w, 8), EXC_SS, 0);
	world_long(2);
	IRET_FAULTS(H, L_CODE1, 1, EXC_GP, L_CODE1 & ~3);
}

static void setup_iret(void)
{
	world_long(0);
	world_push64(S_DATA3);
	world_push64(H + 0x100);
	world_push64(2);
	world_push64(L_CODE3);
	world_push64(H + 0x100);
}
static struct fault op_iret(void) { return far_iret(&w, 8); }

/* -- Far JMP, CALL, RET ------------------------------------------------------ */

static void test_jmp(void)
{
	world_long(0);
	OK(far_jmp(&w, S_CODE0, 0x12345678, 4));
	want_state(0x12345678, S_CODE0, (u32)STACK(0), 0, 0);
	world_compat(0);
	OK(far_jmp(&w, L_CODE0, 0x12345678, 4));
	want_state(0x12345678, L_CODE0, W_STACK + W_TOP, S_DATA0, 0);
	world_long(0);
	OK(far_jmp(&w, L_CODE0, H + 0x10, 8));
	EQ(w.eip, H + 0x10);
	OK(far_jmp(&w, L_CODE0, H + 0x10, 4));
	EQ(w.eip, 0x10);
	FAULTS(far_jmp(&w, 0, 0, 8), EXC_GP, 0);
	FAULTS(far_jmp(&w, L_CODE0, NONCANONICAL, 8), EXC_GP, 0);
	FAULTS(far_jmp(&w, S_CODE0, H, 8), EXC_GP, 0);
	FAULTS(far_jmp(&w, L_TSS_B, 0, 8), EXC_GP, L_TSS_B);	/* no task switches */
	put_gate(S_FREE, L_TSS_B, 0, 5, 0, 0);
	FAULTS(far_jmp(&w, S_FREE, 0, 4), EXC_GP, S_FREE);
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_GP, S_FREE);
	FAULTS(far_call(&w, L_TSS_B, 0, 4), EXC_GP, L_TSS_B);
	put_gate(S_FREE, L_CODE0, 0, 4, 0, 0);			/* nor gates of 16 bits */
	FAULTS(far_call(&w, S_FREE, 0, 4), EXC_GP, S_FREE);
	desc_set(L_CODE0, SEG_DB);
	FAULTS(far_jmp(&w, L_CODE0, 0, 4), EXC_GP, L_CODE0);
	FAULTS(far_call(&w, L_CODE0, 0, 4), EXC_GP, L_CODE0);
	w.efer = 0;						/* outside long mode L is nothing */
	w.gdtr.base = W_GDT;
	OK(far_jmp(&w, L_CODE0, 0, 4));
}

static void test_call(void)
{
	world_long(0);
	OK(far_call(&w, L_CODE0, H + 0x10, 8));
	want_state(H + 0x10, L_CODE0, STACK(0) - 16, 0, 0);
	EQ(stack64(0), H + W_NEXT);
	EQ(stack64(1), L_CODE0);
	OK(far_ret(&w, 8, 8));
	want_state(H + W_NEXT, L_CODE0, STACK(0) + 8, 0, 0);
	world_long(0);
	w.gpr[ESP] = BAD_STACK;
	FAULTS(far_call(&w, L_CODE0, H, 8), EXC_SS, 0);
	/* 64-bit code calls compatibility code with 4-byte values */
	world_long(3);
	w.gpr[ESP] = W_STACK + W_TOP;
	w.next_eip = W_NEXT;
	OK(far_call(&w, S_CODE3, 0x10, 4));
	want_state(0x10, S_CODE3, W_STACK + W_TOP - 8, S_DATA3, 3);
	EQ(stack_at(0, 4), W_NEXT);
	EQ(stack_at(1, 4), L_CODE3);
	OK(far_ret(&w, 4, 0));
	want_state(W_NEXT, L_CODE3, W_STACK + W_TOP, S_DATA3, 3);
}

static void test_call_gate(void)
{
	world_long(3);
	put_gate64(L_GATE, L_CODE0, H + 0x30, 3);
	OK(far_call(&w, L_GATE | 3, 0, 4));
	want_state(H + 0x30, L_CODE0, STACK(0) + 8 - 32, 0, 0);	/* not aligned */
	EQ(stack64(0), H + W_NEXT);
	EQ(stack64(1), L_CODE3);
	EQ(stack64(2), STACK(3));
	EQ(stack64(3), S_DATA3);
	OK(far_ret(&w, 8, 0));
	want_state(H + W_NEXT, L_CODE3, STACK(3), S_DATA3, 3);
	FAULTS(far_jmp(&w, L_GATE | 3, 0, 4), EXC_GP, L_CODE0);	/* JMP goes to no inner level */
	world_compat(3);
	put_gate64(L_GATE, L_CODE2, H + 0x30, 3);
	OK(far_call(&w, L_GATE | 3, 0, 4));
	want_state(H + 0x30, L_CODE2, STACK(2) + 8 - 32, 2, 2);
	world_long(0);			/* at the same level: 8-byte values */
	put_gate64(L_GATE, L_CODE0, H + 0x30, 3);
	OK(far_call(&w, L_GATE, 0, 2));
	want_state(H + 0x30, L_CODE0, STACK(0) - 16, 0, 0);
	OK(far_jmp(&w, L_GATE, 0, 2));
	EQ(w.gpr[ESP], STACK(0) - 16);
}

static void test_call_gate_faults(void)
{
	world_long(3);
	put_gate64(L_GATE, L_CODE0, H, 2);
	FAULTS(far_call(&w, L_GATE | 3, 0, 4), EXC_GP, L_GATE);
	put_gate64(L_GATE, L_CODE0, NONCANONICAL, 3);
	FAULTS(far_call(&w, L_GATE | 3, 0, 4), EXC_GP, 0);
	put_gate64(L_GATE, S_CODE0, H, 3);
	FAULTS(far_call(&w, L_GATE | 3, 0, 4), EXC_GP, S_CODE0);
	put_gate64(L_GATE, L_CODE0, H, 3);
	fake_mem[W_GDT + L_GATE + 13] = 0x10;			/* the upper half's type */
	FAULTS(far_call(&w, L_GATE | 3, 0, 4), EXC_GP, L_GATE);
	fake_mem[W_GDT + L_GATE + 13] = 0;
	fake_put(W_TSS_A + 4, 8, BAD_STACK);
	FAULTS(far_call(&w, L_GATE | 3, 0, 4), EXC_SS, 0);
	w.tr.limit = 10;
	FAULTS(far_call(&w, L_GATE | 3, 0, 4), EXC_TS, L_TSS);
	desc_clear(L_GATE, SEG_P);
	FAULTS(far_call(&w, L_GATE | 3, 0, 4), EXC_NP, L_GATE);
	w.gdtr.limit = L_GATE + 14;
	desc_set(L_GATE, SEG_P);
	FAULTS(far_call(&w, L_GATE | 3, 0, 4), EXC_GP, L_GATE);
}

static void test_ret(void)
{
	world_long(0);
	world_push64(S_DATA3);
	world_push64(0x7fff00000010);
	world_push64(L_CODE3);
	world_push64(0x7fff00000000);
	OK(far_ret(&w, 8, 0));
	want_state(0x7fff00000000, L_CODE3, 0x7fff00000010, S_DATA3, 3);
	world_long(0);
	world_push64(2);
	world_push64(H + 0x10);
	world_push64(L_CODE2);
	world_push64(H);
	OK(far_ret(&w, 8, 0));
	want_state(H, L_CODE2, H + 0x10, 2, 2);
	world_long(0);
	world_push64(L_CODE0);
	world_push64(NONCANONICAL);
	FAULTS(far_ret(&w, 8, 0), EXC_GP, 0);
}

/* -- SYSCALL, SYSENTER -------------------------------------------------------- */

static void want_flat(enum sreg r, u16 sel, u16 attr)
{
	EQ(w.seg[r].sel, sel);
	EQ(w.seg[r].base, 0);
	EQ(w.seg[r].limit, 0xffffffff);
	EQ(w.seg[r].attr, attr);
}

static void syscall_world(u8 cpl)
{
	world_long(cpl);
	w.star = 0x0023001000000000;
	w.lstar = H + 0x600;
	w.fmask = FL_IF | FL_TF | FL_DF | FL_CF;
}

static void test_syscall(void)
{
	syscall_world(3);
	eflags_set(&w, FL_IF | FL_DF | FL_CF | FL_ZF | FL_RF);
	OK(far_syscall(&w));
	EQ(w.eip, H + 0x600);
	EQ(w.gpr[ECX], H + W_NEXT);
	EQ(w.gpr[11], FL_IF | FL_DF | FL_CF | FL_ZF | FL_FIXED);
	EQ(eflags_get(&w), FL_ZF | FL_FIXED);
	EQ(w.gpr[ESP], STACK(3));
	EQ(w.cpl, 0);
	want_flat(CS, 0x10, A_CODE64(0) | SEG_ACCESSED);
	want_flat(SS, 0x18, A_DATA(0) | SEG_ACCESSED);
	w.efer &= ~(u64)EFER_SCE;
	FAULTS(far_syscall(&w), EXC_UD, 0);
	FAULTS(far_sysret(&w, 8), EXC_UD, 0);
	world_compat(3);
	FAULTS(far_syscall(&w), EXC_UD, 0);
	world_compat(0);
	FAULTS(far_sysret(&w, 4), EXC_UD, 0);
}

static void test_sysret(void)
{
	syscall_world(0);
	w.gpr[ECX] = 0x7fffffffffff;
	w.gpr[11] = ~0ull;
	OK(far_sysret(&w, 8));
	EQ(w.eip, 0x7fffffffffff);
	EQ(w.cpl, 3);
	EQ(eflags_get(&w), 0x3c7fd7 & ~(FL_VIF | FL_VIP));
	EQ(w_unmasked, 1);
	want_flat(CS, 0x33, A_CODE64(3) | SEG_ACCESSED);
	want_flat(SS, 0x2b, A_DATA(3) | SEG_ACCESSED);
	syscall_world(0);
	w.gpr[ECX] = 0x9876543210;
	OK(far_sysret(&w, 4));
	EQ(w.eip, 0x76543210);
	want_flat(CS, 0x23, A_CODE(3) | SEG_ACCESSED);
	want_flat(SS, 0x2b, A_DATA(3) | SEG_ACCESSED);
	syscall_world(0);
	w.gpr[ECX] = NONCANONICAL;		/* in the kernel, as Intel's do */
	FAULTS(far_sysret(&w, 8), EXC_GP, 0);
	syscall_world(3);
	FAULTS(far_sysret(&w, 8), EXC_GP, 0);
}

static void test_sysenter(void)
{
	for (unsigned wide = 0; wide < 2; wide++) {
		if (wide)
			world_long(3);
		else
			world_compat(3);
		w.sysenter_cs = 0x10;
		w.sysenter_eip = H + 0x700;
		w.sysenter_esp = H + 0x800;
		OK(far_sysenter(&w));
		want_flat(CS, 0x10, A_CODE64(0) | SEG_ACCESSED);
		want_flat(SS, 0x18, A_DATA(0) | SEG_ACCESSED);
		EQ(w.eip, H + 0x700);
		EQ(w.gpr[ESP], H + 0x800);
	}
	w.gpr[EDX] = 0x7fff12345678;
	w.gpr[ECX] = 0x7fff87654321;
	OK(far_sysexit(&w, 8));
	want_flat(CS, 0x33, A_CODE64(3) | SEG_ACCESSED);
	want_flat(SS, 0x3b, A_DATA(3) | SEG_ACCESSED);
	EQ(w.eip, 0x7fff12345678);
	EQ(w.gpr[ESP], 0x7fff87654321);
	OK(far_sysenter(&w));
	OK(far_sysexit(&w, 4));
	want_flat(CS, 0x23, A_CODE(3) | SEG_ACCESSED);
	EQ(w.eip, 0x12345678);
	EQ(reg32(&w, ESP), 0x87654321);
	OK(far_sysenter(&w));
	w.gpr[EDX] = NONCANONICAL;
	FAULTS(far_sysexit(&w, 8), EXC_GP, 0);
	w.gpr[EDX] = 0;
	w.gpr[ECX] = NONCANONICAL;
	FAULTS(far_sysexit(&w, 8), EXC_GP, 0);
}

int main(void)
{
	test_deliver_inner();
	test_deliver_same();
	test_ist();
	test_gate_faults();
	test_gate_code();
	test_double();
	TRUE(page_fault_sweep(setup_deliver, op_deliver, "deliver") >= 6);
	test_iret();
	test_iret_faults();
	TRUE(page_fault_sweep(setup_iret, op_iret, "iretq") >= 3);
	test_jmp();
	test_call();
	test_call_gate();
	test_call_gate_faults();
	test_ret();
	test_syscall();
	test_sysret();
	test_sysenter();
	return check_done();
}
