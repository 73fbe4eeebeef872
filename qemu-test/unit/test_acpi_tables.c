/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables: loaded as firmware does (the script of etc/table-loader), then checked against
 * ACPI 2.0: signatures, lengths, checksums, links, entries; and the AML's nesting.
 */
#include "drivers/pc/acpi_tables.h"

#include "qemu-test/unit/pc_test.h"

enum { TABLES_AT = 0x100000, RSDP_AT = 0xf0000 };

static u8 *const mem = fake_ram;

static u64 le(const u8 *p, unsigned n)
{
	u64 v = 0;

	for (unsigned k = 0; k < n; k++)
		v |= (u64)p[k] << 8 * k;
	return v;
}

/* Read a fw_cfg file by name; returns its size, 0 if there is none. */
static u32 file(const char *name, u8 *to)
{
	u8 dir[4 + 64 * 64];

	outw(0x510, 0x19);
	bus_read_block(bus, 0x511, dir, 1, sizeof(dir));
	for (u32 k = 0; k < dir[3]; k++) {
		const u8 *e = dir + 4 + 64 * k;
		u32 size = (u32)e[0] << 24 | e[1] << 16 | e[2] << 8 | e[3];

		if (strcmp((const char *)e + 8, name))
			continue;
		outw(0x510, (u16)(e[4] << 8 | e[5]));
		bus_read_block(bus, 0x511, to, 1, size);
		return size;
	}
	return 0;
}

static u32 place(const char *name)
{
	return strcmp(name, "etc/acpi/rsdp") ? TABLES_AT : RSDP_AT;
}

static void load(void)
{
	static u8 script[64 * 128];
	u32 n = file("etc/table-loader", script);

	CHECK(n && n % 128 == 0, "script of 128-byte entries");
	for (u8 *e = script; e < script + n; e += 128) {
		const char *name = (const char *)e + 4;
		u8 *at = mem + place(name);

		switch (e[0]) {
		case 1:
			CHECK(file(name, at) > 0, "allocated file is there");
			break;
		case 2: {
			u32 off = (u32)le(e + 116, 4), size = e[120];
			u64 v = le(at + off, size) + place((const char *)e + 60);

			for (u32 k = 0; k < size; k++)
				at[off + k] = (u8)(v >> 8 * k);
			break;
		}
		case 3: {
			u32 off = (u32)le(e + 60, 4), start = (u32)le(e + 64, 4);
			u8 sum = 0;

			for (u32 k = 0; k < le(e + 68, 4); k++)
				sum += at[start + k];
			at[off] -= sum;
			break;
		}
		default: CHECK(0, "a command that SeaBIOS knows");
		}
	}
}

static bool sums(const u8 *p, u32 n)
{
	u8 s = 0;

	for (u32 k = 0; k < n; k++)
		s += p[k];
	return s == 0;
}

static const u8 *table(u64 a, const char *signature)
{
	CHECK(a >= TABLES_AT && a < TABLES_AT + 0x4000, "within the tables");
	CHECK(!memcmp(mem + a, signature, 4), signature);
	CHECK(sums(mem + a, (u32)le(mem + a + 4, 4)), "checksum");
	return mem + a;
}

/* Where the PM block is, in both forms of the addresses. */
static void test_pm_base(const u8 *f, u16 base)
{
	CHECK_EQ(le(f + 56, 4), base, "PM1a event block");
	CHECK_EQ(le(f + 64, 4), base + 4, "PM1a control block");
	CHECK_EQ(le(f + 76, 4), base + 8, "PM timer");
	CHECK_EQ(le(f + 148 + 4, 8), base, "X_PM1a event block");
	CHECK_EQ(le(f + 172 + 4, 8), base + 4, "X_PM1a control block");
	CHECK_EQ(le(f + 208 + 4, 8), base + 8, "X_PM timer");
}

static void test_fadt(const u8 *f)
{
	CHECK_EQ(le(f + 4, 4), 244, "FADT length");
	CHECK_EQ(le(f + 46, 2), 9, "SCI");
	CHECK_EQ(le(f + 48, 4), 0xb2, "SMI command port");
	CHECK_EQ(f[88] | f[89] << 8 | f[91] << 16, 0x040204, "block lengths");
	CHECK_EQ(le(f + 140, 8), le(f + 40, 4), "X_DSDT is DSDT");
	CHECK_EQ(le(f + 120, 8), 0xcf9, "reset register");
	const u8 *facs = mem + le(f + 36, 4);
	CHECK(!memcmp(facs, "FACS", 4), "FACS");
	CHECK_EQ(le(f + 36, 4) % 64, 0, "FACS on 64 bytes");
}

static void test_madt(const u8 *m, unsigned cores)
{
	unsigned n[5] = { 0 }, end = (unsigned)le(m + 4, 4), at = 44;

	CHECK_EQ(le(m + 36, 4), 0xfee00000, "local APIC address");
	for (; at < end && m[at + 1]; at += m[at + 1]) {
		if (m[at] < 5)
			n[m[at]]++;
		if (m[at] == 0) {
			CHECK_EQ(m[at + 2], n[0] - 1, "its number");
			CHECK_EQ(m[at + 3], n[0] - 1, "its APIC id");
			CHECK_EQ(le(m + at + 4, 4), 1, "enabled");
		}
		if (m[at] == 2 && m[at + 3] == 0)
			CHECK_EQ(le(m + at + 4, 4), 2, "IRQ 0 is interrupt 2");
		if (m[at] == 2 && m[at + 3] == 9)
			CHECK_EQ(le(m + at + 8, 2), 0xd, "SCI is level, active high");
	}
	CHECK_EQ(at, end, "entries fill the table");
	CHECK_EQ(n[0], cores, "a local APIC for each core");
	CHECK_EQ(n[1], 1, "one I/O APIC");
	CHECK_EQ(n[4], 1, "NMI");
}

/* Every term with a length ends within its parent: walk Scope, Device, Method, Package. */
static void test_aml(const u8 *p, u32 n)
{
	unsigned devices = 0;

	for (u32 k = 0; k + 5 < n; k++) {
		if (p[k] != 0x5b || p[k + 1] != 0x82)
			continue;
		u32 len = (p[k + 2] & 15) | p[k + 3] << 4 | p[k + 4] << 12;
		CHECK_EQ(p[k + 2] >> 6, 2, "three-byte length");
		CHECK(k + 2 + len <= n, "within the table");
		devices++;
	}
	CHECK_EQ(devices, 1 + 1 + 5 + 4, "PCI0, ISA and its five, four links");
}

/* ProcessorOp, a length of three bytes, the name, the MADT's id, no P_BLK. */
static unsigned processors(const u8 *p, u32 n)
{
	unsigned count = 0;

	for (u32 k = 0; k + 15 < n; k++) {
		if (p[k] != 0x5b || p[k + 1] != 0x83)
			continue;
		CHECK_EQ(p[k + 2], 0x8d, "13 bytes, lengths of three");
		CHECK(!memcmp(p + k + 5, "CPU", 3) && p[k + 8] == "0123456789ABCDEF"[count % 16],
		      "its name");
		CHECK_EQ(p[k + 9], count, "its id in the MADT");
		CHECK_EQ(le(p + k + 10, 4) | p[k + 14], 0, "no P_BLK");
		count++;
	}
	return count;
}

/* A COM port: its name, then somewhere in its device the ports and the interrupt. */
static void test_com(const u8 *p, u32 n, const char *name, u16 port, u8 irq)
{
	const u8 want[] = { 0x47, 1, (u8)port, (u8)(port >> 8), (u8)port, (u8)(port >> 8), 1, 8,
			    0x22, (u8)(1 << irq), 0 };
	u32 k = 0;

	while (k + 4 < n && memcmp(p + k, name, 4))
		k++;
	CHECK(k + 4 < n, name);
	for (u32 end = k + 60; k < end && memcmp(p + k, want, sizeof(want)); k++)
		;
	CHECK(!memcmp(p + k, want, sizeof(want)), "its ports and interrupt");
}

static const u8 *fadt_of(void)
{
	const u8 *rsdt = table(le(mem + RSDP_AT + 16, 4), "RSDT");

	return table(le(rsdt + 36, 4), "FACP");
}

/* The firmware moves the PM block, then reads the tables. */
static void program_pm(u16 base)
{
	outl(0xcf8, 0x80000b40), outl(0xcfc, base | 1u);
	outl(0xcf8, 0x80000b80), outb(0xcfc, 1);
}

/* The board of so many cores, as firmware finds its tables. One core has no name. */
static void test_tables(unsigned cores)
{
	static struct bus *volatile of[17];	/* for ever: devices are never freed */
	struct irq_line none = { 0 };
	struct power power = { 0 };

	bus = of[cores] = bus_create();
	struct fw_cfg *f = fwcfg_create(bus);
	acpi_tables_add(f, cores, 256 << 20,
			acpi_pm_create(bus, pci_create(bus, &none), &none, &power));
	program_pm(0x600);
	load();
	const u8 *rsdp = mem + RSDP_AT;
	CHECK(!memcmp(rsdp, "RSD PTR ", 8), "RSDP");
	CHECK(sums(rsdp, 20), "its checksum");
	const u8 *rsdt = table(le(rsdp + 16, 4), "RSDT");
	CHECK_EQ(le(rsdt + 4, 4), 44, "two tables");
	const u8 *fadt = table(le(rsdt + 36, 4), "FACP");
	test_fadt(fadt);
	test_pm_base(fadt, 0x600);
	test_madt(table(le(rsdt + 40, 4), "APIC"), cores);
	const u8 *dsdt = table(le(fadt + 40, 4), "DSDT");
	test_aml(dsdt + 36, (u32)le(dsdt + 4, 4) - 36);
	CHECK_EQ(processors(dsdt + 36, (u32)le(dsdt + 4, 4) - 36), cores > 1 ? cores : 0,
		 "a processor for each core");
	test_com(dsdt, (u32)le(dsdt + 4, 4), "COM1", 0x3f8, 4);
	test_com(dsdt, (u32)le(dsdt + 4, 4), "COM2", 0x2f8, 3);
	program_pm(0xe400);		/* U-Boot's */
	load();
	test_pm_base(fadt_of(), 0xe400);
}

int main(void)
{
	static const unsigned cores[] = { 1, 2, 3, 4, 16 };

	for (unsigned k = 0; k < sizeof(cores) / sizeof(cores[0]); k++)
		test_tables(cores[k]);
	return check_done();
}
