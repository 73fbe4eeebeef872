/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control registers, debug registers, descriptor table registers and the small
 * privileged instructions (SDM vol. 3, 2.5 to 2.8 and 17.2). Flags, ports and
 * time are in sysflags.c. See sysops.h.
 */
#include "dbt/sys/sysops.h"

#include "dbt/sys/cpuid.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/sysutil.h"
#include "dbt/sys/task.h"
#include "kernel/lib/bits.h"

#define CR0_VALID (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | \
		   CR0_NW | CR0_CD | CR0_PG)
#define DR6_ONES 0xffff0ff0u
#define DR6_WRITABLE 0x0000e00fu
#define DR7_ONES 0x00000400u
#define DR7_WRITABLE 0xffff23ffu
#define CR3_PDPT 0xffffffe0u

static struct fault need_cpl0(const struct vcpu *c)
{
	return c->cpl ? fault_gp0() : fault_none();
}

/* -- Paging registers ----------------------------------------------------- */

/* The four PDPTEs at `cr3`; a present one with reserved bits is #GP(0) (SDM vol. 3, 4.4.1). */
static struct fault read_pdptes(struct vcpu *c, u64 cr3, u64 out[4])
{
	u64 reserved = bits(~0ull, 2, 1) << 1 | bits(~0ull, 8, 5) << 5 |
		       ~0ull << c->model->phys_bits;

	c->hooks->read_phys(c, cr3 & CR3_PDPT, out, 32);
	for (unsigned k = 0; k < 4; k++) {
		if ((out[k] & 1) && (out[k] & reserved))
			return fault_gp0();
	}
	return fault_none();
}

/* Load the PDPTEs if these register values use PAE paging; long mode has no such registers. */
static __attribute__((noinline)) struct fault load_pdptes(struct vcpu *c, u32 cr0, u64 cr3, u64 cr4)
{
	u64 v[4];

	if (!(cr0 & CR0_PG) || !(cr4 & CR4_PAE) || (c->efer & EFER_LME))
		return fault_none();
	TRY(read_pdptes(c, cr3, v));
	for (unsigned k = 0; k < 4; k++)
		c->pdpte[k] = v[k];
	return fault_none();
}

/*
 * May paging be switched (SDM vol. 3, 9.8.5)? On with EFER.LME: that activates long mode, which
 * needs PAE, code that is not of 64 bits, and no 16-bit TSS. Off: not in 64-bit code.
 */
static bool may_switch_paging(const struct vcpu *c)
{
	bool tss16 = (c->tr.attr & SEG_TYPE & ~TSS_BUSY) == TSS_AVAIL16;

	if (c->cr0 & CR0_PG)
		return !vcpu_code64(c);
	return !(c->efer & EFER_LME) ||
	       ((c->cr4 & CR4_PAE) && !(c->seg[CS].attr & SEG_L) && !tss16);
}

/* EFER.LMA is LME and PG. What was recognised in one mode means nothing in the other. */
static void update_lma(struct vcpu *c)
{
	u64 lma = (c->efer & EFER_LME) && (c->cr0 & CR0_PG) ? EFER_LMA : 0;

	if ((c->efer & EFER_LMA) != lma)
		seen_forget(c);
	c->efer = (c->efer & ~(u64)EFER_LMA) | lma;
}

static struct fault write_cr0(struct vcpu *c, u64 v)
{
	u32 new = ((u32)v & CR0_VALID) | CR0_ET, changed = new ^ (u32)c->cr0;

	if (((new & CR0_PG) && !(new & CR0_PE)) || v >> 32)
		return fault_gp0();
	if ((new & CR0_NW) && !(new & CR0_CD))
		return fault_gp0();
	if ((changed & CR0_PG) && !may_switch_paging(c))
		return fault_gp0();
	if (changed & (CR0_PG | CR0_CD | CR0_NW))
		TRY(load_pdptes(c, new, c->cr3, c->cr4));
	c->cr0 = new;
	if (changed & CR0_PG)
		update_lma(c);
	if (changed & (CR0_PG | CR0_WP | CR0_PE))
		sys_paging_changed(c, PAGING_ALL);
	sys_mode_changed(c);
	return fault_none();
}

static u32 cr4_valid(const struct vcpu *c)
{
	static const struct { u8 feature; u32 bits; } rows[] = {
		{ FEAT_VME, CR4_VME | CR4_PVI }, { FEAT_TSC, CR4_TSD }, { FEAT_DE, CR4_DE },
		{ FEAT_PSE, CR4_PSE }, { FEAT_PAE, CR4_PAE }, { FEAT_MCE, CR4_MCE },
		{ FEAT_PGE, CR4_PGE }, { FEAT_P6, CR4_PCE }, { FEAT_FXSR, CR4_OSFXSR },
		{ FEAT_SSE, CR4_OSXMMEXCPT }, { FEAT_FSGSBASE, CR4_FSGSBASE },
		{ FEAT_SMEP, CR4_SMEP }, { FEAT_SMAP, CR4_SMAP },
	};
	u32 valid = 0;

	for (unsigned k = 0; k < ARRAY_LEN(rows); k++)
		valid |= vcpu_has(c, rows[k].feature) ? rows[k].bits : 0;
	return valid;
}

static struct fault write_cr4(struct vcpu *c, u64 v)
{
	u32 changed = (u32)(v ^ c->cr4);

	if (v & ~(u64)cr4_valid(c))
		return fault_gp0();
	if ((changed & CR4_PAE) && vcpu_long(c))
		return fault_gp0();
	if (changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP))	/* SDM vol. 3, 4.4.1 */
		TRY(load_pdptes(c, (u32)c->cr0, c->cr3, v));
	c->cr4 = v;
	if (changed & (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP | CR4_SMAP))
		sys_paging_changed(c, PAGING_ALL);
	sys_mode_changed(c);
	return fault_none();
}

struct fault sys_load_cr3(struct vcpu *c, u64 v)
{
	if (!sys_cr3_is_plain(c, v)) {
		if (vcpu_long(c))
			return fault_gp0();
		TRY(load_pdptes(c, (u32)c->cr0, v, c->cr4));
	}
	c->cr3 = v;
	sys_paging_changed(c, PAGING_CR3);
	return fault_none();
}

static bool cr_exists(const struct vcpu *c, unsigned n)
{
	return (n <= 4 && n != 1) || (n == 8 && vcpu_code64(c));
}

/* CR8 is bits 7-4 of the APIC's task priority. */
static u64 read_cr8(struct vcpu *c)
{
	return c->hooks->read_tpr ? c->hooks->read_tpr(c) : c->cr8;
}

static struct fault write_cr8(struct vcpu *c, u64 v)
{
	if (v >> 4)
		return fault_gp0();
	c->cr8 = v;
	if (c->hooks->write_tpr)
		c->hooks->write_tpr(c, v);
	return fault_none();
}

struct fault sys_read_cr(struct vcpu *c, unsigned n, u64 *out)
{
	if (!cr_exists(c, n))
		return fault_plain(EXC_UD);
	TRY(need_cpl0(c));
	switch (n) {
	case 0: *out = c->cr0; break;
	case 2: *out = c->cr2; break;
	case 3: *out = c->cr3; break;
	case 4: *out = c->cr4; break;
	case 8: *out = read_cr8(c); break;
	}
	return fault_none();
}

struct fault sys_write_cr(struct vcpu *c, unsigned n, u64 v)
{
	if (c->cpl)
		return cr_exists(c, n) ? fault_gp0() : fault_plain(EXC_UD);
	switch (n) {
	case 0: return write_cr0(c, v);
	case 2: c->cr2 = v; return fault_none();
	case 3: return sys_load_cr3(c, v);
	case 4: return write_cr4(c, v);
	case 8: return vcpu_code64(c) ? write_cr8(c, v) : fault_plain(EXC_UD);
	}
	return fault_plain(EXC_UD);
}

struct fault sys_clts(struct vcpu *c)
{
	TRY(need_cpl0(c));
	c->cr0 &= ~(u64)CR0_TS;
	sys_mode_changed(c);
	return fault_none();
}

/* PE can be set but not cleared; MP, EM and TS are taken (SDM vol. 2, LMSW). */
struct fault sys_lmsw(struct vcpu *c, u16 v)
{
	TRY(need_cpl0(c));
	return write_cr0(c, ((u32)c->cr0 & ~(u32)(CR0_MP | CR0_EM | CR0_TS)) | (v & 0xf));
}

struct fault sys_invlpg(struct vcpu *c, gva_t linear)
{
	TRY(need_cpl0(c));
	if (c->hooks->invlpg)
		c->hooks->invlpg(c, linear);
	return fault_none();
}

/* -- Debug registers ------------------------------------------------------ */

/* Checks in the order #UD, #GP, #DB; DR4 and DR5 become DR6 and DR7. */
static struct fault check_dr(struct vcpu *c, unsigned *n)
{
	if (*n > 7 || ((*n == 4 || *n == 5) && (c->cr4 & CR4_DE)))
		return fault_plain(EXC_UD);
	TRY(need_cpl0(c));
	if (c->dr[7] & DR7_GD) {
		c->dr[6] |= DR6_BD;
		c->eflags |= FL_RF;	/* pushed as 1, unlike an instruction breakpoint's */
		return fault_plain(EXC_DB);
	}
	if (*n == 4 || *n == 5)
		*n += 2;
	return fault_none();
}

struct fault sys_read_dr(struct vcpu *c, unsigned n, u64 *out)
{
	TRY(check_dr(c, &n));
	*out = c->dr[n];
	return fault_none();
}

struct fault sys_write_dr(struct vcpu *c, unsigned n, u64 v)
{
	TRY(check_dr(c, &n));
	if (n >= 6 && v >> 32)		/* DR0-3 take anything, canonical or not */
		return fault_gp0();
	if (n == 6)
		v = (v & DR6_WRITABLE) | DR6_ONES;
	if (n == 7)
		v = (v & DR7_WRITABLE) | DR7_ONES;
	c->dr[n] = v;
	sys_debug_changed(c);
	sys_mode_changed(c);
	return fault_none();
}

/* Does breakpoint n watch this kind of access? */
static bool break_kind_matches(const struct vcpu *c, unsigned rw, enum break_kind kind)
{
	if (rw == BREAK_IO)
		return kind == BREAK_IO && (c->cr4 & CR4_DE);
	return rw == (unsigned)kind || (rw == BREAK_READ && kind == BREAK_WRITE);
}

static u32 break_length(u32 dr7, unsigned n)
{
	static const u8 lengths[] = { 1, 2, 8, 4 };

	return lengths[dr7 >> (18 + 4 * n) & 3];
}

u32 sys_breakpoints_of(const struct vcpu *c, enum break_kind kind, gva_t start[4])
{
	u32 dr7 = (u32)c->dr[7], found = 0;

	for (unsigned n = 0; n < 4 && (dr7 & DR7_ENABLED); n++) {
		start[n] = vcpu_sys_linear(c, c->dr[n] & ~(u64)(break_length(dr7, n) - 1));
		if ((dr7 >> (2 * n) & 3) && break_kind_matches(c, dr7 >> (16 + 4 * n) & 3, kind))
			found |= 1u << n;
	}
	return found;
}

u32 sys_breakpoints_find(const struct vcpu *c, gva_t linear, unsigned size, enum break_kind kind)
{
	gva_t start[4];
	u32 hit = 0, enabled = sys_breakpoints_of(c, kind, start);

	for (unsigned n = 0; n < 4 && enabled; n++) {
		u64 len = break_length((u32)c->dr[7], n);

		if ((enabled >> n & 1) &&
		    (vcpu_sys_linear(c, linear.a - start[n].a).a < len ||
		     vcpu_sys_linear(c, start[n].a - linear.a).a < size))
			hit |= 1u << n;
	}
	return hit;
}

/* -- Descriptor tables and the rest --------------------------------------- */

static struct fault load_table(struct vcpu *c, struct dtable *t, u16 limit, u64 base,
			       unsigned opsize)
{
	TRY(need_cpl0(c));
	if (!canonical(base))
		return fault_gp0();
	seen_tables_changed(c);
	t->limit = limit;
	t->base = opsize == 2 ? base & 0xffffff : base;
	return fault_none();
}

struct fault sys_lgdt(struct vcpu *c, u16 limit, u64 base, unsigned opsize)
{
	return load_table(c, &c->gdtr, limit, base, opsize);
}

struct fault sys_lidt(struct vcpu *c, u16 limit, u64 base, unsigned opsize)
{
	return load_table(c, &c->idtr, limit, base, opsize);
}

struct fault sys_hlt(struct vcpu *c)
{
	TRY(need_cpl0(c));
	c->halted = true;
	return fault_none();
}
