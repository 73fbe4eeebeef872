/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See virtio_blk.h. Slot n of the disk has descriptor n, whose indirect table is header, data in
 * pieces, status; without indirect tables it has the chain of descriptors 3n, 3n + 1, 3n + 2.
 * Invariant: nothing that the device writes is an index here before it was compared with the number
 * of slots.
 */
#include "drivers/host/virtio_blk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/host/dma.h"
#include "drivers/host/mmio.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/printk.h"

enum { VENDOR = 0x1af4, DEVICE_BLK_OLD = 0x1001, DEVICE_BLK = 0x1042 };
enum { CAP_VENDOR = 9, CAP_LENGTH = 2, CAP_TYPE = 3, CAP_BAR = 4, CAP_OFFSET = 8, CAP_SIZE = 12,
	CAP_NOTIFY_MULTIPLIER = 16 };
enum { CAPS_MAX = 48 };
enum { TYPE_COMMON = 1, TYPE_NOTIFY = 2, TYPE_ISR = 3, TYPE_DEVICE = 4, TYPES = 5 };
enum {				/* common configuration (4.1.4.3) */
	C_DEVICE_SELECT = 0x00, C_DEVICE_FEATURES = 0x04, C_DRIVER_SELECT = 0x08,
	C_DRIVER_FEATURES = 0x0c, C_CONFIG_VECTOR = 0x10, C_STATUS = 0x14, C_QUEUE_SELECT = 0x16,
	C_QUEUE_SIZE = 0x18, C_QUEUE_VECTOR = 0x1a, C_QUEUE_ENABLE = 0x1c, C_QUEUE_NOTIFY = 0x1e,
	C_QUEUE_DESC = 0x20, C_QUEUE_DRIVER = 0x28, C_QUEUE_DEVICE = 0x30, C_SIZE = 0x38,
};
enum { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4, STATUS_FEATURES_OK = 8 };
enum { NO_VECTOR = 0xffff };
enum {				/* feature bits (5.2.3, 6) */
	F_SIZE_MAX = 1, F_SEG_MAX = 2, F_RO = 5, F_BLK_SIZE = 6, F_FLUSH = 9,
	F_DISCARD = 13, F_WRITE_ZEROES = 14, F_INDIRECT = 28, F_VERSION_1 = 32,
};
enum {				/* configuration (5.2.4); not all devices have the second half */
	B_CAPACITY = 0, B_SIZE_MAX = 8, B_SEG_MAX = 12, B_BLK_SIZE = 20, B_SIZE = 24,
	B_DISCARD_SECTORS = 36, B_ZERO_SECTORS = 48, B_LONG_SIZE = 60,
};
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_DISCARD = 11, T_WRITE_ZEROES = 13 };	/* 5.2.6 */
enum { S_OK = 0, S_NONE = 0xff };
enum { D_NEXT = 1, D_WRITE = 2, D_INDIRECT = 4, USED_NO_NOTIFY = 1 };
enum { QUEUE_MAX = 128, CHAIN = 3 };	/* CHAIN: with one piece of data */

struct desc { u64 addr; u32 len; u16 flags, next; };
struct avail { u16 flags, idx, ring[QUEUE_MAX]; };
struct used { u16 flags, idx; struct { u32 id, len; } ring[QUEUE_MAX]; };
struct header { u32 type, reserved; u64 sector; };
struct range { u64 sector; u32 sectors, flags; };	/* of a discard */

/* What the device sees of a slot besides the data. */
struct chain {
	struct desc desc[DISK_PIECES + 2];
	struct header header;
	struct range range;
	u8 status;
} __attribute__((aligned(128)));

struct shared {			/* with the device */
	struct desc desc[QUEUE_MAX];
	struct avail avail;
	struct used used __attribute__((aligned(64)));
	struct chain chain[DISK_SLOTS];
};

struct virtio_blk {
	struct disk disk;
	hpa_t common, isr, config, notify;
	u32 notify_multiplier, notify_size;
	hpa_t bell;		/* of the queue */
	bool message;
	bool indirect;
	bool long_config;
	u16 size, seen;		/* descriptors; used entries taken */
	u64 features;
	volatile struct shared *s;
};

static hpa_t at(hpa_t base, u32 offset) { return hpa(base.a + offset); }

/* -- Requests ---------------------------------------------------------------- */

/*
 * Header, data, status, as descriptors that begin at number `first` of their table. Returns how
 * many they are.
 */
static u32 fill(struct virtio_blk *v, volatile struct desc *to, u16 first, unsigned n,
		const struct disk_command *c)
{
	volatile struct chain *chain = &v->s->chain[n];
	u16 flags = (u16)(D_NEXT | (c->op == BLOCK_READ ? D_WRITE : 0)), k = 0;
	struct block_piece range = { (void *)&chain->range, sizeof(struct range) };
	const struct block_piece *piece = c->pieces ? c->piece : &range;
	u32 pieces = c->op == BLOCK_DISCARD || c->op == BLOCK_ZERO ? 1 : c->pieces;

	to[k] = (struct desc){ dma_address((const void *)&chain->header), sizeof(struct header),
			       D_NEXT, (u16)(first + 1) };
	for (k = 1; k <= pieces; k++)
		to[k] = (struct desc){ dma_address(piece[k - 1].at), (u32)piece[k - 1].size, flags,
				       (u16)(first + k + 1) };
	to[k] = (struct desc){ dma_address((const void *)&chain->status), 1, D_WRITE, 0 };
	return k + 1u;
}

static void start(void *opaque, unsigned n, const struct disk_command *c)
{
	static const u32 type[BLOCK_OPS] = { T_IN, T_OUT, T_FLUSH, T_DISCARD, T_WRITE_ZEROES };
	struct virtio_blk *v = opaque;
	volatile struct shared *s = v->s;
	u16 head = (u16)(v->indirect ? n : CHAIN * n), idx = s->avail.idx;
	u32 per = v->disk.block / DISK_SECTOR;

	s->chain[n].header = (struct header){ .type = type[c->op] };
	s->chain[n].range = (struct range){ c->block * per, c->blocks * per, 0 };
	if (c->pieces)
		s->chain[n].header.sector = c->block * per;
	s->chain[n].status = S_NONE;
	if (v->indirect) {
		s->desc[head] = (struct desc){
			dma_address((const void *)s->chain[n].desc),
			fill(v, s->chain[n].desc, 0, n, c) * (u32)sizeof(struct desc),
			D_INDIRECT, 0,
		};
	} else {
		fill(v, s->desc + head, head, n, c);
	}
	s->avail.ring[idx % v->size] = head;
	dma_barrier();
	s->avail.idx = (u16)(idx + 1);
	dma_barrier();
	if (!(s->used.flags & USED_NO_NOTIFY))
		mmio_write16(v->bell, 0);
}

static void reap(void *opaque)
{
	struct virtio_blk *v = opaque;
	volatile struct shared *s = v->s;

	/* A device that counts on for ever must not keep us here. */
	for (unsigned k = 0; k < QUEUE_MAX && v->seen != s->used.idx; k++) {
		u32 id, n;

		dma_barrier();
		id = s->used.ring[v->seen++ % v->size].id;
		n = v->indirect ? id : id % CHAIN ? ~0u : id / CHAIN;
		if (n >= v->disk.slots) {
			disk_stray(&v->disk, id);
			continue;
		}
		disk_finished(&v->disk, n, s->chain[n].status == S_OK ? 0 : -ERR_IO);
	}
}

/* With a pin, reading the ISR quiets it; a message needs nothing. The run loop reaps. */
static void interrupt(void *opaque)
{
	struct virtio_blk *v = opaque;

	if (!v->message)
		mmio_read8(v->isr);
}

/* -- Bringing up (3.1.1) ------------------------------------------------------ */

static u64 device_features(struct virtio_blk *v)
{
	u64 features = 0;

	for (u32 half = 0; half < 2; half++) {
		mmio_write32(at(v->common, C_DEVICE_SELECT), half);
		features |= (u64)mmio_read32(at(v->common, C_DEVICE_FEATURES)) << 32 * half;
	}
	return features;
}

static void set_status(struct virtio_blk *v, u8 more)
{
	mmio_write8(at(v->common, C_STATUS), mmio_read8(at(v->common, C_STATUS)) | more);
}

/* Returns false if the device refuses, or has no modern interface. */
static bool agree(struct virtio_blk *v)
{
	u64 want = BIT64(F_SIZE_MAX) | BIT64(F_SEG_MAX) | BIT64(F_RO) | BIT64(F_BLK_SIZE) |
		   BIT64(F_FLUSH) | BIT64(F_INDIRECT) | BIT64(F_VERSION_1);

	if (v->long_config)
		want |= BIT64(F_DISCARD) | BIT64(F_WRITE_ZEROES);
	v->features = device_features(v) & want;
	if (!(v->features & BIT64(F_VERSION_1)))
		return false;
	for (u32 half = 0; half < 2; half++) {
		mmio_write32(at(v->common, C_DRIVER_SELECT), half);
		mmio_write32(at(v->common, C_DRIVER_FEATURES), (u32)(v->features >> 32 * half));
	}
	set_status(v, STATUS_FEATURES_OK);
	return mmio_read8(at(v->common, C_STATUS)) & STATUS_FEATURES_OK;
}

static bool has(const struct virtio_blk *v, unsigned bit) { return v->features & BIT64(bit); }

/* How many pieces of data a chain may have: no chain is longer than the queue (2.7.5.3.1). */
static u32 segments(const struct virtio_blk *v)
{
	u32 most = mmio_read32(at(v->config, B_SEG_MAX)), room = v->size - 2u;

	if (most > DISK_PIECES)
		most = DISK_PIECES;
	if (v->size <= CHAIN || !most)
		return 1;
	return most < room ? most : room;
}

static void read_geometry(struct virtio_blk *v)
{
	struct disk *d = &v->disk;
	u32 most = DISK_COMMAND_MAX, asked, per;

	d->sectors = mmio_read64(at(v->config, B_CAPACITY));
	d->block = has(v, F_BLK_SIZE) ? mmio_read32(at(v->config, B_BLK_SIZE)) : DISK_SECTOR;
	if (has(v, F_SIZE_MAX) && (asked = mmio_read32(at(v->config, B_SIZE_MAX))) < most)
		most = asked;
	per = d->block / DISK_SECTOR;
	d->most = d->block ? most - most % d->block : 0;
	d->most_discard = d->most_zero = 0;
	if (has(v, F_DISCARD) && per)
		d->most_discard = mmio_read32(at(v->config, B_DISCARD_SECTORS)) / per;
	if (has(v, F_WRITE_ZEROES) && per)
		d->most_zero = mmio_read32(at(v->config, B_ZERO_SECTORS)) / per;
	d->readonly = has(v, F_RO);
	d->cached = has(v, F_FLUSH);
	d->align = 1;
	d->pieces = v->indirect && has(v, F_SEG_MAX) ? segments(v) : 1;
}

/* Sizes that disk.c can work with. */
static bool is_usable(const struct disk *d)
{
	return d->sectors && d->sectors < BIT64(55) && d->block >= DISK_SECTOR &&
	       !(d->block & (d->block - 1)) && d->most >= d->block;
}

static bool set_queue(struct virtio_blk *v)
{
	volatile struct shared *s = v->s;
	u64 bell;
	u16 size;

	mmio_write16(at(v->common, C_QUEUE_SELECT), 0);
	size = mmio_read16(at(v->common, C_QUEUE_SIZE));
	v->size = size < QUEUE_MAX ? size : QUEUE_MAX;
	v->indirect = has(v, F_INDIRECT);
	v->disk.slots = v->indirect ? v->size : v->size / CHAIN;
	if (v->disk.slots > DISK_SLOTS)
		v->disk.slots = DISK_SLOTS;
	if (!v->disk.slots || v->size & (v->size - 1))
		return false;
	memset((void *)s, 0, sizeof(*s));
	v->seen = 0;
	mmio_write16(at(v->common, C_QUEUE_SIZE), v->size);
	mmio_write16(at(v->common, C_CONFIG_VECTOR), NO_VECTOR);
	mmio_write16(at(v->common, C_QUEUE_VECTOR), v->message ? 0 : NO_VECTOR);
	mmio_write64(at(v->common, C_QUEUE_DESC), dma_address((const void *)s->desc));
	mmio_write64(at(v->common, C_QUEUE_DRIVER), dma_address((const void *)&s->avail));
	mmio_write64(at(v->common, C_QUEUE_DEVICE), dma_address((const void *)&s->used));
	bell = (u64)mmio_read16(at(v->common, C_QUEUE_NOTIFY)) * v->notify_multiplier;
	if (bell + 2 > v->notify_size)
		return false;
	v->bell = at(v->notify, (u32)bell);
	dma_barrier();
	mmio_write16(at(v->common, C_QUEUE_ENABLE), 1);
	return true;
}

/* The device drops all it has once its status reads 0 again (4.1.4.3.2). */
static int reset(void *opaque, bool begin)
{
	struct virtio_blk *v = opaque;
	u64 sectors = v->disk.sectors;
	u32 block = v->disk.block;
	unsigned slots = v->disk.slots;

	if (begin)
		mmio_write8(at(v->common, C_STATUS), 0);
	if (mmio_read8(at(v->common, C_STATUS)))
		return BLOCK_LATER;
	set_status(v, STATUS_ACKNOWLEDGE);
	set_status(v, STATUS_DRIVER);
	if (!agree(v) || !set_queue(v))
		return -ERR_IO;
	read_geometry(v);
	if (!is_usable(&v->disk) ||
	    (sectors && (v->disk.sectors != sectors || v->disk.block != block ||
			 v->disk.slots != slots)))
		return -ERR_IO;		/* another disk than before: not ours any more */
	set_status(v, STATUS_DRIVER_OK);
	return 0;
}

/* -- Finding it --------------------------------------------------------------- */

bool virtio_blk_match(const struct pci_function *f)
{
	return f->vendor == VENDOR && (f->device == DEVICE_BLK || f->device == DEVICE_BLK_OLD);
}

/* Where the structure of this type is; 0 if it is not there or shorter than `size`. */
static hpa_t find(struct pci *p, const struct pci_function *f, u8 type, u32 size, unsigned *cap)
{
	unsigned c = 0;

	for (unsigned k = 0; k < CAPS_MAX && (c = pci_capability(f, CAP_VENDOR, c)); k++) {
		u32 offset = pci_read32(f, c + CAP_OFFSET), length = pci_read32(f, c + CAP_SIZE);
		hpa_t base;
		u64 room;

		if (pci_read8(f, c + CAP_TYPE) != type)
			continue;
		if (length < size || pci_bar(p, f, pci_read8(f, c + CAP_BAR), &base, &room) ||
		    (u64)offset + length > room)
			continue;
		*cap = c;
		return at(base, offset);
	}
	return hpa(0);
}

/* Returns what is lacking, or NULL. */
static const char *find_all(struct virtio_blk *v, struct pci *p, const struct pci_function *f)
{
	unsigned cap;
	hpa_t longer;

	v->common = find(p, f, TYPE_COMMON, C_SIZE, &cap);
	v->isr = find(p, f, TYPE_ISR, 1, &cap);
	v->config = find(p, f, TYPE_DEVICE, B_SIZE, &cap);
	longer = find(p, f, TYPE_DEVICE, B_LONG_SIZE, &cap);
	v->long_config = longer.a;
	if (longer.a)			/* which need not be the first one */
		v->config = longer;
	v->notify = find(p, f, TYPE_NOTIFY, 2, &cap);
	if (!v->common.a || !v->isr.a || !v->config.a || !v->notify.a)
		return "it has no modern interface";
	v->notify_multiplier = pci_read32(f, cap + CAP_NOTIFY_MULTIPLIER);
	v->notify_size = pci_read32(f, cap + CAP_SIZE);
	pci_enable(f);
	if (pci_interrupt(p, f, interrupt, v, &v->message))
		return "it has no interrupt";
	v->s = dma_alloc(sizeof(*v->s));
	return v->s ? NULL : "no memory";
}

struct disk *virtio_blk_create(struct pci *p, const struct pci_function *f, const char *name)
{
	static const struct disk_driver driver = { start, reap, reset };
	struct virtio_blk *v = calloc(1, sizeof(*v));
	const char *lacks = v ? find_all(v, p, f) : "no memory";

	if (!lacks) {
		v->disk.driver = &driver;
		v->disk.opaque = v;
		snprintf(v->disk.name, sizeof(v->disk.name), "%s", name);
		if (disk_init(&v->disk))
			lacks = "it does not come up";
	}
	if (!lacks)
		return &v->disk;
	printk("%s: left out: %s\n", name, lacks);
	return NULL;			/* v stays: its interrupt may be connected */
}
