/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How other cores are brought here: firmware parks each in a loop that waits for an address in its
 * mailbox and an interrupt of vector 0 (3A5000 manual, "inter-core interrupts"; EDK2, and QEMU's
 * own stub of a direct boot). Not when, nor what they do then (kernel/cores.c).
 * Each core is sent an entry of its own, which names its area: firmware may clear other mailboxes,
 * and CSR.CPUID need not be the number by which a core is mailed and interrupted (QEMU's differs
 * where a socket's cores are no power of two). Invariant: an entry is never given to another core,
 * so that one that is late touches nothing of another's.
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

struct cpu *core_areas[CORE_ENTRIES];	/* by the number of the entry */

static unsigned entry_of(struct cpu *c)
{
	unsigned n = 0;

	while (core_areas[n] && core_areas[n] != c)
		must(++n < CORE_ENTRIES);
	core_areas[n] = c;
	return n;
}

/*
 * The low word last: who polls the mailbox looks at that. QEMU's stub empties it when it first
 * runs, and what was sent before is lost: hence the caller sends again.
 */
void arch_core_wake(struct cpu *c)
{
	u64 entry = ptr_phys(core_entry).a + entry_of(c) * CORE_ENTRY_SIZE;
	u64 to = MAIL_SEND_WAIT | (u64)c->hw_id << 16;

	must(c->hw_id < CPUID_CORES);
	c->host[CPU_HOST_CNTC] = cpu_self()->host[CPU_HOST_CNTC];
	full_barrier();
	iocsr_write64(IOCSR_MAIL_SEND, (entry & ~0xffffffffull) | to | MAIL_WORD(1));
	iocsr_write64(IOCSR_MAIL_SEND, entry << 32 | to | MAIL_WORD(0));
	arch_ipi(c->hw_id, IPI_BOOT);
}
