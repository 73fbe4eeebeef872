/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A translated block and its side tables, as the back end leaves them and the
 * cache keeps them. Records lie at the upper end of the block's region, code at
 * the lower; both go when the region is evicted.
 */
#ifndef DBT_CACHE_BLOCK_H
#define DBT_CACHE_BLOCK_H

#include "kernel/lib/types.h"

struct block;

/*
 * What a block was translated for (design 3). Two keys that differ in any field are different code.
 */
struct block_key {
	u64 gpa;		/* guest physical address of the first byte */
	u32 eip;
	u32 cs_base;
	u32 flags;		/* enum key_flag */
	u32 page2;		/* number of the second guest frame, or BLOCK_ONE_PAGE */
};
#define BLOCK_ONE_PAGE 0xffffffffu

/*
 * A direct exit. Until it is chained, `slot` calls the exit stub, whose return address finds
 * this record; chaining replaces that one instruction by a branch to the target. An exit to
 * another page (or to a block on two pages) has a guard in front of the slot, which compares
 * the context tag and goes to the jump cache if it differs.
 */
struct link {
	u32 *slot;
	u32 *guard;		/* NULL: the target is on the same page */
	struct block *from, *to;
	struct link *next_in;	/* other exits chained to the same block */
	struct link *next_guarded, **prev_guarded;	/* all chained exits that have a guard */
	u32 eip;		/* where the exit goes */
	u32 tag;		/* context tag that the guard lets through */
	bool indirect;		/* an indirect jump: eip is the target that is chained */
};

/* An indirect exit has so many records, one behind the other: its inline targets. */
#define LINK_TARGETS 2

/* Where an operand of a flag recipe is at a fault. */
enum loc_kind { LOC_NONE, LOC_CONST, LOC_HOST, LOC_SPILL };

struct loc {
	u8 kind;		/* enum loc_kind */
	u8 n;			/* host register or spill slot */
};

/* How the arithmetic flags are found at a faulting instruction (dbt/x86/cc.h). */
struct recipe {
	u8 kind, log2size;
	struct loc a, b, c;
	u16 prev;		/* index of the recipe of the state before, for partial kinds */
	s32 ka, kb, kc;		/* constants */
};
#define RECIPE_ENTRY 0xffff	/* the flags are those in the pinned registers */

/* A host instruction that may fault (or a raise stub), in the order of code. */
struct fault_site {
	u32 offset;		/* bytes from the block's first instruction */
	u32 eip;
	u16 recipe;		/* index, or RECIPE_ENTRY */
	u8 len;			/* of the x86 instruction */
	u8 intent;		/* enum ir_intent */
	/*
	 * Where the vector registers are, for host_xmm_place: words from the block's start; 0: in
	 * their pinned registers.
	 */
	u16 vmap;
	/*
	 * 0: a guest access. SITE_HELPER: a helper found a fault, which is in vcpu.fault.
	 * Else a raise stub's exception: vector, bit 8 = has an error code, error << 32.
	 * #DE is vector 0: RAISE_VALID is always set.
	 */
	s64 raise;
};
#define RAISE_VALID 0x200
#define SITE_HELPER 0x400

struct block {
	struct block_key key;
	u32 *code;
	u32 code_size;		/* bytes */
	u16 guest_len;		/* bytes of guest code from key.gpa on */
	u16 guest_insns;
	u16 links, sites, recipes;
	bool dead;		/* unlinked: nobody enters it any more */
	bool sti;		/* ends with STI: its exit is into STI's shadow */
	bool rep;		/* ends with a repeated string instruction */
	struct link *link;
	struct fault_site *site;
	struct recipe *recipe;
	struct link *in;	/* exits of other blocks chained to this one */
	struct block *hash_next;
	/* numbers of its frames; [1]: FRAME_NONE if it is on one page; they may be the same */
	u32 frame[2];
	/* other blocks with code on the first, second frame; [1] unused if they are the same */
	struct block *page_next[2];
};

#endif
