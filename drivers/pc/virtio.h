/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio 1.x device on PCI (OASIS virtio 1.2, chapters 2, 4.1): what is the same for all kinds.
 * virtio_pci.c has configuration space, registers and interrupts, virtio_ring.c the queues. A kind
 * (virtio_disk.c, virtio_rng.c) has features, configuration bytes, and does what chains ask for.
 *
 *	driver ─► avail ring ─► virtio_take ─► the kind ─► virtio_give ─► used ring ─► interrupt
 */
#ifndef DRIVERS_PC_VIRTIO_H
#define DRIVERS_PC_VIRTIO_H

#include "drivers/pc/gather.h"
#include "drivers/pc/pci.h"
#include "kernel/lock.h"

enum { VIRTIO_QUEUES = 4, VIRTIO_SIZE = 128, VIRTIO_CONFIG = 64 };
enum { VIRTIO_ACKNOWLEDGE = 1, VIRTIO_DRIVER = 2, VIRTIO_DRIVER_OK = 4, VIRTIO_FEATURES_OK = 8,
	VIRTIO_NEEDS_RESET = 64, VIRTIO_FAILED = 128 };		/* device status (2.1) */
enum { VIRTIO_INDIRECT = 28, VIRTIO_EVENT_IDX = 29, VIRTIO_VERSION_1 = 32 };	/* features (6) */
enum { VIRTIO_NO_VECTOR = 0xffff };

struct virtio_queue {
	u16 size;		/* power of two, at most VIRTIO_SIZE */
	bool enabled;
	u16 vector;		/* MSI-X; VIRTIO_NO_VECTOR: none */
	u64 desc, avail, used;	/* guest addresses */
	u16 seen;		/* avail entries that were taken */
	u16 done;		/* used entries that were given */
};

/* What one chain of descriptors names: first what the driver wrote, then what the device writes. */
struct virtio_chain {
	u16 head;
	unsigned outs, ins;	/* segments; the ins follow the outs */
	u64 out_bytes, in_bytes;
	struct { u64 at; u32 size; } seg[VIRTIO_SIZE];
};

struct virtio;

struct virtio_kind {
	const char *name;
	u16 id;			/* PCI device */
	u32 class_code;
	/* Queue q may have chains. Called with the lock held, and only while the driver is OK. */
	void (*kick)(struct virtio *v, unsigned q);
	/* The driver has written configuration byte `off`. May be NULL. */
	void (*configured)(struct virtio *v, u32 off);
};

struct virtio {			/* embedded in a kind's struct */
	struct lock lock;
	struct pci_func f;
	struct bus_region bar;
	struct irq_line intx;
	const struct virtio_kind *kind;
	u64 offered, accepted;
	u32 device_select, driver_select;
	u16 queue_select, config_vector;
	u8 status, isr;
	bool master;		/* the PCI command register lets it be one */
	bool resetting;		/* the driver wrote 0: status shows it once nothing is in flight */
	unsigned queues, in_flight;	/* chains that were taken and not given back */
	struct virtio_queue queue[VIRTIO_QUEUES];
	u8 config[VIRTIO_CONFIG];	/* the kind's */
	u8 config_writable[VIRTIO_CONFIG];	/* 1: the driver may write the byte */
	u8 window;		/* capability that reaches BAR 4 by configuration space */
	u64 broken;		/* how often a driver did what no driver does */
};

/* Whether the feature was agreed. */
static inline bool virtio_has(const struct virtio *v, unsigned bit)
{
	return v->accepted >> bit & 1;
}

/* -- virtio_pci.c -- */

/*
 * Put a device of this kind on bus 0 at devfn, with interrupt pin A, whose line is intx. Filled
 * before: config, config_writable. `features` are the kind's; the ring's are added.
 */
void virtio_create(struct virtio *v, struct pci *pci, unsigned devfn, const struct irq_line *intx,
		   const struct virtio_kind *kind, unsigned queues, u64 features);
/* The board's reset. Chains in flight stay so until they are given back. */
void virtio_reset(struct virtio *v);
/* May the device do its work: driver there, bus master on, no reset under way? */
bool virtio_runs(const struct virtio *v);
/* The driver did what no driver does: nothing more until it resets the device. */
void virtio_broken(struct virtio *v, const char *what);
void virtio_interrupt(struct virtio *v, const struct virtio_queue *q);
/* A chain came back: a reset may have waited for it. */
void virtio_settle(struct virtio *v);

/* -- virtio_ring.c -- */

/* Take the next chain of queue q. Returns false if there is none, or the driver's is broken. */
bool virtio_take(struct virtio *v, unsigned q, struct virtio_chain *c);
/* Give a chain back: the device wrote `size` bytes of it. A reset meanwhile: it is forgotten. */
void virtio_give(struct virtio *v, unsigned q, u16 head, u32 size);

/* Bytes of what the driver wrote, from `skip` on. Returns how many were there and in RAM. */
u64 virtio_get(const struct virtio_chain *c, u64 skip, void *to, u64 size);
/* The same of what the device writes. */
u64 virtio_put(const struct virtio_chain *c, u64 skip, const void *from, u64 size);
/* The pieces of `size` bytes from `skip` on, of the ins or outs; false: not all of it is RAM. */
bool virtio_gather(const struct virtio_chain *c, bool in, u64 skip, u64 size, struct gather *g);
/* The guest address of a byte of the ins; it is there. */
u64 virtio_in_at(const struct virtio_chain *c, u64 skip);

#endif
