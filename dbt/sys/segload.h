/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors and segment registers (SDM vol. 3, chapters 3 and 5): fetch,
 * checks, hidden parts. Not transfers of control (farxfer.h). Invariant: a
 * register is written only when every check and the accessed bit are done.
 */
#ifndef DBT_SYS_SEGLOAD_H
#define DBT_SYS_SEGLOAD_H

#include "dbt/x86/cpu.h"

/* A descriptor as memory holds it, and where. `attr` and `limit` as in struct segment. */
struct desc {
	u32 lo, hi;
	gva_t addr;
	u16 sel;
};

/* Fetch sel's descriptor; outside its table: fault_code(vector, sel & ~3 | ext). */
struct fault desc_fetch(struct vcpu *c, u16 sel, u8 vector, u32 ext, struct desc *d);
/*
 * Bytes 8-15 of a system descriptor in long mode, whose first half is *d (SDM vol. 3, figure 7-4):
 * the address above bit 31, and a type that must be 0. Bad: #GP(sel).
 */
struct fault desc_fetch_high(struct vcpu *c, const struct desc *d, u32 *high);

static inline u16 desc_attr(const struct desc *d) { return (u16)(d->hi >> 8 & 0xf0ff); }
static inline u8 desc_dpl(const struct desc *d) { return d->hi >> 13 & 3; }
static inline bool desc_present(const struct desc *d) { return d->hi >> 15 & 1; }
/* S and type together, 0-31: 0x10 | type for code and data, the type for system descriptors. */
static inline unsigned desc_type(const struct desc *d) { return d->hi >> 8 & 0x1f; }
static inline bool desc_is_code(const struct desc *d) { return (desc_type(d) & 0x18) == 0x18; }
static inline bool desc_is_conforming(const struct desc *d)
{
	return (desc_type(d) & 0x1c) == 0x1c;
}
static inline bool desc_is_wdata(const struct desc *d) { return (desc_type(d) & 0x1a) == 0x12; }
/* Code of 64 bits, in long mode; there L and D must not both be set. */
static inline bool desc_is_code64(const struct vcpu *c, const struct desc *d)
{
	return vcpu_long(c) && (desc_attr(d) & SEG_L);
}
static inline bool desc_code_invalid(const struct vcpu *c, const struct desc *d)
{
	return vcpu_long(c) && (desc_attr(d) & SEG_L) && (desc_attr(d) & SEG_DB);
}
/* Data of any kind, or code that can be read. */
static inline bool desc_is_readable(const struct desc *d)
{
	return (desc_type(d) & 0x18) == 0x10 || (desc_type(d) & 0x1a) == 0x1a;
}

/* The register image: scaled limit, base, attr; sel with its RPL as given. */
struct segment desc_segment(const struct desc *d, u16 sel);
/* Code and data: can the accessed bit be set (if it is clear)? Then set it. */
struct fault desc_probe_accessed(struct vcpu *c, const struct desc *d);
void desc_set_accessed(struct vcpu *c, struct desc *d);

/* May code of d go on at `off`: within its limit, or canonical? */
bool desc_reaches(const struct vcpu *c, const struct desc *d, u64 off);
/* Is this null selector good as SS of level cpl in 64-bit code (SDM vol. 3, 5.4.1.1)? */
static inline bool sel_null_stack(u16 sel, u8 cpl)
{
	return !(sel & 0xfffc) && (sel & 3) == cpl && cpl < 3;
}

/* What MOV, POP, LDS … load into ES SS DS FS GS in the current mode. CS: no. */
struct fault seg_load(struct vcpu *c, enum sreg r, u16 sel);
/* MOV SS and POP SS: seg_load and the interrupt shadow (INHIBIT_SS). LSS has none. */
struct fault seg_load_ss(struct vcpu *c, u16 sel);

/* Segment register images without memory: real mode keeps limit and D/B (unreal mode). */
void seg_set_real(struct segment *s, u16 sel);
void seg_set_v86(struct segment *s, u16 sel);
void seg_set_null(struct segment *s, u16 sel);

/* Is [off, off+size) inside the segment's limit, expand-down included? size >= 1. */
bool seg_in_limit(const struct segment *s, u32 off, u32 size);

/* SS checks for privilege level `dpl` (inner stacks: #TS; returns: #GP); loads nothing. */
struct fault seg_check_stack(struct vcpu *c, u16 sel, u8 dpl, u8 vector, u32 ext, struct desc *d);

/* LLDT, LTR, with their privilege and mode checks. */
struct fault seg_lldt(struct vcpu *c, u16 sel);
struct fault seg_ltr(struct vcpu *c, u16 sel);

/*
 * LAR, LSL, VERR, VERW (protected mode only: #UD elsewhere). *zf: the selector is usable; then
 * *out is LAR's access rights (32-bit form) or LSL's limit in bytes. Arithmetic flags are the
 * caller's: only ZF changes.
 */
struct fault seg_lar(struct vcpu *c, u16 sel, u32 *out, bool *zf);
struct fault seg_lsl(struct vcpu *c, u16 sel, u32 *out, bool *zf);
struct fault seg_verr(struct vcpu *c, u16 sel, bool *zf);
struct fault seg_verw(struct vcpu *c, u16 sel, bool *zf);

/* ARPL's result; *zf: it differs from dst. */
static inline u16 seg_arpl(u16 dst, u16 src, bool *zf)
{
	*zf = (dst & 3) < (src & 3);
	return *zf ? (u16)((dst & ~3u) | (src & 3u)) : dst;
}

#endif
