/* SPDX-License-Identifier: BSD-2-Clause */
/* What start64.S and main64.c share. */
#ifndef GUESTIMG_INSN64_IMAGE64_H
#define GUESTIMG_INSN64_IMAGE64_H

#include "kernel/lib/types.h"

/* As the trap stubs leave it, and (without vector and error) as enter_user() takes it. */
struct trap {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error;
	u64 rip, cs, rflags, rsp, ss;
};

void enter_user(u64 *frame);
extern struct trap *trap_frame;
extern char trap_stubs[];
void kernel_trap(const struct trap *t);
void main(const void *cases_at, const void *results_at);

#endif
