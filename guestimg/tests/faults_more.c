/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults within repeated strings, faults of fetches, and a program that runs by demand paging. */
#include "guestimg/tests/faults.h"

static u32 read_cr2(void)
{
	u32 v;

	__asm__ volatile("movl %%cr2, %0" : "=r"(v));
	return v;
}

/* -- Repeated strings over missing pages -------------------------------------------------- */

static struct {
	struct regs first;
	u32 size, faults, last_ecx;
	int step;
	bool src, dst;
} str;

static bool on_string_fault(struct trap *t)
{
	u32 cr2 = read_cr2(), done = (str.first.ecx - t->ecx) * str.size * (u32)str.step;
	u32 last = str.size - 1;

	str.faults++;
	expect("eip", t->eip, str.first.eip);
	if (str.src)
		expect("esi", t->esi, str.first.esi + done);
	if (str.dst)
		expect("edi", t->edi, str.first.edi + done);
	expect("cr2 at the element", (str.src && (cr2 - t->esi <= last)) ||
	       (str.dst && (cr2 - t->edi <= last)), 1);
	expect("error code", t->error & ~(u32)PF_W, PF_U);
	if (str.dst && cr2 - t->edi <= last && t->edi != t->esi)
		expect("of a write", t->error & PF_W, str.src || str.dst ? t->error & PF_W : 0);
	if (cr2 - WINDOW - 0x10000 >= 0x50000)
		return false;
	window_set(cr2, P | W | U);
	return str.faults < 20;
}

static void string(const char *name, const char *op, u32 size, bool down, bool src, bool dst)
{
	u8 code[] = { (u8)op[0], size == 1 ? 0x90 : (u8)op[1], (u8)op[2], 0xcd, VEC_EXIT };
	u32 low = window_at(0) + 1, from = window_at(1) + 0x803, n = 3 * PAGE - 64;
	struct regs r = user_regs((void *)code_put(0x1000, code, sizeof(code)));
	u32 count = n / size;

	test(name);
	r.eip += size == 2 ? 0 : 0;
	r.ecx = count;
	r.eax = 0xa5a5a5a5;
	r.edi = down ? low + (count - 1) * size : low;
	r.esi = down ? from + (count - 1) * size : from;
	r.eflags = 2 | (down ? DF : 0);
	str.first = r;
	str.size = size;
	str.step = down ? -1 : 1;
	str.src = src;
	str.dst = dst;
	str.faults = 0;
	for (u32 p = 0; p < WINDOW_PAGES; p++) {
		window_set(window_at(0) + p * PAGE, 0);
		window_set(window_at(1) + p * PAGE, 0);
	}
	on_trap[V_PF] = on_string_fault;
	run(&r);
	on_trap[V_PF] = 0;
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("last ecx", stopped.r.ecx, 0);
	expect("last edi", stopped.r.edi, r.edi + (dst ? count * size * (u32)str.step : 0));
	expect("last esi", stopped.r.esi, r.esi + (src ? count * size * (u32)str.step : 0));
	expect("faults", str.faults, (src ? 4u : 0) + (dst ? 3u : 0));
}

static void check_copy(void)
{
	u32 to = window_at(0) + 1, from = window_at(1) + 0x803, n = 3 * PAGE - 64;

	for (u32 k = 0; k < n; k++)
		if (!expect("copied", *window_byte(to + k), *window_byte(from + k)))
			break;
	expect("before", *window_byte(to - 1), 0x33);
	expect("behind", *window_byte(to + n), 0x33);
}

static void fill_windows(void)
{
	for (u32 p = 0; p < WINDOW_PAGES; p++) {
		memset(window_byte(window_at(0) + p * PAGE), 0x33, PAGE);
		for (u32 k = 0; k < PAGE; k += 4)
			*(u32 *)window_byte(window_at(1) + p * PAGE + k) = rnd();
	}
}

void test_strings(void)
{
	fill_windows();
	string("rep movsb over missing pages", "\x90\xf3\xa4", 1, false, true, true);
	check_copy();
	fill_windows();
	string("rep movsl over missing pages", "\x90\xf3\xa5", 4, false, true, true);
	check_copy();
	fill_windows();
	string("rep movsw down over missing pages", "\x66\xf3\xa5", 2, true, true, true);
	check_copy();
	fill_windows();
	string("rep stosl over missing pages", "\x90\xf3\xab", 4, false, false, true);
	for (u32 k = 0; k < 3 * PAGE - 64; k++)
		if (!expect("stored", *window_byte(window_at(0) + 1 + k), 0xa5))
			break;
	string("rep stosb down over missing pages", "\x90\xf3\xaa", 1, true, false, true);
	string("rep lodsl over missing pages", "\x90\xf3\xad", 4, false, true, false);
}

/* -- Fetches ---------------------------------------------------------------------------------- */

static u32 fetch_page, fetch_eip, fetch_faults, fetch_bits;

static bool on_fetch_fault(struct trap *t)
{
	fetch_faults++;
	expect("eip", t->eip, fetch_eip);
	expect("cr2", read_cr2(), fetch_page > fetch_eip ? fetch_page : fetch_eip);
	expect("error code", t->error, fetch_bits & P ? PF_P | PF_U : PF_U);
	*pte(kernel_pd, fetch_page) |= P | U;
	return fetch_faults < 5;
}

/* "movl $0x11223344, %eax; int" with k bytes before the end of a page; the second one is not there. */
static void test_split(u32 k, u32 bits)
{
	static const u8 code[] = { 0xb8, 0x44, 0x33, 0x22, 0x11, 0xcd, VEC_EXIT };
	struct regs r = user_regs((void *)code_put(PAGE * 2 - k, code, sizeof(code)));
	u32 *p = pte(kernel_pd, CODE_PAGES + 2 * PAGE);

	*p = (*p & ~(u32)(P | U | W)) | bits;
	invlpg(CODE_PAGES + 2 * PAGE);
	fetch_page = CODE_PAGES + 2 * PAGE;
	fetch_eip = k == 5 ? fetch_page : r.eip;	/* then it is INT that is not there */
	if (k == 6)
		fetch_eip = fetch_page - 1;
	fetch_faults = 0;
	fetch_bits = bits;
	on_trap[V_PF] = on_fetch_fault;
	run(&r);
	on_trap[V_PF] = 0;
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("eax", stopped.r.eax, 0x11223344);
	expect("faults", fetch_faults, 1);
}

/* A transfer to a missing page: it is done, and the fault is its target's. */
static void transfer(const char *name, const void *code, u32 n)
{
	static const u8 target[] = { 0xcd, VEC_EXIT };
	struct regs r = user_regs((void *)code_put(0x200, code, n));
	u32 to = code_put(3 * PAGE + 0x10, target, 2), *p = pte(kernel_pd, to);
	u32 esp = r.esp;

	test(name);
	*p &= ~(u32)P;
	invlpg(to);
	r.eax = fetch_eip = fetch_page = to;
	r.edi = AT(&r.eax);
	r.ecx = 1;
	fetch_faults = 0;
	fetch_bits = 0;
	on_trap[V_PF] = on_fetch_fault;
	run(&r);
	on_trap[V_PF] = 0;
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("eip", stopped.r.eip, to + 2);
	expect("faults", fetch_faults, 1);
	expect("esp", stopped.r.esp == esp || stopped.r.esp == esp - 4, 1);
}

void test_fetches(void)
{
	static const u8 jmp[] = { 0xe9, 0x0b, 0x2e, 0, 0 };	/* 0x205 + 0x2e0b = 0x3010 */
	static const u8 call[] = { 0xe8, 0x0b, 0x2e, 0, 0 };
	static const u8 jmp_eax[] = { 0xff, 0xe0 }, call_mem[] = { 0xff, 0x17 };
	static const u8 ret[] = { 0x50, 0xc3 };			/* push %eax; ret */
	static const u8 loop[] = { 0x41, 0x49, 0x0f, 0x85, 0x08, 0x2e, 0, 0 };

	test("an instruction over the end, second page missing");
	for (u32 k = 1; k < 7; k++)
		test_split(k, 0);
	test("an instruction over the end, second page of the supervisor");
	for (u32 k = 1; k < 7; k++)
		test_split(k, P);
	transfer("jmp to a missing page", jmp, sizeof(jmp));
	transfer("call to a missing page", call, sizeof(call));
	transfer("jmp *%eax to a missing page", jmp_eax, sizeof(jmp_eax));
	transfer("call *(%edi) to a missing page", call_mem, sizeof(call_mem));
	transfer("ret to a missing page", ret, sizeof(ret));
	transfer("jnz to a missing page", loop, sizeof(loop));
}

/* -- Demand paging ------------------------------------------------------------------------------ */

enum { AREA = WINDOW + 0x2000000, PAGES_ALL = 48, RESIDENT = 5 };

static u32 frame_va[RESIDENT], frame_pa[RESIDENT], next_frame, paged_in;

static u32 backing(u32 va) { return FREE + 0x400000 + (va - AREA); }

/* Bring the page in and put another one out, with its changes if it has any. */
static bool on_demand(struct trap *t)
{
	u32 va = read_cr2() & ~(PAGE - 1u), f = next_frame++ % RESIDENT;

	if (va - AREA >= PAGES_ALL * PAGE || (t->error & PF_P))
		return false;
	paged_in++;
	if (frame_va[f]) {
		u32 *old = pte(kernel_pd, frame_va[f]);

		if (*old & D)
			memcpy((void *)backing(frame_va[f]), (void *)frame_pa[f], PAGE);
		*old = 0;
		invlpg(frame_va[f]);
	}
	memcpy((void *)frame_pa[f], (void *)backing(va), PAGE);
	map(kernel_pd, va, frame_pa[f], P | W | U);
	frame_va[f] = va;
	return true;
}

/* Reverse the words of [esi, edi]: accesses at both ends, then in between. */
__asm__(".pushsection .text\n"
	"reverse:\n\t"
	"cmpl %edi, %esi\n\tjae 2f\n\t"
	"movl (%esi), %eax\n\txchgl %eax, (%edi)\n\tmovl %eax, (%esi)\n\t"
	"addl $4, %esi\n\tsubl $4, %edi\n\tjmp reverse\n"
	"2:\tint $0x30\n"
	"add_up:\n\t"			/* words at esi, step ebx, ecx of them; esi wraps by edx */
	"xorl %eax, %eax\n"
	"1:\taddl (%esi), %eax\n\taddl %ebx, %esi\n\tcmpl %edx, %esi\n\tjb 3f\n\t"
	"subl %ebp, %esi\n"
	"3:\tloop 1b\n\tint $0x30\n"
	".popsection");
extern char reverse[], add_up[];

void test_demand(void)
{
	enum { WORDS = PAGES_ALL * PAGE / 4 };
	struct regs r = user_regs(reverse);
	u32 sum = 0, *m = (u32 *)backing(AREA);

	test("48 pages reversed in 5 frames");
	for (u32 k = 0; k < RESIDENT; k++)
		frame_pa[k] = page_new();
	for (u32 k = 0; k < WORDS; k++)
		sum += m[k] = k * 0x10001 + 7;
	on_trap[V_PF] = on_demand;
	r.esi = AREA;
	r.edi = AREA + PAGES_ALL * PAGE - 4;
	run(&r);
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("first", *(volatile u32 *)AREA, (WORDS - 1) * 0x10001 + 7);
	expect("last", *(volatile u32 *)(AREA + PAGES_ALL * PAGE - 4), 7);
	for (u32 k = 0; k < WORDS; k++)
		if (!expect("word", ((volatile u32 *)AREA)[k], (WORDS - 1 - k) * 0x10001 + 7))
			break;
	expect("pages came more than once", paged_in > PAGES_ALL, 1);

	test("48 pages added up with large steps");
	r = user_regs(add_up);
	r.esi = AREA;
	r.ebx = 4 * 1021;
	r.ecx = WORDS;
	r.ebp = PAGES_ALL * PAGE;
	r.edx = AREA + r.ebp;
	paged_in = 0;
	run(&r);
	on_trap[V_PF] = 0;
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("sum", stopped.r.eax, sum);
	expect("nearly each step", paged_in > WORDS / 2, 1);
}
