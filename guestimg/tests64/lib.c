/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports, descriptor tables, traps and paging of the 64-bit test programs. Invariant: between runs
 * interrupts are off, and the tables are as lib_init made them.
 */
#include "guestimg/tests64/lib.h"

handler on_trap[256];
struct stopped stopped;
struct tss tss;
u64 gdt[GDT_ENTRIES] __attribute__((aligned(16))), idt[512] __attribute__((aligned(16)));
u8 trap_stack[8192] __attribute__((aligned(16))), user_stack[8192] __attribute__((aligned(16)));
u8 code_stack[8192] __attribute__((aligned(16))), ist_stack[7][4096] __attribute__((aligned(16)));
const struct pointer gdt_pointer = { sizeof(gdt) - 1, AT(gdt) };
const struct pointer idt_pointer = { sizeof(idt) - 1, AT(idt) };

static u32 passed, failed;
static char name[80];
static bool bad, ignored;
static u32 tables_used = 3, pages_used;		/* start.S made three tables */

/* -- Memory ------------------------------------------------------------------- */

void *memcpy(void *to, const void *from, u64 n)
{
	void *d = to;

	__asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n) :: "memory");
	return to;
}

void *memset(void *to, int v, u64 n)
{
	void *d = to;

	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(v) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, u64 n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

/* -- Reports ------------------------------------------------------------------ */

static void put(char ch)
{
	while (!(inb(0x3fd) & 0x20))
		;
	outb(0x3f8, (u8)ch);
}

void print(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			put('\r');
		put(*s);
	}
}

void print_hex(u64 v)
{
	int i = 60;

	while (i > 28 && !(v >> i))
		i -= 4;
	for (i = i < 28 ? 28 : i; i >= 0; i -= 4)
		put("0123456789abcdef"[v >> i & 15]);
}

static void print_dec(u32 v)
{
	if (v > 9)
		print_dec(v / 10);
	put((char)('0' + v % 10));
}

static void end_test(void)
{
	if (!name[0])
		return;
	if (bad) {
		failed++;
	} else {
		passed++;
		print("ok ");
		print(name);
		print("\n");
	}
	name[0] = 0;
}

void test(const char *n)
{
	end_test();
	for (u32 k = 0; k < sizeof(name) - 1 && (name[k] = n[k]); k++)
		;
	bad = ignored = false;
}

bool expect(const char *what, u64 got, u64 want)
{
	if (got == want || ignored)
		return true;
	if (!bad) {
		print("FAIL ");
		print(name);
		print(": ");
		print(what);
		print(" got ");
		print_hex(got);
		print(" want ");
		print_hex(want);
		print("\n");
	}
	bad = true;
	return false;
}

static void skip_for(const char *where, const char *why)
{
	print("skip ");
	print(name);
	print(": ");
	print(where);
	print(why);
	print("\n");
	name[0] = 0;
	ignored = true;
}

void skip(const char *why)
{
	skip_for("", why);
}

/* Its signature in CPUID: "TCGTCGTCGTCG". */
bool in_tcg(void)
{
	return cpuid(0x40000000, 0).b == 0x54474354;
}

bool not_in_tcg(const char *why)
{
	if (!in_tcg())
		return false;
	skip_for("in TCG ", why);
	return true;
}

void finish(const char *program)
{
	end_test();
	print(program);
	print(": ");
	print_dec(passed);
	print(" passed, ");
	print_dec(failed);
	print(" failed\n");
	outb(0xf4, failed != 0);
	for (;;)
		__asm__ volatile("cli\n\thlt");
}

/* -- Traps -------------------------------------------------------------------- */

static void lost(const struct trap *t)
{
	print("FAIL exception in the program itself: vector ");
	print_hex(t->vector);
	print(" error ");
	print_hex(t->error);
	print(" rip ");
	print_hex(t->rip);
	print(" cr2 ");
	print_hex(READ(cr2));
	print("\n");
	failed++;
	finish("lost");
}

static bool has_error(u64 vector)
{
	return vector == 8 || vector == 17 || (vector >= 10 && vector <= 14);
}

/* Returns whether to go back to the code; else run() returns. */
u32 trap_c(struct trap *t, u32 ss)
{
	if (on_trap[t->vector] && on_trap[t->vector](t))
		return 1;
	if (!running)
		lost(t);
	running = 0;
	stopped = (struct stopped){
		.vector = t->vector, .error = t->error, .cr2 = READ(cr2),
		.stack = has_error(t->vector) ? AT(&t->error) : AT(&t->rip), .handler_ss = ss,
		.r = { t->rax, t->rcx, t->rdx, t->rbx, t->rbp, t->rsi, t->rdi, t->r8, t->r9,
		       t->r10, t->r11, t->r12, t->r13, t->r14, t->r15, t->rsp, t->rip, t->cs,
		       t->rflags, t->ss },
	};
	return 0;
}

void run_to(const struct regs *r, u64 vector, u64 error)
{
	run(r);
	expect("vector", stopped.vector, vector);
	if (has_error(vector))
		expect("error code", stopped.error, error);
}

struct regs kernel_regs(const void *rip)
{
	return (struct regs){ .rip = AT(rip), .cs = KCODE64, .ss = KDATA, .rflags = 2,
			      .rsp = TOP(code_stack) };
}

struct regs user_regs(const void *rip)
{
	return (struct regs){ .rip = AT(rip), .cs = UCODE64, .ss = UDATA, .rflags = 2,
			      .rsp = TOP(user_stack) };
}

struct regs user32_regs(const void *rip)
{
	struct regs r = user_regs(rip);

	r.cs = UCODE32;
	return r;
}

struct regs user16_regs(u16 ip)
{
	return (struct regs){ .rip = ip, .cs = UCODE16, .ss = UDATA16, .rflags = 2, .rsp = 0xfff0 };
}

/* -- Descriptors -------------------------------------------------------------- */

u64 descriptor(u32 base, u32 limit, u32 attributes)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 |
	       (u64)(attributes & 0xf0ff) << 40 | (u64)(limit >> 16 & 15) << 48 |
	       (u64)(base >> 24) << 56;
}

void gate_set(u8 vector, u64 at, u16 selector, u8 type, u8 ist)
{
	idt[vector * 2] = (at & 0xffff) | (u64)selector << 16 | (u64)ist << 32 | (u64)type << 40 |
			  (at >> 16 & 0xffff) << 48;
	idt[vector * 2 + 1] = at >> 32;
}

void gate_reset(u8 vector)
{
	bool user = vector == V_BP || vector == 4 || vector >> 4 == 3 || vector >> 4 == 5;

	gate_set(vector, AT(trap_stubs) + 16 * vector, KCODE64, user ? GATE_USER : GATE_INT,
		 vector == V_DF ? 7 : 0);
}

static void tables_init(void)
{
	gdt[KCODE32 >> 3] = descriptor(0, 0xfffff, 0xc09b);
	gdt[KCODE64 >> 3] = descriptor(0, 0xfffff, 0xa09b);
	gdt[KDATA >> 3] = descriptor(0, 0xfffff, 0xc093);
	gdt[UCODE32 >> 3] = descriptor(0, 0xfffff, 0xc0fb);
	gdt[UDATA >> 3] = gdt[UDATA64 >> 3] = descriptor(0, 0xfffff, 0xc0f3);
	gdt[UCODE64 >> 3] = descriptor(0, 0xfffff, 0xa0fb);
	gdt[TSS >> 3] = descriptor((u32)AT(&tss), sizeof(tss) - 1, 0x89);
	gdt[UCODE16 >> 3] = descriptor(DATA16, 0xffff, 0xfb);
	gdt[UDATA16 >> 3] = descriptor(DATA16, 0xffff, 0xf3);
	gdt[KCODE16 >> 3] = descriptor(DATA16, 0xffff, 0x9b);
	gdt[KDATA16 >> 3] = descriptor(DATA16, 0xffff, 0x93);
	for (u32 v = 0; v < 256; v++)
		gate_reset((u8)v);
	tss.rsp0 = TOP(trap_stack);
	for (u32 k = 0; k < 7; k++)
		tss.ist[k] = TOP(ist_stack[k]);
	tss.io_map = sizeof(tss);
	load_tables(&gdt_pointer, &idt_pointer);
}

/* -- Paging ------------------------------------------------------------------- */

static u64 table_new(void)
{
	u64 t = TABLES + PAGE * (u64)tables_used++;

	if (t >= PAGES)
		finish("out of page tables");
	memset((void *)t, 0, PAGE);
	return t;
}

u64 page_new(void)
{
	u64 p = PAGES + PAGE * (u64)pages_used++;

	if (p >= DATA16)
		finish("out of pages");
	memset((void *)p, 0, PAGE);
	return p;
}

u64 *entry(u64 va, u32 level)
{
	u64 *table = (u64 *)(READ(cr3) & ~0xffful);

	for (u32 l = 4; l > level; l--)
		table = (u64 *)(table[va >> (3 + 9 * l) & 511] & 0xffffffffff000);
	return &table[va >> (3 + 9 * level) & 511];
}

void map(u64 va, u64 pa, u64 bits)
{
	for (u32 level = 4; level > 1; level--)
		if (!*entry(va, level))
			*entry(va, level) = table_new() | P | W | U;
	*entry(va, 1) = pa | bits;
	invlpg(va);
}

/* -- Registers ---------------------------------------------------------------- */

u64 rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

CODE(code_wrmsr, "wrmsr")

u64 try_wrmsr(u32 msr, u64 v)
{
	struct regs r = kernel_regs(code_wrmsr);

	r.rcx = msr;
	r.rax = (u32)v;
	r.rdx = v >> 32;
	run(&r);
	if (stopped.vector != VEC_EXIT)
		expect("error code of WRMSR", stopped.error, 0);
	return stopped.vector;
}

struct cpuid cpuid(u32 leaf, u32 sub)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "0"(leaf), "2"(sub));
	return r;
}

void lib_init(void)
{
	outb(0x21, 0xff);		/* no interrupts */
	outb(0xa1, 0xff);
	outb(0x3f9, 0);
	outb(0x3fb, 3);
	map(0xfee00000, 0xfee00000, PCD | P | W);
	tables_init();
}
