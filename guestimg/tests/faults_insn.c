/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each instruction of faults.def over a page's end, with pages missing, read-only
 * or of the supervisor. At each fault the state must be the one before it and
 * the fault the next one that the row foretells; then the page is put right. In
 * the end everything must be as in a run without faults.
 */
#include "guestimg/tests/faults.h"
#include "guestimg/tests/rows.h"

#define ROW ROW_CODE
#include "guestimg/tests/faults.def"
#undef ROW

static const struct row rows[] = {
#define ROW ROW_ENTRY
#include "guestimg/tests/faults.def"
#undef ROW
};

/* -- The code around it: flags before, flags overwritten after or not -------- */

#define SETTERS(X) \
	X(s_cmp, "cmpl $0x80000001, %edi") X(s_add, "addl $0, %edx") \
	X(s_adc, "stc\n\tadcl $-1, %ecx") X(s_sbb, "stc\n\tsbbl $-1, %eax") \
	X(s_dec, "stc\n\tincl %edx\n\tdecl %edx") X(s_and, "andl %ebp, %ebp") \
	X(s_rol, "cmpl %ecx, %eax\n\troll $16, %edx\n\troll $16, %edx") \
	X(s_sahf, "movb %al, %ah\n\tsahf\n\tmovb $0, %ah") X(s_cmp8, "cmpb $0x7f, %cl") \
	X(s_test, "testw %cx, %cx") X(s_bt, "subl $0, %eax\n\tbtl $3, %edi") \
	X(s_neg, "negl %ecx\n\tnegl %ecx") X(s_clc, "cmpl %ebx, %edi\n\tcmc")
#define X(name, text) __asm__(".pushsection .text\n" #name ":\n\t" text "\n" #name "_end:\n" \
	".popsection");
SETTERS(X)
#undef X
#define X(name, text) extern char name[], name##_end[];
SETTERS(X)
#undef X
#define X(name, text) { name, name##_end },
static const struct { const char *code, *end; } setters[] = { SETTERS(X) };
#undef X

/* -- The case under way ------------------------------------------------------ */

enum { HALF = 640 };			/* bytes each side of a boundary that are looked at */
enum { MISSING, READ_ONLY, SUPERVISOR, KINDS };
static const u32 kind_bits[KINDS] = { 0, P | U, P | W };

static struct {
	const struct row *row;
	bool kernel;
	u32 start, landing;		/* of the instruction; behind it */
	u32 flags;			/* before it */
	u32 reg[8];
	u8 wrong[5][WINDOW_PAGES];	/* kind + 1 of pages that are not right */
	u32 faults;
} now;

struct image { u32 word[5][2 * HALF / 4]; };
static struct image initial, reference, found;
static u8 fx_initial[512] __attribute__((aligned(16)));
static u8 fx_reference[512] __attribute__((aligned(16)));
static u8 fx_found[512] __attribute__((aligned(16)));

static u32 window_of(u32 reg)
{
	static const u8 n[8] = { [EDI] = 0, [ESI] = 1, [ESP] = 2, [EBP] = 3, [EBX] = 4 };

	return n[reg];
}

static u32 boundary(u32 reg) { return window_at(window_of(reg)) + 2 * PAGE; }

static void copy_words(void *to, const void *from, u32 n)
{
	__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(n) :: "memory");
}

static bool same_words(const void *a, const void *b, u32 n)
{
	bool equal;

	__asm__ volatile("cmpl %%eax, %%eax\n\trepe cmpsl\n\tsete %0"
			 : "=q"(equal), "+D"(a), "+S"(b), "+c"(n) :: "memory", "cc");
	return equal;
}

/* The row's windows to or from RAM. */
static void windows_copy(struct image *m, bool to_ram)
{
	for (u32 k = 0; k < COUNT(now.row->a) && now.row->a[k].kind; k++) {
		u32 reg = now.row->a[k].reg, *w = m->word[window_of(reg)];
		void *low = window_byte(boundary(reg) - HALF), *high = window_byte(boundary(reg));

		copy_words(to_ram ? low : w, to_ram ? w : low, HALF / 4);
		w += HALF / 4;
		copy_words(to_ram ? high : w, to_ram ? w : high, HALF / 4);
	}
}

static bool images_equal(const struct image *a, const struct image *b)
{
	for (u32 k = 0; k < COUNT(now.row->a) && now.row->a[k].kind; k++) {
		u32 w = window_of(now.row->a[k].reg);

		if (!same_words(a->word[w], b->word[w], 2 * HALF / 4))
			return false;
	}
	return true;
}

/* But for the last instruction and its operand, and MXCSR's mask. */
static bool fx_equal(const u8 *a, const u8 *b)
{
	return same_words(a, b, 1) && same_words(a + 24, b + 24, 1) &&
	       same_words(a + 32, b + 32, 64);
}

static u32 access_at(const struct access *a) { return now.reg[a->reg] + (u32)a->off; }

/* The bytes that an access reads, as its row wants them. */
static void put_operand(const struct access *a)
{
	u8 *m = (u8 *)initial.word[window_of(a->reg)];

	put_wanted(a, now.row->flags, now.landing, m + access_at(a) - boundary(a->reg) + HALF);
}

static void make_initial(void)
{
	for (u32 w = 0; w < 5; w++)
		for (u32 k = 0; k < 2 * HALF / 4; k++)
			initial.word[w][k] = (k * 4 + w) * 0x9e3779b9u ^ 0x5bd1e995;
	for (u32 k = 0; k < COUNT(now.row->a) && now.row->a[k].kind; k++)
		put_operand(&now.row->a[k]);
}

/* -- Pages ------------------------------------------------------------------- */

static u8 *wrong_at(u32 va)
{
	return &now.wrong[(va - WINDOW) / 0x10000 - 1][va / PAGE % 16];
}

static void make_wrong(u32 va, u32 kind)
{
	*wrong_at(va) = (u8)(kind + 1);
	window_set(va, kind_bits[kind]);
}

static void make_right(u32 va)
{
	*wrong_at(va) = 0;
	window_set(va, P | W | U);
}

static void all_right(void)
{
	for (u32 n = 0; n < 5; n++)
		for (u32 p = 0; p < WINDOW_PAGES; p++)
			make_right(window_at(n) + p * PAGE);
}

/* Would an access of this kind to va fault? Then its error code, else 0 with *faults false. */
static u32 error_of(u32 va, u32 kind, bool *faults)
{
	u32 wrong = *wrong_at(va), w = kind == WRITE ? PF_W : 0, u = now.kernel ? 0 : PF_U;

	*faults = wrong == MISSING + 1 || (wrong == READ_ONLY + 1 && w) ||
		  (wrong == SUPERVISOR + 1 && u);
	return (wrong == MISSING + 1 ? 0 : PF_P) | w | u;
}

/* The next fault that the row foretells: address and error code. */
static bool foretold(u32 *va, u32 *error)
{
	for (u32 k = 0; k < COUNT(now.row->a) && now.row->a[k].kind; k++) {
		const struct access *a = &now.row->a[k];
		u32 first = access_at(a), last = first + a->size - 1;
		bool faults;

		*va = first;
		*error = error_of(first, a->kind, &faults);
		if (faults)
			return true;
		*va = last & ~(PAGE - 1u);
		*error = error_of(last, a->kind, &faults);
		if (faults)
			return true;
	}
	return false;
}

/* For loose rows: is it one that some access can make? */
static bool possible(u32 va, u32 error)
{
	for (u32 k = 0; k < COUNT(now.row->a) && now.row->a[k].kind; k++) {
		const struct access *a = &now.row->a[k];
		bool faults;

		if (va - access_at(a) < a->size &&
		    error_of(va, a->kind, &faults) == error && faults)
			return true;
	}
	return false;
}

/* -- Running ----------------------------------------------------------------- */

static void check_state(const struct trap *t)
{
	const u32 *reg = now.reg;

	expect("eip", t->eip, now.start);
	expect("eax", t->eax, reg[EAX]);
	expect("ecx", t->ecx, reg[ECX]);
	expect("edx", t->edx, reg[EDX]);
	expect("ebx", t->ebx, reg[EBX]);
	expect("ebp", t->ebp, reg[EBP]);
	expect("esi", t->esi, reg[ESI]);
	expect("edi", t->edi, reg[EDI]);
	if (!now.kernel)
		expect("esp", t->esp, reg[ESP]);
	expect("flags", t->eflags & ARITH, now.flags);
	if (now.row->flags & FPU) {
		fpu_at_fault(fx_found, fx_initial, t->eip);
		expect("x87 and SSE", fx_equal(fx_found, fx_initial), 1);
	}
}

static bool on_pf(struct trap *t)
{
	u32 cr2 = fault_address(), va = 0, error = 0;

	now.faults++;
	check_state(t);
	if (now.row->flags & LOOSE) {
		expect("a fault of this instruction", possible(cr2, t->error) ? 0 : cr2, 0);
	} else {
		if (!foretold(&va, &error))
			expect("no fault", cr2, 0);
		expect("cr2", cr2, va);
		expect("error code", t->error, error);
		windows_copy(&found, false);
		expect("memory untouched", images_equal(&found, &initial), 1);
	}
	if (cr2 - WINDOW - 0x10000 >= 0x50000 || cr2 / PAGE % 16 >= WINDOW_PAGES)
		return false;
	make_right(cr2);
	return now.faults < 20;
}

static void go(void)
{
	struct regs r = row_regs(CODE_PAGES, now.reg, now.kernel);

	windows_copy(&initial, true);
	if (now.row->flags & FPU)
		__asm__ volatile("fxrstor %0" :: "m"(fx_initial));
	run(&r);
}

static void compare(const struct stopped *want)
{
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("last eax", stopped.r.eax, want->r.eax);
	expect("last ecx", stopped.r.ecx, want->r.ecx);
	expect("last edx", stopped.r.edx, want->r.edx);
	expect("last ebx", stopped.r.ebx, want->r.ebx);
	expect("last ebp", stopped.r.ebp, want->r.ebp);
	expect("last esi", stopped.r.esi, want->r.esi);
	expect("last edi", stopped.r.edi, want->r.edi);
	if (!now.kernel)
		expect("last esp", stopped.r.esp, want->r.esp);
	expect("last flags", stopped.r.eflags, want->r.eflags);
	windows_copy(&found, false);
	expect("last memory", images_equal(&found, &reference), 1);
	if (now.row->flags & FPU) {
		__asm__ volatile("fxsave %0" : "=m"(fx_found));
		expect("last x87 and SSE", fx_equal(fx_found, fx_reference), 1);
	}
}

/* Access n of the row k bytes before a page's end; pages there and of the other access wrong. */
static void case_faults(u32 n, u32 mask, u32 kind, bool others, const struct stopped *want)
{
	u32 at = boundary(now.row->a[n].reg);

	if (mask & 1)
		make_wrong(at - PAGE, kind);
	if (mask & 2)
		make_wrong(at, kind);
	if (others && now.row->a[1].kind)
		make_wrong(boundary(now.row->a[1 - n].reg), kind);
	now.faults = 0;
	on_trap[V_PF] = on_pf;
	go();
	on_trap[V_PF] = 0;
	compare(want);
	all_right();
}

static void place(u32 n, u32 k)
{
	const struct row *row = now.row;

	now.reg[EAX] = 0x11;
	now.reg[ECX] = row->flags & LANDS ? now.landing : 0x80a5f37f;
	now.reg[EDX] = 0x1b;
	for (u32 r = EBX; r <= EDI; r++)
		now.reg[r] = boundary(r) + 0x100;
	now.reg[row->a[n].reg] = boundary(row->a[n].reg) - k - (u32)row->a[n].off;
	make_initial();
}

enum { SETTER_ALONE = 0x800 };		/* in the code page */
static const u8 exit_code[] = { 0xcd, VEC_EXIT };

/* Flags before the instruction, with the registers as they are now. */
static void find_flags(void)
{
	struct regs r = row_regs(CODE_PAGES, now.reg, now.kernel);

	r.eip = CODE_PAGES + SETTER_ALONE;
	r.esp = 0;
	run(&r);
	expect("setter ended by", stopped.vector, VEC_EXIT);
	now.flags = stopped.r.eflags & ARITH;
}

/* Setter, instruction, perhaps something that overwrites all flags, INT. */
static void put_code(u32 setter, bool killer)
{
	static const u8 cmp[] = { 0x39, 0xe4 };
	u32 n = AT(setters[setter].end) - AT(setters[setter].code);
	u32 len = AT(now.row->end) - AT(now.row->code);

	now.start = CODE_PAGES + n;
	now.landing = now.start + len;
	code_put(SETTER_ALONE, setters[setter].code, n);
	code_put(SETTER_ALONE + n, exit_code, 2);
	code_put(0, setters[setter].code, n);
	code_put(n, now.row->code, len);
	n += len;
	if (killer)
		n += code_put(n, cmp, 2) ? 2 : 0;
	code_put(n, exit_code, 2);
}

static void row_cases(u32 n)
{
	u32 kinds = now.kernel || !bare_metal ? SUPERVISOR : KINDS;
	struct stopped want;

	find_flags();
	go();
	want = stopped;
	expect("without faults", want.vector, VEC_EXIT);
	windows_copy(&reference, false);
	if (now.row->flags & FPU)
		__asm__ volatile("fxsave %0" : "=m"(fx_reference));
	for (u32 kind = 0; kind < kinds; kind++)
		for (u32 mask = kind ? 2 : 1; mask < 4; mask++)
			case_faults(n, mask, kind, !kind && mask != 1, &want);
}

static bool uses_esp(const struct row *row)
{
	return row->a[0].reg == ESP || row->a[1].reg == ESP || (row->flags & (LANDS | STACK));
}

static void test_row(u32 number, bool kernel)
{
	const struct row *row = &rows[number];

	now.row = row;
	now.kernel = kernel;
	test(row->name);
	for (u32 variant = 0; variant < 2; variant++) {
		place(0, 0);
		put_code((number * 2 + variant + kernel) % COUNT(setters), variant);
		for (u32 n = 0; n < COUNT(row->a) && row->a[n].kind; n++)
			for (u32 k = 0; k <= row->a[n].size; k += row->a[n].size > 16 ? 9 : 1) {
				place(n, k);
				row_cases(n);
			}
	}
}

void test_insns(void)
{
	__asm__ volatile("fninit\n\tfldpi\n\tfld1\n\tfxsave %0" : "=m"(fx_initial));
	for (u32 k = 160; k < 416; k++)
		fx_initial[k] = (u8)(k * 29);
	for (u32 kernel = 0; kernel < 1u + bare_metal; kernel++)
		for (u32 k = 0; k < COUNT(rows); k++)
			if (!(kernel && uses_esp(&rows[k])) &&
			    (bare_metal || !(rows[k].flags & BARE)))
				test_row(k, kernel);
}
