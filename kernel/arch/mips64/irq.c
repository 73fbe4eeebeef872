/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host interrupts: the core's own (timer, IPI) and the board's, which come
 *
 *	device ─► LIOINTC input n (3A4000 manual, "legacy I/O interrupts") ─► IP2
 *
 * All go to the boot core. Who handles what is kernel/irq.c's. Invariant: nothing here waits, locks
 * or prints.
 */
#include "kernel/irq.h"

#include "boot/mips64/board.h"
#include "kernel/arch.h"
#include "kernel/arch/mips64/cp0.h"
#include "kernel/arch/mips64/cpu.h"
#include "kernel/arch/mips64/trap.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

enum {				/* byte offsets */
	LIO_ROUTE = 0x00,	/* one byte for each input: cores 3:0, lines IP5 … IP2 7:4 */
	LIO_ENABLE_SET = 0x28,
	LIO_ENABLE_CLEAR = 0x2c,
	LIO_STATUS = 0x20,
	ROUTE_CORE0_IP2 = 0x11,
};
#define INPUTS 32

/* One core's mailbox and interrupts from other cores. */
enum { IPI_STATUS = 0, IPI_ENABLE = 4, IPI_SET = 8, IPI_CLEAR = 12, IPI_CORE = 0x100 };

static volatile u32 *reg(u64 base, unsigned offset)
{
	return (volatile u32 *)((char *)phys_ptr_uncached(hpa(base)) + offset);
}

static u32 ipi_block(u32 hw_id) { return BOARD_IPI + hw_id * IPI_CORE; }

/* What was sent before is over; whoever looks at queues after this misses nothing (work.c). */
void irq_init_core(void)
{
	u32 block = ipi_block(cpu_self()->hw_id);
	u32 status = cp0_read32(CP0_STATUS) & ~STATUS_IM;

	*reg(block, IPI_CLEAR) = ~0u;
	*reg(block, IPI_ENABLE) = ~0u;
	full_barrier();
	cp0_write(CP0_STATUS, status | (BIT(IRQ_IPI) | BIT(IRQ_TIMER)) << STATUS_IM_SHIFT);
}

/* The barrier: whoever is interrupted sees what was stored before. Four cores have a node. */
void arch_ipi(u32 hw_id, enum ipi what)
{
	must(hw_id < 4);
	full_barrier();
	*reg(ipi_block(hw_id), IPI_SET) = BIT(what);
}

void irq_init(void)
{
	*reg(BOARD_LIOINTC, LIO_ENABLE_CLEAR) = ~0u;
	irq_init_core();
	cp0_write(CP0_STATUS, cp0_read32(CP0_STATUS) | BIT(IRQ_BOARD) << STATUS_IM_SHIFT);
}

void arch_irq_unmask(unsigned input)
{
	must(input < INPUTS);
	*((volatile u8 *)reg(BOARD_LIOINTC, LIO_ROUTE) + input) = ROUTE_CORE0_IP2;
	*reg(BOARD_LIOINTC, LIO_ENABLE_SET) = BIT(input);
}

/* Only the boot core runs, so far (HOST_MANY_CPUS). */
bool arch_irq_devices_to(u32 hw_id)
{
	(void)hw_id;
	return false;
}

void irq_devices_here(void) { }

/* The board has no controller for messages. */
bool arch_irq_message(unsigned n, struct irq_message *m)
{
	(void)n, (void)m;
	return false;
}

static void take_device(void)
{
	u32 inputs = *reg(BOARD_LIOINTC, LIO_STATUS);

	irq_deliver(0, inputs);
	if (!inputs)
		irq_none();
}

/*
 * Messages of a kind merge. They are cleared before anybody looks for what they are about: what is
 * sent from then on interrupts again.
 */
static __attribute__((noinline)) u32 take_ipis(void)
{
	u32 block = ipi_block(cpu_self()->hw_id), sent = *reg(block, IPI_STATUS);

	*reg(block, IPI_CLEAR) = sent;
	full_barrier();
	if (sent & BIT(IPI_STOP))
		cpu_halt();
	return sent & BIT(IPI_WORK) ? CPU_EVENT_IPI : 0;
}

/* Writing Compare, even what it holds, acknowledges the timer; timer_run() arms it again. */
void irq_dispatch(struct trap_frame *f)
{
	u32 lines = (u32)(f->cause & f->status & STATUS_IM) >> STATUS_IM_SHIFT;
	u32 events = 0;

	if (lines & BIT(IRQ_TIMER)) {
		cp0_write(CP0_COMPARE, cp0_read(CP0_COMPARE));
		events |= CPU_EVENT_TIMER;
	}
	if (lines & BIT(IRQ_BOARD)) {
		take_device();
		events |= CPU_EVENT_DEVICE;
	}
	if (lines & BIT(IRQ_IPI))
		events |= take_ipis();
	irq_note(f, events);
}
