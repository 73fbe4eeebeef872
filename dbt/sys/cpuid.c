/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPU models and CPUID (SDM vol. 2, CPUID). See cpuid.h. The vendor is
 * GenuineIntel and the signature Bonnell's because guests choose mitigations
 * and errata by them; the brand string says what it really is.
 */
#include "dbt/sys/cpuid.h"

#include "dbt/backend/host_limits.h"
#include <stdio.h>
#include <string.h>

#include "dbt/sys/msr.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"

#define F(name) BIT64(FEAT_##name)

#define FEATURES_P3 \
	(F(386) | F(486) | F(P6) | F(FPU) | F(DE) | F(PSE) | F(TSC) | F(MSR) | F(PAE) | F(MCE) | \
	 F(CX8) | F(APIC) | F(SEP) | F(MTRR) | F(PGE) | F(MCA) | F(CMOV) | F(PAT) | F(MMX) | \
	 F(FXSR) | F(SSE))

/* What every 64-bit CPU has. */
#define FEATURES_64 (FEATURES_P3 | F(SSE2) | F(CLFSH) | F(SS) | F(NX) | F(SYSCALL) | F(LM))

/*
 * Of these features a guest gets those that features.def says are there. The Atoms D4xx and D5xx
 * are the Bonnells (106ca) with long mode and without AAE44; the newest microcode for them is 107.
 */
static const struct cpu_model models[] = {
	{
		.name = "loam", .brand = "Loam x86-64-v2 CPU (Atom Bonnell class)",
		.features = FEATURES_64 | F(SSE3) | F(SSSE3) | F(SSE41) | F(SSE42) | F(POPCNT) |
			    F(MOVBE) | F(CX16) | F(LAHF64) | F(RDTSCP) | F(PDPE1GB) |
			    F(FSGSBASE) | F(TSC_ADJUST) | F(ARCH_CAPS) | F(INVTSC),
		.signature = 0x106ca, .max_leaf = 10, .max_ext = 0x80000008,
		.leaf2 = { 0x4fba5901, 0x0e3080c0, 0, 0 },
		.microcode = 0x107, .phys_bits = 40, .core = CORE_BONNELL,
	},
	{
		.name = "x86-64", .brand = "Loam x86-64 CPU (Atom Bonnell class)",
		.features = FEATURES_64 | F(ARCH_CAPS) | F(INVTSC),
		.signature = 0x106ca, .max_leaf = 10, .max_ext = 0x80000008,
		.leaf2 = { 0x4fba5901, 0x0e3080c0, 0, 0 },
		.microcode = 0x107, .phys_bits = 36, .core = CORE_BONNELL,
	},
	{
		.name = "n270", .brand = "Loam x86 CPU (Atom N270 class)",
		.features = FEATURES_P3 | F(SSE2) | F(SSE3) | F(SSSE3) | F(MOVBE) | F(CLFSH) |
			    F(SS) | F(NX) | F(INVTSC),
		.signature = 0x106c2, .max_leaf = 10, .max_ext = 0x80000008,
		/* L1I 32K/8, L1D 24K/6, L2 512K/8; prefetch none; TLBs of the N270 */
		.leaf2 = { 0x4fba5901, 0x0e3080c0, 0, 0 },
		/* Below 20e Linux takes PSE away (erratum AAE44) */
		.microcode = 0x218, .phys_bits = 32, .core = CORE_BONNELL,
	},
	{
		.name = "pentium3", .brand = "",
		.features = FEATURES_P3,
		.signature = 0x681, .max_leaf = 2,
		.leaf2 = { 0x03020101, 0, 0, 0x0c040882 },
		.microcode = 0x14, .phys_bits = 36, .core = CORE_P6,
	},
};

struct feature_row {
	const char *text;
	u32 leaf;
	u8 reg, bit;
	bool have;
};

#define CODE64 HOST_CODE64
static const struct feature_row feature_rows[FEAT_COUNT] = {
#define FEATURE(name, text, leaf, reg, bit, have) { text, leaf, reg, bit, have },
#include "dbt/x86/features.def"
#undef FEATURE
};

/* A feature that guests take for granted where they see another. */
static const struct { u8 has, needs; } needs[] = {
	{ FEAT_MMX, FEAT_FPU }, { FEAT_FXSR, FEAT_FPU }, { FEAT_SSE, FEAT_FXSR },
	{ FEAT_SSE, FEAT_MMX }, { FEAT_SSE2, FEAT_SSE }, { FEAT_SSE3, FEAT_SSE2 },
	{ FEAT_SSSE3, FEAT_SSE3 }, { FEAT_SSE41, FEAT_SSSE3 }, { FEAT_SSE42, FEAT_SSE41 },
	{ FEAT_NX, FEAT_PAE }, { FEAT_NX, FEAT_MSR }, { FEAT_APIC, FEAT_MSR },
	{ FEAT_SEP, FEAT_MSR }, { FEAT_MTRR, FEAT_MSR }, { FEAT_PAT, FEAT_MSR },
	{ FEAT_MCA, FEAT_MCE }, { FEAT_INVTSC, FEAT_TSC }, { FEAT_CMOV, FEAT_P6 },
	{ FEAT_LM, FEAT_NX }, { FEAT_LM, FEAT_SYSCALL }, { FEAT_LM, FEAT_SSE2 },
	{ FEAT_LM, FEAT_PGE }, { FEAT_LM, FEAT_CX8 }, { FEAT_SYSCALL, FEAT_LM },
	{ FEAT_CX16, FEAT_LM }, { FEAT_LAHF64, FEAT_LM }, { FEAT_PDPE1GB, FEAT_LM },
	{ FEAT_FSGSBASE, FEAT_LM }, { FEAT_ARCH_CAPS, FEAT_MSR },
	{ FEAT_RDTSCP, FEAT_TSC }, { FEAT_RDTSCP, FEAT_MSR },
	{ FEAT_X2APIC, FEAT_APIC }, { FEAT_TSC_DEADLINE, FEAT_APIC },
	{ FEAT_TSC_DEADLINE, FEAT_TSC }, { FEAT_TSC_ADJUST, FEAT_TSC },
	{ FEAT_TSC_ADJUST, FEAT_MSR },
};

/* -- Configuration -------------------------------------------------------- */

static bool same(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

/* How much of a user's word goes into a message. */
static int shown_len(size_t len) { return len < 40 ? (int)len : 40; }

/* Take a feature away, and what needs it. */
static void take_away(struct cpu_model *m, unsigned feature)
{
	m->features &= ~BIT64(feature);
	for (unsigned k = 0; k < ARRAY_LEN(needs); k++)
		if (needs[k].needs == feature && feature_in(m->features, needs[k].has))
			take_away(m, needs[k].has);
}

/* One "+feature" or "-feature" of len characters. */
static int apply(struct cpu_model *m, const char *text, size_t len, char *err)
{
	for (unsigned k = 0; k < FEAT_COUNT; k++) {
		const struct feature_row *r = &feature_rows[k];

		if (!r->leaf || !same(r->text, text + 1, len - 1))
			continue;
		if (text[0] == '-') {
			take_away(m, k);
			return 0;
		}
		if (!r->have || r->leaf > (r->leaf < 0x80000000 ? m->max_leaf : m->max_ext)) {
			snprintf(err, CPUID_ERR_SIZE, "cpu: %s is not implemented%s", r->text,
				 r->have ? " on this model" : "");
			return -ERR_INVAL;
		}
		m->features |= BIT64(k);
		return 0;
	}
	snprintf(err, CPUID_ERR_SIZE, "cpu: unknown feature \"%.*s\"", shown_len(len), text);
	return -ERR_INVAL;
}

static int check_needs(const struct cpu_model *m, char *err)
{
	for (unsigned k = 0; k < ARRAY_LEN(needs); k++) {
		if (feature_in(m->features, needs[k].has) &&
		    !feature_in(m->features, needs[k].needs)) {
			snprintf(err, CPUID_ERR_SIZE, "cpu: %s needs %s",
				 feature_rows[needs[k].has].text,
				 feature_rows[needs[k].needs].text);
			return -ERR_INVAL;
		}
	}
	return 0;
}

static const struct cpu_model *find_model(const char *text, size_t len)
{
	for (unsigned k = 0; k < ARRAY_LEN(models); k++) {
		if (same(models[k].name, text, len))
			return &models[k];
	}
	return NULL;
}

/* The features that Loam has. */
static u64 implemented(void)
{
	u64 mask = 0;

	for (unsigned k = 0; k < FEAT_COUNT; k++)
		mask |= (u64)feature_rows[k].have << k;
	return mask;
}

int cpuid_configure(struct cpu_model *m, const char *text, char *err)
{
	size_t len = strcspn(text, ",");
	const struct cpu_model *base = find_model(text, len);

	if (!base) {
		snprintf(err, CPUID_ERR_SIZE, "cpu: unknown model \"%.*s\"", shown_len(len), text);
		return -ERR_INVAL;
	}
	*m = *base;
	m->features &= implemented();
	for (text += len; *text; text += len) {
		text++;
		len = strcspn(text, ",");
		if (len < 2 || (text[0] != '+' && text[0] != '-')) {
			snprintf(err, CPUID_ERR_SIZE, "cpu: \"%.*s\" is not +feature or -feature",
				 shown_len(len), text);
			return -ERR_INVAL;
		}
		if (apply(m, text, len, err))
			return -ERR_INVAL;
	}
	if (m->features & F(X2APIC) && m->max_leaf == 10)
		m->max_leaf = 11;	/* it tells its 32-bit ID there */
	return check_needs(m, err);
}

u64 cpuid_reach(const struct cpu_model *m)
{
	return 1ull << (m->features & F(PAE) ? m->phys_bits : 32);
}

bool cpuid_long_mode(const struct cpu_model *m) { return m->features & F(LM); }

/* -- The instruction ------------------------------------------------------ */

/*
 * The mask as it shows now: registers can hide the APIC and NX; SYSCALL is one of 64-bit code
 * (SDM vol. 2, CPUID, note to table 3-8).
 */
static u64 shown(const struct vcpu *c)
{
	u64 f = c->model->features;

	if (!(c->apic_base & APIC_BASE_ENABLE))
		f &= ~F(APIC);
	if (c->misc_enable & MISC_XD_DISABLE)
		f &= ~F(NX);
	if (!vcpu_code64(c))
		f &= ~F(SYSCALL);
	return f;
}

static void put_features(const struct vcpu *c, u32 leaf, u32 out[4])
{
	u64 mask = shown(c);

	for (unsigned k = 0; k < FEAT_COUNT; k++) {
		const struct feature_row *r = &feature_rows[k];
		/* enum gpr has ECX before EDX and EBX; CPUID's order is EAX EBX ECX EDX */
		static const u8 slot[] = { [EAX] = 0, [EBX] = 1, [ECX] = 2, [EDX] = 3 };

		if (r->leaf == leaf && leaf && feature_in(mask, k))
			out[slot[r->reg]] |= 1u << r->bit;
	}
}

static void leaf_1(const struct vcpu *c, u32 out[4])
{
	out[0] = c->model->signature;
	out[1] = (u32)c->apic_id << 24 | (vcpu_has(c, FEAT_CLFSH) ? 8 << 8 : 0);
	put_features(c, 1, out);
}

/* Deterministic cache parameters of the N270: type, level, ways, line, sets. */
static void leaf_4(u32 subleaf, u32 out[4])
{
	static const struct { u8 type, level, ways; u16 sets; } caches[] = {
		{ 1, 1, 6, 64 }, { 2, 1, 8, 64 }, { 3, 2, 8, 1024 },
	};
	enum { SELF_INIT = 1 << 8, LINE = 64 };

	if (subleaf >= ARRAY_LEN(caches))
		return;
	out[0] = caches[subleaf].type | caches[subleaf].level << 5 | SELF_INIT;
	out[1] = (u32)(caches[subleaf].ways - 1) << 22 | (LINE - 1);
	out[2] = caches[subleaf].sets - 1u;
}

/*
 * Extended topology: threads, then cores. Each CPU of the guest is a package of its own (so leaves
 * 1 and 4 say nothing of others, too): firmware lists one CPU of a package in its MP table, and
 * guests without ACPI shall find them all.
 */
static void leaf_b(const struct vcpu *c, u32 subleaf, u32 out[4])
{
	bool level = subleaf < 2;

	out[1] = level;
	out[2] = (subleaf & 0xff) | (level ? (subleaf + 1) << 8 : 0);
	out[3] = c->apic_id;
}

static void leaf_brand(const struct vcpu *c, u32 part, u32 out[4])
{
	memcpy(out, c->model->brand + 16 * part, 16);
}

static void leaf_vendor(const struct vcpu *c, u32 out[4])
{
	out[0] = c->model->max_leaf;
	if ((c->misc_enable & MISC_LIMIT_CPUID) && out[0] > 3)
		out[0] = 3;
	out[1] = 0x756e6547;		/* Genu ineI ntel */
	out[3] = 0x49656e69;
	out[2] = 0x6c65746e;
}

/* Leaves that do not exist answer as the highest basic one (SDM vol. 2). */
static u32 clamp_leaf(const struct cpu_model *m, u32 leaf)
{
	bool basic = leaf <= m->max_leaf;
	bool ext = leaf >= 0x80000000 && leaf <= m->max_ext;

	return basic || ext ? leaf : m->max_leaf;
}

void cpuid_read(const struct vcpu *c, u32 leaf, u32 subleaf, u32 out[4])
{
	const struct cpu_model *m = c->model;

	out[0] = out[1] = out[2] = out[3] = 0;
	leaf = clamp_leaf(m, leaf);
	switch (leaf) {
	case 0: leaf_vendor(c, out); break;
	case 1: leaf_1(c, out); break;
	case 2: memcpy(out, m->leaf2, sizeof(m->leaf2)); break;
	case 4: leaf_4(subleaf, out); break;
	case 5:
		if (vcpu_has(c, FEAT_MONITOR))
			out[0] = out[1] = 64;	/* smallest and largest line */
		break;
	case 7:
		if (!subleaf)
			put_features(c, leaf, out);
		break;
	case 11: leaf_b(c, subleaf, out); break;
	case 0x80000000: out[0] = m->max_ext; break;
	case 0x80000002:
	case 0x80000003:
	case 0x80000004: leaf_brand(c, leaf - 0x80000002, out); break;
	case 0x80000006: out[2] = 512 << 16 | 6 << 12 | 64; break;	/* L2: KiB, 8-way, line */
	case 0x80000008: out[0] = (vcpu_has(c, FEAT_LM) ? 48 : 32) << 8 | m->phys_bits; break;
	default: put_features(c, leaf, out); break;	/* 80000001, 80000007; others are 0 */
	}
}
