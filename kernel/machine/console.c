/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console and what must be there before anything can be told: traps, the way to print, the end
 * after a panic. For boot code and main.c. Invariant: one UART, known from its first use on.
 */
#include "kernel/machine/console.h"

#include "drivers/host/power.h"
#include "drivers/host/uart.h"
#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/extable.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

static struct uart console;	/* its ring: filled by the interrupt, read by who has the end */

static void console_print(const char *text, size_t size) { uart_print(&console, text, size); }

static void print_shared(const char *text, size_t size)
{
	uart_print_shared(&console, text, size);
}

void console_share(void) { printk_sink(print_shared); }

struct uart *console_uart(void) { return &console; }
struct chardev console_end(void) { return uart_end(&console); }

void kernel_early(hpa_t uart)
{
	arch_init();			/* vectors, page tables; interrupts off */
	cores_init();			/* this is core 0 */
	uart_init(&console, uart);
	printk_sink(console_print);	/* from here on printk works */
	panic_power(power_off);
	extable_init();
}
