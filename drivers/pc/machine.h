/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PC: all devices on one bus, wired together. The only header of drivers/pc that
 * the rest of Loam needs, with irqchip.h for the CPU's side.
 */
#ifndef DRIVERS_PC_MACHINE_H
#define DRIVERS_PC_MACHINE_H

#include "drivers/ends.h"
#include "drivers/pc/irqchip.h"
#include "drivers/pc/uart.h"
#include "mm/bus.h"

enum machine_attach { MACHINE_IDE, MACHINE_VIRTIO, MACHINE_AHCI };

struct machine_file { const char *name; const void *data; u32 size; };

struct machine_config {		/* ends are copied; data, disks and names outlive the machine */
	unsigned cores;			/* 1…LAPIC_MAX_CORES */
	struct bus *bus;		/* empty; mm/gpa knows it already */
	u64 ram_below_4g, ram_above_4g;	/* bytes; below: at most 3 GiB (SeaBIOS's PCI hole) */
	struct cpu_intr cpu;
	/*
	 * The guest asked for a reset, on whatever core calls, with a device's lock held: note
	 * it, and call machine_reset() from the run loop before the next guest instruction.
	 */
	void (*reset_request)(void *opaque);
	/*
	 * The boot processor (core 0) shall ignore x87 errors, whatever core calls: IGNNE# is a pin
	 * of its alone. May be NULL.
	 */
	void (*ignne)(void *opaque);
	void *opaque;
	struct power power;
	struct chardev com[UART_PLACES];	/* COM1, COM2 */
	struct chardev debug;		/* port 0x402 */
	struct counters counters;	/* ports 0x403, 0x404; may be empty */
	struct wallclock wall;
	const struct entropy *entropy;	/* of a virtio-rng; NULL: there is none */
	const struct blockdev *disk[4];	/* on IDE: primary master, slave, secondary master, slave */
	enum machine_attach attach[4];	/* what the guest sees of them */
	const struct blockdev *cdrom;	/* secondary master if that place is free, else slave */
	bool serial_console;		/* SeaBIOS shows its text on COM1 */
	u8 boot[3];			/* 1 floppy, 2 hard disk, 3 CD-ROM; all 0: disk, CD */
	const struct machine_file *files;	/* more fw_cfg files: option ROMs, … */
	unsigned file_count;
	/* A kernel for Loam's own option ROM (guestimg/bios/linuxboot.S), or NULL. */
	const void *kernel, *initrd;
	u32 kernel_size, initrd_size;
	const char *cmdline;
};

struct machine;

/* Returns 0 and *out, or -ERR_INVAL with a message if the configuration cannot be. */
int machine_create(const struct machine_config *c, struct machine **out);

/*
 * Every device to its power-up state; CMOS RAM and time stay. The CPU cores are the caller's. With
 * several of them the caller is alone (kernel/alone.h) and holds no lock: then no other core holds
 * a device's, and this waits for none. A device's timer that another core has queued stays there,
 * and is called for nothing.
 */
void machine_reset(struct machine *m);

/*
 * May an end still write the guest's memory? Who resets the machine, or takes its memory away,
 * waits until not: each request ends by itself. Takes devices' locks.
 */
bool machine_busy(const struct machine *m);

/* Input came or output can go on at a host end: let the devices look. */
void machine_poll(struct machine *m);

struct bus *machine_bus(struct machine *m);
struct irqchip *machine_irqchip(struct machine *m);

/* The ends that the machine gives: where host input goes to, and what its screen shows. */
struct input machine_input(struct machine *m);
struct display machine_display(struct machine *m);

/* Print the machine's own counters: accesses that nobody answered, PIT ticks given up. */
void machine_report(const struct machine *m);

/* FERR# of the CPU of this core: the boot processor's becomes IRQ 13, others' pins lead nowhere. */
void machine_ferr(struct machine *m);

#endif
