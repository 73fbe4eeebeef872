/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AHCI adapter by itself, port 0, on the disk that tools/mkdisk.py makes: commands, queued and
 * not, lists that cannot be, errors, an interrupt by message; and what a sector costs.
 * Expectations: AHCI 1.2, ATA8-ACS. The disk is written to, from sector SCRATCH on. Not what the
 * disk's commands do in detail: qemu-test/unit/test_hba.c, test_ide.c.
 */
#include "guestimg/tests/disk_lib.h"

enum { FUNCTION = 8 << 3, ABAR = 5, ABAR_SIZE = 0x1000, CAP_MSI = 5 };
#define HBA 0xe0000000u
enum { CAP = 0x00, GHC = 0x04, HIS = 0x08, PI = 0x0c, VS = 0x10 };
enum { CLB = 0x100, CLBU = 0x104, FB = 0x108, FBU = 0x10c, IS = 0x110, IE = 0x114, CMD = 0x118,
	TFD = 0x120, SIG = 0x124, SSTS = 0x128, SCTL = 0x12c, SERR = 0x130, SACT = 0x134,
	CI = 0x138 };
enum { GHC_RESET = 1, GHC_INTERRUPTS = 2, ST = 1, FRE = 0x10, FR = 0x4000, CR = 0x8000 };
enum { DHR = 1, PIO = 2, SDB = 8, OVERFLOW = 1 << 24, HOST_BUS = 1 << 29, TASK = 1 << 30 };
enum { READ_DMA = 0x25, WRITE_DMA = 0x35, READ_QUEUED = 0x60, WRITE_QUEUED = 0x61, IDENTIFY = 0xec,
	FLUSH = 0xea, READ_LOG = 0x2f };
/* In RAM: 32 headers, what the device sends, and a table for each slot. */
enum { LIST = FREE, RECEIVED = FREE + 0x1000, TABLES_AT = FREE + 0x2000, TABLE_SIZE = 0x400 };
enum { PRDS = 0x80, TO_DEVICE = 0x40, H2D = 0x27 };

static u32 hba(u32 at) { return *(volatile u32 *)(HBA + at); }
static void hba_set(u32 at, u32 v) { *(volatile u32 *)(HBA + at) = v; }
static u8 *received(u32 at) { return (u8 *)(RECEIVED + at); }

/* -- The driver ------------------------------------------------------------------ */

static bool wait_for(u32 at, u32 bits, u32 want)
{
	for (u32 since = tsc(); (hba(at) & bits) != want && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
	return (hba(at) & bits) == want;
}

/* Stopped, then started anew: after an error, too (10.4). */
static void restart(void)
{
	hba_set(CMD, hba(CMD) & ~ST);
	expect("CR", wait_for(CMD, CR, 0), 1);
	hba_set(SERR, ~0u), hba_set(IS, ~0u), hba_set(HIS, ~0u);
	hba_set(CMD, hba(CMD) | FRE | ST);
}

static u8 *table_of(u32 slot) { return (u8 *)(TABLES_AT + slot * TABLE_SIZE); }

/* A register FIS and no memory yet. */
static void command(u32 slot, u8 cmd, u32 lba, u32 count)
{
	u8 *fis = table_of(slot);
	u32 *header = (u32 *)(LIST + 32 * slot);
	bool queued = cmd == READ_QUEUED || cmd == WRITE_QUEUED;

	memset(fis, 0, 20);
	fis[0] = H2D, fis[1] = 0x80, fis[2] = cmd, fis[7] = 0x40;
	for (u32 k = 0; k < 3; k++)
		fis[4 + k] = (u8)(lba >> 8 * k);
	fis[8] = lba >> 24;
	fis[queued ? 3 : 12] = (u8)count, fis[queued ? 11 : 13] = count >> 8;
	if (queued)
		fis[12] = slot << 3;
	header[0] = 5 | (cmd == WRITE_DMA || cmd == WRITE_QUEUED ? TO_DEVICE : 0);
	header[1] = 0, header[2] = AT(fis), header[3] = 0;
}

static void prd(u32 slot, u32 at, u32 size)
{
	u32 *header = (u32 *)(LIST + 32 * slot), n = header[0] >> 16;
	u32 *entry = (u32 *)(table_of(slot) + PRDS + 16 * n);

	entry[0] = at, entry[1] = entry[2] = 0, entry[3] = size - 1;
	header[0] += 1 << 16;
}

/* The command of a slot, to its end; false if that is none. */
static bool run_slot(u32 slot)
{
	hba_set(CI, 1 << slot);
	if (!expect("CI", wait_for(CI, 1 << slot, 0), 1))
		return false;
	hba_set(IS, ~0u);
	return expect("task file", hba(TFD) & 0xff, 0x50);
}

static bool move(u8 cmd, u32 lba, u32 at, u32 size)
{
	command(0, cmd, lba, size / SECTOR);
	prd(0, at, size);
	return run_slot(0);
}

static bool move_queued(u8 cmd, u32 slot, u32 lba, u32 at, u32 size)
{
	command(slot, cmd, lba, size / SECTOR);
	prd(slot, at, size);
	hba_set(SACT, 1 << slot);
	hba_set(CI, 1 << slot);
	return expect("SACT", wait_for(SACT, 1 << slot, 0), 1);
}

/* -- Good commands ----------------------------------------------------------------- */

static void test_function(void)
{
	test("PCI function");
	expect("class", pci_get(FUNCTION, PCI_CLASS) >> 8, 0x010601);
	expect("size of the BAR", pci_place(FUNCTION, ABAR, HBA), ABAR_SIZE);
	pci_set(FUNCTION, PCI_COMMAND, PCI_MASTER);
	hba_set(GHC, GHC_RESET);
	expect("reset is over", wait_for(GHC, GHC_RESET, 0), 1);
	expect("AHCI mode", hba(GHC), 0x80000000);
	expect("NCQ, 64 bits, AHCI only", hba(CAP) & 0xc0040000, 0xc0040000);
	expect("port 0", hba(PI) & 1, 1);
	expect("version", hba(VS), 0x10200);
}

static void test_port(void)
{
	test("COMRESET");
	hba_set(CLB, LIST), hba_set(CLBU, 0), hba_set(FB, RECEIVED), hba_set(FBU, 0);
	expect("idle", hba(CMD) & (ST | CR), 0);
	hba_set(CMD, hba(CMD) | FRE);
	hba_set(SCTL, 1);
	hba_set(SCTL, 0);
	expect("link", wait_for(SSTS, 0xf0f, 0x103), 1);
	expect("ready", wait_for(TFD, 0x89, 0), 1);
	expect("a disk's signature", hba(SIG), 0x101);
	expect("its FIS", received(0x40)[0], 0x34);
	restart();
}

static void test_identify(void)
{
	u16 *w = (u16 *)BUF;

	test("IDENTIFY DEVICE, data by PIO");
	command(0, IDENTIFY, 0, 0);
	prd(0, BUF, SECTOR);
	hba_set(IS, ~0u);
	hba_set(CI, 1);
	expect("CI", wait_for(CI, 1, 0), 1);
	expect("PIO set-up", received(0x20)[0], 0x5f);
	expect("events", hba(IS) & PIO, PIO);
	expect("sectors", w[100] | w[101] << 16, DISK_SECTORS);
	expect("48 bits", w[83] & 0x400, 0x400);
	expect("NCQ", w[76] & 0x100, 0x100);
	expect("depth", w[75], 31);
	hba_set(IS, ~0u);
}

static void test_read(void)
{
	test("regions all over");
	memset((void *)BUF, 0xaa, 0x10000);
	command(3, READ_DMA, 7, 18);
	prd(3, BUF + 0xff0, 0x1010), prd(3, BUF + 0x8000, 0x3f0), prd(3, BUF + 0x5000, 0x1000);
	if (!run_slot(3))
		return;
	expect("moved", ((u32 *)(LIST + 32 * 3))[1], 18 * SECTOR);
	memcpy((void *)OTHER, (void *)(BUF + 0xff0), 0x1010);
	memcpy((void *)(OTHER + 0x1010), (void *)(BUF + 0x8000), 0x3f0);
	memcpy((void *)(OTHER + 0x1400), (void *)(BUF + 0x5000), 0x1000);
	expect_sectors(OTHER, 7, 18);
	expect("before", *(u32 *)(BUF + 0xfec), 0xaaaaaaaa);
	expect("after", *(u32 *)(BUF + 0x2000), 0xaaaaaaaa);
	test("2 MiB in one region");
	if (move(READ_DMA, 100, FREE + 0x400000, 0x200000))
		expect_sectors(FREE + 0x400000, 100, 4096);
}

static void test_write(void)
{
	test("what was written is there");
	for (u32 k = 0; k < 0x1000; k++)
		((u32 *)BUF)[k] = rnd();
	move(WRITE_DMA, SCRATCH, BUF, 0x2000);
	move_queued(WRITE_QUEUED, 9, SCRATCH + 16, BUF + 0x2000, 0x2000);
	command(0, FLUSH, 0, 0);
	run_slot(0);
	memset((void *)OTHER, 0, 0x4000);
	if (move(READ_DMA, SCRATCH, OTHER, 0x4000))
		expect("the same", !memcmp((void *)OTHER, (void *)BUF, 0x4000), 1);
}

static void test_queued(void)
{
	test("queued commands");
	memset(received(0x58), 0, 8);
	for (u32 slot = 0; slot < 32; slot++) {
		command(slot, READ_QUEUED, 64 + 64 * slot, 16);
		prd(slot, BUF + 0x2000 * slot, 0x1000);
		prd(slot, BUF + 0x2000 * slot + 0x1000, 0x1000);
	}
	hba_set(IS, ~0u);
	hba_set(SACT, ~0u);
	hba_set(CI, ~0u);
	expect("SACT", wait_for(SACT, ~0u, 0), 1);
	expect("CI", hba(CI), 0);
	expect("set device bits", hba(IS) & SDB, SDB);
	expect("its FIS", received(0x58)[0], 0xa1);
	for (u32 slot = 0; slot < 32; slot++)
		expect_sectors(BUF + 0x2000 * slot, 64 + 64 * slot, 16);
}

static void test_interrupt(void)
{
	u32 msi = pci_capability(FUNCTION, CAP_MSI, 0), was = message_count;
	bool wide;

	test("interrupt by message");
	if (!expect("MSI", msi != 0, 1))
		return;
	wide = pci_get(FUNCTION, msi) >> 16 & 0x80;
	pci_set(FUNCTION, msi + 4, 0xfee00000);
	pci_set(FUNCTION, msi + 8, wide ? 0 : VEC_DISK);
	if (wide)
		pci_set(FUNCTION, msi + 12, VEC_DISK);
	pci_set(FUNCTION, msi, pci_get(FUNCTION, msi) | 0x10000);
	hba_set(IS, ~0u), hba_set(HIS, ~0u);
	hba_set(IE, DHR | SDB | TASK);
	hba_set(GHC, GHC_INTERRUPTS);
	command(0, READ_DMA, 300, 64);
	prd(0, BUF, 0x8000);
	memset((void *)BUF, 0, 0x8000);
	hba_set(CI, 1);
	message_wait(was);
	expect("how many", message_count, was + 1);
	expect("whose", hba(HIS), 1);
	expect("events", hba(IS), DHR);
	expect_sectors(BUF, 300, 64);
	hba_set(IS, ~0u), hba_set(HIS, ~0u);
	expect("none is left", hba(HIS), 0);
}

typedef u32 (*function)(void);

/* mov $value, %eax; ret */
static void put_function(u32 at, u32 value)
{
	*(u8 *)at = 0xb8;
	memcpy((void *)(at + 1), &value, 4);
	*(u8 *)(at + 5) = 0xc3;
}

static void test_code(void)
{
	function f = (function)(CODE + 0x104);

	test("over code");
	put_function(BUF + 0x104, 1000);
	move(WRITE_DMA, SCRATCH, BUF, SECTOR);
	for (u32 k = 0; k < 20; k++) {
		put_function(AT(f), k);
		expect("before", f(), k);
		if (k & 1)
			move(READ_DMA, SCRATCH, CODE, SECTOR);
		else
			move_queued(READ_QUEUED, k, SCRATCH, CODE, SECTOR);
		expect("after", f(), 1000);
	}
}

/* -- What cannot be -------------------------------------------------------------------- */

static void expect_halt(u32 slot, const char *what, u32 event)
{
	hba_set(IS, ~0u);
	hba_set(CI, 1 << slot);
	expect(what, wait_for(IS, event, event), 1);
	restart();
	expect("CI", hba(CI), 0);
}

static void test_hostile(void)
{
	test("regions that are no RAM");
	command(0, READ_DMA, 5, 1), prd(0, 0xfee00000, SECTOR);
	expect_halt(0, "the local APIC's page", HOST_BUS);
	command(1, READ_DMA, 5, 4), prd(1, RAM_SIZE - 0x200, 0x800);
	expect_halt(1, "over the end of RAM", HOST_BUS);
	command(0, READ_DMA, 5, 1), prd(0, 0xffffff00, 0x200);
	expect_halt(0, "the top of the address space", HOST_BUS);
	command(0, IDENTIFY, 0, 0), prd(0, 0xdffffe00, SECTOR);
	expect_halt(0, "a hole, by PIO", HOST_BUS);
	test("a list that is too short");
	command(2, READ_DMA, 5, 8), prd(2, BUF, SECTOR);
	expect_halt(2, "overflow", OVERFLOW);
	test("tables that are nowhere");
	command(0, READ_DMA, 5, 1), prd(0, BUF, SECTOR);
	((u32 *)LIST)[2] = 0xdfffff80;
	expect_halt(0, "the command's", HOST_BUS);
	command(0, READ_DMA, 5, 1), prd(0, BUF, SECTOR);
	((u32 *)LIST)[0] = 2 | 1 << 16;
	expect_halt(0, "a FIS of two words", HOST_BUS);
	hba_set(CMD, hba(CMD) & ~ST);
	hba_set(CLB, 0xdffffc00);
	hba_set(CMD, hba(CMD) | ST);
	expect_halt(0, "the list of commands", HOST_BUS);
	hba_set(CMD, hba(CMD) & ~ST);
	hba_set(CLB, LIST);
	restart();
	if (move(READ_DMA, 11, BUF, SECTOR))
		expect_sector((void *)BUF, 11);
}

static void test_errors(void)
{
	test("beyond the disk");
	command(0, READ_DMA, DISK_SECTORS - 1, 2), prd(0, BUF, 2 * SECTOR);
	hba_set(IS, ~0u);
	hba_set(CI, 1);
	expect("task file error", wait_for(IS, TASK, TASK), 1);
	expect("ERR, IDNF", hba(TFD) & 0x1001, 0x1001);
	expect("whose", hba(CI), 1);
	restart();
	test("a queued one beyond it");
	command(4, READ_QUEUED, 3, 1), prd(4, BUF, SECTOR);
	command(6, READ_QUEUED, DISK_SECTORS, 1), prd(6, BUF + SECTOR, SECTOR);
	hba_set(SACT, 1 << 4 | 1 << 6);
	hba_set(CI, 1 << 4 | 1 << 6);
	expect("task file error", wait_for(IS, TASK, TASK), 1);
	expect("SACT", hba(SACT) & 1 << 6, 1 << 6);
	restart();
	command(0, READ_LOG, 0x10, 1), prd(0, BUF, SECTOR);
	if (run_slot(0)) {
		expect("the log's tag", *(u8 *)BUF, 6);
		expect("its sector", *(u8 *)(BUF + 4) | *(u8 *)(BUF + 5) << 8, DISK_SECTORS);
	}
	if (move_queued(READ_QUEUED, 5, 12, BUF, SECTOR))
		expect_sector((void *)BUF, 12);
}

static void test_stop(void)
{
	test("stopped in the middle");
	for (u32 k = 0; k < 8; k++) {
		command(1, k & 1 ? READ_QUEUED : READ_DMA, 64 * k + 64, 64), prd(1, BUF, 0x8000);
		if (k & 1)
			hba_set(SACT, 2);
		hba_set(CI, 2);
		restart();
		memset((void *)BUF, 0x55, 0x8000);
		if (move(READ_DMA, 3, OTHER, SECTOR))
			expect_sector((void *)OTHER, 3);
		expect("nothing comes late", *(u32 *)(BUF + 0x7ffc), 0x55555555);
	}
}

/* -- What it costs ------------------------------------------------------------------------ */

enum { MOST = 300 };

static void issue(bool queued)
{
	command(0, queued ? READ_QUEUED : READ_DMA, 1000, COST_SECTORS);
	for (u32 k = 0; k < 16; k++)
		prd(0, BUF + 0x2000 * k, 0x1000);
	if (queued)
		hba_set(SACT, 1);
	hba_set(CI, 1);
}

/* From the FIS to the end, interrupts off. */
static u32 sector(bool queued)
{
	u32 since = tsc();

	for (u32 round = 0; round < COST_ROUNDS; round++) {
		issue(queued);
		while (hba(queued ? SACT : CI))
			;
		hba_set(IS, ~0u);
	}
	return (tsc() - since) / (COST_SECTORS * COST_ROUNDS);
}

/* With an interrupt for each; a plugin counts what was executed, not waited. */
static void sectors_marked(u8 row)
{
	mark(row);
	for (u32 round = 0; round < COST_ROUNDS; round++) {
		u32 was = message_count;

		issue(true);
		message_sleep(was);
		hba_set(IS, ~0u), hba_set(HIS, ~0u);
	}
	mark(0);
}

/* By its serial number, which is its name: the file that guest-ahci has. */
static bool in_memory(void)
{
	command(0, IDENTIFY, 0, 0);
	prd(0, BUF, SECTOR);
	return run_slot(0) && !memcmp((void *)(BUF + 20), "idks", 4);
}

static void test_cost(void)
{
	u32 plain, queued;

	test("what a sector costs");
	if (!have_counters() || !counts_instructions()) {
		skip("the TSC does not count instructions");
		return;
	}
	if (in_memory()) {
		plain = sector(false), plain = sector(false);
		queued = sector(true), queued = sector(true);
		cost("a sector by AHCI", plain, MOST);
		cost("a sector by AHCI, queued", queued, MOST);
	}
	for (u8 k = 0; k < MARKED; k++)
		sectors_marked(10 + k);
}

void main(void)
{
	timer_init();
	message_init();
	test_function();
	test_port();
	test_identify();
	test_read();
	test_write();
	test_queued();
	test_interrupt();
	test_code();
	test_hostile();
	test_errors();
	test_stop();
	test_cost();
	finish("ahci");
}
