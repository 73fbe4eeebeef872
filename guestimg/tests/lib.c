/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports, descriptor tables, traps and paging of the test programs. Timers are
 * in timers.c. Invariant: between runs interrupts are off.
 */
#include "guestimg/tests/lib.h"

struct tss {
	u32 link, esp0, ss0, rest[22];
	u16 trap, io_map;		/* io_map: beyond the limit, so no port is allowed */
};

handler on_trap[256];
struct stopped stopped;
u32 *kernel_pd;

static u64 gdt[9], idt[256];
static struct tss tss;
static u8 trap_stack[8192] __attribute__((aligned(16)));
static u8 user_stack[8192] __attribute__((aligned(16)));
static u32 passed, failed;
static char name[64];
static bool bad;
static u32 tables_used, pages_used;


/* -- Memory ------------------------------------------------------------------- */

void *memcpy(void *to, const void *from, u32 n)
{
	void *d = to;

	__asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(n) :: "memory");
	return to;
}

void *memset(void *to, int v, u32 n)
{
	void *d = to;

	__asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(v) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, u32 n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

u32 rnd(void)
{
	static u32 x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	return x ^= x << 5;
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

void print_hex(u32 v)
{
	for (int i = 28; i >= 0; i -= 4)
		put("0123456789abcdef"[v >> i & 15]);
}

void print_dec(u32 v)
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
	bad = false;
}

bool expect(const char *what, u32 got, u32 want)
{
	if (got == want)
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

void skip(const char *why)
{
	print("skip ");
	print(name);
	print(": ");
	print(why);
	print("\n");
	name[0] = 0;
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

static u32 read_cr2(void)
{
	u32 v;

	__asm__ volatile("movl %%cr2, %0" : "=r"(v));
	return v;
}

static void lost(const struct trap *t)
{
	print("FAIL exception in the program itself: vector ");
	print_hex(t->vector);
	print(" error ");
	print_hex(t->error);
	print(" eip ");
	print_hex(t->eip);
	print(" cr2 ");
	print_hex(read_cr2());
	print("\n");
	failed++;
	finish("lost");
}

/* Returns whether to go back to the code; else run() returns. */
u32 trap_c(struct trap *t)
{
	bool user = t->cs & 3;

	if (on_trap[t->vector] && on_trap[t->vector](t))
		return 1;
	if (!running)
		lost(t);
	running = 0;
	stopped = (struct stopped){
		.vector = t->vector, .error = t->error, .cr2 = read_cr2(),
		.r = { t->edi, t->esi, t->ebp, user ? t->esp : AT(&t->esp), t->ebx, t->edx,
		       t->ecx, t->eax, t->eip, t->cs, t->eflags, user ? t->ss : KDATA },
	};
	return 0;
}

struct regs user_regs(const void *eip)
{
	return (struct regs){ .eip = AT(eip), .cs = UCODE, .ss = UDATA, .eflags = 0x202,
			      .esp = AT(user_stack + sizeof(user_stack)) };
}

struct regs kernel_regs(const void *eip)
{
	return (struct regs){ .eip = AT(eip), .cs = KCODE, .ss = KDATA, .eflags = 0x202 };
}

static u64 descriptor(u32 base, u32 limit, u32 attr)
{
	return (limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)(attr & 0xf0ff) << 40 |
	       (u64)(limit >> 16 & 15) << 48 | (u64)(base >> 24) << 56;
}

void trap_stack_at(u32 esp0)
{
	tss.esp0 = esp0 ? esp0 : AT(trap_stack + sizeof(trap_stack));
}

void segment_base(u16 sel, u32 base) { gdt[sel >> 3] = descriptor(base, 0xfffff, 0xc0f3); }

static void tables_init(void)
{
	struct { u16 limit; u32 base; } __attribute__((packed)) gdtr, idtr;

	gdt[KCODE >> 3] = descriptor(0, 0xfffff, 0xc09b);
	gdt[KDATA >> 3] = descriptor(0, 0xfffff, 0xc093);
	gdt[UCODE >> 3] = descriptor(0, 0xfffff, 0xc0fb);
	gdt[UDATA >> 3] = descriptor(0, 0xfffff, 0xc0f3);
	gdt[TSS >> 3] = descriptor(AT(&tss), 0x67, 0x89);
	gdt[USTACK16 >> 3] = descriptor(STACK16, 0xffff, 0x00f3);
	segment_base(UBASED, 0);
	segment_base(UBASED2, 0);
	for (u32 v = 0; v < 256; v++) {
		u32 at = AT(trap_stubs) + 16 * v, dpl = v == 3 || v == 4 || v >> 4 == 3 ? 3 : 0;

		idt[v] = (at & 0xffff) | KCODE << 16 |
			 (u64)((at & 0xffff0000) | 0x8e00 | dpl << 13) << 32;
	}
	trap_stack_at(0);
	tss.ss0 = KDATA;
	tss.io_map = 0x68;
	gdtr.limit = sizeof(gdt) - 1;
	gdtr.base = AT(gdt);
	idtr.limit = sizeof(idt) - 1;
	idtr.base = AT(idt);
	load_tables(&gdtr, &idtr);
}

/* -- Paging ------------------------------------------------------------------- */

u32 *table_new(void)
{
	u32 *t = (u32 *)(TABLES + PAGE * tables_used++);

	if (AT(t) >= PAGES)
		finish("out of page tables");
	return memset(t, 0, PAGE);
}

u32 page_new(void)
{
	u32 p = PAGES + PAGE * pages_used++;

	if (p >= STACK16)
		finish("out of pages");
	memset((void *)p, 0, PAGE);
	return p;
}

u32 *pte(u32 *pd, u32 va)
{
	return (u32 *)(pd[va >> 22] & ~0xfffu) + (va >> 12 & 0x3ff);
}

void map(u32 *pd, u32 va, u32 pa, u32 bits)
{
	u32 *pde = &pd[va >> 22];

	if (!*pde)
		*pde = AT(table_new()) | P | W | U;
	*pte(pd, va) = pa | bits;
}

u32 *pd_new(void)
{
	u32 *pd = table_new();

	for (u32 at = 0; at < RAM_SIZE; at += 0x400000)
		pd[at >> 22] = at | PS | P | W | U;
	pd[0xfee00000 >> 22] = 0xfec00000 | PS | PCD | P | W;
	return pd;
}

void lib_init(void)
{
	outb(0x21, 0xff);		/* no interrupts */
	outb(0xa1, 0xff);
	outb(0x3f9, 0);
	outb(0x3fb, 3);
	tables_init();
	kernel_pd = pd_new();
	write_cr4(0x10);		/* PSE */
	load_cr3(kernel_pd);
	write_cr0((read_cr0() & 0x9fffffff) | 0x80010032);	/* PG WP NE MP ET */
}
