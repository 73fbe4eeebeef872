/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See nvme.h. Slot n's command has identifier n and page n of the PRP lists. Bringing up is a list
 * of steps, each an admin command, so that a reset can go on between other work.
 * Invariant: nothing that the device writes is an index here before it was compared with the number
 * of slots, and an entry of a completion queue is taken once, by its phase.
 */
#include "drivers/host/nvme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/host/dma.h"
#include "drivers/host/mmio.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/err.h"
#include "kernel/printk.h"

enum { CLASS_NVME = 0x010802 };
enum {				/* controller registers (3.1) */
	R_CAP = 0x00, R_INTMS = 0x0c, R_INTMC = 0x10, R_CC = 0x14, R_CSTS = 0x1c, R_AQA = 0x24,
	R_ASQ = 0x28, R_ACQ = 0x30, R_DOORBELLS = 0x1000,
};
enum { CC_ENABLE = 1, CC_ENTRIES = 6 << 16 | 4 << 20, CSTS_READY = 1, CSTS_FATAL = 2 };
enum { QUEUE = 64, PAGE = 4096, ADMIN = 0, IO = 1 };
enum { A_CREATE_SQ = 1, A_CREATE_CQ = 5, A_IDENTIFY = 6, A_SET_FEATURES = 9 };
enum { N_FLUSH = 0, N_WRITE = 1, N_READ = 2, N_ZERO = 8, N_DATASET = 9, DATASET_DEALLOCATE = 4 };
enum { ONCS_DATASET = 4, ONCS_ZERO = 8, MOST_EMPTY = 65536 };	/* blocks of one such command */
enum { CNS_NAMESPACE = 0, CNS_CONTROLLER = 1, CNS_LIST = 2, FEATURE_QUEUES = 7 };
enum { CONTIGUOUS = 1, INTERRUPTS = 2 };
enum {				/* identify data, bytes */
	IC_MDTS = 77, IC_ONCS = 520, IC_VWC = 525, IN_SIZE = 0, IN_FLBAS = 26, IN_ATTRIBUTES = 99,
	IN_FORMATS = 128,
};

struct command {
	u32 dw0, nsid, dw2[2];
	u64 metadata, prp[2];
	u32 dw10, dw11, dw12, dw13, dw14, dw15;
};
struct completion { u32 result, reserved; u16 head, queue, id, status; }; /* status 0: phase */

struct shared {			/* with the device; each member begins a page */
	struct command sq[2][QUEUE];
	struct completion cq[2][QUEUE * 4];	/* a page; QUEUE of them are used */
	u64 prp[DISK_SLOTS][PAGE / 8];
	u8 identify[PAGE];
};

struct nvme {
	struct disk disk;
	hpa_t reg;
	bool message;
	u32 stride;		/* bytes between doorbells */
	u32 nsid;
	u32 most;		/* bytes in one command, as the controller says */
	u16 size;		/* of the I/O queues */
	u16 tail[2], head[2];
	bool phase[2];
	unsigned step;
	bool waits;		/* for the step's admin command */
	volatile struct shared *s;
};

static hpa_t reg(const struct nvme *v, u32 offset) { return hpa(v->reg.a + offset); }

/* -- Queues ------------------------------------------------------------------ */

static u16 queue_size(const struct nvme *v, unsigned q) { return q == ADMIN ? QUEUE : v->size; }

static void ring(struct nvme *v, unsigned q, bool completion, u16 value)
{
	mmio_write32(reg(v, R_DOORBELLS + (2 * q + completion) * v->stride), value);
}

static void push(struct nvme *v, unsigned q, const struct command *c)
{
	v->s->sq[q][v->tail[q]] = *c;
	v->tail[q] = (u16)((v->tail[q] + 1) % queue_size(v, q));
	dma_barrier();
	ring(v, q, false, v->tail[q]);
}

/* Take the next completion, if there is one. */
static bool pop(struct nvme *v, unsigned q, struct completion *c)
{
	volatile struct completion *at = &v->s->cq[q][v->head[q]];

	if ((at->status & 1) != v->phase[q])
		return false;
	dma_barrier();
	*c = *at;
	v->head[q] = (u16)((v->head[q] + 1) % queue_size(v, q));
	v->phase[q] ^= !v->head[q];
	return true;
}

/* -- Requests ---------------------------------------------------------------- */

/* PRP 1 and 2 (4.3): two pages at most, else the list of all pages but the first. */
static void fill_prps(struct nvme *v, unsigned n, struct command *q, const struct disk_command *c)
{
	volatile u64 *list = v->s->prp[n];
	unsigned k = 0;

	q->prp[0] = dma_address(c->piece[0].at);
	for (unsigned p = 0; p < c->pieces; p++) {
		u64 at = dma_address(c->piece[p].at), end = at + c->piece[p].size;

		if (!p)
			at = align_down(at, PAGE) + PAGE;
		for (; at < end; at += PAGE)
			list[k++] = at;
	}
	if (k)
		q->prp[1] = k == 1 ? list[0] : dma_address((const void *)list);
}

/* Data set management (6.7): one range, in the page that PRP lists have otherwise. */
static void fill_range(struct nvme *v, unsigned n, struct command *q, const struct disk_command *c)
{
	volatile u64 *range = v->s->prp[n];

	range[0] = (u64)c->blocks << 32;
	range[1] = c->block;
	q->prp[0] = dma_address((const void *)range);
	q->dw10 = 0;			/* one */
	q->dw11 = DATASET_DEALLOCATE;
}

static void start(void *opaque, unsigned n, const struct disk_command *c)
{
	static const u8 code[BLOCK_OPS] = { N_READ, N_WRITE, N_FLUSH, N_DATASET, N_ZERO };
	struct nvme *v = opaque;
	struct command q = { .dw0 = n << 16 | code[c->op], .nsid = v->nsid };

	if (c->op == BLOCK_DISCARD) {
		fill_range(v, n, &q, c);
	} else if (c->op != BLOCK_FLUSH) {
		if (c->pieces)
			fill_prps(v, n, &q, c);
		q.dw10 = (u32)c->block;
		q.dw11 = (u32)(c->block >> 32);
		q.dw12 = c->blocks - 1;
	}
	push(v, IO, &q);
}

static void reap(void *opaque)
{
	struct nvme *v = opaque;
	struct completion c;
	unsigned taken = 0;

	/* A device that goes on for ever must not keep us here. */
	while (taken < QUEUE && pop(v, IO, &c)) {
		taken++;
		disk_finished(&v->disk, c.id, c.status >> 1 ? -ERR_IO : 0);
	}
	if (taken)
		ring(v, IO, true, v->head[IO]);
	if (!v->message)
		mmio_write32(reg(v, R_INTMC), 1);
}

/* A pin is quiet while masked; the run loop reaps, then unmasks. */
static void interrupt(void *opaque)
{
	struct nvme *v = opaque;

	if (!v->message)
		mmio_write32(reg(v, R_INTMS), 1);
}

/* -- Bringing up (7.6.1) ------------------------------------------------------ */

static u32 get32(const volatile u8 *p) { return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24; }

static void identify(struct nvme *v, struct command *c, u8 what, u32 nsid)
{
	c->dw0 = A_IDENTIFY;
	c->nsid = nsid;
	c->prp[0] = dma_address((const void *)v->s->identify);
	c->dw10 = what;
}

static void ask_controller(struct nvme *v, struct command *c)
{
	identify(v, c, CNS_CONTROLLER, 0);
}

static bool got_controller(struct nvme *v)
{
	u8 mdts = v->s->identify[IC_MDTS];

	v->most = DISK_COMMAND_MAX;
	if (mdts && mdts < 8)
		v->most = (u32)PAGE << mdts;
	v->disk.cached = v->s->identify[IC_VWC] & 1;
	v->disk.most_discard = v->s->identify[IC_ONCS] & ONCS_DATASET ? MOST_EMPTY : 0;
	v->disk.most_zero = v->s->identify[IC_ONCS] & ONCS_ZERO ? MOST_EMPTY : 0;
	return true;
}

static void ask_list(struct nvme *v, struct command *c) { identify(v, c, CNS_LIST, 0); }

/* Active namespaces, in order; whoever has more than one is told by the next. */
static bool got_list(struct nvme *v)
{
	u32 first = get32(v->s->identify), more = get32(v->s->identify + 4);

	if (more && !v->nsid)
		printk("%s: only namespace %u is used\n", v->disk.name, (unsigned)first);
	if (v->nsid && first != v->nsid)
		return false;
	v->nsid = v->disk.unit = first;
	return first != 0;
}

static void ask_namespace(struct nvme *v, struct command *c)
{
	identify(v, c, CNS_NAMESPACE, v->nsid);
}

static bool got_namespace(struct nvme *v)
{
	const volatile u8 *p = v->s->identify;
	u8 format = p[IN_FLBAS];
	u32 lbaf = get32(p + IN_FORMATS + 4 * ((format & 15) | (format >> 5 & 3) << 4));
	u64 blocks = get32(p + IN_SIZE) | (u64)get32(p + IN_SIZE + 4) << 32;
	u32 shift = lbaf >> 16 & 0xff;
	u64 sectors;
	struct disk *d = &v->disk;

	if (shift < 9 || shift > 16 || blocks >> (64 - 7) || lbaf & 0xffff)
		return false;		/* with metadata, too */
	sectors = blocks << (shift - 9);
	if (d->sectors && (sectors != d->sectors || d->block != 1u << shift))
		return false;		/* another disk than before */
	d->sectors = sectors;
	d->block = 1u << shift;
	d->most = v->most < d->block ? d->block : v->most;
	d->readonly = p[IN_ATTRIBUTES] & 1;
	return sectors != 0;
}

static void ask_queues(struct nvme *v, struct command *c)
{
	(void)v;
	c->dw0 = A_SET_FEATURES;
	c->dw10 = FEATURE_QUEUES;	/* one of each: 0, 0 */
}

static void ask_cq(struct nvme *v, struct command *c)
{
	c->dw0 = A_CREATE_CQ;
	c->prp[0] = dma_address((const void *)v->s->cq[IO]);
	c->dw10 = (u32)(v->size - 1) << 16 | IO;
	c->dw11 = CONTIGUOUS | INTERRUPTS;	/* vector 0 */
}

static void ask_sq(struct nvme *v, struct command *c)
{
	c->dw0 = A_CREATE_SQ;
	c->prp[0] = dma_address((const void *)v->s->sq[IO]);
	c->dw10 = (u32)(v->size - 1) << 16 | IO;
	c->dw11 = (u32)IO << 16 | CONTIGUOUS;
}

static const struct {
	void (*ask)(struct nvme *v, struct command *c);
	bool (*got)(struct nvme *v);	/* NULL: nothing to look at */
} steps[] = {
	{ ask_controller, got_controller }, { ask_list, got_list },
	{ ask_namespace, got_namespace }, { ask_queues, NULL }, { ask_cq, NULL }, { ask_sq, NULL },
};

/* The controller is off: its admin queues, and on again. */
static void enable(struct nvme *v)
{
	memset((void *)v->s->cq, 0, sizeof(v->s->cq));
	memset(v->tail, 0, sizeof(v->tail));
	memset(v->head, 0, sizeof(v->head));
	v->phase[ADMIN] = v->phase[IO] = true;
	mmio_write32(reg(v, R_AQA), (QUEUE - 1) << 16 | (QUEUE - 1));
	mmio_write64(reg(v, R_ASQ), dma_address((const void *)v->s->sq[ADMIN]));
	mmio_write64(reg(v, R_ACQ), dma_address((const void *)v->s->cq[ADMIN]));
	dma_barrier();
	mmio_write32(reg(v, R_CC), CC_ENTRIES | CC_ENABLE);
}

/* One step further with the admin commands: 0, BLOCK_LATER or -ERR_IO. */
static int next_step(struct nvme *v)
{
	struct completion done;
	struct command c = { 0 };

	if (v->waits) {
		if (!pop(v, ADMIN, &done))
			return BLOCK_LATER;
		ring(v, ADMIN, true, v->head[ADMIN]);
		v->waits = false;
		if (done.status >> 1 || (steps[v->step].got && !steps[v->step].got(v)))
			return -ERR_IO;
		v->step++;
	}
	if (v->step == ARRAY_LEN(steps))
		return 0;
	steps[v->step].ask(v, &c);
	push(v, ADMIN, &c);
	v->waits = true;
	return BLOCK_LATER;
}

static int reset(void *opaque, bool begin)
{
	struct nvme *v = opaque;
	u32 status, control;

	if (begin) {
		mmio_write32(reg(v, R_CC), 0);
		v->step = 0;
		v->waits = false;
	}
	status = mmio_read32(reg(v, R_CSTS));
	control = mmio_read32(reg(v, R_CC));
	if (status == ~0u)
		return -ERR_IO;
	if (!(control & CC_ENABLE)) {
		if (!(status & CSTS_READY))
			enable(v);
		return BLOCK_LATER;
	}
	if (status & CSTS_FATAL)
		return -ERR_IO;
	return status & CSTS_READY ? next_step(v) : BLOCK_LATER;
}

/* -- Finding it --------------------------------------------------------------- */

bool nvme_match(const struct pci_function *f) { return f->class == CLASS_NVME; }

/* Returns what is lacking, or NULL. */
static const char *find_all(struct nvme *v, struct pci *p, const struct pci_function *f)
{
	u64 cap, size;

	if (pci_bar(p, f, 0, &v->reg, &size) || size < R_DOORBELLS + 4 * 4)
		return "it has no registers";
	pci_enable(f);
	cap = mmio_read64(reg(v, R_CAP));
	v->stride = 4u << bits(cap, 35, 32);
	v->size = (u16)(bits(cap, 15, 0) < QUEUE - 1 ? bits(cap, 15, 0) + 1 : QUEUE);
	if (size < R_DOORBELLS + 4ull * v->stride || v->size < 2 || bits(cap, 51, 48) ||
	    !bits(cap, 37, 37))
		return "its queues, pages or commands are not as needed";
	v->disk.slots = v->size - 1u < DISK_SLOTS ? v->size - 1u : DISK_SLOTS;
	v->disk.align = 4;
	v->disk.page = PAGE;
	v->disk.pieces = DISK_PIECES;
	if (pci_interrupt(p, f, interrupt, v, &v->message))
		return "it has no interrupt";
	v->s = dma_alloc(sizeof(*v->s));
	return v->s ? NULL : "no memory";
}

struct disk *nvme_create(struct pci *p, const struct pci_function *f, const char *name)
{
	static const struct disk_driver driver = { start, reap, reset };
	struct nvme *v = calloc(1, sizeof(*v));
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
