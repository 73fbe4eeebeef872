/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the instruction cases in user mode and compares with what the real CPU
 * did. Says on COM1 which failed and how many: `insn: N passed, M failed, …`.
 * Invariant: between cases the data pages hold the pattern again.
 */
#include "guestimg/base/cases.h"
#include "guestimg/insn/guest.h"

#define SHOWN_MAX 60			/* failing cases that are described */

static const struct cases_head *head;
static const struct insn_case *cases;
static const char *names;
static const u8 *fx_images, *codes;
static const struct results_head *rhead;
static const struct insn_result *results;
static const u8 *blob;

static const char *const reg_names[8] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };
static const char *const unit_names[FX_UNITS] = {
	"cw", "mxcsr", "st0", "st1", "st2", "st3", "st4", "st5", "st6", "st7",
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
};
static u32 want[DATA_RW / 4];
static u8 fx_before[512] __attribute__((aligned(16))), fx_after[512] __attribute__((aligned(16)));
static struct user user __attribute__((aligned(256)));
static u32 cr2;

static void copy(void *to, const void *from, u32 n)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) :: "memory");
}

static void patterned(u8 *at, u32 off, u32 n)
{
	for (; n; n--, off++)
		*at++ = insn_pattern(off);
}

static void put_data(u32 off, const u8 *from, u32 n)
{
	for (; n; n--, off++)
		*machine_data(off) = *from++;
}

/* -- One case ----------------------------------------------------------------- */

static void set_segments(const struct insn_case *c, u32 n)
{
	static const u16 segs[SEGS_COUNT][6] = INSN_SEGS;
	const u16 *s = segs[c->segs];

	machine_code_base(insn_cs_base(n, c->segs));
	user.es = s[0];
	user.cs = s[1];
	user.ss = s[2];
	user.ds = s[3];
	user.fs = s[4];
	user.gs = s[5];
}

/* IRET to a 16-bit stack leaves ESP's high half: there it must be the case's already. */
static void set_self(void)
{
	u32 at = (u32)&user.gs, esp = (user.esp & 0xffff0000) | (at & 0xffff);

	user.self = at;
	user.self_ss = SEL_KDATA;
	if (user.ss != SEL_DATA16)
		return;
	machine_esp_base(at - esp);
	user.self = esp;
	user.self_ss = SEL_ESP;
}

static void run(const struct insn_case *c, u32 n)
{
	set_segments(c, n);
	user.eax = c->gpr[0];
	user.ecx = c->gpr[1];
	user.edx = c->gpr[2];
	user.ebx = c->gpr[3];
	user.esp = c->gpr[4];
	user.ebp = c->gpr[5];
	user.esi = c->gpr[6];
	user.edi = c->gpr[7];
	user.eip = CODE_BASE + n * head->slot + c->start - insn_cs_base(n, c->segs);
	user.eflags = c->eflags | 0x202;
	set_self();
	put_data(c->poke, c->bytes, c->poke_len);
	if (c->fx != FX_NONE) {
		copy(fx_before, fx_images + c->fx * FX_SIZE, FX_SIZE);
		__asm__ volatile("fxrstor %0" :: "m"(fx_before));
	}
	enter_user(&user);
	__asm__ volatile("movl %%cr2, %0" : "=r"(cr2));
	if (c->fx != FX_NONE)
		__asm__ volatile("fxsave %0" : "=m"(fx_after));
}

/* -- Comparing ---------------------------------------------------------------- */

static const char *compare_cpu(const struct insn_case *c, const struct insn_result *r)
{
	const struct trap *t = trap_frame;
	const u32 gpr[8] = { t->eax, t->ecx, t->edx, t->ebx, t->esp, t->ebp, t->esi, t->edi };

	if (t->vector != r->vector)
		return "vector";
	if (t->eip != r->eip)
		return "eip";
	if (t->error != r->error)
		return "error code";
	if (r->vector == 14 && cr2 != r->cr2)
		return "cr2";
	for (unsigned i = 0; i < 8; i++)
		if (gpr[i] != r->gpr[i] && !(c->ignore_gpr >> i & 1))
			return reg_names[i];
	return (t->eflags ^ r->eflags) & INSN_EFLAGS & ~insn_ignored(c, r->vector) ? "eflags" : 0;
}

static const char *compare_memory(const struct insn_case *c, const struct insn_result *r)
{
	const char *bad = 0;
	u8 *w = (u8 *)want;

	copy(w + c->poke, c->bytes, c->poke_len);
	copy(w + r->mem, blob + r->blob, r->mem_len);
	for (u32 page = 0; page < DATA_RW; page += INSN_PAGE) {
		const u32 *got = (const u32 *)machine_data(page), *exp = want + page / 4;

		for (u32 i = 0; i < INSN_PAGE / 4; i++)
			if (got[i] != exp[i])
				bad = "memory";
	}
	patterned(w + c->poke, c->poke, c->poke_len);
	patterned(w + r->mem, r->mem, r->mem_len);
	if (bad) {
		put_data(0, w, DATA_RW);
	} else {
		put_data(c->poke, w + c->poke, c->poke_len);
		put_data(r->mem, w + r->mem, r->mem_len);
	}
	return bad;
}

/*
 * The host has no flag for denormal operands: while everything is masked Loam does not set
 * MXCSR.DE. A missing DE alone is counted, not a failure.
 */
static void allow_missing_de(const u8 *exp)
{
	enum { MXCSR = 24, DE = 2, DM_AND_REST = 0x1f };

	if ((exp[MXCSR] & DE) && !(fx_after[MXCSR] & DE) &&
	    (exp[MXCSR + 1] & DM_AND_REST) == DM_AND_REST) {
		fx_after[MXCSR] |= DE;
		tally.de_missing++;
	}
}

/* The first 16-byte unit of the FXSAVE image that is not as it should be. */
static u32 fx_bad;
static const u8 *fx_want;

static bool differs(const u8 *a, const u8 *b)
{
	for (u32 i = 0; i < 16; i++)
		if (a[i] != b[i])
			return true;
	return false;
}

static const char *compare_fx(const struct insn_case *c, const struct insn_result *r)
{
	const u8 *b = blob + r->blob + r->mem_len, *exp;

	fx_want = 0;
	if (c->fx == FX_NONE)
		return 0;
	for (u32 i = 6; i < 24; i++)		/* last instruction and operand */
		fx_after[i] = 0;
	for (u32 i = 28; i < 32; i++)		/* MXCSR_MASK */
		fx_after[i] = 0;
	for (u32 unit = 0; unit < FX_UNITS; unit++) {
		exp = fx_images + c->fx * FX_SIZE + 16 * unit;
		if (r->fx_mask >> unit & 1) {
			exp = b;
			b += 16;
		}
		if (unit == 1)
			allow_missing_de(exp - 16);
		if (differs(fx_after + 16 * unit, exp)) {
			fx_bad = unit;
			fx_want = exp;
			return unit < 2 ? "x87 or SSE control" : unit < 10 ? "st" : "xmm";
		}
	}
	return 0;
}

/* What differs: the CPU's value behind the slash. */
static void pair(const char *name, u32 got, u32 expected)
{
	if (got == expected)
		return;
	print(" ");
	print(name);
	print(" ");
	print_hex(got);
	print(" / ");
	print_hex(expected);
}

static void describe(u32 n, const char *what)
{
	const struct insn_case *c = &cases[n];
	const struct insn_result *r = &results[n];
	const struct trap *t = trap_frame;
	const u32 gpr[8] = { t->eax, t->ecx, t->edx, t->ebx, t->esp, t->ebp, t->esi, t->edi };

	print("FAIL case ");
	print_dec(n);
	print(": ");
	print(names + c->group * GROUP_NAME);
	print(": ");
	print(what);
	pair(" vector", t->vector, r->vector);
	pair(" eip", t->eip, r->eip);
	pair(" error", t->error, r->error);
	if (r->vector == 14)
		pair(" cr2", cr2, r->cr2);
	pair(" eflags", t->eflags & INSN_EFLAGS, r->eflags);
	for (unsigned i = 0; i < 8; i++)
		pair(reg_names[i], gpr[i], r->gpr[i]);
	for (unsigned i = 0; i < 16 && fx_want; i += 4)
		pair(unit_names[fx_bad], *(u32 *)(fx_after + 16 * fx_bad + i),
				*(u32 *)(fx_want + i));
	print("\n");
}

static bool there(u32 n) { return machine_has(cases[n].need); }

static bool good(u32 n, u32 shown)
{
	const struct insn_case *c = &cases[n];
	const struct insn_result *r = &results[n];
	const char *cpu, *memory, *fx;

	run(c, n);
	cpu = compare_cpu(c, r);
	memory = compare_memory(c, r);
	fx = compare_fx(c, r);
	if (!cpu)
		cpu = memory;
	if (!cpu)
		cpu = fx;
	if (cpu && shown < SHOWN_MAX)
		describe(n, cpu);
	return !cpu;
}

/* -- All ---------------------------------------------------------------------- */

static const u8 *code_of(const struct insn_case *c)
{
	return head->code ? codes + *(const u32 *)c->code : c->code;
}

static void prepare(void)
{
	u8 *slots = machine_slots();
	u32 *s = (u32 *)(slots - CODE_MARGIN);

	for (u32 i = 0; i < (head->cases * head->slot + 2 * CODE_MARGIN) / 4; i++)
		s[i] = 0xcccccccc;
	for (u32 n = 0; n < head->cases; n++)
		copy(slots + n * head->slot + cases[n].start, code_of(&cases[n]), cases[n].len);
	for (u32 page = 0; page < DATA_ALL; page += INSN_PAGE)
		patterned(machine_data(page), page, INSN_PAGE);
	patterned((u8 *)want, 0, DATA_RW);
}

void main(const void *cases_at, const void *results_at)
{
	struct cases all = { "insn", 0, there, good };

	head = cases_at;
	cases = (const struct insn_case *)(head + 1);
	names = (const char *)(cases + head->cases);
	fx_images = (const u8 *)names + head->groups * GROUP_NAME;
	codes = fx_images + head->fx * FX_SIZE;
	rhead = results_at;
	results = (const struct insn_result *)(rhead + 1);
	blob = (const u8 *)(results + rhead->cases);
	machine_init(head->cases * head->slot);
	all.count = head->cases;
	cases_begin(&all, rhead->magic == RESULTS_MAGIC && rhead->cases == head->cases, rhead->cpu);
	if (!head->code)
		system_tests();
	prepare();
	cases_run(&all);
}
