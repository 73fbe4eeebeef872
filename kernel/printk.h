/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's messages and its trace bits: to the console, or to the log while the console
 * is the guest's. Not what a guest prints: that goes through the character ends.
 */
#ifndef KERNEL_PRINTK_H
#define KERNEL_PRINTK_H

#include "kernel/lib/types.h"

/* One name per trace bit; chosen by `trace = name,name` in loam.cfg. */
#define TRACE_BITS(X) \
	X(EXEC, exec) X(DECODE, decode) X(IR, ir) X(OPT, opt) X(CODE, code) X(LINK, link) \
	X(FAULT, fault) X(SHADOW, shadow) X(FRAME, frame) X(IRQ, irq) X(EXC, exc) \
	X(IO, io) X(PCI, pci) X(IDE, ide) X(FWCFG, fwcfg) X(TIMER, timer) \
	X(VIRTIO, virtio)

enum trace_bit {
#define X(upper, lower) TRACE_##upper,
	TRACE_BITS(X)
#undef X
	TRACE_COUNT,
};

extern u32 trace_mask;

/* Print to the monitor's console. Takes any format that newlib's vsnprintf takes, but no floats. */
__attribute__((format(printf, 1, 2))) void printk(const char *fmt, ...);

/* As printk, but on the console even when printk_quiet() has given it away. */
__attribute__((format(printf, 1, 2))) void printk_shown(const char *fmt, ...);

/*
 * On: the console is the guest's from now on, what is printed goes to the log (kernel/log.h).
 * Off: it goes to the console again; what is in the log stays there.
 */
void printk_quiet(bool on);

/* Say on the console how many lines the log holds and how many it dropped, if there are any … */
void printk_log_note(void);
/* … and, for panic, show the last of them, too. */
void printk_log_show(void);

/*
 * Where printed text goes: `write` must take any text, wait a bounded time only, and need no lock
 * that printk's caller could hold. Text printed before the first sink is set is lost.
 */
void printk_sink(void (*write)(const char *text, size_t size));

/* Print text as it is; printk and newlib's write() end here. */
void printk_text(const char *text, size_t size);

/* From now on printk takes no lock: for panic, which may have interrupted its holder. */
void printk_break_lock(void);

/*
 * Counts in *count what a guest can do without limit. True if this time deserves a line: the 1st,
 * 2nd, 4th, 8th … time.
 */
static inline bool printk_due(u64 *count)
{
	++*count;
	return !(*count & (*count - 1));
}

/* Print if the trace bit is on; costs one test when it is off. */
#define trace(bit, ...) \
	do { \
		if (trace_mask & (1u << TRACE_##bit)) \
			printk(__VA_ARGS__); \
	} while (0)

/* Set the bits named in a comma separated list. Returns 0, or -ERR_INVAL at an unknown name. */
int trace_select(const char *names);

#endif
