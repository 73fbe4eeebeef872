/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: the AHCI adapter. Judged by sanitizers, must(), and that it comes back whatever was
 * done to it.
 */
#include "drivers/pc/hba.h"

#include <string.h>

#include "kernel/panic.h"
#include "qemu-test/libfuzzer/guest.h"

enum hba_op {
	OP_BEGIN = OP_COUNT,	/* port (1): as a good driver begins */
	OP_PORT,		/* port, register / 4 (1), value (4) */
	OP_PORT_READ,		/* port, register / 4 */
	OP_GLOBAL,		/* register / 4 (1), value (4) */
	OP_COMMAND,		/* port, slot, flags (1), fis (14), count, entries (8 each) */
	OP_TABLE,		/* port, slot, count (1), bytes of its table */
	OP_HEADER,		/* port, slot, flags (4), table (8) */
	OP_ISSUE,		/* port, slots that are queued (4), slots (4) */
	OP_LINK,		/* port: COMRESET */
	OP_BOARD_RESET,
	OP_ALL,
};
/* Of OP_COMMAND: SACT, CI; the length of the FIS, and of the list, as no driver gives it. */
enum { F_QUEUED = 1, F_ISSUE = 2, F_ATAPI = 4, F_WRITE = 8, F_LENGTH = 16, F_LIST = 32 };
enum { ABAR = 0xe0000000, DEVFN = 8 << 3, DISKS = 2 };
enum { LIST = 0x1000, FIS = 0x2000, TABLES = 0x8000, PORT_STEP = 0x20000 };
enum { IS = 0x10, IE = 0x14, CMD = 0x18, TFD = 0x20, SSTS = 0x28, SCTL = 0x2c, SERR = 0x30,
	SACT = 0x34, CI = 0x38 };

static struct hba *h;
static struct wire intx;

static void create(void)
{
	static struct blockdev b[DISKS];
	const struct blockdev *disks[HBA_PORTS] = { 0 };
	struct irq_line l = wire_line(&intx);

	bus = guest_create(true);
	for (unsigned k = 0; k < DISKS; k++) {
		b[k] = guest_end(k, 100 * k);
		disks[k] = &b[k];
	}
	h = hba_create(guest_pci, DEVFN, &l, disks);
}

static u32 rd(unsigned p, u32 off) { return readl(ABAR + 0x100 + 0x80 * p + off); }
static void wr(unsigned p, u32 off, u32 v) { writel(ABAR + 0x100 + 0x80 * p + off, v); }
static u32 table_of(unsigned p, unsigned slot) { return TABLES + p * PORT_STEP + 0x400 * slot; }

static void begin(unsigned p)
{
	guest_conf(DEVFN, 0x24, ABAR), guest_conf(DEVFN, 4, 6);
	wr(p, CMD, 0);
	wr(p, SERR, ~0u), wr(p, IS, ~0u);
	wr(p, 0x00, LIST + p * PORT_STEP), wr(p, 0x04, 0);
	wr(p, 0x08, FIS + p * PORT_STEP), wr(p, 0x0c, 0);
	wr(p, SCTL, 0x300);
	wr(p, CMD, 0x16), wr(p, CMD, 0x17);
	wr(p, IE, ~0u);
	writel(ABAR + 4, 0x80000002);
}

static void put_header(unsigned p, unsigned slot, u32 flags, u64 table)
{
	u32 at = LIST + p * PORT_STEP + 32 * slot, zero = 0;

	guest_ram(at, &flags, 4), guest_ram(at + 4, &zero, 4), guest_ram(at + 8, &table, 8);
}

static void do_command(struct feed *f, unsigned p, unsigned slot)
{
	u32 table = table_of(p, slot), count;
	u8 flags = feed8(f), fis[20] = { 0x27, 0x80 };

	for (unsigned k = 2; k < 16; k++)
		fis[k] = feed8(f);
	count = feed8(f) & 31;
	guest_ram(table, fis, sizeof(fis));
	if (flags & F_ATAPI)
		guest_ram(table + 0x40, fis + 2, 12);
	for (u32 k = 0; k < count; k++) {
		u32 at = feed32(f), n = feed32(f);
		u32 prd[4] = { n >> 30 & 1 ? at : at & (FAKE_RAM_SIZE - 1), 0, 0,
			       (n & 0x3fffff) | (n & 1u << 31) };

		guest_ram(table + 0x80 + 16 * k, prd, sizeof(prd));
	}
	put_header(p, slot, (flags & F_LENGTH ? flags >> 3 : 5) | (flags & F_ATAPI) << 3 |
		   (flags & F_WRITE) << 3 | (flags & F_LIST ? count * 7919 : count) << 16, table);
	if (flags & F_QUEUED)
		wr(p, SACT, 1u << slot);
	if (flags & F_ISSUE)
		wr(p, CI, 1u << slot);
}

static void do_table(struct feed *f, unsigned p, unsigned slot)
{
	u32 n = feed8(f), left = (u32)(f->end - f->at);

	n = n < left ? n : left;
	guest_ram(table_of(p, slot), f->at, n);
	f->at += n;
}

static void do_port(struct feed *f, u8 op)
{
	unsigned p = feed8(f) % HBA_PORTS;
	u32 v;

	switch ((int)op) {
	case OP_BEGIN: begin(p); break;
	case OP_PORT: v = feed8(f) & 31; wr(p, 4 * v, feed32(f)); break;
	case OP_PORT_READ: rd(p, 4 * (feed8(f) & 31)); break;
	case OP_COMMAND: do_command(f, p, feed8(f) & 31); break;
	case OP_TABLE: do_table(f, p, feed8(f) & 31); break;
	case OP_HEADER: v = feed8(f) & 31; put_header(p, v, feed32(f), feed_n(f, 8)); break;
	case OP_ISSUE: wr(p, SACT, feed32(f)), wr(p, CI, feed32(f)); break;
	case OP_LINK: wr(p, SCTL, 0x301), wr(p, SCTL, 0x300); break;
	default: break;
	}
}

static void do_op(struct feed *f)
{
	u8 op = feed8(f) % OP_ALL, v;

	switch ((int)op) {
	case OP_GLOBAL: v = feed8(f) & 63; writel(ABAR + 4 * v, feed32(f)); break;
	case OP_BOARD_RESET: pci_reset(guest_pci), hba_reset(h); break;
	default:
		if (op < OP_COUNT)
			guest_do(f, op);
		else
			do_port(f, op);
	}
}

/* Whatever was done to it: a good driver finds it well. */
static void calm(void)
{
	fake_hole = 0;
	pci_reset(guest_pci), hba_reset(h);
	for (unsigned p = 0; p < DISKS; p++) {
		begin(p);
		wr(p, SCTL, 0x301), wr(p, SCTL, 0x300);
		begin(p);
		must(rd(p, SSTS) == 0x123 && rd(p, TFD) == 0x150);
	}
	must(!hba_busy(h));
	pci_reset(guest_pci), hba_reset(h);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed f = { data, data + size };

	if (!h)
		create();
	guest_begin();
	begin(0), begin(1);
	for (unsigned n = 0; n < 400 && feed_more(&f); n++)
		do_op(&f);
	guest_finish();
	calm();
	return 0;
}

/* -- Seeds ---------------------------------------------------------------------- */

/* One command over two regions of 1,024 bytes. */
static void command(struct seed *s, u8 slot, u8 flags, u8 cmd, u32 lba, u16 sectors)
{
	bool queued = flags & F_QUEUED;

	seed8(s, OP_COMMAND), seed8(s, 0), seed8(s, slot), seed8(s, (u8)(flags | F_ISSUE));
	seed8(s, cmd), seed8(s, queued ? (u8)sectors : 0);
	seed_n(s, lba, 3), seed8(s, 0x40), seed_n(s, lba >> 24, 3);
	seed8(s, queued ? (u8)(sectors >> 8) : 0);
	seed_n(s, queued ? slot << 3 : sectors, 2), seed_n(s, 0, 2);
	seed8(s, 2);
	seed_n(s, 0x100000 + 0x1000 * slot, 4), seed_n(s, 1023, 4);
	seed_n(s, 0x140000 + 0x1000 * slot, 4), seed_n(s, 1023 | 1u << 31, 4);
}

void fuzz_seeds(void (*put)(const char *name, const struct seed *s))
{
	static const u8 alone[] = {
		0xec, 0x20, 0x24, 0x25, 0x29, 0xc4, 0xc8, 0xb0, 0x2f, 0x30, 0x34,
		0x35, 0x3d, 0xc5, 0xca, 0xea, 0xe7, 0xef, 0xc6, 0x40, 0xe5, 0xf8,
	};
	struct seed s = { .size = 0 };

	for (unsigned k = 0; k < sizeof(alone); k++) {
		command(&s, k % 4, (u8)(k >= 9 && k < 15 ? F_WRITE : 0), alone[k], 3 * k, 4);
		seed8(&s, OP_PORT_READ), seed8(&s, 0), seed8(&s, CI / 4);
		seed8(&s, OP_BEGIN), seed8(&s, 0);
	}
	put("alone", &s);
	s.size = 0;
	seed8(&s, OP_LATER), seed8(&s, 1);
	for (u8 k = 0; k < 6; k++)
		command(&s, k, F_QUEUED | (k & 1 ? F_WRITE : 0), k & 1 ? 0x61 : 0x60, 8 * k, 4);
	for (u8 k = 0; k < 6; k++)
		seed8(&s, OP_END), seed8(&s, 0), seed8(&s, 5 - k);
	command(&s, 1, F_QUEUED, 0x60, 8, 4);
	seed8(&s, OP_END), seed8(&s, 0), seed8(&s, 0x80);
	seed8(&s, OP_BEGIN), seed8(&s, 0);
	command(&s, 0, 0, 0x2f, 0x10, 1);
	put("queued", &s);
	s.size = 0;
	seed8(&s, OP_LATER), seed8(&s, 1);
	command(&s, 1, F_QUEUED, 0x60, 8, 4);
	command(&s, 2, F_QUEUED, 0x60, 16, 4);
	seed8(&s, OP_LINK), seed8(&s, 0);
	seed8(&s, OP_END), seed8(&s, 0), seed8(&s, 0);
	seed8(&s, OP_END), seed8(&s, 0), seed8(&s, 0);
	seed8(&s, OP_GLOBAL), seed8(&s, 1), seed_n(&s, 0x80000001, 4);
	seed8(&s, OP_BEGIN), seed8(&s, 0);
	seed8(&s, OP_LATER), seed8(&s, 0);
	seed8(&s, OP_COMMAND), seed8(&s, 0), seed8(&s, 0), seed8(&s, F_ISSUE);
	seed_bytes(&s, "\0\0\0\0\0\0\0\0\0\0\0\0\0\4", 14), seed8(&s, 0);
	put("resets", &s);
}

const char *fuzz_missed(void)
{
	if (!guest_submits(BLOCK_READ) || !guest_submits(BLOCK_WRITE) ||
	    !guest_submits(BLOCK_FLUSH))
		return "requests of each kind";
	return fake_dma_writes ? NULL : "data for the guest";
}
