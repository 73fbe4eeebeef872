/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core itself: its area and stack, registers set at start, windows, interrupt enable, idle,
 * halt. Not the start of other cores (smp.c). Invariant: after arch_init_core this core's
 * exceptions all go to vectors.S, and mapped addresses to empty tables, whatever firmware left.
 */
#include "kernel/arch/loongarch64/cpu.h"

#include <stdio.h>

#include "kernel/arch.h"
#include "kernel/arch/loongarch64/csr.h"
#include "kernel/arch/loongarch64/phys.h"
#include "kernel/arch/loongarch64/trap.h"
#include "kernel/image.h"
#include "kernel/ksyms.h"
#include "kernel/panic.h"

/* The boot core's; entry.S puts $tp and the top of the stack into $sp. */
u8 cpu_boot_area[CPU_AREA_SIZE] __attribute__((aligned(4096)));
u8 cpu_boot_stack[CPU_STACK_SIZE] __attribute__((aligned(4096)));

_Static_assert(sizeof(struct cpu) <= CPU_VCPU_OFFSET, "struct cpu would overlap struct vcpu");
_Static_assert(offsetof(struct cpu, stack_top) == CPU_STACK_TOP, "entry.S");

struct cpu *this_cpu(void) { return cpu_self(); }

void *phys_ptr(hpa_t a) { return phys_to_ptr(a); }
void *phys_ptr_uncached(hpa_t a) { return (void *)(a.a | WINDOW_UNCACHED); }
hpa_t ptr_phys(const void *p) { return ptr_to_phys(p); }

void arch_init_core(void)
{
	struct cpu *c = cpu_self();

	csr_xchg(CSR_CRMD, 0, CRMD_IE);
	csr_write(CSR_ECFG, 0);
	csr_write(CSR_TCFG, 0);
	csr_write(CSR_TICLR, 1);
	csr_write(CSR_EENTRY, (u64)trap_vectors);
	csr_write(CSR_MERRENTRY, ptr_phys(machine_error_entry).a);
	csr_write(CSR_RVACFG, 0);
	csr_write(CSR_CNTC, c->host[CPU_HOST_CNTC]);
	paging_init_core();
	trap_init_core();
}

void arch_init(void)
{
	struct cpu *c = cpu_self();

	c->stack_top = (u64)cpu_boot_stack + CPU_STACK_SIZE;
	c->hw_id = (u32)csr_read(CSR_CPUID) % CPUID_CORES;
	c->host[CPU_HOST_CNTC] = csr_read(CSR_CNTC);
	paging_init();
	arch_init_core();
}

void irq_enable(void) { csr_xchg(CSR_CRMD, CRMD_IE, CRMD_IE); }
bool irq_disable(void) { return csr_xchg(CSR_CRMD, 0, CRMD_IE) & CRMD_IE; }
void irq_restore(bool were_on) { csr_xchg(CSR_CRMD, were_on ? CRMD_IE : 0, CRMD_IE); }
static bool irq_enabled(void) { return csr_read(CSR_CRMD) & CRMD_IE; }

void cpu_idle(void)
{
	must(irq_enabled());	/* or nothing but a reset could end the wait on hardware */
	idle_wait();
}

void cpu_halt(void)
{
	irq_disable();
	for (;;)
		__asm__ volatile("idle 0" : : : "memory");
}

/* BL has opcode 010101 (major 0x15), JIRL 010011 (0x13) with rd in bits 4:0. */
bool arch_is_return_address(u64 pc)
{
	u32 insn;

	if ((pc & 3) || !ksyms_is_text(pc - 4))
		return false;
	insn = *(const u32 *)(pc - 4);
	return insn >> 26 == 0x15 || (insn >> 26 == 0x13 && (insn & 0x1f) == 1);
}

u64 arch_stack_pointer(void)
{
	u64 sp;

	__asm__ volatile("move %0, $sp" : "=r"(sp));
	return sp;
}

void arch_describe(char *buf, size_t size)
{
	u32 prid = cpucfg(0), features = cpucfg(2);

	sniprintf(buf, size, "LoongArch64, prid %#x%s%s%s", prid, features & 0x40 ? ", LSX" : "",
		  features & 0x80 ? ", LASX" : "", features & 0x1c0000 ? ", LBT" : "");
}
