/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest stack as far transfers and deliveries use it: a copy of SS:ESP that
 * moves while the frame is built or read, and is put into the CPU at the end.
 * Not PUSH and POP of translated code. Invariant: the CPU's SS and ESP change in
 * stack_commit only.
 */
#ifndef DBT_SYS_STACK_H
#define DBT_SYS_STACK_H

#include "dbt/x86/cpu.h"

struct stack {
	struct segment ss;
	u64 sp;			/* with a 16-bit stack bits 31-16 stay as they are */
	bool super;		/* rights of the accesses: CPL < 3 */
	bool wide;		/* of 64-bit code: sp is the linear address, and canonical */
};

/* The current stack with the current CPL's rights. */
struct stack stack_current(const struct vcpu *c);

/* Can n values of `size` bytes be pushed? Beyond the limit: `overflow`. */
struct fault stack_probe_push(struct vcpu *c, const struct stack *s, unsigned n, unsigned size,
			      struct fault overflow);
/* Push the low `size` bytes (2, 4, 8) of v. The limit was checked by stack_probe_push. */
struct fault stack_push(struct vcpu *c, struct stack *s, unsigned size, u64 v);

/* Pop n values of `size` bytes, zero-extended; beyond the limit: #SS(0), and s is unchanged. */
struct fault stack_pop(struct vcpu *c, struct stack *s, unsigned n, unsigned size, u64 *out);
/* Drop bytes without reading them. */
void stack_drop(struct stack *s, u32 bytes);

/* After CS was loaded: as the code that runs has RSP or ESP. */
void stack_commit(struct vcpu *c, const struct stack *s);

#endif
