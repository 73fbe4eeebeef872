/* SPDX-License-Identifier: BSD-2-Clause */
/* code32.S, for only32.c: its head says what each is. */
#ifndef GUESTIMG_COMPAT_ONLY32_H
#define GUESTIMG_COMPAT_ONLY32_H

typedef int way(int number, long a1, long a2, long a3, long a4, long a5, long a6);
way by_int80, by_vdso, by_sysenter;
extern void *vdso_entry;
int call_preserves(int way);
void in_64(void);
extern unsigned in_64_result[3];
extern unsigned ldt_selector;
void past_limit(void);
extern char past_limit_at[];
unsigned on_stack16(void);
void overflow(void);
extern char overflow_at[];
void bounds(void);
extern char bounds_at[];

#endif
