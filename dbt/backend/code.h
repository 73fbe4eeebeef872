/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A buffer of host code being written, in words: every host's instructions are whole words.
 * Not here: what the words mean (HOST/enc.h).
 */
#ifndef DBT_BACKEND_CODE_H
#define DBT_BACKEND_CODE_H

#include "kernel/lib/types.h"

/*
 * Words go to p, which may not pass end. The owner provides the memory. When it is full, overflow
 * is set and stays set, and nothing more is written; whoever translates tests it once per block.
 */
struct code {
	u32 *p, *end;
	bool overflow;
	u32 *fixed;		/* words before it stay where they are; NULL: all do */
};

static inline void code_put(struct code *c, u32 word)
{
	if (c->p < c->end)
		*c->p++ = word;
	else
		c->overflow = true;
}

/* A word of data among the code (a link's number behind the call of its stub). */
static inline void code_data(struct code *c, u32 word)
{
	code_put(c, word);
	c->fixed = c->p;
}

/*
 * The place of the next word, as an address (a label, a word that is patched later): what has
 * been appended stays before it. A host with delay slots moves other words into them.
 */
static inline u32 *code_here(struct code *c) { return c->fixed = c->p; }

#endif
