/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio over PCI, the modern transport (virtio 1.2, 4.1): capabilities, registers in BAR 4, the
 * interrupt pin, MSI-X. No legacy interface.
 *
 *	0000 common configuration   1000 ISR   2000 the kind's   3000 + 4n bell of queue n
 *
 * Status reads 0 after a reset only when no chain is in flight: until then the end may write to
 * the guest's memory. A driver that does what none does finds NEEDS_RESET.
 * Invariant: the pin is up iff isr is not 0; queues are not looked at before DRIVER_OK.
 */
#include "drivers/pc/virtio.h"

#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/printk.h"

enum { VENDOR = 0x1af4, BAR = 4, BAR_SIZE = 0x4000, PAGE = 0x1000, BELL = 4 };
enum { AT_COMMON, AT_ISR, AT_CONFIG, AT_BELLS };		/* pages of the BAR */
enum { CAP_VENDOR = 9, CAP_SIZE = 16, CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4,
	CAP_WINDOW = 5 };
enum { ISR_QUEUE = 1, ISR_CONFIG = 2 };
enum {				/* common configuration (4.1.4.3) */
	C_DEVICE_SELECT = 0x00, C_DEVICE_FEATURES = 0x04, C_DRIVER_SELECT = 0x08,
	C_DRIVER_FEATURES = 0x0c, C_CONFIG_VECTOR = 0x10, C_QUEUES = 0x12, C_STATUS = 0x14,
	C_GENERATION = 0x15, C_QUEUE_SELECT = 0x16, C_QUEUE_SIZE = 0x18, C_QUEUE_VECTOR = 0x1a,
	C_QUEUE_ENABLE = 0x1c, C_QUEUE_NOTIFY = 0x1e, C_QUEUE_DESC = 0x20, C_QUEUE_DRIVER = 0x28,
	C_QUEUE_DEVICE = 0x30, C_SIZE = 0x38,
};

/* -- Interrupts -------------------------------------------------------------- */

static void update(struct virtio *v)
{
	irq_set(&v->intx, v->isr && !(pci_get8(&v->f, PCI_COMMAND + 1) & PCI_CMD_NO_INTX >> 8));
}

static void interrupt(struct virtio *v, u8 why, u16 vector)
{
	if (pci_msix_on(&v->f)) {
		pci_msix_send(&v->f, vector);
		return;
	}
	v->isr |= why;
	update(v);
}

void virtio_interrupt(struct virtio *v, const struct virtio_queue *q)
{
	interrupt(v, ISR_QUEUE, q->vector);
}

void virtio_broken(struct virtio *v, const char *what)
{
	if (printk_due(&v->broken))
		printk("%s: the guest's driver: %s (%lu so far)\n", v->kind->name, what,
		       (unsigned long)v->broken);
	if (v->status & VIRTIO_NEEDS_RESET)
		return;
	v->status |= VIRTIO_NEEDS_RESET;
	if (v->status & VIRTIO_DRIVER_OK)
		interrupt(v, ISR_CONFIG, v->config_vector);
}

/* -- Life ---------------------------------------------------------------------- */

bool virtio_runs(const struct virtio *v)
{
	return v->master && !v->resetting &&
	       (v->status & (VIRTIO_DRIVER_OK | VIRTIO_NEEDS_RESET)) == VIRTIO_DRIVER_OK;
}

static void clear(struct virtio *v)
{
	v->accepted = 0;
	v->device_select = v->driver_select = 0;
	v->queue_select = 0;
	v->config_vector = VIRTIO_NO_VECTOR;
	v->isr = 0;
	for (unsigned k = 0; k < VIRTIO_QUEUES; k++)
		v->queue[k] = (struct virtio_queue){
			.size = VIRTIO_SIZE, .vector = VIRTIO_NO_VECTOR,
		};
	update(v);
}

static void begin_reset(struct virtio *v)
{
	clear(v);
	v->resetting = true;
	virtio_settle(v);
}

void virtio_settle(struct virtio *v)
{
	if (!v->resetting || v->in_flight)
		return;
	v->resetting = false;
	v->status = 0;
}

void virtio_reset(struct virtio *v)
{
	lock_take(&v->lock);
	begin_reset(v);
	lock_drop(&v->lock);
}

/* All queues may have waited for what has just come. */
static void kick_all(struct virtio *v)
{
	for (unsigned k = 0; k < v->queues && virtio_runs(v); k++)
		v->kind->kick(v, k);
}

/* FEATURES_OK stays off if the driver wants what is not offered, or an older interface. */
static void set_status(struct virtio *v, u8 s)
{
	if (!s) {
		begin_reset(v);
		return;
	}
	if (v->resetting)
		return;
	if (s & VIRTIO_FEATURES_OK && !(v->status & VIRTIO_FEATURES_OK) &&
	    (v->accepted & ~v->offered || !virtio_has(v, VIRTIO_VERSION_1)))
		s &= (u8)~VIRTIO_FEATURES_OK;
	if (s & VIRTIO_DRIVER_OK && !(s & VIRTIO_FEATURES_OK))
		s &= (u8)~VIRTIO_DRIVER_OK;
	v->status |= s & (u8)~VIRTIO_NEEDS_RESET;
	kick_all(v);
}

/* -- Common configuration -------------------------------------------------------- */

static struct virtio_queue *selected(struct virtio *v)
{
	return v->queue_select < v->queues ? &v->queue[v->queue_select] : NULL;
}

static u32 features(u64 f, u32 half) { return half < 2 ? (u32)(f >> 32 * half) : 0; }

static u64 queue_field(struct virtio *v, u32 off)
{
	const struct virtio_queue *q = selected(v);

	if (!q)
		return off == C_QUEUE_VECTOR ? VIRTIO_NO_VECTOR : 0;
	switch (off) {
	case C_QUEUE_SIZE: return q->size;
	case C_QUEUE_VECTOR: return q->vector;
	case C_QUEUE_ENABLE: return q->enabled;
	case C_QUEUE_NOTIFY: return v->queue_select;
	case C_QUEUE_DESC: return (u32)q->desc;
	case C_QUEUE_DESC + 4: return q->desc >> 32;
	case C_QUEUE_DRIVER: return (u32)q->avail;
	case C_QUEUE_DRIVER + 4: return q->avail >> 32;
	case C_QUEUE_DEVICE: return (u32)q->used;
	case C_QUEUE_DEVICE + 4: return q->used >> 32;
	default: return 0;
	}
}

/* The driver asks for each field by its own width (4.1.3.1). */
static u64 common_read(struct virtio *v, u32 off)
{
	switch (off) {
	case C_DEVICE_SELECT: return v->device_select;
	case C_DEVICE_FEATURES: return features(v->offered, v->device_select);
	case C_DRIVER_SELECT: return v->driver_select;
	case C_DRIVER_FEATURES: return features(v->accepted, v->driver_select);
	case C_CONFIG_VECTOR: return v->config_vector;
	case C_QUEUES: return v->queues;
	case C_STATUS: return v->status;
	case C_GENERATION: return 0;
	case C_QUEUE_SELECT: return v->queue_select;
	default: return queue_field(v, off);
	}
}

static void set_half(u64 *to, bool high, u32 x)
{
	*to = high ? (*to & 0xffffffff) | (u64)x << 32 : (*to & ~0xffffffffull) | x;
}

static void enable(struct virtio *v, struct virtio_queue *q)
{
	if (q->desc & 15 || q->avail & 1 || q->used & 3) {
		virtio_broken(v, "a queue that is not aligned");
		return;
	}
	q->enabled = true;
	q->seen = q->done = 0;
}

static u16 vector(const struct virtio *v, u32 x)
{
	return x < pci_msix_count(&v->f) ? (u16)x : VIRTIO_NO_VECTOR;
}

static void queue_write(struct virtio *v, u32 off, u32 x)
{
	struct virtio_queue *q = selected(v);

	if (q && off == C_QUEUE_VECTOR)
		q->vector = vector(v, x);
	if (!q || q->enabled)
		return;
	switch (off) {
	case C_QUEUE_SIZE:
		if (x && x <= VIRTIO_SIZE && !(x & (x - 1)))
			q->size = (u16)x;
		break;
	case C_QUEUE_ENABLE:
		if (x == 1)
			enable(v, q);
		break;
	case C_QUEUE_DESC: case C_QUEUE_DESC + 4: set_half(&q->desc, off & 4, x); break;
	case C_QUEUE_DRIVER: case C_QUEUE_DRIVER + 4: set_half(&q->avail, off & 4, x); break;
	case C_QUEUE_DEVICE: case C_QUEUE_DEVICE + 4: set_half(&q->used, off & 4, x); break;
	}
}

static void common_write(struct virtio *v, u32 off, u32 x)
{
	switch (off) {
	case C_DEVICE_SELECT: v->device_select = x; break;
	case C_DRIVER_SELECT: v->driver_select = x; break;
	case C_DRIVER_FEATURES:
		if (!(v->status & VIRTIO_FEATURES_OK) && v->driver_select < 2)
			set_half(&v->accepted, v->driver_select, x);
		break;
	case C_CONFIG_VECTOR: v->config_vector = vector(v, x); break;
	case C_STATUS: set_status(v, (u8)x); break;
	case C_QUEUE_SELECT: v->queue_select = (u16)x; break;
	default: queue_write(v, off, x);
	}
}

/* -- BAR 4 ------------------------------------------------------------------------- */

static u64 config_read(const struct virtio *v, u32 off, unsigned size)
{
	u64 x = 0;

	for (unsigned k = 0; k < size && off + k < VIRTIO_CONFIG; k++)
		x |= (u64)v->config[off + k] << 8 * k;
	return x;
}

static void config_write(struct virtio *v, u32 off, u64 x, unsigned size)
{
	for (unsigned k = 0; k < size && off + k < VIRTIO_CONFIG; k++) {
		if (!v->config_writable[off + k])
			continue;
		v->config[off + k] = (u8)(x >> 8 * k);
		v->kind->configured(v, off + k);
	}
}

static u64 isr_read(struct virtio *v)
{
	u8 was = v->isr;

	v->isr = 0;
	update(v);
	return was;
}

static u64 bar_read(void *opaque, u32 off, unsigned size)
{
	struct virtio *v = opaque;
	u64 x = 0;

	lock_take(&v->lock);
	switch (off / PAGE) {
	case AT_COMMON: x = off < C_SIZE ? common_read(v, off) : 0; break;
	case AT_ISR: x = off % PAGE ? 0 : isr_read(v); break;
	case AT_CONFIG: x = config_read(v, off % PAGE, size); break;
	}
	lock_drop(&v->lock);
	return x;
}

static void bar_write(void *opaque, u32 off, u64 x, unsigned size)
{
	struct virtio *v = opaque;
	unsigned q = off % PAGE / BELL;

	lock_take(&v->lock);
	switch (off / PAGE) {
	case AT_COMMON: common_write(v, off, (u32)x); break;
	case AT_CONFIG: config_write(v, off % PAGE, x, size); break;
	case AT_BELLS:
		if (q < v->queues && virtio_runs(v))
			v->kind->kick(v, q);
		break;
	}
	lock_drop(&v->lock);
}

static const struct io_ops bar_ops = { .read = bar_read, .write = bar_write, .min = 1, .max = 4 };

/* -- Configuration space -------------------------------------------------------------- */

static void written(void *opaque, u32 off, unsigned size)
{
	struct virtio *v = opaque;

	if (off > PCI_COMMAND + 1 || off + size <= PCI_COMMAND)
		return;
	lock_take(&v->lock);
	v->master = pci_get8(&v->f, PCI_COMMAND) & PCI_CMD_MASTER;
	update(v);
	kick_all(v);
	lock_drop(&v->lock);
}

/* A capability of type `type` (4.1.4): where in BAR 4 its structure is. */
static void capability(struct pci_func *f, u8 type, u32 page, u32 size, u32 more)
{
	u32 at = pci_add_capability(f, CAP_VENDOR, CAP_SIZE + more);

	f->conf[at + 2] = (u8)(CAP_SIZE + more);
	f->conf[at + 3] = type;
	f->conf[at + 4] = BAR;
	pci_put32(f, at + 8, page * PAGE);
	pci_put32(f, at + 12, size);
	if (type == CAP_NOTIFY)
		pci_put32(f, at + 16, BELL);
}

/* The window by configuration space (4.1.4.9): where, how wide, and the data, which moves then. */
static void window(struct virtio *v)
{
	struct pci_func *f = &v->f;
	u32 at = pci_add_capability(f, CAP_VENDOR, CAP_SIZE + 4);

	f->conf[at + 2] = CAP_SIZE + 4;
	f->conf[at + 3] = CAP_WINDOW;
	f->wmask[at + 4] = 0xff;
	for (u32 k = at + 8; k < at + CAP_SIZE + 4; k++)
		f->wmask[k] = 0xff;
	v->window = (u8)at;
}

/* The access that the window says, if it says one that can be; returns its width, else 0. */
static unsigned window_access(const struct virtio *v, u32 *off)
{
	u32 at = v->window, size = pci_get32(&v->f, at + 12);

	*off = pci_get32(&v->f, at + 8);
	if (v->f.conf[at + 4] != BAR || (size != 1 && size != 2 && size != 4) || *off % size ||
	    *off > BAR_SIZE - size)
		return 0;
	return size;
}

static bool in_window(const struct virtio *v, u32 off, unsigned size)
{
	u32 data = v->window + CAP_SIZE;

	return off < data + 4 && off + size > data;
}

static void config_space_written(void *opaque, u32 off, unsigned size)
{
	struct virtio *v = opaque;
	unsigned width;
	u32 to;

	written(v, off, size);
	if (size <= 4 && in_window(v, off, size) && (width = window_access(v, &to)))
		bar_write(v, to, pci_get32(&v->f, v->window + CAP_SIZE), width);
}

static void config_space_read(void *opaque, u32 off, unsigned size)
{
	struct virtio *v = opaque;
	unsigned width;
	u32 from;

	if (in_window(v, off, size) && (width = window_access(v, &from)))
		pci_put32(&v->f, v->window + CAP_SIZE, (u32)bar_read(v, from, width));
}

void virtio_create(struct virtio *v, struct pci *pci, unsigned devfn, const struct irq_line *intx,
		   const struct virtio_kind *kind, unsigned queues, u64 features_)
{
	v->kind = kind;
	v->queues = queues;
	v->intx = *intx;
	v->offered = features_ | BIT64(VIRTIO_INDIRECT) | BIT64(VIRTIO_EVENT_IDX) |
		     BIT64(VIRTIO_VERSION_1);
	pci_func_init(&v->f, VENDOR, kind->id, kind->class_code, 1);
	pci_put16(&v->f, PCI_SUBSYSTEM_VENDOR, VENDOR);
	pci_put16(&v->f, PCI_SUBSYSTEM, 0x1100);
	v->f.conf[PCI_INT_PIN] = 1;
	v->f.wmask[PCI_COMMAND + 1] |= PCI_CMD_NO_INTX >> 8;
	v->bar = (struct bus_region){ kind->name, 0, BAR_SIZE, &bar_ops, v, 0, false, NULL };
	pci_set_bar(&v->f, BAR, BUS_MMIO, BAR_SIZE, &v->bar);
	capability(&v->f, CAP_COMMON, AT_COMMON, C_SIZE, 0);
	capability(&v->f, CAP_NOTIFY, AT_BELLS, BELL * queues, 4);
	capability(&v->f, CAP_ISR, AT_ISR, 1, 0);
	capability(&v->f, CAP_DEVICE, AT_CONFIG, VIRTIO_CONFIG, 0);
	window(v);
	pci_msix_add(&v->f, 1, queues + 1);
	v->f.written = config_space_written;
	v->f.reading = config_space_read;
	v->f.opaque = v;
	clear(v);
	pci_add(pci, devfn, &v->f);
}
