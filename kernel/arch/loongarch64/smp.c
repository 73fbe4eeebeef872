/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How other cores are brought here: firmware parks each in a loop that waits for an address in its
 * mailbox and an interrupt of vector 0 (3A5000 manual, "inter-core interrupts"; EDK2, and QEMU's
 * own stub of a direct boot). Not when, nor what they do then (kernel/cores.c).
 * Invariant: a core that arrives (entry.S) takes only what is offered to its own number, so that
 * one that is late, or that nobody asked for, touches nothing of another's.
 */
#include "kernel/arch.h"
#include "kernel/arch/loongarch64/cpu.h"
#include "kernel/arch/loongarch64/csr.h"
#include "kernel/arch/loongarch64/trap.h"
#include "kernel/panic.h"

enum {				/* IOCSR space */
	IOCSR_MAIL_SEND = 0x1048,	/* data 63:32, core 25:16, word of the mailbox 4:2 */
};
#define MAIL_SEND_WAIT (1ull << 31)
#define MAIL_WORD(n) ((u64)(n) << 2)

struct cpu *core_offers[CPUID_CORES];

void arch_core_offer(struct cpu *c)
{
	must(c->hw_id < CPUID_CORES);
	c->host[CPU_HOST_CNTC] = cpu_self()->host[CPU_HOST_CNTC];
	__atomic_store_n(&core_offers[c->hw_id], c, __ATOMIC_RELEASE);
	full_barrier();
}

/*
 * The low word last: who polls the mailbox looks at that. QEMU's stub empties its mailbox when it
 * first runs, and what was sent before is lost: hence the caller sends again.
 */
void arch_core_wake(u32 hw_id)
{
	u64 entry = ptr_phys(core_entry).a, to = MAIL_SEND_WAIT | (u64)hw_id << 16;

	iocsr_write64(IOCSR_MAIL_SEND, (entry & ~0xffffffffull) | to | MAIL_WORD(1));
	iocsr_write64(IOCSR_MAIL_SEND, entry << 32 | to | MAIL_WORD(0));
	arch_ipi(hw_id, IPI_BOOT);
}
