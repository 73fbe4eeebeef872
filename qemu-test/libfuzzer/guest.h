/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the targets of guest controllers share: an input is a list of operations, the first byte of
 * each says which. Here are those that any driver of the guest can do: ports, memory-mapped
 * registers, its RAM, PCI configuration; and what the host does meanwhile: requests end, time goes
 * on.
 */
#ifndef LIBFUZZER_GUEST_H
#define LIBFUZZER_GUEST_H

#include "drivers/ends.h"
#include "drivers/pc/pci.h"
#include "qemu-test/libfuzzer/feed.h"
#include "qemu-test/unit/pc_test.h"

enum guest_op {			/* and what follows */
	OP_IO_WRITE,		/* port (2), size (1), value (4) */
	OP_IO_READ,		/* port, size */
	OP_MMIO_WRITE,		/* address (4), size, value (4) */
	OP_MMIO_READ,		/* address, size */
	OP_RAM,			/* address (3), count (1), bytes */
	OP_END,			/* disk (1), which (1): bit 7: with an error */
	OP_LATER,		/* a bit for each disk: its requests wait */
	OP_TIME,		/* 65 us times that (1) */
	OP_HOLE,		/* page (2): no RAM there */
	OP_CONF,		/* function (1), register (1), value (4) */
	OP_COUNT,		/* a target's own begin here */
};

enum { GUEST_DISKS = 4, GUEST_SECTORS = 256 };

/* The machine, made once: a bus (each file has a pc_test.h's), `with_pci`: a PCI host, too. */
struct bus *guest_create(bool with_pci);
extern struct pci *guest_pci;
/* The end of disk n, GUEST_SECTORS long, of which sector `bad` (if not 0) cannot be used. */
struct blockdev guest_end(unsigned n, u64 bad);
/* For each input: RAM and disks as new; and after it: nothing is in flight any more. */
void guest_begin(void);
void guest_finish(void);

/* Do this operation, if op is one of enum guest_op. */
void guest_do(struct feed *f, u8 op);
/* Write RAM, as far as it is some. */
void guest_ram(u64 at, const void *from, u32 size);
void guest_conf(unsigned devfn, unsigned off, u32 v);
/* Requests that were submitted to all disks, by kind. */
unsigned guest_submits(enum block_op op);

/* ram.c */
void ram_clear(void);

#endif
