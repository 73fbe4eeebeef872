/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See world.h. The guest's tables are random but not hopeless: most descriptors are present and of
 * a kind that something can be done with, so that far transfers, gates and task switches get far.
 */
#include "qemu-test/fuzz/world.h"

#include "dbt/cache/cache.h"
#include "dbt/sys/cpuid.h"
#include "dbt/sys/guestmem.h"
#include "dbt/sys/segload.h"
#include "dbt/fp/softsse.h"
#include "dbt/sys/sysops.h"
#include "dbt/x86/cc.h"
#include "dbt/x86/mode.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/cpu.h"
#include "kernel/epoch.h"
#include "mm/bus.h"
#include "mm/gpa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define MIB (1u << 20)
#define GDT 0x2000u
#define LDT 0x3000u
#define IDT 0x4000u
#define TSS 0x5000u
#define CODE 0x8000u			/* pages of code: up to the end but for what is not there */
#define CODE_PAGES 6u

/* Where the memory is seen once more in long mode. */
#define HIGH 0xffffffff80000000ull

enum { R_PRESENT = 1, R_WRITE = 2, R_USER = 4 };

u8 *fuzz_ram;
struct vcpu fuzz_cpu;
struct dbt fuzz_dbt;
static struct shadow shadow;		/* of which only the generation is looked at */

static u8 page_rights[FUZZ_RAM / PAGE];
static bool wide_world;			/* most code is for 64 bits */
static struct cpu_model models[2];	/* the default, and one with all that the lifter knows */

/* -- Guest memory ------------------------------------------------------------------ */

u64 fuzz_place(u64 a) { return a >= HIGH && vcpu_long(&fuzz_cpu) ? a - HIGH : a; }

static struct fault check(u64 a, enum g_rights rights, bool write)
{
	u64 at = fuzz_place(a);
	u8 r = at < FUZZ_RAM ? page_rights[at / PAGE] : 0;
	u32 error = (write ? 2 : 0) | (rights == G_USER ? 4 : 0);

	if (!canonical(a))
		return fault_code(EXC_GP, 0);
	if (!(r & R_PRESENT))
		return fault_page(gva(a), error);
	if ((write && !(r & R_WRITE)) || (rights == G_USER && !(r & R_USER)))
		return fault_page(gva(a), error | 1);
	return fault_none();
}

struct fault g_probe(struct vcpu *c, gva_t linear, u32 size, enum g_rights rights, bool write)
{
	struct fault f = fault_none();

	must(size <= PAGE);
	for (u32 k = 0; k < size && !f.raised; k++)
		f = check(vcpu_sys_linear(c, linear.a + k).a, rights, write);
	return f;
}

struct fault g_ld(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 *out)
{
	u64 at = fuzz_place(linear.a);
	struct fault f = g_probe(c, linear, size, rights, false);

	must(size == 1 || size == 2 || size == 4 || size == 8);
	*out = 0;
	if (!f.raised)
		memcpy(out, fuzz_ram + at, size);
	return f;
}

struct fault g_st(struct vcpu *c, gva_t linear, unsigned size, enum g_rights rights, u64 v)
{
	u64 at = fuzz_place(linear.a);
	struct fault f = g_probe(c, linear, size, rights, true);

	must(size == 1 || size == 2 || size == 4 || size == 8);
	if (!f.raised)
		memcpy(fuzz_ram + at, &v, size);
	return f;
}

struct fault g_rmw8(struct vcpu *c, gva_t linear, u8 clear, u8 set, u8 *old)
{
	u64 at = fuzz_place(linear.a);
	struct fault f = g_probe(c, linear, 1, G_SYSTEM, true);

	if (f.raised)
		return f;
	if (old)
		*old = fuzz_ram[at];
	fuzz_ram[at] = (u8)((fuzz_ram[at] & ~clear) | set);
	return f;
}

static struct fault mem_ld(struct vcpu *c, u64 at, unsigned size, unsigned intent, void *out)
{
	struct fault f = g_probe(c, gva(at), size, g_own(c), intent & INTENT_RMW);

	if (!f.raised)
		memcpy(out, fuzz_ram + fuzz_place(at), size);
	return f;
}

static struct fault mem_st(struct vcpu *c, u64 at, unsigned size, const void *in)
{
	struct fault f = g_probe(c, gva(at), size, g_own(c), true);

	if (!f.raised)
		memcpy(fuzz_ram + fuzz_place(at), in, size);
	return f;
}

const struct eval_mem fuzz_mem = { mem_ld, mem_st };

/* -- What Loam has around the translator --------------------------------------------- */

struct fault exec_fetch(struct dbt *d, gva_t va, gpa_t *out)
{
	struct fault f = check(va.a, g_own(d->c), false);

	*out = gpa(fuzz_place(va.a));
	return f;
}

static struct cpu core;

struct cpu *this_cpu(void) { return &core; }
struct dbt *dbt_this(void) { return &fuzz_dbt; }
bool dbt_wanted(void) { return fuzz_cpu.pending; }
void dbt_raise(unsigned core, u32 pending) { (void)core, vcpu_raise(&fuzz_cpu, pending); }

/* Only their addresses are used, and have to be within a branch's reach of the code cache. */
#define GLUE(name) \
	__attribute__((aligned(4))) void name(void) { panic("fuzz: host code is not run"); }
#define EACH_DOOR(f, p) \
	f(p##exit_link) f(p##jump_far) f(p##jump_ind) f(p##exit_kick) \
	f(p##exit_stale) f(p##sys) f(p##call) f(p##entry_flags)
#define DECLARED(name) void name(void);
EACH_DOOR(DECLARED, glue_) EACH_DOOR(DECLARED, glue64_)
DECLARED(glue_entry_cf) DECLARED(glue64_leaf) DECLARED(glue_compat_sys)
DECLARED(glue_int) DECLARED(glue_iret) DECLARED(glue_sysenter) DECLARED(glue_sysexit)
DECLARED(glue64_syscall) DECLARED(glue64_sysret) DECLARED(glue64_int) DECLARED(glue64_iret)
EACH_DOOR(GLUE, glue_) EACH_DOOR(GLUE, glue64_) GLUE(glue_entry_cf) GLUE(glue64_leaf)
GLUE(glue_compat_sys) GLUE(glue_int) GLUE(glue_iret) GLUE(glue_sysenter) GLUE(glue_sysexit)
GLUE(glue64_syscall) GLUE(glue64_sysret) GLUE(glue64_int) GLUE(glue64_iret)
#define LEAF(name) void leaf_##name(void); GLUE(leaf_##name)
#include "dbt/ir/leaves.def"
#undef LEAF

void backend_sync(const u32 *start, const u32 *end) { (void)start, (void)end; }
void backend_forget_page(const u32 *at) { (void)at; }
void backend_run_anchor(const u32 *anchor) { (void)anchor; }

static void mode_changed(struct vcpu *c) { vcpu_mode_update(c); }
static u64 no_ticks(void) { return 4711; }

static void read_phys(struct vcpu *c, u64 at, void *buf, u32 size)
{
	(void)c;
	gpa_read(gpa(at), buf, size);
}

static void invlpg(struct vcpu *c, gva_t linear) { (void)c, (void)linear; }

static const struct sys_hooks hooks = {
	.mode_changed = mode_changed, .read_ticks = no_ticks, .read_phys = read_phys,
	.invlpg = invlpg,
};

static void no_ports(void *opaque) { (void)opaque; }

/* Near the text: branches from it reach the glue. */
static u8 pool[1u << 20] __attribute__((aligned(65536)));

void fuzz_world_init(void)
{
	struct gpa_config c = { .ram_size = MIB, .low_end = MIB };
	char err[CPUID_ERR_SIZE];
	void *arena = aligned_alloc(16, 1u << 18);

	fuzz_ram = aligned_alloc(MIB, MIB);
	c.ram = fuzz_ram;
	c.bus = bus_create();
	must(fuzz_ram && c.bus && arena && !cpuid_configure(&models[0], "n270", err));
	models[1] = models[0];
	models[1].features = ~0ull;
	frame_init(aligned_alloc(64, frame_memory(gpa_frames(&c))), gpa_frames(&c));
	must(!gpa_init(&c));
	frame_on_code_write(cache_code_written);
	cache_init(pool, sizeof(pool), 1);
	cache_core_init(&fuzz_dbt.cache, NULL, &fuzz_cpu.passage_not);
	arena_init(&fuzz_dbt.arena, arena, 1u << 18);
	fuzz_dbt.c = &fuzz_cpu;
	fuzz_dbt.verify = true;
	fuzz_dbt.shadow = &shadow;
	fuzz_dbt.platform.bus = c.bus;
	fuzz_dbt.platform.ferr = no_ports;
}

/* -- There is one core: what the cache would ask of others -- */

u64 epoch_begin(void) { return 1; }
bool epoch_passed(u64 t) { return t; }
void epoch_hurry(u64 t) { (void)t; }

/* -- Tables -------------------------------------------------------------------------- */

static void put32(u32 at, u32 v) { memcpy(fuzz_ram + at, &v, 4); }

static u32 some_selector(struct bytes_rng *r)
{
	return bytes_random(r, bytes_one_in(r, 8) ? 0x10000 : 0x100);
}

/* Near canonical ends, the monitor's windows, and anything. */
static u64 fuzz_edge64(struct bytes_rng *r)
{
	static const u64 ends[] = { 0, 1ull << 47, 0xffff800000000000, 1ull << 63, 9ull << 60,
		0xc000000000000000, 1ull << 62, HIGH + FUZZ_RAM };

	switch (bytes_random(r, 4)) {
	case 0: return ends[bytes_random(r, ARRAY_LEN(ends))] + bytes_random(r, 64) - 32;
	case 1: return (u64)(s64)(s32)bytes_edge(r);
	case 2: return (u64)bytes_edge(r) << 32;
	default: return (u64)bytes_edge(r) << 32 | bytes_edge(r);
	}
}

/* Half of them where memory is. */
static u64 some_register(struct bytes_rng *r)
{
	if (!vcpu_long(&fuzz_cpu))
		return (u64)(s64)(s32)(bytes_one_in(r, 2) ? bytes_edge(r)
							  : bytes_random(r, FUZZ_RAM));
	if (bytes_one_in(r, 2))
		return fuzz_edge64(r);
	return (bytes_one_in(r, 2) ? HIGH : 0) + bytes_random(r, FUZZ_RAM);
}

static u32 some_base(struct bytes_rng *r)
{
	switch (bytes_random(r, 4)) {
	case 0: return 0;
	case 1: return bytes_edge(r);
	default: return bytes_random(r, FUZZ_RAM) & ~15u;
	}
}

/* A descriptor of any type: segment, gate, TSS, LDT. */
static void put_descriptor(struct bytes_rng *r, u32 at)
{
	u32 type = bytes_random(r, 32), dpl = bytes_random(r, 4), base = some_base(r);
	u32 limit = bytes_one_in(r, 2) ? 0xfffff : bytes_random(r, 0x100000);
	u32 hi = type << 8 | dpl << 13 | (bytes_one_in(r, 16) ? 0 : 0x8000);

	if ((type & 0x17) == 1 || (type & 0x17) == 3)		/* a TSS */
		base = TSS + (bytes_random(r, 8) << 7);
	if (!(type & 0x10) && (type & 4)) {			/* a gate */
		put32(at, some_selector(r) << 16 | (bytes_random(r, CODE_PAGES * PAGE)));
		put32(at + 4, hi | (bytes_random(r, 0) & 0xffff00ff & 0x1f) |
		      (bytes_one_in(r, 2) ? 0 : CODE & 0xffff0000));
		return;
	}
	put32(at, (limit & 0xffff) | base << 16);
	put32(at + 4, hi | (base & 0xff000000) | (base >> 16 & 0xff) | (limit & 0xf0000) |
	      (bytes_random(r, 16) << 20 & (bytes_one_in(r, 4) ? 0xf00000 : 0xc00000)));
}

static void put_tables(struct bytes_rng *r)
{
	for (u32 at = GDT; at < TSS; at += 8)
		put_descriptor(r, at);
	for (u32 at = TSS; at < TSS + 0x1000; at += 4)
		put32(at, bytes_one_in(r, 2) ? some_selector(r) : CODE + bytes_random(r, 0x6000));
}

void fuzz_world_make(struct bytes_rng *r, const u8 *real, u32 real_size)
{
	for (u32 at = 0; at < FUZZ_RAM; at += 4)
		put32(at, bytes_edge(r));
	put_tables(r);
	wide_world = bytes_one_in(r, 2);
	bytes_fill(r, fuzz_ram + CODE, CODE_PAGES * PAGE, wide_world, real, real_size);
	for (u32 n = 0; n < FUZZ_RAM / PAGE; n++)
		page_rights[n] = bytes_one_in(r, 12) ? bytes_random(r, 8) : 7;
	/* All frames have changed. */
	for (u32 n = 0; n < FUZZ_RAM / PAGE; n++)
		frame_written(n, 0, PAGE);
}

/* -- The CPU -------------------------------------------------------------------------- */

static void set_segment(struct bytes_rng *r, enum sreg s, bool big, bool flat)
{
	struct segment *g = &fuzz_cpu.seg[s];
	u16 dpl = (u16)(fuzz_cpu.cpl << SEG_DPL_SHIFT);
	u16 type = s == CS ? SEG_CODE | SEG_READABLE : SEG_WRITABLE;

	*g = (struct segment){ .sel = (u16)(some_selector(r) | 4 | fuzz_cpu.cpl) };
	g->limit = flat || !bytes_one_in(r, 3) ? 0xffffffff : bytes_edge(r);
	g->base = flat ? 0 : some_base(r);
	if (s == CS)
		g->base &= 0x7ff0, g->limit |= 0xffff;
	if (!flat && s != CS && s != SS)
		type = (u16)bytes_random(r, 16);
	if (!flat && s == SS && bytes_one_in(r, 4))
		type |= SEG_EXPAND_DOWN;
	g->attr = SEG_P | SEG_S | SEG_ACCESSED | type | dpl | (big ? SEG_DB : 0);
	if (!flat && s != CS && s != SS && bytes_one_in(r, 8))
		seg_set_null(g, 0);
}

static void protected_mode(struct bytes_rng *r)
{
	bool big = bytes_random(r, 3), flat = bytes_random(r, 3);

	fuzz_cpu.cr0 |= CR0_PE;
	fuzz_cpu.cpl = bytes_one_in(r, 4) ? bytes_random(r, 4) : bytes_one_in(r, 2) ? 3 : 0;
	for (enum sreg s = 0; s < SREG_COUNT; s++)
		set_segment(r, s, bytes_one_in(r, 16) ? !big : big, flat);
}

/* 64-bit code; data segments may be null. */
static void long_mode(struct bytes_rng *r)
{
	struct vcpu *c = &fuzz_cpu;

	c->efer = EFER_LME | EFER_LMA | EFER_SCE;
	c->cr0 |= CR0_PE | CR0_PG;
	c->cpl = bytes_one_in(r, 2) ? 3 : 0;
	for (enum sreg s = 0; s < SREG_COUNT; s++) {
		set_segment(r, s, s != CS, true);
		if (s != CS && bytes_one_in(r, 3))
			seg_set_null(&c->seg[s], 0);
	}
	c->seg[CS].attr |= SEG_L;
	for (enum sreg s = FS; s <= GS; s++)
		c->seg[s].base = bytes_one_in(r, 2) ? some_base(r) :
				 bytes_one_in(r, 2) ? HIGH :
				 (u64)((s64)(fuzz_edge64(r) << 16) >> 16);	/* canonical */
}

static void old_mode(struct bytes_rng *r)
{
	bool v86 = bytes_one_in(r, 2);

	if (v86) {
		fuzz_cpu.cr0 |= CR0_PE;
		fuzz_cpu.cpl = 3;
		fuzz_cpu.eflags |= FL_VM;
	}
	for (enum sreg s = 0; s < SREG_COUNT; s++) {
		u16 sel = (u16)bytes_random(r, s == CS ? 0x800 : 0x4000);

		seg_set_real(&fuzz_cpu.seg[s], sel);
		if (v86)
			seg_set_v86(&fuzz_cpu.seg[s], sel);
		else if (bytes_one_in(r, 6))			/* unreal */
			fuzz_cpu.seg[s].limit = 0xffffffff;
	}
}

static void control_registers(struct bytes_rng *r)
{
	struct vcpu *c = &fuzz_cpu;

	c->cr0 |= CR0_ET | (bytes_one_in(r, 4) ? 0 : CR0_NE) | (bytes_one_in(r, 8) ? CR0_TS : 0) |
		  (bytes_one_in(r, 8) ? CR0_EM : 0) | (bytes_one_in(r, 4) ? CR0_MP : 0) | CR0_AM;
	c->cr4 = (bytes_one_in(r, 8) ? 0 : CR4_OSFXSR) | (bytes_one_in(r, 4) ? 0 : CR4_OSXMMEXCPT) |
		 (bytes_one_in(r, 4) ? CR4_TSD : 0) | CR4_DE;
	c->eflags |= FL_FIXED | FL_IF | bytes_random(r, 4) << 12;
	c->eflags |= (bytes_one_in(r, 8) ? FL_TF : 0) | (bytes_one_in(r, 8) ? FL_AC : 0) |
		     (bytes_one_in(r, 8) ? FL_NT : 0) | (bytes_one_in(r, 16) ? FL_RF : 0);
	c->df = bytes_one_in(r, 4) ? -1 : 1;
	c->inhibit = bytes_one_in(r, 16) ? 1 + bytes_random(r, 3) : 0;
	c->mxcsr = bytes_one_in(r, 4) ? bytes_random(r, 0x10000) : MXCSR_RESET;
	if (bytes_one_in(r, 8)) {
		c->dr[7] = bytes_random(r, 0) & 0xffff03ff;
		for (unsigned n = 0; n < 4; n++)
			c->dr[n] = CODE + bytes_random(r, CODE_PAGES * PAGE);
		c->break_key = KEY_BREAK | bytes_random(r, 8) << KEY_BREAK_SHIFT;
	}
	c->gdtr = (struct dtable){ GDT, (u16)bytes_random(r, 0x1000) };
	c->idtr = (struct dtable){ IDT, bytes_one_in(r, 4) ? (u16)bytes_edge(r) : 0x7ff };
	c->ldtr = (struct segment){ .base = LDT, .limit = 0xff, .attr = 0x82, .sel = 0x20 };
	c->tr = (struct segment){ .base = TSS, .limit = 0xfff, .sel = 0x18,
				  .attr = bytes_one_in(r, 4) ? 0x83 : 0x8b };
}

static void registers(struct bytes_rng *r)
{
	struct vcpu *c = &fuzz_cpu;

	for (unsigned n = 0; n < (vcpu_long(c) ? 16 : 8); n++)
		c->gpr[n] = some_register(r);
	c->cc_op = CC_OP(CC_EFLAGS, 2);
	c->cc_a = bytes_random(r, 0) & FL_ARITH;
	x87_finit(&c->x87);
	c->x87.cw = (u16)(bytes_one_in(r, 4) ? bytes_random(r, 0x10000) : 0x37f);
	c->x87.sw = (u16)(bytes_random(r, 8) << 11);
	c->x87.valid = (u8)bytes_random(r, 256);
	for (unsigned n = 0; n < 8; n++) {
		c->x87.r[n].mant = (u64)bytes_edge(r) << 32 | bytes_edge(r);
		c->x87.r[n].se = (u16)bytes_edge(r);
	}
	for (unsigned n = 0; n < (vcpu_long(c) ? 16 : 8); n++)
		for (unsigned k = 0; k < 4; k++)
			c->xmm[n].d[k] = bytes_edge(r);
}

void fuzz_cpu_make(struct bytes_rng *r)
{
	struct vcpu *c = &fuzz_cpu;

	memset(c, 0, sizeof(*c));
	c->owner = &fuzz_dbt;
	c->hooks = &hooks;
	c->model = &models[bytes_random(r, 2)];
	c->tsc_mul = 10;
	if (bytes_one_in(r, wide_world ? 8 : 3))
		old_mode(r);
	else if (wide_world && bytes_random(r, 4))
		long_mode(r);
	else
		protected_mode(r);
	control_registers(r);
	registers(r);
	if (vcpu_long(c) && !bytes_one_in(r, 8))
		c->model = &models[1];
	c->eip = CODE + bytes_random(r, CODE_PAGES * PAGE) - (u32)c->seg[CS].base;
	if (vcpu_long(c) && bytes_one_in(r, 2))
		c->eip += HIGH;
	vcpu_mode_update(c);
}

void fuzz_cpu_print(void)
{
	const struct vcpu *c = &fuzz_cpu;

	printf("  key %x cs %04llx:%08llx limit %x eflags %x cr0 %x mxcsr %x:", c->key_flags,
	       (unsigned long long)c->seg[CS].base, (unsigned long long)c->eip, c->seg[CS].limit,
	       c->eflags, (u32)c->cr0, c->mxcsr);
	for (u32 n = 0; n < 24; n++)
		printf(" %02x", fuzz_ram[fuzz_place(c->seg[CS].base + c->eip + n) % FUZZ_RAM]);
	printf("\n");
}
