/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of long mode and back: protected mode without paging, PAE and two-level paging, real mode;
 * what the CPU refuses on the way. The steps are modes.code.S's.
 */
#include "guestimg/tests64/modes.h"

u64 legacy_pdpt[4] __attribute__((aligned(32)));
u32 legacy_pd[1024] __attribute__((aligned(4096)));
static u64 legacy_idt[128] __attribute__((aligned(8)));
struct { u16 limit; u32 base; } __attribute__((packed)) legacy_idt_pointer;

static void legacy_gate(u8 vector, const char *at)
{
	legacy_idt[vector] = (AT(at) & 0xffff) | KCODE32 << 16 | (AT(at) & 0xffff0000) << 32 |
			     0x8eul << 40;
}

static void legacy_init(void)
{
	legacy_gate(0x60, on_60);
	legacy_gate(V_GP, on_gp);
	legacy_idt_pointer.limit = sizeof(legacy_idt) - 1;
	legacy_idt_pointer.base = (u32)AT(legacy_idt);
	for (u32 k = 0; k < 2; k++)
		legacy_pdpt[k] = (*entry(0, 3) & 0xffffffffff000) | P;
	for (u32 at = 0; at < RAM_SIZE; at += 0x400000)
		legacy_pd[at >> 22] = legacy_pd[(at + WINDOW) >> 22] = at | (u32)(PS | P | W | U);
}

static struct tour take(const char *piece)
{
	static struct tour t;

	t = (struct tour){ 0 };
	on_60_count = on_gp_count = 0;
	tour_run(&t, piece);
	expect("EFER in compatibility mode", t.efer_compat & 0x500, EFER_LME | EFER_LMA);
	expect("EFER with paging off", t.efer_off & 0x500, EFER_LME);
	expect("EFER after all", t.efer_after & 0x500, EFER_LME | EFER_LMA);
	return t;
}

void test_tours(void)
{
	struct tour t;

	legacy_init();
	test("out of long mode and back");
	t = take(piece_legacy);
	expect("eax", t.found[0], 0x42);
	expect("interrupts by 8-byte gates", on_60_count, 1);
	expect("EFER before paging", t.efer_before & 0x500, EFER_LME);
	test("out of long mode, PAE paging, and back");
	t = take(piece_pae);
	expect("EFER there", t.found[0] & 0x500, 0);
	expect("through the alias", t.found[1], tour_value);
	expect("interrupts", on_60_count, 1);
	test("out of long mode, two-level paging, and back");
	t = take(piece_two);
	expect("EFER there", t.found[0] & 0x500, 0);
	expect("through the alias", t.found[1], tour_value);
	test("out of long mode, real mode, and back at once");
	gdt[SPARE >> 3] = descriptor(0, 0xffff, 0x9b);
	t = take(piece_real);
	expect("read in real mode", t.found[0], 0x1234);
	test("paging with LME but not PAE; LME while paging is on");
	if (!not_in_tcg("it takes the latter")) {
		t = take(piece_refused);
		expect("faults", t.found[0], 1);
		expect("faults", t.found[1], 2);
		expect("error code", on_gp_error, 0);
		expect("EFER there", t.found[2] & 0x500, 0);
	}
	test("long mode with a 16-bit TSS");
	if (!not_in_tcg("it takes it")) {
		gdt[SPARE >> 3] = descriptor((u32)AT(&tss), sizeof(tss) - 1, 0x81);
		gdt[SPARE2 >> 3] = descriptor((u32)AT(&tss), sizeof(tss) - 1, 0x89);
		t = take(piece_tss16);
		expect("faults", t.found[0], 1);
		gdt[TSS >> 3] &= ~(2ul << 40);
		__asm__ volatile("ltr %w0" :: "r"(TSS));
	}
}
