/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LAR, LSL, VERR, VERW: questions about a selector, answered in ZF (SDM vol. 2).
 * They change no segment and set no accessed bit. Prototypes in segload.h.
 */
#include "dbt/sys/segload.h"

#include "dbt/sys/sysutil.h"
#include "kernel/lib/bits.h"

/* System descriptor types that LAR and LSL accept (tables in SDM vol. 2, LAR and LSL). */
#define LAR_TYPES (BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(9) | BIT(11) | BIT(12))
#define LSL_TYPES (BIT(1) | BIT(2) | BIT(3) | BIT(9) | BIT(11))
/* The same in long mode, where the others are reserved. */
#define LAR_TYPES_LONG (BIT(2) | BIT(9) | BIT(11) | BIT(12))
#define LSL_TYPES_LONG (BIT(2) | BIT(9) | BIT(11))
#define ALL_CODE_DATA 0xffff0000u

/*
 * Fetch the descriptor if sel is not null, lies in its table, has one of the types
 * (bit n of `types` = desc_type n) and is visible at CPL and RPL: *ok.
 */
static struct fault query(struct vcpu *c, u16 sel, u32 types, struct desc *d, bool *ok)
{
	struct fault f;

	*ok = false;
	if (!vcpu_protected(c))
		return fault_plain(EXC_UD);
	if (sel_null(sel))
		return fault_none();
	f = desc_fetch(c, sel, EXC_GP, 0, d);
	if (f.raised)
		return f.vector == EXC_PF ? f : fault_none();
	if (!(types >> desc_type(d) & 1))
		return fault_none();
	*ok = desc_is_conforming(d) || (desc_dpl(d) >= c->cpl && desc_dpl(d) >= (sel & 3));
	return fault_none();
}

struct fault seg_lar(struct vcpu *c, u16 sel, u32 *out, bool *zf)
{
	struct desc d;

	TRY(query(c, sel, (vcpu_long(c) ? LAR_TYPES_LONG : LAR_TYPES) | ALL_CODE_DATA, &d, zf));
	if (*zf)
		*out = d.hi & 0x00ffff00;	/* 19:16 undefined (SDM): as AMD family 25 does */
	return fault_none();
}

struct fault seg_lsl(struct vcpu *c, u16 sel, u32 *out, bool *zf)
{
	struct desc d;

	TRY(query(c, sel, (vcpu_long(c) ? LSL_TYPES_LONG : LSL_TYPES) | ALL_CODE_DATA, &d, zf));
	if (*zf)
		*out = desc_segment(&d, sel).limit;
	return fault_none();
}

struct fault seg_verr(struct vcpu *c, u16 sel, bool *zf)
{
	struct desc d;

	TRY(query(c, sel, ALL_CODE_DATA, &d, zf));
	*zf = *zf && desc_is_readable(&d);
	return fault_none();
}

struct fault seg_verw(struct vcpu *c, u16 sel, bool *zf)
{
	struct desc d;

	TRY(query(c, sel, ALL_CODE_DATA, &d, zf));
	*zf = *zf && desc_is_wdata(&d);
	return fault_none();
}
