/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sorts host exceptions: interrupts to the host's irq.c, everything else to whoever registered for
 * it. Knows no guest, and no register or cause of a host but through kernel/trap_host.h.
 * Invariant: runs with interrupts off, on the interrupted stack. Each core has tables of its own,
 * so that who claims traps may stand on what that core has.
 */
#include "kernel/trap.h"

#include "kernel/host_cpu.h"
#include "kernel/ksyms.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/trap_host.h"

static bool no_claim(struct trap_frame *f, enum trap_kind kind)
{
	(void)f, (void)kind;
	return false;
}

void trap_init_core(void)
{
	struct cpu *c = cpu_self();

	c->claimers[0] = no_claim;
	c->claimer_count = c->describer_count = 0;
}

void trap_register(trap_claimer fn)
{
	struct cpu *c = cpu_self();

	for (unsigned k = 0; k < c->claimer_count; k++)
		if (c->claimers[k] == fn)
			return;
	must(c->claimer_count < CPU_CLAIMERS);
	c->claimers[c->claimer_count++] = fn;
}

void trap_register_describer(trap_describer fn)
{
	struct cpu *c = cpu_self();

	must(c->describer_count < CPU_DESCRIBERS);
	c->describers[c->describer_count++] = fn;
}

static const char *name_of(const struct trap_frame *f)
{
	const char *name = arch_trap_causes[arch_trap_code(f)].name;

	return name ? name : "unknown";
}

static enum trap_kind kind_of(const struct trap_frame *f)
{
	const struct trap_cause *c = &arch_trap_causes[arch_trap_code(f)];

	return c->name ? arch_trap_refine(f, c->kind) : TRAP_OTHER;
}

static void describe_pc(u64 pc)
{
	char text[128];
	u64 offset;
	const char *name = ksyms_name(pc, &offset);
	const struct cpu *c = cpu_self();

	if (name)
		printk("  pc in %s+%#lx\n", name, offset);
	for (unsigned k = 0; k < c->describer_count; k++)
		if (c->describers[k](pc, text, sizeof(text)))
			printk("  pc in %s\n", text);
}

static void trap_dump(const struct trap_frame *f)
{
	printk("trap: %s, cause %#lx, pc %#lx, badv %#lx, insn %#x, status %#lx, core %u\n",
	       name_of(f), f->cause, f->pc, f->badv, f->insn, f->status, cpu_self()->id);
	for (unsigned n = 0; n < 32; n += 4)
		printk("  %3s %016lx %3s %016lx %3s %016lx %3s %016lx\n",
		       arch_register_names[n], f->gpr[n],
		       arch_register_names[n + 1], f->gpr[n + 1],
		       arch_register_names[n + 2], f->gpr[n + 2],
		       arch_register_names[n + 3], f->gpr[n + 3]);
	describe_pc(f->pc);
}

static __attribute__((noinline, noreturn)) void unclaimed(const struct trap_frame *f)
{
	trap_dump(f);
	panic("trap: %s at %#lx (badv %#lx)", name_of(f), f->pc, f->badv);
}

static __attribute__((noinline)) void ask_others(struct trap_frame *f)
{
	const struct cpu *c = cpu_self();

	for (unsigned k = 1; k < c->claimer_count; k++)
		if (c->claimers[k](f, kind_of(f)))
			return;
	unclaimed(f);
}

void trap_dispatch(struct trap_frame *f)
{
	if (arch_trap_code(f) == 0) {
		irq_dispatch(f);
		return;
	}
	cpu_self()->trap_count++;
	if (!cpu_self()->claimers[0](f, kind_of(f)))	/* hardly ever */
		ask_others(f);
}
