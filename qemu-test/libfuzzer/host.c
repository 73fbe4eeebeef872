/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See host.h. Invariant: whatever the device does, all that was asked for ends, with 0 or an error,
 * once, and within the limits of drivers/host/disk.
 */
#include "qemu-test/libfuzzer/host.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/panic.h"
#include "kernel/timer.h"
#include "qemu-test/unit/native.h"

enum { ASKED = 24, BUFFER = 64 << 10, SLACK = 256, LEFT = 256 };

struct feed host_feed;
bool host_mute, host_wrote;
unsigned host_good;
u8 host_medium[HOST_SECTORS * 512];

static const struct host_target *target;
static struct disk *disk;
static struct blockdev end;
static struct block_request asked[ASKED];
static bool busy[ASKED];
static u8 *buffer[ASKED];

/* What drivers allocate in a run and never give back; linked with --wrap=calloc. */
static struct { void *at[LEFT]; unsigned count; } left;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	must(left.count < LEFT);
	return left.at[left.count++] = __real_calloc(count, size);
}

static void free_left(void)
{
	while (left.count)
		free(left.at[--left.count]);
}

u32 host_twist(u32 v)
{
	u8 how = feed8(&host_feed);

	fake_jump(1000000);		/* whoever waits sees time pass */
	if (how < 0xc0)
		return v;
	if (how < 0xe0)
		return v ^ 1u << (how & 31);
	return how < 0xf0 ? feed32(&host_feed) : how < 0xf8 ? feed8(&host_feed) : ~0u;
}

static void done(struct block_request *r, int rc)
{
	unsigned k = (unsigned)(r - asked);

	must(k < ASKED && busy[k] && rc <= 0);
	busy[k] = false;
	host_good += !rc;
}

static void ask(enum block_op op)
{
	u64 lba = op == BLOCK_FLUSH ? 0 : feed16(&host_feed);
	u32 count = op == BLOCK_FLUSH ? 0 : feed8(&host_feed) + 1u;
	u32 offset = op == BLOCK_FLUSH ? 0 : feed8(&host_feed);
	unsigned k = 0;

	while (k < ASKED && busy[k])
		k++;
	if (k == ASKED || (op != BLOCK_FLUSH && (lba >= end.sectors || count > end.sectors - lba)))
		return;
	count = count > BUFFER / 512 ? BUFFER / 512 : count;
	asked[k] = (struct block_request){
		.op = op, .lba = lba, .count = count, .done = done,
		.buf = op == BLOCK_READ || op == BLOCK_WRITE ? buffer[k] + offset : NULL,
	};
	busy[k] = true;
	if (end.submit(end.opaque, &asked[k]) != BLOCK_LATER)
		busy[k] = false;
}

static void write_memory(void)
{
	size_t size, place;
	u8 *at = fake_dma(feed8(&host_feed) % 4, &size);
	u8 n;

	place = feed16(&host_feed), n = feed8(&host_feed);
	for (; n-- && feed_more(&host_feed); place++) {
		u8 v = feed8(&host_feed);

		if (at && place < size)
			at[place] = v;
	}
	host_wrote = true;
}

static void do_op(void)
{
	switch ((enum host_op)(feed8(&host_feed) % HOST_OPS)) {
	case HOST_READ: ask(BLOCK_READ); break;
	case HOST_WRITE: ask(BLOCK_WRITE); break;
	case HOST_FLUSH: ask(BLOCK_FLUSH); break;
	case HOST_DISCARD: ask(BLOCK_DISCARD); break;
	case HOST_ZERO: ask(BLOCK_ZERO); break;
	case HOST_SERVE: target->serve(); break;
	case HOST_INTERRUPT: fake_interrupt(); disk_poll(disk); break;
	case HOST_TIME: fake_advance(feed8(&host_feed) * 10000000ull); break;
	case HOST_MEMORY: write_memory(); break;
	case HOST_LIE: target->lie(&host_feed); host_wrote = true; break;
	case HOST_MUTE: host_mute = !host_mute; break;
	case HOST_OPS: break;
	}
}

static void use(void)
{
	static struct disk_extent whole;
	static struct disk_view view;

	whole = (struct disk_extent){ 0, disk->sectors };
	view = (struct disk_view){ .disk = disk, .extent = &whole, .extents = 1 };
	end = disk_end(&view, "disk", false);
	for (unsigned n = 0; n < 300 && feed_more(&host_feed); n++)
		do_op();
}

static bool any_busy(void)
{
	for (unsigned k = 0; k < ASKED; k++)
		if (busy[k])
			return true;
	return false;
}

/*
 * The device goes on as it is, good or mute; everything ends: ten seconds, a reset and ten seconds
 * for each, if they go one by one.
 */
static void finish(void)
{
	for (unsigned k = 0; k < ASKED * 260 && any_busy(); k++) {
		if (!host_mute)
			target->serve();
		fake_interrupt();
		disk_poll(disk);
		fake_advance(100000000);
	}
	must(!any_busy());
}

static void begin(void)
{
	for (unsigned k = 0; k < ASKED && !buffer[k]; k++)
		buffer[k] = aligned_alloc(4096, BUFFER + 4096);
	fake_time_reset(1000000000);
	memset(busy, 0, sizeof(busy));
	host_mute = host_wrote = false;
}

void host_run(const struct host_target *t, const u8 *data, size_t size)
{
	static struct pci pci;
	struct pci_function f;

	target = t;
	begin();
	host_feed = (struct feed){ data, data + size };
	f = fake_pci(t->vendor, t->device, t->class, t->bars, &t->registers);
	t->power_up(&host_feed);
	pci_init(&pci, hpa(0));
	disk = t->create(&pci, &f);
	if (disk) {
		use();
		finish();
	}
	fake_time_reset(0);
	free_left();
}

/* -- Seeds ---------------------------------------------------------------------- */

void host_ask(struct seed *s, enum host_op op, u16 sector, u8 count)
{
	seed8(s, op);
	if (op != HOST_FLUSH)
		seed_n(s, sector, 2), seed8(s, count), seed8(s, 0);
}

static void served(struct seed *s)
{
	seed8(s, HOST_SERVE);
	seed8(s, HOST_INTERRUPT), seed_n(s, 0, 6);	/* registers that are read, as they are */
}

void host_seeds(void (*put)(const char *name, const struct seed *s), const struct seed *head)
{
	struct seed s = *head;

	put("bring-up", &s);
	host_ask(&s, HOST_READ, 8, 7), served(&s);
	host_ask(&s, HOST_WRITE, 16, 7), host_ask(&s, HOST_READ, 64, 100), served(&s);
	host_ask(&s, HOST_FLUSH, 0, 0), served(&s);
	host_ask(&s, HOST_DISCARD, 24, 15), host_ask(&s, HOST_ZERO, 300, 99), served(&s);
	put("work", &s);
	s = *head;
	seed8(&s, HOST_MUTE);
	host_ask(&s, HOST_READ, 9, 0), host_ask(&s, HOST_WRITE, 33, 2);
	for (unsigned k = 0; k < 6; k++)
		seed8(&s, HOST_TIME), seed8(&s, 250);
	seed8(&s, HOST_MUTE);
	seed8(&s, HOST_TIME), seed8(&s, 250);
	put("lost", &s);
	s = *head;
	host_ask(&s, HOST_READ, 8, 7);
	seed8(&s, HOST_LIE), seed_n(&s, 0x0102, 8);
	seed8(&s, HOST_MEMORY), seed8(&s, 0), seed_n(&s, 64, 2), seed8(&s, 4), seed_n(&s, 7, 4);
	served(&s);
	put("lies", &s);
}
