/* SPDX-License-Identifier: BSD-2-Clause */
/* The small guest of the system side's tests. See sys_world.h. */
#include "qemu-test/unit/sys_world.h"

#include <string.h>

#include "dbt/sys/cpuid.h"
#include "dbt/sys/sysutil.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "qemu-test/unit/sys_check.h"

struct vcpu w;
u8 w_phys[4096];
u64 w_ticks;
unsigned w_mode, w_paging[2], w_invlpg, w_unmasked, w_apic;

static struct vcpu snap_cpu;
static u8 snap_mem[FAKE_MEM_SIZE];

static void on_mode(struct vcpu *c) { (void)c; w_mode++; }
static void on_paging(struct vcpu *c, enum paging_change what) { (void)c; w_paging[what]++; }
static void on_invlpg(struct vcpu *c, gva_t a) { (void)c; (void)a; w_invlpg++; }
static void on_unmasked(struct vcpu *c) { (void)c; w_unmasked++; }
static void on_apic(struct vcpu *c) { (void)c; w_apic++; }
static u64 on_ticks(void) { return w_ticks; }

static void on_phys(struct vcpu *c, u64 at, void *buf, u32 size)
{
	(void)c;
	memcpy(buf, w_phys + (at & 0xfff), size);
}

static const struct sys_hooks hooks = {
	.mode_changed = on_mode, .paging_changed = on_paging, .invlpg = on_invlpg,
	.irq_unmasked = on_unmasked, .apic_base_changed = on_apic,
	.read_ticks = on_ticks, .read_phys = on_phys,
};

/* -- Tables --------------------------------------------------------------- */

static u32 slot(u16 sel) { return (sel & 4 ? W_LDT : W_GDT) + (sel & 0xfff8u); }

void put_desc(u16 sel, u32 base, u32 limit, u16 attr)
{
	fake_put(slot(sel), 4, (limit & 0xffff) | base << 16);
	fake_put(slot(sel) + 4, 4, base >> 24 << 24 | (limit & 0xf0000) | (u32)attr << 8 |
		 (base >> 16 & 0xff));
}

static void put_gate_at(u32 at, u16 code, u32 off, u32 type, u32 dpl, u32 params)
{
	fake_put(at, 4, (off & 0xffff) | (u32)code << 16);
	fake_put(at + 4, 4, (off & 0xffff0000) | 0x8000 | dpl << 13 | type << 8 | params);
}

void put_gate(u16 sel, u16 code, u32 off, unsigned type, u8 dpl, unsigned params)
{
	put_gate_at(slot(sel), code, off, type, dpl, params);
}

void put_idt(u8 vector, u16 code, u32 off, unsigned type, u8 dpl)
{
	put_gate_at(W_IDT + vector * 8u, code, off, type, dpl, 0);
}

void desc_clear(u16 sel, u16 attr)
{
	fake_put(slot(sel) + 4, 4, fake_get(slot(sel) + 4, 4) & ~((u64)attr << 8));
}

void desc_set(u16 sel, u16 attr)
{
	fake_put(slot(sel) + 4, 4, fake_get(slot(sel) + 4, 4) | (u64)attr << 8);
}

void idt_clear_present(u8 vector)
{
	fake_mem[W_IDT + vector * 8 + 5] &= 0x7f;
}

void put_tss32(u32 base, u16 cs, u32 eip, u16 ss, u32 esp, u32 eflags)
{
	fake_put(base + 0x1c, 4, 0x7000);
	fake_put(base + 0x20, 4, eip);
	fake_put(base + 0x24, 4, eflags);
	for (u32 k = 0; k < 8; k++)
		fake_put(base + 0x28 + 4 * k, 4, 0xa0b0c0d0 + k);
	fake_put(base + 0x28 + 4 * ESP, 4, esp);
	fake_put(base + 0x48 + 4 * ES, 2, S_DATA3);
	fake_put(base + 0x48 + 4 * CS, 2, cs);
	fake_put(base + 0x48 + 4 * SS, 2, ss);
	fake_put(base + 0x48 + 4 * DS, 2, S_DATA3);
	fake_put(base + 0x48 + 4 * FS, 2, 0);
	fake_put(base + 0x48 + 4 * GS, 2, S_CONF0);
	fake_put(base + 0x60, 2, S_LDT);
}

void put_tss16(u32 base, u16 cs, u16 ip, u16 ss, u16 sp, u16 flags)
{
	fake_put(base + 0x0e, 2, ip);
	fake_put(base + 0x10, 2, flags);
	for (u32 k = 0; k < 8; k++)
		fake_put(base + 0x12 + 2 * k, 2, 0xc0d0 + k);
	fake_put(base + 0x12 + 2 * ESP, 2, sp);
	fake_put(base + 0x22, 2, S_DATA3);
	fake_put(base + 0x24, 2, cs);
	fake_put(base + 0x26, 2, ss);
	fake_put(base + 0x28, 2, S_DATA3);
	fake_put(base + 0x2a, 2, 0);
}

static void put_tables(void)
{
	for (u16 dpl = 0; dpl < 4; dpl++) {
		put_desc((u16)(S_CODE0 + 16 * dpl), 0, 0xfffff, A_CODE(dpl));
		put_desc((u16)(S_DATA0 + 16 * dpl), 0, 0xfffff, A_DATA(dpl));
		fake_put(W_TSS_A + 4 + 8 * dpl, 4, W_STACK + 0x1000u * dpl + W_TOP);
		fake_put(W_TSS_A + 8 + 8 * dpl, 4, S_DATA0 + 16u * dpl + dpl);
	}
	/* Only a null or a limit check keeps these away: the first slot, the first outside. */
	put_desc(0, 0, 0xfffff, A_DATA(0));
	put_desc(0x200, 0, 0xfffff, A_CODE(0) | SEG_CONFORMING);
	put_desc(0x84, 0, 0xfffff, A_DATA(0));
	put_desc(S_CONF0, 0, 0xfffff, A_CODE(0) | SEG_CONFORMING);
	put_desc(S_CONF3, 0, 0xfffff, A_CODE(3) | SEG_CONFORMING);
	put_desc(S_LDT, W_LDT, 0x7f, A_SYS(2, 0));
	put_desc(S_TSS_A, W_TSS_A, 0x1ff, A_SYS(11, 0));
	put_desc(S_TSS_B, W_TSS_B, 0x67, A_SYS(9, 0));
	put_desc(S_TSS_C, W_TSS_C, 0x2b, A_SYS(1, 0));
	put_tss32(W_TSS_B, S_CODE0, 0x5000, S_DATA0, W_STACK + 0x800, 0x202);
	put_tss16(W_TSS_C, S_CODE0, 0x6000, S_DATA0, 0x800, 0x202);
	fake_put(W_TSS_A + 0x66, 2, 0x100);	/* I/O map */
	for (unsigned v = 0; v < 256; v++)
		put_idt((u8)v, S_CODE0, 0x8000 + v * 16, 14, 0);
}

/* -- Modes ---------------------------------------------------------------- */

static struct segment seg_of(u16 sel)
{
	u64 v = fake_get(slot(sel), 8);
	struct desc d = { .lo = (u32)v, .hi = (u32)(v >> 32) };

	return desc_segment(&d, sel);
}

static void world_common(void)
{
	static struct cpu_model model;
	char err[CPUID_ERR_SIZE];

	must(!cpuid_configure(&model, "n270", err));
	fake_mem_reset();
	memset(w_phys, 0, sizeof(w_phys));
	w = (struct vcpu){ .hooks = &hooks, .model = &model, .tsc_mul = 3,
			    .tsc_zero = w_ticks };
	vcpu_reset(&w, RESET_POWER_UP, true);
	put_tables();
	w.eip = W_EIP;
	w.next_eip = W_NEXT;
	w.cr0 |= CR0_NE;
	for (unsigned k = 0; k < 8; k++)
		set_reg32(&w, k, 0x11111111 * k);
	w_mode = w_invlpg = w_unmasked = w_apic = 0;
	w_paging[0] = w_paging[1] = 0;
}

static void protect(void)
{
	w.cr0 |= CR0_PE;
	w.gdtr = (struct dtable){ W_GDT, 0x1ff };
	w.idtr = (struct dtable){ W_IDT, 0x7ff };
	w.ldtr = seg_of(S_LDT);
	w.tr = seg_of(S_TSS_A);
}

void world_protected(u8 cpl)
{
	world_common();
	protect();
	w.cpl = cpl;
	w.seg[CS] = seg_of((u16)(S_CODE0 + 17 * cpl));
	for (unsigned k = 0; k < SREG_COUNT; k++) {
		if (k != CS)
			w.seg[k] = seg_of(k == SS ? (u16)(S_DATA0 + 17 * cpl) : S_DATA3);
	}
	set_reg32(&w, ESP, W_STACK + 0x1000u * cpl + W_TOP);
}

/* -- Long mode -- */

void put_desc16(u16 sel, u64 base, u32 limit, u16 attr)
{
	put_desc(sel, (u32)base, limit, attr);
	fake_put(slot(sel) + 8, 8, base >> 32);
}

void put_gate64(u16 sel, u16 code, u64 off, u8 dpl)
{
	put_gate(sel, code, (u32)off, 12, dpl, 0);
	fake_put(slot(sel) + 8, 8, off >> 32);
}

void put_idt64(u8 vector, u16 code, u64 off, unsigned type, u8 dpl, u8 ist)
{
	put_gate_at(W_IDT + vector * 16u, code, (u32)off, type, dpl, ist);
	fake_put(W_IDT + vector * 16u + 8, 8, off >> 32);
}

static void put_long_tables(void)
{
	for (u16 dpl = 0; dpl < 4; dpl++) {
		put_desc((u16)(L_CODE0 + 8 * dpl), 0, 0xfffff, A_CODE64(dpl));
		fake_put(W_TSS_A + 4 + 8 * dpl, 8, FAKE_HIGH + W_STACK + 0x1000u * dpl + W_TOP + 8);
	}
	for (u32 k = 1; k < 8; k++)
		fake_put(W_TSS_A + 0x1c + 8 * k, 8, FAKE_HIGH + W_IST + 0x1000 * k + W_TOP + 8);
	put_desc(L_CONF0, 0, 0xfffff, A_CODE64(0) | SEG_CONFORMING);
	put_desc16(L_TSS, FAKE_HIGH + W_TSS_A, 0x1ff, A_SYS(11, 0));
	put_desc16(L_TSS_B, FAKE_HIGH + W_TSS_B, 0x67, A_SYS(9, 0));
	put_desc16(L_LDT, FAKE_HIGH + W_LDT, 0x7f, A_SYS(2, 0));
	for (unsigned v = 0; v < 256; v++)
		put_idt64((u8)v, L_CODE0, FAKE_HIGH + 0x8000 + v * 16, 14, 0, 0);
}

static struct segment seg64_of(u16 sel)
{
	struct segment s = seg_of(sel);

	s.base |= fake_get(slot(sel) + 8, 4) << 32;
	return s;
}

static void enter_long(u8 cpl)
{
	static struct cpu_model model;

	model = *w.model;
	model.features |= BIT64(FEAT_LM) | BIT64(FEAT_SYSCALL) | BIT64(FEAT_NX) |
			  BIT64(FEAT_RDTSCP) | BIT64(FEAT_FSGSBASE);
	model.phys_bits = 36;
	w.model = &model;
	put_long_tables();
	w.cr0 |= CR0_PG;
	w.cr4 |= CR4_PAE;
	w.efer = EFER_LME | EFER_LMA | EFER_SCE;
	w.cpl = cpl;
	w.gdtr = (struct dtable){ FAKE_HIGH + W_GDT, 0x1ff };
	w.idtr = (struct dtable){ FAKE_HIGH + W_IDT, 0xfff };
	w.ldtr = seg64_of(L_LDT);
	w.tr = seg64_of(L_TSS);
}

void world_long(u8 cpl)
{
	world_protected(cpl);
	enter_long(cpl);
	w.seg[CS] = seg_of((u16)(L_CODE0 + 9 * cpl));
	for (unsigned k = 0; k < 16; k++)
		w.gpr[k] = 0x1111111111111111ull * k;
	w.gpr[ESP] = FAKE_HIGH + W_STACK + 0x1000u * cpl + W_TOP;
	if (cpl < 3)
		seg_set_null(&w.seg[SS], cpl);
	w.eip = FAKE_HIGH + W_EIP;
	w.next_eip = FAKE_HIGH + W_NEXT;
}

void world_compat(u8 cpl)
{
	world_protected(cpl);
	enter_long(cpl);
}

void world_v86(u8 iopl)
{
	static const u16 sels[SREG_COUNT] = {
		[CS] = 0x1000, [SS] = 0x2300, [ES] = 0x3001, [DS] = 0x3002, [FS] = 0x3003,
		[GS] = 0x3004,
	};

	world_common();
	protect();
	w.cpl = 3;
	w.eflags |= FL_VM | (u32)iopl << 12;
	for (unsigned k = 0; k < SREG_COUNT; k++)
		seg_set_v86(&w.seg[k], sels[k]);
	set_reg32(&w, ESP, W_TOP);
}

void world_real(void)
{
	world_common();
	w.idtr = (struct dtable){ 0, 0x3ff };
	seg_set_real(&w.seg[CS], 0x1000);
	seg_set_real(&w.seg[SS], 0x2000);
	for (u32 v = 0; v < 256; v++)
		fake_put(v * 4, 4, 0xf0000000 | (0x8000 + v * 16));
	set_reg32(&w, ESP, W_TOP);
}

void gdt_split(u16 sel)
{
	u8 copy[0x210];

	memcpy(copy, fake_mem + W_GDT, sizeof(copy));
	memcpy(fake_mem + W_SPLIT - sel, copy, sizeof(copy));
	w.gdtr.base = W_SPLIT - sel;
}

void world_push64(u64 v)
{
	w.gpr[ESP] -= 8;
	fake_put((u32)(w.gpr[ESP] - FAKE_HIGH), 8, v);
}

u64 stack64(unsigned k)
{
	return fake_get((u32)(w.gpr[ESP] - FAKE_HIGH) + 8 * k, 8);
}

u32 stack_at(unsigned k, unsigned size)
{
	u32 mask = w.seg[SS].attr & SEG_DB ? 0xffffffff : 0xffff;

	return (u32)fake_get((u32)w.seg[SS].base + ((reg32(&w, ESP) + k * size) & mask), size);
}

/* -- Expectations --------------------------------------------------------- */

void want_ok(struct fault f, const char *name, int line)
{
	check_eq(f.raised ? 0x10000u + f.vector : 0, 0, name, "no fault", line);
	if (f.raised)
		printf("     (vector %u error %x)\n", f.vector, f.error);
}

void want_fault(struct fault f, u8 vector, u32 code, const char *name, int line)
{
	bool coded = vector >= EXC_DF && vector <= EXC_PF;

	check_eq(f.raised, 1, name, "raised", line);
	check_eq(f.vector, vector, name, "vector", line);
	check_eq(f.has_error, coded, name, "has error code", line);
	check_eq(f.error, code, name, "error code", line);
}

void world_snap(void)
{
	snap_cpu = w;
	memcpy(snap_mem, fake_mem, sizeof(fake_mem));
}

bool world_unchanged(void)
{
	return !memcmp(&snap_cpu, &w, sizeof(w)) && !memcmp(snap_mem, fake_mem, sizeof(fake_mem));
}

void want_unchanged(const char *name, int line)
{
	check_eq(world_unchanged(), 1, name, "unchanged", line);
}

unsigned page_fault_sweep(void (*setup)(void), struct fault (*op)(void), const char *name)
{
	static const u8 rights[] = { 0, FAKE_PRESENT | FAKE_USER, FAKE_PRESENT | FAKE_WRITE };
	unsigned faults = 0;

	for (unsigned page = 0; page < FAKE_MEM_PAGES; page++) {
		for (unsigned k = 0; k < 3; k++) {
			struct fault f;

			setup();
			fake_rights[page] = rights[k];
			world_snap();
			f = op();
			if (!f.raised)
				continue;
			faults++;
			check_eq(f.vector, EXC_PF, name, "sweep vector", (int)page);
			check_eq(fake_place(f.cr2) >> 12, page, name, "sweep cr2", (int)page);
			check_eq(world_unchanged(), 1, name, "sweep unchanged", (int)page);
		}
	}
	return faults;
}

void world_push(unsigned size, u32 v)
{
	u32 mask = w.seg[SS].attr & SEG_DB ? 0xffffffff : 0xffff;
	u32 sp = (reg32(&w, ESP) - size) & mask;

	fake_put((u32)w.seg[SS].base + sp, size, v);
	set_reg32(&w, ESP, sp);
}

void world_ret_frame(u32 eip, u16 cs)
{
	world_push(4, cs);
	world_push(4, eip);
}

void world_outer_frame(u32 eip, u16 cs, u32 esp, u16 ss)
{
	world_push(4, ss);
	world_push(4, esp);
	world_ret_frame(eip, cs);
}
