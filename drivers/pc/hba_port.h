/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What hba.c (the adapter's registers, PCI, interrupts), hba_port.c (commands, FIS) and hba_ncq.c
 * (queued commands) share. Nobody else includes this. A port is guarded by its channel's lock; what
 * is the adapter's by the adapter's, which is taken last.
 */
#ifndef DRIVERS_PC_HBA_PORT_H
#define DRIVERS_PC_HBA_PORT_H

#include "drivers/pc/hba.h"
#include "drivers/pc/ide_drive.h"

enum { HBA_SLOTS = 32 };
enum {				/* port registers (AHCI 1.2, 3.3) */
	P_CLB = 0x00, P_CLBU = 0x04, P_FB = 0x08, P_FBU = 0x0c, P_IS = 0x10, P_IE = 0x14,
	P_CMD = 0x18, P_TFD = 0x20, P_SIG = 0x24, P_SSTS = 0x28, P_SCTL = 0x2c, P_SERR = 0x30,
	P_SACT = 0x34, P_CI = 0x38,
};
enum { CMD_ST = 1, CMD_SUD = 2, CMD_POD = 4, CMD_CLO = 8, CMD_FRE = 0x10, CMD_FR = 0x4000,
	CMD_CR = 0x8000 };
enum { IS_DHR = 1, IS_PIO = 2, IS_SDB = 8, IS_PC = 0x40, IS_OVERFLOW = 1 << 24,
	IS_HOST = 1 << 29, IS_TASK = 1 << 30 };
enum { FIS_H2D = 0x27, FIS_D2H = 0x34, FIS_SDB = 0xa1, FIS_PIO = 0x5f };

struct hba_port;

struct hba_slot {		/* a queued command on its way */
	struct block_request r;
	struct gather g;
	struct gather_list list;
	struct hba_port *p;
	unsigned n;
	enum block_op op;
	u64 lba;
	u32 left;		/* sectors to come */
	bool fua, busy;
	bool stale;		/* the port was stopped: the end of it is told to nobody */
	bool again;		/* the end did a part at once: the next one later */
};

struct hba_port {
	struct channel c;	/* the disk is drive 0, its bus master the command's PRDT */
	struct hba *hba;
	unsigned n;
	u64 clb, fb;
	u32 is, ie, cmd, sctl, serr, sact, ci, sig;
	u32 device_has;		/* slots whose queued command the device has taken */
	int current;		/* slot of the command that is not queued; -1: none */
	bool srst;		/* a control FIS has set it */
	bool halted;		/* an error: nothing more until the driver stops the port */
	bool present;		/* a disk is there */
	bool link_due;		/* COMRESET: the link is up once nothing is in flight */
	struct { u8 tag, status, error; u64 lba; } failed;	/* log page 10h */
	struct hba_slot *slot;
	struct timer timer;	/* queued commands whose end did a part at once */
};

/* -- hba.c -- */
/* The port's IS or IE has changed. With the port's lock held. */
void hba_update(struct hba_port *p);

/* -- hba_port.c -- */
void hba_port_init(struct hba_port *p, const struct blockdev *b);
u32 hba_port_read(struct hba_port *p, u32 off);
void hba_port_write(struct hba_port *p, u32 off, u32 v);
/* As HBA reset and power-up do. */
void hba_port_reset(struct hba_port *p, bool power_up);
bool hba_port_busy(const struct hba_port *p);
/* Begin what was issued and may begin. */
void hba_port_run(struct hba_port *p);
/* A FIS from the device goes to the driver's area, if it takes any. */
void hba_port_fis(struct hba_port *p, u32 at, const u8 *fis, u32 size);
/* Note events for the driver: bits of P_IS. */
void hba_port_event(struct hba_port *p, u32 bits);
void hba_port_settle(struct hba_port *p);
/* A command's header, and its PRDT. */
struct hba_header { u32 flags, moved; u64 table; };
struct gather_list hba_prdt(const struct hba_header *h);

/* -- hba_ncq.c -- */
void hba_ncq_start(struct hba_port *p, unsigned n, const struct hba_header *h, const u8 *fis);
/* The port was stopped or reset: queued commands end without telling. */
void hba_ncq_drop(struct hba_port *p);
bool hba_ncq_busy(const struct hba_port *p);
/* Is one of them busy that was dropped? */
bool hba_ncq_draining(const struct hba_port *p);
/* The port's timer: the next parts of those that wait. */
void hba_ncq_again(void *port);

#endif
