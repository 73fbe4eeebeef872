/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio-blk by itself, on the disk that tools/mkdisk.py makes: requests of all kinds, several at
 * a time and from several queues, chains that cannot be, interrupts by MSI-X; and what a sector
 * costs. Expectations: virtio 1.2, 2.7, 4.1, 5.2. The disk is written to, from sector SCRATCH on.
 * Not every way to be careless: qemu-test/unit/test_virtio_random.c.
 */
#include "guestimg/tests/disk_lib.h"

enum { FUNCTION = 4 << 3, BAR = 4, CAP_VENDOR = 9, CAP_MSIX = 0x11, MSIX_ON = 0x8000 };
enum { C_COMMON = 1, C_NOTIFY = 2, C_ISR = 3, C_DEVICE = 4 };		/* structures (4.1.4) */
enum { DEVICE_SELECT = 0, DEVICE_FEATURES = 4, DRIVER_SELECT = 8, DRIVER_FEATURES = 12,
	CONFIG_VECTOR = 16, QUEUES = 18, STATUS = 20, SELECT = 22, SIZE = 24, VECTOR = 26,
	ENABLE = 28, NOTIFY_OFF = 30, DESC = 32, AVAIL = 40, USED = 48 };
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };
enum { F_FLUSH = 1 << 9, F_MQ = 1 << 12, F_DISCARD = 1 << 13, F_INDIRECT = 1 << 28 };
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11, NO_SUCH = 77 };
enum { OK = 0, IOERR = 1, UNSUPPORTED = 2, NOTHING = 0xee };
enum { ENTRIES = 128, USED_QUEUES = 2, NO_VECTOR = 0xffff };
enum { RINGS = FREE, RING_SIZE = 0x4000, HEADERS = FREE + 0x10000, INDIRECTS = FREE + 0x20000 };
#define BAR_AT 0xe0000000u
#define TABLE_AT 0xe0010000u

struct desc { u64 at; u32 size; u16 flags, next; };
struct header { u32 type, reserved; u64 sector; u8 status; };

static u32 place[5];			/* where the structures are */
static u32 bell[USED_QUEUES];
static struct { u16 descs, avail, used; } queue[USED_QUEUES];

/* -- The driver ------------------------------------------------------------------ */

static u32 get(u32 at) { return *(volatile u32 *)(place[C_COMMON] + at); }
static void set(u32 at, u32 v) { *(volatile u32 *)(place[C_COMMON] + at) = v; }
static u16 get16(u32 at) { return *(volatile u16 *)(place[C_COMMON] + at); }
static void set16(u32 at, u16 v) { *(volatile u16 *)(place[C_COMMON] + at) = v; }
static u8 status(void) { return *(volatile u8 *)(place[C_COMMON] + STATUS); }
static void set_status(u8 v) { *(volatile u8 *)(place[C_COMMON] + STATUS) = v; }

static struct desc *desc_of(u32 q) { return (struct desc *)(RINGS + q * RING_SIZE); }
static volatile u16 *avail_of(u32 q) { return (u16 *)(RINGS + q * RING_SIZE + 0x1000); }
static volatile u16 *used_of(u32 q) { return (u16 *)(RINGS + q * RING_SIZE + 0x2000); }
static struct header *header(u32 n) { return (struct header *)(HEADERS + 32 * n); }

static void find_structures(void)
{
	for (u32 at = 0; (at = pci_capability(FUNCTION, CAP_VENDOR, at));) {
		u32 type = pci_get(FUNCTION, at) >> 24;

		if (type < COUNT(place) && (u8)pci_get(FUNCTION, at + 4) == BAR)
			place[type] = BAR_AT + pci_get(FUNCTION, at + 8);
		if (type == C_NOTIFY)
			bell[1] = pci_get(FUNCTION, at + 16);	/* its multiplier */
	}
}

static void start_queue(u32 q, u32 multiplier, u16 vector)
{
	memset((void *)(RINGS + q * RING_SIZE), 0, RING_SIZE);
	queue[q].descs = queue[q].avail = queue[q].used = 0;
	set16(SELECT, (u16)q);
	set16(SIZE, ENTRIES);
	set16(VECTOR, vector);
	set(DESC, AT(desc_of(q))), set(DESC + 4, 0);
	set(AVAIL, AT(avail_of(q))), set(AVAIL + 4, 0);
	set(USED, AT(used_of(q))), set(USED + 4, 0);
	bell[q] = place[C_NOTIFY] + get16(NOTIFY_OFF) * multiplier;
	set16(ENABLE, 1);
}

/* From reset to DRIVER_OK. */
static void start(u32 features, u16 vector)
{
	static u32 multiplier;

	multiplier = multiplier ? multiplier : bell[1];
	set_status(0);
	for (u32 since = tsc(); status() && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
	expect("reset", status(), 0);
	set_status(ACKNOWLEDGE);
	set_status(ACKNOWLEDGE | DRIVER);
	set(DRIVER_SELECT, 0), set(DRIVER_FEATURES, features);
	set(DRIVER_SELECT, 1), set(DRIVER_FEATURES, 1);		/* VERSION_1 */
	set_status(ACKNOWLEDGE | DRIVER | FEATURES_OK);
	expect("features", status() & FEATURES_OK, FEATURES_OK);
	for (u32 q = 0; q < USED_QUEUES; q++)
		start_queue(q, multiplier, vector);
	set_status(ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

/* A descriptor more of the queue's next chain; its number. */
static u16 add(u32 q, u32 at, u32 size, u16 flags)
{
	u16 n = queue[q].descs++ % ENTRIES;

	desc_of(q)[n] = (struct desc){ at, size, flags, (u16)((n + 1) % ENTRIES) };
	return n;
}

/* Header n; the first descriptor of its chain. */
static u16 begin(u32 q, u32 n, u32 type, u64 sector)
{
	*header(n) = (struct header){ type, 0, sector, NOTHING };
	return add(q, AT(header(n)), 16, NEXT);
}

static void offer(u32 q, u16 head)
{
	volatile u16 *ring = avail_of(q);

	ring[2 + queue[q].avail++ % ENTRIES] = head;
	ring[1] = queue[q].avail;
}

static void finish_chain(u32 q, u32 n, u16 head)
{
	add(q, AT(&header(n)->status), 1, WRITE);
	offer(q, head);
}

static void ring_bell(u32 q) { *(volatile u16 *)bell[q] = (u16)q; }

/* Until so many more are over. */
static bool wait_used(u32 q, u32 count)
{
	queue[q].used += count;
	for (u32 since = tsc(); used_of(q)[1] != queue[q].used && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
	return expect("used", used_of(q)[1], queue[q].used);
}

/* A read or write of one piece of memory, to its end; its status. */
static u8 move(u32 type, u64 sector, u32 at, u32 size)
{
	u16 head = begin(0, 0, type, sector);

	add(0, at, size, type == IN ? WRITE | NEXT : NEXT);
	finish_chain(0, 0, head);
	ring_bell(0);
	return wait_used(0, 1) ? header(0)->status : NOTHING;
}

/* -- Good requests ----------------------------------------------------------------- */

static void test_function(void)
{
	volatile u32 *capacity;

	test("PCI function");
	expect("device", pci_get(FUNCTION, 0), 0x10421af4);
	expect("class", pci_get(FUNCTION, PCI_CLASS) >> 8, 0x010000);
	expect("size of the BAR", pci_place(FUNCTION, BAR, BAR_AT), 0x4000);
	pci_set(FUNCTION, PCI_COMMAND, PCI_MASTER);
	find_structures();
	for (u32 k = C_COMMON; k <= C_DEVICE; k++)
		expect("structures", place[k] != 0, 1);
	set(DEVICE_SELECT, 0);
	expect("features", get(DEVICE_FEATURES) & (F_FLUSH | F_MQ | F_DISCARD | F_INDIRECT),
	       F_FLUSH | F_MQ | F_DISCARD | F_INDIRECT);
	set(DEVICE_SELECT, 1);
	expect("version 1", get(DEVICE_FEATURES) & 1, 1);
	expect("queues", get16(QUEUES) >= USED_QUEUES, 1);
	capacity = (u32 *)place[C_DEVICE];
	expect("sectors", capacity[0], DISK_SECTORS);
	test("what was not offered");
	set_status(0), set_status(ACKNOWLEDGE | DRIVER);
	set(DRIVER_SELECT, 0), set(DRIVER_FEATURES, 1 << 27);
	set(DRIVER_SELECT, 1), set(DRIVER_FEATURES, 1);
	set_status(ACKNOWLEDGE | DRIVER | FEATURES_OK);
	expect("FEATURES_OK", status() & FEATURES_OK, 0);
}

static void test_read(void)
{
	u16 head;

	test("regions all over");
	start(F_FLUSH | F_MQ | F_DISCARD, NO_VECTOR);
	memset((void *)BUF, 0xaa, 0x10000);
	head = begin(0, 0, IN, 7);
	add(0, BUF + 0xff0, 0x1010, WRITE | NEXT);
	add(0, BUF + 0x8000, 0x3f0, WRITE | NEXT);
	add(0, BUF + 0x5000, 0x1000, WRITE | NEXT);
	finish_chain(0, 0, head);
	ring_bell(0);
	if (!wait_used(0, 1) || !expect("status", header(0)->status, OK))
		return;
	expect("whose", *(volatile u32 *)(used_of(0) + 2), head);
	expect("bytes", *(volatile u32 *)(used_of(0) + 4), 18 * SECTOR + 1);
	memcpy((void *)OTHER, (void *)(BUF + 0xff0), 0x1010);
	memcpy((void *)(OTHER + 0x1010), (void *)(BUF + 0x8000), 0x3f0);
	memcpy((void *)(OTHER + 0x1400), (void *)(BUF + 0x5000), 0x1000);
	expect_sectors(OTHER, 7, 18);
	expect("before", *(u32 *)(BUF + 0xfec), 0xaaaaaaaa);
	expect("after", *(u32 *)(BUF + 0x2000), 0xaaaaaaaa);
	test("64 KiB");
	if (expect("status", move(IN, 100, BUF, 0x10000), OK))
		expect_sectors(BUF, 100, 128);
}

static void test_write(void)
{
	u16 head;

	test("what was written is there");
	for (u32 k = 0; k < 0x1000; k++)
		((u32 *)BUF)[k] = rnd();
	expect("write", move(OUT, SCRATCH, BUF, 0x4000), OK);
	head = begin(0, 0, FLUSH, 0);
	finish_chain(0, 0, head);
	ring_bell(0);
	wait_used(0, 1);
	expect("flush", header(0)->status, OK);
	memset((void *)OTHER, 0, 0x4000);
	expect("read", move(IN, SCRATCH, OTHER, 0x4000), OK);
	expect("the same", !memcmp((void *)OTHER, (void *)BUF, 0x4000), 1);
	expect("discard", move(DISCARD, 0, BUF, 7), IOERR);
	expect("get id", move(GET_ID, 0, BUF, 20), IOERR);	/* the device cannot write there */
	test("a type that is not known");
	expect("status", move(NO_SUCH, 0, BUF, SECTOR), UNSUPPORTED);
}

static void test_indirect(void)
{
	struct desc *table = (struct desc *)INDIRECTS;

	test("an indirect table");
	start(F_FLUSH | F_INDIRECT, NO_VECTOR);
	*header(0) = (struct header){ IN, 0, 500, NOTHING };
	table[0] = (struct desc){ AT(header(0)), 16, NEXT, 1 };
	for (u16 k = 1; k <= 32; k++)
		table[k] = (struct desc){ BUF + 0x2000 * (32 - k), 0x1000, WRITE | NEXT, k + 1 };
	table[33] = (struct desc){ AT(&header(0)->status), 1, WRITE, 0 };
	offer(0, add(0, INDIRECTS, 34 * 16, INDIRECT));
	ring_bell(0);
	if (!wait_used(0, 1) || !expect("status", header(0)->status, OK))
		return;
	for (u32 k = 1; k <= 32; k++)
		expect_sectors(BUF + 0x2000 * (32 - k), 500 + 8 * (k - 1), 8);
}

static void test_many(void)
{
	test("many at a time, from two queues");
	start(F_MQ, NO_VECTOR);
	for (u32 n = 0; n < 64; n++) {	/* more than the device takes at a time */
		u32 q = n & 1;
		u16 head = begin(q, n, IN, 64 + 64 * n);

		add(q, BUF + 0x2000 * n, 0x2000, WRITE | NEXT);
		finish_chain(q, n, head);
	}
	ring_bell(1), ring_bell(0);
	if (!wait_used(0, 32) || !wait_used(1, 32))
		return;
	for (u32 n = 0; n < 64; n++) {
		expect("status", header(n)->status, OK);
		expect_sectors(BUF + 0x2000 * n, 64 + 64 * n, 16);
	}
}

static void test_interrupt(void)
{
	u32 cap = pci_capability(FUNCTION, CAP_MSIX, 0), was = message_count;
	volatile u32 *entry = (u32 *)TABLE_AT;
	u16 head;

	test("interrupt by MSI-X");
	if (!expect("MSI-X", cap != 0, 1))
		return;
	pci_place(FUNCTION, pci_get(FUNCTION, cap + 4) & 7, TABLE_AT);
	entry[0] = 0xfee00000, entry[1] = 0, entry[2] = VEC_DISK, entry[3] = 0;
	pci_set(FUNCTION, cap, pci_get(FUNCTION, cap) | MSIX_ON << 16);
	start(F_FLUSH | F_INDIRECT, 0);
	head = begin(0, 0, IN, 300);
	add(0, BUF, 0x8000, WRITE | NEXT);
	finish_chain(0, 0, head);
	memset((void *)BUF, 0, 0x8000);
	ring_bell(0);
	message_wait(was);
	expect("how many", message_count, was + 1);
	expect("status", header(0)->status, OK);
	expect_sectors(BUF, 300, 64);
	wait_used(0, 1);
}

typedef u32 (*function)(void);

/* mov $value, %eax; ret */
static void put_function(u32 at, u32 value)
{
	*(u8 *)at = 0xb8;
	memcpy((void *)(at + 1), &value, 4);
	*(u8 *)(at + 5) = 0xc3;
}

static void test_code(void)
{
	function f = (function)(CODE + 0x104);

	test("over code");
	put_function(BUF + 0x104, 1000);
	move(OUT, SCRATCH, BUF, SECTOR);
	for (u32 k = 0; k < 20; k++) {
		put_function(AT(f), k);
		expect("before", f(), k);
		move(IN, SCRATCH, CODE, SECTOR);
		expect("after", f(), 1000);
	}
}

/* -- What cannot be -------------------------------------------------------------------- */

static void test_errors(void)
{
	test("beyond the disk");
	expect("one more", move(IN, DISK_SECTORS - 1, BUF, 2 * SECTOR), IOERR);
	expect("far", move(IN, ~0ull, BUF, SECTOR), IOERR);
	expect("half a sector", move(IN, 0, BUF, 256), IOERR);
	test("regions that are no RAM");
	expect("the local APIC's page", move(IN, 5, 0xfee00000, SECTOR), IOERR);
	expect("over the end of RAM", move(IN, 5, RAM_SIZE - 0x200, 0x400), IOERR);
	expect("a hole", move(OUT, SCRATCH, 0xdffffe00, SECTOR), IOERR);
	if (expect("a good one", move(IN, 11, BUF, SECTOR), OK))
		expect_sector((void *)BUF, 11);
}

static void expect_broken(const char *what)
{
	ring_bell(0);
	for (u32 since = tsc(); !(status() & NEEDS_RESET) && tsc() - since < 2000 * MS;)
		__asm__ volatile("pause");
	expect(what, status() & NEEDS_RESET, NEEDS_RESET);
	start(F_FLUSH | F_INDIRECT, 0);
}

static void test_hostile(void)
{
	u16 head;

	test("chains that cannot be");
	head = begin(0, 0, IN, 0);
	desc_of(0)[head].next = head;
	offer(0, head);
	expect_broken("a chain that goes round");
	offer(0, ENTRIES);
	expect_broken("a descriptor that is not there");
	offer(0, add(0, INDIRECTS, 17, INDIRECT));
	expect_broken("a table of an odd size");
	offer(0, add(0, 0xdffff000, 64, INDIRECT));
	expect_broken("a table that is nowhere");
	head = add(0, BUF, 1, WRITE | NEXT);
	add(0, AT(header(0)), 16, 0);
	offer(0, head);
	expect_broken("what the device reads after what it writes");
	avail_of(0)[1] = 500;
	expect_broken("more than the ring holds");
	offer(0, add(0, BUF, 8, 0));
	expect_broken("half a header");
	if (expect("a good one", move(IN, 12, BUF, SECTOR), OK))
		expect_sector((void *)BUF, 12);
}

/* Reset in the middle: nothing comes late. */
static void test_reset(void)
{
	test("reset in the middle");
	for (u32 k = 0; k < 8; k++) {
		u16 head = begin(0, 0, IN, 64 * k + 64);

		add(0, BUF, 0x8000, WRITE | NEXT);
		finish_chain(0, 0, head);
		ring_bell(0);
		start(F_FLUSH | F_INDIRECT, 0);
		memset((void *)BUF, 0x55, 0x8000);
		if (expect("read", move(IN, 3, OTHER, SECTOR), OK))
			expect_sector((void *)OTHER, 3);
		expect("nothing comes late", *(u32 *)(BUF + 0x7ffc), 0x55555555);
	}
}

/* -- What it costs ------------------------------------------------------------------------ */

enum { RANDOM_READS = 200 };

/* In 16 pages, by an indirect table, as drivers do. */
static void issue(u32 n)
{
	struct desc *table = (struct desc *)INDIRECTS + 18 * n, *d = table;

	*header(n) = (struct header){ IN, 0, 1000 + COST_SECTORS * n, NOTHING };
	*d++ = (struct desc){ AT(header(n)), 16, NEXT, 1 };
	for (u32 at = BUF + 0x20000 * n; d < table + 17; at += 0x2000, d++)
		*d = (struct desc){ at, 0x1000, WRITE | NEXT, (u16)(d - table + 1) };
	*d = (struct desc){ AT(&header(n)->status), 1, WRITE, 0 };
	offer(0, add(0, AT(table), 18 * 16, INDIRECT));
}

/* From the header to the end, interrupts off. */
static u32 sector(void)
{
	u32 since = tsc();

	for (u32 round = 0; round < COST_ROUNDS; round++) {
		issue(0);
		ring_bell(0);
		wait_used(0, 1);
	}
	return (tsc() - since) / (COST_SECTORS * COST_ROUNDS);
}

/* Until so many more are over, whatever number of interrupts tells of it. */
static void sleep_used(u32 count)
{
	queue[0].used += count;
	for (u32 was = message_count; used_of(0)[1] != queue[0].used; was = message_count)
		message_sleep(was);
}

/* By interrupts, `depth` requests at a time; a plugin counts what was executed, not waited. */
static void sectors_marked(u8 row, u32 depth)
{
	mark(row);
	for (u32 round = 0; round < COST_ROUNDS; round += depth) {
		for (u32 k = 0; k < depth; k++)
			issue(k);
		ring_bell(0);
		sleep_used(depth);
	}
	mark(0);
}

/* 4 KiB each, one at a time. */
static void random_marked(u8 row)
{
	mark(row);
	for (u32 round = 0; round < RANDOM_READS; round++) {
		u16 head = begin(0, 0, IN, rnd() % (DISK_SECTORS - 8));

		add(0, BUF, 0x1000, WRITE | NEXT);
		finish_chain(0, 0, head);
		ring_bell(0);
		sleep_used(1);
	}
	mark(0);
}

/* By its name: the file that guest-virtio has. */
static bool in_memory(void)
{
	u16 head = begin(0, 0, GET_ID, 0);

	add(0, BUF, 20, WRITE | NEXT);
	finish_chain(0, 0, head);
	ring_bell(0);
	return wait_used(0, 1) && expect("its name", header(0)->status, OK) &&
	       !memcmp((void *)BUF, "disk", 5);
}

static void test_cost(void)
{
	u32 took;

	test("what a sector costs");
	if (!have_counters() || !counts_instructions()) {
		skip("the TSC does not count instructions");
		return;
	}
	start(F_FLUSH | F_INDIRECT, NO_VECTOR);
	if (in_memory()) {
		took = sector(), took = sector();
		cost("a sector by virtio", took, 0);	/* most of it copies */
	}
	start(F_FLUSH | F_INDIRECT, 0);
	for (u8 k = 0; k < MARKED; k++)
		sectors_marked(10 + k, 1), sectors_marked(20 + k, 4), random_marked(30 + k);
}

void main(void)
{
	timer_init();
	message_init();
	test_function();
	test_read();
	test_write();
	test_indirect();
	test_many();
	test_interrupt();
	test_code();
	test_errors();
	test_hostile();
	test_reset();
	test_cost();
	finish("virtio");
}
