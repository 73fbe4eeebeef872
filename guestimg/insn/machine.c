/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine under the cases: descriptor tables as Linux has them, paging, COM1.
 * Knows nothing of cases but where they lie.
 */
#include "guestimg/insn/guest.h"

struct tss {
	u32 link, esp0, ss0, rest[22];
	u16 trap, io_map;		/* io_map: beyond the limit, so no port is allowed */
};

static u64 gdt[16], ldt[16], idt[256];
static struct tss tss;
static u8 trap_stack[4096] __attribute__((aligned(16)));
static const struct insn_seg segs[] = INSN_LDT;
void load_tables(const void *gdtr, const void *idtr);
void kernel_trap(const struct trap *t);

/* -- Output ------------------------------------------------------------------- */

void machine_out8(u16 port, u8 v) { __asm__ volatile("outb %0, %1" :: "a"(v), "Nd"(port)); }

u8 machine_in8(u16 port)
{
	u8 v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static void put(char ch)
{
	while (!(machine_in8(0x3fd) & 0x20))
		;
	machine_out8(0x3f8, (u8)ch);
}

void print(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
}

void print_hex(const char *name, u32 v)
{
	print(name);
	print(" ");
	for (int i = 28; i >= 0; i -= 4)
		put("0123456789abcdef"[v >> i & 15]);
}

void print_dec(u32 v)
{
	if (v > 9)
		print_dec(v / 10);
	put((char)('0' + v % 10));
}

void finish(u32 code)
{
	machine_out8(0xf4, (u8)code);
	for (;;)
		__asm__ volatile("cli\n\thlt");
}

void kernel_trap(const struct trap *t)
{
	u32 cr2;

	__asm__ volatile("movl %%cr2, %0" : "=r"(cr2));
	print("FAIL insn: exception in the image itself:");
	print_hex(" vector", t->vector);
	print_hex(" error", t->error);
	print_hex(" eip", t->eip);
	print_hex(" cr2", cr2);
	print("\n");
	finish(1);
}

/* -- Tables ------------------------------------------------------------------- */

static u64 descriptor(u32 base, u32 limit, u32 attr)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)(attr & 0xf0ff) << 40 |
	       (u64)(limit >> 16 & 15) << 48 | (u64)(base >> 24) << 56;
}

void machine_esp_base(u32 base) { gdt[SEL_ESP / 8] = descriptor(base, 0xfffff, 0xc093); }

void machine_limited_code(u32 base, u32 limit, bool big)
{
	gdt[SEL_LIMITED_CODE / 8] = descriptor(base, limit, big ? 0x409b : 0x9b);
}

static void put_segment(const struct insn_seg *s, u32 base)
{
	ldt[s->sel >> 3] = descriptor(base, s->limit, 0xf1u | s->type | (s->big ? 0x4000 : 0));
}

void machine_code_base(u32 base)
{
	for (unsigned i = 0; i < sizeof segs / sizeof segs[0]; i++)
		if (segs[i].type == 10)
			put_segment(&segs[i], base);
}

static void init_tables(void)
{
	struct { u16 limit; u32 base; } __attribute__((packed)) gdtr, idtr;

	gdt[SEL_KCODE / 8] = descriptor(0, 0xfffff, 0xc09b);
	gdt[SEL_KDATA / 8] = descriptor(0, 0xfffff, 0xc093);
	gdt[SEL_CS32 / 8] = descriptor(0, 0xfffff, 0xc0fb);
	gdt[SEL_FLAT / 8] = descriptor(0, 0xfffff, 0xc0f3);
	gdt[SEL_TSS / 8] = descriptor((u32)&tss, 0x67, 0x89);
	gdt[SEL_LDT / 8] = descriptor((u32)ldt, sizeof ldt - 1, 0x82);
	for (unsigned i = 0; i < sizeof segs / sizeof segs[0]; i++)
		put_segment(&segs[i], segs[i].base);
	for (u32 v = 0; v < 256; v++) {
		u32 at = (u32)trap_stubs + 16 * v, dpl = v == 3 || v == 4 || v == 0x80 ? 3 : 0;

		idt[v] = (at & 0xffff) | SEL_KCODE << 16 |
			 (u64)((at & 0xffff0000) | 0x8e00 | dpl << 13) << 32;
	}
	tss.esp0 = (u32)(trap_stack + sizeof trap_stack);
	tss.ss0 = SEL_KDATA;
	tss.io_map = 0x68;
	gdtr.limit = sizeof gdt - 1;
	gdtr.base = (u32)gdt;
	idtr.limit = sizeof idt - 1;
	idtr.base = (u32)idt;
	load_tables(&gdtr, &idtr);
}

/* -- Paging ------------------------------------------------------------------- */

u8 *machine_slots(void) { return (u8 *)(KERNEL + SLOTS_PHYS + CODE_MARGIN); }

/* The data pages are not next to each other in physical memory. */
static u32 data_page(u32 n)
{
	static const u32 at[] = { 0x311000, 0x315000, 0x313000 };

	return at[n];
}

u8 *machine_data(u32 off)
{
	return (u8 *)(KERNEL + data_page(off / INSN_PAGE) + off % INSN_PAGE);
}

void machine_map(u32 linear, u32 phys, u32 bits)
{
	static u32 used;
	u32 *entry = &page_dir[linear >> 22];

	if (!*entry)
		*entry = (TABLES_PHYS + INSN_PAGE * used++) | P_PRESENT | P_WRITE | P_USER;
	((u32 *)(KERNEL + (*entry & ~0xfffu)))[linear >> 12 & 0x3ff] = phys | bits | P_PRESENT;
}

static void init_paging(u32 slots)
{
	u32 code = slots + 2 * CODE_MARGIN;

	page_dir[0] = 0;
	for (u32 at = 0; at < code; at += INSN_PAGE)
		machine_map(CODE_BASE - CODE_MARGIN + at, SLOTS_PHYS + at, P_USER);
	for (u32 n = 0; n < DATA_ALL / INSN_PAGE; n++)
		machine_map(DATA_BASE + n * INSN_PAGE, data_page(n),
		    P_USER | (n * INSN_PAGE < DATA_RW ? P_WRITE : 0));
	__asm__ volatile("movl %0, %%cr3" :: "r"((u32)page_dir - KERNEL) : "memory");
}

/* -- The CPU ------------------------------------------------------------------ */

static u32 features[4];			/* CPUID.1: EDX, ECX; CPUID.80000001: ECX, EDX */

bool machine_has(unsigned need)
{
	if (need > 128)
		return false;
	return !need || (features[(need - 1) / 32] >> ((need - 1) % 32) & 1);
}

void machine_init(u32 slots)
{
	u32 a = 1, b, c = 0, d;

	machine_out8(0x21, 0xff);		/* no interrupts */
	machine_out8(0xa1, 0xff);
	machine_out8(0x3f9, 0);
	machine_out8(0x3fb, 3);
	init_tables();
	init_paging(slots);
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	features[0] = d;
	features[1] = c;
	a = 0x80000001;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(features[2]), "=d"(features[3]));
	if (machine_has(25))		/* FXSR: XMM registers may be used */
		__asm__ volatile("movl %%cr4, %0\n\torl $0x600, %0\n\tmovl %0, %%cr4" : "=&r"(a));
}
