/* SPDX-License-Identifier: BSD-2-Clause */
/* What the image's C files share. Not the cases' format (qemu-test/insn/case.h). */
#ifndef GUESTIMG_INSN_GUEST_H
#define GUESTIMG_INSN_GUEST_H

#include "guestimg/base/com1.h"
#include "guestimg/base/io.h"
#include "guestimg/insn/image.h"
#include "qemu-test/insn/case.h"

/* As enter_user() takes it; everything from gs on is popped. */
struct user {
	u32 self, self_ss;		/* far pointer to gs below */
	u32 gs, fs, es, ds;
	u32 edi, esi, ebp, esp_unused, ebx, edx, ecx, eax;
	u32 eip, cs, eflags, esp, ss;
	u32 v86_es, v86_ds, v86_fs, v86_gs;	/* taken by IRET if EFLAGS.VM is set */
};

/* As the trap stubs leave it. */
struct trap {
	u32 gs, fs, es, ds;
	u32 edi, esi, ebp, esp_unused, ebx, edx, ecx, eax;
	u32 vector, error;
	u32 eip, cs, eflags, esp, ss;
	u32 v86_es, v86_ds, v86_fs, v86_gs;	/* there if EFLAGS.VM is set */
};

void enter_user(struct user *u);
extern struct trap *trap_frame;
u32 catch(void (*f)(void));
extern u32 irq_count;

/* machine.c */
extern u32 page_dir[1024];
extern char trap_stubs[];
void machine_init(u32 slots);			/* bytes of them */
void machine_code_base(u32 base);		/* of the LDT's code segments */
void machine_esp_base(u32 base);		/* of SEL_ESP */
void machine_limited_code(u32 base, u32 limit, bool big);	/* SEL_LIMITED_CODE */
u8 *machine_slots(void);			/* the slots of code, as RAM that can be written */
u8 *machine_data(u32 off);			/* byte `off` of the data pages, likewise */
bool machine_has(unsigned need);		/* struct insn_case's `need` */
void machine_map(u32 linear, u32 phys, u32 bits);	/* bits: P_… below */
#define P_PRESENT 1u
#define P_WRITE 2u
#define P_USER 4u

/* system.c: instructions of CPL 0 and their like; counts them, prints what fails. */
void system_tests(void);

#endif
