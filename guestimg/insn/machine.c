/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine under the cases: descriptor tables as Linux has them, paging, COM1.
 * Knows nothing of cases but where they lie.
 */
#include "guestimg/base/cases.h"
#include "guestimg/base/tables.h"
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

void kernel_trap(const struct trap *t)
{
	cases_lost("insn", t->vector, t->error, t->eip);
}

/* -- Tables ------------------------------------------------------------------- */

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
	const struct pointer gdtr = { sizeof gdt - 1, (u32)gdt };
	const struct pointer idtr = { sizeof idt - 1, (u32)idt };

	gdt[SEL_KCODE / 8] = descriptor(0, 0xfffff, 0xc09b);
	gdt[SEL_KDATA / 8] = descriptor(0, 0xfffff, 0xc093);
	gdt[SEL_CS32 / 8] = descriptor(0, 0xfffff, 0xc0fb);
	gdt[SEL_FLAT / 8] = descriptor(0, 0xfffff, 0xc0f3);
	gdt[SEL_TSS / 8] = descriptor((u32)&tss, 0x67, 0x89);
	gdt[SEL_LDT / 8] = descriptor((u32)ldt, sizeof ldt - 1, 0x82);
	for (unsigned i = 0; i < sizeof segs / sizeof segs[0]; i++)
		put_segment(&segs[i], segs[i].base);
	for (u32 v = 0; v < 256; v++)
		idt[v] = gate_low((u32)trap_stubs + 16 * v, SEL_KCODE,
				  v == 3 || v == 4 || v == 0x80 ? GATE_USER : GATE_INT);
	tss.esp0 = (u32)(trap_stack + sizeof trap_stack);
	tss.ss0 = SEL_KDATA;
	tss.io_map = 0x68;
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

	com1_init();
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
