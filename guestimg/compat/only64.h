/* SPDX-License-Identifier: BSD-2-Clause */
/* code64.S, for only64.c: its head says what each is. */
#ifndef GUESTIMG_COMPAT_ONLY64_H
#define GUESTIMG_COMPAT_ONLY64_H

void syscall_leaves(void);
extern char syscall_next[];
extern unsigned long syscall_rcx, syscall_r11;
int int80_pid(void);
#define X(name) void name(void); extern char name##_at[];
X(load_far) X(store_stack) X(push_far) X(jump_far) X(return_far) X(read_vsyscall)
#undef X
int in_32(void *stack);

#endif
