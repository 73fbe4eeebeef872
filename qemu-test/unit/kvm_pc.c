/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A developer's tool, not a test of its own: runs real firmware and guests on drivers/pc
 * with the build machine's CPU (Linux KVM, no in-kernel devices) instead of the translator.
 * It stands in for kernel/timer, mm/gpa and the run loop. One core. Usage:
 *   kvm_pc -b bios.bin [-m MiB] [-d disk]… [-c cd.iso] [-k bzImage -i initrd -a "cmdline"]
 *          [-f name=file]… [-s] [-n] [-t seconds] [-T trace mask]
 * -s: SeaBIOS's text on COM1, -n: CPUID without APIC, -r: as -d, write-protected.
 * COM1 is stdin and stdout, port 0x402 is stderr. Exit status: what the guest powered off
 * with, 124 for the time limit.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "drivers/pc/machine.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/timer.h"
#include "mm/gpa.h"
#include "qemu-test/unit/native.h"

#define LOW_END 0xa0000u
#define VGA_TEXT 0xb8000u
#define PAM_START 0xc0000u
#define HIGH_START 0x100000u
enum { SLICE_NS = 10000000 };
enum { SEG = 0x4000, SEGS = 16, SLOT_LOW = 0, SLOT_HIGH, SLOT_BIOS, SLOT_VGA, SLOT_PAM };

static int kvm, vm, vcpu;
static struct kvm_run *run;
static u8 *ram, *rom;
static u64 ram_size = 256 << 20;
static u32 rom_size;
static u8 pam[SEGS];
static bool reset_wanted, no_apic;
static struct machine *machine;
static struct irqchip *irqchip;
static timer_t alarm_timer;
static u64 end_ns, exits[64], breaks;

static void die(const char *what)
{
	perror(what);
	exit(125);
}

/* -- kernel/timer ---------------------------------------------------------- */

static struct timer *queue;

#define FAKE_CORE ((struct cpu *)&queue)	/* whose queue it is: never looked into */

u64 clock_ns(void)
{
	static u64 base;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	u64 ns = (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
	if (!base)
		base = ns;
	return ns - base;
}

void timer_of_device(struct timer *t) { (void)t; }

void timer_cancel(struct timer *t)
{
	for (struct timer **p = &queue; *p; p = &(*p)->next)
		if (*p == t) {
			*p = t->next;
			break;
		}
	t->cpu = NULL;
}

void timer_set(struct timer *t, u64 deadline)
{
	struct timer **p = &queue;

	timer_cancel(t);
	t->deadline = deadline;
	while (*p && (*p)->deadline <= deadline)
		p = &(*p)->next;
	t->next = *p;
	*p = t;
	t->cpu = FAKE_CORE;
}

void timer_run(void)
{
	while (queue && queue->deadline <= clock_ns()) {
		struct timer *t = queue;

		timer_cancel(t);
		t->fn(t->opaque);
	}
}

static void on_alarm(int sig)
{
	(void)sig;
	run->immediate_exit = 1;
}

static void arm(void)
{
	u64 now = clock_ns(), at = queue ? queue->deadline : now + SLICE_NS;
	u64 wait = at <= now ? 1 : at - now < SLICE_NS ? at - now : SLICE_NS;
	struct itimerspec it = { .it_value = { 0, (long)wait } };

	timer_settime(alarm_timer, 0, &it, NULL);
}

/* -- mm/gpa ---------------------------------------------------------------- */

static void slot(u32 n, u64 gpa_at, u64 size, void *host, u32 flags)
{
	struct kvm_userspace_memory_region r = {
		.slot = n, .guest_phys_addr = gpa_at, .memory_size = 0, .flags = 0,
		.userspace_addr = (u64)host,
	};

	ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r);
	r.memory_size = size;
	r.flags = flags;
	if (size && ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r))
		die("memory slot");
}

static u8 *rom_at(u64 a)
{
	return rom + rom_size - (HIGH_START - a);
}

static void map_segment(unsigned k)
{
	u64 a = PAM_START + k * SEG;
	bool has_rom = HIGH_START - a <= rom_size;

	if (pam[k] & PAM_READ_RAM)
		slot(SLOT_PAM + k, a, SEG, ram + a, pam[k] & PAM_WRITE_RAM ? 0 : KVM_MEM_READONLY);
	else if (has_rom)
		slot(SLOT_PAM + k, a, SEG, rom_at(a), KVM_MEM_READONLY);
	else
		slot(SLOT_PAM + k, a, 0, ram, 0);
}

void gpa_set_pam(gpa_t start, u64 size, unsigned bits_)
{
	for (u64 a = start.a; a < start.a + size; a += SEG) {
		unsigned k = (unsigned)(a - PAM_START) / SEG;

		if (pam[k] != bits_) {
			pam[k] = (u8)bits_;
			map_segment(k);
		}
	}
}

void gpa_set_a20(bool on) { (void)on; }
void *gpa_host(gpa_t a) { return a.a < ram_size ? ram + a.a : NULL; }

u64 gpa_read(gpa_t a, void *buf, u64 size)
{
	memset(buf, 0xff, size);
	if (a.a >= ram_size)
		return 0;
	u64 n = size < ram_size - a.a ? size : ram_size - a.a;
	memcpy(buf, ram + a.a, n);
	return n;
}

u64 gpa_write(gpa_t a, const void *buf, u64 size)
{
	if (a.a >= ram_size)
		return 0;
	u64 n = size < ram_size - a.a ? size : ram_size - a.a;
	memcpy(ram + a.a, buf, n);
	return n;
}

struct gpa_map gpa_map;		/* nothing is flat: the functions below do it all */
struct frame *frame_table;
const struct frame_many *frame_many;	/* one core */
void frame_fence(void) { }
void frame_written_slow(u32 n, u32 off, u32 size) { (void)n, (void)off, (void)size; }

struct gpa_run gpa_dma_slow(gpa_t a, u64 size)
{
	u64 n = a.a < ram_size ? ram_size - a.a : 0;

	return (struct gpa_run){
		n ? ram + a.a : NULL, n < size ? n : size, (u32)(a.a >> FRAME_SHIFT),
	};
}

void gpa_dma_written(u32 frame, const void *at, u64 size) { (void)frame, (void)at, (void)size; }

static void map_memory(void)
{
	slot(SLOT_LOW, 0, LOW_END, ram, 0);
	slot(SLOT_VGA, VGA_TEXT, 0x8000, ram + VGA_TEXT, 0);
	slot(SLOT_HIGH, HIGH_START, ram_size - HIGH_START, ram + HIGH_START, 0);
	slot(SLOT_BIOS, (1ull << 32) - rom_size, rom_size, rom, KVM_MEM_READONLY);
	for (unsigned k = 0; k < SEGS; k++)
		map_segment(k);
}

/* -- Ends ------------------------------------------------------------------ */

static int com_read(void *opaque)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };
	u8 c;

	(void)opaque;
	return poll(&p, 1, 0) == 1 && p.revents & POLLIN && read(0, &c, 1) == 1 ? c : -1;
}

static bool fd_write(void *opaque, u8 c)
{
	return write((int)(long)opaque, &c, 1) == 1;
}

static u64 wall_now(void *opaque)
{
	(void)opaque;
	return (u64)time(NULL);
}

struct file { u8 *data; u64 size; };

static struct file load(const char *name)
{
	struct stat st;
	int fd = open(name, O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		die(name);
	u8 *p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		die(name);
	return (struct file){ p, (u64)st.st_size };
}

static int disk_submit(void *opaque, struct block_request *r)
{
	u8 *at = (u8 *)opaque + r->lba * 512;

	if (r->op == BLOCK_READ)
		block_put(r, 0, at, (size_t)r->count * 512);
	else if (r->op == BLOCK_WRITE)
		block_get(r, 0, at, (size_t)r->count * 512);
	return 0;
}

static const struct blockdev *disk(const char *name, bool readonly)
{
	struct file f = load(name);
	struct blockdev *b = calloc(1, sizeof(*b));

	*b = (struct blockdev){ .opaque = f.data, .sectors = f.size / 512, .readonly = readonly,
				.name = name, .submit = disk_submit };
	return b;
}

static void power_off(void *opaque, int status)
{
	(void)opaque;
	fprintf(stderr, "\n[power off, status %d, %llu unanswered accesses, %.2f s]\n", status,
		(unsigned long long)bus_unanswered(machine_bus(machine)),
		(double)clock_ns() / 1e9);
	exit(status);
}

static void want_reset(void *opaque)
{
	(void)opaque;
	reset_wanted = true;
}

/* -- CPU ------------------------------------------------------------------- */

static void cpu_reset(void)
{
	static struct kvm_sregs first;
	static bool known;
	struct kvm_regs r = { .rip = 0xfff0, .rflags = 2, .rdx = 0x600 };

	if (!known) {
		ioctl(vcpu, KVM_GET_SREGS, &first);
		known = true;
	}
	first.cs.base = 0xffff0000;
	first.cs.selector = 0xf000;
	first.apic_base = lapic_base(irqchip_lapic(irqchip), 0);
	if (ioctl(vcpu, KVM_SET_SREGS, &first) || ioctl(vcpu, KVM_SET_REGS, &r))
		die("registers");
}

static void set_cpuid(void)
{
	struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + 128 * sizeof(c->entries[0]));
	u32 n = 0;

	c->nent = 128;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, c))
		die("cpuid");
	for (u32 k = 0; k < c->nent; k++) {
		struct kvm_cpuid_entry2 e = c->entries[k];

		if (e.function >> 24 == 0x40)
			continue;	/* no paravirtual clocks */
		if (e.function == 1) {
			e.ecx &= ~(BIT(21) | BIT(24));	/* x2APIC, TSC deadline */
			e.edx |= BIT(9);
			if (no_apic)
				e.edx &= ~BIT(9);
			e.ebx = (e.ebx & 0xff00ffff & 0x00ffffff) | 1 << 16;
		}
		c->entries[n++] = e;
	}
	c->nent = n;
	if (ioctl(vcpu, KVM_SET_CPUID2, c))
		die("set cpuid");
}

static void port_io(void)
{
	u8 *data = (u8 *)run + run->io.data_offset;
	struct bus *b = machine_bus(machine);

	if (run->io.direction == KVM_EXIT_IO_IN)
		bus_read_block(b, run->io.port, data, run->io.size, run->io.count);
	else
		bus_write_block(b, run->io.port, data, run->io.size, run->io.count);
}

static void memory_io(void)
{
	struct bus *b = machine_bus(machine);
	u64 a = run->mmio.phys_addr, v = 0;

	if (a >= PAM_START && a < HIGH_START) {
		unsigned k = (unsigned)(a - PAM_START) / SEG;

		if (run->mmio.is_write && pam[k] & PAM_WRITE_RAM)
			memcpy(ram + a, run->mmio.data, run->mmio.len);
		else if (!run->mmio.is_write)
			memset(run->mmio.data, 0xff, run->mmio.len);
		return;
	}
	if (run->mmio.is_write) {
		memcpy(&v, run->mmio.data, run->mmio.len);
		bus_write(b, BUS_MMIO, a, v, run->mmio.len);
	} else {
		v = bus_read(b, BUS_MMIO, a, run->mmio.len);
		memcpy(run->mmio.data, &v, run->mmio.len);
	}
}

static void inject(void)
{
	run->request_interrupt_window = 0;
	if (!irqchip_pending(irqchip, 0))
		return;
	if (run->ready_for_interrupt_injection && run->if_flag) {
		struct kvm_interrupt in = { .irq = 0 };
		int v = irqchip_ack(irqchip, 0);

		if (v < 0)
			return;
		in.irq = (u32)v;
		if (ioctl(vcpu, KVM_INTERRUPT, &in))
			die("interrupt");
		run->request_interrupt_window = irqchip_pending(irqchip, 0);
	} else {
		run->request_interrupt_window = 1;
	}
}

static void halt(void)
{
	while (!irqchip_pending(irqchip, 0) && !reset_wanted) {
		u64 now = clock_ns(), at = queue ? queue->deadline : now + SLICE_NS;
		u64 wait = at <= now ? 0 : at - now < SLICE_NS ? at - now : SLICE_NS;
		struct pollfd p = { .fd = 0, .events = POLLIN };
		struct timespec t = { 0, (long)wait };

		if (now > end_ns)
			return;
		ppoll(&p, 1, &t, NULL);
		timer_run();
		machine_poll(machine);
	}
}

/* The 80x25 text screen, without the blank lines. */
static void show_text(void)
{
	for (unsigned row = 0; row < 25; row++) {
		char line[81];
		int n = 0;

		for (int x = 0; x < 80; x++) {
			u8 ch = ram[VGA_TEXT + (row * 80 + (unsigned)x) * 2];

			line[x] = ch >= 32 && ch < 127 ? (char)ch : ' ';
			n = line[x] != ' ' ? x + 1 : n;
		}
		if (n)
			fprintf(stderr, "|%.*s\n", n, line);
	}
}

static void give_up(void)
{
	struct kvm_regs r;
	struct kvm_sregs s;

	ioctl(vcpu, KVM_GET_REGS, &r);
	ioctl(vcpu, KVM_GET_SREGS, &s);
	fprintf(stderr, "\n[time limit] cs %x:%llx ss:sp %x:%llx fl %llx cr0 %llx pending %d\n",
		s.cs.selector, r.rip, s.ss.selector, r.rsp, r.rflags, s.cr0,
		irqchip_pending(irqchip, 0));
	show_text();
	fprintf(stderr, "[exits: io %llu mmio %llu hlt %llu window %llu, breaks %llu]\n",
		(unsigned long long)exits[KVM_EXIT_IO], (unsigned long long)exits[KVM_EXIT_MMIO],
		(unsigned long long)exits[KVM_EXIT_HLT],
		(unsigned long long)exits[KVM_EXIT_IRQ_WINDOW_OPEN], (unsigned long long)breaks);
	exit(124);
}

static void loop(void)
{
	for (;;) {
		timer_run();
		machine_poll(machine);
		if (clock_ns() > end_ns) {
			give_up();
		}
		if (reset_wanted) {
			fprintf(stderr, "[reset]\n");
			reset_wanted = false;
			machine_reset(machine);
			cpu_reset();
		}
		inject();
		run->apic_base = lapic_base(irqchip_lapic(irqchip), 0);
		run->cr8 = lapic_tpr(irqchip_lapic(irqchip), 0) >> 4;
		arm();
		int rc = ioctl(vcpu, KVM_RUN, 0);
		run->immediate_exit = 0;
		if (rc < 0 && errno != EINTR)
			die("run");
		if (rc < 0) {
			breaks++;
			continue;
		}
		exits[run->exit_reason % 64]++;
		switch (run->exit_reason) {
		case KVM_EXIT_IO: port_io(); break;
		case KVM_EXIT_MMIO: memory_io(); break;
		case KVM_EXIT_HLT: halt(); break;
		case KVM_EXIT_IRQ_WINDOW_OPEN: break;
		case KVM_EXIT_SHUTDOWN:
			fprintf(stderr, "[triple fault]\n");
			reset_wanted = true;
			break;
		default:
			fprintf(stderr, "[exit reason %u, suberror %u]\n", run->exit_reason,
				run->internal.suberror);
			give_up();
		}
	}
}

static void create_vm(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	u64 identity = 0xfeffc000;

	kvm = open("/dev/kvm", O_RDWR);
	if (kvm < 0 || (vm = ioctl(kvm, KVM_CREATE_VM, 0)) < 0)
		die("/dev/kvm");
	ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	ioctl(vm, KVM_SET_TSS_ADDR, 0xfeffd000);
	ram = mmap(NULL, ram_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map_memory();
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	run = mmap(NULL, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	set_cpuid();
	sigaction(SIGALRM, &sa, NULL);
	timer_create(CLOCK_MONOTONIC, &ev, &alarm_timer);
}

/* -- Command line ---------------------------------------------------------- */

static struct machine_file files[16];
static struct machine_config config = {
	.cores = 1, .reset_request = want_reset, .power = { .off = power_off },
	.com = { { (void *)1, com_read, fd_write } }, .debug = { (void *)2, NULL, fd_write },
	.wall = { NULL, wall_now }, .files = files,
};
static const char *bios = "/usr/share/seabios/bios-256k.bin";
static u64 limit_s = 60;

/* NAME=FILE: one more fw_cfg file. */
static void add_file(char *arg)
{
	char *eq = strchr(arg, '=');

	if (!eq || config.file_count == ARRAY_LEN(files))
		exit(125);
	*eq = 0;
	struct file f = load(eq + 1);
	files[config.file_count++] = (struct machine_file){ arg, f.data, (u32)f.size };
}

static void option(int opt, char *arg)
{
	static unsigned disks;
	struct file f;

	switch (opt) {
	case 'b': bios = arg; break;
	case 'm': ram_size = strtoull(arg, NULL, 0) << 20; break;
	case 'd': case 'r': config.disk[disks++ % 4] = disk(arg, opt == 'r'); break;
	case 'c': config.cdrom = disk(arg, true); break;
	case 'k': f = load(arg); config.kernel = f.data; config.kernel_size = (u32)f.size; break;
	case 'i': f = load(arg); config.initrd = f.data; config.initrd_size = (u32)f.size; break;
	case 'a': config.cmdline = arg; break;
	case 'f': add_file(arg); break;
	case 't': limit_s = strtoull(arg, NULL, 0); break;
	case 's': config.serial_console = true; break;
	case 'n': no_apic = true; break;
	case 'T': trace_mask = (u32)strtoul(arg, NULL, 0); break;
	default: exit(125);
	}
}

int main(int argc, char **argv)
{
	int opt;

	native_quiet = false;
	while ((opt = getopt(argc, argv, "b:m:d:r:c:k:i:a:f:t:snT:")) != -1)
		option(opt, optarg);
	struct file f = load(bios);
	rom = mmap(NULL, f.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(rom, f.data, f.size);
	rom_size = (u32)f.size;
	config.bus = bus_create();
	config.ram_below_4g = ram_size;
	end_ns = clock_ns() + limit_s * 1000000000;
	create_vm();
	if (machine_create(&config, &machine))
		return 125;
	irqchip = machine_irqchip(machine);
	cpu_reset();
	loop();
}
