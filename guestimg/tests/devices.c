/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What devices do of themselves, by interrupts: timers that go off and are set anew at about that
 * time, sectors, bytes that somebody types ("type: " is the prompt). The local APIC's timer is not
 * used: with a core of the monitor's for devices no timer is this CPU's. Not devices' registers.
 */
#include "guestimg/tests/disk_lib.h"

enum { PIC0 = 0x20, PIC1 = 0xa0, PIT0 = 0x40, PIT_CTL = 0x43, CMOS = 0x70, COM = 0x3f8,
	IDE = 0x1f0 };
enum { APIC_SVR = 0xf0, APIC_LVT_LINT0 = 0x350, LINT_EXTINT = 0x700 };
enum { RTC_A = 10, RTC_B = 11, RTC_C = 12, RTC_B_24H = 2, RTC_B_PIE = 0x40 };
enum { COM_IER = 1, COM_MCR = 4, COM_LSR = 5, MCR_OUT2 = 8 };
enum { IDE_COUNT = 2, IDE_LBA0, IDE_LBA1, IDE_LBA2, IDE_DRIVE, IDE_COMMAND, LBA = 0xe0,
	READ_SECTORS = 0x20, IDE_ERROR = 1, IDE_DRQ = 8 };
enum { IRQ_PIT = 0, IRQ_COM = 4, IRQ_RTC = 8, IRQ_IDE = 14, IRQS = 16 };
enum { ROUNDS = 300, TICKS = 50, READS = 200 };

static volatile u32 came[IRQS], last_byte;

static volatile u32 *apic(u32 reg) { return (volatile u32 *)(0xfee00000 + reg); }

/* -- Interrupts -- */

static void pic_init(u16 pic, u8 vector, u8 cascade)
{
	outb(pic, 0x11);
	outb(pic + 1, vector);
	outb(pic + 1, cascade);
	outb(pic + 1, 1);
}

static void only(u32 irqs)
{
	outb(PIC0 + 1, (u8)~(irqs | 1u << 2));
	outb(PIC1 + 1, (u8)~(irqs >> 8));
}

static u8 cmos_read(u8 reg)
{
	outb(CMOS, reg);
	return inb(CMOS + 1);
}

static void cmos_write(u8 reg, u8 v)
{
	outb(CMOS, reg);
	outb(CMOS + 1, v);
}

static bool on_irq(struct trap *t)
{
	u32 n = t->vector - VEC_PIT;

	if (n == IRQ_RTC)
		cmos_read(RTC_C);
	if (n == IRQ_IDE)
		inb(IDE + IDE_COMMAND);
	if (n == IRQ_COM)
		last_byte = inb(COM);
	if (n >= 8)
		outb(PIC1, 0x20);
	outb(PIC0, 0x20);
	came[n]++;
	return true;
}

/* Interrupts are off. Sleep until so many have come. */
static void await(u32 irq, u32 count)
{
	while (came[irq] < count)
		__asm__ volatile("sti; hlt; cli" ::: "memory");
}

/* -- Timers -- */

static void pit_set(u8 mode, u32 us)
{
	u32 n = us * 1193 / 1000;

	outb(PIT_CTL, 0x30 | mode << 1);
	outb(PIT0, n & 0xff);
	outb(PIT0, n >> 8);
}

static void spin(u32 n)
{
	while (n--)
		__asm__ volatile("pause");
}

static void test_pit(void)
{
	u32 before;

	test("the PIT, once and again");
	only(1u << IRQ_PIT);
	for (u32 n = 0; n < ROUNDS; n++) {
		before = came[IRQ_PIT];
		pit_set(0, 20 + rnd() % 500);
		await(IRQ_PIT, before + 1);
	}
	test("set anew when it is about to go off");
	for (u32 n = 0; n < ROUNDS; n++) {
		before = came[IRQ_PIT];
		pit_set(0, 30 + rnd() % 30);
		spin(rnd() % 2000);
		pit_set(0, 30 + rnd() % 200);
		await(IRQ_PIT, before + 1);
	}
	test("the PIT, periodic");
	before = came[IRQ_PIT];
	pit_set(2, 1000);
	await(IRQ_PIT, before + TICKS);
	pit_set(0, 50000);
}

static void test_rtc(void)
{
	u32 before = came[IRQ_RTC];

	test("the RTC, periodic");
	only(1u << IRQ_RTC);
	cmos_write(RTC_A, 0x26);		/* 1024 Hz */
	cmos_write(RTC_B, RTC_B_24H | RTC_B_PIE);
	cmos_read(RTC_C);
	await(IRQ_RTC, before + TICKS);
	cmos_write(RTC_B, RTC_B_24H);
}

/* -- The disk, sector by sector -- */

static void read_sector(u32 lba)
{
	u32 before = came[IRQ_IDE];

	outb(IDE + IDE_DRIVE, (u8)(LBA | lba >> 24));
	outb(IDE + IDE_COUNT, 1);
	outb(IDE + IDE_LBA0, (u8)lba);
	outb(IDE + IDE_LBA1, (u8)(lba >> 8));
	outb(IDE + IDE_LBA2, (u8)(lba >> 16));
	outb(IDE + IDE_COMMAND, READ_SECTORS);
	await(IRQ_IDE, before + 1);
	expect("status", inb(IDE + IDE_COMMAND) & (IDE_DRQ | IDE_ERROR), IDE_DRQ);
	for (u32 n = 0; n < SECTOR / 2; n++)
		((volatile u16 *)BUF)[n] = inw(IDE);
}

static void test_disk(void)
{
	test("sectors");
	only(1u << IRQ_IDE);
	for (u32 n = 0; n < READS; n++) {
		u32 lba = rnd() % DISK_SECTORS;

		read_sector(lba);
		expect_sector((const void *)BUF, lba);
	}
}

/* -- The console -- */

static void test_typed(void)
{
	static const char text[] = "abcdefgh";

	test("what is typed");
	while (inb(COM + COM_LSR) & 1)
		inb(COM);
	outb(COM + COM_MCR, MCR_OUT2);
	outb(COM + COM_IER, 1);
	only(1u << IRQ_COM);
	for (u32 n = 0; text[n]; n++) {
		print("type: ");
		await(IRQ_COM, n + 1);
		expect("byte", last_byte, (u8)text[n]);
	}
	outb(COM + COM_IER, 0);
}

void main(void)
{
	pic_init(PIC0, VEC_PIT, 4);
	pic_init(PIC1, VEC_PIT + 8, 2);
	*apic(APIC_SVR) = 0x1ff;
	*apic(APIC_LVT_LINT0) = LINT_EXTINT;
	for (u32 n = 0; n < IRQS; n++)
		on_trap[VEC_PIT + n] = on_irq;
	test_pit();
	test_rtc();
	test_disk();
	test_typed();
	only(0);
	finish("devices");
}
