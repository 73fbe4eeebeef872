/* SPDX-License-Identifier: BSD-2-Clause */
/* fw_cfg: expectations from QEMU's docs/specs/fw_cfg.rst. */
#include "drivers/pc/fw_cfg.h"

#include "qemu-test/unit/pc_test.h"

static u32 swap(u32 v) { return __builtin_bswap32(v); }

static void put_be32(u32 a, u32 v) { v = swap(v); memcpy(fake_ram + a, &v, 4); }

static u32 ram_be32(u32 a)
{
	u32 v;

	memcpy(&v, fake_ram + a, 4);
	return swap(v);
}

/* A DMA access with its descriptor at 0x1000; returns the control word afterwards. */
static u32 dma(u32 control, u32 length, u64 address)
{
	put_be32(0x1000, control);
	put_be32(0x1004, length);
	put_be32(0x1008, (u32)(address >> 32));
	put_be32(0x100c, (u32)address);
	outl(0x514, 0);
	outl(0x518, swap(0x1000));
	return ram_be32(0x1000);
}

static void test_bytes(void)
{
	outw(0x510, 0);
	CHECK_EQ(inb(0x511), 'Q', "signature");
	CHECK_EQ(inb(0x511), 'E', "signature");
	CHECK_EQ(inb(0x511), 'M', "signature");
	CHECK_EQ(inb(0x511), 'U', "signature");
	CHECK_EQ(inb(0x511), 0, "zero past the end");
	outw(0x510, 1);
	CHECK_EQ(inb(0x511), 3, "id: traditional and DMA");
	outw(0x510, 5);
	CHECK_EQ(inb(0x511), 2, "CPUs");
	outw(0x510, 0x8002);
	CHECK_EQ(inb(0x511), 1, "architecture key");
	outw(0x510, 0x7abc);
	CHECK_EQ(inb(0x511), 0, "unknown key reads zeros");
	u8 buf[8];
	outw(0x510, 0);
	bus_read_block(bus, 0x511, buf, 1, 8);
	CHECK(!memcmp(buf, "QEMU\0\0\0\0", 8), "string input");
}

static void test_directory(void)
{
	u8 d[4 + 3 * 64];

	outw(0x510, 0x19);
	bus_read_block(bus, 0x511, d, 1, sizeof(d));
	CHECK_EQ(d[3], 2, "two files, big-endian");
	CHECK(!strcmp((char *)d + 4 + 8, "etc/e820"), "first name");
	CHECK_EQ(d[4 + 3], 20, "its size");
	CHECK_EQ(d[4 + 5], 0x20, "its key");
	CHECK(!strcmp((char *)d + 68 + 8, "etc/sercon-port"), "second name");
	outw(0x510, (u16)(d[68 + 4] << 8 | d[68 + 5]));
	CHECK_EQ(inb(0x511), 0xf8, "port, low");
	CHECK_EQ(inb(0x511), 0x03, "port, high");
}

static void test_dma(void)
{
	CHECK_EQ(inl(0x514), swap(0x51454d55), "QEMU");
	CHECK_EQ(inl(0x518), swap(0x20434647), " CFG");
	CHECK_EQ(dma(0x0020 << 16 | 8 | 2, 20, 0x2000), 0, "select and read");
	CHECK_EQ(fake_ram[0x2000], 1, "first byte");
	CHECK_EQ(fake_ram[0x2013], 20, "last byte");
	memset(fake_ram + 0x3000, 0xee, 64);
	CHECK_EQ(dma(0x0020 << 16 | 8 | 4, 16, 0), 0, "select and skip");
	CHECK_EQ(dma(2, 8, 0x3000), 0, "read on");
	CHECK_EQ(fake_ram[0x3000], 17, "after the skip");
	CHECK_EQ(fake_ram[0x3004], 0, "zeros past the end");
	CHECK_EQ(fake_ram[0x3008], 0xee, "no more than asked");
	CHECK_EQ(dma(0x0020 << 16 | 8 | 0x10, 4, 0x3000), 1, "writes are refused");
	CHECK_EQ(dma(4, 0xffffffff, 0), 0, "a wild skip");
	CHECK_EQ(dma(2, 4, 0x3010), 0, "then a read");
	CHECK_EQ(fake_ram[0x3010], 0, "gives zeros");
	CHECK_EQ(dma(0x0020 << 16 | 8 | 2, 16, 0xfffffffffffffff8ull), 1, "address outside RAM");
	CHECK_EQ(dma(0x0020 << 16 | 8 | 2, 0xffffffff, FAKE_RAM_SIZE - 4), 1, "runs out of RAM");
	outl(0x514, swap(0x7fffffff));
	outl(0x518, swap(0xfffffff0));
	CHECK(native_printks > 0, "a descriptor outside RAM is logged");
}

int main(void)
{
	static u8 e820[20];
	struct fw_cfg *f;

	for (unsigned k = 0; k < 20; k++)
		e820[k] = (u8)(k + 1);
	bus = bus_create();
	f = fwcfg_create(bus);
	fwcfg_add_key_int(f, FWCFG_NB_CPUS, 2, 2);
	fwcfg_add_key_int(f, FWCFG_IRQ0_OVERRIDE, 1, 1);
	fwcfg_add_file(f, "etc/e820", e820, sizeof(e820));
	fwcfg_add_file_int(f, "etc/sercon-port", 0x3f8, 2);
	test_bytes();
	test_directory();
	test_dma();
	return check_done();
}
