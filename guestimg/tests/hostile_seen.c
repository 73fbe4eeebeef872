/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the monitor keeps of tables that it has read: gates, descriptors, the pages of devices.
 * Each is used until it is surely kept, then changed behind its back, by another mapping where
 * there is one; the next use must go by the new contents.
 */
#include "guestimg/tests/hostile.h"
#include "guestimg/tests/lib.h"

enum { ALIAS = WINDOW + 0x1800000, VECTOR = 0x80, OFTEN = 4,
	LAPIC = 0xfee00000, IOAPIC = 0xfec00000, TYPE_TRAP = 1 << 8 };

static u32 flags_inside;

/* EFLAGS as the handler has them: an interrupt gate clears IF, a trap gate does not. */
static bool on_vector(struct trap *t)
{
	(void)t;
	__asm__ volatile("pushfl; popl %0" : "=r"(flags_inside));
	return true;
}

static u32 if_inside(void)
{
	flags_inside = ~0u;
	__asm__ volatile("sti; int $0x80; cli" ::: "memory");
	return flags_inside & IF;
}

/* The word at `at`, through another mapping of their page. */
static volatile u32 *aliased(u32 at)
{
	map(kernel_pd, ALIAS, at & ~(PAGE - 1u), P | W);
	invlpg(ALIAS);
	return (volatile u32 *)(ALIAS + (at & (PAGE - 1)));
}

static void test_gate(void)
{
	struct pointer idt;
	volatile u32 *gate;

	test("a gate is changed through another mapping");
	__asm__ volatile("sidt %0" : "=m"(idt));
	on_trap[VECTOR] = on_vector;
	for (int n = 0; n < OFTEN; n++)
		expect("interrupt gate", if_inside(), 0);
	gate = aliased(idt.base + VECTOR * 8 + 4);
	*gate |= TYPE_TRAP;
	for (int n = 0; n < OFTEN; n++)
		expect("trap gate", if_inside(), IF);
	*gate &= ~(u32)TYPE_TRAP;
	expect("interrupt gate again", if_inside(), 0);
}

/* The handler's code segment loses its accessed bit: the next event sets it again. */
static void test_descriptor(void)
{
	struct pointer gdt;
	volatile u32 *hi;
	u16 cs;

	test("the handler's descriptor is changed through another mapping");
	__asm__ volatile("sgdt %0" : "=m"(gdt));
	__asm__ volatile("movw %%cs, %0" : "=r"(cs));
	for (int n = 0; n < OFTEN; n++)
		if_inside();
	hi = aliased(gdt.base + (cs & ~7u) + 4);
	*hi &= ~(u32)(1 << 8);
	if_inside();
	expect("accessed again", *hi >> 8 & 1, 1);
}

/* The word that ES with this selector, loaded by MOV or by POP, has at `at`. */
static u32 by_mov(u32 sel, u32 at)
{
	u32 v;

	__asm__ volatile("movl %1, %%es\n\tmovl %%es:(%2), %0\n\tmovl %3, %%es"
			 : "=&r"(v) : "r"(sel), "r"(at), "r"(KDATA) : "memory");
	return v;
}

static u32 by_pop(u32 sel, u32 at)
{
	u32 v;

	__asm__ volatile("pushl %1\n\tpopl %%es\n\tmovl %%es:(%2), %0\n\tpushl %3\n\tpopl %%es"
			 : "=&r"(v) : "r"(sel), "r"(at), "r"(KDATA) : "memory");
	return v;
}

static void test_segment(void)
{
	u32 page = page_new();
	u32 *word = (u32 *)page;

	test("data segments of several bases take turns");
	for (u32 n = 0; n < 16; n++)
		word[n] = 0x1000 + n;
	for (u32 n = 0; n < 3 * OFTEN; n++) {
		u32 base = n / OFTEN + 1;

		segment_base(UBASED, 4 * base);
		for (u32 at = 8; at <= 8; at -= 8) {	/* its bytes are never those of before */
			segment_base(UBASED2, at);
			expect("a base that changes", by_mov(UBASED2, page), 0x1000 + at / 4);
		}
		expect("flat, by MOV", by_mov(KDATA, page), 0x1000);
		expect("with a base, by MOV", by_mov(UBASED, page), 0x1000 + base);
		expect("flat, by POP", by_pop(UDATA, page), 0x1000);
		expect("with a base, by POP", by_pop(UBASED, page), 0x1000 + base);
	}
}

/* One address is one device, then another, then memory. */
static void test_device(void)
{
	volatile u32 *at = (volatile u32 *)ALIAS;
	u32 version, page = page_new();

	test("a device's page is mapped to another device");
	map(kernel_pd, ALIAS, LAPIC, P | W | PCD);
	invlpg(ALIAS);
	version = *(volatile u32 *)(LAPIC + 0x30);
	for (int n = 0; n < OFTEN; n++)
		expect("the LAPIC's version", at[0x30 / 4], version);
	map(kernel_pd, ALIAS, IOAPIC, P | W | PCD);
	invlpg(ALIAS);
	for (int n = 0; n < OFTEN; n++) {
		at[0] = 1;
		expect("the IOAPIC's index", at[0], 1);
	}
	*(volatile u32 *)page = 0x12345678;
	map(kernel_pd, ALIAS, page, P | W);
	invlpg(ALIAS);
	expect("memory", at[0], 0x12345678);
	map(kernel_pd, ALIAS, LAPIC, P | W | PCD);
	load_cr3(kernel_pd);
	expect("the LAPIC again", at[0x30 / 4], version);
}

/* Bases that are far from the device, with displacements of more than 12 bits. */
static void test_device_far(void)
{
	static volatile u32 base[] = { LAPIC - 0x1200, LAPIC + 0x60000, LAPIC - 0x54300 };
	u32 version = *(volatile u32 *)(LAPIC + 0x30), v, w;

	test("a device at a large displacement");
	__asm__ volatile("movl 0x1230(%1), %0" : "=r"(v) : "r"(base[0]));
	expect("the LAPIC's version", v, version);
	__asm__ volatile("movl -0x5ffd0(%1), %0" : "=r"(v) : "r"(base[1]));
	expect("the version from above", v, version);
	__asm__ volatile("movl %3, 0x54380(%2)\n\tmovl 0x54380(%2), %0\n\tmovl %4, 0x54380(%2)\n\t"
			 "movl 0x54380(%2), %1"
			 : "=&r"(v), "=&r"(w) : "r"(base[2]), "r"(0x20), "r"(0));
	expect("the task priority", v, 0x20);
	expect("and 0 again", w, 0);
}

void test_seen(void)
{
	test_gate();
	test_descriptor();
	test_segment();
	test_device();
	test_device_far();
}
