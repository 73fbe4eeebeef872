/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host's disks, each by itself and by many requests at once: reads of what tools/mkdisk.py put
 * there, writes read back, sectors that must fail beside others that must not. Disks without its
 * mark are left alone. Invariant: no write goes to a disk that does not carry the mark.
 */
#include "kernel/machine/disk_test.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/host/disks.h"
#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/machine/guest.h"
#include "kernel/lib/bits.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/page.h"

#define STEP 0x9e3779b97f4a7c15ull
#define LIMIT_NS 60000000000ull
enum { BATCH = 48, MOST = 100, ROUNDS = 6, WORDS = DISK_SECTOR / 8, PAGES = 16 };

struct mark { char text[16]; u64 bad, bad_count; };

static struct batch {
	struct block_request r[BATCH];
	int rc[BATCH];
	struct block_piece piece[BATCH][PAGES];
	u64 straight[MOST * WORDS];
	unsigned left;
	u64 seed;
	u64 salt;		/* what was written differs by it from what was there */
	const struct boot_info *info;
} b;

void disk_test_init(const struct boot_info *info) { b.info = info; }

static u64 next(u64 below)
{
	b.seed = b.seed * 6364136223846793005ull + 1442695040888963407ull;
	return (b.seed >> 33) % below;
}

static void done(struct block_request *r, int rc)
{
	b.rc[r - b.r] = rc;
	b.left--;
}

static void submit(const struct blockdev *end, unsigned k)
{
	struct block_request *r = &b.r[k];
	int rc;

	r->done = done;
	b.left++;
	rc = end->submit(end->opaque, r);
	if (rc != BLOCK_LATER)
		done(r, rc);
}

/* As the run loop does it: sleep until something came. False: it took too long. */
static bool wait(void)
{
	u64 end = clock_ns() + LIMIT_NS;

	while (b.left && clock_ns() < end) {
		u32 events;

		cpu_idle();
		events = irq_take_events();
		if (events & CPU_EVENT_TIMER)
			timer_run();
		if (events & CPU_EVENT_DEVICE)
			disks_poll();
	}
	return !b.left;
}

static u64 word(u64 lba, unsigned k, u64 salt) { return (lba * WORDS + k + 1) * STEP ^ salt; }

static void fill(u64 *to, u64 lba, u32 count, u64 salt)
{
	for (u32 n = 0; n < count * WORDS; n++)
		to[n] = word(lba, n, salt);
}

static bool agrees(const u64 *from, u64 lba, u32 count, u64 salt)
{
	for (u32 n = 0; n < count * WORDS; n++)
		if (from[n] != word(lba, n, salt))
			return false;
	return true;
}

/* Every other request has its pages in another order than they lie, but for the first and last. */
static void scatter(unsigned n)
{
	struct block_request *r = &b.r[n];
	u8 *at = r->buf, *end = at + r->count * DISK_SECTOR;
	struct block_piece *p = b.piece[n];
	unsigned k = 0;

	r->piece = p;
	r->pieces = 0;
	if (!(n & 1))
		return;
	for (u8 *next; at < end; at = next) {
		next = (u8 *)align_down((uintptr_t)at, PAGE_SIZE) + PAGE_SIZE;
		if (next > end)
			next = end;
		p[k++] = (struct block_piece){ at, (u64)(next - at) };
	}
	for (unsigned a = 1, z = k - 2; k > 3 && a < z; a++, z--) {
		struct block_piece other = p[a];

		p[a] = p[z];
		p[z] = other;
	}
	r->pieces = k;
}

/* BATCH pieces of the disk that do not overlap, none with sector 0, in scrambled order. */
static void choose(const struct blockdev *end, enum block_op op)
{
	u64 part = (end->sectors - 1) / BATCH;
	u32 most = part < MOST ? (u32)part : MOST;

	for (unsigned n = 0; n < BATCH; n++) {
		struct block_request *r = &b.r[n];

		r->op = op;
		r->count = 1 + (u32)next(most);
		r->lba = 1 + n * 7 % BATCH * part + next(part - r->count + 1);
		scatter(n);
	}
}

static bool touches(const struct block_request *r, const struct mark *m)
{
	return m->bad_count && r->lba < m->bad + m->bad_count && m->bad < r->lba + r->count;
}

static const char *read_back(const struct blockdev *end, const struct mark *m, u64 salt)
{
	for (unsigned n = 0; n < BATCH; n++) {
		b.r[n].op = BLOCK_READ;
		memset(b.r[n].buf, 0x5a, b.r[n].count * DISK_SECTOR);
		submit(end, n);
	}
	if (!wait())
		return "reads do not end";
	for (unsigned n = 0; n < BATCH; n++) {
		const struct block_request *r = &b.r[n];

		if (touches(r, m) ? !b.rc[n] : b.rc[n])
			return touches(r, m) ? "a bad sector was read" : "a read failed";
		block_get(r, 0, b.straight, r->count * DISK_SECTOR);
		if (!b.rc[n] && !agrees(b.straight, r->lba, r->count, salt))
			return "read something else than is there";
	}
	return NULL;
}

static const char *write_all(const struct blockdev *end, u64 salt)
{
	for (unsigned n = 0; n < BATCH; n++) {
		b.r[n].op = BLOCK_WRITE;
		fill(b.straight, b.r[n].lba, b.r[n].count, salt);
		block_put(&b.r[n], 0, b.straight, b.r[n].count * DISK_SECTOR);
		submit(end, n);
	}
	if (!wait())
		return "writes do not end";
	for (unsigned n = 0; n < BATCH; n++)
		if (b.rc[n])
			return "a write failed";
	return NULL;
}

/* Write, flush, read, and put back what was there. */
static const char *write_round(const struct blockdev *end, const struct mark *m)
{
	const char *why = write_all(end, ++b.salt);
	struct block_request flush = { .op = BLOCK_FLUSH }, kept = b.r[0];

	if (why)
		return why;
	b.r[0] = flush;
	submit(end, 0);
	if (!wait() || b.rc[0])
		return "a flush failed";
	b.r[0] = kept;
	why = read_back(end, m, b.salt);
	return why ? why : write_all(end, 0);
}

/* One request of `count` sectors, alone. */
static int one(const struct blockdev *end, enum block_op op, u64 lba, u32 count, void *buf)
{
	b.r[0] = (struct block_request){ .op = op, .lba = lba, .count = count, .buf = buf };
	submit(end, 0);
	return wait() ? b.rc[0] : -1000;
}

static const char *bounds(const struct blockdev *end, void *buf)
{
	if (!one(end, BLOCK_READ, end->sectors, 1, buf) ||
	    !one(end, BLOCK_READ, end->sectors - 1, 2, buf) ||
	    !one(end, BLOCK_READ, ~0ull, 2, buf) || !one(end, BLOCK_READ, 1, 0, buf))
		return "a read beyond the end is taken";
	if (one(end, BLOCK_READ, end->sectors - 1, 1, buf) ||
	    !agrees(buf, end->sectors - 1, 1, 0))
		return "the last sector";
	if (one(end, BLOCK_READ, 3, 5, (u8 *)buf + 1))
		return "a buffer at an odd address";
	memmove(buf, (u8 *)buf + 1, 5 * DISK_SECTOR);
	return agrees(buf, 3, 5, 0) ? NULL : "a buffer at an odd address has something else";
}

static const char *one_large(const struct blockdev *end, void *buf, u32 count)
{
	u64 lba = end->sectors - count - 7;

	if (one(end, BLOCK_READ, lba, count, buf))
		return "a large read failed";
	return agrees(buf, lba, count, 0) ? NULL : "a large read";
}

/* Sectors that are zeroed or discarded in the middle of others, which stay; and all back. */
static const char *test_empty(const struct blockdev *end, void *buf, enum block_op op)
{
	enum { AROUND = 9, MIDDLE = 3000 };
	u64 lba = 1 + next(end->sectors - 1 - MIDDLE - 2 * AROUND);
	u32 all = MIDDLE + 2 * AROUND;
	u64 *words = buf, *middle = words + AROUND * WORDS;

	if (one(end, op, lba + AROUND, MIDDLE, NULL))
		return op == BLOCK_ZERO ? "zeroing failed" : "a discard failed";
	if (one(end, BLOCK_READ, lba, all, buf))
		return "what is beside zeroed sectors cannot be read";
	for (u32 k = 0; op == BLOCK_ZERO && k < MIDDLE * WORDS; k++)
		if (middle[k])
			return "what was zeroed is not zero";
	if (!agrees(words, lba, AROUND, 0) ||
	    !agrees(middle + MIDDLE * WORDS, lba + AROUND + MIDDLE, AROUND, 0))
		return "what is beside zeroed sectors has changed";
	fill(words, lba, all, 0);
	return one(end, BLOCK_WRITE, lba, all, buf) ? "a write failed" : NULL;
}

static const char *test_end(const struct blockdev *end, const struct mark *m, u8 *buf)
{
	const char *why = bounds(end, buf);

	if (!why)
		why = one_large(end, buf, 4096);
	for (unsigned k = 0; k < ROUNDS && !why && !end->readonly && !m->bad_count; k++)
		why = test_empty(end, buf, k & 1 ? BLOCK_ZERO : BLOCK_DISCARD);
	for (unsigned n = 0; n < BATCH; n++)
		b.r[n] = (struct block_request){ .buf = buf + n * MOST * DISK_SECTOR };
	for (unsigned k = 0; k < ROUNDS && !why; k++) {
		choose(end, BLOCK_READ);
		why = read_back(end, m, 0);
		if (!why && !end->readonly && !m->bad_count)
			why = write_round(end, m);
	}
	return why;
}

/* Read the bad sectors' neighbours and them: exactly they fail, and nothing else stops. */
static const char *test_bad(const struct blockdev *end, const struct mark *m, u8 *buf)
{
	for (unsigned k = 0; k < BATCH; k++)
		b.r[k] = (struct block_request){
			.op = BLOCK_READ, .lba = m->bad + k - BATCH / 2, .count = 1,
			.buf = buf + k * DISK_SECTOR,
		};
	return read_back(end, m, 0);
}

static const char *test_marked(const struct blockdev *end, u8 *buf, unsigned *tested)
{
	const struct disk *d = ((const struct disk_view *)end->opaque)->disk;
	const char *why;
	struct mark m;

	if (one(end, BLOCK_READ, 0, 1, buf))
		return "sector 0 cannot be read";
	memcpy(&m, buf, sizeof(m));
	if (memcmp(m.text, "LOAM-DISK-TEST-1", 16)) {
		printk("SELFTEST disks: %s has no mark, left alone\n", end->name);
		return NULL;
	}
	b.seed = 1;
	why = test_end(end, &m, buf);
	if (!why && m.bad_count)
		why = test_bad(end, &m, buf);
	if (!why)
		printk("SELFTEST disks: %s %lu sectors, %lu errors, %lu resets\n", end->name,
		       (unsigned long)end->sectors, (unsigned long)d->errors,
		       (unsigned long)d->resets);
	++*tested;
	return why;
}

static const char *test_disk(struct disk *d, u8 *buf, unsigned *tested)
{
	static struct disk_extent whole;
	static struct disk_view view;
	struct blockdev end;

	whole = (struct disk_extent){ 0, d->sectors };
	view = (struct disk_view){ .disk = d, .extent = &whole, .extents = 1 };
	end = disk_end(&view, d->name, false);
	return test_marked(&end, buf, tested);
}

/* Disks of loam.cfg: partitions, and files that stay on their medium. */
static const char *test_configured(u8 *buf, unsigned *tested)
{
	struct guest *g = calloc(1, sizeof(*g));
	const char *why = NULL;

	if (!g)
		return "no memory";
	g->info = b.info;
	g->cfg = &b.info->config;
	for (unsigned n = 0; n < GUEST_DISKS && !why; n++) {
		const struct boot_file *f = n < BOOT_DISKS ? &g->cfg->disk[n] : &g->cfg->cdrom;

		if (f->device || f->extent_count)
			why = test_marked(guest_disk(g, n), buf, tested);
	}
	return why;			/* g stays: its disks may have timers */
}

const char *disk_test(void)
{
	size_t size = (size_t)BATCH * MOST * DISK_SECTOR;
	const char *why = NULL;
	unsigned tested = 0;
	struct disk *d;
	u8 *buf;

	disks_init(hpa(b.info->acpi_rsdp));
	buf = malloc(size);
	if (!buf)
		return "no memory";
	for (unsigned n = 0; !why && (d = disks_get(n)); n++) {
		why = test_disk(d, buf, &tested);
		if (why)
			printk("SELFTEST disks: %s: %s\n", d->name, why);
	}
	if (!why && (why = test_configured(buf, &tested)))
		printk("SELFTEST disks: of loam.cfg: %s\n", why);
	free(buf);
	return why ? why : tested ? NULL : "there is no disk with a mark";
}
