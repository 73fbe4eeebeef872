/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core itself: its area and stack, registers set at start, windows, interrupt enable, idle,
 * halt. One core for now: the others stay where firmware parked them. Invariant: after
 * arch_init_core this core's exceptions all go to vectors.S, and mapped addresses to empty tables.
 */
#include "kernel/arch/mips64/cpu.h"

#include <stdio.h>

#include "kernel/arch.h"
#include "kernel/arch/mips64/cp0.h"
#include "kernel/arch/mips64/phys.h"
#include "kernel/arch/mips64/trap.h"
#include "kernel/ksyms.h"
#include "kernel/panic.h"

/* The boot core's; entry.S puts $gp and the top of the stack into $sp. */
u8 cpu_boot_area[CPU_AREA_SIZE] __attribute__((aligned(4096)));
u8 cpu_boot_stack[CPU_STACK_SIZE] __attribute__((aligned(4096)));

_Static_assert(sizeof(struct cpu) <= CPU_VCPU_OFFSET, "struct cpu would overlap struct vcpu");

struct cpu *this_cpu(void) { return cpu_self(); }

void *phys_ptr(hpa_t a) { return phys_to_ptr(a); }
void *phys_ptr_uncached(hpa_t a) { return (void *)(a.a | WINDOW_UNCACHED); }
hpa_t ptr_phys(const void *p) { return ptr_to_phys(p); }

/* EBase may change only while the vectors are not in use (chapter 9.39): BEV. */
void vectors_set(const char *page)
{
	u32 status = cp0_read32(CP0_STATUS);

	cp0_write(CP0_STATUS, status | STATUS_BEV);
	cp0_write(CP0_EBASE, (u64)page);
	cp0_write(CP0_STATUS, status & ~STATUS_BEV);
}

void arch_init_core(void)
{
	struct cpu *c = cpu_self();

	irq_disable();
	cp0_write(CP0_STATUS, STATUS_LOAM);
	cp0_write(CP0_KSCRATCH_CORE, (u64)c);
	cp0_write(CP0_CONFIG5, cp0_read32(CP0_CONFIG5) | CONFIG5_MSAEN);
	vectors_set(trap_vectors);
	cp0_write(CP0_CAUSE, 0);
	paging_init_core();
	trap_init_core();
	timer_init();
	c->hw_id = cp0_read32(CP0_EBASE) & 0x3ff;
}

void arch_init(void)
{
	cpu_self()->stack_top = (u64)cpu_boot_stack + CPU_STACK_SIZE;
	paging_init();
	arch_init_core();
}

/* boot_info tells of one core, so that nobody asks. */
void arch_core_wake(struct cpu *c) { panic("core %u: only one is started here", c->hw_id); }

void irq_enable(void) { __asm__ volatile("ei\n\tehb" : : : "memory"); }

bool irq_disable(void)
{
	u64 status;

	__asm__ volatile("di %0\n\tehb" : "=r"(status) : : "memory");
	return status & STATUS_IE;
}

void irq_restore(bool were_on)
{
	if (were_on)
		irq_enable();
	else
		irq_disable();
}

static bool irq_enabled(void) { return cp0_read32(CP0_STATUS) & STATUS_IE; }

void cpu_idle(void)
{
	must(irq_enabled());	/* or nothing but a reset could end the wait on hardware */
	idle_wait();
}

void cpu_halt(void)
{
	irq_disable();
	for (;;)
		__asm__ volatile("wait" : : : "memory");
}

/* A call and its delay slot lie before pc: JAL (opcode 3), JALR (function 9), BAL (REGIMM 0x11). */
bool arch_is_return_address(u64 pc)
{
	u32 insn;

	if ((pc & 3) || !ksyms_is_text(pc - 8))
		return false;
	insn = *(const u32 *)(pc - 8);
	return insn >> 26 == 3 || (insn & 0xfc1f003f) == 9 || (insn & 0xfc1f0000) == 0x04110000;
}

u64 arch_stack_pointer(void)
{
	u64 sp;

	__asm__ volatile("move %0, $sp" : "=r"(sp));
	return sp;
}

/* Names by PRId; MSA by Config3; Loongson's extensions, unaligned accesses by CPUCFG. */
void arch_describe(char *buf, size_t size)
{
	u32 prid = cp0_read32(CP0_PRID), word1 = cpucfg(1);
	const char *name = prid == 0x14c000 ? "Loongson-3A4000, " : "";

	sniprintf(buf, size, "MIPS64, %sprid %#x%s%s%s", name, prid,
		  cp0_read32(CP0_CONFIG3) & 1u << 28 ? ", MSA" : "",
		  cpucfg(2) & 1 ? ", EXT" : "", word1 & 1u << 25 ? ", UAL" : "");
}
