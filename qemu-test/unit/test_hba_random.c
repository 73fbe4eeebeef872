/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AHCI adapter under a careless driver: registers, command lists and tables as they come, good
 * ones among them, on ends that are late, in any order, with errors, over resets of every kind.
 * Says nothing of what a command does (test_hba.c); sanitizers and must() judge.
 *
 *	test_hba_random [SECONDS [SEED]]	for so long, instead of one round
 */
#include "drivers/pc/hba.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qemu-test/unit/mem_disk.h"
#include "qemu-test/unit/pc_test.h"

enum { SECTORS = 600, STEPS = 400000, ABAR = 0xe0000000, DEV = 8, DISKS = 2 };
enum { LIST = 0x1000, FIS = 0x2000, TABLES = 0x8000, MEM = 0x80000, PORT_STEP = 0x20000 };
enum { IS = 0x10, IE = 0x14, CMD = 0x18, TFD = 0x20, SSTS = 0x28, SCTL = 0x2c, SERR = 0x30,
	SACT = 0x34, CI = 0x38 };

static struct wire intx;
static struct mem_disk disk[DISKS];
static struct hba *h;
static struct pci *pci;
static u64 seed = 5;

static u32 any(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

static u32 rd(unsigned p, u32 off) { return readl(ABAR + 0x100 + 0x80 * p + off); }
static void wr(unsigned p, u32 off, u32 v) { writel(ABAR + 0x100 + 0x80 * p + off, v); }
static void put32(u32 at, u32 v) { memcpy(fake_ram + at, &v, 4); }

static void conf(u32 off, u32 v)
{
	outl(0xcf8, 0x80000000u | DEV << 11 | off);
	outl(0xcfc, v);
}

static void start(unsigned p)
{
	conf(0x24, ABAR), conf(4, 6);
	wr(p, CMD, 0);
	wr(p, SERR, ~0u), wr(p, IS, ~0u);
	wr(p, 0x00, LIST + p * PORT_STEP), wr(p, 0x04, 0);
	wr(p, 0x08, FIS + p * PORT_STEP), wr(p, 0x0c, 0);
	wr(p, SCTL, 0x300);
	wr(p, CMD, 0x16), wr(p, CMD, 0x17);
	wr(p, IE, ~0u);
	writel(ABAR + 4, 0x80000002);
}

/* A command that may well be good, in slot n. */
static void any_command(unsigned p, unsigned n)
{
	static const u8 cmds[] = { 0x60, 0x60, 0x60, 0x61, 0x61, 0x25, 0x35, 0xc8, 0xca, 0xec, 0xea,
				   0x20, 0x30, 0xc4, 0xc5, 0x2f, 0xb0, 0xef, 0xc6, 0x24, 0x34 };
	u32 table = TABLES + p * PORT_STEP + 0x400 * n, head = LIST + p * PORT_STEP + 32 * n;
	u32 k = any(6);
	u8 *f = fake_ram + table, cmd = any(30) ? cmds[any(sizeof(cmds))] : (u8)any(256);
	bool queued = cmd == 0x60 || cmd == 0x61;

	memset(f, 0, 0x80);
	f[0] = any(60) ? 0x27 : (u8)any(256), f[1] = any(40) ? 0x80 : 0, f[2] = cmd;
	f[3] = queued ? (u8)any(24) : any(4) ? 0 : (u8)any(256);
	f[4] = (u8)any(256), f[5] = (u8)any(4), f[6] = any(20) ? 0 : (u8)any(256);
	f[7] = 0x40 | (u8)(any(6) ? 0 : any(256));
	f[12] = (u8)(queued ? any(40) ? n << 3 : any(256) : any(24)), f[13] = any(20) ? 0 : 1;
	f[15] = (u8)(any(2) * 4);
	for (u32 j = 0; j < k; j++) {
		u32 at = table + 0x80 + 16 * j;

		put32(at, any(20) ? MEM + any(0x100000) : any(~0u));
		put32(at + 4, any(40) ? 0 : any(~0u));
		put32(at + 12, (any(3) ? 512 * any(20) : any(70000)) - 1);
	}
	put32(head, (any(30) ? 5 : any(32)) | (any(20) ? k : any(0x10000)) << 16);
	put32(head + 8, any(40) ? table : any(~0u)), put32(head + 12, 0);
	if (queued)
		wr(p, SACT, 1u << n);
	wr(p, CI, 1u << n);
}

static void careless(unsigned p)
{
	switch (any(9)) {
	case 0: wr(any(4), 4 * any(32), any(~0u)); break;
	case 1: rd(any(4), 4 * any(32)); break;
	case 2: writel(ABAR + 4 * any(64), any(~0u)); break;
	case 3: conf(any(2) ? 4 : 4 * any(64), any(2) ? any(8) : any(~0u)); break;
	case 4: pci_reset(pci), hba_reset(h); break;
	case 5: wr(p, SCTL, 0x301), wr(p, SCTL, 0x300); break;
	case 6: writel(ABAR + 4, 0x80000001); break;
	case 7: fake_hole = any(3) ? 0 : 0x1000 * any(500); break;
	default: wr(p, CI, any(~0u));
	}
}

static void step(void)
{
	unsigned p = any(DISKS);
	struct mem_disk *d = &disk[p];

	switch (any(12)) {
	case 0: d->later = any(4); break;
	case 1: case 2: case 3:
		if (d->in_flight)
			mem_disk_finish(d, any(d->in_flight), any(8) ? 0 : -5);
		break;
	case 4: if (!any(4)) careless(p); break;
	case 5:
		if (!any(30) || rd(p, IS) & 0x71000000 || !(rd(p, CMD) & 1))
			start(p);
		break;
	case 6: fake_advance(20000); break;
	default: any_command(p, any(any(4) ? 6 : 32));
	}
}

static void check_calm(void)
{
	fake_hole = 0;
	for (unsigned p = 0; p < DISKS; p++) {
		disk[p].later = false;
		start(p);
		while (disk[p].in_flight)
			mem_disk_finish(&disk[p], 0, 0);
		wr(p, SCTL, 0x301), wr(p, SCTL, 0x300);
		start(p);
		CHECK_EQ(rd(p, SSTS), 0x123, "the link is up");
		CHECK_EQ(rd(p, TFD), 0x150, "and the disk ready");
	}
	CHECK(!hba_busy(h), "nothing is in flight");
}

int main(int argc, char **argv)
{
	struct irq_line none = { NULL, NULL, 0 }, l = wire_line(&intx);
	const struct blockdev *disks[HBA_PORTS] = { 0 };
	time_t end = argc > 1 ? time(NULL) + atoi(argv[1]) : 0;
	struct blockdev b[DISKS];

	for (unsigned k = 0; k < DISKS; k++) {
		disk[k].data = calloc(SECTORS, 512);
		disk[k].bad = 300 * k;
		b[k] = (struct blockdev){
			.opaque = &disk[k], .sectors = SECTORS, .submit = mem_disk_submit,
		};
		disks[k] = &b[k];
	}
	fake_time_reset(1000000000);
	bus = bus_create();
	pci = pci_create(bus, &none);
	h = hba_create(pci, PCI_DEVFN(DEV, 0), &l, disks);
	if (end && argc > 2)
		seed = (u64)atoll(argv[2]);
	do {
		printf(end ? "seed %llu\n" : "", (unsigned long long)seed);
		for (unsigned k = 0; k < STEPS; k++)
			step();
		check_calm();
	} while (time(NULL) < end);
	for (unsigned k = 0; k < DISKS; k++) {
		CHECK(disk[k].submits[BLOCK_READ] > 1000 && disk[k].submits[BLOCK_WRITE] > 1000 &&
		      disk[k].submits[BLOCK_FLUSH] > 100, "all of it was used");
		free(disk[k].data);
	}
	return check_done();
}
