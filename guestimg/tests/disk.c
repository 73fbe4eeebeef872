/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bus master of the IDE controller by itself, on the disk that tools/mkdisk.py makes: good
 * tables and bad ones, code and page tables under it, BAR 4 moved, the machine reset in the middle.
 * Expectations: 82371SB datasheet, Bus Master IDE rev. 1.0. The disk is written to, from sector
 * SCRATCH on. Not the commands' details: qemu-test/unit/test_ide_dma.c.
 */
#include "guestimg/tests/disk_lib.h"

enum { IDE = 0x1f0, CONTROL = 0x3f6, BM0 = 0xc000, BM1 = 0xd000, FUNCTION = 1 << 3 | 1 };
enum { BM_COMMAND = 0, BM_STATUS = 2, BM_TABLE = 4, START = 1, TO_MEMORY = 8 };
enum { ACTIVE = 1, ERROR = 2, INTR = 4, LAST = 0x8000 };
enum { READ_DMA = 0x25, WRITE_DMA = 0x35, IRQ14 = VEC_PIT + 14, TABLE = FREE };
enum { CMOS_STEP = 0x72, MAGIC = 0x5a };

static u16 bm = BM0;
static u32 prds;

static u8 cmos(u8 index) { outb(0x70, index); return inb(0x71); }
static void cmos_set(u8 index, u8 v) { outb(0x70, index), outb(0x71, v); }

/* -- The driver ------------------------------------------------------------------ */

static void table_at(u32 at)
{
	outb(bm + BM_COMMAND, 0);
	outb(bm + BM_STATUS, INTR | ERROR);
	outl(bm + BM_TABLE, at);
	prds = 0;
}

static void prd(u32 at, u32 size, u32 flags)
{
	volatile u32 *to = (volatile u32 *)(TABLE + 8 * prds++);

	to[0] = at;
	to[1] = (size & 0xffff) | flags << 16;
}

static void command(u8 cmd, u32 lba, u32 count)
{
	outb(IDE + 6, 0x40);
	outb(IDE + 2, count >> 8), outb(IDE + 2, (u8)count);
	outb(IDE + 3, lba >> 24), outb(IDE + 4, 0), outb(IDE + 5, 0);
	outb(IDE + 3, (u8)lba), outb(IDE + 4, (u8)(lba >> 8)), outb(IDE + 5, (u8)(lba >> 16));
	outb(IDE + 7, cmd);
}

static void begin(u8 cmd, u32 lba, u32 count)
{
	command(cmd, lba, count);
	outb(bm + BM_COMMAND, START | (cmd == READ_DMA ? TO_MEMORY : 0));
}

/* Until the drive or the bus master has something to say; the bus master's status. */
static u8 wait_for(u8 bits)
{
	u32 since = tsc();

	while (!(inb(bm + BM_STATUS) & bits) && tsc() - since < 2000 * MS)
		__asm__ volatile("pause");
	return inb(bm + BM_STATUS) & 7;
}

/* The whole of a transfer; false if it does not end well. */
static bool end(void)
{
	u8 status = wait_for(INTR), drive;

	outb(bm + BM_COMMAND, 0);
	drive = inb(IDE + 7);
	outb(bm + BM_STATUS, INTR | ERROR);
	return expect("bus master's status", status & ~ACTIVE, INTR) &&
	       expect("the drive's", drive, 0x50);
}

static void soft_reset(void)
{
	outb(bm + BM_COMMAND, 0);
	outb(bm + BM_STATUS, INTR | ERROR);
	outb(CONTROL, 4), outb(CONTROL, 0);
	for (u32 since = tsc(); inb(CONTROL) & 0x80 && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
	expect("ready after SRST", inb(CONTROL), 0x50);
}

/* -- Good tables ------------------------------------------------------------------- */

static void test_function(void)
{
	test("PCI function");
	expect("programming interface", pci_get(FUNCTION, 8) >> 8, 0x010180);
	pci_set(FUNCTION, 0x20, 0xffffffff);
	expect("size of BAR 4", pci_get(FUNCTION, 0x20), 0xfffffff1);
	pci_set(FUNCTION, 0x20, BM0);
	pci_set(FUNCTION, 4, 5);
	expect("command", pci_get(FUNCTION, 4) & 7, 5);
	expect("idle", inb(bm + BM_STATUS) & 7, 0);
}

static void test_read(void)
{
	test("regions all over");
	table_at(TABLE);
	memset((void *)BUF, 0xaa, 0x20000);
	prd(BUF + 0xff0, 0x1010, 0), prd(BUF + 0x8000, 0x3f0, 0), prd(BUF + 0x5000, 0x1000, LAST);
	begin(READ_DMA, 7, 18);
	if (!end())
		return;
	memcpy((void *)OTHER, (void *)(BUF + 0xff0), 0x1010);
	memcpy((void *)(OTHER + 0x1010), (void *)(BUF + 0x8000), 0x3f0);
	memcpy((void *)(OTHER + 0x1400), (void *)(BUF + 0x5000), 0x1000);
	for (u32 k = 0; k < 18; k++)
		expect_sector((void *)(OTHER + k * SECTOR), 7 + k);
	expect("before", *(u32 *)(BUF + 0xfec), 0xaaaaaaaa);
	expect("after", *(u32 *)(BUF + 0x2000), 0xaaaaaaaa);
	test("64 KiB and more");
	table_at(TABLE);
	for (u32 k = 0; k < 32; k++)
		prd(BUF, 0, k == 31 ? LAST : 0);
	begin(READ_DMA, 100, 4096);
	if (end())
		for (u32 k = 0; k < 128; k++)
			expect_sector((void *)(BUF + k * SECTOR), 100 + 4096 - 128 + k);
}

static void pio_read(u32 lba, u32 at)
{
	u32 n = 256;

	command(0x24, lba, 1);
	while ((inb(IDE + 7) & 0x88) != 8)
		;
	__asm__ volatile("rep insw" : "+D"(at), "+c"(n) : "d"(IDE) : "memory");
}

static void test_write(void)
{
	test("what was written is there");
	for (u32 k = 0; k < 0x1000; k++)
		((u32 *)BUF)[k] = rnd();
	table_at(TABLE);
	for (u32 k = 0; k < 8; k++)
		prd(BUF + 0x800 * (7 - k), 0x800, k == 7 ? LAST : 0);
	begin(WRITE_DMA, SCRATCH, 32);
	if (!end())
		return;
	command(0xea, 0, 0);
	while (inb(CONTROL) & 0x80)
		;
	expect("FLUSH CACHE EXT", inb(IDE + 7), 0x50);
	for (u32 k = 0; k < 32; k++) {
		pio_read(SCRATCH + k, OTHER);
		expect("the same by PIO", !memcmp((void *)OTHER,
			(void *)(BUF + 0x800 * (7 - k / 4) + k % 4 * SECTOR), SECTOR), 1);
	}
}

static u32 interrupts;

static bool on_irq14(struct trap *t)
{
	(void)t;
	interrupts++;
	outb(0xa0, 0x20), outb(0x20, 0x20);
	return true;
}

/* The processor goes on; the interrupt comes once, when all is in memory. */
static void test_interrupt(void)
{
	u32 since;

	test("interrupt");
	on_trap[IRQ14] = on_irq14;
	interrupts = 0;
	table_at(TABLE);
	prd(BUF, 0x8000, LAST);
	memset((void *)BUF, 0, 0x8000);
	inb(IDE + 7);
	outb(0x21, 0xfb), outb(0xa1, 0xbf);
	begin(READ_DMA, 300, 64);
	__asm__ volatile("sti");
	for (since = tsc(); !*(volatile u32 *)&interrupts && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
	expect_sector((void *)(BUF + 63 * SECTOR), 363);
	for (since = tsc(); tsc() - since < 2 * MS;)
		__asm__ volatile("pause");
	__asm__ volatile("cli");
	outb(0x21, 0xff), outb(0xa1, 0xff);
	expect("how many", interrupts, 1);
	end();
}

/* -- What the processor has made of memory --------------------------------------------- */

typedef u32 (*function)(void);

/* mov $value, %eax; ret */
static void put_function(u32 at, u32 value)
{
	*(u8 *)at = 0xb8;
	memcpy((void *)(at + 1), &value, 4);
	*(u8 *)(at + 5) = 0xc3;
}

static bool move(u8 cmd, u32 lba, u32 at, u32 size)
{
	table_at(TABLE);
	prd(at, size, LAST);
	begin(cmd, lba, size / SECTOR);
	return end();
}

static void test_code(void)
{
	function f = (function)(CODE + 0x104);

	test("over code");
	for (u32 k = 0; k < 20; k++) {
		put_function(BUF + 0x104, 1000 + k);
		if (!move(WRITE_DMA, SCRATCH + k, BUF, SECTOR))
			return;
	}
	for (u32 k = 0; k < 40; k++) {
		put_function(AT(f), k);
		expect("before", f(), k);
		if (!move(READ_DMA, SCRATCH + k % 20, CODE, SECTOR))
			return;
		expect("after", f(), 1000 + k % 20);
	}
}

static void test_page_table(void)
{
	u32 *pd = pd_new(), *table, page[2] = { page_new(), page_new() };

	test("over a page table");
	*(u32 *)page[0] = 0x11111111;
	*(u32 *)page[1] = 0x22222222;
	map(pd, WINDOW, page[0], P | W | A | D);
	table = (u32 *)(pd[WINDOW >> 22] & ~0xfffu);
	for (u32 k = 0; k < 2; k++) {
		memset((void *)BUF, 0, SECTOR);
		*(u32 *)BUF = page[k] | P | W | A | D;
		if (!move(WRITE_DMA, SCRATCH + k, BUF, SECTOR))
			return;
	}
	for (u32 k = 1; k < 40; k++) {
		load_cr3(pd);
		expect("before", *(volatile u32 *)WINDOW, k & 1 ? 0x11111111 : 0x22222222);
		if (!move(READ_DMA, SCRATCH + k % 2, AT(table), SECTOR))
			break;
		if (k % 3)
			load_cr3(pd);
		else
			invlpg(WINDOW);
		expect("after", *(volatile u32 *)WINDOW, k & 1 ? 0x22222222 : 0x11111111);
	}
	load_cr3(kernel_pd);
}

/* -- Bad tables -------------------------------------------------------------------------- */

static void expect_error(const char *what)
{
	expect(what, wait_for(ERROR), ERROR);
	expect("the drive waits", inb(CONTROL) & 0x80, 0x80);
	soft_reset();
}

static void test_hostile(void)
{
	test("tables that are nowhere");
	table_at(0xdffffff8);
	begin(READ_DMA, 5, 1);
	expect_error("in a hole");
	table_at(RAM_SIZE - 4);
	begin(READ_DMA, 5, 1);
	expect_error("half in RAM");
	table_at(0xfee00000);
	begin(READ_DMA, 5, 1);
	expect_error("in a device");
	test("regions that are no RAM");
	table_at(TABLE);
	prd(BUF, SECTOR, 0), prd(0xfee00000, SECTOR, LAST);
	begin(READ_DMA, 5, 2);
	expect_error("the local APIC's page");
	expect_sector((void *)BUF, 5);
	table_at(TABLE);
	prd(RAM_SIZE - 0x200, 0x400, LAST);
	begin(READ_DMA, 5, 2);
	expect_error("over the end of RAM");
	expect_sector((void *)(RAM_SIZE - 0x200), 5);
	table_at(TABLE);
	prd(0xffff0000, 0, LAST);
	begin(READ_DMA, 5, 1);
	expect_error("the firmware");
	table_at(TABLE);
	prd(0xffffff00, 0x200, LAST);
	begin(READ_DMA, 5, 1);
	expect_error("the top of the address space");
	test("a table over itself");
	table_at(TABLE);
	prd(TABLE, 0x1000, 0), prd(BUF, 0x1000, LAST);
	begin(READ_DMA, 5, 8);
	end();
	expect_sector((void *)TABLE, 5);
}

static void test_short(void)
{
	test("a table that is too short");
	table_at(TABLE);
	prd(BUF, SECTOR, LAST);
	begin(READ_DMA, 40, 2);
	for (u32 since = tsc(); inb(bm + BM_STATUS) & ACTIVE && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
	expect("neither active nor an interrupt", inb(bm + BM_STATUS) & 7, 0);
	table_at(TABLE);
	prd(BUF + 0x1000, SECTOR, LAST);
	outb(bm + BM_COMMAND, START | TO_MEMORY);
	if (end())
		expect_sector((void *)(BUF + 0x1000), 41);
	test("regions of two bytes");
	table_at(TABLE);
	for (u32 k = 0; k < 2048; k++)
		prd(BUF + 2 * k * (k < 256 ? 7 : 1), 2, k == 2047 ? LAST : 0);
	begin(READ_DMA, 50, 8);
	if (end())
		for (u32 k = 4; k < 8; k++)
			expect_sector((void *)(BUF + k * SECTOR), 50 + k);
}

/* -- PCI ------------------------------------------------------------------------------------ */

static void test_pci(void)
{
	test("bus master off");
	pci_set(FUNCTION, 4, 1);
	table_at(TABLE);
	prd(BUF, SECTOR, LAST);
	begin(READ_DMA, 60, 1);
	expect("nothing moves", wait_for(0x80), ACTIVE);
	pci_set(FUNCTION, 4, 5);
	if (end())
		expect_sector((void *)BUF, 60);
	test("BAR 4 moved in the middle");
	for (u32 k = 0; k < 8; k++) {
		table_at(TABLE);
		prd(BUF, 0x8000, LAST);
		begin(READ_DMA, 64 * k, 64);
		bm = bm == BM0 ? BM1 : BM0;
		pci_set(FUNCTION, 0x20, bm);
		if (end() && k)
			expect_sector((void *)BUF, 64 * k);
		expect("the old place", inb(bm == BM0 ? BM1 : BM0), 0xff);
	}
	test("stopped in the middle");
	for (u32 k = 0; k < 8; k++) {
		table_at(TABLE);
		prd(BUF, 0x8000, LAST);
		begin(READ_DMA, 64 * k + 64, 64);
		soft_reset();
		memset((void *)BUF, 0x55, 0x8000);
		if (move(READ_DMA, 3, OTHER, SECTOR))
			expect_sector((void *)OTHER, 3);
		expect("nothing comes late", *(u32 *)(BUF + 0x7ffc), 0x55555555);
	}
}

/* -- What it costs, where the TSC counts the host's instructions (-icount) --------------------- */

enum { DMA_MOST = 300, PIO_MOST = 4000 };

static u32 sector_by_pio(void)
{
	u32 since = tsc(), at = BUF;

	command(0x29, 0, COST_SECTORS);	/* READ MULTIPLE EXT, 16 at once */
	for (u32 k = 0; k < COST_SECTORS; k += 16) {
		u32 n = 16 * 256;

		while ((inb(IDE + 7) & 0x88) != 8)
			;
		__asm__ volatile("rep insw" : "+D"(at), "+c"(n) : "d"(IDE) : "memory");
	}
	return (tsc() - since) / COST_SECTORS;
}

static void read_64k(void)
{
	table_at(TABLE);
	for (u32 k = 0; k < 16; k++)
		prd(BUF + 0x2000 * k, 0x1000, k == 15 ? LAST : 0);
	begin(READ_DMA, 1000, COST_SECTORS);
}

/* A request of 64 KiB in pages, from the table's address to the end, interrupts off. */
static u32 sector_by_dma(void)
{
	u32 since = tsc();

	for (u32 round = 0; round < COST_ROUNDS; round++) {
		read_64k();
		end();
	}
	return (tsc() - since) / (COST_SECTORS * COST_ROUNDS);
}

/* With an interrupt for each; a plugin counts what was executed, not waited. */
static void sectors_marked(u8 row)
{
	outb(0x21, 0xfb), outb(0xa1, 0xbf);
	mark(row);
	for (u32 round = 0; round < COST_ROUNDS; round++) {
		u32 was = interrupts;

		read_64k();
		while (*(volatile u32 *)&interrupts == was)
			__asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
		end();
	}
	mark(0);
	outb(0x21, 0xff), outb(0xa1, 0xff);
}

/* By its serial number, which is its name: the file that guest-disk has. */
static bool in_memory(void)
{
	u32 n = 256, at = BUF;

	command(0xec, 0, 0);
	while ((inb(IDE + 7) & 0x88) != 8)
		;
	__asm__ volatile("rep insw" : "+D"(at), "+c"(n) : "d"(IDE) : "memory");
	return !memcmp((void *)(BUF + 20), "idks", 4);
}

static void test_cost(void)
{
	u32 dma, pio;

	test("what a sector costs");
	if (!have_counters() || !counts_instructions()) {
		skip("the TSC does not count instructions");
		return;
	}
	if (in_memory()) {
		pio = sector_by_pio(), pio = sector_by_pio();
		dma = sector_by_dma(), dma = sector_by_dma();
		cost("a sector by PIO IDE", pio, PIO_MOST);
		cost("a sector by DMA IDE", dma, DMA_MOST);
	}
	for (u8 k = 0; k < MARKED; k++)
		sectors_marked(10 + k);
}

/* The machine's reset in the middle of a read: what comes after it owns the memory. */
static void leave(void)
{
	cmos_set(CMOS_STEP, MAGIC);
	for (u32 round = 0; round < 2; round++) {	/* a slow disk lets the second one wait */
		table_at(TABLE);
		for (u32 k = 0; k < 32; k++)
			prd(BUF + 0x8000 * k, 0x8000, k == 31 ? LAST : 0);
		begin(READ_DMA, 1000, 2048);
		if (!round)
			end();
	}
	outb(0xcf9, 2), outb(0xcf9, 6);
	for (;;)
		__asm__ volatile("hlt");
}

static bool on_timer(struct trap *t)
{
	(void)t;
	timer_eoi(TIMER_LAPIC);
	return true;
}

/* So many times ten milliseconds. */
static void nap(u32 times)
{
	on_trap[VEC_LAPIC] = on_timer;
	for (; times; times--) {
		timer_once(TIMER_LAPIC, 10000);
		__asm__ volatile("sti\n\thlt\n\tcli");
	}
}

static void come_back(void)
{
	test("reset in the middle");
	cmos_set(CMOS_STEP, 0);
	memset((void *)BUF, 0x33, 0x100000);
	nap(100);
	for (u32 k = 0; k < 0x100000; k += 4)
		if (!expect("the new owner's", *(u32 *)(BUF + k), 0x33333333))
			break;
	expect("ready", inb(CONTROL), 0x50);
	expect("no bus master", pci_get(FUNCTION, 4) & 7, 0);
	pci_set(FUNCTION, 0x20, BM0), pci_set(FUNCTION, 4, 5);
	if (move(READ_DMA, 9, BUF, SECTOR))
		expect_sector((void *)BUF, 9);
}

void main(void)
{
	timer_init();
	if (cmos(CMOS_STEP) == MAGIC) {
		come_back();
		finish("disk");
	}
	test_function();
	test_read();
	test_write();
	test_interrupt();
	test_code();
	test_page_table();
	test_hostile();
	test_short();
	test_cd();
	test_pci();
	test_cost();
	test("");			/* it is told now, not after the reset */
	leave();
}
