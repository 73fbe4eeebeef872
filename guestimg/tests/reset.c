/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest resets its machine, in each way a PC knows, and looks at what comes back: CPU and
 * devices as at power-up, RAM and CMOS RAM as they were. What is next is kept in CMOS RAM.
 * Not a test of the CPU's registers one by one: that is qemu-test/unit/test_sysops.c.
 */
#include "guestimg/tests/lib.h"

enum { CMOS_B = 0x0b, CMOS_SHUTDOWN = 0x0f, CMOS_MAGIC = 0x70, CMOS_STEP = 0x71 };
enum { MAGIC = 0xa5, RAM_MARK = 0x4c6f616d, MARK_AT = FREE };
enum { MSR_TSC = 0x10, MSR_APIC_BASE = 0x1b, MSR_SYSENTER_CS = 0x174, MSR_PAT = 0x277 };
enum { PCI_PAM = 0x80000058, PCI_PM_BASE = 0x80000b40, PCI_PM_ON = 0x80000b80 };
enum { CR4_PSE = 0x10, CR4_OSFXSR = 0x200 };

static u8 cmos(u8 index) { outb(0x70, index); return inb(0x71); }
static void cmos_set(u8 index, u8 v) { outb(0x70, index), outb(0x71, v); }
static u32 pci(u32 at) { outl(0xcf8, at); return inl(0xcfc); }
static void pci_set(u32 at, u32 v) { outl(0xcf8, at), outl(0xcfc, v); }
static volatile u32 *apic(u32 reg) { return (volatile u32 *)(0xfee00000 + reg); }

static u32 ioapic(u32 reg)
{
	*(volatile u32 *)0xfec00000 = reg;
	return *(volatile u32 *)0xfec00010;
}

static void ioapic_set(u32 reg, u32 v)
{
	*(volatile u32 *)0xfec00000 = reg;
	*(volatile u32 *)0xfec00010 = v;
}

static u64 rdmsr(u32 n) { u64 v; __asm__ volatile("rdmsr" : "=A"(v) : "c"(n)); return v; }
static void wrmsr(u32 n, u64 v) { __asm__ volatile("wrmsr" :: "c"(n), "A"(v)); }

static void delay(u32 ms)
{
	u32 start, now;

	__asm__ volatile("rdtsc" : "=a"(start) :: "edx");
	do
		__asm__ volatile("pause\n\trdtsc" : "=a"(now) :: "edx");
	while (now - start < ms * 1000000);
}

/* -- Before: everything as far from its reset state as can be ------------------------------- */

static void cpu_dirty(void)
{
	u32 mxcsr = 0x7f80;
	u16 fcw = 0x37f;

	write_cr4(CR4_PSE | CR4_OSFXSR);
	__asm__ volatile("ldmxcsr %0\n\tfldcw %1\n\tfld1" :: "m"(mxcsr), "m"(fcw));
	__asm__ volatile("movl %0, %%dr0\n\tmovl %1, %%dr7" :: "r"(0x1234), "r"(0x401));
	wrmsr(MSR_SYSENTER_CS, 0x1234);
	wrmsr(MSR_PAT, 0x0606060606060606ull);
	wrmsr(MSR_TSC, 1ull << 44);
}

static void devices_dirty(void)
{
	timer_init();
	timer_periodic(1000);			/* its interrupts wait */
	*apic(0x320) = 0x20000 | VEC_LAPIC;	/* and the local APIC's */
	*apic(0x380) = 10000;
	ioapic_set(0x14, 0x40);
	outb(0x4d0, 0x20);			/* IRQ 5 level-triggered */
	outb(0x3fc, 0x0b);			/* COM1: lines up */
	cmos_set(CMOS_B, cmos(CMOS_B) | 0x40);	/* periodic interrupt */
	outb(0x64, 0x60), outb(0x60, 0x47);
	outb(0x60, 0xee);			/* an echo that nobody reads */
	pci_set(PCI_PM_BASE, 0xb001);
	pci_set(PCI_PM_ON, 1);
	pci_set(PCI_PAM, 0x33333000);		/* the BIOS's place is RAM, and wrong */
	pci_set(PCI_PAM + 4, 0x33333333);
	memset((void *)0xf0000, 0xf4, 0x10000);
	delay(5);
}

/* -- Afterwards ----------------------------------------------------------------------------- */

static void check_memory(u8 step)
{
	map(kernel_pd, WINDOW, 0xfffff000, P | PCD);
	expect("shutdown byte", cmos(CMOS_SHUTDOWN), 0x50 + step);
	expect("RAM", *(u32 *)MARK_AT, RAM_MARK + step);
	expect("ROM below 1 MiB", memcmp((void *)0xff000, (void *)WINDOW, PAGE), 0);
}

static void check_cpu(void)
{
	u32 mxcsr = 0, dr0, dr7;
	u16 fcw = 0;

	write_cr4(CR4_PSE | CR4_OSFXSR);
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(fcw));
	__asm__ volatile("movl %%dr0, %0\n\tmovl %%dr7, %1" : "=r"(dr0), "=r"(dr7));
	expect("MXCSR", mxcsr, 0x1f80);
	expect("FCW", fcw, 0x40);
	expect("DR0", dr0, 0);
	expect("DR7", dr7, 0x400);
	expect("APIC base", (u32)rdmsr(MSR_APIC_BASE), 0xfee00900);
	expect("SYSENTER_CS", (u32)rdmsr(MSR_SYSENTER_CS), 0);
	expect("PAT", (u32)rdmsr(MSR_PAT), 0x00070406);
	expect("TSC", (u32)(rdmsr(MSR_TSC) >> 44), 0);
}

static void check_devices(void)
{
	delay(5);
	outb(0x20, 0x0a);
	expect("no interrupt waits", inb(0x20), 0);
	expect("PIC triggers", inb(0x4d0), 0);
	expect("APIC SVR", *apic(0xf0), 0xff);
	expect("APIC timer", *apic(0x320), 0x10000);
	expect("APIC count", *apic(0x390), 0);
	expect("APIC requests", *apic(0x220), 0);
	expect("IOAPIC pin 2", ioapic(0x14) & 0x10000, 0x10000);
	expect("COM1's lines", inb(0x3fc), 0);
	expect("RTC interrupts", cmos(CMOS_B) & 0x70, 0);
	expect("8042's output", inb(0x64) & 1, 0);
	expect("PAM", pci(PCI_PAM) & 0xffffff00, 0);
	expect("PAM", pci(PCI_PAM + 4), 0);
	expect("PM block", pci(PCI_PM_ON) & 1, 0);
}

/* -- The ways ------------------------------------------------------------------------------- */

static void by_rcr(void) { outb(0xcf9, 2), outb(0xcf9, 6); }
static void by_8042(void) { outb(0x64, 0xfe); }
static void by_port92(void) { outb(0x92, 3); }

static void by_triple_fault(void)
{
	static const struct pointer none;

	__asm__ volatile("lidt %0\n\tint3" :: "m"(none));
}

static const struct way { const char *name; void (*reset)(void); } ways[] = {
	{ "back from port 0xcf9", by_rcr }, { "back from the 8042", by_8042 },
	{ "back from port 0x92", by_port92 }, { "back from a triple fault", by_triple_fault },
};

static void (*way)(void);

static void send_nmi(void)
{
	*apic(0x310) = 0;
	*apic(0x300) = 0x4400;
}

/* The reset comes while one NMI is handled and the next waits: that one is gone, too. */
static bool on_nmi(struct trap *t)
{
	(void)t;
	send_nmi();
	way();
	delay(1000);
	return true;
}

static void leave(u8 step)
{
	cmos_set(CMOS_MAGIC, MAGIC);
	cmos_set(CMOS_STEP, step + 1);
	cmos_set(CMOS_SHUTDOWN, 0x50 + step);
	*(u32 *)MARK_AT = RAM_MARK + step;
	cpu_dirty();
	devices_dirty();
	on_trap[2] = on_nmi;
	way = ways[step].reset;
	send_nmi();
	delay(1000);
	print("FAIL no reset\n");
	finish("reset");
}

void main(void)
{
	u8 step = cmos(CMOS_MAGIC) == MAGIC ? cmos(CMOS_STEP) : 0;

	if (step) {
		test(ways[step - 1].name);
		check_memory(step - 1);
		check_cpu();
		check_devices();
		test("");		/* it is told now, not after the next reset */
	}
	if (step < COUNT(ways))
		leave(step);
	cmos_set(CMOS_MAGIC, 0);
	finish("reset");
}
