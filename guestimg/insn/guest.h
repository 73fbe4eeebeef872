/* SPDX-License-Identifier: BSD-2-Clause */
/* What the image's C files share. Not the cases' format (qemu-test/insn/case.h). */
#ifndef GUESTIMG_INSN_GUEST_H
#define GUESTIMG_INSN_GUEST_H

#include "guestimg/insn/image.h"
#include "qemu-test/insn/case.h"

/* As enter_user() takes it; everything from gs on is popped. */
struct user {
	u32 self, self_ss;		/* far pointer to gs below */
	u32 gs, fs, es, ds;
	u32 edi, esi, ebp, esp_unused, ebx, edx, ecx, eax;
	u32 eip, cs, eflags, esp, ss;
};

/* As the trap stubs leave it. */
struct trap {
	u32 gs, fs, es, ds;
	u32 edi, esi, ebp, esp_unused, ebx, edx, ecx, eax;
	u32 vector, error;
	u32 eip, cs, eflags, esp, ss;
};

void enter_user(struct user *u);
extern struct trap *trap_frame;

/* machine.c */
extern u32 page_dir[1024];
extern char trap_stubs[];
void machine_init(u32 cases);
void machine_code_base(u32 base);		/* of the LDT's two code segments */
void machine_esp_base(u32 base);		/* of SEL_ESP */
u8 *machine_slots(void);			/* the slots of code, as RAM that can be written */
u8 *machine_data(u32 off);			/* byte `off` of the data pages, likewise */
bool machine_has(unsigned need);		/* struct insn_case's `need` */
void print(const char *s);
void print_hex(const char *name, u32 v);
void print_dec(u32 v);
__attribute__((noreturn)) void finish(u32 code);

#endif
