/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration mechanism #1, i440FX PAM, PIIX routing, RCR: expectations from PCI 2.1 and
 * the 82441FX (290549) and 82371SB (290550) datasheets.
 */
#include "drivers/pc/pci_host.h"
#include "drivers/pc/piix.h"

#include "qemu-test/unit/pc_test.h"

static struct wire reset, isa[16];
static struct piix *piix;
static struct pci *pci;

static u32 at(unsigned dev, unsigned fn, unsigned reg)
{
	return 0x80000000u | dev << 11 | fn << 8 | (reg & 0xfc);
}

static u32 get(unsigned dev, unsigned fn, unsigned reg)
{
	outl(0xcf8, at(dev, fn, reg));
	return inl(0xcfc);
}

static void set8(unsigned dev, unsigned fn, unsigned reg, u8 v)
{
	outl(0xcf8, at(dev, fn, reg));
	outb((u16)(0xcfc + (reg & 3)), v);
}

static void set32(unsigned dev, unsigned fn, unsigned reg, u32 v)
{
	outl(0xcf8, at(dev, fn, reg));
	outl(0xcfc, v);
}

static void test_mechanism(void)
{
	outl(0xcf8, 0x80000000);
	CHECK_EQ(inl(0xcf8), 0x80000000, "CONFADD reads back");
	outb(0xcf8, 0x55);
	CHECK_EQ(inl(0xcf8), 0x80000000, "byte writes do not reach CONFADD");
	CHECK_EQ(inl(0xcfc), 0x12378086, "host bridge id");
	CHECK_EQ(inw(0xcfc), 0x8086, "word access");
	CHECK_EQ(inw(0xcfe), 0x1237, "upper word");
	CHECK_EQ(inb(0xcff), 0x12, "byte access");
	outl(0xcf8, 0);
	CHECK_EQ(inl(0xcfc), 0xffffffff, "disabled: nobody");
	CHECK_EQ(get(5, 0, 0), 0xffffffff, "no device 5");
	CHECK_EQ(get(1, 2, 0), 0xffffffff, "no function 1.2");
	outl(0xcf8, 0x80010000);
	CHECK_EQ(inl(0xcfc), 0xffffffff, "no bus 1");
	CHECK_EQ(get(0, 0, 0x2c), 0x11001af4, "subsystem: what SeaBIOS looks for");
	CHECK_EQ(get(0, 0, 8) >> 8, 0x060000, "class: host bridge");
	CHECK_EQ(get(1, 0, 0), 0x70008086, "PIIX3");
	CHECK_EQ(get(1, 0, 8) >> 8, 0x060100, "class: ISA bridge");
	CHECK_EQ(get(1, 0, 0xc) >> 16 & 0xff, 0x80, "multi-function");
	CHECK_EQ(get(1, 1, 0), 0x70108086, "PIIX3 IDE");
	CHECK_EQ(get(1, 1, 8) >> 16, 0x0101, "class: IDE");
	set32(0, 0, 0, 0);
	CHECK_EQ(get(0, 0, 0), 0x12378086, "ids are read-only");
}

static void test_pam(void)
{
	set8(0, 0, 0x59, 0x30);
	CHECK_EQ(fake_pam[12], 3, "PAM0 high nibble: 0xf0000");
	CHECK_EQ(fake_pam[15], 3, "PAM0 high nibble: 0xfc000");
	CHECK_EQ(fake_pam[11], 0, "0xec000 not touched");
	set8(0, 0, 0x5a, 0x21);
	CHECK_EQ(fake_pam[0], 1, "PAM1 low: 0xc0000 reads RAM");
	CHECK_EQ(fake_pam[1], 2, "PAM1 high: 0xc4000 writes RAM");
	set8(0, 0, 0x5f, 0x13);
	CHECK_EQ(fake_pam[10], 3, "PAM6 low: 0xe8000");
	CHECK_EQ(fake_pam[11], 1, "PAM6 high: 0xec000");
	set32(0, 0, 0x5c, 0x33333333);
	CHECK_EQ(fake_pam[4], 3, "PAM3: 0xd0000");
	CHECK_EQ(fake_pam[9], 3, "PAM5: 0xe4000");
	CHECK_EQ(get(0, 0, 0x58) >> 8 & 0xff, 0x30, "PAM0 reads back");
	set8(0, 0, 0x5b, 0xff);
	CHECK_EQ(get(0, 0, 0x58) >> 24, 0x33, "reserved bits stay 0");
	pci_reset(pci);
	for (unsigned k = 0; k < 16; k++)
		CHECK_EQ(fake_pam[k], 0, "reset: all to ROM");
}

static void test_smram(void)
{
	set8(0, 0, 0x72, 0x4a);
	CHECK_EQ(get(0, 0, 0x70) >> 16 & 0xff, 0x4a, "D_OPEN and G_SMRAME");
	set8(0, 0, 0x72, 0x1a);
	set8(0, 0, 0x72, 0x4a);
	CHECK_EQ(get(0, 0, 0x70) >> 16 & 0x50, 0x10, "D_LCK: no D_OPEN, no unlocking");
}

static void test_pirq(void)
{
	CHECK_EQ(get(1, 0, 0x60), 0x80808080, "PIRQs off at reset");
	piix_inta(piix, 1, 1);
	CHECK_EQ(isa[10].level, 0, "not routed");
	set8(1, 0, 0x60, 0x0a);
	CHECK_EQ(isa[10].level, 1, "routed to 10 while asserted");
	set8(1, 0, 0x61, 0x0a);
	piix_inta(piix, 2, 1);
	piix_inta(piix, 1, 0);
	CHECK_EQ(isa[10].level, 1, "shared line: still one asserted");
	set8(1, 0, 0x61, 0x0b);
	CHECK_EQ(isa[10].level, 0, "moved away");
	CHECK_EQ(isa[11].level, 1, "moved there");
	set8(1, 0, 0x61, 0x08);
	CHECK_EQ(isa[8].level | isa[11].level, 0, "8 is not a valid route");
	piix_inta(piix, 2, 0);
	set8(1, 0, 0x60, 0x0b);
	piix_inta(piix, 5, 1), piix_inta(piix, 9, 1), piix_inta(piix, 5, 0);
	CHECK_EQ(isa[11].level, 1, "devices share a PIRQ");
	piix_inta(piix, 9, 0);
	CHECK_EQ(isa[11].level, 0, "until the last is quiet");
	CHECK_EQ(piix_pirq_of(1, 1), 0, "INTA# of device 1 is PIRQA");
	CHECK_EQ(piix_pirq_of(3, 1), 2, "INTA# of device 3 is PIRQC");
	CHECK_EQ(piix_pirq_of(4, 2), 0, "INTB# of device 4 is PIRQA");
}

static void test_rcr(void)
{
	outb(0xcf9, 0x02);
	CHECK_EQ(reset.rises, 0, "SRST alone resets nothing");
	CHECK_EQ(inb(0xcf9), 0x02, "RCR reads back");
	outb(0xcf9, 0x06);
	CHECK_EQ(reset.rises, 1, "RCPU 0 to 1 resets");
}

static u64 bar_read(void *opaque, u32 off, unsigned size)
{
	(void)opaque, (void)size;
	return 0x40 + off;
}

static void bar_write(void *opaque, u32 off, u64 v, unsigned size)
{
	(void)opaque, (void)off, (void)v, (void)size;
}

static const struct io_ops master_ops = {
	.read = bar_read, .write = bar_write, .min = 1, .max = 1,
};
static int master_on = -1;
static struct bus_region master = { "master", 0, 16, &master_ops, NULL, 0, false, NULL };
static void master_enable(void *opaque, bool on) { (void)opaque; master_on = on; }

static void test_bars(void)
{
	static const struct io_ops ops = {
		.read = bar_read, .write = bar_write, .min = 1, .max = 1,
	};
	static struct bus_region io = { .name = "io", .ops = &ops };
	static struct bus_region mem = { .name = "mem", .ops = &ops };
	static struct pci_func f;

	pci_func_init(&f, 0x1234, 0x5678, 0xff0000, 1);
	pci_set_bar(&f, 0, BUS_IO, 32, &io);
	pci_set_bar(&f, 1, BUS_MMIO, 0x1000, &mem);
	pci_add(pci, PCI_DEVFN(4, 0), &f);
	set32(4, 0, 0x10, 0xffffffff);
	CHECK_EQ(get(4, 0, 0x10), 0xffffffe1, "I/O BAR size");
	set32(4, 0, 0x14, 0xffffffff);
	CHECK_EQ(get(4, 0, 0x14), 0xfffff000, "memory BAR size");
	set32(4, 0, 0x18, 0xffffffff);
	CHECK_EQ(get(4, 0, 0x18), 0, "no third BAR");
	set32(4, 0, 0x10, 0xc020);
	set32(4, 0, 0x14, 0xe0001000);
	CHECK_EQ(inb(0xc021), 0xff, "decode off");
	set8(4, 0, 0x04, 0x01);
	CHECK_EQ(inb(0xc021), 0x41, "I/O decode on");
	CHECK(!bus_is_mmio(bus, 0xe0001000, 1), "memory decode off");
	set8(4, 0, 0x04, 0x03);
	CHECK_EQ(bus_read(bus, BUS_MMIO, 0xe0001005, 1), 0x45, "memory decode on");
	set32(4, 0, 0x14, 0xe0008000);
	CHECK(!bus_is_mmio(bus, 0xe0001000, 1), "BAR moved away");
	CHECK(bus_is_mmio(bus, 0xe0008fff, 1), "BAR moved there");
	pci_reset(pci);
	CHECK_EQ(inb(0xc021), 0xff, "reset: decode off");
	CHECK_EQ(get(4, 0, 0x10), 1, "reset: BAR clear");
}

/* Function 1: BAR 4 moves the registers, bit 2 of the command register says who may be master. */
static void test_ide(void)
{
	CHECK_EQ(get(1, 1, 0x08) >> 8, 0x010180, "IDE with a bus master");
	set32(1, 1, 0x20, 0xffffffff);
	CHECK_EQ(get(1, 1, 0x20), 0xfffffff1, "16 ports");
	set32(1, 1, 0x20, 0xc000);
	CHECK_EQ(inb(0xc003), 0xff, "ports are off");
	set32(1, 1, 0x04, 0x05);
	CHECK_EQ(inb(0xc003), 0x43, "there");
	CHECK_EQ(master_on, 1, "bus master");
	set32(1, 1, 0x20, 0xd000);
	CHECK_EQ(inb(0xc003), 0xff, "moved away");
	CHECK_EQ(inb(0xd003), 0x43, "and there");
	set32(1, 1, 0x04, 0x01);
	CHECK_EQ(master_on, 0, "no bus master");
	set32(1, 1, 0x04, 0x05);
	pci_reset(pci);
	CHECK_EQ(master_on, 0, "reset: none");
	CHECK_EQ(inb(0xd003), 0xff, "and no ports");
}

int main(void)
{
	struct irq_line r = wire_line(&reset), i = { wire_set, isa, 0 };

	bus = bus_create();
	pci = pci_create(bus, &r);
	pci_host_create(pci, 256 << 20);
	piix = piix_create(pci, &i, &(struct piix_ide){ &master, master_enable, NULL });
	test_mechanism();
	test_pam();
	test_smram();
	test_pirq();
	test_rcr();
	test_bars();
	test_ide();
	return check_done();
}
