/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port of the adapter (AHCI 1.2, chapters 3, 4, 5): registers, command list, FIS. What is not
 * queued is done by the disk of ide_disk.c, whose task file is filled from the FIS and whose bus
 * master is the command's PRDT; queued commands are hba_ncq.c's.
 * Commands and tables are read once. A command that is not queued runs alone, as no driver mixes
 * the two. A port that is stopped or reset while a request is in flight shows CR, or no link, until
 * the end is done with the guest's memory.
 * Deviations: no port multipliers, no power management, no command completion coalescing; data
 * by PIO to the host ends with a register FIS, too.
 * Invariant: current is a bit of ci, and while it is not -1 no queued command is begun.
 */
#include "drivers/pc/hba_port.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "mm/gpa.h"

enum { HEADER = 32, MOVED = 4, H_WRITE = 1 << 6, H_LENGTH = 31, TABLE_PRDT = 0x80, PRD = 16 };
enum { FIS_AT_PIO = 0x20, FIS_AT_D2H = 0x40, FIS_INTERRUPT = 0x40, FIS_TO_HOST = 0x20 };
enum { CMD_WRITABLE = 0xf0000000 | CMD_FRE | CMD_POD | CMD_SUD | CMD_ST };
enum { SSTS_LINK = 0x123, SSTS_NO_LINK = 0x001, SCTL_RESET = 1, SIG_DISK = 0x101 };
enum { C_READ_LOG_EXT = 0x2f, C_READ_QUEUED = 0x60, C_WRITE_QUEUED = 0x61, LOG_QUEUED = 0x10 };

static struct ide_drive *drive(struct hba_port *p) { return &p->c.drive[0]; }
static bool in_flight(const struct hba_port *p)
{
	return p->c.drive[0].in_flight || hba_ncq_busy(p);
}

bool hba_port_busy(const struct hba_port *p) { return in_flight(p); }

void hba_port_event(struct hba_port *p, u32 bits_)
{
	p->is |= bits_;
	hba_update(p);
}

/* -- Tables -------------------------------------------------------------------- */

/* The header of slot n; false: it is not in RAM. */
static bool get_header(const struct hba_port *p, unsigned n, struct hba_header *h)
{
	struct { u32 flags, moved, table, table_high; } raw;

	if (!gpa_get(gpa(p->clb + n * HEADER), &raw, sizeof(raw)))
		return false;
	h->flags = raw.flags;
	h->moved = raw.moved;
	h->table = (raw.table & ~0x7fu) | (u64)raw.table_high << 32;
	return true;
}

/* The next entry of a PRDT (4.2.3.3); its byte count is even. */
static bool next_prd(struct gather_list *l)
{
	struct { u32 at, at_high, reserved, bytes; } prd;

	if (!gpa_get(gpa(l->next), &prd, sizeof(prd)))
		return false;
	l->at = (prd.at & ~1u) | (u64)prd.at_high << 32;
	l->left = ((prd.bytes | 1) & 0x3fffff) + 1;
	l->next += PRD;
	l->last = !--l->entries;
	return true;
}

struct gather_list hba_prdt(const struct hba_header *h)
{
	u32 entries = h->flags >> 16;

	return (struct gather_list){
		.next = h->table + TABLE_PRDT, .entries = entries, .last = !entries,
		.more = next_prd,
	};
}

/* -- FIS from the device -------------------------------------------------------- */

void hba_port_fis(struct hba_port *p, u32 at, const u8 *fis, u32 size)
{
	if (p->cmd & CMD_FRE)
		gpa_write(gpa(p->fb + at), fis, size);
}

/* The task file as a register FIS, or as PIO set-up before data. */
static void task_file(struct hba_port *p, u8 type, u8 flags, u32 at)
{
	const struct ide_drive *d = &p->c.drive[0];
	const u8 fis[20] = {
		type, flags, d->status, d->error, d->lba_low[0], d->lba_mid[0], d->lba_high[0],
		d->device, d->lba_low[1], d->lba_mid[1], d->lba_high[1], 0, d->count[0],
		d->count[1], 0, d->status & (u8)~ST_DRQ,	/* after the data */
	};

	hba_port_fis(p, at, fis, sizeof(fis));
}

/* The command of slot `current` is over. */
static void finish(struct hba_port *p)
{
	const struct ide_drive *d = drive(p);
	bool failed = d->status & ST_ERR;
	u32 bit = BIT(p->current), moved = p->c.master.moved;

	gpa_put(gpa(p->clb + (u32)p->current * HEADER + MOVED), &moved, sizeof(moved));
	task_file(p, FIS_D2H, FIS_INTERRUPT, FIS_AT_D2H);
	p->current = -1;
	drive(p)->intrq = false;
	if (failed) {
		p->halted = true;	/* CI keeps the bit: the driver sees whose error it is */
		hba_port_event(p, IS_DHR | IS_TASK);
		return;
	}
	p->ci &= ~bit;
	hba_port_event(p, IS_DHR);
}

/* What the PRDT named is no RAM, or too little: nothing more until the port is stopped. */
static void stopped(struct channel *c, bool error)
{
	struct hba_port *p = (struct hba_port *)c;	/* its first member */

	p->halted = true;
	hba_port_event(p, error ? IS_HOST : IS_OVERFLOW);
}

/* -- Commands -------------------------------------------------------------------- */

/* The PIO data that the disk has or wants, to or from the PRDT. False: it does not fit. */
static bool move_data(struct hba_port *p)
{
	struct ide_drive *d = drive(p);
	u32 size = d->end - d->pos;
	struct gather *g = d->gather;
	bool good = gather_from(g, &p->c.master.list, size, 1);
	struct block_request all = { .piece = g->piece, .pieces = g->pieces };

	if (!good || g->size < size) {
		stopped(&p->c, !good);
		return false;
	}
	if (d->to_device) {
		block_get(&all, 0, d->buf + d->pos, size);
	} else {
		block_put(&all, 0, d->buf + d->pos, size);
		gather_written(g);
	}
	p->c.master.moved += size;
	task_file(p, FIS_PIO, d->to_device ? 0 : FIS_TO_HOST | FIS_INTERRUPT, FIS_AT_PIO);
	hba_port_event(p, d->to_device ? 0 : IS_PIO);
	ide_moved(d, size);
	return true;
}

/* Go on with the command that is not queued, until it waits or is over. */
static void progress(struct hba_port *p)
{
	struct ide_drive *d = drive(p);

	while (p->current >= 0 && !p->halted && d->status & ST_DRQ)
		if (!move_data(p))
			return;
	if (p->current >= 0 && !p->halted && !(d->status & (ST_BSY | ST_DRQ)))
		finish(p);
}

/* ide.c tells of INTRQ whenever something has happened to the drive. */
static void intrq(void *opaque, unsigned n, int level)
{
	struct hba_port *p = opaque;

	(void)n, (void)level;
	progress(p);
	hba_port_settle(p);
	hba_port_run(p);
}

/* What a driver asks for after a queued command has failed (ATA8-ACS, A.14). */
static void queued_error_log(struct ide_drive *d, const struct hba_port *p)
{
	u8 *b = d->buf, sum = 0;

	memset(b, 0, IDE_SECTOR);
	b[0] = p->failed.tag;
	b[2] = p->failed.status;
	b[3] = p->failed.error;
	for (unsigned k = 0; k < 6; k++)
		b[(k < 3 ? 4 : 5) + k] = (u8)(p->failed.lba >> 8 * k);
	for (unsigned k = 0; k < IDE_SECTOR - 1; k++)
		sum = (u8)(sum + b[k]);
	b[IDE_SECTOR - 1] = (u8)-sum;
}

static void no_more(struct ide_drive *d) { (void)d; }

static void set_task_file(struct ide_drive *d, const u8 *fis)
{
	d->feature = fis[3];
	d->lba_low[0] = fis[4], d->lba_mid[0] = fis[5], d->lba_high[0] = fis[6];
	d->device = fis[7] & (u8)~DEV_SLAVE;
	d->lba_low[1] = fis[8], d->lba_mid[1] = fis[9], d->lba_high[1] = fis[10];
	d->count[0] = fis[12], d->count[1] = fis[13];
}

static void begin(struct hba_port *p, unsigned n, const struct hba_header *h, const u8 *fis)
{
	struct ide_drive *d = drive(p);

	p->current = (int)n;
	p->c.master.list = hba_prdt(h);
	p->c.master.status |= BM_ACTIVE;
	p->c.master.moved = 0;
	set_task_file(d, fis);
	if (fis[2] == C_READ_LOG_EXT && d->lba_low[0] == LOG_QUEUED && d->count[0] == 1) {
		queued_error_log(d, p);
		d->error = 0;
		ide_data_in(d, IDE_SECTOR, no_more);
	} else {
		ide_command(&p->c, fis[2]);
	}
	progress(p);
}

/* A control FIS: SRST up, then down (10.4.1). Neither ends with an interrupt. */
static void control(struct hba_port *p, unsigned n, const u8 *fis)
{
	bool was = p->srst;

	p->srst = fis[15] & 4;
	p->ci &= ~BIT(n);
	if (!was || p->srst)
		return;
	ide_drive_reset(drive(p));
	p->sig = SIG_DISK;
	task_file(p, FIS_D2H, 0, FIS_AT_D2H);
}

/* Is anything in flight that a stop or reset made nobody's? */
static bool draining(const struct hba_port *p)
{
	return (p->current < 0 && p->c.drive[0].in_flight) || hba_ncq_draining(p);
}

/* Returns false if the command has to wait. */
static bool start(struct hba_port *p, unsigned n)
{
	struct hba_header h;
	u8 fis[20];
	bool queued;

	if (!get_header(p, n, &h) || !gpa_get(gpa(h.table), fis, sizeof(fis))) {
		stopped(&p->c, true);
		return false;
	}
	queued = fis[1] & 0x80 && (fis[2] == C_READ_QUEUED || fis[2] == C_WRITE_QUEUED);
	if (!queued && in_flight(p))
		return false;
	if (fis[0] != FIS_H2D || (h.flags & H_LENGTH) < 5) {
		printk("ahci: port %u: no register FIS in slot %u\n", p->n, n);
		stopped(&p->c, true);
		return false;
	}
	if (queued)
		hba_ncq_start(p, n, &h, fis);
	else if (fis[1] & 0x80)
		begin(p, n, &h, fis);
	else
		control(p, n, fis);
	return true;
}

void hba_port_run(struct hba_port *p)
{
	for (u32 left = p->ci & ~p->device_has; left; left &= left - 1) {
		unsigned n = (unsigned)__builtin_ctz(left);

		if (!(p->cmd & CMD_ST) || !p->c.master.enabled || p->halted || p->current >= 0 ||
		    !p->present || p->link_due || draining(p))
			return;
		if (!(p->ci >> n & 1) || p->device_has >> n & 1)
			continue;
		trace(IDE, "ahci: port %u begins slot %u\n", p->n, n);
		if (!start(p, n))
			return;
	}
}

/* -- Stopping and resetting ----------------------------------------------------- */

/* The driver takes ST away: what was issued is forgotten. */
static void stop(struct hba_port *p)
{
	p->ci = p->sact = 0;
	p->current = -1;
	p->halted = false;
	p->c.master.status &= (u8)~BM_ACTIVE;
	hba_ncq_drop(p);
	if (drive(p)->in_flight || drive(p)->dma_waits)
		ide_drive_reset(drive(p));
}

/* COMRESET: the link comes back, with the disk's signature, once nothing is in flight. */
static void comreset(struct hba_port *p)
{
	stop(p);
	ide_drive_reset(drive(p));
	p->link_due = p->present;
	p->srst = false;
	p->sig = ~0u;
	hba_port_settle(p);
}

void hba_port_settle(struct hba_port *p)
{
	if (!p->link_due || in_flight(p) || (p->sctl & 15) == SCTL_RESET)
		return;
	p->link_due = false;
	p->sig = SIG_DISK;
	task_file(p, FIS_D2H, 0, FIS_AT_D2H);
	p->serr |= 1 << 26;		/* DIAG.X */
	hba_port_event(p, IS_PC | IS_DHR);
}

void hba_port_reset(struct hba_port *p, bool power_up)
{
	p->clb = power_up ? 0 : p->clb;
	p->fb = power_up ? 0 : p->fb;
	p->is = p->ie = p->serr = p->sctl = 0;
	p->cmd = CMD_SUD | CMD_POD;
	comreset(p);
	if (power_up && p->present)
		ide_power_reset(drive(p));
	p->is = 0;
	hba_update(p);
}

/* -- Registers ------------------------------------------------------------------- */

static u32 status_of_link(const struct hba_port *p)
{
	if (!p->present)
		return 0;
	return p->link_due ? SSTS_NO_LINK : SSTS_LINK;
}

static u32 command_register(const struct hba_port *p)
{
	u32 v = p->cmd;

	if (v & CMD_FRE)
		v |= CMD_FR;
	if (v & CMD_ST || in_flight(p))
		v |= CMD_CR;
	if (p->current >= 0)
		v |= (u32)p->current << 8;
	return v;
}

static u32 task_file_data(const struct hba_port *p)
{
	const struct ide_drive *d = &p->c.drive[0];

	if (!p->present)
		return 0x7f;
	if (p->link_due)
		return ST_BSY;
	return d->status | (u32)d->error << 8;
}

u32 hba_port_read(struct hba_port *p, u32 off)
{
	switch (off) {
	case P_CLB: return (u32)p->clb;
	case P_CLBU: return (u32)(p->clb >> 32);
	case P_FB: return (u32)p->fb;
	case P_FBU: return (u32)(p->fb >> 32);
	case P_IS: return p->is;
	case P_IE: return p->ie;
	case P_CMD: return command_register(p);
	case P_TFD: return task_file_data(p);
	case P_SIG: return p->sig;
	case P_SSTS: return status_of_link(p);
	case P_SCTL: return p->sctl;
	case P_SERR: return p->serr;
	case P_SACT: return p->sact;
	case P_CI: return p->ci;
	default: return 0;
	}
}

static void write_command(struct hba_port *p, u32 v)
{
	bool was = p->cmd & CMD_ST;

	p->cmd = v & (u32)CMD_WRITABLE;
	if (was && !(v & CMD_ST))
		stop(p);
	hba_port_run(p);
}

static void write_control(struct hba_port *p, u32 v)
{
	bool was = (p->sctl & 15) == SCTL_RESET;

	p->sctl = v & 0xfff;
	if (!was && (v & 15) == SCTL_RESET)
		comreset(p);
	hba_port_settle(p);
}

static void low(u64 *to, u32 v) { *to = (*to & ~0xffffffffull) | v; }
static void high(u64 *to, u32 v) { *to = (*to & 0xffffffff) | (u64)v << 32; }

void hba_port_write(struct hba_port *p, u32 off, u32 v)
{
	switch (off) {
	case P_CLB: low(&p->clb, v & ~0x3ffu); break;
	case P_CLBU: high(&p->clb, v); break;
	case P_FB: low(&p->fb, v & ~0xffu); break;
	case P_FBU: high(&p->fb, v); break;
	case P_IS: p->is &= ~v; hba_update(p); break;
	case P_IE: p->ie = v & 0xfdc000ff; hba_update(p); break;
	case P_CMD: write_command(p, v); break;
	case P_SCTL: write_control(p, v); break;
	case P_SERR: p->serr &= ~v; break;
	case P_SACT: p->sact |= p->cmd & CMD_ST ? v : 0; break;
	case P_CI:
		p->ci |= p->cmd & CMD_ST ? v : 0;
		hba_port_run(p);
		break;
	}
}

void hba_port_init(struct hba_port *p, const struct blockdev *b)
{
	struct ide_drive *d = drive(p);

	p->current = -1;
	p->c.irq = (struct irq_line){ .set = intrq, .opaque = p };
	ide_channel_init(&p->c);
	p->c.master.stopped = stopped;
	if (!b)
		return;
	p->present = true;
	d->sata = true;
	p->slot = calloc(HBA_SLOTS, sizeof(*p->slot));
	must(p->slot);
	p->timer.fn = hba_ncq_again;
	p->timer.opaque = p;
	ide_channel_attach(&p->c, 0, IDE_DISK, b);
}
