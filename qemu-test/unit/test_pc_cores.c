/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The board under several CPUs, each on a core of its own (threads): all access its devices at
 * once, through the bus, while disks end requests on other cores, timers go off, and now and then
 * one core is alone. Judges are ThreadSanitizer (test_pc_cores_tsan), alone_begin(), which panics
 * if its caller holds a lock, a time limit for deadlocks, and:
 *
 *	who has moved a BAR, set PAM or A20 finds the new map with its next access;
 *	if cores write such a register without asking each other, the map ends as the register;
 *	a core reads the counter that it has chosen itself;
 *	after a reset, which comes at any time, the board is as it was.
 *
 * What a guest's own locks do for its CPUs is done by locks that order nothing, so that
 * ThreadSanitizer sees what the devices' own order.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "drivers/pc/lapic.h"
#include "drivers/pc/machine.h"
#include "kernel/alone.h"
#include "kernel/cores.h"
#include "kernel/epoch.h"
#include "kernel/host_cpu.h"
#include "kernel/lock.h"
#include "kernel/panic.h"
#include "kernel/timer.h"
#include "kernel/work.h"
#include "mm/frame.h"
#include "mm/gpa.h"
#include "qemu-test/unit/fake_cores.h"
#include "qemu-test/unit/pc_test.h"

enum { CORES = 4, ROUNDS = 6000, ACTS = 6, DUELS = 3000, TIME_LIMIT = 400 };
enum { RAM = 4 << 20, ROM = 256 << 10, PRDS = 0x10000, DMA_AT = 0x20000, SECTORS = 4096 };
enum { CF8 = 0xcf8, CFC = 0xcfc, HOST_PAM = 0x80000058, HBA = 0x80004000, IDE = 0x80000900,
	PM = 0x80000b00, BLK = 0x80002800 };
#define HBA_AT 0xe0000000u
#define BLK_AT 0xe1000000u
#define LAPIC_AT 0xfee00000u
#define IOAPIC_AT 0xfec00000u

enum { BAD_BAR, BAD_PAM, BAD_A20, BAD_PM, BAD_COUNTER, BAD_RESET, BADS };
static const char *const bad_names[BADS] = {
	"a BAR that was moved", "PAM that was set", "A20 that was set", "a PM block that was moved",
	"another core's counter", "a board that was reset",
};

static struct machine *m;
static struct irqchip *ic;
static struct player {
	struct work w;
	u64 random;
	unsigned bad[BADS], alones, ended;
} players[CORES];
static bool resets_come;	/* once: the map may change between any two accesses */
static u32 asked_resets;	/* atomic */

static u32 below(struct player *p, u32 n)
{
	p->random = p->random * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)((p->random >> 33) % n);
}

static void quiet(void)
{
	work_run();
	epoch_quiet();
	cpu_pause();
}

/* -- A guest's locks: they order nothing -- */

struct guest_lock { u32 held; };
static struct guest_lock conf, a20;

static void guest_take(struct guest_lock *l)
{
	while (__atomic_exchange_n(&l->held, 1, __ATOMIC_RELAXED))
		quiet();
}

static void guest_drop(struct guest_lock *l) { __atomic_store_n(&l->held, 0, __ATOMIC_RELAXED); }

/* -- Ends -- */

static struct { struct lock lock; struct block_request *first; } flight;

static int submit(void *opaque, struct block_request *r)
{
	(void)opaque;
	if (r->op == BLOCK_FLUSH && !r->opaque)
		return 0;
	lock_take(&flight.lock);
	r->next = flight.first;
	flight.first = r;
	lock_drop(&flight.lock);
	return BLOCK_LATER;
}

/* All that was asked for, by whatever core, is over. */
static void end_requests(struct player *p)
{
	static const u8 zero[512];
	struct block_request *r, *next;

	lock_take(&flight.lock);
	r = flight.first;
	flight.first = NULL;
	lock_drop(&flight.lock);
	for (; r; r = next) {
		next = r->next;
		p->ended++;
		for (u32 k = 0; r->op == BLOCK_READ && k < r->count; k++)
			block_put(r, k * 512ull, zero, 512);
		r->done(r, 0);
	}
}

static bool com_write(void *o, u8 v) { (void)o; return v & 3; }
static int com_read(void *o) { (void)o; return (int)below(&players[cpu_self()->id], 300) - 44; }
static void on_reset(void *o) { (void)o; __atomic_fetch_add(&asked_resets, 1, __ATOMIC_RELAXED); }
static void on_off(void *o, int status) { (void)o, (void)status; }
static void on_core(void *o, unsigned c) { (void)o; must(c < CORES); }
static unsigned this_core(void *o) { (void)o; return cpu_self()->id; }
static void on_print(void *o, u32 tag) { (void)o, (void)tag; }
static u64 on_get(void *o, unsigned n) { (void)o; return n * CORES + cpu_self()->id; }

/* -- Timers: any core's turn may be the next -- */

enum { TIMERS = 64 };
static struct timer *timers[TIMERS];
static u32 due[TIMERS];		/* atomic */
static struct lock timers_lock;

static unsigned number_of(const struct timer *t)
{
	unsigned k = 0;

	while (k < TIMERS && timers[k] && timers[k] != t)
		k++;
	must(k < TIMERS);
	return k;
}

void timer_set(struct timer *t, u64 deadline)
{
	(void)deadline;
	__atomic_store_n(&t->cpu, cpu_self(), __ATOMIC_RELAXED);
	lock_take(&timers_lock);
	unsigned k = number_of(t);
	timers[k] = t;
	due[k] = 1;
	lock_drop(&timers_lock);
}

void timer_of_device(struct timer *t) { (void)t; }

void timer_cancel(struct timer *t) { (void)t; }

static void end_timer(struct player *p)
{
	struct timer *t = NULL;
	unsigned k = below(p, TIMERS);

	lock_take(&timers_lock);
	if (due[k])
		t = timers[k];
	due[k] = 0;
	if (t)
		__atomic_store_n(&t->cpu, NULL, __ATOMIC_RELEASE);
	lock_drop(&timers_lock);
	if (t)
		t->fn(t->opaque);
}

/* -- The map -- */

static void conf_write(u32 at, u32 v, unsigned size)
{
	outl(CF8, at);
	bus_write(bus, BUS_IO, CFC + (at & 3), v, size);
}

static void move_bar(struct player *p)
{
	u32 base = HBA_AT + below(p, 4) * 0x1000, other = HBA_AT + below(p, 4) * 0x1000;
	bool on = below(p, 4);

	guest_take(&conf);
	conf_write(HBA + 0x24, base, 4);
	conf_write(HBA + 4, on ? 6 : 4, 2);
	if (!resets_come && bus_is_mmio(bus, base, 4096) != on)
		p->bad[BAD_BAR]++;
	if (!resets_come && other != base && bus_is_mmio(bus, other, 4096))
		p->bad[BAD_BAR]++;
	conf_write(BLK + 0x20, BLK_AT, 4);
	conf_write(BLK + 4, 6, 2);
	conf_write(IDE + 0x20, 0xc000, 4);
	conf_write(IDE + 4, 5, 2);
	guest_drop(&conf);
}

static bool is_ram(unsigned granule)
{
	return gpa_lookup(gpa(0xc0000 + granule * 0x4000u)).kind == GPA_RAM;
}

static void set_pam(struct player *p)
{
	unsigned n = below(p, 2);	/* PAM1 or PAM2 */
	bool ram = below(p, 2);

	guest_take(&conf);
	conf_write(HOST_PAM + 2 + n, ram ? 0x33 : 0, 1);
	if (!resets_come && (is_ram(2 * n) != ram || is_ram(2 * n + 1) != ram))
		p->bad[BAD_PAM]++;
	guest_drop(&conf);
}

static void move_pm(struct player *p)
{
	u16 base = below(p, 2) ? 0x600 : 0xe400;

	guest_take(&conf);
	conf_write(PM + 0x40, base | 1u, 4);
	conf_write(PM + 0x80, 1, 1);
	if (!resets_come && inw(base + 2) == 0xffff)
		p->bad[BAD_PM]++;
	guest_drop(&conf);
}

static bool a20_is_on(void) { return gpa_a20(gpa(1 << 20)).a; }

static void set_a20(struct player *p)
{
	bool on = below(p, 2);

	guest_take(&a20);
	switch (below(p, 3)) {
	case 0: outb(0x92, on ? 2 : 0); break;
	case 1: outb(0x64, on ? 0xdf : 0xdd); break;
	default: outb(0x64, 0xd1), outb(0x60, on ? 0xdf : 0xdd);
	}
	if (!resets_come && a20_is_on() != on)
		p->bad[BAD_A20]++;
	guest_drop(&a20);
}

static void move_lapic(struct player *p)
{
	struct lapic *l = irqchip_lapic(ic);
	unsigned self = cpu_self()->id;

	lapic_set_base(l, self, (lapic_base(l, self) & 0xfff) | (LAPIC_AT + below(p, 2) * 0x2000));
}

/* -- Registers -- */

/* One of the ports from `first` on is read or written. */
static void any_port(struct player *p, u16 first, u32 count)
{
	u16 port = (u16)(first + below(p, count));

	if (below(p, 2))
		inb(port);
	else
		outb(port, (u8)below(p, 256));
}

static void use_disk(struct player *p)
{
	static const u8 command[] = { 0x20, 0x30, 0xc8, 0xca, 0xec, 0xe7 };
	u16 at = below(p, 2) ? 0x1f0 : 0x170;

	switch (below(p, 6)) {
	case 0: any_port(p, at + 1, 5); break;
	case 1: outb(at + 6, 0xe0 | (u8)(below(p, 2) << 4)), outb(at + 2, 1); break;
	case 2: outb(at + 7, command[below(p, sizeof(command))]); break;
	case 3: inw(at), inb(at + 7); break;
	case 4: outb(at + 0x206, (u8)below(p, 8)), inb(at + 0x206); break;
	default:
		outl(at == 0x1f0 ? 0xc004 : 0xc00c, at == 0x1f0 ? PRDS : PRDS + 8);
		outb(at == 0x1f0 ? 0xc000 : 0xc008, below(p, 2) ? 9 : 0);
	}
}

static void use_hba(struct player *p)
{
	u32 at = HBA_AT + below(p, 4) * 0x1000, port = at + 0x280;	/* the one with a disk */

	switch (below(p, 6)) {
	case 5:
		guest_take(&conf);
		conf_write(HBA + 5, below(p, 2) ? 4 : 0, 1);	/* its pin, on or off */
		guest_drop(&conf);
		break;
	case 0: writel(at + 4, below(p, 16) ? 2 : 1); break;
	case 1: writel(at + 8, below(p, 16)), readl(at + 8); break;
	case 2:
		writel(port + 0x14, below(p, 8) ? 0xff : 0);
		writel(port + 0x10, below(p, 8));
		break;
	case 3: writel(port + 0x2c, below(p, 2)); break;
	default: readl(port + 0x24);
	}
}

static void use_virtio(struct player *p)
{
	switch (below(p, 5)) {
	case 0: bus_write(bus, BUS_MMIO, BLK_AT + 0x14, below(p, 4), 1); break;
	case 1: bus_read(bus, BUS_MMIO, BLK_AT + 0x14, 1); break;
	case 2: writel(BLK_AT, below(p, 3)), readl(BLK_AT + 4); break;
	case 3: bus_write(bus, BUS_MMIO, BLK_AT + 0x2000 + 32, below(p, 2), 1); break;
	default: bus_read(bus, BUS_MMIO, BLK_AT + 0x1000, 1);
	}
}

static void use_interrupts(struct player *p)
{
	unsigned self = cpu_self()->id;

	switch (below(p, 6)) {
	case 0: any_port(p, 0x21, 1), outb(0x20, 0x20), outb(0xa0, 0x20); break;
	case 1: inb(0x20), inb(0xa0), any_port(p, 0xa1, 1); break;
	case 2: any_port(p, 0x4d0, 2); break;
	case 3:
		writel(IOAPIC_AT, 0x10 + below(p, 48));
		writel(IOAPIC_AT + 0x10, 0x8000u * below(p, 2) | 0x40 | self);
		break;
	case 4: writel(LAPIC_AT + 0xb0, 0), readl(LAPIC_AT + 0x20); break;
	default:
		if (irqchip_pending(ic, self))
			irqchip_ack(ic, self);
	}
}

static void use_debug(struct player *p)
{
	u32 n = below(p, 1000);

	outl(0x404, n);
	outb(0x80, (u8)n), inb(0x80);
	outb(0x402, 'x'), outb(0x403, 1);
	if (inl(0x404) != n * CORES + cpu_self()->id)
		p->bad[BAD_COUNTER]++;
}

static void use_firmware(struct player *p)
{
	outw(0x510, (u16)below(p, 0x30));
	inb(0x511);
	outb(0xb2, 0xf0 + (u8)below(p, 2)), any_port(p, 0xb2, 2);
	any_port(p, 0xafe0, 4);
	inl(0x608), inl(0xe408);
	outb(0xcf9, (u8)below(p, 2) * 6);
}

static void use_ports(struct player *p)
{
	static const struct { u16 first, count; } group[] = {
		{ 0x70, 2 }, { 0x40, 4 }, { 0x61, 1 }, { 0x3f8, 8 }, { 0x2f8, 8 }, { 0x00, 16 },
		{ 0x81, 15 }, { 0xc0, 32 }, { 0x3c0, 32 }, { 0xf0, 1 },
	};
	unsigned k = below(p, sizeof(group) / sizeof(group[0]));

	any_port(p, group[k].first, group[k].count);
	inb(0x64), inb(0x92), inl(CFC), inl(CF8);
	bus_write(bus, BUS_MMIO, 0xa0000 + below(p, 0x10000), below(p, 256), 1);
}

/* -- The run loops -- */

static void check_reset(struct player *p)
{
	bool bar = false;

	for (u32 k = 0; k < 4; k++)
		bar |= bus_is_mmio(bus, HBA_AT + k * 0x1000, 4096);
	if (bar || is_ram(0) || is_ram(1) || is_ram(2) || !a20_is_on() || inw(0x602) != 0xffff ||
	    !bus_is_mmio(bus, LAPIC_AT, 4096))
		p->bad[BAD_RESET]++;
}

static void be_alone(struct player *p)
{
	alone_begin();
	p->alones++;
	if (resets_come) {
		machine_reset(m);
		machine_busy(m);
		check_reset(p);
	}
	alone_end();
}

static void act(struct player *p)
{
	static void (*const uses[])(struct player *p) = {
		use_disk, use_hba, use_virtio, use_interrupts, use_debug, use_firmware, use_ports,
	};
	u32 what = below(p, 1000);

	if (what < 20)
		move_bar(p);
	else if (what < 40)
		set_pam(p);
	else if (what < 60)
		move_pm(p);
	else if (what < 90)
		set_a20(p);
	else if (what < 100)
		move_lapic(p);
	else if (what < 105)
		be_alone(p);
	else
		uses[below(p, sizeof(uses) / sizeof(uses[0]))](p);
}

static u32 here;		/* atomic */

static void meet(void)
{
	u32 n = __atomic_fetch_add(&here, 1, __ATOMIC_SEQ_CST) / CORES;

	while (__atomic_load_n(&here, __ATOMIC_SEQ_CST) / CORES == n)
		quiet();
}

static void play(void *opaque)
{
	struct player *p = opaque;

	meet();
	for (unsigned n = 0; n < ROUNDS; n++) {
		quiet();
		end_timer(p);
		if (n % 4 == cpu_self()->id)
			end_requests(p), machine_poll(m);
		for (unsigned k = 0; k < ACTS; k++)
			act(p);
	}
}

/* -- Without asking each other: CONFADD stays -- */

static void duel(void *opaque)
{
	struct player *p = opaque;

	for (unsigned n = 0; n < DUELS; n++) {
		meet();
		outb(CFC + 2, below(p, 2) ? 0x33 : 0);
		outb(0x92, below(p, 2) ? 2 : 0);
		meet();
		p->bad[BAD_PAM] += is_ram(0) != (inb(CFC + 2) == 0x33);
		p->bad[BAD_A20] += a20_is_on() != (inb(0x92) == 2);
	}
}

/* -- Set-up -- */

static void map_changed(void) { alone_end(); }

static void *aligned(u64 align, u64 size)
{
	void *p = aligned_alloc(align, size);

	must(p);
	return memset(p, 0, size);
}

static void init_memory(void)
{
	struct gpa_config c = { .ram = aligned(1u << 21, RAM), .ram_size = RAM, .low_end = RAM,
				.firmware = aligned(4096, ROM), .firmware_size = ROM, .bus = bus };
	u32 prd[4] = { DMA_AT, 0x80000000u | 4096, DMA_AT + 8192, 0x80000000u | 4096 };

	frame_init(aligned(64, frame_memory(gpa_frames(&c))), gpa_frames(&c));
	must(!gpa_init(&c));
	gpa_on_change(alone_begin, map_changed);
	gpa_write(gpa(PRDS), prd, sizeof(prd));
}

static void init_machine(void)
{
	static const struct blockdev b = { .sectors = SECTORS, .name = "d", .submit = submit };
	struct machine_config c = {
		.cores = CORES, .bus = bus, .ram_below_4g = RAM, .reset_request = on_reset,
		.cpu = { .raise = on_core, .nmi = on_core, .start = on_core,
			 .this_core = this_core },
		.power = { .off = on_off }, .debug = { .write = com_write },
		.counters = { .print = on_print, .get = on_get },
		.com = { { .read = com_read, .write = com_write },
			 { .read = com_read, .write = com_write } },
		.disk = { &b, &b, &b, &b },
		.attach = { MACHINE_IDE, MACHINE_VIRTIO, MACHINE_IDE, MACHINE_AHCI },
	};

	must(!machine_create(&c, &m));
	ic = machine_irqchip(m);
}

static void run_all(void (*fn)(void *opaque))
{
	for (unsigned k = 1; k < CORES; k++) {
		players[k].w = (struct work){ .fn = fn, .opaque = &players[k] };
		work_post(k, &players[k].w);
	}
	fn(&players[0]);
	for (unsigned k = 1; k < CORES; k++)
		while (work_busy(&players[k].w))
			quiet();
}

static void on_time(int signal)
{
	static const char text[] = "FAIL a core waits for ever\n";
	ssize_t n = write(1, text, sizeof(text) - 1);

	(void)signal, (void)n;
	_exit(1);
}

static void sum_up(void)
{
	unsigned bad[BADS] = { 0 }, alones = 0, ended = 0;

	for (unsigned k = 0; k < CORES; k++) {
		for (unsigned b = 0; b < BADS; b++)
			bad[b] += players[k].bad[b];
		alones += players[k].alones;
		ended += players[k].ended;
	}
	for (unsigned b = 0; b < BADS; b++)
		CHECK_EQ(bad[b], 0, bad_names[b]);
	CHECK(alones && ended && asked_resets,
	      "cores were alone, requests ended, resets were asked for");
	printf("%u times alone, %u requests, %u resets asked for\n", alones, ended,
	       asked_resets);
}

int main(void)
{
	struct core_start s[CORES - 1];

	signal(SIGALRM, on_time);
	alarm(TIME_LIMIT);
	fake_cores_begin();
	cores_init();
	for (unsigned k = 0; k < CORES - 1; k++)
		s[k] = (struct core_start){ k + 1, fake_area(), false };
	cores_start(s, CORES - 1, 60000000000ull);
	CHECK_EQ(cores_count(), CORES, "all are there");
	for (unsigned k = 0; k < CORES; k++)
		players[k].random = k + 1;
	bus = bus_create();
	init_memory();
	init_machine();
	run_all(play);
	outl(CF8, HOST_PAM);
	run_all(duel);
	resets_come = true;
	run_all(play);
	sum_up();
	return check_done();
}
