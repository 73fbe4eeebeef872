/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults within repeated strings, and faults of fetches. */
#include "guestimg/tests/faults.h"

/* -- Repeated strings over missing pages -------------------------------------------------- */

static struct {
	struct regs first;
	u32 size, faults, last_ecx;
	int step;
	bool src, dst;
} str;

static bool on_string_fault(struct trap *t)
{
	u32 cr2 = fault_address(), done = (str.first.ecx - t->ecx) * str.size * (u32)str.step;
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
	expect("of a write", t->error & PF_W, str.dst && cr2 - t->edi <= last ? PF_W : 0);
	if (cr2 - WINDOW - 0x10000 >= 0x50000)
		return false;
	window_set(cr2, P | W | U);
	return str.faults < 20;
}

static void string(const char *name, u8 op, u32 size, bool down, bool src, bool dst)
{
	const u8 code[] = { 0xf3, size == 2 ? 0x66 : op, size == 2 ? op : 0xcd,
			    size == 2 ? 0xcd : VEC_EXIT, VEC_EXIT };
	u32 low = window_at(0) + 1, from = window_at(1) + 0x803, n = 3 * PAGE - 64;
	struct regs r = user_regs((void *)code_put(0x1000, code, sizeof(code)));
	u32 count = n / size;

	test(name);
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
	string("rep movsb over missing pages", 0xa4, 1, false, true, true);
	check_copy();
	fill_windows();
	string("rep movsl over missing pages", 0xa5, 4, false, true, true);
	check_copy();
	fill_windows();
	string("rep movsw down over missing pages", 0xa5, 2, true, true, true);
	check_copy();
	fill_windows();
	string("rep stosl over missing pages", 0xab, 4, false, false, true);
	for (u32 k = 0; k < 3 * PAGE - 64; k++)
		if (!expect("stored", *window_byte(window_at(0) + 1 + k), 0xa5))
			break;
	string("rep stosb down over missing pages", 0xaa, 1, true, false, true);
	string("rep lodsl over missing pages", 0xad, 4, false, true, false);
}

/* -- Fetches ---------------------------------------------------------------------------------- */

static u32 fetch_page, fetch_eip, fetch_faults, fetch_bits;

static bool on_fetch_fault(struct trap *t)
{
	fetch_faults++;
	expect("eip", t->eip, fetch_eip);
	expect("cr2", fault_address(), fetch_page > fetch_eip ? fetch_page : fetch_eip);
	expect("error code", t->error, fetch_bits & P ? PF_P | PF_U : PF_U);
	code_set(fetch_page, P | U);
	return fetch_faults < 5;
}

/* "movl $0x11223344, %eax; int", k bytes of it before a page's end; the next page is not there. */
static void test_split(u32 k, u32 bits)
{
	static const u8 code[] = { 0xb8, 0x44, 0x33, 0x22, 0x11, 0xcd, VEC_EXIT };
	struct regs r = user_regs((void *)code_put(PAGE * 2 - k, code, sizeof(code)));

	code_set(CODE_PAGES + 2 * PAGE, bits);
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
	u32 to = code_put(3 * PAGE + 0x10, target, 2), esp = r.esp;

	test(name);
	code_set(to, 0);
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
	if (bare_metal) {
		test("an instruction over the end, second page of the supervisor");
		for (u32 k = 1; k < 7; k++)
			test_split(k, P);
	}
	transfer("jmp to a missing page", jmp, sizeof(jmp));
	transfer("call to a missing page", call, sizeof(call));
	transfer("jmp *%eax to a missing page", jmp_eax, sizeof(jmp_eax));
	transfer("call *(%edi) to a missing page", call_mem, sizeof(call_mem));
	transfer("ret to a missing page", ret, sizeof(ret));
	transfer("jnz to a missing page", loop, sizeof(loop));
}
