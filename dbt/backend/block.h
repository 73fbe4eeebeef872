/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A translated block and its side tables, as the back end leaves them and the
 * cache keeps them. Records lie at the upper end of the block's region, code at
 * the lower; both go when the region is evicted.
 */
#ifndef DBT_BACKEND_BLOCK_H
#define DBT_BACKEND_BLOCK_H

#include "dbt/backend/host_limits.h"
#include "dbt/x86/mode.h"
#include "kernel/lib/types.h"

struct block;

/*
 * Code and records lie in one pool: a reference is an offset in it. 0 is nothing: the pool's first
 * word holds nothing. Records are many and their size decides how much code fits.
 */
typedef u32 pool_ref;
extern u8 *cache_pool;

static inline void *pool_at(pool_ref r) { return r ? cache_pool + r : NULL; }
static inline pool_ref pool_ref_of(const void *p)
{
	return p ? (pool_ref)((const u8 *)p - cache_pool) : 0;
}

/*
 * What a block was translated for (design 3). Two keys that differ in any field are different code.
 * Relocatable blocks (dbt/x86/mode.h) hold wherever their page is mapped: eip is the offset on it.
 */
struct block_key {
	u64 eip;
	u32 cs_base;
	u32 flags;		/* enum key_flag */
	u32 page;		/* of the first byte: guest physical address >> 12 */
	u32 page2;		/* number of the second guest frame, or BLOCK_ONE_PAGE */
};
#define BLOCK_ONE_PAGE 0xffffffffu

/* Where on its page the first byte is, which linear and physical address agree on. */
static inline u32 block_key_offset(const struct block_key *k)
{
	return (u32)(k->eip + k->cs_base) & 0xfff;
}

/*
 * In front of a block of 64-bit code, its code at [0], which does not look at RSP again:
 *	[-4]	looks at RSP, jumps to [0]	chained exits that know nothing of RSP; if it is
 *						looked at at all
 *	[-2]	looks at RSP, or does nothing	who knows EIP, and nothing of RSP
 *	[-1]	its entry (block_entry)		who knows both
 */
#define ENTRY_UNCHECKED (-1)	/* words from an entry to the look at RSP in front of it */
#define CHAIN_UNCHECKED (-4)
#define NEED_RSP (1u << 4)	/* of block.need: RSP, GPR 4 */

/*
 * With several cores a block's first and last words are anchors, which only return: in front of all
 * its entries, and behind everything. If it is more than one instruction it lies on two of these
 * pages at most, so that each of them has one (dbt/backend/chain.c).
 */
#define ANCHOR_PAGE 4096u

/* Until a block sets all flags. */
struct block_head {
	bool sets_flags : 1;	/* and only a fault can see them before */
	bool may_fault : 1;	/* there is something that may */
	u16 changes;		/* general registers put before the last fault, a bit for each */
};

/*
 * How an exit is chained. One instruction becomes a branch to the target:
 *	slot	all that the exit does is done
 *	dead	the first word of its flags: nobody sees them
 *	marked	the second one, and the first sets the mark (dbt/x86/mark.h): only a fault does
 *	direct	the conditional branch that leads to the exit
 */
enum link_how { LINK_SLOT, LINK_DEAD, LINK_MARKED, LINK_DIRECT };

/*
 * A direct exit: words that put the flags where they are pinned, then its slot. Until it is
 * chained a near one, to the same page, calls the exit stub there, whose return address finds this
 * record. A far one, to another page (or maybe to a block on two pages), goes through the jump
 * cache; it is chained only where its page and context are known (dbt/cache/owner.h). At first its
 * probe is shut: what the jump cache has by another exit would never be chained to this one.
 */
struct link {
	pool_ref slot;
	pool_ref from, to;	/* blocks */
	pool_ref next_in;	/* other exits chained to the same block */
	s32 delta;		/* it goes to so many bytes from its block's eip */
	u32 word[2];		/* the first words of its flags */
	u16 mark;		/* 0: there is none */
	u16 safe;		/* registers that its target need not check (forms.c) */
	u16 branch;		/* words from a branch that may go straight there; 0: none may */
	u8 words;		/* of flags; 0: none that may be left out */
	u8 way : 2;		/* enum ir_way */
	bool bare : 1;		/* it has no flags at all */
	bool marked : 1;	/* the mark is set before the branch */
	bool far : 1;
	bool wide : 1;		/* in 64-bit code */
	u16 at : 12;		/* its x86 instruction, in bytes from its block's eip */
	bool last : 1;		/* that is the block's last one */
	/* what changes, with the cache's lock: what stands before is read without one */
	u8 how;			/* enum link_how, while it is chained */
	u8 probe;		/* words from its slot to its probe, which is shut; 0: it is open */
};

/*
 * Behind the call to glue64_jump_ind, for a target that is not canonical: where the branch is, in
 * bytes from its block's eip, and what it has added to RSP, which fits (RET n).
 */
#define BRANCH_WORD(at, moved) ((u32)(moved) << 12 | (u32)(at))
#define BRANCH_AT(word) ((word) & 0xfff)
#define BRANCH_MOVED(word) ((s64)((s32)(word) >> 12))

static inline u32 *link_slot(const struct link *l) { return pool_at(l->slot); }
static inline struct block *link_from(const struct link *l) { return pool_at(l->from); }
static inline struct block *link_to(const struct link *l) { return pool_at(l->to); }

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
	s32 ka, kb, kc;		/* constants, or what is added to what is at the place */
};
#define RECIPE_ENTRY 0xffff	/* the flags are those in the pinned registers */

/* A host instruction that may fault (or a raise stub), in the order of code. */
struct fault_site {
	/*
	 * 0: a guest access. SITE_HELPER: a helper found a fault, which is in vcpu.fault.
	 * Else a raise stub's exception: vector, bit 8 = has an error code, error << 16.
	 * #DE is vector 0: RAISE_VALID is always set.
	 */
	u32 raise;
	u16 offset;		/* words from the block's first instruction */
	u16 recipe;		/* index, or RECIPE_ENTRY */
	/*
	 * Where the vector registers are, for host_xmm_place: words from the block's start; 0: in
	 * their pinned registers.
	 */
	u16 vmap;
	u16 eip;		/* of the x86 instruction, from the block's */
	u8 len;			/* of it */
	u8 intent;		/* enum ir_intent */
	s16 late;		/* a register that lacks something: SITE_LATE; 0: none */
};
/* General register 0 … 15 of the guest is what its host register holds plus -2048 … 2047. */
#define SITE_LATE(reg, k) ((s16)((k) * 16 + (s64)(reg)))
#define SITE_LATE_REG(late) ((late) & 15)
#define SITE_LATE_K(late) ((late) >> 4)
#define RAISE_ERROR 0x100
#define RAISE_VALID 0x200
#define SITE_HELPER 0x400
#define SITE_STEP 0x800		/* at entry: instructions one by one, until one of them faults */
#define SITE_ALONE 0x1000	/* one instruction, while no other CPU runs */
#define SITE_SEGMENT 0x2000	/* one instruction, whose segment was whole when it was made */
#define RAISE_ERROR_SHIFT 16

/* Guest bytes from `off` of the block's first page on; the first may go on on its second page. */
struct block_range { u16 off, size; };
#define BLOCK_RANGES 4

/* The part of a range that is on page k (0, 1) of its block. False: none is. */
static inline bool block_range_on(struct block_range r, unsigned k, u32 *off, u32 *size)
{
	u32 first = r.size < 0x1000u - r.off ? r.size : 0x1000u - r.off;

	*off = k ? 0 : r.off;
	*size = k ? r.size - first : first;
	return *size;
}

struct block {
	struct block_key key;
	/* its code, which its entry for indirect exits is in front of; its exits */
	pool_ref code, link;
	pool_ref in;		/* exits of other blocks chained to this one */
	pool_ref hash_next;
	/* numbers of its frames; [1]: FRAME_NONE if it is on one page; they may be the same */
	u32 frame[2];
	/* other blocks with code on the first, second frame; [1] unused if they are the same */
	pool_ref page_next[2];
	u32 code_size;		/* bytes */
	/*
	 * The guest bytes that it was made from, upwards; what lies between them is none of its
	 * business. [0] is at the key's offset; unused ones have no size.
	 */
	struct block_range range[BLOCK_RANGES];
	u16 links, sites, recipes;
	u16 need;		/* registers that are checked in front of it (RSP: above) */
	u8 guest_insns;
	bool dead;		/* unlinked: nobody enters it any more */
	bool sti;		/* ends with STI: its last exits are into STI's shadow */
	bool rep;		/* ends with a repeated string instruction */
	struct block_head head;
	u32 number;		/* of all that were published, modulo 2^32 (cache_meet) */
	_Alignas(8) struct fault_site site[];	/* behind them: its recipes */
};

/*
 * EIP so many bytes from the block's, while R_PAGE is `page` (vcpu.page).
 */
static inline u64 block_eip_at(const struct block *b, u64 page, s64 delta)
{
	u64 base = key_relocatable(b->key.flags) ? page - 2048 : 0;

	base += b->key.eip + (u64)delta;
	return b->key.flags & KEY_LONG ? base : (u32)base;
}

static inline u64 site_eip(const struct block *b, u64 page, const struct fault_site *s)
{
	return block_eip_at(b, page, s->eip);
}

/* Its last byte, from its eip on. */
static inline u32 block_last(const struct block *b)
{
	const struct block_range *r = &b->range[BLOCK_RANGES - 1];

	while (!r->size)
		r--;
	return r->off + r->size - 1u - block_key_offset(&b->key);
}

static inline u32 *block_code(const struct block *b) { return pool_at(b->code); }
/* Where exits that know only EIP enter: it makes R_PAGE from R_ARG(0), which holds EIP. */
static inline u32 *block_entry(const struct block *b) { return block_code(b) - HOST_ENTRY_WORDS; }
/* Words of its entries, up to its code. */
static inline unsigned block_entry_words(const struct block *b)
{
	if (!(b->key.flags & KEY_LONG))
		return HOST_ENTRY_WORDS;
	return b->need & NEED_RSP ? -CHAIN_UNCHECKED : HOST_ENTRY_WORDS - ENTRY_UNCHECKED;
}
/* Is it all the same to it what the flags are where it is entered? */
static inline bool block_flags_dead(const struct block *b)
{
	return b->head.sets_flags && !b->head.may_fault && !(b->need & ~NEED_RSP);
}
static inline struct link *block_link(const struct block *b, unsigned n)
{
	return (struct link *)pool_at(b->link) + n;
}
/* The next one of the blocks that have bytes on frame n. */
static inline struct block *block_behind(const struct block *b, u32 n)
{
	return pool_at(b->page_next[b->frame[0] == n ? 0 : 1]);
}
static inline const struct recipe *block_recipe(const struct block *b, unsigned n)
{
	return (const struct recipe *)(b->site + b->sites) + n;
}

#endif
