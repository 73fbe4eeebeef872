/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end: the other cores stop; message, backtrace, power off. Assumes nothing that may be broken:
 * takes no lock, allocates nothing, and a panic within a panic stops at once.
 */
#include "kernel/panic.h"

#include <stdarg.h>
#include <stdio.h>

#include "kernel/arch.h"
#include "kernel/cores.h"
#include "kernel/cpu.h"
#include "kernel/ksyms.h"
#include "kernel/printk.h"

#define BACKTRACE_MAX 24

static void (*power_off)(int status);
static u32 panicking;

void panic_power(void (*off)(int status)) { power_off = off; }

/*
 * A scan for words that look like return addresses: no frame pointers are kept (the register
 * belongs to the guest), so a name here was called lately, not surely by the one above.
 */
static void panic_backtrace(void)
{
	u64 top = this_cpu()->stack_top, sp = arch_stack_pointer(), offset;
	unsigned shown = 0;

	if (top - sp > CPU_STACK_SIZE) {
		printk("stack pointer %#lx is outside the core's stack below %#lx\n", sp, top);
		return;
	}
	printk("backtrace (stack scan):\n");
	for (; sp < top && shown < BACKTRACE_MAX; sp += 8) {
		u64 pc = *(const u64 *)sp;
		const char *name;

		if (!arch_is_return_address(pc))
			continue;
		name = ksyms_name(pc - 4, &offset);
		printk("  %#lx %s+%#lx\n", pc, name ? name : "?", name ? offset + 4 : 0);
		shown++;
	}
}

void panic(const char *fmt, ...)
{
	char text[256];
	va_list args;

	irq_disable();
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_ACQ_REL))
		cpu_halt();
	cores_stop();
	printk_break_lock();
	printk_quiet(false);
	printk_log_show();
	va_start(args, fmt);
	vsniprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printk("\nPANIC: %s (core %u)\n", text, this_cpu()->id);
	panic_backtrace();
	printk("PANIC: end\n");
	if (power_off)
		power_off(1);
	cpu_halt();
}
