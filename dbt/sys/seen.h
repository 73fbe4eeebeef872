/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that have been accepted before. Whether a descriptor may be loaded, and as what
 * segment, depends on its bytes, the selector, the use and the privilege level, and on nothing
 * else; so a look at the bytes tells whether the last answer still holds. The functions that check
 * (segload.h, farret.c, exc.c) decide the first time, and whenever anything differs.
 *
 * Invariant: what is noted was accepted, has its accessed bit set and is in the GDT, within whose
 * limit it is when it is found. What long mode has accepted is found in long mode only.
 * Nobody has to tell of changes in tables, which are read each time; but of GDTR, IDTR and TR,
 * where they are (seen_tables_changed).
 */
#ifndef DBT_SYS_SEEN_H
#define DBT_SYS_SEEN_H

#include "dbt/sys/segload.h"

enum seen_use {
	SEEN_RETURN = 1,	/* code, returned to from `level`; has no limit */
	SEEN_STACK,		/* a stack of `level`: flat, 32 bits */
	SEEN_DATA,		/* data that is loaded at `level` */
};

/* d was accepted for this use; level 0 … 3. */
void seen_note(struct vcpu *c, enum seen_use use, unsigned level, const struct desc *d);

/*
 * The segment, if selector sel is surely accepted; NULL says nothing. Within g_try_begin of
 * supervisor rights, and only good if g_try_end then says so.
 */
const struct segment *seen_find(struct vcpu *c, enum seen_use use, unsigned level, u16 sel);
/* The same in long mode, whose tables are read as such. */
const struct segment *seen_find_long(struct vcpu *c, enum seen_use use, unsigned level, u16 sel);

/* What was found by these functions last: bytes, and where they are (of long mode). */
struct seen_word seen_word_of(const struct vcpu *c, const struct segment *found);

/*
 * Segment register r, not CS or SS, has been loaded from what seen_find `found`, NULL: with a null
 * selector; outside 64-bit code and in protected mode. Its part of the block key is as before.
 */
void seen_note_load(struct vcpu *c, enum sreg r, const struct segment *found);

/* Nothing that was noted counts any more: long mode was entered or left. */
void seen_forget(struct vcpu *c);
/* GDTR, IDTR or TR has changed: nothing that was noted with its place does. */
void seen_tables_changed(struct vcpu *c);

/* No base, no limit, 32 bits, can be read. */
static inline bool seen_flat_code(const struct segment *s)
{
	enum { WANTED = SEG_P | SEG_S | SEG_CODE | SEG_READABLE | SEG_DB };

	return !s->base && s->limit == 0xffffffff && (s->attr & WANTED) == WANTED;
}

/* No base, no limit, 32 bits, grows down from anywhere: ESP is the linear address. */
static inline bool seen_flat_stack(const struct segment *s)
{
	enum { WANTED = SEG_P | SEG_S | SEG_WRITABLE | SEG_DB };

	return !s->base && s->limit == 0xffffffff &&
	       (s->attr & (WANTED | SEG_CODE | SEG_EXPAND_DOWN)) == WANTED;
}

#endif
