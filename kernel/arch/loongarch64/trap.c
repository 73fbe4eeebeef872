/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sorts host exceptions by cause: interrupts to irq.c, everything else to whoever registered
 * for it. Knows no guest. Invariant: runs with interrupts off, on the interrupted stack.
 */
#include "kernel/trap.h"

#include "kernel/arch/loongarch64/cpu.h"
#include "kernel/arch/loongarch64/csr.h"
#include "kernel/arch/loongarch64/trap.h"
#include "kernel/ksyms.h"
#include "kernel/lib/bits.h"
#include "kernel/panic.h"
#include "kernel/printk.h"

_Static_assert(offsetof(struct trap_frame, pc) == TF_PC, "frame layout");
_Static_assert(offsetof(struct trap_frame, badv) == TF_BADV, "frame layout");
_Static_assert(offsetof(struct trap_frame, cause) == TF_CAUSE, "frame layout");
_Static_assert(offsetof(struct trap_frame, status) == TF_STATUS, "frame layout");
_Static_assert(offsetof(struct trap_frame, insn) == TF_INSN, "frame layout");
_Static_assert(sizeof(struct trap_frame) <= TF_SIZE, "frame layout");

#define CLAIMERS_MAX 8
static trap_claimer claimers[CLAIMERS_MAX];
static unsigned claimer_count;
static trap_describer describers[CLAIMERS_MAX];
static unsigned describer_count;

/* Exception codes of ESTAT.Ecode (7.4.6, table 21). */
static const struct {
	const char *name;
	enum trap_kind kind;
} causes[64] = {
	[0x01] = { "PIL load page invalid", TRAP_LOAD_INVALID },
	[0x02] = { "PIS store page invalid", TRAP_STORE_INVALID },
	[0x03] = { "PIF fetch page invalid", TRAP_FETCH_INVALID },
	[0x04] = { "PME page modification", TRAP_STORE_READONLY },
	[0x05] = { "PNR page not readable", TRAP_NO_RIGHTS },
	[0x06] = { "PNX page not executable", TRAP_NO_RIGHTS },
	[0x07] = { "PPI page privilege", TRAP_NO_RIGHTS },
	[0x08] = { "ADE address error", TRAP_ADDRESS },
	[0x09] = { "ALE alignment", TRAP_ALIGN },
	[0x0b] = { "SYS syscall", TRAP_SYSCALL },
	[0x0c] = { "BRK break", TRAP_BREAK },
	[0x0d] = { "INE instruction not defined", TRAP_ILLEGAL },
	[0x0e] = { "IPE instruction privilege", TRAP_ILLEGAL },
	[0x0f] = { "FPD FP disabled", TRAP_ILLEGAL },
	[0x10] = { "SXD LSX disabled", TRAP_ILLEGAL },
	[0x11] = { "ASXD LASX disabled", TRAP_ILLEGAL },
	[0x12] = { "FPE floating point", TRAP_FP },
};

static unsigned cause_code(const struct trap_frame *f) { return bits(f->cause, 21, 16); }

static const char *cause_name(const struct trap_frame *f)
{
	const char *name = causes[cause_code(f)].name;

	return name ? name : "unknown";
}

static enum trap_kind cause_kind(const struct trap_frame *f)
{
	unsigned code = cause_code(f);

	return causes[code].name ? causes[code].kind : TRAP_OTHER;
}

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

static void trap_dump(const struct trap_frame *f)
{
	static const char names[32][4] = {
		"0", "ra", "tp", "sp", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1",
		"t2", "t3", "t4", "t5", "t6", "t7", "t8", "r21", "fp", "s0", "s1", "s2", "s3",
		"s4", "s5", "s6", "s7", "s8",
	};

	printk("trap: %s, cause %#lx, pc %#lx, badv %#lx, insn %#x, prmd %#lx, core %u\n",
	       cause_name(f), f->cause, f->pc, f->badv, f->insn, f->status, cpu_self()->id);
	for (unsigned n = 0; n < 32; n += 4)
		printk("  %3s %016lx %3s %016lx %3s %016lx %3s %016lx\n",
		       names[n], f->gpr[n], names[n + 1], f->gpr[n + 1],
		       names[n + 2], f->gpr[n + 2], names[n + 3], f->gpr[n + 3]);
	describe_pc(f->pc);
}

/* Called by vectors.S. */
void trap_dispatch(struct trap_frame *f);
void trap_dispatch(struct trap_frame *f)
{
	enum trap_kind kind;

	if (cause_code(f) == 0) {
		irq_dispatch(f);
		return;
	}
	cpu_self()->trap_count++;
	kind = cause_kind(f);
	for (unsigned k = 0; k < claimer_count; k++)
		if (claimers[k](f, kind))
			return;
	trap_dump(f);
	panic("trap: %s at %#lx (badv %#lx)", cause_name(f), f->pc, f->badv);
}

/* Called by vectors.S: a machine error can happen anywhere, and nothing can be resumed. */
_Noreturn void machine_error(void);
_Noreturn void machine_error(void)
{
	panic("machine error: merrctl %#lx info %#lx %#lx era %#lx", csr_read(CSR_MERRCTL),
	      csr_read(CSR_MERRINFO1), csr_read(CSR_MERRINFO2), csr_read(CSR_MERRERA));
}
