/* SPDX-License-Identifier: BSD-2-Clause */
/* SMART as smartctl reads it (ATA/ATAPI-6, 8.41): structures, sums, what is refused. */
#include "drivers/pc/ide.h"

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { P = 0x1f0 };

static struct wire irq[2];
static struct mem_disk disk = { .all_zero = true, .bad = 7 };

/* The status after the command. */
static u8 smart(u8 feature, u8 count, u8 low)
{
	outb(P + 6, 0xa0);
	outb(P + 1, feature), outb(P + 2, count), outb(P + 3, low);
	outb(P + 4, 0x4f), outb(P + 5, 0xc2);
	outb(P + 7, 0xb0);
	return inb(P + 7);
}

static void fetch(u8 *to, bool has_sum)
{
	u8 sum = 0;

	bus_read_block(bus, P, to, 2, 256);
	CHECK_EQ(inb(P + 7), 0x50, "one sector");
	for (unsigned k = 0; k < 512; k++)
		sum = (u8)(sum + to[k]);
	CHECK(!has_sum || !sum, "its sum is 0");
}

static u8 *attribute(u8 *data, u8 id)
{
	for (unsigned k = 0; k < 30; k++)
		if (data[2 + 12 * k] == id)
			return data + 2 + 12 * k;
	CHECK(false, "the attribute is there");
	return data;
}

static void test_data(void)
{
	u8 b[512], *a;

	CHECK_EQ(smart(0xd0, 0, 0), 0x58, "READ DATA");
	fetch(b, true);
	CHECK_EQ(attribute(b, 187)[3], 100, "no error so far");
	CHECK_EQ(attribute(b, 12)[5], 1, "one power cycle");
	CHECK_EQ(smart(0xd1, 0, 0), 0x58, "READ THRESHOLDS");
	fetch(b, true);
	CHECK_EQ(attribute(b, 187)[1], 1, "threshold");
	CHECK_EQ(smart(0xda, 0, 0), 0x50, "RETURN STATUS");
	CHECK_EQ(inb(P + 4) | inb(P + 5) << 8, 0xc24f, "healthy");
	for (unsigned k = 0; k < 200; k++) {
		outb(P + 6, 0xe0), outb(P + 2, 1), outb(P + 3, 7), outb(P + 4, 0);
		outb(P + 5, 0), outb(P + 7, 0x20);
		CHECK_EQ(inb(P + 1), 0x40, "an error");
	}
	CHECK_EQ(smart(0xda, 0, 0), 0x50, "RETURN STATUS");
	CHECK_EQ(inb(P + 4) | inb(P + 5) << 8, 0x2cf4, "threshold exceeded");
	smart(0xd0, 0, 0);
	fetch(b, true);
	a = attribute(b, 187);
	CHECK_EQ(a[3], 1, "as bad as it can be");
	CHECK_EQ(a[5] | a[6] << 8, 200, "how many");
}

static void test_logs(void)
{
	u8 b[512];

	CHECK_EQ(smart(0xd5, 1, 0), 0x58, "log directory");
	fetch(b, false);
	CHECK(b[0] == 1 && b[2] == 1 && b[12] == 1 && !b[4], "error log, self-test log");
	CHECK_EQ(smart(0xd5, 1, 1), 0x58, "error log");
	fetch(b, true);
	CHECK_EQ(smart(0xd5, 1, 6), 0x58, "self-test log");
	fetch(b, true);
	CHECK_EQ(smart(0xd5, 1, 9), 0x51, "no such log");
	CHECK_EQ(smart(0xd5, 2, 1), 0x51, "nor two sectors of it");
	CHECK_EQ(smart(0xd6, 1, 1), 0x51, "logs are not written");
	CHECK_EQ(smart(0xd4, 0, 1), 0x50, "a self-test");
}

static void test_switch(void)
{
	u8 b[512];

	CHECK_EQ(smart(0xd9, 0, 0), 0x50, "DISABLE");
	CHECK_EQ(smart(0xd0, 0, 0), 0x51, "off");
	CHECK_EQ(inb(P + 1), 0x04, "ABRT");
	outb(P + 7, 0xec), inb(P + 7);
	bus_read_block(bus, P, b, 2, 256);
	CHECK_EQ(b[2 * 82] & 1, 1, "IDENTIFY: supported");
	CHECK_EQ(b[2 * 85] & 1, 0, "IDENTIFY: off");
	CHECK_EQ(smart(0xd8, 0, 0), 0x50, "ENABLE");
	CHECK_EQ(smart(0xd2, 0xf1, 0), 0x50, "AUTOSAVE");
	outb(P + 1, 0xd0), outb(P + 4, 0x4e), outb(P + 5, 0xc2), outb(P + 7, 0xb0);
	CHECK_EQ(inb(P + 7), 0x51, "without its key");
}

int main(void)
{
	struct irq_line l[2] = { { wire_set, irq, 0 }, { wire_set, irq, 1 } };
	struct blockdev b = {
		.opaque = &disk, .sectors = 1000, .name = "D", .submit = mem_disk_submit,
	};

	bus = bus_create();
	ide_attach_disk(ide_create(bus, l), 0, &b);
	test_data();
	test_logs();
	test_switch();
	return check_done();
}
