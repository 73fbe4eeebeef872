/* SPDX-License-Identifier: BSD-2-Clause */
/* What the generator's files share: random numbers, values, the case that is being made. */
#ifndef INSN64_GEN64_H
#define INSN64_GEN64_H

#include "dbt/x86/cpu.h"
#include "dbt/x86/decode.h"
#include "dbt/x86/scan.h"
#include "qemu-test/insn64/case64.h"

/* A case in the making: its bytes, what they are, its number. */
struct making {
	struct case64 *c;
	struct ir1 i;
	struct scan s;
	u8 b[SCAN_MAX];
	u32 n;
	bool poked;
};

u64 rnd(void);
static inline u32 below(u32 n) { return (u32)(rnd() >> 32) % n; }
static inline bool chance(u32 percent) { return below(100) < percent; }
u64 value64(unsigned size);		/* edge values among random ones, `size` bytes of them */

/* Decode m->b anew; false: it is not what it was. */
bool gen_decode(struct making *m);

/* FXSAVE images: the count, a fitting one for the row, all of them to a file. */
u32 gen_images(void);
u16 gen_image_for(const struct ir1 *i);
const u8 *gen_image(u32 k);
/* Bytes of a memory operand of `size` bytes that suit the row. */
void gen_operand(const struct ir1 *i, u8 *out, unsigned size);

/* Memory operands, stacks, branches …: false if the case cannot be. */
bool gen_places(struct making *m);

/* EFLAGS bits that the SDM leaves undefined. */
u32 gen_undefined(const struct making *m);

#endif
