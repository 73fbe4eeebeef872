/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Far transfers of control: JMP FAR, CALL FAR, RETF, IRET, SYSENTER, SYSEXIT, SYSCALL, SYSRET in
 * real, virtual-8086, protected and long mode (SDM vol. 2; vol. 3, 5.8). Not task
 * switches as such (task.h) nor interrupts (exc.h). Invariant: on a fault
 * nothing has changed, but after a task switch's commit: then eip, CS and all
 * else are the new task's.
 *
 * c->eip is the instruction itself, c->next_eip the address after it; on success
 * c->eip is where execution goes on. `opsize` is 2 or 4, in 64-bit code also 8.
 */
#ifndef DBT_SYS_FARXFER_H
#define DBT_SYS_FARXFER_H

#include "dbt/x86/cpu.h"

struct fault far_jmp(struct vcpu *c, u16 sel, u64 off, unsigned opsize);
struct fault far_call(struct vcpu *c, u16 sel, u64 off, unsigned opsize);
/* imm: bytes of parameters to drop (RETF imm16). */
struct fault far_ret(struct vcpu *c, unsigned opsize, u16 imm);
struct fault far_iret(struct vcpu *c, unsigned opsize);
/*
 * IRETQ of 64-bit code from CPL 0 to 64-bit code that it went to before, nothing unusual in RFLAGS.
 * False: nothing has changed.
 */
bool far_iretq_seen(struct vcpu *c);
struct fault far_sysenter(struct vcpu *c);
/* To be called after a change of SYSENTER_CS: what SYSENTER and SYSEXIT make of it. */
void far_enter_changed(struct vcpu *c);
struct fault far_sysexit(struct vcpu *c, unsigned opsize);

/* 64-bit code only, else #UD; opsize of SYSRET: 8 goes to 64-bit code, 4 to compatibility code. */
struct fault far_syscall(struct vcpu *c);
struct fault far_sysret(struct vcpu *c, unsigned opsize);
/* To be called after a change of EFER.SCE, STAR or FMASK: what SYSCALL and SYSRET take of them. */
void far_calls_changed(struct vcpu *c);

#endif
