/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RDMSR and WRMSR: a table of the registers that the model has (SDM vol. 4;
 * vol. 3, 11.11 for the MTRRs). See msr.h. Memory types are kept for the guest
 * to read back and change nothing: all guest RAM is cached.
 *
 * Left out on purpose: MPERF and APERF, which CPUID.6 would promise, and the banks of machine
 * checks, of which MCG_CAP says that there are none.
 */
#include "dbt/sys/msr.h"

#include "dbt/sys/cpuid.h"
#include "dbt/sys/farxfer.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"
#include "kernel/lib/bits.h"
#include "kernel/printk.h"

enum {
	MTRR_VAR_PAIRS = 8,
	MTRR_CAP_FIX = 1 << 8, MTRR_CAP_WC = 1 << 10,
	MTRR_DEF_VALID = 0xff | 1 << 10 | 1 << 11,
};
#define PAT_RESET 0x0007040600070406ull
#define APIC_BASE_RESET 0xfee00000ull
#define PLATFORM_ID_N270 (2ull << 50)	/* the one that microcode files of 106c2 name */

/* -- Checks and special registers ----------------------------------------- */

static bool is_mtrr_type(u8 t) { return t == 0 || t == 1 || (t >= 4 && t <= 6); }
static bool is_pat_type(u8 t) { return is_mtrr_type(t) || t == 7; }

static bool bytes_are(u64 v, bool (*ok)(u8))
{
	for (unsigned k = 0; k < 8; k++) {
		if (!ok((u8)(v >> 8 * k)))
			return false;
	}
	return true;
}

static u64 beyond_phys(const struct vcpu *c) { return ~0ull << c->model->phys_bits; }

static bool write_any(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	(void)c;
	(void)n;
	*reg = v;
	return true;
}

/* Upper halves are reserved (SDM vol. 4): a 1 there is #GP. */
static bool write_32(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	return !(v >> 32) && write_any(c, n, v, reg);
}

static bool write_address(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	return canonical(v) && write_any(c, n, v, reg);
}

/* Code that is not of 64 bits depends on FS and GS having base 0. */
static bool write_base(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	if (!write_address(c, n, v, reg))
		return false;
	if (!vcpu_code64(c))
		sys_mode_changed(c);
	return true;
}

/* SYSENTER's registers have 32 bits on a model without long mode. */
static bool write_sysenter(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	if (n != MSR_SYSENTER_CS && vcpu_has(c, FEAT_LM))
		return write_address(c, n, v, reg);
	write_any(c, n, (u32)v, reg);
	far_enter_changed(c);
	return true;
}

/* Read-write on hardware; here the written value has no effect (the revision is the model's). */
static bool write_ignored(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	(void)c;
	(void)n;
	(void)v;
	(void)reg;
	return true;
}

/*
 * Branch records stay empty, whatever LBR says, and nothing is traced: the bits are kept. Single
 * steps from branch to branch (BTF) are not there: refused, and so counted.
 */
static bool write_debugctl(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	enum { LBR = 1 << 0, PINS_AND_TR = 0x1f << 2, TR = 1 << 6 };

	if (v & ~(u64)(c->model->core == CORE_P6 ? LBR | PINS_AND_TR : LBR | TR))
		return false;
	return write_any(c, n, v, reg);
}

static bool write_fixed(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	return bytes_are(v, is_mtrr_type) && write_any(c, n, v, reg);
}

static bool write_pat(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	return bytes_are(v, is_pat_type) && write_any(c, n, v, reg);
}

static bool write_mtrr_def(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	return !(v & ~(u64)MTRR_DEF_VALID) && is_mtrr_type((u8)v) && write_any(c, n, v, reg);
}

/* Even: base with a type; odd: mask with the valid bit. */
static bool write_mtrr_var(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	u64 reserved = beyond_phys(c) | (n & 1 ? 0x7ff : 0xf00);

	if ((v & reserved) || (!(n & 1) && !is_mtrr_type((u8)v)))
		return false;
	return write_any(c, n, v, reg);
}

/* From xAPIC mode to x2APIC mode, from there to off only (SDM vol. 3, 10.12.5). */
static bool apic_mode_follows(u64 was, u64 v)
{
	if (v & APIC_BASE_X2)
		return v & was & APIC_BASE_ENABLE;
	return !(was & APIC_BASE_X2 && v & APIC_BASE_ENABLE);
}

static bool write_apic_base(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	u64 valid = (APIC_BASE_BSP | APIC_BASE_ENABLE | ~0xfffull) & ~beyond_phys(c);

	(void)n;
	if (vcpu_has(c, FEAT_X2APIC))
		valid |= APIC_BASE_X2;
	if (v & ~valid || !apic_mode_follows(*reg, v))
		return false;
	*reg = (v & ~(u64)APIC_BASE_BSP) | (*reg & APIC_BASE_BSP);
	if (c->hooks->apic_base_changed)
		c->hooks->apic_base_changed(c);
	return true;
}

/* Bits that the model does not have stay as they are. */
static bool write_misc_enable(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	u64 mask = MISC_FAST_STRING | MISC_LIMIT_CPUID;

	(void)n;
	if (vcpu_has(c, FEAT_MONITOR))
		mask |= MISC_MONITOR;
	if (vcpu_has(c, FEAT_NX))
		mask |= MISC_XD_DISABLE;
	*reg = (*reg & ~mask) | (v & mask);
	return true;
}

/* LME cannot change while paging is on, LMA not at all: what is written there is not looked at. */
static bool write_efer(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	u64 valid = vcpu_has(c, FEAT_SYSCALL) ? EFER_SCE : 0, old = *reg;

	(void)n;
	if (vcpu_has(c, FEAT_LM))
		valid |= EFER_LME | EFER_LMA;
	if (vcpu_has(c, FEAT_NX) && !(c->misc_enable & MISC_XD_DISABLE))
		valid |= EFER_NXE;
	if ((v & ~valid) || (((old ^ v) & EFER_LME) && (c->cr0 & CR0_PG)))
		return false;
	*reg = (v & ~(u64)EFER_LMA) | (old & EFER_LMA);
	far_calls_changed(c);
	if ((old ^ v) & EFER_NXE)
		sys_paging_changed(c, PAGING_ALL);
	return true;
}

static bool write_star(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	(void)n;
	*reg = v;
	far_calls_changed(c);
	return true;
}

static bool write_fmask(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	bool done = write_32(c, n, v, reg);

	far_calls_changed(c);
	return done;
}

static u64 read_deadline(const struct vcpu *c)
{
	return c->hooks->read_deadline ? c->hooks->read_deadline(c) : 0;
}

static bool write_deadline(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	(void)n, (void)reg;
	if (c->hooks->write_deadline)
		c->hooks->write_deadline(c, v);
	return true;
}

/* A deadline is compared with what the TSC says now. */
static bool move_tsc(struct vcpu *c, u64 by)
{
	u64 deadline = vcpu_has(c, FEAT_TSC_DEADLINE) ? read_deadline(c) : 0;

	c->tsc_offset += by;
	return !deadline || write_deadline(c, MSR_TSC_DEADLINE, deadline, NULL);
}

static bool write_tsc(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	(void)n, (void)reg;
	return move_tsc(c, v - sys_tsc(c));
}

/* By how much the TSC has been moved since power-up (SDM vol. 3, 17.17.3). */
static u64 read_tsc_adjust(const struct vcpu *c)
{
	return c->tsc_offset + c->tsc_zero * c->tsc_mul;
}

static bool write_tsc_adjust(struct vcpu *c, u32 n, u64 v, u64 *reg)
{
	(void)n, (void)reg;
	return move_tsc(c, v - read_tsc_adjust(c));
}

static u64 read_tsc(const struct vcpu *c) { return sys_tsc(c); }
static u64 read_zero(const struct vcpu *c) { (void)c; return 0; }
static u64 read_platform(const struct vcpu *c) { (void)c; return PLATFORM_ID_N270; }
static u64 read_microcode(const struct vcpu *c) { return (u64)c->model->microcode << 32; }

/*
 * A guest's remedies for speculation would do nothing to translated code: RDCL_NO, SKIP_L1DFL,
 * SSB_NO, MDS_NO, PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, BHI_NO, PBRSB_NO,
 * GDS_NO, RFDS_NO, ITS_NO.
 */
static u64 read_arch_capabilities(const struct vcpu *c)
{
	static const u8 bit[] = { 0, 3, 4, 5, 6, 8, 13, 14, 15, 20, 24, 26, 27, 62 };
	u64 v = 0;

	(void)c;
	for (unsigned k = 0; k < ARRAY_LEN(bit); k++)
		v |= BIT64(bit[k]);
	return v;
}

static u64 read_mtrr_cap(const struct vcpu *c)
{
	(void)c;
	return MTRR_VAR_PAIRS | MTRR_CAP_FIX | MTRR_CAP_WC;
}

/* -- The table ------------------------------------------------------------ */

struct msr_row {
	u32 first;		/* `count` registers from here */
	u8 count;
	u8 feature;		/* exists only with it */
	u16 field;		/* offset of the first's u64 in struct vcpu */
	u64 (*read)(const struct vcpu *c);				/* NULL: the field */
	bool (*write)(struct vcpu *c, u32 n, u64 v, u64 *field);	/* NULL or false: #GP(0) */
};

#define AT(member) (u16)offsetof(struct vcpu, member)

static const struct msr_row rows[] = {
	{ MSR_P5_MC_ADDR, 2, FEAT_MCE, 0, read_zero, NULL },
	{ MSR_TSC, 1, FEAT_TSC, 0, read_tsc, write_tsc },
	{ MSR_TSC_ADJUST, 1, FEAT_TSC_ADJUST, 0, read_tsc_adjust, write_tsc_adjust },
	{ MSR_PLATFORM_ID, 1, FEAT_P6, 0, read_platform, NULL },
	{ MSR_APIC_BASE, 1, FEAT_APIC, AT(apic_base), NULL, write_apic_base },
	{ MSR_BIOS_SIGN_ID, 1, FEAT_P6, 0, read_microcode, write_ignored },
	{ MSR_MTRR_CAP, 1, FEAT_MTRR, 0, read_mtrr_cap, NULL },
	{ MSR_SYSENTER_CS, 1, FEAT_SEP, AT(sysenter_cs), NULL, write_sysenter },
	{ MSR_SYSENTER_ESP, 1, FEAT_SEP, AT(sysenter_esp), NULL, write_sysenter },
	{ MSR_SYSENTER_EIP, 1, FEAT_SEP, AT(sysenter_eip), NULL, write_sysenter },
	{ MSR_ARCH_CAPABILITIES, 1, FEAT_ARCH_CAPS, 0, read_arch_capabilities, NULL },
	{ MSR_MCG_CAP, 1, FEAT_MCA, 0, read_zero, NULL },	/* no banks */
	{ MSR_MCG_STATUS, 1, FEAT_MCA, AT(mcg_status), NULL, write_any },
	{ MSR_MISC_ENABLE, 1, FEAT_P6, AT(misc_enable), NULL, write_misc_enable },
	{ MSR_DEBUGCTL, 1, FEAT_P6, AT(debugctl), NULL, write_debugctl },
	{ MSR_MTRR_PHYSBASE0, 2 * MTRR_VAR_PAIRS, FEAT_MTRR, AT(mtrr_var), NULL, write_mtrr_var },
	{ MSR_MTRR_FIX64K_00000, 1, FEAT_MTRR, AT(mtrr_fixed[0]), NULL, write_fixed },
	{ MSR_MTRR_FIX16K_80000, 2, FEAT_MTRR, AT(mtrr_fixed[1]), NULL, write_fixed },
	{ MSR_MTRR_FIX4K_C0000, 8, FEAT_MTRR, AT(mtrr_fixed[3]), NULL, write_fixed },
	{ MSR_PAT, 1, FEAT_PAT, AT(pat), NULL, write_pat },
	{ MSR_MTRR_DEF_TYPE, 1, FEAT_MTRR, AT(mtrr_def), NULL, write_mtrr_def },
	{ MSR_TSC_DEADLINE, 1, FEAT_TSC_DEADLINE, 0, read_deadline, write_deadline },
	{ MSR_EFER, 1, FEAT_NX, AT(efer), NULL, write_efer },
	{ MSR_EFER, 1, FEAT_LM, AT(efer), NULL, write_efer },
	{ MSR_STAR, 1, FEAT_LM, AT(star), NULL, write_star },
	{ MSR_LSTAR, 1, FEAT_LM, AT(lstar), NULL, write_address },
	{ MSR_CSTAR, 1, FEAT_LM, AT(cstar), NULL, write_address },
	{ MSR_FMASK, 1, FEAT_LM, AT(fmask), NULL, write_fmask },
	{ MSR_FS_BASE, 1, FEAT_LM, AT(seg[FS].base), NULL, write_base },
	{ MSR_GS_BASE, 1, FEAT_LM, AT(seg[GS].base), NULL, write_base },
	{ MSR_KERNEL_GS_BASE, 1, FEAT_LM, AT(kernel_gs_base), NULL, write_address },
	{ MSR_TSC_AUX, 1, FEAT_RDTSCP, AT(tsc_aux), NULL, write_32 },
};

static const struct msr_row *find(const struct vcpu *c, u32 n)
{
	for (unsigned k = 0; k < ARRAY_LEN(rows); k++) {
		if (n - rows[k].first < rows[k].count && vcpu_has(c, rows[k].feature))
			return &rows[k];
	}
	return NULL;
}

static u64 *field_of(struct vcpu *c, const struct msr_row *r, u32 n)
{
	return (u64 *)(void *)((u8 *)c + r->field) + (n - r->first);
}

/* Is it one of the local APIC's registers? Which of them are there is the local APIC's to say. */
static bool is_x2apic(const struct vcpu *c, u32 n)
{
	return n - MSR_X2APIC < X2APIC_MSRS && vcpu_has(c, FEAT_X2APIC) && c->hooks->read_x2apic;
}

/* Count an access that gets #GP; the first one of each register is printed, up to 16 registers. */
static struct fault refuse(struct vcpu *c, u32 n, const char *what, u64 v)
{
	c->log.msr_unknown_total++;
	for (unsigned k = 0; k < ARRAY_LEN(c->log.msr_unknown); k++) {
		bool fresh = !c->log.msr_unknown[k].count;

		if (!fresh && c->log.msr_unknown[k].msr != n)
			continue;
		c->log.msr_unknown[k].msr = n;
		c->log.msr_unknown[k].count++;
		if (fresh)
			printk("msr: %s %x (%llx) refused: #GP\n", what, n, (unsigned long long)v);
		return fault_gp0();
	}
	if (!c->log.msr_unlisted++)
		printk("msr: more registers that are refused are counted, not listed\n");
	return fault_gp0();
}

struct fault msr_read(struct vcpu *c, u32 n, u64 *out)
{
	const struct msr_row *r = find(c, n);

	if (!r && (msr_core_read(c, n, out) ||
		   (is_x2apic(c, n) && c->hooks->read_x2apic(c, n - MSR_X2APIC, out))))
		return fault_none();
	if (!r)
		return refuse(c, n, "rdmsr", 0);
	*out = r->read ? r->read(c) : *field_of(c, r, n);
	return fault_none();
}

struct fault msr_write(struct vcpu *c, u32 n, u64 v)
{
	const struct msr_row *r = find(c, n);

	if (!r && (msr_core_write(c, n, v) ||
		   (is_x2apic(c, n) && c->hooks->write_x2apic(c, n - MSR_X2APIC, v))))
		return fault_none();
	if (!r || !r->write || !r->write(c, n, v, field_of(c, r, n)))
		return refuse(c, n, "wrmsr", v);
	return fault_none();
}

struct fault sys_rdmsr(struct vcpu *c)
{
	u64 v;

	if (c->cpl)
		return fault_gp0();
	TRY(msr_read(c, reg32(c, ECX), &v));
	set_reg(c, EAX, (u32)v);
	set_reg(c, EDX, v >> 32);
	return fault_none();
}

struct fault sys_wrmsr(struct vcpu *c)
{
	if (c->cpl)
		return fault_gp0();
	return msr_write(c, reg32(c, ECX), (u64)reg32(c, EDX) << 32 | reg32(c, EAX));
}

void msr_reset(struct vcpu *c, bool bsp)
{
	c->apic_base = APIC_BASE_RESET | APIC_BASE_ENABLE | (bsp ? APIC_BASE_BSP : 0);
	c->pat = PAT_RESET;
	c->misc_enable = MISC_FAST_STRING | MISC_NO_BTS | MISC_NO_PEBS |
			 (vcpu_has(c, FEAT_MONITOR) ? MISC_MONITOR : 0);
	c->mcg_status = c->debugctl = 0;
	msr_core_reset(c);
	c->sysenter_cs = c->sysenter_esp = c->sysenter_eip = 0;
	c->star = c->lstar = c->cstar = c->fmask = c->kernel_gs_base = c->tsc_aux = 0;
	far_enter_changed(c);
	far_calls_changed(c);
	c->mtrr_def = 0;
	for (unsigned k = 0; k < ARRAY_LEN(c->mtrr_fixed); k++)
		c->mtrr_fixed[k] = 0;
	for (unsigned k = 0; k < ARRAY_LEN(c->mtrr_var); k++)
		c->mtrr_var[k] = 0;
}
