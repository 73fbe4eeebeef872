/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order in which Loam comes up, and the one file that sees all folders. No work of its own.
 * Invariant: each line needs only what the lines above it have set up.
 */
#include "kernel/machine/main.h"

#include "boot/demand.h"
#include "boot/host_board.h"
#include "drivers/host/power.h"
#include "drivers/host/rtc.h"
#include "drivers/host/uart.h"
#include "kernel/arch.h"
#include "kernel/cpu.h"
#include "kernel/irq.h"
#include "kernel/machine/console.h"
#include "kernel/machine/cores.h"
#include "kernel/machine/disk_test.h"
#include "kernel/machine/emit_test.h"
#include "kernel/machine/patch_test.h"
#include "kernel/newlib.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/selftest.h"
#include "kernel/timer.h"
#include "mm/page.h"
#include "mm/selftest.h"

#define MIB (1024ull * 1024)

static void test_nothing(void *opaque) { (void)opaque; }

/* Bytes sent in loopback arrive by interrupt: the kick is set and the character end has them. */
static const char *test_uart(void)
{
	static const char text[] = "0123456789abcdef";
	struct chardev end = console_end();
	u64 limit = clock_ns() + 1000000000ull;
	unsigned sent = 0, got = 0;

	irq_take_events();
	uart_loopback(console_uart(), true);
	while (got < sizeof(text) && clock_ns() < limit) {
		int byte = end.read(end.opaque);

		if (byte >= 0 && byte != text[got++])
			break;
		if (sent == got && sent < sizeof(text))
			sent += end.write(end.opaque, (u8)text[sent]);
	}
	uart_loopback(console_uart(), false);
	if (got != sizeof(text))
		return "bytes did not come back";
	return irq_take_events() & CPU_EVENT_DEVICE ? NULL : "no interrupt was noted";
}

static unsigned pin_calls;

/* Quiets the UART at the second call, and never again. */
static void on_pin(void *opaque)
{
	if (++pin_calls == 2)
		uart_interrupt_when_empty(opaque, false);
}

/* An input that stays high when its handlers have run comes again, as when two devices share it. */
static const char *test_pin(void)
{
	u64 limit = clock_ns() + 1000000000ull;

	irq_connect(BOARD_UART_INPUT, on_pin, console_uart());
	uart_interrupt_when_empty(console_uart(), true);
	while (__atomic_load_n(&pin_calls, __ATOMIC_RELAXED) < 2 && clock_ns() < limit)
		;
	uart_interrupt_when_empty(console_uart(), false);
	irq_take_events();
	return pin_calls < 2 ? pin_calls ? "it came once" : "it did not come" : NULL;
}

/* Waits for a byte from outside; part of no `all`, since somebody has to type it. */
static const char *test_echo(void)
{
	struct chardev end = console_end();
	u64 limit = clock_ns() + 30000000000ull;
	static struct timer wake;
	int byte = -1;

	printk("SELFTEST echo: type a byte\n");
	wake.fn = test_nothing;
	while ((byte = end.read(end.opaque)) < 0 && clock_ns() < limit) {
		timer_set(&wake, limit);
		cpu_idle();
		if (irq_take_events() & CPU_EVENT_TIMER)
			timer_run();
	}
	timer_cancel(&wake);
	if (byte < 0)
		return "nothing came";
	printk("SELFTEST echo: got %c\n", byte);
	return NULL;
}

static const char *test_rtc(void)
{
	struct wallclock clock = rtc_end();
	u64 now = clock.now(clock.opaque);

	printk("SELFTEST rtc: %lu seconds since 1970\n", now);
	if (rtc_seconds(1970, 1, 1, 0, 0, 0) || rtc_seconds(2000, 2, 29, 23, 59, 59) != 951868799)
		return "rtc_seconds";
	return now < 1577836800 ? "the clock is before 2020" : NULL;
}

static const struct selftest driver_tests[] = {
	{ "uart", test_uart, false },
	{ "pin", test_pin, false },
	{ "echo", test_echo, true },
	{ "rtc", test_rtc, false },
	{ "shadow", shadow_selftest, false },
	{ "emit", emit_test, false },
	{ "patch", patch_test, true },	/* wants two cores */
	{ "disks", disk_test, true },	/* wants disks that were made for it */
	{ 0 },
};

static void heap_init(const struct boot_config *c)
{
	u64 size = DEMAND_HEAP + (c->cpus > 1 ? (c->cpus - 1) * DEMAND_CPU_HEAP : 0);
	hpa_t heap = page_alloc_run(size / PAGE_SIZE, PAGE_SIZE, PAGE_ANYWHERE);

	if (!heap.a)
		panic("no room for the monitor's heap of %lu MiB", (unsigned long)(size / MIB));
	newlib_set_heap(page_ptr(heap), size);
}

static void banner(void)
{
	char host[96];
	u64 left = (page_total() - page_used()) * PAGE_SIZE / MIB;

	arch_describe(host, sizeof(host));
	printk("Loam on %s, core %u, counter %lu Hz, %lu MiB of memory left\n", host,
	       this_cpu()->hw_id, clock_hz(), left);
}

void kernel_main(const struct boot_info *info)
{
	kernel_early(hpa(info->uart));
	if (trace_select(info->config.trace))
		panic("unknown name in trace = %s", info->config.trace);
	arch_clock_set(info->cpu_hz);		/* clocks and timers */
	page_init(info->mem, info->mem_count);	/* host physical pages */
	heap_init(&info->config);		/* malloc */
	irq_init();				/* interrupt controllers, all inputs masked */
	irq_connect(BOARD_UART_INPUT, uart_interrupt, console_uart());
	uart_receive(console_uart());		/* console input, once interrupts are on */
	irq_enable();				/* from here on the kick register may be set */
	banner();
	machine_cores(info);			/* the other cores wait for work */
	disk_test_init(info);
	if (info->config.selftest[0])
		selftest_run(info->config.selftest, driver_tests);
	else
		machine_run(info);
	printk("Loam: power off\n");
	power_off(0);
}
