/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sorts host exceptions: interrupts to the host's irq.c, everything else to whoever registered for
 * it. Knows no guest, and no register or cause of a host but through kernel/trap_host.h.
 * Invariant: runs with interrupts off, on the interrupted stack. The tables are filled at start,
 * by the boot core, and only read after.
 */
#include "kernel/trap.h"

#include "kernel/cpu.h"
#include "kernel/ksyms.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/trap_host.h"

#define CLAIMERS_MAX 8
static trap_claimer claimers[CLAIMERS_MAX];
static unsigned claimer_count;
static trap_describer describers[CLAIMERS_MAX];
static unsigned describer_count;

void trap_register(trap_claimer fn)
{
	must(claimer_count < CLAIMERS_MAX);
	claimers[claimer_count++] = fn;
}

void trap_register_describer(trap_describer fn)
{
	must(describer_count < CLAIMERS_MAX);
	describers[describer_count++] = fn;
}

void trap_dispatch(struct trap_frame *f)
{
	enum trap_kind kind;

	if (arch_trap_is_irq(f)) {
		irq_dispatch(f);
		return;
	}
	this_cpu()->trap_count++;
	kind = arch_trap_kind(f);
	for (unsigned k = 0; k < claimer_count; k++)
		if (claimers[k](f, kind))
			return;
	trap_dump(f);
	panic("trap: %s at %#lx (badv %#lx)", arch_trap_name(f), f->pc, f->badv);
}

static void describe_pc(u64 pc)
{
	char text[128];
	u64 offset;
	const char *name = ksyms_name(pc, &offset);

	if (name)
		printk("  pc in %s+%#lx\n", name, offset);
	for (unsigned k = 0; k < describer_count; k++)
		if (describers[k](pc, text, sizeof(text)))
			printk("  pc in %s\n", text);
}

void trap_dump(const struct trap_frame *f)
{
	printk("trap: %s, cause %#lx, pc %#lx, badv %#lx, insn %#x, status %#lx, core %u\n",
	       arch_trap_name(f), f->cause, f->pc, f->badv, f->insn, f->status, this_cpu()->id);
	for (unsigned n = 0; n < 32; n += 4)
		printk("  %3s %016lx %3s %016lx %3s %016lx %3s %016lx\n",
		       arch_register_names[n], f->gpr[n],
		       arch_register_names[n + 1], f->gpr[n + 1],
		       arch_register_names[n + 2], f->gpr[n + 2],
		       arch_register_names[n + 3], f->gpr[n + 3]);
	describe_pc(f->pc);
}
