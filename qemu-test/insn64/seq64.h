/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sequence of instructions in the making. Its state so far is known from the evaluator, so that
 * addresses, counts and branches come out as they are wanted; what is right, only the real CPU says
 * (oracle64.c). Not the choice of instructions (seq64.c).
 */
#ifndef INSN64_SEQ64_H
#define INSN64_SEQ64_H

#include "qemu-test/insn64/gen64.h"
#include "qemu-test/insn64/world64.h"

#define SEQ_SLOT 512u
#define SEQ_CODE 440u			/* bytes at most */
#define SEQ_IMAGES 96u			/* of FXSAVE */
#define SEQ_INSNS 60u			/* with what sets its registers: one block has 64 */

struct seq {
	struct case64 *c;
	u8 *code;
	u32 n;				/* its number in the file */
	struct vcpu cpu;
	u8 data[DATA64_RW];
	u32 undefined;			/* flags, by the instructions so far */
	unsigned insns, room;		/* so many; bytes that the code may have */
	bool dead;			/* what comes now is not executed */
	bool faulted;
	/* Registers that are used again and again; the last one written, the last constant's. */
	u8 favourites[4], last, constant;
	u8 pointer;			/* rather a base than others */
};

enum seq_step { SEQ_ON, SEQ_FAULT, SEQ_BAD };

static inline u64 seq_rip(const struct seq *s)
{
	return insn64_slot(&gen_head, s->n) + s->c->start + s->c->len;
}

/* The state before the first instruction, from s->c. */
void seq_begin(struct seq *s);

/*
 * Execute m, whose bytes are in the sequence at m->rip. SEQ_BAD: its outcome cannot be compared
 * (it depends on flags that are undefined, Loam lacks it …), and the state is as before.
 * SEQ_FAULT: an exception; the state is as before, too, and c->ignore_fault has the flags that are
 * undefined at it.
 */
enum seq_step seq_execute(struct seq *s, const struct making *m);

/* Follow the code as it is in c, for its masks of flags. False: it is none that can be compared. */
bool seq_replay(struct seq *s);

/* seq64_insns.c; forms are found before. */
void seq_sort_forms(void);
/* What a sequence is about, for all its instructions. */
const u8 *seq_mix(void);
/* One more instruction, or some; may_fault: one may, and what follows is not executed. */
void seq_something(struct seq *s, const u8 *mix, bool may_fault);
/* Is it the stack pointer, or the register that is rather a base than others? */
bool seq_points(const struct seq *s, unsigned r);

/* Case n and its code, as they are being made. */
struct case64 *seq_case(u32 n);
u8 *seq_code(u32 n);

/*
 * Makes the variants of a sequence, whose slot was at `old`, each without some of its instructions;
 * prints how many each has.
 */
void seq_cuts(const struct case64 *from, const u8 *code, u64 old);

/* Number k of those that once failed (seq64_found.c) into s, which has a start. False: no more. */
bool seq_found(struct seq *s, unsigned k);

/* May sequences have it? What is left out has its reason there. */
bool seq_row(unsigned op);

#endif
