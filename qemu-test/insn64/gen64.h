/* SPDX-License-Identifier: BSD-2-Clause */
/* What the generator's files share: random numbers, values, the case that is being made. */
#ifndef INSN64_GEN64_H
#define INSN64_GEN64_H

#include "dbt/x86/cpu.h"
#include "dbt/x86/decode.h"
#include "dbt/x86/scan.h"
#include "qemu-test/insn64/case64.h"

/* rm: of ModR/M where it is part of the opcode, else RM_ANY. */
struct form { u8 map, opcode, prefix, rex, digit, memory, rm; u16 row; };
#define RM_ANY 8

/* An instruction in the making: its bytes, what they are, where. */
struct making {
	struct case64 *c;
	struct ir1 i;
	struct scan s;
	u8 b[SCAN_MAX];
	u64 slot, rip;
	/* Of a sequence: the data pages as they are; displacements are changed before bases. */
	const u8 *memory;
	bool poked;
};

/* Of the file that is being made; mode, slot and first are set before all else. */
extern struct cases64_head gen_head;

/* The forms of gen_head.mode, and how many each row has. */
extern struct form gen_forms[];
extern u32 gen_form_count, gen_row_forms[X86_OP_COUNT];
void gen_find_forms(void);

/* The form's bytes, with the rest at random: registers, addressing, immediates, prefixes. */
bool gen_fill(struct making *m, const struct form *f);

void gen_seed(u64 seed);
u64 rnd(void);
static inline u32 below(u32 n) { return (u32)(rnd() >> 32) % n; }
static inline bool chance(u32 percent) { return below(100) < percent; }
u64 value64(unsigned size);		/* edge values among random ones, `size` bytes of them */

/* Decode m->b, whatever it is. */
bool gen_read(struct making *m);
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

/* Of the two mappings of the data pages, the one that every address reaches. */
static inline u64 gen_data(void) { return gen_head.mode == 8 ? DATA64_HIGH : DATA64_LOW; }

/* Does the SDM say what a shift by this count gives? */
bool gen_known_count(const struct making *m);

/* EFLAGS bits that the SDM leaves undefined. */
u32 gen_undefined(const struct making *m);

#endif
