/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What test_shadow_random.c holds mm/shadow to. x86's rule (SDM vol. 3, 4.10): an access may
 * use the translation that the tables give now, or one that they gave since it was last
 * invalidated. For a few pages, with the paging mode as it is.
 */
#ifndef UNIT_SHADOW_PAST_H
#define UNIT_SHADOW_PAST_H

#include "mm/x86_walk.h"

#define PAGES 28

struct past {			/* a translation that the TLB may still hold */
	u64 page;
	u8 shift;
	bool user, write[2], global, nx;	/* write: as supervisor, as user */
};

extern u64 pages[PAGES];	/* linear addresses in play */
extern struct x86_paging mode;

/* What the tables say of page k now; false if it is not present. D in ROM cannot be set. */
bool today(unsigned k, struct past *t);
/* The tables are about to change: what they say now may be in the TLB from now on. */
void remember(void);
void forget_all(void);
void forget_local(void);
/* INVLPG: all for its page, and for others what is of a large page that holds it. */
void forget_page(unsigned which);

/* Does a translation let an access, or a fetch, come to this host address? Does any past one? */
bool permits(const struct past *t, u64 host, bool write, enum x86_rights rights);
bool permits_fetch(const struct past *t, u64 host, bool user);
bool past_permits(unsigned k, u64 host, bool write, enum x86_rights rights);
bool past_permits_fetch(unsigned k, u64 host, bool user);

#endif
