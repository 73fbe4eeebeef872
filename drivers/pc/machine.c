/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Board wiring: which device is where, on which interrupt, and what the firmware is told.
 * No behaviour of its own but the lines that end at CPUs: A20 and reset are all CPUs', IGNNE# and
 * FERR# the boot processor's. The ROM image and RAM are mm/gpa's.
 * Invariant: interrupts are wired as the table below says, once, at creation.
 */
#include "drivers/pc/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pc/acpi_pm.h"
#include "drivers/pc/acpi_tables.h"
#include "drivers/pc/cmos.h"
#include "drivers/pc/debugexit.h"
#include "drivers/pc/debugport.h"
#include "drivers/pc/dma.h"
#include "drivers/pc/ferr.h"
#include "drivers/pc/fw_cfg.h"
#include "drivers/pc/hba.h"
#include "drivers/pc/i8042.h"
#include "drivers/pc/ide.h"
#include "drivers/pc/linuxboot.h"
#include "drivers/pc/pci_host.h"
#include "drivers/pc/piix.h"
#include "drivers/pc/pit.h"
#include "drivers/pc/uart.h"
#include "drivers/pc/vga.h"
#include "drivers/pc/virtio_disk.h"
#include "drivers/pc/virtio_rng.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/gpa.h"

/*
 *	device		ports			ISA interrupt
 *	dma		00-0f 80-8f c0-df	-
 *	pic		20 a0 4d0		(INT to LINT0)
 *	pit		40-43 61		0 (IOAPIC pin 2)
 *	i8042		60 64 92		1, 12
 *	cmos		70 71			8
 *	debugport	80 402 403 404		-
 *	apm, acpi pm	b2 PMBASE afe0		9 (SCI, level)
 *	ferr		f0			13
 *	debugexit	f4			-
 *	ide		1f0 3f6, 170 376	14, 15
 *	ide bus master	BAR 4			(those)
 *	vga		3b0-3df			-
 *	uart		3f8, 2f8		4, 3
 *	fw_cfg		510 514			-
 *	pci		cf8-cff			PIRQs as PIIX routes them
 *	virtio-rng	00:02.0			INTA#, MSI-X
 *	virtio-blk n	00:04.0 + n		INTA#, MSI-X
 *	hba		00:08.0			INTA#, MSI
 *	ioapic, lapic	fec00000 fee00000	-
 */
enum { IRQ_PIT = 0, IRQ_KBD = 1, IRQ_RTC = 8, IRQ_MOUSE = 12,
	IRQ_FERR = 13, IRQ_IDE0 = 14, IRQ_IDE1 = 15, MAX_BELOW_4G_MIB = 3072 };
enum { DEV_RNG = 2, DEV_DISK = 4, DEV_HBA = 8, BOOT_ORDER_MAX = 256 };

struct e820 { u64 addr, size; u32 type; } __attribute__((packed));
enum { E820_RAM = 1 };

struct machine {
	struct machine_config c;
	struct bus *bus;
	struct irqchip *irqchip;
	struct dma *dma;
	struct pit *pit;
	struct cmos *cmos;
	struct i8042 *i8042;
	struct uart *com[UART_PLACES];
	struct ide *ide;
	struct virtio_disk *virtio_disk[4];
	struct virtio_rng *rng;
	struct hba *hba;
	char boot_order[BOOT_ORDER_MAX];
	struct vga *vga;
	struct pci *pci;
	struct piix *piix;
	struct acpi_pm *pm;
	struct fw_cfg *fw_cfg;
	struct ferr *ferr;
	struct e820 e820[2];
};

static void a20_line(void *opaque, unsigned n, int level)
{
	(void)opaque, (void)n;
	gpa_set_a20(level);
}

static void ignne_line(void *opaque, unsigned n, int level)
{
	struct machine *m = opaque;

	(void)n, (void)level;
	if (m->c.ignne)
		m->c.ignne(m->c.opaque);
}

static void reset_line(void *opaque, unsigned n, int level)
{
	struct machine *m = opaque;

	(void)n;
	if (level && m->c.reset_request)
		m->c.reset_request(m->c.opaque);
}

/* -- Firmware's view ------------------------------------------------------- */

static bool cdrom_is_slave(const struct machine_config *c)
{
	return c->disk[2] && c->attach[2] == MACHINE_IDE;
}

static void fill_cmos(struct machine *m)
{
	struct cmos_setup s = {
		.ram_below_4g = m->c.ram_below_4g, .ram_above_4g = m->c.ram_above_4g,
		.cpus = m->c.cores, .boot = { m->c.boot[0], m->c.boot[1], m->c.boot[2] },
	};

	if (!s.boot[0]) {
		s.boot[0] = 2;
		s.boot[1] = 3;
	}
	for (unsigned k = 0; k < 4; k++)
		s.disk_sectors[k] = m->c.disk[k] && m->c.attach[k] == MACHINE_IDE ?
				    m->c.disk[k]->sectors : 0;
	cmos_setup(m->cmos, &s);
}

/*
 * The places that SeaBIOS shall boot from first, one a line: Loam's option ROM, then, if there is
 * a disk that is not IDE's, the disks in their order.
 */
static u32 boot_order(struct machine *m)
{
	const struct machine_config *c = &m->c;
	bool others = false;
	size_t n = 0;

	if (c->kernel)
		n += (size_t)snprintf(m->boot_order, BOOT_ORDER_MAX, "%s\n",
				      "/rom@genroms/linuxboot_dma.bin");
	for (unsigned k = 0; k < 4; k++)
		others |= c->disk[k] && c->attach[k] != MACHINE_IDE;
	for (unsigned k = 0; k < 4 && others && c->boot[0] != 3; k++) {
		char *to = m->boot_order + n;
		size_t room = BOOT_ORDER_MAX - n;

		if (!c->disk[k])
			continue;
		if (c->attach[k] == MACHINE_IDE)
			n += (size_t)snprintf(to, room, "/pci@i0cf8/ide@1,1/drive@%u/disk@%u\n",
					      k / 2, k % 2);
		else if (c->attach[k] == MACHINE_VIRTIO)
			n += (size_t)snprintf(to, room, "/pci@i0cf8/scsi@%x/disk@0,0\n",
					      DEV_DISK + k);
		else
			n += (size_t)snprintf(to, room, "/pci@i0cf8/sata@%x/drive@%u/disk@0\n",
					      DEV_HBA, k);
		must(n < BOOT_ORDER_MAX);
	}
	return n ? (u32)n + 1 : 0;
}

static void fill_fw_cfg(struct machine *m)
{
	struct fw_cfg *f = m->fw_cfg;
	const struct machine_config *c = &m->c;
	u32 order = boot_order(m);

	fwcfg_add_key_int(f, FWCFG_RAM_SIZE, c->ram_below_4g + c->ram_above_4g, 8);
	fwcfg_add_key_int(f, FWCFG_NB_CPUS, c->cores, 2);
	fwcfg_add_key_int(f, FWCFG_MAX_CPUS, c->cores, 2);
	fwcfg_add_key_int(f, FWCFG_NOGRAPHIC, 0, 2);
	fwcfg_add_key_int(f, FWCFG_BOOT_MENU, 0, 2);
	fwcfg_add_key_int(f, FWCFG_IRQ0_OVERRIDE, 1, 1);
	m->e820[0] = (struct e820){ 0, c->ram_below_4g, E820_RAM };
	m->e820[1] = (struct e820){ 1ull << 32, c->ram_above_4g, E820_RAM };
	fwcfg_add_file(f, "etc/e820", m->e820, sizeof(struct e820) * (c->ram_above_4g ? 2 : 1));
	acpi_tables_add(f, c->cores, c->ram_below_4g, m->pm);
	if (c->serial_console)
		fwcfg_add_file_int(f, "etc/sercon-port", uart_place[0].port, 2);
	for (unsigned k = 0; k < c->file_count; k++)
		fwcfg_add_file(f, c->files[k].name, c->files[k].data, c->files[k].size);
	if (order)
		fwcfg_add_file(f, "bootorder", m->boot_order, order);
	if (!c->kernel)
		return;
	fwcfg_add_file(f, "genroms/linuxboot_dma.bin", linuxboot_rom,
		       (u32)(linuxboot_rom_end - linuxboot_rom));
	linuxboot_add(f, c->kernel, c->kernel_size, c->initrd, c->initrd_size, c->cmdline,
		      c->ram_below_4g);
}

/* -- Wiring ---------------------------------------------------------------- */

static void create_isa(struct machine *m)
{
	struct irqchip *ic = m->irqchip;
	struct irq_line irq0 = irqchip_line(ic, IRQ_PIT), irq8 = irqchip_line(ic, IRQ_RTC);
	struct irq_line irq13 = irqchip_line(ic, IRQ_FERR);
	struct irq_line ignne = { .set = ignne_line, .opaque = m };
	struct i8042_lines kbd = {
		.irq1 = irqchip_line(ic, IRQ_KBD), .irq12 = irqchip_line(ic, IRQ_MOUSE),
		.a20 = { .set = a20_line, .opaque = m },
		.reset = { .set = reset_line, .opaque = m },
	};

	m->dma = dma_create(m->bus);
	m->ferr = ferr_create(m->bus, &irq13, &ignne);
	debugport_create(m->bus, &m->c.debug, &m->c.counters, &m->c.cpu);
	debugexit_create(m->bus, &m->c.power);
	m->pit = pit_create(m->bus, &irq0, irqchip_isa_waiting);
	m->cmos = cmos_create(m->bus, &irq8, &m->c.wall);
	m->i8042 = i8042_create(m->bus, &kbd);
	m->vga = vga_create(m->bus);
	m->fw_cfg = fwcfg_create(m->bus);
}

static void create_uarts(struct machine *m)
{
	for (unsigned k = 0; k < UART_PLACES; k++) {
		struct irq_line irq = irqchip_line(m->irqchip, uart_place[k].irq);

		m->com[k] = uart_create(m->bus, uart_place[k].port, &irq, &m->c.com[k]);
	}
}

static void create_pci(struct machine *m)
{
	struct irq_line reset = { .set = reset_line, .opaque = m };
	struct irq_line isa = { .set = irqchip_isa, .opaque = m->irqchip };
	struct irq_line sci = irqchip_line(m->irqchip, ACPI_SCI_IRQ);

	m->pci = pci_create(m->bus, &reset);
	pci_host_create(m->pci, m->c.ram_below_4g);
	m->piix = piix_create(m->pci, &isa, &(struct piix_ide){
		.master = ide_master_region(m->ide), .enable = ide_master_enable,
		.opaque = m->ide,
	});
	m->pm = acpi_pm_create(m->bus, m->pci, &sci, &m->c.power);
	pci_on_message(m->pci, irqchip_message, m->irqchip);
}

static void create_ide(struct machine *m)
{
	struct irq_line irq[2] = {
		irqchip_line(m->irqchip, IRQ_IDE0), irqchip_line(m->irqchip, IRQ_IDE1),
	};

	m->ide = ide_create(m->bus, irq);
	for (unsigned k = 0; k < 4; k++)
		if (m->c.disk[k] && m->c.attach[k] == MACHINE_IDE)
			ide_attach_disk(m->ide, k, m->c.disk[k]);
	if (m->c.cdrom)
		ide_attach_cdrom(m->ide, cdrom_is_slave(&m->c) ? 3 : 2, m->c.cdrom);
}

/* What sits on PCI by itself, each with INTA#. */
static void create_virtio(struct machine *m)
{
	struct irq_line inta = { .set = piix_inta, .opaque = m->piix, .n = DEV_RNG };

	if (m->c.entropy)
		m->rng = virtio_rng_create(m->pci, PCI_DEVFN(DEV_RNG, 0), &inta, m->c.entropy);
	for (unsigned k = 0; k < 4; k++) {
		inta.n = DEV_DISK + k;
		if (m->c.disk[k] && m->c.attach[k] == MACHINE_VIRTIO)
			m->virtio_disk[k] = virtio_disk_create(m->pci, PCI_DEVFN(DEV_DISK + k, 0),
							       &inta, m->c.disk[k]);
	}
}

/* The disks that are AHCI's, at the ports of their numbers. */
static void create_hba(struct machine *m)
{
	struct irq_line inta = { .set = piix_inta, .opaque = m->piix, .n = DEV_HBA };
	const struct blockdev *disk[HBA_PORTS];
	bool any = false;

	for (unsigned k = 0; k < HBA_PORTS; k++) {
		disk[k] = m->c.attach[k] == MACHINE_AHCI ? m->c.disk[k] : NULL;
		any |= disk[k] != NULL;
	}
	if (any)
		m->hba = hba_create(m->pci, PCI_DEVFN(DEV_HBA, 0), &inta, disk);
}

static int check(const struct machine_config *c)
{
	const char *why = NULL;

	if (!c->bus)
		why = "no bus";
	else if (!c->cores || c->cores > LAPIC_MAX_CORES)
		why = "number of cores";
	else if (c->ram_below_4g > (u64)MAX_BELOW_4G_MIB << 20 || c->ram_below_4g < 1 << 20)
		why = "RAM below 4 GiB must be 1 MiB to 3 GiB";
	else if (c->cdrom && c->disk[2] && c->disk[3] && c->attach[2] == MACHINE_IDE &&
		 c->attach[3] == MACHINE_IDE)
		why = "no place for the CD-ROM on the secondary channel";
	if (why)
		printk("machine: cannot be: %s\n", why);
	if (why)
		return -ERR_INVAL;
	return c->kernel ? linuxboot_check(c->kernel, c->kernel_size, c->initrd_size,
					   c->ram_below_4g) : 0;
}

int machine_create(const struct machine_config *c, struct machine **out)
{
	int rc = check(c);

	if (rc)
		return rc;
	struct machine *m = calloc(1, sizeof(*m));
	must(m);
	m->c = *c;
	m->bus = c->bus;
	m->irqchip = irqchip_create(m->bus, c->cores, &c->cpu);
	create_isa(m);
	create_uarts(m);
	create_ide(m);
	create_pci(m);
	create_virtio(m);
	create_hba(m);
	fill_cmos(m);
	fill_fw_cfg(m);
	machine_reset(m);
	*out = m;
	return 0;
}

void machine_reset(struct machine *m)
{
	pci_reset(m->pci);
	piix_reset(m->piix);
	acpi_pm_reset(m->pm);
	dma_reset(m->dma);
	pit_reset(m->pit);
	cmos_reset(m->cmos);
	i8042_reset(m->i8042);
	for (unsigned k = 0; k < UART_PLACES; k++)
		uart_reset(m->com[k]);
	ide_reset(m->ide);
	for (unsigned k = 0; k < 4; k++)
		if (m->virtio_disk[k])
			virtio_disk_reset(m->virtio_disk[k]);
	if (m->rng)
		virtio_rng_reset(m->rng);
	if (m->hba)
		hba_reset(m->hba);
	vga_reset(m->vga);
	fwcfg_reset(m->fw_cfg);
	irqchip_reset(m->irqchip);
}

bool machine_busy(const struct machine *m)
{
	bool busy = ide_busy(m->ide) || (m->hba && hba_busy(m->hba));

	for (unsigned k = 0; k < 4; k++)
		busy |= m->virtio_disk[k] && virtio_disk_busy(m->virtio_disk[k]);
	return busy;
}

void machine_poll(struct machine *m)
{
	for (unsigned k = 0; k < UART_PLACES; k++)
		uart_poll(m->com[k]);
}

void machine_report(const struct machine *m)
{
	lapic_report(irqchip_lapic(m->irqchip));
	printk("counters: bus_unanswered %lu pit_lost %lu\n",
	       (unsigned long)bus_unanswered(m->bus), (unsigned long)pit_lost(m->pit));
}

static bool on_boot_core(const struct machine *m)
{
	return !m->c.cpu.this_core || !m->c.cpu.this_core(m->c.cpu.opaque);
}

void machine_ferr(struct machine *m)
{
	if (on_boot_core(m))
		ferr_raise(m->ferr);
}

struct bus *machine_bus(struct machine *m)
{
	return m->bus;
}

struct irqchip *machine_irqchip(struct machine *m)
{
	return m->irqchip;
}

static void key(void *opaque, u16 code, bool down)
{
	struct machine *m = opaque;

	i8042_key(m->i8042, code, down);
}

static void mouse(void *opaque, int dx, int dy, u8 buttons)
{
	struct machine *m = opaque;

	i8042_mouse(m->i8042, dx, dy, buttons);
}

static void power_button(void *opaque)
{
	struct machine *m = opaque;

	acpi_pm_power_button(m->pm);
}

struct input machine_input(struct machine *m)
{
	return (struct input){
		.opaque = m, .key = key, .mouse = mouse, .power_button = power_button,
	};
}

struct display machine_display(struct machine *m)
{
	return vga_display(m->vga);
}
