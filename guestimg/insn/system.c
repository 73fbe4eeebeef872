/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What user code cannot show: instructions of CPL 0, SYSENTER, INT1, ports, HLT,
 * virtual-8086 mode. Expectations are the SDM's (vol. 2, each instruction's page;
 * vol. 3 where named), not a CPU's. Each test leaves the machine as it was.
 */
#include "guestimg/base/cases.h"
#include "guestimg/base/tables.h"
#include "guestimg/insn/guest.h"

#define ASM __asm__ volatile

static u32 in, out, out2;		/* of the functions that catch() calls */

static void check_eq(const char *name, u32 got, u32 want)
{
	if (got == want) {
		tally.passed++;
		return;
	}
	tally.failed++;
	print("FAIL system: ");
	print(name);
	print(": ");
	print_hex(got);
	print(" / ");
	print_hex(want);
	print("\n");
}

/* -- Tables and tasks --------------------------------------------------------- */

static void test_tables(void)
{
	struct pointer a = { 0, 0 }, b = { 0, 0 }, c = { 0, 0 };
	u16 ldt, tr, null = 0, ldt2;

	ASM("sgdt %0" : "=m"(a));
	check_eq("SGDT limit", a.limit, 127);
	c = (struct pointer){ 0x77, a.base };
	ASM("lgdt %1\n\tsgdt %0" : "=m"(b) : "m"(c));
	check_eq("LGDT limit", b.limit, 0x77);
	ASM("lgdt %0" :: "m"(a));
	ASM("sidt %0" : "=m"(a));
	check_eq("SIDT limit", a.limit, 0x7ff);
	c = (struct pointer){ 0x3ff, a.base + 8 };
	ASM("lidt %1\n\tsidt %0\n\tlidt %2" : "=m"(b) : "m"(c), "m"(a));
	check_eq("LIDT limit", b.limit, 0x3ff);
	check_eq("LIDT base", b.base, a.base + 8);
	ASM("sldt %0\n\tlldt %2\n\tsldt %1\n\tlldt %0" : "=&r"(ldt), "=&r"(ldt2) : "r"(null));
	check_eq("SLDT", ldt, SEL_LDT);
	check_eq("LLDT null", ldt2, 0);
	ASM("str %0" : "=r"(tr));
	check_eq("STR", tr, SEL_TSS);
}

static void ltr_busy(void) { ASM("ltr %w0" :: "r"(SEL_TSS)); }
static void lldt_data(void) { ASM("lldt %w0" :: "r"(SEL_KDATA)); }
static void mov_cs_limit(void) { ASM("movw %w0, %%fs" :: "r"(0x1230)); }
static void ss_null(void) { ASM("movw %w0, %%ss" :: "r"(0)); }

static void test_selectors(void)
{
	check_eq("LTR of a busy task", catch(ltr_busy), 13);
	check_eq("its error code", trap_frame->error, SEL_TSS);
	check_eq("LLDT of a data segment", catch(lldt_data), 13);
	check_eq("its error code", trap_frame->error, SEL_KDATA);
	check_eq("FS beyond the GDT", catch(mov_cs_limit), 13);
	check_eq("its error code", trap_frame->error, 0x1230);
	check_eq("SS null", catch(ss_null), 13);
	check_eq("its error code", trap_frame->error, 0);
}

/* -- Control and debug registers, MSRs ---------------------------------------- */

static void read_cr0(void) { ASM("movl %%cr0, %0" : "=r"(out)); }
static void write_cr0(void) { ASM("movl %0, %%cr0" :: "r"(in)); }
static void write_cr4(void) { ASM("movl %0, %%cr4" :: "r"(in)); }
static void fpu_nop(void) { ASM("fnop"); }
static void wait(void) { ASM("wait"); }

static void test_cr0(void)
{
	u32 cr0;
	u16 msw;

	read_cr0();
	cr0 = out;
	ASM("smsw %0" : "=r"(msw));
	check_eq("SMSW", msw, cr0 & 0xffff);
	ASM("lmsw %w0" :: "r"((cr0 | 8) & ~1u));
	read_cr0();
	check_eq("LMSW sets TS and leaves PE", out, cr0 | 8);
	check_eq("x87 with TS", catch(fpu_nop), 7);
	check_eq("WAIT with TS and MP", catch(wait), 7);
	ASM("clts");
	read_cr0();
	check_eq("CLTS", out, cr0);
	check_eq("x87 without TS", catch(fpu_nop), NO_TRAP);
	ASM("movl %0, %%cr0" :: "r"(cr0 | 4));
	check_eq("x87 with EM", catch(fpu_nop), 7);
	ASM("movl %0, %%cr0" :: "r"(cr0));
	in = cr0 & ~1u;
	check_eq("PG without PE", catch(write_cr0), 13);
	ASM("movl %0, %%cr0" :: "r"(cr0));
	in = (cr0 | 0x20000000) & ~0x40000000u;
	check_eq("NW without CD", catch(write_cr0), 13);
	read_cr0();
	check_eq("CR0 in the end", out, cr0);
	in = cr0;
	write_cr0();
}

static void test_registers(void)
{
	u32 cr2 = 0, cr3 = 0, cr4 = 0, dr = 0, dr7 = 0;

	ASM("movl %1, %%cr2\n\tmovl %%cr2, %0" : "=r"(cr2) : "r"(0x12345678));
	check_eq("CR2", cr2, 0x12345678);
	ASM("movl %%cr3, %0\n\tmovl %0, %%cr3" : "=r"(cr3) :: "memory");
	check_eq("CR3", cr3, (u32)page_dir - KERNEL);
	ASM("movl %%cr4, %0" : "=r"(cr4));
	in = cr4 | 0x80000000;
	check_eq("a reserved bit of CR4", catch(write_cr4), 13);
	ASM("movl %1, %%dr0\n\tmovl %%dr0, %0" : "=r"(dr) : "r"(0xdeadbeef));
	check_eq("DR0", dr, 0xdeadbeef);
	ASM("movl %1, %%dr3\n\tmovl %%dr3, %0" : "=r"(dr) : "r"(0x13579bdf));
	check_eq("DR3", dr, 0x13579bdf);
	ASM("movl %%dr7, %0" : "=r"(dr7));
	check_eq("DR7, bit 10", dr7 & 0x400, 0x400);
	ASM("movl %0, %%dr6" :: "r"(0));
	ASM("movl %%dr6, %0" : "=r"(dr));
	check_eq("DR6, its ones", dr & 0xffff0ff0, 0xffff0ff0);
}

static void rdmsr(void)
{
	ASM("rdmsr" : "=a"(out), "=d"(out2) : "c"(in));
}

static void wrmsr(u32 msr, u32 v) { ASM("wrmsr" :: "c"(msr), "a"(v), "d"(0)); }

static void test_msr(void)
{
	u32 a, b, d;

	wrmsr(0x175, 0x87654321);
	in = 0x175;
	check_eq("RDMSR", catch(rdmsr), NO_TRAP);
	check_eq("SYSENTER_ESP", out, 0x87654321);
	wrmsr(0xc1, 0xfffffff0);		/* drivers count with it, and do not look first */
	in = 0xc1;
	check_eq("RDMSR of a counter", catch(rdmsr), NO_TRAP);
	check_eq("PERFCTR0", out, 0xfffffff0);
	check_eq("PERFCTR0, its sign", out2, 0xff);
	ASM("rdpmc" : "=a"(a), "=d"(d) : "c"(0));
	check_eq("RDPMC", a, 0xfffffff0);
	in = 0xdead0000;
	check_eq("an MSR that is not there", catch(rdmsr), 13);
	ASM("rdtsc" : "=a"(a), "=d"(d));
	ASM("rdtsc" : "=a"(b), "=d"(d));
	check_eq("RDTSC goes on", b - a - 1 < 0x40000000, 1);
}

static void rdtscp(void) { ASM("rdtscp" : "=c"(out), "=a"(out2) :: "edx"); }
static void wrmsr_high(void) { ASM("wrmsr" :: "c"(in), "a"(0), "d"(1)); }

/* Also at CPL 3 with CR4.TSD: user code cannot set that. */
static void test_rdtscp(void)
{
	u32 a, cr4;

	if (!machine_has(124)) {
		check_eq("RDTSCP on a CPU without it", catch(rdtscp), 6);
		return;
	}
	wrmsr(0xc0000103, 0x12345678);
	in = 0xc0000103;
	check_eq("TSC_AUX, its upper half", catch(wrmsr_high), 13);
	ASM("movl %%cr4, %0\n\torl $4, %0\n\tmovl %0, %%cr4" : "=r"(cr4));
	ASM("rdtsc" : "=a"(a) :: "edx");
	check_eq("RDTSCP at CPL 0 with TSD", catch(rdtscp), NO_TRAP);
	check_eq("RDTSCP, its ECX", out, 0x12345678);
	check_eq("RDTSCP goes on", out2 - a - 1 < 0x40000000, 1);
	ASM("movl %0, %%cr4" :: "r"(cr4 & ~4u));
	check_eq("RDMSR of TSC_AUX", catch(rdmsr), NO_TRAP);
	check_eq("TSC_AUX", out, 0x12345678);
	wrmsr(0xc0000103, 0);			/* as the cases want it */
}

/* -- Paging and caches -------------------------------------------------------- */

static void test_paging(void)
{
	u32 *window = (u32 *)0x30000000, *a = (u32 *)(KERNEL + 0x320000), *b = a + 1024;

	*a = 0xaaaaaaaa;
	*b = 0xbbbbbbbb;
	machine_map((u32)window, 0x320000, P_WRITE);
	check_eq("a page", *(volatile u32 *)window, 0xaaaaaaaa);
	machine_map((u32)window, 0x321000, P_WRITE);
	ASM("invlpg (%0)" :: "r"(window) : "memory");
	check_eq("INVLPG", *(volatile u32 *)window, 0xbbbbbbbb);
	ASM("wbinvd" ::: "memory");
	check_eq("WBINVD", *(volatile u32 *)window, 0xbbbbbbbb);
	page_dir[(u32)window >> 22] = 0;
	ASM("movl %%cr3, %%eax\n\tmovl %%eax, %%cr3" ::: "eax", "memory");
}

/* -- Ports, interrupts -------------------------------------------------------- */

static void test_ports(void)
{
	u8 bytes[4] = { 0xfe, 0xfd, 0, 0 }, *p = bytes;
	u32 n, v = 0x80000000;
	u16 port = 0xa1;

	outb(0xa1, 0x5a);
	check_eq("OUT, IN", inb(0xa1), 0x5a);
	ASM("outl %0, %w1" :: "a"(v), "d"(0xcf8));
	ASM("inl %w1, %0" : "=a"(v) : "d"(0xcf8));
	check_eq("32 bits", v, 0x80000000);
	n = 2;
	ASM("rep outsb" : "+S"(p), "+c"(n) : "d"(port) : "memory");
	check_eq("REP OUTS: count", n, 0);
	check_eq("REP OUTS: last byte", inb(0xa1), 0xfd);
	p = bytes + 2;
	n = 2;
	ASM("rep insb" : "+D"(p), "+c"(n) : "d"(port) : "memory");
	check_eq("REP INS", bytes[2] << 8 | bytes[3], 0xfdfd);
	check_eq("REP INS: EDI", (u32)(p - bytes), 4);
	outb(0xa1, 0xff);
}

/* The local APIC masks the 8259's line until told otherwise; without it the line is the CPU's. */
static void apic_off(void)
{
	in = 0x1b;
	if (machine_has(10) && catch(rdmsr) == NO_TRAP)
		wrmsr(in, out & ~0x800u);
}

static void pic_init(void)
{
	apic_off();
	outb(0x20, 0x11);
	outb(0x21, IRQ0_VECTOR);
	outb(0x21, 4);
	outb(0x21, 1);
}

static void test_halt(void)
{
	u32 flags;

	pic_init();
	outb(0x43, 0x34);		/* PIT channel 0: mode 2, 1 ms */
	outb(0x40, 0xa9);
	outb(0x40, 4);
	outb(0x21, 0xfe);
	ASM("sti\n\thlt\n\thlt\n\tcli");
	outb(0x21, 0xff);
	check_eq("HLT, twice", irq_count >= 2, 1);
	ASM("pushfl\n\tpopl %0" : "=r"(flags));
	check_eq("CLI", flags & 0x200, 0);
	ASM("sti\n\tpushfl\n\tcli\n\tpopl %0" : "=r"(flags));
	check_eq("STI", flags & 0x200, 0x200);
}

static void int1(void) { ASM("1: .byte 0xf1\n2:\tmovl $2b, %0" : "=m"(out)); }
static void int3(void) { ASM("int3"); }

static void test_traps(void)
{
	check_eq("INT1", catch(int1), 1);
	check_eq("INT1 is one byte", *(u8 *)(trap_frame->eip - 1), 0xf1);
	check_eq("INT3", catch(int3), 3);
	check_eq("INT3 is one byte", *(u8 *)(trap_frame->eip - 1), 0xcc);
}

/* -- The limit of CS ---------------------------------------------------------- */

static struct { u32 eip; u16 sel; } __attribute__((packed)) limited;

static void run_limited(void)
{
	ASM("movl $0x1000, %%ebx\n\tmovl %0, %%ecx\n\tljmpl *%1" :: "r"(in), "m"(limited)
	    : "ebx", "ecx");
}

/* Faults at CPL 0 push no stack pointer: it is where the frame ends. */
static u32 esp_at_fault(void) { return trap_frame->esp_unused + 8 + 12; }

/*
 * Code at `eip` of a segment of 4 KiB that branches at `at` to its end or beyond: #GP(0) there,
 * with ESP and ECX as they were (SDM vol. 2: CALL, JMP, Jcc, LOOP, RET).
 */
static void test_limited(const char *name, u32 eip, u32 at, bool big, const char *code, u32 n)
{
	u8 *segment = (u8 *)(KERNEL + 0x325000);
	u32 esp;

	for (u32 i = 0; i < n; i++)
		segment[eip + i] = (u8)code[i];
	machine_limited_code((u32)segment, 0xfff, big);
	limited.eip = eip;
	limited.sel = SEL_LIMITED_CODE;
	in = 5;
	check_eq(name, catch(run_limited), 13);
	check_eq(name, trap_frame->error, 0);
	check_eq(name, trap_frame->cs, SEL_LIMITED_CODE);
	check_eq(name, trap_frame->eip, at);
	check_eq(name, trap_frame->ecx, 5);
	esp = esp_at_fault();
	limited.eip = 0x800;			/* the same without a branch: UD2 */
	segment[0x800] = 0x0f;
	segment[0x801] = 0x0b;
	check_eq(name, catch(run_limited), 6);
	check_eq(name, esp, esp_at_fault());
}

#define LIMITED(name, eip, at, big, code) \
	test_limited("limit of CS: " name, eip, at, big, code, sizeof code - 1)

static void test_limits(void)
{
	LIMITED("CALL", 0x10, 0x10, true, "\xe8\xeb\x0f\0\0");
	LIMITED("JMP", 0x20, 0x20, true, "\xe9\xdb\x0f\0\0");
	LIMITED("LOOP", 0xff0, 0xff0, true, "\xe2\x20");
	LIMITED("JECXZ not taken, JE", 0x100, 0x104, true,
		"\xe3\x7f\x39\xe4\x0f\x84\xf6\x0e\0\0");
	LIMITED("JMP r", 0x30, 0x30, true, "\xff\xe3");
	LIMITED("CALL r", 0x30, 0x30, true, "\xff\xd3");
	LIMITED("JMP in 16-bit code", 0x50, 0x50, false, "\xe9\xad\x0f");
	LIMITED("CALL o32 in 16-bit code", 0x50, 0x50, false, "\x66\xe8\xaa\x0f\0\0");
}

/* -- User mode, virtual-8086 mode --------------------------------------------- */

static struct user u __attribute__((aligned(256)));

static void prepare_user(void)
{
	u = (struct user){ .self = (u32)&u.gs, .self_ss = SEL_KDATA, .ds = SEL_FLAT,
			   .es = SEL_FLAT, .cs = SEL_CS32, .ss = SEL_FLAT, .eflags = 0x202 };
}

void sysenter_entry(void);

static void test_sysenter(void)
{
	u8 *code = machine_slots();
	u32 at = CODE_BASE;

	code[0] = 0x0f;
	code[1] = 0x34;
	code[2] = code[3] = 0xcc;
	prepare_user();
	u.eip = at;
	u.esp = DATA_BASE + 0x100;
	u.ecx = DATA_BASE + 0x200;
	u.edx = at + 2;
	wrmsr(0x174, 0);
	enter_user(&u);
	check_eq("SYSENTER with CS 0", trap_frame->vector, 13);
	wrmsr(0x174, SEL_KCODE);
	wrmsr(0x175, 0xc0123450);
	wrmsr(0x176, (u32)sysenter_entry);
	enter_user(&u);
	check_eq("SYSENTER, SYSEXIT", trap_frame->vector, 3);
	check_eq("CS and SS in between", trap_frame->eax, (SEL_KCODE + 8) << 16 | SEL_KCODE);
	check_eq("ESP in between", trap_frame->esi, 0xc0123450);
	check_eq("EIP after SYSEXIT", trap_frame->eip, at + 3);
	check_eq("ESP after SYSEXIT", trap_frame->esp, DATA_BASE + 0x200);
	check_eq("CS after SYSEXIT", trap_frame->cs, (SEL_KCODE + 16) | 3);
	check_eq("SS after SYSEXIT", trap_frame->ss, (SEL_KCODE + 24) | 3);
}

/* At 0x200:0x10 of virtual-8086 mode, where linear 0x2000 is a page of its own. */
static void run_v86(const u8 *code, u32 n, u32 iopl)
{
	u8 *page = (u8 *)(KERNEL + 0x324000);

	machine_map(0x2000, 0x324000, P_USER | P_WRITE);
	for (u32 i = 0; i < n; i++)
		page[0x10 + i] = code[i];
	prepare_user();
	u.ds = u.es = 0;
	u.eflags = 0x20202 | iopl << 12;
	u.cs = 0x200;
	u.eip = 0x10;
	u.ss = 0x1f0;
	u.esp = 0x200;
	u.v86_ds = 0x208;
	u.v86_es = 0x123;
	u.v86_fs = 0x456;
	u.v86_gs = 0x789;
	u.ebx = 0x40;
	enter_user(&u);
}

static void test_v86(void)
{
	/* mov ax,cs; mov [bx],ax; push ax; pop es; mov cx,es; mov edx,[0x40]; int3 */
	static const u8 moves[] = { 0x8c, 0xc8, 0x89, 0x07, 0x50, 0x07, 0x8c, 0xc1, 0x66, 0x8b,
				    0x16, 0x40, 0, 0xcc };
	static const u8 cli[] = { 0xfa }, pushf[] = { 0x9c }, hlt[] = { 0xf4 };
	static const u8 lar[] = { 0x0f, 2, 0xc0 }, pushf3[] = { 0x9c, 0x5a, 0xfa, 0xcc };
	static const u8 far[] = { 0xea, 0x15, 0, 0, 2, 0xcc };
	static const u8 far32[] = { 0x66, 0xe9, 0, 0, 1, 0 }, call32[] = { 0x66, 0xe8, 0, 0, 1, 0 };

	*(u32 *)(KERNEL + 0x3240c0) = 0x87650000;
	run_v86(moves, sizeof moves, 0);
	check_eq("V86: INT3", trap_frame->vector, 3);
	check_eq("V86: EFLAGS.VM", trap_frame->eflags & 0x20000, 0x20000);
	check_eq("V86: CS read", trap_frame->eax & 0xffff, 0x200);
	check_eq("V86: ES loaded", trap_frame->v86_es, 0x200);
	check_eq("V86: ES read", trap_frame->ecx & 0xffff, 0x200);
	check_eq("V86: DS:0x40 is linear 0x20c0", trap_frame->edx, 0x87650200);
	check_eq("V86: FS, GS", trap_frame->v86_fs << 16 | trap_frame->v86_gs, 0x4560789);
	check_eq("V86: SP", trap_frame->esp, 0x200);
	check_eq("V86: DS is null in the handler", trap_frame->ds, 0);
	run_v86(cli, 1, 0);
	check_eq("V86: CLI", trap_frame->vector << 16 | trap_frame->eip, 13 << 16 | 0x10);
	run_v86(pushf, 1, 0);
	check_eq("V86: PUSHF", trap_frame->vector, 13);
	run_v86(hlt, 1, 3);
	check_eq("V86: HLT", trap_frame->vector, 13);
	run_v86(lar, 3, 3);
	check_eq("V86: LAR", trap_frame->vector, 6);
	run_v86(pushf3, 4, 3);
	check_eq("V86: PUSHF with IOPL 3", trap_frame->edx & 0x7202, 0x3202);
	check_eq("V86: CLI with IOPL 3", trap_frame->eflags & 0x200, 0);
	run_v86(far, 6, 0);
	check_eq("V86: far jump", trap_frame->cs << 16 | trap_frame->eip, 0x2000016);
	run_v86(far32, 6, 0);
	check_eq("V86: JMP to beyond 64 KiB", trap_frame->vector << 16 | trap_frame->eip,
		 13 << 16 | 0x10);
	run_v86(call32, 6, 0);
	check_eq("V86: CALL to beyond 64 KiB", trap_frame->vector << 16 | trap_frame->eip,
		 13 << 16 | 0x10);
	check_eq("V86: its SP", trap_frame->esp, 0x200);
	page_dir[0] = 0;
	ASM("movl %%cr3, %%eax\n\tmovl %%eax, %%cr3" ::: "eax", "memory");
}

void system_tests(void)
{
	test_tables();
	test_selectors();
	test_cr0();
	test_registers();
	test_msr();
	test_rdtscp();
	test_paging();
	test_ports();
	test_halt();
	test_traps();
	test_limits();
	test_sysenter();
	test_v86();
}
