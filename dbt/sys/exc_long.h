/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What exc.c and exc_long.c share: one delivery, and its form in long mode. Private to them.
 */
#ifndef DBT_SYS_EXC_LONG_H
#define DBT_SYS_EXC_LONG_H

#include "dbt/sys/exc.h"

enum { ERR_EXT = 1, ERR_IDT = 2 };

/* One delivery: what is delivered, and what its frame holds. */
struct event {
	u8 vector;
	enum exc_kind kind;
	bool has_error;
	u32 error;
	u32 ext;		/* EXT bit of error codes that the delivery itself produces */
	u64 eip;		/* as pushed; so are the flags */
	u32 eflags;
};

static inline bool exc_is_software(enum exc_kind kind)
{
	return kind == EV_INT || kind == EV_INT3;
}

/*
 * By a gate of long mode that was taken before, from 64-bit code; no breakpoints. False: no
 * register has changed.
 */
bool exc_deliver_long_seen(struct vcpu *c, const struct fault *f, enum exc_kind kind);

/* exc_deliver in long mode: through a gate of 16 bytes. The caller does what all modes need. */
struct fault exc_deliver_long(struct vcpu *c, const struct event *e);

#endif
