/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host interrupts: the core's own (timer, IPI) and the board's, which come
 *
 *	device ─► PCH-PIC input n (LS7A manual 5) ─► EXTIOI vector n (3A5000 manual 11) ─► HWI0
 *	message of v to PCH-MSI ──────────────────► EXTIOI vector v
 *
 * Input n is given vector n, messages have those from IRQ_INPUTS on; all go to the boot core,
 * which sets the controllers up, until it moves them to another. Other cores have their timer and
 * IPIs.
 * EXTIOI sees a vector's edges only: an input that is still high once its handlers have run (two
 * devices share it) is masked and unmasked, and the PCH-PIC sends it again. Who handles what is
 * kernel/irq.c's.
 * Invariant: nothing here waits, locks or prints.
 */
#include "kernel/irq.h"

#include "boot/loongarch64/board.h"
#include "kernel/arch.h"
#include "kernel/arch/loongarch64/cpu.h"
#include "kernel/arch/loongarch64/csr.h"
#include "kernel/arch/loongarch64/trap.h"
#include "kernel/lib/bits.h"

enum {				/* byte offsets; 64-bit registers are written as two halves */
	PIC_MASK = 0x20,
	PIC_HTMSI_EN = 0x40,
	PIC_EDGE = 0x60,
	PIC_ROUTE = 0x100,	/* one byte for each input: 1 = to HT line 0 */
	PIC_VECTOR = 0x200,	/* one byte for each input */
	PIC_POLARITY = 0x3e0,
};

enum {				/* IOCSR space */
	IOCSR_MISC = 0x420,	/* bit 48: EXTIOI enable */
	IOCSR_IPI_STATUS = 0x1000,
	IOCSR_IPI_ENABLE = 0x1004,
	IOCSR_IPI_CLEAR = 0x100c,
	IOCSR_IPI_SEND = 0x1040,	/* vector 4:0, core 25:16, wait until it is there 31 */
	EXTIOI_IPMAP = 0x14c0,	/* a byte for each 32 vectors: bit n = HWIn */
	EXTIOI_ENABLE = 0x1600,
	EXTIOI_BOUNCE = 0x1680,
	EXTIOI_ISR = 0x1800,	/* this core's, write 1 to acknowledge */
	EXTIOI_COREMAP = 0x1c00,	/* a byte for each vector: bit n = core n */
};
#define IPI_SEND_WAIT (1u << 31)
#define COREMAP_CORES 4		/* of the node; a byte's upper half chooses among nodes' */

static volatile void *pic_reg(unsigned offset)
{
	return (volatile char *)phys_ptr_uncached(hpa(BOARD_PCH_PIC)) + offset;
}

static void pic_write32(unsigned offset, u32 value) { *(volatile u32 *)pic_reg(offset) = value; }
static u32 pic_read32(unsigned offset) { return *(volatile u32 *)pic_reg(offset); }
static void pic_write8(unsigned offset, u8 value) { *(volatile u8 *)pic_reg(offset) = value; }

static void pic_init(void)
{
	for (unsigned half = 0; half < 8; half += 4) {
		pic_write32(PIC_MASK + half, ~0u);
		pic_write32(PIC_EDGE + half, 0);	/* all level, active high */
		pic_write32(PIC_POLARITY + half, 0);
		pic_write32(PIC_HTMSI_EN + half, 0);
	}
}

static void extioi_init(void)
{
	iocsr_write64(IOCSR_MISC, iocsr_read64(IOCSR_MISC) | BIT64(48));
	for (unsigned k = 0; k < 8; k += 4)
		iocsr_write32(EXTIOI_IPMAP + k, 0x01010101);
	for (unsigned k = 0; k < IRQ_VECTORS / 8; k += 4) {
		iocsr_write32(EXTIOI_BOUNCE + k, 0);
		iocsr_write32(EXTIOI_ENABLE + k, ~0u);
	}
	for (unsigned k = 0; k < IRQ_VECTORS; k += 4)
		iocsr_write32(EXTIOI_COREMAP + k, 0x01010101);
}

/* What was sent before is over; whoever looks at queues after this misses nothing (work.c). */
void irq_init_core(void)
{
	iocsr_write32(IOCSR_IPI_CLEAR, ~0u);
	iocsr_write32(IOCSR_IPI_ENABLE, ~0u);
	full_barrier();
	csr_write(CSR_ECFG, BIT(IRQ_TIMER) | BIT(IRQ_IPI));
}

void irq_init(void)
{
	pic_init();
	extioi_init();
	irq_init_core();
	csr_xchg(CSR_ECFG, BIT(IRQ_HWI0), BIT(IRQ_HWI0));
}

/* The barrier: whoever is interrupted sees what was stored before. */
void arch_ipi(u32 hw_id, enum ipi what)
{
	full_barrier();
	iocsr_write32(IOCSR_IPI_SEND, IPI_SEND_WAIT | hw_id << 16 | what);
}

void arch_irq_unmask(unsigned input)
{
	unsigned half = input / 32 * 4;

	pic_write8(PIC_VECTOR + input, (u8)input);
	pic_write8(PIC_ROUTE + input, 1);
	pic_write32(PIC_HTMSI_EN + half, pic_read32(PIC_HTMSI_EN + half) | BIT(input % 32));
	pic_write32(PIC_MASK + half, pic_read32(PIC_MASK + half) & ~BIT(input % 32));
}

bool arch_irq_message(unsigned n, struct irq_message *m)
{
	m->address = BOARD_PCH_MSI;
	m->data = IRQ_INPUTS + n;
	return n < IRQ_MESSAGES;
}

/* Have the PCH-PIC look at these inputs again. */
static void look_again(u64 inputs)
{
	for (; inputs; inputs &= inputs - 1) {
		unsigned n = (unsigned)__builtin_ctzll(inputs), half = n / 32 * 4;
		u32 mask = pic_read32(PIC_MASK + half);

		pic_write32(PIC_MASK + half, mask | BIT(n % 32));
		pic_write32(PIC_MASK + half, mask & ~BIT(n % 32));
	}
}

void irq_devices_here(void) { csr_xchg(CSR_ECFG, BIT(IRQ_HWI0), BIT(IRQ_HWI0)); }

/* This core takes no more of them: then a device's line that is high is sent again, elsewhere. */
bool arch_irq_devices_to(u32 hw_id)
{
	if (hw_id >= COREMAP_CORES)
		return false;
	for (unsigned k = 0; k < IRQ_VECTORS; k += 4)
		iocsr_write32(EXTIOI_COREMAP + k, 0x01010101u << hw_id);
	csr_xchg(CSR_ECFG, 0, BIT(IRQ_HWI0));
	full_barrier();
	for (unsigned k = 0; k < IRQ_VECTORS / 8; k += 8)
		iocsr_write64(EXTIOI_ISR + k, iocsr_read64(EXTIOI_ISR + k));
	look_again(~((u64)pic_read32(PIC_MASK + 4) << 32 | pic_read32(PIC_MASK)));
	return true;
}

/* Acknowledge first: a device that asks again while its handler runs is then not lost. */
static u64 take_vectors(unsigned first)
{
	u64 pending = iocsr_read64(EXTIOI_ISR + first / 8);

	if (pending) {
		iocsr_write64(EXTIOI_ISR + first / 8, pending);
		irq_deliver(first, pending);
	}
	return pending;
}

static void take_device(void)
{
	u64 inputs = take_vectors(0), messages = take_vectors(IRQ_INPUTS);

	look_again(inputs);
	if (!inputs && !messages)
		irq_none();
}

/*
 * Messages of a kind merge. They are cleared before anybody looks for what they are about: what is
 * sent from then on interrupts again.
 */
static __attribute__((noinline)) u32 take_ipis(void)
{
	u32 sent = iocsr_read32(IOCSR_IPI_STATUS);

	iocsr_write32(IOCSR_IPI_CLEAR, sent);
	full_barrier();
	if (sent & BIT(IPI_STOP))
		cpu_halt();
	return sent & BIT(IPI_WORK) ? CPU_EVENT_IPI : 0;
}

void irq_dispatch(struct trap_frame *f)
{
	u64 lines = f->cause & csr_read(CSR_ECFG);
	u32 events = 0;

	if (lines & BIT(IRQ_TIMER)) {
		csr_write(CSR_TICLR, 1);
		events |= CPU_EVENT_TIMER;
	}
	if (lines & BIT(IRQ_HWI0)) {
		take_device();
		events |= CPU_EVENT_DEVICE;
	}
	if (lines & BIT(IRQ_IPI))
		events |= take_ipis();
	irq_note(f, events);
}
