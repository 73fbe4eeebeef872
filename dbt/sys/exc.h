/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivery of exceptions and interrupts through the IVT or the IDT (SDM vol. 3,
 * chapter 6; vol. 2, INT n). Not who raises them. Invariant: a delivery that
 * faults has changed no guest state (but through a task gate after the switch
 * committed, SDM vol. 3, 7.3); exc_raise and its kin end with a CPU that can
 * run, or with c->shutdown.
 *
 * All of them expect the whole guest state in struct vcpu and leave it there;
 * c->eip is the faulting instruction, or the next one where nothing faulted.
 */
#ifndef DBT_SYS_EXC_H
#define DBT_SYS_EXC_H

#include "dbt/x86/cpu.h"

/* What kind of event: decides the return address, RF, the EXT bit and the gate's DPL check. */
enum exc_kind {
	EV_FAULT,		/* fault or abort: returns to c->eip with RF = 1, EXT = 1 */
	EV_TRAP,		/* #DB trap: c->eip is already the next instruction; RF as it is */
	EV_INTR,		/* external; RF as it is (inside REP the caller sets it) */
	EV_NMI,
	EV_INT,			/* INT n: to c->next_eip; IOPL and gate DPL are checked; EXT = 0 */
	EV_INT3,		/* INT3, INTO: as INT n, but no IOPL check in virtual-8086 mode */
	EV_INT1,		/* INT1 (ICEBP): returns to c->next_eip, no DPL check, EXT = 1 */
};

/*
 * One attempt to deliver *f (f->vector, has_error, error). Returns the fault that hit the
 * delivery, with the state as before; raised = false: the handler is about to run.
 */
struct fault exc_deliver(struct vcpu *c, const struct fault *f, enum exc_kind kind);

/* A fault at c->eip: exc_event(c, f, EV_FAULT), f.raised must be set. */
void exc_raise(struct vcpu *c, struct fault f);

/*
 * A fault, and INT n, of 64-bit code by a gate that was taken before. False: nothing has changed
 * but CR2, and the functions here are to be called.
 */
bool exc_raise_seen(struct vcpu *c, const struct fault *f);
bool exc_int_seen(struct vcpu *c, u8 vector);

/* An acknowledged external interrupt (the caller looked at IF and c->inhibit); ends HLT. */
void exc_interrupt(struct vcpu *c, u8 vector);

/* NMI; the caller looked at c->nmi_blocked. Blocks further ones until IRET; ends HLT. */
void exc_nmi(struct vcpu *c);

/*
 * After an instruction, or after a delivery: #DB for c->debug_hits, if there are any. After MOV SS
 * or POP SS (INHIBIT_SS) they wait for the next instruction to be done. c->eip is the next one; the
 * caller has set RF if that is a repeated string instruction which is not done yet.
 */
void exc_debug_trap(struct vcpu *c);

/* INT n, INT3, INTO, INT1 at c->eip, with c->next_eip set: exc_event with a plain vector. */
void exc_software(struct vcpu *c, u8 vector, enum exc_kind kind);

#endif
