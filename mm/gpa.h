/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest physical map: RAM, ROM, holes and MMIO by guest physical address,
 * with what changes it at run time (PAM, A20, BARs). Everything in the monitor
 * that touches guest RAM other than translated code goes through gpa_read and
 * gpa_write here, which check the range and tell mm/frame of writes.
 */
#ifndef MM_GPA_H
#define MM_GPA_H

#include "kernel/lib/types.h"

enum gpa_kind {
	GPA_HOLE,		/* nobody answers */
	GPA_RAM,
	GPA_ROM,		/* reads as memory, writes go to the bus (and are dropped there) */
	GPA_MMIO,
};

/*
 * DMA and other accesses of devices: `size` bytes at guest physical `a`. Parts outside
 * RAM and ROM read as ones and write to nowhere. Both return the number of bytes that
 * hit memory.
 */
u64 gpa_read(gpa_t a, void *buf, u64 size);
u64 gpa_write(gpa_t a, const void *buf, u64 size);

/* How the chipset maps a 16 or 64 KiB legacy segment (i440FX PAM; datasheet 3.2.18). */
enum gpa_pam { PAM_READ_RAM = 1, PAM_WRITE_RAM = 2 };

/*
 * Set PAM bits of [start, start+size), both multiples of 16 KiB within 0xC0000…0xFFFFF:
 * reads and writes each go to RAM or to the PCI side (ROM). Drops all leaves.
 */
void gpa_set_pam(gpa_t start, u64 size, unsigned pam);

/* A20 gate: off masks bit 20 of every CPU address. Drops all leaves if it changes. */
void gpa_set_a20(bool on);

/* The MMIO layout of the bus changed (BAR moved): drop leaves that may be stale. */
void gpa_bus_changed(void);

/* Guest RAM in bytes, below and above 4 GiB together. */
u64 gpa_ram_size(void);

#endif
