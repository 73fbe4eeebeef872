/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forms of addresses: displacements up to ±2 GiB, indices, bit offsets, 16-bit addresses, segments
 * whose bases make the sum wrap. Each is driven by a few instructions over all targets.
 */
#include "guestimg/tests/security.h"

/* FORM(name, operand, displacement, scale of ESI, relative to FS, 16-bit sum) */
#define FORMS(X) \
	X(plain, "(%edi)", 0, 0, 0, 0) \
	X(d_max, "0x7ff(%edi)", 0x7ff, 0, 0, 0) \
	X(d_min, "-0x800(%edi)", -0x800, 0, 0, 0) \
	X(d_more, "0x800(%edi)", 0x800, 0, 0, 0) \
	X(d_less, "-0x801(%edi)", -0x801, 0, 0, 0) \
	X(d_2g, "0x7fffffff(%edi)", 0x7fffffff, 0, 0, 0) \
	X(d_m2g, "-0x80000000(%edi)", -0x80000000, 0, 0, 0) \
	X(d_9, "-0x70000000(%edi)", -0x70000000, 0, 0, 0) \
	X(d_words, "0x7ffc(%edi)", 0x7ffc, 0, 0, 0) \
	X(d_half, "0x54328(%edi)", 0x54328, 0, 0, 0) \
	X(d_above, "-0x5fffc(%edi)", -0x5fffc, 0, 0, 0) \
	X(d_top, "0x7fff8004(%edi)", 0x7fff8004, 0, 0, 0) \
	X(index, "(%edi,%esi)", 0, 1, 0, 0) \
	X(index8, "0x10(%edi,%esi,8)", 0x10, 8, 0, 0) \
	X(index_2g, "-0x80000000(%edi,%esi,4)", -0x80000000, 4, 0, 0) \
	X(fs, "%fs:(%edi)", 0, 0, 1, 0) \
	X(fs_disp, "%fs:0x7ff(%edi)", 0x7ff, 0, 1, 0) \
	X(fs_2g, "%fs:-0x80000000(%edi)", -0x80000000, 0, 1, 0) \
	X(fs_index, "%fs:-4(%edi,%esi,2)", -4, 2, 1, 0) \
	X(fs_only, "%fs:0x87654321(,%esi,4)", 0x87654321, 4, 2, 0) \
	X(fs_abs, "%fs:0xfffffff0", 0xfffffff0, 0, 2, 0) \
	X(fs_16, "%fs:0x7fff(%bx,%si)", 0x7fff, 1, 2, 1)

/* INSN(name, before the operand, after it, bytes, does it write?) */
#define INSNS(X, form, text) \
	X(form, load, "movl " text ", %ecx", 4, 0) \
	X(form, load8, "movzbl " text ", %ecx", 1, 0) \
	X(form, store, "movl %ecx, " text, 4, 1) \
	X(form, store8, "movb %cl, " text, 1, 1) \
	X(form, rmw, "addl %ecx, " text, 4, 1) \
	X(form, xadd, "lock xaddw %cx, " text, 2, 1) \
	X(form, movups, "movups %xmm0, " text, 16, 1) \
	X(form, movsd, "movsd " text ", %xmm1", 8, 0) \
	X(form, fild, "fildll " text, 8, 0) \
	X(form, fstp, "fstpt " text, 10, 1)

struct form { const char *name; u32 disp, scale, fs, sum16; };
struct insn { const char *code, *end; u32 size, write; const struct form *form; };

#define CODE_OF(form, insn, text, size, write) __asm__(".pushsection .text\n" \
	"form_" #form "_" #insn ":\n\t" text "\nform_" #form "_" #insn "_end:\n.popsection"); \
	extern char form_##form##_##insn[], form_##form##_##insn##_end[];
#define ENTRY_OF(f, insn, text, size, write) \
	{ form_##f##_##insn, form_##f##_##insn##_end, size, write, &form_##f },
#define X(name, text, disp, scale, fs, sum16) INSNS(CODE_OF, name, text) \
	static const struct form form_##name = { #name, (u32)(disp), scale, fs, sum16 };
FORMS(X)
#undef X
#define X(name, text, ...) INSNS(ENTRY_OF, name, text)
static const struct insn insns[] = { FORMS(X) };
#undef X

enum { CODE = FREE + 0x200000, HOME = WINDOW + 0x40000 };
static const u32 targets[] = TARGETS;
/* ESI, and the base of FS. */
static const struct { u32 esi, base; } with[] = {
	{ 4, 0x10 }, { 0x7fffffff, 0x80000000 }, { 0xdeadbeef, 0xfffff000 },
	{ 0x80000000, 0x90000000 },
};

static u8 initial[2 * HALF], reference[2 * HALF], found[2 * HALF];

/* Registers and FS such that the operand is at `at`. */
static struct regs regs_for(const struct form *f, u32 at, u32 esi, u32 base)
{
	struct regs r = user_regs((void *)CODE);
	u32 sum = f->disp + f->scale * esi;

	if (f->sum16)
		sum &= 0xffff;
	r.esi = esi;
	r.ecx = 0x80a5f37f;
	if (f->fs == 2)
		base = at - sum;
	r.edi = at - sum - (f->fs ? base : 0);
	segment_base(UBASED, base);
	return r;
}

static void go(struct regs r, u32 at)
{
	spot_copy(0, at, initial, true);
	__asm__ volatile("fninit\n\tfldpi");
	run(&r);
}

static void compare(const struct stopped *want, u32 at)
{
	expect("ended by", stopped.vector, VEC_EXIT);
	expect("last ecx", stopped.r.ecx, want->r.ecx);
	expect("last flags", stopped.r.eflags, want->r.eflags);
	spot_copy(0, at, found, false);
	expect("last memory", (u32)memcmp(found, reference, sizeof(found)), 0);
}

static void drive(const struct insn *i, u32 at, u32 esi, u32 base)
{
	struct regs r;
	struct stopped want;
	u32 home = HOME + at % 0x10000, offset = at - (i->form->fs == 1 ? base : 0);

	if (offset + i->size - 1 < offset)
		at -= 0x40;		/* not over the segment's end */
	if (at + i->size - 1 < at)
		at = -i->size;
	spot_place(0, home);
	go(regs_for(i->form, home, esi, base), home);
	want = stopped;
	spot_copy(0, home, reference, false);
	spot_place(0, at);
	r = regs_for(i->form, at, esi, base);
	go(r, at);
	compare(&want, at);
	spot_remove(0);
	go(r, at);
	expect("vector", stopped.vector, V_PF);
	expect("cr2", stopped.cr2, at);
	expect("error code", stopped.error, PF_U | (i->write ? PF_W : 0));
	expect("ecx", stopped.r.ecx, r.ecx);
	expect("edi", stopped.r.edi, r.edi);
}

/* "mov $UBASED, %eax; mov %eax, %fs", the instruction, INT. */
static void put_code(const struct insn *i)
{
	static const u8 begin[] = { 0xb8, UBASED, 0, 0, 0, 0x8e, 0xe0 }, end[] = { 0xcd, VEC_EXIT };
	u32 len = AT(i->end) - AT(i->code);

	memcpy((void *)CODE, begin, sizeof(begin));
	memcpy((void *)(CODE + sizeof(begin)), i->code, len);
	memcpy((void *)(CODE + sizeof(begin) + len), end, sizeof(end));
}

void test_forms(void)
{
	const struct form *last = 0;

	for (u32 k = 0; k < sizeof(initial); k++)
		initial[k] = (u8)(k * 0x35 ^ k >> 4);
	for (u32 n = 0; n < COUNT(insns); n++) {
		const struct insn *i = &insns[n];

		if (i->form != last)
			test(i->form->name);
		last = i->form;
		put_code(i);
		for (u32 t = 0; t < COUNT(targets); t++)
			drive(i, targets[t], with[(t + n) % COUNT(with)].esi,
			      with[(t + n) % COUNT(with)].base);
	}
	expect_nothing_else();
}
