/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See ahci.h. Each port is a disk of its own: slot n has command header n and table n. Bringing a
 * port up is a list of states, so that a reset can go on between other work. After an error the
 * device drops all queued commands: the port is reset, and disk.c tries each again, alone, which
 * here means not queued, so that its end is its own.
 * Invariant: queued commands and others are never in flight together.
 */
#include "drivers/host/ahci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/host/ahci_port.h"
#include "drivers/host/dma.h"
#include "drivers/host/mmio.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/printk.h"

#define MS 1000000ull

enum { CLASS_AHCI = 0x010601, ABAR = 5 };
enum { H_CAP = 0x00, H_GHC = 0x04, H_IS = 0x08, H_PI = 0x0c, H_CAP2 = 0x24, H_BOHC = 0x28 };
enum { CAP2_HANDOFF = 1, BOHC_FIRMWARE = 1, BOHC_OURS = 2, BOHC_BUSY = 16 };
enum { GHC_INTERRUPTS = 2, PORTS = 0x100, PORT_SIZE = 0x80 };
#define GHC_AHCI BIT(31)
#define CAP_64 BIT(31)
#define CAP_NCQ BIT(30)
enum {				/* of a port (3.3) */
	P_CLB = 0x00, P_FB = 0x08, P_IS = 0x10, P_IE = 0x14, P_CMD = 0x18, P_TFD = 0x20,
	P_SIG = 0x24, P_SSTS = 0x28, P_SCTL = 0x2c, P_SERR = 0x30, P_SACT = 0x34, P_CI = 0x38,
};
enum { CMD_START = 1, CMD_SPIN = 2, CMD_POWER = 4, CMD_RECEIVE = 0x10, CMD_RECEIVING = 0x4000,
	CMD_RUNNING = 0x8000 };
enum { TFD_ERROR = 1, TFD_DRQ = 8, TFD_BUSY = 0x80, DET = 15, DET_THERE = 3 };
#define IS_ERRORS 0x78000000u	/* TFES, HBFS, HBDS, IFS */
#define IS_WANTED (IS_ERRORS | 0x0000002fu)	/* and FIS of each kind that ends a command */
#define SIG_DISK 0x00000101u
#define SIG_PACKET 0xeb140101u
enum { HEADER_FIS = 5, HEADER_PACKET = 1 << 5, HEADER_WRITE = 1 << 6, HEADER_PRDS = 16 };
enum { C_READ = 0x25, C_WRITE = 0x35, C_FLUSH = 0xea, C_DATASET = 0x06, DATASET_TRIM = 1,
	C_READ_QUEUED = 0x60, C_WRITE_QUEUED = 0x61, C_IDENTIFY = 0xec, C_PACKET = 0xa0 };
enum { K_READ_CAPACITY = 0x25, K_READ = 0x28 };
/* How long after a port's reset a device may show that it is there, and a CD that it has one. */
enum { LINK_MS = 100, PACKET_TRIES = 8 };

struct ahci {
	hpa_t reg;
	u32 implemented;
	struct ahci_port *port[AHCI_PORTS];
};

static u32 get(const struct ahci_port *p, u32 at) { return mmio_read32(hpa(p->reg.a + at)); }

static void set(const struct ahci_port *p, u32 at, u32 v)
{
	mmio_write32(hpa(p->reg.a + at), v);
}

/* -- Commands ----------------------------------------------------------------- */

/* Fill header, FIS and PRDs of slot n. */
static volatile u8 *prepare(struct ahci_port *p, unsigned n, u8 command, u32 flags,
			    const struct block_piece *piece, unsigned pieces)
{
	volatile struct ahci_table *t = &p->s->table[n];
	u64 table = dma_address((const void *)t);

	memset((void *)t, 0, offsetof(struct ahci_table, prd));
	p->s->header[n] = (struct ahci_header){
		.flags = HEADER_FIS | flags | pieces << HEADER_PRDS,
		.table = (u32)table, .table_high = (u32)(table >> 32),
	};
	for (unsigned k = 0; k < pieces; k++) {
		u64 at = dma_address(piece[k].at);

		t->prd[k].at = (u32)at;
		t->prd[k].at_high = (u32)(at >> 32);
		t->prd[k].bytes = (u32)piece[k].size - 1;
	}
	t->cfis[0] = 0x27;		/* host to device, a command (SATA 3.0, 10.3.4) */
	t->cfis[1] = 0x80;
	t->cfis[2] = command;
	return t->cfis;
}

static void put_lba(volatile u8 *fis, u64 lba, u32 count)
{
	static const u8 at[6] = { 4, 5, 6, 8, 9, 10 };

	for (unsigned k = 0; k < 6; k++)
		fis[at[k]] = (u8)(lba >> 8 * k);
	fis[7] = 0x40;
	fis[12] = (u8)count;
	fis[13] = (u8)(count >> 8);
}

static void issue(struct ahci_port *p, unsigned n, bool queued)
{
	p->issued |= BIT(n);
	dma_barrier();
	if (queued) {
		p->queued |= BIT(n);
		set(p, P_SACT, BIT(n));
	}
	set(p, P_CI, BIT(n));
}

static void put_be32(volatile u8 *p, u32 v)
{
	for (unsigned k = 0; k < 4; k++)
		p[k] = (u8)(v >> (24 - 8 * k));
}

/* A packet command that reads, with one 32-bit and one 16-bit number. */
static void packet(struct ahci_port *p, unsigned n, u8 command, u64 lba, u32 blocks,
		   const struct block_piece *piece, unsigned pieces)
{
	volatile u8 *fis = prepare(p, n, C_PACKET, HEADER_PACKET, piece, pieces);
	volatile u8 *acmd = p->s->table[n].acmd;

	fis[3] = 1;			/* by DMA */
	acmd[0] = command;
	put_be32(acmd + 2, (u32)lba);
	acmd[7] = (u8)(blocks >> 8);
	acmd[8] = (u8)blocks;
	issue(p, n, false);
}

/* DATA SET MANAGEMENT (ATA8-ACS, 7.10): one block of ranges, of which one is used. */
static void trim(struct ahci_port *p, unsigned n, const struct disk_command *c)
{
	struct block_piece ranges = { (void *)p->s->data, DISK_SECTOR };
	volatile u8 *fis;

	memset((void *)p->s->data, 0, DISK_SECTOR);
	for (unsigned k = 0; k < 6; k++)
		p->s->data[k] = (u8)(c->block >> 8 * k);
	p->s->data[6] = (u8)c->blocks;
	p->s->data[7] = (u8)(c->blocks >> 8);
	fis = prepare(p, n, C_DATASET, HEADER_WRITE, &ranges, 1);
	put_lba(fis, 0, 1);
	fis[3] = DATASET_TRIM;
	issue(p, n, false);
}

static void start_disk(struct ahci_port *p, unsigned n, const struct disk_command *c)
{
	bool write = c->op == BLOCK_WRITE, queued = p->ncq && !c->alone;
	volatile u8 *fis;

	if (c->op == BLOCK_FLUSH) {
		prepare(p, n, C_FLUSH, 0, NULL, 0)[7] = 0x40;
		issue(p, n, false);
		return;
	}
	if (c->op == BLOCK_DISCARD) {	/* it is alone, as a flush is: p->s->data is free */
		trim(p, n, c);
		return;
	}
	fis = prepare(p, n, (u8)(queued ? write ? C_WRITE_QUEUED : C_READ_QUEUED :
			    write ? C_WRITE : C_READ), write ? HEADER_WRITE : 0,
		      c->piece, c->pieces);
	put_lba(fis, c->block, queued ? n << 3 : c->blocks);
	if (queued) {			/* the count is where features are */
		fis[3] = (u8)c->blocks;
		fis[11] = (u8)(c->blocks >> 8);
	}
	issue(p, n, queued);
}

static void start(void *opaque, unsigned n, const struct disk_command *c)
{
	struct ahci_port *p = opaque;

	if (p->packet)
		packet(p, n, K_READ, c->block, c->blocks, c->piece, c->pieces);
	else
		start_disk(p, n, c);
}

/* -- Ends --------------------------------------------------------------------- */

/* Clear the error of one command that was not queued. Returns false if the port does not follow. */
static bool go_on(struct ahci_port *p)
{
	set(p, P_CMD, get(p, P_CMD) & ~(u32)CMD_START);
	for (unsigned k = 0; get(p, P_CMD) & CMD_RUNNING; k++)
		if (k == 10000)
			return false;
	set(p, P_SERR, ~0u);
	set(p, P_IS, ~0u);
	if (get(p, P_TFD) & (TFD_BUSY | TFD_DRQ))
		return false;
	set(p, P_CMD, get(p, P_CMD) | CMD_START);
	return true;
}

static void failed(struct ahci_port *p)
{
	u32 left = p->issued;

	if (!left)
		return;
	if (p->queued || left & (left - 1) || !go_on(p)) {
		disk_lost(&p->disk);
		return;
	}
	p->issued = 0;
	disk_finished(&p->disk, (unsigned)__builtin_ctz(left), -ERR_IO);
}

static void reap(void *opaque)
{
	struct ahci_port *p = opaque;
	u32 events = __atomic_exchange_n(&p->events, 0, __ATOMIC_ACQUIRE);
	u32 over = p->issued & ~(get(p, P_CI) | get(p, P_SACT));

	dma_barrier();
	p->issued &= ~over;
	p->queued &= ~over;
	for (; over; over &= over - 1)
		disk_finished(&p->disk, (unsigned)__builtin_ctz(over), 0);
	if (events & IS_ERRORS)
		failed(p);
}

/* Quiet the ports that interrupt, and note why. */
static void interrupt(void *opaque)
{
	struct ahci *h = opaque;
	u32 ports = mmio_read32(hpa(h->reg.a + H_IS)) & h->implemented;

	for (u32 left = ports; left; left &= left - 1) {
		unsigned n = (unsigned)__builtin_ctz(left);
		hpa_t at = hpa(h->reg.a + PORTS + n * PORT_SIZE + P_IS);
		u32 status = mmio_read32(at);

		mmio_write32(at, status);
		if (h->port[n])
			__atomic_fetch_or(&h->port[n]->events, status, __ATOMIC_RELEASE);
	}
	mmio_write32(hpa(h->reg.a + H_IS), ports);
}

/* -- Bringing a port up (10.1.2, 10.4.2) ---------------------------------------- */

enum step { STOPPING, QUIETING, RESETTING, LINKING, BUSY, IDENTIFYING, READY };

static int refuse(struct ahci_port *p, const char *why)
{
	printk("%s: %s\n", p->disk.name, why);
	return -ERR_IO;
}

static int go_to(struct ahci_port *p, enum step step)
{
	p->step = step;
	p->since = clock_ns();
	return BLOCK_LATER;
}

static void ask_identity(struct ahci_port *p)
{
	struct block_piece data = { (void *)p->s->data, p->packet ? 8 : DISK_SECTOR };

	if (p->packet)
		packet(p, 0, K_READ_CAPACITY, 0, 0, &data, 1);
	else {
		prepare(p, 0, C_IDENTIFY, 0, &data, 1);
		issue(p, 0, false);
	}
}

static int begin_work(struct ahci_port *p)
{
	u32 sig = get(p, P_SIG);

	if (sig != SIG_DISK && sig != SIG_PACKET)
		return refuse(p, "neither a disk nor a CD-ROM is at the port");
	p->packet = sig == SIG_PACKET;
	p->issued = p->queued = p->events = 0;
	set(p, P_SERR, ~0u);
	set(p, P_IS, ~0u);
	set(p, P_CMD, get(p, P_CMD) | CMD_START);
	ask_identity(p);
	return go_to(p, IDENTIFYING);
}

/* A CD-ROM begins with the news that it was reset: then it is asked again. */
static int identified(struct ahci_port *p)
{
	bool over = !get(p, P_CI);
	const char *why;

	if ((get(p, P_IS) | p->events) & IS_ERRORS || (over && get(p, P_TFD) & TFD_ERROR)) {
		if (!p->packet || ++p->tries > PACKET_TRIES)
			return refuse(p, p->packet ? "no medium" : "it does not identify itself");
		if (!go_on(p))
			return -ERR_IO;
		p->issued = p->events = 0;
		ask_identity(p);
		return BLOCK_LATER;
	}
	if (!over)
		return BLOCK_LATER;
	dma_barrier();
	p->issued = p->events = 0;
	why = p->packet ? ahci_identify_cd(p, p->s->data) : ahci_identify_disk(p, p->s->data);
	if (why)
		return refuse(p, why);
	set(p, P_IE, IS_WANTED);
	p->step = READY;
	return 0;
}

static void set_memory(struct ahci_port *p)
{
	mmio_write64(hpa(p->reg.a + P_CLB), dma_address((const void *)p->s->header));
	mmio_write64(hpa(p->reg.a + P_FB), dma_address((const void *)p->s->received));
	set(p, P_SERR, ~0u);
	set(p, P_CMD, get(p, P_CMD) | CMD_RECEIVE | CMD_SPIN | CMD_POWER);
}

static int reset(void *opaque, bool begin)
{
	struct ahci_port *p = opaque;
	u32 command, link;

	if (begin) {
		set(p, P_IE, 0);
		set(p, P_CMD, get(p, P_CMD) & ~(u32)CMD_START);
		p->tries = 0;
		go_to(p, STOPPING);
	}
	command = get(p, P_CMD);
	link = get(p, P_SSTS) & DET;
	switch ((enum step)p->step) {
	case STOPPING:
		if (command & CMD_RUNNING)
			return BLOCK_LATER;
		set(p, P_CMD, command & ~(u32)CMD_RECEIVE);
		return go_to(p, QUIETING);
	case QUIETING:
		if (command & CMD_RECEIVING)
			return BLOCK_LATER;
		set_memory(p);
		set(p, P_SCTL, (get(p, P_SCTL) & ~(u32)DET) | 1);	/* COMRESET */
		return go_to(p, RESETTING);
	case RESETTING:
		if (clock_ns() < p->since + 2 * MS)
			return BLOCK_LATER;
		set(p, P_SCTL, get(p, P_SCTL) & ~(u32)DET);
		return go_to(p, LINKING);
	case LINKING:
		if (link == DET_THERE)
			return go_to(p, BUSY);
		return link || clock_ns() < p->since + LINK_MS * MS ? BLOCK_LATER : -ERR_IO;
	case BUSY:
		set(p, P_SERR, ~0u);
		return get(p, P_TFD) & (TFD_BUSY | TFD_DRQ) ? BLOCK_LATER : begin_work(p);
	case IDENTIFYING:
		return identified(p);
	case READY:
		return 0;
	}
	return -ERR_IO;
}

/* -- Finding them --------------------------------------------------------------- */

bool ahci_match(const struct pci_function *f) { return f->class == CLASS_AHCI; }

static struct ahci_port *port_create(struct ahci *h, unsigned n, u32 cap, const char *name)
{
	static const struct disk_driver driver = { start, reap, reset };
	struct ahci_port *p = calloc(1, sizeof(*p));

	if (!p || !(p->s = dma_alloc(sizeof(*p->s))))
		return NULL;
	p->reg = hpa(h->reg.a + PORTS + n * PORT_SIZE);
	p->controller_slots = (unsigned)bits(cap, 12, 8) + 1;
	p->controller_ncq = cap & CAP_NCQ;
	p->disk.driver = &driver;
	p->disk.opaque = p;
	p->disk.align = 2;
	p->disk.pieces = DISK_PIECES;
	p->disk.unit = n;
	p->disk.flush_alone = true;
	snprintf(p->disk.name, sizeof(p->disk.name), "%s", name);
	h->port[n] = p;
	return p;
}

/* Is anything at one of the ports? They are given power, and the time that a link takes. */
static u32 look(struct ahci *h)
{
	u64 end = clock_ns() + LINK_MS * MS;
	u32 there = 0;

	for (unsigned n = 0; n < AHCI_PORTS; n++) {
		struct ahci_port p = { .reg = hpa(h->reg.a + PORTS + n * PORT_SIZE) };

		if (h->implemented >> n & 1)
			set(&p, P_CMD, get(&p, P_CMD) | CMD_SPIN | CMD_POWER);
	}
	do {
		for (unsigned n = 0; n < AHCI_PORTS; n++) {
			struct ahci_port p = { .reg = hpa(h->reg.a + PORTS + n * PORT_SIZE) };

			if (h->implemented >> n & 1 && get(&p, P_SSTS) & DET)
				there |= BIT(n);
		}
	} while (there != h->implemented && clock_ns() < end);
	return there;
}

/*
 * Firmware that still has the controller is asked for it (10.6.3): it has 25 ms, or two seconds if
 * it says that it is busy. Then it is ours, whatever it says.
 */
static void take_over(struct ahci *h)
{
	hpa_t owner = hpa(h->reg.a + H_BOHC);
	u64 since = clock_ns();
	u32 now;

	if (!(mmio_read32(hpa(h->reg.a + H_CAP2)) & CAP2_HANDOFF))
		return;
	mmio_write32(owner, mmio_read32(owner) | BOHC_OURS);
	do
		now = mmio_read32(owner);
	while (now & BOHC_FIRMWARE && clock_ns() < since + (now & BOHC_BUSY ? 2000 : 25) * MS);
	if (now & BOHC_FIRMWARE)
		printk("sata: the firmware does not give its controller up\n");
}

/* Returns what is lacking, or NULL. */
static const char *find(struct ahci *h, struct pci *p, const struct pci_function *f, u32 *cap)
{
	bool message;
	u64 size;

	if (pci_bar(p, f, ABAR, &h->reg, &size) || size < PORTS + PORT_SIZE)
		return "it has no registers";
	pci_enable(f);
	take_over(h);
	mmio_write32(hpa(h->reg.a + H_GHC), mmio_read32(hpa(h->reg.a + H_GHC)) | GHC_AHCI);
	*cap = mmio_read32(hpa(h->reg.a + H_CAP));
	h->implemented = mmio_read32(hpa(h->reg.a + H_PI));
	for (unsigned n = 0; n < AHCI_PORTS; n++)
		if (size < PORTS + (n + 1) * PORT_SIZE)
			h->implemented &= ~BIT(n);
	if (!(*cap & CAP_64))
		return "it has no 64-bit addresses";
	return pci_interrupt(p, f, interrupt, h, &message) ? "it has no interrupt" : NULL;
}

void ahci_create(struct pci *p, const struct pci_function *f, unsigned *n,
		 void (*add)(struct disk *d))
{
	struct ahci *h = calloc(1, sizeof(*h));
	u32 cap = 0, there;
	const char *lacks = h ? find(h, p, f, &cap) : "no memory";

	if (lacks) {
		printk("sata: a controller is left out: %s\n", lacks);
		return;
	}
	mmio_write32(hpa(h->reg.a + H_GHC), mmio_read32(hpa(h->reg.a + H_GHC)) | GHC_INTERRUPTS);
	there = look(h);
	for (unsigned k = 0; k < AHCI_PORTS; k++) {
		char name[sizeof(((struct disk *)0)->name)];
		struct ahci_port *port;

		if (!(there >> k & 1))
			continue;
		snprintf(name, sizeof(name), "sata%u", (*n)++);
		port = port_create(h, k, cap, name);
		if (port && !disk_init(&port->disk))
			add(&port->disk);
		else
			printk("%s: left out: it does not come up\n", name);
	}
}
