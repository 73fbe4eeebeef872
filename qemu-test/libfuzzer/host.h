/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the targets of host drivers share: a device that is as it should be until the input has it
 * lie. Each register that the driver reads takes a byte of the input: mostly the true value, some
 * of them another one. Then the input says what the driver is asked for, what the device does, and
 * what it writes into memory that both share. An input of no bytes is a good device.
 */
#ifndef LIBFUZZER_HOST_H
#define LIBFUZZER_HOST_H

#include "drivers/host/disk.h"
#include "qemu-test/libfuzzer/feed.h"
#include "qemu-test/unit/fake_host.h"

enum host_op {			/* and what follows */
	HOST_READ,		/* sector (2), count (1), offset of the buffer (1) */
	HOST_WRITE,		/* the same */
	HOST_FLUSH,
	HOST_DISCARD,		/* as HOST_READ */
	HOST_ZERO,
	HOST_SERVE,		/* the device does what it was given */
	HOST_INTERRUPT,		/* it interrupts, and the run loop looks */
	HOST_TIME,		/* 10 ms times that (1) */
	HOST_MEMORY,		/* which (1), place (2), count (1), bytes: written by the device */
	HOST_LIE,		/* the device's own: bytes */
	HOST_MUTE,		/* it does nothing from now on, or does again */
	HOST_OPS,
};

/* The device that is played: a target's. */
struct host_target {
	u16 vendor, device;
	u32 class;
	unsigned bars;
	struct fake_device registers;
	/* Power-up; then the input's first bytes, if the device has settings. */
	void (*power_up)(struct feed *f);
	/* Have the driver bring it up: its disk, or NULL. */
	struct disk *(*create)(struct pci *p, const struct pci_function *f);
	void (*serve)(void);
	void (*lie)(struct feed *f);
};

extern struct feed host_feed;
extern bool host_mute;
extern bool host_wrote;		/* the device has written what is not its own: believe no table */
extern unsigned host_good;	/* requests that went well */

/* The value that the driver reads: v, or what the input has instead. */
u32 host_twist(u32 v);
/* One input, from power-up to the end of all that was asked for. */
void host_run(const struct host_target *t, const u8 *data, size_t size);
/* Bytes of the medium, HOST_SECTORS of 512. */
enum { HOST_SECTORS = 4096 };
extern u8 host_medium[HOST_SECTORS * 512];

/* A seed's request. */
void host_ask(struct seed *s, enum host_op op, u16 sector, u8 count);
/* Seeds that suit all devices, after `head` and the bytes of its bringing up. */
void host_seeds(void (*put)(const char *name, const struct seed *s), const struct seed *head);

#endif
