/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place that delivers faults, traps and interrupts to the guest. What the CPU does then is
 * dbt/sys/exc.h's.
 */
#include "dbt/exec.h"

#include "dbt/core/this.h"
#include "dbt/sys/exc.h"
#include "kernel/printk.h"

/*
 * A pending x87 error with CR0.NE = 0 (SDM vol. 1, D.2): the CPU asserts FERR# and waits for an
 * interrupt, which the board makes of it; the instruction then begins again. Under IGNNE# it is
 * executed as if nothing were pending.
 */
static void x87_error(struct dbt *d)
{
	struct vcpu *c = d->c;

	if (c->ignne) {
		struct fault f;

		c->x87.sw &= (u16)~(X87_SW_ES | X87_SW_B);
		f = exec_step_x87(d);
		x87_fldcw(&c->x87, c->x87.cw);
		c->ignne &= x87_pending(&c->x87);
		if (f.raised)
			exec_deliver(d, f);
		return;
	}
	if (!d->count.ferr++)
		printk("exec: x87 error with CR0.NE = 0 at %08x: FERR#\n", (u32)c->eip);
	d->platform.ferr(d->platform.opaque);
	c->halted = true;
}

void dbt_ignne(void)
{
	struct vcpu *c = dbt_this()->c;

	c->ignne = x87_pending(&c->x87);
}

void exec_deliver(struct dbt *d, struct fault f)
{
	struct vcpu *c = d->c;

	if (f.vector == EXC_MF && !(c->cr0 & CR0_NE)) {
		x87_error(d);
		return;
	}
	trace(EXC, "exception %u error %x at %08x cr2 %llx\n", f.vector, f.error, (u32)c->eip,
	      (unsigned long long)f.cr2);
	c->debug_hits = 0;		/* the instruction is not done */
	exc_raise(c, f);
}

void exec_take_debug_trap(struct dbt *d)
{
	d->link = NULL;
	exc_debug_trap(d->c);
}

/*
 * Take an interrupt if there is one and the CPU takes it. Who calls settles PENDING_INTR, and looks
 * whether another one waits.
 */
static void take_interrupt(struct dbt *d)
{
	int vector = exec_interruptible(d->c) ? d->platform.intr_ack(d->platform.opaque) : -1;

	if (vector < 0)
		return;
	trace(EXC, "interrupt %02x at %08x\n", vector, (u32)d->c->eip);
	d->count.interrupts++;
	d->link = NULL;
	exc_interrupt(d->c, (u8)vector);
}

static void take_nmi(struct dbt *d)
{
	if (!(d->c->pending & PENDING_NMI) || d->c->nmi_blocked || d->c->inhibit)
		return;
	vcpu_settle(d->c, PENDING_NMI);
	d->link = NULL;
	exc_nmi(d->c);
}

void exec_take_interrupts(struct dbt *d)
{
	take_nmi(d);
	take_interrupt(d);
}
