/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzz target: virtio-blk and virtio-rng on PCI. Judged by sanitizers, must(), and that they come
 * back whatever was done to them.
 */
#include "drivers/pc/virtio_disk.h"
#include "drivers/pc/virtio_rng.h"

#include <string.h>

#include "kernel/panic.h"
#include "qemu-test/libfuzzer/guest.h"

enum virtio_op {		/* first: the device and queue (1): bit 7: rng */
	OP_BEGIN = OP_COUNT,	/* features 0 … 31 (4): as a good driver begins */
	OP_COMMON,		/* offset (1), size (1), value (4) */
	OP_COMMON_READ,		/* offset, size */
	OP_CONFIG,		/* offset (1), value (1) */
	OP_DESC,		/* number (1), address (8), bytes (4), flags (2), next (2) */
	OP_OFFER,		/* head (1): the next entry of the ring, and the bell */
	OP_RING,		/* index (2), flags (2): as no driver does */
	OP_CHAIN,		/* type (1), sector (2), pieces (1), bytes (2) of each: offered */
	OP_MSIX,		/* entry / 4 (1), value (4) */
	OP_BELL,
	OP_BOARD_RESET,
	OP_ALL,
};
enum { BAR = 0xe0000000, MSIX = 0xe0010000, STEP = 0x100000, SIZE = 16 };
enum { DESC = 0x1000, AVAIL = 0x2000, USED = 0x3000, TABLE = 0x4000, HEADERS = 0x5000,
	QUEUE_STEP = 0x8000, DEVICE_STEP = 0x20000, DATA = 0x100000 };
enum { D_NEXT = 1, D_WRITE = 2, D_INDIRECT = 4, STATUS = 0x14, STATUS_ALL = 15 };

static struct virtio_disk *d;
static struct virtio_rng *rng;
static struct wire intx[2];
static u16 idx[2][4];
static u64 given;

static void fill(void *opaque, void *buf, u32 size)
{
	(void)opaque;
	given += size;
	memset(buf, 0xa5, size);
}

static void create(void)
{
	struct irq_line l[2] = { { wire_set, intx, 0 }, { wire_set, intx, 1 } };
	struct entropy e = { .fill = fill };
	struct blockdev b;

	bus = guest_create(true);
	b = guest_end(0, 100);
	d = virtio_disk_create(guest_pci, PCI_DEVFN(4, 0), &l[0], &b);
	rng = virtio_rng_create(guest_pci, PCI_DEVFN(5, 0), &l[1], &e);
}

static void wr(unsigned dev, u32 off, u64 v, unsigned size)
{
	bus_write(bus, BUS_MMIO, BAR + dev * STEP + off, v, size);
}

static u64 rd(unsigned dev, u32 off, unsigned size)
{
	return bus_read(bus, BUS_MMIO, BAR + dev * STEP + off, size);
}

static u32 base_of(unsigned dev, unsigned q) { return DEVICE_STEP * dev + QUEUE_STEP * q; }

static void begin(unsigned dev, u32 features)
{
	guest_conf(PCI_DEVFN(4 + dev, 0), 0x20, BAR + dev * STEP);
	guest_conf(PCI_DEVFN(4 + dev, 0), 0x14, MSIX + dev * STEP);
	guest_conf(PCI_DEVFN(4 + dev, 0), 4, 6);
	wr(dev, STATUS, 0, 1);
	wr(dev, STATUS, 3, 1);
	wr(dev, 8, 1, 4), wr(dev, 0xc, 1, 4);
	wr(dev, 8, 0, 4), wr(dev, 0, 0, 4), wr(dev, 0xc, features & rd(dev, 4, 4), 4);
	wr(dev, STATUS, 11, 1);
	for (unsigned q = 0; q < 4; q++) {
		u32 base = base_of(dev, q);

		wr(dev, 0x16, q, 2), wr(dev, 0x18, SIZE, 2);
		wr(dev, 0x20, DESC + base, 4), wr(dev, 0x24, 0, 4);
		wr(dev, 0x28, AVAIL + base, 4), wr(dev, 0x2c, 0, 4);
		wr(dev, 0x30, USED + base, 4), wr(dev, 0x34, 0, 4);
		wr(dev, 0x1c, 1, 2);
		guest_ram(AVAIL + base, (u8[64]){ 0 }, 64);
		idx[dev][q] = 0;
	}
	wr(dev, STATUS, STATUS_ALL, 1);
}

static void put_desc(u32 table, unsigned k, u64 at, u32 size, u16 flags, u16 next)
{
	u32 to = table + 16 * k;

	guest_ram(to, &at, 8), guest_ram(to + 8, &size, 4);
	guest_ram(to + 12, &flags, 2), guest_ram(to + 14, &next, 2);
}

static void bell(unsigned dev, unsigned q) { wr(dev, 0x3000 + 4 * q, q, 2); }

static void offer(unsigned dev, unsigned q, u16 head)
{
	u32 at = AVAIL + base_of(dev, q);

	guest_ram(at + 4 + 2 * (idx[dev][q] % SIZE), &head, 2);
	idx[dev][q]++;
	guest_ram(at + 2, &idx[dev][q], 2);
	bell(dev, q);
}

/* Header, data, status; the rng's: data alone. Bit 7 of the count: by an indirect table. */
static void do_chain(struct feed *f, unsigned dev, unsigned q)
{
	u32 base = base_of(dev, q), type = feed8(f), k = 0;
	u64 sector = feed16(f);
	u8 pieces = feed8(f);
	bool indirect = pieces & 0x80;
	u32 table = indirect ? TABLE + base : DESC + base;
	u32 header = HEADERS + base + 32 * (idx[dev][q] % 32);
	u16 flags = (u16)(D_NEXT | (dev || !(type & 1) ? D_WRITE : 0));

	guest_ram(header, &type, 4), guest_ram(header + 8, &sector, 8);
	if (!dev)
		put_desc(table, k++, header, 16, D_NEXT, 1);
	for (pieces &= 7; pieces--; k++)
		put_desc(table, k, DATA + 0x4000 * k, feed16(f), flags, (u16)(k + 1));
	put_desc(table, k, header + 16, dev ? 16 : 1, D_WRITE, 0);
	if (indirect)
		put_desc(DESC + base, 15, table, 16 * (k + 1), D_INDIRECT, 0);
	offer(dev, q, indirect ? 15 : 0);
}

static void do_ring(struct feed *f, unsigned dev, unsigned q)
{
	u16 n = feed16(f), flags = feed16(f);

	guest_ram(AVAIL + base_of(dev, q) + 2, &n, 2);
	guest_ram(AVAIL + base_of(dev, q), &flags, 2);
	idx[dev][q] = n;
	bell(dev, q);
}

static void do_own(struct feed *f, u8 op)
{
	u8 who = feed8(f), dev = who >> 7, q = who & 3, off;
	u32 table = DESC + base_of(dev, q);
	u64 at;
	u32 v;

	switch ((int)op) {
	case OP_BEGIN: begin(dev, feed32(f)); break;
	case OP_COMMON:
		off = feed8(f) & 63, v = feed8(f) % 4;
		wr(dev, off, feed32(f), 1u << v);
		break;
	case OP_COMMON_READ: off = feed8(f); rd(dev, off, 1u << feed8(f) % 4); break;
	case OP_CONFIG: off = feed8(f) & 63; wr(dev, 0x2000 + off, feed8(f), 1); break;
	case OP_DESC:
		off = feed8(f), at = feed_n(f, 8), v = feed32(f);
		put_desc(who & 0x40 ? TABLE + base_of(dev, q) : table, off, at, v, feed16(f),
			 feed16(f));
		break;
	case OP_OFFER: offer(dev, q, feed8(f)); break;
	case OP_RING: do_ring(f, dev, q); break;
	case OP_CHAIN: do_chain(f, dev, q); break;
	case OP_MSIX:
		off = feed8(f);
		bus_write(bus, BUS_MMIO, MSIX + dev * STEP + 4 * off, feed32(f), 4);
		break;
	case OP_BELL: bell(dev, q); break;
	default: break;
	}
}

static void board_reset(void)
{
	pci_reset(guest_pci);
	virtio_disk_reset(d);
	virtio_rng_reset(rng);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct feed f = { data, data + size };

	if (!d)
		create();
	guest_begin();
	begin(0, 1u << 28), begin(1, 1u << 28);
	for (unsigned n = 0; n < 400 && feed_more(&f); n++) {
		u8 op = feed8(&f) % OP_ALL;

		if (op < OP_COUNT)
			guest_do(&f, op);
		else if (op == OP_BOARD_RESET)
			board_reset();
		else
			do_own(&f, op);
	}
	guest_finish();
	fake_hole = 0;
	must(!virtio_disk_busy(d));
	for (unsigned dev = 0; dev < 2; dev++) {
		begin(dev, ~0u);
		must(rd(dev, STATUS, 1) == STATUS_ALL);
	}
	board_reset();
	return 0;
}

/* -- Seeds ---------------------------------------------------------------------- */

static void chain(struct seed *s, u8 who, u8 type, u16 sector, u8 pieces, u16 bytes)
{
	seed8(s, OP_CHAIN), seed8(s, who), seed8(s, type), seed_n(s, sector, 2), seed8(s, pieces);
	for (unsigned k = 0; k < (pieces & 7u); k++)
		seed_n(s, bytes, 2);
}

static void requests(struct seed *s, u8 form)
{
	static const u8 types[] = { 0, 1, 4, 8, 11, 13, 0, 1, 99 };

	for (u8 k = 0; k < sizeof(types); k++)
		chain(s, k & 3, types[k], 8 * k, form | (types[k] == 4 ? 0 : 2),
		      types[k] == 8 ? 20 : types[k] >= 11 ? 16 : 1024);
}

void fuzz_seeds(void (*put)(const char *name, const struct seed *s))
{
	struct seed s = { .size = 0 };

	requests(&s, 0);
	requests(&s, 0x80);
	put("requests", &s);
	s.size = 0;
	seed8(&s, OP_BEGIN), seed8(&s, 0), seed_n(&s, ~0u, 4);
	seed8(&s, OP_CONF), seed8(&s, 4 << 3), seed8(&s, 0x98), seed_n(&s, 0x80000000, 4);
	seed8(&s, OP_MSIX), seed8(&s, 0), seed8(&s, 0), seed_n(&s, 0xfee00000, 4);
	seed8(&s, OP_MSIX), seed8(&s, 0), seed8(&s, 3), seed_n(&s, 0, 4);
	seed8(&s, OP_LATER), seed8(&s, 1);
	requests(&s, 0x80);
	for (u8 k = 0; k < 8; k++)
		seed8(&s, OP_END), seed8(&s, 0), seed8(&s, (u8)(k == 3 ? 0x80 : 7 - k));
	seed8(&s, OP_CONFIG), seed8(&s, 0), seed8(&s, 0x20), seed8(&s, 0);
	put("late", &s);
	s.size = 0;
	chain(&s, 0x80, 0, 0, 2, 64);
	chain(&s, 0x80, 0, 0, 0x81, 300);
	seed8(&s, OP_COMMON), seed8(&s, 0), seed8(&s, STATUS), seed8(&s, 0), seed_n(&s, 0, 4);
	seed8(&s, OP_COMMON_READ), seed8(&s, 0), seed8(&s, STATUS), seed8(&s, 0);
	seed8(&s, OP_BEGIN), seed8(&s, 0), seed_n(&s, 1u << 29, 4);
	seed8(&s, OP_DESC), seed8(&s, 0), seed8(&s, 3), seed_n(&s, 0x5000, 8);
	seed_n(&s, 16, 4), seed_n(&s, D_NEXT, 2), seed_n(&s, 4, 2);
	seed8(&s, OP_DESC), seed8(&s, 0), seed8(&s, 4), seed_n(&s, 0x6000, 8);
	seed_n(&s, 513, 4), seed_n(&s, D_WRITE, 2), seed_n(&s, 0, 2);
	seed8(&s, OP_OFFER), seed8(&s, 0), seed8(&s, 3);
	seed8(&s, OP_RING), seed8(&s, 0), seed_n(&s, 5, 2), seed_n(&s, 1, 2);
	put("rng", &s);
}

const char *fuzz_missed(void)
{
	if (!guest_submits(BLOCK_READ) || !guest_submits(BLOCK_WRITE) ||
	    !guest_submits(BLOCK_FLUSH))
		return "requests of each kind";
	return given ? NULL : "random bytes";
}
