/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board: wiring of interrupts, A20, reset and power, what firmware is told, and that
 * no port or device page lets a careless guest hurt the monitor (a walk over all of them).
 */
#include "drivers/pc/machine.h"

#include <stdlib.h>

#include "drivers/pc/fw_cfg.h"
#include "kernel/lib/err.h"
#include "kernel/timer.h"
#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

static struct machine *m;
static struct irqchip *ic;
static unsigned resets, offs;
static int off_status;
static u8 disk_bytes[64 * 512];

static void on_reset(void *o) { (void)o; resets++; }
static void on_off(void *o, int status) { (void)o, offs++; off_status = status; }

static struct mem_disk disk = { .data = disk_bytes };

static void program_pic(void)
{
	outb(0x20, 0x11), outb(0x21, 0x08), outb(0x21, 0x04), outb(0x21, 0x01);
	outb(0xa0, 0x11), outb(0xa1, 0x70), outb(0xa1, 0x02), outb(0xa1, 0x01);
	outb(0x21, 0), outb(0xa1, 0);
}

static int take(void)
{
	int v = irqchip_ack(ic, 0);

	outb(0xa0, 0x20), outb(0x20, 0x20);
	return v;
}

static void test_wiring(void)
{
	struct input in = machine_input(m);

	program_pic();
	writel(0xfee000f0, 0x1ff), writel(0xfee00350, 0x8700);
	CHECK_EQ(take(), -1, "quiet");
	outb(0x43, 0x34), outb(0x40, 0xa9), outb(0x40, 0x04);
	fake_advance(1100000);
	CHECK(irqchip_isa_waiting(ic, 0), "its tick waits for the CPU");
	CHECK_EQ(take(), 0x08, "PIT is IRQ 0");
	CHECK(!irqchip_isa_waiting(ic, 0), "taken");
	fake_advance(1100000);
	outb(0x21, 0x01);
	CHECK(!irqchip_isa_waiting(ic, 0), "masked: it does not count as waiting");
	writel(0xfec00000, 0x15), writel(0xfec00010, 0);
	writel(0xfec00000, 0x14), writel(0xfec00010, 0x40);
	fake_advance(1100000);
	CHECK(irqchip_isa_waiting(ic, 0), "through the IOAPIC");
	writel(0xfec00000, 0x14), writel(0xfec00010, 0x10040);
	CHECK_EQ(take(), 0x40, "pin 2");
	writel(0xfee000b0, 0);
	outb(0x3fc, 0x08), outb(0x3f9, 0x02);
	CHECK_EQ(take(), 0x0c, "COM1 is IRQ 4");
	outb(0x3f9, 0);
	outb(0x2fc, 0x08), outb(0x2f9, 0x02);
	CHECK_EQ(take(), 0x0b, "COM2 is IRQ 3");
	outb(0x2f9, 0);
	outb(0x64, 0x60), outb(0x60, 0x47);
	in.key(in.opaque, 0x1c, true);
	CHECK_EQ(take(), 0x09, "keyboard is IRQ 1");
	CHECK_EQ(inb(0x60), 0x1e, "A");
	outb(0x64, 0xd4), outb(0x60, 0xf2);
	CHECK_EQ(take(), 0x74, "mouse is IRQ 12");
	inb(0x60), take(), inb(0x60);
	outb(0x64, 0xd4), outb(0x60, 0xf4);
	take(), inb(0x60);
	in.mouse(in.opaque, 3, 0, 1);
	CHECK_EQ(take(), 0x74, "a move is told");
	CHECK_EQ(inb(0x60), 0x09, "left button");
	take(), inb(0x60), take(), inb(0x60);
	outb(0x70, 0x0b), outb(0x71, 0x12);
	fake_advance(1000000000);
	CHECK_EQ(take(), 0x70, "RTC is IRQ 8");
	outb(0x70, 0x0c), inb(0x71);
	outb(0x1f6, 0xa0), outb(0x1f7, 0xec);
	CHECK_EQ(take(), 0x76, "first IDE channel is IRQ 14");
	inb(0x1f7);
	outb(0x176, 0xa0), outb(0x177, 0xa1);
	CHECK_EQ(take(), 0x77, "second IDE channel is IRQ 15");
	inb(0x177);
	outl(0xcf8, 0x80000b40), outl(0xcfc, 0x601);
	outl(0xcf8, 0x80000b80), outb(0xcfc, 1);
	outw(0x604, 1), outw(0x602, 0x100);
	in.power_button(in.opaque);
	CHECK_EQ(take(), 0x71, "SCI is IRQ 9");
	outw(0x600, 0x100);
}

/*
 * A player that takes no interrupts and watches IRR for IRQ 0: it sees each period's two edges.
 * And what waits when OUT falls is gone for good.
 */
static void test_polled_timer(void)
{
	unsigned rises = 0, was = 0;

	program_pic();
	outb(0x21, 0xff);
	outb(0x43, 0x36), outb(0x40, 0x9c), outb(0x40, 0x2e);	/* mode 3, 11932: 10 ms */
	outb(0x20, 0x0a);
	for (unsigned k = 0; k < 1050; k++) {
		fake_advance(100000);
		unsigned now = inb(0x20) & 1;
		rises += now && !was;
		was = now;
	}
	CHECK_EQ(rises, 10, "105 ms: ten periods end");
	fake_advance(12000000);
	outb(0x21, 0xfe);
	CHECK_EQ(take(), -1, "unmasked in the second half: nothing waits");
	fake_advance(5000000);
	CHECK_EQ(take(), 0x08, "unmasked in the first half: the tick");
	outb(0x21, 0);
}

static void test_control_lines(void)
{
	outb(0x92, 0);
	CHECK(!fake_a20, "A20 off by port 0x92");
	outb(0x64, 0xd1), outb(0x60, 0xdf);
	CHECK(fake_a20, "A20 on by the 8042");
	outb(0x64, 0xfe);
	CHECK_EQ(resets, 1, "reset by the 8042");
	outb(0x92, 3);
	CHECK_EQ(resets, 2, "reset by port 0x92");
	outb(0xcf9, 6);
	CHECK_EQ(resets, 3, "reset by RCR");
	outw(0x604, 0x2000);
	CHECK_EQ(offs, 1, "soft off");
	outb(0xf4, 7);
	CHECK_EQ(offs, 2, "debug exit");
	CHECK_EQ(off_status, 7, "with its code");
	outl(0xcf8, 0x80000058), outl(0xcfc, 0x33333300);
	outb(0x92, 0);
	machine_reset(m);
	CHECK(fake_a20, "reset: A20 on");
	CHECK_EQ(fake_pam[0] | fake_pam[15], 0, "reset: ROM everywhere");
	CHECK_EQ(inw(0x600), 0xffff, "reset: PM block away");
	CHECK_EQ(irqchip_pending(ic, 0), 0, "reset: quiet");
}

static u32 item(u16 key, unsigned size)
{
	u32 v = 0;

	outw(0x510, key);
	for (unsigned k = 0; k < size; k++)
		v |= (u32)inb(0x511) << 8 * k;
	return v;
}

static void test_firmware_view(void)
{
	CHECK_EQ(item(FWCFG_NB_CPUS, 2), 1, "CPUs");
	CHECK_EQ(item(FWCFG_RAM_SIZE, 4), 64 << 20, "RAM");
	CHECK_EQ(item(FWCFG_KERNEL_SIZE, 4), 1536, "protected-mode part");
	CHECK_EQ(item(FWCFG_KERNEL_ADDR, 4), 0x100000, "kernel at 1 MiB");
	CHECK_EQ(item(FWCFG_SETUP_SIZE, 4), 1024, "set-up: boot sector and one more");
	CHECK_EQ(item(FWCFG_CMDLINE_SIZE, 4), 6, "command line with its zero");
	CHECK_EQ(item(FWCFG_CMDLINE_DATA, 4), 'h' | 'e' << 8 | 'l' << 16 | 'l' << 24, "its text");
	u32 initrd = item(FWCFG_INITRD_ADDR, 4);
	CHECK(initrd % 4096 == 0 && initrd >= 0x101000 && initrd < 64 << 20, "initrd in RAM");
	u8 setup[0x230];
	outw(0x510, FWCFG_SETUP_DATA);
	bus_read_block(bus, 0x511, setup, 1, sizeof(setup));
	CHECK_EQ(setup[0x210], 0xff, "loader type");
	CHECK_EQ(setup[0x211] & 0x81, 0x81, "heap may be used");
	CHECK_EQ(setup[0x218] | setup[0x219] << 8 | setup[0x21a] << 16 | (u32)setup[0x21b] << 24,
		 initrd, "initrd address in the header");
	CHECK_EQ(setup[0x228] | setup[0x229] << 8 | setup[0x22a] << 16, 0x20000, "command line");
}

/*
 * What SeaBIOS waits for: the greater of both counts, all of which must answer its SIPI; it makes
 * the MP table of as many as there may be.
 */
static void test_counts(struct machine_config c)
{
	static const unsigned cores[] = { 1, 2, 4, 16 };
	static struct bus *volatile of[4];		/* for ever: devices are never freed */
	struct bus *kept = bus;

	for (unsigned k = 0; k < sizeof(cores) / sizeof(cores[0]); k++) {
		struct machine *x;

		c.cores = cores[k];
		c.bus = bus = of[k] = bus_create();
		CHECK_EQ(machine_create(&c, &x), 0, "created");
		CHECK_EQ(item(FWCFG_NB_CPUS, 2), cores[k], "CPUs that are there");
		CHECK_EQ(item(FWCFG_MAX_CPUS, 2), cores[k], "and may come");
		outb(0x70, 0x5f);
		CHECK_EQ(inb(0x71), cores[k] - 1, "and in CMOS, but the first");
	}
	bus = kept;
	c.cores = LAPIC_MAX_CORES + 1;
	CHECK_EQ(machine_create(&c, &(struct machine *){ NULL }), -ERR_INVAL, "too many cores");
}

/*
 * FERR# of core 0 is IRQ 13; another's leads nowhere. Each core has the counter that it has chosen,
 * and IGNNE# is told whatever core writes.
 */
static unsigned core_now, ignnes;

static unsigned on_core(void *o) { (void)o; return core_now; }
static void on_ignne(void *o) { (void)o; ignnes++; }

static void test_two_cores(struct machine_config c)
{
	static struct bus *volatile own;
	struct bus *kept = bus;
	struct machine *x;

	c.cores = 2;
	c.bus = bus = own = bus_create();
	c.cpu.this_core = on_core;
	c.ignne = on_ignne;
	CHECK_EQ(machine_create(&c, &x), 0, "created");
	outb(0x20, 0x11), outb(0x21, 0x08), outb(0x21, 0x04), outb(0x21, 0x01);
	outb(0xa0, 0x11), outb(0xa1, 0x70), outb(0xa1, 0x02), outb(0xa1, 0x01);
	outl(0x404, 7);
	core_now = 1;
	outl(0x404, 9);
	machine_ferr(x);
	CHECK_EQ(inb(0xa0) & 0x20, 0, "FERR# of another core");
	core_now = 0;
	CHECK_EQ(inl(0x404), 7, "core 0's counter");
	machine_ferr(x);
	CHECK_EQ(inb(0xa0) & 0x20, 0x20, "FERR# of core 0 is IRQ 13");
	core_now = 1;
	CHECK_EQ(inl(0x404), 9, "core 1's");
	outb(0xf0, 0);
	CHECK_EQ(inb(0xa0) & 0x20, 0, "ended by the other core");
	CHECK_EQ(ignnes, 1, "and IGNNE# told");
	core_now = 0;
	bus = kept;
}

/* The places in the order of the disks, since one of them is not IDE's. */
static void test_boot_order(void)
{
	static const char want[] = "/rom@genroms/linuxboot_dma.bin\n"
		"/pci@i0cf8/ide@1,1/drive@0/disk@0\n/pci@i0cf8/scsi@5/disk@0,0\n";
	u8 count[4], entry[64];
	char got[sizeof(want)];
	bool found = false;

	outw(0x510, FWCFG_FILE_DIR);
	bus_read_block(bus, 0x511, count, 1, 4);
	for (unsigned k = 0; k < count[3] && !found; k++) {
		bus_read_block(bus, 0x511, entry, 1, sizeof(entry));
		found = !strcmp((char *)entry + 8, "bootorder");
	}
	CHECK(found && entry[3] == sizeof(want), "the file");
	outw(0x510, (u16)(entry[4] << 8 | entry[5]));
	bus_read_block(bus, 0x511, got, 1, sizeof(got));
	CHECK(!memcmp(got, want, sizeof(want)), "its text");
}

/* What a PCI function writes to FEEx xxxxh is an interrupt (SDM 3A 11.11). */
static void test_messages(void)
{
	writel(0xfee000f0, 0x1ff);
	irqchip_message(ic, 0xfee00000, 0x4041);
	CHECK_EQ(irqchip_ack(ic, 0), 0x41, "fixed, to APIC 0");
	writel(0xfee000b0, 0);
	irqchip_message(ic, 0xfee05000, 0x4041);
	CHECK_EQ(irqchip_ack(ic, 0), (u64)-1, "to another");
	irqchip_message(ic, 0x200000, 0x12345678);
	CHECK_EQ(fake_ram[0x100000], 0, "elsewhere it is a write");
	irqchip_message(ic, 0x100000, 0x12345678);
	CHECK_EQ(fake_ram[0x100000], 0x78, "to memory");
}

static void make_kernel(u8 *k)
{
	memset(k, 0, 2560);
	k[0x1f1] = 1;
	k[0x1fe] = 0x55, k[0x1ff] = 0xaa;
	memcpy(k + 0x202, "HdrS", 4);
	k[0x206] = 0x0c, k[0x207] = 0x02;
	k[0x211] = 1;
	k[0x22c] = 0xff, k[0x22d] = 0xff, k[0x22e] = 0xff, k[0x22f] = 0x7f;
}

static void test_bad_configs(struct machine_config c, u8 *kernel)
{
	struct machine *x;

	c.cores = 0;
	CHECK_EQ(machine_create(&c, &x), -ERR_INVAL, "no core");
	c.cores = 1;
	c.ram_below_4g = 0xd0000000;
	CHECK_EQ(machine_create(&c, &x), -ERR_INVAL, "too much RAM below 4 GiB");
	c.ram_below_4g = 64 << 20;
	c.bus = NULL;
	CHECK_EQ(machine_create(&c, &x), -ERR_INVAL, "no bus");
	c.bus = bus;
	kernel[0x202] = 'X';
	CHECK_EQ(machine_create(&c, &x), -ERR_INVAL, "no bzImage");
	kernel[0x202] = 'H';
	kernel[0x1f1] = 200;
	CHECK_EQ(machine_create(&c, &x), -ERR_INVAL, "set-up longer than the image");
	kernel[0x1f1] = 1;
	c.initrd_size = 64 << 20;
	CHECK_EQ(machine_create(&c, &x), -ERR_INVAL, "initrd does not fit");
	c.initrd_size = 0;
	c.kernel_size = 100;
	CHECK_EQ(machine_create(&c, &x), -ERR_INVAL, "a short file");
}

static unsigned counters_printed;

static void on_print(void *o, u32 tag) { (void)o, (void)tag; counters_printed++; }
static u64 on_get(void *o, unsigned n) { (void)o; return n; }

/* How many lines `n` times of the same make. */
static unsigned lines_of(void (*once)(void), unsigned n)
{
	unsigned before = native_printks;

	for (unsigned k = 0; k < n; k++)
		once();
	return native_printks - before;
}

static void bad_kbd(void) { outb(0x64, 0xee); }
static void bad_dma(void) { outl(0x514, 0xffffffff), outl(0x518, 0xf0ffffff); }
static void bad_sleep(void) { outw(0x604, 0x2400); }
static void bad_pic(void) { outb(0x20, 0x13), outb(0x21, 0x08), outb(0x21, 0); }
static void print_counters(void) { outb(0x403, 1); }

/* What a guest repeats is printed the 1st, 2nd, 4th … 512th time only. */
static void test_flood(void)
{
	outl(0xcf8, 0x80000b40), outl(0xcfc, 0x601);
	outl(0xcf8, 0x80000b80), outb(0xcfc, 1);
	CHECK_EQ(lines_of(bad_kbd, 1000), 10, "unknown commands of the 8042");
	CHECK_EQ(lines_of(bad_dma, 1000), 10, "fw_cfg DMA from nowhere");
	CHECK_EQ(lines_of(bad_sleep, 1000), 10, "ACPI sleep");
	CHECK_EQ(lines_of(bad_pic, 1000), 10, "PIC in MCS-80 mode");
	CHECK_EQ(lines_of(print_counters, 5000), 1, "no more lines of counters");
	CHECK_EQ(counters_printed, 1000, "after these");
	machine_reset(m);
}

/* Random accesses everywhere: sanitizers and must() judge. */
static void test_random(void)
{
	u32 x = 12345;
	static const u64 pages[] = { 0xa0000, 0xfec00000, 0xfee00000 };
	unsigned lines = native_printks - offs;	/* power off returns here */

	for (unsigned k = 0; k < 400000; k++) {
		x = x * 1664525 + 1013904223;
		unsigned size = 1u << (x >> 30) % 3;
		u16 port = x >> 14 & 1 ? (u16)(x >> 16 & 0x7ff) : (u16)(x >> 16);
		u32 v = x * 2654435761u;

		if (k % 4 == 0)
			bus_write(bus, BUS_MMIO, pages[k / 4 % 3] + (x >> 16 & 0xfff), v, size);
		else if (k % 2)
			bus_write(bus, BUS_IO, port, v, size);
		else
			bus_read(bus, BUS_IO, port, size);
		if (k % 16 == 0)
			fake_advance(x >> 20);
		if (irqchip_pending(ic, 0))
			irqchip_ack(ic, 0);
	}
	CHECK(native_printks - offs - lines < 150, "and the log is not full of it");
	machine_reset(m);
	CHECK_EQ(irqchip_pending(ic, 0), 0, "quiet after reset");
	outl(0xcf8, 0x80000000);
	CHECK_EQ(inl(0xcfc), 0x12378086, "and as it was");
}

int main(void)
{
	static u8 kernel[2560], initrd[100];
	struct blockdev b = {
		.opaque = &disk, .sectors = 64, .name = "d", .submit = mem_disk_submit,
	};
	struct machine_config c = {
		.cores = 1, .ram_below_4g = 64 << 20, .reset_request = on_reset,
		.power = { .off = on_off }, .counters = { .print = on_print, .get = on_get },
		.disk = { &b, &b }, .attach = { MACHINE_IDE, MACHINE_VIRTIO },
		.cdrom = &b, .kernel = kernel, .kernel_size = sizeof(kernel),
		.initrd = initrd, .initrd_size = sizeof(initrd), .cmdline = "hello",
	};

	bus = bus_create();
	c.bus = bus;
	make_kernel(kernel);
	fake_time_reset(1000000);
	test_bad_configs(c, kernel);
	CHECK_EQ(machine_create(&c, &m), 0, "created");
	CHECK(machine_bus(m) == bus, "on the bus that was given");
	ic = machine_irqchip(m);
	struct display screen = machine_display(m);
	struct picture p;
	screen.take(screen.opaque, &p);
	CHECK_EQ(p.width, 80, "its screen");
	test_firmware_view();
	test_boot_order();
	test_wiring();
	test_messages();
	test_polled_timer();
	test_control_lines();
	test_flood();
	test_random();
	test_counts(c);
	test_two_cores(c);
	return check_done();
}
