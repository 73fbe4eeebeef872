/* SPDX-License-Identifier: BSD-2-Clause */
/* PIIX4 power management: expectations from the 82371AB datasheet (290562) and ACPI 1.0. */
#include "drivers/pc/acpi_pm.h"

#include "qemu-test/unit/pc_test.h"

enum { PM = 0x600 };

static struct wire sci;
static struct acpi_pm *pm;
static struct pci *pci;
static int offs, off_status = -1;

static void power_off(void *opaque, int status) { (void)opaque, offs++; off_status = status; }

static u32 conf(unsigned reg)
{
	outl(0xcf8, 0x80000b00 | reg);
	return inl(0xcfc);
}

static void set_conf(unsigned reg, u32 v)
{
	outl(0xcf8, 0x80000b00 | reg);
	outl(0xcfc, v);
}

static void test_config(void)
{
	CHECK_EQ(conf(0), 0x71138086, "PIIX4 PM id");
	CHECK_EQ(conf(8) >> 16, 0x0680, "class: other bridge");
	CHECK(conf(0x58) >> 25 & 1, "APMC_EN at power-up: SeaBIOS skips SMM");
	CHECK_EQ(inw(PM), 0xffff, "no PM block yet");
	set_conf(0x40, PM | 1);
	CHECK_EQ(inw(PM), 0xffff, "PMIOSE is off");
	set_conf(0x80, 1);
	CHECK_EQ(inw(PM), 0, "PM block answers");
	CHECK_EQ(conf(0x40), PM | 1, "PMBASE reads back with the I/O bit");
	set_conf(0xd0, 0xffffffff);
	CHECK_EQ(conf(0xd0) >> 16 & 1, 0, "SMBus controller stays off");
}

static void test_timer(void)
{
	u32 a = inl(PM + 8);
	fake_advance(1000000000);
	u32 b = inl(PM + 8);
	CHECK((((b - a) & 0xffffff) == 3579545) || ((b - a) & 0xffffff) == 3579546, "3.579545 MHz");
	CHECK_EQ(b >> 24, 0, "24 bits");
	/* Bit 23 changes every 2^23 / 3.579545 MHz = 2.343 s. */
	outw(PM, 0x0001);
	CHECK_EQ(inw(PM) & 1, 0, "TMR_STS cleared by writing 1");
	fake_advance(2344000000ull);
	CHECK_EQ(inw(PM) & 1, 1, "TMR_STS when bit 23 changed");
	CHECK_EQ(sci.level, 0, "no SCI: not enabled");
}

static void test_sci(void)
{
	outw(PM, 0xffff);
	outw(PM + 2, 0x0001);
	outw(PM + 4, 0x0001);
	CHECK_EQ(inw(PM + 4) & 1, 1, "SCI_EN");
	CHECK_EQ(sci.level, 0, "nothing yet");
	fake_advance(2344000000ull);
	CHECK_EQ(sci.level, 1, "timer SCI without being polled");
	outw(PM, 0x0001);
	CHECK_EQ(sci.level, 0, "acknowledged");
	outw(PM + 2, 0x0100);
	acpi_pm_power_button(pm);
	CHECK_EQ(inw(PM) & 0x100, 0x100, "PWRBTN_STS");
	CHECK_EQ(sci.level, 1, "power button SCI");
	outw(PM + 2, 0);
	CHECK_EQ(sci.level, 0, "disabled");
	outw(PM, 0x0100);
	CHECK_EQ(inw(PM) & 0x100, 0, "cleared");
}

static void test_apm(void)
{
	outw(PM + 4, 0);
	outb(0xb2, 0xf1);
	CHECK_EQ(inw(PM + 4) & 1, 1, "ACPI enable through SMI_CMD");
	outb(0xb2, 0xf0);
	CHECK_EQ(inw(PM + 4) & 1, 0, "ACPI disable");
	outb(0xb3, 0x5a);
	CHECK_EQ(inb(0xb3), 0x5a, "APMS reads back");
	CHECK_EQ(inb(0xb2), 0xf0, "APMC reads back");
	outw(0xafe2, 0x1234);
	CHECK_EQ(inw(0xafe0), 0, "no general-purpose event");
	CHECK_EQ(inw(0xafe2), 0x1234, "enables are kept");
}

static void test_off(void)
{
	outw(PM + 4, 0x2000 | 1 << 10);
	CHECK_EQ(offs, 0, "suspend to RAM is not there: ignored");
	outw(PM + 4, 0x0000);
	CHECK_EQ(offs, 0, "no SLP_EN");
	outw(PM + 4, 0x2000);
	CHECK_EQ(offs, 1, "soft off");
	CHECK_EQ(off_status, 0, "status 0");
	CHECK_EQ(inw(PM + 4) & 0x2000, 0, "SLP_EN reads 0");
	pci_reset(pci);
	acpi_pm_reset(pm);
	CHECK_EQ(inw(PM), 0xffff, "reset takes the PM block away");
}

int main(void)
{
	struct irq_line none = { 0 }, l = wire_line(&sci);
	struct power power = { .off = power_off };

	bus = bus_create();
	fake_time_reset(777);
	pci = pci_create(bus, &none);
	pm = acpi_pm_create(bus, pci, &l, &power);
	test_config();
	test_timer();
	test_sci();
	test_apm();
	test_off();
	return check_done();
}
