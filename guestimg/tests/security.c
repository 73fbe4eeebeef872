/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No form of access reaches anything but the guest's memory: every row of faults.def and
 * security.def at addresses that a wrongly extended host address would turn into the monitor's.
 * Not mapped: #PF and nothing else. Mapped: the same as at an address in the middle of nowhere.
 */
#include "guestimg/tests/security.h"
#include "guestimg/tests/rows.h"

#define ROW ROW_CODE
#include "guestimg/tests/faults.def"
#include "guestimg/tests/security.def"
#undef ROW
static const struct row rows[] = {
#define ROW ROW_ENTRY
#include "guestimg/tests/faults.def"
#include "guestimg/tests/security.def"
#undef ROW
};

enum { CODE = FREE + 0x200000, FRAMES = FREE, FRAMES_SIZE = SPOTS * 8 * PAGE };
#define SENTINEL 0x6b5e9c11u

static const u32 targets[] = TARGETS;

u32 fault_address(void)
{
	u32 v;

	__asm__ volatile("movl %%cr2, %0" : "=r"(v));
	return v;
}

/* -- Windows ------------------------------------------------------------------------------- */

static u32 spot_at[SPOTS];		/* address of the page in the middle; 0: none */

/* Frames 1, 3, 5 of eight, the last page first. */
static u32 frame_of(u32 n, int page) { return FRAMES + (n * 8 + (u32)(3 - 2 * page)) * PAGE; }

static void spot_map(u32 n, u32 at, u32 bits)
{
	for (int page = -1; page <= 1; page++) {
		u32 va = at + (u32)page * PAGE;

		if (va < WINDOW)
			continue;	/* behind 4 GiB */
		map(kernel_pd, va, frame_of(n, page), bits);
		invlpg(va);
	}
}

void spot_remove(u32 n)
{
	if (spot_at[n])
		spot_map(n, spot_at[n], 0);
	spot_at[n] = 0;
}

void spot_place(u32 n, u32 at)
{
	at &= ~(PAGE - 1u);
	if (spot_at[n] == at)
		return;
	spot_remove(n);
	spot_at[n] = at;
	spot_map(n, at, P | W | U);
}

static void copy(void *ram, u8 *bytes, u32 n, bool to_ram)
{
	memcpy(to_ram ? ram : bytes, to_ram ? bytes : ram, n);
}

void spot_copy(u32 n, u32 at, u8 *bytes, bool to_ram)
{
	u32 first = at - HALF, in_page = PAGE - first % PAGE;
	int page = at / PAGE == first / PAGE ? 0 : -1;

	in_page = in_page < 2 * HALF ? in_page : 2 * HALF;
	copy((void *)(frame_of(n, page) + first % PAGE), bytes, in_page, to_ram);
	copy((void *)frame_of(n, page + 1), bytes + in_page, 2 * HALF - in_page, to_ram);
}

void spots_init(void)
{
	for (u32 *m = (u32 *)FRAMES; m < (u32 *)(FRAMES + FRAMES_SIZE); m++)
		*m = SENTINEL;
}

void expect_nothing_else(void)
{
	for (u32 p = 0; p < SPOTS * 8; p += 2)
		for (u32 k = 0; k < PAGE; k += 4)
			if (!expect("another page", *(u32 *)(FRAMES + p * PAGE + k), SENTINEL))
				return;
}

/* -- The case under way ---------------------------------------------------------------------- */

static struct {
	const struct row *row;
	bool kernel;
	u32 landing;
	u32 reg[8];
} now;

struct image { u8 byte[2][2 * HALF]; };
static struct image initial, reference, found;
static u8 fx_initial[512] __attribute__((aligned(16)));
static u8 fx_reference[512] __attribute__((aligned(16)));
static u8 fx_found[512] __attribute__((aligned(16)));

static bool same(const struct image *a, const struct image *b)
{
	u32 n = sizeof(*a) / 4;
	bool equal;

	__asm__ volatile("cmpl %%eax, %%eax\n\trepe cmpsl\n\tsete %0"
			 : "=q"(equal), "+D"(a), "+S"(b), "+c"(n) :: "memory", "cc");
	return equal;
}

static u32 accesses(void) { return now.row->a[1].kind ? 2 : 1; }
static u32 access_at(u32 k) { return now.reg[now.row->a[k].reg] + (u32)now.row->a[k].off; }
static u32 home_of(u32 reg) { return WINDOW + reg * 0x100000; }

/* The window of access k: one for each register. */
static u32 spot_of(u32 k) { return k && now.row->a[1].reg != now.row->a[0].reg; }

static void copy_all(struct image *m, bool to_ram)
{
	for (u32 k = 0; k < accesses(); k++)
		if (spot_of(k) == k)
			spot_copy(k, access_at(k), m->byte[k], to_ram);
}

static void put_operand(u32 k)
{
	const struct access *a = &now.row->a[k];
	u8 *m = initial.byte[spot_of(k)];

	put_wanted(a, now.row->flags, now.landing, m + HALF + access_at(k) - access_at(spot_of(k)));
}

static void make_initial(void)
{
	for (u32 w = 0; w < 2; w++)
		for (u32 k = 0; k < 2 * HALF; k++)
			initial.byte[w][k] = (u8)((k * 0x9d + w * 7) ^ k >> 3);
	for (u32 k = 0; k < accesses(); k++)
		put_operand(k);
}

static void go(void)
{
	struct regs r = row_regs(CODE, now.reg, now.kernel);

	copy_all(&initial, true);
	if (now.row->flags & FPU)
		__asm__ volatile("fxrstor %0" :: "m"(fx_initial));
	run(&r);
}

/* -- Not mapped ------------------------------------------------------------------------------- */

static void expect_registers(const u32 *reg)
{
	const struct regs *s = &stopped.r;

	expect("eip", s->eip, CODE);
	expect("eax", s->eax, reg[EAX]);
	expect("ecx", s->ecx, reg[ECX]);
	expect("edx", s->edx, reg[EDX]);
	expect("ebx", s->ebx, reg[EBX]);
	expect("ebp", s->ebp, reg[EBP]);
	expect("esi", s->esi, reg[ESI]);
	expect("edi", s->edi, reg[EDI]);
	if (!now.kernel)
		expect("esp", s->esp, reg[ESP]);
}

/* Is the fault one that an access by the register of access n makes? */
static bool possible(u32 n)
{
	for (u32 k = 0; k < accesses(); k++) {
		const struct access *a = &now.row->a[k];
		u32 error = (a->kind == WRITE ? PF_W : 0) | (now.kernel ? 0 : PF_U);

		if (a->reg == now.row->a[n].reg && stopped.cr2 - access_at(k) < a->size &&
		    stopped.error == error)
			return true;
	}
	return false;
}

static void expect_fault(u32 n)
{
	spot_remove(spot_of(n));
	go();
	expect("vector", stopped.vector, V_PF);
	expect("#PF of the access", possible(n) ? 0 : stopped.cr2, 0);
	if (now.row->flags & LOOSE)
		return;
	if (spot_of(1) || !now.row->a[1].kind)
		expect("cr2", stopped.cr2, access_at(n));
	expect_registers(now.reg);
	found = initial;
	copy_all(&found, false);
	expect("memory untouched", same(&found, &initial), 1);
}

/* -- Mapped ----------------------------------------------------------------------------------- */

static void expect_like(const char *what, u32 got, u32 want, u32 moved)
{
	if (got - want != moved)
		expect(what, got, want);
}

static void compare(const struct stopped *want, u32 moved)
{
	const struct regs *s = &stopped.r, *w = &want->r;

	expect("ended by", stopped.vector, VEC_EXIT);
	expect("last eip", s->eip, w->eip);
	expect_like("last eax", s->eax, w->eax, moved);
	expect_like("last ecx", s->ecx, w->ecx, moved);
	expect_like("last edx", s->edx, w->edx, moved);
	expect_like("last ebx", s->ebx, w->ebx, moved);
	expect_like("last ebp", s->ebp, w->ebp, moved);
	expect_like("last esi", s->esi, w->esi, moved);
	expect_like("last edi", s->edi, w->edi, moved);
	if (!now.kernel)
		expect_like("last esp", s->esp, w->esp, moved);
	expect("last flags", s->eflags, w->eflags);
	copy_all(&found, false);
	if (!(now.row->flags & MOVES))
		expect("last memory", same(&found, &reference), 1);
	if (now.row->flags & FPU) {
		__asm__ volatile("fxsave %0" : "=m"(fx_found));
		expect("last x87", (u32)memcmp(fx_found + 24, fx_reference + 24, 264), 0);
	}
}

static bool uses_esp(const struct row *row)
{
	return row->a[0].reg == ESP || row->a[1].reg == ESP || (row->flags & (LANDS | STACK));
}

static void place(u32 n, u32 at)
{
	now.reg[now.row->a[n].reg] = at - (u32)now.row->a[n].off;
	for (u32 k = 0; k < accesses(); k++)
		if (spot_of(k) == k)
			spot_place(k, access_at(k));
}

/* Access n at `at`; the other one at home. */
static void drive(u32 n, u32 at)
{
	const struct row *row = now.row;
	u32 home = home_of(row->a[n].reg) + 0x40000 + at % 0x10000;
	struct stopped want;

	now.reg[EAX] = 0x11;
	now.reg[ECX] = row->flags & LANDS ? now.landing : row->flags & COUNT8 ? 8 : 0x80a5f37f;
	now.reg[EDX] = 0x1b;
	for (u32 r = EBX; r <= EDI; r++)
		now.reg[r] = home_of(r) + 0x40100;
	place(n, home);
	make_initial();
	go();
	expect("at home", stopped.vector, VEC_EXIT);
	want = stopped;
	reference = found = initial;
	copy_all(&reference, false);
	if (row->flags & FPU)
		__asm__ volatile("fxsave %0" : "=m"(fx_reference));
	place(n, at);
	go();
	compare(&want, at - home);
	expect_fault(n);
}

/* `target` as row and access want it: aligned, and not over the end of the 4 GiB. */
static u32 fit(u32 n, u32 target)
{
	const struct access *a = now.row->a;
	u32 mask = now.row->flags & LINE ? 15 : 0, extent = 0;

	for (u32 k = 0; k < accesses(); k++)
		if (a[k].reg == a[n].reg && a[k].off + a[k].size - a[n].off > (int)extent)
			extent = (u32)(a[k].off + a[k].size - a[n].off);
	target &= ~mask;
	return target + extent - 1 < target ? -extent & ~mask : target;
}

static void test_row(const struct row *row)
{
	static const u8 exit_code[] = { 0xcd, VEC_EXIT };
	u32 len = AT(row->end) - AT(row->code);

	test(row->name);
	now.row = row;
	now.landing = CODE + len;
	memcpy((void *)CODE, row->code, len);
	memcpy((void *)(CODE + len), exit_code, 2);
	for (u32 t = 0; t < COUNT(targets); t++)
		for (u32 n = 0; n < accesses(); n++) {
			now.kernel = !uses_esp(row) && (t & 1);
			drive(n, fit(n, targets[t]));
		}
	expect_nothing_else();
}

void test_rows(void)
{
	__asm__ volatile("fninit\n\tfldpi\n\tfld1\n\tfxsave %0" : "=m"(fx_initial));
	for (u32 k = 160; k < 416; k++)
		fx_initial[k] = (u8)(k * 29);
	for (u32 k = 0; k < COUNT(rows); k++)
		test_row(&rows[k]);
	spot_remove(0);
	spot_remove(1);
}

void main(void)
{
	spots_init();
	write_cr4(read_cr4() | 0x600);		/* OSFXSR, OSXMMEXCPT */
	test_rows();
	test_forms();
	test_tables();
	test_physical();
	finish("security");
}
