/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SMAP and SMEP with 32-bit and with PAE paging, by turns (SDM vol. 3, 4.6; long mode's are in
 * guestimg/tests64). On a CPU without SMAP the program says so and ends. Invariant: of the linear
 * addresses only USER's two pages, LARGE and the alias of the program are users'.
 */
#include "guestimg/tests/lib.h"

enum { CR4_PAE = 0x20, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21, PF_I = 16, PG = 1u << 31,
	MSR_SYSENTER_CS = 0x174 };
enum { ALIAS = 0x50000000, USER = WINDOW + PAGE, LARGE = 0x60000000, TABLE = WINDOW + 0x20000,
	VEC_LOOK = 0x33 };

#define CODE(name, text) __asm__(".pushsection .text\n\t.balign 16\n" #name ":\n\t" text \
	"\n" #name "_end:\n\tint $0x30\n.popsection"); extern char name[], name##_end[];
CODE(load, "movl (%edi), %eax")
CODE(store, "movl %eax, (%edi)")
CODE(add_to, "addl %eax, (%edi)")
CODE(stac_clac, ".byte 0x0f, 0x01, 0xcb\n\tmovl (%edi), %eax\n\t.byte 0x0f, 0x01, 0xca\n\t"
	"movl (%edi), %ebx")
CODE(many, "1:\t.byte 0x0f, 0x01, 0xcb\n\taddl (%edi), %eax\n\t.byte 0x0f, 0x01, 0xca\n\t"
	"addl %eax, (%esi)\n\tdecl %ecx\n\tjnz 1b")
CODE(popf_both, "pushl $0x40002\n\tpopfl\n\tmovl (%edi), %eax\n\tpushl $2\n\tpopfl\n\t"
	"movl (%edi), %ebx")
CODE(copy, "rep movsb")
CODE(do_int, "int $0x33")
CODE(do_sysenter, "sysenter")
CODE(set_fs, "movw %ax, %fs\n\txorl %eax, %eax\n\tmovw %ax, %fs")

static bool pae;
static u32 *root, *dirs;		/* CR3; the directory, or with PAE all four of them */
static u32 user_frame, table_frames[2];
static const char *form;

/* -- Tables of both forms: an entry's upper half is 0 -- */

static u32 *entry(u32 va, u32 level)
{
	u32 *e = &dirs[pae ? (va >> 21) * 2 : va >> 22];

	if (level == 1)
		e = (u32 *)(*e & ~0xfffu) + (pae ? (va >> 12 & 511) * 2 : va >> 12 & 1023);
	return e;
}

static void put_page(u32 va, u32 pa, u32 bits)
{
	if (!*entry(va, 2))
		*entry(va, 2) = AT(table_new()) | P | W | U;
	*entry(va, 1) = pa | bits;
	invlpg(va);
}

static void tables_make(void)
{
	u32 large = pae ? 0x200000 : 0x400000;

	root = table_new();
	dirs = root;
	for (u32 k = 0; pae && k < 4; k++) {
		u32 *t = table_new();

		dirs = k ? dirs : t;
		root[2 * k] = AT(t) | P;
	}
	for (u32 at = 0; at < RAM_SIZE; at += large)
		*entry(at, 2) = at | PS | P | W;
	*entry(0xfee00000, 2) = (0xfee00000 & -large) | PS | PCD | P | W;
	*entry(LARGE, 2) = FREE | PS | P | W | U;
	for (u32 at = 0x100000; at < TABLES; at += PAGE)
		put_page(ALIAS + at, at, P | W | U);
	put_page(USER - PAGE, page_new(), P | W);
	put_page(USER, user_frame, P | W | U);
	put_page(USER + PAGE, page_new(), P | W | U);
	put_page(USER + 2 * PAGE, page_new(), P | W);
}

/* The program lies where it is in all tables. */
static void tables_use(void)
{
	write_cr0(read_cr0() & ~PG);
	write_cr4((read_cr4() & ~(u32)CR4_PAE) | CR4_SMEP | CR4_SMAP | (pae ? CR4_PAE : 0));
	load_cr3(root);
	write_cr0(read_cr0() | PG);
}

static void choose(bool to_pae)
{
	static u32 *roots[2], *all_dirs[2];

	pae = to_pae;
	form = pae ? "PAE: " : "32 bits: ";
	root = roots[pae];
	dirs = all_dirs[pae];
	if (!root)
		tables_make();
	roots[pae] = root;
	all_dirs[pae] = dirs;
	tables_use();
}

/* -- Running -- */

static void begin(const char *what)
{
	static char buf[64];
	char *p = buf;

	for (const char *s = form; *s; )
		*p++ = *s++;
	while (p < buf + sizeof(buf) - 1 && *what)
		*p++ = *what++;
	*p = 0;
	test(buf);
}

static struct regs super(const void *eip)
{
	struct regs r = kernel_regs(eip);

	r.eflags = 2;
	return r;
}

static struct regs alias(const void *eip)
{
	struct regs r = user_regs(eip);

	r.eip += ALIAS;
	r.esp += ALIAS;
	r.eflags = 2;
	return r;
}

static void run_to(const struct regs *r, u32 vector)
{
	run(r);
	expect("vector", stopped.vector, vector);
}

static void never(const struct regs *r, u32 error, u32 at)
{
	run_to(r, V_PF);
	expect("error code", stopped.error, error);
	expect("cr2", stopped.cr2, at);
	expect("eip", stopped.r.eip, r->eip);
	expect("edi", stopped.r.edi, r->edi);
	expect("eax", stopped.r.eax, r->eax);
}

/* With AC clear a fault, with AC set none. */
static void with_ac_only(struct regs *r, u32 error, u32 at)
{
	for (u32 k = 0; k < 2; k++) {
		r->eflags &= ~(u32)AC;
		never(r, error, at);
		r->eflags |= AC;
		run_to(r, VEC_EXIT);
	}
	r->eflags &= ~(u32)AC;
}

/* A frame, as a supervisor's page. */
static u32 peek(u32 pa) { return *(volatile u32 *)pa; }
static void poke(u32 pa, u32 v) { *(volatile u32 *)pa = v; }

/* -- Accesses -- */

static void test_access(void)
{
	struct regs r = super(load), u = alias(load);

	begin("a supervisor's access to a user's page");
	poke(user_frame, 0x11223344);
	r.edi = USER;
	with_ac_only(&r, PF_P, USER);
	expect("value", stopped.r.eax, 0x11223344);
	r.eip = AT(store);
	r.eax = 0x99;
	with_ac_only(&r, PF_P | PF_W, USER);
	r.eip = AT(add_to);
	with_ac_only(&r, in_tcg() ? PF_P : PF_P | PF_W, USER);	/* it reads first */
	expect("sum", peek(user_frame), 0x99 * 3);
	r.eip = AT(store);
	r.edi = LARGE + 0x1ff000;
	with_ac_only(&r, PF_P | PF_W, r.edi);
	begin("its own pages, whatever AC is");
	r.edi = USER - 8;
	for (u32 k = 0; k < 2; k++) {
		r.eflags ^= AC;
		run_to(&r, VEC_EXIT);
	}
	begin("a user's accesses, whatever AC is");
	for (u32 k = 0; k < 4; k++) {
		u.edi = k & 2 ? LARGE + 0x1ff000 : USER;
		u.eflags ^= AC;
		run_to(&u, VEC_EXIT);
		u.edi = USER - 8;
		never(&u, PF_P | PF_U, USER - 8);
	}
	begin("an access over the edge of both kinds of pages");
	r = super(load);
	r.edi = USER - 3;
	with_ac_only(&r, PF_P, USER);
	r.eip = AT(store);
	with_ac_only(&r, PF_P | PF_W, USER);
	r.edi = USER + 2 * PAGE - 3;
	with_ac_only(&r, PF_P | PF_W, USER + 2 * PAGE - 3);
	r.edi = USER + 3 * PAGE;
	never(&r, PF_W, USER + 3 * PAGE);
}

static void test_string(void)
{
	struct regs r = super(copy);

	begin("a string instruction to a user's page, from one");
	for (u32 k = 0; k < 4; k++) {
		r.eflags = k & 1 ? 2 | AC : 2;
		r.esi = FREE + 0x600000;
		r.edi = USER - 100;
		r.ecx = 300;
		run_to(&r, k & 1 ? VEC_EXIT : V_PF);
		expect("ecx", stopped.r.ecx, k & 1 ? 0 : 200);
		expect("edi", stopped.r.edi, k & 1 ? USER + 200 : USER);
		r.edi = FREE + 0x600000;
		r.esi = USER + PAGE + 3000;
		r.ecx = 2000;
		run_to(&r, k & 1 ? VEC_EXIT : V_PF);
		expect("ecx", stopped.r.ecx, k & 1 ? 0 : 2000);
	}
}

/* -- How AC comes and goes -- */

static void test_flag(void)
{
	struct regs r = super(stac_clac);

	begin("STAC, CLAC, POPF");
	poke(user_frame, 7);
	r.edi = USER;
	for (u32 k = 0; k < 6; k++) {
		r.eip = k & 1 ? AT(popf_both) : AT(stac_clac);
		r.eflags = k & 2 ? 2 | AC | CF : 2;
		run_to(&r, V_PF);
		expect("eip", stopped.r.eip, AT(k & 1 ? popf_both_end : stac_clac_end) - 2);
		expect("eax", stopped.r.eax, 7);
		expect("AC", stopped.r.eflags & AC, 0);
	}
	begin("STAC and CLAC in a loop");
	r = super(many);
	r.edi = USER;
	r.esi = USER - 8;
	r.ecx = 1000;
	run_to(&r, VEC_EXIT);
	expect("sum", stopped.r.eax, 7000);
	begin("STAC is invalid for users");
	r = alias(stac_clac);
	run_to(&r, V_UD);
}

static u32 inside;			/* AC in the handler */

static bool look(struct trap *t)
{
	(void)t;
	__asm__ volatile("pushfl\n\tpopl %0" : "=r"(inside));
	inside &= AC;
	__asm__ volatile(".byte 0x0f, 0x01, 0xca");
	return false;
}

static void test_entries(void)
{
	struct regs u = alias(do_int), r = super(do_int);

	begin("an interrupt leaves AC");
	on_trap[VEC_LOOK] = look;
	for (u32 k = 0; k < 4; k++) {
		struct regs *p = k & 2 ? &u : &r;

		p->eflags = k & 1 ? 2 | AC : 2;
		run_to(p, VEC_LOOK);
		expect("AC", inside, k & 1 ? AC : 0);
	}
	on_trap[VEC_LOOK] = 0;
	begin("SYSENTER leaves AC");
	__asm__ volatile("wrmsr" :: "c"(MSR_SYSENTER_CS), "a"(KCODE), "d"(0));
	__asm__ volatile("wrmsr" :: "c"(MSR_SYSENTER_CS + 1), "a"(FREE + 0x700000), "d"(0));
	__asm__ volatile("wrmsr" :: "c"(MSR_SYSENTER_CS + 2), "a"(load), "d"(0));
	u = alias(do_sysenter);
	u.edi = USER;
	for (u32 k = 0; k < 4; k++) {
		u.eflags = k & 1 ? 2 | AC : 2;
		run_to(&u, k & 1 ? VEC_EXIT : V_PF);
		expect("cs", stopped.r.cs, KCODE);
		expect("error code", k & 1 ? PF_P : stopped.error, PF_P);
	}
}

/* -- Tables and control registers -- */

/* U/S of an entry, then CR3 loaded. */
static void turn_user(u32 va, u32 level)
{
	*entry(va, level) ^= U;
	load_cr3(root);
}

static void test_changes(void)
{
	struct regs r = super(load);

	begin("CR4.SMAP off, and on again");
	r.edi = USER;
	for (u32 k = 0; k < 3; k++) {
		write_cr4(read_cr4() & ~(u32)CR4_SMAP);
		run_to(&r, VEC_EXIT);
		write_cr4(read_cr4() | CR4_SMAP);
		never(&r, PF_P, USER);
	}
	begin("a page that becomes a supervisor's, a user's");
	for (u32 k = 0; k < 3; k++) {
		put_page(USER, user_frame, P | W);
		run_to(&r, VEC_EXIT);
		put_page(USER, user_frame, P | W | U);
		with_ac_only(&r, PF_P, USER);
		turn_user(USER, 1);		/* A stays */
		run_to(&r, VEC_EXIT);
		turn_user(USER, 1);
		with_ac_only(&r, PF_P, USER);
		turn_user(USER, 2);		/* one level is enough */
		run_to(&r, VEC_EXIT);
		turn_user(USER, 2);
		with_ac_only(&r, PF_P, USER);
	}
}

static void test_more_changes(void)
{
	struct regs r = super(load);

	begin("a large page that becomes a supervisor's, a user's");
	r.edi = LARGE + 0x1234;
	for (u32 k = 0; k < 3; k++) {
		*entry(LARGE, 2) ^= U;
		invlpg(LARGE);
		run_to(&r, VEC_EXIT);
		*entry(LARGE, 2) ^= U;
		invlpg(LARGE);
		with_ac_only(&r, PF_P, r.edi);
	}
	begin("CR0.WP clear: AC counts, R/W does not");
	r.eip = AT(store);
	r.edi = USER;
	put_page(USER, user_frame, P | U);
	write_cr0(read_cr0() & ~0x10000u);
	with_ac_only(&r, PF_P | PF_W, USER);
	write_cr0(read_cr0() | 0x10000);
	r.eflags |= AC;
	never(&r, PF_P | PF_W, USER);
	put_page(USER, user_frame, P | W | U);
}

static void test_smep(void)
{
	struct regs r = super((void *)USER), u = alias((void *)USER);

	begin("SMEP: a supervisor runs no user's page");
	u.eip = USER;
	poke(user_frame, 0x30cd90);		/* NOP; INT 0x30 */
	for (u32 k = 0; k < 3; k++) {
		run_to(&u, VEC_EXIT);
		never(&r, PF_P | PF_I, USER);
		r.eflags ^= AC;
		write_cr4(read_cr4() & ~(u32)CR4_SMEP);
		run_to(&r, VEC_EXIT);
		write_cr4(read_cr4() | CR4_SMEP);
	}
	begin("SMEP: its own pages");
	put_page(USER, user_frame, P | W);
	run_to(&r, VEC_EXIT);
	never(&u, PF_P | PF_U | PF_I, USER);
	put_page(USER, user_frame, P | W | U);
	never(&r, PF_P | PF_I, USER);
	for (u32 k = 0; k < 3; k++) {
		turn_user(USER, 1);
		run_to(&r, VEC_EXIT);
		turn_user(USER, 1);
		never(&r, PF_P | PF_I, USER);
	}
	begin("a user's page with code that ran, written by the supervisor");
	run_to(&u, VEC_EXIT);
	r = super(store);
	r.edi = USER;
	r.eax = 0x30cdf9;			/* STC; INT 0x30 */
	with_ac_only(&r, PF_P | PF_W, USER);
	run_to(&u, VEC_EXIT);
	expect("flags", stopped.r.eflags, 2 | CF);
}

/* -- Implicit accesses: the supervisor's at any CPL, and AC helps nobody -- */

/* By both, with AC and without. In TCG AC helps the kernel. */
static void nobody(const char *code, u32 eax, u32 at)
{
	struct regs r = super(code), u = alias(code);

	for (u32 k = 0; k < 4; k++) {
		r.eax = u.eax = eax;
		r.eflags ^= AC;
		u.eflags ^= AC;
		if (!(r.eflags & AC && in_tcg()))
			never(&r, PF_P, at);
		never(&u, PF_P, at);
	}
}

/* Two pages for a table that lies over their edge. */
static void table_pages(u32 first, u32 second)
{
	put_page(TABLE, table_frames[0], P | W | first);
	put_page(TABLE + PAGE, table_frames[1], P | W | second);
}

static void table_fill(u32 at, const void *from, u32 n)
{
	for (u32 k = 0; k < n; k++, at++)
		*(u8 *)(table_frames[at - TABLE >= PAGE] + at % PAGE) = ((const u8 *)from)[k];
}

static void test_implicit(void)
{
	struct pointer gdt, idt, p;
	struct regs r = super(set_fs);

	__asm__ volatile("sgdt %0\n\tsidt %1" : "=m"(gdt), "=m"(idt));
	begin("descriptors on a user's page");
	p = (struct pointer){ gdt.limit, TABLE + PAGE - (UBASED & ~7u) };
	table_fill(p.base, (void *)gdt.base, gdt.limit + 1u);
	table_pages(0, U);
	load_gdt(&p);
	nobody(set_fs, UBASED, TABLE + PAGE);
	table_pages(0, 0);
	r.eax = UBASED;
	run_to(&r, VEC_EXIT);
	load_gdt(&gdt);
	begin("a gate on a user's page");
	p = (struct pointer){ 8 * VEC_LOOK + 7, TABLE + PAGE - 8 * VEC_LOOK };
	table_fill(p.base, (void *)idt.base, p.limit + 1u);
	table_pages(0, U);
	load_idt(&p);
	nobody(do_int, 0, TABLE + PAGE);
	table_pages(0, 0);
	r.eip = AT(do_int);
	run_to(&r, VEC_LOOK);
	load_idt(&idt);
}

static void test_form(bool to_pae)
{
	choose(to_pae);
	test_access();
	test_string();
	test_flag();
	test_entries();
	test_changes();
	test_more_changes();
	test_smep();
	test_implicit();
}

int main(void);
int main(void)
{
	u32 a = 7, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	if (!(b & 1 << 20) || !(b & 1 << 7))
		finish("smap: absent");
	user_frame = page_new();
	table_frames[0] = page_new();
	table_frames[1] = page_new();
	test_form(false);
	test_form(true);
	test_form(false);
	test_form(true);
	finish("smap");
}
