/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract of a back end: IR into host code, patching of links, and entry
 * into code. Host-neutral; what a host supplies lists prims.def. Never includes lift or decode.
 */
#ifndef DBT_BACKEND_BACKEND_H
#define DBT_BACKEND_BACKEND_H

#include "dbt/backend/block.h"
#include "dbt/ir/ir.h"

/* Guest bytes, as the host sees them, that a block compares at its entry; size 0: none. */
struct backend_check {
	const u8 *bytes;
	const u8 *was;		/* what they are to be: there, or a copy */
	u32 size;
};
#define BACKEND_CHECKS 2	/* a block lies on so many pages at most */

/* Room for one block's output, given by the cache; sizes in elements. */
struct backend_out {
	u32 *code, *code_end;
	struct link *link;
	unsigned links, links_max;
	struct fault_site *site;
	unsigned sites, sites_max;
	struct recipe *recipe;
	unsigned recipes, recipes_max;
	/* self-checking blocks: nothing is run unless all bytes are still the same */
	struct backend_check check[BACKEND_CHECKS];
	u32 *start, *end;	/* results: the block's code, behind its entries; first free word */
	struct block_head head;	/* results */
	u16 need;
};

struct arena;

/*
 * Emit host code for the block from out->code on, its entries in front of it (out->start), with
 * working memory from `scratch` (48 KiB, given back when the caller resets it). Links are numbered;
 * link n's record is found by the exit stub through the word after its call, which holds
 * link_base + n. Returns 0, -ERR_NOMEM if the room for code did not suffice, -ERR_NOSPC if some
 * table did not (fewer instructions help); then nothing of it may be used.
 */
int backend_emit(struct ir *ir, struct backend_out *out, struct arena *scratch, u32 link_base);

/*
 * After backend_emit of an ordered block, which nobody has run: NULL, or what breaks x86's order,
 * with the place in *word. Relaxed: but for stack slots, as docs/memory-order.md says. Working
 * memory is of `scratch`, two bytes for each word.
 */
const char *backend_order_check(const struct backend_out *o, bool relaxed, struct arena *scratch,
				unsigned *word);

/*
 * Patches are single words, each of which another core may meet as it was or as it is. With this
 * set the exit is right for it whatever mixture of them it meets.
 */
extern bool backend_many_cores;

/* Let the exit, which is not chained, go straight to a block. */
void backend_chain(struct link *l, const struct block *to);
/* The same: to `code`, what is there begins with this head. */
void backend_link(struct link *l, const u32 *code, struct block_head head);
/* Undo it: the exit calls the stub or probes the jump cache again. */
void backend_unlink(struct link *l);
/* The far exit was left for the first time: it probes the jump cache from now on. */
void backend_open(struct link *l);
/* Who enters at b's entries finds nothing there from now on. */
void backend_close(struct block *b);

/* The host's translation of the page's address, if it has one, is looked up anew. */
void backend_forget_page(const u32 *at);

/* Run an anchor (block.h), which another core may have written. */
void backend_run_anchor(const u32 *anchor);

/* Make new and changed code in [start, end) visible to this core's fetches. */
void backend_sync(const u32 *start, const u32 *end);

#endif
