/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants into general registers. Not a constant pool. The pieces of a constant, from
 * the bottom up, and the instruction that sets each:
 *
 *   63        52 51                  32 31                  12 11         0
 *  +------------+----------------------+----------------------+------------+
 *  |  lu52i.d   |       lu32i.d        |       lu12i.w        |   ori      |
 *  +------------+----------------------+----------------------+------------+
 *
 * lu12i.w and lu32i.d copy their sign into everything above, so a piece that equals that
 * sign needs no instruction. The invariant: after each step the register holds `have`,
 * and the bits below the step are those of the constant.
 */
#include "dbt/backend/loongarch64/konst.h"

#include "dbt/backend/loongarch64/regs.h"
#include "kernel/lib/bits.h"

/* Bits 31..0 of v, in 1 or 2 instructions; returns what the register then holds. */
static s64 load_low(struct code *c, int rd, s64 v)
{
	s64 low = sign_extend((u64)v, 32);

	if (la_ok_si12(low)) {
		la_addi_w(c, rd, R_ZERO, low);
		return low;
	}
	if (la_ok_ui12(low)) {
		la_ori(c, rd, R_ZERO, low);
		return low;
	}
	la_lu12i_w(c, rd, low >> 12);
	if (low & 0xfff)
		la_ori(c, rd, rd, low & 0xfff);
	return low;
}

void la_li(struct code *c, int rd, s64 v)
{
	s64 have, below = sign_extend((u64)v, 52);

	must(rd != R_ZERO);
	if (below == 0 && v != 0) {
		la_lu52i_d(c, rd, R_ZERO, v >> 52);
		return;
	}
	if (below < INT32_MIN && below >= INT32_MIN - 2048ll) {
		/* Just below lu12i.w's range: one addi.d borrows from bits 51..32 as well. */
		la_lu12i_w(c, rd, INT32_MIN >> 12);
		la_addi_d(c, rd, rd, below - INT32_MIN);
		have = below;
	} else {
		have = load_low(c, rd, v);
		if (have >> 32 != below >> 32) {
			la_lu32i_d(c, rd, below >> 32);
			have = below;
		}
	}
	if (have != v)
		la_lu52i_d(c, rd, rd, v >> 52);
}
