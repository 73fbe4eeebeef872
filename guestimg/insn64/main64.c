/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a slice of the instruction cases of 64-bit code in long mode at CPL 3 and compares with what
 * the build machine's CPU did (qemu-test/insn64). A guest of its own: needs a CPU, RAM and COM1.
 * Prints what fails; the exit code at port F4 is 1 if anything did.
 */
#include "guestimg/base/cases.h"
#include "guestimg/base/com1.h"
#include "guestimg/base/tables.h"
#include "guestimg/insn64/image64.h"
#include "qemu-test/insn64/case64.h"

#define KERNEL 0xffffffff80000000ull
#define TABLES 0x200000ull
#define MORE_TABLES 0x210000ull
#define DATA_PHYS 0x311000ull		/* three pages, not next to each other */
#define SLOTS_PHYS 0x400000ull
#define SHOWN_MAX 40

static const struct cases64_head *head;
static const struct case64 *cases;
static const u8 *fx_images, *codes, *blob;
static const struct results64_head *rhead;
static const struct result64 *results;
static u64 gdt[16], idt[512], tss[16];
static u8 trap_stack[4096] __attribute__((aligned(16)));
static u8 fx_before[512] __attribute__((aligned(16))), fx_after[512] __attribute__((aligned(16)));
static u8 want[DATA64_RW];
static u16 left_sel[4];
static u64 left_cr2;

void kernel_trap(const struct trap *t)
{
	cases_lost("insn64", t->vector, t->error, t->rip);
}

/* -- Machine ----------------------------------------------------------------------------------- */

static void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)));
}

static u64 rdmsr(u32 msr)
{
	u32 a, d;

	__asm__ volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(msr));
	return a | (u64)d << 32;
}

static void init_tables(void)
{
	const struct pointer gdtr = { sizeof gdt - 1, (u64)gdt };
	const struct pointer idtr = { sizeof idt - 1, (u64)idt };
	u64 t = (u64)tss;

	gdt[1] = 0x00cf9b000000ffff;
	gdt[2] = 0x00af9b000000ffff;
	gdt[3] = 0x00cf93000000ffff;
	gdt[SEL64_CS32 / 8] = 0x00cffb000000ffff;
	gdt[SEL64_FLAT / 8] = 0x00cff3000000ffff;
	gdt[SEL64_CS / 8] = 0x00affb000000ffff;
	gdt[8] = descriptor((u32)t, 0x67, 0x89);
	gdt[9] = t >> 32;
	for (u64 v = 0; v < 256; v++) {
		u64 at = (u64)trap_stubs + 16 * v;

		idt[2 * v] = gate_low(at, 0x10,
				      v == 3 || v == 4 || v == 0x80 ? GATE_USER : GATE_INT);
		idt[2 * v + 1] = at >> 32;
	}
	*(u64 *)((u8 *)tss + 4) = (u64)(trap_stack + sizeof trap_stack);
	*(u16 *)((u8 *)tss + 0x66) = 0x68;
	__asm__ volatile("lgdt %0\n\tlidt %1\n\tltr %w2\n\tlldt %w3"
			 :: "m"(gdtr), "m"(idtr), "r"(0x40), "r"(0));
}

/* bits: 1 present, 2 write, 4 user, 1 << 63 no execution. */
static void map(u64 linear, u64 phys, u64 bits)
{
	static u64 used;
	u64 *table = (u64 *)(KERNEL + TABLES);

	for (int shift = 39; shift > 12; shift -= 9) {
		u64 *entry = &table[linear >> shift & 511];

		if (!*entry)
			*entry = (MORE_TABLES + PAGE64 * used++) | 7;
		table = (u64 *)(KERNEL + (*entry & 0xffffffffff000));
	}
	table[linear >> 12 & 511] = phys | bits | 1;
}

static u8 *data(u32 off)
{
	return (u8 *)(KERNEL + DATA_PHYS + off / PAGE64 * 0x2000 + off % PAGE64);
}

static u64 first_slot(void) { return insn64_slot(head, head->first) - CODE64_MARGIN; }
static u64 slots_size(void)
{
	return (head->cases * head->slot + 0xfff) / PAGE64 * PAGE64 + 2 * CODE64_MARGIN;
}

static void init_paging(void)
{
	u64 *tables = (u64 *)(KERNEL + TABLES);

	for (unsigned k = 0; k < 0x60000 / 8; k++)
		((u64 *)(KERNEL + MORE_TABLES))[k] = 0;
	tables[0] = 0;
	for (u64 at = 0; at < slots_size(); at += PAGE64)
		map(first_slot() + at, SLOTS_PHYS + at, 4);
	for (u32 n = 0; n < DATA64_ALL; n += PAGE64) {
		u64 bits = 1ull << 63 | 4 | (n < DATA64_RW ? 2 : 0);

		map(DATA64_HIGH + n, (u64)data(n) - KERNEL, bits);
		map(DATA64_LOW + n, (u64)data(n) - KERNEL, bits);
	}
	__asm__ volatile("movq %0, %%cr3" :: "r"(TABLES) : "memory");
}

/* -- Features ---------------------------------------------------------------------------------- */

enum { EAX, EBX, ECX, EDX };

static bool has(unsigned need)
{
	static const struct { u32 leaf; u8 reg, bit; } rows[] = {
#define FEATURE(name, text, leaf, reg, bit, have) { leaf, reg, bit },
#include "dbt/x86/features.def"
#undef FEATURE
	};
	u32 r[4];

	if (!rows[need].leaf)
		return true;
	__asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "0"(rows[need].leaf), "2"(0));
	return r[rows[need].reg] >> rows[need].bit & 1;
}

/* SWAPGS and its kin are of CR4.FSGSBASE. */
static void init_cpu(void)
{
	u32 a = 7, b, c = 0, d;
	u64 cr4;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	__asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
	if (b & 1)
		__asm__ volatile("movq %0, %%cr4" :: "r"(cr4 | 1 << 16));
}

/* -- A case ------------------------------------------------------------------------------------ */

static void clean_fx(u8 *fx)
{
	for (unsigned i = 6; i < 24; i++)
		fx[i] = 0;
	for (unsigned i = 28; i < 32; i++)
		fx[i] = 0;
	fx[5] = 0;
	for (unsigned r = 0; r < 8; r++)
		for (unsigned i = 10; i < 16; i++)
			fx[32 + 16 * r + i] = 0;
}

static void start_state(const struct case64 *c, u32 n, u64 *f)
{
	static const u8 order[15] = { 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 3, 2, 1, 0 };

	for (unsigned i = 0; i < 15; i++)
		f[i] = c->gpr[order[i]];
	f[15] = insn64_slot(head, head->first + n) + c->start;
	f[16] = head->mode == 8 ? SEL64_CS : SEL64_CS32;
	f[17] = c->eflags | 0x202;
	f[18] = c->gpr[4];
	f[19] = SEL64_FLAT;
	for (unsigned i = 0; i < 512; i++)
		fx_before[i] = 0;
	fx_before[0] = 0x7f;
	fx_before[1] = 3;
	fx_before[24] = 0x80;
	fx_before[25] = 0x1f;
	for (unsigned i = 0; i < FX64_SIZE && c->fx != FX64_NONE; i++)
		fx_before[i] = fx_images[c->fx * FX64_SIZE + i];
}

static void run(const struct case64 *c, u32 n)
{
	u64 frame[20];

	for (unsigned i = 0; i < c->poke_len; i++)
		*data(c->poke + i) = c->bytes[i];
	start_state(c, n, frame);
	__asm__ volatile("movw %w0, %%ds\n\tmovw %w0, %%es\n\tmovw %w1, %%fs\n\tmovw %w1, %%gs"
			 :: "r"(head->mode == 8 ? 0 : SEL64_FLAT), "r"(0));
	wrmsr(0xc0000100, FS64);
	wrmsr(0xc0000101, GS64);
	__asm__ volatile("fxrstor64 %0" :: "m"(fx_before));
	enter_user(frame);
	__asm__ volatile("fxsave64 %0" : "=m"(fx_after));
	__asm__ volatile("movq %%cr2, %0" : "=r"(left_cr2));
	__asm__ volatile("movw %%es, %0\n\tmovw %%ds, %1\n\tmovw %%fs, %2\n\tmovw %%gs, %3"
			 : "=m"(left_sel[0]), "=m"(left_sel[1]), "=m"(left_sel[2]),
			   "=m"(left_sel[3]));
	clean_fx(fx_before);
	clean_fx(fx_after);
}

static u64 gpr_of(const struct trap *t, unsigned r)
{
	const u64 v[16] = { t->rax, t->rcx, t->rdx, t->rbx, t->rsp, t->rbp, t->rsi, t->rdi, t->r8,
		t->r9, t->r10, t->r11, t->r12, t->r13, t->r14, t->r15 };

	return v[r];
}

static bool sel_differs(u16 got, u16 expected) { return (got & ~3 ? got : 0) != expected; }

static const char *compare_cpu(const struct case64 *c, const struct result64 *r)
{
	const struct trap *t = trap_frame;

	if (t->vector != r->vector)
		return "vector";
	if ((u32)t->error != r->error)
		return "error code";
	if (r->vector == 14 && left_cr2 != r->cr2)
		return "cr2";
	if (t->rip != r->rip)
		return "rip";
	if ((t->rflags ^ r->eflags) & EFLAGS64 & ~insn64_ignored(c, r->vector))
		return "flags";
	for (unsigned i = 0; i < 16; i++)
		if (!(c->ignore_gpr >> i & 1) && gpr_of(t, i) != r->gpr[i])
			return "registers";
	if (rdmsr(0xc0000100) != r->fs_base || rdmsr(0xc0000101) != r->gs_base)
		return "bases";
	if (sel_differs(left_sel[0], r->sel[0]) || sel_differs(left_sel[1], r->sel[3]) ||
	    sel_differs(left_sel[2], r->sel[4]) || sel_differs(left_sel[3], r->sel[5]) ||
	    sel_differs(t->cs, r->sel[1]) || sel_differs(t->ss, r->sel[2]))
		return "selectors";
	return 0;
}

static const u8 *blob_fx;		/* behind the memory units of the case */

static void expect_memory(const struct case64 *c, const struct result64 *r)
{
	const u8 *b = blob + r->blob;

	for (unsigned i = 0; i < c->poke_len; i++)
		want[c->poke + i] = c->bytes[i];
	for (unsigned unit = 0; unit < MEM64_UNITS; unit++)
		for (unsigned i = 0; i < MEM64_UNIT && insn64_changed(r, unit); i++)
			want[unit * MEM64_UNIT + i] = *b++;
	blob_fx = b;
}

/* And puts the pages back as they were. */
static const char *compare_memory(const struct case64 *c, const struct result64 *r)
{
	const char *bad = 0;

	expect_memory(c, r);
	for (unsigned i = 0; i < DATA64_RW; i += 8)
		if (*(u64 *)data(i) != *(u64 *)(want + i)) {
			bad = "memory";
			for (unsigned k = i; k < i + 8; k++)
				*data(k) = insn64_pattern(k);
		}
	for (unsigned i = 0; i < c->poke_len; i++)
		*data(c->poke + i) = want[c->poke + i] = insn64_pattern(c->poke + i);
	for (unsigned unit = 0; unit < MEM64_UNITS; unit++)
		for (unsigned i = unit * MEM64_UNIT; insn64_changed(r, unit) &&
		     i < (unit + 1) * MEM64_UNIT; i++)
			*data(i) = want[i] = insn64_pattern(i);
	return bad;
}

static const char *compare_fx(const struct case64 *c, const struct result64 *r)
{
	const u8 *b = blob_fx;

	if (c->fx == FX64_NONE)
		return 0;
	for (unsigned unit = 0; unit < FX64_UNITS; unit++) {
		const u8 *exp = fx_before + 16 * unit;
		u8 *got = fx_after + 16 * unit;

		if (r->fx_mask >> unit & 1) {
			exp = b;
			b += 16;
		}
		if (unit == 1 && (exp[8] & 2) && !(got[8] & 2)) {	/* MXCSR.DE */
			got[8] |= 2;
			tally.de_missing++;
		}
		for (unsigned i = 0; i < 16; i++)
			if (got[i] != exp[i])
				return unit < 2 ? "x87 or SSE control" : unit < 10 ? "st" : "xmm";
	}
	return 0;
}

static void pair(const char *name, u64 got, u64 expected)
{
	if (got == expected)
		return;
	print(name);
	print_hex(got);
	print(" /");
	print_hex(expected);
}

static void describe(u32 n, const char *what)
{
	const struct case64 *c = &cases[n];
	const struct result64 *r = &results[n];

	print("FAIL ");
	if (head->seed) {
		print("seed ");
		print_dec(head->seed);
	}
	print(" case ");
	print_dec(head->first + n);
	print(" row ");
	print_dec(c->row);
	print(": ");
	print(what);
	pair(" vector ", trap_frame->vector, r->vector);
	pair(" error ", trap_frame->error, r->error);
	pair(" rip ", trap_frame->rip, r->rip);
	pair(" cr2 ", r->vector == 14 ? left_cr2 : 0, r->cr2);
	pair(" rflags ", trap_frame->rflags & EFLAGS64, r->eflags);
	for (unsigned i = 0; i < 16; i++)
		pair(" reg ", gpr_of(trap_frame, i), r->gpr[i]);
	print("\n");
}

static bool there(u32 n) { return has(cases[n].need); }

static bool good(u32 n, u32 shown)
{
	const struct case64 *c = &cases[n];
	const struct result64 *r = &results[n];
	const char *cpu, *memory, *fx;

	run(c, n);
	cpu = compare_cpu(c, r);
	memory = compare_memory(c, r);
	fx = compare_fx(c, r);
	cpu = cpu ? cpu : memory ? memory : fx;
	if (cpu && shown < SHOWN_MAX)
		describe(n, cpu);
	return !cpu;
}

/* -- All --------------------------------------------------------------------------------------- */

static void prepare(void)
{
	u8 *slots = (u8 *)(KERNEL + SLOTS_PHYS);

	for (u64 i = 0; i < slots_size(); i += 8)
		*(u64 *)(slots + i) = 0xccccccccccccccccull;
	for (u32 n = 0; n < head->cases; n++)
		for (unsigned i = 0; i < cases[n].len; i++)
			slots[CODE64_MARGIN + n * head->slot + cases[n].start + i] =
				codes[cases[n].code + i];
	for (u32 i = 0; i < DATA64_ALL; i++)
		*data(i) = insn64_pattern(i);
	for (u32 i = 0; i < DATA64_RW; i++)
		want[i] = insn64_pattern(i);
}

void main(const void *cases_at, const void *results_at)
{
	struct cases all = { "insn64", 0, there, good };

	head = cases_at;
	cases = (const struct case64 *)(head + 1);
	fx_images = (const u8 *)(cases + head->cases);
	codes = fx_images + head->fx * FX64_SIZE;
	rhead = results_at;
	results = (const struct result64 *)(rhead + 1);
	blob = (const u8 *)(results + rhead->cases);
	all.count = head->cases;
	com1_init();
	init_tables();
	init_cpu();
	cases_begin(&all, rhead->magic == RESULTS64_MAGIC && rhead->cases == head->cases,
		    rhead->cpu);
	init_paging();
	prepare();
	cases_run(&all);
}
