/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A CD-ROM behind the bus master of the IDE controller's second channel, if there is one; its
 * medium is what tools/mkdisk.py makes, too. Expectations: ATA/ATAPI-6 §9.9, MMC-3. Not the packet
 * commands' details: qemu-test/unit/test_atapi.c.
 */
#include "guestimg/tests/disk_lib.h"

enum { CD = 0x170, CD_BM = 0xc008, CD_SECTOR = 2048, TABLE = FREE, LAST = 0x8000 };
enum { START_TO_MEMORY = 9, ACTIVE = 1, ERROR = 2, INTR = 4 };

static void wait_ready(void)
{
	for (u32 since = tsc(); inb(CD + 7) & 0x80 && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
}

/* Send a packet; `features` 1: its data go by bus master. */
static void packet(const u8 *p, u8 features)
{
	outb(CD + 6, 0xa0);
	outb(CD + 1, features), outb(CD + 4, 0xfe), outb(CD + 5, 0xff);
	outb(CD + 7, 0xa0);
	wait_ready();
	for (u32 k = 0; k < 12; k += 2)
		outw(CD, (u16)(p[k] | p[k + 1] << 8));
}

/* Read sectors by READ (10) or (12) into two regions; the bus master's status at the end. */
static u8 cd_read(bool twelve, u32 lba, u8 count, u32 at)
{
	u8 p[12] = { twelve ? 0xa8 : 0x28, 0, 0, 0, (u8)(lba >> 8), (u8)lba };
	volatile u32 *table = (volatile u32 *)TABLE;
	u8 status;

	p[twelve ? 9 : 8] = count;
	table[0] = at, table[1] = 1000;
	table[2] = at + 1000, table[3] = (count * CD_SECTOR - 1000u) | (u32)LAST << 16;
	outb(CD_BM, 0);
	outb(CD_BM + 2, INTR | ERROR);
	outl(CD_BM + 4, TABLE);
	packet(p, 1);
	outb(CD_BM, START_TO_MEMORY);
	for (u32 since = tsc(); !(inb(CD_BM + 2) & INTR) && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
	status = inb(CD_BM + 2) & 7;
	outb(CD_BM, 0);
	return status;
}

void test_cd(void)
{
	const u8 ready[12] = { 0 };
	u16 id[256];

	outb(CD + 6, 0xa0);
	if (inb(CD + 4) != 0x14 || inb(CD + 5) != 0xeb)
		return;			/* no packet device */
	test("CD-ROM by bus master");
	packet(ready, 0), wait_ready();		/* the news that it was reset */
	packet(ready, 0), wait_ready();
	expect("ready", inb(CD + 7), 0x50);
	outb(CD + 7, 0xa1), wait_ready();
	for (u32 k = 0; k < 256; k++)
		id[k] = inw(CD);
	expect("identify: LBA, DMA", id[49] >> 8 & 3, 3);
	for (u32 k = 0; k < 2; k++) {
		memset((void *)BUF, 0xaa, 0x10000);
		expect("bus master", cd_read(k, 33 + k, 20, BUF), INTR);
		expect("the drive's", inb(CD + 7), 0x50);
		expect_sectors(BUF, (33 + k) * 4, 80);
		expect("behind it", *(u32 *)(BUF + 20 * CD_SECTOR), 0xaaaaaaaa);
	}
	expect("beyond the end: no data", cd_read(false, 0xffff, 1, BUF) & ERROR, 0);
	expect("but an error", inb(CD + 7) & 1, 1);
}
