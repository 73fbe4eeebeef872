/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU's state after power-up, RESET#, INIT and a start-up IPI (SDM vol. 3,
 * table 9-1; 8.4.4). Prototypes in sysops.h.
 */
#include "dbt/sys/cpuid.h"
#include "dbt/sys/msr.h"
#include "dbt/sys/seen.h"
#include "dbt/sys/sse.h"
#include "dbt/sys/sysops.h"
#include "dbt/sys/sysutil.h"

enum {
	ATTR_REAL = SEG_P | SEG_S | SEG_WRITABLE | SEG_ACCESSED,
	ATTR_LDT = SEG_P | 2, ATTR_TSS = SEG_P | 11,
	FCW_POWER_UP = 0x40,
};

static void reset_segments(struct vcpu *c)
{
	for (unsigned k = 0; k < SREG_COUNT; k++)
		c->seg[k] = (struct segment){ .limit = 0xffff, .attr = ATTR_REAL };
	c->seg[CS].sel = 0xf000;
	c->seg[CS].base = 0xffff0000;
	c->ldtr = (struct segment){ .limit = 0xffff, .attr = ATTR_LDT };
	c->tr = (struct segment){ .limit = 0xffff, .attr = ATTR_TSS };
	c->gdtr = c->idtr = (struct dtable){ .limit = 0xffff };
	c->cpl = 0;
}

static void reset_registers(struct vcpu *c)
{
	for (unsigned k = 0; k < GPR_COUNT; k++)
		c->gpr[k] = 0;
	set_reg32(c, EDX, c->model->signature);
	eflags_set(c, FL_FIXED);
	c->eip = c->next_eip = 0xfff0;
	c->cr2 = c->cr3 = c->cr4 = c->cr8 = c->efer = 0;
	for (unsigned k = 0; k < 4; k++)
		c->dr[k] = c->pdpte[k] = 0;
	c->dr[6] = 0xffff0ff0;
	c->dr[7] = 0x400;
	c->debug_hits = 0;
	c->inhibit = 0;
	c->passage_not = ~0ull;
	c->refault = REFAULT_NONE;
	c->gates = c->seen_gate64;
	c->returns = c->seen_return64;
	c->halted = c->shutdown = c->nmi_blocked = false;
	c->fault = fault_none();
}

/* What INIT leaves alone. */
static void reset_units(struct vcpu *c, bool bsp)
{
	c->x87 = (struct x87){ .cw = FCW_POWER_UP, .valid = 0xff, .mark = 1 };
	c->noted = (struct x87_noted){ 0 };
	for (unsigned k = 0; k < 16; k++)
		c->xmm[k] = (union xmm){ 0 };
	c->mxcsr = MXCSR_RESET;
	sse_load(c);
	c->tsc_offset = -(c->tsc_zero * c->tsc_mul);
	msr_reset(c, bsp);
}

void vcpu_reset(struct vcpu *c, enum reset_kind kind, bool bsp)
{
	u32 kept = kind == RESET_INIT ? (u32)c->cr0 & (CR0_CD | CR0_NW) : CR0_CD | CR0_NW;

	reset_segments(c);
	reset_registers(c);
	seen_forget(c);
	c->cr0 = kept | CR0_ET;
	if (kind == RESET_POWER_UP)
		reset_units(c, bsp);
	sys_paging_changed(c, PAGING_ALL);
	sys_debug_changed(c);
	sys_mode_changed(c);
}

/* IF is 0 after a reset, and an NMI that comes is held until the CPU runs. */
void vcpu_wait_sipi(struct vcpu *c) { c->halted = c->nmi_blocked = true; }

void vcpu_sipi(struct vcpu *c, u8 vector)
{
	c->halted = c->nmi_blocked = false;
	c->seg[CS].sel = (u16)(vector << 8);
	c->seg[CS].base = (u32)vector << 12;
	c->eip = c->next_eip = 0;
	sys_mode_changed(c);
}
