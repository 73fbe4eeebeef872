/* SPDX-License-Identifier: BSD-2-Clause */
/* See guest.h. Invariant: an end sees no request that is not within its disk. */
#include "qemu-test/libfuzzer/guest.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"
#include "mm/gpa.h"
#include "qemu-test/unit/mem_disk.h"

static struct mem_disk disk[GUEST_DISKS];
static bool written[GUEST_DISKS];
struct pci *guest_pci;

struct bus *guest_create(bool with_pci)
{
	struct irq_line none = { NULL, NULL, 0 };

	fake_time_reset(1000000000);
	bus = bus_create();
	if (with_pci)
		guest_pci = pci_create(bus, &none);
	return bus;
}

static int submit(void *opaque, struct block_request *r)
{
	struct mem_disk *d = opaque;

	if (r->op != BLOCK_FLUSH)
		must(r->count && r->count <= GUEST_SECTORS && r->lba <= GUEST_SECTORS - r->count);
	written[d - disk] |= r->op != BLOCK_READ;
	return mem_disk_submit(d, r);
}

struct blockdev guest_end(unsigned n, u64 bad)
{
	disk[n].data = calloc(GUEST_SECTORS, 512);
	disk[n].bad = bad;
	return (struct blockdev){ .opaque = &disk[n], .sectors = GUEST_SECTORS, .submit = submit };
}

void guest_begin(void)
{
	ram_clear();
	for (unsigned k = 0; k < GUEST_DISKS; k++) {
		disk[k].later = false;
		if (disk[k].data && written[k])
			memset(disk[k].data, 0, GUEST_SECTORS * 512);
		written[k] = false;
	}
	fake_time_reset(1000000000);
}

void guest_finish(void)
{
	for (unsigned k = 0; k < GUEST_DISKS; k++) {
		disk[k].later = false;
		while (disk[k].in_flight)
			mem_disk_finish(&disk[k], 0, 0);
	}
	fake_advance(1000000000);
}

void guest_ram(u64 at, const void *from, u32 size) { gpa_write(gpa(at), from, size); }

void guest_conf(unsigned devfn, unsigned off, u32 v)
{
	outl(0xcf8, 0x80000000u | devfn << 8 | (off & 0xfc));
	outl(0xcfc, v);
}

static unsigned size_of(u8 v, unsigned kinds) { return 1u << v % kinds; }

static void do_ram(struct feed *f)
{
	u32 at = (u32)feed_n(f, 3), n = feed8(f), left = (u32)(f->end - f->at);

	n = n < left ? n : left;
	guest_ram(at, f->at, n);
	f->at += n;
}

static void do_end(struct feed *f)
{
	struct mem_disk *d = &disk[feed8(f) % GUEST_DISKS];
	u8 which = feed8(f);

	if (d->in_flight)
		mem_disk_finish(d, (which & 0x7f) % d->in_flight, which & 0x80 ? -5 : 0);
}

static void do_access(struct feed *f, bool mmio, bool write)
{
	u64 at = mmio ? feed32(f) : feed16(f);
	unsigned size = size_of(feed8(f), mmio ? 4 : 3);
	enum bus_space space = mmio ? BUS_MMIO : BUS_IO;

	if (write)
		bus_write(bus, space, at, feed32(f) * 0x100000001ull, size);
	else
		bus_read(bus, space, at, size);
}

void guest_do(struct feed *f, u8 op)
{
	u8 v;

	switch ((enum guest_op)op) {
	case OP_IO_WRITE: do_access(f, false, true); break;
	case OP_IO_READ: do_access(f, false, false); break;
	case OP_MMIO_WRITE: do_access(f, true, true); break;
	case OP_MMIO_READ: do_access(f, true, false); break;
	case OP_RAM: do_ram(f); break;
	case OP_END: do_end(f); break;
	case OP_LATER:
		v = feed8(f);
		for (unsigned k = 0; k < GUEST_DISKS; k++)
			disk[k].later = v >> k & 1;
		break;
	case OP_TIME: fake_advance((u64)feed8(f) << 16); break;
	case OP_HOLE:
		fake_hole = (u64)feed16(f) % (FAKE_RAM_SIZE >> FRAME_SHIFT) << FRAME_SHIFT;
		break;
	case OP_CONF:
		v = feed8(f);
		if (guest_pci)
			guest_conf(v, feed8(f), feed32(f));
		break;
	case OP_COUNT: break;
	}
}

unsigned guest_submits(enum block_op op)
{
	unsigned n = 0;

	for (unsigned k = 0; k < GUEST_DISKS; k++)
		n += disk[k].submits[op];
	return n;
}
