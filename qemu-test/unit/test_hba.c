/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AHCI adapter with a driver that the test plays: expectations from AHCI 1.2, SATA 3.0 and
 * ATA8-ACS. Command list, tables and received FIS are in fake_gpa's RAM.
 */
#include "drivers/pc/hba.h"

#include <stdlib.h>

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { SECTORS = 20000, ABAR = 0xe0000000, DEV = 8, PORT = 0x100 };
enum { LIST = 0x1000, FIS = 0x2000, TABLES = 0x4000, MEM = 0x20000 };	/* a table: 0x400 bytes */
enum { IS = 0x10, IE = 0x14, CMD = 0x18, TFD = 0x20, SIG = 0x24, SSTS = 0x28, SCTL = 0x2c,
	SERR = 0x30, SACT = 0x34, CI = 0x38 };
enum { READ_DMA = 0x25, WRITE_DMA = 0x35, IDENTIFY = 0xec, FLUSH = 0xea, READ_Q = 0x60,
	WRITE_Q = 0x61, READ_LOG = 0x2f };
enum { TASK = 1 << 30, HOST = 1 << 29, OVERFLOW = 1 << 24, DHR = 1, SDB = 8 };

static struct wire intx;
static struct mem_disk disk;
static u8 *media;
static struct hba *h;
static struct pci *pci;
static unsigned prds[32], messages;

static u32 rd(u32 off) { return readl(ABAR + off); }
static void wr(u32 off, u32 v) { writel(ABAR + off, v); }
static u32 port(u32 off) { return rd(PORT + off); }
static void set(u32 off, u32 v) { wr(PORT + off, v); }

static void conf(u32 off, u32 v)
{
	outl(0xcf8, 0x80000000u | DEV << 11 | off);
	outl(0xcfc, v);
}

static void put32(u32 at, u32 v) { memcpy(fake_ram + at, &v, 4); }

/* -- A driver ------------------------------------------------------------------ */

static void start(void)
{
	set(CMD, 0);
	CHECK_EQ(port(CMD) & 0xc000, 0, "stopped");
	set(SERR, ~0u), set(IS, ~0u);
	set(0x00, LIST), set(0x04, 0), set(0x08, FIS), set(0x0c, 0);
	set(CMD, 0x16), set(CMD, 0x17);
	CHECK_EQ(port(CMD) & 0xc000, 0xc000, "running");
	set(IE, 0x7fffffff);
	wr(4, 0x80000002);
}

/* Slot n: a register FIS; its PRDs come by prd(). */
static void command(unsigned n, u8 cmd, u64 lba, u32 count, bool write)
{
	u32 table = TABLES + 0x400 * n;
	bool queued = cmd == READ_Q || cmd == WRITE_Q;
	u8 *f = fake_ram + table;

	prds[n] = 0;
	memset(f, 0, 0x80);
	put32(LIST + 32 * n, 5 | (u32)write << 6), put32(LIST + 32 * n + 4, 0);
	put32(LIST + 32 * n + 8, table), put32(LIST + 32 * n + 12, 0);
	f[0] = 0x27, f[1] = 0x80, f[2] = cmd, f[7] = 0x40;
	for (unsigned k = 0; k < 6; k++)
		f[k < 3 ? 4 + k : 5 + k] = (u8)(lba >> 8 * k);
	f[queued ? 3 : 12] = (u8)count, f[queued ? 11 : 13] = (u8)(count >> 8);
	if (queued)
		f[12] = (u8)(n << 3);
}

static void prd(unsigned n, u64 at, u32 size)
{
	u32 to = TABLES + 0x400 * n + 0x80 + 16 * prds[n]++, flags;

	put32(to, (u32)at), put32(to + 4, (u32)(at >> 32));
	put32(to + 8, 0), put32(to + 12, size - 1);
	memcpy(&flags, fake_ram + LIST + 32 * n, 4);
	put32(LIST + 32 * n, (flags & 0xffff) | prds[n] << 16);
}

static void issue(u32 slots, bool queued)
{
	if (queued)
		set(SACT, slots);
	set(CI, slots);
}

static void settle(void) { for (unsigned k = 0; k < 100; k++) fake_advance(100000); }

/* -- Good drivers ---------------------------------------------------------------- */

static void test_up(void)
{
	CHECK_EQ(rd(0) & 0xc0041f1f, 0xc0041f03, "64 bits, NCQ, AHCI only, 32 slots, 4 ports");
	CHECK_EQ(rd(0xc), 0xf, "ports");
	CHECK_EQ(rd(4) >> 31, 1, "AHCI mode");
	CHECK_EQ(port(SSTS), 0x123, "a disk at 3 Gb/s");
	CHECK_EQ(rd(0x180 + SSTS), 0, "nothing at port 1");
	CHECK_EQ(rd(0x180 + TFD), 0x7f, "nor its task file");
	start();
	set(SCTL, 0x301);
	CHECK_EQ(port(SSTS) & 15, 1, "COMRESET: no link");
	set(SCTL, 0x300);
	CHECK_EQ(port(SSTS) & 15, 3, "link");
	CHECK_EQ(port(SIG), 0x101, "signature");
	CHECK_EQ(port(TFD), 0x150, "ready");
	CHECK_EQ(fake_ram[FIS + 0x40], 0x34, "a register FIS");
	CHECK_EQ(port(SERR) >> 26 & 1, 1, "exchanged");
	start();
}

static void test_simple(void)
{
	u8 *id = fake_ram + MEM;

	command(3, IDENTIFY, 0, 0, false), prd(3, MEM, 200), prd(3, MEM + 200, 312);
	issue(1 << 3, false);
	CHECK_EQ(port(CI), 0, "done");
	CHECK_EQ(id[2 * 76] | id[2 * 76 + 1] << 8, 0x106, "IDENTIFY: NCQ");
	CHECK_EQ(id[2 * 75], 31, "depth");
	CHECK_EQ(id[2 * 93] | id[2 * 93 + 1], 0, "serial");
	CHECK_EQ(port(IS) & 3, 3, "PIO set-up seen, register FIS") ;
	CHECK_EQ(intx.level, 1, "interrupt");
	CHECK_EQ(rd(8), 1, "of port 0");
	set(IS, ~0u);
	CHECK_EQ(intx.level, 1, "until the adapter's is cleared");
	wr(8, 1);
	CHECK_EQ(intx.level, 0, "quiet");
	fake_dma_writes = 0;
	command(0, READ_DMA, 10, 16, false), prd(0, MEM, 4096), prd(0, MEM + 0x4000, 4096);
	issue(1, false);
	CHECK(!memcmp(fake_ram + MEM, media + 10 * 512, 4096) &&
	      !memcmp(fake_ram + MEM + 0x4000, media + 18 * 512, 4096), "READ DMA EXT");
	CHECK_EQ(fake_dma_writes, 8192, "frames were told");
	CHECK_EQ(port(IS) & TASK, 0, "well");
	for (unsigned k = 0; k < 1024; k++)
		fake_ram[MEM + k] = (u8)(k * 3 + k / 256);
	command(31, WRITE_DMA, 100, 2, true), prd(31, MEM, 1024);
	issue(1u << 31, false);
	CHECK(!memcmp(fake_ram + MEM, media + 51200, 1024), "WRITE DMA EXT");
	command(1, FLUSH, 0, 0, false);
	issue(2, false);
	CHECK_EQ(disk.submits[BLOCK_FLUSH], 1, "FLUSH reached the end");
	set(IS, ~0u), wr(8, 1);
}

static void test_queued(void)
{
	disk.later = true;
	for (unsigned n = 0; n < 4; n++) {
		command(n, n == 3 ? WRITE_Q : READ_Q, 200 + 8 * n, 8, n == 3);
		prd(n, MEM + 0x1000 * n, 4096);
	}
	issue(15, true);
	CHECK_EQ(disk.in_flight, 4, "four at once");
	CHECK_EQ(port(CI), 0, "the device has them");
	CHECK_EQ(port(SACT), 15, "none is over");
	mem_disk_finish(&disk, 2, 0);
	CHECK_EQ(port(SACT), 11, "the third");
	CHECK(!memcmp(fake_ram + MEM + 0x2000, media + 216 * 512, 4096), "its data");
	CHECK_EQ(fake_ram[FIS + 0x58], 0xa1, "Set Device Bits");
	CHECK_EQ(fake_ram[FIS + 0x5c], 4, "of that slot");
	CHECK_EQ(port(IS) & SDB, SDB, "an interrupt");
	command(7, FLUSH, 0, 0, false);
	issue(1 << 7, false);
	CHECK_EQ(port(CI), 1 << 7, "what is not queued waits");
	while (disk.in_flight > 1)
		mem_disk_finish(&disk, 0, 0);
	mem_disk_finish(&disk, 0, 0);
	CHECK(port(SACT) == 0 && disk.in_flight == 1, "now it");
	CHECK_EQ(disk.flight[0]->op, BLOCK_FLUSH, "does not");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(port(CI), 0, "over");
	command(2, WRITE_Q, 300, 1, true), prd(2, MEM, 512);
	fake_ram[TABLES + 0x800 + 7] |= 0x80;
	issue(4, true);
	mem_disk_finish(&disk, 0, 0);
	CHECK(port(SACT) == 4 && disk.flight[0]->op == BLOCK_FLUSH, "FUA: a flush before the end");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(port(SACT), 0, "over");
	disk.later = false;
	command(5, READ_Q, 1000, 6000, false);
	for (unsigned k = 0; k < 48; k++)
		prd(5, MEM + 0x10000 * (k % 8), 65536);
	issue(1 << 5, true);
	CHECK_EQ(port(SACT), 1 << 5, "a part at once");
	settle();
	CHECK_EQ(port(SACT), 0, "the rest by and by");
	set(IS, ~0u), wr(8, 1);
}

static void test_message(void)
{
	conf(0x44, 0xfee00000), conf(0x48, 0), conf(0x4c, 0x55), conf(0x40, 0x10005);
	messages = 0;
	command(0, READ_DMA, 1, 1, false), prd(0, MEM, 512);
	issue(1, false);
	CHECK_EQ(messages, 1, "a message");
	CHECK_EQ(intx.level, 0, "not the pin");
	issue(1, false);
	CHECK_EQ(messages, 1, "none while it is not taken");
	wr(8, 1);
	CHECK_EQ(messages, 2, "IS is written, and the port has more");
	set(IS, ~0u), wr(8, 1);
	CHECK_EQ(messages, 2, "quiet");
	conf(0x40, 5);
}

/* -- Errors and careless drivers ------------------------------------------------------ */

static void expect_event(u32 bits, const char *name)
{
	CHECK_EQ(port(IS) & (TASK | HOST | OVERFLOW), bits, name);
	CHECK_EQ(disk.in_flight, 0, "nothing is in flight");
	start();
	command(0, READ_DMA, 1, 1, false), prd(0, MEM, 512);
	issue(1, false);
	CHECK(!port(CI) && !memcmp(fake_ram + MEM, media + 512, 512), "well after a stop");
	set(IS, ~0u);
}

static void test_errors(void)
{
	disk.bad = 303;
	command(0, READ_DMA, 300, 8, false), prd(0, MEM, 4096), issue(1, false);
	CHECK_EQ(port(CI), 1, "the slot stays");
	CHECK_EQ(port(TFD), 0x4051, "UNC");
	expect_event(TASK, "an error");
	disk.later = true;
	for (unsigned n = 0; n < 3; n++)
		command(n, READ_Q, n == 1 ? 300 : 400, 8, false), prd(n, MEM, 4096);
	issue(7, true);
	mem_disk_finish(&disk, 1, 0);
	CHECK_EQ(port(IS) & TASK, TASK, "a queued one fails");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(port(SACT), 7, "and none ends any more");
	set(CMD, 0x16);
	CHECK_EQ(port(CMD) & 0x8000, 0x8000, "CR: one is in flight");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(port(CMD) & 0x8000, 0, "stopped");
	disk.later = false;
	disk.bad = 0;
	start();
	command(0, READ_LOG, 0x10, 1, false), prd(0, MEM, 512), issue(1, false);
	CHECK_EQ(fake_ram[MEM], 1, "the log names the tag");
	CHECK_EQ(fake_ram[MEM + 3], 0x40, "and the error");
	CHECK_EQ(fake_ram[MEM + 4] | fake_ram[MEM + 5] << 8, 300, "and the sector");
	set(IS, ~0u);
	command(0, READ_Q, SECTORS - 1, 2, false), prd(0, MEM, 1024), issue(1, true);
	expect_event(TASK, "past the end");
	command(0, READ_Q, 1, 1, false), prd(0, MEM, 512);
	fake_ram[TABLES + 12] = 9 << 3;
	issue(1, true);
	expect_event(TASK, "another's tag");
}

static void test_careless(void)
{
	command(0, READ_DMA, 1, 2, false), prd(0, MEM, 512), issue(1, false);
	settle();
	expect_event(OVERFLOW, "too little memory");
	command(0, READ_Q, 1, 2, false), prd(0, MEM, 512), issue(1, true);
	settle();
	expect_event(OVERFLOW, "for a queued one, too");
	command(0, READ_DMA, 1, 1, false), prd(0, 0xfee00000, 512), issue(1, false);
	expect_event(HOST, "memory that is no RAM");
	command(0, READ_Q, 1, 1, false), prd(0, ~0ull << 20, 512), issue(1, true);
	expect_event(HOST, "nowhere");
	command(0, IDENTIFY, 0, 0, false), prd(0, 0xfee00000, 512), issue(1, false);
	expect_event(HOST, "by PIO");
	command(0, IDENTIFY, 0, 0, false), issue(1, false);
	expect_event(OVERFLOW, "no memory at all");
	command(0, READ_DMA, 1, 1, false), put32(LIST + 8, 0x70000000), issue(1, false);
	expect_event(HOST, "a table that is nowhere");
	command(0, READ_DMA, 1, 1, false), fake_ram[TABLES] = 0x46, issue(1, false);
	expect_event(HOST, "no register FIS");
	set(CMD, 0x16), set(0x00, 0x7ffffc00), set(CMD, 0x17);
	issue(1, false);
	expect_event(HOST, "a list that is nowhere");
	conf(4, 2);
	command(0, READ_DMA, 9, 1, false), prd(0, MEM, 512), issue(1, false);
	CHECK_EQ(port(CI), 1, "no bus master");
	conf(4, 6);
	CHECK_EQ(port(CI), 0, "now it may");
}

static void test_resets(void)
{
	disk.later = true;
	command(0, READ_Q, 1, 8, false), prd(0, MEM, 4096), issue(1, true);
	set(SCTL, 0x301), set(SCTL, 0x300);
	CHECK_EQ(port(SSTS) & 15, 1, "the link waits for what is in flight");
	CHECK_EQ(port(TFD) & 0x80, 0x80, "busy");
	CHECK(hba_busy(h), "so does the machine's reset");
	mem_disk_finish(&disk, 0, 0);
	CHECK(port(SSTS) == 0x123 && port(TFD) == 0x150 && !hba_busy(h), "up again");
	start();
	command(0, READ_DMA, 1, 8, false), prd(0, MEM, 4096), issue(1, false);
	wr(4, 0x80000001);
	CHECK_EQ(port(SSTS) & 15, 1, "the adapter's reset, too");
	mem_disk_finish(&disk, 0, 0);
	CHECK_EQ(port(SSTS), 0x123, "up again");
	disk.later = false;
	start();
	command(0, 0, 0, 0, false), fake_ram[TABLES + 1] = 0, fake_ram[TABLES + 15] = 4;
	issue(1, false);
	fake_ram[TABLES + 15] = 0;
	issue(1, false);
	CHECK(!port(CI) && port(TFD) == 0x150, "a soft reset by control FIS");
	hba_reset(h);
	CHECK_EQ(port(CMD) & 0xc011, 0, "as at power-up");
}

static void message(void *opaque, u64 at, u32 data)
{
	(void)opaque;
	messages += at == 0xfee00000 && data == 0x55;
}

int main(void)
{
	struct irq_line none = { NULL, NULL, 0 }, l = wire_line(&intx);
	struct blockdev b = { .opaque = &disk, .sectors = SECTORS, .submit = mem_disk_submit };
	const struct blockdev *disks[HBA_PORTS] = { &b };

	media = disk.data = malloc(SECTORS * 512);
	for (unsigned k = 0; k < SECTORS * 512; k++)
		media[k] = (u8)(k * 11 + k / 512);
	fake_time_reset(1000000000);
	bus = bus_create();
	pci = pci_create(bus, &none);
	pci_on_message(pci, message, NULL);
	h = hba_create(pci, PCI_DEVFN(DEV, 0), &l, disks);
	conf(0x24, ABAR), conf(4, 6);
	test_up();
	test_simple();
	test_queued();
	test_message();
	test_errors();
	test_careless();
	test_resets();
	free(media);
	return check_done();
}
