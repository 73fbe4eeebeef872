/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables (ACPI 2.0): RSDP, RSDT, FADT, FACS, MADT, DSDT in fw_cfg files, and the script
 * by which the firmware places them, links them and fills their checksums (the format of
 * QEMU's etc/table-loader). SeaBIOS has tables of its own for such a board, but they describe
 * hot-plug hardware that is not here; other firmware has none.
 * Where the PM block is the firmware decides, before it reads the tables (SeaBIOS: 0x600,
 * U-Boot: 0xe400): those fields are filled whenever the file is selected.
 * Invariant: what is described here is what machine.c wires; addresses within the blob are
 * offsets until the firmware adds its base to them.
 */
#include "drivers/pc/acpi_tables.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pc/acpi_pm.h"
#include "drivers/pc/aml.h"
#include "drivers/pc/uart.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"

#define TABLES_FILE "etc/acpi/tables"
#define RSDP_FILE "etc/acpi/rsdp"
enum { HEADER = 36, AT_CHECKSUM = 9, BLOB = 8192, SCRIPT = 16 };
enum { LOAD_ALLOCATE = 1, LOAD_POINTER = 2, LOAD_CHECKSUM = 3, ZONE_HIGH = 1, ZONE_FSEG = 2 };
enum { FACS_SIZE = 64, FADT_SIZE = 244, RSDP_SIZE = 20 };
enum { PCI_HOLE_END = 0xfec00000u };

struct loader_entry {		/* 128 bytes; numbers are little-endian */
	u32 command;
	union {
		struct { char file[56]; u32 align; u8 zone; } allocate;
		struct { char file[56], to[56]; u32 offset; u8 size; } pointer;
		struct { char file[56]; u32 offset, start, length; } checksum;
		u8 all[124];
	} u __attribute__((packed));
} __attribute__((packed));
_Static_assert(sizeof(struct loader_entry) == 128, "the firmware's layout");

struct tables {
	u8 blob[BLOB];
	u32 n;
	u8 rsdp[RSDP_SIZE];
	struct loader_entry script[SCRIPT];
	u32 steps;
	u32 fadt;		/* its place in the blob */
	const struct acpi_pm *pm;
};

/* -- Script ---------------------------------------------------------------- */

static struct loader_entry *step(struct tables *t, u32 command)
{
	must(t->steps < SCRIPT);
	struct loader_entry *e = &t->script[t->steps++];
	e->command = command;
	return e;
}

static void allocate(struct tables *t, const char *file, u32 align, u8 zone)
{
	struct loader_entry *e = step(t, LOAD_ALLOCATE);

	strcpy(e->u.allocate.file, file);
	e->u.allocate.align = align;
	e->u.allocate.zone = zone;
}

/* Add the base of the tables to the `size`-byte offset at `offset` of `file`. */
static void pointer(struct tables *t, const char *file, u32 offset, u8 size)
{
	struct loader_entry *e = step(t, LOAD_POINTER);

	strcpy(e->u.pointer.file, file);
	strcpy(e->u.pointer.to, TABLES_FILE);
	e->u.pointer.offset = offset;
	e->u.pointer.size = size;
}

static void checksum(struct tables *t, const char *file, u32 offset, u32 start, u32 length)
{
	struct loader_entry *e = step(t, LOAD_CHECKSUM);

	strcpy(e->u.checksum.file, file);
	e->u.checksum.offset = offset;
	e->u.checksum.start = start;
	e->u.checksum.length = length;
}

/* -- Table parts ----------------------------------------------------------- */

static void put(struct tables *t, u32 at, u64 v, unsigned size)
{
	for (unsigned k = 0; k < size; k++)
		t->blob[at + k] = (u8)(v >> 8 * k);
}

static u32 append(struct tables *t, u64 v, unsigned size)
{
	must(t->n + size <= BLOB);
	put(t, t->n, v, size);
	t->n += size;
	return t->n - size;
}

/* Start a table on a 16-byte boundary. */
static u32 header(struct tables *t, const char *signature, u8 revision)
{
	u32 at = t->n = (u32)align_up(t->n, 16);

	must(at + HEADER <= BLOB);
	memcpy(t->blob + at, signature, 4);
	t->blob[at + 8] = revision;
	memcpy(t->blob + at + 10, "LOAM  LOAMPC  ", 14);	/* OEM and OEM table id */
	put(t, at + 24, 1, 4);
	memcpy(t->blob + at + 28, "LOAM", 4);
	put(t, at + 32, 1, 4);
	t->n = at + HEADER;
	return at;
}

static void finish(struct tables *t, u32 at)
{
	put(t, at + 4, t->n - at, 4);
	checksum(t, TABLES_FILE, at + AT_CHECKSUM, at, t->n - at);
}

/* -- DSDT ------------------------------------------------------------------ */

static const char *const links[4] = { "LNKA", "LNKB", "LNKC", "LNKD" };
static const char *const routes[4] = { "PRQ0", "PRQ1", "PRQ2", "PRQ3" };

/* Address space descriptor (§6.4.3.5): words or double words, fixed at both ends. */
static u32 address_space(u8 *p, u8 type, u8 specific, unsigned size, u32 min, u32 max)
{
	u32 v[5] = { 0, min, max, 0, max - min + 1 }, n = 0;

	p[n++] = size == 2 ? 0x88 : 0x87;
	p[n++] = (u8)(3 + 5 * size);
	p[n++] = 0;
	p[n++] = type;			/* 0 memory, 1 I/O, 2 bus numbers */
	p[n++] = 0x0c;			/* minimum and maximum are fixed, positive decode */
	p[n++] = specific;
	for (unsigned k = 0; k < 5; k++)
		for (unsigned b = 0; b < size; b++)
			p[n++] = (u8)(v[k] >> 8 * b);
	return n;
}

static u32 io_ports(u8 *p, u16 first, u8 count)
{
	const u8 d[8] = { 0x47, 0x01, (u8)first, (u8)(first >> 8), (u8)first, (u8)(first >> 8),
			  1, count };

	memcpy(p, d, sizeof(d));
	return sizeof(d);
}

static u32 irq_edge(u8 *p, unsigned irq)
{
	p[0] = 0x22;
	p[1] = (u8)BIT(irq);
	p[2] = (u8)(BIT(irq) >> 8);
	return 3;
}

static u32 end_tag(u8 *p)
{
	p[0] = 0x79;
	p[1] = 0;
	return 2;
}

/* The bridge's windows: buses, configuration ports, other ports, VGA, the hole above RAM. */
static void bridge_resources(struct aml *a, u64 ram_below_4g)
{
	u8 r[128];
	u32 n = 0, hole = ram_below_4g > 0x80000000 ? 0xc0000000 : 0x80000000;

	if (hole < ram_below_4g)
		hole = (u32)ram_below_4g;
	n += address_space(r + n, 2, 0, 2, 0, 0xff);
	n += io_ports(r + n, 0xcf8, 8);
	n += address_space(r + n, 1, 3, 2, 0x0000, 0x0cf7);
	n += address_space(r + n, 1, 3, 2, 0x0d00, 0xffff);
	n += address_space(r + n, 0, 3, 4, 0x000a0000, 0x000bffff);
	n += address_space(r + n, 0, 1, 4, hole, PCI_HOLE_END - 1);
	n += end_tag(r + n);
	aml_def(a, "_CRS");
	aml_buffer(a, r, n);
}

/* INTA#…INTD# of each device, to links turned by the device number (piix_pirq_of()). */
static void routing(struct aml *a)
{
	aml_def(a, "_PRT");
	u32 all = aml_package(a, 31 * 4);
	for (unsigned dev = 1; dev < 32; dev++)
		for (unsigned pin = 0; pin < 4; pin++) {
			u32 one = aml_package(a, 4);

			aml_int(a, dev << 16 | 0xffff);
			aml_int(a, pin);
			aml_name(a, links[(dev + pin + 3) & 3]);
			aml_int(a, 0);
			aml_close(a, one);
		}
	aml_close(a, all);
}

/* Extended interrupt descriptor (§6.4.3.6): level, active high, shared. */
static u32 link_irqs(u8 *p, const u8 *irqs, u8 count)
{
	u32 n = 0;

	p[n++] = 0x89;
	p[n++] = (u8)(2 + 4 * count);
	p[n++] = 0;
	p[n++] = 0x09;			/* consumer, level, active high, shared */
	p[n++] = count;
	for (u8 k = 0; k < count; k++, n += 4)
		memcpy(p + n, &(u32){ irqs[k] }, 4);
	return n + end_tag(p + n);
}

/* _CRS of a link: the template, with the routed interrupt in its double word at offset 5. */
static void link_crs(struct aml *a, unsigned k)
{
	u8 r[16];
	u32 n = link_irqs(r, (const u8[]){ 0 }, 1), m = aml_method(a, "_CRS", 0);

	aml_def(a, "BUF0");
	aml_buffer(a, r, n);
	aml_byte(a, AML_DWORD_FIELD);
	aml_name(a, "BUF0");
	aml_int(a, 5);
	aml_name(a, "IRQW");
	u32 i = aml_if(a);		/* routing enabled: bit 7 clear */
	aml_byte(a, AML_LNOT);
	aml_byte(a, AML_AND);
	aml_name(a, routes[k]);
	aml_int(a, 0x80);
	aml_byte(a, AML_NULL);
	aml_byte(a, AML_STORE);
	aml_name(a, routes[k]);
	aml_name(a, "IRQW");
	aml_close(a, i);
	aml_byte(a, AML_RETURN);
	aml_name(a, "BUF0");
	aml_close(a, m);
}

static void link_srs(struct aml *a, unsigned k)
{
	u32 m = aml_method(a, "_SRS", 1);

	aml_byte(a, AML_DWORD_FIELD);
	aml_byte(a, AML_ARG0);
	aml_int(a, 5);
	aml_name(a, "IRQW");
	aml_byte(a, AML_STORE);
	aml_name(a, "IRQW");
	aml_name(a, routes[k]);
	aml_close(a, m);
}

static void link_status(struct aml *a, unsigned k)
{
	u32 m = aml_method(a, "_STA", 0), i = aml_if(a);

	aml_byte(a, AML_AND);
	aml_name(a, routes[k]);
	aml_int(a, 0x80);
	aml_byte(a, AML_NULL);
	aml_byte(a, AML_RETURN);
	aml_int(a, 0x09);		/* present, shown, not enabled */
	aml_close(a, i);
	aml_byte(a, AML_RETURN);
	aml_int(a, 0x0b);
	aml_close(a, m);
	m = aml_method(a, "_DIS", 0);
	aml_byte(a, AML_OR);
	aml_name(a, routes[k]);
	aml_int(a, 0x80);
	aml_name(a, routes[k]);
	aml_close(a, m);
}

static void link_device(struct aml *a, unsigned k)
{
	u8 r[32];
	u32 n = link_irqs(r, (const u8[]){ 5, 10, 11 }, 3), d = aml_device(a, links[k]);

	aml_def_eisa(a, "_HID", "PNP0C0F");
	aml_def_int(a, "_UID", k + 1);
	aml_def(a, "_PRS");
	aml_buffer(a, r, n);
	link_crs(a, k);
	link_srs(a, k);
	link_status(a, k);
	aml_close(a, d);
}

static void isa_device(struct aml *a, const char *name, const char *id, unsigned uid,
		       const u8 *r, u32 n)
{
	u32 d = aml_device(a, name);

	aml_def_eisa(a, "_HID", id);
	aml_def_int(a, "_UID", uid);
	aml_def(a, "_CRS");
	aml_buffer(a, r, n);
	aml_close(a, d);
}

static void isa_bridge(struct aml *a)
{
	u8 r[32];
	u32 n, d = aml_device(a, "ISA");

	aml_def_int(a, "_ADR", 0x00010000);
	aml_pci_region(a, "PIRQ", 0x60, 4);
	n = io_ports(r, 0x70, 2);
	n += irq_edge(r + n, 8);
	isa_device(a, "RTC", "PNP0B00", 1, r, n + end_tag(r + n));
	n = io_ports(r, 0x60, 1);
	n += io_ports(r + n, 0x64, 1);
	n += irq_edge(r + n, 1);
	isa_device(a, "KBD", "PNP0303", 1, r, n + end_tag(r + n));
	n = irq_edge(r, 12);
	isa_device(a, "MOU", "PNP0F13", 1, r, n + end_tag(r + n));
	for (unsigned k = 0; k < UART_PLACES; k++) {
		n = io_ports(r, uart_place[k].port, 8);
		n += irq_edge(r + n, uart_place[k].irq);
		isa_device(a, uart_place[k].name, "PNP0501", k + 1, r, n + end_tag(r + n));
	}
	aml_close(a, d);
}

/*
 * \_SB: PCI0 with its windows and routing, the ISA devices, the links. The route registers are
 * in the ISA bridge's configuration space, so their region is in its scope; the field and the
 * links are PCI0's, where _PRT finds them.
 */
static void system_bus(struct aml *a, u64 ram_below_4g)
{
	u32 sb = aml_scope(a, "\\_SB"), pci = aml_device(a, "PCI0");

	aml_def_eisa(a, "_HID", "PNP0A03");
	aml_def_int(a, "_UID", 0);
	bridge_resources(a, ram_below_4g);
	routing(a);
	isa_bridge(a);
	aml_byte_fields(a, "ISA.PIRQ", routes, 4);
	for (unsigned k = 0; k < 4; k++)
		link_device(a, k);
	aml_close(a, pci);
	aml_close(a, sb);
}

/* Those of the MADT. One CPU needs no name: nothing can be said of it but that it is there. */
static void processors(struct aml *a, unsigned cores)
{
	char name[] = "CPU0";
	u32 pr;

	if (cores < 2)
		return;
	pr = aml_scope(a, "\\_PR");
	for (unsigned k = 0; k < cores; k++) {
		name[3] = "0123456789ABCDEF"[k];
		aml_processor(a, name, (u8)k);
	}
	aml_close(a, pr);
}

static u32 add_dsdt(struct tables *t, unsigned cores, u64 ram_below_4g)
{
	u32 at = header(t, "DSDT", 1);
	struct aml a = { t->blob, t->n, BLOB };

	processors(&a, cores);
	system_bus(&a, ram_below_4g);
	aml_def(&a, "\\_S5");
	u32 p = aml_package(&a, 4);
	for (unsigned k = 0; k < 4; k++)
		aml_int(&a, 0);		/* SLP_TYP 0 is soft off */
	aml_close(&a, p);
	t->n = a.n;
	finish(t, at);
	return at;
}

/* -- The other tables ------------------------------------------------------ */

static u32 add_facs(struct tables *t)
{
	u32 at = t->n = (u32)align_up(t->n, 64);

	memcpy(t->blob + at, "FACS", 4);
	put(t, at + 4, FACS_SIZE, 4);
	t->n += FACS_SIZE;
	return at;
}

/* Generic address of a port block (§5.2.3.1). */
static void port_block(struct tables *t, u32 at, u16 port, u8 bits_)
{
	put(t, at, 1, 1);		/* system I/O */
	put(t, at + 1, bits_, 1);
	put(t, at + 4, port, 8);
}

/* The addresses of the PM block: PM1a event, PM1a control, timer; each in its two forms. */
static void put_pm_base(void *opaque)
{
	struct tables *t = opaque;
	u16 base = acpi_pm_base(t->pm);

	put(t, t->fadt + 56, base, 4);
	put(t, t->fadt + 64, base ? base + 4 : 0, 4);
	put(t, t->fadt + 76, base ? base + 8 : 0, 4);
	port_block(t, t->fadt + 148, base, 32);
	port_block(t, t->fadt + 172, base ? base + 4 : 0, 16);
	port_block(t, t->fadt + 208, base ? base + 8 : 0, 32);
}

static u32 add_fadt(struct tables *t, u32 facs, u32 dsdt)
{
	u32 at = header(t, "FACP", 3);

	must(at + FADT_SIZE <= BLOB);
	t->n = at + FADT_SIZE;
	put(t, at + 36, facs, 4);
	put(t, at + 40, dsdt, 4);
	put(t, at + 46, ACPI_SCI_IRQ, 2);
	put(t, at + 48, ACPI_SMI_PORT, 4);
	put(t, at + 52, ACPI_ENABLE, 1);
	put(t, at + 53, ACPI_DISABLE, 1);
	put(t, at + 80, ACPI_GPE_PORT, 4);
	put(t, at + 88, 4 | 2 << 8, 2);		/* PM1 event and control lengths */
	put(t, at + 91, 4 | ACPI_GPE_LEN << 8, 2);
	put(t, at + 96, 0xfff | 0xfffu << 16, 4);	/* no C2, C3 */
	put(t, at + 108, 0x32, 1);		/* century register */
	put(t, at + 109, 0x0003, 2);		/* legacy devices, 8042 */
	put(t, at + 112, 0x00000465, 4);	/* WBINVD, C1, reset; no sleep button, RTC */
	port_block(t, at + 116, 0xcf9, 8);
	put(t, at + 128, 0x06, 1);
	put(t, at + 140, dsdt, 8);
	port_block(t, at + 220, ACPI_GPE_PORT, 8 * ACPI_GPE_LEN);
	pointer(t, TABLES_FILE, at + 36, 4);
	pointer(t, TABLES_FILE, at + 40, 4);
	pointer(t, TABLES_FILE, at + 140, 8);
	finish(t, at);
	return at;
}

/* Interrupt source override: ISA irq, global interrupt, MPS INTI flags. */
static void override(struct tables *t, u8 irq, u32 gsi, u16 flags)
{
	append(t, 2 | 10 << 8, 2);
	append(t, (u32)irq << 8, 2);	/* bus 0, source */
	append(t, gsi, 4);
	append(t, flags, 2);
}

static u32 add_madt(struct tables *t, unsigned cores)
{
	static const u8 level[] = { 5, 9, 10, 11 };
	u32 at = header(t, "APIC", 1);

	append(t, 0xfee00000, 4);
	append(t, 1, 4);		/* PCAT_COMPAT: the PIC pair is there */
	for (unsigned k = 0; k < cores; k++) {
		append(t, 0 | 8 << 8 | k << 16 | k << 24, 4);	/* local APIC: uid, id */
		append(t, 1, 4);
	}
	append(t, 1 | 12 << 8 | cores << 16, 4);	/* I/O APIC, its id after the cores' */
	append(t, 0xfec00000, 4);
	append(t, 0, 4);
	override(t, 0, 2, 0);
	for (unsigned k = 0; k < sizeof(level); k++)
		override(t, level[k], level[k], 0x000d);	/* active high, level */
	append(t, 4 | 6 << 8 | 0xffu << 16, 4);		/* NMI of every core: LINT1 */
	append(t, 0 | 1 << 8, 2);
	finish(t, at);
	return at;
}

static u32 add_rsdt(struct tables *t, u32 fadt, u32 madt)
{
	u32 at = header(t, "RSDT", 1);
	u32 a = append(t, fadt, 4), b = append(t, madt, 4);

	pointer(t, TABLES_FILE, a, 4);
	pointer(t, TABLES_FILE, b, 4);
	finish(t, at);
	return at;
}

static void add_rsdp(struct tables *t, u32 rsdt)
{
	memcpy(t->rsdp, "RSD PTR ", 8);
	memcpy(t->rsdp + 9, "LOAM  ", 6);
	for (unsigned k = 0; k < 4; k++)
		t->rsdp[16 + k] = (u8)(rsdt >> 8 * k);
	pointer(t, RSDP_FILE, 16, 4);
	checksum(t, RSDP_FILE, 8, 0, RSDP_SIZE);
}

void acpi_tables_add(struct fw_cfg *f, unsigned cores, u64 ram_below_4g,
		     const struct acpi_pm *pm)
{
	struct tables *t = calloc(1, sizeof(*t));

	must(t);
	t->pm = pm;
	allocate(t, RSDP_FILE, 16, ZONE_FSEG);
	allocate(t, TABLES_FILE, 64, ZONE_HIGH);
	u32 facs = add_facs(t), dsdt = add_dsdt(t, cores, ram_below_4g);
	t->fadt = add_fadt(t, facs, dsdt);
	u32 madt = add_madt(t, cores);
	add_rsdp(t, add_rsdt(t, t->fadt, madt));
	fwcfg_add_file(f, TABLES_FILE, t->blob, t->n);
	fwcfg_on_select(f, TABLES_FILE, put_pm_base, t);
	fwcfg_add_file(f, RSDP_FILE, t->rsdp, RSDP_SIZE);
	fwcfg_add_file(f, "etc/table-loader", t->script, t->steps * sizeof(t->script[0]));
}
